//! The ledger: all certificates of a repository, in order, append-only.
//!
//! Reads the certificates of the base (through a cache keyed by tree ids) and of the head, says which the change adds, and which
//! rules of the ledger it breaks. What they mean for the change is `verdict`'s business.

mod cache;
mod history;
mod proof;
mod read;
mod record;
mod shard;

pub use cache::share;
pub use history::carried;
pub use proof::{Fault, KeysAt, Proof, Revocation, prove};
pub use read::{Ledger, LedgerError, Query, all, read, signature_path};
pub use record::{Entry, Origin};
#[cfg(test)]
pub(crate) use shard::read_back;

use crate::change::RepoPath;

/// A rule of the ledger that the change breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A certificate of the base has other content in the head.
    Modified(RepoPath),
    /// A certificate of the base is not in the head.
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
