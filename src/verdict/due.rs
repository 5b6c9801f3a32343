//! The conditions of an entire ledger that are not met, with when they are due.

use jiff::Timestamp;

use super::Case;
use super::conditions::{ConditionState, state};
use super::statements::statements;
use crate::certificate::Class;

/// A condition of an approval that is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenCondition {
    /// The certificate, as an index into the ledger.
    pub entry: usize,
    /// The condition, as written.
    pub text: String,
    /// When it is due, where it says so.
    pub by: Option<Timestamp>,
    /// Its state.
    pub state: ConditionState,
}

/// The conditions of a ledger that a gate checks and that are not met, the first due first.
pub(crate) fn open_conditions(case: &Case) -> Vec<OpenCondition> {
    let all = statements(case);
    let mut found = Vec::new();
    for statement in &all {
        if statement.class != Some(Class::Conditional) || statement.is_let_go(&all, &case.terms) {
            continue;
        }
        for condition in &statement.entry.certificate.conditions {
            let (Some(due), state) = (condition.due(), state(condition, statement, &all, case)) else {
                continue;
            };
            if state != ConditionState::Met {
                found.push(OpenCondition {
                    entry: statement.index,
                    text: condition.text.clone(),
                    by: due.by,
                    state,
                });
            }
        }
    }
    found.sort_by_key(|condition| (condition.by.is_none(), condition.by, condition.entry));
    found
}
