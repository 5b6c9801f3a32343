//! `certgate mcp`, driven by the official Python client, which `.ci/run` installs below `target/tools`; and by hand, where a client would
//! behave.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::path::PathBuf;

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

use crate::reports::keeps_to;
use crate::scene::{run, stage_gated, with_policy};
use crate::support::TestRepo;

/// The Python of the client; `None`, said aloud, where it is not installed.
fn python() -> Option<PathBuf> {
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/mcp/bin/python");
    if python.exists() {
        return Some(python);
    }
    assert!(
        std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
        "{} is missing",
        python.display()
    );
    println!("skipped: {} is not there", python.display());
    None
}

/// What the client saw.
fn drive(repo: &TestRepo, agent: Option<&str>, calls: &Value) -> Option<Value> {
    let client = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/mcp/client.py");
    let asked = json!({ "agent": agent, "calls": calls }).to_string();
    let ran = repo
        .command(python()?)
        .args([
            client,
            cargo_bin("certgate").to_str().unwrap(),
            repo.path().to_str().unwrap(),
            &asked,
        ])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(serde_json::from_slice(&ran.stdout).unwrap())
}

/// The schema of an answer, by its name.
fn holds(answer: &Value) {
    let name = answer["schema"].as_str().unwrap();
    let (stem, version) = name.strip_prefix("certgate/").unwrap().rsplit_once('/').unwrap();
    let path = format!("{}/docs/schema/{stem}-{version}.json", env!("CARGO_MANIFEST_DIR"));
    keeps_to(&std::fs::read_to_string(path).unwrap(), answer);
}

/// A timing says how long it took, which is never twice the same.
fn without_moments(mut answer: Value) -> Value {
    match &mut answer {
        Value::Object(members) => {
            members.retain(|name, _| !matches!(name.as_str(), "timings" | "seconds" | "time"));
            members
                .values_mut()
                .for_each(|value| *value = without_moments(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_moments(item.take())),
        _ => {}
    }
    answer
}

#[test]
fn the_official_client_gets_what_the_commands_print() {
    let repo = with_policy();
    stage_gated(&repo);
    repo.write("a.json", r#"[{"name": "t", "unit": "ms", "value": 1}]"#);
    let calls = json!([
        { "tool": "check", "arguments": { "staged": true } },
        { "tool": "explain", "arguments": { "what": "CG201" } },
        { "tool": "explain", "arguments": { "what": "src/train/loop.py" } },
        { "tool": "suggest", "arguments": { "staged": true } },
        { "tool": "lint", "arguments": {} },
        { "tool": "simulate", "arguments": { "last": 3 } },
        { "tool": "compare", "arguments": { "baseline": ["a.json"], "candidate": ["a.json"] } },
        // The same process answers again, and sees what is there by then.
        { "tool": "check", "arguments": { "staged": true } },
    ]);
    let Some(seen) = drive(&repo, None, &calls) else { return };
    assert_eq!(seen["name"], "certgate");
    let tools: Vec<&String> = seen["tools"].as_object().unwrap().keys().collect();
    assert_eq!(tools, ["check", "compare", "explain", "lint", "simulate", "suggest"]);
    assert!(
        seen["tools"]
            .as_object()
            .unwrap()
            .values()
            .all(|tool| tool["reads"] == true)
    );
    let answers = seen["answers"].as_array().unwrap();
    for (nth, words) in [
        &["check", "--staged", "--format", "json"][..],
        &["explain", "CG201", "--format", "json"],
        &["explain", "src/train/loop.py", "--format", "json"],
        &["suggest", "--staged", "--format", "json"],
        &["lint", "--format", "json"],
        &["simulate", "--last", "3", "--format", "json"],
        &["compare", "--format", "json", "a.json", "--", "a.json"],
        &["check", "--staged", "--format", "json"],
    ]
    .into_iter()
    .enumerate()
    {
        let printed: Value = serde_json::from_slice(&repo.certgate(words).stdout).unwrap();
        let answer = &answers[nth]["structured"];
        holds(answer);
        let (answer, printed) = (without_moments(answer.clone()), without_moments(printed));
        assert_eq!(answer, printed, "{words:?}");
    }
    assert_eq!(answers[0]["structured"]["verdict"], "block");
    assert_eq!(answers[0]["failed"], false, "a block is an answer");
}

#[test]
fn wrong_calls_are_refused_with_a_code() {
    let repo = with_policy();
    stage_gated(&repo);
    let calls = json!([
        { "tool": "check", "arguments": { "output": "pwned" } },
        { "tool": "check", "arguments": { "base": 3 } },
        { "tool": "check", "arguments": { "base": "--output=pwned" } },
        { "tool": "explain", "arguments": {} },
        { "tool": "check", "arguments": { "staged": true, "base": "main" } },
        { "tool": "demo", "arguments": {} },
        { "tool": "certify", "arguments": { "status": "APPROVED", "rationale": "measured" } },
        { "tool": "check", "arguments": { "staged": true } },
    ]);
    let Some(seen) = drive(&repo, None, &calls) else { return };
    let answers = seen["answers"].as_array().unwrap();
    let code = |nth: usize| answers[nth]["structured"]["diagnostics"][0]["code"].clone();
    for (nth, expected) in ["CG765", "CG765", "CG702", "CG765", "CG700"].into_iter().enumerate() {
        assert_eq!(
            (code(nth), &answers[nth]["failed"]),
            (json!(expected), &json!(true)),
            "{nth}"
        );
        holds(&answers[nth]["structured"]);
    }
    for nth in [5, 6] {
        assert!(
            answers[nth]["refused"].as_str().unwrap().contains("there is no tool"),
            "{}",
            answers[nth]
        );
    }
    // Nothing of it has hurt the server.
    assert_eq!(answers[7]["structured"]["verdict"], "block");
    assert!(!repo.path().join("pwned").exists());
}

#[test]
fn certificates_are_written_for_the_agent_of_the_server_alone() {
    let repo = with_policy();
    stage_gated(&repo);
    let decision = |agent: Value| {
        let mut arguments = json!({ "status": "APPROVED", "rationale": "measured: no change", "staged": true,
            "evidence": ["`src/train/loop.py:1-2`"], "findings": ["the step does what it did"] });
        if !agent.is_null() {
            arguments["agent"] = agent;
        }
        json!({ "tool": "certify", "arguments": arguments })
    };
    let calls = json!([decision(json!("lead")), decision(Value::Null)]);
    let Some(seen) = drive(&repo, Some("performance-engineer"), &calls) else {
        return;
    };
    assert_eq!(seen["tools"]["certify"]["reads"], false);
    let answers = seen["answers"].as_array().unwrap();
    assert_eq!(answers[0]["structured"]["diagnostics"][0]["code"], "CG766");
    assert_eq!(answers[1]["failed"], false, "{}", answers[1]);
    holds(&answers[1]["structured"]);
    let path = answers[1]["structured"]["files"][0].as_str().unwrap();
    let written = std::fs::read_to_string(repo.path().join(path)).unwrap();
    assert!(written.contains("**Agent**: performance-engineer"), "{written}");
    assert_eq!(std::fs::read_dir(repo.path().join("certificates")).unwrap().count(), 1);
    repo.git(&["add", "--all"]);
    run(&repo, &["check", "--staged"]).ends(0);
}

#[test]
fn nothing_but_the_protocol_reaches_standard_output() {
    let repo = with_policy();
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "protocolVersion": "2025-06-18",
        "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } } });
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let call = |id: u32, tool: &str, arguments: Value| json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": tool, "arguments": arguments } });
    let lines = [
        hello,
        ready,
        call(2, "check", json!({ "base": "nowhere" })),
        call(3, "lint", json!({})),
        call(4, "explain", json!({ "what": "gpu_memory" })),
    ];
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let ran = repo.certgate_with_stdin(&["mcp"], input.as_bytes());
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let mut seen = Vec::new();
    for line in String::from_utf8(ran.stdout).unwrap().lines() {
        let message: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(message["jsonrpc"], "2.0");
        seen.extend(message["id"].as_u64());
    }
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 3, 4]);
    // What is no protocol ends it.
    let ran = repo.certgate_with_stdin(&["mcp"], b"GET / HTTP/1.1\n\n");
    assert_eq!(ran.status.code(), Some(2));
    assert!(ran.stdout.is_empty() || serde_json::from_slice::<Value>(&ran.stdout).is_ok());
    run(&repo, &["mcp", "--sign", "key"]).ends(2);
}
