//! Readers of benchmark files: one file for each format. They refuse before they interpret.
//!
//! [`read`] finds the format by the content, never by a name. What it gives are [`Measurement`]s; one that must not be used says why, and
//! a file of which nothing may be used is a [`Refusal`]. `docs/evidence.md` has the formats and the rules.

mod asv;
mod benchmarkdotnet;
mod bmf;
mod check;
mod criterion;
mod detect;
mod divan;
mod github_action;
mod go;
mod google;
mod gungraun;
mod hyperfine;
mod jmh;
mod json;
mod k6;
mod libtest;
mod nvbench;
mod perf_stat;
mod pyperf;
mod pytest;
mod text;
mod vitest;
mod wrk;

#[cfg(test)]
mod tests;

use thiserror::Error;

use super::measurement::{Measurement, Provenance};

pub use criterion::{CriterionFiles, read_criterion};

/// The largest benchmark file that is read, in bytes, and the largest that a compressed one may become.
pub const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The formats of benchmark files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `hyperfine --export-json`.
    Hyperfine,
    /// A directory that criterion writes: `sample.json` or `raw.csv`, `estimates.json`, `benchmark.json`.
    Criterion,
    /// `pytest --benchmark-json`, `--benchmark-autosave`.
    PytestBenchmark,
    /// The text of `go test -bench`.
    Go,
    /// `jmh -rf json`.
    Jmh,
    /// `--benchmark_format=json` of Google Benchmark.
    GoogleBenchmark,
    /// `pyperf … -o FILE`.
    Pyperf,
    /// A result file of asv (airspeed velocity).
    Asv,
    /// Bencher Metric Format.
    Bmf,
    /// `data.js` of github-action-benchmark, or its custom array.
    GithubActionBenchmark,
    /// The JSON exporters of BenchmarkDotNet.
    BenchmarkDotNet,
    /// gungraun, iai-callgrind and iai: text or JSON.
    Gungraun,
    /// `vitest bench --outputJson`.
    Vitest,
    /// `--json` of nvbench.
    Nvbench,
    /// k6's summary, from `handleSummary` or `--summary-export`.
    K6,
    /// The text of wrk and wrk2.
    Wrk,
    /// `perf stat -j` or `-x,`.
    PerfStat,
    /// The table of divan.
    Divan,
    /// The text of `cargo bench` with libtest.
    Libtest,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 19] = [
        Self::Hyperfine,
        Self::Criterion,
        Self::PytestBenchmark,
        Self::Go,
        Self::Jmh,
        Self::GoogleBenchmark,
        Self::Pyperf,
        Self::Asv,
        Self::Bmf,
        Self::GithubActionBenchmark,
        Self::BenchmarkDotNet,
        Self::Gungraun,
        Self::Vitest,
        Self::Nvbench,
        Self::K6,
        Self::Wrk,
        Self::PerfStat,
        Self::Divan,
        Self::Libtest,
    ];

    /// The name in reports and in certificates.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hyperfine => "hyperfine",
            Self::Criterion => "criterion",
            Self::PytestBenchmark => "pytest-benchmark",
            Self::Go => "go",
            Self::Jmh => "jmh",
            Self::GoogleBenchmark => "google-benchmark",
            Self::Pyperf => "pyperf",
            Self::Asv => "asv",
            Self::Bmf => "bmf",
            Self::GithubActionBenchmark => "github-action-benchmark",
            Self::BenchmarkDotNet => "benchmarkdotnet",
            Self::Gungraun => "gungraun",
            Self::Vitest => "vitest",
            Self::Nvbench => "nvbench",
            Self::K6 => "k6",
            Self::Wrk => "wrk",
            Self::PerfStat => "perf-stat",
            Self::Divan => "divan",
            Self::Libtest => "libtest",
        }
    }
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The format that the content has.
    pub format: Format,
    /// What was measured, in the order of the file. Each `(benchmark, metric)` appears once.
    pub measurements: Vec<Measurement>,
    /// What the file says about where it was measured.
    pub provenance: Provenance,
}

impl Reading {
    /// Whether at least one measurement may be used.
    pub fn is_usable(&self) -> bool {
        self.measurements.iter().any(|row| row.kind.refusal().is_none())
    }
}

/// What is wrong with a whole file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Defect {
    /// Larger than what is read.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Cut, edited or not of its encoding.
    #[error("{0}")]
    Damaged(String),
    /// Bytes that are no text, such as those of a profile.
    #[error("not text in UTF-8 or UTF-16")]
    NotText,
    /// Of no format that is known.
    #[error("not a benchmark file of a known format")]
    Unknown,
    /// Of several formats.
    #[error("ambiguous: it reads as {}", names(.0))]
    Ambiguous(Vec<Format>),
    /// Of this format, but without a benchmark.
    #[error("no benchmark in this {} file", .0.name())]
    Empty(Format),
}

fn names(formats: &[Format]) -> String {
    let names: Vec<&str> = formats.iter().map(|format| format.name()).collect();
    names.join(" and as ")
}

/// A whole file is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct Refusal {
    /// What is wrong.
    pub problem: Defect,
    /// The 1-based line, where known.
    pub line: Option<u32>,
}

impl From<Defect> for Refusal {
    fn from(problem: Defect) -> Self {
        Self { problem, line: None }
    }
}

impl From<json::Fault> for Refusal {
    fn from(fault: json::Fault) -> Self {
        Self {
            problem: Defect::Damaged(fault.reason),
            line: Some(fault.line),
        }
    }
}

/// Reads by the reader of one format, whatever the content looks like: what a reader must withstand. Nothing that decides uses it.
///
/// # Errors
///
/// As [`read`]; also where the format is not one of single files.
pub fn read_as(format: Format, bytes: &[u8]) -> Result<Reading, Refusal> {
    let text = text::decode(bytes, MAX_BYTES)?;
    let (rows, provenance) = detect::read_as(format, &text).unwrap_or_else(|| Err(Defect::Unknown.into()))?;
    Ok(Reading {
        format,
        measurements: check::settle(rows),
        provenance,
    })
}

/// What a reader gives: measurements as they are in the file, and where they were measured.
type Read = (Vec<Measurement>, Provenance);

/// Reads a benchmark file. A criterion directory is read by [`read_criterion`].
pub fn read(bytes: &[u8]) -> Result<Reading, Refusal> {
    let text = text::decode(bytes, MAX_BYTES)?;
    let (format, (rows, provenance)) = detect::read(&text)?;
    if rows.is_empty() {
        return Err(Defect::Empty(format).into());
    }
    Ok(Reading {
        format,
        measurements: check::settle(rows),
        provenance,
    })
}
