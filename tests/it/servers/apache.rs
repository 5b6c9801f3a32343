//! `git http-backend` behind Apache, with the configuration that `docs/server.md` shows.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use super::daemon::{Daemon, is_root, tool};
use super::{guide, site};

const MODULES: &str = "/usr/lib/apache2/modules";

/// The server.
pub(super) struct Apache {
    daemon: Daemon,
}

impl Apache {
    /// Starts it, if it is installed, over the repositories in `repositories`. Its processes see `variables`.
    pub(super) fn start(place: &Path, repositories: &Path, variables: &[(&str, String)]) -> Option<Self> {
        let program = tool("apache2")?;
        let exec = Command::new("git").arg("--exec-path").output().unwrap().stdout;
        let exec = String::from_utf8(exec).unwrap().trim().to_owned();
        let mut users = Command::new(tool("htpasswd")?);
        users.args(["-bc", place.join("users").to_str().unwrap(), "ann", "secret"]);
        site::succeeds(users);
        let shown = guide::block("Over http", 0)
            .replace("/srv/git", repositories.to_str().unwrap())
            .replace("/etc/apache2/git-users", place.join("users").to_str().unwrap())
            .replace("/usr/lib/git-core", &exec);
        let mut settings = format!(
            "ServerRoot {0}\nDefaultRuntimeDir {0}\nPidFile {0}/apache.pid\nErrorLog {0}/apache-error.log\nServerName 127.0.0.1\n\
             MaxRequestWorkers 64\nServerLimit 64\n",
            place.display()
        );
        for module in [
            "mpm_prefork",
            "alias",
            "env",
            "cgi",
            "auth_basic",
            "authn_core",
            "authn_file",
            "authz_core",
            "authz_user",
        ] {
            settings.push_str(&format!("LoadModule {module}_module {MODULES}/mod_{module}.so\n"));
        }
        if is_root() {
            // Started by root, it answers as another user, as Debian's does.
            settings.push_str("User www-data\nGroup www-data\n");
        }
        for (name, value) in variables {
            settings.push_str(&format!("SetEnv {name} \"{value}\"\n"));
        }
        settings.push_str(&shown);
        let configuration = place.join("apache.conf");
        let daemon = Daemon::start(&place.join("apache.log"), &program, |port| {
            std::fs::write(&configuration, format!("Listen 127.0.0.1:{port}\n{settings}")).unwrap();
            ["-DFOREGROUND", "-f", configuration.to_str().unwrap()]
                .map(str::to_owned)
                .to_vec()
        });
        Some(Self { daemon })
    }

    /// The address of a repository.
    pub(super) fn url(&self, name: &str) -> String {
        format!("http://ann:secret@127.0.0.1:{}/git/{name}.git", self.daemon.port())
    }
}
