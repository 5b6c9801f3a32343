//! Paths of a repository: bytes, as git has them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A path relative to the root of the repository: bytes without NUL, separated by `/`, as in a tree object.
///
/// It is not necessarily UTF-8 and may hold any control character. [`fmt::Display`] quotes as git does (`core.quotePath`), so
/// what it prints is safe for a terminal and can be read back by [`RepoPath::unquote`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RepoPath(Vec<u8>);

impl RepoPath {
    /// Wraps the bytes of a path.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as an operating-system path, relative.
    pub fn as_path(&self) -> &std::path::Path {
        use std::os::unix::ffi::OsStrExt as _;
        std::path::Path::new(std::ffi::OsStr::from_bytes(&self.0))
    }

    /// The last component.
    pub fn file_name(&self) -> &[u8] {
        self.0.rsplit(|&b| b == b'/').next().unwrap_or_default()
    }

    /// The bytes after the last `.` of the file name, if any.
    pub fn extension(&self) -> Option<&[u8]> {
        let name = self.file_name();
        let dot = name.iter().rposition(|&b| b == b'.')?;
        name.get(dot + 1..).filter(|_| dot > 0)
    }

    /// True when the path lies below `directory` (no trailing slash) or equals it.
    pub fn is_within(&self, directory: &[u8]) -> bool {
        directory.is_empty()
            || self
                .0
                .strip_prefix(directory)
                .is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
    }

    /// The path as a word of a POSIX shell: plain, in single quotes, or, where it holds what must not be printed, by printf(1).
    pub fn for_shell(&self) -> String {
        let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(b);
        let dot = if self.0.first() == Some(&b'-') { "./" } else { "" };
        if !self.0.is_empty() && self.0.iter().all(plain) {
            return format!("{dot}{self}");
        }
        let text = std::str::from_utf8(&self.0)
            .ok()
            .filter(|text| !text.chars().any(deceptive));
        if let Some(text) = text {
            return format!("'{dot}{}'", text.replace('\'', "'\\''"));
        }
        let octal = |b: &u8| match b {
            b' ' | b'-' | b'_' | b'.' | b'/' => char::from(*b).to_string(),
            b if b.is_ascii_alphanumeric() => char::from(*b).to_string(),
            b => format!("\\{b:03o}"),
        };
        format!("\"$(printf '{dot}{}')\"", self.0.iter().map(octal).collect::<String>())
    }

    /// Reads what [`fmt::Display`] writes: a plain path, or one in double quotes with C escapes (git-config(1), `core.quotePath`).
    pub fn unquote(text: &str) -> Option<Self> {
        let Some(inner) = text.strip_prefix('"') else {
            return (!text.is_empty()).then(|| Self::new(text.as_bytes()));
        };
        let inner = inner.strip_suffix('"')?;
        let mut bytes = Vec::with_capacity(inner.len());
        let mut rest = inner.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'"' {
                return None;
            }
            if byte != b'\\' {
                bytes.push(byte);
                continue;
            }
            bytes.push(match rest.next()? {
                b'a' => 7,
                b'b' => 8,
                b't' => 9,
                b'n' => 10,
                b'v' => 11,
                b'f' => 12,
                b'r' => 13,
                b'"' => b'"',
                b'\\' => b'\\',
                first @ b'0'..=b'3' => {
                    let mut digit = || rest.next().filter(|b| (b'0'..=b'7').contains(b)).map(|b| b - b'0');
                    (first - b'0') * 64 + digit()? * 8 + digit()?
                }
                _ => return None,
            });
        }
        (!bytes.is_empty()).then_some(Self(bytes))
    }
}

impl From<&str> for RepoPath {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

/// True for characters that could fool a terminal, a log or a reader's eye: controls, bidi marks, zero-width ones.
pub fn deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        let plain =
            std::str::from_utf8(&self.0).is_ok_and(|text| !text.chars().any(|c| deceptive(c) || c == '"' || c == '\\'));
        if plain {
            return f.write_str(&String::from_utf8_lossy(&self.0));
        }
        f.write_char('"')?;
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '"' => f.write_str("\\\"")?,
                    '\\' => f.write_str("\\\\")?,
                    '\n' => f.write_str("\\n")?,
                    '\t' => f.write_str("\\t")?,
                    '\r' => f.write_str("\\r")?,
                    c if deceptive(c) => {
                        let mut buffer = [0; 4];
                        c.encode_utf8(&mut buffer)
                            .bytes()
                            .try_for_each(|b| write!(f, "\\{b:03o}"))?;
                    }
                    c => f.write_char(c)?,
                }
            }
            chunk.invalid().iter().try_for_each(|b| write!(f, "\\{b:03o}"))?;
        }
        f.write_char('"')
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_what_could_fool_a_reader() {
        assert_eq!(RepoPath::from("src/a b.rs").to_string(), "src/a b.rs");
        assert_eq!(RepoPath::from("é.rs").to_string(), "é.rs");
        assert_eq!(
            RepoPath::new(b"a\x1b[31m\n\xff".to_vec()).to_string(),
            r#""a\033[31m\n\377""#
        );
        assert_eq!(RepoPath::from("a\u{202e}b").to_string(), r#""a\342\200\256b""#);
    }

    #[test]
    fn makes_words_for_the_shell() {
        assert_eq!(RepoPath::from("src/a.rs").for_shell(), "src/a.rs");
        assert_eq!(RepoPath::from("-rf").for_shell(), "./-rf");
        assert_eq!(RepoPath::from("it's \"b\"").for_shell(), r#"'it'\''s "b"'"#);
        assert_eq!(
            RepoPath::new(b"a\x1b%\xff".to_vec()).for_shell(),
            r#""$(printf 'a\033\045\377')""#
        );
    }

    #[test]
    fn knows_extension_and_directory() {
        assert_eq!(RepoPath::from("a/b.tar.gz").extension(), Some(&b"gz"[..]));
        assert_eq!(RepoPath::from("a/.gitignore").extension(), None);
        assert!(RepoPath::from("src/a.rs").is_within(b"src"));
        assert!(!RepoPath::from("srcs/a.rs").is_within(b"src"));
    }

    proptest! {
        #[test]
        fn display_reads_back(bytes in proptest::collection::vec(1u8..=255, 1..40)) {
            let path = RepoPath::new(bytes);
            prop_assert_eq!(RepoPath::unquote(&path.to_string()), Some(path));
        }

        #[test]
        fn display_is_harmless(bytes in proptest::collection::vec(any::<u8>(), 1..40)) {
            prop_assert!(!RepoPath::new(bytes).to_string().chars().any(deceptive));
        }
    }
}
