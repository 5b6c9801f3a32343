//! `go.mod` (go.dev/ref/mod, "go.mod files").

use super::entry::{Entry, Role};

/// The name under which the language's version is a package.
const LANGUAGE: &str = "go";

pub(super) fn module(source: &str) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
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
            ("go" | "toolchain", [version]) => {
                entries.push(Entry::version(
                    LANGUAGE,
                    version.trim_start_matches("go"),
                    Role::Language,
                ));
            }
            _ => {}
        }
    }
    Some(entries)
}
