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
    let message = wrap_prose(diagnostic.message(), style.width.saturating_sub(mark.len()));
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
        group = group.element(L::NOTE.message(wrap_prose(note, columns)));
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
    wrap_as(text, columns, true)
}

/// The same for what nobody pastes.
fn wrap_prose(text: &str, columns: usize) -> String {
    wrap_as(text, columns, false)
}

fn wrap_as(text: &str, columns: usize, pasted: bool) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let command = is_command(text);
    if let (true, Some((command, comment))) = (command, text.split_once("   # ")) {
        let comment = wrap(comment, columns.saturating_sub(2)).replace('\n', "\n# ");
        return format!("{}\n# {comment}", wrap(command, columns));
    }
    let (pieces, stop, next) = match command {
        true => (options(text, columns), " \\", "\n    "),
        false => (text.split(' ').map(str::to_owned).collect(), "", "\n"),
    };
    let room = columns.saturating_sub(stop.len());
    let mut wrapped = String::with_capacity(text.len() + 16);
    let mut used = 0;
    for piece in pieces {
        let width = piece.chars().count();
        // Behind blanks, too, `::` would begin a command in a log of GitHub's.
        let stays = piece.starts_with("::") || (pasted && !command && may_run(&piece));
        if used > 0 && used + 1 + width > room && !stays {
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

/// Programs that help texts begin with.
const PROGRAMS: [&str; 23] = [
    "certgate",
    "git",
    "echo",
    "printf",
    "rm",
    "mv",
    "cp",
    "diff",
    "date",
    "ssh-keygen",
    "ssh-add",
    "fuser",
    "ulimit",
    "man",
    "chmod",
    "mkdir",
    "cat",
    "ls",
    "sh",
    "ln",
    "jj",
    "sed",
    "sudo",
];

/// Whether a text is to be pasted into a shell: it begins with a program, or with a variable that is set for one.
fn is_command(text: &str) -> bool {
    let first = text.split(' ').find(|word| !is_assignment(word)).unwrap_or_default();
    PROGRAMS.contains(&first) || (first.starts_with(['/', '\'']) && text.contains(" -"))
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
}

/// Whether a line that begins so would run something when it is pasted; prose is not broken before it.
fn may_run(word: &str) -> bool {
    let word = word.trim_start_matches(['`', '(']);
    PROGRAMS.contains(&word) || word.starts_with(['/', '.', '~', '\'', '"']) || is_assignment(word)
}

/// The parts of a command between which it may be broken: before each option that does not stand in quotes; and at any blank outside
/// quotes in a part that is longer than a line.
fn options(command: &str, columns: usize) -> Vec<String> {
    let parts = split_before(command, |word| word.starts_with("--"));
    let fits = |part: &String| part.chars().count() <= columns.saturating_sub(6);
    let split = |part: String| match fits(&part) {
        true => vec![part],
        false => split_before(&part, |_| true),
    };
    parts.into_iter().flat_map(split).collect()
}

fn split_before(command: &str, begins: impl Fn(&str) -> bool) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut quote = None;
    for word in command.split(' ') {
        match parts.last_mut() {
            Some(part) if quote.is_some() || !begins(word) => {
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
        assert_eq!(
            wrap("echo 'one  two' >> three", 9),
            "echo \\\n    'one  two' \\\n    >> \\\n    three"
        );
        assert_eq!(wrap("one two three", 9), "one two\nthree");
        assert_eq!(wrap("diff /a/long /b/long", 12), "diff \\\n    /a/long \\\n    /b/long");
        assert_eq!(
            wrap("CERTGATE_TARGET=main certgate check --staged", 30),
            "CERTGATE_TARGET=main \\\n    certgate check --staged"
        );
        assert_eq!(
            wrap("remove what is not needed any more: rm /a/b/c", 38),
            "remove what is not needed any more: rm /a/b/c",
            "prose is not broken before a command"
        );
        assert_eq!(wrap("short", 9), "short");
        assert_eq!(wrap("git log   # not long", 20), "git log   # not long");
        assert_eq!(
            wrap("git log --oneline   # too long by far", 16),
            "git log \\\n    --oneline\n# too long by\n# far"
        );
    }
}
