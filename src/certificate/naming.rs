//! Paths that a certificate names in prose, and which files of a repository a name stands for.
//!
//! Collecting is generous, matching is not: a word that looks like a path costs nothing until it is one, byte for byte.

use std::collections::HashSet;
use std::ops::Range;

use globset::GlobBuilder;

use super::NamedPath;
use super::outline::Outline;
use crate::change::RepoPath;

/// Collects the paths of REVIEW SCOPE, EVIDENCE and FILES EXAMINED, in order, each once.
pub(super) fn collect(outline: &Outline<'_>) -> Vec<NamedPath> {
    let mut named = Vec::new();
    let mut seen = HashSet::new();
    for heading in &outline.headings {
        let evidence = heading.level == 2 && heading.plain.eq_ignore_ascii_case("EVIDENCE");
        let scope = heading.level == 2 && heading.plain.eq_ignore_ascii_case("REVIEW SCOPE");
        let examined = heading.level >= 2 && heading.plain.eq_ignore_ascii_case("FILES EXAMINED");
        if !(evidence || scope || examined) {
            continue;
        }
        let body: Range<usize> = outline.body(heading);
        for words in outline.words_in(body) {
            let mut found = Vec::new();
            if words.code {
                take_span(&words.text, &mut found);
            } else {
                words
                    .text
                    .split_whitespace()
                    .for_each(|word| take_word(word, &mut found));
            }
            for (text, lines) in found {
                if seen.insert((text.clone(), lines, evidence)) {
                    named.push(NamedPath {
                        text,
                        lines,
                        in_evidence: evidence,
                    });
                }
            }
        }
    }
    named
}

type Found = Vec<(String, Option<(u32, u32)>)>;

/// A code span: one path, blanks and all, or a command with paths in it.
fn take_span(text: &str, found: &mut Found) {
    let text = text.trim();
    if text.contains(char::is_whitespace) {
        if text.contains(['/', '.']) {
            take(text, found);
        }
        text.split_whitespace().for_each(|word| take_word(word, found));
    } else {
        take(text, found);
    }
}

/// A word of running text: taken where it has a slash or an extension.
fn take_word(word: &str, found: &mut Found) {
    let mut rest = word
        .trim_start_matches(['(', '[', '{', '<', '"', '\'', '“', '‘', '«', '=', ','])
        .trim_end_matches([')', ']', '>', '"', '\'', '”', '’', '»', '.', ',', ';', ':', '!', '?']);
    // A glob's own closing bracket belongs to it.
    for (open, close) in [('[', ']'), ('(', ')')] {
        let tail = word
            .get(word.len() - word.trim_start_matches(['(', '"', '\'', '<']).len()..)
            .unwrap_or_default();
        if rest.contains(open) && !rest.contains(close) && tail.contains(close) {
            rest = tail.trim_end_matches(['.', ',', ';', ':', '!', '?', '"', '\'', '>']);
        }
    }
    let file = strip_lines(rest).0;
    let name = file.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').is_some_and(|(_, extension)| {
        (1..=12).contains(&extension.len())
            && extension.starts_with(|c: char| c.is_ascii_alphabetic())
            && extension.chars().all(|c| c.is_ascii_alphanumeric())
    });
    if (rest.contains('/') || extension) && rest.contains(char::is_alphabetic) && !rest.contains("://") {
        take(rest, found);
    }
}

/// Takes a path with its suffix of lines; further lists of lines after commas belong to it, further paths are their own.
fn take(text: &str, found: &mut Found) {
    let (path, first) = strip_lines(text);
    if text.contains(',') && first.is_none() && !text.contains(['{', '[']) {
        let (mut last, mut any): (Option<String>, bool) = (None, false);
        for part in text.split(',').map(str::trim) {
            match (&last, line_range(part)) {
                (Some(path), Some(lines)) => found.push((path.clone(), Some(lines))),
                _ => {
                    let (path, lines) = strip_lines(part);
                    push(path, lines, found);
                    any |= lines.is_some();
                    last = lines
                        .map(|_| normalised(path).unwrap_or_default())
                        .filter(|path| !path.is_empty());
                }
            }
        }
        // A file's name may hold a comma.
        if !any {
            push(path, first, found);
        }
    } else {
        push(path, first, found);
    }
}

fn push(path: &str, lines: Option<(u32, u32)>, found: &mut Found) {
    if let Some(text) = normalised(path) {
        found.push((text, lines));
    }
}

/// Splits off `:12`, `:12-40`, `:12:5`, `#L12` or `#L12-L40`.
fn strip_lines(text: &str) -> (&str, Option<(u32, u32)>) {
    if let Some((path, tail)) = text.rsplit_once("#L")
        && let Some(lines) = line_range(&tail.replace("-L", "-"))
    {
        return (path, Some(lines));
    }
    if let Some((rest, tail)) = text.rsplit_once(':')
        && let Some(lines) = line_range(tail)
    {
        return match rest.rsplit_once(':') {
            Some((path, line)) if line_range(line).is_some() => (path, line_range(line)),
            _ => (rest, Some(lines)),
        };
    }
    (text, None)
}

/// Reads `12` or `12-40`, in order and from 1.
fn line_range(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u32>().ok().filter(|n| digits && *n > 0)
    };
    let (from, to) = match text.split_once(['-', '–']) {
        Some((from, to)) => (number(from)?, number(to)?),
        None => (number(text)?, number(text)?),
    };
    (from <= to).then_some((from, to))
}

/// Drops `./`, refuses `..` and what names everything.
fn normalised(path: &str) -> Option<String> {
    let mut rest = path.trim();
    while let Some(shorter) = rest.strip_prefix("./") {
        rest = shorter;
    }
    let sound = !rest.split('/').any(|part| part == "..") && !rest.contains("//") && !rest.contains('\0');
    (sound && rest.len() <= 4096 && rest.contains(char::is_alphanumeric)).then(|| rest.to_owned())
}

/// Whether a name stands for a file of the repository.
///
/// It does where it is the file's path; where it is absolute and ends in `/` and that path; where it is a directory above the file
/// (`src/train/`, `src/train`); where it is a glob that matches the file (`*` stays within a directory, `**` does not). A word
/// without any slash names a file only, never a directory. What names the entire repository (`.`, `/`, `**`) names nothing.
pub fn names(named: &NamedPath, path: &RepoPath) -> bool {
    let text = named.text.as_str();
    let Ok(file) = std::str::from_utf8(path.as_bytes()) else {
        // Prose is UTF-8; bytes that are not can lie in a named directory only.
        return is_below(text, path);
    };
    let absolute = text.starts_with('/') || text.starts_with("~/");
    if text == file || (absolute && text.strip_suffix(file).is_some_and(|head| head.ends_with('/'))) {
        return true;
    }
    if is_below(text, path) {
        return true;
    }
    if !text.contains(['*', '?', '[', '{']) {
        return false;
    }
    if absolute {
        return suffixes(text).any(|suffix| glob_matches(suffix, file));
    }
    glob_matches(text, file)
}

/// The tails of an absolute path that may be relative to the repository: two parts or more, so that the directory a repository is
/// checked out in is not taken for one inside it.
fn suffixes(text: &str) -> impl Iterator<Item = &str> {
    text.char_indices()
        .filter(|(_, c)| *c == '/')
        .filter_map(|(at, _)| text.get(at + 1..))
        .filter(|suffix| suffix.trim_end_matches('/').contains('/'))
}

fn is_below(text: &str, path: &RepoPath) -> bool {
    let below = |directory: &str| {
        let directory = directory.trim_end_matches('/');
        !directory.is_empty() && directory.len() < path.as_bytes().len() && path.is_within(directory.as_bytes())
    };
    if text.starts_with('/') || text.starts_with("~/") {
        return suffixes(text).any(below);
    }
    text.contains('/') && below(text)
}

fn glob_matches(glob: &str, file: &str) -> bool {
    let mut depth = 0_i32;
    let literal = glob.chars().any(|c| {
        depth += i32::from(matches!(c, '[' | '{')) - i32::from(matches!(c, ']' | '}'));
        depth == 0 && c.is_alphanumeric()
    });
    if !literal {
        return false;
    }
    let whole = if glob.ends_with('/') {
        format!("{glob}**")
    } else {
        glob.to_owned()
    };
    GlobBuilder::new(&whole)
        .literal_separator(true)
        .empty_alternates(true)
        .build()
        .is_ok_and(|glob| glob.compile_matcher().is_match(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Found {
        let mut found = Vec::new();
        text.split_whitespace().for_each(|word| take_word(word, &mut found));
        found
    }

    fn span(text: &str) -> Found {
        let mut found = Vec::new();
        take_span(text, &mut found);
        found
    }

    fn named(text: &str, file: &str) -> bool {
        let named = NamedPath {
            text: text.to_owned(),
            lines: None,
            in_evidence: false,
        };
        names(&named, &RepoPath::from(file))
    }

    #[test]
    fn collects_paths_with_lines() {
        let one = |text: &str, lines| vec![(text.to_owned(), lines)];
        assert_eq!(words("src/a.py:10-40."), one("src/a.py", Some((10, 40))));
        assert_eq!(words("(src/a.py:7)"), one("src/a.py", Some((7, 7))));
        assert_eq!(words("./src/a.py#L3-L9,"), one("src/a.py", Some((3, 9))));
        assert_eq!(words("src/a.py:12:5"), one("src/a.py", Some((12, 12))));
        assert_eq!(words("core_manager.py"), one("core_manager.py", None));
        assert_eq!(words("src/[ab]*.py."), one("src/[ab]*.py", None));
        assert_eq!(
            span("src/my file.py:3").first(),
            one("src/my file.py", Some((3, 3))).first()
        );
        assert_eq!(span("Makefile"), one("Makefile", None));
        assert_eq!(
            words("src/a.py:12,40-50,src/b.py"),
            [
                ("src/a.py".to_owned(), Some((12, 12))),
                ("src/a.py".to_owned(), Some((40, 50))),
                ("src/b.py".to_owned(), None)
            ]
        );
        for nothing in [
            "4/5",
            "06:57:43",
            "https://a.b/c.py",
            "../a.py",
            "a/../b.py",
            "/",
            "**",
            "word",
            "9.0",
            "--",
        ] {
            assert_eq!(words(nothing), [], "{nothing}");
        }
        assert_eq!(
            words("src/a.py:9-3"),
            one("src/a.py:9-3", None),
            "not a range, so part of the name"
        );
    }

    #[test]
    fn names_by_the_rule() {
        for (text, file) in [
            ("src/a.py", "src/a.py"),
            ("/home/x/repo/src/a.py", "src/a.py"),
            ("~/repo/src/a.py", "src/a.py"),
            ("src/train/", "src/train/deep/a.py"),
            ("src/train", "src/train/a.py"),
            ("src/", "src/a.py"),
            ("/home/x/repo/src/train/", "src/train/a.py"),
            ("src/*.py", "src/a.py"),
            ("src/**/*.py", "src/x/y/a.py"),
            ("src/{a,b}.py", "src/b.py"),
            ("**/*.cu", "k/x.cu"),
            ("/home/x/repo/src/train/*.py", "src/train/a.py"),
            ("Makefile", "Makefile"),
        ] {
            assert!(named(text, file), "{text} names {file}");
        }
        for (text, file) in [
            ("core_manager.py", "src/core_manager.py"),
            ("a.py", "src/a.py"),
            ("/home/x/ba.py", "a.py"),
            ("src/a.p", "src/a.py"),
            ("src/trai", "src/train/a.py"),
            ("src", "src/a.py"),
            (".", "src/a.py"),
            ("/", "src/a.py"),
            ("**", "src/a.py"),
            ("*", "a.py"),
            ("**/*", "src/a.py"),
            ("**/*.*", "src/a.py"),
            ("{src,lib}/**", "src/a.py"),
            ("/home/john/keisei", "keisei/a.py"),
            ("/home/john/keisei/", "keisei/a.py"),
            ("src/*.py", "src/x/a.py"),
            ("src/a.py/", "src/a.py"),
            ("SRC/a.py", "src/a.py"),
        ] {
            assert!(!named(text, file), "{text} must not name {file}");
        }
        let odd = RepoPath::new(b"src/\xff.py".to_vec());
        let directory = NamedPath {
            text: "src/".to_owned(),
            lines: None,
            in_evidence: false,
        };
        assert!(names(&directory, &odd));
    }
}
