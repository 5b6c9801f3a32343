//! A Markdown document as the claims' readers need it: blocks of text with their places in the source, tables by cell, and the
//! section that each is in. CommonMark with tables, as `pulldown-cmark` reads it.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// A paragraph, or the text of a list item.
    Flow,
    /// A heading.
    Heading,
    /// A cell of a table.
    Cell,
    /// A code block that holds output or text: no info string, or one that names no language.
    Listing,
}

/// A run of text.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    /// What a reader sees; lines are divided by line feeds.
    pub(super) text: String,
    /// Offsets of `text` and where in the source they come from, ascending.
    map: Vec<(usize, usize)>,
    /// Code spans, as ranges of `text`.
    pub(super) code: Vec<Range<usize>>,
    /// The list that it is an item of, if any.
    pub(super) list: Option<usize>,
    /// The level-2 section, as an index into [`Document::sections`].
    pub(super) section: Option<usize>,
}

/// A table: indices of its cells' blocks.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) head: Vec<usize>,
    pub(super) rows: Vec<Vec<usize>>,
}

/// A document.
#[derive(Debug)]
pub(super) struct Document<'a> {
    source: &'a str,
    starts: Vec<usize>,
    pub(super) blocks: Vec<Block>,
    pub(super) tables: Vec<Table>,
    /// Names of the level-2 sections.
    pub(super) sections: Vec<String>,
}

/// The most blocks that are read of a document; certificates have hundreds.
const MAX_BLOCKS: usize = 50_000;

impl<'a> Document<'a> {
    /// Reads a document.
    pub(super) fn read(source: &'a str) -> Self {
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let starts = std::iter::once(0)
            .chain(source.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        let mut builder = Builder {
            document: Self {
                source,
                starts,
                blocks: Vec::new(),
                tables: Vec::new(),
                sections: Vec::new(),
            },
            open: None,
            quotes: 0,
            hidden: 0,
            lists: Vec::new(),
            next_list: 0,
            table: None,
            row: Vec::new(),
        };
        for (event, range) in Parser::new_ext(source, Options::ENABLE_TABLES).into_offset_iter() {
            if builder.document.blocks.len() >= MAX_BLOCKS {
                break;
            }
            builder.take(event, range);
        }
        builder.flush();
        builder.document
    }

    /// The number of the source line, from 1, that an offset of a block's text comes from.
    pub(super) fn line(&self, block: &Block, at: usize) -> u32 {
        let source = block.source(at);
        u32::try_from(self.starts.partition_point(|start| *start <= source)).unwrap_or(u32::MAX)
    }

    /// A source line without the blanks around it.
    pub(super) fn line_text(&self, number: u32) -> &'a str {
        let at = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
        let start = self.starts.get(at).copied().unwrap_or(self.source.len());
        let end = self.starts.get(at + 1).copied().unwrap_or(self.source.len());
        self.source.get(start..end).unwrap_or_default().trim()
    }

    /// The name of the section that a block is in, in capitals.
    pub(super) fn section(&self, block: &Block) -> Option<&str> {
        self.sections.get(block.section?).map(String::as_str)
    }
}

impl Block {
    /// Where in the source an offset of the text comes from.
    fn source(&self, at: usize) -> usize {
        let last = self.map.partition_point(|(text, _)| *text <= at).checked_sub(1);
        last.and_then(|last| self.map.get(last))
            .map_or(0, |(text, source)| source + (at - text))
    }

    /// True where an offset lies in a code span.
    pub(super) fn in_code(&self, at: usize) -> bool {
        self.code.iter().any(|span| span.contains(&at))
    }
}

struct Builder<'a> {
    document: Document<'a>,
    open: Option<Block>,
    quotes: usize,
    hidden: usize,
    lists: Vec<usize>,
    next_list: usize,
    table: Option<Table>,
    row: Vec<usize>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::Strong | Tag::Emphasis) => self.underscores(&range, true),
            Event::End(TagEnd::Strong | TagEnd::Emphasis) => self.underscores(&range, false),
            Event::Start(tag) => self.start(&tag, &range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.push(&text, range.start, false),
            Event::Code(text) => {
                let source = self.document.source.get(range.clone()).unwrap_or_default();
                let inner = source.find(text.as_ref()).unwrap_or(0);
                self.push(&text, range.start + inner, true);
            }
            Event::SoftBreak | Event::HardBreak => self.push("\n", range.start, false),
            _ => {}
        }
    }

    /// Puts back the underscores that the parser took for marks and that belong to a name: `core/__init__.py`.
    fn underscores(&mut self, range: &Range<usize>, opens: bool) {
        let source = self.document.source;
        let own = source.get(range.clone()).unwrap_or_default();
        let marks = own.len() - own.trim_start_matches('_').len();
        let before = source.get(..range.start).and_then(|text| text.chars().next_back());
        let after = source.get(range.end..).and_then(|text| text.chars().next());
        let names = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '/');
        if marks == 0
            || !(names(before)
                || names(after)
                || after == Some('.')
                    && source
                        .get(range.end + 1..)
                        .is_some_and(|text| text.starts_with(char::is_alphanumeric)))
        {
            return;
        }
        // One mark at a time: `___x___` is strong within emphasis.
        let width = if own.starts_with("__") { 2 } else { 1 };
        let at = if opens { range.start } else { range.end - width };
        let text = if width == 2 { "__" } else { "_" };
        self.push(text, at, false);
    }

    fn start(&mut self, tag: &Tag<'_>, range: &Range<usize>) {
        match tag {
            Tag::Paragraph => self.begin(BlockKind::Flow),
            Tag::Heading { level, .. } => {
                self.begin(BlockKind::Heading);
                if *level <= HeadingLevel::H2
                    && let Some(open) = &mut self.open
                {
                    open.section = None;
                }
            }
            Tag::BlockQuote(_) | Tag::FootnoteDefinition(_) => {
                self.flush();
                self.quotes += 1;
            }
            Tag::CodeBlock(kind) => match kind {
                CodeBlockKind::Fenced(info) if !is_listing(info) => {
                    self.flush();
                    self.hidden += 1;
                }
                _ => {
                    self.begin(BlockKind::Listing);
                    // Kept apart from the hidden ones by its end.
                }
            },
            Tag::HtmlBlock | Tag::MetadataBlock(_) => {
                self.flush();
                self.hidden += 1;
            }
            Tag::List(_) => {
                self.flush();
                self.lists.push(self.next_list);
                self.next_list += 1;
            }
            Tag::Item => self.begin(BlockKind::Flow),
            Tag::Table(_) => {
                self.flush();
                self.table = Some(Table::default());
            }
            Tag::TableHead | Tag::TableRow => self.row.clear(),
            Tag::TableCell => {
                self.begin(BlockKind::Cell);
                // An empty cell has no text that would tell where it is.
                self.push("", range.start, false);
            }
            Tag::Image { .. } => self.hidden += 1,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => self.end_heading(level),
            TagEnd::Paragraph | TagEnd::Item => self.flush(),
            TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition => {
                self.flush();
                self.quotes = self.quotes.saturating_sub(1);
            }
            TagEnd::CodeBlock => match self.open.as_ref().is_some_and(|open| open.kind == BlockKind::Listing) {
                true => self.flush(),
                false => self.hidden = self.hidden.saturating_sub(1),
            },
            TagEnd::HtmlBlock | TagEnd::MetadataBlock(_) | TagEnd::Image => self.hidden = self.hidden.saturating_sub(1),
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::TableCell => {
                self.row.push(self.document.blocks.len());
                self.flush_cell();
            }
            TagEnd::TableHead => {
                if let Some(table) = &mut self.table {
                    table.head = std::mem::take(&mut self.row);
                }
            }
            TagEnd::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(std::mem::take(&mut self.row));
                }
            }
            TagEnd::Table => self.document.tables.extend(self.table.take()),
            _ => {}
        }
    }

    fn end_heading(&mut self, level: HeadingLevel) {
        let name = self.open.as_ref().map(|open| open.text.trim().to_uppercase());
        self.flush();
        if level == HeadingLevel::H2 {
            self.document.sections.extend(name);
        } else if level == HeadingLevel::H1 {
            self.document.sections.push(String::new());
        }
    }

    fn begin(&mut self, kind: BlockKind) {
        self.flush();
        self.open = Some(Block {
            kind,
            text: String::new(),
            map: Vec::new(),
            code: Vec::new(),
            list: self.lists.last().copied(),
            section: self.document.sections.len().checked_sub(1),
        });
    }

    fn push(&mut self, text: &str, source: usize, code: bool) {
        if self.hidden > 0 || self.quotes > 0 {
            return;
        }
        // The text of an item continues after a block within it.
        if self.open.is_none() && self.table.is_none() {
            self.begin(BlockKind::Flow);
        }
        if let Some(open) = &mut self.open {
            open.map.push((open.text.len(), source));
            open.text.push_str(text);
            if code {
                open.code.push(open.text.len() - text.len()..open.text.len());
            }
        }
    }

    fn flush(&mut self) {
        if let Some(block) = self.open.take()
            && !block.text.trim().is_empty()
        {
            self.document.blocks.push(block);
        }
    }

    /// Cells are kept even where they are empty, so that columns can be counted.
    fn flush_cell(&mut self) {
        let cell = self.open.take().unwrap_or_else(|| Block {
            kind: BlockKind::Cell,
            text: String::new(),
            map: Vec::new(),
            code: Vec::new(),
            list: None,
            section: None,
        });
        self.document.blocks.push(cell);
    }
}

/// True for the info string of a block that shows text or output.
fn is_listing(info: &str) -> bool {
    let language = info
        .split([' ', ',', '{'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    matches!(
        language.as_str(),
        "" | "text" | "txt" | "plain" | "plaintext" | "output" | "log" | "console"
    )
}
