//! Every command that says something says it in JSON, too, and each answer keeps to its schema.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use crate::reports::keeps_to;
use crate::scene::{CERTIFICATE, adopted, certify_staged, of_status, run, stage_gated, with_policy};
use crate::support::TestRepo;

/// The schema of an answer, by its name.
fn schema(name: &str) -> String {
    let (stem, version) = name.strip_prefix("certgate/").unwrap().rsplit_once('/').unwrap();
    let path = format!("{}/docs/schema/{stem}-{version}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs a command with `--format json` and holds what it prints to the schema that it names.
#[track_caller]
pub(crate) fn answer(repo: &TestRepo, arguments: &[&str], code: i32) -> serde_json::Value {
    let at = arguments
        .iter()
        .position(|argument| *argument == "--")
        .unwrap_or(arguments.len());
    let (words, files) = arguments.split_at(at);
    let ran = run(repo, &[words, &["--format", "json"], files].concat()).ends(code);
    let json = ran.json();
    keeps_to(&schema(json["schema"].as_str().unwrap()), &json);
    json
}

#[test]
fn every_command_answers_in_json() {
    let repo = adopted();
    stage_gated(&repo);
    let name = |json: &serde_json::Value| json["schema"].as_str().unwrap().to_owned();
    assert_eq!(name(&answer(&repo, &["check", "--staged"], 1)), "certgate/verdict/v1");
    let plan = answer(&repo, &["suggest", "--staged"], 0);
    assert_eq!(name(&plan), "certgate/suggest/v1");
    let part = &plan["reviews"][0]["components"][0];
    assert_eq!(
        (&part["id"], &part["files"][0]["hunks"][0]["lines"]),
        (&serde_json::json!("gpu_memory"), &serde_json::json!([2, 2]))
    );
    assert_eq!(plan["reviews"][0]["remedy"]["argv"][1], "certify");
    let written = answer(&repo, &certify_staged("APPROVED", "performance-engineer"), 0);
    assert_eq!(name(&written), "certgate/written/v1");
    let path = written["files"][0].as_str().unwrap().to_owned();
    assert_eq!(written["next"][0]["argv"], serde_json::json!(["git", "add", path]));
    repo.git(&["add", "--all"]);
    assert_eq!(answer(&repo, &["check", "--staged"], 0)["verdict"], "pass");
    assert_eq!(name(&answer(&repo, &["lint", &path], 0)), "certgate/lint/v1");
    assert_eq!(
        name(&answer(&repo, &["verify", "--staged", &path], 0)),
        "certgate/verify/v1"
    );
    assert_eq!(
        answer(&repo, &["seal", &path, "--staged"], 0)["said"][0],
        format!("{path} is sealed already")
    );
    repo.git(&["commit", "--quiet", "-m", "certified"]);
    for command in [&["status"][..], &["log"], &["show", &path]] {
        assert_eq!(name(&answer(&repo, command, 0)), "certgate/ledger/v1");
    }
    let code = answer(&repo, &["explain", "CG201"], 0);
    assert_eq!(code["code"]["code"], "CG201");
    let gated = answer(&repo, &["explain", "src/train/loop.py"], 0);
    assert_eq!(gated["path"]["components"][0]["id"], "gpu_memory");
    let below = answer(&repo, &["explain", "src"], 0);
    assert_eq!(
        below["path"]["below"][0]["components"],
        serde_json::json!(["gpu_memory"])
    );
    assert_eq!(answer(&repo, &["explain", &path], 0)["path"]["certificate"], true);
    answer(&repo, &["explain", "gpu_memory"], 0);
    let shown = answer(&repo, &["policy", "show"], 0);
    assert_eq!(shown["policy"]["components"][0]["id"], "gpu_memory");
    assert_eq!(answer(&repo, &["policy", "check"], 0)["holds"], true);
    let hooks = answer(&repo, &["hooks"], 0);
    let pre_commit = hooks["hooks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|hook| hook["name"] == "pre-commit");
    assert_eq!(pre_commit.unwrap()["runs"], true);
    assert_eq!(name(&answer(&repo, &["doctor"], 0)), "certgate/doctor/v1");

    let other = TestRepo::new();
    other.write("setup.py", "import torch\n");
    other.commit("begin");
    let init = answer(&other, &["init"], 0);
    assert_eq!(init["files"][0], ".certgate/policy.yaml");
    assert_eq!(init["next"][1]["argv"], serde_json::json!(["certgate", "doctor"]));
}

#[test]
fn what_cannot_be_done_is_an_error_in_json() {
    let nowhere = TestRepo::empty();
    for command in [
        &["check"][..],
        &["certify", "gpu_memory"],
        &["seal", "a.md"],
        &["verify", "a.md"],
        &["status"],
        &["log"],
        &["show", "ID"],
        &["explain", "src/a.rs"],
        &["explain", "CG999"],
        &["policy", "show"],
        &["policy", "check"],
        &["policy", "fetch"],
        &["policy", "outdated"],
        &["hooks"],
        &["doctor"],
        &["init"],
        &["suggest"],
        &["trend", "--values", "missing.json"],
        &["compare", "missing.json", "--", "missing.json"],
    ] {
        let json = answer(&nowhere, command, 2);
        assert_eq!(json["schema"], "certgate/error/v1", "{command:?}");
        assert!(json["diagnostics"][0]["code"].as_str().unwrap().starts_with("CG"));
    }
}

#[test]
fn seal_says_which_gated_files_the_document_does_not_name() {
    let repo = with_policy();
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.write("src/train/other.py", "def other():\n    return 3\n");
    repo.write(CERTIFICATE, of_status("APPROVED", "1"));
    repo.git(&["add", "--all"]);
    let json = answer(&repo, &["seal", CERTIFICATE, "--staged"], 0);
    assert_eq!(json["left"], serde_json::json!(["src/train/other.py"]));
    let note = json["notes"][0].as_str().unwrap();
    assert!(note.contains("does not name src/train/other.py"), "{note}");
}

#[test]
fn words_of_a_remedy_are_kept_whatever_is_in_them() {
    let repo = with_policy();
    for name in [
        &b"src/train/a b.py"[..],
        b"src/train/it's.py",
        b"src/train/new\nline.py",
        b"src/train/\xff.py",
        b"-dash.md",
    ] {
        repo.write(name, "x = 1\n");
    }
    repo.git(&["add", "--all"]);
    let json = answer(&repo, &["check", "--staged"], 1);
    let remedy = &json["components"][0]["remedies"][0];
    assert_eq!(remedy["argv"][0], "certgate");
    let kinds: Vec<&str> = remedy["placeholders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["agent", "rationale"]);
    for blank in remedy["placeholders"].as_array().unwrap() {
        let at = usize::try_from(blank["at"].as_u64().unwrap()).unwrap();
        assert_eq!(remedy["argv"][at], blank["text"]);
    }
}
