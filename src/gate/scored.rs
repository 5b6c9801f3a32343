//! The sensitivity score of a change: its files as git holds them, the repository's past up to its base, and the scores of the commits just
//! before, which the rank compares with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::governing::policy_for;
use super::judgement::Judgement;
use super::lookback::{self, Lookback};
use super::question::Question;
use super::undecided::Undecided;
use crate::change::{Content, FileChange, ObjectId, Snapshot};
use crate::git::{GitError, Repository};
use crate::ledger;
use crate::policy::TwinPath;
use crate::progress::{self, Room};
use crate::sensitivity::score::features::SIZE;
use crate::sensitivity::score::history::{Past, View};
use crate::sensitivity::score::model::Model;
use crate::sensitivity::score::{ChangeScore, FileScore, highest_first, of_file, quick, rank_among};

/// Of a change of more files, the highest are shown.
const SHOWN: usize = 200;
/// With how many earlier commits a score is compared.
const BEFORE: usize = 300;
/// How many scores are kept.
const KEPT: usize = 20_000;

/// Scores the change that was asked about, unless its score is known.
///
/// # Errors
///
/// What cannot be read.
pub fn add_sensitivity(
    repository: &Repository,
    question: &Question,
    judgement: &mut Judgement,
) -> Result<(), Undecided> {
    if judgement.sensitivity.is_some() {
        return Ok(());
    }
    judgement.sensitivity = Some(sensitivity_of(repository, question)?);
    Ok(())
}

/// The score of the change that was asked about, without its certificates.
///
/// # Errors
///
/// What cannot be read.
pub fn sensitivity_of(repository: &Repository, question: &Question) -> Result<ChangeScore, Undecided> {
    // `--timings` counts what judging costs; of the score it has the time.
    let _uncounted = progress::uncounted();
    let _timed = progress::enter(Room::Sensitivity);
    let base = match &question.change.base {
        Snapshot::Commit(id) => Some(id),
        Snapshot::Empty | Snapshot::Index => None,
    };
    // A certificate is no work; where no policy can be read, nothing is known to be one.
    let judging = policy_for(repository, question).ok();
    let scored = |file: &&FileChange| {
        let by = judging.as_ref().map(|in_force| &in_force.policy);
        !by.is_some_and(|policy| policy.is_document(&TwinPath::new(file.path.as_bytes())))
    };
    let mut scoring = Scoring::open(repository);
    let score = scoring.of(question.change.files.iter().filter(scored), base)?;
    scoring.keep();
    Ok(score)
}

/// The scores of a repository's commits, as far as they are known.
pub(crate) struct Scoring<'r> {
    repository: &'r Repository,
    lookback: Lookback<'r>,
    known: BTreeMap<ObjectId, u32>,
    grown: bool,
}

/// What is known of a repository's scores and past, without a handle of it.
#[derive(Clone)]
pub(crate) struct Seed {
    past: Past,
    known: BTreeMap<ObjectId, u32>,
}

impl<'r> Scoring<'r> {
    /// Opens what is kept.
    pub(crate) fn open(repository: &'r Repository) -> Self {
        Self {
            repository,
            lookback: Lookback::open(repository),
            known: ledger::load(&file(repository)).unwrap_or_default(),
            grown: false,
        }
    }

    /// The score of changed files on top of a commit, with reasons and rank.
    pub(crate) fn of<'f>(
        &mut self,
        files: impl IntoIterator<Item = &'f FileChange>,
        base: Option<&ObjectId>,
    ) -> Result<ChangeScore, GitError> {
        self.lookback.reach(base)?;
        let model = Model::embedded();
        let view = self.lookback.view(base);
        let mut scores: Vec<FileScore> = Vec::new();
        for file in files {
            let content = content(self.repository, file)?;
            scores.push(of_file(model, file, &content, &view));
            if scores.len() >= 2 * SHOWN {
                scores = highest_first(scores).1;
                scores.truncate(SHOWN);
            }
        }
        drop(view);
        let (score, mut files) = highest_first(scores);
        files.truncate(SHOWN);
        let before = self.before(base)?;
        let among = rank_among(score, &before);
        Ok(ChangeScore {
            score,
            rank: among.unwrap_or_else(|| model.rank(score)),
            among: among.map(|_| before.len()),
            files,
        })
    }

    /// What is known so far, for another handle of the same repository.
    pub(crate) fn seed(&self) -> Seed {
        Seed {
            past: self.lookback.past().clone(),
            known: self.known.clone(),
        }
    }

    /// What is known already, by another handle of the same repository.
    pub(crate) fn grown(repository: &'r Repository, seed: Seed) -> Self {
        Self {
            repository,
            lookback: Lookback::of(repository, seed.past),
            known: seed.known,
            grown: false,
        }
    }

    /// Takes the scores over that another one has found.
    pub(crate) fn learn(&mut self, seed: Seed) {
        let before = self.known.len();
        self.known.extend(seed.known);
        self.grown |= self.known.len() > before;
    }

    /// Reads the past as far as a commit needs it.
    pub(crate) fn reach(&mut self, base: Option<&ObjectId>) -> Result<(), GitError> {
        self.lookback.reach(base)
    }

    /// The past as it is seen from a commit.
    pub(super) fn view(&mut self, base: Option<&ObjectId>) -> Result<View<'_>, GitError> {
        self.lookback.reach(base)?;
        Ok(self.lookback.view(base))
    }

    /// The scores of the commits that end in `base`, as far as the rank looks.
    pub(super) fn before(&mut self, base: Option<&ObjectId>) -> Result<Vec<u32>, GitError> {
        let Some(base) = base else { return Ok(Vec::new()) };
        let commits = self.repository.commits(base, &[], Some(BEFORE))?;
        let mut scores = Vec::with_capacity(commits.len());
        for (commit, parent) in commits {
            scores.push(self.commit(&commit, parent.as_ref())?);
        }
        Ok(scores)
    }

    /// The score of a commit of history.
    pub(crate) fn commit(&mut self, commit: &ObjectId, parent: Option<&ObjectId>) -> Result<u32, GitError> {
        if let Some(known) = self.known.get(commit) {
            return Ok(*known);
        }
        self.lookback.reach(parent)?;
        let view = self.lookback.view(parent);
        let score = highest(self.repository, &self.repository.differs(parent, commit)?, &view)?;
        drop(view);
        self.grown = true;
        self.known.insert(commit.clone(), score);
        Ok(score)
    }

    /// Keeps what was computed, if the disk lets it.
    pub(crate) fn keep(&mut self) {
        self.lookback.keep();
        if !self.grown {
            return;
        }
        if self.known.len() > KEPT {
            self.known.clear();
        }
        lookback::write(self.repository, &file(self.repository), &self.known);
    }
}

fn highest(repository: &Repository, files: &[FileChange], view: &View<'_>) -> Result<u32, GitError> {
    let mut highest = 0;
    for file in files {
        let content = content(repository, file)?;
        highest = highest.max(quick(Model::embedded(), file, &content, view));
    }
    Ok(highest)
}

/// The changed lines of a file, unless it is too much. What is not here is not read: a score must not keep a change from being judged.
pub(crate) fn content(repository: &Repository, file: &FileChange) -> Result<Content, GitError> {
    match repository.content_within(file, SIZE) {
        Err(GitError::Missing { .. }) => Ok(Content::TooLarge { size: 0 }),
        read => read,
    }
}

/// Where the scores by this model are kept.
fn file(repository: &Repository) -> PathBuf {
    let digest = Model::embedded().digest.get(..16).unwrap_or_default();
    lookback::folder(repository).join(format!("scores-{digest}"))
}
