//! What comes of a comparison: each metric's decision, and why there is none.

use std::fmt;

use super::question::Design;
use crate::evidence::decide::{self, Conclusion, Estimate};
use crate::evidence::measurement::Direction;

/// Why measurements must not be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Two arguments are one file, or two files have the same content.
    SameFile(String, String),
    /// The same raw values are in two files.
    SameValues(String, String),
    /// The candidate does not have it.
    Missing,
    /// Files disagree on where or how they were measured: what, in which file, and the two statements.
    Differs {
        /// What differs: `host`, `cpu` …
        what: String,
        /// The first file and what it says.
        one: (String, String),
        /// The file that disagrees and what it says.
        other: (String, String),
    },
    /// The units of the two sides, or of two files.
    Units(String, String),
    /// A debug build was measured.
    Debug(String),
    /// The reader refuses the measurement: in which file, and why.
    Measurement(String, String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameFile(one, other) if one == other => write!(f, "{one} is given twice"),
            Self::SameFile(one, other) => write!(f, "{one} and {other} are the same file"),
            Self::SameValues(one, other) => write!(f, "{one} and {other} hold identical raw values"),
            Self::Missing => write!(f, "the candidate lacks it"),
            Self::Differs { what, one, other } => {
                let said = |said: &str| {
                    if said.is_empty() {
                        "nothing".to_owned()
                    } else {
                        format!("`{said}`")
                    }
                };
                let (first, second) = (said(&one.1), said(&other.1));
                write!(f, "{what} differs: {} says {first}, {} says {second}", one.0, other.0)
            }
            Self::Units(one, other) => write!(f, "units differ: `{one}` and `{other}`"),
            Self::Debug(name) => write!(f, "{name} was measured with a debug build"),
            Self::Measurement(name, reason) => write!(f, "{name}: {reason}"),
        }
    }
}

/// Why there is no plain answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// It must not be compared.
    Refused(Refused),
    /// The rule says so.
    Rule(decide::Caveat),
    /// Fewer runs than asked for.
    MinRuns(usize),
    /// Only summaries, which are one run for each file.
    Summary,
    /// One process a side, and nobody says by how much processes differ.
    OneProcess,
    /// No file says which way is better.
    Direction,
    /// Not as many blocks on both sides.
    Blocks(usize, usize),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::Rule(reason) => f.write_str(reason.text()),
            Self::MinRuns(least) => write!(f, "fewer than {least} runs a side"),
            Self::Summary => write!(f, "only a summary, no raw values"),
            Self::OneProcess => write!(f, "one process a side, and no noise between runs is stated"),
            Self::Direction => write!(f, "nothing says whether less or more is better"),
            Self::Blocks(m, n) => write!(f, "{m} files against {n} are no interleaved blocks"),
        }
    }
}

/// One metric of one benchmark, decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Which benchmark.
    pub benchmark: String,
    /// Which metric.
    pub metric: String,
    /// The unit, as the files state it.
    pub unit: String,
    /// Which way is better.
    pub direction: Direction,
    /// The values that were decided on, one for each run.
    pub values: [Vec<f64>; 2],
    /// The centre of each side.
    pub centre: [Option<f64>; 2],
    /// What was decided. For `invalid` and where nothing could be computed, without figures.
    pub decision: Estimate,
    /// Why there is no plain answer.
    pub why: Option<Why>,
    /// Runs a side.
    pub runs: [usize; 2],
    /// How many runs a side would decide it, where it is inconclusive and more runs can.
    pub needed: Option<usize>,
    /// Whether it was compared as a deterministic count.
    pub exact: bool,
}

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// In the order of the baseline.
    pub results: Vec<Compared>,
    /// What forbids to compare the files at all. Then each result is invalid.
    pub refused: Vec<Refused>,
}

impl Comparison {
    /// The worst verdict; invalid where there is nothing.
    pub fn verdict(&self) -> Conclusion {
        let worst = self.results.iter().map(|result| result.decision.verdict).max();
        worst.filter(|_| self.refused.is_empty()).unwrap_or(Conclusion::Invalid)
    }

    /// Whether a verdict rests on values that drift of the machine could have moved.
    pub fn may_drift(&self, design: Design) -> bool {
        let decided = |result: &&Compared| matches!(result.decision.verdict, Conclusion::Pass | Conclusion::Regressed);
        design == Design::Sequential && self.results.iter().filter(decided).any(|result| !result.exact)
    }
}
