//! The CODEOWNERS file that counts: the one where the change is going, never the one that the change would make.

use super::in_force::InForce;
use super::question::Question;
use super::undecided::Undecided;
use crate::change::{MAX_DOCUMENT, Mode, RepoPath, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::git::{Blob, Repository};
use crate::policy::{CodeOwners, OwnersFile};

/// Reads it, where the policy goes by it.
pub(super) fn read(
    repository: &Repository,
    question: &Question,
    in_force: &InForce,
) -> Result<Option<OwnersFile>, Undecided> {
    let policy = &in_force.policy;
    if !policy.asks_owners() {
        return Ok(None);
    }
    // A policy that comes with the change lies at its head; the owners do not.
    let at = match &question.tip {
        Some(tip) if in_force.adoption => Snapshot::Commit(tip.clone()),
        _ => in_force.at.clone(),
    };
    let places = policy.codeowners.forge.places();
    for place in places {
        let Some(entry) = repository.entry(&at, &RepoPath::from(*place))? else {
            continue;
        };
        let unread = |why: String| Ok(Some(OwnersFile::Unread(format!("{place} {why}"))));
        match entry.mode {
            Mode::Regular | Mode::Executable => {}
            Mode::Symlink | Mode::Gitlink => return unread("is not a regular file".to_owned()),
        }
        let bytes = match repository.blob(&entry.id, MAX_DOCUMENT)? {
            Blob::Content(bytes) => bytes,
            Blob::TooLarge { size } => return unread(format!("has {size} bytes; at most {MAX_DOCUMENT} are read")),
        };
        return match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(OwnersFile::Read(CodeOwners::parse(
                policy.codeowners.forge,
                &text,
            )))),
            Err(_) => unread("is not UTF-8".to_owned()),
        };
    }
    Ok(Some(OwnersFile::Unread(format!(
        "there is none of {}",
        places.join(", ")
    ))))
}

/// What of it the forge leaves out, and so does certgate.
pub(super) fn skipped(file: Option<&OwnersFile>) -> Option<Diagnostic> {
    let Some(OwnersFile::Read(read)) = file else {
        return None;
    };
    let (first, _) = read.skipped.first()?;
    let lines = read
        .skipped
        .iter()
        .take(5)
        .map(|(line, why)| format!("line {line}: {why}"));
    let note = Diagnostic::note(
        Code::CG762,
        format!(
            "CODEOWNERS has {} that the forge leaves out",
            crate::diagnostic::plural(read.skipped.len(), "line")
        ),
    );
    let note = lines.fold(note.at(Place::line("CODEOWNERS", *first)), |note, line| {
        note.because(line)
    });
    Some(note.help("correct them: what a line before them says of the files holds meanwhile"))
}
