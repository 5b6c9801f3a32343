//! Dates of certificates: `YYYY-MM-DD HH:MM:SS UTC`, and what else can be read as a moment without guessing.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::change::RepoPath;

/// How a date reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As the format has it.
    Utc(Timestamp),
    /// RFC 3339 with `Z` or an offset: unambiguous, but not the form.
    Other(Timestamp),
    /// Not a moment.
    Unreadable,
}

/// Reads the value of a Date field, without blanks at its ends.
pub(super) fn read(value: &str) -> Reading {
    if let Some(civil) = value.strip_suffix(" UTC")
        && has_shape(civil, "dddd-dd-dd dd:dd:dd")
        && let Some(moment) = utc(civil)
    {
        return Reading::Utc(moment);
    }
    if value.get(..10).is_some_and(|date| has_shape(date, "dddd-dd-dd"))
        && let Some(moment) = value.parse::<Timestamp>().ok().or_else(|| beyond(value))
    {
        return Reading::Other(moment);
    }
    Reading::Unreadable
}

/// Prints a moment as the format has it.
pub(super) fn print(moment: Timestamp) -> String {
    TimeZone::UTC
        .to_datetime(moment)
        .strftime("%Y-%m-%d %H:%M:%S UTC")
        .to_string()
}

/// Prints a moment as it is in a file name.
pub(super) fn print_compact(moment: Timestamp) -> String {
    TimeZone::UTC.to_datetime(moment).strftime("%Y%m%d_%H%M%S").to_string()
}

/// True for `YYYYMMDD_HHMMSS` that is a moment.
pub(super) fn is_compact(text: &str) -> bool {
    has_shape(text, "dddddddd_dddddd") && DateTime::strptime("%Y%m%d_%H%M%S", text).is_ok()
}

fn utc(civil: &str) -> Option<Timestamp> {
    let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", civil).ok()?;
    TimeZone::UTC.to_timestamp(civil).ok().or_else(|| last(civil))
}

/// The last days of the year 9999 are dates, but none that a [`Timestamp`] has: they are ahead of every clock.
fn last(civil: DateTime) -> Option<Timestamp> {
    (civil.year() == 9999).then_some(Timestamp::MAX)
}

/// The same where an offset follows.
fn beyond(value: &str) -> Option<Timestamp> {
    let (civil, offset) = value.split_at_checked(19)?;
    let offset = offset.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let told = matches!(offset, "Z" | "z") || has_shape(offset.get(1..)?, "dd:dd");
    last(DateTime::strptime("%Y-%m-%dT%H:%M:%S", civil).ok().filter(|_| told)?)
}

fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

/// Reads `…_YYYYMMDD_HHMMSS.md`.
pub(super) fn of_file_name(path: &RepoPath) -> Option<Timestamp> {
    let name = std::str::from_utf8(path.file_name()).ok()?;
    let stem = name.strip_suffix(".md")?;
    let mut parts = stem.rsplitn(3, '_');
    let (time, date) = (parts.next()?, parts.next()?);
    let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(time, 6) || !digits(date, 8) {
        return None;
    }
    let number = |text: &str, from: usize, to: usize| text.get(from..to).and_then(|t| t.parse::<i16>().ok());
    let civil = DateTime::new(
        number(date, 0, 4)?,
        number(date, 4, 6)? as i8,
        number(date, 6, 8)? as i8,
        number(time, 0, 2)? as i8,
        number(time, 2, 4)? as i8,
        number(time, 4, 6)? as i8,
        0,
    )
    .ok()?;
    TimeZone::UTC.to_timestamp(civil).ok().or_else(|| last(civil))
}

/// How a date is kept: in full seconds since 1970, which is all that the format has.
pub(super) mod seconds {
    use jiff::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(date: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        date.map(Timestamp::as_second).serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        let seconds = Option::<i64>::deserialize(from)?;
        Ok(seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_tell_a_date() {
        let date = |name: &str| of_file_name(&RepoPath::from(name)).map(|t| t.to_string());
        assert_eq!(
            date("c/review_gpu_20261122_140300.md").as_deref(),
            Some("2026-11-22T14:03:00Z")
        );
        assert_eq!(date("c/review_gpu_20261322_140300.md"), None);
        assert_eq!(date("c/review.md"), None);
        assert_eq!(date("c/stop_gpu_99991231_235959.md"), Some(Timestamp::MAX.to_string()));
    }

    #[test]
    fn reads_the_form_and_what_is_unambiguous() {
        let moment: Timestamp = "2026-11-22T14:03:00Z".parse().unwrap();
        assert_eq!(read("2026-11-22 14:03:00 UTC"), Reading::Utc(moment));
        assert_eq!(read("2026-11-22T14:03:00Z"), Reading::Other(moment));
        assert_eq!(read("2026-11-22T15:03:00+01:00"), Reading::Other(moment));
        assert_eq!(print(moment), "2026-11-22 14:03:00 UTC");
        assert_eq!(print_compact(moment), "20261122_140300");
        assert_eq!(read("9999-12-31 23:59:59 UTC"), Reading::Utc(Timestamp::MAX));
        assert_eq!(read("9999-12-31T23:59:59-11:00"), Reading::Other(Timestamp::MAX));
        assert_eq!(read("9999-12-31T23:59:59.5Z"), Reading::Other(Timestamp::MAX));
        for odd in [
            "",
            "9999-12-32 00:00:00 UTC",
            "9999-12-31T23:59:59",
            "2026-11-22",
            "2026-11-22 14:03:00",
            "2026-11-22 14:03:00 CET",
            "2026-13-01 00:00:00 UTC",
            "2026-02-30 00:00:00 UTC",
            "22 Nov 2026",
            "2026-11-22 14:03 UTC",
            "2026-11-22T14:03:00",
            "+012026-11-22T14:03:00Z",
            "２026-11-22 14:03:00 UTC",
        ] {
            assert_eq!(read(odd), Reading::Unreadable, "{odd}");
        }
        assert!(is_compact("20261122_140300") && !is_compact("20261322_140300") && !is_compact("2026-1122_14030"));
    }
}
