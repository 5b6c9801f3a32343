//! `certgate trend [COMPONENT]`: the metrics that bound evidence shows, in the order of the ledger.

use super::args::{TrendArgs, TrendFormat};
use super::{Ending, Undecided, ledger, terminal};
use crate::author::{draft, whole};
use crate::diagnostic::sanitize;
use crate::evidence::trend::trend;
use crate::gate;
use crate::policy::fold;
use crate::report::{self, TrendPoint, TrendSeries};

/// Carries it out.
pub(super) fn run(args: &TrendArgs) -> Result<Ending, Undecided> {
    let read = ledger::at(&args.rev)?;
    if let Some(name) = &args.component {
        // A misspelt name is no component without measurements.
        draft::components(&read.policy, std::slice::from_ref(name))?;
    }
    let wanted = args.component.as_deref().map(fold);
    let mut series: Vec<TrendSeries> = Vec::new();
    // The ledger comes newest first.
    for entry in read.entries.iter().rev().filter(|entry| entry.certificate.approves()) {
        let certificate = &entry.certificate;
        let ids: Vec<String> = certificate
            .components
            .iter()
            .filter_map(|name| read.policy.component_named(name))
            .filter(|component| {
                wanted
                    .as_ref()
                    .is_none_or(|wanted| component.names().any(|name| fold(name) == *wanted))
            })
            .map(|component| component.id.clone())
            .collect();
        if ids.is_empty() {
            continue;
        }
        let Some(judged) = gate::shown_at(&read.repository, &read.policy, &read.tip, certificate)? else {
            continue;
        };
        for level in &judged.levels {
            let named = args.benchmarks.is_empty() || args.benchmarks.contains(&level.benchmark);
            let measured = args.metrics.is_empty() || args.metrics.contains(&level.metric);
            let Some(value) = level.centre().filter(|value| named && measured && *value > 0.0) else {
                continue;
            };
            let same =
                |row: &&crate::evidence::bound::Shown| row.benchmark == level.benchmark && row.metric == level.metric;
            let point = TrendPoint {
                certificate: sanitize(&entry.label()),
                value,
                ratio: judged.shown.iter().find(same).and_then(|row| row.ratio),
            };
            for id in &ids {
                let known = series.iter_mut().find(|one| {
                    one.component == *id
                        && one.benchmark == level.benchmark
                        && one.metric == level.metric
                        && one.unit == level.unit
                });
                match known {
                    Some(one) => one.points.push(point.clone()),
                    None => series.push(TrendSeries {
                        component: id.clone(),
                        benchmark: level.benchmark.clone(),
                        metric: level.metric.clone(),
                        unit: level.unit.clone(),
                        points: vec![point.clone()],
                    }),
                }
            }
        }
    }
    let drawn = args.svg.is_some() || args.format == TrendFormat::Svg;
    if drawn && series.len() != 1 {
        return Err(Undecided::usage(
            format!("{} series are there, and a picture shows one", series.len()),
            "certgate trend COMPONENT --benchmark NAME --metric NAME --format svg",
        ));
    }
    if let [one] = series.as_slice()
        && drawn
    {
        let values = one.values();
        let found = trend(&values).map_err(|error| Undecided::usage(error, "certgate trend --values FILE"))?;
        let picture = report::trend_svg(&one.title(), &values, &found);
        if let Some(file) = &args.svg {
            whole::report(file, &picture)?;
        }
        if args.format == TrendFormat::Svg {
            terminal::out(&picture)?;
            return Ok(Ending::Done);
        }
    }
    if series.is_empty() {
        terminal::err("note: no approval of the ledger binds evidence that can be read\n");
    }
    terminal::out(&match args.format {
        TrendFormat::Json => report::trend_ledger_json(&series),
        TrendFormat::Human | TrendFormat::Svg => report::trend_ledger_lines(&series),
    })?;
    Ok(Ending::Done)
}
