//! The files that coding agents read, where the repository has them.

use std::path::Path;

use super::Findings;
use crate::diagnostic::{command, noun_for};
use crate::git::Repository;
use crate::harness::setup::{self, SKILL};
use crate::policy::Policy;

/// Folders by which a harness shows that it is used here.
const HARNESSES: [&str; 3] = [".claude", ".codex", ".cursor"];

/// Whether the hooks of coding agents are there and whole.
pub(super) fn agents(repository: &Repository, policy: &Policy, found: &mut Findings) {
    let Some(root) = repository.work_tree() else { return };
    let read = |path: &Path| std::fs::read_to_string(root.join(path)).ok();
    if read(Path::new(SKILL)).is_none() {
        if HARNESSES.iter().any(|folder| root.join(folder).is_dir()) {
            found.note(
                "agents",
                "coding agents work here, and nothing holds a turn that leaves a certificate owed; `certgate init --agents` writes their hooks",
            );
        }
        return;
    }
    let wanted = setup::wanted(policy);
    let lacking: Vec<&str> = wanted
        .iter()
        .filter(|wanted| !setup::holds(wanted, read(Path::new(&wanted.path)).as_deref()))
        .map(|wanted| wanted.path.as_str())
        .collect();
    match lacking.as_slice() {
        [] => found.good(
            "agents",
            format!("coding agents are held: {}", noun_for(wanted.len(), "file")),
        ),
        lacking => found.bad(
            "agents",
            format!("not as certgate writes it for coding agents: {}", lacking.join(", ")),
            command!["certgate", "init", "--agents", "--no-hooks"],
        ),
    }
}
