//! Updates of refs, as `pre-push`, `pre-receive` and `reference-transaction` are given them: whose policy judges a branch, and what
//! an update adds to it.
//!
//! Nothing is printed here: each hook is answered by an [`RefOutcomes`], which says of every ref what was found.

mod brought;
mod faults;
mod outcome;
mod push;
mod remembered;
mod standing;
mod transaction;

pub(crate) use brought::from_adoption_on;
pub use outcome::{RefOutcome, RefOutcomes};
pub(crate) use push::no_lines;
pub use push::{pre_push, pre_receive};
pub(crate) use transaction::read_by_shim;
pub use transaction::{is_asked, reference_transaction};
