//! Approvals that say nothing: what refuses them, names them, and counts them all the same.
#![allow(clippy::unwrap_used)]

use crate::scene::{CERTIFICATE, POLICY, Ran, adopted, certify_staged, git, of_status, run, stage_gated, with_policy};
use crate::support::TestRepo;

fn certify(repo: &TestRepo, status: &str, agent: &str, why: &str) -> Ran {
    let words = ["certify", "gpu_memory", "--staged", "--status", status];
    run(repo, &[&words[..], &["--agent", agent, "--rationale", why]].concat())
}

#[test]
fn certify_writes_no_stamp() {
    let repo = with_policy();
    stage_gated(&repo);
    for (agent, why) in [
        ("NAME", "WHY"),
        ("rev", "WHY"),
        ("NAME", "measured"),
        ("rev", "<why>"),
        ("rev", "todo"),
    ] {
        certify(&repo, "APPROVED", agent, why).undecided("CG117");
    }
    assert!(!repo.path().join("certificates").exists());
    certify(&repo, "APPROVED", "rev", "ok").ends(0);
}

#[test]
fn a_refusal_is_never_doubted_for_its_words() {
    let repo = adopted();
    stage_gated(&repo);
    certify(&repo, "NO_GO", "performance-engineer", "WHY").ends(0);
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "faster"]).blocks(&["CG302"]);
    let ran = run(&repo, &["lint"]).ends(0);
    assert!(!ran.said().contains("CG117"), "{}", ran.said());
}

#[test]
fn lint_names_stamps_and_the_gate_counts_none_but_where_the_policy_says_so() {
    let repo = with_policy();
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.write(
        CERTIFICATE,
        of_status("APPROVED", "S-1").replace("**Rationale**: measured", "**Rationale**: WHY"),
    );
    repo.git(&["add", "--all"]);
    let linted = run(&repo, &["lint"]).ends(1);
    assert_eq!(linted.errors(), ["CG117"], "{}", linted.said());
    run(&repo, &["check", "--staged", "--target", "main"])
        .blocks(&["CG201"])
        .says("it is a stamp: `WHY` under Rationale is a placeholder [CG117]");

    repo.git(&["reset", "--quiet", "--hard"]);
    repo.write(".certgate/policy.yaml", format!("{POLICY}stamps: allow\n"));
    repo.commit("Allow stamps");
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.write(
        CERTIFICATE,
        of_status("APPROVED", "S-1").replace("**Rationale**: measured", "**Rationale**: WHY"),
    );
    repo.git(&["add", "--all"]);
    let linted = run(&repo, &["lint"]).ends(0);
    assert_eq!(linted.warnings(), ["CG117"], "{}", linted.said());
    run(&repo, &["check", "--staged", "--target", "main"]).ends(0);
    run(&repo, &["policy", "show", "--format", "yaml"])
        .ends(0)
        .writes("stamps: allow");
}

#[test]
fn a_policy_says_allow_or_refuse() {
    let repo = with_policy();
    repo.write(".certgate/policy.yaml", format!("{POLICY}stamps: yes\n"));
    run(&repo, &["policy", "check"]).undecided("CG009");
    repo.write(".certgate/policy.yaml", format!("{POLICY}stamps: refuse\n"));
    run(&repo, &["policy", "check"]).ends(0);
}

#[test]
fn the_same_words_a_fourth_time_on_other_content_are_refused() {
    let repo = with_policy();
    let next = |step: u32| {
        repo.write("src/train/loop.py", format!("def step():\n    return {step}\n"));
        repo.git(&["add", "--all"]);
    };
    for step in 2..5 {
        next(step);
        run(&repo, &certify_staged("APPROVED", "performance-engineer")).ends(0);
        repo.commit("certified");
    }
    next(5);
    run(&repo, &certify_staged("APPROVED", "performance-engineer")).undecided("CG120");
    certify(&repo, "APPROVED", "performance-engineer", "Measured.").undecided("CG120");
    certify(&repo, "APPROVED", "torch-specialist", "measured").ends(0);
    certify(&repo, "NO_GO", "performance-engineer", "measured").ends(0);
    certify(&repo, "APPROVED", "performance-engineer", "measured: 3 % faster").ends(0);
}

#[test]
fn certify_claims_to_have_examined_nothing() {
    let repo = with_policy();
    stage_gated(&repo);
    run(&repo, &certify_staged("APPROVED", "performance-engineer")).ends(0);
    let path = repo.ask(&["ls-files", "--others", "certificates"]);
    let text = std::fs::read_to_string(repo.path().join(path)).unwrap();
    assert!(
        text.contains("- Gated lines, to look at:\n  - `src/train/loop.py:2`\n"),
        "{text}"
    );
    assert!(!text.to_lowercase().contains("examined"), "{text}");
    let (_, evidence) = text.split_once("## EVIDENCE").unwrap();
    assert!(
        !evidence.contains("src/train/loop.py"),
        "the reviewer states the evidence: {text}"
    );
}
