//! The certificates that bear on a component: what each decided, what that does to the change, and why where it does nothing.

use maud::{Markup, html};

use super::frame::{Mood, badge, prose, text};
use crate::certificate::{Class, SubjectField};
use crate::diagnostic::plural;
use crate::gate::Judgement;
use crate::ledger::{Entry, Origin};
use crate::verdict::{CertificateDecision, ComponentDecision};

/// How a decision looks.
pub(super) fn mood(class: Option<Class>) -> Mood {
    match class {
        Some(Class::Approve) => Mood::Good,
        Some(Class::Conditional) => Mood::Careful,
        Some(Class::Neutral) => Mood::Plain,
        Some(Class::Hold | Class::Veto | Class::Stop) | None => Mood::Bad,
    }
}

/// The decision of a certificate, as a badge.
pub(super) fn decision(entry: &Entry, class: Option<Class>) -> Markup {
    badge(
        mood(class),
        entry.certificate.status.map_or("unreadable", |status| status.as_str()),
    )
}

/// Refusals first, since they weigh most; then what covers something or is new; the rest folded. The newest first in each.
pub(super) fn certificates(report: &Judgement, component: &ComponentDecision) -> Markup {
    let entry = |one: &CertificateDecision| report.ledger.get(one.entry);
    let refuses = |one: &&CertificateDecision| one.class.is_some_and(Class::refuses);
    let bears = |one: &&CertificateDecision| {
        !one.covers.is_empty() || entry(one).is_some_and(|entry| entry.origin == Origin::Added)
    };
    let (refusals, others): (Vec<_>, Vec<_>) = component.certificates.iter().partition(refuses);
    let (bearing, idle): (Vec<_>, Vec<_>) = others.into_iter().partition(bears);
    let cards = |list: &[&CertificateDecision]| {
        html! { @for one in list { @if let Some(entry) = entry(one) { (card(entry, one)) } } }
    };
    html! {
        @if !refusals.is_empty() { h3 { "Refusals" } (cards(&refusals)) }
        @if !(bearing.is_empty() && idle.is_empty()) { h3 { "Certificates" } (cards(&bearing)) }
        @if !idle.is_empty() {
            details {
                summary { (plural(idle.len(), "certificate")) " of this component that cover nothing of this change, and why" }
                (cards(&idle))
            }
        }
    }
}

fn card(entry: &Entry, one: &CertificateDecision) -> Markup {
    let certificate = &entry.certificate;
    let refuses = one.class.is_some_and(Class::refuses);
    let verb = if refuses { "refuses" } else { "covers" };
    html! {
        article .card .refusal[refuses] data-find="certificate" {
            div .heading {
                (decision(entry, one.class))
                h4 { code { (text(&entry.label())) } }
                @if entry.origin == Origin::Added { (badge(Mood::Plain, "added by this change")) }
            }
            p .small {
                @match &certificate.agent { Some(agent) => { "by " code { (text(agent)) } }, None => "by nobody that it names" }
                @if let Some(moment) = entry.moment() { ", dated " time datetime=(moment.to_string()) { (moment.strftime("%Y-%m-%d %H:%M UTC")) } }
                ", in " code { (certificate.path) }
            }
            p {
                @match (one.covers.len(), refuses) {
                    (0, true) => "Refuses no file of this change by name.",
                    (0, false) => "Covers nothing of this change.",
                    (count, _) => { (format!("It {verb} {} of this change", plural(count, "file"))) (binding(entry)) },
                }
            }
            @if !one.problems.is_empty() {
                ul { @for problem in &one.problems {
                    li { span .soft .small { (problem.code()) } " " (prose(&problem.to_string())) }
                } }
            }
            @if !certificate.conditions.is_empty() {
                p .small { "Conditions:" }
                ul { @for condition in &certificate.conditions {
                    li { (badge(if condition.met { Mood::Good } else { Mood::Careful }, if condition.met { "met" } else { "open" })) " " (prose(&text(&condition.text))) }
                } }
            }
            @for lift in &entry.lifts {
                p .small { "Lifted by " code { (text(lift.id.as_deref().unwrap_or(&lift.path.to_string()))) }
                    @if let Some(agent) = &lift.agent { " of " code { (text(agent)) } } ", in commit " code { (lift.commit.short()) } }
            }
        }
    }
}

fn binding(entry: &Entry) -> &'static str {
    match entry.certificate.subject {
        SubjectField::Present(_) => ", by their content.",
        _ => ".",
    }
}
