//! `certgate install | uninstall | hooks`.

use std::path::PathBuf;

use super::args::NoArgs;
use super::{Ending, Failure, terminal};
use crate::git::Repository;
use crate::hooks::{self, Installation, Installed, Removed, State};

/// The running binary, by the path that the shims shall call.
pub(super) fn binary() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| Failure::io("find", std::path::Path::new("the running certgate"), &error))
}

/// Installs the hooks.
pub(super) fn install(_: &NoArgs) -> Result<Ending, Failure> {
    let repository = Repository::open()?;
    terminal::out(&install_into(&repository)?)?;
    Ok(Ending::Done)
}

/// Installs the hooks and tells what was done, a line each.
pub(super) fn install_into(repository: &Repository) -> Result<String, Failure> {
    let directory = repository.hooks_dir()?;
    let binary = binary()?;
    let done = hooks::install(&Installation {
        hooks_dir: &directory,
        binary: &binary,
    })?;
    let mut text = String::new();
    for (name, installed) in done {
        let what = match installed {
            Installed::New => "installed".to_owned(),
            Installed::Updated => "updated".to_owned(),
            Installed::Unchanged => "unchanged".to_owned(),
            Installed::Chained { kept_as } => format!("installed; runs {} first", kept_as.display()),
        };
        text.push_str(&format!("{:<18} {what}\n", name.as_str()));
    }
    text.push_str(&format!("hooks are in {}\n", directory.display()));
    Ok(text)
}

/// Removes them.
pub(super) fn uninstall() -> Result<Ending, Failure> {
    let directory = Repository::open()?.hooks_dir()?;
    let mut text = String::new();
    for (name, removed) in hooks::uninstall(&directory)? {
        let what = match removed {
            Removed::Removed => "removed",
            Removed::Restored => "removed; the hook that was there before is back",
            Removed::Absent => "was not installed",
            Removed::Foreign => "is not certgate's; left alone",
        };
        text.push_str(&format!("{:<18} {what}\n", name.as_str()));
    }
    terminal::out(&text)?;
    Ok(Ending::Done)
}

/// Shows them.
pub(super) fn hooks() -> Result<Ending, Failure> {
    let directory = Repository::open()?.hooks_dir()?;
    let mut text = format!("{}\n", directory.display());
    for (name, state) in hooks::state(&directory)? {
        text.push_str(&format!("{:<18} {}\n", name.as_str(), describe(&state)));
    }
    terminal::out(&text)?;
    Ok(Ending::Done)
}

/// A hook's state in words.
pub(super) fn describe(state: &State) -> String {
    match state {
        State::Missing => "missing".to_owned(),
        State::Foreign { .. } => "another program's; certgate does not run".to_owned(),
        State::Directory => "a directory; git runs nothing".to_owned(),
        State::Ours {
            binary,
            current,
            executable,
            chained,
        } => {
            let mut words = vec![format!("calls {}", binary.display())];
            if !executable {
                words.push("not executable: git does not run it".to_owned());
            }
            if !current {
                words.push("not of this version of certgate".to_owned());
            }
            if *chained {
                words.push("runs the hook that was there first".to_owned());
            }
            words.join("; ")
        }
    }
}
