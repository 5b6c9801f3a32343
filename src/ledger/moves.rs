//! What a change does to the certificates and signatures that are there. The ledger is append-only, and a certificate keeps its path: it may
//! move only to another certificate path, together with its signature, and only where it reads the same there.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{parse, signature_path, signed_by};
use super::{LedgerError, Violation};
use crate::change::{FileChange, Mode, RepoPath, Snapshot, TreeEntry as At};
use crate::git::Repository;
use crate::policy::GlobList;

/// What became of the certificates that were there.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// What must not be.
    pub(super) violations: Vec<Violation>,
    /// New paths of certificates that only moved, to the old ones.
    pub(super) moved: BTreeMap<RepoPath, RepoPath>,
}

/// Reads of the differences between two trees what became of the certificates of the first. `head` is the second.
///
/// What is dated before `since` is history, to which the rules do not apply.
///
/// # Errors
///
/// Any object that cannot be read.
pub(super) fn moves(
    repository: &Repository,
    certificates: &GlobList,
    since: Option<jiff::Timestamp>,
    files: &[FileChange],
    head: &Snapshot,
) -> Result<Moves, LedgerError> {
    let of_ledger = |file: &&FileChange| {
        certificates.matches(file.path.as_bytes()) || signed_by(certificates, &file.path).is_some()
    };
    let by_path: BTreeMap<&RepoPath, &FileChange> =
        files.iter().filter(of_ledger).map(|file| (&file.path, file)).collect();
    let mut found = Moves::default();
    let mut free: BTreeSet<&RepoPath> = by_path
        .values()
        .filter(|file| file.before().is_none() && certificates.matches(file.path.as_bytes()))
        .map(|file| &file.path)
        .collect();
    for (path, file) in &by_path {
        let Some(before) = file.before().filter(|_| certificates.matches(path.as_bytes())) else {
            continue;
        };
        let violation = match file.after() {
            Some(after) if kind(before) != kind(after) => Violation::Deleted((*path).clone()),
            Some(after) if before.id != after.id => Violation::Modified((*path).clone()),
            Some(_) => continue,
            None => {
                let mut target = None;
                for candidate in &free {
                    if is_move(repository, &by_path, path, candidate, head)? {
                        target = Some(*candidate);
                        break;
                    }
                }
                if let Some(target) = target {
                    free.remove(target);
                    found.moved.insert(target.clone(), (*path).clone());
                    continue;
                }
                Violation::Deleted((*path).clone())
            }
        };
        let document = parse(repository, path, before.mode, &before.id)?;
        let history = since.is_some_and(|since| document.certificate().moment().is_some_and(|moment| moment < since));
        if !history {
            found.violations.push(violation);
        }
    }
    let left: BTreeSet<RepoPath> = found.moved.values().cloned().collect();
    for (path, file) in &by_path {
        let (Some(before), Some(certificate)) = (file.before(), signed_by(certificates, path)) else {
            continue;
        };
        // Only what was beside a certificate was a signature; it goes where the certificate goes.
        let stood = match by_path.get(&certificate) {
            Some(beside) => beside.before().is_some(),
            None => repository.entry(head, &certificate)?.is_some(),
        };
        if !stood || left.contains(&certificate) {
            continue;
        }
        match file.after() {
            Some(after) if kind(before) != kind(after) => found.violations.push(Violation::Deleted((*path).clone())),
            Some(after) if before.id != after.id => found.violations.push(Violation::Modified((*path).clone())),
            Some(_) => {}
            None => found.violations.push(Violation::Deleted((*path).clone())),
        }
    }
    Ok(found)
}

/// Whether the certificate that leaves one path is the one that arrives at another, with its signature.
fn is_move(
    repository: &Repository,
    files: &BTreeMap<&RepoPath, &FileChange>,
    from: &RepoPath,
    to: &RepoPath,
    head: &Snapshot,
) -> Result<bool, LedgerError> {
    let before = files.get(from).and_then(|file| file.before());
    let after = files.get(to).and_then(|file| file.after());
    let (Some(before), Some(after)) = (before, after) else {
        return Ok(false);
    };
    // A directory that has its name is no other place.
    let inside = to.is_within(from.as_bytes());
    if before.id != after.id || kind(before) != kind(after) || kind(before) != Kind::File || inside {
        return Ok(false);
    }
    let (old, new) = (signature_path(from), signature_path(to));
    let was = match files.get(&old) {
        Some(file) if file.after().is_some() => return Ok(false),
        Some(file) => file.before(),
        None if repository.entry(head, &old)?.is_some() => return Ok(false),
        None => None,
    };
    let is = match files.get(&new) {
        Some(file) => file.after().cloned(),
        None => repository.entry(head, &new)?,
    };
    let kept = was.is_none_or(|was| is.as_ref().is_some_and(|is| was.id == is.id && kind(was) == kind(is)));
    if !kept {
        return Ok(false);
    }
    let here = parse(repository, from, before.mode, &before.id)?;
    let there = parse(repository, to, after.mode, &after.id)?;
    Ok(here.certificate().reads_the_same(there.certificate()))
}

/// What an entry is, as far as it makes a difference for a document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Link,
    Submodule,
}

fn kind(at: &At) -> Kind {
    match at.mode {
        Mode::Regular | Mode::Executable => Kind::File,
        Mode::Symlink => Kind::Link,
        Mode::Gitlink => Kind::Submodule,
    }
}
