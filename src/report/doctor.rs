//! What `certgate doctor` found: lines for people, and `certgate/doctor/v1` (`docs/schema/doctor-v1.json`).

use serde::Serialize;

use super::json::to_line;
use crate::diagnostic::sanitize;
use crate::doctor::{Health, HealthCheck};

/// The name of the schema.
pub const DOCTOR_SCHEMA: &str = "certgate/doctor/v1";

#[derive(Serialize)]
struct JsonDoctor<'a> {
    schema: &'static str,
    problems: usize,
    findings: &'a [HealthCheck],
}

fn problems(findings: &[HealthCheck]) -> usize {
    findings.iter().filter(|finding| finding.level == Health::Wrong).count()
}

/// The findings as JSON, with a line break at the end.
pub fn doctor_json(findings: &[HealthCheck]) -> String {
    let harmless = |finding: &HealthCheck| HealthCheck {
        message: sanitize(&finding.message),
        mend: finding.mend.as_deref().map(sanitize),
        ..finding.clone()
    };
    let findings: Vec<HealthCheck> = findings.iter().map(harmless).collect();
    to_line(&JsonDoctor {
        schema: DOCTOR_SCHEMA,
        problems: problems(&findings),
        findings: &findings,
    })
}

/// The findings, a line each, and how many of them are problems.
pub fn doctor_lines(findings: &[HealthCheck]) -> String {
    let mut text = String::new();
    for finding in findings {
        let (word, label) = match finding.level {
            Health::Ok => ("ok   ", "fix"),
            Health::Wrong => ("WRONG", "fix"),
            Health::Note => ("note ", "more"),
        };
        text.push_str(&format!("  {word} {}\n", sanitize(&finding.message)));
        if let Some(command) = &finding.mend {
            text.push_str(&format!("        {label}: {}\n", sanitize(command)));
        }
    }
    text.push_str(&match problems(findings) {
        0 => "nothing is wrong\n".to_owned(),
        1 => "1 problem\n".to_owned(),
        n => format!("{n} problems\n"),
    });
    text
}
