//! What a hunk says: how much is added and removed, which words, and what is around it.
//!
//! Each hunk is read by itself, so that a word which is taken back elsewhere in the file has still been added here.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::around::{opened, opens_block};
use super::line::{first_words, indentation, is_branch, is_comment, is_definition, is_import, is_loop, is_message};
use super::words::{each_identifier, each_word};
use crate::change::{ChangedLine, FileDiff, Side};

/// How many unchanged lines may lie within a hunk.
const GAP: u32 = 6;
/// How far up the enclosing lines are looked for.
const UP: usize = 300;
/// Words that are kept of a hunk.
const WORDS: usize = 400;
/// The longest line that is read for its words, in bytes.
const LINE: usize = 1000;

/// A word of changed lines: how often added and removed, and the first line where.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub(super) added: u32,
    pub(super) removed: u32,
    pub(super) line: u32,
}

/// A group of changed lines that are close together.
#[derive(Clone, Debug, Default)]
pub(super) struct Hunk {
    /// The first changed line, on the new side where there is one.
    pub(super) line: u32,
    pub(super) added: u32,
    pub(super) removed: u32,
    /// Changed lines that are neither blank nor comment.
    pub(super) code: u32,
    /// Changed lines that are comment.
    pub(super) comment: u32,
    pub(super) definitions: (u32, u32),
    pub(super) imports: u32,
    pub(super) loops: (u32, u32),
    pub(super) branches: (u32, u32),
    pub(super) calls: (u32, u32),
    pub(super) attributes: (u32, u32),
    /// Lines that only say something: to a log, a terminal or whoever catches an error.
    pub(super) messages: (u32, u32),
    /// Loops around it, up to the function.
    pub(super) within_loops: u32,
    /// Indentation of the deepest changed line, in steps.
    pub(super) depth: u32,
    /// True where nothing but strings and numbers differ.
    pub(super) literals_only: bool,
    /// True where nothing but white space differs.
    pub(super) space_only: bool,
    /// True where nothing but the names differ, each name of one side being one of the other.
    pub(super) names_only: bool,
    /// A sum over what is on the lines, added less removed: zero where the same lines are there in any order.
    pub(super) lines_sum: u64,
    /// The name of the function around.
    pub(super) function: Option<String>,
    pub(super) words: BTreeMap<String, Used>,
    pub(super) names: BTreeMap<String, Used>,
    pub(super) comment_words: BTreeMap<String, Used>,
}

/// The hunks of a file.
pub(super) fn hunks(diff: &FileDiff) -> Vec<Hunk> {
    let (old, new): (Vec<&[u8]>, Vec<&[u8]>) = (split(&diff.old), split(&diff.new));
    let mut found = Vec::new();
    let mut group: Vec<&ChangedLine> = Vec::new();
    let (mut old_at, mut new_at) = (1u32, 1u32);
    for line in &diff.lines {
        let at = match line.side {
            Side::Removed => &mut old_at,
            Side::Added => &mut new_at,
        };
        let gap = line.number.saturating_sub(*at);
        *at = line.number.saturating_add(1);
        let other = match line.side {
            Side::Removed => &mut new_at,
            Side::Added => &mut old_at,
        };
        *other = other.saturating_add(gap);
        if gap > GAP && !group.is_empty() {
            found.push(hunk(&std::mem::take(&mut group), &old, &new));
        }
        group.push(line);
    }
    if !group.is_empty() {
        found.push(hunk(&group, &old, &new));
    }
    found
}

fn split(content: &[u8]) -> Vec<&[u8]> {
    content.split(|&byte| byte == b'\n').collect()
}

fn hunk(lines: &[&ChangedLine], old: &[&[u8]], new: &[&[u8]]) -> Hunk {
    let mut hunk = Hunk::default();
    let mut texts: [Vec<u8>; 4] = Default::default();
    let [bare_old, bare_new, tight_old, tight_new] = &mut texts;
    for line in lines {
        let added = line.side == Side::Added;
        let text = line.text.get(..LINE).unwrap_or(&line.text);
        let trimmed = text.trim_ascii();
        match added {
            true => hunk.added += 1,
            false => hunk.removed += 1,
        }
        without_literals(trimmed, if added { bare_new } else { bare_old });
        let tight = if added { &mut *tight_new } else { &mut *tight_old };
        tight.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
        if trimmed.is_empty() {
            continue;
        }
        let note = |words: &mut BTreeMap<String, Used>, word: &str| {
            if words.len() >= WORDS && !words.contains_key(word) {
                return;
            }
            let used = words.entry(word.to_owned()).or_default();
            match added {
                true => used.added += 1,
                false => used.removed += 1,
            }
            if used.line == 0 {
                used.line = line.number;
            }
        };
        if is_comment(trimmed) {
            hunk.comment += 1;
            each_word(trimmed, &mut |word| note(&mut hunk.comment_words, word));
            continue;
        }
        hunk.code += 1;
        let sum = line_sum(trimmed);
        hunk.lines_sum = match added {
            true => hunk.lines_sum.wrapping_add(sum),
            false => hunk.lines_sum.wrapping_sub(sum),
        };
        hunk.depth = hunk.depth.max(indentation(text) / 2);
        each_word(trimmed, &mut |word| note(&mut hunk.words, word));
        each_identifier(trimmed, &mut |name| note(&mut hunk.names, name));
        let one = |pair: &mut (u32, u32), yes: bool| match added {
            true => pair.0 += u32::from(yes),
            false => pair.1 += u32::from(yes),
        };
        let first = first_words(trimmed);
        one(&mut hunk.definitions, is_definition(&first, trimmed));
        one(&mut hunk.loops, is_loop(&first, trimmed));
        one(&mut hunk.branches, is_branch(&first));
        one(&mut hunk.calls, trimmed.contains(&b'('));
        one(&mut hunk.attributes, matches!(trimmed, [b'#', b'[', ..] | [b'@', ..]));
        one(&mut hunk.messages, is_message(&first, trimmed));
        hunk.imports += u32::from(is_import(&first));
    }
    hunk.literals_only = hunk.added > 0 && hunk.removed > 0 && bare_old == bare_new && tight_old != tight_new;
    hunk.space_only = tight_old == tight_new;
    hunk.names_only = !hunk.space_only && !hunk.literals_only && same_but_names(bare_old, bare_new);
    surroundings(&mut hunk, lines, (old, new));
    hunk
}

/// What is around the hunk: on the new side where lines were added, on the old side else.
fn surroundings(hunk: &mut Hunk, lines: &[&ChangedLine], (old, new): (&[&[u8]], &[&[u8]])) {
    let side = if hunk.added > 0 { Side::Added } else { Side::Removed };
    let content = if side == Side::Added { new } else { old };
    let mut numbers = lines.iter().filter(|line| line.side == side).map(|line| line.number);
    let Some(first) = numbers.next() else { return };
    hunk.line = first;
    let first = first as usize;
    let own = lines
        .iter()
        .filter(|line| line.side == side && !line.text.trim_ascii().is_empty())
        .map(|line| indentation(&line.text))
        .min();
    let mut least = own.unwrap_or(u32::MAX);
    let mut block = false;
    for line in content
        .get(..first.saturating_sub(1))
        .unwrap_or_default()
        .iter()
        .rev()
        .take(UP)
    {
        let trimmed = line.trim_ascii();
        let depth = indentation(line);
        block |= opens_block(line);
        if trimmed.len() < 3 || depth >= least || is_comment(trimmed) {
            continue;
        }
        least = depth;
        hunk.function = opened(trimmed, block && depth == 0);
        if hunk.function.is_some() {
            break;
        }
        hunk.within_loops += u32::from(is_loop(&first_words(trimmed), trimmed));
        if depth == 0 {
            break;
        }
    }
}

/// A number for a line; different lines have different ones, but for chance.
fn line_sum(trimmed: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    trimmed.hash(&mut hasher);
    hasher.finish()
}

/// Whether two texts are the same once their names are numbered in the order in which they come.
fn same_but_names(old: &[u8], new: &[u8]) -> bool {
    !old.is_empty() && !new.is_empty() && old != new && numbered(old) == numbered(new)
}

/// The text with each name replaced by its number, white space left out.
fn numbered(text: &[u8]) -> Vec<u8> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut numbers: HashMap<&[u8], usize> = HashMap::new();
    let mut out = Vec::with_capacity(text.len());
    for token in text.chunk_by(|a, b| part(a) && part(b)) {
        if token.first().is_some_and(part) {
            let next = numbers.len();
            let number = *numbers.entry(token).or_insert(next);
            out.push(b'$');
            out.extend(number.to_le_bytes());
        } else if !token.trim_ascii().is_empty() {
            out.extend(token);
        }
    }
    out
}

/// The line with nothing in its strings and every number the same.
fn without_literals(trimmed: &[u8], into: &mut Vec<u8>) {
    let mut quote = None;
    let mut escaped = false;
    let mut number = false;
    for &byte in trimmed {
        match quote {
            Some(open) => {
                if !escaped && byte == open {
                    quote = None;
                    into.push(byte);
                }
                escaped = !escaped && byte == b'\\';
            }
            None => {
                let digit = byte.is_ascii_digit() || (number && byte == b'.');
                if !(digit && number) {
                    into.push(if digit { b'0' } else { byte });
                }
                number = digit;
                if matches!(byte, b'"' | b'\'' | b'`') {
                    quote = Some(byte);
                    escaped = false;
                }
            }
        }
    }
    into.push(b'\n');
}
