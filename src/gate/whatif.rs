//! What the gate would say of a path if it changed: of rules on paths for certain, and of those on content by what the file holds now.

use std::collections::BTreeMap;

use super::content::gate_unscored;
use super::governing::{default_policy, policy_here};
use super::profiled::Profiles;
use super::undecided::Undecided;
use crate::change::{Change, ChangeKind, FileChange, Mode, ObjectId, RepoPath, Snapshot, TreeEntry};
use crate::diagnostic::Code;
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
    /// What the rules say of it as it is in the index, or else in HEAD, and of what is staged of it; of one that is in neither only those on
    /// paths were asked.
    File {
        gated: Gated,
        staged: Option<Gated>,
        exists: bool,
    },
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
    // As the policy itself: of HEAD, or else of the index.
    let tip = repository.head()?.commit().cloned().map(Snapshot::Commit);
    let profiles = Profiles::load(repository, policy, &tip.unwrap_or(Snapshot::Index))?;
    let by = (policy, &profiles);
    let head = match repository.head()?.commit() {
        Some(commit) => repository.entry(&Snapshot::Commit(commit.clone()), path)?,
        None => None,
    };
    // As `check` sees it. Where a conflict is open there is nothing to commit yet.
    let (index, staged) = match repository.is_bare() {
        true => (None, None),
        false => match repository.entry(&Snapshot::Index, path) {
            Ok(index) => {
                let staged = match (&head, &index) {
                    (Some(old), Some(new)) if old != new => Some(ChangeKind::Modified {
                        old: old.clone(),
                        new: new.clone(),
                    }),
                    (Some(old), None) => Some(ChangeKind::Deleted(old.clone())),
                    _ => None,
                };
                (index, staged)
            }
            Err(error) if error.code() == Code::CG713 => (None, None),
            Err(error) => return Err(error.into()),
        },
    };
    let here = index.or(head);
    let exists = here.is_some();
    if !exists {
        let below = below(repository, path)?;
        if !below.is_empty() {
            return directory(repository, by, below);
        }
    }
    // A path that does not exist yet is asked about as a submodule would be: by its name alone.
    let nowhere = || {
        ObjectId::from_bytes(&[0; 20]).map(|id| TreeEntry {
            mode: Mode::Gitlink,
            id,
        })
    };
    let file = |kind| FileChange {
        path: path.clone(),
        kind,
    };
    let new = here.or_else(nowhere).map(|entry| file(ChangeKind::Added(entry)));
    let staged = staged.map(|kind| changed(repository, by, vec![file(kind)]));
    Ok(Answer::File {
        gated: changed(repository, by, new.into_iter().collect())?,
        staged: staged.transpose()?,
        exists,
    })
}

/// What the rules say of changes of files.
fn changed(repository: &Repository, by: (&Policy, &Profiles), files: Vec<FileChange>) -> Result<Gated, Undecided> {
    let change = Change {
        base: Snapshot::Empty,
        head: Snapshot::Index,
        files,
        messages: Vec::new(),
    };
    gate_unscored(repository, &change, by)
}

/// The files below a directory, in the index or, in a bare repository, in HEAD.
fn below(repository: &Repository, directory: &RepoPath) -> Result<Vec<(RepoPath, TreeEntry)>, Undecided> {
    let at = match (repository.is_bare(), repository.head()?.commit()) {
        (false, _) => Snapshot::Index,
        (true, Some(commit)) => Snapshot::Commit(commit.clone()),
        (true, None) => return Ok(Vec::new()),
    };
    let prefix = directory.as_bytes().strip_suffix(b"/").unwrap_or(directory.as_bytes());
    Ok(repository.list(&at, &[prefix.to_vec()])?)
}

/// The same for every file below a directory.
fn directory(
    repository: &Repository,
    by: (&Policy, &Profiles),
    below: Vec<(RepoPath, TreeEntry)>,
) -> Result<Answer, Undecided> {
    let total = below.len();
    let added = |(path, entry)| FileChange {
        path,
        kind: ChangeKind::Added(entry),
    };
    let found = changed(repository, by, below.into_iter().map(added).collect())?;
    let mut gated: BTreeMap<RepoPath, Vec<String>> = BTreeMap::new();
    for component in &found.components {
        for file in &component.files {
            let ids = gated.entry(file.file.path.clone()).or_default();
            ids.push(component.id.clone());
        }
    }
    Ok(Answer::Directory { total, gated })
}
