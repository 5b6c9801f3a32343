//! What the rules find in a change: its contents are read for those that look at lines, and only for them.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;

use super::flagged::{Scores, gate_flagged};
use super::undecided::Undecided;
use crate::change::{Change, Content, FileChange, RepoPath};
use crate::git::{Contents, GitError, Repository};
use crate::policy::Policy;
use crate::progress::{self, Begun, Room, Work};
use crate::sensitivity::{AskedScore, By, ContentSource, Gated, Scored, gate_by_each};

/// Reads what rules about content ask for: many files from a stream, a few one by one.
struct Reader<'a, 'r> {
    repository: &'a Repository,
    change: &'a Change,
    scores: Option<&'a Scores<'r>>,
    stream: RefCell<Option<Contents>>,
    working: OnceCell<Begun>,
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
}

/// What each policy gates in a change, by its rules and by the score. Rules run once, and no file is read twice for them. Without scores, rules
/// that need one count, and say so.
pub(crate) fn gate_by(
    repository: &Repository,
    change: &Change,
    by: Vec<By<'_>>,
    scores: Option<&Scores<'_>>,
) -> Result<Vec<Gated>, Undecided> {
    let _timed = progress::enter(Room::Sensitivity);
    let mut flagging = Vec::with_capacity(by.len());
    for by in &by {
        flagging.push(
            by.policy
                .sensitivity
                .is_some()
                .then(|| (by.policy, by.evidence.clone())),
        );
    }
    let reader = Reader {
        repository,
        change,
        scores,
        stream: RefCell::default(),
        working: OnceCell::new(),
    };
    let mut all = gate_by_each(by, change, &reader)?;
    for (gated, flagging) in all.iter_mut().zip(flagging) {
        if let (Some(scores), Some((policy, evidence))) = (scores, flagging) {
            gated.flagged = scores.flagged(change, policy, &evidence);
            if policy.sensitivity.as_ref().is_some_and(|wanted| wanted.blocks) {
                gate_flagged(gated, change, policy);
            }
        }
    }
    Ok(all)
}

/// What one policy gates in a change.
pub(crate) fn gate(
    repository: &Repository,
    change: &Change,
    policy: &Policy,
    adoption: bool,
) -> Result<Gated, Undecided> {
    let scores = Scores::new(repository, false);
    let found = gate_by(repository, change, vec![of(policy, adoption)], Some(&scores));
    scores.keep();
    Ok(found?.pop().unwrap_or_default())
}

/// What one policy's rules would find, whatever the score.
pub(super) fn gate_unscored(repository: &Repository, change: &Change, policy: &Policy) -> Result<Gated, Undecided> {
    Ok(gate_by(repository, change, vec![of(policy, false)], None)?
        .pop()
        .unwrap_or_default())
}

fn of(policy: &Policy, adoption: bool) -> By<'_> {
    By {
        policy,
        adoption,
        evidence: BTreeSet::new(),
        announced: None,
    }
}
