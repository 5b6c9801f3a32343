//! Hooks directories that other repositories use, too: nothing is written there unasked, and who has no policy is not judged.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use super::*;
use crate::scene::{POLICY, stage_gated};

/// A repository with a policy, a user whose configuration names a directory of hooks, and that directory.
fn with_global_hooks() -> (TestRepo, PathBuf) {
    let mut repo = with_policy();
    let hooks = repo.home().join("hooks of mine");
    std::fs::create_dir(&hooks).unwrap();
    let global = repo.home().join("gitconfig");
    std::fs::write(&global, format!("[core]\n\thooksPath = {}\n", hooks.display())).unwrap();
    repo.set("GIT_CONFIG_GLOBAL", global.to_str().unwrap());
    (repo, hooks)
}

fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).unwrap().next().is_none()
}

/// Another repository of the same user, in a directory of the home.
fn other(repo: &TestRepo, name: &str) -> PathBuf {
    let path = repo.home().join(name);
    repo.git(&["init", "--quiet", "--initial-branch=main", path.to_str().unwrap()]);
    std::fs::create_dir_all(path.join("src/train")).unwrap();
    // Sensitive by the default pack, and by the scenes' policy.
    let manifest = "[package]\nname = \"x\"\n[dependencies]\ntokio = \"1.0.1\"\n";
    std::fs::write(path.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(path.join("src/train/loop.py"), "x = 1\n").unwrap();
    path
}

fn git_in(repo: &TestRepo, directory: &Path, arguments: &[&str]) -> Ran {
    let mut command = repo.command("git");
    command.current_dir(directory).args(arguments).output().unwrap().into()
}

#[test]
fn install_and_init_write_nothing_where_others_find_their_hooks() {
    let (repo, hooks) = with_global_hooks();
    let before = crate::scene::state(&repo);
    for words in [&["install"][..], &["install", "--strict"], &["install", "--server"]] {
        run(&repo, words)
            .undecided("CG728")
            .says("in the global configuration of git");
    }
    assert!(is_empty(&hooks));
    assert_eq!(crate::scene::state(&repo), before);
    let fresh = other(&repo, "fresh");
    let init = |words: &[&str]| -> Ran { repo.program().current_dir(&fresh).args(words).output().unwrap().into() };
    init(&["init"]).undecided("CG728");
    assert!(!fresh.join(".certgate").exists() && is_empty(&hooks));
    init(&["init", "--no-hooks"]).ends(0);
}

/// The first remedy, pasted: hooks of the repository's own, and nothing elsewhere.
#[test]
fn a_repository_may_have_hooks_of_its_own_instead() {
    let (mut repo, hooks) = with_global_hooks();
    let remedy = run(&repo, &["install"]).undecided("CG728").remedies()[0].clone();
    let program = Path::new(env!("CARGO_BIN_EXE_certgate")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    repo.set("PATH", &path);
    Ran::from(repo.command("sh").args(["-ec", &remedy]).output().unwrap()).ends(0);
    assert!(is_empty(&hooks));
    stage_gated(&repo);
    git(&repo, &["commit", "--quiet", "-m", "x"]).blocks(&["CG201"]);
    run(&repo, &["uninstall"]).ends(0);
}

#[test]
fn without_a_policy_nobody_is_judged_and_with_one_everybody_is() {
    let (repo, hooks) = with_global_hooks();
    run(&repo, &["install", "--shared-hooks-path"])
        .ends(0)
        .says("other repositories use this hooks directory, too");
    assert!(hooks.join("pre-commit").exists());
    stage_gated(&repo);
    git(&repo, &["commit", "--quiet", "-m", "x"]).blocks(&["CG201"]);
    let doctor = run(&repo, &["doctor"]);
    assert!(
        doctor.out.contains("in every repository that uses the directory"),
        "{}",
        doctor.out
    );
    // One that never asked for certgate commits and pushes what it likes.
    let free = other(&repo, "free");
    let bare = repo.home().join("free.git");
    repo.git(&["init", "--quiet", "--bare", bare.to_str().unwrap()]);
    git_in(&repo, &free, &["add", "--all"]).ends(0);
    let said = git_in(&repo, &free, &["commit", "--quiet", "-m", "perf: faster"]).ends(0);
    assert_eq!(said.said(), "");
    let pushed = git_in(&repo, &free, &["push", "--quiet", bare.to_str().unwrap(), "main"]).ends(0);
    assert_eq!(pushed.said(), "");
    // Its first policy is judged as any first policy is, and then judges.
    std::fs::create_dir(free.join(".certgate")).unwrap();
    std::fs::write(free.join(".certgate/policy.yaml"), POLICY).unwrap();
    git_in(&repo, &free, &["add", "--all"]).ends(0);
    git_in(&repo, &free, &["commit", "--quiet", "-m", "Adopt"]).ends(0);
    std::fs::write(free.join("src/train/loop.py"), "x = 2\n").unwrap();
    git_in(&repo, &free, &["commit", "--quiet", "--all", "-m", "x"]).blocks(&["CG201"]);
}

/// Ways to look as if there were no policy. Each is judged: by the policy that there is, or by the default pack.
#[test]
fn a_repository_with_a_policy_anywhere_cannot_pass_for_one_without() {
    let (repo, _) = with_global_hooks();
    run(&repo, &["install", "--shared-hooks-path"]).ends(0);
    let blocked = |what: &str| {
        let ran = git(&repo, &["commit", "--quiet", "-m", "x"]);
        assert_ne!(ran.code, Some(0), "{what}");
        assert!(!ran.errors().is_empty(), "{what}: {}", ran.said());
        repo.git(&["reset", "--quiet", "--hard"]);
    };
    // The change deletes the policy.
    repo.git(&["rm", "--quiet", "-r", ".certgate"]);
    stage_gated(&repo);
    blocked("the policy is deleted");
    // HEAD is a branch that never had one.
    repo.git(&["switch", "--quiet", "--orphan", "bare"]);
    repo.write("Makefile", "CFLAGS = -O2\n");
    repo.git(&["add", "--all"]);
    let ran = git(&repo, &["commit", "--quiet", "-m", "x"]);
    assert!(ran.code != Some(0) || ran.err.contains("CG2"), "{}", ran.said());
    repo.git(&["reset", "--quiet", "--hard"]);
    repo.git(&["switch", "--quiet", "--force", "main"]);
    // Only a remote's branch has one, and the folder is a file here.
    repo.git(&["update-ref", "refs/remotes/origin/main", "main"]);
    repo.git(&["switch", "--quiet", "--orphan", "other"]);
    repo.git(&["branch", "--quiet", "-D", "main"]);
    repo.write("Makefile", "CFLAGS = -O2\n");
    repo.git(&["add", "--all"]);
    let ran = git(&repo, &["commit", "--quiet", "-m", "x"]);
    assert!(ran.code != Some(0) || ran.err.contains("CG2"), "{}", ran.said());
}

#[test]
fn uninstall_leaves_a_shared_directory_alone_unless_asked() {
    let (repo, hooks) = with_global_hooks();
    let old = "#!/bin/sh\necho mine >&2\n";
    let foreign = hooks.join("pre-commit");
    std::fs::write(&foreign, old).unwrap();
    std::fs::set_permissions(&foreign, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    run(&repo, &["uninstall"]).ends(0);
    run(&repo, &["install", "--shared-hooks-path"]).ends(0);
    run(&repo, &["uninstall"]).undecided("CG728");
    assert!(hooks.join("pre-push").exists());
    let free = other(&repo, "free");
    git_in(&repo, &free, &["commit", "--quiet", "--allow-empty", "-m", "x"])
        .ends(0)
        .says("mine");
    run(&repo, &["uninstall", "--shared-hooks-path"]).ends(0);
    assert_eq!(std::fs::read_to_string(&foreign).unwrap(), old);
    assert_eq!(std::fs::read_dir(&hooks).unwrap().count(), 1);
    assert!(!repo.home().join("hooks of mine.certgate-chained").exists());
}

/// A forge with one directory of hooks for all of its repositories.
#[test]
fn a_server_with_one_directory_for_all() {
    let mut server = crate::refs::Server::new();
    let hooks = server.clone.home().join("hooks");
    let global = server.clone.home().join("gitconfig");
    std::fs::write(&global, format!("[core]\n\thooksPath = {}\n", hooks.display())).unwrap();
    server.certgate(&["uninstall"]).ends(0);
    server.clone.set("GIT_CONFIG_GLOBAL", global.to_str().unwrap());
    server.certgate(&["install", "--server"]).undecided("CG728");
    server.certgate(&["install", "--server", "--shared-hooks-path"]).ends(0);
    crate::refs::edit(&server.clone, 2);
    server.push(&["main"]).refused(&["CG201"]);
    let free = other(&server.clone, "free");
    let bare = server.clone.home().join("free.git");
    server.clone.git(&[
        "init",
        "--quiet",
        "--bare",
        "--initial-branch=main",
        bare.to_str().unwrap(),
    ]);
    git_in(&server.clone, &free, &["add", "--all"]).ends(0);
    git_in(&server.clone, &free, &["commit", "--quiet", "-m", "x"]).ends(0);
    git_in(&server.clone, &free, &["push", bare.to_str().unwrap(), "main"]).ends(0);
}

/// What counts is where the hooks are, not what the setting looks like.
#[test]
fn what_is_inside_and_what_is_not() {
    let mut repo = with_policy();
    let outside = repo.home().join("outside");
    std::fs::create_dir(&outside).unwrap();
    repo.git(&["config", "core.hooksPath", "../outside"]);
    run(&repo, &["install"])
        .undecided("CG728")
        .says("outside the repository");
    repo.git(&["config", "core.hooksPath", ".hooks"]);
    std::os::unix::fs::symlink(&outside, repo.path().join(".hooks")).unwrap();
    run(&repo, &["install"]).undecided("CG728");
    repo.git(&["config", "--unset", "core.hooksPath"]);
    std::fs::remove_dir_all(repo.path().join(".git/hooks")).unwrap();
    std::os::unix::fs::symlink(&outside, repo.path().join(".git/hooks")).unwrap();
    run(&repo, &["install"])
        .undecided("CG728")
        .says("is a link that leads out of the repository");
    assert!(is_empty(&outside));
    std::fs::remove_file(repo.path().join(".git/hooks")).unwrap();
    std::fs::remove_file(repo.path().join(".hooks")).unwrap();
    // A path that is another one in every repository is nobody else's, whoever configured it.
    let global = repo.home().join("gitconfig");
    std::fs::write(&global, "[core]\n\thooksPath = .hooks\n").unwrap();
    repo.set("GIT_CONFIG_GLOBAL", global.to_str().unwrap());
    run(&repo, &["install"]).ends(0);
    assert!(repo.path().join(".hooks/pre-commit").exists());
    // The main worktree's is this repository's, seen from a linked one.
    let linked = repo.home().join("linked");
    repo.git(&["worktree", "add", "--quiet", linked.to_str().unwrap()]);
    let main = repo.path().join(".hooks");
    repo.git(&["config", "core.hooksPath", main.to_str().unwrap()]);
    let installed = repo.program().current_dir(&linked).arg("install").output().unwrap();
    Ran::from(installed).ends(0);
}
