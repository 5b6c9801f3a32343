//! What can go wrong between certgate and a repository, and what to do about each.

use std::path::PathBuf;

use crate::change::{ObjectId, RepoPath};
use crate::diagnostic::{Code, Diagnostic, Place, Placeholder, Word, command, plural, sanitize_bytes};
use crate::signals;

/// What the operating system says where the process may open no more files (EMFILE), which has no name in the standard library.
const TOO_MANY_OPEN_FILES: i32 = 24;

/// Why the repository could not be read. Each says what was expected; [`GitError::diagnostic`] adds the command that fixes it.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// No repository here.
    #[error("`{}` is not in a git repository", .directory.display())]
    NotARepository {
        /// Where it was looked for.
        directory: PathBuf,
    },
    /// Git refuses the repository because someone else owns it (`safe.directory`).
    #[error("git does not trust the owner of this repository")]
    Ownership {
        /// Git's own message, with its own remedy.
        message: String,
    },
    /// Git takes a bare repository only where it is named (`safe.bareRepository` is `explicit`).
    #[error("git uses the bare repository `{}` only where it is named", .directory.display())]
    Unnamed {
        /// The repository.
        directory: PathBuf,
    },
    /// There is no `git` on the search path.
    #[error("`git` is in no directory of PATH")]
    NoGit,
    /// A child process could not be started or read.
    #[error("cannot run `{command}`: {source}")]
    Spawn {
        /// The command.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// A git command failed.
    #[error("`{command}` failed ({status})")]
    Git {
        /// The command.
        command: String,
        /// Exit code or signal.
        status: String,
        /// What it said, made harmless.
        stderr: String,
    },
    /// The remote gave no answer, or not the one that was asked for.
    #[error("`{command}` failed")]
    Fetch {
        /// The command.
        command: String,
        /// Its arguments, behind `git`.
        argv: Vec<String>,
        /// What it said, made harmless.
        stderr: String,
    },
    /// There is no one remote to ask.
    #[error("{}", match .found { 0 => "there is no remote to fetch from", _ => "none of several remotes is called `origin`" })]
    NoRemote {
        /// How many there are.
        found: usize,
    },
    /// A git command answered in a way that certgate does not understand.
    #[error("`{command}` gave an answer that certgate does not understand: {what}")]
    Answer {
        /// The command.
        command: String,
        /// The part that was not understood.
        what: String,
    },
    /// A git command took too long, and was ended.
    #[error("`{command}` was ended after {seconds} seconds")]
    Patience {
        /// The command.
        command: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A revision that names no commit.
    #[error("`{rev}` does not name a commit here")]
    UnknownRevision {
        /// As it was given.
        rev: String,
        /// True where the clone is shallow, so that the commit may be known elsewhere.
        shallow: bool,
    },
    /// A name with two meanings.
    #[error("`{name}` means two things here")]
    Ambiguous {
        /// As it was given.
        name: String,
        /// The full names.
        meanings: Vec<String>,
    },
    /// The short name of a tag, or of a ref that no remote is configured to keep.
    #[error("`{name}` is not a branch")]
    NotABranch {
        /// As it was given.
        name: String,
        /// The ref of that name.
        reference: String,
        /// What followed the name, such as `~2`.
        path: String,
    },
    /// No merge base.
    #[error("`{}` and `{}` have no common history", .base.short(), .head.short())]
    NoMergeBase {
        /// One tip.
        base: ObjectId,
        /// The other.
        head: ObjectId,
    },
    /// The answer lies beyond the border of a shallow clone.
    #[error("the history of `{}` is cut off in this shallow clone", .commit.short())]
    Shallow {
        /// The commit that is not here.
        commit: ObjectId,
    },
    /// An object that should be there is not.
    #[error("object {id} ({role}{}) is missing", .path.as_ref().map(|path| format!(" {path}")).unwrap_or_default())]
    Missing {
        /// The object.
        id: ObjectId,
        /// What it was wanted as.
        role: &'static str,
        /// The path at which it is, where it is that of a file.
        path: Option<RepoPath>,
    },
    /// An object that is there cannot be read as what it should be.
    #[error("object {id} is not a readable {role}: {why}")]
    Malformed {
        /// The object.
        id: ObjectId,
        /// What it was wanted as.
        role: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The index holds unresolved conflicts.
    #[error("{path} has conflicts that are not resolved")]
    Conflict {
        /// The first such path.
        path: RepoPath,
    },
    /// What two branches have made of the same lines cannot be put together by git alone.
    #[error("`{}` cannot be merged into `{}`: {} in conflict", .head.short(), .tip.short(), plural(.paths.len(), "file"))]
    MergeConflict {
        /// The target's tip.
        tip: ObjectId,
        /// The commit to merge.
        head: ObjectId,
        /// The paths in conflict.
        paths: Vec<RepoPath>,
    },
    /// The installed git cannot do what is needed.
    #[error("git {found} cannot compute the result of a merge; it needs git {needed}")]
    OldGit {
        /// What is installed.
        found: super::GitVersion,
        /// What it takes.
        needed: super::GitVersion,
        /// The target's tip, which is not merged into the head yet.
        tip: ObjectId,
    },
    /// A file of the repository could not be read.
    #[error("cannot read `{}`: {why}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A hook got input that is not as githooks(5) says.
    #[error("line {line} of the hook's input is not as git writes it: {why}")]
    Input {
        /// The 1-based line.
        line: usize,
        /// What was expected.
        why: String,
    },
}

impl GitError {
    /// The same, of a file at this path.
    pub(super) fn of_file(self, file: &RepoPath) -> Self {
        match self {
            Self::Missing { id, role, path: None } => Self::Missing {
                id,
                role,
                path: Some(file.clone()),
            },
            other => other,
        }
    }

    /// A failed read of a file.
    pub(crate) fn unreadable(path: impl Into<PathBuf>, why: impl std::fmt::Display) -> Self {
        Self::Unreadable {
            path: path.into(),
            why: why.to_string(),
        }
    }

    /// A failed child process. One that a key at the terminal has ended ends this process, too, and not with an error of git's.
    pub(crate) fn failed(command: String, status: std::process::ExitStatus, stderr: &[u8]) -> Self {
        if std::os::unix::process::ExitStatusExt::signal(&status).is_some_and(signals::ends) {
            signals::await_one();
        }
        Self::Git {
            command,
            status: status.to_string(),
            stderr: tidy(stderr),
        }
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::NotARepository { .. } => Code::CG701,
            Self::UnknownRevision { shallow: false, .. } => Code::CG702,
            Self::Ambiguous { .. } | Self::NotABranch { .. } => Code::CG736,
            Self::NoMergeBase { .. } => Code::CG703,
            Self::UnknownRevision { shallow: true, .. } | Self::Shallow { .. } => Code::CG704,
            Self::Ownership { .. }
            | Self::Unnamed { .. }
            | Self::NoGit
            | Self::Spawn { .. }
            | Self::Git { .. }
            | Self::Answer { .. } => Code::CG706,
            Self::Missing { .. } | Self::Malformed { .. } => Code::CG707,
            Self::Unreadable { .. } => Code::CG709,
            Self::Conflict { .. } => Code::CG713,
            Self::MergeConflict { .. } | Self::OldGit { .. } => Code::CG735,
            Self::Input { .. } => Code::CG714,
            Self::Fetch { .. } | Self::NoRemote { .. } | Self::Patience { .. } => Code::CG720,
        }
    }

    /// The diagnostic: what is wrong, where, and the command that fixes it.
    pub fn diagnostic(&self) -> Diagnostic {
        let told = Diagnostic::error(self.code(), self);
        match self {
            Self::NotARepository { .. } => told.help("run certgate inside a repository, or make one: git init"),
            Self::Ownership { message } => ownership(told, message),
            Self::Unnamed { directory } => told
                .because("safe.bareRepository is `explicit` in git's configuration")
                .help(
                    command![
                        "env",
                        Word::from("GIT_DIR=").and_bytes(directory.as_os_str().as_encoded_bytes())
                    ]
                    .arg("certgate")
                    .args(std::env::args_os().skip(1).map(|word| Word::from(word.as_os_str())))
                    .why("the repository has to be named"),
                ),
            Self::NoGit => told
                .because(
                    "empty and relative entries of PATH are skipped, so that no repository can supply its own `git`",
                )
                .help("install git, or add the absolute path of its directory to PATH"),
            Self::Spawn { source, .. } if source.raw_os_error() == Some(TOO_MANY_OPEN_FILES) => told
                .because("each pack of the repository is a file that is kept open")
                .help(command!["git", "gc"].why("fewer packs; or `ulimit -n 1024` in the shell")),
            Self::Spawn { .. } => told.help(command!["git", "version"]),
            Self::Git { stderr, .. } => lines(told, stderr).help("run the command by itself to see what git needs"),
            Self::Answer { .. } => told.help(command!["certgate", "doctor"]),
            Self::Patience { .. } => told.help("see whether the address can be reached, then run the command again"),
            Self::Fetch { argv, stderr, .. } => lines(told, stderr).help(command!["git"].args(argv)),
            Self::NoRemote { .. } => told.help(command!["git", "remote", "add", "origin", Placeholder::Url]),
            Self::UnknownRevision { rev, shallow } => {
                if *shallow {
                    told.because("this clone is shallow, so commits that exist elsewhere may be missing here")
                        .help(command!["git", "fetch", "--unshallow"])
                } else {
                    told.help(
                        command!["git", "rev-parse", "--verify", "--end-of-options", rev]
                            .after(command!["git", "fetch", "--all"]),
                    )
                }
            }
            Self::Ambiguous { meanings, .. } => ambiguous(told, meanings),
            Self::NotABranch { reference, path, .. } => told
                .because(format_args!(
                    "there is {reference}, and only branches have short names here"
                ))
                .help(
                    command!["git", "rev-parse", "--verify", format!("{reference}{path}")]
                        .why("give this full name, or the id"),
                ),
            Self::NoMergeBase { base, head } => told
                .because("a change is judged from the merge base, and these have no merge base")
                .help(command!["git", "merge-base", base, head]),
            Self::Shallow { commit } => told
                .because(format_args!(
                    "what is missing: the parents of {}, and what lies behind them",
                    commit.short()
                ))
                .because("a parent that is missing is not a root: what lies behind it may be part of the answer")
                .help(command!["git", "fetch", "--unshallow"])
                .help(command!["git", "fetch", "--deepen=64"].why("a part of it; again, until it is enough"))
                .help("in GitHub Actions: actions/checkout with `fetch-depth: 0`; in GitLab CI: `GIT_DEPTH: 0`"),
            Self::Missing { id, path, .. } => missing(told, id, path.as_ref()),
            Self::Malformed { .. } => told.help(command!["git", "fsck", "--full"]),
            Self::Conflict { path } => {
                told.at(Place::file(path))
                    .help(command!["git", "add", "--", Word::pathspec(path)])
            }
            Self::MergeConflict { tip, paths, .. } => merge_conflict(told, tip, paths),
            Self::OldGit { tip, .. } => told
                .because("the target has commits that the change lacks, so what would be merged is neither of the two")
                .help(command!["git", "merge", tip].why("then check again")),
            Self::Unreadable { path, .. } => told.at(Place::file(path.display())).help(command!["ls", "-ld", path]),
            Self::Input { .. } => told.help(command!["certgate", "hooks"]),
        }
    }
}

/// The repository belongs to somebody else; git names the directory that would have to be declared safe.
fn ownership(told: Diagnostic, message: &str) -> Diagnostic {
    let named = message
        .lines()
        .find_map(|line| line.trim().strip_prefix("git config --global --add safe.directory "));
    let directory = match named.map(unquoted) {
        Some(directory) => Word::from(directory),
        None => Word::from(Placeholder::Directory),
    };
    let trust = command!["git", "config", "--global", "--add", "safe.directory", directory];
    lines(told, message).help(trust)
}

/// A name has several meanings.
fn ambiguous(told: Diagnostic, meanings: &[String]) -> Diagnostic {
    let told = meanings
        .iter()
        .fold(told, |told, one| told.because(format_args!("it is {one}")));
    told.because("a name on the command line or from CI must mean one thing")
        .help(
            command!["git", "for-each-ref"]
                .args(meanings)
                .why("then give the full name of the one that is meant"),
        )
}

/// An object is not in the object store.
fn missing(told: Diagnostic, id: &ObjectId, path: Option<&RepoPath>) -> Diagnostic {
    let told = match path {
        Some(path) => told.at(Place::file(path)),
        None => told,
    };
    match std::env::var_os("GIT_NO_LAZY_FETCH").is_some_and(|set| set != "0" && !set.is_empty()) {
        true => told
            .because("GIT_NO_LAZY_FETCH keeps git from fetching what a partial clone lacks")
            .help(command!["env", "GIT_NO_LAZY_FETCH=0", "git", "cat-file", "-t", id].why("fetches it")),
        false => told.help(command!["git", "fsck", "--full"]),
    }
}

/// How many paths in conflict are named.
const SHOWN: usize = 5;

/// Both sides changed the same lines.
fn merge_conflict(told: Diagnostic, tip: &ObjectId, paths: &[RepoPath]) -> Diagnostic {
    let shown = paths.iter().take(SHOWN).map(|path| path.to_string());
    let told = shown.fold(told, Diagnostic::because);
    let told = match paths.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        Some(more) => told.because(format_args!("and {more} more")),
        None => told,
    };
    told.because("what would be merged is judged, and nobody knows it before the conflict is resolved")
        .help(command!["git", "merge", tip].why("resolve the conflict, commit, and check again"))
}

/// Adds each line of git's own words as a reason.
fn lines(told: Diagnostic, text: &str) -> Diagnostic {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .fold(told, |told, line| told.because(line))
}

/// What git has quoted for a shell (its `sq_quote_buf`).
fn unquoted(word: &str) -> String {
    match word.strip_prefix('\'').and_then(|word| word.strip_suffix('\'')) {
        Some(inner) => inner.replace(r"'\''", "'").replace(r"'\!'", "!"),
        None => word.to_owned(),
    }
}

/// The last lines of what a child said, harmless to print, still one line per line.
fn tidy(stderr: &[u8]) -> String {
    let kept: Vec<String> = stderr
        .split(|&b| b == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
        .map(|line| sanitize_bytes(line.trim_ascii_end()))
        .collect();
    kept.get(kept.len().saturating_sub(12)..).unwrap_or_default().join("\n")
}
