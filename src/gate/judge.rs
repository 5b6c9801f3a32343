//! The judgement: question, facts, one or two cases, their decisions, and what is to be said of them.

use std::collections::{BTreeMap, BTreeSet};

use super::delta::told;
use super::explain::{Ways, explain};
use super::facts::{Facts, Other};
use super::flagged::{Scores, report};
use super::governing::governing;
use super::hunks::{Hunk, hunks};
use super::idle::idle_directories;
use super::in_force::InForce;
use super::judgement::{Asked, Judgement, Scope};
use super::measured::{Measured, measured};
use super::past::ledger_at;
use super::question::Question;
use super::undecided::Undecided;
use crate::change::{Content, FileChange, ObjectId, RepoPath, Snapshot};
use crate::diagnostic::{Level, Word, command};
use crate::git::Repository;
use crate::policy::{Enforcement, Policy, Risk, Stage};
use crate::progress::{self, Room};
use crate::verdict::{Case, ComponentCase, Decision, Terms, Verdict, decide};

/// Judges a change by the policy that governs it, and, where it changes that policy, by the new one too: the stricter verdict counts.
///
/// # Errors
///
/// Whatever keeps the question from being answered: an unreadable policy or key, a missing object. That is never a pass.
pub fn judge(repository: &Repository, question: &Question) -> Result<Judgement, Undecided> {
    let scores = Scores::new(repository, question.waits());
    let judged = judge_with(repository, question, &scores);
    scores.keep();
    judged
}

/// The same with scores that are shared among many questions.
pub(crate) fn judge_with(
    repository: &Repository,
    question: &Question,
    scores: &Scores<'_>,
) -> Result<Judgement, Undecided> {
    let facts = Facts::read(repository, question, scores)?;
    let _timed = progress::enter(Room::Gate);
    let (in_force, case) = facts.judging;
    let mut judgement = judge_by(repository, question, &in_force, case);
    for (other, case) in facts.others {
        match case {
            Ok(case) => must_pass(repository, &mut judgement, (question, &in_force), (other, &case)),
            Err(undecided) => cannot_pass(&mut judgement, other, undecided),
        }
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
    (judgement.flagged, judgement.silenced) = facts.scored;
    flag(&mut judgement, &in_force.policy);
    judgement.diagnostics.extend(in_force.notes);
    judgement.gated = gated(question, &judgement.decision);
    Ok(judgement)
}

/// Reports the files that the score flags, where that is all that is done about them and no component gates them.
fn flag(judgement: &mut Judgement, policy: &Policy) {
    if policy.sensitivity.as_ref().is_none_or(|wanted| wanted.blocks) {
        return;
    }
    let components = judgement.decision.components.iter();
    let gated: BTreeSet<&RepoPath> = components
        .flat_map(|component| component.files.iter().map(|file| &file.path))
        .collect();
    let left = judgement.flagged.iter().filter(|flag| !gated.contains(&flag.path));
    let told = report(&left.cloned().collect::<Vec<_>>(), policy);
    if !told.is_empty() {
        judgement.decision.verdict = judgement.decision.verdict.max(Verdict::Warn);
    }
    judgement.diagnostics.extend(told);
}

/// Decides a case and says what came of it.
fn judge_by(repository: &Repository, question: &Question, in_force: &InForce, case: Case) -> Judgement {
    let decision = {
        let _timed = progress::enter(Room::Verdict);
        decide(&case)
    };
    let mut ways = ways(repository, question, in_force, decision.verdict);
    // It teaches; where it cannot be said, the finding counts all the same.
    ways.since = told(repository, question, &case, &decision).unwrap_or_default();
    let diagnostics = explain(&case, &decision, &ways);
    Judgement {
        sensitivity: None,
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
        asked: case
            .gated
            .into_iter()
            .map(|unit| asked(unit, &case.terms, &in_force.policy))
            .collect(),
        ledger: case.ledger,
        diagnostics,
        flagged: Vec::new(),
        silenced: Vec::new(),
        gated: Vec::new(),
        hunks: BTreeMap::new(),
        landed: Vec::new(),
        measured: Measured::default(),
    }
}

/// Most gated files whose hunks are given: nobody reads more in one answer.
const MOST_FILES: usize = 1_000;

/// Most bytes of their text, for the same reason.
const MOST_TEXT: usize = 8 << 20;

/// Adds the hunks of the first gated files to a judgement, for those who are to read them: of 1,000 files and 8 MiB of text at most.
///
/// # Errors
///
/// An object that is missing.
pub fn add_hunks(repository: &Repository, judgement: &mut Judgement) -> Result<(), Undecided> {
    judgement.hunks = hunks_of(repository, &judgement.gated)?;
    Ok(())
}

/// Adds the measurements behind a judgement, for whoever draws them. They decide nothing, so what cannot be read is not shown.
pub fn add_measurements(repository: &Repository, question: &Question, judgement: &mut Judgement) {
    let head = &question.change.head;
    judgement.measured = measured(repository, head, &judgement.decision, &judgement.ledger);
}

/// Adds all certificates that have landed to a judgement, for whoever lists them. They decide nothing, so what cannot be read is not shown.
pub fn add_ledger(repository: &Repository, question: &Question, judgement: &mut Judgement) {
    let Some(tip) = &question.tip else { return };
    let read = governing(repository, question).and_then(|in_force| ledger_at(repository, tip, &in_force.policy));
    judgement.landed = read.map(|(_, entries)| entries).unwrap_or_default();
}

/// The hunks of files, by their paths; `None` for what cannot be shown as lines, or is too much to show.
pub(crate) fn hunks_of<'f>(
    repository: &Repository,
    files: impl IntoIterator<Item = &'f FileChange>,
) -> Result<BTreeMap<RepoPath, Option<Vec<Hunk>>>, Undecided> {
    let mut found = BTreeMap::new();
    let mut room = MOST_TEXT;
    for file in files.into_iter().take(MOST_FILES) {
        let shown = match repository.content(file)? {
            Content::Lines(diff) => Some(hunks(&file.path, &diff)),
            Content::TooLarge { .. } | Content::TooManyLines { .. } | Content::None => None,
        };
        let size = |hunks: &Vec<Hunk>| hunks.iter().flat_map(|hunk| &hunk.lines).map(String::len).sum();
        let shown = shown.filter(|hunks| size(hunks) <= room);
        room = room.saturating_sub(shown.as_ref().map_or(0, size));
        found.insert(file.path.clone(), shown);
    }
    Ok(found)
}

/// The changed files that a decision is about, as many as are shown.
fn gated(question: &Question, decision: &Decision) -> Vec<FileChange> {
    let paths: BTreeSet<&RepoPath> = decision
        .components
        .iter()
        .flat_map(|component| component.files.iter().map(|file| &file.path))
        .collect();
    let files = question.change.files.iter();
    let gated = files.filter(|file| paths.contains(&file.path));
    gated.take(MOST_FILES).cloned().collect()
}

/// What the policy asks of a component.
fn asked(unit: ComponentCase, terms: &Terms, policy: &Policy) -> (String, Asked) {
    let component = policy.components.iter().find(|component| component.id == unit.id);
    let handoffs = unit.files.iter().filter(|file| !file.handoff.is_empty());
    let asked = Asked {
        title: component.and_then(|component| component.title.clone()),
        risk: component.map_or(Risk::High, |component| component.risk).as_str(),
        evidence: unit.evidence.iter().map(|kind| kind.as_str()).collect(),
        signatures: terms.demands.signatures.as_str(),
        not_by: unit.authors.into_iter().filter(|_| terms.independence).collect(),
        may_lift: terms.may_lift.iter().cloned().collect(),
        handoff: handoffs.map(|file| (file.path.clone(), file.handoff.clone())).collect(),
        agents: unit.agents,
        approvals: unit.approvals,
        authorizers: unit.authorizers,
    };
    (unit.id, asked)
}

/// Most files that are named in a command that stages them.
const STAGED_BY_NAME: usize = 6;

fn ways(repository: &Repository, question: &Question, in_force: &InForce, verdict: Verdict) -> Ways {
    let commit = |snapshot: Option<&ObjectId>| snapshot.map(ObjectId::short);
    // A commit that is let through leaves nothing staged: then it is the branch that lacks a certificate.
    let committing = question.committing.as_ref().filter(|_| in_commit(question.stage));
    let afterwards = committing
        .filter(|_| verdict == Verdict::Warn)
        .and_then(|committing| (committing.afterwards)(repository, in_force.committed()));
    let files = || question.change.files.iter().map(|file| Word::pathspec(&file.path));
    let unstaged = committing.is_some_and(|committing| committing.own_index) && afterwards.is_none();
    let stage = match question.change.files.len() {
        _ if !unstaged => None,
        1..=STAGED_BY_NAME => Some(command!["git", "add", "--"].args(files())),
        _ => Some(command!["git", "add", "-u"]),
    };
    let head = question.head();
    Ways {
        selection: afterwards.unwrap_or_else(|| question.arguments.clone()),
        stage,
        tip: commit(question.tip.as_ref()),
        head: match &head {
            Snapshot::Commit(id) => Some(id.short()),
            _ => None,
        },
        merging: question.merges.as_ref().and(question.tip.as_ref()).map(ObjectId::short),
        base: match &question.change.base {
            Snapshot::Commit(id) if question.arguments != ["--staged"] => id.short(),
            _ => "HEAD".to_owned(),
        },
        since: BTreeMap::new(),
    }
}

/// Whether a commit is being made, rather than asked about.
fn in_commit(stage: Stage) -> bool {
    matches!(stage, Stage::PreCommit | Stage::CommitMsg | Stage::PreMergeCommit)
}

/// What is said of everything that another policy finds.
fn note(other: Other) -> &'static str {
    match other {
        Other::Brought => "the change contains this policy, and must pass it as well as the old one",
        Other::OfDefaultBranch => "this is by the policy of the default branch, which protects this branch, too",
    }
}

/// The verdict that a failure by the new policy comes to, where the old one enforces so.
fn verdict_of(enforcement: Enforcement) -> Verdict {
    match enforcement {
        Enforcement::Block => Verdict::Block,
        Enforcement::Warn | Enforcement::Off => Verdict::Warn,
    }
}

/// Another policy must be passed, too: the stricter verdict counts.
fn must_pass(
    repository: &Repository,
    judgement: &mut Judgement,
    (question, in_force): (&Question, &InForce),
    (other, case): (Other, &Case),
) {
    let decision = decide(case);
    let verdict = match other {
        // The policy that the change adds enforces no more than the old one does.
        Other::Brought => verdict_of(judgement.enforcement).min(decision.verdict),
        Other::OfDefaultBranch => decision.verdict,
    };
    if verdict <= judgement.verdict() {
        return;
    }
    judgement.decision.verdict = verdict;
    let told = explain(case, &decision, &ways(repository, question, in_force, verdict));
    judgement
        .diagnostics
        .extend(told.into_iter().map(|diagnostic| diagnostic.because(note(other))));
}

/// A policy that cannot be read lets nothing pass.
fn cannot_pass(judgement: &mut Judgement, other: Other, undecided: Undecided) {
    let level = match judgement.enforcement {
        Enforcement::Block => Level::Error,
        Enforcement::Warn | Enforcement::Off => Level::Warning,
    };
    judgement.decision.verdict = judgement.decision.verdict.max(verdict_of(judgement.enforcement));
    let told = undecided.diagnostics.into_iter();
    judgement
        .diagnostics
        .extend(told.map(|diagnostic| diagnostic.with_level(level).because(note(other))));
}
