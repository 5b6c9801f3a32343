//! The score of a file where something hangs on it: nothing that is changed beside what matters, in the file or elsewhere, lowers it.

use super::features::{self, FileFeatures};
use super::history::View;
use super::model::Model;
use crate::change::{ChangeKind, ChangedLine, Content, FileChange, FileDiff, Side};

/// How many changed lines before and after a match are looked at alone, each time.
const AROUND: [usize; 3] = [1, 4, 16];

/// The score of a changed file, as a rule needs it that matched on these lines: the highest of the file as a whole, of each of its hunks alone, and
/// of the changed lines around each match alone.
///
/// # Errors
///
/// Why the file's content cannot be read, so that its score says too little.
pub fn strongest(
    model: &Model,
    file: &FileChange,
    content: &Content,
    view: &View<'_>,
    lines: &[(Side, u32)],
) -> Result<u32, &'static str> {
    let read = features::read(file, content, view);
    if let Some(why) = read.unread() {
        return Err(why);
    }
    let mut highest = parts(model, &read);
    if let Content::Lines(diff) = content {
        for (side, number) in lines {
            let same = |line: &ChangedLine| line.side == *side && line.number == *number;
            let Some(at) = diff.lines.iter().position(same) else {
                continue;
            };
            for around in AROUND {
                let near = diff.lines.iter().skip(at.saturating_sub(around));
                let part = Content::Lines(FileDiff {
                    lines: near.take(2 * around + 1).cloned().collect(),
                    ..diff.clone()
                });
                highest = highest.max(parts(model, &features::read(file, &part, view)));
            }
        }
    }
    Ok(highest)
}

/// The highest of a file as a whole and of its hunks.
fn parts(model: &Model, read: &FileFeatures<'_>) -> u32 {
    let parts = read.parts();
    let sums = parts.iter().map(|part| model.sum(part));
    let highest = sums.fold(model.sum(&read.whole()), i32::max);
    Model::score(highest).unsigned_abs()
}

/// A file that comes, as an edit of one that goes: what a file that is moved and edited at once is.
pub fn as_edit_of(gone: &FileChange, new: &FileChange) -> Option<FileChange> {
    let (ChangeKind::Deleted(old), ChangeKind::Added(new)) = (&gone.kind, &new.kind) else {
        return None;
    };
    let kind = ChangeKind::Modified {
        old: old.clone(),
        new: new.clone(),
    };
    Some(FileChange {
        path: gone.path.clone(),
        kind,
    })
}
