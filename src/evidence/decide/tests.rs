use proptest::prelude::*;

use super::*;

fn rule(threshold: f64) -> Rule {
    Rule {
        threshold,
        ..Rule::default()
    }
}

fn scaled(values: &[f64], by: f64) -> Vec<f64> {
    values.iter().map(|value| value * by).collect()
}

const STEADY: [f64; 8] = [1.0, 1.01, 1.003, 0.997, 1.007, 0.99, 1.004, 0.994];

#[test]
fn a_shift_is_proven_either_way() {
    let slower = runs(&rule(0.05), &STEADY, &scaled(&STEADY, 1.1));
    assert_eq!(slower.verdict, Conclusion::Regressed);
    assert!((slower.ratio.unwrap() - 1.1).abs() < 1e-9);
    assert_eq!(
        runs(&rule(0.05), &STEADY, &scaled(&STEADY, 1.001)).verdict,
        Conclusion::Pass
    );
    assert_eq!(
        runs(&rule(0.05), &STEADY, &scaled(&STEADY, 1.05)).verdict,
        Conclusion::Inconclusive
    );
}

#[test]
fn more_is_better_turns_it_round() {
    let throughput = Rule {
        higher_is_better: true,
        ..rule(0.05)
    };
    assert_eq!(
        runs(&throughput, &STEADY, &scaled(&STEADY, 1.1)).verdict,
        Conclusion::Pass
    );
    assert_eq!(
        runs(&throughput, &STEADY, &scaled(&STEADY, 0.9)).verdict,
        Conclusion::Regressed
    );
}

#[test]
fn runs_that_decide_nothing_say_why() {
    let of = |baseline: &[f64], candidate: &[f64]| runs(&rule(0.05), baseline, candidate).reason;
    assert_eq!(of(&[1.0, f64::NAN], &[1.0]), Some(Caveat::NotAboveZero));
    assert_eq!(of(&[1.0, 2.0], &[0.0]), Some(Caveat::NotAboveZero));
    assert_eq!(of(&[1.0; 5], &[2.0; 5]), Some(Caveat::Constant));
    assert_eq!(of(&[1.0, 2.0], &[3.0, 4.0]), Some(Caveat::TooFew));
    assert_eq!(of(&[1.0, 1.0, 9.0], &[1.0, 1.0, 9.0]), Some(Caveat::Coarse));
    assert_eq!(of(&[], &[1.0]), Some(Caveat::TooFew));
}

#[test]
fn a_coarse_clock_widens_the_bounds() {
    let baseline = [1.00, 1.00, 1.01, 1.02, 1.01, 0.99];
    let decision = runs(&rule(0.05), &baseline, &[1.03, 1.04, 1.02, 1.03, 1.05, 1.04]);
    assert!((decision.resolution.unwrap() - 0.01).abs() < 1e-12);
    let (lower, upper) = decision.plain.unwrap();
    assert!(decision.lower.unwrap() < lower && upper < decision.upper.unwrap());
}

#[test]
fn counts_are_compared_as_they_are() {
    let verdict = |baseline: &[f64], candidate: &[f64]| exact(&rule(0.0), baseline, candidate).verdict;
    assert_eq!(verdict(&[7.0, 7.0], &[7.0]), Conclusion::Pass);
    assert_eq!(verdict(&[7.0], &[8.0]), Conclusion::Regressed);
    assert_eq!(verdict(&[0.0], &[0.0]), Conclusion::Pass);
    assert_eq!(verdict(&[7.0, 8.0], &[7.0]), Conclusion::Invalid);
    assert_eq!(verdict(&[-1.0], &[7.0]), Conclusion::Invalid);
    assert_eq!(verdict(&[], &[7.0]), Conclusion::Inconclusive);
    let from_nothing = exact(&rule(0.05), &[0.0], &[1.0]);
    assert_eq!(
        (from_nothing.verdict, from_nothing.ratio),
        (Conclusion::Regressed, None)
    );
}

#[test]
fn one_process_a_side_rests_on_the_stated_noise() {
    let slower = scaled(&STEADY, 1.1);
    assert_eq!(
        single(&rule(0.05), &STEADY, &slower, 0.005).verdict,
        Conclusion::Regressed
    );
    assert_eq!(
        single(&rule(0.05), &STEADY, &slower, 0.05).verdict,
        Conclusion::Inconclusive
    );
    assert_eq!(single(&rule(0.05), &STEADY, &slower, 0.0).verdict, Conclusion::Invalid);
    assert_eq!(
        single(&rule(0.05), &[], &slower, 0.01).verdict,
        Conclusion::Inconclusive
    );
}

#[test]
fn a_limit_is_proven_by_the_candidate_alone() {
    let verdict = |values: &[f64], most| limit(&rule(0.0), values, most).verdict;
    assert_eq!(verdict(&STEADY, 1.02), Conclusion::Pass);
    assert_eq!(verdict(&STEADY, 0.98), Conclusion::Regressed);
    assert_eq!(verdict(&STEADY, 1.0), Conclusion::Inconclusive);
    // Four runs prove nothing at five percent: all are below the median one time in sixteen.
    assert_eq!(verdict(&[1.0, 1.1, 1.2, 1.3], 9.0), Conclusion::Inconclusive);
    assert_eq!(verdict(&[1.0, 1.1, 1.2, 1.3, 1.4], 9.0), Conclusion::Pass);
    let floor = Rule {
        higher_is_better: true,
        ..rule(0.0)
    };
    assert_eq!(limit(&floor, &STEADY, 0.98).verdict, Conclusion::Pass);
    assert_eq!(limit(&floor, &STEADY, 1.02).verdict, Conclusion::Regressed);
}

#[test]
fn quantiles_of_the_normal_distribution() {
    for (probability, z) in [
        (0.05, 1.644_853_626_951_472_7),
        (0.01, 2.326_347_874_040_841),
        (0.1, 1.281_551_565_544_600_4),
        (1e-9, 5.997_807_015_007_71),
    ] {
        assert!((quantile(probability) / z - 1.0).abs() < 1e-12, "{probability}");
    }
}

#[test]
fn more_runs_are_needed_for_more_noise_and_less_distance() {
    let rule = rule(0.05);
    assert_eq!(needed(&rule, 0.001, 1.0), Some(5));
    let some = needed(&rule, 0.0266, 1.0).unwrap();
    assert!((6..9).contains(&some), "{some}");
    assert!(needed(&rule, 0.05, 1.0) > needed(&rule, 0.02, 1.0));
    assert!(needed(&rule, 0.02, 1.03) > needed(&rule, 0.02, 1.0));
    assert_eq!(needed(&rule, 0.02, 1.05), None);
}

#[test]
fn noise_is_that_of_single_runs() {
    let seen = noise(&STEADY, &scaled(&STEADY, 2.0)).unwrap();
    assert!((0.005..0.01).contains(&seen), "{seen}");
    assert_eq!(noise(&[1.0], &[2.0]), None);
}

fn sample() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(
        prop_oneof![0.5f64..2.0, (50u32..200).prop_map(|cents| f64::from(cents) / 100.0)],
        1..12,
    )
}

proptest! {
    #[test]
    fn slower_is_never_a_better_verdict(
        baseline in sample(), candidate in sample(), at in 0usize..12, by in 1.0f64..3.0, threshold in 0.0f64..0.3,
    ) {
        // Without ties, since a value that leaves a tie also sharpens the clock.
        let rule = rule(threshold);
        let apart = |values: &[f64]| values.iter().enumerate().map(|(i, v)| v * (1.0 + 1e-6 * i as f64)).collect::<Vec<_>>();
        let (baseline, candidate) = (apart(&scaled(&baseline, 1.000_03)), apart(&candidate));
        let mut slower = candidate.clone();
        let at = at % slower.len();
        slower[at] *= by;
        let (before, after) = (runs(&rule, &baseline, &candidate), runs(&rule, &baseline, &slower));
        prop_assume!(before.resolution == Some(0.0) && after.resolution == Some(0.0));
        prop_assert!(after.verdict >= before.verdict, "{before:?} {after:?}");
    }

    #[test]
    fn order_and_unit_do_not_matter(baseline in sample(), candidate in sample(), unit in 0usize..3) {
        let rule = rule(0.05);
        let once = runs(&rule, &baseline, &candidate);
        let mut turned = (baseline.clone(), candidate.clone());
        turned.0.reverse();
        turned.1.reverse();
        prop_assert_eq!(once, runs(&rule, &turned.0, &turned.1));
        // Powers of two are exact.
        let by = [0.25, 1024.0, 2f64.powi(-30)][unit];
        let other = runs(&rule, &scaled(&baseline, by), &scaled(&candidate, by));
        prop_assert_eq!(once.reason, other.reason);
        if let (Some(one), Some(two)) = (once.upper, other.upper) {
            prop_assert!((one / two - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_estimate_lies_within_its_bounds(baseline in sample(), candidate in sample()) {
        let decision = runs(&rule(0.05), &baseline, &candidate);
        if let (Some(lower), Some(ratio), Some(upper)) = (decision.lower, decision.ratio, decision.upper) {
            prop_assert!(lower <= ratio && ratio <= upper, "{decision:?}");
        }
    }

    #[test]
    fn nothing_is_proven_from_what_is_no_number(mut baseline in sample(), candidate in sample(), bad in 0usize..5) {
        baseline.push([f64::NAN, f64::INFINITY, 0.0, -1.0, f64::NEG_INFINITY][bad]);
        prop_assert_eq!(runs(&rule(0.05), &baseline, &candidate).verdict, Conclusion::Invalid);
        prop_assert_eq!(runs(&rule(0.05), &candidate, &baseline).verdict, Conclusion::Invalid);
    }
}
