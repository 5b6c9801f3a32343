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
    let level = match diagnostic.level() {
        Level::Error => L::ERROR,
        Level::Warning => L::WARNING,
        Level::Note => L::NOTE,
    };
    let code = diagnostic.code().as_str();
    let title = level.primary_title(diagnostic.message()).id(code);
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
        group = group.element(L::NOTE.message(note.as_str()));
    }
    for help in diagnostic.helps() {
        group = group.element(L::HELP.message(help.as_str()));
    }
    let renderer = if style.colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.term_width(style.width).render(&[group])
}
