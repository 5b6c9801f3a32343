//! The shape of a Markdown document, as a CommonMark parser sees it: headings, lines, fields, list items, fences and words, each with
//! its place in the source.
//!
//! This is the only place that talks to the Markdown parser. Everything above it works on source ranges, so values come out byte for
//! byte as written and every finding can point at them.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

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
    /// How many lists it stands in.
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
    /// True where the name is written as it reads, without entities or escapes.
    pub(crate) plain: bool,
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

/// What the parser is inside of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    /// A paragraph, a list or a list item: fields may stand here.
    Flow,
    /// A list item, by index.
    Item(usize),
    /// A heading or table: words count, fields do not.
    Words,
    /// A quote, footnote, code block or raw HTML: nothing counts.
    Closed,
}

struct Builder<'a> {
    outline: Outline<'a>,
    blocks: Vec<Block>,
    // Counted rather than searched for: a document of nested markers is as deep as it is long.
    closed: usize,
    other: usize,
    items: Vec<usize>,
    lists: usize,
    links: usize,
    images: usize,
    fresh_line: bool,
    fresh_block: bool,
    heading: Option<(Heading, Option<Range<usize>>)>,
    fence: Option<Fence>,
    strong: Option<(Range<usize>, String, bool)>,
    words: Option<(Words, usize)>,
}

impl<'a> Outline<'a> {
    /// Reads a document; a leading byte order mark must have been taken off.
    pub(crate) fn new(text: &'a str) -> Self {
        let mut starts = vec![0];
        let bytes = text.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            // A lone carriage return ends a line too (CommonMark 0.31, 2.1).
            if *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
                starts.push(at + 1);
            }
        }
        let mut builder = Builder {
            outline: Self {
                text,
                headings: Vec::new(),
                lines: Vec::new(),
                fields: Vec::new(),
                items: Vec::new(),
                words: Vec::new(),
                fences: Vec::new(),
                starts,
            },
            blocks: Vec::new(),
            closed: 0,
            other: 0,
            items: Vec::new(),
            lists: 0,
            links: 0,
            images: 0,
            fresh_line: false,
            fresh_block: false,
            heading: None,
            fence: None,
            strong: None,
            words: None,
        };
        // Tables and footnotes are read so that what stands in them is known not to be a field.
        let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES;
        for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
            builder.take(event, range);
        }
        builder.flush_words();
        builder.outline
    }

    /// The source of a range.
    pub(crate) fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    /// The index of the line that an offset stands on, from 0.
    fn line_index(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// The 1-based number of the line that an offset stands on.
    pub(crate) fn line_number(&self, at: usize) -> u32 {
        u32::try_from(self.line_index(at) + 1).unwrap_or(u32::MAX)
    }

    /// The whole physical line around an offset, without its ending.
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

    /// The part before the first level-2 heading, where the heading fields stand.
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

    /// The level-2 section that an offset stands in.
    pub(crate) fn section_at(&self, at: usize) -> Option<&Heading> {
        let last = self
            .headings
            .iter()
            .rfind(|heading| heading.level <= 2 && heading.range.start <= at)?;
        (last.level == 2).then_some(last)
    }
}

/// The part of a list, sorted by offset, that lies in a range.
fn window<'s, T>(all: &'s [T], range: &Range<usize>, at: impl Fn(&T) -> usize) -> &'s [T] {
    let from = all.partition_point(|one| at(one) < range.start);
    let to = all.partition_point(|one| at(one) < range.end);
    all.get(from..to).unwrap_or_default()
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        if !matches!(event, Event::Text(_)) {
            self.flush_words();
        }
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, &range),
            Event::Text(text) => {
                if let Some(fence) = &mut self.fence {
                    fence.content.push_str(&text);
                    return;
                }
                self.inline(&range);
                if let Some((_, name, _)) = &mut self.strong {
                    name.push_str(&text);
                }
                if let Some((heading, _)) = &mut self.heading {
                    heading.plain.push_str(&text);
                }
                self.text(&text, &range);
            }
            Event::Code(text) => {
                self.inline(&range);
                self.spoil_name();
                if let Some((heading, _)) = &mut self.heading {
                    heading.plain.push_str(&text);
                }
                if self.readable() {
                    self.outline.words.push(Words {
                        text: text.into_string(),
                        at: range.start,
                        code: true,
                    });
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                self.spoil_name();
                self.cover(&range);
                if let Some((heading, _)) = &mut self.heading {
                    heading.plain.push(' ');
                }
                self.fresh_line = true;
            }
            _ => {
                self.inline(&range);
                self.spoil_name();
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        let top = self.blocks.is_empty();
        match tag {
            Tag::Emphasis | Tag::Strikethrough | Tag::Superscript | Tag::Subscript => {
                self.inline(&range);
                self.spoil_name();
                return;
            }
            Tag::Link { .. } | Tag::Image { .. } => {
                self.inline(&range);
                self.spoil_name();
                self.links += 1;
                self.images += usize::from(matches!(tag, Tag::Image { .. }));
                return;
            }
            Tag::Strong => {
                let begins_line = self.fresh_line && self.links == 0 && self.flows();
                self.inline(&range);
                self.spoil_name();
                if begins_line && self.strong.is_none() && self.outline.slice(range.clone()).starts_with("**") {
                    self.strong = Some((range, String::new(), true));
                }
                return;
            }
            Tag::Heading { level, .. } => {
                if top {
                    let heading = Heading {
                        level: level as u8,
                        source: String::new(),
                        plain: String::new(),
                        range,
                    };
                    self.heading = Some((heading, None));
                }
                self.enter(Block::Words);
            }
            Tag::CodeBlock(kind) => {
                if top {
                    self.fence = Some(Fence {
                        info: match kind {
                            CodeBlockKind::Fenced(info) => Some(info.trim().to_owned()),
                            CodeBlockKind::Indented => None,
                        },
                        content: String::new(),
                        range,
                    });
                }
                self.enter(Block::Closed);
            }
            Tag::List(_) => {
                self.lists += 1;
                self.enter(Block::Flow);
            }
            Tag::Item => {
                let block = if self.flows() {
                    self.outline.items.push(Item {
                        range,
                        depth: self.lists,
                    });
                    Block::Item(self.outline.items.len() - 1)
                } else {
                    Block::Flow
                };
                self.enter(block);
            }
            Tag::Paragraph => self.enter(Block::Flow),
            Tag::Table(_) | Tag::TableHead | Tag::TableRow | Tag::TableCell => self.enter(Block::Words),
            _ => self.enter(Block::Closed),
        }
        self.fresh_line = true;
        self.fresh_block = true;
    }

    fn end(&mut self, tag: TagEnd, range: &Range<usize>) {
        match tag {
            TagEnd::Emphasis | TagEnd::Strikethrough | TagEnd::Superscript | TagEnd::Subscript => return,
            TagEnd::Link | TagEnd::Image => {
                self.links = self.links.saturating_sub(1);
                self.images = self.images.saturating_sub(usize::from(tag == TagEnd::Image));
                return;
            }
            TagEnd::Strong => {
                // Only the strong text that opened the line closes a name; a nested one has spoiled it.
                if self.strong.as_ref().is_some_and(|(opened, ..)| opened == range) {
                    self.close_name();
                }
                return;
            }
            TagEnd::Heading(_) => {
                if let Some((mut heading, inner)) = self.heading.take() {
                    let source = inner.map_or("", |inner| self.outline.slice(inner));
                    heading.source = source.trim().to_owned();
                    heading.plain = heading.plain.trim().to_owned();
                    self.outline.headings.push(heading);
                }
            }
            TagEnd::CodeBlock => self.outline.fences.extend(self.fence.take()),
            TagEnd::List(_) => self.lists = self.lists.saturating_sub(1),
            _ => {}
        }
        match self.blocks.pop() {
            Some(Block::Item(_)) => drop(self.items.pop()),
            Some(Block::Words) => self.other = self.other.saturating_sub(1),
            Some(Block::Closed) => self.closed = self.closed.saturating_sub(1),
            Some(Block::Flow) | None => {}
        }
        self.strong = None;
        self.fresh_line = true;
        self.fresh_block = true;
    }

    fn enter(&mut self, block: Block) {
        match block {
            Block::Item(index) => self.items.push(index),
            Block::Words => self.other += 1,
            Block::Closed => self.closed += 1,
            Block::Flow => {}
        }
        self.blocks.push(block);
    }

    /// True where a line may be a field.
    fn flows(&self) -> bool {
        self.closed == 0 && self.other == 0
    }

    /// True where words count.
    fn readable(&self) -> bool {
        self.images == 0 && self.closed == 0
    }

    /// Notes that inline content begins; the first on a line makes the line.
    fn inline(&mut self, range: &Range<usize>) {
        self.cover(range);
        if !self.fresh_line {
            return;
        }
        if self.flows() && !self.blocks.is_empty() {
            self.outline.lines.push(Line {
                range: range.start..self.outline.line_end(range.start),
                depth: self.lists,
                item: self.items.last().copied(),
                first: self.fresh_block,
                linked: self.links > 0,
            });
        }
        self.fresh_line = false;
        self.fresh_block = false;
    }

    /// Extends the extent of an open heading's content.
    fn cover(&mut self, range: &Range<usize>) {
        if let Some((_, inner)) = &mut self.heading {
            let start = inner.as_ref().map_or(range.start, |inner| inner.start);
            *inner = Some(start..range.end);
        }
    }

    /// Anything but text inside `**…**` makes it no name.
    fn spoil_name(&mut self) {
        if let Some((_, _, intact)) = &mut self.strong {
            *intact = false;
        }
    }

    fn close_name(&mut self) {
        let Some((range, name, true)) = self.strong.take() else {
            return;
        };
        let raw = self
            .outline
            .slice(range.start + 2..range.end.saturating_sub(2).max(range.start + 2));
        let (bare, from) = if self.outline.slice(range.end..self.outline.text.len()).starts_with(':') {
            (name.as_str(), range.end + 1)
        } else if let Some(bare) = name.strip_suffix(':') {
            (bare, range.end)
        } else {
            return;
        };
        if self.heads_table(from) {
            return;
        }
        self.outline.fields.push(Field {
            name: bare.trim().to_owned(),
            plain: raw == name,
            at: range.start,
            value: from..self.outline.line_end(from),
        });
    }

    /// True where the next line would make this one the head of a table without outer pipes. Parsers differ on that, and what one
    /// reader sees as a table is no decision.
    fn heads_table(&self, at: usize) -> bool {
        let next = self.outline.next_line(at);
        let row = self.outline.slice(next..self.outline.line_end(next)).trim();
        row.contains('-') && row.contains(['|', ':']) && row.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t'))
    }

    fn text(&mut self, text: &str, range: &Range<usize>) {
        // The parser cuts text at every character that might have meant something; a path must come out whole.
        let follows = self.words.as_ref().is_some_and(|(_, end)| {
            *end == range.start || (*end < range.start && self.outline.slice(*end..range.start) == "\\")
        });
        if !follows {
            self.flush_words();
        }
        if !self.readable() {
            return;
        }
        match &mut self.words {
            Some((words, end)) => {
                words.text.push_str(text);
                *end = range.end;
            }
            None => {
                let words = Words {
                    text: text.to_owned(),
                    at: range.start,
                    code: false,
                };
                self.words = Some((words, range.end));
            }
        }
    }

    fn flush_words(&mut self) {
        self.outline.words.extend(self.words.take().map(|(words, _)| words));
    }
}
