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

use super::people;
use super::statement::Statement;
use super::{Case, ComponentCase, GatedPath, Problem, Terms};
use crate::certificate::{Class, SubjectField};
use crate::change::RepoPath;
use crate::evidence;
use crate::ledger::Origin;
use crate::policy::{Binding, Conditional, EvidenceKind, fold};
use crate::trust::{Doubt, SignatureCheck, Signatures};

/// A gated component with the statements on it.
pub(super) struct Weighing<'a> {
    pub(super) unit: &'a ComponentCase,
    pub(super) case: &'a Case,
    /// Every statement of the case.
    pub(super) all: &'a [Statement<'a>],
    /// The statements on this component, newest first.
    pub(super) statements: Vec<&'a Statement<'a>>,
    /// Those that refuse.
    pub(super) refusing: Vec<&'a Statement<'a>>,
    /// Per gated file, the approvals that could be bound to it, newest first.
    pub(super) candidates: BTreeMap<&'a RepoPath, Vec<&'a Statement<'a>>>,
    /// The approvals that no newer statement of another kind follows (binding `component`).
    newest: BTreeSet<usize>,
}

/// Whether an approval covers a file.
type Cover = Result<Binding, Problem>;

impl<'a> Weighing<'a> {
    pub(super) fn new(unit: &'a ComponentCase, all: &'a [Statement<'a>], case: &'a Case) -> Self {
        let on_it = |statement: &&Statement<'_>| {
            statement
                .names
                .iter()
                .any(|name| *name == unit.id || unit.names.contains(name))
                || (statement.names.is_empty()
                    && statement.class.is_none()
                    && file_name_tells(&statement.entry.certificate.path, unit))
        };
        let statements: Vec<&Statement<'_>> = all.iter().filter(on_it).collect();
        let refusing = statements
            .iter()
            .copied()
            .filter(|statement| statement.refuses())
            .collect();
        let newest = statements
            .iter()
            .take_while(|statement| statement.approves())
            .map(|statement| statement.index)
            .collect();
        let mut candidates: BTreeMap<&RepoPath, Vec<&Statement<'_>>> =
            unit.files.iter().map(|file| (&file.path, Vec::new())).collect();
        for statement in statements.iter().copied().filter(|statement| statement.approves()) {
            match &statement.entry.certificate.subject {
                SubjectField::Present(subject) => {
                    for listed in &subject.files {
                        candidates
                            .entry(&listed.path)
                            .and_modify(|statements| statements.push(statement));
                    }
                }
                SubjectField::Absent if unit.binding == Binding::Component => {
                    candidates
                        .values_mut()
                        .for_each(|statements| statements.push(statement));
                }
                SubjectField::Absent => {
                    for path in &statement.entry.carried {
                        candidates
                            .entry(path)
                            .and_modify(|statements| statements.push(statement));
                    }
                }
                SubjectField::Unreadable => {}
            }
        }
        Self {
            unit,
            case,
            all,
            statements,
            refusing,
            candidates,
            newest,
        }
    }

    pub(super) fn candidates(&self, file: &GatedPath) -> impl Iterator<Item = &'a Statement<'a>> + '_ {
        self.candidates.get(&file.path).into_iter().flatten().copied()
    }

    /// Why `statement` approves nothing on this component, whatever the file; empty where it may.
    pub(super) fn obstacles(&self, statement: &Statement<'_>) -> Vec<Problem> {
        let mut problems = statement.flaws.clone();
        problems.extend(self.dependence(statement));
        if let Some(by) = statement.superseded_by.first().and_then(|&at| self.all.get(at)) {
            problems.push(Problem::Superseded(by.entry.label()));
        }
        if statement.class == Some(Class::Neutral) {
            problems.push(Problem::Neutral);
        }
        let open = statement.class == Some(Class::Conditional)
            && match self.unit.conditional {
                Conditional::Allow => false,
                Conditional::WhenMet => {
                    statement.entry.certificate.conditions.is_empty() || !statement.open_conditions().is_empty()
                }
                Conditional::Block => true,
            };
        if open {
            problems.push(Problem::ConditionsOpen);
        }
        if self.unit.evidence.contains(&EvidenceKind::FileReferences) && !self.gives_file_references(statement) {
            problems.push(Problem::EvidenceMissing);
        }
        let claim = self.case.wrong_claims.get(&statement.entry.certificate.path);
        if let Some(claim) = claim.filter(|_| self.unit.evidence.contains(&EvidenceKind::Claims)) {
            problems.push(Problem::WrongClaim(claim.clone()));
        }
        problems
    }

    /// Where independence is asked for: whether who signed had a hand in the change.
    fn dependence(&self, statement: &Statement<'_>) -> Option<Problem> {
        if !self.case.terms.independence {
            return None;
        }
        let SignatureCheck::Valid(verified) = &statement.entry.signature else {
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

    fn gives_file_references(&self, statement: &Statement<'_>) -> bool {
        let mut paths = self.unit.files.iter().map(|file| &file.path).peekable();
        paths.peek().is_none() || evidence::gives_file_references(&statement.entry.certificate, paths)
    }

    /// Whether the content of `file` is what `statement` is bound to. Says nothing of whether `statement` counts.
    pub(super) fn covers(&self, statement: &Statement<'_>, file: &GatedPath) -> Cover {
        match (&statement.entry.certificate.subject, self.unit.binding) {
            (SubjectField::Unreadable, _) => Err(Problem::SubjectUnreadable),
            (SubjectField::Present(subject), binding) => match subject.state_of(&file.path) {
                None => Err(Problem::NotListed),
                Some(state) if file.state.as_ref() == Some(state) => match binding {
                    Binding::Component => self.newest_and_fresh(statement).map(|()| Binding::Digest),
                    _ => Ok(Binding::Digest),
                },
                Some(_) => Err(Problem::Changed),
            },
            (SubjectField::Absent, Binding::Digest) => Err(Problem::NoSubject),
            (SubjectField::Absent, _) if self.case.terms.demands.signatures == Signatures::Required => {
                Err(Problem::NoSubject)
            }
            (SubjectField::Absent, Binding::History) => match statement.entry.carried.contains(&file.path) {
                true => Ok(Binding::History),
                false => Err(Problem::NotCarried),
            },
            (SubjectField::Absent, Binding::Component) => self.newest_and_fresh(statement).map(|()| Binding::Component),
        }
    }

    /// For [`Binding::Component`]: no newer statement on the component is anything but an approval, and `max_age` has not passed.
    fn newest_and_fresh(&self, statement: &Statement<'_>) -> Result<(), Problem> {
        let newest = self.newest.contains(&statement.index);
        let age = statement
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
    pub(super) fn counts(&self, statement: &Statement<'_>, file: &GatedPath) -> Cover {
        if !statement.approves() {
            return Err(Problem::Neutral);
        }
        if let Some(problem) = self.obstacles(statement).into_iter().next() {
            return Err(problem);
        }
        let binding = self.covers(statement, file)?;
        let cancelling = |other: &&&Statement<'_>| {
            let later = other.same_agent(statement)
                && !statement.after(other)
                && !statement.lifts_by_name(other, &self.case.terms);
            later && self.concerns(other, Some(file))
        };
        match self.refusing.iter().find(cancelling) {
            Some(refusal) => Err(Problem::Cancelled(refusal.entry.label())),
            None => Ok(binding),
        }
    }

    pub(super) fn wanted(&self, statement: &Statement<'_>) -> bool {
        self.unit.agents.is_empty() || self.unit.agents.iter().any(|agent| agent == statement.agent())
    }

    /// The approvals that count for a file under the policy's `require.agents`.
    pub(super) fn approvals(&self, file: &GatedPath) -> Vec<(&'a Statement<'a>, Binding)> {
        let counting = self.candidates(file).filter(|statement| self.wanted(statement));
        counting
            .filter_map(|statement| self.counts(statement, file).ok().map(|binding| (statement, binding)))
            .collect()
    }

    /// Whether a refusal is about a file (`None`: about the component itself).
    fn concerns(&self, refusal: &Statement<'_>, file: Option<&GatedPath>) -> bool {
        match (&refusal.entry.certificate.subject, file) {
            _ if refusal.class == Some(Class::Stop) => true,
            (SubjectField::Present(subject), Some(file)) => subject
                .state_of(&file.path)
                .is_some_and(|state| file.state.as_ref() == Some(state)),
            (SubjectField::Present(_), None) => false,
            _ => true,
        }
    }

    pub(super) fn refusal_stands(&self, refusal: &Statement<'_>, file: Option<&GatedPath>) -> bool {
        if !self.concerns(refusal, file) {
            return false;
        }
        if refusal.class == Some(Class::Stop) {
            return !stop_is_lifted(refusal, self.statements.iter().copied(), &self.case.terms);
        }
        let sound = |statement: &Statement<'_>| statement.approves() && self.obstacles(statement).is_empty();
        let mut named = refusal.superseded_by.iter().filter_map(|&at| self.all.get(at));
        if named.any(|statement| sound(statement) && statement.lifts_by_name(refusal, &self.case.terms)) {
            return false;
        }
        let lifts =
            |statement: &Statement<'_>| statement.same_agent(refusal) && statement.after(refusal) && sound(statement);
        // A refusal of the whole component falls to a later approval of the whole component.
        let wide = |statement: &Statement<'_>| statement.has_no_subject() && refusal.names.is_subset(&statement.names);
        let on_all = !matches!(refusal.entry.certificate.subject, SubjectField::Present(_));
        if on_all
            && self
                .statements
                .iter()
                .any(|statement| wide(statement) && lifts(statement))
        {
            return false;
        }
        match file {
            Some(file) => !self
                .candidates(file)
                .any(|statement| lifts(statement) && self.covers(statement, file).is_ok()),
            None => !self
                .statements
                .iter()
                .any(|statement| statement.entry.origin == Origin::Added && lifts(statement)),
        }
    }

    /// What a gated file lacks to go in, refusals apart.
    pub(super) fn lacks<'f>(&self, file: &'f GatedPath) -> Vec<Lack<'f>> {
        let unit = self.unit;
        let terms = &self.case.terms;
        let need = unit.approvals.max(1) as usize;
        let reviewers: Vec<&Statement<'_>> = self
            .approvals(file)
            .into_iter()
            .map(|(statement, _)| statement)
            .collect();
        let have = people::count(reviewers.iter().copied(), terms);
        let mut lacks = Vec::new();
        if reviewers.is_empty() {
            lacks.push(Lack::Approval);
        } else if have < need {
            lacks.push(Lack::Approvals(
                reviewers.iter().map(|statement| statement.agent().to_owned()).collect(),
            ));
        }
        let by = |agent: &str| {
            self.candidates(file)
                .filter(move |statement| statement.agent() == agent)
                .filter(|statement| self.counts(statement, file).is_ok())
                .collect::<Vec<_>>()
        };
        lacks.extend(
            file.handoff
                .iter()
                .filter(|agent| by(agent).is_empty())
                .map(|agent| Lack::Handoff(agent)),
        );
        if !unit.authorizers.is_empty() {
            let authorizing: Vec<&Statement<'_>> = unit.authorizers.iter().flat_map(|agent| by(agent)).collect();
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
fn file_name_tells(path: &RepoPath, unit: &ComponentCase) -> bool {
    let name = fold(&String::from_utf8_lossy(path.file_name()));
    unit.names
        .iter()
        .any(|id| format!("_{name}_").contains(&format!("_{id}_")))
}

impl Statement<'_> {
    /// True where it names `refusal` in `Supersedes` and its agent may lift it.
    pub(super) fn lifts_by_name(&self, refusal: &Statement<'_>, terms: &Terms) -> bool {
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

    pub(super) fn same_agent(&self, other: &Statement<'_>) -> bool {
        !self.agent().is_empty() && self.agent() == other.agent()
    }

    /// True where it is not older than `other`: for an explicit supersession.
    pub(super) fn not_before(&self, other: &Statement<'_>) -> bool {
        let follows = !(self.entry.origin == Origin::Base && other.entry.origin == Origin::Added);
        follows
            && match (self.entry.certificate.date, other.entry.moment()) {
                (Some(own), Some(others)) => own >= others,
                (Some(_), None) => true,
                (None, _) => false,
            }
    }

    /// True where it is later than `other`; a tie is not later.
    pub(super) fn after(&self, other: &Statement<'_>) -> bool {
        self.not_before(other)
            && self.entry.certificate.date.is_some()
            && self.entry.certificate.date > other.entry.moment()
            && other.entry.moment().is_some()
    }
}

/// A stop covers everything: only an approval by name, or one by the same agent whose scope is as wide, lifts it.
pub(super) fn stop_is_lifted<'w>(
    stop: &Statement<'_>,
    mut statements: impl Iterator<Item = &'w Statement<'w>>,
    terms: &Terms,
) -> bool {
    statements.any(|statement| {
        let settled = statement.may_approve() && statement.open_conditions().is_empty();
        let as_wide = match (&statement.entry.certificate.subject, &stop.entry.certificate.subject) {
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
        let same = statement.same_agent(stop)
            && statement.after(stop)
            && as_wide
            && stop.names.is_subset(&statement.names)
            && !stop.names.is_empty();
        settled && (same || statement.lifts_by_name(stop, terms))
    })
}
