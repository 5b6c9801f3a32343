//! The text of policies and packs: limits, the schema, and how errors of the YAML reader are reported.

use std::fmt;

use serde::Deserialize as _;
use sha2::{Digest as _, Sha256};

use super::source::Source;
use super::{Pack, hidden, packs, raw};
use crate::certificate::nearest;
use crate::change::MAX_DOCUMENT;
use crate::diagnostic::{Code, Diagnostic, Place, command};

/// Longest message of the YAML reader that is passed on, in characters: it quotes values completely.
const MAX_MESSAGE: usize = 300;

/// The bytes of a policy, and the name that they are shown under.
#[derive(Clone, Debug)]
pub struct PolicySource<'a> {
    /// As in `.certgate/policy.yaml` or `main:.certgate/policy.yaml`.
    pub name: String,
    /// The content.
    pub bytes: &'a [u8],
}

/// A policy that cannot be used: at least one error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    first: Box<Diagnostic>,
    rest: Vec<Diagnostic>,
}

impl PolicyError {
    /// What is wrong, in the order of the file's sections.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        std::iter::once(&*self.first).chain(&self.rest)
    }

    /// The same, owned.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        std::iter::once(*self.first).chain(self.rest).collect()
    }

    pub(super) fn of(diagnostics: Vec<Diagnostic>) -> Option<Self> {
        let mut all = diagnostics.into_iter();
        Some(Self {
            first: Box::new(all.next()?),
            rest: all.collect(),
        })
    }
}

impl From<Diagnostic> for PolicyError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            first: Box::new(diagnostic),
            rest: Vec::new(),
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.first.code(), self.first.message())
    }
}

impl std::error::Error for PolicyError {}

pub(super) fn pack_source(pack: &Pack) -> Source {
    Source {
        name: format!("builtin:{}", pack.name),
        text: pack.source.to_owned(),
    }
}

pub(super) fn unknown_pack(name: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::CG007, format!("there is no pack `{name}`"));
    match packs::meant(name) {
        Some(like) => diagnostic.help(format!("did you mean `builtin:{like}`?")),
        None => diagnostic.help(command!["certgate", "policy", "packs"].why("lists them")),
    }
}

pub(super) fn read(source: &PolicySource<'_>) -> Result<Source, PolicyError> {
    let refuse =
        |message: String| PolicyError::from(Diagnostic::error(Code::CG001, message).at(Place::file(&source.name)));
    if source.bytes.len() as u64 > MAX_DOCUMENT {
        return Err(refuse(format!(
            "the policy is {} bytes large; the limit is 1 MiB",
            source.bytes.len()
        )));
    }
    let bytes = source.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source.bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            if let Some(hidden) = hidden::first(text) {
                return Err(hidden.diagnostic(&source.name, text).into());
            }
            Ok(Source {
                name: source.name.clone(),
                text: text.to_owned(),
            })
        }
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
            Err(Diagnostic::error(Code::CG001, "the policy is not UTF-8")
                .at(Place::line(&source.name, u32::try_from(line).unwrap_or(u32::MAX)))
                .into())
        }
    }
}

/// Reads what is written within the limits.
///
/// The reading of a document of a policy's schema holds it to most of them by itself; a document that could break the others is counted before, and one
/// that cannot be read afterwards, so that the first thing said is what is beyond a limit.
pub(super) fn checked(source: &Source) -> Result<raw::Policy, PolicyError> {
    if source.is_within_limits_if_read()
        && let Ok(raw) = raw::Policy::deserialize(serde_yaml::Deserializer::from_str(&source.text))
    {
        return Ok(raw);
    }
    source.census().map_err(|refused| PolicyError::from(*refused))?;
    deserialize(source)
}

pub(super) fn deserialize(source: &Source) -> Result<raw::Policy, PolicyError> {
    raw::Policy::deserialize(serde_yaml::Deserializer::from_str(&source.text))
        .map_err(|error| tell(source, &error).into())
}

/// Tells an error of the YAML reader in the policy's own words.
fn tell(source: &Source, error: &serde_yaml::Error) -> Diagnostic {
    let whole = error.to_string();
    let place = source.place_of(error);
    if whole.starts_with("EOF while parsing") || source.text.trim().is_empty() {
        return Diagnostic::error(Code::CG004, "the policy is empty")
            .at(Place::file(&source.name))
            .help("begin with `version: 1`, or run `certgate init`");
    }
    let message = strip_position(&whole);
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let (true, Some((unknown, known))) = (message.contains("unknown field `"), words.split_first()) {
        let diagnostic = Diagnostic::error(Code::CG003, format!("unknown key `{unknown}`")).at(place);
        return match nearest(unknown, known.iter().copied()) {
            Some(like) => diagnostic.help(format!("did you mean `{like}`?")),
            None => diagnostic.because(format!("known here: {}", known.join(", "))),
        };
    }
    let shown: String = message.chars().take(MAX_MESSAGE).collect();
    Diagnostic::error(Code::CG002, shown).at(place)
}

/// Takes ` at line N column M` off the end: the place says it.
fn strip_position(message: &str) -> &str {
    message
        .rsplit_once(" at line ")
        .filter(|(_, tail)| {
            tail.split(" column ")
                .all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        })
        .map_or(message, |(head, _)| head)
}

pub(super) fn hash(digest: &mut Sha256, source: &Source) {
    for part in [&source.name, &source.text] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
}
