//! What `certgate doctor` found: lines for people, and `certgate/doctor/v1` (`docs/schema/doctor-v1.json`).

use serde::Serialize;

use super::json::to_line;
use super::remedy::JsonRemedy;
use crate::diagnostic::{Help, sanitize, wrap_prose};
use crate::doctor::{Health, HealthCheck};

/// The name of the schema.
pub const DOCTOR_SCHEMA: &str = "certgate/doctor/v1";

#[derive(Serialize)]
struct JsonDoctor<'a> {
    schema: &'static str,
    problems: usize,
    findings: Vec<JsonFinding<'a>>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    check: &'static str,
    level: Health,
    message: String,
    mend: Option<String>,
    help: Vec<String>,
    remedies: Vec<JsonRemedy<'a>>,
}

impl<'a> From<&'a HealthCheck> for JsonFinding<'a> {
    fn from(finding: &'a HealthCheck) -> Self {
        let remedies = finding.helps.iter().filter_map(|help| match help {
            Help::Run(remedy) => Some(remedy.into()),
            Help::Say(_) => None,
        });
        Self {
            check: finding.check,
            level: finding.level,
            message: sanitize(&finding.message),
            mend: finding.helps.first().map(ToString::to_string),
            help: finding.helps.iter().map(ToString::to_string).collect(),
            remedies: remedies.collect(),
        }
    }
}

fn problems(findings: &[HealthCheck]) -> usize {
    findings.iter().filter(|finding| finding.level == Health::Wrong).count()
}

/// The findings as JSON, with a line break at the end.
pub fn doctor_json(findings: &[HealthCheck]) -> String {
    to_line(&JsonDoctor {
        schema: DOCTOR_SCHEMA,
        problems: problems(findings),
        findings: findings.iter().map(JsonFinding::from).collect(),
    })
}

/// The findings, each with what fixes it in lines of so many columns, and how many of them are problems.
pub fn doctor_lines(findings: &[HealthCheck], columns: usize) -> String {
    let mut text = String::new();
    for finding in findings {
        let (word, label) = match finding.level {
            Health::Ok => ("ok   ", "fix: "),
            Health::Wrong => ("WRONG", "fix: "),
            Health::Note => ("note ", "more: "),
        };
        text.push_str(&format!("  {word} {}\n", sanitize(&finding.message)));
        for help in &finding.helps {
            const BEFORE: usize = 13;
            let room = columns.saturating_sub(BEFORE);
            let help = match help {
                Help::Run(remedy) => remedy.lines(room),
                Help::Say(words) => wrap_prose(words, room),
            };
            let help = help.replace('\n', &format!("\n{}", " ".repeat(BEFORE)));
            text.push_str(&format!("        {label}{help}\n"));
        }
    }
    text.push_str(&match problems(findings) {
        0 => "nothing is wrong\n".to_owned(),
        1 => "1 problem\n".to_owned(),
        n => format!("{n} problems\n"),
    });
    text
}
