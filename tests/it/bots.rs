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
