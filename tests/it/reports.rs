//! What a run reports: JSON that keeps to its published schemas, and a screen that a person can act on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::Value;

use crate::scene::{
    CERTIFICATE, POLICY, Ran, adopted, by_hand, git, minutes_ago, of_status, run, stage_gated, with_policy,
};
use crate::support::TestRepo;

const VERDICT: &str = include_str!("../../docs/schema/verdict-v1.json");
const ERROR: &str = include_str!("../../docs/schema/error-v1.json");
const LINT: &str = include_str!("../../docs/schema/lint-v1.json");
const LEDGER: &str = include_str!("../../docs/schema/ledger-v1.json");

/// Asserts that JSON keeps to the schema that it names, which must be this one.
#[track_caller]
pub(crate) fn keeps_to(schema: &str, json: &Value) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert_eq!(json["schema"], schema["title"]);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(json)
        .map(|e| format!("{e} at {}", e.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}: {json:#}");
}

/// Runs `check --format json`, holds the answer to its schema and returns verdict and outcome of `gpu_memory`.
#[track_caller]
fn verdict(repo: &TestRepo, arguments: &[&str]) -> (String, String, Value) {
    let mut all = vec!["check", "--format", "json"];
    all.extend(arguments);
    let ran = run(repo, &all);
    let json = ran.json();
    keeps_to(VERDICT, &json);
    let word = json["verdict"].as_str().unwrap().to_owned();
    assert_eq!(ran.code, Some(i32::from(word == "block")), "{}", ran.said());
    let component = json["components"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["id"] == "gpu_memory");
    let outcome = component.map_or("", |c| c["outcome"].as_str().unwrap()).to_owned();
    (word, outcome, json)
}

#[track_caller]
fn assert_verdict(repo: &TestRepo, arguments: &[&str], word: &str, outcome: &str) -> Value {
    let (found, of, json) = verdict(repo, arguments);
    assert_eq!((found.as_str(), of.as_str()), (word, outcome), "{json:#}");
    json
}

#[test]
fn every_verdict_and_outcome_keeps_to_the_schema() {
    let repo = with_policy();
    let json = assert_verdict(&repo, &["--staged"], "pass", "");
    assert_eq!(json["components"], Value::Array(Vec::new()));
    stage_gated(&repo);
    let json = assert_verdict(&repo, &["--staged"], "block", "uncovered");
    assert_eq!(json["head"], "index");
    assert_eq!(json["base"], Value::String(repo.ask(&["rev-parse", "HEAD"])));
    assert_eq!(json["target"], "main");
    // A branch that nobody knows may be a slip of the pen.
    assert_verdict(&repo, &["--staged", "--target", "topic"], "block", "uncovered");
    repo.git(&["branch", "topic"]);
    let json = assert_verdict(&repo, &["--staged", "--target", "topic"], "warn", "uncovered");
    assert_eq!(json["enforcement"], "warn");
    assert_verdict(&repo, &["--staged", "--policy", "builtin:rust"], "pass", "");
    for (status, word, outcome, class) in [
        ("APPROVED", "pass", "approved", "approve"),
        ("CONDITIONALLY_APPROVED", "pass", "approved", "conditional"),
        ("ADVISORY_ONLY", "block", "uncovered", "neutral"),
        ("NEEDS_FURTHER_REVIEW", "block", "held", "hold"),
        ("REJECTED", "block", "vetoed", "veto"),
        ("EMERGENCY_STOP", "block", "stopped", "stop"),
        ("NO-GO", "block", "invalid", "invalid"),
    ] {
        repo.write(
            CERTIFICATE,
            of_status(status, "C-1").replace("measured", "measured\n**Conditions**: watch it"),
        );
        repo.git(&["add", "--all"]);
        let json = assert_verdict(&repo, &["--staged"], word, outcome);
        let component = &json["components"][0];
        let certificate = &component["certificates"][0];
        assert_eq!(certificate["class"], class, "{json:#}");
        let valid = class != "invalid";
        assert_eq!(certificate["status"].as_str(), valid.then_some(status));
        let covers = outcome == "approved";
        assert_eq!(component["files"][0]["covered"], Value::Bool(covers));
        if covers {
            assert_eq!(component["files"][0]["by"][0]["certificate"], "C-1");
            assert_eq!(certificate["covers"][0], "src/train/loop.py");
        }
    }
}

#[test]
fn messages_merges_and_the_ledger_keep_to_the_schema() {
    let repo = with_policy();
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    repo.write("README.md", "faster\n");
    let commit = repo.commit("perf(io): faster reading");
    let json = assert_verdict(&repo, &["--base", "main"], "block", "uncovered");
    assert_eq!(json["components"][0]["messages"][0]["commit"], Value::String(commit));
    assert_eq!(json["stage"], "merge");
    for stage in [
        "pre-commit",
        "commit-msg",
        "pre-merge-commit",
        "pre-push",
        "reference-transaction",
        "pre-receive",
        "merge",
    ] {
        let json = assert_verdict(&repo, &["--base", "main", "--stage", stage], "block", "uncovered");
        assert_eq!(json["stage"], stage);
    }
    repo.write(CERTIFICATE, of_status("APPROVED", "C-1"));
    repo.commit("certificate");
    assert_verdict(&repo, &["--base", "main"], "pass", "approved");
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "topic"]);
    repo.write(CERTIFICATE, of_status("GO", "C-1"));
    repo.git(&["add", "--all"]);
    let json = assert_verdict(&repo, &["--staged"], "block", "");
    assert_eq!(json["diagnostics"][0]["code"], "CG401");
    assert_eq!(json["diagnostics"][0]["path"], CERTIFICATE);
    repo.git(&["rm", "--quiet", "--force", CERTIFICATE]);
    let json = assert_verdict(&repo, &["--staged"], "block", "");
    assert_eq!(json["diagnostics"][0]["code"], "CG402");
}

#[test]
fn the_first_policy_and_the_default_pack_keep_to_the_schema() {
    let repo = TestRepo::new();
    repo.write("src/train/loop.py", "x = 1\n");
    repo.write(".certgate/policy.yaml", POLICY);
    repo.git(&["add", "--all"]);
    let json = assert_verdict(&repo, &["--staged"], "block", "uncovered");
    assert_eq!(json["base"], Value::Null);
    assert_eq!(json["policy"], "index:.certgate/policy.yaml");
    repo.git(&["rm", "--quiet", "--cached", ".certgate/policy.yaml"]);
    let json = assert_verdict(&repo, &["--staged"], "pass", "");
    assert_eq!(json["policy"], "builtin:default");
}

#[test]
fn a_run_that_could_not_decide_keeps_to_the_error_schema_in_any_case() {
    let repo = with_policy();
    let failing: [(&[&str], &str); 6] = [
        (&["--base", "nowhere"], "CG702"),
        (&["--range", "x"], "CG700"),
        (&["--stage", "nowhen"], "CG700"),
        (&[], "CG708"),
        (&["--policy", "nowhere.yaml", "--staged"], "CG709"),
        (&["--policy", "builtin:nowhere", "--staged"], "CG007"),
    ];
    for (arguments, code) in failing {
        let mut all = vec!["check", "--format", "json"];
        all.extend(arguments);
        let ran = run(&repo, &all).undecided(code);
        let json = ran.json();
        keeps_to(ERROR, &json);
        assert_eq!(json["diagnostics"][0]["code"], code);
    }
    let nowhere = TestRepo::empty();
    keeps_to(
        ERROR,
        &run(&nowhere, &["check", "--format", "json"]).undecided("CG701").json(),
    );
    repo.write(".certgate/policy.yaml", "version: 2\n");
    repo.commit("broken");
    keeps_to(
        ERROR,
        &run(&repo, &["check", "--staged", "--format", "json"])
            .undecided("CG004")
            .json(),
    );
}

#[test]
fn lint_and_the_ledger_keep_to_their_schemas() {
    let repo = with_policy();
    keeps_to(LINT, &run(&repo, &["lint", "--format", "json"]).ends(0).json());
    for command in ["log", "status"] {
        keeps_to(LEDGER, &run(&repo, &[command, "--format", "json"]).ends(0).json());
    }
    repo.write(CERTIFICATE, of_status("APPROVED", "C-1"));
    repo.write(
        "certificates/b.md",
        of_status("NO-GO", "C-2").replace("gpu_memory", "nothing"),
    );
    repo.write("certificates/c.md", "no certificate at all\n");
    repo.write("certificates/d.md", b"\xff");
    stage_gated(&repo);
    let sealed = [
        "certify",
        "gpu-mem",
        "--staged",
        "--status",
        "GO",
        "--agent",
        "a",
        "--rationale",
        "b",
        "--supersedes",
        "C-1",
    ];
    run(&repo, &sealed).ends(0);
    let lint = run(&repo, &["lint", "--format", "json"]).ends(1).json();
    keeps_to(LINT, &lint);
    let valid: Vec<bool> = lint["certificates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["valid"].as_bool().unwrap())
        .collect();
    assert_eq!(valid.iter().filter(|valid| **valid).count(), 2);
    assert_eq!(valid.len(), 5);
    repo.commit("ledger");
    let log = run(&repo, &["log", "--format", "json"]).ends(0).json();
    keeps_to(LEDGER, &log);
    assert_eq!(log["certificates"].as_array().unwrap().len(), 5);
    let status = run(&repo, &["status", "--format", "json"]).ends(0).json();
    keeps_to(LEDGER, &status);
    assert_eq!(status["certificates"][0]["status"], "GO");
    assert_eq!(status["certificates"][0]["supersedes"][0], "C-1");
    let show = run(&repo, &["show", "C-1", "--format", "json"]).ends(0).json();
    keeps_to(LEDGER, &show);
    assert_eq!(show["certificates"][0]["path"], CERTIFICATE);
}

/// What a person sees: standard error, with what differs from run to run replaced.
#[track_caller]
fn screen(ran: &Ran) -> String {
    let text = ran.err.trim_end();
    let lines = text.lines().count();
    assert!(lines <= 24, "{lines} lines do not fit: {text}");
    if let Some(long) = text.lines().find(|line| line.chars().count() > 100) {
        panic!("{} columns: {long}", long.chars().count());
    }
    let mut words = String::new();
    let mut rest = text;
    // Ids of commits and certificates, and the time in file names, are as long as they are and differ from run to run.
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let word = &rest[start..];
        let end = word.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(word.len());
        words.push_str(&rest[..start]);
        words.push_str(match &word[..end] {
            id if id.len() == 26 && id.starts_with("01") => "[CERTIFICATE]",
            id if id.len() == 10 && id.bytes().all(|b| b.is_ascii_hexdigit()) => "[COMMIT]",
            day if day.len() == 8 && day.starts_with("20") => "[DAY]",
            time if time.len() == 6 && time.bytes().all(|b| b.is_ascii_digit()) => "[TIME]",
            other => other,
        });
        rest = &word[end..];
    }
    words + rest
}

#[test]
fn the_screen_of_a_blocked_commit() {
    let repo = adopted();
    repo.write("src/data/read.py", "x = 1\n");
    stage_gated(&repo);
    let ran = git(&repo, &["commit", "--quiet", "-m", "faster"]).blocks(&["CG201", "CG201"]);
    insta::assert_snapshot!(screen(&ran), @r#"
    error[CG201]: `gpu_memory`: no certificate covers `src/train/loop.py`
    --> src/train/loop.py
     = note: asks for an approval by any agent
     = note: src/train/loop.py: path rule `src/train/**`
     = help: certgate certify --all --staged --status APPROVED --agent NAME \
                 --rationale "WHY"
             # one certificate for all 2 components, as far as the agent may
             # certify them
     = help: certgate certify gpu_memory --staged --status APPROVED --agent NAME \
                 --rationale "WHY"

    error[CG201]: `data_loading`: no certificate covers `src/data/read.py`
    --> src/data/read.py
     = note: asks for an approval by any agent
     = note: src/data/read.py: path rule `src/data/**`
     = help: certgate certify data_loading --staged --status APPROVED \
                 --agent NAME --rationale "WHY"

    certgate: blocked: 2 components not certified: gpu_memory (uncovered), data_loading (uncovered)
      2 changed files at pre-commit into `main`, by [COMMIT]:.certgate/policy.yaml
    "#);
}

#[test]
fn the_screen_of_a_stale_certificate() {
    let repo = adopted();
    repo.write("src/train/pool.py", "POOL = []\n");
    stage_gated(&repo);
    certify(&repo, &["--status", "APPROVED"]);
    repo.write("src/train/loop.py", "def step():\n    return 3\n");
    repo.git(&["add", "--all"]);
    let ran = git(&repo, &["commit", "--quiet", "-m", "faster"]).blocks(&["CG202"]);
    insta::assert_snapshot!(screen(&ran), @r#"
    error[CG202]: `gpu_memory`: `src/train/loop.py` changed after certification
    --> src/train/loop.py
     = note: asks for an approval by any agent
     = note: certified by `[CERTIFICATE]` (APPROVED by
             performance-engineer,
             certificates/performance_review_gpu_memory_[DAY]_[TIME].md)
     = note: still covered: `src/train/pool.py`
     = note: only what changed needs a new certificate
     = help: certgate certify gpu_memory --staged --status APPROVED --agent NAME \
                 --rationale "WHY"

    certgate: blocked: 1 component not certified: gpu_memory (uncovered)
      3 changed files at pre-commit into `main`, by [COMMIT]:.certgate/policy.yaml
    "#);
}

/// Certifies what is staged and stages the certificate.
fn certify(repo: &TestRepo, extra: &[&str]) {
    let mut all = vec![
        "certify",
        "gpu_memory",
        "--staged",
        "--agent",
        "performance-engineer",
        "--rationale",
        "measured",
    ];
    all.extend(extra);
    run(repo, &all).ends(0);
    repo.git(&["add", "--all"]);
}

#[test]
fn the_screen_of_a_veto() {
    let repo = adopted();
    stage_gated(&repo);
    certify(&repo, &["--status", "NO_GO"]);
    let ran = git(&repo, &["commit", "--quiet", "-m", "faster"]).blocks(&["CG302"]);
    insta::assert_snapshot!(screen(&ran), @r#"
    error[CG302]: `gpu_memory` is vetoed by `[CERTIFICATE]` (NO_GO by
                  performance-engineer)
    --> certificates/performance_review_gpu_memory_[DAY]_[TIME].md
     = note: it refuses `src/train/loop.py`
     = note: it is lifted by a later approval by performance-engineer, or by an
             agent that `may_lift`
     = help: git show \
                 :certificates/performance_review_gpu_memory_[DAY]_[TIME].md
             # its findings
     = help: change the code so that its findings no longer hold
     = help: certgate certify gpu_memory --staged --status DECISION \
                 --agent performance-engineer --rationale "WHY" \
                 --supersedes [CERTIFICATE]
             # then performance-engineer decides again

    certgate: blocked: 1 component not certified: gpu_memory (vetoed)
      2 changed files at pre-commit into `main`, by [COMMIT]:.certgate/policy.yaml
    "#);
}

#[test]
fn the_screen_of_an_emergency_stop() {
    let repo = adopted();
    repo.write(CERTIFICATE, of_status("EMERGENCY_STOP", "S-1"));
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "stop"]).ends(0);
    repo.write("README.md", "anything\n");
    repo.git(&["add", "--all"]);
    let ran = git(&repo, &["commit", "--quiet", "-m", "docs"]).blocks(&["CG303"]);
    insta::assert_snapshot!(screen(&ran), @r#"
    error[CG303]: emergency stop: `S-1` (EMERGENCY_STOP by performance-engineer) is
                  in force
    --> certificates/review_gpu_memory_[DAY]_[TIME].md
     = note: nothing but certificates may be merged until it is lifted
     = note: it is lifted by a later approval by performance-engineer, or by an
             agent that `may_lift`
     = help: certgate show S-1 --rev [COMMIT]   # its findings
     = help: change the code so that its findings no longer hold
     = help: certgate certify gpu_memory --staged --status DECISION \
                 --agent performance-engineer --rationale "WHY" --supersedes S-1
             # then performance-engineer decides again

    certgate: blocked: see above
      1 changed file at pre-commit into `main`, by [COMMIT]:.certgate/policy.yaml
    "#);
}

#[test]
fn the_screen_of_conditions_that_are_open() {
    let repo = adopted();
    stage_gated(&repo);
    certify(
        &repo,
        &[
            "--status",
            "CONDITIONALLY_APPROVED",
            "--condition",
            "watch the memory",
            "--condition",
            "repeat in a week",
        ],
    );
    let ran = git(&repo, &["commit", "--quiet", "-m", "faster"]).ends(0);
    insta::assert_snapshot!(screen(&ran), @r#"
    note[CG207]: `gpu_memory`: approved with 2 open conditions
    --> certificates/performance_review_gpu_memory_[DAY]_[TIME].md
     = note: watch the memory
     = note: repeat in a week
    "#);
}

#[test]
fn the_screen_of_an_invalid_certificate_teaches() {
    let repo = adopted();
    repo.write(CERTIFICATE, of_status("NO-GO", "C-1"));
    stage_gated(&repo);
    let ran = git(&repo, &["commit", "--quiet", "-m", "faster"]).blocks(&["CG304", "CG103"]);
    insta::assert_snapshot!(screen(&ran), @r#"
    error[CG304]: this change adds a certificate that cannot be read
    --> certificates/review_gpu_memory_[DAY]_[TIME].md
     = note: an unreadable refusal is not consent
     = help: certgate lint certificates/review_gpu_memory_[DAY]_[TIME].md

    error[CG103]: `NO-GO` is not a status
      --> certificates/review_gpu_memory_[DAY]_[TIME].md:15:13
       |
    15 | **Status**: NO-GO
       |             ^^^^^
       |
       = note: it reads as the refusal NO_GO, which is written with a low line
       = note: the status is one of eleven words, byte for byte, and nothing else on
               its line
       = help: if that is the decision, write exactly: **Status**: NO_GO
       = help: remarks belong under **Rationale** or **Conditions**

    certgate: blocked: 1 component not certified: gpu_memory (invalid)
      2 changed files at pre-commit into `main`, by [COMMIT]:.certgate/policy.yaml
    "#);
}

/// Runs the remedy that begins with a command, as a person would: with a reason, and a name where one is asked for.
#[track_caller]
fn take(repo: &TestRepo, ran: &Ran, command: &str) {
    let remedies = ran.remedies();
    let found: Vec<&String> = remedies.iter().filter(|remedy| remedy.starts_with(command)).collect();
    let Some(remedy) = found.first() else {
        panic!("{command}: {remedies:?}");
    };
    assert!(found.iter().all(|other| other == remedy), "{remedies:?}");
    let pasted = remedy
        .replace("DECISION", "APPROVED")
        .replace("WHY", "measured: 3 % faster")
        .replace("NAME", "performance-engineer");
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_certgate"))
        .parent()
        .unwrap()
        .display()
        .to_string();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap());
    let output = repo
        .command("sh")
        .env("PATH", path)
        .args(["-c", &pasted])
        .output()
        .unwrap();
    Ran::from(output).ends(0);
}

#[test]
fn the_remedies_of_uncovered_and_stale_work_when_pasted() {
    let repo = adopted();
    stage_gated(&repo);
    let commit = || git(&repo, &["commit", "--quiet", "-m", "faster"]);
    let ran = commit().blocks(&["CG201"]);
    take(&repo, &ran, "certgate certify gpu_memory");
    repo.git(&["add", "--all"]);
    // One more edit before the commit makes the certificate stale.
    repo.write("src/train/loop.py", "def step():\n    return 3\n");
    repo.git(&["add", "--all"]);
    let ran = commit().blocks(&["CG202"]);
    take(&repo, &ran, "certgate certify gpu_memory");
    repo.git(&["add", "--all"]);
    let ran = commit().ends(0);
    assert_eq!(ran.said(), "");
    run(&repo, &["lint", "--strict"]).ends(0);
}

#[test]
fn the_remedies_of_refusals_the_ledger_and_a_merge_work_when_pasted() {
    let repo = adopted();
    let commit = || git(&repo, &["commit", "--quiet", "-m", "faster"]);
    stage_gated(&repo);
    certify(&repo, &["--status", "REJECTED"]);
    let ran = commit().blocks(&["CG302"]);
    take(&repo, &ran, "certgate certify gpu_memory");
    repo.git(&["add", "--all"]);
    commit().ends(0);
    // The ledger, edited and restored.
    let path = repo
        .ask(&["ls-files", "certificates"])
        .lines()
        .next()
        .unwrap()
        .to_owned();
    repo.write(&path, "edited\n");
    repo.git(&["add", "--all"]);
    let ran = commit().blocks(&["CG401"]);
    take(&repo, &ran, "git checkout");
    run(&repo, &["check", "--staged"]).ends(0);
    // An emergency stop, lifted.
    certify(&repo, &["--status", "EMERGENCY_STOP"]);
    git(&repo, &["commit", "--quiet", "-m", "stop"]).ends(0);
    repo.write("README.md", "anything\n");
    repo.git(&["add", "--all"]);
    let ran = commit().blocks(&["CG303"]);
    take(&repo, &ran, "certgate certify gpu_memory");
    repo.git(&["add", "--all"]);
    commit().ends(0);
    // A message, and a range that is to be merged.
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    repo.write("src/train/other.py", "x = 1\n");
    repo.commit("perf: other");
    let ran = run(&repo, &["check", "--base", "main"]).ends(1);
    take(&repo, &ran, "certgate certify gpu_memory --base main");
    repo.commit("certificate");
    run(&repo, &["check", "--base", "main"]).ends(0);
}

#[test]
fn an_invalid_certificate_is_mended_by_what_its_diagnostic_says() {
    let repo = adopted();
    repo.write(CERTIFICATE, of_status("✅ APPROVED", "C-1"));
    stage_gated(&repo);
    let ran = git(&repo, &["commit", "--quiet", "-m", "faster"]).blocks(&["CG304", "CG103"]);
    take_line(&repo, &ran, "**Status**: ");
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "faster"]).ends(0);
}

/// Writes the line that a diagnostic says to write.
fn take_line(repo: &TestRepo, ran: &Ran, name: &str) {
    let line = ran
        .remedies()
        .iter()
        .find_map(|r| r.split(name).nth(1).map(str::to_owned))
        .unwrap();
    repo.write(CERTIFICATE, by_hand(&format!("{name}{line}"), "C-1", &minutes_ago(2)));
}

#[test]
fn a_screen_holds_the_first_dozen_and_counts_the_rest() {
    let repo = with_policy();
    for number in 10..40 {
        repo.write(
            format!("certificates/review_gpu_memory_202501{number}_030405.md"),
            "nothing\n",
        );
    }
    repo.git(&["add", "--all"]);
    let ran = run(&repo, &["check", "--staged"]).ends(1);
    assert_eq!(ran.errors().len(), 12);
    ran.says("… and 48 more, 48 of them errors; `--verbose` shows all");
    let all = run(&repo, &["check", "--staged", "--format", "json"]).ends(1).json();
    assert_eq!(all["diagnostics"].as_array().unwrap().len(), 60);
}
