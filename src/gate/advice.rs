//! What would turn a change green: the cases of a question, and the plan that the verdict's own rules make of them.

use std::collections::{BTreeMap, BTreeSet};

use super::asking::{self, Wants};
use super::facts::Facts;
use super::flagged::Scores;
use super::hunks::Hunk;
use super::judge::hunks_of;
use super::question::Question;
use super::undecided::Undecided;
use crate::change::{RepoPath, Snapshot};
use crate::diagnostic::{Placeholder, Remedy, Word, command};
use crate::git::Repository;
use crate::policy::EvidenceKind;
use crate::sensitivity::Reason;
use crate::trust::Signatures;
use crate::verdict::{self, Case, Left, Plan, Review};

/// A plan, with what a reader of it needs.
pub(crate) struct Advice {
    pub(crate) plan: Plan,
    /// What is gated, by component.
    pub(crate) components: BTreeMap<String, Gated>,
    /// The certificates that are to be named, by path: how, and what they say.
    named: BTreeMap<RepoPath, (String, String)>,
    /// The arguments that choose the same change again.
    selection: Vec<String>,
    /// The hunks of the files that are to be reviewed, as far as they can be shown.
    pub(crate) hunks: BTreeMap<RepoPath, Option<Vec<Hunk>>>,
    /// Whether approvals are signed.
    signed: bool,
    /// What is measured against.
    base: String,
    /// What is merged, and where: as shown.
    pub(crate) head: String,
    pub(crate) target: Option<String>,
}

/// A component of the change.
#[derive(Default)]
pub(crate) struct Gated {
    /// Why each file is gated.
    pub(crate) files: BTreeMap<RepoPath, Vec<Reason>>,
    /// The same, as words of a command.
    wants: Wants,
    /// What an approval must contain.
    pub(crate) evidence: Vec<EvidenceKind>,
    /// How many different people must approve each file.
    pub(crate) approvals: u32,
}

/// Plans the reviews that turn a change green.
pub(crate) fn advise(repository: &Repository, question: &Question) -> Result<Advice, Undecided> {
    let cases = cases(repository, question)?;
    let cases: Vec<&Case> = cases.iter().collect();
    let mut components: BTreeMap<String, Gated> = BTreeMap::new();
    let mut named = BTreeMap::new();
    for case in &cases {
        for unit in &case.gated {
            let gated = components.entry(unit.id.clone()).or_default();
            gated.approvals = gated.approvals.max(unit.approvals);
            gated.wants.and(&Wants::of(unit));
            gated.evidence.extend(
                unit.evidence
                    .iter()
                    .filter(|kind| !gated.evidence.contains(kind))
                    .collect::<Vec<_>>(),
            );
            for file in &unit.files {
                gated
                    .files
                    .entry(file.path.clone())
                    .or_insert_with(|| file.reasons.clone());
            }
        }
        for entry in &case.ledger {
            let certificate = &entry.certificate;
            let name = match certificate.id.as_deref().filter(|_| certificate.can_be_named()) {
                Some(id) => id.to_owned(),
                None => certificate.path.to_string(),
            };
            let status = certificate.status.map_or("unreadable", |status| status.as_str());
            let agent = certificate.agent.as_deref().unwrap_or("nobody");
            named.insert(certificate.path.clone(), (name, format!("{status} by {agent}")));
        }
    }
    let plan = verdict::plan(&cases);
    let reviews = plan.reviews.iter().flatten();
    let read: BTreeSet<&RepoPath> = reviews
        .flat_map(|review| review.components.values().flatten())
        .collect();
    let files = question.change.files.iter().filter(|file| read.contains(&file.path));
    let hunks = hunks_of(repository, files)?;
    Ok(Advice {
        plan,
        components,
        hunks,
        named,
        selection: question.arguments.clone(),
        signed: cases
            .iter()
            .any(|case| case.terms.demands.signatures == Signatures::Required),
        base: match &question.tip {
            Some(tip) => tip.to_string(),
            None => "HEAD".to_owned(),
        },
        head: match question.head() {
            Snapshot::Commit(id) => id.short(),
            _ => "what is staged".to_owned(),
        },
        target: question.target.name().map(str::to_owned),
    })
}

/// What one agent's approval of everything would leave open, component by component.
pub(crate) fn left_by(repository: &Repository, question: &Question, agent: &str) -> Result<Vec<Left>, Undecided> {
    let cases = cases(repository, question)?;
    Ok(verdict::left_by(&cases.iter().collect::<Vec<_>>(), agent))
}

fn cases(repository: &Repository, question: &Question) -> Result<Vec<Case>, Undecided> {
    let scores = Scores::new(repository, false);
    let facts = Facts::read(repository, question, &scores)?;
    let (_, judging) = facts.judging;
    let others = facts.others.into_iter().map(|(_, case)| case);
    std::iter::once(Ok(judging)).chain(others).collect()
}

impl Advice {
    /// How a certificate is named by another, and what it says.
    pub(crate) fn named(&self, path: &RepoPath) -> (String, String) {
        let unknown = || (path.to_string(), String::new());
        self.named.get(path).cloned().unwrap_or_else(unknown)
    }

    /// The command that writes a review.
    pub(crate) fn command(&self, review: &Review) -> Remedy {
        let agent = review.agent.as_ref().map_or(Word::from(Placeholder::Agent), Word::from);
        // Who lifts a refusal has to decide, and not to approve by rote.
        let status = match review.lifts.is_empty() {
            true => Word::from("APPROVED"),
            false => Placeholder::Decision.into(),
        };
        let mut command = command!["certgate", "certify"]
            .args(review.components.keys())
            .args(&self.selection)
            .args(["--status".into(), status, "--agent".into(), agent])
            .args(["--rationale".into(), Word::from(Placeholder::Rationale)]);
        for path in &review.lifts {
            command = command.args(["--supersedes", self.named(path).0.as_str()]);
        }
        let wants = |id: &String| {
            self.components
                .get(id)
                .map(|gated| gated.wants.clone())
                .unwrap_or_default()
        };
        let units: Vec<(&str, Wants)> = review.components.keys().map(|id| (id.as_str(), wants(id))).collect();
        asking::complete(command, &units, self.signed, &self.base)
    }
}
