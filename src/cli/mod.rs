//! One file per command; the only place that composes the others.

use std::process::ExitCode;

/// Parses, runs, and returns the exit code.
pub fn main() -> ExitCode {
    ExitCode::from(2)
}
