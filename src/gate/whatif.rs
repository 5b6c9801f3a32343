//! What the gate would say of a path if it changed: of rules on paths for certain, and of those on content by what the file holds now.

use std::collections::BTreeMap;

use super::content::gate;
use super::governing::{default_policy, policy_here};
use super::undecided::Undecided;
use crate::change::{Change, ChangeKind, Entry, FileChange, Mode, ObjectId, RepoPath, Snapshot};
use crate::git::Repository;
use crate::policy::Policy;
use crate::sensitivity::Gated;

/// The answer, and by which policy it is given.
pub(crate) struct WhatIf {
    /// Where the policy is from, for people.
    pub(crate) origin: &'static str,
    pub(crate) answer: Answer,
}

/// What would become of a path.
pub(crate) enum Answer {
    /// It belongs to the ledger.
    Certificate,
    /// What the rules say of it; of one that is neither in HEAD nor in the index only those on paths were asked.
    File { gated: Gated, exists: bool },
    /// It is a directory: how many files lie below it, and which of them are gated by which components.
    Directory {
        total: usize,
        gated: BTreeMap<RepoPath, Vec<String>>,
    },
}

/// Asks about a path.
pub(crate) fn what_if(repository: &Repository, path: &RepoPath) -> Result<WhatIf, Undecided> {
    let (policy, origin) = match policy_here(repository)? {
        Some(policy) => (policy, ".certgate/policy.yaml"),
        None => (default_policy()?, "builtin:default (the repository has no policy)"),
    };
    Ok(WhatIf {
        origin,
        answer: answer(repository, &policy, path)?,
    })
}

fn answer(repository: &Repository, policy: &Policy, path: &RepoPath) -> Result<Answer, Undecided> {
    if policy.is_certificate(path) {
        return Ok(Answer::Certificate);
    }
    let here = match repository.head()?.commit() {
        Some(commit) => repository.entry(&Snapshot::Commit(commit.clone()), path)?,
        None => None,
    };
    let here = match here {
        None if !repository.is_bare() => repository.entry(&Snapshot::Index, path)?,
        here => here,
    };
    let exists = here.is_some();
    if !exists {
        let below = below(repository, path)?;
        if !below.is_empty() {
            return directory(repository, policy, below);
        }
    }
    // A path that does not exist yet is asked about as a submodule would be: by its name alone.
    let nowhere = || {
        ObjectId::from_bytes(&[0; 20]).map(|id| Entry {
            mode: Mode::Gitlink,
            id,
        })
    };
    let file = here.or_else(nowhere).map(|entry| FileChange {
        path: path.clone(),
        kind: ChangeKind::Added(entry),
    });
    let gated = as_new(repository, policy, file.into_iter().collect())?;
    Ok(Answer::File { gated, exists })
}

/// What the rules say of files as if they were new.
fn as_new(repository: &Repository, policy: &Policy, files: Vec<FileChange>) -> Result<Gated, Undecided> {
    let change = Change {
        base: Snapshot::Empty,
        head: Snapshot::Index,
        files,
        messages: Vec::new(),
    };
    gate(repository, &change, policy, false)
}

/// The files below a directory, in the index or, in a bare repository, in HEAD.
fn below(repository: &Repository, directory: &RepoPath) -> Result<Vec<(RepoPath, Entry)>, Undecided> {
    let at = match (repository.is_bare(), repository.head()?.commit()) {
        (false, _) => Snapshot::Index,
        (true, Some(commit)) => Snapshot::Commit(commit.clone()),
        (true, None) => return Ok(Vec::new()),
    };
    let prefix = directory.as_bytes().strip_suffix(b"/").unwrap_or(directory.as_bytes());
    Ok(repository.list(&at, &[prefix.to_vec()])?)
}

/// The same for every file below a directory.
fn directory(repository: &Repository, policy: &Policy, below: Vec<(RepoPath, Entry)>) -> Result<Answer, Undecided> {
    let total = below.len();
    let added = |(path, entry)| FileChange {
        path,
        kind: ChangeKind::Added(entry),
    };
    let found = as_new(repository, policy, below.into_iter().map(added).collect())?;
    let mut gated: BTreeMap<RepoPath, Vec<String>> = BTreeMap::new();
    for component in &found.components {
        for file in &component.files {
            let ids = gated.entry(file.file.path.clone()).or_default();
            ids.push(component.id.clone());
        }
    }
    Ok(Answer::Directory { total, gated })
}
