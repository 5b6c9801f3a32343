//! What a reader gets out of benchmark files and profiles: tables for people, `certgate/evidence/v1` (`docs/schema/evidence-v1.json`).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::json::{json_diagnostics, to_line};
use crate::diagnostic::{Diagnostic, sanitize, sanitize_line};
use crate::evidence::formats::Reading;
use crate::evidence::load::Evidence;
use crate::evidence::measurement::{Measurement, Provenance};
use crate::evidence::profiles::{Axis, Profile};

/// The name of the schema.
pub const EVIDENCE_SCHEMA: &str = "certgate/evidence/v1";

/// A file, and what became of reading it.
#[derive(Clone, Debug)]
pub struct EvidenceFile {
    /// The path as it was given.
    pub path: String,
    /// What it holds, or why it is refused.
    pub outcome: Result<Evidence, String>,
    /// What there is to say about it.
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Serialize)]
struct JsonEvidence<'a> {
    schema: &'static str,
    files: Vec<JsonFile<'a>>,
}

#[derive(Serialize)]
struct JsonFile<'a> {
    path: &'a str,
    format: Option<&'static str>,
    measurements: Vec<JsonMeasurement<'a>>,
    provenance: Option<&'a Provenance>,
    profile: Option<Vec<JsonAxis<'a>>>,
    diagnostics: serde_json::Value,
}

#[derive(Serialize)]
struct JsonMeasurement<'a> {
    benchmark: &'a str,
    metric: &'a str,
    unit: &'a str,
    direction: &'static str,
    kind: &'static str,
    runs: u64,
    samples: u64,
    value: Option<f64>,
    note: &'a str,
}

#[derive(Serialize)]
struct JsonAxis<'a> {
    name: &'a str,
    unit: &'a str,
    total: f64,
    functions: Vec<JsonFunction<'a>>,
}

#[derive(Serialize)]
struct JsonFunction<'a> {
    name: &'a str,
    file: Option<&'a str>,
    line: Option<u64>,
    #[serde(rename = "self")]
    own: f64,
    inclusive: f64,
    self_share: f64,
    inclusive_share: f64,
}

/// The files as JSON, with a line break at the end. A file that is refused is one measurement `*` that is invalid.
pub fn evidence_json(files: &[EvidenceFile]) -> String {
    to_line(&JsonEvidence {
        schema: EVIDENCE_SCHEMA,
        files: files.iter().map(json_file).collect(),
    })
}

fn json_file(file: &EvidenceFile) -> JsonFile<'_> {
    let mut json = JsonFile {
        path: &file.path,
        format: None,
        measurements: Vec::new(),
        provenance: None,
        profile: None,
        diagnostics: json_diagnostics(&file.diagnostics),
    };
    match &file.outcome {
        Ok(Evidence::Benchmarks(reading)) => {
            json.format = Some(reading.format.name());
            json.measurements = reading.measurements.iter().map(json_measurement).collect();
            json.provenance = Some(&reading.provenance);
        }
        Ok(Evidence::Profile(profile)) => {
            json.format = Some(profile.format.name());
            json.profile = Some(profile.axes.iter().map(json_axis).collect());
        }
        Err(reason) => json.measurements.push(JsonMeasurement {
            benchmark: "*",
            metric: "*",
            unit: "",
            direction: "unknown",
            kind: "invalid",
            runs: 0,
            samples: 0,
            value: None,
            note: reason,
        }),
    }
    json
}

fn json_measurement(measured: &Measurement) -> JsonMeasurement<'_> {
    JsonMeasurement {
        benchmark: &measured.benchmark,
        metric: &measured.metric,
        unit: &measured.unit,
        direction: measured.direction.word(),
        kind: measured.kind.word(),
        runs: measured.runs,
        samples: measured.samples,
        value: measured.value,
        note: measured.kind.refusal().unwrap_or(&measured.note),
    }
}

fn json_axis(axis: &Axis) -> JsonAxis<'_> {
    let functions = axis.functions.iter().map(|found| JsonFunction {
        name: &found.name,
        file: found.file.as_deref(),
        line: found.line,
        own: found.own,
        inclusive: found.inclusive,
        self_share: axis.share(found.own),
        inclusive_share: axis.share(found.inclusive),
    });
    JsonAxis {
        name: &axis.name,
        unit: &axis.unit,
        total: axis.total,
        functions: functions.collect(),
    }
}

/// The files for people.
pub fn evidence_lines(files: &[EvidenceFile]) -> String {
    let mut text = String::new();
    for file in files {
        let format = match &file.outcome {
            Ok(Evidence::Benchmarks(reading)) => reading.format.name(),
            Ok(Evidence::Profile(profile)) => profile.format.name(),
            Err(_) => "refused",
        };
        let _ = writeln!(text, "{}: {format}", sanitize(&file.path));
        match &file.outcome {
            Ok(Evidence::Benchmarks(reading)) => benchmarks(&mut text, reading),
            Ok(Evidence::Profile(profile)) => profile_lines(&mut text, profile),
            Err(reason) => {
                let _ = writeln!(text, "  {}", sanitize(reason));
            }
        }
    }
    // A name may begin a line, and so could a workflow command.
    text.lines().map(|line| sanitize_line(line.as_bytes()) + "\n").collect()
}

fn benchmarks(text: &mut String, reading: &Reading) {
    let said = provenance(&reading.provenance);
    if !said.is_empty() {
        let _ = writeln!(text, "  measured on: {}", sanitize(&said.join(", ")));
    }
    let mut rows = vec![["benchmark", "metric", "value", "better", "kind", "runs", "samples"].map(str::to_owned)];
    for measured in &reading.measurements {
        let value = match (&measured.value, measured.kind.refusal()) {
            (_, Some(reason)) => reason.to_owned(),
            (Some(value), _) => format!("{value} {}", measured.unit).trim_end().to_owned(),
            (None, _) => String::new(),
        };
        let known = measured.kind.refusal().is_none();
        rows.push([
            sanitize(&measured.benchmark),
            sanitize(&measured.metric),
            sanitize(&value),
            if known { measured.direction.word() } else { "" }.to_owned(),
            measured.kind.word().to_owned(),
            measured.runs.to_string(),
            measured.samples.to_string(),
        ]);
    }
    table(text, &rows);
}

fn provenance(found: &Provenance) -> Vec<String> {
    let named = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name} {value}"));
    let commit = found.commit.as_ref().map(|commit| {
        let dirty = if found.dirty == Some(true) {
            " with uncommitted work"
        } else {
            ""
        };
        format!("commit {commit}{dirty}")
    });
    let parts = [
        named("host", &found.host),
        found.cpu.clone(),
        found.os.clone(),
        found.runtime.clone(),
        found.build.as_ref().map(|build| format!("{build} build")),
        commit,
    ];
    parts.into_iter().flatten().collect()
}

/// How many functions are shown of an axis.
const SHOWN: usize = 20;

fn profile_lines(text: &mut String, profile: &Profile) {
    for axis in &profile.axes {
        let total = format!("{} {}", axis.total, axis.unit);
        let _ = writeln!(text, "  {}: {}", sanitize(&axis.name), sanitize(total.trim_end()));
        let mut rows = vec![["self", "inclusive", "function", "place"].map(str::to_owned)];
        for found in axis.functions.iter().take(SHOWN) {
            let line = found.line.map(|line| format!(":{line}")).unwrap_or_default();
            let place = found
                .file
                .as_ref()
                .map(|file| format!("{file}{line}"))
                .unwrap_or_default();
            rows.push([
                format!("{:.1} %", 100.0 * axis.share(found.own)),
                format!("{:.1} %", 100.0 * axis.share(found.inclusive)),
                sanitize(&found.name),
                sanitize(&place),
            ]);
        }
        table(text, &rows);
        if axis.functions.len() > SHOWN {
            let _ = writeln!(
                text,
                "  and {} more (--format json has them all)",
                axis.functions.len() - SHOWN
            );
        }
    }
}

fn table<const N: usize>(text: &mut String, rows: &[[String; N]]) {
    let mut widths: BTreeMap<usize, usize> = BTreeMap::new();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            let width = widths.entry(at).or_default();
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in rows {
        let cells = row.iter().enumerate().map(|(at, cell)| {
            let width = widths.get(&at).copied().unwrap_or(0);
            format!("{cell:width$}")
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(text, "  {}", line.trim_end());
    }
}
