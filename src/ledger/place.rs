//! A certificate's place in the ledger: where git introduced it, never what its Date says.

use serde::{Deserialize, Serialize};

use crate::git::Introductions;

/// Where a certificate came in. What the change adds comes after all that the base holds; in the base it is the landing that counts (the
/// commit of the target's first-parent chain), within a landing, and within the change, the commits that it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The number of the landing; the change itself comes last.
    landing: u32,
    /// The number of the commit within it; it grows from parents to children.
    step: u32,
    /// Smaller steps of the same landing that are not before it all the same: their commits are not its ancestors.
    beside: Vec<u32>,
}

/// The landing that has not come yet.
const CHANGE: u32 = u32::MAX;

impl Position {
    /// In the base, within a landing.
    pub fn landed(landing: u32, step: u32) -> Self {
        Self {
            landing,
            step,
            beside: Vec::new(),
        }
    }

    /// In the change.
    pub fn added(step: u32) -> Self {
        Self::landed(CHANGE, step)
    }

    /// The same step in a landing; for what has the steps of a change.
    pub(super) fn in_landing(self, landing: u32) -> Self {
        Self { landing, ..self }
    }

    /// The number of the landing.
    pub fn landing(&self) -> u32 {
        self.landing
    }

    /// True where it came in after another: in a later landing, or in a commit that descends from the other's.
    pub fn follows(&self, other: &Self) -> bool {
        self.landing > other.landing
            || (self.landing == other.landing && self.step > other.step && !self.beside.contains(&other.step))
    }

    /// True where both came in with one commit, as far as is known.
    pub fn is_with(&self, other: &Self) -> bool {
        self.landing == other.landing && self.step == other.step
    }

    /// By this, what follows comes after what it follows.
    pub fn key(&self) -> (u32, u32) {
        (self.landing, self.step)
    }
}

/// The places, within a change, of certificates of which `true` approve. What has come in more than once counts from its first time where
/// it approves, and from its last where it does not; what is in no commit counts from the first step of all, or, as `unknown` says, from
/// the last.
pub(super) fn within(order: &Introductions, approving: &[bool], unknown: Unknown) -> Vec<Position> {
    let commits = |at: usize| order.commits.get(at).map(Vec::as_slice).unwrap_or_default();
    let last = order.commits.iter().flatten().max().map_or(1, |last| *last as u32 + 2);
    let step = |at: usize, approves: bool| {
        let found = match approves {
            true => commits(at).iter().min(),
            false => commits(at).iter().max(),
        };
        match (found, unknown) {
            (Some(&commit), _) => commit as u32 + 1,
            (None, Unknown::InTheMaking) => last,
            (None, Unknown::Lost) => match approves {
                true => 0,
                false => last,
            },
        }
    };
    let steps: Vec<u32> = approving.iter().enumerate().map(|(at, &yes)| step(at, yes)).collect();
    let others: Vec<usize> = (0..approving.len())
        .filter(|&at| approving.get(at) == Some(&false))
        .collect();
    let mut places = Vec::with_capacity(steps.len());
    for (at, &own) in steps.iter().enumerate() {
        let mut place = Position::added(own);
        if approving.get(at) == Some(&true) && !commits(at).is_empty() {
            for &other in &others {
                let of_other = steps.get(other).copied().unwrap_or(u32::MAX);
                let all_before = commits(at)
                    .iter()
                    .all(|&own| commits(other).iter().all(|&other| order.is_before(other, own)));
                if of_other < own && !all_before && !place.beside.contains(&of_other) {
                    place.beside.push(of_other);
                }
            }
        }
        places.push(place);
    }
    places
}

/// What a certificate is that no commit of the range introduces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// Staged for the commit that is being made.
    InTheMaking,
    /// It is not known, which must help no approval.
    Lost,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place() -> impl Strategy<Value = Position> {
        (0u32..4, 0u32..5, proptest::collection::vec(0u32..5, 0..3)).prop_map(|(landing, step, beside)| Position {
            landing,
            step,
            beside,
        })
    }

    proptest! {
        #[test]
        fn nothing_follows_what_follows_it(a in place(), b in place()) {
            prop_assert!(!(a.follows(&b) && b.follows(&a)));
            prop_assert!(!a.follows(&a));
            prop_assert!(!a.follows(&b) || a.key() > b.key());
            prop_assert!(!a.is_with(&b) || !a.follows(&b));
        }

        #[test]
        fn what_the_change_adds_follows_the_base(a in place(), step in 0u32..5) {
            prop_assert!(Position::added(step).follows(&a));
        }
    }
}
