//! What trust rests on in a repository: the keys that sign, and what its policy asks of signatures.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{Revoked, SignatureCheck, SignatureProblem, Signers, Verified, verify, verify_commit};
use crate::certificate::{Certificate, SubjectField};
use crate::change::Digest;

/// What is asked of signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signatures {
    /// They are not looked at.
    #[default]
    Off,
    /// A certificate may lack one; one that is there must be good.
    Optional,
    /// An approval counts only with a good one, by a principal who may speak for its agent, and bound by its SUBJECT.
    Required,
}

impl Signatures {
    /// The word used in policies and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

/// What a policy asks of every certificate that approves something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// Whether it is signed.
    pub signatures: Signatures,
    /// Who may speak for which agent: principals by the agent's name.
    pub speakers: BTreeMap<String, Vec<String>>,
    /// The name of the repository, which its SUBJECT must carry where signatures are required.
    pub repository: Option<String>,
}

/// Why an approval cannot be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It is not signed.
    Unsigned,
    /// Its signature is no good.
    Signature(SignatureProblem),
    /// Whoever signed it must not speak for its agent.
    NotASpeaker {
        /// The agent that it names.
        agent: String,
        /// Who signed.
        principals: Vec<String>,
    },
    /// Its SUBJECT is bound to another repository.
    OtherRepository(String),
    /// Its SUBJECT is bound to no repository.
    NoRepository,
}

impl Demands {
    /// The first reason not to trust a certificate that approves something.
    pub fn doubt(&self, certificate: &Certificate, signature: &SignatureCheck) -> Option<Doubt> {
        let subject = match &certificate.subject {
            SubjectField::Present(subject) => Some(subject),
            _ => None,
        };
        if let (Some(subject), Some(own)) = (subject, &self.repository) {
            match &subject.repository {
                Some(name) if name == own => {}
                Some(name) => return Some(Doubt::OtherRepository(name.clone())),
                None if self.signatures == Signatures::Required => return Some(Doubt::NoRepository),
                None => {}
            }
        }
        match (self.signatures, signature) {
            (Signatures::Off, _) | (Signatures::Optional, SignatureCheck::Absent) => None,
            (Signatures::Required, SignatureCheck::Absent) => Some(Doubt::Unsigned),
            (_, SignatureCheck::Invalid(problem)) => Some(Doubt::Signature(problem.clone())),
            (_, SignatureCheck::Valid(verified)) => {
                let agent = certificate.agent.as_deref().unwrap_or_default();
                (!self.may_speak(agent, verified)).then(|| Doubt::NotASpeaker {
                    agent: agent.to_owned(),
                    principals: verified.principals.clone(),
                })
            }
        }
    }

    /// The principals that the policy names for an agent.
    pub fn named(&self, agent: &str) -> &[String] {
        self.speakers.get(agent).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether whoever signed may speak for an agent: one of those that the policy names for it. Where it names nobody, everybody may,
    /// unless signatures are required.
    pub fn may_speak(&self, agent: &str, verified: &Verified) -> bool {
        let named = self.named(agent);
        let open = named.is_empty() && self.signatures != Signatures::Required;
        open || named.iter().any(|speaker| verified.matches(speaker))
    }

    /// The principals who speak here: of those that the policy names for the agent, the ones whose signature it is.
    pub fn speakers_of<'a>(&'a self, certificate: &Certificate, signature: &SignatureCheck) -> Vec<&'a str> {
        let SignatureCheck::Valid(verified) = signature else {
            return Vec::new();
        };
        let agent = certificate.agent.as_deref().unwrap_or_default();
        let signed = self.named(agent).iter().filter(|speaker| verified.matches(speaker));
        signed.map(String::as_str).collect()
    }
}

/// The keys of a commit, and the demands of its policy.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    /// What is asked.
    pub demands: Demands,
    /// `.certgate/allowed_signers`; empty where signatures are off.
    pub signers: Signers,
    /// `.certgate/revoked_keys`.
    pub revoked: Revoked,
    /// SHA-256 of everything that the reading of a signature depends on.
    pub keys: Digest,
}

impl Keyring {
    /// Puts it together; the bytes are those that the keys were read from.
    pub fn new(demands: Demands, signers: (Signers, &[u8]), revoked: (Revoked, &[u8])) -> Self {
        let mut hash = Sha256::new();
        for bytes in [signers.1, revoked.1] {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
        hash.update([u8::from(demands.signatures != Signatures::Off)]);
        Self {
            demands,
            signers: signers.0,
            revoked: revoked.0,
            keys: Digest(hash.finalize().into()),
        }
    }

    /// True where signatures are looked at.
    pub fn asks(&self) -> bool {
        self.demands.signatures != Signatures::Off
    }

    /// Checks a document's signature at every one of the moments; [`SignatureCheck::Absent`] where signatures are not looked at.
    pub fn check(&self, document: &[u8], signature: Option<&[u8]>, at: &[Timestamp]) -> SignatureCheck {
        match signature {
            Some(signature) if self.asks() => verify(document, signature, &self.signers, &self.revoked, at),
            _ => SignatureCheck::Absent,
        }
    }

    /// Checks a commit's signature at every one of the moments, in git's namespace.
    pub fn check_commit(&self, payload: &[u8], signature: Option<&[u8]>, at: &[Timestamp]) -> SignatureCheck {
        match signature {
            Some(signature) if self.asks() => verify_commit(payload, signature, &self.signers, &self.revoked, at),
            _ => SignatureCheck::Absent,
        }
    }

    /// Everything that the meaning of a ledger depends on beside its trees: for the key of what is derived from it.
    pub fn fingerprint(&self) -> Vec<u8> {
        let mut bytes = self.keys.0.to_vec();
        bytes.push(self.demands.signatures as u8);
        let mut add = |text: &str| {
            bytes.extend((text.len() as u64).to_le_bytes());
            bytes.extend(text.as_bytes());
        };
        add(self.demands.repository.as_deref().unwrap_or_default());
        for (agent, principals) in &self.demands.speakers {
            add(agent);
            principals.iter().for_each(|principal| add(principal));
            add("");
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Subject;
    use crate::change::RepoPath;

    fn of(agent: &str, repository: Option<&str>) -> Certificate {
        Certificate {
            agent: Some(agent.to_owned()),
            subject: SubjectField::Present(Subject {
                components: Vec::new(),
                repository: repository.map(str::to_owned),
                targets: Vec::new(),
                base: None,
                head: None,
                files: Vec::new(),
            }),
            ..Certificate::unread(RepoPath::from("a.md"))
        }
    }

    fn demands(signatures: Signatures) -> Demands {
        Demands {
            signatures,
            speakers: [("perf".to_owned(), vec!["p@example.org".to_owned()])].into(),
            repository: Some("a/b".to_owned()),
        }
    }

    #[test]
    fn where_signatures_are_required_their_absence_is_a_doubt() {
        let certificate = of("perf", Some("a/b"));
        for (mode, expected) in [
            (Signatures::Off, None),
            (Signatures::Optional, None),
            (Signatures::Required, Some(Doubt::Unsigned)),
        ] {
            assert_eq!(demands(mode).doubt(&certificate, &SignatureCheck::Absent), expected);
        }
    }

    #[test]
    fn a_subject_of_another_repository_is_a_doubt_in_every_mode() {
        for mode in [Signatures::Off, Signatures::Optional, Signatures::Required] {
            let doubt = demands(mode).doubt(&of("perf", Some("a/c")), &SignatureCheck::Absent);
            assert_eq!(doubt, Some(Doubt::OtherRepository("a/c".to_owned())));
        }
        let none = of("perf", None);
        assert_eq!(
            demands(Signatures::Optional).doubt(&none, &SignatureCheck::Absent),
            None
        );
        let required = demands(Signatures::Required);
        assert_eq!(
            required.doubt(&none, &SignatureCheck::Absent),
            Some(Doubt::NoRepository)
        );
    }

    #[test]
    fn the_fingerprint_tells_policies_apart() {
        let keyring = |demands| Keyring::new(demands, (Signers::default(), b""), (Revoked::none(), b""));
        let mut seen = std::collections::BTreeSet::new();
        for mode in [Signatures::Off, Signatures::Optional, Signatures::Required] {
            assert!(seen.insert(keyring(demands(mode)).fingerprint()));
        }
        let mut other = demands(Signatures::Required);
        other.repository = Some("a/c".to_owned());
        assert!(seen.insert(keyring(other).fingerprint()));
        let mut other = demands(Signatures::Required);
        other
            .speakers
            .insert("perf".to_owned(), vec!["q@example.org".to_owned()]);
        assert!(seen.insert(keyring(other).fingerprint()));
    }
}
