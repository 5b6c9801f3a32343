//! The smallest set of reviews that turns a change green: who approves what, by the same rules as the decision.
//!
//! A review is one certificate by one agent on whatever it is asked for. Every question is put to the decision's own rules, with the chosen
//! agents as if each had approved all that is gated, after everything else, naming what it may lift. More approvals never make it worse, so an
//! agent without whom all the others do not suffice is in every set; among the rest, sets are tried by size. Where there are too many to try, what
//! is left after taking away whoever is not needed is a set that suffices and of which nobody can be spared, and is said to be a bound.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::{Lack, Weighing, stop_is_lifted};
use super::statement::Statement;
use super::statements::statements;
use super::{Case, Finding, GatedPath, decide};
use crate::certificate::Class;
use crate::change::RepoPath;
use crate::ledger::Origin;
use crate::policy::Enforcement;
use crate::trust::Signatures;

/// How many files are looked at in all before the search ends.
const MOST_LOOKS: usize = 400_000;
/// What the names of agents begin with who may be anybody.
const ANYBODY: &str = "?";

/// What turns a change green.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// One for each agent; `None` where no reviews suffice.
    pub reviews: Option<Vec<Review>>,
    /// Whether no smaller number of reviews suffices.
    pub exact: bool,
    /// What no review makes good, by the index of the case: it comes first.
    pub first: Vec<(usize, Finding)>,
}

/// What one agent is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Review {
    /// Who; `None`: any agent that none of the other reviews is of.
    pub agent: Option<String>,
    /// What, by component. Of a component alone, without files, an approval that comes with the change is asked.
    pub components: BTreeMap<String, BTreeSet<RepoPath>>,
    /// What it has to name in `Supersedes`, as paths of the ledger.
    pub lifts: BTreeSet<RepoPath>,
}

/// What one agent's approval of all that is gated would still leave open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// The component.
    pub component: String,
    /// Whether the agent's approval counts towards what the policy asks of the component.
    pub counts: bool,
    /// Why it could not, where nobody who may speak for it is free to sign.
    pub not_free: bool,
    /// The files that stay open; the component itself has none.
    pub files: Vec<RepoPath>,
    /// True where something of the component stays open.
    pub open: bool,
    /// Refusals that it could not lift, as paths of the ledger.
    pub refusals: BTreeSet<RepoPath>,
}

/// Plans the reviews that make all of the cases pass.
pub(crate) fn plan(cases: &[&Case]) -> Plan {
    let first = cases.iter().enumerate().flat_map(|(at, case)| {
        let findings = decide(case).findings.into_iter();
        let blocking = findings.filter(|finding| finding.blocks() && !is_for_reviews(finding));
        let asked = blocking.filter(|finding| case.enforcement_of(finding.component()) != Enforcement::Off);
        asked.map(move |finding| (at, finding))
    });
    let first: Vec<(usize, Finding)> = first.collect();
    with_sites(cases, |sites, stops| {
        let all = candidates(sites, stops);
        let names: Vec<&str> = all.iter().map(String::as_str).collect();
        let (chosen, exact) = smallest((sites, stops), &names);
        Plan {
            reviews: chosen.map(|chosen| reviews((sites, stops), &chosen)),
            exact,
            first,
        }
    })
}

/// What is left open where one agent approves all that is gated.
pub(crate) fn left_by(cases: &[&Case], agent: &str) -> Vec<Left> {
    with_sites(cases, |sites, _| {
        let one = [agent];
        let left = sites.iter().map(|site| {
            let files = site.unit.files.iter();
            let open: Vec<RepoPath> = files
                .filter(|file| site.is_open(Some(file), &one))
                .map(|file| file.path.clone())
                .collect();
            let refusals = site.standing().filter(|refusal| !site.would_lift(agent, refusal));
            let unit = site.unit;
            let asked = site.is_wanted(agent)
                || unit.authorizers.iter().any(|name| name == agent)
                || unit.files.iter().any(|file| {
                    let owns = || {
                        file.owners
                            .iter()
                            .any(|owners| owners.agents.iter().any(|name| name == agent))
                    };
                    file.handoff.iter().any(|name| name == agent) || owns()
                });
            Left {
                component: unit.id.clone(),
                counts: asked,
                not_free: !site.is_free(agent),
                open: !open.is_empty() || site.is_open(None, &one),
                files: open,
                refusals: refusals.map(|refusal| refusal.entry.certificate.path.clone()).collect(),
            }
        });
        left.collect()
    })
}

/// Whether a finding is one that approvals answer.
pub(super) fn is_for_reviews(finding: &Finding) -> bool {
    // Where no owner is known, no review helps.
    matches!(finding, Finding::Unowned { owners, .. } if !owners.agents.is_empty())
        || matches!(
            finding,
            Finding::Stopped { .. }
                | Finding::Refused { .. }
                | Finding::NewestInvalid { .. }
                | Finding::Changed { .. }
                | Finding::Uncovered { .. }
                | Finding::TooFew { .. }
                | Finding::Handoff { .. }
                | Finding::Unauthorized { .. }
                | Finding::Announced { .. }
                | Finding::BypassOverdue { .. }
        )
}

/// Weighs every component that is enforced, and asks about all of them.
fn with_sites<T>(cases: &[&Case], ask: impl FnOnce(&[Weighing<'_>], &[Stop<'_>]) -> T) -> T {
    let read: Vec<(&Case, Vec<Statement<'_>>)> = cases.iter().map(|case| (*case, statements(case))).collect();
    let (mut sites, mut stops) = (Vec::new(), Vec::new());
    for (case, statements) in read.iter().filter(|(case, _)| !case.only_certificates) {
        let all = |stop: &&Statement<'_>| stop.class == Some(Class::Stop) && !case.terms.stop_is_per_component;
        let standing = statements.iter().filter(all);
        let standing = standing.filter(|stop| !stop_is_lifted(stop, statements.iter(), &case.terms));
        let asked = case.enforcement_of(None) != Enforcement::Off;
        stops.extend(standing.filter(|_| asked).map(|refusal| Stop { case, refusal }));
        let enforced = case
            .gated
            .iter()
            .filter(|unit| case.enforcement_of(Some(&unit.id)) != Enforcement::Off);
        sites.extend(enforced.map(|unit| Weighing::new(unit, statements, case)));
    }
    ask(&sites, &stops)
}

/// What a set of agents is asked about: components, and what stops everything.
type Asked<'s, 'c> = (&'s [Weighing<'c>], &'s [Stop<'c>]);

/// An emergency stop that stops everything, whatever it is on.
struct Stop<'c> {
    case: &'c Case,
    refusal: &'c Statement<'c>,
}

impl Stop<'_> {
    fn is_lifted_by(&self, agent: &str) -> bool {
        let terms = &self.case.terms;
        let speaks = terms.demands.signatures != Signatures::Required || !terms.demands.named(agent).is_empty();
        let may = agent == self.refusal.agent() || terms.may_lift.contains(agent);
        !agent.is_empty() && may && speaks
    }
}

/// Everybody whose approval could be of use.
fn candidates(sites: &[Weighing<'_>], stops: &[Stop<'_>]) -> Vec<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for stop in stops {
        names.extend(stop.case.terms.may_lift.iter().cloned());
        names.insert(stop.refusal.agent().to_owned());
    }
    let mut anybody = 0;
    for site in sites {
        let (unit, terms) = (site.unit, &site.case.terms);
        names.extend(unit.agents.iter().chain(&unit.authorizers).cloned());
        names.extend(unit.files.iter().flat_map(|file| &file.handoff).cloned());
        let owners = unit.files.iter().flat_map(|file| &file.owners);
        names.extend(owners.flat_map(|owners| owners.agents.iter().cloned()));
        for refusal in site.standing() {
            names.extend(terms.may_lift.iter().cloned());
            names.insert(refusal.agent().to_owned());
        }
        match terms.demands.signatures {
            Signatures::Required => names.extend(terms.demands.speakers.keys().cloned()),
            _ if unit.agents.is_empty() => anybody = anybody.max(unit.approvals.max(1)),
            _ => {}
        }
    }
    // An overdue follow-up wants another agent than the one that let itself through.
    if sites.iter().any(|site| !site.overdue().is_empty()) {
        anybody = anybody.max(1);
    }
    names.remove("");
    names.extend((1..=anybody).map(|number| format!("{ANYBODY}{number}")));
    names.into_iter().collect()
}

/// Whether these agents' approvals leave nothing open.
fn suffices((sites, stops): Asked<'_, '_>, chosen: &[&str]) -> bool {
    stops
        .iter()
        .all(|stop| chosen.iter().any(|name| stop.is_lifted_by(name)))
        && sites.iter().all(|site| {
            let mut files = site.unit.files.iter();
            files.all(|file| !site.is_open(Some(file), chosen)) && !site.is_open(None, chosen)
        })
}

/// The smallest set that suffices, and whether none is smaller.
fn smallest<'n>(sites: Asked<'_, '_>, all: &[&'n str]) -> (Option<Vec<&'n str>>, bool) {
    if !suffices(sites, all) {
        return (None, true);
    }
    let without = |one: &str| all.iter().copied().filter(|name| *name != one).collect::<Vec<_>>();
    let (needed, rest): (Vec<&str>, Vec<&str>) = all.iter().partition(|name| !suffices(sites, &without(name)));
    let files: usize = sites.0.iter().map(|site| site.unit.files.len() + 1).sum();
    let mut looks = MOST_LOOKS / files.max(1);
    for more in 0..=rest.len() {
        let mut chosen = needed.clone();
        match search(sites, &rest, more, &mut chosen, &mut looks) {
            Some(true) => return (Some(chosen), true),
            Some(false) => {}
            None => break,
        }
    }
    let mut chosen = all.to_vec();
    for name in rest {
        let fewer: Vec<&str> = chosen.iter().copied().filter(|other| *other != name).collect();
        if suffices(sites, &fewer) {
            chosen = fewer;
        }
    }
    (Some(chosen), false)
}

/// Tries all ways to choose `more` of `rest`; `None` where there are too many.
fn search<'n>(
    sites: Asked<'_, '_>,
    rest: &[&'n str],
    more: usize,
    chosen: &mut Vec<&'n str>,
    looks: &mut usize,
) -> Option<bool> {
    if more == 0 {
        *looks = looks.checked_sub(1)?;
        return Some(suffices(sites, chosen));
    }
    for (at, name) in rest.iter().enumerate() {
        chosen.push(name);
        let later = rest.get(at + 1..).unwrap_or_default();
        if later.len() + 1 >= more && search(sites, later, more - 1, chosen, looks)? {
            return Some(true);
        }
        chosen.pop();
    }
    Some(false)
}

/// What each of the chosen is asked for: of each file, no more of them than it needs.
fn reviews((sites, stops): Asked<'_, '_>, chosen: &[&str]) -> Vec<Review> {
    let mut asked: BTreeMap<&str, Review> = BTreeMap::new();
    for &name in chosen {
        let review = Review {
            agent: (!name.starts_with(ANYBODY)).then(|| name.to_owned()),
            components: BTreeMap::new(),
            lifts: BTreeSet::new(),
        };
        asked.insert(name, review);
    }
    for stop in stops {
        let mut able = chosen.iter().filter(|name| stop.is_lifted_by(name));
        // Its own agent before others who may.
        let own = able.clone().find(|name| **name == stop.refusal.agent());
        let Some(review) = own.or_else(|| able.next()).and_then(|name| asked.get_mut(*name)) else {
            continue;
        };
        for name in &stop.refusal.names {
            review.components.entry(name.clone()).or_default();
        }
        review.lifts.insert(stop.refusal.entry.certificate.path.clone());
    }
    for site in sites {
        let things = site.unit.files.iter().map(Some).chain([None]);
        for thing in things.filter(|thing| site.is_open(*thing, &[])) {
            let mut needed = chosen.to_vec();
            for &name in chosen.iter().rev() {
                let fewer: Vec<&str> = needed.iter().copied().filter(|other| *other != name).collect();
                if !site.is_open(thing, &fewer) {
                    needed = fewer;
                }
            }
            for name in needed {
                let Some(review) = asked.get_mut(name) else { continue };
                let files = review.components.entry(site.unit.id.clone()).or_default();
                files.extend(thing.map(|file| file.path.clone()));
                let standing = site.standing().filter(|refusal| site.would_lift(name, refusal));
                review
                    .lifts
                    .extend(standing.map(|refusal| refusal.entry.certificate.path.clone()));
            }
        }
    }
    let mut reviews: Vec<Review> = asked.into_values().collect();
    // What lifts a refusal needs the longest talk.
    reviews.sort_by_key(|review| review.lifts.is_empty());
    reviews
}

impl<'a> Weighing<'a> {
    /// Whether a file (`None`: the component itself) lacks something where these agents approve, too.
    fn is_open(&self, file: Option<&GatedPath>, chosen: &[&str]) -> bool {
        let free: Vec<&str> = chosen.iter().copied().filter(|name| self.is_free(name)).collect();
        let refused = self.refusing.iter().any(|refusal| {
            let about_it = file.is_some() || !self.unit.messages.is_empty();
            about_it && self.refusal_stands(refusal, file) && !free.iter().any(|name| self.would_lift(name, refusal))
        });
        if refused {
            return true;
        }
        match file {
            Some(file) => {
                let lacks = self.lacks_with(file, &free);
                // Where no owner is known, no review helps: that comes first.
                let unknown = |lack: &Lack<'_>| matches!(lack, Lack::Owners(owners) if owners.agents.is_empty());
                !lacks.iter().all(unknown) && self.bypass_of(file).is_none()
            }
            None => {
                let announced = self.announced_without_certificate() && !free.iter().any(|name| self.is_wanted(name));
                let mut unreadable = self.statements.iter().filter(|other| {
                    other.class.is_none() && other.entry.origin == Origin::Base && self.is_unanswered(other)
                });
                let overdue = self.overdue().into_iter().any(|index| {
                    let bypass = self.all.iter().find(|statement| statement.index == index);
                    let settles =
                        |name: &&&str| bypass.is_some_and(|bypass| bypass.agent() != **name && self.is_wanted(name));
                    free.iter().find(settles).is_none()
                });
                announced || (unreadable.next().is_some() && free.is_empty()) || overdue
            }
        }
    }

    /// The refusals that are over something of the component.
    fn standing(&self) -> impl Iterator<Item = &'a Statement<'a>> + '_ {
        let stands = |refusal: &&'a Statement<'a>| {
            let mut files = self.unit.files.iter();
            files.any(|file| self.refusal_stands(refusal, Some(file)))
                || (!self.unit.messages.is_empty() && self.refusal_stands(refusal, None))
        };
        self.refusing.iter().copied().filter(stands)
    }

    /// Whether an agent's new approval, which names a refusal, lifts it.
    fn would_lift(&self, agent: &str, refusal: &Statement<'_>) -> bool {
        (!agent.is_empty() && agent == refusal.agent()) || self.case.terms.may_lift.contains(agent)
    }

    fn is_wanted(&self, agent: &str) -> bool {
        self.unit.agents.is_empty() || self.unit.agents.iter().any(|name| name == agent)
    }

    /// Whether somebody may sign for the agent who had no hand in the change.
    fn is_free(&self, agent: &str) -> bool {
        let terms = &self.case.terms;
        let named = terms.demands.named(agent);
        if named.is_empty() {
            return terms.demands.signatures != Signatures::Required;
        }
        !terms.independence || named.iter().any(|principal| !self.is_author(principal))
    }
}
