//! Who or what each component still lacks, for reports that show one line for each.

use crate::diagnostic::sanitize;
use crate::gate::Judgement;
use crate::verdict::{Finding, Outcome};

/// What a component lacks, each once, names in backticks; empty where it lacks nothing.
pub(super) fn missing(report: &Judgement, component: &str) -> Vec<String> {
    let asked = report.asked.get(component).cloned().unwrap_or_default();
    let agent = |index: usize| {
        let entry = report.ledger.get(index);
        let agent = entry.and_then(|entry| entry.certificate.agent.as_deref());
        agent.map_or_else(|| "its agent".to_owned(), |agent| format!("`{}`", sanitize(agent)))
    };
    let mut all: Vec<String> = Vec::new();
    for finding in &report.decision.findings {
        let lacks = match finding {
            Finding::Stopped { entry } => format!("the emergency stop must be lifted by {}", agent(*entry)),
            _ if finding.component() != Some(component) => continue,
            Finding::Uncovered { .. } | Finding::Changed { .. } => match asked.approvals {
                0 | 1 => format!("an approval by {}", any(&asked.agents)),
                need => format!("{need} approvals by {}", any(&asked.agents)),
            },
            Finding::TooFew { have, need, .. } => {
                let more = usize::try_from(*need).unwrap_or(usize::MAX).saturating_sub(have.len());
                let rest: Vec<String> = asked
                    .agents
                    .iter()
                    .filter(|agent| !have.contains(agent))
                    .cloned()
                    .collect();
                let by = match asked.agents.is_empty() {
                    true => format!("somebody other than {}", any(have)),
                    false => any(&rest),
                };
                match more {
                    0 | 1 => format!("another person's approval, by {by}"),
                    more => format!("{more} more approvals by {by}"),
                }
            }
            Finding::Handoff { agent, .. } => format!("the specialist `{}`", sanitize(agent)),
            Finding::Unowned { owners, .. } if owners.agents.is_empty() => "owners that are known".to_owned(),
            Finding::Unowned { owners, .. } => format!("an approval by an owner: {}", any(&owners.agents)),
            Finding::Unauthorized { authorizers, .. } => format!("an authorization by {}", any(authorizers)),
            Finding::Refused { entry, .. } => {
                format!(
                    "the refusal must be lifted by {}, or by an agent who may lift",
                    agent(*entry)
                )
            }
            Finding::NewestInvalid { .. } => "a certificate that can be read".to_owned(),
            Finding::Announced { .. } => format!("an approval by {}, added with the change", any(&asked.agents)),
            Finding::BypassOverdue { .. } => "the follow-up of a bypass".to_owned(),
            _ => continue,
        };
        if !all.contains(&lacks) {
            all.push(lacks);
        }
    }
    // One that the change adds and nobody can read is reported for the entire change.
    if all.is_empty()
        && report
            .decision
            .components
            .iter()
            .any(|c| c.id == component && c.outcome == Outcome::Invalid)
    {
        all.push("a certificate that can be read".to_owned());
    }
    all
}

/// One of these agents; of none, anybody.
fn any(agents: &[String]) -> String {
    let shown: Vec<String> = agents.iter().map(|agent| format!("`{}`", sanitize(agent))).collect();
    match shown.split_last() {
        None => "any agent".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}
