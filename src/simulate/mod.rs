//! Judges history as it would have been asked: commit by commit, or merge by merge along first parents, by a policy that is tried out.

mod dials;
mod evaluation;
mod rules;
mod warm;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use crate::change::{Change, ObjectId, RepoPath, Snapshot};
use crate::diagnostic::{Code, sanitize_bytes};
use crate::gate::governing::keyring_at;
use crate::gate::{InForce, Scores, Scoring, TargetBranch, Undecided, judge_with};
use crate::git::{Repository, Step};
use crate::intake::range;
use crate::policy::{Policy, Signatures};
use crate::sensitivity::{Flag, Reason};
use crate::verdict::{Outcome, Verdict};

pub(crate) use dials::Dial;
pub(crate) use evaluation::{Evaluation, Found, Ranking, SHARES, evaluate};
pub(crate) use warm::scores as score_all;

/// Most rules that are shown as the noisiest.
pub(crate) const NOISIEST: usize = 8;

/// What came of a stretch of history.
pub(crate) struct Simulation {
    /// Where the policy is from.
    pub(crate) policy: String,
    /// Newest first.
    pub(crate) rows: Vec<Row>,
    /// By component, the most asked first.
    pub(crate) components: Vec<ComponentRate>,
    /// By rule, the most asked first.
    pub(crate) rules: Vec<RuleRate>,
    pub(crate) dials: Vec<Dial>,
    /// Whether the policy has the score flag files, and from which rank on.
    pub(crate) flags: Option<u32>,
    /// How long all of it took.
    pub(crate) took: Duration,
}

/// One commit.
pub(crate) struct Row {
    pub(crate) commit: ObjectId,
    /// What it was compared with; `None` for a root.
    pub(crate) parent: Option<ObjectId>,
    pub(crate) merge: bool,
    /// The first line of its message, made harmless.
    pub(crate) subject: String,
    pub(crate) answer: Answer,
    pub(crate) took: Duration,
}

/// What the gate says of a commit.
pub(crate) enum Answer {
    Judged {
        verdict: Verdict,
        /// What it touches, in the order of the policy.
        components: Vec<Touched>,
        /// What the score flags, whether gated or not.
        flagged: Vec<Flag>,
        /// Matches that do not count for a score: component, rule, and where.
        silenced: Vec<(String, String, Example)>,
    },
    /// It could not be judged.
    Undecided { code: Code, message: String },
}

/// A component that a commit touches.
pub(crate) struct Touched {
    pub(crate) id: String,
    pub(crate) outcome: Outcome,
    /// The gated files.
    pub(crate) files: Vec<RepoPath>,
    /// The rules that gate it, by the names that `disable` takes, without the component's.
    pub(crate) rules: BTreeMap<String, Example>,
}

/// Where a rule has found something.
#[derive(Clone, Debug)]
pub(crate) struct Example {
    /// `None` for a message.
    pub(crate) path: Option<RepoPath>,
    pub(crate) line: Option<u32>,
    pub(crate) detail: String,
}

/// How often a component is asked for.
pub(crate) struct ComponentRate {
    pub(crate) id: String,
    pub(crate) commits: usize,
    /// Those that no other component gates.
    pub(crate) alone: usize,
    /// Those for which a certificate is lacking.
    pub(crate) lacking: usize,
}

/// How often a rule gates.
pub(crate) struct RuleRate {
    pub(crate) component: String,
    pub(crate) rule: String,
    pub(crate) commits: usize,
    /// Those that no other rule gates.
    pub(crate) alone: usize,
    /// Those that it does not gate, though it matches, as the score is too low.
    pub(crate) silenced: usize,
    /// The newest commit that it gates, or would, and where.
    pub(crate) example: (ObjectId, Example),
}

/// What to go through.
pub(crate) struct Plan<'a> {
    /// Newest first.
    pub(crate) steps: &'a [Step],
    /// The policy, and where it is from.
    pub(crate) in_force: &'a InForce,
    pub(crate) target: TargetBranch,
    /// Whether dials are tried out.
    pub(crate) dials: bool,
}

/// Judges each step.
///
/// # Errors
///
/// Whatever keeps all of them from being judged; that one commit cannot be is reported in its row.
pub(crate) fn simulate(repository: &Repository, plan: &Plan<'_>) -> Result<Simulation, Undecided> {
    let begun = Instant::now();
    let policy = &plan.in_force.policy;
    let scoring = match (&policy.sensitivity, policy.needs_scores()) {
        (Some(_), _) => Some(warm::scores(repository, plan.steps)?),
        (None, true) => Some(warm::past(repository, plan.steps)?),
        (None, false) => None,
    };
    let mut rows = Vec::with_capacity(plan.steps.len());
    let mut gated: Vec<(usize, Change)> = Vec::new();
    for ((at, step), (answer, change, took)) in
        plan.steps
            .iter()
            .enumerate()
            .zip(asked(repository, plan, scoring.as_ref())?)
    {
        if let (Answer::Judged { components, .. }, Some(change)) = (&answer, change)
            && plan.dials
            && !components.is_empty()
        {
            gated.push((at, narrowed(change, components)));
        }
        rows.push(Row {
            commit: step.commit.clone(),
            parent: step.parent.clone(),
            merge: step.merge,
            subject: sanitize_bytes(&step.subject),
            answer,
            took,
        });
    }
    let components = component_rates(&rows);
    let rules = rule_rates(&rows);
    let dials = match plan.dials {
        true => {
            let scores = shared(repository, scoring);
            dials::turned(repository, plan.in_force, &rows, &gated, (&components, &rules), &scores)?
        }
        false => Vec::new(),
    };
    Ok(Simulation {
        policy: plan.in_force.origin.clone(),
        rows,
        components,
        rules,
        dials,
        flags: policy.sensitivity.as_ref().map(|wanted| wanted.min_rank),
        took: begun.elapsed(),
    })
}

/// What came of a step, and how long it took.
type Asked = (Answer, Option<Change>, Duration);

/// Judges every step, in order. No step depends on another, so each processor takes the next one that nobody has.
fn asked(repository: &Repository, plan: &Plan<'_>, scoring: Option<&Scoring<'_>>) -> Result<Vec<Asked>, Undecided> {
    let one = |repository: &Repository, step: &Step, scores: &Scores<'_>| {
        let started = Instant::now();
        let (answer, change) = match ask(repository, plan, step, scores) {
            Ok((answer, change)) => (answer, Some(change)),
            Err(failure) => (undecided(&failure), None),
        };
        (answer, change, started.elapsed())
    };
    let seed = scoring.map(Scoring::seed);
    let workers = warm::workers(plan.steps.len());
    if workers == 1 {
        let scores = shared(repository, seed.map(|seed| Scoring::grown(repository, seed)));
        return Ok(plan.steps.iter().map(|step| one(repository, step, &scores)).collect());
    }
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Asked)>, Undecided> {
        // libgit2 keeps what it has read in the handle, which is for one thread.
        let own = Repository::open_to_judge()?;
        let scores = shared(&own, seed.clone().map(|seed| Scoring::grown(&own, seed)));
        let mut done = Vec::new();
        while let Some((at, step)) = warm::taken(&next, plan.steps) {
            done.push((at, one(&own, step, &scores)));
        }
        Ok(done)
    };
    let mut all = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut all: Vec<(usize, Asked)> = Vec::with_capacity(plan.steps.len());
        for thread in threads {
            all.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok::<_, Undecided>(all)
    })?;
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, asked)| asked).collect())
}

/// Scores for many questions: of what is read already, or, where the policy asks for none, of nothing.
fn shared<'r>(repository: &'r Repository, scoring: Option<Scoring<'r>>) -> Scores<'r> {
    match scoring {
        Some(scoring) => Scores::of(repository, scoring),
        None => Scores::new(repository, true),
    }
}

fn ask(
    repository: &Repository,
    plan: &Plan<'_>,
    step: &Step,
    scores: &Scores<'_>,
) -> Result<(Answer, Change), Undecided> {
    let mut by = plan.in_force.clone();
    if by.policy.signatures != Signatures::Off {
        let judging = step.parent.as_ref().unwrap_or(&step.commit);
        by.keyring = keyring_at(repository, &Snapshot::Commit(judging.clone()), &by.policy)?;
    }
    let mut question = range::step(repository, step.parent.as_ref(), &step.commit, by)?;
    question.target = plan.target.clone();
    let judgement = judge_with(repository, &question, scores)?;
    let policy = &plan.in_force.policy;
    let touched = judgement.decision.components.iter().map(|component| {
        let mut found = BTreeMap::new();
        let mut note = |path: Option<&RepoPath>, reason: &Reason| {
            found
                .entry(rules::name(policy, &component.id, reason))
                .or_insert_with(|| example(path, reason));
        };
        for file in &component.files {
            file.reasons.iter().for_each(|reason| note(Some(&file.path), reason));
        }
        component
            .messages
            .iter()
            .for_each(|message| note(None, &message.reason));
        Touched {
            id: component.id.clone(),
            outcome: component.outcome,
            files: component.files.iter().map(|file| file.path.clone()).collect(),
            rules: found,
        }
    });
    let answer = Answer::Judged {
        verdict: judgement.verdict(),
        components: touched.collect(),
        silenced: judgement
            .silenced
            .iter()
            .map(|silenced| {
                let rule = rules::name(policy, &silenced.component, &silenced.reason);
                (
                    silenced.component.clone(),
                    rule,
                    example(Some(&silenced.path), &silenced.reason),
                )
            })
            .collect(),
        flagged: judgement.flagged,
    };
    Ok((answer, question.change))
}

fn example(path: Option<&RepoPath>, reason: &Reason) -> Example {
    Example {
        path: path.cloned(),
        line: reason.line,
        detail: reason.detail.clone(),
    }
}

fn undecided(failure: &Undecided) -> Answer {
    let (code, message) = match failure.diagnostics.first() {
        Some(first) => (first.code(), first.message().to_owned()),
        None => (Code::CG711, String::new()),
    };
    Answer::Undecided { code, message }
}

/// The change without the files that nothing gates: no dial that is turned here gates more.
fn narrowed(mut change: Change, components: &[Touched]) -> Change {
    let gated: BTreeSet<&RepoPath> = components.iter().flat_map(|component| &component.files).collect();
    change.files.retain(|file| gated.contains(&file.path));
    change
}

impl Row {
    /// What it touches.
    pub(crate) fn touched(&self) -> &[Touched] {
        match &self.answer {
            Answer::Judged { components, .. } => components,
            Answer::Undecided { .. } => &[],
        }
    }

    /// What the score flags of it.
    pub(crate) fn flagged(&self) -> &[Flag] {
        match &self.answer {
            Answer::Judged { flagged, .. } => flagged,
            Answer::Undecided { .. } => &[],
        }
    }

    /// Matches that do not count for a score.
    pub(crate) fn silenced(&self) -> &[(String, String, Example)] {
        match &self.answer {
            Answer::Judged { silenced, .. } => silenced,
            Answer::Undecided { .. } => &[],
        }
    }

    /// The verdict, where there is one.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        match self.answer {
            Answer::Judged { verdict, .. } => Some(verdict),
            Answer::Undecided { .. } => None,
        }
    }
}

impl Simulation {
    /// How many commits something gates.
    pub(crate) fn gated(&self) -> usize {
        self.rows.iter().filter(|row| !row.touched().is_empty()).count()
    }

    /// How many the score flags; and those among them that no component gates.
    pub(crate) fn flagged(&self) -> (usize, usize) {
        let flagged = self.rows.iter().filter(|row| !row.flagged().is_empty());
        let alone = flagged.clone().filter(|row| row.touched().is_empty());
        (flagged.count(), alone.count())
    }

    /// How many have this verdict.
    pub(crate) fn with(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict() == Some(verdict)).count()
    }

    /// How many could not be judged.
    pub(crate) fn undecided(&self) -> usize {
        self.rows.iter().filter(|row| row.verdict().is_none()).count()
    }

    /// The time that so many of a hundred commits take at most; `None` where there is no commit.
    pub(crate) fn percentile(&self, of_hundred: usize) -> Option<Duration> {
        let mut all: Vec<Duration> = self.rows.iter().map(|row| row.took).collect();
        all.sort_unstable();
        let rank = (all.len() * of_hundred).div_ceil(100).max(1);
        all.get(rank - 1).copied()
    }
}

fn component_rates(rows: &[Row]) -> Vec<ComponentRate> {
    let mut rates: Vec<ComponentRate> = Vec::new();
    for row in rows {
        let alone = usize::from(row.touched().len() == 1);
        for touched in row.touched() {
            let lacking = usize::from(touched.outcome != Outcome::Approved);
            match rates.iter_mut().find(|rate| rate.id == touched.id) {
                Some(rate) => {
                    rate.commits += 1;
                    rate.alone += alone;
                    rate.lacking += lacking;
                }
                None => rates.push(ComponentRate {
                    id: touched.id.clone(),
                    commits: 1,
                    alone,
                    lacking,
                }),
            }
        }
    }
    rates.sort_by(|a, b| b.commits.cmp(&a.commits).then_with(|| a.id.cmp(&b.id)));
    rates
}

fn rule_rates(rows: &[Row]) -> Vec<RuleRate> {
    let mut rates: BTreeMap<(String, String), RuleRate> = BTreeMap::new();
    for row in rows {
        let count: usize = row.touched().iter().map(|touched| touched.rules.len()).sum();
        for touched in row.touched() {
            for (rule, example) in &touched.rules {
                let rate = rate(&mut rates, &touched.id, rule, (row, example));
                rate.commits += 1;
                rate.alone += usize::from(count == 1);
            }
        }
        let counts = |id: &str, rule: &str| {
            let mut touched = row.touched().iter();
            touched.any(|touched| touched.id == id && touched.rules.contains_key(rule))
        };
        let mut seen = BTreeSet::new();
        for (id, rule, example) in row.silenced() {
            if seen.insert((id, rule)) && !counts(id, rule) {
                rate(&mut rates, id, rule, (row, example)).silenced += 1;
            }
        }
    }
    let mut rates: Vec<RuleRate> = rates.into_values().collect();
    rates.sort_by_key(|rate| std::cmp::Reverse((rate.commits, rate.alone, rate.silenced)));
    rates
}

/// The rate of a rule.
fn rate<'m>(
    rates: &'m mut BTreeMap<(String, String), RuleRate>,
    id: &str,
    rule: &str,
    (row, example): (&Row, &Example),
) -> &'m mut RuleRate {
    rates
        .entry((id.to_owned(), rule.to_owned()))
        .or_insert_with(|| RuleRate {
            component: id.to_owned(),
            rule: rule.to_owned(),
            commits: 0,
            alone: 0,
            silenced: 0,
            example: (row.commit.clone(), example.clone()),
        })
}

/// The names of the components of a policy that are its own, and not a pack's.
fn own(policy: &Policy, id: &str) -> bool {
    policy
        .components
        .iter()
        .any(|component| component.id == id && !component.origin.starts_with("builtin:"))
}
