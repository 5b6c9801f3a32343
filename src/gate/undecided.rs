//! A run that could not do its work: what to tell, for exit code 2. The one edge where typed errors become diagnostics.

use std::path::Path;

use crate::diagnostic::{Code, Diagnostic, Help, command, io_remedy};
use crate::git::GitError;
use crate::ledger::LedgerError;
use crate::policy::PolicyError;

/// Why nothing was decided.
#[derive(Debug)]
pub struct Undecided {
    /// At least one.
    pub diagnostics: Vec<Diagnostic>,
}

impl Undecided {
    /// Wrong usage, with the remedy.
    pub fn usage(message: impl std::fmt::Display, help: impl Into<Help>) -> Self {
        Diagnostic::error(Code::CG700, message).help(help).into()
    }

    /// A file or directory that cannot be read or written.
    pub fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Diagnostic::error(Code::CG709, format!("cannot {doing} {}: {error}", path.display()))
            .help(io_remedy(path, error))
            .into()
    }

    /// A panic.
    pub fn internal(message: &str) -> Self {
        Diagnostic::error(Code::CG711, format!("internal error: {message}"))
            .because("nothing was judged; the gate stays closed")
            .help("please report it, with the command that you ran")
            .into()
    }
}

impl std::fmt::Display for Undecided {
    /// The codes and messages, a line each.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines = self
            .diagnostics
            .iter()
            .map(|told| format!("{}: {}", told.code(), told.message()));
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

impl std::error::Error for Undecided {}

impl From<Diagnostic> for Undecided {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            diagnostics: vec![diagnostic],
        }
    }
}

impl From<GitError> for Undecided {
    fn from(error: GitError) -> Self {
        error.diagnostic().into()
    }
}

impl From<LedgerError> for Undecided {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Git(error) => error.into(),
            LedgerError::Cache => Self::internal("the ledger gave no answer"),
        }
    }
}

impl From<PolicyError> for Undecided {
    fn from(error: PolicyError) -> Self {
        let helped = |diagnostic: Diagnostic| match diagnostic.advice() {
            [] => {
                let code = diagnostic.code();
                diagnostic.help(command!["certgate", "explain", code.as_str()].why("says what is allowed here"))
            }
            _ => diagnostic,
        };
        Self {
            diagnostics: error.into_diagnostics().into_iter().map(helped).collect(),
        }
    }
}
