//! `go.mod` (go.dev/ref/mod, "go.mod files").

use super::entry::{Entry, Role};

/// The name under which the language's version is a package.
const LANGUAGE: &str = "go";

pub(super) fn module(source: &str) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    let (mut language, mut toolchain) = (None, None);
    let mut block = None;
    for line in source.lines() {
        let (line, comment) = line.split_once("//").unwrap_or((line, ""));
        let mut words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [directive, "("] => {
                block = Some(*directive);
                continue;
            }
            [")"] => block = None,
            _ => {}
        }
        let directive = match block {
            Some(directive) => directive,
            None if words.is_empty() => continue,
            None => words.remove(0),
        };
        match (directive, words.as_slice()) {
            ("require", [name, rest @ ..]) => {
                // The go command writes this behind what no package of the module imports.
                let role = match comment.trim() == "indirect" || comment.trim().starts_with("indirect;") {
                    true => Role::Reached,
                    false => Role::Used,
                };
                let version = rest.join(" ");
                entries.push(Entry::version(name, version.trim_start_matches('v'), role));
            }
            ("replace", [name, rest @ ..]) => {
                let says = rest.join(" ");
                entries.push(Entry::version(name, says.trim_start_matches('v'), Role::Used));
            }
            ("go", [version]) => language = Some(release(version)),
            ("toolchain", [version]) => toolchain = Some(release(version)),
            _ => {}
        }
    }
    // What is built with; releases of one language version are the same.
    if let Some(version) = toolchain.or(language) {
        entries.push(Entry::version(LANGUAGE, &version, Role::Language));
    }
    Some(entries)
}

/// The first two numbers of a version of the language; `1.24` of `go1.24.3`.
fn release(version: &str) -> String {
    let version = version.strip_prefix("go").unwrap_or(version);
    let numbers: Vec<&str> = version.splitn(3, '.').take(2).collect();
    numbers.join(".")
}
