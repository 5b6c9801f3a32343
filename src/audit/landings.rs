//! What landed on a protected branch, judged again: each step of its first-parent chain by the policy of the step before, at its own time.
//!
//! Git does not say what was pushed together. A commit and the certificate on it may be two commits of one push, so a landing counts as uncovered
//! only as long as no later landing covers what it left open.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::record::{BranchFound, LandedComponent, LandedFile, LandingFound, UndecidedFound};
use crate::change::{ObjectId, RepoPath, Snapshot};
use crate::diagnostic::{Code, Level, sanitize_bytes};
use crate::gate::governing::{judging_policy, policy_path};
use crate::gate::{Judgement, Scores, TargetBranch, Undecided, judge_with};
use crate::git::{Repository, Step, Stretch};
use crate::intake::range;
use crate::policy::{POLICY_DIRECTORY, Policy};
use crate::verdict::{Outcome, Verdict};

/// Most files of a component of a landing that are listed.
const MOST_FILES: usize = 50;

/// How long a subject may be, in characters.
const SUBJECT: usize = 120;

/// Which landings of a chain.
pub(super) struct Chain<'a> {
    pub(super) tip: &'a ObjectId,
    /// Nothing that is reachable from here.
    pub(super) excluded: Option<&'a ObjectId>,
    /// None that was committed before.
    pub(super) since: Option<i64>,
    pub(super) last: Option<usize>,
}

/// Judges the landings of one branch.
pub(super) struct Landings<'r> {
    repository: &'r Repository,
    branch: &'r str,
    /// The policy in force, which says what is a certificate.
    policy: &'r Policy,
    now: Timestamp,
    scores: Scores<'r>,
    /// Policies by the directories that hold them.
    policies: HashMap<ObjectId, Policy>,
}

/// A landing that is not covered so far.
struct Open {
    landing: LandingFound,
    base: Option<ObjectId>,
    commit: ObjectId,
    /// What judges it: the directory of the policy before it.
    judge: Option<ObjectId>,
    gaps: BTreeSet<Gap>,
    /// False for what no certificate makes good: a refusal, or a broken rule of the ledger.
    closable: bool,
}

/// A component with a file that nothing covers, or, without one, with a message.
type Gap = (String, Option<RepoPath>);

/// A judged step.
struct Answered {
    judgement: Judgement,
    /// True where it adds a certificate.
    certifies: bool,
    paths: BTreeSet<RepoPath>,
}

impl<'r> Landings<'r> {
    pub(super) fn new(repository: &'r Repository, branch: &'r str, policy: &'r Policy, now: Timestamp) -> Self {
        Self {
            repository,
            branch,
            policy,
            now,
            scores: Scores::new(repository, true),
            policies: HashMap::new(),
        }
    }

    /// Judges the landings of a chain, oldest first, and adds what it finds.
    pub(super) fn judge(&mut self, chain: &Chain<'_>, found: &mut BranchFound) -> Result<(), Undecided> {
        let steps = self.repository.walk(&Stretch {
            tip: chain.tip,
            excluded: chain.excluded,
            // One more shows whether there are older ones.
            last: chain.last.map(|last| last.saturating_add(1)),
            since: chain.since,
            first_parents: true,
        })?;
        let cut = chain.last.is_some_and(|last| steps.len() > last);
        let to_the_root = steps.last().is_some_and(|step| step.parent.is_none());
        found.complete &= !cut && (chain.since.is_none() || to_the_root);
        let wanted = steps.len().min(chain.last.unwrap_or(usize::MAX));
        let mut open: Vec<Open> = Vec::new();
        for step in steps.iter().take(wanted).rev() {
            self.step(step, &mut open, found)?;
        }
        for mut one in open {
            self.note_what_is_still_there(chain.tip, &mut one)?;
            found.uncovered.push(one.landing);
        }
        Ok(())
    }

    fn step(&mut self, step: &Step, open: &mut Vec<Open>, found: &mut BranchFound) -> Result<(), Undecided> {
        let governed = match &step.parent {
            Some(parent) => self.has_policy(parent)? || self.has_policy(&step.commit)?,
            None => self.has_policy(&step.commit)?,
        };
        if !governed {
            found.ungoverned += 1;
            return Ok(());
        }
        found.judged += 1;
        let answered = match self.ask(step.parent.as_ref(), step) {
            Ok(answered) => answered,
            Err(failure) => {
                found.undecided.push(undecided(step, &failure));
                return Ok(());
            }
        };
        match answered.judgement.verdict() {
            Verdict::Pass => {}
            Verdict::Warn => found.warned += 1,
            Verdict::Block => open.push(self.opened(step, &answered.judgement)?),
        }
        found.covered_later += self.close(step, &answered, open)?;
        Ok(())
    }

    fn has_policy(&self, commit: &ObjectId) -> Result<bool, Undecided> {
        let at = Snapshot::Commit(commit.clone());
        Ok(self.repository.entry(&at, &policy_path())?.is_some())
    }

    /// Asks what a step adds to a commit that was there before.
    fn ask(&mut self, base: Option<&ObjectId>, step: &Step) -> Result<Answered, Undecided> {
        let target = TargetBranch::Named(self.branch.to_owned());
        let mut question = range::landed(self.repository, base, &step.commit, target)?;
        question.policy = base.map(|base| self.policy_of(base)).transpose()?.flatten();
        // What was in force then is asked for then: a bypass runs out, and so does an approval. Yet when that was is only claimed, so
        // what passes now is let in, too.
        let then = Timestamp::from_second(step.time).unwrap_or(self.now);
        question.clock = Some(then.min(self.now));
        let mut judgement = judge_with(self.repository, &question, &self.scores)?;
        if judgement.verdict() == Verdict::Block && then < self.now {
            question.clock = Some(self.now);
            let today = judge_with(self.repository, &question, &self.scores)?;
            if today.verdict() < judgement.verdict() {
                judgement = today;
            }
        }
        let files = &question.change().files;
        Ok(Answered {
            certifies: files.iter().any(|file| self.policy.is_certificate(&file.path)),
            paths: files.iter().map(|file| file.path.clone()).collect(),
            judgement,
        })
    }

    fn policy_of(&mut self, commit: &ObjectId) -> Result<Option<Policy>, Undecided> {
        // What it imports lies beside it.
        let Some(directory) = self.repository.subtree_id(commit, POLICY_DIRECTORY.as_bytes())? else {
            return Ok(None);
        };
        if let Some(known) = self.policies.get(&directory) {
            return Ok(Some(known.clone()));
        }
        let policy = judging_policy(self.repository, commit)?;
        self.policies.extend(policy.clone().map(|policy| (directory, policy)));
        Ok(policy)
    }

    fn opened(&self, step: &Step, judgement: &Judgement) -> Result<Open, Undecided> {
        let errors = judgement
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.level() == Level::Error);
        let codes: BTreeSet<&'static str> = errors.map(|diagnostic| diagnostic.code().as_str()).collect();
        let lasting = |code: &&str| {
            ["CG0", "CG3", "CG4", "CG7"]
                .iter()
                .any(|prefix| code.starts_with(prefix))
        };
        let let_in = |outcome: Outcome| matches!(outcome, Outcome::Approved | Outcome::Uncovered);
        let closable =
            !codes.iter().any(lasting) && judgement.decision.components.iter().all(|one| let_in(one.outcome));
        let mut gaps = BTreeSet::new();
        let mut components = Vec::new();
        for component in &judgement.decision.components {
            if component.outcome == Outcome::Approved {
                continue;
            }
            let lacking: Vec<&RepoPath> = component
                .files
                .iter()
                .filter(|file| !file.covered)
                .map(|file| &file.path)
                .collect();
            gaps.extend(lacking.iter().map(|path| (component.id.clone(), Some((*path).clone()))));
            if lacking.is_empty() {
                gaps.insert((component.id.clone(), None));
            }
            components.push(LandedComponent {
                id: component.id.clone(),
                outcome: component.outcome.as_str(),
                files: lacking
                    .iter()
                    .take(MOST_FILES)
                    .map(|path| LandedFile {
                        path: path.to_string(),
                        still: false,
                    })
                    .collect(),
                more: lacking.len().saturating_sub(MOST_FILES),
            });
        }
        let judge = match &step.parent {
            Some(parent) => self.repository.subtree_id(parent, POLICY_DIRECTORY.as_bytes())?,
            None => None,
        };
        let subject: String = sanitize_bytes(&step.subject).chars().take(SUBJECT).collect();
        Ok(Open {
            landing: LandingFound {
                commit: step.commit.to_string(),
                parent: step.parent.as_ref().map(ToString::to_string),
                date: Timestamp::from_second(step.time).ok().map(|date| date.to_string()),
                subject,
                components,
                codes: codes.into_iter().collect(),
            },
            base: step.parent.clone(),
            commit: step.commit.clone(),
            judge,
            gaps,
            closable,
        })
    }

    /// Takes away what is covered once this step is looked at together with what came before it; says how many landings that are.
    fn close(&mut self, step: &Step, answered: &Answered, open: &mut Vec<Open>) -> Result<usize, Undecided> {
        let mut bases: BTreeMap<Option<ObjectId>, Option<ObjectId>> = BTreeMap::new();
        for one in open.iter().filter(|one| one.closable && one.commit != step.commit) {
            let touches = |(_, path): &Gap| path.as_ref().is_some_and(|path| answered.paths.contains(path));
            if answered.certifies || one.gaps.iter().any(touches) {
                bases.entry(one.judge.clone()).or_insert_with(|| one.base.clone());
            }
        }
        let before = open.len();
        for (judge, base) in bases {
            // What cannot be judged covers nothing.
            let Ok(together) = self.ask(base.as_ref(), step) else {
                continue;
            };
            let decision = &together.judgement.decision;
            let lacks = |(id, path): &Gap| {
                let component = decision.components.iter().find(|component| component.id == *id);
                component.is_some_and(|component| match (component.outcome, path) {
                    (Outcome::Approved, _) => false,
                    (Outcome::Uncovered, Some(path)) => {
                        component.files.iter().any(|file| file.path == *path && !file.covered)
                    }
                    _ => true,
                })
            };
            // What comes to nothing together, as a change and its revert, leaves nothing open, and else this step is what it is.
            let nothing_open = together.judgement.verdict() != Verdict::Block;
            open.retain(|one| {
                let asked = one.closable && one.judge == judge && (one.commit != step.commit || nothing_open);
                !asked || one.gaps.iter().any(lacks)
            });
        }
        Ok(before - open.len())
    }

    /// Says of each file that nothing covers whether the tip has it as it landed.
    fn note_what_is_still_there(&self, tip: &ObjectId, open: &mut Open) -> Result<(), Undecided> {
        let (then, now) = (Snapshot::Commit(open.commit.clone()), Snapshot::Commit(tip.clone()));
        let mut paths: BTreeMap<String, bool> = BTreeMap::new();
        for path in open.gaps.iter().filter_map(|(_, path)| path.as_ref()) {
            let same = self.repository.entry(&then, path)? == self.repository.entry(&now, path)?;
            paths.insert(path.to_string(), same);
        }
        for component in &mut open.landing.components {
            for file in &mut component.files {
                file.still = paths.get(&file.path).copied().unwrap_or_default();
            }
        }
        Ok(())
    }
}

fn undecided(step: &Step, failure: &Undecided) -> UndecidedFound {
    let first = failure.diagnostics.first();
    UndecidedFound {
        commit: step.commit.to_string(),
        code: first.map_or(Code::CG711, |first| first.code()).as_str(),
        message: first.map(|first| first.message().to_owned()).unwrap_or_default(),
    }
}
