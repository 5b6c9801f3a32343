//! The question: is this a signature of this document, by whom, and did they have the right to it then?

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::authority::{Endorsement, SigningKey};
use super::crypto::{self, Presence};
use super::key::KeyName;
use super::problem::SignatureProblem;
use super::revoked::Revoked;
use super::signature::Envelope;
use super::signers::{Line, Signers, positive};
use super::validity::Fit;
use super::{GIT_NAMESPACE, NAMESPACE, pattern};

/// What is to be said of a document's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignatureCheck {
    /// There is none.
    Absent,
    /// It counts.
    Valid(Verified),
    /// There is one, and it does not count.
    Invalid(SignatureProblem),
}

/// Who signed a document. Made only by [`verify`] (and read back from where that was written down).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Whom the key speaks for, as the allowed signers say: names, and patterns such as `*@example.org`. To ask whether somebody is
    /// among them, use [`Verified::matches`].
    pub principals: Vec<String>,
    /// The key that signed.
    pub key: KeyName,
    /// Its type, such as `ssh-ed25519`.
    pub algorithm: String,
    /// The authority that vouches for the key, where one does.
    pub authority: Option<KeyName>,
    /// For a security key, whether it was touched.
    pub touched: Option<bool>,
    grants: Vec<Grant>,
}

/// What one line of the allowed signers gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Grant {
    patterns: String,
    /// Where an authority vouches: whom for.
    names: Option<Vec<String>>,
}

impl Grant {
    fn matches(&self, principal: &str) -> bool {
        let vouched = self
            .names
            .as_ref()
            .is_none_or(|names| names.iter().any(|name| name == principal));
        vouched && pattern::list_fits(principal, &self.patterns)
    }
}

impl Verified {
    /// Whether the signature is this principal's, as `ssh-keygen -Y verify -I PRINCIPAL` would say.
    pub fn matches(&self, principal: &str) -> bool {
        self.grants.iter().any(|grant| grant.matches(principal))
    }
}

/// Verifies a detached signature in certgate's namespace. Every moment in `at` must lie in the validity of the key; a key whose validity
/// has an end is not valid at no moment.
pub fn verify(
    document: &[u8],
    signature: &[u8],
    signers: &Signers,
    revoked: &Revoked,
    at: &[Timestamp],
) -> SignatureCheck {
    match check(NAMESPACE, document, signature, signers, revoked, at) {
        Ok(verified) => SignatureCheck::Valid(verified),
        Err(problem) => SignatureCheck::Invalid(problem),
    }
}

/// The same of a commit, in git's namespace.
pub fn verify_commit(
    payload: &[u8],
    signature: &[u8],
    signers: &Signers,
    revoked: &Revoked,
    at: &[Timestamp],
) -> SignatureCheck {
    match check(GIT_NAMESPACE, payload, signature, signers, revoked, at) {
        Ok(verified) => SignatureCheck::Valid(verified),
        Err(problem) => SignatureCheck::Invalid(problem),
    }
}

/// Whose signature it is, whether they are allowed to or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The key's fingerprint.
    pub name: KeyName,
    /// The key as it is in the allowed signers: its type and base64.
    pub line: String,
}

/// Tells which key signed a document, in certgate's namespace; nothing is asked of the key.
pub fn signer(document: &[u8], signature: &[u8]) -> Result<Signer, SignatureProblem> {
    let (signing, _) = proved(NAMESPACE, document, signature)?;
    Ok(Signer {
        name: signing.plain.name(),
        line: signing.plain.line(),
    })
}

/// Holds a signature against its document and nothing else.
fn proved(
    namespace: &str,
    document: &[u8],
    signature: &[u8],
) -> Result<(SigningKey, Option<Presence>), SignatureProblem> {
    let envelope = Envelope::parse(signature)?;
    if envelope.namespace != namespace {
        return Err(SignatureProblem::WrongNamespace(envelope.namespace));
    }
    let signing = SigningKey::parse(&envelope.key)?;
    let presence = crypto::verify(&signing.plain, &envelope.signature, &envelope.signed(document)?)?;
    Ok((signing, presence))
}

/// In the order of `ssh-keygen -Y verify`: the signature itself, then revocation, then who is allowed.
fn check(
    namespace: &str,
    document: &[u8],
    signature: &[u8],
    signers: &Signers,
    revoked: &Revoked,
    at: &[Timestamp],
) -> Result<Verified, SignatureProblem> {
    let (signing, presence) = proved(namespace, document, signature)?;
    let key = signing.plain.name();
    if revoked.covers(&signing) {
        return Err(SignatureProblem::Revoked { key });
    }
    let mut grants = Vec::new();
    let mut missed = None;
    for line in &signers.lines {
        let Some(grant) = grant(namespace, line, &signing) else {
            continue;
        };
        let obstacle = signing
            .endorsement
            .as_ref()
            .and_then(|endorsement| endorsement.obstacle(presence));
        if let Some(obstacle) = obstacle {
            return Err(obstacle);
        }
        let endorsed = signing
            .endorsement
            .as_ref()
            .map_or(Fit::Within, |endorsement| endorsement.fit(at));
        match (line.window.fit(at), endorsed) {
            (Fit::Within, Fit::Within) => grants.push(grant),
            (Fit::TooEarly, _) | (_, Fit::TooEarly) => {
                missed = Some(SignatureProblem::NotYetValid { key: key.clone() })
            }
            _ => missed = Some(SignatureProblem::Expired { key: key.clone() }),
        }
    }
    let mut principals: Vec<String> = Vec::new();
    for grant in &grants {
        let named: Vec<&str> = match &grant.names {
            Some(names) => names
                .iter()
                .map(String::as_str)
                .filter(|name| grant.matches(name))
                .collect(),
            None => positive(&grant.patterns).collect(),
        };
        for name in named {
            if !principals.iter().any(|known| known == name) {
                principals.push(name.to_owned());
            }
        }
    }
    // Also where the key is on a line that names only those whom it does not mean.
    if principals.is_empty() {
        return Err(missed.unwrap_or(SignatureProblem::UnknownKey(key)));
    }
    Ok(Verified {
        principals,
        key,
        algorithm: signing.plain.kind(),
        authority: signing
            .endorsement
            .as_ref()
            .map(|endorsement| endorsement.authority.name()),
        touched: presence.map(|seen| seen.touched),
        grants,
    })
}

/// What a line gives to a key, at whatever time.
fn grant(namespace: &str, line: &Line, signing: &SigningKey) -> Option<Grant> {
    let names = match (line.authority, &signing.endorsement) {
        (false, None) if line.key == signing.plain => None,
        (true, Some(endorsement)) if line.key == endorsement.authority => Some(endorsement.principals.clone()),
        _ => return None,
    };
    let here = line
        .namespaces
        .as_ref()
        .is_none_or(|list| pattern::list_fits(namespace, list));
    let grant = Grant {
        patterns: line.principals.clone(),
        names,
    };
    let nobody = grant
        .names
        .as_ref()
        .is_some_and(|names| !names.is_empty() && !names.iter().any(|name| grant.matches(name)));
    (here && !nobody).then_some(grant)
}

impl Endorsement {
    /// How moments lie to the validity of the certificate itself, whose end is not part of it.
    fn fit(&self, at: &[Timestamp]) -> Fit {
        let seconds = || at.iter().map(|moment| u64::try_from(moment.as_second()).unwrap_or(0));
        match () {
            () if seconds().any(|second| second < self.from) => Fit::TooEarly,
            () if seconds().any(|second| second >= self.until) => Fit::TooLate,
            () if at.is_empty() && (self.from, self.until) != (0, u64::MAX) => Fit::TooLate,
            () => Fit::Within,
        }
    }
}
