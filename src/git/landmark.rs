//! What a shell can look at to see that the commit whose policy judges new branches is the same as before.
//!
//! Git runs `reference-transaction` for each branch that a fetch makes. Its shim compares a few first lines of files with what is said here,
//! and need not start certgate (`docs/decisions/0113-a-shim-that-remembers.md`).

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::Repository;
use super::commit::oid;
use super::refs::packed_lines;
use super::store::own;
use crate::change::ObjectId;

/// The refs of the work tree's own `.git` that lead to a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landmark {
    /// What is in the file of `refs/remotes/origin/HEAD`; nothing where there is no such ref.
    pub default: String,
    /// The ref that leads to the commit: the one that `origin/HEAD` names, or else `refs/heads/main`.
    pub reference: String,
    /// What is in its file; nothing where it is packed.
    pub at: String,
    /// True where there is a `packed-refs`.
    pub packed: bool,
    /// The branches that are packed.
    pub branches: Vec<String>,
    /// Whatever is written to `packed-refs` from now on is newer than this, and what is in it now is older.
    pub since: SystemTime,
}

/// More packed branches are too many for a shell.
const MOST: usize = 64;

/// Clocks of files are coarse.
const GRAIN: Duration = Duration::from_secs(2);

impl Repository {
    /// The refs that lead to a commit, where a shell can see that they still do; `None` anywhere else.
    pub fn landmark(&self, commit: &ObjectId) -> Option<Landmark> {
        const DEFAULT: &str = "refs/remotes/origin/HEAD";
        let location = &self.location;
        let dot_git = location.work_tree.as_ref()?.join(".git");
        if location.reftable || location.git_dir != dot_git || location.common_dir != dot_git {
            return None;
        }
        let since = SystemTime::now().checked_sub(GRAIN)?;
        let packed_refs = dot_git.join("packed-refs");
        let packed = match packed_refs.symlink_metadata() {
            Ok(found) if found.is_file() && found.modified().ok()? < since => true,
            Ok(_) => return None,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(_) => return None,
        };
        let default = first_line(&dot_git.join(DEFAULT))?;
        let reference = match default.strip_prefix("ref: ") {
            Some(target) if is_plain(target) => target.to_owned(),
            None if default.is_empty() => "refs/heads/main".to_owned(),
            _ => return None,
        };
        let at = first_line(&dot_git.join(&reference))?;
        let listed = match packed {
            true => std::fs::read(&packed_refs).ok()?,
            false => Vec::new(),
        };
        let mut branches = Vec::new();
        let mut value = oid(at.as_bytes());
        for (id, name) in packed_lines(&listed, self.store.hex_length()) {
            if name == DEFAULT.as_bytes() {
                return None;
            }
            if name == reference.as_bytes() && at.is_empty() {
                value = oid(id);
            }
            if let Some(branch) = name.strip_prefix(b"refs/heads/") {
                branches.push(std::str::from_utf8(branch).ok()?.to_owned());
            }
        }
        let here = value.is_some_and(|id| own(id) == *commit) && branches.len() <= MOST;
        here.then_some(Landmark {
            default,
            reference,
            at,
            packed,
            branches,
            since,
        })
    }
}

/// True for the name of a ref that leads out of nowhere.
fn is_plain(name: &str) -> bool {
    name.starts_with("refs/")
        && name
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.') && !part.contains(char::is_whitespace))
}

/// The only line of a file; empty where there is no file, `None` for anything else.
fn first_line(file: &Path) -> Option<String> {
    match file.symlink_metadata() {
        Ok(found) if found.is_file() => {}
        Ok(_) => return None,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(String::new()),
        Err(_) => return None,
    }
    let text = String::from_utf8(std::fs::read(file).ok()?).ok()?;
    let line = text.strip_suffix('\n')?;
    (!line.is_empty() && !line.contains(char::is_control)).then(|| line.to_owned())
}
