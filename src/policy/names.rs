//! Names: which components and agents a policy speaks of, and whether they can be distinguished.

use std::collections::BTreeMap;

use super::source::Step;
use super::validate::{Check, at};
use super::{Component, Policy, Signatures, fold, raw};
use crate::certificate::suggest;
use crate::diagnostic::{Code, Diagnostic};

/// Names seen so far, by their folded form, with the component that has them.
type Names = BTreeMap<String, String>;

/// [`super::POLICY_COMPONENT`], folded: a name that certgate uses itself.
const POLICY_FOLDED: &str = "certgate_policy";

impl Check<'_> {
    /// Takes note of the id of a pack's component.
    pub(super) fn inherited(&mut self, id: &str) {
        self.inherited.push(id.to_owned());
    }

    /// Every id in `without` is one of a pack's.
    pub(super) fn without(&mut self, list: &raw::List) {
        for (index, id) in list.0.iter().enumerate() {
            if self.inherited.iter().any(|known| fold(known) == fold(id)) {
                continue;
            }
            let finding = Diagnostic::error(Code::CG009, format!("no pack in `extends` has a component `{id}`"));
            let finding = suggest(finding, id, self.inherited.iter().map(String::as_str));
            self.push(finding, Some(&at!["without", index]));
        }
    }

    /// No two components share a name; the first `own` are the policy's.
    pub(super) fn names(&mut self, components: &[Component], own: usize) {
        let mut seen: Names = BTreeMap::new();
        // Packs first, so that a clash is shown in the policy, where it can be fixed.
        let (mine, packs) = components.split_at_checked(own).unwrap_or((components, &[]));
        for component in packs {
            self.claim(&mut seen, component, None);
        }
        for (index, component) in mine.iter().enumerate() {
            self.claim(&mut seen, component, Some(index));
        }
    }

    fn claim(&mut self, seen: &mut Names, component: &Component, index: Option<usize>) {
        for (nth, name) in component.names().enumerate() {
            let place = index.map(|index| match nth {
                0 => at!["components", index, "id"].to_vec(),
                alias => at!["components", index, "aliases", alias - 1].to_vec(),
            });
            let folded = fold(name);
            if folded == POLICY_FOLDED {
                let finding = Diagnostic::error(Code::CG006, format!("the name `{name}` is certgate's own"));
                self.push(finding, place.as_deref());
                continue;
            }
            if folded.is_empty() {
                self.push(Diagnostic::error(Code::CG009, "an alias is empty"), place.as_deref());
            }
            let Some(other) = seen.insert(folded, component.id.clone()) else {
                continue;
            };
            if nth > 0 && other == component.id {
                continue;
            }
            let finding = Diagnostic::error(
                Code::CG006,
                format!("`{name}` is already a name of component `{other}`"),
            )
            .because("names are compared without case, blanks, hyphens and underscores");
            self.push(finding, place.as_deref());
        }
    }

    /// Warns of agents that are required but not listed, where agents are listed at all.
    pub(super) fn agents_exist(&mut self, policy: &Policy, own: usize) {
        if policy.agents.is_empty() {
            return;
        }
        let mut wanted: Vec<(&str, Vec<Step>)> = Vec::new();
        for (index, owner) in policy.owners.iter().enumerate() {
            wanted.push((owner, at!["policy", "owners", index].to_vec()));
        }
        for (index, component) in policy.components.iter().take(own).enumerate() {
            for (nth, agent) in component.require.agents.iter().enumerate() {
                wanted.push((agent, at!["components", index, "require", "agents", nth].to_vec()));
            }
            for (nth, agent) in component.authorizers.iter().enumerate() {
                wanted.push((agent, at!["components", index, "authorizers", nth].to_vec()));
            }
            for (globs, agent) in &component.handoff {
                let glob: String = globs.iter().collect();
                wanted.push((agent, at!["components", index, "handoff", glob].to_vec()));
            }
        }
        for (agent, place) in wanted {
            if let Some(known) = policy.agents.get(agent) {
                if policy.signatures == Signatures::Required && known.principals.is_empty() {
                    let message = format!("agent `{agent}` has no `principals`, so no signature of it counts");
                    self.push(Diagnostic::warning(Code::CG009, message), Some(&place));
                }
                continue;
            }
            let finding = Diagnostic::warning(Code::CG009, format!("agent `{agent}` is not in `agents`"));
            let finding = suggest(finding, agent, policy.agents.keys().map(String::as_str));
            self.push(finding, Some(&place));
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_policys_own_component_is_known_folded() {
        assert_eq!(super::fold(super::super::POLICY_COMPONENT), super::POLICY_FOLDED);
    }
}
