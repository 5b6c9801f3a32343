//! What the variables of the other vendors say, event by event.

use super::tests::{BASE, HEAD, SOURCE, ZEROS, refused, says, variables, with};
use super::*;

/// The pairs, and others that come later and win.
type Pairs = Vec<(&'static str, &'static str)>;

#[test]
fn azure_builds_the_merge_of_a_pull_request() {
    let pairs: Pairs = vec![
        ("TF_BUILD", "True"),
        ("BUILD_REASON", "PullRequest"),
        ("BUILD_SOURCEVERSION", HEAD),
        ("BUILD_SOURCEBRANCH", "refs/pull/7/merge"),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
        ("SYSTEM_PULLREQUEST_SOURCECOMMITID", SOURCE),
    ];
    let merge = "first parent, merging 2222222222 into main";
    says(
        &variables(&pairs),
        None,
        merge,
        "1111111111 by BUILD_SOURCEVERSION",
        "main",
    );
    // For repositories that are on GitHub the name is short.
    let short = with(&pairs, &[("SYSTEM_PULLREQUEST_TARGETBRANCH", "release/1")]);
    says(
        &short,
        None,
        "first parent, merging 2222222222 into release/1",
        "1111111111 by BUILD_SOURCEVERSION",
        "release/1",
    );
    refused(
        &with(&pairs, &[("SYSTEM_PULLREQUEST_TARGETBRANCH", "")]),
        None,
        "TARGETBRANCH is not set",
    );
    refused(
        &with(&pairs, &[("SYSTEM_PULLREQUEST_TARGETBRANCH", "-x")]),
        None,
        "not the name of a branch",
    );
    refused(
        &with(&pairs, &[("BUILD_SOURCEVERSION", "main")]),
        None,
        "not an object id",
    );
    let push: Pairs = vec![
        ("TF_BUILD", "True"),
        ("BUILD_REASON", "IndividualCI"),
        ("BUILD_SOURCEVERSION", HEAD),
        ("BUILD_SOURCEBRANCH", "refs/heads/main"),
    ];
    refused(&variables(&push), None, "does not say what `main` was before");
    refused(&with(&push, &[("BUILD_SOURCEBRANCH", "refs/tags/v1")]), None, "a tag");
    refused(
        &variables(&[("TF_BUILD", "True")]),
        None,
        "BUILD_SOURCEVERSION is not set",
    );
}

#[test]
fn bitbucket_merges_the_destination_into_the_checkout() {
    let pairs: Pairs = vec![
        ("CI", "true"),
        ("BITBUCKET_BUILD_NUMBER", "7"),
        ("BITBUCKET_COMMIT", HEAD),
        ("BITBUCKET_BRANCH", "topic"),
        ("BITBUCKET_PR_ID", "7"),
        ("BITBUCKET_PR_DESTINATION_BRANCH", "main"),
    ];
    let head = "1111111111 by BITBUCKET_COMMIT or its merge";
    says(
        &variables(&pairs),
        None,
        "tip of main by BITBUCKET_PR_DESTINATION_BRANCH",
        head,
        "main",
    );
    refused(
        &with(&pairs, &[("BITBUCKET_PR_DESTINATION_BRANCH", "")]),
        None,
        "does not say what `topic` was before",
    );
}

#[test]
fn circleci_and_teamcity_need_the_target_handed_over() {
    for (mark, words) in [
        ("CIRCLECI", "pipeline values"),
        ("TEAMCITY_VERSION", "teamcity.pullRequest"),
    ] {
        refused(&variables(&[("CI", "true"), (mark, "true")]), None, words);
        let told = variables(&[("CI", "true"), (mark, "true"), ("CERTGATE_TARGET", "main")]);
        says(&told, None, "tip of main by CERTGATE_TARGET", "HEAD", "main");
    }
    refused(&variables(&[("CIRCLECI", "true"), ("CIRCLE_TAG", "v1")]), None, "a tag");
}

#[test]
fn drone_says_what_a_branch_was() {
    let pairs: Pairs = vec![
        ("CI", "true"),
        ("DRONE", "true"),
        ("DRONE_BUILD_EVENT", "pull_request"),
        ("DRONE_COMMIT_SHA", HEAD),
        ("DRONE_TARGET_BRANCH", "main"),
        ("DRONE_BRANCH", "main"),
        ("DRONE_COMMIT_BEFORE", BASE),
        ("DRONE_REPO_BRANCH", "main"),
    ];
    let merged = "1111111111 by DRONE_COMMIT_SHA or its merge";
    says(
        &variables(&pairs),
        None,
        "tip of main by DRONE_TARGET_BRANCH",
        merged,
        "main",
    );
    let push = with(&pairs, &[("DRONE_BUILD_EVENT", "push")]);
    let head = "1111111111 by DRONE_COMMIT_SHA";
    says(&push, None, "before, 3333333333 by DRONE_COMMIT_BEFORE", head, "main");
    let new: Pairs = vec![
        ("DRONE_BUILD_EVENT", "push"),
        ("DRONE_COMMIT_BEFORE", ZEROS),
        ("DRONE_BRANCH", "topic"),
    ];
    says(
        &with(&pairs, &new),
        None,
        "tip of main by DRONE_REPO_BRANCH",
        head,
        "topic",
    );
    refused(&with(&pairs, &[("DRONE_BUILD_EVENT", "tag")]), None, "a tag");
    refused(&with(&pairs, &[("DRONE_BUILD_EVENT", "cron")]), None, "`cron`");
}

#[test]
fn woodpecker_is_known_by_the_value_of_ci() {
    let pairs: Pairs = vec![
        ("CI", "woodpecker"),
        ("CI_PIPELINE_EVENT", "pull_request"),
        ("CI_COMMIT_SHA", HEAD),
        ("CI_COMMIT_TARGET_BRANCH", "main"),
        ("CI_COMMIT_BRANCH", "main"),
        ("CI_REPO_DEFAULT_BRANCH", "main"),
    ];
    let merged = "1111111111 by CI_COMMIT_SHA or its merge";
    says(
        &variables(&pairs),
        None,
        "tip of main by CI_COMMIT_TARGET_BRANCH",
        merged,
        "main",
    );
    let push = with(&pairs, &[("CI_PIPELINE_EVENT", "push")]);
    refused(&push, None, "does not say what `main` was before");
    let topic = with(&pairs, &[("CI_PIPELINE_EVENT", "push"), ("CI_COMMIT_BRANCH", "topic")]);
    says(
        &topic,
        None,
        "tip of main by CI_REPO_DEFAULT_BRANCH",
        "1111111111 by CI_COMMIT_SHA",
        "topic",
    );
    refused(&with(&pairs, &[("CI_PIPELINE_EVENT", "cron")]), None, "`cron`");
}

#[test]
fn prow_builds_on_the_base_that_it_names() {
    let pairs: Pairs = vec![
        ("CI", "true"),
        ("PROW_JOB_ID", "x"),
        ("JOB_TYPE", "presubmit"),
        ("PULL_BASE_REF", "main"),
        ("PULL_BASE_SHA", BASE),
        ("PULL_PULL_SHA", HEAD),
    ];
    let base = "3333333333 by PULL_BASE_SHA in main";
    says(
        &variables(&pairs),
        None,
        base,
        "1111111111 by PULL_PULL_SHA or its merge",
        "main",
    );
    says(&with(&pairs, &[("JOB_TYPE", "batch")]), None, base, "HEAD", "main");
    refused(&with(&pairs, &[("JOB_TYPE", "postsubmit")]), None, "postsubmit");
    refused(&with(&pairs, &[("JOB_TYPE", "periodic")]), None, "periodic");
}

#[test]
fn codebuild_says_what_the_webhook_was_about() {
    let pairs: Pairs = vec![
        ("CODEBUILD_BUILD_ID", "project:1"),
        ("CODEBUILD_RESOLVED_SOURCE_VERSION", HEAD),
        ("CODEBUILD_WEBHOOK_EVENT", "PULL_REQUEST_UPDATED"),
        ("CODEBUILD_WEBHOOK_BASE_REF", "refs/heads/main"),
        ("CODEBUILD_WEBHOOK_HEAD_REF", "refs/heads/topic"),
    ];
    let head = "1111111111 by CODEBUILD_RESOLVED_SOURCE_VERSION";
    says(
        &variables(&pairs),
        None,
        "tip of main by CODEBUILD_WEBHOOK_BASE_REF",
        head,
        "main",
    );
    let push = with(
        &pairs,
        &[
            ("CODEBUILD_WEBHOOK_EVENT", "PUSH"),
            ("CODEBUILD_WEBHOOK_PREV_COMMIT", BASE),
        ],
    );
    says(
        &push,
        None,
        "before, 3333333333 by CODEBUILD_WEBHOOK_PREV_COMMIT",
        head,
        "topic",
    );
    refused(
        &with(&pairs, &[("CODEBUILD_WEBHOOK_EVENT", "PUSH")]),
        None,
        "does not say what `topic` was before",
    );
    refused(
        &with(&pairs, &[("CODEBUILD_WEBHOOK_EVENT", "RELEASED")]),
        None,
        "`RELEASED`",
    );
    refused(
        &variables(&[("CODEBUILD_BUILD_ID", "x:1")]),
        None,
        "RESOLVED_SOURCE_VERSION is not set",
    );
}

#[test]
fn a_fork_s_pipeline_has_its_target_elsewhere() {
    let pairs: Pairs = vec![
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_EVENT_TYPE", "detached"),
        ("CI_PROJECT_ID", "2"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_MERGE_REQUEST_PROJECT_URL", "https://host/up"),
        ("CI_COMMIT_SHA", HEAD),
    ];
    let url = |variables: &Variables| match detect(variables, None).unwrap() {
        Ci::Change(change) => change.repository.map(|url| url.value),
        other => panic!("{other:?}"),
    };
    assert_eq!(url(&variables(&pairs)).as_deref(), Some("https://host/up"));
    assert_eq!(url(&with(&pairs, &[("CI_PROJECT_ID", "1")])), None);
    refused(
        &with(&pairs, &[("CI_MERGE_REQUEST_PROJECT_URL", "")]),
        None,
        "PROJECT_URL is not set",
    );
}

#[test]
fn a_push_to_a_queue_is_a_change_to_its_target() {
    let queue = "refs/heads/gh-readonly-queue/main/pr-7-3333333333333333333333333333333333333333";
    let event = format!(r#"{{"before":"{ZEROS}","after":"{HEAD}","repository":{{"default_branch":"trunk"}}}}"#);
    let github = |reference: &'static str, more: &[(&'static str, &'static str)]| {
        let pairs: Pairs = vec![
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_SHA", HEAD),
            ("GITHUB_REF", reference),
        ];
        with(&pairs, more)
    };
    let head = "1111111111 by GITHUB_SHA";
    says(
        &github(queue, &[]),
        Some(&event),
        "tip of main by GITHUB_REF",
        head,
        "main",
    );
    let staging = github("refs/heads/staging", &[("CERTGATE_QUEUES", "staging=main")]);
    says(&staging, Some(&event), "tip of main by GITHUB_REF", head, "main");
    says(
        &github("refs/heads/staging", &[]),
        Some(&event),
        "tip of trunk by repository.default_branch",
        head,
        "staging",
    );
    // Forgejo and Gitea name the call of a workflow; its payload is that of what called.
    let call = with(&[("GITHUB_EVENT_NAME", "workflow_call")], &[]);
    let mut called = github("refs/heads/main", &[]);
    called.extend(call);
    let event = event.replace(ZEROS, BASE);
    says(&called, Some(&event), "before, 3333333333 by before", head, "main");
    refused(&called, Some("{}"), "`workflow_call`");
}

#[test]
fn every_mark_of_a_vendor_means_ci() {
    for pairs in [
        &[("TRAVIS", "true")][..],
        &[("APPVEYOR", "True")],
        &[("GO_PIPELINE_LABEL", "7")],
        &[("bamboo_planKey", "X")],
        &[("CI_NAME", "codeship")],
        &[("TASK_ID", "a"), ("RUN_ID", "0")],
        &[("BUILD_NUMBER", "7")],
        &[("CONTINUOUS_INTEGRATION", "true")],
        &[("CI", "true")],
        &[("SEMAPHORE", "true"), ("CI", "false")],
    ] {
        assert!(
            matches!(detect(&variables(pairs), None).unwrap(), Ci::Unknown(_)),
            "{pairs:?}"
        );
    }
    for pairs in [&[("CI", "false")][..], &[("CI", "")], &[("TASK_ID", "a")], &[]] {
        assert_eq!(detect(&variables(pairs), None).unwrap(), Ci::Absent, "{pairs:?}");
    }
}
