//! How a diagnostic looks to a person: as rustc's do.

use annotate_snippets::{AnnotationKind, Group, Level as L, Origin, Renderer, Snippet};

use super::{Diagnostic, Level};

/// Whether to colour, and how wide the terminal is.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Emit ANSI colours.
    pub colour: bool,
    /// Columns.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            colour: false,
            width: 80,
        }
    }
}

/// Renders a diagnostic as text that ends without a line break.
pub fn render(diagnostic: &Diagnostic, style: Style) -> String {
    // The gutter holds the line's number; ` = help: ` and its like stand before a text.
    let digits = diagnostic
        .place()
        .and_then(|place| place.line)
        .unwrap_or(1)
        .to_string()
        .len();
    let columns = style.width.saturating_sub(digits + 9);
    let (level, mark) = match diagnostic.level() {
        Level::Error => (L::ERROR, "error[CG000]: "),
        Level::Warning => (L::WARNING, "warning[CG000]: "),
        Level::Note => (L::NOTE, "note[CG000]: "),
    };
    let code = diagnostic.code().as_str();
    let message = wrap(diagnostic.message(), style.width.saturating_sub(mark.len()));
    let title = level.primary_title(message).id(code);
    let mut group = Group::with_title(title);
    if let Some(place) = diagnostic.place() {
        match &place.source {
            Some(source) => {
                group = group.element(
                    Snippet::source(source.text.as_str())
                        .path(place.path.as_str())
                        .line_start(place.line.unwrap_or(1) as usize)
                        .annotation(AnnotationKind::Primary.span(source.start..source.end)),
                );
            }
            None => {
                let mut origin = Origin::path(place.path.as_str());
                if let Some(line) = place.line {
                    origin = origin.line(line as usize);
                }
                group = group.element(origin);
            }
        }
    }
    for note in diagnostic.notes() {
        group = group.element(L::NOTE.message(wrap(note, columns)));
    }
    for help in diagnostic.helps() {
        group = group.element(L::HELP.message(wrap(help, columns)));
    }
    let renderer = if style.colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.term_width(style.width).render(&[group])
}

/// Breaks a long text at blanks. A command is broken before its options and the comment behind it, and so that it can still be pasted.
fn wrap(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let command = ["certgate ", "git ", "echo ", "printf ", "rm ", "sed "]
        .iter()
        .any(|program| text.starts_with(program));
    if let (true, Some((command, comment))) = (command, text.split_once("   # ")) {
        let comment = wrap(comment, columns.saturating_sub(2)).replace('\n', "\n# ");
        return format!("{}\n# {comment}", wrap(command, columns));
    }
    let (pieces, stop, next) = match command {
        true => (options(text), " \\", "\n    "),
        false => (text.split(' ').map(str::to_owned).collect(), "", "\n"),
    };
    let room = columns.saturating_sub(stop.len());
    let mut wrapped = String::with_capacity(text.len() + 16);
    let mut used = 0;
    for piece in pieces {
        let width = piece.chars().count();
        // Behind blanks, too, `::` would begin a command in a log of GitHub's.
        if used > 0 && used + 1 + width > room && !piece.starts_with("::") {
            wrapped.push_str(stop);
            wrapped.push_str(next);
            used = next.len() - 1;
        } else if used > 0 {
            wrapped.push(' ');
            used += 1;
        }
        wrapped.push_str(&piece);
        used += width;
    }
    wrapped
}

/// The parts of a command between which it may be broken: before each option that does not stand in quotes.
fn options(command: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut quote = None;
    for word in command.split(' ') {
        match parts.last_mut() {
            Some(part) if quote.is_some() || !word.starts_with("--") => {
                part.push(' ');
                part.push_str(word);
            }
            _ => parts.push(word.to_owned()),
        }
        for mark in word.chars().filter(|c| matches!(c, '"' | '\'')) {
            match quote {
                None => quote = Some(mark),
                Some(open) if open == mark => quote = None,
                Some(_) => {}
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_broken_so_that_they_can_be_pasted() {
        let command = "certgate certify gpu --staged --status APPROVED --agent 'a --b c' --rationale \"WHY --x\"";
        assert_eq!(
            wrap(command, 40),
            "certgate certify gpu --staged \\\n    --status APPROVED \\\n    --agent 'a --b c' \\\n    --rationale \"WHY --x\""
        );
        assert_eq!(wrap("echo 'one  two' >> three", 9), "echo 'one  two' >> three");
        assert_eq!(wrap("one two three", 9), "one two\nthree");
        assert_eq!(wrap("short", 9), "short");
        assert_eq!(wrap("git log   # not long", 20), "git log   # not long");
        assert_eq!(
            wrap("git log --oneline   # too long by far", 16),
            "git log \\\n    --oneline\n# too long by\n# far"
        );
    }
}
