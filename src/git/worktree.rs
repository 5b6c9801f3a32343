//! Scratch worktrees, for what has to be built and run. No hook runs in them, and none is left behind.

use std::ffi::OsStr;
use std::path::Path;

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
