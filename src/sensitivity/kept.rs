//! Matches that an edit keeps: what a pattern finds on a changed line, and is in the other version of the file as well, as the same expression
//! in the same place of the program. A move, a rename, another layout, an annotation beside it are no change of what a rule looks for.
//!
//! What stays must be equal in all that decides what it does: its receiver, its arguments and operators, the loops, branches and closures around it
//! with all that is theirs, the functions around it by name, and what comes before and after it there. Where a file cannot be
//! parsed on both sides, nothing is kept.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::kept_lines;
use super::languages::{Definitions, Role, Spot, Unparsed};
use super::reading::Reading;
use crate::change::{ChangedLine, Side};
use crate::policy::ContentRule;

/// More matches of a rule in one file are not compared.
const MOST: usize = 400;

/// The changed lines of a file, and which matches on them are kept.
pub(super) struct Kept<'r, 'f> {
    reading: &'r Reading<'f>,
    lines: &'r [ChangedLine],
    /// By the place of a rule: the lines all of whose matches are kept.
    known: RefCell<HashMap<usize, BTreeSet<(Side, u32)>>>,
}

/// A match of a rule.
struct Match {
    side: Side,
    line: u32,
    spot: Option<Spot>,
}

impl<'r, 'f> Kept<'r, 'f> {
    pub(super) fn new(reading: &'r Reading<'f>, lines: &'r [ChangedLine]) -> Self {
        Self {
            reading,
            lines,
            known: RefCell::default(),
        }
    }

    /// Whether all that a rule (`at` is its place) finds on a line is on the other side, too.
    pub(super) fn keeps(&self, at: usize, rule: &ContentRule, line: &ChangedLine) -> bool {
        if rule.kept {
            return false;
        }
        // Another spelling of a line is another line.
        let as_is = |own: &&ChangedLine| own.side == line.side && own.number == line.number && own.text == line.text;
        if !self.lines.iter().any(|own| as_is(&own)) {
            return false;
        }
        let mut known = self.known.borrow_mut();
        let kept = known.entry(at).or_insert_with(|| self.of(rule));
        kept.contains(&(line.side, line.number)) || self.keeps_setting(line)
    }

    /// The same of a line of settings, in a file that is in no language that is parsed.
    fn keeps_setting(&self, line: &ChangedLine) -> bool {
        let sides = [Side::Removed, Side::Added].map(|side| self.reading.side(side).err());
        let unknown = sides.iter().all(|side| *side == Some(Unparsed::Language));
        let kept = || kept_lines::kept(self.lines).contains(&(line.side, line.number));
        self.reading.is_edited() && unknown && kept()
    }

    fn of(&self, rule: &ContentRule) -> BTreeSet<(Side, u32)> {
        self.found(rule)
            .map(|found| kept(self.reading, &found))
            .unwrap_or_default()
    }

    /// All matches of a rule on both sides, changed or not: a list of changed lines may pair a line with its like elsewhere. `None` where nothing can
    /// be kept.
    fn found(&self, rule: &ContentRule) -> Option<Vec<Match>> {
        if !self.reading.is_edited() {
            return None;
        }
        let mut found = Vec::new();
        for side in [Side::Removed, Side::Added] {
            let content = self.reading.content(side);
            let source = self.reading.side(side).ok()?;
            let none = Definitions::default();
            let definitions = self.reading.definitions(side).ok()?.unwrap_or(&none);
            let mut start = 0;
            for (number, line) in (1..).zip(content.split_inclusive(|&byte| byte == b'\n')) {
                let text = line.strip_suffix(b"\n").unwrap_or(line);
                let text = text.strip_suffix(b"\r").unwrap_or(text);
                if rule.except.as_ref().is_none_or(|except| except.find(text).is_none()) {
                    for (from, to) in rule.pattern.find_each(text)? {
                        let part = trimmed(text, from..to);
                        let spot = source.spot(definitions, start + part.start..start + part.end);
                        found.push(Match {
                            side,
                            line: number,
                            spot,
                        });
                    }
                }
                start += line.len();
            }
            if found.is_empty() || found.len() > MOST {
                return None;
            }
        }
        Some(found)
    }
}

/// The lines of which every match has its like on the other side.
fn kept(reading: &Reading<'_>, found: &[Match]) -> BTreeSet<(Side, u32)> {
    let mut roles: BTreeMap<&Role, [Vec<&Spot>; 2]> = BTreeMap::new();
    for one in found {
        let Some(spot) = &one.spot else { continue };
        let [old, new] = roles.entry(&spot.role).or_default();
        match one.side {
            Side::Removed => old.push(spot),
            Side::Added => new.push(spot),
        }
    }
    let agrees = |[old, new]: &[Vec<&Spot>; 2]| {
        old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same_order(reading, old, new))
    };
    let agreed: BTreeSet<&Role> = roles
        .iter()
        .filter(|(_, sides)| agrees(sides))
        .map(|(role, _)| *role)
        .collect();
    let mut lines: BTreeMap<(Side, u32), bool> = BTreeMap::new();
    for one in found {
        let keeps = one.spot.as_ref().is_some_and(|spot| agreed.contains(&spot.role));
        *lines.entry((one.side, one.line)).or_insert(true) &= keeps;
    }
    lines
        .into_iter()
        .filter(|(_, keeps)| *keeps)
        .map(|(line, _)| line)
        .collect()
}

/// Whether nothing went from before to behind it, or the other way: of a word that both versions of the function have, there may be more or fewer on
/// one side of the expression, not on both.
fn same_order(reading: &Reading<'_>, old: &Spot, new: &Spot) -> bool {
    let count = |side: Side, spot: &Spot| {
        let content = reading.content(side);
        let mut words: BTreeMap<Vec<u8>, [usize; 2]> = BTreeMap::new();
        let parts = [spot.around.start..spot.bytes.start, spot.bytes.end..spot.around.end];
        for (at, part) in parts.into_iter().enumerate() {
            for word in words_of(content.get(part).unwrap_or_default()) {
                if let Some(count) = words.entry(word.to_vec()).or_default().get_mut(at) {
                    *count += 1;
                }
            }
        }
        words
    };
    let (before, after) = (count(Side::Removed, old), count(Side::Added, new));
    before.iter().all(|(word, old)| {
        after
            .get(word)
            .is_none_or(|new| old.iter().zip(new).any(|(one, other)| one == other))
    })
}

fn words_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    text.split(move |byte| !part(byte)).filter(|word| !word.is_empty())
}

/// A part of a line without the white space at its ends.
fn trimmed(line: &[u8], part: Range<usize>) -> Range<usize> {
    let text = line.get(part.clone()).unwrap_or_default();
    let lead = text.len() - text.trim_ascii_start().len();
    let start = part.start + lead;
    start..start + text.trim_ascii().len()
}
