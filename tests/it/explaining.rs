//! `certgate explain` sees what `check` sees, and knows every word that a report uses.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use crate::scene::{CERTIFICATE, Ran, of_status, run, with_policy};
use crate::support::TestRepo;

const RULES: &str = "version: 1
components:
  - id: locks
    title: Locks in the loop
    aliases: [mutexes]
    match: { content: [{ pattern: 'threading\\.Lock', rule: python-lock }] }
statuses: { NEEDS_FURTHER_REVIEW: veto }
";

fn explain(repo: &TestRepo, folder: &str, word: &str) -> Ran {
    let mut command = repo.program();
    let output = command.current_dir(repo.path().join(folder)).args(["explain", word]);
    output.output().unwrap().into()
}

fn with_rules(file: &str) -> TestRepo {
    let repo = TestRepo::new();
    repo.write(".certgate/policy.yaml", RULES);
    repo.write("src/a.py", file);
    repo.write("web/y", "y\n");
    repo.commit("begin");
    repo
}

#[test]
fn a_path_is_explained_as_it_is_staged() {
    let plain = "x = 1\n";
    let locked = "x = 1\nl = threading.Lock()\n";
    for (before, after) in [(plain, Some(locked)), (locked, Some(plain)), (locked, None)] {
        let repo = with_rules(before);
        match after {
            Some(text) => repo.write("src/a.py", text),
            None => std::fs::remove_file(repo.path().join("src/a.py")).unwrap(),
        }
        repo.git(&["add", "--all"]);
        run(&repo, &["check", "--staged"]).blocks(&["CG201"]);
        explain(&repo, "", "src/a.py")
            .ends(0)
            .writes("src/a.py is gated")
            .writes("threading");
    }
    // What is not staged is not checked either.
    let repo = with_rules(plain);
    repo.write("src/a.py", locked);
    explain(&repo, "", "src/a.py").ends(0).writes("src/a.py is not gated");
}

#[test]
fn a_path_may_climb_but_not_out() {
    let repo = with_rules("l = threading.Lock()\n");
    explain(&repo, "web", "../src/a.py").ends(0).writes("src/a.py is gated");
    explain(&repo, "web", "./../web/../src//a.py")
        .ends(0)
        .writes("src/a.py is gated");
    explain(&repo, "web", "..")
        .ends(0)
        .writes("the repository: 2 of 3 files");
    let full = repo.path().join("src/a.py").display().to_string();
    explain(&repo, "web", &full).ends(0).writes("src/a.py is gated");
    explain(&repo, "web", "../../src/a.py")
        .undecided("CG700")
        .says("outside the repository");
}

#[test]
fn the_words_of_policy_and_ledger_are_no_paths() {
    let repo = with_rules("x = 1\n");
    for word in ["locks", "Mutexes"] {
        let ran = explain(&repo, "", word)
            .ends(0)
            .writes("is a component")
            .writes("Locks in the loop");
        ran.writes("requires 1 approval of any agent");
    }
    explain(&repo, "", "certgate-policy")
        .ends(0)
        .writes("every change below .certgate/");
    explain(&repo, "", "APPROVED")
        .ends(0)
        .writes("of the class approve: it counts as an approval");
    explain(&repo, "", "NEEDS_FURTHER_REVIEW")
        .ends(0)
        .writes("of the class veto (the policy makes it so; the format says hold)");
    for word in ["python-lock", "locks/python-lock"] {
        explain(&repo, "", word)
            .ends(0)
            .writes("rule of locks")
            .writes("threading");
    }
    explain(&repo, "", "others/python-lock").ends(0).writes("is not gated");
    // A path that is there comes first, and what else has its name is told too.
    repo.write("locks", "x\n");
    repo.commit("a file of that name");
    explain(&repo, "", "locks")
        .ends(0)
        .writes("locks is not gated")
        .writes("locks is a component");

    let repo = with_policy();
    repo.write(CERTIFICATE, of_status("APPROVED", "C-1"));
    repo.commit("certify");
    explain(&repo, "", "C-1")
        .ends(0)
        .writes("is the id of a certificate")
        .writes(CERTIFICATE);
    explain(&repo, "", "C-2").ends(0).writes("C-2 is not gated");
    // A word that nothing is called, and something nearly.
    for (word, meant) in [
        ("Approved", "APPROVED"),
        ("no-go", "NO_GO"),
        ("gpu-memroy", "gpu_memory"),
    ] {
        let said = format!("{word} is not gated");
        explain(&repo, "", word)
            .ends(0)
            .writes(&said)
            .writes(&format!("did you mean `certgate explain {meant}`?"));
    }
    assert!(!explain(&repo, "", "nowhere.py").out.contains("did you mean"));
}

#[test]
fn what_is_not_there_is_told_as_such() {
    let repo = with_policy();
    run(&repo, &["check", "--head", "nope"]).undecided("CG702").says("nope");
    run(&repo, &["log", "--component", "gpu_memroy"])
        .undecided("CG114")
        .says("`gpu_memory` is close");
    run(&repo, &["log", "--component", "gpu-mem"])
        .ends(0)
        .says("no certificate on `gpu_memory`");
}
