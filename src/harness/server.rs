//! The entry of `certgate mcp` in the files of the harnesses, beside the servers that the user has there.

use serde_json::value::RawValue;

use super::members::{Members, put, raw, written};

/// What the server is called there.
const NAME: &str = "certgate";

/// Where a file has its servers, and in which form.
#[derive(Clone, Copy)]
pub(crate) enum Servers {
    /// A JSON object, in a member of this name.
    Json(&'static str),
    /// Tables `[mcp_servers.NAME]` of TOML.
    Toml,
}

/// The files, as Claude Code, Cursor, VS Code with Copilot, and Codex read them. Codex does so in projects that its user trusts.
pub(crate) const FILES: [(&str, Servers); 4] = [
    (".mcp.json", Servers::Json("mcpServers")),
    (".cursor/mcp.json", Servers::Json("mcpServers")),
    (".vscode/mcp.json", Servers::Json("servers")),
    (".codex/config.toml", Servers::Toml),
];

/// It reads only: no agent is named, so that `certify` is no tool of it.
const JSON: &str = r#"{ "type": "stdio", "command": "certgate", "args": ["mcp"] }"#;
const TOML: &str = "[mcp_servers.certgate]\ncommand = \"certgate\"\nargs = [\"mcp\"]\n";

impl Servers {
    /// Whether a text has an entry that starts the server, by whatever path and for whatever agent.
    pub(crate) fn hold(self, text: &str) -> bool {
        let entry = match self {
            Self::Json(member) => {
                let document = serde_json::from_str::<serde_json::Value>(text).ok();
                document.and_then(|document| document.get(member)?.get(NAME).cloned())
            }
            Self::Toml => {
                let document = toml::from_str::<serde_json::Value>(text).ok();
                document.and_then(|document| document.get("mcp_servers")?.get(NAME).cloned())
            }
        };
        entry.is_some_and(|entry| {
            let first = entry.get("args").and_then(|arguments| arguments.get(0));
            entry.get("command").is_some_and(serde_json::Value::is_string) && first.is_some_and(|word| word == "mcp")
        })
    }

    /// The text with the entry, all the rest as it was; `None` where that cannot be.
    pub(crate) fn merged(self, text: Option<&str>) -> Option<String> {
        if let Some(text) = text.filter(|text| self.hold(text)) {
            return Some(text.to_owned());
        }
        let merged = match self {
            Self::Json(member) => in_json(member, text)?,
            Self::Toml => match text.unwrap_or_default().trim_end() {
                "" => TOML.to_owned(),
                before => format!("{before}\n\n{TOML}"),
            },
        };
        // A table that is there already, or written in one line, cannot be added to at the end.
        self.hold(&merged).then_some(merged)
    }
}

fn in_json(member: &str, text: Option<&str>) -> Option<String> {
    let read = |text: &str| serde_json::from_str::<Members>(text).ok();
    let mut members = match text {
        Some(text) => read(text)?,
        None => Members(Vec::new()),
    };
    let there: Option<&RawValue> = members
        .0
        .iter()
        .find(|(name, _)| name == member)
        .map(|(_, value)| &**value);
    let mut servers = match there {
        Some(value) => read(value.get())?,
        None => Members(Vec::new()),
    };
    put(&mut servers, NAME, raw(JSON)?);
    let all = written(&servers, "    ")?;
    put(&mut members, member, raw(&format!("{{\n{all}\n  }}"))?);
    Some(format!("{{\n{}\n}}\n", written(&members, "  ")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_comes_beside_what_is_there_and_only_once() {
        for (path, servers) in FILES {
            let first = servers.merged(None).unwrap();
            assert!(servers.hold(&first), "{path}: {first}");
            assert_eq!(servers.merged(Some(&first)).unwrap(), first, "{path}");
        }
        let own = "{\n  \"inputs\": [],\n  \"servers\": { \"mine\": { \"url\":  \"https://example.org\" } }\n}\n";
        let merged = Servers::Json("servers").merged(Some(own)).unwrap();
        assert!(
            merged.contains("\"mine\": { \"url\":  \"https://example.org\" }") && merged.contains("\"inputs\": []"),
            "{merged}"
        );
        let own = "# mine\nmodel = \"x\" # a comment\n[mcp_servers.other]\nurl = \"https://example.org\"";
        let merged = Servers::Toml.merged(Some(own)).unwrap();
        assert!(
            merged.starts_with(&format!("{own}\n\n[mcp_servers.certgate]\n")),
            "{merged}"
        );
    }

    #[test]
    fn an_entry_of_the_users_is_left() {
        let agent = r#"{"mcpServers": {"certgate": {"command": "/opt/certgate", "args": ["mcp", "--agent", "perf"]}}}"#;
        assert_eq!(Servers::Json("mcpServers").merged(Some(agent)).unwrap(), agent);
        let agent = "mcp_servers.certgate = { command = \"/opt/certgate\", args = [\"mcp\"] }\n";
        assert_eq!(Servers::Toml.merged(Some(agent)).unwrap(), agent);
    }

    #[test]
    fn what_cannot_be_added_to_is_refused() {
        for text in ["[]", "// comment\n{}", "{\"mcpServers\": []}"] {
            assert_eq!(Servers::Json("mcpServers").merged(Some(text)), None, "{text}");
        }
        for text in [
            "mcp_servers = {}\n",
            "[mcp_servers.certgate]\ncommand = \"other\"\n",
            "= 1\n",
        ] {
            assert_eq!(Servers::Toml.merged(Some(text)), None, "{text}");
        }
    }
}
