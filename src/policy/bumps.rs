//! `trusted_bumps:` versions of dependencies that may grow without an approval, and whose.

use super::source::Step;
use super::validate::{Check, at};
use super::{Component, GlobList, POLICY_COMPONENT, Signatures, fold, raw};
use crate::certificate::suggest;
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic};

/// How far a version may grow, as Semantic Versioning has it; before 1.0 as Cargo reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BumpSize {
    /// The last number.
    Patch,
    /// The one before it, too.
    Minor,
}

const SIZES: [(&str, BumpSize); 2] = [("patch", BumpSize::Patch), ("minor", BumpSize::Minor)];

impl BumpSize {
    /// The word of the policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
        }
    }
}

/// An entry of `trusted_bumps:`.
#[derive(Clone, Debug)]
pub struct TrustedBump {
    /// `paths:` the manifests and lock files that it is about.
    pub paths: GlobList,
    /// `max:` how far a version may grow.
    pub max: BumpSize,
    /// `signed_by:` principals one of whom must have signed every commit of the change; `None`: it does not matter who made it.
    pub signed_by: Option<Vec<String>>,
    /// `components:` ids of the components that trust it; empty: all.
    pub components: Vec<String>,
}

impl TrustedBump {
    /// Whether it is about a file that a component gates. What certgate gates itself, its policy above all, trusts nothing.
    pub fn is_about(&self, component: &str, path: &RepoPath) -> bool {
        component != POLICY_COMPONENT
            && (self.components.is_empty() || self.components.iter().any(|id| id == component))
            && self.paths.matches(path.as_bytes())
    }
}

impl Check<'_> {
    /// Reads `trusted_bumps`.
    pub(super) fn trusted_bumps(
        &mut self,
        raw: &[raw::TrustedBump],
        components: &[Component],
        signatures: Signatures,
    ) -> Vec<TrustedBump> {
        let read = |(index, entry): (usize, &raw::TrustedBump)| self.trusted_bump(index, entry, components, signatures);
        raw.iter().enumerate().filter_map(read).collect()
    }

    fn trusted_bump(
        &mut self,
        index: usize,
        entry: &raw::TrustedBump,
        components: &[Component],
        signatures: Signatures,
    ) -> Option<TrustedBump> {
        let here = at!["trusted_bumps", index];
        let inside = |key: &'static str| at!["trusted_bumps", index, key];
        let mut complete = true;
        if !entry.paths.0.iter().any(|glob| !glob.starts_with('!')) {
            let needs = "an entry of `trusted_bumps` needs `paths`: the manifests and lock files that it is about";
            self.error(Code::CG002, needs, &here);
            complete = false;
        }
        if entry.max.is_none() {
            let needs = "an entry of `trusted_bumps` needs `max`: how far a version may grow";
            let finding = Diagnostic::error(Code::CG002, needs).help("write `max: patch`, or `max: minor`");
            self.push(finding, Some(&here));
            complete = false;
        }
        if let Some(signers) = &entry.signed_by {
            if signers.is_empty() {
                self.error(Code::CG009, "`signed_by` names nobody", &inside("signed_by"));
            }
            if signatures == Signatures::Off {
                let finding = Diagnostic::error(Code::CG009, "without signatures nobody can tell who made a commit")
                    .because("the name of its author is what whoever commits writes")
                    .help("write `defaults: { signatures: optional }` or `required`, or leave `signed_by` out");
                self.push(finding, Some(&inside("signed_by")));
            }
        }
        let mut ids = Vec::new();
        for (nth, name) in entry.components.0.iter().enumerate() {
            let place = at!["trusted_bumps", index, "components", nth];
            let found = components
                .iter()
                .find(|component| component.names().any(|known| fold(known) == fold(name)));
            match found {
                Some(component) => ids.push(component.id.clone()),
                None => {
                    let finding = Diagnostic::error(Code::CG009, format!("there is no component `{name}`"));
                    let finding = suggest(finding, name, components.iter().flat_map(Component::names));
                    self.push(finding, Some(&place));
                    complete = false;
                }
            }
        }
        let paths = self.globs(&entry.paths.0, &inside("paths"));
        let max = self.word(&SIZES, entry.max.as_deref(), &inside("max"))?;
        complete.then_some(TrustedBump {
            paths,
            max,
            signed_by: entry.signed_by.as_ref().map(|list| list.0.clone()),
            components: ids,
        })
    }
}

/// Whether the steps lead to the globs of an entry: for those who look for globs that match nothing.
pub(super) fn globs(raw: &raw::Policy) -> impl Iterator<Item = (&String, Vec<Step>)> {
    raw.trusted_bumps.0.iter().enumerate().flat_map(|(index, entry)| {
        let globs = entry.paths.0.iter().enumerate();
        globs.map(move |(nth, glob)| (glob, at!["trusted_bumps", index, "paths", nth].to_vec()))
    })
}
