//! The policy that judges, and what goes with it.

use crate::change::Snapshot;
use crate::diagnostic::Diagnostic;
use crate::policy::Policy;
use crate::trust::Keyring;

/// The policy that judges a change, and what is to be said of it.
#[derive(Clone, Debug)]
pub(crate) struct InForce {
    pub(crate) policy: Policy,
    /// The keys beside the policy, and what it asks of signatures.
    pub(crate) keyring: Keyring,
    /// Where the profiles are that it names.
    pub(crate) at: Snapshot,
    /// Where it is from, for the report.
    pub(crate) origin: String,
    /// True where the base has no policy and the change adds this one.
    pub(crate) adoption: bool,
    /// Notes.
    pub(crate) notes: Vec<Diagnostic>,
}
