//! A result file of asv: the medians of one commit on one machine.
//!
//! Source: `asv/results.py`. Version 1 has bare numbers (or `{params, result}`); version 2 has rows whose columns `result_columns` names,
//! cut after the last that is not null. The names of the parameters are in another file, so their values are in braces, in order.

use super::Read;
use super::check::{Stated, TOLERANCE, count_fault, time_fault};
use super::json::Json;
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is(document: &Json) -> bool {
    document.text_of("commit_hash").is_some()
        && document
            .get("results")
            .is_some_and(|results| results.object().is_some())
        && document.get("params").is_some_and(|params| params.object().is_some())
}

pub(super) fn read(document: &Json) -> Read {
    let columns: Vec<&str> = document
        .get("result_columns")
        .and_then(Json::list)
        .unwrap_or_default()
        .iter()
        .map(|column| column.text().unwrap_or_default())
        .collect();
    let results = document.get("results").and_then(Json::object).unwrap_or_default();
    let rows = results
        .iter()
        .flat_map(|(name, result)| benchmark(name, result, &columns))
        .collect();
    (rows, provenance(document))
}

const NOT_RUN: &str = "null: failed or not run";

/// The columns of one benchmark, whichever version wrote them.
struct Row<'a> {
    result: Option<&'a Json>,
    params: Option<&'a Json>,
    row: &'a Json,
    columns: &'a [&'a str],
}

impl<'a> Row<'a> {
    fn of(result: &'a Json, columns: &'a [&'a str]) -> Self {
        let mut row = Self {
            result: None,
            params: None,
            row: result,
            columns,
        };
        match result {
            Json::List(_) if !columns.is_empty() => {
                row.result = row.column("result");
                row.params = row.column("params");
            }
            Json::Object(_) => {
                row.result = result.get("result");
                row.params = result.get("params");
            }
            other => row.result = Some(other),
        }
        row
    }

    fn column(&self, name: &str) -> Option<&'a Json> {
        let at = self.columns.iter().position(|column| *column == name)?;
        self.row.list()?.get(at).filter(|value| **value != Json::Null)
    }

    /// What a column says of one combination of parameters.
    fn cell(&self, name: &str, index: usize) -> Option<&'a Json> {
        self.column(name)?
            .list()?
            .get(index)
            .filter(|value| **value != Json::Null)
    }
}

fn benchmark(name: &str, result: &Json, columns: &[&str]) -> Vec<Measurement> {
    let row = Row::of(result, columns);
    let combinations = combinations(row.params);
    let values: Vec<&Json> = match row.result {
        None | Some(Json::Null) => return vec![Measurement::invalid(name, "*", NOT_RUN)],
        Some(Json::List(values)) => values.iter().collect(),
        Some(value) => vec![value],
    };
    if values.len() != combinations.len() {
        return vec![Measurement::invalid(
            name,
            "*",
            "not one result for each combination of parameters",
        )];
    }
    let mut rows = Vec::with_capacity(values.len());
    for (index, (value, parameters)) in values.into_iter().zip(combinations).enumerate() {
        rows.push(one(&format!("{name}{parameters}"), kind(name), value, &row, index));
    }
    rows
}

/// Every combination of parameters as it is behind the name, in asv's order: the last parameter changes fastest.
fn combinations(params: Option<&Json>) -> Vec<String> {
    let lists = params.and_then(Json::list).unwrap_or_default();
    if lists.is_empty() {
        return vec![String::new()];
    }
    let mut made: Vec<Vec<String>> = vec![Vec::new()];
    for list in lists {
        let values: Vec<String> = list.list().unwrap_or_default().iter().map(Json::shown).collect();
        if made.len().saturating_mul(values.len()) > 100_000 {
            return Vec::new();
        }
        made = made
            .into_iter()
            .flat_map(|head| {
                values
                    .iter()
                    .map(move |value| [head.clone(), vec![value.clone()]].concat())
            })
            .collect();
    }
    made.into_iter()
        .map(|values| format!(" {{{}}}", values.join(", ")))
        .collect()
}

/// What the prefix of a benchmark's own name says it measures: metric, unit, direction.
fn kind(name: &str) -> (&'static str, &'static str, Direction) {
    let own = name.rsplit('.').next().unwrap_or(name);
    let begins = |prefix: &str| {
        // `TimeSort` as well as `time_sort`: asv takes both.
        let words = prefix.trim_end_matches('_');
        let rest = own.strip_prefix(prefix).is_some();
        let camel = own
            .get(..words.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(words) && head.starts_with(char::is_uppercase));
        rest || camel
    };
    if begins("time_") || begins("timeraw_") {
        ("time", "s", Direction::Lower)
    } else if begins("mem_") || begins("peakmem_") {
        ("memory", "B", Direction::Lower)
    } else {
        ("value", "", Direction::Unknown)
    }
}

fn one(
    name: &str,
    (metric, unit, direction): (&str, &str, Direction),
    value: &Json,
    row: &Row<'_>,
    index: usize,
) -> Measurement {
    let refuse = |reason: &str| Measurement::invalid(name, "*", reason);
    let value = match value {
        Json::Null => return refuse(NOT_RUN),
        Json::Number(value) if value.is_nan() => return refuse("NaN: skipped"),
        Json::Number(value) => *value,
        _ => return refuse("the result is not a number"),
    };
    let fault = |values: &[f64]| match metric {
        "time" => time_fault(values),
        "memory" => count_fault(values),
        _ => (!values.iter().all(|value| value.is_finite())).then_some("not a finite number"),
    };
    if let Some(reason) = fault(&[value]) {
        return refuse(reason);
    }
    let identity = Identity::new(name, metric, unit, direction);
    if let Some(samples) = row.cell("samples", index) {
        let Some(samples) = samples.numbers().filter(|samples| !samples.is_empty()) else {
            return refuse("samples holds something else than numbers");
        };
        if let Some(reason) = fault(&samples) {
            return refuse(reason);
        }
        let stated = Stated {
            median: Some(value),
            ..Stated::default()
        };
        if !stated.follows_from(&samples, TOLERANCE) {
            return refuse("result does not follow from samples");
        }
        return Measurement::raw(identity, vec![samples]);
    }
    let spread = ["stats_q_25", "stats_ci_99_a"]
        .iter()
        .any(|column| row.cell(column, index).is_some());
    if spread {
        let repeat = row.cell("stats_repeat", index).and_then(Json::count).unwrap_or(0);
        return Measurement::summary(identity, value, repeat);
    }
    Measurement::bare(identity, value, 0)
}

fn provenance(document: &Json) -> Provenance {
    let parameter = |key: &str| document.at(&["params", key]).filter(|value| **value != Json::Null);
    let text = |key: &str| parameter(key).map(Json::shown).filter(|text| !text.is_empty());
    let os = match (text("os"), text("arch")) {
        (Some(os), Some(arch)) => Some(format!("{os} {arch}")),
        (os, arch) => os.or(arch),
    };
    let mut provenance = Provenance {
        host: text("machine"),
        cpu: text("cpu"),
        cpus: text("num_cpu").and_then(|count| count.parse().ok()),
        os,
        runtime: document
            .get("python")
            .map(|python| format!("python {}", python.shown())),
        commit: document.text_of("commit_hash").map(str::to_owned),
        ..Provenance::default()
    };
    for (name, value) in document.get("requirements").and_then(Json::object).unwrap_or_default() {
        let value = value.shown();
        if !value.is_empty() && value != "null" {
            provenance.other.insert(name.clone(), value);
        }
    }
    provenance
}
