//! What is staged, for the commit stages.

use std::path::Path;

use super::branches::{drop_what_comes_from, merge_target_by, own_remote, protected_branches};
use super::ci;
use super::range::between;
use crate::change::{Change, CommitMessage, ObjectId, Snapshot};
use crate::gate::governing;
use crate::gate::{By, Committed, Committing, Question, Range, TargetBranch, Undecided};
use crate::git::Repository;
use crate::policy::Stage;
use crate::progress::{self, Room};
use crate::sensitivity::Heard;

/// What a hook of the commit stages is asked about: what is staged. pre-commit and its like may run the hook without a commit in the
/// making, for a range, which is then judged; in CI, where nothing is staged and git did not call, there is no answer but a refusal.
pub(crate) fn committing(repository: &Repository, stage: Stage) -> Result<Question, Undecided> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    // Git tells its hooks where the index is. A commit in the making is judged, whatever range somebody has left in the environment.
    let by_git = std::env::var_os("GIT_INDEX_FILE").is_some();
    if stage == Stage::PreCommit
        && !by_git
        && let (Some(from), Some(to)) = (variable("PRE_COMMIT_FROM_REF"), variable("PRE_COMMIT_TO_REF"))
    {
        return between(repository, &from, &to, None);
    }
    let question = staged(repository, stage)?;
    if question.change.files.is_empty()
        && question.range.is_none()
        && !by_git
        && let Some(mark) = ci::mark()
    {
        return Err(ci::unknown(mark));
    }
    Ok(Question { stage, ..question })
}

/// What is staged, for the commit stages.
///
/// # Errors
///
/// Whatever keeps index, HEAD or what is being merged from being read.
pub fn staged(repository: &Repository, stage: Stage) -> Result<Question, Undecided> {
    let _timed = progress::enter(Room::Intake);
    let pending = repository.start_staged()?;
    let head = repository.head()?;
    let target = TargetBranch::moving(repository.moving_branch()?);
    let merged = merge_heads(repository, stage)?;
    let mut change = pending.finish()?;
    let tip = head.commit().cloned();
    let mut range = None;
    if let Some(tip) = &tip
        && !merged.is_empty()
    {
        let mut coming = Range {
            excluded: vec![tip.clone()],
            heads: Vec::new(),
        };
        for other in merged {
            if is_protected_history(repository, tip, target.name(), &other)? {
                // What is already on a protected branch is not judged again when it is merged back.
                drop_what_comes_from(repository, &mut change, &other)?;
                coming.excluded.push(other);
            } else {
                coming.heads.push(other);
            }
        }
        change.messages = repository.messages(&coming.excluded, &coming.heads)?;
        range = Some(coming);
    }
    Ok(Question {
        tip,
        range,
        arguments: vec!["--staged".to_owned()],
        committing: Some(Committing {
            own_index: index_of_one_commit(),
            // git names the index to the hooks of a commit. Who only asks has not made one afterwards.
            afterwards: match std::env::var_os("GIT_INDEX_FILE") {
                Some(_) => branch_arguments,
                None => |_, _| None,
            },
        }),
        ..Question::new(change, target, stage)
    })
}

/// Whether git made an index for this commit alone (git-commit's builtin, `prepare_index`): `index.lock` for `-a`, `-i` and `-p`,
/// `next-index-PID.lock` for `-o` and paths. What is in it is not staged when the commit is refused.
fn index_of_one_commit() -> bool {
    std::env::var_os("GIT_INDEX_FILE").is_some_and(|path| Path::new(&path).extension().is_some_and(|end| end == "lock"))
}

/// `--base … --head …` for the branch with the commit that is being made.
fn branch_arguments(repository: &Repository, known: Option<Committed<'_>>) -> Option<Vec<String>> {
    let branch = repository.moving_branch().ok().flatten();
    let head = branch.unwrap_or_else(|| "HEAD".to_owned());
    let short = |name: &str| {
        let short = name
            .strip_prefix("refs/heads/")
            .or_else(|| name.strip_prefix("refs/remotes/"));
        short
            .filter(|short| repository.named(short).is_ok())
            .unwrap_or(name)
            .to_owned()
    };
    let base = match merge_target_by(repository, known) {
        Ok((base, _)) => short(&base),
        // The branch is protected itself, and follows none: then the commit is what comes after this one.
        Err(_) => repository.head().ok()?.commit()?.to_string(),
    };
    Some(["--base", &base, "--head", &head].map(str::to_owned).to_vec())
}

/// The commits being merged into HEAD: MERGE_HEAD, or, before git has written it, what `git merge` tells its hooks in the environment
/// (`GITHEAD_<oid>`, see git-merge's source).
fn merge_heads(repository: &Repository, stage: Stage) -> Result<Vec<ObjectId>, Undecided> {
    let mut heads = repository.merge_head()?;
    if heads.is_empty() && stage == Stage::PreMergeCommit {
        let named = std::env::vars_os().filter_map(|(name, _)| {
            name.to_str()
                .and_then(|n| n.strip_prefix("GITHEAD_"))
                .and_then(ObjectId::from_hex)
        });
        heads = named.filter(|id| repository.has_commit(id)).collect();
        heads.sort();
    }
    Ok(heads)
}

/// Whether `commit` is on a branch that HEAD's policy protects by name, here or at the remote that the branch being worked on belongs to.
fn is_protected_history(
    repository: &Repository,
    tip: &ObjectId,
    branch: Option<&str>,
    commit: &ObjectId,
) -> Result<bool, Undecided> {
    let Some(policy) = governing::policy_at(repository, &Snapshot::Commit(tip.clone()))? else {
        return Ok(false);
    };
    // Where every branch is protected, the one that is merged would be its own excuse.
    let remote = own_remote(repository, branch)?;
    for found in protected_branches(repository, &policy, remote)? {
        if policy.protected_by_name(&found.branch) && repository.is_ancestor(commit, &found.at)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is staged, with the message of the commit in the making; `None` where that message announces nothing: `pre-commit` (or
/// `pre-merge-commit`) has judged the files a moment ago, and only the message is new. Then nothing else is read.
///
/// # Errors
///
/// Whatever keeps the policy or the change from being read.
pub fn announced(repository: &Repository, message: CommitMessage) -> Result<Option<Question>, Undecided> {
    let _timed = progress::enter(Room::Intake);
    let messages = vec![message];
    let head = repository.head()?;
    let base = head
        .commit()
        .map_or(Snapshot::Empty, |commit| Snapshot::Commit(commit.clone()));
    let change = Change {
        base,
        head: Snapshot::Index,
        files: Vec::new(),
        messages,
    };
    let asked = Question {
        tip: head.commit().cloned(),
        arguments: vec!["--staged".to_owned()],
        ..Question::new(change, TargetBranch::Unknown, Stage::CommitMsg)
    };
    let in_force = governing::governing(repository, &asked)?;
    let heard = Heard::of(&in_force.policy, &asked.change.messages);
    if heard.is_nothing() {
        return Ok(None);
    }
    let mut question = staged(repository, Stage::CommitMsg)?;
    question.change.messages = asked.change.messages;
    question.by = By::Another(Box::new(in_force));
    question.heard = Some(heard);
    Ok(Some(question))
}
