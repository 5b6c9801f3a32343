//! What a finding on several files says of each of them: reports that attach it to files show it at every one.

use super::context::Context;
use super::words::refusal_word;
use crate::change::RepoPath;
use crate::diagnostic::{Part, Place, sanitize};
use crate::verdict::Finding;

impl Context<'_> {
    /// The files that a finding is about, each with its own message; empty where it is not about gated files.
    pub(super) fn parts(&self, finding: &Finding) -> Vec<Part> {
        let each = |unit: &str, files: &[RepoPath], message: &dyn Fn(&RepoPath) -> String| {
            let part = |path| Part::new(self.gated_at(unit, path), message(path));
            files.iter().map(part).collect()
        };
        match finding {
            Finding::Uncovered { unit, files, .. } => {
                each(unit, files, &|path| format!("`{unit}`: no certificate covers `{path}`"))
            }
            Finding::Changed { unit, changed, .. } => each(unit, changed, &|path| {
                format!("`{unit}`: `{path}` changed after certification")
            }),
            Finding::TooFew {
                unit,
                files,
                have,
                need,
            } => each(unit, files, &|path| {
                format!("`{unit}`: {} of {need} approvals for `{path}`", have.len())
            }),
            Finding::Handoff { unit, agent, files } => each(unit, files, &|path| {
                format!("`{unit}`: `{}` must certify `{path}` too", sanitize(agent))
            }),
            Finding::Unowned { unit, files, .. } => each(unit, files, &|path| {
                format!("`{unit}`: no owner has certified `{path}`")
            }),
            Finding::Unauthorized { unit, files, .. } => {
                each(unit, files, &|path| format!("`{unit}`: nobody has authorized `{path}`"))
            }
            Finding::Refused {
                unit,
                entry,
                class,
                files,
            } => each(unit, files, &|path| {
                let (_, word) = refusal_word(*class);
                format!("`{unit}`: `{path}` is {word} by {}", self.brief(*entry))
            }),
            _ => Vec::new(),
        }
    }

    /// A gated file, at the line that gates it where one does.
    fn gated_at(&self, unit: &str, path: &RepoPath) -> Place {
        let unit = self.unit(unit);
        let file = unit.and_then(|unit| {
            let at = unit.files.binary_search_by(|file| file.path.cmp(path)).ok()?;
            unit.files.get(at)
        });
        let line = file.and_then(|file| file.reasons.iter().find_map(|reason| reason.line));
        line.map_or_else(|| Place::file(path), |line| Place::line(path, line))
    }
}
