//! The repository's past for the score: read from git once, kept beside the ledger's cache in `$GIT_COMMON_DIR/certgate/past/`, and kept
//! up to date by what is new.
//!
//! What is kept of a commit depends on the commit alone, so it is never stale. What cannot be read is made again, and what cannot be written
//! is done without; deleting the directory is always safe.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::change::{ObjectId, RepoPath};
use crate::git::{GitError, Repository};
use crate::ledger;
use crate::sensitivity::score::history::heat::Heat;
use crate::sensitivity::score::history::{Past, PastEntry, View, WINDOW};

/// Grows when the form of what is kept changes.
const FORM: &str = "2";

/// The past of a repository, read as far as it was asked for.
pub(crate) struct Lookback<'r> {
    repository: &'r Repository,
    past: Past,
    grown: bool,
}

impl<'r> Lookback<'r> {
    /// Opens what is kept.
    pub(crate) fn open(repository: &'r Repository) -> Self {
        let kept: Option<Past> = ledger::load(&folder(repository).join("commits"));
        Self {
            repository,
            past: kept.map(Past::awake).unwrap_or_default(),
            grown: false,
        }
    }

    /// The same of what is read already.
    pub(super) fn of(repository: &'r Repository, past: Past) -> Self {
        Self {
            repository,
            past,
            grown: false,
        }
    }

    /// What is read so far.
    pub(super) fn past(&self) -> &Past {
        &self.past
    }

    /// Reads what a view from that commit needs and is not known yet.
    pub(crate) fn reach(&mut self, base: Option<&ObjectId>) -> Result<(), GitError> {
        let Some(base) = base else { return Ok(()) };
        let mut gaps = self.past.gaps(Some(base));
        if gaps.is_empty() {
            return Ok(());
        }
        self.grown = true;
        // What is new since the last time, which is mostly little; then whatever else is missing.
        if !self.past.knows(base) && !self.past.is_empty() {
            let tips = self.past.tips().to_vec();
            self.read(std::slice::from_ref(base), &tips)?;
            gaps = self.past.gaps(Some(base));
        }
        while !gaps.is_empty() {
            if !self.read(&gaps, &[])? {
                // A history that is cut off there: what is not here was never.
                gaps.iter().for_each(|gap| self.past.add(nothing(gap)));
            }
            gaps = self.past.gaps(Some(base));
        }
        self.past.add_tip(base);
        Ok(())
    }

    /// Adds what git lists; false where nothing of it is new.
    fn read(&mut self, heads: &[ObjectId], excluded: &[ObjectId]) -> Result<bool, GitError> {
        let before = self.past.len();
        for commit in self.repository.past(heads, excluded, 2 * WINDOW)? {
            self.past.add(PastEntry {
                commit: commit.commit,
                parents: commit.parents,
                time: commit.time,
                message: &commit.message,
                files: commit
                    .files
                    .iter()
                    .map(|file| (&file.path, file.from.as_ref()))
                    .collect(),
            });
        }
        Ok(self.past.len() > before)
    }

    /// The past as it is seen from a commit that was reached; of one that was not, nothing.
    pub(crate) fn view(&self, base: Option<&ObjectId>) -> View<'_> {
        self.past.view(base).unwrap_or_else(|_| self.past.nothing())
    }

    /// The directories that its performance commits touched most, as seen from a commit that was reached.
    pub(crate) fn heat(&self, tip: &ObjectId, most: usize, wanted: impl Fn(&RepoPath) -> bool) -> Vec<Heat> {
        self.past.heat(tip, most, wanted)
    }

    /// Keeps what was read, if the disk lets it.
    pub(crate) fn keep(&self) {
        if !self.grown {
            return;
        }
        let path = folder(self.repository).join("commits");
        match self.past.clone().pruned(self.past.tips().last()) {
            Some(pruned) => write(self.repository, &path, &pruned),
            None => write(self.repository, &path, &self.past),
        }
    }
}

/// Writes a file of the folder beside its name and renames it, if the disk lets it.
pub(super) fn write<T: Serialize>(repository: &Repository, path: &Path, value: &T) {
    let _best_effort = (|| {
        let folder = path.parent()?;
        std::fs::create_dir_all(folder).ok()?;
        let own = repository.kept_in().join("certgate");
        ledger::share(&own, repository.kept_in())?;
        ledger::share(&own.join("past"), &own)?;
        ledger::share(folder, &own)?;
        let beside = path.with_extension(std::process::id().to_string());
        let written = ledger::store(&beside, value).and_then(|()| std::fs::rename(&beside, path).ok());
        if written.is_none() {
            // On a full disk half of it may be there.
            let _gone = std::fs::remove_file(&beside);
        }
        written
    })();
}

fn nothing(commit: &ObjectId) -> PastEntry<'static> {
    PastEntry {
        commit: commit.clone(),
        parents: Vec::new(),
        time: 0,
        message: b"",
        files: Vec::new(),
    }
}

/// Where it is kept.
pub(super) fn folder(repository: &Repository) -> PathBuf {
    let own = repository.kept_in().join("certgate").join("past");
    own.join(format!("{FORM}-{}", env!("CARGO_PKG_VERSION")))
}
