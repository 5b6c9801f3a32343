//! What can be said of a certificate apart from any gated component: its class, its flaws, what it supersedes, what comes after what.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Case, Finding, Problem, Terms};
use crate::certificate::{CLOCK_SKEW, Class, Status, SubjectField};
use crate::change::RepoPath;
use crate::ledger::{Entry, Origin};
use crate::policy::fold;
use crate::trust::HashCheck;

/// An entry of the ledger that is not history, with what can be said of it apart from any component.
pub(super) struct Word<'a> {
    pub(super) index: usize,
    pub(super) entry: &'a Entry,
    /// `None` where no decision can be read.
    pub(super) class: Option<Class>,
    /// Canonical names of its components: ids of the policy, or else the folded name.
    pub(super) names: BTreeSet<String>,
    /// Why it could not approve anything, whatever it covers.
    pub(super) flaws: Vec<Problem>,
    /// Positions, among the words, of those that name it in `Supersedes` and share a component with it. Any readable certificate may
    /// supersede an approval: that can only make the verdict stricter.
    pub(super) superseded_by: Vec<usize>,
}

/// Drops history; what the change adds is never history for a refusal.
pub(super) fn words(case: &Case) -> Vec<Word<'_>> {
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
            let mut flaws = flaws(entry, &case.terms, case.now);
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

fn flaws(entry: &Entry, terms: &Terms, now: Timestamp) -> Vec<Problem> {
    let certificate = &entry.certificate;
    let latest = now.saturating_add(CLOCK_SKEW).unwrap_or(now);
    let checks = [
        (certificate.status.is_none(), Problem::Invalid),
        (certificate.components.is_empty(), Problem::NoComponent),
        (certificate.agent.is_none(), Problem::NoAgent),
        (
            certificate.status == Some(Status::ConditionallyApproved) && certificate.conditions.is_empty(),
            Problem::NoConditions,
        ),
        (certificate.placeholders, Problem::Placeholder),
        (certificate.date.is_none(), Problem::Undated),
        (certificate.date.is_some_and(|date| date > latest), Problem::Future),
        (entry.hash == HashCheck::Mismatch, Problem::HashMismatch),
        (
            certificate.subject == SubjectField::Unreadable,
            Problem::SubjectUnreadable,
        ),
    ];
    let own = checks
        .into_iter()
        .filter_map(|(holds, problem)| holds.then_some(problem));
    let doubt = terms.demands.doubt(certificate, &entry.signature).map(Problem::Doubt);
    let elsewhere = match (&certificate.subject, &terms.target) {
        (SubjectField::Present(subject), Some(target))
            if !subject.targets.is_empty() && !super::bypass::is_for(&subject.targets, target) =>
        {
            Some(Problem::OtherTarget(subject.targets.join(", ")))
        }
        _ => None,
    };
    own.chain(doubt).chain(elsewhere).collect()
}

impl Word<'_> {
    /// True where it may count as an approval, as far as that can be told without a component.
    pub(super) fn may_approve(&self) -> bool {
        self.class.is_some_and(Class::approves) && self.flaws.is_empty() && self.superseded_by.is_empty()
    }

    pub(super) fn agent(&self) -> &str {
        self.entry.certificate.agent.as_deref().unwrap_or_default()
    }

    /// True where it is on the component and not on listed content.
    pub(super) fn has_no_subject(&self) -> bool {
        self.entry.certificate.subject == SubjectField::Absent
    }

    pub(super) fn approves(&self) -> bool {
        self.class.is_some_and(Class::approves)
    }

    pub(super) fn refuses(&self) -> bool {
        self.class.is_some_and(Class::refuses)
    }

    /// A refusal that names no component can be superseded by a certificate on any.
    pub(super) fn shares_component(&self, other: &Word<'_>) -> bool {
        self.names.is_empty() || !self.names.is_disjoint(&other.names)
    }

    pub(super) fn open_conditions(&self) -> Vec<String> {
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
    pub(super) fn lifts_by_name(&self, refusal: &Word<'_>, terms: &Terms) -> bool {
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

    pub(super) fn same_agent(&self, other: &Word<'_>) -> bool {
        !self.agent().is_empty() && self.agent() == other.agent()
    }

    /// True where it is not older than `other`: for an explicit supersession.
    pub(super) fn not_before(&self, other: &Word<'_>) -> bool {
        let follows = !(self.entry.origin == Origin::Base && other.entry.origin == Origin::Added);
        follows
            && match (self.entry.certificate.date, other.entry.moment()) {
                (Some(own), Some(others)) => own >= others,
                (Some(_), None) => true,
                (None, _) => false,
            }
    }

    /// True where it is later than `other`; a tie is not later.
    pub(super) fn after(&self, other: &Word<'_>) -> bool {
        self.not_before(other)
            && self.entry.certificate.date.is_some()
            && self.entry.certificate.date > other.entry.moment()
            && other.entry.moment().is_some()
    }

    /// What is wrong with an added certificate whatever is gated.
    pub(super) fn findings_of_its_own(&self, case: &Case, words: &[Word<'_>]) -> Vec<Finding> {
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
pub(super) fn stop_is_lifted<'w>(
    stop: &Word<'_>,
    mut words: impl Iterator<Item = &'w Word<'w>>,
    terms: &Terms,
) -> bool {
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
