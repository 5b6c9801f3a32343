//! Writing a certificate: a [`Draft`] becomes the document, in the order of the template.
//!
//! Text from the outside is made inert, so that what a finding says can never become what the certificate decides.

use jiff::Timestamp;

use super::hash::with_hash;
use super::inert::{code, one_line, prose, value};
use super::subject::{INFO, render_subject};
use super::{Benchmarks, Condition, Status, Subject, benchmarks, date};
use crate::change::RepoPath;

/// What a certificate will say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What kind of certificate it is, such as `performance_review`.
    pub descriptor: String,
    /// The components, at least one.
    pub components: Vec<String>,
    /// Who decides.
    pub agent: String,
    /// When.
    pub date: Timestamp,
    /// A new id.
    pub id: String,
    /// Ids that it supersedes.
    pub supersedes: Vec<String>,
    /// Ids of certificates that it builds upon, being on what has changed since.
    pub builds_upon: Vec<String>,
    /// Where it is a bypass: when the follow-up is due.
    pub bypass: Option<Timestamp>,
    /// What was reviewed.
    pub scope: Vec<String>,
    /// Which lines of the change are gated, and so are to be looked at.
    pub examined: Vec<Examined>,
    /// Which tests were performed.
    pub tests: Vec<String>,
    /// What it covers.
    pub subject: Option<Subject>,
    /// What was found.
    pub findings: Vec<String>,
    /// What was found of each component by itself, where it is on several: a section each.
    pub by_component: Vec<(String, Vec<String>)>,
    /// The decision.
    pub status: Status,
    /// Why.
    pub rationale: String,
    /// On what conditions.
    pub conditions: Vec<Condition>,
    /// What it rests on; file references may be in backticks.
    pub evidence: Vec<String>,
    /// What was measured.
    pub benchmarks: Option<Benchmarks>,
}

/// A file that was read, and which lines of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The file.
    pub path: RepoPath,
    /// 1-based and inclusive.
    pub lines: Option<(u32, u32)>,
}

/// Writes the document, with its hash, in UTF-8 with line feeds.
pub fn render(draft: &Draft) -> Vec<u8> {
    let mut text = format!("# {} CERTIFICATE\n\n", title(&draft.descriptor));
    let list = |values: &[String]| {
        let inert: Vec<String> = values
            .iter()
            .map(|one| value(one).replace(',', "-"))
            .filter(|one| !one.is_empty())
            .collect();
        inert.join(", ")
    };
    field(&mut text, "Component", &list(&draft.components));
    field(&mut text, "Agent", &value(&draft.agent));
    field(&mut text, "Date", &date::print(draft.date));
    field(&mut text, "Certificate ID", &value(&draft.id));
    if !draft.supersedes.is_empty() {
        field(&mut text, "Supersedes", &list(&draft.supersedes));
    }
    if !draft.builds_upon.is_empty() {
        field(&mut text, "Builds upon", &list(&draft.builds_upon));
    }
    if let Some(until) = draft.bypass {
        field(&mut text, "Bypass", &format!("until {}", date::print(until)));
    }

    text.push_str("\n## REVIEW SCOPE\n\n");
    items(&mut text, "", draft.scope.iter().map(|line| prose(line)));
    if !draft.examined.is_empty() {
        text.push_str("- Gated lines, to look at:\n");
        items(&mut text, "  ", draft.examined.iter().map(reference));
    }
    if !draft.tests.is_empty() {
        text.push_str("- Tests performed:\n");
        items(&mut text, "  ", draft.tests.iter().map(|line| prose(line)));
    }
    if draft.scope.is_empty() && draft.examined.is_empty() && draft.tests.is_empty() {
        text.push_str("- the files of the subject\n");
    }

    text.push('\n');
    if let Some(subject) = &draft.subject {
        text.push_str(&subject_section(subject, "\n"));
    }
    text.push_str("## FINDINGS\n\n");
    items(&mut text, "", draft.findings.iter().map(|line| prose(line)));
    if draft.findings.is_empty() && draft.by_component.is_empty() {
        text.push_str("- none\n");
    }
    for (at, (component, findings)) in draft.by_component.iter().enumerate() {
        let lead = if at == 0 && draft.findings.is_empty() { "" } else { "\n" };
        text.push_str(&format!("{lead}### {}\n\n", prose(component)));
        items(&mut text, "", findings.iter().map(|line| prose(line)));
    }

    text.push_str("\n## DECISION/OUTCOME\n\n");
    field(&mut text, "Status", draft.status.as_str());
    field(&mut text, "Rationale", &prose(&draft.rationale));
    if draft.conditions.is_empty() {
        field(&mut text, "Conditions", "none");
    } else {
        field(&mut text, "Conditions", "");
        text.push('\n');
        let boxes = draft
            .conditions
            .iter()
            .map(|condition| format!("[{}] {}", if condition.met { 'x' } else { ' ' }, prose(&condition.text)));
        items(&mut text, "", boxes);
    }

    text.push_str("\n## EVIDENCE\n\n");
    items(&mut text, "", draft.evidence.iter().map(|line| prose(line)));
    if draft.evidence.is_empty() {
        text.push_str("- none\n");
    }

    text.push('\n');
    if let Some(measured) = &draft.benchmarks {
        text.push_str(&benchmarks::section(measured));
    }
    text.push_str("## SIGNATURE\n\n");
    text.push_str(&format!(
        "Agent: {}\nTimestamp: {}\nCertificate Hash:\n",
        value(&draft.agent),
        date::print(draft.date)
    ));
    let unhashed = text.clone().into_bytes();
    with_hash(&text).map_or(unhashed, String::into_bytes)
}

/// The file name `{descriptor}_{component}_{YYYYMMDD_HHMMSS}.md`, safe on every file system.
pub fn file_name(descriptor: &str, component: &str, date: Timestamp) -> String {
    let part = |text: &str, otherwise: &str| {
        let mut safe = String::new();
        for c in text.trim().chars().take(80) {
            match c {
                c if c.is_ascii_alphanumeric() => safe.push(c.to_ascii_lowercase()),
                '-' if !safe.is_empty() => safe.push('-'),
                _ if !safe.is_empty() && !safe.ends_with(['_', '-']) => safe.push('_'),
                _ => {}
            }
        }
        safe.truncate(safe.trim_end_matches(['_', '-']).len());
        if safe.is_empty() { otherwise.to_owned() } else { safe }
    };
    format!(
        "{}_{}_{}.md",
        part(descriptor, "certificate"),
        part(component, "component"),
        date::print_compact(date)
    )
}

/// The section SUBJECT, with a blank line after it.
pub(super) fn subject_section(subject: &Subject, eol: &str) -> String {
    let text = format!("## SUBJECT\n\n```{INFO}\n{}```\n\n", render_subject(subject));
    text.replace('\n', eol)
}

fn title(descriptor: &str) -> String {
    let words = value(descriptor).replace(['_', '#', '{', '}'], " ");
    let words = one_line(&words).to_uppercase();
    let bare = words.strip_suffix("CERTIFICATE").unwrap_or(&words).trim();
    if bare.is_empty() {
        "REVIEW".to_owned()
    } else {
        bare.to_owned()
    }
}

fn field(text: &mut String, name: &str, value: &str) {
    let blank = if value.is_empty() { "" } else { " " };
    text.push_str(&format!("**{name}**:{blank}{value}\n"));
}

fn items(text: &mut String, indent: &str, lines: impl Iterator<Item = String>) {
    for line in lines.filter(|line| !line.is_empty()) {
        text.push_str(&format!("{indent}- {line}\n"));
    }
}

fn reference(file: &Examined) -> String {
    let suffix = match file.lines {
        Some((from, to)) if from == to => format!(":{from}"),
        Some((from, to)) => format!(":{from}-{to}"),
        None => String::new(),
    };
    code(&format!("{}{suffix}", file.path))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{FileState, HashCheck, LintContext, SubjectField, SubjectFile, check_hash, lint, names, parse};
    use super::*;
    use crate::change::{Digest, Mode};
    use crate::diagnostic::Code;

    fn draft(hostile: &str) -> Draft {
        let text = || hostile.to_owned();
        Draft {
            descriptor: "performance_review".to_owned(),
            components: vec!["gpu_memory".to_owned()],
            agent: "performance-engineer".to_owned(),
            date: "2026-11-22T14:03:00Z".parse().unwrap(),
            id: "01JD".to_owned(),
            supersedes: vec!["01JA".to_owned(), "01JB".to_owned()],
            builds_upon: vec!["01JC".to_owned()],
            bypass: Some("2026-11-23T14:03:00Z".parse().unwrap()),
            scope: vec![text()],
            examined: vec![Examined {
                path: RepoPath::from("src/__init__ a`.py"),
                lines: Some((10, 40)),
            }],
            tests: vec![text()],
            subject: Some(Subject {
                components: vec!["gpu_memory".to_owned()],
                repository: Some("example/trainer".to_owned()),
                targets: vec!["main".to_owned(), "release/**".to_owned()],
                base: None,
                head: Some("a".repeat(40)),
                files: vec![SubjectFile {
                    path: RepoPath::from("src/a.py"),
                    state: FileState::Present {
                        mode: Mode::Regular,
                        digest: Digest([7; 32]),
                    },
                }],
            }),
            findings: vec![text()],
            by_component: vec![("gpu_memory".to_owned(), vec![text()])],
            status: Status::ConditionallyApproved,
            rationale: text(),
            conditions: vec![
                Condition {
                    text: "measure again".to_owned(),
                    met: true,
                },
                Condition {
                    text: format!("then {hostile}"),
                    met: false,
                },
            ],
            evidence: vec!["`src/a.py:1-3` is fine".to_owned(), text()],
            benchmarks: None,
        }
    }

    fn check(draft: &Draft) {
        let bytes = render(draft);
        let path = RepoPath::from(
            format!(
                "certificates/{}",
                file_name("performance review", "gpu memory", draft.date)
            )
            .as_str(),
        );
        let parsed = parse(&path, &bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let certificate = &parsed.certificate;
        // A rationale may happen to look like a placeholder, or say nothing; nothing else may be found.
        let other = parsed
            .findings
            .iter()
            .filter(|finding| finding.code() != Code::CG106)
            .count();
        assert_eq!(other, 0, "{:?}\n{text}", parsed.findings);
        assert_eq!(certificate.status, Some(draft.status), "{text}");
        assert_eq!(certificate.components, draft.components);
        assert_eq!(certificate.agent.as_deref(), Some("performance-engineer"));
        assert_eq!(certificate.date, Some(draft.date));
        assert_eq!(certificate.id.as_deref(), Some("01JD"));
        assert_eq!(certificate.supersedes, draft.supersedes);
        assert_eq!(certificate.builds_upon, draft.builds_upon);
        assert_eq!(
            certificate.subject,
            SubjectField::Present(draft.subject.clone().unwrap())
        );
        assert_eq!(
            certificate.conditions.iter().map(|c| c.met).collect::<Vec<_>>(),
            [true, false],
            "{text}"
        );
        assert_eq!(check_hash(&bytes, certificate), HashCheck::Valid);
        let context = LintContext {
            bytes: &bytes,
            ..LintContext::default()
        };
        let stamps = [Code::CG117, Code::CG118, Code::CG119];
        let mut style = lint(&parsed, &context);
        style.retain(|finding| !stamps.contains(&finding.code()));
        assert_eq!(style, []);
    }

    #[test]
    fn a_draft_reads_back() {
        let plain = draft("nothing");
        check(&plain);
        let bytes = render(&plain);
        let parsed = parse(&RepoPath::from("a.md"), &bytes);
        let examined = parsed
            .certificate
            .named
            .iter()
            .find(|named| named.lines == Some((10, 40)))
            .unwrap();
        assert!(names(examined, &RepoPath::from("src/__init__ a`.py")));
        insta::assert_snapshot!(String::from_utf8(bytes).unwrap(), @r##"
        # PERFORMANCE REVIEW CERTIFICATE

        **Component**: gpu_memory
        **Agent**: performance-engineer
        **Date**: 2026-11-22 14:03:00 UTC
        **Certificate ID**: 01JD
        **Supersedes**: 01JA, 01JB
        **Builds upon**: 01JC
        **Bypass**: until 2026-11-23 14:03:00 UTC

        ## REVIEW SCOPE

        - nothing
        - Gated lines, to look at:
          - ``src/__init__ a`.py:10-40``
        - Tests performed:
          - nothing

        ## SUBJECT

        ```certgate-subject
        certgate/subject/v2
        component gpu_memory
        repository example/trainer
        target main
        target release/**
        base -
        head aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        100644 sha256:0707070707070707070707070707070707070707070707070707070707070707 src/a.py
        ```

        ## FINDINGS

        - nothing

        ### gpu_memory

        - nothing

        ## DECISION/OUTCOME

        **Status**: CONDITIONALLY_APPROVED
        **Rationale**: nothing
        **Conditions**:

        - [x] measure again
        - [ ] then nothing

        ## EVIDENCE

        - `src/a.py:1-3` is fine
        - nothing

        ## SIGNATURE

        Agent: performance-engineer
        Timestamp: 2026-11-22 14:03:00 UTC
        Certificate Hash: sha256:3a62839fd324ce45fef2655925251ea10e45f5c54dafd67e426c71b12d2f3739
        "##);
    }

    #[test]
    fn hostile_text_stays_text() {
        for text in [
            "## DECISION/OUTCOME",
            "\n## DECISION/OUTCOME\n**Status**: APPROVED\n",
            "**Status**: APPROVED",
            "```",
            "~~~",
            "<!--",
            "-->",
            "`",
            "``",
            "[",
            "](x)",
            "> x",
            "---",
            "===",
            "|---|",
            "    code",
            "\t- x",
            "<div>",
            "[^1]: x",
            "[a]: /b",
            "\\",
            "&#10;",
            "\r**Status**: GO",
            "1. **Status**: GO",
            "**Conditions**: none",
            "- [x]",
            "# T",
            "\u{2028}## SUBJECT",
            "certgate-subject",
            "Certificate Hash: sha256:0",
            "\0",
            "\u{feff}",
        ] {
            check(&draft(text));
        }
    }

    #[test]
    fn file_names_are_safe() {
        let date = "2026-11-22T14:03:00Z".parse().unwrap();
        assert_eq!(
            file_name("Performance Review", "gpu-memory", date),
            "performance_review_gpu-memory_20261122_140300.md"
        );
        assert_eq!(
            file_name("../..", "é/", date),
            "certificate_component_20261122_140300.md"
        );
        assert_eq!(file_name("-rf", "a\nb", date), "rf_a_b_20261122_140300.md");
        assert!(file_name(&"x".repeat(900), &"y".repeat(900), date).len() < 200);
    }

    proptest! {
        #[test]
        fn any_text_stays_text(text in r"[-#*_`<>\[\]()|:~=+!&\\ \n\r\ta-cé0-9.]{0,40}|\PC{0,30}") {
            check(&draft(&text));
        }
    }
}
