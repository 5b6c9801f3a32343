//! Runs `git`: found by absolute path, without pager, locks, replace refs, translation or prompts. Nothing else spawns a process.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::thread::JoinHandle;

use super::GitError;
use crate::progress::{self, Count, Work};

/// The variables that tie a process to one repository (`git rev-parse --local-env-vars`, and the ones for hooks).
const LOCAL: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Starts git commands for one repository.
#[derive(Clone, Debug)]
pub(super) struct Runner {
    directory: PathBuf,
    inherit: bool,
    /// Whether git is kept from asking a remote for what is not here.
    alone: bool,
}

impl Runner {
    /// For the repository of the environment; `directory` is the working directory at the time of opening, since relative paths in
    /// `GIT_*` count from there.
    pub(super) fn from_environment(directory: PathBuf) -> Self {
        Self {
            directory,
            inherit: true,
            alone: false,
        }
    }

    /// For the repository at `directory`, whatever the environment says.
    pub(super) fn at(directory: PathBuf) -> Self {
        Self {
            directory,
            inherit: false,
            alone: false,
        }
    }

    /// The same where no remote is asked for anything: neither a helper nor a command that the repository's configuration names is run.
    pub(super) fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    /// Where the commands run.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A variable of the environment, where the repository is to be found by it.
    pub(super) fn variable(&self, name: &str) -> Option<std::ffi::OsString> {
        let value = self.inherit.then(|| std::env::var_os(name)).flatten();
        value.filter(|value| !value.is_empty())
    }

    /// A git command, ready for more arguments.
    pub(super) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Command, GitError> {
        let mut command = Command::new(program()?);
        progress::count(Count::GitProcesses, 1);
        if !self.inherit {
            for name in LOCAL {
                command.env_remove(name);
            }
        }
        if self.alone {
            // The first is known to git since 2.45; the second leaves older ones no protocol to fetch by (git(1)).
            command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none");
        }
        command
            .current_dir(&self.directory)
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_GRAFT_FILE", "/dev/null")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .env_remove("LANGUAGE")
            .env_remove("GIT_EXTERNAL_DIFF")
            .args([
                "--no-pager",
                "-c",
                "core.fsmonitor=false",
                "-c",
                "core.bigFileThreshold=16m",
                // Said because of GIT_GRAFT_FILE above.
                "-c",
                "advice.graftFileDeprecated=false",
            ])
            .args(arguments)
            .stdin(Stdio::null());
        Ok(command)
    }

    /// Runs to the end; a non-zero exit is an error.
    pub(super) fn read<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Vec<u8>, GitError> {
        self.start(arguments)?.finish()
    }

    /// Runs to the end and returns output and exit status, whatever it is.
    pub(super) fn output<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Output, GitError> {
        self.start(arguments)?.output()
    }

    /// Starts, and keeps reading in the background.
    pub(super) fn start<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Running, GitError> {
        self.start_reading(arguments, |output| {
            let mut all = Vec::new();
            output.read_to_end(&mut all).map_err(unread)?;
            Ok(all)
        })
    }

    /// Starts, and makes something of the output in the background, as it comes.
    pub(super) fn start_reading<S: AsRef<OsStr>, T: Send + 'static>(
        &self,
        arguments: &[S],
        read: impl FnOnce(&mut dyn BufRead) -> Result<T, GitError> + Send + 'static,
    ) -> Result<Running<T>, GitError> {
        let shown = show(arguments);
        let child = self
            .command(arguments)?
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| GitError::Spawn {
                command: shown.clone(),
                source,
            })?;
        child.stdout.iter().for_each(longer);
        Ok(Running {
            shown,
            reader: std::thread::spawn(move || Ended::of(child, read)),
        })
    }

    /// Starts with a pipe to and from it; its complaints go to the returned file.
    pub(super) fn converse<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<(Child, Complaints), GitError> {
        let shown = show(arguments);
        let spawn = |source| GitError::Spawn {
            command: shown.clone(),
            source,
        };
        // Where no file can be had (nothing is writable, or the disk is full), the answers are worth as much without the complaints.
        let discard = |_| std::fs::File::options().read(true).write(true).open("/dev/null");
        let file = tempfile::tempfile().or_else(discard).map_err(spawn)?;
        let child = self
            .command(arguments)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file.try_clone().map_err(spawn)?)
            .spawn()
            .map_err(spawn)?;
        Ok((child, Complaints { file }))
    }
}

/// How many bytes a longer pipe holds; more is not allowed to everybody (pipe(7)).
#[cfg(target_os = "linux")]
const PIPE: usize = 1024 * 1024;

/// A longer pipe lets git write ahead instead of waking us for every page; where it cannot be had, the usual one does.
pub(super) fn longer(output: &ChildStdout) {
    #[cfg(target_os = "linux")]
    let _longer = rustix::pipe::fcntl_setpipe_size(output, PIPE);
    #[cfg(not(target_os = "linux"))]
    let _usual = output;
}

/// A command as people would type it.
pub(super) fn show<S: AsRef<OsStr>>(arguments: &[S]) -> String {
    let words = arguments
        .iter()
        .map(|word| word.as_ref().to_string_lossy().into_owned());
    std::iter::once("git".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A command that runs while the caller does something else.
#[derive(Debug)]
pub(super) struct Running<T = Vec<u8>> {
    shown: String,
    reader: JoinHandle<std::io::Result<Ended<T>>>,
}

/// What became of a command.
#[derive(Debug)]
struct Ended<T> {
    status: ExitStatus,
    read: Result<T, GitError>,
    stderr: Vec<u8>,
}

impl<T> Ended<T> {
    /// Reads to the end, and waits for it.
    fn of(mut child: Child, read: impl FnOnce(&mut dyn BufRead) -> Result<T, GitError>) -> std::io::Result<Self> {
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        std::thread::scope(|scope| {
            // Beside the output, or a command with much to complain of would wait forever.
            let complaints = scope.spawn(move || {
                let mut text = Vec::new();
                stderr.map_or(Ok(0), |mut stderr| stderr.read_to_end(&mut text))?;
                Ok::<_, std::io::Error>(text)
            });
            let mut stdout: Box<dyn BufRead> = match stdout {
                Some(stdout) => Box::new(BufReader::with_capacity(64 << 10, stdout)),
                None => Box::new(std::io::empty()),
            };
            let read = read(&mut stdout);
            // A command that cannot write ends for that, and not for what it would have said.
            std::io::copy(&mut stdout, &mut std::io::sink())?;
            let stderr = complaints.join().unwrap_or_else(|_| Err(stopped()))?;
            Ok(Self {
                status: child.wait()?,
                read,
                stderr,
            })
        })
    }
}

impl<T> Running<T> {
    fn ended(self) -> Result<Ended<T>, GitError> {
        let _listing = progress::begin(Work::Listing, 0);
        let joined = self.reader.join();
        joined
            .unwrap_or_else(|_| Err(stopped()))
            .map_err(|source| GitError::Spawn {
                command: self.shown,
                source,
            })
    }

    /// Waits for the end; a non-zero exit is an error, whatever was read.
    pub(super) fn finish(self) -> Result<T, GitError> {
        let shown = self.shown.clone();
        let ended = self.ended()?;
        match ended.status.success() {
            true => ended.read,
            false => Err(GitError::failed(shown, ended.status, &ended.stderr)),
        }
    }
}

impl Running {
    fn output(self) -> Result<Output, GitError> {
        let ended = self.ended()?;
        Ok(Output {
            status: ended.status,
            stdout: ended.read?,
            stderr: ended.stderr,
        })
    }
}

fn stopped() -> std::io::Error {
    std::io::Error::other("the reader stopped")
}

/// The output of a command breaks off.
pub(super) fn unread(source: std::io::Error) -> GitError {
    GitError::Spawn {
        command: "git".to_owned(),
        source,
    }
}

/// What a long-running child says on its standard error.
#[derive(Debug)]
pub(super) struct Complaints {
    file: std::fs::File,
}

impl Complaints {
    /// All of it so far.
    pub(super) fn read(&mut self) -> Vec<u8> {
        use std::io::Seek as _;
        let mut text = Vec::new();
        if self.file.rewind().is_ok() {
            // What cannot be read is not needed: it only illustrates an error that is reported anyway.
            let _ = (&mut self.file).take(64 << 10).read_to_end(&mut text);
        }
        text
    }
}

/// The absolute path of a program. Empty and relative entries of `PATH` are skipped: they would let a repository supply its own.
pub fn find_program(name: &str) -> Option<PathBuf> {
    search(&std::env::var_os("PATH")?, name)
}

/// The absolute path of `git`.
pub(super) fn program() -> Result<&'static Path, GitError> {
    static GIT: OnceLock<Option<PathBuf>> = OnceLock::new();
    GIT.get_or_init(|| find_program("git"))
        .as_deref()
        .ok_or(GitError::NoGit)
}

fn search(path: &OsStr, name: &str) -> Option<PathBuf> {
    std::env::split_paths(path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(|file| {
            std::fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
        })
}

/// The version of the installed git.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GitVersion {
    /// As the 2 of 2.47.3.
    pub major: u32,
    /// As the 47 of 2.47.3.
    pub minor: u32,
    /// As the 3 of 2.47.3.
    pub patch: u32,
}

impl std::fmt::Display for GitVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl GitVersion {
    /// Reads the output of `git version`, such as `git version 2.39.5 (Apple Git-154)`.
    fn parse(text: &str) -> Option<Self> {
        let word = text.strip_prefix("git version ")?.split_whitespace().next()?;
        let mut numbers = word.split('.').map_while(|part| part.parse().ok());
        Some(Self {
            major: numbers.next()?,
            minor: numbers.next()?,
            patch: numbers.next().unwrap_or(0),
        })
    }
}

/// Asks the installed git for its version.
pub fn git_version() -> Result<GitVersion, GitError> {
    static KNOWN: OnceLock<GitVersion> = OnceLock::new();
    if let Some(known) = KNOWN.get() {
        return Ok(*known);
    }
    let output = Runner::at(PathBuf::from("/")).read(&["version"])?;
    let text = String::from_utf8_lossy(&output);
    let found = GitVersion::parse(&text).ok_or_else(|| GitError::Answer {
        command: "git version".to_owned(),
        what: text.trim().to_owned(),
    })?;
    Ok(*KNOWN.get_or_init(|| found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_takes_git_from_a_relative_directory() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("git");
        std::fs::write(&file, "#!/bin/sh\n").unwrap();
        let path = |entry: &str| search(OsStr::new(&format!(":.:bin:{entry}")), "git");
        assert_eq!(path(home.path().to_str().unwrap()), None, "not executable");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(path(home.path().to_str().unwrap()), Some(file));
    }

    #[test]
    fn reads_versions() {
        let version = |text| GitVersion::parse(text).map(|v| v.to_string());
        assert_eq!(version("git version 2.47.3\n").as_deref(), Some("2.47.3"));
        assert_eq!(version("git version 2.39.5 (Apple Git-154)").as_deref(), Some("2.39.5"));
        assert_eq!(version("git version 2.54.rc1").as_deref(), Some("2.54.0"));
        assert_eq!(version("hub version 1"), None);
    }
}
