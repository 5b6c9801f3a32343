//! What a figure that is drawn from a pair is worth: a per cent, a multiple, a difference, points.

use super::figure::{Bound, Figure, Sign, Unit};
use super::interval::Interval;
use super::pair::{Orientation, Pair};
use super::words::Direction;
use super::{ClaimKind, Label, Value};

/// What came of holding a figure against its operands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) label: Label,
    pub(super) kind: ClaimKind,
    pub(super) value: Value,
    /// Why, as a clause.
    pub(super) why: String,
}

impl Outcome {
    pub(super) fn new(label: Label, kind: ClaimKind, value: Value, why: impl Into<String>) -> Self {
        Self {
            label,
            kind,
            value,
            why: why.into(),
        }
    }

    pub(super) fn uncheckable(kind: ClaimKind, why: impl Into<String>) -> Self {
        Self::new(Label::Uncheckable, kind, Value::None, why)
    }
}

/// One way of reading a claim.
struct Reading {
    /// What the figure's size would have to be.
    size: Interval,
    /// What is reported for it.
    value: f64,
    name: &'static str,
}

/// Holds a figure against a pair. `None` where it is no figure that can be drawn from one.
pub(super) fn judge(claim: &Figure, direction: Direction, pair: &Pair) -> Option<Outcome> {
    let outcome = once(claim, direction, pair)?;
    if outcome.label != Label::Wrong {
        return Some(outcome);
    }
    if let Some(other) = pair.with_binary_prefixes()
        && let Some(second) = once(claim, direction, &other)
        && second.label == Label::Right
    {
        return Some(second);
    }
    if let Some(other) = pair.with_other_after()
        && once(claim, direction, &other)?.label == Label::Right
    {
        return Some(Outcome::uncheckable(
            outcome.kind,
            "it depends on what is counted after",
        ));
    }
    Some(outcome)
}

fn once(claim: &Figure, direction: Direction, pair: &Pair) -> Option<Outcome> {
    let kind = match claim.unit {
        Unit::Times => ClaimKind::Times,
        Unit::Points => ClaimKind::Points,
        Unit::Percent if pair.before.is(&Unit::Percent) => ClaimKind::Points,
        _ => ClaimKind::FromTo,
    };
    if claim.ambiguous || pair.doubtful {
        return Some(Outcome::uncheckable(
            kind,
            "the figures can be read in more than one way",
        ));
    }
    let contradictory = matches!(
        (claim.sign, direction),
        (Sign::Plus, Direction::Down) | (Sign::Minus, Direction::Up)
    );
    if contradictory {
        return Some(Outcome::uncheckable(
            kind,
            "sign and word point in different directions",
        ));
    }
    match claim.unit {
        Unit::Percent if pair.before.is(&Unit::Percent) => Some(percent_of_percent(claim, pair)),
        Unit::Percent => Some(percent(claim, direction, pair)),
        Unit::Points => Some(points(claim, direction, pair)),
        Unit::Times => Some(times(claim, direction, pair)),
        Unit::None | Unit::Measure(_) => difference(claim, direction, pair),
    }
}

fn percent(claim: &Figure, direction: Direction, pair: &Pair) -> Outcome {
    let (before, after) = pair.intervals();
    let (printed_before, printed_after) = pair.printed_alike();
    let kind = ClaimKind::FromTo;
    if before == Interval::point(0.0) {
        return of_zero(claim, after);
    }
    let Some(change) = after.over(before).map(percent_above_one) else {
        return Outcome::uncheckable(kind, "the figure before may be nothing");
    };
    let change_value = (printed_after / printed_before - 1.0) * 100.0;
    let rate = before.over(after).map(percent_above_one);
    let rate_value = (printed_before / printed_after - 1.0) * 100.0;
    let mut readings = Vec::new();
    let mut read = |size: Interval, value: f64, name: &'static str| readings.push(Reading { size, value, name });
    let cost = matches!(pair.orientation(), Orientation::Cost | Orientation::Unknown);
    let rated = matches!(pair.orientation(), Orientation::Rate | Orientation::Unknown);
    match direction {
        Direction::None => match claim.sign {
            Sign::Plus => read(change, change_value, "the change"),
            Sign::Minus => read(change.negated(), change_value, "the change"),
            Sign::None => read(change.magnitude(), change_value, "the change"),
        },
        Direction::Down => read(change.negated(), change_value, "the change"),
        Direction::Up => read(change, change_value, "the change"),
        Direction::Faster | Direction::Better => {
            if cost {
                read(change.negated(), change_value, "the change");
                if let Some(rate) = rate {
                    read(rate, rate_value, "the change of the rate");
                }
            }
            if rated {
                read(change, change_value, "the change");
                if let Some(rate) = rate {
                    read(rate.negated(), rate_value, "the change of the time");
                }
            }
        }
        Direction::Slower | Direction::Worse => {
            if cost {
                read(change, change_value, "the change");
                if let Some(rate) = rate {
                    read(rate.negated(), rate_value, "the change of the rate");
                }
            }
            if rated {
                read(change.negated(), change_value, "the change");
                if let Some(rate) = rate {
                    read(rate, rate_value, "the change of the time");
                }
            }
        }
    }
    // A whole is a whole: nothing rounds to a loss of all but all.
    let decrease = direction == Direction::Down || claim.sign == Sign::Minus;
    let limit = claim.value == 100.0 && (decrease || change.hi <= 0.0);
    if let Some(reading) = readings.iter().find(|reading| claim.allows(reading.size, limit)) {
        let why = format!("{} is {}", reading.name, shown(reading.value, "%"));
        return Outcome::new(Label::Right, kind, Value::One(reading.value), why);
    }
    let two = matches!(direction, Direction::Faster | Direction::Slower) && rate.is_some() && rate_value.is_finite();
    let one_sided = !matches!(claim.bound, Bound::Exact | Bound::Approx) || claim.upper.is_some();
    if two && claim.value >= 100.0 && cost {
        // No time falls by that much: only the rate can be meant.
        let why = format!("the rate changes by {}", shown(rate_value, "%"));
        return Outcome::new(Label::Wrong, ClaimKind::Times, Value::One(rate_value), why);
    }
    if two && !one_sided {
        let (change, rate) = (shown(change_value, "%"), shown(rate_value, "%"));
        let why = format!("it is {change}, and {rate} where its inverse is meant");
        return Outcome::new(Label::Wrong, kind, Value::None, why);
    }
    let worse = matches!(direction, Direction::Better | Direction::Worse);
    if worse && pair.orientation() != Orientation::Unknown && claim.allows(change.magnitude(), limit) {
        return Outcome::uncheckable(kind, "whether more of it is better is not said");
    }
    let why = format!("the change is {}", shown(change_value, "%"));
    Outcome::new(Label::Wrong, kind, Value::One(change_value), why)
}

fn of_zero(claim: &Figure, after: Interval) -> Outcome {
    let kind = ClaimKind::FromTo;
    if after == Interval::point(0.0) {
        let label = match claim.allows(Interval::point(0.0), false) {
            true => Label::Right,
            false => Label::Wrong,
        };
        return Outcome::new(label, kind, Value::One(0.0), "nothing to nothing is unchanged");
    }
    if after.lo <= 0.0 {
        return Outcome::uncheckable(kind, "both figures may be nothing");
    }
    Outcome::new(Label::Wrong, kind, Value::None, "there is no per cent of zero")
}

fn percent_above_one(ratio: Interval) -> Interval {
    Interval::new((ratio.lo - 1.0) * 100.0, (ratio.hi - 1.0) * 100.0)
}

fn percent_of_percent(claim: &Figure, pair: &Pair) -> Outcome {
    let (before, after) = pair.intervals();
    let points = after.minus(before).magnitude();
    let relative = after.over(before).map(|ratio| percent_above_one(ratio).magnitude());
    let kind = ClaimKind::Points;
    let fits = claim.allows(points, false) || relative.is_none_or(|relative| claim.allows(relative, false));
    if fits {
        return Outcome::uncheckable(
            kind,
            "per cent of per cent: say points (pp) where the difference is meant",
        );
    }
    let (printed_before, printed_after) = pair.printed_alike();
    let why = format!(
        "the difference is {} points, the change {}",
        shown(printed_after - printed_before, ""),
        shown((printed_after / printed_before - 1.0) * 100.0, "%")
    );
    Outcome::new(Label::Wrong, kind, Value::None, why)
}

fn points(claim: &Figure, direction: Direction, pair: &Pair) -> Outcome {
    let kind = ClaimKind::Points;
    if !matches!(pair.before.unit, Unit::Percent | Unit::None) {
        return Outcome::uncheckable(kind, "points of something that is no per cent");
    }
    signed(claim, direction, pair, kind, "points")
}

/// A difference with the sign that figure and words give it.
fn signed(claim: &Figure, direction: Direction, pair: &Pair, kind: ClaimKind, unit: &str) -> Outcome {
    let (before, after) = pair.intervals();
    let (printed_before, printed_after) = pair.printed();
    let difference = after.minus(before);
    let value = printed_after - printed_before;
    let factor = match &claim.unit {
        Unit::Measure(measure) => measure.factor,
        _ => 1.0,
    };
    let in_unit = difference.scaled(1.0 / factor);
    // Without what floating point adds.
    let value = (value / factor * 1e9).round() / 1e9;
    let (size, value) = match (direction, claim.sign) {
        (Direction::Down, _) => (in_unit.negated(), -value),
        (Direction::Up, _) | (_, Sign::Plus) => (in_unit, value),
        (_, Sign::Minus) => (in_unit.negated(), value),
        _ => (in_unit.magnitude(), value.abs()),
    };
    let label = if claim.allows(size, false) {
        Label::Right
    } else {
        Label::Wrong
    };
    let why = format!("the difference is {}", shown(value, unit));
    Outcome::new(label, kind, Value::One(value), why)
}

/// A difference in the pair's own unit, which must be shown by a sign or a word.
fn difference(claim: &Figure, direction: Direction, pair: &Pair) -> Option<Outcome> {
    let said = claim.sign != Sign::None || matches!(direction, Direction::Down | Direction::Up);
    let same = match (&claim.unit, &pair.before.unit) {
        (Unit::None, Unit::None) => true,
        (Unit::Measure(a), Unit::Measure(b)) => a.dimension == b.dimension,
        _ => false,
    };
    (said && same).then(|| signed(claim, direction, pair, ClaimKind::FromTo, unit_name(pair)))
}

fn unit_name(pair: &Pair) -> &'static str {
    match &pair.before.unit {
        Unit::Measure(_) => "in that unit",
        _ => "",
    }
}

fn times(claim: &Figure, direction: Direction, pair: &Pair) -> Outcome {
    let (before, after) = pair.intervals();
    let (printed_before, printed_after) = pair.printed_alike();
    let kind = ClaimKind::Times;
    let (Some(down), Some(up)) = (before.over(after), after.over(before)) else {
        let nothing = before == Interval::point(0.0) || after == Interval::point(0.0);
        return match nothing && printed_before != printed_after {
            true => Outcome::new(Label::Wrong, kind, Value::None, "there is no multiple of zero"),
            false => Outcome::uncheckable(kind, "one of the figures may be nothing"),
        };
    };
    let falling = Reading {
        size: down,
        value: printed_before / printed_after,
        name: "before by after",
    };
    let rising = Reading {
        size: up,
        value: printed_after / printed_before,
        name: "after by before",
    };
    let readings: Vec<Reading> = match (direction, pair.orientation()) {
        (Direction::Down, _) => vec![falling],
        (Direction::Up, _) => vec![rising],
        (Direction::Faster | Direction::Better, Orientation::Cost) => vec![falling],
        (Direction::Faster | Direction::Better, Orientation::Rate) => vec![rising],
        (Direction::Slower | Direction::Worse, Orientation::Cost) => vec![rising],
        (Direction::Slower | Direction::Worse, Orientation::Rate) => vec![falling],
        _ if printed_before >= printed_after => vec![falling, rising],
        _ => vec![rising, falling],
    };
    if let Some(reading) = readings.iter().find(|reading| claim.allows(reading.size, false)) {
        let why = format!("{} is {}", reading.name, shown(reading.value, "x"));
        return Outcome::new(Label::Right, kind, Value::One(reading.value), why);
    }
    // "2.2x faster" is 3.2 times as fast for some.
    let one_more = |reading: &Reading| Interval::new(reading.size.lo - 1.0, reading.size.hi - 1.0);
    if direction != Direction::None && readings.iter().any(|reading| claim.allows(one_more(reading), false)) {
        return Outcome::uncheckable(
            kind,
            "a multiple of the old figure, or as much on top of it: two readings",
        );
    }
    let value = readings.first().map_or(1.0, |reading| reading.value);
    let why = format!("the ratio is {}", shown(value, "x"));
    Outcome::new(Label::Wrong, kind, Value::One(value), why)
}

/// Holds "unchanged" against a pair.
pub(super) fn unchanged(pair: &Pair) -> Outcome {
    let kind = ClaimKind::FromTo;
    if pair.doubtful {
        return Outcome::uncheckable(kind, "the figures can be read in more than one way");
    }
    let (before, after) = pair.intervals();
    let (printed_before, printed_after) = pair.printed_alike();
    let apart = before.lo > after.hi || after.lo > before.hi;
    let value = match printed_before == printed_after {
        true => 0.0,
        false => (printed_after / printed_before - 1.0) * 100.0,
    };
    // How much may change and still be called the same is an opinion; what is printed alike is not.
    let close = value.is_finite() && value.abs() < 5.0;
    match (printed_before == printed_after, apart) {
        (true, _) => Outcome::new(Label::Right, kind, Value::One(0.0), "the figures are equal"),
        (false, true) if !close => {
            let value = if value.is_finite() {
                Value::One(value)
            } else {
                Value::None
            };
            Outcome::new(Label::Wrong, kind, value, "the figures differ")
        }
        _ => Outcome::uncheckable(kind, "how near is unchanged is not said"),
    }
}

/// A figure for people: four digits, its unit.
pub(super) fn shown(value: f64, unit: &str) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    let mut text = format!("{value:.digits$}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    if text == "-0" {
        text = "0".to_owned();
    }
    match unit {
        "" => text,
        "x" => format!("{text}x"),
        unit => format!("{text} {unit}"),
    }
}
