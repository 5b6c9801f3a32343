//! `certgate measure`: two revisions in scratch worktrees, run in turn, and what is left when it ends early.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::scene::{Ran, run};
use crate::support::TestRepo;

/// Work without a pause: a loop of as many rounds as the file `rounds` says.
const LOOP: &str = "i=0; end=$(cat rounds); while [ $i -lt $end ]; do i=$((i+1)); done\n";

/// A benchmark that writes what hyperfine would: the level of the file `level`, and a little more each time it runs in one worktree.
const BENCH: &str = r#"n=$(cat count 2>/dev/null || echo 0); echo $((n+1)) >count
mkdir -p out
echo "{\"results\": [{\"command\": \"bench\", \"times\": [$(cat level)$((n % 7))$n], \"exit_codes\": [0]}]}" >out/bench.json
"#;

/// A repository of two commits in which one file differs.
fn two(file: &str, before: &str, after: &str) -> TestRepo {
    let mut repo = TestRepo::new();
    repo.write("loop.sh", LOOP);
    repo.write("bench.sh", BENCH);
    repo.write(file, before);
    repo.commit("Before");
    repo.write(file, after);
    repo.commit("After");
    let log = repo.home().join("log");
    std::fs::write(&log, "").unwrap();
    repo.set("LOG", log.to_str().unwrap());
    repo
}

fn log(repo: &TestRepo) -> Vec<String> {
    let text = std::fs::read_to_string(repo.home().join("log")).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn measured(repo: &TestRepo, arguments: &[&str]) -> Ran {
    let mut all = vec!["measure", "--base", "HEAD~1"];
    all.extend(arguments);
    run(repo, &all)
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Git knows of no worktree but the first, and none is left on disk.
#[track_caller]
fn nothing_is_left(repo: &TestRepo) {
    let list = repo.ask(&["worktree", "list"]);
    assert_eq!(list.lines().count(), 1, "{list}");
}

#[test]
fn what_is_ten_times_slower_is_proven_slower() {
    let repo = two("rounds", "20000\n", "200000\n");
    let ran = measured(&repo, &["--runs", "6", "--run", "sh loop.sh", "--output", "out"]);
    assert_eq!(ran.code, Some(1), "{}", ran.said());
    assert!(ran.out.contains("REGRESSED"), "{}", ran.said());
    let again = ran.out.lines().last().unwrap().to_owned();
    assert_eq!(
        again,
        "certgate compare --design interleaved out/baseline/* -- out/candidate/*"
    );
    for side in ["baseline", "candidate"] {
        let folder = repo.path().join("out").join(side);
        assert_eq!(
            names(&folder),
            ["01.json", "02.json", "03.json", "04.json", "05.json", "06.json"]
        );
        let json: Value = serde_json::from_slice(&std::fs::read(folder.join("03.json")).unwrap()).unwrap();
        let told = &json["certgate"];
        let rev = if side == "baseline" { "HEAD~1" } else { "HEAD" };
        assert_eq!(told["commit"], repo.ask(&["rev-parse", rev]));
        assert_eq!(
            (&told["side"], &told["planned"], &told["block"]),
            (&side.into(), &6.into(), &3.into())
        );
        assert!(told["host"].is_string() && told["cpus"].is_number() && told["started"].is_string());
        assert!(json["results"][0]["times"][0].as_f64().unwrap() > 0.0);
    }
    // The command that it names decides the same.
    let certgate = env!("CARGO_BIN_EXE_certgate");
    let again = repo
        .command("sh")
        .args(["-c", &again.replacen("certgate", certgate, 1)])
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(1));
    nothing_is_left(&repo);
}

#[test]
fn results_of_a_benchmark_tool_are_read() {
    for (after, code, verdict) in [
        ("1.002", 0, "PASS"),
        ("1.2", 1, "REGRESSED"),
        ("1.05", 3, "INCONCLUSIVE"),
    ] {
        let repo = two("level", "1.00", after);
        let options = [
            "--runs",
            "8",
            "--run",
            "sh bench.sh",
            "--results",
            "out/*.json",
            "--output",
            "kept",
        ];
        let ran = measured(&repo, &options);
        assert_eq!(ran.code, Some(code), "{}", ran.said());
        assert!(ran.out.contains(verdict), "{}", ran.said());
        assert_eq!(names(&repo.path().join("kept/baseline")).len(), 8);
    }
    let repo = two("level", "1.00", "1.2");
    let run = "sh bench.sh && cat out/bench.json";
    let ran = measured(
        &repo,
        &["--runs", "5", "--run", run, "--results", "-", "--output", "kept"],
    );
    assert_eq!(ran.code, Some(1), "{}", ran.said());
    assert_eq!(names(&repo.path().join("kept/candidate"))[0], "01.txt");
}

#[test]
fn both_sides_run_in_each_block_and_are_prepared_once() {
    let repo = two("level", "1.00", "1.001");
    let hook = repo.path().join(".git/hooks/post-checkout");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho hook >>\"$LOG\"\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let ran = measured(
        &repo,
        &[
            "--runs",
            "9",
            "--warmup",
            "2",
            "--prepare",
            "echo prepared >>\"$LOG\"",
            "--run",
            "pwd >>\"$LOG\"; sh bench.sh",
            "--results",
            "out/bench.json",
            "--output",
            "kept",
        ],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    let log = log(&repo);
    assert_eq!(log[..2], ["prepared", "prepared"]);
    let runs = &log[2..];
    assert_eq!(runs.len(), (9 + 2) * 2, "{log:?}");
    for block in runs.chunks(2) {
        assert!(block[0] != block[1] && block[0].len() == block[1].len(), "{block:?}");
    }
    nothing_is_left(&repo);
}

#[test]
fn a_pilot_says_how_many_runs_and_not_which_side_is_faster() {
    let repo = two("level", "1.00", "1.300");
    let ran = measured(&repo, &["--pilot", "--run", "sh bench.sh", "--results", "out/*.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    assert!(ran.out.contains("certgate measure --runs "), "{}", ran.out);
    assert!(
        !ran.out.contains("REGRESSED") && !ran.out.contains("1.300"),
        "{}",
        ran.out
    );
    assert!(!repo.path().join("certgate-measure").exists());
}

#[test]
fn what_cannot_be_measured_says_why() {
    let repo = two("level", "1.00", "1.1");
    let refused = |arguments: &[&str], code: &str, said: &str| {
        let ran = measured(&repo, arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.said());
        assert!(
            ran.err.contains(code) && ran.err.contains(said),
            "{arguments:?}: {}",
            ran.err
        );
        nothing_is_left(&repo);
    };
    refused(
        &["--run", "echo no such benchmark >&2; exit 3", "--output", "a"],
        "CG641",
        "no such benchmark",
    );
    refused(
        &["--prepare", "false", "--run", "true", "--output", "b"],
        "CG641",
        "false",
    );
    refused(
        &["--run", "true", "--results", "out/*.json", "--output", "c"],
        "CG642",
        "no results",
    );
    // What the first run left is not taken for the result of the second.
    let once = "test -e ran || sh bench.sh; touch ran";
    refused(
        &[
            "--run",
            once,
            "--results",
            "out/*.json",
            "--warmup",
            "1",
            "--output",
            "d",
        ],
        "CG642",
        "no results",
    );
    refused(&["--run", "true", "--results", "/etc/*"], "CG700", "relative");
    refused(&["--run", "true", "--runs", "0"], "CG700", "--runs");
    refused(&["--run", "true", "--head", "none"], "CG702", "none");
    // Runs are never added until it passes.
    let all = [
        "--runs",
        "5",
        "--run",
        "sh bench.sh",
        "--results",
        "out/*.json",
        "--output",
        "kept",
    ];
    assert_eq!(measured(&repo, &all).code, Some(1));
    refused(&all, "CG643", "kept");
    assert_eq!(run(&repo, &["measure"]).code, Some(2));
}

#[test]
fn an_interrupt_leaves_what_was_measured() {
    let repo = two("level", "1.00", "1.1");
    // The fourth block never ends.
    let work = "sh bench.sh; n=$(wc -l <\"$LOG\"); echo run >>\"$LOG\"; [ $n -lt 7 ] || while :; do :; done";
    let arguments = [
        "measure",
        "--base",
        "HEAD~1",
        "--runs",
        "50",
        "--warmup",
        "0",
        "--run",
        work,
        "--results",
        "out/*.json",
        "--output",
        "kept",
    ];
    // As a terminal does, the signal goes to all of the group.
    let child = repo
        .command(env!("CARGO_BIN_EXE_certgate"))
        .args(arguments)
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while log(&repo).len() < 8 {
        std::thread::yield_now();
    }
    let group = format!("-{}", child.id());
    assert!(
        Command::new("kill")
            .args(["-INT", "--", &group])
            .status()
            .unwrap()
            .success()
    );
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert_eq!(ran.code, Some(130), "{}", ran.said());
    assert!(
        ran.err.contains("stopped after 3 of 50 blocks") && ran.err.contains("kept"),
        "{}",
        ran.err
    );
    for side in ["baseline", "candidate"] {
        assert_eq!(
            names(&repo.path().join("kept").join(side)),
            ["01.json", "02.json", "03.json"]
        );
    }
    nothing_is_left(&repo);
}
