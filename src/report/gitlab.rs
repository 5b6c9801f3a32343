//! `--format gitlab`: GitLab's code quality report, an array of issues (docs.gitlab.com, "Code Quality report format").

use serde::Serialize;

use super::item::items;
use super::json::to_line;
use super::sensitivity::file_score_lines;
use crate::diagnostic::{Diagnostic, Level};
use crate::gate::Judgement;
use crate::sensitivity::score::ChangeScore;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
}

/// More about it, as Code Climate's format has it.
#[derive(Serialize)]
struct Content {
    body: String,
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
    with_scores(diagnostics, None)
}

/// A judged change; where the score of a file is known, its reasons are beside what was found there.
pub fn gitlab_of(report: &Judgement) -> String {
    with_scores(&report.diagnostics, report.sensitivity.as_ref())
}

fn with_scores(diagnostics: &[Diagnostic], score: Option<&ChangeScore>) -> String {
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
            content: score
                .and_then(|score| {
                    score
                        .files
                        .iter()
                        .find(|file| file.path.as_bytes() == item.path.as_bytes())
                })
                .map(|file| Content {
                    body: file_score_lines(file, usize::MAX),
                }),
        })
        .collect();
    to_line(&issues)
}
