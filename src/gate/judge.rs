//! The composition: policy, change, sensitivity, ledger and verdict, in that order, to a judgement.

use jiff::Timestamp;

use super::content::gate;
use super::explain::{Remedy, explain};
use super::facts::{fill, terms};
use super::governing::{InForce, REVOKED, SIGNERS, keyring_at, policy_at, policy_path};
use super::judgement::{Judgement, Scope};
use super::question::Question;
use super::undecided::Undecided;
use crate::change::{RepoPath, Snapshot};
use crate::diagnostic::{Code, Level};
use crate::git::Repository;
use crate::policy::{Enforcement, Policy};
use crate::trust::Signatures;
use crate::verdict::{Case, Decision, PolicyFault, Verdict, decide};

/// Judges a change by a policy, and, where it changes the policy, by the new one too: the stricter verdict counts.
pub(crate) fn judge(repository: &Repository, question: &Question, in_force: InForce) -> Result<Judgement, Undecided> {
    let mut judgement = judge_by(
        repository,
        question,
        &in_force,
        serial_fault(repository, question, &in_force),
    )?;
    let tried_out = in_force.notes.iter().any(|note| note.code() == Code::CG012);
    let judging = [policy_path(), RepoPath::from(SIGNERS), RepoPath::from(REVOKED)];
    let touched = question.change.files.iter().any(|file| judging.contains(&file.path));
    if touched && !in_force.adoption && !tried_out && judgement.enforcement != Enforcement::Off {
        judge_by_new_policy(repository, question, &mut judgement)?;
    }
    judgement.diagnostics.extend(in_force.notes);
    Ok(judgement)
}

/// A change to the policy must pass the policy it brings, too.
fn judge_by_new_policy(
    repository: &Repository,
    question: &Question,
    judgement: &mut Judgement,
) -> Result<(), Undecided> {
    let verdict_of = |enforcement| {
        if enforcement == Enforcement::Block {
            Verdict::Block
        } else {
            Verdict::Warn
        }
    };
    let level = if judgement.enforcement == Enforcement::Block {
        Level::Error
    } else {
        Level::Warning
    };
    let note = "the change brings this policy, and must pass it as well as the old one";
    let head = &question.change.head;
    let new = policy_at(repository, head).and_then(|policy| {
        let with_keys = |policy: Policy| Ok((keyring_at(repository, head, &policy)?, policy));
        policy.map(with_keys).transpose()
    });
    match new {
        Ok(None) => {}
        Ok(Some((keyring, policy))) => {
            let new = InForce {
                policy,
                keyring,
                origin: "new policy".to_owned(),
                adoption: true,
                notes: Vec::new(),
            };
            let other = judge_by(repository, question, &new, None)?;
            if other.verdict() != Verdict::Pass && judgement.verdict() == Verdict::Pass {
                judgement.decision.verdict = verdict_of(judgement.enforcement).min(other.verdict());
                judgement
                    .diagnostics
                    .extend(other.diagnostics.into_iter().map(|diagnostic| diagnostic.because(note)));
            }
        }
        Err(failure) => {
            judgement.decision.verdict = judgement.decision.verdict.max(verdict_of(judgement.enforcement));
            let told = failure
                .diagnostics
                .into_iter()
                .map(|diagnostic| diagnostic.with_level(level).because(note));
            judgement.diagnostics.extend(told);
        }
    }
    Ok(())
}

/// What is wrong with the serial of the policy that the change brings. One that cannot be read is told where the new policy judges.
fn serial_fault(repository: &Repository, question: &Question, in_force: &InForce) -> Option<PolicyFault> {
    let old = in_force.policy.serial.filter(|_| !in_force.adoption)?;
    if !question.change.files.iter().any(|file| file.path == policy_path()) {
        return None;
    }
    let new = policy_at(repository, &question.change.head)
        .ok()?
        .and_then(|policy| policy.serial);
    (new <= Some(old)).then_some(PolicyFault::Rollback { old, new })
}

fn judge_by(
    repository: &Repository,
    question: &Question,
    in_force: &InForce,
    fault: Option<PolicyFault>,
) -> Result<Judgement, Undecided> {
    let policy = &in_force.policy;
    let nobody = in_force.adoption
        && in_force.keyring.demands.signatures == Signatures::Required
        && in_force.keyring.signers.is_empty();
    let enforcement = policy.enforcement(question.target.as_target(), question.stage);
    let mut case = Case {
        stage: question.stage,
        enforcement,
        terms: terms(in_force, question),
        gated: Vec::new(),
        ledger: Vec::new(),
        violations: Vec::new(),
        policy_faults: fault
            .into_iter()
            .chain(nobody.then_some(PolicyFault::NobodyCanSign))
            .collect(),
        only_certificates: false,
        now: Timestamp::now(),
    };
    if enforcement != Enforcement::Off {
        let gated = gate(repository, &question.change, in_force)?;
        fill(repository, question, in_force, gated, &mut case)?;
    }
    let decision: Decision = decide(&case);
    let remedy = Remedy {
        selection: question.arguments.clone(),
        base: match (&question.change.base, question.arguments.as_str()) {
            (Snapshot::Commit(id), arguments) if arguments != "--staged" => id.short(),
            _ => "HEAD".to_owned(),
        },
    };
    let diagnostics = explain(&case, &decision, &remedy);
    Ok(Judgement {
        stage: question.stage,
        enforcement,
        target: question.target.name().map(str::to_owned),
        base: match &question.change.base {
            Snapshot::Commit(id) => Some(id.to_string()),
            _ => None,
        },
        head: match &question.head() {
            Snapshot::Commit(id) => id.to_string(),
            _ => "index".to_owned(),
        },
        policy: in_force.origin.clone(),
        scope: Scope {
            files: question.change.files.len(),
            messages: question.change.messages.len(),
        },
        decision,
        ledger: case.ledger,
        diagnostics,
    })
}
