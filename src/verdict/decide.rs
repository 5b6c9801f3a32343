//! The rule of decision.
//!
//! 1. What breaks the ledger's rules blocks: a certificate edited, moved or deleted, an id taken twice, an unreadable one added.
//! 2. A change that only adds valid certificates answers to nothing else.
//! 3. An EMERGENCY_STOP that is not lifted blocks everything.
//! 4. A gated file is merged if enough people approve exactly its content, every specialist it is handed off to does, so does one who
//!    authorizes where the risk asks for it, and no refusal is over it. A message that announces a judgement needs an approval that
//!    comes with it. An owner's bypass, added with the change, replaces approvals, never the lifting of a refusal.
//! 5. A refusal falls only to an approval that came in after it (see [`Position`](crate::ledger::Position)): of the same agent, covering what it
//!    refused; or, in the same commit too, naming it in `Supersedes`, of the same agent or one who may lift. What an approval lifted when it
//!    landed stays lifted, whatever became of its agent and of the policy since, unless the approval is revoked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::people;
use super::statement::Statement;
use super::{Bound, Case, ComponentCase, GatedPath, Problem, Terms};
use crate::certificate::{BenchmarksField, Class, FileState, SubjectField, names};
use crate::change::RepoPath;
use crate::evidence;
use crate::evidence::bound::{Flaw, FlawKind, Judged};
use crate::ledger::{Extent, Lifted, Origin};
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
    /// Per agent, newest first, the refusals of the entire component, and per file those of its content.
    against: BTreeMap<(&'a str, Option<&'a RepoPath>), Vec<&'a Statement<'a>>>,
    /// What keeps a statement from approving anything, by its index.
    obstacles: BTreeMap<usize, Vec<Problem>>,
    /// Per agent, newest first, the approvals that count and are on the entire component, and per file those that cover it.
    lifters: BTreeMap<(&'a str, Option<&'a RepoPath>), Vec<&'a Statement<'a>>>,
    /// Per agent and file, newest first, the approvals that counted when they landed, for the content that the file has.
    landed: BTreeMap<(&'a str, &'a RepoPath), Vec<&'a Statement<'a>>>,
    /// The refusals of which all is lifted, by their index.
    lifted: BTreeSet<usize>,
}

/// Whether an approval covers a file.
type Cover = Result<Bound, Problem>;

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
        let mut weighing = Self {
            unit,
            case,
            all,
            refusing: statements
                .iter()
                .copied()
                .filter(|statement| statement.refuses())
                .collect(),
            candidates: BTreeMap::new(),
            newest: BTreeSet::new(),
            against: BTreeMap::new(),
            obstacles: BTreeMap::new(),
            lifters: BTreeMap::new(),
            landed: BTreeMap::new(),
            lifted: BTreeSet::new(),
            statements,
        };
        weighing.find_candidates();
        weighing.find_newest();
        weighing.find_refusals();
        for statement in &weighing.statements {
            let problems = weighing.find_obstacles(statement);
            weighing.obstacles.insert(statement.index, problems);
        }
        weighing.find_lifters();
        weighing.find_landed();
        let lifted = weighing.refusing.iter().filter(|refusal| weighing.is_lifted(refusal));
        weighing.lifted = lifted.map(|refusal| refusal.index).collect();
        weighing
    }

    fn approving(&self) -> impl Iterator<Item = &'a Statement<'a>> + '_ {
        self.statements.iter().copied().filter(|statement| statement.approves())
    }

    fn find_candidates(&mut self) {
        let mut candidates: BTreeMap<&RepoPath, Vec<&Statement<'_>>> =
            self.unit.files.iter().map(|file| (&file.path, Vec::new())).collect();
        for statement in self.approving() {
            let mut add = |path: &RepoPath| {
                if let Some(found) = candidates.get_mut(path) {
                    found.push(statement);
                }
            };
            match &statement.entry.certificate.subject {
                SubjectField::Present(subject) => subject.files.iter().for_each(|listed| add(&listed.path)),
                SubjectField::Absent if self.unit.binding == Binding::Component => {
                    self.unit.files.iter().for_each(|file| add(&file.path));
                }
                SubjectField::Absent => statement.entry.carried.iter().for_each(add),
                SubjectField::Unreadable => {}
            }
        }
        self.candidates = candidates;
    }

    /// Nothing but approvals comes after these, unless one of them names it.
    fn find_newest(&mut self) {
        let others: Vec<&Statement<'_>> = self
            .statements
            .iter()
            .copied()
            .filter(|statement| !statement.approves())
            .collect();
        let last = |approval: &&Statement<'_>| {
            let mut later = others
                .iter()
                .take_while(|other| other.entry.place.landing() >= approval.entry.place.landing());
            later.all(|other| approval.follows(other) || approval.answers(other))
        };
        self.newest = self.approving().filter(last).map(|approval| approval.index).collect();
    }

    fn find_refusals(&mut self) {
        let mut against: BTreeMap<(&str, Option<&RepoPath>), Vec<&Statement<'_>>> = BTreeMap::new();
        for &refusal in &self.refusing {
            if self.is_wide(refusal) {
                against.entry((refusal.agent(), None)).or_default().push(refusal);
                continue;
            }
            for file in self.unit.files.iter().filter(|file| self.concerns(refusal, Some(file))) {
                against
                    .entry((refusal.agent(), Some(&file.path)))
                    .or_default()
                    .push(refusal);
            }
        }
        self.against = against;
    }

    fn find_lifters(&mut self) {
        let mut lifters: BTreeMap<(&str, Option<&RepoPath>), Vec<&Statement<'_>>> = BTreeMap::new();
        for approval in self.approving().filter(|approval| self.is_sound(approval)) {
            if approval.has_no_subject() {
                lifters.entry((approval.agent(), None)).or_default().push(approval);
            }
        }
        for file in &self.unit.files {
            for approval in self.candidates(file) {
                if self.is_sound(approval) && self.covers(approval, file).is_ok() {
                    lifters
                        .entry((approval.agent(), Some(&file.path)))
                        .or_default()
                        .push(approval);
                }
            }
        }
        self.lifters = lifters;
    }

    fn find_landed(&mut self) {
        let files: BTreeMap<&RepoPath, &FileState> = self
            .unit
            .files
            .iter()
            .filter_map(|file| Some((&file.path, file.state.as_ref()?)))
            .collect();
        let mut landed: BTreeMap<(&str, &RepoPath), Vec<&Statement<'_>>> = BTreeMap::new();
        for approval in self.approving() {
            let own = approval
                .effects
                .iter()
                .filter(|effect| effect.component == self.unit.id);
            for effect in own {
                let listed = match &approval.entry.certificate.subject {
                    SubjectField::Present(subject) => subject.files.as_slice(),
                    _ => effect.content.as_slice(),
                };
                for file in listed {
                    if let Some((path, _)) = files
                        .get_key_value(&file.path)
                        .filter(|(_, state)| ***state == file.state)
                    {
                        landed.entry((approval.agent(), path)).or_default().push(approval);
                    }
                }
            }
        }
        self.landed = landed;
    }

    /// The approvals of the refusal's agent that count and come after it: on the entire component, or covering a file.
    fn later<'s>(
        &'s self,
        refusal: &'s Statement<'_>,
        file: Option<&'s RepoPath>,
    ) -> impl Iterator<Item = &'s &'a Statement<'a>> + 's {
        let found = self.lifters.get(&(refusal.agent(), file)).map(Vec::as_slice);
        let found = found.filter(|_| !refusal.agent().is_empty()).unwrap_or_default();
        found
            .iter()
            .take_while(|approval| approval.entry.place.landing() >= refusal.entry.place.landing())
            .filter(|approval| approval.follows(refusal))
    }

    pub(super) fn candidates(&self, file: &GatedPath) -> impl Iterator<Item = &'a Statement<'a>> + '_ {
        self.candidates.get(&file.path).into_iter().flatten().copied()
    }

    /// Why `statement` approves nothing on this component, whatever the file; empty where it may.
    pub(super) fn obstacles(&self, statement: &Statement<'_>) -> Vec<Problem> {
        match self.obstacles.get(&statement.index) {
            Some(found) => found.clone(),
            None => self.find_obstacles(statement),
        }
    }

    /// Whether nothing keeps it from approving.
    pub(super) fn is_sound(&self, statement: &Statement<'_>) -> bool {
        statement.approves()
            && match self.obstacles.get(&statement.index) {
                Some(found) => found.is_empty(),
                None => self.find_obstacles(statement).is_empty(),
            }
    }

    fn find_obstacles(&self, statement: &Statement<'_>) -> Vec<Problem> {
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
        if self.unit.evidence.contains(&EvidenceKind::Findings) && !statement.entry.certificate.findings {
            problems.push(Problem::FindingsMissing);
        }
        let flaws = self.flaws(statement);
        problems.extend(flaws.into_iter().map(|flaw| Problem::Measured(Box::new(flaw))));
        let claim = self.case.wrong_claims.get(&statement.entry.certificate.path);
        if let Some(claim) = claim.filter(|_| self.unit.evidence.contains(&EvidenceKind::Claims)) {
            problems.push(Problem::WrongClaim(claim.clone()));
        }
        problems
    }

    /// What keeps the measurements of an approval from counting; one that adds none has a flaw, too.
    pub(super) fn flaws(&self, statement: &Statement<'_>) -> Vec<Flaw> {
        let measurements = &self.case.measurements;
        if !measurements.asked || !self.unit.asks_for_benchmarks() || !statement.approves() {
            return Vec::new();
        }
        match self.judged(statement) {
            Some(judged) => judged.flaws.clone(),
            None => {
                let text = match &statement.entry.certificate.benchmarks {
                    BenchmarksField::Absent => "it has no BENCHMARKS, and the policy asks for measurements",
                    BenchmarksField::Unreadable => "its BENCHMARKS cannot be read",
                    BenchmarksField::Present(_) => "its BENCHMARKS were not looked at",
                };
                vec![Flaw::new(FlawKind::Absent, text)]
            }
        }
    }

    /// What the measurements of an approval are worth towards the component.
    pub(super) fn judged(&self, statement: &Statement<'_>) -> Option<&'a Judged> {
        let key = (self.unit.id.clone(), statement.entry.certificate.path.clone());
        self.case.measurements.of.get(&key)
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
                    .any(|principal| is_address_of(author, principal))
        };
        let author = self.unit.authors.iter().find(signed)?;
        Some(Problem::NotIndependent(author.clone()))
    }

    /// Whether a principal had a hand in the change.
    pub(super) fn is_author(&self, principal: &str) -> bool {
        let own = |author: &String| author.eq_ignore_ascii_case(principal) || is_address_of(author, principal);
        self.unit.authors.iter().any(own)
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
                    Binding::Component => self.newest_and_fresh(statement).map(|()| Bound::Digest),
                    _ => Ok(Bound::Digest),
                },
                Some(state) if self.unit.clean_merge && file.merged_from.as_ref() == Some(state) => {
                    Ok(Bound::CleanMerge)
                }
                Some(_) => Err(Problem::Changed),
            },
            (SubjectField::Absent, Binding::Digest) => Err(Problem::NoSubject),
            (SubjectField::Absent, _) if self.case.terms.demands.signatures == Signatures::Required => {
                Err(Problem::NoSubject)
            }
            (SubjectField::Absent, Binding::History) => match statement.entry.carried.contains(&file.path) {
                true => Ok(Bound::History),
                false => Err(Problem::NotCarried),
            },
            (SubjectField::Absent, Binding::Component) => self.newest_and_fresh(statement).map(|()| Bound::Component),
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
        let cancelling =
            |other: &&Statement<'_>| !statement.follows(other) && !statement.lifts_by_name(other, &self.case.terms);
        for about in [None, Some(&file.path)] {
            let refusals = self
                .against
                .get(&(statement.agent(), about))
                .into_iter()
                .flatten()
                .copied();
            let mut later = refusals
                .take_while(|other| other.entry.place.landing() >= statement.entry.place.landing())
                .filter(|_| !statement.agent().is_empty());
            if let Some(refusal) = later.find(cancelling) {
                return Err(Problem::Cancelled(refusal.entry.label()));
            }
        }
        Ok(binding)
    }

    pub(super) fn wanted(&self, statement: &Statement<'_>) -> bool {
        self.unit.agents.is_empty() || self.unit.agents.iter().any(|agent| agent == statement.agent())
    }

    /// The approvals that count for a file under the policy's `require.agents`.
    pub(super) fn approvals(&self, file: &GatedPath) -> Vec<(&'a Statement<'a>, Bound)> {
        let counting = self.candidates(file).filter(|statement| self.wanted(statement));
        counting
            .filter_map(|statement| self.counts(statement, file).ok().map(|binding| (statement, binding)))
            .collect()
    }

    /// True for a refusal that does not end at content that it lists.
    fn is_wide(&self, refusal: &Statement<'_>) -> bool {
        refusal.class == Some(Class::Stop) || !matches!(refusal.entry.certificate.subject, SubjectField::Present(_))
    }

    /// Whether a refusal is about a file (`None`: about the component itself).
    fn concerns(&self, refusal: &Statement<'_>, file: Option<&GatedPath>) -> bool {
        match (&refusal.entry.certificate.subject, file) {
            _ if self.is_wide(refusal) => true,
            (SubjectField::Present(subject), Some(file)) => subject
                .state_of(&file.path)
                .is_some_and(|state| file.state.as_ref() == Some(state) || file.merged_from.as_ref() == Some(state)),
            (SubjectField::Present(_), None) => false,
            _ => true,
        }
    }

    /// Whether all of a refusal is lifted: when an approval landed, by name, or by an approval that is as wide.
    fn is_lifted(&self, refusal: &Statement<'_>) -> bool {
        if refusal.class == Some(Class::Stop) {
            return stop_is_lifted(refusal, self.statements.iter().copied(), &self.case.terms);
        }
        let landed = !refusal.lifts.is_empty();
        let mut named = refusal.superseded_by.iter().filter_map(|&at| self.all.get(at));
        landed
            || named.any(|by| self.is_sound(by) && by.lifts_by_name(refusal, &self.case.terms))
            || (self.is_wide(refusal)
                && self
                    .later(refusal, None)
                    .any(|approval| refusal.names.is_subset(&approval.names)))
    }

    pub(super) fn refusal_stands(&self, refusal: &Statement<'_>, file: Option<&GatedPath>) -> bool {
        if !self.concerns(refusal, file) || self.lifted.contains(&refusal.index) {
            return false;
        }
        if refusal.class == Some(Class::Stop) {
            return true;
        }
        match file {
            Some(file) => {
                let landed = self.landed.get(&(refusal.agent(), &file.path));
                let landed = landed.is_some_and(|approvals| approvals.iter().any(|approval| approval.follows(refusal)));
                !landed && self.later(refusal, Some(&file.path)).next().is_none()
            }
            None => !self.statements.iter().any(|approval| {
                approval.entry.origin == Origin::Added
                    && approval.same_agent(refusal)
                    && approval.follows(refusal)
                    && self.is_sound(approval)
            }),
        }
    }

    /// Whether nothing has made up for a certificate that nobody can read: an approval does that came in after it.
    pub(super) fn is_unanswered(&self, unreadable: &Statement<'_>) -> bool {
        unreadable.lifts.is_empty()
            && !self
                .statements
                .iter()
                .any(|approval| approval.may_approve() && approval.follows(unreadable))
    }

    /// What approvals of the change lift: refusals, and what nobody can read, completely, and what they count for.
    pub(super) fn lifts(&self) -> Lifted {
        let mut found = Lifted::default();
        let new: Vec<&Statement<'_>> = self
            .statements
            .iter()
            .copied()
            .filter(|statement| statement.entry.origin == Origin::Added && statement.approves())
            .collect();
        let counting: BTreeSet<usize> = new
            .iter()
            .filter(|approval| self.is_sound(approval) && self.refers(approval))
            .map(|approval| approval.index)
            .collect();
        // Newest first, as the statements are.
        let mut of_agent: BTreeMap<&str, Vec<&Statement<'_>>> = BTreeMap::new();
        for approval in new.iter().filter(|approval| counting.contains(&approval.index)) {
            of_agent.entry(approval.agent()).or_default().push(approval);
        }
        let mut answering: BTreeSet<&str> = BTreeSet::new();
        for refusal in &self.statements {
            if refusal.class.is_none() {
                let answer = new
                    .iter()
                    .find(|approval| approval.may_approve() && approval.follows(refusal));
                found
                    .whole
                    .extend(answer.map(|approval| (refusal.index, approval.index)));
            }
            if !refusal.refuses() {
                continue;
            }
            let named = refusal.superseded_by.iter().filter_map(|&at| self.all.get(at));
            let by_name = named
                .filter(|by| counting.contains(&by.index) && by.lifts_by_name(refusal, &self.case.terms))
                .map(|by| (refusal.index, by.index));
            found.whole.extend(by_name);
            let own = of_agent.get(refusal.agent()).filter(|_| !refusal.agent().is_empty());
            let Some(own) = own.filter(|own| own.iter().any(|approval| approval.follows(refusal))) else {
                continue;
            };
            answering.insert(refusal.agent());
            let as_wide = |approval: &&&Statement<'_>| {
                approval.follows(refusal) && approval.has_no_subject() && refusal.names.is_subset(&approval.names)
            };
            if self.is_wide(refusal) {
                let approval = own.iter().find(as_wide);
                found
                    .whole
                    .extend(approval.map(|approval| (refusal.index, approval.index)));
            }
        }
        for approval in answering.iter().filter_map(|agent| of_agent.get(agent)).flatten() {
            if let Some(extent) = self.extent(approval) {
                found.counting.insert((approval.index, self.unit.id.clone(), extent));
            }
        }
        found
    }

    /// What content an approval is bound to that lands with it, as the component binds.
    fn extent(&self, approval: &Statement<'_>) -> Option<Extent> {
        match (&approval.entry.certificate.subject, self.unit.binding) {
            (SubjectField::Present(_), _) => Some(Extent::Listed),
            (SubjectField::Unreadable, _) | (SubjectField::Absent, Binding::Digest) => None,
            _ if self.case.terms.demands.signatures == Signatures::Required => None,
            (SubjectField::Absent, Binding::History) => Some(Extent::Named),
            (SubjectField::Absent, Binding::Component) => {
                self.newest_and_fresh(approval).is_ok().then_some(Extent::All)
            }
        }
    }

    /// Where file references are asked for and no change is at hand: whether its EVIDENCE names, with lines, what it is about.
    fn refers(&self, approval: &Statement<'_>) -> bool {
        let certificate = &approval.entry.certificate;
        let mut cited = certificate
            .named
            .iter()
            .filter(|named| named.in_evidence && named.lines.is_some());
        !self.unit.evidence.contains(&EvidenceKind::FileReferences)
            || cited.any(|cited| match &certificate.subject {
                SubjectField::Present(subject) => subject.files.iter().any(|file| names(cited, &file.path)),
                _ => true,
            })
    }

    /// What a gated file lacks to be merged, refusals apart.
    pub(super) fn lacks<'f>(&self, file: &'f GatedPath) -> Vec<Lack<'f>> {
        self.lacks_with(file, &[])
    }

    /// The same where each of these agents has approved it, too.
    pub(super) fn lacks_with<'f>(&self, file: &'f GatedPath, more: &[&str]) -> Vec<Lack<'f>> {
        if file.bump.is_some() {
            return Vec::new();
        }
        let unit = self.unit;
        let terms = &self.case.terms;
        let need = unit.approvals.max(1) as usize;
        let reviewers: Vec<&Statement<'_>> = self
            .approvals(file)
            .into_iter()
            .map(|(statement, _)| statement)
            .collect();
        let counting = |agent: &&&str| unit.agents.is_empty() || unit.agents.iter().any(|name| name == **agent);
        let new: Vec<&str> = more.iter().filter(counting).copied().collect();
        let have = people::count_with(reviewers.iter().copied(), &new, terms);
        let mut lacks = Vec::new();
        if reviewers.is_empty() && new.is_empty() {
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
                .filter(|agent| !more.contains(&agent.as_str()) && by(agent).is_empty())
                .map(|agent| Lack::Handoff(agent)),
        );
        lacks.extend(file.owners.iter().filter_map(|owners| {
            let approving = owners.agents.iter().flat_map(|agent| by(agent));
            let new: Vec<&str> = more
                .iter()
                .copied()
                .filter(|name| owners.agents.iter().any(|own| own == name))
                .collect();
            let have = people::count_with(approving, &new, terms);
            // Nobody who is known is nobody who could have approved.
            (have < owners.approvals.max(1) as usize).then_some(Lack::Owners(owners))
        }));
        if !unit.authorizers.is_empty() {
            let authorizing: Vec<&Statement<'_>> = unit.authorizers.iter().flat_map(|agent| by(agent)).collect();
            let authorizes = |agent: &&&str| unit.authorizers.iter().any(|name| name == **agent);
            let mut all: Vec<&str> = more.iter().filter(authorizes).copied().collect();
            let nobody = authorizing.is_empty() && all.is_empty();
            all.extend(&new);
            let together = people::count_with(reviewers.iter().chain(&authorizing).copied(), &all, terms);
            // Beside the reviewers who are counted: one person more.
            if nobody || together <= have.min(need) {
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
    /// Owners of the file.
    Owners(&'a crate::policy::Owners),
    /// An authorization.
    Authorization,
}

/// For an unreadable certificate without a Component: whether its file name holds the component's id as an entire word.
fn file_name_tells(path: &RepoPath, unit: &ComponentCase) -> bool {
    let name = fold(&String::from_utf8_lossy(path.file_name()));
    unit.names
        .iter()
        .any(|id| format!("_{name}_").contains(&format!("_{id}_")))
}

/// Whether an author's address is a principal's: the same, or, of a principal that is no address, the part before the `@`.
fn is_address_of(author: &str, principal: &str) -> bool {
    let local = author.split_once('@').map_or(author, |(local, _)| local);
    let of = if principal.contains('@') { author } else { local };
    principal.eq_ignore_ascii_case(of)
}

impl Statement<'_> {
    /// True where it came in after another.
    pub(super) fn follows(&self, other: &Statement<'_>) -> bool {
        self.entry.place.follows(&other.entry.place)
    }

    /// True where it names another that came in before it, or with it.
    pub(super) fn answers(&self, other: &Statement<'_>) -> bool {
        let there = self.follows(other) || self.entry.place.is_with(&other.entry.place);
        there && self.entry.certificate.names(&other.entry.certificate)
    }

    /// True where it names `refusal` in `Supersedes` and its agent may lift it.
    pub(super) fn lifts_by_name(&self, refusal: &Statement<'_>, terms: &Terms) -> bool {
        self.answers(refusal)
            && refusal.shares_component(self)
            && (self.same_agent(refusal) || terms.may_lift.contains(self.agent()))
    }

    pub(super) fn same_agent(&self, other: &Statement<'_>) -> bool {
        !self.agent().is_empty() && self.agent() == other.agent()
    }
}

/// A stop covers everything: only an approval by name, or one by the same agent whose scope is as wide, lifts it.
pub(super) fn stop_is_lifted<'w>(
    stop: &Statement<'_>,
    mut statements: impl Iterator<Item = &'w Statement<'w>>,
    terms: &Terms,
) -> bool {
    !stop.lifts.is_empty() || statements.any(|approval| lifts_stop(approval, stop, terms))
}

/// Whether an approval lifts a stop.
pub(super) fn lifts_stop(approval: &Statement<'_>, stop: &Statement<'_>, terms: &Terms) -> bool {
    if !approval.may_approve() || !approval.open_conditions().is_empty() {
        return false;
    }
    let as_wide = match (&approval.entry.certificate.subject, &stop.entry.certificate.subject) {
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
    let same = approval.same_agent(stop)
        && approval.follows(stop)
        && as_wide
        && stop.names.is_subset(&approval.names)
        && !stop.names.is_empty();
    same || approval.lifts_by_name(stop, terms)
}
