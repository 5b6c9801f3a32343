//! The pictures of evidence: small, without text that would be too small to read on a telephone.

use maud::{Markup, PreEscaped};

use super::super::svg::{Ink, Picture, Scale, figure};
use crate::evidence::bound::Shown;

const WIDTH: f64 = 320.0;
const LEFT: f64 = 10.0;
const RIGHT: f64 = 310.0;

/// A ratio with its bounds, against 1 and what is accepted.
pub(super) fn interval(shown: &Shown, accepted: Option<f64>, id: &str) -> Option<Markup> {
    let ratio = shown.ratio.filter(|ratio| *ratio > 0.0)?;
    let figures = [Some(ratio), shown.lower, shown.upper, accepted, Some(1.0)];
    let scale = Scale::over(figures.into_iter().flatten(), LEFT, RIGHT)?;
    let mut picture = Picture::new(WIDTH);
    picture.line((LEFT, 22.0), (RIGHT, 22.0), 0.5, Ink::Frame);
    let mut said = format!("Ratio {}", figure(ratio));
    for (at, name) in [(Some(1.0), "1"), (accepted, "accepted")] {
        let Some(at) = at else { continue };
        let x = scale.at(at);
        picture.line((x, 8.0), (x, 36.0), 1.0, Ink::Frame);
        picture.text(x.clamp(24.0, RIGHT - 24.0), 48.0, false, name);
    }
    if let (Some(lower), Some(upper)) = (shown.lower, shown.upper)
        && lower > 0.0
        && upper.is_finite()
    {
        picture.line((scale.at(lower), 22.0), (scale.at(upper), 22.0), 3.0, Ink::After);
        said.push_str(&format!(", between {} and {}", figure(lower), figure(upper)));
    }
    picture.dot(scale.at(ratio), 22.0, Ink::After, &format!("ratio {}", figure(ratio)));
    if let Some(accepted) = accepted {
        said.push_str(&format!("; accepted up to {}", figure(accepted)));
    }
    let title = format!("{} {}: ratio", shown.benchmark, shown.metric);
    Some(PreEscaped(picture.inline(54.0, id, &title, &said)))
}
