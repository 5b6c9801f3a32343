//! Each rule is in one place, and each name means one thing: what was once written twice is looked for, so that no copy comes back.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{code, root, sources};

/// The sources that are no tests, by their path below `src/`.
fn all() -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> = Vec::new();
    sources(&root(), &mut files);
    files.sort();
    files
        .iter()
        .filter(|file| {
            let own = file.strip_prefix(root()).unwrap().to_string_lossy();
            !own.contains("tests") && own != "verdict/laws.rs"
        })
        .map(|file| {
            let own = file.strip_prefix(root()).unwrap().to_str().unwrap();
            (
                own.to_owned(),
                code(file).split_whitespace().collect::<Vec<_>>().join(" "),
            )
        })
        .collect()
}

/// Holds the spellings of a rule to the files, or the folder, that may have it.
#[track_caller]
fn only(rule: &str, spellings: &[&str], may: &[&str]) {
    let mut unused = may.to_vec();
    for (file, text) in all() {
        let found = spellings.iter().find(|spelling| text.contains(**spelling));
        let Some(found) = found else { continue };
        let own = may
            .iter()
            .find(|own| file == **own || (own.ends_with('/') && file.starts_with(**own)));
        assert!(own.is_some(), "src/{file} has a copy of {rule}: `{found}`");
        unused.retain(|unused| Some(unused) != own);
    }
    assert_eq!(unused, Vec::<&str>::new(), "{rule} is not there any more");
}

#[test]
fn a_document_has_one_limit() {
    // A line count, the size of a compiled pattern, that of a pipe and a unit of measurement are no documents.
    const OTHERS: [&str; 4] = [
        "evidence/bound/units.rs",
        "git/diff.rs",
        "git/run.rs",
        "policy/pattern.rs",
    ];
    only(
        "the limit of a document",
        &[
            "= 1024 * 1024;",
            "> 1024 * 1024",
            "= 1 << 20;",
            "> 1 << 20",
            ", 1 << 20)",
            "1_048_576",
            "1048576",
        ],
        &[&["change/mod.rs"], &OTHERS[..]].concat(),
    );
}

#[test]
fn what_was_meant_is_guessed_by_one_metric() {
    only("the likeness of names", &["strsim::"], &["certificate/name.rs"]);
}

#[test]
fn nouns_get_their_plural_in_one_place() {
    only(
        "the plural",
        &[
            r#"{ "" } else { "s" }"#,
            r#"{ "s" } else { "" }"#,
            r#""" } else { "es" }"#,
        ],
        &["diagnostic/plural.rs"],
    );
}

#[test]
fn who_may_speak_for_an_agent_is_decided_by_trust() {
    only(
        "who may speak for an agent",
        &[".matches(speaker"],
        &["trust/keyring.rs"],
    );
}

#[test]
fn the_state_of_a_file_is_read_in_one_place() {
    only(
        "the state of a file",
        &["FileState::Present { mode: entry.mode"],
        &["ledger/mod.rs"],
    );
}

#[test]
fn what_keeps_a_certificate_from_approving_is_found_by_the_decision() {
    only("soundness", &["fn is_sound", "fn find_obstacles"], &["verdict/"]);
    only(
        "approving by the format's own classes",
        &["status.class().approves()"],
        &["certificate/mod.rs", "ledger/cache.rs"],
    );
}

/// The names after `pub struct`, `pub enum`, `pub trait` and `pub type`.
fn public_types(text: &str) -> Vec<&str> {
    let words: Vec<&str> = text.split(' ').collect();
    let of_three =
        |three: &[&'_ str]| -> bool { matches!(three, ["pub", "struct" | "enum" | "trait" | "type" | "union", _]) };
    let named = words.windows(3).filter(|three| of_three(three));
    named
        .filter_map(|three| three.last())
        .filter_map(|name| name.split(|c: char| !c.is_alphanumeric() && c != '_').next())
        .collect()
}

#[test]
fn no_two_public_types_have_one_name() {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let mut twice = Vec::new();
    for (file, text) in all() {
        for name in public_types(&text) {
            if let Some(other) = seen.insert(name.to_owned(), file.clone()) {
                twice.push(format!("{name}: src/{other} and src/{file}"));
            }
        }
    }
    assert!(seen.len() > 200, "only {} types were seen", seen.len());
    assert_eq!(twice, Vec::<String>::new());
}

#[test]
fn public_types_are_taken_apart() {
    let text = "pub struct One<T> { } pub(crate) struct Two; pub enum Three { } struct Four; pub type Five = u8; pub trait Six: Sized";
    assert_eq!(public_types(text), ["One", "Three", "Five", "Six"]);
}
