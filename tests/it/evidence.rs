//! `certgate evidence`: benchmark files and profiles, as tables and JSON.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::Value;

use crate::reports::keeps_to;
use crate::scene::{Ran, run};
use crate::support::TestRepo;

const SCHEMA: &str = include_str!("../../docs/schema/evidence-v1.json");
const HYPERFINE: &str = r#"{"results": [{"command": "ls", "median": 0.02, "times": [0.01, 0.02, 0.03], "exit_codes": [0, 0, 0]},
    {"command": "::error::x", "times": [0.01], "exit_codes": [1]}]}"#;

/// No repository is needed.
fn with(files: &[(&str, &str)]) -> TestRepo {
    let place = TestRepo::empty();
    for (path, text) in files {
        place.write(path, text);
    }
    place
}

fn json(place: &TestRepo, paths: &[&str]) -> (Ran, Value) {
    let ran = run(place, &[&["evidence", "--format", "json"], paths].concat());
    let json = ran.json();
    keeps_to(SCHEMA, &json);
    (ran, json)
}

#[test]
fn what_is_read_and_what_is_refused_is_shown() {
    let place = with(&[("bench", HYPERFINE)]);
    let ran = run(&place, &["evidence", "bench"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    assert!(
        ran.out.contains("bench: hyperfine") && ran.out.contains("0.02 s"),
        "{}",
        ran.said()
    );
    assert!(
        ran.said().contains("CG606") && ran.said().contains("exit codes 1"),
        "{}",
        ran.said()
    );
    assert!(
        !ran.out.lines().any(|line| line.trim_start().starts_with("::")),
        "{}",
        ran.out
    );
    let (ran, json) = json(&place, &["bench"]);
    assert_eq!(ran.code, Some(0));
    let file = &json["files"][0];
    assert_eq!(
        (file["path"].as_str(), file["format"].as_str()),
        (Some("bench"), Some("hyperfine"))
    );
    let expected = serde_json::json!({"benchmark": "ls", "metric": "time", "unit": "s", "direction": "lower", "kind": "runs",
        "runs": 3, "samples": 3, "value": 0.02, "note": ""});
    assert_eq!(file["measurements"][0], expected);
    assert_eq!(file["measurements"][1]["kind"], "invalid");
    assert_eq!(file["measurements"][1]["note"], "exit codes 1");
    assert_eq!(file["diagnostics"][0]["code"], "CG606");
}

#[test]
fn a_refused_file_is_exit_one() {
    let place = with(&[
        ("cut.json", HYPERFINE.split("0.03").next().unwrap()),
        ("edited.json", &HYPERFINE.replace("0.02, \"times\"", "0.015, \"times\"")),
        ("other.txt", "hello\n"),
        ("good.json", HYPERFINE),
    ]);
    for (file, code, reason) in [
        ("cut.json", "CG603", "not JSON to the end"),
        ("other.txt", "CG602", "not a benchmark file of a known format"),
    ] {
        let (ran, json) = json(&place, &["good.json", file]);
        assert_eq!(ran.code, Some(1), "{}", ran.said());
        let refused = &json["files"][1];
        assert_eq!(refused["format"], Value::Null);
        assert_eq!(refused["measurements"][0]["benchmark"], "*");
        assert_eq!(refused["measurements"][0]["note"], reason);
        assert_eq!(refused["diagnostics"][0]["code"], code);
    }
    // Nothing in it may be used.
    let (ran, json) = json(&place, &["edited.json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.said());
    assert_eq!(json["files"][0]["diagnostics"][0]["code"], "CG607");
    assert_eq!(run(&place, &["evidence", "missing.json"]).code, Some(2));
    assert_eq!(run(&place, &["evidence"]).code, Some(2));
}

#[test]
fn criterion_is_a_directory() {
    let place = with(&[
        ("b/new/benchmark.json", r#"{"full_id": "b"}"#),
        ("b/new/sample.json", r#"{"iters": [1.0, 2.0], "times": [10.0, 24.0]}"#),
        ("b/new/estimates.json", r#"{"median": {"point_estimate": 11.0}}"#),
    ]);
    let (ran, json) = json(&place, &["b/new"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    assert_eq!(json["files"][0]["measurements"][0]["value"], 11.0);
    let ran = run(&place, &["evidence", "b"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.said().contains("CG605") && ran.said().contains("certgate evidence b/new"),
        "{}",
        ran.said()
    );
}

#[test]
fn profiles_give_functions_with_their_shares() {
    let place = with(&[("stacks", "main;work 3\nmain 1\n")]);
    let (ran, json) = json(&place, &["stacks"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    let axis = &json["files"][0]["profile"][0];
    assert_eq!(axis["total"], 4.0);
    let expected = serde_json::json!({"name": "work", "file": null, "line": null, "self": 3.0, "inclusive": 3.0,
        "self_share": 0.75, "inclusive_share": 0.75});
    assert_eq!(axis["functions"][0], expected);
    let ran = run(&place, &["evidence", "stacks"]);
    assert!(ran.out.contains("75.0 %") && ran.out.contains("100.0 %"), "{}", ran.out);
}
