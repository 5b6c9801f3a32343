//! The module trust.
