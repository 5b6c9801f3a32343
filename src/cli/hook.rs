//! `certgate hook NAME`: what the shims call. Everything it says goes to standard error, as git expects of a hook.

use std::io::Read as _;
use std::path::Path;

use super::args::HookArgs;
use super::selection::{self, Selected, TargetBranch};
use super::{Ending, Failure, check, judge, terminal};
use crate::change::{Change, CommitMessage, ObjectId, Snapshot};
use crate::diagnostic::{Code, Diagnostic, sanitize};
use crate::git::Repository;
use crate::git::push::{self, RefUpdate};
use crate::hooks::HookName;
use crate::policy::{Enforcement, Policy, Stage};
use crate::report::{self, Report};
use crate::verdict::Verdict;

/// Most bytes of refs that `pre-push` reads from git.
const MAX_INPUT: u64 = 64 * 1024 * 1024;

/// Carries it out.
pub(super) fn run(args: &HookArgs) -> Result<Ending, Failure> {
    let Some(name) = HookName::parse(&args.name) else {
        let known: Vec<&str> = HookName::ALL.iter().map(|name| name.as_str()).collect();
        let message = format!("`{}` is not a hook of certgate", sanitize(&args.name));
        return Err(Failure::usage(message, format!("one of {}", known.join(", "))));
    };
    if args
        .args
        .iter()
        .any(|argument| argument.to_str().is_some_and(|text| text.starts_with("--policy")))
    {
        let problem = Diagnostic::error(Code::CG712, "a hook judges by the repository's own policy");
        return Err(problem.help("certgate check --policy FILE").into());
    }
    // The process ends with the verdict: taking the repository's caches apart would only cost time.
    let repository = std::mem::ManuallyDrop::new(Repository::open_to_judge()?);
    match name {
        HookName::PreCommit => commit_stage(&repository, Stage::PreCommit),
        HookName::PreMergeCommit => commit_stage(&repository, Stage::PreMergeCommit),
        HookName::CommitMsg => {
            let [file, ..] = args.args.as_slice() else {
                return Err(Failure::usage(
                    "commit-msg needs the message's file",
                    "certgate hook commit-msg FILE",
                ));
            };
            message_stage(&repository, Path::new(file))
        }
        HookName::PrePush => push_stage(&repository, args.args.first().and_then(|remote| remote.to_str())),
    }
}

fn commit_stage(repository: &Repository, stage: Stage) -> Result<Ending, Failure> {
    let mut selected = selection::staged(repository, stage)?;
    selected.stage = stage;
    let in_force = judge::policy_for(repository, &selected)?;
    let report = judge::judge(repository, &selected, in_force)?;
    tell(&report);
    Ok(check::ending(&report))
}

/// `pre-commit` (or `pre-merge-commit`) has judged the files a moment ago: only the message is new. Where it announces nothing, nothing
/// else is read.
fn message_stage(repository: &Repository, file: &Path) -> Result<Ending, Failure> {
    let messages = vec![CommitMessage {
        id: None,
        text: repository.commit_message_file(file)?,
    }];
    let head = repository.head()?;
    let base = head
        .commit()
        .map_or(Snapshot::Empty, |commit| Snapshot::Commit(commit.clone()));
    let mut selected = Selected {
        change: Change {
            base,
            head: Snapshot::Index,
            files: Vec::new(),
            messages,
        },
        tip: head.commit().cloned(),
        range: None,
        target: TargetBranch::Unknown,
        stage: Stage::CommitMsg,
        arguments: "--staged".to_owned(),
        told: None,
        policy: None,
    };
    let in_force = judge::policy_for(repository, &selected)?;
    if judge::gate(repository, &selected.change, &in_force)?
        .components
        .is_empty()
    {
        return Ok(Ending::Done);
    }
    let messages = std::mem::take(&mut selected.change.messages);
    let mut selected = selection::staged(repository, Stage::CommitMsg)?;
    selected.change.messages = messages;
    let mut report = judge::judge(repository, &selected, in_force)?;
    if report.verdict() != Verdict::Block {
        report.diagnostics.retain(|diagnostic| diagnostic.code() == Code::CG205);
    }
    if report.verdict() == Verdict::Block || !report.diagnostics.is_empty() {
        tell(&report);
    }
    Ok(check::ending(&report))
}

/// Says nothing where there is nothing to say: a hook that is not felt is a hook that stays.
fn tell(report: &Report) {
    let speaks = report.verdict() != Verdict::Pass || report.diagnostics.iter().any(|d| d.code() != Code::CG011);
    if speaks {
        terminal::diagnose(&report.diagnostics);
    }
    if report.verdict() != Verdict::Pass {
        terminal::err(&report::summary(report));
    }
}

fn push_stage(repository: &Repository, remote: Option<&str>) -> Result<Ending, Failure> {
    let mut input = Vec::new();
    let read = std::io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut input);
    read.map_err(|error| Failure::io("read", Path::new("standard input"), &error))?;
    if input.len() as u64 > MAX_INPUT {
        return Err(Failure::usage(
            "git told more refs than can be judged at once",
            "git push REMOTE BRANCH",
        ));
    }
    let mut ending = Ending::Done;
    for update in push::pre_push(&input)? {
        let Some(selected) = pushed(repository, remote, &update)? else {
            continue;
        };
        let in_force = judge::policy_for(repository, &selected)?;
        let report = judge::judge(repository, &selected, in_force)?;
        tell(&report);
        if check::ending(&report) == Ending::Blocked {
            ending = Ending::Blocked;
        }
    }
    Ok(ending)
}

/// The change that a ref update would make; `None` where no branch gets new content.
fn pushed(repository: &Repository, remote: Option<&str>, update: &RefUpdate) -> Result<Option<Selected>, Failure> {
    let (name, new, old) = match update {
        RefUpdate::Create { name, new } => (name, new, None),
        RefUpdate::Update { name, old, new } => (name, new, Some(old)),
        RefUpdate::Delete { .. } => return Ok(None),
    };
    let Some(branch) = name.strip_prefix("refs/heads/") else {
        return Ok(None);
    };
    let tip = match old {
        Some(old) if repository.has_commit(old) => Some(old.clone()),
        Some(_) => Some(tracked(repository, remote, branch)?.ok_or_else(|| unknown_tip(remote, branch))?),
        None => None,
    };
    let (change, tip, excluded) = match tip {
        Some(tip) => (
            repository.change_between(Some(&tip), new)?,
            Some(tip.clone()),
            vec![tip],
        ),
        None => created(repository, remote, new)?,
    };
    let base = match &change.base {
        Snapshot::Commit(base) => format!("--base {base} --head {new}"),
        _ => format!("--base {new}~1 --head {new}"),
    };
    Ok(Some(Selected {
        change,
        tip,
        range: Some((excluded, new.clone())),
        target: TargetBranch::Named(branch.to_owned()),
        stage: Stage::PrePush,
        arguments: base,
        told: None,
        policy: None,
    }))
}

fn tracked(repository: &Repository, remote: Option<&str>, branch: &str) -> Result<Option<ObjectId>, Failure> {
    let Some(remote) = remote else { return Ok(None) };
    let name = format!("refs/remotes/{remote}/{branch}");
    Ok(repository
        .refs(&[&name])?
        .into_iter()
        .find(|(found, _)| *found == name)
        .map(|(_, at)| at))
}

fn unknown_tip(remote: Option<&str>, branch: &str) -> Failure {
    let remote = remote.unwrap_or("origin");
    Diagnostic::error(
        Code::CG702,
        format!("the remote's `{branch}` is at a commit that is not here"),
    )
    .because("what would be new there cannot be told")
    .help(format!("git fetch {} {}", report::shell(remote), report::shell(branch)))
    .into()
}

type Created = (crate::change::Change, Option<ObjectId>, Vec<ObjectId>);

/// A branch that the remote does not have: what it brings over the protected branches that the remote has. On a remote that has none,
/// judging starts where the policy starts.
fn created(repository: &Repository, remote: Option<&str>, new: &ObjectId) -> Result<Created, Failure> {
    let prefix = format!("refs/remotes/{}/", remote.unwrap_or("origin"));
    let known = repository.refs(&[&prefix])?;
    let at_new = judge::policy_at(repository, &Snapshot::Commit(new.clone()))?;
    let policy = match at_new {
        Some(policy) => policy,
        None => judge::default_policy()?,
    };
    let guarded = |policy: &Policy, name: &str| {
        name.strip_prefix(&prefix).is_some_and(|b| {
            b != "HEAD"
                && policy.enforcement(crate::policy::Target::Branch(b), Stage::Merge) != Enforcement::Off
                && policy.protected(b)
        })
    };
    let protected: Vec<&ObjectId> = known
        .iter()
        .filter(|(name, _)| guarded(&policy, name))
        .map(|(_, at)| at)
        .collect();
    let candidates = if protected.is_empty() {
        known.iter().map(|(_, at)| at).collect()
    } else {
        protected
    };
    for tip in &candidates {
        if !repository.merge_bases(tip, new)?.is_empty() {
            let excluded = candidates.iter().map(|at| (*at).clone()).collect();
            return Ok((
                repository.change_between(Some(tip), new)?,
                Some((*tip).clone()),
                excluded,
            ));
        }
    }
    if !candidates.is_empty() {
        // The remote has history, and this shares none of it: all of it is new.
        return Ok((repository.change_between(None, new)?, None, Vec::new()));
    }
    let mut at = new.clone();
    loop {
        if repository
            .entry(&Snapshot::Commit(at.clone()), &selection::policy_path())?
            .is_none()
        {
            return Ok((repository.change_between(Some(&at), new)?, Some(at.clone()), vec![at]));
        }
        match repository.commit(&format!("{at}^1")) {
            Ok(parent) => at = parent,
            Err(error) if error.code() == Code::CG702 => {
                return Ok((repository.change_between(None, new)?, None, Vec::new()));
            }
            Err(error) => return Err(error.into()),
        }
    }
}
