//! `certgate attest`: statements that others read and verify, and that cannot be changed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64ct::{Base64, Encoding as _};
use serde_json::Value;

use crate::measured::Scene;
use crate::scene::{Ran, run, stage_gated, with_policy};
use crate::support::TestRepo;

const RESOURCE: &str = "git+https://example.org/ada/engine";

/// A key pair without a passphrase; the private file.
fn key(repo: &TestRepo, name: &str, passphrase: &str) -> String {
    let file = repo.home().join(name);
    let made = repo
        .command("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(made.status.success());
    file.to_str().unwrap().to_owned()
}

/// A branch `topic` with a gated change, certified or not.
fn scene(certified: bool) -> TestRepo {
    let repo = with_policy();
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    stage_gated(&repo);
    repo.write("src/train/new é.py", "x = 1\n");
    repo.commit("go faster");
    if certified {
        let certify = "certify gpu_memory --base main --status CONDITIONALLY_APPROVED --agent performance-engineer --rationale measured --condition watch";
        run(&repo, &certify.split(' ').collect::<Vec<_>>()).ends(0);
        repo.commit("certify");
    }
    repo
}

fn attest(repo: &TestRepo, key: &str, code: i32) -> Ran {
    run(
        repo,
        &[
            "attest",
            "--base",
            "main",
            "--head",
            "topic",
            "--resource",
            RESOURCE,
            "--key",
            key,
        ],
    )
    .ends(code)
}

/// The statements of what was written.
fn statements(lines: &str) -> Vec<Value> {
    let payload = |line: &str| -> Value {
        let envelope: Value = serde_json::from_str(line).unwrap();
        assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
        serde_json::from_slice(&Base64::decode_vec(envelope["payload"].as_str().unwrap()).unwrap()).unwrap()
    };
    lines.lines().map(payload).collect()
}

#[test]
fn a_certified_change_is_a_summary_and_a_statement_over_its_content() {
    let repo = scene(true);
    let key = key(&repo, "id", "");
    let ran = attest(&repo, &key, 0).says("2 statements signed");
    let [range, certificate] = statements(&ran.out).try_into().unwrap();
    assert_eq!(range["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(range["predicateType"], "https://slsa.dev/verification_summary/v1");
    assert_eq!(
        range["subject"][0]["digest"]["gitCommit"],
        Value::from(repo.ask(&["rev-parse", "topic"]))
    );
    assert_eq!(range["subject"][0]["annotations"]["source_refs"][0], "refs/heads/main");
    let predicate = &range["predicate"];
    assert_eq!(
        (
            predicate["verificationResult"].as_str(),
            predicate["resourceUri"].as_str()
        ),
        (Some("PASSED"), Some(RESOURCE))
    );
    assert_eq!(
        predicate["verifiedLevels"],
        serde_json::json!(["CERTGATE_CERTIFIED_GPU_MEMORY"])
    );
    assert_eq!(
        predicate["policy"]["digest"]["gitCommit"],
        Value::from(repo.ask(&["rev-parse", "main"]))
    );
    assert!(!range.to_string().contains("SLSA_"), "{range}");

    assert_eq!(certificate["predicateType"], "urn:certgate:certificate:v1");
    assert_eq!(certificate["predicate"]["status"], "CONDITIONALLY_APPROVED");
    assert_eq!(certificate["predicate"]["conditions"][0]["text"], "watch");
    let digest = |file: &str| {
        let sum = repo.command("sha256sum").arg(repo.path().join(file)).output().unwrap();
        String::from_utf8(sum.stdout).unwrap().trim_start_matches('\\')[..64].to_owned()
    };
    let subjects = certificate["subject"].as_array().unwrap();
    let of = |name: &str| {
        subjects.iter().find(|subject| subject["name"] == name).unwrap()["digest"]["sha256"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(subjects.len(), 2);
    assert_eq!(of("src/train/loop.py"), digest("src/train/loop.py"));
    assert_eq!(of("src/train/new%20%C3%A9.py"), digest("src/train/new é.py"));
    let document = &certificate["predicate"]["certificate"];
    assert_eq!(
        document["digest"]["sha256"],
        Value::from(digest(document["uri"].as_str().unwrap()))
    );
    assert_eq!(predicate["inputAttestations"][0], *document);

    run(
        &repo,
        &[
            "attest",
            "--base",
            "main",
            "--resource",
            RESOURCE,
            "--key",
            &key,
            "--output",
            "out",
        ],
    )
    .ends(0);
    let files = ["range", "certificate-1"]
        .map(|name| std::fs::read_to_string(repo.path().join(format!("out/{name}.dsse.json"))).unwrap());
    assert_eq!(statements(&files.concat()).len(), 2);
}

#[test]
fn a_change_that_is_blocked_has_failed_and_claims_nothing() {
    let repo = scene(false);
    let key = key(&repo, "id", "");
    let ran = attest(&repo, &key, 1).says("error[CG201]");
    let [range] = statements(&ran.out).try_into().unwrap();
    assert_eq!(range["predicate"]["verificationResult"], "FAILED");
    assert_eq!(range["predicate"]["verifiedLevels"], serde_json::json!([]));
    // Where the policy only warns, nothing is earned either.
    repo.git(&["branch", "elsewhere", "main"]);
    let ran = run(
        &repo,
        &[
            "attest",
            "--base",
            "main",
            "--target",
            "elsewhere",
            "--resource",
            RESOURCE,
            "--key",
            &key,
        ],
    )
    .ends(0);
    assert_eq!(statements(&ran.out)[0]["predicate"]["verificationResult"], "FAILED");
}

#[test]
fn what_is_changed_or_signed_by_another_does_not_verify() {
    let repo = scene(true);
    let (own, other) = (key(&repo, "id", ""), key(&repo, "other", ""));
    let written = attest(&repo, &own, 0).out;
    let verify = |text: &str, key: &str| {
        let file = repo.home().join("statements.jsonl");
        std::fs::write(&file, text).unwrap();
        run(
            &repo,
            &[
                "attest",
                "--verify",
                file.to_str().unwrap(),
                "--key",
                &format!("{key}.pub"),
            ],
        )
    };
    let ran = verify(&written, &own).ends(0);
    assert_eq!(ran.out.matches("signed by this key: ").count(), 2, "{}", ran.out);
    assert_eq!(verify(&written, &other).ends(1).errors(), ["CG759", "CG759"]);
    let first = written.lines().next().unwrap();
    for changed in tampered(first) {
        assert_eq!(verify(&changed, &own).ends(1).errors(), ["CG759"], "{changed}");
    }
    verify("", &own).ends(1).says("holds no statement");
    verify("{}\n", &own).ends(1).says("no DSSE envelope");
    run(&repo, &["attest", "--verify", "x", "--key", "nothing"]).ends(2);
}

/// An envelope with a changed payload, type, signature, and none.
fn tampered(line: &str) -> Vec<String> {
    let envelope: Value = serde_json::from_str(line).unwrap();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut changed = envelope.clone();
        change(&mut changed);
        changed.to_string()
    };
    let payload = Base64::decode_vec(envelope["payload"].as_str().unwrap()).unwrap();
    let text = String::from_utf8(payload).unwrap();
    let other = Base64::encode_string(text.replace("PASSED", "FAILED").as_bytes());
    let signature = envelope["signatures"][0]["sig"].as_str().unwrap();
    let mut bytes = Base64::decode_vec(signature).unwrap();
    bytes[7] ^= 1;
    let broken = Base64::encode_string(&bytes);
    vec![
        with(&|changed| changed["payload"] = Value::from(other.clone())),
        with(&|changed| changed["payloadType"] = Value::from("application/vnd.in-toto+json2")),
        with(&|changed| changed["payloadType"] = Value::from("application/json")),
        with(&|changed| changed["signatures"][0]["sig"] = Value::from(broken.clone())),
        with(&|changed| changed["signatures"] = Value::Array(Vec::new())),
    ]
}

/// The user's agent, which ends with the value.
struct Agent(Child, PathBuf);

impl Drop for Agent {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

#[test]
fn a_key_in_the_agent_signs_too() {
    let mut repo = scene(true);
    let (own, other) = (key(&repo, "id", ""), key(&repo, "other", ""));
    let socket = repo.home().join("agent");
    let child = repo
        .command("ssh-agent")
        .args(["-D", "-a"])
        .arg(&socket)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let agent = Agent(child, socket);
    repo.set("SSH_AUTH_SOCK", agent.1.to_str().unwrap());
    while !agent.1.exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(
        repo.command("ssh-add")
            .args(["-q", &own])
            .output()
            .unwrap()
            .status
            .success()
    );
    let line = std::fs::read_to_string(format!("{own}.pub")).unwrap();
    for named in [format!("{own}.pub"), format!("key::{}", line.trim())] {
        let written = attest(&repo, &named, 0).out;
        let file = repo.home().join("statements.jsonl");
        std::fs::write(&file, written).unwrap();
        run(
            &repo,
            &["attest", "--verify", file.to_str().unwrap(), "--key", line.trim()],
        )
        .ends(0);
    }
    attest(&repo, &format!("{other}.pub"), 2)
        .says("error[CG519]")
        .says("does it hold this key?");
}

#[test]
fn what_cannot_sign_is_said() {
    let repo = scene(true);
    let locked = key(&repo, "locked", "secret");
    attest(&repo, &locked, 2).says("error[CG519]");
    attest(&repo, "nowhere", 2).says("error[CG519]");
    let open = key(&repo, "id", "");
    attest(&repo, &format!("{open}.pub"), 2).says("no agent answers at SSH_AUTH_SOCK");
    let rsa = repo.home().join("rsa");
    let made = repo
        .command("ssh-keygen")
        .args(["-q", "-t", "ecdsa", "-N", "", "-f"])
        .arg(&rsa)
        .output()
        .unwrap();
    assert!(made.status.success());
    attest(&repo, rsa.to_str().unwrap(), 2).says("not an Ed25519 key");
    // Nothing says where the repository is; a remote's address does, without what is secret in it.
    let without = ["attest", "--base", "main", "--key", &open];
    run(&repo, &without).ends(2).says("error[CG758]");
    repo.git(&[
        "remote",
        "add",
        "origin",
        "https://ada:secret@example.org/ada/engine.git",
    ]);
    let ran = run(&repo, &without).ends(0);
    assert_eq!(
        statements(&ran.out)[0]["predicate"]["resourceUri"],
        "git+https://example.org/ada/engine.git"
    );
    assert!(!statements(&ran.out)[0].to_string().contains("secret"));
}

/// What bound measurements show, on the commit that was measured; that passes only where all of it does.
#[test]
fn evidence_is_a_test_result() {
    for (slower, result, code) in [(1.0, "PASSED", 0), (1.12, "FAILED", 1)] {
        let scene = Scene::open();
        let blocks = scene.session(slower);
        scene.certify(&blocks).ends(0);
        scene.repo.commit("Certify");
        let key = key(&scene.repo, "id", "");
        let ran = run(
            &scene.repo,
            &["attest", "--base", "main", "--resource", RESOURCE, "--key", &key],
        )
        .ends(code);
        let all = statements(&ran.out);
        let of = |kind: &str| {
            all.iter()
                .find(|one| one["predicateType"].as_str().unwrap().contains(kind))
                .unwrap()
        };
        let test = of("test-result/v0.1");
        assert_eq!(test["predicate"]["result"], result, "{test:#}");
        let tests = serde_json::json!(["lex big.txt time"]);
        let (has, lacks) = match code {
            0 => ("passedTests", "failedTests"),
            _ => ("failedTests", "passedTests"),
        };
        assert_eq!(
            (&test["predicate"][has], &test["predicate"][lacks]),
            (&tests, &serde_json::json!([]))
        );
        // The files of the evidence, and the certificate itself.
        assert_eq!(test["predicate"]["configuration"].as_array().unwrap().len(), 21);
        let commit = test["subject"][0]["digest"]["gitCommit"].as_str().unwrap();
        assert_eq!(scene.repo.ask(&["cat-file", "-t", commit]), "commit");
        let verdict = of("verification_summary")["predicate"]["verificationResult"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(verdict, result);
    }
}

const READERS: &str = r#"
import base64, hashlib, json, sys
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import SSlibKey
blob = base64.b64decode(open(sys.argv[1]).read().split()[1])
name = "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
key = SSlibKey(name, "ed25519", "ed25519", {"public": blob[-32:].hex()})
for line in open(sys.argv[2]):
    envelope = Envelope.from_dict(json.loads(line))
    try:
        envelope.verify([key], 1)
    except (VerificationError, UnverifiedSignatureError, ValueError) as why:
        print("refused", type(why).__name__)
        continue
    value = json.loads(envelope.payload)
    statement = json_format.ParseDict(value, statement_pb2.Statement())
    Statement.copy_from_pb(statement).validate()
    if value["predicateType"].endswith("test-result/v0.1"):
        json_format.ParseDict(value["predicate"], test_result_pb2.TestResult())
    print("verified", value["predicateType"])
"#;

/// Where `.ci/run` puts the readers.
fn python() -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/formats");
    let python = tools.join("bin/python");
    let there = |name: &str| {
        Command::new(&python)
            .args(["-c", &format!("import {name}")])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|ended| ended.success())
    };
    if there("securesystemslib, in_toto_attestation") {
        return Some(python);
    }
    assert!(
        std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
        "securesystemslib and in-toto-attestation are missing, and CERTGATE_REQUIRE_TOOLS is set: bash .ci/run installs them"
    );
    println!("skipped: securesystemslib and in-toto-attestation are not installed");
    None
}

#[test]
fn others_verify_and_read_the_statements_and_refuse_what_was_changed() {
    let Some(python) = python() else { return };
    let repo = scene(true);
    let (own, other) = (key(&repo, "id", ""), key(&repo, "other", ""));
    let written = attest(&repo, &own, 0).out;
    let file = repo.home().join("statements.jsonl");
    let read = |text: &str, key: &str| {
        std::fs::write(&file, text).unwrap();
        let output = Command::new(&python)
            .args(["-c", READERS, &format!("{key}.pub")])
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        said
    };
    let said = read(&written, &own);
    assert_eq!(
        said,
        "verified https://slsa.dev/verification_summary/v1\nverified urn:certgate:certificate:v1\n"
    );
    assert_eq!(read(&written, &other).matches("refused").count(), 2);
    for changed in tampered(written.lines().next().unwrap()) {
        assert!(read(&changed, &own).starts_with("refused"), "{changed}");
    }
    let scene = Scene::open();
    let blocks = scene.session(1.0);
    let scene = scene.certified(&blocks);
    let written = run(
        &scene.repo,
        &["attest", "--base", "main", "--resource", RESOURCE, "--key", &own],
    )
    .ends(0)
    .out;
    let said = read(&written, &own);
    assert!(
        said.contains("verified https://in-toto.io/attestation/test-result/v0.1"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 3, "{said}");
}
