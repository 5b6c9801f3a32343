//! What came of updates of refs.

use crate::diagnostic::Diagnostic;
use crate::gate::{Judgement, Undecided};
use crate::verdict::Verdict;

/// What was found of one ref.
#[derive(Debug)]
pub enum RefOutcome {
    /// What it adds was judged.
    Judged(Box<Judgement>),
    /// It is moved in a way that the policy warns of.
    Warned(Diagnostic),
    /// It is moved in a way that the policy refuses.
    Refused(Diagnostic),
    /// It could not be judged.
    Undecided(Undecided),
}

/// What was found of the refs of one push or transaction, in their order.
#[derive(Debug, Default)]
pub struct RefOutcomes {
    /// How many refs there are, judged or not.
    pub refs: usize,
    /// Each thing that was found; of a ref that answers to nothing, none.
    pub found: Vec<RefOutcome>,
}

impl RefOutcomes {
    /// Whether something among them refuses the update.
    pub fn blocks(&self) -> bool {
        self.found.iter().any(|found| match found {
            RefOutcome::Judged(judgement) => judgement.verdict() == Verdict::Block,
            RefOutcome::Refused(_) => true,
            RefOutcome::Warned(_) | RefOutcome::Undecided(_) => false,
        })
    }

    /// Whether all of it is withheld: something refuses, or could not be judged.
    pub fn refuses(&self) -> bool {
        let undecided = |found: &RefOutcome| matches!(found, RefOutcome::Undecided(_));
        self.blocks() || self.found.iter().any(undecided)
    }
}

impl From<Judgement> for RefOutcome {
    fn from(judgement: Judgement) -> Self {
        Self::Judged(Box::new(judgement))
    }
}
