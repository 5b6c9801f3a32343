//! What arrives of git's words about a push, and what is refused where they do not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

/// What git says about a push must arrive, or nothing passes.
#[test]
fn a_push_of_which_nobody_tells_is_refused() {
    let Some(repo) = scene(&["lefthook"]) else { return };
    for block in blocks("## lefthook") {
        follow(&repo, &(block.0, block.1.replace("      use_stdin: true\n", ""))).ends(0);
    }
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "-m", "set up"]).ends(0);
    let said = refused(git(&repo, &["push", "origin", "main"]));
    assert!(
        said.contains("CG723") && said.contains("add `use_stdin: true`"),
        "{said}"
    );
    assert!(run(&repo, &["doctor"]).ends(1).out.contains("use_stdin"));
    assert_eq!(at_remote(&repo, "main"), repo.ask(&["rev-parse", "HEAD~1"]));
    // certgate's own hook hears git itself, so the deaf entry behind it does no harm.
    run(&repo, &["install"]).ends(0);
    git(&repo, &["push", "origin", "main"]).ends(0);
    git(&repo, &["push", "origin", "main"]).ends(0);
    change(&repo, 5);
    repo.git(&["commit", "--no-verify", "-m", "y"]);
    assert!(refused(git(&repo, &["push", "origin", "main"])).contains("CG201"));
}

/// The same for a command that husky runs before certgate, and for one that is in a hook written by hand.
#[test]
fn a_push_that_another_command_read_is_refused() {
    let repo = scene(&["git"]).unwrap();
    let hook = hooks_dir(&repo).join("pre-push");
    std::fs::create_dir_all(hooks_dir(&repo)).unwrap();
    let write = |text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(&hook, text).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    write("#!/bin/sh\nset -e\ncat >/dev/null\ncertgate hook pre-push \"$@\"\n");
    repo.commit("set up");
    let said = refused(git(&repo, &["push", "origin", "main"]));
    assert!(
        said.contains("CG723") && said.contains("`cat >/dev/null` runs before certgate"),
        "{said}"
    );
    assert!(run(&repo, &["doctor"]).ends(1).out.contains("the first command of"));
    write("#!/bin/sh\nset -e\ncertgate hook pre-push \"$@\"\ncat\n");
    git(&repo, &["push", "origin", "main"]).ends(0);
    git(&repo, &["push", "origin", "main"]).ends(0);
    change(&repo, 9);
    repo.git(&["commit", "--no-verify", "-m", "z"]);
    assert!(refused(git(&repo, &["push", "origin", "main"])).contains("CG201"));
}

/// The variables that pre-commit and prek set, by themselves: what they tell, what they do not, and what is no push.
#[test]
fn what_pre_commit_tells_is_judged() {
    let repo = with_policy();
    let first = repo.ask(&["rev-parse", "HEAD"]);
    change(&repo, 5);
    let second = repo.commit("uncertified");
    let push = |variables: &[(&str, &str)]| {
        let mut command = repo.program();
        command.args(["hook", "pre-push"]).env("PRE_COMMIT", "1");
        Ran::from(command.envs(variables.iter().copied()).output().unwrap())
    };
    let to = ("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/main");
    let origin = ("PRE_COMMIT_REMOTE_NAME", "origin");
    // No push was reported.
    push(&[]).undecided("CG723");
    push(&[to]).undecided("CG723");
    // By id, by the name of the branch where pre-commit gives no id, and to a branch that is not protected.
    push(&[
        to,
        origin,
        ("PRE_COMMIT_TO_REF", &second),
        ("PRE_COMMIT_FROM_REF", &first),
    ])
    .blocks(&["CG201"]);
    push(&[
        to,
        ("PRE_COMMIT_REMOTE_NAME", "../x.git"),
        ("PRE_COMMIT_TO_REF", &first),
        ("PRE_COMMIT_FROM_REF", &first),
    ])
    .ends(0);
    push(&[to, origin, ("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main")]).blocks(&["CG201"]);
    let feature = ("PRE_COMMIT_REMOTE_BRANCH", "feature");
    let ran = push(&[
        feature,
        origin,
        ("PRE_COMMIT_TO_REF", &second),
        ("PRE_COMMIT_FROM_REF", &first),
    ])
    .ends(0);
    // Nothing is known of the remote, and what `main` holds here is not new.
    assert_eq!(ran.warnings(), [""; 0]);
    // A revision that is none is no push either.
    push(&[to, origin, ("PRE_COMMIT_TO_REF", "no-such")]).undecided("CG702");
    // Where the remote's branch was last seen counts before what pre-commit reckons: it takes for old what any branch there holds.
    repo.git(&["update-ref", "refs/remotes/origin/main", &first]);
    repo.git(&["update-ref", "refs/remotes/origin/feature", &second]);
    push(&[
        to,
        origin,
        ("PRE_COMMIT_TO_REF", &second),
        ("PRE_COMMIT_FROM_REF", &second),
    ])
    .blocks(&["CG201"]);
}

/// git hands a pipe to its hooks. What is none comes from somebody else, whose lines are gone.
#[test]
fn a_push_without_a_pipe_is_refused() {
    let repo = with_policy();
    // Not by `assert_cmd`, which always makes a pipe.
    let ran = Ran::from(
        repo.command(env!("CARGO_BIN_EXE_certgate"))
            .args(["hook", "pre-push"])
            .output()
            .unwrap(),
    );
    ran.undecided("CG714");
    Ran::from(repo.certgate_with_stdin(&["hook", "pre-push", "origin"], b"")).ends(0);
}
