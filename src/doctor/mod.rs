//! Every way in which this repository's gate could silently not run, and the command that fixes it.

mod agents;
mod client;
mod policy;
mod server;
mod signers;
mod words;

pub(crate) use words::describe;

use crate::diagnostic::{Help, command};
use crate::gate::Undecided;
use crate::git::{Repository, git_version};
use crate::policy::Policy;

/// How a finding is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// As it should be.
    Ok,
    /// The gate, or part of it, does not run.
    Wrong,
    /// Worth knowing.
    Note,
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct HealthCheck {
    /// What was looked at: a name that stays.
    pub check: &'static str,
    /// How it is.
    pub level: Health,
    /// The same for people. Nothing in it is as the repository wrote it: it is made harmless on its way out.
    pub message: String,
    /// What fixes it, or changes it: nearly always a command.
    pub helps: Vec<Help>,
}

/// The oldest git that is tested against.
const OLDEST_GIT: (u32, u32) = (2, 31);

#[derive(Default)]
struct Findings(Vec<HealthCheck>);

impl Findings {
    fn push(&mut self, check: &'static str, level: Health, message: impl ToString, helps: Vec<Help>) {
        self.0.push(HealthCheck {
            check,
            level,
            message: message.to_string(),
            helps,
        });
    }

    fn good(&mut self, check: &'static str, message: impl ToString) {
        self.push(check, Health::Ok, message, Vec::new());
    }

    fn bad(&mut self, check: &'static str, message: impl ToString, help: impl Into<Help>) {
        self.push(check, Health::Wrong, message, vec![help.into()]);
    }

    fn note(&mut self, check: &'static str, message: impl ToString) {
        self.push(check, Health::Note, message, Vec::new());
    }

    fn note_with(&mut self, check: &'static str, message: impl ToString, help: impl Into<Help>) {
        self.push(check, Health::Note, message, vec![help.into()]);
    }
}

/// Looks at everything.
pub(crate) fn examine(repository: &Repository) -> Result<Vec<HealthCheck>, Undecided> {
    let mut found = Findings::default();
    let version = git_version()?;
    match (version.major, version.minor) >= OLDEST_GIT {
        true => found.good("git-version", format!("git {version}")),
        false => found.bad(
            "git-version",
            format!("git {version} is older than {}.{}", OLDEST_GIT.0, OLDEST_GIT.1),
            "upgrade git",
        ),
    }
    merged_through(repository, &mut found)?;
    client::other_worktrees(repository, &mut found)?;
    client::aliases(repository, &mut found)?;
    if let Some(policy) = policy::policy(repository, &mut found)? {
        policy::branches(repository, &policy, &mut found)?;
        signers::signers(repository, &policy, &mut found)?;
        agents::agents(repository, &policy, &mut found);
    }
    history(repository, &mut found)?;
    if !repository.is_bare() {
        found.note(
            "no-verify",
            "`git commit --no-verify` skips local hooks: the check in CI, or the server's hook, is the gate (see README)",
        );
    }
    Ok(found.0)
}

/// The hooks through which what is merged here comes.
fn merged_through(repository: &Repository, found: &mut Findings) -> Result<(), Undecided> {
    if repository.is_bare() {
        return server::bare(repository, found);
    }
    client::hooks(repository, None, found)?;
    server::receiving(repository, found)
}

/// What is wrong with the gate of a repository that is only looked at, such as a clone that somebody else works in: its hooks, its branches, its
/// keys and its history; nothing of this machine, and no file of its work tree.
pub(crate) fn examine_from_outside(
    repository: &Repository,
    policy: Option<&Policy>,
) -> Result<Vec<HealthCheck>, Undecided> {
    let mut found = Findings::default();
    merged_through(repository, &mut found)?;
    if let Some(policy) = policy {
        policy::branches(repository, policy, &mut found)?;
        signers::signers(repository, policy, &mut found)?;
    }
    history(repository, &mut found)?;
    found.0.retain(|check| check.level == Health::Wrong);
    Ok(found.0)
}

fn history(repository: &Repository, found: &mut Findings) -> Result<(), Undecided> {
    match repository.is_shallow() {
        true => found.bad(
            "shallow",
            "the clone is shallow: merge bases may be missing",
            command!["git", "fetch", "--unshallow"],
        ),
        false => found.good("shallow", "the history is complete"),
    }
    let promisors = repository.settings(|key| {
        key == "extensions.partialclone" || (key.starts_with("remote.") && key.ends_with(".promisor"))
    })?;
    if !promisors.is_empty() {
        found.note(
            "partial-clone",
            "the clone is partial: objects that are missing are fetched when they are needed",
        );
    }
    Ok(())
}
