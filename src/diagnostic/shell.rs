//! Commands as they are written for a POSIX shell: quoting, joining, and where a line may be broken. sh(1), "Quoting".

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::remedy::{Remedy, Word};
use super::{sanitize, sanitize_bytes};

/// A word for a shell: as it is, or in single quotes. The string is made harmless first.
pub fn shell(word: &str) -> String {
    quote(sanitize(word).as_bytes())
}

/// A path of this machine, harmless to print.
pub fn shown(path: &Path) -> String {
    sanitize_bytes(path.as_os_str().as_bytes())
}

/// Bytes as one word of a POSIX shell: plain, in single quotes, or, where they hold what must not be printed, by printf(1). What ends in a
/// line break loses it so; [`line`] knows another way for those.
pub(crate) fn quote(bytes: &[u8]) -> String {
    if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| sanitize(text) == *text) {
        return match is_plain(bytes) {
            true => text.to_owned(),
            false => format!("'{}'", text.replace('\'', "'\\''")),
        };
    }
    format!("\"$(printf '{}')\"", octal(bytes))
}

/// Nothing that any shell takes for more than itself, and nothing that a CI system takes for a command at the start of a line.
fn is_plain(bytes: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(b);
    let tilde = |pair: &[u8]| matches!(pair, [before, b'~'] if before.is_ascii_alphanumeric());
    let tildes = bytes.iter().filter(|b| **b == b'~').count();
    !bytes.is_empty()
        && bytes.iter().all(|b| plain(b) || *b == b'~')
        && bytes.windows(2).filter(|pair| tilde(pair)).count() == tildes
        && !bytes.starts_with(b"::")
        && !bytes.starts_with(b"=")
}

fn octal(bytes: &[u8]) -> String {
    let digit = |b: &u8| match b {
        // No digit: it could go on an escape. printf(1) takes three at most, but not every one keeps to that.
        b' ' | b'_' | b'.' | b'/' => char::from(*b).to_string(),
        b if b.is_ascii_alphabetic() => char::from(*b).to_string(),
        b => format!("\\{b:03o}"),
    };
    bytes.iter().map(digit).collect()
}

/// A command as pieces between which it may be broken, and what has to run before any of it.
struct Written {
    before: Vec<String>,
    words: Vec<String>,
}

impl Written {
    fn new() -> Self {
        Self {
            before: Vec::new(),
            words: Vec::new(),
        }
    }

    fn add(&mut self, argv: &[Word]) {
        for (at, word) in argv.iter().enumerate() {
            let written = self.word(word, at == 0);
            self.words.push(written);
        }
    }

    fn word(&mut self, word: &Word, is_program: bool) -> String {
        let bytes = word.shown();
        if word.placeholders().any(|placeholder| placeholder.is_prose()) && is_plain(&bytes) {
            return format!("\"{}\"", String::from_utf8_lossy(&bytes));
        }
        // `$(…)` takes line breaks from the end.
        if bytes.ends_with(b"\n") {
            let name = format!("W{}", self.before.len() + 1);
            self.before.push(format!("{name}=$(printf '{}_')", octal(&bytes)));
            return format!("\"${{{name}%_}}\"");
        }
        let quoted = quote(&bytes);
        match is_program && bytes.contains(&b'=') && !quoted.starts_with(['\'', '"']) {
            true => format!("'{quoted}'"),
            false => quoted,
        }
    }
}

/// All commands of a remedy.
fn written(remedy: &Remedy) -> Vec<String> {
    let mut all = Written::new();
    for earlier in remedy.earlier() {
        all.add(earlier);
        all.words.push("&&".to_owned());
    }
    all.add(remedy.argv());
    let before = all.before.into_iter().flat_map(|set| [set, "&&".to_owned()]);
    before.chain(all.words).collect()
}

impl Remedy {
    /// For a shell, in lines of so many columns that can be pasted together.
    pub fn lines(&self, columns: usize) -> String {
        lines(self, columns)
    }
}

impl std::fmt::Display for Remedy {
    /// As one line for a POSIX shell.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&line(self))
    }
}

/// A remedy as one line, with why behind it as a comment.
pub(super) fn line(remedy: &Remedy) -> String {
    let command = written(remedy).join(" ");
    match remedy.reason() {
        Some(why) => format!("{command}   # {why}"),
        None => command,
    }
}

/// The same in lines of so many columns, where it can be broken: before options and `&&`, and between words where that does not do. Each
/// line but the last ends in a backslash, so that it can still be pasted.
pub(super) fn lines(remedy: &Remedy, columns: usize) -> String {
    let one = line(remedy);
    if one.chars().count() <= columns {
        return one;
    }
    let command = fill(&written(remedy), columns);
    match remedy.reason() {
        Some(why) => {
            let comment = super::wrap_prose(why, columns.saturating_sub(2)).replace('\n', "\n# ");
            format!("{command}\n# {comment}")
        }
        None => command,
    }
}

fn fill(words: &[String], columns: usize) -> String {
    const STOP: &str = " \\";
    const NEXT: &str = "    ";
    let room = columns.saturating_sub(STOP.len());
    let width = |text: &str| text.chars().count();
    let mut pieces: Vec<String> = Vec::new();
    let mut piece: Vec<&str> = Vec::new();
    let mut close = |piece: &mut Vec<&str>| {
        match width(&piece.join(" ")) > room.saturating_sub(NEXT.len()) {
            true => pieces.extend(piece.iter().map(|word| (*word).to_owned())),
            false if piece.is_empty() => {}
            false => pieces.push(piece.join(" ")),
        }
        piece.clear();
    };
    for word in words {
        if word.starts_with("--") || word == "&&" {
            close(&mut piece);
        }
        piece.push(word);
    }
    close(&mut piece);
    let mut text = String::new();
    let mut used = 0;
    for piece in pieces {
        if used > 0 && used + 1 + width(&piece) > room {
            text.push_str(STOP);
            text.push('\n');
            text.push_str(NEXT);
            used = NEXT.len();
        } else if used > 0 {
            text.push(' ');
            used += 1;
        }
        text.push_str(&piece);
        used += width(&piece);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::{Placeholder, command};

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(shell("gpu_memory"), "gpu_memory");
        assert_eq!(shell("it's; rm -rf ~"), r"'it'\''s; rm -rf ~'");
        assert_eq!(shell("--status"), "--status");
        assert_eq!(shell(""), "''");
        assert_eq!(shell("HEAD~1"), "HEAD~1");
        assert_eq!(shell("~"), "'~'");
        assert_eq!(shell("::error"), "'::error'");
    }

    #[test]
    fn placeholders_of_prose_stand_in_quotes_that_can_be_typed_into() {
        let remedy = command!["certgate", "certify", "gpu", "--agent", Placeholder::Agent]
            .args(["--rationale".into(), Word::from(Placeholder::Rationale)]);
        assert_eq!(
            remedy.to_string(),
            "certgate certify gpu --agent NAME --rationale \"WHY\""
        );
    }

    #[test]
    fn commands_are_broken_so_that_they_can_be_pasted() {
        let remedy = command!["certgate", "certify", "gpu", "--staged", "--status", "APPROVED"]
            .args(["--agent", "a --b c"])
            .args(["--rationale".into(), Word::from(Placeholder::Rationale)]);
        assert_eq!(
            lines(&remedy, 40),
            "certgate certify gpu --staged \\\n    --status APPROVED \\\n    --agent 'a --b c' \\\n    --rationale \"WHY\""
        );
        let remedy = command!["diff", "/a/long", "/b/long"];
        assert_eq!(lines(&remedy, 12), "diff \\\n    /a/long \\\n    /b/long");
        let remedy = command!["git", "log", "--oneline"].why("too long by far");
        assert_eq!(lines(&remedy, 16), "git log \\\n    --oneline\n# too long by\n# far");
        let remedy = command!["certgate", "seal", "x"].after(command!["git", "add", "--", "a"]);
        assert_eq!(lines(&remedy, 24), "git add -- a \\\n    && certgate seal x");
    }

    /// The words that a program would get: `show` is a function that prints them.
    fn shown_by(program: &str, text: &str) -> Vec<Vec<u8>> {
        let script = format!("show() {{ for word; do printf '%s\\000' \"$word\"; done; }}\n{text}\n");
        let output = Command::new(program).arg("-c").arg(script).output().unwrap();
        assert!(
            output.status.success(),
            "{text}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut words: Vec<Vec<u8>> = output.stdout.split(|&b| b == 0).map(<[u8]>::to_vec).collect();
        words.pop();
        words
    }

    fn any_word() -> impl Strategy<Value = Vec<u8>> {
        let odd = prop::sample::select(b" '\"\\$`!*?[]{}()<>|&;#~=%-:\n\r\t\x1b\x7f\xff\xc3\xa9abz019".to_vec());
        prop_oneof![
            prop::collection::vec(odd, 0..12),
            prop::collection::vec(1..=255_u8, 0..12),
            prop::sample::select(vec![
                b"##[error]x".to_vec(),
                b"::error::x".to_vec(),
                b"--option=a b".to_vec(),
                "\u{202e}x".as_bytes().to_vec(),
                b"\n".to_vec(),
                b"a\n\n".to_vec(),
            ]),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn a_shell_reads_back_what_was_quoted(given in prop::collection::vec(any_word(), 1..6), columns in 8..100_usize) {
            let remedy = command!["show"].args(given.iter().map(|word| Word::from("").and_bytes(word)));
            for text in [line(&remedy), lines(&remedy, columns)] {
                for row in text.lines() {
                    prop_assert_eq!(sanitize(row), row, "harmless to print");
                    prop_assert!(!row.trim_start().starts_with("::"), "no command of a CI system");
                }
                prop_assert_eq!(shown_by("sh", &text), given.clone(), "{}", text);
            }
        }
    }

    #[test]
    fn every_shell_of_the_machine_agrees() {
        let text = format!("show {} {}", quote(b"a\xffb 'c'"), quote("d~1 é".as_bytes()));
        for program in ["sh", "bash", "dash", "zsh", "busybox"] {
            if program != "busybox" && Command::new(program).args(["-c", ":"]).output().is_ok() {
                assert_eq!(
                    shown_by(program, &text),
                    [b"a\xffb 'c'".to_vec(), "d~1 é".as_bytes().to_vec()],
                    "{program}"
                );
            }
        }
    }
}
