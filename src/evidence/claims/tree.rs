//! What references are held against: the files of a tree, their lines and the symbols on them.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::symbols;

/// A tree of files.
pub trait Tree {
    /// Whether there is a file at exactly this path.
    fn holds(&self, path: &str) -> bool;

    /// Whether there is a directory at exactly this path.
    fn is_directory(&self, path: &str) -> bool;

    /// The files whose path is this tail, or ends in it after a slash.
    fn ending_in(&self, tail: &str) -> Vec<String>;

    /// How many lines a file has; `None` where that is not known.
    fn lines(&self, path: &str) -> Option<u32>;

    /// The lines, from 1, on which a symbol occurs.
    fn symbol(&self, path: &str, symbol: &str) -> Vec<u32>;

    /// First and last line of each definition of a symbol.
    fn definitions(&self, path: &str, symbol: &str) -> Vec<(u32, u32)>;
}

/// A tree of texts, each read when it is first asked for.
pub struct TextTree<R> {
    files: BTreeSet<String>,
    directories: HashSet<String>,
    by_name: HashMap<String, Vec<String>>,
    read: R,
    texts: RefCell<HashMap<String, Option<Rc<str>>>>,
}

impl<R: Fn(&str) -> Option<String>> TextTree<R> {
    /// A tree of these paths; `read` gives a file's text, or `None` for one that is no text.
    pub fn new(paths: impl IntoIterator<Item = String>, read: R) -> Self {
        let files: BTreeSet<String> = paths.into_iter().collect();
        let mut directories = HashSet::new();
        let mut by_name: HashMap<String, Vec<String>> = HashMap::new();
        for path in &files {
            let mut rest = path.as_str();
            while let Some((directory, _)) = rest.rsplit_once('/') {
                if !directories.insert(directory.to_owned()) {
                    break;
                }
                rest = directory;
            }
            by_name.entry(name(path).to_owned()).or_default().push(path.clone());
        }
        Self {
            files,
            directories,
            by_name,
            read,
            texts: RefCell::new(HashMap::new()),
        }
    }

    fn text(&self, path: &str) -> Option<Rc<str>> {
        if !self.files.contains(path) {
            return None;
        }
        if let Some(text) = self.texts.borrow().get(path) {
            return text.clone();
        }
        let text = (self.read)(path).map(Rc::from);
        self.texts.borrow_mut().insert(path.to_owned(), text.clone());
        text
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl<R: Fn(&str) -> Option<String>> Tree for TextTree<R> {
    fn holds(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    fn is_directory(&self, path: &str) -> bool {
        self.directories.contains(path)
    }

    fn ending_in(&self, tail: &str) -> Vec<String> {
        let named = self.by_name.get(name(tail)).map(Vec::as_slice).unwrap_or_default();
        let ends = |path: &&String| {
            path.strip_suffix(tail)
                .is_some_and(|front| front.is_empty() || front.ends_with('/'))
        };
        named.iter().filter(ends).cloned().collect()
    }

    fn lines(&self, path: &str) -> Option<u32> {
        let text = self.text(path)?;
        let ended = text.is_empty() || text.ends_with('\n');
        let lines = text.bytes().filter(|byte| *byte == b'\n').count() + usize::from(!ended);
        u32::try_from(lines).ok()
    }

    fn symbol(&self, path: &str, symbol: &str) -> Vec<u32> {
        self.text(path)
            .map_or_else(Vec::new, |text| symbols::occurrences(&text, symbol))
    }

    fn definitions(&self, path: &str, symbol: &str) -> Vec<(u32, u32)> {
        self.text(path)
            .map_or_else(Vec::new, |text| symbols::definitions(&text, symbol))
    }
}

impl<R> std::fmt::Debug for TextTree<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextTree")
            .field("files", &self.files.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_knows_its_directories_tails_and_lines() {
        let read = |path: &str| match path {
            "src/a.rs" => Some("one\ntwo\n".to_owned()),
            "src/b/a.rs" => Some("one\ntwo".to_owned()),
            _ => None,
        };
        let tree = TextTree::new(["src/a.rs", "src/b/a.rs", "x.bin"].map(str::to_owned), read);
        assert!(tree.holds("src/a.rs") && !tree.holds("src") && tree.is_directory("src/b"));
        assert_eq!(tree.ending_in("a.rs").len(), 2);
        assert_eq!(tree.ending_in("b/a.rs"), ["src/b/a.rs"]);
        assert!(tree.ending_in("rc/a.rs").is_empty());
        assert_eq!((tree.lines("src/a.rs"), tree.lines("src/b/a.rs")), (Some(2), Some(2)));
        assert_eq!((tree.lines("x.bin"), tree.lines("none")), (None, None));
    }
}
