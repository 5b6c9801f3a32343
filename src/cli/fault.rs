//! Faults of the machine: what cannot be read or written carries what was being done, and becomes a diagnostic here, at the edge.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::gate::Undecided;

/// What was being done, and to what.
#[derive(Debug)]
struct At {
    doing: &'static str,
    path: PathBuf,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}", self.doing, self.path.display())
    }
}

/// Says of a fault what was being done.
pub(super) trait Doing<T> {
    /// `doing` follows "cannot": `read`, `write to`.
    fn doing(self, doing: &'static str, path: impl AsRef<Path>) -> anyhow::Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &'static str, path: impl AsRef<Path>) -> anyhow::Result<T> {
        self.with_context(|| At {
            doing,
            path: path.as_ref().to_owned(),
        })
    }
}

impl From<anyhow::Error> for Undecided {
    fn from(error: anyhow::Error) -> Self {
        match (
            error.downcast_ref::<At>(),
            error.root_cause().downcast_ref::<io::Error>(),
        ) {
            (Some(at), Some(fault)) => Self::io(at.doing, &at.path, fault),
            _ => Self::internal(&format!("{error:#}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    #[test]
    fn a_fault_says_what_was_being_done() {
        let read = std::fs::read("/nothing/there").doing("read", "/nothing/there");
        let told = Undecided::from(read.unwrap_err()).diagnostics;
        let [told] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(told.code(), Code::CG709);
        assert!(
            told.message().starts_with("cannot read /nothing/there: "),
            "{}",
            told.message()
        );
        assert!(!told.helps().is_empty());
    }

    #[test]
    fn a_fault_of_which_nothing_is_known_is_internal() {
        let told = Undecided::from(anyhow::anyhow!("odd").context("at the edge")).diagnostics;
        assert!(
            told.iter().any(|told| told.message().contains("at the edge: odd")),
            "{told:?}"
        );
    }
}
