//! What a harness sends to its hooks, read as one event whichever harness it is.
//!
//! Shapes: Claude Code and Codex (`hook_event_name: PreToolUse`, `tool_name`, `tool_input`; the type definitions of
//! `@anthropic-ai/claude-agent-sdk`, the generated schemas of `codex-rs/hooks`), Cursor (`hook_event_name: beforeShellExecution`, `command`;
//! cursor.com/docs/agent/hooks), Copilot (no name of the event, `toolName`, `toolArgs`; GitHub Copilot CLI hooks reference).

use std::path::PathBuf;

use serde_json::{Map, Value};

/// More of a payload is not read.
pub(crate) const MAX_PAYLOAD: usize = 8 << 20;

/// Who asks, as far as the answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Harness {
    /// Claude Code, Codex and VS Code, which agree.
    Claude,
    /// Cursor.
    Cursor,
    /// Copilot's command line and its cloud agent.
    Copilot,
}

/// What is about to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A shell is about to run a text.
    Shell(String),
    /// Files are about to be written or removed.
    Files(Vec<FileWrite>),
    /// An agent's turn is about to end.
    TurnEnds(TurnEnd),
    /// Anything else, which certgate has nothing to say of.
    Other,
}

/// The end of a turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TurnEnd {
    /// The agent continues because a hook held it before: it is not held again.
    pub(crate) again: bool,
    /// What the agent said last, where the payload has it.
    pub(crate) said: Option<String>,
    /// Where the conversation is kept, if it is needed for that.
    pub(crate) transcript: Option<PathBuf>,
}

/// A file that a tool is about to change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileWrite {
    /// As the tool was given it.
    pub(crate) path: String,
    /// What would be written into it, as far as the tool knows.
    pub(crate) texts: Vec<String>,
}

/// A payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    /// Who asks.
    pub(crate) harness: Harness,
    /// The event, as the harness calls it.
    pub(crate) name: String,
    /// The event.
    pub(crate) event: Event,
    /// The agent whose turn or tool it is, where the harness names it.
    pub(crate) agent: Option<String>,
    /// The conversation.
    pub(crate) session: Option<String>,
    /// Where the agent works.
    pub(crate) directory: Option<PathBuf>,
}

/// Why a payload cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PayloadError {
    /// No JSON.
    #[error("it is no JSON: {0}")]
    Json(String),
    /// JSON, but no object.
    #[error("it is no JSON object")]
    NoObject,
    /// No event is named, by the payload or by the hook's command.
    #[error("it names no event")]
    NoEvent,
    /// A tool whose arguments are no object.
    #[error("the arguments of the tool are no JSON object")]
    NoArguments,
    /// Too long.
    #[error("it is longer than 8 MiB")]
    TooLong,
}

impl Payload {
    /// Reads a payload; `given` is the event's name from the hook's command, for harnesses that do not send it.
    ///
    /// # Errors
    ///
    /// What is no payload of a harness.
    pub(crate) fn read(bytes: &[u8], given: Option<&str>) -> Result<Self, PayloadError> {
        if bytes.len() > MAX_PAYLOAD {
            return Err(PayloadError::TooLong);
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|error| PayloadError::Json(error.to_string()))?;
        let Value::Object(fields) = value else {
            return Err(PayloadError::NoObject);
        };
        let sent = text(&fields, &["hook_event_name", "hookEventName"]);
        let name = sent
            .clone()
            .or_else(|| given.map(str::to_owned))
            .ok_or(PayloadError::NoEvent)?;
        let harness = match sent {
            None => Harness::Copilot,
            Some(_) if fields.contains_key("toolName") => Harness::Copilot,
            Some(name) if name.starts_with(char::is_lowercase) => Harness::Cursor,
            Some(_) => Harness::Claude,
        };
        let event = match name.to_ascii_lowercase().as_str() {
            "pretooluse" | "permissionrequest" => tool(&fields)?,
            "beforeshellexecution" => match text(&fields, &["command"]) {
                Some(command) => Event::Shell(command),
                None => return Err(PayloadError::NoArguments),
            },
            "stop" | "agentstop" | "subagentstop" => Event::TurnEnds(turn(&fields)),
            _ => Event::Other,
        };
        Ok(Self {
            harness,
            name,
            event,
            agent: text(
                &fields,
                &["agent_type", "agentName", "agent_name", "subagent_type", "agentType"],
            ),
            session: text(
                &fields,
                &["session_id", "sessionId", "conversation_id", "transcriptPath"],
            ),
            directory: text(&fields, &["cwd"])
                .or_else(|| {
                    let roots = fields.get("workspace_roots")?.as_array()?;
                    Some(roots.first()?.as_str()?.to_owned())
                })
                .filter(|directory| !directory.is_empty())
                .map(PathBuf::from),
        })
    }
}

impl Payload {
    /// True at the end of a turn that a hook held before.
    pub(crate) fn was_held(&self) -> bool {
        matches!(&self.event, Event::TurnEnds(end) if end.again)
    }
}

fn text(fields: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let found = names.iter().find_map(|name| fields.get(*name)?.as_str())?;
    (!found.is_empty()).then(|| found.to_owned())
}

fn turn(fields: &Map<String, Value>) -> TurnEnd {
    let held = |name: &str| fields.get(name).and_then(Value::as_bool) == Some(true);
    let loops = fields.get("loop_count").and_then(Value::as_u64).unwrap_or(0);
    TurnEnd {
        again: held("stop_hook_active") || held("stopHookActive") || loops > 0,
        said: text(fields, &["last_assistant_message", "lastAssistantMessage", "response"]),
        transcript: text(fields, &["agent_transcript_path", "transcript_path", "transcriptPath"]).map(PathBuf::from),
    }
}

/// Tools that only look, by what their names hold.
const LOOKING: [&str; 9] = [
    "read", "grep", "glob", "search", "view", "list", "fetch", "todo", "plan",
];

fn tool(fields: &Map<String, Value>) -> Result<Event, PayloadError> {
    let name = text(fields, &["tool_name", "toolName"]).unwrap_or_default();
    let arguments = match fields.get("tool_input").or_else(|| fields.get("toolArgs")) {
        Some(Value::Object(arguments)) => arguments.clone(),
        // Copilot sends the arguments as text.
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Value::Object(arguments)) => arguments,
            _ => return Err(PayloadError::NoArguments),
        },
        None => return Ok(Event::Other),
        Some(_) => return Err(PayloadError::NoArguments),
    };
    let lower = name.to_ascii_lowercase();
    let command = ["command", "cmd", "script", "input", "patch"]
        .iter()
        .find_map(|name| shell_text(arguments.get(*name)?));
    if let Some(patch) = command.as_deref().filter(|text| text.contains("*** Begin Patch")) {
        let mut writes = patched(patch);
        if lower.contains("patch") || !writes.is_empty() {
            // A patch may come in a here-document of a shell, which then runs more than the patch.
            if !lower.contains("patch") {
                return Ok(Event::Shell(patch.to_owned()));
            }
            writes.extend(files(&arguments));
            return Ok(Event::Files(writes));
        }
    }
    let writes = files(&arguments);
    if let Some(command) = command.filter(|_| writes.is_empty()) {
        return Ok(Event::Shell(command));
    }
    if writes.is_empty() || LOOKING.iter().any(|word| lower.contains(word)) {
        return Ok(Event::Other);
    }
    Ok(Event::Files(writes))
}

/// A command, given as text or as an argument vector.
fn shell_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(words) => {
            let words: Option<Vec<&str>> = words.iter().map(Value::as_str).collect();
            Some(words?.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "))
        }
        _ => None,
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The files that a tool's arguments name.
fn files(arguments: &Map<String, Value>) -> Vec<FileWrite> {
    const ONE: [&str; 7] = [
        "file_path",
        "filePath",
        "notebook_path",
        "path",
        "target_file",
        "filename",
        "new_path",
    ];
    const SEVERAL: [&str; 3] = ["files", "paths", "filePaths"];
    let mut texts = Vec::new();
    collect(&Value::Object(arguments.clone()), &mut texts, 0);
    let write = |path: &str| FileWrite {
        path: path.to_owned(),
        texts: texts.clone(),
    };
    let one = ONE.iter().filter_map(|name| arguments.get(*name)?.as_str()).map(write);
    let several = SEVERAL.iter().filter_map(|name| arguments.get(*name)?.as_array());
    let several = several.flatten().filter_map(|entry| match entry {
        Value::String(path) => Some(write(path)),
        Value::Object(fields) => Some(write(&text(fields, &ONE)?)),
        _ => None,
    });
    one.chain(several).collect()
}

/// What would be written, wherever a tool keeps it.
fn collect(value: &Value, texts: &mut Vec<String>, depth: usize) {
    const WRITTEN: [&str; 9] = [
        "content",
        "contents",
        "file_text",
        "new_string",
        "new_str",
        "newString",
        "text",
        "code_edit",
        "new_source",
    ];
    if depth > 4 {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if WRITTEN.contains(&name.as_str()) => texts.push(text.clone()),
                    _ => collect(value, texts, depth + 1),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts, depth + 1)),
        _ => {}
    }
}

/// The files of a patch as `apply_patch` takes it.
fn patched(patch: &str) -> Vec<FileWrite> {
    const HEADS: [&str; 4] = [
        "*** Add File: ",
        "*** Update File: ",
        "*** Delete File: ",
        "*** Move to: ",
    ];
    let mut found: Vec<FileWrite> = Vec::new();
    for line in patch.lines() {
        if let Some(path) = HEADS.iter().find_map(|head| line.strip_prefix(head)) {
            found.push(FileWrite {
                path: path.trim().to_owned(),
                texts: vec![String::new()],
            });
        } else if let (Some(added), Some(text)) = (
            line.strip_prefix('+'),
            found.last_mut().and_then(|file| file.texts.first_mut()),
        ) {
            text.push_str(added);
            text.push('\n');
        }
    }
    found
}

/// The last thing that an assistant said in a conversation kept as JSON lines, however its harness keeps it.
pub(super) fn last_said(lines: &str) -> Option<String> {
    lines.lines().rev().find_map(|line| {
        let value: Value = serde_json::from_str(line).ok()?;
        said(&value, 0)
    })
}

fn said(value: &Value, depth: usize) -> Option<String> {
    let fields = value.as_object().filter(|_| depth < 4)?;
    let is = |name: &str| fields.get(name).and_then(Value::as_str) == Some("assistant");
    if is("role")
        && let Some(content) = fields.get("content")
    {
        let mut texts = Vec::new();
        match content {
            Value::String(text) => texts.push(text.clone()),
            content => collect(content, &mut texts, 0),
        }
        return (!texts.is_empty()).then(|| texts.join("\n"));
    }
    ["message", "payload", "data"]
        .iter()
        .find_map(|name| said(fields.get(*name)?, depth + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Payload {
        Payload::read(text.as_bytes(), None).unwrap()
    }

    #[test]
    fn a_shell_is_a_shell_in_every_harness() {
        let wanted = Event::Shell("git commit -n".to_owned());
        for (harness, payload) in [
            (
                Harness::Claude,
                r#"{"session_id":"s","cwd":"/r","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"git commit -n"}}"#,
            ),
            (
                Harness::Cursor,
                r#"{"conversation_id":"c","hook_event_name":"beforeShellExecution","command":"git commit -n","cwd":"","workspace_roots":["/r"]}"#,
            ),
            (
                Harness::Cursor,
                r#"{"hook_event_name":"preToolUse","tool_name":"Shell","tool_input":{"command":"git commit -n","working_directory":"/r"}}"#,
            ),
        ] {
            let payload = read(payload);
            assert_eq!((payload.harness, &payload.event), (harness, &wanted));
        }
        let copilot = br#"{"timestamp":1,"cwd":"/r","toolName":"bash","toolArgs":"{\"command\":\"git commit -n\"}"}"#;
        let copilot = Payload::read(copilot, Some("preToolUse")).unwrap();
        assert_eq!((copilot.harness, copilot.event), (Harness::Copilot, wanted));
        let vector = r#"{"hook_event_name":"PreToolUse","tool_name":"shell","tool_input":{"command":["bash","-lc","git commit -n"]}}"#;
        assert_eq!(
            read(vector).event,
            Event::Shell("'bash' '-lc' 'git commit -n'".to_owned())
        );
    }

    #[test]
    fn files_are_what_a_tool_writes_not_what_it_reads() {
        let of = |tool: &str, input: &str| {
            read(&format!(
                r#"{{"hook_event_name":"PreToolUse","tool_name":"{tool}","tool_input":{input}}}"#
            ))
            .event
        };
        let paths = |event: Event| match event {
            Event::Files(files) => files.into_iter().map(|file| (file.path, file.texts.concat())).collect(),
            _ => Vec::new(),
        };
        let one = |path: &str, text: &str| vec![(path.to_owned(), text.to_owned())];
        assert_eq!(
            paths(of("Write", r#"{"file_path":"a.md","content":"x"}"#)),
            one("a.md", "x")
        );
        assert_eq!(
            paths(of(
                "MultiEdit",
                r#"{"file_path":"a.md","edits":[{"old_string":"o","new_string":"n"}]}"#
            )),
            one("a.md", "n")
        );
        assert_eq!(of("Read", r#"{"file_path":"a.md"}"#), Event::Other);
        assert_eq!(paths(of("editFiles", r#"{"files":["a.md","b.md"]}"#)).len(), 2);
        let patch =
            r#"{"command":"*** Begin Patch\n*** Update File: a.md\n@@\n-x\n+y\n*** Delete File: b.md\n*** End Patch"}"#;
        assert_eq!(
            paths(of("apply_patch", patch)),
            [one("a.md", "y\n"), one("b.md", "")].concat()
        );
        assert_eq!(of("Task", r#"{"prompt":"review"}"#), Event::Other);
    }

    #[test]
    fn a_turn_tells_whether_it_was_held_before() {
        let payload = read(
            r#"{"hook_event_name":"SubagentStop","stop_hook_active":true,"agent_type":"perf","last_assistant_message":"done"}"#,
        );
        let Event::TurnEnds(end) = payload.event else { panic!() };
        assert!(end.again);
        assert_eq!(
            (end.said.as_deref(), payload.agent.as_deref()),
            (Some("done"), Some("perf"))
        );
        let cursor = read(r#"{"hook_event_name":"stop","status":"completed","loop_count":1}"#);
        assert!(matches!(cursor.event, Event::TurnEnds(end) if end.again));
        assert_eq!(read(r#"{"hook_event_name":"SessionStart"}"#).event, Event::Other);
    }

    #[test]
    fn what_is_no_payload_is_an_error() {
        for (text, error) in [
            ("[]", PayloadError::NoObject),
            ("{}", PayloadError::NoEvent),
            (
                r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":[]}"#,
                PayloadError::NoArguments,
            ),
            (
                r#"{"hook_event_name":"beforeShellExecution"}"#,
                PayloadError::NoArguments,
            ),
        ] {
            assert_eq!(Payload::read(text.as_bytes(), None), Err(error), "{text}");
        }
        assert!(matches!(Payload::read(b"{", None), Err(PayloadError::Json(_))));
    }

    #[test]
    fn the_last_words_are_found_in_any_transcript() {
        let claude = "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"go\"}}\n\
            {\"type\":\"assistant\",\"message\":{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"I reviewed it\"}]}}\n\
            {\"type\":\"assistant\",\"message\":{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"input\":{}}]}}\n";
        assert_eq!(last_said(claude).as_deref(), Some("I reviewed it"));
        let codex = "{\"type\":\"response_item\",\"payload\":{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"done\"}]}}\n";
        assert_eq!(last_said(codex).as_deref(), Some("done"));
        assert_eq!(last_said("nonsense\n"), None);
    }
}
