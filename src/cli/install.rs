//! `certgate install | uninstall | hooks`.

use std::path::{Path, PathBuf};

use super::args::NoArgs;
use super::{Ending, Failure, terminal};
use crate::diagnostic::sanitize_bytes;
use crate::git::Repository;
use crate::hooks::{self, Installation, Installed, Removed, State};

/// The running binary, by the path that the shims shall call.
pub(super) fn binary() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| Failure::io("find", Path::new("the running certgate"), &error))
}

/// Installs the hooks.
pub(super) fn install(_: &NoArgs) -> Result<Ending, Failure> {
    let repository = Repository::open()?;
    let done = install_into(&repository)?;
    if repository.is_bare() {
        terminal::err(
            "note: a bare repository runs none of these, only its linked worktrees do; what is pushed here is judged in CI\n",
        );
    }
    terminal::out(&done)?;
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
            Installed::Chained { kept_as } => format!("installed; runs {} first", shown(&kept_as)),
        };
        text.push_str(&format!("{:<18} {what}\n", name.as_str()));
    }
    text.push_str(&format!("hooks are in {}\n", shown(&directory)));
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
    let mut text = format!("{}\n", shown(&directory));
    for (name, state) in hooks::state(&directory)? {
        text.push_str(&format!("{:<18} {}\n", name.as_str(), describe(&state)));
    }
    terminal::out(&text)?;
    Ok(Ending::Done)
}

/// A path of this machine, harmless to print.
pub(super) fn shown(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    sanitize_bytes(path.as_os_str().as_bytes())
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
            let mut words = vec![format!("calls {}", shown(binary))];
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
