//! The policy: what is performance-sensitive, who must certify it, how strictly.
//!
//! Raw YAML becomes a validated [`Policy`] in one step; globs, regular expressions and enums compile while parsing, so every error has
//! a place. Packs (`policies/`, embedded) are policies too, reached by `extends:`.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::certificate::{Class, Status};

/// A validated policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `certificates:` which paths are certificates.
    pub certificates: GlobList,
    /// `ledger.since:` certificates dated before it are history and gate nothing.
    pub since: Option<Timestamp>,
    /// `enforce:` in order; the first entry that matches the target branch wins.
    pub enforce: Vec<Enforce>,
    /// `agents:` by name.
    pub agents: BTreeMap<String, Agent>,
    /// `components:` own ones and those of the packs, in order.
    pub components: Vec<Component>,
    /// `statuses:` statuses moved to a stricter class.
    pub classes: BTreeMap<Status, Class>,
    /// `emergency_stop: component` where false (`repository`, the default) an EMERGENCY_STOP stops everything.
    pub stop_is_per_component: bool,
    /// `policy.owners:` agents who may certify a change to `.certgate/**`; empty: anyone.
    pub owners: Vec<String>,
}

/// What happens when the rules are not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Enforcement {
    /// Not judged.
    Off,
    /// Told, and let through.
    Warn,
    /// Stopped.
    Block,
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
    /// Where it is from: `policy` or `builtin:NAME`.
    pub origin: String,
}

/// What a component requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Require {
    /// The agents whose approval counts; empty: any.
    pub agents: Vec<String>,
    /// How many different agents must approve each file; at least 1.
    pub approvals: u32,
    /// What evidence an approval must bring.
    pub evidence: Vec<EvidenceKind>,
}

/// Placeholder until the real one lands.
#[derive(Clone, Debug)]
pub struct GlobList;

/// Placeholder until the real one lands.
#[derive(Clone, Debug)]
pub struct Rules;
