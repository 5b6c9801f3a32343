//! A disk that is full, a repository that cannot be written, a limit on files, a lock that git holds.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::process::Command;

use crate::scene::{self, Ran, git, run};
use crate::support::TestRepo;

const BINARY: &str = env!("CARGO_BIN_EXE_certgate");

/// Runs a shell script where it may mount what nobody else sees. `None` on a machine that lets nobody do so, as in many containers.
fn in_namespace(repo: &TestRepo, script: &str) -> Option<Ran> {
    let inside = |flags: &str, script: &str| {
        let mut command: Command = repo.command("unshare");
        command.args([flags, "sh", "-ec", script, BINARY]).output()
    };
    let probe = "mount -t tmpfs tmpfs \"$HOME\"";
    let flags = ["-m", "-rm"]
        .into_iter()
        .find(|flags| inside(flags, probe).is_ok_and(|output| output.status.success()));
    match flags {
        Some(flags) => Some(inside(flags, script).unwrap().into()),
        None => {
            let there = repo.command("unshare").arg("--version").output().is_ok();
            assert!(
                there || std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
                "unshare is needed"
            );
            println!("skipped: this machine lets nobody mount a file system");
            None
        }
    }
}

/// A text without the breaks of its lines.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs one command after the other and tells how each ended: `NAME=CODE` on standard output, what it said on standard error.
const TRY: &str = "
try() { name=$1; shift; code=0; \"$0\" \"$@\" >/dev/null || code=$?; echo \"$name=$code\"; }
";

#[test]
fn a_full_disk_is_told_and_changes_nothing() {
    let repo = scene::with_policy();
    scene::stage_gated(&repo);
    let script = format!(
        "{TRY}
        mkdir \"$HOME/disk\" && mount -t tmpfs -o size=2m tmpfs \"$HOME/disk\"
        cp -a . \"$HOME/disk/repo\" && cd \"$HOME/disk/repo\"
        find . | sort > \"$HOME/before\"
        # Until not even one block is left.
        dd if=/dev/zero of=\"$HOME/disk/fill\" bs=64k 2>/dev/null || true
        dd if=/dev/zero of=\"$HOME/disk/fill2\" bs=1 count=100000 2>/dev/null || true
        try check check --staged
        try hook hook pre-commit
        try install install
        try certify certify gpu_memory --staged --status APPROVED --agent a --rationale r
        try report check --staged --format json --output \"$HOME/disk/verdict.json\"
        mv .certgate \"$HOME/disk/kept\" && try init init --no-hooks
        find . -type f | grep -v '^./.git/certgate/tmp' | sort > \"$HOME/after\"
        test -e \"$HOME/disk/verdict.json\" && echo 'half a report is there'
        grep -vxF -f \"$HOME/before\" \"$HOME/after\" || true"
    );
    let Some(ran) = in_namespace(&repo, &script) else {
        return;
    };
    assert_eq!(
        ran.out, "check=1\nhook=1\ninstall=2\ncertify=2\nreport=2\ninit=2\n",
        "{}",
        ran.err
    );
    assert_eq!(
        ran.errors(),
        ["CG201", "CG201", "CG709", "CG709", "CG709", "CG709"],
        "{}",
        ran.err
    );
    let said = unwrapped(&ran.err);
    assert_eq!(said.matches("No space left on device").count(), 4, "{said}");
    assert_eq!(said.matches("free some space there").count(), 4, "{said}");
}

#[test]
fn a_read_only_repository_is_judged_and_not_written() {
    let repo = super::vetoed(3);
    let script = format!(
        "{TRY}
        mount --bind . . && mount -o remount,bind,ro . && cd \"$PWD\"
        ! touch probe 2>/dev/null
        try check check --staged
        try hook hook pre-commit
        try range check --base HEAD~1 --head HEAD
        try log log
        try lint lint
        try doctor doctor
        try install install
        try uninstall uninstall
        try certify certify gpu_memory --staged --status APPROVED --agent a --rationale r
        try seal seal {} --staged
        echo left=$(find . -name '.certgate-*' | wc -l)
        cd / && mount -o remount,bind,rw \"$OLDPWD\" && cd \"$OLDPWD\" && \"$0\" install >/dev/null
        cd / && mount -o remount,bind,ro \"$OLDPWD\" && cd \"$OLDPWD\"
        try again install
        try remove uninstall",
        "certificates/review_gpu_memory_20250102_030000.md"
    );
    let Some(ran) = in_namespace(&repo, &script) else {
        return;
    };
    let said = unwrapped(&ran.err);
    let ends: Vec<&str> = ran.out.lines().filter(|line| !line.starts_with("doctor=")).collect();
    assert_eq!(
        ends,
        [
            "check=1",
            "hook=1",
            "range=0",
            "log=0",
            "lint=0",
            "install=2",
            "uninstall=0",
            "certify=2",
            "seal=2",
            "left=0",
            "again=0",
            "remove=2"
        ],
        "{}",
        ran.err
    );
    assert_eq!(said.matches("error[CG302]").count(), 2, "{said}");
    assert_eq!(said.matches("Read-only file system").count(), 4, "{said}");
    assert_eq!(said.matches("is mounted read-only").count(), 4, "{said}");
}

/// `ulimit -f`: a write beyond it would end the process with a signal, unless that is caught.
#[test]
fn a_limit_on_the_size_of_files_is_told() {
    let repo = scene::with_policy();
    scene::stage_gated(&repo);
    let limited = |script: &str| -> Ran {
        let script = format!("ulimit -f 0; exec \"$0\" {script}");
        repo.command("sh")
            .args(["-c", &script, BINARY])
            .output()
            .unwrap()
            .into()
    };
    limited("install").undecided("CG709").says("ulimit -f unlimited");
    limited("certify gpu_memory --staged --status APPROVED --agent a --rationale r")
        .undecided("CG709")
        .says("ulimit -f unlimited");
    assert!(!repo.path().join(".git/hooks/pre-commit").exists());
    assert!(super::names(&repo.path().join("certificates"), "").is_empty());
    // The cache cannot be written, and is not needed.
    assert_eq!(limited("check --staged 2>/dev/null").code, Some(1));
}

/// The permissions of the directories, for everybody but root, whom they do not bind.
#[test]
fn a_forbidden_directory_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let repo = scene::with_policy();
    let hooks = repo.path().join(".git/hooks");
    std::fs::set_permissions(&hooks, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(hooks.join("probe"), "").is_ok() {
        println!("skipped: permissions do not bind root, who runs this");
        return;
    }
    run(&repo, &["install"]).undecided("CG709").says("ls -ld ");
    std::fs::set_permissions(&hooks, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Whatever lock git holds: certgate takes none of git's, reads all the same, and leaves it alone.
#[test]
fn locks_of_git_are_in_nobodys_way() {
    let repo = scene::with_policy();
    scene::stage_gated(&repo);
    let free = run(&repo, &["check", "--staged", "--format", "json"]).ends(1);
    let locks = [
        "index.lock",
        "HEAD.lock",
        "config.lock",
        "packed-refs.lock",
        "refs/heads/main.lock",
        "shallow.lock",
    ];
    for lock in locks {
        repo.write(format!(".git/{lock}"), "");
    }
    git(&repo, &["add", "--all"]).ends(128);
    let held = run(&repo, &["check", "--staged", "--format", "json"]).ends(1);
    assert_eq!(held.out, free.out);
    run(&repo, &["hook", "pre-commit"]).ends(1);
    run(&repo, &["install"]).ends(0);
    run(&repo, &crate::scene::certify_staged("APPROVED", "a")).ends(0);
    run(&repo, &["check", "--base", "HEAD", "--head", "HEAD"]).ends(0);
    for lock in locks {
        assert!(repo.path().join(".git").join(lock).exists(), "{lock}");
    }
}
