//! What a run that could not do its work says in each format.

use super::args::Format;
use crate::diagnostic::Diagnostic;
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
