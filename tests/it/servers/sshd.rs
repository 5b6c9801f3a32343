//! A real sshd for one user, with keys and configuration of its own.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use super::daemon::{Daemon, id, is_root, tool};

/// The server, and what a client needs to reach it.
pub(super) struct Sshd {
    daemon: Daemon,
    user: String,
    /// The value of `GIT_SSH_COMMAND`.
    pub(super) client: String,
}

/// The key pair of the one who pushes; the public half is beside it, as `NAME.pub`.
pub(super) fn key(place: &Path, name: &str) -> PathBuf {
    let file = place.join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
        .arg(&file)
        .status();
    assert!(made.unwrap().success());
    file
}

impl Sshd {
    /// Starts it, if it is installed: who has `key` may do what `authorized_keys` says, and the server's processes see `variables`.
    pub(super) fn start(
        place: &Path,
        key: &Path,
        authorized_keys: &Path,
        variables: &[(&str, String)],
    ) -> Option<Self> {
        let program = tool("sshd")?;
        tool("ssh")?;
        if is_root() {
            // Debian's service makes this empty directory when it starts; without it no sshd does, whatever its configuration.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        let host = self::key(place, "host");
        let configuration = place.join("sshd_config");
        let set: Vec<String> = variables
            .iter()
            .map(|(name, value)| format!("\"{name}={value}\""))
            .collect();
        let settings = format!(
            "ListenAddress 127.0.0.1\nHostKey {host}\nAuthorizedKeysFile {keys}\nPidFile none\nUsePAM no\nStrictModes no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nMaxStartups 200\n\
             SetEnv {set}\n",
            host = host.display(),
            keys = authorized_keys.display(),
            set = set.join(" "),
        );
        std::fs::write(&configuration, settings).unwrap();
        let configuration = configuration.to_str().unwrap();
        let daemon = Daemon::start(&place.join("sshd.log"), &program, |port| {
            ["-D", "-e", "-p", &port.to_string(), "-f", configuration]
                .map(str::to_owned)
                .to_vec()
        });
        let known = place.join("known_hosts");
        let public = std::fs::read_to_string(host.with_extension("pub")).unwrap();
        std::fs::write(&known, format!("[127.0.0.1]:{} {public}", daemon.port())).unwrap();
        let client = format!(
            "ssh -F /dev/null -i {} -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o StrictHostKeyChecking=yes \
             -o GlobalKnownHostsFile=/dev/null -o UserKnownHostsFile={}",
            key.display(),
            known.display()
        );
        Some(Self {
            daemon,
            user: id("-un"),
            client,
        })
    }

    /// The address of a path on it, which begins with `/`.
    pub(super) fn url(&self, path: &str) -> String {
        format!("ssh://{}@127.0.0.1:{}{path}", self.user, self.daemon.port())
    }
}
