//! Answers about codes, paths, policies and hooks for programs: `certgate/explain/v1`, `certgate/policy/v1`, `certgate/policy-check/v1`,
//! `certgate/hooks/v1` (`docs/schema/`).

use serde::Serialize;

use super::json::{JsonDiagnostic, JsonReason, reason, to_line};
use crate::diagnostic::{Code, Diagnostic, sanitize};
use crate::sensitivity::Gated;

/// What is known about a path.
#[derive(Debug, Default)]
pub(crate) struct Explained<'a> {
    /// What was asked about, as it was given.
    pub(crate) what: String,
    /// The same answer for people.
    pub(crate) text: String,
    /// The diagnostic, where it is one.
    pub(crate) code: Option<Code>,
    /// The path, where it is one.
    pub(crate) path: Option<String>,
    /// What the rules find in it, where it is a file.
    pub(crate) gated: Vec<&'a Gated>,
    /// True where it belongs to the ledger.
    pub(crate) is_certificate: bool,
    /// True where it is in HEAD or the index.
    pub(crate) exists: bool,
    /// Gated files below it, with the components that gate them, where it is a directory.
    pub(crate) below: Vec<(String, Vec<String>)>,
}

/// As JSON, with a line break at the end.
pub(crate) fn explain_json(explained: &Explained<'_>) -> String {
    #[derive(Serialize)]
    struct JsonExplain {
        schema: &'static str,
        what: String,
        text: String,
        code: Option<JsonCode>,
        path: Option<JsonPath>,
    }
    #[derive(Serialize)]
    struct JsonCode {
        code: &'static str,
        title: &'static str,
        explanation: &'static str,
    }
    #[derive(Serialize)]
    struct JsonPath {
        path: String,
        exists: bool,
        certificate: bool,
        gated: bool,
        components: Vec<JsonComponent>,
        below: Vec<JsonBelow>,
    }
    #[derive(Serialize)]
    struct JsonComponent {
        id: String,
        reasons: Vec<JsonReason>,
    }
    #[derive(Serialize)]
    struct JsonBelow {
        path: String,
        components: Vec<String>,
    }
    let components: Vec<JsonComponent> = explained
        .gated
        .iter()
        .flat_map(|gated| &gated.components)
        .map(|component| JsonComponent {
            id: component.id.clone(),
            reasons: component
                .files
                .iter()
                .flat_map(|file| &file.reasons)
                .map(reason)
                .collect(),
        })
        .collect();
    let below = explained.below.iter().map(|(path, components)| JsonBelow {
        path: path.clone(),
        components: components.clone(),
    });
    to_line(&JsonExplain {
        schema: "certgate/explain/v1",
        what: sanitize(&explained.what),
        text: explained.text.clone(),
        code: explained.code.map(|code| JsonCode {
            code: code.as_str(),
            title: code.title(),
            explanation: code.explanation(),
        }),
        path: explained.path.as_ref().map(|path| JsonPath {
            path: path.clone(),
            exists: explained.exists,
            certificate: explained.is_certificate,
            gated: !components.is_empty() || !explained.below.is_empty(),
            components,
            below: below.collect(),
        }),
    })
}

/// The resolved policy, as JSON, with a line break at the end.
pub(crate) fn policy_json(name: &str, resolved: &serde_json::Value) -> String {
    #[derive(Serialize)]
    struct JsonPolicy<'a> {
        schema: &'static str,
        name: String,
        policy: &'a serde_json::Value,
    }
    to_line(&JsonPolicy {
        schema: "certgate/policy/v1",
        name: sanitize(name),
        policy: resolved,
    })
}

/// Whether a policy holds, as JSON, with a line break at the end.
pub(crate) fn policy_check_json(name: &str, counts: (usize, usize), diagnostics: &[Diagnostic], holds: bool) -> String {
    #[derive(Serialize)]
    struct JsonCheck<'a> {
        schema: &'static str,
        name: String,
        holds: bool,
        components: usize,
        examples: usize,
        diagnostics: Vec<JsonDiagnostic<'a>>,
    }
    to_line(&JsonCheck {
        schema: "certgate/policy-check/v1",
        name: sanitize(name),
        holds,
        components: counts.0,
        examples: counts.1,
        diagnostics: diagnostics.iter().map(JsonDiagnostic::from).collect(),
    })
}

/// A hook.
#[derive(Serialize)]
pub(crate) struct HookRow {
    /// Its name.
    pub(crate) name: &'static str,
    /// `missing`, `certgate`, `foreign`, `directory` or `git-config`.
    pub(crate) state: &'static str,
    /// True where certgate runs.
    pub(crate) runs: bool,
    /// The same for people.
    pub(crate) says: String,
}

/// The hooks of a directory, as JSON, with a line break at the end.
pub(crate) fn hooks_json(directory: &str, hooks: &[HookRow]) -> String {
    #[derive(Serialize)]
    struct JsonHooks<'a> {
        schema: &'static str,
        directory: &'a str,
        hooks: &'a [HookRow],
    }
    to_line(&JsonHooks {
        schema: "certgate/hooks/v1",
        directory,
        hooks,
    })
}
