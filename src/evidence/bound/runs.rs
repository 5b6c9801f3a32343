//! The runs behind the figures of a table, for whoever draws them. Nothing is decided by this.

use super::content::BoundContent;
use super::shown::{MeasuredLevel, levels};
use super::table::{counts, recompute};
use super::{Design, gather};
use crate::certificate::Benchmarks;

/// A benchmark's runs, as the bound files hold them.
#[derive(Clone, Debug, PartialEq)]
pub struct Runs {
    /// Which benchmark.
    pub benchmark: String,
    /// Which metric.
    pub metric: String,
    /// The unit, as the files state it.
    pub unit: String,
    /// One value for each run, of the baseline and of the candidate.
    pub values: [Vec<f64>; 2],
    /// The centre of each side.
    pub centre: [Option<f64>; 2],
    /// Candidate over baseline, above 1 for worse.
    pub ratio: Option<f64>,
}

/// What the files of a certificate hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoundRuns {
    /// The runs of each row of the table.
    pub rows: Vec<Runs>,
    /// What the candidate was measured to be.
    pub levels: Vec<MeasuredLevel>,
}

/// The runs behind a table; of files that cannot be used, nothing.
pub fn runs(block: &Benchmarks, contents: &[BoundContent]) -> BoundRuns {
    let Ok(sides) = gather(block, contents, &|_| true) else {
        return BoundRuns::default();
    };
    let counts = counts(&block.rows);
    let compared = block.rows.iter().filter_map(|row| recompute(row, &counts, &sides));
    let rows = compared.map(|result| Runs {
        benchmark: result.benchmark,
        metric: result.metric,
        unit: result.unit,
        values: result.values,
        centre: result.centre,
        ratio: result.decision.ratio,
    });
    let rows = rows.collect();
    let design = match block.rows.iter().any(|row| row.terms.interleaved) {
        true => Design::Interleaved,
        false => Design::Sequential,
    };
    BoundRuns {
        rows,
        levels: levels(&sides.candidate, design),
    }
}
