//! A tree against the index, directory by directory.

use std::cmp::Ordering;
use std::collections::HashMap;

use git2::Oid;

use super::cached::Directory;
use super::entries::Cursor;
use super::file::Index;
use super::unknown::Unknown;
use crate::change::{ObjectId, RepoPath};
use crate::git::raw::Raw;
use crate::git::store::{Store, own};
use crate::git::tree::{self, Item, Node, Tree, list, node};

/// How deep directories may be nested before git is asked.
const DEPTH: usize = 512;

/// What is found, and how far.
pub(super) struct Comparison<'i> {
    store: &'i Store,
    index: &'i Index,
    cursor: Cursor<'i>,
    /// The path seen last: what comes before it is out of order.
    seen: Vec<u8>,
    found: Vec<Raw>,
}

/// What the index has next in a directory.
enum Next {
    /// A file, and what is staged there.
    File(Vec<u8>, (Node, ObjectId)),
    Directory(Vec<u8>),
}

impl<'i> Comparison<'i> {
    pub(super) fn new(store: &'i Store, index: &'i Index) -> Self {
        Self {
            store,
            index,
            cursor: Cursor::new(&index.file, index.layout, &index.blocks),
            seen: Vec::new(),
            found: Vec::new(),
        }
    }

    pub(super) fn run(mut self, tree: Oid) -> Result<Vec<Raw>, Unknown> {
        let root = self.index.cached.as_ref().and_then(|cached| cached.root());
        self.directory(Some(tree), &mut Vec::new(), root, 0)?;
        match self.cursor.at == self.index.blocks.count {
            true => Ok(self.found),
            false => Err(Unknown),
        }
    }

    /// Compares the directory whose path, with a slash behind it, is `path`.
    fn directory(
        &mut self,
        tree: Option<Oid>,
        path: &mut Vec<u8>,
        cached: Option<Directory>,
        depth: usize,
    ) -> Result<(), Unknown> {
        if depth > DEPTH {
            return Err(Unknown);
        }
        if let (Some(tree), Some(at), Some(cache)) = (tree, cached, &self.index.cached)
            && let Some((id, count)) = cache.valid(at)
            && id == tree
        {
            return self.step_over(path, count);
        }
        let children = match (&self.index.cached, cached) {
            (Some(cache), Some(at)) => cache.children(at),
            _ => HashMap::new(),
        };
        let tree = match tree {
            Some(id) => tree::read(self.store, id).map_err(|_| Unknown)?,
            None => Tree::default(),
        };
        let mut items = tree.items().peekable();
        loop {
            let next = self.next(path)?;
            let order = match (items.peek(), &next) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(item), Some(next)) => order(item, next),
            };
            let old = match order {
                Ordering::Greater => None,
                _ => items.next(),
            };
            let length = path.len();
            match (old, next.filter(|_| order != Ordering::Less)) {
                (None, None) => return Err(Unknown),
                (Some(item), None) => self.gone(item, path)?,
                (old, Some(Next::File(name, new))) => {
                    path.extend_from_slice(&name);
                    self.cursor.at += 1;
                    let old = old.map(|item| (item.node, own(item.id)));
                    if old.as_ref() != Some(&new) {
                        self.found.push(Raw {
                            old,
                            new: Some(new),
                            path: RepoPath::new(path.as_slice()),
                        });
                    }
                }
                (old, Some(Next::Directory(name))) => {
                    path.extend_from_slice(&name);
                    path.push(b'/');
                    let below = children.get(name.as_slice()).copied();
                    self.directory(old.map(|item| item.id), path, below, depth + 1)?;
                }
            }
            path.truncate(length);
        }
    }

    /// What comes next below a path. What does not lie there ends the directory; what is behind its place is not in order.
    fn next(&mut self, path: &[u8]) -> Result<Option<Next>, Unknown> {
        let Some(entry) = self.cursor.peek()? else {
            return Ok(None);
        };
        if entry.path < self.seen.as_slice() {
            return Err(Unknown);
        }
        let Some(rest) = entry.path.strip_prefix(path) else {
            return Ok(None);
        };
        self.seen.clear();
        self.seen.extend_from_slice(entry.path);
        if let Some(slash) = rest.iter().position(|&byte| byte == b'/') {
            let name = rest.get(..slash).filter(|name| !name.is_empty()).ok_or(Unknown)?;
            return Ok(Some(Next::Directory(name.to_vec())));
        }
        // A directory as an entry is a sparse index; an id of zeros cannot be judged.
        let leaf = node(entry.mode)
            .filter(|node| *node != Node::Directory)
            .ok_or(Unknown)?;
        if rest.is_empty() || entry.id.is_zero() {
            return Err(Unknown);
        }
        Ok(Some(Next::File(rest.to_vec(), (leaf, own(entry.id)))))
    }

    /// Everything below a path is as the tree has it. The entries must be those below it, and all of them.
    fn step_over(&mut self, path: &[u8], count: usize) -> Result<(), Unknown> {
        let first = self.cursor.at;
        let end = first.checked_add(count).ok_or(Unknown)?;
        let mut below = |number: usize| {
            Ok::<_, Unknown>(
                self.cursor
                    .entry(number)?
                    .is_some_and(|entry| entry.path.starts_with(path)),
            )
        };
        let all = count == 0 || below(first)? && below(end - 1)?;
        let more = end < self.index.blocks.count && below(end)?;
        if !all || more || end > self.index.blocks.count {
            return Err(Unknown);
        }
        if let Some(last) = end.checked_sub(1).filter(|_| count > 0) {
            let last = self.cursor.entry(last)?.ok_or(Unknown)?;
            self.seen.clear();
            self.seen.extend_from_slice(last.path);
        }
        self.cursor.at = end;
        Ok(())
    }

    /// What HEAD has and the index has not.
    fn gone(&mut self, item: Item<'_>, path: &[u8]) -> Result<(), Unknown> {
        let path = [path, item.name].concat();
        let mut lost = |path: RepoPath, old| {
            self.found.push(Raw {
                old: Some(old),
                new: None,
                path,
            });
        };
        match item.node {
            Node::Leaf(_) => lost(RepoPath::new(path.as_slice()), (item.node, own(item.id))),
            Node::Directory => {
                for (below, entry) in list(self.store, item.id, b"").map_err(|_| Unknown)? {
                    let whole = [&path, &b"/"[..], below.as_bytes()].concat();
                    lost(RepoPath::new(whole.as_slice()), (Node::Leaf(entry.mode), entry.id));
                }
            }
        }
        Ok(())
    }
}

/// The order of trees, in which a directory compares as if its name ended in a slash.
fn order(item: &Item<'_>, next: &Next) -> Ordering {
    let (name, node) = match next {
        Next::File(name, (node, _)) => (name, *node),
        Next::Directory(name) => (name, Node::Directory),
    };
    item.order(&Item {
        name,
        node,
        id: item.id,
    })
}
