//! From the Markdown parser's events to an [`Outline`]. This is the only place that talks to the parser.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::outline::{Dialect, Fence, Field, Heading, Item, Line, Outline, Words, is_list_marker};

/// What the parser is inside of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    /// A paragraph, a list or a list item: fields may be here.
    Flow,
    /// A list item, by index.
    Item(usize),
    /// A heading or table: words count, fields do not.
    Words,
    /// A quote, footnote, code block or raw HTML: nothing counts.
    Closed,
}

/// Takes the parser's events and fills the outline.
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
    /// Up to where the source has been taken for something.
    passed: usize,
    /// True where an item has begun and holds nothing yet.
    item_opens: bool,
    heading: Option<(Heading, Option<Range<usize>>)>,
    fence: Option<Fence>,
    strong: Option<(Range<usize>, String, bool)>,
    words: Option<(Words, usize)>,
}

/// The text of a code span over several lines, `source` being all of it: without blanks around it, and as a heading shows it. The parser
/// makes one blank of a line feed and two of CRLF, of which one is shown (CommonMark 0.31, 6.1).
fn one_line(text: &str, source: &str) -> (String, String) {
    let inner = source.trim_matches('`');
    let margin = [' ', '\n', '\r'];
    let (before, after) = (inner.trim_start_matches(margin), inner.trim_end_matches(margin));
    let before = inner.get(..inner.len() - before.len()).unwrap_or_default();
    let after = inner.get(after.len()..).unwrap_or_default();
    // Blanks that begin a line are no part of the paragraph.
    let blanks = |margin: &str| match margin.split_once(['\n', '\r']) {
        Some((line, _)) => line.len() + 1,
        None => margin.len(),
    };
    let (before, after) = (blanks(before), blanks(after));
    // One is taken off at either end, if there is one at both.
    let taken = usize::from(before > 0 && after > 0);
    let blank = |blanks: usize| if blanks > taken { " " } else { "" };
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = format!("{}{words}{}", blank(before), blank(after));
    (words, shown)
}

/// The text with a line feed for each carriage return that ends a line by itself (CommonMark 0.31, 2.1), so that offsets stay. The parser
/// does not see such an end everywhere: not after the info string of a fence, which then would not be one for it.
fn lines_fed(text: &str) -> Cow<'_, str> {
    if text.matches('\r').count() == text.matches("\r\n").count() {
        return Cow::Borrowed(text);
    }
    let mut fed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\r') {
        fed.push_str(line);
        fed.push(if after.starts_with('\n') { '\r' } else { '\n' });
        rest = after;
    }
    fed.push_str(rest);
    Cow::Owned(fed)
}

impl<'a> Outline<'a> {
    /// Reads a document; a leading byte order mark must have been taken off.
    pub(crate) fn new(text: &'a str) -> Self {
        build(Self::unread(text), Dialect::Extended)
    }

    /// The document as CommonMark alone shows it, where that may be something else.
    pub(crate) fn without_extensions(&self) -> Option<Self> {
        let may_differ = ["[^", "|", ":-"].iter().any(|mark| self.text.contains(mark));
        may_differ.then(|| build(Self::unread(self.text), Dialect::CommonMark))
    }
}

/// Reads the document of an empty outline.
fn build(outline: Outline<'_>, dialect: Dialect) -> Outline<'_> {
    let text = outline.text;
    let mut builder = Builder {
        outline,
        blocks: Vec::new(),
        closed: 0,
        other: 0,
        items: Vec::new(),
        lists: 0,
        links: 0,
        images: 0,
        fresh_line: false,
        fresh_block: false,
        passed: 0,
        item_opens: false,
        heading: None,
        fence: None,
        strong: None,
        words: None,
    };
    let options = match dialect {
        Dialect::Extended => Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES,
        Dialect::CommonMark => Options::empty(),
    };
    let text = lines_fed(text);
    for (event, range) in Parser::new_ext(&text, options).into_offset_iter() {
        builder.take(event, range);
    }
    builder.flush_words();
    builder.outline
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        if !matches!(event, Event::Text(_)) {
            self.flush_words();
        }
        if self.closed == 0 && self.outline.odd_definition.is_none() {
            self.outline.odd_definition = self.odd_definition(&event, &range);
        }
        self.item_opens = matches!(event, Event::Start(Tag::Item));
        self.passed = match event {
            Event::Start(_) => range.start,
            _ => range.end.max(self.passed),
        };
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
                let source = self.outline.slice(range.clone());
                let (text, shown) = match source.contains(['\n', '\r']) {
                    true => one_line(&text, source),
                    false => (text.to_string(), text.to_string()),
                };
                if let Some((heading, _)) = &mut self.heading {
                    heading.plain.push_str(&shown);
                }
                if self.readable() {
                    self.outline.words.push(Words {
                        text,
                        at: range.start,
                        code: true,
                    });
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                // A name ends with its line; strong text that continues must not hide the field that begins the next one.
                self.strong = None;
                self.cover(&range);
                if let Some((heading, _)) = &mut self.heading {
                    heading.plain.push(' ');
                }
                self.fresh_line = true;
            }
            Event::Rule => {
                self.fresh_line = true;
                self.fresh_block = true;
            }
            _ => {
                self.inline(&range);
                self.spoil_name();
            }
        }
    }

    /// A link reference definition in what lies before an event; they have no events.
    ///
    /// For `cmark` an item that begins with one is empty, and ends as an empty one does; and a rule right below one is text (against
    /// CommonMark 0.31, 5.2 and 4.7).
    fn odd_definition(&self, event: &Event<'_>, range: &Range<usize>) -> Option<(usize, &'static str)> {
        // Of an item that holds nothing else, all of it is seen at its end.
        let end = match event {
            Event::End(_) if self.item_opens => range.end,
            _ => range.start,
        };
        let skipped = self.outline.slice(self.passed..end);
        let mut words = skipped.split_ascii_whitespace().skip_while(|word| is_list_marker(word));
        if !words.next()?.starts_with('[') {
            return None;
        }
        let above = skipped
            .trim_end_matches([' ', '\t'])
            .lines()
            .next_back()
            .unwrap_or_default();
        let at = self.passed + skipped.find('[').unwrap_or_default();
        if self.item_opens {
            Some((
                at,
                "begins a list item with a link reference definition, which may end the item or not",
            ))
        } else if *event == Event::Rule && !above.trim().is_empty() {
            Some((
                at,
                "has a rule below a link reference definition, which may be a rule or text",
            ))
        } else {
            None
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        let top = self.blocks.is_empty();
        if matches!(tag, Tag::HtmlBlock | Tag::CodeBlock(_)) {
            self.outline.raw.push(range.clone());
        }
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
            TagEnd::Emphasis | TagEnd::Strikethrough | TagEnd::Superscript | TagEnd::Subscript => {
                // A closing mark at the start of a line is what the line begins with.
                self.fresh_line = false;
                return;
            }
            TagEnd::Link | TagEnd::Image => {
                self.fresh_line = false;
                self.links = self.links.saturating_sub(1);
                self.images = self.images.saturating_sub(usize::from(tag == TagEnd::Image));
                return;
            }
            TagEnd::Strong => {
                self.fresh_line = false;
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
        let doubt = if raw != name {
            Some(
                "with its entities and escapes resolved the name reads so, but a field is read as written in the source",
            )
        } else if self.heads_table(from) {
            Some("the next line would make it the head of a table for some readers, and a table holds no fields")
        } else {
            None
        };
        self.outline.fields.push(Field {
            name: bare.trim().to_owned(),
            doubt,
            at: range.start,
            value: from..self.outline.line_end(from),
        });
    }

    /// True where the next line would make this one the head of a table of one column. Parsers differ on whether it may follow
    /// other lines or go without pipes.
    fn heads_table(&self, at: usize) -> bool {
        let next = self.outline.next_line(at);
        let row = self.outline.slice(next..self.outline.line_end(next)).trim();
        let cell = row.strip_prefix('|').unwrap_or(row);
        let cell = cell.strip_suffix('|').unwrap_or(cell).trim();
        let dashes = cell.strip_prefix(':').unwrap_or(cell);
        let dashes = dashes.strip_suffix(':').unwrap_or(dashes);
        dashes != row && !dashes.is_empty() && dashes.bytes().all(|byte| byte == b'-')
    }

    fn text(&mut self, text: &str, range: &Range<usize>) {
        // The parser cuts text at every character that might have meant something; a path must come out complete.
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

#[cfg(test)]
#[path = "another_reader_tests.rs"]
mod tests;
