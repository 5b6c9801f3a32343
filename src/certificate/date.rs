//! Dates of certificates: `YYYY-MM-DD HH:MM:SS UTC`, and what else can be read as a moment without guessing.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

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
        && let Ok(moment) = value.parse::<Timestamp>()
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

/// Prints a moment as it stands in a file name.
pub(super) fn print_compact(moment: Timestamp) -> String {
    TimeZone::UTC.to_datetime(moment).strftime("%Y%m%d_%H%M%S").to_string()
}

/// True for `YYYYMMDD_HHMMSS` that is a moment.
pub(super) fn is_compact(text: &str) -> bool {
    has_shape(text, "dddddddd_dddddd") && DateTime::strptime("%Y%m%d_%H%M%S", text).is_ok()
}

fn utc(civil: &str) -> Option<Timestamp> {
    let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", civil).ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_form_and_what_is_unambiguous() {
        let moment: Timestamp = "2026-11-22T14:03:00Z".parse().unwrap();
        assert_eq!(read("2026-11-22 14:03:00 UTC"), Reading::Utc(moment));
        assert_eq!(read("2026-11-22T14:03:00Z"), Reading::Other(moment));
        assert_eq!(read("2026-11-22T15:03:00+01:00"), Reading::Other(moment));
        assert_eq!(print(moment), "2026-11-22 14:03:00 UTC");
        assert_eq!(print_compact(moment), "20261122_140300");
        for odd in [
            "",
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
