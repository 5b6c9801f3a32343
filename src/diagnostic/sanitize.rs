//! Makes strings from a repository harmless to print.

use crate::change::deceptive;

/// Replaces every character that could drive a terminal or fool a reader (controls, bidi marks, zero-width and tag characters) by a
/// visible escape such as `\u{1b}`; a tab becomes a space. What is harmless comes back unchanged.
pub fn sanitize(text: &str) -> String {
    if !text.chars().any(deceptive) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\t' => safe.push(' '),
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            c if deceptive(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
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
    }

    proptest! {
        #[test]
        fn nothing_deceptive_is_left(text in any::<String>(), bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(!sanitize(&text).chars().any(deceptive));
            prop_assert!(!sanitize_bytes(&bytes).chars().any(deceptive));
        }
    }
}
