//! Reads and compares trees: one entry, all entries below a directory, what differs between two trees.
//!
//! The walk is certgate's own, over raw tree objects, so that every read goes through the store (which knows about missing objects),
//! equal subtrees are never opened, and a tree that git would not write is refused instead of half read.

use std::cmp::Ordering;
use std::rc::Rc;

use git2::{ObjectType, Oid};

use super::GitError;
pub(super) use super::listing::{Item, Node, Tree, node};
use super::store::{Store, own};
use crate::change::{ChangeKind, FileChange, RepoPath, TreeEntry};

/// How deep directories may be nested; git's own limit (`core.maxTreeDepth`).
const DEPTH: usize = 2048;

/// Reads a tree object; its items are in order and each name is there once.
pub(super) fn read(store: &Store, id: Oid) -> Result<Tree, GitError> {
    let object = store.need(id, ObjectType::Tree, "directory")?;
    Tree::parse(object.data().to_vec(), store.hex_length() / 2).map_err(|why| GitError::Malformed {
        id: own(id),
        role: "directory",
        why: why.to_owned(),
    })
}

/// The same; what is kept is not read again.
fn shared(store: &Store, id: Oid) -> Result<Rc<Tree>, GitError> {
    if let Some(known) = store.trees.borrow().as_ref().and_then(|trees| trees.get(id)) {
        return Ok(known);
    }
    let tree = Rc::new(read(store, id)?);
    if let Some(trees) = &mut *store.trees.borrow_mut() {
        trees.keep(id, &tree);
    }
    Ok(tree)
}

/// What is behind an item, unless it is a directory.
fn leaf(item: Item<'_>) -> Option<TreeEntry> {
    match item.node {
        Node::Directory => None,
        Node::Leaf(mode) => Some(TreeEntry { mode, id: own(item.id) }),
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
        let Some((node, id)) = shared(store, tree)?
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
        for item in read(store, id)?.items() {
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
    let mut open = vec![(read(store, tree)?, 0, path.len())];
    while let Some((tree, at, length)) = open.last_mut() {
        path.truncate(*length);
        let Some(item) = tree.item(*at) else {
            open.pop();
            continue;
        };
        *at += 1;
        path.extend_from_slice(item.name);
        match leaf(item) {
            Some(entry) => visit(RepoPath::new(path.as_slice()), entry),
            None => {
                let id = item.id;
                path.push(b'/');
                check_depth(id, path)?;
                open.push((read(store, id)?, 0, path.len()));
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
    old: Rc<Tree>,
    new: Rc<Tree>,
}

impl Pair {
    /// Reads both trees, unless they are the same.
    fn open(store: &Store, old: Option<Oid>, new: Option<Oid>) -> Result<Self, GitError> {
        let of = |id: Option<Oid>| match id {
            Some(id) if old != new => shared(store, id),
            _ => Ok(Rc::default()),
        };
        Ok(Self {
            old: of(old)?,
            new: of(new)?,
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
            } else if let Some(kind) = kind(old.and_then(leaf), new.and_then(leaf)) {
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
