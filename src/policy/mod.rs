//! The policy: what is performance-sensitive, who must certify it, how strictly.
//!
//! Raw YAML becomes a validated [`Policy`] in one step; globs, regular expressions and enums compile while parsing, so every error has
//! a place. Packs (`policies/`, embedded) are policies too, reached by `extends:`.

mod budgets;
mod bumps;
mod codeowners;
mod dials;
mod enforcing;
mod extends;
mod families;
mod glob;
mod hidden;
mod idle;
mod imports;
mod inherit;
mod limits;
mod meetable;
mod names;
mod owners;
mod packages;
mod packs;
mod parse;
mod pattern;
mod profiles;
mod raw;
mod rules;
mod sensitivity;
mod settings;
mod shapes;
mod source;
mod stage;
mod text;
mod twin;
mod validate;
mod validate_rules;
mod words;

pub use budgets::{Budget, Inconclusive, Named};
pub use bumps::{BumpSize, TrustedBump};
pub use codeowners::{CodeOwners, Forge, Ownership};
pub use enforcing::Enforcing;
pub use extends::{Pin, Transport};
pub use families::{Family, inflections};
pub use glob::{Gating, GlobError, GlobList, Likeness};
pub use idle::IdleGlobs;
pub use imports::{Copies, Unvendored};
pub use owners::{OwnerTerms, Owners, OwnersFile};
pub use packages::{Counted, PackageRules};
pub use packs::{Pack, pack, packs};
pub use pattern::{Haystack, Pattern, PatternError};
pub use profiles::{MaxAge, ProfileEntry};
pub use rules::{ContentRule, Example, Examples, FunctionRule, Ignore, Lines, Rules};
pub use sensitivity::Sensitivity;
pub use stage::{Stage, Target};
pub use text::{PolicyError, PolicySource};
pub use twin::TwinPath;
pub use words::DEFAULT_MAX_AGE;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;

pub use crate::certificate::fold_component as fold;
use crate::certificate::{Class, Status, nearest};
use crate::change::{Digest, RepoPath};
use crate::diagnostic::Place;
use crate::trust::Demands;
pub use crate::trust::Signatures;
use enforcing::{enforcement, entry_for};

/// The component that every change to `.certgate/**` gates.
pub const POLICY_COMPONENT: &str = "certgate-policy";
/// The directory of the policy.
pub const POLICY_DIRECTORY: &str = ".certgate";
/// The directory of the copies of imported policies.
pub const IMPORTS: &str = ".certgate/imports";

/// A validated policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `certificates:` which paths are certificates.
    pub certificates: GlobList,
    /// `ledger.since:` certificates dated before it are history and gate nothing.
    pub since: Option<Timestamp>,
    /// `records:` the directory in which `certgate records` keeps what the ledger says, without a slash at its end.
    pub records: Option<RepoPath>,
    /// `enforce:` in order; the first entry that matches the target branch wins.
    pub enforce: Vec<Enforce>,
    /// `agents:` by name.
    pub agents: BTreeMap<String, Agent>,
    /// `components:` own ones and those of the packs, in order.
    pub components: Vec<Component>,
    /// `exclude:` files that no component's path, content or function rules see.
    pub exclude: GlobList,
    /// `trusted_bumps:` versions that may grow without an approval.
    pub trusted_bumps: Vec<TrustedBump>,
    /// `sensitivity:` what the learnt score is for.
    pub sensitivity: Option<Sensitivity>,
    /// `profiles:` measured programs, whose hot functions are gated.
    pub profiles: Vec<ProfileEntry>,
    /// `statuses:` statuses moved to a stricter class.
    pub classes: BTreeMap<Status, Class>,
    /// `emergency_stop: component` where false (`repository`, the default) an EMERGENCY_STOP stops everything.
    pub stop_is_per_component: bool,
    /// `codeowners:` how owners are read.
    pub codeowners: OwnerTerms,
    /// `policy.owners:` agents who may certify a change to `.certgate/**`; empty: anyone.
    pub owners: Vec<String>,
    /// `serial:` grows with every change of the policy, where it is set, so that an older one cannot come back.
    pub serial: Option<u64>,
    /// `repository:` the name that certificates are bound to, so that none replays in another repository.
    pub repository: Option<String>,
    /// `defaults.signatures:` whether certificates are signed.
    pub signatures: Signatures,
    /// `defaults.independence:` who signs an approval must not have authored or committed the change.
    pub independence: bool,
    /// `stamps: allow`: approvals that say nothing count all the same.
    pub stamps_count: bool,
    /// `extends:` the policies of other repositories, as they are pinned.
    pub imports: Vec<Pin>,
    /// SHA-256 of the policy's source, of the packs it extends and of what it imports: a key for what was derived from it.
    pub digest: Digest,
    /// Where it is from, as shown: the name of the source, or `builtin:NAME`.
    pub origin: String,
    /// The globs that are written in the policy itself, once they were asked for.
    pub(crate) watched: Arc<OnceLock<Vec<idle::Watched>>>,
    /// What places are looked up in.
    pub(crate) source: Arc<source::Source>,
}

impl Default for Policy {
    /// A policy without components, own agents or enforcement: it blocks everywhere, and gates nothing.
    fn default() -> Self {
        Self {
            certificates: GlobList::default(),
            since: None,
            records: None,
            enforce: Vec::new(),
            agents: BTreeMap::new(),
            components: Vec::new(),
            exclude: GlobList::default(),
            trusted_bumps: Vec::new(),
            sensitivity: None,
            profiles: Vec::new(),
            classes: BTreeMap::new(),
            stop_is_per_component: false,
            codeowners: OwnerTerms::default(),
            owners: Vec::new(),
            serial: None,
            repository: None,
            signatures: Signatures::Off,
            independence: false,
            stamps_count: false,
            imports: Vec::new(),
            digest: Digest([0; 32]),
            origin: String::new(),
            watched: Arc::default(),
            source: Arc::default(),
        }
    }
}

impl Policy {
    /// What happens at a stage when the rules are not met.
    ///
    /// The first entry that matches the branch decides. Where the branch is not known, the strictest over all entries; on a detached
    /// HEAD, the entry with `**`. Where no entry matches: block.
    pub fn enforcement(&self, target: Target<'_>, stage: Stage) -> Enforcement {
        enforcement(&self.enforce, target, stage)
    }

    /// What happens when the branch is deleted.
    pub fn deletion(&self, branch: &str) -> Enforcement {
        entry_for(&self.enforce, branch).map_or(Enforcement::Block, |entry| entry.delete)
    }

    /// What happens when the branch is moved to a commit that does not descend from its tip.
    pub fn forcing(&self, branch: &str) -> Enforcement {
        entry_for(&self.enforce, branch).map_or(Enforcement::Block, |entry| entry.force)
    }

    /// True where what is merged into the branch is stopped when the rules are not met.
    pub fn protected(&self, branch: &str) -> bool {
        self.enforcement(Target::Branch(branch), Stage::Merge) == Enforcement::Block
    }

    /// True where an entry of `enforce:` singles the branch out: one that does not match every name.
    pub fn knows(&self, branch: &str) -> bool {
        entry_for(&self.enforce, branch).is_some_and(|entry| !entry.branches.has_catch_all())
    }

    /// True for a branch that is protected by an entry that singles it out. Where `**` or nothing else protects it, so would it any branch.
    pub fn protected_by_name(&self, branch: &str) -> bool {
        self.knows(branch) && self.protected(branch)
    }

    /// The class of a status under this policy.
    pub fn class(&self, status: Status) -> Class {
        self.classes.get(&status).copied().unwrap_or_else(|| status.class())
    }

    /// What it asks of certificates that approve.
    pub fn demands(&self) -> Demands {
        let speakers = self.agents.iter();
        Demands {
            signatures: self.signatures,
            speakers: speakers
                .map(|(name, agent)| (name.clone(), agent.principals.clone()))
                .collect(),
            repository: self.repository.clone(),
        }
    }

    /// True for paths of certificates.
    pub fn is_certificate(&self, path: &RepoPath) -> bool {
        self.certificates.matches(path.as_bytes())
    }

    /// True for paths that [`POLICY_COMPONENT`] watches: `.certgate/**`, profiles, CODEOWNERS where the policy goes by it, and what some file system takes for them, but for
    /// certificates and their signatures.
    pub fn is_policy_file(&self, path: &RepoPath) -> bool {
        self.watches(&TwinPath::new(path.as_bytes()))
    }

    /// As [`Self::is_policy_file`], of a path that is folded already.
    pub(crate) fn watches(&self, path: &TwinPath<'_>) -> bool {
        let certificate = path.path.strip_suffix(b".sig").unwrap_or(path.path);
        let own = path.is_within(POLICY_DIRECTORY.as_bytes()) || self.names_profile(path) || self.names_owners(path);
        own && !self.certificates.matches(certificate)
    }

    /// True for a certificate by exactly that path, and for the signature of one.
    pub(crate) fn is_document(&self, path: &TwinPath<'_>) -> bool {
        let signs = path.path.strip_suffix(b".sig");
        self.certificates.matches_exactly(path) || signs.is_some_and(|document| self.certificates.matches(document))
    }

    /// The component of which this is the id or an alias, after folding (see [`fold`]).
    pub fn component_named(&self, name: &str) -> Option<&Component> {
        let name = fold(name);
        self.components
            .iter()
            .find(|component| component.names().any(|own| fold(own) == name))
    }

    /// The id of the component whose id or alias was meant by the name, where one is alike.
    pub fn suggest_component(&self, name: &str) -> Option<&str> {
        let names = self.components.iter().flat_map(Component::names);
        let alike = nearest(name, names)?;
        self.component_named(alike).map(|component| component.id.as_str())
    }

    /// The place of an example, for what is said about it.
    pub fn place_of(&self, example: &Example) -> Place {
        self.source.locate(&example.at, None)
    }
}

/// What happens when the rules are not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Enforcement {
    /// Not judged.
    Off,
    /// Reported, and let through.
    Warn,
    /// Stopped.
    Block,
}

impl Enforcement {
    /// What `delete` and `force` are where the policy does not say: a protected branch is neither deleted nor forced.
    fn of_refs(merge: Self) -> Self {
        match merge {
            Self::Block => Self::Block,
            Self::Off | Self::Warn => Self::Off,
        }
    }
}

/// An entry of `enforce:`.
#[derive(Clone, Debug)]
pub struct Enforce {
    /// Branch names (without `refs/heads/`).
    pub branches: GlobList,
    /// At the stages `pre-commit` and `commit-msg`.
    pub pre_commit: Enforcement,
    /// At the stage `pre-push`.
    pub pre_push: Enforcement,
    /// At `merge`, `pre-merge-commit`, `reference-transaction` and `pre-receive`.
    pub merge: Enforcement,
    /// When the branch is deleted.
    pub delete: Enforcement,
    /// When the branch is moved to a commit that does not descend from its tip.
    pub force: Enforcement,
}

/// An entry of `agents:`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// Who may speak for the agent, as e-mail-like principals of ssh-keygen(1) allowed signers.
    pub principals: Vec<String>,
    /// Whether its approvals may lift other agents' refusals that they supersede.
    pub may_lift: bool,
}

/// How a certificate is bound to content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// Only by SUBJECT.
    Digest,
    /// By SUBJECT; without one, by name and by the content at the commit that introduced it.
    History,
    /// As the newest standing word on the component, for a limited time.
    Component,
}

/// What becomes of a certified file whose content a merge has changed, without a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanMerge {
    /// It must be certified again.
    Recertify,
    /// It counts as covered: by what was certified, and by what the target holds already.
    Accept,
}

/// Whether a conditional approval counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conditional {
    /// It does; open conditions are listed.
    Allow,
    /// It does once every condition is ticked.
    WhenMet,
    /// It does not.
    Block,
}

/// How much is at stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
}

/// A kind of evidence that a component may require.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceKind {
    /// EVIDENCE names at least one of the covered files with line numbers.
    FileReferences,
    /// No claim of the certificate is wrong.
    Claims,
    /// BENCHMARKS names files that show what was decided.
    Benchmarks,
    /// FINDINGS says what was found.
    Findings,
}

/// A component, with the defaults applied.
#[derive(Clone, Debug)]
pub struct Component {
    /// `[a-z0-9_-]+`.
    pub id: String,
    /// For people.
    pub title: Option<String>,
    /// Further names that certificates may use.
    pub aliases: Vec<String>,
    /// How much is at stake.
    pub risk: Risk,
    /// Agents one of whom must authorize a change beside its reviewers, from [`Risk::Medium`] on; empty: no one has to.
    pub authorizers: Vec<String>,
    /// When a change touches it.
    pub rules: Rules,
    /// Who must certify.
    pub require: Require,
    /// Who else must certify, by path, in order; every entry that matches applies.
    pub handoff: Vec<(GlobList, String)>,
    /// The binding.
    pub binding: Binding,
    /// How long a certificate counts under [`Binding::Component`].
    pub max_age: Duration,
    /// Whether conditional approvals count.
    pub conditional: Conditional,
    /// What a clean merge leaves of a certificate.
    pub clean_merge: CleanMerge,
    /// Where it is from: `policy`, `builtin:NAME`, or `import:PATH@COMMIT`.
    pub origin: String,
    /// True where it is here only because a policy of another repository is imported: it takes nothing from the policy's own components.
    pub imported: bool,
    /// `yields:` ids of components to which it leaves what they claim, too; those that are not in the policy do not matter.
    pub yields: Vec<String>,
    /// `enforce:` how this component is enforced, where the branch is judged at all.
    pub enforce: Stages,
    /// What `certgate policy check` tries.
    pub examples: Examples,
    /// What its approvals must prove by measurements.
    pub budgets: Vec<Budget>,
}

/// How a component is enforced: what is not said is as the branch has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// At the stages `pre-commit` and `commit-msg`.
    pub pre_commit: Option<Enforcement>,
    /// At the stage `pre-push`.
    pub pre_push: Option<Enforcement>,
    /// At `merge`, `pre-merge-commit`, `reference-transaction` and `pre-receive`.
    pub merge: Option<Enforcement>,
}

impl Stages {
    /// What holds for the component where the branch is enforced so.
    pub fn enforcement(&self, branch: Enforcement, stage: Stage) -> Enforcement {
        let own = match stage {
            Stage::PreCommit | Stage::CommitMsg => self.pre_commit,
            Stage::PrePush => self.pre_push,
            Stage::Merge | Stage::PreMergeCommit | Stage::ReferenceTransaction | Stage::PreReceive => self.merge,
        };
        match branch {
            Enforcement::Off => Enforcement::Off,
            Enforcement::Warn | Enforcement::Block => own.unwrap_or(branch),
        }
    }
}

impl Component {
    /// The id and the aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.id.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}

/// What a component requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Require {
    /// The agents whose approval counts; empty: any.
    pub agents: Vec<String>,
    /// How many different agents must approve each file; at least 1.
    pub approvals: u32,
    /// `owners: codeowners`: whether the owners of a file must approve it, too.
    pub owners: bool,
    /// What evidence an approval must contain.
    pub evidence: Vec<EvidenceKind>,
    /// The principals one of whom must have signed the measurements; empty: no one has to.
    pub measured_by: Vec<String>,
}

#[cfg(test)]
mod imports_tests;
#[cfg(test)]
mod tests;
