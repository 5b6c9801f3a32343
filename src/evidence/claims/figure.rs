//! Figures as they are printed: the number, its last digit, its unit, and which values may have been rounded to it.

use super::interval::Interval;

/// What a figure counts or measures.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unit {
    /// Nothing beside it that is known.
    None,
    /// `%`.
    Percent,
    /// Per-cent points.
    Points,
    /// `x`: a multiple.
    Times,
    /// A unit of measure.
    Measure(Measure),
}

/// A unit of measure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measure {
    /// What it measures: `time`, `bytes`, or for a rate the unit itself.
    pub(super) dimension: String,
    /// How many of the dimension's base unit it is.
    pub(super) factor: f64,
    /// True for something per time.
    pub(super) rate: bool,
    /// The power of 1,000 in a decimal prefix of bytes, which some mean as one of 1,024.
    pub(super) kilo: i32,
    /// True for a prefix such as `Ki`.
    pub(super) binary: bool,
}

/// A sign that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// None.
    None,
    /// `+`.
    Plus,
    /// `-`.
    Minus,
}

/// How far a figure commits its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// It is this.
    Exact,
    /// It is about this.
    Approx,
    /// This or more.
    AtLeast,
    /// This or less.
    AtMost,
    /// More than this.
    Above,
    /// Less than this.
    Below,
}

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    /// Where it is in the text, sign and unit included.
    pub(super) range: std::ops::Range<usize>,
    /// The size, as printed.
    pub(super) value: f64,
    /// The end of a range such as `10-30`.
    pub(super) upper: Option<f64>,
    /// The worth of one in the last place.
    pub(super) step: f64,
    /// The worth of one in the last place that is not a zero before the point; `step` where there is none.
    pub(super) coarse: f64,
    pub(super) sign: Sign,
    pub(super) bound: Bound,
    pub(super) unit: Unit,
    /// True where it may be read in two ways, such as `1.234,5` and `±3`.
    pub(super) ambiguous: bool,
    /// True for an integer without a fraction.
    pub(super) whole: bool,
}

impl Figure {
    /// The values that round to it at its last place.
    pub(super) fn rounded(&self) -> Interval {
        let half = self.step / 2.0;
        let more = if self.bound == Bound::Approx { self.step } else { 0.0 };
        Interval::new(self.value - half - more, self.upper.unwrap_or(self.value) + half + more)
    }

    /// The values that round to it where zeros at its end are no digits: `30` is 25 to 35, `10` is 9.5 to 15.
    pub(super) fn rounded_coarsely(&self) -> Interval {
        let half = self.coarse / 2.0;
        let first_is_one = (self.value - self.coarse).abs() < self.step / 2.0;
        let below = if first_is_one { half / 10.0 } else { half };
        Interval::new(self.value - below, self.value + half)
    }

    /// The operand that it is: a size that cannot be negative, rounded as printed, in the base unit of its dimension.
    pub(super) fn operand(&self, exact: bool) -> Interval {
        let factor = match &self.unit {
            Unit::Measure(measure) => measure.factor,
            _ => 1.0,
        };
        let zero = self.value == 0.0 && self.whole;
        let interval = match exact || zero {
            true => Interval::point(self.value),
            false => self.rounded(),
        };
        Interval::new(interval.lo.max(0.0), interval.hi).scaled(factor)
    }

    /// The same in base units, as printed.
    pub(super) fn base(&self) -> f64 {
        match &self.unit {
            Unit::Measure(measure) => self.value * measure.factor,
            _ => self.value,
        }
    }

    pub(super) fn is(&self, unit: &Unit) -> bool {
        self.unit == *unit
    }

    /// What the unit measures; empty where there is none.
    pub(super) fn dimension(&self) -> &str {
        match &self.unit {
            Unit::Measure(measure) => &measure.dimension,
            Unit::Percent => "%",
            Unit::Points => "points",
            Unit::Times => "x",
            Unit::None => "",
        }
    }

    /// Whether a value can have been printed as this figure, one-sided words and all. `limit` is true where zeros at its end are digits,
    /// as in `100 %` of a whole.
    pub(super) fn allows(&self, value: Interval, limit: bool) -> bool {
        let half = self.step / 2.0;
        let fine = self.rounded();
        match self.bound {
            Bound::AtLeast => Interval::new(self.value - half, f64::MAX).meets(value),
            Bound::AtMost => Interval::new(f64::MIN, self.upper.unwrap_or(self.value) + half).meets(value),
            Bound::Above => value.hi > self.value,
            Bound::Below => value.lo < self.upper.unwrap_or(self.value),
            Bound::Exact | Bound::Approx => {
                let coarse = !limit && self.upper.is_none() && self.coarse > self.step;
                fine.meets(value) || (coarse && self.rounded_coarsely().meets(value))
            }
        }
    }
}

/// A unit of measure by its name, case and all; `per` is what is behind a slash or "per".
pub(super) fn measure(word: &str, per: Option<&str>) -> Option<Measure> {
    let plain = plain_measure(word);
    let Some(per) = per else {
        return plain.or_else(|| rate_word(word));
    };
    let timed = plain_measure(per).filter(|measure| measure.dimension == "time");
    let (name, factor, kilo, binary) = match plain {
        Some(measure) => (measure.dimension, measure.factor, measure.kilo, measure.binary),
        None => (word.to_lowercase(), 1.0, 0, false),
    };
    Some(match timed {
        Some(time) => Measure {
            dimension: format!("{name}/s"),
            factor: factor / time.factor,
            rate: true,
            kilo,
            binary,
        },
        None => Measure {
            dimension: format!("{name}/{}", per.to_lowercase()),
            factor,
            rate: false,
            kilo,
            binary,
        },
    })
}

fn rate_word(word: &str) -> Option<Measure> {
    let lower = word.to_ascii_lowercase();
    matches!(lower.as_str(), "fps" | "qps" | "rps" | "tps" | "iops" | "ips").then(|| Measure {
        dimension: lower,
        factor: 1.0,
        rate: true,
        kilo: 0,
        binary: false,
    })
}

fn plain_measure(word: &str) -> Option<Measure> {
    let (dimension, factor) = match word {
        "ns" | "nsec" | "nanosecond" | "nanoseconds" => ("time", 1e-9),
        "us" | "µs" | "μs" | "usec" | "microsecond" | "microseconds" => ("time", 1e-6),
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => ("time", 1e-3),
        "s" | "sec" | "secs" | "second" | "seconds" => ("time", 1.0),
        "min" | "mins" | "minute" | "minutes" => ("time", 60.0),
        "h" | "hr" | "hrs" | "hour" | "hours" => ("time", 3600.0),
        "Hz" => ("frequency", 1.0),
        "kHz" => ("frequency", 1e3),
        "MHz" => ("frequency", 1e6),
        "GHz" => ("frequency", 1e9),
        "mW" => ("power", 1e-3),
        "W" => ("power", 1.0),
        "kW" => ("power", 1e3),
        _ => return bytes(word),
    };
    Some(Measure {
        dimension: dimension.to_owned(),
        factor,
        rate: false,
        kilo: 0,
        binary: false,
    })
}

fn bytes(word: &str) -> Option<Measure> {
    let (kilo, binary) = match word {
        "B" | "byte" | "bytes" | "Byte" | "Bytes" => (0, false),
        "kB" | "KB" | "kb" => (1, false),
        "MB" | "mb" => (2, false),
        "GB" | "gb" => (3, false),
        "TB" | "tb" => (4, false),
        "KiB" | "kiB" => (1, true),
        "MiB" => (2, true),
        "GiB" => (3, true),
        "TiB" => (4, true),
        _ => return None,
    };
    let base: f64 = if binary { 1024.0 } else { 1000.0 };
    Some(Measure {
        dimension: "bytes".to_owned(),
        factor: base.powi(kilo),
        rate: false,
        kilo,
        binary,
    })
}

/// A number and how it was printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    pub(super) step: f64,
    pub(super) coarse: f64,
    pub(super) whole: bool,
    pub(super) ambiguous: bool,
    /// How many bytes it took.
    pub(super) length: usize,
}

/// Reads a number without a sign from the start of a text: `41.8`, `1,240`, `1.5e6`. `None` where what is there is no plain number:
/// a version, a date.
pub(super) fn number(text: &str) -> Option<Number> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    if !digit(0) {
        return None;
    }
    let mut digits = String::new();
    let (mut at, mut decimals, mut ambiguous) = (0, None::<u32>, false);
    let mut groups_apart_from_the_first = 0;
    loop {
        while digit(at) {
            digits.push(char::from(bytes.get(at).copied().unwrap_or(b'0')));
            at += 1;
            if let Some(decimals) = &mut decimals {
                *decimals += 1;
            }
        }
        let rest = text.get(at..).unwrap_or_default();
        let run = |from: usize| (from..).take_while(|at| digit(*at)).count();
        if let Some(width) = separator(rest) {
            // Three digits are a group of thousands, other than behind a group that was none.
            let group =
                run(at + width) == 3 && decimals.is_none() && digits.len() <= 3 + 3 * groups_apart_from_the_first;
            if group {
                at += width;
                groups_apart_from_the_first += 1;
                continue;
            }
            if rest.starts_with(',') && digit(at + 1) {
                // A decimal comma, or a list without blanks.
                let fraction = run(at + 1);
                ambiguous = true;
                at += 1 + fraction;
            }
            break;
        }
        if rest.starts_with('.') && digit(at + 1) {
            if decimals.is_some() {
                return None;
            }
            decimals = Some(0);
            at += 1;
            continue;
        }
        break;
    }
    let mut value: f64 = digits.parse().ok()?;
    let places = i32::try_from(decimals.unwrap_or(0)).unwrap_or(0);
    let mut step = 10f64.powi(-places);
    // Dividing keeps what was printed: 36.4 is 364 / 10.
    value /= 10f64.powi(places);
    if let Some((power, width)) = exponent(text.get(at..).unwrap_or_default()) {
        value *= 10f64.powi(power);
        step *= 10f64.powi(power);
        at += width;
    }
    let zeros = match decimals {
        None => digits.bytes().rev().take_while(|byte| *byte == b'0').count(),
        Some(_) => 0,
    };
    let zeros = if value == 0.0 { 0 } else { zeros };
    (value.is_finite() && step.is_finite()).then(|| Number {
        value,
        step,
        coarse: step * 10f64.powi(i32::try_from(zeros).unwrap_or(0)),
        whole: decimals.is_none(),
        ambiguous,
        length: at,
    })
}

/// The width of a mark that may divide thousands.
fn separator(rest: &str) -> Option<usize> {
    let first = rest.chars().next()?;
    matches!(first, ',' | '_' | '\u{a0}' | '\u{202f}' | '\u{2009}').then(|| first.len_utf8())
}

fn exponent(rest: &str) -> Option<(i32, usize)> {
    let tail = rest.strip_prefix(['e', 'E'])?;
    let signed = tail.strip_prefix(['-', '+']).unwrap_or(tail);
    let digits = signed.bytes().take_while(u8::is_ascii_digit).count();
    let after = signed.get(digits..)?.chars().next();
    if digits == 0 || digits > 3 || after.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let width = rest.len() - signed.len() + digits;
    let power: i32 = rest.get(1..width)?.parse().ok()?;
    Some((power, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (f64, f64, bool, usize) {
        let number = number(text).unwrap();
        (number.value, number.step, number.ambiguous, number.length)
    }

    #[test]
    fn numbers_are_read_as_printed() {
        assert_eq!(read("36.4 ms"), (36.4, 0.1, false, 4));
        assert_eq!(read("1,240 → 1,389"), (1240.0, 1.0, false, 5));
        assert_eq!(read("1,240,000.5"), (1_240_000.5, 0.1, false, 11));
        assert_eq!(read("12_500"), (12500.0, 1.0, false, 6));
        assert_eq!(read("1.5e6"), (1.5e6, 1e5, false, 5));
        assert_eq!(read("2\u{202f}400 ms"), (2400.0, 1.0, false, 7));
    }

    #[test]
    fn a_comma_that_may_be_either_is_ambiguous() {
        assert!(read("1.234,5 ms").2);
        assert!(read("0,92 s").2);
        assert_eq!(number("1.2.3"), None);
        assert_eq!(number("x1"), None);
    }

    #[test]
    fn zeros_at_the_end_may_be_no_digits() {
        let coarse = |text| number(text).unwrap().coarse;
        assert_eq!(
            (coarse("30"), coarse("320"), coarse("30.0"), coarse("0")),
            (10.0, 10.0, 0.1, 1.0)
        );
    }

    #[test]
    fn units_are_known_by_their_case() {
        let factor = |word| measure(word, None).unwrap().factor;
        assert_eq!(factor("GiB") / factor("GB"), 1.073_741_824);
        assert_eq!(measure("samples", Some("s")).unwrap().dimension, "samples/s");
        assert!(measure("MB", Some("sec")).unwrap().rate);
        assert_eq!(measure("tests", None), None);
    }
}
