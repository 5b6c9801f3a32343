//! What the decision says of single certificates: what each does for a component, and why one does not count.

use super::decide::Weighing;
use super::statement::Statement;
use super::{CertificateDecision, Problem};
use crate::change::RepoPath;

impl Weighing<'_> {
    /// The first reason why a statement that does not refuse covers none of `files`.
    pub(super) fn why_not(&self, statement: &Statement<'_>, files: &[RepoPath]) -> Option<Problem> {
        if statement.refuses() {
            return None;
        }
        if let Some(problem) = self.obstacles(statement).into_iter().next() {
            return Some(problem);
        }
        let mut gated = self.unit.files.iter().filter(|file| files.contains(&file.path));
        gated
            .find_map(|file| self.counts(statement, file).err())
            .or_else(|| (!self.wanted(statement)).then(|| Problem::WrongAgent(statement.agent().to_owned())))
    }

    pub(super) fn describe(&self, statement: &Statement<'_>) -> CertificateDecision {
        let mut problems: Vec<Problem> = Vec::new();
        let mut covers = Vec::new();
        if statement.refuses() {
            let files = self
                .unit
                .files
                .iter()
                .filter(|file| self.refusal_stands(statement, Some(file)));
            covers.extend(files.map(|file| file.path.clone()));
        } else {
            problems.extend(self.obstacles(statement));
            if !self.wanted(statement) {
                problems.push(Problem::WrongAgent(statement.agent().to_owned()));
            }
            for file in &self.unit.files {
                match self.counts(statement, file) {
                    Ok(_) if self.wanted(statement) => covers.push(file.path.clone()),
                    Ok(_) => {}
                    Err(problem) if !problems.contains(&problem) => problems.push(problem),
                    Err(_) => {}
                }
            }
        }
        CertificateDecision {
            entry: statement.index,
            class: statement.class,
            covers,
            problems,
        }
    }
}
