//! Who may say what: signatures asked for, independence, authorizers, owners, serials, bypasses.
#![allow(clippy::expect_used)]

use crate::scene::run;
use crate::signed::{Signed, line, policy};

#[test]
fn a_signed_approval_by_a_principal_of_the_agent_counts_and_nothing_else_does() {
    let world = Signed::required();
    world.change("2");
    world.check().blocks(&["CG201"]);
    let path = world.certify("performance-engineer", "APPROVED", &[]);
    world.commit();
    world.check().blocks(&["CG201"]).says("[CG509]");
    // Somebody else's key, a stranger's, another namespace, and then the right one.
    for (person, namespace, said) in [
        ("tom", "certgate", "[CG510]"),
        ("eve", "certgate", "[CG505]"),
        ("pia", "git", "[CG504]"),
    ] {
        world.sign_as(&path, person, namespace);
        world.repo.git(&["add", "--all"]);
        world.repo.git(&["commit", "--quiet", "--amend", "--no-edit"]);
        world.check().blocks(&["CG201"]).says(said);
        std::fs::remove_file(format!("{}.sig", path.display())).expect("signed");
    }
    world.sign(&path, "pia");
    world.repo.git(&["add", "--all"]);
    world.repo.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    world.check().ends(0);
}

#[test]
fn where_signatures_are_optional_one_may_be_absent_but_not_wrong() {
    let world = Signed::with(&policy("optional", ""));
    world.change("2");
    let path = world.certify("performance-engineer", "APPROVED", &[]);
    world.commit();
    world.check().ends(0);
    world.sign(&path, "eve");
    world.commit();
    world.check().blocks(&["CG201"]).says("[CG505]");
}

#[test]
fn a_refusal_needs_no_signature_and_its_lifting_does() {
    let world = Signed::required();
    world.change("2").approve("performance-engineer", "pia");
    world.check().ends(0);
    world.certify("performance-engineer", "NO_GO", &[]);
    world.commit();
    world.check().blocks(&["CG302"]);
    let path = world.certify("performance-engineer", "APPROVED", &[]);
    world.commit();
    world.check().blocks(&["CG302"]);
    world.sign(&path, "pia");
    world.commit();
    world.check().ends(0);
}

#[test]
fn two_approvals_of_one_person_are_one() {
    let both = policy("required", "    require: { approvals: 2 }\n").replace(
        "torch-specialist: { principals: [tom@example.org] }",
        "torch-specialist: { principals: [tom@example.org, pia@example.org] }",
    );
    let world = Signed::with(&both);
    world.change("2").approve("performance-engineer", "pia");
    world.approve("torch-specialist", "pia");
    world.check().blocks(&["CG204"]);
    world.approve("torch-specialist", "tom");
    world.check().ends(0);
}

#[test]
fn the_author_may_not_approve_where_independence_is_asked_for() {
    let independent =
        policy("required", "").replace("signatures: required", "signatures: required, independence: true");
    for (variable, value) in [
        ("GIT_AUTHOR_EMAIL", "Pia@Example.org"),
        ("GIT_COMMITTER_EMAIL", "pia@example.org"),
    ] {
        let mut world = Signed::with(&independent);
        world.repo.set(variable, value);
        world.change("2").approve("performance-engineer", "pia");
        world.check().blocks(&["CG201"]).says("[CG511]");
        world.approve("torch-specialist", "tom");
        world.check().ends(0);
    }
    let world = Signed::with(&independent);
    world.repo.write("src/train/loop.py", "def step():\n    return 3\n");
    world.repo.commit("Change\n\nCo-authored-by: Pia <pia@example.org>");
    world.approve("performance-engineer", "pia");
    world.check().blocks(&["CG201"]).says("[CG511]");
    let honest = Signed::with(&independent);
    honest.change("2").approve("performance-engineer", "pia");
    honest.check().ends(0);
}

#[test]
fn a_certificate_of_another_repository_or_branch_does_not_count() {
    let world = Signed::required();
    world.change("2").approve("performance-engineer", "pia");
    world.check().ends(0);
    run(&world.repo, &["check", "--base", "main", "--target", "release/1"])
        .blocks(&["CG201"])
        .says("[CG512]");
    let path = world.certify("performance-engineer", "APPROVED", &["--target", "release/**"]);
    world.sign(&path, "pia");
    world.commit();
    run(&world.repo, &["check", "--base", "main", "--target", "release/1"]).ends(0);

    let other = Signed::with(&policy("required", "").replace("example/trainer", "example/other"));
    other.change("2").approve("performance-engineer", "pia");
    other.check().ends(0);
    let here = Signed::with(&policy("required", ""));
    here.change("2");
    // The same people sign here: only the name of the repository differs.
    let theirs = other.repo.ask(&["ls-files", "certificates/*.md"]);
    let text = std::fs::read(other.repo.path().join(&theirs)).expect("there");
    here.repo.write(&theirs, text);
    let path = here.repo.path().join(&theirs);
    here.sign(&path, "pia");
    here.commit();
    here.check().blocks(&["CG201"]).says("[CG512]");
}

#[test]
fn a_risk_asks_for_an_authorization_by_another_person() {
    let asked = |risk: &str| policy("required", &format!("    risk: {risk}\n    authorizers: [lead]\n"));
    let world = Signed::with(&asked("high"));
    world.change("2").approve("performance-engineer", "pia");
    world.check().blocks(&["CG516"]).says("--agent lead");
    world.approve("lead", "lea");
    world.check().ends(0);
    // The lead alone is a reviewer, and nobody beside.
    let alone = Signed::with(&asked("medium"));
    alone.change("2").approve("lead", "lea");
    alone.check().blocks(&["CG516"]);
    let low = Signed::with(&asked("low"));
    low.change("2").approve("performance-engineer", "pia");
    low.check().ends(0);
}

#[test]
fn a_serial_only_grows() {
    let world = Signed::required();
    let bring = |serial: &str, text: &str| {
        let policy = policy("required", text).replace("serial: 1\n", serial);
        world.repo.git(&["switch", "--quiet", "--force-create", "work", "main"]);
        world.repo.write(".certgate/policy.yaml", policy);
        world.repo.commit("policy");
        let path = world.written(
            &run(
                &world.repo,
                &[
                    "certify",
                    "certgate-policy",
                    "--base",
                    "main",
                    "--status",
                    "APPROVED",
                    "--agent",
                    "lead",
                    "--rationale",
                    "agreed",
                ],
            )
            .ends(0),
        );
        world.sign(&path, "lea");
        world.commit();
        world.check()
    };
    let approvals = "    require: { approvals: 2 }\n";
    bring("serial: 1\n", approvals).blocks(&["CG517"]);
    bring("serial: 0\n", approvals).blocks(&["CG517"]);
    bring("", approvals).blocks(&["CG517"]);
    bring("serial: 2\n", approvals).ends(0);
}

#[test]
fn a_policy_under_which_nobody_could_sign_does_not_get_in() {
    let world = Signed::required();
    world.repo.git(&["rm", "--quiet", ".certgate/allowed_signers"]);
    world.commit();
    let path = world.certify_as("certgate-policy", "lead", "APPROVED", &[]);
    world.sign(&path, "lea");
    world.commit();
    world.check().blocks(&["CG518"]);
}

#[test]
fn keys_that_cannot_be_read_close_the_gate() {
    let world = Signed::required();
    world
        .repo
        .write(".certgate/allowed_signers", "pia@example.org ssh-ed25519 AAAA\n");
    world.commit().land();
    world.change("2");
    world.check().undecided("CG508");
}

#[test]
fn who_is_taken_off_the_list_approves_nothing_any_more() {
    let world = Signed::required();
    let kept = line(&world.repo, "lea", "lea@example.org", "");
    world.change("2").approve("performance-engineer", "pia");
    world.repo.write(".certgate/allowed_signers", kept);
    world.repo.git(&["switch", "--quiet", "main"]);
    world.repo.git(&["stash", "--quiet", "--include-untracked"]);
    world.repo.git(&["stash", "pop", "--quiet"]);
    world.repo.commit("Keys");
    world.repo.git(&["switch", "--quiet", "work"]);
    world.check().blocks(&["CG201"]).says("[CG505]");
}

fn bypass(world: &Signed, until: &str, person: &str) -> std::path::PathBuf {
    let ran = run(
        &world.repo,
        &[
            "certify",
            "gpu_memory",
            "--base",
            "main",
            "--bypass-until",
            until,
            "--agent",
            "lead",
            "--rationale",
            "production is down",
        ],
    );
    let path = world.written(&ran.ends(0));
    world.sign(&path, person);
    world.commit();
    path
}

#[test]
fn an_owners_bypass_lets_one_subject_through_once_and_shouts() {
    let world = Signed::required();
    world.change("2");
    bypass(&world, "3d", "lea");
    world.check().ends(0).says("BYPASS of `gpu_memory`").says("CG513");
    world.land();
    // It continues being told, and lets nothing else through; nor the same content once more.
    run(&world.repo, &["status"]).ends(0).writes("BYPASS without follow-up");
    world.change("3");
    world.check().blocks(&["CG201"]).says("BYPASS without follow-up");
    world.approve("performance-engineer", "pia").land();
    world.change("2");
    world.check().blocks(&["CG202"]).says("BYPASS without follow-up");
}

#[test]
fn a_bypass_by_anybody_else_lets_nothing_through() {
    let world = Signed::required();
    world.change("2");
    bypass(&world, "3d", "pia");
    world.check().blocks(&["CG201"]).says("CG510");
    let too_late = Signed::required();
    too_late.change("2");
    bypass(&too_late, "31d", "lea");
    too_late.check().blocks(&["CG201"]).says("more than 30");
    let edited = Signed::required();
    edited.change("2");
    bypass(&edited, "3d", "lea");
    edited.change("3");
    edited.check().blocks(&["CG201"]);
}

#[test]
fn a_bypass_outweighs_no_refusal() {
    let world = Signed::required();
    world.change("2");
    world.certify("performance-engineer", "NO_GO", &[]);
    bypass(&world, "3d", "lea");
    world.check().blocks(&["CG302"]);
}

#[test]
fn a_component_whose_follow_up_is_overdue_is_blocked_until_it_comes() {
    let world = Signed::required();
    world.change("2");
    let path = bypass(&world, "1h", "lea");
    // Two days ago, due yesterday: as a bypass that landed and was forgotten.
    let text = std::fs::read_to_string(&path).expect("written");
    let id = text
        .lines()
        .find_map(|line| line.strip_prefix("**Certificate ID**: "))
        .expect("an id");
    let field = |name: &str, minutes: i64| format!("**{name}{}", crate::scene::minutes_ago(minutes));
    let aged: Vec<String> = text
        .lines()
        .map(|line| match line {
            line if line.starts_with("**Date**: ") => field("Date**: ", 2 * 24 * 60),
            line if line.starts_with("**Bypass**: ") => field("Bypass**: until ", 24 * 60),
            line if line.starts_with("Certificate Hash: ") => "Certificate Hash:".to_owned(),
            line => line.to_owned(),
        })
        .collect();
    std::fs::write(&path, aged.join("\n") + "\n").expect("writable");
    std::fs::remove_file(format!("{}.sig", path.display())).expect("signed");
    world.sign(&path, "lea");
    world.commit();
    world.check().blocks(&["CG201"]).says("follow-up");
    world.land();
    world.change("3").approve("performance-engineer", "pia");
    world.check().blocks(&["CG514"]);
    // The owner cannot settle the own bypass; a reviewer can.
    let own = world.certify("lead", "APPROVED", &["--supersedes", id]);
    world.sign(&own, "lea");
    world.commit();
    world.check().blocks(&["CG514"]);
    let review = world.certify("performance-engineer", "APPROVED", &["--supersedes", id]);
    world.sign(&review, "pia");
    world.commit();
    world.check().ends(0);
}
