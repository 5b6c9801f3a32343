//! What the gate answers: the verdict, what it rests on, and everything to say about it.

use std::collections::BTreeMap;

use super::hunks::Hunk;
use super::measured::Measured;
use crate::change::{FileChange, RepoPath};
use crate::diagnostic::Diagnostic;
use crate::ledger::Entry;
use crate::policy::{Enforcement, Stage};
use crate::sensitivity::score::ChangeScore;
use crate::sensitivity::{Flag, Silenced};
use crate::verdict::{Decision, Verdict};

/// A judged change, ready to be reported.
#[derive(Debug)]
pub struct Judgement {
    /// Where the question was asked.
    pub stage: Stage,
    /// What the policy does at this stage on the target.
    pub enforcement: Enforcement,
    /// The branch that will move, where known.
    pub target: Option<String>,
    /// What the content was compared with: a commit id; `None` for nothing.
    pub base: Option<String>,
    /// What is merged: a commit id, or `index`.
    pub head: String,
    /// Where the policy is from.
    pub policy: String,
    /// How many files and commits were looked at.
    pub scope: Scope,
    /// The decision.
    pub decision: Decision,
    /// What the policy asks of each gated component, by its id.
    pub asked: BTreeMap<String, Asked>,
    /// The ledger that the decision's indices point into.
    pub ledger: Vec<Entry>,
    /// How likely the change is to matter for performance, where that was asked for.
    pub sensitivity: Option<ChangeScore>,
    /// What the score flags, where the policy has it do so; the highest first.
    pub(crate) flagged: Vec<Flag>,
    /// Matches that do not count, as the score is too low for their rules.
    pub(crate) silenced: Vec<Silenced>,
    /// Everything to tell, most grave first.
    pub diagnostics: Vec<Diagnostic>,
    /// The changed files that the decision is about; the first of many.
    pub(crate) gated: Vec<FileChange>,
    /// The hunks of gated files, where they were asked for; `None` for what cannot be shown as lines, or is too much to show.
    pub(crate) hunks: BTreeMap<RepoPath, Option<Vec<Hunk>>>,
    /// All certificates that have landed, where they were asked for; [`Self::ledger`] has those that bear on the decision.
    pub(crate) landed: Vec<Entry>,
    /// What was measured, where that was asked for.
    pub(crate) measured: Measured,
}

impl Judgement {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        self.decision.verdict
    }
}

/// What the policy asks of a change to a component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Agents whose approval counts; empty: any.
    pub agents: Vec<String>,
    /// How many different agents must approve each file.
    pub approvals: u32,
    /// Agents one of whom must authorize, beside the reviewers; empty: none.
    pub authorizers: Vec<String>,
    /// What it is called.
    pub title: Option<String>,
    /// How much is at stake: `low`, `medium` or `high`.
    pub risk: &'static str,
    /// What evidence an approval must give, as the policy names it.
    pub evidence: Vec<&'static str>,
    /// Whether an approval must be signed: `off`, `optional` or `required`.
    pub signatures: &'static str,
    /// Where independence is asked for: the addresses of those who had a hand in the change, and must not approve it.
    pub not_by: Vec<String>,
    /// Agents who may lift another's refusal.
    pub may_lift: Vec<String>,
    /// Specialists who must certify a file, too.
    pub handoff: BTreeMap<RepoPath, Vec<String>>,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Changed files.
    pub files: usize,
    /// Commit messages.
    pub messages: usize,
}
