//! `records`: working-memory.md, decisions-log.md and next-actions.md, written from the ledger.
//!
//! Nothing in them depends on the clock, on ids of commits or on who reads: the same ledger gives the same bytes. Certificates are listed by
//! the moment that they claim, newest first: in which order git added them is another on each branch until they are merged. What is in force
//! is by git's order.

mod block;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

pub(crate) use block::splice;

use super::inert::{block, plain};
use crate::certificate::{Benchmarks, Bypass, Certificate, Class, DecidedRow, SubjectField};
use crate::diagnostic::{Placeholder, Remedy, Word, command, plural, sanitize};
use crate::evidence::claims::{Claim, Label, Value};
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

/// The share of a budget from which on it counts as nearly used up.
const NEAR: f64 = 0.8;
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

    /// `**NO_GO** on `parser` by `agent`, 2026-11-22: `path``.
    fn headline(&self, entry: &Entry) -> String {
        let certificate = &entry.certificate;
        format!(
            "**{}** on {} by {}, {}: {}",
            status(certificate),
            self.on(entry),
            agent(certificate),
            day(entry),
            name(&certificate.path.to_string())
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

    fn working_memory(&self) -> String {
        let mut out = self.origin();
        out.push_str("## State of each component\n\n");
        out.push_str(&self.components());
        out.push_str("\n## Refusals in force\n\n");
        out.push_str(&self.list(&self.standing.refusals, |entry| {
            let mut item = format!("- {}\n", self.headline(entry));
            if let Some(rationale) = self.said(entry).and_then(|said| said.rationale.as_deref()) {
                let _infallible = writeln!(item, "  - {}", text(rationale));
            }
            let lifts = self.said(entry).map(|said| said.lifts.as_slice()).unwrap_or_default();
            for lift in lifts {
                let how = if lift.revoked {
                    "lifted, and that was revoked:"
                } else {
                    "lifted in part by"
                };
                let _infallible = writeln!(item, "  - {how} {}", name(&lift.by.to_string()));
            }
            item
        }));
        out.push_str("\n## Open conditions\n\n");
        let conditions = self.standing.conditions.iter().map(|(entry, open)| {
            let open: String = open.iter().map(|open| format!("  - [ ] {}\n", text(open))).collect();
            format!("- {}\n{open}", self.headline(entry))
        });
        out.push_str(&or_none(conditions.collect()));
        out.push_str("\n## Bypasses without follow-up\n\n");
        out.push_str(&self.list(&self.standing.bypasses, |entry| {
            format!("- {}, due {}\n", self.headline(entry), due(&entry.certificate))
        }));
        out.push_str("\n## Statements that nobody can read\n\n");
        out.push_str(&self.list(&self.standing.unreadable, |entry| {
            format!("- {}\n", self.headline(entry))
        }));
        if self.standing.certificates.iter().any(|said| benchmarks(said).is_some()) {
            out.push_str("\n## Budgets near their limit\n\n");
            out.push_str(&or_none(self.near()));
        }
        out
    }

    fn list(&self, entries: &[&Entry], item: impl Fn(&Entry) -> String) -> String {
        or_none(entries.iter().map(|entry| item(entry)).collect())
    }

    /// A table of the components: those of the policy, then others that certificates name.
    fn components(&self) -> String {
        let mut newest: BTreeMap<&str, &Entry> = BTreeMap::new();
        for said in &self.standing.certificates {
            for id in &said.components {
                newest.entry(id).or_insert(said.entry);
            }
        }
        let of_policy = self.policy.components.iter().map(|component| component.id.as_str());
        let mut ids: Vec<&str> = of_policy.collect();
        let others: Vec<&str> = newest.keys().filter(|id| !ids.contains(*id)).copied().collect();
        ids.extend(others);
        if ids.is_empty() {
            return "No component has a certificate.\n".to_owned();
        }
        let mut table = "| component | newest decision | date | agent | open |\n|---|---|---|---|---|\n".to_owned();
        for id in ids {
            let on_it = |entry: &&&Entry| {
                self.said(entry)
                    .is_some_and(|said| said.components.iter().any(|on| on == id))
            };
            let refusals = self.standing.refusals.iter().filter(on_it).count();
            let conditional = self.standing.conditions.iter().filter(|(entry, _)| on_it(&entry));
            let conditions: usize = conditional.map(|(_, open)| open.len()).sum();
            let open = [(refusals, "refusal"), (conditions, "condition")];
            let open: Vec<String> = open
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, noun)| plural(count, noun))
                .collect();
            let row = match newest.get(id) {
                Some(entry) => {
                    let certificate = &entry.certificate;
                    format!(
                        "{} | {} | {}",
                        status(certificate),
                        day(entry),
                        agent(certificate).replace('|', "\\|")
                    )
                }
                None => "no certificate | | ".to_owned(),
            };
            let _infallible = writeln!(
                table,
                "| {} | {row} | {} |",
                name(id).replace('|', "\\|"),
                open.join(", ")
            );
        }
        table
    }

    /// Results of bound evidence that use up most of what is accepted, or that do not pass: the newest of each benchmark.
    fn near(&self) -> Vec<String> {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        let mut found = Vec::new();
        for said in self.standing.certificates.iter().filter(|said| !said.history) {
            for row in benchmarks(said).into_iter().flat_map(|benchmarks| &benchmarks.rows) {
                let key = (row.benchmark.as_str(), row.metric.as_str());
                if seen.contains(&key) {
                    continue;
                }
                seen.push(key);
                let limit = (1.0 + row.terms.threshold.value()).ln();
                let used = row.upper.as_ref().map(|upper| upper.value().ln() / limit);
                if row.verdict != "pass" || used.is_some_and(|used| used >= NEAR) {
                    found.push(format!("- {}; {}\n", result(row), self.headline(said.entry)));
                }
            }
        }
        found
    }

    fn decisions(&self) -> String {
        let mut out = self.origin();
        let mut all: Vec<&Said<'_>> = self.standing.certificates.iter().collect();
        let key = |said: &&Said<'_>| (said.entry.moment(), said.entry.certificate.path.clone());
        all.sort_by_cached_key(|said| std::cmp::Reverse(key(said)));
        if all.is_empty() {
            out.push_str("No decision has been made.\n");
        }
        let entries: Vec<String> = all.iter().map(|said| self.decision(said)).collect();
        out.push_str(&entries.join("\n"));
        out
    }

    fn decision(&self, said: &Said<'_>) -> String {
        let certificate = &said.entry.certificate;
        let history = if said.history { ", before enforcement began" } else { "" };
        let mut out = format!(
            "### {} {} on {}\n\n- {} by {}{history}\n",
            moment(said.entry),
            status(certificate),
            self.on(said.entry),
            name(&certificate.path.to_string()),
            agent(certificate)
        );
        let mut line = |label: &str, text: String| {
            let _infallible = writeln!(out, "- {label}: {text}");
        };
        if let Some(id) = &certificate.id {
            line("id", name(id));
        }
        if let Some(rationale) = said.rationale.as_deref().filter(|rationale| !rationale.is_empty()) {
            line("rationale", text(rationale));
        }
        let conditional = certificate
            .status
            .is_some_and(|status| self.policy.class(status) == Class::Conditional);
        for condition in certificate.conditions.iter().filter(|_| conditional) {
            line(
                if condition.met { "condition, met" } else { "condition" },
                text(&condition.text),
            );
        }
        if let SubjectField::Present(subject) = &certificate.subject {
            line(
                "covers",
                format!("the content of {}", plural(subject.files.len(), "file")),
            );
        }
        let evidence = evidence(said);
        if !evidence.is_empty() {
            line("evidence", evidence.join("; "));
        }
        for id in &certificate.supersedes {
            line("supersedes", name(id));
        }
        for by in &said.superseded_by {
            line(
                "superseded by",
                format!("{}, {}", name(&reference(&by.certificate)), day(by)),
            );
        }
        for lift in &said.lifts {
            let part = if lift.whole { "" } else { ", for some content" };
            let targets: Vec<String> = lift.targets.iter().map(|target| name(target)).collect();
            let bound = match targets.is_empty() {
                true => String::new(),
                false => format!(", for {}", targets.join(", ")),
            };
            let revoked = if lift.revoked { "; revoked since" } else { "" };
            let by = lift.id.map_or_else(|| lift.by.to_string(), str::to_owned);
            line("lifted by", format!("{}{part}{bound}{revoked}", name(&by)));
        }
        out
    }

    fn next_actions(&self) -> String {
        let mut actions: Vec<(&str, String)> = Vec::new();
        for entry in &self.standing.refusals {
            let what = format!(
                "{} is in force. On the branch that does what it asks, its agent (or one who may lift) decides again:",
                self.headline(entry)
            );
            let action = self.action(&what, entry, Placeholder::Decision.into(), None);
            actions.push(("Lift a refusal", action));
        }
        for entry in &self.standing.unreadable {
            let what = format!(
                "{} cannot be read, and is the newest statement. Its agent says again what was meant:",
                self.headline(entry)
            );
            let action = self.action(&what, entry, Placeholder::Decision.into(), None);
            actions.push(("Say again what nobody can read", action));
        }
        for entry in &self.standing.bypasses {
            let what = format!(
                "{} let a change through. A reviewer's certificate that names it is due {}:",
                self.headline(entry),
                due(&entry.certificate)
            );
            let action = self.action(&what, entry, "APPROVED".into(), Some(Placeholder::Reviewer));
            actions.push(("Follow up a bypass", action));
        }
        for (entry, open) in &self.standing.conditions {
            let open: String = open.iter().map(|open| format!("- [ ] {}\n", text(open))).collect();
            let what = format!(
                "{} asks for this; once it is met, its agent says so:\n\n{open}",
                self.headline(entry)
            );
            let action = self.action(what.trim_end(), entry, "APPROVED".into(), None);
            actions.push(("Meet conditions", action));
        }
        let mut out = self.origin();
        if actions.is_empty() {
            out.push_str("Nothing is due.\n");
        }
        for (at, (title, action)) in actions.iter().enumerate() {
            let gap = if at > 0 { "\n" } else { "" };
            let _infallible = write!(out, "{gap}## {}. {title}\n\n{action}", at + 1);
        }
        out
    }

    /// What to do about a certificate, with the command; on no component of the policy there is nothing to do.
    fn action(&self, what: &str, entry: &Entry, status: Word, who: Option<Placeholder>) -> String {
        let certificate = &entry.certificate;
        let components = self
            .said(entry)
            .map(|said| said.components.as_slice())
            .unwrap_or_default();
        let known = |id: &&String| self.policy.components.iter().any(|component| component.id == **id);
        let Some(component) = components.iter().find(known) else {
            return format!(
                "{what}\n\nThe policy does not know its component, so it gates nothing. Add the component to the policy, or let it rest.\n"
            );
        };
        let agent = match (who, certificate.agent.as_deref()) {
            (None, Some(agent)) => Word::from(agent),
            (who, _) => who.unwrap_or(Placeholder::Agent).into(),
        };
        let command: Remedy = command!["certgate", "certify", component, "--status", status, "--agent", agent]
            .args(["--rationale".into(), Word::from(Placeholder::Rationale)])
            .args(["--supersedes", reference(certificate).as_str()]);
        format!("{what}\n\n{}", block(&command.to_string()))
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

/// What a certificate gives as evidence: the lines that it names, what was measured, and its figures, recomputed.
fn evidence(said: &Said<'_>) -> Vec<String> {
    let mut all = Vec::new();
    let named = said.entry.certificate.named.iter().filter(|named| named.in_evidence);
    let named: Vec<String> = named
        .map(|named| match named.lines {
            Some((from, to)) if from == to => name(&format!("{}:{from}", named.text)),
            Some((from, to)) => name(&format!("{}:{from}-{to}", named.text)),
            None => name(&named.text),
        })
        .collect();
    all.extend(some(&named));
    let rows = benchmarks(said).into_iter().flat_map(|benchmarks| &benchmarks.rows);
    all.extend(some(&rows.map(result).collect::<Vec<_>>()));
    let (wrong, right): (Vec<&Claim>, Vec<&Claim>) = said.figures.iter().partition(|claim| claim.label == Label::Wrong);
    if !right.is_empty() {
        all.push(format!("{} recomputed, as stated", plural(right.len(), "figure")));
    }
    let wrong: Vec<String> = wrong.into_iter().map(corrected).collect();
    all.extend(some(&wrong).map(|wrong| format!("wrong: {wrong}")));
    all
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

/// A figure that does not follow, with the one that does.
fn corrected(claim: &Claim) -> String {
    let value = match claim.value {
        Value::None => String::new(),
        Value::One(value) => format!(", recomputed {}", rounded(value)),
        Value::Range(from, to) => format!(", recomputed {} to {}", rounded(from), rounded(to)),
    };
    format!("{} in line {}{value}", name(&claim.said), claim.line)
}

fn rounded(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
