//! The decision and the change points against values that others computed. The corpus is looked for as in `corpus.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests, outside of the test functions"
)]

use serde_json::Value;

use certgate::evidence::decide::{self, Estimate, Rule};
use certgate::evidence::exact_null::Alpha;
use certgate::evidence::trend::trend;

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

fn decided(case: &Value) -> Estimate {
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
            && expect["reason"].as_str() == found.reason.map(decide::Caveat::text)
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

fn indices(value: &Value) -> Vec<usize> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_u64().unwrap() as usize)
        .collect()
}

fn series() -> Vec<(String, Value)> {
    let directory = corpus::root().join("series");
    let Ok(entries) = std::fs::read_dir(&directory) else {
        println!("skipped: no corpus at {}", directory.display());
        return Vec::new();
    };
    let mut found: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(found.len() > 10);
    found
}

#[test]
fn every_series_has_the_change_points_that_are_expected() {
    for (name, file) in series() {
        let values: Vec<Option<f64>> = file["values"].as_array().unwrap().iter().map(Value::as_f64).collect();
        let expect = &file["expected"]["l1"];
        let found = match trend(&values) {
            Ok(found) => found,
            Err(error) => {
                assert!(expect["error"].is_string(), "{name}: {error}");
                continue;
            }
        };
        let points: Vec<usize> = found.change_points.iter().map(|point| point.index).collect();
        let expected: Vec<&Value> = expect["change_points"].as_array().unwrap().iter().collect();
        assert_eq!(
            points,
            expected
                .iter()
                .map(|p| p["index"].as_u64().unwrap() as usize)
                .collect::<Vec<_>>(),
            "{name}"
        );
        for (point, expected) in found.change_points.iter().zip(&expected) {
            assert!(
                (point.step - expected["step"].as_f64().unwrap()).abs() < 1e-9,
                "{name}: {point:?}"
            );
        }
        assert_eq!(found.count as u64, expect["n"].as_u64().unwrap(), "{name}");
        let Some(search) = found.search else {
            assert!(expect["first_pass"].is_null(), "{name}");
            continue;
        };
        assert_eq!(search.first_pass, indices(&expect["first_pass"]), "{name}");
        assert_eq!(search.second_pass, indices(&expect["second_pass"]), "{name}");
        for (figure, key) in [
            (search.scale, "scale"),
            (search.rho, "rho"),
            (search.scale2, "scale2"),
            (search.penalty, "penalty"),
            (search.cost, "cost"),
        ] {
            assert!(
                (figure - expect[key].as_f64().unwrap()).abs() < 1e-9,
                "{name}: {key} {figure}"
            );
        }
        let levels = numbers(&expect["levels"]);
        assert_eq!(found.levels.len(), levels.len(), "{name}");
        for (level, expected) in found.levels.iter().zip(levels) {
            assert!((level / expected - 1.0).abs() < 1e-9, "{name}: {level}");
        }
    }
}
