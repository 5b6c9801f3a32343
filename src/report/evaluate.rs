//! How well rules and score find performance commits: `certgate/evaluate/v1` (`docs/schema/evaluate-v1.json`), Markdown, and a plot.

use std::fmt::Write as _;

use serde::Serialize;

use super::inert::inline as markdown;
use super::svg::{Ink, Picture};
use crate::diagnostic::plural;
use crate::simulate::{Evaluation, Found, Ranking, SHARES};

/// The name of the schema.
const EVALUATE_SCHEMA: &str = "certgate/evaluate/v1";
/// Most rules that are shown to people.
const RULES: usize = 20;

#[derive(Serialize)]
struct JsonEvaluation<'a> {
    schema: &'static str,
    policy: &'a str,
    label: &'a str,
    commits: usize,
    positive: usize,
    gated: JsonFound,
    flagged: Option<JsonFound>,
    either: JsonFound,
    components: Vec<JsonComponent<'a>>,
    rules: Vec<JsonRule<'a>>,
    score: Option<JsonRanking>,
    matched: Option<JsonRanking>,
    scores: Vec<JsonScore>,
}

#[derive(Serialize)]
struct JsonFound {
    flagged: usize,
    right: usize,
    share: f64,
    precision: Option<f64>,
    recall: Option<f64>,
}

#[derive(Serialize)]
struct JsonComponent<'a> {
    id: &'a str,
    #[serde(flatten)]
    found: JsonFound,
}

#[derive(Serialize)]
struct JsonRule<'a> {
    component: &'a str,
    rule: &'a str,
    #[serde(flatten)]
    found: JsonFound,
    silenced: JsonFound,
}

#[derive(Serialize)]
struct JsonRanking {
    auc: f64,
    recall: JsonRecall,
}

#[derive(Serialize)]
struct JsonRecall {
    ten: f64,
    twenty: f64,
    thirty: f64,
}

#[derive(Serialize)]
struct JsonScore {
    commit: String,
    score: u32,
    positive: bool,
    gated: bool,
    flagged: bool,
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// One number out of another; `None` out of nothing.
fn share(some: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| thousandths(some as f64 / of as f64))
}

fn found(evaluation: &Evaluation, found: Found) -> JsonFound {
    JsonFound {
        flagged: found.flagged,
        right: found.right,
        share: share(found.flagged, evaluation.commits).unwrap_or(0.0),
        precision: share(found.right, found.flagged),
        recall: share(found.right, evaluation.positive),
    }
}

fn ranking(ranking: &Ranking) -> JsonRanking {
    let [ten, twenty, thirty] = ranking.recall.map(thousandths);
    JsonRanking {
        auc: thousandths(ranking.auc),
        recall: JsonRecall { ten, twenty, thirty },
    }
}

/// Each rule, with what it gates and what of its matches does not count.
fn rules(evaluation: &Evaluation) -> Vec<(&(String, String), Found, Found)> {
    let quiet = |rule| evaluation.silenced.get(rule).copied().unwrap_or_default();
    let loud = evaluation.rules.iter().map(|(rule, one)| (rule, *one, quiet(rule)));
    let known = |rule| evaluation.rules.iter().any(|(known, _)| known == rule);
    let rest = evaluation.silenced.iter().filter(|(rule, _)| !known(*rule));
    loud.chain(rest.map(|(rule, quiet)| (rule, Found::default(), *quiet)))
        .collect()
}

/// The answer for machines, with a line break at its end.
pub(crate) fn evaluation_json(evaluation: &Evaluation) -> String {
    super::to_line(&JsonEvaluation {
        schema: EVALUATE_SCHEMA,
        policy: &evaluation.policy,
        label: &evaluation.label,
        commits: evaluation.commits,
        positive: evaluation.positive,
        gated: found(evaluation, evaluation.gated),
        flagged: evaluation.flagged.map(|flagged| found(evaluation, flagged)),
        either: found(evaluation, evaluation.either),
        components: evaluation
            .components
            .iter()
            .map(|(id, one)| JsonComponent {
                id,
                found: found(evaluation, *one),
            })
            .collect(),
        rules: rules(evaluation)
            .into_iter()
            .map(|((component, rule), one, quiet)| JsonRule {
                component,
                rule,
                found: found(evaluation, one),
                silenced: found(evaluation, quiet),
            })
            .collect(),
        score: evaluation.score.as_ref().map(ranking),
        matched: evaluation.matched.as_ref().map(ranking),
        scores: evaluation
            .scores
            .iter()
            .map(|scored| JsonScore {
                commit: scored.commit.to_string(),
                score: scored.score,
                positive: scored.positive,
                gated: scored.gated,
                flagged: scored.flagged,
            })
            .collect(),
    })
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{:.1} %", value * 100.0))
}

/// The answer for people.
pub(crate) fn evaluation_markdown(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    let (commits, positive) = (plural(evaluation.commits, "commit"), evaluation.positive);
    let _infallible = writeln!(
        text,
        "# What finds the performance commits\n\n{commits}, {positive} of them labelled by {}; policy {}.\n",
        markdown(&evaluation.label),
        markdown(&evaluation.policy),
    );
    let base = share(evaluation.positive, evaluation.commits);
    let _infallible = writeln!(text, "Flagging at random has a precision of {}.\n", percent(base));
    text.push_str("| by rule | flagged | share | precision | recall |\n|---|---|---|---|---|\n");
    let mut row = |name: &str, one: Found| {
        let one = found(evaluation, one);
        let _infallible = writeln!(
            text,
            "| {name} | {} | {} | {} | {} |",
            one.flagged,
            percent(Some(one.share)),
            percent(one.precision),
            percent(one.recall)
        );
    };
    if let Some(flagged) = evaluation.flagged {
        row("rules or score", evaluation.either);
        row("the score, as the policy flags", flagged);
    }
    row("all rules", evaluation.gated);
    for (id, one) in &evaluation.components {
        row(&markdown(id), *one);
    }
    for ((component, rule), one) in evaluation.rules.iter().take(RULES) {
        row(&format!("{}: {}", markdown(component), markdown(rule)), *one);
    }
    text.push_str("\n| by order | AUC | recall at 10 % | 20 % | 30 % flagged |\n|---|---|---|---|---|\n");
    for (name, one) in [
        ("score", &evaluation.score),
        ("number of rules that match", &evaluation.matched),
    ] {
        let _infallible = match one {
            Some(one) => {
                let [ten, twenty, thirty] = one.recall.map(|value| percent(Some(value)));
                writeln!(text, "| {name} | {:.3} | {ten} | {twenty} | {thirty} |", one.auc)
            }
            None => writeln!(text, "| {name} | – | – | – | – |"),
        };
    }
    if evaluation.score.is_none() {
        text.push_str("\nAll commits have the same label, so no order can be better than another; `--label REGEX` takes another label.\n");
    }
    text
}

/// Share of performance commits found by share of commits flagged, for the score and the number of rules.
pub(crate) fn evaluation_svg(evaluation: &Evaluation) -> String {
    const SIDE: f64 = 320.0;
    const LEFT: f64 = 60.0;
    const TOP: f64 = 30.0;
    let mut picture = Picture::new(LEFT + SIDE + 140.0);
    let place = |(flagged, found): (f64, f64)| (LEFT + flagged * SIDE, TOP + (1.0 - found) * SIDE);
    for share in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
        picture.line(place((share, 0.0)), place((share, 1.0)), 0.3, Ink::Frame);
        picture.line(place((0.0, share)), place((1.0, share)), 0.3, Ink::Frame);
        let (x, y) = place((share, 0.0));
        picture.text(x - 10.0, y + 16.0, false, &format!("{:.0} %", share * 100.0));
        let (x, y) = place((0.0, share));
        picture.text(x - 6.0, y + 4.0, true, &format!("{:.0} %", share * 100.0));
    }
    picture.line(place((0.0, 0.0)), place((1.0, 1.0)), 0.6, Ink::Frame);
    picture.text(LEFT, TOP - 12.0, false, "performance commits found, by commits flagged");
    let mut says = Vec::new();
    for (name, one, ink, row) in [
        ("score", &evaluation.score, Ink::After, 0.0),
        ("rules that match", &evaluation.matched, Ink::Before, 1.0),
    ] {
        let Some(one) = one else { continue };
        for pair in one.curve.windows(2) {
            if let [from, to] = pair {
                picture.line(place(*from), place(*to), 1.8, ink);
            }
        }
        let (x, y) = (LEFT + SIDE + 12.0, TOP + 20.0 + row * 40.0);
        picture.line((x, y), (x + 20.0, y), 2.5, ink);
        picture.text(x + 26.0, y + 4.0, false, name);
        picture.text(x + 26.0, y + 20.0, false, &format!("AUC {:.3}", one.auc));
        for (share, recall) in SHARES.iter().zip(one.recall) {
            let (x, y) = place((*share, recall));
            picture.dot(
                x,
                y,
                ink,
                &format!(
                    "{name}: {:.0} % of them at {:.0} % flagged",
                    recall * 100.0,
                    share * 100.0
                ),
            );
        }
        let [_, twenty, _] = one.recall;
        says.push(format!(
            "{name}: AUC {:.3}, {:.0} % found at 20 % flagged",
            one.auc,
            twenty * 100.0
        ));
    }
    let description = match says.is_empty() {
        true => "All commits have the same label.".to_owned(),
        false => says.join("; "),
    };
    picture.finish(TOP + SIDE + 30.0, "What finds the performance commits", &description)
}
