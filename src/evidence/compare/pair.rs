//! One metric of one benchmark on both sides: by which rule it is decided, and on which values.

use super::outcome::{Compared, Refused, Why};
use super::question::{Criteria, Design, File};
use super::refuse::same_values;
use crate::evidence::decide::{self, Conclusion, Estimate, Rule};
use crate::evidence::measurement::{Direction, Kind, Measurement, median};

/// A measurement and the file it is from.
pub(super) type Found<'a> = (&'a File, &'a Measurement);

/// One metric of one benchmark on both sides.
pub(super) struct Pair<'a> {
    pub(super) question: &'a Criteria,
    pub(super) benchmark: &'a str,
    pub(super) metric: &'a str,
    pub(super) sides: [Vec<Found<'a>>; 2],
}

impl Pair<'_> {
    fn rows(&self) -> impl Iterator<Item = &Found<'_>> {
        self.sides.iter().flatten()
    }

    fn direction(&self) -> Direction {
        let said = self.rows().map(|(_, row)| row.direction);
        said.into_iter()
            .find(|direction| *direction != Direction::Unknown)
            .unwrap_or(self.question.direction)
    }

    fn empty(&self, verdict: Conclusion, why: Why) -> Compared {
        let [before, after] = &self.sides;
        let middle = |side: &[Found<'_>]| {
            let values: Vec<f64> = side.iter().filter_map(|(_, row)| row.value).collect();
            median(&values)
        };
        let unit = self
            .rows()
            .map(|(_, row)| row.unit.as_str())
            .find(|unit| !unit.is_empty());
        Compared {
            benchmark: self.benchmark.to_owned(),
            metric: self.metric.to_owned(),
            unit: unit.unwrap_or_default().to_owned(),
            direction: self.direction(),
            values: [Vec::new(), Vec::new()],
            centre: [middle(before), middle(after)],
            decision: Estimate::without(verdict, None),
            why: Some(why),
            runs: [processes(before), processes(after)],
            needed: None,
            exact: false,
        }
    }

    /// The answer where something forbids to compare it.
    pub(super) fn invalid(&self, refused: Refused) -> Compared {
        self.empty(Conclusion::Invalid, Why::Refused(refused))
    }

    fn inconclusive(&self, why: Why) -> Compared {
        self.empty(Conclusion::Inconclusive, why)
    }

    /// The answer.
    pub(super) fn decide(&self) -> Compared {
        if let Some(refused) = self.refused() {
            return self.invalid(refused);
        }
        let direction = self.direction();
        if direction == Direction::Unknown {
            return self.inconclusive(Why::Direction);
        }
        let rule = Rule {
            threshold: self.question.threshold,
            alpha: self.question.alpha,
            higher_is_better: direction == Direction::Higher,
        };
        if self.is_exact() {
            return self.decide_exact(&rule);
        }
        let [before, after] = &self.sides;
        if before.len() != after.len() && self.question.design == Design::Interleaved {
            return self.inconclusive(Why::Blocks(before.len(), after.len()));
        }
        if before.len() == 1 && after.len() == 1 {
            let kinds = [before, after].map(|side| side.iter().map(|(_, row)| row.kind.clone()).next());
            if kinds.contains(&Some(Kind::Summary)) {
                return self.inconclusive(Why::Summary);
            }
            if processes(before) == 1 && processes(after) == 1 {
                return self.decide_single(&rule);
            }
        }
        self.decide_runs(&rule)
    }

    /// What forbids to compare this metric.
    fn refused(&self) -> Option<Refused> {
        let [before, after] = &self.sides;
        if let Some((file, reason)) = self.rows().find_map(|(file, row)| Some((file, row.kind.refusal()?))) {
            return Some(Refused::Measurement(file.name.clone(), reason.to_owned()));
        }
        if after.is_empty() {
            return Some(Refused::Missing);
        }
        let (_, first) = before.first()?;
        if let Some((_, other)) = self.rows().find(|(_, row)| row.unit != first.unit) {
            return Some(Refused::Units(first.unit.clone(), other.unit.clone()));
        }
        if let Some((file, other)) = self.rows().find(|(_, row)| row.direction != first.direction) {
            return Some(Refused::Differs {
                what: "direction".to_owned(),
                one: (before.first()?.0.name.clone(), first.direction.word().to_owned()),
                other: (file.name.clone(), other.direction.word().to_owned()),
            });
        }
        if self.is_exact() {
            return None;
        }
        let rows: Vec<&Found<'_>> = self.rows().collect();
        for (at, (one, first)) in rows.iter().enumerate() {
            for (other, second) in rows.iter().skip(at + 1) {
                if same_values(&first.values.concat(), &second.values.concat()) {
                    return Some(Refused::SameValues(one.name.clone(), other.name.clone()));
                }
            }
        }
        let numbers = |side: &[Found<'_>]| side.iter().filter_map(|(_, row)| row.value).collect::<Vec<f64>>();
        match (before.first(), after.first()) {
            (Some((one, _)), Some((other, _))) if same_values(&numbers(before), &numbers(after)) => {
                Some(Refused::SameValues(one.name.clone(), other.name.clone()))
            }
            _ => None,
        }
    }

    fn is_exact(&self) -> bool {
        let declared = self.question.exact.iter().any(|metric| metric == self.metric);
        self.rows()
            .all(|(_, row)| row.kind == Kind::Exact || (declared && !row.values.is_empty()))
    }

    fn decide_exact(&self, rule: &Rule) -> Compared {
        let values = [0, 1].map(|side| {
            let rows = self.sides.get(side).into_iter().flatten();
            rows.flat_map(|(_, row)| row.values.concat()).collect::<Vec<f64>>()
        });
        let [before, after] = &values;
        Compared {
            exact: true,
            ..self.decided(decide::exact(rule, before, after), values)
        }
    }

    fn decide_single(&self, rule: &Rule) -> Compared {
        let values = [0, 1].map(|side| {
            let rows = self.sides.get(side).into_iter().flatten();
            rows.flat_map(|(_, row)| row.values.concat()).collect::<Vec<f64>>()
        });
        let [before, after] = &values;
        match self.question.run_noise {
            Some(noise) => {
                let decision = decide::single(rule, before, after, noise);
                Compared {
                    runs: [1, 1],
                    ..self.decided(decision, values)
                }
            }
            None => Compared {
                needed: self.enough(rule, None, None),
                ..self.inconclusive(Why::OneProcess)
            },
        }
    }

    fn decide_runs(&self, rule: &Rule) -> Compared {
        let values = [0, 1].map(|side| {
            let rows = self.sides.get(side).into_iter().flatten();
            rows.flat_map(|(_, row)| self.runs_of(row)).collect::<Vec<f64>>()
        });
        let [before, after] = &values;
        let mut decision = decide::runs(rule, before, after);
        let noise = self.question.run_noise.or_else(|| decide::noise(before, after));
        let least = self.question.min_runs;
        let few = before.len().min(after.len()) < least;
        let decides = !matches!(decision.verdict, Conclusion::Invalid);
        if few && decides {
            decision.verdict = Conclusion::Inconclusive;
        }
        let mut compared = self.decided(decision, values);
        if few && decides {
            compared.why = Some(Why::MinRuns(least));
        }
        if compared.decision.verdict == Conclusion::Inconclusive {
            compared.needed = self.enough(rule, noise, decision.ratio);
        }
        compared
    }

    /// How many runs a side would decide it.
    fn enough(&self, rule: &Rule, noise: Option<f64>, ratio: Option<f64>) -> Option<usize> {
        let least = self.question.min_runs;
        match (noise.filter(|noise| *noise > 0.0), ratio) {
            (Some(noise), Some(ratio)) => decide::needed(rule, noise, ratio).map(|runs| runs.max(least)),
            _ => Some(decide::needed(rule, 1e-6, 1.0)?.max(least)),
        }
    }

    /// What one file gives: one value for each process, or for each block.
    fn runs_of(&self, row: &Measurement) -> Vec<f64> {
        let runs = match row.values.is_empty() {
            true => row.value.into_iter().collect(),
            false => row.run_values(),
        };
        match self.question.design {
            Design::Sequential => runs,
            Design::Interleaved => median(&runs).into_iter().collect(),
        }
    }

    fn decided(&self, decision: Estimate, values: [Vec<f64>; 2]) -> Compared {
        let [before, after] = &values;
        let first = self.empty(decision.verdict, Why::Summary);
        Compared {
            centre: [median(before), median(after)],
            runs: [before.len(), after.len()],
            decision,
            why: decision.reason.map(Why::Rule),
            values,
            ..first
        }
    }
}

/// How many independent runs there are.
fn processes(side: &[Found<'_>]) -> usize {
    let runs = side.iter().map(|(_, row)| row.runs).sum::<u64>();
    usize::try_from(runs).unwrap_or(usize::MAX)
}
