//! Where the level of a series of measurements changed: penalised least absolute deviations.
//!
//! The series is cut into pieces of at least four values, so that the distances of the logarithms to the median of their piece, and a
//! penalty for each cut, are least in sum. Medians make single slow measurements harmless; the penalty grows with the noise of the series
//! and, in a second pass, with how much that noise follows itself. A cut whose step is below half of a budget of five percent is dropped.

use std::collections::BinaryHeap;

use super::measurement::median;

/// The least number of values that are searched.
const ENOUGH: usize = 8;
/// The least number of values between two change points.
const PIECE: usize = 4;
/// The most values that are searched: time grows with their square.
pub const MOST: usize = 10_000;
/// Below this noise a series is taken for one whose clock is coarse.
const FLOOR: f64 = 0.002;
/// From a median of distances to a standard deviation.
const MAD: f64 = 1.4826;
/// The smallest step that is kept.
const STEP: f64 = 1.025;

/// Why a series has no trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrendError {
    /// The value at this index, counted from 0, cannot be a measurement.
    #[error("the value at index {0} is not above zero")]
    NotAboveZero(usize),
    /// More values than [`MOST`].
    #[error("{0} values are more than {MOST}")]
    TooMany(usize),
}

/// Where a new level begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangePoint {
    /// The first value of the new level: its index in the series, counted from 0, missing values included.
    pub index: usize,
    /// The new level against the one before: 0.1 is ten percent more.
    pub step: f64,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// How many values there are, without those that are missing.
    pub count: usize,
    /// In order.
    pub change_points: Vec<ChangePoint>,
    /// The median of each piece: one more than change points, none for an empty series.
    pub levels: Vec<f64>,
    /// How it was found. None where there are too few values to search.
    pub search: Option<Search>,
}

/// The figures on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// The noise, from the differences of neighbours.
    pub scale: f64,
    /// Indices of change points by that noise.
    pub first_pass: Vec<usize>,
    /// How much the noise follows itself, 0 to 0.8.
    pub rho: f64,
    /// The noise with that taken into account.
    pub scale2: f64,
    /// What a change point costs.
    pub penalty: f64,
    /// Indices of change points by that penalty, small steps included.
    pub second_pass: Vec<usize>,
    /// What was least: the sum of distances and penalties.
    pub cost: f64,
}

/// Finds the change points of a series in which values may be missing.
pub fn trend(series: &[Option<f64>]) -> Result<Trend, TrendError> {
    let mut places = Vec::new();
    let mut logs = Vec::new();
    for (index, value) in series.iter().enumerate() {
        let Some(value) = value else { continue };
        if !(value.is_finite() && *value > 0.0) {
            return Err(TrendError::NotAboveZero(index));
        }
        places.push(index);
        logs.push(value.ln());
    }
    if logs.len() > MOST {
        return Err(TrendError::TooMany(logs.len()));
    }
    if logs.len() < ENOUGH {
        return Ok(Trend {
            count: logs.len(),
            change_points: Vec::new(),
            levels: median(&logs).map(f64::exp).into_iter().collect(),
            search: None,
        });
    }
    let place = |at: usize| places.get(at).copied().unwrap_or_default();
    let indices = |cuts: &[usize]| cuts.iter().map(|at| place(*at)).collect::<Vec<_>>();

    let scale = scale(&logs);
    let first = partition(&logs, penalty(logs.len(), scale));
    let (rho, scale2) = following(&logs, &first.cuts, scale);
    let penalty = penalty(logs.len(), scale2);
    let second = partition(&logs, penalty);
    let (cuts, medians) = without_small_steps(&logs, second.cuts.clone());
    let steps = medians.iter().zip(medians.iter().skip(1));
    Ok(Trend {
        count: logs.len(),
        change_points: cuts
            .iter()
            .zip(steps)
            .map(|(at, (before, after))| ChangePoint {
                index: place(*at),
                step: (after - before).exp() - 1.0,
            })
            .collect(),
        levels: medians.iter().map(|level| level.exp()).collect(),
        search: Some(Search {
            scale,
            first_pass: indices(&first.cuts),
            rho,
            scale2,
            penalty,
            second_pass: indices(&second.cuts),
            cost: second.cost,
        }),
    })
}

/// The noise of single values, from the differences of neighbours, which a change of level hardly touches.
fn scale(logs: &[f64]) -> f64 {
    let steps: Vec<f64> = logs.iter().zip(logs.iter().skip(1)).map(|(a, b)| b - a).collect();
    let centre = median(&steps).unwrap_or_default();
    let apart: Vec<f64> = steps.iter().map(|step| (step - centre).abs()).collect();
    FLOOR.max(MAD * median(&apart).unwrap_or_default() / 2.0f64.sqrt())
}

fn penalty(count: usize, scale: f64) -> f64 {
    2.0 * (count as f64).ln() * scale
}

/// How much what is left of the values follows itself, and the noise with that taken into account.
fn following(logs: &[f64], cuts: &[usize], scale: f64) -> (f64, f64) {
    let mut left = Vec::with_capacity(logs.len());
    for piece in pieces(logs, cuts) {
        let level = median(piece).unwrap_or_default();
        left.extend(piece.iter().map(|log| log - level));
    }
    let sizes: Vec<f64> = left.iter().map(|r| r.abs()).collect();
    let noise = MAD * median(&sizes).unwrap_or_default();
    for r in &mut left {
        *r = r.clamp(-3.0 * noise, 3.0 * noise);
    }
    let products: f64 = left.iter().zip(left.iter().skip(1)).map(|(a, b)| a * b).sum();
    let squares: f64 = left.iter().map(|r| r * r).sum();
    let rho = if squares > 0.0 {
        (products / squares).clamp(0.0, 0.8)
    } else {
        0.0
    };
    let follows = noise * ((1.0 + rho) / (1.0 - rho)).sqrt();
    (rho, scale.max(FLOOR).max(follows))
}

struct Partition {
    /// Where each piece but the first begins.
    cuts: Vec<usize>,
    cost: f64,
}

/// Cuts the values so that the distances to the median of each piece, and the penalty for each cut, are least in sum. Of equal partitions
/// the one whose last cut is earliest, at each step.
fn partition(logs: &[f64], penalty: f64) -> Partition {
    let count = logs.len();
    // For the first so many values: the least cost, and where its last piece begins.
    let mut best = vec![(f64::INFINITY, 0usize); count + 1];
    if let Some(nothing) = best.first_mut() {
        nothing.0 = 0.0;
    }
    for from in 0..count {
        let Some((cost, _)) = best.get(from).copied().filter(|(cost, _)| cost.is_finite()) else {
            continue;
        };
        let before = if from == 0 { 0.0 } else { cost + penalty };
        let mut piece = Distances::default();
        for (at, log) in logs.iter().enumerate().skip(from) {
            piece.add(*log);
            let upto = at + 1;
            if upto - from < PIECE {
                continue;
            }
            let total = before + piece.sum();
            if let Some(least) = best.get_mut(upto)
                && total < least.0 - 1e-12
            {
                *least = (total, from);
            }
        }
    }
    let mut cuts = Vec::new();
    let mut upto = count;
    while let Some((_, from)) = best.get(upto).copied().filter(|(_, from)| *from > 0) {
        cuts.push(from);
        upto = from;
    }
    cuts.reverse();
    let cost = best.last().map(|(cost, _)| *cost).unwrap_or_default();
    Partition { cuts, cost }
}

/// The sum of the distances of values to their median, as values come.
#[derive(Default)]
struct Distances {
    /// The lower half, as many as the upper or one more.
    low: BinaryHeap<Ordered>,
    low_sum: f64,
    /// The upper half, negated.
    high: BinaryHeap<Ordered>,
    high_sum: f64,
}

impl Distances {
    fn add(&mut self, value: f64) {
        if self.low.peek().is_none_or(|middle| value <= middle.0) {
            self.low.push(Ordered(value));
            self.low_sum += value;
        } else {
            self.high.push(Ordered(-value));
            self.high_sum += value;
        }
        if self.low.len() > self.high.len() + 1 {
            if let Some(Ordered(value)) = self.low.pop() {
                self.low_sum -= value;
                self.high.push(Ordered(-value));
                self.high_sum += value;
            }
        } else if self.high.len() > self.low.len()
            && let Some(Ordered(value)) = self.high.pop()
        {
            self.high_sum += value;
            self.low.push(Ordered(-value));
            self.low_sum -= value;
        }
    }

    /// For an even count any number between the two middle ones gives the same sum.
    fn sum(&self) -> f64 {
        let middle = self.low.peek().map_or(0.0, |middle| middle.0);
        let more = self.low.len() as f64 - self.high.len() as f64;
        (self.high_sum - self.low_sum + more * middle).max(0.0)
    }
}

/// A finite number in its order.
#[derive(Clone, Copy, Debug)]
struct Ordered(f64);

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

fn pieces<'a>(logs: &'a [f64], cuts: &[usize]) -> Vec<&'a [f64]> {
    let from = std::iter::once(0).chain(cuts.iter().copied());
    let upto = cuts.iter().copied().chain([logs.len()]);
    from.zip(upto)
        .map(|(from, upto)| logs.get(from..upto).unwrap_or_default())
        .collect()
}

/// Drops the cut with the smallest step as long as that is too small, and gives the level of each piece.
fn without_small_steps(logs: &[f64], mut cuts: Vec<usize>) -> (Vec<usize>, Vec<f64>) {
    loop {
        let levels: Vec<f64> = pieces(logs, &cuts)
            .into_iter()
            .map(|piece| median(piece).unwrap_or_default())
            .collect();
        let steps = levels.iter().zip(levels.iter().skip(1)).map(|(a, b)| (b - a).abs());
        let smallest = steps.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        match smallest {
            Some((at, step)) if step < STEP.ln() => drop(cuts.remove(at)),
            _ => return (cuts, levels),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(values: &[f64]) -> Trend {
        trend(&values.iter().copied().map(Some).collect::<Vec<_>>()).unwrap()
    }

    fn indices(found: &Trend) -> Vec<usize> {
        found.change_points.iter().map(|point| point.index).collect()
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        let mut values = vec![10.0, 10.02, 9.99, 10.01, 10.0, 9.98, 10.03, 10.0];
        values.extend([11.0, 11.02, 10.97, 11.01, 11.0]);
        let found = whole(&values);
        assert_eq!(indices(&found), [8]);
        assert!((found.change_points[0].step - 0.1).abs() < 1e-9);
        assert_eq!(found.levels.len(), 2);
    }

    #[test]
    fn a_single_slow_value_is_no_level() {
        let mut values = vec![10.0, 10.02, 9.99, 10.01, 10.0, 9.98, 10.03, 10.0, 10.01, 9.97, 10.0];
        values[5] = 30.0;
        assert_eq!(indices(&whole(&values)), [0usize; 0]);
    }

    #[test]
    fn missing_values_are_counted_but_not_used() {
        let mut series: Vec<Option<f64>> = [1.0; 6].into_iter().map(Some).collect();
        series.extend([None, None]);
        series.extend([2.0; 6].map(Some));
        let found = trend(&series).unwrap();
        assert_eq!((indices(&found), found.count), (vec![8], 12));
    }

    #[test]
    fn what_cannot_be_searched() {
        assert_eq!(trend(&[Some(1.0), None, Some(0.0)]), Err(TrendError::NotAboveZero(2)));
        assert_eq!(trend(&[Some(f64::NAN)]), Err(TrendError::NotAboveZero(0)));
        assert_eq!(trend(&vec![Some(1.0); MOST + 1]), Err(TrendError::TooMany(MOST + 1)));
        assert_eq!(trend(&[None]).unwrap().levels, [0.0; 0]);
        assert_eq!(whole(&[1.0; 7]).search, None);
        assert_eq!(whole(&[1.0; 8]).levels.len(), 1);
    }

    #[test]
    fn steps_below_half_a_budget_are_dropped() {
        let values: Vec<f64> = [1.0; 20].into_iter().chain([1.02; 20]).collect();
        let found = whole(&values);
        assert_eq!(found.search.as_ref().unwrap().second_pass, [20]);
        assert!(found.change_points.is_empty());
    }

    proptest! {
        #[test]
        fn the_sum_of_distances_is_that_to_the_median(values in proptest::collection::vec(-9.0f64..9.0, 1..30)) {
            let mut distances = Distances::default();
            for value in &values {
                distances.add(*value);
            }
            let centre = median(&values).unwrap();
            let sum: f64 = values.iter().map(|value| (value - centre).abs()).sum();
            prop_assert!((distances.sum() - sum).abs() < 1e-9);
        }

        #[test]
        fn no_other_partition_costs_less(values in proptest::collection::vec(0.0f64..1.0, 8..17), penalty in 0.05f64..0.5) {
            fn cheapest(logs: &[f64], penalty: f64) -> f64 {
                let one = |piece: &[f64]| {
                    let centre = median(piece).unwrap();
                    piece.iter().map(|log| (log - centre).abs()).sum::<f64>()
                };
                (PIECE..=logs.len().saturating_sub(PIECE))
                    .map(|at| one(&logs[..at]) + penalty + cheapest(&logs[at..], penalty))
                    .fold(one(logs), f64::min)
            }
            let found = partition(&values, penalty);
            prop_assert!((found.cost - cheapest(&values, penalty)).abs() < 1e-9);
        }
    }
}
