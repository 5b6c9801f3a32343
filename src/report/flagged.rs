//! Files that the score flags, as JSON reports have them.

use serde::Serialize;

use crate::sensitivity::{Flag, Needs, Scored, Silenced};

/// A file that the score flags.
#[derive(Serialize)]
pub(super) struct JsonFlagged {
    path: String,
    /// `null`, like the rank, where it cannot be had.
    score: Option<u32>,
    rank: Option<u32>,
    /// Why it cannot be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    /// What a rule matches there and does not count, where the score does not flag it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<JsonBy>,
}

/// A match for which a file is reported.
#[derive(Serialize)]
struct JsonBy {
    component: String,
    rule: &'static str,
    line: Option<u32>,
    detail: String,
    needs_change: u32,
}

impl From<&Flag> for JsonFlagged {
    fn from(flag: &Flag) -> Self {
        Self {
            path: flag.path.to_string(),
            score: flag.found.ok().map(|(score, _)| score),
            rank: flag.found.ok().map(|(_, rank)| rank),
            why: flag.found.err(),
            by: flag.by.as_ref().map(|silenced| JsonBy {
                component: silenced.component.clone(),
                rule: silenced.reason.rule.as_str(),
                line: silenced.reason.line,
                detail: silenced.reason.detail.clone(),
                needs_change: silenced.reason.needs.and_then(|needs| needs.lacks).unwrap_or(0),
            }),
        }
    }
}

/// A match that does not count, as the score is too low, or too little of it is of the words of the change.
#[derive(Serialize)]
pub(super) struct JsonSilenced<'a> {
    component: &'a str,
    path: String,
    rule: &'static str,
    line: Option<u32>,
    detail: &'a str,
    needs_score: u32,
    score: Option<u32>,
    /// The points that the words of the change should have, where they are what is lacking.
    #[serde(skip_serializing_if = "Option::is_none")]
    needs_change: Option<u32>,
}

impl<'a> From<&'a Silenced> for JsonSilenced<'a> {
    fn from(silenced: &'a Silenced) -> Self {
        let needs = silenced.reason.needs;
        Self {
            component: &silenced.component,
            path: silenced.path.to_string(),
            rule: silenced.reason.rule.as_str(),
            line: silenced.reason.line,
            detail: &silenced.reason.detail,
            needs_score: needs.map_or(0, |needs| needs.least),
            score: needs.and_then(score),
            needs_change: needs.and_then(|needs| needs.lacks),
        }
    }
}

/// The score that a rule was held against.
pub(super) fn score(needs: Needs) -> Option<u32> {
    match needs.found {
        Scored::Is(score) => Some(score),
        Scored::Unasked | Scored::Unknown(_) => None,
    }
}
