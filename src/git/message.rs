//! Cleans a commit message as git does before it stores it (git-commit(1), `--cleanup`; git-stripspace(1)).

/// Cleans a message. `comment` is `core.commentChar`, which may be `auto`; `mode` is `commit.cleanup`.
pub fn clean_message(raw: &[u8], comment: &str, mode: &str) -> Vec<u8> {
    if mode == "verbatim" {
        return raw.to_vec();
    }
    let mut lines: Vec<&[u8]> = raw
        .split(|&b| b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .collect();
    let detected = if comment == "auto" {
        detect(&lines)
    } else {
        Some(comment.as_bytes())
    };
    if let Some(comment) = detected.filter(|comment| !comment.is_empty()) {
        if let Some(cut) = lines.iter().position(|line| scissors(line, comment)) {
            lines.truncate(cut);
        }
        if !matches!(mode, "whitespace" | "scissors") {
            lines.retain(|line| !line.starts_with(comment));
        }
    }
    let mut clean = Vec::with_capacity(raw.len());
    let mut blank = false;
    for line in lines {
        let line = line.trim_ascii_end();
        if line.is_empty() {
            blank = !clean.is_empty();
            continue;
        }
        if std::mem::take(&mut blank) {
            clean.push(b'\n');
        }
        clean.extend_from_slice(line);
        clean.push(b'\n');
    }
    clean
}

/// True for the line below which `git commit --verbose` shows the diff.
fn scissors(line: &[u8], comment: &[u8]) -> bool {
    line.strip_prefix(comment) == Some(b" ------------------------ >8 ------------------------")
}

/// The character that git chose under `core.commentChar = auto`: the one that begins the hint at the end of the file, if any.
fn detect<'a>(lines: &[&'a [u8]]) -> Option<&'a [u8]> {
    let begins = |line: &&'a [u8]| -> Option<&'a [u8]> {
        let (mark, rest) = line.split_at_checked(1)?;
        (b"#;@!$%^&|:".contains(mark.first()?) && matches!(rest.first(), None | Some(b' ' | b'\t'))).then_some(mark)
    };
    if let Some(mark) = lines
        .iter()
        .find_map(|line| begins(line).filter(|mark| scissors(line, mark)))
    {
        return Some(mark);
    }
    lines
        .iter()
        .rfind(|line| !line.trim_ascii().is_empty())
        .and_then(begins)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clean(raw: &str, comment: &str, mode: &str) -> String {
        String::from_utf8(clean_message(raw.as_bytes(), comment, mode)).unwrap()
    }

    #[test]
    fn strips_what_git_strips() {
        let raw = "\n\nperf: faster  \n\n\nbody\t\n# hint\n\n# ------------------------ >8 ------------------------\n# no\ndiff --git\n";
        assert_eq!(clean(raw, "#", "default"), "perf: faster\n\nbody\n");
        assert_eq!(clean(raw, "#", "scissors"), "perf: faster\n\nbody\n# hint\n");
        assert_eq!(clean(raw, "#", "verbatim"), raw);
        assert_eq!(clean("#1 fix\n", "#", "whitespace"), "#1 fix\n");
        assert_eq!(clean("// note\nx\n", "//", "default"), "x\n");
        assert_eq!(clean("# all\n# comments\n", "#", "default"), "");
    }

    #[test]
    fn finds_the_comment_character_that_git_chose() {
        assert_eq!(clean("#1 fix\n\n; hint\n;\n", "auto", "default"), "#1 fix\n");
        assert_eq!(clean("#1 fix\n", "auto", "default"), "#1 fix\n");
        assert_eq!(clean("x\n", "auto", "default"), "x\n");
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(raw in "[a#; \n]{0,60}") {
            let once = clean(&raw, "#", "default");
            prop_assert_eq!(clean(&once, "#", "default"), once);
        }

        #[test]
        fn never_panics(raw in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = clean_message(&raw, "auto", "default");
        }
    }
}
