//! Which functions, types and modules a line is in.

use std::ops::Range;

use tree_sitter::Node;

use super::parse::Source;
use super::row::{Naming, Syntax};

/// The definitions of a content, in the order of their beginnings.
#[derive(Default)]
pub struct Definitions(Vec<Definition>);

struct Definition {
    /// Lines, from 1, both included.
    first: u32,
    last: u32,
    /// The innermost first.
    names: Vec<String>,
    bytes: Range<usize>,
    /// From the line where it begins to its body.
    head: Range<usize>,
    /// False for what only holds functions: a type, a module.
    callable: bool,
}

/// A function of a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callable {
    /// Its name.
    pub name: String,
    /// The names of what it is in, the innermost first.
    pub within: Vec<String>,
    /// Lines, from 1, both included.
    pub lines: (u32, u32),
    /// Where in the content it is.
    pub bytes: Range<usize>,
}

/// Kinds of definitions that only hold functions.
const HOLDERS: &[&str] = &[
    "abstract_class_declaration",
    "annotation_type_declaration",
    "class",
    "class_declaration",
    "class_definition",
    "class_specifier",
    "concept_definition",
    "delegate_declaration",
    "enum_declaration",
    "enum_item",
    "enum_specifier",
    "impl_item",
    "interface_declaration",
    "internal_module",
    "mod_item",
    "module",
    "namespace_declaration",
    "namespace_definition",
    "record_declaration",
    "struct_declaration",
    "struct_item",
    "struct_specifier",
    "trait_item",
    "type_spec",
    "union_item",
    "union_specifier",
];

/// Values that give what holds them the name of a function or type.
const VALUES: &[&str] = &[
    "lambda",
    "lambda_expression",
    "closure_expression",
    "func_literal",
    "arrow_function",
    "function_expression",
    "generator_function",
    "class",
];

/// What a definition is wrapped in, to decorate or to export it.
const WRAPPERS: &[&str] = &["decorated_definition", "template_declaration", "export_statement"];

/// What is before a definition and belongs to it.
const BEFORE: &[&str] = &["attribute_item", "decorator", "attribute_list", "attribute_declaration"];

impl Definitions {
    /// All definitions of a content.
    pub fn of(source: &Source<'_>) -> Self {
        let mut found = Vec::new();
        let mut cursor = source.tree.walk();
        let mut rest: Option<Definition> = None;
        let mut levels = vec![Level::default()];
        'tree: loop {
            let node = cursor.node();
            let last = levels.len().saturating_sub(1);
            let begins = levels.get_mut(last).map_or(0, |level| level.pass(source, node));
            if let Some(naming) = source.language.kind(node.kind_id()).definition {
                let names = names(source, node, naming);
                if !names.is_empty() {
                    found.push(Definition {
                        first: line(begins),
                        last: last_line(node),
                        names,
                        bytes: node.byte_range(),
                        head: head(source, begins, node),
                        callable: !HOLDERS.contains(&node.kind()),
                    });
                }
            } else if node.kind() == "file_scoped_namespace_declaration"
                && let Some(name) = node.child_by_field_name("name")
            {
                rest = Some(Definition {
                    first: line(begins),
                    last: u32::MAX,
                    names: parts(source, name),
                    bytes: 0..source.text.len(),
                    head: 0..0,
                    callable: false,
                });
            }
            if cursor.goto_first_child() {
                let wraps = WRAPPERS.contains(&node.kind());
                levels.push(Level {
                    wrapped: wraps.then_some(begins),
                    ..Level::default()
                });
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    break 'tree;
                }
                levels.pop();
            }
        }
        if let Some(rest) = rest {
            found.insert(0, rest);
        }
        Self(found)
    }

    /// The names around a line, from 1, the innermost first; of everything that begins or ends on it, too.
    pub fn around(&self, line: u32) -> Vec<String> {
        let around = self.0.iter().rev().filter(|one| one.first <= line && line <= one.last);
        around.flat_map(|one| one.names.iter().cloned()).collect()
    }

    /// The same, each name with the bytes of what declares it: from the line where it begins to its body.
    pub fn declared(&self, line: u32) -> Vec<(String, Range<usize>)> {
        let around = self.0.iter().rev().filter(|one| one.first <= line && line <= one.last);
        around
            .flat_map(|one| one.names.iter().map(|name| (name.clone(), one.head.clone())))
            .collect()
    }

    /// The bytes of the innermost definition around a line, from 1, or all that is there; `None` where another one goes by the same names.
    pub(super) fn innermost(&self, line: u32, all: Range<usize>) -> Option<Range<usize>> {
        let Some(own) = self.0.iter().rev().find(|one| one.first <= line && line <= one.last) else {
            return Some(all);
        };
        let names = self.around(line);
        let alike = |one: &&Definition| one.names == own.names && self.around(one.first) == names;
        (self.0.iter().filter(alike).count() <= 1).then(|| own.bytes.clone())
    }

    /// The functions, in the order of their beginnings, each with the names of what it is in.
    pub fn functions(&self) -> Vec<Callable> {
        let mut found = Vec::new();
        let mut open: Vec<&Definition> = Vec::new();
        for one in &self.0 {
            while open.last().is_some_and(|outer| outer.bytes.end < one.bytes.end) {
                open.pop();
            }
            if one.callable
                && let Some((name, own)) = one.names.split_first()
            {
                let outer = open.iter().rev().flat_map(|outer| &outer.names);
                found.push(Callable {
                    name: name.clone(),
                    within: own.iter().chain(outer).cloned().collect(),
                    lines: (one.first, one.last),
                    bytes: one.bytes.clone(),
                });
            }
            open.push(one);
        }
        found
    }
}

fn line(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX).saturating_add(1)
}

/// What is written of a definition before its body, with its attributes and what it is wrapped in.
fn head(source: &Source<'_>, begins: usize, node: Node<'_>) -> Range<usize> {
    let mut start = node.start_byte();
    for _ in begins..node.start_position().row {
        let before = source.text.get(..start).unwrap_or_default();
        start = before.iter().rposition(|&byte| byte == b'\n').unwrap_or(0);
    }
    let before = source.text.get(..start).unwrap_or_default();
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let body = node.child_by_field_name("body");
    start..body.map_or(node.end_byte(), |body| body.start_byte())
}

/// The last line that the node has a byte on.
fn last_line(node: Node<'_>) -> u32 {
    let end = node.end_position();
    let row = if end.column == 0 {
        end.row.saturating_sub(1)
    } else {
        end.row
    };
    line(row.max(node.start_position().row))
}

/// What is known of the nodes before one among its siblings: looking back from each takes time that grows with their number.
#[derive(Default)]
struct Level {
    /// Where what wraps the siblings begins.
    wrapped: Option<usize>,
    /// Where the attributes and directives before the next node begin, and where the last of them ends.
    before: Option<(usize, usize)>,
}

impl Level {
    /// Takes the next sibling, and tells on which row it begins with what belongs to it.
    fn pass(&mut self, source: &Source<'_>, node: Node<'_>) -> usize {
        let (start, end) = (node.start_position().row, node.end_position().row);
        if let Some(row) = self.wrapped {
            return row;
        }
        let touching = self.before.filter(|(_, last)| start <= *last + 1);
        if BEFORE.contains(&node.kind()) {
            self.before = Some((touching.map_or(start, |(first, _)| first), end));
            return start;
        }
        if source.language.kind(node.kind_id()).comment {
            let prose = source
                .prose
                .binary_search_by_key(&node.start_byte(), |part| part.start)
                .is_ok();
            // A document between an attribute and its item is skipped over.
            self.before = match touching {
                Some((first, _)) => Some((first, end)),
                None if prose => None,
                None => Some((start, end)),
            };
            return start;
        }
        self.before = None;
        touching.map_or(start, |(first, _)| first)
    }
}

fn content(source: &Source<'_>, node: Node<'_>) -> String {
    String::from_utf8_lossy(source.text.get(node.byte_range()).unwrap_or_default()).into_owned()
}

fn names(source: &Source<'_>, node: Node<'_>, naming: Naming) -> Vec<String> {
    let field = |name: &str| node.child_by_field_name(name);
    let mut names = match naming {
        Naming::Field(name) => {
            let whole = source.language.row().syntax == Syntax::C && node.kind() != "namespace_definition";
            // `struct stat buf;` names a type without defining it.
            if whole && node.kind().ends_with("_specifier") && field("body").is_none() {
                return Vec::new();
            }
            field(name).map(|name| parts(source, name)).unwrap_or_default()
        }
        Naming::Declarator => field("declarator")
            .map(|one| parts(source, declared(one)))
            .unwrap_or_default(),
        Naming::Holding(name, value) => {
            let holds = field(value).is_some_and(|value| holds_function(value));
            match (holds, field(name)) {
                (true, Some(name)) => parts(source, name),
                _ => Vec::new(),
            }
        }
        Naming::Child(kind) => {
            let mut cursor = node.walk();
            let found = node.named_children(&mut cursor).find(|child| child.kind() == kind);
            found.map(|name| parts(source, name)).unwrap_or_default()
        }
    };
    // The receiver of a method of Go names its type.
    if let Some(receiver) = field("receiver").filter(|_| source.language.row().syntax == Syntax::Go) {
        names.extend(type_name(source, receiver));
    }
    if let Some(object) = field("object").filter(|_| node.kind() == "singleton_method") {
        names.extend(parts(source, object));
    }
    names.retain(|name| name != "self");
    names
}

/// True for a function or class, alone or in a list of one.
fn holds_function(value: Node<'_>) -> bool {
    VALUES.contains(&value.kind())
        || value.kind() == "expression_list"
            && value.named_child_count() == 1
            && value.named_child(0).is_some_and(|child| VALUES.contains(&child.kind()))
}

/// The name in a declarator of C: behind pointers, arrays, parameters and attributes.
fn declared(declarator: Node<'_>) -> Node<'_> {
    let mut node = declarator;
    // Bounded, as nesting is.
    for _ in 0..64 {
        let inner = node.child_by_field_name("declarator").or_else(|| {
            let wraps = matches!(
                node.kind(),
                "parenthesized_declarator" | "attributed_declarator" | "reference_declarator" | "ms_based_modifier"
            );
            let mut cursor = node.walk();
            let found = node.named_children(&mut cursor).find(|child| {
                child.kind().ends_with("declarator")
                    || matches!(child.kind(), "identifier" | "field_identifier" | "qualified_identifier")
            });
            found.filter(|_| wraps)
        });
        match inner {
            Some(inner) => node = inner,
            None => break,
        }
    }
    node
}

/// The identifiers of a name, the last first: `ns::Worker<T>::run` is `run`, `Worker`, `ns`. Arguments of types do not count.
fn parts(source: &Source<'_>, name: Node<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = name.walk();
    loop {
        let node = cursor.node();
        let arguments = node.kind().ends_with("arguments")
            || node.kind().ends_with("argument_list")
            || node.kind().ends_with("parameters");
        let leaf =
            node.child_count() == 0 || matches!(node.kind(), "destructor_name" | "operator_name" | "setter" | "string");
        if leaf && (node.is_named() || node == name) && !arguments {
            found.push(content(source, node).trim_matches(['"', '\'', '`']).to_owned());
        } else if !leaf && !arguments && cursor.goto_first_child() {
            continue;
        }
        loop {
            if cursor.node() == name {
                found.reverse();
                found.retain(|part| !part.is_empty());
                return found;
            }
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                found.reverse();
                return found;
            }
        }
    }
}

/// The first identifier of a type in a receiver.
fn type_name(source: &Source<'_>, receiver: Node<'_>) -> Option<String> {
    let mut cursor = receiver.walk();
    loop {
        let node = cursor.node();
        if node.kind() == "type_identifier" {
            return Some(content(source, node));
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return None;
            }
        }
    }
}
