//! Claims about files: what is said of a reference (that it is there, that it is missing, that it should be made), and which symbols
//! stand with it.

use super::document::{Block, BlockKind, Document};
use super::judge::Outcome;
use super::reference::{Form, Reference, is_source};
use super::resolve::{Check, Located, Symbol, check, locate};
use super::tree::Tree;
use super::{ClaimKind, Label, Value};

/// The two trees: the certified one and its parent.
#[derive(Clone, Copy)]
pub(super) struct Trees<'t> {
    pub(super) head: &'t dyn Tree,
    pub(super) base: Option<&'t dyn Tree>,
}

/// What the words say of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
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

/// A claim about a reference; `past` tells of an end one past the last line.
pub(super) struct Cited {
    pub(super) outcome: Outcome,
    pub(super) past: bool,
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

/// Where absolute paths lead into the trees: what stands before the tail that a tree has.
pub(super) fn roots<'r>(trees: Trees<'_>, references: impl Iterator<Item = &'r Reference>) -> Vec<String> {
    let mut roots = Vec::new();
    for reference in references.filter(|reference| reference.path.starts_with('/')) {
        for tree in std::iter::once(trees.head).chain(trees.base) {
            if let Located::File(tail) = locate(tree, &reference.path)
                && tail.contains('/')
                && let Some(root) = reference.path.strip_suffix(tail.as_str())
                && !roots.iter().any(|known| known == root)
            {
                roots.push(root.to_owned());
            }
        }
    }
    roots
}

/// Judges a reference. `None` where nothing is claimed and nothing need be said.
pub(super) fn judge(
    document: &Document<'_>,
    block: &Block,
    references: &[Reference],
    at: usize,
    trees: Option<Trees<'_>>,
    setting: Setting<'_>,
) -> Option<Cited> {
    let reference = references.get(at)?;
    let plain = |outcome: Outcome| Some(Cited { outcome, past: false });
    if reference.form == Form::NoFile {
        let file = trees.is_some_and(|trees| matches!(locate(trees.head, &reference.path), Located::File(_)));
        return match file && !reference.code {
            // A name of a file in prose is no claim.
            true => None,
            false => plain(Outcome::uncheckable(ClaimKind::NotAFile, "no file is named")),
        };
    }
    let symbols = symbols(block, references, at);
    let kind = match (reference.lines.is_empty(), symbols.is_empty()) {
        (true, _) => ClaimKind::File,
        (false, true) => ClaimKind::FileLine,
        (false, false) => ClaimKind::FileLineSymbol,
    };
    let says = says(block, reference, setting);
    if says == Says::Proposed {
        return plain(Outcome::uncheckable(
            ClaimKind::FileProposed,
            "a proposal claims nothing",
        ));
    }
    let Some(trees) = trees else {
        return plain(Outcome::uncheckable(kind, "there is no tree to hold it against"));
    };
    if let Says::Absent { flatly } = says {
        return plain(absent(reference, trees, flatly));
    }
    if says == Says::Removed {
        let gone = matches!(locate(trees.head, &reference.path), Located::Absent);
        return plain(match gone {
            true => Outcome::new(
                Label::Right,
                ClaimKind::FileAbsent,
                Value::None,
                "it is not in the tree",
            ),
            false => Outcome::uncheckable(kind, "what was removed is not said"),
        });
    }
    // Other absolute paths of the document lead into the tree from elsewhere: this one is of another project.
    let rooted = setting.roots.is_empty()
        || setting
            .roots
            .iter()
            .any(|root| reference.path.starts_with(root.as_str()));
    let absolute = reference.path.starts_with('/');
    if absolute && !rooted && matches!(locate(trees.head, &reference.path), Located::Absent) {
        return plain(Outcome::uncheckable(
            kind,
            "the path leads to another place than the others",
        ));
    }
    let section = document.section(block).unwrap_or_default();
    there(
        reference,
        &symbols,
        trees,
        kind,
        Care {
            soft: says == Says::Perhaps,
            cited: section == "EVIDENCE" || stands_first(block, reference),
        },
    )
}

/// How much a reference commits its author.
#[derive(Clone, Copy)]
struct Care {
    /// Among proposals.
    soft: bool,
    /// The thing that the line is about.
    cited: bool,
}

fn there(reference: &Reference, symbols: &[Symbol], trees: Trees<'_>, kind: ClaimKind, care: Care) -> Option<Cited> {
    let cited = |label, why: String, past| {
        Some(Cited {
            outcome: Outcome::new(label, kind, Value::None, why),
            past,
        })
    };
    let head = match check(trees.head, reference, symbols) {
        Check::Holds { past } => {
            let why = if past {
                "it ends one past the last line"
            } else {
                "it is there"
            };
            return cited(Label::Right, why.to_owned(), past);
        }
        // What is known of neither tree is said of the first.
        Check::Unknown(why) => match trees.base.map(|base| check(base, reference, symbols)) {
            Some(Check::Holds { past }) if !reference.lines.is_empty() && !symbols.is_empty() => {
                return cited(
                    Label::RightBefore,
                    "it holds in the tree before the change".to_owned(),
                    past,
                );
            }
            _ => return cited(Label::Uncheckable, why, false),
        },
        Check::Fails(why) => why,
    };
    match trees.base.map(|base| check(base, reference, symbols)) {
        Some(Check::Holds { past }) => {
            return cited(
                Label::RightBefore,
                format!("it holds in the tree before the change; now {head}"),
                past,
            );
        }
        Some(Check::Unknown(why)) => return cited(Label::Uncheckable, why, false),
        Some(Check::Fails(_)) | None => {}
    }
    let slashed = reference.path.contains('/');
    let absent = matches!(locate(trees.head, &reference.path), Located::Absent);
    if absent && care.soft {
        return cited(Label::Uncheckable, "it may be one that is to be made".to_owned(), false);
    }
    if absent && !slashed && reference.lines.is_empty() && !(care.cited && is_source(&reference.path)) {
        // A bare name in passing may be of another project, or made by a run.
        return cited(
            Label::Uncheckable,
            "no file of that name is in the tree".to_owned(),
            false,
        );
    }
    let ending = trees
        .head
        .ending_in(reference.path.rsplit('/').next().unwrap_or_default());
    let why = match ending.as_slice() {
        [one] if absent => format!("{head}; one of that name is at `{one}`"),
        _ => head,
    };
    cited(Label::Wrong, why, false)
}

fn absent(reference: &Reference, trees: Trees<'_>, flatly: bool) -> Outcome {
    let kind = ClaimKind::FileAbsent;
    let gone = |tree: &dyn Tree| matches!(locate(tree, &reference.path), Located::Absent | Located::Foreign);
    if gone(trees.head) {
        return Outcome::new(Label::Right, kind, Value::None, "it is not in the tree");
    }
    if trees.base.is_some_and(gone) {
        return Outcome::new(
            Label::RightBefore,
            kind,
            Value::None,
            "it was not in the tree before the change",
        );
    }
    match flatly && matches!(locate(trees.head, &reference.path), Located::File(_)) {
        true => Outcome::new(Label::Wrong, kind, Value::None, "the file is there"),
        false => Outcome::uncheckable(kind, "what is missing is not said"),
    }
}

/// The sentence around a range, as what stands before and after it in small letters.
fn around(block: &Block, reference: &Reference) -> (String, String) {
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

fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '_')))
        .filter(|word| !word.is_empty() && *word != "-")
        .collect()
}

fn says(block: &Block, reference: &Reference, setting: Setting<'_>) -> Says {
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
    let modal = |word: &&str| {
        matches!(
            *word,
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
    };
    match setting.proposals || before_words.iter().chain(&after_words).any(modal) {
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
fn stands_first(block: &Block, reference: &Reference) -> bool {
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

/// The symbols in code spans that stand beside a reference with lines.
fn symbols(block: &Block, references: &[Reference], at: usize) -> Vec<Symbol> {
    let Some(reference) = references.get(at).filter(|reference| !reference.lines.is_empty()) else {
        return Vec::new();
    };
    let text = &block.text;
    let (before, after) = around(block, reference);
    let start = reference.range.start - before.len().min(reference.range.start);
    let end = (reference.range.end + after.len()).min(text.len());
    let others = references
        .iter()
        .filter(|other| other.range != reference.range && other.form != Form::NoFile)
        .filter(|other| other.range.start < end && start < other.range.end);
    let alone = others.count() == 0;
    let spans = block.code.iter().filter(|span| {
        let inside = reference.range.start <= span.start && span.end <= reference.range.end;
        start <= span.start && span.end <= end && !inside
    });
    let mut found = Vec::new();
    for span in spans {
        let Some(symbol) = text.get(span.clone()).and_then(symbol) else {
            continue;
        };
        let behind = span.start >= reference.range.end;
        let gap = match behind {
            true => text.get(reference.range.end..span.start),
            false => text.get(span.end..reference.range.start),
        };
        let lower = gap.unwrap_or_default().to_lowercase();
        let gap = words(&lower);
        let rest = match behind {
            true => text.get(span.end..end).unwrap_or_default().to_lowercase(),
            false => text.get(start..span.start).unwrap_or_default().to_lowercase(),
        };
        let parenthesised = behind && lower.trim_start().starts_with('(') && gap.is_empty();
        if (!alone && !parenthesised) || gap.len() > 6 {
            continue;
        }
        // Before the name, a preposition must lead from the symbol to the place.
        let leads = behind
            || gap
                .last()
                .is_some_and(|word| matches!(*word, "in" | "at" | "on" | "of" | "from"));
        // `(x.py:12) … `name`` is of the sentence, not of the place.
        let apart = behind && !parenthesised && lower.trim_start().starts_with(')');
        let denied = apart || gap.iter().chain(words(&rest).iter()).any(|word| denies(word));
        if leads {
            found.push(Symbol {
                described: behind && !parenthesised,
                certain: symbol.certain && !denied,
                name: symbol.name,
            });
        }
    }
    found
}

/// Words by which a symbol may be wanting at its place.
fn denies(word: &str) -> bool {
    matches!(
        word,
        "missing"
            | "no"
            | "not"
            | "without"
            | "lacks"
            | "lack"
            | "instead"
            | "should"
            | "replace"
            | "replaced"
            | "replaces"
            | "replacing"
            | "add"
            | "added"
            | "never"
            | "removed"
            | "remove"
            | "removes"
            | "was"
            | "were"
            | "previously"
            | "need"
            | "needs"
            | "must"
            | "could"
            | "would"
            | "unused"
            | "absent"
            | "doesn't"
            | "doesn’t"
            | "via"
            | "like"
            | "unlike"
            | "than"
            | "similar"
            | "inherits"
            | "inherited"
            | "equivalent"
            | "see"
            | "before"
            | "after"
            | "renamed"
            | "moved"
            | "used"
            | "called"
            | "causes"
            | "causing"
            | "leads"
            | "triggers"
            | "affects"
            | "breaks"
            | "required"
            | "for"
            | "to"
            | "by"
            | "through"
            | "wrapper"
            | "around"
            | "avoids"
            | "avoid"
            | "during"
            | "while"
            | "prevents"
    )
}

/// The symbol that a code span is, if it is one.
fn symbol(span: &str) -> Option<Symbol> {
    let span = span.trim();
    let called = span.find('(').is_some_and(|open| open > 0 && span.ends_with(')'));
    let name = match span.split_once('(') {
        Some((name, _)) if called => name,
        _ => span,
    };
    let parts: Vec<&str> = name.split(['.', ':']).filter(|part| !part.is_empty()).collect();
    let identifier = |part: &&str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let literal = matches!(
        name,
        "None"
            | "True"
            | "False"
            | "null"
            | "nil"
            | "true"
            | "false"
            | "self"
            | "this"
            | "int"
            | "str"
            | "float"
            | "dict"
            | "list"
            | "bool"
            | "void"
            | "undefined"
            | "NaN"
            | "Any"
    );
    if name.len() < 3
        || literal
        || !parts.iter().all(identifier)
        || name.starts_with(['.', ':'])
        || name.ends_with(['.', ':'])
    {
        return None;
    }
    let mixed = name.chars().skip(1).any(char::is_uppercase) && name.chars().any(char::is_lowercase);
    let certain = called || name.contains(['_', '.', ':']) || mixed;
    Some(Symbol {
        name: name.to_owned(),
        certain,
        described: false,
    })
}
