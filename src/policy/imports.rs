//! Policies of other repositories, as far as they go into this one: what an import may say, and how it is merged.
//!
//! The law: a policy with an import is never milder than without it, but for what the importing policy writes itself. What an import
//! could loosen it must not say at all; of what is left, the stricter holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::source::{Source, Step};
use super::validate::{CLASSES, Check, Defaults, at};
use super::{Class, Component, Pin, Signatures, Status, fold, raw};
use crate::diagnostic::{Code, Diagnostic};

/// Why there is no copy of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unvendored {
    /// Nothing is there.
    Missing,
    /// What is there is no copy, in words that follow "it": `is a symbolic link`.
    Unreadable(String),
}

/// Gives the copy of an import, as it lies beside the policy.
pub type Copies<'a> = dyn Fn(&Pin) -> Result<Vec<u8>, Unvendored> + 'a;

/// No policy is imported from anywhere.
pub(super) fn no_copies(_: &Pin) -> Result<Vec<u8>, Unvendored> {
    Err(Unvendored::Missing)
}

/// An imported policy.
pub(super) struct Imported {
    pub(super) source: Arc<Source>,
    pub(super) raw: raw::Policy,
    /// What holds for its components.
    pub(super) defaults: Defaults,
}

/// What imports say beside components; the stricter holds.
#[derive(Default)]
pub(super) struct Stricter {
    pub(super) classes: BTreeMap<Status, Class>,
    stop_everywhere: bool,
    refuse_stamps: bool,
}

impl Stricter {
    pub(super) fn classes(&self, mut own: BTreeMap<Status, Class>) -> BTreeMap<Status, Class> {
        for (status, class) in &self.classes {
            let held = own.entry(*status).or_insert(*class);
            *held = (*held).max(*class);
        }
        own
    }

    pub(super) fn stop_is_per_component(&self, own: bool) -> bool {
        own && !self.stop_everywhere
    }

    pub(super) fn stamps_count(&self, own: bool) -> bool {
        own && !self.refuse_stamps
    }

    /// Writes it into a policy, with what the defaults have come to.
    pub(super) fn write(&self, raw: &mut raw::Policy, defaults: &Defaults) {
        for (status, class) in &self.classes {
            let word = class.to_string();
            let rank = |word: &str| CLASSES.iter().position(|(known, _)| *known == word);
            match raw.statuses.0.iter_mut().find(|(name, _)| name == status.as_str()) {
                Some((_, own)) if rank(own) >= rank(&word) => {}
                Some((_, own)) => *own = word,
                None => raw.statuses.0.push((status.as_str().to_owned(), word)),
            }
        }
        if self.stop_everywhere {
            raw.emergency_stop = None;
        }
        if self.refuse_stamps {
            raw.stamps = None;
        }
        if defaults.signatures != Signatures::Off {
            let own = raw.defaults.get_or_insert_default();
            own.signatures = Some(defaults.signatures.as_str().to_owned());
            own.independence = defaults.independence.then_some(true).or(own.independence);
        }
    }
}

impl Check<'_> {
    /// Takes what an import says beside its components, and refuses what it must not say.
    pub(super) fn import(&mut self, raw: &raw::Policy, beneath: &Defaults, stricter: &mut Stricter) -> Defaults {
        self.version(raw.version.as_deref());
        for (key, why) in refused(raw) {
            let finding = Diagnostic::error(Code::CG659, format!("an imported policy must not have `{key}`"))
                .because(why)
                .help("publish it without that key; the policy that imports may write it itself");
            self.push(finding, Some(&at![key]));
        }
        for (index, _) in raw.extends.imports() {
            let finding = Diagnostic::error(Code::CG659, "an imported policy must not import another")
                .because("what is judged by would be decided where the importing policy does not see it")
                .help("have the importing policy import both");
            self.push(finding, Some(&at!["extends", index]));
        }
        for (status, class) in self.statuses(&raw.statuses) {
            let held = stricter.classes.entry(status).or_insert(class);
            *held = (*held).max(class);
        }
        let word = raw.emergency_stop.as_deref();
        if self.emergency_stop(word) {
            self.loosens("emergency_stop: component");
        }
        stricter.stop_everywhere |= word == Some("repository");
        let word = raw.stamps.as_deref();
        if self.stamps(word) {
            self.loosens("stamps: allow");
        }
        stricter.refuse_stamps |= word == Some("refuse");
        self.defaults(raw.defaults.as_ref(), beneath)
    }

    fn loosens(&mut self, written: &'static str) {
        let key = written.split(':').next().unwrap_or_default();
        let finding = Diagnostic::error(Code::CG659, format!("`{written}` in an import would loosen"))
            .because("the policy that imports may write it itself");
        self.push(finding, Some(&at![key]));
    }
}

/// The keys of an import that it must not have, and why.
fn refused(raw: &raw::Policy) -> Vec<(&'static str, &'static str)> {
    const OF_REPOSITORY: &str = "it is about one repository";
    const PEOPLE: &str = "who may approve, lift or bypass is said where the change is judged";
    const LOOSENS: &str = "it can gate less";
    const DIALS: &str = "dials can gate less; `certgate policy show --format yaml` writes them out";
    let raw::Policy {
        // What an import may say.
        version: _,
        extends: _,
        defaults: _,
        statuses: _,
        emergency_stop: _,
        stamps: _,
        components: _,
        // What it must not.
        serial,
        repository,
        without,
        certificates,
        ledger,
        records,
        enforce,
        agents,
        codeowners,
        policy,
        exclude,
        disable,
        adjust,
        trusted_bumps,
        sensitivity,
        profiles,
    } = raw;
    [
        ("serial", serial.is_some(), OF_REPOSITORY),
        ("repository", repository.is_some(), OF_REPOSITORY),
        ("certificates", certificates.is_some(), OF_REPOSITORY),
        ("ledger", ledger.is_some(), OF_REPOSITORY),
        ("records", records.is_some(), OF_REPOSITORY),
        ("enforce", enforce.is_some(), OF_REPOSITORY),
        ("profiles", !profiles.is_empty(), OF_REPOSITORY),
        ("sensitivity", sensitivity.is_some(), OF_REPOSITORY),
        ("agents", !agents.is_empty(), PEOPLE),
        ("codeowners", codeowners.is_some(), PEOPLE),
        ("policy", policy.is_some(), PEOPLE),
        ("exclude", !exclude.is_empty(), LOOSENS),
        ("trusted_bumps", !trusted_bumps.is_empty(), LOOSENS),
        ("without", !without.is_empty(), DIALS),
        ("adjust", !adjust.is_empty(), DIALS),
        ("disable", !disable.is_empty(), DIALS),
    ]
    .into_iter()
    .filter_map(|(key, there, why)| there.then_some((key, why)))
    .collect()
}

/// A component, as written or as validated.
pub(super) trait Yielding {
    fn id(&self) -> &str;
    fn yields(&mut self) -> &mut Vec<String>;
}

impl Yielding for Component {
    fn id(&self) -> &str {
        &self.id
    }

    fn yields(&mut self) -> &mut Vec<String> {
        &mut self.yields
    }
}

impl Yielding for raw::Component {
    fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    fn yields(&mut self) -> &mut Vec<String> {
        &mut self.yields.0
    }
}

/// Takes from `yields` what would leave a file to a component of an import: who yielded before would then ask for less. The second value is
/// the number of the import, 0 for the policy and its packs.
pub(super) fn keep_from_yielding<T: Yielding>(components: &mut [(T, usize)]) {
    let names: Vec<(String, usize)> = components
        .iter()
        .map(|(component, from)| (fold(component.id()), *from))
        .collect();
    for (component, from) in components {
        component.yields().retain(|id| {
            let named = names.iter().find(|(known, _)| *known == fold(id));
            named.is_none_or(|(_, other)| *other == 0 || *other == *from)
        });
    }
}

impl raw::Defaults {
    /// Writes into a component of the same policy what it does not say itself.
    pub(super) fn fill(&self, component: &mut raw::Component) {
        for (own, default) in [
            (&mut component.binding, &self.binding),
            (&mut component.max_age, &self.max_age),
            (&mut component.conditional, &self.conditional),
        ] {
            if own.is_none() {
                own.clone_from(default);
            }
        }
        if component.rules.families.is_none() {
            component.rules.families.clone_from(&self.families);
        }
    }
}
