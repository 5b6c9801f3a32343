//! `verify`: what each certificate claims of itself and whether that holds, for people and as `certgate/verify/v1`.

use serde::Serialize;

use super::json::{JsonDiagnostic, to_line};
use crate::certificate::Status;
use crate::diagnostic::{Diagnostic, Level, sanitize};

/// The name of the schema.
pub const VERIFY_SCHEMA: &str = "certgate/verify/v1";

/// A certificate, and what was held against content.
#[derive(Debug)]
pub struct VerifyReport {
    /// The path, as shown.
    pub path: String,
    /// The decision, where it can be read.
    pub status: Option<Status>,
    /// What was looked at, in order.
    pub facts: Vec<Fact>,
    /// What does not hold, and how to fix it.
    pub diagnostics: Vec<Diagnostic>,
}

/// One thing that was looked at.
#[derive(Debug)]
pub struct Fact {
    /// What of the certificate: `decision`, `hash`, `signature`, `subject` or `evidence`.
    pub of: &'static str,
    /// Whether it holds.
    pub holds: bool,
    /// What was found, in words.
    pub said: String,
}

impl VerifyReport {
    /// True where all of it holds.
    pub fn holds(&self) -> bool {
        let errors = self.diagnostics.iter().any(|told| told.level() == Level::Error);
        !errors && self.facts.iter().all(|fact| fact.holds)
    }
}

#[derive(Serialize)]
struct JsonVerify<'a> {
    schema: &'static str,
    certificates: Vec<JsonCertificate<'a>>,
}

#[derive(Serialize)]
struct JsonCertificate<'a> {
    path: &'a str,
    holds: bool,
    status: Option<&'static str>,
    facts: Vec<JsonFact>,
    diagnostics: Vec<JsonDiagnostic<'a>>,
}

#[derive(Serialize)]
struct JsonFact {
    of: &'static str,
    holds: bool,
    said: String,
}

/// The certificates as JSON, with a line break at the end.
pub fn verify_json(documents: &[VerifyReport]) -> String {
    let certificates = documents.iter().map(|document| JsonCertificate {
        path: &document.path,
        holds: document.holds(),
        status: document.status.map(Status::as_str),
        facts: document
            .facts
            .iter()
            .map(|fact| JsonFact {
                of: fact.of,
                holds: fact.holds,
                said: sanitize(&fact.said),
            })
            .collect(),
        diagnostics: document.diagnostics.iter().map(JsonDiagnostic::from).collect(),
    });
    to_line(&JsonVerify {
        schema: VERIFY_SCHEMA,
        certificates: certificates.collect(),
    })
}

/// One certificate, for people.
pub fn verify_lines(document: &VerifyReport) -> String {
    let line = |fact: &Fact| {
        let word = if fact.holds { "ok   " } else { "WRONG" };
        format!("  {word} {}: {}\n", fact.of, sanitize(&fact.said))
    };
    let lines: String = document.facts.iter().map(line).collect();
    format!("{}\n{lines}", document.path)
}
