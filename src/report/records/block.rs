//! The part of a file that certgate writes, between two markers; the rest is somebody else's and stays as it is.

/// The line before what is written.
const BEGIN: &str = "<!-- certgate:records begin -->";
/// The line after it.
const END: &str = "<!-- certgate:records end -->";

/// Why the part cannot be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damaged {
    /// One of the markers is missing.
    Half,
    /// There is more than one of either.
    Twice,
    /// The end is before the beginning.
    Reversed,
}

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Half => "one of its two markers is missing",
            Self::Twice => "a marker is in it twice",
            Self::Reversed => "its end marker is before the other",
        })
    }
}

/// The file with `text` between its markers. One that has none gets them at its end; a new one begins with the title.
pub(crate) fn splice(existing: Option<&str>, title: &str, text: &str) -> Result<String, Damaged> {
    let Some(existing) = existing.filter(|existing| !existing.trim().is_empty()) else {
        return Ok(format!("# {title}\n\n{BEGIN}\n{text}{END}\n"));
    };
    let crlf = existing.contains("\r\n");
    let own = |text: String| match crlf {
        true => text.replace('\n', "\r\n"),
        false => text,
    };
    let lines = |marker: &str| -> Vec<std::ops::Range<usize>> {
        let mut at = 0;
        let mut found = Vec::new();
        for line in existing.split_inclusive('\n') {
            if line.trim_end() == marker {
                found.push(at..at + line.len());
            }
            at += line.len();
        }
        found
    };
    match (lines(BEGIN).as_slice(), lines(END).as_slice()) {
        ([], []) => {
            let gap = if existing.ends_with('\n') { "\n" } else { "\n\n" };
            Ok(existing.to_owned() + &own(format!("{gap}{BEGIN}\n{text}{END}\n")))
        }
        ([begin], [end]) if begin.end <= end.start => {
            let before = existing.get(..begin.end).unwrap_or_default();
            let after = existing.get(end.start..).unwrap_or_default();
            Ok(format!("{before}{}{after}", own(text.to_owned())))
        }
        ([_], [_]) => Err(Damaged::Reversed),
        ([_], []) | ([], [_]) => Err(Damaged::Half),
        _ => Err(Damaged::Twice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_somebody_elses_stays() {
        let new = splice(None, "Log", "a\n").unwrap();
        assert_eq!(new, format!("# Log\n\n{BEGIN}\na\n{END}\n"));
        assert_eq!(splice(Some(&new), "Log", "a\n").as_ref(), Ok(&new));
        let own = new.replace("# Log", "# My log\n\nmine") + "\nmore of mine";
        let again = splice(Some(&own), "Log", "b\nc\n").unwrap();
        assert_eq!(again, own.replace("\na\n", "\nb\nc\n"));
        let by_hand = splice(Some("# Notes\nmine"), "Log", "a\n").unwrap();
        assert_eq!(by_hand, format!("# Notes\nmine\n\n{BEGIN}\na\n{END}\n"));
        let crlf = new.replace('\n', "\r\n");
        assert_eq!(splice(Some(&crlf), "Log", "a\n"), Ok(crlf));
    }

    #[test]
    fn damaged_markers_are_not_guessed_at() {
        let of = |text: &str| splice(Some(text), "Log", "a\n");
        assert_eq!(of(&format!("{BEGIN}\nx\n")), Err(Damaged::Half));
        assert_eq!(of(&format!("{END}\nx\n")), Err(Damaged::Half));
        assert_eq!(of(&format!("{END}\n{BEGIN}\n")), Err(Damaged::Reversed));
        assert_eq!(of(&format!("{BEGIN}\n{BEGIN}\n{END}\n")), Err(Damaged::Twice));
        assert!(of(&format!("`{BEGIN}` in a line\n")).is_ok());
    }
}
