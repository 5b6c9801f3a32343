//! `--timings` and `CERTGATE_TIMINGS=1`: what a run cost; and by these counts, that everything is read once and every rule runs once.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use serde_json::Value;

use crate::reports::keeps_to;
use crate::scene::{POLICY, Ran, run, stage_gated, with_policy};
use crate::support::TestRepo;

const VERDICT: &str = include_str!("../../docs/schema/verdict-v1.json");
/// How many components the policy of the scenes has.
const COMPONENTS: u64 = 2;

fn timings(repo: &TestRepo, arguments: &[&str]) -> Value {
    let mut all = vec!["check", "--timings", "--format", "json"];
    all.extend(arguments);
    let ran = run(repo, &all);
    let json = ran.json();
    keeps_to(VERDICT, &json);
    json["timings"].clone()
}

/// The count of that name in the table.
#[track_caller]
fn counted(ran: &Ran, name: &str) -> u64 {
    let line = ran.err.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("{}", ran.err)).trim().parse().unwrap()
}

fn timed(repo: &TestRepo, arguments: &[&str]) -> Ran {
    let mut command = repo.command(assert_cmd::cargo::cargo_bin("certgate"));
    command.env("CERTGATE_TIMINGS", "1").args(arguments);
    Ran::from(command.output().unwrap())
}

/// A policy with a rule on content, and as many staged files as given that it looks at.
fn with_content(files: usize) -> TestRepo {
    let repo = with_policy();
    let rule = "  - id: data_loading\n    match: { paths: [\"src/data/**\"], content: [{ pattern: 'load', paths: [\"src/**\"] }] }\n";
    let policy = POLICY.split("  - id: data_loading").next().unwrap().to_owned() + rule;
    repo.write(".certgate/policy.yaml", policy);
    repo.commit("look at content");
    for file in 0..files {
        repo.write(format!("src/app/f{file}.py"), format!("x = {file}\n"));
    }
    repo.git(&["add", "--all"]);
    repo
}

#[test]
fn every_rule_runs_once_and_every_file_is_read_once() {
    for files in [1, 63, 64, 200] {
        let repo = with_content(files);
        let found = timings(&repo, &["--staged"]);
        let files = files as u64;
        assert_eq!(found["rules_run"], COMPONENTS * files, "{files} files: {found:#}");
        assert_eq!(found["files_read"], files, "{found:#}");
        assert_eq!(found["policies_read"], 1, "{found:#}");
        assert_eq!(found["certificates_read"], 0, "{found:#}");
    }
}

#[test]
fn a_change_of_the_policy_reads_both_once() {
    let repo = with_content(100);
    repo.write(
        ".certgate/policy.yaml",
        POLICY.replace("version: 1", "version: 1\nserial: 2"),
    );
    repo.git(&["add", "--all"]);
    let staged = timings(&repo, &["--staged"]);
    assert_eq!(staged["policies_read"], 2, "{staged:#}");
    assert_eq!(
        staged["files_read"], 101,
        "the new policy asks for no content, and JSON shows the hunks of what is gated, the policy: {staged:#}"
    );
    assert_eq!(
        staged["rules_run"],
        2 * COMPONENTS * 100,
        "by the old and by the new: {staged:#}"
    );
    repo.git(&["checkout", "--quiet", "-b", "topic"]);
    repo.commit("change the policy");
    let range = timings(&repo, &["--base", "main", "--head", "topic"]);
    assert_eq!(range["policies_read"], 2, "{range:#}");
}

#[test]
fn a_message_that_announces_is_held_against_the_rules_once() {
    let repo = with_policy();
    stage_gated(&repo);
    repo.write("message", "perf: faster\n");
    let ran = timed(&repo, &["hook", "commit-msg", "message"]).ends(1);
    assert_eq!(counted(&ran, "rules run"), COMPONENTS + COMPONENTS, "{}", ran.err);
    assert_eq!(counted(&ran, "policies read"), 1, "{}", ran.err);
    repo.write("message", "tidy up\n");
    let ran = timed(&repo, &["hook", "commit-msg", "message"]).ends(0);
    assert_eq!(
        counted(&ran, "rules run"),
        COMPONENTS,
        "no file is looked at: {}",
        ran.err
    );
}

#[test]
fn a_table_is_shown_to_people_and_nothing_where_nobody_asks() {
    let repo = with_policy();
    stage_gated(&repo);
    let ran = run(&repo, &["check", "--staged", "--timings"]).ends(1);
    for row in [
        "intake",
        "policy",
        "sensitivity",
        "ledger",
        "gate",
        "verdict",
        "other",
        "total",
        "git processes",
    ] {
        let shown = ran
            .err
            .lines()
            .filter(|line| line.starts_with(&format!("{row} ")))
            .count();
        assert_eq!(shown, 1, "{row}: {}", ran.err);
    }
    let range = ["check", "--range", "HEAD..HEAD", "--timings"];
    assert!(counted(&run(&repo, &range), "git processes") > 0);
    assert!(!run(&repo, &["check", "--staged"]).err.contains("git processes"));
    assert!(!run(&repo, &["hook", "pre-commit"]).err.contains("git processes"));
    let hook = timed(&repo, &["hook", "pre-commit"]).ends(1);
    assert!(hook.out.is_empty(), "a hook says everything on standard error");
    assert_eq!(
        counted(&hook, "git processes"),
        0,
        "the index is read, and git not started"
    );
    let json = run(&repo, &["check", "--staged", "--format", "json"]).json();
    assert_eq!(json.get("timings"), None);
    // A run that could not decide has cost something, too.
    let ran = run(&repo, &["check", "--timings", "--base", "nothing"]).ends(2);
    assert_eq!(counted(&ran, "rules run"), 0, "{}", ran.err);
}
