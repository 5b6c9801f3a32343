//! The text of `cargo bench` with libtest: a median and a range of one process.

use super::check::summary_time_fault;
use super::text::number;
use super::{Read, Refusal};
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is(text: &str) -> bool {
    text.lines()
        .any(|line| matches!(line_of(line), Some((_, Outcome::Bench(_)))))
}

enum Outcome<'a> {
    Bench(&'a str),
    Failed,
}

/// `test NAME ... bench:  3,296 ns/iter (+/- 521)`. Ignored and passed tests are no benchmarks.
fn line_of(line: &str) -> Option<(&str, Outcome<'_>)> {
    let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let outcome = outcome.trim();
    if let Some(bench) = outcome.strip_prefix("bench:") {
        return Some((name.trim(), Outcome::Bench(bench.trim())));
    }
    (outcome == "FAILED").then(|| (name.trim(), Outcome::Failed))
}

pub(super) fn read(text: &str) -> Result<Read, Refusal> {
    let lines = text.lines().filter_map(line_of);
    let rows = lines.map(|(name, outcome)| match outcome {
        Outcome::Failed => Measurement::invalid(name, "*", "FAILED"),
        Outcome::Bench(bench) => benchmark(name, bench),
    });
    Ok((rows.collect(), Provenance::default()))
}

fn benchmark(name: &str, bench: &str) -> Measurement {
    let refuse = |reason: &str| Measurement::invalid(name, "*", reason);
    let Some((measured, range)) = bench.split_once("(+/- ") else {
        return refuse("malformed line");
    };
    let words: Vec<&str> = measured.split_whitespace().collect();
    let ([value, unit], Some((spread, _))) = (words.as_slice(), range.split_once(')')) else {
        return refuse("malformed line");
    };
    let (Some(value), Some(_)) = (number(value), number(spread)) else {
        return refuse("malformed line");
    };
    if let Some(reason) = summary_time_fault(value) {
        return refuse(reason);
    }
    let (metric, direction) = match unit.rsplit_once('/') {
        Some((_, "iter")) => ("time", Direction::Lower),
        Some((_, "s")) => ("rate", Direction::Higher),
        _ => ("value", Direction::Unknown),
    };
    Measurement::summary(Identity::new(name, metric, *unit, direction), value, 0)
}
