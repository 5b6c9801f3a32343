//! Evidence that is bound to certificates, as a repository has it: which files of a change are evidence, what became of those of the base,
//! and what that of each approval is worth. What is computed from the content is for [`crate::evidence::bound`] to say.

use std::collections::{BTreeMap, BTreeSet};

use super::cases::terms_of;
use super::in_force::InForce;
use super::kept;
use super::past::of_ledger;
use super::question::Question;
use super::undecided::Undecided;
use crate::certificate::{
    self, Benchmarks, BenchmarksField, BoundFile, Certificate, Condition, DueCheck, EvidenceSide, SubjectField,
    evidence_of,
};
use crate::change::{FileChange, Mode, ObjectId, RepoPath, Snapshot, TreeEntry as At};
use crate::evidence::bound::{self, BoundContent, CRITERION, Demand, Flaw, FlawKind, Judged, Limit, MAX_FILE};
use crate::evidence::compare;
use crate::evidence::exact_null::Alpha;
use crate::evidence::measurement::Direction;
use crate::git::{Blob, Repository};
use crate::ledger::{self, Entry, Origin};
use crate::policy::{Budget, Inconclusive, Policy, fold};
use crate::trust::{Keyring, SignatureCheck};
use crate::verdict::{
    Case, ComponentCase, Destination, EvidenceFault, EvidenceFaultKind, OpenCondition, Terms, open_conditions,
};

/// How many of the newest certificates are looked at for raw values that were used before.
const LOOKED_BACK: usize = 32;

/// What a change does to the evidence of certificates.
#[derive(Debug, Default)]
pub(super) struct OfChange {
    /// The files that are evidence of a certificate: no rule is about them.
    pub(super) exempt: BTreeSet<RepoPath>,
    /// What must not be.
    pub(super) faults: Vec<EvidenceFault>,
}

/// Finds the evidence in a change. Nothing is read where no path of the change could be any.
pub(super) fn of_change(repository: &Repository, question: &Question, policy: &Policy) -> Result<OfChange, Undecided> {
    let mut found = OfChange::default();
    let mut head = Certificates::new(repository, &question.change.head);
    let mut base = Certificates::new(repository, &question.change.base);
    let mut unreadable: BTreeSet<RepoPath> = BTreeSet::new();
    for file in &question.change.files {
        let mut beside = evidence_of(&file.path);
        beside.retain(|certificate| policy.is_certificate(certificate));
        if beside.is_empty() || policy.is_policy_file(&file.path) || policy.is_certificate(&file.path) {
            continue;
        }
        for certificate in beside {
            if let Some(fault) = lost(file, &certificate, &mut base, policy)? {
                found.faults.push(fault);
                break;
            }
            let Some(after) = file.after() else { continue };
            let Some(read) = head.read(&certificate)? else {
                continue;
            };
            if read.benchmarks == BenchmarksField::Unreadable {
                // None of its files can be told to be evidence; that is said once.
                if unreadable.insert(certificate.clone()) {
                    found.faults.push(EvidenceFault {
                        path: certificate.clone(),
                        certificate,
                        kind: EvidenceFaultKind::Unreadable,
                    });
                }
                break;
            }
            match stray(repository, file, after, &read)? {
                None => {
                    found.exempt.insert(file.path.clone());
                }
                Some(text) => found.faults.push(EvidenceFault {
                    path: file.path.clone(),
                    certificate,
                    kind: EvidenceFaultKind::Stray(text),
                }),
            }
            break;
        }
    }
    Ok(found)
}

/// The certificates of a snapshot, each read once.
struct Certificates<'r> {
    repository: &'r Repository,
    at: &'r Snapshot,
    known: BTreeMap<RepoPath, Option<Certificate>>,
}

impl<'r> Certificates<'r> {
    fn new(repository: &'r Repository, at: &'r Snapshot) -> Self {
        Self {
            repository,
            at,
            known: BTreeMap::new(),
        }
    }

    fn read(&mut self, path: &RepoPath) -> Result<Option<Certificate>, Undecided> {
        if let Some(known) = self.known.get(path) {
            return Ok(known.clone());
        }
        let entry = match self.at {
            Snapshot::Empty => None,
            at => self.repository.entry(at, path)?,
        };
        let read = match entry.filter(|entry| matches!(entry.mode, Mode::Regular | Mode::Executable)) {
            None => None,
            Some(entry) => match self.repository.blob(&entry.id, certificate::MAX_BYTES)? {
                Blob::Content(bytes) => Some(certificate::parse(path, &bytes).certificate),
                Blob::TooLarge { .. } => None,
            },
        };
        self.known.insert(path.clone(), read.clone());
        Ok(read)
    }
}

/// The file of a block that a path is, or is a part of.
fn named<'b>(block: &'b Benchmarks, path: &RepoPath) -> Option<&'b BoundFile> {
    block.files.iter().find(|file| {
        file.path == *path
            || (bound::is_criterion(&file.format)
                && path.as_bytes().strip_prefix(file.path.as_bytes()).is_some_and(|rest| {
                    rest.strip_prefix(b"/")
                        .is_some_and(|name| CRITERION.iter().any(|known| known.as_bytes() == name))
                }))
    })
}

/// Whether the change takes away, or alters, what a certificate of the base names.
fn lost(
    file: &FileChange,
    certificate: &RepoPath,
    base: &mut Certificates<'_>,
    policy: &Policy,
) -> Result<Option<EvidenceFault>, Undecided> {
    let Some(before) = file.before() else {
        return Ok(None);
    };
    let Some(read) = base.read(certificate)? else {
        return Ok(None);
    };
    let history = policy
        .since
        .is_some_and(|since| read.moment().is_some_and(|moment| moment < since));
    let names = read
        .benchmarks
        .present()
        .is_some_and(|block| named(block, &file.path).is_some());
    let same = file.after().is_some_and(|after| after == before);
    if history || !names || same {
        return Ok(None);
    }
    Ok(Some(EvidenceFault {
        path: file.path.clone(),
        certificate: certificate.clone(),
        kind: match file.after() {
            Some(_) => EvidenceFaultKind::Modified,
            None => EvidenceFaultKind::Deleted,
        },
    }))
}

/// Why a file in the folder of a certificate's evidence is none of it.
fn stray(
    repository: &Repository,
    file: &FileChange,
    after: &At,
    certificate: &Certificate,
) -> Result<Option<String>, Undecided> {
    let Some(block) = certificate.benchmarks.present() else {
        return Ok(Some("the certificate names no evidence".to_owned()));
    };
    let Some(bound) = named(block, &file.path) else {
        return Ok(Some("the certificate does not name it".to_owned()));
    };
    if after.mode != Mode::Regular {
        return Ok(Some("it is not a plain file".to_owned()));
    }
    let Blob::Content(bytes) = repository.blob(&after.id, MAX_FILE)? else {
        return Ok(Some(format!("it has more than {MAX_FILE} bytes")));
    };
    // A part of a directory is held against the digest with the others, where the certificate is judged.
    if bound.path == file.path {
        let content = BoundContent::File(bytes);
        if content.digest() != Some(bound.digest) {
            return Ok(Some(
                "it is not the file that the certificate names: its SHA-256 differs".to_owned(),
            ));
        }
        if let Err(flaw) = bound::read(&bound.format, &content) {
            return Ok(Some(format!("it {}", flaw.text)));
        }
    }
    Ok(None)
}

/// What stands where a bound file should, before its content is read.
enum Found {
    File(Option<At>),
    Criterion(Box<[Option<At>; 4]>),
}

impl Found {
    fn look(repository: &Repository, at: &Snapshot, file: &BoundFile) -> Result<Self, Undecided> {
        if !bound::is_criterion(&file.format) {
            return Ok(Self::File(repository.entry(at, &file.path)?));
        }
        let mut found: [Option<At>; 4] = Default::default();
        for (name, slot) in CRITERION.iter().zip(&mut found) {
            let path = RepoPath::new([file.path.as_bytes(), b"/", name.as_bytes()].concat());
            *slot = repository.entry(at, &path)?;
        }
        Ok(Self::Criterion(Box::new(found)))
    }

    fn entries(&self) -> impl Iterator<Item = &Option<At>> {
        match self {
            Self::File(entry) => std::slice::from_ref(entry).iter(),
            Self::Criterion(entries) => entries.iter(),
        }
    }

    fn read(&self, repository: &Repository) -> Result<BoundContent, Undecided> {
        let blob = |entry: &At| -> Result<BoundContent, Undecided> {
            if entry.mode != Mode::Regular {
                return Ok(BoundContent::NotAFile);
            }
            Ok(match repository.blob(&entry.id, MAX_FILE)? {
                Blob::Content(bytes) => BoundContent::File(bytes),
                Blob::TooLarge { size } => BoundContent::TooLarge(size),
            })
        };
        let entries = match self {
            Self::File(None) => return Ok(BoundContent::Missing),
            Self::File(Some(entry)) => return blob(entry),
            Self::Criterion(entries) => entries,
        };
        let mut files: [Option<Vec<u8>>; 4] = Default::default();
        for (entry, slot) in entries.iter().zip(&mut files) {
            match entry.as_ref().map(blob).transpose()? {
                None => {}
                Some(BoundContent::File(bytes)) => *slot = Some(bytes),
                Some(other) => return Ok(other),
            }
        }
        Ok(match files.iter().all(Option::is_none) {
            true => BoundContent::Missing,
            false => BoundContent::Criterion(Box::new(files)),
        })
    }
}

/// What each approval on a component that asks for benchmarks is worth. Nothing is read of what no approval needs.
pub(super) fn note(
    repository: &Repository,
    question: &Question,
    in_force: &InForce,
    case: &mut Case,
) -> Result<(), Undecided> {
    case.measurements.asked = true;
    let mut of: BTreeMap<(String, RepoPath), Judged> = BTreeMap::new();
    let by_condition = |unit: &ComponentCase| {
        let metric = |entry: &Entry| is_on(entry, unit) && has_metric_condition(&entry.certificate);
        case.ledger.iter().any(metric)
    };
    for unit in &case.gated {
        // A condition on a metric is met by whatever approval shows it.
        let conditional = by_condition(unit);
        if !unit.asks_for_benchmarks() && !conditional {
            continue;
        }
        let before = shown_before(unit, &case.ledger, &case.terms);
        for entry in &case.ledger {
            let shows = conditional && is_on(entry, unit) && entry.certificate.approves();
            if !bears(entry, unit, case) && !shows {
                continue;
            }
            let Some(block) = entry.certificate.benchmarks.present() else {
                continue;
            };
            let weigh = Weigh {
                repository,
                question,
                in_force,
                unit,
                entry,
                block,
            };
            let judged = weigh.judge(&case.ledger, &before, case.now)?;
            of.insert((unit.id.clone(), entry.certificate.path.clone()), judged);
        }
    }
    case.measurements.of = of;
    Ok(())
}

fn has_metric_condition(certificate: &Certificate) -> bool {
    let metric = |condition: &Condition| matches!(condition.due().map(|due| due.check), Some(DueCheck::Metric { .. }));
    certificate.is_checked_later() && certificate.conditions.iter().any(metric)
}

/// The conditions of a ledger that are checked and not met, the first due first.
pub(crate) fn due(
    repository: &Repository,
    (policy, keyring): (&Policy, &Keyring),
    at: &Snapshot,
    entries: &[Entry],
) -> Result<Vec<OpenCondition>, Undecided> {
    let mut case = of_ledger(
        terms_of(policy, keyring, Destination::Unprotected),
        Vec::new(),
        entries.to_vec(),
    );
    if entries.iter().any(|entry| has_metric_condition(&entry.certificate)) {
        for entry in entries.iter().filter(|entry| entry.certificate.approves()) {
            if let Some(judged) = shown_at(repository, policy, at, &entry.certificate)? {
                let key = (String::new(), entry.certificate.path.clone());
                case.measurements.of.insert(key, judged);
            }
        }
    }
    Ok(open_conditions(&case))
}

/// What a certificate's files show at a snapshot, by the terms of its own table; `None` where it has none.
pub(crate) fn shown_at(
    repository: &Repository,
    policy: &Policy,
    at: &Snapshot,
    certificate: &Certificate,
) -> Result<Option<Judged>, Undecided> {
    let Some(block) = certificate.benchmarks.present() else {
        return Ok(None);
    };
    let mut contents = Vec::with_capacity(block.files.len());
    for file in &block.files {
        contents.push(Found::look(repository, at, file)?.read(repository)?);
    }
    let place = |path: &RepoPath| evidence_of(path).iter().any(|path| policy.is_certificate(path));
    Ok(Some(bound::judge(block, &contents, &[], &place)))
}

/// Whether an approval may count towards a component, as far as its class and what it covers tell.
fn bears(entry: &Entry, unit: &ComponentCase, case: &Case) -> bool {
    let certificate = &entry.certificate;
    let approves = certificate
        .status
        .is_some_and(|status| case.terms.class(status).approves());
    if !approves || !is_on(entry, unit) {
        return false;
    }
    match (&certificate.subject, entry.origin) {
        (_, Origin::Added) => true,
        (SubjectField::Present(subject), _) => unit.files.iter().any(|file| {
            let listed = subject.state_of(&file.path);
            listed.is_some() && (listed == file.state.as_ref() || listed == file.merged_from.as_ref())
        }),
        (SubjectField::Absent, _) => !entry.carried.is_empty() || unit.binding == crate::policy::Binding::Component,
        (SubjectField::Unreadable, _) => false,
    }
}

fn is_on(entry: &Entry, unit: &ComponentCase) -> bool {
    let mut names = entry.certificate.components.iter();
    names.any(|name| unit.names.contains(&fold(name)))
}

/// What the newest approval of the base with evidence showed on the component, by metric.
fn shown_before(unit: &ComponentCase, ledger: &[Entry], terms: &Terms) -> BTreeMap<String, BTreeSet<String>> {
    let approving = |entry: &&Entry| {
        entry.origin == Origin::Base
            && is_on(entry, unit)
            && entry
                .certificate
                .status
                .is_some_and(|status| terms.class(status).approves())
    };
    let with_rows = ledger
        .iter()
        .filter(approving)
        .filter_map(|entry| Some((entry, entry.certificate.benchmarks.present()?)))
        .filter(|(_, block)| !block.rows.is_empty());
    let newest = with_rows.max_by_key(|(entry, _)| (entry.place.key(), entry.certificate.path.clone()));
    let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in newest.iter().flat_map(|(_, block)| &block.rows) {
        shown
            .entry(row.metric.clone())
            .or_default()
            .insert(row.benchmark.clone());
    }
    shown
}

/// One approval, towards one component.
struct Weigh<'a> {
    repository: &'a Repository,
    question: &'a Question,
    in_force: &'a InForce,
    unit: &'a ComponentCase,
    entry: &'a Entry,
    block: &'a Benchmarks,
}

impl Weigh<'_> {
    fn judge(
        &self,
        ledger: &[Entry],
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
        more.extend(self.reused(ledger)?);
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
    fn covered(&self) -> Vec<(&RepoPath, Option<&crate::certificate::FileState>)> {
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
        listed: Option<&crate::certificate::FileState>,
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

    /// Files, or raw values, that another certificate has as evidence of something else.
    fn reused(&self, ledger: &[Entry]) -> Result<Vec<Flaw>, Undecided> {
        let mut others: Vec<(&Entry, &Benchmarks)> = ledger
            .iter()
            .filter(|other| other.certificate.path != self.entry.certificate.path)
            .filter_map(|other| Some((other, other.certificate.benchmarks.present()?)))
            .filter(|(_, block)| block.candidate != self.block.candidate || block.baseline != self.block.baseline)
            .collect();
        if others.is_empty() {
            return Ok(Vec::new());
        }
        others.sort_by_key(|(other, _)| std::cmp::Reverse((other.place.key(), other.certificate.path.clone())));
        let own = self.prints(self.block)?;
        for (other, block) in others.into_iter().take(LOOKED_BACK) {
            let same = self.prints(block)?;
            for (commit, file, prints) in &own {
                let used = same
                    .iter()
                    .find(|(before, _, known)| before != commit && known.iter().any(|print| prints.contains(print)));
                if let Some((_, there, _)) = used {
                    let text = format!(
                        "its raw values are those of {} in `{}`, of another commit",
                        there.path,
                        other.label()
                    );
                    let flaw = Flaw::new(FlawKind::Reused, text).of_file(&file.path.to_string());
                    return Ok(vec![flaw.at(file.line)]);
                }
            }
        }
        Ok(Vec::new())
    }

    /// By what the raw values of each file are known, and the commit that it is of.
    fn prints<'b>(&self, block: &'b Benchmarks) -> Result<Vec<Prints<'b>>, Undecided> {
        let mut all = Vec::new();
        for file in &block.files {
            let found = Found::look(self.repository, &self.question.change.head, file)?;
            let entries: Vec<Option<&At>> = found.entries().map(Option::as_ref).collect();
            let key = kept::Key::of_values(&file.format, entries.into_iter());
            let prints = match kept::load(self.repository, &key) {
                Some(known) => known,
                None => {
                    let reading = bound::read(&file.format, &found.read(self.repository)?);
                    let prints = match reading {
                        Ok(Some(reading)) => bound::fingerprints(&reading),
                        _ => Vec::new(),
                    };
                    kept::store(self.repository, &key, &prints);
                    prints
                }
            };
            all.push((block.commit(file.side), file, prints));
        }
        Ok(all)
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

/// The commit that a file is of, the file, and by what its values are known.
type Prints<'b> = (&'b str, &'b BoundFile, Vec<crate::change::Digest>);

/// The budgets of a component, as they are decided.
pub(crate) fn demands<'b>(budgets: &'b [Budget], before: &BTreeMap<String, BTreeSet<String>>) -> Vec<Demand<'b>> {
    let demand = |budget: &'b Budget| Demand {
        metric: budget.metric.clone(),
        about: Box::new(|benchmark: &str| budget.is_about(benchmark)),
        asked: budget
            .benchmarks
            .iter()
            .filter(|named| !named.not)
            .map(|named| {
                let matches: Box<dyn Fn(&str) -> bool + 'b> = Box::new(|benchmark: &str| named.matches(benchmark));
                (named.text.clone(), matches)
            })
            .collect(),
        question: compare::Criteria {
            threshold: budget.max_regression.unwrap_or_default(),
            alpha: Alpha::new(budget.alpha).unwrap_or(Alpha::DEFAULT),
            min_runs: budget.min_runs as usize,
            design: match budget.interleaved {
                true => compare::Design::Interleaved,
                false => compare::Design::Sequential,
            },
            run_noise: budget.run_noise,
            direction: match budget.higher {
                None => Direction::Unknown,
                Some(false) => Direction::Lower,
                Some(true) => Direction::Higher,
            },
            exact: budget.exact.then(|| budget.metric.clone()).into_iter().collect(),
        },
        compared: budget.max_regression.is_some(),
        limit: budget.limit.as_ref().map(|(value, unit)| Limit {
            value: *value,
            unit: unit.clone(),
        }),
        warns: budget.on_inconclusive == Inconclusive::Warn,
        before: before.get(&budget.metric).cloned().unwrap_or_default(),
    };
    budgets.iter().map(demand).collect()
}
