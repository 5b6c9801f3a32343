//! The verdict: a pure function of terms, gated files, ledger and clock.
//!
//! `decide` is the rule of decision and is in one file. It does no I/O, has no clock, and takes everything as
//! values; `laws` states what it can never do.

mod admission;
mod bypass;
mod conditions;
mod decide;
mod due;
mod finding;
mod gaps;
mod grounds;
#[cfg(test)]
mod grounds_tests;
#[cfg(test)]
mod laws;
mod outcome;
mod people;
mod plan;
#[cfg(test)]
mod plan_tests;
mod statement;
mod statements;
mod tell;
#[cfg(test)]
mod truth_tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

pub(crate) use bypass::open_bypasses;
pub(crate) use conditions::ConditionState;
pub(crate) use due::{OpenCondition, open_conditions};
pub(crate) use finding::code_of;
pub use finding::{BypassProblem, Finding, Problem};
pub(crate) use outcome::{decide, lifts, undone};
pub(crate) use plan::{Left, Plan, Review, left_by, plan};

use crate::certificate::{Class, FileState, Status};
use crate::change::{ObjectId, RepoPath};
use crate::diagnostic::Place;
use crate::evidence::bound::{Judged, Shown};
use crate::evidence::claims::Unsupported;
use crate::ledger::{Entry, Violation};
use crate::policy::{Binding, Budget, Conditional, Enforcement, EvidenceKind, GlobList, Owners, Stage, Stages};
use crate::sensitivity::{GatedMessage, Reason};
use crate::trust::Demands;

/// Everything that the decision depends on.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Where the question is asked.
    pub stage: Stage,
    /// What happens where the rules are not met.
    pub enforcement: Enforcement,
    /// The policy's terms that hold for all components.
    pub terms: Terms,
    /// What is gated, in the order of the policy.
    pub gated: Vec<ComponentCase>,
    /// The certificates of base and head that bear on it; their order does not matter.
    pub ledger: Vec<Entry>,
    /// A wrong claim of each approval, by its path, where a gated component asks for `claims`.
    pub wrong_claims: BTreeMap<RepoPath, WrongClaim>,
    /// The figures of performance that approvals of the change state and nothing in them gives, by path, where a gated component asks for
    /// benchmarks.
    pub unsupported: BTreeMap<RepoPath, Vec<Unsupported>>,
    /// What the evidence of approvals is worth.
    pub measurements: Measurements,
    /// What the change does to the evidence of certificates that must not be.
    pub evidence_faults: Vec<EvidenceFault>,
    /// The rules of the ledger that the change breaks.
    pub violations: Vec<Violation>,
    /// What the change does to the policy that no certificate makes good.
    pub policy_faults: Vec<PolicyFault>,
    /// True where the change does nothing but add valid certificates (and their signatures).
    pub only_certificates: bool,
    /// True where the change is judged by its own policy making: whatever it adds, nobody asked for anything before.
    pub adoption: bool,
    /// The clock.
    pub now: Timestamp,
}

/// What the evidence of approvals is worth, where it was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measurements {
    /// False for a question about a ledger alone: what landed was judged when it did.
    pub asked: bool,
    /// By component and certificate. What is not here has shown nothing.
    pub of: BTreeMap<(String, RepoPath), Judged>,
}

/// What a change does to the evidence of certificates that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceFault {
    /// The file.
    pub path: RepoPath,
    /// The certificate whose evidence it is, or would be.
    pub certificate: RepoPath,
    /// What is wrong.
    pub kind: EvidenceFaultKind,
}

/// What is wrong with a file of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvidenceFaultKind {
    /// A certificate of the base names it, and it has other content.
    Modified,
    /// A certificate of the base names it, and it is gone.
    Deleted,
    /// The certificate's BENCHMARKS cannot be read, so nothing beside it is evidence.
    Unreadable,
    /// It is among the evidence of a certificate and does not count as evidence, for this reason.
    Stray(String),
}

/// A claim of a certificate that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongClaim {
    /// The line of the certificate, from 1.
    pub line: u32,
    /// Its own words.
    pub said: String,
    /// Why it does not hold.
    pub why: String,
    /// Whether it is about a file rather than a figure.
    pub of_file: bool,
}

/// What a change does to the policy that no certificate makes good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyFault {
    /// `serial` does not grow.
    Rollback {
        /// The serial of the policy that judges.
        old: u64,
        /// That of the policy that the change adds, if it adds one that has one.
        new: Option<u64>,
    },
    /// Signatures are required and no signer is listed.
    NobodyCanSign,
    /// A profile that the policy names cannot be used, so nobody can tell which functions are hot.
    Profile(ProfileFault),
}

/// A profile that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileFault {
    /// Its path, or the glob of the policy; made harmless.
    pub file: String,
    /// Where the policy names it.
    pub place: Place,
    /// What is wrong.
    pub kind: ProfileFaultKind,
}

impl std::fmt::Display for ProfileFault {
    /// What is wrong, in a sentence.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = &self.file;
        match &self.kind {
            ProfileFaultKind::Unusable(why) => write!(f, "the profile {file} cannot be used: it {why}"),
            ProfileFaultKind::NoCommit { commit, .. } => {
                let commit = commit.short();
                write!(f, "the profile {file} was measured at {commit}, which is not here")
            }
        }
    }
}

/// What is wrong with a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileFaultKind {
    /// It is not there, or is not a profile that can be read, for this reason.
    Unusable(String),
    /// The commit that was measured is not here.
    NoCommit {
        /// The commit.
        commit: ObjectId,
        /// True where the clone is shallow.
        shallow: bool,
    },
}

/// Terms of the policy that hold for all components.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    /// `ledger.since`.
    pub since: Option<Timestamp>,
    /// Statuses moved to a stricter class.
    pub classes: BTreeMap<Status, Class>,
    /// Agents with `may_lift`.
    pub may_lift: BTreeSet<String>,
    /// False: an EMERGENCY_STOP stops everything.
    pub stop_is_per_component: bool,
    /// What the policy asks of signatures and of the binding to the repository.
    pub demands: Demands,
    /// `defaults.independence`.
    pub independence: bool,
    /// `stamps: allow`: approvals that say nothing count.
    pub stamps_count: bool,
    /// `policy.owners`: who may bypass.
    pub owners: Vec<String>,
    /// Where the change goes: what is bound to another branch does not count.
    pub target: Destination,
    /// Folded names (ids and aliases) of every component of the policy, to the id.
    pub names: BTreeMap<String, String>,
    /// How components are enforced that say so themselves, by id.
    pub enforce: BTreeMap<String, Stages>,
}

/// Where a change goes, as far as it matters for what is bound to a branch. That nothing protects a branch and that nobody knows which branch
/// it is are different answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Nothing says where: nothing that is bound to a branch counts.
    #[default]
    Unknown,
    /// A branch that the policy does not protect, or none, as where a commit is made on a detached HEAD or a ledger is read for itself: what
    /// is bound to any branch counts.
    Unprotected,
    /// This branch, which the policy protects: what is bound to another does not count.
    Protected(String),
}

impl Destination {
    /// Whether what is bound to these branches counts; to none: it is bound to no branch.
    pub(crate) fn admits(&self, targets: &[String]) -> bool {
        targets.is_empty()
            || match self {
                Self::Unknown => false,
                Self::Unprotected => true,
                Self::Protected(branch) => is_for(targets, branch),
            }
    }
}

/// Whether a subject that is bound to these branches counts for one.
fn is_for(targets: &[String], branch: &str) -> bool {
    targets
        .iter()
        .any(|target| target == branch || GlobList::new(&[target]).is_ok_and(|globs| globs.matches(branch.as_bytes())))
}

impl Case {
    /// What happens where the rules of a component are not met; without one, those of the ledger and of the entire change.
    pub(crate) fn enforcement_of(&self, component: Option<&str>) -> Enforcement {
        let own = component.and_then(|id| self.terms.enforce.get(id));
        own.map_or(self.enforcement, |own| own.enforcement(self.enforcement, self.stage))
    }
}

impl Terms {
    /// The class of a status under the policy: the stricter of the format's and the policy's.
    pub(crate) fn class(&self, status: Status) -> Class {
        self.classes
            .get(&status)
            .map_or(status.class(), |&class| class.max(status.class()))
    }
}

/// A gated component with its own terms.
#[derive(Clone, Debug)]
pub(crate) struct ComponentCase {
    /// The component's id.
    pub id: String,
    /// Folded names that certificates may use for it.
    pub names: BTreeSet<String>,
    /// Agents whose approval counts; empty: any.
    pub agents: Vec<String>,
    /// How many different agents must approve each file; at least 1.
    pub approvals: u32,
    /// What evidence an approval must contain.
    pub evidence: Vec<EvidenceKind>,
    /// What an approval must prove by measurements.
    pub budgets: Vec<Budget>,
    /// The principals one of whom must have signed the measurements; empty: no one has to.
    pub measured_by: Vec<String>,
    /// How certificates are bound to content.
    pub binding: Binding,
    /// How long a certificate counts under [`Binding::Component`].
    pub max_age: Duration,
    /// Whether conditional approvals count.
    pub conditional: Conditional,
    /// Whether a file counts as covered where a merge has changed it without a conflict, and what it was before is covered.
    pub clean_merge: bool,
    /// Agents one of whom must authorize, beside the reviewers; empty: no one has to.
    pub authorizers: Vec<String>,
    /// E-mail addresses of those who authored, committed or co-authored the gated files, where independence is asked for.
    pub authors: BTreeSet<String>,
    /// The gated files, sorted by path.
    pub files: Vec<GatedPath>,
    /// Messages that gate the component itself.
    pub messages: Vec<GatedMessage>,
}

impl ComponentCase {
    /// Whether an approval must contain measurements.
    pub(crate) fn asks_for_benchmarks(&self) -> bool {
        self.evidence.contains(&EvidenceKind::Benchmarks) || !self.budgets.is_empty() || !self.measured_by.is_empty()
    }
}

/// A gated file as the decision sees it.
#[derive(Clone, Debug)]
pub(crate) struct GatedPath {
    /// The path.
    pub path: RepoPath,
    /// Its state at the head. `None` where no SUBJECT of the ledger lists the path, so that its digest was not needed; it then equals
    /// no state.
    pub state: Option<FileState>,
    /// Its state at the commit that was asked about, where the result of a merge is judged and the two differ.
    pub merged_from: Option<FileState>,
    /// Why it is gated.
    pub reasons: Vec<Reason>,
    /// Specialists who must certify it too.
    pub handoff: Vec<String>,
    /// Owners of whom some must approve it too.
    pub owners: Vec<Owners>,
    /// What of it needs no approval, in words: nothing but versions that the policy lets grow. Refusals hold it all the same.
    pub bump: Option<String>,
}

/// What binds an approval to the content of a file that it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// Its SUBJECT lists that content.
    Digest,
    /// It was introduced with that content, and names the file.
    History,
    /// It is the newest statement on the component.
    Component,
    /// Its SUBJECT lists the content that a merge without a conflict has put together with what the target holds.
    CleanMerge,
}

impl Bound {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::History => "history",
            Self::Component => "component",
            Self::CleanMerge => "clean merge",
        }
    }
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing is against it.
    Pass,
    /// Something does, and the policy only warns.
    Warn,
    /// Something does.
    Block,
}

impl Verdict {
    /// The word of the JSON report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }
}

/// The outcome for one component, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Everything gated is covered.
    Approved,
    /// Something gated is not covered.
    Uncovered,
    /// The newest statement on it cannot be read.
    Invalid,
    /// A hold is in force.
    Held,
    /// A veto is in force.
    Vetoed,
    /// An emergency stop is in force.
    Stopped,
}

impl Outcome {
    /// The word of the JSON report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Uncovered => "uncovered",
            Self::Invalid => "invalid",
            Self::Held => "held",
            Self::Vetoed => "vetoed",
            Self::Stopped => "stopped",
        }
    }
}

/// The decision with its reasons.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// Per gated component, in the order of the case.
    pub components: Vec<ComponentDecision>,
    /// Every reason, in a fixed order.
    pub findings: Vec<Finding>,
}

/// The decision on one component.
#[derive(Clone, Debug)]
pub struct ComponentDecision {
    /// The component's id.
    pub id: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The gated files, sorted by path.
    pub files: Vec<FileDecision>,
    /// The messages that gate it.
    pub messages: Vec<GatedMessage>,
    /// The certificates that bear on it, newest first.
    pub certificates: Vec<CertificateDecision>,
    /// What approvals show by measurements, as indices into the case's ledger.
    pub evidence: Vec<(usize, Shown)>,
}

/// The decision on one file.
#[derive(Clone, Debug)]
pub struct FileDecision {
    /// The path.
    pub path: RepoPath,
    /// True where enough approvals cover it and no refusal is over it.
    pub covered: bool,
    /// Why it is gated.
    pub reasons: Vec<Reason>,
    /// What covers it, by which binding; the label of the certificate.
    pub by: Vec<(String, Bound)>,
    /// Why it needs no approval, in words.
    pub bump: Option<String>,
}

/// What a certificate does for a component of the case.
#[derive(Clone, Debug)]
pub struct CertificateDecision {
    /// Index into the case's ledger.
    pub entry: usize,
    /// The class under the policy; `None` for an invalid certificate.
    pub class: Option<Class>,
    /// The gated files that it covers (an approval) or refuses (a refusal).
    pub covers: Vec<RepoPath>,
    /// Why it does not count, or counts less than its author meant.
    pub problems: Vec<Problem>,
}
