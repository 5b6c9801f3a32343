//! Trust: whether a certificate is what its author left, and who that was.
//!
//! The document hash belongs to the format and is computed there; it is offered here beside what else trust rests on: detached SSH
//! signatures (PROTOCOL.sshsig), the list of allowed signers and the list of revoked keys, each in OpenSSH's own format. No private key
//! is ever read here, and nothing here opens a file or looks at the clock.

mod authority;
mod crypto;
mod key;
mod keyring;
mod krl;
mod pattern;
mod problem;
mod revoked;
mod signature;
mod signers;
mod validity;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

pub use crate::certificate::{HashCheck, certificate_hash, check_hash};
pub use key::KeyName;
pub use keyring::{Demands, Doubt, Keyring, Signatures};
pub use problem::{SignatureProblem, SignersError};
pub use revoked::Revoked;
pub use signature::is_signature_file;
pub use signers::Signers;
pub use verify::{SignatureCheck, Signer, Verified, signer, verify, verify_commit};
pub(crate) use wire::{Reader, put};

/// The namespace of certgate's signatures: `ssh-keygen -Y sign -n certgate`. A signature made for anything else does not count.
pub const NAMESPACE: &str = "certgate";

/// The namespace of git's own signatures of commits and tags (gitformat-signature(5)).
pub const GIT_NAMESPACE: &str = "git";

/// What follows a certificate's path to name its detached signature.
pub const SIGNATURE_SUFFIX: &str = ".sig";

/// The largest signature file that is read, in bytes: the largest that OpenSSH makes is below 8 KiB.
pub const MAX_SIGNATURE: u64 = 64 * 1024;

/// The largest list of signers or of revoked keys that is read, in bytes.
pub const MAX_SIGNERS: u64 = 4 * 1024 * 1024;
