//! Google Benchmark's JSON: the file is one process; repeated names are its repetitions.
//!
//! Source: `src/json_reporter.cc`. Before 1.5 there was no `run_type`, and aggregates were known by the end of their names. What was
//! skipped has `error_occurred` or, from 1.8 on, `skipped`.

use std::collections::BTreeMap;

use super::Read;
use super::check::{Stated, TOLERANCE, count_fault, summary_time_fault, time_fault};
use super::json::Json;
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is(document: &Json) -> bool {
    let benchmarks = document.get("benchmarks").and_then(Json::list);
    document
        .get("context")
        .is_some_and(|context| context.object().is_some())
        && benchmarks.is_some_and(|benchmarks| {
            let named = |entry: &Json| entry.text_of("name").is_some() || entry.text_of("run_name").is_some();
            benchmarks.iter().all(named)
        })
}

pub(super) fn read(document: &Json) -> Read {
    let entries = document.get("benchmarks").and_then(Json::list).unwrap_or_default();
    let groups = group(entries);
    let rows = groups.iter().flat_map(|(name, group)| rows(name, group)).collect();
    (rows, provenance(document))
}

/// All entries of one benchmark.
#[derive(Default)]
struct Group<'a> {
    raw: Vec<&'a Json>,
    aggregates: BTreeMap<&'a str, &'a Json>,
    refused: Option<String>,
    /// An aggregate that does not say which one it is.
    nameless: bool,
    /// An aggregate that appears twice.
    repeated: bool,
}

/// Aggregates of a fit, which hold no times.
const FITS: [&str; 2] = ["BigO", "RMS"];

fn group(entries: &[Json]) -> Vec<(String, Group<'_>)> {
    let names: Vec<&str> = entries.iter().filter_map(|entry| entry.text_of("name")).collect();
    let mut groups: Vec<(String, Group<'_>)> = Vec::new();
    for entry in entries {
        let (name, role) = role(entry, &names);
        if matches!(role, Role::Aggregate(Some(which)) if FITS.contains(&which)) {
            continue;
        }
        let at = groups.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            groups.push((name.to_owned(), Group::default()));
            groups.len() - 1
        });
        let Some((_, group)) = groups.get_mut(at) else { continue };
        if let Some(reason) = skipped(entry) {
            group.refused.get_or_insert(reason);
        }
        match role {
            Role::Raw => group.raw.push(entry),
            Role::Aggregate(None) => group.nameless = true,
            Role::Aggregate(Some(which)) => group.repeated |= group.aggregates.insert(which, entry).is_some(),
        }
    }
    groups
}

enum Role<'a> {
    Raw,
    Aggregate(Option<&'a str>),
}

/// The benchmark that an entry is of, and whether it is a value or an aggregate.
fn role<'a>(entry: &'a Json, names: &[&str]) -> (&'a str, Role<'a>) {
    let name = entry
        .text_of("name")
        .or_else(|| entry.text_of("run_name"))
        .unwrap_or_default();
    let run_name = entry.text_of("run_name").unwrap_or(name);
    match entry.text_of("run_type") {
        Some("aggregate") => (run_name, Role::Aggregate(entry.text_of("aggregate_name"))),
        Some(_) => (run_name, Role::Raw),
        None => {
            let old = name.rsplit_once('_').filter(|(base, which)| match *which {
                "BigO" | "RMS" => !entry.has("real_time"),
                "mean" | "median" | "stddev" | "cv" => {
                    let family = ["mean", "median", "stddev"];
                    let whole = family
                        .iter()
                        .all(|which| names.contains(&format!("{base}_{which}").as_str()));
                    names.contains(base) || whole
                }
                _ => false,
            });
            old.map_or((run_name, Role::Raw), |(base, which)| {
                (base, Role::Aggregate(Some(which)))
            })
        }
    }
}

fn skipped(entry: &Json) -> Option<String> {
    let said = |key: &str| entry.text_of(key).unwrap_or("no message").to_owned();
    if entry.get("error_occurred").and_then(Json::bool) == Some(true) {
        return Some(format!("error_occurred: {}", said("error_message")));
    }
    let skipped = entry
        .get("skipped")
        .is_some_and(|skipped| !matches!(skipped, Json::Bool(false) | Json::Null));
    skipped.then(|| format!("skipped: {}", said("skip_message")))
}

/// The metrics that are read beside the times, with their units. Counters of the user's own are not: nothing says what they mean.
const RATES: [(&str, &str); 2] = [("bytes_per_second", "B/s"), ("items_per_second", "items/s")];

fn rows(name: &str, group: &Group<'_>) -> Vec<Measurement> {
    let whole = |reason: &str| vec![Measurement::invalid(name, "*", reason)];
    if let Some(reason) = &group.refused {
        return whole(reason);
    }
    if group.repeated {
        return whole("ambiguous: an aggregate appears twice");
    }
    let all = group.raw.iter().chain(group.aggregates.values());
    let mut units: Vec<&str> = all.filter_map(|entry| entry.text_of("time_unit")).collect();
    units.sort_unstable();
    units.dedup();
    let unit = match units.as_slice() {
        [] => "ns",
        [unit] => unit,
        _ => return whole("mixed units"),
    };
    let mut rows: Vec<Measurement> = ["real_time", "cpu_time"]
        .into_iter()
        .filter_map(|metric| time(Identity::new(name, metric, unit, Direction::Lower), group))
        .collect();
    if rows.is_empty() {
        return whole("neither real_time nor cpu_time");
    }
    if group.nameless {
        return rows;
    }
    rows.extend(
        RATES
            .into_iter()
            .filter_map(|(metric, unit)| rate(name, metric, unit, group)),
    );
    rows
}

fn time(identity: Identity, group: &Group<'_>) -> Option<Measurement> {
    let (name, metric) = (identity.benchmark.clone(), identity.metric.clone());
    let refuse = |reason: &str| Some(Measurement::invalid(name.clone(), metric.clone(), reason));
    if group.nameless {
        return refuse("aggregate without aggregate_name");
    }
    let stated = stated(group, &metric);
    if group.raw.is_empty() {
        let centre = stated.median.or(stated.mean)?;
        if let Some(reason) = summary_time_fault(centre) {
            return refuse(reason);
        }
        let counted = group
            .aggregates
            .values()
            .find_map(|entry| entry.get("repetitions").and_then(Json::count));
        let note = if stated.median.is_some() { "" } else { "mean" };
        return Some(Measurement::summary(identity, centre, counted.unwrap_or(0)).noting(note));
    }
    if !group.raw.iter().any(|entry| entry.has(&metric)) {
        return None;
    }
    let Some(values) = numbers(group, &metric) else {
        return refuse("a repetition without a number");
    };
    if let Some(reason) = time_fault(&values) {
        return refuse(reason);
    }
    if !stated.follows_from(&values, TOLERANCE) {
        return refuse("aggregates do not follow from the repetitions");
    }
    Some(Measurement::raw(identity, vec![values]))
}

fn rate(name: &str, metric: &str, unit: &str, group: &Group<'_>) -> Option<Measurement> {
    group.raw.iter().find(|entry| entry.has(metric))?;
    let refuse = |reason: &str| Some(Measurement::invalid(name, metric, reason));
    let Some(values) = numbers(group, metric) else {
        return refuse("a repetition without a number");
    };
    if let Some(reason) = count_fault(&values) {
        return refuse(reason);
    }
    if !stated(group, metric).follows_from(&values, TOLERANCE) {
        return refuse("aggregates do not follow from the repetitions");
    }
    Some(Measurement::raw(
        Identity::new(name, metric, unit, Direction::Higher),
        vec![values],
    ))
}

fn numbers(group: &Group<'_>, metric: &str) -> Option<Vec<f64>> {
    group.raw.iter().map(|entry| entry.number_of(metric)).collect()
}

/// What the aggregates say of a metric. A standard deviation is not held against the values: its denominator changed between versions.
fn stated(group: &Group<'_>, metric: &str) -> Stated {
    let of = |which: &str| {
        let entry = group.aggregates.get(which)?;
        let percentage = entry.text_of("aggregate_unit") == Some("percentage");
        entry.number_of(metric).filter(|_| !percentage)
    };
    Stated {
        median: of("median"),
        mean: of("mean"),
        min: of("min"),
        max: of("max"),
    }
}

fn provenance(document: &Json) -> Provenance {
    let context = |key: &str| document.at(&["context", key]);
    let text = |key: &str| context(key).and_then(Json::text).map(str::to_owned);
    let mut provenance = Provenance {
        host: text("host_name"),
        cpus: context("num_cpus").and_then(Json::count),
        build: text("library_build_type"),
        ..Provenance::default()
    };
    if let Some(clock) = context("mhz_per_cpu").and_then(Json::number) {
        provenance.other.insert("mhz_per_cpu".to_owned(), clock.to_string());
    }
    provenance
}
