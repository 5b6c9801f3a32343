//! Commands that are advised work where they are pasted.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use crate::scene::{Ran, adopted, git, run, stage_gated};
use crate::support::TestRepo;

/// The remedies that run certgate, with the placeholders filled in.
fn filled(ran: &Ran, start: &str) -> String {
    let remedies = ran.remedies();
    let found = remedies.iter().find(|remedy| remedy.starts_with(start));
    let found = found.unwrap_or_else(|| panic!("{start}: {remedies:?}"));
    found
        .replace("NAME", "performance-engineer")
        .replace("WHY", "measured: 3 % faster")
}

fn paste(repo: &TestRepo, command: &str) -> Ran {
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_certgate")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    repo.command("sh")
        .env("PATH", path)
        .args(["-c", command])
        .output()
        .unwrap()
        .into()
}

#[test]
fn after_commit_a_and_commit_path_the_remedy_stages_first() {
    for arguments in [&["-a"][..], &["--", "src/train/loop.py"]] {
        let repo = adopted();
        repo.write("src/train/loop.py", "def step():\n    return 2\n");
        let commit = [&["commit", "--quiet", "-m", "faster"][..], arguments].concat();
        let ran = git(&repo, &commit).blocks(&["CG201"]);
        let command = filled(&ran, "git add -- src/train/loop.py && certgate certify gpu_memory");
        paste(&repo, &command).ends(0);
        repo.git(&["add", "--all"]);
        git(&repo, &["commit", "--quiet", "-m", "faster"]).ends(0);
    }
}

#[test]
fn where_a_branch_only_warns_the_remedy_certifies_the_branch() {
    let repo = adopted();
    repo.git(&["switch", "--quiet", "--create", "topic"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    let ran = git(&repo, &["commit", "--quiet", "-a", "-m", "faster"]).ends(0);
    assert_eq!(ran.warnings(), ["CG201"], "{}", ran.err);
    paste(
        &repo,
        &filled(&ran, "certgate certify gpu_memory --base main --head topic"),
    )
    .ends(0);
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "-m", "certified"]);
    run(&repo, &["check", "--base", "main", "--head", "topic"]).ends(0);
}

#[test]
fn on_a_protected_branch_that_warns_the_remedy_certifies_the_commit() {
    let repo = adopted();
    let policy = format!(
        "{}enforce: [{{ branches: main, pre-commit: warn }}]\n",
        crate::scene::POLICY
    );
    repo.write(".certgate/policy.yaml", policy);
    repo.commit("warn");
    stage_gated(&repo);
    let ran = git(&repo, &["commit", "--quiet", "-m", "faster"]).ends(0);
    paste(&repo, &filled(&ran, "certgate certify gpu_memory --base ")).ends(0);
}

#[test]
fn against_a_veto_the_findings_come_first_and_no_command_is_ready_to_lift_it() {
    let repo = adopted();
    repo.git(&["switch", "--quiet", "--create", "topic"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.commit("faster");
    let words = ["certify", "gpu_memory", "--base", "main", "--status", "NO_GO"];
    let by = ["--agent", "performance-engineer", "--rationale", "twice the memory"];
    run(&repo, &[&words[..], &by].concat()).ends(0);
    repo.commit("refuse");
    let ran = run(&repo, &["check", "--base", "main"]).blocks(&["CG302"]);
    assert!(!ran.err.contains("--status APPROVED"), "{}", ran.err);
    let remedies = ran.remedies();
    assert!(remedies[0].starts_with("certgate show "), "{remedies:?}");
    assert!(remedies[1].starts_with("change the code"), "{remedies:?}");
    paste(&repo, &remedies[0]).ends(0).writes("twice the memory");
    // As it stands, the command that lifts it decides nothing.
    paste(&repo, &remedies[2]).undecided("CG103");
    let decided = remedies[2]
        .replace("DECISION", "APPROVED")
        .replace("WHY", "the buffer is reused now");
    paste(&repo, &decided).ends(0);
    repo.commit("lift");
    run(&repo, &["check", "--base", "main"]).ends(0);
}

/// The command that `certify` says comes next.
fn next(repo: &TestRepo) -> (Ran, String) {
    let ran = run(repo, &crate::scene::certify_staged("APPROVED", "performance-engineer")).ends(0);
    let next = ran.out.lines().find_map(|line| line.strip_prefix("next: ")).unwrap();
    let next = next.to_owned();
    (ran, next)
}

#[test]
fn a_certificate_that_git_ignores_is_added_by_the_next_command() {
    let repo = adopted();
    repo.write(".gitignore", "*.md\n");
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "--quiet", "-m", "ignore"]);
    stage_gated(&repo);
    let (ran, next) = next(&repo);
    assert!(next.starts_with("git add -f "), "{next}");
    assert!(ran.out.contains("git ignores this path"), "{}", ran.out);
    paste(&repo, &next).ends(0);
    git(&repo, &["commit", "--quiet", "-m", "faster"]).ends(0);
}

#[test]
fn a_certificate_outside_of_a_sparse_checkout_is_added_by_the_next_command() {
    let repo = adopted();
    repo.git(&["sparse-checkout", "set", "--cone", "src"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.git(&["add", "src"]);
    let (ran, next) = next(&repo);
    assert!(next.starts_with("git add --sparse "), "{next}");
    assert!(ran.out.contains("the checkout is sparse"), "{}", ran.out);
    paste(&repo, &next).ends(0);
    git(&repo, &["commit", "--quiet", "-m", "faster"]).ends(0);
}

#[test]
fn elsewhere_the_next_command_has_no_option() {
    let repo = adopted();
    stage_gated(&repo);
    let (ran, next) = next(&repo);
    assert!(next.starts_with("git add certificates/"), "{next}");
    assert!(!ran.out.contains("note: "), "{}", ran.out);
}

#[test]
fn help_on_long_paths_runs_nothing_but_what_it_says() {
    let repo = TestRepo::new();
    let long = "a".repeat(90);
    let nested = repo.path().join(&long);
    std::fs::create_dir(&nested).unwrap();
    let inside = |arguments: &[&str]| -> Ran {
        let mut command = repo.program();
        command.current_dir(&nested).args(arguments).output().unwrap().into()
    };
    let ran = |program: &str, arguments: &[&str]| {
        let done = repo
            .command(program)
            .current_dir(&nested)
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success());
    };
    ran("git", &["init", "--quiet", "--initial-branch=main"]);
    let hook = nested.join(".git/hooks/pre-commit");
    let put = |text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
        std::fs::write(&hook, text).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    put("#!/bin/sh\nexit 0\n");
    inside(&["install"]).ends(0);
    put("#!/bin/sh\ntouch \"$HOME/ran\"\n");
    let refused = inside(&["install"]).undecided("CG710");
    let compare = refused
        .remedies()
        .into_iter()
        .find(|remedy| remedy.starts_with("diff "))
        .unwrap();
    paste(&repo, &compare);
    assert!(!repo.home().join("ran").exists(), "{compare}");
}

#[test]
fn a_remedy_works_in_the_directory_in_which_it_is_printed() {
    let repo = adopted();
    let path = "certificates/review_gpu_memory_20250102_030405.md";
    repo.write(path, crate::scene::of_status("ADVISORY_ONLY", "A-1"));
    repo.commit("advise");
    repo.git(&["rm", "--quiet", path]);
    let below = repo.path().join("src/train");
    let mut command = repo.program();
    let ran: Ran = command
        .current_dir(&below)
        .args(["check", "--staged"])
        .output()
        .unwrap()
        .into();
    let ran = ran.blocks(&["CG402"]);
    let remedy = ran.remedies()[0].clone();
    assert_eq!(remedy, format!("git checkout HEAD -- ../../{path}"));
    let mut shell = repo.command("sh");
    let pasted: Ran = shell.current_dir(&below).args(["-c", &remedy]).output().unwrap().into();
    pasted.ends(0);
    run(&repo, &["check", "--staged"]).ends(0);
    // So it does where a hook prints it: git runs hooks at the root, and tells them where the user stands.
    repo.git(&["rm", "--quiet", path]);
    let mut commit = repo.command("git");
    let ran: Ran = commit
        .current_dir(&below)
        .args(["commit", "-m", "x"])
        .output()
        .unwrap()
        .into();
    assert_eq!(ran.remedies()[0], remedy, "{}", ran.err);
}

/// A command that is in a text is quoted by nobody.
#[test]
fn no_command_is_written_as_text() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|end| end != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
            let one = text.split_whitespace().collect::<Vec<_>>().join(" ");
            for program in [
                "certgate",
                "git",
                "ssh-keygen",
                "ssh-add",
                "rm",
                "mv",
                "sed",
                "diff",
                "mkdir",
                "chmod",
            ] {
                for start in [
                    ".help(\"",
                    ".help( \"",
                    ".help(format!(\"",
                    ".help(format!( \"",
                    ".help( format!(\"",
                ] {
                    if one.contains(&format!("{start}{program} ")) {
                        found.push(format!("{}: {program}", path.display()));
                    }
                }
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn an_object_that_is_missing_is_named_by_its_path() {
    let repo = adopted();
    repo.write(
        ".certgate/policy.yaml",
        "version: 1\ncomponents:\n  - { id: gpu, match: { content: [{ pattern: 'return' }] } }\n",
    );
    repo.commit("by content");
    stage_gated(&repo);
    let id = repo.ask(&["rev-parse", "HEAD:src/train/loop.py"]);
    let (folder, file) = id.split_at(2);
    std::fs::remove_file(repo.path().join(".git/objects").join(folder).join(file)).unwrap();
    let ran = run(&repo, &["check", "--staged"]).undecided("CG707");
    let ran = ran.says("content of a file src/train/loop.py");
    assert_eq!(ran.remedies(), ["git fsck --full"]);
    let mut command = repo.program();
    let ran: Ran = command
        .env("GIT_NO_LAZY_FETCH", "1")
        .args(["check", "--staged"])
        .output()
        .unwrap()
        .into();
    let ran = ran.undecided("CG707").says("GIT_NO_LAZY_FETCH keeps git from fetching");
    let fetch = format!("env GIT_NO_LAZY_FETCH=0 git cat-file -t {id}");
    assert!(ran.remedies()[0].starts_with(&fetch), "{}", ran.err);
}
