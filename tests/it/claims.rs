//! `lint --claims`, and `require: { evidence: [claims] }`: what a certificate says is held against its own figures and the tree.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crate::reports::keeps_to;
use crate::scene::{CERTIFICATE, POLICY, by_hand, minutes_ago, of_status, run, stage_gated, with_policy};
use crate::support::TestRepo;

const LINT: &str = include_str!("../../docs/schema/lint-v1.json");

/// A repository of two commits: `core.py` had `run()` on line 2 and has it on line 4.
fn moved() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("src/core.py", "import asyncio\nasyncio.run(a)\n");
    repo.commit("begin");
    repo.write("src/core.py", "import asyncio\n\n\nasyncio.run(a)\n");
    repo.commit("move");
    repo
}

/// Label, kind and value of each claim.
fn labels(json: &serde_json::Value) -> Vec<String> {
    let claims = json["certificates"][0]["claims"].as_array().unwrap();
    let told = |claim: &serde_json::Value| {
        let (label, kind) = (claim["label"].as_str().unwrap(), claim["kind"].as_str().unwrap());
        let value = match claim["value"].as_f64() {
            Some(value) => format!("{value:.2}"),
            None => claim["value"].to_string(),
        };
        format!("{}: {label} {kind} {value}", claim["line"])
    };
    claims.iter().map(told).collect()
}

#[test]
fn lint_reads_the_claims_of_any_document_and_holds_them_against_two_trees() {
    let repo = moved();
    let text = "# Notes\n\n- 1/4 tests failing (25% failure rate)\n- 45 ms → 40 ms (-20 %)\n- `asyncio.run()` in `core.py:4`\n\
                - `asyncio.run()` in `core.py:2`\n- `asyncio.run()` in `core.py:3`\n- `src/core.py` (lines 1-5)\n- see src/none.py\n\
                - 10-30% speedup (observed 1.26-1.31x in testing)\n- 70% improvement\n";
    repo.write("notes.md", text);
    let ran = run(&repo, &["lint", "--claims", "--format", "json", "notes.md"]).ends(1);
    let json = ran.json();
    keeps_to(LINT, &json);
    let expected = [
        "3: right quotient 25.00",
        "4: wrong from-to -11.11",
        "5: right file-line-symbol null",
        "6: right-before file-line-symbol null",
        "7: wrong file-line-symbol null",
        "8: right file-line null",
        "9: wrong file null",
        "10: wrong range [26.0,31.0]",
        "11: uncheckable bare null",
    ];
    assert_eq!(labels(&json), expected);
    let codes = json["certificates"][0]["diagnostics"].as_array().unwrap();
    let codes: Vec<&str> = codes.iter().map(|told| told["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["CG650", "CG652", "CG651", "CG653", "CG651", "CG650"]);
    let human = run(&repo, &["lint", "--claims", "notes.md"]).ends(1);
    assert_eq!(human.errors(), ["CG650", "CG651", "CG651", "CG650"]);
    human
        .says("the change is -11.11 %")
        .says("it is on line 4")
        .says("26 % to 31 %");
    // Without a repository, what is said of files is uncheckable and accuses nobody.
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("notes.md");
    std::fs::write(&path, text).unwrap();
    let json = run(&repo, &["lint", "--claims", "--format", "json", path.to_str().unwrap()]).json();
    let wrong: Vec<String> = labels(&json)
        .into_iter()
        .filter(|label| label.contains("wrong"))
        .collect();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    // Nothing is said of claims where nobody asks.
    let plain = run(&repo, &["lint", "--format", "json", "notes.md"]).json();
    assert!(plain["certificates"][0]["claims"].is_null());
}

#[test]
fn a_reference_that_holds_only_before_the_change_is_a_warning_in_the_evidence_of_an_approval() {
    let repo = moved();
    let said = "`asyncio.run()` in `src/core.py:2`";
    let found = of_status("APPROVED", "C-1").replace("- fine", &format!("- {said}"));
    let found = found.replace("src/train/loop.py", "src/core.py");
    let cited = of_status("APPROVED", "C-1").replace("`src/train/loop.py:1-2`", said);
    let cited = cited.replace("src/train/loop.py", "src/core.py");
    repo.write(CERTIFICATE, &found);
    let ran = run(&repo, &["lint", "--claims", CERTIFICATE])
        .ends(0)
        .says("note[CG652]");
    assert!(!ran.warnings().contains(&"CG652"), "{}", ran.err);
    repo.write(CERTIFICATE, &cited);
    let ran = run(&repo, &["lint", "--claims", CERTIFICATE]).ends(0);
    assert!(ran.warnings().contains(&"CG652"), "{}", ran.err);
    run(&repo, &["lint", "--claims", "--strict", CERTIFICATE]).ends(1);
}

#[test]
fn an_approval_that_makes_a_wrong_claim_does_not_count_where_the_policy_asks_for_claims() {
    let asking = POLICY.replace(
        "    title: GPU memory efficiency\n",
        "    title: GPU memory efficiency\n    require: { evidence: [claims] }\n",
    );
    assert_ne!(asking, POLICY);
    let certificate = |finding: &str| {
        let text = by_hand("**Status**: APPROVED", "C-1", &minutes_ago(2));
        text.replace("- fine", finding)
    };
    for (policy, finding, counts) in [
        (asking.as_str(), "- step: 41.8 ms → 36.4 ms (-12.9 %)", true),
        (asking.as_str(), "- step: 41.8 ms → 36.4 ms (-19.2 %)", false),
        (asking.as_str(), "- see `src/train/none.py:3`", false),
        (POLICY, "- step: 41.8 ms → 36.4 ms (-19.2 %)", true),
    ] {
        let repo = with_policy();
        if policy != POLICY {
            repo.write(".certgate/policy.yaml", policy);
            repo.commit("ask");
        }
        repo.write(CERTIFICATE, certificate(finding));
        stage_gated(&repo);
        let ran = run(&repo, &["check", "--staged", "--target", "main"]);
        if counts {
            ran.ends(0);
        } else {
            let json = run(&repo, &["check", "--staged", "--target", "main", "--format", "json"])
                .ends(1)
                .json();
            let problems = &json["components"][0]["certificates"][0]["problems"];
            assert!(
                problems.as_array().unwrap().iter().any(|code| code == "CG654"),
                "{json:#}"
            );
            ran.ends(1);
        }
    }
}
