//! What the imports of a file bind, each as a path that means the same whichever file says it.

use tree_sitter::Node;

use super::parse::Source;
use super::row::Syntax;
use crate::change::RepoPath;

/// What an import binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The names; none where it only runs something.
    pub(super) names: Vec<String>,
    /// Where it comes from: `.` and a path in the repository, or nothing and what the file says.
    pub(super) target: Vec<String>,
    /// Whether all names of the module are bound.
    pub(super) all: bool,
}

/// Where a file is to those that import it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// The module that it is, as a path in the repository. Of Rust, the first part is the crate.
    pub module: Vec<String>,
    /// The folder that it is in.
    pub folder: Vec<String>,
    /// The rest of its name that decides how, or whether, it is compiled.
    pub kind: String,
}

/// Parts of names of files by which Go chooses what to compile.
const CHOSEN: &[&str] = &[
    "test",
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "illumos",
    "ios",
    "js",
    "linux",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "unix",
    "wasip1",
    "windows",
    "386",
    "amd64",
    "arm",
    "arm64",
    "loong64",
    "mips",
    "mips64",
    "mips64le",
    "mipsle",
    "ppc64",
    "ppc64le",
    "riscv64",
    "s390x",
    "wasm",
];

impl Home {
    pub(super) fn of(syntax: Syntax, path: &RepoPath) -> Self {
        let text = String::from_utf8_lossy(path.as_bytes()).into_owned();
        let mut parts: Vec<&str> = text.split('/').collect();
        let name = parts.pop().unwrap_or_default();
        let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
        let here = || std::iter::once(".").chain(parts.iter().copied()).map(str::to_owned);
        let folder: Vec<String> = here().collect();
        let below = |own: &str| -> Vec<String> { here().chain((stem != own).then(|| stem.to_owned())).collect() };
        let mut kind = extension.to_owned();
        let module = match syntax {
            Syntax::Rust => {
                // Below `src/` is one crate, elsewhere each file is.
                let root = parts.iter().rposition(|part| *part == "src");
                match root.filter(|root| parts.get(root + 1) != Some(&"bin")) {
                    None => vec![".".to_owned(), text.clone()],
                    Some(root) => {
                        let krate = parts.get(..=root).unwrap_or_default().join("/");
                        let last = (!matches!(stem, "mod" | "lib" | "main")).then_some(stem);
                        let inner = parts.get(root + 1..).unwrap_or_default().iter().copied().chain(last);
                        [".".to_owned(), krate]
                            .into_iter()
                            .chain(inner.map(str::to_owned))
                            .collect()
                    }
                }
            }
            Syntax::Go => {
                for part in stem.split('_').skip(1).filter(|part| CHOSEN.contains(part)) {
                    kind.push('_');
                    kind.push_str(part);
                }
                folder.clone()
            }
            Syntax::Python => below("__init__"),
            _ => below("index"),
        };
        Self { module, folder, kind }
    }
}

/// What an import binds; where it is `conditional` it is like no import that is not.
pub(super) fn imports(source: &Source<'_>, node: Node<'_>, home: &Home, conditional: bool, found: &mut Vec<Import>) {
    let from = found.len();
    match source.language.row().syntax {
        Syntax::Rust => rust(source, node, &home.module, found),
        Syntax::Python => python(source, node, &home.folder, found),
        Syntax::Go => go(source, node, found),
        _ => script(source, node, &home.folder, found),
    }
    if conditional {
        for import in found.iter_mut().skip(from) {
            import.target.push("if".to_owned());
        }
    }
}

fn rust(source: &Source<'_>, node: Node<'_>, module: &[String], found: &mut Vec<Import>) {
    if node.kind() == "extern_crate_declaration" {
        let name = node.child_by_field_name("name").map(|name| source.string(name));
        let alias = node.child_by_field_name("alias").map(|name| source.string(name));
        let Some(name) = name else { return };
        found.push(Import {
            names: vec![alias.unwrap_or_else(|| name.clone())],
            target: vec![String::new(), name],
            all: false,
        });
        return;
    }
    if let Some(argument) = node.child_by_field_name("argument") {
        used(source, argument, &[], module, found);
    }
}

/// A tree of `use`, below a path.
fn used(source: &Source<'_>, node: Node<'_>, prefix: &[String], module: &[String], found: &mut Vec<Import>) {
    let below = |node: Node<'_>| -> Vec<String> {
        let own = source.string(node);
        let parts = own.split("::").map(|part| part.trim().to_owned());
        prefix
            .iter()
            .cloned()
            .chain(parts.filter(|part| !part.is_empty()))
            .collect()
    };
    match node.kind() {
        "scoped_use_list" => {
            let path = node.child_by_field_name("path").map_or(prefix.to_vec(), below);
            if let Some(list) = node.child_by_field_name("list") {
                used(source, list, &path, module, found);
            }
        }
        "use_list" => {
            let mut cursor = node.walk();
            for child in node.named_children(&mut cursor) {
                used(source, child, prefix, module, found);
            }
        }
        "use_wildcard" => {
            let path = node.named_child(0).map_or(prefix.to_vec(), below);
            found.push(Import {
                names: Vec::new(),
                target: in_crate(path, module),
                all: true,
            });
        }
        "use_as_clause" => {
            let (Some(path), Some(alias)) = (node.child_by_field_name("path"), node.child_by_field_name("alias"))
            else {
                return;
            };
            let path = without_self(below(path));
            found.push(Import {
                names: vec![source.string(alias)],
                target: in_crate(path, module),
                all: false,
            });
        }
        _ => {
            let path = without_self(below(node));
            let Some(name) = path.last().cloned() else { return };
            found.push(Import {
                names: vec![name],
                target: in_crate(path, module),
                all: false,
            });
        }
    }
}

fn without_self(mut path: Vec<String>) -> Vec<String> {
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    path
}

/// A path of Rust, from the root of its crate.
fn in_crate(path: Vec<String>, module: &[String]) -> Vec<String> {
    let root = module.get(..2).unwrap_or(module);
    let mut base = match path.first().map(String::as_str) {
        Some("crate") => root.to_vec(),
        Some("self" | "super") => module.to_vec(),
        _ => {
            let mut outside = vec![String::new()];
            outside.extend(path);
            return outside;
        }
    };
    for part in path {
        match part.as_str() {
            "crate" | "self" => {}
            "super" if base.len() > 2 => {
                base.pop();
            }
            _ => base.push(part),
        }
    }
    base
}

fn python(source: &Source<'_>, node: Node<'_>, folder: &[String], found: &mut Vec<Import>) {
    let dotted = |node: Node<'_>| -> Vec<String> {
        let text = source.string(node);
        let parts = text.split('.').map(|part| part.trim().to_owned());
        parts.filter(|part| !part.is_empty()).collect()
    };
    let alias = |node: Node<'_>| node.child_by_field_name("alias").map(|alias| source.string(alias));
    let base: Vec<String> = match node.child_by_field_name("module_name") {
        Some(name) if name.kind() == "relative_import" => {
            let dots = source.string(name).chars().take_while(|c| *c == '.').count();
            let keep = (folder.len() + 1).saturating_sub(dots).max(1);
            let mut path = folder.get(..keep).unwrap_or(folder).to_vec();
            path.extend(dotted(name));
            path
        }
        Some(name) => std::iter::once(String::new()).chain(dotted(name)).collect(),
        None => vec![String::new()],
    };
    let whole = node.child_by_field_name("module_name").is_none();
    let mut cursor = node.walk();
    if node
        .children(&mut cursor)
        .any(|child| child.kind() == "wildcard_import")
    {
        found.push(Import {
            names: Vec::new(),
            target: base,
            all: true,
        });
        return;
    }
    let mut cursor = node.walk();
    for name in node.children_by_field_name("name", &mut cursor) {
        let path = match name.child_by_field_name("name") {
            Some(inner) => dotted(inner),
            None => dotted(name),
        };
        // `import a.b` binds `a`.
        let bound = match whole {
            true => path.first().cloned(),
            false => path.last().cloned(),
        };
        let names: Vec<String> = alias(name).or(bound).into_iter().collect();
        let target = match (whole, alias(name)) {
            (true, None) => base.iter().cloned().chain(path.first().cloned()).collect(),
            _ => base.iter().cloned().chain(path).collect(),
        };
        found.push(Import {
            names,
            target,
            all: false,
        });
    }
}

fn go(source: &Source<'_>, node: Node<'_>, found: &mut Vec<Import>) {
    let mut cursor = node.walk();
    let mut specs: Vec<Node<'_>> = Vec::new();
    for child in node.named_children(&mut cursor) {
        match child.kind() {
            "import_spec" => specs.push(child),
            _ => {
                let mut inner = child.walk();
                specs.extend(
                    child
                        .named_children(&mut inner)
                        .filter(|spec| spec.kind() == "import_spec"),
                );
            }
        }
    }
    for spec in specs {
        let Some(path) = spec.child_by_field_name("path") else {
            continue;
        };
        let path = source.string(path).trim_matches(['"', '`']).to_owned();
        let name = spec.child_by_field_name("name").map(|name| source.string(name));
        let names = match name.as_deref() {
            Some("_" | ".") => Vec::new(),
            Some(name) => vec![name.to_owned()],
            // The package may be called after any part of it.
            None => {
                let parts = path.split(|c: char| !(c.is_alphanumeric() || c == '_'));
                let last = path.rsplit('/').take(2);
                let last: Vec<&str> = last.collect();
                parts
                    .filter(|part| !part.is_empty() && last.iter().any(|end| end.contains(part)))
                    .map(str::to_owned)
                    .collect()
            }
        };
        found.push(Import {
            names,
            target: vec![String::new(), path],
            all: name.as_deref() == Some("."),
        });
    }
}

fn script(source: &Source<'_>, node: Node<'_>, folder: &[String], found: &mut Vec<Import>) {
    let Some(from) = node.child_by_field_name("source") else {
        found.push(Import {
            names: Vec::new(),
            target: vec![String::new(), source.string(node)],
            all: true,
        });
        return;
    };
    let text = source.string(from).trim_matches(['"', '\'', '`']).to_owned();
    let base = match text.starts_with('.') {
        true => beside(folder, &text),
        false => vec![String::new(), text],
    };
    let mut cursor = node.walk();
    let clause = node.children(&mut cursor).find(|child| child.kind() == "import_clause");
    let Some(clause) = clause else {
        // `import x = require("y")` binds, `import "y"` runs.
        let odd = source.string(node).contains('=');
        found.push(Import {
            names: Vec::new(),
            target: base,
            all: odd,
        });
        return;
    };
    let mut push = |name: String, what: &str| {
        found.push(Import {
            names: vec![name],
            target: base.iter().cloned().chain([what.to_owned()]).collect(),
            all: false,
        });
    };
    let mut cursor = clause.walk();
    for child in clause.named_children(&mut cursor) {
        match child.kind() {
            "identifier" => push(source.string(child), "default"),
            "namespace_import" => {
                if let Some(name) = child.named_child(0) {
                    push(source.string(name), "*");
                }
            }
            _ => {
                let mut inner = child.walk();
                for one in child.named_children(&mut inner) {
                    let Some(name) = one.child_by_field_name("name") else {
                        continue;
                    };
                    let what = source.string(name);
                    let alias = one.child_by_field_name("alias").map(|alias| source.string(alias));
                    push(alias.unwrap_or_else(|| what.clone()), &what);
                }
            }
        }
    }
}

/// A path relative to a folder of scripts.
fn beside(folder: &[String], text: &str) -> Vec<String> {
    let mut path = folder.to_vec();
    for part in text.split('/') {
        match part {
            "." | "" => {}
            ".." if path.len() > 1 => {
                path.pop();
            }
            other => path.push(other.to_owned()),
        }
    }
    if let Some(last) = path.last_mut() {
        for ending in [".js", ".ts", ".mjs", ".mts", ".cjs", ".jsx", ".tsx"] {
            if let Some(stem) = last.strip_suffix(ending) {
                *last = stem.to_owned();
                break;
            }
        }
    }
    if path.last().is_some_and(|last| last == "index") {
        path.pop();
    }
    path
}
