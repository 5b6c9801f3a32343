//! The SUBJECT section: what a certificate covers, by content. Owns the text formats `certgate/subject/v1` and, for certificates that are
//! bound to a repository or to branches, `certgate/subject/v2`, both ways.
//!
//! Reading is strict: a line that is not understood could be the one that matters, so it makes the entire section unreadable, and an
//! unreadable SUBJECT covers nothing.

use super::listed;
use super::outline::{Heading, Outline};
use super::{FileState, Subject, SubjectField, SubjectFile, fold_component};
use crate::change::{Mode, ObjectId, RepoPath, deceptive};
use crate::diagnostic::{Code, Diagnostic, command};

/// The section's name.
pub(super) const HEADING: &str = "SUBJECT";
/// The info string of its code block.
pub(super) const INFO: &str = "certgate-subject";
/// The first line of a block that is bound to no repository and no branch.
const SCHEME: &str = "certgate/subject/v1";
/// The first line of a block that is.
const BOUND_SCHEME: &str = "certgate/subject/v2";

/// Prints the lines of a subject, sorted by path, each with a line feed.
pub fn render_subject(subject: &Subject) -> String {
    let bound = subject.repository.is_some() || !subject.targets.is_empty();
    let mut text = format!("{}\n", if bound { BOUND_SCHEME } else { SCHEME });
    for component in &subject.components {
        text.push_str(&format!("component {}\n", one_line(component)));
    }
    if let Some(repository) = &subject.repository {
        text.push_str(&format!("repository {}\n", one_line(repository)));
    }
    for target in &subject.targets {
        text.push_str(&format!("target {}\n", one_line(target)));
    }
    for (name, id) in [("base", &subject.base), ("head", &subject.head)] {
        text.push_str(&format!("{name} {}\n", id.as_deref().unwrap_or("-")));
    }
    let mut files: Vec<&SubjectFile> = subject.files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    for file in files {
        match &file.state {
            FileState::Deleted => text.push_str(&format!("deleted - {}\n", file.path)),
            FileState::Present { mode, digest } => {
                text.push_str(&format!("{} sha256:{digest} {}\n", mode.as_str(), file.path));
            }
        }
    }
    text
}

/// A component name as it is in the block: on one line, without blanks at its ends.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why a subject does not read: the 0-based line and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectError {
    /// The line of the block.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads what [`render_subject`] prints.
///
/// # Errors
///
/// Anything else: an unknown scheme or line, a path given twice, a path that is not one of a repository, no component.
pub fn parse_subject(text: &str) -> Result<Subject, SubjectError> {
    let fail = |line: usize, reason: &str| SubjectError {
        line,
        reason: reason.to_owned(),
    };
    let mut lines = text.lines().enumerate().peekable();
    let bound = match lines.next() {
        Some((_, SCHEME)) => false,
        Some((_, BOUND_SCHEME)) => true,
        Some((line, other)) if other.starts_with("certgate/subject/") => {
            return Err(fail(
                line,
                "this version of the scheme is not known; a newer certgate may read it",
            ));
        }
        _ => return Err(fail(0, "the block does not begin with `certgate/subject/v1`")),
    };
    let mut subject = Subject {
        components: Vec::new(),
        repository: None,
        targets: Vec::new(),
        base: None,
        head: None,
        files: Vec::new(),
    };
    while let Some((line, name)) = lines
        .peek()
        .and_then(|(line, text)| Some((*line, text.strip_prefix("component ")?)))
    {
        if name.is_empty() || one_line(name) != name {
            return Err(fail(line, "the component is empty or has stray blanks"));
        }
        if name.chars().any(deceptive) {
            return Err(fail(line, "the component has characters that cannot be seen"));
        }
        subject.components.push(name.to_owned());
        lines.next();
    }
    if subject.components.is_empty() {
        return Err(fail(1, "the block names no component"));
    }
    while let Some((line, key, value)) = lines.peek().and_then(|(line, text)| {
        let (key, value) = text.split_once(' ')?;
        (bound && matches!(key, "repository" | "target")).then_some((*line, key, value))
    }) {
        if value.is_empty() || one_line(value) != value {
            return Err(fail(line, "the value is empty or has stray blanks"));
        }
        if value.chars().any(deceptive) {
            return Err(fail(line, "the value has characters that cannot be seen"));
        }
        match key {
            "target" => subject.targets.push(value.to_owned()),
            _ if subject.repository.is_none() && subject.targets.is_empty() => {
                subject.repository = Some(value.to_owned());
            }
            _ => return Err(fail(line, "the repository is named once, before the targets")),
        }
        lines.next();
    }
    if bound && subject.repository.is_none() && subject.targets.is_empty() {
        return Err(fail(0, "a subject of version 2 names a repository or a target"));
    }
    for (key, slot) in [("base ", &mut subject.base), ("head ", &mut subject.head)] {
        if let Some((line, id)) = lines
            .peek()
            .and_then(|(line, text)| Some((*line, text.strip_prefix(key)?)))
        {
            if id != "-" {
                let known = ObjectId::from_hex(id).filter(|oid| oid.to_string() == id);
                *slot = Some(known.ok_or_else(|| fail(line, "this is no object id"))?.to_string());
            }
            lines.next();
        }
    }
    let mut files: Vec<(usize, SubjectFile)> = Vec::new();
    for (line, text) in lines {
        let file = parse_file(text).map_err(|reason| fail(line, reason))?;
        files.push((line, file));
    }
    files.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
    for pair in files.windows(2) {
        if let [(_, first), (line, second)] = pair
            && first.path == second.path
        {
            return Err(fail(*line, "the path is listed twice"));
        }
    }
    subject.files = files.into_iter().map(|(_, file)| file).collect();
    Ok(subject)
}

fn parse_file(line: &str) -> Result<SubjectFile, &'static str> {
    const SHAPE: &str = "a line reads `MODE sha256:HEX PATH` or `deleted - PATH`";
    let (mode, rest) = line.split_once(' ').ok_or(SHAPE)?;
    let (content, path) = rest.split_once(' ').ok_or(SHAPE)?;
    let state = if mode == "deleted" && content == "-" {
        FileState::Deleted
    } else {
        FileState::Present {
            mode: Mode::parse(mode)
                .filter(|known| known.as_str() == mode)
                .ok_or("the mode is not 100644, 100755, 120000 or 160000")?,
            digest: listed::digest(content)?,
        }
    };
    let path = listed::path(path)?;
    Ok(SubjectFile { path, state })
}

/// Reads the SUBJECT section of a document whose heading names these components.
pub(super) fn read(path: &RepoPath, outline: &Outline<'_>, components: &[String]) -> (SubjectField, Vec<Diagnostic>) {
    let sections: Vec<&Heading> = outline.sections(HEADING).collect();
    let unreadable = |at: std::ops::Range<usize>, reason: &str| {
        let finding = Diagnostic::error(
            Code::CG105,
            "the SUBJECT cannot be read, so the certificate approves nothing",
        )
        .at(outline.place(path, at))
        .because(reason)
        .help(command!["certgate", "seal", path]);
        (SubjectField::Unreadable, vec![finding])
    };
    let blocks: Vec<_> = outline
        .fences
        .iter()
        .filter(|fence| fence.info.as_deref() == Some(INFO))
        .collect();
    let heading = match (sections.as_slice(), blocks.as_slice()) {
        ([], []) => return (SubjectField::Absent, Vec::new()),
        // Without this, taking away the heading would quietly turn a certificate on content into one on names.
        ([], [block, ..]) => {
            return unreadable(block.range.clone(), "the block is outside of a section `## SUBJECT`");
        }
        ([heading], _) => *heading,
        ([_, second, ..], _) => return unreadable(second.range.clone(), "there are two sections SUBJECT"),
    };
    if heading.source != HEADING {
        return unreadable(heading.range.clone(), "the heading is not written exactly `## SUBJECT`");
    }
    let body = outline.body(heading);
    if let Some(stray) = blocks.iter().find(|block| !body.contains(&block.range.start)) {
        return unreadable(stray.range.clone(), "the block is outside of the section `## SUBJECT`");
    }
    let mut inside = outline.fences.iter().filter(|fence| body.contains(&fence.range.start));
    let block = match (inside.next(), inside.next()) {
        (Some(block), None) if block.info.as_deref() == Some(INFO) => block,
        (Some(block), None) => {
            return unreadable(
                block.range.clone(),
                "the code block does not carry the info string `certgate-subject`",
            );
        }
        (Some(_), Some(second)) => return unreadable(second.range.clone(), "the section has two code blocks"),
        (None, _) => {
            return unreadable(
                heading.range.clone(),
                "the section has no code block with the info string `certgate-subject`",
            );
        }
    };
    let subject = match parse_subject(&block.content) {
        Ok(subject) => subject,
        Err(error) => {
            return unreadable(listed::line_of(outline, block, error.line), &error.reason);
        }
    };
    let folded = |names: &[String]| {
        let mut names: Vec<String> = names.iter().map(|name| fold_component(name)).collect();
        names.sort();
        names.dedup();
        names
    };
    if folded(&subject.components) != folded(components) {
        let reason = format!(
            "the block is on component {}, the heading on {}",
            subject.components.join(", "),
            if components.is_empty() {
                "none".to_owned()
            } else {
                components.join(", ")
            }
        );
        return unreadable(block.range.clone(), &reason);
    }
    (SubjectField::Present(subject), Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Digest;
    use proptest::prelude::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn reads_what_it_should_and_sorts() {
        let text = format!(
            "certgate/subject/v1\ncomponent gpu_memory\nbase {a}\nhead -\n100755 sha256:{HEX} src/z.py\ndeleted - \"a\\\"b\"\n",
            a = "a".repeat(40)
        );
        let subject = parse_subject(&text).unwrap();
        assert_eq!(subject.base, Some("a".repeat(40)));
        assert_eq!(subject.files[0].path, RepoPath::from("a\"b"));
        assert_eq!(subject.state_of(&RepoPath::from("a\"b")), Some(&FileState::Deleted));
        let hints_left_out = "certgate/subject/v1\ncomponent a\n";
        assert!(parse_subject(hints_left_out).unwrap().files.is_empty());
    }

    #[test]
    fn refuses_everything_else() {
        let head = "certgate/subject/v1\ncomponent a\nbase -\nhead -\n";
        for (line, text) in [
            (0, String::new()),
            (0, "certgate/subject/v2\ncomponent a\n".to_owned()),
            (2, "certgate/subject/v1\ncomponent a\nrepository b\n".to_owned()),
            (
                3,
                "certgate/subject/v2\ncomponent a\nrepository b\nrepository b\n".to_owned(),
            ),
            (
                3,
                "certgate/subject/v2\ncomponent a\ntarget main\nrepository b\n".to_owned(),
            ),
            (2, "certgate/subject/v2\ncomponent a\ntarget \n".to_owned()),
            (
                4,
                "certgate/subject/v2\ncomponent a\ntarget main\nbase -\ntarget main\n".to_owned(),
            ),
            (1, "certgate/subject/v1\n".to_owned()),
            (1, "certgate/subject/v1\ncomponent \n".to_owned()),
            (1, "certgate/subject/v1\ncomponent a\u{1b}b\n".to_owned()),
            (1, "certgate/subject/v1\ncomponent a\u{200b}b\n".to_owned()),
            (2, "certgate/subject/v2\ncomponent a\ntarget ma\u{200b}in\n".to_owned()),
            (2, "certgate/subject/v1\ncomponent a\nbase main\n".to_owned()),
            (3, "certgate/subject/v1\ncomponent a\nhead -\nbase -\n".to_owned()),
            (4, format!("{head}\n")),
            (4, format!("{head}note: hi\n")),
            (4, format!("{head}40000 sha256:{HEX} src\n")),
            (4, format!("{head}100664 sha256:{HEX} a\n")),
            (4, format!("{head}100644 sha256:{} a\n", HEX.to_uppercase())),
            (4, format!("{head}100644 {HEX} a\n")),
            (4, format!("{head}100644  sha256:{HEX} a\n")),
            (4, format!("{head}deleted sha256:{HEX} a\n")),
            (4, format!("{head}deleted - /etc/passwd\n")),
            (4, format!("{head}deleted - a/../b\n")),
            (4, format!("{head}deleted - a//b\n")),
            (4, format!("{head}deleted - ./a\n")),
            (4, format!("{head}deleted - a/\n")),
            (4, format!("{head}deleted - \"a\\000b\"\n")),
            (4, format!("{head}deleted - \"plain\"\n")),
            (4, format!("{head}deleted - a\u{200b}b\n")),
            (5, format!("{head}deleted - a\ndeleted - a\n")),
            (5, format!("{head}deleted - a\ncomponent b\n")),
        ] {
            assert_eq!(parse_subject(&text).map_err(|error| error.line), Err(line), "{text}");
        }
    }

    fn paths() -> impl Strategy<Value = RepoPath> {
        proptest::collection::vec(proptest::collection::vec(1u8..=255, 1..12), 1..4)
            .prop_map(|parts| {
                let clean = |part: Vec<u8>| {
                    part.into_iter()
                        .map(|b| if b == b'/' { b'_' } else { b })
                        .collect::<Vec<_>>()
                };
                RepoPath::new(parts.into_iter().map(clean).collect::<Vec<_>>().join(&b'/'))
            })
            .prop_filter("dots", |path| {
                path.as_bytes()
                    .split(|b| *b == b'/')
                    .all(|part| part != b"." && part != b"..")
            })
    }

    fn states() -> impl Strategy<Value = FileState> {
        let modes = prop_oneof![
            Just(Mode::Regular),
            Just(Mode::Executable),
            Just(Mode::Symlink),
            Just(Mode::Gitlink)
        ];
        prop_oneof![
            Just(FileState::Deleted),
            (modes, any::<[u8; 32]>()).prop_map(|(mode, bytes)| FileState::Present {
                mode,
                digest: Digest(bytes)
            })
        ]
    }

    proptest! {
        #[test]
        fn printing_and_reading_is_the_identity(
            files in proptest::collection::btree_map(paths(), states(), 0..12),
            base in proptest::option::of("[0-9a-f]{40}|[0-9a-f]{64}"),
            components in proptest::collection::vec("[a-z][a-z _-]{0,10}[a-z]", 1..3),
            repository in proptest::option::of("[a-z./-]{1,12}"),
            targets in proptest::collection::vec("[a-z*/]{1,8}", 0..3),
        ) {
            let components = components.iter().map(|name| one_line(name)).collect();
            let files = files.into_iter().map(|(path, state)| SubjectFile { path, state }).collect();
            let subject = Subject { components, repository, targets, base, head: None, files };
            let text = render_subject(&subject);
            let again = parse_subject(&text);
            prop_assert_eq!(again.as_ref(), Ok(&subject));
            prop_assert_eq!(render_subject(&subject), text);
        }

        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = parse_subject(&format!("certgate/subject/v1\ncomponent a\n{text}"));
        }
    }
}
