//! One component: what it asks for, what is missing, and everything that was found of it.

use maud::{Markup, html};

use super::super::missing::missing;
use super::super::requirement::{JsonRequirement, of_component};
use super::frame::{Mood, badge, names, prose, text};
use super::{certificates, evidence, files, told};
use crate::diagnostic::{Diagnostic, plural};
use crate::gate::{Asked, Judgement, describe};
use crate::verdict::{ComponentDecision, Outcome};

/// How an outcome looks.
pub(super) fn mood(outcome: Outcome) -> Mood {
    match outcome {
        Outcome::Approved => Mood::Good,
        Outcome::Uncovered => Mood::Careful,
        Outcome::Invalid | Outcome::Held | Outcome::Vetoed | Outcome::Stopped => Mood::Bad,
    }
}

/// An outcome in a word.
pub(super) fn word_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Uncovered => "not certified",
        Outcome::Invalid => "unreadable certificate",
        other => other.as_str(),
    }
}

/// A component.
pub(super) fn component(report: &Judgement, component: &ComponentDecision) -> Markup {
    let asked = report.asked.get(&component.id).cloned().unwrap_or_default();
    let about = |told: &&Diagnostic| told.component() == Some(&component.id);
    let about: Vec<&Diagnostic> = report.diagnostics.iter().filter(about).collect();
    let id = &component.id;
    let wants = of_component(report, &asked, component);
    let lacks = missing(report, id);
    html! {
        section .sheet id={ "component-" (id) } aria-labelledby={ "heading-" (id) } {
            div .heading {
                h2 id={ "heading-" (id) } {
                    @match &asked.title {
                        Some(title) => { (text(title)) " " code .soft { (text(id)) } },
                        None => code { (text(id)) },
                    }
                }
                (badge(mood(component.outcome), word_of(component.outcome)))
                @if !asked.risk.is_empty() { (badge(Mood::Plain, &format!("{} risk", asked.risk))) }
            }
            (requirement(&asked, &wants, &lacks))
            @if !about.is_empty() {
                h3 { "Findings, and how to fix them" }
                (told::findings(&about))
            }
            @if !component.messages.is_empty() { (messages(component)) }
            @if !component.files.is_empty() { (files::files(report, &asked, component)) }
            @if !component.evidence.is_empty() { (evidence::evidence(report, component)) }
            (evidence::trends(report, component))
            @if !component.certificates.is_empty() { (certificates::certificates(report, component)) }
        }
    }
}

/// What it asks for, what it has, and what it lacks.
fn requirement(asked: &Asked, wants: &JsonRequirement, lacks: &[String]) -> Markup {
    html! {
        dl .facts {
            div { dt { "Asks for" } dd {
                (plural(wants.approvals.need as usize, "approval")) " of each file, by "
                @if wants.agents.is_empty() { "any agent" } @else { (names(&wants.agents)) }
                @if !wants.authorizers.is_empty() { ", and an authorization by " (names(&wants.authorizers)) }
            } }
            @if !wants.approved_by.is_empty() { div { dt { "Approved by" } dd { (names(&wants.approved_by)) } } }
            @if !wants.evidence.is_empty() { div { dt { "Evidence" } dd { (wants.evidence.join(", ")) } } }
            @if wants.signatures != "off" { div { dt { "Signatures" } dd { (wants.signatures) } } }
            @if !wants.not_by.is_empty() { div { dt { "Must not be approved by" } dd { (names(&wants.not_by)) } } }
            @if !asked.may_lift.is_empty() && !wants.may_lift.is_empty() {
                div { dt { "May lift what refuses it" } dd { (names(&wants.may_lift)) } }
            }
            @if !lacks.is_empty() {
                div { dt { "Missing" } dd { @for (at, lack) in lacks.iter().enumerate() { @if at > 0 { br; } (prose(lack)) } } }
            }
        }
    }
}

/// Commit messages that gate it.
fn messages(component: &ComponentDecision) -> Markup {
    html! {
        h3 { "Commit messages that gate it" }
        ul {
            @for message in &component.messages {
                li {
                    @match &message.commit { Some(id) => code { (id) }, None => "the message of this commit" }
                    ": " (prose(&describe(&message.reason)))
                }
            }
        }
    }
}
