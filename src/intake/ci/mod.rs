//! The change that a CI system asks about, from its documented variables: a pure function of the environment and the event file.
//!
//! Variables and event are data: ids and names of branches are checked here, and nothing that they say is ever an option of git. What
//! they say is held against the checkout in `choose.rs`.

mod choose;
mod github;
mod marks;
mod place;
mod queues;
mod systems;
#[cfg(test)]
mod tests;
mod vendors;
#[cfg(test)]
mod vendors_tests;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use super::advice::check_against;
use crate::change::ObjectId;
use crate::diagnostic::{Code, Diagnostic, Placeholder, Remedy, Word, command, sanitize};
use crate::gate::Undecided;
use crate::git;

pub(crate) use choose::{deepen, select};
pub(crate) use place::{Forge, Place, place};

/// The largest event file that is read, in bytes; GitHub's payloads end at 25 MB.
const MOST_EVENT: u64 = 32 << 20;

/// The variables of the environment that are text.
pub(crate) type Variables = BTreeMap<String, String>;

/// What the environment says.
#[derive(Debug, PartialEq, Eq)]
pub enum Ci {
    /// Nothing: this is not CI.
    Absent,
    /// That this is CI, of a kind that tells nothing more: the vendor, or the variable that says so.
    Unknown(&'static str),
    /// Which change is asked about.
    Change(Box<CiChange>),
}

/// A change as CI reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CiChange {
    /// The system and the event, for people.
    told: String,
    head: CiHead,
    base: CiBase,
    /// The branch that will move.
    target: Option<Given<String>>,
    /// The URL of the repository that the target is in, where the job runs in another one: a fork's `main` is a stranger's branch.
    repository: Option<Given<String>>,
}

impl CiChange {
    /// The branch that will move.
    pub(crate) fn target(&self) -> Option<&str> {
        self.target.as_ref().map(|target| target.value.as_str())
    }
}

/// A value, and the variable or field that it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Given<T> {
    value: T,
    by: &'static str,
}

/// What would be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
enum CiHead {
    /// What is checked out, which must be this commit.
    Checkout(Given<ObjectId>),
    /// What is checked out: this commit, or a merge of it that was made for the job.
    MergedCheckout(Given<ObjectId>),
    /// What is checked out, whatever it is: the system names no commit.
    Anything,
    /// A commit that is not checked out, and where the remote has it; the checkout is one of the others.
    Elsewhere {
        id: Given<ObjectId>,
        reference: String,
        checkout: Given<ObjectId>,
    },
    /// A revision that the user names.
    Revision(Given<String>),
}

/// What it would go into.
#[derive(Clone, Debug, PartialEq, Eq)]
enum CiBase {
    /// The tip of a branch of the remote.
    Branch(Given<String>),
    /// The head is a merge that the forge made: its first parent was the target's tip. The second must be the commit given.
    Merge { branch: Given<String>, second: ObjectId },
    /// The commit that the head is built on: the target's tip, or what is ahead in the queue.
    Queue { id: Given<ObjectId>, branch: Given<String> },
    /// What the branch was before the push.
    Before(Given<ObjectId>),
    /// The branch is the first of all: judged from where the policy starts.
    Beginning(&'static str),
    /// A revision that the user names.
    Revision(Given<String>),
}

/// What says that this is CI; `None` outside.
pub(crate) fn mark() -> Option<&'static str> {
    marks::mark(&environment())
}

pub(crate) fn environment() -> Variables {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Reads the environment of this process, and the event file where there is one.
///
/// # Errors
///
/// What CI says is not enough to tell the change, or is not about a branch.
pub fn from_environment() -> Result<Ci, Undecided> {
    let variables = environment();
    let event = match (set(&variables, "GITHUB_ACTIONS"), set(&variables, "GITHUB_EVENT_PATH")) {
        (Some(_), Some(path)) => Some(read_event(Path::new(path))?),
        _ => None,
    };
    detect(&variables, event.as_deref())
}

fn read_event(path: &Path) -> Result<String, Undecided> {
    let unreadable = |error| Undecided::io("read", path, &error);
    let file = std::fs::File::open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(silent("the event file GITHUB_EVENT_PATH is not a file".to_owned()));
    }
    let mut text = Vec::new();
    file.take(MOST_EVENT + 1).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MOST_EVENT {
        return Err(silent(format!(
            "the event file GITHUB_EVENT_PATH has more than {MOST_EVENT} bytes"
        )));
    }
    String::from_utf8(text).map_err(|_| silent("the event file GITHUB_EVENT_PATH is not UTF-8".to_owned()))
}

/// The change that the variables name. `CERTGATE_BASE` and `CERTGATE_TARGET` win over what a system says.
pub(crate) fn detect(variables: &Variables, event: Option<&str>) -> Result<Ci, Undecided> {
    if let Some(own) = own(variables)? {
        return Ok(Ci::Change(Box::new(own)));
    }
    const READERS: [&str; 12] = [
        "GITHUB_ACTIONS",
        "GITLAB_CI",
        "BUILDKITE",
        "JENKINS_URL",
        "TF_BUILD",
        "BITBUCKET_BUILD_NUMBER",
        "CIRCLECI",
        "DRONE",
        "woodpecker",
        "PROW_JOB_ID",
        "TEAMCITY_VERSION",
        "CODEBUILD_BUILD_ID",
    ];
    let found: Vec<&str> = READERS
        .into_iter()
        .filter(|name| match *name {
            "woodpecker" => variables.get("CI").is_some_and(|ci| ci == "woodpecker"),
            name => set(variables, name).is_some(),
        })
        .collect();
    let change = match found.as_slice() {
        ["GITHUB_ACTIONS"] => github::change(variables, event)?,
        ["GITLAB_CI"] => systems::gitlab(variables)?,
        ["BUILDKITE"] => systems::buildkite(variables)?,
        ["JENKINS_URL"] => systems::jenkins(variables)?,
        ["TF_BUILD"] => vendors::azure(variables)?,
        ["BITBUCKET_BUILD_NUMBER"] => vendors::bitbucket(variables)?,
        ["CIRCLECI"] => vendors::circleci(variables)?,
        ["DRONE"] => vendors::drone(variables)?,
        ["woodpecker"] => vendors::woodpecker(variables)?,
        ["PROW_JOB_ID"] => vendors::prow(variables)?,
        ["TEAMCITY_VERSION"] => vendors::teamcity()?,
        ["CODEBUILD_BUILD_ID"] => vendors::codebuild(variables)?,
        [] => return Ok(marks::mark(variables).map_or(Ci::Absent, Ci::Unknown)),
        several => {
            return Err(silent(format!(
                "several CI systems claim this job: {} are set",
                several.join(" and ")
            )));
        }
    };
    let change = queues::resolved(change, variables)?;
    Ok(Ci::Change(Box::new(change)))
}

/// What the user's own variables say.
fn own(variables: &Variables) -> Result<Option<CiChange>, Undecided> {
    let given = |by: &'static str| {
        let value = set(variables, by)?.to_owned();
        Some(Given { value, by })
    };
    let target = match given("CERTGATE_TARGET") {
        Some(target) => Some(branch(target.by, &target.value)?),
        None => None,
    };
    let head = given("CERTGATE_HEAD");
    let base = match (given("CERTGATE_BASE"), &target) {
        (Some(base), _) => CiBase::Revision(base),
        (None, Some(target)) => CiBase::Branch(target.clone()),
        (None, None) if head.is_some() => {
            return Err(silent(
                "CERTGATE_HEAD is set, but neither CERTGATE_BASE nor CERTGATE_TARGET".to_owned(),
            ));
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(CiChange {
        told: "by the environment".to_owned(),
        head: head.map_or(CiHead::Anything, CiHead::Revision),
        base,
        target,
        repository: None,
    }))
}

/// A variable that is set, and not to a word that means that it is not.
fn set<'v>(variables: &'v Variables, name: &str) -> Option<&'v str> {
    let value = variables.get(name)?.as_str();
    (!matches!(value, "" | "false" | "0")).then_some(value)
}

/// A variable that the system documents as always set.
fn required<'v>(variables: &'v Variables, name: &str) -> Result<&'v str, Undecided> {
    set(variables, name).ok_or_else(|| silent(format!("{name} is not set")))
}

/// An object id.
fn id(by: &'static str, value: &str) -> Result<Given<ObjectId>, Undecided> {
    match known_id(by, value)? {
        Some(id) => Ok(id),
        None => Err(silent(format!("{by} is all zeros: no commit"))),
    }
}

/// An object id, or `None` where it is zeros, which stand for no commit.
fn known_id(by: &'static str, value: &str) -> Result<Option<Given<ObjectId>>, Undecided> {
    let id =
        ObjectId::from_hex(value).ok_or_else(|| silent(format!("{by} is not an object id: `{}`", sanitize(value))))?;
    let zeros = id.as_bytes().iter().all(|&byte| byte == 0);
    Ok((!zeros).then_some(Given { value: id, by }))
}

/// The name of a branch.
fn branch(by: &'static str, value: &str) -> Result<Given<String>, Undecided> {
    if !git::is_branch_name(value) {
        return Err(silent(format!(
            "{by} is not the name of a branch: `{}`",
            sanitize(value)
        )));
    }
    Ok(Given {
        value: value.to_owned(),
        by,
    })
}

/// The branch that a full ref is.
fn branch_ref(by: &'static str, value: &str) -> Result<Given<String>, Undecided> {
    match value.strip_prefix("refs/heads/") {
        Some(name) => branch(by, name),
        None => Err(silent(format!("{by} is not a branch: `{}`", sanitize(value)))),
    }
}

/// The base of a branch that is new: the default branch, unless it is that one.
fn created(target: &Given<String>, before: &'static str, main: Given<String>) -> CiBase {
    match target.value == main.value {
        true => CiBase::Beginning(before),
        false => CiBase::Branch(main),
    }
}

/// What the environment says is not enough, or not about a branch.
fn silent(why: String) -> Undecided {
    Diagnostic::error(Code::CG722, why)
        .because("the variables of the CI system do not tell which change to judge")
        .help(check_against(Word::from("origin/").and(Placeholder::Branch)))
        .help(check_into_target())
        .into()
}

/// The command that names the target where CI does not.
fn check_into_target() -> Remedy {
    command![
        "env",
        Word::from("CERTGATE_TARGET=").and(Placeholder::Branch),
        "certgate",
        "check"
    ]
}

/// That a pipeline is about something that moves no branch.
fn nothing(what: &str) -> Undecided {
    silent(format!("{what} makes no change to a branch"))
}

/// In CI the base must not be chosen by the policy of what is checked out.
pub(crate) fn unknown(mark: &str) -> Undecided {
    Diagnostic::error(
        Code::CG722,
        format!("this is CI ({mark}), and nothing says which change to judge"),
    )
    .because("docs/ci.md lists the systems whose variables say it; for others, name the target or the base")
    .help(check_against(Word::from("origin/").and(Placeholder::Branch)))
    .help(check_into_target())
    .into()
}
