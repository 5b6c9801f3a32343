//! `pre-receive`, by pushes over the file protocol.

use super::{Server, certify, edit};
use crate::scene::{POLICY, Ran, git, run, with_policy};
use crate::support::TestRepo;

#[test]
fn a_push_of_what_nobody_certified_is_refused_and_certified_it_is_accepted() {
    let server = Server::new();
    let before = server.tip("main");
    edit(&server.clone, 2);
    let ran = server.push(&["main"]).refused(&["CG201"]).says("into `main`");
    for line in ran.err.lines().filter(|line| line.starts_with("remote: ")) {
        assert!(line.trim_end().chars().count() <= 80, "{line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }
    assert_eq!(server.tip("main"), before);
    let new = certify(&server.clone, "origin/main");
    server.push(&["main"]).ends(0);
    assert_eq!(server.tip("main"), new);
    server.ask(&["fsck", "--strict"]);
}

#[test]
fn what_is_not_gated_passes_without_a_word() {
    let server = Server::new();
    server.clone.write("README.md", "more\n");
    server.clone.commit("Explain");
    let ran = server.push(&["main"]).ends(0);
    assert!(!ran.err.contains("remote:"), "{}", ran.err);
}

#[test]
fn one_bad_ref_refuses_all_and_all_are_told() {
    let server = Server::new();
    let clone = &server.clone;
    clone.git(&["switch", "--quiet", "-c", "docs"]);
    clone.write("README.md", "more\n");
    clone.commit("Explain");
    clone.git(&["switch", "--quiet", "-c", "release/1", "main"]);
    edit(clone, 2);
    clone.git(&["switch", "--quiet", "main"]);
    edit(clone, 3);
    let ran = server
        .push(&["main", "docs", "release/1", "HEAD:refs/tags/v1"])
        .refused(&["CG201", "CG201"]);
    let ran = ran.says("into `main`").says("into `release/1`");
    ran.says("the push is refused: all 4 refs of it");
    assert_eq!(server.ask(&["for-each-ref"]).lines().count(), 1);
}

#[test]
fn an_unprotected_branch_is_warned_of_and_passes() {
    let server = Server::new();
    server.clone.git(&["switch", "--quiet", "-c", "feature"]);
    edit(&server.clone, 2);
    server.push(&["feature"]).ends(0).says("remote: warning[CG201]");
    edit(&server.clone, 3);
    server.push(&["feature"]).ends(0).says("remote: warning[CG201]");
    // Forced and deleted as its owner likes.
    server.clone.git(&["commit", "--quiet", "--amend", "-m", "Other"]);
    server.push(&["--force", "feature"]).ends(0);
    server.push(&["--delete", "feature"]).ends(0);
}

#[test]
fn what_is_on_the_server_already_is_not_on_the_protected_branch() {
    let server = Server::new();
    edit(&server.clone, 2);
    server.push(&["HEAD:refs/heads/feature", "HEAD:refs/tags/v1"]).ends(0);
    server.push(&["main"]).refused(&["CG201"]);
    server.push(&["v1:refs/heads/release/1"]).ends(1);
    server.push(&["HEAD:refs/heads/release/1"]).refused(&["CG201"]);
    server.push(&["origin/feature:refs/heads/main"]).refused(&["CG201"]);
}

#[test]
fn a_new_protected_branch_starts_from_protected_history_or_is_judged() {
    let server = Server::new();
    let clone = &server.clone;
    server.push(&["main:refs/heads/release/1"]).ends(0);
    edit(clone, 2);
    server.push(&["HEAD:refs/heads/release/2"]).refused(&["CG201"]);
    certify(clone, "origin/main");
    server.push(&["HEAD:refs/heads/release/2"]).ends(0);
    // What is on one protected branch is not judged again on another that starts there.
    server.push(&["HEAD:refs/heads/release/3"]).ends(0);
    clone.write("README.md", "more\n");
    clone.commit("Explain");
    server.push(&["HEAD:refs/heads/release/4"]).ends(0);
    // A history of its own is all new.
    clone.git(&["switch", "--quiet", "--orphan", "release/5"]);
    edit(clone, 5);
    server.push(&["release/5"]).refused(&["CG201"]);
}

/// See gitnamespaces(7).
#[test]
fn a_namespace_is_a_repository_of_its_own() {
    let server = Server::new();
    let clone = &server.clone;
    let within = |arguments: &[&str]| {
        let program = "--receive-pack=env GIT_NAMESPACE=team/inner git-receive-pack";
        server.push(&[&[program], arguments].concat())
    };
    let past_the_gate = |push: &dyn Fn() -> Ran| {
        server.ask(&["config", "core.hooksPath", "/dev/null"]);
        push().ends(0);
        server.ask(&["config", "--unset", "core.hooksPath"]);
    };
    past_the_gate(&|| within(&["main"]));
    let whole = "refs/namespaces/team/refs/namespaces/inner/refs/heads";
    edit(clone, 2);
    within(&["main"]).refused(&["CG201"]);
    let by_its_whole_name = format!("HEAD:{whole}/main");
    server
        .push(&[&by_its_whole_name])
        .refused(&["CG201"])
        .says("into `main`");
    // What a protected branch holds past the gate is known there, and not in the namespace.
    past_the_gate(&|| server.push(&["main"]));
    server.push(&["HEAD:refs/heads/release/1"]).ends(0);
    within(&["HEAD:refs/heads/release/1"]).refused(&["CG201"]);
    let both = within(&["HEAD:refs/heads/release/1", "HEAD:refs/tags/v1"]);
    both.refused(&["CG201"]).says("the push is refused: all 2 refs of it");
    certify(clone, "HEAD~1");
    within(&["main", "HEAD:refs/heads/release/1"]).ends(0);
    // A branch that is another name of a branch moves both.
    let (alias, main) = (format!("{whole}/alias"), format!("{whole}/main"));
    server.ask(&["symbolic-ref", &alias, &main]);
    edit(clone, 3);
    within(&["HEAD:refs/heads/alias"])
        .refused(&["CG202"])
        .says("into `main`");
}

#[test]
fn a_new_branch_does_not_choose_its_judge() {
    let server = Server::new();
    let clone = &server.clone;
    clone.git(&["switch", "--quiet", "-c", "release/1"]);
    clone.write(
        ".certgate/policy.yaml",
        "version: 1\nenforce: [{ branches: ['**'], merge: off }]\n",
    );
    edit(clone, 2);
    let ran = server.push(&["release/1"]);
    assert!(ran.err.contains("error[CG201]"), "{}", ran.err);
    assert_eq!(server.tip("release/1"), "");
    // Nor by way of an older commit, from before the rule: what it made then is judged by the default branch's rule.
    let server = Server::with(&format!(
        "{POLICY}enforce: [{{ branches: [main], merge: block }}, {{ branches: ['**'], merge: warn }}]\n"
    ));
    let clone = &server.clone;
    let old = clone.ask(&["rev-parse", "HEAD"]);
    clone.write(".certgate/policy.yaml", POLICY);
    clone.commit("Protect releases");
    run(
        clone,
        &[
            "certify",
            "certgate-policy",
            "--base",
            "origin/main",
            "--status",
            "APPROVED",
            "--agent",
            "a",
            "--rationale",
            "r",
        ],
    )
    .ends(0);
    clone.commit("Certify");
    server.push(&["main"]).ends(0);
    server.push(&[&format!("{old}:refs/heads/release/1")]).ends(0);
    clone.git(&["switch", "--quiet", "-c", "release/1", &old]);
    edit(clone, 2);
    server.push(&["release/1"]).refused(&["CG201"]);
}

#[test]
fn a_protected_branch_is_neither_deleted_nor_forced() {
    let server = Server::new();
    let clone = &server.clone;
    server.push(&["main:refs/heads/release/1"]).ends(0);
    server.push(&["--delete", "release/1"]).refused(&["CG715"]);
    assert_ne!(server.tip("release/1"), "");
    clone.write("README.md", "more\n");
    clone.commit("Explain");
    server.push(&["main"]).ends(0);
    clone.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let ran = server.push(&["--force", "main"]).refused(&["CG716"]);
    ran.says("git fetch origin main && git rebase FETCH_HEAD");
    clone.write("NOTES.md", "aside\n");
    clone.commit("Aside");
    server.push(&["--force", "main"]).refused(&["CG716"]);
}

#[test]
fn the_policy_may_allow_both_and_what_is_lost_is_judged() {
    let server = Server::with(&format!(
        "{POLICY}enforce: [{{ branches: [main, 'release/**'], force: off, delete: warn }}]\n"
    ));
    let clone = &server.clone;
    server.push(&["main:refs/heads/release/1"]).ends(0);
    server
        .push(&["--delete", "release/1"])
        .ends(0)
        .says("remote: warning[CG715]");
    clone.write("README.md", "more\n");
    clone.commit("Explain");
    server.push(&["main"]).ends(0);
    clone.git(&["commit", "--quiet", "--amend", "-m", "Explain better"]);
    server.push(&["--force", "main"]).ends(0);
    edit(clone, 2);
    certify(clone, "origin/main");
    server.push(&["main"]).ends(0);
    // Going back takes a certificate out of the ledger, and content back that nobody certified.
    clone.git(&["reset", "--quiet", "--hard", "HEAD~2"]);
    server.push(&["--force", "main"]).refused(&["CG402", "CG202"]);
}

#[test]
fn a_first_push_is_judged_by_the_policy_it_brings() {
    let server = Server::around(with_policy());
    server.install();
    let clone = &server.clone;
    clone.git(&["branch", "release/1"]);
    edit(clone, 2);
    let ran = server.push(&["main", "release/1"]).refused(&["CG201", "CG201"]);
    // The base that the remedy names is that of a history which begins here.
    let empty = clone.ask(&["hash-object", "-t", "tree", "/dev/null"]);
    let head = clone.ask(&["rev-parse", "HEAD"]);
    let ran = ran.says(&format!("--base {empty}")).says(&format!("--head {head}"));
    drop(ran);
    certify(clone, &empty);
    run(clone, &["check", "--base", &empty]).ends(0).says("note[CG013]");
    server.push(&["main"]).ends(0);
}

#[test]
fn a_policy_arrives_with_the_change_that_is_certified_under_it() {
    let clone = crate::support::TestRepo::new();
    clone.write("README.md", "hello\n");
    clone.commit("Begin");
    let server = Server::around(clone);
    let clone = &server.clone;
    server.install();
    server.push(&["-u", "main"]).ends(0);
    clone.write(".certgate/policy.yaml", POLICY);
    clone.commit("Adopt");
    let ran = server.push(&["main"]).ends(0);
    assert!(ran.err.contains("note[CG013]"), "{}", ran.err);
    edit(clone, 2);
    server.push(&["main"]).refused(&["CG201"]);
}

#[test]
fn a_branch_from_before_the_policy_takes_it_over() {
    let clone = crate::support::TestRepo::new();
    clone.write("README.md", "hello\n");
    clone.commit("Begin");
    let server = Server::around(clone);
    let clone = &server.clone;
    clone.git(&["branch", "release/1"]);
    server.push(&["-u", "main", "release/1"]).ends(0);
    server.install();
    clone.write(".certgate/policy.yaml", POLICY);
    clone.commit("Adopt");
    server.push(&["main"]).ends(0);
    clone.git(&["switch", "--quiet", "release/1"]);
    edit(clone, 2);
    server.push(&["release/1"]).refused(&["CG201"]);
    clone.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    clone.git(&["merge", "--quiet", "--no-ff", "--no-edit", "main"]);
    // With keys beside it that would judge what comes next, it is another policy.
    clone.write(".certgate/allowed_signers", "eve@example.org ssh-ed25519 AAAA\n");
    clone.commit("My keys");
    let ran = server.push(&["release/1"]);
    assert!(
        ran.err.contains("`certgate-policy`: no certificate covers"),
        "{}",
        ran.err
    );
    assert_ne!(ran.code, Some(0));
    clone.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    server.push(&["release/1"]).ends(0);
}

#[test]
fn a_broken_policy_closes_a_protected_branch_and_no_other() {
    let server = Server::new();
    let clone = &server.clone;
    clone.git(&["switch", "--quiet", "-c", "feature"]);
    clone.write(".certgate/policy.yaml", "version: 1\nnonsense: yes\n");
    clone.commit("Break it");
    server.push(&["feature"]).ends(0);
    clone.write(".certgate/policy.yaml", POLICY);
    clone.commit("Mend it");
    server.push(&["feature"]).ends(0);
    // On main it cannot arrive; where it stands all the same, nothing is decided.
    clone.git(&["switch", "--quiet", "main"]);
    clone.write(".certgate/policy.yaml", "version: 1\nnonsense: yes\n");
    clone.commit("Break it");
    let ran = server.push(&["main"]);
    assert!(ran.err.contains("error[CG003]"), "{}", ran.err);
    let head = clone.ask(&["rev-parse", "HEAD"]);
    let bare = server.bare.to_str().unwrap();
    clone.git(&["push", "--quiet", "origin", "HEAD:refs/heads/tmp"]);
    clone.git(&["--git-dir", bare, "update-ref", "refs/heads/main", &head]);
    clone.write("README.md", "more\n");
    clone.commit("Explain");
    server.push(&["main"]).refused(&["CG003"]);
}

#[test]
fn refs_that_are_no_branches_are_not_judged() {
    let server = Server::new();
    edit(&server.clone, 2);
    server.clone.git(&["tag", "-a", "v1", "-m", "one"]);
    server.push(&["v1", "HEAD:refs/changes/1", "HEAD:refs/notes/x"]).ends(0);
    server.push(&["--delete", "v1", "refs/changes/1"]).ends(0);
}

#[test]
fn a_refused_push_leaves_nothing_in_the_cache_of_the_ledger() {
    let server = Server::around(with_policy());
    server.install();
    edit(&server.clone, 2);
    certify(&server.clone, "HEAD~1");
    edit(&server.clone, 3);
    server.push(&["main"]).refused(&["CG202"]);
    assert!(!server.bare.join("certgate").exists());
    assert_eq!(server.ask(&["count-objects"]), "0 objects, 0 kilobytes");
}

#[test]
fn installing_twice_chains_what_was_there_and_uninstalls() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::new();
    server.certgate(&["uninstall"]).ends(0);
    let hook = server.bare.join("hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\ncat > seen\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    server.install().writes("pre-receive           installed; runs ");
    server.install().writes("pre-receive           unchanged");
    assert!(!server.bare.join("hooks/pre-commit").exists());
    server
        .certgate(&["hooks"])
        .ends(0)
        .writes("pre-receive           calls ");
    server.push(&["main:refs/heads/other"]).ends(0);
    let seen = std::fs::read_to_string(server.bare.join("seen")).unwrap();
    assert!(seen.ends_with(" refs/heads/other\n"), "{seen}");
    edit(&server.clone, 2);
    server.push(&["main"]).refused(&["CG201"]);
    server
        .certgate(&["uninstall"])
        .ends(0)
        .writes("the hook that was there before is back");
    server.push(&["main"]).ends(0);
}

#[test]
fn a_repository_with_a_work_tree_may_receive_too() {
    let server = with_policy();
    run(&server, &["install", "--server"]).ends(0);
    let path = server.path().to_str().unwrap().to_owned();
    let clone = server.home().join("clone");
    let clone = clone.to_str().unwrap();
    git(&server, &["clone", "--quiet", &path, clone]).ends(0);
    let file = server.home().join("clone/src/train/loop.py");
    std::fs::write(file, "def step():\n    return 9\n").unwrap();
    git(&server, &["-C", clone, "commit", "--quiet", "-am", "Change"]).ends(0);
    git(&server, &["-C", clone, "push", "origin", "HEAD:release/1"]).refused(&["CG201"]);
    git(&server, &["-C", clone, "push", "origin", "HEAD:feature"]).ends(0);
}

#[test]
fn a_push_is_warned_of_before_it_leaves() {
    let server = Server::new();
    let clone = &server.clone;
    run(clone, &["install"]).ends(0);
    server.push(&["main:refs/heads/release/1"]).ends(0);
    let ran = server.push(&["--delete", "release/1"]);
    assert_eq!(ran.errors(), ["CG715"], "{}", ran.err);
    clone.write("README.md", "more\n");
    clone.commit("Explain");
    server.push(&["main"]).ends(0);
    clone.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let ran = server.push(&["--force", "main"]);
    assert_eq!(ran.errors(), ["CG716"], "{}", ran.err);
    // The server has moved on, and the clone does not know where to.
    let server = Server::new();
    let clone = &server.clone;
    run(clone, &["install"]).ends(0);
    let other = clone.home().join("other");
    let (other, bare) = (other.to_str().unwrap(), server.bare.to_str().unwrap());
    git(clone, &["clone", "--quiet", bare, other]).ends(0);
    git(
        clone,
        &["-C", other, "commit", "--quiet", "--allow-empty", "-m", "elsewhere"],
    )
    .ends(0);
    git(clone, &["-C", other, "push", "--quiet"]).ends(0);
    clone.write("README.md", "more\n");
    clone.commit("Explain");
    // Whether git was told to force it, it does not tell its hooks.
    let ran = server.push(&["--force", "main"]);
    assert_eq!(ran.errors(), ["CG729"], "{}", ran.err);
}

#[test]
fn a_branch_that_is_another_name_of_main_is_judged_as_main() {
    let server = Server::new();
    let bare = server.bare.to_str().unwrap();
    git(
        &server.clone,
        &[
            "--git-dir",
            bare,
            "symbolic-ref",
            "refs/heads/stable",
            "refs/heads/main",
        ],
    )
    .ends(0);
    let before = server.tip("main");
    edit(&server.clone, 2);
    server.push(&["main:stable"]).refused(&["CG201"]).says("into `main`");
    assert_eq!(server.tip("main"), before);
    certify(&server.clone, "origin/main");
    server.push(&["main:stable"]).ends(0);
    assert_ne!(server.tip("main"), before);
}

#[test]
fn other_formats_of_ids_and_refs_make_no_difference() {
    for format in ["--object-format=sha256", "--ref-format=reftable"] {
        let clone = TestRepo::empty();
        let init = ["init", "--quiet", "--initial-branch=main", format];
        if clone.try_git(&init).status.code() != Some(0) {
            // Git before 2.29 or 2.45 has no such format.
            continue;
        }
        clone.write("src/train/loop.py", "def step():\n    return 1\n");
        clone.write(".certgate/policy.yaml", POLICY);
        clone.commit("begin");
        let server = Server::with_format(clone, &[format]);
        server.clone.git(&["push", "--quiet", "-u", "origin", "main"]);
        server.install();
        let bare = server.bare.to_str().unwrap();
        let stable = [
            "--git-dir",
            bare,
            "symbolic-ref",
            "refs/heads/stable",
            "refs/heads/main",
        ];
        git(&server.clone, &stable).ends(0);
        edit(&server.clone, 2);
        for to in ["main", "main:release/1", "main:stable"] {
            server.push(&[to]).refused(&["CG201"]);
        }
        server.push(&["main:feature"]).ends(0);
        certify(&server.clone, "origin/main");
        server.push(&["main:stable"]).ends(0);
        server.push(&["--delete", "main"]).refused(&["CG715"]);
    }
}
