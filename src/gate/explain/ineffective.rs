//! What is reported about a certificate that does not count: why, and what fixes it.

use super::context::Context;
use super::words::at;
use crate::diagnostic::{Diagnostic, Level, Placeholder, Remedy, Word, command};
use crate::trust::Doubt;
use crate::verdict::Problem;

impl Context<'_> {
    /// A certificate that does not count, with what its own reading teaches.
    pub(super) fn ineffective(&self, entry: usize, problem: &Problem) -> Vec<Diagnostic> {
        let message = format!("{} does not count: {problem}", self.brief(entry));
        let diagnostic = at(Diagnostic::warning(problem.code(), message), self.place(entry));
        let diagnostic = match self.mend(entry, problem) {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        };
        // What made the field unreadable teaches more than that it is missing.
        let taught = match problem {
            Problem::NoComponent | Problem::NoAgent => self.taught(entry),
            _ => Vec::new(),
        };
        std::iter::once(diagnostic).chain(taught).collect()
    }

    /// The errors in a certificate that do not make its decision unreadable.
    fn taught(&self, entry: usize) -> Vec<Diagnostic> {
        let findings = self
            .entry(entry)
            .map(|entry| entry.findings.as_slice())
            .unwrap_or_default();
        let errors = findings.iter().filter(|finding| finding.level() == Level::Error);
        errors
            .map(|finding| finding.clone().with_level(Level::Warning))
            .collect()
    }

    fn mend(&self, entry: usize, problem: &Problem) -> Option<Remedy> {
        let path = &self.entry(entry)?.certificate.path;
        Some(match problem {
            Problem::SubjectUnreadable | Problem::HashMismatch => self.seal(path),
            Problem::Doubt(Doubt::Unsigned) => self.seal(path).arg("--sign").arg(Placeholder::Key),
            Problem::Doubt(Doubt::Signature(_) | Doubt::NotASpeaker { .. }) => command!["certgate", "verify", path],
            Problem::Doubt(Doubt::OtherRepository(_) | Doubt::NoRepository) | Problem::OtherTarget(_) => {
                command!["certgate", "policy", "show"].why("names the repository; certify again, with --target BRANCH")
            }
            Problem::NoTarget(_) => command!["certgate", "check"]
                .args(&self.ways.selection)
                .args(["--target".into(), Word::from(Placeholder::Branch)])
                .why("the branch that the change goes to"),
            Problem::UnknownComponent(_) => command!["certgate", "policy", "show"].why("lists the components"),
            Problem::SupersedesNothing(_) => command!["certgate", "log"].why("lists the ids"),
            Problem::Placeholder
            | Problem::Stamp(_)
            | Problem::Undated
            | Problem::NoAgent
            | Problem::NoComponent
            | Problem::Future => command!["certgate", "lint", path].why("then correct it before it is merged"),
            _ => return None,
        })
    }
}
