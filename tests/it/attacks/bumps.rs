//! Family: trusted bumps. What is no small growth of versions, or not by whom it must be, is to pass for one.

use super::attacks;
use crate::scene::{Ran, run};
use crate::signed::{Signed, line};
use crate::support::TestRepo;

const MANIFEST: &str = "[package]\nname = \"app\"\nversion = \"1.0.0\"\n[dependencies]\nmemchr = \"2.7.4\"\n";

fn lock(version: &str, source: &str, sum: &str) -> String {
    format!(
        "version = 4\n\n[[package]]\nname = \"memchr\"\nversion = \"{version}\"\nsource = \"{source}\"\nchecksum = \"{}\"\n",
        sum.repeat(32)
    )
}

const REGISTRY: &str = "registry+https://index.example.org";

fn policy(signatures: &str, entry: &str) -> String {
    format!(
        "version: 1\ndefaults: {{ signatures: {signatures} }}\ntrusted_bumps:\n  - {{ paths: [\"**/Cargo.toml\", \"Cargo.lock\"], max: patch{entry} }}\n\
         components:\n  - id: dependencies\n    match: {{ paths: [\"**/Cargo.*\", \"**/*.lock\"] }}\n  - id: core\n    match: {{ paths: [\"src/**\"] }}\n"
    )
}

/// `main` with a manifest and a lock file, a policy that trusts patches of them, and a branch on which something happens.
fn bumped(act: impl FnOnce(&TestRepo)) -> Ran {
    let repo = TestRepo::new();
    repo.write("Cargo.toml", MANIFEST);
    repo.write("Cargo.lock", lock("2.7.4", REGISTRY, "aa"));
    repo.write("src/lib.rs", "pub fn step() {}\n");
    repo.write(".certgate/policy.yaml", policy("off", ""));
    repo.commit("begin");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    act(&repo);
    repo.commit("Bump memchr from 2.7.4 to 2.7.5");
    run(&repo, &["check", "--base", "main"])
}

fn honest(repo: &TestRepo) {
    repo.write("Cargo.toml", MANIFEST.replace("2.7.4", "2.7.5"));
    repo.write("Cargo.lock", lock("2.7.5", REGISTRY, "bb"));
}

fn twin() -> Ran {
    bumped(honest)
}

/// Honest but for one file.
fn but(path: &'static str, content: String) -> Ran {
    bumped(|repo| {
        honest(repo);
        repo.write(path, content);
    })
}

/// A policy that trusts only what the bot has signed, and a bump that is made so.
fn signed(made: impl FnOnce(&Signed)) -> Ran {
    let mut world = Signed::with(&policy("optional", ", signed_by: [pia@example.org]"));
    let mut allowed = line(&world.repo, "pia", "pia@example.org", "");
    allowed += &line(&world.repo, "tom", "tom@example.org", "");
    world.repo.write(".certgate/allowed_signers", allowed);
    world.repo.write("Cargo.toml", MANIFEST);
    world.repo.write("Cargo.lock", lock("2.7.4", REGISTRY, "aa"));
    world.commit().land();
    // Whatever is signed or not: the name is always the bot's.
    world.repo.set("GIT_AUTHOR_NAME", "bot");
    world.repo.set("GIT_AUTHOR_EMAIL", "pia@example.org");
    world.repo.set("GIT_COMMITTER_EMAIL", "pia@example.org");
    honest(&world.repo);
    made(&world);
    world.check()
}

/// Commits with a person's signature, as git makes them.
fn commit_by(world: &Signed, person: &str, message: &str) {
    let key = format!("user.signingKey={}", world.repo.home().join(person).display());
    world.repo.git(&["add", "--all"]);
    world.repo.git(&[
        "-c",
        "gpg.format=ssh",
        "-c",
        &key,
        "commit",
        "--quiet",
        "--gpg-sign",
        "--no-verify",
        "-m",
        message,
    ]);
}

fn by_the_bot() -> Ran {
    signed(|world| commit_by(world, "pia", "Bump"))
}

attacks! {
    a_major_bump: "a bump of a major version among trusted patches", ["CG201"],
        || but("Cargo.toml", MANIFEST.replace("2.7.4", "3.0.0")), twin;
    a_minor_bump_where_patches_are_trusted: "a bump of a minor version where patches are trusted", ["CG201"],
        || but("Cargo.lock", lock("2.8.0", REGISTRY, "bb")), twin;
    a_step_back: "an older version, whose faults are known", ["CG201"],
        || but("Cargo.lock", lock("2.7.3", REGISTRY, "bb")), twin;
    another_registry: "the bumped version comes from another registry", ["CG201"],
        || but("Cargo.lock", lock("2.7.5", "registry+https://evil.example.org", "bb")), twin;
    a_repository_in_place_of_a_registry: "a version becomes a git repository", ["CG201"],
        || but("Cargo.toml", MANIFEST.replace("\"2.7.4\"", "{ git = \"https://evil.example.org/memchr\" }")), twin;
    another_sum_of_the_same_version: "another check sum for the version that was there", ["CG201"],
        || bumped(|repo| repo.write("Cargo.lock", lock("2.7.4", REGISTRY, "bb"))), twin;
    the_old_sum_for_the_new_version: "a new version with the old check sum", ["CG201"],
        || but("Cargo.lock", lock("2.7.5", REGISTRY, "aa")), twin;
    a_profile_beside_the_bump: "a build profile is changed along with the bump", ["CG201"],
        || but("Cargo.toml", MANIFEST.replace("2.7.4", "2.7.5") + "[profile.release]\nopt-level = 0\n"), twin;
    a_dependency_more: "a dependency is added along with the bump", ["CG201"],
        || but("Cargo.toml", MANIFEST.replace("2.7.4", "2.7.5") + "evil = \"1.0.0\"\n"), twin;
    a_file_beside_the_paths: "a gated file that is no manifest changes along with the bump", ["CG201"],
        || but("src/lib.rs", "pub fn step() { loop {} }\n".into()), twin;
    a_lock_file_outside_of_the_paths: "a lock file that the entry does not name", ["CG201"],
        || bumped(|repo| {
            honest(repo);
            repo.write("vendor/Cargo.lock", lock("2.7.5", REGISTRY, "bb"));
        }), twin;
    a_manifest_under_another_name: "the manifest is renamed along with the bump", ["CG201"],
        || bumped(|repo| {
            honest(repo);
            repo.git(&["mv", "Cargo.lock", "Other.lock"]);
        }), twin;
    a_manifest_moved_to_a_trusted_path: "a manifest with other content is moved to where bumps are trusted", ["CG201"],
        || bumped(|repo| {
            honest(repo);
            repo.write("tool/Cargo.toml", MANIFEST.replace("2.7.4", "2.7.5"));
        }), twin;
    a_link_for_a_lock_file: "the lock file becomes a symbolic link to a bumped one", ["CG201"],
        || bumped(|repo| {
            honest(repo);
            std::fs::rename(repo.path().join("Cargo.lock"), repo.path().join("other.txt")).expect("there");
            std::os::unix::fs::symlink("other.txt", repo.path().join("Cargo.lock")).expect("free");
        }), twin;
    a_lock_file_that_runs: "the lock file becomes executable along with the bump", ["CG201"],
        || bumped(|repo| {
            honest(repo);
            repo.git(&["update-index", "--chmod=+x", "Cargo.lock"]);
            repo.git(&["config", "core.fileMode", "false"]);
        }), twin;
    a_policy_that_trusts_more: "the change trusts what it adds by its own policy", ["CG201"],
        || bumped(|repo| {
            repo.write("Cargo.toml", MANIFEST.replace("2.7.4", "2.8.0"));
            repo.write(".certgate/policy.yaml", policy("off", "").replace("patch", "minor"));
        }), twin;
    a_name_in_the_signature_field: "a policy that trusts an author where signatures are off", ["CG009"],
        || bumped(|repo| repo.write(".certgate/policy.yaml", policy("off", ", signed_by: [bot@example.org]"))), twin;
    an_authors_name_forged: "the bot's name in a commit that nobody signed", ["CG201"],
        || signed(|world| drop(world.repo.commit("Bump"))), by_the_bot;
    somebody_elses_signature: "the bot's name in a commit that an allowed signer signed who is not the bot", ["CG201"],
        || signed(|world| commit_by(world, "tom", "Bump")), by_the_bot;
    an_unknown_key: "the bot's name in a commit signed by a key that nobody allowed", ["CG201"],
        || signed(|world| commit_by(world, "eve", "Bump")), by_the_bot;
    a_commit_on_top_of_the_bots: "a second commit, unsigned, on top of the bot's", ["CG201"],
        || signed(|world| {
            commit_by(world, "pia", "Bump");
            world.repo.write("Cargo.toml", MANIFEST.replace("2.7.4", "2.7.6"));
            world.repo.commit("Bump more");
        }), by_the_bot;
    a_signature_of_another_commit: "the signature of the bot's commit in a commit with another lock file", ["CG201"],
        || signed(|world| {
            commit_by(world, "pia", "Bump");
            let good = world.repo.ask(&["cat-file", "commit", "HEAD"]);
            world.repo.write("Cargo.lock", lock("2.7.6", REGISTRY, "cc"));
            world.repo.git(&["add", "--all"]);
            let tree = world.repo.ask(&["write-tree"]);
            let (_, rest) = good.split_once('\n').expect("headers");
            let made = world.repo.with_stdin("git", &["hash-object", "-t", "commit", "-w", "--stdin"], format!("tree {tree}\n{rest}\n").as_bytes());
            let id = String::from_utf8(made.stdout).expect("an id");
            world.repo.git(&["reset", "--quiet", "--hard", id.trim()]);
        }), by_the_bot;
    a_certificates_signature_in_a_commit: "a commit carries a signature that was made for certificates", ["CG201"],
        || signed(|world| {
            world.repo.commit("Bump");
            let plain = world.repo.ask(&["cat-file", "commit", "HEAD"]) + "\n";
            let file = world.repo.home().join("payload");
            std::fs::write(&file, &plain).expect("writable");
            world.sign_as(&file, "pia", "certgate");
            let signature = std::fs::read_to_string(file.with_extension("sig")).expect("signed");
            let header = format!("gpgsig {}", signature.trim_end().replace('\n', "\n "));
            let made = world.repo.with_stdin("git", &["hash-object", "-t", "commit", "-w", "--stdin"], plain.replacen("\n\n", &format!("\n{header}\n\n"), 1).as_bytes());
            let id = String::from_utf8(made.stdout).expect("an id");
            world.repo.git(&["reset", "--quiet", "--hard", id.trim()]);
        }), by_the_bot;
    a_refused_bump: "a bump that is trusted and that somebody refused", ["CG302"],
        || refused("NO_GO"), || refused("ADVISORY_ONLY");
}

/// A trusted bump, with a statement on it.
fn refused(status: &str) -> Ran {
    let repo = TestRepo::new();
    repo.write("Cargo.toml", MANIFEST);
    repo.write(".certgate/policy.yaml", policy("off", ""));
    repo.commit("begin");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write("Cargo.toml", MANIFEST.replace("2.7.4", "2.7.5"));
    repo.commit("Bump");
    let words = ["certify", "dependencies", "--base", "main", "--status", status];
    let by = ["--agent", "lead", "--rationale", "2.7.5 doubles the table"];
    run(&repo, &[&words[..], &by].concat()).ends(0);
    repo.commit("Say so");
    run(&repo, &["check", "--base", "main"])
}
