//! A commit in the making: HEAD against the index.
//!
//! The list comes from the index itself ([`super::index`]). Where that knows a layout too little, `git diff-index --cached` makes the list,
//! while the caller does something else ([`Repository::start_staged`]).
//! What the index holds at a path is the entry of HEAD unless the path is in that list, so no second process is needed.

use std::path::PathBuf;

use super::raw::{Raw, parse};
use super::run::Running;
use super::store::own;
use super::tree::{Node, compare_below, kind};
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
                .and_then(|file| index::compare(&self.store, &file, tree))
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
