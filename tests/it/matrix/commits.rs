//! Commits of every kind.
#![allow(clippy::unwrap_used)]

use std::process::Command;

use super::world::{HOT, POLICY, Seen, World, fed};
use crate::scene::Ran;
use crate::support::TestRepo;

super::cells! {
    commit: "commit", "what is staged, not what lies in the work tree";
    commit_in_a_subdirectory: "commit", "from a directory below";
    commit_all: "commit -a", "tracked files that changed, without `git add`";
    commit_path: "commit <path>", "only the path named, while something else is staged";
    commit_include: "commit <path>", "`-i`: the path named and what is staged";
    commit_patch: "commit -p", "one hunk of two";
    amend: "commit --amend", "other content; the same content with another message";
    amend_to_other_than_certified: "commit --amend", "a certified commit changed by amending";
    first_commit: "first commit", "policy and code at once, on an unborn branch";
    first_commit_without_policy: "first commit", "no policy: judged by the default pack";
    index_file: "GIT_INDEX_FILE", "an index of the user's own";
    git_dir: "relative GIT_DIR", "`GIT_DIR=.git`, and from below with `GIT_WORK_TREE=..`";
    allow_empty: "commit --allow-empty", "no file, but a message that announces a judgement";
    fixup: "commit --fixup, --squash", "`--fixup`, `--fixup=amend:`, `--squash`";
    linked_worktree: "commit in a linked worktree", "on `main`, checked out elsewhere";
    template: "commit message: template, cleanup", "what a template says is a message, its comments are not";
    cleanup: "commit message: template, cleanup", "comments and the diff of `-v` are no message; without an editor all of it is";
    editor: "commit message: template, cleanup", "what the editor leaves, `-F`, `-C`";
}

fn commit(seen: &Seen) {
    let world = World::new(seen);
    let staged = world.stage();
    world.refused(&["commit", "-m", "x"]).says("CG201");
    world.certify();
    // What lies in the work tree does not go in.
    world.edit();
    world.passes(&["commit", "-m", "x"]);
    world.holds("main", &staged);
    world.refused(&["commit", "-a", "-m", "x"]);
}

fn commit_in_a_subdirectory(seen: &Seen) {
    let world = World::new(seen);
    world.stage();
    let below = |command: &mut Command| {
        command.current_dir(world.path().join("src/hot"));
    };
    world.refused_as(&["commit", "-m", "x"], below);
    world.certify();
    world.passes_as(&["commit", "-m", "x"], below);
}

fn commit_all(seen: &Seen) {
    let world = World::new(seen);
    let edited = world.edit();
    world.refused(&["commit", "-a", "-m", "x"]).says("CG201");
    world.certify();
    world.git(&["reset", "--quiet", "--", HOT]);
    world.passes(&["commit", "-a", "-m", "x"]);
    world.holds("main", &edited);
}

fn commit_path(seen: &Seen) {
    let world = World::new(seen);
    world.write("README.md", "changed\n");
    world.stage();
    world.passes(&["commit", "-m", "x", "README.md"]);
    world.refused(&["commit", "-m", "x", HOT]).says("CG201");
    world.certify();
    // Content and certificate are staged, but only the content is named.
    world.refused(&["commit", "-m", "x", HOT]).says("CG201");
    world.passes(&["commit", "-m", "x", HOT, "certificates"]);
}

fn commit_include(seen: &Seen) {
    let world = World::new(seen);
    world.write("README.md", "changed\n");
    world.git(&["add", "README.md"]);
    world.edit();
    world.refused(&["commit", "-m", "x", "-i", HOT]).says("CG201");
    world.certify();
    world.git(&["reset", "--quiet", "--", HOT]);
    world.passes(&["commit", "-m", "x", "-i", HOT]);
}

fn commit_patch(seen: &Seen) {
    let world = World::new(seen);
    let middle: String = (0..20).map(|n| format!("// {n}\n")).collect();
    world.write(HOT, format!("one\n{middle}one\n"));
    world.commit("two hunks apart");
    world.write(HOT, format!("two\n{middle}two\n"));
    let patch = |keys: &str| {
        let (command, log) = world.traced(&["commit", "-p", "-m", "x"]);
        (fed(command, keys), log)
    };
    let (output, log) = patch("y\nn\n");
    world.is_refusal(&Ran::from(output), &log);
    let (add, _) = world.traced(&["add", "-p"]);
    assert!(fed(add, "y\nn\n").status.success());
    world.certify_staged();
    world.git(&["reset", "--quiet", "--", HOT]);
    // Both hunks are not what was certified; the one is.
    let (output, log) = patch("y\ny\n");
    let ran = Ran::from(output).says("CG202");
    world.is_refusal(&ran, &log);
    world.is_passage(patch("y\nn\n").0);
    world.holds("main", &format!("two\n{middle}one\n"));
}

fn amend(seen: &Seen) {
    let world = World::new(seen);
    world.stage();
    world.certify();
    world.passes(&["commit", "-m", "x"]);
    world.passes(&["commit", "--amend", "-m", "another message"]);
    world.stage();
    world.refused(&["commit", "--amend", "--no-edit"]);
    world.certify();
    world.passes(&["commit", "--amend", "--no-edit"]);
    assert_eq!(world.ask(&["rev-list", "--count", "main"]), "2");
}

fn amend_to_other_than_certified(seen: &Seen) {
    let world = World::new(seen);
    world.stage();
    world.certify();
    world.passes(&["commit", "-m", "x"]);
    world.edit();
    world.refused(&["commit", "-a", "--amend", "--no-edit"]).says(HOT);
    // Back to what was certified.
    world.git(&["restore", HOT]);
    world.passes(&["commit", "-a", "--amend", "--no-edit", "--allow-empty"]);
}

fn first_commit(seen: &Seen) {
    let world = World::around(TestRepo::new(), seen);
    assert!(world.certgate(&["install"]).status.success());
    world.write(".certgate/policy.yaml", POLICY);
    world.stage();
    world.refused(&["commit", "-m", "x"]).says("CG201").says("CG013");
    world.certify();
    world.passes(&["commit", "-m", "x"]);
}

fn first_commit_without_policy(seen: &Seen) {
    let world = World::around(TestRepo::new(), seen);
    assert!(world.certgate(&["install"]).status.success());
    world.write("benches/parse.rs", "fn main() {}\n");
    world.git(&["add", "--all"]);
    world.refused(&["commit", "-m", "x"]).says("CG201").says("CG011");
    world.git(&["mv", "benches/parse.rs", "parse.rs"]);
    world.passes(&["commit", "-m", "x"]);
}

fn index_file(seen: &Seen) {
    let world = World::new(seen);
    let other = world.home().join("index");
    let with = |command: &mut Command| {
        command.env("GIT_INDEX_FILE", &other);
    };
    let mut read = world.command("git");
    with(read.args(["read-tree", "HEAD"]));
    assert!(read.status().unwrap().success());
    let edited = world.edit();
    let mut add = world.command("git");
    with(add.args(["add", "--all"]));
    assert!(add.status().unwrap().success());
    // The usual index has nothing to commit.
    assert!(world.certgate(&["hook", "pre-commit"]).status.success());
    world.refused_as(&["commit", "-m", "x"], with).says("CG201");
    world.certify();
    std::fs::copy(world.path().join(".git/index"), &other).unwrap();
    world.passes_as(&["commit", "-m", "x"], with);
    world.holds("main", &edited);
}

fn git_dir(seen: &Seen) {
    let world = World::new(seen);
    world.stage();
    let top = |command: &mut Command| {
        command.env("GIT_DIR", ".git");
    };
    let below = |command: &mut Command| {
        command.current_dir(world.path().join("src/hot"));
        command.env("GIT_DIR", "../../.git").env("GIT_WORK_TREE", "../..");
    };
    world.refused_as(&["commit", "-m", "x"], top).says("CG201");
    world.refused_as(&["commit", "-m", "x"], below).says("CG201");
    world.certify();
    world.passes_as(&["commit", "-m", "x"], top);
    world.stage();
    world.refused_as(&["commit", "-m", "x"], below).says(HOT);
    world.certify();
    world.passes_as(&["commit", "-m", "x"], below);
}

fn allow_empty(seen: &Seen) {
    let world = World::new(seen);
    world.passes(&["commit", "--allow-empty", "-m", "nothing"]);
    world
        .refused(&["commit", "--allow-empty", "-m", "perf: nothing at all"])
        .says("CG205");
    world.passes(&["commit", "--allow-empty", "--allow-empty-message", "-m", ""]);
}

fn fixup(seen: &Seen) {
    let world = World::new(seen);
    for how in [["--fixup", "HEAD"], ["--fixup", "amend:HEAD"], ["--squash", "HEAD"]] {
        let commit = [["commit"].as_slice(), &how].concat();
        world.stage();
        world.refused(&commit).says(HOT);
        world.certify();
        world.passes(&commit);
    }
}

fn linked_worktree(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["switch", "--quiet", "docs"]);
    let linked = world.home().join("linked");
    world.git(&["worktree", "add", "--quiet", linked.to_str().unwrap(), "main"]);
    std::fs::write(linked.join(HOT), "elsewhere\n").unwrap();
    let there = |command: &mut Command| {
        command.current_dir(&linked);
    };
    world.refused_as(&["commit", "-a", "-m", "x"], there).says("CG201");
    let run = |program: &str, arguments: &[&str]| {
        let output = world
            .command(program)
            .args(arguments)
            .current_dir(&linked)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    run("git", &["add", "--all"]);
    let certgate = env!("CARGO_BIN_EXE_certgate");
    run(
        certgate,
        &[
            "certify",
            "hot",
            "--staged",
            "--status",
            "GO",
            "--agent",
            "ann",
            "--rationale",
            "measured",
        ],
    );
    run("git", &["add", "--all"]);
    world.passes_as(&["commit", "-m", "x"], there);
    world.holds("main", "elsewhere\n");
}

fn template(seen: &Seen) {
    let world = World::new(seen);
    world.write("README.md", "changed\n");
    world.git(&["add", "--all"]);
    std::fs::write(world.home().join("template"), "perf: say why\n").unwrap();
    world.git(&["config", "commit.template", "../template"]);
    // An unedited template stops git by itself, so something is added.
    let edited = |command: &mut Command| {
        command.env("GIT_EDITOR", "echo more >>");
    };
    world.refused_as(&["commit"], edited).says("CG205");
    std::fs::write(world.home().join("template"), "# perf: say why\n").unwrap();
    world.passes_as(&["commit"], edited);
}

fn cleanup(seen: &Seen) {
    let world = World::new(seen);
    let docs = |text: &str| {
        world.write("README.md", text);
        world.git(&["add", "--all"]);
    };
    let edited = |command: &mut Command| {
        command.env("GIT_EDITOR", "sed -i -e '1i docs' -e '$a # perf: a comment'");
    };
    docs("perf: in the diff of -v\n");
    world.passes_as(&["commit", "-v"], edited);
    docs("perf: more\n");
    let scissors = "docs\n\n# ------------------------ >8 ------------------------\nperf: below";
    world.passes(&["commit", "--cleanup=scissors", "-m", scissors, "-e"]);
    // Without an editor nothing is a comment, and there is no diff to cut off.
    docs("even more\n");
    world.refused(&["commit", "-m", scissors]).says("CG205");
    world
        .refused(&["-c", "core.commentChar=p", "commit", "-m", "perf: no comment"])
        .says("CG205");
    world
        .refused(&["-c", "commit.cleanup=verbatim", "commit", "-m", scissors])
        .says("CG205");
    world.passes(&["-c", "commit.cleanup=strip", "commit", "-m", "docs\n#perf"]);
}

fn editor(seen: &Seen) {
    let world = World::new(seen);
    world.write("README.md", "changed\n");
    world.git(&["add", "--all"]);
    let writes = |command: &mut Command| {
        command.env("GIT_EDITOR", "echo 'perf: faster' >");
    };
    world.refused_as(&["commit"], writes).says("CG205");
    std::fs::write(world.home().join("message"), "perf: from a file\n").unwrap();
    world.refused(&["commit", "-F", "../message"]).says("CG205");
    world
        .refused(&["commit", "-m", "docs", "-m", "perf: no, still a paragraph"])
        .says("CG205");
    world.passes(&["commit", "-C", "docs"]);
}
