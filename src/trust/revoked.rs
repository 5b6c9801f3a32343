//! The list of revoked keys: public keys one a line, or a binary key revocation list (ssh-keygen(1), KEY REVOCATION LISTS).

use sha1::Digest as _;

use super::authority::SigningKey;
use super::key::{PublicKey, unbase64};
use super::krl::{self, KeyList, RevokedEndorsements};
use super::problem::SignersError;
use super::signers::text_lines;

/// Keys that no longer count, and never did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked(KeyList);

impl Revoked {
    /// Reads the file, in either form.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignersError> {
        if krl::is_one(bytes) {
            return krl::parse(bytes).map(Self);
        }
        let mut revoked = KeyList::default();
        for (number, text) in text_lines(bytes)? {
            let key = key(text).map_err(|why| SignersError::at(number, why))?;
            revoked.keys.insert(key.blob);
        }
        Ok(Self(revoked))
    }

    /// No key is revoked.
    pub fn none() -> Self {
        Self::default()
    }

    /// True where no key is revoked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn holds(&self, key: &PublicKey) -> bool {
        self.0.keys.contains(&key.blob)
            || self.0.sha1.contains(&<[u8; 20]>::from(sha1::Sha1::digest(&key.blob)))
            || self
                .0
                .sha256
                .contains(&<[u8; 32]>::from(sha2::Sha256::digest(&key.blob)))
    }

    /// Whether a key is revoked: itself, what vouches for it, or the authority that does.
    pub(super) fn covers(&self, signing: &SigningKey) -> bool {
        let Some(endorsement) = &signing.endorsement else {
            return self.holds(&signing.plain);
        };
        let named = |list: &RevokedEndorsements| {
            let issued = list
                .authority
                .as_ref()
                .is_none_or(|authority| *authority == endorsement.authority.blob);
            // A serial of zero is that of an authority that counts none.
            let serial = endorsement.serial;
            let counted = list
                .serials
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&serial));
            issued && (list.ids.contains(&endorsement.id) || (serial != 0 && counted))
        };
        self.holds(&signing.plain) || self.holds(&endorsement.authority) || self.0.endorsements.iter().any(named)
    }
}

/// Reads a line; what it revokes is the key, also where a certificate for it is there.
fn key(text: &str) -> Result<PublicKey, String> {
    let (kind, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    let word = rest
        .trim_start_matches([' ', '\t'])
        .split([' ', '\t'])
        .next()
        .unwrap_or_default();
    let blob = unbase64(word).filter(|blob| !blob.is_empty());
    let Some(blob) = blob else {
        return Err(format!(
            "`{kind}` is not followed by a key in base64; a list of serials, ids or hashes is made binary by `ssh-keygen -k`"
        ));
    };
    let found = super::wire::Reader::new(&blob).text().unwrap_or_default().to_owned();
    if found != kind {
        return Err(format!("a key of type `{found}` comes after `{kind}`"));
    }
    Ok(SigningKey::parse(&blob).map_err(|problem| problem.to_string())?.plain)
}
