//! Where here-documents may be, found without the grammar: what it takes for a comment in there is not one beyond doubt.

use std::ops::Range;

use super::row::Syntax;

/// The parts of a content that some here-document may hold; to the end, where its delimiter is not a plain word.
pub(super) fn heredocs(syntax: Syntax, text: &[u8]) -> Vec<Range<usize>> {
    if !matches!(syntax, Syntax::Bash | Syntax::Ruby) {
        return Vec::new();
    }
    let mut parts = Vec::new();
    let mut from = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let end = from + line.len();
        for delimiter in delimiters(syntax, line) {
            let last = match delimiter {
                Some(word) => closing(text, end, &word),
                None => text.len(),
            };
            parts.push(end..last);
        }
        from = end;
    }
    parts
}

/// The delimiters of the documents that a line may begin; `None` for one that is not a plain word.
fn delimiters(syntax: Syntax, line: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = line
        .get(at..)
        .and_then(|rest| rest.windows(2).position(|two| two == b"<<"))
    {
        at += next + 2;
        if line.get(at) == Some(&b'<') {
            // A here-string.
            at += 1;
            continue;
        }
        let mut rest = line.get(at..).unwrap_or_default();
        rest = rest
            .strip_prefix(b"-")
            .or_else(|| rest.strip_prefix(b"~"))
            .unwrap_or(rest);
        if syntax == Syntax::Bash {
            rest = rest.trim_ascii_start();
        }
        let quote = rest.first().copied().filter(|byte| b"'\"`".contains(byte));
        let rest = if quote.is_some() {
            rest.get(1..).unwrap_or_default()
        } else {
            rest
        };
        let length = rest
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))
            .unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        let plain = word.first().is_some_and(|byte| !byte.is_ascii_digit());
        let after = rest.get(length).copied();
        let closed = match quote {
            Some(quote) => after == Some(quote) && ends_word(rest.get(length + 1).copied()),
            None => ends_word(after),
        };
        if syntax == Syntax::Ruby && !plain && quote.is_none() {
            // The operator.
            continue;
        }
        found.push((plain && closed).then(|| word.to_vec()));
    }
    found
}

/// True for what cannot be a part of a delimiter.
fn ends_word(byte: Option<u8>) -> bool {
    byte.is_none_or(|byte| byte.is_ascii_whitespace() || b";|&)<>,.]}".contains(&byte))
}

/// Where the document ends that begins at `from`: behind the line that is its delimiter.
fn closing(text: &[u8], from: usize, word: &[u8]) -> usize {
    let mut at = from;
    for line in text
        .get(from..)
        .unwrap_or_default()
        .split_inclusive(|&byte| byte == b'\n')
    {
        at += line.len();
        if line.trim_ascii() == word {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(syntax: Syntax, text: &str) -> Vec<&str> {
        heredocs(syntax, text.as_bytes())
            .into_iter()
            .map(|part| &text[part])
            .collect()
    }

    #[test]
    fn documents_end_at_their_delimiter() {
        assert_eq!(held(Syntax::Bash, "cat <<X | y\na\nX\n# b\n"), ["a\nX\n"]);
        assert_eq!(held(Syntax::Bash, "cat <<-'X Y'\na\nX\n# b\n"), ["a\nX\n# b\n"]);
        assert_eq!(held(Syntax::Bash, "cat <<E\"O\"F\na\nEOF\n# b\n"), ["a\nEOF\n# b\n"]);
        assert_eq!(held(Syntax::Bash, "cat <<<X\n# b\n"), [""; 0]);
        assert_eq!(
            held(Syntax::Bash, "cat <<A <<B\na\nA\nb\nB\n#\n"),
            ["a\nA\n", "a\nA\nb\nB\n"]
        );
        assert_eq!(held(Syntax::Ruby, "x = <<~X.strip\n  a\n  X\n# b\n"), ["  a\n  X\n"]);
        assert_eq!(held(Syntax::Ruby, "list << 1\n# b\n"), [""; 0]);
        assert_eq!(held(Syntax::Rust, "1 << 2\n"), [""; 0]);
    }
}
