//! A measurement, as every reader of benchmark files gives it, and what a file says about where it was measured.

use std::collections::BTreeMap;

use serde::Serialize;

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Less is better: times, bytes, counts of work.
    Lower,
    /// More is better: throughput.
    Higher,
    /// The file does not say, so the policy must; else the metric decides nothing.
    Unknown,
}

impl Direction {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Higher => "higher",
            Self::Unknown => "unknown",
        }
    }
}

/// What is behind the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One value (or several) of each independent process.
    Runs,
    /// Several values of one process.
    Within,
    /// Centre and spread without raw values.
    Summary,
    /// One number.
    Bare,
    /// A deterministic count.
    Exact,
    /// Must not be used, for this reason.
    Invalid(String),
}

impl Kind {
    /// The word in reports.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Within => "within",
            Self::Summary => "summary",
            Self::Bare => "bare",
            Self::Exact => "exact",
            Self::Invalid(_) => "invalid",
        }
    }

    /// Why the measurement must not be used, if so.
    pub fn refusal(&self) -> Option<&str> {
        match self {
            Self::Invalid(reason) => Some(reason),
            _ => None,
        }
    }
}

/// One metric of one benchmark of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// Identity: what must be the same for baseline and candidate, parameters included.
    pub benchmark: String,
    /// What was measured: `time`, `memory`, `thrpt`, `ns/op` …; `*` where the whole benchmark is refused.
    pub metric: String,
    /// The unit as the file states it; empty where it states none.
    pub unit: String,
    /// Which way is better.
    pub direction: Direction,
    /// What is behind the value.
    pub kind: Kind,
    /// Independent processes; 0 where the measurement is refused.
    pub runs: u64,
    /// Raw values behind the value; for summaries how many the tool says it took (0 where it does not say).
    pub samples: u64,
    /// The median over the runs of the median within each run; for summaries the file's median, else its mean.
    /// None where the measurement is refused.
    pub value: Option<f64>,
    /// What a reader should know: which centre a summary gave, why raw values are not used. Often empty.
    pub note: String,
    /// The raw values, one list for each process; empty for summaries and refused measurements. A bare or exact value is one list of one value.
    pub values: Vec<Vec<f64>>,
}

/// The names under which a measurement is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// See [`Measurement::benchmark`].
    pub benchmark: String,
    /// See [`Measurement::metric`].
    pub metric: String,
    /// See [`Measurement::unit`].
    pub unit: String,
    /// Which way is better.
    pub direction: Direction,
}

impl Identity {
    /// Names a measurement.
    pub fn new(
        benchmark: impl Into<String>,
        metric: impl Into<String>,
        unit: impl Into<String>,
        direction: Direction,
    ) -> Self {
        Self {
            benchmark: benchmark.into(),
            metric: metric.into(),
            unit: unit.into(),
            direction,
        }
    }
}

impl Measurement {
    /// Raw values, one list for each process: `runs` if there are several processes, else `within` or `bare`.
    pub fn raw(identity: Identity, values: Vec<Vec<f64>>) -> Self {
        let samples = values.iter().map(Vec::len).sum::<usize>();
        let kind = match (values.len(), samples) {
            (0 | 1, 0 | 1) => Kind::Bare,
            (0 | 1, _) => Kind::Within,
            _ => Kind::Runs,
        };
        let value = centre(&values);
        Self {
            runs: values.len() as u64,
            samples: samples as u64,
            value,
            values,
            ..Self::named(identity, kind)
        }
    }

    /// A summary without raw values, of which the tool says that it took so many.
    pub fn summary(identity: Identity, value: f64, samples: u64) -> Self {
        Self {
            runs: 1,
            samples,
            value: Some(value),
            ..Self::named(identity, Kind::Summary)
        }
    }

    /// One number of which nothing more is known.
    pub fn bare(identity: Identity, value: f64, samples: u64) -> Self {
        Self {
            runs: 1,
            samples,
            value: Some(value),
            values: vec![vec![value]],
            ..Self::named(identity, Kind::Bare)
        }
    }

    /// A deterministic count.
    pub fn exact(identity: Identity, value: f64) -> Self {
        Self {
            runs: 1,
            samples: 1,
            value: Some(value),
            values: vec![vec![value]],
            ..Self::named(identity, Kind::Exact)
        }
    }

    /// A metric of a benchmark, or with `*` all of it, that must not be used.
    pub fn invalid(benchmark: impl Into<String>, metric: impl Into<String>, reason: impl Into<String>) -> Self {
        let identity = Identity::new(benchmark, metric, "", Direction::Unknown);
        Self::named(identity, Kind::Invalid(reason.into()))
    }

    /// The same with another kind.
    #[must_use]
    pub fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// The same with a note.
    #[must_use]
    pub fn noting(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// One value for each independent process: the median within it. What the decision is computed from.
    pub fn run_values(&self) -> Vec<f64> {
        self.values.iter().filter_map(|run| median(run)).collect()
    }

    fn named(identity: Identity, kind: Kind) -> Self {
        Self {
            benchmark: identity.benchmark,
            metric: identity.metric,
            unit: identity.unit,
            direction: identity.direction,
            kind,
            runs: 0,
            samples: 0,
            value: None,
            note: String::new(),
            values: Vec::new(),
        }
    }
}

/// What a file says about where and from what it was measured. Everything is a claim of the file; None is "does not say".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// The name of the machine.
    pub host: Option<String>,
    /// The processor (or the GPU), as the file names it.
    pub cpu: Option<String>,
    /// How many processors.
    pub cpus: Option<u64>,
    /// Operating system and architecture.
    pub os: Option<String>,
    /// Interpreter, virtual machine or toolchain, with its version.
    pub runtime: Option<String>,
    /// The commit that was measured.
    pub commit: Option<String>,
    /// Whether it was measured with uncommitted work.
    pub dirty: Option<bool>,
    /// The build type: `release`, `debug` …
    pub build: Option<String>,
    /// What else must be the same on both sides, by name.
    pub other: BTreeMap<String, String>,
    /// Which part of which session of `certgate measure` it is.
    #[serde(skip)]
    pub session: Option<Box<Session>>,
}

/// What `certgate measure` notes of the session that a file is from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// `baseline` or `candidate`.
    pub side: String,
    /// The commit of the other side.
    pub against: String,
    /// How many blocks were planned.
    pub planned: u64,
    /// Which block it is, from 1.
    pub block: u64,
    /// When the run began.
    pub started: String,
}

impl Provenance {
    /// Whether the file says that a debug build was measured.
    pub fn is_debug_build(&self) -> bool {
        self.build
            .as_deref()
            .is_some_and(|build| build.eq_ignore_ascii_case("debug"))
    }

    /// Whether the file says nothing at all.
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }
}

/// The median over the runs of the median within each run.
pub fn centre(values: &[Vec<f64>]) -> Option<f64> {
    let within: Vec<f64> = values.iter().filter_map(|run| median(run)).collect();
    median(&within)
}

/// The median: the middle value, or the mean of the two middle ones. None where there are no values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(sorted.len() / 2 - 1)?;
    Some(lower / 2.0 + upper / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time() -> Identity {
        Identity::new("a", "time", "s", Direction::Lower)
    }

    #[test]
    fn the_value_is_the_median_of_the_medians_of_the_runs() {
        let measured = Measurement::raw(time(), vec![vec![1.0, 9.0, 2.0], vec![4.0], vec![6.0, 8.0]]);
        assert_eq!(measured.kind, Kind::Runs);
        assert_eq!((measured.runs, measured.samples), (3, 6));
        assert_eq!(measured.run_values(), [2.0, 4.0, 7.0]);
        assert_eq!(measured.value, Some(4.0));
    }

    #[test]
    fn one_process_is_within_and_one_value_is_bare() {
        assert_eq!(Measurement::raw(time(), vec![vec![1.0, 2.0]]).kind, Kind::Within);
        assert_eq!(Measurement::raw(time(), vec![vec![1.0]]).kind, Kind::Bare);
        assert_eq!(Measurement::raw(time(), Vec::new()).value, None);
    }

    #[test]
    fn a_median_of_huge_values_does_not_overflow() {
        assert_eq!(median(&[f64::MAX, f64::MAX]), Some(f64::MAX));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_refused_measurement_has_no_value() {
        let refused = Measurement::invalid("a", "*", "zero time");
        assert_eq!(
            (refused.value, refused.runs, refused.kind.refusal()),
            (None, 0, Some("zero time"))
        );
    }
}
