//! What an update adds to a branch, and how that is asked.

use crate::change::{Change, ObjectId, Snapshot};
use crate::gate::governing::policy_path;
use crate::gate::{By, InForce, Judgement, Question, Range, TargetBranch, Undecided, judge};
use crate::git::Repository;
use crate::intake::branches::drop_what_comes_from;
use crate::policy::{POLICY_DIRECTORY, Stage};
use crate::verdict::Verdict;

/// What an update adds to a branch.
pub(crate) struct Brought {
    pub(crate) change: Change,
    /// The commit whose ledger counts.
    pub(crate) tip: Option<ObjectId>,
    /// The commits whose history is on the branch already, or as good as.
    pub(crate) known: Vec<ObjectId>,
}

impl Brought {
    /// What a branch adds that moves forward from its tip, seen from where the two parted.
    pub(crate) fn onto(repository: &Repository, tip: &ObjectId, new: &ObjectId) -> Result<Self, Undecided> {
        Ok(Self {
            change: repository.change_between(Some(tip), new)?,
            tip: Some(tip.clone()),
            known: vec![tip.clone()],
        })
    }

    /// What moving a branch from one commit straight to another does to it, whatever is lost on the way.
    pub(crate) fn directly(repository: &Repository, tip: &ObjectId, new: &ObjectId) -> Result<Self, Undecided> {
        Ok(Self {
            change: repository.change_from(tip, new)?,
            tip: Some(tip.clone()),
            known: vec![tip.clone()],
        })
    }

    /// What is on none of the tips; `None` where one of them holds all of it. The first tip that the new commits grew out of is the one
    /// they are seen from; what the others hold exactly as they are came from there.
    pub(crate) fn over(repository: &Repository, tips: &[ObjectId], new: &ObjectId) -> Result<Option<Self>, Undecided> {
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
        let mut change = repository.change_over(tip, tips, new)?;
        for (border, _) in borders.iter().zip(within).filter(|(_, within)| !within) {
            drop_what_comes_from(repository, &mut change, border)?;
        }
        Ok(Some(Self {
            change,
            tip: Some(tip.clone()),
            known: tips.to_vec(),
        }))
    }

    /// What came after the newest commit, along first parents, that has no policy; all of it where every commit has one.
    pub(crate) fn since_adoption(repository: &Repository, new: &ObjectId) -> Result<Self, Undecided> {
        let mut at = new.clone();
        loop {
            let policy = repository.entry(&Snapshot::Commit(at.clone()), &policy_path())?;
            if policy.is_none() {
                return Self::onto(repository, &at, new);
            }
            // Where a shallow clone ends, all of it is asked for, which says that it is not here.
            let parent = repository.parents(&at)?.into_iter().next();
            let Some(parent) = parent.filter(|parent| repository.has_commit(parent)) else {
                return Ok(Self {
                    change: repository.change_between(None, new)?,
                    tip: None,
                    known: Vec::new(),
                });
            };
            at = parent;
        }
    }

    pub(crate) fn select(
        self,
        repository: &Repository,
        branch: &str,
        new: &ObjectId,
        stage: Stage,
    ) -> Result<Question, Undecided> {
        let base = match &self.change.base {
            Snapshot::Commit(base) => base.clone(),
            _ => repository.empty_tree()?,
        };
        let arguments = vec![
            "--base".to_owned(),
            base.to_string(),
            "--head".to_owned(),
            new.to_string(),
        ];
        Ok(Question {
            tip: self.tip,
            range: Some(Range::new(self.known, new.clone())),
            arguments,
            ..Question::new(self.change, TargetBranch::Named(branch.to_owned()), stage)
        })
    }
}

/// A branch that was not there before, where there is nothing to compare it with: judged from where the policy starts.
pub(crate) fn from_adoption_on(
    repository: &Repository,
    branch: &str,
    new: &ObjectId,
    stage: Stage,
) -> Result<Question, Undecided> {
    Brought::since_adoption(repository, new)?.select(repository, branch, new, stage)
}

/// Judges by the policy given; without one, by the one that the change adds, or else the default pack.
pub(crate) fn judged(repository: &Repository, question: Question, by: Option<InForce>) -> Result<Judgement, Undecided> {
    let by = by.map_or(By::TheTip, |by| By::Another(Box::new(by)));
    judge(repository, &Question { by, ..question })
}

/// The commits along first parents at which another policy or other keys begin to judge, oldest first, and `new`. Nothing where one policy
/// judges all of it, or where `old` is not behind `new` on that line.
fn steps(repository: &Repository, old: &ObjectId, new: &ObjectId) -> Result<Vec<ObjectId>, Undecided> {
    let judging = |commit: &ObjectId| repository.subtree_id(commit, POLICY_DIRECTORY.as_bytes());
    let mut found = vec![new.clone()];
    let mut at = new.clone();
    let mut here = judging(&at)?;
    while at != *old {
        let Some(parent) = repository.parents(&at)?.into_iter().next() else {
            return Ok(Vec::new());
        };
        if !repository.has_commit(&parent) {
            return Ok(Vec::new());
        }
        let before = judging(&parent)?;
        if before != here && at != *new {
            found.push(at);
        }
        (at, here) = (parent, before);
    }
    found.reverse();
    Ok(if found.len() > 1 { found } else { Vec::new() })
}

/// True where what moves a branch forward passes step by step, each step judged by the policy that the one before left: as if it had been
/// pushed in that many pushes, which anybody may do. That is how the gate has let it in where it comes from.
pub(crate) fn passes_in_steps(
    repository: &Repository,
    branch: &str,
    stage: Stage,
    old: &ObjectId,
    new: &ObjectId,
) -> Result<bool, Undecided> {
    let mut from = old.clone();
    let steps = steps(repository, old, new)?;
    for to in &steps {
        let question = Brought::onto(repository, &from, to)?.select(repository, branch, to, stage)?;
        if judged(repository, question, None)?.verdict() == Verdict::Block {
            return Ok(false);
        }
        from = to.clone();
    }
    Ok(!steps.is_empty())
}
