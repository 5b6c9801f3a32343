//! `certgate trend [COMPONENT]`: the metrics that bound evidence shows, in the order of the ledger.

use super::args::{TrendArgs, TrendFormat};
use super::{Ending, Undecided, ledger, terminal};
use crate::author::{draft, whole};
use crate::evidence::trend::trend;
use crate::gate;
use crate::policy::{Component, fold};
use crate::report;

/// Carries it out.
pub(super) fn run(args: &TrendArgs) -> Result<Ending, Undecided> {
    let read = ledger::at(&args.rev)?;
    if let Some(name) = &args.component {
        // A misspelt name is no component without measurements.
        draft::components(&read.policy, std::slice::from_ref(name))?;
    }
    let wanted = args.component.as_deref().map(fold);
    let of_component = |component: &Component| {
        wanted
            .as_ref()
            .is_none_or(|wanted| component.names().any(|name| fold(name) == *wanted))
    };
    let asked = |benchmark: &str, metric: &str| {
        let named = |list: &[String], name: &str| list.is_empty() || list.iter().any(|one| one == name);
        named(&args.benchmarks, benchmark) && named(&args.metrics, metric)
    };
    let series = gate::metric_series(
        &read.repository,
        &read.policy,
        &read.tip,
        &read.entries,
        &of_component,
        &asked,
    )?;
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
