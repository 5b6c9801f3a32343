//! What a target that somebody names means: the branch that will move, resolved from each way to write it to its own name.

use super::advice::check_against;
use crate::change::Snapshot;
use crate::diagnostic::{Code, Diagnostic, Placeholder, command, sanitize};
use crate::gate::{Question, TargetBranch, Undecided, governing};
use crate::git::{self, Repository};
use crate::policy::Policy;

/// The name of the branch that `--target`, a variable or CI names: `main` for `main`, `refs/heads/main`, `origin/main` and
/// `refs/remotes/origin/main`, blanks around it or not.
///
/// # Errors
///
/// CG736 where the name has two meanings; CG700 where it cannot be the name of a branch.
pub(crate) fn branch_named(repository: &Repository, given: &str) -> Result<String, Undecided> {
    let name = given.trim();
    let odd = || {
        Undecided::usage(
            format!("the target `{}` is not the name of a branch", sanitize(given)),
            command!["certgate", "check", "--target", Placeholder::Branch],
        )
    };
    if name.starts_with("refs/") {
        let branch = repository.branch_kept_at(name)?.ok_or_else(odd)?;
        return git::is_branch_name(&branch).then_some(branch).ok_or_else(odd);
    }
    if !git::is_branch_name(name) {
        return Err(odd());
    }
    let mut remote_branch = None;
    if name.contains('/') {
        for remote in repository.remotes()? {
            let branch = name
                .strip_prefix(remote.name.as_str())
                .and_then(|rest| rest.strip_prefix('/'));
            if let Some(branch) = branch
                && let Some(tracking) = remote.tracking(&format!("refs/heads/{branch}"))
                && repository.ref_commit(&tracking)?.is_some()
            {
                remote_branch = Some((branch.to_owned(), tracking));
            }
        }
    }
    let Some((branch, tracking)) = remote_branch else {
        return Ok(name.to_owned());
    };
    let mut own = vec![format!("refs/heads/{name}")];
    own.extend(
        repository
            .remotes()?
            .iter()
            .filter_map(|remote| remote.tracking(&format!("refs/heads/{name}"))),
    );
    for other in own {
        if repository.ref_commit(&other)?.is_some() {
            return Err(git::GitError::Ambiguous {
                name: name.to_owned(),
                meanings: vec![tracking, other],
            }
            .into());
        }
    }
    Ok(branch)
}

/// Sets the target that somebody named. One that no branch here or at a remote and no entry of the policy knows may be a slip of the pen,
/// and must not choose a milder entry than the strictest.
pub(crate) fn settle(repository: &Repository, question: &mut Question, given: &str) -> Result<(), Undecided> {
    let name = branch_named(repository, given)?;
    let known = is_there(repository, &name)? || {
        let policy = match &question.policy {
            Some(policy) => Some(policy.clone()),
            None => policy_of(repository, question)?,
        };
        policy.is_some_and(|policy| policy.knows(&name))
    };
    question.target = match known {
        true => TargetBranch::Named(name),
        false => {
            let told = format!(
                "no branch and no entry of the policy is called `{}`: the strictest entry applies",
                sanitize(&name)
            );
            let told = match question.told.take() {
                Some(before) => format!("{before}\n{told}"),
                None => told,
            };
            question.told = Some(told);
            TargetBranch::Unknown
        }
    };
    Ok(())
}

fn policy_of(repository: &Repository, question: &Question) -> Result<Option<Policy>, Undecided> {
    let at = match &question.tip {
        Some(tip) => Snapshot::Commit(tip.clone()),
        None => question.change.head.clone(),
    };
    // What is wrong with it is reported by whoever judges by it.
    Ok(governing::policy_at(repository, &at).ok().flatten())
}

/// True where there is a branch of that name, here or as a remote was last seen.
fn is_there(repository: &Repository, name: &str) -> Result<bool, Undecided> {
    let full = format!("refs/heads/{name}");
    if repository.ref_commit(&full)?.is_some() || repository.head()?.branch() == Some(name) {
        return Ok(true);
    }
    for remote in repository.remotes()? {
        if let Some(tracking) = remote.tracking(&full)
            && repository.ref_commit(&tracking)?.is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A detached HEAD says nothing of where its commits would go, and the policy that is checked out must not choose.
pub(crate) fn needs_a_base() -> Undecided {
    Diagnostic::error(
        Code::CG708,
        "HEAD is detached, so nothing says where its commits would go",
    )
    .because("the policy that is checked out must not choose what it is compared with")
    .help(check_against(Placeholder::Branch))
    .into()
}
