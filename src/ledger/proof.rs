//! The proof of a ledger: its full history from the first commit. Each certificate came in once and was never altered, moved with an edit
//! or taken away; ids are unique; each signature was good at its time; and what was revoked is named.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, parse, signature_bytes, signature_path, signed_by};
use super::moves::moves;
use super::{LedgerError, Violation, state};
use crate::certificate::{Class, SubjectField};
use crate::change::{FileChange, ObjectId, RepoPath, Snapshot, TreeEntry as At};
use crate::git::{Repository, Touch};
use crate::policy::Policy;
use crate::trust::{Keyring, SignatureCheck, SignatureProblem};

/// What is wrong with a ledger's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A certificate or signature has got other content.
    Altered {
        /// Where it is.
        path: RepoPath,
        /// The commit that altered it.
        commit: ObjectId,
    },
    /// A certificate or signature was taken away.
    Removed {
        /// Where it was.
        path: RepoPath,
        /// The commit that took it away, or, for a merge, that dropped it.
        commit: ObjectId,
    },
    /// An id that two certificates carry.
    SameId {
        /// The later one.
        path: RepoPath,
        /// The id.
        id: String,
        /// The earlier one.
        other: RepoPath,
    },
    /// A signature that was no good at its time.
    BadSignature {
        /// The certificate.
        path: RepoPath,
        /// Why.
        problem: SignatureProblem,
    },
}

/// An approval that was taken back, while content that it covered is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revocation {
    /// The approval.
    pub path: RepoPath,
    /// What takes it back.
    pub by: RepoPath,
    /// The paths that are still as it certified them.
    pub still: Vec<RepoPath>,
}

/// What the history of a ledger holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proof {
    /// How many certificates came in.
    pub certificates: usize,
    /// How many of the reachable commits touched the ledger.
    pub commits: usize,
    /// How many certificates are signed, and well.
    pub signed: usize,
    /// How many are not signed.
    pub unsigned: usize,
    /// Who signed, with how many certificates each.
    pub principals: BTreeMap<String, usize>,
    /// What is wrong, in the order in which it came about.
    pub faults: Vec<Fault>,
    /// What was revoked.
    pub revocations: Vec<Revocation>,
}

/// Finds the keys that were in force where a commit came in; asked only where the keys of the tip do not do.
pub(crate) type KeysAt<'k> = &'k dyn Fn(&ObjectId) -> Option<Keyring>;

/// Walks the history of a ledger.
///
/// A signature is good if the keys of the tip, or those that were in force where the certificate came in, vouch for it at the certificate's
/// date, and its key is not revoked at the tip.
///
/// # Errors
///
/// Anything that cannot be read, and a shallow clone: half a history proves nothing.
pub(crate) fn prove(
    repository: &Repository,
    policy: &Policy,
    tip: &ObjectId,
    keyring: &Keyring,
    keys_at: KeysAt<'_>,
) -> Result<Proof, LedgerError> {
    let mut walk = Walk {
        repository,
        policy,
        proof: Proof::default(),
        first: BTreeMap::new(),
        taken: BTreeSet::new(),
    };
    for touch in repository.touches(tip, &policy.certificates.literal_prefixes())? {
        walk.take(&touch)?;
    }
    walk.read(tip, keyring, keys_at)?;
    Ok(walk.proof)
}

/// How a certificate or signature came in.
struct First {
    at: At,
    commit: ObjectId,
    order: usize,
}

struct Walk<'a> {
    repository: &'a Repository,
    policy: &'a Policy,
    proof: Proof,
    first: BTreeMap<RepoPath, First>,
    /// What has been reported, so that a merge's other parent does not report it again.
    taken: BTreeSet<(RepoPath, ObjectId)>,
}

impl Walk<'_> {
    fn take(&mut self, touch: &Touch) -> Result<(), LedgerError> {
        let certificates = &self.policy.certificates;
        let is_ours = |file: &&FileChange| {
            certificates.matches(file.path.as_bytes()) || signed_by(certificates, &file.path).is_some()
        };
        let ours: Vec<&FileChange> = touch.files.iter().filter(is_ours).collect();
        if ours.is_empty() {
            return Ok(());
        }
        self.proof.commits += 1;
        let head = Snapshot::Commit(touch.commit.clone());
        // The rules are those of the gate, by the same function.
        let broken = moves(self.repository, certificates, self.policy.since, &touch.files, &head)?;
        for violation in broken.violations {
            match violation {
                Violation::Modified(path) => self.tell(touch, path, false),
                Violation::Deleted(path) => self.tell(touch, path, true),
                Violation::DuplicateId { .. } => {}
            }
        }
        for file in ours {
            let (None, Some(after)) = (file.before(), file.after()) else {
                continue;
            };
            match self.first.get(&file.path) {
                // The same by another way, or back again after a merge.
                Some(first) if first.at.id == after.id => {}
                Some(first) => {
                    let first = first.at.clone();
                    if !self.is_history(&file.path, &first)? {
                        self.tell(touch, file.path.clone(), false);
                    }
                }
                None => {
                    let first = First {
                        at: after.clone(),
                        commit: touch.commit.clone(),
                        order: self.first.len(),
                    };
                    self.first.insert(file.path.clone(), first);
                }
            }
        }
        Ok(())
    }

    fn tell(&mut self, touch: &Touch, path: RepoPath, removed: bool) {
        let commit = touch.commit.clone();
        if self.taken.insert((path.clone(), commit.clone())) {
            self.proof.faults.push(match removed {
                true => Fault::Removed { path, commit },
                false => Fault::Altered { path, commit },
            });
        }
    }

    /// Certificates dated before `ledger.since` are history, to which the rules do not apply.
    fn is_history(&self, path: &RepoPath, at: &At) -> Result<bool, LedgerError> {
        let Some(since) = self.policy.since else {
            return Ok(false);
        };
        let document = parse(self.repository, path, at.mode, &at.id)?;
        Ok(document.certificate().moment().is_some_and(|moment| moment < since))
    }

    /// Reads every certificate that ever came in, in that order.
    fn read(&mut self, tip: &ObjectId, keyring: &Keyring, keys_at: KeysAt<'_>) -> Result<(), LedgerError> {
        let mut order: Vec<(&RepoPath, &First)> = self
            .first
            .iter()
            .filter(|(path, _)| self.policy.is_certificate(path))
            .collect();
        order.sort_by_key(|(_, first)| first.order);
        let mut ids: BTreeMap<String, (RepoPath, ObjectId)> = BTreeMap::new();
        let mut documents: Vec<(RepoPath, Document)> = Vec::new();
        let mut faults = Vec::new();
        let proof = &mut self.proof;
        for (path, first) in order {
            let document = parse(self.repository, path, first.at.mode, &first.at.id)?;
            let certificate = document.certificate();
            let history = self
                .policy
                .since
                .is_some_and(|since| certificate.moment().is_some_and(|moment| moment < since));
            proof.certificates += 1;
            if let Some(id) = certificate.id.clone().filter(|_| !history) {
                match ids.get(&id) {
                    // One that was only moved is the same certificate.
                    Some((_, blob)) if *blob == first.at.id => {}
                    Some((other, _)) => faults.push(Fault::SameId {
                        path: path.clone(),
                        id,
                        other: other.clone(),
                    }),
                    None => {
                        ids.insert(id, (path.clone(), first.at.id.clone()));
                    }
                }
            }
            let signature = self.first.get(&signature_path(path));
            match check(self.repository, &document, signature, keyring, (keys_at, &first.commit))? {
                SignatureCheck::Absent => proof.unsigned += 1,
                SignatureCheck::Valid(verified) => {
                    proof.signed += 1;
                    for principal in verified.principals {
                        *proof.principals.entry(principal).or_default() += 1;
                    }
                }
                SignatureCheck::Invalid(problem) => faults.push(Fault::BadSignature {
                    path: path.clone(),
                    problem,
                }),
            }
            if !history {
                documents.push((path.clone(), document));
            }
        }
        proof.faults.extend(faults);
        proof.revocations = revocations(self.repository, self.policy, tip, &documents)?;
        Ok(())
    }
}

fn check(
    repository: &Repository,
    document: &Document,
    signature: Option<&First>,
    keyring: &Keyring,
    (keys_at, commit): (KeysAt<'_>, &ObjectId),
) -> Result<SignatureCheck, LedgerError> {
    let Some(signature) = signature.filter(|_| keyring.asks()) else {
        return Ok(SignatureCheck::Absent);
    };
    let bytes = signature_bytes(repository, &signature.at)?;
    let at: Vec<jiff::Timestamp> = document.certificate().date.into_iter().collect();
    let now = keyring.check(document.bytes(), Some(&bytes), &at);
    let rotated = matches!(
        now,
        SignatureCheck::Invalid(
            SignatureProblem::UnknownKey(_) | SignatureProblem::Expired { .. } | SignatureProblem::NotYetValid { .. }
        )
    );
    if !rotated {
        return Ok(now);
    }
    let then = keys_at(commit).map(|mut then| {
        then.revoked = keyring.revoked.clone();
        then.check(document.bytes(), Some(&bytes), &at)
    });
    Ok(match then {
        Some(then @ SignatureCheck::Valid(_)) => then,
        _ => now,
    })
}

/// Approvals that a later REJECTED or NO_GO names in `Supersedes`, by the same agent, an owner, or one who may lift, as far as the tip still
/// holds what they certified.
fn revocations(
    repository: &Repository,
    policy: &Policy,
    tip: &ObjectId,
    documents: &[(RepoPath, Document)],
) -> Result<Vec<Revocation>, LedgerError> {
    let mut by_id: BTreeMap<&str, &(RepoPath, Document)> = BTreeMap::new();
    for entry in documents {
        if let Some(id) = entry.1.certificate().id.as_deref() {
            by_id.entry(id).or_insert(entry);
        }
    }
    let mut found = Vec::new();
    for (by, document) in documents {
        let revoking = document.certificate();
        if revoking.status.map(|status| policy.class(status)) != Some(Class::Veto) {
            continue;
        }
        let agent = revoking.agent.as_deref().unwrap_or_default();
        for id in &revoking.supersedes {
            let Some((path, approval)) = by_id.get(id.as_str()) else {
                continue;
            };
            let approval = approval.certificate();
            let may = approval.agent.as_deref() == Some(agent)
                || policy.owners.iter().any(|owner| owner == agent)
                || policy.agents.get(agent).is_some_and(|agent| agent.may_lift);
            let approves = approval.status.is_some_and(|status| policy.class(status).approves());
            if !may || !approves {
                continue;
            }
            found.push(Revocation {
                path: path.clone(),
                by: by.clone(),
                still: still(repository, tip, &approval.subject)?,
            });
        }
    }
    Ok(found)
}

/// The listed paths that a commit holds as they are listed.
fn still(repository: &Repository, tip: &ObjectId, subject: &SubjectField) -> Result<Vec<RepoPath>, LedgerError> {
    let SubjectField::Present(subject) = subject else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let at = Snapshot::Commit(tip.clone());
    for file in &subject.files {
        let same = state(repository, repository.entry(&at, &file.path)?.as_ref())? == file.state;
        if same {
            found.push(file.path.clone());
        }
    }
    Ok(found)
}
