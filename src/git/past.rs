//! The past as git lists it: for each commit its parents, its message, and which files it touched or moved.

use std::collections::HashMap;
use std::ffi::OsString;

use super::{GitError, Repository};
use crate::change::{Change, FileChange, ObjectId, RepoPath, Snapshot};

/// The longest part of a message that is kept, in bytes.
const MESSAGE: usize = 4096;

/// What a header of a commit begins with, which nothing else in its place can.
const HEADER: u8 = 2;

/// A commit of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCommit {
    /// The commit.
    pub commit: ObjectId,
    /// Its parents, as far as they are here.
    pub parents: Vec<ObjectId>,
    /// When it was committed, in seconds since the epoch.
    pub time: i64,
    /// The beginning of its message, as git has it in UTF-8.
    pub message: Vec<u8>,
    /// The files that it touched; none for a merge.
    pub files: Vec<PastFile>,
}

/// A file that a commit touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastFile {
    /// Where it is after the commit, or was before it where it is gone.
    pub path: RepoPath,
    /// Where it was before: moved as it is, or one file of its name gone and one come.
    pub from: Option<RepoPath>,
    /// Git's letter for what happened.
    status: u8,
}

impl PastCommit {
    /// Takes a file for moved where the commit deletes one file of a name and adds one.
    fn pair(&mut self) {
        let mut by_name: HashMap<&[u8], (usize, Option<&RepoPath>)> = HashMap::new();
        for file in &self.files {
            let entry = by_name.entry(file.path.file_name()).or_default();
            match file.status {
                b'A' => entry.0 += 1,
                // Of two that are gone, nobody knows which one has come back.
                b'D' if entry.1.is_some() => entry.0 += 2,
                b'D' => entry.1 = Some(&file.path),
                _ => {}
            }
        }
        let pairs: HashMap<Vec<u8>, RepoPath> = by_name
            .into_iter()
            .filter_map(|(name, (added, from))| (added == 1).then_some((name.to_vec(), from?.clone())))
            .collect();
        for file in self.files.iter_mut().filter(|file| file.status == b'A') {
            file.from = pairs.get(file.path.file_name()).cloned();
        }
    }
}

impl Repository {
    /// The newest commits that are reachable from `heads` and from none of `excluded`, at most so many, in git's order of dates. An
    /// excluded commit that is not here excludes nothing.
    ///
    /// # Errors
    ///
    /// Whatever keeps git from listing.
    pub fn past(&self, heads: &[ObjectId], excluded: &[ObjectId], most: usize) -> Result<Vec<PastCommit>, GitError> {
        let mut arguments: Vec<OsString> = [
            "-c",
            "log.showSignature=false",
            "log",
            "--ignore-missing",
            "--encoding=UTF-8",
            "--root",
            "--raw",
            "-z",
            // Only what was moved as it is: to compare contents would read them, and a partial clone would fetch them.
            "-M100%",
            "-l200",
            "--no-abbrev",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--no-notes",
            "--no-decorate",
            "--no-mailmap",
            "--diff-merges=off",
            "--ignore-submodules=none",
            "--format=tformat:%x02%H%x00%P%x00%ct%x00%B%x00",
        ]
        .map(OsString::from)
        .to_vec();
        arguments.push(format!("--max-count={most}").into());
        arguments.extend(heads.iter().map(|id| OsString::from(id.to_string())));
        arguments.extend(excluded.iter().map(|id| OsString::from(format!("^{id}"))));
        arguments.push("--".into());
        let output = self.runner.read(&arguments)?;
        read(&output)
    }

    /// The newest commits, without merges, that are reachable from `tip` and from none of `excluded`, each with its parent; at most so
    /// many, in git's order of dates, newest first.
    ///
    /// # Errors
    ///
    /// Whatever keeps git from listing.
    pub fn commits(
        &self,
        tip: &ObjectId,
        excluded: &[ObjectId],
        most: Option<usize>,
    ) -> Result<Vec<(ObjectId, Option<ObjectId>)>, GitError> {
        let mut arguments: Vec<String> = ["rev-list", "--no-merges", "--parents"].map(str::to_owned).into();
        arguments.extend(most.map(|most| format!("--max-count={most}")));
        arguments.push(tip.to_string());
        arguments.extend(excluded.iter().map(|id| format!("^{id}")));
        arguments.push("--".to_owned());
        let listed = self.runner.read(&arguments)?;
        let listed = String::from_utf8_lossy(&listed);
        let pair = |line: &str| {
            let mut ids = line.split_whitespace().filter_map(ObjectId::from_hex);
            Some((ids.next()?, ids.next()))
        };
        Ok(listed.lines().filter_map(pair).collect())
    }

    /// The same as [`Repository::change_from`] without a process: for a step of history, which changes little.
    ///
    /// # Errors
    ///
    /// What cannot be read.
    pub fn change_of_step(&self, parent: &ObjectId, commit: &ObjectId) -> Result<Change, GitError> {
        let mut files = self.differs(Some(parent), commit)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Change {
            files,
            messages: self.messages(std::slice::from_ref(parent), std::slice::from_ref(commit))?,
            base: Snapshot::Commit(parent.clone()),
            head: Snapshot::Commit(commit.clone()),
        })
    }

    /// What differs between two commits, by reading trees alone; `None` is nothing at all.
    ///
    /// # Errors
    ///
    /// What cannot be read.
    pub fn differs(&self, old: Option<&ObjectId>, new: &ObjectId) -> Result<Vec<FileChange>, GitError> {
        let old = old.map(|old| self.tree(old)).transpose()?;
        super::tree::compare_below(&self.store, b"", old, Some(self.tree(new)?))
    }
}

fn read(output: &[u8]) -> Result<Vec<PastCommit>, GitError> {
    let odd = |field: &[u8]| GitError::Answer {
        command: "git log --raw -z".to_owned(),
        what: String::from_utf8_lossy(field.get(..80).unwrap_or(field)).into_owned(),
    };
    let mut commits: Vec<PastCommit> = Vec::new();
    let mut fields = output.split(|&byte| byte == 0);
    while let Some(field) = fields.next() {
        let field = field.strip_prefix(b"\n").unwrap_or(field);
        match field.split_first() {
            None => {}
            Some((&HEADER, hex)) => {
                let id = std::str::from_utf8(hex).ok().and_then(ObjectId::from_hex);
                let mut next = || fields.next().ok_or_else(|| odd(field));
                let parents = String::from_utf8_lossy(next()?).into_owned();
                let time = String::from_utf8_lossy(next()?).parse().map_err(|_| odd(field))?;
                let message = next()?;
                commits.push(PastCommit {
                    commit: id.ok_or_else(|| odd(field))?,
                    parents: parents.split_whitespace().filter_map(ObjectId::from_hex).collect(),
                    time,
                    message: message.get(..MESSAGE).unwrap_or(message).to_vec(),
                    files: Vec::new(),
                });
            }
            Some((&b':', rest)) => {
                let commit = commits.last_mut().ok_or_else(|| odd(field))?;
                let status = rest.rsplit(|&byte| byte == b' ').next().and_then(|word| word.first());
                let mut next = || fields.next().ok_or_else(|| odd(field));
                let first = RepoPath::new(next()?);
                let status = status.copied().unwrap_or_default();
                let (path, from) = match status {
                    b'R' => (RepoPath::new(next()?), Some(first)),
                    b'C' => (RepoPath::new(next()?), None),
                    _ => (first, None),
                };
                commit.files.push(PastFile { path, from, status });
            }
            Some(_) => return Err(odd(field)),
        }
    }
    commits.iter_mut().for_each(PastCommit::pair);
    Ok(commits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_git_writes() {
        let id = "1".repeat(40);
        let zeros = "0".repeat(40);
        let text = format!(
            "\x02{id}\0{id} {id}\07\0perf: x\n\0\0:100644 100644 {id} {id} R090\0a\0b\0:000000 100644 {zeros} {id} A\0c\0:100644 000000 {id} {zeros} D\0d/e\0:000000 100644 {zeros} {id} A\0f/e\0\x02{id}\0\08\0y\0"
        );
        let commits = read(text.as_bytes()).unwrap();
        assert_eq!(commits.len(), 2);
        assert_eq!((commits[0].parents.len(), commits[0].time), (2, 7));
        let files: Vec<_> = commits[0]
            .files
            .iter()
            .map(|f| (f.path.to_string(), f.from.clone()))
            .collect();
        assert_eq!(
            files,
            [
                ("b".to_owned(), Some(RepoPath::new("a"))),
                ("c".to_owned(), None),
                ("d/e".to_owned(), None),
                ("f/e".to_owned(), Some(RepoPath::new("d/e"))),
            ]
        );
        assert!(commits[1].files.is_empty());
        assert!(read(b":100644").is_err());
    }
}
