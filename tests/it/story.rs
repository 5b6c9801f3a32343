//! The main job, end to end: a sensitive change is found, a certificate is asked for, a refusal stops the merge.

use crate::support::TestRepo;

const POLICY: &str = "version: 1
components:
  - id: gpu_memory
    title: GPU memory efficiency
    aliases: [gpu-mem]
    match:
      paths: [\"src/train/**\", \"!**/*.md\"]
      content: [{ pattern: 'torch\\.cuda\\.empty_cache', paths: [\"**/*.py\"] }]
      functions: [\"collect_*\"]
      messages: ['^perf(\\(.+\\))?!?:']
";

/// A certificate as a person writes it: no SUBJECT, no hash.
fn by_hand(status: &str, files: &str) -> String {
    by(status, files, "performance-engineer", "H-1", &minutes_ago(2))
}

fn by(status: &str, files: &str, agent: &str, id: &str, date: &str) -> String {
    format!(
        "# PERFORMANCE REVIEW CERTIFICATE\n\n**Component**: gpu_memory\n**Agent**: {agent}\n**Date**: {date}\n\
         **Certificate ID**: {id}\n\n## REVIEW SCOPE\n- {files}\n\n## FINDINGS\n- fine\n\n## DECISION/OUTCOME\n\
         **Status**: {status}\n**Rationale**: measured\n**Conditions**: watch the memory\n\n## EVIDENCE\n- {files}\n\n\
         ## SIGNATURE\nAgent: {agent}\nTimestamp: {date}\n"
    )
}

fn minutes_ago(minutes: i64) -> String {
    let at = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(minutes);
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn adopted() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("src/train/loop.py", "def step():\n    return 1\n");
    repo.write("README.md", "hello\n");
    repo.write(".certgate/policy.yaml", POLICY);
    repo.commit("begin");
    let out = repo.certgate(&["install"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    repo
}

fn commit(repo: &TestRepo, message: &str) -> (bool, String) {
    repo.git(&["add", "--all"]);
    let out = repo.try_git(&["commit", "--quiet", "-m", message]);
    (out.status.success(), String::from_utf8_lossy(&out.stderr).into_owned())
}

fn certify(repo: &TestRepo, extra: &[&str]) -> String {
    let mut all = vec![
        "certify",
        "gpu_memory",
        "--agent",
        "performance-engineer",
        "--rationale",
        "measured it",
    ];
    all.extend(extra);
    let out = repo.certgate(&all);
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(out.status.success(), "{said}");
    said
}

#[test]
fn an_uncertified_change_is_blocked_and_the_remedy_is_named() {
    let repo = adopted();
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    let (passed, said) = commit(&repo, "faster loop");
    assert!(!passed);
    assert!(said.contains("CG201") && said.contains("src/train/loop.py"), "{said}");
    assert!(said.contains("certgate certify gpu_memory --staged"), "{said}");
}

#[test]
fn prose_and_other_code_is_not_gated() {
    let repo = adopted();
    repo.write("README.md", "hello, world\n");
    repo.write("src/train/NOTES.md", "prose\n");
    repo.write("src/other.py", "x = 1\n");
    let (passed, said) = commit(&repo, "docs");
    assert!(passed, "{said}");
    assert_eq!(said, "");
}

#[test]
fn content_and_function_rules_gate_with_their_lines() {
    let repo = adopted();
    repo.write(
        "src/other.py",
        "import torch\n\ndef collect_all():\n    torch.cuda.empty_cache()\n",
    );
    repo.git(&["add", "--all"]);
    let out = repo.certgate(&["check", "--staged", "--format", "json"]);
    assert_eq!(out.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let reasons = json["components"][0]["files"][0]["reasons"].as_array().unwrap().clone();
    let content = reasons.iter().find(|reason| reason["rule"] == "content").unwrap();
    assert_eq!(
        (content["line"].as_u64(), content["side"].as_str()),
        (Some(4), Some("added"))
    );
    assert!(reasons.iter().any(|reason| reason["rule"] == "function"));
}

#[test]
fn a_certificate_written_by_hand_lets_the_commit_pass_and_nothing_but_an_approval_does() {
    for (status, passes) in [
        ("APPROVED", true),
        ("GO", true),
        ("RECOMMEND", true),
        ("CONDITIONALLY_APPROVED", true),
        ("NO_GO", false),
        ("REJECTED", false),
        ("EMERGENCY_STOP", false),
        ("REQUIRES_REMEDIATION", false),
        ("DO_NOT_RECOMMEND", false),
        ("NEEDS_FURTHER_REVIEW", false),
        ("ADVISORY_ONLY", false),
        ("NO-GO", false),
        ("approved", false),
    ] {
        let repo = adopted();
        repo.write("src/train/loop.py", "def step():\n    return 2\n");
        repo.write(
            "certificates/review_gpu_memory_20261122_140300.md",
            by_hand(status, "`src/train/loop.py:1-2`"),
        );
        let (passed, said) = commit(&repo, "faster loop");
        assert_eq!(passed, passes, "{status}: {said}");
    }
}

#[test]
fn a_certificate_that_names_another_file_does_not_cover() {
    let repo = adopted();
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.write(
        "certificates/review_gpu_memory_20261122_140300.md",
        by_hand("APPROVED", "`src/train/other.py`"),
    );
    let (passed, said) = commit(&repo, "faster loop");
    assert!(!passed);
    assert!(said.contains("does not count"), "{said}");
}

#[test]
fn a_directory_that_is_named_covers_what_lies_below() {
    let repo = adopted();
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.write(
        "certificates/review_gpu_memory_20261122_140300.md",
        by_hand("APPROVED", "everything in `src/train/`"),
    );
    let (passed, said) = commit(&repo, "faster loop");
    assert!(passed, "{said}");
}

#[test]
fn what_certify_writes_passes_lint_strictly_and_covers() {
    let repo = adopted();
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.git(&["add", "--all"]);
    certify(&repo, &["--status", "APPROVED", "--staged"]);
    let lint = repo.certgate(&["lint", "--strict"]);
    assert!(lint.status.success(), "{}", String::from_utf8_lossy(&lint.stderr));
    let (passed, said) = commit(&repo, "faster loop");
    assert!(passed, "{said}");
}

#[test]
fn an_edit_after_certification_blocks_the_push_and_names_exactly_that_file() {
    let repo = adopted();
    repo.git(&["init", "--quiet", "--bare", "../remote.git"]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    repo.git(&["push", "--quiet", "--no-verify", "-u", "origin", "main"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.write("src/train/pool.py", "POOL = []\n");
    repo.git(&["add", "--all"]);
    certify(&repo, &["--status", "APPROVED", "--staged"]);
    repo.commit("faster, certified");
    repo.write("src/train/loop.py", "def step():\n    return 3\n");
    repo.commit("one more edit");
    let push = repo.try_git(&["push", "--quiet", "origin", "main"]);
    let said = String::from_utf8_lossy(&push.stderr).into_owned();
    assert!(!push.status.success());
    assert!(
        said.contains("CG202") && said.contains("`src/train/loop.py` changed after certification"),
        "{said}"
    );
    assert!(said.contains("still covered: `src/train/pool.py`"), "{said}");
    certify(
        &repo,
        &[
            "--status",
            "APPROVED",
            "--base",
            "origin/main",
            "--head",
            "HEAD",
            "--file",
            "src/train/loop.py",
        ],
    );
    repo.commit("certify the edit");
    let push = repo.try_git(&["push", "--quiet", "origin", "main"]);
    assert!(push.status.success(), "{}", String::from_utf8_lossy(&push.stderr));
}

#[test]
fn coverage_survives_rebase_amend_squash_and_cherry_pick() {
    let repo = adopted();
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.git(&["add", "--all"]);
    certify(&repo, &["--status", "APPROVED", "--staged"]);
    repo.commit("faster loop");
    repo.git(&["commit", "--quiet", "--amend", "-m", "another message"]);
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("docs.txt", "elsewhere\n");
    repo.commit("elsewhere");
    let judged = |head: &str| {
        repo.certgate(&["check", "--base", "main", "--head", head])
            .status
            .code()
    };
    assert_eq!(judged("topic"), Some(0), "amended");
    repo.git(&["switch", "--quiet", "topic"]);
    repo.git(&["rebase", "--quiet", "main"]);
    assert_eq!(judged("topic"), Some(0), "rebased");
    repo.git(&["switch", "--quiet", "-c", "picked", "main"]);
    repo.git(&["cherry-pick", "topic"]);
    assert_eq!(judged("picked"), Some(0), "picked");
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--squash", "topic"]);
    let (passed, said) = commit(&repo, "squashed");
    assert!(passed, "{said}");
}

#[test]
fn a_no_go_stops_the_merge_until_a_later_certificate_lifts_it() {
    let repo = adopted();
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.git(&["add", "--all"]);
    certify(&repo, &["--status", "APPROVED", "--staged"]);
    repo.commit("faster loop");
    certify(&repo, &["--status", "NO_GO", "--base", "main"]);
    repo.commit("no go");
    repo.git(&["switch", "--quiet", "main"]);
    let merge = repo.try_git(&["merge", "--no-ff", "--no-edit", "topic"]);
    let said = String::from_utf8_lossy(&merge.stderr).into_owned();
    assert!(!merge.status.success() && said.contains("CG302"), "{said}");
    repo.git(&["merge", "--abort"]);
    repo.git(&["switch", "--quiet", "topic"]);
    certify(&repo, &["--status", "APPROVED", "--base", "main"]);
    repo.commit("lifted");
    repo.git(&["switch", "--quiet", "main"]);
    let merge = repo.try_git(&["merge", "--no-ff", "--no-edit", "topic"]);
    assert!(merge.status.success(), "{}", String::from_utf8_lossy(&merge.stderr));
}

#[test]
fn another_agents_approval_does_not_outweigh_a_refusal() {
    let repo = adopted();
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    let files = "`src/train/loop.py`";
    repo.write(
        "certificates/a.md",
        by("REJECTED", files, "performance-engineer", "R-1", &minutes_ago(5)),
    );
    repo.write(
        "certificates/b.md",
        by("APPROVED", files, "somebody-else", "A-1", &minutes_ago(1)),
    );
    repo.commit("both");
    let out = repo.certgate(&["check", "--base", "main", "--head", "HEAD"]);
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("CG302"));
}

#[test]
fn an_emergency_stop_stops_everything_but_certificates() {
    let repo = adopted();
    repo.write(
        "certificates/stop.md",
        by(
            "EMERGENCY_STOP",
            "everything",
            "performance-engineer",
            "S-1",
            &minutes_ago(5),
        ),
    );
    let (passed, said) = commit(&repo, "stop");
    assert!(passed, "a change that only adds certificates lands: {said}");
    repo.write("README.md", "anything\n");
    let (passed, said) = commit(&repo, "docs");
    assert!(!passed && said.contains("CG303"), "{said}");
    repo.git(&["restore", "--staged", "--worktree", "README.md"]);
    let lift = by("APPROVED", "everything", "performance-engineer", "S-2", &minutes_ago(1));
    repo.write(
        "certificates/lift.md",
        lift.replace(
            "**Certificate ID**: S-2\n",
            "**Certificate ID**: S-2\n**Supersedes**: S-1\n",
        ),
    );
    assert!(commit(&repo, "lift").0);
    repo.write("README.md", "anything\n");
    let (passed, said) = commit(&repo, "docs");
    assert!(passed, "{said}");
}

#[test]
fn the_ledger_is_append_only() {
    let repo = adopted();
    repo.write(
        "certificates/a.md",
        by("APPROVED", "x", "performance-engineer", "A-1", &minutes_ago(5)),
    );
    assert!(commit(&repo, "certificate").0);
    repo.write(
        "certificates/a.md",
        by("GO", "x", "performance-engineer", "A-1", &minutes_ago(5)),
    );
    let (passed, said) = commit(&repo, "edited");
    assert!(!passed && said.contains("CG401"), "{said}");
    repo.git(&["rm", "--quiet", "--force", "certificates/a.md"]);
    let (passed, said) = commit(&repo, "deleted");
    assert!(!passed && said.contains("CG402"), "{said}");
    repo.git(&["reset", "--quiet", "--hard"]);
    repo.git(&["mv", "certificates/a.md", "certificates/moved.md"]);
    let (passed, said) = commit(&repo, "moved");
    assert!(passed, "{said}");
    repo.write(
        "certificates/b.md",
        by("GO", "x", "performance-engineer", "A-1", &minutes_ago(3)),
    );
    let (passed, said) = commit(&repo, "id used twice");
    assert!(!passed && said.contains("CG403"), "{said}");
}

#[test]
fn a_message_that_announces_a_judgement_needs_its_certificate() {
    let repo = adopted();
    repo.write("src/other.py", "x = 1\n");
    let (passed, said) = commit(&repo, "perf: other things");
    assert!(!passed && said.contains("CG205"), "{said}");
    repo.write(
        "certificates/a.md",
        by("APPROVED", "the idea", "performance-engineer", "A-1", &minutes_ago(5)),
    );
    let (passed, said) = commit(&repo, "perf: other things");
    assert!(passed, "{said}");
}

#[test]
fn a_change_to_the_policy_is_gated_and_judged_by_the_old_one() {
    let repo = adopted();
    repo.write(".certgate/policy.yaml", "version: 1\ncomponents: []\n");
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    let (passed, said) = commit(&repo, "relax");
    assert!(
        !passed && said.contains("certgate-policy") && said.contains("gpu_memory"),
        "{said}"
    );
}

#[test]
fn a_feature_branch_is_warned_and_not_blocked() {
    let repo = adopted();
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    let (passed, said) = commit(&repo, "wip");
    assert!(passed && said.contains("warning[CG201]"), "{said}");
}

#[test]
fn the_first_push_to_an_empty_remote_is_judged_from_where_the_policy_starts() {
    let repo = TestRepo::new();
    repo.write("src/train/loop.py", "def step():\n    return 1\n");
    repo.commit("long before");
    repo.write(".certgate/policy.yaml", POLICY);
    repo.commit("adopt");
    assert!(repo.certgate(&["install"]).status.success());
    repo.git(&["init", "--quiet", "--bare", "../remote.git"]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    let push = repo.try_git(&["push", "--quiet", "origin", "main"]);
    assert!(push.status.success(), "{}", String::from_utf8_lossy(&push.stderr));
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.commit("unseen");
    let push = repo.try_git(&["push", "--quiet", "origin", "main"]);
    assert!(!push.status.success());
    let push = repo.try_git(&["push", "--quiet", "origin", "main:refs/heads/release/1"]);
    assert!(!push.status.success(), "a new protected branch brings the same");
}

#[test]
fn what_is_on_the_protected_branch_is_not_judged_again_when_merged_back() {
    let repo = adopted();
    let strict = POLICY.to_owned()
        + "enforce:\n  - branches: [main]\n    pre-commit: block\n    pre-push: block\n    merge: block\n  - branches: [\"**\"]\n    pre-commit: block\n    pre-push: block\n    merge: block\n";
    repo.write(".certgate/policy.yaml", strict);
    repo.commit("strict everywhere");
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    repo.write("docs.txt", "x\n");
    repo.commit("docs");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("src/train/loop.py", "def step():\n    return 9\n");
    repo.commit("on main, however it got there");
    repo.git(&["switch", "--quiet", "topic"]);
    let merge = repo.try_git(&["merge", "--no-ff", "--no-edit", "main"]);
    assert!(merge.status.success(), "{}", String::from_utf8_lossy(&merge.stderr));
}

#[test]
fn check_without_flags_says_what_it_judges() {
    let repo = adopted();
    let out = repo.certgate(&["check"]);
    assert_eq!(out.status.code(), Some(2), "on main, nothing staged, no upstream");
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.git(&["add", "--all"]);
    let out = repo.certgate(&["check"]);
    assert!(String::from_utf8_lossy(&out.stderr).contains("judging what is staged"));
    repo.commit("wip");
    let out = repo.certgate(&["check"]);
    assert!(String::from_utf8_lossy(&out.stderr).contains("judging HEAD against"));
    assert_eq!(
        out.status.code(),
        Some(1),
        "the target is main, whose merges are blocked"
    );
}

#[test]
fn the_demo_goes_as_told() {
    let repo = TestRepo::empty();
    let out = repo.certgate(&["demo"]);
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{said}");
    for word in ["blocked", "CG201", "CG202", "CG302", "as expected"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

/// A head that brings back the older of two versions on which the merge bases disagree would revert the file on the target.
#[test]
fn a_criss_cross_merge_brings_nothing_back_unseen() {
    let repo = adopted();
    repo.git(&["branch", "x"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.commit("B1: faster, certified elsewhere");
    let b1 = repo.ask(&["rev-parse", "HEAD"]);
    repo.git(&["switch", "--quiet", "x"]);
    repo.write("other.txt", "x\n");
    let b2 = repo.commit("B2");
    repo.git(&["merge", "--quiet", "--no-verify", "--no-commit", "--no-ff", &b1]);
    repo.write("src/train/loop.py", "def step():\n    return 1\n");
    repo.commit("X2: takes the old version back");
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--no-verify", "--no-edit", "--no-ff", &b2]);
    let out = repo.certgate(&["check", "--base", "main", "--head", "x"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(said.contains("src/train/loop.py"), "{said}");
}

#[test]
fn a_directory_is_explained_by_the_files_below_it() {
    let repo = adopted();
    let out = repo.certgate(&["explain", "src"]);
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(said.starts_with("src: 1 of 1 files below it are gated"), "{said}");
    assert!(said.contains("src/train/loop.py: gpu_memory"), "{said}");
}
