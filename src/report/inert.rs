//! Text from a repository inside Markdown: whatever it holds, it is shown and does nothing.
//!
//! Escaping alone is not enough: forges look for mentions and references in the text of the rendered page, where no escape is left. A
//! character that could begin one is put in its own element, so that nothing follows it in its text; and GitHub and GitLab leave
//! what is in `<code>` alone.

/// Characters that begin a mention or a reference on GitHub or GitLab.
const SIGILS: [char; 8] = ['@', '#', '!', '$', '%', '~', '^', '&'];

/// Most characters of one name or path that are shown.
const LONGEST: usize = 160;

/// A string as it can be in a line, a list item or a cell of a table.
pub(super) fn inline(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    for character in text.chars() {
        let sigil = SIGILS.contains(&character);
        if sigil {
            safe.push_str("<span>");
        }
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\n' | '\r' => safe.push(' '),
            // A point means something after a number, in a list, and after `www`.
            '.' if !before.is_ascii_alphanumeric() || before.is_ascii_lowercase() && before != 'w' => safe.push('.'),
            c if c.is_ascii_punctuation() && !matches!(c, ',' | ';' | '/' | '?' | '"' | '\'') => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
        if sigil {
            safe.push_str("</span>");
        }
        before = character;
    }
    safe
}

/// A name or a path: in `<code>`, and not without end.
pub(super) fn code(text: &str) -> String {
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("<code>{}</code>", inline(&shown))
}

/// A message: what is in backticks is code.
pub(super) fn message(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 32);
    let mut pieces = text.split('`').peekable();
    let mut quoted = false;
    while let Some(piece) = pieces.next() {
        // A last backtick without a partner stands for itself.
        match (quoted, pieces.peek()) {
            (true, Some(_)) => safe.push_str(&code(piece)),
            (true, None) => safe.push_str(&inline(&format!("`{piece}"))),
            (false, _) => safe.push_str(&inline(piece)),
        }
        quoted = !quoted;
    }
    safe
}

/// A string for a file that people read unrendered, too: only what would do something is escaped, and code stays code.
pub(super) fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    let mut pieces = text.split('`').peekable();
    let (mut quoted, mut after_code) = (false, false);
    while let Some(piece) = pieces.next() {
        match (quoted, pieces.peek()) {
            (true, Some(_)) if !piece.trim().is_empty() => {
                // Two spans that touch would be read as one.
                safe.push_str(if after_code { " `" } else { "`" });
                safe.push_str(piece);
                safe.push('`');
                after_code = true;
            }
            (true, closed) => {
                safe.push_str("\\`");
                escape(piece, &mut safe);
                safe.push_str(if closed.is_some() { "\\`" } else { "" });
                after_code = false;
            }
            (false, _) => {
                escape(piece, &mut safe);
                after_code &= piece.is_empty();
            }
        }
        quoted = !quoted;
    }
    safe
}

fn escape(piece: &str, safe: &mut String) {
    let mut before = safe.chars().next_back();
    // Where a line or an item begins, a digit, a dash and the like begin a list or a heading.
    let mut start = safe.trim().is_empty();
    let mut rest = piece.chars().peekable();
    while let Some(character) = rest.next() {
        let alphanumeric = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let marks = match character {
            '\n' | '\r' => false,
            '\\' | '*' | '[' | ']' | '<' | '&' | '|' | '~' | '$' => true,
            '_' => !(alphanumeric(before) && alphanumeric(rest.peek().copied())),
            ':' => start || rest.peek() == Some(&'/'),
            '.' => before == Some('w') || start,
            '-' | '+' | '#' | '>' | '=' | ')' => start,
            _ => false,
        };
        if marks {
            safe.push('\\');
        }
        safe.push(if matches!(character, '\n' | '\r') {
            ' '
        } else {
            character
        });
        start = start && (character.is_whitespace() || character.is_ascii_digit());
        before = Some(character);
    }
}

/// A command as its own block, which can be copied as it is.
pub(super) fn block(command: &str) -> String {
    let longest = command.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}sh\n{command}\n{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser};

    /// What a reader of Markdown sees of a text: its characters; and whether anything but text and our own elements came of it.
    fn read(markdown: &str) -> (String, Vec<String>) {
        let mut text = String::new();
        let mut others = Vec::new();
        // What GitHub and GitLab read.
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_MATH
            | Options::ENABLE_GFM;
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Text(piece) => text.push_str(&piece),
                Event::InlineHtml(tag) if ["<span>", "</span>", "<code>", "</code>"].contains(&&*tag) => {}
                Event::Start(pulldown_cmark::Tag::Paragraph) | Event::End(pulldown_cmark::TagEnd::Paragraph) => {}
                other => others.push(format!("{other:?}")),
            }
        }
        (text, others)
    }

    #[test]
    fn what_could_do_something_only_shows() {
        for hostile in [
            "<script>alert(1)</script>",
            "![x](https://example.org/x.png)",
            "@everyone #1 !2 $3 %4 ~5 &6",
            "[a]: https://example.org",
            "|a|b|",
            "- [ ] a",
            "    code",
            "```\nx",
            "www.example.org https://example.org a@example.org",
            "a --> b <!-- c",
            "# heading",
            "1. one",
            "***",
            "\\<b>",
            "$$x$$",
        ] {
            let (text, others) = read(&format!("x {}", inline(hostile)));
            assert_eq!(others, Vec::<String>::new(), "{hostile}");
            assert_eq!(text, format!("x {}", hostile.replace('\n', " ")));
        }
    }

    #[test]
    fn a_file_stays_readable() {
        assert_eq!(
            plain("`a_b.py:1` is snake_case, 3-4 % (see x)."),
            "`a_b.py:1` is snake_case, 3-4 % (see x)."
        );
        assert_eq!(plain("**fast** <b> [x](y)"), "\\*\\*fast\\*\\* \\<b> \\[x\\](y)");
        assert_eq!(plain("- a `` b"), "\\- a \\`\\` b");
        assert_eq!(plain("`a``b`"), "`a` `b`");
        assert_eq!(plain("1. www.x.org https://x"), "1\\. www\\.x.org https\\://x");
    }

    #[test]
    fn messages_show_names_as_code() {
        assert_eq!(message("`a.b`: not @x"), "<code>a.b</code>\\: not <span>\\@</span>x");
        assert_eq!(message("a ` b"), "a \\` b");
        assert_eq!(code(&"x".repeat(200)).chars().filter(|c| *c == 'x').count(), LONGEST);
    }

    proptest! {
        #[test]
        fn any_line_only_shows(text in "[ -~\u{e9}]{0,60}") {
            let (shown, others) = read(&format!("x{}x", inline(&text)));
            prop_assert_eq!(others, Vec::<String>::new());
            prop_assert_eq!(shown, format!("x{text}x"));
        }

        #[test]
        fn any_line_of_a_file_only_shows(text in "[ -~\u{e9}]{0,60}") {
            for text in [text.clone(), format!("1. {text}"), format!("{text}``{text}")] {
                let markdown = plain(text.trim());
                let (shown, others) = read(&markdown);
                let others: Vec<&String> = others.iter().filter(|other| !other.starts_with("Code(")).collect();
                prop_assert_eq!(others, Vec::<&String>::new(), "{}", markdown);
                let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
                prop_assert!(letters(&shown) <= letters(&text));
            }
        }

        #[test]
        fn a_command_stays_in_its_block(command in "[ -~]{0,60}") {
            let markdown = block(&command);
            let mut events = Parser::new(&markdown);
            let first = matches!(events.next(), Some(Event::Start(pulldown_cmark::Tag::CodeBlock(_))));
            prop_assert!(first);
            let inside: String = events
                .by_ref()
                .take_while(|event| !matches!(event, Event::End(_)))
                .map(|event| match event { Event::Text(text) => text.into_string(), other => format!("{other:?}") })
                .collect();
            prop_assert_eq!(inside, format!("{}\n", command));
            prop_assert!(events.next().is_none());
        }
    }
}
