//! Tests of sealing: what is added, what stays, and that a second seal changes nothing.

use proptest::prelude::*;

use super::super::{FileState, SubjectFile};
use super::*;

fn subject(component: &str, path: &str) -> Subject {
    Subject {
        components: vec![component.to_owned()],
        repository: None,
        targets: Vec::new(),
        base: None,
        head: None,
        files: vec![SubjectFile {
            path: RepoPath::from(path),
            state: FileState::Deleted,
        }],
    }
}

const TEXT: &str = "# REVIEW CERTIFICATE\n\n**Component**: gpu_memory\n**Agent**: a\n**Date**: 2026-11-22 14:03:00 UTC\n\n## REVIEW SCOPE\n- x  \n\n## FINDINGS\n- y\n\n## DECISION/OUTCOME\n**Status**: APPROVED\n\n## EVIDENCE\n- z\n\n## SIGNATURE\nAgent: a\nTimestamp: 2026-11-22 14:03:00 UTC\n";

fn sealed(text: &str) -> String {
    let subject = subject("gpu memory", "src/a.py");
    let once = seal(text.as_bytes(), &subject, "01JD").unwrap();
    let twice = seal(&once, &subject, "01OTHER").unwrap();
    assert_eq!(String::from_utf8_lossy(&once), String::from_utf8_lossy(&twice));
    String::from_utf8(once).unwrap()
}

#[test]
fn blanks_at_the_end_do_not_indent_what_follows() {
    let text = sealed("# T\n\n**Component**: gpu_memory\n\ntext\n\n ");
    assert!(text.contains("text\n\n \n## SUBJECT\n"), "{text}");
}

/// Takes out what sealing may add; the rest must be the document as it was.
fn without_added(text: &str, eol: &str) -> String {
    let block = subject_section(&subject("gpu memory", "src/a.py"), eol);
    let text = text
        .replace(&block, "")
        .replace(&format!("**Certificate ID**: 01JD{eol}"), "");
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines.retain(|line| !line.starts_with("Certificate Hash: sha256:"));
    lines.concat()
}

#[test]
fn adds_what_is_missing_and_keeps_the_rest() {
    let text = sealed(TEXT);
    let (subject, findings) = (text.find("## SUBJECT").unwrap(), text.find("## FINDINGS").unwrap());
    assert!(text.find("## REVIEW SCOPE").unwrap() < subject && subject < findings);
    assert!(text.contains("UTC\n**Certificate ID**: 01JD\n\n## REVIEW"), "{text}");
    assert!(text.contains("UTC\nCertificate Hash: sha256:"), "{text}");
    assert_eq!(without_added(&text, "\n"), TEXT);

    let crlf = TEXT.replace('\n', "\r\n");
    let text = sealed(&crlf);
    assert!(!text.replace("\r\n", "").contains('\n'));
    assert_eq!(without_added(&text, "\r\n"), crlf);

    let marked = format!("\u{feff}{TEXT}");
    assert_eq!(without_added(&sealed(&marked), "\n"), marked);
}

#[test]
fn finds_its_place_in_odd_documents() {
    for text in [
        TEXT.trim_end().to_owned(),
        TEXT.replace("## FINDINGS\n- y\n\n", ""),
        TEXT.replace("## SIGNATURE\nAgent: a\nTimestamp: 2026-11-22 14:03:00 UTC\n", ""),
        TEXT.replace("Agent: a\nTimestamp: 2026-11-22 14:03:00 UTC\n", ""),
        TEXT.replace("\nAgent: a\nTimestamp: 2026-11-22 14:03:00 UTC\n", ""),
        TEXT.replace("Agent: a\n", "- **Agent**: a\n"),
        TEXT.replace("**Agent**: a\n", "**Agent**: a\n**Certificate ID**:\n"),
        TEXT.replace("**Agent**: a\n", "**Agent**: a\n**Certificate ID**: OWN\n"),
        TEXT.replace("**Component**", "- **Component**")
            .replace("**Agent**", "- **Agent**")
            .replace("**Date**", "- **Date**"),
        TEXT.replace("## FINDINGS\n", "FINDINGS\n---\n"),
        TEXT.replace("- x  \n\n", "- x\n"),
        TEXT.replace("## FINDINGS", "## SUBJECT\n\nBy hand.\n\n  ## FINDINGS"),
        TEXT.replace("UTC\n\n## REVIEW", "UTC\n\n## SUBJECT\n## REVIEW"),
        format!("{TEXT}Certificate Hash: PERF-1  \n"),
        format!("{TEXT}\n## SUBJECT\n"),
        format!("{TEXT}\n## APPENDIX\n- q\n"),
        TEXT.replace("**Status**: APPROVED", "**Status**: MAYBE"),
    ] {
        sealed(&text);
    }
    assert!(sealed(&TEXT.replace("**Agent**: a\n", "**Agent**: a\n**Certificate ID**: OWN\n")).contains("ID**: OWN\n"));
}

#[test]
fn a_new_subject_replaces_the_old_one() {
    let once = sealed(TEXT);
    let again = seal(once.as_bytes(), &subject("gpu_memory", "src/b.py"), "x").unwrap();
    let again = String::from_utf8(again).unwrap();
    assert!(again.contains("deleted - src/b.py") && !again.contains("src/a.py"));
    assert_eq!(again.len(), once.len());
}

#[test]
fn refuses_what_would_not_hold() {
    let on = |component: &str, text: &str| seal(text.as_bytes(), &subject(component, "src/a.py"), "01JD");
    assert!(matches!(on("cpu", TEXT), Err(SealError::NotReadBack(_))));
    assert!(matches!(on("gpu_memory", ""), Err(SealError::Unreadable(_))));
    assert!(matches!(on("gpu_memory", "a\0b"), Err(SealError::Unreadable(_))));
    assert!(matches!(
        on("gpu_memory", &format!("{TEXT}\n```certgate-subject\n```\n")),
        Err(SealError::Ambiguous(_))
    ));
    assert!(matches!(
        on("gpu_memory", &format!("{TEXT}\n## SUBJECT\n\n## SUBJECT\n")),
        Err(SealError::Ambiguous(_))
    ));
    assert!(matches!(
        on(
            "gpu_memory",
            &format!("{TEXT}Certificate Hash: a\nCertificate Hash: b\n")
        ),
        Err(SealError::Ambiguous(_))
    ));
    let open = "# T\n\n**Component**: gpu_memory\n**Agent**: a\n\n```\nnever closed\n";
    assert!(matches!(
        on("gpu_memory", open),
        Err(SealError::NotReadBack(_) | SealError::Ambiguous(_))
    ));
    assert!(matches!(
        on("gpu_memory", &open.replace("```", "<!--")),
        Err(SealError::NotReadBack(_) | SealError::Ambiguous(_))
    ));
}

proptest! {
    #[test]
    fn sealing_is_stable_or_refused(
        noise in proptest::collection::vec(proptest::sample::select(vec![
            "\n", "\r\n", "- a", "# T", "## FINDINGS", "## SUBJECT", "## SIGNATURE", "Agent: a", "Certificate Hash: x", "```", "**Certificate ID**:", "> ", "  ",
            "---", "**Component**: gpu_memory", "<!--", "-->", "é", "\u{feff}",
        ]), 0..20),
        at in 0usize..200,
    ) {
        let at = (0..=at.min(TEXT.len())).rev().find(|at| TEXT.is_char_boundary(*at)).unwrap_or(0);
        let text = format!("{}{}{}", &TEXT[..at], noise.concat(), &TEXT[at..]);
        let subject = subject("gpu_memory", "src/a.py");
        if let Ok(once) = seal(text.as_bytes(), &subject, "01JD") {
            let twice = seal(&once, &subject, "01JE");
            prop_assert_eq!(twice.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()), Ok(String::from_utf8_lossy(&once).into_owned()));
        }
    }
}
