//! What may be where, for completions: components, agents, ids of certificates, statuses, codes, packs. What cannot be read gives none.

use clap_complete::CompletionCandidate;

use crate::certificate::Status;
use crate::diagnostic::Code;
use crate::gate::Pasts;
use crate::gate::governing::{default_policy, keyring_at, policy_here};
use crate::git::Repository;
use crate::ledger;
use crate::policy::{POLICY_COMPONENT, Policy, packs};

/// Most ids that are offered; the newest.
const MOST_IDS: usize = 200;

fn candidate(value: &str, help: Option<String>) -> CompletionCandidate {
    CompletionCandidate::new(value).help(help.map(Into::into))
}

fn repository() -> Option<Repository> {
    Repository::open().ok()
}

fn policy() -> Option<Policy> {
    policy_here(&repository()?).ok()?.or_else(|| default_policy().ok())
}

/// The components of the policy, with their titles.
pub(super) fn components() -> Vec<CompletionCandidate> {
    let Some(policy) = policy() else { return Vec::new() };
    let own = policy
        .components
        .iter()
        .map(|component| candidate(&component.id, component.title.clone()));
    own.chain([candidate(POLICY_COMPONENT, None)]).collect()
}

/// The agents that the policy names.
pub(super) fn agents() -> Vec<CompletionCandidate> {
    let Some(policy) = policy() else { return Vec::new() };
    let mut names: Vec<&String> = policy.agents.keys().chain(&policy.owners).collect();
    for component in &policy.components {
        names.extend(&component.require.agents);
        names.extend(&component.authorizers);
        names.extend(component.handoff.iter().map(|(_, agent)| agent));
    }
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| candidate(name, None)).collect()
}

/// The eleven words of decision.
pub(super) fn statuses() -> Vec<CompletionCandidate> {
    Status::ALL.map(|status| candidate(status.as_str(), None)).into()
}

/// The packs, as `--policy` takes them.
pub(super) fn policies() -> Vec<CompletionCandidate> {
    let of = |pack: &crate::policy::Pack| candidate(&format!("builtin:{}", pack.name), Some(pack.title.to_owned()));
    packs().iter().map(of).collect()
}

/// The names of the packs.
pub(super) fn pack_names() -> Vec<CompletionCandidate> {
    packs()
        .iter()
        .map(|pack| candidate(pack.name, Some(pack.title.to_owned())))
        .collect()
}

/// The ids of certificates at HEAD, newest first.
pub(super) fn ids() -> Vec<CompletionCandidate> {
    read_ids().unwrap_or_default()
}

fn read_ids() -> Option<Vec<CompletionCandidate>> {
    let repository = repository()?;
    let policy = policy_here(&repository).ok()?.or_else(|| default_policy().ok())?;
    let tip = repository.head().ok()?.commit()?.clone();
    let at = crate::change::Snapshot::Commit(tip.clone());
    let keyring = keyring_at(&repository, &at, &policy).ok()?;
    let pasts = Pasts::new(&repository, &keyring);
    let then = |landing: &_| pasts.before(landing);
    let terms = ledger::LedgerTerms::of(&policy, &keyring, &then);
    let entries = ledger::all(&repository, &terms, &tip).ok()?;
    let of = |entry: &ledger::Entry| {
        let id = entry.certificate.id.as_deref()?;
        let status = entry.certificate.status.map_or("", Status::as_str);
        Some(candidate(
            id,
            Some(format!("{status} {}", entry.certificate.components.join(", "))),
        ))
    };
    Some(entries.iter().filter_map(of).take(MOST_IDS).collect())
}

/// What `explain` takes beside paths.
pub(super) fn explainable() -> Vec<CompletionCandidate> {
    let codes = Code::ALL
        .iter()
        .map(|code| candidate(code.as_str(), Some(code.title().to_owned())));
    codes.chain(statuses()).chain(components()).chain(ids()).collect()
}
