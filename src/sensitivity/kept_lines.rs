//! Lines of settings that an edit keeps, in files that are not parsed (make, CMake, Bazel): a line that takes the place of another one, with the same
//! in all but what decides nothing about the code that comes out: warnings, and the version of the language.

use std::collections::BTreeSet;

use crate::change::{ChangedLine, Side};

/// What a compiler reads about warnings and the language, and nothing else: `-Wall`, `-Wno-unused`, `-std=c++17`, `/W4`, `/wd4996`.
fn is_silent(word: &[u8]) -> bool {
    let plain = |rest: &[u8]| {
        rest.iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_+=:".contains(byte))
    };
    // `-Wl,`, `-Wa,` and `-Wp,` go to other programs, and have a comma.
    let rest = [&b"-W"[..], b"-std=", b"-pedantic", b"/std:", b"/wd"]
        .iter()
        .find_map(|start| word.strip_prefix(*start));
    let level = word
        .strip_prefix(b"/W")
        .is_some_and(|rest| rest.len() <= 3 && plain(rest));
    level || rest.is_some_and(plain)
}

/// The words of a line that are not silent, and how it begins.
fn words(text: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let first = text.iter().position(|byte| !byte.is_ascii_whitespace());
    let (indent, text) = text.split_at(first.unwrap_or(text.len()));
    let words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    (indent, words.filter(|word| !is_silent(word)).collect())
}

/// The changed lines that take the place of one that says the same. Only where as many lines go as come, and all of them do so: what is
/// around them is then as it was.
pub(super) fn kept(lines: &[ChangedLine]) -> BTreeSet<(Side, u32)> {
    let mut kept = BTreeSet::new();
    // How many lines went and came before.
    let mut before = [0u32; 2];
    let runs = lines.chunk_by(|a, b| match (a.side, b.side) {
        (Side::Added, Side::Removed) => false,
        (Side::Removed, Side::Added) => true,
        _ => a.number.checked_add(1) == Some(b.number),
    });
    for run in runs {
        let (gone, come): (Vec<&ChangedLine>, Vec<&ChangedLine>) =
            run.iter().partition(|line| line.side == Side::Removed);
        let same = |(old, new): (&&ChangedLine, &&ChangedLine)| words(&old.text) == words(&new.text);
        let unchanged = |lines: &[&ChangedLine], before: u32| lines.first()?.number.checked_sub(before);
        let [went, came] = before;
        let in_place = unchanged(&gone, went) == unchanged(&come, came);
        if in_place && gone.len() == come.len() && gone.iter().zip(&come).all(same) {
            kept.extend(run.iter().map(|line| (line.side, line.number)));
        }
        let more = |lines: &[&ChangedLine]| u32::try_from(lines.len()).unwrap_or(u32::MAX);
        before = [went.saturating_add(more(&gone)), came.saturating_add(more(&come))];
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(old: &[(u32, &str)], new: &[(u32, &str)]) -> Vec<ChangedLine> {
        let side = |side, lines: &[(u32, &str)]| -> Vec<ChangedLine> {
            let line = |(number, text): &(u32, &str)| ChangedLine {
                side,
                number: *number,
                text: text.as_bytes().to_vec(),
            };
            lines.iter().map(line).collect()
        };
        [side(Side::Removed, old), side(Side::Added, new)].concat()
    }

    #[test]
    fn warnings_and_the_language_are_no_settings_of_code() {
        for (old, new) in [
            ("CFLAGS = -O3 -Wall", "CFLAGS = -O3 -Wall -Wno-unused-result"),
            ("CFLAGS = -O3", "CFLAGS = -O3  -std=c++17"),
            ("  CFLAGS = /W3 /O2 /GL", "  CFLAGS = /O2 /W4 /wd4996 /GL"),
        ] {
            assert_eq!(kept(&lines(&[(7, old)], &[(7, new)])).len(), 2, "{old} {new}");
        }
        for (old, new) in [
            ("CFLAGS = -O3", "CFLAGS = -O2"),
            ("CFLAGS = -O3", "LDFLAGS = -O3"),
            ("CFLAGS = -O3 -Wall", "CFLAGS = -Wall # -O3"),
            ("CFLAGS = -O3", "  CFLAGS = -O3"),
            ("\tcc -O3", " cc -O3"),
            ("cc -O3 /Works", "cc -O3"),
            ("CFLAGS = -O3", "CFLAGS = -O3 -Wl,-O0"),
            ("CFLAGS = -O3", "CFLAGS = -O3 -W$(shell cat x)"),
            ("CFLAGS = -O3", "CFLAGS = -O3 -DNDEBUG"),
            ("CFLAGS = -O3 -O0", "CFLAGS = -O0 -O3"),
            ("CFLAGS = -O3 \\", "CFLAGS = -O3"),
        ] {
            assert!(kept(&lines(&[(7, old)], &[(7, new)])).is_empty(), "{old} {new}");
        }
    }

    #[test]
    fn what_is_around_them_has_to_stay() {
        let flags = "CFLAGS = -O3";
        let warned = "CFLAGS = -O3 -Wall";
        assert!(
            kept(&lines(
                &[(6, "ifeq (a, b)"), (7, flags)],
                &[(6, "ifeq (a, c)"), (7, warned)]
            ))
            .is_empty()
        );
        assert!(kept(&lines(&[(7, flags)], &[(7, "else"), (8, warned)])).is_empty());
        assert!(kept(&lines(&[(7, flags)], &[])).is_empty());
        let two = lines(&[(7, flags), (8, flags)], &[(7, warned), (8, flags)]);
        assert_eq!(kept(&two).len(), 4);
        // Elsewhere in the file is another place, and a line more above it is not.
        assert!(kept(&lines(&[(5, flags)], &[(20, flags)])).is_empty());
        let more = [lines(&[], &[(1, "# more")]), lines(&[(7, flags)], &[(8, warned)])].concat();
        assert_eq!(kept(&more).len(), 2);
        // Another line between them is another place.
        let apart = lines(&[(7, flags), (9, "ifdef X")], &[(7, warned), (9, "ifdef Y")]);
        assert!(kept(&apart).is_empty());
    }
}
