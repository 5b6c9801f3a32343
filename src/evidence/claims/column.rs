//! A column of quotients, and the line below the table that gives their sum.

use super::document::{Document, Table};
use super::figure::Unit;
use super::judge::{Outcome, shown};
use super::parts::{Part, part};
use super::sheet::{Found, Sheet};
use super::table::words_of;
use super::tokens::{Kind, Token};
use super::{ClaimKind, Label, Value};

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
