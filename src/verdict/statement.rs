//! What can be said of a certificate apart from any gated component: its class, its flaws, what names it, which of its lifts are in force.

use std::collections::BTreeSet;

use super::Problem;
use crate::certificate::{Class, SubjectField};
use crate::ledger::{Effect, Entry, Lift};

/// An entry of the ledger that is not history, with what can be said of it apart from any component.
pub(super) struct Statement<'a> {
    pub(super) index: usize,
    pub(super) entry: &'a Entry,
    /// `None` where no decision can be read.
    pub(super) class: Option<Class>,
    /// Canonical names of its components: ids of the policy, or else the folded name.
    pub(super) names: BTreeSet<String>,
    /// Why it could not approve anything, whatever it covers.
    pub(super) flaws: Vec<Problem>,
    /// Positions, among the statements, of those that name it in `Supersedes` and share a component with it. Any readable certificate may
    /// supersede an approval: that can only make the verdict stricter.
    pub(super) superseded_by: Vec<usize>,
    /// Its conditions that are not met, where it approves conditionally.
    pub(super) open: Vec<String>,
    /// The approvals that lifted all of it when they landed, and that nobody has revoked since.
    pub(super) lifts: Vec<&'a Lift>,
    /// For an approval: where it counted when it landed, unless it is bound to another branch or was revoked since.
    pub(super) effects: &'a [Effect],
}

impl Statement<'_> {
    /// True where it may count as an approval, as far as that is known without a component.
    pub(super) fn may_approve(&self) -> bool {
        self.class.is_some_and(Class::approves) && self.flaws.is_empty() && self.superseded_by.is_empty()
    }

    pub(super) fn agent(&self) -> &str {
        self.entry.certificate.agent.as_deref().unwrap_or_default()
    }

    /// True where it is on the component and not on listed content.
    pub(super) fn has_no_subject(&self) -> bool {
        self.entry.certificate.subject == SubjectField::Absent
    }

    pub(super) fn approves(&self) -> bool {
        self.class.is_some_and(Class::approves)
    }

    pub(super) fn refuses(&self) -> bool {
        self.class.is_some_and(Class::refuses)
    }

    /// A refusal that names no component can be superseded by a certificate on any.
    pub(super) fn shares_component(&self, other: &Statement<'_>) -> bool {
        self.names.is_empty() || !self.names.is_disjoint(&other.names)
    }

    pub(super) fn open_conditions(&self) -> Vec<String> {
        self.open.clone()
    }
}
