//! The git layer against the real git: where repositories are, what is staged, what a range holds, in every layout git knows.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod content;
mod history;
mod layouts;
mod merge;
mod names;
mod opening;

use std::path::Path;

use certgate::change::{Change, ChangeKind, Content, Digest, Mode, ObjectId, RepoPath, Side, Snapshot, TreeEntry};
use certgate::diagnostic::Code;
use certgate::git::{Blob, GitError, Head, Repository, git_version};

use sha2::Digest as _;

use crate::support::TestRepo;

fn open(repo: &TestRepo) -> Repository {
    Repository::open_at(repo.path()).unwrap()
}

fn id(hex: &str) -> ObjectId {
    ObjectId::from_hex(hex).unwrap()
}

/// `A path`, `D path`, `M path`, and `T path` where the mode changed too.
fn shown(change: &Change) -> Vec<String> {
    let letter = |kind: &ChangeKind| match kind {
        ChangeKind::Added(_) => 'A',
        ChangeKind::Deleted(_) => 'D',
        ChangeKind::Modified { old, new } if old.mode != new.mode => 'T',
        ChangeKind::Modified { .. } => 'M',
    };
    change
        .files
        .iter()
        .map(|file| format!("{} {}", letter(&file.kind), file.path))
        .collect()
}

fn staged(repo: &TestRepo) -> Vec<String> {
    shown(&open(repo).staged().unwrap())
}

/// Runs `probe` below in its own process, since only a process has an environment, and returns what it wrote.
fn probe(repo: &TestRepo, directory: &Path, variables: &[(&str, &str)]) -> String {
    let out = repo.home().join("probe");
    let mut command = repo.command(std::env::current_exe().unwrap());
    command
        .args(PROBE)
        .current_dir(directory)
        .env("PROBE_OUT", &out)
        .envs(variables.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    std::fs::read_to_string(out).unwrap()
}

/// Installs a hook that runs `probe`.
fn probing_hook(repo: &TestRepo, directory: &Path, name: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let out = repo.home().join(format!("probe-{name}"));
    let hook = directory.join(name);
    let exe = std::env::current_exe().unwrap();
    let script = format!(
        "#!/bin/sh\nPROBE_OUT={} exec {} {} >/dev/null </dev/null\n",
        out.display(),
        exe.display(),
        PROBE.join(" ")
    );
    std::fs::create_dir_all(directory).unwrap();
    std::fs::write(&hook, script).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    out
}

const PROBE: &[&str] = &["--exact", "git_layer::open_from_the_environment", "--test-threads=1"];

/// Other tests run this one in a process and environment of its own (see `probe`); by itself it opens what is no repository.
#[test]
fn open_from_the_environment() {
    let Some(out) = std::env::var_os("PROBE_OUT") else {
        let error = Repository::open_at(TestRepo::empty().path())
            .err()
            .map(|error| error.code());
        assert_eq!(error, Some(certgate::diagnostic::Code::CG701));
        return;
    };
    let report = match Repository::open() {
        Err(error) => format!("error {}\n", error.code()),
        Ok(repository) => {
            let at = |path: Option<&Path>| path.map_or("none".to_owned(), |path| path.display().to_string());
            let change = repository.staged().map(|change| shown(&change).join(", "));
            format!(
                "git_dir {}\ncommon_dir {}\nwork_tree {}\nbranch {}\nstaged {}\ncommit {}\n",
                at(Some(repository.git_dir())),
                at(Some(repository.common_dir())),
                at(repository.work_tree()),
                repository.moving_branch().unwrap().unwrap_or_default(),
                change.unwrap_or_else(|error| error.code().to_string()),
                std::env::var("PROBE_REV").map_or("-".to_owned(), |rev| match repository.commit(&rev) {
                    Ok(commit) => commit.to_string(),
                    Err(error) => error.code().to_string(),
                }),
            )
        }
    };
    std::fs::write(out, report).unwrap();
}
