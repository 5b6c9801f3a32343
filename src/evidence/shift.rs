//! The shift between two samples: order statistics of all differences, found without writing them down.

/// All differences `after − before` of two samples, in order.
#[derive(Clone, Debug)]
pub struct Differences {
    before: Vec<f64>,
    after: Vec<f64>,
}

impl Differences {
    /// Of two samples of finite numbers.
    pub fn new(mut before: Vec<f64>, mut after: Vec<f64>) -> Self {
        before.sort_by(f64::total_cmp);
        after.sort_by(f64::total_cmp);
        Self { before, after }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.before.len().saturating_mul(self.after.len())
    }

    /// The smallest but `rank − 1`: `rank` counts from 1. None beyond the last.
    pub fn ranked(&self, rank: usize) -> Option<f64> {
        if rank == 0 || rank > self.count() {
            return None;
        }
        let least = *self.after.first()? - *self.before.last()?;
        let most = *self.after.last()? - *self.before.first()?;
        // Halves the numbers between, of which there are fewer than 2^64, until one is left: the first with `rank` differences up to it.
        let (mut low, mut high) = (position(least), position(most));
        while low < high {
            let middle = low.midpoint(high);
            if self.up_to(number(middle)) >= rank {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(number(low))
    }

    /// The median: the Hodges–Lehmann estimate of the shift. The mean of the two middle ones for an even count.
    pub fn median(&self) -> Option<f64> {
        let count = self.count();
        let upper = self.ranked(count / 2 + 1)?;
        if count % 2 == 1 {
            return Some(upper);
        }
        Some(f64::midpoint(self.ranked(count / 2)?, upper))
    }

    /// How many are at most this.
    fn up_to(&self, limit: f64) -> usize {
        let mut from = 0;
        let mut count = 0;
        for after in &self.after {
            // A later `after` needs a later `before`, for rounding keeps the order of differences.
            while self.before.get(from).is_some_and(|before| after - before > limit) {
                from += 1;
            }
            count += self.before.len() - from;
        }
        count
    }
}

/// The place of a number among all numbers in their order.
fn position(number: f64) -> u64 {
    // Zero has one place.
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// The number at a place.
fn number(position: u64) -> f64 {
    f64::from_bits(if position >> 63 == 1 {
        position & !(1 << 63)
    } else {
        !position
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranks_are_those_of_the_sorted_differences(
            before in proptest::collection::vec(-3.0f64..3.0, 1..12),
            after in proptest::collection::vec(prop_oneof![-3.0f64..3.0, Just(0.5), Just(-0.0)], 1..12),
        ) {
            let mut written: Vec<f64> = after.iter().flat_map(|a| before.iter().map(move |b| a - b)).collect();
            written.sort_by(f64::total_cmp);
            let differences = Differences::new(before, after);
            for (at, expected) in written.iter().enumerate() {
                prop_assert_eq!(differences.ranked(at + 1).unwrap(), *expected);
            }
            prop_assert_eq!(differences.ranked(written.len() + 1), None);
            prop_assert_eq!(differences.ranked(0), None);
        }
    }

    #[test]
    fn the_median_of_an_even_count_lies_between() {
        let differences = Differences::new(vec![0.0], vec![1.0, 4.0]);
        assert_eq!(differences.median(), Some(2.5));
        assert_eq!(Differences::new(Vec::new(), vec![1.0]).median(), None);
    }
}
