//! A repository whose policy asks for signatures, and the people who sign: keys made by the real `ssh-keygen`.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use crate::scene::{Ran, git, run};
use crate::support::TestRepo;

/// The people of the scene: name, principal, agent. Each has a key of that name in the home directory.
pub(crate) const PEOPLE: [(&str, &str, &str); 4] = [
    ("pia", "pia@example.org", "performance-engineer"),
    ("tom", "tom@example.org", "torch-specialist"),
    ("lea", "lea@example.org", "lead"),
    ("eve", "eve@example.org", "eve"),
];

/// The policy: signatures as given, four agents (eve's has no principal), an owner, a repository's name, and a component.
pub(crate) fn policy(signatures: &str, more: &str) -> String {
    format!(
        "version: 1
serial: 1
repository: example/trainer
defaults: {{ signatures: {signatures} }}
agents:
  performance-engineer: {{ principals: [pia@example.org] }}
  torch-specialist: {{ principals: [tom@example.org] }}
  lead: {{ principals: [lea@example.org], may_lift: true }}
  eve: {{ }}
policy: {{ owners: [lead] }}
components:
  - id: gpu_memory
    match: {{ paths: [\"src/train/**\"] }}
{more}"
    )
}

/// The repository on a feature branch `work` off `main`, which holds the policy and the keys of all but eve.
pub(crate) struct Signed {
    pub(crate) repo: TestRepo,
}

impl Signed {
    /// With `signatures: required`.
    pub(crate) fn required() -> Self {
        Self::with(&policy("required", ""))
    }

    /// With its own policy.
    pub(crate) fn with(policy: &str) -> Self {
        let repo = TestRepo::new();
        let mut allowed = String::new();
        for (name, principal, _) in PEOPLE {
            let key = repo.home().join(name);
            let made = repo
                .command("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
                .arg(&key)
                .output()
                .unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            if name != "eve" {
                allowed += &line(&repo, name, principal, "namespaces=\"certgate\"");
            }
        }
        repo.write(".certgate/policy.yaml", policy);
        repo.write(".certgate/allowed_signers", allowed);
        repo.write("src/train/loop.py", "def step():\n    return 1\n");
        repo.write("README.md", "hello\n");
        repo.commit("begin");
        repo.git(&["switch", "--quiet", "--create", "work"]);
        Self { repo }
    }

    /// Changes the gated file and commits it, as Ada (see `TestRepo`).
    pub(crate) fn change(&self, text: &str) -> &Self {
        self.repo
            .write("src/train/loop.py", format!("def step():\n    return {text}\n"));
        self.repo.commit("Change the step");
        self
    }

    /// Writes a certificate for the change against `main`, unsigned and uncommitted, and returns its path.
    pub(crate) fn certify(&self, agent: &str, status: &str, extra: &[&str]) -> PathBuf {
        self.certify_as("gpu_memory", agent, status, extra)
    }

    /// The same on any component.
    pub(crate) fn certify_as(&self, component: &str, agent: &str, status: &str, extra: &[&str]) -> PathBuf {
        let mut arguments = vec![
            "certify",
            component,
            "--base",
            "main",
            "--status",
            status,
            "--agent",
            agent,
            "--rationale",
            "measured",
        ];
        arguments.extend(extra);
        self.written(&run(&self.repo, &arguments).ends(0))
    }

    /// The path that `certify` says it wrote.
    pub(crate) fn written(&self, ran: &Ran) -> PathBuf {
        let line = ran.out.lines().find_map(|line| line.strip_prefix("wrote "));
        self.repo.path().join(line.unwrap())
    }

    /// Signs a certificate with a person's key, by `ssh-keygen`.
    pub(crate) fn sign(&self, path: &Path, person: &str) {
        self.sign_as(path, person, "certgate");
    }

    /// The same in any namespace.
    pub(crate) fn sign_as(&self, path: &Path, person: &str, namespace: &str) {
        let signed = self
            .repo
            .command("ssh-keygen")
            .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
            .arg(self.repo.home().join(person))
            .arg(path)
            .output()
            .unwrap();
        assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    }

    /// Writes, signs and commits an approval by an agent.
    pub(crate) fn approve(&self, agent: &str, person: &str) -> &Self {
        let path = self.certify(agent, "APPROVED", &[]);
        self.sign(&path, person);
        self.repo.commit("Certify");
        self
    }

    /// Commits what is there.
    pub(crate) fn commit(&self) -> &Self {
        self.repo.commit("Commit");
        self
    }

    /// What CI says of the branch.
    pub(crate) fn check(&self) -> Ran {
        run(&self.repo, &["check", "--base", "main"])
    }

    /// Merges the branch into `main`, past every hook, and continues with a new branch `work`.
    pub(crate) fn land(&self) -> &Self {
        assert_eq!(git(&self.repo, &["switch", "--quiet", "main"]).code, Some(0));
        assert_eq!(
            git(&self.repo, &["merge", "--quiet", "--no-verify", "--ff-only", "work"]).code,
            Some(0)
        );
        assert_eq!(
            git(&self.repo, &["switch", "--quiet", "--force-create", "work"]).code,
            Some(0)
        );
        self
    }
}

/// A line of `allowed_signers` for a person's key.
pub(crate) fn line(repo: &TestRepo, person: &str, principal: &str, options: &str) -> String {
    let public = std::fs::read_to_string(repo.home().join(format!("{person}.pub"))).unwrap();
    let blank = if options.is_empty() { "" } else { " " };
    format!("{principal}{blank}{options} {public}")
}
