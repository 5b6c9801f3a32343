//! What a policy makes of the score: files that it flags, rules that need one, and what is said of both.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::Value;

use crate::reports::keeps_to;
use crate::scene::run;
use crate::support::TestRepo;

const VERDICT: &str = include_str!("../../docs/schema/verdict-v1.json");
const SIMULATE: &str = include_str!("../../docs/schema/simulate-v1.json");
const EVALUATE: &str = include_str!("../../docs/schema/evaluate-v1.json");

const HOT: &str = "fn parse(items: &[u8]) -> Vec<u8> {\n    let mut out = Vec::new();\n    for item in items {\n        out.push(*item);\n    }\n    out\n}\n";

const RULES: &str = "components:
  - id: vectors
    match: { content: [{ pattern: 'Vec::', needs_score: 800, rule: made, paths: [\"src/**\"] }] }
  - id: docs
    match: { paths: [\"docs/hot/**\"] }
";

/// A history in which one file was worked on for performance, with a policy; and a branch.
fn history(sensitivity: &str) -> TestRepo {
    let repo = TestRepo::new();
    repo.write("src/hot.rs", HOT);
    repo.write("src/cold.rs", "fn name() -> u8 {\n    1\n}\n");
    repo.commit("feat: begin");
    for round in 0..8 {
        repo.write("src/hot.rs", format!("{HOT}// {round}\n"));
        repo.commit(&format!("perf: make parse faster ({round})"));
        repo.write("src/cold.rs", format!("fn name() -> u8 {{\n    {round}\n}}\n"));
        repo.commit(&format!("feat: name {round}"));
    }
    repo.write(".certgate/policy.yaml", format!("version: 1\n{sensitivity}{RULES}"));
    repo.commit("ci: adopt certgate");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo
}

fn edit_hot(repo: &TestRepo) {
    repo.write(
        "src/hot.rs",
        HOT.replace("out.push(*item)", "out.extend_from_slice(&[*item])"),
    );
}

fn report(repo: &TestRepo) -> Value {
    let said = run(repo, &["check", "--base", "main", "--format", "json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    keeps_to(VERDICT, &report);
    report
}

#[test]
fn what_is_flagged_warns_and_asks_for_nothing() {
    let repo = history("sensitivity: { min_rank: 98 }\n");
    edit_hot(&repo);
    repo.commit("chore: tidy");
    let said = run(&repo, &["check", "--base", "main"]).ends(0);
    assert!(
        said.err.contains("warning[CG656]: `src/hot.rs` is likely to matter"),
        "{}",
        said.err
    );
    let found = report(&repo);
    assert_eq!(
        (&found["verdict"], &found["components"]),
        (&Value::from("warn"), &Value::from(Vec::<Value>::new()))
    );
    assert_eq!(found["sensitivity"]["flagged"][0]["path"], "src/hot.rs");
    // A cold file is not flagged, nor is one that is left out.
    repo.git(&["switch", "--quiet", "--create", "cold", "main"]);
    repo.write("src/cold.rs", "fn name() -> u8 {\n    99\n}\n");
    repo.commit("chore: tidy");
    assert_eq!(report(&repo)["verdict"], "pass");
    let repo = history("sensitivity: { min_rank: 98, exclude: [\"src/hot.*\"] }\n");
    edit_hot(&repo);
    repo.commit("chore: tidy");
    assert_eq!(report(&repo)["verdict"], "pass");
}

#[test]
fn hooks_of_a_commit_leave_a_warning_out_and_a_block_in() {
    for (enforce, staged) in [("warn", 0), ("block", 1)] {
        let policy =
            format!("sensitivity: {{ min_rank: 98, enforce: {enforce} }}\nenforce: [{{ branches: [\"**\"] }}]\n");
        let repo = history(&policy);
        edit_hot(&repo);
        repo.git(&["add", "--all"]);
        let hook = run(&repo, &["hook", "pre-commit"]).ends(staged);
        assert!(!hook.said().contains("CG656"), "{}", hook.said());
        assert_eq!(repo.path().join(".git/certgate/past").exists(), enforce == "block");
        // A person who asks may wait.
        let asked = run(&repo, &["check", "--staged"]).ends(staged);
        assert_eq!(asked.said().contains("CG656"), enforce == "warn", "{}", asked.said());
    }
}

#[test]
fn what_blocks_is_gated_by_a_component_and_certified_as_ever() {
    let repo = history("sensitivity: { min_rank: 98, enforce: block, component: docs }\n");
    edit_hot(&repo);
    repo.commit("chore: tidy");
    run(&repo, &["check", "--base", "main"])
        .blocks(&["CG201"])
        .says("`docs`: no certificate covers `src/hot.rs`")
        .says("src/hot.rs: score ")
        .says(", above 98 % of the commits before");
    let found = report(&repo);
    assert_eq!(found["components"][0]["files"][0]["reasons"][0]["rule"], "score");
    let certify = [
        "certify",
        "docs",
        "--base",
        "main",
        "--status",
        "APPROVED",
        "--agent",
        "perf",
        "--rationale",
        "measured",
    ];
    run(&repo, &certify).ends(0);
    repo.commit("certify");
    run(&repo, &["check", "--base", "main"]).ends(0);
}

#[test]
fn a_rule_that_needs_a_score_counts_only_there_and_says_so() {
    let repo = history("");
    repo.write(
        "src/hot.rs",
        HOT.replace("Vec::new()", "Vec::with_capacity(items.len())"),
    );
    repo.write("src/cold.rs", "fn name() -> u8 {\n    Vec::new().len()\n}\n");
    repo.commit("chore: tidy");
    let found = report(&repo);
    let files = found["components"][0]["files"].as_array().unwrap();
    assert_eq!((files.len(), &files[0]["path"]), (1, &Value::from("src/hot.rs")));
    let reason = &files[0]["reasons"][0];
    assert_eq!(reason["needs_score"], 800);
    assert!(reason["score"].as_u64().unwrap() >= 800, "{reason}");
    let silenced = &found["sensitivity"]["silenced"][0];
    assert_eq!(
        (&silenced["path"], &silenced["component"]),
        (&Value::from("src/cold.rs"), &Value::from("vectors"))
    );
    let explained = run(&repo, &["explain", "src/hot.rs"]).ends(0).out;
    assert!(
        explained.contains("where the file's score is at least 800"),
        "{explained}"
    );
    // Nobody asks for a score where nothing matches.
    std::fs::remove_dir_all(repo.path().join(".git/certgate/past")).unwrap();
    repo.git(&["switch", "--quiet", "--create", "other", "main"]);
    repo.write("docs/hot/a.md", "x\n");
    repo.commit("docs: x");
    run(&repo, &["check", "--base", "main"]).blocks(&["CG201"]);
    assert!(!repo.path().join(".git/certgate/past").exists());
}

#[test]
fn where_little_of_a_change_is_about_speed_a_rule_is_reported() {
    let repo = history("sensitivity: { min_rank: 100, needs_change: 30 }\n");
    repo.write("src/hot.rs", HOT.replace("Vec::new()", "Vec::from([0])"));
    repo.commit("chore: tidy");
    let said = run(&repo, &["check", "--base", "main"]).ends(0);
    assert!(
        said.err
            .contains("warning[CG739]: rules match in `src/hot.rs`, and little of its change is about"),
        "{}",
        said.err
    );
    let found = report(&repo);
    assert_eq!(
        (&found["verdict"], &found["components"]),
        (&Value::from("warn"), &Value::from(Vec::<Value>::new()))
    );
    let flagged = &found["sensitivity"]["flagged"][0];
    assert_eq!(
        (
            &flagged["path"],
            &flagged["by"]["component"],
            &flagged["by"]["needs_change"]
        ),
        (&Value::from("src/hot.rs"), &Value::from("vectors"), &Value::from(30))
    );
    assert_eq!(found["sensitivity"]["silenced"][0]["needs_change"], 30);
    // The hooks of a commit do not report it.
    repo.write("src/hot.rs", HOT.replace("Vec::new()", "Vec::from([1])"));
    repo.git(&["add", "--all"]);
    let hook = run(&repo, &["hook", "pre-commit"]).ends(0);
    assert!(!hook.said().contains("CG739"), "{}", hook.said());
    // With words that the score knows, it is asked for, and the help that is printed asks for it whatever the words are.
    repo.write(
        "src/hot.rs",
        HOT.replace("Vec::new()", "Vec::with_capacity(items.len())"),
    );
    repo.commit("chore: tidy");
    assert_eq!(report(&repo)["components"][0]["id"], "vectors");
    let policy = std::fs::read_to_string(repo.path().join(".certgate/policy.yaml")).unwrap();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write(
        ".certgate/policy.yaml",
        policy.replace("needs_score: 800", "needs_score: 0"),
    );
    repo.commit("ci: ask always");
    repo.git(&["switch", "--quiet", "--create", "plain"]);
    repo.write("src/hot.rs", HOT.replace("Vec::new()", "Vec::from([0])"));
    repo.commit("chore: tidy");
    assert_eq!(report(&repo)["components"][0]["id"], "vectors");
    // Where a flag gates, nothing is taken from the rules.
    let repo = history("sensitivity: { min_rank: 100, needs_change: 30, enforce: block }\n");
    repo.write("src/hot.rs", HOT.replace("Vec::new()", "Vec::from([0])"));
    repo.commit("chore: tidy");
    assert_eq!(report(&repo)["components"][0]["id"], "vectors");
}

#[test]
fn history_shows_what_each_of_them_does() {
    let repo = history("sensitivity: { min_rank: 40 }\n");
    let policy = repo.path().join(".certgate/policy.yaml").display().to_string();
    let said = run(
        &repo,
        &["simulate", "--policy", &policy, "--commits", "--format", "json"],
    )
    .ends(0);
    let found: Value = serde_json::from_str(&said.out).unwrap();
    keeps_to(SIMULATE, &found);
    let flagged = found["rates"]["flagged"].as_u64().unwrap();
    assert!(
        flagged > 0 && found["rates"]["flagged_alone"].as_u64().unwrap() <= flagged,
        "{}",
        found["rates"]
    );
    let rows = found["commits"].as_array().unwrap();
    let by_rows = rows
        .iter()
        .filter(|row| !row["flagged"].as_array().unwrap().is_empty())
        .count();
    assert_eq!(by_rows as u64, flagged);
    // The first commit makes the vector, and its file has no past.
    let rule = found["rules"]
        .as_array()
        .unwrap()
        .iter()
        .find(|rule| rule["rule"] == "made");
    assert!(rule.is_none_or(|rule| rule["silenced"].as_u64().unwrap() + rule["commits"].as_u64().unwrap() > 0));
    let said = run(&repo, &["evaluate", "--policy", &policy, "--format", "json"]).ends(0);
    let found: Value = serde_json::from_str(&said.out).unwrap();
    keeps_to(EVALUATE, &found);
    assert_eq!(found["flagged"]["flagged"].as_u64().unwrap(), flagged);
    let either = found["either"]["flagged"].as_u64().unwrap();
    assert!(either >= flagged && either >= found["gated"]["flagged"].as_u64().unwrap());
    let people = run(&repo, &["simulate", "--policy", &policy]).ends(0).out;
    assert!(
        people.contains("flagged by the score, of rank 40 and above"),
        "{people}"
    );
}

#[test]
fn in_a_shallow_clone_a_warning_says_that_there_is_no_score() {
    let repo = history("sensitivity: { min_rank: 98 }\n");
    edit_hot(&repo);
    repo.commit("chore: tidy");
    let clone = repo.home().join("shallow");
    let url = format!("file://{}", repo.path().display());
    repo.git(&[
        "clone",
        "--quiet",
        "--depth=3",
        "--no-single-branch",
        &url,
        &clone.display().to_string(),
    ]);
    let mut program = repo.program();
    let asked = program
        .current_dir(&clone)
        .args(["check", "--base", "origin/main", "--target", "main"]);
    let said = asked.output().unwrap();
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!(said.status.code(), Some(0), "{text}");
    assert!(
        text.contains("warning[CG657]") && text.contains("git fetch --unshallow"),
        "{text}"
    );
}

#[test]
fn a_new_policy_flags_and_says_why() {
    let repo = TestRepo::new();
    repo.write("src/a.rs", HOT);
    repo.commit("begin");
    run(&repo, &["init", "--no-hooks"]).ends(0);
    let policy = std::fs::read_to_string(repo.path().join(".certgate/policy.yaml")).unwrap();
    let written = "sensitivity:\n  flag: 18%\n  min_score: 550\n  min_change: 50\n  needs_change: 150\n  enforce: warn\n  exclude: [\"**/*.{md,";
    assert!(policy.contains(written), "{policy}");
    let shown = run(&repo, &["policy", "show", "--format", "yaml", ".certgate/policy.yaml"])
        .ends(0)
        .out;
    assert!(
        shown.contains("flag: 18%") && shown.contains("needs_score: '600'"),
        "{shown}"
    );
}
