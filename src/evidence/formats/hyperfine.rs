//! hyperfine's JSON: every time is that of a separate process. `certgate measure` writes the same, with what hyperfine does not say.
//!
//! Source: `hyperfine --export-json`. Up to 1.11 the parameter of a scan was one value `parameter`; `exit_codes` came with 1.11 and
//! `memory_usage_byte` with 1.19.

use std::collections::BTreeSet;

use super::Read;
use super::check::{Stated, TOLERANCE, count_fault, summary_time_fault, time_fault};
use super::json::Json;
use super::text::braces;
use crate::evidence::measurement::{Direction, Identity, Kind, Measurement, Provenance, Session};

pub(super) fn is(document: &Json) -> bool {
    let results = document.get("results").and_then(Json::list);
    results.is_some_and(|results| {
        let command =
            |result: &Json| result.text_of("command").is_some() && (result.has("times") || result.has("mean"));
        !results.is_empty() && results.iter().all(command)
    })
}

pub(super) fn read(document: &Json) -> Read {
    let results = document.get("results").and_then(Json::list).unwrap_or_default();
    let rows = results.iter().flat_map(command).collect();
    (rows, told(document))
}

/// What `certgate measure` adds to a file of times. hyperfine itself says nothing.
fn told(document: &Json) -> Provenance {
    let Some(told) = document.get("certgate") else {
        return Provenance::default();
    };
    let text = |name: &str| told.text_of(name).map(str::to_owned);
    Provenance {
        host: text("host"),
        cpu: text("cpu"),
        cpus: told.number_of("cpus").map(|cpus| cpus as u64),
        os: text("os"),
        commit: text("commit"),
        session: told.text_of("side").map(|side| {
            Box::new(Session {
                side: side.to_owned(),
                against: text("against").unwrap_or_default(),
                planned: told.number_of("planned").map_or(0, |planned| planned as u64),
                block: told.number_of("block").map_or(0, |block| block as u64),
                started: text("started").unwrap_or_default(),
            })
        }),
        ..Provenance::default()
    }
}

fn command(result: &Json) -> Vec<Measurement> {
    let name = name(result);
    let refuse = |reason: String| vec![Measurement::invalid(name.clone(), "*", reason)];
    if let Some(reason) = failed(result) {
        return refuse(reason);
    }
    let time = Identity::new(name.clone(), "time", "s", Direction::Lower);
    let stated = Stated {
        median: result.number_of("median"),
        mean: result.number_of("mean"),
        min: result.number_of("min"),
        max: result.number_of("max"),
    };
    if !result.has("times") {
        let Some(centre) = stated.median.or(stated.mean) else {
            return refuse("no times".to_owned());
        };
        if let Some(reason) = summary_time_fault(centre) {
            return refuse(reason.to_owned());
        }
        let note = if stated.median.is_some() { "" } else { "mean" };
        return vec![Measurement::summary(time, centre, 0).noting(note)];
    }
    let Some(times) = result.get("times").and_then(Json::numbers) else {
        return refuse("times[] holds something else than numbers".to_owned());
    };
    if times.is_empty() {
        return refuse("no times".to_owned());
    }
    if let Some(reason) = time_fault(&times) {
        return refuse(reason.to_owned());
    }
    if !stated.follows_from(&times, TOLERANCE) {
        return refuse("summary does not follow from times[]".to_owned());
    }
    let runs = times.len();
    let mut rows = vec![processes(time, times)];
    rows.extend(
        result
            .get("memory_usage_byte")
            .map(|memory| memory_row(&name, memory, runs)),
    );
    rows
}

/// Each value is a run, even where there is one only.
fn processes(identity: Identity, values: Vec<f64>) -> Measurement {
    let values = values.into_iter().map(|value| vec![value]).collect();
    Measurement::raw(identity, values).of_kind(Kind::Runs)
}

fn memory_row(name: &str, memory: &Json, runs: usize) -> Measurement {
    let refuse = |reason: &str| Measurement::invalid(name, "memory", reason);
    match memory.numbers() {
        None => refuse("memory_usage_byte[] holds something else than numbers"),
        Some(values) if values.len() != runs => refuse("not one value of memory for each time"),
        Some(values) => match count_fault(&values) {
            Some(reason) => refuse(reason),
            None => processes(Identity::new(name, "memory", "B", Direction::Lower), values),
        },
    }
}

fn name(result: &Json) -> String {
    let command = result.text_of("command").unwrap_or_default();
    let parameters = match (result.get("parameters").and_then(Json::object), result.get("parameter")) {
        (Some(parameters), _) => parameters
            .iter()
            .map(|(name, value)| (name.clone(), value.shown()))
            .collect(),
        (None, Some(Json::Null) | None) => Vec::new(),
        (None, Some(value)) => vec![("parameter".to_owned(), value.shown())],
    };
    format!("{command}{}", braces(parameters))
}

/// Any exit code but 0; a process that a signal ended has none.
fn failed(result: &Json) -> Option<String> {
    let codes = result.get("exit_codes").filter(|codes| **codes != Json::Null)?;
    let Some(codes) = codes.list() else {
        return Some("exit_codes is not a list".to_owned());
    };
    let count = result.get("times").and_then(Json::list).map(<[Json]>::len);
    if count.is_some_and(|count| count != codes.len()) {
        return Some("not one exit code for each time".to_owned());
    }
    let zero = |code: &Json| code.number() == Some(0.0);
    if codes.iter().all(zero) {
        return None;
    }
    let distinct: BTreeSet<(bool, i64, String)> = codes
        .iter()
        .map(|code| {
            (
                code.number().is_none(),
                code.number().unwrap_or_default() as i64,
                code.shown(),
            )
        })
        .collect();
    let distinct: Vec<String> = distinct.into_iter().map(|(_, _, code)| code).collect();
    Some(format!("exit codes {}", distinct.join(",")))
}
