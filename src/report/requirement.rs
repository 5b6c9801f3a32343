//! What a component, or a file, asks for: as programs read it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::missing::missing;
use crate::change::RepoPath;
use crate::diagnostic::sanitize;
use crate::gate::{Asked, Hunk, Judgement};
use crate::verdict::{ComponentDecision, FileDecision, Finding, Outcome};

/// How many approvals there are, and how many it takes.
#[derive(Clone, Copy, Serialize)]
pub(super) struct JsonCount {
    pub(super) have: usize,
    pub(super) need: u32,
}

#[derive(Serialize)]
pub(super) struct JsonRequirement {
    pub(super) approvals: JsonCount,
    /// Empty: any agent.
    pub(super) agents: Vec<String>,
    pub(super) approved_by: Vec<String>,
    pub(super) authorizers: Vec<String>,
    pub(super) evidence: Vec<&'static str>,
    pub(super) signatures: &'static str,
    pub(super) not_by: Vec<String>,
    /// What is still lacking, in words.
    pub(super) lacks: Vec<String>,
    /// Whose approval would help now; `null`: any agent's.
    pub(super) may_decide: Option<Vec<String>>,
    /// Who may lift what refuses it; empty where nothing does.
    pub(super) may_lift: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct JsonFileRequirement {
    pub(super) approvals: JsonCount,
    pub(super) handoff: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct JsonHunk {
    path: String,
    /// The changed lines of the new file, or those around which something was removed.
    lines: [u32; 2],
    old: JsonSpan,
    new: JsonSpan,
    function: Option<String>,
    heading: String,
    text: Vec<String>,
}

#[derive(Serialize)]
struct JsonSpan {
    start: u32,
    count: u32,
}

/// The agents whose approval counts for a file.
fn approving(report: &Judgement, file: &FileDecision) -> BTreeSet<String> {
    let labels: BTreeSet<&str> = file.by.iter().map(|(label, _)| label.as_str()).collect();
    let entries = report
        .ledger
        .iter()
        .filter(|entry| labels.contains(entry.label().as_str()));
    entries.filter_map(|entry| entry.certificate.agent.clone()).collect()
}

fn names<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    names.into_iter().map(|name| sanitize(name)).collect()
}

/// What a file asks for.
pub(super) fn of_file(report: &Judgement, asked: &Asked, file: &FileDecision) -> JsonFileRequirement {
    JsonFileRequirement {
        approvals: JsonCount {
            have: approving(report, file).len(),
            need: match file.bump {
                Some(_) => 0,
                None => asked.approvals,
            },
        },
        handoff: match file.bump {
            Some(_) => Vec::new(),
            None => asked.handoff.get(&file.path).map(names).unwrap_or_default(),
        },
    }
}

/// What a component asks for.
pub(super) fn of_component(report: &Judgement, asked: &Asked, component: &ComponentDecision) -> JsonRequirement {
    let approvers = component.files.iter().map(|file| approving(report, file));
    // Who has approved every file.
    let approved = approvers
        .reduce(|all, some| all.intersection(&some).cloned().collect())
        .unwrap_or_default();
    let have = component.files.iter().map(|file| approving(report, file).len()).min();
    let mut refusing: BTreeSet<String> = BTreeSet::new();
    let mut deciding: BTreeSet<&String> = BTreeSet::new();
    let mut anybody = false;
    for finding in &report.decision.findings {
        if let Finding::Refused { entry, .. } | Finding::Stopped { entry } = finding
            && finding.component().is_none_or(|id| id == component.id)
        {
            refusing.extend(
                report
                    .ledger
                    .get(*entry)
                    .and_then(|entry| entry.certificate.agent.clone()),
            );
        }
        if finding.component() != Some(&component.id) {
            continue;
        }
        match finding {
            Finding::Uncovered { .. } | Finding::Changed { .. } | Finding::Announced { .. } => {
                anybody |= asked.agents.is_empty();
                deciding.extend(&asked.agents);
            }
            Finding::TooFew { have, .. } => {
                anybody |= asked.agents.is_empty();
                deciding.extend(asked.agents.iter().filter(|agent| !have.contains(agent)));
            }
            Finding::Handoff { agent, .. } => {
                deciding.insert(agent);
            }
            Finding::Unowned { owners, .. } => deciding.extend(&owners.agents),
            Finding::Unauthorized { authorizers, .. } => deciding.extend(authorizers),
            _ => {}
        }
    }
    if matches!(component.outcome, Outcome::Held | Outcome::Vetoed | Outcome::Stopped) {
        refusing.extend(asked.may_lift.iter().cloned());
    } else {
        refusing.clear();
    }
    JsonRequirement {
        approvals: JsonCount {
            have: have.unwrap_or(0),
            need: asked.approvals,
        },
        agents: names(&asked.agents),
        approved_by: names(&approved),
        authorizers: names(&asked.authorizers),
        evidence: asked.evidence.clone(),
        signatures: asked.signatures,
        not_by: names(&asked.not_by),
        lacks: missing(report, &component.id)
            .into_iter()
            .map(|text| text.replace('`', ""))
            .collect(),
        may_decide: (!anybody).then(|| names(deciding)),
        may_lift: names(&refusing),
    }
}

/// The hunks of a file, where they are known.
pub(super) fn hunks(path: &RepoPath, hunks: &[Hunk]) -> Vec<JsonHunk> {
    let hunk = |hunk: &Hunk| {
        let (first, last) = hunk.changed();
        let span = |(start, count)| JsonSpan { start, count };
        JsonHunk {
            path: path.to_string(),
            lines: [first, last],
            old: span(hunk.old),
            new: span(hunk.new),
            function: hunk.within.as_deref().map(sanitize),
            heading: hunk.heading(),
            text: hunk.lines.clone(),
        }
    };
    hunks.iter().map(hunk).collect()
}
