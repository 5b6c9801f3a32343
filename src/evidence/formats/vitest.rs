//! vitest's `bench --outputJson`: times of one process in milliseconds, most often without the samples.

use super::Read;
use super::check::{Stated, TOLERANCE, summary_time_fault, time_fault};
use super::json::Json;
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is(document: &Json) -> bool {
    let files = document.get("files").and_then(Json::list);
    files.is_some_and(|files| {
        let file = |file: &Json| {
            file.text_of("filepath").is_some() && file.get("groups").is_some_and(|groups| groups.list().is_some())
        };
        !files.is_empty() && files.iter().all(file)
    })
}

pub(super) fn read(document: &Json) -> Read {
    let mut rows = Vec::new();
    for file in document.get("files").and_then(Json::list).unwrap_or_default() {
        for group in file.get("groups").and_then(Json::list).unwrap_or_default() {
            let suite = group.text_of("fullName").unwrap_or_default();
            for bench in group.get("benchmarks").and_then(Json::list).unwrap_or_default() {
                rows.push(benchmark(suite, bench));
            }
        }
    }
    (rows, Provenance::default())
}

fn benchmark(suite: &str, bench: &Json) -> Measurement {
    let name = format!("{suite} > {}", bench.text_of("name").unwrap_or_default());
    let refuse = |reason: &str| Measurement::invalid(name.clone(), "*", reason);
    let identity = Identity::new(name.clone(), "time", "ms", Direction::Lower);
    let stated = Stated {
        median: bench.number_of("median"),
        mean: bench.number_of("mean"),
        min: bench.number_of("min"),
        max: bench.number_of("max"),
    };
    let Some(samples) = bench.get("samples").map_or(Some(Vec::new()), Json::numbers) else {
        return refuse("samples[] holds something else than numbers");
    };
    let taken = bench
        .get("sampleCount")
        .and_then(Json::count)
        .unwrap_or(samples.len() as u64);
    if samples.len() as u64 > taken {
        return refuse("samples[] has more values than sampleCount");
    }
    if !samples.is_empty() && samples.len() as u64 == taken {
        return match time_fault(&samples) {
            Some(reason) => refuse(reason),
            None if !stated.follows_from(&samples, TOLERANCE) => refuse("summary does not follow from samples[]"),
            None => Measurement::raw(identity, vec![samples]),
        };
    }
    let Some(centre) = stated.median.or(stated.mean) else {
        return refuse("neither median nor mean: the benchmark failed or was not run");
    };
    if let Some(reason) = summary_time_fault(centre) {
        return refuse(reason);
    }
    let note = match (samples.len(), stated.median) {
        (0, Some(_)) => String::new(),
        (0, None) => "mean".to_owned(),
        (some, _) => format!("samples[] has {some} of {taken}: not used"),
    };
    Measurement::summary(identity, centre, taken).noting(note)
}
