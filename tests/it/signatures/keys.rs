//! Every kind of key that the installed OpenSSH makes, both ways.

use super::*;

/// Holds one key against both verifiers, for a certificate that was signed by each.
#[track_caller]
fn both_ways(scene: &Scene, key: &str, principal: &str, kind: &str) {
    let path = scene.certified(&["--sign", key]);
    assert!(scene.openssh_verifies(&path, principal), "{kind}: made here");
    let expected = format!("ok    signature: valid, {principal}, key SHA256:");
    let ran = run(&scene.repo, &["verify", "--staged", &path])
        .ends(0)
        .writes(&expected);
    assert!(ran.out.contains(&format!("({kind})")), "{}", ran.out);
    scene.openssh_signs(&path, key, "certgate");
    run(&scene.repo, &["verify", "--staged", &path])
        .ends(0)
        .writes(&expected);
    // And neither takes it for another document.
    let mut altered = scene.read(&path);
    altered.push(b'\n');
    scene.repo.write(&path, altered);
    assert!(!scene.openssh_verifies(&path, principal), "{kind}: altered");
    run(&scene.repo, &["verify", "--staged", &path])
        .ends(1)
        .writes("WRONG signature: the signature is not of this document");
}

#[test]
fn plain_keys() {
    if !openssh() {
        return;
    }
    let scene = Scene::new();
    let kinds: [(&str, &[&str], &str); 7] = [
        ("ed25519", &["ed25519"], "ssh-ed25519"),
        ("p256", &["ecdsa", "-b", "256"], "ecdsa-sha2-nistp256"),
        ("p384", &["ecdsa", "-b", "384"], "ecdsa-sha2-nistp384"),
        ("p521", &["ecdsa", "-b", "521"], "ecdsa-sha2-nistp521"),
        ("rsa2048", &["rsa", "-b", "2048"], "ssh-rsa"),
        ("rsa3072", &["rsa", "-b", "3072"], "ssh-rsa"),
        ("rsa4096", &["rsa", "-b", "4096"], "ssh-rsa"),
    ];
    let keys: Vec<String> = kinds.iter().map(|(name, kind, _)| scene.key(name, kind)).collect();
    let lines = kinds.iter().zip(&keys);
    scene.allow(
        &lines
            .map(|((name, ..), key)| format!("{name}@example.org namespaces=\"certgate\" {}", scene.public(key)))
            .collect::<Vec<_>>(),
    );
    for ((name, _, kind), key) in kinds.iter().zip(&keys) {
        both_ways(&scene, key, &format!("{name}@example.org"), kind);
    }
}

#[test]
fn both_hash_functions() {
    if !openssh() {
        return;
    }
    let scene = Scene::new();
    for (name, kind) in [("ed", &["ed25519"][..]), ("rsa", &["rsa", "-b", "2048"])] {
        let key = scene.key(name, kind);
        scene.allow(&[format!("ada {}", scene.public(&key))]);
        let path = scene.certified(&[]);
        for hash in ["sha256", "sha512"] {
            let _absent = std::fs::remove_file(scene.repo.path().join(format!("{path}.sig")));
            let option = format!("hashalg={hash}");
            scene.keygen(&["-q", "-Y", "sign", "-n", "certgate", "-O", &option, "-f", &key, &path]);
            run(&scene.repo, &["verify", "--staged", &path])
                .ends(0)
                .writes("signature: valid, ada, ");
        }
    }
}

#[test]
fn security_keys_both_ways() {
    if !openssh() || !security_keys() {
        return;
    }
    let scene = Scene::new();
    let kinds = [
        ("ed25519-sk", "sk-ssh-ed25519@openssh.com", &[][..]),
        ("ecdsa-sk", "sk-ecdsa-sha2-nistp256@openssh.com", &[]),
        ("ed25519-sk", "sk-ssh-ed25519@openssh.com", &["-O", "no-touch-required"]),
    ];
    let mut keys = Vec::new();
    for (at, (kind, _, options)) in kinds.iter().enumerate() {
        keys.push(scene.key(&format!("sk{at}"), &[&[*kind][..], options].concat()));
    }
    let lines = keys.iter().enumerate();
    scene.allow(
        &lines
            .map(|(at, key)| format!("sk{at} {}", scene.public(key)))
            .collect::<Vec<_>>(),
    );
    for (at, ((_, kind, _), key)) in kinds.iter().zip(&keys).enumerate() {
        both_ways(&scene, key, &format!("sk{at}"), kind);
    }
}

/// An authority's certificate for the user keys `names`; each gets `NAME-cert.pub` beside it.
fn endorse(scene: &Scene, authority: &str, name: &str, options: &[&str]) {
    let public = format!("{}.pub", scene.home(name));
    scene.keygen(&[&["-q", "-s", authority, "-I", name], options, &[&public]].concat());
}

#[test]
fn keys_that_an_authority_vouches_for() {
    if !openssh() || !security_keys() {
        return;
    }
    let scene = Scene::new();
    let mut lines = Vec::new();
    let mut cases = Vec::new();
    let authorities: [(&str, &[&str]); 4] = [
        ("ca-ed25519", &["ed25519"]),
        ("ca-p384", &["ecdsa", "-b", "384"]),
        ("ca-rsa", &["rsa", "-b", "2048"]),
        ("ca-sk", &["ed25519-sk"]),
    ];
    let users: [(&str, &[&str], &str); 5] = [
        ("ed25519", &["ed25519"], "ssh-ed25519"),
        ("p521", &["ecdsa", "-b", "521"], "ecdsa-sha2-nistp521"),
        ("rsa", &["rsa", "-b", "2048"], "ssh-rsa"),
        ("sk1", &["ed25519-sk"], "sk-ssh-ed25519@openssh.com"),
        ("sk2", &["ecdsa-sk"], "sk-ecdsa-sha2-nistp256@openssh.com"),
    ];
    for (at, (name, kind)) in authorities.iter().enumerate() {
        let authority = scene.key(name, kind);
        lines.push(format!(
            "*@{name} cert-authority,namespaces=\"certgate\" {}",
            scene.public(&authority)
        ));
        // Every user with the first authority, and every authority with one user.
        for (user, kind, shown) in users.iter().take(if at == 0 { users.len() } else { 1 }) {
            let user = format!("{user}-{name}");
            let key = scene.key(&user, kind);
            let principals = format!("ada@{name},bea@elsewhere");
            endorse(&scene, &authority, &user, &["-n", &principals, "-V", "-1d:+1d"]);
            cases.push((format!("{key}-cert.pub"), format!("ada@{name}"), *shown));
        }
    }
    scene.allow(&lines);
    for (key, principal, kind) in cases {
        both_ways(&scene, &key, &principal, kind);
    }
}

#[test]
fn certificates_of_keys_that_do_not_count() {
    if !openssh() {
        return;
    }
    let scene = Scene::new();
    let authority = scene.plain_key("ca");
    scene.allow(&[format!("*@example.org cert-authority {}", scene.public(&authority))]);
    let path = scene.certified(&[]);
    let cases: [(&str, &[&str], &str, bool); 7] = [
        ("good", &["-n", "ada@example.org"], "valid, ada@example.org", true),
        (
            "late",
            &["-n", "ada@example.org", "-V", "20200101Z:20210101Z"],
            "not valid any more",
            false,
        ),
        (
            "early",
            &["-n", "ada@example.org", "-V", "20990101Z:21000101Z"],
            "not valid yet",
            false,
        ),
        (
            "other",
            &["-n", "ada@elsewhere.org"],
            "not among the allowed signers",
            false,
        ),
        (
            "machine",
            &["-h", "-n", "ada@example.org"],
            "for a machine, not for a person",
            false,
        ),
        ("nobody", &[], "names no principal", false),
        // OpenSSH lets this one pass; a critical option that is not understood must refuse.
        (
            "restricted",
            &["-n", "ada@example.org", "-O", "force-command=/bin/true"],
            "restricted by `force-command`",
            true,
        ),
    ];
    for (name, options, said, openssh) in cases {
        let key = scene.plain_key(name);
        endorse(&scene, &authority, name, options);
        scene.openssh_signs(&path, &format!("{key}-cert.pub"), "certgate");
        let ran = run(&scene.repo, &["verify", "--staged", &path]);
        assert!(ran.out.contains(said), "{name}: {}", ran.said());
        assert_eq!(scene.openssh_verifies(&path, "ada@example.org"), openssh, "{name}");
    }
}

#[test]
fn weak_keys_neither_sign_nor_count() {
    if !openssh() {
        return;
    }
    let scene = Scene::new();
    scene.allow(&["# nobody".to_owned()]);
    let short = scene.key("short", &["rsa", "-b", "1024"]);
    let ran = scene.certify(&["--sign", &short]).undecided("CG503");
    ran.says("RSA of 1024 bits is too short");
    assert_eq!(scene.certificates(), Vec::<PathBuf>::new());
    let path = scene.certified(&[]);
    scene.openssh_signs(&path, &short, "certgate");
    run(&scene.repo, &["verify", "--staged", &path])
        .ends(1)
        .writes("WRONG signature: the signature is too weak to count");
    scene.allow(&[format!("ada {}", scene.public(&short))]);
    run(&scene.repo, &["verify", "--staged", &path])
        .undecided("CG508")
        .says(".certgate/allowed_signers:1");
}
