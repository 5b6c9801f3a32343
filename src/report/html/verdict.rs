//! The first thing on the page: what was judged, how it ended, and who is missing.

use maud::{Markup, html};

use super::super::human;
use super::super::missing::missing;
use super::component::{mood, word_of};
use super::frame::{badge, prose, text};
use crate::diagnostic::plural;
use crate::gate::Judgement;
use crate::policy::Enforcement;
use crate::verdict::{ComponentDecision, Verdict};

/// The verdict in a word, and as a class.
fn word(report: &Judgement) -> (&'static str, &'static str) {
    match report.verdict() {
        Verdict::Pass => ("Pass", "pass"),
        Verdict::Warn => ("Warning", "warn"),
        Verdict::Block => ("Blocked", "block"),
    }
}

/// For the title of the window.
pub(super) fn title(report: &Judgement) -> String {
    let (word, _) = word(report);
    match &report.target {
        Some(target) => format!("{} into {target}", word.to_lowercase()),
        None => word.to_lowercase(),
    }
}

/// What is enforced, in words.
fn enforced(report: &Judgement) -> &'static str {
    match report.enforcement {
        Enforcement::Block => "blocks",
        Enforcement::Warn => "warns only",
        Enforcement::Off => "off",
    }
}

/// The verdict, with what was judged and why.
pub(super) fn verdict(report: &Judgement) -> Markup {
    let (word, class) = word(report);
    let why = human::outcome(report, "see the findings below");
    let base = report.base.as_deref().unwrap_or("nothing");
    html! {
        section class={ "sheet verdict " (class) } aria-labelledby="verdict" {
            h1 #verdict { (word) }
            p .lead { (sentence(&why)) }
            @if report.verdict() == Verdict::Warn { p .soft { "The policy does not block here." } }
            dl .facts {
                div { dt { "Into" } dd { code { (report.target.as_deref().map_or_else(|| "no branch".to_owned(), text)) } } }
                div { dt { "Judged" } dd { code { (text(&report.head)) } } }
                div { dt { "Compared with" } dd { code { (text(base)) } } }
                div { dt { "Stage" } dd { (report.stage.as_str()) ", which " (enforced(report)) } }
                div { dt { "Policy" } dd { (prose(&report.policy)) } }
                div { dt { "Looked at" } dd {
                    (plural(report.scope.files, "changed file")) " and " (plural(report.scope.messages, "commit message"))
                } }
            }
            @if !report.decision.components.is_empty() { (overview(report)) }
        }
    }
}

/// With a capital, as it begins a line; names stay as they are.
fn sentence(text: &str) -> Markup {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    prose(&format!("{first}{}.", characters.as_str()))
}

/// Each component on a line.
fn overview(report: &Judgement) -> Markup {
    let covered = |component: &ComponentDecision| component.files.iter().filter(|file| file.covered).count();
    html! {
        h2 .aside { "Components in short" }
        table .wide {
            thead { tr {
                th scope="col" { "Component" } th scope="col" { "Outcome" }
                th scope="col" { "Files covered" } th scope="col" { "Missing" }
            } }
            tbody {
                @for component in &report.decision.components {
                    tr {
                        th scope="row" { a href={ "#component-" (component.id) } { code { (text(&component.id)) } } }
                        td { (badge(mood(component.outcome), word_of(component.outcome))) }
                        td { (covered(component)) " of " (component.files.len()) }
                        td {
                            @let lacks = missing(report, &component.id);
                            @if lacks.is_empty() { span .soft { "nothing" } }
                            @for (at, lack) in lacks.iter().enumerate() { @if at > 0 { br; } (prose(lack)) }
                        }
                    }
                }
            }
        }
    }
}
