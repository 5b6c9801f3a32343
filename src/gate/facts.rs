//! The facts of a question, as the verdict takes them: the policy's terms, the gated files with their digests, the ledger, and who had a
//! hand in it. Everything is read here, and once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::authors::authors;
use super::bound::{self, OfChange};
use super::bumps::Trust;
use super::cases::{component_case, terms_of};
use super::content::gate_by;
use super::flagged::Scores;
use super::governing::{REVOKED, SIGNERS, governing, keyring_at, policy_at, policy_path};
use super::in_force::InForce;
use super::past::Pasts;
use super::profiled::Profiles;
use super::question::{Question, TargetBranch};
use super::undecided::Undecided;
use crate::certificate::{FileState, SubjectField};
use crate::change::{FileChange, ObjectId, RepoPath, Snapshot};
use crate::diagnostic::Code;
use crate::git::Repository;
use crate::ledger::{self, Entry, Origin};
use crate::policy::{self, Enforcement, IMPORTS, Owners, OwnersFile, Policy, Stage, TwinPath};
use crate::progress::{self, Room, Work};
use crate::sensitivity::{By, Flag, Gated, GatedComponent, Heard, Silenced};
use crate::trust::Signatures;
use crate::verdict::{Case, ComponentCase, Destination, GatedPath, PolicyFault, Terms};

/// All that a judgement rests on, read once: a case by the policy that judges, and one by each other policy that must be passed as well.
pub(crate) struct Facts {
    /// The policy that judges, and what it has to decide.
    pub(crate) judging: (InForce, Case),
    /// The same by the others; or why one of them cannot be read.
    pub(crate) others: Vec<(Other, Result<Case, Undecided>)>,
    /// What the score changes, by the policy that judges: files that it flags, and matches that do not count for it.
    pub(crate) scored: (Vec<Flag>, Vec<Silenced>),
}

/// Why another policy has a say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Other {
    /// The change adds it.
    Brought,
    /// It is the default branch's, which protects the branch that will move.
    OfDefaultBranch,
}

impl Facts {
    /// Reads the policies and their keys, what they gate, the ledger, the gated files' digests and the authors.
    pub(crate) fn read(repository: &Repository, question: &Question, scores: &Scores<'_>) -> Result<Self, Undecided> {
        let mut in_force = governing(repository, question)?;
        let mut case = case(question, &in_force);
        let policy = changes_policy(question, &in_force).then(|| policy_at(repository, &question.change.head));
        case.policy_faults
            .extend(serial_fault(question, &in_force, policy.as_ref()));
        let mut others: Vec<(Other, &InForce, Case)> = Vec::new();
        if let Some(default) = question.beside.as_deref() {
            let mut beside = self::case(question, default);
            beside
                .policy_faults
                .extend(serial_fault(question, default, policy.as_ref()));
            others.push((Other::OfDefaultBranch, default, beside));
        }
        let mut unread = Vec::new();
        let brought = match case.enforcement {
            Enforcement::Off => Ok(None),
            Enforcement::Warn | Enforcement::Block => brought(repository, question, &in_force, policy),
        };
        let brought = brought.unwrap_or_else(|undecided| {
            unread.push((Other::Brought, Err(undecided)));
            None
        });
        if let Some(brought) = &brought {
            others.push((Other::Brought, brought, self::case(question, brought)));
        }
        others.retain(|(_, _, case)| case.enforcement != Enforcement::Off);
        let judges = case.enforcement != Enforcement::Off;
        let mut evidence: Vec<OfChange> = Vec::new();
        if judges {
            evidence.push(bound::of_change(repository, question, &in_force.policy)?);
        }
        for (_, other, _) in &others {
            evidence.push(bound::of_change(repository, question, &other.policy)?);
        }
        let mut profiles: Vec<Profiles> = Vec::new();
        if judges {
            profiles.push(Profiles::of_change(repository, &question.change, &in_force)?);
        }
        for (_, other, _) in &others {
            profiles.push(Profiles::of_change(repository, &question.change, other)?);
        }
        let mut exempt = evidence.iter().map(|found| found.exempt.clone());
        let messages = &question.change.messages;
        let heard = |heard: &Heard| heard.by(&in_force.policy, messages);
        let before = |policy| Some(question.hearing.as_ref()?.announced(policy, messages));
        let first = judges.then(|| By {
            policy: &in_force.policy,
            adoption: in_force.adoption,
            evidence: exempt.next().unwrap_or_default(),
            announced: question
                .heard
                .as_ref()
                .and_then(heard)
                .or_else(|| before(&in_force.policy)),
        });
        let more = others.iter().map(|(_, other, _)| By {
            policy: &other.policy,
            adoption: other.adoption,
            evidence: exempt.next().unwrap_or_default(),
            announced: before(&other.policy),
        });
        let by: Vec<By<'_>> = first.into_iter().chain(more).collect();
        if by.is_empty() {
            return Ok(Self {
                judging: (in_force, case),
                others: unread,
                scored: Default::default(),
            });
        }
        let by = by.into_iter().zip(&profiles).collect();
        let mut gated = gate_by(repository, &question.change, by, Some(scores))?.into_iter();
        let mut profiles = profiles.into_iter();
        let mut scored = Default::default();
        let mut states = States::default();
        let mut evidence = evidence.into_iter();
        if judges
            && let (Some(mut gated), Some(evidence), Some(profiles)) = (gated.next(), evidence.next(), profiles.next())
        {
            scored = (std::mem::take(&mut gated.flagged), std::mem::take(&mut gated.silenced));
            // A hook has no time for what does not decide.
            if question.stage == Stage::Merge {
                let since = (&question.change.base, case.now);
                let said = profiles.said(repository, &in_force.policy, since, &gated.lost)?;
                in_force.notes.extend(said);
            }
            let owners = super::code_owners::read(repository, question, &in_force)?;
            in_force.notes.extend(super::code_owners::skipped(owners.as_ref()));
            case.policy_faults
                .extend(profiles.faults.into_iter().map(PolicyFault::Profile));
            fill(
                repository,
                question,
                &in_force,
                (gated, evidence),
                &mut states,
                &mut case,
            )?;
        }
        let mut done = unread;
        for (why, other, mut case) in others {
            if let (Some(gated), Some(evidence), Some(profiles)) = (gated.next(), evidence.next(), profiles.next()) {
                case.policy_faults
                    .extend(profiles.faults.into_iter().map(PolicyFault::Profile));
                fill(repository, question, other, (gated, evidence), &mut states, &mut case)?;
            }
            done.push((why, Ok(case)));
        }
        Ok(Self {
            judging: (in_force, case),
            others: done,
            scored,
        })
    }
}

/// What the change asks of one policy, before anything of it is read.
fn case(question: &Question, in_force: &InForce) -> Case {
    let nobody = in_force.adoption
        && in_force.keyring.demands.signatures == Signatures::Required
        && in_force.keyring.signers.is_empty();
    Case {
        stage: question.stage,
        enforcement: in_force.policy.enforcement(question.target.as_target(), question.stage),
        terms: terms(in_force, question),
        gated: Vec::new(),
        ledger: Vec::new(),
        wrong_claims: std::collections::BTreeMap::new(),
        unsupported: std::collections::BTreeMap::new(),
        measurements: crate::verdict::Measurements::default(),
        evidence_faults: Vec::new(),
        violations: Vec::new(),
        policy_faults: nobody.then_some(PolicyFault::NobodyCanSign).into_iter().collect(),
        only_certificates: false,
        adoption: in_force.adoption,
        now: question.clock.unwrap_or_else(Timestamp::now),
    }
}

/// True where what judges is itself changed, and what comes with the change has a say.
fn changes_policy(question: &Question, in_force: &InForce) -> bool {
    let judging = [policy_path(), RepoPath::from(SIGNERS), RepoPath::from(REVOKED)];
    let copy = |path: &RepoPath| path.is_within(IMPORTS.as_bytes());
    let names_profile = |path: &RepoPath| in_force.policy.names_profile(&TwinPath::new(path.as_bytes()));
    let mut files = question.change.files.iter();
    !in_force.adoption
        && files.any(|file| judging.contains(&file.path) || copy(&file.path) || names_profile(&file.path))
}

/// What is wrong with the serial of the policy that the change adds. One that cannot be read is reported where the new policy judges.
fn serial_fault(
    question: &Question,
    in_force: &InForce,
    brought: Option<&Result<Option<Policy>, Undecided>>,
) -> Option<PolicyFault> {
    let old = in_force.policy.serial?;
    if !question.change.files.iter().any(|file| file.path == policy_path()) {
        return None;
    }
    let new = brought?.as_ref().ok()?.as_ref().and_then(|policy| policy.serial);
    (new <= Some(old)).then_some(PolicyFault::Rollback { old, new })
}

/// The policy that the change adds, with the keys beside it, where the change must pass it, too.
fn brought(
    repository: &Repository,
    question: &Question,
    in_force: &InForce,
    policy: Option<Result<Option<Policy>, Undecided>>,
) -> Result<Option<InForce>, Undecided> {
    let tried_out = in_force.notes.iter().any(|note| note.code() == Code::CG012);
    let Some(policy) = policy.filter(|_| !tried_out).transpose()?.flatten() else {
        return Ok(None);
    };
    Ok(Some(InForce {
        keyring: keyring_at(repository, &question.change.head, &policy)?,
        at: question.change.head.clone(),
        policy,
        origin: "new policy".to_owned(),
        adoption: true,
        notes: Vec::new(),
    }))
}

/// The states of changed files at the head, each read once.
#[derive(Default)]
struct States(BTreeMap<RepoPath, FileState>);

impl States {
    fn of(&mut self, repository: &Repository, file: &FileChange) -> Result<FileState, Undecided> {
        if let Some(known) = self.0.get(&file.path) {
            return Ok(known.clone());
        }
        let state = state(repository, file)?;
        self.0.insert(file.path.clone(), state.clone());
        Ok(state)
    }
}

fn terms(in_force: &InForce, question: &Question) -> Terms {
    let policy = &in_force.policy;
    let target = match &question.target {
        TargetBranch::Named(branch) if policy.protected(branch) => Destination::Protected(branch.clone()),
        TargetBranch::Named(_) | TargetBranch::Detached => Destination::Unprotected,
        TargetBranch::Unknown => Destination::Unknown,
    };
    terms_of(policy, &in_force.keyring, target)
}

/// Reads the ledger and the digests that the gated files need.
fn fill(
    repository: &Repository,
    question: &Question,
    in_force: &InForce,
    (gated, evidence): (Gated, OfChange),
    states: &mut States,
    case: &mut Case,
) -> Result<(), Undecided> {
    let policy = &in_force.policy;
    let mut units: Vec<(GatedComponent, ComponentCase)> = Vec::new();
    for component in gated.components {
        let mut unit = component_case(policy, &component.id);
        unit.messages.clone_from(&component.messages);
        units.push((component, unit));
    }
    let names: BTreeSet<String> = units.iter().flat_map(|(_, unit)| unit.names.iter().cloned()).collect();
    let paths: BTreeSet<RepoPath> = units
        .iter()
        .flat_map(|(component, _)| component.files.iter().map(|file| file.file.path.clone()))
        .collect();
    let pasts = Pasts::new(repository, &in_force.keyring);
    let range = question.range.as_ref();
    let range = range.map(|range| (range.excluded.as_slice(), range.heads.as_slice()));
    let then = |landing: &_| pasts.before(landing);
    let query = ledger::Query {
        terms: ledger::LedgerTerms::of(policy, &in_force.keyring, &then),
        tip: question.tip.as_ref(),
        change: &question.change,
        range,
        now: case.now,
        components: &names,
        paths: &paths,
        evidence: &evidence.exempt,
        // What was shown before follows from other approvals than those that cover the files.
        whole: units
            .iter()
            .any(|(_, unit)| unit.binding == policy::Binding::Component || unit.asks_for_benchmarks()),
    };
    let ledger = ledger::read(repository, &query)?;
    case.violations = ledger.violations;
    case.evidence_faults = evidence.faults;
    // What is only called a signature is gated, and not part of the ledger.
    let nothing_gated = units.iter().all(|(component, _)| component.files.is_empty());
    case.only_certificates = ledger.only_certificates && nothing_gated;
    case.ledger = ledger.entries;
    let files: Vec<&FileChange> = units
        .iter()
        .flat_map(|(component, _)| component.files.iter().map(|file| &file.file))
        .collect();
    let staged = question.change.head == Snapshot::Index;
    for entry in case.ledger.iter_mut().filter(|entry| entry.origin == Origin::Added) {
        entry.carried = ledger::carried(repository, entry, &files, range, staged)?;
    }
    let listed = listed(&case.ledger);
    let owners = super::code_owners::read(repository, question, in_force)?;
    let _timed = progress::enter(Room::Gate);
    let _hashing = progress::begin(Work::Hashing, listed.len());
    let trust = Trust::new(repository, question, in_force, case.now);
    let mut done = Vec::with_capacity(units.len());
    for (component, mut unit) in units {
        if policy.independence {
            let paths: Vec<&RepoPath> = component.files.iter().map(|file| &file.file.path).collect();
            unit.authors = authors(repository, question, &paths)?;
        }
        for file in &component.files {
            let state = match listed.contains(&file.file.path) {
                true => Some(states.of(repository, &file.file)?),
                false => None,
            };
            let merged_from = match (&question.merges, &state) {
                (Some(head), Some(state)) => {
                    before_merge(repository, head, &file.file.path)?.filter(|before| before != state)
                }
                _ => None,
            };
            let handoff = handoff(policy, &component.id, &file.file.path);
            unit.files.push(GatedPath {
                path: file.file.path.clone(),
                state,
                merged_from,
                reasons: file.reasons.clone(),
                handoff,
                owners: owned(policy, &component.id, owners.as_ref(), &file.file.path),
                bump: trust.bump_of(&component.id, &file.file)?,
            });
        }
        done.push(unit);
    }
    case.gated = done;
    bound::note(repository, question, in_force, case)?;
    super::claims::note(repository, &question.change, case)
}

/// The paths that a certificate lists, or let in when it landed: their content must be known.
fn listed(ledger: &[Entry]) -> BTreeSet<&RepoPath> {
    let effects = ledger.iter().flat_map(|entry| &entry.effects);
    let let_in = effects.flat_map(|effect| &effect.content);
    ledger
        .iter()
        .filter_map(|entry| match &entry.certificate.subject {
            SubjectField::Present(subject) => Some(subject.files.iter().map(|file| &file.path)),
            _ => None,
        })
        .flatten()
        .chain(let_in.map(|file| &file.path))
        .collect()
}

/// The state of a changed file at the head.
pub(crate) fn state(repository: &Repository, file: &FileChange) -> Result<FileState, Undecided> {
    progress::step();
    Ok(ledger::state(repository, file.after())?)
}

/// The state of a file at the commit that was asked about, before it is merged.
fn before_merge(repository: &Repository, head: &ObjectId, path: &RepoPath) -> Result<Option<FileState>, Undecided> {
    let entry = repository.entry(&Snapshot::Commit(head.clone()), path)?;
    Ok(Some(ledger::state(repository, entry.as_ref())?))
}

/// The owners of a file who must approve it.
fn owned(policy: &Policy, id: &str, file: Option<&OwnersFile>, path: &RepoPath) -> Vec<Owners> {
    let mut components = policy.components.iter();
    match file {
        Some(file) if components.any(|component| component.id == id && component.require.owners) => {
            policy.owners_of(file, path)
        }
        _ => Vec::new(),
    }
}

fn handoff(policy: &Policy, id: &str, path: &RepoPath) -> Vec<String> {
    let component = policy.components.iter().find(|component| component.id == id);
    let entries = component
        .map(|component| component.handoff.as_slice())
        .unwrap_or_default();
    if entries.is_empty() {
        return Vec::new();
    }
    let path = TwinPath::new(path.as_bytes());
    entries
        .iter()
        .filter(|(globs, _)| globs.gating(&path).is_some())
        .map(|(_, agent)| agent.clone())
        .collect()
}
