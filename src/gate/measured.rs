//! The measurements behind a judgement, for whoever draws them: the runs of the evidence that it shows, and what was measured before.

use std::collections::BTreeMap;

use super::bound::runs_at;
use super::series::{MetricSeries, add};
use crate::certificate::Class;
use crate::change::Snapshot;
use crate::evidence::bound::BoundRuns;
use crate::git::Repository;
use crate::ledger::Entry;
use crate::verdict::Decision;

/// Most certificates of a component whose evidence is read, the newest first.
const READ: usize = 120;

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// What the files of each certificate hold, by its index in the ledger.
    pub(crate) runs: BTreeMap<usize, BoundRuns>,
    /// The metrics of each component over its approvals, by its id.
    pub(crate) series: BTreeMap<String, Vec<MetricSeries>>,
}

/// The measurements behind a decision on this ledger, as far as their files can be read at a snapshot.
pub(super) fn measured(repository: &Repository, head: &Snapshot, decision: &Decision, ledger: &[Entry]) -> Measured {
    let mut measured = Measured::default();
    for component in &decision.components {
        let approvals = component
            .certificates
            .iter()
            .filter(|one| one.class.is_some_and(Class::approves));
        let mut approvals: Vec<usize> = approvals
            .map(|one| one.entry)
            .filter(|&at| {
                let entry = ledger.get(at);
                entry.is_some_and(|entry| entry.certificate.benchmarks.present().is_some())
            })
            .collect();
        let place = |at: usize| ledger.get(at).map(|entry| entry.place.key());
        approvals.sort_by_key(|&at| std::cmp::Reverse(place(at)));
        approvals.truncate(READ);
        approvals.reverse();
        let mut series: Vec<MetricSeries> = Vec::new();
        for at in approvals {
            let Some(entry) = ledger.get(at) else {
                continue;
            };
            let found = measured.runs.entry(at).or_insert_with(|| {
                let read = runs_at(repository, head, &entry.certificate);
                read.ok().flatten().unwrap_or_default()
            });
            for level in &found.levels {
                add(&mut series, &component.id, level, entry, None);
            }
        }
        measured.series.insert(component.id.clone(), series);
    }
    measured
}
