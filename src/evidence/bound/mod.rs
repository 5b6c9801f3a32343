//! What a certificate's bound files are worth: the files are read again, the table is recomputed, and each budget is decided. Pure: the gate
//! reads the content, and says what only a repository can (see [`Flaw`] of kinds [`FlawKind::Other`] and [`FlawKind::Reused`]).
//!
//! Nothing here is in favour of an approval: a file that cannot be used, a row that does not follow, a benchmark that is not shown are
//! flaws, and an approval with a flaw does not count towards a component that asks for benchmarks.

mod budget;
mod content;
mod flaw;
mod runs;
mod session;
mod shown;
mod table;
mod units;

#[cfg(test)]
mod tests;

use super::compare::{self, Criteria, Design, File, Refused};
use super::decide::Conclusion;
use super::formats::Reading;
use crate::certificate::{Benchmarks, BoundFile, EvidenceSide};
use crate::change::RepoPath;
use shown::{levels, unread};
use table::{Sides, counts, stated, table};

pub use budget::{Demand, Limit, WantedName};
pub use content::{BoundContent, CRITERION, MAX_FILE, MAX_TOGETHER, fingerprints, identify, is_criterion, read};
pub use flaw::{Flaw, FlawKind};
pub use runs::{BoundRuns, Runs, runs};
pub use shown::{Judged, MeasuredLevel, Shown};
pub use table::{compare_by, rows};

/// Judges the evidence of one certificate. `contents` has one entry for each file of the block, in order; `place` says whether a path is one
/// where evidence of certificates may be.
pub fn judge(
    block: &Benchmarks,
    contents: &[BoundContent],
    demands: &[Demand<'_>],
    place: &dyn Fn(&RepoPath) -> bool,
) -> Judged {
    let mut judged = Judged::default();
    let sides = match gather(block, contents, place) {
        Ok(sides) => sides,
        Err(flaws) => {
            judged.shown = block.rows.iter().map(|row| unread(row, &flaws)).collect();
            judged.flaws = flaws;
            return judged;
        }
    };
    let all = || sides.baseline.iter().chain(&sides.candidate);
    for file in all().filter(|file| file.reading.provenance.dirty == Some(true)) {
        judged
            .flaws
            .push(Flaw::new(FlawKind::Dirty, "was measured with uncommitted work").of_file(&file.name));
    }
    judged
        .flaws
        .extend(session::other_commits(block, &sides.baseline, &sides.candidate));
    judged
        .flaws
        .extend(session::picked(block, &sides.baseline, &sides.candidate));
    // What the two sides must have in common, whatever is asked of them.
    if !sides.baseline.is_empty() {
        // What the policy says is a count may come again; without one, what the table says.
        let exact = match demands {
            [] => counts(&block.rows),
            demands => demands
                .iter()
                .flat_map(|demand| demand.question.exact.clone())
                .collect(),
        };
        let usual = Criteria {
            exact,
            ..Criteria::default()
        };
        let common = compare::compare(&usual, &sides.baseline, &sides.candidate, &|_, _| true);
        for refused in &common.refused {
            judged.flaws.push(Flaw::of(refused));
        }
        for result in &common.results {
            if let Some(compare::Why::Refused(refused @ Refused::Missing)) = &result.why {
                judged
                    .flaws
                    .push(Flaw::of(refused).about(&result.benchmark, &result.metric));
            }
        }
    }
    let sound = judged.flaws.is_empty();
    if sound {
        judged.flaws.extend(table(block, &sides));
    }
    let design = match block.rows.iter().any(|row| row.terms.interleaved) {
        true => Design::Interleaved,
        false => Design::Sequential,
    };
    judged.levels = levels(&sides.candidate, design);
    match demands {
        [] => stated(block, &sides, &mut judged),
        demands => {
            for demand in demands {
                budget::decide(demand, block, &sides.baseline, &sides.candidate, &mut judged);
            }
        }
    }
    if !sound {
        // Figures of files that must not be compared do not count.
        for shown in &mut judged.shown {
            shown.verdict = Conclusion::Invalid;
            shown.flaws.extend(judged.flaws.iter().map(|flaw| flaw.kind));
            shown.flaws.sort();
            shown.flaws.dedup();
        }
    }
    judged
}

/// The files of both sides; or what is wrong with them.
fn gather(
    block: &Benchmarks,
    contents: &[BoundContent],
    place: &dyn Fn(&RepoPath) -> bool,
) -> Result<Sides, Vec<Flaw>> {
    let mut sides = Sides {
        baseline: Vec::new(),
        candidate: Vec::new(),
    };
    let mut flaws = Vec::new();
    let together: u64 = contents.iter().map(BoundContent::len).sum();
    if together > MAX_TOGETHER {
        flaws.push(Flaw::new(
            FlawKind::File,
            format!("the bound files have {together} bytes together, more than {MAX_TOGETHER}"),
        ));
        return Err(flaws);
    }
    for (at, bound) in block.files.iter().enumerate() {
        let content = contents.get(at).unwrap_or(&BoundContent::Missing);
        let fault = |flaw: Flaw| flaw.of_file(&bound.path.to_string()).at(bound.line);
        if !place(&bound.path) {
            flaws.push(fault(Flaw::new(FlawKind::Astray, "is not in a folder of evidence")));
            continue;
        }
        if content.digest().is_some_and(|digest| digest != bound.digest) {
            flaws.push(fault(Flaw::new(FlawKind::Changed, "is not what was certified")));
            continue;
        }
        match read(&bound.format, content) {
            Err(flaw) => flaws.push(fault(flaw)),
            Ok(reading) => {
                if let Err(flaw) = take(&mut sides, bound, reading) {
                    flaws.push(fault(flaw));
                }
            }
        }
    }
    match flaws.is_empty() {
        true => Ok(sides),
        false => Err(flaws),
    }
}

fn take(sides: &mut Sides, bound: &BoundFile, reading: Option<Reading>) -> Result<(), Flaw> {
    let side = match bound.side {
        EvidenceSide::Profile if reading.is_none() => return Ok(()),
        EvidenceSide::Profile => return Err(Flaw::new(FlawKind::File, "is not a profile")),
        EvidenceSide::Baseline => &mut sides.baseline,
        EvidenceSide::Candidate => &mut sides.candidate,
    };
    let Some(reading) = reading else {
        return Err(Flaw::new(FlawKind::File, "is a profile, which compares nothing"));
    };
    side.push(File {
        name: bound.path.to_string(),
        place: bound.path.to_string(),
        digest: bound.digest.to_string(),
        reading,
    });
    Ok(())
}
