//! The changed lines of one file, and the functions they stand in.
//!
//! Content is compared as the objects hold it: no filters, attributes, textconv or whitespace rules, and all of it as text.

use imara_diff::{Algorithm, Diff, InternedInput};

use super::funcname::Language;
use super::store::{Blob, Store};
use super::{GitError, Repository};
use crate::change::{ChangedLine, Content, Entry, FileChange, FileDiff, Mode, RepoPath, Side};
use crate::progress::{self, Count};

/// The size in bytes above which a side of a file is not read for its lines.
pub const CONTENT_LIMIT: u64 = 32 << 20;

/// How many lines both sides of a file may have to be compared: each takes some seventy bytes, however short it is.
const LINE_LIMIT: u64 = 1 << 20;

impl Repository {
    /// The changed lines of a file; with their enclosing functions only `with_functions`, since that reads both sides to the end.
    pub fn content(&self, file: &FileChange, with_functions: bool) -> Result<Content, GitError> {
        progress::count(Count::FilesRead, 1);
        content(&self.store, file, with_functions)
    }
}

/// The side of a file that has content of its own: a submodule is an id.
pub(super) fn readable(entry: Option<&Entry>) -> Option<&Entry> {
    entry.filter(|entry| entry.mode != Mode::Gitlink)
}

fn content(store: &Store, file: &FileChange, with_functions: bool) -> Result<Content, GitError> {
    let (old, new) = (readable(file.before()), readable(file.after()));
    if old.map(|entry| &entry.id) == new.map(|entry| &entry.id) {
        return Ok(Content::None);
    }
    let mut sides = [Vec::new(), Vec::new()];
    for (side, entry) in sides.iter_mut().zip([old, new]) {
        if let Some(entry) = entry {
            match store.blob(store.oid(&entry.id, "content of a file")?, CONTENT_LIMIT)? {
                Blob::Content(content) => *side = content,
                Blob::TooLarge { size } => return Ok(Content::TooLarge { size }),
            }
        }
    }
    let [old, new] = &sides;
    Ok(changed_lines(&file.path, old, new, with_functions))
}

/// The changed lines between two contents of a file, unless there are too many.
pub(super) fn changed_lines(path: &RepoPath, old: &[u8], new: &[u8], with_functions: bool) -> Content {
    let lines = count(old) + count(new);
    if lines > LINE_LIMIT {
        return Content::TooManyLines { lines };
    }
    Content::Lines(compared(path, old, new, with_functions))
}

/// How many lines a content has.
fn count(content: &[u8]) -> u64 {
    let breaks = content.iter().filter(|&&byte| byte == b'\n').count() as u64;
    breaks + u64::from(!content.is_empty() && !content.ends_with(b"\n"))
}

fn compared(path: &RepoPath, old: &[u8], new: &[u8], with_functions: bool) -> FileDiff {
    let mut diff = FileDiff {
        lines: lines(old, new),
        contexts: Vec::new(),
    };
    if with_functions {
        let language = Language::of(path);
        let mut contexts = Contexts::default();
        for (side, content) in [(Side::Removed, old), (Side::Added, new)] {
            contexts.find(language, side, content, &mut diff.lines);
        }
        diff.contexts = contexts.names;
    }
    diff
}

/// Splits content into lines without their endings.
fn split(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split_inclusive(|&b| b == b'\n').map(bare)
}

/// A line without its ending.
fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn lines(old: &[u8], new: &[u8]) -> Vec<ChangedLine> {
    let whole = |side, content| {
        let numbered = (1..).zip(split(content));
        numbered.map(|(number, text)| line(side, number, text)).collect()
    };
    if old.is_empty() {
        return whole(Side::Added, new);
    }
    if new.is_empty() {
        return whole(Side::Removed, old);
    }
    let input = InternedInput::new(old, new);
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_lines(&input);
    let mut lines = Vec::new();
    for hunk in diff.hunks() {
        for (side, tokens, range) in [
            (Side::Removed, &input.before, hunk.before),
            (Side::Added, &input.after, hunk.after),
        ] {
            let numbered =
                (range.start + 1..).zip(tokens.get(range.start as usize..range.end as usize).unwrap_or_default());
            lines.extend(numbered.map(|(number, &token)| line(side, number, bare(input.interner[token]))));
        }
    }
    lines
}

fn line(side: Side, number: u32, text: &[u8]) -> ChangedLine {
    ChangedLine {
        side,
        number,
        text: text.to_vec(),
        context: None,
    }
}

/// The enclosing functions of lines, each list of names once.
#[derive(Default)]
struct Contexts {
    names: Vec<Vec<String>>,
    index: std::collections::HashMap<Vec<String>, u32>,
}

/// A function line above the current one.
struct Frame {
    indent: usize,
    names: Vec<String>,
}

impl Contexts {
    /// Reads one side from the top to its last changed line. The lines of one side are in ascending order.
    fn find(&mut self, language: Language, side: Side, content: &[u8], lines: &mut [ChangedLine]) {
        let mut changed = lines.iter_mut().filter(|line| line.side == side).peekable();
        let mut frames: Vec<Frame> = Vec::new();
        let mut current = None;
        for (number, text) in (1..).zip(split(content)) {
            if changed.peek().is_none() {
                return;
            }
            if let Some(names) = language.function(text) {
                let indent = indent(text);
                while frames.last().is_some_and(|frame| frame.indent >= indent) {
                    frames.pop();
                }
                frames.push(Frame { indent, names });
                current = None;
            }
            while let Some(line) = changed.next_if(|line| line.number <= number) {
                if current.is_none() {
                    current = self.intern(&frames);
                }
                line.context = current;
            }
        }
    }

    fn intern(&mut self, frames: &[Frame]) -> Option<u32> {
        let names: Vec<String> = frames
            .iter()
            .rev()
            .flat_map(|frame| frame.names.iter().cloned())
            .collect();
        if names.is_empty() {
            return None;
        }
        if let Some(&at) = self.index.get(&names) {
            return Some(at);
        }
        let at = u32::try_from(self.names.len()).ok()?;
        self.names.push(names.clone());
        self.index.insert(names, at);
        Some(at)
    }
}

/// The columns of white space that a line begins with; a tab goes to the next multiple of eight.
fn indent(line: &[u8]) -> usize {
    let blank = line.iter().take_while(|&&b| b == b' ' || b == b'\t');
    blank.fold(0, |column, &b| if b == b'\t' { column / 8 * 8 + 8 } else { column + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::RepoPath;
    use proptest::prelude::*;

    fn context(path: &str, content: &str, number: u32) -> Vec<String> {
        let mut lines = [line(Side::Added, number, b"")];
        let mut contexts = Contexts::default();
        contexts.find(
            Language::of(&RepoPath::from(path)),
            Side::Added,
            content.as_bytes(),
            &mut lines,
        );
        let at = lines[0].context;
        at.map(|at| contexts.names[at as usize].clone()).unwrap_or_default()
    }

    #[test]
    fn finds_the_chain_of_enclosing_functions() {
        let python = "import os\nclass A:\n    def f(self):\n        def g():\n            pass\n        return g\n    async def h(self):\n        pass\n";
        assert_eq!(context("a.py", python, 1), Vec::<String>::new());
        assert_eq!(context("a.py", python, 2), ["A"]);
        assert_eq!(context("a.py", python, 5), ["g", "f", "A"]);
        assert_eq!(context("a.py", python, 8), ["h", "A"]);
        let rust = "mod m {\n    impl<T> Shape for Square<T> {\n        pub(crate) async fn area(&self) -> f64 {\n            0.0\n";
        assert_eq!(context("a.rs", rust, 4), ["area", "Square", "m"]);
    }

    #[test]
    fn lines_have_no_endings_and_right_numbers() {
        let found = lines(b"a\r\nb\nc\n", b"a\r\nB\nc\nd");
        let shown: Vec<_> = found.iter().map(|l| (l.side, l.number, l.text.as_slice())).collect();
        assert_eq!(
            shown,
            [
                (Side::Removed, 2, &b"b"[..]),
                (Side::Added, 2, b"B"),
                (Side::Added, 4, b"d")
            ]
        );
        assert_eq!(lines(b"", b"x\r\n\n").len(), 2);
        assert_eq!(lines(b"a\0b\n", b"a\0c\n").len(), 2, "binary content is text too");
    }

    #[test]
    fn too_many_lines_are_not_compared() {
        let path = RepoPath::from("a");
        let half = b"\n".repeat((LINE_LIMIT / 2) as usize);
        assert!(matches!(changed_lines(&path, b"", &half, false), Content::Lines(_)));
        let more = [half.as_slice(), b"a"].concat();
        let lines = LINE_LIMIT + 1;
        assert_eq!(
            changed_lines(&path, &half, &more, false),
            Content::TooManyLines { lines }
        );
    }

    proptest! {
        #[test]
        fn applying_the_lines_gives_the_new_content(old in "[ab\n]{0,40}", new in "[ab\n]{0,40}") {
            let found = lines(old.as_bytes(), new.as_bytes());
            let whole = |text: &str| split(text.as_bytes()).map(<[u8]>::to_vec).collect::<Vec<_>>();
            let removed: Vec<u32> = found.iter().filter(|l| l.side == Side::Removed).map(|l| l.number).collect();
            let mut kept: Vec<Vec<u8>> =
                (1u32..).zip(whole(&old)).filter(|(n, _)| !removed.contains(n)).map(|(_, text)| text).collect();
            for line in found.iter().filter(|l| l.side == Side::Added) {
                kept.insert(line.number as usize - 1, line.text.clone());
            }
            prop_assert_eq!(kept, whole(&new));
        }

        #[test]
        fn contexts_never_panic(content in proptest::collection::vec(any::<u8>(), 0..200), name in "[a-z]\\.(py|rs|go|c|java|kt|cs|ts|php|rb|txt)") {
            let mut found = lines(b"", &content);
            let mut contexts = Contexts::default();
            contexts.find(Language::of(&RepoPath::from(name.as_str())), Side::Added, &content, &mut found);
        }
    }
}
