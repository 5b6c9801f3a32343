//! Pictures that a browser, a forge and a screen reader can take: small hand-made SVG, without scripts, fonts or anything from outside.

use std::fmt::Write as _;

use crate::diagnostic::sanitize;

/// How a mark looks; colours that stay apart for people who do not see red and green apart, on white and on black.
#[derive(Clone, Copy)]
pub(super) enum Ink {
    /// The baseline, or the series.
    Before,
    /// The candidate, or the levels.
    After,
    /// Axes and captions.
    Frame,
}

impl Ink {
    fn class(self) -> &'static str {
        match self {
            Self::Before => "b",
            Self::After => "a",
            Self::Frame => "f",
        }
    }
}

const STYLE: &str = ".b{stroke:#0072b2;fill:#0072b2}.a{stroke:#d55e00;fill:#d55e00}.f{stroke:#767676;fill:#767676}\
text{font:12px system-ui,sans-serif;stroke:none;fill:#1a1a1a}.n{fill:none}\
@media(prefers-color-scheme:dark){text{fill:#e6e6e6}.f{stroke:#a0a0a0;fill:#a0a0a0}}";

/// A picture in the making. Its measures are pixels.
pub(super) struct Picture {
    width: f64,
    body: String,
}

impl Picture {
    /// An empty one.
    pub(super) fn new(width: f64) -> Self {
        Self {
            width,
            body: String::new(),
        }
    }

    /// Text that begins at a place, or ends there.
    pub(super) fn text(&mut self, x: f64, y: f64, ends: bool, text: &str) {
        let anchor = if ends { " text-anchor=\"end\"" } else { "" };
        let text = escaped(text);
        let _infallible = writeln!(self.body, "<text x=\"{x:.1}\" y=\"{y:.1}\"{anchor}>{text}</text>");
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, ink: Ink) {
        let _infallible = writeln!(
            self.body,
            "<line class=\"{}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke-width=\"{width}\"/>",
            ink.class(),
            from.0,
            from.1,
            to.0,
            to.1,
        );
    }

    /// A dot that says what it is when it is pointed at. The candidate's are hollow, so that shape tells what colour tells.
    pub(super) fn dot(&mut self, x: f64, y: f64, ink: Ink, says: &str) {
        let hollow = if matches!(ink, Ink::After) { " n" } else { "" };
        let _infallible = writeln!(
            self.body,
            "<circle class=\"{}{hollow}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" stroke-width=\"1.5\"><title>{}</title></circle>",
            ink.class(),
            escaped(says),
        );
    }

    /// The picture, with what a screen reader says of it.
    pub(super) fn finish(self, height: f64, title: &str, description: &str) -> String {
        let (width, title, description) = (self.width, escaped(title), escaped(description));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"title description\" width=\"{width}\" \
             height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n<title id=\"title\">{title}</title>\n\
             <desc id=\"description\">{description}</desc>\n<style>{STYLE}</style>\n{}</svg>\n",
            self.body
        )
    }

    /// The picture as a part of a page, which has the style; ids begin with `id`.
    pub(super) fn inline(self, height: f64, id: &str, title: &str, description: &str) -> String {
        let (width, title, description) = (self.width, escaped(title), escaped(description));
        format!(
            "<svg role=\"img\" aria-labelledby=\"{id}-title {id}-description\" viewBox=\"0 0 {width} {height}\">\n\
             <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-description\">{description}</desc>\n{}</svg>\n",
            self.body
        )
    }
}

/// Maps numbers to pixels; logarithmic, as the decision is.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// From the least to the greatest of numbers above zero, with some room, to `from..to`. None where there is no such number.
    pub(super) fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Option<Self> {
        let logs = values.filter(|value| *value > 0.0 && value.is_finite()).map(f64::ln);
        let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), log| {
            (low.min(log), high.max(log))
        });
        if low > high {
            return None;
        }
        let room = ((high - low) * 0.08).max(0.005);
        Some(Self {
            low: low - room,
            high: high + room,
            from,
            to,
        })
    }

    /// Where a number above zero lies.
    pub(super) fn at(self, value: f64) -> f64 {
        self.from + (self.to - self.from) * (value.ln() - self.low) / (self.high - self.low)
    }
}

/// Text as XML has it, without anything that XML cannot hold.
fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for character in sanitize(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            _ => safe.push(character),
        }
    }
    safe
}

/// A number with four digits that count.
pub(super) fn figure(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e6).contains(&size) {
        return format!("{value:.3e}");
    }
    let before = size.log10().floor() as i32 + 1;
    let after = usize::try_from(4 - before.max(0)).unwrap_or(0) + usize::try_from(-before.min(0)).unwrap_or(0);
    format!("{value:.after$}")
}

/// A ratio as more or less, in percent.
pub(super) fn percent(step: f64) -> String {
    format!("{:+.1} %", step * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_four_digits() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1.000"),
            (0.012_345_6, "0.01235"),
            (123.456, "123.5"),
            (98765.0, "98765"),
            (1e-7, "1.000e-7"),
            (4_358_144.0, "4.358e6"),
        ] {
            assert_eq!(figure(value), text);
        }
        assert_eq!(percent(0.0512), "+5.1 %");
    }

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escaped("<a b=\"c\">&"), "&lt;a b=&quot;c&quot;&gt;&amp;");
        let mut picture = Picture::new(10.0);
        picture.text(1.0, 2.0, true, "</svg><script>");
        picture.dot(1.0, 2.0, Ink::After, "\u{1b}[2J\u{0}");
        let svg = picture.finish(20.0, "a & b", "<c>");
        assert!(
            !svg.contains("<script") && !svg.contains('\u{1b}') && !svg.contains('\u{0}'),
            "{svg}"
        );
        assert_eq!(svg.matches("</svg>").count(), 1);
    }

    #[test]
    fn a_scale_needs_a_number_above_zero() {
        assert!(Scale::over([0.0, -1.0].into_iter(), 0.0, 1.0).is_none());
        let scale = Scale::over([1.0, 4.0].into_iter(), 0.0, 100.0).unwrap();
        assert!((scale.at(2.0) - 50.0).abs() < 1e-9);
        assert!(scale.at(1.0) > 0.0 && scale.at(4.0) < 100.0);
    }
}
