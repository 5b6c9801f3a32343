//! What is read once for many questions about one repository, such as the refs of one push.
//!
//! For a single question git lists what differs between two commits (`docs/decisions/0001-git2-and-plumbing.md`). For the next ones of many,
//! the process costs more than the trees, most of which were read for the ones before.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::rc::Rc;

use git2::Oid;

use super::commit::oid;
use super::history::Ranged;
use super::refs::packed_lines;
use super::store::Store;
use super::tree::compare_below;
use super::{GitError, Repository};
use crate::change::{FileChange, ObjectId, Snapshot};

/// One question asks for its range three or four times, seen from other commits; so many ranges are kept.
const RANGES: usize = 4;

/// A range as it was asked for, and its commits.
struct Known {
    excluded: Vec<ObjectId>,
    heads: Vec<ObjectId>,
    commits: Vec<Ranged>,
}

/// Which file it was, of what size and age; `None` for none.
type Stamp = Option<(u64, u64, i64, i64)>;

fn stamp(file: &Path) -> Stamp {
    let found = std::fs::metadata(file).ok()?;
    Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
}

/// What `packed-refs` says of each ref; `None` for an id that is broken.
pub(super) type Packed = HashMap<Vec<u8>, Option<Oid>>;

/// The content of `packed-refs`.
pub(super) type PackedText = Rc<Vec<u8>>;

/// Whether there are many questions, whether git itself has answered one, and the ranges of the last one.
#[derive(Default)]
pub(super) struct Shared {
    many: Cell<bool>,
    answered: Cell<bool>,
    ranges: RefCell<VecDeque<Known>>,
    packed: RefCell<Option<(Stamp, Rc<Packed>)>>,
    packed_text: RefCell<Option<(Stamp, PackedText)>>,
}

impl Shared {
    /// True where trees are compared here. Whether the repository may be read at all, git has to say first.
    pub(super) fn in_memory(&self) -> bool {
        self.many.get() && self.answered.get()
    }

    pub(super) fn git_has_answered(&self) {
        self.answered.set(true);
    }

    /// True where there are many questions.
    pub(super) fn is_many(&self) -> bool {
        self.many.get()
    }

    /// What `packed-refs` says. Git puts another file in its place, which is read then.
    pub(super) fn packed(
        &self,
        file: &Path,
        width: usize,
        read: impl FnOnce() -> Result<Vec<u8>, GitError>,
    ) -> Result<Rc<Packed>, GitError> {
        let stamp = stamp(file);
        if let Some((known, all)) = &*self.packed.borrow()
            && *known == stamp
        {
            return Ok(all.clone());
        }
        let bytes = read()?;
        let mut all = Packed::new();
        for (id, name) in packed_lines(&bytes, width) {
            // The first of a name counts.
            all.entry(name.to_vec()).or_insert_with(|| oid(id));
        }
        let all = Rc::new(all);
        *self.packed.borrow_mut() = Some((stamp, all.clone()));
        Ok(all)
    }

    /// The same as it is written, for the few questions of which each looks one ref up.
    pub(super) fn packed_text(
        &self,
        file: &Path,
        read: impl FnOnce() -> Result<Vec<u8>, GitError>,
    ) -> Result<PackedText, GitError> {
        let stamp = stamp(file);
        if let Some((known, text)) = &*self.packed_text.borrow()
            && *known == stamp
        {
            return Ok(text.clone());
        }
        let text = Rc::new(read()?);
        *self.packed_text.borrow_mut() = Some((stamp, text.clone()));
        Ok(text)
    }

    /// The commits of a range, where they were asked for a moment ago.
    pub(super) fn range_of(&self, excluded: &[ObjectId], heads: &[ObjectId]) -> Option<Vec<Ranged>> {
        let ranges = self.ranges.borrow();
        let known = ranges
            .iter()
            .find(|known| known.excluded == excluded && known.heads == heads)?;
        Some(known.commits.clone())
    }

    /// Keeps the commits of a range, where there are many questions.
    pub(super) fn keep_range(&self, excluded: &[ObjectId], heads: &[ObjectId], commits: &[Ranged]) {
        if !self.many.get() {
            return;
        }
        let mut ranges = self.ranges.borrow_mut();
        if ranges.len() == RANGES {
            ranges.pop_front();
        }
        ranges.push_back(Known {
            excluded: excluded.to_vec(),
            heads: heads.to_vec(),
            commits: commits.to_vec(),
        });
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
