//! Who may sign: whether the keys can be read, and whether somebody has one.

use super::{Findings, Health};
use crate::change::Snapshot;
use crate::diagnostic::{Placeholder, plural};
use crate::gate::Undecided;
use crate::gate::governing::{SIGNERS, allow_signer, keys_at};
use crate::git::Repository;
use crate::policy::{Policy, Signatures};

/// The keys that HEAD has, beside the policy. Where signatures are off and there are no keys, nothing is said.
pub(crate) fn signers(repository: &Repository, policy: &Policy, found: &mut Findings) -> Result<(), Undecided> {
    let head = repository.head()?;
    let Some(commit) = head.commit() else { return Ok(()) };
    let demanded = policy.demands().signatures;
    let keys = match keys_at(repository, &Snapshot::Commit(commit.clone())) {
        Ok(keys) => keys,
        Err(failure) => {
            for problem in &failure.diagnostics {
                let line = problem.place().and_then(|place| place.line);
                let line = line.map_or_else(String::new, |line| format!(" (line {line})"));
                let message = format!("{}{line}", problem.message());
                found.push("signers", Health::Wrong, message, problem.advice().to_vec());
            }
            return Ok(());
        }
    };
    if demanded == Signatures::Off && keys.signers.is_empty() {
        return Ok(());
    }
    if keys.signers.is_empty() {
        let message = format!("the policy asks for signatures, and {SIGNERS} names nobody");
        match demanded {
            Signatures::Required => found.bad("signers", message, allow_signer(Placeholder::Principal.into())),
            _ => found.note_with("signers", message, allow_signer(Placeholder::Principal.into())),
        }
        return Ok(());
    }
    let names: std::collections::BTreeSet<&str> = keys.signers.principals().collect();
    let count = plural(names.len(), "principal");
    match demanded {
        Signatures::Off => found.note(
            "signers",
            format!("{count} may sign, but the policy does not look at signatures"),
        ),
        _ => found.good("signers", format!("{count} may sign")),
    }
    for (agent, speaks) in &policy.agents {
        let keyless = |principal: &&String| !keys.signers.knows(principal);
        for principal in speaks.principals.iter().filter(keyless) {
            let message = format!("{principal}, who may speak for `{agent}`, has no key in {SIGNERS}");
            found.note_with("signers", message, allow_signer(principal.into()));
        }
    }
    Ok(())
}
