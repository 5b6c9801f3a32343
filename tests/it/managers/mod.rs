//! Other hook managers, each set up by the very blocks of `docs/hook-managers.md` and driven by the real git.
//!
//! `.ci/run` installs them below `target/tools`. No test reaches the network.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::print_stderr
)]

mod beside;
mod chained;
mod shared;
mod told;

use std::path::{Path, PathBuf};

use crate::scene::{Ran, run, stage_gated, with_policy};
use crate::support::TestRepo;

const GUIDE: &str = include_str!("../../../docs/hook-managers.md");

/// Where `.ci/run` puts what it installs; then PATH.
const TOOLS: [&str; 2] = ["target/tools/managers/bin", "target/tools/husky/node_modules/.bin"];

/// The directories of the tools that are there.
fn directories() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = TOOLS.iter().map(|tool| root.join(tool));
    own.chain(std::env::split_paths(&std::env::var_os("PATH").unwrap()))
        .collect()
}

/// A repository with a policy, a remote and all that a manager needs; `None` where it is not installed.
fn scene(tools: &[&str]) -> Option<TestRepo> {
    for tool in tools {
        if !directories().iter().any(|directory| directory.join(tool).is_file()) {
            let required = std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_some();
            assert!(
                !required,
                "{tool} is missing, and CERTGATE_REQUIRE_TOOLS is set: bash .ci/run installs it"
            );
            eprintln!("skipped: {tool} is not installed");
            return None;
        }
    }
    let mut repo = with_policy();
    let program = Path::new(env!("CARGO_BIN_EXE_certgate")).parent().unwrap().to_owned();
    let path = std::env::join_paths(std::iter::once(program).chain(directories())).unwrap();
    repo.set("PATH", path.to_str().unwrap());
    // husky is a package of the repository; whatever of npm runs asks nobody.
    if tools.contains(&"husky") {
        let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/husky/node_modules");
        std::os::unix::fs::symlink(modules, repo.path().join("node_modules")).unwrap();
        repo.write(".git/info/exclude", "node_modules\n");
    }
    repo.set("npm_config_offline", "true");
    repo.set("npm_config_update_notifier", "false");
    let remote = repo.home().join("remote.git");
    repo.git(&["init", "--quiet", "--bare", remote.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    repo.git(&["push", "--quiet", "origin", "main"]);
    Some(repo)
}

/// The blocks of a section of the guide: the first word of the fence, and the text.
fn blocks(heading: &str) -> Vec<(&'static str, String)> {
    let (_, after) = GUIDE.split_once(&format!("\n{heading}\n")).expect(heading);
    let mut found = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in after.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, None) if line.starts_with('#') => break,
            (None, Some(language)) => open = Some((language, String::new())),
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(!found.is_empty(), "{heading} has no blocks");
    found
}

/// Does what a block says: a file is written under the name of its first line, commands are run.
#[track_caller]
fn follow(repo: &TestRepo, (language, text): &(&str, String)) -> Ran {
    match *language {
        "sh" => Ran::from(repo.command("sh").args(["-ec", text]).output().unwrap()),
        "yaml" => {
            let name = text.lines().next().unwrap().strip_prefix("# ").unwrap();
            repo.write(name, text);
            Ran::from(repo.command("true").output().unwrap())
        }
        other => panic!("{other}"),
    }
}

/// Sets a manager up by its section, all but the blocks that install certgate's own hooks.
#[track_caller]
fn set_up(repo: &TestRepo, heading: &str) {
    for block in blocks(heading) {
        if block.1 != "certgate install\n" {
            follow(repo, &block).ends(0);
        }
    }
}

/// git with the scene's PATH.
fn git(repo: &TestRepo, arguments: &[&str]) -> Ran {
    crate::scene::git(repo, arguments)
}

fn certify(repo: &TestRepo) {
    let words = crate::scene::certify_staged("APPROVED", "ann");
    // Two certificates of one second would want one name.
    let extra = format!("review_{}", repo.ask(&["rev-list", "--all", "--count"]));
    run(repo, &[&words[..], &["--descriptor", &extra]].concat()).ends(0);
    repo.git(&["add", "--all"]);
}

/// A change to a gated file that was not made before.
fn change(repo: &TestRepo, value: u32) {
    repo.write("src/train/loop.py", format!("def step():\n    return {value}\n"));
    repo.git(&["add", "--all"]);
}

/// Both streams of a run that failed.
#[track_caller]
fn refused(ran: Ran) -> String {
    assert_eq!(ran.code, Some(1), "{}", ran.said());
    ran.said()
}

/// Where the remote's branch is.
fn at_remote(repo: &TestRepo, branch: &str) -> String {
    let listed = repo.ask(&["ls-remote", "origin", &format!("refs/heads/{branch}")]);
    listed.split_whitespace().next().unwrap_or_default().to_owned()
}

/// Every way in, once blocked and once passed.
#[track_caller]
fn is_gated(repo: &TestRepo) {
    // A commit of nothing that matters passes, as does its push, and the push of nothing.
    repo.git(&["add", "--all"]);
    git(repo, &["commit", "--allow-empty", "-m", "set up"]).ends(0);
    git(repo, &["push", "origin", "main"]).ends(0);
    git(repo, &["push", "origin", "main"]).ends(0);
    let before = repo.ask(&["rev-parse", "HEAD"]);
    // pre-commit
    stage_gated(repo);
    let said = refused(git(repo, &["commit", "-m", "x"]));
    assert!(said.contains("CG201") && said.contains("src/train/loop.py"), "{said}");
    assert_eq!(repo.ask(&["rev-parse", "HEAD"]), before);
    certify(repo);
    git(repo, &["commit", "-m", "x"]).ends(0);
    // commit-msg
    repo.write("README.md", "more\n");
    repo.git(&["add", "--all"]);
    let said = refused(git(repo, &["commit", "-m", "perf: faster"]));
    assert!(said.contains("CG205"), "{said}");
    git(repo, &["commit", "-m", "docs: more"]).ends(0);
    // pre-merge-commit, and a feature branch, which is only warned
    repo.git(&["checkout", "--quiet", "-b", "feature"]);
    change(repo, 3);
    let said = git(repo, &["commit", "-m", "y"]).ends(0).said();
    assert!(said.contains("CG202"), "{said}");
    repo.git(&["checkout", "--quiet", "main"]);
    let said = refused(git(repo, &["merge", "--no-ff", "--no-edit", "feature"]));
    assert!(said.contains("CG202") && said.contains("pre-merge-commit"), "{said}");
    assert_eq!(repo.ask(&["rev-list", "--merges", "--count", "HEAD"]), "0");
    repo.git(&["merge", "--abort"]);
    // pre-push
    let there = at_remote(repo, "main");
    change(repo, 4);
    repo.git(&["commit", "--no-verify", "-m", "z"]);
    let said = refused(git(repo, &["push", "origin", "main"]));
    assert!(said.contains("CG202"), "{said}");
    assert_eq!(at_remote(repo, "main"), there);
    repo.git(&["reset", "--quiet", "--soft", "HEAD~1"]);
    certify(repo);
    git(repo, &["commit", "-m", "z"]).ends(0);
    git(repo, &["push", "origin", "main"]).ends(0);
    assert_eq!(at_remote(repo, "main"), repo.ask(&["rev-parse", "HEAD"]));
}

/// What `certgate hooks` says of a hook.
#[track_caller]
fn state_of(repo: &TestRepo, hook: &str) -> String {
    let told = run(repo, &["hooks"]).ends(0).out;
    let line = told.lines().find(|line| line.starts_with(hook)).unwrap();
    line.trim_start_matches(hook).trim().to_owned()
}

fn hooks_dir(repo: &TestRepo) -> PathBuf {
    repo.path().join(repo.ask(&["rev-parse", "--git-path", "hooks"]))
}

/// All that lies in the hooks directory but the samples, with its content.
fn hooks(repo: &TestRepo) -> Vec<(String, String)> {
    let mut all: Vec<_> = std::fs::read_dir(hooks_dir(repo))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.extension().is_none_or(|extension| extension != "sample"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    all.sort();
    all
}

/// certgate's own hooks on top of a manager's: both run, and what was there comes back.
#[track_caller]
fn lives_beside(repo: &TestRepo) {
    let before = hooks(repo);
    run(repo, &["install"]).ends(0);
    for hook in ["pre-commit", "commit-msg", "pre-merge-commit", "pre-push"] {
        assert!(state_of(repo, hook).starts_with("calls "), "{}", state_of(repo, hook));
    }
    assert!(run(repo, &["doctor"]).out.contains("ok    hook pre-push"));
    is_gated(repo);
    run(repo, &["uninstall"]).ends(0);
    assert_eq!(hooks(repo), before);
}

#[test]
fn pre_commit_runs_certgate() {
    let Some(repo) = scene(&["pre-commit"]) else { return };
    set_up(&repo, "## pre-commit");
    is_gated(&repo);
    assert!(state_of(&repo, "commit-msg").ends_with(".pre-commit-config.yaml"));
    // It reports the first ref only, and doctor says so.
    let ran = run(&repo, &["doctor"]).ends(1);
    assert!(
        ran.out.contains("WRONG hook pre-push") && ran.out.contains("fix: certgate install"),
        "{}",
        ran.out
    );
}

#[test]
fn prek_runs_certgate() {
    let Some(repo) = scene(&["prek"]) else { return };
    follow(&repo, &blocks("## pre-commit")[0]).ends(0);
    set_up(&repo, "## prek");
    is_gated(&repo);
    assert!(run(&repo, &["doctor"]).ends(1).out.contains("WRONG hook pre-push"));
}

#[test]
fn lefthook_runs_certgate() {
    let Some(repo) = scene(&["lefthook"]) else { return };
    set_up(&repo, "## lefthook");
    is_gated(&repo);
    assert!(state_of(&repo, "pre-push").ends_with("lefthook.yml"));
    run(&repo, &["doctor"]).ends(0);
}

#[test]
fn husky_runs_certgate() {
    let Some(repo) = scene(&["husky", "npx"]) else { return };
    set_up(&repo, "## husky");
    is_gated(&repo);
    assert!(state_of(&repo, "pre-push").ends_with(".husky/pre-push"));
    run(&repo, &["doctor"]).ends(0);
}

#[test]
fn git_runs_certgate_by_its_configuration() {
    let repo = scene(&["git"]).unwrap();
    set_up(&repo, "## git's own configuration");
    let version = repo.ask(&["version"]);
    let numbers: Vec<u32> = version
        .split(['.', ' '])
        .filter_map(|word| word.parse().ok())
        .take(2)
        .collect();
    if numbers < vec![2, 54] {
        let ran = run(&repo, &["doctor"]).ends(1);
        assert!(
            ran.out.contains("which this git does not run before 2.54"),
            "{}",
            ran.out
        );
        eprintln!("skipped: {version} runs no hooks of its configuration, 2.54 does");
        return;
    }
    is_gated(&repo);
    assert!(
        run(&repo, &["hooks"])
            .out
            .contains("git's configuration runs certgate: hook.certgate-pre-push")
    );
    run(&repo, &["doctor"]).ends(0);
}

/// The repository that `pre-commit try-repo` clones holds the hooks of this checkout.
#[test]
fn pre_commit_tries_them() {
    let Some(repo) = scene(&["pre-commit"]) else { return };
    let clone = repo.home().join("certgate");
    let at = clone.to_str().unwrap();
    repo.git(&["init", "--quiet", at]);
    std::fs::write(
        clone.join(".pre-commit-hooks.yaml"),
        include_str!("../../../.pre-commit-hooks.yaml"),
    )
    .unwrap();
    repo.git(&["-C", at, "add", "--all"]);
    repo.git(&["-C", at, "commit", "--quiet", "-m", "hooks"]);
    let [attempt] = &blocks("### Try it first")[..] else {
        panic!("one block")
    };
    follow(&repo, attempt).ends(0);
    stage_gated(&repo);
    let said = refused(follow(&repo, attempt));
    assert!(said.contains("CG201"), "{said}");
    certify(&repo);
    follow(&repo, attempt).ends(0);
    assert!(hooks(&repo).is_empty());
}

/// What the guide writes into a local configuration is what `.pre-commit-hooks.yaml` offers.
#[test]
fn the_guide_and_the_offered_hooks_are_the_same() {
    let parse = |text: &str| serde_yaml::from_str::<serde_yaml::Value>(text).unwrap();
    let mut offered = parse(include_str!("../../../.pre-commit-hooks.yaml"));
    for hook in offered.as_sequence_mut().unwrap() {
        assert!(hook.as_mapping_mut().unwrap().remove("description").is_some());
    }
    let local = parse(&blocks("## pre-commit")[0].1);
    assert_eq!(local["repos"][0]["hooks"], offered);
}
