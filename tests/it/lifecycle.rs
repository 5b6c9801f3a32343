//! From adoption to removal: init, install, certify, seal, verify, doctor and uninstall, as people use them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::os::unix::fs::PermissionsExt as _;

use crate::scene::{
    CERTIFICATE, POLICY, Ran, adopted, git, minutes_ago, of_status, run, stage_gated, state, with_policy,
};
use crate::support::TestRepo;

const CERTIFY: [&str; 9] = crate::scene::certify_staged("APPROVED", "ann");

/// `certify` with more arguments; the certificate is staged.
#[track_caller]
fn certify(repo: &TestRepo, extra: &[&str]) -> String {
    let ran = run(repo, &[&CERTIFY, extra].concat()).ends(0);
    repo.git(&["add", "--all"]);
    let line = ran.out.lines().next().unwrap();
    line.strip_prefix("wrote ").unwrap().to_owned()
}

#[test]
fn certify_lists_all_that_is_missing_at_once() {
    let repo = with_policy();
    stage_gated(&repo);
    let before = state(&repo);
    let ran = run(&repo, &["certify"]).undecided("CG700");
    for missing in [
        "--status STATUS: one of",
        "--agent NAME: who decides",
        "--rationale TEXT: why",
    ] {
        assert!(ran.err.contains(missing), "{}", ran.err);
    }
    assert!(
        !ran.err.contains("COMPONENT: one of"),
        "the change touches only one: {}",
        ran.err
    );
    let ran = run(
        &repo,
        &[
            "certify",
            "--status",
            "CONDITIONALLY_APPROVED",
            "--agent",
            "a",
            "--rationale",
            " ",
        ],
    )
    .undecided("CG700");
    assert!(
        ran.err.contains("--rationale TEXT") && ran.err.contains("--condition TEXT"),
        "{}",
        ran.err
    );
    repo.write("src/data/read.py", "x = 1\n");
    repo.git(&["add", "--all"]);
    let ran = run(&repo, &["certify"]).undecided("CG700");
    ran.says("COMPONENT: one of gpu_memory, data_loading");
    repo.git(&["rm", "--quiet", "--force", "src/data/read.py"]);
    assert_eq!(state(&repo), before);
}

#[test]
fn certify_refuses_what_is_no_status_no_component_and_no_gated_file() {
    let repo = with_policy();
    stage_gated(&repo);
    let before = state(&repo);
    let with = |component: &str, status: &str, extra: &[&str]| {
        let mut all = vec![
            "certify",
            component,
            "--staged",
            "--agent",
            "a",
            "--rationale",
            "b",
            "--status",
            status,
        ];
        all.extend(extra);
        run(&repo, &all)
    };
    for (status, nearest) in [
        ("approved", "APPROVED"),
        ("NO-GO", "NO_GO"),
        ("Rejected", "REJECTED"),
        ("✅ APPROVED", "APPROVED"),
    ] {
        with("gpu_memory", status, &[])
            .undecided("CG103")
            .says(&format!("`--status {nearest}` is nearest"));
    }
    with("gpu_memori", "GO", &[])
        .undecided("CG114")
        .says("`gpu_memory` is close");
    with("nothing", "GO", &[])
        .undecided("CG114")
        .says("certgate policy show");
    with("gpu_memory", "GO", &["--file", "README.md"])
        .undecided("CG700")
        .says("src/train/loop.py");
    assert_eq!(state(&repo), before);
}

#[test]
fn certify_covers_what_it_is_asked_to_and_where_it_is_asked_to() {
    let repo = adopted();
    repo.write("src/train/pool.py", "POOL = []\n");
    stage_gated(&repo);
    // One file of two: the other stays uncovered.
    certify(&repo, &["--file", "src/train/loop.py"]);
    let ran = git(&repo, &["commit", "--quiet", "-m", "x"]).blocks(&["CG201"]);
    ran.says("no certificate covers `src/train/pool.py`")
        .says("its SUBJECT");
    let path = certify(&repo, &["--file", "src/train/pool.py", "--descriptor", "second_look"]);
    assert!(path.starts_with("certificates/second_look_gpu_memory_20"), "{path}");
    git(&repo, &["commit", "--quiet", "-m", "x"]).ends(0);
    // To standard output nothing is written, and to a given file only that.
    repo.write("src/train/pool.py", "POOL = [1]\n");
    repo.git(&["add", "--all"]);
    let before = state(&repo);
    let ran = run(&repo, &[&CERTIFY, ["--output", "-"].as_slice()].concat()).ends(0);
    assert!(
        ran.out.starts_with("# PERFORMANCE REVIEW CERTIFICATE\n") && ran.err.is_empty(),
        "{}",
        ran.said()
    );
    assert_eq!(state(&repo), before);
    run(
        &repo,
        &[&CERTIFY, ["--output", "certificates/mine.md"].as_slice()].concat(),
    )
    .ends(0)
    .writes("wrote certificates/mine.md");
    assert!(repo.path().join("certificates/mine.md").is_file());
    let ran = run(
        &repo,
        &[&CERTIFY, ["--output", "certificates/mine.md"].as_slice()].concat(),
    )
    .undecided("CG709");
    ran.says("exists");
    let ran = run(&repo, &[&CERTIFY, ["--output", "../elsewhere.md"].as_slice()].concat()).ends(0);
    ran.says("is not where the policy looks for certificates");
}

#[test]
fn one_certificate_may_be_on_several_components_or_on_a_message_alone() {
    let repo = adopted();
    repo.write("src/data/read.py", "x = 1\n");
    stage_gated(&repo);
    let both = [
        "certify",
        "gpu-mem, data_loading",
        "--staged",
        "--status",
        "GO",
        "--agent",
        "a",
        "--rationale",
        "b",
    ];
    run(&repo, &both).ends(0);
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "both"]).ends(0);
    repo.write("README.md", "faster\n");
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "perf: readme"]).blocks(&["CG205"]);
    let ran = run(&repo, &CERTIFY).ends(0);
    ran.says("has no SUBJECT");
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "perf: readme"]).ends(0);
}

#[test]
fn certify_takes_the_agent_from_the_policy_or_the_configuration() {
    let repo = with_policy();
    repo.git(&["config", "certgate.agent", "bob"]);
    stage_gated(&repo);
    let arguments = [
        "certify",
        "--staged",
        "--status",
        "GO",
        "--rationale",
        "b",
        "--output",
        "-",
    ];
    run(&repo, &arguments)
        .ends(0)
        .writes("**Agent**: bob\n")
        .writes("**Component**: gpu_memory\n");
    repo.write(
        ".certgate/policy.yaml",
        POLICY.replace(
            "messages:",
            "messages: []\n    require: { agents: [performance-engineer] }\n    #",
        ),
    );
    run(&repo, &["policy", "check"]).ends(0);
    repo.commit("asks for one");
    repo.write("src/train/loop.py", "x = 3\n");
    repo.git(&["add", "--all"]);
    run(&repo, &arguments)
        .ends(0)
        .writes("**Agent**: performance-engineer\n");
}

/// Runs a command at its own terminal and types these lines.
const PTY: &str = "
import os, pty, sys
read_end, write_end = os.pipe()
os.write(write_end, sys.argv[1].encode())
os.dup2(read_end, 0)
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:])))
";

#[test]
fn on_a_terminal_certify_asks_for_what_is_missing() {
    let repo = adopted();
    stage_gated(&repo);
    if repo
        .command("python3")
        .args(["-c", "import pty"])
        .output()
        .is_ok_and(|output| output.status.success())
    {
        let binary = env!("CARGO_BIN_EXE_certgate");
        let typed = "CONDITIONALLY_APPROVED\n\nann\nmeasured it twice\nwatch the memory\n";
        let ran = Ran::from(
            repo.command("python3")
                .args(["-c", PTY, typed, binary, "certify", "gpu_memory", "--staged"])
                .output()
                .unwrap(),
        );
        assert_eq!(ran.code, Some(0), "{}", ran.said());
        for asked in [
            "Status (APPROVED, GO,",
            "Agent (who decides): ",
            "Rationale (why): ",
            "Condition: ",
            "wrote certificates/",
        ] {
            assert!(ran.out.contains(asked), "{asked}: {}", ran.said());
        }
        repo.git(&["add", "--all"]);
        git(&repo, &["commit", "--quiet", "-m", "x"])
            .ends(0)
            .says("watch the memory");
    } else {
        assert!(
            std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
            "python3 with pty is needed"
        );
    }
}

#[test]
fn what_is_sealed_stays_as_it_is_and_is_verified() {
    let repo = adopted();
    stage_gated(&repo);
    let path = certify(&repo, &["--evidence", "`src/train/loop.py:2`"]);
    let bytes = std::fs::read(repo.path().join(&path)).unwrap();
    run(&repo, &["seal", &path, "--staged"])
        .ends(0)
        .writes("is sealed already");
    assert_eq!(std::fs::read(repo.path().join(&path)).unwrap(), bytes);
    let ran = run(&repo, &["verify", &path, "--staged"]).ends(0);
    for line in [
        "ok    decision: APPROVED",
        "ok    hash: valid",
        "ok    subject: src/train/loop.py as certified",
        "ok    evidence: src/train/loop.py:2",
    ] {
        assert!(ran.out.contains(line), "{line}: {}", ran.out);
    }
    run(&repo, &["verify", &path])
        .ends(1)
        .writes("WRONG subject: src/train/loop.py changed after certification");
    repo.write(&path, [bytes.as_slice(), b"\n"].concat());
    run(&repo, &["verify", &path, "--staged"])
        .ends(1)
        .writes("WRONG hash: does not match");
    run(&repo, &["lint", &path]).blocks(&["CG501"]);
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "x"]).ends(1).says("CG201");
    repo.write(&path, &bytes);
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "x"]).ends(0);
    run(&repo, &["verify", &path]).ends(0);
}

#[test]
fn a_certificate_written_by_hand_is_sealed_byte_for_byte_around_what_is_added() {
    let repo = adopted();
    stage_gated(&repo);
    for (name, change) in [
        ("plain", None),
        ("CRLF", Some(("\n", "\r\n"))),
        ("without an id", Some(("**Certificate ID**: C-1\n", ""))),
        ("mark", Some(("# REVIEW CERT", "\u{feff}# REVIEW CERT"))),
    ] {
        let mut text = of_status("APPROVED", "C-1");
        if let Some((from, to)) = change {
            text = text.replace(from, to);
        }
        repo.write(CERTIFICATE, &text);
        run(&repo, &["seal", CERTIFICATE, "--staged"])
            .ends(0)
            .writes("for 1 file\n");
        let sealed = std::fs::read_to_string(repo.path().join(CERTIFICATE)).unwrap();
        let kept: Vec<&str> = text.split_inclusive('\n').collect();
        let mut rest = sealed.split_inclusive('\n');
        for line in kept {
            assert!(rest.any(|found| found == line), "{name}: {line:?} is lost in {sealed}");
        }
        run(&repo, &["seal", CERTIFICATE, "--staged"])
            .ends(0)
            .writes("is sealed already");
        assert_eq!(
            std::fs::read_to_string(repo.path().join(CERTIFICATE)).unwrap(),
            sealed,
            "{name}"
        );
        run(&repo, &["lint", "--strict", CERTIFICATE]).ends(0);
        run(&repo, &["verify", "--staged", CERTIFICATE])
            .ends(0)
            .writes("ok    hash: valid");
        run(&repo, &["check", "--staged"]).ends(1);
        repo.git(&["add", "--all"]);
        run(&repo, &["check", "--staged"]).ends(0);
        repo.git(&["rm", "--quiet", "--cached", CERTIFICATE]);
    }
}

#[test]
fn seal_refuses_what_it_cannot_seal_and_leaves_it() {
    let repo = adopted();
    stage_gated(&repo);
    let cases = [
        (of_status("NO-GO", "C-1"), "CG103"),
        (
            of_status("APPROVED", "C-1").replace("**Component**: gpu_memory\n", ""),
            "CG110",
        ),
        (of_status("APPROVED", "C-1").replace("gpu_memory", "nothing"), "CG114"),
        (
            of_status("APPROVED", "C-1").replace("src/train/loop.py", "README.md"),
            "CG203",
        ),
        (
            of_status("APPROVED", "C-1") + "Certificate Hash: a\nCertificate Hash: b\n",
            "CG105",
        ),
    ];
    for (text, code) in cases {
        repo.write(CERTIFICATE, &text);
        run(&repo, &["seal", CERTIFICATE, "--staged"]).undecided(code);
        assert_eq!(
            std::fs::read_to_string(repo.path().join(CERTIFICATE)).unwrap(),
            text,
            "{code}"
        );
    }
    run(&repo, &["seal", "nowhere.md", "--staged"]).undecided("CG709");
}

#[test]
fn init_proposes_what_fits_the_repository() {
    for (files, packs) in [
        (vec![("Cargo.toml", ""), ("src/lib.rs", "")], "packs default, rust"),
        (
            vec![("pyproject.toml", ""), ("app/a.py", "import json\n")],
            "packs default, python",
        ),
        (vec![("package.json", "{}"), ("src/App.tsx", "")], "packs default, web"),
        (
            vec![
                ("train.py", "import torch\nimport gymnasium as gym\n"),
                ("setup.py", ""),
            ],
            "packs default, python, rl-training",
        ),
        (vec![("kernels/add.cu", "")], "packs default, gpu-kernels"),
        (vec![("README.md", "")], "pack default"),
    ] {
        let repo = TestRepo::new();
        for (path, text) in files {
            repo.write(path, text);
        }
        repo.commit("begin");
        let ran = run(&repo, &["init"]).ends(0);
        ran.writes(&format!("wrote .certgate/policy.yaml with {packs}\n"))
            .writes("pre-commit            installed");
        run(&repo, &["policy", "check"]).ends(0);
        repo.git(&["add", "--all"]);
        git(&repo, &["commit", "--quiet", "-m", "adopt"]).ends(0).says("CG013");
        run(&repo, &["doctor"]).ends(0).writes("nothing is wrong");
    }
}

#[test]
fn init_never_overwrites_and_marks_where_an_old_ledger_ends() {
    let repo = TestRepo::new();
    repo.write("docs/ai/agents/perf/certificates/old.md", of_status("REJECTED", "OLD"));
    repo.commit("begin");
    run(
        &repo,
        &["init", "--pack", "rust", "--pack", "builtin:web", "--no-hooks"],
    )
    .ends(0)
    .writes("packs rust, web");
    let policy = std::fs::read_to_string(repo.path().join(".certgate/policy.yaml")).unwrap();
    assert!(
        policy.contains("docs/ai/agents/*/certificates/*.md") && policy.contains("ledger: { since: 20"),
        "{policy}"
    );
    assert!(!repo.path().join(".git/hooks/pre-commit").exists());
    repo.write(".certgate/policy.yaml", POLICY);
    run(&repo, &["init"])
        .ends(0)
        .writes("is there already and is left as it is");
    assert_eq!(
        std::fs::read_to_string(repo.path().join(".certgate/policy.yaml")).unwrap(),
        POLICY
    );
    std::fs::remove_file(repo.path().join(".certgate/policy.yaml")).unwrap();
    std::os::unix::fs::symlink("/nowhere", repo.path().join(".certgate/policy.yaml")).unwrap();
    run(&repo, &["init"]).ends(0).writes("is left as it is");
    let other = TestRepo::new();
    run(&other, &["init", "--pack", "nowhere"])
        .undecided("CG007")
        .says("certgate policy packs");
    assert!(!other.path().join(".certgate").exists());
}

#[test]
fn init_says_what_history_would_have_been_asked_before_it_writes() {
    let repo = TestRepo::new();
    repo.write("Cargo.toml", "[package]\nname = \"x\"\n");
    repo.write("src/lib.rs", "pub fn f() {}\n");
    repo.commit("begin");
    for at in 0..6 {
        repo.write(
            "Cargo.toml",
            format!("[package]\nname = \"x\"\n[profile.release]\nopt-level = {at}\n"),
        );
        repo.commit("tune");
    }
    let ran = run(&repo, &["init", "--no-hooks"]).ends(0);
    let said = "of the last 7 commits, it would have asked a certificate for ";
    let (told, wrote) = (ran.out.find(said), ran.out.find("wrote .certgate/policy.yaml"));
    assert!(told.is_some() && told < wrote, "{}", ran.out);
    assert!(
        ran.out.contains("rust_profiles") && ran.out.contains("quieter: "),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("certgate init --mode warn"), "{}", ran.out);
    let policy = || std::fs::read_to_string(repo.path().join(".certgate/policy.yaml")).unwrap();
    assert!(policy().contains("merge: block"), "{}", policy());
    std::fs::remove_dir_all(repo.path().join(".certgate")).unwrap();
    let ran = run(&repo, &["init", "--no-hooks", "--mode", "warn"]).ends(0);
    assert!(
        ran.out.contains("it warns, and blocks nothing") && !ran.out.contains("--mode warn"),
        "{}",
        ran.out
    );
    assert!(
        !policy().contains("block\n") && policy().contains("merge: warn"),
        "{}",
        policy()
    );
    run(&repo, &["policy", "check"]).ends(0);
    // Where nothing was ever committed there is nothing to judge.
    run(&TestRepo::new(), &["init"])
        .ends(0)
        .writes("wrote .certgate/policy.yaml");
}

fn script(repo: &TestRepo, path: &str, text: &str) {
    repo.write(path, text);
    std::fs::set_permissions(repo.path().join(path), std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn install_chains_what_was_there_is_idempotent_and_uninstall_restores() {
    let repo = with_policy();
    let old = "#!/bin/sh\necho old hook >&2\n";
    script(&repo, ".git/hooks/pre-commit", old);
    run(&repo, &["install"])
        .ends(0)
        .writes("pre-commit            installed; runs ");
    let shim = std::fs::read(repo.path().join(".git/hooks/pre-commit")).unwrap();
    let again = run(&repo, &["install"]).ends(0);
    assert_eq!(again.out.matches("unchanged").count(), 4, "{}", again.out);
    assert_eq!(std::fs::read(repo.path().join(".git/hooks/pre-commit")).unwrap(), shim);
    stage_gated(&repo);
    git(&repo, &["commit", "--quiet", "-m", "x"])
        .blocks(&["CG201"])
        .says("old hook\n");
    run(&repo, &["hooks"])
        .ends(0)
        .writes("runs the hook that was there first");
    run(&repo, &["uninstall"])
        .ends(0)
        .writes("the hook that was there before is back");
    assert_eq!(
        std::fs::read_to_string(repo.path().join(".git/hooks/pre-commit")).unwrap(),
        old
    );
    assert!(!repo.path().join(".git/hooks/pre-push").exists());
    assert!(!repo.path().join(".git/hooks.certgate-chained").exists());
    git(&repo, &["commit", "--quiet", "-m", "x"]).ends(0).says("old hook\n");
    run(&repo, &["uninstall"])
        .ends(0)
        .writes("is not certgate's; left alone");
}

#[test]
fn a_chained_hook_that_refuses_keeps_its_say() {
    let repo = with_policy();
    script(&repo, ".git/hooks/pre-commit", "#!/bin/sh\necho no >&2\nexit 7\n");
    run(&repo, &["install"]).ends(0);
    repo.write("README.md", "more\n");
    repo.git(&["add", "--all"]);
    let ran = git(&repo, &["commit", "--quiet", "-m", "x"]);
    assert!(ran.code != Some(0) && ran.err.contains("no\n"), "{}", ran.err);
}

#[test]
fn a_linked_worktree_and_another_hooks_directory_are_gated_too() {
    let repo = adopted();
    repo.git(&["worktree", "add", "--quiet", "-b", "release/1", "../linked"]);
    std::fs::write(repo.home().join("linked/src/train/loop.py"), "x = 9\n").unwrap();
    repo.write(".certgate/policy.yaml", POLICY);
    let commit = |directory: &str| -> Ran {
        repo.git(&["-C", directory, "add", "--all"]);
        repo.try_git(&["-C", directory, "commit", "--quiet", "-m", "x"]).into()
    };
    commit("../linked").blocks(&["CG201"]).says("into `release/1`");
    let other = with_policy();
    other.git(&["config", "core.hooksPath", ".githooks"]);
    run(&other, &["install"]).ends(0).writes(".githooks");
    assert!(
        other.path().join(".githooks/pre-commit").is_file() && !other.path().join(".git/hooks/pre-commit").exists()
    );
    stage_gated(&other);
    git(&other, &["commit", "--quiet", "-m", "x"]).ends(1).says("CG201");
    run(&other, &["doctor"]).ends(0).writes("core.hooksPath is .githooks");
}

#[test]
fn a_hook_that_cannot_find_certgate_lets_nothing_through_and_says_so() {
    let repo = with_policy();
    let copy = repo.home().join("certgate-copy");
    // By another process: a file that this one has open for writing while another test forks cannot be run.
    let copied = repo
        .command("cp")
        .arg(env!("CARGO_BIN_EXE_certgate"))
        .arg(&copy)
        .status();
    assert!(copied.unwrap().success());
    Ran::from(repo.command(&copy).arg("install").output().unwrap()).ends(0);
    std::fs::remove_file(&copy).unwrap();
    repo.write("README.md", "more\n");
    repo.git(&["add", "--all"]);
    let ran = git(&repo, &["commit", "--quiet", "-m", "x"]).ends(1);
    ran.says("cannot find the program certgate, so it lets nothing through")
        .says("certgate install");
    run(&repo, &["doctor"])
        .ends(1)
        .writes("which is not there")
        .writes("fix: certgate install");
    run(&repo, &["install"]).ends(0).writes("updated");
    git(&repo, &["commit", "--quiet", "-m", "x"]).ends(0);
}

#[test]
fn doctor_finds_each_way_in_which_the_gate_would_not_run() {
    let repo = with_policy();
    let finds = |what: &str, mend: &str| {
        run(&repo, &["doctor"])
            .ends(1)
            .writes(&format!("WRONG {what}"))
            .writes(&format!("fix: {mend}"));
    };
    finds("hook pre-commit: missing", "certgate install");
    run(&repo, &["install"]).ends(0);
    run(&repo, &["doctor"]).ends(0).writes("nothing is wrong");
    let hook = repo.path().join(".git/hooks/pre-push");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o644)).unwrap();
    finds("hook pre-push: ", "certgate install");
    script(&repo, ".git/hooks/pre-push", "#!/bin/sh\n");
    finds("hook pre-push: another program's", "certgate install");
    run(&repo, &["install"]).ends(0);
    run(&repo, &["doctor"]).ends(0);
    repo.git(&["branch", "--move", "main", "elsewhere"]);
    finds("no branch here is protected", "sh -c ");
    repo.git(&["branch", "--move", "elsewhere", "main"]);
    repo.write(".certgate/policy.yaml", "version: 2\n");
    repo.commit("broken");
    finds(
        "the policy cannot be read: version `2` is not supported",
        "certgate policy check",
    );
    repo.git(&["rm", "--quiet", "-r", "--cached", ".certgate"]);
    repo.git(&["commit", "--quiet", "--no-verify", "-m", "gone"]);
    finds("the policy is not committed", "git add .certgate && git commit");
    std::fs::remove_dir_all(repo.path().join(".certgate")).unwrap();
    finds("there is no policy; the default pack judges", "certgate init");
}

#[test]
fn the_ledger_is_read_by_status_log_and_show() {
    let repo = adopted();
    let at = |minutes| minutes_ago(minutes);
    for (name, status, id, minutes) in [
        ("a", "APPROVED", "C-1", 30),
        ("b", "REJECTED", "C-2", 20),
        ("c", "NO-GO", "C-3", 10),
    ] {
        let text = of_status(status, id).replace(&at(2), &at(minutes));
        repo.write(format!("certificates/{name}.md"), text);
    }
    repo.commit("ledger");
    run(&repo, &["status"])
        .ends(0)
        .writes("data_loading                 no certificate\n")
        .writes("3 certificates in the ledger");
    let log = run(&repo, &["log"]).ends(0).out;
    let order: Vec<usize> = ["C-3", "C-2", "C-1"].iter().map(|id| log.find(id).unwrap()).collect();
    assert!(order.is_sorted() && log.contains("INVALID"), "{log}");
    let one = run(&repo, &["log", "-n", "1", "--component", "gpu-mem"]).ends(0).out;
    assert!(one.contains("C-3") && !one.contains("C-2"), "{one}");
    assert_eq!(run(&repo, &["log", "--component", "data_loading"]).ends(0).out, "");
    let show = run(&repo, &["show", "C-2"]).ends(0).out;
    assert!(
        show.contains("certificates/b.md") && show.contains("## DECISION/OUTCOME\n**Status**: REJECTED\n"),
        "{show}"
    );
    assert_eq!(run(&repo, &["show", "certificates/b.md"]).out, show);
    run(&repo, &["show", "C-9"]).undecided("CG700").says("certgate log");
}
