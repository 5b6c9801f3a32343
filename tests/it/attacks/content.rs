//! Family: content. What was certified is not what is merged.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::OnceLock;

use super::attacks;
use super::world::{approval, check, open};
use crate::scene::{CERTIFICATE, POLICY, Ran, git, run};
use crate::support::TestRepo;

const LOOP: &str = "src/train/loop.py";
const OTHER: &str = "def step():\n    return 3\n";

/// Of something else, but not source code either.
const SIGNATURE: &str = include_str!("../../../src/trust/testdata/ed25519.sig");

/// A commit with a certificate that has a SUBJECT for what the branch changes.
pub(super) fn certify(repo: &TestRepo, component: &str) {
    let arguments = [
        "certify",
        component,
        "--base",
        "main",
        "--status",
        "APPROVED",
        "--agent",
        "performance-engineer",
        "--rationale",
        "measured",
    ];
    run(repo, &arguments).ends(0);
    repo.commit("Certify");
}

/// The gated change of [`open`], certified.
pub(super) fn certified() -> TestRepo {
    static MADE: OnceLock<TestRepo> = OnceLock::new();
    MADE.get_or_init(|| {
        let repo = open();
        certify(&repo, "gpu_memory");
        repo
    })
    .copy()
}

/// What CI says when something more was committed on top of the certified change.
fn then(edit: impl Fn(&TestRepo)) -> Ran {
    let repo = certified();
    edit(&repo);
    repo.commit("More");
    check(&repo)
}

fn wrote(path: &str, text: &str) -> Ran {
    then(|repo| repo.write(path, text))
}

fn amended(path: &str) -> Ran {
    let repo = certified();
    repo.write(path, OTHER);
    repo.git(&["commit", "--quiet", "--no-verify", "--all", "--amend", "--no-edit"]);
    check(&repo)
}

/// `main` changed the gated line too; the conflict is resolved to this text.
fn resolved(text: &str) -> Ran {
    let repo = certified();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write(LOOP, "def step():\n    return 4\n");
    repo.commit("Change the step, too");
    repo.git(&["switch", "--quiet", "work"]);
    assert!(!repo.try_git(&["merge", "--quiet", "main"]).status.success());
    repo.write(LOOP, text);
    repo.commit("Merge");
    check(&repo)
}

/// A merge without conflicts in which somebody edited a file.
fn merged_with(path: &str) -> Ran {
    let repo = certified();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("docs/news.txt", "news\n");
    repo.commit("News");
    repo.git(&["switch", "--quiet", "work"]);
    repo.git(&["merge", "--quiet", "--no-commit", "main"]);
    repo.write(path, OTHER);
    repo.commit("Merge");
    check(&repo)
}

fn executable(path: &str) -> Ran {
    then(|repo| {
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(repo.path().join(path), mode).expect("a file");
    })
}

fn removed(repo: &TestRepo, path: &str) {
    std::fs::remove_file(repo.path().join(path)).expect("a file");
}

fn linked(path: &str) -> Ran {
    then(|repo| {
        removed(repo, path);
        symlink("/etc/hostname", repo.path().join(path)).expect("a link");
    })
}

/// A link in place of a directory that is not there yet.
fn linked_directory(path: &str) -> Ran {
    let policy = POLICY.replace("\"src/train/**\"", "\"kernels/**\"");
    let repo = governed(&policy);
    symlink("src", repo.path().join(path)).expect("a link");
    repo.commit("Link");
    check(&repo)
}

/// A submodule in place of a file.
fn gitlinked(path: &str) -> Ran {
    let repo = certified();
    removed(&repo, path);
    repo.git(&["add", "--all"]);
    let entry = format!("160000,{},{path}", repo.ask(&["rev-parse", "HEAD"]));
    repo.git(&["update-index", "--add", "--cacheinfo", &entry]);
    repo.git(&["commit", "--quiet", "--no-verify", "--message", "Submodule"]);
    check(&repo)
}

fn a_directory_for(path: &str) -> Ran {
    then(|repo| {
        removed(repo, path);
        repo.write(format!("{path}/inside.py"), OTHER);
    })
}

fn deleted(path: &str) -> Ran {
    then(|repo| removed(repo, path))
}

fn renamed(from: &str, to: &str) -> Ran {
    then(|repo| {
        repo.write(to, "");
        repo.git(&["mv", "--force", from, to]);
    })
}

/// An ungated file is written in one commit and renamed in the next.
fn renamed_later(to: &str) -> Ran {
    let repo = certified();
    repo.write("tools/fast.py", OTHER);
    repo.commit("A tool");
    repo.write(to, "");
    repo.git(&["mv", "--force", "tools/fast.py", to]);
    repo.commit("Rename");
    check(&repo)
}

/// A certificate by hand between two commits.
fn between(path: &str) -> Ran {
    let repo = open();
    repo.write(CERTIFICATE, approval());
    repo.commit("Certify");
    repo.write(path, OTHER);
    repo.commit("More");
    check(&repo)
}

/// What the hook says when the branch goes into `main` as one of three heads, edited after its certificate by hand.
fn in_an_octopus(path: &str) -> Ran {
    let repo = open();
    repo.write(CERTIFICATE, approval());
    repo.commit("Certify");
    repo.write(path, OTHER);
    repo.commit("More");
    three_heads(&repo)
}

/// Merges `work` and two branches that touch nothing gated into `main`, under the hooks.
pub(super) fn three_heads(repo: &TestRepo) -> Ran {
    for name in ["one", "two"] {
        repo.git(&["switch", "--quiet", "--create", name, "main"]);
        repo.write(name, "x\n");
        repo.commit(name);
    }
    repo.git(&["switch", "--quiet", "main"]);
    run(repo, &["install"]).ends(0);
    git(
        repo,
        &["merge", "--quiet", "--no-ff", "--no-edit", "one", "work", "two"],
    )
}

/// What the hook says when `main`, with its certificate by hand, is merged into a release, and the merge edits a file.
fn merged_back(path: &str) -> Ran {
    let repo = open();
    repo.git(&["branch", "release/1", "main"]);
    repo.write(CERTIFICATE, approval());
    repo.commit("Certify");
    repo.git(&["branch", "--quiet", "--force", "main", "work"]);
    repo.git(&["switch", "--quiet", "release/1"]);
    repo.write("docs/news.txt", "news\n");
    repo.commit("News");
    run(&repo, &["install"]).ends(0);
    repo.git(&["merge", "--quiet", "--no-commit", "main"]);
    repo.write(path, OTHER);
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "--no-edit"])
}

/// A repository with its own policy on `main`, on a branch `work`.
fn governed(policy: &str) -> TestRepo {
    let repo = TestRepo::new();
    repo.write(LOOP, "def step():\n    return 1\n");
    repo.write("README.md", "hello\n");
    repo.write(".certgate/policy.yaml", policy);
    repo.commit("begin");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo
}

/// Under `binding: digest`: a change, its certificate and a later edit, squashed into one commit.
fn squashed(edit: &str) -> Ran {
    let repo = governed(&POLICY.replace("    title:", "    binding: digest\n    title:"));
    repo.write(LOOP, "def step():\n    return 2\n");
    repo.commit("Change the step");
    certify(&repo, "gpu_memory");
    repo.write(LOOP, edit);
    repo.git(&["reset", "--quiet", "--soft", "main"]);
    repo.commit("All in one");
    check(&repo)
}

/// The same with a certificate by hand, which has no SUBJECT, or a sealed one.
fn squashed_by_hand(seal: bool) -> Ran {
    let repo = governed(&POLICY.replace("    title:", "    binding: digest\n    title:"));
    repo.write(LOOP, "def step():\n    return 2\n");
    repo.write(CERTIFICATE, approval());
    if seal {
        repo.git(&["add", "--all"]);
        run(&repo, &["seal", CERTIFICATE, "--staged"]).ends(0);
    }
    repo.commit("All in one");
    check(&repo)
}

/// The certified change is reverted and added again.
fn brought_again(text: &str) -> Ran {
    let repo = certified();
    repo.git(&["revert", "--no-edit", "HEAD~1"]);
    repo.write(LOOP, text);
    repo.commit("Again");
    check(&repo)
}

/// Two certified files, whose contents are exchanged or not.
fn two_files(first: &str, second: &str) -> Ran {
    let repo = open();
    repo.write("src/train/a.py", "a\n");
    repo.write("src/train/b.py", "b\n");
    repo.commit("Two");
    certify(&repo, "gpu_memory");
    repo.write("src/train/a.py", first);
    repo.write("src/train/b.py", second);
    repo.commit("More");
    check(&repo)
}

/// A certified deletion, and then the file is back.
fn deleted_and_back(back: &str) -> Ran {
    let repo = open();
    removed(&repo, LOOP);
    repo.commit("Delete");
    certify(&repo, "gpu_memory");
    repo.write(back, OTHER);
    repo.commit("Back");
    check(&repo)
}

/// A certified pointer to a large file, whose oid is exchanged or not.
fn pointer(oid: char) -> Ran {
    let text = |oid: char| {
        let oid = oid.to_string().repeat(64);
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12345\n")
    };
    let repo = open();
    repo.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    repo.write("src/train/weights.bin", text('a'));
    repo.commit("Weights");
    certify(&repo, "gpu_memory");
    repo.write("src/train/weights.bin", text(oid));
    repo.commit("More");
    check(&repo)
}

/// Attributes beside a line that a content rule gates, or one that it does not.
fn attributes(attributes: &str, line: &str) -> Ran {
    let repo = governed(&POLICY.replace(
        "      messages:",
        "      content: [{ pattern: empty_cache }]\n      messages:",
    ));
    repo.git(&["config", "diff.hide.textconv", "true"]);
    repo.git(&["config", "diff.hide.binary", "true"]);
    repo.git(&["config", "filter.hide.smudge", "true"]);
    repo.write(".gitattributes", attributes);
    repo.write(".git/info/attributes", attributes);
    repo.write("tools/x.py", format!("# $Id$\n{line}\n"));
    repo.commit("A tool");
    check(&repo)
}

const GATED: &str = "torch.cuda.empty_cache()";
const FREE: &str = "print()";

/// A replacement ref makes what `id` names look like what `other` names, to git.
fn replaced(path: &str) -> Ran {
    let repo = certified();
    repo.write(path, OTHER);
    repo.commit("More");
    let id = repo.ask(&["rev-parse", &format!("HEAD:{path}")]);
    let before = repo.ask(&["rev-parse", &format!("HEAD~1:{path}")]);
    repo.git(&["replace", &id, &before]);
    check(&repo)
}

/// The branch's tip is replaced by `main`'s, for git.
fn tip_replaced(repo: TestRepo) -> Ran {
    repo.git(&["replace", "HEAD", "main"]);
    check(&repo)
}

/// A graft by which `main` comes after the branch.
fn grafted(repo: TestRepo) -> Ran {
    let (main, work) = (repo.ask(&["rev-parse", "main"]), repo.ask(&["rev-parse", "work"]));
    repo.write(".git/info/grafts", format!("{main} {work}\n"));
    check(&repo)
}

/// A shallow file that cuts the branch off, for git.
fn cut(repo: TestRepo) -> Ran {
    let id = repo.ask(&["rev-parse", "HEAD"]);
    repo.write(".git/shallow", id + "\n");
    check(&repo)
}

/// A file in a directory of a policy with such paths.
fn path_under(globs: &str, path: &str) -> Ran {
    let repo = governed(&POLICY.replace("\"src/train/**\"", globs));
    repo.write(path, OTHER);
    repo.commit("More");
    check(&repo)
}

/// Files below a directory that is handed to a specialist, approved by a reviewer.
fn handed_off(path: &str) -> Ran {
    let repo = governed(&POLICY.replace(
        "    title:",
        "    handoff: { \"src/train/kernels/**\": torch-specialist }\n    title:",
    ));
    repo.write(path, OTHER);
    repo.commit("More");
    certify(&repo, "gpu_memory");
    check(&repo)
}

/// With certificates in a folder of the gated directory, a file beside them.
fn beside_certificates(path: &str, text: &str) -> Ran {
    let policy = format!("certificates: [\"**/certificates/*.md\"]\n{POLICY}").replace("version: 1\n", "");
    let repo = governed(&format!("version: 1\n{policy}"));
    repo.write(path, text);
    if let Some(certificate) = path.strip_suffix(".sig").filter(|_| path.starts_with("src/")) {
        repo.write(certificate, approval().replace("honest-1", "honest-2"));
    }
    repo.commit("More");
    check(&repo)
}

/// With the gated documents among the certificates: one that approves itself, or is approved by another.
fn approves_itself(itself: bool) -> Ran {
    let policy = POLICY.replace("version: 1\n", "version: 1\ncertificates: [\"docs/*.md\"]\n");
    let repo = governed(&policy.replace("\"src/train/**\"", "\"src/train/**\", \"docs/**\""));
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("docs/spec.md", "# The specification\n");
    repo.commit("Specify");
    repo.git(&["switch", "--quiet", "work"]);
    repo.git(&["merge", "--quiet", "main"]);
    let path = match itself {
        true => "docs/spec.md",
        false => "docs/review_gpu_memory_20250102_030405.md",
    };
    repo.write(path, approval().replace(LOOP, "docs/spec.md"));
    repo.commit("Approve");
    check(&repo)
}

/// A commit whose top tree has one more entry, written as git would not write it.
fn with_entry(mode: &str, name: &str, text: &str) -> Ran {
    let repo = certified();
    let blob = String::from_utf8(
        repo.with_stdin("git", &["hash-object", "-w", "--stdin"], text.as_bytes())
            .stdout,
    )
    .expect("an id");
    let raw = |id: &str| -> Vec<u8> {
        let digits: Vec<u8> = id.trim().bytes().collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("hex"), 16).expect("hex");
        digits.chunks(2).map(byte).collect()
    };
    let mut tree = repo.git(&["cat-file", "tree", "HEAD^{tree}"]).stdout;
    tree.extend([format!("{mode} {name}\0").into_bytes(), raw(&blob)].concat());
    let write = ["hash-object", "-w", "--literally", "-t", "tree", "--stdin"];
    let tree = String::from_utf8(repo.with_stdin("git", &write, &tree).stdout).expect("an id");
    let commit = repo.ask(&["commit-tree", "-p", "HEAD", "-m", "More", tree.trim()]);
    repo.git(&["update-ref", "refs/heads/work", &commit]);
    check(&repo)
}

attacks! {
    a_later_commit: "the certified file is edited by a later commit", ["CG202"], || wrote(LOOP, OTHER), || wrote("README.md", OTHER);
    an_amendment: "the certified file is edited by amending", ["CG202"], || amended(LOOP), || amended("README.md");
    a_resolved_conflict: "a conflict is resolved to what nobody certified", ["CG202"], || resolved(OTHER), || resolved("def step():\n    return 2\n");
    an_evil_merge: "a merge without conflicts edits the certified file", ["CG202"], || merged_with(LOOP), || merged_with("README.md");
    a_mode: "the certified file becomes executable", ["CG202"], || executable(LOOP), || executable("README.md");
    a_link_for_a_file: "the certified file becomes a symbolic link", ["CG202"], || linked(LOOP), || linked("README.md");
    a_link_for_a_directory: "a symbolic link leads to files as if they lay in a gated directory", ["CG201"], || linked_directory("kernels"), || linked_directory("colonels");
    a_link_for_a_directory_in_capitals: "the same in capitals", ["CG201"], || linked_directory("Kernels"), || linked_directory("Colonels");
    a_submodule_for_a_file: "the certified file becomes a submodule", ["CG202"], || gitlinked(LOOP), || gitlinked("README.md");
    a_directory_for_a_file: "the certified file becomes a directory", ["CG202", "CG201"], || a_directory_for(LOOP), || a_directory_for("README.md");
    a_deletion: "the certified file is deleted", ["CG202"], || deleted(LOOP), || deleted("README.md");
    a_deletion_undone: "a certified deletion is undone with other content", ["CG202"], || deleted_and_back(LOOP), || deleted_and_back("README.md");
    a_rename_out: "the certified file is renamed out of the gated directory", ["CG202"], || renamed(LOOP, "src/loop.py"), || renamed("README.md", "READ.md");
    a_rename_in: "an ungated file is renamed into the gated directory", ["CG201"], || renamed_later("src/train/fast.py"), || renamed_later("tools/faster.py");
    contents_exchanged: "two certified files exchange their contents", ["CG202"], || two_files("b\n", "a\n"), || two_files("a\n", "b\n");
    a_commit_after_one_by_hand: "an edit after a certificate by hand, in its own commit", ["CG202", "CG201"], || between(LOOP), || between("README.md");
    an_edit_in_an_octopus: "the same, in the middle one of three heads that are merged", ["CG202", "CG201"], || in_an_octopus(LOOP), || in_an_octopus("README.md");
    an_edit_while_merging_back: "a merge of `main` into a release edits what `main` has a certificate by hand for", ["CG202", "CG201"], || merged_back(LOOP), || merged_back("README.md");
    a_squash_over_an_edit: "certificate and later edit are squashed, so that no commit shows the order", ["CG202"], || squashed(OTHER), || squashed("def step():\n    return 2\n");
    a_squash_by_hand: "under `binding: digest`, a certificate without SUBJECT in the commit that it is about", ["CG201", "CG203"], || squashed_by_hand(false), || squashed_by_hand(true);
    other_content_after_a_revert: "the certified change is reverted, and another made", ["CG202"], || brought_again(OTHER), || brought_again("def step():\n    return 2\n");
    line_endings: "only the line endings of the certified file change", ["CG202"], || wrote(LOOP, "def step():\r\n    return 2\r\n"), || wrote("README.md", "hello\r\n");
    another_large_file: "the oid in a certified LFS pointer is exchanged", ["CG202"], || pointer('b'), || pointer('a');
    attributes_without_diff: "`-diff` on a file with a gated line", ["CG201"], || attributes("*.py -diff\n", GATED), || attributes("*.py -diff\n", FREE);
    attributes_binary: "`binary` on a file with a gated line", ["CG201"], || attributes("*.py binary\n", GATED), || attributes("*.py binary\n", FREE);
    attributes_textconv: "a text conversion that shows nothing", ["CG201"], || attributes("*.py diff=hide\n", GATED), || attributes("*.py diff=hide\n", FREE);
    attributes_filter: "a filter that checks out nothing", ["CG201"], || attributes("*.py filter=hide\n", GATED), || attributes("*.py filter=hide\n", FREE);
    attributes_generated: "a gated line in a file that is called generated, vendored and not for export", ["CG201"], || attributes("* linguist-generated linguist-vendored export-ignore ident\n", GATED), || attributes("* linguist-generated linguist-vendored export-ignore ident\n", FREE);
    a_replaced_blob: "a replacement ref shows the certified content in place of the new", ["CG202"], || replaced(LOOP), || replaced("README.md");
    a_replaced_commit: "a replacement ref shows the base in place of the head", ["CG201"], || tip_replaced(open()), || tip_replaced(certified());
    a_graft: "a graft makes the base a descendant of the head", ["CG201"], || grafted(open()), || grafted(certified());
    a_shallow_file: "a shallow file cuts the branch off", ["CG201"], || cut(open()), || cut(certified());
    a_directory_in_capitals: "`src/Train/loop.py`, which is checked out over `src/train/loop.py` where case does not count", ["CG201"], || wrote("src/Train/loop.py", OTHER), || wrote("src/trainer/loop.py", OTHER);
    a_top_directory_in_capitals: "`SRC/train/loop.py`", ["CG201"], || wrote("SRC/train/loop.py", OTHER), || wrote("SRCS/train/loop.py", OTHER);
    a_rename_to_capitals: "the certified file is renamed to `src/train/LOOP.py`", ["CG202", "CG201"], || renamed(LOOP, "src/train/LOOP.py"), || renamed("README.md", "readme.md");
    a_long_s: "`\u{17f}rc/train/loop.py` with a long s, which folds to s", ["CG201"], || wrote("\u{17f}rc/train/loop.py", OTHER), || wrote("\u{438}rc/train/loop.py", OTHER);
    another_normal_form: "a gated `café` in normal form D", ["CG201"], || path_under("\"src/caf\u{e9}/**\"", "src/cafe\u{301}/x.py"), || path_under("\"src/caf\u{e9}/**\"", "src/cafe/x.py");
    a_code_point_that_is_ignored: "`src/tra\\u200cin`, which HFS+ takes for `src/train`", ["CG201"], || wrote("src/tra\u{200c}in/loop.py", OTHER), || wrote("src/tra-in/loop.py", OTHER);
    an_exemption_in_capitals: "`X.MD` where `*.md` is exempt", ["CG201"], || path_under("\"src/train/**\", \"!**/*.md\"", "SRC/train/X.MD"), || path_under("\"src/train/**\", \"!**/*.md\"", "SRC/train/X.md");
    a_handoff_in_capitals: "`Kernels` where `kernels` is a specialist's", ["CG206"], || handed_off("src/train/Kernels/x.cu"), || handed_off("src/train/colonels/x.cu");
    a_policy_in_capitals: "`.Certgate/policy.yaml`", ["CG201", "CG502"], || wrote(".Certgate/policy.yaml", "version: 1\n"), || wrote(".certgate-old/policy.yaml", "version: 1\n");
    source_among_certificates: "a source file in a folder of certificates", ["CG201"], || beside_certificates("src/train/certificates/loop.py", OTHER), || beside_certificates("docs/certificates/loop.py", OTHER);
    source_called_a_certificate: "source code in a file that is called a certificate", ["CG304"], || beside_certificates("src/train/certificates/loop.md", OTHER), || beside_certificates("src/train/certificates/loop.md", &approval());
    source_called_a_signature: "source code in `loop.py.sig`", ["CG201"], || beside_certificates("src/train/certificates/loop.py.sig", OTHER), || beside_certificates("docs/certificates/loop.py.sig", OTHER);
    source_as_a_signature: "source code as the signature of a certificate", ["CG201"], || beside_certificates("src/train/certificates/loop.md.sig", OTHER), || beside_certificates("src/train/certificates/loop.md.sig", SIGNATURE);
    a_document_that_approves_itself: "a gated document, among the certificates, becomes a certificate that approves it", ["CG401"], || approves_itself(true), || approves_itself(false);
    a_path_for_a_name: "a tree whose entry is called `src/train/loop.py`, beside the directory `src`", ["CG201", "CG202", "CG706", "CG707"], || with_entry("100644", LOOP, OTHER), || with_entry("100644", "zzz", OTHER);
}
