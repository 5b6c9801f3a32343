//! `--format sarif`: SARIF 2.1.0 (OASIS, `sarif-v2.1.0-os`), within the limits of GitHub's code scanning.
//!
//! Its own small model, and not a crate that has all of the format: what is written is held against the published schema and against
//! Microsoft's validator by the tests.

mod history;
mod model;

use std::collections::BTreeMap;

use serde::Serialize;

use super::audit_findings::Audited;
use super::item::{Item, items};
use super::sensitivity::JsonSensitivity;
use crate::diagnostic::{Code, Diagnostic, Level};
use crate::gate::Judgement;
use model::{
    Configuration, FINGERPRINT, Help, MOST_RESULTS, Message, Notification, Outcome, Properties, Ran, Rule, Text, file,
    level_of, location, notification, pascal, unlinked,
};

pub(crate) use history::simulation_sarif;

/// What the format has no name for.
#[derive(Serialize)]
struct RunProperties<'a> {
    sensitivity: JsonSensitivity<'a>,
}

/// What a command found.
pub fn sarif(command: &str, diagnostics: &[Diagnostic]) -> String {
    log(command, diagnostics, true, None)
}

/// A judged change, with its score, where that is known.
pub fn sarif_of(report: &Judgement) -> String {
    let score = report.sensitivity.as_ref();
    let score = score.map(|score| JsonSensitivity::of(score, report));
    log("check", &report.diagnostics, true, score)
}

/// A run that could not decide. Its diagnostics are results, too: a run without any would close every alert.
pub fn sarif_failure(command: &str, diagnostics: &[Diagnostic]) -> String {
    log(command, diagnostics, false, None)
}

/// An audit of repositories; it succeeded where all of them could be looked at.
pub(crate) fn audit_sarif(repositories: &[Audited]) -> String {
    let all: Vec<Diagnostic> = repositories.iter().flat_map(|one| one.diagnostics.clone()).collect();
    log("audit", &all, repositories.iter().all(|one| one.complete), None)
}

fn log(command: &str, diagnostics: &[Diagnostic], decided: bool, score: Option<JsonSensitivity<'_>>) -> String {
    let items = items(diagnostics);
    let shown = items.get(..MOST_RESULTS).unwrap_or(&items);
    let mut codes: BTreeMap<Code, (usize, Level)> = BTreeMap::new();
    for item in shown {
        let (_, level) = codes.entry(item.code()).or_insert((0, item.level()));
        *level = (*level).max(item.level());
    }
    for (at, (index, _)) in codes.values_mut().enumerate() {
        *index = at;
    }
    let index = |code: Code| codes.get(&code).map_or(0, |(index, _)| *index);
    let mut notifications: Vec<Notification<'_>> = Vec::new();
    if !decided {
        let told = diagnostics.iter();
        notifications.extend(told.map(|diagnostic| notification(diagnostic.level(), diagnostic.message())));
    }
    let properties = score.map(|sensitivity| RunProperties { sensitivity });
    file(Ran {
        command,
        decided,
        rules: codes.iter().map(|(code, (_, level))| rule(*code, *level)).collect(),
        results: shown.iter().map(|item| outcome(item, index(item.code()))).collect(),
        more: items.len() - shown.len(),
        notifications,
        properties: properties.and_then(|properties| serde_json::to_value(properties).ok()),
    })
}

fn outcome<'a>(item: &'a Item<'_>, rule_index: usize) -> Outcome<'a> {
    Outcome {
        rule_id: item.code().as_str().into(),
        rule_index,
        level: level_of(item.level()),
        message: Message {
            text: unlinked(item.text()).into(),
        },
        locations: [location(item.uri(), item.line)],
        partial_fingerprints: [(FINGERPRINT, item.fingerprint.as_str().into())].into(),
        properties: None,
    }
}

fn rule(code: Code, most: Level) -> Rule {
    let title = code.title();
    let sentence = |text: &str| Text {
        text: format!("{}.", text.trim_end_matches('.')),
    };
    Rule {
        id: code.as_str().to_owned(),
        name: pascal(title),
        short_description: sentence(title),
        full_description: sentence(code.explanation()),
        help: Help {
            text: format!("{}\n\ncertgate explain {code}", code.explanation()),
            markdown: format!("{}\n\n```sh\ncertgate explain {code}\n```\n", code.explanation()),
        },
        default_configuration: Configuration { level: level_of(most) },
        properties: Properties {
            tags: ["performance", "review"],
            more: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Part, Place};

    fn read(text: &str) -> serde_json::Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn no_more_results_than_are_shown() {
        let parts = (0..6000).map(|n| Part::new(Place::file(format!("f{n}")), format!("no `f{n}`")));
        let many = [Diagnostic::error(Code::CG201, "many").in_parts(parts.collect())];
        let log = read(&sarif("check", &many));
        let run = &log["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), MOST_RESULTS);
        let told = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
        assert_eq!(told, "1000 more results are not listed");
        assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_name_is_no_link() {
        assert_eq!(unlinked("a [x](y) \\".to_owned()), "a \\[x\\](y) \\\\");
        assert_eq!(unlinked("a[1] \\".to_owned()), "a[1] \\");
    }

    #[test]
    fn every_rule_has_a_name_and_help() {
        for code in Code::ALL {
            let rule = rule(*code, Level::Error);
            assert!(rule.name.chars().all(|c| c.is_ascii_alphanumeric()), "{}", rule.name);
            assert!(rule.name.starts_with(|c: char| c.is_ascii_uppercase()), "{}", rule.name);
            assert!(rule.help.text.contains(code.explanation()));
        }
    }

    #[test]
    fn each_result_points_at_its_rule() {
        let told = [
            Diagnostic::warning(Code::CG301, "b"),
            Diagnostic::error(Code::CG201, "a"),
            Diagnostic::note(Code::CG301, "c"),
        ];
        let log = read(&sarif_failure("check", &told));
        let run = &log["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
        assert_eq!(run["invocations"][0]["executionSuccessful"], false);
        assert_eq!(
            run["tool"]["driver"]["rules"][1]["defaultConfiguration"]["level"],
            "warning"
        );
    }
}
