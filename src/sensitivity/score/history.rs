//! The past of a repository: which commits touched which files, which of them say that they were about performance, and what that makes of
//! a file, its directory and the words of its path.
//!
//! Only what lies before the change counts: the commits that are reachable from its base, at most [`WINDOW`] of them, by number and not by
//! the clock. A file that was moved keeps its past.

pub mod heat;
mod said;

use std::collections::{BinaryHeap, HashMap};

use serde::{Deserialize, Serialize};

use super::number::{decayed, odds};
use super::words::each_word;
use crate::change::{ObjectId, RepoPath};
use said::{CLAIM, PERF, REGRESSION, kind};

/// How many commits, not counting merges, are looked back on.
pub const WINDOW: usize = 3000;

/// A commit of more files says nothing of any of them.
const CROWD: usize = 60;

/// From how many commits on the type `perf` is taken for the habit of a repository; below, what messages claim counts, too.
const HABIT: u32 = 5;

/// A commit as it is taken in.
#[derive(Clone, Debug)]
pub struct PastEntry<'a> {
    /// The commit.
    pub commit: ObjectId,
    /// Its parents.
    pub parents: Vec<ObjectId>,
    /// When it was committed; this orders commits as git lists them, and is nothing that is judged.
    pub time: i64,
    /// Its message.
    pub message: &'a [u8],
    /// The files that it touched, each with where it was before, if it was moved.
    pub files: Vec<(&'a RepoPath, Option<&'a RepoPath>)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    id: ObjectId,
    parents: Vec<ObjectId>,
    time: i64,
    kind: u8,
    merge: bool,
    files: Vec<u32>,
    /// Old and new path.
    moved: Vec<(u32, u32)>,
}

/// A path with the numbers of its directories and words.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Place {
    path: RepoPath,
    directory: u32,
    region: u32,
    words: Vec<u32>,
}

/// Numbers for names.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Names(HashMap<Vec<u8>, u32>);

impl Names {
    fn number(&mut self, name: &[u8]) -> u32 {
        if let Some(&known) = self.0.get(name) {
            return known;
        }
        let next = self.0.len() as u32;
        self.0.insert(name.to_vec(), next);
        next
    }
}

/// All that is known of the past; grows as more of it is read, and can be kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Past {
    commits: Vec<Known>,
    places: Vec<Place>,
    directories: Names,
    words: Names,
    /// Commits that were asked about, newest last.
    tips: Vec<ObjectId>,
    #[serde(skip)]
    by_id: HashMap<ObjectId, u32>,
    #[serde(skip)]
    by_path: HashMap<RepoPath, u32>,
}

/// How many tips are remembered.
const TIPS: usize = 16;

/// What comes before the last `/`; empty at the root.
fn directory(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
    path.get(..end).unwrap_or_default()
}

/// The first two directories of a path.
fn region(path: &[u8]) -> &[u8] {
    let mut slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let end = slashes.nth(1).map(|(at, _)| at);
    end.and_then(|end| path.get(..end)).unwrap_or_else(|| directory(path))
}

impl Past {
    /// Makes what was kept usable again.
    pub fn awake(mut self) -> Self {
        self.by_id = (0..)
            .zip(&self.commits)
            .map(|(at, known)| (known.id.clone(), at))
            .collect();
        self.by_path = (0..)
            .zip(&self.places)
            .map(|(at, place)| (place.path.clone(), at))
            .collect();
        self
    }

    /// How many commits are known.
    pub fn len(&self) -> usize {
        self.commits.len()
    }

    /// True where nothing is known.
    pub fn is_empty(&self) -> bool {
        self.commits.is_empty()
    }

    /// True where this commit is known.
    pub fn knows(&self, commit: &ObjectId) -> bool {
        self.by_id.contains_key(commit)
    }

    /// Commits that were asked about before: what they reach is known, as far as it was wanted.
    pub fn tips(&self) -> &[ObjectId] {
        &self.tips
    }

    /// Remembers a commit that was asked about.
    pub fn add_tip(&mut self, tip: &ObjectId) {
        self.tips.retain(|known| known != tip);
        self.tips.push(tip.clone());
        let over = self.tips.len().saturating_sub(TIPS);
        self.tips.drain(..over);
    }

    /// Takes a commit in.
    pub fn add(&mut self, entry: PastEntry<'_>) {
        if self.by_id.contains_key(&entry.commit) {
            return;
        }
        let crowd = entry.files.len() > CROWD;
        let mut known = Known {
            merge: entry.parents.len() > 1,
            id: entry.commit.clone(),
            parents: entry.parents,
            time: entry.time,
            kind: kind(entry.message),
            files: Vec::new(),
            moved: Vec::new(),
        };
        for (path, from) in entry.files {
            if !crowd || from.is_some() {
                let place = self.place(path);
                if !crowd {
                    known.files.push(place);
                }
                if let Some(from) = from {
                    known.moved.push((self.place(from), place));
                }
            }
        }
        self.by_id.insert(entry.commit, self.commits.len() as u32);
        self.commits.push(known);
    }

    fn place(&mut self, path: &RepoPath) -> u32 {
        if let Some(&known) = self.by_path.get(path) {
            return known;
        }
        let next = self.places.len() as u32;
        let bytes = path.as_bytes();
        let mut words = Vec::new();
        each_word(bytes, &mut |word| {
            let number = self.words.number(word.as_bytes());
            if !words.contains(&number) {
                words.push(number);
            }
        });
        self.places.push(Place {
            directory: self.directories.number(directory(bytes)),
            region: self.directories.number(region(bytes)),
            path: path.clone(),
            words,
        });
        self.by_path.insert(path.clone(), next);
        next
    }

    /// Only what a view from that commit needs, where far more is known; `None` where it is not worth it.
    pub fn pruned(mut self, tip: Option<&ObjectId>) -> Option<Self> {
        if self.commits.len() <= 8 * WINDOW {
            return None;
        }
        let (_, seen) = self.walk(tip).ok()?;
        let mut wanted = vec![false; self.commits.len()];
        for at in seen {
            if let Some(wanted) = wanted.get_mut(at as usize) {
                *wanted = true;
            }
        }
        let mut wanted = wanted.into_iter();
        self.commits.retain(|_| wanted.next().unwrap_or_default());
        self.tips = tip.cloned().into_iter().collect();
        Some(self.awake())
    }

    /// A view of nothing.
    pub fn nothing(&self) -> View<'_> {
        View::of(self, &[])
    }

    /// The past as it is seen from a commit.
    ///
    /// # Errors
    ///
    /// The commits that must be added first.
    pub fn view(&self, base: Option<&ObjectId>) -> Result<View<'_>, Vec<ObjectId>> {
        let (order, _) = self.walk(base)?;
        Ok(View::of(self, &order))
    }

    /// The commits that must be added before there is a view from that commit; none where it can be had.
    pub fn gaps(&self, base: Option<&ObjectId>) -> Vec<ObjectId> {
        self.walk(base).err().unwrap_or_default()
    }

    /// The commits that count, newest first, and all that were looked at.
    fn walk(&self, base: Option<&ObjectId>) -> Result<(Vec<u32>, Vec<u32>), Vec<ObjectId>> {
        let mut order: Vec<u32> = Vec::with_capacity(WINDOW);
        let mut seen: Vec<u32> = Vec::new();
        let mut missing = Vec::new();
        let mut queue: BinaryHeap<(i64, std::cmp::Reverse<usize>, u32)> = BinaryHeap::new();
        let mut queued = vec![false; self.commits.len()];
        let mut pushed = 0;
        let mut push = |queue: &mut BinaryHeap<_>, id: &ObjectId| match self.by_id.get(id) {
            None => missing.push(id.clone()),
            Some(&at) => {
                if let (Some(queued), Some(known)) = (queued.get_mut(at as usize), self.commits.get(at as usize))
                    && !std::mem::replace(queued, true)
                {
                    pushed += 1;
                    queue.push((known.time, std::cmp::Reverse(pushed), at));
                }
            }
        };
        if let Some(base) = base {
            push(&mut queue, base);
        }
        while let Some((_, _, at)) = queue.pop() {
            let Some(known) = self.commits.get(at as usize) else {
                break;
            };
            seen.push(at);
            if !known.merge {
                order.push(at);
                if order.len() == WINDOW {
                    break;
                }
            }
            for parent in &known.parents {
                push(&mut queue, parent);
            }
        }
        // A commit that is not here matters only where the walk did not end before.
        if order.len() < WINDOW && !missing.is_empty() {
            return Err(missing);
        }
        Ok((order, seen))
    }
}

/// How often something was touched, and how often for performance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Commits.
    pub touched: u32,
    /// Of these, performance commits.
    pub perf: u32,
    /// Of these, commits whose message claims as much in words.
    pub claimed: u32,
    /// Of these, reverts and regressions.
    pub regressed: u32,
    /// The same, the newest counting most, in 1/1024.
    weight: u64,
    perf_weight: u64,
    claim_weight: u64,
    /// How many commits ago the last performance commit was.
    pub last_perf: Option<u32>,
    stamp: u32,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            touched: 0,
            perf: 0,
            claimed: 0,
            regressed: 0,
            weight: 0,
            perf_weight: 0,
            claim_weight: 0,
            last_perf: None,
            stamp: u32::MAX,
        }
    }
}

impl Tally {
    fn add(&mut self, position: u32, kind: u8, perf: bool) {
        if self.stamp == position {
            return;
        }
        self.stamp = position;
        let weight = decayed(position);
        self.touched += 1;
        self.weight += weight;
        if perf {
            self.perf += 1;
            self.perf_weight += weight;
            self.last_perf = self.last_perf.or(Some(position));
        }
        if kind & CLAIM != 0 {
            self.claimed += 1;
            self.claim_weight += weight;
        }
        if kind & REGRESSION != 0 {
            self.regressed += 1;
        }
    }

    /// By how much performance commits are more frequent here than in all, in sixteenths of a power of two.
    pub fn odds(&self, all: &Self) -> i32 {
        let scaled = |count: u32| u64::from(count) << 10;
        odds(
            (scaled(self.perf), scaled(self.touched)),
            (scaled(all.perf), scaled(all.touched)),
        )
    }

    /// The same, with the newest commits counting most.
    pub fn lately(&self, all: &Self) -> i32 {
        odds((self.perf_weight, self.weight), (all.perf_weight, all.weight))
    }

    /// The same by what messages claim.
    pub fn claims(&self, all: &Self) -> i32 {
        odds((self.claim_weight, self.weight), (all.claim_weight, all.weight))
    }

    /// Performance commits, the newest counting most, in 1/1024.
    pub fn recent(&self) -> u64 {
        self.perf_weight
    }
}

/// The past as it is seen from one commit.
#[derive(Debug)]
pub struct View<'p> {
    past: &'p Past,
    /// All commits together.
    pub all: Tally,
    /// How many of the last thirty commits were performance commits.
    pub burst: u32,
    places: Vec<Tally>,
    directories: Vec<Tally>,
    words: Vec<Tally>,
}

/// What the past says of one path.
#[derive(Clone, Debug)]
pub struct PathPast {
    /// Of the file.
    pub file: Tally,
    /// Of its directory.
    pub directory: Tally,
    /// Of the first two directories of its path.
    pub region: Tally,
    /// Of the words in its path that have been seen, each with its odds; the highest first.
    pub words: Vec<(String, i32)>,
}

impl<'p> View<'p> {
    fn of(past: &'p Past, order: &[u32]) -> Self {
        let known = |at: &u32| past.commits.get(*at as usize);
        let types = order
            .iter()
            .filter_map(known)
            .filter(|known| known.kind & PERF != 0)
            .count() as u32;
        let wanted = if types >= HABIT { PERF } else { PERF | CLAIM };
        let mut view = Self {
            past,
            all: Tally::default(),
            burst: 0,
            places: vec![Tally::default(); past.places.len()],
            directories: vec![Tally::default(); past.directories.0.len()],
            words: vec![Tally::default(); past.words.0.len()],
        };
        let mut now: Vec<u32> = (0..past.places.len() as u32).collect();
        for (position, known) in (0..).zip(order.iter().filter_map(known)) {
            let (kind, perf) = (known.kind, known.kind & wanted != 0);
            view.all.add(position, kind, perf);
            view.burst += u32::from(perf && position < 30);
            for file in &known.files {
                let Some(&file) = now.get(*file as usize) else { continue };
                let Some(place) = past.places.get(file as usize) else {
                    continue;
                };
                if let Some(tally) = view.places.get_mut(file as usize) {
                    tally.add(position, kind, perf);
                }
                for directory in [place.directory, place.region] {
                    if let Some(tally) = view.directories.get_mut(directory as usize) {
                        tally.add(position, kind, perf);
                    }
                }
                for word in &place.words {
                    if let Some(tally) = view.words.get_mut(*word as usize) {
                        tally.add(position, kind, perf);
                    }
                }
            }
            for (from, to) in &known.moved {
                let to = now.get(*to as usize).copied();
                if let (Some(from), Some(to)) = (now.get_mut(*from as usize), to) {
                    *from = to;
                }
            }
        }
        view
    }

    /// How many commits are looked back on.
    pub fn length(&self) -> u32 {
        self.all.touched
    }

    /// What the past says of a path.
    pub fn path(&self, path: &RepoPath) -> PathPast {
        let bytes = path.as_bytes();
        let named = |names: &Names, tallies: &[Tally], name: &[u8]| {
            let number = names.0.get(name)?;
            tallies.get(*number as usize).copied()
        };
        let place = self.past.by_path.get(path);
        let file = place.and_then(|place| self.places.get(*place as usize));
        let mut words: Vec<(String, i32)> = Vec::new();
        each_word(bytes, &mut |word| {
            if words.iter().any(|(known, _)| known == word) {
                return;
            }
            if let Some(tally) = named(&self.past.words, &self.words, word.as_bytes())
                && tally.touched > 0
            {
                words.push((word.to_owned(), tally.odds(&self.all)));
            }
        });
        words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let directories = |name| named(&self.past.directories, &self.directories, name).unwrap_or_default();
        PathPast {
            file: file.copied().unwrap_or_default(),
            directory: directories(directory(bytes)),
            region: directories(region(bytes)),
            words,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> ObjectId {
        ObjectId::Sha1([number; 20])
    }

    fn add(past: &mut Past, number: u8, message: &str, files: &[(&str, Option<&str>)]) {
        let files: Vec<(RepoPath, Option<RepoPath>)> = files
            .iter()
            .map(|(path, from)| (RepoPath::new(*path), from.map(RepoPath::new)))
            .collect();
        past.add(PastEntry {
            commit: id(number),
            parents: (number > 1).then(|| id(number - 1)).into_iter().collect(),
            time: i64::from(number),
            message: message.as_bytes(),
            files: files.iter().map(|(path, from)| (path, from.as_ref())).collect(),
        });
    }

    #[test]
    fn a_view_sees_what_lies_before_and_follows_moves() {
        let mut past = Past::default();
        add(&mut past, 1, "perf: one", &[("src/a.rs", None)]);
        add(&mut past, 2, "feat: two", &[("src/a.rs", None), ("src/b.rs", None)]);
        add(&mut past, 3, "refactor: move", &[("core/c.rs", Some("src/a.rs"))]);
        add(&mut past, 4, "feat: later", &[("core/c.rs", None)]);
        let view = past.view(Some(&id(4))).unwrap();
        let file = view.path(&RepoPath::new("core/c.rs")).file;
        assert_eq!((file.touched, file.perf, file.last_perf), (4, 1, Some(3)));
        let before = past.view(Some(&id(2))).unwrap();
        assert_eq!(
            before.path(&RepoPath::new("core/c.rs")).file.touched,
            0,
            "nothing of what comes later"
        );
        assert_eq!(before.path(&RepoPath::new("src/a.rs")).file.touched, 2);
        assert_eq!(before.path(&RepoPath::new("src/new.rs")).directory.touched, 2);
        assert_eq!(past.view(None).unwrap().length(), 0);
        assert_eq!(past.view(Some(&id(9))).unwrap_err(), [id(9)]);
        let kept = postcard::to_stdvec(&past).unwrap();
        let read: Past = postcard::from_bytes(&kept).unwrap();
        assert_eq!(
            read.awake()
                .view(Some(&id(4)))
                .unwrap()
                .path(&RepoPath::new("core/c.rs"))
                .file,
            file
        );
    }

    #[test]
    fn what_was_touched_for_performance_has_higher_odds() {
        let mut past = Past::default();
        for number in 1..60 {
            let (message, path) = match number % 6 {
                0 => ("perf: x", "hot.rs"),
                _ => ("feat: x", "cold.rs"),
            };
            add(&mut past, number, message, &[(path, None)]);
        }
        let view = past.view(Some(&id(59))).unwrap();
        let odds = |path| view.path(&RepoPath::new(path)).file.odds(&view.all);
        assert!(odds("hot.rs") > 40 && odds("cold.rs") < 0 && odds("new.rs") == 0);
    }
}
