//! Makes the statements of a case: drops history, orders what is left by git, and finds flaws, what names what, lifts and open conditions.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::conditions::{self, ConditionState};
use super::grounds;
use super::statement::Statement;
use super::{Case, Destination, Problem, Terms};
use crate::certificate::{CLOCK_SKEW, Class, Status, SubjectField};
use crate::change::RepoPath;
use crate::ledger::{Effect, Entry, Lift, Origin};
use crate::trust::HashCheck;

/// Drops history; what the change adds is never history for a refusal.
pub(super) fn statements(case: &Case) -> Vec<Statement<'_>> {
    let mut order: Vec<usize> = (0..case.ledger.len()).collect();
    order.sort_by(|&a, &b| rank(case.ledger.get(b)).cmp(&rank(case.ledger.get(a))));
    let old = |entry: &Entry| {
        case.terms
            .since
            .is_some_and(|since| entry.moment().is_some_and(|moment| moment < since))
    };
    let mut statements: Vec<Statement<'_>> = order
        .into_iter()
        .filter_map(|index| case.ledger.get(index).map(|entry| (index, entry)))
        .filter(|(_, entry)| entry.origin == Origin::Added || !old(entry))
        .map(|(index, entry)| {
            let class = entry.certificate.status.map(|status| case.terms.class(status));
            let names = entry
                .component_names()
                .map(|n| case.terms.names.get(&n).cloned().unwrap_or(n))
                .collect();
            let mut flaws = flaws(entry, &case.terms, case.now);
            if old(entry) {
                flaws.push(Problem::History);
            }
            Statement {
                index,
                entry,
                class,
                names,
                flaws,
                superseded_by: Vec::new(),
                open: Vec::new(),
                lifts: Vec::new(),
                effects: &[],
            }
        })
        .collect();
    let named = Named::new(&statements);
    let found: Vec<(Vec<usize>, Vec<&Lift>, &[Effect])> = statements
        .iter()
        .enumerate()
        .map(|(at, statement)| {
            let certificate = &statement.entry.certificate;
            let shares = |other: &usize| {
                *other != at
                    && statements
                        .get(*other)
                        .is_some_and(|other| statement.shares_component(other))
            };
            let mut by: Vec<usize> = named
                .by(certificate.id.as_deref(), &certificate.path)
                .filter(shares)
                .collect();
            by.sort_unstable();
            by.dedup();
            let in_force = |lift: &&Lift| {
                let here = case.terms.target.admits(&lift.targets);
                let mut by = named
                    .by(lift.id.as_deref(), &lift.path)
                    .filter_map(|at| statements.get(at));
                here && !by.any(|other| revokes(other, lift.agent.as_deref(), &case.terms))
            };
            let targets = match &certificate.subject {
                SubjectField::Present(subject) => subject.targets.as_slice(),
                _ => &[],
            };
            let mut revoking = by.iter().filter_map(|&at| statements.get(at));
            let counts = case.terms.target.admits(targets)
                && !revoking.any(|other| revokes(other, certificate.agent.as_deref(), &case.terms));
            let effects = if counts {
                statement.entry.effects.as_slice()
            } else {
                &[]
            };
            (by, statement.entry.lifts.iter().filter(in_force).collect(), effects)
        })
        .collect();
    for (statement, (by, lifts, effects)) in statements.iter_mut().zip(found) {
        statement.superseded_by = by;
        statement.lifts = lifts;
        statement.effects = effects;
    }
    let missing = grounds::missing(&statements);
    for (statement, missing) in statements.iter_mut().zip(missing) {
        statement.flaws.extend(missing);
    }
    let open: Vec<Vec<String>> = statements
        .iter()
        .map(|statement| not_met(statement, &statements, case))
        .collect();
    for (statement, open) in statements.iter_mut().zip(open) {
        statement.open = open;
    }
    statements
}

/// The conditions of a conditional approval that are not met.
fn not_met(statement: &Statement<'_>, all: &[Statement<'_>], case: &Case) -> Vec<String> {
    let conditions = statement.entry.certificate.conditions.iter();
    let open = conditions.filter(|condition| {
        statement.class == Some(Class::Conditional)
            && conditions::state(condition, statement, all, case) != ConditionState::Met
    });
    open.map(|condition| condition.text.clone()).collect()
}

/// Which statements name what in Supersedes.
struct Named {
    ids: BTreeMap<String, Vec<usize>>,
    paths: BTreeMap<RepoPath, Vec<usize>>,
}

impl Named {
    fn new(statements: &[Statement<'_>]) -> Self {
        let (mut ids, mut paths) = (BTreeMap::new(), BTreeMap::new());
        let readable = |(_, statement): &(usize, &Statement<'_>)| statement.class.is_some();
        for (at, statement) in statements.iter().enumerate().filter(readable) {
            for name in &statement.entry.certificate.supersedes {
                ids.entry(name.clone()).or_insert_with(Vec::new).push(at);
                if let Some(path) = RepoPath::unquote(name) {
                    paths.entry(path).or_insert_with(Vec::new).push(at);
                }
            }
        }
        Self { ids, paths }
    }

    fn by(&self, id: Option<&str>, path: &RepoPath) -> impl Iterator<Item = usize> + '_ {
        let by_id = id.and_then(|id| self.ids.get(id));
        by_id.into_iter().chain(self.paths.get(path)).flatten().copied()
    }
}

/// Whether a statement takes back an approval, and with it what that lifted: it refuses, names it, and is of the same agent, of an owner, or
/// of one who may lift.
fn revokes(statement: &Statement<'_>, approving: Option<&str>, terms: &Terms) -> bool {
    let agent = statement.agent();
    statement.refuses()
        && !agent.is_empty()
        && (approving == Some(agent)
            || terms.may_lift.contains(agent)
            || terms.owners.iter().any(|owner| owner == agent))
}

/// Newest first, by place. Within one commit what approves comes first of all, that is, is older; beyond that the path makes the order one
/// on which the order of input is without effect.
fn rank(entry: Option<&Entry>) -> Option<((u32, u32), bool, &RepoPath)> {
    entry.map(|e| (e.place.key(), !e.certificate.approves(), &e.certificate.path))
}

fn flaws(entry: &Entry, terms: &Terms, now: Timestamp) -> Vec<Problem> {
    let certificate = &entry.certificate;
    let latest = now.saturating_add(CLOCK_SKEW).unwrap_or(now);
    let checks = [
        (certificate.status.is_none(), Problem::Invalid),
        (certificate.components.is_empty(), Problem::NoComponent),
        (certificate.agent.is_none(), Problem::NoAgent),
        (
            certificate.status == Some(Status::ConditionallyApproved) && certificate.conditions.is_empty(),
            Problem::NoConditions,
        ),
        (certificate.placeholders, Problem::Placeholder),
        (certificate.date.is_none(), Problem::Undated),
        (certificate.date.is_some_and(|date| date > latest), Problem::Future),
        (entry.hash == HashCheck::Mismatch, Problem::HashMismatch),
        (
            certificate.subject == SubjectField::Unreadable,
            Problem::SubjectUnreadable,
        ),
    ];
    let own = checks
        .into_iter()
        .filter_map(|(holds, problem)| holds.then_some(problem));
    let doubt = terms.demands.doubt(certificate, &entry.signature).map(Problem::Doubt);
    let elsewhere = match (&certificate.subject, &terms.target) {
        (SubjectField::Present(subject), target) if !target.admits(&subject.targets) => {
            let bound = subject.targets.join(", ");
            Some(match target {
                Destination::Unknown => Problem::NoTarget(bound),
                _ => Problem::OtherTarget(bound),
            })
        }
        _ => None,
    };
    let stamp = certificate.stamp.iter().filter(|_| !terms.stamps_count);
    let stamp = stamp.map(|stamp| Problem::Stamp(stamp.clone()));
    own.chain(stamp).chain(doubt).chain(elsewhere).collect()
}
