//! The rules of figures.

use crate::evidence::claims::{Claim, Label, Value, read};

/// What is said of a text that makes one claim.
fn one(text: &str) -> (Label, Value) {
    let claims = read(text, None, None);
    let judged: Vec<&Claim> = claims
        .iter()
        .filter(|claim| claim.label != Label::Uncheckable)
        .collect();
    match judged.as_slice() {
        [] => (Label::Uncheckable, Value::None),
        [claim] => (claim.label, claim.value),
        _ => panic!("{text}: {claims:#?}"),
    }
}

fn right(text: &str, value: f64) {
    match one(text) {
        (Label::Right, Value::One(found)) if (found - value).abs() < 0.006 * value.abs().max(1.0) => {}
        found => panic!("{text}: {found:?}, not right by {value}"),
    }
}

fn wrong(text: &str, value: Option<f64>) {
    match (one(text), value) {
        ((Label::Wrong, Value::One(found)), Some(value)) if (found - value).abs() < 0.006 * value.abs().max(1.0) => {}
        ((Label::Wrong, Value::None), None) => {}
        (found, _) => panic!("{text}: {found:?}, not wrong by {value:?}"),
    }
}

/// No claim is right or wrong.
fn open(text: &str) {
    let claims = read(text, None, None);
    assert!(
        claims.iter().all(|claim| claim.label == Label::Uncheckable),
        "{text}: {claims:#?}"
    );
}

#[test]
fn rule_1_a_per_cent_is_held_only_against_what_it_stands_with() {
    right("26/38 tests now passing (68 %)", 68.42);
    right("- Tests: 18/18 passing - 100%", 100.0);
    right("- Integration (18/18 - 100%)", 100.0);
    right("- pass rate: 100% (4/4 tests passing)", 100.0);
    right("7 of 9 checks met (78 %)", 77.78);
    right("7 out of the 9 checks met (77.8 %)", 77.78);
    wrong("7 of 9 checks met (87 %)", Some(77.78));
    wrong("- pass rate: 95% (4/4 tests passing)", Some(100.0));
    wrong("26/38 strategy tests now passing (about 75% success rate)", Some(68.42));
    open("- Quality: 8.7/10, and we expect 96.5% compliance");
    open("Fixed 3/5 issues (60 ms saved, 40 % of the budget)");
    open("12/14 endpoints moved; CPU load fell (31 % headroom)");
    open("Rated 9/10 (95% confidence)");
    open("3/4 reviewers approved (10% slower than the target)");
    open("- build 7/8 done. Memory 45%");
    right("0/20 succeeded (100% blocked)", 100.0);
    open("4/5 stars (90%)");
    open("- `a.py`: 1% coverage (423 out of 423 statements untested)");
    open("height is 48 * 10 + 40 = 520");
    open("that is 60 - 10 + 5 = 65");
}

#[test]
fn rule_2_rounding_is_not_a_lie_but_cutting_is() {
    right("- 45 ms → 40 ms (-12 %)", -11.11);
    right("- 45 ms → 40 ms (-9.1 %)", -11.11);
    wrong("- 45 ms → 40 ms (-8 %)", Some(-11.11));
    wrong("- 45 ms → 40 ms (-14 %)", Some(-11.11));
    right("- 41.8 ms → 36.4 ms (-12.92 %)", -12.92);
    wrong("- 41.8 ms → 36.4 ms (-12 %)", Some(-12.92));
    right("- 30x faster (4800 ms → 150 ms)", 32.0);
    right("- 30x faster (4800 ms → 180 ms)", 26.67);
    wrong("- 30x faster (4800 ms → 200 ms)", Some(24.0));
    right("- 3x faster (480 ms → 150 ms)", 3.2);
    wrong("- 3.1x faster (480 ms → 150 ms)", Some(3.2));
    wrong("19/20 tests passing (100%)", Some(95.0));
    right("37 failing tests → 17 failing tests (-54 %)", -54.05);
    wrong("37 failing tests → 17 failing tests (-53 %)", Some(-54.05));
}

#[test]
fn rule_3_one_sided_words_are_one_sided() {
    right("- at least 10 % faster (41.8 ms → 36.4 ms)", -12.92);
    wrong("- at least 20 % faster (41.8 ms → 36.4 ms)", Some(-12.92));
    right("- up to 15 % faster (41.8 ms → 36.4 ms)", -12.92);
    wrong("- more than 15.5 % lower (41.8 ms → 36.4 ms)", Some(-12.92));
    right("26/26 tests passing (98%+)", 100.0);
    wrong("24/26 tests passing (98%+)", Some(92.31));
    right("24/26 tests passing (≥ 92 %)", 92.31);
    wrong("24/26 tests passing (> 95 %)", Some(92.31));
    right("- 41.8 ms → 36.4 ms (~ -14 %)", -12.92);
    right("- 41.8 ms → 36.4 ms, about 14 % lower", -12.92);
    wrong("- 41.8 ms → 36.4 ms, about 15 % lower", Some(-12.92));
    right("- 41.8 ms → 36.4 ms (≤ 13 % lower)", -12.92);
    right("1/40 tests failing (<5% failure rate)", 2.5);
}

#[test]
fn rule_4_faster_is_of_time_or_rate_and_signs_agree() {
    right("- 41.8 ms → 36.4 ms, 13 % faster", -12.92);
    right("- 41.8 ms → 36.4 ms, 15 % faster", 14.84);
    wrong("- 41.8 ms → 36.4 ms, 14 % faster", None);
    wrong("- 36.4 ms → 41.8 ms, 13 % faster", None);
    right("- 36.4 ms → 41.8 ms, 15 % slower", 14.84);
    right("- 1,240 → 1,389 samples/s, 12 % faster", 12.02);
    wrong("- 1,389 → 1,240 samples/s, 12 % faster", None);
    wrong("- 18 ms → 22 ms (12 % lower)", Some(22.22));
    right("- 18 ms → 22 ms (22 % higher)", 22.22);
    wrong("- 18 ms → 22 ms (-22 %)", Some(22.22));
    wrong("- 0 → 3 (+300 %)", None);
    right("- 0 → 0 (unchanged)", 0.0);
    right("- 12 ms → 12 ms (no change, unchanged)", 0.0);
    wrong("- 3 errors → 6 errors (unchanged)", Some(100.0));
    right("- 3 files → 0 files (-100 %)", -100.0);
    open("- 41.8 ms → 36.4 ms (+13 % lower)");
}

#[test]
fn rule_5_units_are_converted() {
    right("- 0.92 s → 810 ms (-12 %)", -11.96);
    right("- 1.2k → 1.5k requests (+25 %)", 25.0);
    right("- 2 min → 90 s (-25 %)", -25.0);
    wrong("- 2.4 GiB → 2.1 GB (-12.5 %)", Some(-18.51));
    right("- 2,048 KB → 1.00 MB (-50.0 %)", -50.0);
    right("- 2,000 KB → 1.00 MB (-50.0 %)", -50.0);
    wrong("- 2,000 KB → 1.00 MB (-40 %)", Some(-50.0));
    right("- 100 MB/s → 150 MB/s (+50 %)", 50.0);
    open("- 0,92 s → 0,81 s (-40 %)");
    open("- 1.234,5 ms → 1.086,4 ms (-40 %)");
    open("- 3 files → 5 MB (-40 %)");
}

#[test]
fn rule_6_per_cent_of_per_cent_is_ambiguous() {
    open("- 60 % → 95 % (+35 %)");
    open("- 60 % → 95 % (+58 %)");
    wrong("- 60 % → 95 % (+80 %)", None);
    right("- 60 % → 95 % (+35 points)", 35.0);
    right("- 60 % → 95 % (+35 pp)", 35.0);
    right("- 60 % → 95 %, 35 percentage points higher", 35.0);
    wrong("- 60 % → 95 % (+25 points)", Some(35.0));
    wrong("- 60 % → 95 % (-35 points)", Some(35.0));
}

#[test]
fn rule_7_a_total_is_one_that_the_text_calls_so() {
    let table = |last: &str| format!("| phase | time |\n|---|---|\n| a | 12.1 ms |\n| b | 14.0 ms |\n| {last} |\n");
    right(&table("**Total** | 26.1 ms"), 26.1);
    wrong(&table("**Total** | 28.1 ms"), Some(26.1));
    right(&table("Average | 13 ms"), 13.05);
    wrong(&table("Mean | 14.1 ms"), Some(13.05));
    open(&table("Overall | 99 ms"));
    open(&table("Total (wall) | 20.1 ms"));
    right("- unit: 12 tests\n- e2e: 8 tests\n- **Total**: 20 tests\n", 20.0);
    wrong("- unit: 12 tests\n- fuzz: 8 tests\n- **Total**: 21 tests\n", Some(20.0));
    right("12 + 14 + 9 = 35 tests", 35.0);
    wrong("12 + 14 + 9 = 36 tests", Some(35.0));
    right("Runs: 41.2, 41.8, 42.4 ms (mean 41.8 ms)", 41.8);
    wrong("Runs: 41.2, 41.8, 42.4 ms (mean 40.8 ms)", Some(41.8));
    right("| part | weight |\n|---|---|\n| a | 60 % |\n| b | 40 % |\n", 100.0);
    wrong(
        "| part | weight |\n|---|---|\n| a | 60 % |\n| b | 50 % |\n",
        Some(110.0),
    );
    wrong("Weights: speed 40 %, size 30 %, docs 20 %", Some(90.0));
    right("- Speed: 8/10\n- Size: 6/10\n- **Average score**: 7/10\n", 7.0);
    wrong("- Speed: 8/10\n- Size: 6/10\n- **Average score**: 8/10\n", Some(7.0));
    open("- Speed: 8/10\n- Size: 6/10\n- **Overall score**: 9/10\n");
}

#[test]
fn rule_8_a_figure_by_itself_is_uncheckable() {
    for text in [
        "70% improvement",
        "<1% overhead",
        "Passes in 99.87s with 180s timeout",
        "254/254 tests passing",
        "Quality: 9.0/10 (up from 6.5/10)",
        "Reduced from 15-25% to 3-5% overhead",
        "~98% (from ~70% initially)",
        "30x faster",
        "CPU 80%, GPU 20%",
    ] {
        open(text);
        assert!(!read(text, None, None).is_empty(), "{text}");
    }
}

#[test]
fn pairs_are_written_in_many_ways() {
    right("Reduced from 480 ms to 150 ms (68.75 %)", -68.75);
    right("Reduced by 69 % (from 480 ms down to 150 ms)", -68.75);
    right("Latency is 150 ms (was 480 ms), 69 % lower", -68.75);
    right("before: 480 ms, after: 150 ms (-69 %)", -68.75);
    right("- Before: 480 ms\n- After: 150 ms\n- Improvement: 69 %\n", -68.75);
    wrong("- Before: 480 ms\n- After: 150 ms\n- Reduction: 50 %\n", Some(-68.75));
    right("Before: 480 ms\nAfter: 150 ms\nSpeedup: 3.2x\n", 3.2);
    right("- `480 ms -> 150 ms (-69 %)`", -68.75);
    right("- 480 ms → 150 ms (-330 ms)", -330.0);
    wrong("- 480 ms → 150 ms (-310 ms)", Some(-330.0));
    open("- Before: 480 ms\n- After: 150 ms\n- Improvement: 30 % in memory\n");
    open("- 480 ms → 150 ms (30 % headroom)");
    let two = read(
        "3.2x speedup (164 ms → 51 ms) and 2.5x update speedup (73 s → 29 s)",
        None,
        None,
    );
    assert_eq!(
        two.iter().filter(|claim| claim.label == Label::Right).count(),
        2,
        "{two:#?}"
    );
    open("- 480 ms → 150 ms (5 % of the budget)");
    open("- 480 ms → 150 ms → 100 ms (-5 %)");
    open("- 480 ms → 150 ms, with 95 % confidence");
    open("- 480 ms → 150 ms while CPU use rose by 12 %");
    open("```rust\nlet a = 480; // ms → 150 ms (-5 %)\n```\n");
    open("> 480 ms → 150 ms (-5 %)\n");
}

#[test]
fn tables_are_read_by_their_headings() {
    let table = |head: &str, row: &str| format!("| {head} |\n|---|---|---|---|\n| {row} |\n");
    right(
        &table("b | before | after | change", "x | 41.8 ms | 36.4 ms | -12.9 %"),
        -12.92,
    );
    wrong(
        &table("b | before | after | change", "x | 41.8 ms | 36.4 ms | -11.9 %"),
        Some(-12.92),
    );
    right(
        &table("b | baseline (ms) | new (ms) | Δ (%)", "x | 41.8 | 36.4 | -12.9"),
        -12.92,
    );
    right(
        &table("b | after | before | speedup", "x | 36.4 ms | 41.8 ms | 1.15x"),
        1.148,
    );
    wrong(
        &table("b | before | after | speedup", "x | 36.4 ms | 41.8 ms | 1.15x"),
        Some(0.871),
    );
    right(
        &table("b | old | new | improvement", "x | 41.8 ms | 36.4 ms | 12.9 %"),
        -12.92,
    );
    right(
        &table("b | before | after | reduction", "x | 41.8 ms | 36.4 ms | 13%"),
        -12.92,
    );
    open(&table(
        "b | before | after | notes",
        "x | 41.8 ms | 36.4 ms | 20 % noise",
    ));
    open(&table("b | p50 | p99 | change", "x | 41.8 ms | 36.4 ms | -50 %"));
    open(&table("b | before | after | change", "x | 1-2 ms | 36.4 ms | -50 %"));
}

#[test]
fn multiples_are_held_against_per_cents() {
    wrong("10-20% speedup (observed 1.26x)", Some(26.0));
    right("26% speedup (1.26x)", 26.0);
    right("21 % faster (1.26x)", 20.63);
    right("1.26x speedup (26%)", 26.0);
    wrong("1.26x speedup (36%)", Some(26.0));
    right("- 2x faster (1 s → 500 ms)", 2.0);
    open("- 2.2x faster (480 ms → 150 ms)");
    wrong("- 3x faster (150 ms → 480 ms)", Some(0.3125));
    wrong("- 320 % faster (480 ms → 150 ms)", Some(220.0));
}

proptest::proptest! {
    #[test]
    fn a_rounding_of_a_true_figure_is_never_wrong(a in 10u32..100_000, b in 10u32..100_000, digits in 0usize..3) {
        let change = (f64::from(b) / f64::from(a) - 1.0) * 100.0;
        let tenths = |value: u32| format!("{}.{}", value / 10, value % 10);
        let text = format!("- step: {} ms → {} ms ({change:+.digits$} %)", tenths(a), tenths(b));
        proptest::prop_assert!(read(&text, None, None).iter().all(|claim| claim.label != Label::Wrong), "{}", text);
        let ratio = f64::from(a) / f64::from(b);
        let text = format!("- {ratio:.2}x faster ({} ms → {} ms)", tenths(a), tenths(b));
        proptest::prop_assert!(read(&text, None, None).iter().all(|claim| claim.label != Label::Wrong), "{}", text);
    }

    #[test]
    fn a_share_is_right_rounded_and_wrong_cut(b in 2u32..500, part in 0.0f64..1.0, digits in 0usize..3) {
        let a = (f64::from(b) * part).floor();
        let share = a / f64::from(b) * 100.0;
        let rounded = read(&format!("{a}/{b} tests passing ({share:.digits$}%)"), None, None);
        proptest::prop_assert_eq!(rounded[0].label, Label::Right);
        let (cut, near) = ((share * 10.0).floor() / 10.0, (share * 10.0).round() / 10.0);
        // Half a digit may be rounded either way.
        if cut != near && (share * 10.0).fract() > 0.501 {
            let said = read(&format!("{a}/{b} tests passing ({cut:.1}%)"), None, None);
            proptest::prop_assert_eq!(said[0].label, Label::Wrong);
        }
    }
}
