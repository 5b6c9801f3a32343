//! The comment decision: two contents of a file that differ in comments or layout only, told by a parser, and held to what can be told
//! without one.

use certgate::sensitivity::languages::{Definitions, Difference, Ignored, Language, Source, difference};

/// What stands between the two contents of an input.
const BETWEEN: &[u8] = b"\n=======\n";

const COMMENTS: Ignored = Ignored::COMMENTS;
const FORMAT: Ignored = Ignored::FORMAT;
const BOTH: Ignored = Ignored::BOTH;

/// Takes the bytes for a language and two contents, and asks of them what a gate would ask.
pub fn check(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else {
        return;
    };
    let languages: Vec<Language> = Language::all().collect();
    let Some(&language) = languages.get(usize::from(first) % languages.len()) else {
        return;
    };
    let at = rest.windows(BETWEEN.len()).position(|part| part == BETWEEN);
    let (old, new) = match at {
        Some(at) => (&rest[..at], &rest[at + BETWEEN.len()..]),
        None => (rest, rest),
    };
    let (Ok(before), Ok(after)) = (Source::parse_as(language, old), Source::parse_as(language, new)) else {
        return;
    };
    for (source, text) in [(&before, old), (&after, new)] {
        assert_eq!(
            source.idle_lines().len(),
            text.split_inclusive(|&byte| byte == b'\n').count()
        );
        let definitions = Definitions::of(source);
        for line in 0..8 {
            definitions.around(line);
        }
        for ignored in [COMMENTS, FORMAT, BOTH] {
            assert!(
                difference(source, source, ignored).nothing,
                "a content differs from itself"
            );
        }
    }
    for ignored in [COMMENTS, FORMAT, BOTH] {
        let told = difference(&before, &after, ignored);
        assert_eq!(told, difference(&before, &after, ignored));
        let back = difference(&after, &before, ignored);
        assert_eq!(
            told.nothing, back.nothing,
            "one way it counts, and the other it does not"
        );
        within(&told, old, new);
        if told.nothing {
            holds(old, new, ignored);
        }
        if difference(&before, &after, COMMENTS).nothing || difference(&before, &after, FORMAT).nothing {
            assert!(
                difference(&before, &after, BOTH).nothing,
                "less is ignored, and less counts"
            );
        }
    }
}

/// Lines that differ are lines of the contents, in order, each once.
fn within(told: &Difference, old: &[u8], new: &[u8]) {
    for (lines, text) in [(&told.old, old), (&told.new, new)] {
        let count = text.split(|&byte| byte == b'\n').count();
        assert!(
            lines.iter().all(|line| (1..=count).contains(&(*line as usize))),
            "{lines:?} of {count}"
        );
        assert!(lines.is_sorted_by(|a, b| a < b), "{lines:?}");
    }
}

/// Where nothing counts, what no language of the table takes for a comment, a text or a blank is the same in the same order: letters and
/// digits, unless something on either side could begin a comment or a docstring.
fn holds(old: &[u8], new: &[u8], ignored: Ignored) {
    let opens = |text: &[u8]| {
        let marks: [&[u8]; 9] = [b"#", b"//", b"/*", b"--", b"\"", b"'", b"=begin", b"<!--", b"`"];
        marks
            .iter()
            .any(|mark| text.windows(mark.len()).any(|part| part == *mark))
    };
    if ignored.comments && (opens(old) || opens(new)) {
        return;
    }
    let dense = |text: &[u8]| -> Vec<u8> {
        text.iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect()
    };
    assert_eq!(dense(old), dense(new), "code differs and does not count");
    if !ignored.format {
        let lines = |text: &[u8]| -> Vec<Vec<u8>> {
            let lines = text
                .split(|&byte| byte == b'\n')
                .map(|line| line.trim_ascii_end().to_vec());
            lines.filter(|line| !line.is_empty()).collect()
        };
        assert_eq!(lines(old), lines(new), "layout differs and does not count");
    }
}
