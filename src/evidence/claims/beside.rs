//! The symbols in code spans that are beside a reference with lines.

use super::document::Block;
use super::reference::{Form, Reference};
use super::resolve::Symbol;
use super::says::{around, words};

/// The symbols in code spans that are beside a reference with lines.
pub(super) fn symbols(block: &Block, references: &[Reference], at: usize) -> Vec<Symbol> {
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
