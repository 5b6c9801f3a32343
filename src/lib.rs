//! certgate: a gate for performance-sensitive changes.
//!
//! Data flows one way; `docs/architecture.md` holds the picture and a test holds the imports to it:
//!
//! ```text
//! arguments ─▶ policy ─▶ git ─▶ change ─▶ sensitivity ─▶ ledger ─▶ evidence ─▶ verdict ─▶ report
//!                                                         (certificate, trust)    pure
//! ```
//!
//! The library never talks to the user: below [`cli`] and [`report`] nothing prints, and every error is a typed value.

pub mod certificate;
pub mod change;
pub mod cli;
pub mod diagnostic;
pub mod evidence;
pub mod git;
pub mod hooks;
pub mod ledger;
pub mod policy;
pub mod progress;
pub mod report;
pub mod sensitivity;
pub mod signing;
pub mod trust;
pub mod verdict;
