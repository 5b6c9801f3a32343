//! Public keys as OpenSSH encodes them (RFC 4253 section 6.6, RFC 5656, RFC 8709, PROTOCOL.u2f): reading, comparing, naming.

use base64ct::{Base64, Base64Unpadded, Encoding as _};
use sha2::Digest as _;

use super::wire::{Reader, Truncated};

/// The fewest bits of an RSA key that counts.
pub(super) const RSA_LEAST: usize = 2048;
/// The most bits of an RSA key that is read, as in OpenSSH.
pub(super) const RSA_MOST: usize = 16384;
/// What a certified key's type ends in (PROTOCOL.certkeys).
pub(super) const CERTIFIED: &str = "-cert-v01@openssh.com";

/// How OpenSSH names a key to people: `SHA256:` and the hash of its encoding.
pub type KeyName = String;

/// A curve of ECDSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    fn name(self) -> &'static str {
        match self {
            Self::P256 => "nistp256",
            Self::P384 => "nistp384",
            Self::P521 => "nistp521",
        }
    }

    /// The bytes of one coordinate.
    pub(super) fn width(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// What a public key is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Material {
    Ed25519([u8; 32]),
    /// The point is in uncompressed form; whether it lies on the curve is found by verifying.
    Ecdsa(Curve, Vec<u8>),
    /// Both numbers in big-endian order, without leading zeros.
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    SkEd25519 {
        key: [u8; 32],
        application: String,
    },
    SkEcdsa {
        point: Vec<u8>,
        application: String,
    },
    /// Only to tell it from what is unknown: it never verifies anything.
    Dsa,
}

/// A plain public key, without a certificate around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PublicKey {
    /// As OpenSSH encodes it. Since only the shortest encoding is read, equal keys have equal bytes.
    pub(super) blob: Vec<u8>,
    pub(super) material: Material,
}

/// Why bytes are not a key that is known here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeyError {
    #[error("the key cannot be read")]
    Malformed,
    #[error("the key's type `{0}` is not known")]
    Unknown(String),
}

impl From<Truncated> for KeyError {
    fn from(_: Truncated) -> Self {
        Self::Malformed
    }
}

impl PublicKey {
    /// Reads all of an encoded key.
    pub(super) fn parse(blob: &[u8]) -> Result<Self, KeyError> {
        let mut reader = Reader::new(blob);
        let kind = reader.text()?;
        let material = Material::read(kind, &mut reader)?;
        if !reader.is_empty() {
            return Err(KeyError::Malformed);
        }
        Ok(Self {
            blob: blob.to_vec(),
            material,
        })
    }

    /// Its fingerprint, as `ssh-keygen -l` prints it.
    pub(super) fn name(&self) -> KeyName {
        format!(
            "SHA256:{}",
            Base64Unpadded::encode_string(&sha2::Sha256::digest(&self.blob))
        )
    }

    /// The type, as it is before the key in a file.
    pub(super) fn kind(&self) -> String {
        let kind = Reader::new(&self.blob).text();
        kind.unwrap_or_default().to_owned()
    }

    /// Type and base64, as it is in a file.
    pub(super) fn line(&self) -> String {
        format!("{} {}", self.kind(), Base64::encode_string(&self.blob))
    }

    /// Why signatures of this key do not count, whoever owns it.
    pub(super) fn weakness(&self) -> Option<String> {
        match &self.material {
            Material::Dsa => Some("DSA is broken".to_owned()),
            Material::Rsa { modulus, .. } => {
                let bits = bits(modulus);
                (bits < RSA_LEAST).then(|| format!("RSA of {bits} bits is too short; {RSA_LEAST} are the least"))
            }
            _ => None,
        }
    }
}

/// The bits of a number without leading zeros.
fn bits(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |first| first.leading_zeros() as usize);
    number.len() * 8 - leading
}

impl Material {
    /// Reads what follows the type; a certificate holds the same after its nonce.
    pub(super) fn read(kind: &str, reader: &mut Reader<'_>) -> Result<Self, KeyError> {
        let point = |bytes: &[u8], curve: Curve| match bytes {
            [4, rest @ ..] if rest.len() == 2 * curve.width() => Ok(bytes.to_vec()),
            _ => Err(KeyError::Malformed),
        };
        let ed25519 = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| KeyError::Malformed);
        Ok(match kind {
            "ssh-ed25519" => Self::Ed25519(ed25519(reader.string()?)?),
            "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => {
                let curve = match kind {
                    "ecdsa-sha2-nistp256" => Curve::P256,
                    "ecdsa-sha2-nistp384" => Curve::P384,
                    _ => Curve::P521,
                };
                if reader.text()? != curve.name() {
                    return Err(KeyError::Malformed);
                }
                Self::Ecdsa(curve, point(reader.string()?, curve)?)
            }
            "ssh-rsa" => {
                let (exponent, modulus) = (reader.positive()?.to_vec(), reader.positive()?.to_vec());
                if bits(&modulus) > RSA_MOST || exponent.is_empty() {
                    return Err(KeyError::Malformed);
                }
                Self::Rsa { modulus, exponent }
            }
            "sk-ssh-ed25519@openssh.com" => Self::SkEd25519 {
                key: ed25519(reader.string()?)?,
                application: reader.text()?.to_owned(),
            },
            "sk-ecdsa-sha2-nistp256@openssh.com" => {
                if reader.text()? != Curve::P256.name() {
                    return Err(KeyError::Malformed);
                }
                Self::SkEcdsa {
                    point: point(reader.string()?, Curve::P256)?,
                    application: reader.text()?.to_owned(),
                }
            }
            "ssh-dss" => {
                for _ in 0..4 {
                    reader.positive()?;
                }
                Self::Dsa
            }
            other => return Err(KeyError::Unknown(other.to_owned())),
        })
    }
}

/// Reads base64 as it is in key files: one word, padded.
pub(super) fn unbase64(word: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(word).ok()
}
