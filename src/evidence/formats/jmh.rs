//! JMH's JSON: `rawData` has one list for each fork, and a fork is a process.
//!
//! Source: `org.openjdk.jmh.results.format.JSONResultFormat`. Numbers that are not finite are strings ("NaN"). In the mode `sample` there
//! is `rawDataHistogram` instead, of pairs of value and count. Secondary metrics are not read: most are derived.

use super::Read;
use super::check::{Stated, TOLERANCE, near, time_fault};
use super::json::Json;
use super::text::braces;
use crate::evidence::measurement::{Direction, Identity, Kind, Measurement, Provenance};

pub(super) fn is(document: &Json) -> bool {
    document.list().is_some_and(|entries| {
        let entry = |entry: &Json| entry.text_of("benchmark").is_some() && entry.has("primaryMetric");
        !entries.is_empty() && entries.iter().all(entry)
    })
}

pub(super) fn read(document: &Json) -> Read {
    let entries = document.list().unwrap_or_default();
    (entries.iter().map(entry).collect(), provenance(entries))
}

fn entry(entry: &Json) -> Measurement {
    let parameters = entry.get("params").and_then(Json::object).unwrap_or_default();
    let parameters = parameters
        .iter()
        .map(|(name, value)| (name.clone(), value.shown()))
        .collect();
    let name = format!(
        "{}{}",
        entry.text_of("benchmark").unwrap_or_default(),
        braces(parameters)
    );
    let mode = entry.text_of("mode").unwrap_or("score");
    let refuse = |reason: &str| Measurement::invalid(name.clone(), "*", reason);
    let Some(metric) = entry.get("primaryMetric").filter(|metric| metric.object().is_some()) else {
        return refuse("no primary metric");
    };
    let unit = metric.text_of("scoreUnit").unwrap_or_default();
    let identity = Identity::new(name.clone(), mode, unit, direction(mode, unit));
    let percentile = |which: &str| metric.at(&["scorePercentiles", which]).and_then(Json::number);
    let stated = Stated {
        median: percentile("50.0"),
        mean: metric.number_of("score"),
        min: percentile("0.0"),
        max: percentile("100.0"),
    };
    let forks = entry.get("forks").and_then(Json::count);
    let measured = if metric.has("rawData") {
        let Some(values) = lists(metric.get("rawData")) else {
            return refuse("rawData holds something else than lists of numbers");
        };
        let all = values.concat();
        if all.is_empty() {
            return refuse("no raw values");
        }
        if let Some(reason) = time_fault(&all) {
            return refuse(reason);
        }
        if !stated.follows_from(&all, TOLERANCE) {
            return refuse("summary does not follow from rawData");
        }
        Measurement::raw(identity, values)
    } else if metric.has("rawDataHistogram") {
        match histogram(identity, metric.get("rawDataHistogram"), &stated) {
            Ok(measured) => measured,
            Err(reason) => return refuse(reason),
        }
    } else {
        let Some(score) = stated.mean else {
            return refuse("no score");
        };
        if let Some(reason) = time_fault(&[score]) {
            return refuse(reason);
        }
        return Measurement::summary(identity, score, 0).noting("no rawData");
    };
    settle(measured, forks).unwrap_or_else(refuse)
}

/// Holds the number of lists against the number of forks. Without a fork it was measured in the process of the harness.
fn settle(measured: Measurement, forks: Option<u64>) -> Result<Measurement, &'static str> {
    match forks {
        Some(0) if measured.runs != 1 => Err("forks 0 with more lists in rawData than one"),
        Some(0) => Ok(measured
            .of_kind(Kind::Within)
            .noting("forks 0: measured in the harness process")),
        Some(forks) if forks != measured.runs => Err("rawData has not one list for each fork"),
        _ => Ok(measured),
    }
}

fn lists(raw: Option<&Json>) -> Option<Vec<Vec<f64>>> {
    raw?.list()?.iter().map(Json::numbers).collect()
}

/// Forks of iterations of pairs. One value for each fork: its median.
fn histogram(identity: Identity, raw: Option<&Json>, stated: &Stated) -> Result<Measurement, &'static str> {
    let odd = "rawDataHistogram holds something else than pairs of value and count";
    let forks = raw.and_then(Json::list).ok_or(odd)?;
    let mut medians = Vec::with_capacity(forks.len());
    let mut taken = 0.0;
    let mut sum = 0.0;
    for fork in forks {
        let mut pairs: Vec<(f64, f64)> = Vec::new();
        for iteration in fork.list().ok_or(odd)? {
            for pair in iteration.list().ok_or(odd)? {
                let pair = pair.numbers().ok_or(odd)?;
                let [value, count] = pair.as_slice() else {
                    return Err(odd);
                };
                if let Some(reason) = time_fault(&[*value]) {
                    return Err(reason);
                }
                if !(count.is_finite() && *count >= 0.0 && count.fract() == 0.0) {
                    return Err(odd);
                }
                pairs.push((*value, *count));
            }
        }
        taken += pairs.iter().map(|(_, count)| count).sum::<f64>();
        sum += pairs.iter().map(|(value, count)| value * count).sum::<f64>();
        medians.push(vec![weighted_median(pairs).ok_or("no raw values")?]);
    }
    let mean = sum / taken;
    if stated.mean.is_some_and(|stated| !near(stated, mean, TOLERANCE)) {
        return Err("summary does not follow from rawDataHistogram");
    }
    let several = medians.len() > 1;
    let measured = Measurement::raw(identity, medians).noting("median of each fork's histogram");
    let kind = if several { Kind::Runs } else { Kind::Within };
    Ok(Measurement {
        samples: taken as u64,
        ..measured.of_kind(kind)
    })
}

/// The median of values that appear so many times.
fn weighted_median(mut pairs: Vec<(f64, f64)>) -> Option<f64> {
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = pairs.iter().map(|(_, count)| count).sum();
    let nth = |rank: f64| {
        let mut before = 0.0;
        pairs.iter().find_map(|(value, count)| {
            before += count;
            (before >= rank).then_some(*value)
        })
    };
    if total < 1.0 {
        return None;
    }
    let (lower, upper) = (((total - 1.0) / 2.0).floor() + 1.0, (total / 2.0).floor() + 1.0);
    Some(nth(lower)?.midpoint(nth(upper)?))
}

/// Throughput is better where it is higher; the other modes are times.
fn direction(mode: &str, unit: &str) -> Direction {
    match mode {
        "thrpt" => Direction::Higher,
        "avgt" | "sample" | "ss" => Direction::Lower,
        _ if unit.starts_with("ops/") => Direction::Higher,
        _ if unit.ends_with("/op") => Direction::Lower,
        _ => Direction::Unknown,
    }
}

fn provenance(entries: &[Json]) -> Provenance {
    let shared = |key: &str| {
        let mut values = entries.iter().map(|entry| entry.text_of(key));
        let first = values.next().flatten()?;
        values.all(|value| value == Some(first)).then(|| first.to_owned())
    };
    let runtime = match (shared("vmName"), shared("vmVersion")) {
        (Some(name), Some(version)) => Some(format!("{name} {version}")),
        (name, version) => name.or(version),
    };
    let other = [("jvm", shared("jvm")), ("jdkVersion", shared("jdkVersion"))];
    let mut other: std::collections::BTreeMap<String, String> = other
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
    let threads: std::collections::BTreeSet<u64> = entries
        .iter()
        .filter_map(|entry| entry.get("threads")?.count())
        .collect();
    if let [threads] = threads.into_iter().collect::<Vec<_>>().as_slice() {
        other.insert("threads".to_owned(), threads.to_string());
    }
    Provenance {
        runtime,
        other,
        ..Provenance::default()
    }
}
