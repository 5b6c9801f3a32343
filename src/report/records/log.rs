//! decisions-log.md: every certificate, newest first, with what it rests on and what became of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Book, LISTED, SHORT, agent, benchmarks, day, excerpt, moment, name, reference, result, some, status};
use crate::certificate::{Class, SubjectField};
use crate::diagnostic::plural;
use crate::evidence::claims::{Claim, Label, Value};
use crate::gate::Said;

/// Longest rationale that is shown; the certificate has the rest.
const LONG: usize = 320;

impl Book<'_> {
    pub(super) fn decisions(&self) -> String {
        let mut out = self.origin();
        let mut all: Vec<&Said<'_>> = self.standing.certificates.iter().collect();
        let key = |said: &&Said<'_>| (said.entry.moment(), said.entry.certificate.path.clone());
        all.sort_by_cached_key(|said| std::cmp::Reverse(key(said)));
        if all.is_empty() {
            out.push_str("No decision has been made.\n");
        }
        let _infallible = write!(out, "{}", self.counted(&all));
        let entries: Vec<String> = all.iter().map(|said| self.decision(said)).collect();
        out.push_str(&entries.join("\n"));
        out
    }

    fn decision(&self, said: &Said<'_>) -> String {
        let certificate = &said.entry.certificate;
        let history = if said.history { ", before enforcement began" } else { "" };
        let mut out = format!(
            "### {} {} on {}\n\n- [certificate]({}) by {}{history}\n",
            moment(said.entry),
            status(certificate),
            self.on(said.entry),
            self.link(&certificate.path),
            agent(certificate)
        );
        let mut line = |label: &str, text: String| {
            let _infallible = writeln!(out, "- {label}: {text}");
        };
        if let Some(id) = &certificate.id {
            line("id", name(id));
        }
        if let Some(rationale) = said.rationale.as_deref().filter(|rationale| !rationale.is_empty()) {
            line("rationale", excerpt(rationale, LONG));
        }
        let conditional = certificate
            .status
            .is_some_and(|status| self.policy.class(status) == Class::Conditional);
        for condition in certificate.conditions.iter().filter(|_| conditional).take(LISTED) {
            line(
                if condition.met { "condition, met" } else { "condition" },
                excerpt(&condition.text, SHORT),
            );
        }
        if conditional && certificate.conditions.len() > LISTED {
            line(
                "conditions",
                format!("and {} more", certificate.conditions.len() - LISTED),
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

    /// How often each decision was made; nothing where there are few.
    fn counted(&self, all: &[&Said<'_>]) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for said in all {
            *counts.entry(status(&said.entry.certificate)).or_default() += 1;
        }
        if all.len() <= LISTED {
            return String::new();
        }
        let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(status, count)| (std::cmp::Reverse(*count), *status));
        let said: Vec<String> = counts
            .iter()
            .map(|(status, count)| format!("{count} {status}"))
            .collect();
        format!("**{}.**\n\n", said.join(", "))
    }
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
