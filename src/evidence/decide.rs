//! The decision on one metric of one benchmark, baseline against candidate: pure, and all of the rule is here.
//!
//! 1. On logarithms of one value per independent run, the shift is estimated by the median of all differences (Hodges–Lehmann), with
//!    one-sided bounds at the k-th smallest and k-th largest, k from the exact null distribution of Mann–Whitney's U.
//! 2. PASS: the upper bound of the slow-down is within the threshold. REGRESSED: the lower bound is above it. Else INCONCLUSIVE.
//! 3. Where values are tied, the clock was coarse: for each bound every value moves by half the resolution to the side that is worse for
//!    the claim.
//! 4. A deterministic count is compared as it is. One process a side decides only with a stated noise between runs.
//! 5. What is no number above zero is INVALID; too few runs, or a resolution that nobody knows, is INCONCLUSIVE.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::exact_null::{Alpha, mann_whitney, sign};
use super::measurement::median;
use super::shift::Differences;

/// The least number of runs a side from which anything is decided, where nobody says otherwise.
pub const MIN_RUNS: usize = 5;

/// What is asked: how much worse is too much, and how sure the answer must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The slow-down that is accepted: 0.05 is five percent. At least 0.
    pub threshold: f64,
    /// The error of each bound, one-sided.
    pub alpha: Alpha,
    /// Whether more is better.
    pub higher_is_better: bool,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            threshold: 0.05,
            alpha: Alpha::DEFAULT,
            higher_is_better: false,
        }
    }
}

impl Rule {
    /// The largest ratio that passes; what is equal but for rounding passes.
    fn most(&self) -> f64 {
        (1.0 + self.threshold) * (1.0 + 1e-12)
    }

    /// The logarithm of the ratio at which a pass ends.
    fn border(&self) -> f64 {
        self.threshold.ln_1p()
    }
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Conclusion {
    /// Proven to be within the threshold.
    Pass,
    /// Neither is proven.
    Inconclusive,
    /// Proven to be beyond the threshold.
    Regressed,
    /// The numbers decide nothing.
    Invalid,
}

impl Conclusion {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Regressed => "regressed",
            Self::Inconclusive => "inconclusive",
            Self::Invalid => "invalid",
        }
    }
}

/// Why there is no plain answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caveat {
    /// Not finite, zero or less.
    NotAboveZero,
    /// A count that is not finite or less than zero.
    NotACount,
    /// A deterministic count that is not the same in each run.
    NotExact,
    /// All values of each side are the same: the clock may be of any coarseness.
    Constant,
    /// A value is at most half the resolution.
    Coarse,
    /// With so few runs no bound is that sure.
    TooFew,
}

impl Caveat {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::NotAboveZero => "a value is not finite or not above zero",
            Self::NotACount => "a count is not finite or below zero",
            Self::NotExact => "declared exact, but the values of one side differ",
            Self::Constant => "each side is constant: the resolution is unknown",
            Self::Coarse => "the resolution is as coarse as the value",
            Self::TooFew => "too few runs for this alpha",
        }
    }
}

/// What was decided, with the figures behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The answer.
    pub verdict: Conclusion,
    /// Candidate over baseline, or the inverse where more is better: above 1 is worse. None where nothing was computed, or against zero.
    pub ratio: Option<f64>,
    /// The ratio is at least this, but for alpha.
    pub lower: Option<f64>,
    /// The ratio is at most this, but for alpha.
    pub upper: Option<f64>,
    /// Why there is no plain answer.
    pub reason: Option<Caveat>,
    /// Which order statistic the bounds are.
    pub k: Option<usize>,
    /// The coarseness of the values, 0 where none was seen.
    pub resolution: Option<f64>,
    /// The bounds as they would be without ties.
    pub plain: Option<(f64, f64)>,
    /// The standard error of the logarithm, where one process decides.
    pub error: Option<f64>,
}

impl Estimate {
    /// An answer without figures.
    pub fn without(verdict: Conclusion, reason: Option<Caveat>) -> Self {
        Self {
            verdict,
            ratio: None,
            lower: None,
            upper: None,
            reason,
            k: None,
            resolution: None,
            plain: None,
            error: None,
        }
    }

    fn bounded(rule: &Rule, ratio: f64, lower: f64, upper: f64) -> Self {
        let verdict = match () {
            () if upper <= rule.most() => Conclusion::Pass,
            () if lower > rule.most() => Conclusion::Regressed,
            () => Conclusion::Inconclusive,
        };
        Self {
            ratio: Some(ratio),
            lower: Some(lower),
            upper: Some(upper),
            ..Self::without(verdict, None)
        }
    }
}

/// Decides from one value for each independent run.
pub fn runs(rule: &Rule, baseline: &[f64], candidate: &[f64]) -> Estimate {
    if !both(baseline, candidate).all(above_zero) {
        return Estimate::without(Conclusion::Invalid, Some(Caveat::NotAboveZero));
    }
    let k = mann_whitney(baseline.len(), candidate.len(), rule.alpha);
    let inconclusive = |reason| Estimate {
        k: Some(k),
        ..Estimate::without(Conclusion::Inconclusive, Some(reason))
    };
    let resolution = match resolution(baseline, candidate) {
        Resolution::Fine => 0.0,
        Resolution::Of(gap) => gap,
        Resolution::Unknown => return inconclusive(Caveat::Constant),
    };
    if both(baseline, candidate).any(|value| *value <= resolution / 2.0) {
        return Estimate {
            resolution: Some(resolution),
            ..inconclusive(Caveat::Coarse)
        };
    }
    let shifted = |by: f64| {
        let (faster, slower) = match rule.higher_is_better {
            false => (-by, by),
            true => (by, -by),
        };
        let logs = |side: &[f64], by: f64| side.iter().map(|value| (value + by).ln()).collect::<Vec<f64>>();
        let (before, after) = (logs(baseline, faster), logs(candidate, slower));
        match rule.higher_is_better {
            false => Differences::new(before, after),
            true => Differences::new(after, before),
        }
    };
    let plain = shifted(0.0);
    let Some(ratio) = plain.median().map(f64::exp) else {
        return inconclusive(Caveat::TooFew);
    };
    let at = |differences: &Differences, rank: usize| differences.ranked(rank).map(f64::exp);
    let top = plain.count() + 1 - k;
    let half = resolution / 2.0;
    let bounds = (
        at(&plain, k),
        at(&plain, top),
        at(&shifted(-half), k),
        at(&shifted(half), top),
    );
    let (Some(plain_lower), Some(plain_upper), Some(lower), Some(upper)) = bounds else {
        return Estimate {
            ratio: Some(ratio),
            resolution: Some(resolution),
            ..inconclusive(Caveat::TooFew)
        };
    };
    Estimate {
        k: Some(k),
        resolution: Some(resolution),
        plain: Some((plain_lower, plain_upper)),
        ..Estimate::bounded(rule, ratio, lower, upper)
    }
}

/// Decides from several values of one process a side, where it is stated by how much processes differ (the standard deviation of the
/// logarithm between runs of the same code).
pub fn single(rule: &Rule, baseline: &[f64], candidate: &[f64], run_noise: f64) -> Estimate {
    if !both(baseline, candidate).chain([&run_noise]).all(above_zero) {
        return Estimate::without(Conclusion::Invalid, Some(Caveat::NotAboveZero));
    }
    let (Some(before), Some(after)) = (spread(baseline), spread(candidate)) else {
        return Estimate::without(Conclusion::Inconclusive, Some(Caveat::TooFew));
    };
    let sign = if rule.higher_is_better { -1.0 } else { 1.0 };
    let shift = sign * (after.centre - before.centre);
    let error = (PI / 2.0 * (before.variance_of_mean + after.variance_of_mean) + 2.0 * run_noise.powi(2)).sqrt();
    let reach = quantile(rule.alpha.value()) * error;
    Estimate {
        error: Some(error),
        ..Estimate::bounded(rule, shift.exp(), (shift - reach).exp(), (shift + reach).exp())
    }
}

/// Decides a deterministic count: one a side, or the same again in each run.
pub fn exact(rule: &Rule, baseline: &[f64], candidate: &[f64]) -> Estimate {
    if !both(baseline, candidate).all(|value| value.is_finite() && *value >= 0.0) {
        return Estimate::without(Conclusion::Invalid, Some(Caveat::NotACount));
    }
    let (Some(before), Some(after)) = (baseline.first(), candidate.first()) else {
        return Estimate::without(Conclusion::Inconclusive, Some(Caveat::TooFew));
    };
    if baseline.iter().any(|value| value != before) || candidate.iter().any(|value| value != after) {
        return Estimate::without(Conclusion::Invalid, Some(Caveat::NotExact));
    }
    let (good, bad) = match rule.higher_is_better {
        false => (before, after),
        true => (after, before),
    };
    let ratio = if good == bad { 1.0 } else { bad / good };
    let verdict = if ratio <= rule.most() {
        Conclusion::Pass
    } else {
        Conclusion::Regressed
    };
    let ratio = Some(ratio).filter(|ratio| ratio.is_finite());
    Estimate {
        ratio,
        lower: ratio,
        upper: ratio,
        ..Estimate::without(verdict, None)
    }
}

/// Decides an absolute limit by the candidate alone: its median over runs must be proven to be within it. The bounds are order statistics
/// (those of the sign test), `ratio` is the median; they are in the unit of the values.
pub fn limit(rule: &Rule, candidate: &[f64], limit: f64) -> Estimate {
    if !candidate.iter().all(above_zero) || !limit.is_finite() {
        return Estimate::without(Conclusion::Invalid, Some(Caveat::NotAboveZero));
    }
    let mut sorted = candidate.to_vec();
    sorted.sort_by(f64::total_cmp);
    let k = sign(sorted.len(), rule.alpha);
    let bounds = (
        k.checked_sub(1).and_then(|at| sorted.get(at)).copied(),
        sorted.len().checked_sub(k).and_then(|at| sorted.get(at)).copied(),
    );
    let ratio = median(&sorted);
    let (Some(lower), Some(upper)) = bounds else {
        return Estimate {
            ratio,
            k: Some(k),
            ..Estimate::without(Conclusion::Inconclusive, Some(Caveat::TooFew))
        };
    };
    let (within, beyond) = match rule.higher_is_better {
        false => (upper <= limit, lower > limit),
        true => (lower >= limit, upper < limit),
    };
    let verdict = match (within, beyond) {
        (true, _) => Conclusion::Pass,
        (_, true) => Conclusion::Regressed,
        _ => Conclusion::Inconclusive,
    };
    Estimate {
        ratio,
        lower: Some(lower),
        upper: Some(upper),
        k: Some(k),
        ..Estimate::without(verdict, None)
    }
}

/// The least number of runs a side with which a true ratio is decided nine times in ten, where single runs of the same code differ by
/// `noise` (the standard deviation of the logarithm). None where the ratio is too near to the border for any number up to 10,000.
pub fn needed(rule: &Rule, noise: f64, ratio: f64) -> Option<usize> {
    const MOST: f64 = 10_000.0;
    let distance = (ratio.ln() - rule.border()).abs();
    // The estimate's variance is π/3 of that of the difference of means.
    let reach = quantile(rule.alpha.value()) + quantile(0.1);
    let runs = 2.0 * PI / 3.0 * (noise * reach / distance).powi(2);
    if runs.is_nan() || runs > MOST {
        return None;
    }
    let least = (MIN_RUNS..).find(|n| mann_whitney(*n, *n, rule.alpha) > 0)?;
    // One more, since the bounds of few runs step coarsely.
    Some((runs.ceil() as usize + 1).max(least))
}

/// By how much runs of the same code differ: the standard deviation of the logarithm, estimated from both sides so that single slow runs
/// do not count. None where neither side has two values.
pub fn noise(baseline: &[f64], candidate: &[f64]) -> Option<f64> {
    let mut deviations = Vec::new();
    let mut lost = 0.0;
    for side in [baseline, candidate] {
        let logs: Vec<f64> = side
            .iter()
            .filter(|value| above_zero(value))
            .map(|value| value.ln())
            .collect();
        let Some(centre) = median(&logs).filter(|_| logs.len() > 1) else {
            continue;
        };
        lost += 1.0;
        deviations.extend(logs.iter().map(|log| (log - centre).abs()));
    }
    let count = deviations.len() as f64;
    let spread = 1.4826 * median(&deviations)?;
    // For few values the median lies too near to them.
    Some(spread * (count / (count - lost).max(1.0)).sqrt())
}

fn both<'a>(baseline: &'a [f64], candidate: &'a [f64]) -> impl Iterator<Item = &'a f64> {
    baseline.iter().chain(candidate)
}

fn above_zero(value: &f64) -> bool {
    value.is_finite() && *value > 0.0
}

/// How coarse values are.
enum Resolution {
    /// No two are tied.
    Fine,
    /// Two are tied; this is the smallest gap between two of one side that are not.
    Of(f64),
    /// Two are tied, and neither side has a gap.
    Unknown,
}

fn resolution(baseline: &[f64], candidate: &[f64]) -> Resolution {
    let tied = |low: f64, high: f64| high - low <= 1e-9 * high;
    let sorted = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted
    };
    let all = sorted(&[baseline, candidate].concat());
    if !all.iter().zip(all.iter().skip(1)).any(|(low, high)| tied(*low, *high)) {
        return Resolution::Fine;
    }
    let gap = |side: &[f64]| {
        let side = sorted(side);
        let mut smallest = f64::INFINITY;
        // Between a value and the first above it that is not tied to it; both only go up.
        let mut above = 0;
        for low in &side {
            while side.get(above).is_some_and(|high| tied(*low, *high)) {
                above += 1;
            }
            if let Some(high) = side.get(above) {
                smallest = smallest.min(high - low);
            }
        }
        smallest
    };
    let smallest = gap(baseline).min(gap(candidate));
    if smallest.is_finite() {
        Resolution::Of(smallest)
    } else {
        Resolution::Unknown
    }
}

/// Centre and variance of the logarithms of one process.
struct Spread {
    centre: f64,
    variance_of_mean: f64,
}

fn spread(values: &[f64]) -> Option<Spread> {
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let centre = median(&logs)?;
    let deviations: Vec<f64> = logs.iter().map(|log| (log - centre).abs()).collect();
    let deviation = 1.4826 * median(&deviations)?;
    Some(Spread {
        centre,
        variance_of_mean: deviation.powi(2) / logs.len() as f64,
    })
}

/// The number that a normal variable exceeds with this probability (below one half), by Newton's method on the complementary error
/// function, whose tail is convex: it only goes up.
pub fn quantile(probability: f64) -> f64 {
    let mut z = 0.0f64;
    for _ in 0..200 {
        let excess = libm::erfc(z / 2.0f64.sqrt()) / 2.0 - probability;
        let step = excess / ((-z * z / 2.0).exp() / (2.0 * PI).sqrt());
        z += step;
        if step.abs() <= 1e-15 * z {
            break;
        }
    }
    z
}

#[cfg(test)]
mod tests;
