//! One file of another repository, fetched through `git` into a scratch repository: nothing is checked out, no hook, filter or configuration
//! of that repository is looked at, and what takes too long is ended.

use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::GitError;
use super::run::{self, Runner};
use crate::change::{Mode, ObjectId, RepoPath};

/// Another repository, and the protocols that git may speak with it, as `GIT_ALLOW_PROTOCOL` has them.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere<'a> {
    /// Its address.
    pub url: &'a str,
    /// Such as `https:ssh`.
    pub protocols: &'a str,
    /// How long git may take.
    pub patience: Duration,
}

/// What was found at a path of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileThere {
    /// A regular file, with its content.
    Content(Vec<u8>),
    /// Nothing.
    Nothing,
    /// Something that is no regular file.
    Other(Mode),
    /// A file of more bytes than are read.
    TooLarge {
        /// Its size in bytes.
        size: u64,
    },
}

/// Most that is read of what git says, in bytes.
const MAX_ANSWER: u64 = 64 << 10;

impl Elsewhere<'_> {
    /// The commit that HEAD of the repository names.
    pub fn head(&self) -> Result<ObjectId, GitError> {
        let scratch = tempfile::tempdir().map_err(run::unread)?;
        let runner = Runner::at(scratch.path().to_owned());
        let question = ["ls-remote", "--quiet", "--", self.url, "HEAD"];
        let answer = self.ask(&runner, &question)?;
        let text = String::from_utf8_lossy(&answer);
        let id = text.lines().find_map(|line| line.strip_suffix("\tHEAD"));
        id.and_then(ObjectId::from_hex).ok_or_else(|| GitError::Answer {
            command: run::show(&question),
            what: text.chars().take(200).collect(),
        })
    }

    /// The file at a path of a commit.
    pub fn file(&self, commit: &ObjectId, path: &RepoPath, limit: u64) -> Result<FileThere, GitError> {
        let scratch = tempfile::tempdir().map_err(run::unread)?;
        let runner = Runner::at(scratch.path().to_owned());
        let format = match commit {
            ObjectId::Sha1(_) => "--object-format=sha1",
            ObjectId::Sha256(_) => "--object-format=sha256",
        };
        runner.read(&["init", "--quiet", "--bare", "--template=", format, "."])?;
        let id = commit.to_string();
        self.ask(
            &runner,
            &[
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "fetch.fsckObjects=true",
                "fetch",
                "--quiet",
                "--depth=1",
                "--no-tags",
                "--no-recurse-submodules",
                "--no-auto-maintenance",
                "--no-write-fetch-head",
                "--filter=blob:limit=2m",
                "--",
                self.url,
                &id,
            ],
        )?;
        read(&runner, &id, path, limit)
    }

    /// Runs git to its end, or ends it; what it says goes to files, so that no child of it can hold anybody up.
    fn ask(&self, runner: &Runner, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let shown = run::show(arguments);
        let fault = |source| GitError::Spawn {
            command: shown.clone(),
            source,
        };
        let (mut said, mut complaints) = (
            tempfile::tempfile().map_err(fault)?,
            tempfile::tempfile().map_err(fault)?,
        );
        let mut child = runner
            .command(arguments)?
            .env("GIT_ALLOW_PROTOCOL", self.protocols)
            .env_remove("GIT_PROTOCOL_FROM_USER")
            .stdin(Stdio::null())
            .stdout(said.try_clone().map_err(fault)?)
            .stderr(complaints.try_clone().map_err(fault)?)
            .spawn()
            .map_err(fault)?;
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().map_err(fault)? {
                break status;
            }
            if begun.elapsed() > self.patience {
                child.kill().map_err(fault)?;
                child.wait().map_err(fault)?;
                return Err(GitError::Patience {
                    command: shown,
                    seconds: self.patience.as_secs(),
                });
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let read = |file: &mut std::fs::File| -> Result<Vec<u8>, GitError> {
            let mut bytes = Vec::new();
            file.rewind().map_err(fault)?;
            file.take(MAX_ANSWER).read_to_end(&mut bytes).map_err(fault)?;
            Ok(bytes)
        };
        match status.success() {
            true => read(&mut said),
            false => Err(GitError::failed(shown.clone(), status, &read(&mut complaints)?)),
        }
    }
}

/// Reads what was fetched, and asks nobody for what was not.
fn read(runner: &Runner, commit: &str, path: &RepoPath, limit: u64) -> Result<FileThere, GitError> {
    let tree = format!("{commit}^{{tree}}");
    let path: &Path = path.as_path();
    let mut command = runner.command(&["--literal-pathspecs", "ls-tree", "-z", "--full-tree", &tree, "--"])?;
    let listed = command.arg(path).env("GIT_NO_LAZY_FETCH", "1").output();
    let listed = listed.map_err(run::unread)?;
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let Some((mode, rest)) = text.split_once(' ') else {
        return match listed.status.success() {
            true => Ok(FileThere::Nothing),
            false => Err(GitError::failed(
                "git ls-tree".to_owned(),
                listed.status,
                &listed.stderr,
            )),
        };
    };
    match mode {
        "100644" | "100755" => {}
        "120000" => return Ok(FileThere::Other(Mode::Symlink)),
        "160000" => return Ok(FileThere::Other(Mode::Gitlink)),
        // A directory is no file, either.
        _ => return Ok(FileThere::Nothing),
    }
    let id = rest.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let ask = |arguments: &[&str]| -> Result<Vec<u8>, GitError> {
        let mut command = runner.command(arguments)?;
        let output = command.env("GIT_NO_LAZY_FETCH", "1").output().map_err(run::unread)?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(GitError::failed(run::show(arguments), output.status, &output.stderr)),
        }
    };
    let size = match ask(&["cat-file", "-s", &id]) {
        Ok(size) => String::from_utf8_lossy(&size).trim().parse().unwrap_or(u64::MAX),
        // The filter left it out.
        Err(GitError::Git { .. }) => u64::MAX,
        Err(error) => return Err(error),
    };
    if size > limit {
        return Ok(FileThere::TooLarge { size });
    }
    ask(&["cat-file", "blob", &id]).map(FileThere::Content)
}
