//! What a policy says, as the verdict takes it: its terms, and those of one component, before anything is gated.

use std::collections::BTreeSet;

use crate::policy::{self, POLICY_COMPONENT, Policy, fold};
use crate::trust::Keyring;
use crate::verdict::{ComponentCase, Destination, Terms};

/// The terms of a policy, for a change that goes there.
pub(crate) fn terms_of(policy: &Policy, keyring: &Keyring, target: Destination) -> Terms {
    let mut terms = Terms {
        demands: keyring.demands.clone(),
        independence: policy.independence,
        stamps_count: policy.stamps_count,
        owners: policy.owners.clone(),
        target,
        since: policy.since,
        classes: policy.classes.clone(),
        may_lift: policy
            .agents
            .iter()
            .filter(|(_, agent)| agent.may_lift)
            .map(|(name, _)| name.clone())
            .collect(),
        stop_is_per_component: policy.stop_is_per_component,
        names: [(fold(POLICY_COMPONENT), POLICY_COMPONENT.to_owned())].into(),
        enforce: policy
            .components
            .iter()
            .filter(|component| component.enforce != policy::Stages::default())
            .map(|component| (component.id.clone(), component.enforce))
            .collect(),
    };
    for component in &policy.components {
        terms
            .names
            .extend(component.names().map(|name| (fold(name), component.id.clone())));
    }
    terms
}

/// The terms of a component, with nothing gated; those of `certgate-policy` are the policy's own.
pub(crate) fn component_case(policy: &Policy, id: &str) -> ComponentCase {
    let component = policy.components.iter().find(|component| component.id == id);
    let own_names = component.map(|component| component.names().map(fold).collect());
    ComponentCase {
        id: id.to_owned(),
        names: own_names.unwrap_or_else(|| BTreeSet::from([fold(id)])),
        agents: component.map_or_else(|| policy.owners.clone(), |component| component.require.agents.clone()),
        approvals: component.map_or(1, |component| component.require.approvals),
        evidence: component
            .map(|component| component.require.evidence.clone())
            .unwrap_or_default(),
        budgets: component.map(|component| component.budgets.clone()).unwrap_or_default(),
        measured_by: component
            .map(|component| component.require.measured_by.clone())
            .unwrap_or_default(),
        binding: component.map_or(policy::Binding::History, |component| component.binding),
        max_age: component.map_or(policy::DEFAULT_MAX_AGE, |component| component.max_age),
        conditional: component.map_or(policy::Conditional::Allow, |component| component.conditional),
        clean_merge: component.is_some_and(|component| component.clean_merge == policy::CleanMerge::Accept),
        authorizers: component
            .filter(|component| component.risk >= policy::Risk::Medium)
            .map(|component| component.authorizers.clone())
            .unwrap_or_default(),
        authors: BTreeSet::new(),
        files: Vec::new(),
        messages: Vec::new(),
    }
}
