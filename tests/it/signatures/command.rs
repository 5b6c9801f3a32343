//! `certify --sign`, `seal --sign` and `verify`.

use super::*;
use crate::scene::of_status;

#[test]
fn a_certificate_is_written_with_its_signature() {
    if !openssh() {
        return;
    }
    let scene = Scene::new();
    let key = scene.plain_key("ada");
    scene.allow(&[format!("ada@example.org {}", scene.public(&key))]);
    let ran = scene.certify(&["--sign", &key]).ends(0);
    assert!(ran.err.is_empty(), "{}", ran.err);
    let path = ran.out.lines().next().unwrap().split(' ').nth(1).unwrap();
    assert!(
        ran.out.contains(&format!("next: git add {path} {path}.sig\n")),
        "{}",
        ran.out
    );
    assert!(scene.openssh_verifies(path, "ada@example.org") && !scene.openssh_verifies(path, "bea@example.org"));
    let ran = run(&scene.repo, &["verify", "--staged", path]).ends(0);
    let head = scene.repo.ask(&["rev-parse", "--short=10", "HEAD"]);
    assert!(
        ran.out.contains("ok    signature: valid, ada@example.org, key SHA256:")
            && ran.out.contains(&format!("by .certgate/allowed_signers of {head}")),
        "{}",
        ran.out
    );
    // The list of HEAD counts, not that of the work tree.
    scene.repo.write(".certgate/allowed_signers", "");
    run(&scene.repo, &["verify", "--staged", path]).ends(0);
    scene
        .repo
        .git(&["commit", "--quiet", "--no-verify", "--all", "--message", "none"]);
    run(&scene.repo, &["verify", path])
        .ends(1)
        .writes("WRONG signature: the key SHA256:");
}

#[test]
fn without_a_signature_nothing_is_written() {
    if !openssh() {
        return;
    }
    let scene = Scene::new();
    let locked = scene.home("locked");
    scene.keygen(&["-q", "-t", "ed25519", "-N", "secret", "-f", &locked]);
    scene.repo.write("../nonsense", "no key");
    let nonsense = scene.home("nonsense");
    let public = format!("key::{}", scene.public(&locked));
    let cases = [
        (locked.as_str(), "ssh-keygen did not sign"),
        (nonsense.as_str(), "ssh-keygen did not sign"),
        (public.as_str(), "ssh-keygen did not sign"),
        ("nowhere/id", "the key nowhere/id cannot be read"),
        ("key::nothing", "is not a key"),
        ("", "is not a key"),
    ];
    for (key, said) in cases {
        let arguments = ["--sign", key];
        scene.certify(&arguments).undecided("CG519").says(said);
        assert_eq!(scene.certificates(), Vec::<PathBuf>::new(), "{key}");
    }
    scene
        .certify(&["--sign", &locked, "--output", "-"])
        .undecided("CG700")
        .says("standard output has no place for it");
    let path = "certificates/review_gpu_memory_20250102_030405.md";
    scene.repo.write(path, of_status("APPROVED", "C-1"));
    let before = scene.read(path);
    run(&scene.repo, &["seal", path, "--staged", "--sign", &locked]).undecided("CG519");
    assert_eq!(scene.read(path), before);
    assert!(!scene.exists(&format!("{path}.sig")));
}

#[test]
fn without_openssh_it_says_so() {
    let scene = Scene::new();
    let bin = scene.repo.home().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let git = scene
        .repo
        .command("sh")
        .args(["-c", "command -v git"])
        .output()
        .unwrap();
    let git = String::from_utf8(git.stdout).unwrap();
    std::os::unix::fs::symlink(git.trim_end(), bin.join("git")).unwrap();
    scene.repo.write("../key", "");
    let mut command = scene.repo.program();
    command.env("PATH", &bin).args([
        "certify",
        "gpu_memory",
        "--staged",
        "--status",
        "GO",
        "--rationale",
        "x",
    ]);
    let output = command
        .args(["--agent", "a", "--sign", &scene.home("key")])
        .output()
        .unwrap();
    Ran::from(output).undecided("CG519").says("ssh-keygen is not installed");
    assert_eq!(scene.certificates(), Vec::<PathBuf>::new());
}

/// An agent of OpenSSH, which goes away with the value.
pub(super) struct Agent {
    process: std::process::Child,
}

impl Agent {
    pub(super) fn start(scene: &mut Scene) -> Self {
        let socket = scene.home("agent");
        scene.repo.set("SSH_AUTH_SOCK", &socket);
        let mut command = scene.repo.command("ssh-agent");
        let process = command
            .args(["-D", "-a", &socket])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let agent = Self { process };
        for _ in 0..200 {
            // 1: there is an agent without keys; 2: there is none yet.
            if scene.ssh("ssh-add", &["-l"], b"").status.code() == Some(1) {
                return agent;
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        panic!("the agent does not answer");
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// Lets OpenSSH ask a program for passphrases, as it does without a terminal.
pub(super) fn knows_the_passphrase(scene: &mut Scene, passphrase: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    scene
        .repo
        .write("../askpass", format!("#!/bin/sh\necho '{passphrase}'\n"));
    let program = scene.home("askpass");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    scene.repo.set("SSH_ASKPASS", &program);
    scene.repo.set("SSH_ASKPASS_REQUIRE", "force");
}

#[test]
fn keys_in_the_agent_sign_by_their_public_half() {
    if !openssh() {
        return;
    }
    let mut scene = Scene::new();
    let agent = Agent::start(&mut scene);
    let key = scene.home("ada");
    scene.keygen(&["-q", "-t", "ed25519", "-N", "secret", "-f", &key]);
    let public = scene.public(&key);
    scene.allow(&[format!("ada {public}")]);
    knows_the_passphrase(&mut scene, "secret");
    let added = scene.ssh("ssh-add", &[&key], b"");
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    std::fs::rename(&key, scene.home("elsewhere")).unwrap();
    let (file, literal) = (format!("{key}.pub"), format!("key::{public} a comment"));
    for named in [&file, &literal, &public] {
        let path = scene.certified(&["--sign", named]);
        assert!(scene.openssh_verifies(&path, "ada"), "{named}");
    }
    drop(agent);
    scene.certify(&["--sign", &file]).undecided("CG519").says("ssh-add");
}

#[test]
fn a_passphrase_is_asked_for() {
    if !openssh() {
        return;
    }
    let mut scene = Scene::new();
    let key = scene.home("ada");
    scene.keygen(&["-q", "-t", "ed25519", "-N", "secret", "-f", &key]);
    scene.allow(&[format!("ada {}", scene.public(&key))]);
    knows_the_passphrase(&mut scene, "secret");
    let path = scene.certified(&["--sign", &key]);
    assert!(scene.openssh_verifies(&path, "ada"));
    knows_the_passphrase(&mut scene, "wrong");
    scene
        .certify(&["--sign", &key])
        .undecided("CG519")
        .says("incorrect passphrase");
}

#[test]
fn a_bare_sign_takes_the_configured_key() {
    if !openssh() {
        return;
    }
    let scene = Scene::new();
    let (ada, bea) = (scene.plain_key("ada"), scene.plain_key("bea"));
    scene.allow(&[
        format!("ada {}", scene.public(&ada)),
        format!("bea {}", scene.public(&bea)),
    ]);
    scene
        .certify(&["--sign"])
        .undecided("CG519")
        .says("names no key, and none is configured");
    // The id of an OpenPGP key is not for us.
    scene.repo.git(&["config", "user.signingKey", "0A46826A"]);
    scene
        .certify(&["--sign"])
        .undecided("CG519")
        .says("git config certgate.signingKey");
    scene.repo.git(&["config", "user.signingKey", "~/ada.pub"]);
    assert!(scene.openssh_verifies(&scene.certified(&["--sign"]), "ada"));
    scene.repo.git(&["config", "certgate.signingKey", "~/bea"]);
    let path = scene.certified(&["--sign"]);
    assert!(scene.openssh_verifies(&path, "bea"));
    let path = scene.certified(&["--sign", &ada]);
    assert!(scene.openssh_verifies(&path, "ada"));
    assert!(!scene.exists(&format!("{}.sig", scene.certified(&[]))), "nobody asked");
}

#[test]
fn seal_signs_and_adds_a_signature_to_what_is_sealed() {
    if !openssh() {
        return;
    }
    let scene = Scene::new();
    let (ada, bea) = (scene.plain_key("ada"), scene.plain_key("bea"));
    scene.allow(&[
        format!("ada {}", scene.public(&ada)),
        format!("bea {}", scene.public(&bea)),
    ]);
    let path = "certificates/review_gpu_memory_20250102_030405.md";
    scene.repo.write(path, of_status("APPROVED", "C-1"));
    run(&scene.repo, &["seal", path, "--staged", "--sign", &ada])
        .ends(0)
        .writes(&format!("sealed {path} for 1 file and signed it\n"));
    assert!(scene.openssh_verifies(path, "ada"));
    let sealed = scene.read(path);
    run(&scene.repo, &["seal", path, "--sign", &ada])
        .ends(0)
        .writes("is sealed and signed already");
    run(&scene.repo, &["seal", path, "--sign", &bea])
        .undecided("CG519")
        .says("is signed already, with another key")
        .says(&format!("rm {path}.sig"));
    assert!(scene.openssh_verifies(path, "ada"));
    std::fs::remove_file(scene.repo.path().join(format!("{path}.sig"))).unwrap();
    // The change need not be at hand any more.
    scene.repo.commit("all");
    run(&scene.repo, &["seal", path, "--sign", &bea])
        .ends(0)
        .writes(&format!("signed {path}\n"));
    assert!(scene.openssh_verifies(path, "bea"));
    assert_eq!(scene.read(path), sealed);
    // A damaged signature, or one of an older text, is none.
    scene.repo.write(format!("{path}.sig"), "nonsense");
    run(&scene.repo, &["seal", path, "--sign", &ada])
        .ends(0)
        .writes("signed ");
    assert!(scene.openssh_verifies(path, "ada"));
}

#[test]
fn a_key_that_would_not_count_is_told_when_signing() {
    if !openssh() {
        return;
    }
    let policy = crate::scene::POLICY.replace(
        "performance-engineer: { may_lift: true }",
        "performance-engineer: { principals: [perf@example.org], may_lift: true }",
    );
    let repo = with_policy();
    repo.write(".certgate/policy.yaml", policy);
    repo.commit("principals");
    let scene = Scene::of(repo);
    let key = scene.plain_key("ada");
    let public = scene.public(&key);
    let told = |code: &str, said: &str| {
        let ran = scene.certify(&["--sign", &key]).ends(0).says(said);
        assert_eq!(ran.warnings(), [code], "{}", ran.err);
        ran.says("this one would not count")
    };
    let remedy = told("CG505", "HEAD has no .certgate/allowed_signers")
        .remedies()
        .remove(0);
    scene.allow(&[format!("perf@example.org valid-before=\"20200101Z\" {public}")]);
    told("CG506", "was not valid any more");
    scene.allow(&[format!("perf@example.org namespaces=\"git\" {public}")]);
    told("CG505", "is not among the allowed signers");
    scene.allow(&[format!("ada@example.org {public}")]);
    told("CG510", "must not sign for `performance-engineer`").says("the policy lets perf@example.org speak");
    let path = scene.certified(&["--sign", &key]);
    run(&scene.repo, &["verify", "--staged", &path])
        .ends(1)
        .writes("who is not allowed to speak for `performance-engineer`");
    // Where signatures are required and nobody is named, nobody may: `verify` and `certify` say so, as `check` does.
    let named = String::from_utf8(scene.read(".certgate/policy.yaml")).unwrap();
    let nobody = named.replace("principals: [perf@example.org], ", "") + "defaults: { signatures: required }\n";
    scene.repo.write(".certgate/policy.yaml", &nobody);
    scene
        .repo
        .git(&["commit", "-qm", "nobody", "--no-verify", ".certgate/policy.yaml"]);
    told("CG510", "must not sign for").says("the policy names nobody who speaks for `performance-engineer`");
    run(&scene.repo, &["verify", "--staged", &path])
        .ends(1)
        .writes("who is not allowed to speak for `performance-engineer`");
    scene.repo.write(".certgate/policy.yaml", &named);
    scene
        .repo
        .git(&["commit", "-qm", "somebody", "--no-verify", ".certgate/policy.yaml"]);
    scene.commit_list("revoked_keys", public.as_bytes());
    told("CG507", "is revoked");
    scene.commit_list("revoked_keys", b"");
    // What is said to do does it.
    let done = scene.repo.command("sh").args(["-c", &remedy]).output().unwrap();
    assert!(done.status.success(), "{remedy}");
    scene.allow(&[String::from_utf8(scene.read(".certgate/allowed_signers")).unwrap()]);
    let ran = scene.certify(&["--sign", &key]).ends(0);
    assert_eq!(ran.warnings(), Vec::<&str>::new(), "{}", ran.err);
}

#[test]
fn verify_says_why_a_signature_does_not_count() {
    if !openssh() {
        return;
    }
    let scene = Scene::new();
    let (ada, eve) = (scene.plain_key("ada"), scene.plain_key("eve"));
    scene.allow(&[format!("ada {}", scene.public(&ada))]);
    let path = scene.certified(&[]);
    let says = |said: &str| {
        let ran = run(&scene.repo, &["verify", "--staged", &path]).ends(1);
        assert!(
            ran.out.contains(&format!("WRONG signature: {said}")),
            "{said}: {}",
            ran.out
        );
    };
    run(&scene.repo, &["verify", "--staged", &path])
        .ends(0)
        .writes("ok    signature: none");
    let beside = format!("{path}.sig");
    scene.openssh_signs(&path, &ada, "git");
    says("the signature was made for the namespace `git`, not for `certgate`");
    scene.openssh_signs(&path, &eve, "certgate");
    says("the key SHA256:");
    scene.openssh_signs(&path, &ada, "certgate");
    run(&scene.repo, &["verify", "--staged", &path]).ends(0);
    let good = scene.read(&beside);
    for (content, said) in [
        (Vec::new(), "the signature cannot be read: it does not begin with"),
        (
            good[..good.len() / 2].to_vec(),
            "the signature cannot be read: the line",
        ),
        (
            [&good[..], b"more"].concat(),
            "the signature cannot be read: something follows its end",
        ),
        (vec![b'x'; 100_000], "the signature cannot be read: it is larger"),
    ] {
        scene.repo.write(&beside, content);
        says(said);
    }
    scene.repo.write(&beside, &good);
    scene.commit_list("revoked_keys", scene.public(&ada).as_bytes());
    says("the key SHA256:");
    scene.commit_list("revoked_keys", b"serial: 7\n");
    run(&scene.repo, &["verify", "--staged", &path])
        .undecided("CG508")
        .says(".certgate/revoked_keys:1");
}

#[test]
fn what_was_signed_while_the_key_was_valid_stays_signed() {
    if !openssh() {
        return;
    }
    let scene = Scene::new();
    let key = scene.plain_key("ada");
    scene.allow(&[format!("ada {}", scene.public(&key))]);
    let path = scene.certified(&["--sign", &key]);
    scene.repo.commit("certified");
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(1);
    let soon = soon.strftime("%Y%m%d%H%M%SZ");
    let past = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    let past = past.strftime("%Y%m%d%H%M%SZ");
    for (options, code) in [
        (format!("valid-after=\"{past}\",valid-before=\"{soon}\""), 0),
        (format!("valid-before=\"{past}\""), 1),
        (format!("valid-after=\"{soon}\""), 1),
    ] {
        scene.allow(&[format!("ada {options} {}", scene.public(&key))]);
        run(&scene.repo, &["verify", &path]).ends(code);
    }
}

#[test]
fn the_doctor_looks_at_who_may_sign() {
    if !openssh() {
        return;
    }
    let required = |who: &str| {
        let agent = format!("performance-engineer: {{ principals: [{who}], may_lift: true }}");
        let policy = crate::scene::POLICY.replace("performance-engineer: { may_lift: true }", &agent);
        format!("defaults: {{ signatures: required }}\n{policy}")
    };
    let scene = Scene::new();
    let doctor = |said: &str| {
        let ran = run(&scene.repo, &["doctor"]);
        assert!(ran.out.contains(said), "{said}: {}", ran.said());
    };
    let quiet = run(&scene.repo, &["doctor"]).out;
    assert!(!quiet.contains("sign"), "{quiet}");
    scene.commit_list("policy.yaml", required("perf@example.org").as_bytes());
    doctor("WRONG the policy asks for signatures, and .certgate/allowed_signers names nobody");
    let key = scene.plain_key("ada");
    scene.allow(&[format!("ada@example.org {}", scene.public(&key))]);
    doctor("ok    1 principal may sign");
    doctor("note  perf@example.org, who may speak for `performance-engineer`, has no key");
    scene.allow(&[format!("*@example.org {}", scene.public(&key))]);
    assert!(!run(&scene.repo, &["doctor"]).out.contains("has no key"));
    scene.allow(&["ada@example.org what".to_owned()]);
    doctor("WRONG .certgate/allowed_signers cannot be read: ");
}
