//! Each reader tried on small files as its tool writes them, and each rule of refusing.

mod documents;
mod more_documents;
mod nasty;
mod refusals;
mod texts;

use super::*;
use crate::evidence::measurement::Kind;

fn rows(text: &str) -> Vec<String> {
    match read(text.as_bytes()) {
        Ok(reading) => reading.measurements.iter().map(shown).collect(),
        Err(refusal) => vec![format!("refused: {refusal}")],
    }
}

fn shown(row: &Measurement) -> String {
    if let Kind::Invalid(reason) = &row.kind {
        return format!("{} · {} · invalid: {reason}", row.benchmark, row.metric);
    }
    let value = row.value.unwrap();
    let note = if row.note.is_empty() {
        String::new()
    } else {
        format!(" ({})", row.note)
    };
    let (kind, direction) = (row.kind.word(), row.direction.word());
    let unit = if row.unit.is_empty() { "-" } else { &row.unit };
    let counts = format!("{}/{}", row.runs, row.samples);
    format!(
        "{} · {} {value} {unit} {direction} {kind} {counts}{note}",
        row.benchmark, row.metric
    )
}

fn format_of(text: &str) -> Format {
    read(text.as_bytes()).unwrap().format
}

fn hyperfine(command: &str) -> String {
    format!(r#"{{"results": [{command}]}}"#)
}
