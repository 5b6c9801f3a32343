//! What the rules find in a change: its contents are read for those that look at lines, and only for them.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};

use super::flagged::{Scores, gate_flagged};
use super::in_force::InForce;
use super::profiled::Profiles;
use super::undecided::Undecided;
use crate::change::{Change, Content, FileChange, Mode, ObjectId, RepoPath, Snapshot};
use crate::git::{Blob, Contents, GitError, Repository};
use crate::policy::Policy;
use crate::progress::{self, Begun, Room, Work};
use crate::sensitivity::languages::MAX_BYTES;
use crate::sensitivity::profiled::{Measured, gate_hot};
use crate::sensitivity::{AskedScore, By, ContentSource, Gated, Scored, gate_by_each};

/// The content of a file that was measured, where there is one to parse.
type Measurement = Option<Vec<u8>>;

/// Reads what rules about content ask for: many files from a stream, a few one by one.
struct Reader<'a, 'r> {
    repository: &'a Repository,
    change: &'a Change,
    scores: Option<&'a Scores<'r>>,
    stream: RefCell<Option<Contents>>,
    working: OnceCell<Begun>,
    measured: RefCell<HashMap<(ObjectId, RepoPath), Measurement>>,
}

impl<'a, 'r> Reader<'a, 'r> {
    fn new(repository: &'a Repository, change: &'a Change, scores: Option<&'a Scores<'r>>) -> Self {
        Self {
            repository,
            change,
            scores,
            stream: RefCell::default(),
            working: OnceCell::new(),
            measured: RefCell::default(),
        }
    }
}

impl Measured for Reader<'_, '_> {
    fn measured(&self, commit: &ObjectId, path: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        let key = (commit.clone(), path.clone());
        if let Some(known) = self.measured.borrow().get(&key) {
            return Ok(known.clone());
        }
        let entry = self.repository.entry(&Snapshot::Commit(commit.clone()), path)?;
        let regular = |mode| matches!(mode, Mode::Regular | Mode::Executable);
        let found = match entry.filter(|entry| regular(entry.mode)) {
            None => None,
            // More is not parsed.
            Some(entry) => match self.repository.blob(&entry.id, MAX_BYTES as u64)? {
                Blob::Content(bytes) => Some(bytes),
                Blob::TooLarge { .. } => None,
            },
        };
        self.measured.borrow_mut().insert(key, found.clone());
        Ok(found)
    }
}

/// From how many files on their content is streamed.
const WORTH_A_STREAM: usize = 64;

impl ContentSource for Reader<'_, '_> {
    type Error = GitError;

    fn expect(&self, files: &[&FileChange]) -> Result<(), GitError> {
        self.working.get_or_init(|| progress::begin(Work::Judging, files.len()));
        if files.len() >= WORTH_A_STREAM {
            let stream = self.repository.start_contents(files.iter().copied())?;
            *self.stream.borrow_mut() = Some(stream);
        }
        Ok(())
    }

    fn content(&self, file: &FileChange) -> Result<Content, GitError> {
        progress::step();
        if let Some(stream) = self.stream.borrow_mut().as_mut()
            && let Some(content) = stream.next(file)?
        {
            return Ok(content);
        }
        self.repository.content(file)
    }

    fn holds_file(&self, path: &RepoPath) -> Result<bool, GitError> {
        self.repository.holds_file(&self.change.head, path)
    }

    fn scores(&self, files: &[AskedScore<'_>]) -> Vec<Scored> {
        match self.scores {
            Some(scores) => scores.of_rules(self.change, files),
            None => vec![Scored::Unasked; files.len()],
        }
    }

    fn have_words(&self, files: &[&FileChange], least: u32) -> Vec<bool> {
        match self.scores {
            Some(scores) => scores.have_words(self.change, files, least),
            None => vec![true; files.len()],
        }
    }
}

/// What each policy gates in a change, by its rules, its profiles and the score. Rules run once, and no file is read twice for them. Without
/// scores, rules that need one count, and say so.
pub(crate) fn gate_by(
    repository: &Repository,
    change: &Change,
    by: Vec<(By<'_>, &Profiles)>,
    scores: Option<&Scores<'_>>,
) -> Result<Vec<Gated>, Undecided> {
    let _timed = progress::enter(Room::Sensitivity);
    let (by, profiles): (Vec<By<'_>>, Vec<&Profiles>) = by.into_iter().unzip();
    let mut beyond = Vec::with_capacity(by.len());
    for (by, profiles) in by.iter().zip(&profiles) {
        let wanted = by.policy.sensitivity.is_some() || !profiles.hot.is_empty();
        beyond.push(wanted.then(|| (by.policy, by.evidence.clone())));
    }
    let mut all = gate_by_each(by, change, &Reader::new(repository, change, scores))?;
    for ((gated, beyond), profiles) in all.iter_mut().zip(beyond).zip(profiles) {
        let Some((policy, evidence)) = beyond else {
            continue;
        };
        if !profiles.hot.is_empty() {
            let leave = |path: &RepoPath| evidence.contains(path);
            let reader = Reader::new(repository, change, None);
            gate_hot(policy, change, &leave, (&profiles.hot, &reader), gated)?;
        }
        if let (Some(scores), Some(wanted)) = (scores, &policy.sensitivity) {
            gated.flagged = scores.flagged(change, policy, &evidence);
            gated.flagged.extend(scores.noted(change, gated));
            if wanted.blocks {
                gate_flagged(gated, change, policy);
            }
        }
    }
    Ok(all)
}

/// What the policy that judges gates in a change.
pub(crate) fn gate(repository: &Repository, change: &Change, in_force: &InForce) -> Result<Gated, Undecided> {
    let profiles = Profiles::of_change(repository, change, in_force)?;
    let scores = Scores::new(repository, false);
    let by = vec![(of(&in_force.policy, in_force.adoption), &profiles)];
    let found = gate_by(repository, change, by, Some(&scores));
    scores.keep();
    Ok(found?.pop().unwrap_or_default())
}

/// What one policy's rules and profiles would find, whatever the score.
pub(super) fn gate_unscored(
    repository: &Repository,
    change: &Change,
    (policy, profiles): (&Policy, &Profiles),
) -> Result<Gated, Undecided> {
    let by = vec![(of(policy, false), profiles)];
    Ok(gate_by(repository, change, by, None)?.pop().unwrap_or_default())
}

fn of(policy: &Policy, adoption: bool) -> By<'_> {
    By {
        policy,
        adoption,
        evidence: BTreeSet::new(),
        announced: None,
    }
}
