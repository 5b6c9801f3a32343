//! What is pushed to a repository.

use super::Findings;
use super::words::describe;
use crate::diagnostic::{Placeholder, Word, command, sanitize, shown};
use crate::gate::Undecided;
use crate::git::{Head, Repository};
use crate::hooks::{self, HookName, State};

/// A bare repository: it runs no client hooks, and nobody commits in it, so what is pushed to it is all there is.
pub(crate) fn bare(repository: &Repository, found: &mut Findings) -> Result<(), Undecided> {
    found.note("bare", "a bare repository runs no client hooks");
    let directory = repository.hooks_dir()?;
    let states = hooks::state(&directory)?;
    let state = states.into_iter().find(|(name, _)| *name == HookName::PreReceive);
    if let Some((_, state)) = state {
        receive(&directory, &state, found);
    }
    if let Head::Unborn { branch } = repository.head()?
        && !repository.refs(&["refs/heads/"])?.is_empty()
    {
        found.bad(
            "default-branch",
            format!(
                "HEAD names `{}`, which is not there, so nothing says whose policy judges new branches",
                sanitize(&branch)
            ),
            command![
                "git",
                "symbolic-ref",
                "HEAD",
                Word::from("refs/heads/").and(Placeholder::Branch)
            ],
        );
    }
    if let Some(mount) = hooks::noexec_mount(&directory) {
        found.bad(
            "noexec",
            format!(
                "hooks are in {}, on a file system mounted noexec: git passes them by",
                shown(&directory)
            ),
            command!["mount", "-o", "remount,exec", &mount],
        );
    }
    for (key, what) in [
        ("receive.denyDeletes", "deletions of protected branches"),
        ("receive.denyNonFastForwards", "forced updates of protected branches"),
    ] {
        let set = repository.config(key)?;
        let says = set.as_deref().map_or_else(|| "not set".to_owned(), sanitize);
        found.note(
            "receive",
            format!("{key} is {says}; certgate refuses {what} by the policy"),
        );
    }
    Ok(())
}

/// A repository with a work tree need not receive anything; where it has the hook, that should run.
pub(crate) fn receiving(repository: &Repository, found: &mut Findings) -> Result<(), Undecided> {
    // Its hook is among those that were looked at; only that somebody pushes here without it is worth a word.
    let pushes = repository.config("receive.denyCurrentBranch")?;
    let pushed_to = pushes.is_some_and(|value| !value.eq_ignore_ascii_case("refuse"));
    let states = hooks::state(&repository.hooks_dir()?)?;
    let there = states
        .iter()
        .any(|(name, state)| *name == HookName::PreReceive && matches!(state, State::Ours { .. }));
    if pushed_to && !there {
        found.bad(
            "server",
            "pushes into this work tree are allowed (receive.denyCurrentBranch), and nothing judges them",
            command!["certgate", "install", "--server"],
        );
    }
    Ok(())
}

fn receive(directory: &std::path::Path, state: &State, found: &mut Findings) {
    let install = command!["certgate", "install", "--server"];
    let words = format!("hook pre-receive: {}", describe(state, None));
    match state {
        State::Missing => found.bad("server", "nothing judges what is pushed here", install),
        State::Foreign { .. } => found.bad("server", words, install),
        State::Directory => {
            let path = directory.join("pre-receive");
            let aside = command!["mv", &path, Word::from(&path).and(".old")];
            found.bad("server", words, install.after(aside));
        }
        State::Ours { binary, .. } if !hooks::is_program(binary) => {
            found.bad(
                "hook-program",
                format!("{words}, which is not there or cannot be run"),
                install,
            );
        }
        State::Ours { executable: false, .. } => found.bad("hook-not-executable", words, install),
        State::Ours { current: false, .. } => found.bad("hook-outdated", words, install),
        State::Ours { .. } => found.good("server", words),
    }
}
