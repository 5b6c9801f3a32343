//! `reference-transaction`: what moves a branch here, by whatever command. Only protected branches are judged, and only in the state in
//! which git can still be stopped; everything else must cost next to nothing, since git asks at every commit, fetch and rebase.
//!
//! Forcing and deleting a branch of one's own clone is ordinary work. What counts is what a branch would add.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::rc::Rc;

use super::brought::{Brought, judged, passes_in_steps};
use super::outcome::{RefOutcome, RefOutcomes};
use super::remembered::remember;
use super::standing::{HEADS, adopts};
use crate::change::{Mode, ObjectId, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Remedy, command, sanitize};
use crate::gate::governing::{self, policy_path};
use crate::gate::{InForce, Undecided};
use crate::git::Repository;
use crate::git::push::{self, RefUpdate};
use crate::intake::branches::{own_remote, protected_branches, surely_holds};
use crate::policy::{Enforcement, Enforcing, Policy, Stage, Target};
use crate::progress::{self, Room};
use crate::sensitivity::Hearing;
use crate::verdict::Verdict;

const STAGE: Stage = Stage::ReferenceTransaction;

/// How to do something past this hook alone, which knows no `--no-verify`.
fn without() -> Remedy {
    command!["git", "-c", "core.hooksPath=/dev/null"]
}

/// True in the one state that can still be refused. Git has, and will have, others.
pub fn is_asked(arguments: &[OsString]) -> bool {
    arguments.first().is_some_and(|state| state == "prepared")
}

/// What the shim has read of standard input already.
pub(crate) fn read_by_shim(arguments: &[OsString]) -> &[u8] {
    let at = arguments.iter().position(|argument| argument == "--read");
    at.and_then(|at| arguments.get(at + 1))
        .map_or(&[], |read| read.as_encoded_bytes())
}

/// A branch that gets a commit.
struct Move {
    branch: String,
    new: ObjectId,
    /// What it has now.
    old: Option<ObjectId>,
}

/// Answers the hook, of its arguments and of what standard input still holds. The first branch that cannot be judged ends it.
///
/// # Errors
///
/// Lines that are not git's, and whatever keeps refs or policies from being read. What concerns one ref only is in the outcome.
pub fn reference_transaction(
    repository: &Repository,
    arguments: &[OsString],
    lines: &[u8],
) -> Result<RefOutcomes, Undecided> {
    let _timed = progress::enter(Room::Intake);
    let input = [read_by_shim(arguments), lines].concat();
    let mut outcome = RefOutcomes::default();
    if let Err(undecided) = each(repository, &input, &mut outcome) {
        outcome.found.push(RefOutcome::Undecided(undecided));
    }
    Ok(outcome)
}

fn each(repository: &Repository, input: &[u8], outcome: &mut RefOutcomes) -> Result<(), Undecided> {
    let updates = push::reference_transaction(input)?;
    if updates.len() > 1 {
        repository.share();
    }
    let hearing = Rc::default();
    for update in updates {
        let (Some(branch), Some(new)) = (update.branch(), update.new_id()) else {
            continue;
        };
        // Where git does not mind what the old value is, it says that there is none.
        let old = match &update {
            RefUpdate::Update { old, .. } => Some(old.clone()),
            _ => repository.ref_commit(update.name())?,
        };
        let moving = Move {
            branch: branch.to_owned(),
            new: new.clone(),
            old,
        };
        outcome.refs += 1;
        outcome.found.extend(moved(repository, &moving, &hearing)?);
    }
    for (name, target) in push::made_symbolic(input) {
        if let Some(branch) = name.strip_prefix(HEADS) {
            outcome.refs += 1;
            outcome
                .found
                .extend(made_symbolic(repository, branch, &target, &hearing)?);
        }
    }
    Ok(())
}

/// The commit whose policy judges a branch: its tip, or for one that is new the default branch's, as far as that is known here. The
/// first that has a policy counts.
fn judge_of(repository: &Repository, moving: &Move) -> Result<Option<(ObjectId, Enforcing)>, Undecided> {
    if let Some(old) = &moving.old
        && let Some(enforcing) = enforcing(repository, old)?
    {
        return Ok(Some((old.clone(), enforcing)));
    }
    for name in ["refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master"] {
        if let Some(at) = repository.ref_commit(name)?
            && let Some(enforcing) = enforcing(repository, &at)?
        {
            return Ok(Some((at, enforcing)));
        }
    }
    match repository.head()?.commit() {
        Some(at) => Ok(enforcing(repository, at)?.map(|enforcing| (at.clone(), enforcing))),
        None => Ok(None),
    }
}

/// A mirror moves thousands of branches at once that all have one policy: each is read once.
fn enforcing(repository: &Repository, at: &ObjectId) -> Result<Option<Enforcing>, Undecided> {
    thread_local! {
        static KNOWN: RefCell<HashMap<ObjectId, Enforcing>> = RefCell::default();
    }
    let entry = repository.entry(&Snapshot::Commit(at.clone()), &policy_path())?;
    let id = entry.filter(|entry| entry.mode != Mode::Symlink).map(|entry| entry.id);
    if let Some(known) = id
        .as_ref()
        .and_then(|id| KNOWN.with_borrow(|known| known.get(id).cloned()))
    {
        return Ok(Some(known));
    }
    let found = governing::enforcing_at(repository, at).map_err(|failure| past(failure, at))?;
    if let (Some(id), Some(found)) = (id, &found) {
        KNOWN.with_borrow_mut(|known| known.insert(id, found.clone()));
    }
    Ok(found)
}

/// An unreadable policy closes the gate for the commit that fixes it, too, so the way out is given.
fn past(mut failure: Undecided, at: &ObjectId) -> Undecided {
    if let Some(last) = failure
        .diagnostics
        .pop_if(|last| last.code().as_str().starts_with("CG0"))
    {
        let last = last
            .because(format!("this is the policy of commit {}; it judges", at.short()))
            .because("the fix must go past the hooks")
            .help(without().args(["commit", "--no-verify"]).arg(&policy_path()));
        failure.diagnostics.push(last);
    }
    failure
}

fn blocks(enforcing: &Enforcing, branch: &str) -> bool {
    enforcing.enforcement(Target::Branch(branch), STAGE) == Enforcement::Block
}

fn moved(repository: &Repository, moving: &Move, hearing: &Rc<Hearing>) -> Result<Option<RefOutcome>, Undecided> {
    if moving.old.as_ref() == Some(&moving.new) {
        return Ok(None);
    }
    let judge = match judge_of(repository, moving)? {
        Some((at, enforcing)) if blocks(&enforcing, &moving.branch) => Some(at),
        Some((at, enforcing)) => {
            if moving.old.is_none() {
                remember(repository, &at, &enforcing, STAGE);
            }
            return Ok(None);
        }
        None => {
            // The policy that it adds would be the first one.
            let brought = enforcing(repository, &moving.new)?.unwrap_or_default();
            if !blocks(&brought, &moving.branch) {
                return Ok(None);
            }
            None
        }
    };
    let policy = match &judge {
        Some(at) => {
            governing::policy_at(repository, &Snapshot::Commit(at.clone())).map_err(|failure| past(failure, at))?
        }
        None => None,
    };
    let Some(brought) = brought(repository, moving, policy.as_ref())? else {
        return Ok(None);
    };
    let by = match (policy, &judge) {
        (Some(policy), Some(at)) => Some(InForce {
            keyring: governing::keyring_at(repository, &Snapshot::Commit(at.clone()), &policy)
                .map_err(|failure| past(failure, at))?,
            at: Snapshot::Commit(at.clone()),
            policy,
            origin: format!("{}:{}", at.short(), policy_path()),
            adoption: adopts(repository, at, brought.tip.as_ref(), &moving.new)?,
            notes: Vec::new(),
        }),
        _ => None,
    };
    let mut question = brought.select(repository, &moving.branch, &moving.new, STAGE)?;
    question.hearing = Some(hearing.clone());
    let mut judgement = judged(repository, question, by)?;
    if judgement.verdict() == Verdict::Block
        && let Some(old) = &moving.old
        && passes_in_steps(repository, &moving.branch, STAGE, old, &moving.new)?
    {
        return Ok(None);
    }
    if judgement.verdict() == Verdict::Block
        && let Some(note) = already_there(repository, moving)?
    {
        judgement.diagnostics.push(note);
    }
    Ok(Some(judgement.into()))
}

/// What the branch would add; `None` for nothing.
fn brought(repository: &Repository, moving: &Move, policy: Option<&Policy>) -> Result<Option<Brought>, Undecided> {
    let new = &moving.new;
    let Some(old) = &moving.old else {
        let mut tips: Vec<ObjectId> = Vec::new();
        if let Some(policy) = policy {
            // A branch that is made follows nobody yet; what it was made from, whoever made it chose.
            let remote = own_remote(repository, None)?;
            if surely_holds(repository, policy, remote, new)? {
                return Ok(None);
            }
            // Several walks over the same commits follow.
            repository.share();
            for found in protected_branches(repository, policy, remote)? {
                if !tips.contains(&found.at) {
                    tips.push(found.at);
                }
            }
        }
        return match tips.is_empty() {
            // A mirror comes as it is: there is nothing here that it could be judged against.
            true if repository.is_untouched()? => Ok(None),
            true => Brought::since_adoption(repository, new).map(Some),
            false => Brought::over(repository, &tips, new),
        };
    };
    let bases = repository.merge_bases(old, new)?;
    Ok(match bases.first() {
        // Moving back adds nothing.
        Some(base) if base == new => None,
        Some(base) if base == old => Some(Brought::onto(repository, old, new)?),
        // The ledger is that of where the two parted: what only the old tip has is being replaced.
        Some(base) => Some(Brought {
            tip: Some(base.clone()),
            ..Brought::onto(repository, old, new)?
        }),
        None => Some(Brought::directly(repository, old, new)?),
    })
}

/// Where a remote's branch of that name has the commits already, says so, and how to take them all the same.
fn already_there(repository: &Repository, moving: &Move) -> Result<Option<Diagnostic>, Undecided> {
    let suffix = format!("/{}", moving.branch);
    for (name, at) in repository.refs(&["refs/remotes/"])? {
        let tracked = name
            .strip_prefix("refs/remotes/")
            .filter(|name| name.ends_with(&suffix));
        if let Some(tracked) = tracked
            && repository.is_ancestor(&moving.new, &at)?
        {
            let note = Diagnostic::note(
                Code::CG718,
                format!("`{}` holds these commits already", sanitize(tracked)),
            );
            return Ok(Some(
                note.because("they got there past the gate; a certificate is still missing")
                    .help(without().args(["merge", "--ff-only", tracked])),
            ));
        }
    }
    Ok(None)
}

/// A branch becomes another name of a ref.
fn made_symbolic(
    repository: &Repository,
    branch: &str,
    target: &str,
    hearing: &Rc<Hearing>,
) -> Result<Option<RefOutcome>, Undecided> {
    let name = format!("{HEADS}{branch}");
    let old = repository.ref_commit(&name)?;
    let new = repository.ref_commit(target)?;
    let moving = Move {
        branch: branch.to_owned(),
        new: match (&new, &old) {
            (Some(new), _) => new.clone(),
            (None, Some(old)) => old.clone(),
            (None, None) => return Ok(None),
        },
        old,
    };
    let Some((at, enforcing)) = judge_of(repository, &moving)? else {
        return moved(repository, &moving, hearing);
    };
    if !blocks(&enforcing, branch) {
        return Ok(None);
    }
    let protected = target
        .strip_prefix(HEADS)
        .is_some_and(|target| blocks(&enforcing, target));
    if protected {
        return moved(repository, &moving, hearing);
    }
    let told = Diagnostic::error(
        Code::CG717,
        format!(
            "the protected branch `{}` would become another name of `{}`",
            sanitize(branch),
            sanitize(target)
        ),
    )
    .because(format!("the policy of {} does not protect that one", at.short()))
    .help(command!["git", "branch", "--force", branch, target]);
    Ok(Some(RefOutcome::Refused(told)))
}
