//! Evidence that is judged without a repository: limits, counts, and what the two designs make of the same files.

use super::{BoundContent, Demand, FlawKind, Judged, Limit, fingerprints, judge, read};
use crate::certificate::{Benchmarks, BoundFile, EvidenceSide};
use crate::change::RepoPath;
use crate::evidence::compare::{Criteria, Design};
use crate::evidence::decide::Conclusion;
use crate::evidence::measurement::Direction;

/// A block with these files, of one side or both.
fn bound(files: &[(EvidenceSide, String)]) -> (Benchmarks, Vec<BoundContent>) {
    let contents: Vec<BoundContent> = files
        .iter()
        .map(|(_, text)| BoundContent::File(text.clone().into_bytes()))
        .collect();
    let named = files
        .iter()
        .zip(&contents)
        .enumerate()
        .map(|(at, ((side, text), content))| BoundFile {
            side: *side,
            format: if text.contains("results") { "hyperfine" } else { "bmf" }.to_owned(),
            digest: content.digest().unwrap(),
            path: RepoPath::from(format!("certificates/evidence/x/{at}.json").as_str()),
            line: 0,
        });
    let block = Benchmarks {
        baseline: "a".repeat(40),
        candidate: "b".repeat(40),
        files: named.collect(),
        rows: Vec::new(),
        signature: None,
    };
    (block, contents)
}

fn demand(metric: &str, question: Criteria, limit: Option<(f64, &str)>) -> Demand<'static> {
    Demand {
        metric: metric.to_owned(),
        about: Box::new(|_| true),
        asked: Vec::new(),
        compared: limit.is_none(),
        question,
        limit: limit.map(|(value, unit)| Limit {
            value,
            unit: unit.to_owned(),
        }),
        warns: false,
        before: Default::default(),
    }
}

fn judged(files: &[(EvidenceSide, String)], demand: Demand<'_>) -> Judged {
    let (block, contents) = bound(files);
    judge(&block, &contents, &[demand], &|_| true)
}

/// What hyperfine would export of some times, in seconds.
fn times(values: &[f64]) -> String {
    let codes: Vec<&str> = values.iter().map(|_| "0").collect();
    let values: Vec<String> = values.iter().map(f64::to_string).collect();
    format!(
        r#"{{"results": [{{"command": "lex", "times": [{}], "exit_codes": [{}]}}]}}"#,
        values.join(", "),
        codes.join(", ")
    )
}

#[test]
fn a_limit_counts_each_block_of_an_interleaved_design_once() {
    // Two blocks of eight times: sixteen runs where each counts, two where a block is a run.
    let block = |level: f64| {
        let values: Vec<f64> = (0..8).map(|at| level + 0.001 * f64::from(at)).collect();
        (EvidenceSide::Candidate, times(&values))
    };
    let files = [block(0.3), block(0.31)];
    let of = |design: Design, files: &[(EvidenceSide, String)]| {
        let question = Criteria {
            design,
            ..Criteria::default()
        };
        judged(files, demand("time", question, Some((0.35, "s"))))
    };
    let sequential = of(Design::Sequential, &files);
    assert_eq!(
        (sequential.shown[0].runs, sequential.shown[0].verdict),
        ([0, 16], Conclusion::Pass)
    );
    let interleaved = of(Design::Interleaved, &files);
    assert_eq!(interleaved.shown[0].runs, [0, 2], "{interleaved:#?}");
    assert_eq!(interleaved.shown[0].verdict, Conclusion::Inconclusive);
    assert_eq!(interleaved.flaws[0].kind, FlawKind::Unproven);
    // The median of each block is what counts: one slow run in each does no harm.
    let spiked: Vec<(EvidenceSide, String)> = (0..8)
        .map(|at| {
            let level = 0.3 + 0.0013 * f64::from(at);
            (EvidenceSide::Candidate, times(&[level, level + 0.001, 0.9]))
        })
        .collect();
    let interleaved = of(Design::Interleaved, &spiked);
    assert_eq!(
        (interleaved.shown[0].runs, interleaved.shown[0].verdict),
        ([0, 8], Conclusion::Pass)
    );
    assert!(interleaved.flaws.is_empty());
    let sequential = of(Design::Sequential, &spiked);
    assert_eq!(sequential.shown[0].runs, [0, 24]);
}

#[test]
fn what_is_said_to_be_a_count_may_come_again() {
    let memory = |value: f64| format!(r#"{{"training": {{"peak": {{"value": {value}}}}}}}"#);
    let files = |before: f64, after: f64| -> Vec<(EvidenceSide, String)> {
        let side = |side, value: f64| std::iter::repeat_n((side, memory(value)), 3);
        side(EvidenceSide::Baseline, before)
            .chain(side(EvidenceSide::Candidate, after))
            .collect()
    };
    let question = |exact: &[&str]| Criteria {
        threshold: 0.0,
        direction: Direction::Lower,
        exact: exact.iter().map(|metric| (*metric).to_owned()).collect(),
        ..Criteria::default()
    };
    let of = |exact: &[&str], after: f64| judged(&files(1013.318359375, after), demand("peak", question(exact), None));
    let same = of(&["peak"], 1013.318359375);
    assert!(same.flaws.is_empty(), "{same:#?}");
    assert_eq!(same.shown[0].verdict, Conclusion::Pass);
    let more = of(&["peak"], 1014.318359375);
    assert_eq!(more.shown[0].verdict, Conclusion::Regressed);
    let unsaid = of(&[], 1013.318359375);
    assert!(
        unsaid.flaws.iter().any(|flaw| flaw.kind == FlawKind::Twice),
        "{unsaid:#?}"
    );
    let reading = read("bmf", &BoundContent::File(memory(1013.318359375).into_bytes()))
        .unwrap()
        .unwrap();
    assert_eq!(fingerprints(&reading, &[]).len(), 1);
    assert!(fingerprints(&reading, &["peak".to_owned()]).is_empty());
}

#[test]
fn limits_are_converted_and_higher_may_be_better() {
    let files: Vec<(EvidenceSide, String)> = (0..6)
        .map(|at| (EvidenceSide::Candidate, times(&[0.3 + 0.001 * f64::from(at)])))
        .collect();
    let of = |value: f64, unit: &str| judged(&files, demand("time", Criteria::default(), Some((value, unit))));
    assert_eq!(of(400.0, "ms").shown[0].verdict, Conclusion::Pass);
    assert_eq!(of(0.2, "").shown[0].verdict, Conclusion::Regressed);
    assert_eq!(of(302.0, "ms").shown[0].verdict, Conclusion::Inconclusive);
    let other = of(400.0, "MiB");
    assert_eq!(other.flaws[0].kind, FlawKind::Conditions, "{other:#?}");
}
