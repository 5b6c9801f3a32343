//! The table of results: what the files give by its own terms, and each row that does not follow.

use std::collections::BTreeSet;

use super::budget;
use super::flaw::{Flaw, FlawKind};
use super::shown::{Judged, shown_in};
use crate::certificate::{Benchmarks, DecidedRow, Figure, RowTerms};
use crate::evidence::compare::{self, Criteria, File};
use crate::evidence::decide::Conclusion;
use crate::evidence::exact_null::Alpha;
use crate::evidence::measurement::Direction;

/// How far a recomputed figure may lie from the one in the table: as far as two machines round.
const TOLERANCE: f64 = 1e-9;

/// The bound files, read.
pub(super) struct Sides {
    pub(super) baseline: Vec<File>,
    pub(super) candidate: Vec<File>,
}

/// The metrics that a table says are deterministic counts.
pub(super) fn counts(rows: &[DecidedRow]) -> Vec<String> {
    let counts: BTreeSet<&String> = rows
        .iter()
        .filter(|row| row.terms.exact)
        .map(|row| &row.metric)
        .collect();
    counts.into_iter().cloned().collect()
}

/// The question that the terms of a row ask. `counts` are the metrics of any row that are said to be deterministic counts.
fn question(terms: &RowTerms, metric: &str, counts: &[String]) -> Option<Criteria> {
    let others = counts.iter().filter(|count| *count != metric).cloned();
    Some(Criteria {
        threshold: terms.threshold.value(),
        alpha: Alpha::new(terms.alpha.value())?,
        min_runs: terms.min_runs as usize,
        design: match terms.interleaved {
            true => compare::Design::Interleaved,
            false => compare::Design::Sequential,
        },
        run_noise: terms.run_noise.as_ref().map(Figure::value),
        direction: match terms.higher {
            None => Direction::Unknown,
            Some(false) => Direction::Lower,
            Some(true) => Direction::Higher,
        },
        exact: others.chain(terms.exact.then(|| metric.to_owned())).collect(),
    })
}

/// Holds each row of the table against the files.
pub(super) fn table(block: &Benchmarks, sides: &Sides) -> Vec<Flaw> {
    let counts = counts(&block.rows);
    let fault = |row| row_fault(row, &counts, sides);
    block.rows.iter().filter_map(fault).collect()
}

fn row_fault(row: &DecidedRow, counts: &[String], sides: &Sides) -> Option<Flaw> {
    let wrong = |reason: String| {
        Some(
            Flaw::new(FlawKind::Table, reason)
                .about(&row.benchmark, &row.metric)
                .at(row.line),
        )
    };
    let Some(result) = recompute(row, counts, sides) else {
        return wrong("the bound files do not hold it".to_owned());
    };
    let decision = &result.decision;
    let same = |stated: &Option<Figure>, found: Option<f64>| match (stated, found) {
        (None, None) => true,
        (Some(stated), Some(found)) => (stated.value() - found).abs() <= TOLERANCE * found.abs(),
        _ => false,
    };
    let agrees = row.verdict == decision.verdict.word()
        && same(&row.ratio, decision.ratio)
        && same(&row.lower, decision.lower)
        && same(&row.upper, decision.upper);
    if agrees {
        return None;
    }
    let shown = |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.6}"));
    let stated = |figure: &Option<Figure>| shown(figure.as_ref().map(Figure::value));
    wrong(format!(
        "the table says {} {} ({} to {}), the files give {} {} ({} to {})",
        row.verdict,
        stated(&row.ratio),
        stated(&row.lower),
        stated(&row.upper),
        decision.verdict.word(),
        shown(decision.ratio),
        shown(decision.lower),
        shown(decision.upper),
    ))
}

pub(super) fn recompute(row: &DecidedRow, counts: &[String], sides: &Sides) -> Option<compare::Compared> {
    let question = question(&row.terms, &row.metric, counts)?;
    let wanted = |benchmark: &str, metric: &str| benchmark == row.benchmark && metric == row.metric;
    let found = compare::compare(&question, &sides.baseline, &sides.candidate, &wanted);
    found.results.into_iter().next()
}

/// Where no budget says what is accepted: every row must be a pass by its own terms, and there must be one.
pub(super) fn stated(block: &Benchmarks, sides: &Sides, judged: &mut Judged) {
    if block.rows.is_empty() {
        judged
            .flaws
            .push(Flaw::new(FlawKind::NotShown, "BENCHMARKS has no result"));
    }
    let counts = counts(&block.rows);
    for row in &block.rows {
        let Some(result) = recompute(row, &counts, sides) else {
            continue;
        };
        let mut shown = shown_in(&result, sides.baseline.iter().chain(&sides.candidate));
        let flaw = match result.decision.verdict {
            Conclusion::Pass => None,
            Conclusion::Regressed => Some(FlawKind::Exceeded),
            Conclusion::Inconclusive => Some(FlawKind::Unproven),
            Conclusion::Invalid => Some(FlawKind::Refused),
        };
        if let Some(kind) = flaw {
            shown.flaws.push(kind);
            let said = budget::said(&result, row.terms.threshold.value());
            let flaw = Flaw::new(kind, said).about(&row.benchmark, &row.metric).at(row.line);
            judged.flaws.push(flaw.measured_in(&shown.files));
        }
        judged.shown.push(shown);
    }
}

/// The table of a comparison, as BENCHMARKS has it.
pub fn rows(comparison: &compare::Comparison, terms: &RowTerms) -> Vec<DecidedRow> {
    let row = |result: &compare::Compared| DecidedRow {
        verdict: result.decision.verdict.word().to_owned(),
        ratio: result.decision.ratio.map(Figure::new),
        lower: result.decision.lower.map(Figure::new),
        upper: result.decision.upper.map(Figure::new),
        benchmark: result.benchmark.clone(),
        metric: result.metric.clone(),
        terms: terms.clone(),
        line: 0,
    };
    comparison.results.iter().map(row).collect()
}

/// Compares one metric by the terms of a table. `counts` are the metrics that any row says are deterministic counts.
pub fn compare_by(
    terms: &RowTerms,
    (metric, counts): (&str, &[String]),
    baseline: &[File],
    candidate: &[File],
    wanted: &dyn Fn(&str, &str) -> bool,
) -> Option<compare::Comparison> {
    let question = question(terms, metric, counts)?;
    Some(compare::compare(&question, baseline, candidate, wanted))
}
