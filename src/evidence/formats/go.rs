//! The text of `go test -bench`, as the Go benchmark data format describes it: configuration lines, unit lines, benchmark lines.
//!
//! Source: the design document "Go Benchmark Data Format" and `golang.org/x/perf/benchfmt`. Other lines are ignored, since what is
//! benchmarked may print. Repeated names are repetitions; a `pkg:` line begins a process.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{count_fault, time_fault};
use super::text::{braces, number};
use super::{Read, Refusal};
use crate::evidence::measurement::{Direction, Identity, Kind, Measurement, Provenance};

pub(super) fn is(text: &str) -> bool {
    text.lines()
        .any(|line| matches!(line_of(line), Line::Result(_) | Line::Malformed(_)))
}

/// What a line is.
enum Line<'a> {
    Result(Entry<'a>),
    /// A benchmark line that does not read to its end.
    Malformed(&'a str),
    Failed(&'a str),
    Configuration(&'a str, &'a str),
    Unit(&'a str, Vec<(&'a str, &'a str)>),
    Other,
}

struct Entry<'a> {
    name: &'a str,
    /// Value and unit; a value that is no number gives nothing.
    pairs: Vec<(Option<f64>, &'a str)>,
}

fn line_of(line: &str) -> Line<'_> {
    if let Some(rest) = line.strip_prefix("Benchmark") {
        if rest.starts_with(|c: char| c.is_lowercase()) {
            return Line::Other;
        }
        return benchmark_line(line);
    }
    if let Some(rest) = line.trim_start().strip_prefix("--- FAIL: ") {
        return match rest.split_whitespace().next() {
            Some(name) if name.starts_with("Benchmark") => Line::Failed(name),
            _ => Line::Other,
        };
    }
    if let Some(rest) = line.strip_prefix("Unit ") {
        let mut words = rest.split_whitespace();
        if let Some(unit) = words.next() {
            let settings: Option<Vec<_>> = words.map(|word| word.split_once('=')).collect();
            return settings.map_or(Line::Other, |settings| Line::Unit(unit, settings));
        }
    }
    match line.split_once(':') {
        Some((key, value)) if is_key(key) && (value.is_empty() || value.starts_with([' ', '\t'])) => {
            Line::Configuration(key, value.trim())
        }
        _ => Line::Other,
    }
}

/// A key begins with a small letter and holds neither blanks nor capitals.
fn is_key(key: &str) -> bool {
    key.starts_with(char::is_lowercase) && !key.contains(|c: char| c.is_whitespace() || c.is_uppercase())
}

fn benchmark_line(line: &str) -> Line<'_> {
    let mut words = line.split_whitespace();
    let Some(name) = words.next() else {
        return Line::Other;
    };
    // Without a number of iterations: the name that `-v` prints before, or something that the benchmark printed.
    let Some(iterations) = words.next() else {
        return Line::Other;
    };
    if !iterations.bytes().all(|byte| byte.is_ascii_digit()) {
        return Line::Other;
    }
    let words: Vec<&str> = words.collect();
    let (pairs, rest) = words.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return Line::Malformed(name);
    }
    let is_value = |word: &str| number(word).is_some() || is_not_finite(word);
    let is_unit = |word: &str| !is_value(word);
    let mut units = BTreeSet::new();
    if !pairs
        .iter()
        .all(|[value, unit]| is_value(value) && is_unit(unit) && units.insert(*unit))
    {
        return Line::Malformed(name);
    }
    let pairs = pairs.iter().map(|[value, unit]| (number(value), *unit)).collect();
    Line::Result(Entry { name, pairs })
}

fn is_not_finite(word: &str) -> bool {
    let word = word.trim_start_matches(['+', '-']);
    word.eq_ignore_ascii_case("nan") || word.eq_ignore_ascii_case("inf")
}

/// The values of one metric: for each process what it printed.
type Values = BTreeMap<usize, Vec<Option<f64>>>;

/// A benchmark under the configuration in force when it was printed.
struct Seen<'a> {
    name: String,
    configuration: BTreeMap<&'a str, &'a str>,
    metrics: Vec<(&'a str, Values)>,
    refused: Option<&'static str>,
}

pub(super) fn read(text: &str) -> Result<Read, Refusal> {
    let mut configuration: BTreeMap<&str, &str> = BTreeMap::new();
    let mut units: BTreeMap<&str, (Option<&str>, bool)> = BTreeMap::new();
    let mut process = 0;
    let mut seen: Vec<Seen<'_>> = Vec::new();
    let mut index: BTreeMap<(String, BTreeMap<&str, &str>), usize> = BTreeMap::new();
    let mut failed: BTreeSet<&str> = BTreeSet::new();
    for line in text.lines() {
        let (name, entry) = match line_of(line) {
            Line::Configuration(key, value) => {
                process += usize::from(key == "pkg");
                configuration.insert(key, value);
                continue;
            }
            Line::Unit(unit, settings) => {
                let known = units.entry(unit).or_default();
                for (key, value) in settings {
                    match key {
                        "better" => known.0 = Some(value),
                        "assume" => known.1 = value == "exact",
                        _ => {}
                    }
                }
                continue;
            }
            Line::Failed(name) => {
                failed.insert(name);
                continue;
            }
            Line::Other => continue,
            Line::Malformed(name) => (name, None),
            Line::Result(entry) => (entry.name, Some(entry)),
        };
        let mut here = configuration.clone();
        let package = here.remove("pkg").filter(|package| !package.is_empty());
        let full = package.map_or_else(|| name.to_owned(), |package| format!("{package}.{name}"));
        let at = *index.entry((full.clone(), here.clone())).or_insert_with(|| {
            seen.push(Seen {
                name: full,
                configuration: here,
                metrics: Vec::new(),
                refused: failed.contains(name).then_some("FAIL"),
            });
            seen.len() - 1
        });
        let Some(benchmark) = seen.get_mut(at) else { continue };
        let Some(entry) = entry else {
            benchmark.refused = Some("malformed line");
            continue;
        };
        for (value, unit) in entry.pairs {
            let at = benchmark.metrics.iter().position(|(known, _)| *known == unit);
            let at = at.unwrap_or_else(|| {
                benchmark.metrics.push((unit, Values::new()));
                benchmark.metrics.len() - 1
            });
            if let Some((_, values)) = benchmark.metrics.get_mut(at) {
                values.entry(process).or_default().push(value);
            }
        }
    }
    let changing = changing(&seen);
    let rows = seen
        .iter()
        .flat_map(|benchmark| rows(benchmark, &changing, &units))
        .collect();
    Ok((rows, provenance(&seen)))
}

/// The configuration keys that have not the same value at every benchmark line.
fn changing<'a>(seen: &[Seen<'a>]) -> BTreeSet<&'a str> {
    let keys: BTreeSet<&str> = seen
        .iter()
        .flat_map(|benchmark| benchmark.configuration.keys().copied())
        .collect();
    keys.into_iter()
        .filter(|key| {
            let mut values = seen.iter().map(|benchmark| benchmark.configuration.get(key));
            let first = values.next();
            values.any(|value| Some(value) != first)
        })
        .collect()
}

fn rows(
    benchmark: &Seen<'_>,
    changing: &BTreeSet<&str>,
    units: &BTreeMap<&str, (Option<&str>, bool)>,
) -> Vec<Measurement> {
    let parameters = benchmark
        .configuration
        .iter()
        .filter(|(key, _)| changing.contains(*key));
    let parameters = parameters
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let name = format!("{}{}", benchmark.name, braces(parameters));
    if let Some(reason) = benchmark.refused {
        return vec![Measurement::invalid(name, "*", reason)];
    }
    let metrics = benchmark.metrics.iter();
    metrics
        .map(|(unit, values)| {
            let (better, exact) = units.get(unit).copied().unwrap_or_default();
            metric(&name, unit, direction(unit, better), exact, values)
        })
        .collect()
}

fn metric(name: &str, unit: &str, direction: Direction, exact: bool, values: &Values) -> Measurement {
    let values: Option<Vec<Vec<f64>>> = values
        .values()
        .map(|run| run.iter().copied().collect::<Option<Vec<f64>>>())
        .collect();
    let Some(values) = values else {
        return Measurement::invalid(name, unit, "not a finite number");
    };
    let all = values.concat();
    let fault = if unit == "ns/op" {
        time_fault(&all)
    } else {
        count_fault(&all)
    };
    if let Some(reason) = fault {
        return Measurement::invalid(name, unit, reason);
    }
    let measured = Measurement::raw(Identity::new(name, unit, unit, direction), values);
    if !exact {
        return measured;
    }
    if all.windows(2).any(|pair| matches!(pair, [a, b] if a != b)) {
        return Measurement::invalid(name, unit, "assume=exact, but the values differ");
    }
    measured.of_kind(Kind::Exact)
}

fn direction(unit: &str, better: Option<&str>) -> Direction {
    match (better, unit) {
        (Some("lower"), _) => Direction::Lower,
        (Some("higher"), _) => Direction::Higher,
        (Some(_), _) => Direction::Unknown,
        (None, "ns/op" | "B/op" | "allocs/op") => Direction::Lower,
        (None, "MB/s") => Direction::Higher,
        (None, _) => Direction::Unknown,
    }
}

/// What all benchmark lines share.
fn provenance(seen: &[Seen<'_>]) -> Provenance {
    let shared = |key: &str| {
        let mut values = seen.iter().map(|benchmark| benchmark.configuration.get(key).copied());
        let first = values.next().flatten()?;
        values.all(|value| value == Some(first)).then(|| first.to_owned())
    };
    let os = match (shared("goos"), shared("goarch")) {
        (Some(os), Some(arch)) => Some(format!("{os} {arch}")),
        (os, arch) => os.or(arch),
    };
    Provenance {
        os,
        cpu: shared("cpu"),
        runtime: shared("toolchain").or_else(|| shared("go")),
        commit: shared("commit"),
        ..Provenance::default()
    }
}
