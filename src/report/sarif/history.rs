//! History as SARIF: a result for each commit and rule that gates it. The rules are those of the policy, so that a viewer that groups by rule shows
//! the noisiest ones; what they come to, and what each dial would change, are properties.

use std::collections::BTreeMap;

use super::super::history::{Gated, gated, undecided};
use super::super::simulate::{rule_name, summary};
use super::model::{
    Configuration, FINGERPRINT, Help, MOST_RESULTS, Message, Outcome, Properties, Ran, Rule, Text, file, level_of,
    location, notification, pascal, unlinked,
};
use crate::diagnostic::{Level, plural};
use crate::simulate::Simulation;

/// The file.
pub(crate) fn simulation_sarif(simulation: &Simulation) -> String {
    let all: Vec<Gated<'_>> = gated(simulation).collect();
    let shown = all.get(..MOST_RESULTS).unwrap_or(&all);
    let mut rules: BTreeMap<&str, Level> = BTreeMap::new();
    for one in shown {
        let level = rules.entry(&one.rule).or_insert(one.level());
        *level = (*level).max(one.level());
    }
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(at, rule)| (*rule, at)).collect();
    file(Ran {
        command: "simulate",
        decided: true,
        rules: rules.iter().map(|(name, most)| rule(simulation, name, *most)).collect(),
        results: shown
            .iter()
            .map(|one| Outcome {
                rule_id: one.rule.clone().into(),
                rule_index: index.get(one.rule.as_str()).copied().unwrap_or_default(),
                level: level_of(one.level()),
                message: Message {
                    text: unlinked(one.message()).into(),
                },
                locations: [location(one.uri(), one.line())],
                partial_fingerprints: [(FINGERPRINT, one.fingerprint().into())].into(),
                properties: Some(serde_json::json!({
                    "commit": one.row.commit.to_string(),
                    "component": one.touched.id,
                    "outcome": one.touched.outcome.as_str(),
                    "files": one.touched.files.len(),
                })),
            })
            .collect(),
        more: all.len() - shown.len(),
        notifications: undecided(simulation)
            .map(|(_, said)| notification(Level::Warning, said))
            .collect(),
        properties: Some(serde_json::json!({ "simulation": summary(simulation) })),
    })
}

fn rule(simulation: &Simulation, name: &str, most: Level) -> Rule {
    let found = simulation.rules.iter().find(|rate| rule_name(rate) == name);
    let (commits, alone) = found.map_or((0, 0), |rate| (rate.commits, rate.alone));
    let all = plural(simulation.rows.len(), "commit");
    let said = format!("Gates {commits} of {all}, {alone} of them by no other rule.");
    let dial =
        format!("`disable: [{name}]` in the policy turns it off; `certgate explain {name}` says what it looks for.");
    Rule {
        id: name.to_owned(),
        name: pascal(name),
        short_description: Text {
            text: format!("The rule {name} of the policy."),
        },
        full_description: Text { text: said.clone() },
        help: Help {
            text: format!("{said} {}", dial.replace('`', "")),
            markdown: format!("{said}\n\n{dial}\n"),
        },
        default_configuration: Configuration { level: level_of(most) },
        properties: Properties {
            tags: ["performance", "history"],
            more: found.map(
                |rate| serde_json::json!({ "commits": rate.commits, "alone": rate.alone, "silenced": rate.silenced }),
            ),
        },
    }
}
