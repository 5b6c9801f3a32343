//! `certgate hook NAME`: what the shims call. Everything it says goes to standard error, as git expects of a hook.

use std::path::Path;

use super::args::HookArgs;
use super::selection::{self, Selected, TargetBranch};
use super::updates::{self, tell};
use super::{Ending, Failure, check, judge, terminal};
use crate::change::{Change, CommitMessage, Snapshot};
use crate::diagnostic::{Code, Diagnostic, sanitize};
use crate::git::Repository;
use crate::hooks::HookName;
use crate::policy::Stage;
use crate::verdict::Verdict;

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
    match name {
        HookName::PreReceive => terminal::read_remotely(),
        HookName::ReferenceTransaction if !updates::is_asked(&args.args) => return Ok(Ending::Done),
        _ => {}
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
        HookName::PrePush => updates::pre_push(&repository, args.args.first().and_then(|remote| remote.to_str())),
        HookName::PreReceive => updates::pre_receive(&repository),
        HookName::ReferenceTransaction => updates::reference_transaction(&repository, &args.args),
    }
}

fn commit_stage(repository: &Repository, stage: Stage) -> Result<Ending, Failure> {
    let mut selected = selection::staged(repository, stage)?;
    selected.stage = stage;
    let in_force = judge::policy_for(repository, &selected)?;
    let report = judge::judge(repository, &selected, in_force)?;
    Ok(tell(&report))
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
