//! Merges of every kind.
#![allow(clippy::unwrap_used)]

use super::world::{HOT, POLICY, Seen, World};

super::cells! {
    merge_commit: "merge commit", "`--no-ff`: judged by `pre-merge-commit`";
    merge_of_diverged: "merge commit", "both sides moved, no conflict";
    merge_message: "merge commit", "a message that announces a judgement, of the merge or of what is merged";
    merge_tag: "merge commit", "an annotated tag";
    octopus: "octopus", "three heads at once, one of them not certified";
    criss_cross: "criss-cross", "several merge bases: restoring the older version is a change";
    conflict: "conflicts resolved by hand", "`git commit` and `merge --continue`; the resolution is what counts";
    conflict_to_certified: "conflicts resolved by hand", "resolved to what either side was certified with";
    evil_merge: "merge commit", "a change that neither side has, smuggled into the merge";
    squash: "merge --squash", "then `git commit`";
    no_commit: "merge --no-commit", "then `git commit`";
    merge_back: "merging the protected branch back", "what is on it already is not judged again; what is added is";
    merge_where_all_is_protected: "merge commit", "a policy that blocks everywhere: no branch is its own excuse";
    merge_back_from_the_remote: "merging the protected branch back", "from `origin/main`, ahead of the local `main`";
    ours: "merge -s ours", "certified content dropped by `-s ours`";
    theirs: "merge -s ours", "`-X theirs` and `-X ours` choose in a conflict";
    subtree: "merge with subtree", "its own history, put below a directory that is gated";
    unrelated: "merge with subtree", "`--allow-unrelated-histories`";
    fast_forward: "fast-forward", "no merge hook runs: refused by `reference-transaction`, or else at the push";
    fast_forward_only: "fast-forward", "`--ff-only`, and `merge.ff=only`";
    pull: "pull", "a merge commit";
    pull_fast_forward: "pull", "a fast-forward to what got past the remote's gate";
    pull_rebase: "pull --rebase", "the local commits on top of what the remote has";
}

/// Takes back a merge that a hook stopped.
fn abort(world: &World) {
    world.git(&["merge", "--abort"]);
    assert_eq!(world.ask(&["status", "--porcelain"]), "");
}

fn merge_commit(seen: &Seen) {
    let world = World::new(seen);
    world.refused(&["merge", "--no-ff", "plain"]).says("CG201");
    abort(&world);
    world.passes(&["merge", "--no-ff", "docs"]);
    world.passes(&["merge", "--no-ff", "proven"]);
    assert_eq!(world.ask(&["diff", "main", "proven", "--", HOT]), "");
}

fn merge_of_diverged(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["merge", "--quiet", "docs"]);
    world.refused(&["merge", "plain"]).says("CG201");
    abort(&world);
    world.passes(&["merge", "proven"]);
    assert_eq!(world.ask(&["diff", "main", "proven", "--", HOT]), "");
    assert_eq!(world.ask(&["diff", "main", "docs", "--", "README.md"]), "");
}

fn merge_message(seen: &Seen) {
    let world = World::new(seen);
    world
        .refused(&["merge", "--no-ff", "-m", "perf: all of it", "docs"])
        .says("CG205");
    abort(&world);
    world.branch("announced", |world| world.write("other.txt", "x\n"));
    world.git(&["switch", "--quiet", "announced"]);
    world.git(&["commit", "--quiet", "--amend", "--no-verify", "-m", "perf: faster"]);
    world.git(&["switch", "--quiet", "main"]);
    world
        .refused(&["merge", "--no-ff", "-m", "x", "announced"])
        .says("CG205");
    abort(&world);
    world.passes(&["merge", "--no-ff", "-m", "x", "docs"]);
}

fn merge_tag(seen: &Seen) {
    let world = World::new(seen);
    for branch in ["plain", "proven"] {
        world.git(&["tag", "--annotate", "--message", "x", &format!("v-{branch}"), branch]);
    }
    world.refused(&["merge", "--no-ff", "v-plain"]).says("CG201");
    abort(&world);
    world.passes(&["merge", "--no-ff", "v-proven"]);
}

fn octopus(seen: &Seen) {
    let world = World::new(seen);
    for name in ["one", "two"] {
        world.branch(name, |world| world.write(name, "x\n"));
    }
    world.refused(&["merge", "docs", "one", "plain"]).says("CG201");
    // Git keeps nothing of an octopus that a hook stopped, but the work tree.
    world.git(&["reset", "--quiet", "--hard"]);
    world.passes(&["merge", "docs", "two", "proven"]);
    assert_eq!(
        world
            .ask(&["rev-list", "--max-count=1", "--parents", "main"])
            .split(' ')
            .count(),
        4
    );
}

fn criss_cross(seen: &Seen) {
    let world = World::new(seen);
    // `main` takes the certified content; `topic` takes it, too, and restores the older one.
    world.git(&["branch", "topic", "docs"]);
    world.passes(&["merge", "--no-ff", "proven"]);
    let proven = world.ask(&["rev-parse", "main"]);
    world.git(&["switch", "--quiet", "topic"]);
    world.git(&["merge", "--quiet", "--no-commit", "--no-verify", &proven]);
    world.git(&["restore", "--source", "docs", "--staged", "--worktree", "--", HOT]);
    world.git(&["commit", "--quiet", "--no-verify", "-m", "the older version back"]);
    world.git(&["switch", "--quiet", "main"]);
    world.git(&["merge", "--quiet", "--no-verify", "--no-ff", "-m", "x", "docs"]);
    assert_eq!(world.ask(&["merge-base", "--all", "main", "topic"]).lines().count(), 2);
    let ran = world.refused(&["merge", "-m", "x", "topic"]);
    assert!(ran.err.contains(HOT), "{}", ran.err);
    abort(&world);
    world.git(&["switch", "--quiet", "topic"]);
    world.git(&["restore", "--source", "main", "--staged", "--worktree", "--", HOT]);
    world.write("more.txt", "x\n");
    world.commit("as on main");
    world.git(&["switch", "--quiet", "main"]);
    world.passes(&["merge", "-m", "x", "topic"]);
}

fn conflict(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["merge", "--quiet", "proven"]);
    assert!(!world.try_git(&["merge", "plain"]).status.success());
    // With the conflict in the index nothing can be judged, nor committed.
    assert_eq!(world.certgate(&["check", "--staged"]).status.code(), Some(2));
    world.stage();
    world.refused(&["commit", "--no-edit"]).says(HOT);
    world.refused(&["merge", "--continue"]).says(HOT);
    world.certify();
    world.passes(&["merge", "--continue"]);
    assert_eq!(
        world
            .ask(&["rev-list", "--max-count=1", "--parents", "main"])
            .split(' ')
            .count(),
        3
    );
}

fn conflict_to_certified(seen: &Seen) {
    let world = World::new(seen);
    world.branch("other", |world| {
        world.edit();
        world.certify();
    });
    world.git(&["merge", "--quiet", "proven"]);
    assert!(!world.try_git(&["merge", "other"]).status.success());
    world.git(&["checkout", "--theirs", HOT]);
    world.edit();
    world.git(&["add", "--all"]);
    world.refused(&["commit", "--no-edit"]).says("CG202");
    world.git(&["restore", "--source", "other", "--staged", "--worktree", "--", HOT]);
    world.passes(&["commit", "--no-edit"]);
    assert_eq!(world.ask(&["diff", "main", "other", "--", HOT]), "");
}

fn evil_merge(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["merge", "--no-ff", "--no-commit", "docs"]);
    world.write("src/hot/extra.rs", "// not of any side\n");
    world.git(&["add", "--all"]);
    world.refused(&["commit", "--no-edit"]).says("src/hot/extra.rs");
    // Made past the hooks, it is found in the merge's own content.
    world.git(&["commit", "--quiet", "--no-edit", "--no-verify"]);
    world.refused(&["push", "origin", "main"]).says("src/hot/extra.rs");
    world.certify_head("origin/main");
    world.passes(&["push", "origin", "main"]);
}

fn squash(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["merge", "--squash", "plain"]);
    world.refused(&["commit", "-m", "x"]).says("CG201");
    world.git(&["reset", "--quiet", "--hard"]);
    world.git(&["merge", "--squash", "proven"]);
    world.passes(&["commit", "-m", "x"]);
    assert_eq!(world.ask(&["rev-list", "--count", "main"]), "2");
}

fn no_commit(seen: &Seen) {
    let world = World::new(seen);
    for (branch, certified) in [("plain", false), ("proven", true)] {
        world.git(&["merge", "--no-ff", "--no-commit", branch]);
        if certified {
            world.passes(&["commit", "--no-edit"]);
        } else {
            world.refused(&["commit", "--no-edit"]).says("CG201");
            abort(&world);
        }
    }
}

/// A policy that blocks on `topic`, too.
fn strict_on_topic(world: &World) {
    let both = "enforce:\n  - { branches: [main, topic], pre-commit: block, pre-push: block, merge: block }\n";
    world.write(".certgate/policy.yaml", POLICY.to_owned() + both);
    world.commit("block on topic");
}

fn merge_back(seen: &Seen) {
    let world = World::new(seen);
    strict_on_topic(&world);
    world.branch("topic", |world| world.write("topic.txt", "x\n"));
    world.edit();
    world.commit("on main, however it got there");
    world.git(&["switch", "--quiet", "topic"]);
    world.git(&["merge", "--no-commit", "main"]);
    world.write("src/hot/extra.rs", "// new\n");
    world.git(&["add", "--all"]);
    let ran = world.refused(&["commit", "--no-edit"]).says("src/hot/extra.rs");
    assert!(!ran.err.contains(HOT), "{}", ran.err);
    abort(&world);
    world.passes(&["merge", "main"]);
}

fn merge_where_all_is_protected(seen: &Seen) {
    for branches in ["main", "\"**\""] {
        let world = World::new(seen);
        let enforce =
            format!("enforce:\n  - {{ branches: [{branches}], pre-commit: block, pre-push: block, merge: block }}\n");
        world.write(".certgate/policy.yaml", POLICY.to_owned() + &enforce);
        world.commit("block");
        world.refused(&["merge", "-m", "x", "plain"]).says("CG201");
        abort(&world);
        world.passes(&["merge", "-m", "x", "proven"]);
    }
}

fn merge_back_from_the_remote(seen: &Seen) {
    let world = World::new(seen);
    strict_on_topic(&world);
    world.branch("topic", |world| world.write("topic.txt", "x\n"));
    world.git(&["branch", "start"]);
    world.edit();
    world.commit("on main, however it got there");
    world.git(&["--git-dir=../remote.git", "fetch", "--quiet", "../repo", "main:main"]);
    world.git(&["reset", "--quiet", "--hard", "start"]);
    world.git(&["fetch", "--quiet"]);
    world.git(&["switch", "--quiet", "topic"]);
    world.refused(&["merge", "-m", "x", "plain"]).says(HOT);
    abort(&world);
    world.passes(&["merge", "-m", "x", "origin/main"]);
}

fn ours(seen: &Seen) {
    let world = World::new(seen);
    world.branch("topic", |world| world.write("topic.txt", "x\n"));
    world.git(&["merge", "--quiet", "--no-verify", "--no-ff", "-m", "x", "proven"]);
    // The topic keeps its own, older content and still counts as merged.
    world.git(&["switch", "--quiet", "topic"]);
    world.passes(&["merge", "-s", "ours", "-m", "x", "main"]);
    world.git(&["switch", "--quiet", "main"]);
    world.refused(&["merge", "--no-ff", "-m", "x", "topic"]).says(HOT);
    abort(&world);
    // The other way round nothing changes on `main`.
    world.passes(&["merge", "-s", "ours", "-m", "x", "plain"]);
    assert_eq!(world.ask(&["diff", "main", "proven", "--", HOT]), "");
}

fn theirs(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["merge", "--quiet", "proven"]);
    world.refused(&["merge", "-X", "theirs", "-m", "x", "plain"]).says(HOT);
    abort(&world);
    world.passes(&["merge", "-X", "ours", "-m", "x", "plain"]);
    assert_eq!(world.ask(&["diff", "main", "proven", "--", HOT]), "");
}

/// A branch with its own history.
fn foreign(world: &World, path: &str) {
    world.git(&["switch", "--quiet", "--orphan", "foreign"]);
    world.write(path, "// from elsewhere\n");
    world.commit("elsewhere");
    world.git(&["switch", "--quiet", "main"]);
}

fn subtree(seen: &Seen) {
    let world = World::new(seen);
    foreign(&world, "lib.rs");
    world.git(&[
        "merge",
        "-s",
        "ours",
        "--no-commit",
        "--allow-unrelated-histories",
        "foreign",
    ]);
    world.git(&["read-tree", "--prefix=src/hot/vendor/", "-u", "foreign"]);
    world.refused(&["commit", "-m", "x"]).says("src/hot/vendor/lib.rs");
    world.certify();
    world.passes(&["commit", "-m", "x"]);
    // What comes in later by the strategy of that name.
    world.git(&["switch", "--quiet", "foreign"]);
    world.write("lib.rs", "// more\n");
    world.commit("more");
    world.git(&["switch", "--quiet", "main"]);
    let merge = ["merge", "-X", "subtree=src/hot/vendor", "-m", "x", "foreign"];
    world.refused(&merge).says("src/hot/vendor/lib.rs");
    world.certify();
    world.passes(&["commit", "-m", "x"]);
}

fn unrelated(seen: &Seen) {
    let world = World::new(seen);
    foreign(&world, "src/hot/new.rs");
    let merge = ["merge", "--allow-unrelated-histories", "-m", "x", "foreign"];
    world.refused(&merge).says("src/hot/new.rs");
    world.certify();
    world.passes(&["commit", "-m", "x"]);
}

/// Puts a branch at the remote's `main`, past its hooks.
fn upstream(world: &World, branch: &str) {
    let refspec = format!("{branch}:main");
    world.git(&["--git-dir=../remote.git", "fetch", "--quiet", "../repo", &refspec]);
}

fn pull(seen: &Seen) {
    let world = World::new(seen);
    world.write("local.txt", "x\n");
    world.commit("local");
    // What is on the remote's `main` is certified by being there; what another repository offers is not.
    world
        .refused(&["pull", "--no-rebase", "--no-edit", ".", "plain"])
        .says(HOT);
    abort(&world);
    upstream(&world, "proven");
    world.passes(&["pull", "--no-rebase", "--no-edit"]);
    assert_eq!(world.ask(&["diff", "main", "proven", "--", HOT]), "");
}

fn fast_forward(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["merge", "plain"]);
    world.refused(&["push", "origin", "main"]).says("CG201");
    world.refused(&["push", "--no-verify", "origin", "main"]).says("CG201");
    let world = World::strict(seen);
    world.refused(&["merge", "plain"]).says("CG201");
    assert_eq!(
        world.ask(&["rev-parse", "main"]),
        world.ask(&["rev-parse", "origin/main"])
    );
    world.git(&["reset", "--quiet", "--hard"]);
    world.passes(&["merge", "proven"]);
    world.passes(&["push", "origin", "main"]);
}

fn fast_forward_only(seen: &Seen) {
    let world = World::strict(seen);
    world.refused(&["merge", "--ff-only", "plain"]).says("CG201");
    world.git(&["reset", "--quiet", "--hard"]);
    world.git(&["config", "merge.ff", "only"]);
    world.refused(&["merge", "plain"]).says("CG201");
    world.git(&["reset", "--quiet", "--hard"]);
    world.passes(&["merge", "proven"]);
}

fn pull_fast_forward(seen: &Seen) {
    let world = World::strict(seen);
    upstream(&world, "plain");
    world.refused(&["pull"]).says("CG201").says("CG718");
    world.git(&["reset", "--quiet", "--hard"]);
    // The remote fixes it.
    world.git(&["switch", "--quiet", "plain"]);
    world.certify_head("main");
    world.git(&["switch", "--quiet", "main"]);
    upstream(&world, "plain");
    world.passes(&["pull"]);
    assert_eq!(world.ask(&["rev-parse", "main"]), world.ask(&["rev-parse", "plain"]));
}

fn pull_rebase(seen: &Seen) {
    let world = World::new(seen);
    world.edit();
    world.commit("local, past the hooks");
    upstream(&world, "docs");
    world.passes(&["pull", "--rebase"]);
    world.refused(&["push"]).says("CG201");
    world.certify_head("origin/main");
    world.passes(&["push"]);
}
