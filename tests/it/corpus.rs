//! The reading of real certificates against readings made by others.
//!
//! The corpus is not part of this repository. It is looked for beside it, or where `CERTGATE_CORPUS` points; where it is missing, the
//! tests say so and pass.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests, outside of the test functions"
)]

use std::path::PathBuf;

use certgate::certificate::{LintContext, lint, parse};
use certgate::change::RepoPath;
use certgate::diagnostic::{Code, Style, render};

/// A document, the expected status and the path that it had in its project.
struct Sample {
    name: String,
    status: Option<String>,
    path: RepoPath,
    bytes: Vec<u8>,
}

/// Where the corpus would be.
pub(crate) fn root() -> PathBuf {
    std::env::var_os("CERTGATE_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus")),
        PathBuf::from,
    )
}

fn samples() -> Vec<Sample> {
    let directory = root().join("keisei");
    let Ok(table) = std::fs::read_to_string(directory.join("EXPECTED.tsv")) else {
        println!("skipped: no corpus at {}", directory.display());
        return Vec::new();
    };
    table
        .lines()
        .skip(1)
        .map(|row| {
            let cells: Vec<&str> = row.split('\t').collect();
            Sample {
                name: cells[0].to_owned(),
                status: (cells[1] != "INVALID").then(|| cells[1].to_owned()),
                path: RepoPath::from(cells[2]),
                bytes: std::fs::read(directory.join(cells[0])).unwrap(),
            }
        })
        .collect()
}

#[test]
fn every_decision_reads_as_expected() {
    let mut wrong = Vec::new();
    for sample in samples() {
        let parsed = parse(&sample.path, &sample.bytes);
        let read = parsed.certificate.status.map(|status| status.to_string());
        if read != sample.status {
            wrong.push(format!("{}: read {read:?}, expected {:?}", sample.name, sample.status));
        }
        let codes: Vec<Code> = parsed.findings.iter().map(|finding| finding.code()).collect();
        let decided = !codes
            .iter()
            .any(|code| matches!(code, Code::CG101 | Code::CG102 | Code::CG103 | Code::CG104));
        if decided != read.is_some() {
            wrong.push(format!("{}: {codes:?} does not explain {read:?}", sample.name));
        }
        for finding in &parsed.findings {
            assert!(!render(finding, Style::default()).is_empty());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn real_documents_hold_no_placeholders_and_read_in_full() {
    for sample in samples() {
        let parsed = parse(&sample.path, &sample.bytes);
        let certificate = &parsed.certificate;
        assert!(!certificate.placeholders, "{}: {:?}", sample.name, parsed.findings);
        assert!(
            !certificate.components.is_empty()
                && certificate.agent.is_some()
                && certificate.date.is_some()
                && certificate.id.is_some(),
            "{}: {certificate:?}",
            sample.name
        );
        let codes: Vec<Code> = parsed.findings.iter().map(|finding| finding.code()).collect();
        assert!(
            !codes.contains(&Code::CG115),
            "{}: conditions are there but were not found",
            sample.name
        );
        let context = LintContext {
            bytes: &sample.bytes,
            ..LintContext::default()
        };
        for finding in lint(&parsed, &context) {
            assert_ne!(finding.code(), Code::CG501, "{}", sample.name);
        }
    }
}
