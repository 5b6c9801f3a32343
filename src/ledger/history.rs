//! Binding `history`: what a certificate without a SUBJECT is bound to.

use std::collections::BTreeSet;

use super::{Entry, LedgerError};
use crate::certificate::{SubjectField, names};
use crate::change::{FileChange, ObjectId, RepoPath, Snapshot};
use crate::git::Repository;

/// Tells, for a certificate that the change adds, the gated paths that it names and that are, at the commit that introduced it, byte
/// for byte what they are at the head.
///
/// `range` holds the commits not to look at and the heads of the range. A certificate of a commit in the making (`staged`) that is in no
/// commit of the range is staged together with the files, which is as good; of a finished range it then covers nothing.
///
/// # Errors
///
/// Any object that cannot be read.
pub fn carried(
    repository: &Repository,
    entry: &Entry,
    gated: &[&FileChange],
    range: Option<(&[ObjectId], &[ObjectId])>,
    staged: bool,
) -> Result<BTreeSet<RepoPath>, LedgerError> {
    let certificate = &entry.certificate;
    if certificate.subject != SubjectField::Absent {
        return Ok(BTreeSet::new());
    }
    let named: Vec<&&FileChange> = gated
        .iter()
        .filter(|file| certificate.named.iter().any(|named| names(named, &file.path)))
        .collect();
    if named.is_empty() {
        return Ok(BTreeSet::new());
    }
    let introductions = match range {
        Some((excluded, heads)) => repository.introduced_in(excluded, heads, &certificate.path, &entry.blob)?,
        None => Vec::new(),
    };
    let mut carried = BTreeSet::new();
    for file in named {
        let mut same = staged && introductions.is_empty();
        for commit in &introductions {
            same = same
                || repository
                    .entry(&Snapshot::Commit(commit.clone()), &file.path)?
                    .as_ref()
                    == file.after();
        }
        if same {
            carried.insert(file.path.clone());
        }
    }
    Ok(carried)
}
