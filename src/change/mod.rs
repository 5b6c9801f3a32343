//! What is being judged, as plain data: paths, tree entries, changed files, changed lines, commit messages.
//!
//! This module owns the vocabulary that the others share. It does no I/O and imports nothing of the crate.

mod path;

pub use path::{RepoPath, deceptive};

use std::fmt;

use serde::{Deserialize, Serialize};

/// The largest document that is read for what it says, in bytes: a certificate, a policy, a `.mailmap`, a file of values.
pub const MAX_DOCUMENT: u64 = 1024 * 1024;

/// A bit that no hexadecimal digit has.
const NO_DIGIT: u8 = 0x80;

/// The value of a hexadecimal digit.
const fn hex_digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        _ => NO_DIGIT,
    }
}

/// Bytes as hexadecimal digits, in small letters.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]));
    text
}

/// Reads the digits of exactly `N` bytes.
fn from_hex<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let pairs: &[[u8; 2]; N] = pairs.try_into().ok()?;
    let mut seen = 0;
    let bytes = pairs.map(|[high, low]| {
        let (high, low) = (hex_digit(high), hex_digit(low));
        seen |= high | low;
        high << 4 | low
    });
    (seen & NO_DIGIT == 0).then_some(bytes)
}

/// A git object id, see gitformat-hash(5).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ObjectId {
    /// SHA-1.
    Sha1([u8; 20]),
    /// SHA-256.
    Sha256([u8; 32]),
}

impl ObjectId {
    /// Takes the raw bytes of an id; the length is 20 or 32, else `None`.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let sha1 = bytes.try_into().map(Self::Sha1);
        sha1.or_else(|_| bytes.try_into().map(Self::Sha256)).ok()
    }

    /// Reads 40 or 64 hexadecimal digits, else `None`.
    pub fn from_hex(hex: &str) -> Option<Self> {
        match hex.len() {
            40 => from_hex(hex).map(Self::Sha1),
            _ => from_hex(hex).map(Self::Sha256),
        }
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }

    /// True for the id made of zeros, which git uses for "no such object" in hook input.
    pub fn is_zero(&self) -> bool {
        self.as_bytes().iter().all(|&byte| byte == 0)
    }

    /// The first ten hexadecimal digits, for people.
    pub fn short(&self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl From<[u8; 20]> for ObjectId {
    fn from(sha1: [u8; 20]) -> Self {
        Self::Sha1(sha1)
    }
}

impl From<[u8; 32]> for ObjectId {
    fn from(sha256: [u8; 32]) -> Self {
        Self::Sha256(sha256)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(self.as_bytes()))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A SHA-256 digest of content.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads 64 lower-case hexadecimal digits, else `None`.
    pub fn from_hex(hex: &str) -> Option<Self> {
        if hex.len() != 64 || hex.bytes().any(|b| !matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        from_hex(hex).map(Self)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The mode of a tree entry that can be certified, as git writes it in octal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// `100644` (git also has historical `100664`, which it treats as this).
    Regular,
    /// `100755`.
    Executable,
    /// `120000`; the content is the target path, never followed.
    Symlink,
    /// `160000`; a submodule, whose content is the commit id.
    Gitlink,
}

impl Mode {
    /// Reads a numeric mode; `None` for a directory or an unknown one.
    pub fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0o100_644 | 0o100_664 => Some(Self::Regular),
            0o100_755 => Some(Self::Executable),
            0o120_000 => Some(Self::Symlink),
            0o160_000 => Some(Self::Gitlink),
            _ => None,
        }
    }

    /// The six octal digits.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regular => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Gitlink => "160000",
        }
    }

    /// Reads six octal digits.
    pub fn parse(text: &str) -> Option<Self> {
        u32::from_str_radix(text, 8).ok().and_then(Self::from_raw)
    }
}

/// One side of a changed file: mode and object id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TreeEntry {
    /// The mode.
    pub mode: Mode,
    /// The blob id, or the commit id for [`Mode::Gitlink`].
    pub id: ObjectId,
}

/// A changed path. Renames are a deletion and an addition: nothing is detected, nothing guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The path, relative to the root of the repository.
    pub path: RepoPath,
    /// What is there now and what will.
    pub kind: ChangeKind,
}

/// How a path changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added(TreeEntry),
    /// It is gone.
    Deleted(TreeEntry),
    /// Content, mode or both differ.
    Modified {
        /// In the base.
        old: TreeEntry,
        /// In the head.
        new: TreeEntry,
    },
}

impl FileChange {
    /// The base's entry, if the path is in the base.
    pub fn before(&self) -> Option<&TreeEntry> {
        match &self.kind {
            ChangeKind::Added(_) => None,
            ChangeKind::Deleted(old) | ChangeKind::Modified { old, .. } => Some(old),
        }
    }

    /// The head's entry, if the path is in the head.
    pub fn after(&self) -> Option<&TreeEntry> {
        match &self.kind {
            ChangeKind::Deleted(_) => None,
            ChangeKind::Added(new) | ChangeKind::Modified { new, .. } => Some(new),
        }
    }
}

/// One end of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Snapshot {
    /// No commit at all: an unborn branch, or a ref that does not exist yet.
    Empty,
    /// A commit.
    Commit(ObjectId),
    /// The index: a commit in the making.
    Index,
}

/// A commit of the range, with its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitMessage {
    /// The commit; `None` for one in the making.
    pub id: Option<ObjectId>,
    /// The message as git would store it (for one in the making: comments and scissors stripped), in UTF-8 where its encoding is known.
    pub text: Vec<u8>,
    /// The encoding that the commit names for its message, where it is not known: nobody can tell what the text says.
    pub unread: Option<String>,
}

/// Base tree against head tree, plus the commit messages between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What the content is compared with: a merge base, HEAD, or nothing.
    pub base: Snapshot,
    /// What is merged.
    pub head: Snapshot,
    /// Changed files, sorted by path, each path once.
    pub files: Vec<FileChange>,
    /// Messages, newest first; empty where none is known yet (`pre-commit`).
    pub messages: Vec<CommitMessage>,
}

/// Which side of a diff a line is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Only in the base; its number counts lines of the old file.
    Removed,
    /// Only in the head; its number counts lines of the new file.
    Added,
}

/// A changed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedLine {
    /// The side.
    pub side: Side,
    /// The 1-based number on that side.
    pub number: u32,
    /// The content without its line ending, as bytes.
    pub text: Vec<u8>,
}

/// The changed lines of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileDiff {
    /// In the order of the diff.
    pub lines: Vec<ChangedLine>,
    /// The full old content; empty where there is none.
    pub old: Vec<u8>,
    /// The full new content; empty where there is none.
    pub new: Vec<u8>,
    /// True where a side is in UTF-16 or UTF-32 by its mark: lines and contents are then what it says, in UTF-8.
    pub decoded: bool,
    /// For a line that a policy gives as an example, the functions around it; there is nothing else of its file.
    pub sample: Option<Vec<String>>,
}

/// Why a diff cannot be had although the file is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The changed lines.
    Lines(FileDiff),
    /// The blob is larger than the limit for reading; a rule about its content is taken to match.
    TooLarge {
        /// Size in bytes.
        size: u64,
    },
    /// It has more lines than are compared; a rule about its content is taken to match.
    TooManyLines {
        /// How many both sides have.
        lines: u64,
    },
    /// Nothing to read: a submodule, or a change of mode alone.
    None,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_have_forty_or_sixty_four_digits() {
        let of = |digit: &str, times| ObjectId::from_hex(&digit.repeat(times));
        assert_eq!(of("aB", 20), Some(ObjectId::Sha1([0xab; 20])));
        assert_eq!(of("Fe", 32), Some(ObjectId::Sha256([0xfe; 32])));
        for (digit, times) in [
            ("a", 39),
            ("a", 41),
            ("a", 63),
            ("a", 65),
            ("a", 0),
            ("g", 40),
            ("/", 40),
            ("\u{e9}", 20),
        ] {
            assert_eq!(of(digit, times), None, "{times} times {digit}");
        }
        assert!(of("0", 40).is_some_and(|id| id.is_zero()));
        assert_eq!(
            Digest::from_hex(&"A".repeat(64)),
            None,
            "digests are written in small letters"
        );
    }

    proptest! {
        #[test]
        fn ids_read_back(sha1 in any::<[u8; 20]>(), sha256 in any::<[u8; 32]>()) {
            for id in [ObjectId::from(sha1), ObjectId::from(sha256)] {
                prop_assert_eq!(ObjectId::from_hex(&id.to_string()), Some(id.clone()));
                prop_assert_eq!(ObjectId::from_bytes(id.as_bytes()), Some(id));
            }
        }
    }
}
