//! Family: stamps. Approvals in which nobody has said anything.

use super::attacks;
use super::world::{approval, check, open, with_certificate};
use crate::scene::{CERTIFICATE, Ran, minutes_ago, run};

const SAID: &str = "**Rationale**: measured";

fn honest() -> Ran {
    with_certificate(approval())
}

/// An approval with another line for its rationale.
fn with(line: &str) -> Ran {
    with_certificate(approval().replace(SAID, line))
}

/// An approval by another name.
fn by(agent: &str) -> Ran {
    with_certificate(approval().replace("performance-engineer", agent))
}

/// An older refusal, and an approval by the same agent with this rationale.
fn after_a_refusal(line: &str) -> Ran {
    let repo = open();
    let refusal = crate::scene::by_hand("**Status**: NO_GO", "no-1", &minutes_ago(30));
    repo.write("certificates/review_gpu_memory_20250101_000000.md", refusal);
    repo.commit("Refuse");
    repo.write(CERTIFICATE, approval().replace(SAID, line));
    repo.commit("Approve");
    check(&repo)
}

/// The branch allows stamps for itself; `main` may do so before.
fn allowed_by(branch: &str) -> Ran {
    let repo = open();
    repo.git(&["switch", "--quiet", branch]);
    let policy = format!("{}stamps: allow\n", crate::scene::POLICY);
    repo.write(".certgate/policy.yaml", policy);
    repo.commit("Allow stamps");
    repo.git(&["switch", "--quiet", "work"]);
    if branch == "main" {
        repo.git(&["merge", "--quiet", "--no-verify", "--no-edit", "main"]);
    }
    repo.write(CERTIFICATE, approval().replace(SAID, "**Rationale**: WHY"));
    repo.commit("Certify");
    check(&repo)
}

/// The advised command, pasted with these words for its placeholders.
fn pasted(agent: &str, why: &str) -> Ran {
    let repo = open();
    let change = ["certify", "gpu_memory", "--base", "main", "--status", "APPROVED"];
    let ran = run(&repo, &[&change[..], &["--agent", agent, "--rationale", why]].concat());
    if ran.code != Some(0) {
        return ran;
    }
    repo.commit("Certify");
    check(&repo)
}

attacks! {
    the_remedy_as_it_stands: "the advised command, pasted with NAME and WHY left in", ["CG117"], || pasted("NAME", "WHY"), || pasted("rev", "ok");
    a_rationale_of_nothing: "the advised command, pasted with dots for a rationale", ["CG117"], || pasted("rev", "..."), || pasted("rev", "b");
    the_word_of_the_remedy: "a rationale `WHY`, by hand", ["CG117"], || with("**Rationale**: WHY"), || with("**Rationale**: why not: it is 3 % faster");
    the_word_in_small_letters_and_marks: "a rationale `**why?**`", ["CG117"], || with("**Rationale**: **why?**"), || with("**Rationale**: **ok**");
    the_word_with_a_hidden_letter: "a rationale `WHY` with a zero-width space in it", ["CG117"], || with("**Rationale**: W\u{200b}HY"), || with("**Rationale**: o\u{200b}k");
    the_word_in_fullwidth_letters: "a rationale `TODO` in fullwidth letters", ["CG117"], || with("**Rationale**: \u{ff34}\u{ff2f}\u{ff24}\u{ff2f}"), || with("**Rationale**: \u{ff2f}\u{ff2b}");
    the_word_twice: "a rationale `TODO: TBD`, which is two placeholders", ["CG106", "CG117"], || with("**Rationale**: TBD, TODO"), || with("**Rationale**: the TODO is gone");
    a_placeholder_before_a_line_of_text: "a rationale `WHY` with another line below it", ["CG117"], || with("**Rationale**: WHY\n\nsee above"), || with("**Rationale**:\n\nas fast as before");
    no_rationale: "an approval without a rationale", ["CG118"], || with(""), honest;
    an_empty_rationale: "an approval with an empty rationale", ["CG118"], || with("**Rationale**:"), || with("**Rationale**: r");
    a_prefilled_rationale: "a rationale that says why the file is gated, in certgate's words", ["CG119"], || with("**Rationale**: src/train/loop.py is gated by path rule src/train/\\*\\*"), || with("**Rationale**: the loop is gated, and is as fast as before");
    an_agent_as_printed: "an approval by `REVIEWER`", ["CG117"], || by("REVIEWER"), || by("reviewer");
    a_finding_left_to_do: "an approval with a finding `TODO`", ["CG117"], || with_certificate(approval().replace("- fine", "- TODO")), || with_certificate(approval().replace("- fine", "- none"));
    a_refusal_lifted_by_a_stamp: "an approval without words, after a refusal by the same agent", ["CG302"], || after_a_refusal("**Rationale**: WHY"), || after_a_refusal(SAID);
    stamps_allowed_by_the_change: "the change adds `stamps: allow`, and a stamp", ["CG117"], || allowed_by("work"), || allowed_by("main");
}
