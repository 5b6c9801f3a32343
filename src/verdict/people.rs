//! Thresholds count people. What tells two signed certificates to be of one person: a common principal or a common key. What is not signed may
//! be of anybody who speaks for its agent, so it is counted as one more person only where nobody counted already could have written it;
//! where signatures are not looked at, the agent's name tells.

use std::collections::{BTreeMap, BTreeSet};

use super::Terms;
use super::statement::Statement;
use crate::trust::{SignatureCheck, Signatures};

/// From how many agents on the fewest people behind them are only estimated, by one person for each agent.
const MOST_AGENTS: usize = 12;

/// How many people wrote these certificates, at least.
pub(super) fn count<'w>(statements: impl IntoIterator<Item = &'w Statement<'w>>, terms: &Terms) -> usize {
    count_with(statements, &[], terms)
}

/// The same where each of these agents has written one more, of which nobody knows yet by whom it is signed.
pub(super) fn count_with<'w>(
    statements: impl IntoIterator<Item = &'w Statement<'w>>,
    more: &[&str],
    terms: &Terms,
) -> usize {
    let mut people: Vec<BTreeSet<String>> = Vec::new();
    let mut signed_for: BTreeSet<&str> = BTreeSet::new();
    let mut unsigned: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let named = more.iter().map(|agent| (*agent, speakers(agent, terms)));
    unsigned.extend(named);
    for statement in statements {
        signed_for.extend(marks(statement, terms).map(|_| statement.agent()));
        let Some(mut own) = marks(statement, terms) else {
            unsigned
                .entry(statement.agent())
                .or_insert_with(|| speakers(statement.agent(), terms));
            continue;
        };
        // Whoever shares a mark with it is the same person.
        people.retain(|other| {
            let same = !other.is_disjoint(&own);
            if same {
                own.extend(other.iter().cloned());
            }
            !same
        });
        people.push(own);
    }
    let mut left: Vec<BTreeSet<String>> = unsigned
        .into_iter()
        // One agent, with and without a signature, is one person.
        .filter(|(agent, _)| !signed_for.contains(agent))
        .map(|(_, may_be)| may_be)
        .filter(|may_be| people.iter().all(|person| person.is_disjoint(may_be)))
        .collect();
    left.sort_by_key(BTreeSet::len);
    people.len() + fewest(&left)
}

/// Everything by which the author of a signed certificate could be recognised.
fn marks(statement: &Statement<'_>, terms: &Terms) -> Option<BTreeSet<String>> {
    let SignatureCheck::Valid(verified) = &statement.entry.signature else {
        return None;
    };
    if terms.demands.signatures == Signatures::Off {
        return None;
    }
    let speakers = terms
        .demands
        .speakers_of(&statement.entry.certificate, &statement.entry.signature);
    let principals = speakers
        .into_iter()
        .map(str::to_owned)
        .chain(verified.principals.iter().cloned());
    let mut marks: BTreeSet<String> = principals
        .map(|name| format!("principal {}", name.to_lowercase()))
        .collect();
    marks.insert(format!("key {}", verified.key));
    Some(marks)
}

/// Whom a certificate of an agent that is not signed may be of.
fn speakers(agent: &str, terms: &Terms) -> BTreeSet<String> {
    let named = terms.demands.named(agent);
    match named {
        _ if terms.demands.signatures == Signatures::Off => [format!("agent {agent}")].into(),
        [] => [format!("agent {agent}")].into(),
        named => named
            .iter()
            .map(|name| format!("principal {}", name.to_lowercase()))
            .collect(),
    }
}

/// The fewest people of whom each of these sets holds one.
fn fewest(sets: &[BTreeSet<String>]) -> usize {
    let Some((first, rest)) = sets.split_first() else {
        return 0;
    };
    if sets.len() > MOST_AGENTS {
        return 1;
    }
    let without = |name: &String| {
        rest.iter()
            .filter(|set| !set.contains(name))
            .cloned()
            .collect::<Vec<_>>()
    };
    1 + first
        .iter()
        .map(|name| fewest(&without(name)))
        .min()
        .unwrap_or_default()
}
