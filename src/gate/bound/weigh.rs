//! One approval towards one component: what its evidence is worth, as far as content, commits and signatures tell.

use std::collections::{BTreeMap, BTreeSet};

use super::demands::demands;
use super::found::Found;
use super::reuse::Reuse;
use crate::certificate::{Benchmarks, EvidenceSide, FileState, SubjectField, evidence_of};
use crate::change::{ObjectId, RepoPath, Snapshot};
use crate::evidence::bound::{self, BoundContent, Flaw, FlawKind, Judged};
use crate::gate::in_force::InForce;
use crate::gate::kept;
use crate::gate::question::Question;
use crate::gate::undecided::Undecided;
use crate::git::Repository;
use crate::ledger::{self, Entry, Origin};
use crate::trust::SignatureCheck;
use crate::verdict::ComponentCase;

/// One approval, towards one component.
pub(super) struct Weigh<'a> {
    pub(super) repository: &'a Repository,
    pub(super) question: &'a Question,
    pub(super) in_force: &'a InForce,
    pub(super) unit: &'a ComponentCase,
    pub(super) entry: &'a Entry,
    pub(super) block: &'a Benchmarks,
}

impl Weigh<'_> {
    /// What it is worth. `reuse` knows the evidence of the others.
    pub(super) fn judge(
        &self,
        reuse: &mut Reuse<'_>,
        before: &BTreeMap<String, BTreeSet<String>>,
        now: jiff::Timestamp,
    ) -> Result<Judged, Undecided> {
        let policy = &self.in_force.policy;
        let demands = demands(&self.unit.budgets, before);
        let place = |path: &RepoPath| evidence_of(path).iter().any(|path| policy.is_certificate(path));
        let mut found = Vec::with_capacity(self.block.files.len());
        for file in &self.block.files {
            found.push(Found::look(self.repository, &self.question.change.head, file)?);
        }
        let entries = found.iter().flat_map(Found::entries).map(Option::as_ref);
        let key = kept::Key::new(&policy.digest, &self.unit.id, self.block, entries, before);
        let mut judged = match kept::load(self.repository, &key) {
            Some(known) => known,
            None => {
                let contents: Result<Vec<BoundContent>, Undecided> =
                    found.iter().map(|found| found.read(self.repository)).collect();
                let judged = bound::judge(self.block, &contents?, &demands, &place);
                kept::store(self.repository, &key, &judged);
                judged
            }
        };
        let mut more = self.other_content()?;
        more.extend(reuse.of(self.entry, self.block)?);
        more.extend(self.unsigned(now));
        for shown in &mut judged.shown {
            shown.flaws.extend(more.iter().map(|flaw| flaw.kind));
        }
        judged.flaws.extend(more);
        Ok(judged)
    }

    /// Whether the commits that were measured hold something else than what is judged: the candidate what the certificate covers, the baseline
    /// what the change is compared with.
    fn other_content(&self) -> Result<Vec<Flaw>, Undecided> {
        let mut flaws = Vec::new();
        let mut commit = |side: EvidenceSide| {
            let id = ObjectId::from_hex(self.block.commit(side));
            let here = id.filter(|id| self.repository.has_commit(id));
            if here.is_none() {
                let text = format!(
                    "the measured {} {} is not in this repository; fetch it, or measure what is here",
                    side.word(),
                    self.block.commit(side)
                );
                flaws.push(Flaw::new(FlawKind::Other, text));
            }
            here.map(Snapshot::Commit)
        };
        let (baseline, candidate) = (commit(EvidenceSide::Baseline), commit(EvidenceSide::Candidate));
        if self.block.baseline == self.block.candidate {
            flaws.push(Flaw::new(FlawKind::Other, "baseline and candidate are one commit"));
        }
        if let Some(candidate) = candidate {
            for (path, listed) in self.covered() {
                if !self.is_as_covered(&candidate, path, listed)? {
                    let text = format!("`{path}` at the measured candidate is not what the certificate covers");
                    flaws.push(Flaw::new(FlawKind::Other, text));
                    break;
                }
            }
        }
        if let Some(baseline) = baseline {
            for file in &self.unit.files {
                if !self.covered().iter().any(|(path, _)| **path == file.path) {
                    continue;
                }
                let measured = self.repository.entry(&baseline, &file.path)?;
                let before = match &self.question.change.base {
                    Snapshot::Empty => None,
                    base => self.repository.entry(base, &file.path)?,
                };
                if measured != before {
                    let text = format!(
                        "`{}` at the measured baseline is not what the change is compared with",
                        file.path
                    );
                    flaws.push(Flaw::new(FlawKind::Other, text));
                    break;
                }
            }
        }
        Ok(flaws)
    }

    /// What the certificate covers: its SUBJECT, or else the gated files that it was introduced with.
    fn covered(&self) -> Vec<(&RepoPath, Option<&FileState>)> {
        match &self.entry.certificate.subject {
            SubjectField::Present(subject) => subject
                .files
                .iter()
                .map(|file| (&file.path, Some(&file.state)))
                .collect(),
            _ => self.unit.files.iter().map(|file| (&file.path, None)).collect(),
        }
    }

    fn is_as_covered(
        &self,
        candidate: &Snapshot,
        path: &RepoPath,
        listed: Option<&FileState>,
    ) -> Result<bool, Undecided> {
        let measured = self.repository.entry(candidate, path)?;
        let here = self.repository.entry(&self.question.change.head, path)?;
        let Some(listed) = listed else {
            return Ok(measured == here);
        };
        let judged = self.unit.files.iter().find(|file| file.path == *path);
        if measured == here && judged.is_some_and(|file| file.state.as_ref() == Some(listed)) {
            return Ok(true);
        }
        Ok(ledger::state(self.repository, measured.as_ref())? == *listed)
    }

    /// Where the policy says who measures: whether one of them signed.
    fn unsigned(&self, now: jiff::Timestamp) -> Option<Flaw> {
        if self.unit.measured_by.is_empty() {
            return None;
        }
        let flaw = |text: String| Some(Flaw::new(FlawKind::NotSigned, text));
        let Some(signature) = &self.block.signature else {
            return flaw("the measurements carry no signature".to_owned());
        };
        let mut at: Vec<jiff::Timestamp> = self.entry.certificate.date.into_iter().collect();
        if self.entry.origin == Origin::Added || at.is_empty() {
            at.push(now);
        }
        let document = self.block.measured();
        let keyring = &self.in_force.keyring;
        match keyring.check(document.as_bytes(), Some(signature.as_bytes()), &at) {
            SignatureCheck::Valid(verified) => {
                let by = self
                    .unit
                    .measured_by
                    .iter()
                    .any(|principal| verified.matches(principal));
                match by {
                    true => None,
                    false => flaw(format!(
                        "signed by {}, who is not in `measured_by`",
                        verified.principals.join(", ")
                    )),
                }
            }
            SignatureCheck::Invalid(problem) => flaw(format!("the signature does not count: {problem}")),
            SignatureCheck::Absent => flaw("signatures are off in the policy".to_owned()),
        }
    }
}
