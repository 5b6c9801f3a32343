//! `certgate install | uninstall | hooks`.

use std::path::PathBuf;

use super::args::{InstallArgs, ListFormat, UninstallArgs};
use super::ending::Ending;
use super::fault::Doing as _;
use super::terminal;
use crate::diagnostic::{Code, Diagnostic, Remedy, command, sanitize, shown};
use crate::doctor::describe;
use crate::gate::Undecided;
use crate::git::Repository;
use crate::hooks::{self, HookName, Installation, Installed, Relay, Removed, State};
use crate::intake::by_git;
use crate::report::{self, HookRow};
use crate::signals;

/// The running binary, by the path that the shims shall call.
pub(super) fn binary() -> anyhow::Result<PathBuf> {
    let found = std::env::current_exe().and_then(|binary| match binary.is_file() {
        true => Ok(binary),
        // Where it was replaced while it runs, the system names what is no longer there.
        false => Err(std::io::ErrorKind::NotFound.into()),
    });
    found.doing("find", "the running certgate")
}

/// Installs the hooks.
pub(super) fn install(args: &InstallArgs) -> Result<Ending, Undecided> {
    let repository = Repository::open()?;
    let hooks: &[HookName] = match (args.server, args.strict) {
        (true, _) => &[HookName::PreReceive],
        (false, true) => &STRICT,
        (false, false) => &HookName::CLIENT,
    };
    let command = command!["certgate", "install"]
        .args(args.strict.then_some("--strict"))
        .args(args.server.then_some("--server"));
    match args.shared_hooks_path {
        true => tell_shared(&repository)?,
        false => refuse_shared(&repository, command)?,
    }
    let done = install_into(&repository, hooks)?;
    if repository.is_bare() && !args.server {
        terminal::err(
            "note: a bare repository runs none of the client's hooks, only its linked worktrees do; what is pushed here is judged by \
             `certgate install --server`\n",
        );
    }
    terminal::out(&done)?;
    let managers = hooks::managers(&repository.hooks_dir()?)?;
    let jujutsu = repository.work_tree().and_then(hooks::jujutsu);
    let told = managers.into_iter().map(hooks::Manager::diagnostic).chain(jujutsu);
    terminal::diagnose(&told.collect::<Vec<_>>());
    Ok(Ending::Done)
}

/// Refuses to write where other repositories find their hooks, too; `install` is the command that was given.
pub(super) fn refuse_shared(repository: &Repository, install: Remedy) -> Result<(), Undecided> {
    let Some(why) = repository.shared_hooks()? else {
        return Ok(());
    };
    let own = repository.common_dir().join("hooks");
    let directory = repository.hooks_dir()?;
    Err(Diagnostic::error(
        Code::CG728,
        format!(
            "the hooks directory {} is not this repository's alone",
            shown(&directory)
        ),
    )
    .because(sanitize(&why))
    .because("hooks there run in every repository that uses the directory")
    .help(
        install
            .clone()
            .after(command!["git", "config", "--local", "core.hooksPath", &own])
            .why("separate hooks for this repository, instead of those there"),
    )
    .help(
        install
            .arg("--shared-hooks-path")
            .why("in all of them; those without a policy are not judged"),
    )
    .into())
}

/// Says what it means that the directory is shared.
fn tell_shared(repository: &Repository) -> Result<(), Undecided> {
    if repository.shared_hooks()?.is_some() {
        terminal::err(
            "note: other repositories use this hooks directory, too; every one of them that has a policy is judged from now on, and \
             one without a policy is not\n",
        );
    }
    Ok(())
}

/// The hooks of `install --strict`.
const STRICT: [HookName; 5] = [
    HookName::PreCommit,
    HookName::CommitMsg,
    HookName::PreMergeCommit,
    HookName::PrePush,
    HookName::ReferenceTransaction,
];

/// Installs the hooks and tells what was done, a line each.
pub(super) fn install_into(repository: &Repository, hooks: &[HookName]) -> Result<String, Undecided> {
    let directory = repository.hooks_dir()?;
    let binary = binary()?;
    let done = {
        let _whole = signals::hold();
        hooks::install(&Installation {
            hooks_dir: &directory,
            binary: &binary,
            hooks,
        })?
    };
    let mut text = String::new();
    for (name, installed) in done {
        let what = match installed {
            Installed::New => "installed".to_owned(),
            Installed::Updated => "updated".to_owned(),
            Installed::Unchanged => "unchanged".to_owned(),
            Installed::Chained { kept_as } => format!("installed; runs {} first", shown(&kept_as)),
            Installed::Behind { shim } => format!("runs as {}, by the hook that is there", shown(&shim)),
        };
        text.push_str(&format!("{:<21} {what}\n", name.as_str()));
    }
    text.push_str(&format!("hooks are in {}\n", shown(&directory)));
    Ok(text)
}

/// Removes them.
pub(super) fn uninstall(args: &UninstallArgs) -> Result<Ending, Undecided> {
    let repository = Repository::open()?;
    let directory = repository.hooks_dir()?;
    let ours = |(_, state): &(HookName, State)| matches!(state, State::Ours { .. });
    if !args.shared_hooks_path
        && hooks::state(&directory)?.iter().any(ours)
        && let Some(why) = repository.shared_hooks()?
    {
        let problem = Diagnostic::error(
            Code::CG728,
            format!(
                "the hooks directory {} is not this repository's alone",
                shown(&directory)
            ),
        );
        return Err(problem
            .because(sanitize(&why))
            .help(command!["certgate", "uninstall", "--shared-hooks-path"].why("in every repository that uses it"))
            .into());
    }
    let mut text = String::new();
    let done = {
        let _whole = signals::hold();
        hooks::uninstall(&directory)?
    };
    for (name, removed) in done {
        if name.is_optional() && matches!(removed, Removed::Absent | Removed::Foreign) {
            continue;
        }
        let what = match removed {
            Removed::Removed => "removed",
            Removed::Restored => "removed; the hook that was there before is back",
            Removed::Absent => "was not installed",
            Removed::Foreign => "is not certgate's; left alone",
        };
        text.push_str(&format!("{:<21} {what}\n", name.as_str()));
    }
    terminal::out(&text)?;
    Ok(Ending::Done)
}

/// Shows them.
pub(super) fn hooks(format: ListFormat) -> Result<Ending, Undecided> {
    let repository = Repository::open()?;
    let directory = repository.hooks_dir()?;
    let mut rows = Vec::new();
    for (name, state) in hooks::state(&directory)? {
        let relay = hooks::relay(name, &directory, repository.work_tree())?;
        let says = match (&state, name) {
            (State::Missing, HookName::ReferenceTransaction) => "not asked for: certgate install --strict".to_owned(),
            (State::Missing, HookName::PreReceive) => "not asked for: certgate install --server".to_owned(),
            _ => describe(&state, relay.as_ref()),
        };
        let (word, runs) = match &state {
            State::Missing => ("missing", false),
            State::Directory => ("directory", false),
            State::Foreign { .. } => (
                "foreign",
                matches!(relay, Some(Relay::Kept { .. } | Relay::Named { .. })),
            ),
            State::Ours { binary, executable, .. } => ("certgate", *executable && hooks::is_program(binary)),
        };
        rows.push(HookRow {
            name: name.as_str(),
            state: word,
            runs,
            says,
        });
    }
    for (event, own) in by_git(&repository)? {
        rows.push(HookRow {
            name: event.as_str(),
            state: "git-config",
            runs: true,
            says: format!("git's configuration runs certgate: hook.{}", sanitize(&own)),
        });
    }
    let directory = shown(&directory);
    terminal::out(&match format {
        ListFormat::Json => report::hooks_json(&directory, &rows),
        ListFormat::Human => {
            let lines = rows.iter().map(|row| format!("{:<21} {}\n", row.name, row.says));
            format!("{directory}\n{}", lines.collect::<String>())
        }
    })?;
    Ok(Ending::Done)
}
