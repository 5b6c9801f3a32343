//! Reads and compares trees: one entry, all entries below a directory, what differs between two trees.
//!
//! The walk is certgate's own, over raw tree objects, so that every read goes through the store (which knows about missing objects),
//! equal subtrees are never opened, and a tree that git would not write is refused instead of half read.

use std::cmp::Ordering;
use std::ops::Range;

use git2::{ObjectType, Oid};

use super::GitError;
use super::store::{Store, own};
use crate::change::{ChangeKind, FileChange, Mode, RepoPath, TreeEntry};

/// How deep directories may be nested; git's own limit (`core.maxTreeDepth`).
const DEPTH: usize = 2048;

/// What is behind a name in a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Another tree.
    Directory,
    /// A leaf.
    Leaf(Mode),
}

/// One line of a tree object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'t> {
    pub(super) name: &'t [u8],
    pub(super) node: Node,
    pub(super) id: Oid,
}

impl Item<'_> {
    /// The order of tree objects: directories compare as if their name ended in `/`.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let common = self.name.len().min(other.name.len());
        let (a, b) = (self.name.split_at(common), other.name.split_at(common));
        let tail = |item: &Self, rest: &[u8]| match (rest.first(), item.node) {
            (Some(&byte), _) => Some(byte),
            (None, Node::Directory) => Some(b'/'),
            (None, Node::Leaf(_)) => None,
        };
        a.0.cmp(b.0)
            .then_with(|| tail(self, a.1).cmp(&tail(other, b.1)))
            .then_with(|| a.1.len().cmp(&b.1.len()))
    }

    fn entry(&self) -> Option<TreeEntry> {
        match self.node {
            Node::Directory => None,
            Node::Leaf(mode) => Some(TreeEntry { mode, id: own(self.id) }),
        }
    }
}

/// A tree object as read: its bytes, and where its items are in them.
#[derive(Debug, Default)]
pub(super) struct Tree {
    data: Vec<u8>,
    items: Vec<(Range<usize>, Node, Oid)>,
}

impl Tree {
    /// Reads a tree object; its items are in order and each name is there once.
    pub(super) fn read(store: &Store, id: Oid) -> Result<Self, GitError> {
        let object = store.need(id, ObjectType::Tree, "directory")?;
        Self::parse(object.data().to_vec(), store.hex_length() / 2).map_err(|why| GitError::Malformed {
            id: own(id),
            role: "directory",
            why: why.to_owned(),
        })
    }

    /// The items in order.
    pub(super) fn items(&self) -> impl Iterator<Item = Item<'_>> {
        (0..self.items.len()).filter_map(|at| self.item(at))
    }

    fn item(&self, at: usize) -> Option<Item<'_>> {
        let (name, node, id) = self.items.get(at)?;
        Some(Item {
            name: self.data.get(name.clone())?,
            node: *node,
            id: *id,
        })
    }

    fn parse(data: Vec<u8>, width: usize) -> Result<Self, &'static str> {
        let mut items = Vec::with_capacity(data.len() / (width + 16));
        let mut last: Option<Item<'_>> = None;
        let mut at = 0;
        while let Some(rest) = data.get(at..).filter(|rest| !rest.is_empty()) {
            let blank = rest.iter().position(|&b| b == b' ').ok_or("an entry has no mode")?;
            let (mode, tail) = rest.split_at(blank);
            let tail = tail.get(1..).unwrap_or_default();
            let end = tail.iter().position(|&b| b == 0).ok_or("an entry has no name")?;
            let (name, tail) = tail.split_at(end);
            let id = tail.get(1..=width).ok_or("it is cut off")?;
            let mode = std::str::from_utf8(mode)
                .ok()
                .and_then(|text| u32::from_str_radix(text, 8).ok());
            let item = Item {
                name,
                node: mode.and_then(node).ok_or("an entry has an unknown mode")?,
                id: Oid::from_bytes(id).map_err(|_| "an entry has no id")?,
            };
            if matches!(name, b"" | b"." | b"..") || name.contains(&b'/') {
                return Err("an entry has a name that no file can have");
            }
            if last.is_some_and(|last| last.order(&item) != Ordering::Less) {
                return Err("its entries are not in order");
            }
            let start = at + blank + 1;
            items.push((start..start + end, item.node, item.id));
            last = Some(item);
            at = start + end + 1 + width;
        }
        Ok(Self { data, items })
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

/// What is at a path, if anything.
pub(super) fn find(store: &Store, root: Oid, path: &[u8]) -> Result<Option<(Node, Oid)>, GitError> {
    let mut tree = root;
    let mut names = path.split(|&b| b == b'/').peekable();
    while let Some(name) = names.next() {
        let Some((node, id)) = Tree::read(store, tree)?
            .items()
            .find(|item| item.name == name)
            .map(|i| (i.node, i.id))
        else {
            return Ok(None);
        };
        match (names.peek().is_some(), node) {
            (false, _) => return Ok(Some((node, id))),
            (true, Node::Directory) => tree = id,
            (true, Node::Leaf(_)) => return Ok(None),
        }
    }
    Ok(None)
}

/// The leaf at a path, if there is one.
pub(super) fn entry(store: &Store, root: Oid, path: &[u8]) -> Result<Option<TreeEntry>, GitError> {
    Ok(find(store, root, path)?.and_then(|(node, id)| match node {
        Node::Directory => None,
        Node::Leaf(mode) => Some(TreeEntry { mode, id: own(id) }),
    }))
}

/// Shows the paths of the leaves below a directory until `more` is false; what is not there has none. False where it was stopped.
pub(super) fn visit(
    store: &Store,
    root: Oid,
    directory: &[u8],
    more: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<bool, GitError> {
    let mut open = match directory {
        [] => vec![(Vec::new(), root)],
        _ => match find(store, root, directory)? {
            Some((Node::Directory, id)) => vec![([directory, b"/"].concat(), id)],
            _ => Vec::new(),
        },
    };
    while let Some((path, id)) = open.pop() {
        check_depth(id, &path)?;
        for item in Tree::read(store, id)?.items() {
            let below = [&path, item.name].concat();
            match item.node {
                Node::Directory => open.push(([&below[..], b"/"].concat(), item.id)),
                Node::Leaf(_) if more(&below) => {}
                Node::Leaf(_) => return Ok(false),
            }
        }
    }
    Ok(true)
}

/// All leaves below (or at) a directory prefix without trailing slash; the empty prefix is the root.
pub(super) fn list(store: &Store, root: Oid, prefix: &[u8]) -> Result<Vec<(RepoPath, TreeEntry)>, GitError> {
    let mut found = Vec::new();
    if prefix.is_empty() {
        walk(store, root, &mut Vec::new(), &mut |path, entry| {
            found.push((path, entry))
        })?;
    } else {
        match find(store, root, prefix)? {
            Some((Node::Leaf(mode), id)) => found.push((RepoPath::new(prefix), TreeEntry { mode, id: own(id) })),
            Some((Node::Directory, id)) => {
                let mut path = prefix.to_vec();
                path.push(b'/');
                walk(store, id, &mut path, &mut |path, entry| found.push((path, entry)))?;
            }
            None => {}
        }
    }
    Ok(found)
}

/// Visits every leaf of a tree in order; `path` is what is before its names. Nesting costs memory, not stack.
fn walk(
    store: &Store,
    tree: Oid,
    path: &mut Vec<u8>,
    visit: &mut impl FnMut(RepoPath, TreeEntry),
) -> Result<(), GitError> {
    let mut open = vec![(Tree::read(store, tree)?, 0, path.len())];
    while let Some((tree, at, length)) = open.last_mut() {
        path.truncate(*length);
        let Some(item) = tree.item(*at) else {
            open.pop();
            continue;
        };
        *at += 1;
        path.extend_from_slice(item.name);
        match item.entry() {
            Some(entry) => visit(RepoPath::new(path.as_slice()), entry),
            None => {
                let id = item.id;
                path.push(b'/');
                check_depth(id, path)?;
                open.push((Tree::read(store, id)?, 0, path.len()));
            }
        }
    }
    Ok(())
}

/// What differs between two trees that are at `directory`; the empty one is the root. `None` is the tree without entries.
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
    compare_pieces(store, Pair::open(store, old, new)?.pieces(&path))
}

/// Something that differs.
enum Piece {
    Leaf(FileChange),
    /// A directory, on either side; the path ends in `/`.
    Directory(Vec<u8>, Option<Oid>, Option<Oid>),
}

/// Follows what differs down to the leaves. Nesting costs memory, not stack.
fn compare_pieces(store: &Store, pieces: Vec<Piece>) -> Result<Vec<FileChange>, GitError> {
    let mut changes = Vec::new();
    let mut open = pieces;
    open.reverse();
    while let Some(piece) = open.pop() {
        match piece {
            Piece::Leaf(change) => changes.push(change),
            Piece::Directory(path, old, new) => {
                if let Some(id) = old.or(new) {
                    check_depth(id, &path)?;
                }
                let below = Pair::open(store, old, new)?.pieces(&path);
                open.extend(below.into_iter().rev());
            }
        }
    }
    Ok(changes)
}

/// Two trees that are compared.
struct Pair {
    old: Tree,
    new: Tree,
}

impl Pair {
    /// Reads both trees, unless they are the same.
    fn open(store: &Store, old: Option<Oid>, new: Option<Oid>) -> Result<Self, GitError> {
        let read = |id: Option<Oid>| match id {
            Some(id) if old != new => Tree::read(store, id),
            _ => Ok(Tree::default()),
        };
        Ok(Self {
            old: read(old)?,
            new: read(new)?,
        })
    }

    /// What differs, in order.
    fn pieces(&self, path: &[u8]) -> Vec<Piece> {
        let (mut olds, mut news) = (self.old.items().peekable(), self.new.items().peekable());
        let mut pieces = Vec::new();
        loop {
            let order = match (olds.peek(), news.peek()) {
                (None, None) => return pieces,
                (Some(old), Some(new)) => old.order(new),
                (Some(_), None) => Ordering::Less,
                (None, _) => Ordering::Greater,
            };
            let old = if order.is_le() { olds.next() } else { None };
            let new = if order.is_ge() { news.next() } else { None };
            let same = |old: Item<'_>, new: Item<'_>| old.id == new.id && old.node == new.node;
            if old.zip(new).is_some_and(|(old, new)| same(old, new)) {
                continue;
            }
            let Some(item) = old.or(new) else { continue };
            let mut path = [path, item.name].concat();
            if item.node == Node::Directory {
                path.push(b'/');
                pieces.push(Piece::Directory(path, old.map(|item| item.id), new.map(|item| item.id)));
            } else if let Some(kind) = kind(old.and_then(|item| item.entry()), new.and_then(|item| item.entry())) {
                let path = RepoPath::new(path);
                pieces.push(Piece::Leaf(FileChange { path, kind }));
            }
        }
    }
}

/// How a path changed between two entries; `None` where it did not.
pub(super) fn kind(old: Option<TreeEntry>, new: Option<TreeEntry>) -> Option<ChangeKind> {
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

    fn parse(data: &[u8]) -> Result<Tree, &'static str> {
        Tree::parse(data.to_vec(), 20)
    }

    fn raw(entries: &[(&str, &str)]) -> Vec<u8> {
        let line = |(mode, name): &(&str, &str)| [format!("{mode} {name}\0").as_bytes(), &[7; 20]].concat();
        entries.iter().flat_map(line).collect()
    }

    #[test]
    fn refuses_what_git_would_not_write() {
        assert_eq!(
            parse(&raw(&[("100644", "a.b"), ("40000", "a"), ("160000", "b")]))
                .unwrap()
                .items
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
            assert_eq!(parse(&raw(&entries)).unwrap_err(), why);
        }
        assert_eq!(parse(&raw(&[("100644", "a")])[..20]).unwrap_err(), "it is cut off");
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
            let _ = Tree::parse(data, if wide { 32 } else { 20 });
        }
    }
}
