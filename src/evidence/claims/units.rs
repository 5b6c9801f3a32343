//! The unit behind a number: joined to it, after a blank, or in words.

use super::figure::{Unit, measure};

/// The unit behind a number, what it multiplies the number by, and its length. `None` where the number continues as something else.
pub(super) fn unit(rest: &str) -> Option<(Unit, f64, usize)> {
    if rest.starts_with(['_', '/']) {
        return None;
    }
    // `2025-08-23`, `3-layer` and versions are no figures; a range is joined later.
    let letters = |text: &str| text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let attached = rest.get(..letters(rest))?;
    if matches!(attached, "x" | "X") || rest.starts_with('×') {
        let length = if rest.starts_with('×') { '×'.len_utf8() } else { 1 };
        let after = rest.get(length..)?;
        return (!after.starts_with(|c: char| c.is_alphanumeric())).then_some((Unit::Times, 1.0, length));
    }
    let multiplier = match attached {
        "k" | "K" => 1e3,
        "M" => 1e6,
        _ => 1.0,
    };
    if multiplier > 1.0 && !rest.get(1..)?.starts_with(|c: char| c.is_alphanumeric() || c == '-') {
        let (unit, _, length) = spaced_unit(rest.get(1..)?);
        return Some((unit, multiplier, 1 + length));
    }
    if !attached.is_empty() {
        // Known where it is right behind: `5s`, `500MB`.
        let (unit, length) = word_unit(rest)?;
        return Some((unit, 1.0, length));
    }
    let (unit, scale, length) = spaced_unit(rest);
    Some((unit, scale, length))
}

/// A unit behind at most one blank.
pub(super) fn spaced_unit(rest: &str) -> (Unit, f64, usize) {
    let none = (Unit::None, 1.0, 0);
    let tail = rest
        .strip_prefix([' ', '\u{a0}', '\u{202f}', '\u{2009}'])
        .unwrap_or(rest);
    let skipped = rest.len() - tail.len();
    if let Some(after) = tail.strip_prefix('%') {
        let points = ["-points", " points", "-point", " point"];
        let length = points
            .iter()
            .find(|points| after.starts_with(**points))
            .map(|p| p.len());
        return match length {
            Some(length) => (Unit::Points, 1.0, skipped + 1 + length),
            None => (Unit::Percent, 1.0, skipped + 1),
        };
    }
    if tail.starts_with('×') {
        return (Unit::Times, 1.0, skipped + '×'.len_utf8());
    }
    match word_unit(tail) {
        Some((unit, length)) => (unit, 1.0, skipped + length),
        None => none,
    }
}

/// A unit that is a word, and its length.
pub(super) fn word_unit(text: &str) -> Option<(Unit, usize)> {
    let end = |text: &str| text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let phrases = [
        ("percentage points", Unit::Points),
        ("percentage-points", Unit::Points),
        ("percentage point", Unit::Points),
        ("per cent points", Unit::Points),
        ("percent points", Unit::Points),
        ("p.p.", Unit::Points),
        ("per cent", Unit::Percent),
    ];
    let ends = |length: usize| {
        !text
            .get(length..)
            .unwrap_or_default()
            .starts_with(|c: char| c.is_alphanumeric())
    };
    if let Some((phrase, unit)) = phrases
        .iter()
        .find(|(phrase, _)| text.starts_with(phrase) && ends(phrase.len()))
    {
        return Some((unit.clone(), phrase.len()));
    }
    let length = end(text);
    let word = text.get(..length)?;
    if word.is_empty()
        || text
            .get(length..)?
            .starts_with(|c: char| c.is_ascii_digit() || c == '_')
    {
        return None;
    }
    match word {
        "percent" | "pct" => return Some((Unit::Percent, length)),
        "pp" | "points" | "point" | "ppt" | "pts" => return Some((Unit::Points, length)),
        "x" | "times" | "fold" => return Some((Unit::Times, length)),
        _ => {}
    }
    let tail = text.get(length..)?;
    for mark in ["/", " per "] {
        let Some(after) = tail.strip_prefix(mark) else { continue };
        let per_length = end(after);
        let per = after.get(..per_length).filter(|per| !per.is_empty())?;
        let timed = measure(per, None).is_some_and(|measure| measure.dimension == "time");
        if (mark == "/" && measure(word, None).is_some()) || timed {
            return Some((
                Unit::Measure(measure(word, Some(per))?),
                length + mark.len() + per_length,
            ));
        }
    }
    Some((Unit::Measure(measure(word, None)?), length))
}
