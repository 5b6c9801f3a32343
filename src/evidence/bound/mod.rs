//! What a certificate's bound files are worth: the files are read again, the table is recomputed, and each budget is decided. Pure: the gate
//! reads the content, and says what only a repository can (see [`Flaw`] of kinds [`FlawKind::Other`] and [`FlawKind::Reused`]).
//!
//! Nothing here is in favour of an approval: a file that cannot be used, a row that does not follow, a benchmark that is not shown are
//! flaws, and an approval with a flaw does not count towards a component that asks for benchmarks.

mod budget;
mod flaw;
mod session;
mod units;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::compare::{self, Criteria, File, Refused};
use super::decide::Conclusion;
use super::exact_null::Alpha;
use super::formats::{self, CriterionFiles, Format, Reading};
use super::measurement::{Direction, median};
use super::profiles;
use crate::certificate::{Benchmarks, BoundFile, DecidedRow, EvidenceSide, Figure, RowTerms};
use crate::change::{Digest, MAX_DOCUMENT, RepoPath};

pub use budget::{Demand, Limit, WantedName};
pub use flaw::{Flaw, FlawKind};

/// The largest file that is bound, in bytes.
pub const MAX_FILE: u64 = MAX_DOCUMENT;
/// The most that the files of one certificate may have together, in bytes.
pub const MAX_TOGETHER: u64 = 8 * MAX_DOCUMENT;
/// The files of a directory of criterion that are read, in the order in which they are hashed.
pub const CRITERION: [&str; 4] = ["benchmark.json", "sample.json", "raw.csv", "estimates.json"];

/// How far a recomputed figure may lie from the one in the table: as far as two machines round.
const TOLERANCE: f64 = 1e-9;

/// The content of a bound file, as it stands in the repository.
#[derive(Clone, Debug)]
pub enum BoundContent {
    /// A file.
    File(Vec<u8>),
    /// A directory of criterion: its files, in the order of [`CRITERION`].
    Criterion(Box<[Option<Vec<u8>>; 4]>),
    /// It is not there.
    Missing,
    /// It is a link, a submodule or a directory of something else.
    NotAFile,
    /// It has so many bytes, which is too much.
    TooLarge(u64),
}

impl BoundContent {
    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        match self {
            Self::File(bytes) => bytes.len() as u64,
            Self::Criterion(files) => files.iter().flatten().map(|bytes| bytes.len() as u64).sum(),
            Self::TooLarge(size) => *size,
            Self::Missing | Self::NotAFile => 0,
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The digest by which a certificate knows it: SHA-256 of the content; of a directory of criterion, of each name and content in turn.
    pub fn digest(&self) -> Option<Digest> {
        let mut hash = Sha256::new();
        match self {
            Self::File(bytes) => hash.update(bytes),
            Self::Criterion(files) => {
                for (name, bytes) in CRITERION.iter().zip(files.iter()) {
                    if let Some(bytes) = bytes {
                        hash.update(name.as_bytes());
                        hash.update(bytes);
                    }
                }
            }
            Self::Missing | Self::NotAFile | Self::TooLarge(_) => return None,
        }
        Some(Digest(hash.finalize().into()))
    }
}

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
    /// What is told, and keeps it from nothing.
    pub warnings: Vec<Flaw>,
    /// What the candidate was measured to be.
    pub levels: Vec<MeasuredLevel>,
}

/// The bound files, read.
struct Sides {
    baseline: Vec<File>,
    candidate: Vec<File>,
}

/// Reads one file by the format that the certificate names; `None` for a profile.
pub fn read(format: &str, content: &BoundContent) -> Result<Option<Reading>, Flaw> {
    let (found, reading) = any(content)?;
    of_format(format, found)?;
    Ok(reading)
}

/// Reads a benchmark file of whatever format.
pub fn identify(content: &BoundContent) -> Result<Reading, Flaw> {
    let profile = || Flaw::new(FlawKind::File, "is a profile, which compares nothing");
    any(content)?.1.ok_or_else(profile)
}

fn any(content: &BoundContent) -> Result<(&'static str, Option<Reading>), Flaw> {
    let refused = |reason: String, line: Option<u32>| Flaw::new(FlawKind::File, reason).on(line);
    match content {
        BoundContent::Missing => Err(refused("is missing".to_owned(), None)),
        BoundContent::NotAFile => Err(refused("is not a plain file".to_owned(), None)),
        BoundContent::TooLarge(size) => Err(refused(format!("has {size} bytes, more than {MAX_FILE}"), None)),
        BoundContent::Criterion(files) => {
            let [benchmark, sample, raw_csv, estimates] = files.as_ref();
            let files = CriterionFiles {
                benchmark: benchmark.as_deref(),
                sample: sample.as_deref(),
                raw_csv: raw_csv.as_deref(),
                estimates: estimates.as_deref(),
            };
            let reading = formats::read_criterion(&files).map_err(|error| refused(error.to_string(), error.line))?;
            Ok((reading.format.name(), Some(reading)))
        }
        BoundContent::File(bytes) => match formats::read(bytes) {
            Ok(reading) => Ok((reading.format.name(), Some(reading))),
            Err(refusal) => match profiles::read(bytes.as_slice()) {
                Ok(profile) => Ok((profile.format.name(), None)),
                Err(_) => Err(refused(refusal.to_string(), refusal.line)),
            },
        },
    }
}

fn of_format(stated: &str, found: &str) -> Result<(), Flaw> {
    match stated == found {
        true => Ok(()),
        false => Err(Flaw::new(
            FlawKind::File,
            format!("is a {found} file, and the certificate names it {stated}"),
        )),
    }
}

/// Judges the evidence of one certificate. `contents` has one entry for each file of the block, in order; `place` says whether a path is one
/// where evidence of certificates may stand.
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
        let common = compare::compare(&Criteria::default(), &sides.baseline, &sides.candidate, &|_, _| true);
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
    judged.levels = levels(&sides.candidate);
    match demands {
        [] => stated(block, &sides, &mut judged),
        demands => {
            for demand in demands {
                budget::decide(demand, block, &sides.baseline, &sides.candidate, &mut judged);
            }
        }
    }
    if !sound {
        // Figures of files that must not be compared are none.
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

/// The question that the terms of a row ask.
fn question(terms: &RowTerms, metric: &str) -> Option<Criteria> {
    Some(Criteria {
        threshold: terms.threshold.value(),
        alpha: Alpha::new(terms.alpha.value())?,
        min_runs: terms.min_runs as usize,
        design: match terms.interleaved {
            true => compare::Design::Interleaved,
            false => compare::Design::Sequential,
        },
        run_noise: terms.run_noise.as_ref().map(Figure::value),
        direction: match terms.higher {
            None => Direction::Unknown,
            Some(false) => Direction::Lower,
            Some(true) => Direction::Higher,
        },
        exact: terms.exact.then(|| metric.to_owned()).into_iter().collect(),
    })
}

/// Holds each row of the table against the files.
fn table(block: &Benchmarks, sides: &Sides) -> Vec<Flaw> {
    block.rows.iter().filter_map(|row| row_fault(row, sides)).collect()
}

fn row_fault(row: &DecidedRow, sides: &Sides) -> Option<Flaw> {
    let wrong = |reason: String| {
        Some(
            Flaw::new(FlawKind::Table, reason)
                .about(&row.benchmark, &row.metric)
                .at(row.line),
        )
    };
    let Some(result) = recompute(row, sides) else {
        return wrong("the bound files do not hold it".to_owned());
    };
    let decision = &result.decision;
    let same = |stated: &Option<Figure>, found: Option<f64>| match (stated, found) {
        (None, None) => true,
        (Some(stated), Some(found)) => (stated.value() - found).abs() <= TOLERANCE * found.abs(),
        _ => false,
    };
    let agrees = row.verdict == decision.verdict.word()
        && same(&row.ratio, decision.ratio)
        && same(&row.lower, decision.lower)
        && same(&row.upper, decision.upper);
    if agrees {
        return None;
    }
    let shown = |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.6}"));
    let stated = |figure: &Option<Figure>| shown(figure.as_ref().map(Figure::value));
    wrong(format!(
        "the table says {} {} ({} to {}), the files give {} {} ({} to {})",
        row.verdict,
        stated(&row.ratio),
        stated(&row.lower),
        stated(&row.upper),
        decision.verdict.word(),
        shown(decision.ratio),
        shown(decision.lower),
        shown(decision.upper),
    ))
}

fn recompute(row: &DecidedRow, sides: &Sides) -> Option<compare::Compared> {
    let question = question(&row.terms, &row.metric)?;
    let wanted = |benchmark: &str, metric: &str| benchmark == row.benchmark && metric == row.metric;
    let found = compare::compare(&question, &sides.baseline, &sides.candidate, &wanted);
    found.results.into_iter().next()
}

/// Where no budget says what is accepted: every row must be a pass by its own terms, and there must be one.
fn stated(block: &Benchmarks, sides: &Sides, judged: &mut Judged) {
    if block.rows.is_empty() {
        judged
            .flaws
            .push(Flaw::new(FlawKind::NotShown, "BENCHMARKS has no result"));
    }
    for row in &block.rows {
        let Some(result) = recompute(row, sides) else { continue };
        let mut shown = shown(&result, sides);
        let flaw = match result.decision.verdict {
            Conclusion::Pass => None,
            Conclusion::Regressed => Some(FlawKind::Exceeded),
            Conclusion::Inconclusive => Some(FlawKind::Unproven),
            Conclusion::Invalid => Some(FlawKind::Refused),
        };
        if let Some(kind) = flaw {
            shown.flaws.push(kind);
            let said = budget::said(&result, row.terms.threshold.value());
            let flaw = Flaw::new(kind, said).about(&row.benchmark, &row.metric).at(row.line);
            judged.flaws.push(flaw.measured_in(&shown.files));
        }
        judged.shown.push(shown);
    }
}

/// What a row shows whose files cannot be used.
fn unread(row: &DecidedRow, flaws: &[Flaw]) -> Shown {
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

fn shown(result: &compare::Compared, sides: &Sides) -> Shown {
    shown_in(result, sides.baseline.iter().chain(&sides.candidate))
}

fn shown_in<'f>(result: &compare::Compared, files: impl Iterator<Item = &'f File>) -> Shown {
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
fn holding<'f>(files: impl Iterator<Item = &'f File>, benchmark: &str, metric: &str) -> Vec<RepoPath> {
    let holds = |file: &&File| {
        let mut rows = file.reading.measurements.iter();
        rows.any(|row| row.benchmark == benchmark && (row.metric == metric || row.metric == "*"))
    };
    files
        .filter(holds)
        .filter_map(|file| RepoPath::unquote(&file.name))
        .collect()
}

/// What the candidate was measured to be, metric by metric.
fn levels(candidate: &[File]) -> Vec<MeasuredLevel> {
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
        let exact = row.kind == super::measurement::Kind::Exact;
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

/// The table of a comparison, as BENCHMARKS has it.
pub fn rows(comparison: &compare::Comparison, terms: &RowTerms) -> Vec<DecidedRow> {
    let row = |result: &compare::Compared| DecidedRow {
        verdict: result.decision.verdict.word().to_owned(),
        ratio: result.decision.ratio.map(Figure::new),
        lower: result.decision.lower.map(Figure::new),
        upper: result.decision.upper.map(Figure::new),
        benchmark: result.benchmark.clone(),
        metric: result.metric.clone(),
        terms: terms.clone(),
        line: 0,
    };
    comparison.results.iter().map(row).collect()
}

/// Compares by the terms of a table.
pub fn compare_by(
    terms: &RowTerms,
    metric: &str,
    baseline: &[File],
    candidate: &[File],
    wanted: &dyn Fn(&str, &str) -> bool,
) -> Option<compare::Comparison> {
    Some(compare::compare(&question(terms, metric)?, baseline, candidate, wanted))
}

/// Fingerprints of the raw values of a file, by which it is known whatever else stands in it; none for what may well come again.
pub fn fingerprints(reading: &Reading) -> Vec<Digest> {
    let mut found = Vec::new();
    for row in &reading.measurements {
        let mut values = row.values.concat();
        values.sort_by(f64::total_cmp);
        let constant = values.iter().all(|value| Some(value) == values.first());
        // A single time of few digits is no finger print, and neither is a count.
        if constant && !compare::is_unlikely(row) {
            continue;
        }
        let mut hash = Sha256::new();
        hash.update(row.metric.as_bytes());
        values.iter().for_each(|value| hash.update(value.to_le_bytes()));
        found.push(Digest(hash.finalize().into()));
    }
    found
}

/// Whether a name is that of a format.
pub fn is_criterion(format: &str) -> bool {
    format == Format::Criterion.name()
}
