//! Baseline against candidate: the table for people, `certgate/compare/v1` (`docs/schema/compare-v1.json`), Markdown, a picture, and what
//! is to be said of it.

use std::fmt::Write as _;

use serde::Serialize;

use super::inert::inline as markdown;
use super::json::{JsonDiagnostic, to_line};
use super::svg::{Ink, Picture, Scale, figure};
use crate::diagnostic::{Code, Diagnostic, command, sanitize};
use crate::evidence::compare::{Compared, Comparison, Design, Refused, Why};
use crate::evidence::decide::Conclusion;

/// The name of the schema.
pub const COMPARE_SCHEMA: &str = "certgate/compare/v1";

#[derive(Serialize)]
struct JsonComparison<'a> {
    schema: &'static str,
    results: Vec<JsonResult>,
    diagnostics: Vec<JsonDiagnostic<'a>>,
}

#[derive(Serialize)]
struct JsonResult {
    benchmark: String,
    metric: String,
    unit: String,
    direction: &'static str,
    baseline: Option<f64>,
    candidate: Option<f64>,
    ratio: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    verdict: &'static str,
    runs: [usize; 2],
    needed: Option<usize>,
    reason: Option<String>,
}

/// The comparison as JSON, with a line break at the end.
pub fn comparison_json(comparison: &Comparison, diagnostics: &[Diagnostic]) -> String {
    let results = comparison.results.iter().map(|result| {
        let [baseline, candidate] = result.centre;
        JsonResult {
            benchmark: sanitize(&result.benchmark),
            metric: sanitize(&result.metric),
            unit: sanitize(&result.unit),
            direction: result.direction.word(),
            baseline,
            candidate,
            ratio: result.decision.ratio,
            lower: result.decision.lower,
            upper: result.decision.upper,
            verdict: result.decision.verdict.word(),
            runs: result.runs,
            needed: result.needed,
            reason: result.why.as_ref().map(|why| sanitize(&why.to_string())),
        }
    });
    to_line(&JsonComparison {
        schema: COMPARE_SCHEMA,
        results: results.collect(),
        diagnostics: diagnostics.iter().map(JsonDiagnostic::from).collect(),
    })
}

/// The cells of one result, as people read them.
fn cells(result: &Compared) -> [String; 8] {
    let [baseline, candidate] = result.centre.map(|centre| match centre {
        Some(value) => format!("{} {}", figure(value), result.unit).trim_end().to_owned(),
        None => "-".to_owned(),
    });
    let three = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    let bounds = match (result.decision.lower, result.decision.upper) {
        _ if result.exact => "exact".to_owned(),
        (Some(lower), Some(upper)) => format!("{lower:.3} to {upper:.3}"),
        _ => "-".to_owned(),
    };
    let [m, n] = result.runs;
    [
        sanitize(&result.benchmark),
        sanitize(&result.metric),
        sanitize(&baseline),
        sanitize(&candidate),
        three(result.decision.ratio),
        bounds,
        format!("{m}, {n}"),
        result.decision.verdict.word().to_uppercase(),
    ]
}

const HEADINGS: [&str; 8] = [
    "benchmark",
    "metric",
    "baseline",
    "candidate",
    "ratio",
    "bounds",
    "runs",
    "verdict",
];

/// What is behind a result that is no plain answer.
fn remark(result: &Compared) -> Option<String> {
    let mut said = sanitize(&result.why.as_ref()?.to_string());
    if let Some(needed) = result.needed {
        let _infallible = write!(said, "; some {needed} runs a side would decide it");
    }
    Some(said)
}

/// The same for an answer of the rule, which has no reason but its bounds.
fn remark_of_rule(result: &Compared) -> Option<String> {
    let needed = result.needed.filter(|_| result.why.is_none())?;
    Some(format!("some {needed} runs a side would decide it"))
}

/// How many results of each kind.
fn counts(comparison: &Comparison) -> String {
    let verdicts = [
        Conclusion::Pass,
        Conclusion::Regressed,
        Conclusion::Inconclusive,
        Conclusion::Invalid,
    ];
    let counts = verdicts.into_iter().filter_map(|verdict| {
        let all = comparison.results.iter();
        let count = all.filter(|result| result.decision.verdict == verdict).count();
        (count > 0).then(|| format!("{count} {}", verdict.word()))
    });
    counts.collect::<Vec<_>>().join(", ")
}

/// The table for people.
pub fn comparison_lines(comparison: &Comparison) -> String {
    let rows: Vec<[String; 8]> = comparison.results.iter().map(cells).collect();
    if rows.is_empty() {
        return "nothing was compared\n".to_owned();
    }
    let headings = HEADINGS.map(str::to_owned);
    let width = |column: usize| {
        let cells = rows.iter().chain([&headings]).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let mut text = String::new();
    let mut line = |cells: &[String; 8]| {
        let mut line = String::new();
        for (at, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            // Numbers are aligned to the right.
            let _infallible = match at {
                2..=4 => write!(line, "{cell:>width$}  "),
                _ => write!(line, "{cell:<width$}  "),
            };
        }
        let _infallible = writeln!(text, "{}", line.trim_end());
    };
    line(&headings);
    rows.iter().for_each(line);
    let mut remarks = String::new();
    for result in &comparison.results {
        if let Some(said) = remark(result).or_else(|| remark_of_rule(result)) {
            let name = sanitize(&format!("{} {}", result.benchmark, result.metric));
            let _infallible = writeln!(remarks, "{name}: {said}");
        }
    }
    if !remarks.is_empty() {
        let _infallible = write!(text, "\n{remarks}");
    }
    let _infallible = writeln!(text, "\n{}", counts(comparison));
    text
}

/// The table as Markdown.
pub fn comparison_markdown(comparison: &Comparison) -> String {
    let mut text = format!("| {} |\n|---|---|--:|--:|--:|---|---|---|\n", HEADINGS.join(" | "));
    for result in &comparison.results {
        let mut cells = cells(result).map(|cell| markdown(&cell));
        if let Some(said) = remark(result).or_else(|| remark_of_rule(result))
            && let Some(verdict) = cells.last_mut()
        {
            let _infallible = write!(verdict, "<br>{}", markdown(&said));
        }
        let _infallible = writeln!(text, "| {} |", cells.join(" | "));
    }
    let _infallible = writeln!(text, "\n{}", counts(comparison));
    text
}

/// The most results that a picture shows.
const DRAWN: usize = 60;

/// The runs of both sides as a picture: for each result a line of dots for each side, and its median.
pub fn comparison_svg(comparison: &Comparison) -> String {
    const WIDTH: f64 = 900.0;
    const LEFT: f64 = 250.0;
    const RIGHT: f64 = 690.0;
    const ROW: f64 = 64.0;
    const TOP: f64 = 56.0;
    let mut picture = Picture::new(WIDTH);
    picture.text(
        12.0,
        24.0,
        false,
        "Runs of the baseline (filled) and of the candidate (rings), logarithmic",
    );
    let mut described = Vec::new();
    let mut y = TOP;
    for result in comparison.results.iter().take(DRAWN) {
        let [_, _, baseline, candidate, ratio, bounds, _, verdict] = cells(result);
        picture.text(12.0, y + 4.0, false, &shortened(&result.benchmark));
        picture.text(12.0, y + 20.0, false, &shortened(&result.metric));
        picture.text(RIGHT + 16.0, y + 4.0, false, &format!("{verdict}  {ratio}"));
        picture.text(RIGHT + 16.0, y + 20.0, false, &bounds);
        let scale = Scale::over(result.values.iter().flatten().copied(), LEFT, RIGHT);
        for ((values, centre), (offset, ink)) in result
            .values
            .iter()
            .zip(result.centre)
            .zip([(-6.0, Ink::Before), (14.0, Ink::After)])
        {
            let Some(scale) = scale else { continue };
            picture.line((LEFT, y + offset), (RIGHT, y + offset), 0.5, Ink::Frame);
            for value in values.iter().filter(|value| **value > 0.0) {
                picture.dot(
                    scale.at(*value),
                    y + offset,
                    ink,
                    &format!("{} {}", figure(*value), result.unit),
                );
            }
            if let Some(centre) = centre.filter(|centre| *centre > 0.0) {
                let x = scale.at(centre);
                picture.line((x, y + offset - 9.0), (x, y + offset + 9.0), 2.0, ink);
            }
        }
        described.push(format!(
            "{} {}: {baseline} against {candidate}, ratio {ratio}, {verdict}.",
            result.benchmark, result.metric
        ));
        y += ROW;
    }
    if let Some(more) = comparison.results.len().checked_sub(DRAWN).filter(|more| *more > 0) {
        picture.text(12.0, y, false, &format!("and {more} more, not drawn"));
        y += ROW;
    }
    picture.finish(y, "Baseline against candidate", &described.join(" "))
}

fn shortened(name: &str) -> String {
    const MOST: usize = 34;
    match name.chars().count() > MOST {
        true => format!("{}…", name.chars().take(MOST - 1).collect::<String>()),
        false => name.to_owned(),
    }
}

/// What is to be said of a comparison, errors first.
pub fn comparison_diagnostics(comparison: &Comparison, design: Design) -> Vec<Diagnostic> {
    let mut said: Vec<Diagnostic> = comparison
        .refused
        .iter()
        .map(|refused| diagnostic(refused, None))
        .collect();
    for result in &comparison.results {
        if let Some(Why::Refused(refused)) = &result.why
            && !comparison.refused.contains(refused)
        {
            said.push(diagnostic(refused, Some(result)));
        }
    }
    if comparison.may_drift(design) {
        let drift = "one side was measured after the other: drift of the machine is not excluded";
        said.push(
            Diagnostic::warning(Code::CG634, drift)
                .help(command!["certgate", "measure", "--help"].why("measures both sides in turn"))
                .help(
                    command!["certgate", "compare", "--help"]
                        .why("--design interleaved, where each file is one block of runs, measured in turn"),
                ),
        );
    }
    said
}

/// A refusal of all files, or of one result.
fn diagnostic(refused: &Refused, result: Option<&Compared>) -> Diagnostic {
    let (code, help) = match refused {
        Refused::SameFile(..) | Refused::SameValues(..) => (
            Code::CG630,
            "certgate compare --help   # give each file once, each measured by itself",
        ),
        Refused::Missing => (
            Code::CG631,
            "certgate compare --help   # --benchmark and --metric compare what both sides have, if that is meant",
        ),
        Refused::Differs { .. } | Refused::Units(..) => (
            Code::CG632,
            "certgate measure --help   # measures both sides on one machine, with the same parameters",
        ),
        Refused::Debug(_) => (Code::CG633, "measure a release build"),
        Refused::Measurement(..) => (
            Code::CG635,
            "measure it again, and let the benchmark end without errors",
        ),
    };
    let message = match result {
        Some(result) => format!("{} {}: {refused}", result.benchmark, result.metric),
        None => refused.to_string(),
    };
    Diagnostic::error(code, message).help(help)
}
