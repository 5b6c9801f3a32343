//! GitLab CI, Buildkite and Jenkins.
//!
//! Sources: GitLab's "Predefined CI/CD variables reference"; Buildkite's "Environment variables" and "Using GitHub merge queues";
//! Jenkins' list of environment variables (`/env-vars.html`) with those of its Git and Branch API plugins.

use super::{
    CiBase, CiChange, CiHead, Given, Variables, branch, created, id, known_id, nothing, required, set, silent,
};
use crate::gate::Undecided;

/// GitLab CI.
pub(crate) fn gitlab(variables: &Variables) -> Result<CiChange, Undecided> {
    let sha = id("CI_COMMIT_SHA", required(variables, "CI_COMMIT_SHA")?)?;
    let source = set(variables, "CI_PIPELINE_SOURCE").unwrap_or_default();
    if let Some(target) = set(variables, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME") {
        let target = branch("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", target)?;
        let kind = required(variables, "CI_MERGE_REQUEST_EVENT_TYPE")?;
        // CI_MERGE_REQUEST_DIFF_BASE_SHA is no base to judge by: it is where the branch forked off, which its author chooses.
        let base = match kind {
            "detached" => CiBase::Branch(target.clone()),
            "merged_result" | "merge_train" => CiBase::Queue {
                id: id(
                    "CI_MERGE_REQUEST_TARGET_BRANCH_SHA",
                    required(variables, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA")?,
                )?,
                branch: target.clone(),
            },
            other => {
                return Err(silent(format!(
                    "CI_MERGE_REQUEST_EVENT_TYPE is `{other}`, which certgate does not know"
                )));
            }
        };
        // A fork's merge request runs in the fork, whose `main` is not the target.
        let elsewhere = set(variables, "CI_MERGE_REQUEST_PROJECT_ID") != set(variables, "CI_PROJECT_ID");
        let repository = match elsewhere {
            true => Some(Given {
                value: required(variables, "CI_MERGE_REQUEST_PROJECT_URL")?.to_owned(),
                by: "CI_MERGE_REQUEST_PROJECT_URL",
            }),
            false => None,
        };
        return Ok(CiChange {
            told: format!("GitLab CI, merge request ({kind})"),
            head: CiHead::Checkout(sha),
            base,
            target: Some(target),
            repository,
        });
    }
    if let Some(target) = set(variables, "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME") {
        let target = branch("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME", target)?;
        return Ok(CiChange {
            told: "GitLab CI, external pull request".to_owned(),
            head: CiHead::Checkout(sha),
            base: CiBase::Branch(target.clone()),
            target: Some(target),
            repository: None,
        });
    }
    if set(variables, "CI_COMMIT_TAG").is_some() {
        return Err(nothing("a tag"));
    }
    let target = branch("CI_COMMIT_BRANCH", required(variables, "CI_COMMIT_BRANCH")?)?;
    let before = known_id("CI_COMMIT_BEFORE_SHA", required(variables, "CI_COMMIT_BEFORE_SHA")?)?;
    let base = match before {
        Some(before) => CiBase::Before(before),
        None => {
            let main = branch("CI_DEFAULT_BRANCH", required(variables, "CI_DEFAULT_BRANCH")?)?;
            match created(&target, "CI_COMMIT_BEFORE_SHA", main) {
                // Zeros mean a new branch only where something was pushed.
                CiBase::Beginning(_) if source != "push" => {
                    return Err(nothing(&format!(
                        "a pipeline of source `{source}` on the default branch"
                    )));
                }
                base => base,
            }
        }
    };
    Ok(CiChange {
        told: "GitLab CI, branch".to_owned(),
        head: CiHead::Checkout(sha),
        base,
        target: Some(target),
        repository: None,
    })
}

/// Buildkite.
pub(crate) fn buildkite(variables: &Variables) -> Result<CiChange, Undecided> {
    let merged = set(variables, "BUILDKITE_PULL_REQUEST_USING_MERGE_REFSPEC").is_some();
    // The commit may be a symbolic name, `HEAD`, which says nothing that could be held against the checkout.
    let head = match required(variables, "BUILDKITE_COMMIT")? {
        "HEAD" => CiHead::Anything,
        commit if merged => CiHead::MergedCheckout(id("BUILDKITE_COMMIT", commit)?),
        commit => CiHead::Checkout(id("BUILDKITE_COMMIT", commit)?),
    };
    if let Some(target) = set(variables, "BUILDKITE_MERGE_QUEUE_BASE_BRANCH") {
        let target = branch("BUILDKITE_MERGE_QUEUE_BASE_BRANCH", target)?;
        return Ok(CiChange {
            told: "Buildkite, merge queue".to_owned(),
            head,
            base: CiBase::Queue {
                id: id(
                    "BUILDKITE_MERGE_QUEUE_BASE_COMMIT",
                    required(variables, "BUILDKITE_MERGE_QUEUE_BASE_COMMIT")?,
                )?,
                branch: target.clone(),
            },
            target: Some(target),
            repository: None,
        });
    }
    if set(variables, "BUILDKITE_PULL_REQUEST").is_some() {
        let target = branch(
            "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
            required(variables, "BUILDKITE_PULL_REQUEST_BASE_BRANCH")?,
        )?;
        return Ok(CiChange {
            told: "Buildkite, pull request".to_owned(),
            head,
            base: CiBase::Branch(target.clone()),
            target: Some(target),
            repository: None,
        });
    }
    if set(variables, "BUILDKITE_TAG").is_some() {
        return Err(nothing("a tag"));
    }
    let target = branch("BUILDKITE_BRANCH", required(variables, "BUILDKITE_BRANCH")?)?;
    let main = branch(
        "BUILDKITE_PIPELINE_DEFAULT_BRANCH",
        required(variables, "BUILDKITE_PIPELINE_DEFAULT_BRANCH")?,
    )?;
    if main.value == target.value {
        return Err(silent(
            "Buildkite does not tell what the default branch was before this build".to_owned(),
        ));
    }
    Ok(CiChange {
        told: "Buildkite, branch".to_owned(),
        head,
        base: CiBase::Branch(main),
        target: Some(target),
        repository: None,
    })
}

/// Jenkins, with its multibranch projects.
pub(crate) fn jenkins(variables: &Variables) -> Result<CiChange, Undecided> {
    let commit = match set(variables, "GIT_COMMIT") {
        Some(commit) => Some(id("GIT_COMMIT", commit)?),
        None => None,
    };
    if let Some(target) = set(variables, "CHANGE_TARGET") {
        let target = branch("CHANGE_TARGET", target)?;
        return Ok(CiChange {
            told: "Jenkins, change request".to_owned(),
            // Jenkins makes the merge itself, in the workspace, and from the head: the target is its second parent.
            head: commit.map_or(CiHead::Anything, CiHead::MergedCheckout),
            base: CiBase::Branch(target.clone()),
            target: Some(target),
            repository: None,
        });
    }
    if set(variables, "TAG_NAME").is_some() {
        return Err(nothing("a tag"));
    }
    let target = branch("BRANCH_NAME", required(variables, "BRANCH_NAME")?)?;
    // Everything since the last build that passed: a failed one must not make the next one forget.
    let before = match set(variables, "GIT_PREVIOUS_SUCCESSFUL_COMMIT") {
        Some(before) => known_id("GIT_PREVIOUS_SUCCESSFUL_COMMIT", before)?,
        None => None,
    };
    let base = match before {
        Some(before) => CiBase::Before(before),
        None if set(variables, "BRANCH_IS_PRIMARY").is_some() => CiBase::Beginning("GIT_PREVIOUS_SUCCESSFUL_COMMIT"),
        None => {
            return Err(silent(
                "GIT_PREVIOUS_SUCCESSFUL_COMMIT is not set: Jenkins does not tell what this branch was before"
                    .to_owned(),
            ));
        }
    };
    Ok(CiChange {
        told: "Jenkins, branch".to_owned(),
        head: commit.map_or(CiHead::Anything, CiHead::Checkout),
        base,
        target: Some(target),
        repository: None,
    })
}
