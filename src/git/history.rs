//! Walks commits: merge bases, ancestry, the commits of a range.
//!
//! A parent that a shallow clone lacks is never a root. Where it could change the answer, there is no answer but
//! [`GitError::Shallow`]; where it could not (it lies behind what both sides are known to share), it is passed over.

use std::cell::RefMut;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::rc::Rc;

use git2::Oid;

use super::commit::Commit;
use super::graph::Graph;
use super::store::own;
use super::{GitError, Repository};
use crate::change::ObjectId;
use crate::progress::{self, Work};

/// Reached from the first side.
const ONE: u8 = 1;
/// Reached from the second side.
const TWO: u8 = 2;
/// Reached from a common ancestor.
const STALE: u8 = 4;
/// Already in the result.
const RESULT: u8 = 8;
/// Not wanted in a range.
const EXCLUDED: u8 = 1;
/// How many excluded commits are still looked at after nothing else is left, in case dates are not in order.
const SLOP: usize = 64;

/// A commit as the walks see it.
struct Seen {
    id: Oid,
    commit: Commit,
    flags: u8,
    queued: bool,
}

/// The commits seen so far, and those still to be looked at, newest first.
struct Walk<'r> {
    repository: &'r Repository,
    shallow: bool,
    index: HashMap<Oid, usize>,
    seen: Vec<Seen>,
    queue: BinaryHeap<(i64, std::cmp::Reverse<usize>, usize)>,
    pushed: usize,
    /// Queued commits that still matter to the walk.
    open: usize,
    /// The flags of a commit that no longer matters.
    settled: u8,
    /// Commits that are missing, each with the child that names it.
    missing: Vec<(usize, Oid)>,
}

impl<'r> Walk<'r> {
    fn new(repository: &'r Repository, settled: u8) -> Self {
        Self {
            repository,
            shallow: repository.is_shallow(),
            index: HashMap::new(),
            seen: Vec::new(),
            queue: BinaryHeap::new(),
            pushed: 0,
            open: 0,
            settled,
            missing: Vec::new(),
        }
    }

    /// The position of a commit, which is read on first sight; `None` where a shallow clone lacks it.
    fn load(&mut self, id: Oid) -> Result<Option<usize>, GitError> {
        if let Some(&at) = self.index.get(&id) {
            return Ok(Some(at));
        }
        let store = &self.repository.store;
        let commit = match self.shallow {
            true => Commit::local(store, id)?,
            false => Some(Commit::read(store, id)?),
        };
        let Some(commit) = commit else {
            return Ok(None);
        };
        progress::step();
        self.repository.graph.borrow_mut().walked();
        let at = self.seen.len();
        self.index.insert(id, at);
        self.seen.push(Seen {
            id,
            commit,
            flags: 0,
            queued: false,
        });
        Ok(Some(at))
    }

    /// A commit that the walk starts from, which must be here.
    fn start(&mut self, id: &ObjectId, flags: u8) -> Result<usize, GitError> {
        let oid = self.repository.store.oid(id, "commit")?;
        let at = self
            .load(oid)?
            .ok_or_else(|| GitError::Shallow { commit: id.clone() })?;
        self.mark(at, flags);
        self.push(at);
        Ok(at)
    }

    fn flags(&self, at: usize) -> u8 {
        self.seen.get(at).map_or(0, |seen| seen.flags)
    }

    fn mark(&mut self, at: usize, flags: u8) {
        let settled = self.settled;
        if let Some(seen) = self.seen.get_mut(at) {
            let before = seen.flags & settled != 0;
            seen.flags |= flags;
            if seen.queued && !before && seen.flags & settled != 0 {
                self.open -= 1;
            }
        }
    }

    fn push(&mut self, at: usize) {
        if let Some(seen) = self.seen.get_mut(at).filter(|seen| !seen.queued) {
            seen.queued = true;
            self.open += usize::from(seen.flags & self.settled == 0);
            self.pushed += 1;
            self.queue.push((seen.commit.time, std::cmp::Reverse(self.pushed), at));
        }
    }

    fn pop(&mut self) -> Option<usize> {
        let (_, _, at) = self.queue.pop()?;
        if let Some(seen) = self.seen.get_mut(at) {
            seen.queued = false;
            self.open -= usize::from(seen.flags & self.settled == 0);
        }
        Some(at)
    }

    fn parents(&self, at: usize) -> Vec<Oid> {
        self.seen
            .get(at)
            .map(|seen| seen.commit.parents.clone())
            .unwrap_or_default()
    }

    /// The parent's position; where it is missing, that is noted with the child, which may settle later.
    fn parent(&mut self, child: usize, id: Oid) -> Result<Option<usize>, GitError> {
        let found = self.load(id)?;
        if found.is_none() {
            self.missing.push((child, id));
        }
        Ok(found)
    }

    /// A missing commit whose child is not settled.
    fn gap(&self, settled: impl Fn(u8) -> bool) -> Option<Oid> {
        let gap = self.missing.iter().find(|(child, _)| !settled(self.flags(*child)));
        gap.map(|(_, id)| *id)
    }

    /// Marks what either side reaches, until only common ancestors of common ancestors are left (as git's `paint_down_to_common`).
    /// Stops early once `wanted` is reached from the second side. Returns the common ancestors met first.
    fn paint(&mut self, wanted: Option<usize>) -> Result<Vec<usize>, GitError> {
        let mut common = Vec::new();
        // What lies behind a common ancestor is shared, whatever it is.
        let shared = |flags: u8| flags & STALE != 0 || flags & (ONE | TWO) == ONE | TWO;
        let reached = |walk: &Self| wanted.is_some_and(|at| walk.flags(at) & TWO != 0);
        // Dates may be out of order, so what is shared may yet reach the border of a shallow clone.
        while !reached(self) && (self.open > 0 || self.gap(shared).is_some()) {
            let Some(at) = self.pop() else { break };
            let mut flags = self.flags(at) & (ONE | TWO | STALE);
            if flags == ONE | TWO {
                if self.flags(at) & RESULT == 0 {
                    self.mark(at, RESULT);
                    common.push(at);
                }
                flags |= STALE;
            }
            for parent in self.parents(at) {
                let Some(parent) = self.parent(at, parent)? else {
                    continue;
                };
                if self.flags(parent) & flags != flags {
                    self.mark(parent, flags);
                    self.push(parent);
                }
            }
        }
        if let Some(gap) = self.gap(shared).filter(|_| !reached(self)) {
            return Err(GitError::Shallow { commit: own(gap) });
        }
        common.retain(|&at| self.flags(at) & STALE == 0);
        Ok(common)
    }

    /// Marks the ancestors, as far as they have been seen.
    fn exclude(&mut self, at: usize) {
        let mut rest = vec![at];
        while let Some(at) = rest.pop() {
            self.mark(at, EXCLUDED);
            for parent in self.parents(at) {
                if let Some(&parent) = self.index.get(&parent)
                    && self.flags(parent) & EXCLUDED == 0
                {
                    rest.push(parent);
                }
            }
        }
    }
}

/// The history in memory, and where some commits are in it.
type Placed<'r> = (RefMut<'r, Graph>, Vec<u32>);

/// A commit of a range.
#[derive(Clone)]
pub(super) struct Ranged {
    pub(super) id: Oid,
    pub(super) commit: Rc<Commit>,
}

impl Repository {
    /// All merge bases (git-merge-base(1) `--all`), newest first; empty where there is no common history.
    pub fn merge_bases(&self, a: &ObjectId, b: &ObjectId) -> Result<Vec<ObjectId>, GitError> {
        if a == b {
            return Ok(vec![a.clone()]);
        }
        let _reading = progress::begin(Work::History, 0);
        if let Some((mut graph, a, b)) = self.pair_in_memory(a, b)?
            && let Some(base) = graph.merge_base(a, b).and_then(|at| graph.id(at))
        {
            return Ok(vec![own(base)]);
        }
        let mut walk = Walk::new(self, STALE);
        walk.start(a, ONE)?;
        walk.start(b, TWO)?;
        let found = walk.paint(None)?;
        let mut bases: Vec<(i64, ObjectId)> = Vec::new();
        for seen in found.iter().filter_map(|&at| walk.seen.get(at)) {
            bases.push((seen.commit.time, own(seen.id)));
        }
        if bases.len() > 1 {
            // One of several could be an ancestor of another by way of commits that are not here.
            if !walk.missing.is_empty() {
                return Err(GitError::Shallow { commit: a.clone() });
            }
            bases = self.independent(bases)?;
        }
        bases.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        Ok(bases.into_iter().map(|(_, id)| id).collect())
    }

    /// Drops each commit that is an ancestor of another one; dates that are out of order leave some.
    fn independent(&self, mut bases: Vec<(i64, ObjectId)>) -> Result<Vec<(i64, ObjectId)>, GitError> {
        let mut kept: Vec<(i64, ObjectId)> = Vec::new();
        while let Some(base) = bases.pop() {
            let mut redundant = false;
            for (_, other) in bases.iter().chain(&kept) {
                redundant = redundant || self.is_ancestor(&base.1, other)?;
            }
            if !redundant {
                kept.push(base);
            }
        }
        Ok(kept)
    }

    /// The parents of a commit as it names them, whether they are here or not.
    pub fn parents(&self, commit: &ObjectId) -> Result<Vec<ObjectId>, GitError> {
        let id = self.store.oid(commit, "commit")?;
        let read = Commit::read(&self.store, id)?;
        Ok(read.parents.into_iter().map(own).collect())
    }

    /// True where `a` is `b` or an ancestor of it.
    pub fn is_ancestor(&self, a: &ObjectId, b: &ObjectId) -> Result<bool, GitError> {
        if a == b {
            return Ok(true);
        }
        if let Some((mut graph, a, b)) = self.pair_in_memory(a, b)? {
            return Ok(graph.is_ancestor(a, b));
        }
        let mut walk = Walk::new(self, STALE);
        let wanted = walk.start(a, ONE)?;
        walk.start(b, TWO)?;
        walk.paint(Some(wanted))?;
        Ok(walk.flags(wanted) & TWO != 0)
    }

    /// Where what is new in `head` leaves what `known` reach: the parents, outside the range, of the commits inside, newest child first.
    /// `None` where nothing is new.
    pub fn borders(&self, known: &[ObjectId], head: &ObjectId) -> Result<Option<Vec<ObjectId>>, GitError> {
        let ids = [known, std::slice::from_ref(head)].concat();
        if let Some((mut graph, at)) = self.in_memory(&ids)? {
            let (known, head) = at.split_at_checked(known.len()).unwrap_or_default();
            let range = graph.between(known, head);
            let borders = range.borders.iter().filter_map(|&at| graph.id(at)).map(own);
            return Ok((!range.commits.is_empty()).then(|| borders.collect()));
        }
        let new = self.between(known, std::slice::from_ref(head))?;
        if new.is_empty() {
            return Ok(None);
        }
        let inside: HashSet<Oid> = new.iter().map(|ranged| ranged.id).collect();
        let (mut borders, mut passed) = (Vec::new(), HashSet::new());
        for parent in new.iter().flat_map(|ranged| &ranged.commit.parents) {
            if !inside.contains(parent) && passed.insert(*parent) {
                borders.push(own(*parent));
            }
        }
        Ok(Some(borders))
    }

    /// The commits reachable from one of `heads` and from none of `excluded`, newest first.
    pub(super) fn between(&self, excluded: &[ObjectId], heads: &[ObjectId]) -> Result<Vec<Ranged>, GitError> {
        let _reading = progress::begin(Work::History, 0);
        if let Some(found) = self.between_in_memory(excluded, heads)? {
            return Ok(found);
        }
        if let Some(known) = self.shared.range_of(excluded, heads) {
            return Ok(known);
        }
        let found = self.walk_between(excluded, heads)?;
        self.shared.keep_range(excluded, heads, &found);
        Ok(found)
    }

    fn walk_between(&self, excluded: &[ObjectId], heads: &[ObjectId]) -> Result<Vec<Ranged>, GitError> {
        let mut walk = Walk::new(self, EXCLUDED);
        for id in excluded {
            walk.start(id, EXCLUDED)?;
        }
        for id in heads {
            walk.start(id, 0)?;
        }
        let mut found = Vec::new();
        let mut oldest = i64::MAX;
        let mut slop = SLOP;
        while slop > 0 {
            let Some(at) = walk.pop() else { break };
            let excluded = walk.flags(at) & EXCLUDED != 0;
            if excluded {
                walk.exclude(at);
            } else {
                found.push(at);
                oldest = walk.seen.get(at).map_or(oldest, |seen| seen.commit.time.min(oldest));
            }
            for parent in walk.parents(at) {
                let new = !walk.index.contains_key(&parent);
                let Some(parent) = walk.parent(at, parent)? else {
                    continue;
                };
                if excluded {
                    walk.mark(parent, EXCLUDED);
                }
                if new {
                    walk.push(parent);
                }
            }
            let next = walk.queue.peek().map_or(i64::MIN, |(time, _, _)| *time);
            slop = if walk.open > 0 || next >= oldest {
                SLOP
            } else {
                slop - 1
            };
        }
        if let Some(gap) = walk.gap(|flags| flags & EXCLUDED != 0) {
            return Err(GitError::Shallow { commit: own(gap) });
        }
        let Walk { mut seen, .. } = walk;
        let mut commits = Vec::with_capacity(found.len());
        for at in found {
            if let Some(seen) = seen.get_mut(at).filter(|seen| seen.flags & EXCLUDED == 0) {
                let message = std::mem::take(&mut seen.commit.message);
                let commit = Commit {
                    message,
                    ..seen.commit.clone()
                };
                commits.push(Ranged {
                    id: seen.id,
                    commit: Rc::new(commit),
                });
            }
        }
        Ok(commits)
    }

    fn between_in_memory(&self, excluded: &[ObjectId], heads: &[ObjectId]) -> Result<Option<Vec<Ranged>>, GitError> {
        let ids = [excluded, heads].concat();
        let Some((mut graph, at)) = self.in_memory(&ids)? else {
            return Ok(None);
        };
        let (excluded, heads) = at.split_at_checked(excluded.len()).unwrap_or_default();
        let range = graph.between(excluded, heads);
        let mut found = Vec::with_capacity(range.commits.len());
        for &at in &range.commits {
            let read = graph.commit(&self.store, at)?;
            found.extend(read.map(|(id, commit)| Ranged { id, commit }));
        }
        Ok(Some(found))
    }

    /// The history in memory, where that is cheaper, with the positions of some commits. Where a clone is shallow, a walk must see what it
    /// lacks.
    fn in_memory(&self, ids: &[ObjectId]) -> Result<Option<Placed<'_>>, GitError> {
        if self.is_shallow() {
            return Ok(None);
        }
        let ids = ids.iter().map(|id| self.store.oid(id, "commit"));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let mut graph = self.graph.borrow_mut();
        let at = graph.positions(&self.store, &ids);
        Ok(at.map(|at| (graph, at)))
    }

    fn pair_in_memory(&self, a: &ObjectId, b: &ObjectId) -> Result<Option<(RefMut<'_, Graph>, u32, u32)>, GitError> {
        let found = self.in_memory(&[a.clone(), b.clone()])?;
        Ok(found.and_then(|(graph, at)| match at.as_slice() {
            &[a, b] => Some((graph, a, b)),
            _ => None,
        }))
    }
}
