//! Family: imports. Policies of other repositories that would judge by something else than what was pinned, or milder.

use sha2::{Digest as _, Sha256};

use super::attacks;
use super::content::certify;
use super::world::check;
use crate::scene::{POLICY, Ran, with_policy};
use crate::support::TestRepo;

/// What is imported: it gates `kernels/`.
pub(crate) const SHARED: &str = "version: 1
components:
  - { id: kernels, match: { paths: [\"kernels/**\"] } }
";

pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn copy_of(text: &str) -> String {
    format!(".certgate/imports/{}.yaml", sha256(text))
}

/// A policy that imports something of this digest.
fn importing(digest: &str) -> String {
    pinned("https://example.org/policies.git", &"1".repeat(40), digest)
}

fn pinned(url: &str, rev: &str, digest: &str) -> String {
    let entry = format!("{{ git: \"{url}\", rev: \"{rev}\", path: speed.yaml, sha256: \"{digest}\" }}");
    POLICY.replace("version: 1\n", &format!("version: 1\nextends: [{entry}]\n"))
}

/// A policy that imports this text, with its copy.
fn write(repo: &TestRepo, text: &str) {
    repo.write(".certgate/policy.yaml", importing(&sha256(text)));
    repo.write(copy_of(text), text);
}

/// `main` imports [`SHARED`]; a branch `work` is checked out.
fn world() -> TestRepo {
    let repo = with_policy();
    write(&repo, SHARED);
    repo.write("kernels/a.cu", "a\n");
    repo.commit("Import");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo
}

/// Something is done to the policy, and whoever may certify that has.
fn certified(act: impl Fn(&TestRepo)) -> Ran {
    let repo = world();
    act(&repo);
    repo.commit("Change the policy");
    certify(&repo, "certgate-policy");
    check(&repo)
}

/// The same where the certificate is of a policy that nobody can read: written by hand, since certgate writes none.
fn by_hand(act: impl Fn(&TestRepo)) -> Ran {
    let repo = world();
    act(&repo);
    let text = crate::scene::of_status("APPROVED", "honest-1")
        .replace("gpu_memory", "certgate-policy")
        .replace("`src/train/loop.py`", "`.certgate/`");
    repo.write("certificates/review_certgate-policy_20250102_030405.md", text);
    repo.commit("Change the policy");
    check(&repo)
}

/// Another policy is imported, honestly.
fn updated() -> Ran {
    certified(|repo| {
        repo.git(&["rm", "--quiet", &copy_of(SHARED)]);
        write(
            repo,
            &format!("{SHARED}  - {{ id: cubes, match: {{ paths: [\"cubes/**\"] }} }}\n"),
        );
    })
}

/// Another text is imported.
fn brings(text: &str) -> Ran {
    by_hand(|repo| write(repo, text))
}

/// The pin of the policy that is there is written another way.
fn repinned(url: &str, rev: &str, digest: &str) -> Ran {
    by_hand(|repo| repo.write(".certgate/policy.yaml", pinned(url, rev, digest)))
}

fn other_commit() -> Ran {
    by_hand(|repo| {
        let text = pinned("ssh://git@example.org/policies.git", &"2".repeat(64), &sha256(SHARED));
        repo.write(".certgate/policy.yaml", text);
    })
}

fn without(path: &str, repo: &TestRepo) {
    std::fs::remove_file(repo.path().join(path)).expect("there");
}

/// A change of what the import gates.
fn gated(certificate: bool, act: impl Fn(&TestRepo)) -> Ran {
    let repo = world();
    repo.write("kernels/a.cu", "b\n");
    act(&repo);
    repo.commit("Change a kernel");
    if certificate {
        certify(&repo, "kernels");
    }
    check(&repo)
}

/// `main` itself has a pin and perhaps its copy; the change is of a document.
fn landed(copy: bool) -> Ran {
    let repo = with_policy();
    write(&repo, SHARED);
    if !copy {
        without(&copy_of(SHARED), &repo);
    }
    repo.commit("Import");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write("README.md", "hello again\n");
    repo.commit("Document");
    check(&repo)
}

const BOMB: &str = "version: 1\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";

attacks! {
    a_copy_edited_without_its_pin: "the copy of an imported policy is edited, and the pin is left", ["CG658"], || by_hand(|repo| repo.write(copy_of(SHARED), SHARED.replace("kernels/**", "nowhere/**"))), updated;
    an_edited_copy_and_a_kernel: "the copy is edited so that it does not gate what the same change does", ["CG658", "CG201"], || gated(false, |repo| repo.write(copy_of(SHARED), SHARED.replace("kernels/**", "nowhere/**"))), || gated(true, |_| ());
    a_pin_changed_alone: "the pin names another digest, and no copy of it is there", ["CG658"], || repinned("https://example.org/policies.git", &"1".repeat(40), &sha256("version: 1\n")), other_commit;
    a_pin_of_another_copy: "another copy is put under the pinned name", ["CG658"], || by_hand(|repo| { write(repo, "version: 1\n"); without(&copy_of("version: 1\n"), repo); repo.write(copy_of("version: 1\n"), SHARED); }), updated;
    a_pin_and_its_copy_uncertified: "pin and copy are replaced by a policy that gates nothing, without a certificate", ["CG201"], || { let repo = world(); write(&repo, "version: 1\n"); repo.commit("Import less"); check(&repo) }, updated;
    an_import_taken_out: "the import is taken out, without a certificate", ["CG201"], || { let repo = world(); repo.write(".certgate/policy.yaml", POLICY); repo.commit("Import nothing"); check(&repo) }, || certified(|repo| repo.write(".certgate/policy.yaml", POLICY));
    a_copy_deleted: "the copy is deleted", ["CG658"], || by_hand(|repo| without(&copy_of(SHARED), repo)), updated;
    a_copy_that_is_a_link: "the copy becomes a symbolic link to one with the right bytes", ["CG658"], || by_hand(|repo| { without(&copy_of(SHARED), repo); repo.write("shared.yaml", SHARED); std::os::unix::fs::symlink("../../shared.yaml", repo.path().join(copy_of(SHARED))).expect("a link"); }), updated;
    a_folder_of_copies_that_is_a_link: "the directory of the copies becomes a link", ["CG658"], || by_hand(|repo| { std::fs::remove_dir_all(repo.path().join(".certgate/imports")).expect("there"); repo.write(format!("elsewhere/{}.yaml", sha256(SHARED)), SHARED); std::os::unix::fs::symlink("../elsewhere", repo.path().join(".certgate/imports")).expect("a link"); }), updated;
    a_copy_that_is_a_directory: "the copy becomes a directory", ["CG658"], || by_hand(|repo| { without(&copy_of(SHARED), repo); repo.write(format!("{}/x", copy_of(SHARED)), SHARED); }), updated;
    a_copy_of_huge_size: "a copy of more than 1 MiB, with the right digest", ["CG658"], || brings(&format!("{SHARED}# {}\n", "x".repeat(1 << 20))), updated;
    a_copy_with_a_bomb_of_aliases: "a copy whose aliases expand without end", ["CG008"], || brings(BOMB), updated;
    a_copy_with_a_costly_pattern: "a copy with a pattern that would take memory without end", ["CG005"], || brings("version: 1\ncomponents: [{ id: bomb, match: { content: ['((a{1000}){1000}){1000}'] } }]\n"), updated;
    a_copy_with_hidden_lines: "a rule of the copy is behind a line separator", ["CG014"], || brings(&format!("{SHARED}# note\u{2028}stamps: allow\n")), updated;
    a_copy_that_is_no_policy: "a copy with a key that nobody reads", ["CG003"], || brings("version: 1\nexcempt: [\"**\"]\n"), updated;
    a_digest_in_capitals: "the digest in capitals, so that the copy has two names", ["CG009"], || repinned("https://example.org/policies.git", &"1".repeat(40), &sha256(SHARED).to_uppercase()), other_commit;
    a_digest_cut_short: "a digest of 12 digits", ["CG009"], || repinned("https://example.org/policies.git", &"1".repeat(40), &sha256(SHARED)[..12]), other_commit;
    a_branch_in_place_of_a_commit: "a branch in place of a commit", ["CG009"], || repinned("https://example.org/policies.git", "main", &sha256(SHARED)), other_commit;
    an_address_that_is_an_option: "an address that git takes for an option", ["CG009"], || repinned("--upload-pack=touch pwned", &"1".repeat(40), &sha256(SHARED)), other_commit;
    an_address_that_is_a_command: "an address of the protocol that runs commands", ["CG009"], || repinned("ext::sh -c touch% pwned", &"1".repeat(40), &sha256(SHARED)), other_commit;
    an_address_without_encryption: "an address that anybody on the way can answer for", ["CG009"], || repinned("http://example.org/policies.git", &"1".repeat(40), &sha256(SHARED)), other_commit;
    an_import_that_excludes: "an import that excludes every file from everything", ["CG659"], || brings(&format!("{SHARED}exclude: [\"**\"]\n")), updated;
    an_import_that_enforces_nothing: "an import in which nothing is enforced", ["CG659"], || brings(&format!("{SHARED}enforce: [{{ branches: [\"**\"], pre-commit: off, pre-push: off, merge: off }}]\n")), updated;
    an_import_with_agents: "an import that says who may speak for an agent, and lift", ["CG659"], || brings(&format!("{SHARED}agents: {{ performance-engineer: {{ principals: [eve@example.org], may_lift: true }} }}\n")), updated;
    an_import_with_owners: "an import that names who may bypass", ["CG659"], || brings(&format!("{SHARED}policy: {{ owners: [eve] }}\n")), updated;
    an_import_that_counts_stamps: "an import by which approvals count that say nothing", ["CG659"], || brings(&format!("{SHARED}stamps: allow\n")), updated;
    an_import_that_trusts_bumps: "an import that trusts versions to grow", ["CG659"], || brings(&format!("{SHARED}trusted_bumps: {{ paths: [\"**/Cargo.lock\"], max: minor }}\n")), updated;
    an_import_with_certificates_anywhere: "an import by which any document is a certificate", ["CG659"], || brings(&format!("{SHARED}certificates: [\"**/*.md\"]\n")), updated;
    an_import_that_imports: "an import that imports another policy", ["CG659"], || brings(&format!("version: 1\nextends: [{{ git: \"https://example.org/x.git\", rev: {}, path: x.yaml, sha256: {} }}]\n", "1".repeat(40), sha256(SHARED))), updated;
    an_import_with_a_second_parser: "an import with a component of a name that the policy uses for another", ["CG006"], || brings("version: 1\ncomponents: [{ id: memory, aliases: [gpu-memory], match: { paths: [x] } }]\n"), updated;
    what_an_import_gates: "a change of what only an import gates, uncertified", ["CG201"], || gated(false, |_| ()), || gated(true, |_| ());
    a_landed_pin_without_a_copy: "`main` has a pin and no copy, so that the policy is half there", ["CG658"], || landed(false), || landed(true);
}
