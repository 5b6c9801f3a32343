//! Evidence: what a certificate gives to support its decision, held against what a policy requires.

pub mod bound;
pub mod claims;
pub mod compare;
pub mod decide;
pub mod exact_null;
pub mod formats;
pub mod load;
pub mod measurement;
pub mod profiles;
pub mod shift;
pub mod trend;

use crate::certificate::{Certificate, names};
use crate::change::RepoPath;

/// Whether the EVIDENCE section names at least one of the paths together with line numbers (`src/a.rs:10-40`).
pub fn gives_file_references<'a>(certificate: &Certificate, mut paths: impl Iterator<Item = &'a RepoPath>) -> bool {
    let cited = |path: &RepoPath| {
        certificate
            .named
            .iter()
            .any(|named| named.in_evidence && named.lines.is_some() && names(named, path))
    };
    paths.any(cited)
}
