//! What history would have been asked.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use serde_json::Value;

use crate::reports::keeps_to;
use crate::scene::run;
use crate::support::TestRepo;

const SCHEMA: &str = include_str!("../../docs/schema/simulate-v1.json");

const POLICY: &str = "version: 1
components:
  - id: lexer
    match:
      paths: [\"src/lex/**\"]
      messages: ['^perf:']
  - id: loops
    match:
      content: [{ pattern: 'while', paths: [\"**/*.py\"] }, 'fsync\\(']
      functions: [\"hot_*\"]
";

/// A history of edits of each kind, a merge, a certificate, and a veto.
pub(crate) fn history() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("README.md", "hello\n");
    repo.commit("begin");
    repo.write("src/lex/a.py", "x = 1\n");
    repo.commit("lexer");
    repo.write("src/b.py", "# while nobody looks\nx = 1\n");
    repo.commit("comment");
    repo.write("src/b.py", "while True:\n    pass\n");
    repo.write("tests/test_b.py", "while True:\n    fsync(1)\n");
    repo.commit("a loop");
    repo.write("README.md", "hello again\n");
    repo.commit("perf: twice as fast");
    repo.git(&["switch", "--quiet", "--create", "topic"]);
    repo.write("src/c.rs", "fn hot_path() {\n    a();\n}\n");
    repo.commit("hot");
    repo.write("src/lex/a.py", "x = 2\n");
    repo.commit("and the lexer");
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", "topic"]);
    repo.write(".certgate/policy.yaml", POLICY);
    repo.commit("adopt");
    // One commit that adds its certificate.
    repo.write("src/lex/a.py", "x = 3\n");
    repo.git(&["add", "--all"]);
    let words = [
        "certify",
        "lexer",
        "--status",
        "GO",
        "--agent",
        "ann",
        "--rationale",
        "a constant",
    ];
    run(&repo, &words).ends(0);
    repo.commit("a certified edit");
    repo.write("docs/x.md", "y\n");
    repo.commit("docs");
    repo
}

fn simulated(repo: &TestRepo, arguments: &[&str]) -> Value {
    let ran = run(repo, &[&["simulate", "--format", "json"][..], arguments].concat()).ends(0);
    let json = ran.json();
    keeps_to(SCHEMA, &json);
    json
}

/// Each row is what `check` says of that commit by the same policy.
fn agrees(repo: &TestRepo, json: &Value, policy: &str) {
    let empty = repo.ask(&["hash-object", "-t", "tree", "/dev/null"]);
    for row in json["commits"].as_array().unwrap() {
        let commit = row["commit"].as_str().unwrap();
        let base = row["parent"].as_str().unwrap_or(&empty);
        let check = [
            "check", "--base", base, "--head", commit, "--policy", policy, "--format", "json",
        ];
        let ran = run(repo, &check);
        let verdict = ran.json();
        assert_eq!(row["verdict"], verdict["verdict"], "{row} {verdict}");
        let checked = verdict["components"].as_array().unwrap();
        let components = row["components"].as_array().unwrap();
        assert_eq!(components.len(), checked.len(), "{row} {verdict}");
        for (own, other) in components.iter().zip(checked) {
            assert_eq!((&own["id"], &own["outcome"]), (&other["id"], &other["outcome"]));
            let files: Vec<&Value> = other["files"]
                .as_array()
                .unwrap()
                .iter()
                .map(|file| &file["path"])
                .collect();
            assert_eq!(own["files"].as_array().unwrap().iter().collect::<Vec<_>>(), files);
            let kinds = |name: &Value| match name.as_str().unwrap() {
                "paths" => "path",
                "families" => "message",
                "policy" => "policy",
                numbered => match numbered.split('-').next().unwrap() {
                    "content" => "content",
                    "function" => "function",
                    "message" => "message",
                    other => panic!("{other}"),
                },
            };
            let own: BTreeSet<&str> = own["rules"].as_array().unwrap().iter().map(kinds).collect();
            let reasons = other["files"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|file| file["reasons"].as_array().unwrap());
            let reasons = reasons.chain(other["messages"].as_array().unwrap());
            let theirs: BTreeSet<&str> = reasons.map(|reason| reason["rule"].as_str().unwrap()).collect();
            assert_eq!(own, theirs, "{row} {verdict}");
        }
    }
}

#[test]
fn each_row_is_what_check_says_of_that_commit() {
    let repo = history();
    let policy = repo.path().join(".certgate/policy.yaml").display().to_string();
    let merges = simulated(&repo, &[]);
    assert_eq!(merges["commits"].as_array().unwrap().len(), 9);
    assert_eq!(merges["policy"], ".certgate/policy.yaml");
    agrees(&repo, &merges, &policy);
    let commits = simulated(&repo, &["--commits"]);
    assert_eq!(commits["commits"].as_array().unwrap().len(), 11);
    agrees(&repo, &commits, &policy);
    let packs = simulated(&repo, &["--policy", "builtin:python"]);
    agrees(&repo, &packs, "builtin:python");
}

#[test]
fn rates_rules_and_dials_are_counted() {
    let repo = history();
    let json = simulated(&repo, &[]);
    // Adoption aside, what touches a component: lexer, comment, loop, message, merge, certified edit.
    assert_eq!(json["rates"]["commits"], 9);
    let of = |id: &str| {
        let found = json["components"]
            .as_array()
            .unwrap()
            .iter()
            .find(|rate| rate["id"] == id);
        found.unwrap().clone()
    };
    let lexer = of("lexer");
    assert_eq!((&lexer["commits"], &lexer["lacking"]), (&4.into(), &3.into()));
    let loops = of("loops");
    assert_eq!((&loops["commits"], &loops["alone"]), (&3.into(), &2.into()));
    let rule = |component: &str, name: &str| {
        let rules = json["rules"].as_array().unwrap();
        let found = rules
            .iter()
            .find(|rule| rule["component"] == component && rule["rule"] == name);
        found.unwrap_or_else(|| panic!("{component}/{name}: {json}")).clone()
    };
    assert_eq!(rule("lexer", "paths")["commits"], 3);
    assert_eq!(rule("lexer", "message-1")["alone"], 1);
    assert_eq!(rule("loops", "function-1")["commits"], 1);
    let example = rule("loops", "content-1")["example"].clone();
    assert_eq!(example["path"], "src/b.py");
    // What a dial is said to change is what `check` says once it is turned.
    let gated = json["rates"]["gated"].as_u64().unwrap();
    assert_eq!(gated, 7, "the policy itself, too");
    for (change, edited) in [
        (
            "disable: [loops/content-1]",
            format!("{POLICY}disable: [loops/content-1]\n"),
        ),
        (
            "components: loops: match: { ignore: [comments, format] }",
            POLICY.replace("functions:", "ignore: [comments, format]\n      functions:"),
        ),
        (
            "exclude: [\"src/lex/**\"]",
            format!("{POLICY}exclude: [\"src/lex/**\"]\n"),
        ),
    ] {
        let dials = json["dials"].as_array().unwrap();
        let dial = dials.iter().find(|dial| dial["change"] == change);
        let dial = dial.unwrap_or_else(|| panic!("{change}: {dials:?}"));
        let file = repo.home().join("turned.yaml");
        std::fs::write(&file, edited).unwrap();
        let turned = simulated(&repo, &["--policy", file.to_str().unwrap()]);
        assert_eq!(dial["gated"], turned["rates"]["gated"], "{change}");
        assert_eq!(dial["block"], turned["rates"]["block"], "{change}");
        assert!(dial["gated"].as_u64().unwrap() < gated, "{change}");
    }
    let warns =
        json["dials"].as_array().unwrap().iter().find(|dial| {
            dial["change"] == "components: lexer: enforce: { pre-commit: warn, pre-push: warn, merge: warn }"
        });
    assert_eq!(warns.unwrap()["gated"], gated);
}

#[test]
fn a_stretch_is_chosen_and_shown_to_people() {
    let repo = history();
    assert_eq!(
        simulated(&repo, &["--last", "2"])["commits"].as_array().unwrap().len(),
        2
    );
    assert_eq!(
        simulated(&repo, &["--range", "HEAD~3..HEAD"])["commits"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        simulated(&repo, &["--since", "2001-01-01"])["commits"]
            .as_array()
            .unwrap()
            .len(),
        9
    );
    run(&repo, &["simulate", "--since", "1d"]).undecided("CG662");
    run(&repo, &["simulate", "--since", "soon"]).undecided("CG700");
    run(&repo, &["simulate", "--range", "HEAD~3..nope"]).undecided("CG702");
    run(&repo, &["simulate", "--policy", "builtin:nope"]).undecided("CG007");
    let before = crate::scene::state(&repo);
    let ran = run(&repo, &["simulate"]).ends(0);
    for heading in [
        "# 9 commits, judged by `.certgate/policy.yaml`",
        "## By component",
        "## The noisiest rules",
        "## What each dial would change",
        "## Time",
    ] {
        assert!(ran.out.contains(heading), "{heading}: {}", ran.out);
    }
    assert!(ran.out.contains("| `loops/content-1` | 2 | 1 |"), "{}", ran.out);
    assert_eq!(crate::scene::state(&repo), before);
    // On a branch that only warns nothing is blocked.
    let warned = format!("{POLICY}enforce: [{{ branches: main }}, {{ branches: \"**\", merge: warn }}]\n");
    repo.write(".certgate/policy.yaml", warned);
    let json = simulated(&repo, &["--target", "topic"]);
    assert_eq!(
        (&json["rates"]["block"], &json["rates"]["warn"]),
        (&0.into(), &6.into()),
        "{json}"
    );
}

#[test]
fn where_a_shallow_clone_ends_is_no_root() {
    let repo = history();
    let clone = repo.home().join("shallow");
    let from = format!("file://{}", repo.path().display());
    repo.git(&["clone", "--quiet", "--depth", "3", &from, clone.to_str().unwrap()]);
    let ran = repo.command(assert_cmd::cargo::cargo_bin!("certgate"));
    let mut ran = ran;
    let output = ran
        .current_dir(&clone)
        .args(["simulate", "--format", "json"])
        .output()
        .unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["commits"].as_array().unwrap().len(), 2, "{json}");
    assert!(
        json["commits"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["parent"].is_string())
    );
}
