//! What is kept of many lifted refusals grows with their number, not with pairs of them: counted in bytes of the ledger's cache.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use crate::scene::{Ran, run, with_policy};
use crate::support::TestRepo;

/// How the approvals lift what was refused.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Each names a refusal; by an agent who may lift.
    ByName,
    /// Each is on the entire component, as the refusals are; by the same agent.
    AsWide,
    /// Each lists one file, and the refusals do not; by the same agent.
    InPart,
}

/// `main` holds so many refusals in one commit, and as many approvals in the next; the branch changes a file.
fn ledger(count: usize, way: Way) -> TestRepo {
    let repo = with_policy();
    let text = |agent: &str, status: &str, id: String, more: &str, subject: &str| {
        format!(
            "# REVIEW CERTIFICATE\n\n**Component**: gpu_memory\n**Agent**: {agent}\n**Date**: 2026-01-02 03:04:05 UTC\n\
             **Certificate ID**: {id}\n{more}\n## REVIEW SCOPE\n- the loop\n\n{subject}## FINDINGS\n- fine\n\n## DECISION/OUTCOME\n\
             **Status**: {status}\n**Rationale**: measured\n"
        )
    };
    for n in 0..count {
        let path = format!("certificates/no{n:03}_gpu_memory_20250101_000000.md");
        repo.write(path, text("ann", "NO_GO", format!("no-{n}"), "", ""));
    }
    repo.commit("Refuse");
    for n in 0..count {
        let (agent, more, subject) = match way {
            Way::ByName => (
                "performance-engineer",
                format!("**Supersedes**: no-{n}\n"),
                String::new(),
            ),
            Way::AsWide => ("ann", String::new(), String::new()),
            Way::InPart => (
                "ann",
                String::new(),
                format!(
                    "## SUBJECT\n```certgate-subject\ncertgate/subject/v1\ncomponent gpu_memory\nbase -\nhead -\n100644 \
                     sha256:{n:064x} src/train/loop.py\n```\n\n"
                ),
            ),
        };
        let path = format!("certificates/yes{n:03}_gpu_memory_20250101_000000.md");
        repo.write(path, text(agent, "APPROVED", format!("yes-{n}"), &more, &subject));
    }
    repo.commit("Approve");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.commit("Change the step");
    repo
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap();
    let sizes = entries.map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes_below(&path)
        } else {
            path.metadata().unwrap().len()
        }
    });
    sizes.sum()
}

/// Bytes of the cache, and what the check said.
fn kept(count: usize, way: Way) -> (u64, Ran) {
    let repo = ledger(count, way);
    let ran = run(&repo, &["check", "--base", "main"]);
    (bytes_below(&repo.path().join(".git/certgate/ledger")), ran)
}

#[test]
fn twice_the_lifted_refusals_take_twice_the_room() {
    for way in [Way::ByName, Way::AsWide, Way::InPart] {
        let (once, ran) = kept(40, way);
        let refused = matches!(way, Way::InPart);
        let code = if refused { "error[CG302]" } else { "error[CG201]" };
        assert!(ran.err.contains(code), "{way:?}: {}", ran.said());
        let (twice, _) = kept(80, way);
        assert!(twice * 10 < once * 23, "{way:?}: {once} bytes, then {twice}");
    }
}
