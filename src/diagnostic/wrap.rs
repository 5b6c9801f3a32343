//! Prose in lines.

/// Breaks a long text at blanks. Prose holds no command that is meant to be pasted: those are remedies.
pub(crate) fn wrap_prose(text: &str, columns: usize) -> String {
    fold(text, columns, "")
}

/// Breaks a long line at blanks; the lines after the first begin with `indent`. Blanks at its beginning and its end stay.
pub(crate) fn fold(line: &str, columns: usize, indent: &str) -> String {
    if line.chars().count() <= columns {
        return line.to_owned();
    }
    let words = line.trim_start_matches(' ');
    let mut folded = " ".repeat(line.len() - words.len());
    let mut used = folded.len();
    for (at, word) in words.split(' ').enumerate() {
        let width = word.chars().count();
        // Behind blanks, too, `::` would begin a command in a log of GitHub's.
        if at > 0 && used + 1 + width > columns && !word.starts_with("::") {
            folded.push('\n');
            folded.push_str(indent);
            used = indent.len();
        } else if at > 0 {
            folded.push(' ');
            used += 1;
        }
        folded.push_str(word);
        used += width;
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::{fold, wrap_prose};

    #[test]
    fn prose_is_broken_at_blanks() {
        assert_eq!(wrap_prose("one two three", 9), "one two\nthree");
        assert_eq!(wrap_prose("short", 9), "short");
        assert_eq!(wrap_prose("one two ::three", 9), "one two ::three");
        assert_eq!(fold("  one two three", 9, "    "), "  one two\n    three");
        assert_eq!(fold("averylongword", 5, "    "), "averylongword");
        assert_eq!(fold("a  b", 80, "    "), "a  b");
        assert_eq!(fold("  one two three: ", 12, "    "), "  one two\n    three: ");
    }
}
