//! Totals, means and weights, where the text calls them so.

use std::ops::Range;

use super::ClaimKind;
use super::document::{BlockKind, Document, Table};
use super::figure::{Figure, Sign, Unit};
use super::parts::{Part, Whole, hold, hundred, is_hundred, is_partial, is_weight, part, whole};
use super::sheet::{Found, Sheet};
use super::table::words_of;
use super::tokens::Token;
use super::words;

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
