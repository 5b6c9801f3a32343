//! The eleven statuses and what each does to the change it covers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A decision, in the words of the certificate format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// The change may be merged.
    Approved,
    /// The same, in the words of a release review.
    Go,
    /// The same, in the words of an adviser whose advice counts.
    Recommend,
    /// The change may be merged; its conditions are tracked.
    ConditionallyApproved,
    /// Neither approves nor refuses.
    AdvisoryOnly,
    /// Something must be fixed first.
    RequiresRemediation,
    /// Advised against.
    DoNotRecommend,
    /// Not enough is known.
    NeedsFurtherReview,
    /// Refused.
    Rejected,
    /// Refused, in the words of a release review.
    NoGo,
    /// Everything stops.
    EmergencyStop,
}

impl Status {
    /// All eleven, from mildest to strictest class.
    pub const ALL: [Self; 11] = [
        Self::Approved,
        Self::Go,
        Self::Recommend,
        Self::ConditionallyApproved,
        Self::AdvisoryOnly,
        Self::RequiresRemediation,
        Self::DoNotRecommend,
        Self::NeedsFurtherReview,
        Self::Rejected,
        Self::NoGo,
        Self::EmergencyStop,
    ];

    /// The word, byte for byte as it must be written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "APPROVED",
            Self::Go => "GO",
            Self::Recommend => "RECOMMEND",
            Self::ConditionallyApproved => "CONDITIONALLY_APPROVED",
            Self::AdvisoryOnly => "ADVISORY_ONLY",
            Self::RequiresRemediation => "REQUIRES_REMEDIATION",
            Self::DoNotRecommend => "DO_NOT_RECOMMEND",
            Self::NeedsFurtherReview => "NEEDS_FURTHER_REVIEW",
            Self::Rejected => "REJECTED",
            Self::NoGo => "NO_GO",
            Self::EmergencyStop => "EMERGENCY_STOP",
        }
    }

    /// Reads exactly one of the eleven words; nothing else, not even in another case.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// The class that the format gives it; a policy may only make it stricter.
    pub fn class(self) -> Class {
        match self {
            Self::Approved | Self::Go | Self::Recommend => Class::Approve,
            Self::ConditionallyApproved => Class::Conditional,
            Self::AdvisoryOnly => Class::Neutral,
            Self::RequiresRemediation | Self::DoNotRecommend | Self::NeedsFurtherReview => Class::Hold,
            Self::Rejected | Self::NoGo => Class::Veto,
            Self::EmergencyStop => Class::Stop,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a decision does, ordered from mildest to strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Counts as an approval.
    Approve,
    /// Counts as an approval whose open conditions are tracked.
    Conditional,
    /// Neither approves nor refuses.
    Neutral,
    /// Refuses, and cancels the agent's earlier approvals.
    Hold,
    /// Refuses; no other agent's approval outweighs it.
    Veto,
    /// Stops every change to a protected branch.
    Stop,
}

impl Class {
    /// True for [`Class::Approve`] and [`Class::Conditional`].
    pub fn approves(self) -> bool {
        matches!(self, Self::Approve | Self::Conditional)
    }

    /// True for [`Class::Hold`], [`Class::Veto`] and [`Class::Stop`].
    pub fn refuses(self) -> bool {
        matches!(self, Self::Hold | Self::Veto | Self::Stop)
    }

    /// The word used in policies and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Conditional => "conditional",
            Self::Neutral => "neutral",
            Self::Hold => "hold",
            Self::Veto => "veto",
            Self::Stop => "stop",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Takes off one surrounding pair of `**`, `` ` `` or `_`.
pub(super) fn without_marks(value: &str) -> &str {
    ["**", "`", "_"]
        .iter()
        .find_map(|mark| value.strip_prefix(mark)?.strip_suffix(mark))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_nothing_else_does() {
        for status in Status::ALL {
            assert_eq!(Status::from_word(status.as_str()), Some(status));
            assert_eq!(serde_json::to_string(&status).ok(), Some(format!("\"{status}\"")));
        }
        for word in [
            "Approved",
            "NO-GO",
            "NOT APPROVED",
            "",
            "APPROVED ",
            "\u{410}PPROVED",
            "GO\u{200b}",
        ] {
            assert_eq!(Status::from_word(word), None, "{word:?}");
        }
    }
}
