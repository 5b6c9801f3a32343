//! Quotients: `26/38 tests passing (68%)`, `2 of 7 reviews (28.6 %)`, `100% pass rate (4/4 tests)`.

use std::ops::Range;

use super::figure::{Figure, Sign, Unit};
use super::interval::Interval;
use super::judge::{Outcome, shown};
use super::sheet::{Found, Sheet};
use super::tokens::{Kind, Token};
use super::words;
use super::{ClaimKind, Label, Value};

/// The most words between a quotient and its per cent.
const GAP: usize = 7;

/// Reads the quotients of a clause that are given with a per cent.
pub(super) fn clause(sheet: &mut Sheet, clause: &Range<usize>, found: &mut Vec<Found>) {
    for at in clause.clone() {
        let Some(Kind::Quotient { a, b, whole }) = sheet.tokens.get(at).map(|token| token.kind.clone()) else {
            continue;
        };
        let Some((percent, words)) = percent(&sheet.tokens, clause, at) else {
            continue;
        };
        if sheet.is_taken(percent) {
            continue;
        }
        let Some(figure) = sheet.tokens.get(percent).and_then(Token::figure).cloned() else {
            continue;
        };
        if figure.upper.is_some() || figure.ambiguous || figure.sign != Sign::None {
            continue;
        }
        let quotient = Quotient {
            a,
            b,
            whole,
            own: words_near(&sheet.tokens, clause, at),
            its: words,
        };
        let Some(outcome) = quotient.judge(&figure) else {
            continue;
        };
        sheet.take(at);
        sheet.take(percent);
        found.push(Found::new(at, outcome));
    }
}

struct Quotient {
    a: f64,
    b: f64,
    whole: bool,
    /// The words behind the quotient.
    own: Vec<String>,
    /// The words beside the per cent.
    its: Vec<String>,
}

impl Quotient {
    /// Whether it looks like marks: `8/10`.
    fn is_score(&self) -> bool {
        let counted = self
            .own
            .iter()
            .any(|word| words::is_counted(word) || words::outcome(word).is_some());
        !self.whole || (matches!(self.b as u64, 5 | 10 | 100) && !counted)
    }

    fn judge(&self, figure: &Figure) -> Option<Outcome> {
        if self.b <= 0.0 || (self.a > self.b && self.whole) {
            return None;
        }
        let kind = if self.is_score() {
            ClaimKind::Score
        } else {
            ClaimKind::Quotient
        };
        let share = self.a / self.b * 100.0;
        let rest = 100.0 - share;
        let limit = |value: f64| figure.value == 100.0 || (figure.value == 0.0 && value > 0.0);
        let fits = |value: f64| figure.allows(Interval::point(value), limit(value));
        let why = format!(
            "{} of {} is {}",
            shown(self.a, ""),
            shown(self.b, ""),
            shown(share, "%")
        );
        let outcome = |words: &[String]| words.iter().find_map(|word| words::outcome(word));
        let opposite = matches!((outcome(&self.own), outcome(&self.its)), (Some(a), Some(b)) if a != b);
        Some(if opposite && fits(rest) {
            let why = format!("the rest is {}", shown(rest, "%"));
            Outcome::new(Label::Right, kind, Value::One(rest), why)
        } else if opposite && fits(share) {
            // "1/6 failing (16.7% success)" may be meant as it says, or be the wrong word.
            Outcome::uncheckable(kind, "the words say the opposite of the figures")
        } else if fits(share) {
            Outcome::new(Label::Right, kind, Value::One(share), why)
        } else if fits(rest) {
            Outcome::uncheckable(kind, "the per cent is what is left")
        } else if kind == ClaimKind::Score || !self.is_its_own() || self.own.iter().any(|word| is_negated(word)) {
            Outcome::uncheckable(kind, "the per cent may be of something else")
        } else if opposite {
            let why = format!("the rest is {}", shown(rest, "%"));
            Outcome::new(Label::Wrong, kind, Value::One(rest), why)
        } else {
            Outcome::new(Label::Wrong, kind, Value::One(share), why)
        })
    }

    /// Whether the words beside the per cent say nothing but that it is the quotient's.
    fn is_its_own(&self) -> bool {
        self.its
            .iter()
            .all(|word| words::is_share_noun(word) || self.own.iter().any(|own| words::akin(own, word)))
    }
}

/// Whether a word is the opposite of another: `423 statements untested`.
fn is_negated(word: &str) -> bool {
    word.starts_with("un") && !word.starts_with("unit") && !word.starts_with("unique") && !word.starts_with("under")
}

/// The words behind a quotient, up to a mark.
fn words_near(tokens: &[Token], clause: &Range<usize>, at: usize) -> Vec<String> {
    let behind = tokens.get(at + 1..clause.end).unwrap_or_default();
    behind.iter().map_while(Token::word).map(str::to_owned).collect()
}

/// The per cent that is given with a quotient, and the words on its side.
fn percent(tokens: &[Token], clause: &Range<usize>, at: usize) -> Option<(usize, Vec<String>)> {
    behind(tokens, clause, at).or_else(|| in_front(tokens, clause, at))
}

fn is_percent(token: &Token) -> bool {
    token.figure().is_some_and(|figure| figure.is(&Unit::Percent))
}

/// `26/38 … passing (68% success rate)`, `18/18 - 100%`, `26/38 = 68 %`.
fn behind(tokens: &[Token], clause: &Range<usize>, at: usize) -> Option<(usize, Vec<String>)> {
    let rest = tokens.get(at + 1..clause.end)?;
    let mark = rest
        .iter()
        .position(|token| !matches!(token.kind, Kind::Word(_) | Kind::Mark | Kind::Break))?;
    let token = rest.get(mark)?;
    let next = mark + 1;
    let its = |from: usize| {
        let words = rest.get(from..)?.iter().map_while(Token::word).map(str::to_owned);
        let words: Vec<String> = words.collect();
        // The words must end with the parenthesis or such: what continues is about something else.
        let end = rest.get(from + words.len());
        let ends = end.is_none_or(|token| !matches!(token.kind, Kind::Figure(_) | Kind::Quotient { .. } | Kind::Arrow));
        ends.then_some(words)
    };
    if mark > GAP {
        return None;
    }
    match token.kind {
        Kind::Open | Kind::Dash | Kind::Equals | Kind::Comma | Kind::Colon => {
            // `(about 68 %)`, `(i.e. 68 %)`
            let skipped = rest
                .get(next..)?
                .iter()
                .take_while(|token| token.word().is_some_and(words::is_share_noun))
                .count();
            let at_figure = next + skipped;
            if skipped > 3 || !is_percent(rest.get(at_figure)?) {
                return None;
            }
            let loose = matches!(token.kind, Kind::Comma | Kind::Colon) && mark > 0;
            let mut words = its(at_figure + 1)?;
            let before = rest
                .get(next..at_figure)?
                .iter()
                .filter_map(Token::word)
                .map(str::to_owned);
            words.extend(before);
            if loose {
                // Behind a comma only what says that it is a rate.
                words
                    .iter()
                    .any(|word| word == "rate" || words::outcome(word).is_some())
                    .then_some(())?;
            }
            Some((at + 1 + at_figure, words))
        }
        _ => None,
    }
}

/// `100% integration test success rate (19/19 tests passing)`.
fn in_front(tokens: &[Token], clause: &Range<usize>, at: usize) -> Option<(usize, Vec<String>)> {
    let before = tokens.get(clause.start..at)?;
    let open = before.iter().rposition(|token| !matches!(token.kind, Kind::Word(_)))?;
    if !before.get(open)?.is(&Kind::Open) || before.len() - open > 3 {
        return None;
    }
    let lead = before.get(..open)?;
    let figure = lead.iter().rposition(|token| token.word().is_none())?;
    if !is_percent(lead.get(figure)?) || open - figure > GAP + 1 {
        return None;
    }
    let words: Vec<String> = lead
        .get(figure + 1..)?
        .iter()
        .filter_map(Token::word)
        .map(str::to_owned)
        .collect();
    // The last words are what it is a per cent of: `integration test success rate`.
    let its = words
        .iter()
        .rev()
        .take_while(|word| words::is_share_noun(word))
        .cloned()
        .collect::<Vec<_>>();
    let all = if its.is_empty() { words } else { its };
    Some((clause.start + figure, all))
}

/// The kind of a quotient without a per cent beside it.
pub(super) fn alone(sheet: &mut Sheet, found: &mut Vec<Found>) {
    for at in 0..sheet.tokens.len() {
        let Some(Kind::Quotient { a, b, whole }) = sheet.tokens.get(at).map(|token| token.kind.clone()) else {
            continue;
        };
        if sheet.is_taken(at) {
            continue;
        }
        let end = sheet.tokens.len();
        let quotient = Quotient {
            a,
            b,
            whole,
            own: words_near(&sheet.tokens, &(0..end), at),
            its: Vec::new(),
        };
        let outcome = if quotient.is_score() {
            let kind = match says_mean(&sheet.tokens, at) {
                true => ClaimKind::Mean,
                false => ClaimKind::Score,
            };
            Outcome::uncheckable(kind, "a score is an opinion")
        } else {
            Outcome::uncheckable(
                ClaimKind::Quotient,
                "no per cent is given with it: nothing is claimed of the quotient",
            )
        };
        sheet.take(at);
        found.push(Found::new(at, outcome));
    }
}

/// Whether the words before call the score one over all.
fn says_mean(tokens: &[Token], at: usize) -> bool {
    let before = tokens.get(at.saturating_sub(8)..at).unwrap_or_default();
    before
        .iter()
        .filter_map(Token::word)
        .any(|word| matches!(word, "overall" | "average" | "mean" | "total"))
}
