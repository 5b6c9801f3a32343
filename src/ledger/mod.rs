//! The ledger: all certificates of a repository, in order, append-only.
//!
//! Reads the certificates of the base (through a cache keyed by tree ids) and of the head, says which the change adds, and which
//! rules of the ledger it breaks. What they mean for the change is `verdict`'s business.

mod cache;
mod document;
mod error;
mod history;
mod landed;
mod moves;
mod place;
mod proof;
mod read;
mod record;
mod shard;

pub(crate) use cache::share;
pub(crate) use error::LedgerError;
pub(crate) use history::carried;
pub(crate) use landed::Then;
pub use place::Position;
pub(crate) use proof::{Fault, Proof, Revocation, prove};
pub(crate) use read::{LedgerTerms, Query, all, read};
pub use record::{Effect, Entry, Lift, Origin};
pub(crate) use record::{Extent, Lifted};
#[cfg(test)]
pub(crate) use shard::read_back;
pub(crate) use shard::{load, store};

use crate::certificate::FileState;
use crate::change::{RepoPath, TreeEntry as At};
use crate::git::{GitError, Repository};

/// The state of what is at a path, as a SUBJECT has it.
///
/// # Errors
///
/// Content that cannot be read.
pub(crate) fn state(repository: &Repository, at: Option<&At>) -> Result<FileState, GitError> {
    Ok(match at {
        None => FileState::Deleted,
        Some(entry) => FileState::Present {
            mode: entry.mode,
            digest: repository.digest(entry)?,
        },
    })
}

/// A rule of the ledger that the change breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A certificate of the base has other content in the head.
    Modified(RepoPath),
    /// A certificate of the base, or its signature, has left its path or become something else there.
    Deleted(RepoPath),
    /// An id that is already taken.
    DuplicateId {
        /// The certificate that the change adds.
        path: RepoPath,
        /// The id.
        id: String,
        /// The certificate that has it already.
        taken_by: RepoPath,
    },
}
