//! What holds for the values of every format: which are no measurements, whether a summary follows, and that a name means one thing.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::measurement::{Measurement, median};

/// The tolerance within which a summary must follow from raw values.
pub(super) const TOLERANCE: f64 = 1e-9;

/// Why the values are no times, if they are not.
pub(super) fn time_fault(values: &[f64]) -> Option<&'static str> {
    if values.iter().any(|value| !value.is_finite() || *value < 0.0) {
        return Some("negative or not finite time");
    }
    values.contains(&0.0).then_some("zero time: below the resolution")
}

/// Why the values are no counts or rates, if they are not.
pub(super) fn count_fault(values: &[f64]) -> Option<&'static str> {
    let wrong = values.iter().any(|value| !value.is_finite() || *value < 0.0);
    wrong.then_some("negative or not finite value")
}

/// Why a summary's centre is no time, if it is not.
pub(super) fn summary_time_fault(value: f64) -> Option<&'static str> {
    match time_fault(&[value])? {
        fault if value == 0.0 && !fault.is_empty() => Some("zero time"),
        fault => Some(fault),
    }
}

/// What a file states of its raw values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stated {
    pub(super) median: Option<f64>,
    pub(super) mean: Option<f64>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

impl Stated {
    /// Whether all that is stated follows from the values.
    pub(super) fn follows_from(&self, values: &[f64], tolerance: f64) -> bool {
        let least = values.iter().copied().reduce(f64::min);
        let most = values.iter().copied().reduce(f64::max);
        let pairs = [
            (self.median, median(values)),
            (self.mean, mean(values)),
            (self.min, least),
            (self.max, most),
        ];
        pairs.into_iter().all(|pair| match pair {
            (None, _) => true,
            (Some(stated), Some(computed)) => near(stated, computed, tolerance),
            (Some(_), None) => false,
        })
    }
}

/// The mean; None where there are no values.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Whether two numbers are the same within a relative tolerance.
pub(super) fn near(a: f64, b: f64, tolerance: f64) -> bool {
    a == b || (a - b).abs() <= tolerance * a.abs().max(b.abs())
}

/// Makes every name mean one thing. A benchmark that is refused as a whole has that one row; a metric that appears twice refuses the
/// benchmark, since nobody can say which of the two is meant.
pub(super) fn settle(rows: Vec<Measurement>) -> Vec<Measurement> {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in &rows {
        *seen.entry((row.benchmark.clone(), row.metric.clone())).or_default() += 1;
    }
    let repeated: BTreeMap<String, usize> = seen
        .iter()
        .filter(|(_, count)| **count > 1)
        .map(|((benchmark, _), count)| (benchmark.clone(), *count))
        .collect();
    let refused: BTreeSet<String> = seen
        .into_keys()
        .filter(|(_, metric)| metric == "*")
        .map(|(benchmark, _)| benchmark)
        .collect();
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut settled = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(count) = repeated.get(&row.benchmark) {
            if told.insert(row.benchmark.clone()) {
                let reason = format!("ambiguous: the name appears {count} times");
                settled.push(Measurement::invalid(row.benchmark, "*", reason));
            }
        } else if !refused.contains(&row.benchmark) || row.metric == "*" {
            settled.push(row);
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::measurement::{Direction, Identity};

    #[test]
    fn a_time_is_positive_and_finite() {
        assert_eq!(time_fault(&[1.0, 0.0]), Some("zero time: below the resolution"));
        assert_eq!(time_fault(&[1.0, -1.0, 0.0]), Some("negative or not finite time"));
        assert_eq!(time_fault(&[f64::NAN]), Some("negative or not finite time"));
        assert_eq!(time_fault(&[1.0]), None);
        assert_eq!(summary_time_fault(0.0), Some("zero time"));
        assert_eq!(count_fault(&[0.0]), None);
        assert!(count_fault(&[f64::INFINITY]).is_some());
    }

    #[test]
    fn a_summary_follows_or_not() {
        let stated = |median| Stated {
            median: Some(median),
            ..Stated::default()
        };
        assert!(stated(2.0).follows_from(&[1.0, 2.0, 4.0], TOLERANCE));
        assert!(!stated(2.000_001).follows_from(&[1.0, 2.0, 4.0], TOLERANCE));
        assert!(!stated(f64::NAN).follows_from(&[1.0], TOLERANCE));
        assert!(!stated(1.0).follows_from(&[], TOLERANCE));
    }

    #[test]
    fn a_name_that_appears_twice_is_refused_once() {
        let row = |name: &str| Measurement::bare(Identity::new(name, "time", "s", Direction::Lower), 1.0, 0);
        let settled = settle(vec![row("a"), row("b"), row("a")]);
        let reasons: Vec<_> = settled.iter().map(|row| row.kind.refusal()).collect();
        assert_eq!(reasons, [Some("ambiguous: the name appears 2 times"), None]);
        let settled = settle(vec![row("a"), Measurement::invalid("a", "*", "failed")]);
        assert_eq!(settled.len(), 1);
    }
}
