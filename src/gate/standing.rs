//! What a ledger says now: which refusals are in force, which conditions are open, what nobody can read, and what each certificate said.

use std::collections::BTreeMap;

use super::past::{LiftEvent, Refused, open_bypasses, refusals};
use super::undecided::Undecided;
use crate::certificate::{self, Class, MAX_BYTES};
use crate::change::RepoPath;
use crate::evidence::claims::{self, Claim, Label};
use crate::git::{Blob, Repository};
use crate::ledger::Entry;
use crate::policy::Policy;
use crate::trust::Keyring;

/// A ledger with what of it is in force. What is in force is listed by the moment that it claims, newest first: git's order, which decided what
/// is in force, is another on each branch until they are merged.
pub(crate) struct Standing<'e> {
    /// All of them, newest first by git.
    pub(crate) certificates: Vec<Said<'e>>,
    /// Refusals that no approval lifted completely, or whose lift was revoked.
    pub(crate) refusals: Vec<&'e Entry>,
    /// Conditional approvals that are their agent's newest decision on a component, with what is open of them.
    pub(crate) conditions: Vec<(&'e Entry, Vec<&'e str>)>,
    /// Bypasses that wait for their follow-up.
    pub(crate) bypasses: Vec<&'e Entry>,
    /// What cannot be read and is the newest statement on a component.
    pub(crate) unreadable: Vec<&'e Entry>,
}

/// A certificate with what it said.
pub(crate) struct Said<'e> {
    pub(crate) entry: &'e Entry,
    /// The components, by their ids where the policy knows them.
    pub(crate) components: Vec<String>,
    /// True for what is older than `ledger.since`: it gates nothing.
    pub(crate) history: bool,
    /// The first line of its rationale.
    pub(crate) rationale: Option<String>,
    /// The claims of figures that it makes, each recomputed from the figures beside it.
    pub(crate) figures: Vec<Claim>,
    /// What lifted it, where it refuses.
    pub(crate) lifts: Vec<LiftEvent<'e>>,
    /// The later certificates that name it in Supersedes.
    pub(crate) superseded_by: Vec<&'e Entry>,
}

/// Looks at a ledger.
pub(crate) fn standing<'e>(
    repository: &Repository,
    policy: &Policy,
    keyring: &Keyring,
    entries: &'e [Entry],
) -> Result<Standing<'e>, Undecided> {
    let mut lifts: BTreeMap<&RepoPath, Vec<LiftEvent<'_>>> = BTreeMap::new();
    let mut open = Vec::new();
    for Refused { entry, lifts: by, .. } in refusals(policy, keyring, entries) {
        if !by.iter().any(|lift| lift.whole && !lift.revoked) {
            open.push(entry);
        }
        lifts.insert(&entry.certificate.path, by);
    }
    let mut superseded: BTreeMap<&RepoPath, Vec<&Entry>> = BTreeMap::new();
    let naming = entries.iter().filter(|entry| !entry.certificate.supersedes.is_empty());
    for by in naming {
        let named = entries.iter().filter(|other| {
            let before = by.place.follows(&other.place) || by.place.is_with(&other.place);
            before && by.certificate.path != other.certificate.path && by.certificate.names(&other.certificate)
        });
        named.for_each(|other| superseded.entry(&other.certificate.path).or_default().push(by));
    }
    let mut certificates = Vec::with_capacity(entries.len());
    for entry in entries {
        let (rationale, figures) = read(repository, entry)?;
        let path = &entry.certificate.path;
        certificates.push(Said {
            entry,
            components: components(policy, entry),
            history: policy
                .since
                .is_some_and(|since| entry.moment().is_some_and(|moment| moment < since)),
            rationale,
            figures,
            lifts: lifts.remove(path).unwrap_or_default(),
            superseded_by: superseded.remove(path).unwrap_or_default(),
        });
    }
    let mut standing = Standing {
        conditions: conditions(policy, &certificates),
        unreadable: unreadable(&certificates),
        refusals: open,
        bypasses: open_bypasses(policy, keyring, entries),
        certificates,
    };
    let newest_first = |entry: &Entry| std::cmp::Reverse((entry.moment(), entry.certificate.path.clone()));
    standing.refusals.sort_by_cached_key(|entry| newest_first(entry));
    standing.unreadable.sort_by_cached_key(|entry| newest_first(entry));
    standing.bypasses.sort_by_cached_key(|entry| newest_first(entry));
    standing.conditions.sort_by_cached_key(|(entry, _)| newest_first(entry));
    Ok(standing)
}

fn components(policy: &Policy, entry: &Entry) -> Vec<String> {
    let names = entry.certificate.components.iter();
    let id = |name: &String| {
        let known = policy.component_named(name);
        known.map_or_else(|| crate::policy::fold(name), |component| component.id.clone())
    };
    names.map(id).collect()
}

fn read(repository: &Repository, entry: &Entry) -> Result<(Option<String>, Vec<Claim>), Undecided> {
    let Blob::Content(bytes) = repository.blob(&entry.blob, MAX_BYTES)? else {
        return Ok((None, Vec::new()));
    };
    // What is said of files depends on a tree, which changes while the record of a decision does not.
    let mut figures = claims::read(&String::from_utf8_lossy(&bytes), None, None);
    figures.retain(|claim| !claim.kind.is_of_file() && matches!(claim.label, Label::Right | Label::Wrong));
    Ok((certificate::rationale(&bytes), figures))
}

/// Conditions that are still to be met: nobody has said anything since who could have settled them.
fn conditions<'e>(policy: &Policy, certificates: &[Said<'e>]) -> Vec<(&'e Entry, Vec<&'e str>)> {
    let mut answered: Vec<(&str, &str)> = Vec::new();
    let mut found = Vec::new();
    for said in certificates.iter().filter(|said| !said.history) {
        let certificate = &said.entry.certificate;
        let agent = certificate.agent.as_deref().unwrap_or_default();
        let class = certificate.status.map(|status| policy.class(status));
        let newest = said
            .components
            .iter()
            .any(|id| !answered.contains(&(agent, id.as_str())));
        let open = certificate.conditions.iter().filter(|condition| !condition.met);
        let open: Vec<&str> = open.map(|condition| condition.text.as_str()).collect();
        if class == Some(Class::Conditional) && newest && said.superseded_by.is_empty() && !open.is_empty() {
            found.push((said.entry, open));
        }
        if class.is_some() {
            answered.extend(said.components.iter().map(|id| (agent, id.as_str())));
        }
    }
    found
}

fn unreadable<'e>(certificates: &[Said<'e>]) -> Vec<&'e Entry> {
    let mut answered: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for said in certificates.iter().filter(|said| !said.history) {
        let newest = said.components.iter().any(|id| !answered.contains(&id.as_str()));
        if said.entry.certificate.status.is_none() && (newest || said.components.is_empty()) {
            found.push(said.entry);
        }
        answered.extend(said.components.iter().map(String::as_str));
    }
    found
}
