//! The block of BENCHMARKS: what it prints reads back, and nothing else reads.

use proptest::prelude::*;

use super::super::parse;
use super::*;
use crate::diagnostic::Code;

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn some() -> Benchmarks {
    let file = |side, path: &str| BoundFile {
        side,
        format: "hyperfine".to_owned(),
        digest: Digest([7; 32]),
        path: RepoPath::from(path),
        line: 0,
    };
    Benchmarks {
        baseline: "a".repeat(40),
        candidate: "b".repeat(64),
        files: vec![
            file(EvidenceSide::Baseline, "certificates/evidence/x/baseline/01.json"),
            file(
                EvidenceSide::Candidate,
                "certificates/evidence/x/candidate/0 \"1\".json",
            ),
            file(EvidenceSide::Profile, "certificates/evidence/x/p.folded"),
        ],
        rows: vec![DecidedRow {
            verdict: "pass".to_owned(),
            ratio: Some(Figure::new(1.0125)),
            lower: Some(Figure::new(0.99)),
            upper: Some(Figure::new(1.04)),
            benchmark: "lex big.txt".to_owned(),
            metric: "time".to_owned(),
            terms: RowTerms::default(),
            line: 0,
        }],
        signature: None,
    }
}

fn without_lines(mut benchmarks: Benchmarks) -> Benchmarks {
    benchmarks.files.iter_mut().for_each(|file| file.line = 0);
    benchmarks.rows.iter_mut().for_each(|row| row.line = 0);
    benchmarks
}

#[test]
fn the_block_reads_as_people_see_it() {
    insta::assert_snapshot!(render_benchmarks(&some()), @r#"
    certgate/benchmarks/v1
    baseline aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    candidate bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    baseline hyperfine sha256:0707070707070707070707070707070707070707070707070707070707070707 certificates/evidence/x/baseline/01.json
    candidate hyperfine sha256:0707070707070707070707070707070707070707070707070707070707070707 "certificates/evidence/x/candidate/0 \"1\".json"
    profile hyperfine sha256:0707070707070707070707070707070707070707070707070707070707070707 certificates/evidence/x/p.folded
    terms threshold 0.05 alpha 0.05 min-runs 5 design sequential
    pass 1.0125 0.99 1.04 "lex big.txt" time
    "#);
    let read = parse_benchmarks(&render_benchmarks(&some()), 10).unwrap();
    assert_eq!((read.files[0].line, read.rows[0].line), (13, 17));
    assert_eq!(without_lines(read), some());
}

#[test]
fn refuses_everything_else() {
    let head = format!("certgate/benchmarks/v1\nbaseline {0}\ncandidate {0}\n", "a".repeat(40));
    let file = format!("{head}baseline hyperfine sha256:{HEX} certificates/evidence/x/a.json\n");
    let terms = "terms threshold 0.05 alpha 0.05 min-runs 5 design sequential\n";
    for (line, text) in [
        (0, String::new()),
        (0, "certgate/benchmarks/v2\n".to_owned()),
        (1, "certgate/benchmarks/v1\nbaseline abc\n".to_owned()),
        (1, "certgate/benchmarks/v1\nbaseline\n".to_owned()),
        (2, head.clone()),
        (3, format!("{head}sideways hyperfine sha256:{HEX} a\n")),
        (3, format!("{head}baseline Hyperfine sha256:{HEX} a\n")),
        (3, format!("{head}baseline hyperfine md5:{HEX} a\n")),
        (3, format!("{head}baseline hyperfine sha256:{HEX} ../a\n")),
        (3, format!("{head}baseline hyperfine sha256:{HEX} /a\n")),
        (3, format!("{head}baseline hyperfine sha256:{HEX} a//b\n")),
        (
            4,
            format!("{file}candidate hyperfine sha256:{HEX} certificates/evidence/x/a.json\n"),
        ),
        (4, format!("{file}pass 1 1 1 a time\n")),
        (
            4,
            format!("{file}terms threshold 0.05 alpha 0.6 min-runs 5 design sequential\n"),
        ),
        (
            4,
            format!("{file}terms threshold -1 alpha 0.05 min-runs 5 design sequential\n"),
        ),
        (
            4,
            format!("{file}terms threshold 0.05 alpha 0.05 min-runs 0 design sequential\n"),
        ),
        (
            4,
            format!("{file}terms threshold 0.05 alpha 0.05 min-runs 5 design sequential \n"),
        ),
        (5, format!("{file}{terms}pass NaN 1 1 a time\n")),
        (5, format!("{file}{terms}pass inf 1 1 a time\n")),
        (5, format!("{file}{terms}pass 1 1 a time\n")),
        (5, format!("{file}{terms}pass 1 1 1 a time more\n")),
        (5, format!("{file}{terms}PASS 1 1 1 a time\n")),
        (5, format!("{file}{terms}candidate hyperfine sha256:{HEX} b\n")),
        (6, format!("{file}{terms}pass 1 1 1 a time\nregressed 2 2 2 a time\n")),
    ] {
        let refused = parse_benchmarks(&text, 1);
        assert_eq!(
            refused.as_ref().err().map(|(at, _)| *at),
            Some(line),
            "{text}: {refused:?}"
        );
    }
    assert!(parse_benchmarks(&format!("{file}{terms}inconclusive - - - a time\n"), 1).is_ok());
}

#[test]
fn the_section_is_read_where_it_belongs_and_nowhere_else() {
    let block = format!("```certgate-benchmarks\n{}```\n", render_benchmarks(&some()));
    let document = |text: &str| format!("# T\n\n## DECISION/OUTCOME\n**Status**: APPROVED\n\n{text}");
    let field = |text: &str| parse(&RepoPath::from("a.md"), document(text).as_bytes());
    let good = field(&format!("## BENCHMARKS\n\nAs measured.\n\n{block}"));
    assert!(good.certificate.benchmarks.present().is_some(), "{:?}", good.findings);
    let signed = format!("## BENCHMARKS\n\n{block}\n```certgate-benchmarks-signature\nX\n```\n");
    let read = field(&signed).certificate.benchmarks;
    assert_eq!(read.present().unwrap().signature.as_deref(), Some("X\n"));
    // What people wrote before this was known.
    let prose = field("## BENCHMARKS\n\n```\ntime: 3 ms\n```\n").certificate.benchmarks;
    assert_eq!(prose, BenchmarksField::Absent);
    for text in [
        block.clone(),
        format!("## FINDINGS\n\n{block}"),
        format!("## BENCHMARKS\n\n{block}\n{block}"),
        format!("## BENCHMARKS\n\n{block}\n## BENCHMARKS\n"),
        format!("## BENCHMARKS\n\n{}", block.replace("pass", "yes")),
        "## BENCHMARKS\n\n```certgate-benchmarks-signature\nX\n```\n".to_owned(),
    ] {
        let read = field(&text);
        assert_eq!(read.certificate.benchmarks, BenchmarksField::Unreadable, "{text}");
        assert!(read.findings.iter().any(|finding| finding.code() == Code::CG121));
    }
}

#[test]
fn evidence_stands_beside_its_certificate() {
    let certificate = RepoPath::from("docs/certificates/a_b_20260101_000000.md");
    let folder = evidence_folder(&certificate);
    assert_eq!(folder, RepoPath::from("docs/certificates/evidence/a_b_20260101_000000"));
    let inside = RepoPath::new([folder.as_bytes(), b"/candidate/01.json"].concat());
    assert_eq!(evidence_of(&inside), [certificate]);
    assert_eq!(evidence_of(&RepoPath::from("evidence/x/y")), [RepoPath::from("x.md")]);
    for other in [
        "certificates/evidence/x.json",
        "certificates/evidences/x/y",
        "a/b",
        "evidence",
    ] {
        assert_eq!(evidence_of(&RepoPath::from(other)), [], "{other}");
    }
}

#[test]
fn the_signed_part_does_not_depend_on_places_or_order() {
    let mut other = some();
    other.files.reverse();
    other
        .files
        .iter_mut()
        .for_each(|file| file.path = RepoPath::from("elsewhere"));
    other.rows.clear();
    assert_eq!(other.measured(), some().measured());
    other.files.pop();
    assert_ne!(other.measured(), some().measured());
}

proptest! {
    #[test]
    fn any_names_read_back(benchmark in ".{0,20}", metric in ".{1,20}", ratio in proptest::num::f64::NORMAL) {
        let mut written = some();
        written.rows[0].benchmark = benchmark;
        written.rows[0].metric = metric;
        written.rows[0].ratio = Some(Figure::new(ratio));
        let read = parse_benchmarks(&render_benchmarks(&written), 1).unwrap();
        prop_assert_eq!(read.rows[0].ratio.as_ref().unwrap().value(), ratio);
        prop_assert_eq!(without_lines(read), written);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(certgate/benchmarks/v1\n)?(baseline [a-f0-9]{40}\n)?(.{0,30}\n){0,6}") {
        let _read = parse_benchmarks(&text, 1);
    }
}
