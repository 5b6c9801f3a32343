//! Reads a git repository: which one, what changed, what objects hold. The only user of git2, and the only module that runs `git`.
//!
//! Objects come from libgit2's object database; where git reads more than libgit2 (partial clones, reftables, every index layout)
//! git's plumbing answers behind the same functions. Nothing here writes to a repository but [`Repository::fetch`] and the scratch worktrees of `measure`.

mod below;
mod commit;
mod config;
mod configured;
mod decode;
mod diff;
mod elsewhere;
mod eol;
mod error;
mod fetch;
mod graph;
mod heads;
mod history;
mod index;
mod landing;
mod landmark;
mod listing;
mod locate;
mod merge;
mod message;
mod moved;
mod names;
mod past;
pub mod push;
mod range;
mod raw;
mod refs;
mod remotes;
mod run;
mod setting;
mod shared;
mod signed;
mod staged;
mod store;
mod stream;
mod touches;
mod tree;
mod walk;
mod worktree;

pub use commit::Person;
pub use configured::ConfiguredHook;
pub use diff::CONTENT_LIMIT;
pub use elsewhere::{Elsewhere, FileThere};
pub use error::GitError;
pub use fetch::{Wanted, is_branch_name, kept, tracking};
pub use landing::{Introductions, Landing};
pub use landmark::Landmark;
pub use message::clean_message;
pub use names::Meaning;
pub use past::{PastCommit, PastFile};
pub use range::Authorship;
pub use refs::Head;
pub use remotes::Remote;
pub use run::{GitVersion, find_program, git_version};
pub use setting::Setting;
pub use signed::SignedCommit;
pub use staged::PendingStaged;
pub use store::Blob;
pub use stream::Contents;
pub use touches::Touch;
pub use walk::{Step, Stretch};

use std::cell::{OnceCell, RefCell};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use git2::Oid;
use sha2::Digest as _;

use crate::change::{Change, CommitMessage, Digest, Mode, ObjectId, RepoPath, Snapshot, TreeEntry};
use locate::Location;
use run::Runner;
use store::Store;

/// The largest commit message that is read, in bytes.
const MESSAGE_LIMIT: u64 = 16 << 20;

/// What the names of directories begin with that are kept for a repository which is only looked at.
const ASIDE: &str = "certgate-audit-";

/// After this time nothing looks at one repository any more.
const LEFT: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// An open repository.
pub struct Repository {
    runner: Runner,
    location: Location,
    store: Store,
    staged: RefCell<Option<Change>>,
    config: config::Config,
    shallow: OnceCell<bool>,
    remotes: OnceCell<Vec<Remote>>,
    graph: RefCell<graph::Graph>,
    shared: shared::Shared,
    /// Where certgate keeps what it has read, where that is not the repository.
    aside: Option<tempfile::TempDir>,
}

impl Repository {
    /// Opens the repository of the environment (`GIT_DIR` and its kin) and the working directory, as git would.
    pub fn open() -> Result<Self, GitError> {
        let here = std::env::current_dir().map_err(|error| GitError::unreadable(".", error))?;
        let runner = Runner::from_environment(here);
        let location = Location::find(&runner)?;
        Self::with(runner, location)
    }

    /// Opens the repository of a hook, or of whoever is about to judge a change: that of the environment, or else of `.git` in the working
    /// directory. Git is not asked where it is. Whether it may be read at all git decides a moment later, when it lists what changed.
    pub fn open_to_judge() -> Result<Self, GitError> {
        let here = std::env::current_dir().map_err(|error| GitError::unreadable(".", error))?;
        let runner = Runner::from_environment(here);
        let location = Location::of_hook(&runner)?;
        Self::with(runner, location)
    }

    /// Opens the repository that `directory` lies in, whatever the environment says.
    pub fn open_at(directory: &Path) -> Result<Self, GitError> {
        let directory = std::path::absolute(directory).map_err(|error| GitError::unreadable(directory, error))?;
        if !directory.is_dir() {
            return Err(GitError::NotARepository { directory });
        }
        let runner = Runner::at(directory);
        let location = Location::ask(&runner)?;
        Self::with(runner, location)
    }

    /// Opens the repository that `directory` lies in as one that is only looked at: nothing is fetched for it, nothing is written into it,
    /// and nothing that certgate is said to have kept there is believed.
    pub fn open_to_look_at(directory: &Path) -> Result<Self, GitError> {
        let directory = std::path::absolute(directory).map_err(|error| GitError::unreadable(directory, error))?;
        let runner = Runner::at(directory).alone();
        let location = Location::ask(&runner)?;
        let aside = tempfile::Builder::new().prefix(ASIDE).tempdir();
        let aside = aside.map_err(|error| GitError::unreadable(std::env::temp_dir(), error))?;
        Ok(Self {
            aside: Some(aside),
            ..Self::with(runner, location)?
        })
    }

    /// Removes what processes left that were killed while they looked at a repository, a day ago or earlier.
    pub fn sweep() {
        for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
            let ours = entry.file_name().to_string_lossy().starts_with(ASIDE);
            let old = || entry.metadata().and_then(|found| found.modified()).ok()?.elapsed().ok();
            if ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) && old().is_some_and(|age| age > LEFT) {
                // Another user's stays.
                let _best_effort = std::fs::remove_dir_all(entry.path());
            }
        }
    }

    fn with(runner: Runner, location: Location) -> Result<Self, GitError> {
        let store = Store::open(&location, &runner)?;
        Ok(Self {
            runner,
            location,
            store,
            staged: RefCell::new(None),
            config: config::Config::default(),
            shallow: OnceCell::new(),
            remotes: OnceCell::new(),
            graph: RefCell::default(),
            shared: shared::Shared::default(),
            aside: None,
        })
    }

    /// The git directory; in a linked worktree its own.
    pub fn git_dir(&self) -> &Path {
        &self.location.git_dir
    }

    /// The git directory that all worktrees share.
    pub fn common_dir(&self) -> &Path {
        &self.location.common_dir
    }

    /// The directory above the one in which certgate keeps what it has read, so that it need not be read again.
    pub fn kept_in(&self) -> &Path {
        self.aside
            .as_ref()
            .map_or(&self.location.common_dir, |aside| aside.path())
    }

    /// The root of the work tree, if there is one.
    pub fn work_tree(&self) -> Option<&Path> {
        self.location.work_tree.as_deref()
    }

    /// True without a work tree.
    pub fn is_bare(&self) -> bool {
        self.location.work_tree.is_none()
    }

    /// True where the history is cut off.
    pub fn is_shallow(&self) -> bool {
        let present = || std::fs::metadata(&self.location.shallow).is_ok_and(|file| file.len() > 0);
        *self.shallow.get_or_init(present)
    }

    /// Where git looks for hooks here (`core.hooksPath`, linked worktrees), absolute.
    pub fn hooks_dir(&self) -> Result<PathBuf, GitError> {
        let mut path = self.runner.read(&["rev-parse", "--git-path", "hooks"])?;
        if path.last() == Some(&b'\n') {
            path.pop();
        }
        Ok(self.runner.directory().join(std::ffi::OsString::from_vec(path)))
    }

    /// The root tree of a snapshot; for the index that of the commit it is compared with.
    fn root(&self, at: &Snapshot) -> Result<Option<Oid>, GitError> {
        match at {
            Snapshot::Empty => Ok(None),
            Snapshot::Commit(id) => self.tree(id).map(Some),
            Snapshot::Index => match self.staged()?.base {
                Snapshot::Commit(id) => self.tree(&id).map(Some),
                _ => Ok(None),
            },
        }
    }

    /// What is at a path, if anything. A directory is nothing.
    pub fn entry(&self, at: &Snapshot, path: &RepoPath) -> Result<Option<TreeEntry>, GitError> {
        let root = self.root(at)?;
        if *at == Snapshot::Index
            && let Some(staged) = self.staged_entry(path)?
        {
            return Ok(staged);
        }
        root.map_or(Ok(None), |root| tree::entry(&self.store, root, path.as_bytes()))
    }

    /// All entries below (or at) the given directories, sorted by path, each once. The empty directory is the root; no directories,
    /// no entries.
    pub fn list(&self, at: &Snapshot, prefixes: &[Vec<u8>]) -> Result<Vec<(RepoPath, TreeEntry)>, GitError> {
        let trimmed = |prefix: &Vec<u8>| prefix.strip_suffix(b"/").unwrap_or(prefix).to_vec();
        let mut prefixes: Vec<Vec<u8>> = prefixes.iter().map(trimmed).collect();
        prefixes.sort();
        prefixes.dedup();
        let mut found = Vec::new();
        if let Some(root) = self.root(at)? {
            for prefix in &prefixes {
                found.extend(tree::list(&self.store, root, prefix)?);
            }
        }
        if *at == Snapshot::Index {
            let files = self.staged()?.files;
            let replaced: std::collections::HashSet<&RepoPath> = files.iter().map(|file| &file.path).collect();
            found.retain(|(path, _)| !replaced.contains(path));
            let wanted = |path: &RepoPath| prefixes.iter().any(|prefix| path.is_within(prefix));
            let staged = files.iter().filter(|file| wanted(&file.path));
            found.extend(staged.filter_map(|file| Some((file.path.clone(), file.after()?.clone()))));
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found.dedup_by(|a, b| a.0 == b.0);
        // Who lists everything reads little of it.
        if !prefixes.iter().any(Vec::is_empty) {
            self.store.expect(found.iter().map(|(_, entry)| entry));
        }
        Ok(found)
    }

    /// Shows the paths of the files below a directory of a commit, in no order, until `more` is false.
    pub fn visit(
        &self,
        commit: &ObjectId,
        directory: &[u8],
        more: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<(), GitError> {
        tree::visit(&self.store, self.tree(commit)?, directory, more).map(drop)
    }

    /// The id of the tree at a directory of a commit: the same id, the same content below it.
    pub fn subtree_id(&self, commit: &ObjectId, prefix: &[u8]) -> Result<Option<ObjectId>, GitError> {
        let root = self.tree(commit)?;
        let prefix = prefix.strip_suffix(b"/").unwrap_or(prefix);
        if prefix.is_empty() {
            return Ok(Some(store::own(root)));
        }
        let found = tree::find(&self.store, root, prefix)?;
        Ok(found
            .filter(|(node, _)| *node == tree::Node::Directory)
            .map(|(_, id)| store::own(id)))
    }

    /// Reads a blob, unless it is larger than `limit` bytes; the size is looked up before anything is read.
    pub fn blob(&self, id: &ObjectId, limit: u64) -> Result<Blob, GitError> {
        let role = "content of a file";
        self.store.blob(self.store.oid(id, role)?, limit)
    }

    /// The SHA-256 of an entry's content as git stores it: for a symlink of its target, for a submodule of the commit id in
    /// hexadecimal digits. Content of any size streams through.
    pub fn digest(&self, entry: &TreeEntry) -> Result<Digest, GitError> {
        if entry.mode == Mode::Gitlink {
            return Ok(Digest(sha2::Sha256::digest(entry.id.to_string().as_bytes()).into()));
        }
        crate::progress::count(crate::progress::Count::FilesRead, 1);
        self.store.digest(self.store.oid(&entry.id, "content of a file")?)
    }

    /// Reads the message of a commit in the making, cleaned as git will clean it. A relative path counts from the directory in which
    /// the repository was opened, as in a hook.
    pub fn commit_message_file(&self, path: &Path) -> Result<CommitMessage, GitError> {
        let path = self.runner.directory().join(path);
        let unreadable = |error| GitError::unreadable(&path, error);
        let mut raw = Vec::new();
        let file = std::fs::File::open(&path).map_err(unreadable)?;
        std::io::Read::read_to_end(&mut std::io::Read::take(file, MESSAGE_LIMIT + 1), &mut raw).map_err(unreadable)?;
        if raw.len() as u64 > MESSAGE_LIMIT {
            return Err(unreadable(std::io::ErrorKind::FileTooLarge.into()));
        }
        let comment = match self.config("core.commentString")? {
            Some(set) => Some(set),
            None => self.config("core.commentChar")?,
        };
        let mode = self.config("commit.cleanup")?;
        let mode = mode.as_deref().unwrap_or("default");
        // Git tells its hooks so where nobody edits the message (run_commit_hook in its source). Then nothing in it is a comment, unless
        // `strip` is asked for.
        let unedited = self.runner.variable("GIT_EDITOR").is_some_and(|editor| editor == ":");
        let comment = match unedited && mode != "strip" {
            true => "",
            false => comment.as_deref().unwrap_or("#"),
        };
        // Git stores the bytes as they are, and says in the commit how they are to be read (git-commit(1), "Discussion").
        let encoding = self.config("i18n.commitEncoding")?;
        let (text, unread) = decode::message(
            clean_message(&raw, comment, mode),
            encoding.as_deref().filter(|name| !is_utf8(name)).map(str::as_bytes),
        );
        Ok(CommitMessage { id: None, text, unread })
    }
}

/// Whether git records no encoding in a commit for it (`is_encoding_utf8` in its source).
fn is_utf8(encoding: &str) -> bool {
    ["utf-8", "utf8"].iter().any(|name| name.eq_ignore_ascii_case(encoding))
}
