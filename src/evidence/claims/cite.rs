//! Claims about files: what is said of a reference (that it is there, that it is missing, that it should be made), and which symbols
//! are given with it.

use super::beside::symbols;
use super::document::{Block, Document};
use super::judge::Outcome;
use super::reference::{Form, Reference, is_source};
use super::resolve::{Check, Located, Symbol, check, locate};
use super::says::{Says, Setting, says, stands_first};
use super::tree::Tree;
use super::{ClaimKind, Label, Value};

/// The two trees: the certified one and its parent.
#[derive(Clone, Copy)]
pub(super) struct Trees<'t> {
    pub(super) head: &'t dyn Tree,
    pub(super) base: Option<&'t dyn Tree>,
}

/// A claim about a reference; `past` reports an end one past the last line.
pub(super) struct Cited {
    pub(super) outcome: Outcome,
    pub(super) past: bool,
}

/// Where absolute paths lead into the trees: what is before the tail that a tree has.
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
