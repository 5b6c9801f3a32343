//! Pairs of figures, before and after: `A → B`, `from A to B`, `B (was A)`, `before: A, after: B`.

use super::figure::{Bound, Figure, Measure, Unit};
use super::interval::Interval;
use super::tokens::{Kind, Token};
use super::words;

/// Two figures of the same kind.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) before: Figure,
    pub(super) after: Figure,
    /// What is counted, where words say it.
    pub(super) nouns: Vec<String>,
    /// Indices of its first and last token.
    pub(super) first: usize,
    pub(super) last: usize,
    /// True where it may be read in two ways: a chain, a range, a one-sided operand.
    pub(super) doubtful: bool,
    /// True where the figure before is written last: `B (was A)`.
    pub(super) backwards: bool,
    /// Another reading of the figure after: `17 failing tests + 2 errors`.
    pub(super) other_after: Option<f64>,
}

/// What more of a thing means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Orientation {
    /// A time or a size: less is better.
    Cost,
    /// Something per time: more is better.
    Rate,
    Unknown,
}

impl Pair {
    /// Makes a pair of two figures if they are of the same kind; a unit that only one has is that of both.
    pub(super) fn new(before: &Figure, after: &Figure, nouns: Vec<String>, first: usize, last: usize) -> Option<Self> {
        let (mut before, mut after) = (before.clone(), after.clone());
        match (&before.unit, &after.unit) {
            (Unit::None, unit) if *unit != Unit::None => before.unit = unit.clone(),
            (unit, Unit::None) if *unit != Unit::None => after.unit = unit.clone(),
            _ => {}
        }
        if before.dimension() != after.dimension() || matches!(before.unit, Unit::Points) {
            return None;
        }
        let odd = |figure: &Figure| {
            figure.ambiguous
                || figure.upper.is_some()
                || figure.sign != super::figure::Sign::None
                || !matches!(figure.bound, Bound::Exact | Bound::Approx)
        };
        Some(Self {
            doubtful: odd(&before) || odd(&after),
            before,
            after,
            nouns,
            first,
            last,
            backwards: false,
            other_after: None,
        })
    }

    /// Integers of things that are counted are exact.
    fn is_exact(&self) -> bool {
        self.before.unit == Unit::None
            && self.before.whole
            && self.after.whole
            && self.nouns.iter().any(|noun| words::is_counted(noun))
    }

    /// The values that both may stand for, in base units.
    pub(super) fn intervals(&self) -> (Interval, Interval) {
        let exact = self.is_exact();
        (self.before.operand(exact), self.after.operand(exact))
    }

    /// The values as printed, in base units.
    pub(super) fn printed(&self) -> (f64, f64) {
        (self.before.base(), self.after.base())
    }

    /// The same for ratios: in the unit that both share, where they do, so that nothing is added by converting.
    pub(super) fn printed_alike(&self) -> (f64, f64) {
        match self.before.unit == self.after.unit {
            true => (self.before.value, self.after.value),
            false => self.printed(),
        }
    }

    pub(super) fn orientation(&self) -> Orientation {
        match &self.before.unit {
            Unit::Measure(measure) if measure.rate || measure.dimension == "frequency" => Orientation::Rate,
            Unit::Measure(measure) if matches!(measure.dimension.as_str(), "time" | "bytes" | "power") => {
                Orientation::Cost
            }
            Unit::Measure(measure) if measure.dimension.starts_with("time/") => Orientation::Cost,
            _ => Orientation::Unknown,
        }
    }

    /// The same where decimal prefixes of bytes are read as powers of 1,024; only where that makes a difference, and where no prefix says
    /// which is meant.
    pub(super) fn with_binary_prefixes(&self) -> Option<Self> {
        let swap = |figure: &Figure| match &figure.unit {
            Unit::Measure(measure) if measure.dimension == "bytes" && !measure.binary => Some(Figure {
                unit: Unit::Measure(Measure {
                    factor: 1024f64.powi(measure.kilo),
                    ..measure.clone()
                }),
                ..figure.clone()
            }),
            _ => None,
        };
        let (before, after) = (swap(&self.before)?, swap(&self.after)?);
        (before.unit != after.unit).then(|| Self {
            before,
            after,
            ..self.clone()
        })
    }

    /// The same with the other reading of the figure after.
    pub(super) fn with_other_after(&self) -> Option<Self> {
        let other = self.other_after?;
        Some(Self {
            after: Figure {
                value: other,
                ..self.after.clone()
            },
            other_after: None,
            ..self.clone()
        })
    }
}

/// The words from a place on, at most `most`, up to what points somewhere.
pub(super) fn nouns(tokens: &[Token], from: usize, most: usize) -> Vec<String> {
    tokens
        .get(from..)
        .unwrap_or_default()
        .iter()
        .map_while(Token::word)
        .take_while(|word| words::direction(word).is_none() && !words::is_elsewhere(word))
        .take_while(|word| !matches!(*word, "to" | "from" | "was" | "and"))
        .take(most)
        .map(str::to_owned)
        .collect()
}

/// The pairs of a clause, which begins at `clause.start`.
pub(super) fn pairs(tokens: &[Token], clause: &std::ops::Range<usize>) -> Vec<Pair> {
    let mut found: Vec<Pair> = Vec::new();
    let mut at = clause.start;
    while at < clause.end {
        let taken = arrow(tokens, clause, at)
            .or_else(|| from_to(tokens, clause, at))
            .or_else(|| was(tokens, clause, at))
            .or_else(|| labelled(tokens, clause, at));
        match taken {
            Some(pair) => {
                at = pair.last + 1;
                found.push(pair);
            }
            None => at += 1,
        }
    }
    found
}

fn figure(tokens: &[Token], at: usize, end: usize) -> Option<&Figure> {
    if at >= end {
        return None;
    }
    tokens.get(at)?.figure()
}

fn arrow(tokens: &[Token], clause: &std::ops::Range<usize>, at: usize) -> Option<Pair> {
    let before = figure(tokens, at, clause.end)?;
    let first_nouns = nouns(tokens, at + 1, 3);
    let arrow = at + 1 + first_nouns.len();
    if !tokens.get(arrow)?.is(&Kind::Arrow) {
        return None;
    }
    let after = figure(tokens, arrow + 1, clause.end)?;
    let last_nouns = nouns(tokens, arrow + 2, 3);
    let last = arrow + 1;
    let chained = tokens
        .get(last + last_nouns.len() + 1)
        .is_some_and(|token| token.is(&Kind::Arrow))
        || at
            .checked_sub(1)
            .and_then(|before| tokens.get(before))
            .is_some_and(|token| token.is(&Kind::Arrow));
    let mut all = label(tokens, clause, at);
    let alike = first_nouns.is_empty()
        || last_nouns.is_empty()
        || first_nouns.iter().any(|a| last_nouns.iter().any(|b| words::akin(a, b)));
    // `3 files → 5 MB` share no unit.
    let foreign = before.unit == Unit::None && after.unit != Unit::None && !first_nouns.is_empty();
    all.extend(first_nouns);
    all.extend(last_nouns);
    let mut pair = Pair::new(before, after, all, at, last)?;
    pair.doubtful |= chained || !alike || foreign;
    Some(pair)
}

/// The word that a colon sets before a place: `failing tests:`.
fn label(tokens: &[Token], clause: &std::ops::Range<usize>, at: usize) -> Vec<String> {
    let Some(colon) = at.checked_sub(1).filter(|colon| *colon > clause.start) else {
        return Vec::new();
    };
    let plain = tokens.get(colon).is_some_and(|token| token.is(&Kind::Colon));
    let word = tokens.get(colon - 1).and_then(Token::word);
    word.filter(|word| plain && word.ends_with('s'))
        .map(str::to_owned)
        .into_iter()
        .collect()
}

fn from_to(tokens: &[Token], clause: &std::ops::Range<usize>, at: usize) -> Option<Pair> {
    let before = figure(tokens, at, clause.end)?;
    let from = at
        .checked_sub(1)
        .and_then(|before| tokens.get(before))
        .and_then(Token::word);
    if from != Some("from") {
        return None;
    }
    let first_nouns = nouns(tokens, at + 1, 3);
    let mut next = at + 1 + first_nouns.len();
    if matches!(tokens.get(next)?.word(), Some("down" | "up")) {
        next += 1;
    }
    if tokens.get(next)?.word() != Some("to") {
        return None;
    }
    let after = figure(tokens, next + 1, clause.end)?;
    let mut all = first_nouns;
    all.extend(nouns(tokens, next + 2, 3));
    Pair::new(before, after, all, at - 1, next + 1)
}

/// `B (was A)`, `B, down from A`.
fn was(tokens: &[Token], clause: &std::ops::Range<usize>, at: usize) -> Option<Pair> {
    let after = figure(tokens, at, clause.end)?;
    let nouns = nouns(tokens, at + 1, 3);
    let mut next = at + 1 + nouns.len();
    let mut opened = false;
    if matches!(tokens.get(next)?.kind, Kind::Open | Kind::Comma) {
        opened = tokens.get(next)?.is(&Kind::Open);
        next += 1;
    }
    while matches!(tokens.get(next)?.word(), Some("up" | "down" | "improved" | "reduced")) {
        next += 1;
    }
    let word = tokens.get(next)?.word()?;
    if !(matches!(word, "from" | "was" | "previously") || opened && words::is_before(word)) {
        return None;
    }
    next += 1;
    if tokens.get(next)?.is(&Kind::Colon) {
        next += 1;
    }
    let before = figure(tokens, next, clause.end)?;
    // `from A to B` says it itself.
    let goes_on = tokens.get(next + 1).and_then(Token::word) == Some("to");
    if goes_on || after.dimension() != before.dimension() {
        return None;
    }
    let pair = Pair::new(before, after, nouns, at, next)?;
    Some(Pair {
        backwards: true,
        ..pair
    })
}

/// `before 41.8 ms, after 36.4 ms`.
fn labelled(tokens: &[Token], clause: &std::ops::Range<usize>, at: usize) -> Option<Pair> {
    if !words::is_before(tokens.get(at)?.word()?) {
        return None;
    }
    let first = value_of_label(tokens, clause, at)?;
    let after = (first + 1..(first + 6).min(clause.end))
        .find(|at| tokens.get(*at).and_then(Token::word).is_some_and(words::is_after))?;
    if (first + 1..after).any(|at| tokens.get(at).is_some_and(|token| token.figure().is_some())) {
        return None;
    }
    let second = value_of_label(tokens, clause, after)?;
    let mut all = nouns(tokens, first + 1, 3);
    all.extend(nouns(tokens, second + 1, 3));
    Pair::new(
        tokens.get(first)?.figure()?,
        tokens.get(second)?.figure()?,
        all,
        at,
        second,
    )
}

/// The figure behind a label and a colon, an equals sign or nothing.
fn value_of_label(tokens: &[Token], clause: &std::ops::Range<usize>, label: usize) -> Option<usize> {
    let next = tokens.get(label + 1)?;
    let at = match next.kind {
        Kind::Colon | Kind::Equals => label + 2,
        _ => label + 1,
    };
    figure(tokens, at, clause.end).map(|_| at)
}
