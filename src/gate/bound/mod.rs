//! Evidence that is bound to certificates, as a repository has it: which files of a change are evidence, what became of those of the base,
//! and what that of each approval is worth. What is computed from the content is for [`crate::evidence::bound`] to say.

mod bearing;
mod change;
mod demands;
mod found;
mod reuse;
mod weigh;

use std::collections::BTreeMap;

use bearing::{bears, has_metric_condition, is_on, shown_before};
use found::Found;
use reuse::Reuse;
use weigh::Weigh;

use super::cases::terms_of;
use super::in_force::InForce;
use super::past::of_ledger;
use super::question::Question;
use super::undecided::Undecided;
use crate::certificate::{Benchmarks, Certificate, evidence_of};
use crate::change::{RepoPath, Snapshot};
use crate::evidence::bound::{self, BoundContent, BoundRuns, Judged};
use crate::git::Repository;
use crate::ledger::Entry;
use crate::policy::Policy;
use crate::trust::Keyring;
use crate::verdict::{Case, ComponentCase, Destination, OpenCondition, open_conditions};

pub(super) use change::{OfChange, of_change};
pub(crate) use demands::demands;

/// What each approval on a component that asks for benchmarks is worth. Nothing is read of what no approval needs.
pub(in crate::gate) fn note(
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
        let mut reuse = Reuse::new(repository, &question.change.head, &unit.budgets, &case.ledger);
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
            let judged = weigh.judge(&mut reuse, &before, case.now)?;
            of.insert((unit.id.clone(), entry.certificate.path.clone()), judged);
        }
    }
    case.measurements.of = of;
    Ok(())
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

/// The runs behind a certificate's table, and what the candidate was measured to be; `None` where it has none.
pub(super) fn runs_at(
    repository: &Repository,
    at: &Snapshot,
    certificate: &Certificate,
) -> Result<Option<BoundRuns>, Undecided> {
    let Some(block) = certificate.benchmarks.present() else {
        return Ok(None);
    };
    Ok(Some(bound::runs(block, &contents(repository, at, block)?)))
}

fn contents(repository: &Repository, at: &Snapshot, block: &Benchmarks) -> Result<Vec<BoundContent>, Undecided> {
    let files = block.files.iter();
    files
        .map(|file| Found::look(repository, at, file)?.read(repository))
        .collect()
}

/// What a certificate's files show at a snapshot, by its table's terms; `None` where it has none.
pub(crate) fn shown_at(
    repository: &Repository,
    policy: &Policy,
    at: &Snapshot,
    certificate: &Certificate,
) -> Result<Option<Judged>, Undecided> {
    let Some(block) = certificate.benchmarks.present() else {
        return Ok(None);
    };
    let contents = contents(repository, at, block)?;
    let place = |path: &RepoPath| evidence_of(path).iter().any(|path| policy.is_certificate(path));
    Ok(Some(bound::judge(block, &contents, &[], &place)))
}
