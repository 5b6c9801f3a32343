//! Family: pipelines. Variables that contradict each other, are empty, or name the change itself.

use super::attacks;
use super::names::{honest_ci, in_ci};
use crate::scene::Ran;

fn job(variables: &[(&str, &str)]) -> Ran {
    in_ci(false, variables)
}

/// A change that is certified, in a job that names `main`.
fn named(variables: &[(&str, &str)]) -> Ran {
    in_ci(true, &[variables, &[("CERTGATE_TARGET", "main")]].concat())
}

attacks! {
    the_change_as_its_own_base: "the variable for the base is empty, that for the head is not", ["CG722", "CG721", "CG708"], || job(&[("CI", "true"), ("CERTGATE_BASE", ""), ("CERTGATE_HEAD", "HEAD")]), honest_ci;
    two_vendors_at_once: "GitLab's and Drone's variables, of which Drone's name an unprotected branch", ["CG201", "CG721", "CG722"], || job(&[("GITLAB_CI", "true"), ("CI_COMMIT_SHA", "HEAD"), ("CI_COMMIT_BRANCH", "main"), ("CI_COMMIT_BEFORE_SHA", "0000000000000000000000000000000000000000"), ("CI_DEFAULT_BRANCH", "main"), ("CI_PIPELINE_SOURCE", "push"), ("DRONE", "true"), ("DRONE_BUILD_EVENT", "push"), ("DRONE_COMMIT_SHA", "HEAD"), ("DRONE_COMMIT_BEFORE", "HEAD"), ("DRONE_BRANCH", "topic")]), honest_ci;
    github_without_its_event: "GitHub Actions without the file of its event", ["CG722"], || job(&[("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_BASE_REF", "main"), ("GITHUB_SHA", "HEAD")]), honest_ci;
    github_with_another_event: "GitHub Actions with an event that names nothing to judge", ["CG722"], || job(&[("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "issue_comment"), ("GITHUB_SHA", "HEAD"), ("GITHUB_REF", "refs/heads/main")]), honest_ci;
    a_push_that_begins_at_its_end: "a push whose commit before is the commit after, to a branch of GitHub's queue", ["CG201"], || job(&[("GITLAB_CI", "true"), ("CI_COMMIT_SHA", "HEAD"), ("CI_COMMIT_BRANCH", "gh-readonly-queue/main/pr-1-abc"), ("CI_COMMIT_BEFORE_SHA", "HEAD"), ("CI_DEFAULT_BRANCH", "main"), ("CI_PIPELINE_SOURCE", "push")]), honest_ci;
    a_queue_within_a_queue: "the branch of a queue for the branch of a queue for `main`", ["CG201", "CG721", "CG722", "CG702"], || job(&[("GITLAB_CI", "true"), ("CI_COMMIT_SHA", "HEAD"), ("CI_COMMIT_BRANCH", "gh-readonly-queue/gh-readonly-queue/main/pr-1-abc/pr-2-abc"), ("CI_COMMIT_BEFORE_SHA", "HEAD"), ("CI_DEFAULT_BRANCH", "main"), ("CI_PIPELINE_SOURCE", "push")]), honest_ci;
    a_merge_request_without_a_kind: "a merge request of GitLab without the type of its event", ["CG722"], || job(&[("GITLAB_CI", "true"), ("CI_PIPELINE_SOURCE", "merge_request_event"), ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"), ("CI_COMMIT_SHA", "HEAD")]), honest_ci;
    another_commit_than_is_checked_out: "CI names a commit that is not the one that is checked out", ["CG721", "CG723", "CG702", "CG201", "CG724"], || job(&[("GITLAB_CI", "true"), ("CI_PIPELINE_SOURCE", "merge_request_event"), ("CI_MERGE_REQUEST_EVENT_TYPE", "detached"), ("CI_PROJECT_ID", "1"), ("CI_MERGE_REQUEST_PROJECT_ID", "1"), ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"), ("CI_COMMIT_SHA", "4b825dc642cb6eb9a060e54bf8d69288fbee4904")]), honest_ci;
    a_target_with_an_odd_name: "CI names a target that is no name of a branch", ["CG722"], || job(&[("DRONE", "true"), ("DRONE_BUILD_EVENT", "pull_request"), ("DRONE_COMMIT_SHA", "HEAD"), ("DRONE_TARGET_BRANCH", "main^{/x}"), ("DRONE_BRANCH", "main^{/x}")]), honest_ci;
    a_queue_that_is_not_one: "`CERTGATE_QUEUES` is not GLOB=TARGET", ["CG722"], || job(&[("CERTGATE_QUEUES", "staging"), ("DRONE", "true"), ("DRONE_BUILD_EVENT", "push"), ("DRONE_COMMIT_SHA", "HEAD"), ("DRONE_COMMIT_BEFORE", "HEAD"), ("DRONE_BRANCH", "staging")]), || named(&[("CI", "true")]);
}
