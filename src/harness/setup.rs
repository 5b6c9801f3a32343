//! The files that coding agents read: written by `certgate init --agents`, checked by `certgate doctor`.

use std::path::Path;

use serde_json::value::RawValue;

use super::members::{Members, put, raw, written};
use super::server::{FILES, Servers};
use crate::policy::{Policy, fold};

/// A file for a harness.
pub(crate) struct Wanted {
    /// From the root of the work tree.
    pub(crate) path: String,
    /// How it comes to be.
    pub(crate) content: Content,
}

/// How a file comes to be, where another may be there already.
pub(crate) enum Content {
    /// It is certgate's own.
    Own(String),
    /// A block of a text of the user's, between markers.
    Block(String),
    /// Hooks in a file of the user's: event, and the entry.
    Hooks(Vec<(&'static str, String)>),
    /// The entry of certgate's server among those of the user's.
    Server(Servers),
    /// An agent's definition, written once; after that it is the user's.
    Once(String),
}

/// The markers of a block.
const BEGIN: &str = "<!-- certgate: begin -->";
const END: &str = "<!-- certgate: end -->";

/// By this a hook's entry is known as certgate's.
const COMMAND: &str = "certgate hook agent";

/// Everything that is written for a policy.
pub(crate) fn wanted(policy: &Policy) -> Vec<Wanted> {
    let file = |path: &str, content| Wanted {
        path: path.to_owned(),
        content,
    };
    let mut files = vec![
        file(
            SKILL,
            Content::Own(include_str!("../../hooks/agents/SKILL.md").to_owned()),
        ),
        file(
            "AGENTS.md",
            Content::Block(include_str!("../../hooks/agents/AGENTS.md").to_owned()),
        ),
        file(".claude/settings.json", Content::Hooks(claude("$CLAUDE_PROJECT_DIR"))),
        file(".codex/hooks.json", Content::Hooks(claude(""))),
        file(".cursor/hooks.json", Content::Hooks(cursor())),
        file(".github/hooks/certgate.json", Content::Hooks(copilot())),
    ];
    // Where this binary has the server.
    if cfg!(feature = "mcp") {
        files.extend(FILES.map(|(path, servers)| file(path, Content::Server(servers))));
    }
    for name in specialists(policy) {
        let text = include_str!("../../hooks/agents/specialist.md").replace("@NAME@", &name);
        let components = components_of(policy, &name);
        let text = text.replace("@COMPONENTS@", &components);
        files.push(file(&format!(".claude/agents/{name}.md"), Content::Once(text)));
    }
    files
}

/// The skill; its presence says that the repository's agents were set up.
pub(crate) const SKILL: &str = ".claude/skills/certgate/SKILL.md";

/// The agents of a policy whose names can be those of files.
fn specialists(policy: &Policy) -> Vec<String> {
    let of_components = policy
        .components
        .iter()
        .flat_map(|component| component.require.agents.iter());
    let mut names: Vec<String> = policy
        .agents
        .keys()
        .chain(of_components)
        .map(|name| name.to_ascii_lowercase().replace('_', "-"))
        .filter(|name| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            !name.is_empty() && name.len() <= 64 && name.bytes().all(plain) && !name.starts_with('-')
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// What an agent is asked about, for its definition.
fn components_of(policy: &Policy, name: &str) -> String {
    let asked = policy.components.iter().filter(|component| {
        let agents = &component.require.agents;
        agents.is_empty() || agents.iter().any(|agent| fold(agent) == fold(name))
    });
    let lines: Vec<String> = asked
        .take(40)
        .map(|component| match &component.title {
            Some(title) => format!("- `{}`: {}", component.id, title.replace(['\n', '\r'], " ")),
            None => format!("- `{}`", component.id),
        })
        .collect();
    lines.join("\n")
}

/// Where an agent of a name is defined, if it is.
pub(super) fn definition(root: &Path, name: &str) -> Option<String> {
    let folders = [".claude/agents", ".github/agents", ".codex/agents", ".cursor/agents"];
    folders.iter().find_map(|folder| {
        let entries = std::fs::read_dir(root.join(folder)).ok()?;
        let mut names = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok());
        let stem = |file: &str| file.split('.').next().unwrap_or_default().to_owned();
        let file = names.find(|file| fold(&stem(file)) == fold(name))?;
        Some(format!("{folder}/{file}"))
    })
}

fn claude(root: &str) -> Vec<(&'static str, String)> {
    let command = match root.is_empty() {
        true => COMMAND.to_owned(),
        false => format!("cd \\\"{root}\\\" && {COMMAND}"),
    };
    let entry = |matcher: &str| {
        format!("{{ {matcher}\"hooks\": [{{ \"type\": \"command\", \"command\": \"{command}\", \"timeout\": 60 }}] }}")
    };
    vec![
        ("PreToolUse", entry("\"matcher\": \"*\", ")),
        ("Stop", entry("")),
        ("SubagentStop", entry("")),
    ]
}

fn cursor() -> Vec<(&'static str, String)> {
    let entry = format!("{{ \"command\": \"{COMMAND}\" }}");
    ["beforeShellExecution", "preToolUse", "stop", "subagentStop"]
        .into_iter()
        .map(|event| (event, entry.clone()))
        .collect()
}

/// Copilot does not send the event's name, so the command has it.
fn copilot() -> Vec<(&'static str, String)> {
    ["preToolUse", "agentStop", "subagentStop"]
        .into_iter()
        .map(|event| {
            let entry = format!("{{ \"type\": \"command\", \"bash\": \"{COMMAND} {event}\", \"timeoutSec\": 60 }}");
            (event, entry)
        })
        .collect()
}

/// Whether a file is as it should be.
pub(crate) fn holds(wanted: &Wanted, text: Option<&str>) -> bool {
    let Some(text) = text else { return false };
    match &wanted.content {
        Content::Own(own) => text == own,
        Content::Block(block) => text.contains(&between_markers(block)),
        Content::Once(_) => true,
        Content::Server(servers) => servers.hold(text),
        Content::Hooks(hooks) => {
            let Ok(document) = serde_json::from_str::<serde_json::Value>(text) else {
                return false;
            };
            hooks.iter().all(|(event, _)| {
                let entries = document.get("hooks").and_then(|hooks| hooks.get(*event));
                entries.is_some_and(|entries| entries.to_string().contains(COMMAND))
            })
        }
    }
}

/// The text of a file with what certgate wants in it, all the rest as it was; `None` where it is no JSON that hooks could be put into.
pub(crate) fn merged(wanted: &Wanted, text: Option<&str>) -> Option<String> {
    match (&wanted.content, text) {
        (Content::Own(own), _) => Some(own.clone()),
        (Content::Once(once), None) => Some(once.clone()),
        (Content::Once(_), Some(text)) => Some(text.to_owned()),
        (Content::Server(servers), text) => servers.merged(text),
        (Content::Block(block), text) => Some(with_block(text.unwrap_or_default(), block)),
        (Content::Hooks(hooks), text) => with_hooks(
            text,
            hooks,
            wanted.path.starts_with(".c") && !wanted.path.starts_with(".cursor"),
        ),
    }
}

fn between_markers(block: &str) -> String {
    format!("{BEGIN}\n{}\n{END}\n", block.trim_end())
}

fn with_block(text: &str, block: &str) -> String {
    let block = between_markers(block);
    let found = text.find(BEGIN).and_then(|start| {
        let end = text.get(start..)?.find(END)? + start + END.len();
        let rest = text.get(end..)?;
        Some((text.get(..start)?, rest.strip_prefix('\n').unwrap_or(rest)))
    });
    match found {
        Some((before, after)) => format!("{before}{block}{after}"),
        None if text.is_empty() => block,
        None => format!("{}\n\n{block}", text.trim_end()),
    }
}

fn with_hooks(text: Option<&str>, hooks: &[(&'static str, String)], plain: bool) -> Option<String> {
    let mut members = match text {
        Some(text) => serde_json::from_str::<Members>(text).ok()?,
        None => Members(Vec::new()),
    };
    // Cursor and Copilot ask for the version of the file's form.
    if !plain && !members.0.iter().any(|(name, _)| name == "version") {
        members.0.insert(0, ("version".to_owned(), raw("1")?));
    }
    let mut events = match members.0.iter().find(|(name, _)| name == "hooks") {
        Some((_, value)) => serde_json::from_str::<Members>(value.get()).ok()?,
        None => Members(Vec::new()),
    };
    for (event, entry) in hooks {
        let mut entries: Vec<Box<RawValue>> = match events.0.iter().find(|(name, _)| name == event) {
            Some((_, value)) => serde_json::from_str(value.get()).ok()?,
            None => Vec::new(),
        };
        entries.retain(|entry| !entry.get().contains(COMMAND));
        entries.push(raw(entry)?);
        let lines: Vec<String> = entries.iter().map(|entry| format!("      {}", entry.get())).collect();
        put(&mut events, event, raw(&format!("[\n{}\n    ]", lines.join(",\n")))?);
    }
    let all = written(&events, "    ")?;
    put(&mut members, "hooks", raw(&format!("{{\n{all}\n  }}"))?);
    Some(format!("{{\n{}\n}}\n", written(&members, "  ")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: Option<&str>) -> Option<String> {
        with_hooks(text, &claude(""), true)
    }

    #[test]
    fn hooks_come_beside_what_is_there_and_only_once() {
        let own = "{\n  \"zeta\": [1,  2],\n  \"hooks\": { \"Stop\": [ { \"hooks\": [] } ], \"Other\": [] },\n  \"alpha\": \"ü\"\n}\n";
        let first = settings(Some(own)).unwrap();
        assert_eq!(settings(Some(&first)).unwrap(), first);
        let zeta = first.find("\"zeta\": [1,  2]").unwrap();
        assert!(
            zeta < first.find("\"hooks\"").unwrap()
                && first.find("\"hooks\"").unwrap() < first.find("\"alpha\": \"ü\"").unwrap()
        );
        let read: serde_json::Value = serde_json::from_str(&first).unwrap();
        assert_eq!(read["hooks"]["Stop"].as_array().unwrap().len(), 2);
        assert_eq!(read["hooks"]["Other"].as_array().unwrap().len(), 0);
        assert_eq!(read["hooks"]["PreToolUse"][0]["hooks"][0]["command"], COMMAND);
        assert_eq!(settings(Some("[]")), None);
        assert_eq!(settings(Some("{ // comment\n}")), None);
        assert_eq!(settings(Some("{\"hooks\": 1}")), None);
    }

    #[test]
    fn a_block_is_put_in_its_place() {
        let first = with_block("# Mine\n", "use it");
        assert_eq!(first, format!("# Mine\n\n{BEGIN}\nuse it\n{END}\n"));
        let after = format!("{first}more\n");
        assert_eq!(
            with_block(&after, "new"),
            format!("# Mine\n\n{BEGIN}\nnew\n{END}\nmore\n")
        );
        assert_eq!(with_block("", "x"), format!("{BEGIN}\nx\n{END}\n"));
    }
}
