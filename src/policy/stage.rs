//! Stages and targets: where the question is asked, and of which branch.

use std::fmt;

/// Where the question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The hook of that name.
    PreCommit,
    /// The hook of that name.
    CommitMsg,
    /// The hook of that name.
    PreMergeCommit,
    /// The hook of that name.
    PrePush,
    /// The hook of that name.
    ReferenceTransaction,
    /// The hook of that name, on the server.
    PreReceive,
    /// In CI, before a merge.
    Merge,
}

impl Stage {
    /// Every stage, from the first commit to the merge.
    pub const ALL: [Self; 7] = [
        Self::PreCommit,
        Self::CommitMsg,
        Self::PreMergeCommit,
        Self::PrePush,
        Self::ReferenceTransaction,
        Self::PreReceive,
        Self::Merge,
    ];

    /// The word, as git names the hook.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::CommitMsg => "commit-msg",
            Self::PreMergeCommit => "pre-merge-commit",
            Self::PrePush => "pre-push",
            Self::ReferenceTransaction => "reference-transaction",
            Self::PreReceive => "pre-receive",
            Self::Merge => "merge",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The branch that a change goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A branch, without `refs/heads/`.
    Branch(&'a str),
    /// Nobody said.
    Unknown,
    /// None: HEAD is detached.
    Detached,
}
