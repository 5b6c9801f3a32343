//! One file per format: what a run found, for people and for machines.
//!
//! It makes text and prints nothing. Every string from the repository has been made harmless before it
//! gets here ([`crate::diagnostic`]); each format adds the escaping that is its own.

mod answers;
mod audit;
mod audit_findings;
mod audit_overview;
mod audit_table;
mod compare;
mod doctor;
mod evaluate;
mod evidence;
mod flagged;
mod github;
mod gitlab;
mod history;
mod html;
mod human;
mod imports;
mod inert;
mod item;
mod json;
mod junit;
mod lint;
mod markdown;
mod missing;
mod records;
mod remedy;
mod requirement;
mod sarif;
mod sensitivity;
mod simulate;
mod suggest;
mod svg;
mod timings;
mod trend;
mod trend_ledger;
mod verify;
mod written;

pub(crate) use answers::{Explained, HookRow, explain_json, hooks_json, policy_check_json, policy_json};
pub(crate) use audit::{audit_line, audit_row};
pub(crate) use audit_findings::{Audited, audited};
pub(crate) use audit_overview::AuditOverview;
pub use compare::{
    COMPARE_SCHEMA, comparison_diagnostics, comparison_json, comparison_lines, comparison_markdown, comparison_svg,
};
pub use doctor::{DOCTOR_SCHEMA, doctor_json, doctor_lines};
pub(crate) use evaluate::{evaluation_json, evaluation_markdown, evaluation_svg};
pub use evidence::{EVIDENCE_SCHEMA, EvidenceFile, evidence_json, evidence_lines};
pub use github::{annotations, step_summary};
pub(crate) use gitlab::{audit_gitlab, simulation_gitlab};
pub use gitlab::{gitlab, gitlab_of};
pub(crate) use html::simulation_html;
pub use html::{html, html_failure, html_lint, html_verify};
pub use human::{diagnostics, summary};
pub(crate) use imports::{Copied, Head, fetched_json, outdated_json};
pub use json::{FAILURE_SCHEMA, VERDICT_SCHEMA, failure, json_diagnostics, to_line, to_row, verdict};
pub(crate) use junit::{audit_junit, simulation_junit};
pub use junit::{junit, junit_failure, junit_lint, junit_verify};
pub use lint::{LINT_SCHEMA, Linted, lint_json};
pub use markdown::{markdown, markdown_failure, markdown_lint, markdown_verify};
pub(crate) use records::{records, splice};
pub(crate) use sarif::{audit_sarif, simulation_sarif};
pub use sarif::{sarif, sarif_failure, sarif_of};
pub(crate) use sensitivity::{file_score_lines, score_lines};
pub(crate) use simulate::{simulation_json, simulation_markdown};
pub(crate) use suggest::{handoff_text, left_lines, plan_json, plan_lines};
pub use timings::timings_table;
pub use trend::{TREND_SCHEMA, sparkline, trend_json, trend_lines, trend_svg};
pub use trend_ledger::{TREND_LEDGER_SCHEMA, trend_ledger_json, trend_ledger_lines};
pub use verify::{Fact, VERIFY_SCHEMA, VerifyReport, verify_json, verify_lines};
pub use written::{Done, Proposed, WRITTEN_SCHEMA, written_json, written_lines};
