//! One file per format: what a run found, for people and for machines.
//!
//! Together with `cli` the only place from which anything is printed. Every string from the repository has been made harmless before it
//! gets here ([`crate::diagnostic`]); each format adds the escaping that is its own.

mod authority;
mod doctor;
mod explain;
mod github;
mod human;
mod json;
mod lint;

pub use doctor::{DOCTOR_SCHEMA, Finding, Health, doctor_json, doctor_lines};
pub use explain::{Remedy, describe, explain, shell};
pub use github::{annotations, step_summary};
pub use human::{diagnostics, summary};
pub use json::{FAILURE_SCHEMA, VERDICT_SCHEMA, failure, json_diagnostics, to_line, verdict};
pub use lint::{LINT_SCHEMA, Linted, lint_json};

use crate::diagnostic::Diagnostic;
use crate::ledger::Entry;
use crate::policy::{Enforcement, Stage};
use crate::verdict::{Decision, Verdict};

/// A judged change, ready to be reported.
#[derive(Debug)]
pub struct Report {
    /// Where the question was asked.
    pub stage: Stage,
    /// What the policy does at this stage on the target.
    pub enforcement: Enforcement,
    /// The branch that will move, where known.
    pub target: Option<String>,
    /// What the content was compared with: a commit id; `None` for nothing.
    pub base: Option<String>,
    /// What goes in: a commit id, or `index`.
    pub head: String,
    /// Where the policy is from.
    pub policy: String,
    /// How many files and commits were looked at.
    pub scope: Scope,
    /// The decision.
    pub decision: Decision,
    /// The ledger that the decision's indices point into.
    pub ledger: Vec<Entry>,
    /// Everything to tell, most grave first.
    pub diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        self.decision.verdict
    }
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Changed files.
    pub files: usize,
    /// Commit messages.
    pub messages: usize,
}
