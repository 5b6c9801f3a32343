//! A language: which files are written in it, and what the kinds of nodes of its grammar are to certgate.

use std::sync::OnceLock;

use super::row::{Naming, Row};
use super::table::TABLE;
use crate::change::RepoPath;

/// A language that certgate can parse.
#[derive(Clone, Copy)]
pub struct Language(&'static Prepared);

struct Prepared {
    row: &'static Row,
    grammar: tree_sitter::Language,
    /// By the number of the kind.
    kinds: Vec<Kind>,
}

/// What a kind of node is to certgate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) comment: bool,
    pub(super) atom: bool,
    pub(super) exact: bool,
    pub(super) definition: Option<Naming>,
}

impl Language {
    /// By the name of the file, else by the first line of the content, where it begins with `#!`.
    pub fn of(path: &RepoPath, content: &[u8]) -> Option<Self> {
        let at = by_name(path).or_else(|| {
            // An extension that is not in the table names another language, whatever the first line says.
            let other = path.extension().is_some() || OTHERS.contains(&path.file_name());
            (!other).then(|| by_interpreter(content)).flatten()
        })?;
        Self::at(at)
    }

    /// All of the table, for tests that go through it.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..TABLE.len()).filter_map(Self::at)
    }

    fn at(at: usize) -> Option<Self> {
        let row = TABLE.get(at)?;
        PREPARED.get(at)?.get_or_init(|| prepare(row)).as_ref().map(Self)
    }

    /// The name, as people write it.
    pub fn name(self) -> &'static str {
        self.0.row.name
    }

    /// An extension that files of the language have; empty where it has none.
    pub fn extension(self) -> &'static str {
        self.0.row.extensions.first().copied().unwrap_or_default()
    }

    /// Whether there are functions, types or modules in it.
    pub fn has_functions(self) -> bool {
        !self.0.row.definitions.is_empty()
    }

    pub(super) fn row(self) -> &'static Row {
        self.0.row
    }

    pub(super) fn grammar(self) -> &'static tree_sitter::Language {
        &self.0.grammar
    }

    pub(super) fn kind(self, id: u16) -> Kind {
        self.0.kinds.get(usize::from(id)).copied().unwrap_or_default()
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Language {}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Names of files in languages that are not in the table, whatever their first line says.
const OTHERS: &[&[u8]] = &[
    b"Makefile",
    b"makefile",
    b"GNUmakefile",
    b"Dockerfile",
    b"Containerfile",
    b"Justfile",
    b"justfile",
    b"Jenkinsfile",
];

static PREPARED: [OnceLock<Option<Prepared>>; TABLE.len()] = [const { OnceLock::new() }; TABLE.len()];

/// `None` where the grammar was made for another tree-sitter, which a test rules out.
fn prepare(row: &'static Row) -> Option<Prepared> {
    let grammar = tree_sitter::Language::new(row.grammar);
    tree_sitter::Parser::new().set_language(&grammar).ok()?;
    let count = u16::try_from(grammar.node_kind_count()).ok()?;
    let kind = |id| {
        let name = grammar.node_kind_for_id(id).unwrap_or_default();
        let named = grammar.node_kind_is_named(id);
        Kind {
            comment: named && row.comments.contains(&name),
            atom: named && row.atoms.contains(&name),
            exact: named && row.exact.contains(&name),
            definition: row
                .definitions
                .iter()
                .find(|(kind, _)| named && *kind == name)
                .map(|(_, naming)| *naming),
        }
    };
    let kinds = (0..count).map(kind).collect();
    Some(Prepared { row, grammar, kinds })
}

fn by_name(path: &RepoPath) -> Option<usize> {
    let name = path.file_name();
    let whole = |row: &Row| row.names.iter().any(|known| known.as_bytes() == name);
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    let by_extension = |row: &Row| row.extensions.iter().any(|known| known.as_bytes() == extension);
    TABLE
        .iter()
        .position(whole)
        .or_else(|| TABLE.iter().position(by_extension))
}

/// `#!/usr/bin/python3`, `#!/usr/bin/env -S bash -e`: the last part of the first word that is neither `env` nor an option nor a setting.
fn by_interpreter(content: &[u8]) -> Option<usize> {
    let first = content.strip_prefix(b"#!")?.split(|&byte| byte == b'\n').next()?;
    let first = std::str::from_utf8(first).ok()?;
    let program = first
        .split_ascii_whitespace()
        .map(|word| word.rsplit('/').next().unwrap_or(word))
        .find(|word| *word != "env" && !word.starts_with('-') && !word.contains('='))?;
    let program = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    TABLE.iter().position(|row| row.interpreters.contains(&program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grammar_loads_and_has_the_kinds_that_the_table_names() {
        // Kinds that only one of two grammars of a family has.
        let elsewhere = [
            "class_specifier",
            "namespace_definition",
            "concept_definition",
            "raw_string_literal",
            "user_defined_literal",
            "jsx_text",
            "template_literal_type",
            "abstract_class_declaration",
            "function_signature",
            "method_signature",
            "abstract_method_signature",
            "interface_declaration",
            "enum_declaration",
            "internal_module",
            "module",
            "field_definition",
            "public_field_definition",
        ];
        for (row, language) in TABLE.iter().zip(Language::all()) {
            assert_eq!(row.name, language.name());
            let known = |kind: &str| language.grammar().id_for_node_kind(kind, true) != 0;
            let named = row.comments.iter().chain(row.atoms).chain(row.exact);
            for kind in named.chain(row.definitions.iter().map(|(kind, _)| kind)) {
                assert!(known(kind) || elsewhere.contains(kind), "{}: no kind {kind}", row.name);
            }
            for (kind, naming) in row.definitions {
                let fields = match naming {
                    Naming::Field(one) => vec![*one],
                    Naming::Holding(one, other) => vec![*one, *other],
                    Naming::Declarator => vec!["declarator"],
                    Naming::Child(child) => {
                        assert!(known(child), "{}: no kind {child}", row.name);
                        vec![]
                    }
                };
                for field in fields {
                    let there = language.grammar().field_id_for_name(field).is_some();
                    assert!(there || elsewhere.contains(kind), "{}: no field {field}", row.name);
                }
            }
        }
        assert_eq!(Language::all().count(), TABLE.len());
    }

    #[test]
    fn languages_go_by_name_extension_and_first_line() {
        let of =
            |path: &str, content: &str| Language::of(&RepoPath::from(path), content.as_bytes()).map(Language::name);
        for (path, content, expected) in [
            ("a.py", "", Some("Python")),
            ("src/A.RS", "", Some("Rust")),
            ("a.h", "", Some("C++")),
            ("a.c", "", Some("C")),
            ("x/Gemfile", "", Some("Ruby")),
            ("tsconfig.json", "", Some("JSON with comments")),
            ("package.json", "", Some("JSON")),
            ("run", "#!/usr/bin/env -S FOO=1 python3.12 -u\n", Some("Python")),
            ("run", "#!/bin/sh -e\n", Some("Bash")),
            ("run", "#! /usr/bin/env\n", None),
            ("run", "x\n", None),
            ("Makefile", "#!/bin/sh\n", None),
            ("a.mk", "#!/bin/sh\n", None),
            ("a.md", "", None),
            ("a.zsh", "", None),
        ] {
            assert_eq!(of(path, content), expected, "{path} {content}");
        }
    }
}
