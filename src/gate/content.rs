//! What the rules find in a change: its contents are read for those that look at lines, and only for them.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;

use super::undecided::Undecided;
use crate::change::{Change, Content, FileChange, RepoPath, Snapshot};
use crate::git::{Contents, GitError, Repository};
use crate::policy::Policy;
use crate::progress::{self, Begun, Room, Work};
use crate::sensitivity::{By, ContentSource, Gated, gate_by_each};

/// Reads what rules about content ask for: many files from a stream, a few one by one.
struct Reader<'a> {
    repository: &'a Repository,
    head: &'a Snapshot,
    stream: RefCell<Option<Contents>>,
    working: OnceCell<Begun>,
}

/// From how many files on their content is streamed.
const WORTH_A_STREAM: usize = 64;

impl ContentSource for Reader<'_> {
    type Error = GitError;

    fn expect(&self, files: &[&FileChange]) -> Result<(), GitError> {
        self.working.get_or_init(|| progress::begin(Work::Judging, files.len()));
        if files.len() >= WORTH_A_STREAM {
            let stream = self.repository.start_contents(files.iter().copied())?;
            *self.stream.borrow_mut() = Some(stream);
        }
        Ok(())
    }

    fn content(&self, file: &FileChange) -> Result<Content, GitError> {
        progress::step();
        if let Some(stream) = self.stream.borrow_mut().as_mut()
            && let Some(content) = stream.next(file)?
        {
            return Ok(content);
        }
        self.repository.content(file)
    }

    fn holds_file(&self, path: &RepoPath) -> Result<bool, GitError> {
        self.repository.holds_file(self.head, path)
    }
}

/// What the rules of each policy find in a change. Rules run once, and no file is read twice.
pub(crate) fn gate_by(repository: &Repository, change: &Change, by: Vec<By<'_>>) -> Result<Vec<Gated>, Undecided> {
    let _timed = progress::enter(Room::Sensitivity);
    let reader = Reader {
        repository,
        head: &change.head,
        stream: RefCell::default(),
        working: OnceCell::new(),
    };
    Ok(gate_by_each(by, change, &reader)?)
}

/// What one policy's rules find in a change.
pub(crate) fn gate(
    repository: &Repository,
    change: &Change,
    policy: &Policy,
    adoption: bool,
) -> Result<Gated, Undecided> {
    let by = By {
        policy,
        adoption,
        evidence: BTreeSet::new(),
        announced: None,
    };
    Ok(gate_by(repository, change, vec![by])?.pop().unwrap_or_default())
}
