//! pytest-benchmark's JSON: the file is one process; `data[]` holds its rounds where they were saved.
//!
//! Source: `--benchmark-json`, `--benchmark-save`, `--benchmark-autosave`, from version 2.5 on.

use super::Read;
use super::check::{Stated, TOLERANCE, summary_time_fault, time_fault};
use super::json::Json;
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is(document: &Json) -> bool {
    let benchmarks = document.get("benchmarks").and_then(Json::list);
    document
        .get("machine_info")
        .is_some_and(|machine| machine.object().is_some())
        && benchmarks.is_some_and(|benchmarks| benchmarks.iter().all(|benchmark| benchmark.has("stats")))
}

pub(super) fn read(document: &Json) -> Read {
    let benchmarks = document.get("benchmarks").and_then(Json::list).unwrap_or_default();
    (benchmarks.iter().map(benchmark).collect(), provenance(document))
}

fn benchmark(benchmark: &Json) -> Measurement {
    let name = benchmark.text_of("fullname").or_else(|| benchmark.text_of("name"));
    let name = name.unwrap_or_default();
    let refuse = |reason: &str| Measurement::invalid(name, "*", reason);
    let Some(stats) = benchmark.get("stats").filter(|stats| stats.object().is_some()) else {
        return refuse("no statistics");
    };
    let identity = Identity::new(name, "time", "s", Direction::Lower);
    let stated = Stated {
        median: stats.number_of("median"),
        mean: stats.number_of("mean"),
        min: stats.number_of("min"),
        max: stats.number_of("max"),
    };
    let rounds = stats.get("rounds").and_then(Json::count);
    let mut note = String::new();
    if let Some(data) = stats.get("data").filter(|data| **data != Json::Null) {
        // Held against the rounds first: data that were cut by hand say so by more than their number.
        let Some(found) = data.list() else {
            return refuse("data[] is not a list");
        };
        let (found, taken) = (found.len() as u64, rounds.unwrap_or(found.len() as u64));
        if found > taken {
            return refuse("data[] has more values than rounds");
        }
        if found == taken && found > 0 {
            return match data.numbers() {
                None => refuse("data[] holds something else than numbers"),
                Some(data) => raw(identity, data, &stated).unwrap_or_else(refuse),
            };
        }
        if found > 0 {
            note = format!("data[] has {found} of {taken} rounds: not used");
        }
    }
    let Some(centre) = stated.median.or(stated.mean) else {
        return refuse("neither median nor mean");
    };
    if let Some(reason) = summary_time_fault(centre) {
        return refuse(reason);
    }
    if note.is_empty() && stated.median.is_none() {
        "mean".clone_into(&mut note);
    }
    Measurement::summary(identity, centre, rounds.unwrap_or(0)).noting(note)
}

fn raw(identity: Identity, data: Vec<f64>, stated: &Stated) -> Result<Measurement, &'static str> {
    match time_fault(&data) {
        Some(reason) => Err(reason),
        None if !stated.follows_from(&data, TOLERANCE) => Err("summary does not follow from data[]"),
        None => Ok(Measurement::raw(identity, vec![data])),
    }
}

fn provenance(document: &Json) -> Provenance {
    let machine = |key: &str| {
        document
            .at(&["machine_info", key])
            .and_then(Json::text)
            .filter(|text| !text.is_empty())
    };
    let joined = |parts: [Option<&str>; 3]| {
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    let cpu = document.at(&["machine_info", "cpu"]);
    let brand = cpu.and_then(|cpu| cpu.text_of("brand_raw").or_else(|| cpu.text_of("brand")));
    let commit = document.get("commit_info");
    Provenance {
        host: machine("node").map(str::to_owned),
        cpu: brand.or(machine("processor")).map(str::to_owned),
        cpus: cpu.and_then(|cpu| cpu.get("count")).and_then(Json::count),
        os: joined([machine("system"), machine("release"), machine("machine")]),
        runtime: joined([machine("python_implementation"), machine("python_version"), None]),
        commit: commit.and_then(|commit| commit.text_of("id")).map(str::to_owned),
        dirty: commit.and_then(|commit| commit.get("dirty")).and_then(Json::bool),
        ..Provenance::default()
    }
}
