//! Content that a pattern could not see as written: another encoding, escapes, look-alike letters, lines that continue in the next.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

use super::languages::declared_encoding;
use crate::change::{ChangedLine, RepoPath, Side};

/// Pictures, fonts and archives: bytes that no compiler takes for a text.
const BINARY: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "webp", "ico", "bmp", "tiff", "pdf", "woff", "woff2", "ttf", "otf", "eot", "zip",
    "gz", "xz", "bz2", "zst", "7z", "tar", "mp3", "mp4", "webm", "wav", "ogg", "flac", "mov",
];

/// Encodings in which every ASCII character is what it is in ASCII, and no other character holds its byte.
const LIKE_ASCII: &[&str] = &[
    "utf-8", "utf8", "utf_8", "ascii", "us-ascii", "latin-1", "latin1", "latin_1",
];
const LIKE_ASCII_FAMILIES: &[&str] = &[
    "iso-8859-",
    "iso8859-",
    "iso_8859_",
    "cp125",
    "windows-125",
    "koi8-",
    "euc-",
    "euc_",
];

/// Why patterns cannot be tried on a content, if they cannot.
/// Whether a file is a picture, a font or an archive by its name, which nobody reads as text.
pub fn is_unread_by_nature(path: &RepoPath) -> bool {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    BINARY.iter().any(|known| known.as_bytes() == extension)
}

pub(super) fn unreadable(path: &RepoPath, content: &[u8]) -> Option<&'static str> {
    if is_unread_by_nature(path) {
        return None;
    }
    let declared = declared_encoding(content);
    let like_ascii = declared.as_ref().map(|name| {
        LIKE_ASCII.contains(&name.as_str()) || LIKE_ASCII_FAMILIES.iter().any(|family| name.starts_with(family))
    });
    if like_ascii == Some(false) {
        return Some("declared to be in an encoding that certgate does not read");
    }
    if content.contains(&0) {
        return Some("with NUL bytes: binary, or UTF-16 without a mark");
    }
    let known = like_ascii == Some(true) || std::str::from_utf8(content).is_ok();
    (!known).then_some("not in UTF-8 or any encoding that it says it is in")
}

/// The lines, and beside those that may be read in another way, how they are: on the same side, with the same number.
pub(super) fn spelled<'l>(lines: &'l [ChangedLine], counts: &'l [bool], old: &[u8], new: &[u8]) -> Spelled<'l> {
    let mut more = Vec::new();
    let sides = [Joined::of(old), Joined::of(new)];
    for (line, counts) in lines.iter().zip(counts) {
        let [removed, added] = &sides;
        let joined = match line.side {
            Side::Removed => removed,
            Side::Added => added,
        };
        let whole = joined.around(line.number);
        for text in [
            variant(&line.text),
            whole.clone(),
            whole.and_then(|whole| variant(&whole)),
        ] {
            more.extend(text.map(|text| {
                let line = ChangedLine {
                    text,
                    side: line.side,
                    number: line.number,
                };
                (line, *counts)
            }));
        }
    }
    if more.is_empty() {
        return (Cow::Borrowed(lines), Cow::Borrowed(counts));
    }
    let (extra, flags): (Vec<_>, Vec<_>) = more.into_iter().unzip();
    ([lines, &extra].concat().into(), [counts, &flags].concat().into())
}

/// Lines and whether each counts.
type Spelled<'l> = (Cow<'l, [ChangedLine]>, Cow<'l, [bool]>);

/// A line with its escapes resolved and letters in their plain form, where that is another one: `\u0074orch` and `ｔorch` are both `torch`
/// to some compiler.
fn variant(text: &[u8]) -> Option<Vec<u8>> {
    let escapes = text.contains(&b'\\') && text.windows(2).any(|two| two == b"\\u" || two == b"\\U");
    if text.is_ascii() && !escapes {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    let resolved = match escapes {
        true => unescaped(text),
        false => text.to_owned(),
    };
    let plain: String = resolved.nfkc().collect();
    (plain != text).then(|| plain.into_bytes())
}

/// With `\uXXXX`, `\UXXXXXXXX` and `\u{X…}` as the characters that they stand for.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\u").into_iter().chain(rest.find("\\U")).min() {
        plain.push_str(rest.get(..at).unwrap_or_default());
        let escape = rest.get(at..).unwrap_or_default();
        let long = escape.starts_with("\\U");
        let digits = escape.trim_start_matches('\\').trim_start_matches(['u', 'U']);
        let (hex, after) = match digits.strip_prefix('{') {
            Some(inner) => inner.split_once('}').unwrap_or((inner, "")),
            None => digits
                .split_at_checked(if long { 8 } else { 4 })
                .unwrap_or(("", digits)),
        };
        match u32::from_str_radix(hex, 16).ok().and_then(char::from_u32) {
            Some(character) => {
                plain.push(character);
                rest = after;
            }
            None => {
                plain.push_str(escape.get(..2).unwrap_or_default());
                rest = escape.get(2..).unwrap_or_default();
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// The lines of a content that continue in the next by a backslash at their end, each whole.
struct Joined {
    /// Numbers of the first and the last line, and the text without the breaks.
    rows: Vec<(u32, u32, Vec<u8>)>,
}

/// A row of more lines is not joined: tables of numbers continue for thousands.
const LONGEST: u32 = 64;

impl Joined {
    fn of(content: &[u8]) -> Self {
        let mut rows: Vec<(u32, u32, Vec<u8>)> = Vec::new();
        let mut open = false;
        if !content.contains(&b'\\') {
            return Self { rows };
        }
        for (number, line) in (1..).zip(content.split(|&byte| byte == b'\n')) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let (text, goes_on) = match line.strip_suffix(b"\\") {
                Some(text) => (text, true),
                None => (line, false),
            };
            match rows.last_mut().filter(|(first, _, _)| open && number - first < LONGEST) {
                Some((_, last, joined)) => {
                    *last = number;
                    joined.extend_from_slice(text);
                }
                None if goes_on => rows.push((number, number, text.to_vec())),
                None => {}
            }
            open = goes_on;
        }
        Self { rows }
    }

    fn around(&self, number: u32) -> Option<Vec<u8>> {
        let after = self.rows.partition_point(|(_, last, _)| *last < number);
        let (first, last, text) = self.rows.get(after)?;
        (*first <= number && first < last).then(|| text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_that_patterns_can_be_tried_on() {
        let unreadable = |path: &str, content: &[u8]| unreadable(&RepoPath::from(path), content).is_some();
        assert!(!unreadable("a.py", "naïve".as_bytes()));
        assert!(!unreadable("a.png", b"\x89PNG\0"));
        assert!(!unreadable("a.py", b"# coding: latin-1\n# na\xefve\n"));
        assert!(unreadable("a.py", b"# na\xefve\n"));
        assert!(unreadable("a.py", b"# coding: utf-7\n+AHQ-orch\n"));
        assert!(unreadable("a.rb", b"# encoding: Shift_JIS\n\n"));
        assert!(unreadable("a.c", b"i\0n\0t\0"));
        assert!(!unreadable("a.c", b""));
    }

    #[test]
    fn lines_are_also_read_as_compilers_read_them() {
        let of = |text: &str| variant(text.as_bytes()).map(|text| String::from_utf8(text).unwrap());
        assert_eq!(of("\\u0074orch"), Some("torch".into()));
        assert_eq!(of("\\uu0074orch \\u{63}uda"), Some("torch cuda".into()));
        assert_eq!(of("\u{ff54}orch"), Some("torch".into()));
        assert_eq!(of("\\user"), None);
        assert_eq!(of("torch"), None);
        let joined = Joined::of(b"a\nem\\\npty\\\r\n_cache\nb\n");
        let text = |number| joined.around(number).map(|text| String::from_utf8(text).unwrap());
        assert_eq!(
            [1, 2, 3, 4, 5].map(text),
            [
                None,
                Some("empty_cache".into()),
                Some("empty_cache".into()),
                Some("empty_cache".into()),
                None
            ]
        );
    }
}
