//! Commands that more than one refusal of this room advises.

use crate::diagnostic::{Remedy, Word, command};

/// The command that judges HEAD against a base.
pub(super) fn check_against(base: impl Into<Word>) -> Remedy {
    let base: Word = base.into();
    command!["certgate", "check", "--base", base, "--head", "HEAD"]
}
