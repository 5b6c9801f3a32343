//! `certgate evidence`: what a reader gets out of benchmark files and profiles.

use std::path::Path;

use super::args::{EvidenceArgs, EvidenceFormat};
use super::{Ending, Undecided, terminal};
use crate::diagnostic::{Code, Diagnostic, Help, Place, Placeholder, Remedy, command, sanitize};
use crate::evidence::formats::{Defect, Reading, Refusal};
use crate::evidence::load::{Evidence, LoadError, load};
use crate::evidence::profiles::ProfileError;
use crate::report::{self, EvidenceFile};

/// Carries it out.
pub(super) fn run(args: &EvidenceArgs) -> Result<Ending, Undecided> {
    let files: Vec<EvidenceFile> = args.files.iter().map(|path| examine(path)).collect::<Result<_, _>>()?;
    match args.format {
        EvidenceFormat::Json => terminal::out(&report::evidence_json(&files))?,
        EvidenceFormat::Human => {
            let diagnostics: Vec<Diagnostic> = files.iter().flat_map(|file| file.diagnostics.clone()).collect();
            terminal::diagnose_all(&diagnostics);
            terminal::out(&report::evidence_lines(&files))?;
        }
    }
    let refused = files.iter().any(|file| match &file.outcome {
        Err(_) => true,
        Ok(Evidence::Benchmarks(reading)) => !reading.is_usable(),
        Ok(Evidence::Profile(_)) => false,
    });
    Ok(if refused { Ending::Blocked } else { Ending::Done })
}

fn examine(path: &Path) -> Result<EvidenceFile, Undecided> {
    let (outcome, diagnostics) = match load(path) {
        Ok(evidence) => {
            let diagnostics = match &evidence {
                Evidence::Benchmarks(reading) => remarks(path, reading),
                Evidence::Profile(_) => Vec::new(),
            };
            (Ok(evidence), diagnostics)
        }
        Err(LoadError::Io(error)) => return Err(Undecided::io("read", path, &error)),
        Err(error) => (Err(error.to_string()), vec![refused(path, &error)]),
    };
    Ok(EvidenceFile {
        path: path.display().to_string(),
        outcome,
        diagnostics,
    })
}

/// Why an entire file is refused.
fn refused(path: &Path, error: &LoadError) -> Diagnostic {
    let (code, line, help) = match error {
        LoadError::NotAFile | LoadError::Io(_) => (
            Code::CG605,
            None,
            command!["certgate", "evidence", Placeholder::Path].into(),
        ),
        LoadError::NotCriterion { below } => {
            let help = match below.first() {
                Some(directory) => Help::from(command!["certgate", "evidence", directory]),
                None => "name a benchmark's own directory, such as target/criterion/BENCHMARK/new".into(),
            };
            (Code::CG605, None, help)
        }
        LoadError::Refused(Refusal { problem, line }) => match problem {
            Defect::TooLarge { .. } => (Code::CG604, *line, MEASURE_AGAIN.into()),
            Defect::Damaged(_) | Defect::NotText => (Code::CG603, *line, MEASURE_AGAIN.into()),
            Defect::Unknown | Defect::Ambiguous(_) | Defect::Empty(_) => (Code::CG602, *line, formats().into()),
        },
        LoadError::Profile(error) => match error {
            ProfileError::TooLarge => (Code::CG604, None, MEASURE_AGAIN.into()),
            ProfileError::Damaged { line, .. } => (Code::CG603, *line, MEASURE_AGAIN.into()),
            ProfileError::Unknown | ProfileError::Empty(_) => (Code::CG602, None, formats().into()),
            ProfileError::Io(_) => (
                Code::CG605,
                None,
                command!["certgate", "evidence", Placeholder::Path].into(),
            ),
        },
    };
    let place = match line {
        Some(line) => Place::line(path.display(), line),
        None => Place::file(path.display()),
    };
    Diagnostic::error(code, error).at(place).help(help)
}

const MEASURE_AGAIN: &str = "have the tool write the file again, for example: hyperfine --export-json FILE COMMAND";

/// The command that lists the formats.
fn formats() -> Remedy {
    command!["certgate", "explain", "CG602"].why("the formats that are read")
}

/// What is worth saying about a file that can be read.
fn remarks(path: &Path, reading: &Reading) -> Vec<Diagnostic> {
    let place = || Place::file(path.display());
    let mut remarks = Vec::new();
    for row in &reading.measurements {
        let Some(reason) = row.kind.refusal() else { continue };
        let edited = reason.contains("not follow");
        let code = if edited { Code::CG607 } else { Code::CG606 };
        let what = if row.metric == "*" {
            row.benchmark.clone()
        } else {
            format!("{}, {}", row.benchmark, row.metric)
        };
        let message = format!("`{}` is refused: {reason}", sanitize(&what));
        remarks.push(Diagnostic::warning(code, message).at(place()).help(MEASURE_AGAIN));
    }
    if reading.provenance.is_debug_build() {
        let message = "measured with a debug build, or with a debug build of the benchmark library";
        remarks.push(
            Diagnostic::warning(Code::CG633, message)
                .at(place())
                .help("build with optimisation and measure again"),
        );
    }
    if reading.provenance.dirty == Some(true) {
        let message = "measured with uncommitted work: no commit has the code that ran";
        remarks.push(
            Diagnostic::warning(Code::CG609, message)
                .at(place())
                .help("commit, then measure again"),
        );
    }
    remarks
}
