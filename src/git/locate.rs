//! Finds the repository as git would: from the environment inside a hook, by asking git on the command line.
//!
//! libgit2 never opens a repository here. It would refuse extensions and owners that git accepts; certgate opens the object store
//! alone (see `store`), and whether a repository may be read at all is git's decision.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::GitError;
use super::run::{Runner, show};
use super::setting::{Setting, parsed};

/// Where the parts of a repository are; all paths absolute.
#[derive(Clone, Debug)]
pub(super) struct Location {
    /// `$GIT_DIR`.
    pub(super) git_dir: PathBuf,
    /// `$GIT_COMMON_DIR`: where linked worktrees share refs, objects and configuration.
    pub(super) common_dir: PathBuf,
    /// The root of the work tree, unless bare.
    pub(super) work_tree: Option<PathBuf>,
    /// Object directories, the main one first; alternates listed in files are found from these.
    pub(super) objects: Vec<PathBuf>,
    /// The file that lists the borders of a shallow clone.
    pub(super) shallow: PathBuf,
    /// True where ids are SHA-256.
    pub(super) sha256: bool,
    /// True where refs are kept in reftables.
    pub(super) reftable: bool,
    /// The repository's own configuration, where it was plain to read.
    pub(super) local: Option<Arc<Local>>,
}

/// The content of a file of the configuration, and what it says.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) text: Vec<u8>,
    pub(super) settings: Vec<Setting>,
}

impl Location {
    /// Follows the environment and the working directory.
    pub(super) fn find(runner: &Runner) -> Result<Self, GitError> {
        // Git tells its children where its programs are.
        Self::of_hook_or(runner, runner.variable("GIT_EXEC_PATH").is_some())
    }

    /// As [`Location::find`], where git is known to have called, or the repository is the user's own; about others git is asked.
    pub(super) fn of_hook(runner: &Runner) -> Result<Self, GitError> {
        Self::of_hook_or(runner, true)
    }

    fn of_hook_or(runner: &Runner, called_by_git: bool) -> Result<Self, GitError> {
        if let Some(git_dir) = runner.variable("GIT_DIR") {
            let git_dir = runner.directory().join(git_dir);
            if !git_dir.join("HEAD").exists() && git_dir.join("HEAD").symlink_metadata().is_err() {
                return Self::ask(runner);
            }
            return Self::of(runner, git_dir, Ground::Here);
        }
        // Git runs client hooks at the top of the work tree.
        let dot_git = runner.directory().join(".git");
        if called_by_git
            && runner.variable("GIT_WORK_TREE").is_none()
            && let Some(git_dir) = follow(&dot_git)
            && (runner.variable("GIT_EXEC_PATH").is_some() || is_own(&[&dot_git, &git_dir, runner.directory()]))
        {
            return Self::of(runner, git_dir, Ground::Here);
        }
        Self::ask(runner)
    }

    /// Lets git find it, and say whether it trusts it.
    pub(super) fn ask(runner: &Runner) -> Result<Self, GitError> {
        const QUESTION: &[&str] = &[
            "rev-parse",
            "--git-dir",
            "--git-common-dir",
            "--is-bare-repository",
            "--show-toplevel",
        ];
        let output = runner.output(QUESTION)?;
        let lines: Vec<&[u8]> = output.stdout.split(|&b| b == b'\n').collect();
        let path = |bytes: &[u8]| runner.directory().join(OsString::from_vec(bytes.to_vec()));
        // Without a work tree the last question makes git fail, after it has answered the others.
        match (output.status.success(), lines.as_slice()) {
            (true, [git_dir, _, _, top, b""]) => Self::of(runner, path(git_dir), Ground::At(path(top))),
            (false, [git_dir, _, b"true" | b"false", b""]) => Self::of(runner, path(git_dir), Ground::None),
            (true, _) => Err(GitError::Answer {
                command: show(QUESTION),
                what: "is there a line break in the path of the repository?".to_owned(),
            }),
            (false, _) => {
                let failure = GitError::failed(show(&["rev-parse"]), output.status, &output.stderr);
                Err(match failure {
                    GitError::Git { stderr, .. } if stderr.contains("dubious ownership") => {
                        GitError::Ownership { message: stderr }
                    }
                    GitError::Git { stderr, .. } if stderr.contains("safe.bareRepository") => {
                        // fatal: cannot use bare repository '/srv/x.git' (safe.bareRepository is 'explicit')
                        let named = stderr
                            .split('\'')
                            .nth(1)
                            .map(PathBuf::from)
                            .filter(|path| path.is_absolute());
                        GitError::Unnamed {
                            directory: named.unwrap_or_else(|| runner.directory().to_owned()),
                        }
                    }
                    GitError::Git { stderr, .. } if stderr.contains("not a git repository") => {
                        GitError::NotARepository {
                            directory: runner.directory().to_owned(),
                        }
                    }
                    other => other,
                })
            }
        }
    }

    fn of(runner: &Runner, git_dir: PathBuf, ground: Ground) -> Result<Self, GitError> {
        let git_dir = tidy(&git_dir);
        let common_dir = match runner.variable("GIT_COMMON_DIR") {
            Some(set) => runner.directory().join(set),
            None => match first_line(&git_dir.join("commondir")) {
                Some(line) => git_dir.join(line),
                None => git_dir.clone(),
            },
        };
        let common_dir = tidy(&common_dir);
        let settings = Settings::read(&common_dir, &git_dir)?;
        let work_tree = match ground {
            Ground::None => None,
            Ground::At(top) => Some(top),
            Ground::Here => match (runner.variable("GIT_WORK_TREE"), &settings.work_tree) {
                (Some(set), _) => Some(runner.directory().join(set)),
                (None, Some(set)) => Some(git_dir.join(set)),
                (None, None) => {
                    (!settings.bare && tidy(runner.directory()) != git_dir).then(|| runner.directory().to_owned())
                }
            },
        };
        let main = match runner.variable("GIT_OBJECT_DIRECTORY") {
            Some(set) => runner.directory().join(set),
            None => common_dir.join("objects"),
        };
        let more = runner.variable("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
        let objects = std::iter::once(main)
            .chain(
                alternates(more.as_bytes())
                    .into_iter()
                    .map(|path| runner.directory().join(path)),
            )
            .collect();
        let shallow = match runner.variable("GIT_SHALLOW_FILE") {
            Some(set) => runner.directory().join(set),
            None => common_dir.join("shallow"),
        };
        Ok(Self {
            work_tree: work_tree.map(|path| tidy(&path)),
            git_dir,
            common_dir,
            objects,
            shallow,
            sha256: settings.sha256,
            reftable: settings.reftable,
            local: settings.local,
        })
    }
}

/// Where the work tree is.
enum Ground {
    /// As the environment and the configuration say; else the working directory, unless bare.
    Here,
    /// Git has said.
    At(PathBuf),
    /// Git has said that there is none.
    None,
}

/// What the repository's own configuration says about its format.
struct Settings {
    sha256: bool,
    reftable: bool,
    bare: bool,
    work_tree: Option<PathBuf>,
    local: Option<Arc<Local>>,
}

impl Local {
    /// Reads a plain file; `None` where there is none, or libgit2 has to resolve it.
    fn read(file: &Path) -> Option<Self> {
        let text = std::fs::read(file).ok()?;
        let settings = parsed("local", file, &text)?;
        Some(Self { text, settings })
    }

    fn text(&self, key: &str) -> Option<&str> {
        let found = self.settings.iter().rfind(|setting| setting.key == key)?;
        Some(&found.value)
    }

    fn bool(&self, key: &str) -> Option<bool> {
        git2::Config::parse_bool(self.text(key)?).ok()
    }
}

impl Settings {
    /// As [`Settings::read`], of a plain file alone.
    fn of(local: Local, own: bool) -> Self {
        let is = |key: &str, value: &str| local.text(key).is_some_and(|set| set.eq_ignore_ascii_case(value));
        Self {
            sha256: is("extensions.objectformat", "sha256"),
            reftable: is("extensions.refstorage", "reftable"),
            bare: own && local.bool("core.bare") == Some(true),
            work_tree: local.text("core.worktree").filter(|_| own).map(PathBuf::from),
            local: Some(Arc::new(local)),
        }
    }

    fn read(common_dir: &Path, git_dir: &Path) -> Result<Self, GitError> {
        let open = |file: &Path| {
            let read = match file.symlink_metadata() {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => git2::Config::new(),
                _ => git2::Config::open(file),
            };
            read.map_err(|error| GitError::unreadable(file, error.message()))
        };
        if let Some(local) = Local::read(&common_dir.join("config"))
            && local.bool("extensions.worktreeconfig") != Some(true)
        {
            return Ok(Self::of(local, common_dir == git_dir));
        }
        let config = open(&common_dir.join("config"))?;
        let text = |config: &git2::Config, key: &str| config.get_string(key).ok();
        let is = |key: &str, value: &str| text(&config, key).is_some_and(|set| set.eq_ignore_ascii_case(value));
        let per_worktree = config.get_bool("extensions.worktreeconfig").unwrap_or(false);
        let own = match per_worktree {
            true => Some(open(&git_dir.join("config.worktree"))?),
            false => None,
        };
        let work_tree = own.as_ref().and_then(|own| text(own, "core.worktree"));
        Ok(Self {
            sha256: is("extensions.objectformat", "sha256"),
            reftable: is("extensions.refstorage", "reftable"),
            bare: own
                .as_ref()
                .and_then(|own| own.get_bool("core.bare").ok())
                .or_else(|| config.get_bool("core.bare").ok().filter(|_| common_dir == git_dir))
                .unwrap_or(false),
            work_tree: work_tree
                .or_else(|| text(&config, "core.worktree").filter(|_| common_dir == git_dir))
                .map(PathBuf::from),
            local: None,
        })
    }
}

/// True where all the paths surely belong to who runs this, so that git would trust them, too (`safe.directory` in git-config(1)).
fn is_own(paths: &[&Path]) -> bool {
    // Git's own switch for its tests.
    if std::env::var_os("GIT_TEST_ASSUME_DIFFERENT_OWNER").is_some() {
        return false;
    }
    let owner = |path: &Path| std::fs::symlink_metadata(path).map(|found| found.uid()).ok();
    let user = std::fs::metadata("/proc/self").map(|process| process.uid()).ok();
    user.is_some() && paths.iter().all(|path| owner(path) == user)
}

/// The git directory behind a `.git`, which is one or a file that names one (gitrepository-layout(5)).
fn follow(dot_git: &Path) -> Option<PathBuf> {
    let found = std::fs::metadata(dot_git).ok()?;
    if found.is_dir() {
        return Some(dot_git.to_owned());
    }
    let line = first_line(dot_git)?;
    let named = line.as_os_str().as_bytes().strip_prefix(b"gitdir: ")?;
    Some(dot_git.parent()?.join(std::ffi::OsStr::from_bytes(named)))
}

/// A file's content without its final line break, as a path.
fn first_line(file: &Path) -> Option<PathBuf> {
    let mut bytes = std::fs::read(file).ok().filter(|bytes| bytes.len() <= 1 << 16)?;
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    Some(PathBuf::from(OsString::from_vec(bytes)))
}

/// Splits a list of alternates: separated by colons, entries in double quotes with C escapes (git(1)).
fn alternates(list: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let end = match rest {
            [b'"', tail @ ..] => closing_quote(tail).map_or(rest.len(), |at| at + 2),
            _ => rest.iter().position(|&b| b == b':').unwrap_or(rest.len()),
        };
        let (entry, tail) = rest.split_at(end);
        let quoted = std::str::from_utf8(entry)
            .ok()
            .filter(|text| text.starts_with('"'))
            .and_then(crate::change::RepoPath::unquote);
        let bytes = quoted.map_or_else(|| entry.to_vec(), |path| path.as_bytes().to_vec());
        if !bytes.is_empty() {
            found.push(PathBuf::from(OsString::from_vec(bytes)));
        }
        rest = tail.split_first().map_or(&[][..], |(_, tail)| tail);
    }
    found
}

/// The position of the quote that is not escaped.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|&byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// Drops `.` components, and resolves what can be resolved, so that paths compare.
fn tidy(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.components().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_alternates_as_git_does() {
        let split = |list: &str| alternates(list.as_bytes());
        assert_eq!(split("/a:/b"), [Path::new("/a"), Path::new("/b")]);
        assert_eq!(split(r#""/a:\"b":c"#), [Path::new("/a:\"b"), Path::new("c")]);
        assert!(split("").is_empty());
        assert_eq!(split(r#""broken"#), [Path::new("\"broken")]);
    }
}
