//! Family: what is merged. The branch is certified as it stands, and the target has moved on, so that something else would go in.

use super::attacks;
use crate::scene::{Ran, by_hand, minutes_ago, run, with_policy};
use crate::support::TestRepo;

const LOOP: &str = "src/train/loop.py";

/// Forty lines, of which one is another.
fn lines(changed: usize) -> String {
    (1..=40)
        .map(|n| {
            if n == changed {
                format!("y{n} = 0\n")
            } else {
                format!("x{n} = {n}\n")
            }
        })
        .collect()
}

/// A branch changes something and certifies it against the fork point; then `main` does something. What would be merged is asked about.
fn moved_on(branch: fn(&TestRepo), main: fn(&TestRepo)) -> Ran {
    let repo = with_policy();
    repo.write(LOOP, lines(0));
    repo.write("lab/fast.py", lines(0));
    repo.write("lab/slow.py", lines(0));
    repo.commit("Longer");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    branch(&repo);
    repo.commit("Change");
    let words = [
        "certify",
        "gpu_memory",
        "--base",
        "main",
        "--status",
        "APPROVED",
        "--agent",
        "performance-engineer",
    ];
    // Nothing gated may have changed; then there is nothing to certify.
    run(&repo, &[&words[..], &["--rationale", "measured"]].concat());
    repo.commit("Certify");
    repo.git(&["switch", "--quiet", "main"]);
    main(&repo);
    repo.commit("Move on");
    run(&repo, &["check", "--base", "main", "--head", "work"])
}

fn edit(repo: &TestRepo) {
    repo.write(LOOP, lines(38));
}

fn elsewhere(repo: &TestRepo) {
    repo.write("README.md", "moved on\n");
}

fn mv(repo: &TestRepo, from: &str, to: &str) {
    let to = repo.path().join(to);
    std::fs::create_dir_all(to.parent().expect("a folder")).expect("writable");
    std::fs::rename(repo.path().join(from), to).expect("there");
}

fn honest() -> Ran {
    moved_on(edit, elsewhere)
}

/// `main` holds a refusal since, of the entire component.
fn refuse(repo: &TestRepo) {
    let text = by_hand("**Status**: NO_GO", "no-1", &minutes_ago(3)).replace("performance-engineer", "auditor");
    repo.write("certificates/no_gpu_memory_20250101_000000.md", text);
}

attacks! {
    another_line_of_the_file: "`main` changed another line of the certified file", ["CG202"], || moved_on(edit, |repo| repo.write(LOOP, lines(2))), honest;
    the_mode_of_the_file: "`main` made the certified file executable", ["CG202"], || moved_on(edit, |repo| { use std::os::unix::fs::PermissionsExt as _; std::fs::set_permissions(repo.path().join(LOOP), std::fs::Permissions::from_mode(0o755)).expect("there"); }), honest;
    the_name_of_the_file: "`main` renamed the certified file, so that it is merged under another name", ["CG201", "CG202"], || moved_on(edit, |repo| mv(repo, LOOP, "src/train/step.py")), honest;
    a_file_that_is_gated_since: "the branch changed an ungated file that `main` moved to where it is gated", ["CG201"], || moved_on(|repo| repo.write("lab/fast.py", lines(38)), |repo| mv(repo, "lab/fast.py", "src/train/fast.py")), || moved_on(|repo| repo.write("lab/fast.py", lines(38)), elsewhere);
    a_new_file_in_a_folder_that_moved: "the branch added a file to a folder that `main` moved to where it is gated", ["CG735", "CG201"], || moved_on(|repo| repo.write("lab/new.py", "new = 1\n"), |repo| { mv(repo, "lab/fast.py", "src/train/fast.py"); mv(repo, "lab/slow.py", "src/train/slow.py"); }), || moved_on(|repo| repo.write("lab/new.py", "new = 1\n"), elsewhere);
    a_deletion_of_the_file: "`main` deleted the certified file", ["CG735"], || moved_on(edit, |repo| std::fs::remove_file(repo.path().join(LOOP)).expect("there")), honest;
    a_union_by_attribute: "`merge=union` in the attributes of both sides would take both sides' lines", ["CG735"], || moved_on(|repo| { repo.write(".gitattributes", "* merge=union\n"); edit(repo); }, |repo| { repo.write(".gitattributes", "* merge=union\n"); repo.write(LOOP, lines(38).replace("y38 = 0", "z = 1")); }), || moved_on(|repo| { repo.write(".gitattributes", "* merge=union\n"); edit(repo); }, elsewhere);
    a_driver_by_configuration: "a merge driver of the configuration would keep the certified file", ["CG202"], || moved_on(|repo| { repo.git(&["config", "merge.mine.driver", "true"]); repo.write(".gitattributes", "* merge=mine\n"); edit(repo); }, |repo| { repo.write(".gitattributes", "* merge=mine\n"); repo.write(LOOP, lines(2)); }), || moved_on(|repo| { repo.git(&["config", "merge.mine.driver", "true"]); repo.write(".gitattributes", "* merge=mine\n"); edit(repo); }, elsewhere);
    a_refusal_since: "`main` got a refusal since the branch was made", ["CG302"], || moved_on(edit, refuse), honest;
    a_link_since: "`main` made the certified file a link", ["CG735", "CG202"], || moved_on(edit, |repo| { std::fs::remove_file(repo.path().join(LOOP)).expect("there"); std::os::unix::fs::symlink("../../README.md", repo.path().join(LOOP)).expect("a link"); }), honest;
    a_directory_since: "`main` made the certified file a directory", ["CG735", "CG202"], || moved_on(edit, |repo| { std::fs::remove_file(repo.path().join(LOOP)).expect("there"); repo.write(format!("{LOOP}/__init__.py"), "x = 1\n"); }), honest;
    renames_switched_off: "`merge.renames=false` in the configuration, so that git merge would not follow what `main` moved", ["CG201"], || moved_on(|repo| { repo.git(&["config", "merge.renames", "false"]); repo.git(&["config", "diff.renames", "false"]); repo.write("lab/fast.py", lines(38)); }, |repo| mv(repo, "lab/fast.py", "src/train/fast.py")), || moved_on(|repo| repo.write("lab/fast.py", lines(38)), elsewhere);
}
