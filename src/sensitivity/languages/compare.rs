//! Whether two contents differ in comments or layout only, and if not, in which lines the code differs.

use std::collections::BTreeSet;
use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput, TokenSource};

use super::parse::Source;
use super::row::Space;

/// What a difference may consist of without counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Comments that are prose, docstrings, blank lines, blanks at the end of a line.
    pub comments: bool,
    /// White space between tokens, where it means nothing.
    pub format: bool,
}

impl Ignored {
    /// Comments alone.
    pub const COMMENTS: Self = Self {
        comments: true,
        format: false,
    };
    /// White space alone.
    pub const FORMAT: Self = Self {
        comments: false,
        format: true,
    };
    /// Both.
    pub const BOTH: Self = Self {
        comments: true,
        format: true,
    };
}

/// How two contents differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// True where they differ in nothing that counts.
    pub nothing: bool,
    /// The lines of the old content, from 1 and in order, on which code differs from the new.
    pub old: Vec<u32>,
    /// The same of the new content.
    pub new: Vec<u32>,
}

/// Compares two contents: token by token in the same structure, and what is between them.
pub fn difference(old: &Source<'_>, new: &Source<'_>, ignored: Ignored) -> Difference {
    if old.language != new.language || head(old.text) != head(new.text) {
        return Difference::default();
    }
    let ignored = Ignored {
        format: ignored.format && old.has_layout() && new.has_layout(),
        ..ignored
    };
    let [before, after] = [old, new].map(|source| Flat::new(source, ignored.comments));
    let equal = before.tokens.len() == after.tokens.len()
        && before
            .tokens
            .iter()
            .zip(&after.tokens)
            .all(|(a, b)| before.same(a, &after, b));
    let mut changed = [BTreeSet::new(), BTreeSet::new()];
    let pairs: Vec<(usize, usize)> = if equal {
        (0..before.tokens.len()).map(|at| (at, at)).collect()
    } else {
        aligned(&before, &after, &mut changed)
    };
    for (one, other) in pairs {
        // The gap before a token is comparable where the token before it is the same, too, or where both are the first.
        if !gap_agrees(&before, one, &after, other, ignored) {
            changed[0].extend([before.line_of(one), before.line_of(one.saturating_sub(1))]);
            changed[1].extend([after.line_of(other), after.line_of(other.saturating_sub(1))]);
        }
    }
    let [old_lines, new_lines] = changed;
    let nothing = equal
        && before.structure == after.structure
        && old_lines.is_empty()
        && new_lines.is_empty()
        && tail_agrees(&before, &after);
    Difference {
        nothing,
        old: old_lines.into_iter().collect(),
        new: new_lines.into_iter().collect(),
    }
}

/// The part of a content that counts by where it is: a first line `#!`, and what declares an encoding on the first two.
fn head(text: &[u8]) -> &[u8] {
    let lines = |count| {
        let ends = text
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .map(|(at, _)| at);
        text.get(..ends.take(count).last().unwrap_or(text.len()))
            .unwrap_or(text)
    };
    let two = lines(2);
    if std::str::from_utf8(two).map_or(true, |two| super::encoding::coding(two).is_some()) {
        return two;
    }
    match text.starts_with(b"#!") {
        true => lines(1),
        false => b"",
    }
}

/// A token, with what decides how the white space before it counts.
struct Token {
    kind: u16,
    range: Range<usize>,
    /// White space before it counts whatever the language says: inside markup, or after what is not prose.
    exact: bool,
    /// A comment that is not prose.
    directive: bool,
}

/// A tree as a list.
struct Flat<'s> {
    text: &'s [u8],
    space: Space,
    tokens: Vec<Token>,
    /// Kinds of the nodes from the top: tokens as [`LEAF`], and [`UP`] at the end of what has children.
    structure: Vec<u16>,
    /// What is left out.
    left_out: Vec<Range<usize>>,
    /// The places of line breaks.
    breaks: Vec<usize>,
    /// The lines of the preprocessor, joined where they continue.
    directives: Vec<Range<usize>>,
}

const UP: u16 = u16::MAX;
const LEAF: u16 = u16::MAX - 1;

impl<'s> Flat<'s> {
    fn new(source: &Source<'s>, without_prose: bool) -> Self {
        let text = source.text;
        let mut flat = Self {
            text,
            space: source.language.row().space,
            tokens: Vec::new(),
            structure: Vec::new(),
            left_out: if without_prose {
                source.prose.clone()
            } else {
                Vec::new()
            },
            breaks: text
                .iter()
                .enumerate()
                .filter(|(_, byte)| **byte == b'\n')
                .map(|(at, _)| at)
                .collect(),
            directives: directives(source),
        };
        flat.read(source);
        flat
    }

    fn read(&mut self, source: &Source<'s>) {
        let mut cursor = source.tree.walk();
        let (mut exact, mut depth) = (0_usize, 0_usize);
        let (mut prose, mut left) = (0, 0);
        loop {
            let node = cursor.node();
            let (id, range) = (node.kind_id(), node.byte_range());
            let kind = source.language.kind(id);
            let at = |list: &[Range<usize>], next: &mut usize| {
                while list.get(*next).is_some_and(|part| part.start < range.start) {
                    *next += 1;
                }
                list.get(*next)
                    .is_some_and(|part| part.start == range.start && !range.is_empty())
            };
            let is_prose = at(&source.prose, &mut prose) && (kind.comment || node.kind() == "expression_statement");
            let skipped = at(&self.left_out, &mut left) && is_prose;
            if !skipped {
                // A whole file is never a token, or one of comments alone would differ from an empty one.
                let whole = depth == 0;
                if kind.atom || kind.comment || node.child_count() == 0 && !whole {
                    self.structure.push(LEAF);
                    self.tokens.push(Token {
                        kind: id,
                        range,
                        exact: exact > 0,
                        // What counts of `#!` is that it comes first.
                        directive: kind.comment && !is_prose && !node_starts(source.text, node.start_byte(), b"#!"),
                    });
                } else {
                    self.structure.push(id);
                    if cursor.goto_first_child() {
                        exact += usize::from(kind.exact);
                        depth += 1;
                        continue;
                    }
                    self.structure.push(UP);
                }
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                self.structure.push(UP);
                depth -= 1;
                exact -= usize::from(source.language.kind(cursor.node().kind_id()).exact);
            }
        }
    }

    fn content(&self, token: &Token) -> &'s [u8] {
        self.text.get(token.range.clone()).unwrap_or_default()
    }

    fn same(&self, token: &Token, other: &Flat<'_>, its: &Token) -> bool {
        token.kind == its.kind && self.content(token) == other.content(its)
    }

    /// The line of a token, from 1.
    fn line_of(&self, at: usize) -> u32 {
        let start = self.tokens.get(at).map_or(0, |token| token.range.start);
        let line = self.breaks.partition_point(|place| *place < start) + 1;
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The lines of all of a token.
    fn lines_of(&self, at: usize) -> Range<u32> {
        let last = self
            .tokens
            .get(at)
            .map_or(0, |token| token.range.end.max(token.range.start + 1) - 1);
        let end = self.breaks.partition_point(|place| *place < last) + 2;
        self.line_of(at)..u32::try_from(end).unwrap_or(u32::MAX)
    }

    /// What is before a token; before the end, where there is no such token.
    fn gap(&self, at: usize) -> Gap<'s> {
        let start = match at.checked_sub(1) {
            Some(before) => self.tokens.get(before).map_or(0, |token| token.range.end),
            None => 0,
        };
        let end = self.tokens.get(at).map_or(self.text.len(), |token| token.range.start);
        let raw = self.text.get(start..end.max(start)).unwrap_or_default();
        let mut bare = Vec::new();
        let mut from = start;
        let mut next = self.left_out.partition_point(|part| part.end <= start);
        let mut parted = false;
        while let Some(part) = self.left_out.get(next).filter(|part| part.start < end) {
            bare.extend_from_slice(self.text.get(from..part.start).unwrap_or_default());
            from = part.end.max(from);
            parted = true;
            next += 1;
        }
        bare.extend_from_slice(self.text.get(from..end.max(from)).unwrap_or_default());
        Gap { raw, bare, parted }
    }

    /// The line of the preprocessor that a token is on.
    fn directive(&self, at: usize) -> Option<usize> {
        let start = self.tokens.get(at)?.range.start;
        let after = self.directives.partition_point(|line| line.end <= start);
        self.directives
            .get(after)
            .filter(|line| line.contains(&start))
            .map(|line| line.start)
    }
}

fn node_starts(text: &[u8], at: usize, mark: &[u8]) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with(mark))
}

/// The space before a token.
struct Gap<'s> {
    raw: &'s [u8],
    /// Without what is left out.
    bare: Vec<u8>,
    /// Whether something is left out.
    parted: bool,
}

impl Gap<'_> {
    fn breaks(&self) -> bool {
        self.raw.contains(&b'\n')
    }

    fn indentation(&self, first: bool) -> Option<&[u8]> {
        let at = self.bare.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        self.bare.get(at.or(first.then_some(0))?..)
    }
}

/// The lines that begin with `#`, in languages with a preprocessor, each with those that it continues in.
fn directives(source: &Source<'_>) -> Vec<Range<usize>> {
    use super::row::Syntax;
    if !matches!(source.language.row().syntax, Syntax::C | Syntax::CSharp) {
        return Vec::new();
    }
    let (mut found, mut start, mut open): (Vec<Range<usize>>, usize, bool) = (Vec::new(), 0, false);
    for line in source.text.split_inclusive(|byte| *byte == b'\n') {
        let end = start + line.len();
        let goes_on = line.trim_ascii_end().ends_with(b"\\");
        if open {
            if let Some(last) = found.last_mut() {
                last.end = end;
            }
            open = goes_on;
        } else if line.trim_ascii_start().starts_with(b"#") {
            found.push(start..end);
            open = goes_on;
        }
        start = end;
    }
    found
}

/// The tokens that are the same on both sides, as pairs; the lines of the others are noted.
fn aligned(old: &Flat<'_>, new: &Flat<'_>, changed: &mut [BTreeSet<u32>; 2]) -> Vec<(usize, usize)> {
    let input = InternedInput::new(Tokens(old), Tokens(new));
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let (mut pairs, mut at) = (Vec::new(), (0, 0));
    let place = |range: Range<u32>| range.start as usize..range.end as usize;
    let mut hunks: Vec<_> = diff
        .hunks()
        .map(|hunk| (place(hunk.before), place(hunk.after)))
        .collect();
    begin_at_lines(&mut hunks, old, new);
    for (before, after) in hunks {
        let (from, to) = (before.start, after.start);
        pairs.extend((at.0..from).zip(at.1..to));
        at = (before.end, after.end);
        for token in from..at.0 {
            changed[0].extend(old.lines_of(token));
        }
        for token in to..at.1 {
            changed[1].extend(new.lines_of(token));
        }
    }
    pairs.extend((at.0..old.tokens.len()).zip(at.1..new.tokens.len()));
    // What follows a change has another token before it: its gap says nothing.
    let known: BTreeSet<(usize, usize)> = pairs.iter().copied().collect();
    pairs.retain(|(one, other)| match (one.checked_sub(1), other.checked_sub(1)) {
        (Some(one), Some(other)) => known.contains(&(one, other)),
        (None, None) => true,
        _ => false,
    });
    pairs
}

/// Tokens of both sides that differ.
type Hunk = (Range<usize>, Range<usize>);

/// How far what came or went is moved along.
const ALONG: usize = 64;

/// Where tokens that only came, or only went, may as well be said to be some further along, as those at their ends are the same: the first place where they begin
/// a line is meant. Else the `)` of the line before would have come, and not that of the call that did.
fn begin_at_lines(hunks: &mut [Hunk], old: &Flat<'_>, new: &Flat<'_>) {
    for at in 0..hunks.len() {
        let behind = |side: fn(&Hunk) -> usize| at.checked_sub(1).and_then(|last| hunks.get(last)).map_or(0, side);
        let (old_from, new_from) = (behind(|hunk| hunk.0.end), behind(|hunk| hunk.1.end));
        let next = hunks.get(at + 1);
        let (old_to, new_to) = next.map_or((old.tokens.len(), new.tokens.len()), |hunk| {
            (hunk.0.start, hunk.1.start)
        });
        let Some((before, after)) = hunks.get_mut(at) else {
            continue;
        };
        let (own, flat, from, to) = match (before.start == before.end, after.start == after.end) {
            (true, false) => (&*after, new, new_from, new_to),
            (false, true) => (&*before, old, old_from, old_to),
            _ => continue,
        };
        let begins = |start: usize| start == 0 || flat.gap(start).breaks();
        let same = |one: usize, other: usize| {
            let (one, other) = (flat.tokens.get(one), flat.tokens.get(other));
            one.zip(other).is_some_and(|(one, other)| flat.same(one, flat, other))
        };
        let down = (0..=ALONG.min(to.saturating_sub(own.end)))
            .take_while(|by| *by == 0 || same(own.start + by - 1, own.end + by - 1))
            .find(|by| begins(own.start + by));
        let up = (1..=ALONG.min(own.start.saturating_sub(from)))
            .take_while(|by| same(own.start - by, own.end - by))
            .find(|by| begins(own.start - by));
        let shift = |range: &mut Range<usize>| match (down, up) {
            (Some(by), _) => *range = range.start + by..range.end + by,
            (None, Some(by)) => *range = range.start - by..range.end - by,
            (None, None) => {}
        };
        shift(before);
        shift(after);
    }
}

struct Tokens<'f, 's>(&'f Flat<'s>);

impl<'s> TokenSource for Tokens<'_, 's> {
    type Token = (u16, &'s [u8]);
    type Tokenizer = std::vec::IntoIter<Self::Token>;

    fn tokenize(&self) -> Self::Tokenizer {
        let tokens = self.0.tokens.iter().map(|token| (token.kind, self.0.content(token)));
        tokens.collect::<Vec<_>>().into_iter()
    }

    fn estimate_tokens(&self) -> u32 {
        u32::try_from(self.0.tokens.len()).unwrap_or(u32::MAX)
    }
}

/// True where the white space before a token says the same on both sides.
fn gap_agrees(old: &Flat<'_>, one: usize, new: &Flat<'_>, other: usize, ignored: Ignored) -> bool {
    let (a, b) = (old.gap(one), new.gap(other));
    if a.raw == b.raw {
        return true;
    }
    let (Some(token), Some(its)) = (old.tokens.get(one), new.tokens.get(other)) else {
        return false;
    };
    let before = one.checked_sub(1).and_then(|at| old.tokens.get(at));
    // A directive at the end of a line belongs to that line, any other to what comes next.
    let trailing = || one > 1 && other > 1 && !old.gap(one - 1).breaks() && !new.gap(other - 1).breaks();
    let attached = token.directive || before.is_some_and(|token| token.directive) && !trailing();
    let blank = |gap: &Gap<'_>| gap.bare.iter().all(u8::is_ascii_whitespace);
    let returns = |gap: &Gap<'_>| gap.raw.contains(&b'\r');
    if attached || token.exact || its.exact || !blank(&a) || !blank(&b) || returns(&a) != returns(&b) {
        // A comment that a tool reads belongs to what is next to it.
        return !attached && a.bare == b.bare;
    }
    let line_of =
        |flat: &Flat<'_>, at: usize| (flat.directive(at), at.checked_sub(1).and_then(|at| flat.directive(at)));
    let breaks = (a.breaks() || one == 0, b.breaks() || other == 0);
    match (line_of(old, one), line_of(new, other)) {
        ((None, None), (None, None)) => {}
        // In one line of the preprocessor, `F (x)` is not `F(x)`.
        ((Some(this), Some(last)), (Some(its), Some(its_last))) if this == last && its == its_last => {
            return a.bare == b.bare;
        }
        _ => return breaks.0 == breaks.1,
    }
    if ignored.format && old.space != Space::Meaning {
        let parted = |gap: &Gap<'_>| !gap.bare.is_empty() || gap.parted;
        let joint = before.is_some_and(|before| joint(old.content(before), old.content(token)));
        if joint && parted(&a) != parted(&b) {
            return false;
        }
        let harmless = || before.is_none_or(|before| harmless_break(old.content(before), old.content(token)));
        return old.space == Space::Free || breaks.0 == breaks.1 || harmless();
    }
    if breaks.0 != breaks.1 {
        return false;
    }
    if breaks.0 {
        let parted_inline = old.space != Space::Meaning && (a.parted || b.parted);
        return parted_inline || a.indentation(one == 0) == b.indentation(other == 0);
    }
    let touched = ignored.comments && (a.parted || b.parted);
    touched && (old.space != Space::Meaning || a.bare.is_empty() == b.bare.is_empty())
}

/// True where two tokens could be read as others once the white space between them goes or comes.
fn joint(before: &[u8], token: &[u8]) -> bool {
    #[derive(PartialEq)]
    enum Edge {
        Word,
        Quote,
        Apart,
        Sign,
    }
    let edge = |byte: Option<&u8>| match byte {
        None => Edge::Apart,
        Some(b'"' | b'\'' | b'`') => Edge::Quote,
        Some(b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b';') => Edge::Apart,
        Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii() => Edge::Word,
        Some(byte) if byte.is_ascii_whitespace() => Edge::Apart,
        Some(_) => Edge::Sign,
    };
    match (edge(before.last()), edge(token.first())) {
        (Edge::Apart, _) | (_, Edge::Apart) => false,
        (Edge::Quote, _) | (_, Edge::Quote) => true,
        (one, other) => one == other,
    }
}

/// True where a line break ends no statement of Go or JavaScript, whether it is there or not.
fn harmless_break(before: &[u8], token: &[u8]) -> bool {
    matches!(before, b"(" | b"[" | b"{" | b"," | b";") && before != b"{"
        || matches!(before, b"&&" | b"||" | b"??" | b"?" | b"=")
        || matches!(token, b")" | b"]" | b"&&" | b"||" | b"??" | b"." | b"?." | b"?")
}

/// What is behind the last token.
fn tail_agrees(old: &Flat<'_>, new: &Flat<'_>) -> bool {
    let (a, b) = (old.gap(old.tokens.len()), new.gap(new.tokens.len()));
    if a.raw == b.raw {
        return true;
    }
    let blank = |gap: &Gap<'_>| gap.bare.iter().all(u8::is_ascii_whitespace);
    let returns = |gap: &Gap<'_>| gap.raw.contains(&b'\r');
    blank(&a) && blank(&b) && returns(&a) == returns(&b)
}
