//! The outline against other CommonMark readers: `cmark`, the reference implementation, and `cmark-gfm` with tables and footnotes, which
//! is what code hosts show.
//!
//! Headings, code blocks, fields and the decision are read from their trees by rules written again here. A decision that certgate reads
//! is the one that both show. The other way round certgate may be the stricter one; [`stricter`] names every such case.

#[path = "another_reader_documents.rs"]
mod generated;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::super::outline::Outline;
use super::super::parse::text_of;
use super::super::{Status, decision, parse};
use crate::change::RepoPath;

/// The programs and their arguments.
const READERS: [&[&str]; 2] = [
    &["cmark", "-t", "xml"],
    &["cmark-gfm", "-t", "xml", "-e", "table", "-e", "footnotes"],
];

/// Whether both are here. Where tools are required, they have to be.
fn installed() -> bool {
    let missing = |reader: &&[&str]| Command::new(reader[0]).arg("--version").output().is_err();
    let missing = READERS.iter().any(missing);
    assert!(
        !missing || std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
        "cmark and cmark-gfm are missing"
    );
    !missing
}

/// A node of a reader's tree.
#[derive(Debug, Default)]
struct Node {
    kind: String,
    attributes: String,
    text: String,
    children: Vec<Node>,
}

/// The blocks of a document.
fn blocks(reader: &[&str], text: &str) -> Vec<Node> {
    let mut child = Command::new(reader[0])
        .args(&reader[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    // cmark-gfm has no name for a footnote's nodes.
    let xml = String::from_utf8(output.stdout)
        .unwrap()
        .replace("<unknown>", "footnote");
    let mut open = vec![Node::default()];
    for piece in xml.split('<').skip(3) {
        let (tag, text) = piece.split_once('>').unwrap();
        if tag.starts_with('/') {
            let node = open.pop().unwrap();
            open.last_mut().unwrap().children.push(node);
            continue;
        }
        let (kind, attributes) = tag.trim_end_matches(" /").split_once(' ').unwrap_or((tag, ""));
        let node = Node {
            kind: kind.trim_end_matches(" /").to_owned(),
            attributes: attributes.to_owned(),
            text: unescape(text),
            children: Vec::new(),
        };
        match tag.ends_with(" /") {
            true => open.last_mut().unwrap().children.push(node),
            false => open.push(node),
        }
    }
    open.remove(0).children.remove(0).children
}

fn unescape(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&amp;", "&")
}

impl Node {
    fn attribute(&self, name: &str) -> String {
        let after = self.attributes.split_once(&format!("{name}=\""));
        after.map_or_else(String::new, |(_, rest)| unescape(rest.split('"').next().unwrap()))
    }

    fn is_blank(&self) -> bool {
        self.kind == "text" && self.text.trim().is_empty()
    }

    /// Whether it goes over lines.
    fn breaks(&self) -> bool {
        self.kind.ends_with("break") || self.children.iter().any(Self::breaks)
    }

    /// What a reader of the page sees.
    fn plain(&self) -> String {
        match self.kind.as_str() {
            "text" | "code" => self.text.clone(),
            "softbreak" | "linebreak" => " ".to_owned(),
            "html_inline" => String::new(),
            _ => self.children.iter().map(Self::plain).collect(),
        }
    }

    /// The same with the marks that a value may have.
    fn marked(&self) -> String {
        let inner = || self.children.iter().map(Self::marked).collect::<String>();
        match self.kind.as_str() {
            "text" | "html_inline" => self.text.clone(),
            "code" => format!("`{}`", self.text),
            "strong" => format!("**{}**", inner()),
            "emph" => format!("_{}_", inner()),
            kind => format!("<{kind}>{}", inner()),
        }
    }
}

/// A part of a line.
enum Inline<'n> {
    /// A node that lies on it.
    Whole(&'n Node),
    /// Where emphasis that goes over lines begins or ends.
    Mark(&'static str),
}

impl Inline<'_> {
    fn marked(&self) -> String {
        match self {
            Self::Whole(node) => node.marked(),
            Self::Mark(mark) => (*mark).to_owned(),
        }
    }
}

/// Parts inline nodes into lines. Emphasis over lines hides no line: what matters is how each of them begins.
fn split<'n>(nodes: &'n [Node], lines: &mut Vec<Vec<Inline<'n>>>) {
    for node in nodes {
        let mark = match node.kind.as_str() {
            "emph" => "*",
            "strong" => "**",
            _ => "",
        };
        if node.kind.ends_with("break") {
            lines.push(Vec::new());
        } else if mark.is_empty() || !node.breaks() {
            lines.last_mut().unwrap().push(Inline::Whole(node));
        } else {
            lines.last_mut().unwrap().push(Inline::Mark(mark));
            split(&node.children, lines);
            lines.last_mut().unwrap().push(Inline::Mark(mark));
        }
    }
}

/// What a reader sees of a document.
#[derive(Debug, Default)]
struct Seen {
    /// Level and text of headings outside of containers.
    headings: Vec<(u8, String)>,
    /// Info string and content of code blocks outside of containers.
    code: Vec<(String, String)>,
    /// How many headings are above it, name and value of each field.
    fields: Vec<(usize, String, String)>,
}

fn see(reader: &[&str], text: &str) -> Seen {
    let mut seen = Seen::default();
    for block in blocks(reader, text) {
        match block.kind.as_str() {
            "heading" => {
                let level = block.attribute("level").parse().unwrap();
                seen.headings.push((level, fold(&block.plain())));
            }
            "code_block" => seen.code.push((fold(&block.attribute("info")), fold(&block.text))),
            _ => seen.find_fields(&block),
        }
    }
    seen
}

impl Seen {
    /// Strong text that begins a line of a paragraph, in no container but lists.
    fn find_fields(&mut self, block: &Node) {
        match block.kind.as_str() {
            "list" | "item" => block.children.iter().for_each(|inner| self.find_fields(inner)),
            "paragraph" => {
                let mut lines = vec![Vec::new()];
                split(&block.children, &mut lines);
                for line in lines {
                    let blank = |inline: &&Inline<'_>| matches!(inline, Inline::Whole(node) if node.is_blank());
                    let line: Vec<&Inline<'_>> = line.iter().skip_while(blank).collect();
                    let [Inline::Whole(strong), rest @ ..] = line.as_slice() else {
                        continue;
                    };
                    let (true, [name]) = (strong.kind == "strong", strong.children.as_slice()) else {
                        continue;
                    };
                    if name.kind != "text" {
                        continue;
                    }
                    let rest: String = rest.iter().map(|inline| inline.marked()).collect();
                    let (name, value) = match (rest.strip_prefix(':'), name.text.strip_suffix(':')) {
                        (Some(value), _) => (name.text.as_str(), value.to_owned()),
                        (None, Some(name)) => (name, rest),
                        (None, None) => continue,
                    };
                    self.fields.push((self.headings.len(), fold(name), value));
                }
            }
            _ => {}
        }
    }

    /// The decision, by the rule of the format, and its field's value.
    fn decision(&self) -> Option<(Status, String)> {
        let is_decision = |heading: &(u8, String)| heading.0 == 2 && heading.1.eq_ignore_ascii_case(decision::HEADING);
        let at = self.headings.iter().position(is_decision)?;
        if self.headings[at + 1..].iter().any(is_decision) {
            return None;
        }
        let ends = self.headings[at + 1..].iter().position(|heading| heading.0 <= 2);
        let inside = at + 1..ends.map_or(usize::MAX, |more| at + 1 + more + 1);
        let is_status =
            |field: &&(usize, String, String)| inside.contains(&field.0) && field.1.eq_ignore_ascii_case("Status");
        let statuses: Vec<_> = self.fields.iter().filter(is_status).collect();
        let [(_, _, value)] = statuses.as_slice() else {
            return None;
        };
        Some((decision::value_of(value)?, value.trim().to_owned()))
    }
}

/// White space folded, and control characters as XML shows them: not at all.
fn fold(text: &str) -> String {
    let control = |c: char| c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r');
    let shown = text.replace(control, "\u{fffd}");
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why certgate reads no decision where another reader shows one.
fn stricter(outline: &Outline<'_>, shown: &str) -> bool {
    let heading = outline.sections(decision::HEADING).next();
    let mut fields = outline.fields.iter().filter(|field| field.is("Status"));
    // The heading is written with markup or entities, or in another case.
    heading.is_some_and(|heading| heading.source != decision::HEADING)
        // The name is written with entities, or the line is the head of a table for some.
        || fields.clone().any(|field| field.doubt.is_some())
        // There is a quote or table right above.
        || heading.is_some_and(|heading| {
            let body = outline.body(heading);
            fields.clone().any(|field| outline.may_belong_to(field.at, &body).is_some())
        })
        // The value is written with entities or escapes.
        || fields.any(|field| outline.slice(field.value.clone()).trim() != shown)
        // For who knows tables and footnotes it is in one.
        || extended(outline.text)
        || outline.unsettled().is_some()
}

/// Whether a document may hold tables or footnotes, on which readers differ.
fn extended(text: &str) -> bool {
    text.contains("[^") || text.contains('|') || text.contains(":-")
}

/// Holds the readings of a document against each other.
fn compare(text: &str) -> Result<(), TestCaseError> {
    let outline = Outline::new(text);
    let status = parse(&RepoPath::from("a.md"), text.as_bytes()).certificate.status;
    let readings = READERS.map(|reader| see(reader, text));
    for seen in &readings {
        match (status, seen.decision()) {
            // A refusal is read whoever shows it otherwise.
            (Some(status), None) if status.class().refuses() => {}
            (Some(status), decision) => prop_assert_eq!(Some(status), decision.map(|(status, _)| status), "{:?}", text),
            (None, Some((_, shown))) => prop_assert!(stricter(&outline, &shown), "{seen:?} of {text:?}"),
            (None, None) => {}
        }
    }
    // On what is not settled the others are wrong.
    if extended(text) || outline.unsettled().is_some() {
        return Ok(());
    }
    let [seen, _] = readings;
    let headings = outline.headings.iter();
    let headings = headings.map(|heading| (heading.level, fold(&heading.plain)));
    prop_assert_eq!(headings.collect::<Vec<_>>(), seen.headings, "headings of {:?}", text);
    let info = |info: &Option<String>| fold(info.as_deref().unwrap_or_default());
    let code = outline.fences.iter();
    let code = code.map(|fence| (info(&fence.info), fold(&fence.content)));
    prop_assert_eq!(code.collect::<Vec<_>>(), seen.code, "code of {:?}", text);
    let fields = outline.fields.iter().map(|field| fold(&field.name));
    let shown = seen.fields.iter().map(|(_, name, _)| name.clone());
    prop_assert_eq!(
        fields.collect::<Vec<_>>(),
        shown.collect::<Vec<_>>(),
        "fields of {:?}",
        text
    );
    Ok(())
}

/// The seeds of the fuzz target and, where it is at hand, the corpus of real certificates (see `tests/it/corpus.rs`).
#[test]
fn known_documents_read_alike() {
    if !installed() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let real = std::env::var_os("CERTGATE_CORPUS").map_or_else(|| root.join("../shared/corpus"), PathBuf::from);
    let mut read = 0;
    for directory in [root.join("fuzz/corpus/certificate"), real.join("keisei")] {
        for entry in std::fs::read_dir(directory).into_iter().flatten() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            if let Ok(text) = text_of(&bytes) {
                compare(text).unwrap();
                read += 1;
            }
        }
    }
    assert!(read > 0);
}

/// As found by what is generated below.
#[test]
fn code_spans_over_lines_read_alike() {
    let headed = |before: &str, after: &str| format!("a`{before}b\nc{after}`d\n-\n");
    let ended = |text: String| [text.replace('\n', "\r\n"), text.replace('\n', "\r"), text];
    for (before, after, shown) in [
        ("", "", "ab cd"),
        ("", "\n", "ab c d"),
        ("\n", "", "a b cd"),
        ("\n", "\n", "ab cd"),
        (" ", "\n ", "ab cd"),
        ("", "\n ", "ab c d"),
        (" \n", "\n", "a b cd"),
    ] {
        for text in ended(headed(before, after)) {
            let headings = Outline::new(&text).headings;
            let plain = headings.first().map(|heading| heading.plain.as_str());
            assert_eq!(plain, Some(shown), "{text:?}");
        }
    }
    let blanks = ["", " ", "  ", "\n", " \n", "\n ", "  \n"];
    for (before, after) in blanks.iter().flat_map(|before| blanks.map(|after| (before, after))) {
        for text in ended(headed(before, after)).into_iter().filter(|_| installed()) {
            compare(&text).unwrap();
        }
    }
}

/// The same 500 documents every time, since what others read is not for a change here to answer for; with `CERTGATE_DOCUMENTS`, so many new
/// ones.
fn documents() -> ProptestConfig {
    match std::env::var("CERTGATE_DOCUMENTS") {
        Ok(number) => ProptestConfig::with_cases(number.parse().unwrap()),
        Err(_) => ProptestConfig {
            rng_seed: RngSeed::Fixed(0),
            ..ProptestConfig::with_cases(500)
        },
    }
}

proptest! {
    #![proptest_config(documents())]

    #[test]
    fn no_decision_is_read_that_others_do_not_show(text in generated::decisions()) {
        if installed() && let Some(status) = parse(&RepoPath::from("a.md"), text.as_bytes()).certificate.status {
            for reader in READERS {
                let shown = see(reader, &text).decision().map(|(status, _)| status);
                prop_assert_eq!(shown, Some(status), "by {:?}: {:?}", reader, text);
            }
        }
    }

    #[test]
    fn generated_documents_read_alike(text in generated::lines()) {
        if installed() {
            compare(&text)?;
        }
    }
}
