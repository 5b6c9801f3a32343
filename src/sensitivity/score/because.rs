//! Why a file has its score: at most five reasons, which sum up to it.

use std::collections::BTreeMap;

use super::features::{Feature, FileFeatures};
use super::history::Tally;
use super::model::Model;
use crate::diagnostic::{plural, sanitize};

/// Reasons by name; one more holds what is left.
const NAMED: usize = 4;
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

/// Features that are one reason.
#[derive(Default)]
struct Family<'f> {
    weight: i32,
    features: Vec<&'f Feature>,
}

/// The reasons of a score that is the sum of these features.
pub(super) fn because(model: &Model, evidence: &FileFeatures, features: &[Feature], score: i32) -> Vec<ScoreReason> {
    let mut families: BTreeMap<String, Family<'_>> = BTreeMap::new();
    for feature in features {
        let weight = model.weight(feature);
        if weight != 0 {
            let family = families.entry(family(&feature.name)).or_default();
            family.weight = family.weight.saturating_add(weight);
            family.features.push(feature);
        }
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
        let mut lines: Vec<u32> = family
            .features
            .iter()
            .map(|feature| feature.line)
            .filter(|line| *line > 0)
            .collect();
        lines.sort_unstable();
        lines.dedup();
        lines.truncate(LINES);
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
    match group {
        "added" | "removed" | "changed" | "balance" | "hunks" => "size".to_owned(),
        "language" | "area" | "source" | "file" => "kind of file".to_owned(),
        "path" | "words of the path" | "words of the path on average" => "path".to_owned(),
        "function" => "function".to_owned(),
        "word added" | "word removed" | "name added" | "name removed" | "comment" | "only" => name.to_owned(),
        other => other.to_owned(),
    }
}

/// The second parts of the names of some features.
fn which(family: &Family<'_>, most: usize) -> String {
    let names = family
        .features
        .iter()
        .filter_map(|feature| feature.name.split_once(':'));
    let mut names: Vec<String> = names.map(|(_, which)| format!("`{}`", sanitize(which))).collect();
    names.dedup();
    names.truncate(most);
    names.join(", ")
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
    let (group, rest) = name.split_once(':').unwrap_or((name, ""));
    let rest = sanitize(rest);
    let (added, removed, hunks) = evidence.size();
    match group {
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
        "path" => format!("the words of its path: {}", which(family, 3)),
        "function" => format!("the name of the function around: {}", which(family, 3)),
        "word added" | "name added" => format!("`{rest}` added{}", function()),
        "word removed" | "name removed" => format!("`{rest}` removed{}", function()),
        "comment" => format!("a comment that says `{rest}`"),
        "only" => format!("nothing but {rest} changes"),
        "inside loops" => format!("inside a loop{}", function()),
        "comment lines" => "lines of comment".to_owned(),
        "indentation" => "how deeply the lines are nested".to_owned(),
        other => sanitize(other),
    }
}
