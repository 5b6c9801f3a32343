//! The end of an agent's turn.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::payload::{Payload, TurnEnd, last_said};
use super::{Decision, landed, named, once};
use crate::certificate::{self, MAX_BYTES};
use crate::change::{RepoPath, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Level, Placeholder, command, sanitize, sanitize_bytes};
use crate::gate::{self, Question, Undecided};
use crate::git::Repository;
use crate::intake::ci::Ci;
use crate::intake::{self, Chosen, branches, range};
use crate::policy::{Family, Policy, fold};
use crate::verdict::Verdict;

/// Of a conversation, the last so many bytes are read.
const TAIL: u64 = 4 << 20;
/// More files below the folders of certificates are not looked at.
const MAX_FILES: usize = 20_000;

/// Holds a turn that leaves something owed.
pub(super) fn ends(
    repository: &Repository,
    policy: &Policy,
    payload: &Payload,
    end: &TurnEnd,
    me: Option<&str>,
) -> Result<Decision, Undecided> {
    let mut owed = Vec::new();
    if let Some(me) = me.filter(|me| named(policy).contains(&fold(me))) {
        owed.extend(judgement_without_certificate(repository, policy, end, me)?);
    }
    owed.extend(blocked(repository));
    if owed.is_empty() || once::was_told(repository, payload, &owed) {
        return Ok(Decision::Pass);
    }
    Ok(Decision::Hold(owed))
}

/// An agent that judges certifies.
fn judgement_without_certificate(
    repository: &Repository,
    policy: &Policy,
    end: &TurnEnd,
    me: &str,
) -> Result<Option<Diagnostic>, Undecided> {
    let kept = || {
        end.transcript
            .as_deref()
            .and_then(tail)
            .and_then(|lines| last_said(&lines))
    };
    let Some(said) = end.said.clone().or_else(kept) else {
        return Ok(None);
    };
    let Some(announced) = announced(policy, said.as_bytes()) else {
        return Ok(None);
    };
    if has_certified(repository, policy, me)? {
        return Ok(None);
    }
    let found = Diagnostic::error(
        Code::CG749,
        format!("`{}` announced a judgement and left no certificate", sanitize(me)),
    );
    Ok(Some(
        found.because(format!("its last message says `{announced}`")).help(
            command![
                "certgate",
                "certify",
                "--all",
                "--agent",
                me,
                "--status",
                Placeholder::Decision,
                "--rationale",
                Placeholder::Rationale,
                "--evidence",
                Placeholder::Lines
            ]
            .why("writes it; or say that nothing was judged"),
        ),
    ))
}

/// The words by which a text announces a judgement, of the families that the policy's components listen to.
fn announced(policy: &Policy, said: &[u8]) -> Option<String> {
    let of_components = policy
        .components
        .iter()
        .flat_map(|component| component.rules.families.iter().copied());
    let mut families: Vec<Family> = of_components.filter(|family| *family != Family::Claim).collect();
    families.sort();
    families.dedup();
    if families.is_empty() {
        families = Family::ALL
            .into_iter()
            .filter(|family| *family != Family::Claim)
            .collect();
    }
    families.push(Family::Claim);
    let found = families.iter().filter_map(|family| family.find(said));
    let (start, end) = found.min()?;
    Some(sanitize_bytes(said.get(start..end)?))
}

/// Whether a valid certificate of the agent lies in the work tree that has not landed yet.
fn has_certified(repository: &Repository, policy: &Policy, me: &str) -> Result<bool, Undecided> {
    let Some(root) = repository.work_tree() else {
        return Ok(false);
    };
    let landed = landed(repository, policy)?;
    let mut left = MAX_FILES;
    for prefix in policy.certificates.literal_prefixes() {
        let start = RepoPath::new(prefix);
        let mut open = vec![start];
        while let Some(path) = open.pop() {
            let on_disk = root.join(path.as_path());
            let Ok(found) = std::fs::symlink_metadata(&on_disk) else {
                continue;
            };
            if found.is_dir() {
                let Ok(entries) = std::fs::read_dir(&on_disk) else {
                    continue;
                };
                for entry in entries.flatten() {
                    let Some(rest) = left.checked_sub(1) else {
                        return Ok(false);
                    };
                    left = rest;
                    open.extend(below(&path, &entry.file_name()));
                }
            } else if found.is_file()
                && found.len() <= MAX_BYTES
                && policy.is_certificate(&path)
                && !landed.contains(&path)
                && let Ok(bytes) = std::fs::read(&on_disk)
            {
                let parsed = certificate::parse(&path, &repository.as_stored(&path, bytes)?);
                let by = parsed.certificate.agent.as_deref().map(fold);
                if by == Some(fold(me)) && certificate::is_valid(&parsed) {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

fn below(folder: &RepoPath, name: &std::ffi::OsStr) -> Option<RepoPath> {
    use std::os::unix::ffi::OsStrExt as _;
    if name == ".git" {
        return None;
    }
    let mut path = folder.as_bytes().to_vec();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name.as_bytes());
    Some(RepoPath::new(path))
}

/// What the gate has against what is staged, and against the commits of this branch.
fn blocked(repository: &Repository) -> Vec<Diagnostic> {
    let first = match intake::resolve(repository, &Chosen::default(), &Ci::Absent) {
        Ok(question) => question,
        Err(undecided) => return unless_idle(undecided),
    };
    let mut found = judged(repository, &first);
    if first.change.head == Snapshot::Index {
        let branch = branches::merge_target(repository, None)
            .and_then(|(base, _)| range::between(repository, &base, "HEAD", None));
        match branch {
            Ok(question) => {
                for diagnostic in judged(repository, &question) {
                    if !found.contains(&diagnostic) {
                        found.push(diagnostic);
                    }
                }
            }
            Err(undecided) => found.extend(unless_idle(undecided)),
        }
    }
    found
}

/// Where there is nothing to judge, nothing is owed; what cannot be judged is.
fn unless_idle(undecided: Undecided) -> Vec<Diagnostic> {
    let idle = undecided.diagnostics.iter().any(|found| found.code() == Code::CG708);
    match idle {
        true => Vec::new(),
        false => undecided.diagnostics,
    }
}

fn judged(repository: &Repository, question: &Question) -> Vec<Diagnostic> {
    match gate::judge(repository, question) {
        Ok(judgement) if judgement.verdict() == Verdict::Block => {
            let mut told = judgement.diagnostics;
            told.retain(|found| found.level() == Level::Error);
            told
        }
        Ok(_) => Vec::new(),
        Err(undecided) => undecided.diagnostics,
    }
}

/// The end of a file.
fn tail(path: &Path) -> Option<String> {
    let mut file = std::fs::File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
