//! Moments as they are typed: a date with or without a time of day, in UTC, or a duration from now.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Reads a date such as `2026-01-31`, with a time of day or not.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    let moment = text.parse::<Timestamp>().ok();
    moment.or_else(|| civil().map(|zoned| zoned.timestamp()))
}

/// Reads a duration such as `3d` or `12h`.
pub(super) fn duration(text: &str) -> Option<SignedDuration> {
    let days = || -> Option<SignedDuration> {
        let days: i64 = text.strip_suffix('d')?.parse().ok()?;
        Some(SignedDuration::from_hours(days.checked_mul(24)?))
    };
    text.parse().ok().or_else(days)
}
