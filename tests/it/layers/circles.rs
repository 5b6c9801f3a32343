//! No two source files import each other, directly or through others. What a folder's `mod.rs` says again of its files counts as theirs.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{code, root, sources};

/// A module's path from the crate: `["gate", "facts"]`.
type Module = Vec<String>;

fn module_of(file: &Path) -> Module {
    let own = file.strip_prefix(root()).unwrap().with_extension("");
    let mut parts: Module = own.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    parts.retain(|part| part != "mod" && part != "lib");
    parts
}

/// The imports of a text, each as one path, `use a::{b, c::d}` as two; those that are said again, `pub use`, apart.
fn uses(text: &str) -> Vec<(bool, Vec<String>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find("use ").map(|found| at + found) {
        at = start + 4;
        let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let before = text[line..start].trim();
        if !(before.is_empty() || before.starts_with("pub")) {
            continue;
        }
        let end = text[at..].find(';').map_or(text.len(), |end| at + end);
        let tree: String = text[at..end].split_whitespace().collect::<Vec<_>>().join(" ");
        expand(&tree, &[], &mut |path| found.push((!before.is_empty(), path)));
        at = end;
    }
    found
}

/// Every path of a tree of imports.
fn expand(tree: &str, above: &[String], found: &mut impl FnMut(Vec<String>)) {
    let Some(open) = tree.find('{') else {
        let plain = tree.split(" as ").next().unwrap();
        let own = plain.split("::").map(|part| part.trim().to_owned());
        let mut path: Vec<String> = above.iter().cloned().chain(own).collect();
        path.retain(|part| !part.is_empty() && part != "self");
        return found(path);
    };
    let head = tree[..open].split("::").map(|part| part.trim().to_owned());
    let head: Vec<String> = above
        .iter()
        .cloned()
        .chain(head)
        .filter(|part| !part.is_empty())
        .collect();
    let inner = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
    let (mut depth, mut from) = (0, 0);
    for (at, byte) in inner.bytes().enumerate().chain([(inner.len(), b',')]) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                let item = inner[from..at].trim();
                if !item.is_empty() {
                    expand(item, &head, found);
                }
                from = at + 1;
            }
            _ => {}
        }
    }
}

struct Files {
    by_module: BTreeMap<Module, PathBuf>,
    /// What `mod.rs` of a module says again: the name, and the path that it has.
    again: BTreeMap<(Module, String), Vec<String>>,
}

impl Files {
    fn read() -> Self {
        let mut files = Vec::new();
        sources(&root(), &mut files);
        files.retain(|file| !file.file_name().unwrap().to_string_lossy().contains("tests"));
        let by_module: BTreeMap<Module, PathBuf> = files.into_iter().map(|file| (module_of(&file), file)).collect();
        let mut again = BTreeMap::new();
        for (module, file) in &by_module {
            for (said_again, path) in uses(&code(file)) {
                if said_again && let Some(name) = path.last() {
                    again.insert((module.clone(), name.clone()), path);
                }
            }
        }
        Self { by_module, again }
    }

    /// The module that a path leads to, seen from another.
    fn lead(&self, from: &Module, path: &[String], depth: usize) -> Option<Module> {
        let mut at = from.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => {
                at.clear();
                rest = &rest[1..];
            }
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    at.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                // A file of this folder; anything else is another crate's.
                at.push(first.to_owned());
                if !self.by_module.contains_key(&at) {
                    return None;
                }
                rest = &rest[1..];
            }
        }
        while let Some(part) = rest.first() {
            let mut deeper = at.clone();
            deeper.push(part.clone());
            if !self.by_module.contains_key(&deeper) {
                break;
            }
            at = deeper;
            rest = &rest[1..];
        }
        match rest
            .first()
            .and_then(|name| self.again.get(&(at.clone(), name.clone())))
        {
            Some(path) if depth < 8 => self.lead(&at, path, depth + 1).or(Some(at)),
            _ => Some(at),
        }
    }
}

#[test]
fn no_two_files_import_each_other() {
    let files = Files::read();
    let is_folder = |module: &Module| files.by_module[module].ends_with("mod.rs") || module.is_empty();
    let mut imports: BTreeMap<&Module, BTreeSet<&Module>> = BTreeMap::new();
    for (module, file) in files.by_module.iter().filter(|(module, _)| !is_folder(module)) {
        for (_, path) in uses(&code(file)) {
            if let Some(to) = files.lead(module, &path, 0)
                && to != *module
                && let Some((to, _)) = files.by_module.get_key_value(&to)
                && !is_folder(to)
            {
                imports.entry(module).or_default().insert(to);
            }
        }
    }
    let seen: usize = imports.values().map(BTreeSet::len).sum();
    assert!(seen > 150, "only {seen} imports of one file by another were seen");
    let mut circles = Vec::new();
    for from in imports.keys() {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&Module> = vec![from];
        while let Some(at) = open.pop() {
            for to in imports.get(at).into_iter().flatten() {
                if reached.insert(*to) {
                    open.push(to);
                }
            }
        }
        if reached.contains(*from) {
            circles.push(from.join("/"));
        }
    }
    assert_eq!(circles, Vec::<String>::new(), "these files are in circles");
}

#[test]
fn imports_are_taken_apart() {
    let found = uses("pub use a::{b, c::{d, self}};\nuse super::x as y;\n  let because = 1;\n");
    let paths: Vec<String> = found.iter().map(|(_, path)| path.join("::")).collect();
    assert_eq!(paths, ["a::b", "a::c::d", "a::c", "super::x"]);
    assert_eq!(found.iter().filter(|(again, _)| *again).count(), 3);
}
