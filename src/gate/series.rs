//! The metrics that bound evidence shows, certificate by certificate, in the order of the ledger.

use serde::Serialize;

use super::bound::shown_at;
use super::undecided::Undecided;
use crate::change::Snapshot;
use crate::diagnostic::sanitize;
use crate::evidence::bound::Shown;
use crate::git::Repository;
use crate::ledger::Entry;
use crate::policy::{Component, Policy};

/// One metric of one benchmark, certificate by certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSeries {
    /// The component.
    pub component: String,
    /// Which benchmark.
    pub benchmark: String,
    /// Which metric.
    pub metric: String,
    /// The unit, as the files state it.
    pub unit: String,
    /// What each certificate shows, the oldest first.
    pub points: Vec<SeriesPoint>,
}

/// What one certificate shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeriesPoint {
    /// Its id, or its path.
    pub certificate: String,
    /// The centre of the candidate's runs.
    pub value: f64,
    /// Candidate over baseline, as the table says.
    pub ratio: Option<f64>,
}

impl MetricSeries {
    /// The values alone.
    pub fn values(&self) -> Vec<Option<f64>> {
        self.points.iter().map(|point| Some(point.value)).collect()
    }

    fn is_of(&self, other: &Self) -> bool {
        self.component == other.component
            && self.benchmark == other.benchmark
            && self.metric == other.metric
            && self.unit == other.unit
    }
}

/// The series of a ledger that comes newest first, of the components and the pairs of benchmark and metric that are asked for.
///
/// # Errors
///
/// Evidence that cannot be read.
pub(crate) fn metric_series(
    repository: &Repository,
    policy: &Policy,
    tip: &Snapshot,
    entries: &[Entry],
    of_component: &dyn Fn(&Component) -> bool,
    asked: &dyn Fn(&str, &str) -> bool,
) -> Result<Vec<MetricSeries>, Undecided> {
    let mut series: Vec<MetricSeries> = Vec::new();
    for entry in entries.iter().rev().filter(|entry| entry.certificate.approves()) {
        let certificate = &entry.certificate;
        let named = certificate.components.iter();
        let known = named.filter_map(|name| policy.component_named(name));
        let ids: Vec<&str> = known
            .filter(|component| of_component(component))
            .map(|component| component.id.as_str())
            .collect();
        if ids.is_empty() {
            continue;
        }
        let Some(judged) = shown_at(repository, policy, tip, certificate)? else {
            continue;
        };
        for level in &judged.levels {
            let wanted = asked(&level.benchmark, &level.metric);
            let Some(value) = level.centre().filter(|value| wanted && *value > 0.0) else {
                continue;
            };
            let same = |row: &&Shown| row.benchmark == level.benchmark && row.metric == level.metric;
            let point = SeriesPoint {
                certificate: sanitize(&entry.label()),
                value,
                ratio: judged.shown.iter().find(same).and_then(|row| row.ratio),
            };
            for id in &ids {
                let one = MetricSeries {
                    component: (*id).to_owned(),
                    benchmark: level.benchmark.clone(),
                    metric: level.metric.clone(),
                    unit: level.unit.clone(),
                    points: vec![point.clone()],
                };
                match series.iter_mut().find(|known| known.is_of(&one)) {
                    Some(known) => known.points.extend(one.points),
                    None => series.push(one),
                }
            }
        }
    }
    Ok(series)
}
