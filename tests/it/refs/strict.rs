//! `install --strict`: what `reference-transaction` refuses, and that honest work goes through.

use std::os::unix::fs::PermissionsExt as _;

use super::{certify, edit};
use crate::scene::{POLICY, Ran, git, run, with_policy};
use crate::support::TestRepo;

/// A clone of a repository that has adopted the policy, under the strict hook; `origin/main` is where `main` is.
pub(super) fn strict() -> TestRepo {
    let repo = with_policy();
    let origin = repo.home().join("origin.git");
    let origin = origin.to_str().unwrap().to_owned();
    repo.git(&["clone", "--quiet", "--bare", ".", &origin]);
    repo.git(&["remote", "add", "origin", &origin]);
    repo.git(&["fetch", "--quiet", "origin"]);
    repo.git(&["branch", "--quiet", "--set-upstream-to=origin/main"]);
    run(&repo, &["install", "--strict"])
        .ends(0)
        .writes("reference-transaction installed");
    repo
}

/// The same on a branch `feature` with one change that nobody certified.
fn with_feature() -> TestRepo {
    let repo = strict();
    repo.git(&["switch", "--quiet", "-c", "feature"]);
    edit(&repo, 2);
    repo
}

/// Asserts that git stopped because certgate refused the new value of a branch.
#[track_caller]
fn refused(ran: Ran, codes: &[&str]) -> Ran {
    assert_ne!(ran.code, Some(0), "{}", ran.said());
    assert_eq!(ran.errors(), codes, "{}", ran.err);
    assert!(!ran.err.contains("CG711"), "{}", ran.err);
    ran.says("at reference-transaction into `")
}

fn tip(repo: &TestRepo, branch: &str) -> String {
    repo.ask(&["rev-parse", branch])
}

#[test]
fn every_way_to_move_main_to_what_nobody_certified_is_refused() {
    let repo = with_feature();
    let before = tip(&repo, "main");
    for way in [
        vec!["branch", "--force", "main", "feature"],
        vec!["update-ref", "refs/heads/main", "feature"],
        vec!["update-ref", "--no-deref", "refs/heads/main", "feature", "main"],
        vec!["fetch", ".", "feature:main"],
        vec!["fetch", "--force", ".", "+feature:main"],
        vec!["switch", "-C", "main", "feature"],
        vec!["worktree", "add", "-B", "main", "../tree", "feature"],
        vec!["push", ".", "feature:main"],
    ] {
        let ran = git(&repo, &way);
        if way[0] == "push" {
            assert!(ran.err.contains("[CG201]"), "{way:?}: {}", ran.err);
        } else {
            refused(ran, &["CG201"]);
        }
        assert_eq!(tip(&repo, "main"), before, "{way:?}");
    }
    repo.git(&["switch", "--quiet", "main"]);
    for way in [
        vec!["merge", "--ff-only", "feature"],
        vec!["merge", "--no-verify", "--no-ff", "--no-edit", "feature"],
        vec!["pull", "--quiet", ".", "feature"],
        vec!["reset", "--hard", "feature"],
        vec!["reset", "--soft", "feature"],
        vec!["cherry-pick", "feature"],
        vec!["rebase", "feature"],
    ] {
        refused(git(&repo, &way), &["CG201"]);
        assert_eq!(tip(&repo, "main"), before, "{way:?}");
        // Whatever git left half done.
        for undo in ["merge", "cherry-pick", "rebase"] {
            repo.try_git(&[undo, "--abort"]);
        }
        repo.git(&["checkout", "--quiet", "--force", "main"]);
        repo.git(&["reset", "--quiet", "--hard", "main"]);
    }
    repo.write("src/train/loop.py", "def step():\n    return 3\n");
    let ran = git(&repo, &["commit", "--quiet", "--no-verify", "-am", "past the hook"]);
    refused(ran, &["CG201"]);
    assert_eq!(tip(&repo, "main"), before);
}

#[test]
fn what_is_certified_goes_every_way() {
    let repo = with_feature();
    let certified = certify(&repo, "main");
    let before = tip(&repo, "main");
    let undo = || {
        repo.git(&["switch", "--quiet", "main"]);
        repo.git(&["reset", "--quiet", "--hard", &before]);
    };
    undo();
    for way in [
        vec!["merge", "--quiet", "--ff-only", "feature"],
        vec!["merge", "--quiet", "--no-ff", "--no-edit", "feature"],
        vec!["pull", "--quiet", "--ff-only", ".", "feature"],
        vec!["reset", "--quiet", "--hard", "feature"],
        vec!["rebase", "--quiet", "feature"],
        vec!["update-ref", "refs/heads/main", &certified],
    ] {
        git(&repo, &way).ends(0);
        assert_ne!(tip(&repo, "main"), before, "{way:?}");
        undo();
    }
    // The change alone is refused, however it comes; with its certificate it is merged.
    refused(git(&repo, &["cherry-pick", "feature~1"]), &["CG201"]);
    repo.try_git(&["cherry-pick", "--abort"]);
    git(&repo, &["cherry-pick", "--no-commit", "main..feature"]).ends(0);
    git(&repo, &["commit", "--quiet", "-m", "picked"]).ends(0);
}

#[test]
fn a_fast_forward_from_a_remote_is_judged_and_the_way_past_it_told() {
    let repo = with_feature();
    // Somebody got it past the gate over there.
    repo.git(&["push", "--quiet", "--no-verify", "origin", "feature:main"]);
    repo.git(&["switch", "--quiet", "main"]);
    let ran = refused(git(&repo, &["pull", "--quiet", "--ff-only"]), &["CG201"]);
    assert!(
        ran.err
            .contains("note[CG718]: `origin/main` holds these commits already"),
        "{}",
        ran.err
    );
    let remedies = ran.remedies();
    let way = remedies.iter().find(|help| help.contains("core.hooksPath")).unwrap();
    assert_eq!(way, "git -c core.hooksPath=/dev/null merge --ff-only origin/main");
    let output = repo.command("sh").args(["-c", way]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(tip(&repo, "main"), tip(&repo, "origin/main"));
    // And then it is there, and judged no more.
    repo.write("README.md", "more\n");
    git(&repo, &["commit", "--quiet", "-am", "Explain"]).ends(0);
}

#[test]
fn what_is_certified_on_the_remote_is_pulled() {
    let repo = with_feature();
    certify(&repo, "main");
    repo.git(&["push", "--quiet", "--no-verify", "origin", "feature:main"]);
    repo.git(&["switch", "--quiet", "main"]);
    git(&repo, &["pull", "--quiet", "--ff-only"]).ends(0);
    repo.git(&["reset", "--quiet", "--hard", "HEAD~2"]);
    repo.write("README.md", "more\n");
    git(&repo, &["commit", "--quiet", "-am", "Explain"]).ends(0);
    git(&repo, &["pull", "--quiet", "--rebase"]).ends(0);
    git(&repo, &["reset", "--quiet", "--hard", "ORIG_HEAD"]).ends(0);
    git(&repo, &["pull", "--quiet", "--no-rebase", "--no-edit"]).ends(0);
}

#[test]
fn honest_work_on_main_goes_through() {
    let repo = strict();
    let commit = |content: &str, message: &str| {
        repo.write("README.md", content);
        git(&repo, &["commit", "--quiet", "-am", message]).ends(0);
    };
    commit("one\n", "One");
    commit("two\n", "Two");
    for way in [
        vec!["commit", "--quiet", "--amend", "-m", "Two, better"],
        vec!["revert", "--no-edit", "HEAD"],
        vec!["reset", "--quiet", "--hard", "HEAD~1"],
        vec!["reset", "--quiet", "--hard", "HEAD~1"],
        vec!["reset", "--quiet", "--hard", "ORIG_HEAD"],
        vec!["tag", "-a", "v1", "-m", "one"],
        vec!["notes", "add", "-m", "a note"],
        vec!["fetch", "--quiet", "origin"],
        vec!["branch", "topic"],
        vec!["worktree", "add", "--quiet", "../tree", "-b", "other"],
        vec!["switch", "--quiet", "--detach", "HEAD~1"],
        vec!["switch", "--quiet", "main"],
        vec!["bisect", "start", "HEAD", "HEAD~1"],
        vec!["bisect", "reset"],
        vec!["gc", "--quiet"],
        vec!["pack-refs", "--all"],
        vec!["branch", "--quiet", "-D", "topic"],
        vec!["branch", "release/1"],
        vec!["branch", "--quiet", "-D", "release/1"],
        vec!["reflog", "expire", "--all", "--expire=now"],
    ] {
        git(&repo, &way).ends(0);
    }
    repo.write("README.md", "stashed\n");
    for way in [vec!["stash", "--quiet"], vec!["stash", "pop", "--quiet"]] {
        git(&repo, &way).ends(0);
    }
    // A certified change to a gated file, with the certificate in the same commit, then amended.
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.git(&["add", "--all"]);
    let certify = [
        "certify",
        "gpu_memory",
        "--staged",
        "--status",
        "APPROVED",
        "--agent",
        "ann",
    ];
    run(&repo, &[&certify[..], &["--rationale", "measured"]].concat()).ends(0);
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "Change"]).ends(0);
    git(&repo, &["commit", "--quiet", "--amend", "-m", "Change, in other words"]).ends(0);
    git(&repo, &["rebase", "--quiet", "--force-rebase", "HEAD~2"]).ends(0);
}

#[test]
fn a_certificate_by_hand_survives_an_amend() {
    let repo = strict();
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.write(crate::scene::CERTIFICATE, crate::scene::of_status("APPROVED", "one"));
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "Change"]).ends(0);
    git(
        &repo,
        &[
            "commit",
            "--quiet",
            "--amend",
            "--no-verify",
            "-m",
            "Change, in other words",
        ],
    )
    .ends(0);
}

#[test]
fn a_feature_branch_is_free() {
    let repo = with_feature();
    let on_feature = tip(&repo, "feature");
    for way in [
        vec!["commit", "--quiet", "--amend", "--no-verify", "-m", "other"],
        vec!["reset", "--quiet", "--hard", "main"],
        vec!["reset", "--quiet", "--hard", &on_feature],
        vec!["cherry-pick", "--allow-empty", "--keep-redundant-commits", &on_feature],
        vec!["rebase", "--quiet", "--force-rebase", "main"],
        vec!["branch", "-m", "renamed"],
        vec!["branch", "copy"],
    ] {
        let ran = git(&repo, &way).ends(0);
        assert!(!ran.err.contains("at reference-transaction"), "{way:?}: {}", ran.err);
    }
}

#[test]
fn a_protected_branch_appears_where_its_commits_are_on_one_already() {
    let repo = with_feature();
    repo.git(&["push", "--quiet", "--no-verify", "origin", "main:refs/heads/release/1"]);
    repo.git(&["fetch", "--quiet", "origin"]);
    git(&repo, &["switch", "--quiet", "release/1"]).ends(0);
    git(&repo, &["branch", "release/2", "origin/main"]).ends(0);
    refused(git(&repo, &["branch", "release/3", "feature"]), &["CG201"]);
    repo.git(&["switch", "--quiet", "feature"]);
    // Deleted and made again, main is judged against what the remote has.
    git(&repo, &["branch", "--quiet", "-D", "main"]).ends(0);
    refused(git(&repo, &["branch", "main", "feature"]), &["CG201"]);
    git(&repo, &["branch", "main", "origin/main"]).ends(0);
    // An unrelated history is all new.
    repo.git(&["switch", "--quiet", "--orphan", "fresh"]);
    edit(&repo, 5);
    refused(git(&repo, &["branch", "release/4", "fresh"]), &["CG201"]);
    // Nor does main turn into it, which would take the policy away, too.
    refused(git(&repo, &["branch", "--force", "main", "fresh"]), &["CG201", "CG201"]);
}

#[test]
fn a_clone_whose_hooks_are_global_goes_through() {
    let repo = with_feature();
    let hooks = repo.path().join(".git/hooks");
    let global = repo.home().join("gitconfig");
    std::fs::write(&global, format!("[core]\n\thooksPath = {}\n", hooks.display())).unwrap();
    let clone = |arguments: &[&str], to: &str| {
        let mut command = repo.command("git");
        command.env("GIT_CONFIG_GLOBAL", &global).arg("clone").args(arguments);
        let ran: Ran = command.args(["../origin.git", to]).output().unwrap().into();
        ran.ends(0);
    };
    clone(&["--quiet"], "../one");
    clone(&["--quiet", "--mirror"], "../two");
    clone(&["--quiet", "--depth=1", "--no-local"], "../three");
}

#[test]
fn what_main_holds_is_not_judged_again_on_the_way_into_a_feature_branch() {
    let repo = strict();
    repo.git(&["branch", "feature"]);
    edit(&repo_past(&repo), 2);
    repo.git(&["switch", "--quiet", "feature"]);
    repo.write("NOTES.md", "mine\n");
    git(&repo, &["add", "--all"]).ends(0);
    git(&repo, &["commit", "--quiet", "-m", "Note"]).ends(0);
    let ran = git(&repo, &["merge", "--no-edit", "main"]).ends(0);
    assert!(!ran.err.contains("CG201"), "{}", ran.err);
}

/// The repository as seen without its strict hook, to bring about what the hook would refuse.
fn repo_past(repo: &TestRepo) -> PastHooks<'_> {
    let hook = repo.path().join(".git/hooks/reference-transaction");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o644)).unwrap();
    PastHooks { repo, hook }
}

struct PastHooks<'r> {
    repo: &'r TestRepo,
    hook: std::path::PathBuf,
}

impl std::ops::Deref for PastHooks<'_> {
    type Target = TestRepo;

    fn deref(&self) -> &TestRepo {
        self.repo
    }
}

impl Drop for PastHooks<'_> {
    fn drop(&mut self) {
        std::fs::set_permissions(&self.hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn a_protected_branch_does_not_become_another_name_of_a_free_one() {
    let repo = with_feature();
    repo.git(&["branch", "release/1", "main"]);
    let version = repo.ask(&["version"]);
    let minor: u32 = version.split('.').nth(1).unwrap().parse().unwrap();
    if minor < 46 {
        // Git tells its hook of symbolic refs since 2.46.
        return;
    }
    let ran = git(&repo, &["symbolic-ref", "refs/heads/main", "refs/heads/feature"]);
    assert_ne!(ran.code, Some(0));
    assert_eq!(ran.errors(), ["CG717"], "{}", ran.err);
    git(&repo, &["symbolic-ref", "refs/heads/main", "refs/heads/release/1"]).ends(0);
    refused(
        git(&repo, &["update-ref", "refs/heads/main", "feature"]),
        &["CG201", "CG201"],
    );
}

#[test]
fn a_broken_policy_says_how_to_mend_it() {
    let repo = strict();
    repo.write(".certgate/policy.yaml", "version: 1\nnonsense: yes\n");
    repo_past(&repo).commit("Break it");
    repo.write(".certgate/policy.yaml", POLICY);
    let ran = git(&repo, &["commit", "--quiet", "--no-verify", "-am", "mended"]);
    assert_ne!(ran.code, Some(0));
    let remedies = ran.remedies();
    let way = remedies.iter().find(|help| help.contains("core.hooksPath")).unwrap();
    let output = repo
        .command("sh")
        .args(["-c", &format!("{way} -m mended")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    repo.write("README.md", "more\n");
    git(&repo, &["commit", "--quiet", "-am", "Explain"]).ends(0);
}

#[test]
fn other_states_end_before_anything_is_read() {
    let elsewhere = TestRepo::empty();
    for state in ["preparing", "committed", "aborted", "something-new"] {
        let input = b"this is not what git says\n";
        let ran: Ran = elsewhere
            .certgate_with_stdin(&["hook", "reference-transaction", state], input)
            .into();
        let ran = ran.ends(0);
        assert_eq!(ran.said(), "");
    }
    let ran: Ran = elsewhere
        .certgate(&["hook", "reference-transaction", "prepared"])
        .into();
    ran.undecided("CG701");
    let repo = with_policy();
    let input = b"this is not what git says\n";
    let ran: Ran = repo
        .certgate_with_stdin(&["hook", "reference-transaction", "prepared"], input)
        .into();
    ran.undecided("CG714");
}

#[test]
fn a_first_commit_is_judged_as_the_other_hooks_judge_it() {
    let repo = TestRepo::new();
    run(&repo, &["install", "--strict"]).ends(0);
    repo.write("README.md", "hello\n");
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "Begin"]).ends(0);
    repo.write(".certgate/policy.yaml", POLICY);
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "Adopt"]).ends(0);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.git(&["add", "--all"]);
    refused(
        git(&repo, &["commit", "--quiet", "--no-verify", "-m", "Change"]),
        &["CG201"],
    );
}

#[test]
fn it_comes_and_goes_by_request() {
    let repo = strict();
    run(&repo, &["hooks"]).ends(0).writes("reference-transaction calls ");
    run(&repo, &["install"])
        .ends(0)
        .writes("reference-transaction unchanged");
    run(&repo, &["uninstall"])
        .ends(0)
        .writes("reference-transaction removed");
    run(&repo, &["hooks"])
        .ends(0)
        .writes("reference-transaction not asked for: certgate install --strict");
    run(&repo, &["install", "--strict", "--server"]).ends(2);
}

/// Git moves a renamed branch without a reference transaction; documented in the README. The push is judged.
#[test]
fn a_rename_is_told_to_no_hook_and_judged_at_the_push() {
    let repo = with_feature();
    git(&repo, &["branch", "--move", "--force", "feature", "main"]).ends(0);
    let ran = git(&repo, &["push", "origin", "main"]);
    assert_eq!(ran.errors(), ["CG201"], "{}", ran.err);
}

#[test]
fn other_formats_of_ids_and_refs_make_no_difference() {
    for format in [["--object-format=sha256"], ["--ref-format=reftable"]] {
        let repo = TestRepo::empty();
        let init = ["init", "--quiet", "--initial-branch=main", format[0]];
        if repo.try_git(&init).status.code() != Some(0) {
            // Git before 2.29 or 2.45 has no such format.
            continue;
        }
        repo.write("src/train/loop.py", "def step():\n    return 1\n");
        repo.write(".certgate/policy.yaml", POLICY);
        repo.commit("begin");
        run(&repo, &["install", "--strict"]).ends(0);
        let before = tip(&repo, "main");
        git(&repo, &["switch", "--quiet", "-c", "feature"]).ends(0);
        edit(&repo, 2);
        refused(git(&repo, &["update-ref", "refs/heads/main", "feature"]), &["CG201"]);
        refused(git(&repo, &["branch", "--force", "main", "feature"]), &["CG201"]);
        refused(git(&repo, &["branch", "release/1", "feature"]), &["CG201"]);
        git(&repo, &["branch", "release/1", "main"]).ends(0);
        assert_eq!(tip(&repo, "main"), before, "{format:?}");
        certify(&repo, "main");
        git(&repo, &["switch", "--quiet", "main"]).ends(0);
        git(&repo, &["merge", "--quiet", "--ff-only", "feature"]).ends(0);
    }
}
