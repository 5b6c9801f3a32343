//! Which approvals' evidence is looked at, and which benchmarks it must show.

use std::collections::{BTreeMap, BTreeSet};

use crate::certificate::{Certificate, Condition, DueCheck, SubjectField};
use crate::ledger::{Entry, Origin};
use crate::policy::{Binding, fold};
use crate::verdict::{Case, ComponentCase, Terms};

/// Whether an approval may count towards a component, as far as its class and what it covers tell.
pub(super) fn bears(entry: &Entry, unit: &ComponentCase, case: &Case) -> bool {
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
        (SubjectField::Absent, _) => !entry.carried.is_empty() || unit.binding == Binding::Component,
        (SubjectField::Unreadable, _) => false,
    }
}

pub(super) fn is_on(entry: &Entry, unit: &ComponentCase) -> bool {
    let mut names = entry.certificate.components.iter();
    names.any(|name| unit.names.contains(&fold(name)))
}

/// What the newest approval of the base with evidence showed on the component, by metric.
pub(super) fn shown_before(
    unit: &ComponentCase,
    ledger: &[Entry],
    terms: &Terms,
) -> BTreeMap<String, BTreeSet<String>> {
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

/// Whether a condition of it is on a metric.
pub(super) fn has_metric_condition(certificate: &Certificate) -> bool {
    let metric = |condition: &Condition| matches!(condition.due().map(|due| due.check), Some(DueCheck::Metric { .. }));
    certificate.is_checked_later() && certificate.conditions.iter().any(metric)
}
