//! Family: moves. A certificate of the ledger leaves its path, or its signature, or becomes something else there.

use std::path::PathBuf;

use super::attacks;
use super::world::signed;
use crate::scene::{Ran, by_hand, minutes_ago, run, with_policy};
use crate::signed::Signed;
use crate::support::TestRepo;

const REFUSAL: &str = "certificates/no_gpu_memory_20250101_000000.md";
const OTHER: &str = "certificates/old_gpu_memory_20250101_000000.md";

fn certificate(status: &str, id: &str) -> String {
    by_hand(&format!("**Status**: {status}"), id, &minutes_ago(40)).replace("performance-engineer", "auditor")
}

/// `main` holds a refusal and an old approval, and the branch does something to them, beside a change that nothing gates.
fn beside(act: impl FnOnce(&TestRepo)) -> Ran {
    let repo = with_policy();
    repo.write(REFUSAL, certificate("NO_GO", "no-1"));
    repo.write(OTHER, certificate("APPROVED", "old-1"));
    repo.commit("Decide");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write("README.md", "changed\n");
    act(&repo);
    repo.commit("Change");
    run(&repo, &["check", "--base", "main"])
}

fn moved(from: &str, to: &str) -> Ran {
    beside(|repo| mv(repo, from, to))
}

fn mv(repo: &TestRepo, from: &str, to: &str) {
    let target = repo.path().join(to);
    std::fs::create_dir_all(target.parent().expect("a folder")).expect("writable");
    std::fs::rename(repo.path().join(from), target).expect("there");
}

/// Moved as it may be.
fn honest() -> Ran {
    moved(REFUSAL, "certificates/2025/no_gpu_memory_20250101_000000.md")
}

fn nothing() -> Ran {
    beside(|_| ())
}

/// A submodule is where the refusal was.
fn submodule(repo: &TestRepo, path: &str) {
    let head = repo.ask(&["rev-parse", "HEAD"]);
    if repo.path().join(path).exists() {
        std::fs::remove_file(repo.path().join(path)).expect("there");
    }
    repo.git(&["add", "--all"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},{path}")]);
    repo.git(&["commit", "--quiet", "--no-verify", "--message", "Change"]);
    std::fs::create_dir_all(repo.path().join(path)).expect("writable");
}

fn link(repo: &TestRepo, path: &str, to: &str) {
    let at = repo.path().join(path);
    let _gone = std::fs::remove_file(&at);
    std::os::unix::fs::symlink(to, at).expect("a link");
}

/// Only the file name says which component it is on, or when.
fn by_name(text: &str, to: &str) -> Ran {
    let repo = with_policy();
    repo.write(REFUSAL, text);
    repo.commit("Decide");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    mv(&repo, REFUSAL, to);
    repo.commit("Move");
    run(&repo, &["check", "--base", "main"])
}

fn without(field: &str) -> String {
    certificate("NO_GO", "no-1").replace(&format!("**{field}**"), "**Note**")
}

/// Two steps, of which each is judged on its own, and then both together.
fn two_steps(first: &str, second: &str) -> Ran {
    beside(|repo| {
        mv(repo, REFUSAL, first);
        repo.commit("Move");
        mv(repo, first, second);
    })
}

/// A signed approval in the base, and something done to it.
fn signed_base(act: fn(&Signed, &str)) -> Ran {
    let world = signed();
    world.approve("performance-engineer", "pia").land();
    let path = world.repo.ask(&["ls-files", "certificates/*.md"]);
    world.repo.write("README.md", "changed\n");
    act(&world, &path);
    world.commit().check()
}

fn archived(path: &str) -> String {
    path.replace("certificates/", "certificates/archive/")
}

fn both_moved() -> Ran {
    signed_base(|world, path| {
        mv(&world.repo, path, &archived(path));
        mv(&world.repo, &format!("{path}.sig"), &format!("{}.sig", archived(path)));
    })
}

fn ledger_of(repo: &TestRepo) -> PathBuf {
    repo.path().join("certificates")
}

attacks! {
    to_the_name_of_a_signature: "the refusal is renamed to its signature's name", ["CG402"], || moved(REFUSAL, "certificates/no_gpu_memory_20250101_000000.md.sig"), honest;
    to_the_name_of_another_s_signature: "the refusal becomes what is beside another certificate as its signature", ["CG402"], || moved(REFUSAL, "certificates/old_gpu_memory_20250101_000000.md.sig"), honest;
    to_another_ending: "the refusal gets the ending `.txt`", ["CG402"], || moved(REFUSAL, "certificates/no_gpu_memory_20250101_000000.txt"), honest;
    to_capitals: "the folder of the certificates is renamed to `Certificates`", ["CG402"], || beside(|repo| mv(repo, "certificates", "Certificates")), honest;
    to_an_ending_in_capitals: "the refusal gets the ending `.MD`", ["CG402"], || moved(REFUSAL, "certificates/no_gpu_memory_20250101_000000.MD"), honest;
    to_another_folder: "the folder of the certificates is renamed", ["CG402"], || beside(|repo| mv(repo, "certificates", "certificates.old")), || beside(|repo| mv(repo, OTHER, "certificates/old/old_gpu_memory_20250101_000000.md"));
    into_a_directory_of_its_own_name: "the refusal is moved into a directory that has its name", ["CG402"], || beside(|repo| { mv(repo, REFUSAL, "moving.md"); mv(repo, "moving.md", &format!("{REFUSAL}/no_gpu_memory_20250101_000000.md")); }), honest;
    behind_a_link: "the folder of the certificates becomes a link to where they are now", ["CG402"], || beside(|repo| { mv(repo, "certificates", "elsewhere"); link(repo, "certificates", "elsewhere"); }), honest;
    to_a_submodule: "the refusal becomes a submodule", ["CG402"], || beside(|repo| submodule(repo, REFUSAL)), nothing;
    a_folder_to_a_submodule: "the folder of the certificates becomes a submodule", ["CG402"], || beside(|repo| { std::fs::remove_dir_all(ledger_of(repo)).expect("there"); submodule(repo, "certificates"); }), nothing;
    to_a_link_to_itself_elsewhere: "the refusal is moved away, and a link to it stays", ["CG402"], || beside(|repo| { mv(repo, REFUSAL, "elsewhere.md"); link(repo, REFUSAL, "../elsewhere.md"); }), honest;
    by_way_of_a_certificate_path: "the refusal is moved where it may be, and then away", ["CG402"], || two_steps("certificates/2025/no_gpu_memory_20250101_000000.md", "docs/no_gpu_memory_20250101_000000.md"), || two_steps("certificates/2025/no_gpu_memory_20250101_000000.md", "certificates/2026/no_gpu_memory_20250101_000000.md");
    exchanged_with_another: "the refusal and the approval exchange their paths", ["CG401", "CG402"], || beside(|repo| { mv(repo, REFUSAL, "x"); mv(repo, OTHER, REFUSAL); mv(repo, "x", OTHER); }), nothing;
    over_another: "the refusal is moved over the old approval", ["CG401", "CG402"], || moved(REFUSAL, OTHER), honest;
    one_of_two_copies: "the refusal is copied to another certificate path", ["CG403"], || beside(|repo| { let text = std::fs::read(repo.path().join(REFUSAL)).expect("there"); repo.write("certificates/again_gpu_memory_20250101_000000.md", text); }), honest;
    to_another_component_by_its_name: "a refusal of which only the file name tells the component gets another name", ["CG402"], || by_name(&without("Component"), "certificates/no_data_loading_20250101_000000.md"), || by_name(&without("Component"), "certificates/2025/no_gpu_memory_20250101_000000.md");
    to_another_moment_by_its_name: "a refusal of which only the file name tells the moment gets another name", ["CG402"], || by_name(&without("Date"), "certificates/no_gpu_memory_20200101_000000.md"), || by_name(&without("Date"), "certificates/2025/no_gpu_memory_20250101_000000.md");
    without_its_signature: "a signed approval is moved, and its signature stays", ["CG402"], || signed_base(|world, path| mv(&world.repo, path, &archived(path))), both_moved;
    its_signature_alone: "the signature of an approval is moved to the name of another certificate's", ["CG402"], || signed_base(|world, path| mv(&world.repo, &format!("{path}.sig"), "certificates/x_gpu_memory_20250101_000000.md.sig")), both_moved;
    its_signature_to_a_link: "the signature of an approval becomes a link to the same signature", ["CG402"], || signed_base(|world, path| { mv(&world.repo, &format!("{path}.sig"), "keep"); link(&world.repo, &format!("{path}.sig"), "../keep"); }), both_moved;
    its_signature_to_capitals: "the signature of an approval gets the ending `.SIG`", ["CG402"], || signed_base(|world, path| mv(&world.repo, &format!("{path}.sig"), &format!("{path}.SIG"))), both_moved;
    source_as_a_signature_of_nothing: "source code called like a signature, beside no certificate, in a gated folder", ["CG201", "CG302"], || beside(|repo| repo.write("src/train/x.md.sig", "import torch\n")), nothing;
    armour_beside_nothing: "a complete signature, beside no certificate, in a gated folder", ["CG201"], || signed_base(|world, path| { let text = std::fs::read(world.repo.path().join(format!("{path}.sig"))).expect("there"); world.repo.write("src/train/y.md.sig", text); }), both_moved;
}
