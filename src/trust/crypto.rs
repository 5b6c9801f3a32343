//! Verifying one signature by one plain key, as OpenSSH encodes both. The arithmetic is that of the RustCrypto and dalek libraries.

use rsa::BoxedUint;
use rsa::signature::Verifier as _;
use sha2::{Digest as _, Sha256, Sha512};

use super::key::{Curve, Material, PublicKey, RSA_LEAST, RSA_MOST};
use super::problem::SignatureProblem;
use super::wire::{Reader, Truncated};

/// What a security key says of the moment of signing (PROTOCOL.u2f).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Presence {
    /// Somebody touched it.
    pub(super) touched: bool,
    /// It asked for a PIN or a finger.
    pub(super) verified: bool,
}

impl From<Truncated> for SignatureProblem {
    fn from(_: Truncated) -> Self {
        Self::Malformed("it ends too early, or holds what is not allowed".to_owned())
    }
}

/// Holds an encoded signature (`string type, string signature …`) against a message. Security keys also tell who was there.
pub(super) fn verify(key: &PublicKey, signature: &[u8], message: &[u8]) -> Result<Option<Presence>, SignatureProblem> {
    if let Some(weakness) = key.weakness() {
        return Err(SignatureProblem::WeakAlgorithm(weakness));
    }
    let mut reader = Reader::new(signature);
    let kind = reader.text()?;
    let expected = key.kind();
    let fits = match (&key.material, kind) {
        (Material::Rsa { .. }, "ssh-rsa") => {
            return Err(SignatureProblem::WeakAlgorithm(
                "the signature is over SHA-1 (`ssh-rsa`)".to_owned(),
            ));
        }
        (Material::Rsa { .. }, kind) => matches!(kind, "rsa-sha2-256" | "rsa-sha2-512"),
        (Material::SkEcdsa { .. }, kind) if kind.starts_with("webauthn-") => {
            return Err(SignatureProblem::Unsupported(format!("a signature of type `{kind}`")));
        }
        _ => kind == expected,
    };
    if !fits {
        return Err(SignatureProblem::Malformed(format!(
            "a signature of type `{kind}` by a key of type `{expected}`"
        )));
    }
    let body = reader.string()?;
    let mut presence = None;
    let good = match &key.material {
        Material::Ed25519(public) => ed25519(public, body, message),
        Material::Ecdsa(curve, point) => ecdsa(*curve, point, body, message)?,
        Material::Rsa { modulus, exponent } => rsa(modulus, exponent, kind == "rsa-sha2-512", body, message)?,
        Material::SkEd25519 { key, application } => {
            let (seen, signed) = asserted(application, &mut reader, message)?;
            presence = Some(seen);
            ed25519(key, body, &signed)
        }
        Material::SkEcdsa { point, application } => {
            let (seen, signed) = asserted(application, &mut reader, message)?;
            presence = Some(seen);
            ecdsa(Curve::P256, point, body, &signed)?
        }
        Material::Dsa => false,
    };
    if !reader.is_empty() {
        return Err(SignatureProblem::Malformed(
            "something follows the signature".to_owned(),
        ));
    }
    match good {
        true => Ok(presence),
        false => Err(SignatureProblem::WrongDocument),
    }
}

/// What a security key signs in place of the message, and its flags.
fn asserted(
    application: &str,
    reader: &mut Reader<'_>,
    message: &[u8],
) -> Result<(Presence, Vec<u8>), SignatureProblem> {
    let flags = reader.byte()?;
    let counter = reader.u32()?;
    let mut signed = Sha256::digest(application.as_bytes()).to_vec();
    signed.push(flags);
    signed.extend_from_slice(&counter.to_be_bytes());
    signed.extend_from_slice(&Sha256::digest(message));
    let presence = Presence {
        touched: flags & 0x01 != 0,
        verified: flags & 0x04 != 0,
    };
    Ok((presence, signed))
}

/// Strict: points of small order and numbers out of range, which let one signature fit two messages, are refused.
fn ed25519(public: &[u8; 32], body: &[u8], message: &[u8]) -> bool {
    let key = ed25519_dalek::VerifyingKey::from_bytes(public);
    let signature = ed25519_dalek::Signature::from_slice(body);
    match (key, signature) {
        (Ok(key), Ok(signature)) => key.verify_strict(message, &signature).is_ok(),
        _ => false,
    }
}

fn ecdsa(curve: Curve, point: &[u8], body: &[u8], message: &[u8]) -> Result<bool, SignatureProblem> {
    let mut reader = Reader::new(body);
    let mut fixed = Vec::with_capacity(2 * curve.width());
    for _ in 0..2 {
        let number = reader.positive()?;
        let Some(padding) = curve.width().checked_sub(number.len()) else {
            return Ok(false);
        };
        fixed.resize(fixed.len() + padding, 0);
        fixed.extend_from_slice(number);
    }
    if !reader.is_empty() {
        return Err(SignatureProblem::Malformed(
            "something follows the two numbers".to_owned(),
        ));
    }
    macro_rules! verify {
        ($curve:ident) => {{
            let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(point);
            let signature = $curve::ecdsa::Signature::from_slice(&fixed);
            match (key, signature) {
                (Ok(key), Ok(signature)) => key.verify(message, &signature).is_ok(),
                _ => false,
            }
        }};
    }
    Ok(match curve {
        Curve::P256 => verify!(p256),
        Curve::P384 => verify!(p384),
        Curve::P521 => verify!(p521),
    })
}

fn rsa(modulus: &[u8], exponent: &[u8], long: bool, body: &[u8], message: &[u8]) -> Result<bool, SignatureProblem> {
    let number = |bytes: &[u8]| BoxedUint::from_be_slice_vartime(bytes);
    let key = rsa::PublicKey::new_with_size_limits(number(modulus), number(exponent), RSA_LEAST..=RSA_MOST);
    let key = key.map_err(|error| SignatureProblem::Unsupported(format!("the RSA key: {error}")))?;
    // As OpenSSH does: a number that happens to be short may come without its leading zeros.
    let Some(padding) = modulus.len().checked_sub(body.len()) else {
        return Ok(false);
    };
    let mut whole = vec![0; padding];
    whole.extend_from_slice(body);
    let Ok(signature) = rsa::pkcs1v15::Signature::from_bytes_with_max_len(&whole, RSA_MOST / 8) else {
        return Ok(false);
    };
    Ok(match long {
        true => rsa::pkcs1v15::VerifyingKey::<Sha512>::new(key).verify(message, &signature),
        false => rsa::pkcs1v15::VerifyingKey::<Sha256>::new(key).verify(message, &signature),
    }
    .is_ok())
}
