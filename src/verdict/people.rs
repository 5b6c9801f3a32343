//! Thresholds count people. What tells two certificates to be of one person: a common principal or a common key; where nothing is
//! signed, the agent's name.

use std::collections::BTreeSet;

use super::Terms;
use super::statement::Statement;
use crate::trust::SignatureCheck;

/// Everything by which a certificate's author could be recognised.
fn marks(statement: &Statement<'_>, terms: &Terms) -> BTreeSet<String> {
    let speakers = terms
        .demands
        .speakers_of(&statement.entry.certificate, &statement.entry.signature);
    let mut marks: BTreeSet<String> = speakers
        .into_iter()
        .map(|speaker| format!("principal {}", speaker.to_lowercase()))
        .collect();
    match &statement.entry.signature {
        SignatureCheck::Valid(verified) if terms.demands.signatures != crate::trust::Signatures::Off => {
            marks.insert(format!("key {}", verified.key));
            let named = verified.principals.iter();
            marks.extend(named.map(|principal| format!("principal {}", principal.to_lowercase())));
        }
        _ => {
            marks.insert(format!("agent {}", statement.agent()));
        }
    }
    marks
}

/// How many people wrote these certificates.
pub(super) fn count<'w>(statements: impl IntoIterator<Item = &'w Statement<'w>>, terms: &Terms) -> usize {
    let mut people: Vec<BTreeSet<String>> = Vec::new();
    for statement in statements {
        let mut own = marks(statement, terms);
        // Whoever shares a mark with it is the same person.
        people.retain(|other| {
            let same = !other.is_disjoint(&own);
            if same {
                own.extend(other.iter().cloned());
            }
            !same
        });
        people.push(own);
    }
    people.len()
}
