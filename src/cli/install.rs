//! `certgate install | uninstall | hooks`.

use std::path::PathBuf;

use super::args::InstallArgs;
use super::ending::Ending;
use super::fault::Doing as _;
use super::terminal;
use crate::diagnostic::{sanitize, shown};
use crate::doctor::describe;
use crate::gate::Undecided;
use crate::git::Repository;
use crate::hooks::{self, HookName, Installation, Installed, Removed, State};
use crate::intake::by_git;
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
    let done = install_into(&repository, hooks)?;
    if repository.is_bare() && !args.server {
        terminal::err(
            "note: a bare repository runs none of the client's hooks, only its linked worktrees do; what is pushed here is judged by \
             `certgate install --server`\n",
        );
    }
    terminal::out(&done)?;
    let managers = hooks::managers(&repository.hooks_dir()?)?;
    terminal::diagnose(&managers.into_iter().map(hooks::Manager::diagnostic).collect::<Vec<_>>());
    Ok(Ending::Done)
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
pub(super) fn uninstall() -> Result<Ending, Undecided> {
    let directory = Repository::open()?.hooks_dir()?;
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
pub(super) fn hooks() -> Result<Ending, Undecided> {
    let repository = Repository::open()?;
    let directory = repository.hooks_dir()?;
    let mut text = format!("{}\n", shown(&directory));
    for (name, state) in hooks::state(&directory)? {
        let words = match (&state, name) {
            (State::Missing, HookName::ReferenceTransaction) => "not asked for: certgate install --strict".to_owned(),
            (State::Missing, HookName::PreReceive) => "not asked for: certgate install --server".to_owned(),
            _ => describe(&state, hooks::relay(name, &directory, repository.work_tree())?.as_ref()),
        };
        text.push_str(&format!("{:<21} {words}\n", name.as_str()));
    }
    for (event, own) in by_git(&repository)? {
        let own = sanitize(&own);
        text.push_str(&format!(
            "{:<21} git's configuration runs certgate: hook.{own}\n",
            event.as_str()
        ));
    }
    terminal::out(&text)?;
    Ok(Ending::Done)
}
