//! How likely a change is to matter for performance: a learnt score, with its reasons.
//!
//! Pure: what a changed file shows ([`features`]) and what the repository's past says ([`history`]) are the input; integers are the output. No message of
//! the change, no author and no clock is looked at. A change has the score of its highest file, so nothing that is changed beside a file can
//! lower what that file alone would have.

mod around;
mod because;
pub mod features;
pub mod history;
mod hunk;
mod line;
pub mod model;
mod number;
mod place;
mod strongest;
#[cfg(test)]
mod tests;
mod words;

pub use around::functions_touched;
pub use because::ScoreReason;
pub use strongest::{as_edit_of, strongest};

use crate::change::{ChangedLine, Content, FileChange, FileDiff, RepoPath, Side};
use features::FileFeatures;
use history::View;
use model::Model;

/// The score of a changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileScore {
    /// The file.
    pub path: RepoPath,
    /// From 0 to 1000.
    pub score: u32,
    /// At most five reasons, which sum up to it.
    pub because: Vec<ScoreReason>,
}

/// The score of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeScore {
    /// That of the highest file; 0 where there is none.
    pub score: u32,
    /// The share of commits that have a lower one, in per cent.
    pub rank: u32,
    /// What the rank compares with: so many earlier commits of the repository, or `None` for the training histories.
    pub among: Option<usize>,
    /// By file, the highest first.
    pub files: Vec<FileScore>,
}

/// The highest score that a file has, as a whole.
fn sum(model: &Model, evidence: &FileFeatures<'_>) -> (i32, Vec<features::Feature>) {
    let whole = evidence.whole();
    (model.sum(&whole), whole)
}

/// The score of a file alone, without reasons.
pub fn quick(model: &Model, file: &FileChange, content: &Content, view: &View<'_>) -> u32 {
    let evidence = features::read(file, content, view);
    Model::score(sum(model, &evidence).0).unsigned_abs()
}

/// The points of a file's score that the words and names have which are added and removed: what the change is about, in whatever file. Each has at
/// least none, so that nothing beside them makes it less.
pub fn of_words(model: &Model, file: &FileChange, content: &Content, view: &View<'_>) -> i32 {
    let mut features = features::read(file, content, view).whole();
    features.retain(features::Feature::is_word);
    model.points(&features)
}

/// The same of the change or of its reverse, whichever is more: what takes an optimisation back is about speed as much as what adds it.
pub fn of_words_either_way(model: &Model, file: &FileChange, content: &Content, view: &View<'_>) -> i32 {
    let points = of_words(model, file, content, view);
    match content {
        Content::Lines(diff) => points.max(of_words(model, file, &Content::Lines(reverse(diff)), view)),
        _ => points,
    }
}

/// The diff that leads back.
fn reverse(diff: &FileDiff) -> FileDiff {
    let mut lines: Vec<ChangedLine> = Vec::with_capacity(diff.lines.len());
    // In each run of changed lines those that go are before those that come.
    let runs = diff
        .lines
        .chunk_by(|a, b| (a.side, b.side) != (Side::Added, Side::Removed));
    for run in runs {
        let (gone, come): (Vec<&ChangedLine>, Vec<&ChangedLine>) =
            run.iter().partition(|line| line.side == Side::Removed);
        let turned = |side| move |line: &ChangedLine| ChangedLine { side, ..line.clone() };
        lines.extend(come.into_iter().map(turned(Side::Removed)));
        lines.extend(gone.into_iter().map(turned(Side::Added)));
    }
    FileDiff {
        lines,
        old: diff.new.clone(),
        new: diff.old.clone(),
        ..diff.clone()
    }
}

/// The score of a file with its reasons.
pub fn of_file(model: &Model, file: &FileChange, content: &Content, view: &View<'_>) -> FileScore {
    of_features(model, &file.path, &features::read(file, content, view))
}

/// The same of features that are read already.
pub fn of_features(model: &Model, path: &RepoPath, read: &FileFeatures<'_>) -> FileScore {
    let (sum, features) = sum(model, read);
    let score = Model::score(sum);
    FileScore {
        path: path.clone(),
        score: score.unsigned_abs(),
        because: because::because(model, read, &features, score),
    }
}

/// The scores of the files of a change, the highest first, and that of the change.
pub fn of_change<'f>(
    model: &Model,
    files: impl Iterator<Item = (&'f FileChange, &'f Content)>,
    view: &View<'_>,
) -> (u32, Vec<FileScore>) {
    let scores = files
        .map(|(file, content)| of_file(model, file, content, view))
        .collect();
    highest_first(scores)
}

/// The same of files that are scored already.
pub fn highest_first(mut scores: Vec<FileScore>) -> (u32, Vec<FileScore>) {
    scores.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.path.cmp(&b.path)));
    (scores.first().map_or(0, |file| file.score), scores)
}

/// The share of scores that are lower, in per cent, rounded down; `None` where there are too few to say.
pub fn rank_among(score: u32, others: &[u32]) -> Option<u32> {
    const LEAST: usize = 50;
    if others.len() < LEAST {
        return None;
    }
    let lower = others.iter().filter(|other| **other < score).count();
    u32::try_from(lower * 100 / others.len()).ok()
}
