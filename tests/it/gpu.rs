//! Real measurements of a trainer on a GPU: equal code is never said to be slower, memory is decided to the byte, and what nothing supports
//! is said to be so. The values are read from the corpus, if it is there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::corpus;
use crate::measured::{Scene, policy};
use crate::scene::{Ran, run};
use crate::support::TestRepo;

/// The budgets of the trainer.
const BUDGETS: &str = "{ metric: time, benchmarks: ['policy_update_ms'], max_regression: 5% }, { metric: peak_memory_mib, max_regression: 0%, exact: true, direction: lower }";

/// The rows of the corpus of one variant; `None` where there is no corpus.
fn rows(variant: &str) -> Option<Vec<Value>> {
    let Ok(bytes) = std::fs::read(corpus::root().join("rl-training-gpu/runs.json")) else {
        println!("skipped: no corpus at {}", corpus::root().display());
        return None;
    };
    let file: Value = serde_json::from_slice(&bytes).unwrap();
    let rows = file["rows"].as_array().unwrap().iter();
    let rows: Vec<Value> = rows.filter(|row| row["variant"] == variant).cloned().collect();
    assert!(rows.len() > 4, "{variant}");
    Some(rows)
}

/// What pytest-benchmark would have written of a run.
fn times(row: &Value, metrics: &[&str], commit: &str) -> Value {
    let benchmarks: Vec<Value> = metrics
        .iter()
        .map(|metric| {
            let data: Vec<f64> = row[*metric]
                .as_array()
                .unwrap()
                .iter()
                .map(|ms| ms.as_f64().unwrap() / 1e3)
                .collect();
            json!({ "name": metric, "fullname": metric, "stats": { "rounds": data.len(), "data": data } })
        })
        .collect();
    json!({
        "machine_info": { "node": "gpu-1", "system": "Linux" },
        "commit_info": { "id": commit, "dirty": false },
        "benchmarks": benchmarks,
    })
}

/// The memory of a run, as a count.
fn memory(row: &Value, more: f64) -> Value {
    json!({ "training": { "peak_memory_mib": { "value": row["peak_memory_mib"].as_f64().unwrap() + more } } })
}

fn write(folder: &Path, side: &str, documents: impl IntoIterator<Item = Value>) -> Vec<PathBuf> {
    let folder = folder.join(side);
    std::fs::create_dir_all(&folder).unwrap();
    let start = std::fs::read_dir(&folder).unwrap().count();
    let paths = documents.into_iter().enumerate().map(|(at, document)| {
        let path = folder.join(format!("{:02}.json", start + at));
        std::fs::write(&path, document.to_string()).unwrap();
        path
    });
    paths.collect()
}

/// `certgate compare` of documents.
fn compared(options: &[&str], sides: [Vec<Value>; 2]) -> Ran {
    let place = TestRepo::empty();
    let folder = place.home().join("files");
    let [before, after] = ["baseline", "candidate"];
    let [one, other] = sides;
    let (one, other) = (write(&folder, before, one), write(&folder, after, other));
    let shown = |paths: &[PathBuf]| -> Vec<String> { paths.iter().map(|path| path.display().to_string()).collect() };
    let (one, other) = (shown(&one), shown(&other));
    let mut all = vec!["compare", "--format", "json"];
    all.extend(options);
    all.extend(one.iter().map(String::as_str));
    all.push("--");
    all.extend(other.iter().map(String::as_str));
    run(&place, &all)
}

fn verdict(ran: &Ran, benchmark: &str) -> String {
    let json = ran.json();
    let results = json["results"].as_array().unwrap();
    let found = results.iter().find(|result| result["benchmark"] == benchmark);
    found.unwrap_or_else(|| unreachable!("{json:#}"))["verdict"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn equal_code_is_never_said_to_be_slower() {
    let (Some(base), Some(same)) = (rows("base"), rows("same")) else {
        return;
    };
    let metrics = ["policy_update_ms", "episode_collection_ms", "checkpoint_save_ms"];
    let of = |rows: &[Value]| {
        rows.iter()
            .map(|row| times(row, &metrics, "unversioned"))
            .collect::<Vec<_>>()
    };
    for design in ["sequential", "interleaved"] {
        let ran = compared(&["--threshold", "5%", "--design", design], [of(&base), of(&same)]);
        for metric in metrics {
            assert!(
                ["pass", "inconclusive"].contains(&verdict(&ran, metric).as_str()),
                "{}",
                ran.said()
            );
        }
        assert!([Some(0), Some(3)].contains(&ran.code), "{}", ran.said());
    }
}

#[test]
fn memory_is_decided_to_the_byte() {
    let (Some(base), Some(same)) = (rows("base"), rows("same")) else {
        return;
    };
    let exact = [
        "--exact",
        "peak_memory_mib",
        "--direction",
        "lower",
        "--threshold",
        "0%",
    ];
    let of = |rows: &[Value], more: f64| rows.iter().map(|row| memory(row, more)).collect::<Vec<_>>();
    // The same number in every run is no copy, where it is said to be a count.
    let ran = compared(&exact, [of(&base, 0.0), of(&same, 0.0)]).ends(0);
    assert_eq!(verdict(&ran, "training"), "pass");
    let ran = compared(&exact, [of(&base[..1], 0.0), of(&same[..1], 1.0)]).ends(1);
    assert_eq!(verdict(&ran, "training"), "regressed");
    // Without a word on it, six identical files are one.
    let ran = compared(&["--direction", "lower"], [of(&base, 0.0), of(&same, 0.0)]);
    assert_eq!(ran.ends(1).json()["diagnostics"][0]["code"], "CG630");
}

/// The change in a repository of its own, certified with these runs.
fn certified(base: &[Value], same: &[Value], more: f64, rationale: &str) -> Scene {
    let scene = Scene::with(&policy(BUDGETS));
    let folder = scene.repo.home().join("measured");
    let mut arguments = Vec::new();
    for (side, rows, rev, more) in [("baseline", base, "main", 0.0), ("candidate", same, "HEAD", more)] {
        let commit = scene.commit_of(rev);
        let mut paths = write(
            &folder,
            side,
            rows.iter().map(|row| times(row, &["policy_update_ms"], &commit)),
        );
        paths.extend(write(&folder, side, rows.iter().map(|row| memory(row, more))));
        arguments.push(format!("--{side}"));
        arguments.extend(paths.iter().map(|path| path.display().to_string()));
    }
    let mut all = vec![
        "certify", "lexer", "--base", "main", "--agent", "perf", "--status", "APPROVED",
    ];
    all.extend(["--rationale", rationale]);
    all.extend(arguments.iter().map(String::as_str));
    run(&scene.repo, &all).ends(0);
    scene.repo.commit("Certify");
    scene
}

#[test]
fn the_whole_binding_decides_the_same() {
    let (Some(base), Some(same)) = (rows("base"), rows("same")) else {
        return;
    };
    let of = |scene: &Scene| run(&scene.repo, &["check", "--base", "main", "--format", "json"]);
    let shown = |ran: &Ran, metric: &str| {
        let json = ran.json();
        let evidence = json["components"][0]["evidence"].as_array().unwrap();
        evidence.iter().find(|shown| shown["metric"] == metric).unwrap().clone()
    };
    let ran = of(&certified(&base, &same, 0.0, "as fast as before"));
    let (update, memory) = (shown(&ran, "time"), shown(&ran, "peak_memory_mib"));
    assert!(
        ["pass", "inconclusive"].contains(&update["verdict"].as_str().unwrap()),
        "{update:#}"
    );
    assert_eq!(update["runs"], json!([base.len(), same.len()]));
    assert_eq!(
        (&memory["verdict"], &memory["ratio"]),
        (&"pass".into(), &1.0.into()),
        "{memory:#}"
    );
    let passes = update["verdict"] == "pass";
    assert_eq!(ran.code, Some(if passes { 0 } else { 1 }), "{}", ran.said());
    // A megabyte more is proven, from one run.
    let ran = of(&certified(&base, &same, 1.0, "as fast as before"));
    assert_eq!(shown(&ran, "peak_memory_mib")["verdict"], "regressed");
    ran.ends(1);
}

#[test]
fn that_synchronisation_costs_ten_per_cent_is_unsupported() {
    // Without a corpus: the approval brings nothing but its word.
    let scene = Scene::with(&policy(BUDGETS));
    let certify = |scene: &Scene, rationale: &str| {
        let mut all = vec![
            "certify", "lexer", "--base", "main", "--agent", "perf", "--status", "APPROVED",
        ];
        all.extend([
            "--rationale",
            rationale,
            "--finding",
            "the update was read line by line",
        ]);
        run(&scene.repo, &all).ends(0);
        scene.repo.commit("Certify");
    };
    certify(&scene, "sync costs 10 %, which is worth it");
    let ran = scene.check().ends(1);
    assert_eq!(ran.errors(), ["CG201", "CG610"], "{}", ran.said());
    assert_eq!(ran.warnings(), ["CG655"], "{}", ran.said());
    let certificate = scene.read(&scene.certificate());
    let line = certificate.lines().position(|line| line.contains("10 %")).unwrap() + 1;
    assert!(
        ran.err.contains(&format!("{}:{line}", scene.certificate())),
        "{}",
        ran.err
    );
    // Nobody asked for benchmarks: nobody is told.
    let scene = Scene::with(&policy("").replace("    budgets: []\n", ""));
    certify(&scene, "sync costs 10 %, which is worth it");
    assert!(scene.check().ends(0).warnings().is_empty());
    // What says nothing of performance is no such figure.
    let scene = Scene::with(&policy(BUDGETS));
    certify(&scene, "98 % of the tests pass");
    assert!(scene.check().ends(1).warnings().is_empty());
    // Bound files that show something else do not support it either; what they show, they do.
    let (Some(base), Some(sync)) = (rows("base"), rows("sync")) else {
        return;
    };
    let scene = certified(&base, &sync, 0.0, "sync makes policy_update_ms 40 % slower");
    assert!(scene.check().warnings().contains(&"CG655"));
    let scene = certified(&base, &sync, 0.0, "sync makes policy_update_ms 3 % slower");
    assert!(!scene.check().warnings().contains(&"CG655"));
}
