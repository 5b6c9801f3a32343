//! `--format sarif`: SARIF 2.1.0 (OASIS, `sarif-v2.1.0-os`), within the limits of GitHub's code scanning.
//!
//! Its own small model, and not a crate that has all of the format: what is written is held against the published schema and against
//! Microsoft's validator by the tests.

use std::collections::BTreeMap;

use serde::Serialize;

use super::item::{Item, items};
use super::json::to_line;
use super::sensitivity::JsonSensitivity;
use crate::diagnostic::{Code, Diagnostic, Level};
use crate::gate::Judgement;

/// GitHub shows no more results of a run.
const MOST_RESULTS: usize = 5000;

/// What the fingerprint is called; another way of making it would be another name.
const FINGERPRINT: &str = "certgate/v1";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    automation_details: Automation,
    column_kind: &'static str,
    invocations: [Invocation<'a>; 1],
    results: Vec<Outcome<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<RunProperties<'a>>,
}

/// What the format has no name for.
#[derive(Serialize)]
struct RunProperties<'a> {
    sensitivity: JsonSensitivity<'a>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Automation {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    name: String,
    short_description: Text,
    full_description: Text,
    help: Help,
    default_configuration: Configuration,
    properties: Properties,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Properties {
    tags: [&'static str; 2],
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification<'a>>,
}

#[derive(Serialize)]
struct Notification<'a> {
    level: &'static str,
    message: Message<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    text: std::borrow::Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message<'a>,
    locations: [Location; 1],
    partial_fingerprints: BTreeMap<&'static str, &'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
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
        notifications.extend(diagnostics.iter().map(|diagnostic| Notification {
            level: level(diagnostic.level()),
            message: Message {
                text: diagnostic.message().into(),
            },
        }));
    }
    if shown.len() < items.len() {
        let text = format!("{} more results are not listed", items.len() - shown.len());
        notifications.push(Notification {
            level: "warning",
            message: Message { text: text.into() },
        });
    }
    to_line(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "certgate",
                    version: env!("CARGO_PKG_VERSION"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: codes.iter().map(|(code, (_, level))| rule(*code, *level)).collect(),
                },
            },
            // What comes before the slash tells runs of different commands apart, where both are uploaded.
            automation_details: Automation {
                id: format!("certgate-{command}/"),
            },
            column_kind: "unicodeCodePoints",
            invocations: [Invocation {
                execution_successful: decided,
                tool_execution_notifications: notifications,
            }],
            results: shown.iter().map(|item| outcome(item, index(item.code()))).collect(),
            properties: score.map(|sensitivity| RunProperties { sensitivity }),
        }],
    })
}

fn outcome<'a>(item: &'a Item<'_>, rule_index: usize) -> Outcome<'a> {
    let uri = item.uri();
    Outcome {
        rule_id: item.code().as_str(),
        rule_index,
        level: level(item.level()),
        message: Message {
            text: unlinked(item.text()).into(),
        },
        locations: [Location {
            physical_location: Physical {
                artifact_location: Artifact {
                    uri_base_id: (!uri.starts_with("file:")).then_some("%SRCROOT%"),
                    uri,
                },
                region: Region { start_line: item.line },
            },
        }],
        partial_fingerprints: [(FINGERPRINT, item.fingerprint.as_str())].into(),
    }
}

/// Brackets that could be read as a link (section 3.11.6) stand for themselves.
fn unlinked(text: String) -> String {
    match text.contains("](") {
        true => text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]"),
        false => text,
    }
}

fn rule(code: Code, most: Level) -> Rule {
    let title = code.title();
    let sentence = |text: &str| Text {
        text: format!("{}.", text.trim_end_matches('.')),
    };
    Rule {
        id: code.as_str(),
        name: pascal(title),
        short_description: sentence(title),
        full_description: sentence(code.explanation()),
        help: Help {
            text: format!("{}\n\ncertgate explain {code}", code.explanation()),
            markdown: format!("{}\n\n```sh\ncertgate explain {code}\n```\n", code.explanation()),
        },
        default_configuration: Configuration { level: level(most) },
        properties: Properties {
            tags: ["performance", "review"],
        },
    }
}

/// A title as a name: `NoCertificateCoversTheChange`.
fn pascal(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric());
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    words.map(capital).collect()
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
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
