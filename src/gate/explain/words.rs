//! Words that explanations share: paths in a sentence, a rule's reason, what a refusal does.

use crate::certificate::Class;
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, Place, plural};
use crate::sensitivity::{Needs, Reason, RuleKind, Scored};

/// How many paths a message lists before it only counts.
pub(super) const LISTED: usize = 6;

/// What is advised against a refusal before anything else.
pub(super) const CHANGE: &str = "change the code so that its findings no longer hold";

/// Most columns that paths take in a message; beyond it the first stands for all, and the notes list them.
const MESSAGE: usize = 60;

/// The code and the word for what a refusal does.
pub(super) fn refusal_word(class: Class) -> (Code, &'static str) {
    match class {
        Class::Hold => (Code::CG301, "on hold"),
        Class::Stop => (Code::CG303, "stopped"),
        _ => (Code::CG302, "vetoed"),
    }
}

pub(super) fn at(diagnostic: Diagnostic, place: Option<Place>) -> Diagnostic {
    match place {
        Some(place) => diagnostic.at(place),
        None => diagnostic,
    }
}

/// One reason in words.
pub(crate) fn describe(reason: &Reason) -> String {
    let line = reason.line.map(|line| format!(" (line {line})")).unwrap_or_default();
    match reason.rule {
        RuleKind::Policy | RuleKind::Score => format!("{}{line}", reason.detail),
        rule => format!("{} rule {}{line}{}", rule.as_str(), reason.detail, needing(reason)),
    }
}

/// What is said of the score that a rule needs.
fn needing(reason: &Reason) -> String {
    let Some(Needs { least, found, lacks }) = reason.needs else {
        return String::new();
    };
    if let Some(points) = lacks {
        return format!("; the words of the change have less than {points} points of the file's score");
    }
    match found {
        Scored::Unasked => format!(", where the file's score is at least {least}"),
        Scored::Is(score) => format!("; the file's score is {score}, and the rule needs {least}"),
        Scored::Unknown(why) => format!("; it needs a score of {least}, which cannot be had, as {why}, so it counts"),
    }
}

pub(super) fn paths(files: &[RepoPath]) -> String {
    let shown: Vec<String> = files.iter().take(3).map(|path| format!("`{path}`")).collect();
    let width: usize = shown.iter().map(|path| path.chars().count()).sum();
    match shown.as_slice() {
        [] => "the component".to_owned(),
        [one] => one.clone(),
        [one, two] if width <= MESSAGE => format!("{one} and {two}"),
        [one, two, three] if files.len() == 3 && width <= MESSAGE => format!("{one}, {two} and {three}"),
        [one, ..] => format!("{one} and {}", plural(files.len() - 1, "more file")),
    }
}

pub(super) fn list(intro: &str, files: &[RepoPath]) -> String {
    let shown: Vec<String> = files.iter().take(LISTED).map(|path| format!("`{path}`")).collect();
    match (files.len(), files.len().saturating_sub(LISTED)) {
        (0, _) => format!("{intro} all of the component"),
        (_, 0) => format!("{intro} {}", shown.join(", ")),
        (_, more) => format!("{intro} {} and {more} more", shown.join(", ")),
    }
}
