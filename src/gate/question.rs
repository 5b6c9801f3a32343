//! A question to the gate: a change, where it would go, and at which stage that is asked.

use std::rc::Rc;

use jiff::Timestamp;

use super::in_force::{Committed, InForce};
use crate::change::{Change, ObjectId, Snapshot};
use crate::git::Repository;
use crate::policy::{Policy, Stage, Target};
use crate::sensitivity::{Heard, Hearing};

/// A change with everything that judging it needs to know of its place. Questions are made by [`crate::intake`].
#[derive(Debug)]
pub struct Question {
    /// What is judged.
    pub(crate) change: Change,
    /// The commit whose policy and ledger count: the target's tip, or HEAD at the commit stages.
    pub(crate) tip: Option<ObjectId>,
    /// The commits that the change is made of, where there are any.
    pub(crate) range: Option<Range>,
    /// The branch that will move.
    pub(crate) target: TargetBranch,
    /// Where the question is asked.
    pub(crate) stage: Stage,
    /// The arguments that choose the same change again.
    pub(crate) arguments: Vec<String>,
    /// Said before the verdict, where the choice was not the user's.
    pub(crate) told: Option<String>,
    /// The tip's policy, where it has been read already.
    pub(crate) policy: Option<Policy>,
    /// The commit that was asked about, where the target has commits that it lacks: then [`Change::head`] is the result of the merge.
    pub(crate) merges: Option<ObjectId>,
    /// Whose policy judges.
    pub(crate) by: By,
    /// A policy that judges beside it, and must be passed as well: the default branch's, where it protects the branch that will move.
    pub(crate) beside: Option<Box<InForce>>,
    /// What a policy's rules say of the messages, where that is known already.
    pub(crate) heard: Option<Heard>,
    /// What was heard before, where many questions have commits in common.
    pub(crate) hearing: Option<Rc<Hearing>>,
    /// Where a commit is being made: what its remedies depend on.
    pub(crate) committing: Option<Committing>,
    /// Whether a person asks, at whatever stage.
    pub(crate) waits: bool,
    /// When it was asked, where that is not now.
    pub(crate) clock: Option<Timestamp>,
}

impl Question {
    /// What was asked about: a commit, or the index. The content that is judged is that of [`Change::head`].
    pub(crate) fn head(&self) -> Snapshot {
        match &self.merges {
            Some(head) => Snapshot::Commit(head.clone()),
            None => self.change.head.clone(),
        }
    }

    /// The same, asked at another stage.
    pub fn at(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    /// Whether who asks may wait for a score that only warns: a person, CI, or a push, but no hook of a commit.
    pub(crate) fn waits(&self) -> bool {
        self.waits || matches!(self.stage, Stage::Merge | Stage::PrePush)
    }

    /// A question of a change alone: judged by the policy of the tip, where there is one.
    pub(crate) fn new(change: Change, target: TargetBranch, stage: Stage) -> Self {
        Self {
            change,
            tip: None,
            range: None,
            target,
            stage,
            arguments: Vec::new(),
            told: None,
            policy: None,
            merges: None,
            by: By::TheTip,
            beside: None,
            heard: None,
            hearing: None,
            committing: None,
            waits: false,
            clock: None,
        }
    }

    /// The same, judged by a policy that is tried out: a file, or `builtin:PACK`. The keys stay those of the repository.
    pub fn tried_by(self, policy: &str) -> Self {
        Self {
            by: By::TriedOut(policy.to_owned()),
            ..self
        }
    }

    /// What is judged.
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// What was chosen, and why, where nobody named it.
    pub fn told(&self) -> Option<&str> {
        self.told.as_deref()
    }
}

/// The making of a commit, as far as the commands matter that are advised afterwards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Committing {
    /// True where git judges an index of that commit alone, as `git commit -a` and `git commit PATH` make one: when the hook has
    /// refused, nothing is staged.
    pub(crate) own_index: bool,
    /// The arguments that choose the branch once the commit is made. Asked for only where the commit is let through with a warning.
    /// With the policy that is known of a commit, so that it is not read again.
    pub(crate) afterwards: fn(&Repository, Option<Committed<'_>>) -> Option<Vec<String>>,
}

/// Whose policy judges a question.
#[derive(Clone, Debug)]
pub(crate) enum By {
    /// The tip's; where it has none, the one that the change adds, and where that has none either, the default pack.
    TheTip,
    /// One that is tried out, by its name: a file, or `builtin:PACK`.
    TriedOut(String),
    /// One that was found elsewhere, as the default branch's judges a branch that is new.
    Another(Box<InForce>),
}

/// Commits that come in.
#[derive(Debug)]
pub(crate) struct Range {
    /// From where nothing is judged.
    pub(crate) excluded: Vec<ObjectId>,
    /// From where everything else is; only an octopus merge has more than one.
    pub(crate) heads: Vec<ObjectId>,
}

impl Range {
    /// What is reachable from `head`, and from none of `excluded`.
    pub(crate) fn new(excluded: Vec<ObjectId>, head: ObjectId) -> Self {
        Self {
            excluded,
            heads: vec![head],
        }
    }
}

/// The branch that will move, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TargetBranch {
    Named(String),
    Unknown,
    Detached,
}

impl TargetBranch {
    pub(crate) fn as_target(&self) -> Target<'_> {
        match self {
            Self::Named(name) => Target::Branch(name),
            Self::Unknown => Target::Unknown,
            Self::Detached => Target::Detached,
        }
    }

    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn moving(branch: Option<String>) -> Self {
        branch.map_or(Self::Detached, Self::Named)
    }
}
