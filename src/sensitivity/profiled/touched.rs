//! Which functions a change is inside of, on both of its sides.

use crate::change::{ChangedLine, FileDiff, Side};
use crate::policy::Ignore;
use crate::sensitivity::languages::{Callable, Unparsed};
use crate::sensitivity::reading::Reading;

/// A function that the change is inside of.
pub(super) struct Touched {
    pub(super) function: Callable,
    pub(super) side: Side,
    /// The first changed line in it, from 1.
    pub(super) line: u32,
}

/// The functions of a side that changed lines are in; where they cannot be known, why.
pub(super) fn touched(
    reading: &Reading<'_>,
    diff: &FileDiff,
    ignore: Ignore,
    side: Side,
) -> Result<Vec<Touched>, Unparsed> {
    let view = reading.view(ignore);
    let counting: Vec<&ChangedLine> = view
        .lines
        .iter()
        .zip(&view.counts)
        .filter_map(|(line, counts)| counts.then_some(line))
        .collect();
    if counting.is_empty() {
        return Ok(Vec::new());
    }
    let Some(definitions) = reading.definitions(side)? else {
        return Ok(Vec::new());
    };
    let mut lines: Vec<u32> = counting
        .iter()
        .filter(|line| line.side == side)
        .map(|line| line.number)
        .collect();
    lines.sort_unstable();
    let between = match side {
        Side::Removed => insertions(diff, &counting),
        Side::Added => Vec::new(),
    };
    let within = |function: &Callable, line: u32| function.lines.0 <= line && line <= function.lines.1;
    let found = definitions.functions().into_iter().filter_map(|function| {
        let at = lines.partition_point(|line| *line < function.lines.0);
        let changed = lines.get(at).copied().filter(|line| within(&function, *line));
        let inserted = between
            .iter()
            .find(|(above, below)| within(&function, *above) && within(&function, *below));
        let line = changed.or(inserted.map(|(above, _)| *above))?;
        Some(Touched { function, side, line })
    });
    Ok(found.collect())
}

/// Between which lines of the old side lines were added.
fn insertions(diff: &FileDiff, counting: &[&ChangedLine]) -> Vec<(u32, u32)> {
    let numbers = |side: Side| {
        let mut numbers: Vec<u32> = diff
            .lines
            .iter()
            .filter(|line| line.side == side)
            .map(|line| line.number)
            .collect();
        numbers.sort_unstable();
        numbers
    };
    let (removed, added) = (numbers(Side::Removed), numbers(Side::Added));
    // The old number of the so-manieth line that stays.
    let old = |kept: u32| {
        let mut number = kept;
        loop {
            let gone = removed.partition_point(|line| *line <= number);
            let next = kept.saturating_add(u32::try_from(gone).unwrap_or(u32::MAX));
            if next == number {
                return number;
            }
            number = next;
        }
    };
    let mut found: Vec<(u32, u32)> = counting
        .iter()
        .filter(|line| line.side == Side::Added)
        .filter_map(|line| {
            let before = added.partition_point(|number| *number < line.number);
            let kept = line.number.checked_sub(1)?.checked_sub(u32::try_from(before).ok()?)?;
            (kept > 0).then(|| (old(kept), old(kept.saturating_add(1))))
        })
        .collect();
    found.dedup();
    found
}
