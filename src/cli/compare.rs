//! `certgate compare`: benchmark files of two sides, decided.

use std::path::PathBuf;

use globset::GlobBuilder;

use super::args::{CompareArgs, CompareFormat, SampleDesign};
use super::{Ending, Undecided, terminal};
use crate::author::whole;
use crate::diagnostic::{Diagnostic, Level, command};
use crate::evidence::compare::{Criteria, Design, File, compare};
use crate::evidence::decide::Conclusion;
use crate::evidence::exact_null::Alpha;
use crate::evidence::measurement::Direction;
use crate::intake::benchmarks::{self, Unread};
use crate::report;

/// Carries it out.
pub(super) fn run(args: &CompareArgs) -> Result<Ending, Undecided> {
    let question = question(args)?;
    let wanted = wanted(args)?;
    let mut refused = Vec::new();
    let baseline = side(&args.baseline, &mut refused)?;
    let candidate = side(&args.candidate, &mut refused)?;
    let comparison = match refused.is_empty() {
        true => compare(&question, &baseline, &candidate, &wanted),
        false => Default::default(),
    };
    if refused.is_empty() && comparison.results.is_empty() {
        return Err(nothing(&baseline));
    }
    let mut diagnostics = refused;
    diagnostics.extend(report::comparison_diagnostics(&comparison, question.design));
    if let Some(file) = &args.svg {
        whole::report(file, &report::comparison_svg(&comparison))?;
    }
    if args.format != CompareFormat::Json {
        terminal::diagnose_all(&diagnostics);
    }
    terminal::out(&match args.format {
        CompareFormat::Human => report::comparison_lines(&comparison),
        CompareFormat::Json => report::comparison_json(&comparison, &diagnostics),
        CompareFormat::Markdown => report::comparison_markdown(&comparison),
        CompareFormat::Svg => report::comparison_svg(&comparison),
    })?;
    let refused = diagnostics.iter().any(|diagnostic| diagnostic.level() == Level::Error);
    Ok(match comparison.verdict() {
        Conclusion::Pass if !refused => Ending::Done,
        Conclusion::Inconclusive if !refused => Ending::Open,
        _ => Ending::Blocked,
    })
}

/// The question that the options ask.
fn question(args: &CompareArgs) -> Result<Criteria, Undecided> {
    let wrong = |message: &str, help: &str| Undecided::usage(message, help);
    let threshold = share(&args.threshold).ok_or_else(|| {
        wrong(
            "--threshold takes a share of at least 0",
            "certgate compare --threshold 5% …",
        )
    })?;
    let alpha = Alpha::new(args.alpha).ok_or_else(|| {
        wrong(
            "--alpha takes a number above 0 and below 0.5, of at most nine places",
            "certgate compare --alpha 0.05 …",
        )
    })?;
    let run_noise = match &args.run_noise {
        Some(text) => Some(
            share(text)
                .filter(|noise| *noise > 0.0)
                .ok_or_else(|| wrong("--run-noise takes a share above 0", "certgate compare --run-noise 2% …"))?,
        ),
        None => None,
    };
    if args.min_runs == 0 {
        return Err(wrong("--min-runs takes at least 1", "certgate compare --min-runs 5 …"));
    }
    Ok(Criteria {
        threshold,
        alpha,
        min_runs: args.min_runs,
        design: match args.design {
            SampleDesign::Sequential => Design::Sequential,
            SampleDesign::Interleaved => Design::Interleaved,
        },
        run_noise,
        direction: match args.direction {
            Some(super::args::Better::Lower) => Direction::Lower,
            Some(super::args::Better::Higher) => Direction::Higher,
            None => Direction::Unknown,
        },
        exact: args.exact.clone(),
    })
}

/// `5%`, `5 %` or `0.05`, where at least 0.
pub(super) fn share(text: &str) -> Option<f64> {
    let text = text.trim();
    let value = match text.strip_suffix('%') {
        // Divided, not multiplied: 5 % is then the number that `0.05` is.
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => text.parse::<f64>().ok()?,
    };
    (value.is_finite() && value >= 0.0).then_some(value)
}

/// Which metrics of which benchmarks are compared.
fn wanted(args: &CompareArgs) -> Result<impl Fn(&str, &str) -> bool + use<>, Undecided> {
    let mut globs = Vec::new();
    for glob in &args.benchmarks {
        // A name that holds what means something in a glob is also taken as it is.
        let compiled = GlobBuilder::new(glob).literal_separator(false).build();
        let compiled = compiled.map_err(|error| {
            Undecided::usage(
                format!("--benchmark does not compile: {error}"),
                "for example: certgate compare --benchmark 'lex_*' …",
            )
        })?;
        globs.push((glob.clone(), compiled.compile_matcher()));
    }
    let metrics = args.metrics.clone();
    Ok(move |benchmark: &str, metric: &str| {
        let named = globs.is_empty()
            || globs
                .iter()
                .any(|(glob, matcher)| glob == benchmark || matcher.is_match(benchmark));
        // A file that is refused is refused whatever metric is asked for.
        named && (metrics.is_empty() || metric == "*" || metrics.iter().any(|wanted| wanted == metric))
    })
}

/// Reads the files of one side; those that are refused are reported.
fn side(paths: &[PathBuf], refused: &mut Vec<Diagnostic>) -> Result<Vec<File>, Undecided> {
    let mut files = Vec::new();
    for path in paths {
        match benchmarks::read(path) {
            Ok(file) => files.push(file),
            Err(Unread::Refused(diagnostic)) => refused.push(*diagnostic),
            Err(Unread::Io(undecided)) => return Err(undecided),
        }
    }
    Ok(files)
}

/// No measurement is asked for that the baseline has.
fn nothing(baseline: &[File]) -> Undecided {
    let first = baseline.first().map_or("FILE", |file| file.name.as_str());
    Undecided::usage(
        "the baseline holds no such benchmark or metric",
        command!["certgate", "evidence", std::path::Path::new(first)].why("lists what is there"),
    )
}
