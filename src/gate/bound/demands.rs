//! The budgets of a policy, as questions to the bound files.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::bound::{Demand, Limit};
use crate::evidence::compare;
use crate::evidence::exact_null::Alpha;
use crate::evidence::measurement::Direction;
use crate::policy::{Budget, Inconclusive};

/// The budgets of a component, as they are decided.
pub(crate) fn demands<'b>(budgets: &'b [Budget], before: &BTreeMap<String, BTreeSet<String>>) -> Vec<Demand<'b>> {
    let counts: Vec<String> = budgets
        .iter()
        .filter(|budget| budget.exact)
        .map(|budget| budget.metric.clone())
        .collect();
    let of_others = |budget: &Budget| {
        counts
            .iter()
            .filter(|count| **count != budget.metric)
            .cloned()
            .collect()
    };
    let demand = |budget: &'b Budget| Demand {
        metric: budget.metric.clone(),
        about: Box::new(|benchmark: &str| budget.is_about(benchmark)),
        asked: budget
            .benchmarks
            .iter()
            .filter(|named| !named.not)
            .map(|named| {
                let matches: Box<dyn Fn(&str) -> bool + 'b> = Box::new(|benchmark: &str| named.matches(benchmark));
                (named.text.clone(), matches)
            })
            .collect(),
        question: compare::Criteria {
            threshold: budget.max_regression.unwrap_or_default(),
            alpha: Alpha::new(budget.alpha).unwrap_or(Alpha::DEFAULT),
            min_runs: budget.min_runs as usize,
            design: match budget.interleaved {
                true => compare::Design::Interleaved,
                false => compare::Design::Sequential,
            },
            run_noise: budget.run_noise,
            direction: match budget.higher {
                None => Direction::Unknown,
                Some(false) => Direction::Lower,
                Some(true) => Direction::Higher,
            },
            exact: {
                let mut exact: Vec<String> = of_others(budget);
                exact.extend(budget.exact.then(|| budget.metric.clone()));
                exact
            },
        },
        compared: budget.max_regression.is_some(),
        limit: budget.limit.as_ref().map(|(value, unit)| Limit {
            value: *value,
            unit: unit.clone(),
        }),
        warns: budget.on_inconclusive == Inconclusive::Warn,
        before: before.get(&budget.metric).cloned().unwrap_or_default(),
    };
    budgets.iter().map(demand).collect()
}
