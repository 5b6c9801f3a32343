//! Which changed lines are blank or wholly comment. When unsure, a line is not a comment.

use crate::change::{ChangedLine, RepoPath, Side};

/// The comment syntax of a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Syntax {
    /// What begins a comment that runs to the end of the line.
    line: &'static str,
    /// Whether `/* … */` is a comment.
    blocks: bool,
    family: Family,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// `#` languages.
    Hash,
    /// C and its kin; a line that begins with `#` is never a comment.
    C,
    /// Go: comments before `import "C"` are code.
    Go,
    /// JavaScript and its kin: bundlers read comments.
    Script,
    /// SQL: hints are comments.
    Sql,
    /// Markup, Lisp, Erlang and others.
    Plain,
}

const fn syntax(line: &'static str, blocks: bool, family: Family) -> Syntax {
    Syntax { line, blocks, family }
}

fn by_extension(extension: &str) -> Option<Syntax> {
    Some(match extension {
        "py" | "pyi" | "pyx" | "pxd" | "sh" | "bash" | "zsh" | "rb" | "pl" | "pm" | "r" | "jl" | "ex" | "exs"
        | "toml" | "yaml" | "yml" | "cfg" | "conf" | "properties" | "cmake" | "mk" | "bzl" | "bazel" | "nix" | "tf"
        | "ps1" | "awk" | "tcl" | "gd" => syntax("#", false, Family::Hash),
        "c" | "h" | "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" | "inl" | "cu" | "cuh" | "hip" | "cl" | "m" | "mm"
        | "metal" | "glsl" | "vert" | "frag" | "comp" | "hlsl" | "wgsl" | "rs" | "java" | "kt" | "kts" | "scala"
        | "cs" | "swift" | "dart" | "zig" | "d" | "proto" | "fbs" => {
            syntax("//", !matches!(extension, "zig"), Family::C)
        }
        "groovy" | "gradle" | "sbt" => syntax("//", true, Family::C),
        "go" => syntax("//", false, Family::Go),
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "scss" | "less" => {
            syntax("//", true, Family::Script)
        }
        "css" => syntax("", true, Family::Plain),
        "sql" | "ddl" | "psql" => syntax("--", true, Family::Sql),
        "lua" | "hs" | "elm" | "adb" | "ads" | "vhd" | "vhdl" => syntax("--", false, Family::Plain),
        "lisp" | "clj" | "cljs" | "cljc" | "el" | "scm" | "rkt" | "ini" => syntax(";", false, Family::Plain),
        "erl" | "hrl" | "tex" => syntax("%", false, Family::Plain),
        _ => return None,
    })
}

fn by_name(path: &RepoPath) -> Option<Syntax> {
    match path.file_name() {
        b"Makefile" | b"makefile" | b"GNUmakefile" | b"Dockerfile" | b"Containerfile" | b"CMakeLists.txt"
        | b"Justfile" | b"justfile" | b"BUILD" | b"WORKSPACE" | b"requirements.txt" | b"Gemfile" | b"Rakefile" => {
            Some(syntax("#", false, Family::Hash))
        }
        b"go.mod" => Some(syntax("//", false, Family::Go)),
        _ => {
            let extension = path.extension()?.to_ascii_lowercase();
            by_extension(std::str::from_utf8(&extension).ok()?)
        }
    }
}

/// For each line, whether it counts: neither blank nor wholly comment.
pub(super) fn significant(path: &RepoPath, lines: &[ChangedLine]) -> Vec<bool> {
    let syntax = by_name(path);
    let mut open: Option<(Side, u32)> = None;
    lines
        .iter()
        .map(|line| {
            let text = line.text.trim_ascii();
            let inside = open
                .take()
                .is_some_and(|(side, last)| side == line.side && line.number == last.saturating_add(1));
            if text.is_empty() {
                if inside {
                    open = Some((line.side, line.number));
                }
                return false;
            }
            let Some(syntax) = syntax else { return true };
            let kind = classify(syntax, text, inside, line.number);
            if kind == Kind::Open {
                open = Some((line.side, line.number));
            }
            kind == Kind::Code
        })
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    /// Comment, and the block goes on.
    Open,
}

fn classify(syntax: Syntax, text: &[u8], inside: bool, number: u32) -> Kind {
    let body = if inside {
        text
    } else if let Some(body) = text.strip_prefix(b"/*").filter(|_| syntax.blocks) {
        // `/*+ hint */` and `/*! version */` are for databases, `/* webpack… */` and `/* @__PURE__ */` for bundlers.
        let directive = matches!(body.first(), Some(b'+' | b'!')) && syntax.family == Family::Sql
            || syntax.family == Family::Script && bundler_reads(body);
        if directive {
            return Kind::Code;
        }
        body
    } else {
        return line_comment(syntax, text, number);
    };
    match body.windows(2).position(|two| two == b"*/") {
        Some(end) if body.get(end + 2..).unwrap_or_default().trim_ascii().is_empty() => Kind::Comment,
        Some(_) => Kind::Code,
        None => Kind::Open,
    }
}

fn bundler_reads(text: &[u8]) -> bool {
    let has = |needle: &[u8]| text.windows(needle.len()).any(|window| window == needle);
    has(b"__PURE__") || has(b"webpack") || has(b"@vite") || has(b"__NO_SIDE_EFFECTS__") || has(b"@jsx")
}

fn line_comment(syntax: Syntax, text: &[u8], number: u32) -> Kind {
    let Some(rest) = text
        .strip_prefix(syntax.line.as_bytes())
        .filter(|_| !syntax.line.is_empty())
    else {
        return Kind::Code;
    };
    // The next line may belong to this one.
    if text.ends_with(b"\\") {
        return Kind::Code;
    }
    let first = rest.first().copied();
    let directive = match syntax.family {
        // `#!`, `#pragma`, `#include`, `#SBATCH`: a shebang, a kernel in a string, a scheduler's options.
        Family::Hash => {
            first.is_some_and(|b| b.is_ascii_alphabetic() || b == b'!' || b == b'[')
                || hash_directive(rest.trim_ascii_start(), number)
        }
        Family::Go => {
            first.is_some_and(|b| b.is_ascii_alphabetic())
                || rest.contains(&b'#')
                || rest.trim_ascii_start().starts_with(b"+build")
                || matches!(text.last(), Some(b';' | b'{' | b'}'))
        }
        Family::Script => bundler_reads(rest),
        Family::Sql => matches!(first, Some(b'+' | b'!')),
        Family::C => false,
        // In Haskell `-->` is an operator.
        Family::Plain => syntax.line == "--" && first.is_some_and(|b| b.is_ascii_punctuation() && b != b'-'),
    };
    if directive { Kind::Code } else { Kind::Comment }
}

/// Comments that a compiler or a builder reads.
fn hash_directive(text: &[u8], number: u32) -> bool {
    [
        &b"cython:"[..],
        b"distutils:",
        b"syntax=",
        b"escape=",
        b"pythran ",
        b"frozen_string_literal",
    ]
    .iter()
    .any(|word| text.starts_with(word))
        || (number == 1 && text.starts_with(b"!"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<ChangedLine> {
        let line = |(at, text): (usize, &str)| ChangedLine {
            side: Side::Added,
            number: at as u32 + 1,
            text: text.as_bytes().to_vec(),
            context: None,
        };
        text.lines().enumerate().map(line).collect()
    }

    fn counts(path: &str, text: &str) -> Vec<bool> {
        significant(&RepoPath::from(path), &lines(text))
    }

    #[test]
    fn comments_do_not_count() {
        for (path, text) in [
            ("a.py", "# note"),
            ("a.py", "    #   indented"),
            ("a.py", "   "),
            ("a.rs", "/// doc"),
            ("a.rs", "/* one line */"),
            ("a.c", "/**\n * two\n *\n\n * more\n */"),
            ("a.sql", "-- note"),
            ("a.go", "// Package a does things."),
            ("a.lua", "-- note"),
            ("a.css", "/* x */"),
            ("Makefile", "# note"),
            ("go.mod", "// note"),
        ] {
            assert!(!counts(path, text).contains(&true), "{path}: {text}");
        }
    }

    #[test]
    fn when_unsure_a_line_counts() {
        for (path, text) in [
            ("a.py", "#include <x>"),
            ("a.py", "#pragma unroll"),
            ("a.py", "# cython: boundscheck=False"),
            ("a.sh", "#!/bin/sh"),
            ("a.sh", "#SBATCH --gpus=4"),
            ("a.c", "#pragma omp parallel"),
            ("a.c", "* p = 1;"),
            ("a.c", "// goes on \\"),
            ("a.c", "/* a */ x = 1;"),
            ("a.go", "//go:noinline"),
            ("a.go", "// +build amd64"),
            ("a.go", "// #cgo CFLAGS: -O3"),
            ("a.go", "// static int f(void) { return 1; }"),
            ("a.sql", "/*+ INDEX(t i) */"),
            ("a.sql", "/*!40101 SET x */"),
            ("a.js", "/* @__PURE__ */"),
            ("a.hs", "-->"),
            ("a.unknown", "# note"),
            ("README", "# note"),
            ("a.md", "# heading"),
            ("Dockerfile", "# syntax=docker/dockerfile:1"),
        ] {
            assert!(counts(path, text).iter().all(|&counts| counts), "{path}: {text}");
        }
    }

    #[test]
    fn blocks_must_be_seen_to_begin() {
        assert_eq!(counts("a.rs", "/*\nx\n*/\ny"), [false, false, false, true]);
        assert_eq!(counts("a.rs", " * x"), [true]);
        // A gap in the numbers, or the other side, ends what is known.
        let mut two = lines("/*\nx");
        two[1].number = 9;
        assert_eq!(significant(&RepoPath::from("a.rs"), &two), [false, true]);
        two[1].number = 2;
        two[1].side = Side::Removed;
        assert_eq!(significant(&RepoPath::from("a.rs"), &two), [false, true]);
    }
}
