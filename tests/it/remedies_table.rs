//! Every place in the sources that makes a command to advise, and the test in which that command is run where it was printed.
//!
//! `remedies.tsv` beside this file has a row for each: file, the words that are known there, and a test, or why none can run it. A new place needs
//! a new row; `CERTGATE_REMEDIES=list` (see `remedies_run.rs`) says which test prints it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const TABLE: &str = include_str!("remedies.tsv");

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false if path.extension().is_some_and(|end| end == "rs") => found.push(path),
            false => {}
        }
    }
}

fn below(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    files(&root.join(folder), &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root).unwrap().display().to_string();
        (name, std::fs::read_to_string(path).unwrap())
    };
    found.into_iter().map(read).collect()
}

/// The literal words at the beginning of each `command![…]`.
fn places() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (name, text) in below("src") {
        if name == "src/diagnostic/remedy.rs" {
            continue;
        }
        let text = text.split("#[cfg(test)]").next().unwrap();
        for inside in text.split("command![").skip(1) {
            let mut words = Vec::new();
            let mut rest = inside.trim_start();
            while let Some(word) = rest.strip_prefix('"') {
                let (word, after) = word.split_once('"').unwrap();
                words.push(word);
                rest = after.trim_start().trim_start_matches(',').trim_start();
            }
            found.insert((name.clone(), words.join(" ")));
        }
    }
    found
}

fn rows() -> Vec<(String, String, String)> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [file, words, test] = cells.as_slice() else {
            panic!("{line}");
        };
        ((*file).to_owned(), (*words).to_owned(), (*test).to_owned())
    };
    TABLE.lines().filter(|line| !line.starts_with('#')).map(row).collect()
}

#[test]
fn every_command_that_is_advised_is_run_by_a_test() {
    let table: BTreeSet<(String, String)> = rows().into_iter().map(|(file, words, _)| (file, words)).collect();
    let places = places();
    let missing: Vec<_> = places.difference(&table).collect();
    assert!(missing.is_empty(), "no row in tests/it/remedies.tsv for {missing:#?}");
    let gone: Vec<_> = table.difference(&places).collect();
    assert!(
        gone.is_empty(),
        "rows in tests/it/remedies.tsv for what is gone: {gone:#?}"
    );
}

#[test]
fn the_tests_of_the_table_are_there() {
    let tests = below("tests/it");
    for (file, words, test) in rows() {
        if let Some(why) = test.strip_prefix("not tried: ") {
            assert!(why.len() > 10, "{file}: {words}");
            continue;
        }
        let name = test.rsplit("::").next().unwrap();
        let there = |text: &str| text.contains(&format!("fn {name}(")) || text.contains(&format!("    {name}: \""));
        assert!(tests.iter().any(|(_, text)| there(text)), "{test} of {file}: {words}");
    }
}

/// A command that is put together as text is quoted by nobody, has no place in JSON, and is broken where it cannot be pasted.
#[test]
fn no_command_is_put_together_as_text() {
    let mut found = Vec::new();
    for (name, text) in below("src") {
        let text = text.split("#[cfg(test)]").next().unwrap();
        for (at, line) in text.lines().enumerate() {
            let made = ["format!(\"certgate ", "format!(\"git ", "format!(\"ssh-keygen "]
                .iter()
                .any(|start| line.contains(start));
            // What git's version is, and what a comparison that `measure` has made is called again by.
            let said = line.contains("\"git {version}") || name == "src/cli/measure.rs";
            if made && !said {
                found.push(format!("{name}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}
