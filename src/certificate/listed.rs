//! What the lines of a block have in common that list content by digest: a SUBJECT and a section BENCHMARKS.

use std::ops::Range;

use super::outline::{Fence, Outline};
use crate::change::{Digest, RepoPath};

/// Reads `sha256:HEX`.
///
/// # Errors
///
/// Anything else, with the reason.
pub(super) fn digest(text: &str) -> Result<Digest, &'static str> {
    text.strip_prefix("sha256:")
        .and_then(Digest::from_hex)
        .ok_or("the content is not `sha256:` and 64 hexadecimal digits in small letters")
}

/// Reads the path of a file in a repository, quoted as git quotes it.
///
/// # Errors
///
/// Anything else, with the reason.
pub(super) fn path(text: &str) -> Result<RepoPath, &'static str> {
    let path = RepoPath::unquote(text)
        .filter(|read| read.to_string() == text)
        .ok_or("the path is not quoted as git quotes it")?;
    let sound = path
        .as_bytes()
        .split(|byte| *byte == b'/')
        .all(|part| !matches!(part, b"" | b"." | b"..") && !part.contains(&0));
    match sound {
        true => Ok(path),
        false => Err("the path is not one of a repository: it is absolute or has an empty, `.` or `..` part"),
    }
}

/// Where a line of a block is in the document, counted from 0.
pub(super) fn line_of(outline: &Outline<'_>, block: &Fence, line: usize) -> Range<usize> {
    let mut at = block.range.start;
    for _ in 0..=line {
        at = outline.next_line(at);
    }
    let at = at.min(block.range.end.saturating_sub(1)).max(block.range.start);
    at..outline.line_end(at)
}
