//! `certgate simulate`: what a policy would have asked of history.

use super::args::{SimulateArgs, SimulateFormat};
use super::ending::Ending;
use super::{formats, moment, terminal};
use crate::change::Snapshot;
use crate::diagnostic::{Code, Diagnostic, command, sanitize};
use crate::gate::governing::{default_policy, parse_policy_at, policy_bytes, policy_named, policy_path};
use crate::gate::{InForce, TargetBranch, Undecided};
use crate::git::{Repository, Step, Stretch};
use crate::intake::range::{commit, split_range, step};
use crate::intake::targets::settle;
use crate::policy::Policy;
use crate::report;
use crate::simulate::{Plan, Simulation, simulate};

/// How many commits are judged where nothing says otherwise.
pub(super) const LAST: usize = 200;

/// Carries it out. A run that could not answers in the asked format, too.
pub(super) fn run(args: &SimulateArgs) -> Result<Ending, Undecided> {
    let file = args.output.as_deref();
    let simulation = simulated(args).inspect_err(|failure| {
        if let Some(text) = formats::failure(args.format.into(), "simulate", &failure.diagnostics) {
            let _best_effort = formats::write(file, &text);
        }
    })?;
    formats::write(
        file,
        &match args.format {
            SimulateFormat::Markdown => report::simulation_markdown(&simulation),
            SimulateFormat::Json => report::simulation_json(&simulation),
            SimulateFormat::Sarif => report::simulation_sarif(&simulation),
            SimulateFormat::Junit => report::simulation_junit(&simulation),
            SimulateFormat::Gitlab => report::simulation_gitlab(&simulation),
            SimulateFormat::Html => report::simulation_html(&simulation),
        },
    )?;
    Ok(Ending::Done)
}

fn simulated(args: &SimulateArgs) -> Result<Simulation, Undecided> {
    let repository = Repository::open_to_judge()?;
    let since = args.since.as_deref().map(since).transpose()?;
    let (excluded, tip) = match args.range.as_deref().map(split_range).transpose()? {
        Some((base, head)) => (Some(commit(&repository, base)?), commit(&repository, head)?),
        None => (None, commit(&repository, "HEAD")?),
    };
    let given = args.last.map(|last| usize::try_from(last).unwrap_or(usize::MAX));
    let open = args.range.is_none() && since.is_none();
    let steps = repository.walk(&Stretch {
        tip: &tip,
        excluded: excluded.as_ref(),
        last: given.or(open.then_some(LAST)),
        since,
        first_parents: !args.commits,
    })?;
    let Some(newest) = steps.first() else {
        let problem = Diagnostic::error(Code::CG662, "there is no commit to judge");
        return Err(problem.help(command!["certgate", "simulate", "--last", "200"]).into());
    };
    let in_force = policy(&repository, args.policy.as_deref(), newest)?;
    let target = target(&repository, args.target.as_deref(), newest, &in_force)?;
    let plan = Plan {
        steps: &steps,
        in_force: &in_force,
        target,
        dials: true,
    };
    simulate(&repository, &plan)
}

/// A policy that is tried out on history, whatever its origin.
pub(super) fn tried(policy: Policy, origin: String) -> InForce {
    InForce {
        policy,
        keyring: crate::trust::Keyring::default(),
        notes: vec![Diagnostic::note(Code::CG012, "judged by a policy that is tried out")],
        at: Snapshot::Empty,
        origin,
        adoption: false,
    }
}

/// The policy to judge by: the one that is named; else that of the work tree, of HEAD, or the default pack.
pub(super) fn policy(repository: &Repository, named: Option<&str>, newest: &Step) -> Result<InForce, Undecided> {
    let here = repository.work_tree().map(|root| root.join(policy_path().as_path()));
    let name = match (named, &here) {
        (Some(name), _) => Some(name.to_owned()),
        (None, Some(path)) if path.is_file() => Some(path.display().to_string()),
        _ => None,
    };
    if let Some(name) = name {
        let by = tried(Policy::default(), String::new());
        let question = step(repository, newest.parent.as_ref(), &newest.commit, by)?;
        let mut in_force = match name.strip_prefix("builtin:") {
            Some(pack) => tried(Policy::builtin(pack)?, String::new()),
            None => policy_named(repository, &question, &name)?,
        };
        in_force.at = Snapshot::Commit(newest.commit.clone());
        in_force.origin = match named {
            Some(name) => sanitize(name),
            None => policy_path().to_string(),
        };
        return Ok(in_force);
    }
    let tip = &newest.commit;
    let at = Snapshot::Commit(tip.clone());
    match policy_bytes(repository, &at)? {
        Some(bytes) => {
            let origin = format!("{}:{}", tip.short(), policy_path());
            Ok(InForce {
                at: at.clone(),
                ..tried(parse_policy_at(repository, &at, &origin, &bytes)?, origin)
            })
        }
        None => Ok(tried(default_policy()?, "builtin:default".to_owned())),
    }
}

/// The branch that `--target` names.
fn target(
    repository: &Repository,
    given: Option<&str>,
    newest: &Step,
    in_force: &InForce,
) -> Result<TargetBranch, Undecided> {
    let Some(given) = given else {
        return Ok(TargetBranch::Unknown);
    };
    let mut question = step(repository, newest.parent.as_ref(), &newest.commit, in_force.clone())?;
    question.policy = Some(in_force.policy.clone());
    settle(repository, &mut question, given)?;
    if let Some(told) = &question.told {
        terminal::err(&format!("{}\n", sanitize(told)));
    }
    Ok(question.target)
}

/// A date with or without a time of day, in UTC, or a duration before now; in seconds since the epoch.
fn since(text: &str) -> Result<i64, Undecided> {
    let span = || moment::duration(text).and_then(|span| jiff::Timestamp::now().checked_sub(span).ok());
    let moment = moment::date(text).or_else(span);
    moment.map(jiff::Timestamp::as_second).ok_or_else(|| {
        Undecided::usage(
            format!("`{}` is no date", sanitize(text)),
            command!["certgate", "simulate", "--since", "90d"].why("or 2026-01-31"),
        )
    })
}
