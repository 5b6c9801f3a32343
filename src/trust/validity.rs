//! When a key may sign: the dates of allowed_signers (ssh-keygen(1), TIME INTERVALS in ALLOWED SIGNERS).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Reads `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, each with or without `Z`, as seconds. Without it OpenSSH means the local time of
/// whoever asks; a gate must answer alike everywhere, so it is UTC either way.
pub(super) fn parse(text: &str) -> Option<i64> {
    let ends = |end: &str| {
        let at = text.len().checked_sub(end.len())?;
        let (head, tail) = text.split_at_checked(at)?;
        tail.eq_ignore_ascii_case(end).then_some(head)
    };
    let digits = ends("Z").or_else(|| ends("UTC")).unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<i8>().ok();
    let (hour, minute, second) = match digits.len() {
        8 => (0, 0, 0),
        12 => (number(8, 10)?, number(10, 12)?, 0),
        14 => (number(8, 10)?, number(10, 12)?, number(12, 14)?),
        _ => return None,
    };
    let year = digits.get(0..4)?.parse::<i16>().ok()?;
    let date = DateTime::new(year, number(4, 6)?, number(6, 8)?, hour, minute, second, 0).ok()?;
    let seconds = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    (seconds > 0).then_some(seconds)
}

/// From and until, both inclusive, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) after: Option<i64>,
    pub(super) before: Option<i64>,
}

/// How moments lie to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Within,
    TooEarly,
    TooLate,
}

impl Window {
    /// Whether all moments lie within; no moment lies in a window that has an end.
    pub(super) fn fit(self, at: &[Timestamp]) -> Fit {
        let seconds = || at.iter().map(|moment| moment.as_second());
        if let Some(after) = self.after
            && seconds().any(|second| second < after)
        {
            return Fit::TooEarly;
        }
        if let Some(before) = self.before
            && (at.is_empty() || seconds().any(|second| second > before))
        {
            return Fit::TooLate;
        }
        match self.after.is_some() && at.is_empty() {
            true => Fit::TooEarly,
            false => Fit::Within,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_as_utc() {
        assert_eq!(parse("20240101"), Some(1_704_067_200));
        assert_eq!(parse("20240101Z"), Some(1_704_067_200));
        assert_eq!(parse("20240101utc"), Some(1_704_067_200));
        assert_eq!(parse("202401010102"), Some(1_704_067_200 + 3720));
        assert_eq!(parse("20240101010203Z"), Some(1_704_067_200 + 3723));
        for bad in [
            "",
            "Z",
            "2024",
            "20240230",
            "2024-01-01",
            "20241301",
            "202401012560",
            "19700101Z",
            "+0240101",
            "２0240101",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn windows_include_their_ends() {
        let at = |second| [Timestamp::from_second(second).unwrap()];
        let window = Window {
            after: Some(10),
            before: Some(20),
        };
        assert_eq!(window.fit(&at(10)), Fit::Within);
        assert_eq!(window.fit(&at(20)), Fit::Within);
        assert_eq!(window.fit(&at(9)), Fit::TooEarly);
        assert_eq!(window.fit(&at(21)), Fit::TooLate);
        assert_eq!(window.fit(&[at(15)[0], at(25)[0]]), Fit::TooLate);
        assert_eq!(window.fit(&[]), Fit::TooLate);
        assert_eq!(Window::default().fit(&[]), Fit::Within);
    }
}
