//! A server process on a free port of the loopback device, which goes away with its owner.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server.
pub(super) struct Daemon {
    child: Child,
    port: u16,
}

impl Daemon {
    /// Starts a program with the arguments for a port, and returns once somebody answers there. What it says goes to `log`.
    pub(super) fn start(log: &Path, program: &Path, arguments: impl Fn(u16) -> Vec<String>) -> Self {
        // Between asking for a free port and taking it, somebody else may take it: then the server ends, and the next port is tried.
        for _ in 0..8 {
            let port = free_port();
            let said = std::fs::File::create(log).unwrap();
            // Should the test be killed, the server is asked to end, too.
            let mut child = Command::new("setpriv")
                .args(["--pdeathsig", "TERM", "--"])
                .arg(program)
                .args(arguments(port))
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap())
                // Apache sends what ends it to all of its process group.
                .process_group(0)
                .stdin(Stdio::null())
                .stdout(said.try_clone().unwrap())
                .stderr(said)
                .spawn()
                .unwrap();
            let begun = Instant::now();
            while child.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Self { child, port };
                }
                assert!(begun.elapsed() < Duration::from_secs(60), "{}", read(log));
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        panic!("the server does not start: {}", read(log));
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Asked to end, it ends its workers, too; killed, it would leave them behind.
        let pid = self.child.id().to_string();
        let asked = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid]).status();
        let begun = Instant::now();
        while asked.is_ok() && begun.elapsed() < Duration::from_secs(20) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _gone_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn read(log: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned()
}

/// Where a program is: in `PATH`, or where Debian keeps those of the system. Without it the test is skipped, or fails where tools are
/// required.
pub(super) fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let found = std::env::split_paths(&path)
        .chain(system)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file());
    assert!(
        found.is_some() || std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
        "{name} is needed"
    );
    found
}

/// True where the tests run as root.
pub(super) fn is_root() -> bool {
    id("-u") == "0"
}

/// What `id` says of this process.
pub(super) fn id(flag: &str) -> String {
    let output = Command::new("id").arg(flag).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What `id` says of another user.
pub(super) fn id_of(user: &str, flag: &str) -> String {
    let output = Command::new("id").args([flag, user]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
