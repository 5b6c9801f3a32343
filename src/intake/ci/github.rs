//! GitHub Actions, and what speaks its language (Forgejo, Gitea).
//!
//! Sources: the documentation's "Variables reference" and "Events that trigger workflows", and the payloads of its webhooks.

use serde::Deserialize;

use super::{CiBase, CiChange, CiHead, Given, Variables, branch, branch_ref, id, known_id, nothing, required, silent};
use crate::change::ObjectId;
use crate::gate::Undecided;

/// The parts of the event that matter. What else it holds is not looked at.
#[derive(Deserialize)]
struct Event {
    action: Option<String>,
    pull_request: Option<PullRequest>,
    merge_group: Option<MergeGroup>,
    before: Option<String>,
    after: Option<String>,
    repository: Option<OfRepository>,
}

impl Event {
    /// The event that a payload is of.
    fn kind(&self) -> &'static str {
        match self {
            Self {
                pull_request: Some(_), ..
            } => "pull_request",
            Self {
                merge_group: Some(_), ..
            } => "merge_group",
            Self {
                before: Some(_),
                after: Some(_),
                ..
            } => "push",
            _ => "workflow_call",
        }
    }
}

#[derive(Deserialize)]
struct PullRequest {
    number: u64,
    head: Side,
    base: Side,
}

#[derive(Deserialize)]
struct Side {
    sha: String,
    #[serde(rename = "ref")]
    name: String,
}

#[derive(Deserialize)]
struct MergeGroup {
    head_sha: String,
    base_sha: String,
    base_ref: String,
}

#[derive(Deserialize)]
struct OfRepository {
    default_branch: Option<String>,
}

/// What an event is about, by name.
#[derive(Default)]
pub(super) struct Named {
    /// The number of the pull request.
    pub(super) request: Option<u64>,
    /// The id of what would be merged, as the event has it.
    pub(super) head: Option<String>,
    /// The branch that would move.
    pub(super) target: Option<String>,
}

impl Named {
    pub(super) fn read(event: &str) -> Result<Self, serde_json::Error> {
        let event: Event = serde_json::from_str(event)?;
        Ok(match (event.pull_request, event.merge_group) {
            (Some(request), _) => Self {
                request: Some(request.number),
                head: Some(request.head.sha),
                target: Some(request.base.name),
            },
            (None, Some(group)) => Self {
                request: None,
                head: Some(group.head_sha),
                target: group.base_ref.strip_prefix("refs/heads/").map(str::to_owned),
            },
            (None, None) => Self::default(),
        })
    }
}

/// The change that the event reports.
pub(crate) fn change(variables: &Variables, event: Option<&str>) -> Result<CiChange, Undecided> {
    let caller = required(variables, "GITHUB_EVENT_NAME")?;
    let parsed = || -> Result<Event, Undecided> {
        let text = event.ok_or_else(|| silent("GITHUB_EVENT_PATH is not set".to_owned()))?;
        serde_json::from_str(text).map_err(|error| {
            silent(format!(
                "the event file GITHUB_EVENT_PATH is not as documented: {error}"
            ))
        })
    };
    // Forgejo and Gitea name the call, where GitHub names the event of the workflow that calls; the payload is the caller's with all.
    let name = match caller {
        "workflow_call" => parsed()?.kind(),
        other => other,
    };
    if !matches!(name, "pull_request" | "pull_request_target" | "merge_group" | "push") {
        return Err(nothing(&format!("the event `{name}`")));
    }
    let event = parsed()?;
    let sha = id("GITHUB_SHA", required(variables, "GITHUB_SHA")?)?;
    let change = match name {
        "merge_group" => merge_group(event, sha),
        "push" => push(variables, event, sha),
        _ => pull_request(variables, event, sha, name == "pull_request_target"),
    }?;
    Ok(CiChange {
        told: format!("GitHub Actions, {name}"),
        ..change
    })
}

fn lacks(field: &str) -> Undecided {
    silent(format!("the event file GITHUB_EVENT_PATH has no `{field}`"))
}

fn pull_request(
    variables: &Variables,
    event: Event,
    sha: Given<ObjectId>,
    target: bool,
) -> Result<CiChange, Undecided> {
    let request = event.pull_request.ok_or_else(|| lacks("pull_request"))?;
    if event.action.as_deref() == Some("closed") {
        return Err(nothing("a pull request that is closed"));
    }
    let base = branch("GITHUB_BASE_REF", required(variables, "GITHUB_BASE_REF")?)?;
    if request.base.name != base.value {
        return Err(silent(format!(
            "GITHUB_BASE_REF is `{}`, and the event's pull_request.base.ref another branch",
            base.value
        )));
    }
    let head = id("pull_request.head.sha", &request.head.sha)?;
    let reference = required(variables, "GITHUB_REF")?;
    let (head, origin) = match target {
        // The job runs on the target branch; the change is somewhere else, and stays unexecuted.
        true => {
            let head = CiHead::Elsewhere {
                id: head,
                reference: format!("refs/pull/{}/head", request.number),
                checkout: sha,
            };
            (head, CiBase::Branch(base.clone()))
        }
        false if reference == format!("refs/pull/{}/merge", request.number) => {
            let origin = CiBase::Merge {
                branch: base.clone(),
                second: head.value,
            };
            (CiHead::Checkout(sha), origin)
        }
        // Systems that make no merge check the head itself out.
        false if sha.value == head.value => (CiHead::Checkout(sha), CiBase::Branch(base.clone())),
        false => {
            return Err(silent(
                "GITHUB_SHA is neither the pull request's merge nor its head".to_owned(),
            ));
        }
    };
    Ok(CiChange {
        told: String::new(),
        head,
        base: origin,
        target: Some(base),
        repository: None,
    })
}

fn merge_group(event: Event, sha: Given<ObjectId>) -> Result<CiChange, Undecided> {
    let group = event.merge_group.ok_or_else(|| lacks("merge_group"))?;
    let head = id("merge_group.head_sha", &group.head_sha)?;
    if head.value != sha.value {
        return Err(silent("GITHUB_SHA is not the event's merge_group.head_sha".to_owned()));
    }
    let target = branch_ref("merge_group.base_ref", &group.base_ref)?;
    Ok(CiChange {
        told: String::new(),
        head: CiHead::Checkout(sha),
        base: CiBase::Queue {
            id: id("merge_group.base_sha", &group.base_sha)?,
            branch: target.clone(),
        },
        target: Some(target),
        repository: None,
    })
}

fn push(variables: &Variables, event: Event, sha: Given<ObjectId>) -> Result<CiChange, Undecided> {
    let reference = required(variables, "GITHUB_REF")?;
    if reference.starts_with("refs/tags/") {
        return Err(nothing("a tag"));
    }
    let target = branch_ref("GITHUB_REF", reference)?;
    let after = id("after", event.after.as_deref().ok_or_else(|| lacks("after"))?)?;
    if after.value != sha.value {
        return Err(silent("GITHUB_SHA is not the event's `after`".to_owned()));
    }
    let before = known_id("before", event.before.as_deref().ok_or_else(|| lacks("before"))?)?;
    let main = event.repository.and_then(|repository| repository.default_branch);
    let base = match (before, main) {
        (Some(before), _) => CiBase::Before(before),
        (None, Some(main)) => super::created(&target, "before", branch("repository.default_branch", &main)?),
        (None, None) => return Err(lacks("repository.default_branch")),
    };
    Ok(CiChange {
        told: String::new(),
        head: CiHead::Checkout(sha),
        base,
        target: Some(target),
        repository: None,
    })
}
