//! The module git.
