//! The directory beside the hooks directory in which chained hooks keep their names.
//!
//! A hook may go by its own name (`basename "$0"`), by what lies beside it (`"$(dirname "$0")/pre-commit.d"`) or by what lies above it
//! (`"$(dirname "$0")/../.."`), in whatever language it is written. So it is not renamed: it moves to a directory of the same depth,
//! `HOOKS.certgate-chained`, in which everything else of the hooks directory is linked. The shims link what comes later.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::place::{self, Found};
use super::{HookName, HooksError};

/// What the name of the directory ends in, and what a chained hook's name ended in before there was one.
const SUFFIX: &str = ".certgate-chained";

/// What keeps the directory out of `git status` where hooks lie in the work tree.
const IGNORED: &str = "*\n";

/// The directory for chained hooks. The shims reckon in the same way: where the hooks directory is a link, beside what it leads to.
pub(super) fn directory(hooks_dir: &Path) -> PathBuf {
    let hooks_dir = hooks_dir.canonicalize().unwrap_or_else(|_| hooks_dir.to_owned());
    let mut name = hooks_dir.file_name().unwrap_or_default().to_owned();
    name.push(SUFFIX);
    hooks_dir.with_file_name(name)
}

/// Makes it.
pub(super) fn create(hooks_dir: &Path) -> Result<(), HooksError> {
    let directory = directory(hooks_dir);
    place::create_directory(&directory)?;
    place::sweep(&directory);
    let ignored = directory.join(".gitignore");
    if !place::exists(&ignored)? {
        fs::write(&ignored, IGNORED).map_err(|source| HooksError::io("write", &ignored, source))?;
    }
    Ok(())
}

/// Where a chained hook was kept by earlier versions: in the hooks directory, under another name.
fn formerly(hooks_dir: &Path, name: HookName) -> PathBuf {
    hooks_dir.join(format!("{name}{SUFFIX}"))
}

/// Moves a hook that an earlier version chained to its new place. Where another hook is there, both stay.
pub(super) fn migrate(hooks_dir: &Path, name: HookName) -> Result<(), HooksError> {
    let (old, new) = (formerly(hooks_dir, name), name.chained_path(hooks_dir));
    // Another certgate may be as far.
    if !place::exists(&old)? || matches!(place::inspect(&old)?, Found::Ours { .. }) {
        return Ok(());
    }
    if !place::exists(&new)? {
        create(hooks_dir)?;
        return place::rename(&old, &new);
    }
    match place::same(&old, &new)? {
        true => place::remove(&old),
        false => Ok(()),
    }
}

/// The target of the link that stands for a file of the hooks directory.
fn target(hooks_dir: &Path, name: &std::ffi::OsStr) -> Option<PathBuf> {
    let hooks_dir = hooks_dir.canonicalize().ok()?;
    Some(Path::new("..").join(hooks_dir.file_name()?).join(name))
}

/// Links what lies in the hooks directory and is no hook of certgate's, where hooks are chained. What cannot be linked now is tried again
/// when a hook runs.
pub(super) fn link(hooks_dir: &Path) {
    let directory = directory(hooks_dir);
    if !directory.is_dir() {
        return;
    }
    for entry in fs::read_dir(hooks_dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let left_out = text.ends_with(".sample")
            || text.ends_with(SUFFIX)
            || text.starts_with(".certgate-")
            || HookName::parse(&text).is_some();
        if let (false, Some(target)) = (left_out, target(hooks_dir, &name)) {
            let _linked = symlink(target, directory.join(&name));
        }
    }
}

/// Takes the directory away, once no hook is chained: the links, and then the rest, unless somebody else left something there.
pub(super) fn clear(hooks_dir: &Path) {
    let directory = directory(hooks_dir);
    let chained = |name: &HookName| place::exists(&directory.join(name.as_str())).unwrap_or(true);
    if HookName::ALL.iter().any(chained) {
        return;
    }
    for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let linked = target(hooks_dir, &name);
        let ours = fs::read_link(&path).ok().is_some_and(|found| Some(found) == linked)
            || (name == ".gitignore" && fs::read(&path).is_ok_and(|text| text == IGNORED.as_bytes()));
        if ours {
            let _gone = fs::remove_file(&path);
        }
    }
    let _gone = fs::remove_dir(&directory);
}
