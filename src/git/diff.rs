//! The changed lines of one file.
//!
//! Content is compared as the objects hold it: no filters, attributes, textconv or whitespace rules, and all of it as text. Only what
//! says by its mark that it is UTF-16 or UTF-32 is decoded.

use imara_diff::{Algorithm, Diff, InternedInput};

use super::decode::decoded;
use super::store::{Blob, Store};
use super::{GitError, Repository};
use crate::change::{ChangedLine, Content, FileChange, FileDiff, Mode, Side, TreeEntry};
use crate::progress::{self, Count};

/// The size in bytes above which a side of a file is not read for its lines.
pub const CONTENT_LIMIT: u64 = 32 << 20;

/// How many lines both sides of a file may have to be compared: each takes some seventy bytes, however short it is.
const LINE_LIMIT: u64 = 1 << 20;

impl Repository {
    /// The changed lines of a file, and what it holds on both sides.
    pub fn content(&self, file: &FileChange) -> Result<Content, GitError> {
        progress::count(Count::FilesRead, 1);
        content(&self.store, file, CONTENT_LIMIT).map_err(|error| error.of_file(&file.path))
    }

    /// The same, where both sides have at most so many bytes.
    pub fn content_within(&self, file: &FileChange, limit: u64) -> Result<Content, GitError> {
        progress::count(Count::FilesRead, 1);
        content(&self.store, file, limit).map_err(|error| error.of_file(&file.path))
    }
}

/// The side of a file that has its own content: a submodule is an id.
pub(super) fn readable(entry: Option<&TreeEntry>) -> Option<&TreeEntry> {
    entry.filter(|entry| entry.mode != Mode::Gitlink)
}

fn content(store: &Store, file: &FileChange, limit: u64) -> Result<Content, GitError> {
    let (old, new) = (readable(file.before()), readable(file.after()));
    if old.map(|entry| &entry.id) == new.map(|entry| &entry.id) {
        return Ok(Content::None);
    }
    let mut sides = [Vec::new(), Vec::new()];
    for (side, entry) in sides.iter_mut().zip([old, new]) {
        if let Some(entry) = entry {
            match store.blob(store.oid(&entry.id, "content of a file")?, limit)? {
                Blob::Content(content) => *side = content,
                Blob::TooLarge { size } => return Ok(Content::TooLarge { size }),
            }
        }
    }
    let [old, new] = sides;
    Ok(changed_lines(old, new))
}

/// The changed lines between two contents of a file, unless there are too many.
pub(super) fn changed_lines(old: Vec<u8>, new: Vec<u8>) -> Content {
    let texts = (decoded(&old), decoded(&new));
    let decoded = texts.0.is_some() || texts.1.is_some();
    let (old, new) = (texts.0.unwrap_or(old), texts.1.unwrap_or(new));
    let count = count(&old) + count(&new);
    if count > LINE_LIMIT {
        return Content::TooManyLines { lines: count };
    }
    Content::Lines(FileDiff {
        lines: lines(&old, &new),
        old,
        new,
        decoded,
        sample: None,
    })
}

/// How many lines a content has.
fn count(content: &[u8]) -> u64 {
    let breaks = content.iter().filter(|&&byte| byte == b'\n').count() as u64;
    breaks + u64::from(!content.is_empty() && !content.ends_with(b"\n"))
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        let half = b"\n".repeat((LINE_LIMIT / 2) as usize);
        assert!(matches!(changed_lines(Vec::new(), half.clone()), Content::Lines(_)));
        let more = [half.as_slice(), b"a"].concat();
        let lines = LINE_LIMIT + 1;
        assert_eq!(changed_lines(half, more), Content::TooManyLines { lines });
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
    }
}
