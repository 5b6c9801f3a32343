//! Conditions that a gate can check: `metric NAME ≤ VALUE`, `by DATE …`, `certificate ID`. What is not in one of these forms is for people.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::Condition;

/// A condition that can be checked, and when it is due.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    /// What must be so.
    pub check: DueCheck,
    /// Until when; `None`: some day.
    pub by: Option<Timestamp>,
}

/// What must be so.
#[derive(Clone, Debug, PartialEq)]
pub enum DueCheck {
    /// A metric keeps to a limit, as bound evidence of the component shows.
    Metric {
        /// Which metric.
        metric: String,
        /// Of which benchmark; `None`: of each that has it.
        benchmark: Option<String>,
        /// Whether at least so much, rather than at most.
        at_least: bool,
        /// How much.
        value: f64,
        /// The unit; empty: that of the files.
        unit: String,
    },
    /// A certificate of this id approves.
    Certificate(String),
    /// Something that only people can tell: met when a later certificate supersedes the one with the condition.
    Told,
}

impl Condition {
    /// What a gate checks of it; `None` where it is for people, and has no date.
    pub fn due(&self) -> Option<Due> {
        let text = plain(&self.text);
        let (text, first) = match text.strip_prefix("by ").and_then(date_before) {
            Some((by, rest)) => (rest.to_owned(), Some(by)),
            None => (text, None),
        };
        let (text, last) = match text.rsplit_once(" by ") {
            Some((before, date)) => match date_before(date) {
                Some((by, "")) => (before.to_owned(), Some(by)),
                _ => (text, None),
            },
            None => (text, None),
        };
        let by = match (first, last) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let check = certificate(&text).or_else(|| metric(&text)).unwrap_or(DueCheck::Told);
        (check != DueCheck::Told || by.is_some()).then_some(Due { check, by })
    }
}

/// Without what Markdown escapes, and without code marks.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' if rest.peek().is_some_and(char::is_ascii_punctuation) => out.extend(rest.next()),
            '`' => {}
            c if c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
    out.split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A date at the beginning, and what comes behind it. A day is over at its end, in UTC.
fn date_before(text: &str) -> Option<(Timestamp, &str)> {
    let moment = text.get(..19).and_then(|civil| civil.parse::<DateTime>().ok());
    let (moment, rest) = match moment {
        Some(moment) => {
            let rest = text.get(19..)?;
            (
                moment,
                rest.strip_prefix(" UTC")
                    .or_else(|| rest.strip_prefix('Z'))
                    .unwrap_or(rest),
            )
        }
        None => {
            let date: Date = text.get(..10)?.parse().ok()?;
            (date.at(23, 59, 59, 0), text.get(10..)?)
        }
    };
    let moment = moment.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let bare = rest.trim_start_matches([':', ',', ';']);
    (rest.is_empty() || bare.len() < rest.len() || rest.starts_with(' ')).then(|| (moment, bare.trim()))
}

fn certificate(text: &str) -> Option<DueCheck> {
    let id = text.strip_prefix("certificate ")?.trim();
    let one = !id.is_empty() && !id.contains(' ');
    one.then(|| DueCheck::Certificate(id.to_owned()))
}

fn metric(text: &str) -> Option<DueCheck> {
    let text = text.strip_prefix("metric ")?;
    let marks = [("≤", false), ("<=", false), ("≥", true), (">=", true)];
    let (name, at_least, limit) = marks.iter().find_map(|(mark, at_least)| {
        let (name, limit) = text.split_once(mark)?;
        Some((name.trim(), *at_least, limit.trim()))
    })?;
    let (metric, benchmark) = match name.split_once(" of ") {
        Some((metric, benchmark)) => (metric.trim(), Some(benchmark.trim().to_owned())),
        None => (name, None),
    };
    let end = limit
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_')))
        .unwrap_or(limit.len());
    let (number, unit) = limit.split_at(end);
    let value: f64 = number.replace('_', "").parse().ok()?;
    (!metric.is_empty() && value.is_finite()).then(|| DueCheck::Metric {
        metric: metric.to_owned(),
        benchmark,
        at_least,
        value,
        unit: unit.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(text: &str) -> Option<Due> {
        let condition = Condition {
            text: text.to_owned(),
            met: false,
        };
        condition.due()
    }

    #[test]
    fn the_three_forms_are_read_with_and_without_a_date() {
        let day = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let metric = |benchmark: Option<&str>, value: f64, unit: &str| DueCheck::Metric {
            metric: "time".to_owned(),
            benchmark: benchmark.map(str::to_owned),
            at_least: false,
            value,
            unit: unit.to_owned(),
        };
        for (text, check, by) in [
            ("metric time ≤ 250 ms", metric(None, 250.0, "ms"), None),
            ("metric `time` \\<= 0.25", metric(None, 0.25, ""), None),
            (
                "metric time of lex big.txt ≤ 1_000ns",
                metric(Some("lex big.txt"), 1000.0, "ns"),
                None,
            ),
            (
                "by 2026-12-24: metric time ≤ 3 s",
                metric(None, 3.0, "s"),
                day("2026-12-24T23:59:59Z"),
            ),
            (
                "certificate 01JD by 2026-12-24",
                DueCheck::Certificate("01JD".to_owned()),
                day("2026-12-24T23:59:59Z"),
            ),
            (
                "by 2026-12-24 12:00:00 UTC remove the fallback",
                DueCheck::Told,
                day("2026-12-24T12:00:00Z"),
            ),
        ] {
            assert_eq!(due(text), Some(Due { check, by }), "{text}");
        }
        for text in [
            "measure again",
            "by hand",
            "by 2026-13-01 x",
            "metric time",
            "certificate of the lead",
            "by 2026-12-245 x",
        ] {
            assert_eq!(due(text), None, "{text}");
        }
    }
}
