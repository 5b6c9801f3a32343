//! `certgate hook NAME`: what the shims call. Everything it says goes to standard error, as git expects of a hook.

use std::io::Read as _;
use std::path::Path;

use super::args::HookArgs;
use super::{Ending, Undecided, check, terminal};
use crate::change::{Change, CommitMessage, Snapshot};
use crate::diagnostic::{Code, Diagnostic, sanitize};
use crate::gate::{self, Judgement, Question, TargetBranch, governing};
use crate::git::Repository;
use crate::hooks::HookName;
use crate::intake::refs::{self, Outcome, RefOutcome};
use crate::intake::staged::{committing, staged};
use crate::policy::Stage;
use crate::report;
use crate::verdict::Verdict;

/// Carries it out.
pub(super) fn run(args: &HookArgs) -> Result<Ending, Undecided> {
    let Some(name) = HookName::parse(&args.name) else {
        let known: Vec<&str> = HookName::ALL.iter().map(|name| name.as_str()).collect();
        let message = format!("`{}` is not a hook of certgate", sanitize(&args.name));
        return Err(Undecided::usage(message, format!("one of {}", known.join(", "))));
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
        HookName::ReferenceTransaction if !refs::is_asked(&args.args) => return Ok(Ending::Done),
        _ => {}
    }
    // The process ends with the verdict: taking the repository's caches apart would only cost time.
    let repository = std::mem::ManuallyDrop::new(Repository::open_to_judge()?);
    match name {
        HookName::PreCommit => commit_stage(&repository, Stage::PreCommit),
        HookName::PreMergeCommit => commit_stage(&repository, Stage::PreMergeCommit),
        HookName::CommitMsg => {
            let [file, ..] = args.args.as_slice() else {
                return Err(Undecided::usage(
                    "commit-msg needs the message's file",
                    "certgate hook commit-msg FILE",
                ));
            };
            message_stage(&repository, Path::new(file))
        }
        HookName::PrePush => {
            let remote = args.args.first().and_then(|remote| remote.to_str());
            conclude(refs::pre_push(&repository, remote, lines()?.as_deref())?, false)
        }
        HookName::PreReceive => conclude(refs::pre_receive(&repository, &required_lines()?)?, true),
        HookName::ReferenceTransaction => {
            let outcome = refs::reference_transaction(&repository, &args.args, &required_lines()?)?;
            conclude(outcome, false)
        }
    }
}

fn commit_stage(repository: &Repository, stage: Stage) -> Result<Ending, Undecided> {
    let question = committing(repository, stage)?;
    let in_force = governing::policy_for(repository, &question)?;
    let report = gate::judge(repository, &question, in_force)?;
    Ok(tell(&report))
}

/// `pre-commit` (or `pre-merge-commit`) has judged the files a moment ago: only the message is new. Where it announces nothing, nothing
/// else is read.
fn message_stage(repository: &Repository, file: &Path) -> Result<Ending, Undecided> {
    let messages = vec![CommitMessage {
        id: None,
        text: repository.commit_message_file(file)?,
    }];
    let head = repository.head()?;
    let base = head
        .commit()
        .map_or(Snapshot::Empty, |commit| Snapshot::Commit(commit.clone()));
    let mut question = Question {
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
        merges: None,
    };
    let in_force = governing::policy_for(repository, &question)?;
    if gate::gate(repository, &question.change, &in_force)?
        .components
        .is_empty()
    {
        return Ok(Ending::Done);
    }
    let messages = std::mem::take(&mut question.change.messages);
    let mut question = staged(repository, Stage::CommitMsg)?;
    question.change.messages = messages;
    let mut report = gate::judge(repository, &question, in_force)?;
    if report.verdict() != Verdict::Block {
        report.diagnostics.retain(|diagnostic| diagnostic.code() == Code::CG205);
    }
    if report.verdict() == Verdict::Block || !report.diagnostics.is_empty() {
        tell(&report);
    }
    Ok(check::ending(&report))
}

/// Most bytes of refs that are read from git.
const MAX_INPUT: u64 = 64 * 1024 * 1024;

/// What git wrote to standard input; `None` where that does not come from git.
fn lines() -> Result<Option<Vec<u8>>, Undecided> {
    let found = rustix::fs::fstat(std::io::stdin());
    let device = found
        .is_ok_and(|found| rustix::fs::FileType::from_raw_mode(found.st_mode) == rustix::fs::FileType::CharacterDevice);
    if device {
        return Ok(None);
    }
    let mut input = Vec::new();
    let read = std::io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut input);
    read.map_err(|error| Undecided::io("read", Path::new("standard input"), &error))?;
    if input.len() as u64 > MAX_INPUT {
        return Err(Undecided::usage(
            "git told more refs than can be judged at once",
            "git push REMOTE BRANCH",
        ));
    }
    Ok(Some(input))
}

/// The same, where there is nothing else to go by.
fn required_lines() -> Result<Vec<u8>, Undecided> {
    lines()?.ok_or_else(refs::no_lines)
}

/// Shows what came of the refs, in their order, and how that ends the hook. `whole` where the refusal of one refuses all.
fn conclude(outcome: Outcome, whole: bool) -> Result<Ending, Undecided> {
    let (blocks, refuses) = (outcome.blocks(), outcome.refuses());
    let mut undecided = Vec::new();
    for found in outcome.found {
        match found {
            RefOutcome::Judged(judgement) => {
                tell(&judgement);
            }
            RefOutcome::Warned(told) | RefOutcome::Refused(told) => terminal::diagnose(&[told]),
            RefOutcome::Undecided(why) => undecided.extend(why.diagnostics),
        }
    }
    if whole && refuses && outcome.refs > 1 {
        terminal::prose(&format!(
            "certgate: the push is refused as a whole, all {} refs of it",
            outcome.refs
        ));
    }
    match (undecided.is_empty(), blocks) {
        (false, _) => Err(Undecided { diagnostics: undecided }),
        (true, true) => Ok(Ending::Blocked),
        (true, false) => Ok(Ending::Done),
    }
}

/// Says nothing where there is nothing to say: a hook that is not felt is a hook that stays.
fn tell(judgement: &Judgement) -> Ending {
    let speaks = judgement.verdict() != Verdict::Pass || judgement.diagnostics.iter().any(|d| d.code() != Code::CG011);
    if speaks {
        terminal::diagnose(&judgement.diagnostics);
    }
    if judgement.verdict() != Verdict::Pass {
        terminal::prose(&report::summary(judgement));
    }
    check::ending(judgement)
}
