//! What to say of a status that is not valid: what is wrong with it, which word was probably meant, how to write it.
//!
//! The suggestion is for the author's eyes only; no decision is ever taken from it. A value that reads as a refusal is never
//! answered with an approving word.

use super::name::nearest;
use super::status::{Status, without_marks};
use crate::change::deceptive;
use crate::diagnostic::{Code, Diagnostic, Place};

/// Letters that look like ASCII capitals or small letters.
const LOOKALIKES: &[(&str, &str, &str)] = &[
    ("Cyrillic", "АВЕКМНОРСТХУІЅЈԌԜаеорсухіѕј", "ABEKMHOPCTXYISJGWaeopcyxisj"),
    ("Greek", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονι", "ABEZHIKMNOPTYXovi"),
    (
        "fullwidth",
        "ＡＣＤＥＧＩＪＬＭＮＯＰＲＳＴＵＶＷＹＺ＿－",
        "ACDEGIJLMNOPRSTUVWYZ_-",
    ),
];

/// Builds the diagnostic for a value, already without blanks at its ends.
pub(super) fn explain_value(value: &str, place: Place) -> Diagnostic {
    if value.is_empty() {
        return Diagnostic::error(Code::CG103, "the Status is empty")
            .at(place)
            .because("a decision is never assumed")
            .help(format!(
                "write one of the eleven words after the colon: {}",
                all_words()
            ));
    }
    let mut finding = Diagnostic::error(Code::CG103, format!("`{value}` is not a status")).at(place);
    for reason in odd_characters(value) {
        finding = finding.because(reason);
    }
    let skeleton = skeleton(value);
    let (reason, meant) = diagnose(value, &skeleton);
    if let Some(reason) = reason {
        finding = finding.because(reason);
    }
    finding = finding.because("the status is one of eleven words, byte for byte, and nothing else on its line");
    match meant.as_slice() {
        [] => finding.help(format!(
            "write one of: {}; what else there is to say belongs under **Rationale**",
            all_words()
        )),
        [word] => finding
            .help(format!("if that is the decision, write exactly: **Status**: {word}"))
            .help("remarks belong under **Rationale** or **Conditions**"),
        words => finding.help(format!(
            "write exactly one of: {}",
            words.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", ")
        )),
    }
}

fn all_words() -> String {
    Status::ALL
        .iter()
        .map(|status| status.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Names each character that is not plain ASCII, once, at most four of them.
fn odd_characters(value: &str) -> Vec<String> {
    let mut seen: Vec<char> = value.chars().filter(|c| !c.is_ascii() || c.is_control()).collect();
    seen.sort_unstable();
    seen.dedup();
    let more = seen.len() > 4;
    let mut reasons: Vec<String> = seen
        .into_iter()
        .take(4)
        .map(|c| match (lookalike(c), hidden_name(c)) {
            (Some((script, ascii)), _) => format!(
                "U+{:04X} is a {script} letter that looks like the Latin `{ascii}`",
                u32::from(c)
            ),
            (None, Some(name)) => format!("U+{:04X} ({name}) cannot be seen but is there", u32::from(c)),
            (None, None) if deceptive(c) => format!("U+{:04X} cannot be seen but is there", u32::from(c)),
            (None, None) => format!("`{c}` (U+{:04X}) is no part of a status", u32::from(c)),
        })
        .collect();
    if more {
        reasons.push("and further characters that are no part of a status".to_owned());
    }
    reasons
}

pub(super) fn lookalike(c: char) -> Option<(&'static str, char)> {
    LOOKALIKES.iter().find_map(|(script, odd, plain)| {
        let at = odd.chars().position(|other| other == c)?;
        Some((*script, plain.chars().nth(at)?))
    })
}

pub(super) fn hidden_name(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{a0}' => "no-break space",
        '\u{ad}' => "soft hyphen",
        '\u{200b}' => "zero width space",
        '\u{200c}' => "zero width non-joiner",
        '\u{200d}' => "zero width joiner",
        '\u{200e}' => "left-to-right mark",
        '\u{200f}' => "right-to-left mark",
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => "bidirectional control",
        '\u{2060}' => "word joiner",
        '\u{feff}' => "zero width no-break space",
        '\u{fe0f}' => "variation selector",
        c if c.is_control() => "control character",
        _ => return None,
    })
}

/// What a hurried reader sees: capitals, words joined by `_`, nothing hidden, no marks.
fn skeleton(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in without_marks(value).chars() {
        let c = lookalike(c).map_or(c, |(_, ascii)| ascii);
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_uppercase());
        } else {
            let unseen = deceptive(c) || matches!(c, '\u{fe0f}' | '\'');
            if !(unseen || out.is_empty() || out.ends_with('_')) {
                out.push('_');
            }
        }
    }
    out.truncate(out.trim_end_matches('_').len());
    out
}

/// Finds why a value is no status and which words may have been meant.
fn diagnose(value: &str, skeleton: &str) -> (Option<String>, Vec<Status>) {
    const REFUSALS: [Status; 3] = [Status::RequiresRemediation, Status::Rejected, Status::NoGo];
    let parts: Vec<&str> = skeleton.split('_').collect();
    if skeleton == "NOGO" || skeleton == "NO_GO" {
        return (
            Some("it reads as the refusal NO_GO, which is written with a low line".to_owned()),
            vec![Status::NoGo],
        );
    }
    if let Some(status) = Status::from_word(skeleton) {
        let reason = (value.is_ascii()).then(|| {
            if value.eq_ignore_ascii_case(status.as_str()) {
                "the status is written in capitals".to_owned()
            } else {
                "the status is in other marks than one pair of **, ` or _, or its parts are not joined by an underscore"
                    .to_owned()
            }
        });
        return (reason, vec![status]);
    }
    let mut named: Vec<Status> = Vec::new();
    for status in Status::ALL {
        let words: Vec<&str> = status.as_str().split('_').collect();
        if parts.windows(words.len()).any(|window| window == words.as_slice()) {
            named.push(status);
        }
    }
    // GO is part of NO_GO, APPROVED of CONDITIONALLY_APPROVED: the longer word is the one that was written.
    let whole = named.clone();
    named.retain(|status| {
        !whole.iter().any(|other| {
            other != status && other.as_str().ends_with(status.as_str()) && skeleton_has_only(&parts, other, status)
        })
    });
    let negated = parts.iter().any(|part| {
        matches!(
            *part,
            "NOT"
                | "NO"
                | "NEVER"
                | "CANNOT"
                | "DONT"
                | "WITHOUT"
                | "UNAPPROVED"
                | "DISAPPROVED"
                | "DENIED"
                | "DECLINED"
                | "BLOCKED"
                | "FAILED"
                | "FAIL"
        )
    });
    let refuses = matches!(named.as_slice(), [status] if status.class().refuses());
    if negated && !refuses {
        return (
            Some("it reads as a refusal, and a refusal that is guessed at could be missed".to_owned()),
            REFUSALS.to_vec(),
        );
    }
    if let [status] = named.as_slice() {
        let reason = if skeleton.starts_with(status.as_str()) {
            format!("other text follows the status {status}")
        } else {
            format!("other text is before the status {status}")
        };
        return (Some(reason), vec![*status]);
    }
    if named.len() > 1 {
        return (Some("it names more than one status".to_owned()), named);
    }
    let done = [
        "FIXED",
        "RESOLVED",
        "COMPLETE",
        "COMPLETED",
        "DONE",
        "IMPLEMENTED",
        "SUCCESSFUL",
        "SUCCESS",
        "IMPROVED",
        "ACHIEVED",
        "STABILIZED",
    ];
    if parts.iter().any(|part| done.contains(part)) {
        return (
            Some("it says that work was done, not whether the change may be merged".to_owned()),
            Vec::new(),
        );
    }
    let meant = nearest(skeleton, Status::ALL.map(Status::as_str)).and_then(Status::from_word);
    match meant {
        Some(status) => (Some(format!("the nearest status is {status}")), vec![status]),
        _ if skeleton.starts_with("REQUIRES") || skeleton.starts_with("NEEDS") => (
            Some(format!("the nearest status is {}", Status::RequiresRemediation)),
            vec![Status::RequiresRemediation],
        ),
        _ => (None, Vec::new()),
    }
}

/// True where every standing of `short` among the parts is the tail of `long`.
fn skeleton_has_only(parts: &[&str], long: &Status, short: &Status) -> bool {
    let count = |word: &Status| {
        let words: Vec<&str> = word.as_str().split('_').collect();
        parts
            .windows(words.len())
            .filter(|window| *window == words.as_slice())
            .count()
    };
    count(short) == count(long)
}

/// The words that would be suggested; tests hold them to the promise above.
#[cfg(test)]
pub(super) fn suggested(value: &str) -> Vec<Status> {
    diagnose(value, &skeleton(value)).1
}
