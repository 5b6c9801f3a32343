//! Repositories of every kind. On each the same story: what is not certified is refused at the commit and at the push, and certified it
//! goes through both.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::process::Command;

use super::hooks::script;
use super::world::{HOT, Seen, World};
use crate::scene::Ran;
use crate::support::TestRepo;

super::cells! {
    plain: "usual", "a clone with a remote";
    bare: "bare", "no work tree: `check` on two commits, and the push into it";
    linked_worktree: "linked worktree", "shares the hooks, has its own HEAD and index";
    linked_worktree_config: "linked worktree", "`extensions.worktreeConfig`";
    separate_git_dir: "linked worktree", "`--separate-git-dir`: `.git` is a file";
    work_tree_elsewhere: "linked worktree", "`core.worktree` points elsewhere";
    submodule: "submodule", "the id that the superproject records changed";
    in_a_submodule: "submodule", "commits in the submodule itself, whose git directory is the superproject's";
    detached: "detached HEAD", "no branch moves: warned at the commit, refused at the push";
    shallow: "shallow clone", "`--depth` with enough history";
    shallow_clock_behind: "shallow clone", "the same, with commits dated before those that they follow";
    shallow_without_history: "shallow clone", "without the merge base: nothing is judged, and the help says how to deepen";
    partial: "partial clone", "`--filter=blob:none`: what is missing is fetched";
    treeless: "partial clone", "`--filter=tree:0`";
    sparse_checkout: "sparse checkout", "the gated file is not in the work tree";
    sparse_index: "sparse index", "directories in the index stand for what is below";
    split_index: "split index", "a shared index and a small one";
    index_v4: "index version 4", "with compressed paths";
    untracked_cache: "index version 4", "with the untracked cache";
    fsmonitor: "fsmonitor", "a hook that tells git what changed";
    safe_directory: "safe.directory", "another owner's repository: git decides, and certgate follows";
    sha256: "SHA-256", "ids of 64 digits";
    reftable: "reftable", "refs in tables";
    alternates: "alternates", "objects borrowed from another repository";
    packed: "packed refs and objects", "after `gc`, with multi-pack index, bitmap and commit-graph";
    odd_place: "odd places", "blanks, quotes and non-ASCII in the repository's own path, which is reached by a symlink";
}

/// The story, from the commit to the remote, on the branch `main`.
pub(super) fn story(world: &World) {
    story_as(world, "", |_| ());
}

/// The same in a directory, with changes to the commands. The gated file need not be in the work tree before.
fn story_as(world: &World, directory: &str, change: impl Fn(&mut Command)) {
    let place = world.path().join(directory);
    let here = |command: &mut Command| {
        command.current_dir(&place);
        change(command);
    };
    let run = |program: &str, arguments: &[&str]| {
        let mut command = world.command(program);
        here(command.args(arguments));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
    };
    const CERTIFY: &[&str] = &[
        "certify",
        "hot",
        "--status",
        "GO",
        "--agent",
        "ann",
        "--rationale",
        "measured",
        "--descriptor",
    ];
    let certgate = env!("CARGO_BIN_EXE_certgate");
    let hot = place.join(HOT);
    let edit = |text: &str| {
        fs::create_dir_all(hot.parent().unwrap()).unwrap();
        fs::write(&hot, text).unwrap();
        run("git", &["add", "--sparse", "--all"]);
    };
    edit("first\n");
    world.refused_as(&["commit", "-m", "x"], here).says("CG201");
    run(certgate, &[CERTIFY, &["first", "--staged"]].concat());
    run("git", &["add", "--sparse", "certificates"]);
    world.passes_as(&["commit", "-m", "x"], here);
    edit("second\n");
    run("git", &["commit", "--quiet", "--no-verify", "-m", "past the hook"]);
    world.refused_as(&["push", "origin", "HEAD:main"], here).says("CG202");
    run(
        certgate,
        &[CERTIFY, &["second", "--base", "origin/main", "--head", "HEAD"]].concat(),
    );
    run("git", &["add", "--sparse", "certificates"]);
    world.passes_as(&["commit", "-m", "certify"], here);
    world.passes_as(&["push", "origin", "HEAD:main"], here);
    let pushed = world
        .command("git")
        .arg("--git-dir")
        .arg(world.remote())
        .args(["show", &format!("main:{HOT}")])
        .output();
    assert_eq!(pushed.unwrap().stdout, b"second\n");
}

fn plain(seen: &Seen) {
    story(&World::new(seen));
}

fn bare(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["push", "--quiet", "--no-verify", "origin", "plain", "proven"]);
    let check = |head: &str| {
        let mut command = world.program();
        command
            .current_dir(world.remote())
            .args(["check", "--base", "main", "--head", head]);
        Ran::from(command.output().unwrap())
    };
    assert_eq!(check("plain").errors(), ["CG201"]);
    assert_eq!(check("proven").code, Some(0));
    world.refused(&["push", "origin", "plain:main"]);
    world.passes(&["push", "origin", "proven:main"]);
}

/// Adds a worktree on `main`; this one goes to `docs`.
fn add_worktree(world: &World) {
    world.git(&["switch", "--quiet", "docs"]);
    world.git(&["worktree", "add", "--quiet", "../linked", "main"]);
    world.git(&["remote", "set-url", "origin", world.remote().to_str().unwrap()]);
}

fn linked_worktree(seen: &Seen) {
    let world = World::new(seen);
    add_worktree(&world);
    story_as(&world, "../linked", |_| ());
}

fn linked_worktree_config(seen: &Seen) {
    let world = World::new(seen);
    add_worktree(&world);
    world.git(&["config", "extensions.worktreeConfig", "true"]);
    world.git(&["-C", "../linked", "config", "--worktree", "core.fileMode", "true"]);
    story_as(&world, "../linked", |_| ());
}

fn separate_git_dir(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["init", "--quiet", "--separate-git-dir=../elsewhere.git"]);
    assert!(world.path().join(".git").is_file());
    story(&world);
}

fn work_tree_elsewhere(seen: &Seen) {
    let mut world = World::new(seen);
    world.git(&["remote", "set-url", "origin", world.remote().to_str().unwrap()]);
    let git_dir = world.home().join("git");
    fs::rename(world.path().join(".git"), &git_dir).unwrap();
    world.repo.set("GIT_DIR", git_dir.to_str().unwrap());
    world.git(&["config", "core.worktree", "../repo"]);
    story(&world);
}

/// A repository beside, with two commits.
fn library(world: &World) {
    world.git(&["init", "--quiet", "--initial-branch=main", "../library"]);
    for message in ["one", "two"] {
        world.git(&["-C", "../library", "commit", "--quiet", "--allow-empty", "-m", message]);
    }
}

fn submodule(seen: &Seen) {
    let world = World::new(seen);
    library(&world);
    world.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        "../library",
        "src/hot/library",
    ]);
    world.refused(&["commit", "-m", "x"]).says("src/hot/library");
    world.certify();
    world.passes(&["commit", "-m", "x"]);
    world.git(&["-C", "src/hot/library", "checkout", "--quiet", "HEAD~1"]);
    // Whatever is said about ignoring it, the recorded id counts.
    world.git(&["config", "submodule.src/hot/library.ignore", "all"]);
    world.git(&["config", "diff.ignoreSubmodules", "all"]);
    world.git(&["update-index", "src/hot/library"]);
    let commit = ["commit", "-m", "x"];
    world.refused(&commit).says("src/hot/library");
    world.certify_staged();
    world.passes(&commit);
    world.passes(&["push", "origin", "main"]);
}

fn in_a_submodule(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["init", "--quiet", "--initial-branch=main", "../super"]);
    let library = world.remote();
    let add = [
        "-C",
        "../super",
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        "-b",
        "main",
    ];
    world.git(&[add.as_slice(), &[library.to_str().unwrap(), "library"]].concat());
    assert!(world.home().join("super/library/.git").is_file());
    let mut install = world.program();
    let installed = install
        .arg("install")
        .current_dir(world.home().join("super/library"))
        .output()
        .unwrap();
    assert!(installed.status.success(), "{installed:?}");
    story_as(&world, "../super/library", |_| ());
}

fn detached(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["checkout", "--quiet", "--detach"]);
    world.stage();
    world.passes(&["commit", "-m", "x"]).says("warning[CG201]");
    world.refused(&["push", "origin", "HEAD:main"]).says("CG201");
    world.certify_head("origin/main");
    world.passes(&["push", "origin", "HEAD:main"]);
}

/// A clone of the remote with hooks, in the place of the repository.
fn cloned<'s>(world: &World<'s>, seen: &'s Seen, arguments: &[&str]) -> World<'s> {
    let url = format!("file://{}", world.remote().display());
    let mut clone = World::around(TestRepo::empty(), seen);
    // After what is cloned.
    clone.repo.set("GIT_COMMITTER_DATE", "1750000000 +0000");
    clone.git(&[["clone", "--quiet"].as_slice(), arguments, &[&url, "."]].concat());
    // The remote goes with the other world, which lives as long.
    std::os::unix::fs::symlink(world.remote(), clone.remote()).unwrap();
    assert!(clone.certgate(&["install"]).status.success());
    clone
}

/// Gives `main` at the remote a history.
fn with_history(world: &World) {
    for count in 0..4 {
        world.write("README.md", format!("{count}\n"));
        world.commit("more");
    }
    world.git(&["push", "--quiet", "--no-verify", "origin", "main"]);
    for filter in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        world.git(&["--git-dir=../remote.git", "config", filter, "true"]);
    }
}

fn shallow(seen: &Seen) {
    let world = World::new(seen);
    with_history(&world);
    story(&cloned(&world, seen, &["--depth=2"]));
}

fn shallow_clock_behind(seen: &Seen) {
    let world = World::new(seen);
    with_history(&world);
    let mut clone = cloned(&world, seen, &["--depth=2"]);
    clone.repo.set("GIT_COMMITTER_DATE", "1600000000 +0000");
    story(&clone);
}

fn shallow_without_history(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["push", "--quiet", "--no-verify", "origin", "plain", "proven"]);
    with_history(&world);
    let clone = cloned(&world, seen, &["--depth=1", "--no-single-branch"]);
    for branch in ["plain", "proven"] {
        let check =
            Ran::from(clone.certgate(&["check", "--base", "origin/main", "--head", &format!("origin/{branch}")]));
        check.undecided("CG704");
    }
    let push = ["push", "origin", "origin/plain:refs/heads/release/1"];
    let ran = clone.refused(&push).says("CG704");
    assert!(ran.err.contains("git fetch --unshallow"), "{}", ran.err);
    clone.git(&["fetch", "--quiet", "--unshallow"]);
    clone.refused(&push).says("CG201");
    clone.passes(&["merge", "-m", "x", "origin/proven"]);
    clone.passes(&["push", "origin", "main"]);
}

fn partial(seen: &Seen) {
    let world = World::new(seen);
    with_history(&world);
    story(&cloned(&world, seen, &["--filter=blob:none"]));
}

fn treeless(seen: &Seen) {
    let world = World::new(seen);
    with_history(&world);
    story(&cloned(&world, seen, &["--filter=tree:0"]));
}

fn sparse(seen: &Seen, arguments: &[&str]) {
    let world = World::new(seen);
    for name in ["kept/a", "out/deep/b"] {
        world.write(name, "x\n");
    }
    world.commit("more");
    world.git(&["push", "--quiet", "--no-verify", "origin", "main"]);
    world.git(&[["sparse-checkout", "set"].as_slice(), arguments, &["kept", ".certgate"]].concat());
    assert!(!world.path().join(HOT).exists());
    story(&world);
}

fn sparse_checkout(seen: &Seen) {
    sparse(seen, &["--cone", "--no-sparse-index"]);
}

fn sparse_index(seen: &Seen) {
    sparse(seen, &["--cone", "--sparse-index"]);
}

fn split_index(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["update-index", "--split-index"]);
    let shared = |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with("sharedindex.");
    assert!(
        fs::read_dir(world.path().join(".git"))
            .unwrap()
            .any(|entry| shared(entry.unwrap()))
    );
    story(&world);
}

fn index_v4(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["update-index", "--index-version", "4"]);
    let index = fs::read(world.path().join(".git/index")).unwrap();
    assert_eq!(index.get(4..8), Some([0, 0, 0, 4].as_slice()));
    story(&world);
}

fn untracked_cache(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["config", "core.untrackedCache", "true"]);
    world.git(&["update-index", "--force-untracked-cache"]);
    story(&world);
}

fn fsmonitor(seen: &Seen) {
    let world = World::new(seen);
    // Version 2 of the protocol: a token, and `/` for "anything may have changed" (githooks(5), fsmonitor-watchman).
    script(
        &world.home().join("monitor"),
        "echo asked >>\"$HOME/asked\"\nprintf 'token\\0/\\0'",
    );
    world.git(&[
        "config",
        "core.fsmonitor",
        world.home().join("monitor").to_str().unwrap(),
    ]);
    world.git(&["update-index", "--fsmonitor"]);
    story(&world);
    assert!(world.home().join("asked").exists());
}

fn safe_directory(seen: &Seen) {
    let world = World::new(seen);
    // Git's own switch for its tests of `safe.directory`.
    let foreign = |command: &mut Command| {
        command.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    };
    let mut check = world.program();
    check.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    check.args(["check", "--base", "main", "--head", "proven"]);
    Ran::from(check.output().unwrap())
        .undecided("CG706")
        .says("safe.directory");
    fs::write(
        world.home().join("config"),
        format!("[safe]\n\tdirectory = {}\n", world.path().display()),
    )
    .unwrap();
    let config = world.home().join("config");
    // Pushing opens the remote as another owner's, too; here it is this one's commits that matter.
    let trusted = |command: &mut Command| {
        foreign(command);
        command.env("GIT_CONFIG_GLOBAL", &config);
    };
    let mut check = world.program();
    check
        .env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        .env("GIT_CONFIG_GLOBAL", &config);
    check.args(["check", "--base", "main", "--head", "proven"]);
    assert_eq!(Ran::from(check.output().unwrap()).code, Some(0));
    world.stage();
    world.refused_as(&["commit", "-m", "x"], trusted).says("CG201");
    world.certify();
    world.passes_as(&["commit", "-m", "x"], trusted);
}

fn sha256(seen: &Seen) {
    let world = World::made(seen, &["--object-format=sha256"]);
    assert_eq!(world.ask(&["rev-parse", "HEAD"]).len(), 64);
    story(&world);
}

fn reftable(seen: &Seen) {
    let probe = TestRepo::empty();
    if !probe
        .try_git(&["init", "--quiet", "--ref-format=reftable"])
        .status
        .success()
    {
        seen.has_git((2, 45), "reftable");
        return;
    }
    let world = World::made(seen, &["--ref-format=reftable"]);
    assert!(world.path().join(".git/reftable").is_dir());
    story(&world);
}

fn alternates(seen: &Seen) {
    let world = World::new(seen);
    with_history(&world);
    let clone = cloned(&world, seen, &["--reference", world.remote().to_str().unwrap()]);
    assert!(clone.path().join(".git/objects/info/alternates").exists());
    story(&clone);
}

fn packed(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["pack-refs", "--all"]);
    world.git(&["repack", "-q", "-a", "-d", "--write-midx", "--write-bitmap-index"]);
    world.git(&["commit-graph", "write", "--reachable"]);
    world.git(&["--git-dir=../remote.git", "gc", "--quiet"]);
    story(&world);
}

fn odd_place(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["remote", "set-url", "origin", world.remote().to_str().unwrap()]);
    let odd = world.home().join("it's a \"düll\" $place");
    fs::rename(world.path(), &odd).unwrap();
    std::os::unix::fs::symlink(&odd, world.path()).unwrap();
    story(&world);
}
