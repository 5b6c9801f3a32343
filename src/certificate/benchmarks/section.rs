//! The section of a document: where its block is, and what is wrong where it cannot be read. A section without the block is prose.

use std::ops::Range;

use super::text::{parse_benchmarks, render_benchmarks};
use super::{Benchmarks, BenchmarksField};
use crate::certificate::listed;
use crate::certificate::outline::{Fence, Heading, Outline};
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic};

/// The section's name.
const HEADING: &str = "BENCHMARKS";
/// The info string of its block.
const INFO: &str = "certgate-benchmarks";
/// The info string of the block with the signature of whoever measured.
const SIGNED: &str = "certgate-benchmarks-signature";

/// Reads the section of a document.
pub(in crate::certificate) fn read(path: &RepoPath, outline: &Outline<'_>) -> (BenchmarksField, Vec<Diagnostic>) {
    let unreadable = |at: Range<usize>, reason: &str| {
        let finding = Diagnostic::error(Code::CG121, "the BENCHMARKS cannot be read, so they prove nothing")
            .at(outline.place(path, at))
            .because(reason)
            .help("for example: certgate certify … --baseline FILE… --candidate FILE… (writes the section)");
        (BenchmarksField::Unreadable, vec![finding])
    };
    let of = |info: &'static str| move |fence: &&Fence| fence.info.as_deref() == Some(info);
    let blocks: Vec<&Fence> = outline.fences.iter().filter(of(INFO)).collect();
    let signatures: Vec<&Fence> = outline.fences.iter().filter(of(SIGNED)).collect();
    let block = match blocks.as_slice() {
        [] => {
            return match signatures.first() {
                Some(signature) => unreadable(signature.range.clone(), "there is a signature without the block"),
                None => (BenchmarksField::Absent, Vec::new()),
            };
        }
        [block] => *block,
        [_, second, ..] => return unreadable(second.range.clone(), "there are two blocks `certgate-benchmarks`"),
    };
    let sections: Vec<&Heading> = outline.sections(HEADING).collect();
    let heading = match sections.as_slice() {
        [] => {
            return unreadable(block.range.clone(), "the block is outside of a section `## BENCHMARKS`");
        }
        [heading] => *heading,
        [_, second, ..] => return unreadable(second.range.clone(), "there are two sections BENCHMARKS"),
    };
    let body = outline.body(heading);
    if let Some(stray) = [block]
        .iter()
        .chain(&signatures)
        .find(|fence| !body.contains(&fence.range.start))
    {
        return unreadable(
            stray.range.clone(),
            "the block is outside of the section `## BENCHMARKS`",
        );
    }
    if let Some(second) = signatures.get(1) {
        return unreadable(second.range.clone(), "there are two signatures");
    }
    let first = outline.line_number(block.range.start).saturating_add(1);
    match parse_benchmarks(&block.content, first) {
        Ok(mut benchmarks) => {
            benchmarks.signature = signatures.first().map(|fence| fence.content.clone());
            (BenchmarksField::Present(Box::new(benchmarks)), Vec::new())
        }
        Err((line, reason)) => unreadable(listed::line_of(outline, block, line), reason),
    }
}

/// The section BENCHMARKS, with a blank line after it.
pub(in crate::certificate) fn section(benchmarks: &Benchmarks) -> String {
    let mut text = format!("## {HEADING}\n\n```{INFO}\n{}```\n\n", render_benchmarks(benchmarks));
    if let Some(signature) = &benchmarks.signature {
        text.push_str(&format!("```{SIGNED}\n{}\n```\n\n", signature.trim_end()));
    }
    text
}
