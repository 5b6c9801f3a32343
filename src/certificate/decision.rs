//! The decision: the one Status in the one section DECISION/OUTCOME, and what to say where a strict reader finds none.
//!
//! A gate never guesses, so everything but the eleven words is an error. The error carries the lesson: the place, the rule, the fix.

use std::ops::Range;

use super::outline::{Field, Heading, Outline};
use super::status::{Status, without_marks};
use super::teach::explain_value;
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, Place};

/// The heading, as it must be written.
pub(super) const HEADING: &str = "DECISION/OUTCOME";

/// What was found of a decision.
pub(super) struct Decision {
    /// The status, where a strict reader finds one.
    pub(super) status: Option<Status>,
    /// The body of the one section, where there is one.
    pub(super) body: Option<Range<usize>>,
    /// Why there is no status.
    pub(super) finding: Option<Diagnostic>,
}

impl Decision {
    fn failed(body: Option<Range<usize>>, finding: Diagnostic) -> Self {
        Self {
            status: None,
            body,
            finding: Some(finding),
        }
    }
}

/// Reads the decision.
pub(super) fn read(path: &RepoPath, outline: &Outline<'_>) -> Decision {
    let (body, field) = match find(path, outline) {
        Ok(found) => found,
        Err(failed) => return *failed,
    };
    let written = trimmed(outline, field.value.clone());
    let value = outline.slice(written.clone());
    let status = value_of(value);
    // A refusal in doubt is still one: it must not lose its weight by how it is set.
    let milder = status.is_some_and(|status| !status.class().refuses());
    let doubt = odd_name(field).or_else(|| milder.then(|| doubt(path, outline, &body, field)).flatten());
    if let Some((doubt, help)) = doubt {
        let finding = Diagnostic::error(Code::CG101, "not every reader takes this line for the Status")
            .at(outline.place(path, field.at..field.value.start))
            .because(doubt)
            .help(help);
        return Decision::failed(Some(body), finding);
    }
    match status {
        Some(status) => Decision {
            status: Some(status),
            body: Some(body),
            finding: None,
        },
        None => Decision::failed(Some(body), explain_value(value, outline.place(path, written))),
    }
}

/// Why the name of the field is not simply Status, and what to do about it.
fn odd_name(field: &Field) -> Option<(String, String)> {
    let help = "write it plainly, with a blank line below: **Status**: WORD";
    field.doubt.map(|doubt| (doubt.to_owned(), help.to_owned()))
}

/// Why some reader might show something else in the place of the Status, and what to do about it.
fn doubt(path: &RepoPath, outline: &Outline<'_>, body: &Range<usize>, field: &Field) -> Option<(String, String)> {
    if let Some(plain) = outline.without_extensions()
        && !find(path, &plain).is_ok_and(|(_, found)| found.at == field.at)
    {
        let doubt = "a reader without tables and footnotes takes their lines for text, which changes what is a heading or a field";
        let help = "put a blank line above and below each table, footnote and `---`";
        return Some((doubt.to_owned(), help.to_owned()));
    }
    if let Some(block) = outline.may_belong_to(field.at, body) {
        let doubt = format!("for some readers it belongs to the {block} above it");
        return Some((doubt, "put a blank line above it".to_owned()));
    }
    let (at, what) = outline.unsettled()?;
    let line = outline.line_number(at);
    Some((
        format!("line {line} {what}: readers differ on it, and on what is a heading, a field or code from there on"),
        format!("leave line {line} empty, or take it away"),
    ))
}

/// The one Status of the one section, and the section's body; or why there is none.
fn find<'o>(path: &RepoPath, outline: &'o Outline<'_>) -> Result<(Range<usize>, &'o Field), Box<Decision>> {
    // A heading that only looks the same (another case, markup, an entity) never carries the decision, but it makes a second one:
    // a reader could take either.
    let alike: Vec<&Heading> = outline.sections(HEADING).collect();
    let failed = |body, finding| Err(Box::new(Decision::failed(body, finding)));
    let heading = match alike.as_slice() {
        [] => return failed(None, no_section(path, outline)),
        [heading] if heading.source == HEADING => *heading,
        [heading] => return failed(None, wrong_heading(path, outline, heading)),
        [first, second, ..] => return failed(None, two_sections(path, outline, first, second)),
    };
    let body = outline.body(heading);
    let fields: Vec<&Field> = outline
        .fields_in(body.clone())
        .iter()
        .filter(|field| field.is("Status"))
        .collect();
    match fields.as_slice() {
        [] => failed(Some(body), no_status(path, outline, heading)),
        [field] => Ok((body, *field)),
        [first, second, ..] => failed(Some(body), two_statuses(path, outline, first, second)),
    }
}

/// Reads a value by the rule: after one surrounding pair of marks, exactly one of the eleven words.
pub(super) fn value_of(value: &str) -> Option<Status> {
    Status::from_word(without_marks(value.trim_matches([' ', '\t'])))
}

/// A range without blanks at its ends. Only space and tab are blanks: a no-break space is a character somebody put there.
pub(super) fn trimmed(outline: &Outline<'_>, range: Range<usize>) -> Range<usize> {
    let text = outline.slice(range.clone());
    let start = range.start + (text.len() - text.trim_start_matches([' ', '\t']).len());
    start..start + text.trim_matches([' ', '\t']).len()
}

fn no_section(path: &RepoPath, outline: &Outline<'_>) -> Diagnostic {
    let near = outline.headings.iter().find(|heading| {
        let folded = heading.plain.to_uppercase();
        folded.contains("DECISION") || folded.starts_with("OUTCOME")
    });
    let finding = Diagnostic::error(Code::CG101, "the certificate has no section DECISION/OUTCOME");
    let finding = match near {
        Some(heading) => finding.at(outline.place(path, heading.range.clone())).because(format!(
            "this heading is of level {} and reads `{}`; the section is level 2 and reads exactly `{HEADING}`",
            heading.level, heading.source
        )),
        None => status_elsewhere(path, outline, finding),
    };
    finding.help(format!(
        "add the section: `## {HEADING}`, and below it a line `**Status**: WORD`"
    ))
}

fn wrong_heading(path: &RepoPath, outline: &Outline<'_>, heading: &Heading) -> Diagnostic {
    Diagnostic::error(Code::CG101, "the heading of the decision is not written exactly")
        .at(outline.place(path, heading.range.clone()))
        .because(format!(
            "it reads `{}`; the section is named `{HEADING}`, byte for byte",
            heading.source
        ))
        .help(format!("write the heading as: ## {HEADING}"))
}

fn two_sections(path: &RepoPath, outline: &Outline<'_>, first: &Heading, second: &Heading) -> Diagnostic {
    Diagnostic::error(Code::CG102, "the certificate has two sections DECISION/OUTCOME")
        .at(outline.place(path, second.range.clone()))
        .because(format!(
            "the first is on line {}: `{}`",
            outline.line_number(first.range.start),
            outline.slice(outline.line_range(first.range.start)).trim()
        ))
        .help("keep the section that holds the decision and rename the other; a changed decision is a new certificate")
}

fn two_statuses(path: &RepoPath, outline: &Outline<'_>, first: &Field, second: &Field) -> Diagnostic {
    Diagnostic::error(Code::CG102, "the section DECISION/OUTCOME has two Status fields")
        .at(outline.place(path, second.at..trimmed(outline, second.value.clone()).end))
        .because(format!(
            "the first is on line {}: `{}`",
            outline.line_number(first.at),
            outline.slice(outline.line_range(first.at)).trim()
        ))
        .help("keep one line `**Status**: WORD`; give a status of parts another name, such as `**Tests Status**:`")
}

fn no_status(path: &RepoPath, outline: &Outline<'_>, heading: &Heading) -> Diagnostic {
    let finding = Diagnostic::error(Code::CG101, "the section DECISION/OUTCOME has no Status");
    let body = outline.body(heading);
    // Something meant as a Status often is right there, in a form that is not valid, or just below where an underline cut the section.
    let near = outline
        .physical_lines()
        .filter(|line| line.start >= body.start && line.start <= body.end)
        .find(|line| {
            let lower = outline.slice(line.clone()).to_lowercase();
            lower.find("status").is_some_and(|at| {
                lower
                    .get(at + 6..)
                    .is_some_and(|rest| rest.contains([':', '|', '=', '-']))
            })
        });
    let finding = match near {
        Some(line) => finding
            .at(outline.place(path, trimmed(outline, line)))
            .because("this line is not a field: a field is a line of a paragraph or list item that begins with `**Status**:` or `**Status:**`")
            .because("text in a code block, comment, HTML, quote, table, heading, link or image is not a field"),
        None if outline.fields.iter().any(|field| field.is("Status")) => status_elsewhere(path, outline, finding),
        None => finding.at(outline.place(path, heading.range.clone())),
    };
    finding.help(format!(
        "add below the heading `## {HEADING}` the line: **Status**: WORD"
    ))
}

/// Points at a Status that is where it means nothing.
fn status_elsewhere(path: &RepoPath, outline: &Outline<'_>, finding: Diagnostic) -> Diagnostic {
    let Some(field) = outline.fields.iter().find(|field| field.is("Status")) else {
        return finding.at(Place::file(path));
    };
    let end = trimmed(outline, field.value.clone()).end;
    let reason = match outline.section_at(field.at) {
        Some(section) => format!("a Status in section {} means nothing", section.plain),
        None => "a Status outside of the section means nothing".to_owned(),
    };
    finding.at(outline.place(path, field.at..end)).because(reason)
}
