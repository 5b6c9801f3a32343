//! Why a file has its score: at most five reasons, which sum up to it.

use std::collections::BTreeMap;

use super::features::{Feature, FileFeatures};
use super::history::Tally;
use super::model::Model;
use crate::diagnostic::{plural, sanitize};

/// Reasons by name; one more holds what is left.
const NAMED: usize = 4;
/// Words that are named for a reason.
const SHOWN: usize = 4;
/// Lines that are named for a reason.
const LINES: usize = 5;

/// A reason for a score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreReason {
    /// What it is about, as the model names it.
    pub feature: String,
    /// The same for people.
    pub text: String,
    /// What it adds to the score, or takes from it.
    pub weight: i32,
    /// Lines that show it, on the side where they are.
    pub lines: Vec<u32>,
}

/// Features that are one reason, each with its weight.
#[derive(Default)]
struct Family<'f> {
    weight: i32,
    features: Vec<(i32, &'f Feature)>,
}

/// The reasons of a score that is the sum of these features.
pub(super) fn because(model: &Model, evidence: &FileFeatures, features: &[Feature], score: i32) -> Vec<ScoreReason> {
    let mut families: BTreeMap<String, Family<'_>> = BTreeMap::new();
    for feature in features {
        let weight = model.weight(feature);
        if weight != 0 {
            let family = families.entry(family(&feature.name)).or_default();
            family.weight = family.weight.saturating_add(weight);
            family.features.push((weight, feature));
        }
    }
    for family in families.values_mut() {
        let size = |feature: &(i32, &Feature)| feature.0.unsigned_abs();
        family
            .features
            .sort_by(|a, b| size(b).cmp(&size(a)).then_with(|| a.1.cmp(b.1)));
    }
    let mut families: Vec<(String, Family<'_>)> = families.into_iter().collect();
    families.sort_by(|a, b| {
        let size = |family: &Family<'_>| family.weight.unsigned_abs();
        size(&b.1).cmp(&size(&a.1)).then_with(|| a.0.cmp(&b.0))
    });
    let mut reasons = Vec::new();
    let mut left = score;
    for (name, family) in families.iter().take(NAMED) {
        let weight = (family.weight + 32).div_euclid(64);
        if weight == 0 {
            break;
        }
        left -= weight;
        let lines = family.features.iter().map(|(_, feature)| feature.line);
        let mut lines: Vec<u32> = lines.filter(|line| *line > 0).take(LINES).collect();
        lines.sort_unstable();
        lines.dedup();
        reasons.push(ScoreReason {
            feature: sanitize(name),
            text: text(name, family, evidence),
            weight,
            lines,
        });
    }
    reasons.push(ScoreReason {
        feature: "rest".to_owned(),
        text: "what every change starts with, and everything else that this file shows".to_owned(),
        weight: left,
        lines: Vec::new(),
    });
    reasons
}

/// What a feature is shown as part of.
fn family(name: &str) -> String {
    let group = name.split(':').next().unwrap_or_default();
    for scope in ["file", "directory", "region", "repository"] {
        if group.strip_prefix(scope).is_some_and(|rest| rest.starts_with(' ')) {
            return format!("past of the {scope}");
        }
    }
    let family = match group {
        "added" | "removed" | "changed" | "balance" | "hunks" | "comment lines" => "size",
        "language" | "area" | "source" | "file" => "kind of file",
        "path" | "words of the path" | "words of the path on average" => "path",
        "word added" | "name added" => "words added",
        "word removed" | "name removed" => "words removed",
        "comment" => "words of comments",
        "function" | "inside loops" | "only" => group,
        _ => "structure",
    };
    family.to_owned()
}

/// The second parts of the names of the features that weigh most.
fn which(family: &Family<'_>) -> String {
    let names = family
        .features
        .iter()
        .filter_map(|(_, feature)| feature.name.split_once(':'));
    let mut shown: Vec<String> = Vec::new();
    for (_, which) in names {
        let name = format!("`{}`", sanitize(which));
        if shown.len() < SHOWN && !shown.contains(&name) {
            shown.push(name);
        }
    }
    shown.join(", ")
}

/// The groups of the features that weigh most.
fn groups(family: &Family<'_>) -> String {
    let mut shown: Vec<&str> = Vec::new();
    for (group, _) in family
        .features
        .iter()
        .filter_map(|(_, feature)| feature.name.split_once(':'))
    {
        if shown.len() < SHOWN && !shown.contains(&group) {
            shown.push(group);
        }
    }
    shown.join(", ")
}

fn share(tally: &Tally, of: &str) -> String {
    let last = match tally.last_perf {
        Some(0) => ", the last one just before".to_owned(),
        Some(ago) => format!(", the last one {} before", plural(ago as usize + 1, "commit")),
        None => String::new(),
    };
    match (tally.touched, tally.perf) {
        (0, _) => format!("no earlier commit touches {of}"),
        (touched, 0) => format!(
            "none of {} that touched {of} was about performance",
            plural(touched as usize, "commit")
        ),
        (touched, perf) => format!(
            "{perf} of {} that touched {of} were about performance{last}",
            plural(touched as usize, "commit")
        ),
    }
}

fn text(name: &str, family: &Family<'_>, evidence: &FileFeatures) -> String {
    let past = evidence.past();
    let function = || match evidence.function() {
        Some(function) => format!(" in `{}`", sanitize(&function)),
        None => String::new(),
    };
    let (added, removed, hunks) = evidence.size();
    match name {
        "past of the file" => share(&past.file, "this file"),
        "past of the directory" => share(&past.directory, "its directory"),
        "past of the region" => share(&past.region, "this part of the repository"),
        "past of the repository" => share(&evidence.all(), "the repository"),
        "size" => format!(
            "{} added and {removed} removed in {}",
            plural(added, "line"),
            plural(hunks, "hunk")
        ),
        "kind of file" => format!("the kind of file: {}", evidence.kind()),
        "path" => format!("the words of its path: {}", which(family)),
        "function" => format!("the name of the function around: {}", which(family)),
        "words added" => format!("{} added{}", which(family), function()),
        "words removed" => format!("{} removed{}", which(family), function()),
        "words of comments" => format!("comments that say {}", which(family)),
        "only" => format!("nothing but this changes: {}", which(family)),
        "inside loops" => format!("inside a loop{}", function()),
        _ => format!("the structure of what changes: {}", groups(family)),
    }
}
