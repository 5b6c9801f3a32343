//! What is wrong with a certificate that the change adds, whatever is gated.

use super::statement::Statement;
use super::{Case, Finding, Problem};
use crate::certificate::{CLOCK_SKEW, Class, nearest};
use crate::change::RepoPath;
use crate::ledger::Origin;
use crate::policy::fold;

impl Statement<'_> {
    /// What is wrong with an added certificate whatever is gated.
    pub(super) fn findings_of_its_own(&self, case: &Case, statements: &[Statement<'_>]) -> Vec<Finding> {
        let entry = self.index;
        if self.entry.origin != Origin::Added {
            return Vec::new();
        }
        let Some(class) = self.class else {
            return vec![Finding::InvalidAdded { entry }];
        };
        let mut findings: Vec<Finding> = self.misdated(case).into_iter().collect();
        if class.refuses() && !self.entry.certificate.can_be_named() {
            // What nobody can name, nobody who may lift could lift.
            findings.push(Finding::Unnameable { entry });
        }
        let unknown = self
            .entry
            .certificate
            .components
            .iter()
            .filter(|name| !case.terms.names.contains_key(&fold(name)));
        for name in unknown {
            let known = case.terms.names.keys().map(String::as_str);
            let meant = nearest(name, known).and_then(|like| case.terms.names.get(like));
            match meant.filter(|_| class.refuses()) {
                Some(meant) => findings.push(Finding::RefusalAstray {
                    entry,
                    name: name.clone(),
                    meant: meant.clone(),
                }),
                None => findings.push(Finding::Ineffective {
                    entry,
                    problem: Problem::UnknownComponent(name.clone()),
                }),
            }
        }
        let blocked = |problem: &Problem| matches!(problem, Problem::Future | Problem::History) && !case.adoption;
        if class.approves() {
            let told = self.flaws.iter().filter(|problem| !blocked(problem));
            findings.extend(told.map(|problem| Finding::Ineffective {
                entry,
                problem: problem.clone(),
            }));
        } else if class.refuses() && self.entry.certificate.components.is_empty() && class != Class::Stop {
            // A refusal that does not say what it refuses must not be read as consent.
            findings.push(Finding::InvalidAdded { entry });
        }
        for id in &self.entry.certificate.supersedes {
            let path = RepoPath::unquote(id);
            let target = statements.iter().find(|statement| {
                let certificate = &statement.entry.certificate;
                let named = certificate.id.as_ref() == Some(id) || path.as_ref() == Some(&certificate.path);
                named && statement.index != entry
            });
            let effective = target.is_some_and(|target| {
                target.shares_component(self)
                    && (!target.refuses() || (self.may_approve() && self.lifts_by_name(target, &case.terms)))
            });
            if !effective && !case.only_history_holds(id) {
                findings.push(Finding::Ineffective {
                    entry,
                    problem: Problem::SupersedesNothing(id.clone()),
                });
            }
        }
        findings
    }
}

impl Statement<'_> {
    /// What is wrong with the moment that a certificate claims, whatever it decides: that is looked at when it is added, since nothing
    /// behind it is ordered by dates.
    fn misdated(&self, case: &Case) -> Option<Finding> {
        let moment = self.entry.moment()?;
        let latest = case.now.saturating_add(CLOCK_SKEW).unwrap_or(case.now);
        let entry = self.index;
        match case.terms.since {
            _ if moment > latest => Some(Finding::AheadOfTheClock { entry }),
            // What comes with the first policy may be older than it.
            Some(since) if moment < since && !case.adoption => Some(Finding::BeforeEnforcement { entry }),
            _ => None,
        }
    }
}

impl Case {
    /// True where the id belongs to a certificate that is history: superseding it is without effect and without harm.
    fn only_history_holds(&self, id: &str) -> bool {
        let since = self.terms.since;
        self.ledger.iter().any(|e| {
            e.certificate.id.as_deref() == Some(id)
                && e.origin == Origin::Base
                && since.is_some_and(|since| e.moment().is_some_and(|moment| moment < since))
        })
    }
}
