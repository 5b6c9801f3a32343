//! Strings from a repository reach no terminal, log command or report as anything but text.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use crate::scene::run;
use crate::support::TestRepo;

/// Escape sequences of three kinds, a bell, bidi marks, a zero-width space, a deletion, a C1 control and a line separator.
const E: &str = "\u{1b}[2JE\u{1b}]0;pwn\u{7}\u{1b}[31m\u{202e}R\u{200b}Z\u{7f}\u{9b}2J\u{2066}\u{2028}";
/// The same in a double-quoted YAML scalar, with a workflow command on its own line and a tab.
const Y: &str = r"\e[2JE\e]0;pwn\a\e[31m\u202eR\u200bZ\x7f\u009b2J\u2066\u2028\n::error::from the policy\r\t";

/// The same for globs and regular expressions, in which a bracket opens a class.
const P: &str = r"\e]0;pwn\a\u202eR\u200bZ\x7f\u009b2J\u2066\u2028\n::error::from the policy\r\t";

const NAMES: [&[u8]; 5] = [
    b"src/n\x1b[31m\n::error::x\xe2\x80\xae\xff\t\"\\.py",
    b"src/::error file=x::boo.py",
    b"src/\xc2\x9b2J\x7f.py",
    b"src/\xe2\x81\xa6z\xe2\x80\x8b",
    b"src/\r::warning::y.py",
];

const FORMATS: [&str; 8] = [
    "human", "json", "github", "sarif", "junit", "gitlab", "markdown", "html",
];

fn policy() -> String {
    format!(
        r#"version: 1
agents:
  "perf{Y}": {{ may_lift: true }}
enforce:
  - branches: ["main", "x{P}"]
    pre-commit: block
    pre-push: block
    merge: block
components:
  - id: gpu_memory
    title: "T{Y}"
    aliases: ["gpu{Y}"]
    match:
      paths: ["src/**", "zz{P}"]
      content: [{{ pattern: "E.*|{P}" }}]
      messages: ["^perf.*|{P}"]
      functions: ["f*"]
    require: {{ agents: ["perf{Y}"] }}
    handoff: {{ "src/**": "spec{Y}", "zz{P}": x }}
"#
    )
}

fn certificate(number: usize, decision: &str) -> String {
    format!(
        "# C{E}\n\n**Component**: gpu_memory, gpu{E}, other{E}\n**Agent**: perf{E}\n**Date**: 2025-01-0{number} 00:00:00 UTC\n\
         **Certificate ID**: ID{number}{E}\n**Supersedes**: S{E}\n\n## REVIEW SCOPE\n- src {E}\n\n## FINDINGS\n- {E}\n\n\
         ## DECISION/OUTCOME\n{decision}\n**Rationale**: {E}\n**Conditions**: c{E}\n\n::error::on a line of its own\n  ::stop-commands::x\n##[error]old ##vso[task.complete]x\n\n\
         ## EVIDENCE\n- `src/a.py:1` {E}\n\n## SIGNATURE\nAgent: perf2{E}\nTimestamp: {E}\n"
    )
}

const DECISIONS: [&str; 6] = [
    "CONDITIONALLY_APPROVED",
    "NO_GO",
    "NO-GO",
    "[STATUS]",
    "EMERGENCY_STOP",
    "APPROVED",
];

/// A repository in which every string that can be hostile is, with everything staged but the policy.
fn hostile() -> TestRepo {
    let repo = TestRepo::new();
    repo.write(".certgate/policy.yaml", policy());
    repo.write("src/a.py", "x = 1\n");
    repo.commit("begin");
    for name in NAMES {
        repo.write(name, format!("def f{E}():\n  E = '{E}'\n"));
    }
    for (at, status) in DECISIONS.iter().enumerate() {
        let hidden = if status.contains('-') || status.starts_with('[') {
            E
        } else {
            ""
        };
        let name = format!("certificates/c{at}\u{1b}[2J\u{202e}.md");
        repo.write(name, certificate(at + 1, &format!("**Status**: {status}{hidden}")));
    }
    repo.write(
        "certificates/c9.md",
        certificate(9, &format!("**Status**: APPROVED\n**Status**: REJECTED{E}")),
    );
    repo.git(&["add", "--all"]);
    repo
}

/// True for what must never be printed.
fn forbidden(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Takes out the colours that certgate itself writes: SGR sequences of certgate's own palette, which the hostile ones are not.
fn without_own_colours(text: &str) -> String {
    let mut plain = text.to_owned();
    for code in [
        "0", "1", "91", "92", "93", "94", "96", "1;91", "1;33", "33", "1;92", "1;94", "1;96",
    ] {
        plain = plain.replace(&format!("\u{1b}[{code}m"), "");
    }
    // Names, which are shown, may hold what looks like the rest of one; the escape itself is what matters.
    plain
}

#[track_caller]
pub(crate) fn harmless(what: &str, bytes: &[u8]) {
    let text = without_own_colours(std::str::from_utf8(bytes).unwrap_or_else(|error| panic!("{what}: {error}")));
    if let Some(found) = text.chars().find(|c| forbidden(*c)) {
        let line = text.lines().find(|line| line.contains(found)).unwrap_or_default();
        panic!("{what}: {found:?} in {line:?}");
    }
    let own = ["::error title=CG", "::warning title=CG", "::notice title=CG"];
    for line in text.lines().filter(|line| line.trim_start().starts_with("::")) {
        let ours = what.contains("github") && own.iter().any(|start| line.starts_with(start));
        assert!(ours, "{what}: {line:?}");
    }
    // The older marks count anywhere in a line.
    assert!(!text.contains("##[") && !text.contains("##vso["), "{what}: {text}");
    assert!(!text.contains("CG711"), "{what}: {text}");
}

/// Runs a command, to a pipe and as to a terminal with colours, and looks at all that it prints. Returns standard output.
#[track_caller]
fn look(repo: &TestRepo, arguments: &[&[u8]], input: &[u8]) -> String {
    let what = arguments
        .iter()
        .map(|a| String::from_utf8_lossy(a).into_owned())
        .collect::<Vec<_>>()
        .join(" ");
    let mut seen = String::new();
    for colours in [false, true] {
        let mut command = repo.program();
        command.args(arguments.iter().map(|a| OsString::from_vec(a.to_vec())));
        if colours {
            // To a pipe, escape sequences would be taken out on the way, ours and others.
            command.env("CLICOLOR_FORCE", "1");
        }
        let output = command.write_stdin(input).output().unwrap();
        assert!(output.status.code().is_some_and(|code| code <= 2), "{what}");
        harmless(&format!("{what}: stdout"), &output.stdout);
        harmless(&format!("{what}: stderr"), &output.stderr);
        assert!(
            !output.stdout.is_empty() || !output.stderr.is_empty() || what.starts_with("log"),
            "{what} says nothing"
        );
        seen = String::from_utf8_lossy(&output.stdout).into_owned();
    }
    seen
}

/// A command line in words without blanks.
#[track_caller]
fn say(repo: &TestRepo, line: &str) -> String {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    look(repo, &words, b"")
}

#[test]
fn nothing_staged_gets_through_in_any_format() {
    let mut repo = hostile();
    let summary = repo.home().join("summary.md");
    repo.set("GITHUB_STEP_SUMMARY", summary.to_str().unwrap());
    for format in FORMATS {
        say(&repo, &format!("check --staged --format {format}"));
        say(&repo, &format!("lint --format {format}"));
        say(&repo, &format!("lint --strict --format {format}"));
    }
    let told = say(&repo, "check --staged --format github");
    assert!(
        told.lines().count() > 5 && told.lines().all(|line| line.starts_with("::")),
        "{told}"
    );
    let written = std::fs::read(&summary).unwrap();
    harmless("summary", &written);
    assert!(String::from_utf8(written).unwrap().contains("blocked"));
    say(&repo, "hook pre-commit");
    say(&repo, "hook pre-merge-commit");
    repo.write("msg", format!("perf: {E}\n\n::error::x\n"));
    say(&repo, "hook commit-msg msg");
}

#[test]
fn nothing_committed_gets_through_in_any_command() {
    let repo = hostile();
    repo.git(&["switch", "--quiet", "-c", "to\u{202e}pic\u{9b}"]);
    repo.commit(&format!("perf: {E}\n\n::error::x"));
    for format in FORMATS {
        say(&repo, &format!("check --base main --format {format}"));
        say(&repo, &format!("lint --rev HEAD --format {format}"));
        look(
            &repo,
            &[
                b"check",
                b"--base",
                b"main",
                b"--target",
                E.as_bytes(),
                b"--format",
                format.as_bytes(),
            ],
            b"",
        );
    }
    for format in ["human", "json"] {
        for command in [
            "log",
            "status",
            "show certificates/c9.md",
            "show nothing",
            "log --component gpu_memory",
        ] {
            let out = say(&repo, &format!("{command} --format {format}"));
            assert!(command == "show nothing" || !out.is_empty());
        }
        let id = format!("ID1{}", E.trim_end());
        let out = look(&repo, &[b"show", id.as_bytes(), b"--format", format.as_bytes()], b"");
        assert!(out.contains("CONDITIONALLY_APPROVED"));
    }
    for name in NAMES {
        let out = look(&repo, &[b"explain", name], b"");
        assert!(out.contains("is gated"), "{out}");
    }
    for command in [
        "policy show",
        "policy check",
        "doctor",
        "hooks",
        "install",
        "uninstall",
        "explain certificates/c9.md",
    ] {
        say(&repo, command);
    }
    let path = "certificates/c0\u{1b}[2J\u{202e}.md";
    for command in ["lint", "verify"] {
        for format in FORMATS {
            look(
                &repo,
                &[
                    command.as_bytes(),
                    path.as_bytes(),
                    b"certificates/c9.md",
                    b"--format",
                    format.as_bytes(),
                ],
                b"",
            );
        }
    }
    look(&repo, &[b"seal", path.as_bytes(), b"--base", b"main"], b"");
}

#[test]
fn pushes_and_their_input_get_nothing_through() {
    let repo = hostile();
    // What a protected branch here holds would not be new to a remote of which nothing is known.
    repo.git(&["switch", "--quiet", "--create", "topic"]);
    repo.commit("all of it");
    let (new, old) = (repo.ask(&["rev-parse", "HEAD"]), repo.ask(&["rev-parse", "HEAD~1"]));
    let push = |line: &str| look(&repo, &[b"hook", b"pre-push", b"origin", b"url"], line.as_bytes());
    push(&format!("refs/heads/x\u{202e} {new} refs/heads/main {old}\n"));
    push(&format!(
        "refs/heads/x {new} refs/heads/x\u{202e}\u{9b} {}\n",
        "0".repeat(40)
    ));
    push(&format!("refs/heads/x {new} refs/heads/main {}\n", "1".repeat(40)));
    push(&format!("garbage {E}\n"));
}

#[test]
fn arguments_are_text_too() {
    let repo = hostile();
    let e = E.as_bytes();
    for flag in [
        "--base",
        "--head",
        "--range",
        "--stage",
        "--policy",
        "--format",
        "--output",
        "--nothing",
    ] {
        look(&repo, &[b"check", flag.as_bytes(), e], b"");
        look(&repo, &[b"check", format!("{flag}={E}\n::error::x").as_bytes()], b"");
    }
    let output = format!("nowhere{E}/x");
    look(&repo, &[b"check", b"--staged", b"--output", output.as_bytes()], b"");
    for command in [
        "hook",
        "explain",
        "show",
        "lint",
        "verify",
        "seal",
        "certify",
        "completions",
    ] {
        look(&repo, &[command.as_bytes(), e], b"");
    }
    look(&repo, &[e], b"");
    look(&repo, &[b"policy", b"check", e], b"");
    look(&repo, &[b"log", b"--component", e], b"");
    look(&repo, &[b"init", b"--pack", e], b"");
    look(&repo, &[b"install", e], b"");
    let certify: [&[u8]; 9] = [
        b"certify",
        b"gpu_memory",
        b"--staged",
        b"--agent",
        b"a",
        b"--rationale",
        b"b",
        b"--status",
        e,
    ];
    look(&repo, &certify, b"");
}

#[test]
fn a_ledger_that_is_tampered_with_and_a_policy_that_is_refused_get_nothing_through() {
    let repo = hostile();
    repo.commit("all of it");
    repo.git(&["mv", "certificates/c9.md", "certificates/c8\u{1b}.md"]);
    let first = "certificates/c0\u{1b}[2J\u{202e}.md";
    repo.write(first, certificate(1, &format!("**Status**: REJECTED{E}")));
    repo.git(&["add", "--all"]);
    for format in FORMATS {
        let out = say(&repo, &format!("check --staged --format {format}"));
        assert!(format == "human" || out.contains("CG401"), "{out}");
    }
    for text in [
        format!("version: 1\n\"bad{Y}\": 1\n"),
        format!("version: \"{Y}\"\n"),
        format!("version: 1\nx: {E}\n"),
        "version: 1\n\"x\u{202e}\":\u{202e}\n".to_owned(),
        format!("version: 1\nextends: [\"x{Y}\"]\n"),
        format!("version: 1\nwithout: [\"x{Y}\"]\n"),
        format!("version: 1\nledger: {{ since: \"{Y}\" }}\n"),
        format!("version: 1\nenforce: [{{ branches: [\"{Y}\"], merge: \"{Y}\" }}]\n"),
        format!("version: 1\ndefaults: {{ binding: \"{Y}\", max_age: \"{Y}\" }}\n"),
        format!(
            "version: 1\ncomponents:\n  - id: \"x{Y}\"\n    match: {{ paths: [\"[{Y}\"], content: [{{ pattern: \"({Y}\" }}] }}\n    risk: \"{Y}\"\n"
        ),
        format!(
            "version: 1\ncomponents:\n  - id: x\n    match: {{ content: [{{ pattern: y, examples: {{ match: [\"{Y}\"] }} }}] }}\n"
        ),
    ] {
        repo.write(".certgate/policy.yaml", text);
        say(&repo, "policy check");
        say(&repo, "policy show");
        repo.git(&["add", "--all"]);
        say(&repo, "check --staged");
        say(&repo, "check --staged --format github");
    }
}

#[test]
fn a_repository_in_a_hostile_directory_gets_nothing_through() {
    let repo = TestRepo::new();
    let folder = "d\u{1b}[2J\u{202e}";
    repo.git(&["init", "--quiet", "--initial-branch=main", folder]);
    let run = |arguments: &[&str]| {
        let mut command = repo.program();
        command.current_dir(repo.path().join(folder)).env("CLICOLOR_FORCE", "1");
        let output = command.args(arguments).output().unwrap();
        harmless(&format!("{arguments:?}"), &[output.stdout, output.stderr].concat());
        output.status.code()
    };
    assert_eq!(run(&["init"]), Some(0));
    assert_eq!(run(&["install"]), Some(0));
    assert_eq!(run(&["hooks"]), Some(0));
    assert_eq!(run(&["doctor"]), Some(1));
    assert_eq!(run(&["lint", "nowhere"]), Some(2));
    assert_eq!(run(&["uninstall"]), Some(0));
    repo.git(&["-C", folder, "config", "core.hooksPath", &format!("hooks{E}")]);
    assert_eq!(run(&["install"]), Some(0));
    assert_eq!(run(&["doctor"]), Some(1));
}

#[test]
fn a_remedy_that_names_a_hostile_path_can_be_pasted_and_means_that_path() {
    let repo = hostile();
    repo.commit("all of it");
    let path = "certificates/c0\u{1b}[2J\u{202e}.md";
    std::fs::remove_file(repo.path().join(path)).unwrap();
    repo.git(&["add", "--all"]);
    let remedies = run(&repo, &["check", "--staged"]).ends(1).remedies();
    let command = remedies
        .iter()
        .find(|remedy| remedy.starts_with("git checkout"))
        .unwrap();
    let shell = repo.with_stdin("sh", &["-c", command], b"");
    assert!(
        shell.status.success(),
        "{command}: {}",
        String::from_utf8_lossy(&shell.stderr)
    );
    assert!(repo.path().join(path).is_file(), "{command}");
}

#[test]
fn what_certify_writes_holds_nothing_but_the_text_it_was_given() {
    let repo = hostile();
    repo.git(&["rm", "--quiet", "--cached", "-r", "certificates"]);
    std::fs::remove_dir_all(repo.path().join("certificates")).unwrap();
    let injected = format!("fine{E}\n\n## DECISION/OUTCOME\n**Status**: REJECTED\n");
    let certify: [&[u8]; 13] = [
        b"certify",
        b"gpu_memory",
        b"--staged",
        b"--status",
        b"APPROVED",
        b"--agent",
        b"perf",
        b"--rationale",
        injected.as_bytes(),
        b"--finding",
        b"**Status**: REJECTED",
        b"--output",
        b"-",
    ];
    let out = look(&repo, &certify, b"");
    repo.write("certificates/review_gpu_memory_20250102_030405.md", &out);
    let lint = say(
        &repo,
        "lint --format json certificates/review_gpu_memory_20250102_030405.md",
    );
    let json: serde_json::Value = serde_json::from_str(&lint).unwrap();
    assert_eq!(json["certificates"][0]["status"], "APPROVED", "{out}");
}
