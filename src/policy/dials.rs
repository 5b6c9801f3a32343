//! The dials of a policy, turned on what it takes from packs: `without` leaves components out, `adjust` patches them, `disable` switches
//! rules off.

use super::source::Step;
use super::validate::{Check, Defaults, at};
use super::{fold, raw};
use crate::certificate::suggest;
use crate::diagnostic::{Code, Diagnostic};

/// What the policy turns, and what of it was found.
pub(super) struct Dials {
    adjust: Vec<(String, raw::Adjust)>,
    disable: Vec<String>,
    without: Vec<String>,
    own: Vec<String>,
    adjusted: Vec<bool>,
    /// Patches with errors, which are applied to nothing.
    broken: Vec<bool>,
    disabled: Vec<bool>,
    /// Components of packs, with the pack.
    seen: Vec<(String, String)>,
    /// The names of all rules, as `disable` takes them.
    rules: Vec<String>,
}

/// What becomes of a pack's component.
pub(super) enum Fate {
    /// It is part of the policy.
    Kept,
    /// The policy has its own component of that name.
    Replaced,
    /// `without` leaves it out.
    LeftOut,
}

impl Dials {
    /// Takes the dials out of a policy.
    pub(super) fn take(raw: &mut raw::Policy) -> Self {
        let adjust = std::mem::take(&mut raw.adjust).0;
        let disable = std::mem::take(&mut raw.disable).0;
        let own = raw.components.iter().filter_map(|component| component.id.clone());
        Self {
            adjusted: vec![false; adjust.len()],
            broken: vec![false; adjust.len()],
            disabled: vec![false; disable.len()],
            own: own.collect(),
            without: raw.without.0.clone(),
            adjust,
            disable,
            seen: Vec::new(),
            rules: Vec::new(),
        }
    }

    /// Turns them on a component of the policy's own.
    pub(super) fn own(&mut self, component: &mut raw::Component) {
        self.switch_off(component);
    }

    /// Turns them on a pack's component.
    pub(super) fn inherited(&mut self, component: &mut raw::Component, pack: &str) -> Fate {
        let id = component.id.clone().unwrap_or_default();
        self.seen.push((id.clone(), pack.to_owned()));
        let same = |other: &String| fold(other) == fold(&id);
        if self.own.iter().any(same) {
            return Fate::Replaced;
        }
        if self.without.iter().any(same) {
            return Fate::LeftOut;
        }
        let mut touched = false;
        let uses = self.adjusted.iter_mut().zip(&self.broken);
        for ((name, patch), (used, broken)) in self.adjust.iter().zip(uses) {
            if fold(name) == fold(&id) {
                *used = true;
                // Who adjusts a component wants it to speak for itself.
                component.yields = raw::List::default();
                touched |= !broken && patch.apply(component);
            }
        }
        touched |= self.switch_off(component);
        if touched {
            // The pack's own examples are about its own rules.
            let own = self.adjust.iter().filter(|(name, _)| fold(name) == fold(&id));
            component.examples = raw::Examples::default();
            for (_, patch) in own {
                component
                    .examples
                    .matching
                    .extend(patch.examples.matching.iter().cloned());
                component
                    .examples
                    .ignored
                    .extend(patch.examples.ignored.iter().cloned());
            }
        }
        Fate::Kept
    }

    /// Takes the rules out that `disable` names; true where there was one.
    fn switch_off(&mut self, component: &mut raw::Component) -> bool {
        let id = component.id.clone().unwrap_or_default();
        let (names, disable, disabled) = (&mut self.rules, &self.disable, &mut self.disabled);
        let mut touched = false;
        let mut off = |given: Option<&str>, otherwise: String| {
            let full = format!("{id}/{}", given.unwrap_or(&otherwise));
            let mut found = false;
            for (name, used) in disable.iter().zip(disabled.iter_mut()) {
                if *name == full || given == Some(name.as_str()) {
                    *used = true;
                    found = true;
                }
            }
            names.push(full);
            touched |= found;
            found
        };
        let rules = &mut component.rules;
        if !rules.paths.is_empty() && off(None, "paths".to_owned()) {
            rules.paths = raw::List::default();
        }
        if !rules.dependencies.is_empty() && off(None, "dependencies".to_owned()) {
            rules.dependencies = raw::Packages::default();
        }
        if off(None, "families".to_owned()) {
            rules.families = Some(raw::List::default());
        }
        let mut nth = 0;
        rules.content.retain(|raw::Short(rule)| {
            nth += 1;
            !off(rule.rule.as_deref(), format!("content-{nth}"))
        });
        let mut nth = 0;
        rules.functions.retain(|raw::Short(rule)| {
            nth += 1;
            !off(rule.rule.as_deref(), format!("function-{nth}"))
        });
        let mut nth = 0;
        rules.messages.0.retain(|_| {
            nth += 1;
            !off(None, format!("message-{nth}"))
        });
        touched
    }

    /// Validates the patches in place.
    pub(super) fn validate(&mut self, check: &mut Check<'_>, defaults: &Defaults) {
        for ((name, patch), broken) in self.adjust.iter().zip(&mut self.broken) {
            *broken = !check.adjust(&at!["adjust", name.clone()], patch, defaults);
        }
    }

    /// Reports what the policy names and no pack has, and what it replaces.
    pub(super) fn check(&self, check: &mut Check<'_>) {
        let ids = || self.seen.iter().map(|(id, _)| id.as_str());
        for ((name, _), used) in self.adjust.iter().zip(&self.adjusted) {
            let place = [Step::from("adjust"), Step::Name(name.clone())];
            if *used {
                continue;
            }
            let own = self.own.iter().any(|own| fold(own) == fold(name));
            let known = ids().any(|id| fold(id) == fold(name));
            let finding = if own {
                Diagnostic::error(
                    Code::CG009,
                    format!("`{name}` is a component of this policy, not of a pack"),
                )
                .help("change it in `components:`, where it is written")
            } else if known {
                let message = format!("`{name}` is left out by `without`");
                Diagnostic::error(Code::CG009, message)
            } else {
                let message = format!("no pack in `extends` has a component `{name}`");
                suggest(Diagnostic::error(Code::CG009, message), name, ids())
            };
            check.push(finding, Some(&place));
        }
        for (index, (name, used)) in self.disable.iter().zip(&self.disabled).enumerate() {
            if !used {
                let finding = Diagnostic::error(Code::CG009, format!("there is no rule `{name}`"));
                let finding = suggest(finding, name, self.rules.iter().map(String::as_str))
                    .because("a rule is called COMPONENT/NAME; `certgate policy show` lists them");
                check.push(finding, Some(&at!["disable", index]));
            }
        }
        for (index, own) in self.own.iter().enumerate() {
            if let Some((id, pack)) = self.seen.iter().find(|(id, _)| fold(id) == fold(own)) {
                let message = format!("this component replaces `{id}` of {pack} completely");
                let finding = Diagnostic::warning(Code::CG017, message).help(format!(
                    "to keep its rules and change some of it, write `adjust: {{ {id}: … }}`"
                ));
                check.push(finding, Some(&at!["components", index, "id"]));
            }
        }
    }
}

impl raw::Adjust {
    /// Where the policy adds paths or packages, those of the component count whatever the score; its other rules keep what they need.
    fn without_the_packs_need(&self, rules: &mut raw::Rules) {
        if self.rules.paths.is_empty() && self.rules.dependencies.is_empty() {
            return;
        }
        let Some(needed) = rules.needs_score.take() else { return };
        for raw::Short(rule) in &mut rules.content {
            rule.needs_score.get_or_insert_with(|| needed.clone());
        }
        for raw::Short(rule) in &mut rules.functions {
            rule.needs_score.get_or_insert_with(|| needed.clone());
        }
    }

    /// Patches the component; true where its rules change.
    fn apply(&self, component: &mut raw::Component) -> bool {
        let rules = &mut component.rules;
        if self.rules.needs_score.is_some() {
            // What a policy says of a component holds for all rules of the pack.
            rules.needs_score.clone_from(&self.rules.needs_score);
            rules.content.iter_mut().for_each(|rule| rule.0.needs_score = None);
            rules.functions.iter_mut().for_each(|rule| rule.0.needs_score = None);
        } else {
            self.without_the_packs_need(rules);
        }
        let more = |list: &mut raw::List, other: &raw::List| list.0.extend(other.0.iter().cloned());
        more(&mut rules.paths, &self.rules.paths);
        rules.dependencies.0.extend(self.rules.dependencies.0.iter().cloned());
        more(&mut rules.messages, &self.rules.messages);
        more(&mut rules.exclude, &self.rules.exclude);
        more(&mut rules.exclude, &self.exclude);
        more(&mut rules.ignore, &self.rules.ignore);
        let always = |needs: &mut Option<String>| {
            // What the policy adds itself counts, whatever score the pack's own rules need.
            if self.rules.needs_score.is_none() {
                needs.get_or_insert_with(|| "0".to_owned());
            }
        };
        let ignores_kept = self.rules.ignore.0.iter().any(|word| word == "kept");
        rules.content.extend(self.rules.content.iter().cloned().map(|mut rule| {
            always(&mut rule.0.needs_score);
            if !ignores_kept {
                rule.0.kept.get_or_insert(true);
            }
            rule
        }));
        rules
            .functions
            .extend(self.rules.functions.iter().cloned().map(|mut rule| {
                always(&mut rule.0.needs_score);
                rule
            }));
        if self.rules.families.is_some() {
            rules.families.clone_from(&self.rules.families);
        }
        if let Some(require) = &self.require {
            let own = &mut component.require;
            own.approvals = require.approvals.or(own.approvals);
            if require.owners.is_some() {
                own.owners.clone_from(&require.owners);
            }
            for (own, wanted) in [
                (&mut own.agents, &require.agents),
                (&mut own.evidence, &require.evidence),
                (&mut own.measured_by, &require.measured_by),
            ] {
                if !wanted.is_empty() {
                    own.clone_from(wanted);
                }
            }
        }
        for (own, wanted) in [
            (&mut component.title, &self.title),
            (&mut component.risk, &self.risk),
            (&mut component.binding, &self.binding),
            (&mut component.max_age, &self.max_age),
            (&mut component.conditional, &self.conditional),
            (&mut component.clean_merge, &self.clean_merge),
        ] {
            if wanted.is_some() {
                own.clone_from(wanted);
            }
        }
        if self.enforce.is_some() {
            component.enforce.clone_from(&self.enforce);
        }
        if let Some(authorizers) = &self.authorizers {
            component.authorizers.clone_from(authorizers);
        }
        component.handoff.0.extend(self.handoff.0.iter().cloned());
        component.budgets.extend(self.budgets.iter().cloned());
        !self.rules.is_empty() || !self.exclude.is_empty()
    }
}
