//! Scratch worktrees, for what has to be built and run. No hook runs in them, and none is left behind.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::{GitError, Repository};
use crate::change::ObjectId;

impl Repository {
    /// Checks a commit out into a folder that is not there yet, as a linked worktree with a detached HEAD.
    pub fn add_worktree(&self, path: &Path, commit: &ObjectId) -> Result<(), GitError> {
        let commit = commit.to_string();
        let mut arguments: Vec<&OsStr> = [
            "-c",
            "core.hooksPath=/dev/null",
            "worktree",
            "add",
            "--quiet",
            "--detach",
            "--",
        ]
        .map(OsStr::new)
        .to_vec();
        arguments.extend([path.as_os_str(), OsStr::new(&commit)]);
        self.runner.read(&arguments).map(drop)
    }

    /// Takes such a worktree away, with all that was made in it.
    pub fn remove_worktree(&self, path: &Path) -> Result<(), GitError> {
        let mut arguments: Vec<&OsStr> = ["worktree", "remove", "--force", "--force", "--"]
            .map(OsStr::new)
            .to_vec();
        arguments.push(path.as_os_str());
        self.runner.read(&arguments).map(drop)
    }

    /// Whether git ignores one of these files, so that it is added by force only. A file that is in the index is not ignored.
    pub fn ignores(&self, paths: &[PathBuf]) -> Result<bool, GitError> {
        if self.is_bare() {
            return Ok(false);
        }
        let absolute = paths.iter().filter_map(|path| std::path::absolute(path).ok());
        let mut arguments: Vec<OsString> = ["check-ignore", "--quiet", "--"].map(OsString::from).to_vec();
        arguments.extend(absolute.map(PathBuf::into_os_string));
        // 0: ignored; 1: not; 128: outside of the work tree, or the like.
        Ok(self.runner.output(&arguments)?.status.code() == Some(0))
    }

    /// Whether only a part of the tree is checked out.
    pub fn is_sparse(&self) -> Result<bool, GitError> {
        let value = self.config("core.sparseCheckout")?;
        Ok(value.is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on")))
    }

    /// Whether tracked files of the work tree differ from HEAD.
    pub fn is_dirty(&self) -> Result<bool, GitError> {
        let listed = self.runner.read(&[
            "status",
            "--porcelain",
            "--untracked-files=no",
            "--ignore-submodules=none",
        ])?;
        Ok(!listed.is_empty())
    }
}
