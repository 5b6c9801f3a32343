//! Parts and the whole that is made of them: a sum, a mean, weights that add up to all.

use std::ops::Range;

use super::figure::{Figure, Sign, Unit};
use super::interval::Interval;
use super::judge::{Outcome, shown};
use super::table::wrong_or;
use super::tokens::{Kind, Token};
use super::{ClaimKind, Label, Value};

/// What is made of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    Sum,
    Mean,
}

/// What a label calls itself; "overall" alone is an opinion.
pub(super) fn whole<'w>(mut words: impl Iterator<Item = &'w str>) -> Option<Whole> {
    let mut found = None;
    if words.any(|word| {
        match word {
            "total" | "totals" | "sum" | "subtotal" => found = Some(Whole::Sum),
            "average" | "mean" | "avg" => found = Some(Whole::Mean),
            _ => {}
        }
        found.is_some()
    }) {
        return found;
    }
    None
}

/// Words that say that the parts shown are not all, or that the whole is measured by itself.
pub(super) fn is_partial(word: &str) -> bool {
    matches!(
        word,
        "top"
            | "selected"
            | "sample"
            | "slowest"
            | "largest"
            | "example"
            | "examples"
            | "including"
            | "incl"
            | "etc"
            | "wall"
            | "elapsed"
            | "parallel"
            | "end-to-end"
            | "e2e"
            | "weighted"
            | "geometric"
            | "harmonic"
            | "median"
            | "cumulative"
            | "running"
            | "other"
            | "others"
            | "subtotal"
            | "excerpt"
            | "geomean"
            | "so"
            | "previous"
    )
}

/// A part or a whole: a figure or the two of a quotient.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Figure(Figure),
    Quotient(f64, f64),
}

/// The one figure or quotient among tokens, with its place. `None` where there are more or none.
pub(super) fn part(tokens: &[Token], range: Range<usize>) -> Option<(usize, Part)> {
    let mut parts = range.filter_map(|at| match &tokens.get(at)?.kind {
        Kind::Figure(figure) => Some((at, Part::Figure(figure.clone()))),
        Kind::Quotient { a, b, .. } => Some((at, Part::Quotient(*a, *b))),
        _ => None,
    });
    let first = parts.next()?;
    parts.next().is_none().then_some(first)
}

fn plain(figure: &Figure) -> bool {
    !figure.ambiguous && figure.upper.is_none() && figure.sign == Sign::None
}

/// The values that a part stands for: counts are exact.
fn interval(figure: &Figure) -> Interval {
    figure.operand(figure.unit == Unit::None && figure.whole)
}

/// Holds a whole against its parts. `None` where they are not of one kind.
pub(super) fn hold(parts: &[Part], total: &Part, how: Whole, clear: bool, kind: ClaimKind) -> Option<Outcome> {
    let count = parts.len() as f64;
    if parts.len() < 2 {
        return None;
    }
    match total {
        Part::Figure(total) => {
            let figures: Vec<&Figure> = parts
                .iter()
                .filter_map(|part| match part {
                    Part::Figure(figure) => Some(figure),
                    Part::Quotient(..) => None,
                })
                .collect();
            let same = figures.iter().all(|figure| figure.dimension() == total.dimension());
            let all_plain = figures.iter().all(|figure| plain(figure)) && plain(total);
            if figures.len() < parts.len() || !same || !all_plain || matches!(total.unit, Unit::Times) {
                return None;
            }
            let mut sum = figures
                .iter()
                .fold(Interval::point(0.0), |sum, figure| sum.plus(interval(figure)));
            let mut printed: f64 = figures.iter().map(|figure| figure.base()).sum();
            if how == Whole::Mean {
                sum = sum.scaled(1.0 / count);
                printed /= count;
            }
            let factor = match &total.unit {
                Unit::Measure(measure) => measure.factor,
                _ => 1.0,
            };
            let (sum, printed) = (sum.scaled(1.0 / factor), rounded(printed / factor));
            // Counts are not rounded to tens.
            let fits = total.allows(sum, how == Whole::Sum);
            let name = if how == Whole::Sum {
                "the parts add up to"
            } else {
                "the mean is"
            };
            let why = format!("{name} {}", shown(printed, ""));
            Some(wrong_or(
                fits,
                clear,
                Outcome::new(Label::Right, kind, Value::One(printed), why),
            ))
        }
        Part::Quotient(a, b) => {
            let quotients: Vec<(f64, f64)> = parts
                .iter()
                .filter_map(|part| match part {
                    Part::Quotient(a, b) => Some((*a, *b)),
                    Part::Figure(_) => None,
                })
                .collect();
            if quotients.len() < parts.len() {
                return None;
            }
            let sum = quotients
                .iter()
                .fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
            Some(match how {
                Whole::Sum => {
                    let value = if sum.1 == *b { sum.0 } else { sum.1 };
                    let why = format!("the parts add up to {} of {}", shown(sum.0, ""), shown(sum.1, ""));
                    let fits = sum == (*a, *b);
                    wrong_or(fits, clear, Outcome::new(Label::Right, kind, Value::One(value), why))
                }
                Whole::Mean => {
                    let mean = rounded(sum.0 / count);
                    let same = quotients.iter().all(|part| part.1 == *b);
                    // As many digits as the mean is printed with, at least one.
                    let step = if (a * 10.0).fract().abs() < 1e-9 { 0.1 } else { 0.01 };
                    let step = if a.fract() == 0.0 { 1.0 } else { step };
                    let fits = (mean - a).abs() <= step / 2.0 + 1e-9;
                    let why = format!("the mean is {}", shown(mean, ""));
                    wrong_or(
                        fits && same,
                        clear && same,
                        Outcome::new(Label::Right, kind, Value::One(mean), why),
                    )
                }
            })
        }
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

pub(super) fn is_hundred(part: &Part) -> bool {
    matches!(part, Part::Figure(figure) if figure.value == 100.0)
}

pub(super) fn is_weight(word: &str) -> bool {
    matches!(word, "weight" | "weights" | "weighting" | "weightings")
}

/// Whether weights add up to 100 per cent, or to one.
pub(super) fn hundred(weights: &[Figure]) -> Option<Outcome> {
    let all = |unit: &Unit| weights.iter().all(|figure| figure.is(unit) && plain(figure));
    let sum: f64 = weights.iter().map(|figure| figure.value).sum();
    let whole = if all(&Unit::Percent) {
        100.0
    } else if all(&Unit::None) && weights.iter().all(|figure| figure.value <= 1.0) {
        1.0
    } else {
        return None;
    };
    if weights.len() < 2 {
        return None;
    }
    let reach = weights.iter().fold(Interval::point(0.0), |sum, figure| {
        // A whole per cent is what was chosen; 33.3 was rounded.
        sum.plus(if figure.whole {
            Interval::point(figure.value)
        } else {
            figure.rounded()
        })
    });
    let slack = 1e-9;
    let fits = reach.lo - slack <= whole && whole <= reach.hi + slack;
    let label = if fits { Label::Right } else { Label::Wrong };
    let sum = rounded(sum);
    let why = format!("the weights add up to {}", shown(sum, ""));
    Some(Outcome::new(label, ClaimKind::Weights, Value::One(sum), why))
}
