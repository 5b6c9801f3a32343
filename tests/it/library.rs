//! The library alone answers what the program answers: over scenes of the full story, its judgement as JSON is byte for byte that of
//! `check --format json`.
#![allow(clippy::unwrap_used, clippy::panic)]

use certgate::change::CommitMessage;
use certgate::diagnostic::Style;
use certgate::gate::{Judgement, Question, Undecided, add_hunks, add_sensitivity, judge};
use certgate::git::Repository;
use certgate::intake::ci::Ci;
use certgate::intake::refs::{RefOutcome, RefOutcomes, pre_push, pre_receive, reference_transaction};
use certgate::intake::{Chosen, announced, resolve, staged};
use certgate::policy::Stage;
use certgate::report::{diagnostics, summary, verdict};
use certgate::verdict::Verdict;

use crate::scene::{
    CERTIFICATE, POLICY, by_hand, certify_staged, minutes_ago, of_status, run, stage_gated, with_policy,
};
use crate::support::TestRepo;

/// The message of a commit in the making.
fn message(text: &[u8]) -> CommitMessage {
    CommitMessage {
        id: None,
        text: text.to_vec(),
        unread: None,
    }
}

fn open(repo: &TestRepo) -> Repository {
    Repository::open_at(repo.path()).unwrap()
}

/// Asserts that the library judges as expected and that the program, asked the same, says the same.
#[track_caller]
fn same(repo: &TestRepo, mut judgement: Judgement, arguments: &[&str], expected: Verdict) {
    let repository = open(repo);
    add_hunks(&repository, &mut judgement).unwrap();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| *argument == name)?;
        arguments.get(at + 1).copied()
    };
    let chosen = Chosen {
        staged: arguments.contains(&"--staged"),
        base: value("--base"),
        head: value("--head"),
        range: value("--range"),
        target: value("--target"),
    };
    let question = resolve(&repository, &chosen, &Ci::Absent).unwrap();
    add_sensitivity(&repository, &question, &mut judgement).unwrap();
    let mut all = vec!["check", "--format", "json"];
    all.extend(arguments);
    let ran = run(repo, &all);
    assert_eq!(verdict(&judgement, None), ran.out, "{}", ran.err);
    assert_eq!(judgement.verdict(), expected, "{}", ran.said());
    assert_eq!(ran.code, Some(i32::from(expected == Verdict::Block)));
}

#[track_caller]
fn staged_is(repo: &TestRepo, expected: Verdict) {
    let repository = open(repo);
    let question = staged(&repository, Stage::PreCommit).unwrap();
    same(repo, judge(&repository, &question).unwrap(), &["--staged"], expected);
}

fn chosen(repo: &TestRepo, chosen: Chosen<'_>) -> Result<Judgement, Undecided> {
    let repository = open(repo);
    let question: Question = resolve(&repository, &chosen, &Ci::Absent)?;
    judge(&repository, &question)
}

/// A repository whose branch `topic` changes a gated file.
fn with_topic() -> TestRepo {
    let repo = with_policy();
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    stage_gated(&repo);
    repo.commit("another loop");
    repo
}

#[test]
fn staged_and_not_gated() {
    let repo = with_policy();
    staged_is(&repo, Verdict::Pass);
    repo.write("README.md", "hello, world\n");
    repo.git(&["add", "--all"]);
    staged_is(&repo, Verdict::Pass);
}

#[test]
fn staged_and_not_certified() {
    let repo = with_policy();
    stage_gated(&repo);
    staged_is(&repo, Verdict::Block);
}

#[test]
fn staged_and_certified_and_changed_after_that() {
    let repo = with_policy();
    stage_gated(&repo);
    run(&repo, &certify_staged("APPROVED", "performance-engineer")).ends(0);
    repo.git(&["add", "--all"]);
    staged_is(&repo, Verdict::Pass);
    repo.write("src/train/loop.py", "def step():\n    return 3\n");
    repo.git(&["add", "--all"]);
    staged_is(&repo, Verdict::Block);
}

#[test]
fn staged_and_refused() {
    for status in ["REJECTED", "REQUIRES_REMEDIATION", "EMERGENCY_STOP"] {
        let repo = with_policy();
        repo.write(CERTIFICATE, of_status(status, "R-1"));
        repo.commit("refuse");
        stage_gated(&repo);
        staged_is(&repo, Verdict::Block);
    }
}

#[test]
fn staged_with_a_certificate_that_nobody_can_read() {
    let repo = with_policy();
    stage_gated(&repo);
    repo.write(CERTIFICATE, by_hand("**Status**: NOT APPROVED", "N-1", &minutes_ago(2)));
    repo.git(&["add", "--all"]);
    staged_is(&repo, Verdict::Block);
}

#[test]
fn staged_where_a_branch_only_warns() {
    let repo = with_topic();
    repo.write("src/train/loop.py", "def step():\n    return 4\n");
    repo.git(&["add", "--all"]);
    staged_is(&repo, Verdict::Warn);
}

#[test]
fn staged_without_any_policy_and_with_the_first_one() {
    let repo = TestRepo::new();
    repo.write("Cargo.toml", "[package]\nname = \"x\"\n");
    repo.commit("begin");
    staged_is(&repo, Verdict::Pass);
    repo.write(".certgate/policy.yaml", POLICY);
    stage_gated(&repo);
    staged_is(&repo, Verdict::Block);
}

#[test]
fn staged_with_another_policy() {
    let repo = with_policy();
    repo.write(".certgate/policy.yaml", POLICY.replace("src/data/**", "**"));
    repo.write("README.md", "hello, world\n");
    repo.git(&["add", "--all"]);
    staged_is(&repo, Verdict::Block);
    repo.write(".certgate/policy.yaml", "version: 1\ncomponent: []\n");
    repo.git(&["add", "--all"]);
    staged_is(&repo, Verdict::Block);
}

/// No option of `check` takes a message, and a hook has no JSON, so there is none to compare. What the hook prints is compared instead,
/// byte for byte: the diagnostics and the line that says how it ended.
#[test]
fn a_message_that_announces() {
    let repo = with_policy();
    stage_gated(&repo);
    let repository = open(&repo);
    let nothing = announced(&repository, message(b"tidy up\n")).unwrap();
    assert!(nothing.is_none(), "nothing is asked");
    let question = announced(&repository, message(b"perf: faster\n")).unwrap().unwrap();
    let judgement = judge(&repository, &question).unwrap();
    assert_eq!(judgement.verdict(), Verdict::Block);
    repo.write("message", "perf: faster\n");
    let ran = run(&repo, &["hook", "commit-msg", "message"]).ends(1);
    let width = 80;
    let style = Style {
        width,
        ..Style::default()
    };
    let told = diagnostics(&judgement.diagnostics, style, false);
    assert_eq!(ran.err, format!("{told}{}", summary(&judgement)));
}

#[test]
fn a_range() {
    let repo = with_topic();
    let (base, head) = (Some("main"), Some("topic"));
    let found = chosen(
        &repo,
        Chosen {
            base,
            head,
            ..Chosen::default()
        },
    )
    .unwrap();
    same(&repo, found, &["--base", "main", "--head", "topic"], Verdict::Block);
    let range = Some("main..topic");
    let found = chosen(
        &repo,
        Chosen {
            range,
            ..Chosen::default()
        },
    )
    .unwrap();
    same(&repo, found, &["--range", "main..topic"], Verdict::Block);
    let nothing = chosen(&repo, Chosen::default()).unwrap();
    same(&repo, nothing, &[], Verdict::Block);
}

#[test]
fn a_range_into_another_branch_at_another_stage_by_another_policy() {
    let repo = with_topic();
    let found = chosen(
        &repo,
        Chosen {
            base: Some("main"),
            head: Some("topic"),
            target: Some("elsewhere"),
            ..Chosen::default()
        },
    );
    let target = ["--base", "main", "--head", "topic", "--target", "elsewhere"];
    // The branch that the base names is the stricter one.
    same(&repo, found.unwrap(), &target, Verdict::Block);
    let repository = open(&repo);
    let range = Chosen {
        range: Some("main..topic"),
        ..Chosen::default()
    };
    let question = resolve(&repository, &range, &Ci::Absent).unwrap();
    assert_eq!((question.change().files.len(), question.told()), (1, None));
    let question = question.at(Stage::PrePush).tried_by("builtin:rust");
    let arguments = [
        "--range",
        "main..topic",
        "--stage",
        "pre-push",
        "--policy",
        "builtin:rust",
    ];
    same(&repo, judge(&repository, &question).unwrap(), &arguments, Verdict::Pass);
}

#[test]
fn a_range_that_is_certified() {
    let repo = with_policy();
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    stage_gated(&repo);
    run(&repo, &certify_staged("CONDITIONALLY_APPROVED", "performance-engineer")).ends(2);
    run(&repo, &certify_staged("APPROVED", "performance-engineer")).ends(0);
    repo.git(&["add", "--all"]);
    repo.commit("perf: another loop");
    let range = Some("main..topic");
    let found = chosen(
        &repo,
        Chosen {
            range,
            ..Chosen::default()
        },
    )
    .unwrap();
    same(&repo, found, &["--range", "main..topic"], Verdict::Pass);
}

#[test]
fn what_cannot_be_answered_is_no_judgement() {
    let repo = with_policy();
    let base = Some("nothing");
    let undecided = chosen(
        &repo,
        Chosen {
            base,
            ..Chosen::default()
        },
    )
    .unwrap_err();
    let ran = run(&repo, &["check", "--base", "nothing", "--format", "json"]).ends(2);
    assert_eq!(certgate::report::failure(&undecided.diagnostics), ran.out);
    assert!(undecided.to_string().starts_with("CG702: "), "{undecided}");
}

/// The one judgement among what was found of refs.
#[track_caller]
fn only(outcome: RefOutcomes) -> Judgement {
    let mut found = outcome.found;
    match (found.pop(), found.is_empty()) {
        (Some(RefOutcome::Judged(judgement)), true) => *judgement,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pushes_and_what_arrives_and_what_moves() {
    let repo = with_topic();
    let (old, new) = (repo.ask(&["rev-parse", "main"]), repo.ask(&["rev-parse", "topic"]));
    let (old, new) = (old.trim(), new.trim());
    repo.git(&["update-ref", "refs/remotes/origin/main", old]);
    let repository = open(&repo);
    let asked = |stage| ["--base", old, "--head", new, "--target", "main", "--stage", stage];

    let lines = format!("refs/heads/topic {new} refs/heads/main {old}\n");
    let pushed = pre_push(&repository, Some("origin"), Some(lines.as_bytes())).unwrap();
    assert!(pushed.blocks() && pushed.refuses());
    same(&repo, only(pushed), &asked("pre-push"), Verdict::Block);

    let lines = format!("{old} {new} refs/heads/main\n");
    let arrived = pre_receive(&repository, lines.as_bytes()).unwrap();
    assert_eq!(arrived.refs, 1);
    same(&repo, only(arrived), &asked("pre-receive"), Verdict::Block);

    let moved = reference_transaction(&repository, &["prepared".into()], lines.as_bytes()).unwrap();
    same(&repo, only(moved), &asked("reference-transaction"), Verdict::Block);

    let lines = format!("{old} {} refs/heads/main\n", "0".repeat(old.len()));
    let deleted = pre_receive(&repository, lines.as_bytes()).unwrap();
    assert!(
        matches!(deleted.found.as_slice(), [RefOutcome::Refused(_)]),
        "{deleted:?}"
    );
}
