//! Benchmark files and profiles: what is read of them decides whether an approval counts.
//!
//! The first byte chooses the reader: 0 and the like a benchmark file, whose format is found by the content; 1 the four files of a
//! criterion directory, parted by zero bytes; 2 a profile.

use std::collections::BTreeSet;

use certgate::evidence::formats::{CriterionFiles, Reading, read, read_criterion};
use certgate::evidence::measurement::Kind;
use certgate::evidence::profiles;

/// Reads the bytes as one of the three.
pub fn check(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else {
        return;
    };
    match which % 3 {
        0 => read(rest).iter().for_each(sound),
        1 => {
            let mut files = rest.split(|byte| *byte == 0);
            let files = CriterionFiles {
                benchmark: files.next(),
                sample: files.next(),
                estimates: files.next(),
                raw_csv: files.next(),
            };
            read_criterion(&files).iter().for_each(sound);
        }
        _ => profile(rest),
    }
}

/// What holds of every measurement.
fn sound(reading: &Reading) {
    let mut names = BTreeSet::new();
    for row in &reading.measurements {
        assert!(names.insert((&row.benchmark, &row.metric)), "{row:?}");
        if let Kind::Invalid(reason) = &row.kind {
            assert!(
                !reason.is_empty() && row.value.is_none() && row.values.is_empty(),
                "{row:?}"
            );
            continue;
        }
        let value = row.value.expect("a value");
        assert!(value.is_finite() && row.runs > 0, "{row:?}");
        let raw = matches!(row.kind, Kind::Runs | Kind::Within);
        assert_eq!(raw, raw && !row.values.is_empty(), "{row:?}");
        assert!(row.values.iter().flatten().all(|value| value.is_finite()), "{row:?}");
        if raw {
            assert_eq!(row.values.len() as u64, row.runs.max(1), "{row:?}");
            assert!(row.run_values().iter().any(|run| *run <= value), "{row:?}");
        }
    }
}

/// What holds of every profile, but for rounding.
fn profile(bytes: &[u8]) {
    let Ok(profile) = profiles::read(bytes) else { return };
    assert!(!profile.axes.is_empty());
    for axis in &profile.axes {
        assert!(axis.total > 0.0);
        for found in &axis.functions {
            let shares = [axis.share(found.own), axis.share(found.inclusive)];
            assert!(
                shares.iter().all(|share| (0.0..=1.0).contains(share)),
                "{found:?} of {}",
                axis.total
            );
        }
    }
}
