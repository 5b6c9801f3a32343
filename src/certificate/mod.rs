//! The certificate: a Markdown document with a decision on one component.
//!
//! Owns the format: reading (CommonMark, never by regex over raw text), the statuses, the SUBJECT section, rendering, and lint.
//! Knows nothing of policies, ledgers or git.

mod benchmarks;
mod builder;
mod conditions;
mod date;
mod decision;
mod due;
mod hash;
mod inert;
mod lint;
mod listed;
mod name;
mod naming;
mod outline;
mod parse;
mod render;
mod seal;
pub mod stamp;
mod status;
mod subject;
mod teach;

pub use benchmarks::{
    Benchmarks, BenchmarksField, BoundFile, DecidedRow, EvidenceSide, Figure, RowTerms, evidence_folder, evidence_of,
    parse_benchmarks, render_benchmarks,
};
pub use due::{Due, DueCheck};
pub use hash::{HashCheck, certificate_hash, check_hash};
pub use lint::{CLOCK_SKEW, LintContext, is_valid, lint};
pub use name::{fold_component, nearest, suggest};
pub use naming::names;
pub(crate) use parse::rationale;
pub use parse::{not_a_file, parse, too_large};
pub use render::{Draft, Examined, file_name, render};
pub use seal::{SealError, seal};
pub use stamp::Stamp;
pub use status::{Class, Status};
pub use subject::{SubjectError, parse_subject, render_subject};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The largest certificate that is read, in bytes; a larger one is invalid.
pub use crate::change::MAX_DOCUMENT as MAX_BYTES;
use crate::change::{Digest, Mode, RepoPath};
use crate::diagnostic::Diagnostic;

/// What a document says, read strictly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Where it is in the repository.
    pub path: RepoPath,
    /// The decision; `None` where a strict reader finds none.
    pub status: Option<Status>,
    /// The components it is on, as written, split at commas.
    pub components: Vec<String>,
    /// Who decided, as written.
    pub agent: Option<String>,
    /// When, as it claims; `None` where the Date field is missing or unreadable. It orders nothing: see the ledger's `Position`.
    #[serde(with = "date::seconds")]
    pub date: Option<Timestamp>,
    /// Its id, as written.
    pub id: Option<String>,
    /// Ids, or paths, of certificates that it supersedes.
    pub supersedes: Vec<String>,
    /// Ids of certificates that it builds upon: it is on what has changed since, and counts only with them.
    pub builds_upon: Vec<String>,
    /// What it covers, where it says so by content.
    pub subject: SubjectField,
    /// Conditions of the decision, in order.
    pub conditions: Vec<Condition>,
    /// Paths that REVIEW SCOPE, EVIDENCE and FILES EXAMINED name.
    pub named: Vec<NamedPath>,
    /// The claimed hash: what follows `Certificate Hash:`, as written; `None` where absent or empty.
    pub hash: Option<String>,
    /// True where a field still holds a placeholder of the template.
    pub placeholders: bool,
    /// What makes a stamp of it, where it does not refuse and is one. Apart from [`placeholders`](Self::placeholders).
    pub stamp: Option<Stamp>,
    /// What the field Bypass says, where there is one.
    pub bypass: Option<Bypass>,
    /// True where the decision gives a rationale.
    pub rationale: bool,
    /// What it rests on, where it says so by content.
    pub benchmarks: BenchmarksField,
    /// True where FINDINGS says something that certgate did not write.
    pub findings: bool,
}

/// The field Bypass: lets what the SUBJECT lists through once, without the approvals that are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bypass {
    /// `until DATE`: when the follow-up is due, in seconds since the epoch.
    Until(i64),
    /// Anything else, which lets nothing through.
    Unreadable,
}

impl Certificate {
    /// True where it approves by the format's own classes, whatever a policy makes of its status.
    pub fn approves(&self) -> bool {
        self.status.is_some_and(|status| status.class().approves())
    }

    /// The reading of a document of which nothing can be read.
    pub fn unread(path: RepoPath) -> Self {
        Self {
            path,
            status: None,
            components: Vec::new(),
            agent: None,
            date: None,
            id: None,
            supersedes: Vec::new(),
            builds_upon: Vec::new(),
            subject: SubjectField::Absent,
            conditions: Vec::new(),
            named: Vec::new(),
            hash: None,
            placeholders: false,
            stamp: None,
            bypass: None,
            rationale: false,
            benchmarks: BenchmarksField::Absent,
            findings: false,
        }
    }

    /// The moment that it claims: the Date field, or else the one in the file name.
    pub fn moment(&self) -> Option<Timestamp> {
        self.date.or_else(|| date::of_file_name(&self.path))
    }

    /// Whether it names another in Supersedes, by id or by path (quoted as git quotes it, where it has to be).
    pub fn names(&self, other: &Self) -> bool {
        self.supersedes
            .iter()
            .any(|name| other.id.as_ref() == Some(name) || RepoPath::unquote(name).as_ref() == Some(&other.path))
    }

    /// Whether another certificate can name it in Supersedes by its id.
    pub fn can_be_named(&self) -> bool {
        self.id.as_deref().is_some_and(parse::is_nameable)
    }

    /// Whether a certificate that is at another path says the same there: of the same moment, on the same components.
    pub fn reads_the_same(&self, elsewhere: &Self) -> bool {
        // Without a readable component it is the file name that tells which one it is on.
        let told_by_name = self.components.is_empty();
        self.moment() == elsewhere.moment()
            && self.components == elsewhere.components
            && (!told_by_name || self.path.file_name() == elsewhere.path.file_name())
    }

    /// Whether it has conditions that a gate checks later.
    pub fn is_checked_later(&self) -> bool {
        self.status == Some(Status::ConditionallyApproved) && self.conditions.iter().any(|one| one.due().is_some())
    }

    /// Whether it is on a component, by any of the component's names.
    pub fn is_on(&self, name: &str) -> bool {
        let name = fold_component(name);
        self.components
            .iter()
            .any(|component| fold_component(component) == name)
    }
}

/// The SUBJECT section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubjectField {
    /// There is none: what is covered follows from names.
    Absent,
    /// There is one that cannot be read; the certificate approves nothing.
    Unreadable,
    /// It reads.
    Present(Subject),
}

/// What a certificate covers, by content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The components, as written in the section.
    pub components: Vec<String>,
    /// The repository that it is bound to (`repository:` of its policy), where it is bound to one.
    pub repository: Option<String>,
    /// The target branches that it is bound to (names or globs); empty: any.
    pub targets: Vec<String>,
    /// Hint: the base commit, in hex, when it was written.
    pub base: Option<String>,
    /// Hint: the head commit, in hex, when it was written.
    pub head: Option<String>,
    /// The covered paths, sorted, each once.
    pub files: Vec<SubjectFile>,
}

impl Subject {
    /// What it says of a path.
    pub fn state_of(&self, path: &RepoPath) -> Option<&FileState> {
        let at = self.files.binary_search_by(|file| file.path.cmp(path)).ok()?;
        self.files.get(at).map(|file| &file.state)
    }
}

/// A covered path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectFile {
    /// The path.
    pub path: RepoPath,
    /// The certified state.
    pub state: FileState,
}

/// The state of a path: content and mode, or absence.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FileState {
    /// The path does not exist.
    Deleted,
    /// The path has this mode and content. For a submodule the digest is of the commit id in hex; for a symlink, of its target.
    Present {
        /// The mode.
        mode: Mode,
        /// SHA-256 of the content.
        digest: Digest,
    },
}

/// A condition of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// The text, as written, without its list marker or check box.
    pub text: String,
    /// True where it is a ticked task (`- [x]`).
    pub met: bool,
}

/// A path named in prose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedPath {
    /// As written, without the line suffix: relative, absolute, a directory or a glob.
    pub text: String,
    /// The lines named with it (1-based, inclusive).
    pub lines: Option<(u32, u32)>,
    /// True where it is in EVIDENCE.
    pub in_evidence: bool,
}

/// A document and everything that a reader should know about it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The reading.
    pub certificate: Certificate,
    /// Errors make the certificate invalid (§2 of the format); warnings are matters of style.
    pub findings: Vec<Diagnostic>,
    /// What else the document holds, for lint.
    pub shape: Shape,
}

/// Parts of a document that decide nothing but say whether it follows the format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The names of its level-2 sections, as a reader sees them, in order.
    pub sections: Vec<String>,
    /// The names of its heading fields, as written, in order.
    pub fields: Vec<String>,
    /// The Agent that SIGNATURE names.
    pub signature_agent: Option<String>,
}
