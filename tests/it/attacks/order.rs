//! Family: order and names of refusals. Words are put in an order that git did not give them, and refusals are made that nobody could lift.

use std::sync::LazyLock;

use super::attacks;
use super::world::{check, open};
use crate::scene::{POLICY, Ran, by_hand, git, minutes_ago, run, with_policy};
use crate::support::TestRepo;

/// A certificate of an agent on the entire component, with a SUBJECT-less text and further fields; twice the same for the same words.
fn by(agent: &str, status: &str, id: &str, more: &str) -> String {
    static MOMENT: LazyLock<String> = LazyLock::new(|| minutes_ago(3));
    by_hand(&format!("**Status**: {status}"), id, &MOMENT)
        .replace("performance-engineer", agent)
        .replace("\n\n## REVIEW SCOPE", &format!("\n{more}\n## REVIEW SCOPE"))
}

fn path(name: &str) -> String {
    format!("certificates/{name}_gpu_memory_20250101_000000.md")
}

/// Writes certificates of the performance engineer, and commits them together.
fn commit(repo: &TestRepo, certificates: &[(&str, &str)]) {
    for (name, status) in certificates {
        repo.write(path(name), by("performance-engineer", status, name, ""));
    }
    repo.commit("Decide");
}

/// Each on its own branch off `work`, all merged at once in this order; and what follows.
fn octopus(branches: &[(&str, &str)], after: &[(&str, &str)]) -> Ran {
    let repo = open();
    for branch in branches {
        repo.git(&["switch", "--quiet", "--create", branch.0, "work"]);
        commit(&repo, std::slice::from_ref(branch));
    }
    repo.git(&["switch", "--quiet", "work"]);
    let mut words = vec!["merge", "--quiet", "--no-verify", "--no-ff", "--no-edit"];
    words.extend(branches.iter().map(|(name, _)| *name));
    repo.git(&words);
    if !after.is_empty() {
        commit(&repo, after);
    }
    check(&repo)
}

/// In one commit, with further fields on the approval.
fn together(refusing: &str, approving: &str, supersedes: &str) -> Ran {
    let repo = open();
    repo.write(path("no"), by(refusing, "NO_GO", "no-1", ""));
    let named = match supersedes {
        "" => String::new(),
        id => format!("**Supersedes**: {id}\n"),
    };
    repo.write(path("a_yes"), by(approving, "APPROVED", "yes-1", &named));
    repo.commit("Decide");
    check(&repo)
}

/// Something is committed, taken back and committed again: each step is certificates that are written, or files that are removed.
fn steps(steps: &[&[(&str, &str)]]) -> Ran {
    let repo = open();
    for step in steps {
        for (name, status) in *step {
            match *status {
                "" => std::fs::remove_file(repo.path().join(path(name))).expect("there"),
                status => repo.write(path(name), by("performance-engineer", status, name, "")),
            }
        }
        repo.commit("Step");
    }
    check(&repo)
}

/// Two commits, whose committers claim these moments.
fn claimed(first: (&str, &str), second: (&str, &str)) -> Ran {
    let repo = open();
    for (name, (status, date)) in [("one", first), ("two", second)] {
        repo.write(path(name), by("performance-engineer", status, name, ""));
        repo.git(&["add", "--all"]);
        let made = repo
            .command("git")
            .args(["commit", "--quiet", "--no-verify", "--message", name])
            .env("GIT_COMMITTER_DATE", date)
            .env("GIT_AUTHOR_DATE", date)
            .status()
            .expect("git");
        assert!(made.success());
    }
    check(&repo)
}

/// `main` gets these by a squash, past the gate; the branch adds the content, approved by another agent.
fn landed(squashed: &[(&str, &str)], later: &[(&str, &str)]) -> Ran {
    let repo = with_policy();
    commit(&repo, squashed);
    if !later.is_empty() {
        commit(&repo, later);
    }
    changed_and_approved(&repo)
}

fn changed_and_approved(repo: &TestRepo) -> Ran {
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.write(path("third"), by("third", "APPROVED", "third", ""));
    repo.commit("Change the step");
    check(repo)
}

/// An old branch with a refusal, committed before the approval, lands by a merge after it; or before it.
fn landed_by_merge(refusal_last: bool) -> Ran {
    let repo = with_policy();
    repo.git(&["switch", "--quiet", "--create", "old"]);
    commit(&repo, &[("no", "NO_GO")]);
    repo.git(&["switch", "--quiet", "main"]);
    let merge = || {
        repo.write("README.md", "moved on\n");
        repo.commit("Move on");
        repo.git(&["merge", "--quiet", "--no-verify", "--no-ff", "--no-edit", "old"]);
    };
    if refusal_last {
        commit(&repo, &[("yes", "APPROVED")]);
        merge();
    } else {
        merge();
        commit(&repo, &[("yes", "APPROVED")]);
    }
    changed_and_approved(&repo)
}

/// A change that adds nothing but this certificate.
fn only(text: &str, name: &str) -> Ran {
    let repo = with_policy();
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write(name, text);
    repo.commit("Decide");
    check(&repo)
}

fn dated(status: &str, date: &str) -> Ran {
    only(&by_hand(&format!("**Status**: {status}"), "no-1", date), &path("no"))
}

/// A refusal with this line in place of its id.
fn called(id: &str) -> Ran {
    let text = by("performance-engineer", "NO_GO", "no-1", "");
    only(&text.replace("**Certificate ID**: no-1", id), &path("no"))
}

/// The policy has an entry `statuses:`, `main` holds a decision on another component, and the branch changes a file.
fn reclassified(statuses: &str, status: &str, file: &str, lifted: bool) -> Ran {
    let repo = with_policy();
    repo.write(".certgate/policy.yaml", format!("{POLICY}statuses: {{ {statuses} }}\n"));
    repo.write(path("no"), by("performance-engineer", status, "no-1", ""));
    repo.commit("Decide");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write(file, "changed\n");
    if lifted {
        let text = by("performance-engineer", "APPROVED", "yes-1", "**Supersedes**: no-1\n");
        repo.write(path("yes"), text);
    }
    let approval = by("third", "APPROVED", "third", "").replace("- `src/train/loop.py`", &format!("- `{file}`"));
    repo.write(path("third"), approval);
    repo.commit("Change");
    check(&repo)
}

/// The policy moves a status to a milder class.
fn milder(statuses: &str) -> Ran {
    let repo = with_policy();
    repo.write(".certgate/policy.yaml", format!("{POLICY}statuses: {{ {statuses} }}\n"));
    repo.commit("Classes");
    run(&repo, &["policy", "check"])
}

/// The same in a push to a server of which nothing else is asked.
fn stopped_push(lifted: bool) -> Ran {
    let repo = with_policy();
    repo.write(
        ".certgate/policy.yaml",
        format!("{POLICY}statuses: {{ NO_GO: stop }}\n"),
    );
    repo.write(path("no"), by("performance-engineer", "NO_GO", "no-1", ""));
    if lifted {
        repo.commit("Refuse");
        repo.write(
            path("yes"),
            by("performance-engineer", "APPROVED", "yes-1", "**Supersedes**: no-1\n"),
        );
    }
    repo.commit("Decide");
    repo.git(&["clone", "--quiet", "--bare", ".", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["fetch", "--quiet", "origin"]);
    run(&repo, &["install"]).ends(0);
    repo.write("README.md", "nothing is gated\n");
    repo.commit("Say so");
    git(&repo, &["push", "--quiet", "origin", "main"])
}

const YES: &str = "APPROVED";
const NO: &str = "NO_GO";

attacks! {
    an_octopus_with_the_approval_last: "a refusal and an approval on two heads of an octopus, the approval named last", ["CG302"], || octopus(&[("no", NO), ("yes", YES)], &[]), || octopus(&[("no", NO), ("yes", YES)], &[("later", YES)]);
    an_octopus_with_the_approval_first: "the same, the approval named first", ["CG302"], || octopus(&[("yes", YES), ("no", NO)], &[]), || octopus(&[("yes", YES), ("no", NO)], &[("later", YES)]);
    an_octopus_of_three: "two approvals around a refusal in an octopus", ["CG302"], || octopus(&[("yes", YES), ("no", NO), ("more", YES)], &[]), || octopus(&[("yes", YES), ("advice", "ADVISORY_ONLY"), ("more", YES)], &[]);
    both_in_one_commit: "an approval and a refusal by one agent in one commit", ["CG302"], || together("performance-engineer", "performance-engineer", ""), || together("performance-engineer", "performance-engineer", "no-1");
    named_in_one_commit_by_a_stranger: "an approval that names the refusal in its own commit, by an agent who must not lift", ["CG302"], || together("performance-engineer", "torch-specialist", "no-1"), || together("torch-specialist", "performance-engineer", "no-1");
    an_approval_taken_back_and_brought_again: "the approval is removed and added again after the refusal", ["CG302"], || steps(&[&[("yes", YES)], &[("no", NO)], &[("yes", "")], &[("yes", YES)]]), || steps(&[&[("yes", YES)], &[("no", NO)], &[("yes", "")], &[("later", YES)]]);
    a_refusal_taken_back_and_brought_again: "the refusal is removed before the approval and added again after it", ["CG302"], || steps(&[&[("no", NO)], &[("no", "")], &[("yes", YES)], &[("no", NO)]]), || steps(&[&[("no", NO)], &[("yes", YES)]]);
    a_refusal_in_a_merge_commit: "the refusal is added by the merge commit of an older branch with the approval", ["CG302"], || steps(&[&[("yes", YES)], &[("no", NO), ("b", "ADVISORY_ONLY")]]), || steps(&[&[("no", NO)], &[("yes", YES), ("b", "ADVISORY_ONLY")]]);
    committed_in_1971: "the commit of the refusal claims to be of 1971, after that of the approval", ["CG302"], || claimed((YES, "@1700000000 +0000"), (NO, "@31536000 +0000")), || claimed((NO, "@1700000000 +0000"), (YES, "@31536000 +0000"));
    committed_in_2099: "the commit of the approval claims to be of 2099, before that of the refusal", ["CG302"], || claimed((YES, "@4070908800 +0000"), (NO, "@1700000000 +0000")), || claimed((NO, "@4070908800 +0000"), (YES, "@1700000000 +0000"));
    both_in_one_landing: "a squash lands the refusal and the approval in one commit", ["CG302"], || landed(&[("a", NO), ("b", YES)], &[]), || landed(&[("a", NO)], &[("b", YES)]);
    a_refusal_that_lands_late: "a refusal on an old branch lands after the approval", ["CG302"], || landed_by_merge(true), || landed_by_merge(false);
    a_refusal_of_the_year_9999: "a refusal dated 9999, which no approval could follow", ["CG408", "CG108"], || dated(NO, "9999-12-31 23:59:59 UTC"), || dated(NO, &minutes_ago(1));
    a_stop_dated_tomorrow: "an EMERGENCY_STOP dated tomorrow", ["CG408"], || dated("EMERGENCY_STOP", &minutes_ago(-24 * 60)), || dated("EMERGENCY_STOP", &minutes_ago(-9));
    advice_dated_tomorrow: "an ADVISORY_ONLY dated tomorrow", ["CG408"], || dated("ADVISORY_ONLY", &minutes_ago(-24 * 60)), || dated("ADVISORY_ONLY", &minutes_ago(24 * 60));
    a_moment_in_the_name: "a refusal without a date, whose file name says 2099", ["CG408", "CG108"], || only(&by(
        "performance-engineer", NO, "no-1", "").replace("**Date**", "**When**"), "certificates/no_gpu_memory_20990101_000000.md"), || only(&by("performance-engineer", NO, "no-1", ""), "certificates/no_gpu_memory_20250101_000000.md");
    a_refusal_without_an_id: "a refusal without an id", ["CG410"], || called("**Note**: x"), || called("**Certificate ID**: no-1");
    an_id_with_a_comma: "a refusal whose id is two for `Supersedes`", ["CG410"], || called("**Certificate ID**: no,1"), || called("**Certificate ID**: no.1");
    an_id_that_means_nothing: "a refusal whose id is `none`", ["CG410"], || called("**Certificate ID**: none"), || called("**Certificate ID**: none-1");
    an_id_in_capitals_that_means_nothing: "a refusal whose id is `NONE`", ["CG410"], || called("**Certificate ID**: NONE"), || called("**Certificate ID**: NONE-1");
    an_id_of_blanks: "a refusal whose id is a no-break space", ["CG410"], || called("**Certificate ID**: \u{a0}"), || called("**Certificate ID**: a");
    an_id_of_a_zero_width_space: "a refusal whose id is a zero-width space, which nobody can type", ["CG410"], || called("**Certificate ID**: \u{200b}"), || called("**Certificate ID**: b");
    a_veto_that_is_a_stop: "`NO_GO: stop`, and a change to an ungated file", ["CG303"], || reclassified("NO_GO: stop", NO, "README.md", false), || reclassified("NO_GO: stop", NO, "README.md", true);
    a_hold_that_is_a_stop: "`NEEDS_FURTHER_REVIEW: stop`, and a change to another component", ["CG303"], || reclassified("NEEDS_FURTHER_REVIEW: stop", "NEEDS_FURTHER_REVIEW", "src/data/x.py", false), || reclassified("NEEDS_FURTHER_REVIEW: veto", "NEEDS_FURTHER_REVIEW", "README.md", false);
    advice_that_is_a_stop: "`ADVISORY_ONLY: stop`, and a change to an ungated file", ["CG303"], || reclassified("ADVISORY_ONLY: stop", "ADVISORY_ONLY", "README.md", false), || reclassified("ADVISORY_ONLY: hold", "ADVISORY_ONLY", "README.md", false);
    advice_that_refuses: "`ADVISORY_ONLY: veto`, outweighed by another agent", ["CG302"], || reclassified("ADVISORY_ONLY: veto", "ADVISORY_ONLY", "src/train/loop.py", false), || reclassified("ADVISORY_ONLY: veto", "ADVISORY_ONLY", "src/train/loop.py", true);
    conditions_that_refuse: "`CONDITIONALLY_APPROVED: hold`, outweighed by another agent", ["CG301"], || reclassified("CONDITIONALLY_APPROVED: hold", "CONDITIONALLY_APPROVED", "src/train/loop.py", false), || reclassified("CONDITIONALLY_APPROVED: hold", "CONDITIONALLY_APPROVED", "src/train/loop.py", true);
    a_stop_made_a_veto: "`EMERGENCY_STOP: veto`", ["CG009"], || milder("EMERGENCY_STOP: veto"), || milder("NO_GO: stop");
    a_stop_asked_for_by_pre_push: "`NO_GO: stop`, and a push of an ungated file", ["CG303"], || stopped_push(false), || stopped_push(true);
}
