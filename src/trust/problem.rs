//! What can be wrong with a signature, and with the lists of keys that it is held against.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::NAMESPACE;
use super::key::KeyName;
use crate::diagnostic::{Code, Diagnostic, Place, command};

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignatureProblem {
    /// The file is not a signature, or a damaged one.
    Malformed(String),
    /// It was made for another purpose than certgate's.
    WrongNamespace(String),
    /// It is a signature, but not of this document.
    WrongDocument,
    /// The key is nobody's: no line of the allowed signers gives it, or its authority, a principal in this namespace.
    UnknownKey(KeyName),
    /// A moment that counts lies before the key's validity.
    NotYetValid {
        /// The key.
        key: KeyName,
    },
    /// A moment that counts lies after the key's validity.
    Expired {
        /// The key.
        key: KeyName,
    },
    /// The key, its certificate or its authority is among the revoked keys.
    Revoked {
        /// The key.
        key: KeyName,
    },
    /// SHA-1, DSA, or RSA of fewer than 2048 bits.
    WeakAlgorithm(String),
    /// A form that is not accepted here.
    Unsupported(String),
}

impl SignatureProblem {
    /// The code under which it is reported.
    pub fn code(&self) -> Code {
        match self {
            Self::Malformed(_) | Self::WeakAlgorithm(_) | Self::Unsupported(_) => Code::CG503,
            Self::WrongNamespace(_) | Self::WrongDocument => Code::CG504,
            Self::UnknownKey(_) => Code::CG505,
            Self::NotYetValid { .. } | Self::Expired { .. } => Code::CG506,
            Self::Revoked { .. } => Code::CG507,
        }
    }
}

impl fmt::Display for SignatureProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "the signature cannot be read: {why}"),
            Self::WrongNamespace(namespace) => write!(
                f,
                "the signature was made for the namespace `{namespace}`, not for `{NAMESPACE}`"
            ),
            Self::WrongDocument => f.write_str("the signature is not of this document"),
            Self::UnknownKey(key) => write!(f, "the key {key} is not among the allowed signers"),
            Self::NotYetValid { key } => write!(f, "the key {key} was not valid yet"),
            Self::Expired { key } => write!(f, "the key {key} was not valid any more"),
            Self::Revoked { key } => write!(f, "the key {key} is revoked"),
            Self::WeakAlgorithm(why) => write!(f, "the signature is too weak to count: {why}"),
            Self::Unsupported(what) => write!(f, "the signature is of a form that is not accepted: {what}"),
        }
    }
}

/// A list of keys that cannot be read. Nothing is judged by half a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct SignersError {
    /// The line (1-based), where there is one.
    pub line: Option<u32>,
    /// What is wrong with it.
    pub why: String,
}

impl SignersError {
    pub(super) fn whole(why: impl Into<String>) -> Self {
        Self {
            line: None,
            why: why.into(),
        }
    }

    pub(super) fn at(line: usize, why: impl Into<String>) -> Self {
        Self {
            line: u32::try_from(line).ok(),
            why: why.into(),
        }
    }

    /// As it is reported, for the file at `path`.
    pub fn diagnostic(&self, path: impl fmt::Display) -> Diagnostic {
        let path = path.to_string();
        let place = match self.line {
            Some(line) => Place::line(&path, line),
            None => Place::file(&path),
        };
        let problem = Diagnostic::error(Code::CG508, format!("{path} cannot be read: {}", self.why)).at(place);
        problem.help(
            command!["man", "ssh-keygen"].why("ALLOWED SIGNERS and KEY REVOCATION LISTS say what is allowed here"),
        )
    }
}
