//! `certgate verify`: hash, subject and evidence of single certificates, held against content.

use super::args::VerifyArgs;
use super::{Ending, Failure, draft, lint, selection, terminal};
use crate::certificate::{FileState, SubjectField, names};
use crate::change::{RepoPath, Snapshot};
use crate::diagnostic::{Level, sanitize};
use crate::git::{Blob, Repository};
use crate::trust::{HashCheck, check_hash};

/// Largest file whose lines are counted.
const MOST_COUNTED: u64 = 32 * 1024 * 1024;

/// Carries it out; anything that does not hold ends it as findings do.
pub(super) fn run(args: &VerifyArgs) -> Result<Ending, Failure> {
    let repository = Repository::open()?;
    let at = match (args.change.staged, args.change.head.as_deref()) {
        (true, _) => Snapshot::Index,
        (false, head) => Snapshot::Commit(selection::commit(&repository, head.unwrap_or("HEAD"))?),
    };
    let mut holds = true;
    for path in &args.paths {
        let shown = draft::relative_to_root(&repository, path).unwrap_or_else(|| lint::as_given(path));
        let (parsed, bytes) = lint::from_disk(path, shown.clone())?;
        let mut lines: Vec<(bool, String)> = Vec::new();
        match parsed.certificate.status {
            Some(status) => lines.push((true, format!("decision: {status}"))),
            None => lines.push((false, "decision: none can be read".to_owned())),
        }
        let errors: Vec<_> = parsed
            .findings
            .iter()
            .filter(|finding| finding.level() == Level::Error)
            .cloned()
            .collect();
        terminal::diagnose_all(&errors);
        lines.push(match check_hash(&bytes, &parsed.certificate) {
            HashCheck::Valid => (true, "hash: valid".to_owned()),
            HashCheck::Absent => (true, "hash: none".to_owned()),
            HashCheck::NotAHash => (true, "hash: free text, proves nothing".to_owned()),
            HashCheck::Mismatch => (
                false,
                "hash: does not match; the document was changed after it was sealed".to_owned(),
            ),
        });
        match &parsed.certificate.subject {
            SubjectField::Absent => lines.push((true, "subject: none; it covers by name".to_owned())),
            SubjectField::Unreadable => lines.push((false, "subject: cannot be read".to_owned())),
            SubjectField::Present(subject) => {
                for file in &subject.files {
                    let here = state(&repository, &at, &file.path)?;
                    let word = if here == file.state {
                        "as certified"
                    } else {
                        "changed after certification"
                    };
                    lines.push((here == file.state, format!("subject: {} {word}", file.path)));
                }
            }
        }
        evidence(&repository, &at, &parsed.certificate, &mut lines)?;
        holds &= lines.iter().all(|(good, _)| *good) && errors.is_empty();
        let text: String = lines
            .iter()
            .map(|(good, line)| format!("  {} {}\n", if *good { "ok   " } else { "WRONG" }, sanitize(line)))
            .collect();
        terminal::out(&format!("{shown}\n{text}"))?;
    }
    Ok(if holds { Ending::Done } else { Ending::Blocked })
}

fn state(repository: &Repository, at: &Snapshot, path: &RepoPath) -> Result<FileState, Failure> {
    Ok(match repository.entry(at, path)? {
        None => FileState::Deleted,
        Some(entry) => FileState::Present {
            mode: entry.mode,
            digest: repository.digest(&entry)?,
        },
    })
}

/// Every path with line numbers that EVIDENCE names must exist and have those lines.
fn evidence(
    repository: &Repository,
    at: &Snapshot,
    certificate: &crate::certificate::Certificate,
    lines: &mut Vec<(bool, String)>,
) -> Result<(), Failure> {
    let cited: Vec<_> = certificate
        .named
        .iter()
        .filter(|named| named.in_evidence && named.lines.is_some())
        .collect();
    if cited.is_empty() {
        lines.push((true, "evidence: no file references with line numbers".to_owned()));
        return Ok(());
    }
    let paths = repository.list(at, &[Vec::new()])?;
    for named in cited {
        let Some((_, last)) = named.lines else { continue };
        let shown = format!("evidence: {}:{}", named.text, last);
        let Some((_, entry)) = paths.iter().find(|(path, _)| names(named, path)) else {
            lines.push((false, format!("{shown}: no such file")));
            continue;
        };
        match repository.blob(&entry.id, MOST_COUNTED)? {
            Blob::Content(bytes) => {
                let breaks = bytes.iter().filter(|byte| **byte == b'\n').count();
                let count = breaks + usize::from(!bytes.is_empty() && !bytes.ends_with(b"\n"));
                let there = count >= last as usize;
                lines.push((
                    there,
                    if there {
                        shown
                    } else {
                        format!("{shown}: the file has {count} lines")
                    },
                ));
            }
            Blob::TooLarge { .. } => lines.push((true, format!("{shown}: too large to count its lines"))),
        }
    }
    Ok(())
}
