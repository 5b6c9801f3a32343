//! k6's summary: the `data` of `handleSummary` (a metric has `type` and `values`), or `--summary-export` (the values alone).
//!
//! Trends give their median, the counters of k6 their rate. A run in which requests failed says so; how many may fail is the policy's.

use super::Read;
use super::check::count_fault;
use super::json::Json;
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is(document: &Json) -> bool {
    let metrics = document.get("metrics").and_then(Json::object).unwrap_or_default();
    let built_in = ["iterations", "iteration_duration", "data_received", "http_reqs"];
    let metric = |(_, metric): &(String, Json)| metric.object().is_some();
    metrics.iter().any(|(name, _)| built_in.contains(&name.as_str())) && metrics.iter().all(metric)
}

pub(super) fn read(document: &Json) -> Read {
    let metrics = document.get("metrics").and_then(Json::object).unwrap_or_default();
    let rows = metrics.iter().filter_map(|(name, found)| metric(name, found)).collect();
    (rows, Provenance::default())
}

fn metric(name: &str, found: &Json) -> Option<Measurement> {
    let values = found.get("values").unwrap_or(found);
    let number = |key: &str| values.number_of(key);
    let kind = found.text_of("type").unwrap_or_else(|| match () {
        () if values.has("med") || values.has("avg") => "trend",
        () if values.has("count") && values.has("rate") => "counter",
        () if values.has("passes") && values.has("fails") => "rate",
        () => "gauge",
    });
    match kind {
        "trend" => trend(name, found, number("med"), number("avg")),
        "counter" => {
            let rate = number("rate")?;
            let direction = match base(name) {
                "http_reqs" | "iterations" => Direction::Higher,
                _ => Direction::Unknown,
            };
            Some(match count_fault(&[rate]) {
                Some(reason) => Measurement::invalid(name, "*", reason),
                None => Measurement::bare(Identity::new(name, "rate", "1/s", direction), rate, 0),
            })
        }
        "rate" if base(name) == "http_req_failed" => {
            let rate = number("rate").or_else(|| number("value"))?;
            let reason = format!("{rate} of the requests failed: policy says how many are allowed");
            (rate != 0.0).then(|| Measurement::invalid(name, "*", reason))
        }
        _ => None,
    }
}

/// The name without the tags of a sub-metric.
fn base(name: &str) -> &str {
    name.split('{').next().unwrap_or(name)
}

fn trend(name: &str, found: &Json, median: Option<f64>, mean: Option<f64>) -> Option<Measurement> {
    let centre = median.or(mean)?;
    if let Some(reason) = count_fault(&[centre]) {
        return Some(Measurement::invalid(name, "*", reason));
    }
    let is_time = match found.text_of("contains") {
        Some(contains) => contains == "time",
        None => TIMES.iter().any(|time| base(name).starts_with(time)),
    };
    let metric = if median.is_some() { "med" } else { "avg" };
    let (unit, direction) = if is_time {
        ("ms", Direction::Lower)
    } else {
        ("", Direction::Unknown)
    };
    let note = if median.is_some() { "" } else { "mean" };
    Some(Measurement::summary(Identity::new(name, metric, unit, direction), centre, 0).noting(note))
}

/// The trends of k6's own that are times, where the file does not say it.
const TIMES: [&str; 6] = [
    "http_req_",
    "iteration_duration",
    "group_duration",
    "ws_",
    "grpc_req_duration",
    "browser_",
];
