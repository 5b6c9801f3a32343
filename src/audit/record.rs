//! What an audit says of one repository, as data: `certgate/audit/v1` (`docs/schema/audit-v1.json`).
//!
//! Everything in it has been made harmless.

use serde::Serialize;

/// The name of the schema.
pub(crate) const AUDIT_SCHEMA: &str = "certgate/audit/v1";

/// One repository.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AuditRecord {
    pub(crate) schema: &'static str,
    /// The path as it was given, quoted as git quotes where it has to be.
    pub(crate) repository: String,
    /// The version that wrote the record.
    pub(crate) certgate: &'static str,
    pub(crate) asked: Stretched,
    pub(crate) outcome: Completeness,
    /// A digest of all refs; `None` where they could not be read.
    pub(crate) heads: Option<String>,
    pub(crate) bare: Option<bool>,
    pub(crate) shallow: Option<bool>,
    /// The policy in force; `None` where there is none, or where it cannot be read: then there is an error.
    pub(crate) policy: Option<PolicyFound>,
    pub(crate) hooks: Vec<HookFound>,
    pub(crate) ci: Vec<CiFile>,
    pub(crate) branches: Vec<BranchFound>,
    /// How many certificates the ledger has.
    pub(crate) certificates: Option<usize>,
    pub(crate) refusals: Vec<StatementFound>,
    /// Certificates that nobody can read and that are the newest statement on a component.
    pub(crate) unreadable: Vec<StatementFound>,
    pub(crate) conditions: Vec<ConditionDue>,
    pub(crate) bypasses: Vec<BypassDue>,
    pub(crate) evidence: Vec<TrendFound>,
    pub(crate) signers: Option<SignersFound>,
    pub(crate) problems: Vec<ProblemFound>,
    pub(crate) errors: Vec<FaultFound>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<Took>,
}

/// How far back landings were judged, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Stretched {
    pub(crate) since: Option<String>,
    pub(crate) last: Option<usize>,
}

/// How much of a repository could be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Completeness {
    /// All of it.
    Complete,
    /// Some of it: `errors` says what is missing.
    Partial,
    /// Nothing.
    Failed,
}

/// The policy that judges what is merged into the default branch.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PolicyFound {
    /// The ref whose commit holds it.
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    pub(crate) commit: String,
    pub(crate) serial: Option<u64>,
    /// SHA-256 of the file and of the packs that it extends.
    pub(crate) digest: String,
    /// SHA-256 of the file.
    pub(crate) file: String,
    pub(crate) signatures: &'static str,
    pub(crate) components: usize,
    /// The branches that are protected, as the policy writes them.
    pub(crate) protects: Vec<String>,
    pub(crate) imports: Vec<ImportFound>,
}

/// A policy of another repository that is taken in.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ImportFound {
    pub(crate) git: String,
    pub(crate) rev: String,
    pub(crate) path: String,
    pub(crate) sha256: String,
}

/// A hook by which a change comes in.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct HookFound {
    pub(crate) hook: &'static str,
    /// True where certgate runs there.
    pub(crate) watched: bool,
    pub(crate) says: String,
}

/// A file of a CI system.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CiFile {
    pub(crate) path: String,
    pub(crate) names_certgate: bool,
}

/// A protected branch.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BranchFound {
    pub(crate) branch: String,
    pub(crate) refs: Vec<RefFound>,
    /// Landings that were judged.
    pub(crate) judged: usize,
    /// Landings at which no policy was in force.
    pub(crate) ungoverned: usize,
    /// Landings about which the policy of their time only warned.
    pub(crate) warned: usize,
    /// Landings that were covered by what a later one added.
    pub(crate) covered_later: usize,
    /// False where there are older landings that were not asked about.
    pub(crate) complete: bool,
    /// Landings that the policy of their time would have blocked.
    pub(crate) uncovered: Vec<LandingFound>,
    pub(crate) undecided: Vec<UndecidedFound>,
}

/// A ref that holds a branch.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RefFound {
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    pub(crate) commit: String,
}

/// A commit of a protected branch that the gate would have blocked.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LandingFound {
    pub(crate) commit: String,
    pub(crate) parent: Option<String>,
    /// When, as its committer claims.
    pub(crate) date: Option<String>,
    pub(crate) subject: String,
    pub(crate) components: Vec<LandedComponent>,
    /// The codes of what blocks.
    pub(crate) codes: Vec<&'static str>,
}

/// A component that a landing touches without being let in.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LandedComponent {
    pub(crate) id: String,
    pub(crate) outcome: &'static str,
    pub(crate) files: Vec<LandedFile>,
    /// How many more files there are.
    pub(crate) more: usize,
}

/// A gated file that nothing covers.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LandedFile {
    pub(crate) path: String,
    /// True where the tip of the branch has it as it landed.
    pub(crate) still: bool,
}

/// A landing that could not be judged.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct UndecidedFound {
    pub(crate) commit: String,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// A certificate, in short.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StatementFound {
    pub(crate) certificate: String,
    pub(crate) path: String,
    pub(crate) components: Vec<String>,
    pub(crate) agent: Option<String>,
    pub(crate) status: Option<&'static str>,
    /// `hold`, `veto`, `stop`, or `invalid`.
    pub(crate) class: &'static str,
    pub(crate) date: Option<String>,
}

/// An open condition of an approval.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ConditionDue {
    pub(crate) certificate: String,
    pub(crate) path: String,
    pub(crate) condition: String,
    /// The last day, where the condition names one that is checked.
    pub(crate) by: Option<String>,
    pub(crate) overdue: bool,
}

/// A bypass that waits for its follow-up.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BypassDue {
    pub(crate) certificate: String,
    pub(crate) path: String,
    pub(crate) agent: Option<String>,
    /// When the follow-up is due.
    pub(crate) until: Option<String>,
    pub(crate) overdue: bool,
}

/// What became of a metric over the ledger.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TrendFound {
    pub(crate) component: String,
    pub(crate) benchmark: String,
    pub(crate) metric: String,
    pub(crate) unit: String,
    pub(crate) points: usize,
    pub(crate) first: f64,
    pub(crate) last: f64,
    /// How often its level changed.
    pub(crate) changes: usize,
    /// The last change of the level, as a ratio minus one.
    pub(crate) step: Option<f64>,
}

/// Who may sign, and who did.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SignersFound {
    pub(crate) principals: Vec<String>,
    pub(crate) signed: usize,
    pub(crate) unsigned: usize,
    /// Signatures that do not count.
    pub(crate) invalid: usize,
}

/// Something that keeps the gate from running, or from counting.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ProblemFound {
    pub(crate) check: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// What could not be looked at.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FaultFound {
    /// Which part of the record is missing.
    pub(crate) part: &'static str,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

/// When the record was made, and how long that took.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Took {
    pub(crate) at: String,
    pub(crate) seconds: f64,
}

impl AuditRecord {
    /// A record that says nothing yet.
    pub(crate) fn of(repository: String, asked: Stretched) -> Self {
        Self {
            schema: AUDIT_SCHEMA,
            repository,
            certgate: env!("CARGO_PKG_VERSION"),
            asked,
            outcome: Completeness::Failed,
            heads: None,
            bare: None,
            shallow: None,
            policy: None,
            hooks: Vec::new(),
            ci: Vec::new(),
            branches: Vec::new(),
            certificates: None,
            refusals: Vec::new(),
            unreadable: Vec::new(),
            conditions: Vec::new(),
            bypasses: Vec::new(),
            evidence: Vec::new(),
            signers: None,
            problems: Vec::new(),
            errors: Vec::new(),
            time: None,
        }
    }

    /// Landings that the gate would have blocked.
    pub(crate) fn uncovered(&self) -> usize {
        self.branches.iter().map(|branch| branch.uncovered.len()).sum()
    }

    /// Emergency stops in force.
    pub(crate) fn stops(&self) -> usize {
        self.refusals.iter().filter(|refusal| refusal.class == "stop").count()
    }

    /// Conditions and bypasses whose day has passed.
    pub(crate) fn overdue(&self) -> usize {
        let conditions = self.conditions.iter().filter(|due| due.overdue).count();
        conditions + self.bypasses.iter().filter(|due| due.overdue).count()
    }

    /// Conditions and bypasses that wait.
    pub(crate) fn due(&self) -> usize {
        self.conditions.len() + self.bypasses.len()
    }

    /// True where a hook at which certgate belongs does not run it, and CI does not either.
    pub(crate) fn unwatched(&self) -> bool {
        let ci = self.ci.iter().any(|file| file.names_certgate);
        !ci && self.hooks.iter().any(|hook| !hook.watched)
    }
}
