//! Signatures, each held against the installed OpenSSH: made here and verified there, made there and verified here.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod command;
mod differential;
mod keys;
mod manual;

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::scene::{Ran, run, stage_gated, with_policy};
use crate::support::TestRepo;

/// The security key in software that OpenSSH tests itself with (Debian: openssh-tests).
const SK_DUMMY: &str = "/usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so";

/// Whether tests of signatures can run: OpenSSH is there. Where tools are required it must be.
fn openssh() -> bool {
    let repo = TestRepo::empty();
    let there = |program: &str| repo.command(program).arg("-?").output().is_ok();
    let missing: Vec<&str> = ["ssh-keygen", "ssh-agent", "ssh-add"]
        .into_iter()
        .filter(|program| !there(program))
        .collect();
    if missing.is_empty() {
        return true;
    }
    assert!(
        std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
        "{missing:?} are missing"
    );
    false
}

/// Whether keys of security keys can be made.
fn security_keys() -> bool {
    if Path::new(SK_DUMMY).exists() {
        return true;
    }
    assert!(
        std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
        "{SK_DUMMY} is missing"
    );
    false
}

/// A repository that adopted certgate, with keys in the home directory.
struct Scene {
    repo: TestRepo,
}

impl Scene {
    /// On `main`, with a gated change staged.
    fn new() -> Self {
        Self::of(with_policy())
    }

    fn of(mut repo: TestRepo) -> Self {
        repo.set("TZ", "UTC");
        repo.set("COLUMNS", "160");
        repo.set("SSH_SK_PROVIDER", SK_DUMMY);
        stage_gated(&repo);
        Self { repo }
    }

    /// The path of a key, or of another file, in the home directory.
    fn home(&self, name: &str) -> String {
        self.repo.home().join(name).to_str().unwrap().to_owned()
    }

    /// Runs a program of OpenSSH.
    fn ssh(&self, program: &str, arguments: &[&str], input: &[u8]) -> Output {
        self.repo.with_stdin(program, arguments, input)
    }

    /// Runs `ssh-keygen`, which must succeed.
    #[track_caller]
    fn keygen(&self, arguments: &[&str]) -> String {
        let output = self.ssh("ssh-keygen", arguments, b"");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ssh-keygen {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Makes a key without passphrase and returns its private file.
    fn key(&self, name: &str, kind: &[&str]) -> String {
        let path = self.home(name);
        self.keygen(&[&["-q", "-N", "", "-C", name, "-f", &path, "-t"], kind].concat());
        path
    }

    /// An Ed25519 key.
    fn plain_key(&self, name: &str) -> String {
        self.key(name, &["ed25519"])
    }

    /// The public key, without its comment.
    fn public(&self, key: &str) -> String {
        let path = format!("{}.pub", key.trim_end_matches(".pub"));
        let text = std::fs::read_to_string(path).unwrap();
        text.split(' ')
            .take(2)
            .collect::<Vec<_>>()
            .join(" ")
            .trim_end()
            .to_owned()
    }

    /// Commits a list of allowed signers, past all hooks, and stages the gated change again.
    fn allow(&self, lines: &[String]) {
        self.commit_list("allowed_signers", format!("{}\n", lines.join("\n")).as_bytes());
    }

    fn commit_list(&self, name: &str, content: &[u8]) {
        self.repo.write(format!(".certgate/{name}"), content);
        self.repo.git(&["reset", "--quiet"]);
        self.repo.git(&["add", ".certgate"]);
        self.repo.git(&["commit", "--quiet", "--no-verify", "--message", name]);
        self.repo.git(&["add", "src"]);
    }

    /// `certgate certify`, with more arguments.
    fn certify(&self, arguments: &[&str]) -> Ran {
        let all = [
            &[
                "certify",
                "gpu_memory",
                "--staged",
                "--status",
                "APPROVED",
                "--rationale",
                "fine",
            ][..],
            &["--agent", "performance-engineer"],
            arguments,
        ];
        run(&self.repo, &all.concat())
    }

    /// The same, which must succeed; the path of the certificate.
    #[track_caller]
    fn certified(&self, arguments: &[&str]) -> String {
        let ran = self.certify(arguments).ends(0);
        let line = ran.out.lines().next().unwrap();
        let path = line.strip_prefix("wrote ").unwrap();
        path.strip_suffix(" and its signature").unwrap_or(path).to_owned()
    }

    fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.repo.path().join(path)).unwrap()
    }

    fn exists(&self, path: &str) -> bool {
        self.repo.path().join(path).exists()
    }

    /// What `ssh-keygen -Y verify` says of a certificate and its signature, for a principal of the list in the work tree.
    fn openssh_verifies(&self, path: &str, principal: &str) -> bool {
        let signature = format!("{path}.sig");
        let list = ".certgate/allowed_signers";
        let arguments = [
            "-Y", "verify", "-n", "certgate", "-f", list, "-I", principal, "-s", &signature,
        ];
        self.ssh("ssh-keygen", &arguments, &self.read(path)).status.success()
    }

    /// Signs a file with OpenSSH; its signature then is beside it.
    fn openssh_signs(&self, path: &str, key: &str, namespace: &str) {
        // It asks before it overwrites.
        let _absent = std::fs::remove_file(self.repo.path().join(format!("{path}.sig")));
        self.keygen(&["-q", "-Y", "sign", "-n", namespace, "-f", key, path]);
    }

    fn certificates(&self) -> Vec<PathBuf> {
        let folder = self.repo.path().join("certificates");
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}
