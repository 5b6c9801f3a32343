//! What a comparison is asked: the files of both sides, how they were measured, and what is accepted.

use crate::evidence::decide::MIN_RUNS;
use crate::evidence::exact_null::Alpha;
use crate::evidence::formats::Reading;
use crate::evidence::measurement::Direction;

/// In which order the two sides were measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Design {
    /// One after the other: each independent run of every file counts, and drift of the machine is not excluded.
    #[default]
    Sequential,
    /// In blocks, both sides in each: every file is one block, and the median of its runs counts once.
    Interleaved,
}

impl Design {
    /// The word in reports and options.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Interleaved => "interleaved",
        }
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Criteria {
    /// The slow-down that is accepted: 0.05 is five percent.
    pub threshold: f64,
    /// The error of each bound, one-sided.
    pub alpha: Alpha,
    /// The least number of runs a side.
    pub min_runs: usize,
    /// How it was measured.
    pub design: Design,
    /// By how much runs of the same code are said to differ: the standard deviation of the logarithm.
    pub run_noise: Option<f64>,
    /// Which way is better, where a file does not say.
    pub direction: Direction,
    /// Metrics that are said to be deterministic counts.
    pub exact: Vec<String>,
}

impl Default for Criteria {
    fn default() -> Self {
        Self {
            threshold: 0.05,
            alpha: Alpha::DEFAULT,
            min_runs: MIN_RUNS,
            design: Design::Sequential,
            run_noise: None,
            direction: Direction::Unknown,
            exact: Vec::new(),
        }
    }
}

/// A benchmark file that could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Its path, as shown.
    pub name: String,
    /// What tells whether two paths are one file: the resolved path.
    pub place: String,
    /// The digest of its content.
    pub digest: String,
    /// What it holds.
    pub reading: Reading,
}
