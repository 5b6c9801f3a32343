//! What bound files show, metric by metric, as data.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::flaw::{Flaw, FlawKind};
use crate::certificate::DecidedRow;
use crate::change::RepoPath;
use crate::evidence::compare::{self, Design, File};
use crate::evidence::decide::Conclusion;
use crate::evidence::measurement::{Kind, median};

/// A benchmark, as the bound files show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Which benchmark.
    pub benchmark: String,
    /// Which metric.
    pub metric: String,
    /// The unit, as the files state it.
    pub unit: String,
    /// What was decided; of an absolute limit, by the candidate alone.
    pub verdict: Conclusion,
    /// Candidate over baseline, above 1 for worse; of an absolute limit the median.
    pub ratio: Option<f64>,
    /// Its lower bound.
    pub lower: Option<f64>,
    /// Its upper bound.
    pub upper: Option<f64>,
    /// Runs a side.
    pub runs: [usize; 2],
    /// The files that hold it.
    pub files: Vec<RepoPath>,
    /// What is wrong with it.
    pub flaws: Vec<FlawKind>,
}

/// What the candidate's files say of one metric of one benchmark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasuredLevel {
    /// Which benchmark.
    pub benchmark: String,
    /// Which metric.
    pub metric: String,
    /// The unit, as the files state it.
    pub unit: String,
    /// True where the values are deterministic counts.
    pub exact: bool,
    /// One value for each run.
    pub values: Vec<f64>,
}

/// What came of a certificate's evidence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// Each benchmark of a budget; without budgets those of the table.
    pub shown: Vec<Shown>,
    /// What keeps the approval from counting, most telling first.
    pub flaws: Vec<Flaw>,
    /// What is reported, and keeps it from nothing.
    pub warnings: Vec<Flaw>,
    /// What the candidate was measured to be.
    pub levels: Vec<MeasuredLevel>,
}

/// What a row shows whose files cannot be used.
pub(super) fn unread(row: &DecidedRow, flaws: &[Flaw]) -> Shown {
    Shown {
        benchmark: row.benchmark.clone(),
        metric: row.metric.clone(),
        unit: String::new(),
        verdict: Conclusion::Invalid,
        ratio: None,
        lower: None,
        upper: None,
        runs: [0, 0],
        files: flaws
            .iter()
            .filter_map(|flaw| flaw.file.as_ref().map(|(path, _)| path.clone()))
            .collect(),
        flaws: flaws.iter().map(|flaw| flaw.kind).collect(),
    }
}

pub(super) fn shown_in<'f>(result: &compare::Compared, files: impl Iterator<Item = &'f File>) -> Shown {
    Shown {
        benchmark: result.benchmark.clone(),
        metric: result.metric.clone(),
        unit: result.unit.clone(),
        verdict: result.decision.verdict,
        ratio: result.decision.ratio,
        lower: result.decision.lower,
        upper: result.decision.upper,
        runs: result.runs,
        files: holding(files, &result.benchmark, &result.metric),
        flaws: Vec::new(),
    }
}

/// The files that hold a metric.
pub(super) fn holding<'f>(files: impl Iterator<Item = &'f File>, benchmark: &str, metric: &str) -> Vec<RepoPath> {
    let holds = |file: &&File| {
        let mut rows = file.reading.measurements.iter();
        rows.any(|row| row.benchmark == benchmark && (row.metric == metric || row.metric == "*"))
    };
    files
        .filter(holds)
        .filter_map(|file| RepoPath::unquote(&file.name))
        .collect()
}

/// What the candidate was measured to be, metric by metric: one value for each run, and, where each file is a block of runs measured in turn
/// with the other side's, for each file.
pub(super) fn levels(candidate: &[File], design: Design) -> Vec<MeasuredLevel> {
    let mut levels: Vec<MeasuredLevel> = Vec::new();
    let mut mixed: BTreeSet<(String, String)> = BTreeSet::new();
    for row in candidate.iter().flat_map(|file| &file.reading.measurements) {
        let values = match row.values.is_empty() {
            true => row.value.into_iter().collect(),
            false => row.run_values(),
        };
        if row.kind.refusal().is_some() || values.is_empty() {
            mixed.insert((row.benchmark.clone(), row.metric.clone()));
            continue;
        }
        let exact = row.kind == Kind::Exact;
        let values = match design {
            Design::Interleaved if !exact => median(&values).into_iter().collect(),
            _ => values,
        };
        let known = levels
            .iter_mut()
            .find(|level| level.benchmark == row.benchmark && level.metric == row.metric);
        match known {
            Some(level) if level.unit == row.unit => {
                level.exact = level.exact && exact;
                level.values.extend(values);
            }
            Some(_) => {
                mixed.insert((row.benchmark.clone(), row.metric.clone()));
            }
            None => levels.push(MeasuredLevel {
                benchmark: row.benchmark.clone(),
                metric: row.metric.clone(),
                unit: row.unit.clone(),
                exact,
                values,
            }),
        }
    }
    levels.retain(|level| !mixed.contains(&(level.benchmark.clone(), level.metric.clone())));
    levels
}

impl MeasuredLevel {
    /// The centre of the runs.
    pub fn centre(&self) -> Option<f64> {
        median(&self.values)
    }
}
