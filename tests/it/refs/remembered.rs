//! The strict hook remembers which names are protected: a branch that is made and is none of these costs a shell, and nothing else passes.

use std::time::{Duration, SystemTime};

use super::edit;
use super::strict::strict;
use crate::scene::{POLICY, git};
use crate::support::TestRepo;

/// A clone under the strict hook that says when certgate is started, and in which a branch has been made.
fn remembering() -> TestRepo {
    let mut repo = strict();
    repo.set("CERTGATE_TIMINGS", "1");
    age(&repo);
    assert!(asked(&repo, &["branch", "topic/first"]));
    assert!(!asked(&repo, &["branch", "topic/second"]));
    repo
}

/// Makes what git has packed as old as it is in a repository that nobody has just made.
fn age(repo: &TestRepo) {
    let packed = repo.path().join(".git/packed-refs");
    if let Ok(file) = std::fs::File::options().write(true).open(packed) {
        file.set_modified(SystemTime::now() - Duration::from_secs(3600))
            .unwrap();
    }
}

/// Whether certgate was started for something that git does.
#[track_caller]
fn asked(repo: &TestRepo, arguments: &[&str]) -> bool {
    git(repo, arguments).ends(0).err.contains("git processes")
}

#[test]
fn a_branch_that_nothing_protects_is_made_by_the_shell_alone() {
    let repo = remembering();
    for way in [
        vec!["update-ref", "refs/heads/topic/third", "main"],
        vec!["switch", "--quiet", "-c", "topic/fourth"],
        vec!["fetch", "--quiet", ".", "main:topic/fifth", "main:topic/sixth"],
    ] {
        assert!(!asked(&repo, &way), "{way:?}");
    }
    // With the remote's default branch known, that one is looked at.
    repo.git(&["remote", "set-head", "origin", "main"]);
    assert!(asked(&repo, &["branch", "topic/7"]));
    assert!(!asked(&repo, &["branch", "topic/8"]));
    repo.git(&["pack-refs", "--all"]);
    age(&repo);
    assert!(asked(&repo, &["branch", "topic/9"]));
    assert!(!asked(&repo, &["branch", "topic/10"]));
}

#[test]
fn certgate_is_asked_about_all_else() {
    let repo = remembering();
    for way in [
        // Protected, or called like it.
        vec!["branch", "release/1"],
        vec!["branch", "mainline"],
        // There already.
        vec!["branch", "--force", "topic/first", "origin/main"],
        vec!["update-ref", "refs/heads/topic/second", "origin/main"],
        // More than one.
        vec!["fetch", "--quiet", "--atomic", ".", "main:topic/a", "main:topic/b"],
        // Not from the work tree's own `.git`.
        vec!["--git-dir=.git", "branch", "topic/c"],
    ] {
        assert!(asked(&repo, &way), "{way:?}");
    }
    // What is packed is there, too.
    repo.git(&["pack-refs", "--all"]);
    age(&repo);
    assert!(asked(&repo, &["branch", "topic/d"]));
    assert!(!asked(&repo, &["branch", "topic/e"]));
    assert!(asked(&repo, &["update-ref", "refs/heads/topic/first", "main"]));
}

#[test]
fn another_policy_is_seen_wherever_it_comes_from() {
    let past = |repo: &TestRepo, arguments: &[&str]| {
        repo.git(&[&["-c", "core.hooksPath=/dev/null"], arguments].concat());
    };
    let protecting = |repo: &TestRepo| {
        past(repo, &["switch", "--quiet", "--detach", "main"]);
        let bad = edit(repo, 2);
        past(repo, &["switch", "--quiet", "--detach", "main"]);
        let enforce = "enforce: [{ branches: [main, 'topic/**'] }, { branches: ['**'], merge: warn }]\n";
        repo.write(
            ".certgate/policy.yaml",
            POLICY.replacen("agents:", &format!("{enforce}agents:"), 1),
        );
        (bad, repo.commit("Protect topics"))
    };
    for way in ["main", "origin", "packed", "symbolic"] {
        let repo = remembering();
        let (bad, new) = protecting(&repo);
        past(&repo, &["switch", "--quiet", "main"]);
        match way {
            "origin" => {
                past(&repo, &["remote", "set-head", "origin", "main"]);
                assert!(asked(&repo, &["branch", "topic/third"]));
                past(&repo, &["update-ref", "refs/remotes/origin/main", &new]);
            }
            "symbolic" => {
                past(&repo, &["update-ref", "refs/remotes/origin/next", &new]);
                past(
                    &repo,
                    &["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/next"],
                );
            }
            _ => past(&repo, &["update-ref", "refs/heads/main", &new]),
        }
        if way == "packed" {
            past(&repo, &["pack-refs", "--all"]);
        }
        let ran = git(&repo, &["branch", "topic/bad", &bad]);
        assert_ne!(ran.code, Some(0), "{way}: {}", ran.err);
        assert!(
            ran.err.contains("at reference-transaction into `topic/bad`"),
            "{way}: {}",
            ran.err
        );
    }
}

#[test]
fn what_is_damaged_or_not_the_users_own_is_not_believed() {
    let repo = remembering();
    let kept = repo.path().join(".git/certgate/branches");
    let whole = std::fs::read_to_string(&kept).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&kept, &whole[..length]).unwrap();
        if length % 7 == 0 || length + 6 > whole.len() {
            assert!(asked(&repo, &["branch", &format!("topic/cut-{length}")]), "{length}");
        }
    }
    // A link, to what would be believed.
    let aside = repo.path().join(".git/certgate/aside");
    std::fs::write(&aside, &whole).unwrap();
    let _there = std::fs::remove_file(&kept);
    std::os::unix::fs::symlink(&aside, &kept).unwrap();
    assert!(asked(&repo, &["branch", "topic/linked"]));
    assert!(!asked(&repo, &["branch", "topic/after"]));
}
