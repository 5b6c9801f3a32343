//! Which comments are prose: a list of what people write to people. Everything else in a comment may be read by a compiler, a linter, a
//! bundler, a build or a server, known here or not, and counts as code.

use std::sync::OnceLock;

use regex::Regex;

use super::language::Language;
use super::phrases::{MARKS, NOTES, ORDERS, READERS, STRONG, TAGS, TOOLS};
use super::row::Syntax;
use crate::change::deceptive;

/// True for a comment, with its delimiters, that is prose from beginning to end.
pub(super) fn is_prose(language: Language, comment: &str) -> bool {
    let row = language.row();
    if comment
        .chars()
        .any(|c| c != '\n' && c != '\t' && c != '\r' && (c.is_control() || deceptive(c)))
    {
        return false;
    }
    // Compilers let the next line belong to this one, whatever blanks are behind the backslash.
    if comment.lines().any(|line| line.trim_end().ends_with('\\')) {
        return false;
    }
    if let Some((open, close)) = row.block
        && let Some(inner) = comment.strip_prefix(open)
    {
        let Some(inner) = inner.strip_suffix(close) else {
            return false;
        };
        return block(row.syntax, inner);
    }
    let Some((mark, text)) = row
        .line
        .iter()
        .find_map(|mark| Some((*mark, comment.strip_prefix(mark)?)))
    else {
        return false;
    };
    // The grammar takes lines of documents with their line break.
    let text = text.trim_end();
    !text.contains('\n') && line_comment(row.syntax, mark, text)
}

fn block(syntax: Syntax, inner: &str) -> bool {
    if inner.starts_with(['+', '!', '@', '#', '$', '%', ':', '=', '?', '&'])
        && !(syntax == Syntax::Rust && inner.starts_with('!'))
    {
        return false;
    }
    let inner = inner.strip_prefix(['*', '!']).unwrap_or(inner);
    inner.lines().all(|line| {
        let line = line.trim();
        let line = line
            .strip_prefix('*')
            .filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '*']))
            .unwrap_or(line);
        text(syntax, line.trim())
    })
}

fn line_comment(syntax: Syntax, mark: &str, text_after: &str) -> bool {
    let document = match syntax {
        Syntax::Rust => text_after.strip_prefix(['/', '!']),
        Syntax::CSharp | Syntax::C => text_after.strip_prefix('/'),
        _ => None,
    };
    let inner = document.unwrap_or(text_after);
    // A letter right behind the mark is how directives are written.
    let apart = inner.is_empty() || inner.starts_with([' ', '\t']) || is_ruler(inner) && mark != "--";
    apart && text(syntax, inner.trim())
}

/// A line of nothing but drawing.
fn is_ruler(line: &str) -> bool {
    line.len() > 2
        && line
            .chars()
            .all(|c| "-=*~_#/ \t.".contains(c) || ('\u{2500}'..='\u{257f}').contains(&c))
}

/// True for a line of a comment, trimmed and without delimiters, that is written for people.
fn text(syntax: Syntax, line: &str) -> bool {
    if line.is_empty() || is_ruler(line) {
        return true;
    }
    if MARKS.iter().any(|mark| line.contains(mark)) || tools().is_some_and(|tools| tools.is_match(line)) {
        return false;
    }
    // `---- helpers ----`
    let drawn = |c: char| "-=~#*_".contains(c) || ('\u{2500}'..='\u{257f}').contains(&c);
    let line = match line.chars().take(3).filter(|c| drawn(*c)).count() {
        3 => line.trim_matches(drawn).trim(),
        _ => line,
    };
    let lower = line.to_ascii_lowercase();
    // A test of Go compares what the example prints.
    if syntax == Syntax::Go && (lower.starts_with("output:") || lower.starts_with("unordered output:")) {
        return false;
    }
    if syntax == Syntax::CSharp && xml_document(line) {
        return true;
    }
    if let Some(tagged) = line.strip_prefix(['@', ':']).or_else(|| line.strip_prefix('\\')) {
        return tag(syntax, tagged);
    }
    let item = ["- ", "* ", "+ ", "\u{2022} ", "> ", "# ", "## ", "### "]
        .iter()
        .find_map(|mark| line.strip_prefix(mark));
    let line = item.unwrap_or(line).trim_start();
    let Some(first) = line.split_whitespace().next() else {
        return true;
    };
    if !line
        .starts_with(|c: char| c.is_alphanumeric() || "\"'`([*_\u{2018}\u{201c}~<>=|&.,;".contains(c) || !c.is_ascii())
    {
        return false;
    }
    if line.starts_with(['<', '=', '>', '[']) && !line.starts_with("[`") && first.len() < line.len() && item.is_none() {
        // `<reference …>`, `[override …]`.
        if first.chars().any(char::is_alphabetic) {
            return false;
        }
    }
    word(first) && order(line)
}

/// The first word: one that ends in a colon or holds one, or assigns, is taken for a directive unless it is a known note.
fn word(first: &str) -> bool {
    let bare = first.trim_matches(|c: char| "\"'`([*_)]".contains(c));
    let (name, rest) = match bare.find([':', '=', '(']) {
        Some(at) => bare.split_at(at),
        None => (bare, ""),
    };
    if rest.is_empty() {
        return true;
    }
    if rest.starts_with('(') && !rest.contains("):") {
        // A call, or a remark in brackets.
        return true;
    }
    let note = NOTES.contains(&name.to_ascii_lowercase().as_str());
    let capital = name.len() > 1
        && name.starts_with(char::is_uppercase)
        && name.chars().skip(1).all(char::is_lowercase)
        && rest.trim_end_matches(['`', '*']) == ":";
    note || capital
}

/// A line of few words that orders something, or one word in capitals, as lint's.
fn order(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let plain = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    match words.as_slice() {
        [only] => {
            let bare = only.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '\'', '`']);
            let note = NOTES.contains(&plain(only).as_str());
            let shout = bare.len() > 3 && bare.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            let joined = bare.contains(['=', '@', '/', '$', '%', '#', '|', '+', '^']) && !bare.contains("://");
            note || !(shout || joined || ORDERS.contains(&plain(only).as_str()))
        }
        [first, rest @ ..] if rest.len() <= 2 => {
            let named =
                first.contains(['-', '_', '/']) || first.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            let sentence = line.ends_with(['.', '!', '?']);
            let strong = rest.iter().any(|word| STRONG.contains(&plain(word).as_str()));
            sentence || !(named && (ORDERS.contains(&plain(first).as_str()) || strong))
        }
        _ => true,
    }
}

/// A tag of a document. A type in braces is read by compilers of JavaScript.
fn tag(syntax: Syntax, tagged: &str) -> bool {
    let name = tagged.split([' ', '\t', ':']).next().unwrap_or_default();
    TAGS.contains(&name) && !(syntax == Syntax::Script && tagged.contains('{'))
}

/// A line with XML tags of C# documents.
fn xml_document(line: &str) -> bool {
    const NAMES: &[&str] = &[
        "summary",
        "param",
        "returns",
        "remarks",
        "example",
        "see",
        "seealso",
        "para",
        "value",
        "exception",
        "typeparam",
        "c",
        "code",
        "list",
        "item",
        "description",
        "paramref",
        "typeparamref",
    ];
    let mut tags = line.split('<').skip(1).peekable();
    line.starts_with('<')
        && tags.peek().is_some()
        && tags.all(|tag| {
            let name = tag.trim_start_matches('/');
            let name = name.split([' ', '>', '/']).next().unwrap_or_default();
            NAMES.contains(&name)
        })
}

fn tools() -> Option<&'static Regex> {
    static TOOLS_PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    TOOLS_PATTERN.get_or_init(|| Regex::new(TOOLS).ok()).as_ref()
}

/// True for a document of Rust: an attribute in other clothes.
pub(super) fn is_rust_document(comment: &str) -> bool {
    let line = (comment.starts_with("///") && !comment.starts_with("////")) || comment.starts_with("//!");
    let block =
        (comment.starts_with("/**") && !comment.starts_with("/***") && comment != "/**/") || comment.starts_with("/*!");
    line || block
}

/// True for a string of Python, with its delimiters, that is a docstring for people.
pub(super) fn is_docstring(string: &str) -> bool {
    let string = string.trim();
    let bare = string.trim_start_matches(['r', 'R', 'u', 'U']);
    if string.len() - bare.len() > 1 {
        return false;
    }
    let inner = ["\"\"\"", "'''", "\"", "'"]
        .iter()
        .find_map(|quote| bare.strip_prefix(quote)?.strip_suffix(quote));
    let strange = |c: char| c != '\n' && c != '\t' && c != '\r' && (c.is_control() || deceptive(c));
    inner.is_some_and(|inner| {
        !inner.chars().any(strange)
            && !inner.contains(">>>")
            && !MARKS.iter().any(|mark| inner.contains(mark))
            && !tools().is_some_and(|tools| tools.is_match(inner))
    })
}

/// True where a module names something that reads docstrings, in code or elsewhere.
pub(super) fn documents_are_read(text: &[u8]) -> bool {
    let text = std::str::from_utf8(text).unwrap_or("__doc__");
    let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    words.any(|word| READERS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::RepoPath;

    fn prose(extension: &str, comment: &str) -> bool {
        let path = RepoPath::from(format!("a.{extension}").as_str());
        is_prose(Language::of(&path, b"").unwrap(), comment)
    }

    #[test]
    fn what_people_write_is_prose() {
        let mut wrong = Vec::new();
        for (extension, comment) in [
            ("py", "# note"),
            ("py", "# x"),
            ("py", "#"),
            ("py", "# ---------- helpers ----------"),
            ("py", "##########"),
            ("py", "# TODO(ann): make this faster, see https://example.org/a=b"),
            ("py", "# SPDX-License-Identifier: MIT"),
            ("py", "# Copyright (c) 2026, the authors"),
            ("py", "# We ignore the last step here."),
            ("py", "# Returns: the number of steps"),
            ("py", "# - first item"),
            ("py", "# torch.cuda.empty_cache() is slow"),
            ("rs", "/// Returns the number of `x`.\n"),
            ("rs", "//! What this module owns."),
            ("rs", "/* one line */"),
            ("rs", "// SAFETY: the index is in bounds"),
            ("c", "/*\n * Line 4 of the licence, 2026\n */"),
            ("c", "/**\n * @brief Adds two numbers.\n * @param a the first one\n */"),
            ("c", "// x"),
            ("java", "/** Adds two numbers.\n * @param a the first\n */"),
            ("cs", "/// <summary>Adds.</summary>"),
            ("go", "// Package a does things."),
            ("go", "// Run starts the worker; it returns when done."),
            ("sql", "-- note"),
            ("css", "/* colours of the header */"),
            ("sh", "# Stop at the first error"),
            ("js", "/** Adds two numbers. */"),
            ("rb", "# Adds two numbers."),
            ("rb", "=begin\nA longer text.\n=end"),
            ("yaml", "# why this is here"),
        ] {
            if !prose(extension, comment) {
                wrong.push((extension, comment));
            }
        }
        assert_eq!(wrong, []);
    }

    #[test]
    fn what_tools_read_is_code() {
        let mut wrong = Vec::new();
        for (extension, comment) in [
            ("py", "#!/usr/bin/python"),
            ("py", "#%% cell"),
            ("py", "#note"),
            ("py", "# type: ignore"),
            ("py", "# type: (int) -> int"),
            ("py", "# noqa"),
            ("py", "# NOQA: E501"),
            ("py", "# see below  # noqa: E501"),
            ("py", "# fmt: off"),
            ("py", "# pragma: no cover"),
            ("py", "# cython: boundscheck=False"),
            ("py", "# -*- coding: utf-8 -*-"),
            ("py", "# vim: set ts=4:"),
            ("py", "# threads=64"),
            ("py", "# isort:skip"),
            ("py", "# pylint: disable=x"),
            ("py", "# /// script"),
            ("py", "# some-new-tool: off"),
            ("py", "# a text that goes on \\"),
            ("py", "# {{ values.threads }}"),
            ("py", "# $(eval CFLAGS := -O0)"),
            ("py", "# right \u{202e}to left"),
            ("py", "# zero\u{200b}width"),
            ("c", "// goes on \\"),
            ("c", "// goes on \\  "),
            ("c", "/* fallthrough */"),
            ("c", "/* FALLTHRU */"),
            ("c", "/* fall through */"),
            ("c", "// NOLINT(x)"),
            ("c", "// clang-format off"),
            ("c", "/*NOTREACHED*/"),
            ("c", "// what??/"),
            ("go", "//go:noinline"),
            ("go", "//export Run"),
            ("go", "//nolint:all"),
            ("go", "// +build amd64"),
            ("go", "// Output: 3"),
            ("go", "// Code generated by x. DO NOT EDIT."),
            ("js", "/* @__PURE__ */"),
            ("js", "/* webpackChunkName: \"a\" */"),
            ("js", "/* webpackIgnore: true */"),
            ("js", "//# sourceMappingURL=a.js.map"),
            ("js", "// @ts-ignore"),
            ("js", "// eslint-disable-next-line"),
            ("js", "/* global x */"),
            ("js", "/* exported f */"),
            ("js", "/* istanbul ignore next */"),
            ("js", "/** @type {number} */"),
            ("js", "/** @nosideeffects */"),
            ("js", "/** @jsx h */"),
            ("js", "/* @vite-ignore */"),
            ("ts", "/// <reference path=\"a.d.ts\" />"),
            ("ts", "// @ts-nocheck"),
            ("sql", "/*+ INDEX(t i) */"),
            ("sql", "/*!40101 SET x */"),
            ("sql", "--note"),
            ("sql", "--+ hint"),
            ("rb", "# frozen_string_literal: true"),
            ("rb", "# rubocop:disable Style/X"),
            ("sh", "#SBATCH --gpus=4"),
            ("sh", "# shellcheck disable=SC2086"),
            ("yaml", "# yaml-language-server: $schema=x"),
            ("yaml", "# yamllint disable-line"),
            ("cs", "// <auto-generated/>"),
            ("java", "// $NON-NLS-1$"),
            ("java", "// noinspection unchecked"),
            ("java", "/** @deprecated */"),
            ("java", "// a \\u000a x"),
            ("toml", "#:schema x"),
        ] {
            if prose(extension, comment) {
                wrong.push((extension, comment));
            }
        }
        assert_eq!(wrong, []);
    }

    #[test]
    fn the_pattern_of_tools_compiles() {
        assert!(tools().is_some());
    }
}
