//! What was said already, for harnesses that do not say whether a turn was held before.

use sha2::{Digest as _, Sha256};

use super::payload::{Harness, Payload};
use crate::change::hex;
use crate::diagnostic::Diagnostic;
use crate::git::Repository;

/// True where this conversation was held for the same before; it is noted for the next time. Harnesses that say so themselves are believed.
pub(super) fn was_told(repository: &Repository, payload: &Payload, owed: &[Diagnostic]) -> bool {
    if payload.harness != Harness::Copilot {
        return false;
    }
    let session = payload.session.as_deref().unwrap_or_default();
    let folder = repository.git_dir().join("certgate").join("turns");
    let file = folder.join(digest(session.as_bytes()));
    let mut text = String::new();
    for found in owed {
        text.push_str(&format!("{} {}\n", found.code(), found.message()));
    }
    let digest = digest(text.as_bytes());
    if std::fs::read_to_string(&file).is_ok_and(|before| before == digest) {
        return true;
    }
    // Where it cannot be noted the turn is not held: an agent that is held for ever is worse, and git's hooks judge all the same.
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&file, &digest))
        .is_err()
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
