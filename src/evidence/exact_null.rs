//! How many order statistics a bound may step in: from the exact distribution of a test's statistic where nothing changed.
//!
//! Two distributions are needed: that of the Mann–Whitney U, for the shift between two samples, and that of the number of heads in fair
//! tosses, for the median of one. Both are decided in whole numbers as long as those fit into 128 bits. Above that U's distribution is
//! computed by inverting its characteristic function, which is exact too, to some 1e-13: nothing here assumes a normal distribution.

use std::f64::consts::{PI, TAU};

/// The error that a bound may have, one-sided: above 0 and below one half, kept as the decimal number that was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alpha {
    value: f64,
    /// The same as `numerator / denominator`, so that a probability equal to it counts as within.
    numerator: u64,
    denominator: u64,
}

impl Alpha {
    /// One in twenty.
    pub const DEFAULT: Self = Self {
        value: 0.05,
        numerator: 5,
        denominator: 100,
    };

    /// Takes a number above 0 and below one half of at most nine decimal places.
    pub fn new(value: f64) -> Option<Self> {
        if !(value > 0.0 && value < 0.5) {
            return None;
        }
        let written = format!("{value}");
        let decimals = written.strip_prefix("0.")?;
        let places = u32::try_from(decimals.len()).ok().filter(|places| *places <= 9)?;
        Some(Self {
            value,
            numerator: decimals.parse().ok()?,
            denominator: 10u64.pow(places),
        })
    }

    /// The number.
    pub fn value(self) -> f64 {
        self.value
    }

    /// Whether `count / total` is at most this. Both must be below 2^97.
    fn holds(self, count: u128, total: u128) -> bool {
        count.saturating_mul(self.denominator.into()) <= total.saturating_mul(self.numerator.into())
    }
}

/// The largest count that is multiplied by a denominator of [`Alpha`].
const EXACT: u128 = 1 << 97;

/// The largest k such that U is at most k − 1 with a probability of at most alpha, where both samples come from one distribution.
/// 0 where the samples are too small for that.
pub fn mann_whitney(m: usize, n: usize, alpha: Alpha) -> usize {
    if m == 0 || n == 0 {
        return 0;
    }
    match binomial(m.saturating_add(n), m) {
        Some(total) => {
            let counts = counts(m, n);
            let mut below = 0;
            counts
                .iter()
                .take_while(|count| {
                    below += **count;
                    alpha.holds(below, total)
                })
                .count()
        }
        None => by_inversion(m, n, alpha.value),
    }
}

/// The largest k such that fewer than k of `n` fair tosses are heads with a probability of at most alpha.
pub fn sign(n: usize, alpha: Alpha) -> usize {
    // In logarithms, for 2^−n of many tosses is no number any more. What is equal but for rounding counts as within.
    let most = alpha.value * (1.0 + 1e-12);
    let mut log_term = n as f64 * 0.5f64.ln();
    let (mut below, mut k) = (log_term.exp(), 0);
    while below <= most && k < n {
        k += 1;
        log_term += ((n - k + 1) as f64 / k as f64).ln();
        below += log_term.exp();
    }
    k
}

/// In how many ways k of n can be chosen, if that is below [`EXACT`].
fn binomial(n: usize, k: usize) -> Option<u128> {
    let k = k.min(n - k);
    let mut ways: u128 = 1;
    for i in 0..k {
        ways = ways.checked_mul((n - i) as u128)? / (i as u128 + 1);
        if ways > EXACT {
            return None;
        }
    }
    Some(ways)
}

/// In how many orders of m and n values U is 0, 1, 2 … up to half of m·n: the coefficients of the Gaussian binomial, as the product of
/// (1 − q^(n+i)) / (1 − q^i) for i from 1 to m. What is subtracted on the way wraps and comes back, for the counts themselves fit.
fn counts(m: usize, n: usize) -> Vec<u128> {
    let (m, n) = (m.min(n), m.max(n));
    let mut counts = vec![0u128; m * n / 2 + 1];
    if let Some(first) = counts.first_mut() {
        *first = 1;
    }
    for i in 1..=m {
        multiply(&mut counts, n + i);
        divide(&mut counts, i);
    }
    counts
}

/// Multiplies a polynomial by 1 − q^step.
fn multiply(counts: &mut [u128], step: usize) {
    for at in (step..counts.len()).rev() {
        let before = counts.get(at - step).copied().unwrap_or_default();
        if let Some(count) = counts.get_mut(at) {
            *count = count.wrapping_sub(before);
        }
    }
}

/// Divides a polynomial by 1 − q^step.
fn divide(counts: &mut [u128], step: usize) {
    for at in step..counts.len() {
        let before = counts.get(at - step).copied().unwrap_or_default();
        if let Some(count) = counts.get_mut(at) {
            *count = count.wrapping_add(before);
        }
    }
}

/// The same as [`mann_whitney`] for samples that are too large to count their orders.
fn by_inversion(m: usize, n: usize, alpha: f64) -> usize {
    let null = Inverted::new(m, n);
    let (mut within, mut beyond) = (0u64, m as u64 * n as u64 / 2 + 1);
    while within + 1 < beyond {
        let k = within.midpoint(beyond);
        if null.at_most(k - 1) <= alpha {
            within = k;
        } else {
            beyond = k;
        }
    }
    usize::try_from(within).unwrap_or_default()
}

/// U's distribution as the values of its characteristic function, which is real about the mean and falls off so fast that few are needed:
/// Gil-Pelaez's inversion on a lattice (Biometrika 38, 1951), over a window of 24 standard deviations.
struct Inverted {
    mean: f64,
    /// The first number of the window.
    first: f64,
    /// How many numbers the window has.
    window: f64,
    /// At 2πj / window, for j from 1.
    characteristic: Vec<f64>,
}

impl Inverted {
    fn new(m: usize, n: usize) -> Self {
        let (m, n) = (m.min(n), m.max(n));
        let orders = m as f64 * n as f64;
        let deviation = (orders * (m + n + 1) as f64 / 12.0).sqrt();
        let window = (24.0 * deviation).min(orders).ceil() + 2.0;
        let mean = orders / 2.0;
        let mut characteristic = Vec::new();
        let mut silent = 0;
        for j in 1.. {
            let t = TAU * f64::from(j) / window;
            // What does not count in a sum of 16 digits, even where it crosses zero, ends it.
            if t > PI || silent > 64 {
                break;
            }
            let value = characteristic_at(m, n, t);
            silent = if value.abs() < 1e-19 { silent + 1 } else { 0 };
            characteristic.push(value);
        }
        Self {
            mean,
            first: (mean - window / 2.0).floor(),
            window,
            characteristic,
        }
    }

    /// The probability that U is at most this.
    fn at_most(&self, u: u64) -> f64 {
        let upto = u as f64;
        if upto < self.first {
            return 0.0;
        }
        let mut sum = upto - self.first + 1.0;
        for (at, value) in self.characteristic.iter().enumerate() {
            let t = TAU * (at + 1) as f64 / self.window;
            let cosines = ((t * (upto + 0.5 - self.mean)).sin() - (t * (self.first - 0.5 - self.mean)).sin())
                / (2.0 * (t / 2.0).sin());
            sum += 2.0 * value * cosines;
        }
        sum / self.window
    }
}

/// The product of sin((n+i)t/2) / (n+i) over sin(it/2) / i.
fn characteristic_at(m: usize, n: usize, t: f64) -> f64 {
    let mut product = 1.0;
    for i in 1..=m {
        let (below, above) = (i as f64, (n + i) as f64);
        let sine = (below * t / 2.0).sin();
        let ratio = if sine.abs() < 1e-12 {
            // Both are zero there but for rounding; the limit is ±1 where the quotient is whole, and counts for nothing.
            above / below
        } else {
            (above * t / 2.0).sin() / sine
        };
        product *= ratio * below / above;
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alpha(value: f64) -> Alpha {
        Alpha::new(value).unwrap()
    }

    #[test]
    fn the_tables_of_mann_and_whitney() {
        // One-sided critical values of U plus one, as printed in any table.
        for (m, n, at_5, at_1) in [
            (5, 5, 5, 2),
            (8, 8, 16, 10),
            (10, 10, 28, 20),
            (20, 20, 139, 115),
            (3, 4, 1, 0),
        ] {
            assert_eq!(mann_whitney(m, n, alpha(0.05)), at_5, "{m} {n}");
            assert_eq!(mann_whitney(n, m, alpha(0.01)), at_1, "{m} {n}");
        }
    }

    #[test]
    fn a_probability_equal_to_alpha_is_within() {
        // 3 of 3 against 3: one order of twenty.
        assert_eq!(mann_whitney(3, 3, alpha(0.05)), 1);
        assert_eq!(mann_whitney(3, 3, alpha(0.049_999)), 0);
        assert_eq!(mann_whitney(1, 9, alpha(0.1)), 1);
        assert_eq!(mann_whitney(1, 4, alpha(0.2)), 1);
    }

    #[test]
    fn counts_add_up_to_the_binomial() {
        for (m, n) in [(1, 1), (2, 5), (6, 6), (7, 9), (30, 30), (25, 40), (49, 50)] {
            let half = counts(m, n);
            let both: u128 = if m * n % 2 == 1 {
                2 * half.iter().sum::<u128>()
            } else {
                2 * half.iter().sum::<u128>() - half.last().unwrap()
            };
            assert_eq!(Some(both), binomial(m + n, m), "{m} {n}");
        }
    }

    #[test]
    fn inversion_agrees_with_counting_where_both_can() {
        for (m, n) in [(40, 40), (49, 50), (12, 400), (9, 3000), (30, 90)] {
            for value in [0.2, 0.05, 0.01, 0.001, 0.000_001] {
                assert!(binomial(m + n, m).is_some(), "{m} {n}");
                assert_eq!(
                    mann_whitney(m, n, alpha(value)),
                    by_inversion(m, n, value),
                    "{m} {n} {value}"
                );
            }
        }
    }

    #[test]
    fn large_samples_follow_the_normal_limit() {
        for (m, n) in [(60, 60), (200, 100), (1000, 3000)] {
            let (m_, n_) = (m as f64, n as f64);
            let limit = m_ * n_ / 2.0 + 0.5 - 1.644_853_627 * (m_ * n_ * (m_ + n_ + 1.0) / 12.0).sqrt();
            let k = mann_whitney(m, n, alpha(0.05)) as f64;
            assert!((k - limit).abs() / limit < 2e-3, "{m} {n}: {k} {limit}");
        }
    }

    #[test]
    fn signs() {
        assert_eq!(sign(4, alpha(0.05)), 0);
        assert_eq!(sign(5, alpha(0.05)), 1);
        assert_eq!(sign(5, alpha(0.031_25)), 1);
        assert_eq!(sign(8, alpha(0.05)), 2);
        assert_eq!(sign(20, alpha(0.05)), 6);
        assert_eq!(sign(5000, alpha(0.05)), 2442);
    }

    #[test]
    fn alpha_is_a_decimal_below_one_half() {
        for refused in [0.0, 0.5, -0.1, f64::NAN, 1e-300, 0.012_345_678_91] {
            assert_eq!(Alpha::new(refused), None, "{refused}");
        }
        assert_eq!(
            Alpha::new(0.05),
            Some(Alpha {
                numerator: 5,
                ..Alpha::DEFAULT
            })
        );
        assert_eq!(mann_whitney(0, 5, Alpha::DEFAULT), 0);
    }
}
