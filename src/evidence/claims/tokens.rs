//! A block of text as tokens: figures with their units, quotients, arrows, words and marks.

use std::ops::Range;

use super::figure::{Bound, Figure, Sign, Unit, number};
use super::units::unit;
use super::words;

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Figure(Figure),
    /// `a/b`, or `a of b`; whether both are integers.
    Quotient {
        a: f64,
        b: f64,
        whole: bool,
    },
    /// A word in small letters.
    Word(String),
    /// `→`.
    Arrow,
    Open,
    Close,
    Comma,
    Colon,
    Semicolon,
    /// The end of a sentence.
    Stop,
    Plus,
    Equals,
    Dash,
    /// A line break.
    Break,
    /// A file reference or a code span, which holds no figure.
    Opaque,
    /// Any other mark.
    Mark,
}

/// A token and where it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

impl Token {
    pub(super) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn figure(&self) -> Option<&Figure> {
        match &self.kind {
            Kind::Figure(figure) => Some(figure),
            _ => None,
        }
    }

    pub(super) fn is(&self, kind: &Kind) -> bool {
        self.kind == *kind
    }
}

/// Divides a text into tokens. `opaque` are ranges, in order, in which nothing is read.
pub(super) fn tokens(text: &str, opaque: &[Range<usize>]) -> Vec<Token> {
    let mut reader = Reader {
        text,
        at: 0,
        tokens: Vec::new(),
    };
    let mut hidden = opaque.iter().peekable();
    while let Some(next) = text.get(reader.at..).and_then(|rest| rest.chars().next()) {
        while hidden.next_if(|range| range.end <= reader.at).is_some() {}
        if let Some(range) = hidden.next_if(|range| range.start <= reader.at) {
            reader.push(Kind::Opaque, range.end - reader.at);
            continue;
        }
        reader.step(next);
    }
    let mut tokens = reader.tokens;
    join_quotients(&mut tokens);
    join_ranges(&mut tokens);
    bind_words(&mut tokens);
    tokens
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token>,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let range = self.at..self.at + length;
        self.at += length.max(1);
        self.tokens.push(Token { kind, range });
    }

    fn step(&mut self, next: char) {
        if next == '\n' {
            return self.push(Kind::Break, 1);
        }
        if next.is_whitespace() {
            self.at += next.len_utf8();
            return;
        }
        if let Some((kind, length)) = arrow(self.rest()) {
            return self.push(kind, length);
        }
        if let Some((figure, length)) = self.figure() {
            return self.push(figure, length);
        }
        if next.is_alphanumeric() || next == '_' {
            return self.word();
        }
        let kind = match next {
            '(' | '[' => Kind::Open,
            ')' | ']' => Kind::Close,
            ',' => Kind::Comma,
            ':' => Kind::Colon,
            ';' => Kind::Semicolon,
            '.' | '!' | '?' => Kind::Stop,
            '+' => Kind::Plus,
            '=' => Kind::Equals,
            '-' | '–' | '—' | '−' => Kind::Dash,
            _ => Kind::Mark,
        };
        self.push(kind, next.len_utf8());
    }

    fn word(&mut self) {
        let rest = self.rest();
        let mut length = 0;
        let mut chars = rest.char_indices().peekable();
        while let Some((at, next)) = chars.next() {
            let joins = matches!(next, '-' | '\'' | '’' | '.' | '_' | '/')
                && at > 0
                && chars.peek().is_some_and(|(_, after)| after.is_alphanumeric());
            if !(next.is_alphanumeric() || next == '_' || joins) {
                break;
            }
            length = at + next.len_utf8();
        }
        let word = rest.get(..length).unwrap_or_default().to_lowercase();
        self.push(Kind::Word(word), length.max(1));
    }

    /// A figure or a quotient at this place, with its length; a number that belongs to a name, a version or a date is neither.
    fn figure(&self) -> Option<(Kind, usize)> {
        let rest = self.rest();
        let before = self.text.get(..self.at).and_then(|text| text.chars().next_back());
        let mut bound = Bound::Exact;
        let mut sign = Sign::None;
        let mut ambiguous = false;
        let mut at = 0;
        let glued = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '#' | '/' | '%'));
        if glued {
            return None;
        }
        for (mark, meaning) in [
            ("<=", Bound::AtMost),
            (">=", Bound::AtLeast),
            ("≤", Bound::AtMost),
            ("≥", Bound::AtLeast),
            ("<", Bound::Below),
            (">", Bound::Above),
            ("~", Bound::Approx),
            ("≈", Bound::Approx),
            ("∼", Bound::Approx),
            ("±", Bound::Exact),
        ] {
            if let Some(tail) = rest.strip_prefix(mark) {
                bound = meaning;
                ambiguous = mark == "±";
                at = rest.len() - tail.trim_start_matches(' ').len();
                break;
            }
        }
        let tail = rest.get(at..)?;
        for (mark, meaning) in [("+", Sign::Plus), ("-", Sign::Minus), ("−", Sign::Minus)] {
            if tail.starts_with(mark) && before.is_none_or(|c| c != ')' || at > 0) {
                sign = meaning;
                at += mark.len();
                break;
            }
        }
        let first = number(rest.get(at..)?)?;
        ambiguous |= first.ambiguous;
        at += first.length;
        if let Some((quotient, length)) = quotient(rest.get(at..)?, &first) {
            return Some((quotient, at + length));
        }
        let (unit, scale, length) = unit(rest.get(at..)?)?;
        at += length;
        // `98%+`, but not `3+4`.
        let plus = rest.get(at..)?.strip_prefix('+');
        if plus.is_some_and(|after| !after.trim_start().starts_with(|c: char| c.is_ascii_digit())) {
            bound = Bound::AtLeast;
            at += 1;
        }
        let figure = Figure {
            range: self.at..self.at + at,
            value: first.value * scale,
            upper: None,
            step: first.step * scale,
            coarse: first.coarse * scale,
            sign,
            bound,
            unit,
            ambiguous,
            whole: first.whole && scale == 1.0,
        };
        Some((Kind::Figure(figure), at))
    }
}

fn arrow(rest: &str) -> Option<(Kind, usize)> {
    ["→", "->", "=>", "⇒", "➔", "➜", "⟶", "-->", "—>", "–>"]
        .iter()
        .find(|arrow| rest.starts_with(**arrow))
        .map(|arrow| (Kind::Arrow, arrow.len()))
}

/// `/38` behind a number. What continues with another slash is a date or a path.
fn quotient(rest: &str, a: &super::figure::Number) -> Option<(Kind, usize)> {
    let tail = rest
        .strip_prefix('/')
        .or_else(|| rest.strip_prefix(" / "))
        .filter(|tail| tail.starts_with(|c: char| c.is_ascii_digit()))?;
    let b = number(tail)?;
    let after = tail.get(b.length..)?;
    if after.starts_with(['/', '-', '%']) || after.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let kind = Kind::Quotient {
        a: a.value,
        b: b.value,
        whole: a.whole && b.whole && !a.ambiguous && !b.ambiguous,
    };
    Some((kind, rest.len() - tail.len() + b.length))
}

/// `2 of 7` and `2 out of 7` as quotients.
fn join_quotients(tokens: &mut Vec<Token>) {
    let mut at = 0;
    while at < tokens.len() {
        if let Some((token, length)) = spoken_quotient(tokens.get(at..).unwrap_or_default()) {
            tokens.splice(at..at + length, [token]);
        }
        at += 1;
    }
}

fn spoken_quotient(tokens: &[Token]) -> Option<(Token, usize)> {
    let whole = |token: &Token| {
        let figure = token.figure()?;
        let plain = figure.unit == Unit::None && figure.whole && !figure.ambiguous;
        (plain && figure.bound == Bound::Exact && figure.sign == Sign::None).then_some(figure.value)
    };
    let (first, rest) = tokens.split_first()?;
    let a = whole(first)?;
    let words: Vec<&str> = rest.iter().map_while(Token::word).take(4).collect();
    let between = match words.as_slice() {
        ["out", "of", "the" | "all", ..] => 3,
        ["out", "of", ..] | ["of", "the" | "all", ..] => 2,
        ["of", ..] => 1,
        _ => return None,
    };
    let last = rest.get(between)?;
    let b = whole(last)?;
    let token = Token {
        kind: Kind::Quotient { a, b, whole: true },
        range: first.range.start..last.range.end,
    };
    (a <= b).then_some((token, between + 2))
}

/// `10-30%`, `1.26–1.31x`, `15% - 25%` and `10 to 30 %` as one figure.
fn join_ranges(tokens: &mut Vec<Token>) {
    let mut at = 0;
    while at < tokens.len() {
        if let Some((token, length)) = range(tokens, at) {
            tokens.splice(at..at + length, [token]);
        }
        at += 1;
    }
}

fn range(tokens: &[Token], at: usize) -> Option<(Token, usize)> {
    let first = tokens.get(at)?;
    let low = first.figure()?;
    let second = tokens.get(at + 1)?;
    let from = at
        .checked_sub(1)
        .and_then(|before| tokens.get(before))
        .and_then(Token::word)
        == Some("from");
    let (third, length) = match &second.kind {
        Kind::Dash => (tokens.get(at + 2)?, 3),
        Kind::Word(word) if word == "to" && !from && low.unit == Unit::None => (tokens.get(at + 2)?, 3),
        // `10-30`: the dash was taken for a sign.
        Kind::Figure(high) if high.sign == Sign::Minus && second.range.start == first.range.end => (second, 2),
        _ => return None,
    };
    let high = third.figure()?;
    let dash_is_sign = length == 2;
    let same = low.unit == high.unit || low.unit == Unit::None;
    let signed = high.sign != Sign::None && !dash_is_sign;
    if !same || signed || high.upper.is_some() || high.unit == Unit::None && low.unit != Unit::None {
        return None;
    }
    let figure = Figure {
        range: first.range.start..third.range.end,
        value: low.value,
        upper: Some(high.value),
        step: low.step.max(high.step),
        coarse: low.step.max(high.step),
        sign: low.sign,
        bound: low.bound,
        unit: high.unit.clone(),
        ambiguous: low.ambiguous || high.ambiguous || low.value > high.value,
        whole: low.whole && high.whole,
    };
    let range = figure.range.clone();
    Some((
        Token {
            kind: Kind::Figure(figure),
            range,
        },
        length,
    ))
}

/// Gives figures the bound that words beside them say.
fn bind_words(tokens: &mut [Token]) {
    for at in 0..tokens.len() {
        let from = at.saturating_sub(4);
        let before: Vec<&str> = tokens
            .get(from..at)
            .unwrap_or_default()
            .rsplit(|token| token.word().is_none())
            .next()
            .unwrap_or_default()
            .iter()
            .filter_map(Token::word)
            .collect();
        let after: Vec<&str> = tokens
            .get(at + 1..)
            .unwrap_or_default()
            .iter()
            .map_while(Token::word)
            .take(2)
            .collect();
        let bound = words::bound_before(&before).or(match after.as_slice() {
            ["or", "more" | "better" | "higher"] => Some(Bound::AtLeast),
            ["or", "less" | "fewer" | "lower"] => Some(Bound::AtMost),
            _ => None,
        });
        if let (Some(bound), Some(Kind::Figure(figure))) = (bound, tokens.get_mut(at).map(|token| &mut token.kind))
            && figure.bound == Bound::Exact
        {
            figure.bound = bound;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(text: &str) -> Vec<Figure> {
        tokens(text, &[]).iter().filter_map(|t| t.figure().cloned()).collect()
    }

    #[test]
    fn names_versions_and_dates_are_no_figures() {
        for text in [
            "p99",
            "v1.2.3",
            "1.2.3",
            "2025-08-23/1",
            "sha256",
            "CG650",
            "3D",
            "224x224",
            "#12",
            "2nd",
            "64bit",
        ] {
            let read: Vec<_> = figures(text).into_iter().filter(|f| f.unit != Unit::None).collect();
            assert_eq!(read, [], "{text}");
        }
    }

    #[test]
    fn figures_have_sign_bound_and_unit() {
        let one = |text: &str| figures(text).remove(0);
        assert_eq!(one("(-12.9 %)").sign, Sign::Minus);
        assert_eq!(one("(−12.9 %)").sign, Sign::Minus);
        assert_eq!(one("98%+ rate").bound, Bound::AtLeast);
        assert_eq!(one("at least 10 % faster").bound, Bound::AtLeast);
        assert_eq!(one("up to 12 % faster").bound, Bound::AtMost);
        assert_eq!(one("≤ 5 ms").bound, Bound::AtMost);
        assert_eq!(one("~70%").bound, Bound::Approx);
        assert_eq!(one("less than 5%").bound, Bound::Below);
        assert!(one("±3 %").ambiguous);
        assert_eq!(one("35 percentage points").unit, Unit::Points);
        assert_eq!(one("35 %-points").unit, Unit::Points);
        assert_eq!(one("12 per cent").unit, Unit::Percent);
        assert_eq!(one("3.2× faster").unit, Unit::Times);
        assert_eq!(one("1.2k tests").value, 1200.0);
        assert_eq!(one("1,389 samples/s").dimension(), "samples/s");
        assert_eq!(one("1389 samples per second").dimension(), "samples/s");
    }

    #[test]
    fn ranges_are_one_figure() {
        for text in ["10-30% speedup", "10–30 %", "10 to 30 %", "10% - 30%"] {
            let read = figures(text);
            assert_eq!(read.len(), 1, "{text}: {read:?}");
            assert_eq!((read[0].value, read[0].upper), (10.0, Some(30.0)), "{text}");
        }
        let observed = figures("observed 1.26-1.31x in testing");
        assert_eq!((observed[0].upper, observed[0].unit.clone()), (Some(1.31), Unit::Times));
        assert_eq!(figures("from 10 to 30 %").len(), 2);
    }

    #[test]
    fn quotients_are_read_in_three_ways() {
        for text in ["2/7 reviews", "2 of 7 reviews", "2 out of the 7 reviews", "2 / 7"] {
            let kind = tokens(text, &[]).remove(0).kind;
            assert_eq!(
                kind,
                Kind::Quotient {
                    a: 2.0,
                    b: 7.0,
                    whole: true
                },
                "{text}"
            );
        }
    }
}
