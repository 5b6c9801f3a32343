//! What became of the policies that a policy imports, for programs: `certgate/policy-fetch/v1` and `certgate/policy-outdated/v1`
//! (`docs/schema/`).

use serde::Serialize;

use super::json::{JsonDiagnostic, to_line};
use super::remedy::JsonRemedy;
use crate::change::RepoPath;
use crate::diagnostic::{Diagnostic, Remedy, sanitize};
use crate::policy::Pin;

/// What became of an import's copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Copied {
    /// It was here.
    Present,
    /// It was fetched.
    Fetched,
}

/// What HEAD of an import's repository has.
pub(crate) struct Head {
    /// The commit.
    pub(crate) commit: String,
    /// The digest of the file there.
    pub(crate) sha256: String,
    /// True where that is another file than the pinned one.
    pub(crate) behind: bool,
}

#[derive(Serialize)]
struct JsonPin {
    git: String,
    rev: String,
    path: String,
    sha256: String,
    copy: String,
}

impl From<&Pin> for JsonPin {
    fn from(pin: &Pin) -> Self {
        Self {
            git: sanitize(&pin.url),
            rev: pin.rev.to_string(),
            path: pin.path.to_string(),
            sha256: pin.sha256.to_string(),
            copy: pin.copy().to_string(),
        }
    }
}

/// The answer of `policy fetch`, with a line break at the end. `strangers` are copies that no pin names.
pub(crate) fn fetched_json(imports: &[(&Pin, Copied)], strangers: &[RepoPath], next: Option<&Remedy>) -> String {
    #[derive(Serialize)]
    struct JsonFetched<'a> {
        schema: &'static str,
        imports: Vec<JsonImport>,
        strangers: Vec<String>,
        next: Vec<JsonRemedy<'a>>,
    }
    #[derive(Serialize)]
    struct JsonImport {
        #[serde(flatten)]
        pin: JsonPin,
        state: Copied,
    }
    to_line(&JsonFetched {
        schema: "certgate/policy-fetch/v1",
        imports: imports
            .iter()
            .map(|(pin, state)| JsonImport {
                pin: (*pin).into(),
                state: *state,
            })
            .collect(),
        strangers: strangers.iter().map(ToString::to_string).collect(),
        next: next.into_iter().map(JsonRemedy::from).collect(),
    })
}

/// The answer of `policy outdated`, with a line break at the end.
pub(crate) fn outdated_json(imports: &[(&Pin, Head)], behind: &[Diagnostic]) -> String {
    #[derive(Serialize)]
    struct JsonOutdated<'a> {
        schema: &'static str,
        behind: usize,
        imports: Vec<JsonImport>,
        diagnostics: Vec<JsonDiagnostic<'a>>,
    }
    #[derive(Serialize)]
    struct JsonImport {
        #[serde(flatten)]
        pin: JsonPin,
        head: JsonHead,
        behind: bool,
    }
    #[derive(Serialize)]
    struct JsonHead {
        rev: String,
        sha256: String,
    }
    to_line(&JsonOutdated {
        schema: "certgate/policy-outdated/v1",
        behind: behind.len(),
        imports: imports
            .iter()
            .map(|(pin, head)| JsonImport {
                pin: (*pin).into(),
                head: JsonHead {
                    rev: head.commit.clone(),
                    sha256: head.sha256.clone(),
                },
                behind: head.behind,
            })
            .collect(),
        diagnostics: behind.iter().map(JsonDiagnostic::from).collect(),
    })
}
