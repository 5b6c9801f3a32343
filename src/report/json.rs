//! `--format json`: the verdict as `certgate/verdict/v1` (`docs/schema/verdict-v1.json`).

use serde::Serialize;

use super::flagged;
use super::remedy::JsonRemedy;
use super::requirement::{self, JsonFileRequirement, JsonHunk, JsonRequirement};
use super::sensitivity::JsonSensitivity;
use super::timings::JsonTimings;
use crate::change::{ObjectId, deceptive};
use crate::diagnostic::{Diagnostic, sanitize};
use crate::evidence::bound::Shown;
use crate::gate::{Asked, Judgement};
use crate::progress::Timings;
use crate::sensitivity::{GatedMessage, Reason};
use crate::verdict::{CertificateDecision, ComponentDecision, FileDecision, code_of};

/// The name of the verdict's schema.
pub const VERDICT_SCHEMA: &str = "certgate/verdict/v1";
/// The name of the schema of a run that could not decide.
pub const FAILURE_SCHEMA: &str = "certgate/error/v1";

#[derive(Serialize)]
struct JsonReport<'a> {
    schema: &'static str,
    verdict: &'static str,
    stage: &'static str,
    enforcement: &'static str,
    target: Option<String>,
    base: Option<&'a str>,
    head: &'a str,
    policy: &'a str,
    components: Vec<JsonComponent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sensitivity: Option<JsonSensitivity<'a>>,
    diagnostics: Vec<JsonDiagnostic<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timings: Option<JsonTimings>,
}

#[derive(Serialize)]
struct JsonComponent<'a> {
    id: &'a str,
    title: Option<String>,
    risk: &'static str,
    outcome: &'static str,
    requirement: JsonRequirement,
    files: Vec<JsonFile>,
    messages: Vec<JsonMessage>,
    certificates: Vec<JsonCertificate>,
    evidence: Vec<JsonEvidence>,
    remedies: Vec<JsonRemedy<'a>>,
}

#[derive(Serialize)]
struct JsonEvidence {
    certificate: String,
    benchmark: String,
    metric: String,
    verdict: &'static str,
    ratio: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    runs: [usize; 2],
    files: Vec<String>,
    problems: Vec<&'static str>,
}

#[derive(Serialize)]
struct JsonFile {
    path: String,
    covered: bool,
    reasons: Vec<JsonReason>,
    by: Vec<JsonBinding>,
    trusted_bump: Option<String>,
    requirement: JsonFileRequirement,
    hunks: Option<Vec<JsonHunk>>,
}

#[derive(Serialize)]
struct JsonBinding {
    certificate: String,
    binding: &'static str,
}

#[derive(Serialize)]
pub(super) struct JsonReason {
    rule: &'static str,
    line: Option<u32>,
    side: Option<&'static str>,
    detail: String,
    name: Option<String>,
    /// The score that the rule needs, and what the file has; `null` where it cannot be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    needs_score: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Option<u32>>,
}

#[derive(Serialize)]
struct JsonMessage {
    commit: Option<String>,
    #[serde(flatten)]
    reason: JsonReason,
}

#[derive(Serialize)]
struct JsonCertificate {
    id: Option<String>,
    path: String,
    agent: Option<String>,
    status: Option<&'static str>,
    class: &'static str,
    covers: Vec<String>,
    problems: Vec<&'static str>,
}

/// A diagnostic as every JSON report has it.
#[derive(Serialize)]
pub(super) struct JsonDiagnostic<'a> {
    code: &'static str,
    level: crate::diagnostic::Level,
    path: Option<&'a str>,
    line: Option<u32>,
    message: &'a str,
    notes: &'a [String],
    help: String,
    remedies: Vec<JsonRemedy<'a>>,
}

impl<'a> From<&'a Diagnostic> for JsonDiagnostic<'a> {
    fn from(diagnostic: &'a Diagnostic) -> Self {
        Self {
            code: diagnostic.code().as_str(),
            level: diagnostic.level(),
            path: diagnostic.place().map(|place| place.path.as_str()),
            line: diagnostic.place().and_then(|place| place.line),
            message: diagnostic.message(),
            notes: diagnostic.notes(),
            help: diagnostic.helps().join("\n"),
            remedies: diagnostic.remedies().map(JsonRemedy::from).collect(),
        }
    }
}

pub(super) fn reason(reason: &Reason) -> JsonReason {
    let side = reason.side.map(|side| match side {
        crate::change::Side::Added => "added",
        crate::change::Side::Removed => "removed",
    });
    JsonReason {
        rule: reason.rule.as_str(),
        line: reason.line,
        side,
        detail: sanitize(&reason.detail),
        name: reason.name.as_deref().map(sanitize),
        needs_score: reason.needs.map(|needs| needs.least),
        score: reason.needs.map(flagged::score),
    }
}

fn file(report: &Judgement, asked: &Asked, file: &FileDecision) -> JsonFile {
    let by = file.by.iter().map(|(label, binding)| JsonBinding {
        certificate: sanitize(label),
        binding: binding.as_str(),
    });
    JsonFile {
        path: file.path.to_string(),
        covered: file.covered,
        reasons: file.reasons.iter().map(reason).collect(),
        by: by.collect(),
        trusted_bump: file.bump.as_deref().map(sanitize),
        requirement: requirement::of_file(report, asked, file),
        hunks: report
            .hunks
            .get(&file.path)
            .and_then(Option::as_ref)
            .map(|hunks| requirement::hunks(&file.path, hunks)),
    }
}

fn message(message: &GatedMessage) -> JsonMessage {
    JsonMessage {
        commit: message.commit.as_ref().map(ObjectId::to_string),
        reason: reason(&message.reason),
    }
}

fn certificate(report: &Judgement, decision: &CertificateDecision) -> Option<JsonCertificate> {
    let certificate = &report.ledger.get(decision.entry)?.certificate;
    let mut problems: Vec<&'static str> = decision
        .problems
        .iter()
        .map(|problem| problem.code().as_str())
        .collect();
    problems.dedup();
    Some(JsonCertificate {
        id: certificate.id.as_deref().map(sanitize),
        path: certificate.path.to_string(),
        agent: certificate.agent.as_deref().map(sanitize),
        status: certificate.status.map(|status| status.as_str()),
        class: decision.class.map_or("invalid", |class| class.as_str()),
        covers: decision.covers.iter().map(ToString::to_string).collect(),
        problems,
    })
}

fn evidence(report: &Judgement, entry: usize, shown: &Shown) -> Option<JsonEvidence> {
    let mut problems: Vec<&'static str> = shown.flaws.iter().map(|kind| code_of(*kind).as_str()).collect();
    problems.sort_unstable();
    problems.dedup();
    Some(JsonEvidence {
        certificate: sanitize(&report.ledger.get(entry)?.label()),
        benchmark: sanitize(&shown.benchmark),
        metric: sanitize(&shown.metric),
        verdict: shown.verdict.word(),
        ratio: shown.ratio,
        lower: shown.lower,
        upper: shown.upper,
        runs: shown.runs,
        files: shown.files.iter().map(ToString::to_string).collect(),
        problems,
    })
}

fn component<'a>(report: &'a Judgement, component: &'a ComponentDecision) -> JsonComponent<'a> {
    let asked = report.asked.get(&component.id).cloned().unwrap_or_default();
    let told = report.diagnostics.iter();
    let about = told.filter(|told| told.component() == Some(&component.id));
    JsonComponent {
        id: &component.id,
        title: asked.title.as_deref().map(sanitize),
        risk: asked.risk,
        outcome: component.outcome.as_str(),
        requirement: requirement::of_component(report, &asked, component),
        remedies: about.flat_map(Diagnostic::remedies).map(JsonRemedy::from).collect(),
        files: component.files.iter().map(|one| file(report, &asked, one)).collect(),
        messages: component.messages.iter().map(message).collect(),
        certificates: component
            .certificates
            .iter()
            .filter_map(|decision| certificate(report, decision))
            .collect(),
        evidence: component
            .evidence
            .iter()
            .filter_map(|(entry, shown)| evidence(report, *entry, shown))
            .collect(),
    }
}

/// The judgement as JSON, with a line break at the end; with what it cost, where somebody asked.
pub fn verdict(report: &Judgement, timings: Option<&Timings>) -> String {
    let json = JsonReport {
        schema: VERDICT_SCHEMA,
        verdict: report.verdict().as_str(),
        stage: report.stage.as_str(),
        enforcement: report.enforcement.as_str(),
        target: report.target.as_deref().map(sanitize),
        base: report.base.as_deref(),
        head: &report.head,
        policy: &report.policy,
        components: report
            .decision
            .components
            .iter()
            .map(|c| component(report, c))
            .collect(),
        sensitivity: report
            .sensitivity
            .as_ref()
            .map(|score| JsonSensitivity::of(score, report)),
        diagnostics: report.diagnostics.iter().map(JsonDiagnostic::from).collect(),
        timings: timings.map(JsonTimings::from),
    };
    to_line(&json)
}

/// The diagnostics of a run that could not decide.
pub fn failure(diagnostics: &[Diagnostic]) -> String {
    #[derive(Serialize)]
    struct JsonFailure<'a> {
        schema: &'static str,
        diagnostics: Vec<JsonDiagnostic<'a>>,
    }
    to_line(&JsonFailure {
        schema: FAILURE_SCHEMA,
        diagnostics: diagnostics.iter().map(JsonDiagnostic::from).collect(),
    })
}

/// Diagnostics as every JSON report has them, for a report of another module.
pub fn json_diagnostics(diagnostics: &[Diagnostic]) -> serde_json::Value {
    let list: Vec<JsonDiagnostic<'_>> = diagnostics.iter().map(JsonDiagnostic::from).collect();
    serde_json::to_value(list).unwrap_or_default()
}

/// Pretty JSON and a line break. None of the reports can fail to serialise: they hold strings, numbers and lists.
///
/// CI systems take `##[…]` and `##vso[…]` for commands anywhere in a line of a log. A `#` is in strings only, where it can be escaped;
/// and so can what would drive a terminal or fool a reader: the words of a remedy are kept as they are.
pub fn to_line(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).map_or_else(|_| String::new(), |json| harmless(&json))
}

/// The same in one line, and a line break.
pub fn to_row(value: &impl Serialize) -> String {
    serde_json::to_string(value).map_or_else(|_| String::new(), |json| harmless(&json))
}

fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 1);
    for character in json.replace("##", "#\\u0023").chars() {
        match character {
            '\n' => text.push('\n'),
            odd if deceptive(odd) => {
                let units = odd
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .map(|unit| format!("\\u{unit:04x}"))
                    .collect::<String>();
                text.push_str(&units);
            }
            plain => text.push(plain),
        }
    }
    text.push('\n');
    text
}
