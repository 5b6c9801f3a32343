//! What a run that could not do its work says in each format.

use std::path::Path;

use super::args::{AuditFormat, Format, SimulateFormat};
use super::terminal;
use crate::author::whole;
use crate::diagnostic::Diagnostic;
use crate::gate::Undecided;
use crate::report;

/// The report of a failure; `None` where standard error, which has it anyway, is all that is read.
pub(super) fn failure(format: Format, command: &str, diagnostics: &[Diagnostic]) -> Option<String> {
    match format {
        Format::Human => None,
        Format::Json => Some(report::failure(diagnostics)),
        Format::Github => Some(report::annotations(diagnostics)),
        Format::Sarif => Some(report::sarif_failure(command, diagnostics)),
        Format::Junit => Some(report::junit_failure(command, diagnostics)),
        Format::Gitlab => Some(report::gitlab(diagnostics)),
        Format::Markdown => Some(report::markdown_failure(command, diagnostics)),
        Format::Html => Some(report::html_failure(command, diagnostics)),
    }
}

/// Writes a report to where it was asked for: a file, or standard output.
pub(super) fn write(file: Option<&Path>, text: &str) -> Result<(), Undecided> {
    match file {
        Some(path) => whole::report(path, text),
        None => Ok(terminal::judged(text)?),
    }
}

impl From<SimulateFormat> for Format {
    fn from(format: SimulateFormat) -> Self {
        match format {
            // A person's answer in a terminal.
            SimulateFormat::Markdown => Self::Human,
            SimulateFormat::Json => Self::Json,
            SimulateFormat::Sarif => Self::Sarif,
            SimulateFormat::Junit => Self::Junit,
            SimulateFormat::Gitlab => Self::Gitlab,
            SimulateFormat::Html => Self::Html,
        }
    }
}

impl From<AuditFormat> for Format {
    fn from(format: AuditFormat) -> Self {
        match format {
            AuditFormat::Human | AuditFormat::Jsonl => Self::Human,
            AuditFormat::Json => Self::Json,
            AuditFormat::Markdown => Self::Markdown,
            AuditFormat::Html => Self::Html,
            AuditFormat::Sarif => Self::Sarif,
            AuditFormat::Junit => Self::Junit,
            AuditFormat::Gitlab => Self::Gitlab,
        }
    }
}
