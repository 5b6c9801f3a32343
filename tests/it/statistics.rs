//! The decision and the change points against values that others computed. The corpus is looked for as in `corpus.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests, outside of the test functions"
)]

use serde_json::Value;

use certgate::evidence::decide::{self, Decision, Rule};
use certgate::evidence::exact_null::Alpha;

use super::corpus;

fn json(path: &str) -> Option<Value> {
    let bytes = std::fs::read(corpus::root().join(path));
    let Ok(bytes) = bytes else {
        println!("skipped: no corpus at {}", corpus::root().display());
        return None;
    };
    Some(serde_json::from_slice(&bytes).unwrap())
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Both are there and equal to 1e-9, or neither is.
fn agree(found: Option<f64>, expected: &Value) -> bool {
    match (found, expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs(),
        (found, expected) => found.is_none() && expected.is_none(),
    }
}

fn decided(case: &Value) -> Decision {
    let rule = Rule {
        threshold: case["threshold"].as_f64().unwrap(),
        alpha: Alpha::new(case["alpha"].as_f64().unwrap()).unwrap(),
        higher_is_better: case["direction"] == "higher",
    };
    let (baseline, candidate) = (numbers(&case["baseline"]), numbers(&case["candidate"]));
    match case["kind"].as_str().unwrap() {
        "runs" => decide::runs(&rule, &baseline, &candidate),
        "single" => decide::single(&rule, &baseline, &candidate, case["sigma_run"].as_f64().unwrap()),
        "exact" => decide::exact(&rule, &baseline, &candidate),
        kind => panic!("{kind}"),
    }
}

#[test]
fn every_vector_is_decided_as_expected() {
    let Some(file) = json("benchmarks/decision-vectors.json") else {
        return;
    };
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() > 300);
    let mut wrong = Vec::new();
    for case in cases {
        let (expect, found) = (&case["expect"], decided(case));
        let (lower, upper) = match (found.plain, case["kind"] == "exact") {
            (_, true) => (None, None),
            (plain, false) => (plain.map(|p| p.0), plain.map(|p| p.1)),
        };
        let bounds =
            case["kind"] == "exact" || (agree(found.lower, &expect["lb"]) && agree(found.upper, &expect["ub"]));
        let k = expect["k"]
            .as_u64()
            .is_none_or(|k| found.k.map(|k| k as u64) == Some(k));
        let same = expect["verdict"].as_str().unwrap().to_lowercase() == found.verdict.word()
            && agree(found.ratio, &expect["rho"])
            && bounds
            && k
            && agree(lower, &expect["lb_plain"])
            && agree(upper, &expect["ub_plain"])
            && agree(found.error, &expect["se"])
            && expect["reason"].as_str() == found.reason.map(decide::Reason::text)
            && (expect["resolution"].is_null() || agree(found.resolution, &expect["resolution"]));
        if !same {
            wrong.push(format!("{}: {found:?}, expected {expect}", case["id"]));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}
