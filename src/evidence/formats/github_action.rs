//! github-action-benchmark: its `data.js`, and the array that its custom tools read.
//!
//! Source: `src/write.ts` and `src/extract.ts`. `data.js` holds the history of each suite; the newest entry is read, and the note names
//! its commit. The direction follows from the tool as there (`biggerIsBetter`), but JMH's from its unit; a custom array states none.

use std::collections::BTreeSet;

use super::json::{self, Json};
use super::{Defect, Read, Refusal};
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is_custom(document: &Json) -> bool {
    document.list().is_some_and(|benches| {
        let bench = |bench: &Json| {
            let named = bench.text_of("name").is_some() && bench.text_of("unit").is_some();
            named && bench.get("value").is_some()
        };
        !benches.is_empty() && benches.iter().all(bench)
    })
}

pub(super) fn read_custom(document: &Json) -> Read {
    let benches = document.list().unwrap_or_default();
    let rows = benches.iter().map(|bench| row("", bench, "custom", "")).collect();
    (rows, Provenance::default())
}

pub(super) fn is_data_js(text: &str) -> bool {
    text.trim_start().starts_with(ASSIGNED)
}

const ASSIGNED: &str = "window.BENCHMARK_DATA";

pub(super) fn read_data_js(text: &str) -> Result<Read, Refusal> {
    let start = text.find(ASSIGNED).unwrap_or_default() + ASSIGNED.len();
    let skipped = text.get(..start).unwrap_or_default().lines().count().saturating_sub(1);
    let rest = text.get(start..).unwrap_or_default().trim_start();
    let Some(object) = rest.strip_prefix('=') else {
        return Err(Defect::Damaged("nothing is assigned to window.BENCHMARK_DATA".to_owned()).into());
    };
    let object = object.trim_end();
    let object = object.strip_suffix(';').unwrap_or(object);
    let document = json::parse(object).map_err(|mut fault| {
        fault.line = fault.line.saturating_add(u32::try_from(skipped).unwrap_or(0));
        fault
    })?;
    let suites = document.get("entries").and_then(Json::object).unwrap_or_default();
    let mut rows = Vec::new();
    let mut commits = BTreeSet::new();
    for (suite, entries) in suites {
        let Some(newest) = entries.list().and_then(<[Json]>::last) else {
            continue;
        };
        let tool = newest.text_of("tool").unwrap_or("unknown");
        let commit = newest.at(&["commit", "id"]).and_then(Json::text).unwrap_or_default();
        commits.insert(commit.to_owned());
        let short: String = commit.chars().take(12).collect();
        let note = if short.is_empty() {
            short
        } else {
            format!("commit {short}")
        };
        for bench in newest.get("benches").and_then(Json::list).unwrap_or_default() {
            rows.push(row(&format!("{suite}/"), bench, tool, &note));
        }
    }
    let commit = commits
        .first()
        .filter(|commit| commits.len() == 1 && !commit.is_empty())
        .cloned();
    let provenance = Provenance {
        commit,
        ..Provenance::default()
    };
    Ok((rows, provenance))
}

fn row(suite: &str, bench: &Json, tool: &str, note: &str) -> Measurement {
    let name = format!("{suite}{}", bench.text_of("name").unwrap_or_default());
    let unit = bench.text_of("unit").unwrap_or_default();
    let Some(value) = bench.number_of("value").filter(|value| value.is_finite()) else {
        return Measurement::invalid(name, "*", "the value is not a finite number");
    };
    let direction = direction(tool, unit);
    let is_time = direction == Direction::Lower
        && TIMES
            .iter()
            .any(|time| unit == *time || unit.starts_with(&format!("{time}/")));
    if value < 0.0 {
        return Measurement::invalid(name, "*", "negative or not finite value");
    }
    if is_time && value == 0.0 {
        return Measurement::invalid(name, "*", "zero time");
    }
    let identity = Identity::new(name, tool, unit, direction);
    let spread = match bench.get("range") {
        None | Some(Json::Null) => false,
        Some(Json::Text(range)) => !range.trim().is_empty(),
        Some(_) => true,
    };
    let measured = if spread {
        Measurement::summary(identity, value, 0)
    } else {
        Measurement::bare(identity, value, 0)
    };
    measured.noting(note)
}

const TIMES: [&str; 7] = ["ns", "us", "µs", "ms", "s", "sec", "msec"];

fn direction(tool: &str, unit: &str) -> Direction {
    match tool {
        "benchmarkjs" | "pytest" | "customBiggerIsBetter" => Direction::Higher,
        "jmh" if unit.starts_with("ops/") => Direction::Higher,
        "go" if unit == "MB/s" => Direction::Higher,
        "cargo"
        | "go"
        | "googlecpp"
        | "catch2"
        | "julia"
        | "jmh"
        | "benchmarkdotnet"
        | "benchmarkluau"
        | "customSmallerIsBetter" => Direction::Lower,
        _ => Direction::Unknown,
    }
}
