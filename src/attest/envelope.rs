//! DSSE: an envelope of a payload, its type, and signatures over both, as <https://github.com/secure-systems-lab/dsse> has it.

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The type of in-toto statements.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A signed payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Envelope {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<Signed>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Signed {
    /// A hint for whoever looks for the key; nothing is concluded from it.
    #[serde(default)]
    keyid: String,
    sig: String,
}

impl Envelope {
    /// What is signed of a statement: its "pre-authentication encoding", in which no byte can be taken for another field's.
    pub(crate) fn to_sign(statement: &[u8]) -> Vec<u8> {
        encoding(PAYLOAD_TYPE, statement)
    }

    /// A statement with its signature.
    pub(crate) fn new(statement: &[u8], key: &[u8; 32], signature: &[u8; 64]) -> Self {
        Self {
            payload: Base64::encode_string(statement),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: vec![Signed {
                keyid: fingerprint(key),
                sig: Base64::encode_string(signature),
            }],
        }
    }
}

fn encoding(kind: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {kind} {} ", kind.len(), body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// An Ed25519 key as the SSH wire format has it.
fn blob(key: &[u8; 32]) -> Vec<u8> {
    let mut blob = Vec::new();
    crate::trust::put(&mut blob, b"ssh-ed25519");
    crate::trust::put(&mut blob, key);
    blob
}

/// The fingerprint that `ssh-keygen -l` prints.
fn fingerprint(key: &[u8; 32]) -> String {
    let digest = Base64::encode_string(Sha256::digest(blob(key)).as_slice());
    format!("SHA256:{}", digest.trim_end_matches('='))
}

/// The key of a line of OpenSSH: `ssh-ed25519 AAAA… comment`.
pub(crate) fn public_key(line: &str) -> Option<[u8; 32]> {
    let mut words = line.split_whitespace();
    let word = words.find(|word| *word == "ssh-ed25519").and_then(|_| words.next())?;
    let bytes = Base64::decode_vec(word).ok()?;
    let key: [u8; 32] = bytes.get(bytes.len().checked_sub(32)?..)?.try_into().ok()?;
    (blob(&key) == bytes).then_some(key)
}

/// The statement of an envelope, if the key signed it; else why not.
pub(crate) fn verified(envelope: &Envelope, key: &[u8; 32]) -> Result<Vec<u8>, &'static str> {
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err("its payload is no in-toto statement");
    }
    let payload = Base64::decode_vec(&envelope.payload).map_err(|_| "its payload is not in base64")?;
    let key = VerifyingKey::from_bytes(key).map_err(|_| "the key is not a point of the curve")?;
    let signed = encoding(&envelope.payload_type, &payload);
    let holds = envelope.signatures.iter().any(|one| {
        let bytes = Base64::decode_vec(&one.sig).ok();
        let signature = bytes.and_then(|bytes| Signature::from_slice(&bytes).ok());
        signature.is_some_and(|signature| key.verify_strict(&signed, &signature).is_ok())
    });
    match holds {
        true => Ok(payload),
        false => Err("no signature of it is by this key"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_that_of_the_specification() {
        assert_eq!(
            encoding("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn a_key_reads_as_openssh_writes_it() {
        let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ada";
        let key = public_key(line).unwrap();
        assert_eq!(key[31], 31);
        for bad in [
            "",
            "ssh-ed25519",
            "ssh-ed25519 AAAA",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
        ] {
            assert_eq!(public_key(bad), None, "{bad}");
        }
    }
}
