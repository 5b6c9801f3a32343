//! Stamps: approvals in which nobody has said anything. A placeholder is where a value belongs, there is no rationale, or it repeats
//! what certgate wrote.
//!
//! The list of words is closed, and documented in `docs/certificate.md`: short real words (`ok`, `measured`) are no stamp.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::status::without_marks;
use super::teach::{hidden_name, lookalike};
use crate::diagnostic::{Code, Placeholder, sanitize};

/// What messages print where the agent belongs.
pub const AGENT: &str = Placeholder::Agent.text();
/// What messages print where the rationale belongs.
pub const RATIONALE: &str = Placeholder::Rationale.text();
/// What messages print where the status belongs, when it has to be decided first.
pub const DECISION: &str = Placeholder::Decision.text();
/// What messages print where a reviewer other than the author belongs.
pub const REVIEWER: &str = Placeholder::Reviewer.text();
/// What messages print where a finding belongs.
pub const FINDING: &str = Placeholder::Finding.text();
/// What messages print where lines that were examined belong.
pub const LINES: &str = Placeholder::Lines.text();

/// What FINDINGS says where `certify` was given none.
pub const NO_FINDINGS: &str = "none stated";

/// Placeholders in capitals: what messages of certgate print where a value belongs.
const PRINTED: [&str; 21] = [
    FINDING,
    "CONDITION",
    "COMMAND",
    AGENT,
    RATIONALE,
    DECISION,
    REVIEWER,
    "TEXT",
    "STATUS",
    "AGENT",
    "COMPONENT",
    "KEY",
    "FILE",
    "PATH",
    "LINES",
    "ID",
    "REV",
    "BRANCH",
    "DIRECTORY",
    "REASON",
    "RATIONALE",
];

/// Placeholders that everybody uses, in any case.
const COMMON: [&str; 12] = [
    "TODO",
    "TBD",
    "TBA",
    "FIXME",
    "XXX",
    "XXXX",
    "PLACEHOLDER",
    "NONE",
    "NA",
    "NIL",
    "NULL",
    "TK",
];

/// What makes an approval a stamp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stamp {
    /// A placeholder is in a field or section.
    Placeholder {
        /// The name of the field or section.
        place: String,
        /// What is there.
        value: String,
    },
    /// The rationale is missing or empty.
    NoRationale,
    /// The rationale is text that certgate wrote itself.
    Prefilled(String),
}

impl Stamp {
    /// The diagnostic code.
    pub fn code(&self) -> Code {
        match self {
            Self::Placeholder { .. } => Code::CG117,
            Self::NoRationale => Code::CG118,
            Self::Prefilled(_) => Code::CG119,
        }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Placeholder { place, value } => {
                write!(f, "`{}` under {place} is a placeholder", sanitize(value))
            }
            Self::NoRationale => f.write_str("it gives no rationale"),
            Self::Prefilled(value) => write!(f, "its rationale repeats what certgate wrote: `{}`", sanitize(value)),
        }
    }
}

/// What an approval says, as written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Saying<'a> {
    pub(crate) agent: Option<&'a str>,
    /// The first line of every rationale.
    pub(crate) rationales: Vec<&'a str>,
    /// All that the decision says below its first rationale, up to the next field.
    pub(crate) further: &'a str,
    pub(crate) conditions: Vec<&'a str>,
    pub(crate) findings: Vec<&'a str>,
    pub(crate) evidence: Vec<&'a str>,
}

/// The first thing that makes a stamp of an approval that says this.
pub(crate) fn find(said: &Saying<'_>) -> Option<Stamp> {
    let placeholder = |place: &str, value: &str| Stamp::Placeholder {
        place: place.to_owned(),
        value: shortened(value),
    };
    if let Some(agent) = said.agent.filter(|agent| is_agent_placeholder(agent)) {
        return Some(placeholder("Agent", agent));
    }
    if let Some(rationale) = said.rationales.iter().find(|text| is_placeholder(text)) {
        return Some(placeholder("Rationale", rationale));
    }
    let words = said.rationales.iter().any(|text| has_words(text)) || has_words(said.further);
    if !words {
        return Some(Stamp::NoRationale);
    }
    let own = said.rationales.iter().any(|text| has_words(text));
    if !own && is_placeholder(said.further) {
        return Some(placeholder("Rationale", said.further));
    }
    if let Some(rationale) = said.rationales.iter().find(|text| is_prefilled(text)) {
        return Some(Stamp::Prefilled(shortened(rationale)));
    }
    let listed = [
        ("Conditions", &said.conditions),
        ("FINDINGS", &said.findings),
        ("EVIDENCE", &said.evidence),
    ];
    listed.into_iter().find_map(|(place, items)| {
        // That there is nothing to list is an answer.
        let left = items.iter().find(|item| is_placeholder(item) && !is_nothing(item))?;
        Some(placeholder(place, left))
    })
}

/// The words of a rationale, for comparison: without case, marks, and what nobody sees.
pub(crate) fn same_words(one: &str, other: &str) -> bool {
    let (one, other) = (words(one), words(other));
    !one.is_empty()
        && one
            .iter()
            .map(|w| w.to_uppercase())
            .eq(other.iter().map(|w| w.to_uppercase()))
}

/// True for a value that is nothing but placeholders, in brackets, or dots.
fn is_placeholder(value: &str) -> bool {
    let words = words(value);
    if words.is_empty() {
        return !seen(value).trim().is_empty();
    }
    is_enclosed(value)
        || words.iter().all(|word| {
            let upper = word.to_uppercase();
            PRINTED.contains(&upper.as_str()) || COMMON.contains(&upper.as_str())
        })
        || is_nothing(value)
}

/// The same for an agent, whose name may be a word such as `reviewer`: what is printed counts in capitals only.
fn is_agent_placeholder(value: &str) -> bool {
    let words = words(value);
    is_enclosed(value)
        || !words.is_empty()
            && words
                .iter()
                .all(|word| PRINTED.contains(&word.as_str()) || COMMON.contains(&word.to_uppercase().as_str()))
}

fn is_nothing(value: &str) -> bool {
    let words = words(value);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let one = |word: &str| {
        ["none", "na", "nil", "null"]
            .iter()
            .any(|no| word.eq_ignore_ascii_case(no))
    };
    match words.as_slice() {
        [word] => one(word),
        [n, a] => n.eq_ignore_ascii_case("n") && a.eq_ignore_ascii_case("a"),
        _ => false,
    }
}

/// `<anything>`, `{anything}` or `[anything]`, as templates have it.
fn is_enclosed(value: &str) -> bool {
    let text = seen(value);
    let text = text.trim().trim_matches(['*', '`', '"', '\'', '.', '_', '$']);
    let pair = |open: char, close: char| {
        text.strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .is_some_and(|inner| {
                inner.chars().filter(|c| c.is_alphabetic()).count() > 1 && !inner.contains([open, close])
            })
    };
    pair('<', '>') || pair('{', '}') || pair('[', ']')
}

/// What `certify` writes by itself, which says nothing of a decision.
fn is_prefilled(value: &str) -> bool {
    let text = words(value).join(" ").to_lowercase();
    let gated = [
        " is gated by path rule ",
        " is gated by content rule ",
        " is gated by function rule ",
        " is gated by message rule ",
    ];
    let counted = text.split_once(" gated file").is_some_and(|(count, rest)| {
        count.bytes().all(|byte| byte.is_ascii_digit()) && rest.contains(" of the change ") && rest.ends_with(" in all")
    });
    text == NO_FINDINGS
        || text == "the files of the subject"
        || text == "gated lines to look at"
        || counted
        || gated.iter().any(|mark| text.contains(mark)) && !text.contains(" because ")
}

/// Whether a value says something that is neither a placeholder, nor a word for nothing, nor text that certgate wrote.
pub(super) fn says_something(value: &str) -> bool {
    let text = words(value).join(" ");
    let nothing = COMMON
        .iter()
        .chain(&PRINTED)
        .any(|word| word.eq_ignore_ascii_case(&text));
    let none = ["no findings", "nothing", "n a", "no issues"].contains(&text.to_lowercase().as_str());
    has_words(value) && !is_prefilled(value) && !nothing && !none
}

fn has_words(value: &str) -> bool {
    !words(value).is_empty()
}

/// The letters and digits of a value, word by word, as a reader sees them.
fn words(value: &str) -> Vec<String> {
    let text = seen(value);
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The value without marks and hidden characters, with look-alikes and compatibility forms as the letters that they look like.
fn seen(value: &str) -> String {
    without_marks(value.trim())
        .nfkc()
        .filter(|&c| hidden_name(c).is_none() && c != '\\' && c != '\u{34f}')
        .map(|c| lookalike(c).map_or(c, |(_, plain)| plain))
        .collect()
}

fn shortened(value: &str) -> String {
    let value = value.trim();
    match value.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", value.get(..at).unwrap_or_default()),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rationale(text: &str) -> Option<Stamp> {
        find(&Saying {
            agent: Some("rev"),
            rationales: vec![text],
            ..Saying::default()
        })
    }

    #[test]
    fn placeholders_are_stamps() {
        for text in [
            "WHY",
            "why",
            "Why?",
            "`WHY`",
            "**WHY**",
            "\"WHY\"",
            "WHY WHY",
            "NAME",
            "TODO",
            "todo.",
            "TBD",
            "FIXME",
            "XXX",
            "TEXT",
            "<why>",
            "\\<why it is fast\\>",
            "[your rationale here]",
            "{rationale}",
            "${WHY}",
            "$WHY",
            "...",
            "…",
            "-",
            "?",
            "none",
            "N/A",
            "n.a.",
            "W\u{200b}HY",
            "ＷＨＹ",
            "REASON: TBD",
        ] {
            assert!(
                matches!(rationale(text), Some(Stamp::Placeholder { .. })),
                "{text}: {:?}",
                rationale(text)
            );
        }
    }

    #[test]
    fn short_real_words_are_none() {
        for text in [
            "ok",
            "OK",
            "r",
            "b",
            "measured",
            "fine",
            "faster",
            "lgtm",
            "why not: it is faster",
            "the TODO is gone",
            "なぜなら速い",
            "1.00 of main",
            "as fast as before",
            "name lookup is constant time",
            "text parser reads less",
            "is gated by path rule src, because only the comment changed",
            "ключ",
        ] {
            assert_eq!(rationale(text), None, "{text}");
        }
    }

    #[test]
    fn empty_and_prefilled_ones_are_stamps() {
        for text in ["", "  ", "\u{200b}"] {
            assert_eq!(rationale(text), Some(Stamp::NoRationale), "{text:?}");
        }
        assert_eq!(
            find(&Saying {
                agent: Some("rev"),
                ..Saying::default()
            }),
            Some(Stamp::NoRationale)
        );
        for text in [
            "none stated",
            "src/hot/a.c is gated by path rule src/hot/**",
            "1 gated file of the change, 1 in all",
            "2 gated files of the change, 14 in all",
        ] {
            assert!(matches!(rationale(text), Some(Stamp::Prefilled(_))), "{text}");
        }
        let below = Saying {
            agent: Some("rev"),
            rationales: vec![""],
            further: "\nas fast as before\n",
            ..Saying::default()
        };
        assert_eq!(find(&below), None, "a rationale may begin on the next line");
        assert!(
            find(&Saying {
                further: "\nWHY\n",
                ..below
            })
            .is_some()
        );
    }

    #[test]
    fn agents_may_have_any_name_but_what_is_printed() {
        let agent = |name| {
            find(&Saying {
                agent: Some(name),
                rationales: vec!["ok"],
                ..Saying::default()
            })
        };
        for name in [
            "NAME", "REVIEWER", "AGENT", "TODO", "todo", "<agent>", "-NAME-", "`NAME`", "ΝAME",
        ] {
            assert!(agent(name).is_some(), "{name}");
        }
        for name in ["reviewer", "name", "rev", "agent-7", "agent", "key", "なまえ"] {
            assert_eq!(agent(name), None, "{name}");
        }
    }

    #[test]
    fn items_left_as_they_stand_are_stamps() {
        let with = |findings: Vec<&'static str>, evidence: Vec<&'static str>, conditions: Vec<&'static str>| {
            find(&Saying {
                agent: Some("rev"),
                rationales: vec!["ok"],
                findings,
                evidence,
                conditions,
                ..Saying::default()
            })
        };
        assert!(with(vec!["fine", "TODO"], vec![], vec![]).is_some());
        assert!(with(vec![], vec!["PATH:LINES"], vec![]).is_some());
        assert!(with(vec![], vec![], vec!["TEXT"]).is_some());
        assert_eq!(with(vec!["none"], vec!["none"], vec!["none"]), None);
        assert_eq!(with(vec!["x"], vec!["`src/a.c:1`"], vec!["measure again"]), None);
    }

    #[test]
    fn rationales_are_compared_by_their_words() {
        assert!(same_words("as fast  as before.", "As fast as **before**"));
        assert!(!same_words("as fast as before", "faster than before"));
        assert!(!same_words("", ""));
    }
}
