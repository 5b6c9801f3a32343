//! BenchmarkDotNet's JSON: every `LaunchIndex` is a process; what counts are the measurements of the stage Result.
//!
//! Source: the exporters Full, FullCompressed, Brief and BriefCompressed. Brief files have statistics without values. Before 0.11 the
//! stage was in `IterationMode`.

use std::collections::BTreeMap;

use super::Read;
use super::check::{Stated, TOLERANCE, count_fault, summary_time_fault, time_fault};
use super::json::Json;
use super::text::braces;
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is(document: &Json) -> bool {
    let benchmarks = document.get("Benchmarks").and_then(Json::list);
    document
        .get("HostEnvironmentInfo")
        .is_some_and(|host| host.object().is_some())
        && benchmarks.is_some_and(|benchmarks| benchmarks.iter().all(|entry| entry.object().is_some()))
}

pub(super) fn read(document: &Json) -> Read {
    let benchmarks = document.get("Benchmarks").and_then(Json::list).unwrap_or_default();
    (benchmarks.iter().flat_map(benchmark).collect(), provenance(document))
}

fn benchmark(entry: &Json) -> Vec<Measurement> {
    let name = name(entry);
    let time = time(&name, entry);
    if time.metric == "*" {
        return vec![time];
    }
    let memory = entry
        .at(&["Memory", "BytesAllocatedPerOperation"])
        .and_then(Json::number);
    let memory = memory.map(|value| match count_fault(&[value]) {
        Some(reason) => Measurement::invalid(name.clone(), "allocated", reason),
        None => Measurement::bare(
            Identity::new(name.clone(), "allocated", "B", Direction::Lower),
            value,
            1,
        ),
    });
    [Some(time), memory].into_iter().flatten().collect()
}

fn time(name: &str, entry: &Json) -> Measurement {
    let refuse = |reason: &str| Measurement::invalid(name, "*", reason);
    let Some(statistics) = entry
        .get("Statistics")
        .filter(|statistics| statistics.object().is_some())
    else {
        return refuse("no statistics: the benchmark failed or was not run");
    };
    let identity = Identity::new(name, "time", "ns", Direction::Lower);
    let stated = Stated {
        median: statistics.number_of("Median"),
        mean: statistics.number_of("Mean"),
        min: statistics.number_of("Min"),
        max: statistics.number_of("Max"),
    };
    let launches = match launches(entry) {
        Ok(launches) => launches,
        Err(reason) => return refuse(reason),
    };
    let original = statistics.get("OriginalValues").filter(|values| **values != Json::Null);
    let original = match original.map(Json::numbers) {
        Some(None) => return refuse("OriginalValues holds something else than numbers"),
        Some(Some(values)) => values,
        None => Vec::new(),
    };
    let values = if launches.is_empty() && !original.is_empty() {
        vec![original.clone()]
    } else {
        launches
    };
    if values.is_empty() {
        let Some(centre) = stated.median.or(stated.mean) else {
            return refuse("neither median nor mean");
        };
        if let Some(reason) = summary_time_fault(centre) {
            return refuse(reason);
        }
        let counted = statistics.get("N").and_then(Json::count).unwrap_or(0);
        let note = if stated.median.is_some() { "" } else { "mean" };
        return Measurement::summary(identity, centre, counted).noting(note);
    }
    let all = values.concat();
    if let Some(reason) = time_fault(&all) {
        return refuse(reason);
    }
    let counted = statistics
        .get("N")
        .and_then(Json::count)
        .is_none_or(|n| n == all.len() as u64);
    if !counted || !stated.follows_from(&all, TOLERANCE) || !same(&original, &all) {
        return refuse("statistics do not follow from the measurements");
    }
    Measurement::raw(identity, values)
}

/// Whether both hold the same values, in whatever order; an empty list says nothing.
fn same(original: &[f64], all: &[f64]) -> bool {
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let pairs = sorted(original).into_iter().zip(sorted(all));
    original.is_empty()
        || original.len() == all.len() && pairs.into_iter().all(|(a, b)| super::check::near(a, b, TOLERANCE))
}

/// The time of one operation in each measurement that counts, by process.
fn launches(entry: &Json) -> Result<Vec<Vec<f64>>, &'static str> {
    let mut launches: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for measurement in entry.get("Measurements").and_then(Json::list).unwrap_or_default() {
        let mode = measurement.text_of("IterationMode").unwrap_or_default();
        let stage = measurement.text_of("IterationStage");
        let counts = match stage {
            Some(stage) => mode == "Workload" && stage == "Result",
            None => mode == "Result",
        };
        if !counts {
            continue;
        }
        let launch = measurement.get("LaunchIndex").and_then(Json::count);
        let (Some(launch), Some(operations), Some(nanoseconds)) = (
            launch,
            measurement.number_of("Operations"),
            measurement.number_of("Nanoseconds"),
        ) else {
            return Err("a measurement without launch, operations or nanoseconds");
        };
        if operations.is_nan() || operations < 1.0 {
            return Err("a measurement without operations");
        }
        launches.entry(launch).or_default().push(nanoseconds / operations);
    }
    Ok(launches.into_values().collect())
}

fn name(entry: &Json) -> String {
    if let Some(name) = entry.text_of("FullName") {
        return name.to_owned();
    }
    let parts = ["Namespace", "Type", "Method"];
    let parts: Vec<&str> = parts
        .iter()
        .filter_map(|part| entry.text_of(part))
        .filter(|part| !part.is_empty())
        .collect();
    let parameters = entry.text_of("Parameters").unwrap_or_default();
    let parameters = parameters.split('&').filter(|parameter| !parameter.is_empty());
    let parameters = parameters.map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        (name.trim().to_owned(), value.trim().to_owned())
    });
    format!("{}{}", parts.join("."), braces(parameters.collect()))
}

fn provenance(document: &Json) -> Provenance {
    let host = |key: &str| document.at(&["HostEnvironmentInfo", key]);
    let text = |key: &str| host(key).and_then(Json::text).map(str::to_owned);
    let cpu = host("ProcessorName").and_then(|name| name.text().or_else(|| name.text_of("Value")));
    let os = match (text("OsVersion"), text("Architecture")) {
        (Some(os), Some(arch)) => Some(format!("{os} {arch}")),
        (os, arch) => os.or(arch),
    };
    Provenance {
        cpu: cpu.map(str::to_owned),
        cpus: host("LogicalCoreCount")
            .or_else(|| host("ProcessorCount"))
            .and_then(Json::count),
        os,
        runtime: text("RuntimeVersion").or_else(|| text("ClrVersion")),
        build: text("Configuration").map(|build| build.to_lowercase()),
        ..Provenance::default()
    }
}
