//! Puts certgate's shims into a hooks directory, chains the hooks that were there, and takes them away again.
//!
//! The directory and the program's path come from the caller; git is not asked here. Nothing but the hook files, the directory of
//! chained hooks beside theirs (`beside`) and a temporary file is ever touched, so `*.sample` files and other hooks stay as they are.
//!
//! One certgate at a time works in a directory (`flock`, which the kernel lets go of with the process). Every step is one atomic
//! directory operation as well, in an order that loses nothing wherever it stops:
//!
//! 1. a foreign hook gets its second place, `../HOOKS.certgate-chained/NAME` (a hard link, or a copy put there without clobbering);
//! 2. the shim, complete and executable under a temporary name, is renamed over `NAME`.
//!
//! After a kill between the two the foreign hook still runs, and the next install continues from there; a temporary file that a kill left is
//! removed ten minutes later. Where there are no locks, of two installs that both see the foreign hook one fills the second place and the
//! other finds it with the same content; or, where the first has already finished, finds a shim under `NAME` and starts over. The second
//! place never holds a shim, because it is filled before the first shim is there.

mod beside;
mod error;
mod manager;
mod mount;
mod place;
mod relay;
mod shim;
#[cfg(test)]
mod shim_tests;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use error::HooksError;
pub use manager::{Manager, jujutsu, managers};
pub use relay::{Pushed, Relay, Told, relay, told};

pub use mount::noexec_mount;
pub use place::is_program;
use place::{Found, Kept};

/// How often a hook that changes under our hands is looked at again.
const ATTEMPTS: usize = 8;

/// A hook that certgate installs (githooks(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookName {
    /// Before a commit is made.
    PreCommit,
    /// Once its message is known.
    CommitMsg,
    /// Before a merge commit is made.
    PreMergeCommit,
    /// Before refs are pushed.
    PrePush,
    /// When refs are about to change, by whatever command.
    ReferenceTransaction,
    /// Where a push arrives, before it changes a ref.
    PreReceive,
}

impl HookName {
    /// All of them, in the order in which they are installed and reported.
    pub const ALL: [Self; 6] = [
        Self::PreCommit,
        Self::CommitMsg,
        Self::PreMergeCommit,
        Self::PrePush,
        Self::ReferenceTransaction,
        Self::PreReceive,
    ];

    /// Those of every clone.
    pub const CLIENT: [Self; 4] = [Self::PreCommit, Self::CommitMsg, Self::PreMergeCommit, Self::PrePush];

    /// True for those that are there only where somebody asked for them.
    pub fn is_optional(self) -> bool {
        !Self::CLIENT.contains(&self)
    }

    /// The file name that git looks for.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::CommitMsg => "commit-msg",
            Self::PreMergeCommit => "pre-merge-commit",
            Self::PrePush => "pre-push",
            Self::ReferenceTransaction => "reference-transaction",
            Self::PreReceive => "pre-receive",
        }
    }

    /// Reads a hook's file name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == text)
    }

    fn path(self, hooks_dir: &Path) -> PathBuf {
        hooks_dir.join(self.as_str())
    }

    fn chained_path(self, hooks_dir: &Path) -> PathBuf {
        beside::directory(hooks_dir).join(self.as_str())
    }
}

impl std::fmt::Display for HookName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What to install, and where.
#[derive(Clone, Copy, Debug)]
pub struct Installation<'a> {
    /// Where git looks for hooks (`git rev-parse --git-path hooks`); made if missing.
    pub hooks_dir: &'a Path,
    /// The program that the shims run; made absolute if it is not.
    pub binary: &'a Path,
    /// Which hooks; optional ones of ours that are there already are updated as well.
    pub hooks: &'a [HookName],
}

/// What [`install`] did with a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installed {
    /// There was none; now there is.
    New,
    /// A shim of ours was there, with another text or without its executable bit.
    Updated,
    /// The very shim was there.
    Unchanged,
    /// Somebody else's hook was there; it runs first, from its new place.
    Chained {
        /// The new place.
        kept_as: PathBuf,
    },
    /// A manager's hook is there that runs the shim, which it keeps under another name.
    Behind {
        /// The shim.
        shim: PathBuf,
    },
}

/// What [`uninstall`] did with a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    /// There was none.
    Absent,
    /// Ours is gone.
    Removed,
    /// The chained hook is back under its own name.
    Restored,
    /// The hook is not ours and was left alone.
    Foreign,
}

/// What is under a hook's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Missing,
    /// A shim of ours.
    Ours {
        /// The program that it runs.
        binary: PathBuf,
        /// True where the text is what this version of certgate writes.
        current: bool,
        /// True where git would run it.
        executable: bool,
        /// True where another hook is chained to it.
        chained: bool,
    },
    /// Somebody else's hook.
    Foreign {
        /// True where git would run it.
        executable: bool,
    },
    /// A directory, which is nobody's hook.
    Directory,
}

/// Installs the hooks, or fails before it changes any where it can tell beforehand that one will fail.
///
/// Idempotent; safe against a kill at any point and against other installs at the same time (see the [module](self)).
pub fn install(installation: &Installation<'_>) -> Result<Vec<(HookName, Installed)>, HooksError> {
    let hooks_dir = installation.hooks_dir;
    let binary = std::path::absolute(installation.binary)
        .map_err(|source| HooksError::io("make absolute", installation.binary, source))?;
    place::create_directory(hooks_dir)?;
    let _locked = place::lock(hooks_dir)?;
    place::sweep(hooks_dir);
    let mut names = Vec::new();
    for name in HookName::ALL {
        let asked = installation.hooks.contains(&name);
        if asked || name.is_optional() && matches!(place::inspect(&name.path(hooks_dir))?, Found::Ours { .. }) {
            names.push(name);
        }
    }
    for &name in &names {
        beside::migrate(hooks_dir, name)?;
        refuse_hopeless(hooks_dir, name)?;
    }
    let mut done = Vec::new();
    for name in names {
        done.push((name, install_one(hooks_dir, name, &binary)?));
    }
    beside::link(hooks_dir);
    Ok(done)
}

fn refuse_hopeless(hooks_dir: &Path, name: HookName) -> Result<(), HooksError> {
    let (path, chained) = (name.path(hooks_dir), name.chained_path(hooks_dir));
    match place::inspect(&path)? {
        Found::Directory => Err(HooksError::Directory { path }),
        Found::Foreign { .. } if place::differ(&path, &chained)? && !rewritten(&path, &chained) => {
            Err(HooksError::ChainedExists { path, chained })
        }
        _ => Ok(()),
    }
}

/// True where one manager wrote both: the one in place is its newer hook, and the chained one can go.
fn rewritten(path: &Path, chained: &Path) -> bool {
    manager::of(path).is_some_and(|writer| manager::of(chained) == Some(writer))
}

fn install_one(hooks_dir: &Path, name: HookName, binary: &Path) -> Result<Installed, HooksError> {
    let (path, chained) = (name.path(hooks_dir), name.chained_path(hooks_dir));
    let text = shim::render(name, binary);
    if let Some(shim) = relay::kept(name, hooks_dir)? {
        place::write_over(&shim, &text)?;
        // What was chained before the manager came back is the manager's own, by an older name.
        if manager::of(&chained).is_some() && manager::of(&chained) == manager::of(&path) {
            place::remove(&chained)?;
        }
        return Ok(Installed::Behind { shim });
    }
    for _ in 0..ATTEMPTS {
        match place::inspect(&path)? {
            Found::Directory => return Err(HooksError::Directory { path }),
            Found::Missing => {
                if place::write_new(&path, &text)? {
                    return Ok(Installed::New);
                }
            }
            Found::Ours { bytes, executable } => {
                if bytes == text && executable {
                    return Ok(Installed::Unchanged);
                }
                place::write_over(&path, &text)?;
                return Ok(Installed::Updated);
            }
            Found::Foreign { .. } => {
                beside::create(hooks_dir)?;
                match place::keep(&path, &chained)? {
                    Kept::Yes => {
                        // What the hook finds beside itself must be there before it runs from its new place.
                        beside::link(hooks_dir);
                        place::write_over(&path, &text)?;
                        return Ok(Installed::Chained { kept_as: chained });
                    }
                    Kept::OtherIsThere if rewritten(&path, &chained) => place::remove(&chained)?,
                    Kept::OtherIsThere => return Err(HooksError::ChainedExists { path, chained }),
                    Kept::Changed => {}
                }
            }
        }
    }
    Err(HooksError::Busy { path })
}

/// Takes every shim away and puts chained hooks back. What is not ours is left alone, and said to be so.
pub fn uninstall(hooks_dir: &Path) -> Result<Vec<(HookName, Removed)>, HooksError> {
    let _locked = place::lock(hooks_dir)?;
    place::sweep(hooks_dir);
    let mut done = Vec::new();
    for name in HookName::ALL {
        beside::migrate(hooks_dir, name)?;
        done.push((name, uninstall_one(hooks_dir, name)?));
    }
    beside::clear(hooks_dir);
    Ok(done)
}

fn uninstall_one(hooks_dir: &Path, name: HookName) -> Result<Removed, HooksError> {
    let (path, chained) = (name.path(hooks_dir), name.chained_path(hooks_dir));
    let is_chained = place::exists(&chained)?;
    let mut aside = false;
    for shim in relay::set_aside(name, hooks_dir)? {
        place::remove(&shim)?;
        aside = true;
    }
    match place::inspect(&path)? {
        Found::Missing if !is_chained => Ok(Removed::Absent),
        Found::Missing | Found::Ours { .. } if is_chained => {
            place::rename(&chained, &path)?;
            Ok(Removed::Restored)
        }
        Found::Missing | Found::Ours { .. } => {
            place::remove(&path)?;
            Ok(Removed::Removed)
        }
        Found::Foreign { .. } => {
            // An install that was killed half way leaves the hook under both names.
            if is_chained && place::same(&path, &chained)? {
                place::remove(&chained)?;
            }
            // A manager that runs what it found does without, once that is gone.
            Ok(if aside { Removed::Removed } else { Removed::Foreign })
        }
        Found::Directory => Ok(Removed::Foreign),
    }
}

/// Tells what is under each hook's name. A hooks directory that does not exist holds no hooks.
pub fn state(hooks_dir: &Path) -> Result<Vec<(HookName, State)>, HooksError> {
    HookName::ALL
        .into_iter()
        .map(|name| Ok((name, state_one(hooks_dir, name)?)))
        .collect()
}

fn state_one(hooks_dir: &Path, name: HookName) -> Result<State, HooksError> {
    Ok(match place::inspect(&name.path(hooks_dir))? {
        Found::Missing => State::Missing,
        Found::Directory => State::Directory,
        Found::Foreign { executable } => State::Foreign { executable },
        Found::Ours { bytes, executable } => {
            let binary = shim::binary(&bytes).unwrap_or_default();
            State::Ours {
                current: bytes == shim::render(name, &binary),
                binary,
                executable,
                chained: place::exists(&name.chained_path(hooks_dir))?,
            }
        }
    })
}
