//! Reading a certificate: from bytes to a [`Parsed`], and never to nothing. What cannot be read comes out as a certificate without a
//! decision and an error that says why.

use std::ops::Range;

use super::decision::{self, trimmed};
use super::outline::{Field, Outline};
use super::stamp::{self, Saying, Stamp};
use super::status::without_marks;
use super::{
    Bypass, Certificate, MAX_BYTES, Parsed, Shape, Status, SubjectField, benchmarks, conditions, date, naming, subject,
};
use crate::change::{RepoPath, deceptive};
use crate::diagnostic::{Code, Diagnostic, Place, command};

/// Reads a document strictly.
pub fn parse(path: &RepoPath, bytes: &[u8]) -> Parsed {
    let size = bytes.len() as u64;
    if size > MAX_BYTES {
        return too_large(path, size);
    }
    let text = match text_of(bytes) {
        Ok(text) => text,
        Err((reason, line)) => {
            let place = line.map_or_else(|| Place::file(path), |line| Place::line(path, line));
            return unreadable(path, place, reason);
        }
    };
    let outline = Outline::new(text);
    let mut findings = Vec::new();

    let decision = decision::read(path, &outline);
    let decided = decision.finding.is_none();
    findings.extend(decision.finding);

    let mut heading = HeadingFields {
        path,
        outline: &outline,
        findings,
    };
    let components = heading.list("Component");
    let agent = heading.text("Agent");
    let date = heading.date();
    let id = heading.text("Certificate ID");
    let supersedes = heading.list("Supersedes");
    let builds_upon = heading.list("Builds upon");
    let bypass = heading.bypass();
    let mut findings = heading.findings;

    let (subject, unread) = subject::read(path, &outline, &components);
    findings.extend(unread);
    let (benchmarks, unread) = benchmarks::read(path, &outline);
    findings.extend(unread);

    let conditions = conditions::read(&outline, decision.body.clone());
    if decision.status == Some(Status::ConditionallyApproved) && conditions.is_empty() {
        findings.push(without_condition(path, &outline, decision.body.clone()));
    }

    let rationale = outline
        .fields_in(decision.body.clone().unwrap_or(0..0))
        .iter()
        .any(|field| field.is("Rationale") && !bare(outline.slice(field.value.clone())).is_empty());
    let body = decision.body.clone();
    let placeholders = placeholders(path, &outline, decision.body, decided, &mut findings);
    // A refusal is never doubted for want of words.
    let may_be_stamp = !placeholders && decision.status.is_some_and(|status| !status.class().refuses());
    let texts = conditions.iter().map(|condition| condition.text.as_str()).collect();
    let stamp = match (may_be_stamp, body) {
        (true, Some(body)) => stamp_in(&outline, body, agent.as_deref(), texts),
        _ => None,
    };
    let signature = signature(&outline);
    let certificate = Certificate {
        path: path.clone(),
        status: decision.status,
        components,
        agent,
        date,
        id,
        supersedes,
        builds_upon,
        subject,
        conditions,
        named: naming::collect(&outline),
        hash: signature
            .hashes
            .first()
            .map(|range| outline.slice(range.clone()).trim())
            .map(|claim| without_marks(claim).trim().to_owned())
            .filter(|claim| !claim.is_empty()),
        placeholders,
        stamp,
        bypass,
        rationale,
        benchmarks,
        findings: says_findings(&outline),
    };
    Parsed {
        certificate,
        findings,
        shape: shape(&outline, signature.agent),
    }
}

/// What is said of a conditional approval that names no condition, where the decision is or the field that comes closest.
fn without_condition(path: &RepoPath, outline: &Outline<'_>, body: Option<Range<usize>>) -> Diagnostic {
    let at = body
        .clone()
        .map_or(0..0, |body| body.start.saturating_sub(1)..body.start);
    let field = outline
        .fields_in(body.unwrap_or(0..0))
        .iter()
        .find(|field| field.is("Conditions") || field.is("Status"));
    let at = field.map_or(at, |field| field.at..field.value.end);
    Diagnostic::warning(Code::CG115, "CONDITIONALLY_APPROVED without a condition")
        .at(outline.place(path, at))
        .because("nobody can tell when the approval is complete")
        .help(
            "list the conditions below `**Conditions**:`, one `- [ ]` each; without conditions, the status is APPROVED",
        )
}

fn shape(outline: &Outline<'_>, signature_agent: Option<String>) -> Shape {
    let sections = outline.headings.iter().filter(|heading| heading.level == 2);
    let fields = outline.fields_in(outline.top()).iter();
    Shape {
        sections: sections.map(|heading| heading.plain.clone()).collect(),
        fields: fields.map(|field| field.name.clone()).collect(),
        signature_agent,
    }
}

/// The reading of a document that is larger than [`MAX_BYTES`], which need not be loaded for it.
pub fn too_large(path: &RepoPath, size: u64) -> Parsed {
    let reason = format!("it has {size} bytes; a certificate has at most {MAX_BYTES}");
    unreadable(path, Place::file(path), reason)
}

/// The reading of a certificate's path that holds no document: a symbolic link or a submodule.
pub fn not_a_file(path: &RepoPath) -> Parsed {
    unreadable(
        path,
        Place::file(path),
        "it is not a regular file; links are not followed".to_owned(),
    )
}

fn unreadable(path: &RepoPath, place: Place, reason: String) -> Parsed {
    let finding = Diagnostic::error(Code::CG104, "the certificate cannot be read")
        .at(place)
        .because(reason)
        .help("make it a plain text file in UTF-8; large evidence belongs in separate files, named under EVIDENCE");
    Parsed {
        certificate: Certificate {
            subject: SubjectField::Unreadable,
            ..Certificate::unread(path.clone())
        },
        findings: vec![finding],
        shape: Shape::default(),
    }
}

/// The text of a document without its byte order mark, or the reason there is none, with the line where known.
pub(super) fn text_of(bytes: &[u8]) -> Result<&str, (String, Option<u32>)> {
    let line_of = |at: usize| {
        let breaks = bytes.iter().take(at).filter(|byte| **byte == b'\n').count();
        u32::try_from(breaks + 1).ok()
    };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let reason = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            "it is in UTF-16, not UTF-8".to_owned()
        } else {
            format!("it is not UTF-8: byte {} cannot be read", error.valid_up_to())
        };
        (reason, line_of(error.valid_up_to()))
    })?;
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err((format!("it is binary: byte {at} is NUL"), line_of(at)));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(("it is empty".to_owned(), None));
    }
    Ok(text)
}

/// Reads the fields above the first level-2 heading.
struct HeadingFields<'o, 'a> {
    path: &'o RepoPath,
    outline: &'o Outline<'a>,
    findings: Vec<Diagnostic>,
}

impl<'o> HeadingFields<'o, '_> {
    /// The one field of this name; given twice, it says nothing.
    fn one(&mut self, name: &str) -> Option<&'o Field> {
        let outline = self.outline;
        let mut fields = outline.fields_in(outline.top()).iter().filter(|field| field.is(name));
        let (first, second) = (fields.next()?, fields.next());
        let Some(second) = second else {
            return Some(first);
        };
        self.findings.push(
            Diagnostic::error(Code::CG112, format!("the field {name} is given twice"))
                .at(outline.place(self.path, second.at..second.value.end))
                .because(format!("the first is on line {}", outline.line_number(first.at)))
                .because("neither counts: nobody can tell which of two is meant")
                .help("keep one of them; several values on one line are separated by commas"),
        );
        None
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let field = self.one(name)?;
        Some(bare(self.outline.slice(field.value.clone())).to_owned()).filter(|value| !value.is_empty())
    }

    fn list(&mut self, name: &str) -> Vec<String> {
        let Some(field) = self.one(name) else {
            return Vec::new();
        };
        let value = bare(self.outline.slice(field.value.clone()));
        value
            .split(',')
            .map(bare)
            .filter(|part| !part.is_empty() && (name != "Supersedes" || !is_nothing(part)))
            .map(str::to_owned)
            .collect()
    }

    /// `**Bypass**: until YYYY-MM-DD HH:MM:SS UTC`. Given twice or in another form it is there, and says nothing.
    fn bypass(&mut self) -> Option<Bypass> {
        let mut fields = self.outline.fields_in(self.outline.top()).iter();
        if !fields.any(|field| field.is("Bypass")) {
            return None;
        }
        let Some(field) = self.one("Bypass") else {
            return Some(Bypass::Unreadable);
        };
        let value = bare(self.outline.slice(field.value.clone()));
        let until = value.strip_prefix("until ").map(|text| date::read(text.trim()));
        if let Some(date::Reading::Utc(moment)) = until {
            return Some(Bypass::Until(moment.as_second()));
        }
        self.findings.push(
            Diagnostic::warning(Code::CG108, "the bypass cannot be read")
                .at(self
                    .outline
                    .place(self.path, trimmed(self.outline, field.value.clone())))
                .because("it reads `until YYYY-MM-DD HH:MM:SS UTC`: when the follow-up is due")
                .help(command!["certgate", "certify", "--help"].why("--bypass-until writes it")),
        );
        Some(Bypass::Unreadable)
    }

    fn date(&mut self) -> Option<jiff::Timestamp> {
        const FORM: &str = "YYYY-MM-DD HH:MM:SS UTC";
        let field = self.one("Date")?;
        let at = trimmed(self.outline, field.value.clone());
        let place = self.outline.place(self.path, at.clone());
        match date::read(bare(self.outline.slice(at))) {
            date::Reading::Utc(moment) => Some(moment),
            date::Reading::Other(moment) => {
                self.findings.push(
                    Diagnostic::warning(Code::CG108, format!("the date is not in the form {FORM}"))
                        .at(place)
                        .help(format!("write: **Date**: {}", date::print(moment))),
                );
                Some(moment)
            }
            date::Reading::Unreadable => {
                self.findings.push(
                    Diagnostic::warning(Code::CG108, "the date cannot be read")
                        .at(place)
                        .because(format!(
                            "a date reads {FORM}; without one the certificate has no place in time"
                        ))
                        .help(command!["date", "-u", "+**Date**: %Y-%m-%d %H:%M:%S UTC"].why("the line to write")),
                );
                None
            }
        }
    }
}

/// A value without blanks and one pair of surrounding marks.
fn bare(value: &str) -> &str {
    without_marks(value.trim()).trim()
}

/// Whether Supersedes can name this id: it is no list, none of the words for nothing, and holds nothing that a reader does not see.
pub(super) fn is_nameable(id: &str) -> bool {
    !id.contains(',') && !is_nothing(id) && bare(id) == id && !id.contains(deceptive)
}

fn is_nothing(value: &str) -> bool {
    matches!(value.to_lowercase().as_str(), "none" | "n/a" | "-" | "–" | "—")
}

/// Whether FINDINGS says what was found.
fn says_findings(outline: &Outline<'_>) -> bool {
    let bodies = outline.sections("FINDINGS").map(|heading| outline.body(heading));
    let mut lines = bodies.flat_map(|body| outline.lines_in(body));
    lines.any(|line| stamp::says_something(outline.slice(line.range.clone())))
}

/// Reports fields that still hold what the template had; true where there is one.
fn placeholders(
    path: &RepoPath,
    outline: &Outline<'_>,
    decision: Option<Range<usize>>,
    decided: bool,
    findings: &mut Vec<Diagnostic>,
) -> bool {
    const HEADING: [&str; 7] = [
        "Component",
        "Agent",
        "Date",
        "Certificate ID",
        "Supersedes",
        "Builds upon",
        "Bypass",
    ];
    const DECISION: [&str; 3] = ["Status", "Rationale", "Conditions"];
    let known = |names: &'static [&str]| move |field: &&Field| names.iter().any(|name| field.is(name));
    let top = outline.fields_in(outline.top()).iter().filter(known(&HEADING));
    let decision = outline
        .fields_in(decision.unwrap_or(0..0))
        .iter()
        .filter(known(&DECISION));
    let mut left: Vec<(String, Range<usize>)> = Vec::new();
    for field in top.chain(decision) {
        let at = trimmed(outline, field.value.clone());
        // A status that is not valid is reported as that already.
        if is_placeholder(bare(outline.slice(at.clone()))) {
            if decided || !field.is("Status") {
                left.push((format!("the field {}", field.name), at));
            } else {
                left.push((String::new(), at));
            }
        }
    }
    for heading in outline.headings.iter().filter(|heading| heading.level == 1) {
        if heading.source.contains("{DESCRIPTOR}") {
            left.push(("the title".to_owned(), heading.range.clone()));
        }
    }
    for (what, at) in left.iter().filter(|(what, _)| !what.is_empty()) {
        findings.push(
            Diagnostic::warning(Code::CG106, format!("{what} still holds a placeholder"))
                .at(outline.place(path, at.clone()))
                .help("fill it in, or take the line out where it is optional"),
        );
    }
    !left.is_empty()
}

/// The first line of the rationale of a decision that reads.
pub(crate) fn rationale(bytes: &[u8]) -> Option<String> {
    let outline = Outline::new(text_of(bytes).ok()?);
    let body = decision::read(&RepoPath::from("-"), &outline).body?;
    let field = outline.fields_in(body).iter().find(|field| field.is("Rationale"))?;
    Some(outline.slice(field.value.clone()).trim().to_owned())
}

/// What makes a stamp of an approval.
fn stamp_in(outline: &Outline<'_>, body: Range<usize>, agent: Option<&str>, conditions: Vec<&str>) -> Option<Stamp> {
    let fields = outline.fields_in(body.clone());
    let rationales: Vec<&Field> = fields.iter().filter(|field| field.is("Rationale")).collect();
    let further = rationales.first().map_or("", |first| {
        let from = first.value.end;
        let next = fields.iter().map(|field| field.at).find(|at| *at >= from);
        outline.slice(from..next.unwrap_or(body.end))
    });
    let items = |name: &str| -> Vec<&str> {
        let sections = outline.sections(name).map(|heading| outline.body(heading));
        let all = sections.flat_map(|section| {
            let within = outline.items.iter();
            within.filter(move |item| section.contains(&item.range.start))
        });
        all.map(|item| without_marker(outline.slice(item.range.clone())))
            .collect()
    };
    stamp::find(&Saying {
        agent,
        rationales: rationales
            .iter()
            .map(|field| outline.slice(field.value.clone()))
            .collect(),
        further,
        conditions,
        findings: items("FINDINGS"),
        evidence: items("EVIDENCE"),
    })
}

/// The text of a list item.
fn without_marker(item: &str) -> &str {
    let item = item.trim();
    item.split_once(char::is_whitespace)
        .filter(|(marker, _)| super::outline::is_list_marker(marker))
        .map_or(item, |(_, text)| text.trim())
}

/// True for what a template writes where a value belongs. Only full values count: a rationale may well mention a TODO.
fn is_placeholder(value: &str) -> bool {
    let enclosed = |open: char, close: char| {
        value
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .is_some_and(|inner| !inner.is_empty() && !inner.contains([open, close]))
    };
    // `[x]` is a ticked box, `[1]` a footnote.
    let brackets = enclosed('[', ']') && value.chars().filter(|c| c.is_alphabetic()).count() > 2;
    let pairs = brackets || enclosed('<', '>') || enclosed('{', '}');
    let word = matches!(value, "TODO" | "TBD" | "TODO." | "TBD." | "…" | "..." | "....") || value.starts_with("TODO:");
    let exes = value.len() >= 4 && value.bytes().all(|byte| byte == b'X');
    pairs || word || exes || value.contains("YYYY-MM-DD") || value.contains("YYYYMMDD") || value.contains("-XXXX")
}

struct Signature {
    agent: Option<String>,
    /// What follows the colon of each `Certificate Hash:` line.
    hashes: Vec<Range<usize>>,
}

/// Reads the lines `Name: value` (or `**Name**: value`) of the section SIGNATURE.
fn signature(outline: &Outline<'_>) -> Signature {
    let mut signature = Signature {
        agent: None,
        hashes: Vec::new(),
    };
    for heading in outline.sections("SIGNATURE") {
        for line in outline
            .lines_in(outline.body(heading))
            .iter()
            .filter(|line| !line.linked)
        {
            let field = outline.field_at(line);
            let (name, value) = match field {
                Some(field) => (field.name.as_str(), field.value.clone()),
                None => {
                    let text = outline.slice(line.range.clone());
                    let Some(colon) = text.find(':') else { continue };
                    let name = text.get(..colon).unwrap_or_default();
                    (name, line.range.start + colon + 1..line.range.end)
                }
            };
            if name.trim().eq_ignore_ascii_case("Agent") && signature.agent.is_none() {
                let value = bare(outline.slice(value));
                signature.agent = Some(value.to_owned()).filter(|value| !value.is_empty());
            } else if name.trim().eq_ignore_ascii_case("Certificate Hash") {
                signature.hashes.push(value);
            }
        }
    }
    signature
}

/// Where the values of the `Certificate Hash:` lines are in a document: from after the colon to the end of the line, in bytes.
/// Empty where the document cannot be read or has no such line.
pub(crate) fn hash_values(bytes: &[u8]) -> Vec<Range<usize>> {
    if bytes.len() as u64 > MAX_BYTES {
        return Vec::new();
    }
    let Ok(text) = text_of(bytes) else {
        return Vec::new();
    };
    let mark = bytes.len() - text.len();
    let outline = Outline::new(text);
    let ranges = signature(&outline).hashes;
    ranges
        .into_iter()
        .map(|range| range.start + mark..range.end + mark)
        .collect()
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
