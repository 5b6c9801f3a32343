//! The name of the function around a line, as indentation and the words of lines tell, for people who read why a file has its score.

use std::collections::BTreeSet;

use super::line::{first_words, indentation, is_comment, is_definition};
use crate::change::{FileDiff, Side};

/// Lines shorter than this enclose nothing, in bytes.
const SHORT: usize = 3;
/// The most functions that are named of a diff.
const NAMES: usize = 64;
/// The most of a line that can name a function, in bytes.
const NAME: usize = 200;

/// The name of the function around a line, whether or not the change touches it.
pub(super) fn function_around(content: &[u8], number: u32) -> Option<String> {
    let lines: Vec<&[u8]> = content.split(|&byte| byte == b'\n').take(number as usize).collect();
    let (own, before) = lines.split_last()?;
    let mut least = indentation(own);
    let mut block = false;
    for line in before.iter().rev() {
        let trimmed = line.trim_ascii();
        let depth = indentation(line);
        block |= opens_block(line);
        if trimmed.len() < SHORT || depth >= least || is_comment(trimmed) {
            continue;
        }
        least = depth;
        match opened(trimmed, block && depth == 0) {
            None if depth == 0 => return None,
            None => {}
            name => return name,
        }
    }
    None
}

/// Whether a line is the brace, alone at the beginning, that the body of a function of C opens with.
pub(super) fn opens_block(line: &[u8]) -> bool {
    line.trim_ascii_end() == b"{"
}

/// The name of what a line opens, if it does: by what it says, or as its block is on a line below, at the beginning.
pub(super) fn opened(trimmed: &[u8], block: bool) -> Option<String> {
    let starts = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'*' | b':' | b'~');
    match block && trimmed.contains(&b'(') && trimmed.first().is_some_and(starts) {
        true => Some(called(&String::from_utf8_lossy(trimmed.get(..NAME).unwrap_or(trimmed))))
            .filter(|name| !name.is_empty()),
        false => defined(trimmed),
    }
}

/// The names of the functions that a diff changes something in.
pub fn functions_touched(diff: &FileDiff) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut last: Option<(Side, u32)> = None;
    for line in &diff.lines {
        let content = if line.side == Side::Added { &diff.new } else { &diff.old };
        // Of lines after one another the first one says where they are.
        let follows =
            last.is_some_and(|(side, number)| side == line.side && number.checked_add(1) == Some(line.number));
        last = Some((line.side, line.number));
        if !follows && names.len() < NAMES {
            names.extend(function_around(content, line.number));
        }
    }
    names
}

/// What a line defines, if it does and has a name for it.
fn defined(trimmed: &[u8]) -> Option<String> {
    let defines = is_definition(&first_words(trimmed), trimmed);
    let name = defines.then(|| name(&String::from_utf8_lossy(trimmed.get(..NAME).unwrap_or(trimmed))))?;
    (!name.is_empty()).then_some(name)
}

/// Whether a character may be part of a name.
fn part(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$' | '~')
}

/// The name that a line defines.
fn name(line: &str) -> String {
    let after = |keywords: &[&str]| {
        let mut words = line
            .match_indices(|character: char| !part(character))
            .map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(&mut words);
        starts.filter_map(|at| line.get(at..)).find_map(|rest| {
            let keyword = keywords.iter().find(|keyword| rest.starts_with(**keyword))?;
            rest.get(keyword.len()..).filter(|rest| !rest.starts_with(part))
        })
    };
    if let Some(rest) = after(&["fn", "def", "func", "function", "macro_rules"]) {
        // `func (r *Reader) Read(`, `function* all(`, `macro_rules! each {`.
        let rest = rest.trim_start_matches(['!', '*', ' ']);
        let rest = match rest.strip_prefix('(') {
            Some(receiver) => receiver.split_once(')').map_or("", |(_, rest)| rest),
            None => rest,
        };
        let rest = rest.trim_start();
        return rest
            .get(..rest.find(|character| !part(character)).unwrap_or(rest.len()))
            .unwrap_or_default()
            .to_owned();
    }
    if let Some(rest) = after(&["class", "struct", "impl", "trait", "enum", "interface"]) {
        let rest = match rest.strip_prefix('<') {
            Some(generic) => generic.split_once("> ").map_or("", |(_, rest)| rest),
            None => rest,
        };
        let end = rest.find(['(', '{', ':', '<', '=']).unwrap_or(rest.len());
        return rest.get(..end).unwrap_or_default().trim().to_owned();
    }
    called(line)
}

/// The name before the parentheses: `void Reader::read(int a) {`, `read(key) {`, `const read = (key) => {`.
fn called(line: &str) -> String {
    let before = line.split('(').next().unwrap_or_default();
    let before = before.split(" = ").next().unwrap_or_default().trim_end();
    let start = before
        .rfind(|character| !part(character) && character != ':')
        .map_or(0, |at| at + 1);
    before.get(start..).unwrap_or_default().trim_matches(':').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_define_names() {
        for (line, expected) in [
            ("pub(crate) async fn parse_loop<'a>(x: u8) -> u8 {", "parse_loop"),
            ("func (r *Reader) Read(p []byte) {", "Read"),
            ("def read(self):", "read"),
            ("export default async function* all() {", "all"),
            ("macro_rules! each {", "each"),
            ("class Reader(Base):", "Reader"),
            ("impl<T: Copy> Reader<T> for X {", "Reader"),
            ("impl Iterator for Rows {", "Iterator for Rows"),
            ("void Reader::read(int a) {", "Reader::read"),
            ("read(key) {", "read"),
            ("const read = (key) => {", "read"),
            ("größe(x) {", "größe"),
            ("template <typename T>", ""),
            ("fn", ""),
            ("func (", ""),
        ] {
            assert_eq!(name(line), expected, "{line}");
        }
    }

    #[test]
    fn the_nearest_definition_is_around() {
        let content = b"impl Reader {\n    pub fn scan(&self) {\n        for row in rows {\n\n            slow();\n        }\n    }\n}\nfast();\n";
        assert_eq!(function_around(content, 5).as_deref(), Some("scan"));
        assert_eq!(function_around(content, 2).as_deref(), Some("Reader"));
        assert_eq!(function_around(content, 9), None);
        assert_eq!(function_around(content, 0), None);
        assert_eq!(function_around(b"", 7), None);
        let c = b"int other;\n\nstatic struct entry *look_up(struct table *table,\n\t\t\t     const char *key)\n{\n\tfor (;;) {\n\t\twalk();\n\t}\n}\n";
        assert_eq!(function_around(c, 7).as_deref(), Some("look_up"));
        assert_eq!(
            function_around(b"struct row\n{\n\tint a;\n};\n", 3).as_deref(),
            Some("row")
        );
    }
}
