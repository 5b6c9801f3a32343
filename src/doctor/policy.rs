//! The policy, and the branches that it protects.

use super::Findings;
use crate::change::{RepoPath, Snapshot};
use crate::diagnostic::{Help, Remedy, command, plural};
use crate::gate::governing::{policy_at, policy_here, policy_path};
use crate::gate::idle_rules;
use crate::gate::{Profiles, Undecided};
use crate::git::Repository;
use crate::intake::branches::{own_remote, protected_branches};
use crate::policy::{GlobList, POLICY_DIRECTORY, Policy};
use crate::sensitivity::check_examples;
use crate::verdict::ProfileFaultKind;

/// The policy that is in force, as far as it can be read.
pub(crate) fn policy(repository: &Repository, found: &mut Findings) -> Result<Option<Policy>, Undecided> {
    let policy = match policy_here(repository) {
        Ok(policy) => policy,
        Err(failure) => {
            let why = failure
                .diagnostics
                .first()
                .map(|diagnostic| diagnostic.message().to_owned())
                .unwrap_or_default();
            found.bad(
                "policy",
                format!("the policy cannot be read: {why}"),
                command!["certgate", "policy", "check"],
            );
            return Ok(None);
        }
    };
    let Some(policy) = policy else {
        let uncommitted = repository
            .work_tree()
            .is_some_and(|root| root.join(policy_path().as_path()).is_file());
        match uncommitted {
            true => found.bad(
                "policy",
                "the policy is not committed",
                command!["git", "commit"].after(command!["git", "add", &RepoPath::from(POLICY_DIRECTORY)]),
            ),
            false => found.bad(
                "policy",
                "there is no policy; the default pack judges",
                command!["certgate", "init"],
            ),
        }
        return Ok(None);
    };
    let committed = match repository.head()?.commit() {
        Some(commit) => policy_at(repository, &Snapshot::Commit(commit.clone()))?.is_some(),
        None => false,
    };
    match committed {
        true => found.good(
            "policy",
            format!("the policy is committed: {} components", policy.components.len()),
        ),
        false => found.bad(
            "policy",
            "the policy is staged but not committed",
            command!["git", "commit"],
        ),
    }
    match check_examples(&policy).len() {
        0 => found.good("examples", "the policy's examples hold"),
        n => found.bad(
            "examples",
            format!("{n} of the policy's examples do not hold"),
            command!["certgate", "policy", "check"],
        ),
    }
    let commit = repository.head()?.commit().cloned();
    let files = commit.map_or(Snapshot::Index, Snapshot::Commit);
    let mut idle = idle_rules(repository, &policy, &files)?;
    idle.extend(policy.unmeetable());
    match idle.as_slice() {
        [] => found.good(
            "rules",
            "every glob of the policy matches a tracked file, and its requirements can be met",
        ),
        idle => {
            for finding in idle {
                found.note_with("rules", finding.message(), command!["certgate", "policy", "check"]);
            }
        }
    }
    profiles(repository, &policy, &files, found)?;
    Ok(Some(policy))
}

/// Whether the profiles that the policy names can be used.
fn profiles(repository: &Repository, policy: &Policy, at: &Snapshot, found: &mut Findings) -> Result<(), Undecided> {
    if policy.profiles.is_empty() {
        return Ok(());
    }
    let read = Profiles::load(repository, policy, at)?;
    for fault in &read.faults {
        let help: Help = match fault.kind {
            ProfileFaultKind::NoCommit { shallow: true, .. } => command!["git", "fetch", "--unshallow"].into(),
            _ => "put it right, or take its entry out of `profiles:`".into(),
        };
        found.bad("profiles", fault.to_string(), help);
    }
    for said in read.said(repository, policy, (at, jiff::Timestamp::now()), &[])? {
        found.note_with(
            "profiles",
            said.message(),
            "record it again, and write the new commit into `profiles:`",
        );
    }
    if read.faults.is_empty() {
        found.good("profiles", format!("{} can be used", plural(read.hot.len(), "profile")));
    }
    Ok(())
}

/// Whether what is merged is stopped anywhere, and above all into the default branch.
pub(crate) fn branches(repository: &Repository, policy: &Policy, found: &mut Findings) -> Result<(), Undecided> {
    let protected = protected_branches(repository, policy, own_remote(repository, None)?)?;
    if protected.is_empty() {
        let globs: Vec<&str> = policy
            .enforce
            .iter()
            .flat_map(|entry| GlobList::iter(&entry.branches))
            .collect();
        let globs = globs.join(", ");
        let default = default_branch(repository)?.or(repository.head()?.branch().map(str::to_owned));
        found.bad(
            "branches",
            format!("no branch here is protected; `enforce` names {globs}"),
            mend(repository, default.as_deref())?,
        );
        return Ok(());
    }
    let names: Vec<&str> = protected.iter().map(|found| found.reference.as_str()).collect();
    found.good("branches", format!("protected: {}", names.join(", ")));
    if let Some(default) = default_branch(repository)?
        && !policy.protected(&default)
    {
        found.bad(
            "default-branch",
            format!("the default branch `{default}` is not protected"),
            mend(repository, Some(&default))?,
        );
    }
    Ok(())
}

/// The default branch, where something tells which it is.
fn default_branch(repository: &Repository) -> Result<Option<String>, Undecided> {
    if repository.is_bare() {
        return Ok(repository.head()?.branch().map(str::to_owned));
    }
    Ok(repository
        .symbolic_ref("refs/remotes/origin/HEAD")?
        .and_then(|name| name.strip_prefix("refs/remotes/origin/").map(str::to_owned)))
}

/// What protects a branch: a command where the policy has no own `enforce:` that it would have to be fitted into.
fn mend(repository: &Repository, branch: Option<&str>) -> Result<Help, Undecided> {
    let path = policy_path();
    let written = repository
        .work_tree()
        .and_then(|root| std::fs::read_to_string(root.join(path.as_path())).ok());
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./".contains(&b);
    Ok(match (written, branch.filter(|name| name.bytes().all(plain))) {
        (Some(text), Some(branch)) if !text.lines().any(|line| line.starts_with("enforce")) => {
            let lines = [
                "enforce:".to_owned(),
                format!("  - branches: [{branch}, main, master, \"release/**\"]"),
                "  - { branches: [\"**\"], pre-commit: warn, pre-push: warn, merge: warn }".to_owned(),
            ];
            Remedy::append(&path.to_string(), lines.map(Into::into)).into()
        }
        _ => "name your main branch in `enforce:`".into(),
    })
}
