//! The detached signature: its armour and what is inside (PROTOCOL.sshsig).

use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha256, Sha512};

use super::MAX_SIGNATURE;
use super::problem::SignatureProblem;
use super::wire::{Reader, put};

const BEGIN: &[u8] = b"-----BEGIN SSH SIGNATURE-----";
const END: &[u8] = b"-----END SSH SIGNATURE-----";
const MAGIC: &[u8] = b"SSHSIG";

/// A signature, taken apart; nothing of it is verified.
#[derive(Debug)]
pub(super) struct Envelope {
    /// The encoded key or certificate.
    pub(super) key: Vec<u8>,
    pub(super) namespace: String,
    hash: String,
    /// The encoded signature proper.
    pub(super) signature: Vec<u8>,
}

/// True for a file that is an OpenSSH signature and nothing else, whatever it signs and for whom.
pub fn is_signature_file(file: &[u8]) -> bool {
    Envelope::parse(file).is_ok()
}

impl Envelope {
    /// Reads a signature file.
    pub(super) fn parse(file: &[u8]) -> Result<Self, SignatureProblem> {
        let bytes = dearmour(file)?;
        let mut reader = Reader::new(&bytes);
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(malformed("it does not begin with SSHSIG"));
        }
        // OpenSSH takes 0 for 1.
        match reader.u32()? {
            0 | 1 => {}
            version => {
                return Err(SignatureProblem::Unsupported(format!(
                    "version {version} of the format"
                )));
            }
        }
        let key = reader.string()?.to_vec();
        let namespace = reader.text()?.to_owned();
        reader.string()?; // reserved, and ignored as the format asks
        let hash = reader.text()?.to_owned();
        let signature = reader.string()?.to_vec();
        if !reader.is_empty() {
            return Err(malformed("something follows the signature"));
        }
        Ok(Self {
            key,
            namespace,
            hash,
            signature,
        })
    }

    /// What the signature is over, for a document.
    pub(super) fn signed(&self, document: &[u8]) -> Result<Vec<u8>, SignatureProblem> {
        let digest = match self.hash.as_str() {
            "sha256" => Sha256::digest(document).to_vec(),
            "sha512" => Sha512::digest(document).to_vec(),
            other => return Err(SignatureProblem::Unsupported(format!("the hash function `{other}`"))),
        };
        let mut signed = MAGIC.to_vec();
        put(&mut signed, self.namespace.as_bytes());
        put(&mut signed, b"");
        put(&mut signed, self.hash.as_bytes());
        put(&mut signed, &digest);
        Ok(signed)
    }
}

fn malformed(what: &str) -> SignatureProblem {
    SignatureProblem::Malformed(what.to_owned())
}

/// Takes the armour off. Unlike OpenSSH, which stops reading at the end mark, nothing but white space may follow it.
fn dearmour(file: &[u8]) -> Result<Vec<u8>, SignatureProblem> {
    if file.len() as u64 > MAX_SIGNATURE {
        return Err(malformed("it is larger than any signature"));
    }
    let body = file.strip_prefix(BEGIN);
    let body = body.ok_or_else(|| malformed("it does not begin with -----BEGIN SSH SIGNATURE-----"))?;
    let body = match body {
        [b'\r', b'\n', ..] => body.get(1..).unwrap_or_default(),
        [b'\n', ..] => body,
        _ => return Err(malformed("its first line holds more than its beginning")),
    };
    let missing = || malformed("the line -----END SSH SIGNATURE----- is missing");
    let mark: Vec<u8> = [b"\n", END].concat();
    let at = body.windows(mark.len()).position(|window| window == mark);
    let (inside, rest) = body.split_at_checked(at.ok_or_else(missing)?).ok_or_else(missing)?;
    let rest = rest.get(mark.len()..).unwrap_or_default();
    if !rest.iter().all(u8::is_ascii_whitespace) {
        return Err(malformed("something follows its end"));
    }
    let letters: Vec<u8> = inside
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let text = std::str::from_utf8(&letters).map_err(|_| malformed("it is not base64"))?;
    Base64::decode_vec(text).map_err(|_| malformed("it is not base64"))
}
