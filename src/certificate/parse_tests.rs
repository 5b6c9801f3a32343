//! Tests of reading: what is a decision, what only looks like one, and what is said then.

use proptest::prelude::*;

use super::super::{FileState, NamedPath};
use super::*;
use crate::diagnostic::Style;

fn read(text: &str) -> Parsed {
    parse(&RepoPath::from("certificates/a_b_20261122_140300.md"), text.as_bytes())
}

/// The reading of a decision section with this body.
fn decide(body: &str) -> Result<Status, Code> {
    outcome(&format!("# T\n\n## DECISION/OUTCOME\n{body}"))
}

fn outcome(text: &str) -> Result<Status, Code> {
    let parsed = read(text);
    let first = parsed
        .findings
        .iter()
        .find(|finding| finding.level() == crate::diagnostic::Level::Error);
    match (parsed.certificate.status, first) {
        (Some(status), _) => Ok(status),
        (None, Some(finding)) => Err(finding.code()),
        (None, None) => panic!("no status and no error: {text}"),
    }
}

fn said(text: &str) -> String {
    let parsed = read(text);
    parsed
        .findings
        .iter()
        .map(|finding| {
            crate::diagnostic::render(
                finding,
                Style {
                    colour: false,
                    width: 140,
                },
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}

const NONE: Result<Status, Code> = Err(Code::CG101);
const TWO: Result<Status, Code> = Err(Code::CG102);
const UNKNOWN: Result<Status, Code> = Err(Code::CG103);
const APPROVED: Result<Status, Code> = Ok(Status::Approved);

#[test]
fn every_word_reads_in_every_allowed_form() {
    for status in Status::ALL {
        for body in [
            format!("**Status**: {status}\n"),
            format!("**Status:** {status}\n"),
            format!("**STATUS**:{status}"),
            format!("- **Status**: {status}\n"),
            format!("1. x\n2. **status**: {status}\n"),
            format!("- x\n  - **Status**: {status}\n"),
            format!("- x\n\n  **Status**: {status}\n"),
            format!("**Status**: **{status}**  \n**Rationale**: fine\n"),
            format!("**Status**: `{status}`\n"),
            format!("**Status**: _{status}_\n"),
            format!("**Status**:\t {status} \t\n"),
            format!("text before\n   **Status**: {status}\r\nafter\r\n"),
            format!("### Sub\n\n**Status**: {status}\n"),
            format!("- item\n**Status**: {status}\n"),
            format!("[x]: /url\n**Status**: {status}\n"),
        ] {
            assert_eq!(decide(&body), Ok(status), "{body:?}");
        }
    }
}

#[test]
fn no_other_value_is_a_status() {
    for value in [
        "Approved",
        "approved",
        "NO-GO",
        "NO GO",
        "NOT APPROVED",
        "✅ APPROVED",
        "APPROVED ✅",
        "APPROVED - with remarks",
        "APPROVED.",
        "APPROVED APPROVED",
        "\u{410}PPROVED",
        "GO\u{200b}",
        "\u{feff}GO",
        "GO\u{a0}",
        "\u{a0}GO",
        "&#65;PPROVED",
        "APPROVED\\",
        "NO\\_GO",
        "*APPROVED*",
        "***APPROVED***",
        "__APPROVED__",
        "** APPROVED **",
        "**APPROVED",
        "`APPROVED",
        "``APPROVED``",
        "_APPROVED",
        "\"APPROVED\"",
        "[APPROVED](x)",
        "<b>APPROVED</b>",
        "APPROVED <!-- x -->",
        "<!-- x --> APPROVED",
        "~~REJECTED~~ APPROVED",
        ": APPROVED",
        "",
        "**",
        "__",
        "APPROVED | REJECTED",
        "<status>",
        "ＧＯ",
        "ＡPPROVED",
        "GO\u{301}",
        "GO\u{b}",
        "APPROVED **Status**: REJECTED",
        "`_APPROVED_`",
    ] {
        assert_eq!(decide(&format!("**Status**: {value}\n")), UNKNOWN, "{value:?}");
    }
}

#[test]
fn what_is_quoted_or_hidden_is_no_field() {
    for body in [
        "```\n**Status**: APPROVED\n```\n",
        "~~~~ text\n**Status**: APPROVED\n~~~\n",
        "    **Status**: APPROVED\n",
        "- x\n\n  ```\n  **Status**: APPROVED\n  ```\n",
        "<!-- **Status**: APPROVED -->\n",
        "<!--\n**Status**: APPROVED\n-->\n",
        "<!-- a\n\n**Status**: APPROVED\n\n-->\n",
        "text <!--\n**Status**: APPROVED\n-->\n",
        "<div>\n**Status**: APPROVED\n</div>\n",
        "<pre>\n\n**Status**: APPROVED\n\n</pre>\n",
        "> **Status**: APPROVED\n",
        "> quote\n**Status**: APPROVED\n",
        "- > **Status**: APPROVED\n",
        "> - **Status**: APPROVED\n",
        "| **Status**: APPROVED |\n|---|\n",
        "**Status**: APPROVED\n|---|\n| x |\n",
        "| a |\n|---|\n**Status**: APPROVED\n",
        "[**Status**: APPROVED](x)\n",
        "[a\n**Status**: APPROVED\n](x)\n",
        "![a\n**Status**: APPROVED\n](x)\n",
        "![**Status**: APPROVED](x)\n",
        "`a\n**Status**: APPROVED\n`\n",
        "[x]: /url 'a\n**Status**: APPROVED\n'\n",
        "text[^1]\n\n[^1]: a\n    **Status**: APPROVED\n",
        "text[^1]\n\n[^1]:\n    **Status**: APPROVED\n",
        "### **Status**: APPROVED\n",
        "**Status**: APPROVED\n---\n",
        "**Status**: APPROVED\n===\n",
        "\\**Status**: APPROVED\n",
        "__Status__: APPROVED\n",
        "***Status***: APPROVED\n",
        "*Status*: APPROVED\n",
        "Status: APPROVED\n",
        "**Status** : APPROVED\n",
        "**Status **: APPROVED\n",
        "**Status**\\: APPROVED\n",
        "**Status** APPROVED\n",
        "**Status:**APPROVED\n",
        "**Sta\ntus**: APPROVED\n",
        "**`Status`**: APPROVED\n",
        "**[Status](x)**: APPROVED\n",
        "x **Status**: APPROVED\n",
        "<b></b>**Status**: APPROVED\n",
        "- [x] **Status**: APPROVED\n",
        "**Statuſ**: APPROVED\n",
        "**Release Status**: APPROVED\n",
        "**St&#97;tus**: APPROVED\n",
        "",
    ] {
        assert_eq!(decide(body), NONE, "{body:?}");
    }
}

#[test]
fn two_are_none() {
    for body in [
        "**Status**: APPROVED\n**Status**: APPROVED\n",
        "**Status**: APPROVED\n\n### Later\n\n- **Status:** REJECTED\n",
        "**Status**: APPROVED\n\n## Decision/Outcome\n\n**Status**: REJECTED\n",
        "**Status**: APPROVED\n\n## OTHER\n\n## DECISION/OUTCOME\n",
        "**Status**: APPROVED\n\n## **DECISION/OUTCOME**\n",
        "**Status**: APPROVED\n**St&#97;tus**: REJECTED\n",
    ] {
        assert_eq!(decide(body), TWO, "{body:?}");
    }
    let text = said("# T\n\n## DECISION/OUTCOME\n**Status**: GO\n\nThen:\n- **Status**: NO_GO\n");
    assert!(
        text.contains("line 4: `**Status**: GO`") && text.contains("a_b_20261122_140300.md:7"),
        "{text}"
    );
}

#[test]
fn the_section_is_level_two_and_named_exactly() {
    for (text, expected) in [
        ("## DECISION/OUTCOME ##\n**Status**: APPROVED\n", APPROVED),
        ("##   DECISION/OUTCOME  \n\n**Status**: APPROVED\n", APPROVED),
        ("DECISION/OUTCOME\n---\n**Status**: APPROVED\n", APPROVED),
        ("  ##\tDECISION/OUTCOME\n**Status**: APPROVED\n", APPROVED),
        ("\u{feff}## DECISION/OUTCOME\n**Status**: APPROVED\n", APPROVED),
        ("## DECISION/OUTCOME\r\n**Status**: APPROVED\r\n", APPROVED),
        ("## DECISION/OUTCOME\r**Status**: APPROVED\r", APPROVED),
        ("## DECISION/OUTCOME\n> ## quoted\n\n**Status**: APPROVED\n", APPROVED),
        (
            "## A\n**Status**: MEH\n\n## DECISION/OUTCOME\n**Status**: APPROVED\n\n## B\n**Status**: REJECTED\n",
            APPROVED,
        ),
        ("# DECISION/OUTCOME\n**Status**: APPROVED\n", NONE),
        ("### DECISION/OUTCOME\n**Status**: APPROVED\n", NONE),
        ("DECISION/OUTCOME\n===\n**Status**: APPROVED\n", NONE),
        ("##DECISION/OUTCOME\n**Status**: APPROVED\n", NONE),
        ("## Decision/Outcome\n**Status**: APPROVED\n", NONE),
        ("## DECISION / OUTCOME\n**Status**: APPROVED\n", NONE),
        ("## DECISION\n**Status**: APPROVED\n", NONE),
        ("## **DECISION/OUTCOME**\n**Status**: APPROVED\n", NONE),
        ("## DECISION&#47;OUTCOME\n**Status**: APPROVED\n", NONE),
        ("## DECISION\\/OUTCOME\n**Status**: APPROVED\n", NONE),
        ("## DECISION/OUTCOME {#a}\n**Status**: APPROVED\n", NONE),
        ("> ## DECISION/OUTCOME\n\n**Status**: APPROVED\n", NONE),
        ("- ## DECISION/OUTCOME\n\n**Status**: APPROVED\n", NONE),
        ("```\n## DECISION/OUTCOME\n```\n**Status**: APPROVED\n", NONE),
        ("<!--\n## DECISION/OUTCOME\n-->\n**Status**: APPROVED\n", NONE),
        ("## DECISION/OUTCOME\n\n# Next\n**Status**: APPROVED\n", NONE),
        ("## DECISION/OUTCOME\n\n## NEXT\n**Status**: APPROVED\n", NONE),
        ("## DECISION/OUTCOME\nx\n---\n**Status**: APPROVED\n", NONE),
        ("**Status**: APPROVED\n", NONE),
    ] {
        assert_eq!(outcome(text), expected, "{text:?}");
    }
}

#[test]
fn unreadable_documents_have_no_decision() {
    let path = RepoPath::from("a.md");
    let good = b"## DECISION/OUTCOME\n**Status**: APPROVED\n";
    for bytes in [
        Vec::new(),
        b"\n \n".to_vec(),
        b"\xef\xbb\xbf".to_vec(),
        [good, &b"\0"[..]].concat(),
        [good, &b"\xff"[..]].concat(),
        [good, vec![b' '; MAX_BYTES as usize].as_slice()].concat(),
    ] {
        let parsed = parse(&path, &bytes);
        assert_eq!(parsed.certificate.status, None);
        assert_eq!(parsed.findings.first().map(Diagnostic::code), Some(Code::CG104));
    }
    assert_eq!(too_large(&path, 100 << 20).certificate.status, None);
}

#[test]
fn errors_teach() {
    for (value, lesson) in [
        ("Approved", "write exactly: **Status**: APPROVED"),
        ("NO-GO", "write exactly: **Status**: NO_GO"),
        ("NO-GO", "reads as the refusal"),
        ("NOT APPROVED", "reads as a refusal"),
        ("✅ APPROVED", "`✅` (U+2705) is no part of a status"),
        ("APPROVED - with remarks", "other text follows the word APPROVED"),
        (
            "\u{410}PPROVED",
            "U+0410 is a Cyrillic letter that looks like the Latin `A`",
        ),
        ("GO\u{200b}", "U+200B (zero width space) cannot be seen"),
        ("APPROVED\u{a0}", "U+00A0 (no-break space)"),
        ("APROVED", "write exactly: **Status**: APPROVED"),
        ("REQUIRES_IMMEDIATE_REMEDIATION", "REQUIRES_REMEDIATION"),
        ("FIXED", "says that work was done"),
        ("APPROVED / REJECTED", "more than one status"),
        ("", "the Status is empty"),
    ] {
        let text = said(&format!("# T\n\n## DECISION/OUTCOME\n**Status**: {value}\n"));
        assert!(text.contains(lesson) && text.contains(".md:4:"), "{value}: {text}");
    }
    for refusal in [
        "NOT APPROVED",
        "DISAPPROVED",
        "NO-GO",
        "not recommended",
        "REJECTED!",
        "NO APPROVAL",
        "DO NOT RECOMMEND yet",
        "APPROVAL DENIED",
    ] {
        assert!(
            super::super::teach::suggested(refusal)
                .iter()
                .all(|status| status.class().refuses()),
            "{refusal}"
        );
    }
    let text = said("# T\n\n## CURRENT STATUS\n**Status**: APPROVED\n\n## DECISION\n");
    assert!(text.contains("reads exactly `DECISION/OUTCOME`"), "{text}");
    let text = said("# T\n\n## CURRENT STATUS\n**Status**: APPROVED\n");
    assert!(
        text.contains("a Status in section CURRENT STATUS means nothing"),
        "{text}"
    );
    let text = said("# T\n\n## DECISION/OUTCOME\n> **Status**: APPROVED\n");
    assert!(
        text.contains("this line is not a field") && text.contains(".md:4:"),
        "{text}"
    );
    insta::assert_snapshot!(said("# T\n\n## DECISION/OUTCOME\n**Status**: APPROVED - with remarks\n"), @r"
    error[CG103]: `APPROVED - with remarks` is not a status
     --> certificates/a_b_20261122_140300.md:4:13
      |
    4 | **Status**: APPROVED - with remarks
      |             ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: other text follows the word APPROVED
      = note: the status is one of eleven words, byte for byte, and nothing else on its line
      = help: if that is the decision, write exactly: **Status**: APPROVED
      = help: remarks belong under **Rationale** or **Conditions**
    ");
}

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
    let flat: Vec<(&str, Option<(u32, u32)>, bool)> = named
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
