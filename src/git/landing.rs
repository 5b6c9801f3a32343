//! Where things came in: the first-parent chain of a branch, and which commit of a range comes before which.

use std::collections::HashMap;

use git2::Oid;

use super::commit::Commit;
use super::store::own;
use super::tree::{self, Node};
use super::{GitError, Repository};
use crate::change::{FileChange, ObjectId, RepoPath, Snapshot, TreeEntry};

/// A commit of a first-parent chain, with what it changed below the prefixes that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The commit.
    pub commit: ObjectId,
    /// When, as its committer claims, in seconds since 1970.
    pub time: i64,
    /// Its parents, the first one first; none for a root, and none where a shallow clone is cut off.
    pub parents: Vec<ObjectId>,
    /// True where a shallow clone is cut off here: whatever the commit holds came in here, or earlier.
    pub cut: bool,
    /// What differs from the first parent, sorted by path.
    pub files: Vec<FileChange>,
}

/// Which commits of a range added files in, and which of them come before which.
#[derive(Clone, Debug, Default)]
pub struct Introductions {
    /// For each file that was asked for, the commits that introduced it, as numbers that grow from parents to children.
    pub commits: Vec<Vec<usize>>,
    /// For each of the commits, those that it descends from, as bits.
    ancestors: Vec<Vec<u64>>,
}

impl Introductions {
    /// True where the first commit is a proper ancestor of the second.
    pub fn is_before(&self, first: usize, second: usize) -> bool {
        let word = self.ancestors.get(second).and_then(|bits| bits.get(first / 64));
        word.is_some_and(|word| word >> (first % 64) & 1 == 1)
    }
}

/// What is at a prefix of a commit.
type Below = Option<(Node, Oid)>;

impl Repository {
    /// Walks the first-parent chain from `tip` towards the root, as long as `visit` says so.
    ///
    /// # Errors
    ///
    /// Any object that cannot be read, and what `visit` returns.
    pub fn first_parents<E: From<GitError>>(
        &self,
        tip: &ObjectId,
        prefixes: &[Vec<u8>],
        mut visit: impl FnMut(Landing) -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut at = self.store.oid(tip, "commit")?;
        let mut commit = Commit::read(&self.store, at).map_err(E::from)?;
        let mut here = self.below(commit.tree, prefixes)?;
        loop {
            let parent = match commit.parents.first() {
                Some(&first) if self.is_shallow() => Commit::local(&self.store, first)?.map(|parent| (first, parent)),
                Some(&first) => Some((first, Commit::read(&self.store, first)?)),
                None => None,
            };
            let before = match &parent {
                Some((_, parent)) => self.below(parent.tree, prefixes)?,
                None => vec![None; prefixes.len()],
            };
            let mut files = Vec::new();
            for ((prefix, old), new) in prefixes.iter().zip(&before).zip(&here) {
                files.extend(self.compare_prefix(prefix, *old, *new)?);
            }
            files.sort_by(|a, b| a.path.cmp(&b.path));
            files.dedup_by(|a, b| a.path == b.path);
            let cut = parent.is_none() && !commit.parents.is_empty();
            let parents = if cut {
                Vec::new()
            } else {
                std::mem::take(&mut commit.parents)
            };
            let go_on = visit(Landing {
                commit: own(at),
                time: commit.time,
                parents: parents.into_iter().map(own).collect(),
                cut,
                files,
            })?;
            match parent.filter(|_| go_on) {
                Some((id, next)) => (at, commit, here) = (id, next, before),
                None => return Ok(()),
            }
        }
    }

    fn below(&self, root: Oid, prefixes: &[Vec<u8>]) -> Result<Vec<Below>, GitError> {
        let find = |prefix: &Vec<u8>| match prefix.strip_suffix(b"/").unwrap_or(prefix) {
            [] => Ok(Some((Node::Directory, root))),
            prefix => tree::find(&self.store, root, prefix),
        };
        prefixes.iter().map(find).collect()
    }

    fn compare_prefix(&self, prefix: &[u8], old: Below, new: Below) -> Result<Vec<FileChange>, GitError> {
        if old == new {
            return Ok(Vec::new());
        }
        let prefix = prefix.strip_suffix(b"/").unwrap_or(prefix);
        let tree = |at: Below| at.filter(|(node, _)| *node == Node::Directory).map(|(_, id)| id);
        let leaf = |at: Below| match at {
            Some((Node::Leaf(mode), id)) => Some(TreeEntry { mode, id: own(id) }),
            _ => None,
        };
        let mut files = tree::compare_below(&self.store, prefix, tree(old), tree(new))?;
        if let Some(kind) = tree::kind(leaf(old), leaf(new)) {
            files.push(FileChange {
                path: RepoPath::new(prefix),
                kind,
            });
        }
        Ok(files)
    }

    /// For each file, the commits of the range that hold exactly that blob there while none of their parents does, and how these commits
    /// are related.
    pub fn order_of(
        &self,
        excluded: &[ObjectId],
        heads: &[ObjectId],
        wanted: &[(&RepoPath, &ObjectId)],
    ) -> Result<Introductions, GitError> {
        let introduced = self.introductions(excluded, heads, wanted)?;
        let mut marks: HashMap<&ObjectId, usize> = HashMap::new();
        for commit in introduced.iter().flatten() {
            marks.insert(commit, usize::MAX);
        }
        let range = self.between(excluded, heads)?;
        let inside: HashMap<Oid, usize> = range.iter().enumerate().map(|(at, ranged)| (ranged.id, at)).collect();
        let words = marks.len().div_ceil(64);
        // Parents first; dates may lie, so a commit waits for its parents.
        let mut reached: Vec<Option<Vec<u64>>> = vec![None; range.len()];
        let mut ancestors: Vec<Vec<u64>> = Vec::with_capacity(marks.len());
        let mut open: Vec<usize> = (0..range.len()).collect();
        while let Some(at) = open.pop() {
            let Some(ranged) = range.get(at).filter(|_| reached.get(at).is_some_and(Option::is_none)) else {
                continue;
            };
            let parents: Vec<usize> = ranged
                .commit
                .parents
                .iter()
                .filter_map(|parent| inside.get(parent).copied())
                .collect();
            let waits = |parent: &&usize| reached.get(**parent).is_some_and(Option::is_none);
            let waiting: Vec<usize> = parents.iter().filter(waits).copied().collect();
            if !waiting.is_empty() {
                open.push(at);
                open.extend(waiting);
                continue;
            }
            let mut bits = vec![0; words];
            for parent in parents {
                let of_parent = reached.get(parent).and_then(Option::as_ref);
                for (word, other) in bits.iter_mut().zip(of_parent.into_iter().flatten()) {
                    *word |= other;
                }
            }
            let id = own(ranged.id);
            if let Some(mark) = marks.get_mut(&id) {
                let number = ancestors.len();
                *mark = number;
                ancestors.push(bits.clone());
                if let Some(word) = bits.get_mut(number / 64) {
                    *word |= 1 << (number % 64);
                }
            }
            if let Some(slot) = reached.get_mut(at) {
                *slot = Some(bits);
            }
        }
        let number = |commit: &ObjectId| marks.get(commit).copied();
        Ok(Introductions {
            commits: introduced
                .iter()
                .map(|commits| commits.iter().filter_map(number).collect())
                .collect(),
            ancestors,
        })
    }

    /// Whether a regular file is at a path.
    ///
    /// # Errors
    ///
    /// Any object that cannot be read.
    pub fn holds_file(&self, at: &Snapshot, path: &RepoPath) -> Result<bool, GitError> {
        use crate::change::Mode::{Executable, Regular};
        let entry = self.entry(at, path)?;
        Ok(entry.is_some_and(|entry| matches!(entry.mode, Regular | Executable)))
    }
}
