//! `lint --format json`: `certgate/lint/v1` (`docs/schema/lint-v1.json`).

use serde::Serialize;

use super::json::{JsonDiagnostic, to_line};
use crate::certificate::Certificate;
use crate::diagnostic::{Diagnostic, sanitize};
use crate::evidence::claims::{Claim, Value};

/// The name of the schema.
pub const LINT_SCHEMA: &str = "certgate/lint/v1";

/// A linted document.
#[derive(Debug)]
pub struct Linted {
    /// The reading.
    pub certificate: Certificate,
    /// Whether it has a decision.
    pub valid: bool,
    /// What to report of it.
    pub diagnostics: Vec<Diagnostic>,
    /// Its claims, where they were asked for.
    pub claims: Option<Vec<Claim>>,
}

#[derive(Serialize)]
struct JsonLint<'a> {
    schema: &'static str,
    certificates: Vec<JsonCertificate<'a>>,
}

#[derive(Serialize)]
struct JsonCertificate<'a> {
    path: String,
    valid: bool,
    status: Option<&'static str>,
    class: &'static str,
    component: Option<String>,
    agent: Option<String>,
    date: Option<String>,
    id: Option<String>,
    diagnostics: Vec<JsonDiagnostic<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<Vec<JsonClaim>>,
}

#[derive(Serialize)]
struct JsonClaim {
    line: u32,
    text: String,
    label: &'static str,
    kind: &'static str,
    value: JsonValue,
}

#[derive(Serialize)]
#[serde(untagged)]
enum JsonValue {
    None,
    One(f64),
    Range([f64; 2]),
}

impl From<&Claim> for JsonClaim {
    fn from(claim: &Claim) -> Self {
        Self {
            line: claim.line,
            text: sanitize(&claim.text),
            label: claim.label.as_str(),
            kind: claim.kind.as_str(),
            value: match claim.value {
                Value::None => JsonValue::None,
                Value::One(value) => JsonValue::One(value),
                Value::Range(from, to) => JsonValue::Range([from, to]),
            },
        }
    }
}

/// The documents as JSON, with a line break at the end.
pub fn lint_json(documents: &[Linted]) -> String {
    let certificates = documents.iter().map(|document| {
        let certificate = &document.certificate;
        JsonCertificate {
            path: certificate.path.to_string(),
            valid: document.valid,
            status: certificate.status.map(|status| status.as_str()),
            class: certificate.status.map_or("invalid", |status| status.class().as_str()),
            component: (!certificate.components.is_empty()).then(|| sanitize(&certificate.components.join(", "))),
            agent: certificate.agent.as_deref().map(sanitize),
            date: certificate.date.map(|date| date.to_string()),
            id: certificate.id.as_deref().map(sanitize),
            diagnostics: document.diagnostics.iter().map(JsonDiagnostic::from).collect(),
            claims: document
                .claims
                .as_ref()
                .map(|claims| claims.iter().map(JsonClaim::from).collect()),
        }
    });
    to_line(&JsonLint {
        schema: LINT_SCHEMA,
        certificates: certificates.collect(),
    })
}
