//! `perf stat -j` (one JSON object a line) and `perf stat -x,` (one line of fields an event).
//!
//! With `-r` a variance in per cent comes along: a summary, else one number. What was not counted is refused. Source: `man perf-stat`.

use super::check::{count_fault, summary_time_fault};
use super::json::{self, Json};
use super::text::number;
use super::{Defect, Read, Refusal};
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is_event(document: &Json) -> bool {
    document.get("counter-value").is_some() && document.get("event").is_some()
}

pub(super) fn read_event(document: &Json) -> Read {
    (event_of(document).into_iter().collect(), Provenance::default())
}

pub(super) fn is(text: &str) -> bool {
    let mut lines = content(text).map(|(_, line)| line).peekable();
    match lines.peek() {
        None => false,
        Some(first) if first.starts_with('{') => text.contains("\"counter-value\""),
        Some(_) => lines.all(|line| fields(line).is_some()),
    }
}

/// The lines that are neither empty nor comments.
fn content(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate();
    lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
}

pub(super) fn read(text: &str) -> Result<Read, Refusal> {
    let mut rows = Vec::new();
    for (index, line) in content(text) {
        if !line.starts_with('{') {
            rows.extend(fields(line).map(|event| row(&event)));
            continue;
        }
        let document = json::parse(line).map_err(|fault| Refusal {
            problem: Defect::Damaged(fault.reason),
            line: u32::try_from(index + 1).ok(),
        })?;
        rows.extend(event_of(&document));
    }
    Ok((rows, Provenance::default()))
}

/// What perf says of an event.
struct Event<'a> {
    name: &'a str,
    value: &'a str,
    unit: &'a str,
    repeated: bool,
}

/// A line with a derived metric only has no value and does not count.
fn event_of(document: &Json) -> Option<Measurement> {
    let name = document.text_of("event")?;
    let value = document.get("counter-value")?;
    Some(row(&Event {
        name,
        value: &value.shown(),
        unit: document.text_of("unit").unwrap_or_default(),
        repeated: document.has("variance"),
    }))
}

/// value, unit, event, with `-r` a variance, then time running, per cent running, and the derived metric.
fn fields(line: &str) -> Option<Event<'_>> {
    let separator = [',', ';', '\t']
        .into_iter()
        .find(|separator| line.contains(*separator))?;
    let fields: Vec<&str> = line.split(separator).map(str::trim).collect();
    let [value, unit, name, rest @ ..] = fields.as_slice() else {
        return None;
    };
    let counted = number(value).is_some() || NOT_COUNTED.contains(value);
    let named = name.starts_with(|c: char| c.is_ascii_alphabetic()) && number(unit).is_none();
    (counted && named && rest.len() >= 2).then(|| Event {
        name,
        value,
        unit,
        repeated: rest.first().is_some_and(|field| field.ends_with('%')),
    })
}

const NOT_COUNTED: [&str; 2] = ["<not supported>", "<not counted>"];

fn row(event: &Event<'_>) -> Measurement {
    let refuse = |reason: &str| Measurement::invalid(event.name, "*", reason);
    if NOT_COUNTED.contains(&event.value) {
        return refuse(event.value);
    }
    let Some(value) = number(event.value) else {
        return refuse("the value is not a number");
    };
    let (metric, unit, direction) = match event.unit {
        "msec" => ("time", "ms", Direction::Lower),
        "ns" | "nsec" => ("time", "ns", Direction::Lower),
        "" => ("count", "", Direction::Lower),
        unit => ("value", unit, Direction::Unknown),
    };
    let fault = if metric == "time" {
        summary_time_fault(value)
    } else {
        count_fault(&[value])
    };
    if let Some(reason) = fault {
        return refuse(reason);
    }
    let identity = Identity::new(event.name, metric, unit, direction);
    if event.repeated {
        return Measurement::summary(identity, value, 0);
    }
    Measurement::bare(identity, value, 0)
}
