//! Rules of a policy that gate nothing any more, held against the files of a commit.

use super::undecided::Undecided;
use crate::change::{ObjectId, Snapshot};
use crate::diagnostic::{Diagnostic, Level};
use crate::git::Repository;
use crate::policy::{IdleGlobs, Policy};

/// CG015 for each glob of the policy's own that matches no tracked file.
pub(crate) fn idle_rules(
    repository: &Repository,
    policy: &Policy,
    at: &Snapshot,
) -> Result<Vec<Diagnostic>, Undecided> {
    let mut globs = IdleGlobs::of(policy);
    if !globs.is_settled() {
        for (path, _) in repository.list(at, &[Vec::new()])? {
            globs.see(path.as_bytes());
        }
    }
    Ok(globs.findings(|_| true))
}

/// The same as notes, as far as it costs next to nothing: of the globs that name a directory, up to the first file that matches.
pub(crate) fn idle_directories(
    repository: &Repository,
    policy: &Policy,
    commit: &ObjectId,
) -> Result<Vec<Diagnostic>, Undecided> {
    /// Files of one directory that are looked at before its globs are taken to match something.
    const MOST: usize = 20_000;
    let mut globs = IdleGlobs::of(policy);
    let mut unknown = vec![String::new()];
    for directory in globs
        .directories()
        .into_iter()
        .filter(|directory| !directory.is_empty())
    {
        let mut seen = 0;
        repository.visit(commit, directory.as_bytes(), &mut |path| {
            globs.see(path);
            seen += 1;
            seen < MOST && globs.directories().contains(&directory)
        })?;
        if seen >= MOST {
            unknown.push(directory.to_owned());
        }
    }
    let findings = globs.findings(|directory| !unknown.iter().any(|unknown| unknown == directory));
    Ok(findings
        .into_iter()
        .map(|finding| finding.with_level(Level::Note))
        .collect())
}
