//! The learnt score of a change and of its files, with the reasons that sum up to it.

use maud::{Markup, html};

use super::super::sensitivity::rank;
use super::frame::{prose, text};
use crate::sensitivity::score::{ChangeScore, FileScore};

/// Most files that are listed; the rest has lower scores.
const LISTED: usize = 20;

/// The score of the change, and its highest files.
pub(super) fn change(found: &ChangeScore) -> Markup {
    html! {
        section #sensitivity .sheet .score aria-labelledby="sensitivity-heading" {
            h2 #sensitivity-heading { "How likely it matters for performance" }
            p { "Sensitivity: " strong { (rank(found)) } "." }
            p .soft .small { "A learnt score, from 0 to 1000, of what the changed lines and the history of the files show. It is the score of the highest file." }
            ul .rows aria-labelledby="sensitivity-heading" data-what="scores" {
                @for file in found.files.iter().take(LISTED) {
                    li data-find="score" { details {
                        summary { code { (file.path) } span { "score " strong { (file.score) } } }
                        div .body { (reasons(file)) }
                    } }
                }
            }
            @if found.files.len() > LISTED { p .soft { "And " (found.files.len() - LISTED) " more files with lower scores." } }
        }
    }
}

/// The reasons of a file.
pub(super) fn reasons(file: &FileScore) -> Markup {
    html! {
        p .small .soft { "Score " (file.score) ", because" }
        ul .reasons {
            @for reason in &file.because {
                li { span .weight { (format!("{:+}", reason.weight)) } span { (prose(&text(&reason.text))) } }
            }
        }
    }
}
