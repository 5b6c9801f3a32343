//! What history would have been asked: `certgate/simulate/v1` (`docs/schema/simulate-v1.json`), and as Markdown for people.

use std::time::Duration;

use serde::Serialize;

use super::flagged::JsonFlagged;
use super::history::share;
use super::inert::inline as markdown;
use crate::diagnostic::plural;
use crate::simulate::{Answer, Dial, Example, NOISIEST, Row, RuleRate, Simulation, Touched};
use crate::verdict::Verdict;

/// The name of the schema.
const SIMULATE_SCHEMA: &str = "certgate/simulate/v1";
/// Most dials that are shown to people.
pub(super) const DIALS: usize = 12;
/// Longest example that is shown to people.
const DETAIL: usize = 70;

#[derive(Serialize)]
struct JsonSimulation<'a> {
    schema: &'static str,
    #[serde(flatten)]
    summary: JsonSummary<'a>,
    commits: Vec<JsonRow<'a>>,
}

/// All but the commits.
#[derive(Serialize)]
struct JsonSummary<'a> {
    policy: &'a str,
    rates: Rates,
    components: Vec<JsonComponent<'a>>,
    rules: Vec<JsonRule<'a>>,
    dials: Vec<JsonDial<'a>>,
    time: JsonTime,
}

#[derive(Serialize)]
struct Rates {
    commits: usize,
    gated: usize,
    flagged: usize,
    flagged_alone: usize,
    pass: usize,
    warn: usize,
    block: usize,
    undecided: usize,
}

#[derive(Serialize)]
struct JsonComponent<'a> {
    id: &'a str,
    commits: usize,
    alone: usize,
    lacking: usize,
}

#[derive(Serialize)]
struct JsonRule<'a> {
    component: &'a str,
    rule: &'a str,
    commits: usize,
    alone: usize,
    silenced: usize,
    example: JsonExample<'a>,
}

#[derive(Serialize)]
struct JsonExample<'a> {
    commit: String,
    path: Option<String>,
    line: Option<u32>,
    detail: &'a str,
}

#[derive(Serialize)]
struct JsonDial<'a> {
    change: &'a str,
    about: &'a str,
    gated: usize,
    block: usize,
    example: Option<String>,
}

#[derive(Serialize)]
struct JsonTime {
    total: f64,
    median: Option<f64>,
    ninety_five_percent: Option<f64>,
    slowest: Option<f64>,
}

#[derive(Serialize)]
struct JsonRow<'a> {
    commit: String,
    parent: Option<String>,
    merge: bool,
    subject: &'a str,
    verdict: Option<&'static str>,
    error: Option<JsonError<'a>>,
    components: Vec<JsonTouched<'a>>,
    flagged: Vec<JsonFlagged>,
    silenced: Vec<JsonQuiet<'a>>,
    seconds: f64,
}

#[derive(Serialize)]
struct JsonError<'a> {
    code: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct JsonTouched<'a> {
    id: &'a str,
    outcome: &'static str,
    files: Vec<String>,
    rules: Vec<&'a str>,
}

#[derive(Serialize)]
struct JsonQuiet<'a> {
    component: &'a str,
    rule: &'a str,
    path: Option<String>,
}

/// The answer for machines, with a line break at its end.
pub(crate) fn simulation_json(simulation: &Simulation) -> String {
    super::to_line(&JsonSimulation {
        schema: SIMULATE_SCHEMA,
        summary: json_summary(simulation),
        commits: simulation.rows.iter().map(row).collect(),
    })
}

/// What the commits come to: rates, rules, dials and time, as the JSON has them.
pub(super) fn summary(simulation: &Simulation) -> serde_json::Value {
    serde_json::to_value(json_summary(simulation)).unwrap_or_default()
}

fn json_summary(simulation: &Simulation) -> JsonSummary<'_> {
    let seconds = |took: Option<Duration>| took.map(|took| took.as_secs_f64());
    JsonSummary {
        policy: &simulation.policy,
        rates: Rates {
            commits: simulation.rows.len(),
            gated: simulation.gated(),
            flagged: simulation.flagged().0,
            flagged_alone: simulation.flagged().1,
            pass: simulation.with(Verdict::Pass),
            warn: simulation.with(Verdict::Warn),
            block: simulation.with(Verdict::Block),
            undecided: simulation.undecided(),
        },
        components: simulation
            .components
            .iter()
            .map(|rate| JsonComponent {
                id: &rate.id,
                commits: rate.commits,
                alone: rate.alone,
                lacking: rate.lacking,
            })
            .collect(),
        rules: simulation.rules.iter().map(rule).collect(),
        dials: simulation
            .dials
            .iter()
            .map(|dial| JsonDial {
                change: &dial.change,
                about: &dial.about,
                gated: dial.gated,
                block: dial.blocked,
                example: dial.example.as_ref().map(ToString::to_string),
            })
            .collect(),
        time: JsonTime {
            total: simulation.took.as_secs_f64(),
            median: seconds(simulation.percentile(50)),
            ninety_five_percent: seconds(simulation.percentile(95)),
            slowest: seconds(simulation.percentile(100)),
        },
    }
}

fn rule(rate: &RuleRate) -> JsonRule<'_> {
    let (commit, example) = &rate.example;
    JsonRule {
        component: &rate.component,
        rule: &rate.rule,
        commits: rate.commits,
        alone: rate.alone,
        silenced: rate.silenced,
        example: JsonExample {
            commit: commit.to_string(),
            path: example.path.as_ref().map(ToString::to_string),
            line: example.line,
            detail: &example.detail,
        },
    }
}

fn row(row: &Row) -> JsonRow<'_> {
    let error = match &row.answer {
        Answer::Undecided { code, message } => Some(JsonError {
            code: code.as_str(),
            message,
        }),
        Answer::Judged { .. } => None,
    };
    JsonRow {
        commit: row.commit.to_string(),
        parent: row.parent.as_ref().map(ToString::to_string),
        merge: row.merge,
        subject: &row.subject,
        verdict: row.verdict().map(Verdict::as_str),
        error,
        components: row.touched().iter().map(json_touched).collect(),
        flagged: row.flagged().iter().map(JsonFlagged::from).collect(),
        silenced: row.silenced().iter().map(quiet).collect(),
        seconds: row.took.as_secs_f64(),
    }
}

fn quiet((component, rule, example): &(String, String, Example)) -> JsonQuiet<'_> {
    JsonQuiet {
        component,
        rule,
        path: example.path.as_ref().map(ToString::to_string),
    }
}

fn json_touched(touched: &Touched) -> JsonTouched<'_> {
    JsonTouched {
        id: &touched.id,
        outcome: touched.outcome.as_str(),
        files: touched.files.iter().map(ToString::to_string).collect(),
        rules: touched.rules.keys().map(String::as_str).collect(),
    }
}

/// The answer for people: tables in Markdown.
pub(crate) fn simulation_markdown(simulation: &Simulation) -> String {
    let all = simulation.rows.len();
    let mut text = format!(
        "# {}, judged by {}\n\n",
        plural(all, "commit"),
        span(&simulation.policy)
    );
    let stretch = (simulation.rows.last(), simulation.rows.first());
    if let (Some(oldest), Some(newest)) = stretch {
        text.push_str(&format!(
            "From {} to {}.\n\n",
            oldest.commit.short(),
            newest.commit.short()
        ));
    }
    text.push_str("| | commits | share |\n|---|---:|---:|\n");
    let mut line = |name: &str, count: usize| text.push_str(&format!("| {name} | {count} | {} |\n", share(count, all)));
    line("need a certificate", simulation.gated());
    if let Some(rank) = simulation.flags {
        let (flagged, alone) = simulation.flagged();
        line(&format!("flagged by the score, of rank {rank} and above"), flagged);
        line("of these, no rule gates", alone);
    }
    line("blocked", simulation.with(Verdict::Block));
    line("passed with a warning", simulation.with(Verdict::Warn));
    line("passed", simulation.with(Verdict::Pass));
    if simulation.undecided() > 0 {
        line("could not be judged", simulation.undecided());
    }
    if !simulation.components.is_empty() {
        text.push_str("\n## By component\n\n| component | commits | share | no other component | lack a certificate |\n|---|---:|---:|---:|---:|\n");
    }
    for rate in &simulation.components {
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} |\n",
            span(&rate.id),
            rate.commits,
            share(rate.commits, all),
            rate.alone,
            rate.lacking
        ));
    }
    if !simulation.rules.is_empty() {
        text.push_str(
            "\n## The noisiest rules\n\n| rule | commits | no other rule | score too low | for example |\n|---|---:|---:|---:|---|\n",
        );
    }
    for rate in simulation.rules.iter().take(NOISIEST) {
        let (commit, example) = &rate.example;
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} {} |\n",
            span(&rule_name(rate)),
            rate.commits,
            rate.alone,
            rate.silenced,
            commit.short(),
            shown(example)
        ));
    }
    text.push_str(&dials(
        &simulation.dials,
        simulation.gated(),
        simulation.with(Verdict::Block),
    ));
    text.push_str(&time(simulation));
    for row in simulation
        .rows
        .iter()
        .filter(|row| row.verdict().is_none())
        .take(NOISIEST)
    {
        if let Answer::Undecided { code, message } = &row.answer {
            text.push_str(&format!(
                "- {} could not be judged: {code} {}\n",
                row.commit.short(),
                markdown(message)
            ));
        }
    }
    text
}

fn dials(dials: &[Dial], gated: usize, blocked: usize) -> String {
    if dials.is_empty() {
        return String::new();
    }
    let mut text =
        "\n## What each dial would change\n\n| in the policy | need a certificate | blocked | |\n|---|---:|---:|---|\n"
            .to_owned();
    for dial in dials.iter().take(DIALS) {
        text.push_str(&format!(
            "| {} | {gated} → {} | {blocked} → {} | {}{} |\n",
            span(&dial.change),
            dial.gated,
            dial.blocked,
            dial.about,
            dial.example
                .as_ref()
                .map_or_else(String::new, |commit| format!(", such as {}", commit.short()))
        ));
    }
    text
}

fn time(simulation: &Simulation) -> String {
    let millis = |took: Option<Duration>| {
        took.map_or_else(|| "–".to_owned(), |took| format!("{:.0} ms", took.as_secs_f64() * 1e3))
    };
    let slowest = simulation.rows.iter().max_by_key(|row| row.took);
    format!(
        "\n## Time\n\n{:.1} s in all. A commit takes {} (median), {} (95 of 100), {} at most{}.\n",
        simulation.took.as_secs_f64(),
        millis(simulation.percentile(50)),
        millis(simulation.percentile(95)),
        millis(simulation.percentile(100)),
        slowest.map_or_else(String::new, |row| format!(" ({})", row.commit.short()))
    )
}

/// The name that `disable` takes.
pub(super) fn rule_name(rate: &RuleRate) -> String {
    format!("{}/{}", rate.component, rate.rule)
}

/// Where a rule has found something.
pub(super) fn place(example: &Example) -> String {
    match (&example.path, example.line) {
        (Some(path), Some(line)) => format!("{path}:{line}"),
        (Some(path), None) => path.to_string(),
        (None, _) => "message".to_owned(),
    }
}

fn shown(example: &Example) -> String {
    let mut detail: String = example.detail.chars().take(DETAIL).collect();
    if detail.len() < example.detail.len() {
        detail.push('…');
    }
    format!("{} {}", span(&place(example)), span(&detail.replace('`', "\"")))
}

/// A code span in a table.
fn span(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A space that is taken away again, where the text would make the fence longer.
    let room = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{room}{}{room}{fence}", text.replace('|', "\\|"))
}
