//! Detached signatures: nothing but the signature of a document by an allowed key is one.

use certgate::diagnostic::Diagnostic;
use certgate::trust::{Revoked, SignatureCheck, Signers, verify};
use jiff::Timestamp;

use crate::harmless;

/// What the signatures in `src/trust/testdata` are of.
pub(crate) const DOCUMENT: &[u8] = b"hello\n";

/// Keys and an authority that signed it; nobody can sign anything else with them.
const SIGNERS: &[u8] = include_bytes!("../../src/trust/testdata/allowed_signers");

/// Reads the bytes as a signature: as the file that they are, and as what stands in such a file.
pub fn check(data: &[u8]) {
    let Ok(signers) = Signers::parse(SIGNERS) else {
        panic!("the signers are as they should be");
    };
    if data.starts_with(b"SSHSIG") {
        held(armour(data).as_bytes(), &signers);
    } else {
        held(data, &signers);
    }
}

fn held(file: &[u8], signers: &Signers) {
    let now = [moment()];
    let check = |document: &[u8], signers: &Signers| verify(document, file, signers, &Revoked::none(), &now);
    let verified = match check(DOCUMENT, signers) {
        SignatureCheck::Valid(verified) => verified,
        SignatureCheck::Invalid(problem) => {
            harmless(&Diagnostic::error(problem.code(), &problem));
            return;
        }
        SignatureCheck::Absent => panic!("there is a signature"),
    };
    assert!(!verified.principals.is_empty());
    assert!(
        verified
            .principals
            .iter()
            .all(|principal| principal.ends_with("@example.org"))
    );
    assert!(!verified.matches("mallory@example.com"));
    for document in [&b""[..], b"hello", b"hello\r\n", b"hello\n\n", file] {
        assert!(
            !matches!(check(document, signers), SignatureCheck::Valid(_)),
            "of {document:?}"
        );
    }
    assert!(!matches!(
        check(DOCUMENT, &Signers::default()),
        SignatureCheck::Valid(_)
    ));
}

/// A moment at which the endorsed key among them is valid.
pub(crate) fn moment() -> Timestamp {
    let Ok(moment) = "2024-06-01T00:00:00Z".parse() else {
        panic!("a timestamp");
    };
    moment
}

/// The file that holds these bytes (PROTOCOL.sshsig).
fn armour(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("-----BEGIN SSH SIGNATURE-----\n");
    for (count, part) in bytes.chunks(3).enumerate() {
        let mut three = [0; 3];
        three[..part.len()].copy_from_slice(part);
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= part.len() { char::from(letter) } else { '=' });
        }
        if count % 17 == 16 {
            text.push('\n');
        }
    }
    text.push_str("\n-----END SSH SIGNATURE-----\n");
    text
}
