//! gungraun, iai-callgrind and iai: counts of one run under Valgrind, as text or as JSON.
//!
//! The text prints `new|old` or `new (per cent)`: the old side is of an unknown commit and is not read. The JSON has one record for each
//! benchmark, on a line or over several, with other output between. Source: `summary.v6.schema.json` and, for `callgrind_summary`, v2.

use super::json::{self, Json};
use super::text::number;
use super::{Defect, Read, Refusal};
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is_record(document: &Json) -> bool {
    let record = |record: &Json| {
        record.text_of("module_path").is_some() && (record.has("profiles") || record.has("callgrind_summary"))
    };
    match document.list() {
        Some(records) => !records.is_empty() && records.iter().all(record),
        None => record(document),
    }
}

pub(super) fn read_record(document: &Json) -> Read {
    let rows = match document.list() {
        Some(records) => records.iter().flat_map(record).collect(),
        None => record(document),
    };
    (rows, Provenance::default())
}

pub(super) fn is(text: &str) -> bool {
    let mut lines = text.lines();
    lines.any(|line| {
        let begins = metric(line).is_some_and(|(name, _)| FIRST.contains(&name));
        begins || (line.starts_with('{') && text.contains("\"module_path\""))
    })
}

/// The metrics with which a benchmark begins.
const FIRST: [&str; 4] = ["Instructions", "L1 Hits", "L1 Accesses", "Estimated Cycles"];

pub(super) fn read(text: &str) -> Result<Read, Refusal> {
    let rows = if text.lines().any(|line| line.starts_with('{')) {
        records(text)?
    } else {
        blocks(text)
    };
    Ok((rows, Provenance::default()))
}

/// The records between other output.
fn records(text: &str) -> Result<Vec<Measurement>, Refusal> {
    let mut rows = Vec::new();
    let mut pending = String::new();
    let mut start = 0;
    let refusal = |line: usize| Refusal {
        line: u32::try_from(line + 1).ok(),
        ..Defect::Damaged("a record that starts with { does not parse".to_owned()).into()
    };
    for (index, line) in text.lines().enumerate() {
        if pending.is_empty() && !line.starts_with('{') {
            continue;
        }
        // A record over several lines ends in the first column, and none begins inside of another.
        if line.starts_with('{') && !pending.is_empty() {
            return Err(refusal(start));
        }
        if pending.is_empty() {
            start = index;
        }
        pending.push_str(line);
        pending.push('\n');
        if line.starts_with('{') && line.trim_end() != "{" || line.starts_with('}') {
            let document = json::parse(&pending).map_err(|fault| match fault.reason.as_str() {
                "not JSON to the end" => refusal(start),
                _ => Refusal::from(fault),
            })?;
            rows.extend(record(&document));
            pending.clear();
        }
    }
    if pending.is_empty() {
        Ok(rows)
    } else {
        Err(refusal(start))
    }
}

fn record(record: &Json) -> Vec<Measurement> {
    let path = record.text_of("module_path").unwrap_or_default();
    let name = match record.text_of("id") {
        Some(id) => format!("{path} {id}"),
        None => path.to_owned(),
    };
    let mut rows = Vec::new();
    for profile in record.get("profiles").and_then(Json::list).unwrap_or_default() {
        let totals = profile.at(&["summaries", "total", "summary"]).and_then(Json::object);
        for (tool, metrics) in totals.unwrap_or_default() {
            for (metric, found) in metrics.object().unwrap_or_default() {
                rows.extend(new_side(&name, &format!("{tool}/{metric}"), found.get("metrics")));
            }
        }
    }
    let old = record.at(&["callgrind_summary", "callgrind_run", "total", "summary"]);
    for (metric, found) in old.and_then(Json::object).unwrap_or_default() {
        rows.extend(new_side(
            &name,
            &format!("Callgrind/{metric}"),
            found.get("metrics").or(Some(found)),
        ));
    }
    if rows.is_empty() {
        rows.push(Measurement::invalid(name, "*", "no metrics"));
    }
    rows
}

/// The new side: the first of `Both`, or `Left`. What has an old side only was not measured.
fn new_side(name: &str, metric: &str, found: Option<&Json>) -> Option<Measurement> {
    let found = found?;
    let both = found.get("Both").and_then(Json::list).and_then(<[Json]>::first);
    let new = both.or_else(|| found.get("Left")).or_else(|| found.get("new"))?;
    let number = new
        .number()
        .or_else(|| new.number_of("Int"))
        .or_else(|| new.number_of("Float"));
    Some(match number {
        Some(value) if value.is_finite() && value >= 0.0 => exact(name, metric, value),
        _ => Measurement::invalid(name, metric, "negative or not finite value"),
    })
}

fn exact(name: &str, metric: &str, value: f64) -> Measurement {
    Measurement::exact(Identity::new(name, metric, "", Direction::Lower), value)
}

/// Names at the first column, metrics indented below them.
fn blocks(text: &str) -> Vec<Measurement> {
    let mut rows = Vec::new();
    let mut above: Vec<&str> = Vec::new();
    let mut name: Option<String> = None;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some((metric, value)) = metric(line) {
            if !above.is_empty() {
                name = name_of(&above);
                above.clear();
            }
            let Some(name) = &name else { continue };
            // A number at the very end of a text without a last line feed may be the beginning of one.
            let cut = lines.peek().is_none() && text.ends_with(|c: char| c.is_ascii_digit() || c == ',');
            match value.map(number) {
                Some(_) if cut => rows.push(Measurement::invalid(name.clone(), metric, "malformed line")),
                Some(Some(value)) if value >= 0.0 => rows.push(exact(name, metric, value)),
                Some(_) => rows.push(Measurement::invalid(name.clone(), metric, "not a number")),
                None => {}
            }
        } else if line.trim().is_empty() {
            above.clear();
        } else if !line.starts_with(' ') {
            above.push(line);
        }
    }
    rows
}

/// Metric and new side of a line like `  L1 Hits:   2359|2275   (+3.69%)`; no new side where it is `N/A`.
fn metric(line: &str) -> Option<(&str, Option<&str>)> {
    let (name, rest) = line.strip_prefix("  ")?.split_once(':')?;
    let letters = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let value = rest.strip_prefix(' ')?.split_whitespace().next()?;
    let new = value.split('|').next().unwrap_or(value);
    let counts = new.starts_with(|c: char| c.is_ascii_digit()) && !new.contains(['/', '=', ':']);
    let told = rest.contains('|') || rest.trim_end().ends_with([')', ']']) || number(rest.trim()).is_some();
    if !letters || name.starts_with(' ') || !told {
        return None;
    }
    match new {
        "N/A" if value.contains('|') => Some((name, None)),
        new if counts => Some((name, Some(new))),
        _ => None,
    }
}

/// The name above the first metric: from the first line that is a path of Rust on, or (iai) the last line if it is one word.
fn name_of(above: &[&str]) -> Option<String> {
    if let Some(first) = above.iter().position(|line| is_path(line)) {
        return above.get(first..).map(|lines| lines.join("\n"));
    }
    let last = above.last()?.trim_end();
    (!last.contains(char::is_whitespace)).then(|| last.to_owned())
}

fn is_path(line: &str) -> bool {
    let path = line.split_whitespace().next().unwrap_or_default();
    let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
    path.contains("::") && path.split("::").all(word)
}
