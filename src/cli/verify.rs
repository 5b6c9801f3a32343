//! `certgate verify`: hash, signature, subject and evidence of single certificates, held against content.

use std::path::Path;

use super::args::VerifyArgs;
use super::ending::Ending;
use super::fault::Doing as _;
use super::{lint, terminal};
use crate::author::sign::HeadKeys;
use crate::author::{draft, sign};
use crate::certificate::{Certificate, SubjectField, names};
use crate::change::{RepoPath, Snapshot};
use crate::diagnostic::{Level, sanitize};
use crate::gate::Undecided;
use crate::gate::governing;
use crate::git::{Blob, Repository};
use crate::intake::range;
use crate::ledger;
use crate::trust::{HashCheck, MAX_SIGNATURE, SignatureCheck, check_hash};

/// Largest file whose lines are counted.
const MOST_COUNTED: u64 = 32 * 1024 * 1024;

/// Carries it out; anything that does not hold ends it as findings do.
pub(super) fn run(args: &VerifyArgs) -> Result<Ending, Undecided> {
    let repository = Repository::open()?;
    let at = match (args.change.staged, args.change.head.as_deref()) {
        (true, _) => Snapshot::Index,
        (false, head) => Snapshot::Commit(range::commit(&repository, head.unwrap_or("HEAD"))?),
    };
    let keys = HeadKeys::read(&repository)?;
    let mut holds = true;
    for path in &args.paths {
        let shown = draft::relative_to_root(&repository, path).unwrap_or_else(|| lint::as_given(path));
        let (parsed, bytes) = lint::from_disk(Some(&repository), path, shown.clone())?;
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
        lines.push(signature(
            &repository,
            &keys,
            path,
            &shown,
            &parsed.certificate,
            &bytes,
        )?);
        match &parsed.certificate.subject {
            SubjectField::Absent => lines.push((true, "subject: none; it covers by name".to_owned())),
            SubjectField::Unreadable => lines.push((false, "subject: cannot be read".to_owned())),
            SubjectField::Present(subject) => {
                for file in &subject.files {
                    let here = ledger::state(&repository, repository.entry(&at, &file.path)?.as_ref())?;
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

/// Whose word it is. What HEAD holds must have been signed while the key was valid; what it does not hold yet must be so now, too.
fn signature(
    repository: &Repository,
    keys: &HeadKeys,
    path: &Path,
    shown: &RepoPath,
    certificate: &Certificate,
    bytes: &[u8],
) -> Result<(bool, String), Undecided> {
    let beside = sign::path_of(path);
    let signature = match std::fs::File::open(&beside) {
        Ok(file) => {
            let mut signature = Vec::new();
            let read = std::io::Read::read_to_end(&mut std::io::Read::take(file, MAX_SIGNATURE + 1), &mut signature);
            read.doing("read", &beside)?;
            lint::as_stored(repository, &beside, signature)?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((true, "signature: none".to_owned())),
        Err(error) => return Err(Undecided::io("read", &beside, &error)),
    };
    let mut at: Vec<jiff::Timestamp> = certificate.date.into_iter().collect();
    let committed = match repository.head()?.commit() {
        Some(commit) => repository.entry(&Snapshot::Commit(commit.clone()), shown)?.is_some(),
        None => false,
    };
    if !committed || at.is_empty() {
        at.push(jiff::Timestamp::now());
    }
    let list = keys.origin();
    let verified = match keys.check(bytes, &signature, &at) {
        SignatureCheck::Absent => return Ok((true, "signature: none".to_owned())),
        SignatureCheck::Invalid(problem) => return Ok((false, format!("signature: {problem}; {list}"))),
        SignatureCheck::Valid(verified) => verified,
    };
    let by = format!(
        "{}, key {} ({})",
        verified.principals.join(", "),
        verified.key,
        verified.algorithm
    );
    let agent = certificate.agent.as_deref().unwrap_or_default();
    let demands = governing::policy_here(repository)?.map(|policy| policy.demands());
    Ok(match demands.unwrap_or_default().may_speak(agent, &verified) {
        true => (true, format!("signature: valid, {by}; {list}")),
        false => (
            false,
            format!("signature: {by}, who may not speak for `{agent}`; {list}"),
        ),
    })
}

/// Every path with line numbers that EVIDENCE names must exist and have those lines.
fn evidence(
    repository: &Repository,
    at: &Snapshot,
    certificate: &Certificate,
    lines: &mut Vec<(bool, String)>,
) -> Result<(), Undecided> {
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
