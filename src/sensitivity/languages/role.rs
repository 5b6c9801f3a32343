//! What a piece of code is to the program: the expression that it begins, with receiver, operators and arguments, and all that this is in.

use std::ops::Range;

use tree_sitter::Node;

use super::functions::Definitions;
use super::parse::Source;
use super::row::Syntax;

/// Longer roles are not compared, in bytes.
const LONG: usize = 64 << 10;

/// What a piece of code is; equal where a program does the same with both, as far as one place in it can tell.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Role {
    /// The tokens of the expression that the piece begins, and the numbers of the statement around.
    expression: Vec<u8>,
    /// What it is in, from the top: kinds of nodes, and of loops, branches and closures all that is theirs.
    within: Vec<u8>,
    /// The names of the functions and types around it, the innermost first.
    names: Vec<String>,
}

/// Where a piece of code is.
#[derive(Clone, Debug)]
pub struct Spot {
    /// What it is.
    pub role: Role,
    /// The bytes of the function or type around it; the whole content where there is none.
    pub around: Range<usize>,
    /// Where its expression is.
    pub bytes: Range<usize>,
}

/// Parts of kinds of nodes that run what is in them more or less often, at another time, or not at all.
const FLOW: &[&str] = &[
    "for",
    "foreach",
    "while",
    "until",
    "loop",
    "do",
    "repeat",
    "comprehension",
    "generator",
    "closure",
    "lambda",
    "arrow",
    "if",
    "elif",
    "else",
    "unless",
    "switch",
    "match",
    "case",
    "arm",
    "select",
    "when",
    "ternary",
    "conditional",
    "try",
    "catch",
    "except",
    "finally",
    "rescue",
    "ensure",
    "with",
    "using",
    "defer",
    "go",
    "async",
    "await",
    "unsafe",
    "synchronized",
    "lock",
    "guard",
    "yield",
    "macro",
];

/// Kinds of nodes that are flow whatever their words say.
const CALLED_LATER: &[&str] = &[
    "func_literal",
    "function_expression",
    "anonymous_function",
    "block_argument",
];

/// What a definition is wrapped in without being another.
const WRAPPERS: &[&str] = &[
    "export_statement",
    "decorated_definition",
    "template_declaration",
    "linkage_specification",
];

/// The last words of kinds of nodes that only hold expressions.
const HOLDERS: &[&str] = &[
    "statement",
    "statements",
    "declaration",
    "item",
    "definition",
    "block",
    "body",
    "arguments",
    "list",
    "parameters",
    "file",
    "module",
    "program",
    "unit",
    "clause",
    "arm",
    "case",
    "document",
    "stylesheet",
    "stream",
    "script",
    "specifier",
    "mapping",
    "sequence",
    "object",
    "array",
    "table",
];

/// Expressions of which a part runs by itself.
const CONTROL: &[&str] = &[
    "if_expression",
    "for_expression",
    "while_expression",
    "loop_expression",
    "match_expression",
    "switch_expression",
    "closure_expression",
    "lambda",
    "lambda_expression",
    "arrow_function",
    "func_literal",
    "function_expression",
    "let_condition",
    "list_comprehension",
    "set_comprehension",
    "dictionary_comprehension",
    "generator_expression",
];

/// Fields that are given to something.
const GIVEN: &[&str] = &["right", "value", "default_value"];

impl Source<'_> {
    /// What the code at these bytes is; `None` where nobody can know.
    pub fn spot(&self, definitions: &Definitions, bytes: Range<usize>) -> Option<Spot> {
        let path = path(self, &bytes)?;
        let found = path.last()?;
        // Prose says nothing that could be compared.
        if bytes.is_empty()
            || self
                .prose
                .iter()
                .any(|part| part.start < bytes.end && bytes.start < part.end)
        {
            return None;
        }
        let mut at = path.len().checked_sub(1)?;
        let holds = |at: usize| path.get(at).is_none_or(|node| is_holder(*node));
        if !holds(at) {
            while let Some(above) = at.checked_sub(1)
                && let (Some(parent), Some(node)) = (path.get(above), path.get(at))
                && !is_holder(*parent)
                && !is_given(*parent, *node)
            {
                at = above;
            }
        }
        let mut node = *path.get(at)?;
        let mut above = at.checked_sub(1).and_then(|above| path.get(above)).copied();
        // A word such as `unsafe` stands for what it is about: the block, or what comes before one.
        let mut headed = None;
        if let Some(parent) = above.filter(|_| at + 1 == path.len() && !found.is_named()) {
            match last_word(parent.kind()) == "block" {
                true => {
                    node = parent;
                    above = at.checked_sub(2).and_then(|above| path.get(above)).copied();
                    at = at.checked_sub(1)?;
                }
                false => headed = Some(parent),
            }
        }
        let mut expression = Vec::new();
        self.tokens(node, &mut |token| push(&mut expression, token));
        if let Some(parent) = headed {
            self.head(parent, &mut |token| push(&mut expression, token));
        } else if let Some(parent) = above.filter(|parent| is_plain(*parent)) {
            // The size of an array, a value that is given: numbers beside the expression that no name stands for.
            self.head(parent, &mut |token| {
                if token.first().is_some_and(u8::is_ascii_digit) {
                    push(&mut expression, token);
                }
            });
        }
        let mut within = Vec::new();
        for (parent, child) in path.iter().take(at).zip(path.iter().skip(1)) {
            self.surroundings(*parent, *child, &mut within);
        }
        if expression.len() + within.len() > LONG {
            return None;
        }
        let line = u32::try_from(found.start_position().row).ok()?.saturating_add(1);
        Some(Spot {
            role: Role {
                expression,
                within,
                names: definitions.around(line),
            },
            around: definitions.innermost(line, 0..self.text.len())?,
            bytes: node.byte_range(),
        })
    }

    /// What a node is for one of its children: its kind, and where it decides how often, when or whether that runs, all of it beside the child.
    fn surroundings(&self, parent: Node<'_>, child: Node<'_>, within: &mut Vec<u8>) {
        let kind = parent.kind();
        if WRAPPERS.contains(&kind) {
            return;
        }
        let kind = match kind {
            "lexical_declaration" => "variable_declaration",
            other => other,
        };
        push(within, kind.as_bytes());
        if kind.starts_with("preproc") {
            // What is guarded may be a whole file; the condition is the first line.
            let text = self.text.get(parent.byte_range()).unwrap_or_default();
            push(
                within,
                text.split(|&byte| byte == b'\n')
                    .next()
                    .unwrap_or_default()
                    .trim_ascii(),
            );
            return;
        }
        let flows = kind.split('_').any(|word| FLOW.contains(&word)) || CALLED_LATER.contains(&kind);
        if flows {
            let mut cursor = parent.walk();
            for other in parent.children(&mut cursor) {
                match other == child {
                    true => push(within, b"\n"),
                    false => self.tokens(other, &mut |token| push(within, token)),
                }
            }
        }
    }

    /// The tokens of a node that are no prose, each without the white space around it.
    fn tokens(&self, node: Node<'_>, found: &mut dyn FnMut(&[u8])) {
        self.leaves(node, &|_| true, found);
    }

    /// The tokens of a node that are in no block of it.
    fn head(&self, node: Node<'_>, found: &mut dyn FnMut(&[u8])) {
        let outside = |inner: Node<'_>| {
            inner == node
                || !matches!(
                    last_word(inner.kind()),
                    "block" | "body" | "statement" | "list" | "suite"
                )
        };
        self.leaves(node, &outside, found);
    }

    fn leaves(&self, node: Node<'_>, wanted: &dyn Fn(Node<'_>) -> bool, found: &mut dyn FnMut(&[u8])) {
        let mut cursor = node.walk();
        loop {
            let here = cursor.node();
            let kind = self.language.kind(here.kind_id());
            let skipped = !wanted(here) || kind.comment && self.is_prose(&here.byte_range());
            if !skipped {
                if kind.atom || kind.comment || here.child_count() == 0 {
                    let token = self.text.get(here.byte_range()).unwrap_or_default().trim_ascii();
                    let null = token == b"NULL" && self.language.row().syntax == Syntax::C;
                    found(if null { b"nullptr" } else { token });
                } else if cursor.goto_first_child() {
                    continue;
                }
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

    fn is_prose(&self, range: &Range<usize>) -> bool {
        self.prose.binary_search_by_key(&range.start, |part| part.start).is_ok()
    }
}

fn push(into: &mut Vec<u8>, token: &[u8]) {
    // Beyond the limit there is nothing to compare.
    if !token.is_empty() && into.len() <= LONG {
        into.extend_from_slice(token);
        into.push(0);
    }
}

/// The nodes from the top to the smallest that holds the bytes.
fn path<'t>(source: &'t Source<'_>, bytes: &Range<usize>) -> Option<Vec<Node<'t>>> {
    let mut cursor = source.tree.walk();
    let mut path = vec![cursor.node()];
    while cursor.goto_first_child_for_byte(bytes.start).is_some() {
        let node = cursor.node();
        let range = node.byte_range();
        // Nodes without a byte end where the next begins.
        if range.is_empty() && range.start == bytes.start {
            return None;
        }
        if range.start > bytes.start || range.end < bytes.end {
            break;
        }
        path.push(node);
    }
    Some(path)
}

fn last_word(kind: &str) -> &str {
    kind.rsplit('_').next().unwrap_or(kind)
}

/// What only holds expressions.
fn is_holder(node: Node<'_>) -> bool {
    let kind = node.kind();
    node.is_named() && (HOLDERS.contains(&last_word(kind)) || CONTROL.contains(&kind) || kind.starts_with("preproc"))
}

/// A statement or declaration.
fn is_plain(node: Node<'_>) -> bool {
    matches!(
        last_word(node.kind()),
        "statement" | "declaration" | "item" | "definition" | "spec" | "declarator"
    )
}

/// Whether a child is what is given to a name, and not the name.
fn is_given(parent: Node<'_>, child: Node<'_>) -> bool {
    let kind = parent.kind();
    let gives = [
        "assignment",
        "declarator",
        "pair",
        "keyword_argument",
        "initializer",
        "spec",
        "declaration",
    ];
    gives.iter().any(|word| kind.contains(word))
        && GIVEN
            .iter()
            .any(|field| parent.child_by_field_name(field) == Some(child))
}
