//! Baseline against candidate, file by file: which measurements belong together, what forbids to compare them, and what each decides.
//!
//! Nothing is taken on trust that a file can show: the same file or the same raw values twice, other machines, other units, a debug build,
//! a benchmark that is missing are refused before anything is computed.

use std::collections::BTreeMap;
use std::fmt;

use super::decide::{self, Decision, MIN_RUNS, Rule, Verdict};
use super::exact_null::Alpha;
use super::formats::{Format, Reading};
use super::measurement::{Direction, Kind, Measurement, Provenance, median};

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
pub struct Question {
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

impl Default for Question {
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

/// The two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What was before.
    Baseline,
    /// What is judged.
    Candidate,
}

impl Side {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Candidate => "candidate",
        }
    }
}

/// Why measurements must not be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Two arguments are one file, or two files have the same content.
    SameFile(String, String),
    /// The same raw values stand in two files.
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
    Rule(decide::Reason),
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
    pub decision: Decision,
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
    pub fn verdict(&self) -> Verdict {
        let worst = self.results.iter().map(|result| result.decision.verdict).max();
        worst.filter(|_| self.refused.is_empty()).unwrap_or(Verdict::Invalid)
    }

    /// Whether a verdict rests on values that drift of the machine could have moved.
    pub fn may_drift(&self, design: Design) -> bool {
        let decided = |result: &&Compared| matches!(result.decision.verdict, Verdict::Pass | Verdict::Regressed);
        design == Design::Sequential && self.results.iter().filter(decided).any(|result| !result.exact)
    }
}

/// Compares what `wanted` says of a benchmark and a metric.
pub fn compare(
    question: &Question,
    baseline: &[File],
    candidate: &[File],
    wanted: &dyn Fn(&str, &str) -> bool,
) -> Comparison {
    let all: Vec<&File> = baseline.iter().chain(candidate).collect();
    let mut refused = Vec::new();
    refused.extend(reused(&all));
    refused.extend(conditions(&all));
    refused.extend(all.iter().filter_map(|file| {
        let debug = file.reading.provenance.is_debug_build();
        debug.then(|| Refused::Debug(file.name.clone()))
    }));
    let mut results = Vec::new();
    for ((benchmark, metric), before) in grouped(baseline) {
        if !wanted(&benchmark, &metric) {
            continue;
        }
        let after = having(candidate, &benchmark, &metric);
        let pair = Pair {
            question,
            benchmark: &benchmark,
            metric: &metric,
            sides: [before, after],
        };
        results.push(match refused.first() {
            Some(first) => pair.invalid(first.clone()),
            None => pair.decide(),
        });
    }
    Comparison { results, refused }
}

/// A measurement and the file it is from.
type Found<'a> = (&'a File, &'a Measurement);

/// Measurements by benchmark and metric, in the order in which they come.
fn grouped(files: &[File]) -> Vec<((String, String), Vec<Found<'_>>)> {
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut groups: Vec<((String, String), Vec<Found<'_>>)> = Vec::new();
    for file in files {
        for row in &file.reading.measurements {
            let at = *places.entry((&row.benchmark, &row.metric)).or_insert_with(|| {
                groups.push(((row.benchmark.clone(), row.metric.clone()), Vec::new()));
                groups.len() - 1
            });
            if let Some((_, found)) = groups.get_mut(at) {
                found.push((file, row));
            }
        }
    }
    groups
}

/// The same measurement in other files; also the refusal of the whole benchmark, which stands for it.
fn having<'a>(files: &'a [File], benchmark: &str, metric: &str) -> Vec<Found<'a>> {
    let rows = files
        .iter()
        .flat_map(|file| file.reading.measurements.iter().map(move |row| (file, row)));
    rows.filter(|(_, row)| row.benchmark == benchmark && (row.metric == metric || row.metric == "*"))
        .collect()
}

/// Whether two processes may well report the same: a deterministic count, or one number of few digits.
fn may_come_again(row: &Measurement) -> bool {
    const FEW: usize = 4;
    let digits = |value: f64| {
        format!("{value:e}")
            .bytes()
            .take_while(|byte| *byte != b'e')
            .filter(u8::is_ascii_digit)
            .count()
    };
    row.kind == Kind::Exact || (row.samples <= 1 && row.value.is_none_or(|value| digits(value) <= FEW))
}

/// Files that are there twice, or have the same content where that cannot be by chance.
fn reused(files: &[&File]) -> Vec<Refused> {
    let mut found = Vec::new();
    for (at, one) in files.iter().enumerate() {
        for other in files.iter().skip(at + 1) {
            let by_chance = one.reading.measurements.iter().all(may_come_again);
            if one.place == other.place || (one.digest == other.digest && !by_chance) {
                found.push(Refused::SameFile(one.name.clone(), other.name.clone()));
            }
        }
    }
    found
}

/// What the files must agree on. One that says nothing disagrees with one of the same format that does.
fn conditions(files: &[&File]) -> Vec<Refused> {
    let mut seen: BTreeMap<(Option<Format>, String), (String, String)> = BTreeMap::new();
    let mut found: Vec<Refused> = Vec::new();
    for file in files {
        for (what, said) in statements(&file.reading.provenance) {
            // Across formats only what both say is compared.
            let scopes: &[Option<Format>] = match said.is_empty() {
                true => &[Some(file.reading.format)],
                false => &[Some(file.reading.format), None],
            };
            for scope in scopes {
                let one = seen
                    .entry((*scope, what.clone()))
                    .or_insert_with(|| (file.name.clone(), said.clone()));
                let known = |refused: &Refused| matches!(refused, Refused::Differs { what: w, .. } if *w == what);
                if !agree(&what, &one.1, &said) && !found.iter().any(known) {
                    found.push(Refused::Differs {
                        what: what.clone(),
                        one: one.clone(),
                        other: (file.name.clone(), said.clone()),
                    });
                }
            }
        }
    }
    found
}

/// Whether two files say the same of something. The clock of a processor is read off, not set.
fn agree(what: &str, one: &str, other: &str) -> bool {
    match (what, one.parse::<f64>(), other.parse::<f64>()) {
        ("mhz_per_cpu", Ok(one), Ok(other)) => (one - other).abs() <= 0.05 * one.abs(),
        _ => one == other,
    }
}

fn statements(provenance: &Provenance) -> Vec<(String, String)> {
    let Provenance {
        host,
        cpu,
        cpus,
        os,
        runtime,
        commit: _,
        dirty: _,
        build,
        other,
    } = provenance;
    let cpus = cpus.map(|cpus| cpus.to_string());
    let named = [
        ("host", host),
        ("cpu", cpu),
        ("number of processors", &cpus),
        ("system", os),
        ("runtime", runtime),
        ("build", build),
    ];
    let named = named
        .into_iter()
        .map(|(what, said)| (what.to_owned(), said.clone().unwrap_or_default()));
    named
        .chain(other.iter().map(|(what, said)| (what.clone(), said.clone())))
        .collect()
}

/// One metric of one benchmark on both sides.
struct Pair<'a> {
    question: &'a Question,
    benchmark: &'a str,
    metric: &'a str,
    sides: [Vec<Found<'a>>; 2],
}

impl Pair<'_> {
    fn rows(&self) -> impl Iterator<Item = &Found<'_>> {
        self.sides.iter().flatten()
    }

    fn direction(&self) -> Direction {
        let said = self.rows().map(|(_, row)| row.direction);
        said.into_iter()
            .find(|direction| *direction != Direction::Unknown)
            .unwrap_or(self.question.direction)
    }

    fn empty(&self, verdict: Verdict, why: Why) -> Compared {
        let [before, after] = &self.sides;
        let middle = |side: &[Found<'_>]| {
            let values: Vec<f64> = side.iter().filter_map(|(_, row)| row.value).collect();
            median(&values)
        };
        let unit = self
            .rows()
            .map(|(_, row)| row.unit.as_str())
            .find(|unit| !unit.is_empty());
        Compared {
            benchmark: self.benchmark.to_owned(),
            metric: self.metric.to_owned(),
            unit: unit.unwrap_or_default().to_owned(),
            direction: self.direction(),
            values: [Vec::new(), Vec::new()],
            centre: [middle(before), middle(after)],
            decision: Decision::without(verdict, None),
            why: Some(why),
            runs: [processes(before), processes(after)],
            needed: None,
            exact: false,
        }
    }

    fn invalid(&self, refused: Refused) -> Compared {
        self.empty(Verdict::Invalid, Why::Refused(refused))
    }

    fn inconclusive(&self, why: Why) -> Compared {
        self.empty(Verdict::Inconclusive, why)
    }

    fn decide(&self) -> Compared {
        if let Some(refused) = self.refused() {
            return self.invalid(refused);
        }
        let direction = self.direction();
        if direction == Direction::Unknown {
            return self.inconclusive(Why::Direction);
        }
        let rule = Rule {
            threshold: self.question.threshold,
            alpha: self.question.alpha,
            higher_is_better: direction == Direction::Higher,
        };
        if self.is_exact() {
            return self.decide_exact(&rule);
        }
        let [before, after] = &self.sides;
        if before.len() != after.len() && self.question.design == Design::Interleaved {
            return self.inconclusive(Why::Blocks(before.len(), after.len()));
        }
        if before.len() == 1 && after.len() == 1 {
            let kinds = [before, after].map(|side| side.iter().map(|(_, row)| row.kind.clone()).next());
            if kinds.contains(&Some(Kind::Summary)) {
                return self.inconclusive(Why::Summary);
            }
            if processes(before) == 1 && processes(after) == 1 {
                return self.decide_single(&rule);
            }
        }
        self.decide_runs(&rule)
    }

    /// What forbids to compare this metric.
    fn refused(&self) -> Option<Refused> {
        let [before, after] = &self.sides;
        if let Some((file, reason)) = self.rows().find_map(|(file, row)| Some((file, row.kind.refusal()?))) {
            return Some(Refused::Measurement(file.name.clone(), reason.to_owned()));
        }
        if after.is_empty() {
            return Some(Refused::Missing);
        }
        let (_, first) = before.first()?;
        if let Some((_, other)) = self.rows().find(|(_, row)| row.unit != first.unit) {
            return Some(Refused::Units(first.unit.clone(), other.unit.clone()));
        }
        if let Some((file, other)) = self.rows().find(|(_, row)| row.direction != first.direction) {
            return Some(Refused::Differs {
                what: "direction".to_owned(),
                one: (before.first()?.0.name.clone(), first.direction.word().to_owned()),
                other: (file.name.clone(), other.direction.word().to_owned()),
            });
        }
        if self.is_exact() {
            return None;
        }
        let rows: Vec<&Found<'_>> = self.rows().collect();
        for (at, (one, first)) in rows.iter().enumerate() {
            for (other, second) in rows.iter().skip(at + 1) {
                if same_values(&first.values.concat(), &second.values.concat()) {
                    return Some(Refused::SameValues(one.name.clone(), other.name.clone()));
                }
            }
        }
        let numbers = |side: &[Found<'_>]| side.iter().filter_map(|(_, row)| row.value).collect::<Vec<f64>>();
        match (before.first(), after.first()) {
            (Some((one, _)), Some((other, _))) if same_values(&numbers(before), &numbers(after)) => {
                Some(Refused::SameValues(one.name.clone(), other.name.clone()))
            }
            _ => None,
        }
    }

    fn is_exact(&self) -> bool {
        let declared = self.question.exact.iter().any(|metric| metric == self.metric);
        self.rows()
            .all(|(_, row)| row.kind == Kind::Exact || (declared && !row.values.is_empty()))
    }

    fn decide_exact(&self, rule: &Rule) -> Compared {
        let values = [0, 1].map(|side| {
            let rows = self.sides.get(side).into_iter().flatten();
            rows.flat_map(|(_, row)| row.values.concat()).collect::<Vec<f64>>()
        });
        let [before, after] = &values;
        Compared {
            exact: true,
            ..self.decided(decide::exact(rule, before, after), values)
        }
    }

    fn decide_single(&self, rule: &Rule) -> Compared {
        let values = [0, 1].map(|side| {
            let rows = self.sides.get(side).into_iter().flatten();
            rows.flat_map(|(_, row)| row.values.concat()).collect::<Vec<f64>>()
        });
        let [before, after] = &values;
        match self.question.run_noise {
            Some(noise) => {
                let decision = decide::single(rule, before, after, noise);
                Compared {
                    runs: [1, 1],
                    ..self.decided(decision, values)
                }
            }
            None => Compared {
                needed: self.enough(rule, None, None),
                ..self.inconclusive(Why::OneProcess)
            },
        }
    }

    fn decide_runs(&self, rule: &Rule) -> Compared {
        let values = [0, 1].map(|side| {
            let rows = self.sides.get(side).into_iter().flatten();
            rows.flat_map(|(_, row)| self.runs_of(row)).collect::<Vec<f64>>()
        });
        let [before, after] = &values;
        let mut decision = decide::runs(rule, before, after);
        let noise = self.question.run_noise.or_else(|| decide::noise(before, after));
        let least = self.question.min_runs;
        let few = before.len().min(after.len()) < least;
        let decides = !matches!(decision.verdict, Verdict::Invalid);
        if few && decides {
            decision.verdict = Verdict::Inconclusive;
        }
        let mut compared = self.decided(decision, values);
        if few && decides {
            compared.why = Some(Why::MinRuns(least));
        }
        if compared.decision.verdict == Verdict::Inconclusive {
            compared.needed = self.enough(rule, noise, decision.ratio);
        }
        compared
    }

    /// How many runs a side would decide it.
    fn enough(&self, rule: &Rule, noise: Option<f64>, ratio: Option<f64>) -> Option<usize> {
        let least = self.question.min_runs;
        match (noise.filter(|noise| *noise > 0.0), ratio) {
            (Some(noise), Some(ratio)) => decide::needed(rule, noise, ratio).map(|runs| runs.max(least)),
            _ => Some(decide::needed(rule, 1e-6, 1.0)?.max(least)),
        }
    }

    /// What one file gives: one value for each process, or for each block.
    fn runs_of(&self, row: &Measurement) -> Vec<f64> {
        let runs = match row.values.is_empty() {
            true => row.value.into_iter().collect(),
            false => row.run_values(),
        };
        match self.question.design {
            Design::Sequential => runs,
            Design::Interleaved => median(&runs).into_iter().collect(),
        }
    }

    fn decided(&self, decision: Decision, values: [Vec<f64>; 2]) -> Compared {
        let [before, after] = &values;
        let first = self.empty(decision.verdict, Why::Summary);
        Compared {
            centre: [median(before), median(after)],
            runs: [before.len(), after.len()],
            decision,
            why: decision.reason.map(Why::Rule),
            values,
            ..first
        }
    }
}

/// How many independent runs there are.
fn processes(side: &[Found<'_>]) -> usize {
    let runs = side.iter().map(|(_, row)| row.runs).sum::<u64>();
    usize::try_from(runs).unwrap_or(usize::MAX)
}

/// Whether two samples hold the same values: in the same order, or in any where no value is there twice, which cannot be by chance. What
/// is constant is not a copy: memory may be.
fn same_values(one: &[f64], other: &[f64]) -> bool {
    let first = one.first();
    if one.len() != other.len() || one.iter().all(|value| Some(value) == first) {
        return false;
    }
    if one == other {
        return true;
    }
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let (one, other) = (sorted(one), sorted(other));
    one.len() > 2 && one == other && one.iter().zip(one.iter().skip(1)).all(|(a, b)| a < b)
}
