//! The part of SARIF's model that is written, and the file as all runs have it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnostic::Level;
use crate::report::json::to_line;

/// GitHub shows no more results of a run.
pub(super) const MOST_RESULTS: usize = 5000;

/// What the fingerprint is called; another way of making it would be another name.
pub(super) const FINGERPRINT: &str = "certgate/v1";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Log<'a> {
    #[serde(rename = "$schema")]
    pub(super) schema: &'static str,
    pub(super) version: &'static str,
    pub(super) runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run<'a> {
    pub(super) tool: Tool,
    pub(super) automation_details: Automation,
    pub(super) column_kind: &'static str,
    pub(super) invocations: [Invocation<'a>; 1],
    pub(super) results: Vec<Outcome<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) properties: Option<serde_json::Value>,
}

#[derive(Serialize)]
pub(super) struct Tool {
    pub(super) driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Driver {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) semantic_version: &'static str,
    pub(super) rules: Vec<Rule>,
}

#[derive(Serialize)]
pub(super) struct Automation {
    pub(super) id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) short_description: Text,
    pub(super) full_description: Text,
    pub(super) help: Help,
    pub(super) default_configuration: Configuration,
    pub(super) properties: Properties,
}

#[derive(Serialize)]
pub(super) struct Configuration {
    pub(super) level: &'static str,
}

#[derive(Serialize)]
pub(super) struct Properties {
    pub(super) tags: [&'static str; 2],
    /// What the format has no name for.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) more: Option<serde_json::Value>,
}

#[derive(Serialize)]
pub(super) struct Text {
    pub(super) text: String,
}

#[derive(Serialize)]
pub(super) struct Help {
    pub(super) text: String,
    pub(super) markdown: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation<'a> {
    pub(super) execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_execution_notifications: Vec<Notification<'a>>,
}

#[derive(Serialize)]
pub(super) struct Notification<'a> {
    pub(super) level: &'static str,
    pub(super) message: Message<'a>,
}

#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub(super) text: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome<'a> {
    pub(super) rule_id: Cow<'a, str>,
    pub(super) rule_index: usize,
    pub(super) level: &'static str,
    pub(super) message: Message<'a>,
    pub(super) locations: [Location; 1],
    pub(super) partial_fingerprints: BTreeMap<&'static str, Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) properties: Option<serde_json::Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    pub(super) physical_location: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Physical {
    pub(super) artifact_location: Artifact,
    pub(super) region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Artifact {
    pub(super) uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    pub(super) start_line: u32,
}

/// One run of a command.
pub(super) struct Ran<'a> {
    pub(super) command: &'a str,
    /// False where it could not do its work.
    pub(super) decided: bool,
    pub(super) rules: Vec<Rule>,
    pub(super) results: Vec<Outcome<'a>>,
    /// How many results there are beside these.
    pub(super) more: usize,
    pub(super) notifications: Vec<Notification<'a>>,
    pub(super) properties: Option<serde_json::Value>,
}

/// The file.
pub(super) fn file(ran: Ran<'_>) -> String {
    let mut notifications = ran.notifications;
    if ran.more > 0 {
        notifications.push(notification(
            Level::Warning,
            format!("{} more results are not listed", ran.more),
        ));
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
                    rules: ran.rules,
                },
            },
            // What comes before the slash tells runs of different commands apart, where both are uploaded.
            automation_details: Automation {
                id: format!("certgate-{}/", ran.command),
            },
            column_kind: "unicodeCodePoints",
            invocations: [Invocation {
                execution_successful: ran.decided,
                tool_execution_notifications: notifications,
            }],
            results: ran.results,
            properties: ran.properties,
        }],
    })
}

/// Something about the run itself.
pub(super) fn notification<'a>(level: Level, text: impl Into<Cow<'a, str>>) -> Notification<'a> {
    Notification {
        level: level_of(level),
        message: Message { text: text.into() },
    }
}

/// One line of a file, by the reference that names it.
pub(super) fn location(uri: String, line: u32) -> Location {
    Location {
        physical_location: Physical {
            artifact_location: Artifact {
                uri_base_id: (!uri.starts_with("file:")).then_some("%SRCROOT%"),
                uri,
            },
            region: Region { start_line: line },
        },
    }
}

/// Brackets that could be read as a link (section 3.11.6) stand for themselves.
pub(super) fn unlinked(text: String) -> String {
    match text.contains("](") {
        true => text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]"),
        false => text,
    }
}

/// A title as a name: `NoCertificateCoversTheChange`.
pub(super) fn pascal(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric());
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    words.map(capital).collect()
}

/// A level, as the format has it.
pub(super) fn level_of(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}
