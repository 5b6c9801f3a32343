//! A bot's branch is certified on the target, as `docs/bots.md` says: nobody else pushes to it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use crate::scene::{git, run};
use crate::support::TestRepo;

const POLICY: &str = "version: 1
components:
  - id: dependencies
    match: { paths: [\"**/Cargo.lock\"] }
    require: { agents: [lead] }
";

fn lock(version: &str) -> String {
    format!("[[package]]\nname = \"memchr\"\nversion = \"{version}\"\n")
}

/// A target with hooks, and a branch that a bot has pushed.
fn scene() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("Cargo.lock", lock("2.7.4"));
    repo.write(".certgate/policy.yaml", POLICY);
    repo.commit("begin");
    run(&repo, &["install"]).ends(0);
    repo.git(&["switch", "--quiet", "--create", "bot/memchr"]);
    repo.write("Cargo.lock", lock("2.7.5"));
    repo.commit("Bump memchr from 2.7.4 to 2.7.5");
    repo.git(&["switch", "--quiet", "main"]);
    repo
}

const CHECK: [&str; 5] = ["check", "--base", "main", "--head", "bot/memchr"];
const CERTIFY: [&str; 11] = [
    "certify",
    "dependencies",
    "--base",
    "main",
    "--head",
    "bot/memchr",
    "--status",
    "APPROVED",
    "--agent",
    "lead",
    "--rationale",
];

#[test]
fn the_certificate_of_a_bots_branch_lands_on_the_target() {
    let repo = scene();
    run(&repo, &CHECK).blocks(&["CG201"]);
    run(
        &repo,
        &[&CERTIFY[..], &["the release only fixes documentation"]].concat(),
    )
    .ends(0);
    repo.git(&["add", "certificates"]);
    // The target's own hook lets it in: a certificate alone answers to nothing else.
    git(&repo, &["commit", "--quiet", "-m", "Certify the bump"]).ends(0);
    run(&repo, &CHECK).ends(0);
    // The bot rebases its branch: coverage is by content.
    repo.git(&["switch", "--quiet", "bot/memchr"]);
    repo.git(&["rebase", "--quiet", "main"]);
    repo.git(&["switch", "--quiet", "main"]);
    run(&repo, &CHECK).ends(0);
    // It goes on to the next version: that is other content.
    repo.git(&["switch", "--quiet", "bot/memchr"]);
    repo.write("Cargo.lock", lock("2.8.0"));
    repo.commit("Bump memchr from 2.7.5 to 2.8.0");
    repo.git(&["switch", "--quiet", "main"]);
    let ran = run(&repo, &CHECK).blocks(&["CG202"]);
    ran.says("-version = \"2.7.5\"").says("+version = \"2.8.0\"");
    // Only the difference is looked at, and it is certified on the target, too.
    run(
        &repo,
        &[&CERTIFY[..], &["2.8 allocates no more than 2.7", "--delta"]].concat(),
    )
    .ends(0);
    repo.git(&["add", "certificates"]);
    git(&repo, &["commit", "--quiet", "-m", "Certify the next bump"]).ends(0);
    run(&repo, &CHECK).ends(0);
    git(&repo, &["merge", "--quiet", "--no-edit", "bot/memchr"]).ends(0);
}

#[test]
fn a_refusal_on_the_target_holds_the_bots_branch() {
    let repo = scene();
    let mut refuse = CERTIFY;
    refuse[7] = "NO_GO";
    run(&repo, &[&refuse[..], &["the release doubles the table"]].concat()).ends(0);
    repo.git(&["add", "certificates"]);
    git(&repo, &["commit", "--quiet", "-m", "Refuse the bump"]).ends(0);
    run(&repo, &CHECK).blocks(&["CG302"]);
    git(&repo, &["merge", "--quiet", "--no-edit", "bot/memchr"]).ends(1);
}

/// A target whose policy trusts patches of lock files, by whoever they are.
fn trusting(entry: &str) -> TestRepo {
    let repo = TestRepo::new();
    repo.write("Cargo.toml", "[dependencies]\nmemchr = \"2.7.4\"\n");
    repo.write("src/lib.rs", "");
    repo.write(
        ".certgate/policy.yaml",
        format!("{POLICY}trusted_bumps: {entry}\n").replace("Cargo.lock", "Cargo.toml"),
    );
    repo.commit("begin");
    run(&repo, &["install"]).ends(0);
    repo.git(&["switch", "--quiet", "--create", "bot/memchr"]);
    repo.write("Cargo.toml", "[dependencies]\nmemchr = \"2.7.5\"\n");
    repo.commit("Bump memchr from 2.7.4 to 2.7.5");
    repo.git(&["switch", "--quiet", "main"]);
    repo
}

#[test]
fn a_trusted_bump_is_merged_without_a_certificate_and_says_what_grew() {
    let repo = trusting("{ paths: [\"**/Cargo.toml\"], max: patch }");
    let ran = run(&repo, &CHECK).ends(0);
    assert!(ran.err.contains("note[CG683]"), "{}", ran.err);
    let ran = ran.says("memchr 2.7.4 -> 2.7.5");
    assert!(
        ran.said().contains("1 gated file of nothing but trusted bumps"),
        "{}",
        ran.said()
    );
    let json = run(&repo, &[&CHECK[..], &["--format", "json"]].concat()).ends(0).json();
    crate::reports::keeps_to(include_str!("../../docs/schema/verdict-v1.json"), &json);
    let file = &json["components"][0]["files"][0];
    assert_eq!(file["covered"], true);
    assert_eq!(file["requirement"]["approvals"]["need"], 0);
    assert!(
        file["trusted_bump"].as_str().unwrap().contains("memchr 2.7.4 -> 2.7.5"),
        "{file}"
    );
    git(&repo, &["merge", "--quiet", "--no-ff", "--no-edit", "bot/memchr"]).ends(0);
    // A commit in the making, and what is no patch.
    repo.write("Cargo.toml", "[dependencies]\nmemchr = \"2.7.6\"\n");
    git(&repo, &["commit", "--quiet", "-a", "-m", "Bump"]).ends(0);
    repo.write("Cargo.toml", "[dependencies]\nmemchr = \"2.8.0\"\n");
    git(&repo, &["commit", "--quiet", "-a", "-m", "Bump"]).blocks(&["CG201"]);
}

#[test]
fn the_change_is_held_against_the_target_as_it_is_now() {
    let repo = trusting("[{ paths: [\"**/Cargo.toml\"], max: patch, components: [dependencies] }]");
    // The target has gone elsewhere since, and the merge takes the bot's line: of 3.0.0 nobody trusts 2.7.5.
    repo.git(&["switch", "--quiet", "bot/memchr"]);
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("Cargo.toml", "[dependencies]\nmemchr = \"3.0.0\"\n");
    repo.commit("Bump by hand");
    repo.git(&["switch", "--quiet", "bot/memchr"]);
    repo.try_git(&["merge", "--quiet", "main"]);
    repo.write("Cargo.toml", "[dependencies]\nmemchr = \"2.7.5\"\n");
    repo.commit("Merge");
    repo.git(&["switch", "--quiet", "main"]);
    run(&repo, &CHECK).blocks(&["CG201"]);
}

#[test]
fn the_policy_says_what_is_wrong_with_an_entry() {
    let check = |entry: &str, code: &str, says: &str| {
        let repo = TestRepo::new();
        let policy = format!("{POLICY}trusted_bumps:\n  - {entry}\n");
        repo.write(".certgate/policy.yaml", policy);
        repo.commit("begin");
        let ran = run(&repo, &["policy", "check"]);
        let told = [ran.errors(), ran.warnings()].concat();
        assert!(told.contains(&code), "{entry}: {}", ran.said());
        ran.says(says);
    };
    check("{ max: patch }", "CG002", "needs `paths`");
    check("{ paths: [\"!x\"], max: patch }", "CG002", "needs `paths`");
    check("{ paths: [Cargo.lock] }", "CG002", "write `max: patch`");
    check(
        "{ paths: [Cargo.lock], max: major }",
        "CG009",
        "is not one of patch, minor",
    );
    check(
        "{ paths: [Cargo.lock], max: patch, authors: [bot] }",
        "CG003",
        "unknown key `authors`",
    );
    check(
        "{ paths: [Cargo.lock], max: patch, signed_by: [bot] }",
        "CG009",
        "without signatures nobody can tell",
    );
    check(
        "{ paths: [Cargo.lock], max: patch, components: [dependency] }",
        "CG009",
        "there is no component",
    );
    check(
        "{ paths: [Cargo.lock], max: patch, components: [certgate-policy] }",
        "CG009",
        "there is no component",
    );
    check("{ paths: [\"[\"], max: patch }", "CG005", "bad glob");
    check("{ paths: [gone/Cargo.lock], max: patch }", "CG015", "matches no");
}

#[test]
fn a_policy_with_trusted_bumps_is_shown_and_taken_up_again() {
    let repo = trusting("{ paths: [\"**/Cargo.toml\"], max: patch }");
    let shown = run(&repo, &["policy", "show", "--format", "yaml"]).ends(0).out;
    assert!(shown.contains("trusted_bumps:"), "{shown}");
    repo.write(".certgate/policy.yaml", shown);
    repo.commit("written out");
    repo.git(&["branch", "--force", "bot/memchr", "main"]);
    run(&repo, &["policy", "check"]).ends(0);
    let json = run(&repo, &["policy", "show", "--format", "json"]).ends(0).json();
    crate::reports::keeps_to(include_str!("../../docs/schema/policy-v1.json"), &json);
    assert_eq!(json["policy"]["trusted_bumps"][0]["max"], "patch", "{json}");
    let text = run(&repo, &["policy", "show"]).ends(0).out;
    assert!(text.contains("trusted_bumps"), "{text}");
}
