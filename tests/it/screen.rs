//! What is asked for fits on a screen: who, how many, with what, and one command for all of it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use crate::scene::run;
use crate::support::TestRepo;

/// A repository with so many components, each with a changed file, and the terms of `defaults:` and `require:`.
fn many(count: usize, defaults: &str, require: &str) -> TestRepo {
    let repo = TestRepo::new();
    let mut policy = format!("version: 1\ndefaults: {{ {defaults} }}\ncomponents:\n");
    for n in 0..count {
        let pattern = r"pool\.(acquire|release)_all_the_buffers\(";
        policy.push_str(&format!(
            "  - id: component_number_{n:02}\n    match:\n      paths: [\"src/part_{n:02}/**\"]\n      content: [{{ pattern: '{pattern}', paths: [\"src/part_{n:02}/**\"] }}]\n    require: {{ {require} }}\n"
        ));
        repo.write(format!("src/part_{n:02}/buffers.py"), "x = 1\n");
    }
    repo.write(".certgate/policy.yaml", policy);
    repo.commit("begin");
    for n in 0..count {
        repo.write(
            format!("src/part_{n:02}/buffers.py"),
            "pool.acquire_all_the_buffers(2)\n",
        );
    }
    repo.git(&["add", "--all"]);
    repo
}

#[test]
fn twelve_components_fit_on_one_screen() {
    let repo = many(
        12,
        "independence: true, signatures: required",
        "agents: [performance-engineer, gpu-specialist], approvals: 2, evidence: [file-references]",
    );
    let ran = run(&repo, &["check", "--staged"]).ends(1);
    let lines: Vec<&str> = ran.err.lines().chain(ran.out.lines()).collect();
    assert!(lines.len() <= 60, "{} lines: {}", lines.len(), ran.said());
    for line in &lines {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for n in 0..12 {
        assert!(ran.err.contains(&format!("`component_number_{n:02}`")), "{}", ran.err);
    }
    // Who, how many, with what, and who must not; no pattern.
    let ran = ran.says("asks for 2 approvals by `performance-engineer` or `gpu-specialist`");
    let ran = ran.says("with evidence: file-references");
    let ran = ran.says("not by the author");
    assert!(!ran.err.contains("acquire|release"), "{}", ran.err);
    let remedies = ran.remedies();
    assert!(
        remedies[0].starts_with("certgate certify --all --staged"),
        "{remedies:?}"
    );
    // All of it is there for those who ask.
    let all = run(&repo, &["check", "--staged", "--verbose"]).ends(1);
    assert_eq!(all.errors().len(), 12);
    assert_eq!(all.err.matches("certgate certify component_number_").count(), 12);
}

#[test]
fn who_has_approved_and_who_is_missing_is_said() {
    let repo = many(1, "binding: history", "agents: [a, b, c], approvals: 2");
    let words = ["certify", "component_number_00", "--staged", "--status", "APPROVED"];
    let by = ["--agent", "a", "--rationale", "the pool is filled once at the start"];
    run(&repo, &[&words[..], &by].concat()).ends(0);
    repo.git(&["add", "--all"]);
    run(&repo, &["check", "--staged"])
        .blocks(&["CG204"])
        .says("asks for 2 approvals by `a`, `b` or `c`; `a` approved, 1 more approval missing");
}

#[test]
fn a_file_that_two_components_gate_is_one_file() {
    let repo = TestRepo::new();
    repo.write(
        ".certgate/policy.yaml",
        "version: 1\ncomponents:\n  - { id: one, match: { paths: [\"src/**\"] } }\n  - { id: two, match: { paths: [\"src/**\"] } }\n",
    );
    repo.commit("begin");
    repo.write("src/a.py", "x = 1\n");
    repo.git(&["add", "--all"]);
    let words = ["certify", "one", "two", "--staged", "--status", "APPROVED"];
    let by = ["--agent", "a", "--rationale", "a constant, computed once"];
    run(&repo, &[&words[..], &by].concat()).ends(0);
    repo.git(&["add", "--all"]);
    run(&repo, &["check", "--staged"])
        .ends(0)
        .writes("1 gated file covered by certificates");
}
