//! The module verdict.
