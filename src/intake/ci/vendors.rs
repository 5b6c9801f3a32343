//! Azure Pipelines, Bitbucket, CircleCI, Drone, Woodpecker, Prow, TeamCity and AWS CodeBuild.
//!
//! Sources: Azure's "Use predefined variables"; Bitbucket's "Variables and secrets"; CircleCI's "Project values and variables"; Drone's
//! "Environment reference"; Woodpecker's "Environment variables"; Prow's "ProwJobs" and its `clonerefs`; TeamCity's "Predefined build
//! parameters"; CodeBuild's "Environment variables in build environments".

use super::{
    CiBase, CiChange, CiHead, Given, Variables, branch, created, id, known_id, nothing, required, set, silent,
};
use crate::gate::Undecided;

/// The branch that a value names, as a full ref or by its short name.
fn branch_or_ref(by: &'static str, value: &str) -> Result<Given<String>, Undecided> {
    branch(by, value.strip_prefix("refs/heads/").unwrap_or(value))
}

/// A push of which the system says nothing but the branch: into the default branch, unless it is that one.
fn push_into(
    system: &str,
    head: CiHead,
    target: Given<String>,
    main: Option<Given<String>>,
) -> Result<CiChange, Undecided> {
    let untold = || silent(format!("{system} does not say what `{}` was before", target.value));
    let main = main.filter(|main| main.value != target.value).ok_or_else(untold)?;
    Ok(CiChange {
        told: format!("{system}, branch"),
        head,
        base: CiBase::Branch(main),
        target: Some(target),
        repository: None,
    })
}

fn request(system: &str, head: CiHead, base: CiBase, target: Given<String>) -> CiChange {
    CiChange {
        told: format!("{system}, pull request"),
        head,
        base,
        target: Some(target),
        repository: None,
    }
}

/// Azure Pipelines.
pub(super) fn azure(variables: &Variables) -> Result<CiChange, Undecided> {
    const SYSTEM: &str = "Azure Pipelines";
    let head = id("BUILD_SOURCEVERSION", required(variables, "BUILD_SOURCEVERSION")?)?;
    let reference = required(variables, "BUILD_SOURCEBRANCH")?;
    if let Some(target) = set(variables, "SYSTEM_PULLREQUEST_TARGETBRANCH") {
        let target = branch_or_ref("SYSTEM_PULLREQUEST_TARGETBRANCH", target)?;
        let source = id(
            "SYSTEM_PULLREQUEST_SOURCECOMMITID",
            required(variables, "SYSTEM_PULLREQUEST_SOURCECOMMITID")?,
        )?;
        // The build is of the merge, which Azure makes.
        let base = match head.value == source.value {
            true => CiBase::Branch(target.clone()),
            false => CiBase::Merge {
                branch: target.clone(),
                second: source.value,
            },
        };
        return Ok(request(SYSTEM, CiHead::Checkout(head), base, target));
    }
    if reference.starts_with("refs/tags/") {
        return Err(nothing("a tag"));
    }
    if reference.starts_with("refs/pull/") {
        return Err(silent("SYSTEM_PULLREQUEST_TARGETBRANCH is not set".to_owned()));
    }
    let target = branch_or_ref("BUILD_SOURCEBRANCH", reference)?;
    push_into(SYSTEM, CiHead::Checkout(head), target, None)
}

/// Bitbucket Pipelines.
pub(super) fn bitbucket(variables: &Variables) -> Result<CiChange, Undecided> {
    const SYSTEM: &str = "Bitbucket Pipelines";
    let commit = id("BITBUCKET_COMMIT", required(variables, "BITBUCKET_COMMIT")?)?;
    if let Some(target) = set(variables, "BITBUCKET_PR_DESTINATION_BRANCH") {
        let target = branch("BITBUCKET_PR_DESTINATION_BRANCH", target)?;
        // Bitbucket merges the destination into the checkout.
        let head = CiHead::MergedCheckout(commit);
        return Ok(request(SYSTEM, head, CiBase::Branch(target.clone()), target));
    }
    if set(variables, "BITBUCKET_TAG").is_some() {
        return Err(nothing("a tag"));
    }
    let target = branch("BITBUCKET_BRANCH", required(variables, "BITBUCKET_BRANCH")?)?;
    push_into(SYSTEM, CiHead::Checkout(commit), target, None)
}

/// CircleCI, which has the base in pipeline values only: its configuration must hand them over as `CERTGATE_BASE` and `CERTGATE_TARGET`.
pub(super) fn circleci(variables: &Variables) -> Result<CiChange, Undecided> {
    match set(variables, "CIRCLE_TAG") {
        Some(_) => Err(nothing("a tag")),
        None => Err(silent(
            "CircleCI tells base and target by pipeline values only, and CERTGATE_BASE and CERTGATE_TARGET are not set"
                .to_owned(),
        )),
    }
}

/// Drone.
pub(super) fn drone(variables: &Variables) -> Result<CiChange, Undecided> {
    const SYSTEM: &str = "Drone";
    let commit = id("DRONE_COMMIT_SHA", required(variables, "DRONE_COMMIT_SHA")?)?;
    match required(variables, "DRONE_BUILD_EVENT")? {
        "pull_request" => {
            let target = branch("DRONE_TARGET_BRANCH", required(variables, "DRONE_TARGET_BRANCH")?)?;
            // Drone checks the target out and merges the head into it.
            let head = CiHead::MergedCheckout(commit);
            Ok(request(SYSTEM, head, CiBase::Branch(target.clone()), target))
        }
        "push" => {
            let target = branch("DRONE_BRANCH", required(variables, "DRONE_BRANCH")?)?;
            let base = match known_id("DRONE_COMMIT_BEFORE", required(variables, "DRONE_COMMIT_BEFORE")?)? {
                Some(before) => CiBase::Before(before),
                None => created(
                    &target,
                    "DRONE_COMMIT_BEFORE",
                    branch("DRONE_REPO_BRANCH", required(variables, "DRONE_REPO_BRANCH")?)?,
                ),
            };
            Ok(CiChange {
                told: "Drone, branch".to_owned(),
                head: CiHead::Checkout(commit),
                base,
                target: Some(target),
                repository: None,
            })
        }
        "tag" => Err(nothing("a tag")),
        event => Err(nothing(&format!("the event `{event}`"))),
    }
}

/// Woodpecker.
pub(super) fn woodpecker(variables: &Variables) -> Result<CiChange, Undecided> {
    const SYSTEM: &str = "Woodpecker";
    let commit = id("CI_COMMIT_SHA", required(variables, "CI_COMMIT_SHA")?)?;
    match required(variables, "CI_PIPELINE_EVENT")? {
        "pull_request" => {
            let target = branch(
                "CI_COMMIT_TARGET_BRANCH",
                required(variables, "CI_COMMIT_TARGET_BRANCH")?,
            )?;
            let head = CiHead::MergedCheckout(commit);
            Ok(request(SYSTEM, head, CiBase::Branch(target.clone()), target))
        }
        "push" => {
            let target = branch("CI_COMMIT_BRANCH", required(variables, "CI_COMMIT_BRANCH")?)?;
            let main = branch("CI_REPO_DEFAULT_BRANCH", required(variables, "CI_REPO_DEFAULT_BRANCH")?)?;
            push_into(SYSTEM, CiHead::Checkout(commit), target, Some(main))
        }
        "tag" | "release" => Err(nothing("a tag")),
        event => Err(nothing(&format!("the event `{event}`"))),
    }
}

/// Prow, whose `clonerefs` checks the base out and merges the requests into it.
pub(super) fn prow(variables: &Variables) -> Result<CiChange, Undecided> {
    let kind = required(variables, "JOB_TYPE")?;
    if !matches!(kind, "presubmit" | "batch") {
        return Err(silent(format!(
            "Prow does not say what a branch was before a job of type `{kind}`"
        )));
    }
    let target = branch("PULL_BASE_REF", required(variables, "PULL_BASE_REF")?)?;
    let base = CiBase::Queue {
        id: id("PULL_BASE_SHA", required(variables, "PULL_BASE_SHA")?)?,
        branch: target.clone(),
    };
    let head = match kind {
        "presubmit" => CiHead::MergedCheckout(id("PULL_PULL_SHA", required(variables, "PULL_PULL_SHA")?)?),
        _ => CiHead::Anything,
    };
    Ok(CiChange {
        told: format!("Prow, {kind}"),
        ..request("Prow", head, base, target)
    })
}

/// TeamCity, which has the target in parameters of the build only.
pub(super) fn teamcity() -> Result<CiChange, Undecided> {
    Err(silent(
        "TeamCity tells the target by the parameter teamcity.pullRequest.target.branch only, and CERTGATE_TARGET is not set"
            .to_owned(),
    ))
}

/// AWS CodeBuild.
pub(super) fn codebuild(variables: &Variables) -> Result<CiChange, Undecided> {
    const SYSTEM: &str = "AWS CodeBuild";
    let resolved = required(variables, "CODEBUILD_RESOLVED_SOURCE_VERSION")?;
    let head = CiHead::Checkout(id("CODEBUILD_RESOLVED_SOURCE_VERSION", resolved)?);
    let event = required(variables, "CODEBUILD_WEBHOOK_EVENT")?;
    match event {
        "PULL_REQUEST_CREATED" | "PULL_REQUEST_UPDATED" | "PULL_REQUEST_REOPENED" => {
            let target = branch_or_ref(
                "CODEBUILD_WEBHOOK_BASE_REF",
                required(variables, "CODEBUILD_WEBHOOK_BASE_REF")?,
            )?;
            Ok(request(SYSTEM, head, CiBase::Branch(target.clone()), target))
        }
        "PUSH" => {
            let reference = required(variables, "CODEBUILD_WEBHOOK_HEAD_REF")?;
            if reference.starts_with("refs/tags/") {
                return Err(nothing("a tag"));
            }
            let target = branch_or_ref("CODEBUILD_WEBHOOK_HEAD_REF", reference)?;
            let before = match set(variables, "CODEBUILD_WEBHOOK_PREV_COMMIT") {
                Some(before) => known_id("CODEBUILD_WEBHOOK_PREV_COMMIT", before)?,
                None => None,
            };
            match before {
                Some(before) => Ok(CiChange {
                    told: "AWS CodeBuild, branch".to_owned(),
                    head,
                    base: CiBase::Before(before),
                    target: Some(target),
                    repository: None,
                }),
                None => push_into(SYSTEM, head, target, None),
            }
        }
        _ => Err(nothing(&format!("the event `{event}`"))),
    }
}
