//! What people do on their side of a server: commit, certify, push, and read what comes back.
#![allow(clippy::unwrap_used)]

use super::site::Depot;
use crate::scene::{self, Ran};
use crate::support::TestRepo;

/// A repository that gates `src/train/**` on `main` and `release/**` and only warns elsewhere. `more` goes into the strict entry.
pub(super) fn seed(more: &str) -> TestRepo {
    let repo = TestRepo::new();
    repo.write("src/train/loop.py", "def step():\n    return 1\n");
    repo.write("README.md", "hello\n");
    repo.commit("begin");
    repo.write(".certgate/policy.yaml", policy(more));
    repo.commit("adopt certgate");
    repo
}

/// Its policy.
pub(super) fn policy(more: &str) -> String {
    format!(
        "version: 1\nenforce:\n  - {{ branches: [main, \"release/**\"], merge: block{more} }}\n  \
         - {{ branches: [\"**\"], merge: warn }}\ncomponents:\n  - id: gpu_memory\n    \
         match: {{ paths: [\"src/train/**\"] }}\n"
    )
}

/// Commits a gated file on what is checked out, with a certificate if `honest`. Returns the commit.
pub(super) fn change(client: &TestRepo, file: &str, honest: bool) -> String {
    client.write(file, format!("def step():\n    return '{file}'\n"));
    let commit = client.commit(&format!("change {file}"));
    if honest { certify(client) } else { commit }
}

/// Commits a certificate for what is new here. Returns the commit.
pub(super) fn certify(client: &TestRepo) -> String {
    // The same words on one content after another would be a stamp.
    let why = format!("measured at {}", client.ask(&["rev-parse", "--short", "HEAD"]));
    let certify = [
        "certify",
        "gpu_memory",
        "--base",
        "origin/main",
        "--status",
        "APPROVED",
        "--agent",
        "performance-engineer",
        "--rationale",
        &why,
    ];
    scene::run(client, &certify).ends(0);
    client.commit("certify")
}

/// `git push origin` with more arguments.
pub(super) fn push(client: &TestRepo, arguments: &[&str]) -> Ran {
    let mut all = vec!["push", "origin"];
    all.extend(arguments);
    scene::git(client, &all)
}

/// What the server said, as the pusher sees it, without the mark in front.
pub(super) fn remote(pushed: &Ran) -> String {
    let lines = pushed.err.lines().filter_map(|line| line.strip_prefix("remote: "));
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Asserts that everything was taken.
#[track_caller]
pub(super) fn accepted(pushed: Ran) -> Ran {
    assert_eq!(pushed.code, Some(0), "{}", pushed.err);
    readable(&pushed);
    pushed
}

/// Asserts that the hook refused the push with exactly these errors, that each says how to go on, and that the server is as it was
/// before, `state`.
#[track_caller]
pub(super) fn refused(pushed: Ran, codes: &[&str], depot: &Depot, state: &str) -> String {
    assert_eq!(pushed.code, Some(1), "{}", pushed.err);
    assert!(pushed.err.contains("(pre-receive hook declined)"), "{}", pushed.err);
    readable(&pushed);
    let said = remote(&pushed);
    let errors: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("error[")?.get(..5))
        .collect();
    assert_eq!(errors, codes, "{said}");
    assert!(said.matches(" = help: ").count() >= codes.len(), "{said}");
    assert_eq!(depot.state(), state);
    said
}

/// Asserts that no line of the server is longer than a terminal is wide, mark included, and that nothing panicked.
#[track_caller]
fn readable(pushed: &Ran) {
    for line in pushed.err.lines().filter(|line| line.starts_with("remote:")) {
        assert!(line.trim_end().chars().count() <= 80, "{line:?} in: {}", pushed.err);
    }
    assert!(!pushed.err.contains("CG711"), "{}", pushed.err);
}
