//! `certgate log --verify`: the full history of a ledger is proven, and what happened to it is found.

#![allow(clippy::unwrap_used)]

use crate::scene::{Ran, run};
use crate::signed::{Signed, line};

fn proof(world: &Signed) -> Ran {
    run(&world.repo, &["log", "--verify"])
}

/// A ledger of two certificates, each landed with its change.
fn landed() -> (Signed, [String; 2]) {
    let world = Signed::required();
    world.change("2").approve("performance-engineer", "pia").land();
    let first = world.repo.ask(&["ls-files", "certificates/*.md"]);
    world.change("3").approve("torch-specialist", "tom").land();
    let all = world.repo.ask(&["ls-files", "certificates/*.md"]);
    let second = all.lines().find(|path| *path != first).unwrap().to_owned();
    (world, [first, second])
}

#[test]
fn an_honest_ledger_is_proven_and_says_who_signed() {
    let (world, _) = landed();
    proof(&world)
        .ends(0)
        .writes("2 certificates in 2 commits")
        .writes("2 signed, 0 not")
        .writes("pia@example.org")
        .writes("proven: each was merged once");
    let json = run(&world.repo, &["log", "--verify", "--format", "json"])
        .ends(0)
        .json();
    crate::reports::keeps_to(include_str!("../../docs/schema/proof-v1.json"), &json);
    assert_eq!(json["proven"], true);
    assert_eq!(json["principals"][1]["name"], "tom@example.org");
}

/// Who refused, by what that was lifted, and where that landed, whatever became of the lifter since.
#[test]
fn refusals_and_lifts_are_told_as_events() {
    let world = Signed::required();
    world.change("2");
    let id_of = |path: &std::path::Path| {
        let text = std::fs::read_to_string(path).unwrap();
        let id = text
            .lines()
            .find_map(|line| line.strip_prefix("**Certificate ID**: ").map(str::to_owned));
        id.unwrap()
    };
    let begin = world.repo.ask(&["rev-parse", "main"]);
    // By the lead, on all that changed since the beginning.
    let since_begin = |status: &str, named: &str| {
        let words = [
            "certify",
            "gpu_memory",
            "--base",
            &begin,
            "--target",
            "main",
            "--status",
            status,
        ];
        let more = ["--agent", "lead", "--rationale", "measured", "--supersedes", named];
        world.written(&run(&world.repo, &[&words[..], &more].concat()).ends(0))
    };
    let refusal = world.certify("performance-engineer", "NO_GO", &[]);
    world.sign(&refusal, "pia");
    world.commit().land();
    proof(&world)
        .ends(0)
        .writes("1 refusal:")
        .writes("no approval lifted it");
    world.repo.write("README.md", "more\n");
    world.commit();
    // By the lead, who may lift, and after that may no more.
    let lifting = since_begin("APPROVED", &id_of(&refusal));
    world.sign(&lifting, "lea");
    world.commit().land();
    let landed = world.repo.ask(&["rev-parse", "main"]);
    let milder = crate::signed::policy("required", "")
        .replace(", may_lift: true", "")
        .replace("serial: 1", "serial: 2");
    world.repo.write(".certgate/policy.yaml", milder);
    world.commit().land();
    proof(&world)
        .ends(0)
        .writes("1 refusal:\n  NO_GO by performance-engineer")
        .writes(&format!(
            "lifted by lead ({})",
            lifting.strip_prefix(world.repo.path()).unwrap().display()
        ))
        .writes(&format!("landed in {} on 20", &landed[..10]));
    let json = run(&world.repo, &["log", "--verify", "--format", "json"])
        .ends(0)
        .json();
    crate::reports::keeps_to(include_str!("../../docs/schema/proof-v1.json"), &json);
    assert_eq!(json["refusals"][0]["lifted"][0]["commit"], landed.as_str());
    assert_eq!(json["refusals"][0]["lifted"][0]["revoked"], false);
    assert_eq!(json["refusals"][0]["lifted"][0]["targets"][0], "main");
    // Whoever wrote the approval takes it back.
    let revoking = since_begin("NO_GO", &id_of(&lifting));
    world.sign(&revoking, "lea");
    world.commit().land();
    let json = run(&world.repo, &["log", "--verify", "--format", "json"])
        .ends(0)
        .json();
    assert_eq!(json["refusals"].as_array().unwrap().len(), 2);
    assert_eq!(json["refusals"][0]["lifted"][0]["revoked"], true);
}

#[test]
fn an_edit_is_found_even_where_it_was_undone() {
    let (world, [first, _]) = landed();
    let text = std::fs::read_to_string(world.repo.path().join(&first)).unwrap();
    world.repo.write(&first, text.replace("measured", "guessed"));
    world.commit();
    world.repo.write(&first, &text);
    world.commit();
    let ran = proof(&world).ends(1);
    assert_eq!(ran.errors(), ["CG405", "CG405"]);
    ran.writes("not proven: 2 faults");
}

#[test]
fn a_deletion_is_found_also_of_a_signature_and_also_in_a_merge() {
    let (world, [first, second]) = landed();
    world.repo.git(&["rm", "--quiet", &format!("{first}.sig")]);
    world.commit();
    assert_eq!(proof(&world).ends(1).errors(), ["CG406"]);
    // The other line of history still has it, and loses the second certificate to a merge that keeps nothing.
    world.repo.git(&["switch", "--quiet", "--force-create", "work", "main"]);
    world.repo.git(&["switch", "--quiet", "--create", "old", "main~2"]);
    world.repo.write("README.md", "other\n");
    world.repo.commit("Elsewhere");
    world.repo.git(&[
        "merge",
        "--quiet",
        "--no-verify",
        "--strategy",
        "ours",
        "-m",
        "Merge",
        "main",
    ]);
    let ran = proof(&world).ends(1);
    assert!(
        ran.err.contains(&second) && ran.errors().contains(&"CG406"),
        "{}",
        ran.err
    );
}

#[test]
fn what_came_in_by_two_ways_is_one_and_what_was_moved_is_the_same() {
    let (world, [first, _]) = landed();
    world.repo.git(&["switch", "--quiet", "--create", "picked", "main~4"]);
    world
        .repo
        .git(&["cherry-pick", "--keep-redundant-commits", "main~3", "main~2"]);
    world
        .repo
        .git(&["merge", "--quiet", "--no-verify", "--no-edit", "-X", "theirs", "main"]);
    proof(&world).ends(0).writes("2 certificates");
    let moved = first.replace("certificates/", "certificates/archive/");
    std::fs::create_dir(world.repo.path().join("certificates/archive")).unwrap();
    world.repo.git(&["mv", &first, &moved]);
    world
        .repo
        .git(&["mv", &format!("{first}.sig"), &format!("{moved}.sig")]);
    world.commit();
    proof(&world).ends(0).writes("proven");
}

#[test]
fn two_of_one_id_are_found() {
    let (world, [first, _]) = landed();
    let text = std::fs::read_to_string(world.repo.path().join(&first)).unwrap();
    world
        .repo
        .write("certificates/copy_gpu_memory_20250101_000000.md", format!("{text}\n"));
    world.commit();
    assert_eq!(proof(&world).ends(1).errors(), ["CG403"]);
}

#[test]
fn a_signature_is_good_by_the_keys_of_its_time_but_not_by_a_revoked_one() {
    let (world, _) = landed();
    // Pia's key is taken off the list: she left.
    let rest = ["tom", "lea"].map(|name| line(&world.repo, name, &format!("{name}@example.org"), ""));
    world.repo.write(".certgate/allowed_signers", rest.concat());
    world.commit();
    proof(&world).ends(0).writes("2 signed, 0 not");
    // It is revoked: it was stolen.
    let key = std::fs::read(world.repo.home().join("pia.pub")).unwrap();
    world.repo.write(".certgate/revoked_keys", key);
    world.commit();
    assert_eq!(proof(&world).ends(1).errors(), ["CG507"]);
}

#[test]
fn a_revoked_approval_is_told_as_long_as_what_it_certified_is_there() {
    let (world, _) = landed();
    let path = world
        .repo
        .ask(&["log", "-1", "--format=", "--name-only", "--", "certificates/*.md"]);
    let path = path.lines().find(|path| path.ends_with(".md")).unwrap();
    let text = std::fs::read_to_string(world.repo.path().join(path)).unwrap();
    let id = text
        .lines()
        .find_map(|line| line.strip_prefix("**Certificate ID**: "))
        .unwrap();
    world.change("9");
    let revoking = world.certify("torch-specialist", "REJECTED", &["--supersedes", id]);
    world.sign(&revoking, "tom");
    world.repo.write("src/train/loop.py", "def step():\n    return 3\n");
    world.commit();
    let ran = proof(&world).ends(0);
    assert_eq!(ran.warnings(), ["CG407"]);
    ran.says("still as it certified: src/train/loop.py");
}

#[test]
fn a_shallow_clone_proves_nothing() {
    let (world, _) = landed();
    let url = format!("file://{}", world.repo.path().display());
    world.repo.git(&["clone", "--quiet", "--depth", "1", &url, "shallow"]);
    let ran: Ran = world
        .repo
        .program()
        .args(["log", "--verify"])
        .current_dir(world.repo.path().join("shallow"))
        .output()
        .unwrap()
        .into();
    ran.undecided("CG704");
}
