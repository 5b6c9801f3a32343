//! What the words around a reference say of it: that it is there, that it is missing, that it should be made.

use super::document::{Block, BlockKind};
use super::reference::Reference;

/// What the words say of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// That it is there.
    There,
    /// That it is not there; `flatly` where nothing else can be meant.
    Absent { flatly: bool },
    /// That it was taken away.
    Removed,
    /// That it should be made.
    Proposed,
    /// That it is there, among words of what should be: nobody is accused.
    Perhaps,
}

/// What a block's place in the document says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Setting<'r> {
    /// Where absolute paths of the document are known to lead into the tree; empty where none is.
    pub(super) roots: &'r [String],
    /// In a section or under a line of proposals, in a row that says so, or in a plan.
    pub(super) proposals: bool,
}

/// Whether a block introduces proposals: `Required changes:`, a heading such as RECOMMENDATIONS.
pub(super) fn proposes(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = [
        "recommend",
        "next step",
        "required",
        "proposal",
        "propos",
        "to do",
        "todo",
        "action item",
        "to create",
        "to be created",
        "missing",
        "should",
        "must",
        "future",
        "plan",
        "suggest",
        "remediation",
        "needed",
        "follow-up",
        "roadmap",
        "deliverable",
        "alternative",
        "planned",
        "condition",
    ];
    words.iter().any(|word| lower.contains(word))
}

/// The sentence around a range, as what is before and after it in small letters.
pub(super) fn around(block: &Block, reference: &Reference) -> (String, String) {
    let text = &block.text;
    let before = text.get(..reference.range.start).unwrap_or_default();
    let start = ["\n", ". ", "; "]
        .iter()
        .filter_map(|end| before.rfind(end).map(|at| at + end.len()))
        .max();
    let after = text.get(reference.range.end..).unwrap_or_default();
    let end = ["\n", ". ", "; "].iter().filter_map(|end| after.find(end)).min();
    (
        before.get(start.unwrap_or(0)..).unwrap_or_default().to_lowercase(),
        after
            .get(..end.unwrap_or(after.len()))
            .unwrap_or_default()
            .to_lowercase(),
    )
}

pub(super) fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '_')))
        .filter(|word| !word.is_empty() && *word != "-")
        .collect()
}

pub(super) fn says(block: &Block, reference: &Reference, setting: Setting<'_>) -> Says {
    let (before, after) = around(block, reference);
    let (before_words, after_words) = (words(&before), words(&after));
    let noun = |word: &&&str| {
        !matches!(
            **word,
            "the" | "a" | "an" | "file" | "module" | "script" | "existing" | "such" | "new" | "any"
        )
    };
    let last = before_words.iter().rev().find(noun).copied().unwrap_or_default();
    if let Some(says) = says_absent(&before, &after, last, &after_words) {
        return says;
    }
    if matches!(
        last,
        "deleted" | "removed" | "delete" | "remove" | "dropped" | "removing" | "deleting"
    ) {
        return Says::Removed;
    }
    let makes = |word: &&str| {
        matches!(
            *word,
            "create" | "add" | "write" | "introduce" | "generate" | "implement" | "creating" | "adding" | "propose"
        )
    };
    // Three words before it at most: `Create a new CLI module `x``.
    if before_words.iter().rev().take(5).any(makes) || before_words.first().is_some_and(makes) {
        return Says::Proposed;
    }
    if before_words
        .iter()
        .rev()
        .take(3)
        .any(|word| matches!(*word, "run" | "running" | "python" | "pytest" | "cargo" | "execute"))
        && reference.lines.is_empty()
    {
        return Says::Perhaps;
    }
    match setting.proposals || before_words.iter().chain(&after_words).any(|word| is_modal(word)) {
        true => Says::Perhaps,
        false => Says::There,
    }
}

fn says_absent(before: &str, after: &str, last: &str, after_words: &[&str]) -> Option<Says> {
    let denied = |words: &[&str]| {
        matches!(
            words,
            ["does" | "do", "not", "exist", ..]
                | ["doesn't" | "doesn’t" | "don't" | "don’t", "exist", ..]
                | ["is" | "are" | "was", "missing" | "absent", ..]
                | [
                    "is" | "are" | "was" | "were",
                    "not",
                    "found" | "present" | "there" | "committed" | "included",
                    ..
                ]
                | ["not", "found" | "present", ..]
                | ["no", "longer", "exists" | "exist", ..]
                | ["could" | "can", "not", "be", "found", ..]
                | ["cannot", "be", "found", ..]
                | ["never", "existed", ..]
        )
    };
    // `The X file referenced does not exist`: a few words may lie between.
    let after_denied = (0..after_words.len().min(5)).any(|skip| after_words.get(skip..).is_some_and(denied));
    if after_denied {
        return Some(Says::Absent { flatly: true });
    }
    let closed = after.trim_start().chars().next().is_none_or(|c| !c.is_alphanumeric());
    let exists = after_words.first().is_some_and(|word| {
        matches!(
            *word,
            "exists" | "exist" | "file" | "module" | "present" | "found" | "in"
        )
    });
    match last {
        "no" | "non-existent" | "nonexistent" => Some(Says::Absent {
            flatly: closed || exists,
        }),
        "missing" | "absent" | "without" | "lacks" if !before.trim_end().ends_with(['.', ';']) => {
            Some(Says::Absent { flatly: false })
        }
        _ => None,
    }
}

/// Whether a reference is what its line begins with, marks and a label aside: `- `a.py` - what it is`, `**File**: `a.py``.
pub(super) fn stands_first(block: &Block, reference: &Reference) -> bool {
    if block.kind == BlockKind::Heading {
        return false;
    }
    let before = block.text.get(..reference.range.start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let label = line.trim_end().trim_end_matches(':');
    let label = words(label);
    label.is_empty()
        || (line.trim_end().ends_with(':')
            && matches!(label.as_slice(), [one] if matches!(one.to_lowercase().as_str(), "file" | "files" | "location" | "source" | "module" | "path" | "evidence")))
}

/// Words by which a sentence speaks of what may be, or might not be.
fn is_modal(word: &str) -> bool {
    matches!(
        word,
        "should"
            | "will"
            | "would"
            | "could"
            | "need"
            | "needs"
            | "needed"
            | "recommend"
            | "recommended"
            | "recommendation"
            | "consider"
            | "plan"
            | "plans"
            | "planned"
            | "suggest"
            | "suggested"
            | "must"
            | "future"
            | "todo"
            | "proposed"
            | "proposal"
            | "proposes"
            | "creates"
            | "extract"
            | "move"
            | "moved"
            | "rename"
            | "renamed"
            | "split"
            | "e.g"
            | "if"
            | "missing"
            | "without"
            | "absent"
            | "lacks"
            | "referenced"
            | "instead"
            | "cannot"
            | "example"
            | "like"
            | "expected"
            | "required"
            | "claimed"
            | "alleged"
            | "not"
            | "never"
            | "nor"
            | "unless"
            | "output"
            | "writes"
            | "written"
            | "generated"
            | "generates"
            | "saved"
            | "saves"
            | "log"
            | "logs"
            | "deleted"
            | "removed"
            | "replaced"
            | "merged"
            | "no"
            | "modify"
            | "append"
            | "new"
            | "create"
    )
}
