//! `profiles:` a change inside of a function that a profile shows to be hot is gated, with its share as the reason.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crate::reports::keeps_to;
use crate::scene::{Ran, run};
use crate::support::TestRepo;

const SOURCE: &str = "import torch

class Trainer:
    def step(self, net, batch):
        loss = net(batch).mean()
        loss.backward()
        for p in net.parameters():
            p.data -= 0.1 * p.grad
        return loss.item()

    def log(self, loss):
        print('loss', loss)

def loop(trainer, net, batches):
    for batch in batches:
        loss = trainer.step(net, batch)
        trainer.log(loss)

def load(path):
    with open(path) as file:
        return [line.strip() for line in file]
";

const FOLDED: &str =
    "loop (src/train/loop.py:14);step (src/train/loop.py:4);backward (/usr/lib/python3/site-packages/torch/t.py:9) 60
loop (src/train/loop.py:14);step (src/train/loop.py:4) 30
loop (src/train/loop.py:14);log (src/train/loop.py:11) 5
main (src/main.py:3);load (src/train/loop.py:19) 5
";

const FILE: &str = ".certgate/profiles/train.folded";

fn policy(commit: &str, more: &str) -> String {
    format!(
        "version: 1\nprofiles:\n  - {{ file: {FILE}, commit: {commit}, max_age: {{ commits: 500 }}{more} }}\ncomponents:\n  - id: trainer\n    match: {{ paths: [\"src/none/**\"] }}\n  - id: other\n    match: {{}}\n"
    )
}

/// A repository whose policy names a profile of its first commit, on a branch of its own.
fn profiled(folded: &str, more: &str) -> (TestRepo, String) {
    let repo = TestRepo::new();
    repo.write("src/train/loop.py", SOURCE);
    repo.write("README.md", "hello\n");
    let measured = repo.commit("begin");
    repo.write(FILE, folded);
    repo.write(".certgate/policy.yaml", policy(&measured, more));
    repo.commit("adopt");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    (repo, measured)
}

fn edited(repo: &TestRepo, from: &str, to: &str) -> Ran {
    let text = std::fs::read_to_string(repo.path().join("src/train/loop.py")).unwrap();
    assert!(text.contains(from), "{from}");
    repo.write("src/train/loop.py", text.replace(from, to));
    repo.commit("edit");
    run(repo, &["check", "--base", "main"])
}

#[test]
fn a_change_inside_of_a_hot_function_is_gated_with_its_share() {
    let (repo, measured) = profiled(FOLDED, ", min_inclusive: 10%, min_self: 6%");
    let ran = edited(&repo, "return loss.item()", "return float(loss.item())").blocks(&["CG201"]);
    let share = "`step` takes 90 % of the time (self 30 %)";
    ran.says(share);
    let json = run(&repo, &["check", "--base", "main", "--format", "json"]).json();
    keeps_to(include_str!("../../docs/schema/verdict-v1.json"), &json);
    let reason = &json["components"][0]["files"][0]["reasons"][0];
    assert_eq!(json["components"][0]["id"], "trainer", "{json}");
    assert_eq!(
        (reason["rule"].as_str(), reason["line"].as_u64()),
        (Some("profile"), Some(9)),
        "{json}"
    );
    let detail = format!("{share}, {FILE} at {}", &measured[..10]);
    assert_eq!(reason["detail"], detail.as_str());
    run(&repo, &["explain", "src/train/loop.py"])
        .ends(0)
        .writes("profile rule `loop` takes 95 % of the time (self 0 %)")
        .writes(&detail);
    // What is cold, and what is outside of functions, is not gated.
    repo.git(&["reset", "--quiet", "--hard", "main"]);
    edited(&repo, "line.strip()", "line.rstrip()").ends(0);
    edited(&repo, "import torch", "import torch, math").ends(0);
    edited(&repo, "print('loss', loss)", "print(loss)").ends(0);
}

/// The codes of all that is said of a check of the branch.
fn said(repo: &TestRepo) -> Vec<String> {
    let json = run(repo, &["check", "--base", "main", "--format", "json"]).json();
    let codes = json["diagnostics"].as_array().unwrap().iter();
    codes.map(|told| told["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_profile_that_cannot_be_used_blocks_until_it_is_repaired() {
    for (break_it, code) in [(None, "CG684"), (Some("not a profile\n"), "CG684"), (Some(""), "CG684")] {
        let (repo, _) = profiled(FOLDED, "");
        // It came past the gate.
        repo.git(&["switch", "--quiet", "main"]);
        match break_it {
            Some(text) => repo.write(FILE, text),
            None => std::fs::remove_file(repo.path().join(FILE)).unwrap(),
        }
        repo.commit("break the profile");
        repo.git(&["branch", "--force", "work", "main"]);
        repo.git(&["switch", "--quiet", "work"]);
        let ran = edited(&repo, "line.strip()", "line.rstrip()").blocks(&[code]);
        ran.says("nobody can tell which functions are hot")
            .says(".certgate/policy.yaml:3");
        // A change of nothing else repairs it, with the approval that the policy needs.
        repo.git(&["reset", "--quiet", "--hard", "main"]);
        repo.write(FILE, FOLDED);
        repo.commit("repair");
        run(&repo, &["check", "--base", "main"])
            .blocks(&["CG201"])
            .says("certgate-policy");
        let by = ["--status", "APPROVED", "--agent", "lead", "--rationale", "as it was"];
        run(
            &repo,
            &[&["certify", "certgate-policy", "--base", "main"][..], &by].concat(),
        )
        .ends(0);
        repo.commit("certify");
        run(&repo, &["check", "--base", "main"]).ends(0);
        // With another file, the repaired profile judges that.
        edited(&repo, "return loss.item()", "return loss").blocks(&["CG684"]);
    }
}

#[test]
fn where_a_stage_only_warns_a_broken_profile_only_warns() {
    let (repo, measured) = profiled(FOLDED, "");
    repo.git(&["switch", "--quiet", "main"]);
    let text = policy(&measured, "").replace(
        "components:",
        "enforce: [{ branches: ['**'], pre-commit: warn }]\ncomponents:",
    );
    repo.write(".certgate/policy.yaml", text);
    repo.write(FILE, "nothing\n");
    repo.commit("break the profile");
    repo.write("src/train/loop.py", SOURCE.replace("line.strip()", "line.rstrip()"));
    repo.git(&["add", "--all"]);
    let ran = run(&repo, &["check", "--staged", "--stage", "pre-commit"]).ends(0);
    assert_eq!(ran.warnings(), ["CG684"], "{}", ran.err);
    run(&repo, &["check", "--staged", "--stage", "merge"]).blocks(&["CG684"]);
    let doctor = run(&repo, &["doctor"]);
    let one_line = doctor.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        one_line.contains("cannot be used: it cannot be read: not a profile of a known format"),
        "{}",
        doctor.said()
    );
}

#[test]
fn a_commit_that_is_not_here_blocks_with_the_command_that_fetches_it() {
    let (repo, _) = profiled(FOLDED, "");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("README.md", "more\n");
    repo.commit("more");
    let shallow = TestRepo::empty();
    let from = format!("file://{}", repo.path().display());
    shallow.git(&["clone", "--quiet", "--depth=1", &from, "clone"]);
    let here = shallow.path().join("clone");
    let mut program = shallow.program();
    std::fs::write(here.join("src/train/loop.py"), SOURCE.replace("strip()", "rstrip()")).unwrap();
    shallow.git(&["-C", "clone", "add", "--all"]);
    let ran: Ran = program
        .current_dir(&here)
        .args(["check", "--staged"])
        .output()
        .unwrap()
        .into();
    ran.blocks(&["CG685"]).says("git fetch --unshallow");
}

#[test]
fn what_is_stale_lost_or_empty_is_said() {
    // The first commit is years old.
    let (repo, _) = profiled(FOLDED, "");
    repo.git(&["switch", "--quiet", "main"]);
    let text = std::fs::read_to_string(repo.path().join(".certgate/policy.yaml")).unwrap();
    repo.write(".certgate/policy.yaml", text.replace("commits: 500", "days: 30"));
    repo.commit("ask for newer profiles");
    repo.git(&["branch", "--force", "work", "main"]);
    repo.git(&["switch", "--quiet", "work"]);
    let ran = edited(&repo, "import torch", "import torch, math").ends(0);
    assert_eq!(ran.warnings(), ["CG687"], "{}", ran.err);
    ran.says("days old");
    // By commits.
    let (repo, _) = profiled(FOLDED, "");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write(".certgate/policy.yaml", text.replace("commits: 500", "commits: 1"));
    repo.commit("ask for newer profiles");
    repo.git(&["branch", "--force", "work", "main"]);
    repo.git(&["switch", "--quiet", "work"]);
    let ran = edited(&repo, "import torch", "import torch, math").ends(0);
    ran.says("more than 1 commit came since");
    // A hot function that was rewritten under another name.
    let (repo, _) = profiled(FOLDED, "");
    let start = SOURCE.find("def loop").unwrap();
    let end = SOURCE.find("def load").unwrap();
    let rewritten = SOURCE.replace(
        &SOURCE[start..end],
        "def every(all):\n    return [one() for one in all]\n\n",
    );
    repo.write("src/train/loop.py", &rewritten);
    repo.commit("rewrite");
    repo.git(&["branch", "--force", "main", "work"]);
    let ran = edited(&repo, "import torch", "import torch, math").ends(0);
    assert_eq!(ran.warnings(), ["CG686"], "{}", ran.err);
    ran.says("`loop` of src/train/loop.py (95 %)");
    // Nothing in it is of this repository.
    let (repo, _) = profiled("a (/usr/lib/x.py:1);b (/usr/lib/x.py:3) 10\n", "");
    edited(&repo, "import torch", "import torch, math").ends(0);
    assert!(said(&repo).contains(&"CG688".to_owned()));
}

#[test]
fn callers_count_where_the_policy_says_so() {
    let stacks = "main (src/a.py:1);warm (src/train/loop.py:19);step (src/train/loop.py:4) 3
main (src/a.py:1);loop (src/train/loop.py:14);step (src/train/loop.py:4) 97\n";
    let with_warm = SOURCE.to_owned() + "\ndef warm(trainer, net, batch):\n    trainer.step(net, batch)\n";
    for (more, code) in [("", Some(0)), (", callers: true", Some(1))] {
        let (repo, _) = profiled(stacks, more);
        repo.write("src/train/loop.py", &with_warm);
        repo.commit("add a warm-up");
        repo.git(&["branch", "--force", "main", "work"]);
        let ran = edited(
            &repo,
            "    trainer.step(net, batch)\n",
            "    trainer.step(net, batch * 2)\n",
        );
        assert_eq!(ran.code, code, "{}", ran.err);
        repo.git(&["reset", "--quiet", "--hard", "main"]);
        let ran = edited(
            &repo,
            "(trainer, net, batch):\n",
            "(trainer, net, batch):\n    batch = batch * 2\n",
        );
        assert_eq!(ran.code, code, "{}", ran.err);
        if code == Some(1) {
            ran.says("`warm` calls `step`, which takes 100 % of the time");
        }
    }
}

#[test]
fn the_short_form_names_files_and_binds_each_to_the_commit_that_added_it() {
    let repo = TestRepo::new();
    repo.write("src/train/loop.py", SOURCE);
    repo.write("perf/train.folded", FOLDED);
    let added = repo.commit("begin");
    repo.write(
        ".certgate/policy.yaml",
        "version: 1\nprofiles: ['perf/*.folded']\ncomponents: [{ id: trainer, match: {} }]\n",
    );
    repo.commit("adopt");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    let ran = edited(&repo, "return loss.item()", "return loss").blocks(&["CG201"]);
    ran.says(&format!("perf/train.folded at {}", &added[..10]));
    let shown = run(&repo, &["policy", "show"]).ends(0).out;
    assert!(shown.contains("profiles:\n  perf/*.folded"), "{shown}");
    let text = run(&repo, &["policy", "show", "--format", "yaml"]).ends(0).out;
    assert!(text.contains("perf/*.folded"), "{text}");
    run(&repo, &["simulate", "--last", "2", "--format", "json"]).ends(0);
}

#[test]
fn who_certifies_a_hot_function_is_told_what_it_takes() {
    let (repo, _) = profiled(FOLDED, "");
    edited(&repo, "return loss.item()", "return loss").blocks(&["CG201"]);
    let by = [
        "--status",
        "APPROVED",
        "--agent",
        "lead",
        "--rationale",
        "measured: 2 % faster",
    ];
    run(&repo, &[&["certify", "trainer", "--base", "main"][..], &by].concat()).ends(0);
    repo.commit("certify");
    run(&repo, &["check", "--base", "main"]).ends(0);
}
