//! A scratch repository with a scrubbed environment, for tests that run the real `git` and the built `certgate`.
#![allow(dead_code, clippy::unwrap_used)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use assert_cmd::cargo::cargo_bin;

/// A directory that goes away with the value. In memory where that is possible: git waits for the disk at every commit.
pub(crate) fn scratch() -> tempfile::TempDir {
    static IN_MEMORY: OnceLock<Option<&Path>> = OnceLock::new();
    match IN_MEMORY.get_or_init(|| Some(Path::new("/dev/shm")).filter(|memory| holds_repositories(memory))) {
        Some(memory) => tempfile::tempdir_in(memory).unwrap(),
        None => tempfile::tempdir().unwrap(),
    }
}

/// Whether nobody has named another directory, there is room for large repositories, and hooks can be run there.
fn holds_repositories(at: &Path) -> bool {
    const ROOM: u64 = 4 << 30;
    let named = std::env::var_os("TMPDIR").is_some_and(|named| !named.is_empty());
    let room = rustix::fs::statvfs(at).map_or(0, |at| at.f_bavail.saturating_mul(at.f_frsize));
    let runs = || -> std::io::Result<bool> {
        let folder = tempfile::tempdir_in(at)?;
        let script = folder.path().join("hook");
        std::fs::write(&script, "#!/bin/sh\nexit 0\n")?;
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755))?;
        Ok(Command::new(&script).status()?.success())
    };
    !named && room >= ROOM && runs().unwrap_or(false)
}

/// A repository in a temporary directory that goes away with it. Every process sees the same few variables and nothing of the user's.
pub(crate) struct TestRepo {
    home: tempfile::TempDir,
    directory: PathBuf,
    variables: Vec<(String, String)>,
    tick: AtomicU64,
}

impl TestRepo {
    /// A repository with an unborn branch `main`.
    pub(crate) fn new() -> Self {
        Self::init(&[])
    }

    /// The same with more arguments for `git init`.
    pub(crate) fn init(arguments: &[&str]) -> Self {
        let repo = Self::empty();
        let mut all = vec!["init", "--quiet", "--initial-branch=main"];
        all.extend(arguments);
        repo.git(&all);
        repo
    }

    /// A directory that is no repository.
    pub(crate) fn empty() -> Self {
        let home = scratch();
        let directory = home.path().canonicalize().unwrap().join("repo");
        std::fs::create_dir(&directory).unwrap();
        Self {
            home,
            directory,
            variables: Vec::new(),
            tick: AtomicU64::new(0),
        }
    }

    /// The same repository, with everything in its home, somewhere else.
    pub(crate) fn copy(&self) -> Self {
        let home = scratch();
        let to = home.path().canonicalize().unwrap();
        let copied = Command::new("cp")
            .arg("-a")
            .arg(self.home().join("."))
            .arg(&to)
            .status()
            .unwrap();
        assert!(copied.success());
        Self {
            directory: to.join("repo"),
            home,
            variables: self.variables.clone(),
            tick: AtomicU64::new(self.tick.load(Ordering::Relaxed)),
        }
    }

    /// A copy that knows nothing of where it was copied from: paths in configurations, hooks and variables lead into the copy.
    pub(crate) fn twin(&self) -> Self {
        let (from, mut twin) = (self.home(), self.copy());
        let to = twin.home();
        let (from, to) = (from.to_str().unwrap(), to.to_str().unwrap());
        let script = "grep -rlIF --exclude-dir=objects -- \"$1\" \"$2\" | while IFS= read -r file; do \
                      [ -L \"$file\" ] || sed -i \"s#$1#$2#g\" \"$file\"; done";
        let rewritten = Command::new("sh")
            .args(["-c", script, "sh", from, to])
            .status()
            .unwrap();
        assert!(rewritten.success());
        for (_, value) in &mut twin.variables {
            *value = value.replace(from, to);
        }
        twin
    }

    /// The root of the work tree.
    pub(crate) fn path(&self) -> &Path {
        &self.directory
    }

    /// The temporary directory around it, which is also the home directory.
    pub(crate) fn home(&self) -> PathBuf {
        self.home.path().canonicalize().unwrap()
    }

    /// Sets a variable for all processes to come.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// A command in the scrubbed environment, in the root of the work tree.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let date = format!("{} +0000", 1_700_000_000 + self.tick.load(Ordering::Relaxed));
        command
            .current_dir(&self.directory)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.home.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ada Author")
            .env("GIT_AUTHOR_EMAIL", "ada@example.org")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_NAME", "Cy Committer")
            .env("GIT_COMMITTER_EMAIL", "cy@example.org")
            .env("GIT_COMMITTER_DATE", &date)
            .env("GIT_EDITOR", "true")
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command
    }

    /// Runs git, which may fail.
    pub(crate) fn try_git(&self, arguments: &[&str]) -> Output {
        // Each command has its own second, so that histories have an order.
        self.tick.fetch_add(1, Ordering::Relaxed);
        self.command("git").args(arguments).output().unwrap()
    }

    /// Runs git, which must succeed.
    pub(crate) fn git(&self, arguments: &[&str]) -> Output {
        let output = self.try_git(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {said}");
        output
    }

    /// Runs git and returns what it prints, without the final line break.
    pub(crate) fn ask(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.git(arguments).stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// Writes a file of the work tree, with the directories above it. The path is bytes, as git has it.
    pub(crate) fn write(&self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) {
        let file = self.directory.join(OsStr::from_bytes(path.as_ref()));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }

    /// Commits everything in the work tree and returns the id.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&[
            "commit",
            "--quiet",
            "--no-verify",
            "--allow-empty",
            "--message",
            message,
        ]);
        self.ask(&["rev-parse", "HEAD"])
    }

    /// The built `certgate`, ready for arguments, in the same scrubbed environment.
    pub(crate) fn program(&self) -> assert_cmd::Command {
        assert_cmd::Command::from_std(self.command(cargo_bin!("certgate")))
    }

    /// Runs the built `certgate`.
    pub(crate) fn certgate(&self, arguments: &[&str]) -> Output {
        self.certgate_with_stdin(arguments, b"")
    }

    /// Runs the built `certgate` with input, as hooks such as `pre-push` get it.
    pub(crate) fn certgate_with_stdin(&self, arguments: &[&str], input: &[u8]) -> Output {
        self.program().args(arguments).write_stdin(input).output().unwrap()
    }

    /// Runs any program with input. One that does not read it closes the pipe; that is its right.
    pub(crate) fn with_stdin(&self, program: &str, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = assert_cmd::Command::from_std(self.command(program));
        command.args(arguments).write_stdin(input).output().unwrap()
    }
}
