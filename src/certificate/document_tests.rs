//! Tests of reading full documents: heading fields, subjects, names, and that nothing makes the reader stumble.

use proptest::prelude::*;

use super::super::super::{FileState, NamedPath};
use super::*;

#[test]
fn heading_fields() {
    let text = "# T\n\n**Component**: `a`, GPU memory ,\n**Agent:** x\n- **Date**: 2026-11-22T15:03:00+01:00\n- **Certificate ID**: `01`\n- **Supersedes**: A, none, B\n\n## DECISION/OUTCOME\n**Status**: GO\n**Component**: other\n**Agent**: other\n";
    let parsed = read(text);
    let certificate = parsed.certificate;
    assert_eq!(certificate.components, ["a", "GPU memory"]);
    assert!(certificate.is_on("gpu-memory") && !certificate.is_on("other"));
    assert_eq!(certificate.agent.as_deref(), Some("x"));
    assert_eq!(certificate.date, "2026-11-22T14:03:00Z".parse().ok());
    assert_eq!(certificate.id.as_deref(), Some("01"));
    assert_eq!(certificate.supersedes, ["A", "B"]);
    assert_eq!(
        parsed.findings.iter().map(Diagnostic::code).collect::<Vec<_>>(),
        [Code::CG108]
    );

    let twice = read("# T\n\n**Agent**: a\n**agent**: a\n\n## DECISION/OUTCOME\n**Status**: GO\n");
    assert_eq!(twice.certificate.agent, None);
    assert_eq!(twice.certificate.status, Some(Status::Go));
    assert_eq!(
        twice.findings.iter().map(Diagnostic::code).collect::<Vec<_>>(),
        [Code::CG112]
    );
}

#[test]
fn placeholders_are_told_from_text() {
    let with = |field: &str| {
        read(&format!("# T\n\n{field}\n\n## DECISION/OUTCOME\n**Status**: GO\n"))
            .certificate
            .placeholders
    };
    for field in [
        "**Certificate ID**: <certificate id>",
        "**Component**: [component]",
        "**Agent**: {AGENT}",
        "**Agent**: TODO",
        "**Agent**: TBD",
        "**Certificate ID**: XXXX",
        "**Date**: YYYY-MM-DD HH:MM:SS UTC",
        "**Agent**: …",
        "**Agent**: ...",
        "# {DESCRIPTOR} CERTIFICATE",
    ] {
        assert!(with(field), "{field}");
    }
    for field in [
        "**Agent**: a",
        "**Component**: removal of TODO marks",
        "**Certificate ID**: 01JD…",
        "Prose with <b> and {X}",
        "**Note**: TODO",
    ] {
        assert!(!with(field), "{field}");
    }
    let decision = read("## DECISION/OUTCOME\n**Status**: GO\n**Rationale**: ...\n");
    assert!(decision.certificate.placeholders);
    let status = read("## DECISION/OUTCOME\n**Status**: <status>\n");
    assert!(status.certificate.placeholders);
    assert_eq!(
        status.findings.iter().map(Diagnostic::code).collect::<Vec<_>>(),
        [Code::CG103]
    );
}

#[test]
fn conditional_without_conditions_is_told() {
    let codes = |text: &str| read(text).findings.iter().map(Diagnostic::code).collect::<Vec<_>>();
    let start = "## DECISION/OUTCOME\n**Status**: CONDITIONALLY_APPROVED\n";
    assert_eq!(codes(&format!("{start}**Conditions**: none\n")), [Code::CG115]);
    assert_eq!(codes(start), [Code::CG115]);
    assert_eq!(codes(&format!("{start}**Conditions**: measure\n")), []);
    assert_eq!(codes(&format!("{start}\n## CONDITIONS\n1. measure\n")), []);
}

#[test]
fn names_come_from_the_three_sections() {
    let text = "# T\n\n## REVIEW SCOPE\n- read `src/a.py:1-3` and src/b_c_d.py, [src/l.py](x)\n> src/quoted.py\n\n```\nsrc/fenced.py\n```\n<!-- src/comment.py -->\n\n## FINDINGS\n- src/found.py\n\n## Evidence\n### Results\n| file |\n|---|\n| src/t.py |\n\n- **src/\\_\\_init\\_\\_.py:7**\n\n## DECISION/OUTCOME\n**Status**: GO\n### FILES EXAMINED\n- Makefile and `Makefile`\n";
    let named = read(text).certificate.named;
    let flat: Vec<_> = named
        .iter()
        .map(
            |NamedPath {
                 text,
                 lines,
                 in_evidence,
             }| (text.as_str(), *lines, *in_evidence),
        )
        .collect();
    assert_eq!(
        flat,
        [
            ("src/a.py", Some((1, 3)), false),
            ("src/b_c_d.py", None, false),
            ("src/l.py", None, false),
            ("src/t.py", None, true),
            ("src/__init__.py", Some((7, 7)), true),
            ("Makefile", None, false)
        ]
    );
}

fn with_subject(component: &str, section: &str) -> Parsed {
    read(&format!(
        "# T\n\n**Component**: {component}\n\n{section}\n\n## DECISION/OUTCOME\n**Status**: GO\n"
    ))
}

#[test]
fn the_subject_is_read_strictly() {
    let block =
        "```certgate-subject\ncertgate/subject/v1\ncomponent gpu_memory\nbase -\nhead -\ndeleted - src/b.py\n```";
    let parsed = with_subject("GPU memory", &format!("## SUBJECT\n\n{block}"));
    match parsed.certificate.subject {
        SubjectField::Present(subject) => {
            assert_eq!(subject.state_of(&RepoPath::from("src/b.py")), Some(&FileState::Deleted));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(with_subject("a", "").certificate.subject, SubjectField::Absent);
    let crlf = format!(
        "# T\r\n\r\n**Component**: gpu_memory\r\n\r\n## SUBJECT\r\n\r\n{}\r\n",
        block.replace('\n', "\r\n")
    );
    assert!(matches!(read(&crlf).certificate.subject, SubjectField::Present(_)));
    for section in [
        "## SUBJECT".to_owned(),
        "## SUBJECT\n\nprose".to_owned(),
        format!("## Subject\n\n{block}"),
        format!("## **SUBJECT**\n\n{block}"),
        format!("## SUBJECT\n\n{block}\n\n{block}"),
        format!("## SUBJECT\n\n{block}\n\n```\nx\n```"),
        format!("## SUBJECT\n\n{block}\n\n## SUBJECT\n"),
        format!("## OTHER\n\n{block}"),
        format!("## SUBJECT\n\n{block}\n\n## OTHER\n\n{block}"),
        format!("## SUBJECT\n\n{}", block.replace("certgate-subject", "text")),
        format!("## SUBJECT\n\n{}", block.replace("gpu_memory", "cpu")),
        format!("## SUBJECT\n\n{}", block.replace("/v1", "/v2")),
        format!("## SUBJECT\n\n{}", block.replace("deleted -", "deleted")),
        format!("## SUBJECT\n\n> {}", block.replace('\n', "\n> ")),
    ] {
        let parsed = with_subject("gpu_memory", &section);
        assert_eq!(parsed.certificate.subject, SubjectField::Unreadable, "{section}");
        assert_eq!(
            parsed.findings.iter().map(Diagnostic::code).collect::<Vec<_>>(),
            [Code::CG105],
            "{section}"
        );
        assert_eq!(parsed.certificate.status, Some(Status::Go), "{section}");
    }
    let text = said(&format!(
        "# T\n\n**Component**: gpu_memory\n\n## SUBJECT\n{}\n\n## DECISION/OUTCOME\n**Status**: GO\n",
        block.replace("deleted -", "removed -")
    ));
    assert!(text.contains(".md:11:"), "{text}");
}

#[test]
fn a_code_span_over_two_lines_names_the_same_with_crlf() {
    let text = "# T\n\n## EVIDENCE\n`src/a b.py`, `src/c\nd.py` and `src/e.py:1`\n";
    let names = |text: &str| read(text).certificate.named;
    assert_eq!(names(text), names(&text.replace('\n', "\r\n")));
}

#[test]
fn hostile_documents_cost_little() {
    let pieces = [
        "- ",
        "> ",
        "**a**: b\n",
        "## EVIDENCE\n- a/b\n",
        "[",
        "`",
        "*a ",
        "<!--",
        "- **Conditions**: x\n",
        "## CONDITIONS\n- a\n",
        "|a",
        "[^a]: x\n",
    ];
    for piece in pieces {
        let text = format!("## DECISION/OUTCOME\n{}", piece.repeat(300_000 / piece.len()));
        let start = std::time::Instant::now();
        read(&text);
        println!("{piece:?}: {:?}", start.elapsed());
    }
}

fn soup() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(vec![
        "# T",
        "## DECISION/OUTCOME",
        "## SUBJECT",
        "## EVIDENCE",
        "## SIGNATURE",
        "**Status**: ",
        "**Status:** ",
        "APPROVED",
        "NO_GO",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "- ",
        "  ",
        "    ",
        "> ",
        "```",
        "~~~",
        "certgate-subject",
        "certgate/subject/v1",
        "<!--",
        "-->",
        "<div>",
        "|",
        "---",
        "===",
        "[",
        "](x)",
        "![",
        "*",
        "_",
        "`",
        "\\",
        "&#65;",
        "é",
        "\u{200b}",
        "\u{feff}",
        "Certificate Hash:",
        "**Agent**: a",
        "**Conditions**:",
        "- [x] ",
        "src/a.py:1-2,3",
        "[^1]",
        "[^1]: ",
        "1. ",
        "\t",
        "**Date**: 2026-11-22 14:03:00 UTC",
    ]);
    proptest::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in soup()) {
        parse(&RepoPath::from("a.md"), &bytes);
        let parsed = read(&text);
        for finding in &parsed.findings {
            crate::diagnostic::render(finding, Style::default());
        }
        hash_values(text.as_bytes());
    }

    #[test]
    fn a_status_stands_in_the_source(text in soup()) {
        if let Some(status) = read(&text).certificate.status {
            prop_assert!(text.contains(status.as_str()) && text.contains("DECISION/OUTCOME"));
        }
    }
}
