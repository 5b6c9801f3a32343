//! History rewritten and refs moved, by commands that run no hook at the commit.
#![allow(clippy::unwrap_used)]

use std::process::Command;

use super::world::{HOT, Seen, World};

super::cells! {
    rebase: "rebase", "a feature branch is rebased freely, and judged when it comes in";
    rebase_autostash: "rebase", "with what is not committed yet put aside";
    rebase_interactive: "rebase -i", "`exec` and `fixup`, through GIT_SEQUENCE_EDITOR";
    rebase_reword: "rebase -i", "`reword` and `edit` on the protected branch";
    rebase_conflict: "rebase -i", "a conflict resolved on the protected branch";
    rebase_protected: "rebase onto a protected branch", "the protected branch itself is rebased, onto what it would add";
    rebase_onto: "rebase onto a protected branch", "`--onto main`, `--rebase-merges`: certificates go along";
    cherry_pick: "cherry-pick", "clean: no hook at the commit; refused by `reference-transaction`, or else at the push";
    cherry_pick_conflict: "cherry-pick", "with a conflict, resolved by hand";
    cherry_pick_no_commit: "cherry-pick", "`--no-commit`, then `git commit`";
    revert: "revert", "clean: no hook at the commit; refused by `reference-transaction`, or else at the push";
    revert_conflict: "revert", "with a conflict, resolved by hand";
    revert_merge: "revert", "a merge, with `-m 1`";
    am: "am", "patches from a mailbox";
    apply: "am", "`git apply --index`, then `git commit`";
    commit_tree: "commit-tree, update-ref", "commits made by plumbing, a branch moved by `update-ref`, also `--stdin`";
    filter_branch: "commit-tree, update-ref", "`filter-branch` over the protected branch";
    fast_import: "commit-tree, update-ref", "`fast-import` into the protected branch";
    replay: "commit-tree, update-ref", "`replay` with `update-ref --stdin`";
    symbolic_ref: "commit-tree, update-ref", "the protected branch made another name of a feature branch";
    reset: "reset", "`--hard`, `--soft` and `--keep` to another branch; moving back adds nothing";
    branch_force: "branch -f", "`branch -f`";
    switch_force: "branch -f", "`switch -C`, `checkout -B`, `worktree add -B`";
    branch_rename: "branch -f", "`branch -M` and `branch -C` over the protected branch run no hook: refused at the push";
    fetch_into: "branch -f", "`fetch . topic:main` and `push . topic:main`";
    stash: "stash", "put aside and restored: nothing is judged before the commit";
    stash_branch: "stash", "`stash branch`, `stash apply --index`";
}

/// What a command that a hook stopped half-way left behind.
fn clean(world: &World) {
    for command in [
        ["cherry-pick", "--quit"],
        ["revert", "--quit"],
        ["rebase", "--abort"],
        ["am", "--abort"],
    ] {
        let _ = world.try_git(&command);
    }
    world.git(&["switch", "--quiet", "--force", "main"]);
    world.git(&["reset", "--quiet", "--hard"]);
    world.git(&["clean", "--quiet", "-d", "--force"]);
}

/// Asserts that `main` can go to the remote with what it has now.
fn pushed(world: &World) {
    world.passes(&["push", "origin", "main"]);
}

fn rebase(seen: &Seen) {
    let world = World::strict(seen);
    world.passes(&["merge", "docs"]);
    for branch in ["plain", "proven"] {
        world.passes(&["rebase", "main", branch]);
    }
    world.git(&["switch", "--quiet", "main"]);
    world.refused(&["merge", "--ff-only", "plain"]).says("CG201");
    clean(&world);
    world.passes(&["merge", "--ff-only", "proven"]);
    pushed(&world);
}

fn rebase_autostash(seen: &Seen) {
    let world = World::strict(seen);
    world.passes(&["merge", "docs"]);
    world.git(&["switch", "--quiet", "--create", "topic", "HEAD~1"]);
    world.write("topic.txt", "x\n");
    world.commit("topic");
    let edited = world.edit();
    world.passes(&["rebase", "--autostash", "main"]);
    assert_eq!(std::fs::read_to_string(world.path().join(HOT)).unwrap(), edited);
    world.git(&["switch", "--quiet", "main"]);
    world.refused(&["commit", "-a", "-m", "x"]).says("CG201");
}

fn rebase_interactive(seen: &Seen) {
    let world = World::strict(seen);
    world.passes(&["merge", "docs"]);
    world.git(&["switch", "--quiet", "plain"]);
    world.edit();
    world.git(&["commit", "--quiet", "--all", "--fixup", "HEAD"]);
    let script = |command: &mut Command| {
        command.env("GIT_SEQUENCE_EDITOR", "sed -i -e '$a exec git log -1 >>../ran'");
    };
    world.passes_as(&["rebase", "-i", "--autosquash", "--exec", "true", "main"], script);
    assert!(world.home().join("ran").exists());
    assert_eq!(world.ask(&["rev-list", "--count", "main..plain"]), "1");
    world.git(&["switch", "--quiet", "main"]);
    world.refused(&["merge", "plain"]).says("CG201");
    clean(&world);
    world.git(&["switch", "--quiet", "plain"]);
    world.certify_head("main");
    // The certificate moves into the commit that it is for.
    let fixup = |command: &mut Command| {
        command.env("GIT_SEQUENCE_EDITOR", "sed -i -e '2s/^pick/fixup/'");
    };
    world.passes_as(&["rebase", "-i", "main"], fixup);
    assert_eq!(world.ask(&["rev-list", "--count", "main..plain"]), "1");
    world.git(&["switch", "--quiet", "main"]);
    world.passes(&["merge", "plain"]);
    pushed(&world);
}

fn rebase_reword(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["merge", "--quiet", "docs"]);
    let reword = |command: &mut Command| {
        command.env("GIT_SEQUENCE_EDITOR", "sed -i -e '1s/^pick/reword/'");
        command.env("GIT_EDITOR", "echo 'perf: faster' >");
    };
    world.refused_as(&["rebase", "-i", "HEAD~1"], reword).says("CG205");
    clean(&world);
    let edit = |command: &mut Command| {
        command.env("GIT_SEQUENCE_EDITOR", "sed -i -e '1s/^pick/edit/'");
    };
    world.passes_as(&["rebase", "-i", "HEAD~1"], edit);
    world.stage();
    world.refused(&["commit", "--amend", "--no-edit"]).says("into `main`");
    world.certify();
    world.passes(&["commit", "--amend", "--no-edit"]);
    world.passes(&["rebase", "--continue"]);
    pushed(&world);
}

fn rebase_conflict(seen: &Seen) {
    let world = World::strict(seen);
    world.passes(&["merge", "proven"]);
    world.git(&["switch", "--quiet", "--create", "other", "docs"]);
    world.stage();
    world.certify();
    world.commit("other");
    let begin = || {
        assert!(!world.try_git(&["rebase", "other", "main"]).status.success());
        world.stage();
    };
    begin();
    world.refused(&["commit", "-m", "x"]).says(HOT).says("into `main`");
    // Here git commits past `pre-commit`, and then moves the branch.
    world.refused(&["rebase", "--continue"]).says(HOT);
    clean(&world);
    begin();
    world.certify();
    world.passes(&["rebase", "--continue"]);
    pushed(&world);
}

fn rebase_protected(seen: &Seen) {
    let world = World::strict(seen);
    world.write("local.txt", "x\n");
    world.commit("local");
    world.refused(&["rebase", "plain", "main"]).says("CG201");
    clean(&world);
    world.passes(&["rebase", "proven", "main"]);
    pushed(&world);
    let world = World::new(seen);
    world.passes(&["rebase", "plain", "main"]);
    world.refused(&["push", "origin", "main"]).says("CG201");
}

fn rebase_onto(seen: &Seen) {
    let world = World::strict(seen);
    world.passes(&["merge", "docs"]);
    world.git(&["switch", "--quiet", "--create", "topic", "proven"]);
    world.git(&["merge", "--quiet", "--no-ff", "-m", "x", "docs"]);
    world.passes(&["rebase", "--rebase-merges", "--onto", "main", "main~1"]);
    world.git(&["switch", "--quiet", "main"]);
    world.passes(&["rebase", "--onto", "main", "plain~1", "plain"]);
    world.git(&["switch", "--quiet", "main"]);
    world.refused(&["merge", "plain"]).says("CG201");
    clean(&world);
    world.passes(&["merge", "topic"]);
    pushed(&world);
}

fn cherry_pick(seen: &Seen) {
    let world = World::strict(seen);
    world.refused(&["cherry-pick", "plain"]).says("CG201");
    clean(&world);
    world.passes(&["cherry-pick", "-x", "proven"]);
    pushed(&world);
    let world = World::new(seen);
    world.passes(&["cherry-pick", "plain"]);
    world.refused(&["push", "origin", "main"]).says("CG201");
    world.refused(&["push", "--no-verify", "origin", "main"]).says("CG201");
}

fn cherry_pick_conflict(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["merge", "--quiet", "proven"]);
    assert!(!world.try_git(&["cherry-pick", "plain"]).status.success());
    world.stage();
    world.refused(&["cherry-pick", "--continue"]).says(HOT);
    world.refused(&["commit", "-m", "x"]).says(HOT);
    world.certify();
    world.passes(&["cherry-pick", "--continue"]);
    pushed(&world);
}

fn cherry_pick_no_commit(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["cherry-pick", "--no-commit", "plain"]);
    world.refused(&["commit", "-m", "x"]).says("CG201");
    clean(&world);
    world.git(&["cherry-pick", "--no-commit", "proven"]);
    world.passes(&["commit", "-m", "x"]);
}

fn revert(seen: &Seen) {
    let world = World::strict(seen);
    world.passes(&["merge", "proven"]);
    // What was before was never certified.
    world.refused(&["revert", "--no-edit", "HEAD"]);
    clean(&world);
    world.stage();
    world.certify();
    world.passes(&["commit", "-m", "x"]);
    world.write("README.md", "to be reverted\n");
    world.git(&["commit", "--quiet", "--all", "-m", "docs"]);
    world.passes(&["revert", "--no-edit", "HEAD"]);
    pushed(&world);
    let world = World::new(seen);
    world.git(&["merge", "--quiet", "proven"]);
    world.git(&["revert", "--no-edit", "HEAD"]);
    // The certificate goes, too, which is against the rules of the ledger.
    world.git(&["push", "--quiet", "origin", "HEAD~1:main"]);
    world.refused(&["push", "origin", "main"]).says("CG402").says(HOT);
}

fn revert_conflict(seen: &Seen) {
    let world = World::new(seen);
    world.stage();
    world.certify();
    world.passes(&["commit", "-m", "one"]);
    world.stage();
    world.certify();
    world.passes(&["commit", "-m", "two"]);
    assert!(!world.try_git(&["revert", "--no-edit", "HEAD~1"]).status.success());
    world.git(&["checkout", "HEAD", "--", "certificates"]);
    world.stage();
    world.refused(&["revert", "--continue"]).says(HOT);
    world.certify();
    world.passes(&["revert", "--continue"]);
    pushed(&world);
}

fn revert_merge(seen: &Seen) {
    let world = World::strict(seen);
    world.passes(&["merge", "--no-ff", "-m", "x", "proven"]);
    world.passes(&["merge", "--no-ff", "-m", "x", "docs"]);
    world.refused(&["revert", "--no-edit", "-m", "1", "HEAD~1"]).says(HOT);
    clean(&world);
    world.passes(&["revert", "--no-edit", "-m", "1", "HEAD"]);
    pushed(&world);
}

/// The one commit of a branch as a patch.
fn patch(world: &World, branch: &str) -> String {
    let path = world.home().join(format!("{branch}.patch"));
    let text = world.git(&["format-patch", "--stdout", "-1", branch]).stdout;
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn am(seen: &Seen) {
    let world = World::strict(seen);
    world.refused(&["am", &patch(&world, "plain")]).says("CG201");
    clean(&world);
    world.passes(&["am", &patch(&world, "proven")]);
    pushed(&world);
    let world = World::new(seen);
    world.passes(&["am", &patch(&world, "plain")]);
    world.refused(&["push", "origin", "main"]).says("CG201");
}

fn apply(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["update-index", "--refresh"]);
    world.git(&["apply", "--index", &patch(&world, "plain")]);
    world.refused(&["commit", "-m", "x"]).says("CG201");
    clean(&world);
    world.git(&["apply", "--index", &patch(&world, "proven")]);
    world.passes(&["commit", "-m", "x"]);
}

/// A commit on `main` with the tree of a branch, made by plumbing.
fn tree_of(world: &World, branch: &str) -> String {
    world.ask(&["commit-tree", "-p", "main", "-m", "x", &format!("{branch}^{{tree}}")])
}

fn commit_tree(seen: &Seen) {
    let world = World::strict(seen);
    let (plain, proven) = (tree_of(&world, "plain"), tree_of(&world, "proven"));
    world.refused(&["update-ref", "refs/heads/main", &plain]).says("CG201");
    world
        .refused(&["update-ref", "--no-deref", "refs/heads/main", &plain, "main"])
        .says("CG201");
    // HEAD is another name of it.
    world.refused(&["update-ref", "HEAD", &plain]).says("CG201");
    let both = |main: &str| {
        format!("start\nupdate refs/heads/other {plain}\nupdate refs/heads/main {main}\nprepare\ncommit\n")
    };
    world
        .refused_with(&["update-ref", "--stdin"], &both(&plain))
        .says("CG201");
    assert!(world.ask(&["for-each-ref", "refs/heads/other"]).is_empty());
    world.is_passage(world.with_stdin("git", &["update-ref", "--stdin"], both(&proven).as_bytes()));
    world.git(&["reset", "--quiet", "--hard"]);
    pushed(&world);
}

fn filter_branch(seen: &Seen) {
    let world = World::strict(seen);
    let filter = |command: &mut Command| {
        command.env("FILTER_BRANCH_SQUELCH_WARNING", "1");
    };
    world.passes(&["merge", "docs"]);
    let change = "echo filtered >src/hot/loop.rs";
    // It keeps to itself what the hook says.
    world.refused_unheard(&["filter-branch", "--tree-filter", change, "main~1..main"], filter);
    let change = "echo filtered >README.md";
    world.passes_as(
        &["filter-branch", "--force", "--tree-filter", change, "main~1..main"],
        filter,
    );
    pushed(&world);
}

fn fast_import(seen: &Seen) {
    let world = World::strict(seen);
    let import = ["fast-import", "--quiet"];
    let input = |path: &str| {
        format!(
            "commit refs/heads/main\ncommitter C <c@example.org> 1700000100 +0000\ndata 1\nx\nfrom refs/heads/main^0\n\
             M 100644 inline {path}\ndata 2\nx\n\n"
        )
    };
    world.refused_with(&import, &input(HOT)).says("CG201");
    world.is_passage(world.with_stdin("git", &import, input("README.md").as_bytes()));
    world.git(&["reset", "--quiet", "--hard"]);
    pushed(&world);
}

fn replay(seen: &Seen) {
    if !seen.has_git((2, 44), "`replay`") {
        return;
    }
    let world = World::strict(seen);
    world.passes(&["merge", "docs"]);
    let update = ["update-ref", "--stdin"];
    let onto = |branch: &str| world.ask(&["replay", "--advance", "main", &format!("{branch}~1..{branch}")]) + "\n";
    world.refused_with(&update, &onto("plain")).says("CG201");
    world.is_passage(world.with_stdin("git", &update, onto("proven").as_bytes()));
    world.git(&["reset", "--quiet", "--hard"]);
    pushed(&world);
}

fn symbolic_ref(seen: &Seen) {
    if !seen.has_git((2, 46), "symbolic refs in `reference-transaction`") {
        return;
    }
    let world = World::strict(seen);
    world
        .refused(&["symbolic-ref", "refs/heads/main", "refs/heads/plain"])
        .says("CG717");
    world.passes(&["symbolic-ref", "refs/heads/alias", "refs/heads/plain"]);
    world.passes(&["symbolic-ref", "HEAD", "refs/heads/alias"]);
}

fn reset(seen: &Seen) {
    let world = World::strict(seen);
    for how in ["--hard", "--soft", "--keep"] {
        world.refused(&["reset", how, "plain"]).says("CG201");
        clean(&world);
    }
    world.passes(&["reset", "--hard", "proven"]);
    pushed(&world);
    // Back, and forth again by the reflog.
    world.passes(&["reset", "--hard", "HEAD~1"]);
    world.passes(&["reset", "--hard", "HEAD@{1}"]);
    world.passes(&["pack-refs", "--all", "--prune"]);
    world.passes(&["gc", "--quiet"]);
}

fn branch_force(seen: &Seen) {
    let world = World::strict(seen);
    world.git(&["switch", "--quiet", "docs"]);
    world.refused(&["branch", "-f", "main", "plain"]).says("CG201");
    world.passes(&["branch", "-f", "main", "proven"]);
    world.passes(&["branch", "-f", "topic", "plain"]);
    pushed(&world);
}

fn switch_force(seen: &Seen) {
    let world = World::strict(seen);
    for command in [["switch", "-C"], ["checkout", "-B"]] {
        world
            .refused(&[command.as_slice(), &["main", "plain"]].concat())
            .says("CG201");
        clean(&world);
    }
    world.git(&["switch", "--quiet", "docs"]);
    world
        .refused(&["worktree", "add", "-B", "main", "../linked", "plain"])
        .says("CG201");
    world.passes(&["worktree", "add", "-B", "main", "../other", "proven"]);
    world.passes(&["switch", "-C", "topic", "plain"]);
    pushed(&world);
}

fn branch_rename(seen: &Seen) {
    let world = World::strict(seen);
    world.git(&["switch", "--quiet", "docs"]);
    // Git copies and renames branches past `reference-transaction`.
    world.git(&["branch", "-C", "plain", "main"]);
    world.refused(&["push", "origin", "main"]).says("CG201");
    world.git(&["branch", "-M", "plain", "main"]);
    world.refused(&["push", "--no-verify", "origin", "main"]).says("CG201");
    world.passes(&["branch", "-M", "proven", "main"]);
    pushed(&world);
}

fn fetch_into(seen: &Seen) {
    let world = World::strict(seen);
    world.git(&["switch", "--quiet", "docs"]);
    world.refused(&["fetch", ".", "plain:main"]).says("CG201");
    world.refused(&["push", ".", "plain:main"]).says("CG201");
    world.refused(&["push", "--no-verify", ".", "plain:main"]).says("CG201");
    world.passes(&["fetch", ".", "proven:main"]);
    pushed(&world);
}

fn stash(seen: &Seen) {
    let world = World::strict(seen);
    let staged = world.stage();
    world.passes(&["stash"]);
    world.passes(&["stash", "pop", "--index"]);
    world.refused(&["commit", "-m", "x"]).says("CG201");
    world.certify();
    world.passes(&["stash", "--include-untracked"]);
    world.passes(&["stash", "pop", "--index"]);
    world.passes(&["commit", "-m", "x"]);
    world.holds("main", &staged);
    pushed(&world);
}

fn stash_branch(seen: &Seen) {
    let world = World::strict(seen);
    world.stage();
    world.passes(&["stash"]);
    world.passes(&["stash", "apply", "--index"]);
    world.refused(&["commit", "-m", "x"]).says("CG201");
    world.git(&["reset", "--quiet", "--hard"]);
    world.passes(&["stash", "branch", "topic"]);
    world.passes(&["commit", "-m", "x"]).says("warning[CG201]");
}
