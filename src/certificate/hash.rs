//! The document hash: SHA-256 over a certificate's bytes without the value of its `Certificate Hash:` line.
//!
//! It guards against accidents and careless edits, not against an attacker, who would write the new hash along with the new text;
//! against those there are signatures.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::Certificate;
use super::parse::hash_values;
use crate::change::Digest;

/// How a claimed hash compares with the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum HashCheck {
    /// The document claims none.
    Absent,
    /// It claims the right one.
    Valid,
    /// It claims another, or claims one in a way that leaves open what is hashed.
    Mismatch,
    /// What it claims does not begin with `sha256:`, so it is free text.
    NotAHash,
}

/// Returns the SHA-256 over a document's bytes, byte order mark included, without the value (everything after the colon up to the line
/// ending) of the one `Certificate Hash:` line in its section SIGNATURE; `None` unless there is exactly one such line.
pub fn certificate_hash(bytes: &[u8]) -> Option<Digest> {
    let values = hash_values(bytes);
    let [value] = values.as_slice() else {
        return None;
    };
    let mut hasher = Sha256::new();
    hasher.update(bytes.get(..value.start)?);
    hasher.update(bytes.get(value.end..)?);
    Some(Digest(hasher.finalize().into()))
}

/// Compares the claimed hash of a certificate with its document.
pub fn check_hash(bytes: &[u8], certificate: &Certificate) -> HashCheck {
    let Some(claim) = &certificate.hash else {
        return HashCheck::Absent;
    };
    let Some(hex) = claim.strip_prefix("sha256:") else {
        return HashCheck::NotAHash;
    };
    match (Digest::from_hex(hex), certificate_hash(bytes)) {
        (Some(claimed), Some(actual)) if claimed == actual => HashCheck::Valid,
        _ => HashCheck::Mismatch,
    }
}

/// Sets the value of the one `Certificate Hash:` line; `None` unless there is exactly one.
pub(super) fn with_hash(text: &str) -> Option<String> {
    let hash = certificate_hash(text.as_bytes())?;
    let values = hash_values(text.as_bytes());
    let at = values.first()?;
    Some(replaced(text, at.clone(), &format!(" sha256:{hash}")))
}

/// The text with other text in the place of a range.
pub(super) fn replaced(text: &str, range: Range<usize>, by: &str) -> String {
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    [before, by, after].concat()
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use crate::change::RepoPath;

    fn check(text: &str) -> HashCheck {
        check_hash(
            text.as_bytes(),
            &parse(&RepoPath::from("a.md"), text.as_bytes()).certificate,
        )
    }

    fn sealed(text: &str) -> String {
        let hash = certificate_hash(text.as_bytes()).unwrap();
        text.replace("Certificate Hash:", &format!("Certificate Hash: sha256:{hash}"))
    }

    #[test]
    fn covers_everything_but_its_own_value() {
        let text = sealed("# T\n\nProse.\n\n## SIGNATURE\nAgent: a\nCertificate Hash:\nmore\n");
        assert_eq!(check(&text), HashCheck::Valid);
        assert_eq!(check(&text.replace("Prose", "Prosa")), HashCheck::Mismatch);
        assert_eq!(check(&text.replace("more", "less")), HashCheck::Mismatch);
        assert_eq!(check(&text.replace('\n', "\r\n")), HashCheck::Mismatch);
        assert_eq!(check(&format!("\u{feff}{text}")), HashCheck::Mismatch);
        assert_eq!(
            check(&sealed("\u{feff}# T\r\n\r\n## SIGNATURE\r\nCertificate Hash:\r\n")),
            HashCheck::Valid
        );
        assert_eq!(
            check(&sealed("# T\n\n## Signature\n- **Certificate Hash:**")),
            HashCheck::Absent,
            "no such text to replace"
        );
    }

    #[test]
    fn known_answer() {
        // printf '# T\n\n## SIGNATURE\nCertificate Hash:\n' | sha256sum
        let text = "# T\n\n## SIGNATURE\nCertificate Hash: anything\n";
        let expected = Sha256::digest(b"# T\n\n## SIGNATURE\nCertificate Hash:\n");
        assert_eq!(certificate_hash(text.as_bytes()), Some(Digest(expected.into())));
    }

    #[test]
    fn tells_free_text_from_a_hash() {
        let with = |value: &str| format!("# T\n\n## SIGNATURE\nCertificate Hash:{value}\n");
        assert_eq!(check(&with("")), HashCheck::Absent);
        assert_eq!(check(&with(" PERF-CRIT-FIX")), HashCheck::NotAHash);
        assert_eq!(check(&with(" sha256:123")), HashCheck::Mismatch);
        assert_eq!(
            check("# T\n\nCertificate Hash: sha256:1\n"),
            HashCheck::Absent,
            "outside of SIGNATURE"
        );
        let twice = sealed(&with("")) + "Certificate Hash: x\n";
        assert_eq!(certificate_hash(twice.as_bytes()), None);
        assert_eq!(check(&twice), HashCheck::Mismatch);
        assert_eq!(certificate_hash(b"\xff"), None);
    }
}
