//! Claims: what a document says of its figures and of files, held against those figures and the certified tree.
//!
//! A claim is checked only against what it is given with, and is wrong only where no reading of it holds: what two readings allow is
//! uncheckable. `docs/evidence.md` says the rules.

mod beside;
mod change;
mod cite;
mod column;
mod document;
mod equation;
mod figure;
mod interval;
mod judge;
mod judge_multiple;
mod lines;
mod pair;
mod parts;
mod quotient;
mod reference;
mod resolve;
mod says;
mod sheet;
mod sum;
mod symbols;
mod table;
#[cfg(test)]
mod tests;
mod tokens;
mod topic;
mod tree;
mod units;
mod unsupported;
mod words;

pub use tree::{TextTree, Tree};
pub use unsupported::Unsupported;

use document::{Block, BlockKind, Document};
use sheet::{Found, Sheet};

use crate::change::MAX_DOCUMENT;

/// What is to be said of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// It follows from what it is given with.
    Right,
    /// It does not, in any reading.
    Wrong,
    /// A file reference that holds only in the tree before the change.
    RightBefore,
    /// Nothing to hold it against, or two readings.
    Uncheckable,
}

impl Label {
    /// As printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::RightBefore => "right-before",
            Self::Uncheckable => "uncheckable",
        }
    }
}

/// What sort of claim it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimKind {
    /// `a/b … (p%)`.
    Quotient,
    /// `A → B (p %)`.
    FromTo,
    /// A row of before, after and change.
    Table,
    /// A total of a column.
    TableSum,
    /// A total of a list or of a line.
    Sum,
    /// A mean.
    Mean,
    /// Weights, which add up to 100.
    Weights,
    /// A per cent beside a multiple.
    Range,
    /// A multiple.
    Times,
    /// Per-cent points.
    Points,
    /// A mark out of ten or such.
    Score,
    /// A figure by itself.
    Bare,
    /// A file.
    File,
    /// Lines of a file.
    FileLine,
    /// A symbol on lines of a file.
    FileLineSymbol,
    /// That a file is missing.
    FileAbsent,
    /// A file that should be made.
    FileProposed,
    /// What looks like a file and is not one.
    NotAFile,
}

impl ClaimKind {
    /// As printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quotient => "quotient",
            Self::FromTo => "from-to",
            Self::Table => "table",
            Self::TableSum => "table-sum",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Weights => "weights",
            Self::Range => "range",
            Self::Times => "times",
            Self::Points => "points",
            Self::Score => "score",
            Self::Bare => "bare",
            Self::File => "file",
            Self::FileLine => "file-line",
            Self::FileLineSymbol => "file-line-symbol",
            Self::FileAbsent => "file-absent",
            Self::FileProposed => "file-proposed",
            Self::NotAFile => "not-a-file",
        }
    }

    /// Whether it is about a file rather than a figure.
    pub fn is_of_file(self) -> bool {
        matches!(
            self,
            Self::File | Self::FileLine | Self::FileLineSymbol | Self::FileAbsent | Self::FileProposed | Self::NotAFile
        )
    }
}

/// A recomputed figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// None, or more than one reading.
    None,
    /// In the claim's unit: per cent, a ratio, a sum.
    One(f64),
    /// From and to.
    Range(f64, f64),
}

impl Value {
    /// Itself, unless it is beyond all numbers.
    fn finite(self) -> Self {
        match self {
            Self::One(value) if !value.is_finite() => Self::None,
            Self::Range(from, to) if !(from.is_finite() && to.is_finite()) => Self::None,
            value => value,
        }
    }
}

/// A claim and what is to be said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The line of the document, from 1.
    pub line: u32,
    /// That line, without blanks around it.
    pub text: String,
    /// The claim's own words: the figure, the reference.
    pub said: String,
    /// What came of it.
    pub label: Label,
    /// Its sort.
    pub kind: ClaimKind,
    /// The recomputed figure, for claims of figures that are right or wrong.
    pub value: Value,
    /// Why, as a clause.
    pub why: String,
    /// The level-2 section, in capitals; empty where there is none.
    pub section: String,
    /// A reference that ends one past the last line of its file.
    pub past_the_end: bool,
}

/// The longest document that is read; a certificate is at most as long.
pub const MAX_BYTES: usize = MAX_DOCUMENT as usize;

/// Reads the claims of a Markdown document, in order. `head` is the certified tree and `base` its parent; without a tree, what is said of
/// files is uncheckable.
pub fn read(text: &str, head: Option<&dyn Tree>, base: Option<&dyn Tree>) -> Vec<Claim> {
    if text.len() > MAX_BYTES {
        return Vec::new();
    }
    let document = Document::read(text);
    let trees = head.map(|head| cite::Trees { head, base });
    let mut claims = Vec::new();
    let mut sheets = Vec::with_capacity(document.blocks.len());
    let mut proposals = false;
    let planned = planned(&document);
    let all: Vec<Vec<reference::Reference>> = document.blocks.iter().map(reference::find).collect();
    let roots = trees
        .map(|trees| cite::roots(trees, all.iter().flatten()))
        .unwrap_or_default();
    for (index, (block, references)) in document.blocks.iter().zip(all).enumerate() {
        proposals = setting(block, proposals);
        let in_section = document.section(block).is_some_and(says::proposes);
        for at in 0..references.len() {
            let setting = says::Setting {
                proposals: proposals || in_section || planned.contains(&index),
                roots: &roots,
            };
            let (Some(reference), Some(cited)) = (
                references.get(at),
                cite::judge(&document, block, &references, at, trees, setting),
            ) else {
                continue;
            };
            let said = block.text.get(reference.range.clone()).unwrap_or_default();
            claims.push((
                index,
                reference.name.start,
                claim(&document, block, reference.name.start, said, cited.outcome, cited.past),
            ));
        }
        sheets.push(sheet(index, block, &references));
    }
    for (index, found) in figures(&document, &mut sheets) {
        let (Some(block), Some(sheet)) = (document.blocks.get(index), sheets.get(index)) else {
            continue;
        };
        let Some(token) = sheet.tokens.get(found.at) else {
            continue;
        };
        let said = block.text.get(token.range.clone()).unwrap_or_default();
        claims.push((
            index,
            token.range.start,
            claim(&document, block, token.range.start, said, found.outcome, false),
        ));
    }
    claims.sort_by_key(|(block, at, _)| (*block, *at));
    claims.into_iter().map(|(_, _, claim)| claim).collect()
}

/// Reads the figures of performance in what an approval found and decided that nothing in the document gives, in order.
pub fn unsupported(text: &str) -> Vec<Unsupported> {
    if text.len() > MAX_BYTES {
        return Vec::new();
    }
    let document = Document::read(text);
    let blocks = document.blocks.iter().enumerate();
    let mut sheets: Vec<Sheet> = blocks
        .map(|(index, block)| sheet(index, block, &reference::find(block)))
        .collect();
    let found = figures(&document, &mut sheets);
    unsupported::find(&document, &sheets, &found)
}

fn sheet(index: usize, block: &Block, references: &[reference::Reference]) -> Sheet {
    let tokens = tokens::tokens(&block.text, &opaque(block, references));
    Sheet::new(index, tokens, block.kind == BlockKind::Listing)
}

/// The blocks of a plan or a design, which speaks of what is to be made, and those of rows of tables that say so.
fn planned(document: &Document<'_>) -> std::collections::HashSet<usize> {
    let title = document.blocks.iter().find(|block| block.kind == BlockKind::Heading);
    let title = title.map(|block| block.text.to_lowercase()).unwrap_or_default();
    let plan = [
        "plan", "design", "spec", "proposal", "roadmap", "rfc", "tasking", "brief",
    ];
    let certificate = title.contains("certificate");
    if !certificate && plan.iter().any(|word| title.contains(word)) {
        return (0..document.blocks.len()).collect();
    }
    let made = |word: &String| {
        matches!(
            word.as_str(),
            "create" | "created" | "new" | "modify" | "add" | "delete" | "rename" | "planned"
        )
    };
    let text = |cell: &usize| document.blocks.get(*cell).map(table::words_of).unwrap_or_default();
    let rows = document.tables.iter().flat_map(|table| &table.rows);
    rows.filter(|row| row.iter().any(|cell| text(cell).iter().any(made)))
        .flatten()
        .copied()
        .collect()
}

/// Whether what follows a block is under proposals: a heading or a line that ends in a colon decides.
fn setting(block: &Block, before: bool) -> bool {
    let introduces = block.kind == BlockKind::Heading || block.text.trim_end().ends_with(':');
    if introduces {
        says::proposes(&block.text)
    } else if block.list.is_none() && block.kind == BlockKind::Flow {
        false
    } else {
        before
    }
}

fn claim(document: &Document<'_>, block: &Block, at: usize, said: &str, outcome: judge::Outcome, past: bool) -> Claim {
    let line = document.line(block, at);
    Claim {
        line,
        text: document.line_text(line).to_owned(),
        said: said.trim().to_owned(),
        label: outcome.label,
        kind: outcome.kind,
        value: match outcome.label {
            Label::Uncheckable => Value::None,
            _ => outcome.value.finite(),
        },
        why: outcome.why,
        section: document.section(block).unwrap_or_default().to_owned(),
        past_the_end: past,
    }
}

/// What holds no figures: references, and code spans that are no text.
fn opaque(block: &Block, references: &[reference::Reference]) -> Vec<std::ops::Range<usize>> {
    let figures = |span: &str| {
        let digit = span.contains(|c: char| c.is_ascii_digit());
        digit && (span.contains(['%', '→', ' ', '×']) || span.ends_with('x') || span.contains("->"))
    };
    let spans = block
        .code
        .iter()
        .filter(|span| !block.text.get((*span).clone()).is_some_and(figures));
    let named = references
        .iter()
        .filter(|reference| reference.form != reference::Form::NoFile);
    let mut ranges: Vec<std::ops::Range<usize>> = spans
        .cloned()
        .chain(named.map(|reference| reference.range.clone()))
        .collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    ranges
}

/// The claims of figures, each with its block.
fn figures(document: &Document<'_>, sheets: &mut [Sheet]) -> Vec<(usize, Found)> {
    let mut found = Vec::new();
    for table in &document.tables {
        column::column_of_quotients(document, table, sheets, &mut found);
        table::changes(document, table, sheets, &mut found);
        sum::tables(document, table, sheets, &mut found);
    }
    sum::lists(document, sheets, &mut found);
    for lines in runs_of_lines(document, sheets) {
        change::labelled_lines(sheets, &lines, &mut found);
    }
    for sheet in sheets.iter_mut() {
        let block = sheet.block;
        let mut own = Vec::new();
        for clause in sheet.clauses() {
            equation::clause(sheet, &clause, &mut own);
            change::multiples(sheet, &clause, &mut own);
            quotient::clause(sheet, &clause, &mut own);
            change::clause(sheet, &clause, &mut own);
        }
        quotient::alone(sheet, &mut own);
        change::bare(sheet, &mut own);
        found.extend(own.into_iter().map(|claim| (block, claim)));
    }
    found
}

/// Lines that are one below the other: those of a block, and those of the items of one list.
fn runs_of_lines(document: &Document<'_>, sheets: &[Sheet]) -> Vec<Vec<(usize, std::ops::Range<usize>)>> {
    let mut runs: Vec<Vec<(usize, std::ops::Range<usize>)>> = Vec::new();
    let mut list = None;
    for (index, (block, sheet)) in document.blocks.iter().zip(sheets).enumerate() {
        if block.kind == BlockKind::Cell {
            list = None;
            continue;
        }
        let lines = sheet.lines().into_iter().map(|line| (index, line));
        match (block.list, runs.last_mut()) {
            (Some(own), Some(run)) if list == Some(own) => run.extend(lines),
            _ => runs.push(lines.collect()),
        }
        list = block.list;
    }
    runs
}
