//! The outline of a file: the items that could be in another file as they are, what their words stand for, and what in the file is said of all of them.
//!
//! It is made to tell whether an item means the same in two files. Where nobody can know that there is no outline, or no unit.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::Node;

use super::bindings::{Home, Import, imports};
use super::language::Language;
use super::parse::Source;
use super::row::Syntax;
use crate::change::RepoPath;

/// An item of a file: a function, a type, a constant, or a member of one.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The names that it has.
    pub names: Vec<String>,
    /// All that is said of what it is in: types and modules with their attributes, without what else is in them. Empty at the top.
    pub context: Vec<u8>,
    /// Its tokens with their structure, attributes and decorators included; without comments, layout and visibility.
    pub tokens: Vec<u8>,
    /// Lines, from 1, both included, with what is before it and belongs to it.
    pub lines: (u32, u32),
    /// Everything in it and its context that could be a name.
    pub words: BTreeSet<String>,
    /// How many statements that do something by themselves are before it.
    pub after: usize,
    /// Whether it says something that depends on which file it is in.
    pub rooted: bool,
}

/// A file as far as its items can be known from one another.
#[derive(Debug, Default)]
pub struct Outline {
    /// Items of the top, and members of types, in order.
    pub units: Vec<Unit>,
    /// What the whole file says about itself: package, directives, inner attributes.
    pub header: Vec<u8>,
    /// Statements at the top that do something by themselves.
    pub acts: Vec<Vec<u8>>,
    /// By the name that it binds.
    pub imports: BTreeMap<String, Vec<String>>,
    /// Of what is imported and never named again.
    pub nameless: BTreeSet<Vec<String>>,
    /// Modules of which every name is imported.
    pub globs: BTreeSet<Vec<String>>,
    /// How often each name is defined at the top.
    pub defined: BTreeMap<String, usize>,
    /// Where the file is.
    pub home: Home,
}

/// Kinds of nodes whose members are units, too.
const HOLDERS: &[&str] = &[
    "impl_item",
    "trait_item",
    "mod_item",
    "class_definition",
    "class_declaration",
    "abstract_class_declaration",
];

/// Kinds of nodes that define something and do nothing else.
const ITEMS: &[&str] = &[
    // Rust
    "function_item",
    "struct_item",
    "enum_item",
    "union_item",
    "trait_item",
    "impl_item",
    "mod_item",
    "const_item",
    "static_item",
    "type_item",
    "macro_definition",
    // Python
    "function_definition",
    "class_definition",
    // Go
    "function_declaration",
    "method_declaration",
    "type_declaration",
    "const_declaration",
    "var_declaration",
    // JavaScript, TypeScript
    "generator_function_declaration",
    "class_declaration",
    "abstract_class_declaration",
    "interface_declaration",
    "type_alias_declaration",
    "enum_declaration",
    "lexical_declaration",
    "variable_declaration",
    "method_definition",
];

/// What a definition is wrapped in, to decorate or to export it.
const WRAPPERS: &[&str] = &["decorated_definition", "export_statement"];

/// Kinds of nodes that are an import.
pub(super) const IMPORTS: &[&str] = &[
    "use_declaration",
    "extern_crate_declaration",
    "import_statement",
    "import_from_statement",
    "import_declaration",
];

/// Words whose meaning depends on the file that they are in.
const ROOTED: &[&str] = &[
    "__name__",
    "__file__",
    "__package__",
    "__spec__",
    "__dirname",
    "__filename",
    "globals",
    "_getframe",
    "currentframe",
    "require",
    "include_str",
    "include_bytes",
    "module_path",
];

impl Outline {
    /// Whether files of that name have one.
    pub fn is_made_for(path: &RepoPath) -> bool {
        Language::of(path, b"").is_some_and(|language| is_known(language.row().syntax))
    }

    /// The outline of a content; `None` in languages in which nobody asked what a move between files means.
    pub fn of(path: &RepoPath, source: &Source<'_>) -> Option<Self> {
        let syntax = source.language.row().syntax;
        if !is_known(syntax) {
            return None;
        }
        let mut outline = Self {
            home: Home::of(syntax, path),
            ..Self::default()
        };
        let root = source.tree.root_node();
        let mut bound: Vec<Import> = Vec::new();
        let mut named: BTreeSet<String> = BTreeSet::new();
        let mut before: Vec<Node<'_>> = Vec::new();
        let mut begun = false;
        let mut cursor = root.walk();
        for node in root.children(&mut cursor) {
            let kind = node.kind();
            let comment = source.language.kind(node.kind_id()).comment;
            if comment || kind == "attribute_item" {
                // A comment that a tool reads is about what follows; before all else it is about the file.
                if comment && !begun && !source.is_left_out(node) {
                    source.write(node, &mut outline.header);
                }
                before.push(node);
                continue;
            }
            let leading = std::mem::take(&mut before);
            if is_header(source, node, begun) {
                source.write(node, &mut outline.header);
                continue;
            }
            begun = true;
            if IMPORTS.contains(&kind) {
                // One that depends on a condition is not the same as one that does not.
                let conditional = leading.iter().any(|node| node.kind() == "attribute_item");
                imports(source, node, &outline.home, conditional, &mut bound);
                continue;
            }
            source.words(node, &mut named);
            let (item, exported) = unwrapped(node);
            if ITEMS.contains(&item.kind()) {
                let names = top_names(source, item);
                for name in &names {
                    *outline.defined.entry(name.clone()).or_default() += 1;
                }
                let unit = Around {
                    context: Vec::new(),
                    words: BTreeSet::new(),
                    after: outline.acts.len(),
                };
                unit.add(source, (node, item, exported), &leading, names, &mut outline.units);
                continue;
            }
            match assigned(source, node) {
                Some(names) => {
                    for name in &names {
                        *outline.defined.entry(name.clone()).or_default() += 1;
                    }
                    let around = Around {
                        context: Vec::new(),
                        words: BTreeSet::new(),
                        after: outline.acts.len(),
                    };
                    around.add(source, (node, node, false), &leading, names, &mut outline.units);
                }
                None if syntax == Syntax::Rust => {
                    // Whatever a macro makes may have any of the names in it.
                    let mut words = BTreeSet::new();
                    source.words(node, &mut words);
                    for word in words {
                        *outline.defined.entry(word).or_default() += 1;
                    }
                }
                // What a script exports by name is defined elsewhere.
                None if is_export(node) => {}
                None if node.is_named() && !source.is_left_out(node) => {
                    let mut act = Vec::new();
                    source.write(node, &mut act);
                    outline.acts.push(act);
                    nested_imports(source, node, &outline.home, &mut bound);
                }
                None => {}
            }
        }
        outline.bind(bound, &named);
        Some(outline)
    }

    fn bind(&mut self, bound: Vec<Import>, named: &BTreeSet<String>) {
        for import in bound {
            if import.all {
                self.globs.insert(import.target);
                continue;
            }
            if import.names.is_empty() || !import.names.iter().any(|name| named.contains(name)) {
                self.nameless.insert(import.target.clone());
            }
            for name in import.names {
                // Bound twice: nobody knows to which.
                let entry = self.imports.entry(name).or_insert_with(|| import.target.clone());
                if *entry != import.target {
                    entry.push("?".to_owned());
                    entry.extend(import.target.iter().cloned());
                }
            }
        }
    }
}

fn is_known(syntax: Syntax) -> bool {
    matches!(syntax, Syntax::Rust | Syntax::Python | Syntax::Go | Syntax::Script)
}

/// What units are in.
struct Around {
    context: Vec<u8>,
    words: BTreeSet<String>,
    after: usize,
}

impl Around {
    /// Adds an item, and its members.
    fn add(
        self,
        source: &Source<'_>,
        (node, item, exported): (Node<'_>, Node<'_>, bool),
        leading: &[Node<'_>],
        names: Vec<String>,
        units: &mut Vec<Unit>,
    ) {
        let leading = attached(source, leading, node);
        let mut tokens = Vec::new();
        let mut words = self.words.clone();
        for before in leading {
            source.write(*before, &mut tokens);
            source.words(*before, &mut words);
        }
        let mut head = tokens.clone();
        match exported {
            true => source.write(item, &mut tokens),
            false => source.write(node, &mut tokens),
        }
        source.words(node, &mut words);
        let first = leading.first().copied().unwrap_or(node);
        let rooted = words.iter().any(|word| ROOTED.contains(&word.as_str())) || source.names_a_place(node);
        if let Some(lines) = source.own_lines(first, node) {
            units.push(Unit {
                names: names.clone(),
                context: self.context.clone(),
                tokens,
                lines,
                words,
                after: self.after,
                rooted,
            });
        }
        let Some(body) = item
            .child_by_field_name("body")
            .filter(|_| HOLDERS.contains(&item.kind()))
        else {
            return;
        };
        let mut words = self.words;
        source.write_without(node, body, exported.then_some(item), &mut head);
        source.words_without(node, body, &mut words);
        let callable = |member: Node<'_>| {
            let (inner, _) = unwrapped(member);
            matches!(
                inner.kind(),
                "function_item" | "function_definition" | "method_definition"
            )
        };
        // Fields, constants and statements of a type are what its functions work on.
        let mut cursor = body.walk();
        for member in body.named_children(&mut cursor) {
            let aside = matches!(member.kind(), "attribute_item" | "decorator") || source.is_left_out(member);
            if !aside && !callable(member) {
                source.write(member, &mut head);
                source.words(member, &mut words);
            }
        }
        let mut context = self.context;
        context.extend_from_slice(&head);
        context.push(0);
        let mut before: Vec<Node<'_>> = Vec::new();
        let mut cursor = body.walk();
        for member in body.children(&mut cursor) {
            let comment = source.language.kind(member.kind_id()).comment;
            if comment || matches!(member.kind(), "attribute_item" | "decorator") {
                before.push(member);
                continue;
            }
            let leading = std::mem::take(&mut before);
            // What is in a module is bound by the module's own imports.
            if callable(member) && item.kind() != "mod_item" {
                let (inner, _) = unwrapped(member);
                let around = Self {
                    context: context.clone(),
                    words: words.clone(),
                    after: self.after,
                };
                around.add(
                    source,
                    (member, inner, false),
                    &leading,
                    top_names(source, inner),
                    units,
                );
            }
        }
    }
}

/// What is before an item and belongs to it: attributes and what tools read, wherever they are, and comments right above.
fn attached<'a, 't>(source: &Source<'_>, leading: &'a [Node<'t>], node: Node<'_>) -> &'a [Node<'t>] {
    let mut from = leading.len();
    let (mut row, mut touching) = (node.start_position().row, true);
    for (at, before) in leading.iter().enumerate().rev() {
        touching &= before.end_position().row + 1 >= row;
        if touching || !source.is_left_out(*before) {
            from = at;
        }
        row = before.start_position().row;
    }
    leading.get(from..).unwrap_or_default()
}

/// The item in what exports it, and whether that says nothing else.
fn unwrapped(node: Node<'_>) -> (Node<'_>, bool) {
    if !WRAPPERS.contains(&node.kind()) {
        return (node, false);
    }
    let inner = node
        .child_by_field_name("declaration")
        .or_else(|| node.child_by_field_name("definition"));
    match inner {
        Some(inner) => (inner, node.kind() == "export_statement" && node.child_count() == 2),
        None => (node, false),
    }
}

/// What a file says about all of itself.
fn is_header(source: &Source<'_>, node: Node<'_>, begun: bool) -> bool {
    match node.kind() {
        "package_clause" | "inner_attribute_item" | "future_import_statement" | "hash_bang_line" | "shebang" => true,
        // `"use strict"`.
        "expression_statement" => {
            !begun
                && source.language.row().syntax == Syntax::Script
                && node.named_child(0).is_some_and(|child| child.kind() == "string")
        }
        _ => false,
    }
}

/// The names that an item defines.
fn top_names(source: &Source<'_>, item: Node<'_>) -> Vec<String> {
    if let Some(name) = item.child_by_field_name("name") {
        return vec![source.string(name)];
    }
    if item.kind() == "impl_item" {
        // It defines no name.
        return Vec::new();
    }
    let mut names = Vec::new();
    let mut cursor = item.walk();
    for child in item.named_children(&mut cursor) {
        let mut inner = child.walk();
        let specs = match child.kind().ends_with("_list") {
            true => child.named_children(&mut inner).collect(),
            false => vec![child],
        };
        for spec in specs {
            let mut inner = spec.walk();
            for name in spec.children_by_field_name("name", &mut inner).filter(Node::is_named) {
                source.each_word(name, &mut |word| names.push(word.to_owned()));
            }
        }
    }
    names
}

/// A list of names that a script exports.
fn is_export(node: Node<'_>) -> bool {
    node.kind() == "export_statement"
        && ["declaration", "value"]
            .iter()
            .all(|field| node.child_by_field_name(field).is_none())
}

/// The names that a plain assignment of Python gives; `None` for everything else.
fn assigned(source: &Source<'_>, node: Node<'_>) -> Option<Vec<String>> {
    let inner = node.named_child(0)?;
    let plain = node.kind() == "expression_statement" && node.named_child_count() == 1 && inner.kind() == "assignment";
    let left = inner.child_by_field_name("left").filter(|_| plain)?;
    match left.kind() {
        "identifier" => Some(vec![source.string(left)]),
        _ => None,
    }
}

/// Imports under a condition.
fn nested_imports(source: &Source<'_>, node: Node<'_>, home: &Home, bound: &mut Vec<Import>) {
    let mut cursor = node.walk();
    loop {
        let here = cursor.node();
        if IMPORTS.contains(&here.kind()) {
            imports(source, here, home, true, bound);
        } else if cursor.goto_first_child() {
            continue;
        }
        loop {
            if cursor.node() == node {
                return;
            }
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}

impl Source<'_> {
    pub(super) fn string(&self, node: Node<'_>) -> String {
        String::from_utf8_lossy(self.text.get(node.byte_range()).unwrap_or_default()).into_owned()
    }

    /// Whether a node is a comment that is prose, or a docstring.
    fn is_left_out(&self, node: Node<'_>) -> bool {
        let kind = self.language.kind(node.kind_id()).comment || node.kind() == "expression_statement";
        kind && self
            .prose
            .binary_search_by_key(&node.start_byte(), |part| part.start)
            .is_ok()
    }

    /// The tokens of a node, with the structure that they are in.
    fn write(&self, node: Node<'_>, into: &mut Vec<u8>) {
        self.write_without(node, node, None, into);
    }

    /// The same without one of its nodes, and from another one on, where there is one.
    fn write_without(&self, node: Node<'_>, without: Node<'_>, from: Option<Node<'_>>, into: &mut Vec<u8>) {
        let top = from.unwrap_or(node);
        let mut cursor = top.walk();
        loop {
            let here = cursor.node();
            let kind = self.language.kind(here.kind_id());
            let skipped = self.is_left_out(here)
                || here.kind() == "visibility_modifier"
                || here == without && without != node
                // The end of a line of Rust's documents.
                || here.byte_range().is_empty() && here.child_count() == 0;
            if !skipped {
                if kind.atom || kind.comment || kind.exact || here.child_count() == 0 {
                    let text = self.text.get(here.byte_range()).unwrap_or_default();
                    into.push(1);
                    into.extend(here.kind_id().to_le_bytes());
                    into.extend(text.len().to_le_bytes());
                    into.extend_from_slice(text);
                } else {
                    into.push(2);
                    into.extend(here.kind_id().to_le_bytes());
                    if cursor.goto_first_child() {
                        continue;
                    }
                }
            }
            loop {
                if cursor.node() == top {
                    return;
                }
                if cursor.goto_next_sibling() {
                    break;
                }
                into.push(3);
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }

    fn words(&self, node: Node<'_>, into: &mut BTreeSet<String>) {
        self.words_without(node, node, into);
    }

    fn words_without(&self, node: Node<'_>, without: Node<'_>, into: &mut BTreeSet<String>) {
        let range = node.byte_range();
        let body = without.byte_range();
        let parts = match without == node {
            true => vec![range],
            false => vec![range.start..body.start, body.end..range.end],
        };
        for part in parts {
            for word in words_of(self.text.get(part).unwrap_or_default()) {
                into.insert(word);
            }
        }
    }

    fn each_word(&self, node: Node<'_>, found: &mut dyn FnMut(&str)) {
        for word in words_of(self.text.get(node.byte_range()).unwrap_or_default()) {
            found(&word);
        }
    }

    /// Whether a text in it, or a path, is relative to the file.
    fn names_a_place(&self, node: Node<'_>) -> bool {
        let text = self.text.get(node.byte_range()).unwrap_or_default();
        let has = |needle: &[u8]| text.windows(needle.len()).any(|part| part == needle);
        match self.language.row().syntax {
            Syntax::Rust => has(b"self::") || has(b"super") || has(b"include!") || has(b"file!"),
            Syntax::Script => [&b"\"."[..], b"'.", b"`.", b"import"].iter().any(|mark| has(mark)),
            Syntax::Python => has(b"from .") || has(b"import ."),
            _ => has(b"go:"),
        }
    }

    /// The lines of an item with what is before it, where nothing else is on them.
    fn own_lines(&self, first: Node<'_>, last: Node<'_>) -> Option<(u32, u32)> {
        let start = first.start_byte();
        let before = self.text.get(..start)?;
        let line = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
        let after = self.text.get(last.end_byte()..)?;
        let rest = after
            .split(|&byte| byte == b'\n')
            .next()
            .unwrap_or_default()
            .trim_ascii();
        let ended = self.text.get(..last.end_byte())?.ends_with(b"\n");
        let alone = line.trim_ascii().is_empty() && (ended || matches!(rest, b"" | b";"));
        let row = |row: usize| u32::try_from(row + 1).ok();
        let end = match ended {
            true => last.end_position().row.checked_sub(1)?,
            false => last.end_position().row,
        };
        match alone {
            true => Some((row(first.start_position().row)?, row(end)?)),
            false => None,
        }
    }
}

/// Everything in a text that could be a name.
fn words_of(text: &[u8]) -> impl Iterator<Item = String> + '_ {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'$' || !byte.is_ascii();
    text.split(move |byte| !part(byte))
        .filter(|word| word.first().is_some_and(|first| !first.is_ascii_digit()))
        .map(|word| String::from_utf8_lossy(word).into_owned())
}
