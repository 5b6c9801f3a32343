//! The command line: where answers go, what ends how, and the commands that explain.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::process::Stdio;

use assert_cmd::cargo::cargo_bin;

use crate::scene::{CERTIFICATE, POLICY, Ran, adopted, git, of_status, run, stage_gated, state, with_policy};
use crate::support::TestRepo;

/// Runs a command line in a shell, for redirections; `certgate` is the built one.
fn shell(repo: &TestRepo, line: &str) -> Ran {
    let mut command = repo.command("sh");
    command
        .args(["-c", line])
        .env("certgate", env!("CARGO_BIN_EXE_certgate"));
    command.output().unwrap().into()
}

#[test]
fn an_answer_that_could_not_be_written_is_no_pass() {
    let repo = with_policy();
    repo.write("README.md", "more\n");
    repo.write(CERTIFICATE, of_status("APPROVED", "C-1"));
    repo.git(&["add", "--all"]);
    let commands = [
        "check --staged",
        "check --staged --format json",
        "check --base HEAD",
        "lint",
        "lint --format json",
        "lint --rev HEAD",
        "policy show",
        "policy check",
        "policy packs",
        "status",
        "explain CG201",
        "explain src/train/loop.py",
        "doctor",
        "hooks",
        "man",
        "completions bash",
        "certify gpu_memory --staged --status GO --agent a --rationale b --output -",
    ];
    for command in commands {
        let ran = shell(&repo, &format!("\"$certgate\" {command} >/dev/full"));
        ran.undecided("CG709").says("standard output");
    }
}

/// The runtime puts `/dev/null` where nothing was open, so that writing succeeds.
#[test]
fn an_answer_to_a_closed_standard_output_is_said_to_be_lost() {
    let repo = with_policy();
    stage_gated(&repo);
    let program = cargo_bin!("certgate").display();
    let check = |format: &str, to: &str| -> Ran {
        let script = format!("{program} check --staged --format {format} {to}");
        repo.command("sh").args(["-c", &script]).output().unwrap().into()
    };
    for format in ["human", "json"] {
        check(format, ">&-").ends(1).says("note: standard output is closed");
        let asked = check(format, ">/dev/null").ends(1);
        assert!(!asked.err.contains("is closed"), "{}", asked.err);
    }
}

#[test]
fn a_reader_that_went_away_is_no_pass_and_may_leave_a_list() {
    let repo = with_policy();
    let unread = |arguments: &[&str]| {
        let mut command = repo.command(cargo_bin!("certgate"));
        command.args(arguments).stderr(Stdio::piped());
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = command.stdout(writer).spawn().unwrap();
        Ran::from(child.wait_with_output().unwrap())
    };
    for format in ["human", "json"] {
        let ran = unread(&["check", "--staged", "--format", format]);
        ran.says("whoever read it has stopped").undecided("CG709");
    }
    // Lists are read as far as somebody cares to.
    repo.write(CERTIFICATE, of_status("APPROVED", "C-1"));
    for list in [
        &["log"][..],
        &["status"],
        &["show", CERTIFICATE],
        &["explain", "CG201"],
        &["policy", "show"],
        &["policy", "packs"],
        &["hooks"],
        &["man"],
        &["completions", "bash"],
        &["log", "--format", "json"],
    ] {
        repo.commit("ledger");
        let ran = unread(list);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{list:?}");
    }
    // No block becomes a pass.
    stage_gated(&repo);
    for format in ["human", "json"] {
        unread(&["check", "--staged", "--format", format]).undecided("CG709");
    }
    assert_eq!(unread(&["doctor"]).code, Some(1));
    assert_eq!(
        unread(&["check", "--base", "nowhere", "--format", "json"]).code,
        Some(2)
    );
    // Help that is read in part has been read.
    let ran = unread(&["check", "--help"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}

#[test]
fn a_report_goes_to_the_file_that_is_asked_for_or_nothing_is_decided() {
    let repo = with_policy();
    stage_gated(&repo);
    let file = repo.home().join("report");
    let path = file.to_str().unwrap();
    for (format, holds) in [
        ("human", "certgate: blocked"),
        ("json", "certgate/verdict/v1"),
        ("github", "::error title=CG201"),
    ] {
        let ran = run(&repo, &["check", "--staged", "--format", format, "--output", path]).ends(1);
        assert_eq!(ran.out, "");
        assert!(std::fs::read_to_string(&file).unwrap().contains(holds));
    }
    run(
        &repo,
        &["check", "--base", "nowhere", "--format", "json", "--output", path],
    )
    .undecided("CG702");
    assert!(std::fs::read_to_string(&file).unwrap().contains("certgate/error/v1"));
    for nowhere in ["/dev/full", "nowhere/report", "/"] {
        let ran = run(&repo, &["check", "--staged", "--output", nowhere]).ends(2);
        assert_eq!(ran.errors().last(), Some(&"CG709"), "{}", ran.err);
    }
}

#[test]
fn the_job_summary_is_appended_where_github_asks_for_it() {
    let mut repo = with_policy();
    stage_gated(&repo);
    let summary = repo.home().join("summary");
    std::fs::write(&summary, "before\n").unwrap();
    repo.set("GITHUB_STEP_SUMMARY", summary.to_str().unwrap());
    let ran = run(&repo, &["check", "--staged", "--format", "github"]).blocks(&["CG201"]);
    assert!(
        ran.out.starts_with("::error title=CG201,file=src/train/loop.py::"),
        "{}",
        ran.out
    );
    let text = std::fs::read_to_string(&summary).unwrap();
    assert!(text.starts_with("before\n## certgate: **blocked**\n"), "{text}");
    assert!(
        text.contains("| gpu\\_memory | uncovered | 1 | src/train/loop.py |"),
        "{text}"
    );
    run(&repo, &["check", "--staged"]).blocks(&["CG201"]);
    assert_eq!(
        std::fs::read_to_string(&summary).unwrap(),
        text,
        "only that format writes it"
    );
    repo.set("GITHUB_STEP_SUMMARY", "/dev/full");
    let ran = run(&repo, &["check", "--staged", "--format", "github"]).ends(2);
    assert_eq!(ran.errors().last(), Some(&"CG709"));
    let ran = run(&repo, &["check", "--base", "nowhere", "--format", "github"]).ends(2);
    assert!(ran.out.starts_with("::error title=CG702::"), "{}", ran.out);
}

#[test]
fn another_policy_may_be_tried_out_but_not_in_a_hook() {
    let repo = adopted();
    stage_gated(&repo);
    repo.write("other.yaml", POLICY.replace("src/train", "src/nothing"));
    for name in ["other.yaml", "builtin:rust"] {
        let ran = run(&repo, &["check", "--staged", "--policy", name]).ends(0);
        ran.says(&format!(
            "note[CG012]: judged by `{name}`, not by the repository's policy"
        ))
        .writes(&format!("by {name}"));
    }
    for arguments in [
        vec!["hook", "pre-commit", "--policy", "other.yaml"],
        vec!["hook", "pre-commit", "--policy=other.yaml"],
        vec!["hook", "pre-push", "origin", "url", "--policy=builtin:rust"],
    ] {
        run(&repo, &arguments)
            .undecided("CG712")
            .says("certgate check --policy FILE");
    }
}

#[test]
fn what_no_verify_lets_through_the_check_in_ci_finds() {
    let repo = adopted();
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    stage_gated(&repo);
    git(&repo, &["commit", "--quiet", "--no-verify", "-m", "past the hook"]).ends(0);
    run(&repo, &["check", "--base", "main"]).blocks(&["CG201"]);
    run(&repo, &["check"])
        .blocks(&["CG201"])
        .says("judging HEAD against `refs/heads/main`");
    let range = run(&repo, &["check", "--range", "main..topic", "--format", "github"]).ends(1);
    assert!(range.out.contains("::error title=CG201"));
}

#[test]
fn every_code_is_explained_and_nothing_else_is() {
    let repo = TestRepo::empty();
    for code in certgate::diagnostic::Code::ALL {
        let ran = run(&repo, &["explain", code.as_str()]).ends(0);
        assert!(
            ran.out.starts_with(&format!("{code}: {}\n\n", code.title())),
            "{}",
            ran.out
        );
        assert!(ran.out.lines().count() >= 3);
        assert_eq!(run(&repo, &["explain", &code.as_str().to_lowercase()]).out, ran.out);
    }
    run(&repo, &["explain", "CG999"]).undecided("CG700");
}

#[test]
fn a_path_is_explained_by_the_rules_that_gate_it() {
    let repo = with_policy();
    run(&repo, &["explain", "src/train/loop.py"])
        .ends(0)
        .writes("is gated (by .certgate/policy.yaml)")
        .writes("path rule `src/train/**`");
    run(&repo, &["explain", "src/train/new.py"])
        .ends(0)
        .writes("neither HEAD nor the index");
    run(&repo, &["explain", "README.md"])
        .ends(0)
        .writes("README.md is not gated");
    run(&repo, &["explain", CERTIFICATE])
        .ends(0)
        .writes("belongs to the ledger");
    run(&repo, &["explain", ".certgate/policy.yaml"])
        .ends(0)
        .writes("certgate-policy");
    let mut command = repo.program();
    let below = command
        .current_dir(repo.path().join("src"))
        .args(["explain", "train/loop.py"])
        .output()
        .unwrap();
    Ran::from(below).ends(0).writes("src/train/loop.py is gated");
}

#[test]
fn every_pack_is_listed_checked_and_shown() {
    let repo = TestRepo::empty();
    let list = run(&repo, &["policy", "packs"]).ends(0).out;
    let names: Vec<&str> = list.lines().map(|line| line.split(' ').next().unwrap()).collect();
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/policies")).unwrap();
    assert_eq!(names.len(), files.count(), "{list}");
    for name in names {
        let builtin = format!("builtin:{name}");
        let ran = run(&repo, &["policy", "check", &builtin])
            .ends(0)
            .writes(&format!("{builtin}: is valid"));
        assert_eq!(ran.err, "");
        run(&repo, &["policy", "show", &builtin])
            .ends(0)
            .writes("components:\n")
            .writes("requires 1 approval of");
        assert_eq!(run(&repo, &["policy", "check", name]).code, Some(0));
        let file = format!("{}/policies/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        run(&repo, &["policy", "check", &file]).ends(0);
    }
}

#[test]
fn a_policy_whose_examples_do_not_hold_is_a_finding() {
    let repo = with_policy();
    let wrong = "version: 1\ncomponents:\n  - id: a\n    match: { paths: [\"src/**\"] }\n    examples: { match: [docs/x], ignore: [src/x] }\n";
    repo.write(".certgate/policy.yaml", wrong);
    let ran = run(&repo, &["policy", "check"]).ends(1).writes("does not hold");
    assert_eq!(ran.errors(), ["CG010", "CG010"]);
}

#[test]
fn completions_and_the_manual_page_name_every_command() {
    let repo = TestRepo::empty();
    let commands = [
        "demo",
        "init",
        "install",
        "uninstall",
        "check",
        "certify",
        "seal",
        "lint",
        "verify",
        "status",
        "log",
        "show",
    ];
    for shell in ["bash", "zsh", "fish", "elvish"] {
        let ran = run(&repo, &["completions", shell]).ends(0);
        for command in commands {
            assert!(ran.out.contains(command), "{shell}: {command}");
        }
    }
    let script = run(&repo, &["completions", "bash"]).out;
    Ran::from(repo.with_stdin("bash", &["-n"], script.as_bytes())).ends(0);
    run(&repo, &["completions", "tcsh"]).ends(2);
    let man = run(&repo, &["man"]).ends(0);
    assert!(man.out.contains(".TH certgate 1"), "{}", man.out);
    for command in commands {
        assert!(man.out.contains(&format!("certgate\\-{command}")), "{command}");
    }
    // One page for each command, too.
    let page = run(&repo, &["man", "certify"]).ends(0);
    assert!(
        page.out.contains(".TH certgate-certify 1") && page.out.contains("\\-\\-all"),
        "{}",
        page.out
    );
    run(&repo, &["man", "policy", "show"])
        .ends(0)
        .writes(".TH certgate-policy-show 1");
    run(&repo, &["man", "nothing"]).undecided("CG700");
    std::fs::create_dir(repo.path().join("man")).unwrap();
    run(&repo, &["man", "--output", "man"]).ends(0).writes("pages to man");
    for command in commands {
        assert!(
            repo.path().join(format!("man/certgate-{command}.1")).exists(),
            "{command}"
        );
    }
    run(&repo, &["help", "certify"])
        .ends(0)
        .writes("Usage: certgate certify");
    run(&repo, &["help", "policy", "show"])
        .ends(0)
        .writes("Usage: certgate policy show");
    run(&repo, &["--version"])
        .ends(0)
        .writes(concat!("certgate ", env!("CARGO_PKG_VERSION")));
    run(&repo, &["--help"])
        .ends(0)
        .writes("Exit codes: 0 pass or warn; 1 block (lint: findings); 2 could not decide.");
    assert_eq!(run(&repo, &[]).code, Some(2), "no command is no pass");
}

/// What bash offers after these words.
fn offered(repo: &TestRepo, words: &[&str]) -> Vec<String> {
    let bin = cargo_bin!("certgate").parent().unwrap().display().to_string();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap());
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "source <(certgate completions bash); COMP_WORDS=({}); COMP_CWORD={}; COMP_TYPE=9; _clap_complete_certgate; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        words.len() - 1
    );
    let ran: Ran = repo
        .command("bash")
        .env("PATH", path)
        .args(["-c", &script])
        .output()
        .unwrap()
        .into();
    let ran = ran.ends(0);
    ran.out.lines().map(str::to_owned).collect()
}

#[test]
fn completions_know_this_repository() {
    let repo = with_policy();
    repo.write(CERTIFICATE, of_status("APPROVED", "C-1"));
    repo.commit("certified");
    for (words, offers) in [
        (&["certgate", "certify", ""][..], "gpu_memory"),
        (&["certgate", "certify", "da"], "data_loading"),
        (&["certgate", "certify", "gpu_memory", "--status", "NO"], "NO_GO"),
        (
            &["certgate", "certify", "gpu_memory", "--agent", ""],
            "performance-engineer",
        ),
        (&["certgate", "certify", "gpu_memory", "--supersedes", ""], "C-1"),
        (&["certgate", "show", ""], "C-1"),
        (&["certgate", "explain", "CG20"], "CG201"),
        (&["certgate", "log", "--component", ""], "gpu_memory"),
        (&["certgate", "init", "--pack", "gpu"], "gpu-kernels"),
        (&["certgate", "sim"], "simulate"),
    ] {
        let found = offered(&repo, words);
        assert!(found.iter().any(|offer| offer == offers), "{words:?}: {found:?}");
    }
    // Outside of a repository there is nothing to offer, and nothing fails.
    let nowhere = TestRepo::empty();
    assert!(!offered(&nowhere, &["certgate", "show", ""]).contains(&"C-1".to_owned()));
    // No variable makes a list of words of a judgement.
    stage_gated(&repo);
    let ran: Ran = repo
        .command(cargo_bin!("certgate"))
        .env("CERTGATE_COMPLETE", "bash")
        .args(["check", "--staged"])
        .output()
        .unwrap()
        .into();
    ran.blocks(&["CG201"]);
}

#[test]
fn commands_that_only_read_write_nothing() {
    let repo = adopted();
    repo.write(CERTIFICATE, of_status("APPROVED", "C-1"));
    stage_gated(&repo);
    repo.write("README.md", "not staged\n");
    let before = state(&repo);
    let index = std::fs::read(repo.path().join(".git/index")).unwrap();
    for command in [
        "check",
        "check --staged",
        "check --base HEAD",
        "check --staged --format json",
        "lint",
        "status",
        "log",
        "policy check",
        "policy show",
        "explain src/train/loop.py",
        "doctor",
        "hooks",
        "hook pre-commit",
        "verify --staged certificates/review_gpu_memory_20250102_030405.md",
    ] {
        let arguments: Vec<&str> = command.split(' ').collect();
        let ran = run(&repo, &arguments);
        assert_eq!(ran.code, Some(0), "{command}: {}", ran.said());
        assert_eq!(
            std::fs::read(repo.path().join(".git/index")).unwrap(),
            index,
            "{command} wrote the index"
        );
    }
    assert_eq!(state(&repo), before);
}
