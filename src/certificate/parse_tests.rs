//! Tests of reading: what is a decision, what only looks like one, and what is said then.

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
            format!("**Status**: {status}\n- : \n"),
            format!("+ ---\n  **Status**: {status}\n"),
            format!("*open\n**Status**: {status}\nclose*\n"),
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
fn what_some_reader_shows_otherwise_is_no_decision() {
    for (body, settled) in [
        // Without footnotes, all of it is a heading.
        (
            "**Status**: APPROVED\n[^1]: c\n---\n",
            "**Status**: APPROVED\n\n[^1]: c\n\n---\n",
        ),
        // Without footnotes, there are two.
        (
            "**Status**: APPROVED\n\n[^1]: c\n    **Status**: NO_GO\n",
            "**Status**: APPROVED\n\n[^1]: c\n    **Tests**: NO_GO\n",
        ),
        // Without tables, the table is a heading that ends the section.
        (
            "| a |\n|---|\n| b |\n---\n\n**Status**: APPROVED\n",
            "| a |\n|---|\n| b |\n\n---\n\n**Status**: APPROVED\n",
        ),
        // GitHub takes `text` for the head of a table.
        (
            "text\n|---|\n**Status**: APPROVED\n",
            "text\n|---|\n\n**Status**: APPROVED\n",
        ),
        // GitHub has the second fence begin where certgate has the first one end.
        (
            "- \n  \n  ```\n```\n**Status**: APPROVED\n",
            "- \n\n  ```\n```\n**Status**: APPROVED\n",
        ),
        // GitHub has HTML begin that hides the Status.
        ("- a\n<b>\n**Status**: APPROVED\n", "- a\n\nb\n**Status**: APPROVED\n"),
        // It continues in the quote, which a tab before the mark does not end.
        ("> a\n\t>\n**Status**: APPROVED\n", "> a\n\t>\n\n**Status**: APPROVED\n"),
        // GitHub ends an item that begins with a definition.
        (
            "- [a]: b\n\n\n  ```\n**Status**: APPROVED\n",
            "- a [a]: b\n\n\n  ```\n**Status**: APPROVED\n",
        ),
        (
            "[a]: b\n\n- - [a\n    c]: b\n\n\n    ```\n**Status**: APPROVED\n",
            "[a]: b\n\n- - [a](b)\n\n\n    ```\n**Status**: APPROVED\n",
        ),
        (
            "1)\n\t\n   ```\n```\n**Status**: APPROVED\n",
            "1) a\n\t\n   ```\n   ```\n**Status**: APPROVED\n",
        ),
        // GitHub takes the second line for text, and underlines it.
        (
            "[a]: b\n---\n---\n**Status**: APPROVED\n",
            "[a]: b\n\n---\n---\n**Status**: APPROVED\n",
        ),
        (
            "[a]: b\n\n[a]:\nb 'c'\n---\n---\n**Status**: APPROVED\n",
            "[a]:\nb 'c'\n\n**Status**: APPROVED\n",
        ),
    ] {
        for (body, settled) in [
            (body.to_owned(), settled.to_owned()),
            (body.replace('\n', "\r\n"), settled.replace('\n', "\r\n")),
        ] {
            assert_eq!(decide(&body), NONE, "{body:?}");
            assert!(
                said(&format!("# T\n\n## DECISION/OUTCOME\n{body}")).contains("not every reader"),
                "{body:?}"
            );
            assert_eq!(decide(&settled), APPROVED, "{settled:?}");
            // A refusal loses nothing by it; what would make milder does.
            let said_so = |word| decide(&body.replacen("APPROVED", word, 1));
            assert_eq!(said_so("REJECTED"), Ok(Status::Rejected), "{body:?}");
            assert_eq!(
                said_so("NEEDS_FURTHER_REVIEW"),
                Ok(Status::NeedsFurtherReview),
                "{body:?}"
            );
            assert_eq!(said_so("EMERGENCY_STOP"), Ok(Status::EmergencyStop), "{body:?}");
            assert_eq!(said_so("ADVISORY_ONLY"), NONE, "{body:?}");
        }
    }
}

/// GitHub has HTML begin that hides the heading.
#[test]
fn what_may_be_html_above_the_section_leaves_no_decision() {
    const REST: &str = "## DECISION/OUTCOME\n**Status**: APPROVED\n";
    for above in [
        "> a\n<b>\n",
        "> [a]: b\n</pre>\n",
        "1) [a]:\n<b>\n",
        "[^1]: c\n<b>\n",
        "- a\n- b\n <b>\n",
    ] {
        assert_eq!(outcome(&format!("{above}{REST}")), NONE, "{above:?}");
        assert_eq!(
            outcome(&format!("{}{REST}", above.replace("<", "\n<").replace(">\n", ">\n\n"))),
            APPROVED,
            "{above:?}"
        );
    }
    // Nobody doubts these.
    for above in [
        "a\n<b>\n",
        "- a\n<details>\n<b>\n\n",
        "- a\n\n  ```\n  <b>\n  ```\n",
        "- a\n```\n<b>\n```\n",
    ] {
        assert_eq!(outcome(&format!("{above}{REST}")), APPROVED, "{above:?}");
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
        "text\n**Status**: APPROVED\n:---\n",
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
        "![a\n](x)**Status**: APPROVED\n",
        "[a\n](x)**Status**: APPROVED\n",
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
        "**Status**: REJECTED\n|---|\n\n**Status**: APPROVED\n",
        "**x\n**Status**: REJECTED**y\n**Status**: APPROVED\n",
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
        ("APPROVED - with remarks", "other text follows the status APPROVED"),
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
      = note: other text follows the status APPROVED
      = note: the status is one of eleven words, byte for byte, and nothing else on its line
      = help: if that is the decision, write exactly: **Status**: APPROVED
      = help: remarks belong under **Rationale** or **Conditions**
    ");
}

#[path = "document_tests.rs"]
mod documents;

#[test]
fn a_carriage_return_alone_ends_a_line_everywhere() {
    // Without it the first line would be no fence, since its info string would hold a backtick.
    assert_eq!(
        outcome("# T\n\n```\r`\n## DECISION/OUTCOME\n**Status**: APPROVED\n"),
        NONE
    );
    assert_eq!(
        outcome("# T\r\r~~~x\r~~~\r## DECISION/OUTCOME\r**Status**: APPROVED\r"),
        APPROVED
    );
}
