//! What a change lacks by its judgement: per component the gated files that no certificate covers, and who may certify them.

use std::collections::BTreeSet;

use crate::change::RepoPath;
use crate::gate::Judgement;
use crate::policy::{Component, EvidenceKind, POLICY_COMPONENT, Policy};
use crate::sensitivity::{Gated, GatedComponent, GatedFile, GatedMessage};
use crate::verdict::{Finding, Outcome};

/// A component that lacks a certificate.
#[derive(Clone, Debug)]
pub(crate) struct Lacking<'g> {
    /// Its id.
    pub(crate) id: String,
    /// All files that it gates.
    pub(crate) gated: Vec<&'g GatedFile>,
    /// The messages that gate it, where no certificate answers them.
    pub(crate) messages: &'g [GatedMessage],
    /// True where a refusal, or a certificate that nobody can read, is in force over it.
    pub(crate) refused: bool,
    lacks: Vec<Lack>,
}

/// Files that lack a certificate by one of these agents.
#[derive(Clone, Debug)]
struct Lack {
    files: BTreeSet<RepoPath>,
    who: Who,
}

#[derive(Clone, Debug)]
enum Who {
    /// Whoever reviews the component, but for those who have.
    Reviewers { but: Vec<String> },
    /// One of these.
    OneOf(Vec<String>),
}

/// What an agent can do for a component.
#[derive(Clone, Debug)]
pub(crate) enum Standing<'g> {
    /// Certify these files; none where only a message gates the component.
    May(Vec<&'g GatedFile>),
    /// Nothing: others must, and these may; empty: anybody else.
    Others(Vec<String>),
    /// Nothing before the refusal is dealt with.
    Refused,
}

/// The components that lack a certificate, in the order of the policy. Where nothing was judged, that is each that gates anything.
pub(crate) fn lacking<'g>(gated: &'g Gated, judgement: &Judgement) -> Vec<Lacking<'g>> {
    gated
        .components
        .iter()
        .filter_map(|component| of(component, judgement))
        .collect()
}

fn of<'g>(component: &'g GatedComponent, judgement: &Judgement) -> Option<Lacking<'g>> {
    let decided = judgement.decision.components.iter().find(|own| own.id == component.id);
    let mut lacks = Vec::new();
    let mut lack = |files: &[RepoPath], who: Who| {
        let files = files.iter().cloned().collect();
        lacks.push(Lack { files, who });
    };
    let anybody = || Who::Reviewers { but: Vec::new() };
    let mut announced = decided.is_none();
    for finding in judgement.decision.findings.iter() {
        if finding.component() != Some(component.id.as_str()) {
            continue;
        }
        match finding {
            Finding::Uncovered { files, .. } => lack(files, anybody()),
            Finding::Changed { changed, .. } => lack(changed, anybody()),
            Finding::TooFew { files, have, .. } => lack(files, Who::Reviewers { but: have.clone() }),
            Finding::Handoff { agent, files, .. } => lack(files, Who::OneOf(vec![agent.clone()])),
            Finding::Unowned { files, owners, .. } if !owners.agents.is_empty() => {
                lack(files, Who::OneOf(owners.agents.clone()));
            }
            Finding::Unauthorized { files, authorizers, .. } => lack(files, Who::OneOf(authorizers.clone())),
            Finding::Announced { .. } => announced = true,
            _ => {}
        }
    }
    if decided.is_none() {
        let all: Vec<RepoPath> = component.files.iter().map(|file| file.file.path.clone()).collect();
        lack(&all, anybody());
    }
    lacks.retain(|lack| !lack.files.is_empty());
    let messages = match announced {
        true => component.messages.as_slice(),
        false => &[],
    };
    let refused = decided.is_some_and(|own| own.outcome > Outcome::Uncovered);
    (refused || !lacks.is_empty() || !messages.is_empty()).then(|| Lacking {
        id: component.id.clone(),
        gated: component.files.iter().collect(),
        messages,
        refused,
        lacks,
    })
}

/// The agents who review a component; empty: anybody may.
pub(crate) fn reviewers<'p>(policy: &'p Policy, id: &str) -> &'p [String] {
    match component(policy, id) {
        Some(component) => &component.require.agents,
        None if id == POLICY_COMPONENT => &policy.owners,
        None => &[],
    }
}

/// Whether an approval on a component must name lines of a gated file.
pub(crate) fn wants_lines(policy: &Policy, id: &str) -> bool {
    component(policy, id).is_some_and(|component| component.require.evidence.contains(&EvidenceKind::FileReferences))
}

fn component<'p>(policy: &'p Policy, id: &str) -> Option<&'p Component> {
    policy.components.iter().find(|component| component.id == id)
}

impl<'g> Lacking<'g> {
    /// What an agent can do for it.
    pub(crate) fn standing(&self, policy: &Policy, agent: &str) -> Standing<'g> {
        if self.refused {
            return Standing::Refused;
        }
        let reviewers = reviewers(policy, &self.id);
        let reviews = reviewers.is_empty() || reviewers.iter().any(|name| name == agent);
        let may = |who: &Who| match who {
            Who::Reviewers { but } => reviews && !but.iter().any(|name| name == agent),
            Who::OneOf(these) => these.iter().any(|name| name == agent),
        };
        let can: Vec<&Lack> = self.lacks.iter().filter(|lack| may(&lack.who)).collect();
        let files: Vec<&GatedFile> = self
            .gated
            .iter()
            .copied()
            .filter(|file| can.iter().any(|lack| lack.files.contains(&file.file.path)))
            .collect();
        if !files.is_empty() || (reviews && !self.messages.is_empty()) {
            return Standing::May(files);
        }
        Standing::Others(self.who(policy).into_iter().filter(|name| name != agent).collect())
    }

    /// Everybody whose certificate would count for something that it lacks; empty: anybody's would.
    pub(crate) fn who(&self, policy: &Policy) -> Vec<String> {
        let reviewers = reviewers(policy, &self.id);
        let mut who: Vec<String> = Vec::new();
        let mut add = |name: &String| {
            if !who.contains(name) {
                who.push(name.clone());
            }
        };
        let mut open = false;
        for lack in &self.lacks {
            match &lack.who {
                Who::Reviewers { .. } if reviewers.is_empty() => open = true,
                Who::Reviewers { but } => reviewers.iter().filter(|name| !but.contains(name)).for_each(&mut add),
                Who::OneOf(these) => these.iter().for_each(&mut add),
            }
        }
        if !self.messages.is_empty() {
            open |= reviewers.is_empty();
            reviewers.iter().for_each(&mut add);
        }
        if open { Vec::new() } else { who }
    }
}
