//! next-actions.md: what is due, by whom, with the command; the gravest first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Book, LISTED, SHORT, agent, day, due, excerpt, reference, status};
use crate::diagnostic::{Placeholder, Remedy, Word, command};
use crate::ledger::Entry;
use crate::report::inert::block;

/// What there is to do about a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Refusal,
    Unreadable,
    Bypass,
    Conditions,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Refusal, Self::Unreadable, Self::Bypass, Self::Conditions];

    /// The heading, and what is to be done.
    fn says(self) -> (&'static str, &'static str) {
        match self {
            Self::Refusal => (
                "Refusals to lift",
                "Each is in force. On the branch that does what it asks, its agent (or one who may lift) decides again.",
            ),
            Self::Unreadable => (
                "Statements to repeat",
                "Nobody can read these, and each is the newest on its component. Its agent says again what was meant.",
            ),
            Self::Bypass => (
                "Bypasses to follow up",
                "Each let a change through. A reviewer's certificate that names it is due.",
            ),
            Self::Conditions => (
                "Conditions to meet",
                "Once they are met, the agent that set them says so.",
            ),
        }
    }
}

/// One thing that is due.
struct Action<'e> {
    kind: Kind,
    entry: &'e Entry,
    /// Beside the certificate itself.
    more: String,
}

impl Book<'_> {
    pub(super) fn next_actions(&self) -> String {
        let about = |kind, entry, more| Action { kind, entry, more };
        let mut actions: Vec<Action<'_>> = Vec::new();
        for entry in self.refusals() {
            let rationale = self.said(entry).and_then(|said| said.rationale.as_deref());
            let more = rationale.map_or_else(String::new, |rationale| format!(": {}", excerpt(rationale, SHORT)));
            actions.push(about(Kind::Refusal, entry, more));
        }
        let unreadable = self.standing.unreadable.iter();
        actions.extend(unreadable.map(|entry| about(Kind::Unreadable, entry, String::new())));
        let bypasses = self.standing.bypasses.iter();
        actions.extend(bypasses.map(|entry| about(Kind::Bypass, entry, format!(", due {}", due(&entry.certificate)))));
        for (entry, open) in &self.standing.conditions {
            let shown = open.iter().take(LISTED);
            let mut more: String = shown.map(|open| format!("\n- [ ] {}", excerpt(open, SHORT))).collect();
            if open.len() > LISTED {
                let _infallible = write!(more, "\n- and {} more", open.len() - LISTED);
            }
            actions.push(about(Kind::Conditions, entry, format!(":\n{more}")));
        }
        let mut out = self.origin();
        if actions.is_empty() {
            out.push_str("Nothing is due.\n");
            return out;
        }
        out.push_str(&by_whom(&actions));
        let mut number = 0;
        for kind in Kind::ALL {
            let (heading, what) = kind.says();
            let of_it: Vec<&Action<'_>> = actions.iter().filter(|action| action.kind == kind).collect();
            if of_it.is_empty() {
                continue;
            }
            let _infallible = write!(out, "\n## {heading}\n\n{what}\n");
            for action in of_it {
                number += 1;
                let _infallible = write!(
                    out,
                    "\n### {number}. {} on {}\n\n{}",
                    agent(&action.entry.certificate),
                    self.on(action.entry),
                    self.action(action)
                );
            }
        }
        out
    }

    /// What to do about a certificate, with the command; on no component of the policy there is nothing to do.
    fn action(&self, action: &Action<'_>) -> String {
        let certificate = &action.entry.certificate;
        let what = format!(
            "**{}** of {} ([certificate]({})){}\n",
            status(certificate),
            day(action.entry),
            self.link(&certificate.path),
            action.more
        );
        let components = self.said(action.entry).map(|said| said.components.as_slice());
        let known = |id: &&String| self.policy.components.iter().any(|component| component.id == **id);
        let Some(component) = components.unwrap_or_default().iter().find(known) else {
            return format!(
                "{what}\nThe policy does not know its component, so it gates nothing. Add the component to the policy, or let it rest.\n"
            );
        };
        let status: Word = match action.kind {
            Kind::Refusal | Kind::Unreadable => Placeholder::Decision.into(),
            Kind::Bypass | Kind::Conditions => "APPROVED".into(),
        };
        let agent = match (action.kind, certificate.agent.as_deref()) {
            (Kind::Bypass, _) => Placeholder::Reviewer.into(),
            (_, Some(agent)) => Word::from(agent),
            (_, None) => Placeholder::Agent.into(),
        };
        let command: Remedy = command!["certgate", "certify", component, "--status", status, "--agent", agent]
            .args(["--rationale".into(), Word::from(Placeholder::Rationale)])
            .args(["--supersedes", reference(certificate).as_str()]);
        format!("{what}\n{}", block(&command.to_string()))
    }
}

/// A table of how much waits for whom.
fn by_whom(actions: &[Action<'_>]) -> String {
    let mut waits: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    for action in actions {
        let who = match action.kind {
            Kind::Bypass => "a reviewer".to_owned(),
            _ => agent(&action.entry.certificate),
        };
        let counts = waits.entry(who).or_default();
        for (count, kind) in counts.iter_mut().zip(Kind::ALL) {
            *count += usize::from(kind == action.kind);
        }
    }
    let mut waits: Vec<(String, [usize; 4])> = waits.into_iter().collect();
    waits.sort_by_key(|(who, counts)| (std::cmp::Reverse(counts.iter().sum::<usize>()), who.clone()));
    let mut table =
        "| who | refusals | to repeat | bypasses | approvals with conditions |\n|---|---:|---:|---:|---:|\n".to_owned();
    for (who, counts) in waits {
        let shown = counts.map(|count| if count == 0 { String::new() } else { count.to_string() });
        let _infallible = writeln!(table, "| {} | {} |", who.replace('|', "\\|"), shown.join(" | "));
    }
    table
}
