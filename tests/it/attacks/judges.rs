//! Family: judges and where branches are from. Somebody who may push chooses the policy that judges, or what counts as protected already.

use super::attacks;
use super::world::open;
use crate::refs::{Server, certify, edit};
use crate::scene::{CERTIFICATE, POLICY, Ran, git, of_status, run, with_policy};
use crate::support::TestRepo;

/// A policy that asks for nothing.
const LAX: &str = "version: 1\nenforce: [{ branches: ['**'], pre-push: off, merge: off }]\n";

/// What is pushed to a server that has adopted the policy, from a change that is certified or not.
fn pushed(certified: bool, act: fn(&TestRepo), arguments: &[&str]) -> Ran {
    let server = Server::new();
    edit(&server.clone, 2);
    if certified {
        certify(&server.clone, "origin/main");
    }
    act(&server.clone);
    server.push(arguments)
}

/// The change, with a policy of the branch's own; or certified and without.
fn with_own_policy(certified: bool, arguments: &[&str]) -> Ran {
    let lax: fn(&TestRepo) = |repo| {
        repo.write(".certgate/policy.yaml", LAX);
        repo.commit("Ask for nothing");
    };
    pushed(certified, if certified { |_| () } else { lax }, arguments)
}

/// On the server `refs/heads/NAME` is another name of `main`.
fn by_another_name(certified: bool, name: &str) -> Ran {
    let server = Server::new();
    let bare = server.bare.display().to_string();
    let full = format!("refs/heads/{name}");
    let made = git(
        &server.clone,
        &["--git-dir", &bare, "symbolic-ref", &full, "refs/heads/main"],
    );
    assert_eq!(made.code, Some(0));
    edit(&server.clone, 2);
    if certified {
        certify(&server.clone, "origin/main");
    }
    server.push(&[&format!("main:{name}")])
}

/// A fresh server, whose HEAD names a branch that is not there; what is pushed first.
fn fresh(head: &str, act: fn(&TestRepo), arguments: &[&str]) -> Ran {
    let server = Server::around(with_policy());
    let bare = server.bare.display().to_string();
    git(&server.clone, &["--git-dir", &bare, "symbolic-ref", "HEAD", head]);
    server.install();
    server.push(&["main:refs/heads/topic"]);
    act(&server.clone);
    server.push(arguments)
}

/// The policy got stricter on `main`, certified; a release is then made of an older commit with a change from before.
fn from_before_the_rule(certified: bool) -> Ran {
    let server = Server::with(&POLICY.replace("src/train/**", "src/none/**"));
    let clone = &server.clone;
    let old = clone.ask(&["rev-parse", "HEAD"]);
    clone.write(".certgate/policy.yaml", POLICY);
    clone.commit("Gate the loop");
    let words = [
        "certify",
        "certgate-policy",
        "--base",
        "origin/main",
        "--status",
        "APPROVED",
        "--agent",
        "a",
    ];
    run(clone, &[&words[..], &["--rationale", "it was forgotten"]].concat()).ends(0);
    clone.commit("Certify");
    server.push(&["main"]).ends(0);
    clone.git(&[
        "switch",
        "--quiet",
        "--create",
        "release/1",
        if certified { "main" } else { &old },
    ]);
    edit(clone, 2);
    if certified {
        certify(clone, "origin/main");
    }
    server.push(&["release/1"])
}

/// A clone with hooks, whose remotes are made as told; the change is on `work`.
fn clone(certified: bool, act: fn(&TestRepo)) -> TestRepo {
    let repo = open();
    if certified {
        repo.write(CERTIFICATE, of_status("APPROVED", "honest-1"));
        repo.commit("Certify");
    }
    for name in ["origin", "fork"] {
        let path = format!("../{name}.git");
        repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", &path]);
    }
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["push", "--quiet", "--no-verify", "origin", "main"]);
    // The fork has the change on its `main`.
    repo.git(&["push", "--quiet", "--no-verify", "../fork.git", "work:main"]);
    act(&repo);
    run(&repo, &["install"]).ends(0);
    repo
}

/// The fork's `main`, by a name, is merged into `main`.
fn merged(certified: bool, act: fn(&TestRepo), words: &[&str]) -> Ran {
    let repo = clone(certified, act);
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("README.md", "moved on\n");
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "--no-verify", "--message", "Move on"]);
    git(&repo, words)
}

fn remote(repo: &TestRepo, name: &str) {
    repo.git(&["remote", "add", name, "../fork.git"]);
    repo.git(&["fetch", "--quiet", name]);
}

/// The change is pushed by these words from the clone.
fn push(certified: bool, act: fn(&TestRepo), words: &[&str]) -> Ran {
    let repo = clone(certified, act);
    git(&repo, &[&["push", "--quiet"], words].concat())
}

const MERGE: &[&str] = &["merge", "--quiet", "--no-ff", "-m", "merge"];

fn merging(name: &'static str) -> Vec<&'static str> {
    [MERGE, &[name]].concat()
}

attacks! {
    a_release_with_its_own_policy: "a new release adds a policy that asks for nothing", ["CG201"], || with_own_policy(false, &["main:refs/heads/release/1"]), || with_own_policy(true, &["main:refs/heads/release/1"]);
    two_refs_of_which_one_is_a_judge: "the lax policy comes on a topic in the same push", ["CG201"], || with_own_policy(false, &["main:refs/heads/topic", "main"]), || with_own_policy(true, &["main:refs/heads/topic", "main"]);
    a_release_by_way_of_a_topic: "the change is pushed to a topic, and a release made of that in the same push", ["CG201"], || pushed(false, |repo| { repo.git(&["push", "--quiet", "origin", "main:topic"]); }, &["main:refs/heads/release/1"]), || pushed(true, |repo| { repo.git(&["push", "--quiet", "origin", "main:topic"]); }, &["main:refs/heads/release/1"]);
    a_release_by_way_of_a_tag: "the change is pushed as a tag, and a release made of the tag", ["CG201"], || pushed(false, |repo| { repo.git(&["tag", "v1"]); repo.git(&["push", "--quiet", "origin", "v1"]); }, &["v1^{}:refs/heads/release/1"]), || pushed(true, |repo| { repo.git(&["tag", "v1"]); repo.git(&["push", "--quiet", "origin", "v1"]); }, &["v1^{}:refs/heads/release/1"]);
    a_release_from_before_the_rule: "a release is made of a commit from before the rule", ["CG201"], || from_before_the_rule(false), || from_before_the_rule(true);
    a_branch_that_is_main: "a branch on the server is another name of `main`", ["CG201"], || by_another_name(false, "topic"), || by_another_name(true, "topic");
    a_branch_in_a_folder_that_is_main: "the same with a name in a folder", ["CG201"], || by_another_name(false, "users/eve/main"), || by_another_name(true, "users/eve/main");
    a_head_that_dangles: "HEAD of a fresh server names no branch, and a protected one is pushed that others would have to judge", ["CG737", "CG201"], || fresh("refs/heads/trunk", |repo| { repo.write(".certgate/policy.yaml", LAX); edit(repo, 2); }, &["main:refs/heads/release/1"]), || pushed(true, |_| (), &["main:refs/heads/release/1"]);
    a_dangling_head_that_is_made: "the branch that HEAD names is made by whoever pushes, to judge another in the same push", ["CG737", "CG201"], || fresh("refs/heads/trunk", |repo| { repo.git(&["switch", "--quiet", "--create", "lax"]); repo.write(".certgate/policy.yaml", LAX); repo.commit("Ask for nothing"); repo.git(&["switch", "--quiet", "main"]); edit(repo, 2); }, &["lax:refs/heads/trunk", "main:refs/heads/release/1"]), || pushed(true, |_| (), &["main:refs/heads/release/1"]);
    a_release_of_another_history: "a release without a common history", ["CG201"], || pushed(false, |repo| { repo.git(&["switch", "--quiet", "--orphan", "other"]); edit(repo, 7); }, &["other:refs/heads/release/9"]), || pushed(true, |_| (), &["main:refs/heads/release/9"]);
    a_deletion_and_a_new_branch: "`main` is deleted and made again in one push", ["CG715", "CG716", "CG201"], || pushed(false, |repo| { repo.git(&["branch", "again"]); }, &["--force", ":main", "again:refs/heads/release/1"]), || pushed(true, |repo| { repo.git(&["branch", "again"]); }, &["main", "again:refs/heads/release/1"]);
    a_fork_called_like_origin: "the fork is a remote called `origin/fork`", ["CG201"], || merged(false, |repo| remote(repo, "origin/fork"), &merging("origin/fork/main")), || merged(true, |repo| remote(repo, "origin/fork"), &merging("origin/fork/main"));
    a_fork_with_a_slash: "the fork is a remote called `upstream/main`", ["CG201"], || merged(false, |repo| remote(repo, "upstream/main"), &merging("upstream/main/main")), || merged(true, |repo| remote(repo, "upstream/main"), &merging("upstream/main/main"));
    a_fork_by_its_address: "the fork's `main` is pulled by its address", ["CG201"], || merged(false, |_| (), &["pull", "--quiet", "--no-rebase", "--no-ff", "--no-edit", "../fork.git", "main"]), || merged(true, |_| (), &["pull", "--quiet", "--no-rebase", "--no-ff", "--no-edit", "../fork.git", "main"]);
    a_fork_by_its_commit: "the fork's `main` is merged by its id", ["CG201"], || merged(false, |repo| { remote(repo, "fork"); repo.git(&["tag", "x", "fork/main"]); }, &merging("x")), || merged(true, |repo| { remote(repo, "fork"); repo.git(&["tag", "x", "fork/main"]); }, &merging("x"));
    a_ref_that_no_remote_keeps: "`refs/remotes/other/main`, which no remote keeps, is merged", ["CG201"], || merged(false, |repo| { repo.git(&["fetch", "--quiet", "../fork.git", "main:refs/remotes/other/main"]); }, &merging("other/main")), || merged(true, |repo| { repo.git(&["fetch", "--quiet", "../fork.git", "main:refs/remotes/other/main"]); }, &merging("other/main"));
    a_push_by_address: "the change is pushed to `origin` by its address", ["CG201"], || push(false, |_| (), &["../origin.git", "work:main"]), || push(true, |_| (), &["../origin.git", "work:main"]);
    a_push_by_another_spelling: "the same with another spelling of the address", ["CG201"], || push(false, |_| (), &["./../repo/../origin.git", "work:main"]), || push(true, |_| (), &["./../repo/../origin.git", "work:main"]);
    a_push_to_where_nothing_is_known: "the change is pushed to the `main` of a remote of which nothing is known", ["CG201"], || push(false, |repo| { repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../new.git"]); }, &["../new.git", "work:main"]), || push(true, |repo| { repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../new.git"]); }, &["../new.git", "work:main"]);
    a_push_by_another_address: "`pushurl` of `origin` leads to the fork, which has the change already, with another commit on top", ["CG201"], || push(false, |repo| { repo.git(&["config", "remote.origin.pushurl", "../fork.git"]); edit(repo, 5); }, &["origin", "work:main"]), || push(true, |repo| { repo.git(&["config", "remote.origin.pushurl", "../fork.git"]); repo.write("README.md", "x\n"); repo.commit("Explain"); }, &["origin", "work:main"]);
    a_push_by_a_prefix: "`insteadOf` stands for the address of `origin`", ["CG201"], || push(false, |repo| { let home = repo.home().display().to_string(); repo.git(&["config", &format!("url.{home}/.insteadOf"), "own:"]); repo.git(&["config", "remote.origin.url", "own:origin.git"]); }, &["own:origin.git", "work:main"]), || push(true, |repo| { let home = repo.home().display().to_string(); repo.git(&["config", &format!("url.{home}/.insteadOf"), "own:"]); repo.git(&["config", "remote.origin.url", "own:origin.git"]); }, &["own:origin.git", "work:main"]);
    a_push_by_a_full_name: "`HEAD:refs/heads/main` from a detached HEAD", ["CG201"], || push(false, |repo| { repo.git(&["checkout", "--quiet", "--detach", "work"]); }, &["origin", "HEAD:refs/heads/main"]), || push(true, |repo| { repo.git(&["checkout", "--quiet", "--detach", "work"]); }, &["origin", "HEAD:refs/heads/main"]);
    a_push_by_a_refspec: "a refspec of the configuration sends `work` to `main`", ["CG201"], || push(false, |repo| { repo.git(&["config", "remote.origin.push", "refs/heads/work:refs/heads/main"]); }, &["origin"]), || push(true, |repo| { repo.git(&["config", "remote.origin.push", "refs/heads/work:refs/heads/main"]); }, &["origin"]);
}
