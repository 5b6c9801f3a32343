//! The section BENCHMARKS: which files a certificate rests on, what was measured, and what was decided. Whether the files say so is for
//! `evidence` to compute.

mod folder;
mod section;
mod text;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::change::{Digest, RepoPath};

pub use folder::{evidence_folder, evidence_of};
pub(super) use section::{read, section};
pub use text::{parse_benchmarks, render_benchmarks};

/// The first line of what whoever measured signs.
const MEASURED: &str = "certgate/measured/v1";

/// The section BENCHMARKS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BenchmarksField {
    /// There is none, or it is prose.
    Absent,
    /// There is one that cannot be read; it proves nothing.
    Unreadable,
    /// It reads.
    Present(Box<Benchmarks>),
}

impl BenchmarksField {
    /// What it says, where it reads.
    pub fn present(&self) -> Option<&Benchmarks> {
        match self {
            Self::Present(benchmarks) => Some(benchmarks),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

/// What a certificate rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Benchmarks {
    /// The commit that is the baseline, in hex.
    pub baseline: String,
    /// The commit that was certified, in hex.
    pub candidate: String,
    /// The files, in order.
    pub files: Vec<BoundFile>,
    /// What was decided, in order.
    pub rows: Vec<DecidedRow>,
    /// The armoured signature of whoever measured, over [`Benchmarks::measured`].
    pub signature: Option<String>,
}

/// What a file is evidence of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EvidenceSide {
    /// Measurements of the baseline.
    Baseline,
    /// Measurements of the candidate.
    Candidate,
    /// A profile of the candidate.
    Profile,
}

impl EvidenceSide {
    pub(super) const ALL: [Self; 3] = [Self::Baseline, Self::Candidate, Self::Profile];

    /// The word in the block.
    pub fn word(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Candidate => "candidate",
            Self::Profile => "profile",
        }
    }
}

/// A file that is bound to the certificate by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundFile {
    /// What it is evidence of.
    pub side: EvidenceSide,
    /// The name of its format.
    pub format: String,
    /// The digest of its content; of a criterion directory, of names and contents (see `evidence::bound`).
    pub digest: Digest,
    /// Where it is in the repository.
    pub path: RepoPath,
    /// The line of the document, from 1; 0 where it is in none.
    pub line: u32,
}

/// The rule by which rows were decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowTerms {
    /// The slow-down that is accepted, as a share.
    pub threshold: Figure,
    /// The error of each bound.
    pub alpha: Figure,
    /// The least number of runs a side.
    pub min_runs: u32,
    /// Whether each file is one block of runs.
    pub interleaved: bool,
    /// By how much runs of the same code are said to differ.
    pub run_noise: Option<Figure>,
    /// Where the files do not say: whether more is better.
    pub higher: Option<bool>,
    /// Whether the values are said to be deterministic counts.
    pub exact: bool,
}

impl Default for RowTerms {
    fn default() -> Self {
        Self {
            threshold: Figure::new(0.05),
            alpha: Figure::new(0.05),
            min_runs: 5,
            interleaved: false,
            run_noise: None,
            higher: None,
            exact: false,
        }
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedRow {
    /// `pass`, `regressed`, `inconclusive` or `invalid`.
    pub verdict: String,
    /// Candidate over baseline, above 1 for worse.
    pub ratio: Option<Figure>,
    /// Its lower bound.
    pub lower: Option<Figure>,
    /// Its upper bound.
    pub upper: Option<Figure>,
    /// Which benchmark.
    pub benchmark: String,
    /// Which metric.
    pub metric: String,
    /// By which rule.
    pub terms: RowTerms,
    /// The line of the document, from 1; 0 where it is in none.
    pub line: u32,
}

/// A finite number, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure(pub(super) String);

impl Figure {
    /// Writes a number so that it reads back the same.
    pub fn new(value: f64) -> Self {
        Self(value.to_string())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
        let value: f64 = text.bytes().all(plain).then(|| text.parse().ok()).flatten()?;
        value.is_finite().then(|| Self(text.to_owned()))
    }

    /// The number.
    pub fn value(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl Benchmarks {
    /// What whoever measured signs: the commits, and the digest of each file with its side and format, sorted. Where the files are, and
    /// what was decided of them, is not theirs to say.
    pub fn measured(&self) -> String {
        let files = self.files.iter();
        let mut lines: Vec<String> = files
            .map(|file| format!("{} {} sha256:{}\n", file.side.word(), file.format, file.digest))
            .collect();
        lines.sort();
        format!(
            "{MEASURED}\nbaseline {}\ncandidate {}\n{}",
            self.baseline,
            self.candidate,
            lines.concat()
        )
    }

    /// The commit that a side is of.
    pub fn commit(&self, side: EvidenceSide) -> &str {
        match side {
            EvidenceSide::Baseline => &self.baseline,
            EvidenceSide::Candidate | EvidenceSide::Profile => &self.candidate,
        }
    }
}
