//! What the harnesses of coding agents send to `certgate hook agent`, by the shapes they document, and what they are answered.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

use serde_json::{Value, json};

use crate::scene::{Ran, adopted, run, with_policy};
use crate::support::TestRepo;

/// Sends a payload.
fn send(repo: &TestRepo, arguments: &[&str], payload: &Value) -> Value {
    let mut words = vec!["hook", "agent"];
    words.extend(arguments);
    let ran: Ran = repo.certgate_with_stdin(&words, payload.to_string().as_bytes()).into();
    assert_eq!(ran.code, Some(0), "{payload}: {}{}", ran.out, ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

/// Claude Code's and Codex' payload before a tool runs.
fn before_tool(repo: &TestRepo, tool: &str, input: &Value) -> Value {
    json!({
        "session_id": "0c9d", "transcript_path": "/nowhere.jsonl", "cwd": repo.path(), "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input, "tool_use_id": "toolu_1",
    })
}

fn shell(repo: &TestRepo, command: &str) -> Value {
    before_tool(repo, "Bash", &json!({ "command": command, "description": "x" }))
}

/// The reason of a refusal in Claude Code's form; `None` where the tool runs.
fn refused(answer: &Value) -> Option<String> {
    let output = answer.get("hookSpecificOutput")?;
    assert_eq!(output["hookEventName"], "PreToolUse");
    assert_eq!(output["permissionDecision"], "deny");
    Some(output["permissionDecisionReason"].as_str().unwrap().to_owned())
}

fn turn(repo: &TestRepo, event: &str, more: &Value) -> Value {
    let mut payload = json!({
        "session_id": "0c9d", "transcript_path": "/nowhere.jsonl", "cwd": repo.path(), "permission_mode": "default",
        "hook_event_name": event, "stop_hook_active": false,
    });
    for (name, value) in more.as_object().unwrap() {
        payload[name] = value.clone();
    }
    payload
}

/// A branch with a change that nobody has certified.
fn uncertified() -> TestRepo {
    let repo = adopted();
    repo.git(&["checkout", "-qb", "work"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.commit("return two");
    repo
}

#[test]
fn an_agent_that_ends_uncertified_is_held_once_told_certifies_and_ends() {
    let repo = uncertified();
    let held = send(
        &repo,
        &[],
        &turn(&repo, "Stop", &json!({ "last_assistant_message": "Done." })),
    );
    assert_eq!(held["decision"], "block");
    assert_eq!(held.as_object().unwrap().len(), 2, "Codex takes no other keys: {held}");
    let reason = held["reason"].as_str().unwrap();
    assert!(
        reason.contains("CG201") && reason.contains("certgate certify gpu_memory"),
        "{reason}"
    );
    let again = turn(&repo, "Stop", &json!({ "stop_hook_active": true }));
    assert_eq!(send(&repo, &[], &again), json!({}), "once");
    let certify = [
        "certify",
        "gpu_memory",
        "--base",
        "main",
        "--head",
        "HEAD",
        "--status",
        "APPROVED",
    ];
    let words = [
        "--agent",
        "performance-engineer",
        "--rationale",
        "a constant, no work is added",
    ];
    run(&repo, &[&certify[..], &words[..]].concat()).ends(0);
    repo.commit("certify");
    let ended = send(
        &repo,
        &[],
        &turn(&repo, "Stop", &json!({ "last_assistant_message": "Done." })),
    );
    assert_eq!(ended, json!({}));
}

#[test]
fn a_specialist_that_announces_a_judgement_owes_a_certificate() {
    let repo = with_policy();
    let says = |agent: &str, said: &str| {
        let more = json!({ "agent_id": "a1", "agent_type": agent, "last_assistant_message": said, "agent_transcript_path": "/nowhere" });
        send(&repo, &[], &turn(&repo, "SubagentStop", &more))
    };
    for said in [
        "I reviewed the loop: no regression.",
        "Reviewing complete. Looks fine.",
        "My assessment: I've validated the allocation path.",
        "It is approved.",
        "After analyzing the kernel I recommend merging.",
    ] {
        let held = says("performance-engineer", said);
        assert_eq!(held["decision"], "block", "{said}");
        assert!(held["reason"].as_str().unwrap().contains("CG749"), "{held}");
    }
    assert_eq!(says("performance-engineer", "I wrote the file."), json!({}));
    assert_eq!(
        says("Explore", "I reviewed the loop."),
        json!({}),
        "no agent of the policy"
    );
    // The twin: it certified.
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.git(&["add", "--all"]);
    run(&repo, &crate::scene::certify_staged("APPROVED", "performance-engineer")).ends(0);
    repo.git(&["add", "--all"]);
    assert_eq!(
        says("performance-engineer", "I reviewed the loop: no regression."),
        json!({})
    );
}

#[test]
fn what_was_said_is_found_in_the_transcript() {
    let repo = with_policy();
    let transcript = repo.home().join("t.jsonl");
    let line = json!({ "type": "assistant", "message": { "role": "assistant", "content": [{ "type": "text", "text": "I audited it." }] } });
    std::fs::write(&transcript, format!("{line}\n")).unwrap();
    let more = json!({ "agent_type": "performance-engineer", "agent_transcript_path": transcript });
    let held = send(&repo, &[], &turn(&repo, "SubagentStop", &more));
    assert!(held["reason"].as_str().unwrap().contains("audited"), "{held}");
}

#[test]
fn ways_around_the_gate_are_denied_before_they_run() {
    let repo = uncertified();
    repo.git(&["config", "alias.quick", "commit -n"]);
    for command in [
        "git commit --no-verify -m x",
        "git commit -anm x",
        "git add -A && git quick -m x",
        "git -c core.hooksPath=/dev/null commit -m x",
        "git config core.hooksPath /dev/null",
        "git branch -M main",
        "bash -c 'git push --no-verify'",
        "rm -rf .git/hooks",
    ] {
        let reason = refused(&send(&repo, &[], &shell(&repo, command)));
        assert!(reason.is_some_and(|reason| reason.contains("CG746")), "{command}");
    }
    for command in [
        "git commit -m 'without --no-verify'",
        "git push -n",
        "certgate check",
        "cargo test",
    ] {
        assert_eq!(send(&repo, &[], &shell(&repo, command)), json!({}), "{command}");
    }
    let write = |path: &str| {
        before_tool(
            &repo,
            "Write",
            &json!({ "file_path": repo.path().join(path), "content": "exit 0\n" }),
        )
    };
    assert!(refused(&send(&repo, &[], &write(".git/hooks/pre-commit"))).is_some());
    assert_eq!(send(&repo, &[], &write("src/train/loop.py")), json!({}));
}

#[test]
fn landed_certificates_are_not_edited_and_new_ones_are() {
    let repo = with_policy();
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.git(&["add", "--all"]);
    run(&repo, &crate::scene::certify_staged("NO_GO", "performance-engineer")).ends(0);
    repo.commit("refused");
    let landed = repo.ask(&["ls-files", "certificates"]);
    repo.git(&["checkout", "-qb", "work"]);
    let edit = |path: &str| {
        let input = json!({ "file_path": repo.path().join(path), "old_string": "NO_GO", "new_string": "APPROVED" });
        refused(&send(&repo, &[], &before_tool(&repo, "Edit", &input)))
    };
    assert!(edit(&landed).is_some_and(|reason| reason.contains("CG747") && reason.contains("--supersedes")));
    assert!(edit("certificates/draft.md").is_none());
    for command in [
        format!("rm {landed}"),
        format!("sed -i s/NO_GO/APPROVED/ {landed}"),
        "git rm -r certificates".to_owned(),
    ] {
        let reason = refused(&send(&repo, &[], &shell(&repo, &command)));
        assert!(reason.is_some_and(|reason| reason.contains("CG747")), "{command}");
    }
    let patch = format!("*** Begin Patch\n*** Update File: {landed}\n@@\n-NO_GO\n+APPROVED\n*** End Patch\n");
    let codex = before_tool(&repo, "apply_patch", &json!({ "command": patch }));
    assert!(refused(&send(&repo, &[], &codex)).is_some_and(|reason| reason.contains("CG747")));
    assert_eq!(send(&repo, &[], &shell(&repo, &format!("cat {landed}"))), json!({}));
}

#[test]
fn nobody_writes_in_another_agents_name() {
    let repo = with_policy();
    let by = |agent: Option<&str>, command: &str| {
        let mut payload = shell(&repo, command);
        if let Some(agent) = agent {
            payload["agent_type"] = json!(agent);
        }
        refused(&send(&repo, &[], &payload))
    };
    let certify = "certgate certify gpu_memory --staged --agent performance-engineer --status APPROVED --rationale x";
    assert!(by(Some("builder"), certify).is_some_and(|reason| reason.contains("CG748")));
    assert!(by(Some("performance-engineer"), certify).is_none());
    assert!(by(None, certify).is_none(), "nobody else is defined");
    let document = "# REVIEW CERTIFICATE\n\n**Agent**: performance-engineer\n";
    let write = |agent: &str| {
        let input = json!({ "file_path": "certificates/a.md", "content": document });
        let mut payload = before_tool(&repo, "Write", &input);
        payload["agent_type"] = json!(agent);
        refused(&send(&repo, &[], &payload))
    };
    assert!(write("builder").is_some());
    assert!(write("performance-engineer").is_none());
    let heredoc = format!("cat > certificates/a.md <<'EOF'\n{document}EOF\n");
    assert!(by(Some("builder"), &heredoc).is_some());
    assert!(by(Some("performance-engineer"), &heredoc).is_none());
    // Where the specialist is defined as an agent of its own, the main session asks it.
    run(&repo, &["init", "--agents", "--no-hooks"]).ends(0);
    assert!(by(None, certify).is_some_and(|reason| reason.contains(".claude/agents/performance-engineer.md")));
    let given: Ran = repo
        .certgate_with_stdin(
            &["hook", "agent", "--agent", "performance-engineer"],
            shell(&repo, certify).to_string().as_bytes(),
        )
        .into();
    assert_eq!((given.code, given.out.trim()), (Some(0), "{}"));
}

#[test]
fn cursor_and_copilot_are_answered_in_their_own_forms() {
    let repo = uncertified();
    let cursor = json!({
        "conversation_id": "c", "generation_id": "g", "hook_event_name": "beforeShellExecution", "command": "git commit -n -m x",
        "cwd": repo.path(), "workspace_roots": [repo.path()],
    });
    let answer = send(&repo, &[], &cursor);
    assert_eq!(answer["permission"], "deny");
    assert!(answer["agent_message"].as_str().unwrap().contains("CG746"));
    let stop = |count: u64| json!({ "conversation_id": "c", "hook_event_name": "stop", "status": "completed", "loop_count": count, "workspace_roots": [repo.path()] });
    assert!(
        send(&repo, &[], &stop(0))["followup_message"]
            .as_str()
            .unwrap()
            .contains("CG201")
    );
    assert_eq!(send(&repo, &[], &stop(1)), json!({}));
    let arguments = json!({ "command": "git commit -n -m x" }).to_string();
    let copilot = json!({ "timestamp": 1, "cwd": repo.path(), "toolName": "bash", "toolArgs": arguments });
    let answer = send(&repo, &["preToolUse"], &copilot);
    assert_eq!(answer["permissionDecision"], "deny");
    assert!(answer["permissionDecisionReason"].as_str().unwrap().contains("CG746"));
    // It does not say whether the turn was held before, so that is remembered.
    let end = |session: &str| json!({ "timestamp": 1, "cwd": repo.path(), "sessionId": session, "transcriptPath": "/nowhere", "stopReason": "end_turn" });
    assert_eq!(send(&repo, &["agentStop"], &end("one"))["decision"], "block");
    assert_eq!(send(&repo, &["agentStop"], &end("one")), json!({}));
    assert_eq!(send(&repo, &["agentStop"], &end("two"))["decision"], "block");
}

#[test]
fn a_payload_that_cannot_be_read_allows_nothing() {
    let repo = with_policy();
    for payload in [
        "",
        "{",
        "[]",
        "{}",
        "{\"hook_event_name\":\"PreToolUse\",\"tool_name\":\"Bash\",\"tool_input\":7}",
        "\u{0}",
    ] {
        let ran: Ran = repo.certgate_with_stdin(&["hook", "agent"], payload.as_bytes()).into();
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{payload}: {}", ran.err);
        assert!(ran.err.contains("CG750"), "{}", ran.err);
    }
    let unknown = json!({ "hook_event_name": "SomethingNew", "cwd": repo.path() });
    assert_eq!(send(&repo, &[], &unknown), json!({}));
    let outside = tempfile::tempdir().unwrap();
    let elsewhere = json!({ "hook_event_name": "Stop", "cwd": outside.path() });
    assert_eq!(send(&repo, &[], &elsewhere), json!({}), "no repository");
    run(&repo, &["hook", "agent", "--what"]).ends(2);
    // With a policy that nobody can read nothing is allowed, but an agent that was held can end.
    repo.write(".certgate/policy.yaml", "version: [\n");
    repo.commit("broken");
    let ended = |again: bool| {
        let payload = turn(&repo, "Stop", &json!({ "stop_hook_active": again })).to_string();
        Ran::from(repo.certgate_with_stdin(&["hook", "agent"], payload.as_bytes()))
    };
    assert_eq!(ended(false).code, Some(2));
    // Nor is anything where git itself cannot be asked.
    let mut program = repo.command(env!("CARGO_BIN_EXE_certgate"));
    program.args(["hook", "agent"]).env("PATH", "/nowhere");
    let payload = repo.home().join("payload.json");
    std::fs::write(&payload, shell(&repo, "git commit -n").to_string()).unwrap();
    let without = program.stdin(std::fs::File::open(payload).unwrap()).output().unwrap();
    assert_eq!(Ran::from(without).code, Some(2));
    assert_eq!((ended(true).code, ended(true).out.trim()), (Some(0), "{}"));
}

#[test]
fn init_writes_what_agents_read_and_leaves_the_rest() {
    let repo = with_policy();
    repo.write("AGENTS.md", "# Mine\n\nBe kind.\n");
    repo.write(".claude/settings.json", "{\n  \"model\": \"x\",\n  \"hooks\": { \"Stop\": [{ \"hooks\": [{ \"type\": \"command\", \"command\": \"mine\" }] }] }\n}\n");
    let said = run(&repo, &["init", "--agents", "--no-hooks"]).ends(0);
    assert!(
        said.out.contains("wrote .claude/settings.json for coding agents"),
        "{}",
        said.out
    );
    let read = |path: &str| std::fs::read_to_string(repo.path().join(path)).unwrap();
    assert!(read("AGENTS.md").starts_with("# Mine\n\nBe kind.\n\n<!-- certgate: begin -->\n"));
    let settings: Value = serde_json::from_str(&read(".claude/settings.json")).unwrap();
    assert_eq!(settings["model"], "x");
    assert_eq!(settings["hooks"]["Stop"].as_array().unwrap().len(), 2);
    for path in [".codex/hooks.json", ".cursor/hooks.json", ".github/hooks/certgate.json"] {
        let value: Value = serde_json::from_str(&read(path)).unwrap();
        assert!(value["hooks"].as_object().unwrap().len() >= 3, "{path}");
    }
    assert!(read(".claude/agents/performance-engineer.md").contains("name: performance-engineer\n"));
    let before = crate::scene::state(&repo);
    run(&repo, &["init", "--agents", "--no-hooks"]).ends(0);
    assert_eq!(crate::scene::state(&repo), before, "a second time writes nothing");
    let healthy = run(&repo, &["doctor"]);
    assert!(healthy.out.contains("coding agents are held"), "{}", healthy.out);
    repo.write(".cursor/hooks.json", "{}\n");
    let lacking = run(&repo, &["doctor"]);
    assert!(
        lacking
            .out
            .contains("not as certgate writes it for coding agents: .cursor/hooks.json"),
        "{}",
        lacking.out
    );
    run(&repo, &["init", "--agents", "--no-hooks"]).ends(0);
    assert!(run(&repo, &["doctor"]).out.contains("coding agents are held"));
    // What cannot be merged is left, and nothing else is written.
    let repo = with_policy();
    repo.write(".cursor/hooks.json", "// mine\n{}\n");
    let refused = run(&repo, &["init", "--agents", "--no-hooks"]).ends(2);
    assert!(
        refused.err.contains("CG751") && refused.err.contains(".cursor/hooks.json"),
        "{}",
        refused.err
    );
    assert!(!repo.path().join("AGENTS.md").exists());
}

/// Each harness finds the server in its own file, beside what is there; where the binary that writes has it, and only there.
#[test]
fn init_names_the_server_where_there_is_one() {
    let files = [
        ".mcp.json",
        ".cursor/mcp.json",
        ".vscode/mcp.json",
        ".codex/config.toml",
    ];
    let repo = with_policy();
    repo.write(
        ".mcp.json",
        "{ \"mcpServers\": { \"mine\": { \"command\": \"x\" } } }\n",
    );
    repo.write(".codex/config.toml", "# mine\nmodel = \"x\"\n");
    run(&repo, &["init", "--agents", "--no-hooks"]).ends(0);
    let there = |path: &str| repo.path().join(path).exists();
    if !cfg!(feature = "mcp") {
        assert!(!there(".cursor/mcp.json") && !there(".vscode/mcp.json"));
        let ran = run(&repo, &["mcp"]).ends(2);
        assert!(
            ran.err.contains("CG769") && ran.err.contains("--features mcp"),
            "{}",
            ran.err
        );
        return;
    }
    let read = |path: &str| std::fs::read_to_string(repo.path().join(path)).unwrap();
    for path in files {
        let text = read(path);
        let servers: Value = match path.ends_with(".toml") {
            true => toml::from_str(&text).unwrap(),
            false => serde_json::from_str(&text).unwrap(),
        };
        let member = ["mcpServers", "servers", "mcp_servers"]
            .into_iter()
            .find(|name| servers.get(name).is_some());
        let entry = &servers[member.unwrap()]["certgate"];
        assert_eq!(
            (&entry["command"], &entry["args"]),
            (&json!("certgate"), &json!(["mcp"])),
            "{path}: {text}"
        );
    }
    assert!(read(".mcp.json").contains("\"mine\": { \"command\": \"x\" }"));
    assert!(read(".codex/config.toml").starts_with("# mine\nmodel = \"x\"\n\n[mcp_servers.certgate]\n"));
    assert!(run(&repo, &["doctor"]).out.contains("coding agents are held"));
    repo.write(".cursor/mcp.json", "{}\n");
    let lacking = run(&repo, &["doctor"]);
    assert!(
        lacking
            .out
            .contains("not as certgate writes it for coding agents: .cursor/mcp.json"),
        "{}",
        lacking.out
    );
    // A table in one line cannot be added to: the rest is left, and the message says what to write.
    repo.write(".codex/config.toml", "mcp_servers = {}\n");
    let refused = run(&repo, &["init", "--agents", "--no-hooks"]).ends(2);
    assert!(
        refused.err.contains("CG751") && refused.err.contains("[mcp_servers.certgate]"),
        "{}",
        refused.err
    );
}

/// The skill is held against somebody else's reader of skills.
#[test]
fn the_skill_is_one() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let reader = root.join("target/tools/formats/node_modules/.bin/skills-ref");
    if !reader.exists() {
        let required = std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_some_and(|set| set == "1");
        assert!(!required, "skills-ref is not installed: run .ci/run");
        eprintln!("skipped: skills-ref is not installed");
        return;
    }
    let repo = with_policy();
    run(&repo, &["init", "--agents", "--no-hooks"]).ends(0);
    let folder = repo.path().join(".claude/skills/certgate");
    let output = std::process::Command::new(reader)
        .arg("validate")
        .arg(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The hook files name commands that a shell runs as they stand.
#[test]
fn the_commands_of_the_hook_files_run() {
    let repo = uncertified();
    run(&repo, &["init", "--agents", "--no-hooks"]).ends(0);
    let mut commands = Vec::new();
    for path in [
        ".claude/settings.json",
        ".codex/hooks.json",
        ".cursor/hooks.json",
        ".github/hooks/certgate.json",
    ] {
        let value: Value = serde_json::from_slice(&std::fs::read(repo.path().join(path)).unwrap()).unwrap();
        collect(&value, &mut commands);
    }
    assert!(commands.len() >= 12, "{commands:?}");
    let payload = shell(&repo, "git commit -n").to_string();
    for command in commands {
        let mut shell = repo.command("sh");
        shell.args(["-c", &command]).env("CLAUDE_PROJECT_DIR", repo.path());
        let path = std::path::Path::new(env!("CARGO_BIN_EXE_certgate"))
            .parent()
            .unwrap()
            .to_owned();
        let whole = format!("{}:{}", path.display(), std::env::var("PATH").unwrap());
        shell
            .env("PATH", whole)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped());
        let mut child = shell.spawn().unwrap();
        use std::io::Write as _;
        child.stdin.take().unwrap().write_all(payload.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{command}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("deny"), "{command}");
    }
}

fn collect(value: &Value, commands: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "command" || name == "bash" => commands.push(text.clone()),
                    value => collect(value, commands),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, commands)),
        _ => {}
    }
}
