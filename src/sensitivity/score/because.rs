//! Why a file has its score: at most five reasons, which sum up to it.

use std::collections::BTreeMap;

use super::features::{Feature, FileFeatures};
use super::history::Tally;
use super::model::Model;
use super::words::each_word;
use crate::change::Side;
use crate::diagnostic::{plural, sanitize};

/// Reasons by name; one more holds what is left.
const NAMED: usize = 4;
/// Of these, so many at least point at something in the change.
const OWN: usize = 2;
/// Families that point at something in the change.
const OF_CHANGE: &[&str] = &[
    "words added",
    "words removed",
    "words of comments",
    "function",
    "inside loops",
    "only",
];
/// Words that are named for a reason.
const SHOWN: usize = 3;
/// The longest identifier that is shown, in bytes.
const WRITTEN: usize = 48;
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
pub(super) fn because(
    model: &Model,
    evidence: &FileFeatures<'_>,
    features: &[Feature],
    score: i32,
) -> Vec<ScoreReason> {
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
    for (name, family) in shown(&families) {
        let weight = (family.weight + 32).div_euclid(64);
        if weight == 0 {
            continue;
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
        text: "other: what every change starts with, and all else that this file shows".to_owned(),
        weight: left,
        lines: Vec::new(),
    });
    reasons
}

/// The families that are named, of all by their weight: the heaviest, but two of them point at something in the change, where there is anything.
fn shown<'s, 'f>(families: &'s [(String, Family<'f>)]) -> impl Iterator<Item = (&'s str, &'s Family<'f>)> {
    let of_change = |at: &usize| {
        families
            .get(*at)
            .is_some_and(|(name, _)| OF_CHANGE.contains(&name.as_str()))
    };
    let of_past = |at: &usize| families.get(*at).is_some_and(|(name, _)| name.starts_with("past of "));
    let mut named: Vec<usize> = (0..families.len().min(NAMED)).collect();
    for wanted in (0..families.len()).filter(of_change).take(OWN) {
        if !named.contains(&wanted)
            && let Some(least) = named
                .iter()
                .rposition(|at| !of_change(at) && !of_past(at))
                .or_else(|| named.iter().rposition(|at| !of_change(at)))
        {
            named.remove(least);
            named.push(wanted);
        }
    }
    named.sort_unstable();
    named
        .into_iter()
        .filter_map(|at| families.get(at).map(|(name, family)| (name.as_str(), family)))
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

/// What the words of the path say: by themselves, or by how often performance commits touch files of such names.
fn paths(family: &Family<'_>, evidence: &FileFeatures<'_>) -> String {
    let own = Family {
        weight: 0,
        features: family
            .features
            .iter()
            .filter(|(_, feature)| feature.name.starts_with("path:"))
            .copied()
            .collect(),
    };
    let mut shown = which(&own);
    if shown.is_empty() {
        let words = evidence.past().words.iter().take(SHOWN);
        shown = words
            .map(|(word, _)| format!("`{}`", sanitize(word)))
            .collect::<Vec<_>>()
            .join(", ");
    }
    format!("the words of its path: {shown}")
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

/// How often what was touched was touched for performance.
fn share(tally: &Tally, of: &str, (before, after): (&str, &str)) -> String {
    let last = match tally.last_perf {
        Some(0) => ", the last one just before".to_owned(),
        Some(ago) => format!(", the last one {} before", plural(ago as usize + 1, "commit")),
        None => String::new(),
    };
    let back = match tally.regressed {
        0 => String::new(),
        count => format!("; {count} took something back"),
    };
    let count = tally.touched;
    match (count, tally.perf) {
        (0, _) => format!("no earlier commit touches {of}"),
        (1, 0) => format!("{before}1 commit{after} was no performance change{back}"),
        (1, _) => format!("{before}1 commit{after} was a performance change{last}{back}"),
        (_, 0) => format!("none of {before}{count} commits{after} was a performance change{back}"),
        (_, 1) => format!("1 of {before}{count} commits{after} was a performance change{last}{back}"),
        (_, perf) => format!("{perf} of {before}{count} commits{after} were performance changes{last}{back}"),
    }
}

/// Words as the source has them, the heaviest first, and the function that they are in.
fn spelled(family: &Family<'_>, evidence: &FileFeatures<'_>, side: Side) -> (String, String) {
    let mut shown: Vec<String> = Vec::new();
    let mut function = None;
    for (_, feature) in &family.features {
        let Some((_, word)) = feature.name.split_once(':') else {
            continue;
        };
        // A word may be on both sides; then it is the line of the first.
        let other = if side == Side::Added {
            Side::Removed
        } else {
            Side::Added
        };
        let written = [side, other].into_iter().find_map(|side| {
            let line = evidence.line(feature.line, side)?;
            as_written(&String::from_utf8_lossy(line), word).map(|name| (name, side))
        });
        let (name, side) = match &written {
            Some((name, side)) => (Some(name), *side),
            None => (None, side),
        };
        let name = format!("`{}`", sanitize(name.map_or(word, String::as_str)));
        if shown.len() < SHOWN && !shown.contains(&name) {
            shown.push(name);
            function = function.or_else(|| evidence.function_at(feature.line, side));
        }
    }
    let function = function
        .map(|name| format!(" in `{}`", sanitize(&name)))
        .unwrap_or_default();
    (shown.join(", "), function)
}

/// The identifier in a line that has a word, with what it is a member of: `Vec::with_capacity` for `capacity`.
fn as_written(line: &str, word: &str) -> Option<String> {
    let part = |character: char| character.is_alphanumeric() || character == '_';
    let mut rest = 0;
    while let Some(start) = line.get(rest..)?.find(part).map(|at| rest + at) {
        let tail = line.get(start..)?;
        let end = start + tail.find(|character| !part(character)).unwrap_or(tail.len());
        let name = line.get(start..end)?;
        let mut found = name.to_lowercase() == word;
        each_word(name.as_bytes(), &mut |own| found |= own == word);
        if found && name.len() <= WRITTEN {
            let before = line.get(..start)?;
            let owner = ["::", "."].iter().find_map(|mark| {
                let before = before.strip_suffix(mark)?;
                let begins = before
                    .char_indices()
                    .rev()
                    .take_while(|(_, character)| part(*character))
                    .last();
                let owner = before.get(begins?.0..)?;
                (owner.len() <= WRITTEN).then(|| format!("{owner}{mark}"))
            });
            return Some(format!("{}{name}", owner.unwrap_or_default()));
        }
        rest = end;
    }
    None
}

fn text(name: &str, family: &Family<'_>, evidence: &FileFeatures<'_>) -> String {
    let past = evidence.past();
    let (added, removed, _) = evidence.size();
    let line = family.features.first().map_or(0, |(_, feature)| feature.line);
    let around = || {
        let name = [Side::Added, Side::Removed]
            .into_iter()
            .find_map(|side| evidence.function_at(line, side));
        name.map(|name| format!(" in `{}`", sanitize(&name)))
            .unwrap_or_default()
    };
    let words = |side, what| {
        let (words, function) = spelled(family, evidence, side);
        format!("{words} {what}{function}")
    };
    match name {
        "past of the file" => share(&past.file, "this file", ("this file's ", "")),
        "past of the directory" => share(&past.directory, "its directory", ("its directory's ", "")),
        "past of the region" => {
            let region = "this part of the repository";
            share(&past.region, region, ("the ", &format!(" in {region}")))
        }
        "past of the repository" => share(&evidence.all(), "the repository", ("the repository's last ", "")),
        "size" => format!("{} added and {removed} removed", plural(added, "line")),
        "kind of file" => format!("the kind of file: {}", evidence.kind()),
        "path" => paths(family, evidence),
        "function" => format!("within a function of that name: {}", which(family)),
        "words added" => words(Side::Added, "added"),
        "words removed" => words(Side::Removed, "removed"),
        "words of comments" => format!("a comment says {}", spelled(family, evidence, Side::Added).0),
        "only" => format!("nothing but this changes: {}", which(family).replace('`', "")),
        "inside loops" => format!("inside a loop{}", around()),
        _ => groups(family),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shown_as_the_source_has_them() {
        for (line, word, expected) in [
            ("let a = Vec::with_capacity(8);", "capacity", Some("Vec::with_capacity")),
            (
                "let a = Vec::with_capacity(8);",
                "with_capacity",
                Some("Vec::with_capacity"),
            ),
            ("self.rows.clone()", "clone", Some("rows.clone")),
            ("self.rows.clone()", "row", Some("self.rows")),
            ("größe.kopie(x)", "kopie", Some("größe.kopie")),
            (".clone()", "clone", Some("clone")),
            ("let a = 1;", "clone", None),
        ] {
            assert_eq!(as_written(line, word).as_deref(), expected, "{line} {word}");
        }
    }

    #[test]
    fn the_past_is_said_in_words() {
        let said = |touched, perf| {
            let mut tally = Tally::default();
            (tally.touched, tally.perf) = (touched, perf);
            tally.last_perf = (perf > 0).then_some(4);
            share(&tally, "this file", ("this file's ", ""))
        };
        assert_eq!(
            said(11, 3),
            "3 of this file's 11 commits were performance changes, the last one 5 commits before"
        );
        assert_eq!(said(11, 0), "none of this file's 11 commits was a performance change");
        assert_eq!(said(1, 0), "this file's 1 commit was no performance change");
        assert_eq!(said(0, 0), "no earlier commit touches this file");
    }
}
