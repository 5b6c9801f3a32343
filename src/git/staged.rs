//! A commit in the making: HEAD against the index.
//!
//! The list comes from the index itself ([`super::index`]). Where that knows a layout too little, `git diff-index --cached` makes the list,
//! while the caller does something else ([`Repository::start_staged`]).
//! What the index holds at a path is the entry of HEAD unless the path is in that list, so no second process is needed.

use std::io::BufRead;
use std::path::PathBuf;

use super::run::{Running, unread};
use super::store::own;
use super::tree::{Node, compare_below, kind, node};
use super::{GitError, Repository, index};
use crate::change::{Change, FileChange, ObjectId, RepoPath, Snapshot, TreeEntry};

/// A list of staged changes that git may still be making.
#[must_use = "the list is had by `finish`"]
pub struct PendingStaged<'r> {
    repository: &'r Repository,
    base: Snapshot,
    list: List,
}

enum List {
    Read(Vec<Raw>),
    Running(Running<Vec<Raw>>),
}

impl PendingStaged<'_> {
    /// Waits for git, if it was asked. The change has no messages yet.
    pub fn finish(self) -> Result<Change, GitError> {
        let raw = match self.list {
            List::Read(raw) => raw,
            List::Running(running) => running.finish()?,
        };
        let files = self.repository.listed(raw)?;
        let change = Change {
            base: self.base,
            head: Snapshot::Index,
            files,
            messages: Vec::new(),
        };
        *self.repository.staged.borrow_mut() = Some(change.clone());
        Ok(change)
    }
}

impl Repository {
    /// HEAD against the index. Only an unborn branch is compared with nothing.
    pub fn staged(&self) -> Result<Change, GitError> {
        if let Some(change) = &*self.staged.borrow() {
            return Ok(change.clone());
        }
        self.start_staged()?.finish()
    }

    /// The file that the index is in; `None` where only git can tell.
    fn index_file(&self) -> Option<PathBuf> {
        let work_tree = self.work_tree()?;
        match self.runner.variable("GIT_INDEX_FILE").map(PathBuf::from) {
            None => Some(self.git_dir().join("index")),
            Some(path) if path.is_absolute() => Some(path),
            // Git goes to the top of the work tree first, and counts from there.
            Some(path) => Some(work_tree.join(path)),
        }
    }

    /// Reads the list of staged changes, or starts git on it.
    pub fn start_staged(&self) -> Result<PendingStaged<'_>, GitError> {
        let (_, head) = self.head_id()?;
        let read = |tree| {
            self.index_file()
                .and_then(|file| index::compare(&self.store, &file, tree).ok())
        };
        if let Some(head) = head {
            let commit = self.peel(head)?;
            if let Some(list) = self.tree(&own(commit)).ok().and_then(read) {
                return Ok(PendingStaged {
                    repository: self,
                    base: Snapshot::Commit(own(commit)),
                    list: List::Read(list),
                });
            }
        }
        let tree = match head {
            Some(id) => id,
            None => self.store.empty_tree()?,
        };
        let tree = tree.to_string();
        let question = [
            "diff-index",
            "--cached",
            "--raw",
            "-z",
            "--no-renames",
            "--no-abbrev",
            "--ignore-submodules=none",
            "--ita-invisible-in-index",
            "--no-ext-diff",
            "--no-textconv",
            &tree,
            "--",
        ];
        let running = self.runner.start_reading(&question, parse)?;
        // Git has begun; now the commit is read, which must be one.
        let base = match head {
            Some(id) => Snapshot::Commit(own(self.peel(id)?)),
            None => Snapshot::Empty,
        };
        Ok(PendingStaged {
            repository: self,
            base,
            list: List::Running(running),
        })
    }

    /// The files that a `--raw -z` list names, sorted.
    ///
    /// # Errors
    ///
    /// A path that is twice: a tree (or index) with two entries of one name has no one content to judge.
    pub(super) fn listed(&self, raw: Vec<Raw>) -> Result<Vec<FileChange>, GitError> {
        let mut files = Vec::with_capacity(raw.len());
        for line in raw {
            self.add_listed(line, &mut files)?;
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let twice = files.windows(2).find_map(|pair| match pair {
            [a, b] if a.path == b.path => Some(a.path.clone()),
            _ => None,
        });
        match twice {
            Some(path) => Err(GitError::Answer {
                command: "git diff --raw -z".to_owned(),
                what: format!("{path} is listed twice"),
            }),
            None => {
                self.store.expect(
                    files
                        .iter()
                        .flat_map(|file| file.before().into_iter().chain(file.after())),
                );
                Ok(files)
            }
        }
    }

    fn add_listed(&self, line: Raw, files: &mut Vec<FileChange>) -> Result<(), GitError> {
        let Raw { old, new, path } = line;
        let directory = |side: &Option<(Node, ObjectId)>| matches!(side, Some((Node::Directory, _)));
        // A sparse index holds entire directories; either side may still be files, which git lists by themselves.
        if directory(&old) || directory(&new) {
            let tree = |side: Option<(Node, ObjectId)>| {
                let tree = side.filter(|(node, _)| *node == Node::Directory);
                tree.map(|(_, id)| self.store.oid(&id, "tree")).transpose()
            };
            files.extend(compare_below(&self.store, path.as_bytes(), tree(old)?, tree(new)?)?);
            return Ok(());
        }
        let entry = |side: Option<(Node, ObjectId)>| match side {
            Some((Node::Leaf(mode), id)) => Some(TreeEntry { mode, id }),
            _ => None,
        };
        if let Some(kind) = kind(entry(old), entry(new)) {
            files.push(FileChange { path, kind });
        }
        Ok(())
    }

    /// The staged entry at a path, if the path is in the list of staged changes.
    pub(super) fn staged_entry(&self, path: &RepoPath) -> Result<Option<Option<TreeEntry>>, GitError> {
        let change = self.staged.borrow();
        let Some(change) = &*change else {
            return Ok(None);
        };
        let found = change.files.binary_search_by(|file| file.path.cmp(path)).ok();
        Ok(found
            .and_then(|at| change.files.get(at))
            .map(|file| file.after().cloned()))
    }
}

/// A line of `--raw` output (git-diff-index(1), "Raw output format").
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) old: Option<(Node, ObjectId)>,
    pub(super) new: Option<(Node, ObjectId)>,
    pub(super) path: RepoPath,
}

/// Reads a `--raw -z` list as git writes it.
pub(super) fn parse(raw: &mut dyn BufRead) -> Result<Vec<Raw>, GitError> {
    let mut lines = Vec::new();
    let (mut meta, mut path) = (Vec::new(), Vec::new());
    while field(raw, &mut meta)? {
        let odd = || GitError::Answer {
            command: "git diff --raw -z".to_owned(),
            what: String::from_utf8_lossy(&meta).into_owned(),
        };
        if !field(raw, &mut path)? {
            return Err(odd());
        }
        let path = RepoPath::new(path.as_slice());
        let text = std::str::from_utf8(&meta)
            .ok()
            .and_then(|text| text.strip_prefix(':'))
            .ok_or_else(odd)?;
        let mut words = text.split(' ');
        let [
            Some(old_mode),
            Some(new_mode),
            Some(old_id),
            Some(new_id),
            Some(status),
            None,
        ] = std::array::from_fn(|_| words.next())
        else {
            return Err(odd());
        };
        match status {
            "U" => return Err(GitError::Conflict { path }),
            "A" | "D" | "M" | "T" => {}
            _ => return Err(odd()),
        }
        let side = |mode: &str, id: &str| {
            let raw = u32::from_str_radix(mode, 8).ok()?;
            let id = ObjectId::from_hex(id)?;
            if raw == 0 {
                return Some(None);
            }
            // An index entry that has no id yet cannot be judged.
            (!id.is_zero()).then_some(Some((node(raw)?, id)))
        };
        lines.push(Raw {
            old: side(old_mode, old_id).ok_or_else(odd)?,
            new: side(new_mode, new_id).ok_or_else(odd)?,
            path,
        });
    }
    Ok(lines)
}

/// Reads the next field that is not empty, up to its zero byte; false at the end.
fn field(raw: &mut dyn BufRead, field: &mut Vec<u8>) -> Result<bool, GitError> {
    loop {
        field.clear();
        if raw.read_until(0, field).map_err(unread)? == 0 {
            return Ok(false);
        }
        if field.last() == Some(&0) {
            field.pop();
        }
        if !field.is_empty() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_git_s_raw_format() {
        let (a, b, zero) = ("1".repeat(40), "2".repeat(40), "0".repeat(40));
        let text = format!(":100644 100755 {a} {b} M\0a b\0:000000 120000 {zero} {b} A\0l\n\0");
        let lines = parse(&mut text.as_bytes()).unwrap();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].old.is_none() && lines[1].path.as_bytes() == b"l\n");
        let conflict = format!(":000000 000000 {zero} {zero} U\0x\0");
        assert!(matches!(
            parse(&mut conflict.as_bytes()),
            Err(GitError::Conflict { .. })
        ));
        for broken in [
            format!(":100644 100644 {a} {zero} M\0x\0"),
            format!(":100644 100644 {a} {b} R100\0x\0y\0"),
            "x\0y\0".into(),
        ] {
            assert!(parse(&mut broken.as_bytes()).is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&mut raw.as_slice());
        }
    }
}
