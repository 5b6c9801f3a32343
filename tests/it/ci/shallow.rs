//! Clones that lack what a verdict needs: refused with the command that fixes them, or deepened where that was asked for.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::world::World;

#[test]
fn a_shallow_pull_request_is_refused_or_deepened() {
    for (certified, code) in [(false, 1), (true, 0)] {
        let world = World::new(certified);
        for depth in [1, 2] {
            let runner = world.pull_request(depth);
            let ran = runner.check(&[]).undecided("CG704").says("certgate check --deepen");
            runner.verdict(code, &["--deepen"]);
            let runner = world.pull_request(depth);
            runner.obey(&ran);
            runner.check(&[]).ends(code);
        }
    }
}

#[test]
fn deepening_goes_on_until_there_is_enough() {
    let world = World::new(true);
    let repo = &world.repo;
    // More commits between the change and its base than the first step brings.
    let mut stream = String::new();
    for n in 0..150 {
        let from = match n {
            0 => format!("from {}\n", world.head),
            _ => String::new(),
        };
        stream += &format!(
            "commit refs/heads/long\ncommitter C <c@example.org> {} +0000\ndata 1\n{}\n{from}\n",
            1_800_000_000 + n,
            n % 10
        );
    }
    let imported = repo.with_stdin("git", &["fast-import", "--quiet"], stream.as_bytes());
    assert!(
        imported.status.success(),
        "{}",
        String::from_utf8_lossy(&imported.stderr)
    );
    let at = repo.ask(&["rev-parse", "long"]);
    repo.git(&["reset", "--quiet", "--hard", &at]);
    let merge = world.merged("main", "topic");
    world.push(&["topic", "topic:refs/pull/7/head", &format!("{merge}:refs/pull/7/merge")]);
    let world = World {
        head: at,
        merge,
        ..world
    };
    let runner = world.pull_request(1);
    runner.verdict(0, &["--deepen"]);
    let shallow = runner.git(&["rev-parse", "--is-shallow-repository"]);
    assert_eq!(shallow, "false");
    // Nothing but the target branch was kept.
    let refs = runner.git(&["for-each-ref", "--format=%(refname)"]);
    assert_eq!(refs, "refs/remotes/origin/main\nrefs/remotes/pull/7/merge");
}

#[test]
fn a_clone_of_one_branch_lacks_the_target() {
    let world = World::new(false);
    let only = [
        "fetch",
        "--quiet",
        "origin",
        "+refs/heads/topic:refs/remotes/origin/topic",
    ];
    let runner = || {
        let runner = world.checkout(&[&only, &["checkout", "--quiet", "origin/topic"]]);
        runner.all(&[
            ("BUILDKITE", "true"),
            ("BUILDKITE_COMMIT", &world.head),
            ("BUILDKITE_PULL_REQUEST", "7"),
            ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main"),
        ])
    };
    let ran = runner().check(&[]).undecided("CG702");
    let ran = ran.says("the tip of `main` (BUILDKITE_PULL_REQUEST_BASE_BRANCH) is not in this clone");
    assert_eq!(
        ran.remedies()[0],
        "git fetch origin +refs/heads/main:refs/remotes/origin/main"
    );
    let obedient = runner();
    obedient.obey(&ran);
    obedient.check(&[]).blocks(&["CG201"]);
    runner().check(&["--deepen"]).blocks(&["CG201"]);
}

#[test]
fn flags_are_deepened_too() {
    let world = World::new(false);
    let fetch = [
        "fetch",
        "--quiet",
        "--depth=1",
        "origin",
        "+refs/heads/*:refs/remotes/origin/*",
    ];
    let runner = || world.checkout(&[&fetch, &["checkout", "--quiet", "origin/topic"]]);
    let flags = ["--base", "origin/main", "--head", "HEAD"];
    runner().check(&flags).undecided("CG704").says("git fetch --unshallow");
    runner().check(&[&flags[..], &["--deepen"]].concat()).blocks(&["CG201"]);
    // A revision that nobody has is no reason to fetch: the remote is not even there.
    let runner = world.checkout(&[
        &["fetch", "--quiet", "origin"],
        &["checkout", "--quiet", "origin/topic"],
    ]);
    runner.git(&["remote", "set-url", "origin", "file:///nowhere"]);
    runner.check(&["--base", "typo", "--deepen"]).undecided("CG702");
}

#[test]
fn what_cannot_be_fetched_is_told_in_gits_words() {
    let world = World::new(true);
    let runner = world.pull_request(1);
    runner.git(&["remote", "set-url", "origin", "file:///nowhere/at/all"]);
    let ran = runner.check(&["--deepen"]).undecided("CG720");
    let command = "git fetch --unshallow -- origin +refs/heads/main:refs/remotes/origin/main";
    assert_eq!(ran.says("/nowhere/at/all").remedies(), [command]);
    runner.git(&["remote", "remove", "origin"]);
    let ran = runner.check(&["--deepen"]).undecided("CG720");
    ran.says("there is no remote to fetch from")
        .says("git remote add origin URL");
    let ran = runner.check(&["--deepen", "--format", "json"]).ends(2);
    assert_eq!(ran.json()["diagnostics"][0]["code"], "CG720");
}

#[test]
fn nothing_is_fetched_that_was_not_asked_for() {
    let world = World::new(true);
    let runner = world.pull_request(1);
    let before = runner.git(&["count-objects", "-v"]);
    runner.check(&[]).undecided("CG704");
    assert_eq!(runner.git(&["count-objects", "-v"]), before);
    let whole = world.pull_request(0);
    whole.git(&["remote", "set-url", "origin", "file:///nowhere"]);
    whole.check(&["--deepen"]).ends(0);
}
