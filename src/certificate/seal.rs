//! Sealing: a certificate written by hand gets its SUBJECT, its id where it has none, and its hash; every other byte stays.

use super::hash::{HashCheck, check_hash, replaced, with_hash};
use super::inert::value;
use super::outline::{Heading, Outline};
use super::parse::{hash_values, parse, text_of};
use super::render::subject_section;
use super::subject::{HEADING as SUBJECT, INFO};
use super::{MAX_BYTES, Subject, SubjectField, decision};
use crate::change::RepoPath;

/// Why a document cannot be sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is no text that a certificate could be.
    #[error("the document cannot be read: {0}")]
    Unreadable(String),
    /// It has a shape in which it is not plain where the parts belong.
    #[error("{0}")]
    Ambiguous(String),
    /// The sealed document would not read back as it should.
    #[error("the sealed document would not read back: {0}")]
    NotReadBack(String),
}

/// Adds or replaces the section SUBJECT, adds `id_if_missing` where there is no Certificate ID, and sets the hash.
///
/// All other bytes are kept, byte order mark and line endings among them. Sealing again with the same subject changes nothing.
///
/// # Errors
///
/// Where the document is unreadable or leaves open where a part belongs, or where the outcome would not read back as sealed: an
/// unclosed fence or comment, a subject on other components than the heading names.
pub fn seal(bytes: &[u8], subject: &Subject, id_if_missing: &str) -> Result<Vec<u8>, SealError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(SealError::Unreadable(format!("it is larger than {MAX_BYTES} bytes")));
    }
    let text = text_of(bytes).map_err(|(reason, _)| SealError::Unreadable(reason))?;
    let mark = bytes.get(..bytes.len() - text.len()).unwrap_or_default();
    let eol = match text.find(['\n', '\r']) {
        Some(at) if text.get(at..).is_some_and(|rest| rest.starts_with("\r\n")) => "\r\n",
        _ => "\n",
    };
    let text = with_subject(text, subject, eol)?;
    let text = with_id(&text, id_if_missing, eol)?;
    let text = with_signature(&text, eol)?;
    // The hash is over the entire file, so the mark comes back first.
    let whole = [String::from_utf8_lossy(mark).as_ref(), text.as_str()].concat();
    let sealed = with_hash(&whole).ok_or_else(|| {
        SealError::Ambiguous("section SIGNATURE must have exactly one line `Certificate Hash:`".to_owned())
    })?;
    confirm(bytes, sealed.as_bytes(), subject)?;
    Ok(sealed.into_bytes())
}

fn with_subject(text: &str, subject: &Subject, eol: &str) -> Result<String, SealError> {
    let outline = Outline::new(text);
    let sections: Vec<&Heading> = outline.sections(SUBJECT).collect();
    let place = match sections.as_slice() {
        [] => {
            if outline.fences.iter().any(|fence| fence.info.as_deref() == Some(INFO)) {
                let reason = format!("a block `{INFO}` is outside of a section SUBJECT; remove it first");
                return Err(SealError::Ambiguous(reason));
            }
            let before = ["FINDINGS", decision::HEADING, "EVIDENCE", "SIGNATURE"];
            let next = before.iter().find_map(|name| outline.sections(name).next());
            let at = next.map_or(text.len(), |heading| outline.line_range(heading.range.start).start);
            at..at
        }
        [heading] => {
            let start = outline.line_range(heading.range.start).start;
            let end = outline.body(heading).end;
            // The line, not the mark, so that blanks before the next heading stay with it.
            start..if end < text.len() {
                outline.line_range(end).start
            } else {
                end
            }
        }
        _ => {
            return Err(SealError::Ambiguous(
                "there are two sections SUBJECT; keep one".to_owned(),
            ));
        }
    };
    let mut section = subject_section(subject, eol);
    if place.end == text.len() {
        section.truncate(section.len() - eol.len());
    }
    let before = text.get(..place.start).unwrap_or_default();
    let lead = if place.is_empty() {
        lead(before, eol)
    } else {
        String::new()
    };
    Ok(replaced(text, place, &format!("{lead}{section}")))
}

/// What must come before a new section so that a blank line parts it from the text above.
fn lead(before: &str, eol: &str) -> String {
    if before.trim().is_empty() {
        return String::new();
    }
    let trailing = before.get(before.trim_end().len()..).unwrap_or_default();
    let breaks = trailing.matches('\n').count();
    // Blanks without a line ending are a line, and not the indentation of the heading.
    let open = usize::from(!before.ends_with(['\n', '\r']));
    eol.repeat(2_usize.saturating_sub(breaks).max(open))
}

fn with_id(text: &str, id: &str, eol: &str) -> Result<String, SealError> {
    let id = value(id);
    let outline = Outline::new(text);
    let top = outline.fields_in(outline.top());
    let mut given = top.iter().filter(|field| field.is("Certificate ID"));
    match (given.next(), given.next()) {
        (Some(_), Some(_)) => {
            return Err(SealError::Ambiguous(
                "the field Certificate ID is given twice".to_owned(),
            ));
        }
        (Some(field), None) => {
            let empty = outline.slice(field.value.clone()).trim().is_empty();
            return Ok(if empty {
                replaced(text, field.value.clone(), &format!(" {id}"))
            } else {
                text.to_owned()
            });
        }
        _ => {}
    }
    let anchors = ["Component", "Agent", "Date"];
    if let Some(last) = top.iter().rfind(|field| anchors.iter().any(|name| field.is(name))) {
        let line = outline.line_range(last.at);
        // The same bullet or indentation as the line above.
        let prefix = outline.slice(line.start..last.at);
        let added = format!("{eol}{prefix}**Certificate ID**: {id}");
        return Ok(replaced(text, line.end..line.end, &added));
    }
    let title = outline.headings.first().filter(|heading| heading.level == 1);
    let at = title.map_or(0, |heading| outline.next_line(heading.range.end.saturating_sub(1)));
    let before = text.get(..at).unwrap_or_default();
    let added = format!("{}**Certificate ID**: {id}{eol}{eol}", lead(before, eol));
    Ok(replaced(text, at..at, &added))
}

fn with_signature(text: &str, eol: &str) -> Result<String, SealError> {
    let lines = hash_values(text.as_bytes()).len();
    if lines == 1 {
        return Ok(text.to_owned());
    }
    if lines > 1 {
        let reason = "section SIGNATURE has more than one line `Certificate Hash:`; keep one";
        return Err(SealError::Ambiguous(reason.to_owned()));
    }
    let outline = Outline::new(text);
    let Some(heading) = outline.sections("SIGNATURE").last() else {
        let mut section = format!("{}## SIGNATURE{eol}{eol}", lead(text, eol));
        let parsed = parse(&RepoPath::from("-"), text.as_bytes());
        if let Some(agent) = parsed.certificate.agent {
            section.push_str(&format!("Agent: {agent}{eol}"));
        }
        if let Some(date) = parsed.certificate.date {
            section.push_str(&format!("Timestamp: {}{eol}", super::date::print(date)));
        }
        return Ok(format!("{text}{section}Certificate Hash:{eol}"));
    };
    let body = outline.body(heading);
    let signed = outline
        .lines_in(body.clone())
        .iter()
        .rfind(|line| outline.slice(line.range.clone()).contains(':'));
    match signed {
        Some(line) => {
            let whole = outline.line_range(line.range.start);
            let prefix = outline.slice(whole.start..line.range.start);
            let added = format!("{eol}{prefix}Certificate Hash:");
            Ok(replaced(text, whole.end..whole.end, &added))
        }
        None => {
            let at = outline.next_line(heading.range.end.saturating_sub(1));
            let before = text.get(..at).unwrap_or_default();
            let lead = if before.ends_with(['\n', '\r']) { "" } else { eol };
            Ok(replaced(
                text,
                at..at,
                &format!("{lead}{eol}Certificate Hash:{eol}{eol}"),
            ))
        }
    }
}

/// Holds the sealed document to what sealing promises.
fn confirm(before: &[u8], after: &[u8], subject: &Subject) -> Result<(), SealError> {
    let path = RepoPath::from("-");
    let (old, new) = (parse(&path, before), parse(&path, after));
    let fail = |reason: &str| Err(SealError::NotReadBack(reason.to_owned()));
    let certificate = &new.certificate;
    let mut wanted = subject.clone();
    wanted.files.sort_by(|a, b| a.path.cmp(&b.path));
    match &certificate.subject {
        SubjectField::Present(read)
            if (&read.files, &read.repository, &read.targets)
                == (&wanted.files, &wanted.repository, &wanted.targets) => {}
        SubjectField::Present(_) => return fail("its SUBJECT lists other files, or is bound otherwise"),
        SubjectField::Absent => return fail("a fence, comment or quote above the section SUBJECT is not closed"),
        SubjectField::Unreadable => {
            let notes = new.findings.iter().flat_map(|finding| finding.notes()).next();
            return fail(notes.map_or("its SUBJECT cannot be read", String::as_str));
        }
    }
    if certificate.id.is_none() {
        return fail("it has no Certificate ID");
    }
    if certificate.status != old.certificate.status || certificate.agent != old.certificate.agent {
        return fail("its decision would change");
    }
    if check_hash(after, certificate) != HashCheck::Valid {
        return fail("its hash would not hold");
    }
    Ok(())
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
