//! One scenario on every layout of a repository: what certgate says is the same, byte for byte but for ids.
//!
//! A history with certified, uncertified, vetoed and renamed files is made once. Each layout is a clone of it in another form, and is asked
//! the same questions: ranges, what is staged, the ledger, and the hook of a real commit. Ids of commits are replaced by the subjects of
//! their messages; nothing else is touched.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::print_stdout
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scene::{Ran, minutes_ago, run};
use crate::support::TestRepo;

const POLICY: &str = "version: 1
defaults: { binding: history }
components:
  - id: gpu_memory
    match:
      paths: [\"src/train/**\"]
      functions: [\"collect_*\"]
      messages: ['^perf(\\(.+\\))?!?:']
  - id: data_loading
    match: { paths: [\"src/data/**\"] }
  - id: sync
    match:
      content: [{ pattern: 'cuda\\.synchronize', lines: added-or-removed, paths: [\"**/*.py\"] }]
";

/// How many commits there are before anything that is asked about; a shallow clone leaves out half of them.
const OLD: usize = 12;

/// The history, in a plain repository that a server would hand out.
struct Origin {
    repo: TestRepo,
    url: String,
}

fn certify(repo: &TestRepo, component: &str, status: &str, extra: &[&str]) {
    let words = [
        "certify",
        component,
        "--staged",
        "--agent",
        "ann",
        "--rationale",
        "measured",
    ];
    run(repo, &[&words[..], &["--status", status], extra].concat()).ends(0);
    repo.git(&["add", "--all"]);
}

impl Origin {
    fn new() -> Self {
        let repo = TestRepo::new();
        for setting in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
            repo.git(&["config", setting, "true"]);
        }
        for at in 0..OLD {
            repo.write("docs/history.md", format!("{at}\n"));
            repo.commit(&format!("old {at}"));
        }
        repo.write("src/train/loop.py", "def step():\n    return 1\n");
        repo.write(
            "src/train/pool.py",
            "POOL = []\n\n\ndef collect_all():\n    return POOL\n",
        );
        repo.write("src/data/read.py", "def read():\n    return 1\n");
        repo.write("src/data/deep/list.py", "def read():\n    return 1\n");
        repo.write("src/ui/a.py", "import cuda\n");
        repo.write(".certgate/policy.yaml", POLICY);
        repo.commit("begin");
        repo.write("src/train/loop.py", "def step():\n    return 2\n");
        repo.git(&["add", "--all"]);
        certify(&repo, "gpu_memory", "APPROVED", &["--descriptor", "first"]);
        repo.commit("certified");
        repo.git(&["checkout", "--quiet", "-b", "feature"]);
        // Certified, then edited by a later commit.
        repo.write("src/train/loop.py", "def step():\n    return 3\n");
        repo.git(&["add", "--all"]);
        certify(
            &repo,
            "gpu_memory",
            "CONDITIONALLY_APPROVED",
            &["--descriptor", "second", "--condition", "watch it"],
        );
        repo.commit("certified again");
        repo.write(
            "src/train/pool.py",
            "POOL = []\n\n\ndef collect_all():\n    return sorted(POOL)\n",
        );
        repo.commit("uncertified");
        // Vetoed: one file of the component, the other goes away and a third is renamed.
        repo.write("src/data/read.py", "def read():\n    return list(range(9))\n");
        repo.git(&["add", "--all"]);
        certify(&repo, "data_loading", "REJECTED", &["--descriptor", "third"]);
        repo.git(&["mv", "src/data/deep/list.py", "src/data/deep/tuple.py"]);
        repo.commit("vetoed");
        repo.write("src/ui/a.py", "import cuda\n\ncuda.synchronize()\n");
        repo.git(&["update-index", "--chmod=+x", "src/train/loop.py"]);
        std::fs::set_permissions(
            repo.path().join("src/train/loop.py"),
            std::fs::Permissions::from_mode(0o755),
        )
        .unwrap();
        std::os::unix::fs::symlink("read.py", repo.path().join("src/data/link.py")).unwrap();
        repo.commit("perf(ui): wait for it");
        repo.git(&["checkout", "--quiet", "main"]);
        repo.write("docs/guide.md", "guide\n");
        repo.commit("meanwhile");
        // Written by hand: without a SUBJECT it covers by history.
        repo.write("src/train/loop.py", "def step():\n    return 4\n");
        let hand = crate::scene::by_hand("**Status**: GO", "BY-HAND-1", &minutes_ago(2));
        repo.write("certificates/review_gpu_memory_20250102_030405.md", hand);
        repo.commit("certified by hand");
        run(&repo, &["install"]).ends(0);
        let url = format!("file://{}", repo.path().display());
        Self { repo, url }
    }

    /// Where a layout is made.
    fn place(&self, name: &str) -> Place<'_> {
        Place {
            origin: self,
            name: name.to_owned(),
            directory: self.repo.home().join("layouts").join(name.replace(' ', "-")),
            variables: Vec::new(),
        }
    }

    /// A clone with more arguments.
    fn clone(&self, name: &str, arguments: &[&str]) -> Place<'_> {
        self.clone_from(name, arguments, &self.url)
    }

    /// The same by another address; by its path the objects can be shared.
    fn clone_from(&self, name: &str, arguments: &[&str], from: &str) -> Place<'_> {
        let place = self.place(name);
        let at = place.directory.to_str().unwrap();
        self.repo.git(&[&["clone", "--quiet"], arguments, &[from, at]].concat());
        place
    }

    /// The same history with ids and refs of another format.
    fn imported(&self, name: &str, arguments: &[&str]) -> Place<'_> {
        let place = self.place(name);
        let at = place.directory.to_str().unwrap();
        self.repo
            .git(&[&["init", "--quiet", "--initial-branch=main"], arguments, &[at]].concat());
        let stream = self.repo.git(&["fast-export", "--all"]).stdout;
        let done = self
            .repo
            .with_stdin("git", &["-C", at, "fast-import", "--quiet"], &stream);
        assert!(done.status.success(), "{done:?}");
        place.git(&["reset", "--quiet", "--hard", "main"]);
        place
    }
}

/// A repository in some layout, and how it is reached.
struct Place<'o> {
    origin: &'o Origin,
    name: String,
    directory: PathBuf,
    variables: Vec<(String, String)>,
}

impl Place<'_> {
    fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.origin.repo.command(program);
        command.current_dir(&self.directory);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn program(&self) -> assert_cmd::Command {
        self.command(env!("CARGO_BIN_EXE_certgate")).into()
    }

    #[track_caller]
    fn git(&self, arguments: &[&str]) -> String {
        let ran = Ran::from(self.command("git").args(arguments).output().unwrap());
        assert_eq!(ran.code, Some(0), "{}: git {arguments:?}: {}", self.name, ran.said());
        ran.out.trim_end().to_owned()
    }

    /// The ids of all commits with their subjects.
    fn commits(&self) -> Vec<(String, String)> {
        let log = self.git(&["log", "--all", "--format=%H %s"]);
        log.lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(id, subject)| (id.to_owned(), subject.to_owned()))
            .collect()
    }

    /// Runs certgate, and returns exit code and both streams with ids replaced.
    fn ask(&self, commits: &[(String, String)], arguments: &[&str]) -> String {
        let words: Vec<String> = arguments.iter().map(|word| id_of(commits, word)).collect();
        let ran = Ran::from(self.program().args(words).output().unwrap());
        assert!(!ran.err.contains("CG711"), "{}: {}", self.name, ran.err);
        if arguments.contains(&"json") && ran.code != Some(2) {
            ran.json();
        }
        format!(
            "{arguments:?} ended with {:?}\n{}\n{}",
            ran.code,
            named(commits, &ran.out),
            named(commits, &ran.err)
        )
    }

    /// What is said of history.
    fn history(&self) -> String {
        self.history_by(&self.commits())
    }

    /// The same, where git cannot be asked for the subjects.
    fn history_by(&self, commits: &[(String, String)]) -> String {
        let questions: [&[&str]; 8] = [
            &[
                "check",
                "--base",
                ":begin",
                "--head",
                ":perf(ui): wait for it",
                "--target",
                "main",
                "--format",
                "json",
            ],
            &[
                "check",
                "--base",
                ":certified",
                "--head",
                ":perf(ui): wait for it",
                "--target",
                "main",
                "--format",
                "json",
            ],
            &[
                "check",
                "--base",
                ":certified",
                "--head",
                ":certified again",
                "--target",
                "main",
                "--format",
                "json",
            ],
            &[
                "check",
                "--base",
                ":certified again",
                "--head",
                ":uncertified",
                "--target",
                "release",
                "--format",
                "json",
            ],
            &[
                "check",
                "--base",
                ":meanwhile",
                "--head",
                ":certified by hand",
                "--target",
                "main",
                "--format",
                "json",
            ],
            &[
                "check",
                "--base",
                ":meanwhile",
                "--head",
                ":perf(ui): wait for it",
                "--target",
                "main",
            ],
            &["lint", "--rev", ":perf(ui): wait for it", "--format", "json"],
            &["status", "--format", "json"],
        ];
        questions.map(|question| self.ask(commits, question)).join("\n")
    }

    /// What is said of a change in the index, and by the hook of a commit; the index is put back.
    fn staged(&self) -> String {
        let commits = self.commits();
        let write = |path: &str, text: &str| std::fs::write(self.work_tree().join(path), text).unwrap();
        write("src/train/loop.py", "def step():\n    return 9\n");
        write("src/train/new.py", "import cuda\ncuda.synchronize()\n");
        self.git(&["add", "src/train/loop.py", "src/train/new.py"]);
        self.git(&["update-index", "--chmod=+x", "src/train/new.py"]);
        self.git(&["rm", "--quiet", "src/train/pool.py"]);
        let mut said = self.ask(&commits, &["check", "--staged", "--format", "json"]);
        let head = self.git(&["rev-parse", "HEAD"]);
        let hooks = self.origin.repo.path().join(".git/hooks");
        let mut commit = self.command("git");
        commit.args([
            "-c",
            &format!("core.hooksPath={}", hooks.display()),
            "commit",
            "-m",
            "perf: more",
        ]);
        let ran = Ran::from(commit.output().unwrap());
        assert_eq!(self.git(&["rev-parse", "HEAD"]), head, "{}", self.name);
        said.push_str(&format!("commit: {:?}\n{}", ran.code, named(&commits, &ran.err)));
        self.git(&["reset", "--quiet", "--hard"]);
        said
    }

    fn work_tree(&self) -> PathBuf {
        PathBuf::from(self.git(&["rev-parse", "--show-toplevel"]))
    }

    /// Asserts that it answers as the plain clone does.
    #[track_caller]
    fn is_as(&self, expected: &Answers) {
        same(&self.name, &self.history(), &expected.history);
        same(&self.name, &self.staged(), &expected.staged);
    }
}

/// What the plain clone said.
struct Answers {
    history: String,
    staged: String,
}

/// Reports without their scores.
fn unscored(said: &str) -> String {
    let mut kept = String::new();
    let mut within = false;
    for line in said.lines() {
        within |= line == "  \"sensitivity\": {";
        if !within {
            kept.push_str(line);
            kept.push('\n');
        }
        within &= line != "  }," && line != "  }";
    }
    kept
}

#[track_caller]
fn same(name: &str, said: &str, expected: &str) {
    let differ = said.lines().zip(expected.lines()).find(|(a, b)| a != b);
    assert!(said == expected, "{name}: {differ:?}\n{said}");
}

/// `:SUBJECT` as the id of the commit with that subject.
fn id_of(commits: &[(String, String)], word: &str) -> String {
    let Some(subject) = word.strip_prefix(':') else {
        return word.to_owned();
    };
    commits
        .iter()
        .find(|(_, own)| own == subject)
        .map_or_else(|| panic!("no commit {subject}"), |(id, _)| id.clone())
}

/// A text with the ids of commits, whole or as certgate shortens them, replaced by their subjects.
fn named(commits: &[(String, String)], text: &str) -> String {
    let text = commits.iter().fold(text.to_owned(), |text, (id, subject)| {
        let name = format!("<{subject}>");
        text.replace(id, &name).replace(&id[..10], &name)
    });
    // Where a command is broken into lines depends on the length of ids.
    let mut parts = text.split(" \\\n");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + " " + part.trim_start())
}

/// What a plain clone answers, and that it is what the history deserves.
fn plain(origin: &Origin) -> Answers {
    let place = origin.clone("plain", &[]);
    let answers = Answers {
        history: place.history(),
        staged: place.staged(),
    };
    for said in [
        "\"outcome\":\"approved\"",
        "\"outcome\":\"uncovered\"",
        "\"outcome\":\"vetoed\"",
        "<perf(ui): wait for it>",
        "CG202",
        "ended with Some(0)",
        "ended with Some(1)",
    ] {
        assert!(
            answers.history.replace(": ", ":").contains(&said.replace(": ", ":")),
            "{said}: {}",
            answers.history
        );
    }
    assert!(!answers.history.contains("ended with Some(2)"), "{}", answers.history);
    assert!(
        answers.staged.contains("ended with Some(1)") && answers.staged.contains("commit: Some(1)"),
        "{}",
        answers.staged
    );
    assert!(
        answers.staged.contains("src/train/pool.py") && answers.staged.contains("cuda"),
        "{}",
        answers.staged
    );
    answers
}

fn script(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn every_index() {
    let origin = Origin::new();
    let expected = plain(&origin);
    let place = origin.clone("sparse index", &[]);
    place.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "src/train"]);
    assert!(place.git(&["ls-files", "--sparse", "--stage"]).contains("040000 "));
    place.is_as(&expected);
    let place = origin.clone("sparse checkout without cones", &[]);
    place.git(&["sparse-checkout", "set", "--no-cone", "/src/train/"]);
    assert!(!place.directory.join("certificates").exists());
    place.is_as(&expected);
    let place = origin.clone("split index", &[]);
    place.git(&["config", "core.splitIndex", "true"]);
    place.git(&["update-index", "--split-index"]);
    let shared = |entry: &std::fs::DirEntry| entry.file_name().to_str().unwrap().starts_with("sharedindex.");
    assert!(
        std::fs::read_dir(place.directory.join(".git"))
            .unwrap()
            .any(|entry| shared(&entry.unwrap()))
    );
    place.is_as(&expected);
    let place = origin.clone("index version 4", &[]);
    place.git(&["config", "index.version", "4"]);
    place.git(&["update-index", "--index-version", "4"]);
    assert_eq!(
        std::fs::read(place.directory.join(".git/index")).unwrap()[..8],
        *b"DIRC\0\0\0\x04"
    );
    place.is_as(&expected);
    let place = origin.clone("fsmonitor and untracked cache", &[]);
    // Says of every path that it may have changed.
    let monitor = place.directory.join(".git/monitor");
    script(&monitor, "#!/bin/sh\nprintf 'token\\0/\\0'\n");
    place.git(&["config", "core.fsmonitor", monitor.to_str().unwrap()]);
    place.git(&["config", "core.fsmonitorHookVersion", "2"]);
    place.git(&["update-index", "--untracked-cache", "--fsmonitor"]);
    let index = std::fs::read(place.directory.join(".git/index")).unwrap();
    for extension in [b"FSMN", b"UNTR"] {
        assert!(index.windows(4).any(|window| window == extension));
    }
    place.is_as(&expected);
}

#[test]
fn every_format() {
    let origin = Origin::new();
    let expected = plain(&origin);
    // The same road for the same format shows that the road changes nothing.
    origin.imported("imported", &[]).is_as(&expected);
    let place = origin.imported("sha256", &["--object-format=sha256"]);
    assert_eq!(place.git(&["rev-parse", "HEAD"]).len(), 64);
    place.is_as(&expected);
    let version = certgate::git::git_version().unwrap();
    if (version.major, version.minor) < (2, 45) {
        println!("skipped: git {version} knows no reftables");
    } else {
        let place = origin.clone("reftable", &["--ref-format=reftable"]);
        assert!(place.directory.join(".git/reftable").is_dir());
        place.is_as(&expected);
        origin
            .imported(
                "reftable and sha256",
                &["--ref-format=reftable", "--object-format=sha256"],
            )
            .is_as(&expected);
    }
    let place = origin.clone("packed", &[]);
    for command in [
        &["config", "core.multiPackIndex", "true"][..],
        &["repack", "-q", "-a", "-d", "-b"],
        &["multi-pack-index", "write"],
        &["commit-graph", "write", "--reachable", "--changed-paths"],
        &["pack-refs", "--all"],
    ] {
        place.git(command);
    }
    place.is_as(&expected);
}

#[test]
fn every_clone() {
    let origin = Origin::new();
    let expected = plain(&origin);
    let all = origin
        .repo
        .ask(&["rev-list", "--count", "--all"])
        .parse::<usize>()
        .unwrap();
    let depth = (all - OLD / 2).to_string();
    let place = origin.clone("shallow", &["--no-single-branch", "--depth", &depth]);
    assert!(place.git(&["rev-list", "--count", "--all"]).parse::<usize>().unwrap() < all);
    // A past that is cut off gives another score; all else is the same.
    same(&place.name, &unscored(&place.history()), &unscored(&expected.history));
    same(&place.name, &unscored(&place.staged()), &unscored(&expected.staged));
    for filter in ["blob:none", "tree:0"] {
        let place = origin.clone(filter, &[&format!("--filter={filter}")]);
        assert!(
            place
                .git(&["rev-list", "--objects", "--all", "--missing=print"])
                .contains("\n?")
        );
        place.is_as(&expected);
    }
    let place = origin.clone_from("shared", &["--shared"], origin.repo.path().to_str().unwrap());
    assert!(place.directory.join(".git/objects/info/alternates").exists());
    place.is_as(&expected);
    let reference = origin.repo.path().to_str().unwrap();
    origin.clone("reference", &["--reference", reference]).is_as(&expected);
    // Nothing of its own: the objects are where the environment says.
    let place = origin.clone_from("alternates of the environment", &["--shared"], reference);
    std::fs::remove_file(place.directory.join(".git/objects/info/alternates")).unwrap();
    let objects = origin.repo.path().join(".git/objects");
    place
        .set("GIT_ALTERNATE_OBJECT_DIRECTORIES", objects.to_str().unwrap())
        .is_as(&expected);
    let place = origin.clone("bare", &["--bare"]);
    same("bare", &place.history(), &expected.history);
}

#[test]
fn every_place() {
    let origin = Origin::new();
    let expected = plain(&origin);
    // A linked worktree, of a repository whose own HEAD is elsewhere.
    let main = origin.clone("of the worktree", &[]);
    main.git(&["checkout", "--quiet", "--detach", "HEAD~1"]);
    let linked = origin.place("linked");
    main.git(&["worktree", "add", "--quiet", linked.directory.to_str().unwrap(), "main"]);
    linked.is_as(&expected);
    // A submodule: its git directory lies in another repository, and core.worktree leads back.
    let outer = origin.place("outer");
    std::fs::create_dir_all(&outer.directory).unwrap();
    outer.git(&["init", "--quiet"]);
    outer.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &origin.url,
        "inner",
    ]);
    let inner = Place {
        directory: outer.directory.join("inner"),
        ..origin.place("submodule")
    };
    assert!(inner.directory.join(".git").is_file());
    inner.is_as(&expected);
    // The git directory apart from the work tree, told by core.worktree, and asked from the root of the file system.
    let apart = origin.clone("apart", &[]);
    let tree = apart.directory.to_str().unwrap().to_owned();
    let git_dir = origin.repo.home().join("layouts/apart.git");
    std::fs::rename(apart.directory.join(".git"), &git_dir).unwrap();
    let git_dir = git_dir.to_str().unwrap();
    let from_root = |name: &str| Place {
        directory: PathBuf::from("/"),
        ..origin.place(name).set("GIT_DIR", git_dir)
    };
    same(
        "GIT_DIR",
        &from_root("GIT_DIR").set("GIT_WORK_TREE", &tree).history(),
        &expected.history,
    );
    let inside = Place {
        directory: apart.directory.join("src"),
        ..origin
            .place("GIT_WORK_TREE")
            .set("GIT_DIR", git_dir)
            .set("GIT_WORK_TREE", &tree)
    };
    same("GIT_WORK_TREE", &inside.history(), &expected.history);
    inside.git(&["config", "core.worktree", &tree]);
    same(
        "core.worktree",
        &from_root("core.worktree").history(),
        &expected.history,
    );
    let at_top = Place {
        directory: apart.directory.clone(),
        ..origin.place("core.worktree").set("GIT_DIR", git_dir)
    };
    at_top.is_as(&expected);
}

/// What git shows in the place of an object, or of a commit's parents, is not what is judged.
#[test]
fn replaced_and_grafted() {
    let origin = Origin::new();
    let expected = plain(&origin);
    let place = origin.clone("replaced", &[]);
    let commits = place.commits();
    let of = |subject: &str| id_of(&commits, &format!(":{subject}"));
    let feature = of("perf(ui): wait for it");
    // Commit, tree and blob of the head seem to be those of the base.
    place.git(&["replace", &feature, &of("certified")]);
    place.git(&[
        "replace",
        &format!("{}^{{tree}}", of("uncertified")),
        &format!("{}^{{tree}}", of("certified")),
    ]);
    let blob = |revision: &str| {
        place.git(&[
            "--no-replace-objects",
            "rev-parse",
            &format!("{revision}:src/data/read.py"),
        ])
    };
    place.git(&["replace", &blob(&feature), &blob(&of("certified"))]);
    assert_ne!(place.commits(), commits, "git itself is fooled");
    // The subjects are asked without, since git would give those of the replacement.
    let place = place.set("GIT_NO_REPLACE_OBJECTS", "1");
    let names = place.commits();
    let place = Place {
        variables: Vec::new(),
        ..place
    };
    same("replaced", &place.history_by(&names), &expected.history);
    let place = origin.clone("grafted", &[]);
    let grafts = format!("{feature} {}\n", of("certified by hand"));
    let file = place.directory.join(".git/info/grafts");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, grafts).unwrap();
    assert_eq!(
        place.git(&["rev-parse", &format!("{feature}^")]),
        of("certified by hand"),
        "git itself is fooled"
    );
    same("grafted", &place.history_by(&names), &expected.history);
}

/// git decides whose repositories are read: on the command line nothing is said until its own remedy has been applied.
#[test]
fn of_somebody_else() {
    let origin = Origin::new();
    let expected = plain(&origin);
    let place = origin.clone("foreign", &[]);
    let configuration = origin.repo.home().join("gitconfig");
    std::fs::write(&configuration, "").unwrap();
    let names = place.commits();
    // git's own switch for its tests of safe.directory.
    let place = place
        .set("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        .set("GIT_CONFIG_GLOBAL", configuration.to_str().unwrap());
    let ask = || Ran::from(place.program().args(["check", "--base", "HEAD~1"]).output().unwrap());
    let refused = ask().ends(2);
    let remedies = refused.remedies();
    let remedy = remedies
        .iter()
        .find(|remedy| remedy.contains("safe.directory"))
        .expect("git's own remedy");
    Ran::from(place.command("sh").args(["-ec", remedy]).output().unwrap()).ends(0);
    assert_eq!(ask().code, Some(0), "{}", ask().said());
    same("foreign", &place.history_by(&names), &expected.history);
    same("foreign", &place.staged(), &expected.staged);
}
