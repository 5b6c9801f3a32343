//! `lint` and `verify` as pages: each document with what was found of it.

use maud::{Markup, html};

use super::super::lint::Linted;
use super::super::verify::VerifyReport;
use super::frame::{FEW, Mood, badge, document, prose, text};
use super::told;
use crate::diagnostic::{Diagnostic, Level, plural};

/// A document, as the page shows it.
struct Shown<'a> {
    path: String,
    decision: Option<&'static str>,
    facts: Markup,
    diagnostics: &'a [Diagnostic],
}

/// Linted certificates.
pub fn html_lint(documents: &[Linted]) -> String {
    let shown = documents.iter().map(|document| Shown {
        path: document.certificate.path.to_string(),
        decision: document.certificate.status.map(|status| status.as_str()),
        facts: claims(document),
        diagnostics: &document.diagnostics,
    });
    page("lint", &shown.collect::<Vec<_>>())
}

/// Verified certificates.
pub fn html_verify(documents: &[VerifyReport]) -> String {
    let facts = |document: &VerifyReport| {
        html! {
            ul { @for fact in &document.facts {
                li {
                    (badge(if fact.holds { Mood::Good } else { Mood::Bad }, if fact.holds { "holds" } else { "does not hold" }))
                    " " (fact.of) ": " (prose(&fact.said))
                }
            } }
        }
    };
    let shown = documents.iter().map(|document| Shown {
        path: text(&document.path),
        decision: document.status.map(|status| status.as_str()),
        facts: facts(document),
        diagnostics: &document.diagnostics,
    });
    page("verify", &shown.collect::<Vec<_>>())
}

fn claims(document: &Linted) -> Markup {
    let claims = document.claims.as_deref().unwrap_or_default();
    html! {
        @if !claims.is_empty() {
            ul { @for claim in claims {
                li { "line " (claim.line) ": " (claim.label.as_str()) ": " (prose(&text(&claim.text))) }
            } }
        }
    }
}

fn page(command: &str, documents: &[Shown<'_>]) -> String {
    let count = |level| {
        let told = documents.iter().flat_map(|document| document.diagnostics);
        told.filter(|told| told.level() == level).count()
    };
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    let (word, class) = match (errors, warnings) {
        (0, 0) => ("Nothing to fix", "pass"),
        (0, _) => ("Warnings", "warn"),
        _ => ("Errors", "block"),
    };
    let body = html! {
        section class={ "sheet verdict " (class) } aria-labelledby="verdict" {
            h1 #verdict { (word) }
            p .lead {
                (plural(documents.len(), "certificate")) ", " (plural(errors, "error")) ", " (plural(warnings, "warning")) "."
            }
        }
        @for (at, document) in documents.iter().enumerate() {
            section .sheet aria-labelledby={ "document-" (at) } {
                div .heading {
                    h2 id={ "document-" (at) } { code { (document.path) } }
                    (badge(if document.decision.is_some() { Mood::Plain } else { Mood::Bad }, document.decision.unwrap_or("no decision")))
                }
                (document.facts)
                @if document.diagnostics.is_empty() { p .soft { "Nothing to fix." } }
                @else { (told::findings(&document.diagnostics.iter().collect::<Vec<_>>())) }
            }
        }
    };
    document(&format!("certgate: {command}"), &[], documents.len() > FEW, &body)
}
