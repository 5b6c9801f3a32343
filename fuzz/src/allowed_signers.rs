//! Lists of keys: allowed signers, and revoked keys as text or as KRL. Only who is listed may sign.

use certgate::trust::{Revoked, SignatureCheck, Signers, SignersError, verify};

use crate::harmless;
use crate::signature::{DOCUMENT, moment};

/// Signatures of the document, each with the text of the key that must be listed for it: the signing one, or the authority's. The last
/// letters are left off, since base64 has more than one way to end.
const SIGNED: [(&[u8], &str); 2] = [
    (
        include_bytes!("../../src/trust/testdata/ed25519.sig"),
        "AAAAC3NzaC1lZDI1NTE5AAAAIEXJ9ORHAwAhoBxMUuudXoQDCHoR3Qa/4Kp7rE7qFV",
    ),
    (
        include_bytes!("../../src/trust/testdata/endorsed.sig"),
        "AAAAC3NzaC1lZDI1NTE5AAAAIA07VmsVkS88t+0HiKvbkwHYOsPNN6SyCwvl4wZMxM",
    ),
];

/// The list by which both count.
const SIGNERS: &[u8] = include_bytes!("../../src/trust/testdata/allowed_signers");

/// Reads the bytes as either list, and judges signatures by it.
pub fn check(data: &[u8]) {
    match Signers::parse(data) {
        Ok(signers) => allowed(data, &signers),
        Err(error) => told(data, &error),
    }
    match Revoked::parse(data) {
        Ok(revoked) => {
            assert_eq!(Revoked::parse(data).as_ref(), Ok(&revoked));
            withdrawn(&revoked);
        }
        Err(error) => told(data, &error),
    }
}

fn told(data: &[u8], error: &SignersError) {
    let lines = data.split(|byte| *byte == b'\n').count();
    assert!(error.line.is_none_or(|line| (1..=lines).contains(&(line as usize))));
    harmless(&error.diagnostic(".certgate/allowed_signers"));
}

/// Who signs is listed; comments list nobody; listing twice changes nothing.
fn allowed(data: &[u8], signers: &Signers) {
    let commented = [data, b"\n\n# more\r\n \t\n"].concat();
    assert_eq!(Signers::parse(&commented).as_ref(), Ok(signers));
    let Ok(twice) = Signers::parse(&[data, b"\n", data].concat()) else {
        panic!("a list below itself is a list");
    };
    assert_eq!(twice.principals().count(), 2 * signers.principals().count());
    // A line may name only those that it does not mean.
    assert!(!signers.is_empty() || signers.principals().next().is_none());
    for (signature, key) in SIGNED {
        let judge = |signers: &Signers| verify(DOCUMENT, signature, signers, &Revoked::none(), &[moment()]);
        let check = judge(signers);
        if let SignatureCheck::Valid(verified) = &check {
            assert!(
                data.windows(key.len()).any(|part| part == key.as_bytes()),
                "{key} is not listed"
            );
            assert!(!verified.principals.is_empty());
            assert!(!verified.matches(""));
            let known: Vec<&str> = signers.principals().collect();
            let listed = |principal: &String| known.contains(&principal.as_str());
            assert!(
                verified.authority.is_some() || verified.principals.iter().all(listed),
                "{verified:?}"
            );
        }
        let again = judge(&twice);
        let counts = |check: &SignatureCheck| matches!(check, SignatureCheck::Valid(_));
        assert_eq!(counts(&check), counts(&again), "{check:?} {again:?}");
    }
}

/// A list of revoked keys takes away and never gives.
fn withdrawn(revoked: &Revoked) {
    let Ok(signers) = Signers::parse(SIGNERS) else {
        panic!("the signers are as they should be");
    };
    for (signature, _) in SIGNED {
        let check = verify(DOCUMENT, signature, &signers, revoked, &[moment()]);
        assert!(
            !revoked.is_empty() || matches!(check, SignatureCheck::Valid(_)),
            "{check:?}"
        );
        assert!(!matches!(
            verify(b"another\n", signature, &signers, revoked, &[moment()]),
            SignatureCheck::Valid(_)
        ));
    }
}
