//! The policy that judges, and what goes with it.

use crate::change::{ObjectId, Snapshot};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::Policy;
use crate::trust::Keyring;

/// A commit, and the policy that it holds.
pub(crate) type Committed<'p> = (&'p ObjectId, &'p Policy);

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

impl InForce {
    /// The policy with the commit that holds it; `None` where it is of no commit, or tried out on one.
    pub(crate) fn committed(&self) -> Option<Committed<'_>> {
        let tried_out = self.notes.iter().any(|note| note.code() == Code::CG012);
        match &self.at {
            Snapshot::Commit(id) if !tried_out => Some((id, &self.policy)),
            _ => None,
        }
    }
}
