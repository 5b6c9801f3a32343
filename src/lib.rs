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
//!
//! # Asking the gate
//!
//! [`intake`] makes a question: of what is staged, of two revisions, of what a push adds. [`gate::judge`] answers it, and [`report`] shows
//! the answer. Nothing of the repository is executed, and nothing in it is written but the ledger's cache.
//!
//! ```
//! use certgate::git::Repository;
//! use certgate::policy::Stage;
//! use certgate::verdict::Verdict;
//! use certgate::{gate, intake, report};
//!
//! # let scratch = tempfile::tempdir()?;
//! # let path = scratch.path();
//! # let git = |arguments: &[&str]| std::process::Command::new("git").args(arguments).current_dir(path).status();
//! # assert!(git(&["init", "--quiet"])?.success());
//! # std::fs::create_dir(path.join(".certgate"))?;
//! std::fs::write(
//!     path.join(".certgate/policy.yaml"),
//!     "version: 1\ncomponents:\n  - id: parser\n    match: { paths: [\"src/parse.rs\"] }\n",
//! )?;
//! std::fs::create_dir(path.join("src"))?;
//! std::fs::write(path.join("src/parse.rs"), "fn parse() {}\n")?;
//! # assert!(git(&["add", "--all"])?.success());
//!
//! let repository = Repository::open_at(path)?;
//! let question = intake::staged(&repository, Stage::PreCommit)?;
//! let judgement = gate::judge(&repository, &question)?;
//!
//! // The parser is changed, and nobody has certified that.
//! assert_ne!(judgement.verdict(), Verdict::Pass);
//! assert_eq!(judgement.decision.components[0].id, "parser");
//! assert!(judgement.diagnostics.iter().any(|one| one.code().as_str() == "CG201"));
//! assert!(report::verdict(&judgement, None).contains("certgate/verdict/v1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attest;
mod audit;
mod author;
pub mod certificate;
pub mod change;
pub mod cli;
pub mod diagnostic;
mod doctor;
pub mod evidence;
#[doc(hidden)]
pub mod forge;
pub mod gate;
pub mod git;
mod harness;
pub mod hooks;
pub mod intake;
pub mod ledger;
pub mod policy;
pub mod progress;
pub mod report;
pub mod sensitivity;
mod signals;
mod signing;
mod simulate;
pub mod trust;
pub mod verdict;
