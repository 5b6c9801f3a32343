//! What is staged, for the commit stages.

use super::branches::{branch_of, drop_what_comes_from, protected_branches};
use crate::change::{ObjectId, Snapshot};
use crate::gate::governing;
use crate::gate::{Question, Range, TargetBranch, Undecided};
use crate::git::Repository;
use crate::policy::Stage;

/// What is staged, for the commit stages.
pub(crate) fn staged(repository: &Repository, stage: Stage) -> Result<Question, Undecided> {
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
            if is_protected_history(repository, tip, &other)? {
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
        change,
        tip,
        range,
        target,
        stage,
        arguments: "--staged".to_owned(),
        told: None,
        policy: None,
    })
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

/// Whether `commit` is on a branch that HEAD's policy protects by name.
fn is_protected_history(repository: &Repository, tip: &ObjectId, commit: &ObjectId) -> Result<bool, Undecided> {
    let Some(policy) = governing::policy_at(repository, &Snapshot::Commit(tip.clone()))? else {
        return Ok(false);
    };
    // Where every branch is protected, the one that is merged would be its own excuse.
    let named = |name: &str| branch_of(name).is_some_and(|branch| policy.protected_by_name(branch));
    for (name, at) in protected_branches(repository, &policy)? {
        if named(&name) && repository.is_ancestor(commit, &at)? {
            return Ok(true);
        }
    }
    Ok(false)
}
