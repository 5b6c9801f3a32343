//! What each system's variables say, event by event, with payloads as the systems send them.

use super::*;

pub(super) const HEAD: &str = "1111111111111111111111111111111111111111";
pub(super) const SOURCE: &str = "2222222222222222222222222222222222222222";
pub(super) const BASE: &str = "3333333333333333333333333333333333333333";
pub(super) const ZEROS: &str = "0000000000000000000000000000000000000000";

pub(super) fn variables(pairs: &[(&str, &str)]) -> Variables {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

pub(super) fn with(pairs: &[(&str, &str)], more: &[(&str, &str)]) -> Variables {
    variables(&[pairs, more].concat())
}

/// Branch, commit, or "beginning", with the variable; then the head's variable; then the target.
fn said(variables: &Variables, event: Option<&str>) -> (String, String, Option<String>) {
    let Ci::Change(change) = detect(variables, event).unwrap() else {
        panic!("no change");
    };
    let base = match &change.base {
        CiBase::Branch(branch) => format!("tip of {} by {}", branch.value, branch.by),
        CiBase::Merge { branch, second } => format!("first parent, merging {} into {}", second.short(), branch.value),
        CiBase::Queue { id, branch } => format!("{} by {} in {}", id.value.short(), id.by, branch.value),
        CiBase::Before(id) => format!("before, {} by {}", id.value.short(), id.by),
        CiBase::Beginning(by) => format!("beginning by {by}"),
        CiBase::Revision(revision) => format!("{} by {}", revision.value, revision.by),
    };
    let head = match &change.head {
        CiHead::Checkout(id) => format!("{} by {}", id.value.short(), id.by),
        CiHead::MergedCheckout(id) => format!("{} by {} or its merge", id.value.short(), id.by),
        CiHead::Anything => "HEAD".to_owned(),
        CiHead::Elsewhere {
            id,
            reference,
            checkout,
        } => {
            format!("{} at {reference}, on {}", id.value.short(), checkout.value.short())
        }
        CiHead::Revision(revision) => format!("{} by {}", revision.value, revision.by),
    };
    (base, head, change.target.map(|target| target.value))
}

#[track_caller]
pub(super) fn says(variables: &Variables, event: Option<&str>, base: &str, head: &str, target: &str) {
    let told = said(variables, event);
    assert_eq!(told, (base.to_owned(), head.to_owned(), Some(target.to_owned())));
}

/// Refused with CG722, with a command that works, and these words.
#[track_caller]
pub(super) fn refused(variables: &Variables, event: Option<&str>, words: &str) {
    let failure = detect(variables, event).unwrap_err();
    let told = failure.diagnostics.first().unwrap();
    assert_eq!(told.code(), Code::CG722);
    assert!(told.message().contains(words), "{}", told.message());
    assert!(
        told.helps()
            .iter()
            .any(|help| help.starts_with("certgate check --base"))
    );
}

/// What GitHub sends, cut down to what tells events apart, with fields that must not matter.
fn pull_request_event(action: &str) -> String {
    format!(
        r#"{{"action":"{action}","number":7,"pull_request":{{"number":7,"state":"open","draft":false,"merge_commit_sha":"{BASE}",
        "title":"--upload-pack=x","head":{{"label":"fork:topic","ref":"topic","sha":"{SOURCE}","repo":null}},
        "base":{{"label":"acme:main","ref":"main","sha":"{BASE}"}}}},"repository":{{"id":1,"default_branch":"main"}},"sender":{{"login":"x"}}}}"#
    )
}

fn github(name: &'static str, reference: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", name),
        ("GITHUB_SHA", HEAD),
        ("GITHUB_REF", reference),
    ]
}

#[test]
fn github_pull_requests_are_judged_from_what_they_are_merged_into() {
    let merge = github("pull_request", "refs/pull/7/merge");
    let merge = with(&merge, &[("GITHUB_BASE_REF", "main"), ("GITHUB_HEAD_REF", "topic")]);
    let event = pull_request_event("synchronize");
    let base = "first parent, merging 2222222222 into main";
    says(&merge, Some(&event), base, "1111111111 by GITHUB_SHA", "main");

    // Forgejo and Gitea check the head out.
    let mut head = merge.clone();
    head.insert("GITHUB_REF".to_owned(), "refs/pull/7/head".to_owned());
    refused(&head, Some(&event), "GITHUB_SHA is neither");
    head.insert("GITHUB_SHA".to_owned(), SOURCE.to_owned());
    says(
        &head,
        Some(&event),
        "tip of main by GITHUB_BASE_REF",
        "2222222222 by GITHUB_SHA",
        "main",
    );

    refused(&merge, Some(&pull_request_event("closed")), "closed");
    refused(
        &merge,
        Some(&event.replace(r#""ref":"main""#, r#""ref":"dev""#)),
        "another branch",
    );
    refused(&merge, None, "GITHUB_EVENT_PATH is not set");
    refused(&merge, Some("{}"), "`pull_request`");
    refused(&merge, Some("not json"), "not as documented");
    refused(&merge, Some(&"[".repeat(100_000)), "not as documented");
    refused(
        &merge,
        Some(&event.replace(SOURCE, "HEAD")),
        "pull_request.head.sha is not an object id",
    );
}

#[test]
fn github_pull_request_target_judges_the_request_and_not_the_checkout() {
    let set = with(
        &github("pull_request_target", "refs/heads/main"),
        &[("GITHUB_BASE_REF", "main")],
    );
    let head = "2222222222 at refs/pull/7/head, on 1111111111";
    says(
        &set,
        Some(&pull_request_event("opened")),
        "tip of main by GITHUB_BASE_REF",
        head,
        "main",
    );
}

#[test]
fn github_merge_groups_are_judged_from_their_parent() {
    let set = variables(&github("merge_group", "refs/heads/gh-readonly-queue/main/pr-7-3333"));
    let event = format!(
        r#"{{"action":"checks_requested","merge_group":{{"head_sha":"{HEAD}","head_ref":"refs/heads/gh-readonly-queue/main/pr-7-3333",
        "base_sha":"{BASE}","base_ref":"refs/heads/main","head_commit":{{"id":"{HEAD}"}}}}}}"#
    );
    let base = "3333333333 by merge_group.base_sha in main";
    says(&set, Some(&event), base, "1111111111 by GITHUB_SHA", "main");
    refused(&set, Some(&event.replacen(HEAD, SOURCE, 1)), "merge_group.head_sha");
    refused(
        &set,
        Some(&event.replace("refs/heads/main", "refs/tags/main")),
        "merge_group.base_ref is not a branch",
    );
    refused(
        &set,
        Some(&event.replace("refs/heads/main", "refs/heads/--x")),
        "not the name of a branch",
    );
    refused(&set, Some(&event.replace(BASE, ZEROS)), "all zeros");
}

fn push_event(before: &str, main: &str) -> String {
    format!(
        r#"{{"ref":"refs/heads/topic","before":"{before}","after":"{HEAD}","created":false,"deleted":false,"forced":false,
        "base_ref":null,"commits":[],"repository":{{"default_branch":"{main}"}}}}"#
    )
}

#[test]
fn github_pushes_are_judged_from_what_the_branch_was() {
    let set = variables(&github("push", "refs/heads/topic"));
    let head = "1111111111 by GITHUB_SHA";
    let event = |before, main| push_event(before, main);
    says(
        &set,
        Some(&event(BASE, "main")),
        "before, 3333333333 by before",
        head,
        "topic",
    );
    let created = "tip of main by repository.default_branch";
    says(&set, Some(&event(ZEROS, "main")), created, head, "topic");
    says(&set, Some(&event(ZEROS, "topic")), "beginning by before", head, "topic");
    refused(
        &set,
        Some(&event(BASE, "main").replace(HEAD, SOURCE)),
        "the event's `after`",
    );
    refused(
        &variables(&github("push", "refs/tags/v1")),
        Some(&event(BASE, "main")),
        "a tag",
    );
    refused(&set, Some(&event(ZEROS, "ma..in")), "repository.default_branch");
}

#[test]
fn github_events_that_bring_no_change_are_refused() {
    for name in [
        "schedule",
        "workflow_dispatch",
        "release",
        "issue_comment",
        "pull_request_review",
    ] {
        refused(&variables(&github(name, "refs/heads/main")), Some("{}"), name);
    }
    refused(
        &variables(&[("GITHUB_ACTIONS", "true")]),
        None,
        "GITHUB_EVENT_NAME is not set",
    );
}

const GITLAB: &[(&str, &str)] = &[
    ("CI", "true"),
    ("GITLAB_CI", "true"),
    ("CI_COMMIT_SHA", HEAD),
    ("CI_DEFAULT_BRANCH", "main"),
];

fn merge_request(more: &[(&str, &str)]) -> Variables {
    let request = [
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_COMMIT_BEFORE_SHA", ZEROS),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "release/1.x"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", SOURCE),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", ""),
    ];
    with(GITLAB, &[&request, more].concat())
}

#[test]
fn gitlab_merge_requests_are_judged_from_their_target() {
    let head = "1111111111 by CI_COMMIT_SHA";
    let detached = merge_request(&[
        ("CI_MERGE_REQUEST_EVENT_TYPE", "detached"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", ""),
    ]);
    let tip = "tip of release/1.x by CI_MERGE_REQUEST_TARGET_BRANCH_NAME";
    says(&detached, None, tip, head, "release/1.x");
    for kind in ["merged_result", "merge_train"] {
        let merged = [
            ("CI_MERGE_REQUEST_EVENT_TYPE", kind),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", BASE),
        ];
        let base = "3333333333 by CI_MERGE_REQUEST_TARGET_BRANCH_SHA in release/1.x";
        says(&merge_request(&merged), None, base, head, "release/1.x");
        refused(
            &merge_request(&merged[..1]),
            None,
            "CI_MERGE_REQUEST_TARGET_BRANCH_SHA is not set",
        );
    }
    refused(&merge_request(&[]), None, "CI_MERGE_REQUEST_EVENT_TYPE is not set");
    refused(
        &merge_request(&[("CI_MERGE_REQUEST_EVENT_TYPE", "new")]),
        None,
        "does not know",
    );
    let external = with(GITLAB, &[("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME", "main")]);
    says(
        &external,
        None,
        "tip of main by CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME",
        head,
        "main",
    );
}

#[test]
fn gitlab_branches_are_judged_from_what_they_were() {
    let head = "1111111111 by CI_COMMIT_SHA";
    let push = |branch, before, source| {
        let more = [
            ("CI_COMMIT_BRANCH", branch),
            ("CI_COMMIT_BEFORE_SHA", before),
            ("CI_PIPELINE_SOURCE", source),
        ];
        with(GITLAB, &more)
    };
    let before = "before, 3333333333 by CI_COMMIT_BEFORE_SHA";
    says(&push("main", BASE, "push"), None, before, head, "main");
    says(
        &push("topic", ZEROS, "push"),
        None,
        "tip of main by CI_DEFAULT_BRANCH",
        head,
        "topic",
    );
    says(
        &push("topic", ZEROS, "web"),
        None,
        "tip of main by CI_DEFAULT_BRANCH",
        head,
        "topic",
    );
    says(
        &push("main", ZEROS, "push"),
        None,
        "beginning by CI_COMMIT_BEFORE_SHA",
        head,
        "main",
    );
    refused(&push("main", ZEROS, "schedule"), None, "source `schedule`");
    refused(&with(GITLAB, &[("CI_COMMIT_TAG", "v1")]), None, "a tag");
    refused(
        &push("-x", BASE, "push"),
        None,
        "CI_COMMIT_BRANCH is not the name of a branch",
    );
    refused(
        &push("main", "main", "push"),
        None,
        "CI_COMMIT_BEFORE_SHA is not an object id",
    );
}

#[test]
fn buildkite_pull_requests_queues_and_branches() {
    let set = |more: &[(&str, &str)]| {
        let always = [
            ("CI", "true"),
            ("BUILDKITE", "true"),
            ("BUILDKITE_COMMIT", HEAD),
            ("BUILDKITE_BRANCH", "topic"),
            ("BUILDKITE_PULL_REQUEST", "false"),
            ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", ""),
            ("BUILDKITE_TAG", ""),
            ("BUILDKITE_PIPELINE_DEFAULT_BRANCH", "main"),
        ];
        with(&always, more)
    };
    let head = "1111111111 by BUILDKITE_COMMIT";
    let request = [
        ("BUILDKITE_PULL_REQUEST", "7"),
        ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "dev"),
    ];
    let base = "tip of dev by BUILDKITE_PULL_REQUEST_BASE_BRANCH";
    says(&set(&request), None, base, head, "dev");
    let merged = [&request[..], &[("BUILDKITE_PULL_REQUEST_USING_MERGE_REFSPEC", "true")]].concat();
    says(
        &set(&merged),
        None,
        base,
        "1111111111 by BUILDKITE_COMMIT or its merge",
        "dev",
    );
    says(
        &set(&[&request[..], &[("BUILDKITE_COMMIT", "HEAD")]].concat()),
        None,
        base,
        "HEAD",
        "dev",
    );
    let queue = [
        ("BUILDKITE_MERGE_QUEUE_BASE_BRANCH", "dev"),
        ("BUILDKITE_MERGE_QUEUE_BASE_COMMIT", BASE),
    ];
    let base = "3333333333 by BUILDKITE_MERGE_QUEUE_BASE_COMMIT in dev";
    says(&set(&queue), None, base, head, "dev");
    refused(&set(&queue[..1]), None, "BUILDKITE_MERGE_QUEUE_BASE_COMMIT is not set");
    says(
        &set(&[]),
        None,
        "tip of main by BUILDKITE_PIPELINE_DEFAULT_BRANCH",
        head,
        "topic",
    );
    refused(
        &set(&[("BUILDKITE_BRANCH", "main")]),
        None,
        "does not tell what the default branch was",
    );
    refused(
        &set(&[("BUILDKITE_TAG", "v1"), ("BUILDKITE_BRANCH", "v1")]),
        None,
        "a tag",
    );
}

#[test]
fn jenkins_changes_and_branches() {
    let set = |more: &[(&str, &str)]| {
        let always = [
            ("CI", "true"),
            ("JENKINS_URL", "http://jenkins.example/"),
            ("GIT_COMMIT", HEAD),
        ];
        with(&always, more)
    };
    let change = [("CHANGE_ID", "7"), ("CHANGE_TARGET", "main"), ("BRANCH_NAME", "PR-7")];
    let head = "1111111111 by GIT_COMMIT or its merge";
    says(&set(&change), None, "tip of main by CHANGE_TARGET", head, "main");
    let branch = [("BRANCH_NAME", "main"), ("BRANCH_IS_PRIMARY", "true")];
    let head = "1111111111 by GIT_COMMIT";
    says(
        &set(&branch),
        None,
        "beginning by GIT_PREVIOUS_SUCCESSFUL_COMMIT",
        head,
        "main",
    );
    let again = [
        &branch[..],
        &[
            ("GIT_PREVIOUS_SUCCESSFUL_COMMIT", BASE),
            ("GIT_PREVIOUS_COMMIT", SOURCE),
        ],
    ]
    .concat();
    says(
        &set(&again),
        None,
        "before, 3333333333 by GIT_PREVIOUS_SUCCESSFUL_COMMIT",
        head,
        "main",
    );
    refused(&set(&branch[..1]), None, "GIT_PREVIOUS_SUCCESSFUL_COMMIT is not set");
    refused(&set(&[("TAG_NAME", "v1"), ("BRANCH_NAME", "v1")]), None, "a tag");
    refused(&set(&[]), None, "BRANCH_NAME is not set");
}

#[test]
fn the_users_own_variables_win() {
    let set = |more: &[(&str, &str)]| with(&github("schedule", "refs/heads/main"), more);
    says(
        &set(&[("CERTGATE_TARGET", "main")]),
        None,
        "tip of main by CERTGATE_TARGET",
        "HEAD",
        "main",
    );
    let all = [
        ("CERTGATE_BASE", "v1.0"),
        ("CERTGATE_HEAD", "topic"),
        ("CERTGATE_TARGET", "main"),
    ];
    says(
        &set(&all),
        None,
        "v1.0 by CERTGATE_BASE",
        "topic by CERTGATE_HEAD",
        "main",
    );
    let (base, head, target) = said(&set(&all[..1]), None);
    assert_eq!(
        (base.as_str(), head.as_str(), target),
        ("v1.0 by CERTGATE_BASE", "HEAD", None)
    );
    refused(&set(&all[1..2]), None, "CERTGATE_HEAD is set, but neither");
    refused(
        &set(&[("CERTGATE_TARGET", "a b")]),
        None,
        "CERTGATE_TARGET is not the name of a branch",
    );
}

#[test]
fn other_systems_and_none() {
    assert_eq!(detect(&variables(&[]), None).unwrap(), Ci::Absent);
    assert_eq!(
        detect(&variables(&[("CI", "false"), ("CERTGATE_BASE", "")]), None).unwrap(),
        Ci::Absent
    );
    assert_eq!(detect(&variables(&[("CI", "true")]), None).unwrap(), Ci::Unknown("CI"));
    let both = variables(&[("GITHUB_ACTIONS", "true"), ("BUILDKITE", "true")]);
    refused(&both, None, "GITHUB_ACTIONS and BUILDKITE");
}

#[test]
fn the_event_file_is_bounded_and_a_file() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("event.json");
    std::fs::write(&file, "{}").unwrap();
    assert_eq!(read_event(&file).unwrap(), "{}");
    std::fs::File::create(&file).unwrap().set_len(MOST_EVENT + 1).unwrap();
    let code = |path: &Path| read_event(path).unwrap_err().diagnostics[0].code();
    assert_eq!(code(&file), Code::CG722);
    std::fs::write(&file, b"\xff").unwrap();
    assert_eq!(code(&file), Code::CG722);
    assert_eq!(code(home.path()), Code::CG722);
    assert_eq!(code(&home.path().join("missing")), Code::CG709);
}
