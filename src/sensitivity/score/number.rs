//! Arithmetic on integers alone, so that every machine computes the same.

/// After how many commits one counts half.
const HALF: u32 = 300;

/// What a commit so many commits ago counts, in 1/1024.
pub(super) fn decayed(position: u32) -> u64 {
    let (halvings, rest) = (position / HALF, position % HALF);
    // Between two halvings the weight falls in a straight line.
    (1024 - u64::from(512 * rest / HALF)) >> halvings.min(63)
}

/// The logarithm to the base of two, in sixteenths, rounded down; zero for zero.
pub(super) fn log2(value: u64) -> i32 {
    let Some(whole) = value.checked_ilog2() else { return 0 };
    // One in fixed point with thirty-two bits behind the point, and then a bit of the logarithm for each squaring.
    let mut mantissa = (u128::from(value) << 32) >> whole;
    let mut log = whole as i32;
    for _ in 0..4 {
        mantissa = (mantissa * mantissa) >> 32;
        let bit = mantissa >= 2 << 32;
        log = 2 * log + i32::from(bit);
        mantissa >>= u32::from(bit);
    }
    log
}

/// How many pseudo-counts of the base rate a share is smoothed by, in 1/1024.
const SMOOTH: u64 = 4 << 10;

/// The odds of `some` out of `of` against those of all, smoothed, in sixteenths of a power of two.
pub(super) fn odds((some, of): (u64, u64), (all_some, all_of): (u64, u64)) -> i32 {
    let (all_some, all_of) = (all_some + (1 << 10), all_of + (2 << 10));
    let others = all_of.saturating_sub(all_some).max(1);
    let expected = SMOOTH * all_some / all_of.max(1);
    let (yes, no) = (
        some + expected,
        of.saturating_sub(some) + SMOOTH.saturating_sub(expected),
    );
    log2(yes.max(1)) - log2(no.max(1)) - log2(all_some) + log2(others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn weights_fall_by_half() {
        assert_eq!([0, 150, 300, 600, 3000].map(decayed), [1024, 768, 512, 256, 1]);
        assert!((0..5000).all(|position| decayed(position) >= decayed(position + 1)));
    }

    proptest! {
        #[test]
        fn logarithms_are_those_of_the_library(value in 1u64..) {
            let exact = (value as f64).log2() * 16.0;
            prop_assert!((f64::from(log2(value)) - exact).abs() <= 1.01, "{} {exact}", log2(value));
        }

        #[test]
        fn more_performance_commits_are_higher_odds(some in 0u64..100, more in 1u64..100, rest in 0u64..1000) {
            let of = |some: u64| odds((some << 10, (some + rest) << 10), (200 << 10, 4000 << 10));
            prop_assert!(of(some + more) >= of(some));
        }
    }
}
