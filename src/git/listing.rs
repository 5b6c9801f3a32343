//! A tree object: its entries, in order, and nothing that git would not write.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use git2::Oid;

use crate::change::Mode;

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
}

/// A tree object as read: its bytes, and where its items are in them.
#[derive(Debug, Default)]
pub(super) struct Tree {
    data: Vec<u8>,
    items: Vec<(Range<usize>, Node, Oid)>,
}

impl Tree {
    /// The items in order.
    pub(super) fn items(&self) -> impl Iterator<Item = Item<'_>> {
        (0..self.items.len()).filter_map(|at| self.item(at))
    }

    /// The item at a position.
    pub(super) fn item(&self, at: usize) -> Option<Item<'_>> {
        let (name, node, id) = self.items.get(at)?;
        Some(Item {
            name: self.data.get(name.clone())?,
            node: *node,
            id: *id,
        })
    }

    /// Makes sense of the bytes of a tree object, whose ids take `width` of them.
    pub(super) fn parse(data: Vec<u8>, width: usize) -> Result<Self, &'static str> {
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

/// Most bytes of trees that are kept.
const MOST: usize = 64 << 20;

/// Trees that were read, by id.
#[derive(Default)]
pub(super) struct Trees {
    read: HashMap<Oid, Rc<Tree>>,
    /// About so many bytes.
    size: usize,
}

impl Trees {
    /// The tree of that id, if it was kept.
    pub(super) fn get(&self, id: Oid) -> Option<Rc<Tree>> {
        self.read.get(&id).cloned()
    }

    /// Keeps one, and drops all others where they are too much.
    pub(super) fn keep(&mut self, id: Oid, tree: &Rc<Tree>) {
        let size = tree.data.len() + tree.items.len() * size_of::<(Range<usize>, Node, Oid)>();
        self.size += size;
        if self.size > MOST {
            self.read.clear();
            self.size = size;
        }
        self.read.insert(id, tree.clone());
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
