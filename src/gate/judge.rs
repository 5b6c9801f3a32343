//! The judgement: question, facts, one or two cases, their decisions, and what is to be said of them.

use super::explain::{Remedy, explain};
use super::facts::Facts;
use super::idle::idle_directories;
use super::in_force::InForce;
use super::judgement::{Judgement, Scope};
use super::question::Question;
use super::undecided::Undecided;
use crate::change::Snapshot;
use crate::diagnostic::Level;
use crate::git::Repository;
use crate::policy::{Enforcement, Stage};
use crate::progress::{self, Room};
use crate::verdict::{Case, Verdict, decide};

/// Judges a change by the policy that governs it, and, where it changes that policy, by the new one too: the stricter verdict counts.
///
/// # Errors
///
/// Whatever keeps the question from being answered: an unreadable policy or key, a missing object. That is never a pass.
pub fn judge(repository: &Repository, question: &Question) -> Result<Judgement, Undecided> {
    let facts = Facts::read(repository, question)?;
    let _timed = progress::enter(Room::Gate);
    let (in_force, case) = facts.judging;
    let mut judgement = judge_by(question, &in_force, case);
    match facts.brought {
        Some(Ok(case)) => must_pass(&mut judgement, question, case),
        Some(Err(undecided)) => cannot_pass(&mut judgement, undecided),
        None => {}
    }
    // What a person or CI asks may take the moment that it costs; a hook does not.
    if question.stage == Stage::Merge && !in_force.adoption {
        if let Snapshot::Commit(head) = question.head() {
            judgement
                .diagnostics
                .extend(idle_directories(repository, &in_force.policy, &head)?);
        }
        let unmeetable = in_force.policy.unmeetable().into_iter();
        judgement
            .diagnostics
            .extend(unmeetable.map(|finding| finding.with_level(Level::Note)));
    }
    judgement.diagnostics.extend(in_force.notes);
    Ok(judgement)
}

/// Decides a case and says what came of it.
fn judge_by(question: &Question, in_force: &InForce, case: Case) -> Judgement {
    let decision = {
        let _timed = progress::enter(Room::Verdict);
        decide(&case)
    };
    let diagnostics = explain(&case, &decision, &remedy(question));
    Judgement {
        stage: question.stage,
        enforcement: case.enforcement,
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
    }
}

fn remedy(question: &Question) -> Remedy {
    Remedy {
        selection: question.arguments.clone(),
        base: match (&question.change.base, question.arguments.as_str()) {
            (Snapshot::Commit(id), arguments) if arguments != "--staged" => id.short(),
            _ => "HEAD".to_owned(),
        },
    }
}

/// What is said of every fault of the policy that the change brings.
const NOTE: &str = "the change brings this policy, and must pass it as well as the old one";

/// The verdict that a failure by the new policy comes to, where the old one enforces so.
fn verdict_of(enforcement: Enforcement) -> Verdict {
    match enforcement {
        Enforcement::Block => Verdict::Block,
        Enforcement::Warn | Enforcement::Off => Verdict::Warn,
    }
}

/// A change to the policy must pass the policy that it brings, too.
fn must_pass(judgement: &mut Judgement, question: &Question, case: Case) {
    let decision = decide(&case);
    if decision.verdict == Verdict::Pass || judgement.verdict() != Verdict::Pass {
        return;
    }
    judgement.decision.verdict = verdict_of(judgement.enforcement).min(decision.verdict);
    let told = explain(&case, &decision, &remedy(question));
    judgement
        .diagnostics
        .extend(told.into_iter().map(|diagnostic| diagnostic.because(NOTE)));
}

/// A policy that cannot be read lets nothing pass.
fn cannot_pass(judgement: &mut Judgement, undecided: Undecided) {
    let level = match judgement.enforcement {
        Enforcement::Block => Level::Error,
        Enforcement::Warn | Enforcement::Off => Level::Warning,
    };
    judgement.decision.verdict = judgement.decision.verdict.max(verdict_of(judgement.enforcement));
    let told = undecided.diagnostics.into_iter();
    judgement
        .diagnostics
        .extend(told.map(|diagnostic| diagnostic.with_level(level).because(NOTE)));
}
