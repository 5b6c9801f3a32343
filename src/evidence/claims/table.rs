//! Tables whose heading says before, after and change; and columns whose total is below them.

use super::change::{context, outcome};
use super::document::{Block, Document, Table};
use super::figure::{Figure, Sign, Unit};
use super::judge::Outcome;
use super::pair::Pair;
use super::sheet::{Found, Sheet};
use super::tokens::Token;
use super::words;
use super::{ClaimKind, Label};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Before,
    After,
    Change,
    Other,
}

/// The words of a cell, in small letters.
pub(super) fn words_of(block: &Block) -> Vec<String> {
    let letters = |c: char| !c.is_alphanumeric() && c != '-';
    let words = block.text.split(letters).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

fn column(words: &[String]) -> Column {
    let any = |is: fn(&str) -> bool| words.iter().any(|word| is(word));
    let (before, after, change) = (any(words::is_before), any(words::is_after), any(is_change_head));
    match (before, after, change) {
        // "improvement over baseline" is a change, "improved" alone is what came after.
        (_, _, true) if !(after && words.len() == 1) => Column::Change,
        (true, false, _) => Column::Before,
        (false, true, _) => Column::After,
        _ => Column::Other,
    }
}

fn is_change_head(word: &str) -> bool {
    words::is_change(word)
        && !matches!(
            word,
            "up" | "down" | "more" | "less" | "net" | "result" | "results" | "effect"
        )
}

/// The unit that a heading gives its column: `before (ms)`.
fn unit_of_head(sheet: &Sheet, block: &Block) -> Option<Unit> {
    let inner = block
        .text
        .rsplit_once('(')
        .map(|(_, tail)| tail.trim_end_matches(')').trim())?;
    let _ = sheet;
    let figure = super::tokens::tokens(&format!("1 {inner}"), &[]);
    let [one] = figure.as_slice() else { return None };
    let unit = one.figure()?.unit.clone();
    (unit != Unit::None).then_some(unit)
}

/// Reads a table with one column before, one after and columns of changes.
pub(super) fn changes(document: &Document<'_>, table: &Table, sheets: &mut [Sheet], found: &mut Vec<(usize, Found)>) {
    let heads: Vec<&Block> = table.head.iter().filter_map(|at| document.blocks.get(*at)).collect();
    let columns: Vec<Column> = heads.iter().map(|head| column(&words_of(head))).collect();
    let only = |wanted: Column| {
        let mut at = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| **column == wanted)
            .map(|(at, _)| at);
        let first = at.next()?;
        at.next().is_none().then_some(first)
    };
    let (Some(before), Some(after)) = (only(Column::Before), only(Column::After)) else {
        return;
    };
    let units: Vec<Option<Unit>> = heads
        .iter()
        .zip(&table.head)
        .map(|(head, at)| sheets.get(*at).and_then(|sheet| unit_of_head(sheet, head)))
        .collect();
    let head_words: Vec<Vec<String>> = heads.iter().map(|head| words_of(head)).collect();
    for row in &table.rows {
        let cell = |column: usize| single(sheets, *row.get(column)?, units.get(column)?.as_ref());
        let (Some(old), Some(new)) = (cell(before), cell(after)) else {
            continue;
        };
        let nouns = row
            .first()
            .and_then(|at| document.blocks.get(*at))
            .map(words_of)
            .unwrap_or_default();
        let Some(mut pair) = Pair::new(&old.1, &new.1, nouns, old.0, new.0) else {
            continue;
        };
        pair.doubtful |= old.2 || new.2;
        // What is in the cells of before and after is what the changes are held against.
        let mut claimed = false;
        for (index, kind) in columns.iter().enumerate() {
            let Some(at) = row.get(index).copied().filter(|_| *kind == Column::Change) else {
                continue;
            };
            let given = units.get(index).cloned().flatten();
            let Some((token, figure, several)) = single(sheets, at, given.as_ref()) else {
                continue;
            };
            if several {
                continue;
            }
            let Some(sheet) = sheets.get_mut(at) else { continue };
            let own: Vec<String> = sheet.tokens.iter().filter_map(Token::word).map(str::to_owned).collect();
            // The heading says which way the figure points where the cell does not.
            let head = head_words.get(index).map(Vec::as_slice).unwrap_or_default();
            let words = head.iter().map(|word| (true, word.as_str()));
            let words = words.chain(own.iter().map(|word| (false, word.as_str())));
            let mut context = context(words, &figure, &pair.nouns);
            if figure.sign != Sign::None && !own.iter().any(|word| words::direction(word).is_some()) {
                // `improvement: -12.9 %` is a signed change, whatever the heading says; `improvement: +12.9 %` may be either.
                context.direction = match (context.direction, figure.sign) {
                    (direction, Sign::Plus) if direction != super::words::Direction::Up => direction,
                    _ => super::words::Direction::None,
                };
            }
            let Some(mut outcome) = outcome(&figure, &context, &pair) else {
                continue;
            };
            outcome.kind = ClaimKind::Table;
            sheet.take(token);
            claimed = true;
            found.push((at, Found::new(token, outcome)));
        }
        if claimed {
            for (column, token) in [(before, old.0), (after, new.0)] {
                if let Some(sheet) = row.get(column).and_then(|at| sheets.get_mut(*at)) {
                    sheet.take(token);
                }
            }
        }
    }
}

/// The one figure of a cell, with its token, and whether there are more.
fn single(sheets: &[Sheet], cell: usize, unit: Option<&Unit>) -> Option<(usize, Figure, bool)> {
    let tokens = &sheets.get(cell)?.tokens;
    let mut figures = tokens
        .iter()
        .enumerate()
        .filter_map(|(at, token)| Some((at, token.figure()?)));
    let (at, figure) = figures.next()?;
    let several = figures.next().is_some()
        || tokens
            .iter()
            .any(|token| matches!(token.kind, super::tokens::Kind::Quotient { .. }));
    let mut figure = figure.clone();
    if figure.unit == Unit::None
        && let Some(unit) = unit
    {
        figure.unit = unit.clone();
    }
    Some((at, figure, several))
}

/// A check that a column of a table adds up.
pub(super) fn wrong_or(fits: bool, clear: bool, outcome: Outcome) -> Outcome {
    match (fits, clear) {
        (false, false) => Outcome::uncheckable(outcome.kind, "whether these are all the parts is not said"),
        _ => Outcome {
            label: if fits { Label::Right } else { Label::Wrong },
            ..outcome
        },
    }
}
