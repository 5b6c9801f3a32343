//! What approvals show by measurements: the figures, and a picture of each.

use maud::{Markup, html};

use super::super::svg::figure;
use super::frame::{Mood, badge, names, text};
use super::plots::{distribution, interval, over_time, steps};
use crate::certificate::RowTerms;
use crate::diagnostic::plural;
use crate::evidence::bound::Shown;
use crate::evidence::decide::Conclusion;
use crate::evidence::trend::trend;
use crate::gate::{Judgement, MetricSeries};
use crate::verdict::{ComponentDecision, code_of};

/// Most series over the ledger that are drawn of a component.
const DRAWN: usize = 24;

/// The measurements of a component.
pub(super) fn evidence(report: &Judgement, component: &ComponentDecision) -> Markup {
    html! {
        h3 { "Evidence" }
        p .soft .small { "Recomputed from the files that the certificates bind. A ratio above 1 is worse, whatever the metric." }
        p .key { span .dot { "baseline" } span .ring { "candidate" } span { "upright: the centre" } }
        div .plots {
            @for (at, (entry, shown)) in component.evidence.iter().enumerate() {
                (one(report, *entry, shown, &format!("plot-{}-{at}", component.id)))
            }
        }
    }
}

/// What was measured before, over the approvals of the ledger.
pub(super) fn trends(report: &Judgement, component: &ComponentDecision) -> Markup {
    let all = report
        .measured
        .series
        .get(&component.id)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let longer: Vec<&MetricSeries> = all.iter().filter(|series| series.points.len() > 1).collect();
    html! {
        @if !longer.is_empty() {
            h3 { "Measured over the ledger" }
            p .soft .small { "What each approval measured, in the order of the ledger." }
            p .key { span .dot { "landed" } span .ring { "added by this change" } span { "grey: the level" } }
            div .plots {
                @for (at, series) in longer.iter().take(DRAWN).enumerate() {
                    (course(series, &format!("trend-{}-{at}", component.id)))
                }
            }
            @if longer.len() > DRAWN { p .soft { "And " (longer.len() - DRAWN) " more: " code { "certgate trend " (component.id) } "." } }
        }
    }
}

fn course(series: &MetricSeries, id: &str) -> Markup {
    let values: Vec<Option<f64>> = series.points.iter().map(|point| Some(point.value)).collect();
    let found = trend(&values).ok();
    html! {
        figure .plot data-find="evidence" {
            figcaption { strong { (text(&series.benchmark)) } " " span .soft { (text(&series.metric)) } }
            @if let Some(found) = &found {
                @if let Some(drawn) = over_time(series, found, id) { (drawn) }
                p .small { (steps(found)) }
            }
            details {
                summary .small { (plural(series.points.len(), "approval")) }
                ol .small { @for point in &series.points {
                    li { code { (point.certificate) } " " (figure(point.value)) " " (text(&series.unit)) }
                } }
            }
        }
    }
}

fn mood(verdict: Conclusion) -> Mood {
    match verdict {
        Conclusion::Pass => Mood::Good,
        Conclusion::Inconclusive => Mood::Careful,
        Conclusion::Regressed | Conclusion::Invalid => Mood::Bad,
    }
}

fn one(report: &Judgement, entry: usize, shown: &Shown, id: &str) -> Markup {
    let runs = report.measured.runs.get(&entry).and_then(|all| {
        let mut all = all.rows.iter();
        all.find(|runs| runs.benchmark == shown.benchmark && runs.metric == shown.metric)
    });
    let entry = report.ledger.get(entry);
    let block = entry.and_then(|entry| entry.certificate.benchmarks.present());
    let row = block.and_then(|block| {
        let mut rows = block.rows.iter();
        rows.find(|row| row.benchmark == shown.benchmark && row.metric == shown.metric)
    });
    let terms: Option<&RowTerms> = row.map(|row| &row.terms);
    let accepted = terms.map(|terms| 1.0 + terms.threshold.value());
    let [m, n] = shown.runs;
    html! {
        figure .plot data-find="evidence" {
            figcaption {
                strong { (text(&shown.benchmark)) } " " span .soft { (text(&shown.metric)) } " "
                (badge(mood(shown.verdict), shown.verdict.word()))
            }
            @if let Some(drawn) = runs.and_then(|runs| distribution(runs, id)) { (drawn) }
            @if let Some(drawn) = interval(shown, accepted, id) { (drawn) }
            p .small {
                @if let Some(ratio) = shown.ratio {
                    "Ratio " strong { (figure(ratio)) }
                    @if let (Some(lower), Some(upper)) = (shown.lower, shown.upper) { ", between " (figure(lower)) " and " (figure(upper)) }
                    ". "
                } @else { "No ratio. " }
                @if let Some(accepted) = accepted { "Accepted up to " (figure(accepted)) ". " }
                (m) " runs of the baseline, " (n) " of the candidate."
            }
            @if !shown.flaws.is_empty() {
                p .small { "Not accepted: " (names(&codes(shown))) }
            }
            @if let Some(entry) = entry { p .small .soft { "in " code { (text(&entry.label())) } } }
        }
    }
}

fn codes(shown: &Shown) -> Vec<&'static str> {
    let mut codes: Vec<&'static str> = shown.flaws.iter().map(|kind| code_of(*kind).as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
