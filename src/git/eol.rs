//! What git stores of a file of the work tree: its line endings, as attributes and configuration turn them (gitattributes(5), `text` and
//! `eol`; `convert.c` in git's source). Filter drivers are not run.

use std::ffi::OsStr;

use super::{Blob, GitError, Repository};
use crate::change::{RepoPath, Snapshot};
use crate::diagnostic::Code;

/// Largest content of the index that is looked at for its line endings.
const LIMIT: u64 = 16 << 20;

/// When git turns CRLF into LF as a file is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Never,
    /// Where the content looks like text, and what is stored has no CRLF.
    IfText,
    Always,
}

impl Repository {
    /// The bytes that `git add` would store for what is at a path of the work tree.
    pub fn as_stored(&self, path: &RepoPath, bytes: Vec<u8>) -> Result<Vec<u8>, GitError> {
        if !has_crlf(&bytes) {
            return Ok(bytes);
        }
        let stored = match self.entry(&Snapshot::Index, path) {
            Ok(Some(entry)) => match self.blob(&entry.id, LIMIT) {
                Ok(Blob::Content(stored)) => Some(stored),
                _ => None,
            },
            // Of a path in conflict nothing is stored yet.
            Err(error) if error.code() != Code::CG713 => return Err(error),
            _ => None,
        };
        if stored.as_ref() == Some(&bytes) {
            return Ok(bytes);
        }
        Ok(match self.turn(path)? {
            Turn::Never => bytes,
            Turn::IfText if is_binary(&bytes) || stored.is_some_and(|stored| has_crlf(&stored)) => bytes,
            Turn::IfText | Turn::Always => with_lf(&bytes),
        })
    }

    /// Whether git may turn the line endings of a path here.
    pub fn turns_line_endings(&self, path: &RepoPath) -> Result<bool, GitError> {
        Ok(self.turn(path)? != Turn::Never)
    }

    fn turn(&self, path: &RepoPath) -> Result<Turn, GitError> {
        let Some(root) = self.work_tree() else {
            return Ok(Turn::Never);
        };
        let path = root.join(path.as_path());
        let mut question: Vec<&OsStr> = ["check-attr", "-z", "text", "crlf", "eol", "--"]
            .map(OsStr::new)
            .to_vec();
        question.push(path.as_os_str());
        let told = self.runner.read(&question)?;
        // Path, attribute and value, each ended by NUL.
        let words: Vec<&[u8]> = told.split(|&byte| byte == 0).collect();
        let value = |name: &str| {
            let found = words.chunks_exact(3).find_map(|line| match line {
                [_, attribute, value] if *attribute == name.as_bytes() => Some(*value),
                _ => None,
            });
            std::str::from_utf8(found.unwrap_or_default()).unwrap_or_default()
        };
        let configured = self.config("core.autocrlf")?.unwrap_or_default().to_ascii_lowercase();
        let configured = ["true", "yes", "on", "1", "input"].contains(&configured.as_str());
        Ok(turn(value("text"), value("crlf"), value("eol"), configured))
    }
}

/// The rule that the attributes and `core.autocrlf` give.
fn turn(text: &str, crlf: &str, eol: &str, configured: bool) -> Turn {
    // `crlf` is the older name of `text`, which wins.
    let text = match (text, crlf) {
        ("set" | "unset" | "auto" | "input", _) => text,
        (_, "set" | "unset" | "auto" | "input") => crlf,
        _ => "",
    };
    match (text, eol) {
        ("unset", _) => Turn::Never,
        ("auto", _) => Turn::IfText,
        ("set" | "input", _) | (_, "lf" | "crlf") => Turn::Always,
        _ if configured => Turn::IfText,
        _ => Turn::Never,
    }
}

fn has_crlf(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\r\n")
}

fn with_lf(bytes: &[u8]) -> Vec<u8> {
    let mut turned = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\r' || rest.peek() != Some(&b'\n') {
            turned.push(byte);
        }
    }
    turned
}

/// Whether git takes content for binary: a NUL, a carriage return by itself, or more than one control character in 128.
fn is_binary(bytes: &[u8]) -> bool {
    let lone = |at: usize| bytes.get(at + 1) != Some(&b'\n');
    if bytes
        .iter()
        .enumerate()
        .any(|(at, byte)| *byte == 0 || (*byte == b'\r' && lone(at)))
    {
        return true;
    }
    let content = bytes.strip_suffix(b"\x1a").unwrap_or(bytes);
    let odd = |byte: &u8| *byte == 0x7f || (*byte < b' ' && !b"\x08\t\n\x0c\r\x1b".contains(byte));
    let control = content.iter().filter(|byte| odd(byte)).count();
    let breaks = content.iter().filter(|byte| b"\r\n".contains(byte)).count();
    ((content.len() - control - breaks) >> 7) < control
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_win_over_configuration() {
        for (text, crlf, eol, configured, expected) in [
            ("unspecified", "unspecified", "unspecified", false, Turn::Never),
            ("unspecified", "unspecified", "unspecified", true, Turn::IfText),
            ("unset", "set", "crlf", true, Turn::Never),
            ("auto", "unspecified", "unspecified", false, Turn::IfText),
            ("auto", "unspecified", "crlf", false, Turn::IfText),
            ("set", "unset", "unspecified", false, Turn::Always),
            ("unspecified", "unspecified", "crlf", false, Turn::Always),
            ("unspecified", "input", "unspecified", false, Turn::Always),
            ("unspecified", "unset", "lf", true, Turn::Never),
        ] {
            assert_eq!(
                turn(text, crlf, eol, configured),
                expected,
                "{text} {crlf} {eol} {configured}"
            );
        }
    }

    #[test]
    fn only_line_ends_are_turned() {
        assert_eq!(with_lf(b"a\r\nb\rc\r\r\n\r"), b"a\nb\rc\r\n\r");
        assert!(!is_binary("# T\u{e9}xt\r\n\tx\r\n".as_bytes()));
        assert!(is_binary(b"a\rb\r\n") && is_binary(b"a\0\r\n") && is_binary(b"\x01\r\n"));
    }
}
