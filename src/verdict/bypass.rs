//! The emergency bypass: an owner lets listed content through once, in everybody's sight, and owes a follow-up.
//!
//! It replaces approvals that are missing. It outweighs no refusal: whoever may bypass and may lift can lift, in the same change.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::decide::Weighing;
use super::people;
use super::statement::Statement;
use super::statements::statements;
use super::{Bound, BypassProblem, Case, Finding, GatedPath, Problem, Terms};
use crate::certificate::{Bypass, Class, SubjectField};
use crate::change::RepoPath;
use crate::ledger::Origin;

/// How long after its own date a bypass may promise its follow-up.
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// When the follow-up of a bypass is due.
pub(super) fn due(statement: &Statement<'_>) -> Option<Timestamp> {
    match statement.entry.certificate.bypass {
        Some(Bypass::Until(seconds)) => Timestamp::from_second(seconds).ok(),
        _ => None,
    }
}

/// What keeps a bypass from letting anything through, whatever it lists.
fn problem(statement: &Statement<'_>, terms: &Terms, now: Timestamp) -> Option<Problem> {
    use BypassProblem as P;
    let certificate = &statement.entry.certificate;
    if let Some(flaw) = statement.flaws.first() {
        return Some(flaw.clone());
    }
    let latest = certificate.date.and_then(|date| date.checked_add(LONGEST).ok());
    let until = due(statement);
    let bound = match &certificate.subject {
        SubjectField::Present(subject) => !subject.targets.is_empty() && terms.target.admits(&subject.targets),
        _ => false,
    };
    let signed = !terms
        .demands
        .speakers_of(certificate, &statement.entry.signature)
        .is_empty();
    let checks = [
        (until.is_none(), P::Unreadable),
        (statement.class != Some(Class::Neutral), P::Status),
        (
            !terms.owners.iter().any(|owner| owner == statement.agent()),
            P::NotAnOwner,
        ),
        (
            !signed || terms.demands.signatures == crate::trust::Signatures::Off,
            P::Unsigned,
        ),
        (certificate.id.is_none(), P::NoId),
        (!certificate.rationale, P::NoRationale),
        (!matches!(certificate.subject, SubjectField::Present(_)), P::NoSubject),
        (!bound, P::Target),
        (until.is_some_and(|until| until < now), P::Expired),
        (until > latest, P::TooLong),
    ];
    let found = checks.into_iter().find_map(|(holds, problem)| holds.then_some(problem));
    found.map(Problem::Bypass)
}

/// Reports every bypass: those that the change adds and that let nothing through, and those of the base that wait for a follow-up.
pub(super) fn told(case: &Case, statements: &[Statement<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for statement in statements
        .iter()
        .filter(|statement| statement.entry.certificate.bypass.is_some())
    {
        let entry = statement.index;
        match statement.entry.origin {
            Origin::Added => {
                let problem = problem(statement, &case.terms, case.now);
                findings.extend(problem.map(|problem| Finding::Ineffective { entry, problem }));
            }
            Origin::Base if !is_settled(statement, statements, &case.terms, |_| true) => {
                findings.push(Finding::BypassOpen { entry })
            }
            Origin::Base => {}
        }
    }
    findings
}

/// Whether an approval by another person names the bypass.
fn is_settled(
    bypass: &Statement<'_>,
    statements: &[Statement<'_>],
    terms: &Terms,
    wanted: impl Fn(&Statement<'_>) -> bool,
) -> bool {
    let by = bypass.superseded_by.iter().filter_map(|&at| statements.get(at));
    by.into_iter().any(|statement| {
        let another = !statement.same_agent(bypass) && people::count([bypass, statement], terms) > 1;
        statement.may_approve() && another && statement.answers(bypass) && wanted(statement)
    })
}

/// The bypasses of a ledger that wait for their follow-up, as indices into it.
pub(crate) fn open_bypasses(case: &Case) -> Vec<usize> {
    let statements = statements(case);
    let open = |statement: &&Statement<'_>| {
        statement.entry.certificate.bypass.is_some() && !is_settled(statement, &statements, &case.terms, |_| true)
    };
    statements
        .iter()
        .filter(open)
        .map(|statement| statement.index)
        .collect()
}

impl Weighing<'_> {
    /// The bypass that lets a file through.
    pub(super) fn bypass_of(&self, file: &GatedPath) -> Option<usize> {
        let lets_through = |statement: &&&Statement<'_>| {
            let listed = match &statement.entry.certificate.subject {
                SubjectField::Present(subject) => subject.state_of(&file.path),
                _ => None,
            };
            self.is_usable(statement) && listed.is_some() && listed == file.state.as_ref()
        };
        self.statements
            .iter()
            .find(lets_through)
            .map(|statement| statement.index)
    }

    /// The bypass among what covers a file that would else have a gap.
    pub(super) fn bypass_label(&self, file: &GatedPath, gaps: &BTreeSet<RepoPath>) -> Option<(String, Bound)> {
        if gaps.contains(&file.path) || self.lacks(file).is_empty() {
            return None;
        }
        let entry = self.case.ledger.get(self.bypass_of(file)?)?;
        Some((entry.label(), Bound::Digest))
    }

    /// Whether a bypass replaces what a message announces.
    pub(super) fn is_bypassed(&self) -> bool {
        self.statements.iter().any(|statement| self.is_usable(statement))
    }

    fn is_usable(&self, statement: &Statement<'_>) -> bool {
        statement.entry.certificate.bypass.is_some()
            && statement.entry.origin == Origin::Added
            && statement.superseded_by.is_empty()
            && problem(statement, &self.case.terms, self.case.now).is_none()
    }

    /// The bypasses of the base whose follow-up is overdue.
    pub(super) fn overdue(&self) -> Vec<usize> {
        let late = |statement: &&&Statement<'_>| {
            let bypass = statement.entry.certificate.bypass.is_some() && statement.entry.origin == Origin::Base;
            // What it promised is not known of one that cannot be read, so it is due at once.
            bypass
                && due(statement).is_none_or(|due| due < self.case.now)
                && !is_settled(statement, self.all, &self.case.terms, |other| self.wanted(other))
        };
        self.statements
            .iter()
            .filter(late)
            .map(|statement| statement.index)
            .collect()
    }
}
