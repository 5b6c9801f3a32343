//! Composes, seals, signs and writes certificates.

pub(crate) mod draft;
pub(crate) mod evidence;
pub(crate) mod measure;
pub(crate) mod needs;
pub(crate) mod publish;
pub(crate) mod review;
pub(crate) mod sign;
pub(crate) mod stamps;
pub(crate) mod whole;
