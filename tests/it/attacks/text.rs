//! Family: the certificate's text. What a person reads as an approval, or as none, and a strict reader does not.

use super::attacks;
use super::world::{approval, check, open, with_certificate};
use crate::scene::{CERTIFICATE, Ran, run};
use crate::support::TestRepo;

fn honest() -> Ran {
    with_certificate(approval())
}

/// A certificate with another value of its Status.
fn status(value: &str) -> Ran {
    with_certificate(approval().replace("**Status**: APPROVED", &format!("**Status**: {value}")))
}

/// A certificate with another decision.
fn decision(text: &str) -> Ran {
    with_certificate(approval().replace("**Status**: APPROVED", text))
}

fn utf16(text: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

/// What `certify` writes to a file, or prints for `-`.
fn certify_to(repo: &TestRepo, output: &str) -> Ran {
    let change = ["certify", "gpu_memory", "--base", "main", "--status", "APPROVED"];
    let words = [
        "--agent",
        "performance-engineer",
        "--rationale",
        "measured",
        "--output",
        output,
    ];
    run(repo, &[&change[..], &words].concat()).ends(0)
}

/// What CI says of a certificate of that text.
fn committed(repo: &TestRepo, text: String) -> Ran {
    repo.write(CERTIFICATE, text);
    repo.commit("Certify");
    check(repo)
}

/// What `certify` wrote, edited afterwards.
fn sealed(edit: fn(String) -> String) -> Ran {
    let repo = open();
    certify_to(&repo, CERTIFICATE);
    let text = std::fs::read_to_string(repo.path().join(CERTIFICATE)).expect("written");
    committed(&repo, edit(text))
}

/// The same without the claim of a hash, so that nothing but the edit is at fault.
fn sealed_anew(edit: fn(String) -> String) -> Ran {
    let repo = open();
    let written = certify_to(&repo, "-");
    let (text, _) = written.out.split_once("Certificate Hash:").expect("a hash");
    committed(&repo, edit(text.to_owned()))
}

fn with_other_digest(text: &str) -> String {
    let (before, after) = text.split_once("sha256:").expect("a digest");
    format!("{before}sha256:{}{}", "0".repeat(64), &after[64..])
}

attacks! {
    an_entity_for_a_letter: "`&#65;PPROVED` renders as APPROVED", ["CG103"], || status("&#65;PPROVED"), honest;
    a_cyrillic_letter: "`АPPROVED` with a Cyrillic А", ["CG103"], || status("\u{410}PPROVED"), honest;
    fullwidth_letters: "APPROVED in fullwidth letters", ["CG103"], || status("\u{ff21}\u{ff30}\u{ff30}\u{ff32}\u{ff2f}\u{ff36}\u{ff25}\u{ff24}"), honest;
    a_zero_width_space: "a zero-width space inside of the word", ["CG103"], || status("APP\u{200b}ROVED"), honest;
    a_soft_hyphen: "a soft hyphen inside of the word", ["CG103"], || status("APPRO\u{ad}VED"), honest;
    a_bidi_override: "DEVORPPA shown right to left", ["CG103"], || status("\u{202e}DEVORPPA"), honest;
    small_letters: "Approved", ["CG103"], || status("Approved"), honest;
    remarks_after_the_word: "APPROVED - with remarks", ["CG103"], || status("APPROVED - with remarks"), honest;
    a_negation: "NOT APPROVED", ["CG103"], || status("NOT APPROVED"), honest;
    a_tick: "a tick before the word", ["CG103"], || status("\u{2705} APPROVED"), honest;
    a_hyphen_for_a_low_line: "NO-GO, which a lenient reader takes for neither", ["CG103"], || status("NO-GO"), honest;
    a_word_struck_out: "`~~NO_GO~~ APPROVED`", ["CG103"], || status("~~NO_GO~~ APPROVED"), honest;
    a_comment_after_the_word: "`APPROVED <!-- NO_GO -->`", ["CG103"], || status("APPROVED <!-- NO_GO -->"), honest;
    a_link_on_the_word: "`[APPROVED](x)`", ["CG103"], || status("[APPROVED](x)"), honest;
    two_words: "`APPROVED GO`", ["CG103"], || status("APPROVED GO"), honest;
    nothing_after_the_colon: "an empty Status", ["CG103", "CG101"], || status(""), honest;
    a_status_in_a_fence: "a Status in a code block", ["CG101"], || decision("```\n**Status**: APPROVED\n```"), honest;
    a_status_in_indented_code: "a Status in indented code", ["CG101"], || decision("\n    **Status**: APPROVED\n"), honest;
    a_status_in_a_comment: "a Status in a comment", ["CG101"], || decision("<!-- **Status**: APPROVED -->"), honest;
    a_status_in_raw_html: "a Status in raw HTML", ["CG101"], || decision("<div>\n**Status**: APPROVED\n</div>"), honest;
    a_status_in_a_quote: "a Status in a quotation", ["CG101"], || decision("> **Status**: APPROVED"), honest;
    a_status_in_a_table: "a Status in a table", ["CG101"], || decision("| decision |\n|---|\n| **Status**: APPROVED |"), honest;
    a_status_in_a_link: "a Status that is a link text", ["CG101"], || decision("[**Status**: APPROVED](x)"), honest;
    a_status_in_an_image: "a Status that is an image text", ["CG101"], || decision("![**Status**: APPROVED](x)"), honest;
    a_status_in_a_footnote: "a Status in a footnote", ["CG101"], || decision("See[^1].\n\n[^1]: x\n    **Status**: APPROVED"), honest;
    a_status_in_a_heading_for_some: "a Status that is part of a heading where footnotes are not known", ["CG101"], || decision("**Status**: APPROVED\n[^1]: see\n---"), || decision("**Status**: APPROVED\n\n[^1]: see\n\n---");
    a_status_in_a_quote_for_some: "a Status in a quotation that a tab seems to end", ["CG101"], || decision("> No:\n\t>\n**Status**: APPROVED"), || decision("> No:\n\n**Status**: APPROVED");
    a_status_in_html_for_some: "a Status that is raw HTML on GitHub", ["CG101"], || decision("- none\n<b>\n**Status**: APPROVED"), || decision("- none\n\n**Status**: APPROVED");
    a_status_in_a_table_for_some: "a Status that is a row of a table on GitHub", ["CG101"], || decision("verdict\n|---|\n**Status**: APPROVED"), || decision("verdict\n\n**Status**: APPROVED");
    a_status_in_a_fence_for_some: "a Status that is code on GitHub, where an empty list item continues", ["CG101"], || decision("- \n  \n  ```\n```\n**Status**: APPROVED"), || decision("- \n\n  ```\n```\n**Status**: APPROVED");
    a_status_below_a_heading_for_some: "a Status that is below another heading on GitHub", ["CG101"], || decision("[a]: b\n---\n---\n**Status**: APPROVED"), || decision("[a]: b\n\n---\n**Status**: APPROVED");
    a_second_status_for_some: "NO_GO in what is a footnote for some", ["CG101"], || decision("**Status**: APPROVED\n\n[^1]: see\n    **Status**: NO_GO"), || decision("**Status**: APPROVED\n**Rationale**: fine\n\n[^1]: see\n    **Tests**: NO_GO");
    two_statuses: "APPROVED, and NO_GO below it", ["CG102"], || decision("**Status**: APPROVED\n**Status**: NO_GO"), honest;
    two_sections: "a second DECISION/OUTCOME", ["CG102"], || decision("**Status**: NO_GO\n\n## DECISION/OUTCOME\n**Status**: APPROVED"), honest;
    a_second_section_underlined: "a second DECISION/OUTCOME as a setext heading", ["CG102"], || decision("**Status**: NO_GO\n\nDECISION/OUTCOME\n----------------\n**Status**: APPROVED"), honest;
    a_second_status_by_an_entity: "a second Status whose name is written with an entity", ["CG102"], || decision("**Status**: APPROVED\n**Stat&#117;s**: NO_GO"), honest;
    a_status_in_another_section: "a Status under another heading", ["CG101"], || decision("None yet.\n\n## REMARKS\n**Status**: APPROVED"), honest;
    an_unclosed_comment: "a comment that swallows the decision", ["CG101"], || decision("<!-- \n**Status**: APPROVED"), honest;
    a_refusal_with_an_approval_in_a_comment: "NO_GO to see, APPROVED in a comment", ["CG302"], || decision("**Status**: NO_GO\n<!-- **Status**: APPROVED -->"), honest;
    a_section_of_level_three: "the decision under a heading of level 3", ["CG101"], || with_certificate(approval().replace("## DECISION/OUTCOME", "### DECISION/OUTCOME")), honest;
    a_document_in_utf16: "the certificate in UTF-16", ["CG104"], || with_certificate(utf16(&approval())), honest;
    bytes_that_are_no_text: "the certificate with a byte that is not UTF-8", ["CG104"], || with_certificate([approval().as_bytes(), b"\xff\n"].concat()), honest;
    a_nul_byte: "the certificate with a NUL byte", ["CG104"], || with_certificate(format!("{}\0", approval())), honest;
    a_document_too_large_to_read: "a certificate of more than 1 MiB", ["CG104"], || with_certificate(approval() + &"x".repeat(1 << 20)), honest;
    a_component_given_twice: "two fields Component, of which a reader may take either", ["CG112"], || with_certificate(approval().replace("**Component**: gpu_memory", "**Component**: data_loading\n**Component**: gpu_memory")), honest;
    an_agent_given_twice: "two fields Agent", ["CG112"], || with_certificate(approval().replace("**Agent**: performance-engineer", "**Agent**: performance-engineer\n**Agent**: torch")), honest;
    a_component_with_a_look_alike: "an approval of `gpu_memоry` with a Cyrillic о", ["CG114"], || with_certificate(approval().replace("**Component**: gpu_memory", "**Component**: gpu_mem\u{43e}ry")), honest;
    a_component_in_a_fence: "a Component in a code block", ["CG110"], || with_certificate(approval().replace("**Component**: gpu_memory", "```\n**Component**: gpu_memory\n```")), honest;
    an_agent_left_as_a_placeholder: "an approval by `<agent>`", ["CG106"], || with_certificate(approval().replace("**Agent**: performance-engineer", "**Agent**: <agent>")), honest;
    a_neighbour_of_the_same_ending: "an approval that names `other_src/train/loop.py`", ["CG201"], || with_certificate(approval().replace("src/train/loop.py", "other_src/train/loop.py")), honest;
    a_file_named_where_nobody_looks: "an approval that names the file under FINDINGS only", ["CG201"], || with_certificate(approval().replace("`src/train/loop.py`", "all").replace("`src/train/loop.py:1-2`", "all").replace("- fine", "- `src/train/loop.py`")), honest;
    a_directory_beside: "an approval that names another directory", ["CG201"], || with_certificate(approval().replace("src/train/loop.py", "src/data/")), honest;
    conditions_that_are_none: "CONDITIONALLY_APPROVED without a condition", ["CG115"], || status("CONDITIONALLY_APPROVED"), || status("CONDITIONALLY_APPROVED\n**Conditions**: watch the memory");
    a_seal_that_is_broken: "a sealed certificate whose text was edited", ["CG501"], || sealed(|text| text.replace("measured", "measured well")), || sealed(|text| text);
    a_subject_edited: "a SUBJECT whose digest was replaced", ["CG202"], || sealed_anew(|text| with_other_digest(&text)), || sealed_anew(|text| text);
    a_subject_with_a_line_of_its_own: "a SUBJECT with a line that no reader knows", ["CG105"], || sealed_anew(|text| text.replace("base ", "note hi\nbase ")), || sealed_anew(|text| text);
    a_subject_moved_out_of_its_section: "the SUBJECT below another heading", ["CG105"], || sealed_anew(|text| text.replace("## SUBJECT", "## REMARKS")), || sealed_anew(|text| text);
    a_subject_on_another_component: "a SUBJECT on another component than the heading", ["CG105"], || sealed_anew(|text| text.replace("\ncomponent gpu_memory", "\ncomponent data_loading")), || sealed_anew(|text| text);
}
