//! What became of the metrics of bound evidence: tables with a sparkline, and `certgate/trend-ledger/v1` (`docs/schema/trend-ledger-v1.json`).

use serde::Serialize;

use super::json::to_line;
use super::svg::{figure, percent};
use super::trend::{sparkline, trend_lines};
use crate::diagnostic::sanitize;
use crate::evidence::trend::trend;
use crate::gate::{MetricSeries, SeriesPoint};

/// The name of the schema.
pub const TREND_LEDGER_SCHEMA: &str = "certgate/trend-ledger/v1";

impl MetricSeries {
    /// What it is about, for people.
    pub fn title(&self) -> String {
        sanitize(&format!("{} {} {}", self.component, self.benchmark, self.metric))
    }
}

/// The series as JSON, with a line break at the end.
pub fn trend_ledger_json(series: &[MetricSeries]) -> String {
    #[derive(Serialize)]
    struct Report<'a> {
        schema: &'static str,
        series: Vec<Series<'a>>,
    }
    #[derive(Serialize)]
    struct Series<'a> {
        component: &'a str,
        benchmark: String,
        metric: String,
        unit: String,
        points: &'a [SeriesPoint],
        change_points: Vec<Change>,
        levels: Vec<f64>,
    }
    #[derive(Serialize)]
    struct Change {
        index: usize,
        step: f64,
    }
    let one = |series: &'_ MetricSeries| {
        let found = trend(&series.values()).ok();
        let changes = found.iter().flat_map(|found| &found.change_points);
        (
            changes
                .map(|point| Change {
                    index: point.index,
                    step: point.step,
                })
                .collect(),
            found.as_ref().map(|found| found.levels.clone()).unwrap_or_default(),
        )
    };
    to_line(&Report {
        schema: TREND_LEDGER_SCHEMA,
        series: series
            .iter()
            .map(|series| {
                let (change_points, levels) = one(series);
                Series {
                    component: &series.component,
                    benchmark: sanitize(&series.benchmark),
                    metric: sanitize(&series.metric),
                    unit: sanitize(&series.unit),
                    points: &series.points,
                    change_points,
                    levels,
                }
            })
            .collect(),
    })
}

/// The series for people: a sparkline, the levels, and a line for each certificate.
pub fn trend_ledger_lines(series: &[MetricSeries]) -> String {
    let mut text = String::new();
    for (at, one) in series.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        let values = one.values();
        text.push_str(&one.title());
        text.push('\n');
        match trend(&values) {
            Ok(found) => text.push_str(&trend_lines(&values, &found)),
            Err(_) => text.push_str(&format!("{}\n", sparkline(&values, values.len()))),
        }
        text.push('\n');
        for point in &one.points {
            let change = point.ratio.map_or_else(|| "-".to_owned(), |ratio| percent(ratio - 1.0));
            text.push_str(&format!(
                "  {:>12} {:<8} {change:>9}  {}\n",
                figure(point.value),
                sanitize(&one.unit),
                point.certificate
            ));
        }
    }
    text
}
