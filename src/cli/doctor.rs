//! `certgate doctor`: every way in which this repository's gate could silently not run, and the command that mends it.

use super::selection::{policy_path, protected_branches};
use super::{Ending, Failure, install, judge, lint, terminal};
use crate::change::Snapshot;
use crate::diagnostic::sanitize;
use crate::git::{Repository, git_version};
use crate::hooks::{self, Relay, State};
use crate::policy::{GlobList, Policy};
use crate::sensitivity::check_examples;

/// The oldest git that is tested against.
const OLDEST_GIT: (u32, u32) = (2, 31);

#[derive(Default)]
struct Findings {
    text: String,
    problems: usize,
}

impl Findings {
    fn good(&mut self, text: impl std::fmt::Display) {
        self.text.push_str(&format!("  ok    {text}\n"));
    }

    fn bad(&mut self, text: impl std::fmt::Display, help: impl std::fmt::Display) {
        self.problems += 1;
        self.text.push_str(&format!("  WRONG {text}\n        mend: {help}\n"));
    }

    fn note(&mut self, text: impl std::fmt::Display) {
        self.text.push_str(&format!("  note  {text}\n"));
    }
}

/// Carries it out; problems end it as findings do.
pub(super) fn run() -> Result<Ending, Failure> {
    let repository = Repository::open()?;
    let mut found = Findings::default();
    let version = git_version()?;
    match (version.major, version.minor) >= OLDEST_GIT {
        true => found.good(format!("git {version}")),
        false => found.bad(
            format!("git {version} is older than {}.{}", OLDEST_GIT.0, OLDEST_GIT.1),
            "upgrade git",
        ),
    }
    hooks_of(&repository, &mut found)?;
    if let Some(policy) = policy_of(&repository, &mut found)? {
        branches(&repository, &policy, &mut found)?;
    }
    match repository.is_shallow() {
        true => found.bad(
            "the clone is shallow: merge bases may be missing",
            "git fetch --unshallow",
        ),
        false => found.good("the history is complete"),
    }
    found.note("`git commit --no-verify` skips local hooks: the check in CI is the gate (see README)");
    let end = match found.problems {
        0 => "nothing is wrong\n".to_owned(),
        1 => "1 problem\n".to_owned(),
        n => format!("{n} problems\n"),
    };
    terminal::out(&format!("{}{end}", found.text))?;
    Ok(if found.problems == 0 {
        Ending::Done
    } else {
        Ending::Blocked
    })
}

fn hooks_of(repository: &Repository, found: &mut Findings) -> Result<(), Failure> {
    if repository.is_bare() {
        found.note("a bare repository runs no client hooks");
        return Ok(());
    }
    let directory = repository.hooks_dir()?;
    if let Some(path) = repository.config("core.hooksPath")? {
        found.note(format!(
            "core.hooksPath is {}: hooks are in {}",
            sanitize(&path),
            install::shown(&directory)
        ));
    }
    let by_git = install::by_git(repository)?;
    for (name, state) in hooks::state(&directory)? {
        let relay = hooks::relay(name, &directory, repository.work_tree())?;
        let words = format!("hook {}: {}", name.as_str(), install::describe(&state, relay.as_ref()));
        let off = repository.config(&format!("hook.{name}.enabled"))?;
        if off.is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "false" | "no" | "off" | "0")) {
            found.bad(
                format!("hook.{name}.enabled is false: git may run no {name}"),
                format!("git config --unset-all hook.{name}.enabled"),
            );
        }
        let idle = !Repository::runs_configured_hooks()?
            && repository
                .configured_hooks()?
                .iter()
                .any(|hook| hook.runs_certgate(name.as_str()));
        if idle {
            found.bad(
                format!("hook {name} is in git's configuration, which this git does not run before 2.54"),
                "certgate install, or upgrade git",
            );
        }
        if let Some((_, own)) = by_git.iter().find(|(event, _)| *event == name) {
            found.good(format!("hook {name}: git runs certgate by hook.{}", sanitize(own)));
            continue;
        }
        match (&state, &relay) {
            (State::Foreign { .. }, Some(Relay::Kept { .. } | Relay::Named { .. })) => {
                found.good(words);
                continue;
            }
            (State::Foreign { .. }, Some(Relay::Deaf { help, .. })) => {
                found.bad(words, help);
                continue;
            }
            _ => {}
        }
        match &state {
            State::Missing | State::Foreign { .. } | State::Directory if name.is_optional() => {}
            State::Ours {
                binary,
                executable: true,
                current: true,
                ..
            } if binary.is_file() => found.good(words),
            State::Ours { binary, .. } if !binary.is_file() => {
                found.bad(format!("{words}, which is not there"), "certgate install");
            }
            _ => found.bad(words, "certgate install"),
        }
    }
    Ok(())
}

fn policy_of(repository: &Repository, found: &mut Findings) -> Result<Option<Policy>, Failure> {
    let policy = match lint::in_force(repository) {
        Ok(policy) => policy,
        Err(failure) => {
            let why = failure
                .diagnostics
                .first()
                .map(|diagnostic| diagnostic.message().to_owned())
                .unwrap_or_default();
            found.bad(format!("the policy cannot be read: {why}"), "certgate policy check");
            return Ok(None);
        }
    };
    let Some(policy) = policy else {
        let uncommitted = repository
            .work_tree()
            .is_some_and(|root| root.join(policy_path().as_path()).is_file());
        match uncommitted {
            true => found.bad("the policy is not committed", "git add .certgate && git commit"),
            false => found.bad("there is no policy; the default pack judges", "certgate init"),
        }
        return Ok(None);
    };
    let committed = match repository.head()?.commit() {
        Some(commit) => judge::policy_at(repository, &Snapshot::Commit(commit.clone()))?.is_some(),
        None => false,
    };
    match committed {
        true => found.good(format!(
            "the policy is committed: {} components",
            policy.components.len()
        )),
        false => found.bad("the policy is staged but not committed", "git commit"),
    }
    match check_examples(&policy).len() {
        0 => found.good("the policy's examples hold"),
        n => found.bad(
            format!("{n} of the policy's examples do not hold"),
            "certgate policy check",
        ),
    }
    Ok(Some(policy))
}

fn branches(repository: &Repository, policy: &Policy, found: &mut Findings) -> Result<(), Failure> {
    let protected = protected_branches(repository, policy)?;
    match protected.is_empty() {
        true => {
            let globs: Vec<&str> = policy
                .enforce
                .iter()
                .flat_map(|entry| GlobList::iter(&entry.branches))
                .collect();
            let globs = sanitize(&globs.join(", "));
            found.bad(
                format!("no branch here is protected; `enforce` names {globs}"),
                "name your main branch in `enforce:`",
            );
        }
        false => {
            let names: Vec<String> = protected.iter().map(|(name, _)| sanitize(name)).collect();
            found.good(format!("protected: {}", names.join(", ")));
        }
    }
    Ok(())
}
