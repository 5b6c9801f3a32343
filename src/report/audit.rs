//! What an audit says of one repository: a paragraph for people, and a line of JSON (`docs/schema/audit-v1.json`).

use super::json::to_row;
use crate::audit::{AuditRecord, Completeness};
use crate::diagnostic::plural;

/// The record as one line of JSON, with its line break.
pub(crate) fn audit_row(record: &AuditRecord) -> String {
    to_row(record)
}

/// How many of a kind are shown in a paragraph.
const SHOWN: usize = 5;

/// The record for people.
pub(crate) fn audit_line(record: &AuditRecord) -> String {
    let mut text = format!("{}\n", record.repository);
    let mut say = |line: String| text.push_str(&format!("  {line}\n"));
    match &record.policy {
        Some(policy) => {
            let serial = policy
                .serial
                .map_or_else(String::new, |serial| format!(", serial {serial}"));
            let digest = policy.digest.get(..19).unwrap_or(&policy.digest);
            say(format!("policy   {}{serial}, {digest}", policy.reference));
        }
        None if record
            .errors
            .iter()
            .any(|error| matches!(error.part, "policy" | "repository")) => {}
        None => say("policy   none".to_owned()),
    }
    let hooks: Vec<String> = record
        .hooks
        .iter()
        .map(|hook| format!("{} {}", hook.hook, if hook.watched { "watched" } else { "NOT WATCHED" }))
        .chain(ci(record))
        .collect();
    if !hooks.is_empty() {
        say(format!("hooks    {}", hooks.join(", ")));
    }
    for branch in &record.branches {
        let older = if branch.complete {
            ""
        } else {
            ", older ones not asked about"
        };
        let judged = plural(branch.judged, "landing");
        say(format!(
            "branch   {}: {judged} judged, {} uncovered{older}",
            branch.branch,
            branch.uncovered.len()
        ));
        for landing in branch.uncovered.iter().rev().take(SHOWN) {
            let components: Vec<String> = landing
                .components
                .iter()
                .map(|component| format!("{} {}", component.id, component.outcome))
                .collect();
            let commit = landing.commit.get(..10).unwrap_or(&landing.commit);
            let why = match components.as_slice() {
                [] => landing.codes.join(", "),
                components => components.join(", "),
            };
            say(format!("         {commit} {}: {why}", landing.subject));
        }
        let more = branch.uncovered.len().saturating_sub(SHOWN);
        if more > 0 {
            say(format!("         … and {more} older"));
        }
    }
    for refusal in &record.refusals {
        let agent = refusal.agent.as_deref().unwrap_or("no agent");
        let status = refusal.status.unwrap_or("INVALID");
        let components = refusal.components.join(", ");
        say(format!(
            "refusal  {status} by {agent} on {components}: {}",
            refusal.path
        ));
    }
    for unreadable in &record.unreadable {
        say(format!("invalid  {}", unreadable.path));
    }
    for due in &record.conditions {
        let word = if due.overdue { "OVERDUE" } else { "due" };
        let by = due.by.as_deref().unwrap_or("some day");
        say(format!(
            "{word:<8} {by}: {}, a condition of {}",
            due.condition, due.certificate
        ));
    }
    for due in &record.bypasses {
        let word = if due.overdue { "OVERDUE" } else { "due" };
        let until = due
            .until
            .as_deref()
            .and_then(|until| until.get(..10))
            .unwrap_or("some day");
        say(format!(
            "{word:<8} {until}: the follow-up of bypass {}",
            due.certificate
        ));
    }
    for trend in record.evidence.iter().filter(|trend| trend.changes > 0) {
        let step = trend.step.unwrap_or_default() * 100.0;
        say(format!(
            "trend    {} {} {}: last step {step:+.1} %",
            trend.component, trend.benchmark, trend.metric
        ));
    }
    for problem in &record.problems {
        say(format!("problem  {}", problem.message));
    }
    for error in &record.errors {
        say(format!("ERROR    {}: {} ({})", error.code, error.message, error.part));
        if let Some(help) = &error.help {
            say(format!("         help: {help}"));
        }
    }
    if record.outcome == Completeness::Failed && record.errors.is_empty() {
        say("ERROR    nothing could be looked at".to_owned());
    }
    text
}

/// What CI has to say beside the hooks.
fn ci(record: &AuditRecord) -> Option<String> {
    let naming = record.ci.iter().filter(|file| file.names_certgate).count();
    match (record.ci.len(), naming) {
        (0, _) => None,
        (files, 0) => Some(format!("CI NOT WATCHED ({})", plural(files, "file"))),
        (_, naming) => Some(format!("CI watched ({})", plural(naming, "file"))),
    }
}
