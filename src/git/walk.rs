//! A stretch of history, commit by commit, as git lists it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use super::{GitError, Repository};
use crate::change::{ObjectId, RepoPath};

/// Which commits.
#[derive(Clone, Debug)]
pub struct Stretch<'a> {
    /// The newest.
    pub tip: &'a ObjectId,
    /// Nothing that is reachable from here.
    pub excluded: Option<&'a ObjectId>,
    /// At most so many.
    pub last: Option<usize>,
    /// None that was committed before, in seconds since the epoch.
    pub since: Option<i64>,
    /// Only the first parent of a merge is followed, so that a merge is one step.
    pub first_parents: bool,
}

/// A step of history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The commit.
    pub commit: ObjectId,
    /// Its first parent; `None` for a root.
    pub parent: Option<ObjectId>,
    /// True where it has more parents than one.
    pub merge: bool,
    /// When it was committed, as its committer claims, in seconds since the epoch.
    pub time: i64,
    /// The first line of its message, as git has it in UTF-8.
    pub subject: Vec<u8>,
}

impl Repository {
    /// The steps of a stretch, newest first. A commit whose parents a shallow clone lacks is no root, and is left out.
    ///
    /// # Errors
    ///
    /// A commit that is not there, and whatever keeps git from listing.
    pub fn walk(&self, stretch: &Stretch<'_>) -> Result<Vec<Step>, GitError> {
        let mut arguments: Vec<String> = ["rev-list", "--encoding=UTF-8", "--topo-order"]
            .map(str::to_owned)
            .into();
        // The line that git puts before each commit ends what comes before it.
        arguments.push("--format=tformat:%P%x00%ct%x00%s%x00".to_owned());
        if stretch.first_parents {
            arguments.push("--first-parent".to_owned());
        }
        if let Some(last) = stretch.last {
            arguments.push(format!("--max-count={last}"));
        }
        if let Some(since) = stretch.since {
            arguments.push(format!("--since=@{since} +0000"));
        }
        arguments.push(stretch.tip.to_string());
        if let Some(excluded) = stretch.excluded {
            arguments.push(format!("^{excluded}"));
        }
        arguments.push("--".to_owned());
        let listed = self.runner.read(&arguments)?;
        let mut fields = listed.split(|&byte| byte == 0);
        let mut steps = Vec::new();
        while let Some(head) = fields.next() {
            let head = String::from_utf8_lossy(head);
            let Some(head) = head.trim_start().strip_prefix("commit ") else {
                break;
            };
            let (commit, parents) = head.split_once('\n').unwrap_or((head, ""));
            let commit = ObjectId::from_hex(commit.trim()).ok_or_else(|| self.unlisted())?;
            let time = String::from_utf8_lossy(fields.next().unwrap_or_default()).into_owned();
            let time = time.trim().parse().map_err(|_| self.unlisted())?;
            let subject = fields.next().unwrap_or_default().to_vec();
            let parents: Vec<ObjectId> = parents.split_whitespace().filter_map(ObjectId::from_hex).collect();
            let cut = parents.is_empty() && self.is_shallow() && !self.parents(&commit)?.is_empty();
            if !cut {
                steps.push(Step {
                    commit,
                    merge: parents.len() > 1,
                    parent: parents.into_iter().next(),
                    time,
                    subject,
                });
            }
        }
        Ok(steps)
    }

    /// The commits that changed a path, newest first: at most so many of those that are reachable from `tip` and from none of `excluded`.
    ///
    /// # Errors
    ///
    /// A commit that is not there, and whatever keeps git from listing.
    pub fn touching(
        &self,
        tip: &ObjectId,
        excluded: &[ObjectId],
        path: &RepoPath,
        most: usize,
    ) -> Result<Vec<ObjectId>, GitError> {
        let mut arguments: Vec<OsString> = ["rev-list".to_owned(), format!("--max-count={most}"), tip.to_string()]
            .map(OsString::from)
            .into();
        arguments.extend(excluded.iter().map(|id| OsString::from(format!("^{id}"))));
        arguments.push("--".into());
        let mut pathspec = b":(top,literal)".to_vec();
        pathspec.extend_from_slice(path.as_bytes());
        arguments.push(OsString::from_vec(pathspec));
        let listed = self.runner.read(&arguments)?;
        let lines = String::from_utf8_lossy(&listed).into_owned();
        lines
            .lines()
            .map(|line| ObjectId::from_hex(line).ok_or_else(|| self.unlisted()))
            .collect()
    }

    fn unlisted(&self) -> GitError {
        GitError::Git {
            command: "git rev-list".to_owned(),
            status: "exit status: 0".to_owned(),
            stderr: "its list of commits cannot be read".to_owned(),
        }
    }
}
