//! The commits of a history that something gates, one thing for each rule: as reports have it that attach it to files and compare runs.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use super::item::{NO_FILE, uri};
use crate::change::{RepoPath, hex};
use crate::diagnostic::Level;
use crate::simulate::{Answer, Example, Row, Simulation, Touched};
use crate::verdict::{Outcome, Verdict};

/// A rule that gates a commit.
pub(super) struct Gated<'a> {
    pub(super) row: &'a Row,
    pub(super) touched: &'a Touched,
    /// The name that `disable` takes.
    pub(super) rule: String,
    pub(super) example: &'a Example,
}

/// All of them, the newest commit first.
pub(super) fn gated(simulation: &Simulation) -> impl Iterator<Item = Gated<'_>> {
    simulation.rows.iter().flat_map(|row| {
        row.touched().iter().flat_map(move |touched| {
            touched.rules.iter().map(move |(rule, example)| Gated {
                row,
                touched,
                rule: format!("{}/{rule}", touched.id),
                example,
            })
        })
    })
}

impl Gated<'_> {
    /// As grave as the gate would have taken it.
    pub(super) fn level(&self) -> Level {
        level(self.row, self.touched)
    }

    pub(super) fn message(&self) -> String {
        format!(
            "{} {}: `{}` {}, by {}",
            self.row.commit.short(),
            self.row.subject,
            self.touched.id,
            would(self.row, self.touched),
            self.example.detail
        )
    }

    /// The file where the rule found something; a commit's message has none.
    pub(super) fn path(&self) -> Cow<'_, RepoPath> {
        match &self.example.path {
            Some(path) => Cow::Borrowed(path),
            None => Cow::Owned(RepoPath::from(NO_FILE)),
        }
    }

    pub(super) fn uri(&self) -> String {
        uri(self.path().as_bytes())
    }

    pub(super) fn line(&self) -> u32 {
        self.example.line.unwrap_or(1)
    }

    /// Of commit and rule: the same commit is the same thing in every run.
    pub(super) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"certgate/history/v1");
        hash.update(self.row.commit.as_bytes());
        hash.update(self.rule.as_bytes());
        hex(&hash.finalize())
    }
}

/// How the gate would have taken it that a commit touches a component.
pub(super) fn level(row: &Row, touched: &Touched) -> Level {
    match (touched.outcome, row.verdict()) {
        (Outcome::Approved, _) => Level::Note,
        (_, Some(Verdict::Block)) => Level::Error,
        (_, Some(Verdict::Warn)) => Level::Warning,
        _ => Level::Note,
    }
}

/// What the gate would have said, in words.
pub(super) fn would(row: &Row, touched: &Touched) -> &'static str {
    match (touched.outcome, level(row, touched)) {
        (Outcome::Approved, _) => "was certified",
        (_, Level::Error) => "would have blocked it",
        (_, Level::Warning) => "would have warned",
        (_, Level::Note) => "would have been asked for, and let it pass",
    }
}

/// Commits that could not be judged, each with why.
pub(super) fn undecided(simulation: &Simulation) -> impl Iterator<Item = (&Row, String)> {
    simulation.rows.iter().filter_map(|row| match &row.answer {
        Answer::Undecided { code, message } => Some((
            row,
            format!("{} could not be judged: {code} {message}", row.commit.short()),
        )),
        Answer::Judged { .. } => None,
    })
}

/// Part of a total, in percent.
pub(super) fn share(count: usize, of: usize) -> String {
    match of {
        0 => "–".to_owned(),
        _ => format!("{:.0} %", 100.0 * count as f64 / of as f64),
    }
}
