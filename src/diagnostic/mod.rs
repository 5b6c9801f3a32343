//! Diagnostics: stable codes, places, reasons and remedies, and how they look in a terminal.
//!
//! Every string that enters a [`Diagnostic`] is made harmless on the way in (see [`sanitize`]), so no report can print a control
//! sequence that came from a repository.

mod code;
mod io;
mod plural;
mod remedy;
mod render;
mod sanitize;
mod shell;
mod wrap;

pub use code::Code;
pub use io::io_remedy;
pub(crate) use plural::{noun_for, plural};
pub(crate) use remedy::command;
pub use remedy::{Help, Placeholder, Remedy, Word, read_from};
pub use render::{Style, render};
pub use sanitize::{sanitize, sanitize_bytes, sanitize_line};
pub use shell::{shell, shown};
pub(crate) use wrap::{fold, wrap_prose};

use serde::Serialize;

use crate::change::RepoPath;
use sanitize::unsanitize_marks;

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Information that changes nothing.
    Note,
    /// Worth fixing; does not stop anything by itself.
    Warning,
    /// Stops, or would stop where enforcement is on.
    Error,
}

/// Where a diagnostic points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, as shown (quoted where needed).
    pub path: String,
    /// The 1-based line, where known.
    pub line: Option<u32>,
    /// The text of that line and the marked byte range in it, where known.
    pub source: Option<SourceLine>,
}

/// A line of source and the part of it that is marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceLine {
    /// The line without its ending, made harmless.
    pub text: String,
    /// First marked byte of `text`.
    pub start: usize,
    /// One past the last marked byte of `text`.
    pub end: usize,
}

impl Place {
    /// An entire file.
    pub fn file(path: impl std::fmt::Display) -> Self {
        Self {
            path: sanitize(&path.to_string()),
            line: None,
            source: None,
        }
    }

    /// A line of a file (1-based).
    pub fn line(path: impl std::fmt::Display, line: u32) -> Self {
        Self {
            line: Some(line),
            ..Self::file(path)
        }
    }

    /// The path as git has it, where it is one of the repository: what is shown, read back.
    pub fn path(&self) -> RepoPath {
        let shown = unsanitize_marks(&self.path);
        RepoPath::unquote(&shown).unwrap_or_else(|| RepoPath::new(shown.as_bytes()))
    }

    /// Adds the line's text and marks the bytes `start..end` of it (before it is made harmless).
    #[must_use]
    pub fn with_source(mut self, text: &str, start: usize, end: usize) -> Self {
        let floor = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (floor(start), floor(end.max(start)));
        let head = sanitize(text.get(..start).unwrap_or_default());
        let mark = sanitize(text.get(start..end).unwrap_or_default());
        let tail = sanitize(text.get(end..).unwrap_or_default());
        let (from, to) = (head.len(), head.len() + mark.len());
        self.source = Some(SourceLine {
            text: head + &mark + &tail,
            start: from,
            end: to,
        });
        self
    }
}

/// One of several files that a diagnostic is about, and its message for that one alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The file.
    pub place: Place,
    /// The one-line message.
    pub message: String,
}

impl Part {
    /// A part with its message made harmless.
    pub fn new(place: Place, message: impl std::fmt::Display) -> Self {
        Self {
            place,
            message: sanitize(&message.to_string()),
        }
    }
}

/// One thing to tell: what is wrong, where, why, and the command that fixes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    code: Code,
    level: Level,
    message: String,
    place: Option<Place>,
    notes: Vec<String>,
    help: Vec<Help>,
    component: Option<String>,
    parts: Vec<Part>,
}

impl Diagnostic {
    /// A diagnostic with the given one-line message.
    pub fn new(level: Level, code: Code, message: impl std::fmt::Display) -> Self {
        let message = sanitize(&message.to_string());
        Self {
            code,
            level,
            message,
            place: None,
            notes: Vec::new(),
            help: Vec::new(),
            component: None,
            parts: Vec::new(),
        }
    }

    /// An error.
    pub fn error(code: Code, message: impl std::fmt::Display) -> Self {
        Self::new(Level::Error, code, message)
    }

    /// A warning.
    pub fn warning(code: Code, message: impl std::fmt::Display) -> Self {
        Self::new(Level::Warning, code, message)
    }

    /// A note.
    pub fn note(code: Code, message: impl std::fmt::Display) -> Self {
        Self::new(Level::Note, code, message)
    }

    /// Points at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Adds a reason.
    #[must_use]
    pub fn because(mut self, reason: impl std::fmt::Display) -> Self {
        self.notes.push(sanitize(&reason.to_string()));
        self
    }

    /// Adds advice: a command ([`Remedy`]), or one sentence.
    #[must_use]
    pub fn help(mut self, help: impl Into<Help>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds a remedy before the others.
    #[must_use]
    pub fn help_first(mut self, help: impl Into<Help>) -> Self {
        self.help.insert(0, help.into());
        self
    }

    /// Names the component that it is about.
    #[must_use]
    pub fn about(mut self, component: Option<&str>) -> Self {
        self.component = component.map(sanitize);
        self
    }

    /// Says what it is for each file alone, where it is about several.
    #[must_use]
    pub fn in_parts(mut self, parts: Vec<Part>) -> Self {
        self.parts = parts;
        self
    }

    /// The same with another level.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The level.
    pub fn level(&self) -> Level {
        self.level
    }

    /// The one-line message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The place, if it has one.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// The component that it is about, where it is about one.
    pub fn component(&self) -> Option<&str> {
        self.component.as_deref()
    }

    /// Each file that it is about; empty where it is about one place or none.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The reasons, in order.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The advice, in order.
    pub fn advice(&self) -> &[Help] {
        &self.help
    }

    /// The advice as text, a command on one line.
    pub fn helps(&self) -> Vec<String> {
        self.help.iter().map(ToString::to_string).collect()
    }

    /// The commands among the advice.
    pub fn remedies(&self) -> impl Iterator<Item = &Remedy> {
        self.help.iter().filter_map(|help| match help {
            Help::Run(remedy) => Some(remedy),
            Help::Say(_) => None,
        })
    }
}
