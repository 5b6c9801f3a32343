//! What has changed in a file since a certificate was given on it, and why.

use std::collections::{BTreeMap, HashSet};

use super::hunks::{Hunk, hunks};
use super::question::Question;
use super::undecided::Undecided;
use crate::certificate::{FileState, Subject, SubjectField};
use crate::change::{ChangeKind, Content, FileChange, ObjectId, RepoPath, Snapshot, TreeEntry};
use crate::git::Repository;
use crate::ledger::{self, Entry};
use crate::policy::Stage;
use crate::verdict::{Case, Decision, Finding};

/// Most versions of a file that are looked at for the certified one.
const VERSIONS: usize = 100;
/// Most files, and lines of each, that are shown with a finding.
const FILES: usize = 3;
const LINES: usize = 14;

/// What has changed since.
pub(crate) struct Delta {
    /// The file, from its certified content to what it is now.
    pub(crate) file: FileChange,
    /// The hunks; none where the content cannot be compared by lines.
    pub(crate) hunks: Vec<Hunk>,
    /// True where the head still has the certified content, and the merge with its target changes it.
    pub(crate) merged: bool,
}

/// The difference of a file since a certificate; `None` where the certified content is not to be found.
pub(crate) fn delta(
    repository: &Repository,
    question: &Question,
    certificate: &Entry,
    path: &RepoPath,
) -> Result<Option<Delta>, Undecided> {
    let SubjectField::Present(subject) = &certificate.certificate.subject else {
        return Ok(None);
    };
    let Some(listed) = subject.state_of(path) else {
        return Ok(None);
    };
    let old = match listed {
        FileState::Deleted => None,
        FileState::Present { .. } => match certified(repository, question, (certificate, subject), path, listed)? {
            Some(found) => Some(found),
            None => return Ok(None),
        },
    };
    let new = repository.entry(&question.change.head, path)?;
    let kind = match (old, new) {
        (Some(old), Some(new)) => ChangeKind::Modified { old, new },
        (Some(old), None) => ChangeKind::Deleted(old),
        (None, Some(new)) => ChangeKind::Added(new),
        (None, None) => return Ok(None),
    };
    let file = FileChange {
        path: path.clone(),
        kind,
    };
    let hunks = match repository.content(&file)? {
        Content::Lines(diff) => hunks(path, &diff),
        Content::TooLarge { .. } | Content::TooManyLines { .. } | Content::None => Vec::new(),
    };
    let merged = match &question.merges {
        Some(head) => {
            let before = repository.entry(&Snapshot::Commit(head.clone()), path)?;
            ledger::state(repository, before.as_ref())? == *listed
        }
        None => false,
    };
    Ok(Some(Delta { file, hunks, merged }))
}

/// The entry of a tree that holds the certified content: its digest decides, wherever it is found.
fn certified(
    repository: &Repository,
    question: &Question,
    (certificate, subject): (&Entry, &Subject),
    path: &RepoPath,
    listed: &FileState,
) -> Result<Option<TreeEntry>, Undecided> {
    let mut seen = HashSet::new();
    let mut at = |commit: &ObjectId| -> Result<Option<TreeEntry>, Undecided> {
        // A hint may name a commit that this clone never had.
        let Ok(Some(entry)) = repository.entry(&Snapshot::Commit(commit.clone()), path) else {
            return Ok(None);
        };
        if !seen.insert(entry.id.clone()) {
            return Ok(None);
        }
        let same = ledger::state(repository, Some(&entry))? == *listed;
        Ok(same.then_some(entry))
    };
    let hint = subject.head.as_deref().and_then(ObjectId::from_hex);
    if let Some(found) = hint.as_ref().map(&mut at).transpose()?.flatten() {
        return Ok(Some(found));
    }
    let head = match question.head() {
        Snapshot::Commit(id) => Some(id),
        _ => question.tip.clone(),
    };
    let mut stretches: Vec<(ObjectId, Vec<ObjectId>, &RepoPath)> = Vec::new();
    if let Some(range) = &question.range {
        stretches.extend(head.iter().map(|head| (head.clone(), range.excluded.clone(), path)));
    }
    // All of history is asked only where a person or CI waits for the answer.
    if question.stage == Stage::Merge || question.committing.is_none() {
        let own = &certificate.certificate.path;
        for tip in head.iter().chain(&question.tip) {
            stretches.push((tip.clone(), Vec::new(), own));
            stretches.push((tip.clone(), Vec::new(), path));
        }
    }
    for (tip, excluded, about) in stretches {
        for commit in repository.touching(&tip, &excluded, about, VERSIONS)? {
            if let Some(found) = at(&commit)? {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// What is said of each file that changed since it was certified, by the certificate and the path.
pub(super) fn told(
    repository: &Repository,
    question: &Question,
    case: &Case,
    decision: &Decision,
) -> Result<BTreeMap<(usize, RepoPath), Vec<String>>, Undecided> {
    let mut told = BTreeMap::new();
    for finding in &decision.findings {
        let Finding::Changed { entry, changed, .. } = finding else {
            continue;
        };
        let Some(certificate) = case.ledger.get(*entry) else {
            continue;
        };
        for path in changed.iter().take(FILES) {
            if let Some(delta) = delta(repository, question, certificate, path)? {
                told.insert((*entry, path.clone()), lines(&delta, question));
            }
        }
    }
    Ok(told)
}

fn lines(delta: &Delta, question: &Question) -> Vec<String> {
    let path = &delta.file.path;
    let mut lines = vec![match (delta.merged, question.target.name()) {
        (true, Some(target)) => format!("{path}: `{target}` has moved on, and merging it changes what was certified:"),
        (true, None) => format!("{path}: the target has moved on, and merging it changes what was certified:"),
        (false, _) => format!("{path}: since the certified content:"),
    }];
    let shown = delta
        .hunks
        .iter()
        .flat_map(|hunk| std::iter::once(hunk.heading()).chain(hunk.lines.iter().cloned()));
    let all: Vec<String> = shown.collect();
    lines.extend(all.iter().take(LINES).map(|line| format!("  {line}")));
    if all.len() > LINES {
        lines.push(format!("  … and {} more lines", all.len() - LINES));
    }
    lines
}
