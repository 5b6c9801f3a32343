//! The cache tree: for directories that are as some tree object has them, its id and the number of entries below.

use std::collections::HashMap;

use git2::Oid;

use super::unknown::Unknown;

/// A directory of the cache tree, by its number; 0 is the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Directory(usize);

/// What the index says of directories.
#[derive(Debug)]
pub(super) struct CacheTree {
    data: Vec<u8>,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    name: std::ops::Range<usize>,
    /// The tree object and the number of entries below; `None` where something below was changed since it was written.
    valid: Option<(Oid, usize)>,
    /// The number of the first node that is not below.
    end: usize,
}

impl CacheTree {
    pub(super) fn parse(data: Vec<u8>, width: usize) -> Result<Self, Unknown> {
        let mut nodes: Vec<Node> = Vec::new();
        // Nodes whose children are still to come, and how many.
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut at = 0;
        while at < data.len() {
            let rest = data.get(at..).ok_or(Unknown)?;
            let name = rest.iter().position(|&byte| byte == 0).ok_or(Unknown)?;
            let numbers = rest.get(name + 1..).ok_or(Unknown)?;
            let line = numbers.iter().position(|&byte| byte == b'\n').ok_or(Unknown)?;
            let text = std::str::from_utf8(numbers.get(..line).ok_or(Unknown)?).map_err(|_| Unknown)?;
            let (count, children) = text.split_once(' ').ok_or(Unknown)?;
            let count: i64 = count.parse().map_err(|_| Unknown)?;
            let children: usize = children.parse().map_err(|_| Unknown)?;
            let names = at..at + name;
            at += name + 1 + line + 1;
            let valid = match usize::try_from(count) {
                Ok(count) => {
                    let id = data.get(at..at + width).ok_or(Unknown)?;
                    at += width;
                    Some((Oid::from_bytes(id).map_err(|_| Unknown)?, count))
                }
                Err(_) => None,
            };
            match open.last_mut() {
                Some((_, left)) => *left -= 1,
                None if nodes.is_empty() => {}
                None => return Err(Unknown),
            }
            open.push((nodes.len(), children));
            nodes.push(Node {
                name: names,
                valid,
                end: 0,
            });
            while let Some((node, 0)) = open.last().copied() {
                open.pop();
                let end = nodes.len();
                nodes.get_mut(node).ok_or(Unknown)?.end = end;
            }
        }
        match open.is_empty() {
            true => Ok(Self { data, nodes }),
            false => Err(Unknown),
        }
    }

    pub(super) fn root(&self) -> Option<Directory> {
        (!self.nodes.is_empty()).then_some(Directory(0))
    }

    /// The tree that a directory is, and the number of entries in it.
    pub(super) fn valid(&self, directory: Directory) -> Option<(Oid, usize)> {
        self.nodes.get(directory.0)?.valid
    }

    /// What is directly below a directory, by name.
    pub(super) fn children(&self, directory: Directory) -> HashMap<&[u8], Directory> {
        let mut found = HashMap::new();
        let end = self.nodes.get(directory.0).map_or(0, |node| node.end);
        let mut at = directory.0 + 1;
        while at < end
            && let Some(node) = self.nodes.get(at)
        {
            if let Some(name) = self.data.get(node.name.clone()) {
                found.insert(name, Directory(at));
            }
            at = node.end;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn directories_know_what_is_below_them() {
        let id = [7; 20];
        let mut data = b"\0-1 2\n".to_vec();
        data.extend_from_slice(b"src\x003 1\n");
        data.extend_from_slice(&id);
        data.extend_from_slice(b"hot\x001 0\n");
        data.extend_from_slice(&id);
        data.extend_from_slice(b"docs\0-1 0\n");
        let tree = CacheTree::parse(data.clone(), 20).unwrap();
        let root = tree.root().unwrap();
        assert_eq!(tree.valid(root), None);
        let children = tree.children(root);
        assert_eq!(children.len(), 2);
        let src = children[&b"src"[..]];
        assert_eq!(tree.valid(src).map(|(_, count)| count), Some(3));
        assert_eq!(tree.children(src).len(), 1);
        assert_eq!(tree.valid(children[&b"docs"[..]]), None);
        for cut in 1..data.len() {
            assert!(CacheTree::parse(data[..cut].to_vec(), 20).is_err(), "{cut}");
        }
        data.extend_from_slice(b"more\0-1 0\n");
        assert!(CacheTree::parse(data, 20).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = CacheTree::parse(data, 20);
        }
    }
}
