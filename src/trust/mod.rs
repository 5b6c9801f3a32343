//! Trust: whether a certificate is what its author left, and who that was.
//!
//! The document hash belongs to the format and is computed there; it is offered here beside what else trust rests on.

pub use crate::certificate::{HashCheck, certificate_hash, check_hash};
