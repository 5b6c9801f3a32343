//! How a diagnostic looks to a person: as rustc's do.

use annotate_snippets::{AnnotationKind, Group, Level as L, Origin, Renderer, Snippet};

use super::{Diagnostic, Help, Level, shell, wrap_prose};

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
    // The gutter holds the line's number; ` = help: ` and its like are before a text.
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
    for help in diagnostic.advice() {
        let text = match help {
            Help::Run(remedy) => shell::lines(remedy, columns),
            Help::Say(text) => wrap_prose(text, columns),
        };
        group = group.element(L::HELP.message(text));
    }
    let renderer = if style.colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.term_width(style.width).render(&[group])
}
