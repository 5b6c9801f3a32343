//! Makes text from elsewhere harmless inside a certificate: it stays one line of prose and can neither open a section, a field, a
//! fence or a comment nor reach into the lines around it.

use std::iter::once;

use crate::diagnostic::sanitize;

/// Prose: folded to one line, Markdown escaped but for code spans that are complete.
pub(super) fn prose(text: &str) -> String {
    let folded = one_line(text);
    let pieces: Vec<&str> = folded.split('`').collect();
    // Single backticks in pairs are code spans; any other arrangement is taken literally.
    let mut inner = pieces.iter().skip(1).take(pieces.len().saturating_sub(2));
    let spans = pieces.len() % 2 == 1 && inner.all(|piece| !piece.is_empty());
    let mut out = String::with_capacity(folded.len() + 8);
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            out.push_str(if spans { "`" } else { "\\`" });
        }
        if spans && index % 2 == 1 {
            out.push_str(piece);
        } else {
            escape(piece, &mut out);
        }
    }
    guard_start(out)
}

/// A heading field's value, which is read as written: what Markdown could act on is replaced, not escaped.
pub(super) fn value(text: &str) -> String {
    let kept: String = one_line(text)
        .chars()
        .map(|c| {
            if matches!(c, '*' | '`' | '<' | '>' | '[' | ']' | '\\' | '|' | '~' | '&') {
                '-'
            } else {
                c
            }
        })
        .collect();
    kept.trim_matches([' ', '_']).to_owned()
}

/// A code span around any text.
pub(super) fn code(text: &str) -> String {
    let text = one_line(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Folds all white space, line breaks among it, to single blanks and shows what cannot be seen.
pub(super) fn one_line(text: &str) -> String {
    sanitize(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn escape(text: &str, out: &mut String) {
    let befores = once(None).chain(text.chars().map(Some));
    let afters = text.chars().skip(1).map(Some).chain(once(None));
    for ((before, c), after) in befores.zip(text.chars()).zip(afters) {
        let inside_word = before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
        if matches!(c, '\\' | '*' | '<' | '[' | ']') || (c == '_' && !inside_word) {
            out.push('\\');
        }
        out.push(c);
    }
}

/// What opens a block at the start of a line is escaped there.
fn guard_start(text: String) -> String {
    if text.starts_with(['#', '>', '-', '+', '=', '~', '|', ':']) {
        return format!("\\{text}");
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    match text.split_at_checked(digits) {
        Some((number, rest)) if digits > 0 && rest.starts_with(['.', ')']) => format!("{number}\\{rest}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_keeps_code_spans_and_nothing_else() {
        for (text, inert) in [
            ("plain gpu_memory text, 3 < 4", "plain gpu_memory text, 3 \\< 4"),
            ("see `src/a_*.py:1`", "see `src/a_*.py:1`"),
            ("`a` and `b`", "`a` and `b`"),
            ("a ` b", "a \\` b"),
            ("```\ncode\n```", "\\`\\`\\` code \\`\\`\\`"),
            ("## DECISION/OUTCOME", "\\## DECISION/OUTCOME"),
            ("**Status**: GO", "\\*\\*Status\\*\\*: GO"),
            ("1. x", "1\\. x"),
            ("- x\n\n- y", "\\- x - y"),
            ("<!-- x", "\\<!-- x"),
            ("src/__init__.py", "src/\\_\\_init\\_\\_.py"),
            ("a\u{1b}[2J\u{200b}", "a\\\\u{1b}\\[2J\\\\u{200b}"),
            ("", ""),
        ] {
            assert_eq!(prose(text), inert, "{text:?}");
        }
        assert_eq!(value("_a*b_\n<c>"), "a-b_ -c-");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
    }
}
