//! File references in text: which words name a file, which lines and symbols are given with them.

use std::ops::Range;

use super::document::{Block, BlockKind};
use super::lines::{self, Lines};

/// A reference to a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reference {
    /// What names it and its lines, in the block's text.
    pub(super) range: Range<usize>,
    /// Where the name is.
    pub(super) name: Range<usize>,
    pub(super) path: String,
    pub(super) lines: Vec<Lines>,
    /// In a code span.
    pub(super) code: bool,
    pub(super) form: Form,
}

/// How sure it is that a file is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// It has the extension of a file and is a reference by its marks.
    File,
    /// A reference only if the tree has it: a path without a known extension, a directory.
    IfThere,
    /// Looks like a file and is not one: `Chart.js` in prose, `self.config`.
    NoFile,
}

/// Finds the references of a block, in order.
pub(super) fn find(block: &Block) -> Vec<Reference> {
    if block.kind == BlockKind::Listing {
        return Vec::new();
    }
    let mut found: Vec<Reference> = Vec::new();
    for (range, code) in candidates(block) {
        if let Some(mut reference) = candidate(&block.text, range, code) {
            surround(
                &block.text,
                &mut reference,
                found.last().map_or(0, |last| last.range.end),
            );
            if let Some(form) = form(&reference) {
                reference.form = form;
                found.push(reference);
            }
        }
    }
    found
}

/// Code spans, and words outside of them.
fn candidates(block: &Block) -> Vec<(Range<usize>, bool)> {
    let mut all: Vec<(Range<usize>, bool)> = block.code.iter().map(|span| (span.clone(), true)).collect();
    let mut start = None;
    let text = &block.text;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let word = !c.is_whitespace() && !block.in_code(at);
        match (start, word) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                all.push((from..at, false));
                start = None;
            }
            _ => {}
        }
    }
    all.sort_by_key(|(range, _)| range.start);
    all
}

fn candidate(text: &str, range: Range<usize>, code: bool) -> Option<Reference> {
    let raw = text.get(range.clone())?;
    let marks: &[char] = &[
        '(', ')', '[', ']', ',', ';', '"', '\'', '“', '”', '*', '!', '?', '’', '‘', '✅', '❌',
    ];
    let blank = char::is_whitespace;
    let front = raw.trim_start_matches(|c: char| blank(c) || (!code && marks.contains(&c)));
    let start = range.start + raw.len() - front.len();
    let word = front.trim_end_matches(|c: char| blank(c) || (!code && (marks.contains(&c) || matches!(c, ':' | '.'))));
    if word.contains("://") || word.len() < 3 {
        return None;
    }
    let split = split(word)?;
    let name = start..start + split.name;
    Some(Reference {
        range: start..start + split.length,
        name,
        path: split.path,
        lines: split.lines,
        code,
        form: Form::NoFile,
    })
}

struct Split {
    path: String,
    lines: Vec<Lines>,
    /// The width of the name.
    name: usize,
    /// The width of all of it.
    length: usize,
}

/// A name with its lines: `a/b.py:10-20`, `a.rs#L3`, `tests/x.py::Test::case`.
fn split(word: &str) -> Option<Split> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '~' | '@' | '+' | '\\');
    let end = word.find(|c: char| !plain(c)).unwrap_or(word.len());
    let path = word.get(..end)?;
    let rest = word.get(end..)?;
    let split = |lines: Vec<Lines>, length: usize| {
        let trimmed = path.trim_end_matches('.');
        (!trimmed.is_empty()).then(|| Split {
            path: trimmed.to_owned(),
            lines,
            name: trimmed.len(),
            length,
        })
    };
    if rest.is_empty() || rest.starts_with("::") {
        return split(Vec::new(), end);
    }
    let tail = rest.strip_prefix(':').or_else(|| rest.strip_prefix("#L"))?;
    if tail.is_empty() {
        return split(Vec::new(), end);
    }
    let (lines, width) = lines::list(tail)?;
    let after = tail.get(width..)?;
    // `:12:5` is a line and a column.
    let column = after
        .strip_prefix(':')
        .is_some_and(|column| column.bytes().all(|byte| byte.is_ascii_digit()));
    let done = after.is_empty() || column || after.starts_with([')', ',', ' ', ']', '—', '–']);
    done.then(|| split(lines, end + rest.len() - tail.len() + width))?
}

/// Adds the lines that are beside a name. `from` is where the reference before it ends.
fn surround(text: &str, reference: &mut Reference, from: usize) {
    let mut end = reference.range.end;
    while let Some((more, width)) = text.get(end..).and_then(lines::behind) {
        let rest = text.get(end + width..).unwrap_or_default();
        // `a.py (lines 5-10 in b.py)`
        let other = rest
            .trim_start()
            .strip_prefix("in ")
            .or_else(|| rest.trim_start().strip_prefix("of "));
        if other.is_some_and(|other| {
            other
                .split_whitespace()
                .next()
                .is_some_and(|word| word.contains(['.', '/', '`']))
        }) {
            break;
        }
        reference.lines.extend(more);
        end += width;
    }
    reference.range.end = end;
    if reference.lines.is_empty()
        && let Some(before) = text.get(from.min(reference.range.start)..reference.range.start)
        && let Some((lines, at)) = lines::in_front(before)
    {
        reference.lines = lines;
        reference.range.start = from.min(reference.range.start) + at;
    }
}

/// Whether it is a reference: one in backticks, or with a slash, or with lines.
fn form(reference: &Reference) -> Option<Form> {
    let path = reference.path.trim_end_matches('/');
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let slashed = path.contains('/');
    if path.is_empty() || path.contains("...") || path.contains("//") || !name.contains(char::is_alphabetic) {
        return None;
    }
    let stem_and_extension = name.rsplit_once('.');
    let known = stem_and_extension.is_some_and(|(stem, extension)| !stem.is_empty() && is_extension(extension))
        || is_file_name(name);
    let attribute = ["self.", "this.", "cls.", "np.", "torch.", "os.", "sys."]
        .iter()
        .any(|root| name.starts_with(root));
    if known && !attribute {
        let library =
            !slashed && reference.lines.is_empty() && name.ends_with(".js") && name.starts_with(char::is_uppercase);
        if library {
            return Some(Form::NoFile);
        }
        if slashed || reference.code || !reference.lines.is_empty() {
            return Some(Form::File);
        }
        return Some(Form::NoFile);
    }
    if slashed && (reference.code || path.starts_with(['/', '.', '~']) || !reference.lines.is_empty()) {
        return Some(Form::IfThere);
    }
    if !reference.lines.is_empty() && !slashed && reference.code {
        return Some(Form::IfThere);
    }
    // An attribute path looks like a name with an extension.
    let dotted = stem_and_extension.is_some_and(|(stem, extension)| {
        stem.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && extension.starts_with(|c: char| c.is_alphabetic() || c == '_')
    });
    (reference.code && dotted && !slashed && reference.lines.is_empty()).then_some(Form::NoFile)
}

/// Files without an extension.
fn is_file_name(name: &str) -> bool {
    matches!(
        name,
        "Makefile"
            | "Dockerfile"
            | "Justfile"
            | "Jenkinsfile"
            | "Gemfile"
            | "Rakefile"
            | "LICENSE"
            | "CODEOWNERS"
            | "BUILD"
            | "Procfile"
            | "Vagrantfile"
            | ".gitignore"
            | ".gitattributes"
            | ".dockerignore"
            | ".editorconfig"
    )
}

/// Extensions of sources, which are committed; others may be made by a run.
pub(super) fn is_source(name: &str) -> bool {
    let Some((_, extension)) = name.rsplit_once('.') else {
        return is_file_name(name);
    };
    matches!(
        extension,
        "py" | "pyi"
            | "pyx"
            | "rs"
            | "go"
            | "c"
            | "h"
            | "cc"
            | "cpp"
            | "cxx"
            | "hpp"
            | "hh"
            | "cu"
            | "cuh"
            | "java"
            | "kt"
            | "scala"
            | "js"
            | "mjs"
            | "cjs"
            | "jsx"
            | "ts"
            | "tsx"
            | "rb"
            | "php"
            | "cs"
            | "swift"
            | "m"
            | "mm"
            | "sh"
            | "bash"
            | "sql"
            | "proto"
            | "md"
            | "rst"
            | "html"
            | "css"
            | "scss"
            | "vue"
            | "svelte"
            | "zig"
            | "jl"
            | "ex"
            | "exs"
            | "hs"
            | "ml"
            | "clj"
            | "lua"
            | "pl"
            | "toml"
    )
}

fn is_extension(extension: &str) -> bool {
    is_source(&format!("x.{extension}"))
        || matches!(
            extension,
            "yml"
                | "yaml"
                | "json"
                | "jsonl"
                | "ini"
                | "cfg"
                | "conf"
                | "txt"
                | "csv"
                | "tsv"
                | "xml"
                | "lock"
                | "ipynb"
                | "tf"
                | "cmake"
                | "mk"
                | "gradle"
                | "bat"
                | "ps1"
                | "asm"
                | "s"
                | "S"
                | "r"
                | "R"
                | "log"
                | "svg"
                | "png"
                | "pdf"
                | "parquet"
                | "npz"
                | "pt"
                | "pth"
                | "onnx"
                | "bin"
                | "env"
                | "patch"
                | "diff"
                | "snap"
                | "golden"
                | "tmpl"
                | "j2"
                | "graphql"
                | "metal"
                | "hip"
                | "cl"
                | "wgsl"
                | "glsl"
                | "rake"
                | "erl"
                | "dart"
                | "vb"
                | "fs"
                | "f90"
        )
}

#[cfg(test)]
mod tests {
    use super::super::document::Document;
    use super::*;

    fn references(text: &str) -> Vec<(String, Vec<Lines>, Form)> {
        let document = Document::read(text);
        let found = document.blocks.iter().flat_map(find);
        found
            .map(|reference| (reference.path, reference.lines, reference.form))
            .collect()
    }

    fn file(path: &str, lines: &[Lines]) -> Vec<(String, Vec<Lines>, Form)> {
        vec![(path.to_owned(), lines.to_vec(), Form::File)]
    }

    #[test]
    fn references_are_in_backticks_or_have_a_slash_or_lines() {
        assert_eq!(references("see `a.py`"), file("a.py", &[]));
        assert_eq!(references("see src/a.py."), file("src/a.py", &[]));
        assert_eq!(references("see a.py:12."), file("a.py", &[(12, 12)]));
        assert_eq!(references("(`a.py:12-14, 20`)"), file("a.py", &[(12, 14), (20, 20)]));
        assert_eq!(
            references("`/home/u/p/a.py` (lines 1-40) - x"),
            file("/home/u/p/a.py", &[(1, 40)])
        );
        assert_eq!(
            references("Lines 109-154 in utils.py show"),
            file("utils.py", &[(109, 154)])
        );
        assert_eq!(
            references("calls at core.py:109 and :145"),
            file("core.py", &[(109, 109), (145, 145)])
        );
        assert_eq!(references("- **a.py**: Lines 3-4 (x)"), file("a.py", &[(3, 4)]));
        assert_eq!(references("[a.rs#L3-L9](x)"), file("a.rs", &[(3, 9)]));
        // Markdown takes these underscores for marks.
        assert_eq!(
            references("**core/__init__.py:31-79** - x"),
            file("core/__init__.py", &[(31, 79)])
        );
    }

    #[test]
    fn libraries_attributes_and_pairs_of_words_are_none() {
        assert_eq!(references("Chart.js integration")[0].2, Form::NoFile);
        assert_eq!(references("`self.config.pool` directly")[0].2, Form::NoFile);
        assert_eq!(references("`json.dumps` here")[0].2, Form::NoFile);
        for text in [
            "async/await and train/eval",
            "https://example.org/a.py",
            "10-30% at 12:30",
            "`a.run()` is",
            "e.g. this",
        ] {
            assert_eq!(references(text), [], "{text}");
        }
    }

    #[test]
    fn lines_belong_to_the_file_that_they_stand_with() {
        let read = references("`a.py` lines 5-10 and lines 7-8 in `b.py`");
        assert_eq!(read[0].1, [(5, 10)]);
        assert_eq!(read[1].1, [(7, 8)]);
        let read = references("`a.py` (lines 5-10 in `b.py`)");
        assert_eq!((read[0].1.clone(), read[1].1.clone()), (vec![], vec![(5, 10)]));
    }
}
