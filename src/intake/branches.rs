//! The branches of a repository as a policy sees them: which are protected, and which one a change would be merged into.

use super::advice::check_against;
use super::targets::{branch_named, needs_a_base};
use crate::change::{Change, ObjectId, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Placeholder, command, sanitize};
use crate::gate::governing;
use crate::gate::{Committed, Undecided};
use crate::git::{Head, Remote, Repository};
use crate::policy::Policy;

/// A branch that a policy protects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Protected {
    /// Its own name, here or at the remote.
    pub(crate) branch: String,
    /// The ref that has it here.
    pub(crate) reference: String,
    /// Its tip.
    pub(crate) at: ObjectId,
}

/// The remote that a branch belongs to: the one that it is set to follow, else `origin`, else the only one. What any other remote has
/// under the name of a protected branch is a stranger's.
pub(crate) fn own_remote<'r>(
    repository: &'r Repository,
    branch: Option<&str>,
) -> Result<Option<&'r Remote>, Undecided> {
    let remotes = repository.remotes()?;
    let named = |name: &str| remotes.iter().find(|remote| remote.name == name);
    if let Some(branch) = branch
        && let Some(followed) = repository.config(&format!("branch.{branch}.remote"))?
        && let Some(remote) = named(&followed)
    {
        return Ok(Some(remote));
    }
    Ok(named("origin").or(match remotes {
        [only] => Some(only),
        _ => None,
    }))
}

/// The branches that a policy protects: those here, and those of one remote as it was last seen.
pub(crate) fn protected_branches(
    repository: &Repository,
    policy: &Policy,
    remote: Option<&Remote>,
) -> Result<Vec<Protected>, Undecided> {
    let mut prefixes = vec![HEADS];
    prefixes.extend(remote.into_iter().flat_map(Remote::kept_at));
    let protected = |name: &str| branch_kept(name, remote).filter(|branch| policy.protected(branch));
    let refs = repository.refs_below(&prefixes, &|name| protected(name).is_some())?;
    Ok(refs
        .into_iter()
        .filter_map(|(reference, at)| {
            let branch = protected(&reference)?;
            Some(Protected { branch, reference, at })
        })
        .collect())
}

/// True where one of those branches surely holds a commit: the one that `origin/HEAD` names, `main` or `master`. What most branches are made
/// at is found so, and no list of all refs is needed; where it is not found, they must be asked.
pub(crate) fn surely_holds(
    repository: &Repository,
    policy: &Policy,
    remote: Option<&Remote>,
    commit: &ObjectId,
) -> Result<bool, Undecided> {
    let default = match remote {
        Some(remote) => repository.target_of(&format!("refs/remotes/{}/HEAD", remote.name))?,
        None => None,
    };
    let kept = |reference: &str| {
        let mut prefixes = remote.into_iter().flat_map(Remote::kept_at);
        reference.starts_with(HEADS) || prefixes.any(|kept| kept.ends_with('/') && reference.starts_with(kept))
    };
    let mut asked: Vec<ObjectId> = Vec::new();
    for reference in default.as_deref().into_iter().chain(USUAL) {
        let branch = branch_kept(reference, remote).filter(|_| kept(reference));
        if branch.is_none_or(|branch| !policy.protected(&branch)) {
            continue;
        }
        let Some(at) = repository.ref_commit(reference)?.filter(|at| !asked.contains(at)) else {
            continue;
        };
        // Where a shallow clone hides the answer, all of them are asked.
        if matches!(repository.is_ancestor(commit, &at), Ok(true)) {
            return Ok(true);
        }
        asked.push(at);
    }
    Ok(false)
}

/// The branch that a ref is, here or at a remote that is kept here.
fn branch_kept(reference: &str, remote: Option<&Remote>) -> Option<String> {
    let full = match reference.starts_with(HEADS) {
        true => reference.to_owned(),
        false => remote?.tracked(reference)?,
    };
    full.strip_prefix(HEADS)
        .map(str::to_owned)
        .filter(|branch| branch != "HEAD")
}

/// What the branch is usually called that others are made from.
const USUAL: [&str; 2] = ["refs/heads/main", "refs/heads/master"];

/// The prefix of this repository's own branches.
const HEADS: &str = "refs/heads/";

/// Drops the files that a commit holds exactly as they are.
pub(crate) fn drop_what_comes_from(
    repository: &Repository,
    change: &mut Change,
    commit: &ObjectId,
) -> Result<(), Undecided> {
    let at = Snapshot::Commit(commit.clone());
    let mut kept = Vec::with_capacity(change.files.len());
    for file in std::mem::take(&mut change.files) {
        if repository.entry(&at, &file.path)?.as_ref() != file.after() {
            kept.push(file);
        }
    }
    change.files = kept;
    Ok(())
}

/// The name of the protected branch that HEAD would merge into.
pub(crate) fn protected_target(repository: &Repository) -> Result<String, Undecided> {
    merge_target(repository, None).map(|(_, branch)| branch).map_err(|_| {
        Undecided::usage(
            "a certificate is bound to a branch here, and which one is not known",
            command![
                "certgate",
                "certify",
                Placeholder::Component,
                "--target",
                Placeholder::Branch
            ],
        )
    })
}

/// The revision of the protected branch that HEAD would merge into, and that branch's name. On a protected branch itself that is its
/// upstream.
pub(crate) fn merge_target(repository: &Repository, target: Option<&str>) -> Result<(String, String), Undecided> {
    target_of(repository, target, None)
}

/// The same where nobody named it, and the policy of a commit is known.
pub(crate) fn merge_target_by(
    repository: &Repository,
    known: Option<Committed<'_>>,
) -> Result<(String, String), Undecided> {
    target_of(repository, None, known)
}

fn target_of(
    repository: &Repository,
    target: Option<&str>,
    known: Option<Committed<'_>>,
) -> Result<(String, String), Undecided> {
    let nothing_staged = |why: String| {
        Diagnostic::error(Code::CG708, "there is nothing to judge")
            .because(why)
            .help(command!["certgate", "check", "--staged"].after(command!["git", "add", Placeholder::Path]))
    };
    let nothing = |why: String| -> Undecided { nothing_staged(why).help(check_against(Placeholder::Revision)).into() };
    let head = repository.head()?;
    if let Head::Unborn { .. } = head {
        return Err(nothing_staged("nothing is staged, and there is no commit yet".to_owned()).into());
    }
    let own = head.branch().map(str::to_owned);
    if let Some(target) = target {
        let target = branch_named(repository, target)?;
        let local = format!("{HEADS}{target}");
        let remote = own_remote(repository, Some(&target))?;
        let tracking = remote.and_then(|remote| remote.tracking(&local));
        for reference in std::iter::once(local).chain(tracking) {
            if repository.ref_commit(&reference)?.is_some() {
                return Ok((reference, target));
            }
        }
        return Err(nothing(format!("there is no branch `{}`", sanitize(&target))));
    }
    // During a rebase HEAD is detached, and its work has a branch all the same.
    let working = repository.moving_branch()?;
    if working.is_none() {
        return Err(needs_a_base());
    }
    let at_head = head
        .commit()
        .map(|commit| Snapshot::Commit(commit.clone()))
        .unwrap_or(Snapshot::Empty);
    let read;
    let policy = match known.filter(|(id, _)| Some(*id) == head.commit()) {
        Some((_, policy)) => policy,
        None => {
            read = match governing::policy_at(repository, &at_head)? {
                Some(policy) => policy,
                None => governing::default_policy()?,
            };
            &read
        }
    };
    if let Some(own) = own.as_deref().filter(|own| policy.protected(own)) {
        let upstream = repository.upstream(own)?;
        let reason = format!("nothing is staged, and `{own}` is itself protected and has no upstream");
        return upstream.map(|rev| (rev, own.to_owned())).ok_or_else(|| nothing(reason));
    }
    let branches = protected_branches(repository, policy, own_remote(repository, working.as_deref())?)?;
    // A branch that enforcement names first comes first; of those, what the remote has is nearer to what will be merged into.
    let best = branches.iter().min_by_key(|found| {
        let place = policy
            .enforce
            .iter()
            .flat_map(|entry| entry.branches.iter())
            .position(|glob| *glob == found.branch);
        (
            place.unwrap_or(usize::MAX),
            found.reference.starts_with(HEADS),
            found.reference.clone(),
        )
    });
    match best {
        Some(found) => Ok((found.reference.clone(), found.branch.clone())),
        None => Err(nothing(
            "nothing is staged, and no branch here is protected by the policy".to_owned(),
        )),
    }
}
