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
