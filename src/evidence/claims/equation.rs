//! Totals, means and weights in one clause.

use std::ops::Range;

use super::ClaimKind;
use super::figure::{Figure, Sign, Unit};
use super::parts::{Part, Whole, hold, hundred, is_partial, is_weight, whole};
use super::sheet::{Found, Sheet};
use super::tokens::{Kind, Token};
use super::words;

/// In one clause: `12 + 14 + 9 = 35 tests`, `41.2, 41.8, 42.4 ms (mean 41.8 ms)`, `weights: 40 % + 30 % + 30 %`.
pub(super) fn clause(sheet: &mut Sheet, clause: &Range<usize>, found: &mut Vec<Found>) {
    equation(sheet, clause, found);
    enumeration(sheet, clause, found);
    weights(sheet, clause, found);
}

fn equation(sheet: &mut Sheet, clause: &Range<usize>, found: &mut Vec<Found>) {
    let Some(equals) = clause
        .clone()
        .find(|at| sheet.tokens.get(*at).is_some_and(|token| token.is(&Kind::Equals)))
    else {
        return;
    };
    let figure = |at: usize| {
        sheet
            .tokens
            .get(at)
            .and_then(Token::figure)
            .map(|figure| (at, figure.clone()))
    };
    let Some(total) = figure(equals + 1) else { return };
    let mut parts: Vec<(usize, Figure)> = Vec::new();
    let mut at = equals;
    // Backwards: figure, words, plus, figure, …
    while let Some(next) = at.checked_sub(1).filter(|next| *next >= clause.start) {
        at = next;
        match sheet.tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Figure(one)) => {
                if one.sign == Sign::Minus {
                    return;
                }
                parts.push((at, one.clone()));
                // `12 +14`: the plus was taken for a sign.
                let signed = one.sign == Sign::Plus;
                let before = at.checked_sub(1).filter(|before| *before >= clause.start);
                let plus = before
                    .and_then(|before| sheet.tokens.get(before))
                    .is_some_and(|token| token.is(&Kind::Plus));
                if plus {
                    at -= 1;
                } else if !signed {
                    break;
                }
            }
            Some(Kind::Word(_)) => {}
            _ => return,
        }
    }
    // `48 * 10 + 40` is no sum of two.
    let before = parts
        .last()
        .and_then(|(first, _)| first.checked_sub(1))
        .filter(|before| *before >= clause.start);
    let lead = before
        .and_then(|before| sheet.tokens.get(before))
        .map(|token| &token.kind);
    if !matches!(
        lead,
        None | Some(Kind::Open | Kind::Colon | Kind::Comma | Kind::Word(_) | Kind::Break)
    ) {
        return;
    }
    let units: Vec<Part> = parts
        .iter()
        .map(|(_, figure)| {
            let mut figure = figure.clone();
            figure.sign = Sign::None;
            if figure.unit == Unit::None {
                figure.unit = total.1.unit.clone();
            }
            Part::Figure(figure)
        })
        .collect();
    if sheet.is_taken(total.0) || parts.iter().any(|(at, _)| sheet.is_taken(*at)) {
        return;
    }
    let Some(outcome) = hold(&units, &Part::Figure(total.1), Whole::Sum, true, ClaimKind::Sum) else {
        return;
    };
    parts.iter().for_each(|(at, _)| sheet.take(*at));
    sheet.take(total.0);
    found.push(Found::new(total.0, outcome));
}

/// A list of figures and the one that is called their mean or total.
fn enumeration(sheet: &mut Sheet, clause: &Range<usize>, found: &mut Vec<Found>) {
    let word = |at: usize| sheet.tokens.get(at).and_then(Token::word);
    let Some(how) = whole(clause.clone().filter_map(word)) else {
        return;
    };
    let names: Vec<usize> = clause
        .clone()
        .filter(|at| word(*at).and_then(|word| whole(std::iter::once(word))).is_some())
        .collect();
    let [name] = names.as_slice() else { return };
    let figures: Vec<usize> = clause
        .clone()
        .filter(|at| {
            sheet
                .tokens
                .get(*at)
                .is_some_and(|token| matches!(token.kind, Kind::Figure(_) | Kind::Quotient { .. }))
        })
        .collect();
    let listed = |pair: &[usize]| match pair {
        [a, b] => {
            let gap = sheet.tokens.get(a + 1..*b).unwrap_or_default();
            !gap.is_empty()
                && gap
                    .iter()
                    .all(|token| matches!(token.kind, Kind::Comma) || token.word() == Some("and"))
        }
        _ => false,
    };
    let links: Vec<bool> = figures.windows(2).map(listed).collect();
    let Some(from) = links.iter().position(|link| *link) else {
        return;
    };
    let length = links.iter().skip(from).take_while(|link| **link).count() + 1;
    let rest: Vec<usize> = figures
        .iter()
        .enumerate()
        .filter(|(index, _)| *index < from || *index >= from + length)
        .map(|(_, at)| *at)
        .filter(|at| !is_number_of(sheet, *at, length))
        .collect();
    let ([total], true) = (rest.as_slice(), length >= 2) else {
        return;
    };
    // The name is beside the whole.
    let (low, high) = (*total.min(name), *total.max(name));
    let between = sheet.tokens.get(low + 1..high).unwrap_or_default();
    let beside = between.len() <= 3
        && between.iter().all(|token| {
            matches!(token.kind, Kind::Colon | Kind::Equals) || token.word().is_some_and(words::is_filler)
        });
    let of_list = figures
        .get(from)
        .is_some_and(|first| name + 2 >= *first && name < first)
        && total > name;
    if !(beside || of_list) {
        return;
    }
    let parts: Vec<usize> = figures.iter().skip(from).take(length).copied().collect();
    let Some(whole_figure) = sheet.tokens.get(*total).and_then(Token::figure).cloned() else {
        return;
    };
    if sheet.is_taken(*total) || parts.iter().any(|at| sheet.is_taken(*at)) {
        return;
    }
    let figures: Vec<Part> = parts
        .iter()
        .filter_map(|at| sheet.tokens.get(*at).and_then(Token::figure))
        .map(|figure| {
            let mut figure = figure.clone();
            if figure.unit == Unit::None {
                figure.unit = whole_figure.unit.clone();
            }
            Part::Figure(figure)
        })
        .collect();
    if figures.len() < parts.len() {
        return;
    }
    let partial = clause
        .clone()
        .filter_map(|at| sheet.tokens.get(at))
        .filter_map(Token::word)
        .any(is_partial);
    let kind = if how == Whole::Sum {
        ClaimKind::Sum
    } else {
        ClaimKind::Mean
    };
    let Some(outcome) = hold(&figures, &Part::Figure(whole_figure), how, !partial, kind) else {
        return;
    };
    let total = *total;
    parts.iter().for_each(|at| sheet.take(*at));
    sheet.take(total);
    found.push(Found::new(total, outcome));
}

/// `3` in "mean of 3 runs", where three figures are listed.
fn is_number_of(sheet: &Sheet, at: usize, length: usize) -> bool {
    let figure = sheet.tokens.get(at).and_then(Token::figure);
    let noun = sheet.tokens.get(at + 1).and_then(Token::word).is_some();
    noun && figure.is_some_and(|figure| figure.unit == Unit::None && figure.value == length as f64)
}

fn weights(sheet: &mut Sheet, clause: &Range<usize>, found: &mut Vec<Found>) {
    let Some(label) = super::change::label(&sheet.tokens, clause) else {
        return;
    };
    let head = sheet.tokens.get(clause.start..label).unwrap_or_default();
    if !head.iter().filter_map(Token::word).any(is_weight) {
        return;
    }
    let weights: Vec<(usize, Figure)> = (label + 1..clause.end)
        .filter_map(|at| Some((at, sheet.tokens.get(at)?.figure()?.clone())))
        .take_while(|(at, _)| {
            !at.checked_sub(1)
                .and_then(|before| sheet.tokens.get(before))
                .is_some_and(|token| token.is(&Kind::Equals))
        })
        .collect();
    if weights.len() < 3 || weights.iter().any(|(at, _)| sheet.is_taken(*at)) {
        return;
    }
    let figures: Vec<Figure> = weights
        .iter()
        .map(|(_, figure)| Figure {
            sign: Sign::None,
            ..figure.clone()
        })
        .collect();
    let Some(outcome) = hundred(&figures) else { return };
    weights.iter().for_each(|(at, _)| sheet.take(*at));
    if let Some((at, _)) = weights.last() {
        found.push(Found::new(*at, outcome));
    }
}
