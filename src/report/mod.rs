//! The module report.
