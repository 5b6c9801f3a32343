//! The metrics that bound evidence shows, certificate by certificate, in the order of the ledger.

use serde::Serialize;

use super::bound::shown_at;
use super::undecided::Undecided;
use crate::change::Snapshot;
use crate::diagnostic::sanitize;
use crate::evidence::bound::{MeasuredLevel, Shown};
use crate::git::Repository;
use crate::ledger::{Entry, Origin};
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
    /// Whether the change adds it.
    #[serde(skip)]
    pub added: bool,
}

impl MetricSeries {
    /// The values alone.
    pub fn values(&self) -> Vec<Option<f64>> {
        self.points.iter().map(|point| Some(point.value)).collect()
    }
}

/// Adds what one approval shows at a level; a value that is not above zero has no place in a series.
pub(super) fn add(
    series: &mut Vec<MetricSeries>,
    component: &str,
    level: &MeasuredLevel,
    entry: &Entry,
    ratio: Option<f64>,
) {
    let Some(value) = level.centre().filter(|value| *value > 0.0 && value.is_finite()) else {
        return;
    };
    let point = SeriesPoint {
        certificate: sanitize(&entry.label()),
        value,
        ratio,
        added: entry.origin == Origin::Added,
    };
    let same = |one: &&mut MetricSeries| {
        let (benchmark, metric) = (&level.benchmark, &level.metric);
        one.component == component && one.benchmark == *benchmark && one.metric == *metric && one.unit == level.unit
    };
    match series.iter_mut().find(same) {
        Some(known) => known.points.push(point),
        None => series.push(MetricSeries {
            component: component.to_owned(),
            benchmark: level.benchmark.clone(),
            metric: level.metric.clone(),
            unit: level.unit.clone(),
            points: vec![point],
        }),
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
        for level in judged
            .levels
            .iter()
            .filter(|level| asked(&level.benchmark, &level.metric))
        {
            let same = |row: &&Shown| row.benchmark == level.benchmark && row.metric == level.metric;
            let ratio = judged.shown.iter().find(same).and_then(|row| row.ratio);
            ids.iter().for_each(|id| add(&mut series, id, level, entry, ratio));
        }
    }
    Ok(series)
}
