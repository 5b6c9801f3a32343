//! The readers of benchmark files against readings made by others.
//!
//! The corpus is not part of this repository. It is looked for beside it, or where `CERTGATE_CORPUS` points; where it is missing, the
//! tests say so and pass.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests, outside of the test functions"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use certgate::evidence::formats::{CriterionFiles, Reading, Refusal, read, read_criterion};
use certgate::evidence::measurement::Measurement;

fn corpus() -> PathBuf {
    let root = std::env::var_os("CERTGATE_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus")),
        PathBuf::from,
    );
    root.join("benchmarks")
}

/// The rows of EXPECTED.tsv, by file.
fn expected() -> BTreeMap<String, Vec<Vec<String>>> {
    let path = corpus().join("EXPECTED.tsv");
    let Ok(table) = std::fs::read_to_string(&path) else {
        println!("skipped: no corpus at {}", path.display());
        return BTreeMap::new();
    };
    let mut files: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for row in table.lines().skip(1) {
        // A file with CRLF left the carriage return in some names of the table.
        let cell = |cell: &str| cell.replace("\\n", "\n").replace('\r', "");
        let cells: Vec<String> = row.split('\t').map(cell).collect();
        files.entry(cells[0].clone()).or_default().push(cells);
    }
    files
}

fn read_path(path: &Path) -> Result<Reading, Refusal> {
    if !path.is_dir() {
        return read(&std::fs::read(path).unwrap());
    }
    let file = |name: &str| std::fs::read(path.join(name)).ok();
    let files = ["benchmark.json", "sample.json", "raw.csv", "estimates.json"].map(file);
    read_criterion(&CriterionFiles {
        benchmark: files[0].as_deref(),
        sample: files[1].as_deref(),
        raw_csv: files[2].as_deref(),
        estimates: files[3].as_deref(),
    })
}

/// A measurement as a row of the table, and its value.
fn row(measured: &Measurement) -> (String, Option<f64>) {
    let note = measured.kind.refusal().unwrap_or(&measured.note);
    let invalid = measured.kind.refusal().is_some();
    let direction = if invalid { "" } else { measured.direction.word() };
    let cells = [
        &measured.benchmark,
        &measured.metric,
        &measured.unit,
        direction,
        measured.kind.word(),
        &measured.runs.to_string(),
        &measured.samples.to_string(),
        note,
    ];
    (cells.join(" | "), measured.value)
}

fn rows(reading: &Result<Reading, Refusal>) -> BTreeMap<String, Option<f64>> {
    match reading {
        Ok(reading) => reading.measurements.iter().map(row).collect(),
        Err(refusal) => [row(&Measurement::invalid("*", "*", refusal.to_string()))].into(),
    }
}

#[test]
fn every_file_reads_as_expected() {
    let mut wrong = Vec::new();
    for (file, table) in expected() {
        let read = rows(&read_path(&corpus().join(&file)));
        let mut left = read.clone();
        for cells in table {
            let key = [1, 2, 3, 4, 5, 6, 7, 9].map(|at| cells[at].as_str()).join(" | ");
            let value: Option<f64> = cells[8].parse().ok();
            let same = match (left.remove(&key), value) {
                (Some(Some(read)), Some(value)) => (read - value).abs() <= 1e-12 * value.abs(),
                (Some(None), None) => true,
                _ => false,
            };
            if !same {
                let near: Vec<_> = read.iter().filter(|(row, _)| row.starts_with(&cells[1])).collect();
                wrong.push(format!("{file}: expected {key} {value:?}, read {near:?}"));
            }
        }
        wrong.extend(left.keys().map(|row| format!("{file}: not expected: {row}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
