//! `--format html`: one file that a browser shows without the network, and that is complete without a script.
//!
//! [`frame`] owns what every page has: its policy for content, style and script. The other files own a part of the page each. Text becomes
//! markup by maud alone, which escapes it; [`frame::text`] makes harmless first what could fool a reader.

mod audit;
mod certificates;
mod component;
mod documents;
mod evidence;
mod files;
mod frame;
mod history;
mod plots;
mod score;
mod timeline;
mod told;
mod verdict;

pub(super) use audit::html_audit;
pub use documents::{html_lint, html_verify};
pub(crate) use history::simulation_html;

use maud::html;

use crate::diagnostic::{Diagnostic, plural};
use crate::gate::Judgement;

/// A judged change.
pub fn html(report: &Judgement) -> String {
    let components = &report.decision.components;
    let files: usize = components.iter().map(|component| component.files.len()).sum();
    let others: Vec<&Diagnostic> = report.diagnostics.iter().collect();
    let known = |told: &&Diagnostic| {
        let about = told.component();
        about.is_none_or(|id| components.iter().all(|component| component.id != id))
    };
    let others: Vec<&Diagnostic> = others.into_iter().filter(known).collect();
    let mut parts: Vec<(&str, &str)> = Vec::new();
    if !components.is_empty() {
        parts.push(("components", "Components"));
    }
    if !others.is_empty() {
        parts.push(("findings", "Other findings"));
    }
    if report.sensitivity.is_some() {
        parts.push(("sensitivity", "Sensitivity"));
    }
    let ledger = timeline::ledger(report);
    if ledger.is_some() {
        parts.push(("ledger", "Ledger"));
    }
    let body = html! {
        (verdict::verdict(report))
        @if !components.is_empty() {
            (frame::Finder::JUDGED.show(files > 0))
            section #components aria-label="Components" {
                @for component in components { (component::component(report, component)) }
            }
        }
        @if !others.is_empty() {
            section #findings .sheet aria-labelledby="findings-heading" {
                h2 #findings-heading { "Other findings" }
                (told::findings(&others))
            }
        }
        @if let Some(found) = &report.sensitivity { (score::change(found)) }
        @if let Some(ledger) = &ledger { (ledger) }
    };
    let title = format!("certgate: {}", verdict::title(report));
    frame::document(&title, &parts, files > frame::FEW, &body)
}

/// A run that could not decide.
pub fn html_failure(command: &str, diagnostics: &[Diagnostic]) -> String {
    let told: Vec<&Diagnostic> = diagnostics.iter().collect();
    let done = match command {
        "check" => "Nothing was judged, which is not a pass.",
        _ => "Nothing was read.",
    };
    let body = html! {
        section .sheet .verdict .undecided aria-labelledby="verdict" {
            h1 #verdict { "Could not decide" }
            p .lead { (done) " " (plural(told.len(), "finding")) " below." }
        }
        section #findings .sheet aria-labelledby="findings-heading" {
            h2 #findings-heading { "What is in the way" }
            (told::findings(&told))
        }
    };
    frame::document(&format!("certgate: {command} could not decide"), &[], false, &body)
}
