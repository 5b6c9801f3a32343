//! Family: what names, remotes and CI mean, and what is merged. The change is uncertified; the attack has the question asked about
//! something else.

use super::attacks;
use super::world::{approval, open};
use crate::scene::{CERTIFICATE, Ran, certify_staged, git, run};
use crate::support::TestRepo;

/// A clone of a repository with a policy, on a branch `work` that is pushed to `origin`, with a gated change; certified or not.
fn clone(certified: bool) -> TestRepo {
    let mut repo = open();
    if certified {
        repo.write(CERTIFICATE, approval());
        repo.commit("Certify");
    }
    repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["push", "--quiet", "--no-verify", "origin", "main", "work"]);
    repo.git(&["remote", "set-head", "origin", "main"]);
    repo.set("CERTGATE_TEST", "1");
    repo
}

/// Something done to the clone, and then a check of the branch against a base.
fn asked(certified: bool, act: fn(&TestRepo), arguments: &[&str]) -> Ran {
    let repo = clone(certified);
    act(&repo);
    run(&repo, &[&["check"], arguments].concat())
}

fn honest() -> Ran {
    asked(true, |_| (), &["--base", "origin/main"])
}

fn does(arguments: &[&str]) -> impl Fn(&TestRepo) {
    let owned: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    move |repo| {
        let words: Vec<&str> = owned.iter().map(String::as_str).collect();
        repo.git(&words);
    }
}

/// A ref is made, and the base is called so.
fn named(made: &[&str], base: &str) -> Ran {
    let repo = clone(false);
    does(made)(&repo);
    run(&repo, &["check", "--base", base])
}

/// By variables of a CI system, on a detached head.
pub(super) fn in_ci(certified: bool, variables: &[(&str, &str)]) -> Ran {
    let mut repo = clone(certified);
    let head = repo.ask(&["rev-parse", "HEAD"]);
    repo.git(&["checkout", "--quiet", "--detach", &head]);
    for (name, value) in variables {
        repo.set(name, &value.replace("HEAD", &head));
    }
    run(&repo, &["check"])
}

pub(super) fn honest_ci() -> Ran {
    in_ci(true, &[("CI", "true"), ("CERTGATE_TARGET", "main")])
}

/// A contributor's fork, whose `main` holds the change, is a remote called `contributor`.
fn fork(certified: bool, certify_too: bool) -> TestRepo {
    let repo = clone(certified || certify_too);
    repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../fork.git"]);
    repo.git(&["remote", "add", "contributor", "../fork.git"]);
    repo.git(&["push", "--quiet", "--no-verify", "contributor", "work:main"]);
    repo.git(&["fetch", "--quiet", "contributor"]);
    repo
}

/// The fork's `main` is merged into `main`, where hooks judge.
fn merged_from_fork(certified: bool, strict: bool) -> Ran {
    let repo = fork(certified, false);
    let install: &[&str] = if strict { &["install", "--strict"] } else { &["install"] };
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("README.md", "moved on\n");
    repo.commit("move on");
    run(&repo, install).ends(0);
    git(
        &repo,
        &["merge", "--quiet", "--no-ff", "-m", "merge", "contributor/main"],
    )
}

/// A protected branch is made of the fork's `main`, under the strict hook.
fn made_of_fork(certified: bool) -> Ran {
    let repo = fork(certified, false);
    repo.write("README.md", "a branch that the policy protects is made below\n");
    repo.commit("say so");
    run(&repo, &["install", "--strict"]).ends(0);
    let ran = git(&repo, &["branch", "master", "contributor/main"]);
    // Git ends with 128 where the hook refuses.
    let code = ran.code.map(|code| if code == 128 { 1 } else { code });
    Ran { code, ..ran }
}

/// Two edits of one file far apart, each certified on its branch; the second merges cleanly onto the first.
fn two_certified_branches(then: fn(&TestRepo)) -> TestRepo {
    let repo = crate::scene::with_policy();
    let lines: String = (1..=40).map(|n| format!("x = {n}\n")).collect();
    repo.write("src/train/loop.py", &lines);
    repo.commit("Longer");
    let certify = |repo: &TestRepo, branch: &str, text: String| {
        repo.git(&["switch", "--quiet", "-c", branch, "main"]);
        repo.write("src/train/loop.py", text);
        repo.git(&["add", "--all"]);
        run(repo, &certify_staged("APPROVED", "performance-engineer")).ends(0);
        let made = repo.ask(&["ls-files", "--others", "certificates"]);
        let own = made.replace("certificates/", &format!("certificates/{branch}_"));
        std::fs::rename(repo.path().join(&made), repo.path().join(&own)).unwrap();
        repo.commit(branch);
    };
    certify(&repo, "one", lines.replace("x = 2\n", "x = 0\n"));
    certify(&repo, "two", lines.replace("x = 38\n", "x = 0\n"));
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--ff-only", "one"]);
    then(&repo);
    repo
}

fn two_certified_edits(then: fn(&TestRepo)) -> Ran {
    run(
        &two_certified_branches(then),
        &["check", "--base", "main", "--head", "two"],
    )
}

fn two_certified_edits_json(then: fn(&TestRepo)) -> String {
    let repo = two_certified_branches(then);
    run(&repo, &["check", "--base", "main", "--head", "two", "--format", "json"]).out
}

/// The same, where the branch has merged `main` and certified what came of it.
fn merged_and_certified() -> Ran {
    two_certified_edits(|repo| {
        repo.git(&["switch", "--quiet", "two"]);
        repo.git(&["merge", "--quiet", "--no-edit", "main"]);
        run(
            repo,
            &[
                "certify",
                "gpu_memory",
                "--base",
                "main",
                "--head",
                "HEAD",
                "--status",
                "APPROVED",
                "--agent",
                "performance-engineer",
                "--rationale",
                "measured again",
            ],
        )
        .ends(0);
        repo.commit("certify what was merged");
    })
}

/// Main moved: what differs then is named, with the commands that show, merge and certify it.
#[test]
fn a_target_that_has_moved_on_is_said_to_be_what_changed_it() {
    let repo = two_certified_branches(|_| ());
    let ran = run(&repo, &["check", "--base", "main", "--head", "two"]).blocks(&["CG202"]);
    let ran = ran.says("the target has moved on, and merged with it `src/train/loop.py` is not what was certified");
    let tip = repo.ask(&["rev-parse", "--short=10", "main"]);
    let ran = ran.says(&format!("git merge {tip}")).says("what the target changed");
    assert_eq!(ran.err.matches("changed after certification").count(), 0, "{}", ran.err);
}

/// Where the policy accepts it, what a clean merge makes of a certified file counts as covered, and every report says by what.
#[test]
fn a_clean_merge_counts_where_the_policy_accepts_it() {
    let accept = |repo: &TestRepo| {
        let policy = crate::scene::POLICY.replace(
            "    aliases: [gpu-mem]\n",
            "    aliases: [gpu-mem]\n    clean_merge: accept\n",
        );
        repo.write(".certgate/policy.yaml", policy);
        repo.commit("Accept clean merges");
    };
    two_certified_edits(accept).ends(0);
    // Not where there was no certificate for what was merged.
    let ran = two_certified_edits(|repo| {
        let policy = crate::scene::POLICY.replace(
            "    aliases: [gpu-mem]\n",
            "    aliases: [gpu-mem]\n    clean_merge: accept\n",
        );
        repo.write(".certgate/policy.yaml", policy);
        repo.commit("Accept clean merges");
        repo.git(&["switch", "--quiet", "two"]);
        let text = std::fs::read_to_string(repo.path().join("src/train/loop.py")).unwrap();
        repo.write("src/train/loop.py", text.replace("x = 20\n", "x = 0\n"));
        repo.commit("edit under the certificate");
    });
    assert_eq!(ran.code, Some(1), "{}", ran.said());
    let repo_says = two_certified_edits_json(accept);
    assert!(repo_says.contains("\"clean merge\""), "{repo_says}");
}

attacks! {
    a_tag_called_like_the_tracking_branch: "a tag `origin/main` at the change", ["CG736"], || named(&["tag", "origin/main"], "origin/main"), honest;
    a_tag_called_like_the_branch: "a tag `main` at the change", ["CG736"], || named(&["tag", "main"], "main"), honest;
    an_annotated_tag_called_like_the_branch: "an annotated tag `main` at the change", ["CG736"], || named(&["tag", "-a", "-m", "x", "main"], "main"), honest;
    a_branch_called_like_the_tracking_branch: "a branch `origin/main` at the change", ["CG736"], || named(&["branch", "origin/main"], "origin/main"), honest;
    a_ref_called_like_the_branch: "a ref `refs/main` at the change", ["CG736"], || named(&["update-ref", "refs/main", "HEAD"], "main"), honest;
    a_remote_head_called_like_the_branch: "a ref `refs/remotes/main` at the change", ["CG736"], || named(&["update-ref", "refs/remotes/main", "HEAD"], "main"), honest;
    a_tag_behind_a_tilde: "a tag `main` at the change, asked for as `main~0`", ["CG736"], || named(&["tag", "main"], "main~0"), honest;
    a_tag_as_the_base: "the short name of a tag at the change is the base", ["CG736"], || named(&["tag", "v1"], "v1"), honest;
    a_ref_of_no_remote: "`stranger/main`, which no remote keeps, is the base", ["CG736"], || named(&["update-ref", "refs/remotes/stranger/main", "HEAD"], "stranger/main"), honest;
    a_target_that_nobody_knows: "the target is a slip of the pen, which no entry is strict about", ["CG201"], || asked(false, |_| (), &["--base", "origin/main", "--target", "mian"]), honest;
    a_target_with_two_meanings: "a branch `origin/main` makes the target two", ["CG736"], || asked(false, |repo| { repo.git(&["branch", "origin/main"]); }, &["--base", "refs/remotes/origin/main", "--target", "origin/main"]), || asked(true, |_| (), &["--base", "refs/remotes/origin/main", "--target", "origin/main"]);
    a_target_by_its_full_name: "the target is `refs/heads/main`, which no glob matches", ["CG201"], || asked(false, |_| (), &["--base", "origin/main", "--target", "refs/heads/main"]), || asked(true, |_| (), &["--base", "origin/main", "--target", "refs/heads/main"]);
    a_target_with_blanks: "the target has blanks around it, which no glob matches", ["CG201"], || asked(false, |_| (), &["--base", "origin/main", "--target", " main "]), || asked(true, |_| (), &["--base", "origin/main", "--target", " main "]);
    azure_without_ci: "a vendor that does not set CI: Azure Pipelines", ["CG722"], || in_ci(false, &[("TF_BUILD", "True")]), honest_ci;
    codebuild_without_ci: "a vendor that does not set CI: AWS CodeBuild", ["CG722"], || in_ci(false, &[("CODEBUILD_BUILD_ID", "x:1")]), honest_ci;
    teamcity_without_ci: "a vendor that does not set CI: TeamCity", ["CG722"], || in_ci(false, &[("TEAMCITY_VERSION", "1")]), honest_ci;
    gocd_without_ci: "a vendor that does not set CI: GoCD", ["CG722"], || in_ci(false, &[("GO_PIPELINE_LABEL", "1")]), honest_ci;
    bamboo_without_ci: "a vendor that does not set CI: Bamboo", ["CG722"], || in_ci(false, &[("bamboo_planKey", "X")]), honest_ci;
    ci_said_to_be_none: "`CI=false` beside a vendor's mark", ["CG722"], || in_ci(false, &[("CI", "false"), ("TRAVIS", "true")]), honest_ci;
    a_detached_head: "a detached HEAD chooses what it is compared with", ["CG708"], || in_ci(false, &[]), || asked(true, |repo| { repo.git(&["checkout", "--quiet", "--detach"]); }, &["--base", "origin/main"]);
    a_fork_s_pipeline: "GitLab runs the pipeline in the fork, whose `main` is the base", ["CG721"], || in_ci(false, &[("GITLAB_CI", "true"), ("CI_PIPELINE_SOURCE", "merge_request_event"), ("CI_MERGE_REQUEST_EVENT_TYPE", "detached"), ("CI_PROJECT_ID", "2"), ("CI_MERGE_REQUEST_PROJECT_ID", "1"), ("CI_MERGE_REQUEST_PROJECT_URL", "https://example.org/up"), ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"), ("CI_COMMIT_SHA", "HEAD")]), || in_ci(true, &[("GITLAB_CI", "true"), ("CI_PIPELINE_SOURCE", "merge_request_event"), ("CI_MERGE_REQUEST_EVENT_TYPE", "detached"), ("CI_PROJECT_ID", "1"), ("CI_MERGE_REQUEST_PROJECT_ID", "1"), ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"), ("CI_COMMIT_SHA", "HEAD")]);
    a_push_to_a_queue: "a queue's branch, which is only warned of, becomes `main`", ["CG201"], || in_ci(false, &[("DRONE", "true"), ("DRONE_BUILD_EVENT", "push"), ("DRONE_COMMIT_SHA", "HEAD"), ("DRONE_COMMIT_BEFORE", "HEAD"), ("DRONE_BRANCH", "gh-readonly-queue/main/pr-7-abc")]), || in_ci(true, &[("DRONE", "true"), ("DRONE_BUILD_EVENT", "push"), ("DRONE_COMMIT_SHA", "HEAD"), ("DRONE_COMMIT_BEFORE", "HEAD"), ("DRONE_BRANCH", "gh-readonly-queue/main/pr-7-abc")]);
    a_queue_by_configuration: "another queue's branch, which is only warned of, becomes `main`", ["CG201"], || in_ci(false, &[("CERTGATE_QUEUES", "staging=main"), ("DRONE", "true"), ("DRONE_BUILD_EVENT", "push"), ("DRONE_COMMIT_SHA", "HEAD"), ("DRONE_COMMIT_BEFORE", "HEAD"), ("DRONE_BRANCH", "staging")]), || in_ci(true, &[("CERTGATE_QUEUES", "staging=main"), ("DRONE", "true"), ("DRONE_BUILD_EVENT", "push"), ("DRONE_COMMIT_SHA", "HEAD"), ("DRONE_COMMIT_BEFORE", "HEAD"), ("DRONE_BRANCH", "staging")]);
    a_fork_s_main_merged: "a fork's `main` counts as protected when it is merged", ["CG201"], || merged_from_fork(false, false), || merged_from_fork(true, false);
    a_fork_s_main_merged_under_the_strict_hook: "the same where every update of a ref is judged", ["CG201"], || merged_from_fork(false, true), || merged_from_fork(true, true);
    a_protected_branch_made_of_a_fork: "a protected branch is made of a fork's `main`", ["CG201"], || made_of_fork(false), || made_of_fork(true);
    a_clean_merge_that_nobody_saw: "two certified edits of one file merge into a third content", ["CG202", "CG201"], || two_certified_edits(|_| ()), merged_and_certified;
    a_conflict: "what would be merged is in conflict, so that it is not known", ["CG735"], || two_certified_edits(|repo| { repo.write("src/train/loop.py", "x = 38\n"); repo.commit("Shorter"); }), merged_and_certified;
}
