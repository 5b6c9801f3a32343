//! The gated files of a component, each with why it is gated, what covers it, its score and what changed.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::requirement::of_file;
use super::frame::{Mood, badge, names, prose, text};
use super::score;
use crate::change::RepoPath;
use crate::gate::{Asked, Hunk, Judgement, describe};
use crate::sensitivity::score::FileScore;
use crate::verdict::{ComponentDecision, FileDecision};

/// From so many on, a file that is open shows only the first hunks.
const HUNKS: usize = 40;

/// The files, closed.
pub(super) fn files(report: &Judgement, asked: &Asked, component: &ComponentDecision) -> Markup {
    let scores: BTreeMap<&RepoPath, &FileScore> = match &report.sensitivity {
        Some(found) => found.files.iter().map(|file| (&file.path, file)).collect(),
        None => BTreeMap::new(),
    };
    let covered = component.files.iter().filter(|file| file.covered).count();
    let id = &component.id;
    html! {
        h3 id={ "files-" (id) } { "Files " span .soft { (covered) " of " (component.files.len()) " covered" } }
        div data-list={ "nofiles-" (id) } {
            ul .rows aria-labelledby={ "files-" (id) } data-what={ "files of " (id) } {
                @for file in &component.files {
                    li data-find="file" data-state=(if file.covered { "covered" } else { "open" }) {
                        details {
                            summary {
                                code { (file.path) }
                                @if let Some(found) = scores.get(&file.path) { span .soft .small { "score " (found.score) } }
                                (state(file))
                            }
                            div .body { (body(report, asked, file, scores.get(&file.path).copied())) }
                        }
                    }
                }
            }
        }
        p .soft id={ "nofiles-" (id) } hidden { "No file of this component matches." }
    }
}

fn state(file: &FileDecision) -> Markup {
    match (file.covered, &file.bump) {
        (true, Some(_)) => badge(Mood::Good, "trusted bump"),
        (true, None) => badge(Mood::Good, "covered"),
        (false, _) => badge(Mood::Careful, "not covered"),
    }
}

fn body(report: &Judgement, asked: &Asked, file: &FileDecision, found: Option<&FileScore>) -> Markup {
    let wants = of_file(report, asked, file);
    html! {
        dl .facts {
            div { dt { "Gated by" } dd { @for (at, reason) in file.reasons.iter().enumerate() {
                @if at > 0 { br; } (prose(&describe(reason)))
            } } }
            @if let Some(bump) = &file.bump { div { dt { "Needs no approval" } dd { (prose(bump)) } } }
            @else { div { dt { "Approvals" } dd { (wants.approvals.have) " of " (wants.approvals.need) } } }
            @if !file.by.is_empty() {
                div { dt { "Covered by" } dd { @for (at, (label, binding)) in file.by.iter().enumerate() {
                    @if at > 0 { br; } code { (text(label)) } " " span .soft { "(" (binding.as_str()) ")" }
                } } }
            }
            @if !wants.handoff.is_empty() { div { dt { "Specialists" } dd { (names(&wants.handoff)) } } }
        }
        @if let Some(found) = found.filter(|found| !found.because.is_empty()) { (score::reasons(found)) }
        @match report.hunks.get(&file.path) {
            Some(Some(hunks)) => (changed(hunks)),
            Some(None) => p .soft { "What changed cannot be shown as lines, or is too much to show." },
            None => p .soft { "What changed is shown for the first files only." },
        }
    }
}

/// What changed, as a reviewer reads it.
fn changed(hunks: &[Hunk]) -> Markup {
    html! {
        @for hunk in hunks.iter().take(HUNKS) {
            figure .hunk {
                figcaption { code { (text(&hunk.heading())) } }
                pre { @for line in &hunk.lines { (line_of(line)) } }
            }
        }
        @if hunks.len() > HUNKS { p .soft { "And " (hunks.len() - HUNKS) " more places." } }
    }
}

fn line_of(line: &str) -> Markup {
    let line = text(line);
    match line.as_bytes().first() {
        Some(b'+') => html! { ins { (line) } },
        Some(b'-') => html! { del { (line) } },
        _ => html! { span { (line) } },
    }
}
