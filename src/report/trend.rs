//! What became of a metric over time: a line for people, `certgate/trend/v1` (`docs/schema/trend-v1.json`), and a picture.

use std::fmt::Write as _;

use serde::Serialize;

use super::json::to_line;
use super::svg::{Ink, Picture, Scale, figure, percent};
use crate::evidence::measurement::median;
use crate::evidence::trend::Trend;

/// The name of the schema.
pub const TREND_SCHEMA: &str = "certgate/trend/v1";

#[derive(Serialize)]
struct JsonTrend<'a> {
    schema: &'static str,
    n: usize,
    change_points: Vec<JsonPoint>,
    levels: &'a [f64],
    search: Option<JsonSearch<'a>>,
}

#[derive(Serialize)]
struct JsonPoint {
    index: usize,
    step: f64,
}

#[derive(Serialize)]
struct JsonSearch<'a> {
    scale: f64,
    first_pass: &'a [usize],
    rho: f64,
    scale2: f64,
    penalty: f64,
    second_pass: &'a [usize],
    cost: f64,
}

/// The trend as JSON, with a line break at the end.
pub fn trend_json(trend: &Trend) -> String {
    to_line(&JsonTrend {
        schema: TREND_SCHEMA,
        n: trend.count,
        change_points: trend
            .change_points
            .iter()
            .map(|point| JsonPoint {
                index: point.index,
                step: point.step,
            })
            .collect(),
        levels: &trend.levels,
        search: trend.search.as_ref().map(|search| JsonSearch {
            scale: search.scale,
            first_pass: &search.first_pass,
            rho: search.rho,
            scale2: search.scale2,
            penalty: search.penalty,
            second_pass: &search.second_pass,
            cost: search.cost,
        }),
    })
}

/// The trend for people: a sparkline and a line for each level.
pub fn trend_lines(series: &[Option<f64>], trend: &Trend) -> String {
    let missing = series.len() - trend.count;
    let mut text = match missing {
        0 => format!("{} values, {}\n", trend.count, points(trend)),
        _ => format!("{} values, {missing} missing, {}\n", trend.count, points(trend)),
    };
    if trend.search.is_none() {
        text.push_str("fewer than 8 values are not searched for change points\n");
    }
    let _infallible = writeln!(text, "{}", sparkline(series, 72));
    if trend.levels.is_empty() {
        return text;
    }
    text.push_str("\n  from index      level     step\n");
    for (at, level) in trend.levels.iter().enumerate() {
        let point = at.checked_sub(1).and_then(|at| trend.change_points.get(at));
        let (index, step) = match point {
            Some(point) => (point.index, percent(point.step)),
            None => (0, String::new()),
        };
        let line = format!("  {index:>10} {:>10} {step:>8}", figure(*level));
        let _infallible = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn points(trend: &Trend) -> String {
    match trend.change_points.len() {
        1 => "1 change point".to_owned(),
        count => format!("{count} change points"),
    }
}

/// A series as a line of blocks, eight heights from the least to the greatest value; where it is longer than the line, each block is the
/// median of its values. A missing value is a blank.
pub fn sparkline(series: &[Option<f64>], width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let size = series.len().div_ceil(width.max(1)).max(1);
    let logs: Vec<Option<f64>> = series
        .chunks(size)
        .map(|chunk| median(&chunk.iter().flatten().copied().collect::<Vec<_>>()))
        .map(|value| value.filter(|value| *value > 0.0).map(f64::ln))
        .collect();
    let there = || logs.iter().flatten().copied();
    let (low, high) = (
        there().fold(f64::INFINITY, f64::min),
        there().fold(f64::NEG_INFINITY, f64::max),
    );
    let block = |log: f64| {
        let share = if high > low { (log - low) / (high - low) } else { 0.0 };
        let at = ((share * 8.0) as usize).min(7);
        BLOCKS.get(at).copied().unwrap_or(' ')
    };
    logs.iter().map(|log| log.map_or(' ', block)).collect()
}

/// The trend as a picture: each value a dot, each level a line.
pub fn trend_svg(title: &str, series: &[Option<f64>], trend: &Trend) -> String {
    const WIDTH: f64 = 800.0;
    const HEIGHT: f64 = 320.0;
    const LEFT: f64 = 80.0;
    const RIGHT: f64 = 780.0;
    const TOP: f64 = 40.0;
    const BOTTOM: f64 = 280.0;
    let mut picture = Picture::new(WIDTH);
    picture.text(LEFT, 24.0, false, title);
    let steps: Vec<String> = trend
        .change_points
        .iter()
        .map(|point| format!("{} at index {}", percent(point.step), point.index))
        .collect();
    let description = match steps.as_slice() {
        [] => format!("{} values, no change points.", trend.count),
        _ => format!("{} values, {}: {}.", trend.count, points(trend), steps.join(", ")),
    };
    let Some(scale) = Scale::over(series.iter().flatten().copied(), BOTTOM, TOP) else {
        return picture.finish(HEIGHT, title, &description);
    };
    let last = series.len().saturating_sub(1).max(1) as f64;
    let x = |index: usize| LEFT + 8.0 + (RIGHT - LEFT - 16.0) * index as f64 / last;
    picture.line((LEFT, TOP), (LEFT, BOTTOM), 1.0, Ink::Frame);
    picture.line((LEFT, BOTTOM), (RIGHT, BOTTOM), 1.0, Ink::Frame);
    let values = || series.iter().flatten().copied();
    for value in [values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max)] {
        picture.text(LEFT - 8.0, scale.at(value) + 4.0, true, &figure(value));
    }
    picture.text(LEFT, BOTTOM + 20.0, false, "0");
    picture.text(
        RIGHT,
        BOTTOM + 20.0,
        true,
        &format!("index {}", series.len().saturating_sub(1)),
    );
    for (index, value) in series.iter().enumerate() {
        if let Some(value) = value {
            picture.dot(
                x(index),
                scale.at(*value),
                Ink::Before,
                &format!("{index}: {}", figure(*value)),
            );
        }
    }
    let starts = std::iter::once(0).chain(trend.change_points.iter().map(|point| point.index));
    let ends = trend
        .change_points
        .iter()
        .map(|point| point.index)
        .chain([series.len()]);
    for ((from, upto), level) in starts.zip(ends).zip(&trend.levels) {
        let y = scale.at(*level);
        picture.line((x(from), y), (x(upto.saturating_sub(1)), y), 2.5, Ink::After);
        if from > 0 {
            picture.line((x(from), TOP), (x(from), BOTTOM), 0.5, Ink::Frame);
        }
    }
    for point in &trend.change_points {
        picture.text(x(point.index) + 4.0, TOP + 10.0, false, &percent(point.step));
    }
    picture.finish(HEIGHT, title, &description)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::trend::trend;

    fn stepped() -> Vec<Option<f64>> {
        let mut series: Vec<Option<f64>> = [1.0, 1.01, 0.99, 1.0, 1.01, 1.0].map(Some).to_vec();
        series.push(None);
        series.extend([1.2, 1.21, 1.2, 1.19, 1.2].map(Some));
        series
    }

    #[test]
    fn levels_are_listed_below_a_sparkline() {
        let series = stepped();
        let text = trend_lines(&series, &trend(&series).unwrap());
        insta::assert_snapshot!(text, @r"
        11 values, 1 missing, 1 change point
        ▁▁▁▁▁▁ █████

          from index      level     step
                   0      1.000
                   7      1.200  +20.0 %
        ");
    }

    #[test]
    fn a_long_series_fits_the_line() {
        let series: Vec<Option<f64>> = (1..500).map(|at| Some(f64::from(at))).collect();
        let line = sparkline(&series, 72);
        assert!(line.chars().count() <= 72);
        assert!(line.ends_with('█'));
        assert_eq!(sparkline(&[None, Some(2.0)], 9), " ▁");
    }

    #[test]
    fn a_picture_says_what_it_shows() {
        let series = stepped();
        let svg = trend_svg("step <time>", &series, &trend(&series).unwrap());
        assert!(svg.contains("1 change point: +20.0 % at index 7."), "{svg}");
        assert!(svg.contains("step &lt;time&gt;"));
        assert_eq!(svg.matches("<circle").count(), 11);
        let empty = trend_svg("nothing", &[], &trend(&[]).unwrap());
        assert!(empty.ends_with("</svg>\n"));
    }
}
