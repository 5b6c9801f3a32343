//! `certgate suggest`: the plan is what turns the change green, and nobody in it can be spared.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use crate::scene::{of_status, run, with_policy};
use crate::support::TestRepo;

/// Two reviewers, a specialist for a folder, somebody who authorizes; anybody for the data.
const POLICY: &str = "version: 1
agents:
  performance-engineer: { may_lift: true }
  kernels: {}
  compilers: {}
  lead: {}
components:
  - id: gpu_memory
    risk: high
    authorizers: [lead]
    match: { paths: [\"src/train/**\"] }
    require: { agents: [performance-engineer, kernels, compilers], approvals: 2 }
    handoff: { \"src/train/k/**\": kernels }
  - id: data_loading
    match: { paths: [\"src/data/**\"] }
    require: { evidence: [file-references] }
";

fn changed() -> TestRepo {
    let repo = with_policy();
    repo.write(".certgate/policy.yaml", POLICY);
    repo.commit("policy");
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    repo.write("src/train/k/a.py", "x = 1\n");
    repo.write("src/train/b.py", "x = 1\n");
    repo.write("src/data/c.py", "x = 1\n");
    repo.commit("change");
    repo
}

/// The commands of a plan, with what has to be filled in.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lines = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("certgate certify"));
    lines
        .map(|line| {
            let line = line
                .replace("\"WHY\"", "measured")
                .replace("DECISION", "APPROVED")
                .replace("NAME", "somebody")
                .replace("PATH:LINES", "src/data/c.py:1");
            std::iter::once("certify")
                .chain(line.split_whitespace())
                .map(str::to_owned)
                .collect()
        })
        .collect()
}

#[test]
fn doing_what_it_says_turns_the_change_green_and_doing_less_does_not() {
    let repo = changed();
    run(&repo, &["check", "--base", "main"]).ends(1);
    let plan = run(&repo, &["suggest", "--base", "main"]).ends(0).out;
    // Two who review, of whom one is the specialist, and one who authorizes; one of them takes the data along.
    assert!(
        plan.starts_with("3 reviews turn this green (no smaller number does):\n"),
        "{plan}"
    );
    for line in [
        "kernels\n",
        "lead\n",
        "     src/train/k/a.py: path rule `src/train/**`; lines 1\n",
        "(evidence: files with lines)",
    ] {
        assert!(plan.contains(line), "{line}: {plan}");
    }
    let commands = commands(&plan);
    assert_eq!(commands.len(), 3, "{plan}");
    for spared in 0..commands.len() {
        let less = repo.copy();
        for (_, command) in commands.iter().enumerate().filter(|(at, _)| *at != spared) {
            run(&less, &command.iter().map(String::as_str).collect::<Vec<_>>()).ends(0);
        }
        less.commit("certificates");
        run(&less, &["check", "--base", "main"]).ends(1);
        let rest = run(&less, &["suggest", "--base", "main"]).ends(0).out;
        assert!(
            rest.starts_with("1 review turns this green (no smaller number does):\n"),
            "{rest}"
        );
    }
    for command in &commands {
        run(&repo, &command.iter().map(String::as_str).collect::<Vec<_>>()).ends(0);
    }
    repo.commit("certificates");
    run(&repo, &["check", "--base", "main"]).ends(0);
    run(&repo, &["suggest", "--base", "main"])
        .ends(0)
        .writes("no review is needed\n");
}

#[test]
fn refusals_are_part_of_it_and_what_no_review_mends_comes_first() {
    let repo = changed();
    let refusal = of_status("NO_GO", "C-1").replace("performance-engineer", "kernels");
    repo.write("certificates/a.md", refusal.replace("gpu_memory", "data_loading"));
    repo.commit("refused");
    let plan = run(&repo, &["suggest", "--base", "main"]).ends(0).out;
    assert!(plan.contains("lifts C-1 (NO_GO by kernels), or not"), "{plan}");
    assert!(
        plan.contains(" --status DECISION --agent kernels ") && plan.contains(" --supersedes C-1"),
        "{plan}"
    );
    for command in commands(&plan) {
        run(&repo, &command.iter().map(String::as_str).collect::<Vec<_>>()).ends(0);
    }
    repo.commit("certificates");
    run(&repo, &["check", "--base", "main"]).ends(0);
    repo.write("certificates/b.md", of_status("NO-GO", "C-2"));
    repo.commit("unreadable");
    run(&repo, &["suggest", "--base", "main"]).ends(0).says("error[CG304]");
}

#[test]
fn an_agent_is_told_what_is_left_and_asked_for_its_part() {
    let repo = changed();
    let left = run(&repo, &["explain", "--why-not", "kernels", "--base", "main"])
        .ends(0)
        .out;
    assert!(
        left.contains("gpu_memory: an approval by kernels would not be enough\n"),
        "{left}"
    );
    assert!(
        left.contains("data_loading: nothing would be missing once kernels approves\n"),
        "{left}"
    );
    let left = run(&repo, &["explain", "--why-not", "nobody", "--base", "main"])
        .ends(0)
        .out;
    assert!(
        left.contains("the policy does not ask for certificates of nobody here"),
        "{left}"
    );
    run(&repo, &["explain"]).ends(2);
    let text = run(&repo, &["suggest", "--base", "main", "--handoff", "kernels"])
        .ends(0)
        .out;
    assert!(text.starts_with("### Review by <code>kernels</code>\n"), "{text}");
    assert!(text.contains("- <code>src/train/k/a.py</code>"), "{text}");
    assert!(text.contains("```sh\ncertgate certify "), "{text}");
    run(&repo, &["suggest", "--base", "main", "--handoff", "nobody"]).undecided("CG682");
}
