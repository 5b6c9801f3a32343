//! The branches of a repository as a policy sees them: which are protected, and which one a change would be merged into.

use crate::change::{Change, ObjectId, Snapshot};
use crate::diagnostic::{Code, Diagnostic};
use crate::gate::Undecided;
use crate::gate::governing;
use crate::git::{Head, Repository};
use crate::policy::Policy;

/// Local and remote-tracking branches that the policy protects, with their commits.
pub(crate) fn protected_branches(
    repository: &Repository,
    policy: &Policy,
) -> Result<Vec<(String, ObjectId)>, Undecided> {
    let refs = repository.refs(&["refs/heads/", "refs/remotes/"])?;
    Ok(refs
        .into_iter()
        .filter(|(name, _)| branch_of(name).is_some_and(|branch| policy.protected(branch)))
        .collect())
}

/// The branch that a full ref name is, or tracks.
pub(crate) fn branch_of(name: &str) -> Option<&str> {
    let tracked = || {
        name.strip_prefix("refs/remotes/")
            .and_then(|rest| rest.split_once('/'))
            .map(|(_, branch)| branch)
    };
    name.strip_prefix("refs/heads/")
        .or_else(tracked)
        .filter(|branch| *branch != "HEAD")
}

/// Drops the files that a commit holds just so.
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
            "a certificate is bound to a branch here, and which one cannot be told",
            "certgate certify … --target BRANCH",
        )
    })
}

/// The revision of the protected branch that HEAD would merge into, and that branch's name. On a protected branch itself that is its
/// upstream.
pub(crate) fn merge_target(repository: &Repository, target: Option<&str>) -> Result<(String, String), Undecided> {
    let nothing = |why: String| -> Undecided {
        Diagnostic::error(Code::CG708, "there is nothing to judge")
            .because(why)
            .help("git add FILE… && certgate check --staged")
            .help("certgate check --base REV --head REV")
            .into()
    };
    let head = repository.head()?;
    if let Head::Unborn { .. } = head {
        return Err(nothing("nothing is staged, and there is no commit yet".to_owned()));
    }
    let own = head.branch().map(str::to_owned);
    if let Some(target) = target {
        let revision = [format!("refs/heads/{target}"), format!("refs/remotes/origin/{target}")];
        let found = revision.iter().find(|rev| repository.commit(rev).is_ok());
        return found
            .map(|rev| (rev.clone(), target.to_owned()))
            .ok_or_else(|| nothing(format!("there is no branch `{target}`")));
    }
    let at_head = head
        .commit()
        .map(|commit| Snapshot::Commit(commit.clone()))
        .unwrap_or(Snapshot::Empty);
    let policy = match governing::policy_at(repository, &at_head)? {
        Some(policy) => policy,
        None => governing::default_policy()?,
    };
    if let Some(own) = own.as_deref().filter(|own| policy.protected(own)) {
        let upstream = repository.upstream(own)?;
        let reason = format!("nothing is staged, and `{own}` is itself protected and has no upstream");
        return upstream.map(|rev| (rev, own.to_owned())).ok_or_else(|| nothing(reason));
    }
    let branches = protected_branches(repository, &policy)?;
    // A branch that enforcement names first comes first; of those, what the remote has is nearer to what will be merged into.
    let best = branches.iter().min_by_key(|(name, _)| {
        let branch = branch_of(name).unwrap_or(name);
        let place = policy
            .enforce
            .iter()
            .flat_map(|entry| entry.branches.iter())
            .position(|glob| glob == branch);
        (
            place.unwrap_or(usize::MAX),
            !name.starts_with("refs/remotes/origin/"),
            name.starts_with("refs/heads/"),
            name.clone(),
        )
    });
    match best {
        Some((name, _)) => Ok((name.clone(), branch_of(name).unwrap_or(name).to_owned())),
        None => Err(nothing(
            "nothing is staged, and no branch here is protected by the policy".to_owned(),
        )),
    }
}
