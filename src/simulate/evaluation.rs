//! How well rules and score find the commits of history that a label calls performance commits.

use std::collections::{BTreeMap, BTreeSet};

use super::{Row, Simulation};
use crate::change::ObjectId;

/// What a stretch of history says of the rules of a policy and of the score.
pub(crate) struct Evaluation {
    /// Where the policy is from.
    pub(crate) policy: String,
    /// By which label.
    pub(crate) label: String,
    /// Commits that were looked at.
    pub(crate) commits: usize,
    /// Of these, those that the label calls performance commits.
    pub(crate) positive: usize,
    /// Something gates.
    pub(crate) gated: Found,
    /// The score flags, where the policy has it do so.
    pub(crate) flagged: Option<Found>,
    /// Something gates, or the score flags.
    pub(crate) either: Found,
    /// By component, the most asked first.
    pub(crate) components: Vec<(String, Found)>,
    /// By component and rule.
    pub(crate) rules: Vec<((String, String), Found)>,
    /// The same of matches that do not count, as the score is too low.
    pub(crate) silenced: BTreeMap<(String, String), Found>,
    /// What the score is worth; `None` where not both kinds of commits are there.
    pub(crate) score: Option<Ranking>,
    /// The same of the number of rules that match.
    pub(crate) matched: Option<Ranking>,
    /// By commit, newest first.
    pub(crate) scores: Vec<Scored>,
}

/// What is said of one commit.
pub(crate) struct Scored {
    pub(crate) commit: ObjectId,
    pub(crate) score: u32,
    pub(crate) positive: bool,
    pub(crate) gated: bool,
    pub(crate) flagged: bool,
}

/// How many are flagged, and how many of those rightly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) flagged: usize,
    pub(crate) right: usize,
}

/// What an order of commits is worth.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ranking {
    /// How often a performance commit is above another one; ties count half.
    pub(crate) auc: f64,
    /// Of the performance commits, the share that is found where 10, 20, 30 % are flagged.
    pub(crate) recall: [f64; 3],
    /// Share flagged and share found, from the highest score down.
    pub(crate) curve: Vec<(f64, f64)>,
}

/// The shares at which recall is reported.
pub(crate) const SHARES: [f64; 3] = [0.1, 0.2, 0.3];

/// Holds what was simulated against labels and scores, which are asked for by commit.
pub(crate) fn evaluate(
    simulation: &Simulation,
    label: String,
    positive: impl Fn(&Row) -> bool,
    score: &BTreeMap<ObjectId, u32>,
) -> Evaluation {
    let mut evaluation = Evaluation {
        policy: simulation.policy.clone(),
        label,
        commits: 0,
        positive: 0,
        gated: Found::default(),
        flagged: simulation.flags.map(|_| Found::default()),
        either: Found::default(),
        silenced: BTreeMap::new(),
        components: Vec::new(),
        rules: Vec::new(),
        score: None,
        matched: None,
        scores: Vec::new(),
    };
    let mut components: BTreeMap<String, Found> = BTreeMap::new();
    let mut rules: BTreeMap<(String, String), Found> = BTreeMap::new();
    let mut matched: Vec<(u32, bool)> = Vec::new();
    for row in &simulation.rows {
        let positive = positive(row);
        let note = |found: &mut Found| {
            found.flagged += 1;
            found.right += usize::from(positive);
        };
        evaluation.commits += 1;
        evaluation.positive += usize::from(positive);
        let mut count = 0;
        for touched in row.touched() {
            note(components.entry(touched.id.clone()).or_default());
            for rule in touched.rules.keys() {
                note(rules.entry((touched.id.clone(), rule.clone())).or_default());
                count += 1;
            }
        }
        let (gated, flagged) = (!row.touched().is_empty(), !row.flagged().is_empty());
        if gated {
            note(&mut evaluation.gated);
        }
        if let Some(found) = evaluation.flagged.as_mut().filter(|_| flagged) {
            note(found);
        }
        if gated || flagged {
            note(&mut evaluation.either);
        }
        let quiet: BTreeSet<_> = row
            .silenced()
            .iter()
            .map(|(id, rule, _)| (id.clone(), rule.clone()))
            .collect();
        for rule in quiet {
            note(evaluation.silenced.entry(rule).or_default());
        }
        matched.push((count, positive));
        let score = score.get(&row.commit).copied().unwrap_or(0);
        evaluation.scores.push(Scored {
            commit: row.commit.clone(),
            score,
            positive,
            gated,
            flagged,
        });
    }
    let scored: Vec<(u32, bool)> = evaluation
        .scores
        .iter()
        .map(|scored| (scored.score, scored.positive))
        .collect();
    evaluation.score = ranking(&scored);
    evaluation.matched = ranking(&matched);
    evaluation.components = sorted(components);
    evaluation.rules = sorted(rules);
    evaluation
}

fn sorted<K: Ord>(found: BTreeMap<K, Found>) -> Vec<(K, Found)> {
    let mut found: Vec<(K, Found)> = found.into_iter().collect();
    found.sort_by(|a, b| b.1.flagged.cmp(&a.1.flagged).then_with(|| a.0.cmp(&b.0)));
    found
}

/// What an order by a value is worth; `None` where all labels are the same.
pub(crate) fn ranking(values: &[(u32, bool)]) -> Option<Ranking> {
    let all = values.len();
    let positive = values.iter().filter(|(_, label)| *label).count();
    if positive == 0 || positive == all {
        return None;
    }
    // By value, the highest first: how many have it, and how many of those are performance commits.
    let mut levels: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
    for (value, label) in values {
        let level = levels.entry(*value).or_default();
        level.0 += 1;
        level.1 += usize::from(*label);
    }
    let (mut above, mut found) = (0usize, 0usize);
    let mut area = 0.0;
    let mut curve = vec![(0.0, 0.0)];
    let negative = (all - positive) as f64;
    for (many, right) in levels.values().rev() {
        let wrong = (many - right) as f64;
        area += wrong * (found as f64 + *right as f64 / 2.0);
        above += many;
        found += right;
        curve.push((above as f64 / all as f64, found as f64 / positive as f64));
    }
    let at = |share: f64| {
        // Where several commits have the value at the border, their share of it counts.
        let pairs = curve.windows(2);
        let mut inside = pairs.filter_map(|pair| match pair {
            [(from, low), (to, high)] if *to >= share => Some(low + (high - low) * (share - from) / (to - from)),
            _ => None,
        });
        inside.next().unwrap_or(1.0)
    };
    Some(Ranking {
        auc: area / (negative * positive as f64),
        recall: SHARES.map(at),
        curve,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_order_is_worth_what_it_finds() {
        let perfect: Vec<(u32, bool)> = (0..10).map(|value| (value, value >= 8)).collect();
        let found = ranking(&perfect).unwrap();
        assert!((found.auc - 1.0).abs() < 1e-9);
        assert!((found.recall[0] - 0.5).abs() < 1e-9 && (found.recall[1] - 1.0).abs() < 1e-9);
        let blind = ranking(&[(1, true), (1, false), (1, false), (1, true)]).unwrap();
        assert!((blind.auc - 0.5).abs() < 1e-9 && (blind.recall[1] - 0.2).abs() < 1e-9);
        assert_eq!(ranking(&[(1, true)]), None);
        assert_eq!(ranking(&[]), None);
    }

    proptest! {
        #[test]
        fn the_area_is_the_share_of_pairs_in_order(values in prop::collection::vec((0u32..6, any::<bool>()), 2..30)) {
            let Some(found) = ranking(&values) else { return Ok(()) };
            let (mut pairs, mut right) = (0.0, 0.0);
            for (a, _) in values.iter().filter(|(_, label)| *label) {
                for (b, _) in values.iter().filter(|(_, label)| !*label) {
                    pairs += 1.0;
                    right += match a.cmp(b) {
                        std::cmp::Ordering::Greater => 1.0,
                        std::cmp::Ordering::Equal => 0.5,
                        std::cmp::Ordering::Less => 0.0,
                    };
                }
            }
            prop_assert!((found.auc - right / pairs).abs() < 1e-9);
        }
    }
}
