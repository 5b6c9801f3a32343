//! What every page has: its head, with what it may load (nothing) and run (its own script), its style, and the search.

use base64ct::{Base64, Encoding as _};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::diagnostic::sanitize;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Up to so many files a print shows all of each.
pub(super) const FEW: usize = 60;

/// What the page may do, for the browser to hold it to: its own style and script by their digests, and nothing from anywhere.
fn policy() -> String {
    let digest = |text: &str| format!("'sha256-{}'", Base64::encode_string(&Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}

/// A page. `parts` are the ids and names of what it leads to.
pub(super) fn document(title: &str, parts: &[(&str, &str)], many: bool, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="generator" content={ "certgate " (env!("CARGO_PKG_VERSION")) };
                title { (text(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body .few[!many] {
                a .skip href="#main" { "Skip to the verdict" }
                header .masthead {
                    strong { "certgate" }
                    @if parts.len() > 1 {
                        nav aria-label="Parts of this page" {
                            ul { @for (id, name) in parts { li { a href={ "#" (id) } { (name) } } } }
                        }
                    }
                }
                main #main tabindex="-1" { (body) }
                footer {
                    p { "Written by certgate " (env!("CARGO_PKG_VERSION")) ". This file is complete: it loads nothing." }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    let mut page = page.into_string();
    page.push('\n');
    page
}

/// The search, which the script shows, since it does nothing without one.
pub(super) struct Finder {
    pub(super) label: &'static str,
    /// What the choice beside it is of.
    pub(super) legend: &'static str,
    /// What is counted.
    pub(super) noun: &'static str,
    /// The choices: what `data-state` holds, and in words.
    pub(super) states: [(&'static str, &'static str); 3],
}

impl Finder {
    /// The search of a judgement.
    pub(super) const JUDGED: Self = Self {
        label: "Find files, certificates and findings",
        legend: "Files",
        noun: "files",
        states: [("all", "all"), ("open", "not covered"), ("covered", "covered")],
    };

    /// The search, with the choice where there is something to choose from.
    pub(super) fn show(&self, choice: bool) -> Markup {
        html! {
            div #finder .sheet .finder role="search" aria-label="This page" data-noun=(self.noun) hidden {
                div .field {
                    label for="words" { (self.label) }
                    input #words type="search" autocomplete="off" spellcheck="false";
                }
                @if choice {
                    fieldset {
                        legend { (self.legend) }
                        @for (value, name) in self.states {
                            label { input type="radio" name="files" value=(value) checked[value == "all"]; (name) }
                        }
                    }
                }
                p #found role="status" {}
            }
        }
    }
}

/// Text that came from a repository, or might have: what could drive or fool a reader shows as an escape. maud escapes the rest.
pub(super) fn text(text: &str) -> String {
    sanitize(text)
}

/// A sentence of ours, in which names are in backticks.
pub(super) fn prose(sentence: &str) -> Markup {
    let sentence = text(sentence);
    let pieces: Vec<&str> = sentence.split('`').collect();
    // One that is not closed is a character as any other.
    if pieces.len().is_multiple_of(2) {
        return html! { (sentence) };
    }
    html! {
        @for (at, piece) in pieces.iter().enumerate() {
            @if at % 2 == 1 { code { (piece) } } @else { (piece) }
        }
    }
}

/// Names, each as code, with commas between.
pub(super) fn names<S: AsRef<str>>(names: &[S]) -> Markup {
    html! {
        @for (at, name) in names.iter().enumerate() {
            @if at > 0 { ", " }
            code { (text(name.as_ref())) }
        }
    }
}

/// A word that says how something is: by shape, colour and text.
pub(super) fn badge(mood: Mood, word: &str) -> Markup {
    html! { span class={ "badge " (mood.class()) } { (word) } }
}

/// How something is.
#[derive(Clone, Copy)]
pub(super) enum Mood {
    Good,
    Bad,
    Careful,
    Plain,
}

impl Mood {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "yes",
            Self::Bad => "no",
            Self::Careful => "care",
            Self::Plain => "plain",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_and_script_end_where_they_should() {
        // In either element, only its own end tag ends it, and `<!--` changes how a script is read.
        for (raw, end) in [(STYLE, "</style"), (SCRIPT, "</script")] {
            let lower = raw.to_lowercase();
            assert!(!lower.contains(end) && !lower.contains("<!--") && !lower.contains("<script"));
        }
    }

    #[test]
    fn what_comes_from_a_repository_is_text() {
        let hostile = "</title><script>alert(1)</script>\u{202e}\u{1b}[2J";
        let page = document(hostile, &[], false, &html! { (prose(hostile)) (names(&[hostile])) });
        assert_eq!(page.matches("<script>").count(), 1, "{page}");
        assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'), "{page}");
        assert!(page.contains("\\u{202e}"));
    }

    #[test]
    fn names_in_backticks_are_code() {
        assert_eq!(prose("a `b<` c").into_string(), "a <code>b&lt;</code> c");
        assert_eq!(prose("a ` b").into_string(), "a ` b");
    }
}
