//! gitolite as Debian packages it, set up in its own home directory, reached over the sshd of these tests.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use super::daemon::tool;
use super::sshd::{self, Sshd};
use super::{guide, site};
use crate::support::TestRepo;

/// The server, and a clone of its administrator's repository.
pub(super) struct Gitolite {
    sshd: Sshd,
    home: PathBuf,
    admin: TestRepo,
}

impl Gitolite {
    /// Sets it up, if it is installed, with certgate's hook in every repository as `docs/server.md` says.
    pub(super) fn start(place: &Path, variables: &[(&str, String)]) -> Option<Self> {
        tool("gitolite")?;
        let home = place.join("gitolite");
        std::fs::create_dir(&home).unwrap();
        let key = sshd::key(place, "admin");
        let mut variables = variables.to_vec();
        // Its own files are where it finds them by HOME alone.
        variables.retain(|(name, _)| !["HOME", "GIT_CONFIG_GLOBAL"].contains(name));
        variables.push(("HOME", home.to_str().unwrap().to_owned()));
        variables.push(("USER", "git".to_owned()));
        let run = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-ec", script, "sh"]).arg(key.with_extension("pub"));
            command.current_dir(&home).env_clear().envs(variables.iter().cloned());
            site::succeeds(command);
        };
        run("gitolite setup -pk \"$1\"");
        run(&guide::block("Under gitolite", 0));
        let sshd = Sshd::start(place, &key, &home.join(".ssh/authorized_keys"), &variables)?;
        let mut admin = TestRepo::empty();
        admin.set("GIT_SSH_COMMAND", &sshd.client);
        admin.git(&["clone", "--quiet", &sshd.url("/gitolite-admin"), "."]);
        Some(Self { sshd, home, admin })
    }

    /// Makes a repository as its administrator does, by a push, and returns where it lies.
    pub(super) fn create(&self, name: &str) -> PathBuf {
        let conf = self.admin.path().join("conf/gitolite.conf");
        let rules = std::fs::read_to_string(&conf).unwrap();
        let rules = format!("{rules}\nrepo {name}\n    - refs/heads/locked/ = admin\n    RW+ = @all\n");
        std::fs::write(&conf, rules).unwrap();
        self.admin.commit("add a repository");
        self.admin.git(&["push", "--quiet", "origin", "HEAD"]);
        self.home.join(format!("repositories/{name}.git"))
    }

    /// The value of `GIT_SSH_COMMAND`.
    pub(super) fn client(&self) -> &str {
        &self.sshd.client
    }

    /// The address of a repository.
    pub(super) fn url(&self, name: &str) -> String {
        self.sshd.url(&format!("/{name}"))
    }
}
