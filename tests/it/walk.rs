//! What `docs/architecture.md` and `CONTRIBUTING.md` send a newcomer to is there.

#![allow(clippy::unwrap_used)]

use crate::layers::root;

fn document(name: &str) -> String {
    std::fs::read_to_string(root().join("..").join(name)).unwrap()
}

/// The first word in backquotes of a line.
fn quoted(line: &str) -> Option<&str> {
    line.split('`').nth(1)
}

#[test]
fn the_walk_of_a_staged_file_names_functions_that_exist() {
    let text = document("docs/architecture.md");
    let walk = text
        .split("## A staged file, from the hook to the exit code")
        .nth(1)
        .unwrap();
    let walk = walk.split("\n## ").next().unwrap();
    let mut steps = 0;
    for line in walk
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
    {
        steps += 1;
        assert!(line.starts_with(&format!("{steps}. `")), "{line}");
        let (file, function) = quoted(line).unwrap().split_once("::").unwrap();
        let source = std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let there = ["(", "<"]
            .iter()
            .any(|next| source.contains(&format!("fn {function}{next}")));
        assert!(there, "{file} has no function `{function}`");
    }
    assert!((12..=20).contains(&steps), "{steps} steps");
}

#[test]
fn the_five_questions_are_answered_by_a_file_each() {
    let text = document("CONTRIBUTING.md");
    let table = text.split("## Where is …").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'))
        .collect();
    assert_eq!(rows.len(), 5, "{rows:?}");
    for row in rows {
        let file = quoted(row).unwrap();
        assert!(root().join("..").join(file).is_file(), "{row}");
    }
}
