//! pyperf's JSON: every run with values is a process; runs that only calibrate have none.
//!
//! Source: pyperf's "JSON format", version 1.0 (files of 0.6 and later read the same). Metadata that all benchmarks share is given once.

use super::Read;
use super::check::{count_fault, time_fault};
use super::json::Json;
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is(document: &Json) -> bool {
    let benchmarks = document.get("benchmarks").and_then(Json::list);
    document.get("version").is_some()
        && benchmarks.is_some_and(|benchmarks| {
            let runs = |benchmark: &Json| benchmark.get("runs").is_some_and(|runs| runs.list().is_some());
            !benchmarks.is_empty() && benchmarks.iter().all(runs)
        })
}

pub(super) fn read(document: &Json) -> Read {
    let benchmarks = document.get("benchmarks").and_then(Json::list).unwrap_or_default();
    let rows = benchmarks.iter().map(|entry| benchmark(document, entry)).collect();
    (rows, provenance(document, benchmarks))
}

/// A datum of a benchmark, or one that all share.
fn metadata<'a>(document: &'a Json, benchmark: &'a Json, key: &str) -> Option<&'a str> {
    let path = ["metadata", key];
    benchmark.at(&path).or_else(|| document.at(&path)).and_then(Json::text)
}

fn benchmark(document: &Json, benchmark: &Json) -> Measurement {
    let name = metadata(document, benchmark, "name").unwrap_or("<no name>");
    let refuse = |reason: &str| Measurement::invalid(name, "*", reason);
    let (metric, unit, direction) = match metadata(document, benchmark, "unit").unwrap_or("second") {
        "second" => ("time", "s", Direction::Lower),
        "byte" => ("memory", "B", Direction::Lower),
        "integer" => ("count", "", Direction::Unknown),
        _ => return refuse("a unit that pyperf does not have"),
    };
    let mut values = Vec::new();
    for run in benchmark.get("runs").and_then(Json::list).unwrap_or_default() {
        match run.get("values") {
            None | Some(Json::Null) => {}
            Some(list) => match list.numbers() {
                Some(list) if !list.is_empty() => values.push(list),
                Some(_) => {}
                None => return refuse("values[] holds something else than numbers"),
            },
        }
    }
    if values.is_empty() {
        return refuse("no run has values");
    }
    let all = values.concat();
    let fault = if metric == "time" {
        time_fault(&all)
    } else {
        count_fault(&all)
    };
    if let Some(reason) = fault {
        return refuse(reason);
    }
    Measurement::raw(Identity::new(name, metric, unit, direction), values)
}

fn provenance(document: &Json, benchmarks: &[Json]) -> Provenance {
    let shared = |key: &str| {
        let mut values = benchmarks.iter().map(|benchmark| metadata(document, benchmark, key));
        let first = values.next().flatten()?;
        values.all(|value| value == Some(first)).then(|| first.to_owned())
    };
    let runtime = match (shared("python_implementation"), shared("python_version")) {
        (Some(name), Some(version)) => Some(format!("{name} {version}")),
        (name, version) => name.or(version),
    };
    Provenance {
        host: shared("hostname"),
        cpu: shared("cpu_model_name"),
        cpus: document.at(&["metadata", "cpu_count"]).and_then(Json::count),
        os: shared("platform"),
        runtime,
        commit: shared("commit_id"),
        ..Provenance::default()
    }
}
