//! What approvals show by measurements: the figures, and a picture of each.

use maud::{Markup, html};

use super::super::svg::figure;
use super::frame::{Mood, badge, names, text};
use super::plots;
use crate::certificate::RowTerms;
use crate::evidence::bound::Shown;
use crate::evidence::decide::Conclusion;
use crate::gate::Judgement;
use crate::verdict::{ComponentDecision, code_of};

/// The measurements of a component.
pub(super) fn evidence(report: &Judgement, component: &ComponentDecision) -> Markup {
    html! {
        h3 { "Evidence" }
        p .soft .small { "Recomputed from the files that the certificates bind. A ratio above 1 is worse, whatever the metric." }
        div .plots {
            @for (at, (entry, shown)) in component.evidence.iter().enumerate() {
                (one(report, *entry, shown, &format!("plot-{}-{at}", component.id)))
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
            @if let Some(drawn) = plots::interval(shown, accepted, id) { (drawn) }
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
