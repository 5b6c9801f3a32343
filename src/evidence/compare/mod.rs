//! Baseline against candidate, file by file: which measurements belong together, what forbids to compare them, and what each decides.
//!
//! Nothing is taken on trust that a file can show: the same file or the same raw values twice, other machines, other units, a debug build,
//! a benchmark that is missing are refused before anything is computed.

mod outcome;
mod pair;
mod question;
mod refuse;

use std::collections::BTreeMap;

use super::measurement::Measurement;
use pair::{Found, Pair};

pub use outcome::{Compared, Comparison, Refused, Why};
pub use question::{Criteria, Design, File};

/// Compares what `wanted` says of a benchmark and a metric.
pub fn compare(
    question: &Criteria,
    baseline: &[File],
    candidate: &[File],
    wanted: &dyn Fn(&str, &str) -> bool,
) -> Comparison {
    let all: Vec<&File> = baseline.iter().chain(candidate).collect();
    let refused = refuse::refused(&all, &question.exact);
    let mut results = Vec::new();
    for ((benchmark, metric), before) in grouped(baseline) {
        if !wanted(&benchmark, &metric) {
            continue;
        }
        let after = having(candidate, &benchmark, &metric);
        let pair = Pair {
            question,
            benchmark: &benchmark,
            metric: &metric,
            sides: [before, after],
        };
        results.push(match refused.first() {
            Some(first) => pair.invalid(first.clone()),
            None => pair.decide(),
        });
    }
    Comparison { results, refused }
}

/// Whether no two processes would report the same: neither a deterministic count, nor one number of few digits.
pub fn is_unlikely(row: &Measurement) -> bool {
    !refuse::may_come_again(row)
}

/// Measurements by benchmark and metric, in the order in which they come.
fn grouped(files: &[File]) -> Vec<((String, String), Vec<Found<'_>>)> {
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut groups: Vec<((String, String), Vec<Found<'_>>)> = Vec::new();
    for file in files {
        for row in &file.reading.measurements {
            let at = *places.entry((&row.benchmark, &row.metric)).or_insert_with(|| {
                groups.push(((row.benchmark.clone(), row.metric.clone()), Vec::new()));
                groups.len() - 1
            });
            if let Some((_, found)) = groups.get_mut(at) {
                found.push((file, row));
            }
        }
    }
    groups
}

/// The same measurement in other files; also the refusal of the whole benchmark, which stands for it.
fn having<'a>(files: &'a [File], benchmark: &str, metric: &str) -> Vec<Found<'a>> {
    let rows = files
        .iter()
        .flat_map(|file| file.reading.measurements.iter().map(move |row| (file, row)));
    rows.filter(|(_, row)| row.benchmark == benchmark && (row.metric == metric || row.metric == "*"))
        .collect()
}
