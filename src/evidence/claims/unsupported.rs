//! Figures of performance that an approval states and nothing in it gives: no operands are given with them, nor anywhere else in the document, so
//! only a measurement could bear them out.
//!
//! A figure is one of performance where the words beside it say so, and nobody is accused of a goal, a budget, a share of tests or of what
//! was asked for: what could be read as one of these is left out.

use std::ops::Range;

use super::document::{Block, BlockKind, Document};
use super::figure::{Bound, Figure, Unit};
use super::interval::Interval;
use super::sheet::{Found, Sheet};
use super::tokens::{Kind, Token};
use super::topic::{is_of_memory, is_of_performance, is_of_something_else, is_of_time};
use super::words::{self, Direction};
use super::{ClaimKind, Label, Value};

/// The sections in which an approval says what it found.
const SECTIONS: [&str; 4] = ["FINDINGS", "EVIDENCE", "DECISION/OUTCOME", "DECISION"];

/// A figure of performance that nothing in the document gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsupported {
    /// The line of the document, from 1.
    pub line: u32,
    /// That line, without blanks around it.
    pub text: String,
    /// The figure, as printed.
    pub said: String,
    /// The ratios that it may mean, above 1 for worse; empty where it is no change.
    ratios: Vec<Interval>,
}

impl Unsupported {
    /// Whether it is of a change, so that measured ratios can bear it out.
    pub fn is_of_change(&self) -> bool {
        !self.ratios.is_empty()
    }

    /// Whether a ratio between these bounds, above 1 for worse, may be what is meant.
    pub fn is_borne_out(&self, lower: f64, upper: f64) -> bool {
        if lower.is_nan() || upper.is_nan() {
            return false;
        }
        let measured = Interval::new(lower, upper);
        self.ratios.iter().any(|ratio| ratio.meets(measured))
    }

    /// Whether its line names a benchmark.
    pub fn names(&self, benchmark: &str) -> bool {
        let (line, name) = (self.text.to_lowercase(), benchmark.to_lowercase());
        let short = name.strip_prefix("test_").unwrap_or(&name);
        !short.is_empty() && line.contains(short)
    }
}

/// Finds them, in order. `found` are the claims of the document, in whose course `sheets` were marked.
pub(super) fn find(document: &Document<'_>, sheets: &[Sheet], found: &[(usize, Found)]) -> Vec<Unsupported> {
    let given = Given::read(sheets, found);
    let mut all = Vec::new();
    let mut proposals = false;
    let mut conditions = None;
    for sheet in sheets {
        let Some(block) = document.blocks.get(sheet.block) else {
            continue;
        };
        proposals = super::setting(block, proposals);
        let spoken = matches!(block.kind, BlockKind::Flow | BlockKind::Cell);
        let section = document.section(block).unwrap_or_default();
        if !spoken || proposals || !SECTIONS.contains(&section) || conditions == block.section && conditions.is_some() {
            continue;
        }
        // What is below the field is what was asked for.
        let end = conditions_at(block);
        if end.is_some() {
            conditions = block.section;
        }
        for clause in sheet.clauses() {
            for at in clause.clone() {
                let Some(token) = sheet.tokens.get(at) else { continue };
                let Some(figure) = token.figure().filter(|_| !sheet.is_taken(at)) else {
                    continue;
                };
                if end.is_some_and(|end| token.range.start >= end) {
                    continue;
                }
                let Some(ratios) = performance(sheet, &clause, at, figure) else {
                    continue;
                };
                if given.gives(figure, &ratios) {
                    continue;
                }
                let line = document.line(block, token.range.start);
                all.push(Unsupported {
                    line,
                    text: document.line_text(line).to_owned(),
                    said: block
                        .text
                        .get(token.range.clone())
                        .unwrap_or_default()
                        .trim()
                        .to_owned(),
                    ratios,
                });
            }
        }
    }
    all.sort_by_key(|figure| figure.line);
    all
}

/// Where the line of a field Conditions begins.
fn conditions_at(block: &Block) -> Option<usize> {
    let mut at = 0;
    for line in block.text.split_inclusive('\n') {
        if line.trim_start().to_lowercase().starts_with("conditions") {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// What the document gives by its own figures.
struct Given {
    /// Ratios that follow from operands.
    ratios: Vec<f64>,
    /// Operands, in base units.
    operands: Vec<(String, f64)>,
}

impl Given {
    fn read(sheets: &[Sheet], found: &[(usize, Found)]) -> Self {
        let ratio = |kind: ClaimKind, value: f64| match kind {
            ClaimKind::FromTo | ClaimKind::Table | ClaimKind::Range => Some(1.0 + value / 100.0),
            ClaimKind::Times => Some(value),
            _ => None,
        };
        let outcomes = found.iter().map(|(_, found)| &found.outcome);
        let right = outcomes.filter(|outcome| outcome.label == Label::Right);
        let ratios = right.filter_map(|outcome| match outcome.value {
            Value::One(value) => ratio(outcome.kind, value).filter(|ratio| *ratio > 0.0),
            _ => None,
        });
        let mut operands = Vec::new();
        for sheet in sheets {
            for (at, token) in sheet.tokens.iter().enumerate() {
                if let Some(figure) = token.figure().filter(|_| sheet.is_taken(at)) {
                    operands.push((figure.dimension().to_owned(), figure.base()));
                }
            }
        }
        Self {
            ratios: ratios.collect(),
            operands,
        }
    }

    fn gives(&self, figure: &Figure, ratios: &[Interval]) -> bool {
        // The same, said again; or what follows from operands elsewhere, whichever side was divided by which.
        let again = |(dimension, value): &(String, f64)| {
            dimension == figure.dimension() && (value - figure.base()).abs() <= 1e-9 * value.abs()
        };
        let follows = |value: &f64| {
            let meets = |value: f64| ratios.iter().any(|ratio| ratio.meets(Interval::point(value)));
            meets(*value) || meets(1.0 / value)
        };
        self.operands.iter().any(again) || self.ratios.iter().any(follows)
    }
}

/// The ratios that a figure of performance may mean (none where it is a level); `None` where it may be a figure of something else.
fn performance(sheet: &Sheet, clause: &Range<usize>, at: usize, figure: &Figure) -> Option<Vec<Interval>> {
    let whole = sheet.tokens.get(clause.clone())?;
    let all: Vec<&str> = whole.iter().filter_map(Token::word).collect();
    if figure.ambiguous || figure.value == 0.0 || all.iter().any(|word| is_of_something_else(word)) {
        return None;
    }
    let near = words_near(sheet, clause, at);
    match &figure.unit {
        Unit::Percent | Unit::Times => {
            let direction = direction(&near)?;
            let certain = matches!(direction, Direction::Faster | Direction::Slower);
            if !certain && !all.iter().any(|word| is_of_performance(word)) {
                return None;
            }
            Some(ratios(figure, direction))
        }
        Unit::Measure(measure) => {
            let said = |names: fn(&str) -> bool| all.iter().any(|word| names(word));
            let level = match measure.dimension.as_str() {
                "time" => said(is_of_time),
                "bytes" => said(is_of_memory),
                _ => measure.rate,
            };
            level.then(Vec::new)
        }
        Unit::None | Unit::Points => None,
    }
}

/// The words around a figure, up to the next figure or comma.
fn words_near<'s>(sheet: &'s Sheet, clause: &Range<usize>, at: usize) -> Vec<&'s str> {
    let ends = |token: &&Token| {
        !matches!(
            token.kind,
            Kind::Figure(_) | Kind::Quotient { .. } | Kind::Arrow | Kind::Comma
        )
    };
    let before = sheet.tokens.get(clause.start..at).unwrap_or_default();
    let after = sheet.tokens.get(at + 1..clause.end).unwrap_or_default();
    let mut words: Vec<&str> = before.iter().rev().take_while(ends).filter_map(Token::word).collect();
    words.reverse();
    words.extend(after.iter().take_while(ends).filter_map(Token::word));
    words
}

fn direction(words: &[&str]) -> Option<Direction> {
    let costs = |word: &&str| {
        matches!(
            *word,
            "cost" | "costs" | "overhead" | "penalty" | "slows" | "slow-downs" | "slowdowns"
        )
    };
    if words.iter().any(costs) {
        return Some(Direction::Slower);
    }
    words.iter().find_map(|word| words::direction(word))
}

/// The ratios that a change may mean, in time and in rate.
fn ratios(figure: &Figure, direction: Direction) -> Vec<Interval> {
    let Interval { lo, hi } = sizes(figure);
    let lo = lo.max(0.0);
    let inverse = |from: f64, to: f64| Interval::new(1.0 / to.max(1e-9), 1.0 / from.max(1e-9));
    let mut all = Vec::new();
    let better = !matches!(direction, Direction::Slower | Direction::Worse);
    let worse = !matches!(direction, Direction::Faster | Direction::Better);
    if figure.is(&Unit::Times) {
        // "2x faster" is three times as fast for some.
        for more in [0.0, 1.0] {
            if better {
                all.push(inverse(lo + more, hi + more));
            }
            if worse {
                all.push(Interval::new(lo + more, hi + more));
            }
        }
        return all;
    }
    let (lo, hi) = (lo / 100.0, hi / 100.0);
    if better {
        all.push(Interval::new((1.0 - hi).max(0.0), 1.0 - lo));
        all.push(inverse(1.0 + lo, 1.0 + hi));
    }
    if worse {
        all.push(Interval::new(1.0 + lo, 1.0 + hi));
        all.push(inverse(1.0 - hi, 1.0 - lo));
    }
    all
}

/// The sizes that may have been printed as a figure, one-sided words and all.
fn sizes(figure: &Figure) -> Interval {
    let fine = figure.rounded();
    match figure.bound {
        Bound::AtLeast | Bound::Above => Interval::new(fine.lo, 1e9),
        Bound::AtMost | Bound::Below => Interval::new(0.0, fine.hi),
        Bound::Exact | Bound::Approx if figure.upper.is_none() => {
            let coarse = figure.rounded_coarsely();
            Interval::new(fine.lo.min(coarse.lo), fine.hi.max(coarse.hi))
        }
        Bound::Exact | Bound::Approx => fine,
    }
}

#[cfg(test)]
mod tests {
    use super::super::unsupported;

    fn told(section: &str, line: &str) -> Vec<String> {
        let text = format!("# P CERTIFICATE\n\n## {section}\n{line}\n");
        unsupported(&text).into_iter().map(|figure| figure.said).collect()
    }

    #[test]
    fn figures_of_performance_without_operands_are_found() {
        for (line, said) in [
            ("- sync costs 10 %", "10 %"),
            ("- The synchronisation in `policy_update` costs about 10 %.", "10 %"),
            ("- Eliminated async event loop bottleneck (70% improvement)", "70%"),
            ("- Integration overhead on the training pipeline: <1% overhead", "<1%"),
            ("- The scanner is 12 % faster now", "12 %"),
            ("- 3.2x speedup of the decoder", "3.2x"),
            ("- Latency improved by 15%", "15%"),
            ("- p99 latency is 12 ms", "12 ms"),
            ("- peak memory of 310 MiB", "310 MiB"),
            ("- processes 1,389 samples/s", "1,389 samples/s"),
            ("- memory usage reduced by 40%, all the rest as before", "40%"),
        ] {
            assert_eq!(told("FINDINGS", line), [said], "{line}");
        }
        let decision = "**Status**: APPROVED\n**Rationale**: 12 % faster\n**Conditions**: latency stays 10 % lower";
        assert_eq!(told("DECISION/OUTCOME", decision), ["12 %"]);
        let list = "**Status**: APPROVED\n**Rationale**: fine\n**Conditions**:\n- [ ] metric latency at 10 ms";
        assert!(told("DECISION/OUTCOME", list).is_empty());
    }

    #[test]
    fn nobody_is_accused_of_goals_shares_and_other_things() {
        for line in [
            "- test coverage improved by 10 %",
            "- 98 % of the tests pass",
            "- within the budget of 5 %",
            "- must stay 10 % faster than main",
            "- no slow-down above 5 % was seen",
            "- passes reliably in 99.87s with 180s timeout",
            "- the docs are 30 % shorter",
            "- 95 % confidence",
            "- 3 files, 120 lines",
            "- reviewed for 30 minutes",
            "- the batch holds 512 MB",
            "- utilization 85 %",
            "- latency could improve by 15 %",
            "- latency ±3 %",
            "- version 2x of the protocol",
            "- 41.8 ms → 36.4 ms (-12.9 %)",
            "> the decoder is 12 % faster",
        ] {
            assert!(
                told("FINDINGS", line).is_empty(),
                "{line}: {:?}",
                told("FINDINGS", line)
            );
        }
        assert!(told("REVIEW SCOPE", "- the claim that sync costs 10 %").is_empty());
        assert!(told("RECOMMENDATIONS", "- sync costs 10 %").is_empty());
    }

    #[test]
    fn what_follows_from_operands_elsewhere_is_given() {
        let table =
            "| metric | before | after | change |\n|---|---|---|---|\n| lex | 41.8 ms | 36.4 ms | -12.9 % |\n\n";
        for line in [
            "- 12.9 % faster",
            "- 13 % faster",
            "- 1.15x speedup",
            "- p99 latency is 36.4 ms",
        ] {
            let found = told("FINDINGS", &format!("{table}{line}"));
            assert!(found.is_empty(), "{line}: {found:?}");
        }
        assert_eq!(told("FINDINGS", &format!("{table}- 30 % faster")), ["30 %"]);
    }

    #[test]
    fn measured_ratios_bear_a_figure_out_in_its_direction() {
        let one = |line: &str| unsupported(&format!("# P\n\n## FINDINGS\n- {line}\n")).remove(0);
        let costs = one("sync costs 10 %");
        assert!(costs.is_of_change() && costs.is_borne_out(1.05, 1.12) && costs.is_borne_out(1.104, 1.104));
        assert!(!costs.is_borne_out(0.98, 1.05) && !costs.is_borne_out(0.88, 0.93));
        let faster = one("the scanner is 12 % faster");
        assert!(faster.is_borne_out(0.88, 0.88) && faster.is_borne_out(0.893, 0.893));
        assert!(!faster.is_borne_out(0.97, 1.01) && !faster.is_borne_out(1.12, 1.12));
        let times = one("3x speedup");
        assert!(times.is_borne_out(0.33, 0.34) && times.is_borne_out(0.25, 0.25) && !times.is_borne_out(0.9, 1.0));
        assert!(one("at least 10 % faster").is_borne_out(0.6, 0.6));
        assert!(!one("p99 latency is 12 ms").is_of_change());
        assert!(one("test_policy_update costs 10 %").names("test_policy_update"));
        assert!(one("policy_update costs 10 %").names("test_policy_update"));
        assert!(!costs.names("test_policy_update"));
    }
}
