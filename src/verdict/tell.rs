//! What the decision says of single certificates: what each does for a component, and why one does not count.

use super::decide::Unit;
use super::word::Word;
use super::{CertificateDecision, Problem};
use crate::change::RepoPath;

impl Unit<'_> {
    /// The first reason why a word that does not refuse covers none of `files`.
    pub(super) fn why_not(&self, word: &Word<'_>, files: &[RepoPath]) -> Option<Problem> {
        if word.refuses() {
            return None;
        }
        if let Some(problem) = self.obstacles(word).into_iter().next() {
            return Some(problem);
        }
        let mut gated = self.unit.files.iter().filter(|file| files.contains(&file.path));
        gated
            .find_map(|file| self.counts(word, file).err())
            .or_else(|| (!self.wanted(word)).then(|| Problem::WrongAgent(word.agent().to_owned())))
    }

    pub(super) fn describe(&self, word: &Word<'_>) -> CertificateDecision {
        let mut problems: Vec<Problem> = Vec::new();
        let mut covers = Vec::new();
        if word.refuses() {
            let files = self
                .unit
                .files
                .iter()
                .filter(|file| self.refusal_stands(word, Some(file)));
            covers.extend(files.map(|file| file.path.clone()));
        } else {
            problems.extend(self.obstacles(word));
            if !self.wanted(word) {
                problems.push(Problem::WrongAgent(word.agent().to_owned()));
            }
            for file in &self.unit.files {
                match self.counts(word, file) {
                    Ok(_) if self.wanted(word) => covers.push(file.path.clone()),
                    Ok(_) => {}
                    Err(problem) if !problems.contains(&problem) => problems.push(problem),
                    Err(_) => {}
                }
            }
        }
        CertificateDecision {
            entry: word.index,
            class: word.class,
            covers,
            problems,
        }
    }
}
