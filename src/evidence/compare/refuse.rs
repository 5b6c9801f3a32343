//! What forbids to compare files: one that is given twice, raw values that were copied, other machines, a debug build.

use std::collections::BTreeMap;

use super::outcome::Refused;
use super::question::File;
use crate::evidence::formats::Format;
use crate::evidence::measurement::{Kind, Measurement, Provenance};

/// Everything that forbids to compare these files at all. `exact` are metrics that are said to be deterministic counts.
pub(super) fn refused(files: &[&File], exact: &[String]) -> Vec<Refused> {
    let mut refused = reused(files, exact);
    refused.extend(conditions(files));
    refused.extend(files.iter().filter_map(|file| {
        let debug = file.reading.provenance.is_debug_build();
        debug.then(|| Refused::Debug(file.name.clone()))
    }));
    refused
}

/// Files that are there twice, or have the same content where that cannot be by chance.
fn reused(files: &[&File], exact: &[String]) -> Vec<Refused> {
    let mut found = Vec::new();
    let mut places: BTreeMap<&str, &File> = BTreeMap::new();
    let mut contents: BTreeMap<&str, &File> = BTreeMap::new();
    for file in files {
        let again = |row: &Measurement| exact.contains(&row.metric) || may_come_again(row);
        let by_chance = || file.reading.measurements.iter().all(again);
        let place = places.insert(&file.place, file);
        let content = contents.insert(&file.digest, file).filter(|_| !by_chance());
        if let Some(one) = place.or(content) {
            found.push(Refused::SameFile(one.name.clone(), file.name.clone()));
        }
    }
    found
}

/// Whether two processes may well report the same: a deterministic count, or one number of few digits.
pub(super) fn may_come_again(row: &Measurement) -> bool {
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
        session: _,
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

/// Whether two samples hold the same values: in the same order, or in any where no value is there twice, which cannot be by chance. What
/// is constant is not a copy: memory may be.
pub(super) fn same_values(one: &[f64], other: &[f64]) -> bool {
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
