//! Thresholds count people. What tells two certificates to be of one person: a common principal or a common key; where nothing is
//! signed, the agent's name.

use std::collections::BTreeSet;

use super::Terms;
use super::word::Word;
use crate::trust::SignatureCheck;

/// Everything by which a certificate's author could be recognised.
fn marks(word: &Word<'_>, terms: &Terms) -> BTreeSet<String> {
    let speakers = terms
        .demands
        .speakers_of(&word.entry.certificate, &word.entry.signature);
    let mut marks: BTreeSet<String> = speakers
        .into_iter()
        .map(|speaker| format!("principal {}", speaker.to_lowercase()))
        .collect();
    match &word.entry.signature {
        SignatureCheck::Valid(verified) if terms.demands.signatures != crate::trust::Signatures::Off => {
            marks.insert(format!("key {}", verified.key));
            let named = verified.principals.iter();
            marks.extend(named.map(|principal| format!("principal {}", principal.to_lowercase())));
        }
        _ => {
            marks.insert(format!("agent {}", word.agent()));
        }
    }
    marks
}

/// How many people wrote these certificates.
pub(super) fn count<'w>(words: impl IntoIterator<Item = &'w Word<'w>>, terms: &Terms) -> usize {
    let mut people: Vec<BTreeSet<String>> = Vec::new();
    for word in words {
        let mut own = marks(word, terms);
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
