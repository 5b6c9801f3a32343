//! `certgate hook NAME`: what the shims call. Everything it says goes to standard error, as git expects of a hook.

use std::io::Read as _;
use std::path::Path;

use super::args::HookArgs;
use super::ending::Ending;
use super::fault::Doing as _;
use super::terminal;
use crate::diagnostic::{Code, Diagnostic, Placeholder, command, sanitize};
use crate::gate::Undecided;
use crate::gate::{self, Judgement};
use crate::git::{Repository, push};
use crate::hooks::HookName;
use crate::intake::adoption;
use crate::intake::announced;
use crate::intake::refs::{self, RefOutcome, RefOutcomes};
use crate::intake::staged::committing;
use crate::policy::Stage;
use crate::progress;
use crate::report;
use crate::verdict::Verdict;

/// Carries it out; `CERTGATE_TIMINGS=1` shows what that cost.
pub(super) fn run(args: &HookArgs) -> Result<Ending, Undecided> {
    if std::env::var_os("CERTGATE_TIMINGS").is_some_and(|set| set == "1") {
        progress::start();
    }
    let ended = answer(args);
    terminal::costs();
    ended
}

fn answer(args: &HookArgs) -> Result<Ending, Undecided> {
    if args.name == "agent" {
        return super::agent_hook::run(&args.args);
    }
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
        return Err(problem
            .help(command!["certgate", "check", "--policy", Placeholder::Path])
            .into());
    }
    match name {
        HookName::PreReceive => terminal::read_remotely(),
        HookName::ReferenceTransaction if !refs::is_asked(&args.args) => return Ok(Ending::Done),
        _ => {}
    }
    // The process ends with the verdict: taking the repository's caches apart would only cost time.
    let repository = std::mem::ManuallyDrop::new(Repository::open_to_judge()?);
    let lines = match name {
        HookName::PrePush => lines()?,
        HookName::PreReceive | HookName::ReferenceTransaction => Some(required_lines()?),
        _ => None,
    };
    let told = lines.as_deref().unwrap_or_default();
    let updates = match name {
        HookName::PrePush => push::pre_push(told),
        HookName::PreReceive => push::pre_receive(told),
        _ => push::reference_transaction(&[refs::read_by_shim(&args.args), told].concat()),
    };
    // Lines that cannot be read are refused below.
    if updates.is_ok_and(|updates| adoption::is_bystander(&repository, &updates)) {
        return Ok(Ending::Done);
    }
    match name {
        HookName::PreCommit => commit_stage(&repository, Stage::PreCommit),
        HookName::PreMergeCommit => commit_stage(&repository, Stage::PreMergeCommit),
        HookName::CommitMsg => {
            let [file, ..] = args.args.as_slice() else {
                return Err(Undecided::usage(
                    "commit-msg needs the message's file",
                    command!["certgate", "hook", "commit-msg", Placeholder::Path],
                ));
            };
            message_stage(&repository, Path::new(file))
        }
        HookName::PrePush => {
            let remote = args.args.first().and_then(|remote| remote.to_str());
            conclude(refs::pre_push(&repository, remote, lines.as_deref())?, false)
        }
        HookName::PreReceive => conclude(refs::pre_receive(&repository, told)?, true),
        HookName::ReferenceTransaction => {
            let outcome = refs::reference_transaction(&repository, &args.args, told)?;
            conclude(outcome, false)
        }
    }
}

fn commit_stage(repository: &Repository, stage: Stage) -> Result<Ending, Undecided> {
    let question = committing(repository, stage)?;
    Ok(tell(&gate::judge(repository, &question)?))
}

/// Where the message announces nothing, nothing is said.
fn message_stage(repository: &Repository, file: &Path) -> Result<Ending, Undecided> {
    let Some(question) = announced(repository, repository.commit_message_file(file)?)? else {
        return Ok(Ending::Done);
    };
    let mut judgement = gate::judge(repository, &question)?;
    if judgement.verdict() != Verdict::Block {
        judgement
            .diagnostics
            .retain(|diagnostic| diagnostic.code() == Code::CG205);
    }
    if judgement.verdict() == Verdict::Block || !judgement.diagnostics.is_empty() {
        tell(&judgement);
    }
    Ok(judgement.verdict().into())
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
    read.doing("read", "standard input")?;
    if input.len() as u64 > MAX_INPUT {
        return Err(Undecided::usage(
            "git reported more refs than can be judged at once",
            command!["git", "push", Placeholder::Remote, Placeholder::Branch],
        ));
    }
    Ok(Some(input))
}

/// The same, where there is nothing else to go by.
fn required_lines() -> Result<Vec<u8>, Undecided> {
    lines()?.ok_or_else(refs::no_lines)
}

/// Shows what came of the refs, in their order, and how that ends the hook. `whole` where the refusal of one refuses all.
fn conclude(outcome: RefOutcomes, whole: bool) -> Result<Ending, Undecided> {
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
            "certgate: the push is refused: all {} refs of it",
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
    judgement.verdict().into()
}
