//! Benchmark files and profiles: what is read of them decides whether an approval counts.
//!
//! The first byte chooses the reader: 0 and the like a benchmark file, whose format is found by the content; 1 the four files of a
//! criterion directory, parted by zero bytes; 2 a profile; 3 the reader that the second byte names, whatever the content looks like; 4 the
//! block of BENCHMARKS.

use std::collections::BTreeSet;

use certgate::certificate::{parse_benchmarks, render_benchmarks};
use certgate::evidence::formats::{CriterionFiles, Format, Reading, read, read_as, read_criterion};
use certgate::evidence::measurement::Kind;
use certgate::evidence::profiles;

/// Reads the bytes as one of the three.
pub fn check(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else {
        return;
    };
    match which % 5 {
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
        2 => profile(rest),
        3 => {
            let Some((format, rest)) = rest.split_first() else {
                return;
            };
            let format = Format::ALL[usize::from(*format) % Format::ALL.len()];
            read_as(format, rest).iter().for_each(sound);
        }
        _ => block(&String::from_utf8_lossy(rest)),
    }
}

/// A block that reads is printed so that it reads the same.
fn block(text: &str) {
    let Ok(read) = parse_benchmarks(text, 1) else { return };
    let printed = render_benchmarks(&read);
    let again = parse_benchmarks(&printed, 1).expect("what was printed reads");
    assert_eq!(render_benchmarks(&again), printed);
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
