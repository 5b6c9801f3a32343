//! Updates of refs, where they arrive (`pre-receive`) and where they are made (`reference-transaction`), with plain local git; and what
//! `doctor` says of it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod doctor;
mod first;
mod many;
mod receive;
mod remembered;
mod strict;

use std::path::PathBuf;

use crate::scene::{POLICY, Ran, git, run, with_policy};
use crate::support::TestRepo;

/// A bare repository that judges what is pushed, and a clone without hooks whose `main` is what the server has.
pub(crate) struct Server {
    pub(crate) clone: TestRepo,
    pub(crate) bare: PathBuf,
}

impl Server {
    /// One that has adopted the policy.
    pub(crate) fn new() -> Self {
        Self::with(POLICY)
    }

    /// One with this policy.
    pub(crate) fn with(policy: &str) -> Self {
        let clone = with_policy();
        if policy != POLICY {
            clone.write(".certgate/policy.yaml", policy);
            clone.git(&["add", "--all"]);
            clone.git(&["commit", "--quiet", "--amend", "--no-edit"]);
        }
        let server = Self::around(clone);
        server.clone.git(&["push", "--quiet", "-u", "origin", "main"]);
        server.install();
        server
    }

    /// An empty one, which judges nothing yet.
    pub(crate) fn around(clone: TestRepo) -> Self {
        Self::with_format(clone, &[])
    }

    /// An empty one, with more arguments for `git init`.
    pub(crate) fn with_format(clone: TestRepo, format: &[&str]) -> Self {
        let bare = clone.home().join("server.git");
        let path = bare.to_str().unwrap().to_owned();
        clone.git(
            &[
                &["init", "--quiet", "--bare", "--initial-branch=main"],
                format,
                &[&path],
            ]
            .concat(),
        );
        clone.git(&["remote", "add", "origin", &path]);
        Self { clone, bare }
    }

    pub(crate) fn install(&self) -> Ran {
        self.certgate(&["install", "--server"]).ends(0)
    }

    /// Runs `certgate` on the server.
    pub(crate) fn certgate(&self, arguments: &[&str]) -> Ran {
        let mut command = self.clone.program();
        command.current_dir(&self.bare).args(arguments).output().unwrap().into()
    }

    /// Runs git on the server and returns what it prints.
    pub(crate) fn ask(&self, arguments: &[&str]) -> String {
        let bare = self.bare.to_str().unwrap();
        self.clone.ask(&[&["--git-dir", bare], arguments].concat())
    }

    /// The id of a branch there; empty where it has none.
    pub(crate) fn tip(&self, branch: &str) -> String {
        self.ask(&[
            "for-each-ref",
            "--format=%(objectname)",
            &format!("refs/heads/{branch}"),
        ])
    }

    pub(crate) fn push(&self, arguments: &[&str]) -> Ran {
        git(&self.clone, &[&["push", "origin"], arguments].concat())
    }
}

/// Commits a change to the gated file, past the hooks.
pub(crate) fn edit(repo: &TestRepo, value: u32) -> String {
    repo.write("src/train/loop.py", format!("def step():\n    return {value}\n"));
    repo.commit("Change the loop")
}

/// Certifies what HEAD brings over `base`, and commits the certificate.
pub(crate) fn certify(repo: &TestRepo, base: &str) -> String {
    let range = ["certify", "gpu_memory", "--base", base, "--status", "APPROVED"];
    run(
        repo,
        &[&range[..], &["--agent", "ann", "--rationale", "measured"]].concat(),
    )
    .ends(0);
    repo.commit("Certify")
}

impl Ran {
    /// Asserts that a push was refused by certgate with these codes, and that every line fits what git puts before it.
    #[track_caller]
    pub(crate) fn refused(self, codes: &[&str]) -> Self {
        assert_ne!(self.code, Some(0), "{}", self.said());
        let found: Vec<&str> = self
            .err
            .lines()
            .filter_map(|line| line.strip_prefix("remote: error[")?.get(..5))
            .collect();
        assert_eq!(found, codes, "{}", self.err);
        assert!(self.err.contains("pre-receive hook declined"), "{}", self.err);
        assert!(!self.err.contains("CG711"), "{}", self.err);
        self
    }
}
