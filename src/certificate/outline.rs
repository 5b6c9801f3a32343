//! The shape of a Markdown document, as a CommonMark parser sees it: headings, lines, fields, list items, fences and words, each with
//! its place in the source.
//!
//! Everything above works on source ranges, so values come out byte for byte as written and every finding can point at them.

use std::ops::Range;

use crate::change::RepoPath;
use crate::diagnostic::Place;

/// The outline of one document. Offsets count bytes of [`Outline::text`].
#[derive(Debug)]
pub(crate) struct Outline<'a> {
    /// The document without its byte order mark.
    pub(crate) text: &'a str,
    /// Headings outside of any container, in order.
    pub(crate) headings: Vec<Heading>,
    /// Lines of top-level paragraphs and of list items of top-level lists, in order.
    pub(crate) lines: Vec<Line>,
    /// Fields: lines that begin with `**Name**:` or `**Name:**`.
    pub(crate) fields: Vec<Field>,
    /// Items of top-level lists, at any depth, in order.
    pub(crate) items: Vec<Item>,
    /// Text and code spans that are neither quoted nor hidden.
    pub(crate) words: Vec<Words>,
    /// Raw HTML and code, wherever it is, in order.
    pub(super) raw: Vec<Range<usize>>,
    /// See [`Outline::unsettled`].
    pub(super) odd_definition: Option<(usize, &'static str)>,
    /// Code blocks outside of any container.
    pub(crate) fences: Vec<Fence>,
    starts: Vec<usize>,
}

/// A heading.
#[derive(Debug)]
pub(crate) struct Heading {
    /// 1 to 6.
    pub(crate) level: u8,
    /// What it says, as written, without its marks.
    pub(crate) source: String,
    /// What a reader sees.
    pub(crate) plain: String,
    /// From its first mark to its last.
    pub(crate) range: Range<usize>,
}

/// A line of text.
#[derive(Debug)]
pub(crate) struct Line {
    /// From the first byte of content to the end of the line.
    pub(crate) range: Range<usize>,
    /// How many lists it is in.
    pub(crate) depth: usize,
    /// The innermost list item, as an index.
    pub(crate) item: Option<usize>,
    /// True for the first line of a paragraph or item.
    pub(crate) first: bool,
    /// True inside the text of a link or an image that began on an earlier line.
    pub(crate) linked: bool,
}

/// A field.
#[derive(Debug)]
pub(crate) struct Field {
    /// The name as a reader sees it.
    pub(crate) name: String,
    /// Why some readers would not take it for a field. It then decides nothing, but still makes a second one.
    pub(crate) doubt: Option<&'static str>,
    /// Offset of its first mark.
    pub(crate) at: usize,
    /// The rest of the line.
    pub(crate) value: Range<usize>,
}

impl Field {
    /// Whether this is the name, whatever the case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// A list item.
#[derive(Debug)]
pub(crate) struct Item {
    /// All of it, nested lists included.
    pub(crate) range: Range<usize>,
    /// 1 for an item of a top-level list.
    pub(crate) depth: usize,
}

/// A run of text or a code span.
#[derive(Debug)]
pub(crate) struct Words {
    /// What it says, escapes resolved.
    pub(crate) text: String,
    /// Where it begins.
    pub(crate) at: usize,
    /// True for a code span.
    pub(crate) code: bool,
}

/// A code block.
#[derive(Debug)]
pub(crate) struct Fence {
    /// The info string, trimmed; `None` for an indented block.
    pub(crate) info: Option<String>,
    /// What it holds.
    pub(crate) content: String,
    /// All of it, fences included.
    pub(crate) range: Range<usize>,
}

/// What a reader takes for Markdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// With tables and footnotes, so that what is in them is known not to be a field.
    Extended,
    /// CommonMark as it is, for which they are text.
    CommonMark,
}

impl<'a> Outline<'a> {
    /// A document of which nothing has been read yet but where its lines begin.
    pub(super) fn unread(text: &'a str) -> Self {
        let mut starts = vec![0];
        let bytes = text.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            // A lone carriage return ends a line too (CommonMark 0.31, 2.1).
            if *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
                starts.push(at + 1);
            }
        }
        Self {
            text,
            headings: Vec::new(),
            lines: Vec::new(),
            fields: Vec::new(),
            items: Vec::new(),
            words: Vec::new(),
            fences: Vec::new(),
            raw: Vec::new(),
            odd_definition: None,
            starts,
        }
    }

    /// The source of a range.
    pub(crate) fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    /// The index of the line that an offset is on, from 0.
    fn line_index(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// The 1-based number of the line that an offset is on.
    pub(crate) fn line_number(&self, at: usize) -> u32 {
        u32::try_from(self.line_index(at) + 1).unwrap_or(u32::MAX)
    }

    /// The full physical line around an offset, without its ending.
    pub(crate) fn line_range(&self, at: usize) -> Range<usize> {
        let start = self.starts.get(self.line_index(at)).copied().unwrap_or(0);
        start..self.line_end(at)
    }

    /// Where the line around an offset ends, before its line ending.
    pub(crate) fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        at + rest.find(['\n', '\r']).unwrap_or(rest.len())
    }

    /// Where the next line begins, or the end of the document.
    pub(crate) fn next_line(&self, at: usize) -> usize {
        self.starts
            .get(self.line_index(at) + 1)
            .copied()
            .unwrap_or(self.text.len())
    }

    /// Every physical line, in order.
    pub(crate) fn physical_lines(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.starts.iter().map(|start| *start..self.line_end(*start))
    }

    /// What a line of a section may belong to for some readers, as there is no blank line between: a quote, or a table, as a row below what
    /// may be its second line (parsers differ on what may be its head).
    pub(crate) fn may_belong_to(&self, at: usize, section: &Range<usize>) -> Option<&'static str> {
        let above = self.starts.get(self.line_index(section.start)..self.line_index(at));
        let above = above.into_iter().flatten().rev();
        let above = above.map(|start| self.slice(*start..self.line_end(*start)));
        above.take_while(|line| !line.trim().is_empty()).find_map(|line| {
            let delimits = line.bytes().all(|byte| b"|:- \t>".contains(&byte));
            if line.trim_start().starts_with('>') {
                Some("quote")
            } else if delimits && line.contains('-') && line.contains(['|', ':']) {
                Some("table")
            } else {
                None
            }
        })
    }

    /// A line that `cmark` takes for something else than CommonMark has it: where it begins, and what it is.
    pub(crate) fn unsettled(&self) -> Option<(usize, &'static str)> {
        self.unsettled_line().or(self.odd_definition)
    }

    /// Two kinds of lines. An item begins with at most one blank line (CommonMark 0.31, 5.2), but for `cmark` one of nothing but blanks goes
    /// on with an empty item. And a single tag cannot interrupt the text of an item, a quote or a footnote (4.6), but for `cmark` it begins a
    /// block of HTML where the line has no indentation or mark of those.
    fn unsettled_line(&self) -> Option<(usize, &'static str)> {
        let mut below_empty = false;
        let mut in_container = false;
        self.physical_lines().find_map(|line| {
            let text = self.slice(line.clone());
            let bare = text.trim_matches([' ', '\t']);
            if bare.is_empty() {
                let odd = below_empty && !text.is_empty();
                below_empty = false;
                in_container = false;
                return odd.then_some((
                    line.start,
                    "holds nothing but blanks below an empty list item, which may end there or not",
                ));
            }
            if in_container && bare.starts_with('<') && bare.ends_with('>') && !self.is_raw(line.start) {
                return Some((
                    line.start,
                    "is a single tag in the text of a list item, a quote or a footnote, where a block of HTML may begin",
                ));
            }
            below_empty = bare.split_ascii_whitespace().all(is_list_marker);
            in_container = in_container
                || bare.starts_with('>')
                || bare.starts_with("[^")
                || bare.split_ascii_whitespace().next().is_some_and(is_list_marker);
            None
        })
    }

    /// True for a line of raw HTML or code.
    fn is_raw(&self, line: usize) -> bool {
        let next = self.raw.partition_point(|block| block.start <= self.line_end(line));
        let block = next.checked_sub(1).and_then(|last| self.raw.get(last));
        block.is_some_and(|block| line < block.end)
    }

    /// A place for a diagnostic, with the source line and the range marked.
    pub(crate) fn place(&self, path: &RepoPath, range: Range<usize>) -> Place {
        let line = self.line_range(range.start);
        Place::line(path, self.line_number(range.start)).with_source(
            self.slice(line.clone()),
            range.start - line.start,
            range.end.min(line.end).saturating_sub(line.start),
        )
    }

    /// The body of the section that a heading opens: up to the next heading of the same level or above it.
    pub(crate) fn body(&self, heading: &Heading) -> Range<usize> {
        let later = self
            .headings
            .partition_point(|next| next.range.start <= heading.range.start);
        let end = self
            .headings
            .iter()
            .skip(later)
            .find(|next| next.level <= heading.level)
            .map_or(self.text.len(), |next| next.range.start);
        heading.range.end.min(end)..end
    }

    /// Level-2 headings of this name, whatever the case.
    pub(crate) fn sections<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Heading> + 's {
        self.headings
            .iter()
            .filter(move |heading| heading.level == 2 && heading.plain.eq_ignore_ascii_case(name))
    }

    /// The part before the first level-2 heading, where the heading fields are.
    pub(crate) fn top(&self) -> Range<usize> {
        let end = self.headings.iter().find(|heading| heading.level == 2);
        0..end.map_or(self.text.len(), |heading| heading.range.start)
    }

    /// The fields of a range.
    pub(crate) fn fields_in(&self, range: Range<usize>) -> &[Field] {
        window(&self.fields, &range, |field| field.at)
    }

    /// The lines of a range.
    pub(crate) fn lines_in(&self, range: Range<usize>) -> &[Line] {
        window(&self.lines, &range, |line| line.range.start)
    }

    /// The words of a range.
    pub(crate) fn words_in(&self, range: Range<usize>) -> &[Words] {
        window(&self.words, &range, |words| words.at)
    }

    /// The field that a line is.
    pub(crate) fn field_at(&self, line: &Line) -> Option<&Field> {
        let at = self
            .fields
            .binary_search_by(|field| field.at.cmp(&line.range.start))
            .ok()?;
        self.fields.get(at)
    }

    /// The level-2 section that an offset is in.
    pub(crate) fn section_at(&self, at: usize) -> Option<&Heading> {
        let last = self
            .headings
            .iter()
            .rfind(|heading| heading.level <= 2 && heading.range.start <= at)?;
        (last.level == 2).then_some(last)
    }
}

pub(super) fn is_list_marker(word: &str) -> bool {
    let number = word.strip_suffix(['.', ')']);
    matches!(word, "-" | "+" | "*")
        || number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The part of a list, sorted by offset, that lies in a range.
fn window<'s, T>(all: &'s [T], range: &Range<usize>, at: impl Fn(&T) -> usize) -> &'s [T] {
    let from = all.partition_point(|one| at(one) < range.start);
    let to = all.partition_point(|one| at(one) < range.end);
    all.get(from..to).unwrap_or_default()
}
