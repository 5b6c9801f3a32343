//! Lists of lines: `12`, `12-40`, `102, 131`, `#L12-L40`.

/// First and last line.
pub(super) type Lines = (u32, u32);

/// Reads a list of lines from the start of a text, and how many bytes it took. `12` and `12-40`, divided by commas or "and".
pub(super) fn list(text: &str) -> Option<(Vec<Lines>, usize)> {
    let (first, mut length) = one(text)?;
    let mut lines = vec![first];
    loop {
        let rest = text.get(length..).unwrap_or_default();
        let Some(skipped) = divider(rest) else { break };
        let Some((next, width)) = rest.get(skipped..).and_then(one) else {
            break;
        };
        lines.push(next);
        length += skipped + width;
    }
    Some((lines, length))
}

/// The width of what divides two of a list.
fn divider(rest: &str) -> Option<usize> {
    let tail = ["and ", "& ", ", and ", ",", "+ "]
        .iter()
        .find_map(|mark| rest.trim_start_matches(' ').strip_prefix(mark))?;
    let tail = tail.trim_start_matches(' ');
    let tail = tail.strip_prefix("and ").unwrap_or(tail);
    let tail = tail.strip_prefix(':').unwrap_or(tail);
    Some(rest.len() - tail.len())
}

/// `12`, `L12`, `12-40`, `12–40`, `12 to 40`.
fn one(text: &str) -> Option<(Lines, usize)> {
    let (from, mut length) = number(text)?;
    let rest = text.get(length..).unwrap_or_default();
    let tail = rest.trim_start_matches(' ');
    let dash = ["-", "–", "—", "to ", ".."]
        .iter()
        .find_map(|dash| tail.strip_prefix(dash));
    let mut to = from;
    if let Some(after) = dash
        && let Some((end, width)) = number(after.trim_start_matches(' '))
    {
        to = end;
        length = text.len() - after.trim_start_matches(' ').len() + width;
    }
    Some(((from, to), length))
}

fn number(text: &str) -> Option<(u32, usize)> {
    let digits = text.strip_prefix(['L', 'l']).unwrap_or(text);
    let width = digits.bytes().take_while(u8::is_ascii_digit).count();
    let after = digits.get(width..)?.chars().next();
    // `12%`, `12ms`, `12.5` and `12/40` are no lines.
    let goes_on = after.is_some_and(|c| c.is_alphanumeric() || matches!(c, '%' | '/' | '_' | '×'));
    let fraction = after == Some('.') && digits.get(width + 1..)?.starts_with(|c: char| c.is_ascii_digit());
    if width == 0 || width > 8 || goes_on || fraction {
        return None;
    }
    Some((digits.get(..width)?.parse().ok()?, text.len() - digits.len() + width))
}

/// Lines that are behind a name: ` (lines 1-40)`, `, lines 115-155`, ` line 12`, ` and :145`. Gives how many bytes they took.
pub(super) fn behind(text: &str) -> Option<(Vec<Lines>, usize)> {
    let start = text.trim_start_matches(' ');
    let colon = [", :", "and :", ", and :", "& :", ":"]
        .iter()
        .find_map(|mark| start.strip_prefix(mark))
        .filter(|tail| tail.starts_with(|c: char| c.is_ascii_digit()));
    if let Some(tail) = colon {
        let (lines, length) = list(tail)?;
        return Some((lines, text.len() - tail.len() + length));
    }
    let tail = start
        .trim_start_matches(['(', ',', ':', '[', '-', '–', '—', '@'])
        .trim_start_matches(' ');
    let tail = tail.strip_prefix("at ").unwrap_or(tail);
    let tail = strip_word(tail)?;
    let (lines, length) = list(tail)?;
    Some((lines, text.len() - tail.len() + length))
}

/// Takes "line", "lines" or "L" and a blank off.
fn strip_word(text: &str) -> Option<&str> {
    let lower = text.get(..5)?.to_ascii_lowercase();
    let tail = match lower.as_str() {
        "lines" => text.get(5..)?,
        _ if lower.starts_with("line") => text.get(4..)?,
        _ => return None,
    };
    let tail = tail.strip_prefix(':').unwrap_or(tail);
    tail.starts_with(' ').then(|| tail.trim_start_matches(' '))
}

/// Lines that are right before a name: `Lines 109-154 in `, `Line 196 `. Gives where they begin.
pub(super) fn in_front(text: &str) -> Option<(Vec<Lines>, usize)> {
    let lower = text.to_ascii_lowercase();
    let begin = lower.rfind("line")?;
    let word_before = lower.get(..begin)?.chars().next_back();
    if word_before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let tail = strip_word(text.get(begin..)?)?;
    let (lines, length) = list(tail)?;
    let gap = tail.get(length..)?.trim();
    let plain = matches!(
        gap.to_ascii_lowercase().as_str(),
        "" | "in" | "of" | "from" | "at" | "in the" | "of the" | "in file" | "of file" | "in the file" | ":" | "@"
    );
    plain.then_some((lines, begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_lines_are_read() {
        assert_eq!(list("102, 131`"), Some((vec![(102, 102), (131, 131)], 8)));
        assert_eq!(list("55-66, 136-163)"), Some((vec![(55, 66), (136, 163)], 14)));
        assert_eq!(list("L12-L40"), Some((vec![(12, 40)], 7)));
        assert_eq!(list("109 and :145"), Some((vec![(109, 109), (145, 145)], 12)));
        assert_eq!(
            list("140, 184, 226, etc."),
            Some((vec![(140, 140), (184, 184), (226, 226)], 13))
        );
        assert_eq!(list("139 - enable"), Some((vec![(139, 139)], 3)));
        assert_eq!(list("12.5 ms"), None);
    }

    #[test]
    fn lines_stand_behind_or_in_front() {
        assert_eq!(behind(" (lines 1-583) - x").unwrap().0, [(1, 583)]);
        assert_eq!(behind(", lines 115-155").unwrap().0, [(115, 155)]);
        assert_eq!(behind(" (Lines 40-629)").unwrap().0, [(40, 629)]);
        assert_eq!(behind(" and :145").unwrap().0, [(145, 145)]);
        assert_eq!(behind(": Lines 378-457 (x)").unwrap().0, [(378, 457)]);
        assert_eq!(behind(" (2,150 lines)"), None);
        assert_eq!(in_front("- Lines 109-154 in ").unwrap().0, [(109, 154)]);
        assert_eq!(in_front("Line 145-148 ").unwrap().0, [(145, 148)]);
        assert_eq!(in_front("Lines 109-154 show what is in "), None);
        assert_eq!(in_front("deadlines 3 in "), None);
    }
}
