//! certgate on certgate: its policy names files that are there, and asks for measurements where one of them changes.

#![allow(clippy::expect_used)]

use std::path::{Path, PathBuf};

use crate::scene::run;
use crate::support::TestRepo;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The files that the policy of this repository gates, and all others that it speaks of, in a scratch repository.
fn copy() -> TestRepo {
    let repo = TestRepo::new();
    for folder in ["src", "hooks", ".certgate"] {
        for entry in files_below(&Path::new(ROOT).join(folder)) {
            let path = entry.strip_prefix(ROOT).expect("below the root").to_owned();
            repo.write(
                path.as_os_str().as_encoded_bytes(),
                std::fs::read(&entry).expect("a readable file"),
            );
        }
    }
    repo.commit("All of it");
    repo
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files_below(&path)),
            path => found.push(path),
        }
    }
    found
}

fn edited(path: &str, text: &str) -> TestRepo {
    let repo = copy();
    repo.git(&["switch", "--quiet", "--create", "work"]);
    let old = std::fs::read_to_string(repo.path().join(path)).expect("there");
    repo.write(path, format!("{old}{text}"));
    repo.commit("Change");
    repo
}

#[test]
fn its_policy_is_valid_and_names_what_is_there() {
    let ran = run(&copy(), &["policy", "check"]).ends(0);
    assert!(!ran.said().contains("CG015"), "{}", ran.said());
}

#[test]
fn a_hot_path_asks_for_measurements() {
    for (path, component) in [
        ("src/git/index/file.rs", "hooks"),
        ("src/sensitivity/scan.rs", "scanning"),
        ("src/ledger/read.rs", "ledger"),
    ] {
        let repo = edited(path, "fn more() -> usize {\n    7\n}\n");
        let ran = run(&repo, &["check", "--base", "main", "--format", "json"]).ends(1);
        let verdict = ran.json();
        let asked = &verdict["components"][0];
        assert_eq!(asked["id"], component, "{verdict}");
        let said = ran.said();
        assert!(
            said.contains("benchmarks") && said.contains("performance-engineer"),
            "{said}"
        );
        // A word is not enough.
        run(
            &repo,
            &[
                "certify",
                component,
                "--base",
                "main",
                "--status",
                "APPROVED",
                "--agent",
                "performance-engineer",
                "--rationale",
                "no loop is longer than before",
                "--finding",
                "one function was added",
            ],
        );
        repo.git(&["add", "--all"]);
        repo.git(&["commit", "--quiet", "--allow-empty", "--message", "Certify"]);
        let ran = run(&repo, &["check", "--base", "main"]).ends(1);
        assert!(
            ran.said().contains("CG610") || ran.said().contains("CG201"),
            "{}",
            ran.said()
        );
    }
}

#[test]
fn comments_on_a_hot_path_ask_for_nothing() {
    let repo = edited("src/sensitivity/scan.rs", "// Nothing more.\n");
    run(&repo, &["check", "--base", "main"]).ends(0);
}
