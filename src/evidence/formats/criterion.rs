//! criterion's directory of one benchmark: `sample.json` (or `raw.csv` of old versions), `estimates.json`, `benchmark.json`.
//!
//! The samples are sums over growing numbers of iterations, of one process. criterion copies `new` to `base` when a run ends, so the two
//! of a committed `target/criterion` are the same bytes; whoever compares sees identical raw values.

use super::check::{Stated, time_fault};
use super::json::{self, Json};
use super::{Defect, Format, MAX_BYTES, Read, Reading, Refusal, check, text};
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

/// How near the estimates must be to what the samples give.
const TOLERANCE: f64 = 1e-6;

/// The files of a directory, as far as they are there.
#[derive(Clone, Copy, Debug, Default)]
pub struct CriterionFiles<'a> {
    /// `benchmark.json`: the names.
    pub benchmark: Option<&'a [u8]>,
    /// `sample.json`: the raw values.
    pub sample: Option<&'a [u8]>,
    /// `raw.csv`: the raw values, of versions up to 0.3.
    pub raw_csv: Option<&'a [u8]>,
    /// `estimates.json`: the summary.
    pub estimates: Option<&'a [u8]>,
}

/// Reads the directory of one benchmark.
pub fn read_criterion(files: &CriterionFiles<'_>) -> Result<Reading, Refusal> {
    let (rows, provenance) = directory(files)?;
    Ok(Reading {
        format: Format::Criterion,
        measurements: check::settle(rows),
        provenance,
    })
}

fn directory(files: &CriterionFiles<'_>) -> Result<Read, Refusal> {
    let document = |bytes: Option<&[u8]>| -> Result<Option<Json>, Refusal> {
        let Some(bytes) = bytes else { return Ok(None) };
        Ok(Some(json::parse(&text::decode(bytes, MAX_BYTES)?)?))
    };
    let benchmark = document(files.benchmark)?;
    let sample = document(files.sample)?;
    let estimates = document(files.estimates)?;
    let raw = match files.raw_csv {
        Some(bytes) => Some(raw_csv(&text::decode(bytes, MAX_BYTES)?)?),
        None => None,
    };
    let name = benchmark
        .as_ref()
        .and_then(name)
        .or_else(|| raw.as_ref().map(|raw| raw.name.clone()))
        .ok_or_else(|| damaged("benchmark.json does not name the benchmark"))?;
    let unit = raw.as_ref().map_or("ns", |raw| raw.unit.as_str());
    let identity = Identity::new(name.clone(), "time", unit, Direction::Lower);
    let stated = Stated {
        median: estimates.as_ref().and_then(|estimates| point(estimates, "median")),
        mean: estimates.as_ref().and_then(|estimates| point(estimates, "mean")),
        ..Stated::default()
    };
    let refuse = |reason: &str| vec![Measurement::invalid(name.clone(), "*", reason)];
    let row = match (sample.as_ref().map(samples), &raw) {
        (None, None) => match stated.median.or(stated.mean) {
            None => return Err(damaged("neither sample.json nor raw.csv nor estimates.json")),
            Some(centre) => match check::summary_time_fault(centre) {
                Some(reason) => return Ok((refuse(reason), Provenance::default())),
                None if stated.median.is_none() => vec![Measurement::summary(identity, centre, 0).noting("mean")],
                None => vec![Measurement::summary(identity, centre, 0)],
            },
        },
        (Some(None), _) => refuse("sample.json does not hold one time for each number of iterations"),
        (Some(Some(samples)), Some(raw)) if samples != raw.samples => {
            refuse("sample.json and raw.csv do not hold the same samples")
        }
        (Some(Some(samples)), _) => values(identity, &samples, &stated, ""),
        (None, Some(raw)) => values(identity, &raw.samples, &stated, "raw.csv"),
    };
    Ok((row, Provenance::default()))
}

fn damaged(reason: &str) -> Refusal {
    Defect::Damaged(reason.to_owned()).into()
}

/// Sums and the numbers of iterations that they are of.
type Samples = Vec<(f64, f64)>;

fn values(identity: Identity, samples: &Samples, stated: &Stated, note: &str) -> Vec<Measurement> {
    let name = identity.benchmark.clone();
    let refuse = |reason: &str| vec![Measurement::invalid(name.clone(), "*", reason)];
    let (times, iterations): (Vec<f64>, Vec<f64>) = samples.iter().copied().unzip();
    if samples.is_empty() || time_fault(&iterations).is_some() {
        return refuse("a sample without iterations");
    }
    if let Some(reason) = time_fault(&times) {
        return refuse(reason);
    }
    let each: Vec<f64> = samples.iter().map(|(time, iterations)| time / iterations).collect();
    if !stated.follows_from(&each, TOLERANCE) {
        return refuse("estimates do not follow from the samples");
    }
    vec![Measurement::raw(identity, vec![each]).noting(note)]
}

fn samples(sample: &Json) -> Option<Samples> {
    let times = sample.get("times")?.numbers()?;
    let iterations = sample.get("iters")?.numbers()?;
    (times.len() == iterations.len()).then(|| times.into_iter().zip(iterations).collect())
}

fn point(estimates: &Json, which: &str) -> Option<f64> {
    let estimate = estimates.get(which).or_else(|| estimates.get(&capital(which)))?;
    estimate.number_of("point_estimate")
}

/// Versions before 0.3.4 wrote `Median` and `Mean`.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    })
}

fn name(benchmark: &Json) -> Option<String> {
    if let Some(name) = benchmark.text_of("full_id") {
        return Some(name.to_owned());
    }
    let parts = ["group_id", "function_id", "value_str"];
    let parts: Vec<&str> = parts.iter().filter_map(|part| benchmark.text_of(part)).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

struct Raw {
    name: String,
    unit: String,
    samples: Samples,
}

/// `group,function,value,throughput_num,throughput_type,sample_measured_value,unit,iteration_count`, of which old versions lack the
/// throughput. The three last fields hold no comma, whatever the names do.
fn raw_csv(text: &str) -> Result<Raw, Refusal> {
    let mut lines = text.lines().enumerate();
    let header = lines.next().map_or("", |(_, line)| line);
    if !header.starts_with("group,function,value,") {
        return Err(damaged("raw.csv has another header than criterion writes"));
    }
    let columns = header.split(',').count();
    let mut raw = Raw {
        name: String::new(),
        unit: String::new(),
        samples: Vec::new(),
    };
    for (index, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let at = |reason: &str| Refusal {
            line: u32::try_from(index + 1).ok(),
            ..damaged(reason)
        };
        let mut last = line.rsplitn(4, ',');
        let (count, unit, value, head) = (last.next(), last.next(), last.next(), last.next());
        let (Some(count), Some(unit), Some(value), Some(head)) = (count, unit, value, head) else {
            return Err(at("raw.csv: malformed line"));
        };
        let (Some(count), Some(value)) = (text::number(count), text::number(value)) else {
            return Err(at("raw.csv: malformed line"));
        };
        if raw.samples.is_empty() {
            raw.unit = unit.to_owned();
            raw.name = names(head, columns.saturating_sub(3));
        } else if raw.unit != unit {
            return Err(at("raw.csv: mixed units"));
        }
        raw.samples.push((value, count));
    }
    Ok(raw)
}

/// The names at the head of a line of raw.csv, joined; quotes as CSV has them.
fn names(head: &str, columns: usize) -> String {
    let mut fields: Vec<String> = vec![String::new()];
    let mut quoted = false;
    let mut letters = head.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                fields.last_mut().into_iter().for_each(|field| field.push('"'));
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => fields.last_mut().into_iter().for_each(|field| field.push(other)),
        }
    }
    fields.truncate(columns.min(3));
    fields.retain(|field| !field.is_empty());
    fields.join("/")
}
