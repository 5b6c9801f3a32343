//! The text of wrk and wrk2. A file may hold several runs, which are counted.

use super::text::number;
use super::{Read, Refusal};
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is(text: &str) -> bool {
    text.lines().any(|line| heading(line).is_some()) && text.contains("Requests/sec:")
}

fn heading(line: &str) -> Option<&str> {
    let heading = line.strip_prefix("Running ")?;
    heading.contains(" test @ ").then(|| heading.trim_end())
}

pub(super) fn read(text: &str) -> Result<Read, Refusal> {
    let mut runs: Vec<(String, Vec<&str>)> = Vec::new();
    for line in ended(text).lines() {
        if let Some(heading) = heading(line) {
            let count = runs.len() + 1;
            runs.push((format!("{heading} #{count}"), Vec::new()));
        } else if let Some((_, lines)) = runs.last_mut() {
            lines.push(line.trim());
        }
    }
    let rows = runs.iter().flat_map(|(name, lines)| run(name, lines)).collect();
    Ok((rows, Provenance::default()))
}

/// The lines that end: the last one of a text that was cut may hold the beginning of a number. wrk's own last line is not read.
fn ended(text: &str) -> &str {
    text.rfind('\n').and_then(|end| text.get(..=end)).unwrap_or_default()
}

fn run(name: &str, lines: &[&str]) -> Vec<Measurement> {
    let after = |word: &str| lines.iter().find_map(|line| line.strip_prefix(word)).map(str::trim);
    let refuse = |reason: String| vec![Measurement::invalid(name, "*", reason)];
    if let Some(errors) = after("Socket errors:") {
        return refuse(format!("socket errors: {errors}"));
    }
    let Some(requests) = after("Requests/sec:").and_then(number) else {
        return refuse("no requests per second: the run did not end".to_owned());
    };
    if requests <= 0.0 {
        return refuse("no request was answered".to_owned());
    }
    let note = after("Non-2xx or 3xx responses:").map(|count| format!("{count} responses were not 2xx or 3xx"));
    let note = note.unwrap_or_default();
    let identity = |metric, unit, direction| Identity::new(name, metric, unit, direction);
    let mut rows = vec![Measurement::bare(identity("requests", "1/s", Direction::Higher), requests, 0).noting(note)];
    let first = |words: &str| words.split_whitespace().next().map(str::to_owned);
    let average = after("Latency ").and_then(first).filter(|word| word != "Distribution");
    let middle = lines.iter().find_map(|line| {
        let (percentile, value) = line.split_once('%')?;
        (number(percentile) == Some(50.0)).then(|| value.trim().to_owned())
    });
    if let Some(average) = average {
        rows.push(match seconds(&average) {
            Some(value) => Measurement::summary(identity("latency avg", "s", Direction::Lower), value, 0),
            None => Measurement::invalid(name, "latency avg", "not a time above zero"),
        });
    }
    if let Some(middle) = middle {
        rows.push(match seconds(&middle) {
            Some(value) => Measurement::bare(identity("latency p50", "s", Direction::Lower), value, 0),
            None => Measurement::invalid(name, "latency p50", "not a time above zero"),
        });
    }
    rows
}

/// A time with its unit, in seconds.
fn seconds(text: &str) -> Option<f64> {
    let units = [
        ("us", 1e6, 1.0),
        ("ms", 1e3, 1.0),
        ("s", 1.0, 1.0),
        ("m", 1.0, 60.0),
        ("h", 1.0, 3600.0),
    ];
    let (value, (_, divisor, factor)) = units
        .iter()
        .find_map(|unit| Some((number(text.strip_suffix(unit.0)?)?, unit)))?;
    (value > 0.0).then_some(value / divisor * factor)
}
