//! Updates of refs, as `pre-push`, `pre-receive` and `reference-transaction` are told of them: whose policy judges a branch, and what
//! an update brings to it.

mod push;
mod standing;
mod transaction;

pub(super) use push::{pre_push, pre_receive};
pub(super) use transaction::{is_asked, reference_transaction};

use std::io::Read as _;
use std::path::Path;

use super::selection::{self, Range, Selected, TargetBranch};
use super::{Ending, Failure, check, judge, terminal};
use crate::change::{Change, ObjectId, Snapshot};
use crate::diagnostic::{Code, Diagnostic};
use crate::git::Repository;
use crate::policy::Stage;
use crate::report::{self, Report};
use crate::verdict::Verdict;
use judge::InForce;

/// Most bytes of refs that are read from git.
const MAX_INPUT: u64 = 64 * 1024 * 1024;

fn input() -> Result<Vec<u8>, Failure> {
    refuse_no_input()?;
    let mut input = Vec::new();
    let read = std::io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut input);
    read.map_err(|error| Failure::io("read", Path::new("standard input"), &error))?;
    if input.len() as u64 > MAX_INPUT {
        return Err(Failure::usage(
            "git told more refs than can be judged at once",
            "git push REMOTE BRANCH",
        ));
    }
    Ok(input)
}

/// Refuses to judge nothing. Git hands over a pipe, which is empty where it pushes nothing; a closed standard input, `/dev/null` or a
/// terminal is what a hook gets from a program in between that keeps git's lines to itself.
fn refuse_no_input() -> Result<(), Failure> {
    let found = rustix::fs::fstat(std::io::stdin());
    let device = found
        .is_ok_and(|found| rustix::fs::FileType::from_raw_mode(found.st_mode) == rustix::fs::FileType::CharacterDevice);
    if !device {
        return Ok(());
    }
    let problem = Diagnostic::error(
        Code::CG714,
        "standard input does not come from git, which names the refs there",
    );
    Err(problem
        .because("a hook manager between git and certgate must pass it on")
        .help("git config core.hooksPath && certgate hooks   # shows what git runs")
        .into())
}

/// What an update brings to a branch.
struct Brought {
    change: Change,
    /// The commit whose ledger counts.
    tip: Option<ObjectId>,
    /// The commits whose history is on the branch already, or as good as.
    known: Vec<ObjectId>,
}

impl Brought {
    /// What a branch brings that moves forward from its tip, seen from where the two parted.
    fn onto(repository: &Repository, tip: &ObjectId, new: &ObjectId) -> Result<Self, Failure> {
        Ok(Self {
            change: repository.change_between(Some(tip), new)?,
            tip: Some(tip.clone()),
            known: vec![tip.clone()],
        })
    }

    /// What moving a branch from one commit straight to another does to it, whatever is lost on the way.
    fn directly(repository: &Repository, tip: &ObjectId, new: &ObjectId) -> Result<Self, Failure> {
        Ok(Self {
            change: repository.change_from(tip, new)?,
            tip: Some(tip.clone()),
            known: vec![tip.clone()],
        })
    }

    /// What is on none of the tips; `None` where one of them holds all of it. The first tip that the new commits grew out of is the one
    /// they are seen from; what the others hold just so came from there.
    fn over(repository: &Repository, tips: &[ObjectId], new: &ObjectId) -> Result<Option<Self>, Failure> {
        let Some(borders) = repository.borders(tips, new)? else {
            return Ok(None);
        };
        let mut grown_from = None;
        for tip in tips {
            let mut within = Vec::with_capacity(borders.len());
            for border in &borders {
                within.push(repository.is_ancestor(border, tip)?);
            }
            if within.contains(&true) {
                grown_from = Some((tip, within));
                break;
            }
        }
        let Some((tip, within)) = grown_from else {
            // It shares no history with any of them: all of it is new. The first one's ledger counts all the same.
            return Ok(Some(Self {
                change: repository.change_between(None, new)?,
                tip: tips.first().cloned(),
                known: tips.to_vec(),
            }));
        };
        let mut change = repository.change_between(Some(tip), new)?;
        for (border, _) in borders.iter().zip(within).filter(|(_, within)| !within) {
            selection::drop_what_comes_from(repository, &mut change, border)?;
        }
        if tips.len() > 1 {
            change.messages = repository.messages(tips, std::slice::from_ref(new))?;
        }
        Ok(Some(Self {
            change,
            tip: Some(tip.clone()),
            known: tips.to_vec(),
        }))
    }

    /// What came after the newest commit, along first parents, that has no policy; all of it where every commit has one.
    fn since_adoption(repository: &Repository, new: &ObjectId) -> Result<Self, Failure> {
        let mut at = new.clone();
        loop {
            let policy = repository.entry(&Snapshot::Commit(at.clone()), &selection::policy_path())?;
            if policy.is_none() {
                return Self::onto(repository, &at, new);
            }
            match repository.commit(&format!("{at}^1")) {
                Ok(parent) => at = parent,
                Err(error) if error.code() == Code::CG702 => {
                    return Ok(Self {
                        change: repository.change_between(None, new)?,
                        tip: None,
                        known: Vec::new(),
                    });
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn select(self, repository: &Repository, branch: &str, new: &ObjectId, stage: Stage) -> Result<Selected, Failure> {
        let arguments = match &self.change.base {
            Snapshot::Commit(base) => format!("--base {base} --head {new}"),
            _ => format!("--base {} --head {new}", repository.empty_tree()?),
        };
        Ok(Selected {
            change: self.change,
            tip: self.tip,
            range: Some(Range::new(self.known, new.clone())),
            target: TargetBranch::Named(branch.to_owned()),
            stage,
            arguments,
            told: None,
            policy: None,
        })
    }
}

/// A branch that was not there before, where there is nothing to compare it with: judged from where the policy starts.
pub(super) fn from_adoption_on(
    repository: &Repository,
    branch: &str,
    new: &ObjectId,
    stage: Stage,
) -> Result<Selected, Failure> {
    Brought::since_adoption(repository, new)?.select(repository, branch, new, stage)
}

/// Judges by the policy given; without one, by the one that the change brings, or else the default pack.
fn judged(repository: &Repository, selected: &Selected, by: Option<InForce>) -> Result<Report, Failure> {
    let in_force = match by {
        Some(in_force) => in_force,
        None => judge::policy_for(repository, selected)?,
    };
    judge::judge(repository, selected, in_force)
}

/// Says nothing where there is nothing to say: a hook that is not felt is a hook that stays.
pub(super) fn tell(report: &Report) -> Ending {
    let speaks = report.verdict() != Verdict::Pass || report.diagnostics.iter().any(|d| d.code() != Code::CG011);
    if speaks {
        terminal::diagnose(&report.diagnostics);
    }
    if report.verdict() != Verdict::Pass {
        terminal::prose(&report::summary(report));
    }
    check::ending(report)
}
