//! What was found, each with its reasons and the commands that fix it.

use maud::{Markup, html};

use super::frame::{Mood, badge, prose, text};
use crate::diagnostic::{Diagnostic, Help, Level, Remedy};

/// Diagnostics, the most grave first.
pub(super) fn findings(told: &[&Diagnostic]) -> Markup {
    html! {
        ul .findings { @for one in told { li .finding data-find="finding" { (finding(one)) } } }
    }
}

fn finding(told: &Diagnostic) -> Markup {
    let (mood, word) = match told.level() {
        Level::Error => (Mood::Bad, "error"),
        Level::Warning => (Mood::Careful, "warning"),
        Level::Note => (Mood::Plain, "note"),
    };
    html! {
        p {
            (badge(mood, word)) " "
            span .soft .small { (told.code()) } " "
            strong { (prose(told.message())) }
            @if let Some(place) = told.place() {
                " " span .soft .small { "at " code { (text(&place.path)) @if let Some(line) = place.line { ":" (line) } } }
            }
        }
        @if let Some(source) = told.place().and_then(|place| place.source.as_ref()) {
            (line(&source.text, source.start, source.end))
        }
        @if !told.notes().is_empty() {
            ul { @for note in told.notes() { li { (prose(note)) } } }
        }
        @for help in told.advice() {
            @match help {
                Help::Run(remedy) => (command(remedy)),
                Help::Say(said) => { p { (prose(said)) } },
            }
        }
    }
}

/// A line of a file with the part of it that is meant.
fn line(source: &str, start: usize, end: usize) -> Markup {
    let part = |range: std::ops::Range<usize>| source.get(range).unwrap_or_default();
    html! {
        figure .hunk { pre { span { (part(0..start)) mark { (part(start..end)) } (part(end..source.len())) } } }
    }
}

/// A command as a shell takes it, with what it is good for.
pub(super) fn command(remedy: &Remedy) -> Markup {
    let why = remedy.reason();
    let line = remedy.to_string();
    let line = match why {
        Some(why) => line.strip_suffix(&format!("   # {why}")).unwrap_or(&line),
        None => line.as_str(),
    };
    html! {
        div .command {
            pre { code { (text(line)) } }
            @if let Some(why) = why { p .soft .small { (prose(why)) } }
        }
    }
}
