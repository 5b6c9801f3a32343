//! The learnt score of a change and its reasons, as each format shows them.

use serde::Serialize;

use super::flagged::{JsonFlagged, JsonSilenced};
use super::inert::{code, message};
use crate::diagnostic::{fold, plural};
use crate::gate::Judgement;
use crate::sensitivity::score::model::Model;
use crate::sensitivity::score::{ChangeScore, FileScore, ScoreReason};

#[derive(Serialize)]
pub(super) struct JsonSensitivity<'a> {
    score: u32,
    rank: u32,
    /// With how many earlier commits the rank compares; `null` for the training histories.
    among: Option<usize>,
    model: JsonModel<'a>,
    files: Vec<JsonFileScore<'a>>,
    flagged: Vec<JsonFlagged>,
    silenced: Vec<JsonSilenced<'a>>,
}

#[derive(Serialize)]
struct JsonModel<'a> {
    version: &'a str,
    digest: &'a str,
}

#[derive(Serialize)]
pub(super) struct JsonFileScore<'a> {
    path: String,
    score: u32,
    because: Vec<JsonBecause<'a>>,
}

#[derive(Serialize)]
struct JsonBecause<'a> {
    feature: &'a str,
    text: &'a str,
    weight: i32,
    lines: &'a [u32],
}

/// A score as every JSON report has it.
impl<'a> JsonSensitivity<'a> {
    pub(super) fn of(change: &'a ChangeScore, report: &'a Judgement) -> Self {
        let model = Model::embedded();
        Self {
            flagged: report.flagged.iter().map(JsonFlagged::from).collect(),
            silenced: report.silenced.iter().map(JsonSilenced::from).collect(),
            score: change.score,
            rank: change.rank,
            among: change.among,
            model: JsonModel {
                version: &model.version,
                digest: &model.digest,
            },
            files: change.files.iter().map(JsonFileScore::from).collect(),
        }
    }
}

impl<'a> From<&'a FileScore> for JsonFileScore<'a> {
    fn from(file: &'a FileScore) -> Self {
        let because = |reason: &'a ScoreReason| JsonBecause {
            feature: &reason.feature,
            text: &reason.text,
            weight: reason.weight,
            lines: &reason.lines,
        };
        Self {
            path: file.path.to_string(),
            score: file.score,
            because: file.because.iter().map(because).collect(),
        }
    }
}

/// The score of the change and what it is compared with, without the file.
pub(super) fn rank(change: &ChangeScore) -> String {
    let among = match change.among {
        Some(count) => format!("this repository's last {}", plural(count, "commit")),
        None => "the commits that the score learnt from; there are too few here".to_owned(),
    };
    format!("{} of 1000, above {} % of {among}", change.score, change.rank)
}

/// A file with its reasons, a line each; no line is longer than the width, where it can be folded.
fn file(score: &FileScore, width: usize, text: &mut String) {
    for reason in &score.because {
        let line = format!("  {:+5}  {}", reason.weight, reason.text);
        text.push_str(&fold(&line, width, "         "));
        text.push('\n');
    }
}

/// For a screen: the score, and the reasons of the highest file.
pub(crate) fn score_lines(change: &ChangeScore, width: usize) -> String {
    let Some(highest) = change.files.first() else {
        return String::new();
    };
    let line = format!("sensitivity: {}", rank(change));
    let mut text = fold(&line, width, "  ") + "\n";
    text.push_str(&format!("  highest: {}\n", highest.path));
    file(highest, width, &mut text);
    text
}

/// Of one file: its score and its reasons.
pub(crate) fn file_score_lines(score: &FileScore, width: usize) -> String {
    let mut text = format!("{}: {} of 1000\n", score.path, score.score);
    file(score, width, &mut text);
    text
}

/// As Markdown, folded away but for the first line.
pub(super) fn markdown(change: &ChangeScore) -> String {
    let Some(highest) = change.files.first() else {
        return String::new();
    };
    let mut text = format!(
        "\n<details><summary>Sensitivity {}: {}</summary>\n\n",
        rank(change),
        code(&highest.path.to_string())
    );
    for reason in &highest.because {
        text.push_str(&format!("- {:+}: {}\n", reason.weight, message(&reason.text)));
    }
    text.push_str("\n</details>\n");
    text
}

/// As the properties of a report that has such: names and values.
pub(super) fn properties(change: &ChangeScore) -> Vec<(String, String)> {
    let mut all = vec![
        ("sensitivity.score".to_owned(), change.score.to_string()),
        ("sensitivity.rank".to_owned(), change.rank.to_string()),
    ];
    if let Some(highest) = change.files.first() {
        all.push(("sensitivity.highest".to_owned(), highest.path.to_string()));
        let reasons = highest
            .because
            .iter()
            .map(|reason| format!("{:+} {}", reason.weight, reason.text));
        all.extend(reasons.map(|text| ("sensitivity.because".to_owned(), text)));
    }
    all
}
