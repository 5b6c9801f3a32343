//! Items that a change moves from one file to another: gone from here, there as they are, and meaning the same.
//!
//! A function, type or constant is moved where all its tokens, its attributes and decorators, and the type and conditions that it is in are the same,
//! where it is gone from one file of the change and comes to one other (a copy is new code), where neither file has another item of its name
//! before or after, and where everything that it names is the same thing in both files. Where nobody can know, it was not moved.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use imara_diff::{Algorithm, Diff, InternedInput, TokenSource};

use super::languages::{Outline, Source, Unit};
use crate::change::{ChangeKind, ChangedLine, Content, FileChange, FileDiff, Mode, RepoPath, Side};

/// Changes of more files are not searched.
pub const MOST_FILES: usize = 400;
/// Nor those of more bytes, of both sides.
const MOST_BYTES: usize = 16 << 20;

/// An item of a file that was moved, or stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Moved {
    side: Side,
    /// Lines, from 1, both included.
    lines: (u32, u32),
    /// The file where it came from or went.
    other: RepoPath,
}

/// Which items of which files were moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moves(BTreeMap<RepoPath, Vec<Moved>>);

impl Moves {
    /// Whether nothing was moved.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The files where the items of a file came from or went.
    pub fn others(&self, path: &RepoPath) -> BTreeSet<&RepoPath> {
        self.0
            .get(path)
            .into_iter()
            .flatten()
            .map(|moved| &moved.other)
            .collect()
    }

    /// What is left of a change of a file, by the paths that it had and has, once items that came from or went to a file which `counts` are taken out of both
    /// sides. Its lines keep their numbers. `None` where that is everything, or where what is left is no program.
    pub fn left(
        &self,
        (old, new): (&RepoPath, &RepoPath),
        diff: &FileDiff,
        counts: impl Fn(&RepoPath) -> bool,
    ) -> Option<FileDiff> {
        let taken = |side: Side, path: &RepoPath| -> Vec<(u32, u32)> {
            let all = self.0.get(path).into_iter().flatten();
            all.filter(|moved| moved.side == side && counts(&moved.other))
                .map(|moved| moved.lines)
                .collect()
        };
        let (gone, come) = (taken(Side::Removed, old), taken(Side::Added, new));
        if gone.is_empty() && come.is_empty() {
            return None;
        }
        let (before, after) = (Left::of(&diff.old, &gone), Left::of(&diff.new, &come));
        for (path, text) in [(old, &before.text), (new, &after.text)] {
            if !text.trim_ascii().is_empty() && Source::parse(path, text).is_err() {
                return None;
            }
        }
        let mut lines = changed(&before, &after);
        // Two lists of changed lines may pair lines differently. What the change's own list has outside of those items counts as well.
        let outside = diff.lines.iter().filter(|line| {
            let taken = match line.side {
                Side::Removed => &gone,
                Side::Added => &come,
            };
            let inside = taken
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&line.number));
            !inside && line.text.iter().any(u8::is_ascii_alphanumeric)
        });
        let more: Vec<ChangedLine> = outside
            .filter(|line| {
                !lines
                    .iter()
                    .any(|own| (own.side, own.number) == (line.side, line.number))
            })
            .cloned()
            .collect();
        lines.extend(more);
        Some(FileDiff {
            lines,
            old: before.text,
            new: after.text,
            decoded: diff.decoded,
            sample: None,
        })
    }

    /// What a change moves between these files.
    pub fn between(files: &[(&FileChange, &Content)]) -> Self {
        let mut bytes = 0_usize;
        let mut parts = Vec::new();
        for (file, content) in files {
            let Content::Lines(diff) = content else { continue };
            if !is_searched(file) || diff.decoded || diff.sample.is_some() {
                continue;
            }
            bytes = bytes.saturating_add(diff.old.len() + diff.new.len());
            if bytes > MOST_BYTES || parts.len() >= MOST_FILES {
                return Self::default();
            }
            let outline = |text: &[u8]| match text.is_empty() {
                true => Some(Outline::default()),
                false => Source::parse(&file.path, text)
                    .ok()
                    .and_then(|source| Outline::of(&file.path, &source)),
            };
            // Of a file that is not parsed on both sides nothing is known.
            let (Some(old), Some(new)) = (outline(&diff.old), outline(&diff.new)) else {
                continue;
            };
            parts.push(Part { file, old, new });
        }
        Search::of(parts).moves()
    }
}

/// Whether items may move from or to a file, by what its path and kind say.
pub fn is_searched(file: &FileChange) -> bool {
    let regular = |mode| matches!(mode, Mode::Regular | Mode::Executable);
    let kind = match &file.kind {
        ChangeKind::Added(entry) | ChangeKind::Deleted(entry) => regular(entry.mode),
        ChangeKind::Modified { old, new } => old.mode == new.mode && regular(old.mode),
    };
    kind && Outline::is_made_for(&file.path)
}

/// A file of the change.
struct Part<'f> {
    file: &'f FileChange,
    old: Outline,
    new: Outline,
}

impl Part<'_> {
    fn outline(&self, side: Side) -> &Outline {
        match side {
            Side::Removed => &self.old,
            Side::Added => &self.new,
        }
    }
}

/// An item that may have been moved, or stays.
#[derive(Clone, Copy, Debug)]
struct Pair {
    /// The places of file and unit in the old files, and in the new ones.
    old: (usize, usize),
    new: (usize, usize),
}

impl Pair {
    fn is_move(&self) -> bool {
        self.old.0 != self.new.0
    }
}

struct Search<'f> {
    parts: Vec<Part<'f>>,
    pairs: Vec<Pair>,
    /// Pairs of items of the top, by the files and the name.
    by_name: HashSet<(usize, usize, String)>,
}

/// What a word stands for in a file, as far as the file says.
enum Meaning<'s> {
    Imported(&'s [String]),
    Defined,
    /// A word of the language, a field, a variable, or something that another file gives.
    Elsewhere,
}

fn meaning<'s>(outline: &'s Outline, word: &str) -> Meaning<'s> {
    match (outline.imports.get(word), outline.defined.contains_key(word)) {
        (Some(target), false) => Meaning::Imported(target),
        (_, true) => Meaning::Defined,
        (None, false) => Meaning::Elsewhere,
    }
}

impl<'f> Search<'f> {
    fn of(parts: Vec<Part<'f>>) -> Self {
        type Found = [Vec<(usize, usize)>; 2];
        let mut keys: HashMap<(&[u8], &[u8]), Found> = HashMap::new();
        for (at, part) in parts.iter().enumerate() {
            for (side, outline) in [&part.old, &part.new].into_iter().enumerate() {
                for (nth, unit) in outline.units.iter().enumerate() {
                    let found = keys.entry((&unit.context, &unit.tokens)).or_default();
                    if let Some(found) = found.get_mut(side) {
                        found.push((at, nth));
                    }
                }
            }
        }
        let mut pairs = Vec::new();
        for [mut old, mut new] in keys.into_values() {
            // More than there were is a copy, and fewer is one that is gone.
            if old.len() != new.len() {
                continue;
            }
            old.retain(|one| {
                let stays = new.iter().position(|other| other.0 == one.0);
                if let Some(at) = stays {
                    pairs.push(Pair {
                        old: *one,
                        new: new.remove(at),
                    });
                }
                stays.is_none()
            });
            if let ([old], [new]) = (old.as_slice(), new.as_slice()) {
                pairs.push(Pair { old: *old, new: *new });
            }
        }
        pairs.sort_by_key(|pair| (pair.old, pair.new));
        let mut search = Self {
            parts,
            pairs,
            by_name: HashSet::new(),
        };
        search.pairs.retain({
            let parts = std::mem::take(&mut search.parts);
            let keep: Vec<bool> = search.pairs.iter().map(|pair| may_move(&parts, pair)).collect();
            search.parts = parts;
            let mut keep = keep.into_iter();
            move |_| keep.next().unwrap_or(false)
        });
        search.settle();
        search
    }

    /// Leaves out pairs that name what is not the same thing in both files, until none is left.
    fn settle(&mut self) {
        loop {
            let mut by_name: HashSet<(usize, usize, String)> = HashSet::new();
            for pair in &self.pairs {
                let unit = self.unit(pair, Side::Removed).filter(|unit| unit.context.is_empty());
                for name in unit.map(|unit| unit.names.as_slice()).unwrap_or_default() {
                    by_name.insert((pair.old.0, pair.new.0, name.clone()));
                }
            }
            self.by_name = by_name;
            let keep: Vec<bool> = self.pairs.iter().map(|pair| self.means_the_same(pair)).collect();
            if !keep.contains(&false) {
                return;
            }
            let mut keep = keep.into_iter();
            self.pairs.retain(|_| keep.next().unwrap_or(false));
        }
    }

    fn unit(&self, pair: &Pair, side: Side) -> Option<&Unit> {
        let (part, nth) = match side {
            Side::Removed => pair.old,
            Side::Added => pair.new,
        };
        self.parts.get(part)?.outline(side).units.get(nth)
    }

    /// Whether everything that an item names is the same thing before and after.
    fn means_the_same(&self, pair: &Pair) -> bool {
        let (Some(unit), Some(from), Some(to)) = (
            self.unit(pair, Side::Removed),
            self.parts.get(pair.old.0),
            self.parts.get(pair.new.0),
        ) else {
            return false;
        };
        let (before, after) = (&from.old, &to.new);
        if !same_globs(pair, from, to) {
            return false;
        }
        let package = is_go(from.file) && before.home.folder == after.home.folder;
        let own = |word: &String| unit.context.is_empty() && unit.names.contains(word);
        unit.words.iter().filter(|word| !own(word)).all(|word| {
            let seen = |outline: &Outline, side: &Outline| {
                // What is imported from a file whose names all come along is the same as if it were named.
                outline.globs.iter().any(|glob| *glob == side.home.module)
            };
            match (meaning(before, word), meaning(after, word)) {
                (Meaning::Elsewhere, Meaning::Elsewhere) => true,
                (Meaning::Imported(old), Meaning::Imported(new)) => old == new || self.moved_between(old, new),
                (Meaning::Defined, Meaning::Defined) => !pair.is_move() || self.moved(pair.old.0, pair.new.0, word),
                (Meaning::Defined, Meaning::Imported(new)) => {
                    let home = is_in(new, &from.new, word) && from.new.defined.contains_key(word);
                    home && pair.is_move() || self.moved_to(pair.old.0, new, word)
                }
                (Meaning::Imported(old), Meaning::Defined) => {
                    let home = is_in(old, &to.old, word) && to.old.defined.contains_key(word);
                    home && pair.is_move() || self.moved_from(old, pair.new.0, word)
                }
                (Meaning::Defined, Meaning::Elsewhere) => {
                    package || pair.is_move() && seen(after, &from.new) && from.new.defined.contains_key(word)
                }
                (Meaning::Elsewhere, Meaning::Defined) => {
                    package || pair.is_move() && seen(before, &to.old) && to.old.defined.contains_key(word)
                }
                (Meaning::Imported(old), Meaning::Elsewhere) => {
                    let there = from.new.imports.get(word).is_some_and(|still| still == old);
                    pair.is_move() && seen(after, &from.new) && there
                }
                (Meaning::Elsewhere, Meaning::Imported(_)) => false,
            }
        })
    }

    /// Whether an item of the top went from one file to another, or stayed.
    fn moved(&self, from: usize, to: usize, name: &str) -> bool {
        self.by_name.contains(&(from, to, name.to_owned()))
    }

    /// The same by the paths by which it was imported and is.
    fn moved_between(&self, old: &[String], new: &[String]) -> bool {
        let (Some((name, from)), Some((also, to))) = (old.split_last(), new.split_last()) else {
            return false;
        };
        name == also
            && self.by_name.iter().any(|(one, other, moved)| {
                moved == name
                    && one != other
                    && self.is_module(*one, Side::Removed, from)
                    && self.is_module(*other, Side::Added, to)
            })
    }

    fn moved_to(&self, from: usize, new: &[String], word: &str) -> bool {
        let Some((name, to)) = new.split_last() else {
            return false;
        };
        name == word
            && self
                .by_name
                .iter()
                .any(|(one, other, moved)| *one == from && moved == word && self.is_module(*other, Side::Added, to))
    }

    fn moved_from(&self, old: &[String], to: usize, word: &str) -> bool {
        let Some((name, from)) = old.split_last() else {
            return false;
        };
        name == word
            && self
                .by_name
                .iter()
                .any(|(one, other, moved)| *other == to && moved == word && self.is_module(*one, Side::Removed, from))
    }

    fn is_module(&self, part: usize, side: Side, module: &[String]) -> bool {
        self.parts
            .get(part)
            .is_some_and(|part| part.outline(side).home.module == module)
    }

    fn moves(self) -> Moves {
        let mut moves: BTreeMap<RepoPath, Vec<Moved>> = BTreeMap::new();
        for pair in &self.pairs {
            let (Some(from), Some(to)) = (self.parts.get(pair.old.0), self.parts.get(pair.new.0)) else {
                continue;
            };
            for (side, own, other) in [(Side::Removed, from, to), (Side::Added, to, from)] {
                let Some(unit) = self.unit(pair, side) else { continue };
                moves.entry(own.file.path.clone()).or_default().push(Moved {
                    side,
                    lines: unit.lines,
                    other: other.file.path.clone(),
                });
            }
        }
        Moves(moves)
    }
}

/// A side of a file of which lines are taken out.
struct Left {
    /// With blank lines in their place.
    text: Vec<u8>,
    /// The lines that are left, by number, and what is on them.
    lines: Vec<(u32, Vec<u8>)>,
}

impl Left {
    fn of(text: &[u8], taken: &[(u32, u32)]) -> Self {
        let mut left = Self {
            text: Vec::with_capacity(text.len()),
            lines: Vec::new(),
        };
        let gone: BTreeSet<u32> = taken.iter().flat_map(|(first, last)| *first..=*last).collect();
        for (number, line) in (1..).zip(text.split_inclusive(|&byte| byte == b'\n')) {
            if gone.contains(&number) {
                left.text.push(b'\n');
                continue;
            }
            left.text.extend_from_slice(line);
            let bare = line.strip_suffix(b"\n").unwrap_or(line);
            left.lines
                .push((number, bare.strip_suffix(b"\r").unwrap_or(bare).to_vec()));
        }
        left
    }
}

/// The lines that differ, of those that are left.
fn changed(before: &Left, after: &Left) -> Vec<ChangedLine> {
    struct Lines<'l>(&'l [(u32, Vec<u8>)]);
    impl<'l> TokenSource for Lines<'l> {
        type Token = &'l [u8];
        type Tokenizer = Box<dyn Iterator<Item = &'l [u8]> + 'l>;
        fn tokenize(&self) -> Self::Tokenizer {
            Box::new(self.0.iter().map(|(_, text)| text.as_slice()))
        }
        fn estimate_tokens(&self) -> u32 {
            u32::try_from(self.0.len()).unwrap_or(u32::MAX)
        }
    }
    let input = InternedInput::new(Lines(&before.lines), Lines(&after.lines));
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_no_heuristic(&input);
    let mut lines = Vec::new();
    for hunk in diff.hunks() {
        for (side, from, range) in [(Side::Removed, before, hunk.before), (Side::Added, after, hunk.after)] {
            let part = from
                .lines
                .get(range.start as usize..range.end as usize)
                .unwrap_or_default();
            lines.extend(part.iter().map(|(number, text)| ChangedLine {
                side,
                number: *number,
                text: text.clone(),
            }));
        }
    }
    lines
}

/// Whether an import by this path is of that name of a file.
fn is_in(target: &[String], outline: &Outline, word: &str) -> bool {
    target
        .split_last()
        .is_some_and(|(name, module)| name == word && *module == outline.home.module)
}

fn is_go(file: &FileChange) -> bool {
    file.path.extension() == Some(b"go")
}

/// Whether an item may have been moved, by what is around it.
fn may_move(parts: &[Part<'_>], pair: &Pair) -> bool {
    let (Some(from), Some(to)) = (parts.get(pair.old.0), parts.get(pair.new.0)) else {
        return false;
    };
    let (before, after) = (&from.old, &to.new);
    let (Some(old), Some(new)) = (before.units.get(pair.old.1), after.units.get(pair.new.1)) else {
        return false;
    };
    let named = |outline: &Outline| {
        let same = |unit: &&Unit| unit.context == old.context && unit.names.iter().any(|name| old.names.contains(name));
        outline.units.iter().filter(same).count()
    };
    let defined = |outline: &Outline| {
        let top = old.context.is_empty();
        old.names
            .iter()
            .map(|name| {
                if top {
                    outline.defined.get(name).copied().unwrap_or(0)
                } else {
                    0
                }
            })
            .max()
            .unwrap_or(0)
    };
    // What is there twice means one of both.
    if named(before) > 1 || named(after) > 1 || defined(before) > 1 || defined(after) > 1 {
        return false;
    }
    if before.header != after.header || before.acts != after.acts || old.after != new.after {
        return false;
    }
    if !pair.is_move() {
        return true;
    }
    // What takes the place of another, or leaves it to another, was not moved.
    if named(&from.new) + defined(&from.new) + named(&to.old) + defined(&to.old) > 0 {
        return false;
    }
    let (one, other) = (&before.home, &after.home);
    let near = match from.file.path.extension() {
        Some(b"rs") => one.module.get(..2) == other.module.get(..2),
        Some(b"go") => one.folder == other.folder,
        _ => true,
    };
    near && one.kind == other.kind && !old.rooted
}

/// Whether what is bound without a name is the same in both files, or comes along.
fn same_globs(pair: &Pair, from: &Part<'_>, to: &Part<'_>) -> bool {
    let (before, after) = (&from.old, &to.new);
    if !pair.is_move() {
        return before.globs == after.globs
            && (is_go(from.file) || before.nameless == after.nameless || !is_rust(from.file));
    }
    let home = &from.new.home.module;
    let through = after.globs.contains(home);
    let known = |glob: &Vec<String>| before.globs.contains(glob) || glob == home;
    let there = |glob: &Vec<String>| after.globs.contains(glob) || through && from.new.globs.contains(glob);
    let nameless: BTreeSet<&Vec<String>> = match is_rust(from.file) {
        // A trait that nobody names gives methods.
        true => after.nameless.difference(&before.nameless).collect(),
        false => BTreeSet::new(),
    };
    after.globs.iter().all(known) && before.globs.iter().all(there) && nameless.is_empty()
}

fn is_rust(file: &FileChange) -> bool {
    file.path.extension() == Some(b"rs")
}
