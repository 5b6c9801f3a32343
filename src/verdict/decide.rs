//! The rule of decision, whole.
//!
//! 1. What breaks the ledger's rules blocks: a certificate edited or deleted, an id taken twice, an unreadable one added.
//! 2. A change that only adds valid certificates answers to nothing else.
//! 3. An EMERGENCY_STOP that stands blocks everything.
//! 4. A gated file goes in if enough agents approve exactly its content, every specialist it is handed off to does, and no refusal
//!    stands over it. A message that announces a judgement needs an approval that comes with it.
//! 5. A refusal falls only to a later approval: of the same agent, covering what it refused; or naming it in `Supersedes`, of the same
//!    agent or one who may lift.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    CLOCK_SKEW, Case, CertificateDecision, ComponentDecision, Decision, FileDecision, Finding, GatedPath, GatedUnit,
    Outcome, Problem, Terms, Verdict,
};
use crate::certificate::{Class, SubjectField};
use crate::change::RepoPath;
use crate::evidence;
use crate::ledger::{Entry, Origin};
use crate::policy::{Binding, Conditional, Enforcement, EvidenceKind, fold};
use crate::trust::HashCheck;

/// Decides a case.
pub fn decide(case: &Case) -> Decision {
    let mut findings: Vec<Finding> = case.violations.iter().cloned().map(Finding::Ledger).collect();
    let words: Vec<Word<'_>> = words(case);
    for word in &words {
        findings.extend(word.findings_of_its_own(case, &words));
    }
    let mut components = Vec::new();
    if !case.only_certificates {
        let stops = words
            .iter()
            .filter(|w| w.class == Some(Class::Stop) && !case.terms.stop_is_per_component);
        let standing: Vec<usize> = stops
            .filter(|stop| !stop_is_lifted(stop, words.iter(), &case.terms))
            .map(|w| w.index)
            .collect();
        findings.extend(standing.iter().map(|&entry| Finding::Stopped { entry }));
        for unit in &case.gated {
            let (mut decision, of_unit) = Unit::new(unit, &words, case).decide();
            if !standing.is_empty() {
                decision.outcome = Outcome::Stopped;
            }
            components.push(decision);
            findings.extend(of_unit);
        }
    }
    let blocked = findings.iter().any(Finding::blocks);
    let verdict = match case.enforcement {
        Enforcement::Block if blocked => Verdict::Block,
        Enforcement::Warn if blocked => Verdict::Warn,
        _ => Verdict::Pass,
    };
    Decision {
        verdict,
        components,
        findings,
    }
}

/// An entry of the ledger that is not history, with what can be said of it apart from any component.
struct Word<'a> {
    index: usize,
    entry: &'a Entry,
    /// `None` where no decision can be read.
    class: Option<Class>,
    /// Canonical names of its components: ids of the policy, or else the folded name.
    names: BTreeSet<String>,
    /// Why it could not approve anything, whatever it covers.
    flaws: Vec<Problem>,
    /// Positions, among the words, of those that name it in `Supersedes` and share a component with it. Any readable certificate may
    /// supersede an approval: that can only make the verdict stricter.
    superseded_by: Vec<usize>,
}

/// Drops history; what the change adds is never history for a refusal.
fn words(case: &Case) -> Vec<Word<'_>> {
    let mut order: Vec<usize> = (0..case.ledger.len()).collect();
    order.sort_by(|&a, &b| rank(case.ledger.get(b)).cmp(&rank(case.ledger.get(a))));
    let old = |entry: &Entry| {
        case.terms
            .since
            .is_some_and(|since| entry.moment().is_some_and(|moment| moment < since))
    };
    let mut words: Vec<Word<'_>> = order
        .into_iter()
        .filter_map(|index| case.ledger.get(index).map(|entry| (index, entry)))
        .filter(|(_, entry)| entry.origin == Origin::Added || !old(entry))
        .map(|(index, entry)| {
            let class = entry.certificate.status.map(|status| case.terms.class(status));
            let names = entry
                .component_names()
                .map(|n| case.terms.names.get(&n).cloned().unwrap_or(n))
                .collect();
            let mut flaws = flaws(entry, case.now);
            if old(entry) {
                flaws.push(Problem::History);
            }
            Word {
                index,
                entry,
                class,
                names,
                flaws,
                superseded_by: Vec::new(),
            }
        })
        .collect();
    let mut superseding: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, word) in words.iter().enumerate().filter(|(_, word)| word.class.is_some()) {
        for id in &word.entry.certificate.supersedes {
            superseding.entry(id).or_default().push(at);
        }
    }
    let superseded: Vec<Vec<usize>> = words
        .iter()
        .enumerate()
        .map(|(at, word)| {
            let by = word.entry.certificate.id.as_deref().and_then(|id| superseding.get(id));
            let shares =
                |&&other: &&usize| other != at && words.get(other).is_some_and(|other| word.shares_component(other));
            by.map(|by| by.iter().filter(shares).copied().collect())
                .unwrap_or_default()
        })
        .collect();
    for (word, by) in words.iter_mut().zip(superseded) {
        word.superseded_by = by;
    }
    words
}

/// Newest first: by date (undated last of all, that is, newest), then added before base, then by path, so that order of input is
/// without effect.
fn rank(entry: Option<&Entry>) -> Option<(bool, Option<Timestamp>, Origin, &RepoPath)> {
    entry.map(|e| (e.moment().is_none(), e.moment(), e.origin, &e.certificate.path))
}

fn flaws(entry: &Entry, now: Timestamp) -> Vec<Problem> {
    let certificate = &entry.certificate;
    let latest = now
        .saturating_add(SignedDuration::try_from(CLOCK_SKEW).unwrap_or(SignedDuration::ZERO))
        .unwrap_or(now);
    let checks = [
        (certificate.status.is_none(), Problem::Invalid),
        (certificate.components.is_empty(), Problem::NoComponent),
        (certificate.agent.is_none(), Problem::NoAgent),
        (certificate.placeholders, Problem::Placeholder),
        (certificate.date.is_none(), Problem::Undated),
        (certificate.date.is_some_and(|date| date > latest), Problem::Future),
        (entry.hash == HashCheck::Mismatch, Problem::HashMismatch),
        (
            certificate.subject == SubjectField::Unreadable,
            Problem::SubjectUnreadable,
        ),
    ];
    checks
        .into_iter()
        .filter_map(|(holds, problem)| holds.then_some(problem))
        .collect()
}

impl Word<'_> {
    /// True where it may count as an approval, as far as that can be told without a component.
    fn may_approve(&self) -> bool {
        self.class.is_some_and(Class::approves) && self.flaws.is_empty() && self.superseded_by.is_empty()
    }

    fn agent(&self) -> &str {
        self.entry.certificate.agent.as_deref().unwrap_or_default()
    }

    fn approves(&self) -> bool {
        self.class.is_some_and(Class::approves)
    }

    fn refuses(&self) -> bool {
        self.class.is_some_and(Class::refuses)
    }

    /// A refusal that names no component can be superseded by a certificate on any.
    fn shares_component(&self, other: &Word<'_>) -> bool {
        self.names.is_empty() || !self.names.is_disjoint(&other.names)
    }

    fn open_conditions(&self) -> Vec<String> {
        let conditional = self.class == Some(Class::Conditional);
        let open = self
            .entry
            .certificate
            .conditions
            .iter()
            .filter(|condition| conditional && !condition.met);
        open.map(|condition| condition.text.clone()).collect()
    }

    /// True where it names `refusal` in `Supersedes` and its agent may lift it.
    fn lifts_by_name(&self, refusal: &Word<'_>, terms: &Terms) -> bool {
        let named = refusal
            .entry
            .certificate
            .id
            .as_ref()
            .is_some_and(|id| self.entry.certificate.supersedes.contains(id));
        named
            && refusal.shares_component(self)
            && (self.same_agent(refusal) || terms.may_lift.contains(self.agent()))
            && self.not_before(refusal)
    }

    fn same_agent(&self, other: &Word<'_>) -> bool {
        !self.agent().is_empty() && self.agent() == other.agent()
    }

    /// True where it is not older than `other`: for an explicit supersession.
    fn not_before(&self, other: &Word<'_>) -> bool {
        let follows = !(self.entry.origin == Origin::Base && other.entry.origin == Origin::Added);
        follows
            && match (self.entry.certificate.date, other.entry.moment()) {
                (Some(own), Some(others)) => own >= others,
                (Some(_), None) => true,
                (None, _) => false,
            }
    }

    /// True where it is later than `other`; a tie is not later.
    fn after(&self, other: &Word<'_>) -> bool {
        self.not_before(other)
            && self.entry.certificate.date.is_some()
            && self.entry.certificate.date > other.entry.moment()
            && other.entry.moment().is_some()
    }

    /// What is wrong with an added certificate whatever is gated.
    fn findings_of_its_own(&self, case: &Case, words: &[Word<'_>]) -> Vec<Finding> {
        let entry = self.index;
        if self.entry.origin != Origin::Added {
            return Vec::new();
        }
        let Some(class) = self.class else {
            return vec![Finding::InvalidAdded { entry }];
        };
        let mut findings: Vec<Finding> = Vec::new();
        let unknown = self
            .entry
            .certificate
            .components
            .iter()
            .filter(|name| !case.terms.names.contains_key(&fold(name)));
        for name in unknown {
            match nearest(&fold(name), &case.terms).filter(|_| class.refuses()) {
                Some(meant) => findings.push(Finding::RefusalAstray {
                    entry,
                    name: name.clone(),
                    meant,
                }),
                None => findings.push(Finding::Ineffective {
                    entry,
                    problem: Problem::UnknownComponent(name.clone()),
                }),
            }
        }
        if class.approves() {
            findings.extend(self.flaws.iter().map(|problem| Finding::Ineffective {
                entry,
                problem: problem.clone(),
            }));
        } else if class.refuses() && self.entry.certificate.components.is_empty() && class != Class::Stop {
            // A refusal that does not say what it refuses must not be read as consent.
            findings.push(Finding::InvalidAdded { entry });
        }
        for id in &self.entry.certificate.supersedes {
            let target = words
                .iter()
                .find(|word| word.entry.certificate.id.as_ref() == Some(id) && word.index != entry);
            let effective = target.is_some_and(|target| {
                target.shares_component(self)
                    && (!target.refuses() || (self.may_approve() && self.lifts_by_name(target, &case.terms)))
            });
            if !effective && !case.only_history_holds(id) {
                findings.push(Finding::Ineffective {
                    entry,
                    problem: Problem::SupersedesNothing(id.clone()),
                });
            }
        }
        findings
    }
}

impl Case {
    /// True where the id belongs to a certificate that is history: superseding it is without effect and without harm.
    fn only_history_holds(&self, id: &str) -> bool {
        let since = self.terms.since;
        self.ledger.iter().any(|e| {
            e.certificate.id.as_deref() == Some(id)
                && e.origin == Origin::Base
                && since.is_some_and(|since| e.moment().is_some_and(|moment| moment < since))
        })
    }
}

/// The component id whose name is close to `folded`, if one is.
fn nearest(folded: &str, terms: &Terms) -> Option<String> {
    let score = |name: &str| strsim::normalized_damerau_levenshtein(folded, name);
    let best = terms.names.iter().max_by(|a, b| score(a.0).total_cmp(&score(b.0)))?;
    (score(best.0) >= 0.75).then(|| best.1.clone())
}

/// A stop covers everything: only an approval by name, or one by the same agent whose scope is as wide, lifts it.
fn stop_is_lifted<'w>(stop: &Word<'_>, mut words: impl Iterator<Item = &'w Word<'w>>, terms: &Terms) -> bool {
    words.any(|word| {
        let settled = word.may_approve() && word.open_conditions().is_empty();
        let as_wide = match (&word.entry.certificate.subject, &stop.entry.certificate.subject) {
            (SubjectField::Absent, _) => true,
            (SubjectField::Present(own), SubjectField::Present(stopped)) => {
                !stopped.files.is_empty()
                    && stopped
                        .files
                        .iter()
                        .all(|file| own.state_of(&file.path) == Some(&file.state))
            }
            _ => false,
        };
        let same = word.same_agent(stop)
            && word.after(stop)
            && as_wide
            && stop.names.is_subset(&word.names)
            && !stop.names.is_empty();
        settled && (same || word.lifts_by_name(stop, terms))
    })
}

/// How many certificates that do not count are told with a gap; the newest.
const MOST_TOLD: usize = 3;

/// A gated component with the words on it.
struct Unit<'a> {
    unit: &'a GatedUnit,
    case: &'a Case,
    /// Every word of the case.
    all: &'a [Word<'a>],
    /// The words on this component, newest first.
    words: Vec<&'a Word<'a>>,
    /// Those that refuse.
    refusing: Vec<&'a Word<'a>>,
    /// Per gated file, the approvals that could be bound to it, newest first.
    candidates: BTreeMap<&'a RepoPath, Vec<&'a Word<'a>>>,
    /// The approvals that no newer word of another kind follows (binding `component`).
    newest: BTreeSet<usize>,
}

/// Whether an approval covers a file.
type Cover = Result<Binding, Problem>;

impl<'a> Unit<'a> {
    fn new(unit: &'a GatedUnit, all: &'a [Word<'a>], case: &'a Case) -> Self {
        let on_it = |word: &&Word<'_>| {
            word.names
                .iter()
                .any(|name| *name == unit.id || unit.names.contains(name))
                || (word.names.is_empty()
                    && word.class.is_none()
                    && file_name_tells(&word.entry.certificate.path, unit))
        };
        let words: Vec<&Word<'_>> = all.iter().filter(on_it).collect();
        let refusing = words.iter().copied().filter(|word| word.refuses()).collect();
        let newest = words
            .iter()
            .take_while(|word| word.approves())
            .map(|word| word.index)
            .collect();
        let mut candidates: BTreeMap<&RepoPath, Vec<&Word<'_>>> =
            unit.files.iter().map(|file| (&file.path, Vec::new())).collect();
        for word in words.iter().copied().filter(|word| word.approves()) {
            match &word.entry.certificate.subject {
                SubjectField::Present(subject) => {
                    for listed in &subject.files {
                        candidates.entry(&listed.path).and_modify(|words| words.push(word));
                    }
                }
                SubjectField::Absent if unit.binding == Binding::Component => {
                    candidates.values_mut().for_each(|words| words.push(word));
                }
                SubjectField::Absent => {
                    for path in &word.entry.carried {
                        candidates.entry(path).and_modify(|words| words.push(word));
                    }
                }
                SubjectField::Unreadable => {}
            }
        }
        Self {
            unit,
            case,
            all,
            words,
            refusing,
            candidates,
            newest,
        }
    }

    fn candidates(&self, file: &GatedPath) -> impl Iterator<Item = &'a Word<'a>> + '_ {
        self.candidates.get(&file.path).into_iter().flatten().copied()
    }

    fn decide(&self) -> (ComponentDecision, Vec<Finding>) {
        let unit = self.unit;
        let mut outcome = Outcome::Approved;
        let mut findings = Vec::new();
        let mut refused: BTreeSet<&RepoPath> = BTreeSet::new();

        for &word in &self.refusing {
            let Some(class) = word.class else { continue };
            let files: Vec<&GatedPath> = unit
                .files
                .iter()
                .filter(|file| self.refusal_stands(word, Some(file)))
                .collect();
            let component = !unit.messages.is_empty() && self.refusal_stands(word, None);
            // A repository-wide stop has been told already.
            let told = class == Class::Stop && !self.case.terms.stop_is_per_component;
            if (files.is_empty() && !component) || told {
                continue;
            }
            refused.extend(files.iter().map(|file| &file.path));
            outcome = outcome.max(match class {
                Class::Stop => Outcome::Stopped,
                Class::Veto => Outcome::Vetoed,
                _ => Outcome::Held,
            });
            let files = files.iter().map(|file| file.path.clone()).collect();
            findings.push(Finding::Refused {
                unit: unit.id.clone(),
                entry: word.index,
                class,
                files,
            });
        }
        // Only an approval can follow an unreadable word: a narrow refusal on top of it says nothing of what it may have refused.
        let newest = self
            .words
            .iter()
            .find(|word| word.class.is_none() || word.may_approve());
        if let Some(newest) = newest.filter(|word| word.class.is_none()) {
            outcome = outcome.max(Outcome::Invalid);
            if newest.entry.origin == Origin::Base {
                findings.push(Finding::NewestInvalid {
                    unit: unit.id.clone(),
                    entry: newest.index,
                });
            }
        }
        let gaps = self.gaps(&refused, &mut findings);
        if !gaps.is_empty() || self.announced_without_certificate() {
            outcome = outcome.max(Outcome::Uncovered);
        }
        if self.announced_without_certificate() {
            findings.push(Finding::Announced { unit: unit.id.clone() });
        }
        let mut files = Vec::new();
        let mut counting = BTreeSet::new();
        for file in &unit.files {
            let by = self.approvals(file);
            counting.extend(by.iter().map(|(word, _)| word.index));
            files.push(FileDecision {
                path: file.path.clone(),
                covered: !gaps.contains(&file.path) && !refused.contains(&file.path),
                reasons: file.reasons.clone(),
                by: by
                    .into_iter()
                    .map(|(word, binding)| (word.entry.label(), binding))
                    .collect(),
            });
        }
        for word in self.words.iter().filter(|word| counting.contains(&word.index)) {
            let open = word.open_conditions();
            if !open.is_empty() {
                findings.push(Finding::Conditions {
                    unit: unit.id.clone(),
                    entry: word.index,
                    open,
                });
            }
        }
        let bound: BTreeSet<usize> = self.candidates.values().flatten().map(|word| word.index).collect();
        let bears = |word: &&&Word<'_>| {
            let newest = self.words.first().is_some_and(|newest| newest.index == word.index);
            word.refuses() || word.entry.origin == Origin::Added || newest || bound.contains(&word.index)
        };
        let certificates = self
            .words
            .iter()
            .filter(bears)
            .map(|word| self.describe(word))
            .collect();
        (
            ComponentDecision {
                id: unit.id.clone(),
                outcome,
                files,
                messages: unit.messages.clone(),
                certificates,
            },
            findings,
        )
    }

    /// Why `word` approves nothing on this component, whatever the file; empty where it may.
    fn obstacles(&self, word: &Word<'_>) -> Vec<Problem> {
        let mut problems = word.flaws.clone();
        if let Some(by) = word.superseded_by.first().and_then(|&at| self.all.get(at)) {
            problems.push(Problem::Superseded(by.entry.label()));
        }
        if word.class == Some(Class::Neutral) {
            problems.push(Problem::Neutral);
        }
        let open = word.class == Some(Class::Conditional)
            && match self.unit.conditional {
                Conditional::Allow => false,
                Conditional::WhenMet => {
                    word.entry.certificate.conditions.is_empty() || !word.open_conditions().is_empty()
                }
                Conditional::Block => true,
            };
        if open {
            problems.push(Problem::ConditionsOpen);
        }
        if self.unit.evidence.contains(&EvidenceKind::FileReferences) && !self.gives_file_references(word) {
            problems.push(Problem::EvidenceMissing);
        }
        problems
    }

    fn gives_file_references(&self, word: &Word<'_>) -> bool {
        let mut paths = self.unit.files.iter().map(|file| &file.path).peekable();
        paths.peek().is_none() || evidence::gives_file_references(&word.entry.certificate, paths)
    }

    /// Whether the content of `file` is what `word` is bound to. Says nothing of whether `word` counts.
    fn covers(&self, word: &Word<'_>, file: &GatedPath) -> Cover {
        match (&word.entry.certificate.subject, self.unit.binding) {
            (SubjectField::Unreadable, _) => Err(Problem::SubjectUnreadable),
            (SubjectField::Present(subject), binding) => match subject.state_of(&file.path) {
                None => Err(Problem::NotListed),
                Some(state) if file.state.as_ref() == Some(state) => match binding {
                    Binding::Component => self.newest_and_fresh(word).map(|()| Binding::Digest),
                    _ => Ok(Binding::Digest),
                },
                Some(_) => Err(Problem::Changed),
            },
            (SubjectField::Absent, Binding::Digest) => Err(Problem::NoSubject),
            (SubjectField::Absent, Binding::History) => match word.entry.carried.contains(&file.path) {
                true => Ok(Binding::History),
                false => Err(Problem::NotCarried),
            },
            (SubjectField::Absent, Binding::Component) => self.newest_and_fresh(word).map(|()| Binding::Component),
        }
    }

    /// For [`Binding::Component`]: no newer word on the component is anything but an approval, and `max_age` has not passed.
    fn newest_and_fresh(&self, word: &Word<'_>) -> Result<(), Problem> {
        let newest = self.newest.contains(&word.index);
        let age = word
            .entry
            .certificate
            .date
            .map(|date| self.case.now.duration_since(date));
        let limit = SignedDuration::try_from(self.unit.max_age).unwrap_or(SignedDuration::MAX);
        match (newest, age) {
            (false, _) => Err(Problem::NotNewest),
            (true, Some(age)) if age <= limit => Ok(()),
            _ => Err(Problem::Expired),
        }
    }

    /// Whether an approval counts for a file towards a specialist's or the policy's demand, whoever it asks for.
    fn counts(&self, word: &Word<'_>, file: &GatedPath) -> Cover {
        if !word.approves() {
            return Err(Problem::Neutral);
        }
        if let Some(problem) = self.obstacles(word).into_iter().next() {
            return Err(problem);
        }
        let binding = self.covers(word, file)?;
        let cancelling = |other: &&&Word<'_>| {
            let later = other.same_agent(word) && !word.after(other) && !word.lifts_by_name(other, &self.case.terms);
            later && self.concerns(other, Some(file))
        };
        match self.refusing.iter().find(cancelling) {
            Some(refusal) => Err(Problem::Cancelled(refusal.entry.label())),
            None => Ok(binding),
        }
    }

    fn wanted(&self, word: &Word<'_>) -> bool {
        self.unit.agents.is_empty() || self.unit.agents.iter().any(|agent| agent == word.agent())
    }

    /// The approvals that count for a file under the policy's `require.agents`.
    fn approvals(&self, file: &GatedPath) -> Vec<(&'a Word<'a>, Binding)> {
        let counting = self.candidates(file).filter(|word| self.wanted(word));
        counting
            .filter_map(|word| self.counts(word, file).ok().map(|binding| (word, binding)))
            .collect()
    }

    /// Whether a refusal is about a file (`None`: about the component itself).
    fn concerns(&self, refusal: &Word<'_>, file: Option<&GatedPath>) -> bool {
        match (&refusal.entry.certificate.subject, file) {
            _ if refusal.class == Some(Class::Stop) => true,
            (SubjectField::Present(subject), Some(file)) => subject
                .state_of(&file.path)
                .is_some_and(|state| file.state.as_ref() == Some(state)),
            (SubjectField::Present(_), None) => false,
            _ => true,
        }
    }

    fn refusal_stands(&self, refusal: &Word<'_>, file: Option<&GatedPath>) -> bool {
        if !self.concerns(refusal, file) {
            return false;
        }
        if refusal.class == Some(Class::Stop) {
            return !stop_is_lifted(refusal, self.words.iter().copied(), &self.case.terms);
        }
        let sound = |word: &Word<'_>| word.approves() && self.obstacles(word).is_empty();
        let mut named = refusal.superseded_by.iter().filter_map(|&at| self.all.get(at));
        if named.any(|word| sound(word) && word.lifts_by_name(refusal, &self.case.terms)) {
            return false;
        }
        let lifts = |word: &Word<'_>| word.same_agent(refusal) && word.after(refusal) && sound(word);
        match file {
            Some(file) => !self
                .candidates(file)
                .any(|word| lifts(word) && self.covers(word, file).is_ok()),
            None => !self
                .words
                .iter()
                .any(|word| word.entry.origin == Origin::Added && lifts(word)),
        }
    }

    fn announced_without_certificate(&self) -> bool {
        let answers = |word: &&Word<'_>| {
            word.entry.origin == Origin::Added
                && word.approves()
                && self.obstacles(word).is_empty()
                && self.wanted(word)
        };
        !self.unit.messages.is_empty() && !self.words.iter().any(answers)
    }

    /// The files that lack something, each gap told once.
    fn gaps(&self, refused: &BTreeSet<&RepoPath>, findings: &mut Vec<Finding>) -> BTreeSet<RepoPath> {
        let unit = self.unit;
        let mut open = BTreeSet::new();
        let mut changed: BTreeMap<usize, Vec<RepoPath>> = BTreeMap::new();
        let mut uncovered = Vec::new();
        let mut few: BTreeMap<Vec<String>, Vec<RepoPath>> = BTreeMap::new();
        let mut handoffs: BTreeMap<&str, Vec<RepoPath>> = BTreeMap::new();
        // A refused file has been told: that nothing else approves it is no news.
        for file in unit.files.iter().filter(|file| !refused.contains(&file.path)) {
            let approvals = self.approvals(file);
            let agents: BTreeSet<&str> = approvals.iter().map(|(word, _)| word.agent()).collect();
            let enough = agents.len() >= unit.approvals.max(1) as usize;
            let path = || file.path.clone();
            if agents.is_empty() {
                match self
                    .candidates(file)
                    .find(|w| w.may_approve() && self.covers(w, file) == Err(Problem::Changed))
                {
                    Some(stale) => changed.entry(stale.index).or_default().push(path()),
                    None => uncovered.push(path()),
                }
            } else if !enough {
                few.entry(agents.iter().map(|&agent| agent.to_owned()).collect())
                    .or_default()
                    .push(path());
            }
            let mut complete = enough;
            for agent in &file.handoff {
                if !self
                    .candidates(file)
                    .any(|word| word.agent() == agent && self.counts(word, file).is_ok())
                {
                    handoffs.entry(agent).or_default().push(path());
                    complete = false;
                }
            }
            if !complete {
                open.insert(path());
            }
        }
        for (entry, changed) in changed {
            let covers = |file: &&GatedPath| {
                self.candidates(file)
                    .any(|w| w.index == entry && self.covers(w, file).is_ok())
            };
            let covered = unit.files.iter().filter(covers).map(|file| file.path.clone()).collect();
            findings.push(Finding::Changed {
                unit: unit.id.clone(),
                entry,
                covered,
                changed,
            });
        }
        if !uncovered.is_empty() {
            let told = self
                .words
                .iter()
                .filter_map(|word| self.why_not(word, &uncovered).map(|p| (word.index, p)));
            let because = told.take(MOST_TOLD).collect();
            findings.push(Finding::Uncovered {
                unit: unit.id.clone(),
                files: uncovered,
                because,
            });
        }
        for (have, files) in few {
            findings.push(Finding::TooFew {
                unit: unit.id.clone(),
                files,
                have,
                need: unit.approvals,
            });
        }
        for (agent, files) in handoffs {
            findings.push(Finding::Handoff {
                unit: unit.id.clone(),
                agent: agent.to_owned(),
                files,
            });
        }
        open
    }

    /// The first reason why a word that does not refuse covers none of `files`.
    fn why_not(&self, word: &Word<'_>, files: &[RepoPath]) -> Option<Problem> {
        if word.refuses() {
            return None;
        }
        if let Some(problem) = self.obstacles(word).into_iter().next() {
            return Some(problem);
        }
        let mut gated = self.unit.files.iter().filter(|file| files.contains(&file.path));
        gated
            .find_map(|file| self.counts(word, file).err())
            .or_else(|| (!self.wanted(word)).then(|| Problem::WrongAgent(word.agent().to_owned())))
    }

    fn describe(&self, word: &Word<'_>) -> CertificateDecision {
        let mut problems: Vec<Problem> = Vec::new();
        let mut covers = Vec::new();
        if word.refuses() {
            let files = self
                .unit
                .files
                .iter()
                .filter(|file| self.refusal_stands(word, Some(file)));
            covers.extend(files.map(|file| file.path.clone()));
        } else {
            problems.extend(self.obstacles(word));
            if !self.wanted(word) {
                problems.push(Problem::WrongAgent(word.agent().to_owned()));
            }
            for file in &self.unit.files {
                match self.counts(word, file) {
                    Ok(_) if self.wanted(word) => covers.push(file.path.clone()),
                    Ok(_) => {}
                    Err(problem) if !problems.contains(&problem) => problems.push(problem),
                    Err(_) => {}
                }
            }
        }
        CertificateDecision {
            entry: word.index,
            class: word.class,
            covers,
            problems,
        }
    }
}

/// For an unreadable certificate without a Component: whether its file name holds the component's id as a whole word.
fn file_name_tells(path: &RepoPath, unit: &GatedUnit) -> bool {
    let name = fold(&String::from_utf8_lossy(path.file_name()));
    unit.names
        .iter()
        .any(|id| format!("_{name}_").contains(&format!("_{id}_")))
}
