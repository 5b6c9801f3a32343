//! Binding `history`: what a certificate without a SUBJECT is bound to.

use std::collections::BTreeSet;

use super::{Entry, LedgerError};
use crate::certificate::{SubjectField, SubjectFile, names};
use crate::change::{FileChange, ObjectId, RepoPath, Snapshot, TreeEntry as At};
use crate::git::{Landing, Repository};

/// Tells, for a certificate that the change adds, the gated paths that it names and that are, at the commit that introduced it, byte
/// for byte what they are at the head.
///
/// `range` holds the commits not to look at and the heads of the range. A certificate of a commit in the making (`staged`) that is in no
/// commit of the range is staged together with the files, which is as good; of a finished range it then covers nothing.
///
/// # Errors
///
/// Any object that cannot be read.
pub(crate) fn carried(
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
    let files = gated.iter().map(|file| (&file.path, file.after()));
    same_since(repository, entry, files, range, staged)
}

/// The files that a certificate names and that were, at a commit that introduced it, what they are now.
fn same_since<'f>(
    repository: &Repository,
    entry: &Entry,
    files: impl IntoIterator<Item = (&'f RepoPath, Option<&'f At>)>,
    range: Option<(&[ObjectId], &[ObjectId])>,
    staged: bool,
) -> Result<BTreeSet<RepoPath>, LedgerError> {
    let certificate = &entry.certificate;
    let is_named = |path: &RepoPath| certificate.named.iter().any(|named| names(named, path));
    let named: Vec<(&RepoPath, Option<&At>)> = files.into_iter().filter(|(path, _)| is_named(path)).collect();
    if named.is_empty() {
        return Ok(BTreeSet::new());
    }
    let introductions = match range {
        Some((excluded, heads)) => repository.introduced_in(excluded, heads, &certificate.path, &entry.blob)?,
        None => Vec::new(),
    };
    let mut carried = BTreeSet::new();
    for (path, now) in named {
        let mut same = staged && introductions.is_empty();
        for commit in &introductions {
            let then = || repository.entry(&Snapshot::Commit(commit.clone()), path);
            same = same || then()?.as_ref() == now;
        }
        if same {
            carried.insert(path.clone());
        }
    }
    Ok(carried)
}

/// What an approval without a SUBJECT let in when it landed: of these paths those that it names and that have not changed since it was
/// introduced, or, where it is on whatever landed with it, all of them; with their states at the landing.
pub(super) fn let_in(
    repository: &Repository,
    approval: &Entry,
    paths: &BTreeSet<RepoPath>,
    landing: &Landing,
    all: bool,
) -> Result<Vec<SubjectFile>, LedgerError> {
    let at = Snapshot::Commit(landing.commit.clone());
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        files.push((path, repository.entry(&at, path)?));
    }
    let excluded: Vec<ObjectId> = landing.parents.first().cloned().into_iter().collect();
    let heads = std::slice::from_ref(&landing.commit);
    let range = Some((excluded.as_slice(), heads));
    let carried = match all {
        true => paths.clone(),
        false => {
            let files = files.iter().map(|(path, entry)| (*path, entry.as_ref()));
            same_since(repository, approval, files, range, false)?
        }
    };
    let mut content = Vec::with_capacity(carried.len());
    for (path, entry) in files.into_iter().filter(|(path, _)| carried.contains(*path)) {
        content.push(SubjectFile {
            path: path.clone(),
            state: super::state(repository, entry.as_ref())?,
        });
    }
    Ok(content)
}
