//! Intervals: which values a printed figure can stand for.

/// From `lo` to `hi`; a point where they are equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) lo: f64,
    pub(super) hi: f64,
}

impl Interval {
    pub(super) fn new(lo: f64, hi: f64) -> Self {
        Self {
            lo: lo.min(hi),
            hi: lo.max(hi),
        }
    }

    pub(super) fn point(value: f64) -> Self {
        Self { lo: value, hi: value }
    }

    fn is_point(self) -> bool {
        self.hi - self.lo <= slack(self.lo, self.hi)
    }

    /// Whether some value lies in both. Two intervals that only touch share a value that each of them would have to round its own way: no.
    pub(super) fn meets(self, other: Self) -> bool {
        let (lo, hi) = (self.lo.max(other.lo), self.hi.min(other.hi));
        let slack = slack(lo, hi);
        if self.is_point() || other.is_point() {
            lo <= hi + slack
        } else {
            lo < hi - slack
        }
    }

    pub(super) fn negated(self) -> Self {
        Self::new(-self.hi, -self.lo)
    }

    /// The sizes, without their signs.
    pub(super) fn magnitude(self) -> Self {
        if self.lo >= 0.0 {
            self
        } else if self.hi <= 0.0 {
            self.negated()
        } else {
            Self::new(0.0, self.hi.max(-self.lo))
        }
    }

    pub(super) fn scaled(self, factor: f64) -> Self {
        Self::new(self.lo * factor, self.hi * factor)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self::new(self.lo + other.lo, self.hi + other.hi)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self::new(self.lo - other.hi, self.hi - other.lo)
    }

    /// The quotients of values that are not negative; `None` where the divisor may be nothing.
    pub(super) fn over(self, other: Self) -> Option<Self> {
        (other.lo > 0.0 && self.lo >= 0.0).then(|| Self::new(self.lo / other.hi, self.hi / other.lo))
    }
}

/// What floating point may be off by at this size.
pub(super) fn slack(a: f64, b: f64) -> f64 {
    1e-9 * a.abs().max(b.abs()).max(1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_that_only_touch_do_not_meet_but_a_point_on_the_edge_does() {
        let thirty = Interval::new(9.5, 30.5);
        assert!(!thirty.meets(Interval::new(30.5, 31.5)));
        assert!(thirty.meets(Interval::new(30.4, 31.5)));
        assert!(thirty.meets(Interval::point(30.5)));
    }

    #[test]
    fn nothing_is_divided_by_what_may_be_nothing() {
        assert_eq!(Interval::point(1.0).over(Interval::new(0.0, 0.5)), None);
        assert_eq!(
            Interval::point(1.0).over(Interval::point(4.0)),
            Some(Interval::point(0.25))
        );
    }
}
