//! OpenSSH certificates (PROTOCOL.certkeys): a public key that an authority vouches for. Called endorsements here, since a certificate is
//! something else in this project.

use super::crypto::{self, Presence};
use super::key::{CERTIFIED, KeyError, Material, PublicKey};
use super::problem::SignatureProblem;
use super::wire::{Reader, put};

/// A key with who vouches for it, for whom and for how long. Its own signature has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endorsement {
    pub(super) authority: PublicKey,
    pub(super) serial: u64,
    pub(super) id: String,
    /// 1 for people, 2 for machines.
    pub(super) for_people: bool,
    pub(super) principals: Vec<String>,
    /// Seconds; from the first, until just before the second.
    pub(super) from: u64,
    pub(super) until: u64,
    /// Names of critical options.
    pub(super) restrictions: Vec<String>,
}

/// A key as it is in a signature: plain, or endorsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SigningKey {
    pub(super) plain: PublicKey,
    pub(super) endorsement: Option<Endorsement>,
}

impl SigningKey {
    /// Reads a key or certificate; that of an authority must verify.
    pub(super) fn parse(blob: &[u8]) -> Result<Self, SignatureProblem> {
        let kind = Reader::new(blob).text()?;
        let Some(plain_kind) = kind.strip_suffix(CERTIFIED) else {
            return Ok(Self {
                plain: PublicKey::parse(blob).map_err(told)?,
                endorsement: None,
            });
        };
        // `sk-` types carry the domain once: sk-ssh-ed25519-cert-v01@openssh.com endorses sk-ssh-ed25519@openssh.com.
        let plain_kind = match plain_kind.starts_with("sk-") {
            true => format!("{plain_kind}@openssh.com"),
            false => plain_kind.to_owned(),
        };
        let mut reader = Reader::new(blob);
        reader.text()?;
        reader.string()?; // the nonce
        let before = blob.len() - reader.left();
        let material = Material::read(&plain_kind, &mut reader).map_err(told)?;
        let after = blob.len() - reader.left();
        let mut plain = Vec::new();
        put(&mut plain, plain_kind.as_bytes());
        plain.extend_from_slice(blob.get(before..after).unwrap_or_default());
        let plain = PublicKey { blob: plain, material };
        let endorsement = Endorsement::read(&mut reader, blob)?;
        Ok(Self {
            plain,
            endorsement: Some(endorsement),
        })
    }
}

impl Endorsement {
    fn read(reader: &mut Reader<'_>, blob: &[u8]) -> Result<Self, SignatureProblem> {
        let malformed = |what: &str| SignatureProblem::Malformed(what.to_owned());
        let serial = reader.u64()?;
        let purpose = reader.u32()?;
        if !matches!(purpose, 1 | 2) {
            return Err(malformed("the key's certificate is of no known type"));
        }
        let id = reader.text()?.to_owned();
        let mut names = Reader::new(reader.string()?);
        let mut principals = Vec::new();
        while !names.is_empty() {
            principals.push(names.text()?.to_owned());
        }
        let (from, until) = (reader.u64()?, reader.u64()?);
        let mut restrictions = Vec::new();
        for critical in [true, false] {
            let mut options = Reader::new(reader.string()?);
            while !options.is_empty() {
                let name = options.text()?;
                options.string()?;
                if critical {
                    restrictions.push(name.to_owned());
                }
            }
        }
        reader.string()?; // reserved
        let authority = PublicKey::parse(reader.string()?).map_err(told)?;
        let signed = blob.get(..blob.len() - reader.left()).unwrap_or_default();
        let signature = reader.string()?;
        if !reader.is_empty() {
            return Err(malformed("something follows the key's certificate"));
        }
        match crypto::verify(&authority, signature, signed) {
            Ok(_) => {}
            Err(SignatureProblem::WrongDocument) => {
                return Err(malformed(
                    "the key's certificate is not signed by the authority it names",
                ));
            }
            Err(other) => return Err(other),
        }
        Ok(Self {
            authority,
            serial,
            id,
            for_people: purpose == 1,
            principals,
            from,
            until,
            restrictions,
        })
    }

    /// Why signatures under this certificate do not count, whenever they were made. ssh-keygen lets critical options pass here; their
    /// meaning is that who does not know them must refuse.
    pub(super) fn obstacle(&self, presence: Option<Presence>) -> Option<SignatureProblem> {
        let unsupported = |what: String| Some(SignatureProblem::Unsupported(what));
        if !self.for_people {
            return unsupported("the key's certificate is for a machine, not for a person".to_owned());
        }
        if self.principals.is_empty() {
            return unsupported("the key's certificate names no principal".to_owned());
        }
        for option in &self.restrictions {
            let met = option == "verify-required" && presence.is_some_and(|seen| seen.verified);
            if !met {
                return unsupported(format!("the key's certificate is restricted by `{option}`"));
            }
        }
        None
    }
}

fn told(error: KeyError) -> SignatureProblem {
    match error {
        KeyError::Malformed => SignatureProblem::Malformed(error.to_string()),
        KeyError::Unknown(_) => SignatureProblem::Unsupported(error.to_string()),
    }
}
