//! `certgate audit`: a record for each repository, whatever it is, and never a stopped run.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::reports::keeps_to;
use crate::scene::{CERTIFICATE, Ran, adopted, by_hand, git, minutes_ago, of_status, run, with_policy};
use crate::support::TestRepo;

const SCHEMA: &str = include_str!("../../docs/schema/audit-v1.json");
const LIST: &str = include_str!("../../docs/schema/audit-list-v1.json");

/// The records of a run, each held to the schema.
#[track_caller]
fn records(ran: &Ran) -> Vec<Value> {
    let lines = ran.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.inspect(|record| keeps_to(SCHEMA, record)).collect()
}

/// Audits paths below the home of a scene.
#[track_caller]
fn audited(scene: &TestRepo, arguments: &[&str], code: i32) -> Vec<Value> {
    let ran = run(scene, &[&["audit", "--jsonl", "--no-time"], arguments].concat()).ends(code);
    records(&ran)
}

/// The record of the scene itself.
#[track_caller]
fn of(scene: &TestRepo) -> Value {
    let found = audited(scene, &["."], 0);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["outcome"], &found[0]["errors"]),
        (&json!("complete"), &json!([]))
    );
    found[0].clone()
}

fn subjects(record: &Value) -> Vec<String> {
    let branches = record["branches"].as_array().unwrap().iter();
    let landings = branches.flat_map(|branch| branch["uncovered"].as_array().unwrap());
    landings
        .map(|landing| landing["subject"].as_str().unwrap().to_owned())
        .collect()
}

/// A scene whose first commit is no change to judge, so that only what a test adds is uncovered.
fn begun() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("README.md", "hello\n");
    repo.write(".certgate/policy.yaml", crate::scene::POLICY);
    repo.commit("begin");
    repo
}

fn landed(repo: &TestRepo, subject: &str, content: &str) -> String {
    repo.write("src/train/loop.py", content);
    repo.commit(subject)
}

/// Certifies what a commit and those after it changed.
fn certified_from(repo: &TestRepo, first: &str) {
    let base = format!("{first}~1");
    let words =
        "certify gpu_memory --head HEAD --status APPROVED --agent performance-engineer --rationale measured --base";
    let mut words: Vec<&str> = words.split(' ').collect();
    words.push(&base);
    run(repo, &words).ends(0);
}

#[test]
fn an_uncovered_landing_is_found_and_a_covered_one_is_not() {
    let repo = begun();
    assert_eq!(subjects(&of(&repo)), Vec::<String>::new());
    let first = landed(&repo, "work", "x = 1\n");
    let record = of(&repo);
    assert_eq!(subjects(&record), ["work"]);
    let landing = &record["branches"][0]["uncovered"][0];
    assert_eq!(
        (&landing["commit"], &landing["codes"]),
        (&json!(first), &json!(["CG201"]))
    );
    assert_eq!(
        landing["components"],
        json!([{ "id": "gpu_memory", "outcome": "uncovered", "files": [{ "path": "src/train/loop.py", "still": true }], "more": 0 }])
    );
    // The certificate comes in a commit of its own, as in most pushes.
    certified_from(&repo, &first);
    repo.commit("certify work");
    landed(&repo, "more work", "x = 2\n");
    let record = of(&repo);
    assert_eq!(subjects(&record), ["more work"]);
    let branch = &record["branches"][0];
    assert_eq!(
        (&branch["judged"], &branch["covered_later"], &branch["complete"]),
        (&json!(4), &json!(1), &json!(true))
    );
    // Taken back, both are nothing.
    landed(&repo, "Revert more work", "x = 1\n");
    assert_eq!(subjects(&of(&repo)), Vec::<String>::new());
}

#[test]
fn an_approval_of_other_content_covers_no_landing() {
    let repo = begun();
    let first = landed(&repo, "work", "x = 1\n");
    certified_from(&repo, &first);
    landed(&repo, "another content beside the certificate", "x = 3\n");
    // What the certificate is on was on the branch before it, and nothing on the branch has ever been both.
    assert_eq!(subjects(&of(&repo)), ["work", "another content beside the certificate"]);
}

#[test]
fn landings_are_judged_by_the_policy_of_their_time() {
    let repo = TestRepo::new();
    repo.write("src/train/loop.py", "x = 0\n");
    repo.commit("before any policy");
    repo.write(
        ".certgate/policy.yaml",
        format!(
            "{}enforce:\n  - {{ branches: [main], merge: warn }}\n",
            crate::scene::POLICY
        ),
    );
    repo.commit("a policy that warns");
    landed(&repo, "warned", "x = 1\n");
    repo.write(".certgate/policy.yaml", crate::scene::POLICY);
    repo.commit("a policy that blocks");
    landed(&repo, "blocked", "x = 2\n");
    let record = of(&repo);
    assert_eq!(subjects(&record), ["blocked"]);
    let branch = &record["branches"][0];
    let counts = ["ungoverned", "judged", "warned"].map(|name| branch[name].as_u64().unwrap());
    assert_eq!(counts, [1, 4, 2], "{branch:#}");
}

#[test]
fn since_and_last_say_how_far_back() {
    let repo = begun();
    let first = landed(&repo, "one", "x = 1\n");
    landed(&repo, "two", "x = 2\n");
    let third = landed(&repo, "three", "x = 3\n");
    let found = |arguments: &[&str]| {
        let record = audited(&repo, arguments, 0).remove(0);
        (subjects(&record).len(), record["branches"][0]["complete"].clone())
    };
    assert_eq!(found(&["."]), (3, json!(true)));
    assert_eq!(found(&["--last", "2", "."]), (2, json!(false)));
    assert_eq!(found(&["--last", "4", "."]), (3, json!(true)));
    assert_eq!(found(&["--since", &first, "."]), (2, json!(false)));
    assert_eq!(found(&["--since", &third, "."]), (0, json!(false)));
    assert_eq!(found(&["--since", "2020-01-01", "."]), (3, json!(true)));
    assert_eq!(found(&["--since", "2030-01-01", "."]), (0, json!(false)));
    // One that a repository does not know is an error of that repository.
    let record = audited(&repo, &["--since", "v9", "."], 2).remove(0);
    assert_eq!(record["outcome"], "partial");
    assert_eq!(
        (&record["errors"][0]["part"], &record["errors"][0]["code"]),
        (&json!("branches"), &json!("CG702"))
    );
}

#[test]
fn a_clone_is_asked_about_what_the_remote_has_and_what_is_ahead_of_it() {
    let repo = begun();
    landed(&repo, "at the remote", "x = 1\n");
    repo.git(&["clone", "--quiet", "--bare", ".", "../there.git"]);
    repo.git(&["clone", "--quiet", "../there.git", "../clone"]);
    repo.git(&["-C", "../clone", "switch", "--quiet", "-c", "feature"]);
    let clone = repo.home().join("clone");
    std::fs::write(clone.join("src/train/loop.py"), "x = 5\n").unwrap();
    repo.git(&["-C", "../clone", "commit", "--quiet", "-am", "in work"]);
    let record = audited(&repo, &["../clone"], 0).remove(0);
    assert_eq!(record["policy"]["ref"], "refs/remotes/origin/main");
    assert_eq!(subjects(&record), ["at the remote"]);
    repo.git(&["-C", "../clone", "branch", "--quiet", "--force", "main", "feature"]);
    assert_eq!(
        subjects(&audited(&repo, &["../clone"], 0)[0]),
        ["at the remote", "in work"]
    );
    let bare = audited(&repo, &["../there.git"], 0).remove(0);
    assert_eq!(
        (&bare["bare"], &bare["policy"]["ref"]),
        (&json!(true), &json!("refs/heads/main"))
    );
    assert_eq!(subjects(&bare), ["at the remote"]);
}

#[test]
fn hooks_and_ci_files_are_looked_at_and_not_run() {
    let repo = adopted();
    let bare = repo.home().join("bare.git");
    let watched = |record: &Value| -> Vec<(String, bool)> {
        let hooks = record["hooks"].as_array().unwrap().iter();
        hooks
            .map(|hook| {
                (
                    hook["hook"].as_str().unwrap().to_owned(),
                    hook["watched"].as_bool().unwrap(),
                )
            })
            .collect()
    };
    let of_clone = watched(&audited(&repo, &["."], 0)[0]);
    assert_eq!(of_clone.len(), 4);
    assert!(of_clone.iter().all(|(_, watched)| *watched), "{of_clone:?}");
    repo.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let at_server = |record: &Value| (watched(record), record["problems"].as_array().unwrap().len());
    let record = audited(&repo, &["../bare.git"], 0).remove(0);
    assert_eq!(at_server(&record), (vec![("pre-receive".to_owned(), false)], 1));
    // The remedy can be pasted from anywhere.
    let help = record["problems"][0]["help"].as_str().unwrap().to_owned();
    let fixed: Ran = repo
        .command("sh")
        .args(["-c", &help])
        .env(
            "PATH",
            format!(
                "{}:{}",
                assert_cmd::cargo::cargo_bin!("certgate").parent().unwrap().display(),
                std::env::var("PATH").unwrap()
            ),
        )
        .current_dir("/")
        .output()
        .unwrap()
        .into();
    fixed.ends(0);
    let record = audited(&repo, &["../bare.git"], 0).remove(0);
    assert_eq!(at_server(&record), (vec![("pre-receive".to_owned(), true)], 0));
    // One that would show that it ran, a file monitor that would, and a fetch that would.
    let ran = repo.home().join("ran");
    std::fs::write(
        bare.join("hooks/pre-receive"),
        format!("#!/bin/sh\ntouch {}\n", ran.display()),
    )
    .unwrap();
    repo.git(&[
        "-C",
        "../bare.git",
        "config",
        "core.fsmonitor",
        &format!("touch {}", ran.display()),
    ]);
    repo.git(&[
        "-C",
        "../bare.git",
        "config",
        "core.sshCommand",
        &format!("touch {}", ran.display()),
    ]);
    repo.git(&["-C", "../bare.git", "config", "extensions.partialClone", "origin"]);
    repo.git(&["-C", "../bare.git", "config", "remote.origin.promisor", "true"]);
    repo.git(&[
        "-C",
        "../bare.git",
        "config",
        "remote.origin.url",
        "ssh://nowhere.invalid/x",
    ]);
    repo.git(&[
        "-C",
        "../bare.git",
        "config",
        "remote.origin.uploadpack",
        &format!("touch {}", ran.display()),
    ]);
    let lost = repo.ask(&["rev-parse", "HEAD:.certgate/policy.yaml"]);
    std::fs::remove_file(bare.join("objects").join(&lost[..2]).join(&lost[2..])).unwrap();
    let record = audited(&repo, &["../bare.git"], 2).remove(0);
    assert_eq!(
        (&record["errors"][0]["part"], &record["errors"][0]["code"]),
        (&json!("policy"), &json!("CG707"))
    );
    assert_eq!(watched(&record), [("pre-receive".to_owned(), false)]);
    assert!(!ran.exists());

    repo.write(
        ".github/workflows/gate.yml",
        "jobs: { gate: { steps: [{ run: certgate check }] } }\n",
    );
    repo.write(".gitlab-ci.yml", "test: { script: make }\n");
    repo.commit("CI");
    let record = audited(&repo, &["."], 0).remove(0);
    assert_eq!(
        record["ci"],
        json!([{ "path": ".github/workflows/gate.yml", "names_certgate": true }, { "path": ".gitlab-ci.yml", "names_certgate": false }])
    );
}

#[test]
fn refusals_stops_conditions_and_bypasses_are_in_the_record() {
    let repo = with_policy();
    repo.write("certificates/no.md", of_status("NO_GO", "NO"));
    repo.write("certificates/stop.md", of_status("EMERGENCY_STOP", "STOP"));
    repo.write(
        "certificates/if.md",
        by_hand(
            "**Status**: CONDITIONALLY_APPROVED\n**Conditions**: measure again by 2025-01-31",
            "IF",
            &minutes_ago(3),
        )
        .replace("performance-engineer", "another"),
    );
    repo.write(
        "certificates/broken.md",
        of_status("NOT APPROVED", "BROKEN").replace("gpu_memory", "data_loading"),
    );
    repo.commit("said");
    let record = of(&repo);
    assert_eq!(record["certificates"], 4);
    let refusals: Vec<(&str, &str)> = record["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["certificate"].as_str().unwrap(), one["class"].as_str().unwrap()))
        .collect();
    assert_eq!(refusals.len(), 2);
    assert!(
        refusals.contains(&("NO", "veto")) && refusals.contains(&("STOP", "stop")),
        "{refusals:?}"
    );
    assert_eq!(record["unreadable"][0]["certificate"], "BROKEN");
    assert_eq!(record["conditions"][0]["certificate"], "IF");
    for (what, code) in [
        ("stops", 1),
        ("refusals", 1),
        ("uncovered", 1),
        ("policy", 0),
        ("unwatched", 1),
    ] {
        run(&repo, &["audit", "--fail-on", what, "."]).ends(code);
    }
    let ran = run(&repo, &["audit", "--fail-on", "stops,policy", "."]).ends(1);
    ran.says("CG773").says("emergency stops in force");
}

#[test]
fn what_is_no_repository_or_broken_is_a_record_with_the_reason() {
    let repo = begun();
    let beside = |name: &str| format!("../{name}");
    let error = |path: &str| {
        let record = audited(&repo, &[path], 2).remove(0);
        (
            record["outcome"].as_str().unwrap().to_owned(),
            record["errors"][0]["part"].as_str().unwrap().to_owned(),
            record["errors"][0]["code"].as_str().unwrap().to_owned(),
        )
    };
    let said = |outcome: &str, part: &str, code: &str| (outcome.to_owned(), part.to_owned(), code.to_owned());
    assert_eq!(error("../missing"), said("failed", "repository", "CG709"));
    std::fs::create_dir(repo.home().join("plain")).unwrap();
    assert_eq!(error("../plain"), said("failed", "repository", "CG701"));
    std::fs::write(repo.home().join("file"), "x").unwrap();
    assert_eq!(error("../file"), said("failed", "repository", "CG701"));
    std::fs::create_dir(repo.path().join("inner")).unwrap();
    assert_eq!(error("inner"), said("failed", "repository", "CG770"));
    let help = audited(&repo, &["inner"], 2)[0]["errors"][0]["help"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(help, format!("certgate audit {}", repo.path().display()));
    run(&repo, &help.split(' ').skip(1).collect::<Vec<_>>()).ends(0);

    // Without a commit there is nothing to say, and nothing wrong.
    repo.git(&["init", "--quiet", "../empty"]);
    let empty = audited(&repo, &["../empty"], 0).remove(0);
    assert_eq!(
        (&empty["outcome"], &empty["policy"], &empty["branches"]),
        (&json!("complete"), &json!(null), &json!([]))
    );

    let copy = |name: &str| {
        repo.git(&["clone", "--quiet", "--no-hardlinks", ".", &beside(name)]);
        repo.home().join(name)
    };
    let broken = copy("broken");
    std::fs::write(broken.join(".certgate/policy.yaml"), "version: 1\ncomponentz: []\n").unwrap();
    repo.git(&["-C", "../broken", "commit", "--quiet", "-am", "broken"]);
    repo.git(&["-C", "../broken", "remote", "remove", "origin"]);
    assert_eq!(error("../broken"), said("partial", "policy", "CG003"));
    assert_eq!(
        audited(&repo, &["../broken"], 2)[0]["hooks"].as_array().unwrap().len(),
        4
    );

    let corrupt = copy("corrupt");
    landed(&repo, "work", "x = 1\n");
    repo.git(&["-C", "../corrupt", "pull", "--quiet"]);
    let blob = repo.ask(&["rev-parse", "HEAD:src/train/loop.py"]);
    repo.git(&["-C", "../corrupt", "cat-file", "-e", &blob]);
    let file = corrupt.join(".git/objects").join(&blob[..2]).join(&blob[2..]);
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, "garbage").unwrap();
    let found = audited(&repo, &["../corrupt"], 0).remove(0);
    // The gate need not read that blob to say that nothing covers it.
    assert_eq!(subjects(&found), ["work"]);
    let tree = repo.ask(&["rev-parse", "HEAD^{tree}"]);
    let file = corrupt.join(".git/objects").join(&tree[..2]).join(&tree[2..]);
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, "garbage").unwrap();
    let found = audited(&repo, &["../corrupt"], 2).remove(0);
    assert_eq!(found["outcome"], "partial");
    assert!(
        found["errors"]
            .as_array()
            .unwrap()
            .iter()
            .all(|error| error["code"] == "CG707"),
        "{found:#}"
    );

    std::fs::write(corrupt.join(".git/HEAD"), "nonsense\n").unwrap();
    assert_eq!(error("../corrupt").0, "failed");

    // All of them in one run: each has its record, in order.
    let paths = [
        "../missing",
        "../plain",
        "inner",
        ".",
        "../broken",
        "../corrupt",
        "../empty",
    ];
    let found = audited(&repo, &paths, 2);
    let names: Vec<&str> = found
        .iter()
        .map(|record| record["repository"].as_str().unwrap())
        .collect();
    assert_eq!(names, paths);
}

#[test]
fn an_owner_that_git_does_not_trust_is_reported_with_gits_remedy() {
    let repo = begun();
    let mut program = repo.program();
    program.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let ran: Ran = program
        .args(["audit", "--jsonl", "--no-time", "."])
        .output()
        .unwrap()
        .into();
    let ran = ran.ends(2);
    let record = records(&ran).remove(0);
    assert_eq!(record["errors"][0]["code"], "CG706");
    assert!(
        record["errors"][0]["help"].as_str().unwrap().contains("safe.directory"),
        "{record:#}"
    );
}

#[test]
fn hostile_names_are_quoted_and_tell_repositories_apart() {
    let repo = begun();
    let names: [&[u8]; 4] = [b"a b", b"new\nline", b"\xff\x1b[31m", b"\xe2\x80\xaeright"];
    let mut list = Vec::new();
    for name in names {
        let path = repo.home().join(OsStr::from_bytes(name));
        let copied = repo
            .command("cp")
            .arg("-a")
            .arg(repo.path())
            .arg(&path)
            .status()
            .unwrap();
        assert!(copied.success());
        list.extend_from_slice(path.as_os_str().as_bytes());
        list.push(0);
    }
    landed(&repo, "work \u{1b}[31m ##vso[task.complete] \u{202e}", "x = 1\n");
    list.extend_from_slice(b".\0.\0");
    for format in ["human", "markdown", "html", "json", "jsonl"] {
        let ran: Ran = repo
            .certgate_with_stdin(&["audit", "--no-time", "-z", "--format", format, "-"], &list)
            .into();
        // Git cannot say where a repository is whose path has a line break.
        let ran = ran
            .ends(2)
            .says("note: 1 repository path named before")
            .says("1 could not be looked at");
        assert!(
            !ran.said().contains(['\u{1b}', '\u{202e}']) && !ran.said().contains("##vso["),
            "{}",
            ran.said()
        );
        match format {
            "jsonl" => {
                let found = records(&ran);
                let mut seen: Vec<String> = found.iter().map(|record| record["repository"].to_string()).collect();
                seen.sort();
                seen.dedup();
                assert_eq!((found.len(), seen.len()), (5, 5));
                let complete = found.iter().filter(|record| record["outcome"] == "complete").count();
                assert_eq!((complete, &found[1]["errors"][0]["code"]), (4, &json!("CG706")));
            }
            "json" => {
                let json = ran.json();
                keeps_to(LIST, &json);
                assert_eq!(
                    (&json["sums"]["repositories"], &json["sums"]["uncovered"]),
                    (&json!(5), &json!(1))
                );
            }
            _ => {}
        }
    }
}

#[test]
fn a_list_without_a_repository_is_a_mistake() {
    let repo = TestRepo::empty();
    for input in [&b""[..], b"\n\n"] {
        let ran: Ran = repo.certgate_with_stdin(&["audit", "-"], input).into();
        ran.ends(2).says("CG772");
    }
    run(&repo, &["audit"]).ends(2);
}

/// Several repositories, each with another past.
fn several(count: usize) -> (TestRepo, Vec<String>) {
    let repo = begun();
    let mut paths = Vec::new();
    for at in 0..count {
        let name = format!("../r{at}");
        repo.git(&["clone", "--quiet", "--no-hardlinks", ".", &name]);
        if at % 3 == 0 {
            landed(&repo, &format!("work {at}"), &format!("x = {at}\n"));
        }
        paths.push(name);
    }
    std::fs::remove_dir_all(repo.home().join("r4/.git/objects")).unwrap();
    (repo, paths)
}

#[test]
fn jobs_change_nothing_but_the_time() {
    let (repo, paths) = several(9);
    let list = paths.join("\n");
    let with = |jobs: &str| {
        let ran: Ran = repo
            .certgate_with_stdin(&["audit", "--jsonl", "--no-time", "--jobs", jobs, "-"], list.as_bytes())
            .into();
        ran.ends(2).out
    };
    let one = with("1");
    assert_eq!(one.lines().count(), 9);
    assert_eq!(with("4"), one);
    assert_eq!(with("9"), one);
    let timed = audited_with_time(&repo, &paths[0]);
    assert!(timed["time"]["seconds"].as_f64().unwrap() > 0.0);
}

fn audited_with_time(repo: &TestRepo, path: &str) -> Value {
    let ran = run(repo, &["audit", "--jsonl", path]).ends(0);
    records(&ran).remove(0)
}

#[test]
fn a_cut_file_is_continued_where_it_ends() {
    let (repo, paths) = several(6);
    let list = paths.join("\n");
    let whole: Ran = repo
        .certgate_with_stdin(&["audit", "--jsonl", "--no-time", "-"], list.as_bytes())
        .into();
    let whole = whole.ends(2).out;
    let file = repo.home().join("out.jsonl");
    let resumed = |arguments: &[&str]| -> Ran {
        let all = [
            &["audit", "--jsonl", "--no-time", "--resume", "../out.jsonl"][..],
            arguments,
            &["-"],
        ]
        .concat();
        repo.certgate_with_stdin(&all, list.as_bytes()).into()
    };
    // Wherever it was cut.
    for cut in [0, 1, whole.len() / 3, whole.len() / 2, whole.len() - 1, whole.len()] {
        std::fs::write(&file, &whole[..cut]).unwrap();
        let rest = resumed(&[]);
        let kept = whole[..cut].rfind('\n').map_or(0, |end| end + 1);
        assert_eq!(rest.out, whole[kept..], "{cut}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), whole[..cut], "{cut}");
        resumed(&["--output", "../out.jsonl"]);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), whole, "{cut}");
    }
    // As a shell appends.
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let appended = repo
        .command("sh")
        .args([
            "-c",
            "printf '%s\\n' \"$2\" | \"$1\" audit --jsonl --no-time --resume ../out.jsonl - >>../out.jsonl",
            "sh",
        ])
        .arg(assert_cmd::cargo::cargo_bin!("certgate"))
        .arg(&list)
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(appended.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), whole);
    // What has moved has another record, and what was asked otherwise is asked again.
    let moved = Path::new("../r1");
    repo.git(&["-C", moved.to_str().unwrap(), "branch", "--quiet", "another"]);
    let again = resumed(&[]).ends(0);
    assert_eq!(
        records(&again)
            .iter()
            .map(|record| record["repository"].clone())
            .collect::<Vec<_>>(),
        [json!("../r1")]
    );
    assert_eq!(records(&resumed(&["--last", "7"])).len(), 6);
    // What is no audit is no file to continue.
    std::fs::write(&file, format!("{{}}\n{whole}")).unwrap();
    resumed(&[]).ends(2).says("CG771");
    run(&repo, &["audit", "--resume", "../out.jsonl", "."])
        .ends(2)
        .says("--jsonl");
}

#[test]
fn nothing_is_written_into_what_is_audited() {
    let repo = with_policy();
    repo.write(CERTIFICATE, of_status("APPROVED", "C-1"));
    repo.commit("certified");
    landed(&repo, "work", "x = 9\n");
    let listed = |repo: &TestRepo| {
        let mut found = repo
            .command("find")
            .args([".", "-printf", "%p %s %T@\\n"])
            .output()
            .unwrap()
            .stdout;
        found.sort_unstable();
        found
    };
    let before = listed(&repo);
    of(&repo);
    assert_eq!(listed(&repo), before);
    // What lies where certgate keeps what it has read is not believed.
    git(&repo, &["status"]);
    run(&repo, &["status"]).ends(0);
    let kept = repo.path().join(".git/certgate/ledger");
    assert!(kept.exists());
    let record = of(&repo);
    for file in walk(&kept) {
        std::fs::write(file, "forged").unwrap();
    }
    assert_eq!(of(&repo), record);
}

fn walk(at: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(walk(&path)),
            false => found.push(path),
        }
    }
    found
}

#[test]
fn an_overview_is_one_page() {
    let repo = with_policy();
    repo.write("certificates/no.md", of_status("NO_GO", "NO"));
    repo.commit("refused");
    landed(&repo, "work | `x` <b>", "x = 9\n");
    repo.git(&["init", "--quiet", "../empty"]);
    let ran = run(
        &repo,
        &[
            "audit",
            "--format",
            "markdown",
            "--no-time",
            ".",
            "../empty",
            "../missing",
        ],
    )
    .ends(2);
    for part in [
        "# Audit of 3 repositories",
        "## Uncovered work",
        "## Refusals in force",
        "## Not watched",
        "## Policies",
        "## What could not be looked at",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert!(!ran.out.contains("<b>") && ran.out.lines().count() < 60);
    let page = run(
        &repo,
        &["audit", "--format", "html", "--no-time", ".", "../empty", "../missing"],
    )
    .ends(2)
    .out;
    for part in [
        "Audit of 3 repositories",
        "Uncovered work",
        "Refusals in force",
        "work | `x` &lt;b&gt;",
        "CG709",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}
