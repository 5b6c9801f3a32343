//! certgate: a gate for performance-sensitive changes.
//!
//! Data flows one way; `docs/architecture.md` holds the picture and a test holds the imports to it:
//!
//! ```text
//! question ─▶ policy ─▶ change ─▶ sensitivity ─▶ ledger ─▶ evidence ─▶ verdict ─▶ judgement ─▶ report
//!  intake                                 (certificate, trust)          pure         gate
//! ```
//!
//! The library never talks to the user: outside of [`cli`] nothing prints, and every error is a typed value.

mod author;
pub mod certificate;
pub mod change;
pub mod cli;
pub mod diagnostic;
mod doctor;
pub mod evidence;
pub mod gate;
pub mod git;
pub mod hooks;
mod intake;
pub mod ledger;
pub mod policy;
pub mod progress;
pub mod report;
pub mod sensitivity;
mod signals;
pub mod signing;
pub mod trust;
pub mod verdict;
