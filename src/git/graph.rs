//! The history behind some commits, read once, for questions that would each walk it again.
//!
//! A walk of [`super::history`] costs what lies between the commits that it is asked about. Where many refs are judged, each asks again, so
//! after so many commits the history is read whole, and asked from memory. That is never the larger part of what was walked anyway. Answers
//! are exact whatever the commits say of their time: parents come before their children here, by construction.

use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::rc::Rc;

use git2::{ObjectType, Oid};

use super::GitError;
use super::commit::{Commit, header};
use super::store::Store;

/// So many commits are walked before it is tried to read the history whole; few in a debug build, so that tests get there.
const PATIENCE: usize = if cfg!(debug_assertions) { 64 } else { 4_096 };

/// Of so many sets of commits it is kept what they reach.
const SETS: usize = 64;

/// One question asks for its range three or four times; so many ranges are kept.
const RANGES: usize = 4;

/// At most so many bytes of commits are kept.
const MOST: usize = 32 << 20;

/// A commit, as far as walks look at it.
struct Node {
    id: Oid,
    time: i64,
    /// Positions; a parent's is always lower than its child's.
    parents: Box<[u32]>,
    /// All of it, where a range held it: of many refs each asks again.
    read: Option<Rc<Commit>>,
}

/// What is reachable: one bit for each position.
type Reached = Rc<Vec<u64>>;

/// The commits that some reach and others do not, and from which those come.
pub(super) struct Range {
    /// In the order of a walk that looks at the newest first.
    pub(super) commits: Vec<u32>,
    /// Their parents that are not among them, newest child first, each once.
    pub(super) borders: Vec<u32>,
}

/// A range as it was asked for: excluded, and heads.
type Asked = (Vec<u32>, Vec<u32>);

fn holds(bits: &[u64], at: u32) -> bool {
    bits.get(at as usize / 64)
        .is_some_and(|word| word >> (at % 64) & 1 == 1)
}

fn set(bits: &mut [u64], at: u32) {
    if let Some(word) = bits.get_mut(at as usize / 64) {
        *word |= 1 << (at % 64);
    }
}

/// The history, and how much was walked without it.
#[derive(Default)]
pub(super) struct Graph {
    index: HashMap<Oid, u32>,
    nodes: Vec<Node>,
    reached: HashMap<Vec<u32>, Reached>,
    ranges: VecDeque<(Asked, Rc<Range>)>,
    /// About so many bytes of commits are kept.
    size: usize,
    /// Commits that walks have read.
    walked: usize,
    /// So many of them must be walked before the next attempt.
    patience: usize,
}

impl Graph {
    /// Notes that a walk has read a commit.
    pub(super) fn walked(&mut self) {
        self.walked += 1;
    }

    /// The positions of commits, with all that they reach; `None` where walking them is cheaper, and where something cannot be read: then
    /// a walk has the answer, or says what is missing.
    pub(super) fn positions(&mut self, store: &Store, ids: &[Oid]) -> Option<Vec<u32>> {
        if self.nodes.is_empty() && self.walked < self.patience.max(PATIENCE) {
            return None;
        }
        // No more than was walked already: what is tried in vain at most doubles the work.
        let mut left = self.walked.max(PATIENCE);
        for &id in ids {
            if self.add(store, id, &mut left).is_none() {
                self.patience = self.walked.saturating_mul(2);
                *self = Self {
                    walked: self.walked,
                    patience: self.patience,
                    ..Self::default()
                };
                return None;
            }
        }
        ids.iter().map(|id| self.index.get(id).copied()).collect()
    }

    /// Reads a commit and everything behind it, parents first.
    fn add(&mut self, store: &Store, id: Oid, left: &mut usize) -> Option<()> {
        struct Open {
            id: Oid,
            time: i64,
            parents: Vec<Oid>,
            next: usize,
        }
        let mut open: Vec<Open> = Vec::new();
        let mut wanted = (!self.index.contains_key(&id)).then_some(id);
        loop {
            if let Some(id) = wanted.take() {
                *left = left.checked_sub(1)?;
                let object = store.local(id)?;
                let (parents, time) = header(object.data()).filter(|_| object.kind() == ObjectType::Commit)?;
                open.push(Open {
                    id,
                    time,
                    parents,
                    next: 0,
                });
            }
            let Some(last) = open.last_mut() else {
                return Some(());
            };
            if let Some(&parent) = last.parents.get(last.next) {
                last.next += 1;
                if !self.index.contains_key(&parent) {
                    wanted = Some(parent);
                }
                continue;
            }
            let done = open.pop()?;
            let parents: Option<Box<[u32]>> = done.parents.iter().map(|id| self.index.get(id).copied()).collect();
            // It may have been reached by another way meanwhile.
            if !self.index.contains_key(&done.id) {
                let at = u32::try_from(self.nodes.len()).ok()?;
                self.index.insert(done.id, at);
                self.nodes.push(Node {
                    id: done.id,
                    time: done.time,
                    parents: parents?,
                    read: None,
                });
            }
        }
    }

    fn node(&self, at: u32) -> Option<&Node> {
        self.nodes.get(at as usize)
    }

    fn parents(&self, at: u32) -> &[u32] {
        self.node(at).map_or(&[], |node| &node.parents)
    }

    pub(super) fn id(&self, at: u32) -> Option<Oid> {
        self.node(at).map(|node| node.id)
    }

    /// What some commits reach, themselves included.
    fn reach(&mut self, from: &[u32]) -> Reached {
        let mut key = from.to_vec();
        key.sort_unstable();
        key.dedup();
        if let Some(known) = self.reached.get(&key) {
            return known.clone();
        }
        let end = key.last().map_or(0, |&last| last + 1);
        let mut bits = vec![0_u64; (end as usize).div_ceil(64)];
        key.iter().for_each(|&at| set(&mut bits, at));
        for at in (0..end).rev() {
            if holds(&bits, at) {
                for &parent in self.parents(at) {
                    set(&mut bits, parent);
                }
            }
        }
        if self.reached.len() >= SETS {
            self.reached.clear();
        }
        let bits = Rc::new(bits);
        self.reached.insert(key, bits.clone());
        bits
    }

    /// True where `a` is `b` or an ancestor of it.
    pub(super) fn is_ancestor(&mut self, a: u32, b: u32) -> bool {
        a == b || a < b && holds(&self.reach(&[b]), a)
    }

    /// The commit at a position. Once too much is kept, all of it is dropped.
    pub(super) fn commit(&mut self, store: &Store, at: u32) -> Result<Option<(Oid, Rc<Commit>)>, GitError> {
        let Some(node) = self.nodes.get_mut(at as usize) else {
            return Ok(None);
        };
        let id = node.id;
        if let Some(known) = &node.read {
            return Ok(Some((id, known.clone())));
        }
        let commit = Rc::new(Commit::read(store, id)?);
        node.read = Some(commit.clone());
        let size = commit.message.len() + 400;
        self.size += size;
        if self.size > MOST {
            self.nodes.iter_mut().for_each(|node| node.read = None);
            self.size = size;
        }
        Ok(Some((id, commit)))
    }

    /// The commits reachable from one of `heads` and from none of `excluded`.
    pub(super) fn between(&mut self, excluded: &[u32], heads: &[u32]) -> Rc<Range> {
        let known = self
            .ranges
            .iter()
            .find(|(asked, _)| asked.0 == excluded && asked.1 == heads);
        if let Some((_, known)) = known {
            return known.clone();
        }
        let found = Rc::new(self.range(excluded, heads));
        if self.ranges.len() == RANGES {
            self.ranges.pop_front();
        }
        self.ranges
            .push_back(((excluded.to_vec(), heads.to_vec()), found.clone()));
        found
    }

    fn range(&mut self, excluded: &[u32], heads: &[u32]) -> Range {
        let known = self.reach(excluded);
        let end = heads.iter().max().map_or(0, |&last| last as usize + 1);
        let mut inside = vec![0_u64; end.div_ceil(64)];
        let mut queue = BinaryHeap::new();
        let mut pushed = 0_u32;
        let mut push = |at: u32, queue: &mut BinaryHeap<_>| {
            if !holds(&known, at) && !holds(&inside, at) {
                set(&mut inside, at);
                pushed += 1;
                let time = self.node(at).map_or(0, |node| node.time);
                queue.push((time, std::cmp::Reverse(pushed), at));
            }
        };
        for &at in heads {
            push(at, &mut queue);
        }
        let mut commits = Vec::new();
        while let Some((_, _, at)) = queue.pop() {
            commits.push(at);
            for &parent in self.parents(at) {
                push(parent, &mut queue);
            }
        }
        // A parent is inside, or known, and then it was never pushed.
        let mut passed = vec![0_u64; end.div_ceil(64)];
        let mut borders = Vec::new();
        for &parent in commits.iter().flat_map(|&at| self.parents(at)) {
            if !holds(&inside, parent) && !holds(&passed, parent) {
                set(&mut passed, parent);
                borders.push(parent);
            }
        }
        Range { commits, borders }
    }

    /// The merge base of two commits; `None` where there is more than one, or none at all.
    pub(super) fn merge_base(&mut self, a: u32, b: u32) -> Option<u32> {
        let new = self.between(&[a], &[b]);
        if new.commits.is_empty() {
            return Some(b);
        }
        let mut borders = new.borders.clone();
        borders.sort_unstable();
        // The last in order is no ancestor of another one.
        let last = borders.pop()?;
        borders.iter().all(|&at| self.is_ancestor(at, last)).then_some(last)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// A graph whose commits have the parents given, by position, and any time.
    fn graph(commits: &[(Vec<u32>, i64)]) -> Graph {
        let mut graph = Graph::default();
        for (at, (parents, time)) in commits.iter().enumerate() {
            let mut id = [0; 20];
            id[..8].copy_from_slice(&(at as u64).to_be_bytes());
            let id = Oid::from_bytes(&id).unwrap();
            graph.index.insert(id, at as u32);
            graph.nodes.push(Node {
                id,
                time: *time,
                parents: parents.clone().into(),
                read: None,
            });
        }
        graph
    }

    fn behind(graph: &Graph, at: u32) -> HashSet<u32> {
        let mut found = HashSet::from([at]);
        let mut rest = vec![at];
        while let Some(at) = rest.pop() {
            rest.extend(graph.parents(at).iter().filter(|&&parent| found.insert(parent)));
        }
        found
    }

    fn any_graph() -> impl Strategy<Value = Vec<(Vec<u32>, i64)>> {
        proptest::collection::vec((proptest::collection::vec(any::<u32>(), 0..3), 0..6_i64), 1..40).prop_map(|drawn| {
            let of = |(at, (parents, time)): (usize, (Vec<u32>, i64))| {
                let parents = parents.iter().filter(|_| at > 0).map(|p| p % (at as u32).max(1));
                (parents.collect(), time)
            };
            drawn.into_iter().enumerate().map(of).collect()
        })
    }

    proptest! {
        #[test]
        fn answers_are_those_of_the_definition(commits in any_graph(), a: u32, b: u32, c: u32) {
            let mut graph = graph(&commits);
            let count = commits.len() as u32;
            let (a, b, c) = (a % count, b % count, c % count);
            let (of_a, of_b, of_c) = (behind(&graph, a), behind(&graph, b), behind(&graph, c));
            prop_assert_eq!(graph.is_ancestor(a, b), of_b.contains(&a));
            let range = graph.between(&[a, b], &[c]);
            let new: HashSet<u32> = range.commits.iter().copied().collect();
            prop_assert_eq!(new.len(), range.commits.len());
            let from: Vec<u32> = range.commits.iter().flat_map(|&at| graph.parents(at).to_vec()).collect();
            let left: HashSet<u32> = from.into_iter().filter(|at| !new.contains(at)).collect();
            prop_assert_eq!(range.borders.len(), left.len());
            prop_assert_eq!(range.borders.iter().copied().collect::<HashSet<u32>>(), left);
            let wanted: HashSet<u32> = of_c.iter().copied().filter(|at| !of_a.contains(at) && !of_b.contains(at)).collect();
            prop_assert_eq!(new, wanted);
            let common: Vec<u32> = of_a.intersection(&of_b).copied().collect();
            let best: Vec<u32> = common
                .iter()
                .copied()
                .filter(|&at| common.iter().all(|&other| other == at || !behind(&graph, other).contains(&at)))
                .collect();
            let one = match best.as_slice() { [one] => Some(*one), _ => None };
            prop_assert_eq!(graph.merge_base(a, b), one);
        }
    }
}
