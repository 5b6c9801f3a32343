//! Rules × change → gated files with reasons.

use crate::change::{FileChange, ObjectId, Side};

/// What the rules found, by component, in the order of the policy; components that nothing touched are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gated {
    /// The touched components.
    pub components: Vec<GatedComponent>,
}

/// A component that the change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatedComponent {
    /// The component's id in the policy.
    pub id: String,
    /// Gated files, sorted by path.
    pub files: Vec<GatedFile>,
    /// Messages that gate the component itself.
    pub messages: Vec<GatedMessage>,
}

/// A changed file that some rule of a component matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatedFile {
    /// The file.
    pub file: FileChange,
    /// Why; never empty. At most a handful per rule: the first matching lines.
    pub reasons: Vec<Reason>,
}

/// A commit message that some rule of a component matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatedMessage {
    /// The commit; `None` for one in the making.
    pub commit: Option<ObjectId>,
    /// Why.
    pub reason: Reason,
}

/// Which kind of rule matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKind {
    /// `match.paths`.
    Path,
    /// `match.content`.
    Content,
    /// `match.functions`.
    Function,
    /// `match.messages` or a word family.
    Message,
    /// A change to `.certgate/**`.
    Policy,
}

impl RuleKind {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Content => "content",
            Self::Function => "function",
            Self::Message => "message",
            Self::Policy => "policy",
        }
    }
}

/// Why something is gated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The kind of rule.
    pub rule: RuleKind,
    /// The 1-based line (of the file on `side`, or of the message), where the rule is about a line.
    pub line: Option<u32>,
    /// The side of the diff that `line` counts on.
    pub side: Option<Side>,
    /// The glob, pattern or family that matched, and what it matched; made harmless.
    pub detail: String,
}
