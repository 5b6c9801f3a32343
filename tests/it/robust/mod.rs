//! Killed at any moment, two at once, no space, no permission, a lock, a signal, and work without measure.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod endurance;
mod killed;
mod large;
mod machine;
mod odd;
mod terminal;
mod together;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::TestRepo;

const BINARY: &str = env!("CARGO_BIN_EXE_certgate");

/// The hook of somebody else, which tells that it ran.
const FOREIGN: &str = "#!/bin/sh\necho ran >> \"$(git rev-parse --git-dir)/ran\"\n";

/// Starts the built `certgate` quietly.
fn start(repo: &TestRepo, arguments: &[&str]) -> Child {
    let mut command: Command = repo.command(BINARY);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Runs a command to the end, which must be this, and tells how long it took.
fn takes(repo: &TestRepo, arguments: &[&str], code: i32) -> Duration {
    let begun = Instant::now();
    assert_eq!(
        start(repo, arguments).wait().unwrap().code(),
        Some(code),
        "{arguments:?}"
    );
    begun.elapsed()
}

/// Runs a command and kills it after a while.
fn killed(repo: &TestRepo, arguments: &[&str], after: Duration) {
    let mut child = start(repo, arguments);
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The names in a directory that end so, sorted; none where there is none.
fn names(directory: &std::path::Path, suffix: &str) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| name.ends_with(suffix))
        .collect();
    names.sort();
    names
}

/// What a killed process left in a directory.
fn litter(directory: &std::path::Path) -> Vec<String> {
    let mut names = names(directory, "");
    names.retain(|name| name.starts_with(".certgate-"));
    names
}

/// Makes files as old as those of a process that cannot be alive any more.
fn age(directory: &std::path::Path) {
    for name in litter(directory) {
        let long_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
        let file = std::fs::File::options().write(true).open(directory.join(name)).unwrap();
        file.set_modified(long_ago).unwrap();
    }
}

/// A repository whose ledger vetoes what is staged, in `certificates` certificates.
fn vetoed(certificates: usize) -> TestRepo {
    let repo = crate::scene::with_policy();
    for nth in 0..certificates {
        let status = if nth == certificates / 2 {
            "REJECTED"
        } else {
            "ADVISORY_ONLY"
        };
        let path = format!("certificates/review_gpu_memory_20250102_{:06}.md", 30_000 + nth);
        let date = format!("2025-01-02 03:{:02}:{:02} UTC", nth / 60, nth % 60);
        let text = crate::scene::by_hand(&format!("**Status**: {status}"), &format!("C{nth}"), &date);
        repo.write(path, text);
    }
    repo.commit("certificates");
    crate::scene::stage_gated(&repo);
    repo
}
