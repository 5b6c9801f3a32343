//! What is written where: diagnostics to standard error, what was asked for to standard output.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use super::Failure;
use crate::diagnostic::{Diagnostic, Style, sanitize_bytes};
use crate::report;

/// Writes to standard output. A broken pipe is an error: a gate whose answer nobody got has not answered.
pub(super) fn out(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::io("write to", Path::new("standard output"), &error))
}

/// Writes to standard error, as far as that is possible.
pub(super) fn err(text: &str) {
    let _best_effort = anstream::stderr().lock().write_all(text.as_bytes());
}

/// How standard error wants its diagnostics.
pub(super) fn style() -> Style {
    let colour = !matches!(
        anstream::AutoStream::choice(&std::io::stderr()),
        anstream::ColorChoice::Never
    );
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    Style {
        colour,
        width: columns.unwrap_or(100).clamp(60, 160),
    }
}

/// Writes diagnostics to standard error.
pub(super) fn diagnose(diagnostics: &[Diagnostic]) {
    err(&report::diagnostics(diagnostics, style()));
}

/// True where a person sits at both ends.
pub(super) fn is_interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Reports a run that could not decide.
pub(super) fn fail(failure: &Failure) -> ExitCode {
    diagnose(&failure.diagnostics);
    ExitCode::from(2)
}

/// Reports what clap has to say: help and version are answers, everything else is wrong usage.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    // The arguments, which clap repeats, may come from a repository: a script passes on the name of a branch.
    let hostile =
        |argument: std::ffi::OsString| sanitize_bytes(argument.as_encoded_bytes()) != argument.to_string_lossy();
    if error.exit_code() == 2 && std::env::args_os().any(hostile) {
        let message = format!("{} (an argument that cannot be shown)", error.kind());
        return fail(&Failure::usage(message, "certgate --help"));
    }
    let _best_effort = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// Writes every diagnostic, however many: for commands whose answer they are.
pub(super) fn diagnose_all(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        err(&format!("{}\n\n", crate::diagnostic::render(diagnostic, style())));
    }
}
