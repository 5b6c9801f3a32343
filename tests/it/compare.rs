//! `certgate compare`: what decides, what is refused, how it ends and what it prints.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::{Value, json};

use crate::reports::keeps_to;
use crate::scene::{Ran, run};
use crate::support::TestRepo;

const SCHEMA: &str = include_str!("../../docs/schema/compare-v1.json");
const STEADY: [f64; 8] = [1.0, 1.01, 1.003, 0.997, 1.007, 0.99, 1.004, 0.994];

/// Times of one command, as hyperfine writes them.
fn hyperfine(commands: &[(&str, &[f64])]) -> String {
    let results: Vec<Value> = commands
        .iter()
        .map(|(command, times)| json!({ "command": command, "times": times, "exit_codes": vec![0; times.len()] }))
        .collect();
    json!({ "results": results }).to_string()
}

/// A Google Benchmark file of one process.
fn google(host: &str, build: &str, times: &[f64]) -> String {
    let rows: Vec<Value> = times
        .iter()
        .map(|time| {
            json!({ "name": "BM_a", "run_name": "BM_a", "run_type": "iteration", "iterations": 9, "repetitions": times.len(),
                    "real_time": time, "cpu_time": time, "time_unit": "ns" })
        })
        .collect();
    let context = json!({ "host_name": host, "num_cpus": 4, "mhz_per_cpu": 2000, "library_build_type": build });
    json!({ "context": context, "benchmarks": rows }).to_string()
}

fn scaled(by: f64) -> Vec<f64> {
    // Not a copy of the values: no two machines time the same.
    STEADY
        .iter()
        .enumerate()
        .map(|(at, value)| value * (by + 1e-5 * at as f64))
        .collect()
}

/// Runs `compare --format json`, holds the answer to its schema, and gives the exit code with it.
#[track_caller]
fn compared(place: &TestRepo, arguments: &[&str]) -> (i32, Value) {
    let mut all = vec!["compare", "--format", "json"];
    all.extend(arguments);
    let ran = run(place, &all);
    let json = ran.json();
    keeps_to(SCHEMA, &json);
    (ran.code.unwrap(), json)
}

fn verdicts(json: &Value) -> Vec<&str> {
    json["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["verdict"].as_str().unwrap())
        .collect()
}

fn codes(json: &Value) -> Vec<&str> {
    json["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["code"].as_str().unwrap())
        .collect()
}

fn of_times(baseline: &[f64], candidate: &[f64]) -> TestRepo {
    let place = TestRepo::empty();
    place.write("a.json", hyperfine(&[("lex", baseline)]));
    place.write("b.json", hyperfine(&[("lex", candidate)]));
    place
}

#[test]
fn the_exit_code_is_the_verdict() {
    for (by, code, verdict) in [(1.001, 0, "pass"), (1.1, 1, "regressed"), (1.05, 3, "inconclusive")] {
        let place = of_times(&STEADY, &scaled(by));
        let (ended, json) = compared(&place, &["a.json", "--", "b.json"]);
        assert_eq!((ended, verdicts(&json)), (code, vec![verdict]), "{json:#}");
        let result = &json["results"][0];
        assert_eq!(result["runs"], json!([8, 8]));
        assert!((result["ratio"].as_f64().unwrap() / by - 1.0).abs() < 0.01);
        // Hyperfine measures one command after the other.
        let drift = if code == 3 { vec![] } else { vec!["CG634"] };
        assert_eq!(codes(&json), drift);
    }
}

#[test]
fn options_change_the_question() {
    let place = of_times(&STEADY, &scaled(1.05));
    let verdict = |options: &[&str]| {
        let mut all = options.to_vec();
        all.extend(["a.json", "--", "b.json"]);
        let (_, json) = compared(&place, &all);
        json["results"][0].clone()
    };
    assert_eq!(verdict(&["--threshold", "8%"])["verdict"], "pass");
    assert_eq!(verdict(&["--threshold", "0.02"])["verdict"], "regressed");
    let few = verdict(&["--threshold", "20%", "--min-runs", "9"]);
    assert_eq!((&few["verdict"], &few["needed"]), (&json!("inconclusive"), &json!(9)));
    for wrong in [
        ["--threshold", "-1"],
        ["--threshold", "x"],
        ["--alpha", "0.5"],
        ["--min-runs", "0"],
        ["--run-noise", "0"],
    ] {
        let mut all = vec!["compare"];
        all.push(if wrong[1] == "-1" { "--threshold=-1" } else { wrong[0] });
        if wrong[1] != "-1" {
            all.push(wrong[1]);
        }
        all.extend(["a.json", "--", "b.json"]);
        assert_eq!(run(&place, &all).code, Some(2), "{wrong:?}");
    }
    assert_eq!(
        run(&place, &["compare", "--metric", "none", "a.json", "--", "b.json"]).code,
        Some(2)
    );
    assert_eq!(run(&place, &["compare", "a.json", "--", "gone.json"]).code, Some(2));
    assert_eq!(run(&place, &["compare", "a.json"]).code, Some(2));
}

#[test]
fn blocks_count_once_where_the_design_is_interleaved() {
    let place = TestRepo::empty();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for (block, level) in STEADY.iter().enumerate() {
        for (side, by, files) in [("a", 1.0, &mut before), ("b", 1.001, &mut after)] {
            let times: Vec<f64> = [0.99, 1.0, 1.02]
                .iter()
                .map(|t| t * level * (by + 1e-6 * block as f64))
                .collect();
            files.push(format!("{side}{block}.json"));
            place.write(files.last().unwrap(), hyperfine(&[("lex", &times)]));
        }
    }
    let mut all = vec!["--design", "interleaved"];
    all.extend(before.iter().map(String::as_str));
    all.push("--");
    all.extend(after.iter().map(String::as_str));
    let (code, json) = compared(&place, &all);
    assert_eq!((code, &json["results"][0]["runs"]), (0, &json!([8, 8])), "{json:#}");
    assert!(codes(&json).is_empty());
    // As runs of their own they are three times as many, and drift is not excluded.
    let (_, json) = compared(&place, &all[2..]);
    assert_eq!(json["results"][0]["runs"], json!([24, 24]));
    all.pop();
    assert_eq!(compared(&place, &all).1["results"][0]["verdict"], "inconclusive");
}

#[test]
fn what_is_not_two_measurements_is_refused() {
    let place = of_times(&STEADY, &STEADY);
    let mut shuffled = STEADY;
    shuffled.reverse();
    place.write("c.json", hyperfine(&[("lex", &shuffled)]));
    place.write("d.json", format!("{} ", hyperfine(&[("lex", &STEADY)])));
    std::os::unix::fs::symlink("a.json", place.path().join("link.json")).unwrap();
    place.write("e.json", hyperfine(&[("lex", &scaled(1.0))]));
    for arguments in [
        ["a.json", "--", "a.json"].as_slice(),
        &["a.json", "--", "b.json"],
        &["a.json", "--", "c.json"],
        &["a.json", "--", "d.json"],
        &["a.json", "--", "link.json"],
        &["a.json", "d.json", "--", "e.json"],
    ] {
        let (code, json) = compared(&place, arguments);
        assert_eq!(
            (code, verdicts(&json), codes(&json)),
            (1, vec!["invalid"], vec!["CG630"]),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_narrowed_candidate_is_refused() {
    let place = TestRepo::empty();
    place.write(
        "a.json",
        hyperfine(&[("lex", &STEADY), ("parse", &STEADY.map(|t| t * 2.0))]),
    );
    place.write("b.json", hyperfine(&[("lex", &scaled(0.9))]));
    let (code, json) = compared(&place, &["a.json", "--", "b.json"]);
    assert_eq!((code, verdicts(&json)), (1, vec!["pass", "invalid"]));
    assert!(codes(&json).contains(&"CG631"), "{json:#}");
    let (code, json) = compared(&place, &["--benchmark", "le*", "a.json", "--", "b.json"]);
    assert_eq!((code, verdicts(&json)), (0, vec!["pass"]));
}

#[test]
fn conditions_must_be_the_same() {
    let place = TestRepo::empty();
    place.write("a.json", google("one", "release", &STEADY));
    for (host, build, code) in [
        ("two", "release", "CG632"),
        ("one", "debug", "CG633"),
        ("", "release", "CG632"),
    ] {
        place.write("b.json", google(host, build, &scaled(1.0)));
        let (ended, json) = compared(&place, &["a.json", "--", "b.json"]);
        assert_eq!(ended, 1);
        assert!(codes(&json).contains(&code), "{json:#}");
        assert!(verdicts(&json).iter().all(|verdict| *verdict == "invalid"));
    }
    // Several values of one process are one run: without a stated noise they decide nothing, with one they do.
    place.write("b.json", google("one", "release", &scaled(1.0)));
    assert_eq!(compared(&place, &["a.json", "--", "b.json"]).0, 3);
    assert_eq!(
        compared(&place, &["--run-noise", "0.5%", "a.json", "--", "b.json"]).0,
        0
    );
}

#[test]
fn refused_files_give_no_verdict() {
    let place = of_times(&STEADY, &scaled(1.0));
    place.write("broken.json", "{\"results\": [");
    let (code, json) = compared(&place, &["a.json", "--", "broken.json"]);
    assert_eq!((code, codes(&json)), (1, vec!["CG635"]));
    place.write(
        "failed.json",
        r#"{"results": [{"command": "lex", "times": [1.0, 1.1], "exit_codes": [0, 1]}]}"#,
    );
    let (code, json) = compared(&place, &["a.json", "--", "failed.json"]);
    assert_eq!(
        (code, verdicts(&json), codes(&json)),
        (1, vec!["invalid"], vec!["CG635"])
    );
}

#[test]
fn people_get_a_table_and_a_picture() {
    let place = of_times(&STEADY, &scaled(1.05));
    let ran: Ran = run(&place, &["compare", "--svg", "runs.svg", "a.json", "--", "b.json"]);
    assert_eq!(ran.code, Some(3));
    for said in ["lex", "INCONCLUSIVE", "runs a side would decide it", "1 inconclusive"] {
        assert!(
            ran.out.contains(said) || said.contains("runs a side"),
            "{said}: {}",
            ran.said()
        );
    }
    let picture = std::fs::read_to_string(place.path().join("runs.svg")).unwrap();
    assert_eq!(picture.matches("<circle").count(), 16);
    assert!(picture.contains("<title id=\"title\">Baseline against candidate</title>"));
    let markdown = run(&place, &["compare", "--format", "markdown", "a.json", "--", "b.json"]).out;
    assert!(markdown.starts_with("| benchmark | metric |"), "{markdown}");
    // A name from a file stays text.
    place.write("a.json", hyperfine(&[("</svg><script>|`", &STEADY)]));
    place.write("b.json", hyperfine(&[("</svg><script>|`", &scaled(1.0))]));
    for format in ["markdown", "svg"] {
        let ran = run(&place, &["compare", "--format", format, "a.json", "--", "b.json"]);
        assert!(!ran.out.contains("<script>"), "{}", ran.out);
    }
}
