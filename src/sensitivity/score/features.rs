//! The features of a changed file: what a model may know of it, each with a name that a person understands.
//!
//! A feature is there or not. What is a number is a ladder of features (`added:8` is there for eight added lines and more), so that a model
//! is a sum, and every part of the sum is a reason.

use std::collections::BTreeMap;

use super::around::function_around;
use super::history::{PathPast, Tally, View};
use super::hunk::{Hunk, Used, hunks};
use super::place::{area, is_code, language};
use super::words::each_word;
use crate::change::{ChangeKind, Content, FileChange, FileDiff, MAX_DOCUMENT, Mode, Side};

/// Files with more changed lines than this are read by their first ones.
const LINES: usize = 20_000;
/// Hunks that are looked at one by one.
const HUNKS: usize = 64;
/// Sides larger than this are not read for lines, in bytes.
pub const SIZE: u64 = MAX_DOCUMENT;

/// Groups of features that are the words and names of what is added and removed. More lines only have more of them.
const WORDS: [&str; 5] = ["word added", "word removed", "name added", "name removed", "comment"];

/// A feature that a file has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feature {
    /// Its name: a group, a colon, and which of it.
    pub name: String,
    /// The line that shows it, on the side where it is; zero where it is about no line.
    pub line: u32,
}

impl Feature {
    /// Whether it is a word or a name of what is added or removed.
    pub fn is_word(&self) -> bool {
        self.name
            .split_once(':')
            .is_some_and(|(group, _)| WORDS.contains(&group))
    }
}

/// All that is read of a changed file.
#[derive(Clone, Debug)]
pub struct FileFeatures<'c> {
    diff: Option<&'c FileDiff>,
    common: Vec<Feature>,
    hunks: Vec<Hunk>,
    past: PathPast,
    all: Tally,
    kind: String,
}

/// A list of features in the making.
#[derive(Default)]
struct List(Vec<Feature>);

impl List {
    fn add(&mut self, group: &str, which: &str, line: u32) {
        let name = format!("{group}:{which}");
        self.0.push(Feature { name, line });
    }

    /// A step of the ladder for each threshold that is reached.
    fn ladder(&mut self, group: &str, value: i64, steps: &[i64]) {
        for step in steps.iter().filter(|step| value >= **step) {
            self.add(group, &step.to_string(), 0);
        }
    }
}

const SIZES: &[i64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const FEW: &[i64] = &[1, 2, 4, 8, 16];
const COUNTS: &[i64] = &[1, 2, 3, 5, 8, 13, 21, 34];
const CHURN: &[i64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];
const ODDS: &[i64] = &[-32, -24, -16, -8, -4, 0, 4, 8, 16, 24, 32, 40, 48, 64, 80];

/// Reads what a changed file shows.
pub fn read<'c>(file: &FileChange, content: &'c Content, view: &View<'_>) -> FileFeatures<'c> {
    let mut list = List::default();
    let (language, area) = (language(&file.path), area(&file.path));
    list.add("language", language, 0);
    list.add("area", area, 0);
    if area == "source" {
        list.add("source", language, 0);
    }
    let (old, new) = (file.before(), file.after());
    match file.kind {
        ChangeKind::Added(_) => list.add("file", "new", 0),
        ChangeKind::Deleted(_) => list.add("file", "deleted", 0),
        ChangeKind::Modified { .. } => {}
    }
    let mode = |wanted| [old, new].into_iter().flatten().any(|entry| entry.mode == wanted);
    if mode(Mode::Gitlink) {
        list.add("file", "submodule", 0);
    }
    if let (Some(old), Some(new)) = (old, new)
        && old.mode != new.mode
    {
        list.add("file", "mode", 0);
    }
    let mut words: Vec<String> = Vec::new();
    each_word(file.path.as_bytes(), &mut |word| {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    });
    for word in &words {
        list.add("path", word, 0);
    }
    let path_past = view.path(&file.path);
    past(&mut list, &path_past, view);
    let mut evidence = FileFeatures {
        diff: None,
        common: Vec::new(),
        hunks: Vec::new(),
        past: path_past,
        all: view.all,
        kind: format!("{area}, {language}"),
    };
    match content {
        Content::Lines(diff) if diff.old.len().max(diff.new.len()) as u64 > SIZE => list.add("file", "large", 0),
        Content::Lines(diff) if binary(&diff.old) || binary(&diff.new) => list.add("file", "binary", 0),
        Content::Lines(diff) if diff.lines.len() > LINES => list.add("file", "large", 0),
        Content::Lines(diff) => {
            evidence.hunks = hunks(diff);
            evidence.diff = Some(diff);
            if is_code(language) {
                list.add("file", "code", 0);
            }
        }
        Content::TooLarge { .. } | Content::TooManyLines { .. } => list.add("file", "large", 0),
        Content::None => {}
    }
    evidence.common = list.0;
    evidence
}

fn binary(content: &[u8]) -> bool {
    content.iter().take(8000).any(|&byte| byte == 0)
}

/// What the past says.
fn past(list: &mut List, past: &PathPast, view: &View<'_>) {
    let all = &view.all;
    let mut scope = |name: &str, tally: &Tally| {
        list.ladder(&format!("{name} share"), i64::from(tally.odds(all)), ODDS);
        list.ladder(&format!("{name} share lately"), i64::from(tally.lately(all)), ODDS);
        list.ladder(&format!("{name} claims"), i64::from(tally.claims(all)), ODDS);
        list.ladder(&format!("{name} count"), i64::from(tally.perf), COUNTS);
        list.ladder(&format!("{name} regressions"), i64::from(tally.regressed), FEW);
        list.ladder(&format!("{name} commits"), i64::from(tally.touched), CHURN);
        if let Some(last) = tally.last_perf {
            for step in [3u32, 10, 30, 100, 300, 1000].iter().filter(|step| last < **step) {
                list.add(&format!("{name} last"), &step.to_string(), 0);
            }
        }
    };
    scope("file", &past.file);
    scope("directory", &past.directory);
    scope("region", &past.region);
    let highest = past.words.first().map_or(0, |(_, odds)| *odds);
    let sum: i32 = past.words.iter().map(|(_, odds)| *odds).sum();
    let mean = sum / i32::try_from(past.words.len()).unwrap_or(1).max(1);
    list.ladder("words of the path", i64::from(highest), ODDS);
    list.ladder("words of the path on average", i64::from(mean), ODDS);
    let rate = view.all.perf * 1000 / view.all.touched.max(1);
    list.ladder("repository share", i64::from(rate), &[5, 10, 20, 40, 80, 160]);
    list.ladder("repository lately", i64::from(view.burst), COUNTS);
    list.ladder("repository commits", i64::from(view.all.touched), &[30, 100, 300, 1000]);
}

impl FileFeatures<'_> {
    /// Why its lines were not looked at, where they were not.
    pub fn unread(&self) -> Option<&'static str> {
        let why = |feature: &Feature| match feature.name.as_str() {
            "file:large" => Some("it is too large to read"),
            "file:binary" => Some("it is binary"),
            "file:submodule" => Some("it is a submodule"),
            _ => None,
        };
        self.common.iter().find_map(why)
    }

    /// What the past says of it.
    pub(super) fn past(&self) -> &PathPast {
        &self.past
    }

    /// All commits of the past together.
    pub(super) fn all(&self) -> Tally {
        self.all
    }

    /// Area and language.
    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// Lines added and removed, and hunks.
    pub(super) fn size(&self) -> (usize, usize, usize) {
        let sum = |of: fn(&Hunk) -> u32| self.hunks.iter().map(|hunk| of(hunk) as usize).sum();
        (sum(|hunk| hunk.added), sum(|hunk| hunk.removed), self.hunks.len())
    }

    /// The name of the function around a changed line.
    pub(super) fn function_at(&self, line: u32, side: Side) -> Option<String> {
        self.line(line, side)?;
        let diff = self.diff?;
        let content = if side == Side::Added { &diff.new } else { &diff.old };
        function_around(content, line)
    }

    /// The text of a changed line.
    pub(super) fn line(&self, number: u32, side: Side) -> Option<&[u8]> {
        let mut lines = self.diff?.lines.iter();
        let line = lines.find(|line| line.number == number && line.side == side)?;
        Some(&line.text)
    }

    /// The features of the file as a whole.
    pub fn whole(&self) -> Vec<Feature> {
        let all: Vec<&Hunk> = self.hunks.iter().collect();
        self.of(&all)
    }

    /// The features that the file would have with one of its hunks alone, for each of them; none where there is only one.
    pub fn parts(&self) -> Vec<Vec<Feature>> {
        let several = if self.hunks.len() > 1 {
            self.hunks.as_slice()
        } else {
            &[]
        };
        several.iter().take(HUNKS).map(|hunk| self.of(&[hunk])).collect()
    }

    fn of(&self, hunks: &[&Hunk]) -> Vec<Feature> {
        let mut list = List(self.common.clone());
        if hunks.is_empty() {
            return list.0;
        }
        let sum = |of: fn(&Hunk) -> u32| hunks.iter().map(|hunk| i64::from(of(hunk))).sum::<i64>();
        let most = |of: fn(&Hunk) -> u32| hunks.iter().map(|hunk| i64::from(of(hunk))).max().unwrap_or(0);
        let (added, removed) = (sum(|hunk| hunk.added), sum(|hunk| hunk.removed));
        let (code, comment) = (sum(|hunk| hunk.code), sum(|hunk| hunk.comment));
        list.ladder("added", added, SIZES);
        list.ladder("removed", removed, SIZES);
        list.ladder("changed", added + removed, SIZES);
        // From -4 (only removed) to 4 (only added).
        let balance = (added - removed) * 4 / (added + removed).max(1);
        list.ladder("balance", balance, &[-3, -2, -1, 0, 1, 2, 3, 4]);
        list.ladder("hunks", i64::try_from(hunks.len()).unwrap_or(i64::MAX), FEW);
        list.ladder("comment lines", comment * 8 / (comment + code).max(1), &[1, 2, 4, 6, 8]);
        if code == 0 {
            list.add("only", "comments", 0);
        }
        if hunks.iter().all(|hunk| hunk.literals_only) {
            list.add("only", "literals", 0);
        }
        if hunks.iter().all(|hunk| hunk.space_only) {
            list.add("only", "space", 0);
        }
        if code > 0 && sum(|hunk| hunk.imports) == code {
            list.add("only", "imports", 0);
        }
        if code > 0
            && hunks.iter().all(|hunk| hunk.names_only || hunk.space_only)
            && hunks.iter().any(|hunk| hunk.names_only)
        {
            list.add("only", "names", 0);
        }
        if code > 0 && hunks.iter().fold(0u64, |all, hunk| all.wrapping_add(hunk.lines_sum)) == 0 {
            list.add("only", "moves", 0);
        }
        if code > 0 && sum(|hunk| hunk.attributes.0 + hunk.attributes.1) == code {
            list.add("only", "attributes", 0);
        }
        let said = sum(|hunk| hunk.messages.0 + hunk.messages.1);
        list.ladder("lines of messages", said * 8 / code.max(1), &[1, 2, 4, 6, 8]);
        list.ladder("imports", sum(|hunk| hunk.imports), FEW);
        for (name, of) in [
            ("definitions", (|hunk| hunk.definitions) as fn(&Hunk) -> (u32, u32)),
            ("loops", |hunk| hunk.loops),
            ("branches", |hunk| hunk.branches),
            ("calls", |hunk| hunk.calls),
            ("attributes", |hunk| hunk.attributes),
        ] {
            let (mut plus, mut minus) = (0i64, 0i64);
            for (added, removed) in hunks.iter().map(|hunk| of(hunk)) {
                plus += i64::from(added);
                minus += i64::from(removed);
            }
            list.ladder(&format!("{name} added"), plus, FEW);
            list.ladder(&format!("{name} removed"), minus, FEW);
        }
        let looped = hunks.iter().max_by_key(|hunk| hunk.within_loops);
        list.ladder("inside loops", most(|hunk| hunk.within_loops), &[1, 2, 3]);
        if let (Some(hunk), Some(last)) = (looped, list.0.last_mut())
            && last.name.starts_with("inside loops:")
        {
            last.line = hunk.line;
        }
        list.ladder("indentation", most(|hunk| hunk.depth), &[1, 2, 4, 6, 8, 12]);
        words(&mut list, hunks);
        list.0
    }
}

/// Which side a word is on, in a hunk.
fn side(used: &Used) -> &'static str {
    match used.added.cmp(&used.removed) {
        std::cmp::Ordering::Greater => "+",
        std::cmp::Ordering::Less => "-",
        std::cmp::Ordering::Equal => "=",
    }
}

fn words(list: &mut List, hunks: &[&Hunk]) {
    let mut seen: BTreeMap<(&'static str, &str), u32> = BTreeMap::new();
    let mut functions: BTreeMap<String, u32> = BTreeMap::new();
    for hunk in hunks {
        for (word, used) in &hunk.words {
            let group = match side(used) {
                "+" => "word added",
                "-" => "word removed",
                _ => continue,
            };
            seen.entry((group, word)).or_insert(used.line);
        }
        for (word, used) in &hunk.names {
            let group = match side(used) {
                "+" => "name added",
                "-" => "name removed",
                _ => continue,
            };
            seen.entry((group, word)).or_insert(used.line);
        }
        for (word, used) in &hunk.comment_words {
            if side(used) == "+" {
                seen.entry(("comment", word)).or_insert(used.line);
            }
        }
        if let Some(function) = &hunk.function {
            each_word(function.as_bytes(), &mut |word| {
                functions.entry(word.to_owned()).or_insert(hunk.line);
            });
        }
    }
    for ((group, word), line) in seen {
        list.add(group, word, line);
    }
    for (word, line) in functions {
        list.add("function", &word, line);
    }
}
