//! What can go wrong with hooks, and what to do about it.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Code, Diagnostic, command, io_remedy, sanitize_bytes};

/// Why hooks could not be installed, removed or looked at. Nothing was lost.
#[derive(Debug, thiserror::Error)]
pub enum HooksError {
    /// The operating system said no.
    #[error("cannot {action} `{}`: {source}", shown(path))]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// A directory is where a hook belongs.
    #[error("`{}` is a directory, not a hook", shown(path))]
    Directory {
        /// The directory.
        path: PathBuf,
    },
    /// The hook cannot be chained, since its second name is taken by another.
    #[error(
        "a hook is already chained as `{}`, and another one is at `{}`",
        shown(chained),
        shown(path)
    )]
    ChainedExists {
        /// The hook in place.
        path: PathBuf,
        /// The one chained earlier.
        chained: PathBuf,
    },
    /// Another certgate is at work in the directory, and does not finish.
    #[error("another certgate is changing the hooks in `{}`", shown(directory))]
    Locked {
        /// The directory.
        directory: PathBuf,
    },
    /// Another program keeps changing the hook.
    #[error("`{}` is being changed by another program", shown(path))]
    Busy {
        /// The hook.
        path: PathBuf,
    },
}

impl HooksError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::Io { action, path, source }
    }

    /// The same for people, with the remedy.
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            Self::Io { path, source, .. } => Diagnostic::error(Code::CG709, self).help(io_remedy(path, source)),
            Self::Directory { path } => Diagnostic::error(Code::CG710, self)
                .because("git runs no directory, and certgate removes none")
                .help(command!["mv", path, &with_suffix(path, ".old")]),
            Self::ChainedExists { path, chained } => Diagnostic::error(Code::CG710, self)
                .because("certgate keeps both rather than choose")
                .help(command!["diff", path, chained])
                .help(command!["rm", chained].why("if that is the one that is no longer needed")),
            Self::Locked { directory } => Diagnostic::error(Code::CG725, self)
                .because("waited five seconds for it to finish")
                .help(command!["fuser", "-v", directory].why("shows who it is")),
            Self::Busy { .. } => Diagnostic::error(Code::CG709, self)
                .because("it changed whenever certgate was about to chain it")
                .help(command!["certgate", "install"]),
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn shown(path: &Path) -> String {
    sanitize_bytes(path.as_os_str().as_bytes())
}
