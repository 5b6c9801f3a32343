//! Reads and compares trees: one entry, all entries below a directory, what differs between two trees.
//!
//! The walk is certgate's own, over raw tree objects, so that every read goes through the store (which knows about missing objects),
//! equal subtrees are never opened, and a tree that git would not write is refused instead of half read.

use std::cmp::Ordering;
use std::iter::Peekable;

use git2::{ObjectType, Oid};

use super::GitError;
use super::store::{Store, own};
use crate::change::{ChangeKind, Entry, FileChange, Mode, RepoPath};

/// How deep directories may be nested; git's own limit (`core.maxTreeDepth`).
const DEPTH: usize = 2048;

/// What stands behind a name in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Another tree.
    Directory,
    /// A leaf.
    Leaf(Mode),
}

/// One line of a tree object.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) name: Vec<u8>,
    pub(super) node: Node,
    pub(super) id: Oid,
}

impl Item {
    /// The order of tree objects: directories compare as if their name ended in `/`.
    fn order(&self, other: &Self) -> Ordering {
        let key = |item: &Self| (item.node == Node::Directory).then_some(b'/');
        let (a, b) = (
            self.name.iter().copied().chain(key(self)),
            other.name.iter().copied().chain(key(other)),
        );
        a.cmp(b)
    }

    fn entry(&self) -> Option<Entry> {
        match self.node {
            Node::Directory => None,
            Node::Leaf(mode) => Some(Entry { mode, id: own(self.id) }),
        }
    }
}

/// What a numeric mode stands for. Git reads every regular file as 100644 or 100755.
pub(super) fn node(raw: u32) -> Option<Node> {
    match raw & 0o170_000 {
        0o040_000 => Some(Node::Directory),
        0o100_000 if raw & 0o100 != 0 => Some(Node::Leaf(Mode::Executable)),
        0o100_000 => Some(Node::Leaf(Mode::Regular)),
        0o120_000 => Some(Node::Leaf(Mode::Symlink)),
        0o160_000 => Some(Node::Leaf(Mode::Gitlink)),
        _ => None,
    }
}

/// Refuses a tree that is nested too deeply, judging by the path that leads to it.
fn check_depth(id: Oid, path: &[u8]) -> Result<(), GitError> {
    if path.iter().filter(|&&b| b == b'/').count() <= DEPTH {
        return Ok(());
    }
    Err(GitError::Malformed {
        id: own(id),
        role: "directory",
        why: format!("it is nested deeper than {DEPTH} directories"),
    })
}

/// Reads a tree object; its items are in order and each name is there once.
pub(super) fn items(store: &Store, id: Oid) -> Result<Vec<Item>, GitError> {
    let object = store.need(id, ObjectType::Tree, "directory")?;
    parse(object.data(), store.hex_length() / 2).map_err(|why| GitError::Malformed {
        id: own(id),
        role: "directory",
        why: why.to_owned(),
    })
}

fn parse(data: &[u8], width: usize) -> Result<Vec<Item>, &'static str> {
    let mut items: Vec<Item> = Vec::with_capacity(data.len() / (width + 16));
    let mut rest = data;
    while !rest.is_empty() {
        let blank = rest.iter().position(|&b| b == b' ').ok_or("an entry has no mode")?;
        let (mode, tail) = rest.split_at(blank);
        let tail = tail.get(1..).unwrap_or_default();
        let end = tail.iter().position(|&b| b == 0).ok_or("an entry has no name")?;
        let (name, tail) = tail.split_at(end);
        let (id, tail) = tail
            .get(1..)
            .and_then(|tail| tail.split_at_checked(width))
            .ok_or("it is cut off")?;
        let raw = std::str::from_utf8(mode)
            .ok()
            .and_then(|text| u32::from_str_radix(text, 8).ok());
        let item = Item {
            name: name.to_vec(),
            node: raw.and_then(node).ok_or("an entry has an unknown mode")?,
            id: Oid::from_bytes(id).map_err(|_| "an entry has no id")?,
        };
        if matches!(name, b"" | b"." | b"..") || name.contains(&b'/') {
            return Err("an entry has a name that no file can have");
        }
        if items.last().is_some_and(|last| last.order(&item) != Ordering::Less) {
            return Err("its entries are not in order");
        }
        items.push(item);
        rest = tail;
    }
    Ok(items)
}

/// The item at a path, if there is one.
pub(super) fn find(store: &Store, root: Oid, path: &[u8]) -> Result<Option<Item>, GitError> {
    let mut tree = root;
    let mut names = path.split(|&b| b == b'/').peekable();
    while let Some(name) = names.next() {
        let Some(item) = items(store, tree)?.into_iter().find(|item| item.name == name) else {
            return Ok(None);
        };
        match (names.peek().is_some(), item.node) {
            (false, _) => return Ok(Some(item)),
            (true, Node::Directory) => tree = item.id,
            (true, Node::Leaf(_)) => return Ok(None),
        }
    }
    Ok(None)
}

/// The leaf at a path, if there is one.
pub(super) fn entry(store: &Store, root: Oid, path: &[u8]) -> Result<Option<Entry>, GitError> {
    Ok(find(store, root, path)?.and_then(|item| item.entry()))
}

/// All leaves below (or at) a directory prefix without trailing slash; the empty prefix is the root.
pub(super) fn list(store: &Store, root: Oid, prefix: &[u8]) -> Result<Vec<(RepoPath, Entry)>, GitError> {
    let mut found = Vec::new();
    if prefix.is_empty() {
        walk(store, root, &mut Vec::new(), &mut |path, entry| {
            found.push((path, entry))
        })?;
    } else if let Some(item) = find(store, root, prefix)? {
        match item.entry() {
            Some(entry) => found.push((RepoPath::new(prefix), entry)),
            None => {
                let mut path = prefix.to_vec();
                path.push(b'/');
                walk(store, item.id, &mut path, &mut |path, entry| found.push((path, entry)))?;
            }
        }
    }
    Ok(found)
}

/// Visits every leaf of a tree in order; `path` is what stands before its names. Nesting costs memory, not stack.
fn walk(store: &Store, tree: Oid, path: &mut Vec<u8>, visit: &mut impl FnMut(RepoPath, Entry)) -> Result<(), GitError> {
    let mut open = vec![(items(store, tree)?.into_iter(), path.len())];
    while let Some((rest, length)) = open.last_mut() {
        path.truncate(*length);
        let Some(item) = rest.next() else {
            open.pop();
            continue;
        };
        path.extend_from_slice(&item.name);
        match item.entry() {
            Some(entry) => visit(RepoPath::new(path.as_slice()), entry),
            None => {
                path.push(b'/');
                check_depth(item.id, path)?;
                open.push((items(store, item.id)?.into_iter(), path.len()));
            }
        }
    }
    Ok(())
}

/// What differs between two trees, sorted by path. `None` is the tree without entries.
pub(super) fn compare(store: &Store, old: Option<Oid>, new: Option<Oid>) -> Result<Vec<FileChange>, GitError> {
    compare_below(store, b"", old, new)
}

/// What differs between two trees that stand at `directory`; the empty one is the root.
pub(super) fn compare_below(
    store: &Store,
    directory: &[u8],
    old: Option<Oid>,
    new: Option<Oid>,
) -> Result<Vec<FileChange>, GitError> {
    let mut path = directory.to_vec();
    if !path.is_empty() && !path.ends_with(b"/") {
        path.push(b'/');
    }
    let mut changes = Vec::new();
    let mut open = vec![Pair::open(store, old, new, path.len())?];
    // Trees are walked in their own order, in which `a.b` comes before what is below `a`: the order of the full paths too.
    while let Some(pair) = open.last_mut() {
        path.truncate(pair.length);
        let (old, new) = pair.next();
        let Some(item) = old.as_ref().or(new.as_ref()) else {
            open.pop();
            continue;
        };
        path.extend_from_slice(&item.name);
        if item.node == Node::Directory {
            path.push(b'/');
            check_depth(item.id, &path)?;
            open.push(Pair::open(
                store,
                old.map(|item| item.id),
                new.map(|item| item.id),
                path.len(),
            )?);
            continue;
        }
        let (old, new) = (old.and_then(|item| item.entry()), new.and_then(|item| item.entry()));
        changes.extend(kind(old, new).map(|kind| FileChange {
            path: RepoPath::new(path.as_slice()),
            kind,
        }));
    }
    Ok(changes)
}

/// Two trees that are compared, and the length of the path that leads to them.
struct Pair {
    olds: Peekable<std::vec::IntoIter<Item>>,
    news: Peekable<std::vec::IntoIter<Item>>,
    length: usize,
}

impl Pair {
    /// Reads both trees, unless they are the same.
    fn open(store: &Store, old: Option<Oid>, new: Option<Oid>, length: usize) -> Result<Self, GitError> {
        let read = |id: Option<Oid>| match id {
            Some(id) if old != new => items(store, id),
            _ => Ok(Vec::new()),
        };
        Ok(Self {
            olds: read(old)?.into_iter().peekable(),
            news: read(new)?.into_iter().peekable(),
            length,
        })
    }

    /// The next name, of one kind (leaf or directory), as it stands on either side.
    fn next(&mut self) -> (Option<Item>, Option<Item>) {
        let order = match (self.olds.peek(), self.news.peek()) {
            (Some(old), Some(new)) => old.order(new),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        let old = if order.is_le() { self.olds.next() } else { None };
        let new = if order.is_ge() { self.news.next() } else { None };
        (old, new)
    }
}

/// How a path changed between two entries; `None` where it did not.
pub(super) fn kind(old: Option<Entry>, new: Option<Entry>) -> Option<ChangeKind> {
    match (old, new) {
        (None, None) => None,
        (Some(old), None) => Some(ChangeKind::Deleted(old)),
        (None, Some(new)) => Some(ChangeKind::Added(new)),
        (Some(old), Some(new)) => (old != new).then_some(ChangeKind::Modified { old, new }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn raw(entries: &[(&str, &str)]) -> Vec<u8> {
        let line = |(mode, name): &(&str, &str)| [format!("{mode} {name}\0").as_bytes(), &[7; 20]].concat();
        entries.iter().flat_map(line).collect()
    }

    #[test]
    fn refuses_what_git_would_not_write() {
        assert_eq!(
            parse(&raw(&[("100644", "a.b"), ("40000", "a"), ("160000", "b")]), 20)
                .unwrap()
                .len(),
            3
        );
        for (entries, why) in [
            (vec![("100644", "b"), ("100644", "a")], "its entries are not in order"),
            (vec![("100644", "a"), ("100755", "a")], "its entries are not in order"),
            (vec![("100644", "a/b")], "an entry has a name that no file can have"),
            (vec![("40000", "..")], "an entry has a name that no file can have"),
            (vec![("10644", "a")], "an entry has an unknown mode"),
        ] {
            assert_eq!(parse(&raw(&entries), 20).unwrap_err(), why);
        }
        assert_eq!(parse(&raw(&[("100644", "a")])[..20], 20).unwrap_err(), "it is cut off");
    }

    #[test]
    fn reads_historical_modes_as_git_does() {
        let nodes: Vec<_> = [0o100_664, 0o100_600, 0o100_775].into_iter().filter_map(node).collect();
        assert_eq!(
            nodes,
            [
                Node::Leaf(Mode::Regular),
                Node::Leaf(Mode::Regular),
                Node::Leaf(Mode::Executable)
            ]
        );
    }

    proptest! {
        #[test]
        fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..200), wide in any::<bool>()) {
            let _ = parse(&data, if wide { 32 } else { 20 });
        }
    }
}
