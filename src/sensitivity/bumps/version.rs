//! Versions and how far one is from another (Semantic Versioning 2.0, and Cargo's reading of `0.y.z`).

use std::iter::Peekable;
use std::str::CharIndices;

use crate::policy::BumpSize;

/// One to three numbers without leading zeros; pre-releases and build metadata are not compared.
pub(super) fn numbers(text: &str) -> Option<Vec<u64>> {
    let number = |part: &str| {
        let plain = !part.is_empty() && part.len() <= 9 && part.bytes().all(|b| b.is_ascii_digit());
        (plain && (part == "0" || !part.starts_with('0'))).then(|| part.parse().ok())?
    };
    let found: Vec<u64> = text.split('.').map(number).collect::<Option<_>>()?;
    (found.len() <= 3).then_some(found)
}

/// How far a version grew; `None` where it did not, by more than any limit, or where one of the two is not plain.
pub(super) fn growth(from: &str, to: &str) -> Option<BumpSize> {
    let (old, new) = (numbers(from)?, numbers(to)?);
    if old.len() != new.len() || new <= old {
        return None;
    }
    let at = |parts: &[u64], at: usize| parts.get(at).copied().unwrap_or(0);
    let same = |place: usize| at(&old, place) == at(&new, place);
    match (same(0), same(1)) {
        (false, _) => None,
        // Before 1.0 the first number that is not 0 is the one that may break.
        (true, false) => (at(&old, 0) > 0).then_some(BumpSize::Minor),
        (true, true) => (at(&old, 0) > 0 || at(&old, 1) > 0).then_some(BumpSize::Patch),
    }
}

/// The largest growth among the versions of a requirement; all else in it is the same.
pub(super) fn requirement_growth(from: &str, to: &str) -> Option<BumpSize> {
    let (old, new) = (pieces(from)?, pieces(to)?);
    if old.len() != new.len() {
        return None;
    }
    let mut largest = None;
    for (old, new) in old.iter().zip(&new) {
        if old == new {
            continue;
        }
        let (Piece::Number(old), Piece::Number(new)) = (old, new) else {
            return None;
        };
        largest = largest.max(Some(growth(old, new)?));
    }
    largest
}

#[derive(PartialEq, Eq)]
enum Piece<'a> {
    /// Digits and dots.
    Number(&'a str),
    /// What is between.
    Text(&'a str),
}

/// Numbers and what is between them; `None` where something is in it that no plain requirement has, such as a URL or a pre-release.
fn pieces(text: &str) -> Option<Vec<Piece<'_>>> {
    let plain = |c: char| c.is_ascii_digit() || ". <>=~^,|!()*".contains(c);
    if !text.chars().all(plain) {
        return None;
    }
    let mut found = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some(&(start, first)) = rest.peek() {
        let number = first.is_ascii_digit();
        let end = run(&mut rest, |c| number == (c.is_ascii_digit() || number && c == '.')).unwrap_or(text.len());
        let piece = text.get(start..end)?;
        found.push(match number {
            true => Piece::Number(piece),
            false => Piece::Text(piece),
        });
    }
    Some(found)
}

/// Continues while a character fits, and says where the next one is.
fn run(rest: &mut Peekable<CharIndices<'_>>, fits: impl Fn(char) -> bool) -> Option<usize> {
    while rest.next_if(|&(_, c)| fits(c)).is_some() {}
    rest.peek().map(|&(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_as_semver_has_it() {
        let (patch, minor) = (Some(BumpSize::Patch), Some(BumpSize::Minor));
        for (from, to, expected) in [
            ("1.2.3", "1.2.4", patch),
            ("1.2.3", "1.2.10", patch),
            ("1.2.3", "1.3.0", minor),
            ("1.2", "1.3", minor),
            ("0.2.3", "0.2.4", patch),
            ("0.2.3", "0.3.0", None),
            ("0.0.3", "0.0.4", None),
            ("1.2.3", "2.0.0", None),
            ("1", "2", None),
            ("1.2.4", "1.2.3", None),
            ("1.2.3", "1.2.3", None),
            ("1.2", "1.2.1", None),
            ("1.2.3", "1.2.4-rc1", None),
            ("1.2.3", "1.2.4+evil", None),
            ("1.2.3", "1.2.04", None),
            ("1.2.3", "1.2.4.5", None),
            ("1.2.3", "1.2.", None),
            ("v1.2.3", "v1.2.4", None),
            ("1.2.3", "1.2.9999999999", None),
        ] {
            assert_eq!(growth(from, to), expected, "{from} -> {to}");
        }
    }

    #[test]
    fn a_requirement_keeps_its_operators() {
        let (patch, minor) = (Some(BumpSize::Patch), Some(BumpSize::Minor));
        for (from, to, expected) in [
            ("^1.2.3", "^1.2.4", patch),
            (">=1.2.3, <2", ">=1.3.0, <2", minor),
            ("=1.2.3", "1.2.4", None),
            ("=1.2.3", ">=1.2.4", None),
            ("^1.2.3 || ^2.0.0", "^1.2.4 || ^2.1.0", minor),
            (">=1.2,<2", ">=1.2,<3", None),
            ("1.2.3", "*", None),
            ("npm:left-pad@1.2.3", "npm:left-pad@1.2.4", None),
            ("https://a/x-1.2.3.tgz", "https://a/x-1.2.4.tgz", None),
            ("é1.2.3", "é1.2.4", None),
        ] {
            assert_eq!(requirement_growth(from, to), expected, "{from} -> {to}");
        }
    }
}
