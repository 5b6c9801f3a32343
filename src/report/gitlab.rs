//! `--format gitlab`: GitLab's code quality report, an array of issues (docs.gitlab.com, "Code Quality report format").

use serde::Serialize;

use super::item::items;
use super::json::to_line;
use crate::diagnostic::{Diagnostic, Level};

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// What was found, or why nothing was judged.
pub fn gitlab(diagnostics: &[Diagnostic]) -> String {
    let items = items(diagnostics);
    let issues: Vec<Issue<'_>> = items
        .iter()
        .map(|item| Issue {
            description: match item.diagnostic.helps().first() {
                Some(help) => format!("{} (help: {help})", item.message),
                None => item.message.to_owned(),
            },
            check_name: item.code().as_str(),
            fingerprint: &item.fingerprint,
            severity: match item.level() {
                Level::Error => "blocker",
                Level::Warning => "minor",
                Level::Note => "info",
            },
            location: Location {
                path: item.path.to_string(),
                lines: Lines { begin: item.line },
            },
        })
        .collect();
    to_line(&issues)
}
