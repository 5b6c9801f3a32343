//! `--format gitlab`: GitLab's code quality report, an array of issues (docs.gitlab.com, "Code Quality report format").

use std::borrow::Cow;

use serde::Serialize;

use super::audit_findings::Audited;
use super::history::gated;
use super::item::items;
use super::json::to_line;
use super::sensitivity::file_score_lines;
use crate::diagnostic::{Diagnostic, Level};
use crate::gate::Judgement;
use crate::sensitivity::score::ChangeScore;
use crate::simulate::Simulation;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: Cow<'a, str>,
    fingerprint: Cow<'a, str>,
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
            check_name: item.code().as_str().into(),
            fingerprint: item.fingerprint.as_str().into(),
            severity: severity(item.level()),
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

/// An audit: an issue for each thing that was found.
pub(crate) fn audit_gitlab(repositories: &[Audited]) -> String {
    let all: Vec<Diagnostic> = repositories.iter().flat_map(|one| one.diagnostics.clone()).collect();
    with_scores(&all, None)
}

/// History: an issue for each commit and rule that gates it.
pub(crate) fn simulation_gitlab(simulation: &Simulation) -> String {
    let issues: Vec<Issue<'_>> = gated(simulation)
        .map(|one| Issue {
            description: one.message(),
            check_name: one.rule.clone().into(),
            fingerprint: one.fingerprint().into(),
            severity: severity(one.level()),
            location: Location {
                path: one.path().to_string(),
                lines: Lines { begin: one.line() },
            },
            content: None,
        })
        .collect();
    to_line(&issues)
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Error => "blocker",
        Level::Warning => "minor",
        Level::Note => "info",
    }
}
