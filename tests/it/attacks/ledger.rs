//! Family: the ledger. Refusals that are to be forgotten, and approvals that are to be believed.

use super::attacks;
use super::world::{approval, check, signed};
use crate::scene::{self, CERTIFICATE, Ran, by_hand, minutes_ago};
use crate::support::TestRepo;

const REFUSAL: &str = "certificates/refusal_gpu_memory_20250101_000000.md";

/// A certificate by an agent.
fn by(agent: &str, decision: &str, id: &str, minutes: i64) -> String {
    by_hand(decision, id, &minutes_ago(minutes)).replace("performance-engineer", agent)
}

fn refusal(word: &str) -> String {
    by("performance-engineer", &format!("**Status**: {word}"), "no-1", 30)
}

/// `main` holds a refusal of the entire component by the performance engineer; the branch `work` changes a gated file.
fn refused_by(word: &str) -> TestRepo {
    let repo = scene::with_policy();
    repo.write(REFUSAL, refusal(word));
    repo.commit("Refuse");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.commit("Change the step");
    repo
}

/// The refused change, approved by an agent, and something done to the ledger.
fn after(word: &str, agent: &str, act: fn(&TestRepo)) -> Ran {
    let repo = refused_by(word);
    repo.write(CERTIFICATE, by(agent, "**Status**: APPROVED", "yes-1", 2));
    act(&repo);
    repo.commit("Approve");
    check(&repo)
}

/// Lifted as it should be: by who refused, later.
fn honest() -> Ran {
    after("NO_GO", "performance-engineer", |_| ())
}

/// Approved by somebody else, and the refusal tampered with.
fn tampered(act: fn(&TestRepo)) -> Ran {
    after("NO_GO", "torch-specialist", act)
}

/// An approval that names the refusal.
fn naming(agent: &str, status: &str, id: &str) -> Ran {
    let repo = refused_by("NO_GO");
    let text = by(agent, status, "yes-1", 2).replace(
        "**Certificate ID**: yes-1",
        &format!("**Certificate ID**: yes-1\n**Supersedes**: {id}"),
    );
    repo.write(CERTIFICATE, text);
    // The content is approved by a third agent in any case.
    repo.write(
        "certificates/third_gpu_memory_20250103_000000.md",
        by("third", "**Status**: APPROVED", "yes-3", 2),
    );
    repo.commit("Approve");
    check(&repo)
}

/// Two branches, one with a refusal and one with an approval, are merged into one; or the approval follows the merge.
fn merged(approving: &str, after: bool) -> Ran {
    let repo = super::world::open();
    repo.git(&["switch", "--quiet", "--create", "other"]);
    repo.write(REFUSAL, by("performance-engineer", "**Status**: NO_GO", "no-1", 30));
    repo.commit("Refuse");
    repo.git(&["switch", "--quiet", "work"]);
    let approve = || {
        repo.write(CERTIFICATE, by(approving, "**Status**: APPROVED", "yes-1", 2));
        repo.commit("Approve");
    };
    if !after {
        approve();
    }
    repo.git(&["merge", "--quiet", "--no-verify", "--no-ff", "--no-edit", "other"]);
    if after {
        approve();
    }
    check(&repo)
}

/// `main` got the refusal after the branch was made; the branch merges `main`, and keeps or drops what it brings.
fn merging_main(strategy: &[&str], approving: &str) -> Ran {
    let repo = super::world::open();
    repo.write(CERTIFICATE, by(approving, "**Status**: APPROVED", "yes-1", 2));
    repo.commit("Approve");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write(REFUSAL, refusal("NO_GO"));
    repo.commit("Refuse");
    repo.git(&["switch", "--quiet", "work"]);
    repo.git(&[&["merge", "--quiet", "--no-verify", "--no-edit"], strategy, &["main"]].concat());
    check(&repo)
}

/// In a signed ledger: an approval that is in the base, and something done to it beside another certified change.
fn signed_base(act: fn(&TestRepo, &str)) -> Ran {
    let world = signed();
    world.approve("performance-engineer", "pia").land();
    let old = world.repo.ask(&["ls-files", "certificates/*.md"]);
    world.change("3").approve("performance-engineer", "pia");
    act(&world.repo, &old);
    world.commit().check()
}

fn redated(text: &str) -> String {
    text.replace("no-1", "no-2")
}

attacks! {
    a_refusal_deleted: "the refusal is deleted", ["CG402"], || tampered(|repo| std::fs::remove_file(repo.path().join(REFUSAL)).expect("there")), honest;
    a_refusal_edited: "the refusal becomes an approval", ["CG401"], || tampered(|repo| repo.write(REFUSAL, refusal("APPROVED"))), honest;
    a_refusal_blanked: "the refusal becomes an empty file", ["CG401"], || tampered(|repo| repo.write(REFUSAL, "")), honest;
    a_refusal_moved_away: "the refusal is moved to where nobody looks", ["CG402"], || tampered(|repo| { std::fs::create_dir(repo.path().join("docs")).expect("free"); repo.git(&["mv", REFUSAL, "docs/refusal.md"]); }), honest;
    a_refusal_renamed: "the refusal gets another name, and stays in force", ["CG302"], || tampered(|repo| { repo.git(&["mv", REFUSAL, "certificates/a_gpu_memory_20250101_000000.md"]); }), honest;
    a_refusal_renamed_and_edited: "the refusal gets another name and other words", ["CG402"], || tampered(|repo| { repo.git(&["mv", REFUSAL, "certificates/a_gpu_memory_20250101_000000.md"]); repo.write("certificates/a_gpu_memory_20250101_000000.md", refusal("ADVISORY_ONLY")); }), honest;
    a_refusal_that_becomes_a_link: "the refusal becomes a symbolic link to an approval", ["CG402"], || tampered(|repo| { let path = repo.path().join(REFUSAL); std::fs::remove_file(&path).expect("there"); std::os::unix::fs::symlink("review_gpu_memory_20250102_030405.md", path).expect("a link"); }), honest;
    a_refusal_that_becomes_a_directory: "the refusal becomes a directory", ["CG402"], || tampered(|repo| { std::fs::remove_file(repo.path().join(REFUSAL)).expect("there"); repo.write(format!("{REFUSAL}/x.md"), approval()); }), honest;
    a_refusal_copied_with_another_id: "the refusal is deleted and comes back as history of another id", ["CG402"], || tampered(|repo| { std::fs::remove_file(repo.path().join(REFUSAL)).expect("there"); repo.write("certificates/b_gpu_memory_20250101_000000.md", redated(&refusal("ADVISORY_ONLY"))); }), honest;
    outweighed_by_another_agent: "an approval by another agent, later than the refusal", ["CG302"], || tampered(|_| ()), honest;
    a_refusal_in_doubt_outweighed: "an approval by another agent, later than a refusal that some readers show as a heading", ["CG302"], || after("NO_GO\n[^1]: see\n---", "torch-specialist", |_| ()), || after("NO_GO\n[^1]: see\n---", "performance-engineer", |_| ());
    a_hold_outweighed: "an approval by another agent, later than a hold", ["CG301"], || after("NEEDS_FURTHER_REVIEW", "torch-specialist", |_| ()), || after("NEEDS_FURTHER_REVIEW", "performance-engineer", |_| ());
    a_stop_outweighed: "an approval by another agent, later than an EMERGENCY_STOP", ["CG303"], || after("EMERGENCY_STOP", "torch-specialist", |_| ()), || after("EMERGENCY_STOP", "performance-engineer", |_| ());
    superseded_by_the_wrong_agent: "an approval that names the refusal, by an agent who must not lift", ["CG302"], || naming("torch-specialist", "**Status**: APPROVED", "no-1"), || naming("performance-engineer", "**Status**: APPROVED", "no-1");
    superseded_by_advice: "an ADVISORY_ONLY that names the refusal", ["CG302"], || naming("performance-engineer", "**Status**: ADVISORY_ONLY", "no-1"), || naming("performance-engineer", "**Status**: APPROVED", "no-1");
    superseding_what_is_not_there: "an approval that names another id", ["CG302"], || naming("torch-specialist", "**Status**: APPROVED", "no-11"), || naming("performance-engineer", "**Status**: APPROVED", "no-1");
    an_id_that_is_taken: "an approval with the id of the refusal", ["CG403"], || { let repo = refused_by("NO_GO"); repo.write(CERTIFICATE, by("performance-engineer", "**Status**: APPROVED", "no-1", 2)); repo.commit("Approve"); check(&repo) }, honest;
    two_of_one_id: "two certificates with one id in the same change", ["CG403"], || after("NO_GO", "performance-engineer", |repo| repo.write("certificates/b_gpu_memory_20250101_000000.md", by("torch-specialist", "**Status**: APPROVED", "yes-1", 2))), || after("NO_GO", "performance-engineer", |repo| repo.write("certificates/b_gpu_memory_20250101_000000.md", by("torch-specialist", "**Status**: APPROVED", "yes-2", 2)));
    half_a_story_on_each_branch: "a refusal on one branch, an approval on the other, merged", ["CG302"], || merged("performance-engineer", false), || merged("performance-engineer", true);
    a_merge_that_drops_the_refusal: "`merge -s ours` of a `main` that holds a refusal", ["CG302", "CG402"], || merging_main(&["--strategy", "ours"], "torch-specialist"), || merging_main(&[], "performance-engineer");
    an_unreadable_certificate_on_top: "an unreadable certificate is added to hide the refusal", ["CG304", "CG103"], || after("NO_GO", "performance-engineer", |repo| repo.write("certificates/c_gpu_memory_20250101_000000.md", by("performance-engineer", "**Status**: NO-GO", "no-9", 1))), honest;
    a_refusal_that_misses_its_component: "a refusal on a component that is nearly there", ["CG114"], || after("NO_GO", "performance-engineer", |repo| repo.write("certificates/d_gpu_memory_20250101_000000.md", by("third", "**Status**: NO_GO", "no-8", 1).replace("gpu_memory", "gpu_memry"))), honest;
    a_signature_deleted: "the signature of a certificate in the ledger is deleted", ["CG402"], || signed_base(|repo, old| std::fs::remove_file(repo.path().join(format!("{old}.sig"))).expect("signed")), || signed_base(|_, _| ());
    a_signature_replaced: "the signature of a certificate in the ledger is replaced", ["CG401"], || signed_base(|repo, old| repo.write(format!("{old}.sig"), "other\n")), || signed_base(|_, _| ());
    conditions_struck_out_later: "a certificate in the ledger is edited to be milder", ["CG401"], || signed_base(|repo, old| { let path = repo.path().join(old); let text = std::fs::read_to_string(&path).expect("there"); std::fs::write(path, text.replace("measured", "not measured")).expect("writable"); }), || signed_base(|_, _| ());
}
