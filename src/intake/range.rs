//! The change between two revisions, and the branch that it is meant for.

use super::ci::Ci;
use super::targets::settle;
use crate::change::{CommitMessage, ObjectId, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Placeholder, command, sanitize};
use crate::gate::governing;
use crate::gate::{By, InForce, Question, Range, TargetBranch, Undecided};
use crate::git::{Head, Meaning, Repository};
use crate::policy::{POLICY_DIRECTORY, Stage};
use crate::progress::{self, Room};
use crate::sensitivity::Heard;

/// The commit that a revision names.
pub(crate) fn commit(repository: &Repository, rev: &str) -> Result<ObjectId, Undecided> {
    named(repository, rev).map(|meaning| meaning.commit)
}

/// What a revision means, which must be one thing. That a branch has no commit yet is reported as such.
pub(crate) fn named(repository: &Repository, rev: &str) -> Result<Meaning, Undecided> {
    repository
        .named(rev)
        .map_err(|error| match (error.code(), repository.head()) {
            (Code::CG702, Ok(Head::Unborn { branch })) if rev == "HEAD" || rev == branch => {
                Diagnostic::error(Code::CG702, format!("`{}` has no commit yet", sanitize(&branch)))
                    .help(command!["git", "commit"].after(command!["git", "add", Placeholder::Path]))
                    .into()
            }
            _ => error.into(),
        })
}

/// The change between two revisions, for `check` and `certify`.
pub(crate) fn between(
    repository: &Repository,
    base: &str,
    head: &str,
    target: Option<&str>,
) -> Result<Question, Undecided> {
    let _timed = progress::enter(Room::Intake);
    let from_nothing =
        ObjectId::from_hex(base).is_some_and(|id| repository.empty_tree().is_ok_and(|empty| empty == id));
    let top = commit(repository, head)?;
    let arguments = ["--base", base, "--head", head].map(str::to_owned).to_vec();
    if from_nothing {
        let change = repository.change_between(None, &top)?;
        let question = Question {
            range: Some(Range::new(Vec::new(), top)),
            arguments,
            ..Question::new(change, target_of_ci(), Stage::Merge)
        };
        return aimed(repository, target, question);
    }
    let base = named(repository, base)?;
    let meant = base.branch.map_or_else(target_of_ci, TargetBranch::Named);
    let question = between_commits(repository, base.commit, top, meant, arguments)?;
    aimed(repository, target, question)
}

/// The question with the target that was given, if one was.
fn aimed(repository: &Repository, target: Option<&str>, mut question: Question) -> Result<Question, Undecided> {
    if let Some(given) = target {
        settle(repository, &mut question, given)?;
    }
    judged_by_default_too(repository, &mut question)?;
    Ok(question)
}

/// Lets the default branch's policy judge, too, where it protects another branch that the question is about. Which branch that is, the
/// remote has said when it was cloned (`refs/remotes/origin/HEAD`).
pub(crate) fn judged_by_default_too(repository: &Repository, question: &mut Question) -> Result<(), Undecided> {
    let (TargetBranch::Named(target), Some(tip)) = (&question.target, &question.tip) else {
        return Ok(());
    };
    // Nearly every clone has no such ref or only this one, and nothing else is asked.
    let Some(named) = repository.target_of("refs/remotes/origin/HEAD")? else {
        return Ok(());
    };
    let Some(default) = repository.ref_commit(&named)? else {
        return Ok(());
    };
    let judging = |commit: &ObjectId| repository.subtree_id(commit, POLICY_DIRECTORY.as_bytes());
    if default == *tip || judging(&default)? == judging(tip)? {
        return Ok(());
    }
    let ours = super::branches::own_remote(repository, Some(target))?.is_some_and(|remote| remote.name == "origin");
    if !ours || repository.branch_kept_at(&named)?.as_deref() == Some(target) {
        return Ok(());
    }
    if let Some(policy) = governing::judging_policy(repository, &default)?
        && policy.protected(target)
    {
        question.beside = Some(Box::new(InForce {
            keyring: governing::keyring_at(repository, &Snapshot::Commit(default.clone()), &policy)?,
            at: Snapshot::Commit(default.clone()),
            policy,
            origin: format!("{}:{}", default.short(), governing::policy_path()),
            adoption: false,
            notes: Vec::new(),
        }));
    }
    Ok(())
}

/// The change between the target's tip and a commit.
pub(crate) fn between_commits(
    repository: &Repository,
    tip: ObjectId,
    top: ObjectId,
    target: TargetBranch,
    arguments: Vec<String>,
) -> Result<Question, Undecided> {
    let read = |messages: &[CommitMessage]| {
        // What is wrong with it is reported by whoever judges by it.
        let policy = governing::policy_at(repository, &Snapshot::Commit(tip.clone())).ok()??;
        let heard = Heard::of(&policy, messages);
        Some((policy, heard))
    };
    let (change, read) = repository.change_between_while(Some(&tip), &top, read)?;
    let (policy, heard) = read.unzip();
    // Where the target has moved on, what would be merged is neither its tip nor the head.
    let from = |commit: &ObjectId| change.base == Snapshot::Commit(commit.clone());
    let behind = !from(&tip) && !from(&top);
    let (change, merges) = match behind {
        true => (repository.change_by_merge(&tip, &top)?, Some(top.clone())),
        false => (change, None),
    };
    Ok(Question {
        range: Some(Range::new(vec![tip.clone()], top)),
        tip: Some(tip),
        arguments,
        policy,
        heard,
        merges,
        ..Question::new(change, target, Stage::Merge)
    })
}

/// What a commit adds to its first parent, judged by a policy that is tried out; without a parent, all of it.
pub(crate) fn step(
    repository: &Repository,
    parent: Option<&ObjectId>,
    commit: &ObjectId,
    by: InForce,
) -> Result<Question, Undecided> {
    let change = match parent {
        Some(parent) => repository.change_from(parent, commit)?,
        None => repository.change_between(None, commit)?,
    };
    Ok(Question {
        range: Some(Range::new(parent.cloned().into_iter().collect(), commit.clone())),
        tip: parent.cloned(),
        by: By::Another(Box::new(by)),
        ..Question::new(change, TargetBranch::Unknown, Stage::Merge)
    })
}

/// The change that moving a branch from its tip straight to another commit makes, whatever is lost on the way.
pub(crate) fn directly(
    repository: &Repository,
    tip: ObjectId,
    top: ObjectId,
    target: TargetBranch,
    arguments: Vec<String>,
) -> Result<Question, Undecided> {
    let change = repository.change_from(&tip, &top)?;
    Ok(Question {
        range: Some(Range::new(vec![tip.clone()], top)),
        tip: Some(tip),
        arguments,
        ..Question::new(change, target, Stage::Merge)
    })
}

/// What a commit added to a branch when it landed there, after the commit that was the tip before; judged by the policy of that one.
pub(crate) fn landed(
    repository: &Repository,
    tip: Option<&ObjectId>,
    top: &ObjectId,
    target: TargetBranch,
) -> Result<Question, Undecided> {
    match tip {
        Some(tip) => Ok(Question {
            range: Some(Range::new(vec![tip.clone()], top.clone())),
            tip: Some(tip.clone()),
            ..Question::new(repository.change_of_step(tip, top)?, target, Stage::Merge)
        }),
        None => Ok(Question {
            range: Some(Range::new(Vec::new(), top.clone())),
            ..Question::new(repository.change_between(None, top)?, target, Stage::Merge)
        }),
    }
}

/// The target branch as CI tells it, where the base does not name one.
fn target_of_ci() -> TargetBranch {
    match super::ci::from_environment() {
        Ok(Ci::Change(change)) => change
            .target()
            .map_or(TargetBranch::Unknown, |name| TargetBranch::Named(name.to_owned())),
        // What CI says otherwise is not asked for: base and head were given.
        _ => TargetBranch::Unknown,
    }
}

/// The two ends of `A..B` or `A...B`.
pub(crate) fn split_range(range: &str) -> Result<(&str, &str), Undecided> {
    let (base, head) = range
        .split_once("...")
        .or_else(|| range.split_once(".."))
        .filter(|(base, _)| !base.is_empty())
        .ok_or_else(|| {
            Undecided::usage(
                format!("`{range}` is not a range"),
                command!["certgate", "check", "--range", "main..HEAD"],
            )
        })?;
    Ok((base, if head.is_empty() { "HEAD" } else { head }))
}
