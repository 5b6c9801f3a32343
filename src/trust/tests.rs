//! Signatures that OpenSSH made, over the document `hello\n`, each kind held against lists of every kind; and parsers that must answer
//! whatever they read. `tests/it/signatures` compares with the installed OpenSSH.

use jiff::Timestamp;

use super::*;

const DOCUMENT: &[u8] = b"hello\n";
const SIGNERS: &[u8] = include_bytes!("testdata/allowed_signers");

/// Each key of the list with its signature.
const SIGNED: [(&str, &[u8]); 7] = [
    ("ed25519", include_bytes!("testdata/ed25519.sig")),
    ("ecdsa256", include_bytes!("testdata/ecdsa256.sig")),
    ("ecdsa384", include_bytes!("testdata/ecdsa384.sig")),
    ("ecdsa521", include_bytes!("testdata/ecdsa521.sig")),
    ("rsa2048", include_bytes!("testdata/rsa2048.sig")),
    ("ed25519-sk", include_bytes!("testdata/ed25519-sk.sig")),
    ("ecdsa-sk", include_bytes!("testdata/ecdsa-sk.sig")),
];
/// By a key that an authority endorses for ada and perf @example.org, in the year 2024.
const ENDORSED: &[u8] = include_bytes!("testdata/endorsed.sig");

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn during() -> [Timestamp; 1] {
    [moment("2024-06-01T00:00:00Z")]
}

fn signers() -> Signers {
    Signers::parse(SIGNERS).unwrap()
}

/// The list with options put before every key.
fn with_options(options: &str) -> Signers {
    let text = String::from_utf8(SIGNERS.to_vec()).unwrap();
    let text: String = text
        .lines()
        .map(|line| {
            let (principal, key) = line.split_once(' ').unwrap();
            let key = key.strip_prefix("cert-authority ").map_or_else(
                || format!("{options} {key}"),
                |key| format!("cert-authority,{options} {key}"),
            );
            format!("{principal} {key}\n")
        })
        .collect();
    Signers::parse(text.as_bytes()).unwrap()
}

fn problem(check: SignatureCheck) -> SignatureProblem {
    match check {
        SignatureCheck::Invalid(problem) => problem,
        other => panic!("{other:?}"),
    }
}

fn valid(check: SignatureCheck) -> Verified {
    match check {
        SignatureCheck::Valid(verified) => verified,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_of_key_verifies() {
    for (name, signature) in SIGNED {
        let verified = valid(verify(DOCUMENT, signature, &signers(), &Revoked::none(), &during()));
        assert_eq!(verified.principals, [format!("{name}@example.org")]);
        assert!(verified.matches(&format!("{name}@example.org")) && !verified.matches("ada@example.org"));
        assert!(
            verified.key.starts_with("SHA256:") && verified.key.len() == 50,
            "{}",
            verified.key
        );
        assert_eq!(verified.touched, name.ends_with("-sk").then_some(true));
    }
}

#[test]
fn another_document_does_not_verify() {
    for (_, signature) in SIGNED {
        for document in [&b"hello"[..], b"hello\r\n", b"", b"Hello\n"] {
            let check = verify(document, signature, &signers(), &Revoked::none(), &during());
            assert_eq!(problem(check), SignatureProblem::WrongDocument);
        }
    }
}

#[test]
fn an_authority_vouches_within_its_certificate() {
    let ask = |at: &str| verify(DOCUMENT, ENDORSED, &signers(), &Revoked::none(), &[moment(at)]);
    let verified = valid(ask("2024-06-01T00:00:00Z"));
    assert_eq!(verified.principals, ["ada@example.org", "perf@example.org"]);
    assert!(verified.matches("ada@example.org") && !verified.matches("eve@example.org"));
    assert!(verified.authority.is_some_and(|authority| authority != verified.key));
    valid(ask("2024-01-01T00:00:00Z"));
    valid(ask("2024-12-31T23:59:59Z"));
    assert!(matches!(
        problem(ask("2025-01-01T00:00:00Z")),
        SignatureProblem::Expired { .. }
    ));
    assert!(matches!(
        problem(ask("2023-12-31T23:59:59Z")),
        SignatureProblem::NotYetValid { .. }
    ));
    let text = String::from_utf8(SIGNERS.to_vec()).unwrap();
    for (list, fits) in [
        ("ada@*", true),
        ("*,!perf@example.org", true),
        ("eve@example.org", false),
        ("*,!*.org", false),
    ] {
        let text = text.replace("*@example.org cert", &format!("{list} cert"));
        let signers = Signers::parse(text.as_bytes()).unwrap();
        match verify(DOCUMENT, ENDORSED, &signers, &Revoked::none(), &during()) {
            SignatureCheck::Valid(verified) => {
                assert!(fits, "{list}");
                assert_eq!(verified.principals, ["ada@example.org"]);
                assert!(!verified.matches("perf@example.org"));
            }
            other => assert!(
                !fits && matches!(problem(other), SignatureProblem::UnknownKey(_)),
                "{list}"
            ),
        }
    }
    // The key of an authority endorses; it does not sign. And a plain line is no authority.
    let plain = text.replace("cert-authority ", "");
    let check = verify(
        DOCUMENT,
        ENDORSED,
        &Signers::parse(plain.as_bytes()).unwrap(),
        &Revoked::none(),
        &during(),
    );
    assert!(matches!(problem(check), SignatureProblem::UnknownKey(_)));
}

#[test]
fn every_moment_must_lie_in_the_window() {
    let limited = with_options("valid-after=\"20240101Z\",valid-before=\"20240131Z\"");
    for (_, signature) in SIGNED {
        let ask = |at: &[Timestamp]| verify(DOCUMENT, signature, &limited, &Revoked::none(), at);
        let (early, within, late) = (
            moment("2023-12-31T23:59:59Z"),
            moment("2024-01-15T00:00:00Z"),
            moment("2024-01-31T00:00:01Z"),
        );
        valid(ask(&[within, within]));
        assert!(matches!(
            problem(ask(&[within, late])),
            SignatureProblem::Expired { .. }
        ));
        assert!(matches!(
            problem(ask(&[early, within])),
            SignatureProblem::NotYetValid { .. }
        ));
        assert!(matches!(problem(ask(&[])), SignatureProblem::Expired { .. }));
    }
}

#[test]
fn namespaces_limit_a_line() {
    for (list, fits) in [
        ("certgate", true),
        ("git,cert*", true),
        ("git", false),
        ("*,!certgate", false),
    ] {
        let signers = with_options(&format!("namespaces=\"{list}\""));
        let check = verify(DOCUMENT, SIGNED[0].1, &signers, &Revoked::none(), &during());
        match fits {
            true => drop(valid(check)),
            false => assert!(matches!(problem(check), SignatureProblem::UnknownKey(_)), "{list}"),
        }
    }
}

#[test]
fn one_key_on_several_lines_speaks_for_all_of_them() {
    let text = String::from_utf8(SIGNERS.to_vec()).unwrap();
    let key = text.lines().next().unwrap().split_once(' ').unwrap().1;
    let more = format!(
        "{text}\"Ada L,*@perf.example.org\" {key} a comment\nold valid-before=\"20200101\" {key}\nelse namespaces=\"git\" {key}\n"
    );
    let signers = Signers::parse(more.as_bytes()).unwrap();
    let verified = valid(verify(DOCUMENT, SIGNED[0].1, &signers, &Revoked::none(), &during()));
    assert_eq!(
        verified.principals,
        ["ed25519@example.org", "Ada L", "*@perf.example.org"]
    );
    assert!(verified.matches("x@perf.example.org") && verified.matches("Ada L") && !verified.matches("old"));
    assert!(signers.principals().any(|principal| principal == "else"));
}

#[test]
fn revoked_keys_never_count() {
    let hits = |list: &[u8]| {
        let revoked = Revoked::parse(list).unwrap();
        let mut hits = Vec::new();
        for (name, signature) in SIGNED.into_iter().chain([("endorsed", ENDORSED)]) {
            match verify(DOCUMENT, signature, &signers(), &revoked, &during()) {
                SignatureCheck::Invalid(SignatureProblem::Revoked { .. }) => hits.push(name),
                other => drop(valid(other)),
            }
        }
        hits
    };
    assert_eq!(hits(b"# nobody\n"), Vec::<&str>::new());
    assert_eq!(hits(include_bytes!("testdata/revoked_keys")), ["ecdsa384"]);
    assert_eq!(
        hits(include_bytes!("testdata/keys.krl")),
        ["ed25519", "ecdsa256", "ecdsa521"]
    );
    assert_eq!(hits(include_bytes!("testdata/serial.krl")), ["endorsed"]);
    assert_eq!(hits(include_bytes!("testdata/serials.krl")), ["endorsed"]);
    assert_eq!(hits(include_bytes!("testdata/id.krl")), ["endorsed"]);
    let text = String::from_utf8(SIGNERS.to_vec()).unwrap();
    let authority = text.lines().last().unwrap().split_once("cert-authority ").unwrap().1;
    assert_eq!(hits(authority.as_bytes()), ["endorsed"], "the authority's key");
    // Weak keys may be revoked, though they count for nothing anyway.
    assert_eq!(hits(include_bytes!("testdata/weak_keys")), Vec::<&str>::new());
}

#[test]
fn weak_keys_do_not_count() {
    for signature in [
        &include_bytes!("testdata/dsa.sig")[..],
        include_bytes!("testdata/rsa1024.sig"),
    ] {
        let check = verify(DOCUMENT, signature, &signers(), &Revoked::none(), &during());
        assert!(matches!(problem(check), SignatureProblem::WeakAlgorithm(_)));
    }
    let weak = include_str!("testdata/weak_keys");
    for key in weak.lines() {
        let error = Signers::parse(format!("\nada@example.org {key}\n").as_bytes()).unwrap_err();
        assert_eq!(error.line, Some(2));
        assert!(error.why.contains("could never sign"), "{error}");
    }
}

#[test]
fn armour_is_read_strictly() {
    let text = String::from_utf8(SIGNED[0].1.to_vec()).unwrap();
    let ask = |file: &str| verify(DOCUMENT, file.as_bytes(), &signers(), &Revoked::none(), &during());
    valid(ask(&text.replace('\n', "\r\n")));
    valid(ask(text.trim_end()));
    valid(ask(&format!("{text}\n\n")));
    let second = text.lines().nth(1).unwrap();
    let bad = [
        String::new(),
        format!("\n{text}"),
        format!("{text}more"),
        format!("{text}{text}"),
        text.replace("BEGIN SSH", "BEGIN PGP"),
        text.replace("-----END", "----END"),
        text.replace(second, &second[..second.len() - 4]),
        text.replace(second, &format!("*{}", &second[1..])),
        text.replace(second, ""),
        text[..text.len() / 2].to_owned(),
        text.replace("-----\n", "----- \n"),
    ];
    for file in bad {
        assert!(matches!(problem(ask(&file)), SignatureProblem::Malformed(_)), "{file}");
    }
}

#[test]
fn lines_that_are_not_understood_fail_with_their_number() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHm6Mt3h2Hk5q0Wc8s9Zy2vVb3mJq4m1vYw0pQ0qk7aX";
    let rsa = key.replace("ssh-ed25519", "ssh-rsa");
    let short = key.replace("7aX", "");
    let certified = key.replace("ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com");
    Signers::parse(format!("a {key}").as_bytes()).unwrap();
    let bad = [
        "a".to_owned(),
        key.to_owned(),
        format!("a,,b {key}"),
        format!("! {key}"),
        format!("\"a {key}"),
        format!("\"a\"b {key}"),
        format!("a\"b\" {key}"),
        format!("a {rsa}"),
        format!("a {short}"),
        format!("a {certified}"),
        format!("a unknown {key}"),
        format!("a namespaces=git {key}"),
        format!("a namespaces=\"git {key}"),
        format!("a namespaces=\"git\",namespaces=\"x\" {key}"),
        format!("a namespaces=\"\" {key}"),
        format!("a namespaces=\"git\" , cert-authority {key}"),
        format!("a namespaces=\"git\"cert-authority {key}"),
        format!("a cert-authority, {key}"),
        format!("a cert-authorityx {key}"),
        format!("a valid-after=\"2024\" {key}"),
        format!("a valid-after=\"20240101\",valid-before=\"20230101\" {key}"),
        format!("a valid-before=\"20240101\",valid-before=\"20240102\" {key}"),
        "a cert-authority".to_owned(),
        "a ssh-ed25519 !".to_owned(),
        "a ssh-none AAAA".to_owned(),
        format!("a\u{7f}b {key}"),
        format!("\u{feff}a {key}"),
    ];
    for line in bad {
        let error = Signers::parse(format!("# comment\n\na {key}\n{line}\n").as_bytes()).unwrap_err();
        assert_eq!(error.line, Some(4), "{line}: {error}");
        assert_eq!(error.diagnostic(".certgate/allowed_signers").code().as_str(), "CG508");
    }
    let good = [
        format!("  a {key}"),
        format!("a\t{key}"),
        format!("a {key} some comment # more"),
        format!("a CERT-authority,Namespaces=\"git,certgate\",VALID-after=\"20240101\" {key}\r"),
        format!("\"a b,c\" {key}"),
    ];
    for line in good {
        Signers::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn lists_of_revoked_keys_fail_loudly() {
    for bad in [
        &b"serial: 7\n"[..],
        b"hello",
        b"ssh-ed25519 AAAA",
        b"a ssh-ed25519 AAAA",
        b"SSHKRL\n\0",
        b"\xff",
    ] {
        Revoked::parse(bad).unwrap_err();
    }
    let whole = include_bytes!("testdata/serials.krl");
    for end in 9..whole.len() {
        // A list that ends at a section's end is a shorter list; the only such place here is before its one section.
        let outcome = Revoked::parse(&whole[..end]);
        assert!(outcome.is_err() || outcome == Ok(Revoked::none()), "{end}");
    }
    let mut unknown = whole.to_vec();
    unknown.extend_from_slice(&[77, 0, 0, 0, 0]);
    assert!(Revoked::parse(&unknown).unwrap_err().why.contains("type 77"));
}

#[test]
fn a_line_that_names_nobody_lets_nobody_sign() {
    let (_, signature) = SIGNED[0];
    let text = String::from_utf8(SIGNERS.to_vec()).unwrap();
    let excluded = text.replacen("ed25519@", "!bob@", 1);
    assert_ne!(excluded, text);
    let signers = Signers::parse(excluded.as_bytes()).unwrap();
    let check = verify(DOCUMENT, signature, &signers, &Revoked::none(), &during());
    assert!(matches!(problem(check), SignatureProblem::UnknownKey(_)));
}

#[test]
fn what_was_verified_survives_being_written_down() {
    for signature in [SIGNED[0].1, ENDORSED] {
        let check = verify(DOCUMENT, signature, &signers(), &Revoked::none(), &during());
        let bytes = postcard::to_stdvec(&check).unwrap();
        assert_eq!(postcard::from_bytes::<SignatureCheck>(&bytes).unwrap(), check);
    }
}

proptest::proptest! {
    #[test]
    fn parsers_answer_whatever_they_read(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = Signers::parse(&bytes);
        let _ = Revoked::parse(&bytes);
        let krl = [&b"SSHKRL\n\0\0\0\0\x01"[..], &bytes].concat();
        let _ = Revoked::parse(&krl);
        let invalid = matches!(
            verify(DOCUMENT, &bytes, &signers(), &Revoked::none(), &during()),
            SignatureCheck::Invalid(_)
        );
        proptest::prop_assert!(invalid);
    }

    #[test]
    fn no_altered_signature_verifies(which in 0..8usize, at in 0..4000usize, bit in 0..8u32) {
        use base64ct::{Base64, Encoding as _};
        let file = SIGNED.get(which).map_or(ENDORSED, |(_, file)| *file);
        let text = std::str::from_utf8(file).unwrap();
        let letters: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let mut bytes = Base64::decode_vec(&letters).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        // The version 0 is read as 1, as OpenSSH does.
        proptest::prop_assume!(!(at == 9 && bit == 0));
        let altered = format!(
            "-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n",
            Base64::encode_string(&bytes)
        );
        let check = verify(DOCUMENT, altered.as_bytes(), &signers(), &Revoked::none(), &during());
        proptest::prop_assert!(matches!(check, SignatureCheck::Invalid(_)), "byte {} bit {}", at, bit);
    }
}
