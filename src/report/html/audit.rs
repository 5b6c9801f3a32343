//! The overview of an audit as a page: the sums, and a table for each question.

use maud::{Markup, html};

use super::super::audit_table::Section;
use super::frame::{document, text};

/// The page.
pub(in crate::report) fn html_audit(title: &str, sums: &[(&str, usize)], sections: &[Section<'_>]) -> String {
    let ids: Vec<String> = (0..sections.len()).map(|at| format!("part-{at}")).collect();
    let parts: Vec<(&str, &str)> = ids
        .iter()
        .map(String::as_str)
        .zip(sections.iter().map(|section| section.title))
        .collect();
    let body = html! {
        section .sheet aria-labelledby="audit" {
            h1 #audit { (text(title)) }
            table {
                tbody { @for (name, count) in sums { tr { th scope="row" { (name) } td { (count) } } } }
            }
        }
        @for (id, section) in ids.iter().zip(sections) { (table(id, section)) }
    };
    document(&format!("certgate: {title}"), &parts, false, &body)
}

fn table(id: &str, section: &Section<'_>) -> Markup {
    html! {
        section id=(id) .sheet aria-labelledby={ (id) "-heading" } {
            h2 id={ (id) "-heading" } { (section.title) }
            table {
                thead { tr { @for head in section.heads { th scope="col" { (head) } } } }
                tbody { @for row in section.rows { tr { @for cell in row { td { (text(cell)) } } } } }
            }
            @if section.more > 0 { p { "… and " (section.more) " more." } }
        }
    }
}
