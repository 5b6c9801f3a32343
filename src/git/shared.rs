//! What is read once for many questions about one repository, such as the refs of one push.
//!
//! For a single question git lists what differs between two commits (`docs/decisions/0001-git2-and-plumbing.md`). For the next ones of many,
//! the process costs more than the trees, most of which were read for the ones before.

use std::cell::Cell;

use super::store::Store;
use super::tree::compare_below;
use super::{GitError, Repository};
use crate::change::{FileChange, ObjectId, Snapshot};

/// Whether there are many questions, and whether git itself has answered one.
#[derive(Default)]
pub(super) struct Shared {
    many: Cell<bool>,
    answered: Cell<bool>,
}

impl Shared {
    /// True where trees are compared here. Whether the repository may be read at all, git has to say first.
    pub(super) fn in_memory(&self) -> bool {
        self.many.get() && self.answered.get()
    }

    pub(super) fn git_has_answered(&self) {
        self.answered.set(true);
    }
}

impl Repository {
    /// Says that many questions are about to be asked. It changes what answers cost, and none of them.
    pub fn share(&self) {
        self.shared.many.set(true);
        self.store.keep_trees();
    }

    /// What differs, from trees that are kept; `None` where git is to say it: for the first of many questions, and for all that is not read
    /// here as git reads it.
    pub(super) fn range_in_memory(
        &self,
        base: &Snapshot,
        head: &ObjectId,
    ) -> Result<Option<Vec<FileChange>>, GitError> {
        if !self.shared.in_memory() {
            return Ok(None);
        }
        let (old, new) = (self.root(base)?, self.root(&Snapshot::Commit(head.clone()))?);
        let Ok(mut files) = compare_below(&self.store, b"", old, new) else {
            return Ok(None);
        };
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let entries = |file: &'_ FileChange| [file.before().cloned(), file.after().cloned()];
        let entries: Vec<_> = files.iter().flat_map(entries).flatten().collect();
        self.store.expect(entries.iter());
        Ok(Some(files))
    }
}

impl Store {
    /// Keeps the trees that are read from now on.
    pub(super) fn keep_trees(&self) {
        self.trees.borrow_mut().get_or_insert_default();
    }
}
