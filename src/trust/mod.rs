//! Trust: whether a certificate is what its author left, and who that was.
//!
//! Owns the document hash here; signatures and allowed signers stand on the same footing.

mod hash;

pub use hash::{HashCheck, certificate_hash, check_hash};
