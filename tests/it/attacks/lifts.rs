//! Family: lifts. A refusal is to count as lifted that never was, or whose lift has been taken back.

use std::path::{Path, PathBuf};

use super::attacks;
use super::world::signed;
use crate::scene::{self, Ran, by_hand, minutes_ago, run};
use crate::signed::{Signed, policy};
use crate::support::TestRepo;

/// A world whose `main` holds a refusal by pia of the content that the branch adds.
fn refused() -> (Signed, String) {
    let world = signed();
    let refusal = world.certify("performance-engineer", "NO_GO", &[]);
    world.sign(&refusal, "pia");
    let id = id_of(&refusal);
    world.commit().land();
    (world, id)
}

fn id_of(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("written");
    let id = text.lines().find_map(|line| line.strip_prefix("**Certificate ID**: "));
    id.expect("an id").to_owned()
}

/// A decision on all that changed since the beginning, which names another certificate.
fn decided(world: &Signed, agent: &str, status: &str, named: &str) -> PathBuf {
    let words = [
        "certify",
        "gpu_memory",
        "--base",
        "main~1",
        "--target",
        "main",
        "--status",
    ];
    let first = world.repo.ask(&["rev-list", "--max-parents=0", "HEAD"]);
    let mut words: Vec<&str> = words.to_vec();
    words[3] = &first;
    words.extend([status, "--agent", agent, "--rationale", "measured"]);
    if !named.is_empty() {
        words.extend(["--supersedes", named]);
    }
    world.written(&run(&world.repo, &words).ends(0))
}

/// The content went away, and comes back, approved by tom.
fn comes_back(world: &Signed) -> Ran {
    world.repo.git(&["switch", "--quiet", "--force-create", "away", "HEAD"]);
    world.repo.write("src/train/loop.py", "def step():\n    return 1\n");
    world.repo.commit("Take it back");
    world.repo.git(&["switch", "--quiet", "main"]);
    world
        .repo
        .git(&["merge", "--quiet", "--no-verify", "--ff-only", "away"]);
    world.repo.git(&["switch", "--quiet", "--force-create", "work"]);
    world.change("2").approve("torch-specialist", "tom");
    world.check()
}

/// The refusal is lifted as given, that lands past the gate, and something happens after.
fn lifted(agent: &str, person: &str, status: &str, then: fn(&Signed, &Path)) -> Ran {
    let (world, refusal) = refused();
    let lifting = decided(&world, agent, status, &refusal);
    if !person.is_empty() {
        world.sign(&lifting, person);
    }
    world.commit().land();
    then(&world, &lifting);
    comes_back(&world)
}

fn honest() -> Ran {
    lifted("lead", "lea", "APPROVED", |_, _| ())
}

/// The lifting approval is named by a refusal of an agent.
fn taken_back(world: &Signed, lifting: &Path, agent: &str, person: &str) {
    let revoking = decided(world, agent, "NO_GO", &id_of(lifting));
    world.sign(&revoking, person);
    world.commit().land();
}

/// The policy changes past the gate.
fn policy_becomes(world: &Signed, text: &str) {
    world.repo.write(".certgate/policy.yaml", text);
    world.commit().land();
}

fn without_lifting() -> String {
    policy("required", "").replace(", may_lift: true", "")
}

/// The lead may lift only from the commit on that adds the lift, or from the one before.
fn granted(with_it: bool) -> Ran {
    let (world, refusal) = refused();
    policy_becomes(&world, &without_lifting().replace("serial: 1", "serial: 2"));
    if !with_it {
        policy_becomes(&world, &policy("required", "").replace("serial: 1", "serial: 3"));
    }
    let lifting = decided(&world, "lead", "APPROVED", &refusal);
    world.sign(&lifting, "lea");
    if with_it {
        world.repo.write(
            ".certgate/policy.yaml",
            policy("required", "").replace("serial: 1", "serial: 3"),
        );
    }
    world.commit().land();
    // Nobody may lift any more: only what happened counts.
    policy_becomes(&world, &without_lifting().replace("serial: 1", "serial: 4"));
    comes_back(&world)
}

/// The key of a person is revoked after the lift.
fn revoked(whose: &'static str) -> Ran {
    let (world, refusal) = refused();
    let lifting = decided(&world, "lead", "APPROVED", &refusal);
    world.sign(&lifting, "lea");
    world.commit().land();
    let key = std::fs::read(world.repo.home().join(format!("{whose}.pub"))).expect("a key");
    world.repo.write(".certgate/revoked_keys", key);
    world.commit().land();
    comes_back(&world)
}

/// What the lead lifted by a list covers only what it lists.
fn other_content(text: &str) -> Ran {
    let world = signed();
    let words = [
        "certify",
        "gpu_memory",
        "--base",
        "main",
        "--status",
        "NO_GO",
        "--agent",
        "performance-engineer",
        "--rationale",
        "no",
    ];
    let refusal = world.written(&run(&world.repo, &words).ends(0));
    // Of the entire component: without the list.
    let wide = std::fs::read_to_string(&refusal).expect("written");
    let (before, rest) = wide.split_once("## SUBJECT").expect("a section");
    let (_, after) = rest.split_once("## FINDINGS").expect("a section");
    let wide = format!("{before}## FINDINGS{after}");
    let (wide, _) = wide.split_once("Certificate Hash").expect("a hash");
    std::fs::write(&refusal, wide).expect("writable");
    world.commit().land();
    let approval = decided(&world, "performance-engineer", "APPROVED", "");
    world.sign(&approval, "pia");
    world.commit().land();
    world.change("1").commit().land();
    world.change(text).approve("torch-specialist", "tom");
    world.check()
}

/// Without signatures: a refusal of listed content, and an approval by hand of the same agent that lands with the content again. Then the
/// content goes and comes back, approved by another agent.
fn by_hand_lifted(edited: bool, agent: &str, names: &str) -> Ran {
    let repo = scene::with_policy();
    let change = |repo: &TestRepo, text: &str| {
        repo.write("src/train/loop.py", format!("def step():\n    return {text}\n"));
        repo.git(&["add", "--all"]);
    };
    change(&repo, "2");
    run(&repo, &scene::certify_staged("NO_GO", "performance-engineer")).ends(0);
    repo.git(&["restore", "--staged", "--worktree", "src/train/loop.py"]);
    repo.commit("Refuse");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    change(&repo, if edited { "3" } else { "2" });
    let approval = by_hand("**Status**: APPROVED", "yes-1", &minutes_ago(2))
        .replace("performance-engineer", agent)
        .replace("src/train/loop.py", names);
    repo.write(scene::CERTIFICATE, approval);
    repo.commit("Change and approve");
    change(&repo, "2");
    repo.commit("Perhaps edit");
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--no-verify", "--no-ff", "--no-edit", "work"]);
    change(&repo, "1");
    repo.commit("Take it back");
    repo.git(&["switch", "--quiet", "--force-create", "work"]);
    change(&repo, "2");
    run(&repo, &scene::certify_staged("APPROVED", "torch-specialist")).ends(0);
    repo.commit("Bring it again");
    super::world::check(&repo)
}

attacks! {
    taken_back_by_its_agent: "who lifted the refusal takes the approval back", ["CG302"], || lifted("lead", "lea", "APPROVED", |world, lifting| taken_back(world, lifting, "lead", "lea")), honest;
    taken_back_by_the_owner: "an owner takes back what the refusing agent itself had lifted", ["CG302"], || lifted("performance-engineer", "pia", "APPROVED", |world, lifting| taken_back(world, lifting, "lead", "lea")), || lifted("performance-engineer", "pia", "APPROVED", |_, _| ());
    by_a_revoked_key: "the key that signed the lift is revoked", ["CG302"], || revoked("lea"), || revoked("eve");
    by_an_agent_who_may_not: "an approval that names the refusal landed past the gate, by an agent who must not lift", ["CG302"], || lifted("torch-specialist", "tom", "APPROVED", |_, _| ()), honest;
    by_nobody_s_signature: "the lift landed unsigned past the gate", ["CG302"], || lifted("lead", "", "APPROVED", |_, _| ()), honest;
    by_another_s_signature: "the lift landed signed by somebody else", ["CG302"], || lifted("lead", "tom", "APPROVED", |_, _| ()), honest;
    by_advice: "an ADVISORY_ONLY that names the refusal landed", ["CG302"], || lifted("lead", "lea", "ADVISORY_ONLY", |_, _| ()), honest;
    by_a_hold: "a NEEDS_FURTHER_REVIEW that names the refusal landed", ["CG302", "CG301"], || lifted("lead", "lea", "NEEDS_FURTHER_REVIEW", |_, _| ()), honest;
    by_a_grant_that_came_with_it: "the lifting commit itself lets its agent lift", ["CG302"], || granted(true), || granted(false);
    by_a_list_of_other_content: "a refusal of the entire component was lifted for listed content, and other content comes", ["CG302"], || other_content("9"), || other_content("2");
    by_hand_before_an_edit: "an approval by hand landed over an edit to the refused content", ["CG302"], || by_hand_lifted(true, "performance-engineer", "src/train/loop.py"), || by_hand_lifted(false, "performance-engineer", "src/train/loop.py");
    by_hand_of_another_file: "an approval by hand that names another file landed with the refused content", ["CG302"], || by_hand_lifted(false, "performance-engineer", "src/train/other.py"), || by_hand_lifted(false, "performance-engineer", "src/train");
    by_hand_by_another_agent: "an approval by hand of another agent landed with the refused content", ["CG302"], || by_hand_lifted(false, "somebody", "src/train/loop.py"), || by_hand_lifted(false, "performance-engineer", "src/train/loop.py");
}
