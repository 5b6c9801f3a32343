//! nvbench's `--json`: GPU times, a mean and a relative deviation for each state; numbers are strings.

use super::Read;
use super::check::summary_time_fault;
use super::json::Json;
use super::text::number;
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is(document: &Json) -> bool {
    let benchmarks = document.get("benchmarks").and_then(Json::list);
    document.get("devices").is_some_and(|devices| devices.list().is_some())
        && benchmarks.is_some_and(|benchmarks| {
            let states = |benchmark: &Json| benchmark.get("states").is_some_and(|states| states.list().is_some());
            benchmarks.iter().all(states)
        })
}

pub(super) fn read(document: &Json) -> Read {
    let mut rows = Vec::new();
    for benchmark in document.get("benchmarks").and_then(Json::list).unwrap_or_default() {
        let name = benchmark.text_of("name").unwrap_or_default();
        for found in benchmark.get("states").and_then(Json::list).unwrap_or_default() {
            let name = format!("{name} {}", found.text_of("name").unwrap_or_default());
            rows.push(state(name.trim_end(), found));
        }
    }
    (rows, provenance(document))
}

/// Where a time is, and the number of samples behind it. A benchmark without a GPU part has times of the host only.
const CENTRES: [(&str, &str, &str); 2] = [
    ("nv/cold/time/gpu/mean", "nv/cold/sample_size", "gpu time"),
    ("nv/cpu_only/time/cpu/mean", "nv/cpu_only/sample_size", "cpu time"),
];

fn state(name: &str, state: &Json) -> Measurement {
    let refuse = |reason: &str| Measurement::invalid(name, "*", reason);
    if state.get("is_skipped").and_then(Json::bool) == Some(true) {
        return refuse(&format!(
            "skipped: {}",
            state.text_of("skip_reason").unwrap_or("no reason given")
        ));
    }
    for (centre, samples, metric) in CENTRES {
        let Some(value) = summary(state, centre) else { continue };
        let Some(value) = value.number().or_else(|| value.text().and_then(number)) else {
            return refuse("the mean is not a finite number");
        };
        if let Some(reason) = summary_time_fault(value) {
            return refuse(reason);
        }
        let samples = summary(state, samples);
        let samples = samples
            .and_then(|value| value.count().or_else(|| value.text()?.parse().ok()))
            .unwrap_or(0);
        let identity = Identity::new(name, metric, "s", Direction::Lower);
        return Measurement::summary(identity, value, samples).noting("mean");
    }
    refuse("no mean of a time")
}

fn summary<'a>(state: &'a Json, tag: &str) -> Option<&'a Json> {
    let summaries = state.get("summaries")?.list()?;
    let summary = summaries.iter().find(|summary| summary.text_of("tag") == Some(tag))?;
    let data = summary.get("data")?.list()?;
    data.iter()
        .find(|datum| datum.text_of("name") == Some("value"))?
        .get("value")
}

fn provenance(document: &Json) -> Provenance {
    let devices = document.get("devices").and_then(Json::list).unwrap_or_default();
    let devices: Vec<&str> = devices.iter().filter_map(|device| device.text_of("name")).collect();
    Provenance {
        cpu: (!devices.is_empty()).then(|| devices.join(", ")),
        ..Provenance::default()
    }
}
