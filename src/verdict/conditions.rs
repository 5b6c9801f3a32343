//! Conditions of approvals that a gate can check: met, open or overdue. Nobody ticks them; what is overdue blocks the component's next change.

use super::statement::Statement;
use super::{Case, Terms};
use crate::certificate::{Class, Condition, DueCheck};
use crate::evidence::bound::{FlawKind, Judged, Limit, MeasuredLevel};
use crate::ledger::Origin;

/// The state of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ConditionState {
    /// It is met.
    Met,
    /// It is not met, and not due yet.
    Open,
    /// It is not met, and was due.
    Overdue,
}

/// The state of a condition of a statement.
pub(super) fn state(condition: &Condition, of: &Statement<'_>, all: &[Statement<'_>], case: &Case) -> ConditionState {
    let Some(due) = condition.due() else {
        return match condition.met {
            true => ConditionState::Met,
            false => ConditionState::Open,
        };
    };
    let met = match &due.check {
        DueCheck::Told => false,
        DueCheck::Certificate(id) => all.iter().any(|other| {
            other.entry.certificate.id.as_ref() == Some(id)
                && other.index != of.index
                && other.may_approve()
                && other.shares_component(of)
        }),
        DueCheck::Metric {
            metric,
            benchmark,
            at_least,
            value,
            unit,
        } => {
            let limit = Limit {
                value: *value,
                unit: unit.clone(),
            };
            let wanted = |level: &&MeasuredLevel| {
                level.metric == *metric && benchmark.as_ref().is_none_or(|name| *name == level.benchmark)
            };
            // The newest approval counts: what was within once and is not any more is not met.
            let newest = all
                .iter()
                .filter(|other| other.approves() && other.shares_component(of))
                .filter(|other| other.index == of.index || other.follows(of))
                .filter_map(|other| levels(case, other))
                .find_map(|levels| {
                    let found: Vec<&MeasuredLevel> = levels.iter().filter(wanted).collect();
                    (!found.is_empty()).then_some(found)
                });
            newest.is_some_and(|found| found.iter().all(|level| level.is_within(&limit, *at_least)))
        }
    };
    match (met, due.by) {
        (true, _) => ConditionState::Met,
        (false, Some(by)) if by < case.now => ConditionState::Overdue,
        (false, _) => ConditionState::Open,
    }
}

/// What the candidate of an approval was measured to be, where its evidence has no flaw but what it shows.
fn levels<'c>(case: &'c Case, statement: &Statement<'_>) -> Option<&'c [MeasuredLevel]> {
    let path = &statement.entry.certificate.path;
    let mut judged = case
        .measurements
        .of
        .iter()
        .filter(|((_, of), _)| of == path)
        .map(|(_, judged)| judged);
    let judged: &Judged = judged.next()?;
    let shows = |kind: FlawKind| matches!(kind, FlawKind::Exceeded | FlawKind::Unproven | FlawKind::NotShown);
    judged
        .flaws
        .iter()
        .all(|flaw| shows(flaw.kind))
        .then_some(judged.levels.as_slice())
}

impl Statement<'_> {
    /// Whether a later certificate of its agent, or of one who may lift, supersedes it: then its conditions are nobody's any more.
    pub(super) fn is_let_go(&self, all: &[Statement<'_>], terms: &Terms) -> bool {
        let by = self.superseded_by.iter().filter_map(|&at| all.get(at));
        by.into_iter()
            .any(|other| other.answers(self) && (other.same_agent(self) || terms.may_lift.contains(other.agent())))
    }

    /// Its conditions that are overdue, where it is of the base and still in force.
    pub(super) fn overdue_conditions(&self, all: &[Statement<'_>], case: &Case) -> Vec<String> {
        if self.class != Some(Class::Conditional)
            || self.entry.origin != Origin::Base
            || self.is_let_go(all, &case.terms)
        {
            return Vec::new();
        }
        let conditions = self.entry.certificate.conditions.iter();
        conditions
            .filter(|condition| state(condition, self, all, case) == ConditionState::Overdue)
            .map(|condition| condition.text.clone())
            .collect()
    }
}
