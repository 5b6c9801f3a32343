//! History as tests: a suite for each component, in which a test is a commit that touches it. What the rates are and what each dial would change
//! are properties of the suites.

use std::collections::BTreeMap;

use super::super::history::{level, share, undecided, would};
use super::super::simulate::{place, rule_name};
use super::xml::{Ended, Fault, Suite, Test, xml};
use crate::diagnostic::{Level, plural};
use crate::simulate::{Row, Simulation, Touched};
use crate::verdict::Verdict;

/// The document.
pub(crate) fn simulation_junit(simulation: &Simulation) -> String {
    let mut suites = vec![Suite {
        name: "certgate.simulate".to_owned(),
        properties: rates(simulation),
        tests: std::iter::once(Test::passed("history"))
            .chain(undecided(simulation).map(|(row, said)| Test {
                name: named(row),
                ended: Ended::Error(Fault {
                    kind: "undecided".to_owned(),
                    message: said,
                    text: String::new(),
                }),
                out: String::new(),
            }))
            .collect(),
    }];
    let mut components: BTreeMap<&str, Vec<Test>> = BTreeMap::new();
    for row in &simulation.rows {
        for touched in row.touched() {
            components.entry(&touched.id).or_default().push(test(row, touched));
        }
    }
    // In the order of the rates: what is asked for most comes first.
    for rate in &simulation.components {
        suites.push(Suite {
            name: format!("certgate.simulate.{}", rate.id),
            properties: vec![
                ("commits".to_owned(), rate.commits.to_string()),
                ("share".to_owned(), share(rate.commits, simulation.rows.len())),
                ("no other component".to_owned(), rate.alone.to_string()),
                ("lack a certificate".to_owned(), rate.lacking.to_string()),
            ],
            tests: components.remove(rate.id.as_str()).unwrap_or_default(),
        });
    }
    xml(suites)
}

fn named(row: &Row) -> String {
    format!("{} {}", row.commit.short(), row.subject)
}

/// A commit that touches a component.
fn test(row: &Row, touched: &Touched) -> Test {
    let rules: Vec<&str> = touched.rules.keys().map(String::as_str).collect();
    let reasons: Vec<String> = touched
        .rules
        .iter()
        .map(|(rule, example)| format!("{}/{rule} at {}: {}", touched.id, place(example), example.detail))
        .collect();
    let fault = || Fault {
        kind: touched.outcome.as_str().to_owned(),
        message: format!("{}: {}", would(row, touched), rules.join(", ")),
        text: reasons.join("\n"),
    };
    let mut test = Test::passed(named(row));
    match level(row, touched) {
        Level::Error => test.ended = Ended::Failed(fault()),
        Level::Warning => test.ended = Ended::Skipped(fault()),
        Level::Note => test.out = reasons.join("\n"),
    }
    test
}

/// The rates of the stretch, the rules and the dials.
fn rates(simulation: &Simulation) -> Vec<(String, String)> {
    let all = simulation.rows.len();
    let mut told = vec![
        ("policy".to_owned(), simulation.policy.clone()),
        ("commits".to_owned(), all.to_string()),
    ];
    for (name, count) in [
        ("need a certificate", simulation.gated()),
        ("blocked", simulation.with(Verdict::Block)),
        ("passed with a warning", simulation.with(Verdict::Warn)),
        ("passed", simulation.with(Verdict::Pass)),
        ("could not be judged", simulation.undecided()),
    ] {
        told.push((name.to_owned(), format!("{count} ({})", share(count, all))));
    }
    for rate in &simulation.rules {
        let (commit, example) = &rate.example;
        let said = format!(
            "{}, {} by no other rule; such as {} at {}: {}",
            plural(rate.commits, "commit"),
            rate.alone,
            commit.short(),
            place(example),
            example.detail
        );
        told.push((format!("rule {}", rule_name(rate)), said));
    }
    let (gated, blocked) = (simulation.gated(), simulation.with(Verdict::Block));
    for dial in &simulation.dials {
        let said = format!(
            "need a certificate: {gated} → {}; blocked: {blocked} → {}",
            dial.gated, dial.blocked
        );
        told.push((format!("dial {}", dial.change), said));
    }
    told
}
