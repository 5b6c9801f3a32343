//! Which change is judged, where it would go, and at which stage: arguments and environment resolved to objects.

use super::args::ChangeArgs;
use super::ci::{self, Ci};
use super::{Failure, judge};
use crate::change::{Change, ObjectId, RepoPath, Snapshot};
use crate::diagnostic::{Code, Diagnostic, sanitize};
use crate::git::{Head, Repository};
use crate::policy::{Policy, Stage, Target};

/// A change with everything that judging it needs to know of where it stands.
#[derive(Debug)]
pub(super) struct Selected {
    /// What is judged.
    pub(super) change: Change,
    /// The commit whose policy and ledger count: the target's tip, or HEAD at the commit stages.
    pub(super) tip: Option<ObjectId>,
    /// The commits that the change is made of, where there are any.
    pub(super) range: Option<Range>,
    /// The branch that will move.
    pub(super) target: TargetBranch,
    /// Where the question is asked.
    pub(super) stage: Stage,
    /// The arguments that choose the same change again.
    pub(super) arguments: String,
    /// Said before the verdict, where the choice was not the user's.
    pub(super) told: Option<String>,
    /// The tip's policy, where it has been read already.
    pub(super) policy: Option<Policy>,
}

/// Commits that come in.
#[derive(Debug)]
pub(super) struct Range {
    /// From where nothing is judged.
    pub(super) excluded: Vec<ObjectId>,
    /// From where everything else is; only an octopus merge has more than one.
    pub(super) heads: Vec<ObjectId>,
}

impl Range {
    /// What is reachable from `head`, and from none of `excluded`.
    pub(super) fn new(excluded: Vec<ObjectId>, head: ObjectId) -> Self {
        Self {
            excluded,
            heads: vec![head],
        }
    }
}

/// The branch that will move, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TargetBranch {
    Named(String),
    Unknown,
    Detached,
}

impl TargetBranch {
    pub(super) fn as_target(&self) -> Target<'_> {
        match self {
            Self::Named(name) => Target::Branch(name),
            Self::Unknown => Target::Unknown,
            Self::Detached => Target::Detached,
        }
    }

    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            _ => None,
        }
    }

    fn moving(branch: Option<String>) -> Self {
        branch.map_or(Self::Detached, Self::Named)
    }
}

/// What is staged, for the commit stages.
pub(super) fn staged(repository: &Repository, stage: Stage) -> Result<Selected, Failure> {
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
    Ok(Selected {
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
fn merge_heads(repository: &Repository, stage: Stage) -> Result<Vec<ObjectId>, Failure> {
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
fn is_protected_history(repository: &Repository, tip: &ObjectId, commit: &ObjectId) -> Result<bool, Failure> {
    let Some(policy) = judge::policy_at(repository, &Snapshot::Commit(tip.clone()))? else {
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

/// Local and remote-tracking branches that the policy protects, with their commits.
pub(super) fn protected_branches(repository: &Repository, policy: &Policy) -> Result<Vec<(String, ObjectId)>, Failure> {
    let refs = repository.refs(&["refs/heads/", "refs/remotes/"])?;
    Ok(refs
        .into_iter()
        .filter(|(name, _)| branch_of(name).is_some_and(|branch| policy.protected(branch)))
        .collect())
}

/// The branch that a full ref name is, or tracks.
fn branch_of(name: &str) -> Option<&str> {
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
pub(super) fn drop_what_comes_from(
    repository: &Repository,
    change: &mut Change,
    commit: &ObjectId,
) -> Result<(), Failure> {
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

/// The commit that a revision names. That a branch has no commit yet is told as such.
pub(super) fn commit(repository: &Repository, rev: &str) -> Result<ObjectId, Failure> {
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
pub(super) fn between(
    repository: &Repository,
    base: &str,
    head: &str,
    target: Option<&str>,
) -> Result<Selected, Failure> {
    let from_nothing =
        ObjectId::from_hex(base).is_some_and(|id| repository.empty_tree().is_ok_and(|empty| empty == id));
    let top = commit(repository, head)?;
    let target = match target {
        Some(name) => TargetBranch::Named(name.to_owned()),
        None => target_of(repository, base),
    };
    let arguments = format!(
        "--base {} --head {}",
        crate::report::shell(base),
        crate::report::shell(head)
    );
    if from_nothing {
        return Ok(Selected {
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
pub(super) fn target_of(repository: &Repository, base: &str) -> TargetBranch {
    match named_branch(repository, base).or_else(target_of_ci) {
        Some(name) => TargetBranch::Named(name),
        None => TargetBranch::Unknown,
    }
}

/// The change between the target's tip and a commit.
pub(super) fn between_commits(
    repository: &Repository,
    tip: ObjectId,
    top: ObjectId,
    target: TargetBranch,
    arguments: String,
) -> Result<Selected, Failure> {
    let read = || judge::policy_at(repository, &Snapshot::Commit(tip.clone()));
    let (change, policy) = repository.change_between_while(Some(&tip), &top, read)?;
    Ok(Selected {
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

/// What the arguments choose; without any: what CI asks about; outside of CI what is staged, and where nothing is, this branch against the
/// one it would merge into.
pub(super) fn resolve(
    repository: &Repository,
    args: &ChangeArgs,
    range: Option<&str>,
    target: Option<&str>,
    ci: &Ci,
) -> Result<Selected, Failure> {
    if let Some(range) = range {
        let (base, head) = split_range(range)?;
        return between(repository, base, head, target);
    }
    match (&args.base, &args.head) {
        (Some(base), head) => return between(repository, base, head.as_deref().unwrap_or("HEAD"), target),
        (None, head)
            if !args.staged
                && let Ci::Change(change) = ci =>
        {
            return ci::select(repository, change, head.as_deref(), target);
        }
        (None, Some(head)) => {
            let (base, _) = merge_target(repository, target)?;
            return between(repository, &base, head, target);
        }
        (None, None) => {}
    }
    let with_target = |mut selected: Selected| {
        if let Some(target) = target {
            selected.target = TargetBranch::Named(target.to_owned());
        }
        selected
    };
    if args.staged {
        if repository.is_bare() {
            return Err(bare());
        }
        return Ok(with_target(staged(repository, Stage::PreCommit)?));
    }
    if !repository.is_bare() {
        let selected = staged(repository, Stage::PreCommit)?;
        if !selected.change.files.is_empty() {
            return Ok(with_target(Selected {
                told: Some("judging what is staged".to_owned()),
                ..selected
            }));
        }
    }
    if *ci == Ci::Unknown {
        return Err(unknown_ci());
    }
    let (base, branch) = merge_target(repository, target)?;
    let mut selected = between(repository, &base, "HEAD", Some(target.unwrap_or(&branch)))?;
    selected.told = Some(format!("nothing is staged; judging HEAD against `{base}`"));
    Ok(selected)
}

/// In CI the base may not be chosen by the policy of what is checked out.
fn unknown_ci() -> Failure {
    Diagnostic::error(Code::CG722, "CI is set, and nothing tells which change to judge")
        .because("certgate knows the variables of GitHub Actions, GitLab CI, Buildkite and Jenkins")
        .help("certgate check --base origin/BRANCH --head HEAD")
        .help("CERTGATE_TARGET=BRANCH certgate check")
        .into()
}

fn bare() -> Failure {
    Diagnostic::error(Code::CG705, "a bare repository has nothing staged")
        .help("certgate check --base REV --head REV")
        .into()
}

fn split_range(range: &str) -> Result<(&str, &str), Failure> {
    let (base, head) = range
        .split_once("...")
        .or_else(|| range.split_once(".."))
        .filter(|(base, _)| !base.is_empty())
        .ok_or_else(|| Failure::usage(format!("`{range}` is not a range"), "certgate check --range main..HEAD"))?;
    Ok((base, if head.is_empty() { "HEAD" } else { head }))
}

/// The name of the protected branch that HEAD would merge into.
pub(super) fn protected_target(repository: &Repository) -> Result<String, Failure> {
    merge_target(repository, None).map(|(_, branch)| branch).map_err(|_| {
        Failure::usage(
            "a certificate is bound to a branch here, and which one cannot be told",
            "certgate certify … --target BRANCH",
        )
    })
}

/// The revision of the protected branch that HEAD would merge into, and that branch's name. On a protected branch itself that is its
/// upstream.
fn merge_target(repository: &Repository, target: Option<&str>) -> Result<(String, String), Failure> {
    let nothing = |why: String| -> Failure {
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
    let policy = match judge::policy_at(repository, &at_head)? {
        Some(policy) => policy,
        None => judge::default_policy()?,
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

/// The policy's path in the repository.
pub(super) fn policy_path() -> RepoPath {
    RepoPath::from(".certgate/policy.yaml")
}
