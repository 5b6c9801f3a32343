//! How a command that did its work ended, and the exit code for that.

use std::process::ExitCode;

use crate::verdict::Verdict;

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Pass, warn, or done.
    Done,
    /// Block, or findings.
    Blocked,
    /// Neither is proven: more has to be measured.
    Open,
    /// It would pass, but those who look for the verdict would not see it.
    Unposted,
}

impl From<Verdict> for Ending {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass | Verdict::Warn => Self::Done,
            Verdict::Block => Self::Blocked,
        }
    }
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Done => Self::SUCCESS,
            Ending::Blocked => Self::from(1),
            Ending::Open => Self::from(3),
            Ending::Unposted => Self::from(2),
        }
    }
}
