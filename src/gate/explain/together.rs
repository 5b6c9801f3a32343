//! Where several components lack a certificate: the one command that certifies all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use crate::diagnostic::{Code, Diagnostic, Placeholder, Word, command};
use crate::verdict::Finding;

impl Context<'_> {
    /// Offers one certificate for all before those for one component each.
    pub(super) fn offer_together(&self, findings: &[Finding], told: &mut [Diagnostic]) {
        if self.stopped || self.name_target().is_some() {
            return;
        }
        // Who may certify something of each component that lacks a certificate; nobody named: anybody.
        let mut lacking: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for finding in findings {
            let reviewers = || {
                finding
                    .component()
                    .and_then(|id| self.unit(id))
                    .map(|unit| unit.agents.as_slice())
            };
            let (unit, who) = match finding {
                Finding::Uncovered { unit, .. } | Finding::Changed { unit, .. } | Finding::Announced { unit } => {
                    (unit, reviewers().unwrap_or_default())
                }
                Finding::TooFew { unit, .. } => (unit, reviewers().unwrap_or_default()),
                Finding::Handoff { unit, agent, .. } => (unit, std::slice::from_ref(agent)),
                Finding::Unauthorized { unit, authorizers, .. } => (unit, authorizers.as_slice()),
                Finding::Unowned { unit, owners, .. } if !owners.agents.is_empty() => (unit, owners.agents.as_slice()),
                _ => continue,
            };
            if !self.refused.contains(unit.as_str()) {
                lacking.entry(unit).or_default().extend(who.iter().map(String::as_str));
            }
        }
        let named: BTreeSet<&str> = lacking.values().flatten().copied().collect();
        let can = |name: &str| {
            lacking
                .values()
                .filter(|who| who.is_empty() || who.contains(name))
                .count()
        };
        let open = lacking.values().filter(|who| who.is_empty()).count();
        if open < 2 && !named.iter().any(|name| can(name) > 1) {
            return;
        }
        let mut able = named.iter().filter(|name| can(name) == lacking.len());
        let agent = match (able.next(), able.next()) {
            (Some(one), None) => Word::from(*one),
            _ => Word::from(Placeholder::Agent),
        };
        let command = command!["certgate", "certify", "--all"]
            .args(&self.ways.selection)
            .args(["--status", "APPROVED"])
            .args(["--agent".into(), agent])
            .args(["--rationale".into(), Word::from(Placeholder::Rationale)]);
        let command = self.staged_first(self.complete(command, lacking.keys().copied()));
        let lacks = |told: &&mut Diagnostic| {
            matches!(
                told.code(),
                Code::CG201 | Code::CG202 | Code::CG204 | Code::CG205 | Code::CG206 | Code::CG516 | Code::CG763
            )
        };
        if let Some(first) = told.iter_mut().find(lacks) {
            *first = first.clone().help_first(command.why(format!(
                "one certificate for all {} components, as far as the agent may certify them",
                lacking.len()
            )));
        }
    }
}
