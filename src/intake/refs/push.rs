//! `pre-push` and `pre-receive`: the same questions, asked before a push of what the remote had when last seen, and where it arrives of
//! what is there.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::brought::{Brought, judged, passes_in_steps};
use super::faults::{RefFault, Start, no_judge};
use super::outcome::{RefOutcome, RefOutcomes};
use super::standing::{GoverningPolicy, HEADS, Standing};
use crate::change::ObjectId;
use crate::diagnostic::{Code, Diagnostic, command, sanitize};
use crate::gate::Undecided;
use crate::gate::governing::default_policy;
use crate::git::Repository;
use crate::git::push::{self, RefUpdate};
use crate::hooks::{self, HookName, Told};
use crate::intake::configured::by_git;
use crate::policy::{Enforcement, Policy, Stage, Target};
use crate::progress::{self, Room};
use crate::sensitivity::Hearing;
use crate::verdict::Verdict;

/// Answers the hook before a push. `lines` is what git wrote to standard input, `None` where that does not come from git: what pre-commit
/// and prek tell by the environment comes with no standard input.
///
/// # Errors
///
/// Lines that are not git's, and whatever keeps refs or policies from being read. What concerns one ref only is in the outcome.
pub fn pre_push(repository: &Repository, remote: Option<&str>, lines: Option<&[u8]>) -> Result<RefOutcomes, Undecided> {
    let _timed = progress::enter(Room::Intake);
    let mut updates = push::pre_push(lines.unwrap_or_default())?;
    let mut remote = remote.unwrap_or("origin").to_owned();
    if updates.is_empty() {
        let by_git = by_git(repository)?;
        let by_git = by_git.iter().any(|(name, _)| *name == HookName::PrePush);
        let hooks_dir = repository.hooks_dir()?;
        match hooks::told(
            |name| std::env::var_os(name),
            &hooks_dir,
            repository.work_tree(),
            by_git,
        )? {
            Told::Nothing if lines.is_none() => return Err(no_lines()),
            Told::Nothing => return Ok(RefOutcomes::default()),
            Told::Lost(problem) => return Err((*problem).into()),
            Told::Push(push) => {
                updates.push(by_manager(repository, &push)?);
                remote = push.remote;
            }
        }
    }
    let remote = remote.as_str();
    let push = Push {
        repository,
        standing: Standing::of_remote(repository, remote)?,
        stage: Stage::PrePush,
        remote,
        hearing: Rc::default(),
    };
    let mut outcome = RefOutcomes {
        refs: updates.len(),
        found: Vec::new(),
    };
    if let Err(undecided) = push.judge(&updates, &mut outcome) {
        outcome.found.push(RefOutcome::Undecided(undecided));
    }
    Ok(outcome)
}

/// Refuses to judge nothing. Git hands over a pipe, which is empty where it pushes nothing; a closed standard input, `/dev/null` or a
/// terminal is what a hook gets from a program in between that keeps git's lines to itself.
pub(crate) fn no_lines() -> Undecided {
    let problem = Diagnostic::error(
        Code::CG714,
        "standard input does not come from git, which names the refs there",
    );
    problem
        .because("a hook manager between git and certgate must pass it on")
        .help(command!["certgate", "hooks"].why("shows what git runs"))
        .into()
}

/// The ref update that pre-commit or prek reported. Where it begins is by its own reckoning, which takes for old what any branch of the
/// remote holds; so the remote's branch as last fetched goes before, and counts alone where there is any.
fn by_manager(repository: &Repository, push: &hooks::Pushed) -> Result<RefUpdate, Undecided> {
    let new = repository.commit(&push.local)?;
    let seen = format!("refs/remotes/{}/", push.remote);
    let known = repository.refs(&[&seen])?;
    let old = match (push.name.strip_prefix(HEADS), &push.from) {
        (Some(branch), from) => {
            let own = format!("{seen}{branch}");
            match (known.iter().find(|(name, _)| *name == own), from) {
                (Some((_, at)), _) => Some(at.clone()),
                (None, Some(from)) if known.is_empty() => Some(repository.commit(from)?),
                (None, _) => None,
            }
        }
        (None, _) => None,
    };
    let name = push.name.clone();
    Ok(match old {
        Some(old) => RefUpdate::Update { name, old, new },
        None => RefUpdate::Create { name, new },
    })
}

/// Answers the hook where a push arrives, of the lines that git wrote to standard input. All updates pass or are refused together.
///
/// # Errors
///
/// Lines that are not git's, and whatever keeps refs or policies from being read. What concerns one ref only is in the outcome.
pub fn pre_receive(repository: &Repository, lines: &[u8]) -> Result<RefOutcomes, Undecided> {
    let _timed = progress::enter(Room::Intake);
    let outer = repository.namespace();
    let mut namespaces: BTreeMap<String, Vec<RefUpdate>> = BTreeMap::new();
    let mut outcome = RefOutcomes::default();
    for mut update in push::pre_receive(lines)? {
        let namespace = update.leave_namespace(&outer);
        namespaces.entry(namespace).or_default().push(update);
        outcome.refs += 1;
    }
    for (namespace, updates) in namespaces {
        if let Err(undecided) = receive_into(repository, &namespace, &updates, &mut outcome) {
            outcome.found.push(RefOutcome::Undecided(undecided));
        }
    }
    Ok(outcome)
}

/// What arrives in one namespace.
fn receive_into(
    repository: &Repository,
    namespace: &str,
    updates: &[RefUpdate],
    outcome: &mut RefOutcomes,
) -> Result<(), Undecided> {
    let mut standing = Standing::here(repository, namespace);
    standing.arriving(updates.iter().filter_map(|update| match update {
        RefUpdate::Create { new, .. } => Some((update.branch()?, new)),
        _ => None,
    }))?;
    let push = Push {
        repository,
        standing,
        stage: Stage::PreReceive,
        remote: "origin",
        hearing: Rc::default(),
    };
    push.judge(updates, outcome)
}

/// The updates of one push, and what they are asked of.
struct Push<'a> {
    repository: &'a Repository,
    standing: Standing<'a>,
    stage: Stage,
    remote: &'a str,
    /// What rules said of messages: the ranges of many refs have commits in common.
    hearing: Rc<Hearing>,
}

impl Push<'_> {
    /// Judges every update, whatever was found of the others.
    fn judge(&self, updates: &[RefUpdate], outcome: &mut RefOutcomes) -> Result<(), Undecided> {
        if updates.len() > 1 {
            self.repository.share();
        }
        for update in updates {
            let review = self.review(update);
            let update = review.as_ref().unwrap_or(update);
            // A ref that is another name of a branch moves both. Where it is deleted, only the name goes.
            let meant = match (self.stage, update) {
                (Stage::PreReceive, RefUpdate::Create { .. } | RefUpdate::Update { .. }) => {
                    self.standing.meant(update.name())?
                }
                _ => None,
            };
            for branch in update.branch().into_iter().chain(meant.as_deref()) {
                if let Err(failure) = self.judge_one(branch, update, review.is_some(), &mut outcome.found) {
                    let into = format!("this was asked about `{}`", sanitize(branch));
                    let told = failure.diagnostics.into_iter().map(|d| d.because(&into));
                    outcome.found.push(RefOutcome::Undecided(Undecided {
                        diagnostics: told.collect(),
                    }));
                }
            }
        }
        Ok(())
    }

    /// What a push for review would do to the branch that it is for, if there is such a branch. Of `refs/for/a/b` that is `a/b` where
    /// there is one, else `a` with a topic; where neither is known, `a/b`.
    fn review(&self, update: &RefUpdate) -> Option<RefUpdate> {
        let names = update.review_of();
        let new = update.new_id()?.clone();
        let tip = |branch: &&str| self.standing.tip(branch).ok().flatten();
        let known = names.iter().find_map(|branch| Some((*branch, tip(branch)?)));
        match known {
            Some((branch, old)) => Some(RefUpdate::Update {
                name: format!("{HEADS}{branch}"),
                old,
                new,
            }),
            None => Some(RefUpdate::Create {
                name: format!("{HEADS}{}", names.first()?),
                new,
            }),
        }
    }

    fn judge_one(
        &self,
        branch: &str,
        update: &RefUpdate,
        review: bool,
        found: &mut Vec<RefOutcome>,
    ) -> Result<(), Undecided> {
        let start = Start {
            review,
            ..self.start(branch, update.old())?
        };
        let judge = self.standing.judge_of(branch, start.tip.as_ref())?;
        let none = match &judge {
            Some(_) => None,
            None => Some(default_policy()?),
        };
        match update {
            RefUpdate::Delete { .. } => {
                let policy = judge.as_ref().map(|judge| &judge.policy).or(none.as_ref());
                let enforcement = policy.map_or(Enforcement::Block, |policy| policy.deletion(branch));
                found.extend(self.refuse(&start, judge.as_ref(), enforcement, RefFault::Deleted));
                Ok(())
            }
            RefUpdate::Create { new, .. } | RefUpdate::Update { new, .. } => {
                if start.tip.as_ref() == Some(new) {
                    return Ok(());
                }
                match &judge {
                    Some(judge) => self.moved(&start, judge, new, found),
                    None => self.unruled(&start, new, found),
                }
            }
        }
    }

    /// The tip of a branch that an update starts from; at `pre-push` that of the remote might not be here, and what was seen last is used
    /// for it.
    fn start<'u>(&self, branch: &'u str, old: Option<&'u ObjectId>) -> Result<Start<'u>, Undecided> {
        let known = old.filter(|old| self.stage == Stage::PreReceive || self.repository.has_commit(old));
        let tip = match (old, known) {
            (None, _) => None,
            (_, Some(known)) => Some(known.clone()),
            (Some(_), None) => self.standing.tip(branch)?,
        };
        Ok(Start {
            branch,
            tip,
            unknown: old.filter(|_| known.is_none()),
            review: false,
        })
    }

    /// A branch that a policy judges gets another tip.
    fn moved(
        &self,
        start: &Start<'_>,
        judge: &GoverningPolicy,
        new: &ObjectId,
        found: &mut Vec<RefOutcome>,
    ) -> Result<(), Undecided> {
        let (repository, branch, policy) = (self.repository, start.branch, &judge.policy);
        let enforcement = policy.enforcement(Target::Branch(branch), self.stage);
        let mut allowed = false;
        if let Some(tip) = &start.tip
            && !start.review
            && (start.unknown.is_some() && !repository.is_shallow() || !repository.is_ancestor(tip, new)?)
        {
            let forcing = policy.forcing(branch);
            let fault = match start.unknown {
                // git does not say to its hooks whether it was asked to force it.
                Some(_) if repository.is_ancestor(tip, new)? => RefFault::Behind,
                _ => RefFault::Forced,
            };
            found.extend(self.refuse(start, Some(judge), forcing, fault));
            allowed = forcing != Enforcement::Block;
        }
        if enforcement == Enforcement::Off {
            return Ok(());
        }
        let brought = match &start.tip {
            None if start.unknown.is_some() => return Err(self.unknown_tip(branch)),
            // What is pushed to a protected branch answers for all that it adds; forced, for all that is lost, too.
            Some(tip) if policy.protected(branch) && allowed => Brought::directly(repository, tip, new)?,
            Some(tip) if policy.protected(branch) => match repository.merge_bases(tip, new)?.is_empty() {
                true => Brought::directly(repository, tip, new)?,
                false => Brought::onto(repository, tip, new)?,
            },
            tip => match self.over(policy, judge, branch, tip.as_ref(), new)? {
                Some(brought) => brought,
                None => return Ok(()),
            },
        };
        let by = judge.in_force(repository, brought.tip.as_ref(), new)?;
        let mut question = brought.select(repository, branch, new, self.stage)?;
        question.hearing = Some(self.hearing.clone());
        if let Some(default) = self.standing.beside(branch, judge)? {
            question.beside = Some(Box::new(default.in_force(repository, start.tip.as_ref(), new)?));
        }
        let beside = question.beside.is_some();
        let judgement = judged(repository, question, Some(by))?;
        if judgement.verdict() == Verdict::Block
            && !beside
            && let Some(tip) = &start.tip
            && policy.protected(branch)
            && passes_in_steps(repository, branch, self.stage, tip, new)?
        {
            return Ok(());
        }
        found.push(judgement.into());
        Ok(())
    }

    /// What a branch that is new, or that is not protected, adds to what is on protected branches.
    fn over(
        &self,
        policy: &Policy,
        judge: &GoverningPolicy,
        branch: &str,
        tip: Option<&ObjectId>,
        new: &ObjectId,
    ) -> Result<Option<Brought>, Undecided> {
        let mut tips: Vec<ObjectId> = tip.cloned().into_iter().collect();
        let protected = self.standing.protected(policy)?;
        tips.extend(protected.iter().filter(|other| tip != Some(*other)).cloned());
        if self.standing.unknown {
            tips.extend(self.standing.protected_here(policy, branch)?);
        }
        // Where nothing blocks, what is not protected is good enough to compare with.
        if !policy.protected(branch) && !tips.contains(&judge.at) && judge.at != *new {
            tips.push(judge.at.clone());
        }
        match tips.is_empty() {
            true => Brought::since_adoption(self.repository, new).map(Some),
            false => Brought::over(self.repository, &tips, new),
        }
    }

    /// Nobody has a policy but, perhaps, the change itself.
    fn unruled(&self, start: &Start<'_>, new: &ObjectId, found: &mut Vec<RefOutcome>) -> Result<(), Undecided> {
        if self.stage == Stage::PreReceive && self.standing.is_adopted()? {
            // Some branch has a policy, but HEAD names none that has: nobody here may say who judges.
            let pack = default_policy()?;
            if pack.protected(start.branch) {
                found.push(RefOutcome::Refused(no_judge(start.branch)));
                return Ok(());
            }
        }
        if self.standing.unknown {
            let pack = default_policy()?;
            let here = self.standing.protected_here(&pack, start.branch)?;
            if start.tip.is_none() && start.holds_nothing_new(self.repository, &here, new)? {
                return Ok(());
            }
        }
        let brought = match &start.tip {
            Some(tip) => Brought::onto(self.repository, tip, new)?,
            None if start.unknown.is_some() => return Err(self.unknown_tip(start.branch)),
            None => Brought::since_adoption(self.repository, new)?,
        };
        let mut question = brought.select(self.repository, start.branch, new, self.stage)?;
        question.hearing = Some(self.hearing.clone());
        found.push(judged(self.repository, question, None)?.into());
        Ok(())
    }

    fn refuse(
        &self,
        start: &Start<'_>,
        judge: Option<&GoverningPolicy>,
        enforcement: Enforcement,
        fault: RefFault,
    ) -> Option<RefOutcome> {
        start.refuse((self.stage, self.remote), judge, enforcement, fault)
    }

    fn unknown_tip(&self, branch: &str) -> Undecided {
        Diagnostic::error(
            Code::CG702,
            format!("the remote's `{}` is at a commit that is not here", sanitize(branch)),
        )
        .because("what would be new there is not known")
        .help(command!["git", "fetch", self.remote, branch])
        .into()
    }
}
