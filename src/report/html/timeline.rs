//! The ledger as a line of time: what the change adds, then what has landed, newest first.

use maud::{Markup, html};

use super::certificates::decision;
use super::frame::{Mood, badge, text};
use crate::diagnostic::plural;
use crate::gate::Judgement;
use crate::ledger::{Entry, Origin};

/// Most certificates that are listed.
const LISTED: usize = 500;

/// Every certificate, newest first; where not all could be read, those that bear on what is gated.
fn entries(report: &Judgement) -> Vec<&Entry> {
    let added = report.ledger.iter().filter(|entry| entry.origin == Origin::Added);
    let bearing = report.ledger.iter().filter(|entry| entry.origin == Origin::Base);
    let mut entries: Vec<&Entry> = match report.landed.is_empty() {
        true => added.chain(bearing).collect(),
        false => added.chain(&report.landed).collect(),
    };
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.place.key()));
    entries
}

/// The ledger, where there is one.
pub(super) fn ledger(report: &Judgement) -> Option<Markup> {
    let entries = entries(report);
    if entries.is_empty() {
        return None;
    }
    let naming: Vec<&Entry> = entries
        .iter()
        .copied()
        .filter(|entry| !entry.certificate.supersedes.is_empty())
        .collect();
    Some(html! {
        section #ledger .sheet aria-labelledby="ledger-heading" data-list="noledger" {
            h2 #ledger-heading { "Ledger" }
            p .soft .small { (plural(entries.len(), "certificate")) ", newest first, in the order in which git introduced them." }
            ol .timeline {
                @for entry in entries.iter().take(LISTED) { li data-find="moment" { (moment(&naming, entry)) } }
            }
            @if entries.len() > LISTED { p .soft { "And " (entries.len() - LISTED) " older ones: " code { "certgate log" } "." } }
            p #noledger .soft hidden { "No certificate matches." }
        }
    })
}

/// One certificate; `naming` are those that supersede something.
fn moment(naming: &[&Entry], entry: &Entry) -> Markup {
    let certificate = &entry.certificate;
    let class = certificate.status.map(|status| status.class());
    let superseded = naming.iter().filter(|other| {
        let later = other.place.follows(&entry.place) || other.place.is_with(&entry.place);
        later && other.certificate.path != certificate.path && other.certificate.names(certificate)
    });
    html! {
        div .heading {
            @match entry.moment() {
                Some(at) => time datetime=(at.to_string()) { (at.strftime("%Y-%m-%d %H:%M")) },
                None => span .soft .small { "no date" },
            }
            (decision(entry, class))
            @if entry.origin == Origin::Added { (badge(Mood::Plain, "added by this change")) }
        }
        div .small {
            code { (text(&certificate.components.join(", "))) }
            @if let Some(agent) = &certificate.agent { ", by " code { (text(agent)) } }
            ", " code { (text(&entry.label())) }
        }
        @for lift in &entry.lifts { div .small { "lifted by " code { (text(lift.id.as_deref().unwrap_or(&lift.path.to_string()))) } } }
        @for by in superseded { div .small { "superseded by " code { (text(&by.label())) } } }
    }
}
