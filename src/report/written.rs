//! What a command wrote and what comes next: for people, and `certgate/written/v1` (`docs/schema/written-v1.json`).

use serde::Serialize;

use super::json::{JsonDiagnostic, to_line};
use super::remedy::JsonRemedy;
use crate::change::RepoPath;
use crate::diagnostic::{Diagnostic, Remedy, sanitize};

/// The name of the schema.
pub const WRITTEN_SCHEMA: &str = "certgate/written/v1";

/// What was done.
#[derive(Debug, Default)]
pub struct Done {
    /// In words, a line each.
    pub said: Vec<String>,
    /// The files that were written, relative to the root of the repository where they lie in it.
    pub files: Vec<String>,
    /// Gated files of the components that the document does not name, and that it therefore does not cover.
    pub left: Vec<RepoPath>,
    /// What the reader should know, in words.
    pub notes: Vec<String>,
    /// What to run next, in order.
    pub next: Vec<Remedy>,
    /// Components that the repository's past proposes.
    pub proposed: Vec<Proposed>,
    /// What was found on the way.
    pub warnings: Vec<Diagnostic>,
}

/// A component that the repository's own past proposes, with the counts that are its reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Proposed {
    /// What it would be called.
    pub id: String,
    /// What it would gate, as a glob.
    pub path: String,
    /// Commits that touched source files there.
    pub commits: u32,
    /// Of these, performance commits.
    pub performance: u32,
    /// Of these, further ones that took something back because of performance.
    pub taken_back: u32,
    /// Functions that most of both kinds touched, with how many did.
    pub functions: Vec<(String, u32)>,
}

#[derive(Serialize)]
struct JsonDone<'a> {
    schema: &'static str,
    said: Vec<String>,
    files: Vec<String>,
    left: Vec<String>,
    notes: Vec<String>,
    next: Vec<JsonRemedy<'a>>,
    #[serde(skip_serializing_if = "<[Proposed]>::is_empty")]
    proposed: &'a [Proposed],
    diagnostics: Vec<JsonDiagnostic<'a>>,
}

/// As JSON, with a line break at the end.
pub fn written_json(done: &Done) -> String {
    let safe = |texts: &[String]| texts.iter().map(|text| sanitize(text)).collect();
    to_line(&JsonDone {
        schema: WRITTEN_SCHEMA,
        said: safe(&done.said),
        files: safe(&done.files),
        left: done.left.iter().map(ToString::to_string).collect(),
        notes: safe(&done.notes),
        next: done.next.iter().map(JsonRemedy::from).collect(),
        proposed: &done.proposed,
        diagnostics: done.warnings.iter().map(JsonDiagnostic::from).collect(),
    })
}

/// For people.
pub fn written_lines(done: &Done) -> String {
    let mut text: String = done.said.iter().map(|line| sanitize(line) + "\n").collect();
    for note in &done.notes {
        text.push_str(&format!("note: {}\n", sanitize(note)));
    }
    for remedy in &done.next {
        text.push_str(&format!("next: {remedy}\n"));
    }
    text
}
