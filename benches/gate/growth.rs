//! The table of growth: the same work at an eighth, a quarter, a half and all of its size, and by which power of the size the time grows.

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::measure::{self, Job, Tools};
use crate::world::{self, BASE, FEATURE, Scale, World, begin_commit, feed, thousands, write_file};

/// Part of a directory's name; raised when what is generated changes.
const VERSION: u32 = 1;

/// How large the largest of each kind is.
#[derive(Clone, Copy)]
pub struct Sizes {
    files: usize,
    certificates: usize,
    components: usize,
    commits: usize,
    gated: usize,
    refs: usize,
    /// Commits of the history that the refs grow out of.
    history: usize,
}

impl Sizes {
    pub const FULL: Self = Self {
        files: 1_000_000,
        certificates: 100_000,
        components: 500,
        commits: 50_000,
        gated: 20_000,
        refs: 10_000,
        history: 5_000,
    };
    pub const QUICK: Self = Self {
        files: 16_000,
        certificates: 1_600,
        components: 40,
        commits: 800,
        gated: 400,
        refs: 160,
        history: 200,
    };
}

/// The same for the branches of rows 17 and 18.
const REFS_VERSION: u32 = 2;

/// Rules of each component: paths, content, functions and messages.
const RULES: usize = 6;

/// One kind of work, at four sizes: certgate's, and git's own.
struct Kind {
    number: &'static str,
    name: String,
    sizes: Vec<(usize, Job, Job)>,
}

/// Makes a kind of work, with what it needs on the disk.
type Make = fn(&Path, &Tools, Sizes) -> Result<Kind>;

/// So many folders hold the branches, an eighth of them each.
const PARTS: usize = 8;

/// An eighth, a quarter, a half and all.
fn steps(most: usize) -> impl Iterator<Item = usize> {
    [8, 4, 2, 1].into_iter().map(move |part| most / part)
}

/// Measures and prints, as Markdown. A kind is measured before the next one is made.
pub fn print(directory: &Path, tools: &Tools, sizes: Sizes, only: Option<&str>, runs: usize) -> Result<()> {
    println!("| work | size | time | git's own | ratio | peak memory | git's own | grows with |");
    println!("|---|---|---|---|---|---|---|---|");
    let kinds: [(&str, Make); 7] = [
        ("12", files),
        ("13", certificates),
        ("14", components),
        ("15", commits),
        ("16", gated),
        ("17", refs_along),
        ("18", refs_with_own_commits),
    ];
    for (number, make) in kinds {
        if only.is_none_or(|only| only == number) {
            row(&make(directory, tools, sizes)?, runs)?;
        }
    }
    Ok(())
}

fn row(kind: &Kind, runs: usize) -> Result<()> {
    let mut points = Vec::new();
    for (nth, (size, ours, gits)) in kind.sizes.iter().enumerate() {
        let time = measure::times_in_turn(ours, gits, runs)?;
        let memory = measure::memory_in_turn(ours, gits, 1)?;
        points.push((*size as f64, time.a));
        let name = if nth == 0 {
            format!("{}. {}", kind.number, kind.name)
        } else {
            String::new()
        };
        let exponent = match nth + 1 == kind.sizes.len() {
            true => format!("n^{:.2}", measure::exponent(&points)),
            false => String::new(),
        };
        let codes: Vec<String> = time.codes.iter().map(|code| format!("{code:?}")).collect();
        let verdicts = time.codes.iter().all(|code| matches!(code, Some(0 | 1)));
        anyhow::ensure!(
            verdicts,
            "{}: certgate gave no verdict: {}",
            kind.name,
            codes.join(", ")
        );
        println!(
            "| {name} | {} | {:.1} ms | {:.1} ms | {:.2} | {:.1} MiB | {:.1} MiB | {exponent} |",
            thousands(*size),
            time.a * 1e3,
            time.b * 1e3,
            time.a / time.b,
            memory.a / f64::from(1 << 20),
            memory.b / f64::from(1 << 20),
        );
    }
    Ok(())
}

/// `hook pre-commit` of one staged file against `git diff --cached`.
fn staged(tools: &Tools, world: &World) -> Result<(Job, Job)> {
    let index = world.stage(1)?;
    let git = tools.git(&world.path, &["diff", "--cached", "--name-only"]);
    Ok((
        tools.hook("pre-commit", &world.path, &index),
        git.env("GIT_INDEX_FILE", &index),
    ))
}

fn files(directory: &Path, tools: &Tools, sizes: Sizes) -> Result<Kind> {
    let of = |files| {
        let world = World::wide(directory, tools, files)?;
        let (ours, gits) = staged(tools, &world)?;
        Ok((files, ours, gits))
    };
    Ok(Kind {
        number: "12",
        name: "files: `hook pre-commit` : `git diff --cached`".to_owned(),
        sizes: steps(sizes.files).map(of).collect::<Result<_>>()?,
    })
}

fn certificates(directory: &Path, tools: &Tools, sizes: Sizes) -> Result<Kind> {
    let of = |certificates| {
        let world = World::new(directory, tools, Scale::QUICK, Scale::QUICK.files, certificates)?;
        let (ours, gits) = staged(tools, &world)?;
        Ok((certificates, ours, gits))
    };
    Ok(Kind {
        number: "13",
        name: "certificates, kept: `hook pre-commit` : `git diff --cached`".to_owned(),
        sizes: steps(sizes.certificates).map(of).collect::<Result<_>>()?,
    })
}

/// `check` of a branch against git's lists of the same range.
fn checked(tools: &Tools, path: &Path, head: &str, more: &[&str]) -> (Job, Job) {
    let check = [&["check", "--base", BASE, "--head", head], more].concat();
    let raw = tools.git(path, &["diff", "--raw", &format!("{BASE}...{head}")]);
    let log = tools.git(path, &["log", "--format=%B", &format!("{BASE}..{head}")]);
    (tools.certgate(path, &check), raw.then(log))
}

fn components(directory: &Path, tools: &Tools, sizes: Sizes) -> Result<Kind> {
    let path = ranges(directory, tools, sizes)?;
    let head = format!("gated-{}", sizes.gated / 8);
    let of = |components| {
        let policy = directory.join(format!("components-{components}.yaml"));
        fs::write(&policy, policy_of(components))?;
        let policy = policy.to_str().context("a path that is no text")?;
        let (ours, gits) = checked(tools, &path, &head, &["--policy", policy]);
        Ok((components, ours, gits))
    };
    Ok(Kind {
        number: "14",
        name: format!(
            "components of {RULES} rules: `check` of {} changed files : `git diff --raw` and `git log`",
            thousands(sizes.gated / 8)
        ),
        sizes: steps(sizes.components).map(of).collect::<Result<_>>()?,
    })
}

fn commits(directory: &Path, tools: &Tools, sizes: Sizes) -> Result<Kind> {
    let path = ranges(directory, tools, sizes)?;
    let of = |commits| {
        let (ours, gits) = checked(tools, &path, &format!("{FEATURE}-{commits}"), &[]);
        (commits, ours, gits)
    };
    Ok(Kind {
        number: "15",
        name: "commits of a range: `check` : `git diff --raw` and `git log`".to_owned(),
        sizes: steps(sizes.commits).map(of).collect(),
    })
}

fn gated(directory: &Path, tools: &Tools, sizes: Sizes) -> Result<Kind> {
    let path = ranges(directory, tools, sizes)?;
    let of = |files| {
        let (ours, gits) = checked(tools, &path, &format!("gated-{files}"), &[]);
        (files, ours, gits)
    };
    Ok(Kind {
        number: "16",
        name: "gated files: `check` : `git diff --raw` and `git log`".to_owned(),
        sizes: steps(sizes.gated).map(of).collect(),
    })
}

fn refs_along(directory: &Path, tools: &Tools, sizes: Sizes) -> Result<Kind> {
    refs(directory, tools, sizes, "17", "along", "all on it")
}

fn refs_with_own_commits(directory: &Path, tools: &Tools, sizes: Sizes) -> Result<Kind> {
    refs(directory, tools, sizes, "18", "own", "each with a commit of its own")
}

/// `hook pre-push` of new branches against a push of them that sends nothing.
///
/// Git is given a pattern for each eighth of them. With a name for each branch it compares every name with every ref here, and is the
/// slower the more of both there are: 28 s for 1,250 branches among 20,000.
fn refs(directory: &Path, tools: &Tools, sizes: Sizes, number: &'static str, which: &str, how: &str) -> Result<Kind> {
    let path = directory.join(format!("growth-v{REFS_VERSION}-refs-{}-{}", sizes.refs, sizes.history));
    let server = path.join("server");
    kept(&path, |path| {
        tools.git(path, &["init", "--quiet", "--initial-branch", BASE]).run()?;
        feed(path, None, &["fast-import", "--quiet", "--force"], |out| {
            write_refs(out, sizes)
        })?;
        let target = path_str(&server)?;
        tools.git(path, &["commit-graph", "write", "--reachable"]).run()?;
        let clone = [
            "clone",
            "--quiet",
            "--bare",
            "--single-branch",
            "--branch",
            BASE,
            ".",
            target,
        ];
        tools.git(path, &clone).run()?;
        tools.git(path, &["remote", "add", "origin", target]).run()?;
        tools.git(path, &["fetch", "--quiet", "origin"]).run()?;
        tools.git(path, &["remote", "set-head", "origin", BASE]).run()?;
        tools.git(path, &["pack-refs", "--all"]).run()?;
        Ok(())
    })?;
    let of = |refs: usize| {
        let listed = path.join(format!("{which}-{refs}.lines"));
        let parts: Vec<String> = (0..PARTS * refs / sizes.refs)
            .map(|part| format!("refs/heads/{which}/{part}/"))
            .collect();
        let mut list = vec!["for-each-ref", "--format=%(refname) %(objectname) %(refname)"];
        list.extend(parts.iter().map(String::as_str));
        let mut lines = String::new();
        for line in feed(&path, None, &list, |_| Ok(()))?.lines() {
            writeln!(lines, "{line} {}", "0".repeat(40))?;
        }
        anyhow::ensure!(lines.lines().count() == refs, "{which}: not {refs} branches");
        fs::write(&listed, lines)?;
        let target = path_str(&server)?;
        let ours = tools
            .certgate(&path, &["hook", "pre-push", "origin", target])
            .reading(&listed);
        let refspecs: Vec<String> = parts.iter().map(|part| format!("{part}*:{part}*")).collect();
        let mut push = vec!["push", "--quiet", "--dry-run", "--no-verify", target];
        push.extend(refspecs.iter().map(String::as_str));
        Ok((refs, ours, tools.git(&path, &push)))
    };
    Ok(Kind {
        number,
        name: format!(
            "new branches over one history of {} commits, {how}: `hook pre-push` : `git push --dry-run`",
            thousands(sizes.history)
        ),
        sizes: steps(sizes.refs).map(of).collect::<Result<_>>()?,
    })
}

/// The directory of something that is made once and kept.
fn kept(path: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if !path.join("complete").exists() {
        let _absent = fs::remove_dir_all(path);
        fs::create_dir_all(path)?;
        make(path)?;
        fs::write(path.join("complete"), "")?;
    }
    Ok(())
}

fn path_str(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}

/// A repository with branches of many commits, and branches that change many gated files.
fn ranges(directory: &Path, tools: &Tools, sizes: Sizes) -> Result<PathBuf> {
    let path = directory.join(format!("growth-v{VERSION}-ranges-{}-{}", sizes.commits, sizes.gated));
    kept(&path, |path| {
        tools.git(path, &["init", "--quiet", "--initial-branch", BASE]).run()?;
        feed(path, None, &["fast-import", "--quiet", "--force"], |out| {
            write_ranges(out, sizes)
        })?;
        tools.git(path, &["read-tree", BASE]).run()?;
        tools.git(path, &["commit-graph", "write", "--reachable"]).run()?;
        Ok(())
    })?;
    Ok(path)
}

const POLICY: &str = "version: 1\nenforce:\n  - { branches: [main, \"release/**\"] }\n  \
                      - { branches: [\"**\"], pre-commit: warn, pre-push: warn, merge: warn }\n\
                      components:\n  - id: hot\n    match: { paths: [\"hot/**\"] }\n";

fn hot(file: usize) -> String {
    format!("hot/part{:03}/module_{file:05}.py", file / 50)
}

fn write_ranges(out: &mut dyn Write, sizes: Sizes) -> Result<()> {
    begin_commit(out, BASE, 1, "Everything", None)?;
    let files = sizes.commits.min(20_000);
    for file in 0..files {
        write_file(out, &world::file_path(file), "x = 0\n")?;
    }
    for file in 0..sizes.gated {
        write_file(out, &hot(file), "def step():\n    return 0\n")?;
    }
    write_file(out, ".certgate/policy.yaml", POLICY)?;
    let wanted: Vec<usize> = steps(sizes.commits).collect();
    for commit in 1..=sizes.commits {
        let message = format!("Change part {commit}\n\nWhat changes is what the part does.\n");
        begin_commit(out, FEATURE, commit + 1, &message, (commit == 1).then_some(BASE))?;
        write_file(out, &world::file_path(commit % files), &format!("x = {commit}\n"))?;
        if wanted.contains(&commit) {
            writeln!(out, "reset refs/heads/{FEATURE}-{commit}\nfrom refs/heads/{FEATURE}\n")?;
        }
    }
    for gated in steps(sizes.gated) {
        begin_commit(out, &format!("gated-{gated}"), 2, "Change the hot parts", Some(BASE))?;
        for file in 0..gated {
            write_file(out, &hot(file), "def step():\n    return 1\n")?;
        }
    }
    writeln!(out, "done")?;
    Ok(())
}

fn write_refs(out: &mut dyn Write, sizes: Sizes) -> Result<()> {
    begin_commit(out, BASE, 1, "Everything", None)?;
    for file in 0..sizes.history {
        write_file(out, &world::file_path(file), "x = 0\n")?;
    }
    write_file(out, ".certgate/policy.yaml", POLICY)?;
    for commit in 1..=sizes.history {
        begin_commit(out, BASE, commit + 1, &format!("Change part {commit}"), None)?;
        write_file(
            out,
            &world::file_path(commit % sizes.history),
            &format!("x = {commit}\n"),
        )?;
        writeln!(out, "reset refs/made/{commit}\nfrom refs/heads/{BASE}\n")?;
    }
    for nth in 0..sizes.refs {
        let from = nth * 7 % sizes.history + 1;
        let part = nth * PARTS / sizes.refs;
        writeln!(out, "reset refs/heads/along/{part}/{nth:05}\nfrom refs/made/{from}\n")?;
        let own = format!("own/{part}/{nth:05}");
        writeln!(out, "reset refs/heads/{own}\nfrom refs/made/{from}\n")?;
        begin_commit(out, &own, sizes.history + 2 + nth, &format!("Add {nth}"), None)?;
        write_file(out, &format!("new/{nth:05}.py"), "y = 1\n")?;
    }
    for commit in 1..=sizes.history {
        writeln!(out, "reset refs/made/{commit}\nfrom {}\n", "0".repeat(40))?;
    }
    writeln!(out, "done")?;
    Ok(())
}

/// A policy with so many components, each with the same kinds of rules over other places.
fn policy_of(components: usize) -> String {
    let mut text = POLICY.to_owned();
    for nth in 1..components {
        let _ = write!(
            text,
            "  - id: part_{nth}\n    match:\n      paths: [\"hot/part{nth:03}/**\", \"!**/*.md\"]\n      \
             content:\n        - {{ pattern: 'cache_{nth}\\(', lines: added-or-removed, paths: [\"hot/**/*.py\"] }}\n        \
             - {{ pattern: '^@part_{nth}\\b', lines: added-or-removed, paths: [\"pkg{nth:03}/**\"] }}\n        \
             - {{ pattern: 'sync_{nth}\\b', lines: added-or-removed }}\n      \
             functions: [\"collect_{nth}_*\"]\n      messages: ['^perf\\(part_{nth}\\)']\n"
        );
    }
    text
}
