//! The code blocks of `docs/server.md`, which the servers of these tests are set up with.
#![allow(clippy::unwrap_used, clippy::panic)]

const GUIDE: &str = include_str!("../../../docs/server.md");

/// The code blocks below a heading, in order: what is after the fence, and the text.
pub(super) fn blocks(heading: &str) -> Vec<(&'static str, &'static str)> {
    let start = format!("\n## {heading}\n");
    let at = GUIDE.find(&start).unwrap_or_else(|| panic!("no heading {heading}"));
    let section = &GUIDE[at + start.len()..];
    let section = &section[..section.find("\n## ").unwrap_or(section.len())];
    let mut blocks = Vec::new();
    for part in section.split("\n```").skip(1).step_by(2) {
        blocks.push(part.split_once('\n').unwrap());
    }
    blocks
}

/// The text of one of them, with a line break at its end.
pub(super) fn block(heading: &str, at: usize) -> String {
    let blocks = blocks(heading);
    let (_, text) = blocks.get(at).unwrap_or_else(|| panic!("{heading} has no block {at}"));
    format!("{text}\n")
}

/// All headings.
pub(super) fn headings() -> Vec<&'static str> {
    GUIDE.lines().filter_map(|line| line.strip_prefix("## ")).collect()
}
