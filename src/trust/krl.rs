//! Binary key revocation lists (PROTOCOL.krl). What is not understood is refused: a list read in part would let a revoked key sign.

use std::collections::BTreeSet;

use super::MAX_SIGNERS;
use super::key::PublicKey;
use super::problem::SignersError;
use super::wire::{Reader, Truncated};

const MAGIC: &[u8] = b"SSHKRL\n\0";

/// Keys and what vouches for keys, as a list names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyList {
    /// Encoded keys; those of authorities revoke what they endorse.
    pub(super) keys: BTreeSet<Vec<u8>>,
    pub(super) sha1: BTreeSet<[u8; 20]>,
    pub(super) sha256: BTreeSet<[u8; 32]>,
    pub(super) endorsements: Vec<RevokedEndorsements>,
}

/// Certificates of one authority, or of any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RevokedEndorsements {
    pub(super) authority: Option<Vec<u8>>,
    /// First and last.
    pub(super) serials: Vec<(u64, u64)>,
    pub(super) ids: BTreeSet<String>,
}

/// Whether a file begins as one.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

impl From<Truncated> for SignersError {
    fn from(_: Truncated) -> Self {
        Self::whole("the key revocation list ends too early, or holds what is not allowed")
    }
}

/// Reads one.
pub(super) fn parse(bytes: &[u8]) -> Result<KeyList, SignersError> {
    if bytes.len() as u64 > MAX_SIGNERS {
        return Err(SignersError::whole(format!("it is larger than {MAX_SIGNERS} bytes")));
    }
    let mut reader = Reader::new(bytes);
    reader.take(MAGIC.len())?;
    match reader.u32()? {
        1 => {}
        version => {
            return Err(SignersError::whole(format!(
                "version {version} of key revocation lists is not known"
            )));
        }
    }
    reader.take(3 * 8)?; // its own version, its date, flags of which there are none
    reader.string()?; // reserved
    reader.string()?; // a comment
    let mut revoked = KeyList::default();
    while !reader.is_empty() {
        let kind = reader.byte()?;
        let mut section = Reader::new(reader.string()?);
        match kind {
            1 => revoked.endorsements.push(endorsements(&mut section)?),
            2 => {
                while !section.is_empty() {
                    let blob = section.string()?;
                    PublicKey::parse(blob).map_err(|error| SignersError::whole(error.to_string()))?;
                    revoked.keys.insert(blob.to_vec());
                }
            }
            3 => {
                while !section.is_empty() {
                    revoked
                        .sha1
                        .insert(section.string()?.try_into().map_err(|_| Truncated)?);
                }
            }
            5 => {
                while !section.is_empty() {
                    revoked
                        .sha256
                        .insert(section.string()?.try_into().map_err(|_| Truncated)?);
                }
            }
            255 => extension(&mut section)?,
            4 => {
                return Err(SignersError::whole(
                    "signed key revocation lists are not accepted, nor does OpenSSH",
                ));
            }
            other => return Err(unknown("section", other)),
        }
    }
    Ok(revoked)
}

fn unknown(what: &str, kind: u8) -> SignersError {
    SignersError::whole(format!(
        "the key revocation list has a {what} of type {kind}, which is not known"
    ))
}

fn endorsements(section: &mut Reader<'_>) -> Result<RevokedEndorsements, SignersError> {
    let mut found = RevokedEndorsements::default();
    let authority = section.string()?;
    if !authority.is_empty() {
        PublicKey::parse(authority).map_err(|error| SignersError::whole(error.to_string()))?;
        found.authority = Some(authority.to_vec());
    }
    section.string()?; // reserved
    while !section.is_empty() {
        let kind = section.byte()?;
        let mut part = Reader::new(section.string()?);
        match kind {
            0x20 => {
                while !part.is_empty() {
                    let serial = part.u64()?;
                    found.serials.push((serial, serial));
                }
            }
            0x21 => {
                let (first, last) = (part.u64()?, part.u64()?);
                if first > last {
                    return Err(Truncated.into());
                }
                found.serials.push((first, last));
            }
            0x22 => bitmap(&mut part, &mut found.serials)?,
            0x23 => {
                while !part.is_empty() {
                    found.ids.insert(part.text()?.to_owned());
                }
            }
            0x39 => extension(&mut part)?,
            other => return Err(unknown("list of certificates", other)),
        }
        if !part.is_empty() {
            return Err(Truncated.into());
        }
    }
    Ok(found)
}

/// The bits that are set, counted from an offset: the last bit of the last byte is the first.
fn bitmap(part: &mut Reader<'_>, serials: &mut Vec<(u64, u64)>) -> Result<(), SignersError> {
    let offset = part.u64()?;
    let bits = part.positive()?;
    for (index, byte) in bits.iter().rev().enumerate() {
        for bit in (0..8u64).filter(|bit| byte >> bit & 1 == 1) {
            let serial = (index as u64)
                .checked_mul(8)
                .and_then(|from| offset.checked_add(from + bit));
            let serial = serial.ok_or(Truncated)?;
            match serials.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(serial) => *last = serial,
                _ => serials.push((serial, serial)),
            }
        }
    }
    Ok(())
}

fn extension(section: &mut Reader<'_>) -> Result<(), SignersError> {
    let name = section.text()?;
    let critical = section.byte()? != 0;
    section.string()?;
    match (critical, section.is_empty()) {
        (true, _) => Err(SignersError::whole(format!(
            "the key revocation list asks for `{name}`, which is not known"
        ))),
        (false, true) => Ok(()),
        (false, false) => Err(Truncated.into()),
    }
}
