//! The pictures of evidence: small, without text that would be too small to read on a telephone.

use maud::{Markup, PreEscaped};

use super::super::svg::{Ink, Picture, Scale, figure, percent};
use crate::evidence::bound::{Runs, Shown};
use crate::evidence::trend::Trend;
use crate::gate::MetricSeries;

const WIDTH: f64 = 320.0;
const LEFT: f64 = 10.0;
const RIGHT: f64 = 310.0;
/// Most dots of a side; of more runs, so many spread evenly over them in order of size.
const DOTS: usize = 200;

/// A value with its unit.
fn with_unit(value: f64, unit: &str) -> String {
    format!("{} {unit}", figure(value)).trim_end().to_owned()
}

/// The runs of both sides: a dot each, and the centre.
pub(super) fn distribution(runs: &Runs, id: &str) -> Option<Markup> {
    let scale = Scale::over(runs.values.iter().flatten().copied(), LEFT, RIGHT)?;
    let mut picture = Picture::new(WIDTH);
    let mut said = Vec::new();
    let sides = runs.values.iter().zip(runs.centre);
    for ((values, centre), (y, ink, name)) in
        sides.zip([(16.0, Ink::Before, "baseline"), (44.0, Ink::After, "candidate")])
    {
        picture.line((LEFT, y), (RIGHT, y), 0.5, Ink::Frame);
        let mut sorted: Vec<f64> = values
            .iter()
            .copied()
            .filter(|value| *value > 0.0 && value.is_finite())
            .collect();
        sorted.sort_by(f64::total_cmp);
        let step = sorted.len().div_ceil(DOTS).max(1);
        for value in sorted.iter().step_by(step) {
            picture.dot(scale.at(*value), y, ink, &with_unit(*value, &runs.unit));
        }
        if let Some(centre) = centre.filter(|centre| *centre > 0.0) {
            picture.line((scale.at(centre), y - 11.0), (scale.at(centre), y + 11.0), 2.0, ink);
            said.push(format!(
                "{name}: {} runs around {}",
                values.len(),
                with_unit(centre, &runs.unit)
            ));
        }
        if let (true, [least, .., most]) = (name == "candidate", sorted.as_slice()) {
            said.push(format!(
                "from {} to {}",
                with_unit(*least, &runs.unit),
                with_unit(*most, &runs.unit)
            ));
        }
    }
    let all = || runs.values.iter().flatten().copied().filter(|value| *value > 0.0);
    let (least, most) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    picture.text(LEFT, 70.0, false, &with_unit(least, &runs.unit));
    picture.text(RIGHT, 70.0, true, &with_unit(most, &runs.unit));
    let title = format!("{} {}: the runs of both sides", runs.benchmark, runs.metric);
    Some(PreEscaped(picture.inline(
        76.0,
        &format!("{id}-runs"),
        &title,
        &said.join(", "),
    )))
}

/// A ratio with its bounds, against 1 and what is accepted.
pub(super) fn interval(shown: &Shown, accepted: Option<f64>, id: &str) -> Option<Markup> {
    let ratio = shown.ratio.filter(|ratio| *ratio > 0.0)?;
    let figures = [Some(ratio), shown.lower, shown.upper, accepted, Some(1.0)];
    let scale = Scale::over(figures.into_iter().flatten(), LEFT, RIGHT)?;
    let mut picture = Picture::new(WIDTH);
    picture.line((LEFT, 16.0), (RIGHT, 16.0), 0.5, Ink::Frame);
    let mut said = format!("Ratio {}", figure(ratio));
    let one = scale.at(1.0);
    picture.line((one, 4.0), (one, 28.0), 1.0, Ink::Frame);
    let mut caption = one + 3.0;
    if let Some(accepted) = accepted {
        const WIDE: f64 = 95.0;
        let x = scale.at(accepted);
        picture.line((x, 4.0), (x, 28.0), 2.0, Ink::Frame);
        let ends = x.clamp(LEFT + WIDE, RIGHT);
        picture.text(ends, 42.0, true, &format!("accepted {}", figure(accepted)));
        said.push_str(&format!("; accepted up to {}", figure(accepted)));
        caption = caption.min(ends - WIDE);
    }
    picture.text(caption.max(LEFT), 42.0, true, "1");
    if let (Some(lower), Some(upper)) = (shown.lower, shown.upper)
        && lower > 0.0
        && upper.is_finite()
    {
        picture.line((scale.at(lower), 16.0), (scale.at(upper), 16.0), 4.0, Ink::After);
        said.push_str(&format!("; between {} and {}", figure(lower), figure(upper)));
    }
    picture.line((scale.at(ratio), 8.0), (scale.at(ratio), 24.0), 2.0, Ink::After);
    let title = format!("{} {}: the ratio", shown.benchmark, shown.metric);
    Some(PreEscaped(picture.inline(50.0, &format!("{id}-ratio"), &title, &said)))
}

/// A metric over the ledger: a dot for each approval, a ring for those of this change, and the levels between change points.
pub(super) fn over_time(series: &MetricSeries, found: &Trend, id: &str) -> Option<Markup> {
    const TOP: f64 = 12.0;
    const BOTTOM: f64 = 84.0;
    let values = || series.points.iter().map(|point| point.value);
    let scale = Scale::over(values(), BOTTOM, TOP)?;
    let last = series.points.len().saturating_sub(1).max(1) as f64;
    let x = |at: usize| LEFT + 6.0 + (RIGHT - LEFT - 12.0) * at as f64 / last;
    let mut picture = Picture::new(WIDTH);
    picture.line((LEFT, BOTTOM + 6.0), (RIGHT, BOTTOM + 6.0), 0.5, Ink::Frame);
    let starts = std::iter::once(0).chain(found.change_points.iter().map(|point| point.index));
    let ends = found
        .change_points
        .iter()
        .map(|point| point.index)
        .chain([series.points.len()]);
    for ((from, upto), level) in starts.zip(ends).zip(&found.levels) {
        let y = scale.at(*level);
        picture.line((x(from), y), (x(upto.saturating_sub(1)), y), 3.0, Ink::Frame);
        if from > 0 {
            picture.line((x(from), TOP), (x(from), BOTTOM), 0.5, Ink::Frame);
        }
    }
    for (at, point) in series.points.iter().enumerate() {
        let ink = if point.added { Ink::After } else { Ink::Before };
        let says = format!("{}: {}", point.certificate, with_unit(point.value, &series.unit));
        picture.dot(x(at), scale.at(point.value), ink, &says);
    }
    let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    picture.text(
        LEFT,
        BOTTOM + 20.0,
        false,
        &format!("from {}", with_unit(least, &series.unit)),
    );
    picture.text(
        RIGHT,
        BOTTOM + 20.0,
        true,
        &format!("to {}", with_unit(most, &series.unit)),
    );
    let title = format!("{} {} over the ledger", series.benchmark, series.metric);
    let said = format!("{} approvals. {}", series.points.len(), steps(found));
    Some(PreEscaped(picture.inline(BOTTOM + 26.0, id, &title, &said)))
}

/// Where the level changed, in words.
pub(super) fn steps(found: &Trend) -> String {
    let steps: Vec<String> = found
        .change_points
        .iter()
        .map(|point| format!("{} from approval {} on", percent(point.step), point.index + 1))
        .collect();
    match (steps.as_slice(), &found.search) {
        ([], None) => "Fewer than 8 approvals are not searched for changes.".to_owned(),
        ([], Some(_)) => "The level has not changed.".to_owned(),
        (steps, _) => format!("The level changed: {}.", steps.join(", ")),
    }
}
