//! Where a setting comes from (git-config(1), `--show-scope`), which worktrees there are, and whose the hooks directory is.

use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::{GitError, Repository};

/// A value of git's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// `system`, `global`, `local`, `worktree` or `command`.
    pub scope: String,
    /// The key, section and variable in lower case.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Repository {
    /// The settings whose keys match an extended regular expression, in the order in which git reads them: of one key the last counts.
    pub fn settings(&self, keys: &str) -> Result<Vec<Setting>, GitError> {
        if let Some(plain) = Regex::new(keys).ok().and_then(|keys| self.plain_settings(&keys)) {
            return Ok(plain);
        }
        let question = ["config", "--null", "--show-scope", "--get-regexp", keys];
        let output = self.runner.output(&question)?;
        match output.status.code() {
            Some(0) => Ok(read(&output.stdout)),
            // No key matches.
            Some(1) => Ok(Vec::new()),
            _ => Err(GitError::failed(
                super::run::show(&question),
                output.status,
                &output.stderr,
            )),
        }
    }

    /// Why the hooks directory may be that of other repositories, too; `None` where it is this one's alone.
    ///
    /// It is this one's where it lies in the git directory or in a worktree, followed through links, unless the user's or the machine's
    /// configuration names it by a path that is the same in every repository.
    pub fn shared_hooks(&self) -> Result<Option<String>, GitError> {
        let setting = self.settings(r"^core\.hookspath$")?.pop();
        if let Some(Setting { scope, value, .. }) = &setting
            && matches!(scope.as_str(), "global" | "system")
            && value.starts_with(['/', '~', '%'])
        {
            return Ok(Some(format!(
                "core.hooksPath is {value} in the {scope} configuration of git"
            )));
        }
        let directory = resolved(&self.hooks_dir()?);
        let own = [Some(self.common_dir()), Some(self.git_dir()), self.work_tree()];
        let inside = |root: &Path| directory.starts_with(resolved(root));
        if own.into_iter().flatten().any(inside) || self.worktrees()?.iter().any(|root| inside(root)) {
            return Ok(None);
        }
        Ok(Some(match setting {
            Some(setting) => format!("core.hooksPath is {}, outside the repository", setting.value),
            None => "the hooks directory is a link that leads out of the repository".to_owned(),
        }))
    }

    /// The roots of the worktrees that are there, the main one first (git-worktree(1)); none for a bare repository itself.
    pub fn worktrees(&self) -> Result<Vec<PathBuf>, GitError> {
        let listed = self.runner.read(&["worktree", "list", "--porcelain"])?;
        let mut found = Vec::new();
        for entry in listed.split(|&b| b == b'\n') {
            match entry.strip_prefix(b"worktree ") {
                Some(path) => found.push(PathBuf::from(std::ffi::OsString::from_vec(path.to_vec()))),
                None if entry == b"bare" => {
                    found.pop();
                }
                None => {}
            }
        }
        found.retain(|path| path.is_dir());
        Ok(found)
    }
}

/// A path with its links followed, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut at = path;
    loop {
        if let Ok(found) = at.canonicalize() {
            return rest.iter().rev().fold(found, |path, name| path.join(name));
        }
        match (at.parent(), at.file_name()) {
            (Some(parent), Some(name)) => {
                rest.push(name);
                at = parent;
            }
            _ => return path.to_owned(),
        }
    }
}

/// Reads scope, NUL, key, line break, value, NUL; a key without a value is true.
pub(super) fn read(listed: &[u8]) -> Vec<Setting> {
    let mut parts = listed.split(|&b| b == 0);
    let mut found = Vec::new();
    while let (Some(scope), Some(setting)) = (parts.next(), parts.next()) {
        let text = String::from_utf8_lossy(setting);
        let (key, value) = text.split_once('\n').unwrap_or((&text, "true"));
        found.push(Setting {
            scope: String::from_utf8_lossy(scope).into_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_settings_with_their_scope() {
        let found = read(b"global\0alias.ci\ncommit\n--no-verify\0local\0core.bare\0");
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].scope.as_str(), found[0].value.as_str()),
            ("global", "commit\n--no-verify")
        );
        assert_eq!((found[1].key.as_str(), found[1].value.as_str()), ("core.bare", "true"));
    }
}
