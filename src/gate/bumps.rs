//! `trusted_bumps:` which gated files hold nothing but versions that the policy lets grow, made by whom it says.

use std::cell::OnceCell;

use jiff::Timestamp;

use super::in_force::InForce;
use super::question::Question;
use super::undecided::Undecided;
use crate::change::{FileChange, Mode, RepoPath, Snapshot, TreeEntry};
use crate::diagnostic::sanitize;
use crate::git::{Blob, Repository};
use crate::policy::TrustedBump;
use crate::sensitivity::{Bump, bumps};
use crate::trust::SignatureCheck;

/// The largest lock file that is compared, in bytes.
const MAX_LOCK: u64 = 32 * 1024 * 1024;
/// A change of more commits than this is no bump.
const MAX_COMMITS: usize = 1_000;
/// Bumps that are named.
const NAMED: usize = 5;

/// What the policy lets grow in one change.
pub(super) struct Trust<'q> {
    repository: &'q Repository,
    question: &'q Question,
    in_force: &'q InForce,
    now: Timestamp,
    signatures: OnceCell<Vec<SignatureCheck>>,
}

/// The contents of a file that are compared.
struct Sides {
    /// What the change began with, and what the target holds, where that is another.
    before: Vec<Vec<u8>>,
    /// What is judged.
    after: Vec<u8>,
}

impl<'q> Trust<'q> {
    pub(super) fn new(
        repository: &'q Repository,
        question: &'q Question,
        in_force: &'q InForce,
        now: Timestamp,
    ) -> Self {
        Self {
            repository,
            question,
            in_force,
            now,
            signatures: OnceCell::new(),
        }
    }

    /// Why a file that a component gates needs no approval, in words; `None` where it does.
    pub(super) fn bump_of(&self, component: &str, file: &FileChange) -> Result<Option<String>, Undecided> {
        let entries = self.in_force.policy.trusted_bumps.iter();
        let about: Vec<&TrustedBump> = entries.filter(|entry| entry.is_about(component, &file.path)).collect();
        if about.is_empty() || self.in_force.adoption {
            return Ok(None);
        }
        let Some(Sides { before, after }) = self.sides(file)? else {
            return Ok(None);
        };
        for entry in about {
            let grown = |from: &Vec<u8>| bumps(&file.path, from, &after, entry.max);
            let Some(found) = before.iter().map(grown).collect::<Option<Vec<_>>>() else {
                continue;
            };
            if let Some(found) = found.last()
                && self.is_signed(entry, file)?
            {
                return Ok(Some(told(entry, found)));
            }
        }
        Ok(None)
    }

    /// What is compared; `None` where a side is no regular file, or too large.
    fn sides(&self, file: &FileChange) -> Result<Option<Sides>, Undecided> {
        let Some(tip) = &self.question.tip else {
            return Ok(None);
        };
        let (Some(old), Some(new)) = (file.before(), file.after()) else {
            return Ok(None);
        };
        let Some(there) = self.entry(Snapshot::Commit(tip.clone()), &file.path)? else {
            return Ok(None);
        };
        let regular =
            |entry: &TreeEntry| matches!(entry.mode, Mode::Regular | Mode::Executable) && entry.mode == new.mode;
        if ![old, &there, new].into_iter().all(regular) {
            return Ok(None);
        }
        let mut before = Vec::new();
        let others = (there.id != old.id).then_some(&there);
        for entry in std::iter::once(old).chain(others) {
            match self.repository.blob(&entry.id, MAX_LOCK)? {
                Blob::Content(bytes) => before.push(bytes),
                Blob::TooLarge { .. } => return Ok(None),
            }
        }
        Ok(match self.repository.blob(&new.id, MAX_LOCK)? {
            Blob::Content(after) => Some(Sides { before, after }),
            Blob::TooLarge { .. } => None,
        })
    }

    fn entry(&self, at: Snapshot, path: &RepoPath) -> Result<Option<TreeEntry>, Undecided> {
        Ok(self.repository.entry(&at, path)?)
    }

    /// Whether every commit of the change is signed by somebody whom the entry names, where it names anybody. A name in a commit is no
    /// signature, and what is only staged has none.
    fn is_signed(&self, entry: &TrustedBump, file: &FileChange) -> Result<bool, Undecided> {
        let Some(names) = &entry.signed_by else {
            return Ok(true);
        };
        let Some(range) = &self.question.range else {
            return Ok(false);
        };
        if self.question.change.head == Snapshot::Index {
            // A merge in the making: the content is that of a commit which is merged.
            let mut theirs = false;
            for head in &range.heads {
                let there = self.entry(Snapshot::Commit(head.clone()), &file.path)?;
                theirs |= there.as_ref() == file.after();
            }
            if !theirs {
                return Ok(false);
            }
        }
        if self.signatures.get().is_none() {
            let commits = self.repository.signed_commits(&range.excluded, &range.heads)?;
            let checks = match commits.len() > MAX_COMMITS {
                true => Vec::new(),
                false => commits
                    .iter()
                    .map(|commit| {
                        let Ok(made) = Timestamp::from_second(commit.time) else {
                            return SignatureCheck::Absent;
                        };
                        let keyring = &self.in_force.keyring;
                        keyring.check_commit(&commit.payload, commit.signature.as_deref(), &[self.now, made])
                    })
                    .collect(),
            };
            let _first = self.signatures.set(checks);
        }
        let checks = self.signatures.get().map(Vec::as_slice).unwrap_or_default();
        let by = |check: &SignatureCheck| match check {
            SignatureCheck::Valid(verified) => names.iter().any(|name| verified.matches(name)),
            SignatureCheck::Absent | SignatureCheck::Invalid(_) => false,
        };
        Ok(!checks.is_empty() && checks.iter().all(by))
    }
}

fn told(entry: &TrustedBump, found: &[Bump]) -> String {
    let mut named: Vec<String> = found.iter().take(NAMED).map(ToString::to_string).collect();
    if found.len() > NAMED {
        named.push(format!("{} more", found.len() - NAMED));
    }
    let by = entry
        .signed_by
        .as_ref()
        .map_or_else(String::new, |names| format!("; signed by {}", names.join(" or ")));
    sanitize(&format!(
        "{}, at most a {} each{by}",
        named.join(", "),
        entry.max.as_str()
    ))
}
