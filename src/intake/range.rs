//! The change between two revisions, and the branch that it is meant for.

use super::branches::branch_of;
use crate::change::{ObjectId, Snapshot};
use crate::diagnostic::{Code, Diagnostic, sanitize, shell};
use crate::gate::governing;
use crate::gate::{Question, Range, TargetBranch, Undecided};
use crate::git::{Head, Repository};
use crate::policy::Stage;

/// The commit that a revision names. That a branch has no commit yet is told as such.
pub(crate) fn commit(repository: &Repository, rev: &str) -> Result<ObjectId, Undecided> {
    repository
        .commit(rev)
        .map_err(|error| match (error.code(), repository.head()) {
            (Code::CG702, Ok(Head::Unborn { branch })) if rev == "HEAD" || rev == branch => {
                Diagnostic::error(Code::CG702, format!("`{}` has no commit yet", sanitize(&branch)))
                    .help("git commit")
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
    let from_nothing =
        ObjectId::from_hex(base).is_some_and(|id| repository.empty_tree().is_ok_and(|empty| empty == id));
    let top = commit(repository, head)?;
    let target = match target {
        Some(name) => TargetBranch::Named(name.to_owned()),
        None => target_of(repository, base),
    };
    let arguments = format!("--base {} --head {}", shell(base), shell(head));
    if from_nothing {
        return Ok(Question {
            change: repository.change_between(None, &top)?,
            range: Some(Range::new(Vec::new(), top)),
            tip: None,
            target,
            stage: Stage::Merge,
            arguments,
            told: None,
            policy: None,
        });
    }
    between_commits(repository, commit(repository, base)?, top, target, arguments)
}

/// The branch that a base says would move: the one that it names, or else what CI says.
pub(crate) fn target_of(repository: &Repository, base: &str) -> TargetBranch {
    match named_branch(repository, base).or_else(target_of_ci) {
        Some(name) => TargetBranch::Named(name),
        None => TargetBranch::Unknown,
    }
}

/// The change between the target's tip and a commit.
pub(crate) fn between_commits(
    repository: &Repository,
    tip: ObjectId,
    top: ObjectId,
    target: TargetBranch,
    arguments: String,
) -> Result<Question, Undecided> {
    let read = || governing::policy_at(repository, &Snapshot::Commit(tip.clone()));
    let (change, policy) = repository.change_between_while(Some(&tip), &top, read)?;
    Ok(Question {
        change,
        range: Some(Range::new(vec![tip.clone()], top)),
        tip: Some(tip),
        target,
        stage: Stage::Merge,
        arguments,
        told: None,
        // What is wrong with it is told by whoever judges by it.
        policy: policy.ok().flatten(),
    })
}

/// The branch that a revision names, if it names one: `main`, `origin/main`, `refs/heads/main`, `refs/remotes/origin/main`.
fn named_branch(repository: &Repository, rev: &str) -> Option<String> {
    let candidates = [
        rev.to_owned(),
        format!("refs/heads/{rev}"),
        format!("refs/remotes/{rev}"),
    ];
    let found = candidates
        .iter()
        .find(|name| branch_of(name).is_some() && repository.commit(name).is_ok())?;
    branch_of(found).map(str::to_owned)
}

/// The target branch as the CI systems document it.
fn target_of_ci() -> Option<String> {
    const VARIABLES: [&str; 6] = [
        "CERTGATE_TARGET",
        "GITHUB_BASE_REF",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        "BUILDKITE_MERGE_QUEUE_BASE_BRANCH",
        "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
        "CHANGE_TARGET",
    ];
    VARIABLES
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|value| !value.is_empty())
}

pub(crate) fn split_range(range: &str) -> Result<(&str, &str), Undecided> {
    let (base, head) = range
        .split_once("...")
        .or_else(|| range.split_once(".."))
        .filter(|(base, _)| !base.is_empty())
        .ok_or_else(|| Undecided::usage(format!("`{range}` is not a range"), "certgate check --range main..HEAD"))?;
    Ok((base, if head.is_empty() { "HEAD" } else { head }))
}
