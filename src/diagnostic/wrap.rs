//! Prose in lines.

/// Breaks a long text at blanks. Prose holds no command that is meant to be pasted: those are remedies.
pub(crate) fn wrap_prose(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let mut wrapped = String::with_capacity(text.len() + 16);
    let mut used = 0;
    for piece in text.split(' ') {
        let width = piece.chars().count();
        // Behind blanks, too, `::` would begin a command in a log of GitHub's.
        if used > 0 && used + 1 + width > columns && !piece.starts_with("::") {
            wrapped.push('\n');
            used = 0;
        } else if used > 0 {
            wrapped.push(' ');
            used += 1;
        }
        wrapped.push_str(piece);
        used += width;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::wrap_prose;

    #[test]
    fn prose_is_broken_at_blanks() {
        assert_eq!(wrap_prose("one two three", 9), "one two\nthree");
        assert_eq!(wrap_prose("short", 9), "short");
        assert_eq!(wrap_prose("one two ::three", 9), "one two ::three");
    }
}
