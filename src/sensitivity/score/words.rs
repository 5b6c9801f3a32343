//! Words: identifiers split at case, underscore and digits, in small letters, without the commonest endings.

/// The shortest and the longest word that is one, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 2..=24;

/// The longest identifier that is taken whole, in bytes.
const WHOLE: usize = 40;

/// Calls with each word of a text.
pub(super) fn each_word(text: &[u8], found: &mut dyn FnMut(&str)) {
    let mut word = String::new();
    let mut last = b' ';
    let mut until = 0;
    for (at, &byte) in text.iter().enumerate() {
        if at >= until && !last.is_ascii_alphanumeric() {
            until = at + id(text.get(at..).unwrap_or_default());
        }
        if at < until {
            last = byte;
            continue;
        }
        let next = text.get(at + 1).copied().unwrap_or(b' ');
        // `parseHTTPHeader` is parse, http, header.
        let hump = byte.is_ascii_uppercase()
            && (last.is_ascii_lowercase() || (last.is_ascii_uppercase() && next.is_ascii_lowercase()));
        if !byte.is_ascii_alphabetic() || hump {
            finish(&mut word, found);
        }
        if byte.is_ascii_alphabetic() {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
        last = byte;
    }
    finish(&mut word, found);
}

/// The least digits of what is a name of an object, and no word: `a6c9a33b`.
const ID: usize = 8;

/// How long the hexadecimal name at the beginning of a text is: letters and digits, all of which are hexadecimal; zero where there is none.
fn id(text: &[u8]) -> usize {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    let run = text.get(..end).unwrap_or_default();
    let hexadecimal = run.len() >= ID && run.iter().all(u8::is_ascii_hexdigit);
    let mixed = run.iter().any(u8::is_ascii_digit) && run.iter().any(u8::is_ascii_alphabetic);
    if hexadecimal && mixed { end } else { 0 }
}

fn finish(word: &mut String, found: &mut dyn FnMut(&str)) {
    if LENGTH.contains(&word.len()) {
        found(stem(word));
    }
    word.clear();
}

/// The word without `s`, `ed` or `ing`, where enough is left.
fn stem(word: &str) -> &str {
    let cut = |ending: &str, least: usize| word.strip_suffix(ending).filter(|rest| rest.len() >= least);
    if word.ends_with("ss") {
        return word;
    }
    cut("ing", 4)
        .or_else(|| cut("ed", 4))
        .or_else(|| cut("s", 3))
        .unwrap_or(word)
}

/// Calls with each identifier of a text that consists of several words, in small letters.
pub(super) fn each_identifier(text: &[u8], found: &mut dyn FnMut(&str)) {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    for name in text.split(|byte| !part(byte)) {
        if name.len() > WHOLE || name.first().is_none_or(u8::is_ascii_digit) {
            continue;
        }
        let inner = name.get(1..name.len().saturating_sub(1)).unwrap_or_default();
        let several = inner.contains(&b'_')
            || name
                .windows(2)
                .any(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()));
        if several {
            found(&String::from_utf8_lossy(name).to_ascii_lowercase());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        each_word(text.as_bytes(), &mut |word| all.push(word.to_owned()));
        all
    }

    #[test]
    fn identifiers_are_split() {
        assert_eq!(
            words("parseHTTPHeaders(a_b, Vec::with_capacity(10))"),
            ["parse", "http", "header", "vec", "with", "capacity"]
        );
        assert_eq!(
            words("caching cached caches pass is"),
            ["cach", "cach", "cache", "pass", "is"]
        );
        assert_eq!(words("größe x1y22zz"), ["gr", "zz"]);
        assert_eq!(
            words("see a6c9a33bf80f, 0x1234abcd and faded deadbeef b8"),
            ["see", "abcd", "and", "faded", "deadbeef"]
        );
        let mut names = Vec::new();
        each_identifier(b"Vec::with_capacity(maxSize, n, _x, 0x_f)", &mut |name| {
            names.push(name.to_owned())
        });
        assert_eq!(names, ["with_capacity", "maxsize"]);
    }
}
