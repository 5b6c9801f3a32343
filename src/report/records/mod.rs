//! `records`: working-memory.md, decisions-log.md and next-actions.md, written from the ledger.
//!
//! Nothing in them depends on the clock, on ids of commits or on who reads: the same ledger gives the same bytes. Certificates are listed by
//! the moment that they claim, newest first: in which order git added them is another on each branch until they are merged. What is in force
//! is by git's order.

mod actions;
mod block;
mod log;
mod memory;

use jiff::Timestamp;

pub(crate) use block::splice;

use super::inert::plain;
use super::item::uri;
use crate::certificate::{Benchmarks, Bypass, Certificate, DecidedRow};
use crate::change::RepoPath;
use crate::diagnostic::{plural, sanitize};
use crate::gate::{Said, Standing};
use crate::ledger::Entry;
use crate::policy::Policy;

/// A file that is kept.
pub(crate) struct Kept {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What is between its markers.
    pub(crate) text: String,
}

/// Most figures, paths and results of one certificate that are listed one by one.
const LISTED: usize = 5;

/// The three files.
pub(crate) fn records(policy: &Policy, standing: &Standing<'_>) -> [Kept; 3] {
    let book = Book { policy, standing };
    [
        Kept {
            name: "working-memory.md",
            title: "Working memory",
            text: book.working_memory(),
        },
        Kept {
            name: "decisions-log.md",
            title: "Decisions",
            text: book.decisions(),
        },
        Kept {
            name: "next-actions.md",
            title: "Next actions",
            text: book.next_actions(),
        },
    ]
}

struct Book<'a> {
    policy: &'a Policy,
    standing: &'a Standing<'a>,
}

/// Text from a certificate, on one line.
fn text(text: &str) -> String {
    plain(&sanitize(text.trim()).replace("**", ""))
}

/// The longest text that is shown where the certificate is one click away.
const SHORT: usize = 160;

/// The beginning of a text from a certificate, on one line, cut between words.
fn excerpt(said: &str, longest: usize) -> String {
    let line = said.trim();
    if line.chars().count() <= longest {
        return text(line);
    }
    let kept: String = line.chars().take(longest).collect();
    let kept = kept.rsplit_once(' ').map_or(kept.as_str(), |(before, _)| before);
    format!("{} …", text(kept))
}

/// A name or path as code.
fn name(text: &str) -> String {
    format!("`{}`", sanitize(text).replace('`', "'"))
}

fn day(entry: &Entry) -> String {
    moment(entry).get(..10).unwrap_or("no date").to_owned()
}

fn moment(entry: &Entry) -> String {
    match entry.moment() {
        Some(moment) => moment.strftime("%Y-%m-%d %H:%M").to_string(),
        None => "no date".to_owned(),
    }
}

fn status(certificate: &Certificate) -> &'static str {
    certificate.status.map_or("UNREADABLE", |status| status.as_str())
}

fn agent(certificate: &Certificate) -> String {
    certificate.agent.as_deref().map_or_else(|| "no agent".to_owned(), name)
}

/// How a certificate is named by another: by its id, or by its path.
fn reference(certificate: &Certificate) -> String {
    match certificate.id.as_deref().filter(|_| certificate.can_be_named()) {
        Some(id) => id.to_owned(),
        None => certificate.path.to_string(),
    }
}

impl Book<'_> {
    fn said(&self, entry: &Entry) -> Option<&Said<'_>> {
        let mut all = self.standing.certificates.iter();
        all.find(|said| said.entry.certificate.path == entry.certificate.path)
    }

    fn on(&self, entry: &Entry) -> String {
        let components = self
            .said(entry)
            .map(|said| said.components.as_slice())
            .unwrap_or_default();
        match components {
            [] => "no component".to_owned(),
            some => some.iter().map(|id| name(id)).collect::<Vec<_>>().join(", "),
        }
    }

    /// A path of the repository, from the directory of the records.
    fn link(&self, path: &RepoPath) -> String {
        let directory = self.policy.records.as_ref();
        let depth = directory.map_or(0, |directory| directory.as_bytes().split(|byte| *byte == b'/').count());
        format!("{}{}", "../".repeat(depth), uri(path.as_bytes()))
    }

    /// `**NO_GO** on `parser` by `agent`, 2026-11-22 ([certificate](path))`.
    fn headline(&self, entry: &Entry) -> String {
        let certificate = &entry.certificate;
        format!(
            "**{}** on {} by {}, {} ([certificate]({}))",
            status(certificate),
            self.on(entry),
            agent(certificate),
            day(entry),
            self.link(&certificate.path)
        )
    }

    /// Where it comes from.
    fn origin(&self) -> String {
        let count = self.standing.certificates.len();
        let newest = self
            .standing
            .certificates
            .iter()
            .filter_map(|said| said.entry.moment())
            .max();
        let newest = newest.map(|newest| format!(", the newest of {}", newest.strftime("%Y-%m-%d")));
        format!(
            "Written by `certgate records --write` from {}{}. The text between the markers is written again each time.\n\n",
            plural(count, "certificate"),
            newest.unwrap_or_default()
        )
    }
}

/// The items, or that there are none.
fn or_none(items: Vec<String>) -> String {
    match items.is_empty() {
        true => "None.\n".to_owned(),
        false => items.concat(),
    }
}

fn due(certificate: &Certificate) -> String {
    let until = match certificate.bypass {
        Some(Bypass::Until(seconds)) => Timestamp::from_second(seconds).ok(),
        _ => None,
    };
    until.map_or_else(|| "now".to_owned(), |until| until.strftime("%Y-%m-%d").to_string())
}

fn benchmarks<'a>(said: &'a Said<'_>) -> Option<&'a Benchmarks> {
    said.entry.certificate.benchmarks.present()
}

/// `lex_large time: pass, 1.012 (0.998 to 1.031), 3 % accepted`.
fn result(row: &DecidedRow) -> String {
    let figure = |figure: &Option<crate::certificate::Figure>| match figure {
        Some(figure) => format!("{:.3}", figure.value()),
        None => "?".to_owned(),
    };
    format!(
        "{} {}: {}, ratio {} ({} to {}), {:.1} % accepted",
        name(&row.benchmark),
        name(&row.metric),
        row.verdict,
        figure(&row.ratio),
        figure(&row.lower),
        figure(&row.upper),
        row.terms.threshold.value() * 100.0
    )
}

/// The first few, and how many more.
fn some(items: &[String]) -> Option<String> {
    let shown = items.get(..LISTED).unwrap_or(items).join(", ");
    match items.len() {
        0 => None,
        count if count > LISTED => Some(format!("{shown} and {} more", count - LISTED)),
        _ => Some(shown),
    }
}
