//! Makes strings from a repository harmless to print.

use crate::change::deceptive;

/// Marks by which CI systems find a command anywhere in a line of a log: GitHub's old form, Azure Pipelines, TeamCity.
const MARKS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// Replaces every character that could drive a terminal or fool a reader (controls, bidi marks, zero-width and tag characters) by a
/// visible escape such as `\u{1b}`; a tab becomes a space. So is a mark by which a CI system would find a command. What is harmless
/// comes back unchanged.
pub fn sanitize(text: &str) -> String {
    let mut safe = text.to_owned();
    if text.chars().any(deceptive) {
        safe.clear();
        for character in text.chars() {
            match character {
                '\t' => safe.push(' '),
                '\n' => safe.push_str("\\n"),
                '\r' => safe.push_str("\\r"),
                c if deceptive(c) => safe.extend(c.escape_unicode()),
                c => safe.push(c),
            }
        }
    }
    for mark in MARKS {
        if safe.contains(mark) {
            safe = safe.replace(mark, &mark.replacen("##", "#\\u{23}", 1));
        }
    }
    safe
}

/// What [`sanitize`] made of the marks of CI systems in a shown path, as it was. A path with a backslash is quoted, and its backslash
/// doubled, so that nothing else reads like this.
pub(super) fn unsanitize_marks(shown: &str) -> String {
    MARKS.iter().fold(shown.to_owned(), |shown, mark| {
        shown.replace(&mark.replacen("##", "#\\u{23}", 1), mark)
    })
}

/// The same for an entire line of text, of which nothing is before: it cannot begin a workflow command of GitHub (`::name::`), which
/// the runner takes also after blanks.
pub fn sanitize_line(bytes: &[u8]) -> String {
    let safe = sanitize_bytes(bytes);
    let (blanks, rest) = safe.split_at(safe.len() - safe.trim_start().len());
    match rest.strip_prefix("::") {
        Some(command) => format!("{blanks}\\u{{3a}}:{command}"),
        None => safe,
    }
}

/// The same for bytes; what is not UTF-8 becomes `\xNN`.
pub fn sanitize_bytes(bytes: &[u8]) -> String {
    let mut safe = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        safe.push_str(&sanitize(chunk.valid()));
        for byte in chunk.invalid() {
            safe.push_str(&format!("\\x{byte:02x}"));
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shows_what_was_hidden() {
        assert_eq!(sanitize("a\u{1b}[2Jb\u{200b}"), "a\\u{1b}[2Jb\\u{200b}");
        assert_eq!(sanitize("naïve 漢字"), "naïve 漢字");
        assert_eq!(sanitize_bytes(b"a\xffb\n"), "a\\xffb\\n");
        assert_eq!(sanitize("a ##[error]b"), "a #\\u{23}[error]b");
        assert_eq!(sanitize_line(b"  ::error::x"), "  \\u{3a}:error::x");
        assert_eq!(sanitize_line(b"## [link]: std::mem"), "## [link]: std::mem");
    }

    #[test]
    fn a_shown_path_reads_back() {
        use crate::change::RepoPath;
        use crate::diagnostic::Place;
        for bytes in [
            &b"src/a.rs"[..],
            b"a ##[error]b",
            b"##vso[x",
            b"\x1b##teamcity[\xff",
            b"\\u{23}##[",
            b"#\\u{23}[error]",
            "漢字 \u{202e}.rs".as_bytes(),
        ] {
            let path = RepoPath::new(bytes);
            assert_eq!(Place::file(&path).path(), path, "{path}");
        }
    }

    proptest! {
        #[test]
        fn nothing_deceptive_is_left(text in any::<String>(), bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(!sanitize(&text).chars().any(deceptive));
            prop_assert!(!sanitize_bytes(&bytes).chars().any(deceptive));
        }
    }
}
