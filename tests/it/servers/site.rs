//! A server with repositories on it, and its clients, whatever the way between them.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::apache::Apache;
use super::daemon::is_root;
use super::gitolite::Gitolite;
use super::guide;
use super::sshd::{self, Sshd};
use crate::scene::Ran;
use crate::support::TestRepo;

/// How clients reach the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By the path of the repository.
    Path,
    /// By a `file://` address.
    File,
    /// By an sshd that runs git's own shell.
    Ssh,
    /// By `git http-backend` behind Apache.
    Http,
    /// By gitolite behind sshd.
    Gitolite,
}

enum Server {
    None,
    Ssh(Sshd),
    Http(Apache),
    Gitolite(Gitolite),
}

/// A running server.
pub(super) struct Site {
    way: Way,
    // Before the directory it works in, since fields go away in this order.
    server: Server,
    home: PathBuf,
    _directory: tempfile::TempDir,
}

/// A repository on a server, with certgate's hook.
pub(super) struct Depot {
    url: String,
    /// Where it lies.
    pub(super) bare: PathBuf,
    ssh: Option<String>,
    configuration: PathBuf,
}

/// Runs a command that must succeed.
#[track_caller]
pub(super) fn succeeds(mut command: Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

impl Site {
    /// Starts one, if what it needs is installed.
    pub(super) fn open(way: Way) -> Option<Self> {
        let directory = crate::support::scratch();
        let home = directory.path().canonicalize().unwrap();
        // Apache's processes may be another user's.
        std::fs::set_permissions(&home, PermissionsExt::from_mode(0o755)).unwrap();
        let repositories = home.join("srv");
        std::fs::create_dir(&repositories).unwrap();
        // Where several servers share a repository, it is one user's, and the others must be let in.
        std::fs::write(home.join("gitconfig"), "[safe]\n\tdirectory = *\n").unwrap();
        let variables = variables(&home);
        let server = match way {
            Way::Path | Way::File => Server::None,
            Way::Ssh => {
                let key = sshd::key(&home, "pusher");
                let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
                let line = guide::block("Over ssh", 0).replace("ssh-ed25519 KEY", public.trim());
                let keys = home.join("authorized_keys");
                std::fs::write(&keys, line).unwrap();
                Server::Ssh(Sshd::start(&home, &key, &keys, &variables)?)
            }
            Way::Http => Server::Http(Apache::start(&home, &repositories, &variables)?),
            Way::Gitolite => Server::Gitolite(Gitolite::start(&home, &variables)?),
        };
        Some(Self {
            way,
            server,
            home,
            _directory: directory,
        })
    }

    /// Puts a repository there, with the history of `seed` and certgate's hook.
    pub(super) fn depot(&self, name: &str, seed: &TestRepo) -> Depot {
        self.put(name, seed, "umask")
    }

    /// The same for a repository that processes of several users write to.
    pub(super) fn shared_depot(&self, name: &str, seed: &TestRepo) -> Depot {
        let depot = self.put(name, seed, "all");
        // Maintenance that git starts by itself after a push complains to the pusher of lock files that are another user's.
        depot.ask(&["config", "receive.autogc", "false"]).ends(0);
        depot
    }

    fn put(&self, name: &str, seed: &TestRepo, shared: &str) -> Depot {
        let bare = match &self.server {
            Server::Gitolite(gitolite) => gitolite.create(name),
            _ => self.home.join(format!("srv/{name}.git")),
        };
        // What is there before the gate came past no hook.
        let there = bare.to_str().unwrap();
        seed.git(&["init", "--quiet", "--bare", &format!("--shared={shared}"), there]);
        seed.git(&[
            "-C",
            there,
            "fetch",
            "--quiet",
            seed.path().to_str().unwrap(),
            "main:main",
        ]);
        seed.git(&["-C", there, "symbolic-ref", "HEAD", "refs/heads/main"]);
        if self.way == Way::Http && is_root() {
            let mut chown = Command::new("chown");
            chown.args(["-R", "www-data:www-data"]).arg(self.home.join("srv"));
            succeeds(chown);
        }
        if self.way != Way::Gitolite {
            self.runs_as_owner("sh", &["-ec", &guide::block("A bare repository", 0)], &bare);
        }
        self.reach(name, &bare)
    }

    /// A repository on this machine, as clients reach it by this server.
    pub(super) fn reach(&self, name: &str, bare: &Path) -> Depot {
        Depot {
            url: self.url(name, bare),
            bare: bare.to_owned(),
            ssh: match &self.server {
                Server::Ssh(sshd) => Some(sshd.client.clone()),
                Server::Gitolite(gitolite) => Some(gitolite.client().to_owned()),
                _ => None,
            },
            configuration: self.home.join("gitconfig"),
        }
    }

    fn url(&self, name: &str, bare: &Path) -> String {
        let path = bare.to_str().unwrap();
        match &self.server {
            Server::None if self.way == Way::File => format!("file://{path}"),
            Server::None => path.to_owned(),
            Server::Ssh(sshd) => sshd.url(path),
            Server::Http(apache) => apache.url(name),
            Server::Gitolite(gitolite) => gitolite.url(name),
        }
    }

    /// Runs a command of the guide in a repository as the user whom the server runs as.
    pub(super) fn runs_as_owner(&self, program: &str, arguments: &[&str], bare: &Path) -> String {
        let arguments = arguments
            .iter()
            .map(|a| a.replace("/srv/git/lexer.git", bare.to_str().unwrap()));
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(bare)
            .env_clear()
            .envs(variables(&self.home));
        if self.way == Way::Http && is_root() {
            let id = |flag| super::daemon::id_of("www-data", flag).parse().unwrap();
            command.uid(id("-u")).gid(id("-g"));
        }
        succeeds(command)
    }
}

/// What processes on the server see of the environment: the certgate under test is what `certgate` means.
fn variables(home: &Path) -> Vec<(&'static str, String)> {
    let certgate = Path::new(env!("CARGO_BIN_EXE_certgate")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    vec![
        ("HOME", home.to_str().unwrap().to_owned()),
        ("PATH", format!("{}:{path}", certgate.display())),
        ("GIT_CONFIG_GLOBAL", home.join("gitconfig").to_str().unwrap().to_owned()),
        ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ("LC_ALL", "C".to_owned()),
    ]
}

impl Depot {
    /// A fresh clone, with `origin`.
    pub(super) fn client(&self) -> TestRepo {
        let mut client = TestRepo::empty();
        // By path, the client's process is the server.
        client.set("GIT_CONFIG_GLOBAL", self.configuration.to_str().unwrap());
        if let Some(ssh) = &self.ssh {
            client.set("GIT_SSH_COMMAND", ssh);
        }
        // A clone by path takes hard links of another user's files, which the kernel may forbid.
        client.git(&["clone", "--quiet", "--no-local", &self.url, "."]);
        client
    }

    /// Asks git about the repository on the server.
    pub(super) fn ask(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new("git");
        command
            .args(["-c", "safe.directory=*"])
            .args(arguments)
            .current_dir(&self.bare)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", &self.bare)
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command.output().unwrap().into()
    }

    /// Everything that a push could have left: refs and their targets, and every file below `objects`.
    pub(super) fn state(&self) -> String {
        let mut files = Vec::new();
        let mut open = vec![self.bare.join("objects")];
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    // A fan-out directory may stay when the object that it was made for goes.
                    if entry.file_name().len() != 2 {
                        files.push(entry.path());
                    }
                    open.push(entry.path());
                } else {
                    files.push(entry.path());
                }
            }
        }
        files.sort();
        format!("{}{files:#?}", self.ask(&["for-each-ref"]).ends(0).out)
    }

    /// True where the server has the object.
    pub(super) fn has(&self, object: &str) -> bool {
        self.ask(&["cat-file", "-e", object]).code == Some(0)
    }

    /// Where a ref of the server is; empty where there is none.
    pub(super) fn at(&self, name: &str) -> String {
        self.ask(&["for-each-ref", "--format=%(objectname)", name])
            .out
            .trim()
            .to_owned()
    }
}
