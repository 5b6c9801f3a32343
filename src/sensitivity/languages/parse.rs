//! A content, parsed whole or not at all.

use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use super::heredocs::heredocs;
use super::language::Language;
use super::row::Syntax;
use super::{encoding, launches, prose};
use crate::change::RepoPath;

/// Contents of more bytes are not parsed.
pub const MAX_BYTES: usize = 2 << 20;
/// Hundreds of parser steps: for each byte of content, and for any content.
const STEPS_FOR_A_KILOBYTE: usize = 200;
const STEPS: usize = 2_000;
/// No parser runs longer, whatever its steps do.
const MAX_TIME: Duration = Duration::from_secs(3);

/// Why a content has no tree. Whoever asks takes the stricter side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unparsed {
    /// No row of the table.
    #[error("in a language that certgate does not parse")]
    Language,
    /// More than [`MAX_BYTES`], or more work than a file of its size gives.
    #[error("too large or too deep to parse")]
    TooMuch,
    /// Not UTF-8, or declared to be something else.
    #[error("not in UTF-8")]
    Encoding,
    /// Characters that one reader takes for the end of a line, or of a text, and another does not.
    #[error("with characters that not every reader takes for the same")]
    Characters,
    /// The grammar does not take it.
    #[error("with a syntax error, as far as certgate can parse it")]
    Syntax,
}

/// A content and its tree, without a syntax error.
pub struct Source<'s> {
    pub(super) language: Language,
    pub(super) text: &'s [u8],
    pub(super) tree: Tree,
    /// Read as C++ after launches and qualifiers of CUDA were written another way; layout then counts.
    rewritten: bool,
    /// What says nothing to any program: comments that are prose, and Python's docstrings; in order.
    pub(super) prose: Vec<Range<usize>>,
}

impl<'s> Source<'s> {
    /// Parses a content of a file.
    ///
    /// # Errors
    ///
    /// Where the language is unknown, or the content is not beyond doubt what the grammar takes it for.
    pub fn parse(path: &RepoPath, text: &'s [u8]) -> Result<Self, Unparsed> {
        let language = Language::of(path, text).ok_or(Unparsed::Language)?;
        Self::parse_as(language, text)
    }

    /// Parses a content in a given language.
    ///
    /// # Errors
    ///
    /// As [`Source::parse`].
    pub fn parse_as(language: Language, text: &'s [u8]) -> Result<Self, Unparsed> {
        if text.len() > MAX_BYTES {
            return Err(Unparsed::TooMuch);
        }
        plain(language, text)?;
        let (tree, rewritten) = match (tree(language, text), language.row().syntax) {
            (Err(Unparsed::Syntax), Syntax::C) => {
                let checked = launches::without_checks(text);
                let bare = checked.as_deref().unwrap_or(text);
                match launches::as_cpp(bare) {
                    Some(cpp) => (self::tree(language, &cpp)?, true),
                    None => (self::tree(language, &checked.ok_or(Unparsed::Syntax)?)?, false),
                }
            }
            (found, _) => (found?, false),
        };
        let prose = prose_of(language, text, &tree);
        Ok(Self {
            language,
            text,
            tree,
            rewritten,
            prose,
        })
    }

    /// Whether white space between tokens may be left out at all.
    pub fn has_layout(&self) -> bool {
        !self.rewritten
    }

    /// Whether all of the content is one comment or several. A string alone is not: only a whole module tells where it is.
    pub fn is_comment(&self) -> bool {
        let row = self.language.row();
        let mut marks = row.line.iter().copied().chain(row.block.map(|(open, _)| open));
        let text = self.text.trim_ascii_start();
        marks.any(|mark| text.starts_with(mark.as_bytes())) && !self.idle_lines().contains(&false)
    }

    /// For each line, whether it is blank or holds nothing but prose.
    pub fn idle_lines(&self) -> Vec<bool> {
        let mut idle = Vec::new();
        let (mut start, mut next) = (0, 0);
        for line in self.text.split_inclusive(|&byte| byte == b'\n') {
            let end = start + line.len();
            let mut code = false;
            let mut at = start;
            while at < end {
                while self.prose.get(next).is_some_and(|range| range.end <= at) {
                    next += 1;
                }
                let covered = self.prose.get(next).filter(|range| range.start < end);
                let until = covered.map_or(end, |range| range.start.max(at));
                let bare = self.text.get(at..until).unwrap_or_default();
                code |= !bare.trim_ascii().is_empty();
                at = covered.map_or(end, |range| range.end.min(end));
            }
            idle.push(!code);
            start = end;
        }
        idle
    }
}

/// The tree, if it has no error and takes no more work than a file of that size gives.
fn tree(language: Language, text: &[u8]) -> Result<Tree, Unparsed> {
    let mut parser = Parser::new();
    parser
        .set_language(language.grammar())
        .map_err(|_| Unparsed::Language)?;
    let most = STEPS + text.len() / 1024 * STEPS_FOR_A_KILOBYTE;
    let started = Instant::now();
    let (mut steps, mut wrong) = (0, false);
    let mut watch = |state: &ParseState| {
        steps += 1;
        wrong |= state.has_error();
        match wrong || steps > most || started.elapsed() > MAX_TIME {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let options = ParseOptions::new().progress_callback(&mut watch);
    let mut read = |at: usize, _| text.get(at..).unwrap_or_default();
    let tree = parser.parse_with_options(&mut read, None, Some(options));
    let tree = tree.ok_or(if wrong { Unparsed::Syntax } else { Unparsed::TooMuch })?;
    let root = tree.root_node();
    // What is missing counts as an error, too.
    if root.has_error() || root.is_error() {
        return Err(Unparsed::Syntax);
    }
    Ok(tree)
}

/// Refuses what a compiler may read otherwise than the grammar does.
fn plain(language: Language, text: &[u8]) -> Result<(), Unparsed> {
    let decoded = std::str::from_utf8(text).map_err(|_| Unparsed::Encoding)?;
    let mut characters = decoded.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\0' | '\r' | '\u{b}' | '\u{c}' | '\u{1a}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                return Err(Unparsed::Characters);
            }
            _ => {}
        }
    }
    let has = |needle: &str| decoded.contains(needle);
    match language.row().syntax {
        // PEP 263.
        Syntax::Python if !encoding::coding(decoded).is_none_or(|name| is_utf8(&name)) => Err(Unparsed::Encoding),
        Syntax::Ruby if !encoding::coding(decoded).is_none_or(|name| is_utf8(&name)) => Err(Unparsed::Encoding),
        // JLS 3.3: `\u000a` ends a line, in a comment too.
        Syntax::Java if java_escape(decoded) => Err(Unparsed::Characters),
        // A trigraph may be a backslash.
        Syntax::C if has("??/") => Err(Unparsed::Characters),
        // In C a raw string is a macro and a string.
        Syntax::C if language.name() == "C" && has("R\"") => Err(Unparsed::Characters),
        // Servers differ in what a backslash does in a string, in quotation by dollars, and in what `#` begins.
        Syntax::Sql if ["\\", "$", "#", "`"].iter().any(|mark| has(mark)) => Err(Unparsed::Characters),
        _ => Ok(()),
    }
}

fn is_utf8(name: &str) -> bool {
    ["utf-8", "utf8", "utf_8", "us-ascii", "ascii"].contains(&name.to_ascii_lowercase().as_str())
}

/// True where a Unicode escape of Java stands for an ASCII character.
fn java_escape(text: &str) -> bool {
    text.match_indices("\\u").any(|(at, _)| {
        let digits = text.get(at + 1..).unwrap_or_default().trim_start_matches('u');
        let value = digits.get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        value.is_none_or(|value| value < 0x80)
    })
}

/// The parts of the content that say nothing to any program.
fn prose_of(language: Language, text: &[u8], tree: &Tree) -> Vec<Range<usize>> {
    let syntax = language.row().syntax;
    let content = |range: &Range<usize>| text.get(range.clone()).and_then(|part| std::str::from_utf8(part).ok());
    let documents = syntax == Syntax::Python && !prose::documents_are_read(text);
    let unsure = heredocs(syntax, text);
    let preamble = if syntax == Syntax::Go {
        go_preamble(text, tree)
    } else {
        0
    };
    let mut found: Vec<Range<usize>> = Vec::new();
    walk(tree, |node, place| {
        let kind = language.kind(node.kind_id());
        let range = node.byte_range();
        if kind.comment {
            let prose = content(&range).is_some_and(|comment| {
                prose::is_prose(language, comment)
                    && !(place.in_macro && prose::is_rust_document(comment))
                    && range.start >= preamble
                    && !unsure
                        .iter()
                        .any(|part| part.start < range.end && range.start < part.end)
            });
            if prose {
                found.push(trimmed(text, range));
            }
            return false;
        }
        if documents && place.first && is_docstring(node) && content(&range).is_some_and(prose::is_docstring) {
            found.push(range);
            return false;
        }
        !kind.atom
    });
    found
}

/// A line comment of Rust's documents ends behind its line; what counts is the text.
fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let part = text.get(range.clone()).unwrap_or_default();
    range.start..range.start + part.trim_ascii_end().len()
}

/// Where a node is: what a look at its parents would tell, which takes time that grows with their children.
struct Place {
    /// Inside the tokens of a macro of Rust.
    in_macro: bool,
    /// First, but for comments, in a module, or in the body of a class or function.
    first: bool,
}

/// What is known of the children of a node.
struct Level {
    body: bool,
    tokens: bool,
    /// Whether something else than a comment came.
    begun: bool,
}

/// Visits the nodes from the top, before their children; these only where `visit` says so.
fn walk<'t>(tree: &'t Tree, mut visit: impl FnMut(Node<'t>, &Place) -> bool) {
    let mut cursor = tree.walk();
    let mut levels: Vec<Level> = Vec::new();
    let mut macros = 0_usize;
    loop {
        let node = cursor.node();
        let kind = node.kind();
        let above = levels.len().checked_sub(1);
        let mut place = Place {
            in_macro: macros > 0,
            first: false,
        };
        if let Some(level) = above.and_then(|at| levels.get_mut(at))
            && kind != "comment"
        {
            place.first = level.body && !level.begun;
            level.begun = true;
        }
        let descend = visit(node, &place);
        if descend && cursor.goto_first_child() {
            let tokens = kind == "token_tree";
            macros += usize::from(tokens);
            let body = kind == "module" || kind == "block" && holds_docstring(&cursor);
            levels.push(Level {
                body,
                tokens,
                begun: false,
            });
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
            macros -= usize::from(levels.pop().is_some_and(|level| level.tokens));
        }
    }
}

/// Whether the block that the cursor is in is the body of a class or function.
fn holds_docstring(inside: &tree_sitter::TreeCursor<'_>) -> bool {
    let mut cursor = inside.clone();
    cursor.goto_parent()
        && cursor.goto_parent()
        && matches!(cursor.node().kind(), "function_definition" | "class_definition")
}

/// A string that is a statement by itself.
fn is_docstring(node: Node<'_>) -> bool {
    node.kind() == "expression_statement"
        && node.named_child_count() == 1
        && node.named_child(0).is_some_and(|child| child.kind() == "string")
}

/// Where the last `import "C"` begins: comments before it may be C.
fn go_preamble(text: &[u8], tree: &Tree) -> usize {
    let root = tree.root_node();
    let mut cursor = root.walk();
    let imports = root
        .named_children(&mut cursor)
        .filter(|node| node.kind() == "import_declaration");
    let c = |node: &Node<'_>| {
        let part = text.get(node.byte_range()).unwrap_or_default();
        [&b"\"C\""[..], b"`C`"]
            .iter()
            .any(|name| part.windows(3).any(|three| three == *name))
    };
    imports.filter(c).map(|node| node.end_byte()).last().unwrap_or(0)
}
