//! Pushes of every kind, to a remote with the server's hook. What the client's hook refuses is tried again past it.
#![allow(clippy::unwrap_used)]

use super::world::{POLICY, Seen, World};
use crate::scene::Ran;
use crate::support::TestRepo;

super::cells! {
    update: "push", "a fast-forward";
    head: "push", "`HEAD:main`, `main~1:main`, an id";
    file_url: "push", "over `file://`";
    no_verify: "push --no-verify", "caught by the server's hook";
    without_hooks: "push --no-verify", "from a clone without hooks";
    work_tree: "push --no-verify", "into a repository with a work tree, whose strict hook refuses";
    first: "push to an empty remote", "judged from where the policy starts";
    first_at_once: "push to an empty remote", "policy and code in one commit";
    new_branch: "new branch", "a feature branch, a protected one";
    new_branch_then_forward: "new branch", "new, then carried to the protected branch";
    delete: "deleted branch", "a protected branch stays, a feature branch goes";
    delete_allowed: "deleted branch", "where the policy allows it";
    delete_only: "delete-only push", "nothing but deletions: no quarantine at the server";
    force: "forced push", "`--force`, `+main`, `--force-with-lease`";
    force_allowed: "forced push", "where the policy allows it, what comes in is judged";
    force_feature: "forced push", "a feature branch after a rebase";
    several: "several refs at once", "one of three is not certified: the server refuses all";
    all: "several refs at once", "`--all`";
    atomic: "push --atomic", "all or nothing";
    mirror: "push --mirror", "everything as it is here, deletions included";
    tags: "tags", "annotated and light; a tag moves no branch";
    tag_then_branch: "tags", "the commits are there by a tag, then the branch moves";
    follow_tags: "tags", "`--follow-tags`";
    unknown_old: "the remote's old id is not here", "somebody pushed in between";
    merge_commit: "push", "a merge of both kinds of branch";
    message: "push", "a commit message that announces a judgement";
}

/// Refused by the client's hook, and past it by the server's.
#[track_caller]
fn refused(world: &World, arguments: &[&str]) -> Ran {
    world.refused(&[&["push"], arguments].concat());
    world.refused(&[&["push", "--no-verify"], arguments].concat())
}

/// What the remote has at a ref.
fn remote(world: &World, name: &str) -> String {
    world.ask(&[
        "--git-dir=../remote.git",
        "for-each-ref",
        "--format=%(objectname)",
        name,
    ])
}

fn here(world: &World, rev: &str) -> String {
    world.ask(&["rev-parse", rev])
}

fn update(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["merge", "--quiet", "plain"]);
    let ran = refused(&world, &["origin", "main"]);
    // The server's words come through git's.
    assert!(ran.err.contains("remote: error[CG201]"), "{}", ran.err);
    world.certify_head("origin/main");
    world.passes(&["push", "origin", "main"]);
    assert_eq!(remote(&world, "refs/heads/main"), here(&world, "main"));
}

fn head(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["switch", "--quiet", "plain"]);
    world.write("more.txt", "x\n");
    world.commit("more");
    let id = here(&world, "plain");
    for source in ["HEAD", "plain~1", "HEAD^{/more}", &id] {
        refused(&world, &["origin", &format!("{source}:main")]);
    }
    world.certify_head("origin/main");
    world.passes(&["push", "origin", "HEAD:main"]);
}

fn file_url(seen: &Seen) {
    let world = World::new(seen);
    world.git(&[
        "remote",
        "set-url",
        "origin",
        &format!("file://{}", world.remote().display()),
    ]);
    refused(&world, &["origin", "plain:main"]);
    world.passes(&["push", "origin", "proven:main"]);
}

fn no_verify(seen: &Seen) {
    let world = World::new(seen);
    world.edit();
    world.git(&["commit", "--quiet", "--all", "--no-verify", "-m", "x"]);
    world
        .refused(&["push", "--no-verify", "origin", "main"])
        .says("remote: error[CG201]");
    world.certify_head("origin/main");
    world.passes(&["push", "--no-verify", "origin", "main"]);
}

fn without_hooks(seen: &Seen) {
    let world = World::new(seen);
    let clone = World::around(TestRepo::empty(), seen);
    clone.git(&["clone", "--quiet", world.remote().to_str().unwrap(), "."]);
    std::os::unix::fs::symlink(world.remote(), clone.remote()).unwrap();
    clone.edit();
    clone.git(&["commit", "--quiet", "--all", "-m", "x"]);
    clone.refused(&["push"]).says("remote: error[CG201]");
    clone.certify_head("origin/main");
    clone.passes(&["push"]);
}

fn work_tree(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["clone", "--quiet", "../remote.git", "../other"]);
    world.git(&["-C", "../other", "config", "receive.denyCurrentBranch", "updateInstead"]);
    world.certgate_here("other", &["install", "--strict"]);
    world
        .refused(&["push", "--no-verify", "../other", "plain:main"])
        .says("CG201");
    // Git has written the work tree before it asks about the branch.
    world.git(&["-C", "../other", "reset", "--quiet", "--hard"]);
    world.passes(&["push", "../other", "proven:main"]);
    assert_eq!(world.ask(&["-C", "../other", "status", "--porcelain"]), "");
}

/// An empty remote with the server's hook.
fn empty_remote(world: &World) {
    world.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../empty.git"]);
    world.certgate_here("empty.git", &["install", "--server"]);
}

fn first(seen: &Seen) {
    let world = World::new(seen);
    empty_remote(&world);
    // Long before the policy nothing was gated.
    world.git(&["switch", "--quiet", "--orphan", "old"]);
    world.edit();
    world.commit("long before");
    world.write(".certgate/policy.yaml", POLICY);
    world.commit("adopt");
    world.edit();
    world.commit("after that");
    for verify in ["--verify", "--no-verify"] {
        world
            .refused(&["push", verify, "../empty.git", "old:main"])
            .says("CG201");
    }
    world.passes(&["push", "../empty.git", "old~1:refs/heads/main"]);
    world
        .refused(&["push", "--no-verify", "../empty.git", "old:main"])
        .says("CG201");
    world.certify_head("old~1");
    world.passes(&["push", "--no-verify", "../empty.git", "old:main"]);
}

fn first_at_once(seen: &Seen) {
    let world = World::new(seen);
    empty_remote(&world);
    for verify in ["--verify", "--no-verify"] {
        world.refused(&["push", verify, "../empty.git", "main"]).says("CG013");
    }
    world.git(&["switch", "--quiet", "--orphan", "new"]);
    world.git(&["checkout", "main", "--", ".certgate", "README.md"]);
    world.stage();
    world.certify();
    world.commit("policy, code and certificate");
    world.passes(&["push", "../empty.git", "new:main"]);
}

fn new_branch(seen: &Seen) {
    let world = World::new(seen);
    world.passes(&["push", "origin", "plain"]).says("warning[CG201]");
    refused(&world, &["origin", "plain:refs/heads/release/1"]);
    world.passes(&["push", "origin", "proven:refs/heads/release/1"]);
    world.passes(&["push", "origin", "main:refs/heads/release/2"]);
    assert_eq!(remote(&world, "refs/heads/release/1"), here(&world, "proven"));
}

fn new_branch_then_forward(seen: &Seen) {
    let world = World::new(seen);
    world.passes(&["push", "origin", "plain", "proven"]);
    refused(&world, &["origin", "plain:main"]);
    world.passes(&["push", "origin", "proven:main"]);
}

fn delete(seen: &Seen) {
    let world = World::new(seen);
    world.passes(&["push", "origin", "docs", "docs:refs/heads/release/1"]);
    for branch in ["main", "release/1"] {
        refused(&world, &["origin", "--delete", branch]).says("CG715");
        refused(&world, &["origin", &format!(":{branch}")]).says("CG715");
    }
    world.passes(&["push", "origin", "--delete", "docs"]);
    assert_eq!(remote(&world, "refs/heads/docs"), "");
}

/// Puts a policy on `main`, here and at the remote, that says more of protected branches.
fn rules(world: &World, more: &str) {
    let enforce = format!(
        "enforce:\n  - {{ branches: [main], pre-commit: block, pre-push: block, merge: block }}\n  \
         - {{ branches: [\"release/**\"], pre-commit: block, pre-push: block, merge: block, {more} }}\n  \
         - {{ branches: [\"**\"], pre-commit: warn, pre-push: warn, merge: warn }}\n"
    );
    world.write(".certgate/policy.yaml", POLICY.to_owned() + &enforce);
    world.commit("rules");
    world.git(&["--git-dir=../remote.git", "fetch", "--quiet", "../repo", "main:main"]);
    world.git(&["fetch", "--quiet", "origin"]);
}

fn delete_allowed(seen: &Seen) {
    let world = World::new(seen);
    rules(&world, "delete: off");
    world.passes(&["push", "origin", "main:refs/heads/release/1"]);
    world.passes(&["push", "origin", "--delete", "release/1"]);
    refused(&world, &["origin", "--delete", "main"]).says("CG715");
}

fn delete_only(seen: &Seen) {
    let world = World::new(seen);
    world.passes(&["push", "origin", "docs", "plain", "proven:refs/heads/release/1"]);
    // Among others it takes them along.
    refused(&world, &["origin", ":docs", ":plain", ":release/1"]).says("CG715");
    assert_ne!(remote(&world, "refs/heads/docs"), "");
    world.passes(&["push", "origin", ":docs", ":plain"]);
    assert_eq!(remote(&world, "refs/heads/docs"), "");
}

fn force(seen: &Seen) {
    let world = World::new(seen);
    world.passes(&["push", "origin", "proven:main"]);
    // To another line, and back to where it was.
    for source in ["plain", "docs", "main"] {
        refused(&world, &["--force", "origin", &format!("{source}:main")]).says("CG716");
        refused(&world, &["origin", &format!("+{source}:main")]).says("CG716");
        refused(&world, &["--force-with-lease", "origin", &format!("{source}:main")]).says("CG716");
    }
    world.git(&["merge", "--quiet", "-m", "x", "docs", "proven"]);
    world.passes(&["push", "--force", "origin", "main"]);
}

fn force_allowed(seen: &Seen) {
    let world = World::new(seen);
    rules(&world, "force: off");
    world.branch("one", |world| world.write("one.txt", "x\n"));
    world.branch("two", |world| drop(world.edit()));
    world.passes(&["push", "origin", "one:refs/heads/release/1"]);
    refused(&world, &["--force", "origin", "two:release/1"]).says("CG201");
    world.git(&["switch", "--quiet", "two"]);
    world.certify_head("main");
    world.passes(&["push", "--force", "origin", "two:release/1"]);
    // A certificate stays, by whatever way the branch moves.
    refused(&world, &["--force", "origin", "one:release/1"]).says("CG402");
}

fn force_feature(seen: &Seen) {
    let world = World::new(seen);
    world.passes(&["push", "origin", "plain", "proven"]);
    world.git(&["merge", "--quiet", "docs"]);
    world.passes(&["push", "origin", "main"]);
    for branch in ["plain", "proven"] {
        world.git(&["rebase", "--quiet", "main", branch]);
        world.passes(&["push", "--force-with-lease", "origin", branch]);
    }
    refused(&world, &["origin", "plain:main"]);
    world.passes(&["push", "origin", "proven:main"]);
}

fn several(seen: &Seen) {
    let world = World::new(seen);
    let refs = ["origin", "docs", "proven:refs/heads/release/1", "plain:main"];
    refused(&world, &refs);
    assert_eq!(remote(&world, "refs/heads/docs"), "");
    world.passes(&["push", "origin", "docs", "proven:refs/heads/release/1", "proven:main"]);
}

fn all(seen: &Seen) {
    let world = World::new(seen);
    world.passes(&["push", "origin", "--all"]);
    world.git(&["merge", "--quiet", "plain"]);
    refused(&world, &["origin", "--all"]);
    world.certify_head("origin/main");
    world.passes(&["push", "origin", "--all"]);
}

fn atomic(seen: &Seen) {
    let world = World::new(seen);
    refused(&world, &["--atomic", "origin", "docs", "plain:main"]);
    assert_eq!(remote(&world, "refs/heads/docs"), "");
    world.passes(&["push", "--atomic", "origin", "docs", "proven:main"]);
}

fn mirror(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["config", "remote.mirror.url", "../remote.git"]);
    world.git(&["config", "remote.mirror.mirror", "true"]);
    world.git(&["--git-dir=../remote.git", "branch", "gone", "main"]);
    world.git(&["merge", "--quiet", "plain"]);
    world.refused(&["push", "--no-verify", "mirror"]).says("CG201");
    world.refused(&["push", "mirror"]).says("CG201");
    world.certify_head("plain~1");
    world.passes(&["push", "mirror"]);
    assert_eq!(remote(&world, "refs/heads/gone"), "");
    // A protected branch that is not here would be deleted.
    world.git(&["--git-dir=../remote.git", "branch", "release/1", "main"]);
    world.refused(&["push", "mirror"]).says("CG715");
}

fn tags(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["tag", "light", "plain"]);
    world.git(&["tag", "--annotate", "--message", "x", "heavy", "plain"]);
    world.passes(&["push", "origin", "light", "heavy"]);
    refused(&world, &["origin", "heavy^{commit}:main"]);
    world.passes(&["push", "origin", "--tags"]);
    world.passes(&["push", "origin", "--delete", "light"]);
    world.git(&["tag", "proven-1", "proven"]);
    world.passes(&["push", "origin", "proven-1", "proven-1:refs/heads/main"]);
}

fn tag_then_branch(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["tag", "early", "plain"]);
    world.passes(&["push", "origin", "early"]);
    // Nothing is new to the remote but the branch.
    refused(&world, &["origin", "early:refs/heads/main"]);
    refused(&world, &["origin", "early:refs/heads/release/1"]);
    world.git(&["switch", "--quiet", "plain"]);
    world.certify_head("main");
    world.passes(&["push", "origin", "plain:main"]);
}

fn follow_tags(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["merge", "--quiet", "plain"]);
    world.git(&["tag", "--annotate", "--message", "x", "v1"]);
    refused(&world, &["--follow-tags", "origin", "main"]);
    assert_eq!(remote(&world, "refs/tags/v1"), "");
    world.certify_head("origin/main");
    world.passes(&["push", "--follow-tags", "origin", "main"]);
    assert_eq!(remote(&world, "refs/tags/v1"), here(&world, "v1"));
}

fn unknown_old(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["clone", "--quiet", "../remote.git", "../other"]);
    for (name, value) in [("user.name", "Bo"), ("user.email", "bo@example.org")] {
        world.git(&["-C", "../other", "config", name, value]);
    }
    std::fs::write(world.home().join("other/theirs.txt"), "x\n").unwrap();
    world.git(&["-C", "../other", "add", "theirs.txt"]);
    world.git(&["-C", "../other", "commit", "--quiet", "-m", "in between"]);
    world.git(&["-C", "../other", "push", "--quiet"]);
    let theirs = remote(&world, "refs/heads/main");
    assert!(!world.try_git(&["cat-file", "-e", &theirs]).status.success());
    // Without force git refuses by itself; by force it would take away what somebody else pushed.
    assert!(!world.try_git(&["push", "origin", "proven:main"]).status.success());
    refused(&world, &["--force", "origin", "proven:main"]).says("CG716");
    refused(&world, &["--force", "origin", "plain:main"]).says("CG716");
    world.passes(&["pull", "--quiet"]);
    world.passes(&["merge", "-m", "x", "proven"]);
    world.passes(&["push", "origin", "main"]);
}

fn merge_commit(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["merge", "--quiet", "--no-verify", "--no-ff", "-m", "x", "plain"]);
    refused(&world, &["origin", "main"]);
    world.git(&["reset", "--quiet", "--hard", "origin/main"]);
    world.git(&["merge", "--quiet", "--no-ff", "-m", "x", "proven"]);
    world.git(&["merge", "--quiet", "--no-ff", "-m", "x", "docs"]);
    world.passes(&["push", "origin", "main"]);
}

fn message(seen: &Seen) {
    let world = World::new(seen);
    world.write("README.md", "changed\n");
    world.git(&["commit", "--quiet", "--all", "--no-verify", "-m", "perf: readme"]);
    refused(&world, &["origin", "main"]).says("CG205");
    world.git(&["commit", "--quiet", "--amend", "-m", "readme"]);
    world.passes(&["push", "origin", "main"]);
}
