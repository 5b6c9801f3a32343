//! Why the ledger cannot be read.

use crate::git::GitError;

/// Why the ledger cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The repository could not be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A ledger that was just read gave no answer.
    #[error("the ledger gave no answer")]
    Cache,
}
