//! A review that was left before its end: what was decided so far, kept in the git directory, where no commit finds it.
//!
//! A decision is taken up again only where the component lacks a certificate on the same content.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::whole::{self, Existing};
use crate::certificate::{FileState, Status};
use crate::change::RepoPath;
use crate::gate::{Undecided, state};
use crate::git::Repository;
use crate::sensitivity::{GatedFile, GatedMessage};

/// The form of the file; another is not read.
const FORM: u32 = 1;

/// What was decided so far.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Review {
    form: u32,
    /// Who decides.
    pub(crate) agent: Option<String>,
    decided: Vec<Decided>,
}

/// A decision on one component.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Decided {
    pub(crate) component: String,
    /// What it is about.
    files: Vec<(RepoPath, FileState)>,
    /// The commits whose messages it answers.
    messages: Vec<String>,
    pub(crate) status: Status,
    pub(crate) rationale: String,
    pub(crate) findings: Vec<String>,
    pub(crate) evidence: Vec<String>,
    pub(crate) conditions: Vec<String>,
}

impl Decided {
    /// A decision on files as they are at the head.
    pub(crate) fn new(
        repository: &Repository,
        component: &str,
        (files, messages): (&[&GatedFile], &[GatedMessage]),
        status: Status,
    ) -> Result<Self, Undecided> {
        Ok(Self {
            component: component.to_owned(),
            files: states(repository, files)?,
            messages: commits(messages),
            status,
            rationale: String::new(),
            findings: Vec::new(),
            evidence: Vec::new(),
            conditions: Vec::new(),
        })
    }
}

fn states(repository: &Repository, files: &[&GatedFile]) -> Result<Vec<(RepoPath, FileState)>, Undecided> {
    let of = |gated: &&GatedFile| Ok((gated.file.path.clone(), state(repository, &gated.file)?));
    files.iter().map(of).collect()
}

fn commits(messages: &[GatedMessage]) -> Vec<String> {
    let of = |message: &GatedMessage| message.commit.as_ref().map_or_else(String::new, ToString::to_string);
    messages.iter().map(of).collect()
}

/// Where it is kept: with the work tree that it was begun in.
fn place(repository: &Repository) -> PathBuf {
    repository.git_dir().join("certgate").join("review.json")
}

impl Review {
    /// Takes up what was left; nothing where there is nothing, or nothing that can be read.
    pub(crate) fn take_up(repository: &Repository) -> Self {
        let read = std::fs::read(place(repository)).ok();
        let review = read.and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        review.filter(|review| review.form == FORM).unwrap_or_default()
    }

    /// Whether there is anything to take up.
    pub(crate) fn is_empty(&self) -> bool {
        self.decided.is_empty()
    }

    /// The decision on a component, if its files are what they were then.
    pub(crate) fn on(
        &self,
        repository: &Repository,
        component: &str,
        (files, messages): (&[&GatedFile], &[GatedMessage]),
    ) -> Result<Option<&Decided>, Undecided> {
        let Some(found) = self.decided.iter().find(|decided| decided.component == component) else {
            return Ok(None);
        };
        let same = found.messages == commits(messages) && found.files == states(repository, files)?;
        Ok(same.then_some(found))
    }

    /// Notes a decision, and keeps it.
    pub(crate) fn note(&mut self, repository: &Repository, decided: Decided) -> Result<(), Undecided> {
        self.decided.retain(|other| other.component != decided.component);
        self.decided.push(decided);
        self.keep(repository)
    }

    fn keep(&mut self, repository: &Repository) -> Result<(), Undecided> {
        self.form = FORM;
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        whole::write(repository, &place(repository), &text, Existing::Replace).map(|_| ())
    }

    /// Forgets all of it: it is written, or not wanted any more.
    pub(crate) fn forget(repository: &Repository) {
        // What cannot be removed is about content that is certified then, and is not taken up.
        let _gone = std::fs::remove_file(place(repository));
    }
}
