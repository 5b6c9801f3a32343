//! Where an update of a branch starts, and what is said of one that is deleted or forced, or that nobody may judge.

use super::outcome::RefOutcome;
use super::standing::{GoverningPolicy, HEADS};
use crate::change::ObjectId;
use crate::diagnostic::{Code, Diagnostic, Level, Placeholder, Word, command, sanitize};
use crate::gate::Undecided;
use crate::git::Repository;
use crate::policy::{Enforcement, Stage, Target};

/// Where an update of a branch starts.
pub(super) struct Start<'u> {
    pub(super) branch: &'u str,
    /// The tip, where it is here.
    pub(super) tip: Option<ObjectId>,
    /// The tip that the branch has and that is not here, so that what is pushed cannot descend from it.
    pub(super) unknown: Option<&'u ObjectId>,
    /// True where the branch does not move: what is pushed asks for a review.
    pub(super) review: bool,
}

impl Start<'_> {
    /// True where one of these commits holds all of what would be pushed.
    pub(super) fn holds_nothing_new(
        &self,
        repository: &Repository,
        known: &[ObjectId],
        new: &ObjectId,
    ) -> Result<bool, Undecided> {
        for at in known {
            if repository.is_ancestor(new, at)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What happens to a branch besides getting new content.
#[derive(Clone, Copy)]
pub(super) enum RefFault {
    Deleted,
    Forced,
    /// It descends from what was seen last, but the remote has something newer.
    Behind,
}

impl Start<'_> {
    /// Tells that a branch is deleted or forced that should not be.
    pub(super) fn refuse(
        &self,
        (stage, remote): (Stage, &str),
        judge: Option<&GoverningPolicy>,
        enforcement: Enforcement,
        fault: RefFault,
    ) -> Option<RefOutcome> {
        let at_stage = judge.map_or(Enforcement::Block, |judge| {
            judge.policy.enforcement(Target::Branch(self.branch), stage)
        });
        // Before a push it is an early warning, no stricter than the stage is.
        let enforcement = match stage {
            Stage::PrePush => enforcement.min(at_stage),
            _ => enforcement,
        };
        let level = match enforcement {
            Enforcement::Off => return None,
            Enforcement::Warn => Level::Warning,
            Enforcement::Block => Level::Error,
        };
        let branch = sanitize(self.branch);
        let (code, key, what) = match fault {
            RefFault::Deleted => (
                Code::CG715,
                "delete",
                format!("the protected branch `{branch}` would be deleted"),
            ),
            RefFault::Forced => (
                Code::CG716,
                "force",
                format!("the protected branch `{branch}` would be forced back or aside"),
            ),
            RefFault::Behind => (
                Code::CG729,
                "force",
                format!("the protected branch `{branch}` has moved on since it was last fetched"),
            ),
        };
        let mut told = Diagnostic::new(level, code, what);
        if let (RefFault::Forced, Some(tip)) = (fault, &self.tip) {
            let lost = format!("what is pushed does not descend from its tip {}", tip.short());
            told = told.because(lost);
        }
        if let (RefFault::Behind, Some(old)) = (fault, self.unknown) {
            told = told.because(format!(
                "it is at {} there, which is not here, so what is pushed does not contain it",
                old.short()
            ));
        }
        let by = judge.map_or_else(
            || "the default pack".to_owned(),
            |judge| format!("the policy of {}", judge.at.short()),
        );
        told = told.because(format!(
            "by {by}; `{key}: off` in the entry of `enforce:` that matches the branch allows it"
        ));
        let fetch = command!["git", "fetch", remote, self.branch];
        told = told.help(match fault {
            RefFault::Deleted => fetch.why("it stays as it is; leave it out of the push"),
            RefFault::Forced | RefFault::Behind => command!["git", "rebase", "FETCH_HEAD"].after(fetch),
        });
        Some(match enforcement {
            Enforcement::Block => RefOutcome::Refused(told),
            Enforcement::Off | Enforcement::Warn => RefOutcome::Warned(told),
        })
    }
}

/// There are policies, and HEAD leads to none of them.
pub(super) fn no_judge(branch: &str) -> Diagnostic {
    let branch = sanitize(branch);
    Diagnostic::error(Code::CG737, format!("nothing says whose policy judges `{branch}`"))
        .because(
            "HEAD of this repository names no branch that has a policy, and other branches anybody who pushes may make",
        )
        .because("whoever runs the repository names the default branch, in it:")
        .help(
            command![
                "git",
                "symbolic-ref",
                "HEAD",
                Word::from(HEADS).and(Placeholder::Branch)
            ]
            .why("the branch whose policy judges"),
        )
}
