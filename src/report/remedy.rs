//! Remedies for programs: argument vectors with typed placeholders, as every JSON report has them.

use std::borrow::Cow;

use serde::Serialize;

use crate::diagnostic::{Placeholder, Remedy, Word};

/// A command, and the ones that have to succeed before it.
#[derive(Serialize)]
pub(super) struct JsonRemedy<'a> {
    argv: Vec<JsonWord>,
    placeholders: Vec<JsonPlaceholder>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    first: Vec<JsonStep>,
    why: Option<Cow<'a, str>>,
}

/// A command that runs before.
#[derive(Serialize)]
struct JsonStep {
    argv: Vec<JsonWord>,
    placeholders: Vec<JsonPlaceholder>,
}

/// A word: text, or its bytes where they are not UTF-8.
#[derive(Serialize)]
#[serde(untagged)]
enum JsonWord {
    Text(String),
    Bytes { bytes: Vec<u8> },
}

/// What the reader fills in: `text` in the word `argv[at]`.
#[derive(Serialize)]
struct JsonPlaceholder {
    at: usize,
    text: &'static str,
    kind: &'static str,
    says: &'static str,
}

impl From<&Word> for JsonWord {
    fn from(word: &Word) -> Self {
        match String::from_utf8(word.shown()) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Bytes {
                bytes: error.into_bytes(),
            },
        }
    }
}

impl JsonPlaceholder {
    fn of(at: usize, placeholder: Placeholder) -> Self {
        Self {
            at,
            text: placeholder.text(),
            kind: placeholder.kind(),
            says: placeholder.says(),
        }
    }
}

fn placeholders(argv: &[Word]) -> Vec<JsonPlaceholder> {
    let words = argv.iter().enumerate();
    words
        .flat_map(|(at, word)| word.placeholders().map(move |blank| JsonPlaceholder::of(at, blank)))
        .collect()
}

fn step(argv: &[Word]) -> JsonStep {
    JsonStep {
        argv: argv.iter().map(JsonWord::from).collect(),
        placeholders: placeholders(argv),
    }
}

impl<'a> From<&'a Remedy> for JsonRemedy<'a> {
    fn from(remedy: &'a Remedy) -> Self {
        let JsonStep { argv, placeholders } = step(remedy.argv());
        Self {
            argv,
            placeholders,
            first: remedy.earlier().iter().map(|argv| step(argv)).collect(),
            why: remedy.reason().map(Cow::Borrowed),
        }
    }
}
