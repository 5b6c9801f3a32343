//! Who wrote what was moved: renames and copies in a range, and everybody who ever touched a path. Only ever asked to be stricter.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::commit::Person;
use super::{GitError, Repository};
use crate::change::{ObjectId, RepoPath};

/// Most paths that are named to git in one command.
const MOST_NAMED: usize = 500;

/// How many files git compares with each other, whatever is configured (diff.renameLimit in git-config(1)). What is the same to the byte is
/// found in any case.
const RENAME_LIMIT: &str = "-l1000";

impl Repository {
    /// What the commits of the range renamed or copied, as git's heuristic has it: from where, to where. In the commits that touch one of
    /// the paths any file may be what was copied, also one that the commit leaves as it is.
    ///
    /// # Errors
    ///
    /// Git's own.
    pub fn renames(
        &self,
        excluded: &[ObjectId],
        heads: &[ObjectId],
        paths: &[&RepoPath],
    ) -> Result<Vec<(RepoPath, RepoPath)>, GitError> {
        let mut found = self.copies(excluded, heads, &["--find-copies"], &[])?;
        // More would not fit into a command line; then every commit of the range is looked at so.
        let named = if paths.len() > MOST_NAMED { &[] } else { paths };
        found.extend(self.copies(excluded, heads, &["--find-copies-harder", "--full-diff"], named)?);
        Ok(found)
    }

    fn copies(
        &self,
        excluded: &[ObjectId],
        heads: &[ObjectId],
        how: &[&str],
        paths: &[&RepoPath],
    ) -> Result<Vec<(RepoPath, RepoPath)>, GitError> {
        let mut arguments: Vec<OsString> = [
            "--literal-pathspecs",
            "log",
            "-m",
            "--root",
            "--name-status",
            "-z",
            "--find-renames",
            RENAME_LIMIT,
            "--diff-filter=RC",
            "--no-ext-diff",
            "--no-textconv",
            "--no-show-signature",
            "--no-notes",
            "--format=tformat:",
        ]
        .map(OsString::from)
        .to_vec();
        arguments.extend(how.iter().map(OsString::from));
        arguments.extend(heads.iter().map(|id| OsString::from(id.to_string())));
        arguments.extend(excluded.iter().map(|id| OsString::from(format!("^{id}"))));
        arguments.push(OsString::from("--"));
        arguments.extend(paths.iter().map(|path| OsStr::from_bytes(path.as_bytes()).to_owned()));
        let output = self.runner.read(&arguments)?;
        let mut found = Vec::new();
        let mut fields = output.split(|&byte| byte == 0);
        while let Some(field) = fields.next() {
            let field = field.trim_ascii_start();
            if matches!(field.first(), Some(b'R' | b'C')) {
                let (Some(from), Some(to)) = (fields.next(), fields.next()) else {
                    break;
                };
                found.push((RepoPath::new(from), RepoPath::new(to)));
            }
        }
        Ok(found)
    }

    /// Everybody who authored or committed a change to one of the paths in the history of `tip`.
    ///
    /// # Errors
    ///
    /// Git's own.
    pub fn people_of(&self, tip: &ObjectId, paths: &[&RepoPath]) -> Result<Vec<Person>, GitError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let mut arguments: Vec<OsString> = [
            "--literal-pathspecs",
            "log",
            "-z",
            "--no-mailmap",
            "--no-show-signature",
            "--no-notes",
            "--format=tformat:%an%x01%ae%x02%cn%x01%ce",
        ]
        .map(OsString::from)
        .to_vec();
        arguments.push(OsString::from(tip.to_string()));
        arguments.push(OsString::from("--"));
        arguments.extend(paths.iter().map(|path| OsStr::from_bytes(path.as_bytes()).to_owned()));
        let output = self.runner.read(&arguments)?;
        let people = output.split(|&byte| byte == 0 || byte == 2).filter_map(|one| {
            let at = one.iter().position(|&byte| byte == 1)?;
            let (name, email) = one.split_at(at);
            Some(Person {
                name: name.to_vec(),
                email: email.get(1..).unwrap_or_default().to_vec(),
            })
        });
        Ok(people.collect())
    }
}
