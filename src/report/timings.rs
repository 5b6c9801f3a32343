//! What a run cost: a table for people, and `timings` in JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::progress::Timings;

#[derive(Serialize)]
pub(super) struct JsonTimings {
    total_ms: f64,
    rooms_ms: BTreeMap<&'static str, f64>,
    #[serde(flatten)]
    counts: BTreeMap<&'static str, usize>,
}

impl From<&Timings> for JsonTimings {
    fn from(timings: &Timings) -> Self {
        Self {
            total_ms: milliseconds(timings.total),
            rooms_ms: timings
                .rooms
                .iter()
                .map(|(room, spent)| (*room, milliseconds(*spent)))
                .collect(),
            counts: timings.counts.iter().copied().collect(),
        }
    }
}

/// To a microsecond.
fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// The table: the rooms in the order in which a question passes them, what is left of the time, and the counts.
pub fn timings_table(timings: &Timings) -> String {
    let rooms: Duration = timings.rooms.iter().map(|(_, spent)| *spent).sum();
    let other = ("other", timings.total.saturating_sub(rooms));
    let times = timings.rooms.iter().copied().chain([other, ("total", timings.total)]);
    let mut text = String::new();
    for (name, spent) in times {
        text.push_str(&format!("{name:<18} {:>10.3} ms\n", milliseconds(spent)));
    }
    for (name, count) in &timings.counts {
        text.push_str(&format!("{:<18} {count:>6}\n", name.replace('_', " ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_the_time_is_shown() {
        let timings = Timings {
            total: Duration::from_millis(10),
            rooms: vec![("intake", Duration::from_micros(2500)), ("verdict", Duration::ZERO)],
            counts: vec![("git_processes", 3)],
        };
        assert_eq!(
            timings_table(&timings),
            "intake                  2.500 ms\n\
             verdict                 0.000 ms\n\
             other                   7.500 ms\n\
             total                  10.000 ms\n\
             git processes           3\n"
        );
    }
}
