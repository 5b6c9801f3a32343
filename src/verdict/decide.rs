//! The rule of decision, whole.
//!
//! 1. What breaks the ledger's rules blocks: a certificate edited or deleted, an id taken twice, an unreadable one added.
//! 2. A change that only adds valid certificates answers to nothing else.
//! 3. An EMERGENCY_STOP that stands blocks everything.
//! 4. A gated file goes in if enough people approve exactly its content, every specialist it is handed off to does, so does one who
//!    authorizes where the risk asks for it, and no refusal stands over it. A message that announces a judgement needs an approval that
//!    comes with it. An owner's bypass, added with the change, stands in for approvals, never for the lifting of a refusal.
//! 5. A refusal falls only to a later approval: of the same agent, covering what it refused; or naming it in `Supersedes`, of the same
//!    agent or one who may lift.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::word::{Word, stop_is_lifted, words};
use super::{
    Case, ComponentDecision, Decision, FileDecision, Finding, GatedPath, GatedUnit, Outcome, Problem, Verdict,
};
use super::{bypass, people};
use crate::certificate::{Class, SubjectField};
use crate::change::RepoPath;
use crate::evidence;
use crate::ledger::Origin;
use crate::policy::{Binding, Conditional, Enforcement, EvidenceKind, fold};
use crate::trust::{Doubt, SignatureCheck, Signatures};

/// Decides a case.
pub fn decide(case: &Case) -> Decision {
    let mut findings: Vec<Finding> = case.violations.iter().cloned().map(Finding::Ledger).collect();
    findings.extend(case.policy_faults.iter().cloned().map(Finding::Policy));
    let words: Vec<Word<'_>> = words(case);
    for word in &words {
        findings.extend(word.findings_of_its_own(case, &words));
    }
    findings.extend(bypass::told(case, &words));
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

/// A gated component with the words on it.
pub(super) struct Unit<'a> {
    pub(super) unit: &'a GatedUnit,
    pub(super) case: &'a Case,
    /// Every word of the case.
    pub(super) all: &'a [Word<'a>],
    /// The words on this component, newest first.
    pub(super) words: Vec<&'a Word<'a>>,
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

    pub(super) fn candidates(&self, file: &GatedPath) -> impl Iterator<Item = &'a Word<'a>> + '_ {
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
        for entry in self.overdue() {
            outcome = outcome.max(Outcome::Uncovered);
            findings.push(Finding::BypassOverdue {
                unit: unit.id.clone(),
                entry,
            });
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
                    .chain(self.bypass_label(file, &gaps))
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
    pub(super) fn obstacles(&self, word: &Word<'_>) -> Vec<Problem> {
        let mut problems = word.flaws.clone();
        problems.extend(self.dependence(word));
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

    /// Where independence is asked for: whether who signed had a hand in the change.
    fn dependence(&self, word: &Word<'_>) -> Option<Problem> {
        if !self.case.terms.independence {
            return None;
        }
        let SignatureCheck::Valid(verified) = &word.entry.signature else {
            return Some(Problem::Doubt(Doubt::Unsigned));
        };
        let signed = |author: &&String| {
            verified.matches(author)
                || verified
                    .principals
                    .iter()
                    .any(|principal| principal.eq_ignore_ascii_case(author))
        };
        let author = self.unit.authors.iter().find(signed)?;
        Some(Problem::NotIndependent(author.clone()))
    }

    fn gives_file_references(&self, word: &Word<'_>) -> bool {
        let mut paths = self.unit.files.iter().map(|file| &file.path).peekable();
        paths.peek().is_none() || evidence::gives_file_references(&word.entry.certificate, paths)
    }

    /// Whether the content of `file` is what `word` is bound to. Says nothing of whether `word` counts.
    pub(super) fn covers(&self, word: &Word<'_>, file: &GatedPath) -> Cover {
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
            (SubjectField::Absent, _) if self.case.terms.demands.signatures == Signatures::Required => {
                Err(Problem::NoSubject)
            }
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
    pub(super) fn counts(&self, word: &Word<'_>, file: &GatedPath) -> Cover {
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

    pub(super) fn wanted(&self, word: &Word<'_>) -> bool {
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

    pub(super) fn refusal_stands(&self, refusal: &Word<'_>, file: Option<&GatedPath>) -> bool {
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
        // A refusal of the whole component falls to a later approval of the whole component.
        let wide = |word: &Word<'_>| word.has_no_subject() && refusal.names.is_subset(&word.names);
        let on_all = !matches!(refusal.entry.certificate.subject, SubjectField::Present(_));
        if on_all && self.words.iter().any(|word| wide(word) && lifts(word)) {
            return false;
        }
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
        !self.unit.messages.is_empty() && !self.words.iter().any(answers) && !self.is_bypassed()
    }

    /// What a gated file lacks to go in, refusals apart.
    pub(super) fn lacks<'f>(&self, file: &'f GatedPath) -> Vec<Lack<'f>> {
        let unit = self.unit;
        let terms = &self.case.terms;
        let need = unit.approvals.max(1) as usize;
        let reviewers: Vec<&Word<'_>> = self.approvals(file).into_iter().map(|(word, _)| word).collect();
        let have = people::count(reviewers.iter().copied(), terms);
        let mut lacks = Vec::new();
        if reviewers.is_empty() {
            lacks.push(Lack::Approval);
        } else if have < need {
            lacks.push(Lack::Approvals(
                reviewers.iter().map(|word| word.agent().to_owned()).collect(),
            ));
        }
        let by = |agent: &str| {
            self.candidates(file)
                .filter(move |word| word.agent() == agent)
                .filter(|word| self.counts(word, file).is_ok())
                .collect::<Vec<_>>()
        };
        lacks.extend(
            file.handoff
                .iter()
                .filter(|agent| by(agent).is_empty())
                .map(|agent| Lack::Handoff(agent)),
        );
        if !unit.authorizers.is_empty() {
            let authorizing: Vec<&Word<'_>> = unit.authorizers.iter().flat_map(|agent| by(agent)).collect();
            let together = people::count(reviewers.iter().chain(&authorizing).copied(), terms);
            // Beside the reviewers who are counted: one person more.
            if authorizing.is_empty() || together <= have.min(need) {
                lacks.push(Lack::Authorization);
            }
        }
        lacks
    }
}

/// What a gated file lacks.
pub(super) enum Lack<'a> {
    /// Any approval.
    Approval,
    /// More approvals than those of these agents.
    Approvals(BTreeSet<String>),
    /// A specialist's.
    Handoff(&'a str),
    /// An authorization.
    Authorization,
}

/// For an unreadable certificate without a Component: whether its file name holds the component's id as a whole word.
fn file_name_tells(path: &RepoPath, unit: &GatedUnit) -> bool {
    let name = fold(&String::from_utf8_lossy(path.file_name()));
    unit.names
        .iter()
        .any(|id| format!("_{name}_").contains(&format!("_{id}_")))
}
