//! Totals, means and weights, where the text calls them so.

use std::ops::Range;

use super::document::{BlockKind, Document, Table};
use super::figure::{Figure, Sign, Unit};
use super::interval::Interval;
use super::judge::{Outcome, shown};
use super::sheet::{Found, Sheet};
use super::table::{words_of, wrong_or};
use super::tokens::{Kind, Token};
use super::words;
use super::{ClaimKind, Label, Value};

/// What is made of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whole {
    Sum,
    Mean,
}

/// What a label calls itself; "overall" alone is an opinion.
fn whole<'w>(mut words: impl Iterator<Item = &'w str>) -> Option<Whole> {
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
fn is_partial(word: &str) -> bool {
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
enum Part {
    Figure(Figure),
    Quotient(f64, f64),
}

/// The one figure or quotient among tokens, with its place. `None` where there are more or none.
fn part(tokens: &[Token], range: Range<usize>) -> Option<(usize, Part)> {
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
fn hold(parts: &[Part], total: &Part, how: Whole, clear: bool, kind: ClaimKind) -> Option<Outcome> {
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

/// Rows of a table called total, sum, average or mean; and columns of weights.
pub(super) fn tables(document: &Document<'_>, table: &Table, sheets: &mut [Sheet], found: &mut Vec<(usize, Found)>) {
    let words_at = |cell: usize| document.blocks.get(cell).map(words_of).unwrap_or_default();
    let heads: Vec<Vec<String>> = table.head.iter().map(|cell| words_at(*cell)).collect();
    let first_words: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| row.first().map(|cell| words_at(*cell)).unwrap_or_default())
        .collect();
    let totals: Vec<(usize, Whole)> = first_words
        .iter()
        .enumerate()
        .filter_map(|(at, words)| Some((at, whole(words.iter().map(String::as_str))?)))
        .collect();
    let partial = first_words.iter().chain(&heads).flatten().any(|word| is_partial(word))
        || table.rows.iter().flatten().any(|cell| {
            document
                .blocks
                .get(*cell)
                .is_some_and(|block| matches!(block.text.trim(), "…" | "..."))
        });
    weights_of_table(table, &heads, &totals, sheets, found);
    let [(row, how)] = totals.as_slice() else { return };
    let last = row + 1 == table.rows.len();
    let Some(total_row) = table.rows.get(*row) else { return };
    for (column, cell) in total_row.iter().enumerate().skip(1) {
        let Some((at, total)) = sheets
            .get(*cell)
            .and_then(|sheet| part(&sheet.tokens, 0..sheet.tokens.len()))
        else {
            continue;
        };
        if sheets
            .get(*cell)
            .is_none_or(|sheet| sheet.is_taken(at) && matches!(total, Part::Figure(ref f) if f.sign != Sign::None))
        {
            continue;
        }
        let body: Vec<usize> = table
            .rows
            .iter()
            .enumerate()
            .filter(|(index, _)| index != row)
            .filter_map(|(_, cells)| cells.get(column).copied())
            .collect();
        let parts: Vec<(usize, Part)> = body
            .iter()
            .filter_map(|cell| {
                let sheet = sheets.get(*cell)?;
                part(&sheet.tokens, 0..sheet.tokens.len())
            })
            .collect();
        if parts.len() < body.len() {
            continue;
        }
        let share = matches!(&total, Part::Figure(figure) if figure.is(&Unit::Percent));
        let clear = last && !partial && !(share && *how == Whole::Sum && !is_hundred(&total));
        let plain: Vec<Part> = parts.iter().map(|(_, part)| part.clone()).collect();
        let kind = if *how == Whole::Sum {
            ClaimKind::TableSum
        } else {
            ClaimKind::Mean
        };
        let Some(outcome) = hold(&plain, &total, *how, clear, kind) else {
            continue;
        };
        for (cell, (token, _)) in body.iter().zip(&parts) {
            if let Some(sheet) = sheets.get_mut(*cell) {
                sheet.take(*token);
            }
        }
        if let Some(sheet) = sheets.get_mut(*cell) {
            sheet.take(at);
        }
        found.push((*cell, Found::new(at, outcome)));
    }
}

fn is_hundred(part: &Part) -> bool {
    matches!(part, Part::Figure(figure) if figure.value == 100.0)
}

fn is_weight(word: &str) -> bool {
    matches!(word, "weight" | "weights" | "weighting" | "weightings")
}

fn weights_of_table(
    table: &Table,
    heads: &[Vec<String>],
    totals: &[(usize, Whole)],
    sheets: &mut [Sheet],
    found: &mut Vec<(usize, Found)>,
) {
    let Some(column) = heads.iter().position(|words| words.iter().any(|word| is_weight(word))) else {
        return;
    };
    // Bytes of parameters are weights too.
    let percent_head = heads.get(column).is_some_and(|words| words.len() <= 2);
    let cells: Vec<usize> = table
        .rows
        .iter()
        .enumerate()
        .filter(|(row, _)| !totals.iter().any(|(total, _)| total == row))
        .filter_map(|(_, cells)| cells.get(column).copied())
        .collect();
    let weights: Vec<(usize, usize, Figure)> = cells
        .iter()
        .filter_map(|cell| {
            let sheet = sheets.get(*cell)?;
            match part(&sheet.tokens, 0..sheet.tokens.len())? {
                (at, Part::Figure(figure)) => Some((*cell, at, figure)),
                _ => None,
            }
        })
        .collect();
    if weights.len() < cells.len() || !percent_head {
        return;
    }
    let figures: Vec<Figure> = weights.iter().map(|(_, _, figure)| figure.clone()).collect();
    let Some(outcome) = hundred(&figures) else { return };
    for (cell, at, _) in &weights {
        if let Some(sheet) = sheets.get_mut(*cell) {
            sheet.take(*at);
        }
    }
    if let Some((cell, at, _)) = weights.last() {
        found.push((*cell, Found::new(*at, outcome)));
    }
}

/// Whether weights add up to 100 per cent, or to one.
fn hundred(weights: &[Figure]) -> Option<Outcome> {
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

/// The items of a list and the line below it that is called their total, sum, average or mean; and the weights of items.
pub(super) fn lists(document: &Document<'_>, sheets: &mut [Sheet], found: &mut Vec<(usize, Found)>) {
    let mut at = 0;
    while let Some(block) = document.blocks.get(at) {
        let Some(list) = block.list.filter(|_| block.kind == BlockKind::Flow) else {
            at += 1;
            continue;
        };
        let mut end = at;
        while document.blocks.get(end).is_some_and(|next| next.list == Some(list)) {
            end += 1;
        }
        weights_of_list(at..end, sheets, found);
        list_total(document, at..end, sheets, found);
        at = end.max(at + 1);
    }
}

fn list_total(document: &Document<'_>, items: Range<usize>, sheets: &mut [Sheet], found: &mut Vec<(usize, Found)>) {
    let label = |at: usize| -> Option<(usize, Whole, bool)> {
        let tokens = &sheets.get(at)?.tokens;
        let colon = super::change::label(tokens, &(0..tokens.len()))?;
        let words = || tokens.get(..colon).unwrap_or_default().iter().filter_map(Token::word);
        let how = whole(words())?;
        Some((colon, how, words().any(is_partial)))
    };
    let last = items.end.saturating_sub(1);
    let below = document
        .blocks
        .get(items.end)
        .is_some_and(|block| block.kind == BlockKind::Flow && block.list.is_none());
    let (total_at, parts) = if label(last).is_some() && items.len() > 2 {
        (last, items.start..last)
    } else if below && label(items.end).is_some() {
        (items.end, items.clone())
    } else {
        return;
    };
    let Some((colon, how, partial)) = label(total_at) else {
        return;
    };
    if parts.clone().any(|at| label(at).is_some()) {
        return;
    }
    let Some(sheet) = sheets.get(total_at) else { return };
    let line_end = sheet.lines().first().map_or(sheet.tokens.len(), |line| line.end);
    let Some((token, total)) = part(&sheet.tokens, colon + 1..line_end) else {
        return;
    };
    let noun = |sheet: &Sheet, at: usize| sheet.tokens.get(at + 1).and_then(Token::word).map(str::to_owned);
    let total_noun = noun(sheet, token);
    let mut clear = !partial;
    let mut found_parts = Vec::new();
    for at in parts {
        let Some(sheet) = sheets.get(at) else { return };
        let Some(start) = super::change::label(&sheet.tokens, &(0..sheet.tokens.len())) else {
            return;
        };
        let Some((token, one)) = part(&sheet.tokens, start + 1..sheet.tokens.len()) else {
            return;
        };
        if matches!((noun(sheet, token), &total_noun), (Some(a), Some(b)) if !words::akin(&a, b)) {
            clear = false;
        }
        clear &= !sheet.tokens.iter().filter_map(Token::word).any(is_partial);
        found_parts.push((at, token, one));
    }
    let plain: Vec<Part> = found_parts.iter().map(|(_, _, part)| part.clone()).collect();
    let kind = if how == Whole::Sum {
        ClaimKind::Sum
    } else {
        ClaimKind::Mean
    };
    let Some(outcome) = hold(&plain, &total, how, clear, kind) else {
        return;
    };
    for (at, token, _) in &found_parts {
        if let Some(sheet) = sheets.get_mut(*at) {
            sheet.take(*token);
        }
    }
    if let Some(sheet) = sheets.get_mut(total_at) {
        sheet.take(token);
    }
    found.push((total_at, Found::new(token, outcome)));
}

/// Items that each give a weight: `- Speed (weight 40 %): 8/10`.
fn weights_of_list(items: Range<usize>, sheets: &mut [Sheet], found: &mut Vec<(usize, Found)>) {
    let weight = |sheet: &Sheet| {
        let at = sheet
            .tokens
            .iter()
            .position(|token| token.word().is_some_and(is_weight))?;
        let near = [at.checked_add(1), at.checked_add(2), at.checked_sub(1)];
        near.into_iter().flatten().find_map(|at| {
            let figure = sheet.tokens.get(at)?.figure()?;
            Some((at, figure.clone()))
        })
    };
    let weights: Vec<(usize, usize, Figure)> = items
        .clone()
        .filter_map(|item| {
            let (at, figure) = weight(sheets.get(item)?)?;
            Some((item, at, figure))
        })
        .collect();
    let total = items.clone().any(|item| {
        let words = sheets
            .get(item)
            .map(|sheet| sheet.tokens.as_slice())
            .unwrap_or_default();
        whole(words.iter().filter_map(Token::word)).is_some()
    });
    if weights.len() + usize::from(total) < items.len() || weights.len() < 2 {
        return;
    }
    let figures: Vec<Figure> = weights.iter().map(|(_, _, figure)| figure.clone()).collect();
    let Some(outcome) = hundred(&figures) else { return };
    for (item, at, _) in &weights {
        if let Some(sheet) = sheets.get_mut(*item) {
            sheet.take(*at);
        }
    }
    if let Some((item, at, _)) = weights.last() {
        found.push((*item, Found::new(*at, outcome)));
    }
}

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
    // The name stands beside the whole.
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

/// A column of quotients, and a line below the table that gives their sum for what the table's heading names:
/// `100% integration test success rate (19/19 tests passing)`.
pub(super) fn column_of_quotients(
    document: &Document<'_>,
    table: &Table,
    sheets: &mut [Sheet],
    found: &mut Vec<(usize, Found)>,
) {
    let heads: Vec<String> = table
        .head
        .iter()
        .filter_map(|cell| document.blocks.get(*cell))
        .flat_map(words_of)
        .collect();
    let Some(last_cell) = table.rows.last().and_then(|row| row.last()).copied() else {
        return;
    };
    for column in 1..table.head.len() {
        let cells: Vec<usize> = table.rows.iter().filter_map(|row| row.get(column).copied()).collect();
        let parts: Vec<(usize, f64, f64, String)> = cells
            .iter()
            .filter_map(|cell| {
                let tokens = &sheets.get(*cell)?.tokens;
                let (at, Part::Quotient(a, b)) = part(tokens, 0..tokens.len())? else {
                    return None;
                };
                let noun = tokens.get(at + 1).and_then(Token::word)?.to_owned();
                Some((at, a, b, noun))
            })
            .collect();
        let Some(noun) = parts.first().map(|part| part.3.clone()) else {
            continue;
        };
        if parts.len() < cells.len() || parts.len() < 3 || parts.iter().any(|part| part.3 != noun) {
            continue;
        }
        let sum = parts
            .iter()
            .fold((0.0, 0.0), |sum, part| (sum.0 + part.1, sum.1 + part.2));
        let totals: Vec<(usize, usize, f64, f64)> = (last_cell + 1..sheets.len())
            .filter_map(|block| total_of_column(sheets.get(block)?, &heads, &noun).map(|(at, a, b)| (block, at, a, b)))
            .collect();
        // Two such lines may be of two things.
        let [(block, at, a, b)] = totals.as_slice() else {
            continue;
        };
        let value = if sum.1 == *b { sum.0 } else { sum.1 };
        let label = if sum == (*a, *b) { Label::Right } else { Label::Wrong };
        let why = format!("the column adds up to {} of {}", shown(sum.0, ""), shown(sum.1, ""));
        for (cell, part) in cells.iter().zip(&parts) {
            if let Some(sheet) = sheets.get_mut(*cell) {
                sheet.take(part.0);
            }
        }
        found.push((
            *block,
            Found::new(*at, Outcome::new(label, ClaimKind::TableSum, Value::One(value), why)),
        ));
    }
}

/// A quotient of the same noun that a line gives for all of what a heading names.
fn total_of_column(sheet: &Sheet, heads: &[String], noun: &str) -> Option<(usize, f64, f64)> {
    sheet.tokens.iter().enumerate().find_map(|(at, token)| {
        let Kind::Quotient { a, b, whole: true } = token.kind else {
            return None;
        };
        if sheet.tokens.get(at + 1)?.word()? != noun {
            return None;
        }
        let before = sheet.tokens.get(at.saturating_sub(8)..at)?;
        let words: Vec<&str> = before.iter().filter_map(Token::word).collect();
        let general = |word: &str| {
            matches!(
                word,
                "test" | "tests" | "status" | "coverage" | "performance" | "result" | "results" | "the" | "and"
            ) || word == noun
        };
        let named = words
            .iter()
            .any(|word| !general(word) && word.len() > 3 && heads.iter().any(|head| head == word));
        let of_all = words.iter().any(|word| matches!(*word, "all" | "total" | "overall"))
            || before
                .iter()
                .any(|token| token.figure().is_some_and(|figure| figure.is(&Unit::Percent)));
        (named && of_all).then_some((at, a, b))
    })
}
