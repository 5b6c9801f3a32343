//! The module evidence.
