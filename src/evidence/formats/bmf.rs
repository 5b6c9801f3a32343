//! Bencher Metric Format: `{benchmark: {measure: {value, lower_value, upper_value}}}`.
//!
//! It states neither unit nor direction: both belong to the measure, which is kept elsewhere.

use super::Read;
use super::json::Json;
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is(document: &Json) -> bool {
    let metric = |metric: &Json| {
        metric
            .object()
            .is_some_and(|keys| keys.iter().all(|(key, _)| KEYS.contains(&key.as_str())))
    };
    let value = |metric: &Json| metric.get("value").is_some();
    document.object().is_some_and(|benchmarks| {
        !benchmarks.is_empty()
            && benchmarks.iter().all(|(_, measures)| {
                let measures = measures.object();
                measures.is_some_and(|measures| measures.iter().all(|(_, found)| metric(found) && value(found)))
            })
    })
}

const KEYS: [&str; 3] = ["value", "lower_value", "upper_value"];

pub(super) fn read(document: &Json) -> Read {
    let benchmarks = document.object().unwrap_or_default();
    let mut rows = Vec::new();
    for (benchmark, measures) in benchmarks {
        for (measure, found) in measures.object().unwrap_or_default() {
            rows.push(metric(benchmark, measure, found));
        }
    }
    (rows, Provenance::default())
}

fn metric(benchmark: &str, measure: &str, found: &Json) -> Measurement {
    let refuse = |reason: &str| Measurement::invalid(benchmark, measure, reason);
    let number = |key: &str| match found.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Number(value)) if value.is_finite() => Ok(Some(*value)),
        Some(_) => Err(()),
    };
    let (Ok(Some(value)), Ok(lower), Ok(upper)) = (number("value"), number("lower_value"), number("upper_value"))
    else {
        return refuse("not a finite number");
    };
    if value < 0.0 {
        return refuse("negative or not finite value");
    }
    if lower.is_some_and(|lower| lower > value) || upper.is_some_and(|upper| upper < value) {
        return refuse("bounds do not enclose the value");
    }
    let identity = Identity::new(benchmark, measure, "", Direction::Unknown);
    if lower.is_some() || upper.is_some() {
        return Measurement::summary(identity, value, 0);
    }
    Measurement::bare(identity, value, 0)
}
