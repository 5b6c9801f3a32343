//! What the decision found, as data: each variant carries exactly what is needed to explain it.

use super::{EvidenceFault, PolicyFault, WrongClaim};
use crate::certificate::{Class, Stamp};
use crate::change::RepoPath;
use crate::diagnostic::Code;
use crate::evidence::bound::{Flaw, FlawKind};
use crate::ledger::Violation;
use crate::policy::Owners;
use crate::trust::Doubt;

/// A reason of the decision. `entry` is an index into the case's ledger, `unit` the id of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A rule of the ledger is broken.
    Ledger(Violation),
    /// The change does to the policy what no certificate makes good.
    Policy(PolicyFault),
    /// The change adds a certificate that cannot be read.
    InvalidAdded {
        /// The certificate.
        entry: usize,
    },
    /// The change adds a refusal on a component that the policy does not know but whose name is close to one that it does.
    RefusalAstray {
        /// The certificate.
        entry: usize,
        /// The name as written.
        name: String,
        /// The id that was probably meant.
        meant: String,
    },
    /// The change adds a certificate that is dated ahead of the clock.
    AheadOfTheClock {
        /// The certificate.
        entry: usize,
    },
    /// The change adds a certificate that is dated before enforcement began.
    BeforeEnforcement {
        /// The certificate.
        entry: usize,
    },
    /// The change adds a refusal that no certificate could name in Supersedes.
    Unnameable {
        /// The certificate.
        entry: usize,
    },
    /// An emergency stop is in force.
    Stopped {
        /// The certificate.
        entry: usize,
    },
    /// A hold or veto (or a stop that holds for its component) is over gated files.
    Refused {
        /// The component.
        unit: String,
        /// The certificate.
        entry: usize,
        /// Its class.
        class: Class,
        /// The files that it refuses; empty where only a message gates the component.
        files: Vec<RepoPath>,
    },
    /// The newest statement on a gated component cannot be read.
    NewestInvalid {
        /// The component.
        unit: String,
        /// The certificate.
        entry: usize,
    },
    /// A certificate lists files with other content than is merged, and nothing else covers them.
    Changed {
        /// The component.
        unit: String,
        /// The certificate.
        entry: usize,
        /// What it does cover.
        covered: Vec<RepoPath>,
        /// What changed since.
        changed: Vec<RepoPath>,
    },
    /// Nothing covers these files.
    Uncovered {
        /// The component.
        unit: String,
        /// The files.
        files: Vec<RepoPath>,
        /// Certificates on the component that do not count, and why.
        because: Vec<(usize, Problem)>,
    },
    /// Some approval covers these files, but too few agents do.
    TooFew {
        /// The component.
        unit: String,
        /// The files.
        files: Vec<RepoPath>,
        /// The agents whose approval counts for all of them.
        have: Vec<String>,
        /// How many are needed.
        need: u32,
    },
    /// A specialist's certificate is missing.
    Handoff {
        /// The component.
        unit: String,
        /// The specialist.
        agent: String,
        /// The files.
        files: Vec<RepoPath>,
    },
    /// The owners of these files have not approved them, or are not known.
    Unowned {
        /// The component.
        unit: String,
        /// The owners.
        owners: Owners,
        /// The files.
        files: Vec<RepoPath>,
    },
    /// Nobody who authorizes changes of this risk has approved these files beside the reviewers.
    Unauthorized {
        /// The component.
        unit: String,
        /// The files.
        files: Vec<RepoPath>,
        /// Who may authorize.
        authorizers: Vec<String>,
    },
    /// An owner's bypass lets these files through.
    Bypassed {
        /// The component.
        unit: String,
        /// The certificate.
        entry: usize,
        /// The files.
        files: Vec<RepoPath>,
    },
    /// A bypass of the base waits for its follow-up.
    BypassOpen {
        /// The certificate.
        entry: usize,
    },
    /// The follow-up of a bypass did not come in time.
    BypassOverdue {
        /// The component.
        unit: String,
        /// The certificate.
        entry: usize,
    },
    /// A condition of an approval of the base was due, and is not met.
    ConditionOverdue {
        /// The component.
        unit: String,
        /// The certificate.
        entry: usize,
        /// The conditions.
        overdue: Vec<String>,
    },
    /// Losses that were each within the budget are together beyond it.
    Creep {
        /// The component.
        unit: String,
        /// Which benchmark.
        benchmark: String,
        /// Which metric.
        metric: String,
        /// What they come to, times.
        times: String,
        /// The certificates that made it up, with what each added.
        certificates: Vec<String>,
    },
    /// A message announces a judgement that no certificate of the range holds.
    Announced {
        /// The component.
        unit: String,
    },
    /// An approval counts, and has open conditions.
    Conditions {
        /// The component.
        unit: String,
        /// The certificate.
        entry: usize,
        /// The open conditions.
        open: Vec<String>,
    },
    /// Files need no approval: nothing of them but versions has grown, as far as the policy lets them.
    Grown {
        /// The component.
        unit: String,
        /// The files, each with what grew, in words.
        files: Vec<(RepoPath, String)>,
    },
    /// The change alters the evidence of certificates.
    Evidence(EvidenceFault),
    /// The measurements of an approval have a flaw.
    Measured {
        /// The component.
        unit: String,
        /// The certificate.
        entry: usize,
        /// What is wrong.
        flaw: Box<Flaw>,
        /// Whether it keeps the approval from counting.
        counts: bool,
    },
    /// An approval states figures that neither the document nor a bound file gives.
    Unsupported {
        /// The component.
        unit: String,
        /// The certificate.
        entry: usize,
        /// The figures as printed, each with its line.
        figures: Vec<(u32, String)>,
    },
    /// A certificate that the change adds does not do what its author meant.
    Ineffective {
        /// The certificate.
        entry: usize,
        /// Why.
        problem: Problem,
    },
}

impl Finding {
    /// The component that it is about, where it is about one.
    pub fn component(&self) -> Option<&str> {
        match self {
            Self::Refused { unit, .. }
            | Self::NewestInvalid { unit, .. }
            | Self::Changed { unit, .. }
            | Self::Uncovered { unit, .. }
            | Self::TooFew { unit, .. }
            | Self::Handoff { unit, .. }
            | Self::Unowned { unit, .. }
            | Self::Unauthorized { unit, .. }
            | Self::Bypassed { unit, .. }
            | Self::BypassOverdue { unit, .. }
            | Self::ConditionOverdue { unit, .. }
            | Self::Creep { unit, .. }
            | Self::Announced { unit }
            | Self::Measured { unit, .. }
            | Self::Grown { unit, .. }
            | Self::Unsupported { unit, .. }
            | Self::Conditions { unit, .. } => Some(unit),
            Self::Ledger(_)
            | Self::Evidence(_)
            | Self::Policy(_)
            | Self::InvalidAdded { .. }
            | Self::RefusalAstray { .. }
            | Self::AheadOfTheClock { .. }
            | Self::BeforeEnforcement { .. }
            | Self::Unnameable { .. }
            | Self::Stopped { .. }
            | Self::BypassOpen { .. }
            | Self::Ineffective { .. } => None,
        }
    }

    /// True where it stops the change (as far as the policy enforces).
    pub fn blocks(&self) -> bool {
        !matches!(
            self,
            Self::Conditions { .. }
                | Self::Grown { .. }
                | Self::Creep { .. }
                | Self::Measured { .. }
                | Self::Unsupported { .. }
                | Self::Ineffective { .. }
                | Self::Bypassed { .. }
                | Self::BypassOpen { .. }
        )
    }
}

/// Why a certificate does not count, or counts less than its author meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No decision can be read.
    Invalid,
    /// It names no component.
    NoComponent,
    /// Its component is not in the policy.
    UnknownComponent(String),
    /// It names no agent.
    NoAgent,
    /// A placeholder of the template is left in.
    Placeholder,
    /// It approves and says nothing.
    Stamp(Stamp),
    /// Its date is missing or unreadable.
    Undated,
    /// It is dated ahead of the clock.
    Future,
    /// It is dated before `ledger.since`.
    History,
    /// It was changed after it was sealed.
    HashMismatch,
    /// Its SUBJECT cannot be read.
    SubjectUnreadable,
    /// It cannot be trusted.
    Doubt(Doubt),
    /// Who signed it had a hand in the change.
    NotIndependent(String),
    /// Its SUBJECT is bound to other branches.
    OtherTarget(String),
    /// It is bound to branches, and nothing says to which one the change goes.
    NoTarget(String),
    /// It is a bypass that lets nothing through.
    Bypass(BypassProblem),
    /// Another certificate supersedes it.
    Superseded(String),
    /// The same agent refused later.
    Cancelled(String),
    /// Its agent is not one that the policy asks for.
    WrongAgent(String),
    /// It approves conditionally and names no condition.
    NoConditions,
    /// Its conditions are open, and the policy does not let that count.
    ConditionsOpen,
    /// It lacks evidence that the policy requires.
    EvidenceMissing,
    /// FINDINGS says nothing, and the policy asks for findings.
    FindingsMissing,
    /// Its measurements have a flaw.
    Measured(Box<Flaw>),
    /// It makes a claim that does not hold, and the policy asks for claims that do.
    WrongClaim(WrongClaim),
    /// It has no SUBJECT, and the binding is `digest`.
    NoSubject,
    /// It has no SUBJECT and was not introduced in this range with the content that is merged, or does not name the file.
    NotCarried,
    /// Its SUBJECT does not list the file.
    NotListed,
    /// Its SUBJECT lists the file with other content.
    Changed,
    /// A newer statement on the component is not an approval.
    NotNewest,
    /// It is older than `max_age`.
    Expired,
    /// It neither approves nor refuses.
    Neutral,
    /// What it names in `Supersedes` it must not lift, or is not there.
    SupersedesNothing(String),
    /// It is on a difference alone, and what it builds upon is not in force.
    Groundless(String),
}

impl Problem {
    /// The diagnostic code under which `certgate explain` tells more.
    pub fn code(&self) -> Code {
        match self {
            Self::Invalid => Code::CG304,
            Self::Doubt(Doubt::Unsigned) => Code::CG509,
            Self::Doubt(Doubt::Signature(problem)) => problem.code(),
            Self::Doubt(Doubt::NotASpeaker { .. }) => Code::CG510,
            Self::Doubt(Doubt::OtherRepository(_) | Doubt::NoRepository) | Self::OtherTarget(_) | Self::NoTarget(_) => {
                Code::CG512
            }
            Self::NotIndependent(_) => Code::CG511,
            Self::Bypass(_) => Code::CG515,
            Self::NoComponent | Self::NoAgent => Code::CG110,
            Self::UnknownComponent(_) => Code::CG114,
            Self::Placeholder => Code::CG106,
            Self::Stamp(stamp) => stamp.code(),
            Self::Undated => Code::CG108,
            Self::Future => Code::CG107,
            Self::HashMismatch => Code::CG501,
            Self::SubjectUnreadable => Code::CG105,
            Self::Changed => Code::CG202,
            Self::NoConditions => Code::CG115,
            Self::ConditionsOpen => Code::CG207,
            Self::EvidenceMissing | Self::FindingsMissing => Code::CG601,
            Self::Measured(flaw) => code_of(flaw.kind),
            Self::WrongClaim(_) => Code::CG654,
            Self::Neutral => Code::CG208,
            Self::SupersedesNothing(_) => Code::CG404,
            Self::Groundless(_) => Code::CG663,
            Self::History
            | Self::Superseded(_)
            | Self::Cancelled(_)
            | Self::WrongAgent(_)
            | Self::NoSubject
            | Self::NotCarried
            | Self::NotListed
            | Self::NotNewest
            | Self::Expired => Code::CG203,
        }
    }
}

/// The code of a flaw.
pub(crate) fn code_of(kind: FlawKind) -> Code {
    match kind {
        FlawKind::Absent => Code::CG610,
        FlawKind::File => Code::CG611,
        FlawKind::Changed => Code::CG612,
        FlawKind::Astray => Code::CG122,
        FlawKind::Table => Code::CG613,
        FlawKind::Exceeded => Code::CG614,
        FlawKind::Unproven => Code::CG615,
        FlawKind::Other => Code::CG616,
        FlawKind::Reused => Code::CG617,
        FlawKind::NotShown => Code::CG618,
        FlawKind::Picked => Code::CG619,
        FlawKind::NotSigned => Code::CG622,
        FlawKind::Dirty => Code::CG609,
        FlawKind::Twice => Code::CG630,
        FlawKind::Lacking => Code::CG631,
        FlawKind::Conditions => Code::CG632,
        FlawKind::Debug => Code::CG633,
        FlawKind::Refused => Code::CG635,
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Invalid => f.write_str("its decision cannot be read"),
            Self::NoComponent => f.write_str("it names no Component"),
            Self::UnknownComponent(name) => write!(f, "its component `{name}` is not in the policy"),
            Self::NoAgent => f.write_str("it names no Agent"),
            Self::Placeholder => f.write_str("a placeholder of the template is left in"),
            Self::Stamp(stamp) => write!(f, "it is a stamp: {stamp}"),
            Self::Undated => f.write_str("its Date is missing or unreadable"),
            Self::Future => f.write_str("it is dated in the future"),
            Self::History => f.write_str("it is dated before `ledger.since`"),
            Self::HashMismatch => f.write_str("it was changed after it was sealed: its hash does not match"),
            Self::SubjectUnreadable => f.write_str("its SUBJECT cannot be read"),
            Self::Doubt(Doubt::Unsigned) => f.write_str("it is not signed, and the policy asks for signatures"),
            Self::Doubt(Doubt::Signature(problem)) => write!(f, "its signature does not count: {problem}"),
            Self::Doubt(Doubt::NotASpeaker { agent, principals }) => {
                write!(f, "it is signed by {}, who is not allowed to speak for `{agent}`", principals.join(", "))
            }
            Self::Doubt(Doubt::OtherRepository(name)) => write!(f, "it is bound to another repository, `{name}`"),
            Self::Doubt(Doubt::NoRepository) => f.write_str("its SUBJECT is bound to no repository"),
            Self::NotIndependent(who) => write!(f, "`{who}` signed it and had a hand in the change"),
            Self::OtherTarget(targets) => write!(f, "it is bound to other branches: {targets}"),
            Self::NoTarget(targets) => write!(
                f,
                "it is bound to `{targets}`, and nothing says to which branch the change goes"
            ),
            Self::Bypass(problem) => write!(f, "as a bypass it lets nothing through: {problem}"),
            Self::Superseded(by) => write!(f, "`{by}` supersedes it"),
            Self::Cancelled(by) => write!(f, "the same agent refused later, in `{by}`"),
            Self::WrongAgent(agent) => write!(f, "the policy does not ask for certificates of `{agent}`"),
            Self::NoConditions => f.write_str("it approves conditionally and names no condition"),
            Self::ConditionsOpen => f.write_str("its conditions are open"),
            Self::EvidenceMissing => f.write_str("its EVIDENCE names no covered file with line numbers"),
            Self::FindingsMissing => f.write_str("its FINDINGS say nothing"),
            Self::Measured(flaw) => write!(f, "{flaw}"),
            Self::WrongClaim(claim) => {
                let verb = if claim.of_file { "does not hold" } else { "does not follow from its figures" };
                write!(f, "line {}: `{}` {verb}: {}", claim.line, claim.said, claim.why)
            }
            Self::NoSubject => f.write_str("it has no SUBJECT, which binding `digest` asks for"),
            Self::NotCarried => f.write_str(
                "it has no SUBJECT, and it was not introduced by this change naming the file with the content that is merged",
            ),
            Self::NotListed => f.write_str("its SUBJECT does not list the file"),
            Self::Changed => f.write_str("the file changed after it was certified"),
            Self::NotNewest => f.write_str("a newer certificate on the component does not approve"),
            Self::Expired => f.write_str("it is older than `max_age`"),
            Self::Neutral => f.write_str("it is advisory only"),
            Self::Groundless(id) => write!(
                f,
                "it builds upon `{id}`, which is not an approval of its agent that is in force and lists its files"
            ),
            Self::SupersedesNothing(id) => {
                write!(f, "it supersedes `{id}`, which is not an older certificate on its component that its agent is allowed to lift")
            }
        }
    }
}

/// Why a bypass lets nothing through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BypassProblem {
    /// The field cannot be read.
    Unreadable,
    /// Its status says something else.
    Status,
    /// Its agent is no owner of the policy.
    NotAnOwner,
    /// It is not signed by a principal of its agent.
    Unsigned,
    /// It has no id, so that no follow-up could name it.
    NoId,
    /// It gives no reason.
    NoRationale,
    /// It lists no content.
    NoSubject,
    /// Its SUBJECT is not bound to the branch that the change goes to.
    Target,
    /// The date of its follow-up has passed.
    Expired,
    /// It promises its follow-up too late.
    TooLong,
}

impl std::fmt::Display for BypassProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "its field Bypass does not read `until YYYY-MM-DD HH:MM:SS UTC`",
            Self::Status => "its status is not ADVISORY_ONLY",
            Self::NotAnOwner => "its agent is not one of `policy.owners`",
            Self::Unsigned => "it is not signed by a principal of its agent",
            Self::NoId => "it has no Certificate ID",
            Self::NoRationale => "it gives no Rationale",
            Self::NoSubject => "it lists no content in a SUBJECT",
            Self::Target => "its SUBJECT is not bound to the branch that the change goes to",
            Self::Expired => "the date of its follow-up has passed",
            Self::TooLong => "its follow-up is more than 30 days after its date",
        })
    }
}
