//! A row of the table of languages: what there is to say of each.

use tree_sitter_language::LanguageFn;

/// What white space between tokens means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// Line breaks and indentation have meaning.
    Meaning,
    /// Nothing but to separate tokens, where no bracket or comma does.
    Free,
    /// As `Free`, but a line break may end a statement.
    EndsStatements,
}

/// Where the name of a definition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// In this field.
    Field(&'static str),
    /// Innermost in the declarators of C.
    Declarator,
    /// In this field, where the other holds a function or class.
    Holding(&'static str, &'static str),
    /// In the first child of this kind.
    Child(&'static str),
}

/// A kind of node that defines a function, type or module, and where its name is.
pub(super) type Definition = (&'static str, Naming);

/// The family of languages that a rule about comments belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Rust,
    Python,
    Go,
    /// C and C++.
    C,
    Java,
    CSharp,
    /// JavaScript and TypeScript.
    Script,
    Ruby,
    Bash,
    Json,
    Yaml,
    Toml,
    Css,
    Sql,
}

/// A row of the table.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) syntax: Syntax,
    pub(super) grammar: LanguageFn,
    /// Small letters, without the dot.
    pub(super) extensions: &'static [&'static str],
    /// Whole file names.
    pub(super) names: &'static [&'static str],
    /// Programs that a first line `#!` may name; digits and dots at the end do not count.
    pub(super) interpreters: &'static [&'static str],
    /// Kinds of nodes that are comments.
    pub(super) comments: &'static [&'static str],
    /// Kinds of nodes that are taken whole: texts, within which white space and what looks like a comment have meaning.
    pub(super) atoms: &'static [&'static str],
    /// Kinds of nodes within which white space has meaning whatever `space` says.
    pub(super) exact: &'static [&'static str],
    /// What begins a comment to the end of the line, and a block.
    pub(super) line: &'static [&'static str],
    pub(super) block: Option<(&'static str, &'static str)>,
    pub(super) space: Space,
    pub(super) definitions: &'static [Definition],
}
