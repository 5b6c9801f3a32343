//! The scores of a stretch of history, computed once for all that ask: the past is read once, and the commits are divided among the processors.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::gate::Scoring;
use crate::git::{GitError, Repository, Step};

/// More threads than this do not read faster.
const MOST_THREADS: usize = 8;
/// From how many steps on they are divided among the processors.
pub(super) const WORTH_THREADS: usize = 32;

/// How many threads go through so many steps.
pub(super) fn workers(steps: usize) -> usize {
    match steps {
        0..WORTH_THREADS => 1,
        _ => std::thread::available_parallelism().map_or(1, |count| count.get().min(MOST_THREADS)),
    }
}

/// The next step that nobody has taken.
pub(super) fn taken<'s>(next: &AtomicUsize, steps: &'s [Step]) -> Option<(usize, &'s Step)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    steps.get(at).map(|step| (at, step))
}

/// The past as all of these steps need it.
pub(crate) fn past<'r>(repository: &'r Repository, steps: &[Step]) -> Result<Scoring<'r>, GitError> {
    let mut scoring = Scoring::open(repository);
    for step in [steps.first(), steps.last()].into_iter().flatten() {
        scoring.reach(step.parent.as_ref())?;
    }
    Ok(scoring)
}

/// The same with the scores of all of them that are no merges.
pub(crate) fn scores<'r>(repository: &'r Repository, steps: &[Step]) -> Result<Scoring<'r>, GitError> {
    let mut scoring = past(repository, steps)?;
    let workers = workers(steps.len());
    if workers > 1 {
        let next = AtomicUsize::new(0);
        let shared = scoring.seed();
        let work = || {
            let own = Repository::open_to_judge()?;
            let mut scoring = Scoring::grown(&own, shared.clone());
            while let Some((_, step)) = taken(&next, steps) {
                if !step.merge {
                    scoring.commit(&step.commit, step.parent.as_ref())?;
                }
            }
            Ok::<_, GitError>(scoring.seed())
        };
        let found = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let done = threads.into_iter();
            done.map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect::<Result<Vec<_>, GitError>>()
        })?;
        found.into_iter().for_each(|seed| scoring.learn(seed));
    }
    for step in steps.iter().filter(|step| !step.merge) {
        scoring.commit(&step.commit, step.parent.as_ref())?;
    }
    scoring.keep();
    Ok(scoring)
}
