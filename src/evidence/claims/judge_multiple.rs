//! A per cent held against a multiple: `10-30% speedup (observed 1.26-1.31x)`.

use super::figure::{Figure, Sign};
use super::interval::Interval;
use super::judge::{Outcome, shown};
use super::{ClaimKind, Label, Value};

/// Judges it. `or_time` allows the per cent to be of the time: a speedup is of the rate, but "faster" may be either.
pub(super) fn judge(claim: &Figure, ratio: &Figure, or_time: bool) -> Outcome {
    let kind = ClaimKind::Range;
    let whole = ratio.rounded();
    if claim.ambiguous || ratio.ambiguous || claim.sign == Sign::Minus || whole.lo <= 0.0 {
        return Outcome::uncheckable(kind, "the figures can be read in more than one way");
    }
    let half = ratio.step / 2.0;
    let ends: Vec<f64> = std::iter::once(ratio.value).chain(ratio.upper).collect();
    let rate = |value: f64| (value - 1.0) * 100.0;
    let time = |value: f64| (1.0 - 1.0 / value) * 100.0;
    let fits = |reading: &dyn Fn(f64) -> f64| {
        ends.iter().all(|end| {
            let interval = Interval::new(reading(end - half), reading(end + half));
            claim.allows(interval, false)
        })
    };
    let value = |reading: &dyn Fn(f64) -> f64| match ends.as_slice() {
        [low, high] => Value::Range(rounded(reading(*low)), rounded(reading(*high))),
        _ => Value::One(rounded(reading(ratio.value))),
    };
    let tell = |value: &Value| match value {
        Value::Range(low, high) => format!("{} to {}", shown(*low, "%"), shown(*high, "%")),
        Value::One(one) => shown(*one, "%"),
        Value::None => String::new(),
    };
    if fits(&rate) {
        let value = value(&rate);
        let why = format!("the multiple is {}", tell(&value));
        return Outcome::new(Label::Right, kind, value, why);
    }
    if or_time && fits(&time) {
        let value = value(&time);
        let why = format!("the multiple is {} of the time", tell(&value));
        return Outcome::new(Label::Right, kind, value, why);
    }
    let value = value(&rate);
    let why = format!("the multiple is {}", tell(&value));
    Outcome::new(Label::Wrong, kind, value, why)
}

/// Without what floating point adds to a figure of a few digits.
fn rounded(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}
