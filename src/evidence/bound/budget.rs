//! A budget, decided by the bound files: every benchmark that it asks for must be shown, and each must be proven to keep to it.

use std::collections::BTreeSet;

use super::flaw::{Flaw, FlawKind};
use super::shown::{Judged, MeasuredLevel, Shown, holding, levels, shown_in};
use super::units::convert;
use crate::certificate::Benchmarks;
use crate::evidence::compare::{self, Compared, Criteria, File, Why};
use crate::evidence::decide::{self, Conclusion, Rule};
use crate::evidence::measurement::Direction;

/// What the candidate's median must be proven to keep to.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// How much.
    pub value: f64,
    /// Its unit; empty: that of the files.
    pub unit: String,
}

/// A name or glob that must match at least one benchmark: as written, and what it matches.
pub type WantedName<'a> = (String, Box<dyn Fn(&str) -> bool + 'a>);

/// What a policy demands of the measurements of one metric.
pub struct Demand<'a> {
    /// Which metric.
    pub metric: String,
    /// Which benchmarks.
    pub about: Box<dyn Fn(&str) -> bool + 'a>,
    /// Each name or glob must match at least one.
    pub asked: Vec<WantedName<'a>>,
    /// How it is decided. Its threshold counts only with [`compared`](Self::compared).
    pub question: Criteria,
    /// Whether baseline and candidate are compared.
    pub compared: bool,
    /// The absolute limit.
    pub limit: Option<Limit>,
    /// Whether what is not proven only warns.
    pub warns: bool,
    /// The benchmarks that were shown before, and must be again.
    pub before: BTreeSet<String>,
}

/// Decides it, and adds what came of it.
pub(super) fn decide(
    demand: &Demand<'_>,
    block: &Benchmarks,
    baseline: &[File],
    candidate: &[File],
    judged: &mut Judged,
) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    if demand.compared {
        let wanted =
            |benchmark: &str, metric: &str| (demand.about)(benchmark) && (metric == demand.metric || metric == "*");
        let found = compare::compare(&demand.question, baseline, candidate, &wanted);
        for result in &found.results {
            seen.insert(result.benchmark.clone());
            judge(demand, block, result, (baseline, candidate), judged);
        }
    }
    if let Some(limit) = &demand.limit {
        let all = levels(candidate, demand.question.design);
        let wanted = all
            .iter()
            .filter(|level| level.metric == demand.metric && (demand.about)(&level.benchmark));
        for level in wanted {
            seen.insert(level.benchmark.clone());
            within(demand, limit, level, candidate, judged);
        }
    }
    let mut missing: Vec<String> = Vec::new();
    for (text, matches) in &demand.asked {
        if !seen.iter().any(|benchmark| matches(benchmark)) {
            missing.push(format!("nothing shown matches `{text}`"));
        }
    }
    for benchmark in demand
        .before
        .difference(&seen)
        .filter(|benchmark| (demand.about)(benchmark))
    {
        missing.push(format!(
            "`{benchmark}` was shown by the approval before, and is not shown here"
        ));
    }
    if seen.is_empty() && missing.is_empty() {
        missing.push("no benchmark of both sides has it".to_owned());
    }
    for text in missing {
        judged
            .flaws
            .push(Flaw::new(FlawKind::NotShown, text).about("budget of", &demand.metric));
    }
}

/// The figures of a result, and what they are held against.
pub(super) fn said(result: &Compared, threshold: f64) -> String {
    let decision = &result.decision;
    let figures = match (decision.ratio, decision.lower, decision.upper) {
        (Some(ratio), Some(lower), Some(upper)) => {
            format!("{ratio:.3} times the baseline ({lower:.3} to {upper:.3})")
        }
        (Some(ratio), ..) => format!("{ratio:.3} times the baseline"),
        _ => "nothing could be computed".to_owned(),
    };
    let mut text = format!(
        "{figures} in {} and {} runs, with a budget of {:.3}",
        result.runs.first().copied().unwrap_or_default(),
        result.runs.last().copied().unwrap_or_default(),
        1.0 + threshold
    );
    if let Some(why) = &result.why {
        text.push_str(&format!("; {why}"));
    }
    if let Some(needed) = result.needed {
        text.push_str(&format!("; {needed} runs a side would decide it"));
    }
    text
}

fn judge(
    demand: &Demand<'_>,
    block: &Benchmarks,
    result: &Compared,
    (baseline, candidate): (&[File], &[File]),
    judged: &mut Judged,
) {
    let mut shown = shown_in(result, baseline.iter().chain(candidate));
    let kind = match (result.decision.verdict, &result.why) {
        (Conclusion::Pass, _) => None,
        (Conclusion::Regressed, _) => Some(FlawKind::Exceeded),
        (Conclusion::Inconclusive, _) => Some(FlawKind::Unproven),
        (Conclusion::Invalid, Some(Why::Refused(refused))) => Some(Flaw::of(refused).kind),
        (Conclusion::Invalid, _) => Some(FlawKind::Refused),
    };
    if let Some(kind) = kind {
        let same =
            |row: &&crate::certificate::DecidedRow| row.benchmark == result.benchmark && row.metric == result.metric;
        let line = block.rows.iter().find(same).map_or(0, |row| row.line);
        let flaw = Flaw::new(kind, said(result, demand.question.threshold))
            .about(&result.benchmark, &result.metric)
            .at(line)
            .measured_in(&shown.files);
        add(flaw, demand, &mut shown, judged);
    }
    judged.shown.push(shown);
}

fn add(flaw: Flaw, demand: &Demand<'_>, shown: &mut Shown, judged: &mut Judged) {
    shown.flaws.push(flaw.kind);
    // What was said before, of all files, is not said of each benchmark again.
    let known = |other: &Flaw| other.kind == flaw.kind && other.about == flaw.about;
    if flaw.kind == FlawKind::Unproven && demand.warns {
        judged.warnings.push(flaw);
    } else if !judged.flaws.iter().any(known) {
        judged.flaws.push(flaw);
    }
}

/// Whether the candidate keeps to an absolute limit.
fn within(demand: &Demand<'_>, limit: &Limit, level: &MeasuredLevel, candidate: &[File], judged: &mut Judged) {
    let rows = candidate.iter().flat_map(|file| &file.reading.measurements);
    let stated = rows
        .filter(|row| row.benchmark == level.benchmark && row.metric == level.metric)
        .map(|row| row.direction)
        .find(|direction| *direction != Direction::Unknown);
    let mut shown = Shown {
        benchmark: level.benchmark.clone(),
        metric: level.metric.clone(),
        unit: level.unit.clone(),
        verdict: Conclusion::Inconclusive,
        ratio: level.centre(),
        lower: None,
        upper: None,
        runs: [0, level.values.len()],
        files: holding(candidate.iter(), &level.benchmark, &level.metric),
        flaws: Vec::new(),
    };
    let direction = stated.unwrap_or(demand.question.direction);
    let most = convert(limit.value, &limit.unit, &level.unit);
    let text = match (most, direction) {
        (None, _) => {
            let text = format!("the limit is in `{}`, the files are in `{}`", limit.unit, level.unit);
            add(
                Flaw::new(FlawKind::Conditions, text).about(&level.benchmark, &level.metric),
                demand,
                &mut shown,
                judged,
            );
            judged.shown.push(shown);
            return;
        }
        (Some(_), Direction::Unknown) => "nothing says whether less or more is better".to_owned(),
        (Some(most), direction) => {
            let higher = direction == Direction::Higher;
            let (verdict, lower, upper) = keeps(demand, level, most, higher);
            (shown.verdict, shown.lower, shown.upper) = (verdict, lower, upper);
            let bounds = match (lower, upper) {
                (Some(lower), Some(upper)) => format!(" ({lower} to {upper})"),
                _ => String::new(),
            };
            let centre = level.centre().unwrap_or_default();
            format!(
                "{centre} {unit}{bounds} in {} runs, with a limit of {} {} {unit}",
                level.values.len(),
                if higher { "at least" } else { "at most" },
                most,
                unit = level.unit,
            )
        }
    };
    let kind = match shown.verdict {
        Conclusion::Pass => None,
        Conclusion::Regressed => Some(FlawKind::Exceeded),
        Conclusion::Inconclusive => Some(FlawKind::Unproven),
        Conclusion::Invalid => Some(FlawKind::Refused),
    };
    if let Some(kind) = kind {
        let flaw = Flaw::new(kind, text)
            .about(&level.benchmark, &level.metric)
            .measured_in(&shown.files);
        add(flaw, demand, &mut shown, judged);
    }
    judged.shown.push(shown);
}

type Kept = (Conclusion, Option<f64>, Option<f64>);

fn keeps(demand: &Demand<'_>, level: &MeasuredLevel, limit: f64, higher: bool) -> Kept {
    keeps_to(
        level,
        limit,
        higher,
        &demand.question,
        level.exact || demand.question.exact.contains(&level.metric),
    )
}

/// Whether a level keeps to a limit in its own unit: a count as it is, other values by an order statistic.
pub(super) fn keeps_to(level: &MeasuredLevel, limit: f64, higher: bool, question: &Criteria, exact: bool) -> Kept {
    if exact {
        let one = level.values.first().copied();
        let constant = level.values.iter().all(|value| Some(*value) == one);
        let verdict = match one.filter(|_| constant) {
            Some(value) if (higher && value >= limit) || (!higher && value <= limit) => Conclusion::Pass,
            Some(_) => Conclusion::Regressed,
            None => Conclusion::Invalid,
        };
        return (verdict, one, one);
    }
    let rule = Rule {
        threshold: question.threshold,
        alpha: question.alpha,
        higher_is_better: higher,
    };
    let decision = decide::limit(&rule, &level.values, limit);
    let few = level.values.len() < question.min_runs;
    let verdict = match decision.verdict {
        Conclusion::Invalid => Conclusion::Invalid,
        _ if few => Conclusion::Inconclusive,
        verdict => verdict,
    };
    (verdict, decision.lower, decision.upper)
}

impl MeasuredLevel {
    /// Whether it is proven to keep to a limit, with one error in twenty and at least five runs.
    pub fn is_within(&self, limit: &Limit, higher: bool) -> bool {
        let Some(limit) = convert(limit.value, &limit.unit, &self.unit) else {
            return false;
        };
        keeps_to(self, limit, higher, &Criteria::default(), self.exact).0 == Conclusion::Pass
    }
}
