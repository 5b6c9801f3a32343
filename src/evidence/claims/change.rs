//! Changes: which figure is drawn from which pair. A figure is held only against operands that it is given with.

use std::ops::Range;

use super::figure::{Figure, Sign, Unit};
use super::judge::{Outcome, judge, unchanged};
use super::pair::{Pair, nouns, pairs};
use super::sheet::{Found, Sheet};
use super::tokens::{Kind, Token};
use super::words::{self, Direction};
use super::{ClaimKind, Label};

/// The most words between a pair and what is drawn from it.
const GAP: usize = 6;

/// Reads the claims of one clause.
pub(super) fn clause(sheet: &mut Sheet, clause: &Range<usize>, found: &mut Vec<Found>) {
    let pairs = pairs(&sheet.tokens, clause);
    let operand = |at: usize| pairs.iter().any(|pair| (pair.first..=pair.last).contains(&at));
    let mut drawn = vec![false; pairs.len()];
    let mut draw = |pair: &Pair| {
        if let Some(drawn) = pairs
            .iter()
            .position(|one| one.first == pair.first)
            .and_then(|at| drawn.get_mut(at))
        {
            *drawn = true;
        }
    };
    for at in clause.clone() {
        if sheet.is_taken(at) || operand(at) {
            continue;
        }
        if sheet
            .tokens
            .get(at)
            .is_some_and(|token| matches!(token.word(), Some("unchanged" | "same" | "identical")))
        {
            let bound = pairs.iter().find(|pair| follows(&sheet.tokens, pair, at));
            if let Some(pair) = bound {
                draw(pair);
                found.push(Found::new(at, unchanged(pair)));
            }
            continue;
        }
        let Some(figure) = sheet.tokens.get(at).and_then(Token::figure) else {
            continue;
        };
        let Some((pair, context)) = bind(&sheet.tokens, clause, &pairs, at) else {
            continue;
        };
        if let Some(outcome) = outcome(figure, &context, pair) {
            sheet.take(at);
            draw(pair);
            found.push(Found::new(at, outcome));
        }
    }
    for (pair, drawn) in pairs.iter().zip(drawn) {
        let figures =
            (pair.first..=pair.last).filter(|at| sheet.tokens.get(*at).is_some_and(|token| token.figure().is_some()));
        let first = figures.clone().next().filter(|at| !sheet.is_taken(*at));
        // `98 % (from 70 %)` are two figures by themselves.
        if !drawn && !pair.backwards && pair.before.unit != Unit::None {
            let why = "no figure is drawn from the two";
            found.extend(first.map(|at| Found::new(at, Outcome::uncheckable(ClaimKind::FromTo, why))));
        }
        if drawn || !pair.backwards {
            figures.collect::<Vec<_>>().into_iter().for_each(|at| sheet.take(at));
        }
    }
}

/// What a figure says beside a pair, held against it; where the words around are not all understood, nobody is accused.
pub(super) fn outcome(figure: &Figure, context: &Context, pair: &Pair) -> Option<Outcome> {
    let mut outcome = judge(figure, context.direction, pair)?;
    if outcome.label == Label::Wrong && !context.clear {
        outcome = Outcome::uncheckable(outcome.kind, "what the figure is of is not clear");
    }
    Some(outcome)
}

/// The words around a figure.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) direction: Direction,
    /// Whether the words leave no doubt that it is drawn from the pair.
    pub(super) clear: bool,
}

/// Whether a token is right behind a pair, or in the parenthesis behind it.
fn follows(tokens: &[Token], pair: &Pair, at: usize) -> bool {
    let gap = tokens.get(pair.last + 1..at).unwrap_or_default();
    at > pair.last
        && gap.len() <= 4
        && gap
            .iter()
            .all(|token| !matches!(token.kind, Kind::Figure(_) | Kind::Close))
}

/// The pair that a figure is drawn from.
fn bind<'p>(tokens: &[Token], clause: &Range<usize>, pairs: &'p [Pair], at: usize) -> Option<(&'p Pair, Context)> {
    let before = pairs.iter().rev().find(|pair| pair.last < at);
    let after = pairs.iter().find(|pair| pair.first > at);
    let ahead = after.and_then(|pair| Some((pair, in_front(tokens, clause, pair, at)?)));
    // `(164 ms → 51 ms) and 2.5x speedup (73 s → 29 s)`: the parenthesis behind it is its own.
    let opened = |pair: &Pair| {
        let gap = tokens.get(pair.last + 1..at).unwrap_or_default();
        gap.iter().any(|token| token.is(&Kind::Open))
    };
    let own = after.is_some_and(|pair| {
        let gap = tokens.get(at + 1..pair.first).unwrap_or_default();
        gap.iter().any(|token| token.is(&Kind::Open))
    });
    if own && before.is_none_or(|pair| !opened(pair)) && ahead.is_some() {
        return ahead;
    }
    if let Some(pair) = before
        && let Some(context) = behind(tokens, clause, pair, at)
    {
        return Some((pair, context));
    }
    ahead.filter(|_| pairs.len() == 1 || before.is_none())
}

/// The context of a figure that is before a pair with nothing but words between.
fn in_front(tokens: &[Token], clause: &Range<usize>, pair: &Pair, at: usize) -> Option<Context> {
    let gap = tokens.get(at + 1..pair.first)?;
    let marks = gap.iter().all(|token| {
        matches!(
            token.kind,
            Kind::Word(_) | Kind::Open | Kind::Colon | Kind::Comma | Kind::Break
        )
    });
    if !marks || gap.len() > GAP + 2 {
        return None;
    }
    let from = at.saturating_sub(3).max(clause.start);
    let words = side(tokens, from..at, true).chain(side(tokens, at + 1..pair.first, false));
    Some(context(words, tokens.get(at)?.figure()?, &pair.nouns))
}

/// The context of a figure that is behind a pair: in its parenthesis, or after a comma or such.
fn behind(tokens: &[Token], clause: &Range<usize>, pair: &Pair, at: usize) -> Option<Context> {
    let skipped = nouns(tokens, pair.last + 1, 4).len();
    let start = pair.last + 1 + skipped;
    let figure = tokens.get(at)?.figure()?;
    if start > at {
        return None;
    }
    let opens = tokens.get(start).is_some_and(|token| token.is(&Kind::Open));
    let closes = |from: usize| {
        let rest = tokens.get(from..clause.end).unwrap_or_default();
        rest.iter()
            .position(|token| token.is(&Kind::Close))
            .map_or(clause.end, |close| from + close)
    };
    // A pair that is in a parenthesis itself ends with it: `(480 ms → 150 ms) 3.2x faster`, `(was 480 ms), 69 % lower`.
    let closings = tokens
        .get(start..at)?
        .iter()
        .filter(|token| token.is(&Kind::Close))
        .count();
    let at_once = tokens.get(start).is_some_and(|token| token.is(&Kind::Close));
    if closings > usize::from(at_once) {
        return None;
    }
    let (from, to) = if opens && at < closes(start) {
        part(tokens, start + 1..closes(start), at)
    } else {
        let gap = tokens.get(start..at)?;
        let plain = gap.iter().all(|token| match &token.kind {
            Kind::Word(word) => words::is_filler(word) || words::direction(word).is_some() || words::is_metric(word),
            Kind::Comma | Kind::Dash | Kind::Colon | Kind::Equals | Kind::Break | Kind::Close | Kind::Mark => true,
            // Several figures are drawn from one pair: `, -5.4 ms, -12.9 %`.
            Kind::Figure(other) => other.sign != Sign::None,
            _ => false,
        });
        if !plain || gap.len() > GAP {
            return None;
        }
        let from = gap
            .iter()
            .rposition(|token| !matches!(token.kind, Kind::Word(_)))
            .map_or(start, |mark| start + mark + 1);
        let end = tokens.get(at + 1..clause.end).unwrap_or_default();
        let end = end
            .iter()
            .position(|token| !matches!(token.kind, Kind::Word(_)))
            .map_or(clause.end, |mark| at + 1 + mark);
        (from, end)
    };
    let words = side(tokens, from..at, true).chain(side(tokens, at + 1..to, false));
    Some(context(words, figure, &pair.nouns))
}

/// The part of a parenthesis between commas that a token is in.
fn part(tokens: &[Token], range: Range<usize>, at: usize) -> (usize, usize) {
    let parts = |token: &Token| matches!(token.kind, Kind::Comma | Kind::Semicolon | Kind::Equals | Kind::Dash);
    let before = tokens.get(range.start..at).unwrap_or_default();
    let from = before
        .iter()
        .rposition(parts)
        .map_or(range.start, |mark| range.start + mark + 1);
    let after = tokens.get(at..range.end).unwrap_or_default();
    let to = after.iter().position(parts).map_or(range.end, |mark| at + mark);
    (from, to)
}

/// A word beside the figure, and whether it is before it. Anything but a word is an empty one, which no list holds.
fn side(tokens: &[Token], range: Range<usize>, before: bool) -> impl Iterator<Item = (bool, &str)> {
    let tokens = tokens.get(range).unwrap_or_default();
    tokens.iter().map(move |token| match &token.kind {
        Kind::Word(word) => (before, word.as_str()),
        Kind::Figure(_) | Kind::Quotient { .. } | Kind::Opaque => (before, "?"),
        _ => (before, ""),
    })
}

/// Reads the words around a figure. A direction behind the figure counts before one in front of it.
pub(super) fn context<'w>(words: impl Iterator<Item = (bool, &'w str)>, figure: &Figure, nouns: &[String]) -> Context {
    let (mut in_front, mut behind) = (Direction::None, Direction::None);
    let (mut known, mut elsewhere, mut of) = (true, false, false);
    let mut previous = "";
    for (before, word) in words {
        if let Some(direction) = words::direction(word) {
            // `up to` is a bound, `12 % more faster` nobody says.
            match before {
                true => in_front = direction,
                false if behind == Direction::None => behind = direction,
                false => {}
            }
        } else if words::is_elsewhere(word) {
            elsewhere = true;
        } else if !(word.is_empty()
            || words::is_filler(word)
            || words::is_metric(word)
            || words::is_before(word)
            || words::is_after(word)
            || matches!(word, "fixed" | "removed" | "eliminated" | "resolved" | "added")
            || nouns.iter().any(|noun| words::akin(noun, word)))
        {
            known = false;
        }
        // `12 % of the total` is a share; `reduction of 12 %` is not.
        of |= !before && word == "of" && (previous.is_empty() || words::direction(previous).is_none());
        if before && word == "to" && previous == "up" {
            in_front = Direction::None;
        }
        if !before && matches!(word, "fixed" | "removed" | "eliminated" | "resolved") && behind == Direction::None {
            behind = Direction::Down;
        }
        if !before && word == "added" && behind == Direction::None {
            behind = Direction::Up;
        }
        previous = word;
    }
    let direction = if behind == Direction::None { in_front } else { behind };
    let said = direction != Direction::None || figure.sign != Sign::None || figure.unit == Unit::Points;
    Context {
        direction,
        clear: !elsewhere && !of && (known || said),
    }
}

/// Reads what lines say one after the other: `Before: …`, `After: …`, `Improvement: …`. `lines` are ranges of tokens, each of one
/// sheet.
pub(super) fn labelled_lines(sheets: &mut [Sheet], lines: &[(usize, Range<usize>)], found: &mut Vec<(usize, Found)>) {
    for at in 0..lines.len() {
        let (Some(first), Some(second)) = (lines.get(at), lines.get(at + 1)) else {
            break;
        };
        let Some(pair) = pair_of_lines(sheets, first, second) else {
            continue;
        };
        let taken = [(first, pair.first), (second, pair.last)];
        for ((sheet, line), figure) in taken {
            if let Some(sheet) = sheets.get_mut(*sheet) {
                // What else is in the lines of a pair belongs to it.
                (figure..line.end).for_each(|at| sheet.take(at));
            }
        }
        for (index, line) in lines.iter().skip(at + 2).take(2) {
            let Some(sheet) = sheets.get_mut(*index) else { continue };
            let Some(label) = label(&sheet.tokens, line) else { break };
            let words = sheet.tokens.get(line.start..label).unwrap_or_default();
            if !words.iter().filter_map(Token::word).any(words::is_change) {
                break;
            }
            changes_of_line(sheet, label + 1..line.end, line.start, &pair, |claim| {
                found.push((*index, claim))
            });
        }
    }
}

fn changes_of_line(sheet: &mut Sheet, range: Range<usize>, from: usize, pair: &Pair, mut tell: impl FnMut(Found)) {
    for at in range.clone() {
        let Some(figure) = sheet.tokens.get(at).and_then(Token::figure).cloned() else {
            continue;
        };
        if sheet.is_taken(at) {
            continue;
        }
        let marks = |token: &Token| matches!(token.kind, Kind::Open | Kind::Close | Kind::Comma | Kind::Semicolon);
        let before = sheet.tokens.get(from..at).unwrap_or_default();
        let start = before.iter().rposition(marks).map_or(from, |mark| from + mark + 1);
        let after = sheet.tokens.get(at..range.end).unwrap_or_default();
        let end = after.iter().position(marks).map_or(range.end, |mark| at + mark);
        let words = side(&sheet.tokens, start..at, true).chain(side(&sheet.tokens, at + 1..end, false));
        let mut context = context(words, &figure, &pair.nouns);
        // "54 % reduction in memory" is not of failing tests.
        let of = sheet
            .tokens
            .get(at + 1..end)
            .unwrap_or_default()
            .windows(2)
            .find_map(|pair| match pair {
                [preposition, noun] if matches!(preposition.word(), Some("in" | "of")) => noun.word(),
                _ => None,
            });
        let foreign = of.is_some_and(|noun| {
            !pair.nouns.iter().any(|known| words::akin(known, noun))
                && !words::is_metric(noun)
                && !words::is_filler(noun)
        });
        context.clear &= !foreign && (figure.unit != Unit::None || shares_noun(&sheet.tokens, at, pair));
        if figure.unit == Unit::None && !shares_noun(&sheet.tokens, at, pair) {
            continue;
        }
        if let Some(outcome) = outcome(&figure, &context, pair) {
            sheet.take(at);
            tell(Found::new(at, outcome));
        }
    }
}

fn shares_noun(tokens: &[Token], at: usize, pair: &Pair) -> bool {
    nouns(tokens, at + 1, 2)
        .iter()
        .any(|noun| pair.nouns.iter().any(|known| words::akin(known, noun)))
}

/// The colon that ends the label of a line.
pub(super) fn label(tokens: &[Token], line: &Range<usize>) -> Option<usize> {
    let start = tokens.get(line.clone())?;
    let colon = start
        .iter()
        .position(|token| !matches!(token.kind, Kind::Word(_) | Kind::Mark | Kind::Dash))?;
    let named = start.iter().take(colon).any(|token| token.word().is_some());
    (named && colon <= 6 && start.get(colon)?.is(&Kind::Colon)).then_some(line.start + colon)
}

/// The pair that two lines make; its places are those of the two figures, each in its own sheet.
fn pair_of_lines(sheets: &[Sheet], first: &(usize, Range<usize>), second: &(usize, Range<usize>)) -> Option<Pair> {
    let value = |line: &(usize, Range<usize>), is: fn(&str) -> bool| {
        let tokens = &sheets.get(line.0)?.tokens;
        let label = label(tokens, &line.1)?;
        let named = tokens.get(line.1.start..label)?.iter().filter_map(Token::word).any(is);
        let figures = || {
            (label + 1..line.1.end).filter(|at| {
                tokens
                    .get(*at)
                    .and_then(Token::figure)
                    .is_some_and(|figure| !matches!(figure.unit, Unit::Times | Unit::Points))
            })
        };
        let at = figures().next()?;
        // Another figure of the same kind: `17 failing tests + 2 errors`.
        let figure = tokens.get(at)?.figure()?;
        let added: Vec<f64> = figures()
            .skip(1)
            .filter_map(|other| {
                let plus = tokens.get(other.checked_sub(1)?)?.is(&Kind::Plus);
                let other = tokens.get(other)?.figure()?;
                (other.dimension() == figure.dimension()).then_some(if plus { other.value } else { f64::NAN })
            })
            .collect();
        (named).then(|| (at, figure.clone(), added, nouns(tokens, at + 1, 3)))
    };
    let (first_at, before, first_added, mut all) = value(first, words::is_before)?;
    let (second_at, after, added, second_nouns) = value(second, words::is_after)?;
    all.extend(second_nouns);
    let mut pair = Pair::new(&before, &after, all, first_at, second_at)?;
    pair.doubtful |= !first_added.is_empty() || added.len() > 1 || added.iter().any(|value| value.is_nan());
    pair.other_after = added.first().map(|more| after.value + more).filter(|_| !pair.doubtful);
    Some(pair)
}

/// A per cent beside a multiple: `10-30% speedup (observed 1.26-1.31x)`, `1.31x speedup (31 %)`.
pub(super) fn multiples(sheet: &mut Sheet, clause: &Range<usize>, found: &mut Vec<Found>) {
    let free = |sheet: &Sheet, unit: &Unit| -> Vec<usize> {
        let figures = clause.clone().filter(|at| !sheet.is_taken(*at));
        let of = |at: &usize| {
            sheet
                .tokens
                .get(*at)
                .and_then(Token::figure)
                .is_some_and(|figure| figure.is(unit))
        };
        figures.filter(of).collect()
    };
    let (percents, multiples) = (free(sheet, &Unit::Percent), free(sheet, &Unit::Times));
    let ([percent], [multiple]) = (percents.as_slice(), multiples.as_slice()) else {
        return;
    };
    let (percent, multiple) = (*percent, *multiple);
    let (low, high) = (percent.min(multiple), percent.max(multiple));
    let Some(gap) = sheet.tokens.get(low + 1..high) else {
        return;
    };
    // The second is in the parenthesis behind the first, and nothing but words lie between.
    let open = gap.iter().position(|token| token.is(&Kind::Open));
    let words_only = gap.iter().all(|token| matches!(token.kind, Kind::Word(_) | Kind::Open));
    let Some(open) = open.filter(|open| *open <= 4 && gap.len() - open <= 4 && words_only) else {
        return;
    };
    let named: Vec<&str> = gap.iter().take(open).filter_map(Token::word).collect();
    let inner: Vec<&str> = gap.iter().skip(open).filter_map(Token::word).collect();
    let direction = named
        .iter()
        .find_map(|word| words::direction(word))
        .unwrap_or(Direction::None);
    let plain = |word: &&str| {
        words::is_filler(word)
            || matches!(*word, "actual" | "actually" | "benchmarked" | "recorded")
            || words::direction(word).is_some()
    };
    if !matches!(direction, Direction::Faster | Direction::Better) || !inner.iter().all(plain) {
        return;
    }
    let (Some(claim), Some(ratio)) = (
        sheet.tokens.get(percent).and_then(Token::figure).cloned(),
        sheet.tokens.get(multiple).and_then(Token::figure).cloned(),
    ) else {
        return;
    };
    let outcome = super::judge_multiple::judge(
        &claim,
        &ratio,
        named.contains(&"faster") || direction == Direction::Better,
    );
    sheet.take(percent);
    sheet.take(multiple);
    found.push(Found::new(percent.min(multiple), outcome));
}

/// The kind of a figure that is alone.
pub(super) fn bare(sheet: &mut Sheet, found: &mut Vec<Found>) {
    for at in 0..sheet.tokens.len() {
        let Some(figure) = sheet.tokens.get(at).and_then(Token::figure) else {
            continue;
        };
        if sheet.is_taken(at) || figure.unit == Unit::None {
            continue;
        }
        let why = if figure.ambiguous {
            "the figure can be read in more than one way"
        } else {
            "no operands are given with the figure"
        };
        found.push(Found::new(at, Outcome::uncheckable(ClaimKind::Bare, why)));
    }
}
