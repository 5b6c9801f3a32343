//! What the policy that `init` proposes would have asked of the last commits, in a few lines.

use super::simulate::{LAST, tried};
use crate::diagnostic::plural;
use crate::gate::{TargetBranch, Undecided};
use crate::git::{Repository, Stretch};
use crate::policy::Policy;
use crate::simulate::{Plan, Simulation, simulate};
use crate::verdict::Verdict;

/// Most components and dials that are shown.
const SHOWN: usize = 4;
/// Of a hundred commits, those from which on a gate is felt: then it is said how to begin without blocking.
const FELT: usize = 10;

/// What to say; nothing where there is no history. That history cannot be judged is said, and keeps nothing from being written.
pub(super) fn forecast(repository: &Repository, policy: &Policy, blocks: bool) -> String {
    match judged(repository, policy) {
        Ok(Some(simulation)) => lines(&simulation, blocks),
        Ok(None) => String::new(),
        Err(failure) => {
            let why = failure.diagnostics.first().map_or("", |first| first.message());
            format!("what it would have asked of history cannot be said: {why}\n")
        }
    }
}

fn judged(repository: &Repository, policy: &Policy) -> Result<Option<Simulation>, Undecided> {
    let head = repository.head()?;
    let Some(tip) = head.commit() else {
        return Ok(None);
    };
    let steps = repository.walk(&Stretch {
        tip,
        excluded: None,
        last: Some(LAST),
        since: None,
        first_parents: true,
    })?;
    if steps.is_empty() {
        return Ok(None);
    }
    // What the score reports asks for no certificate, and history need not be scored for it.
    let mut policy = policy.clone();
    policy.sensitivity.take_if(|wanted| !wanted.blocks);
    let in_force = tried(policy, "the proposed policy".to_owned());
    let plan = Plan {
        steps: &steps,
        in_force: &in_force,
        target: TargetBranch::Unknown,
        dials: true,
    };
    simulate(repository, &plan).map(Some)
}

fn lines(simulation: &Simulation, blocks: bool) -> String {
    let (all, gated) = (simulation.rows.len(), simulation.gated());
    let share = gated * 100 / all.max(1);
    let mut text = match all {
        1 => format!("of the one commit so far, it would have asked a certificate for {gated}\n"),
        _ => format!("of the last {all} commits, it would have asked a certificate for {gated} ({share} %)\n"),
    };
    for rate in simulation.components.iter().take(SHOWN) {
        text.push_str(&format!("  {:<24} {:>4}\n", rate.id, rate.commits));
    }
    if let more @ 1.. = simulation.components.len().saturating_sub(SHOWN) {
        text.push_str(&format!("  and {}\n", plural(more, "more component")));
    }
    let quieter = simulation.dials.iter().filter(|dial| dial.gated < gated).take(SHOWN);
    for dial in quieter {
        text.push_str(&format!("  quieter: {}   # {gated} -> {}\n", dial.change, dial.gated));
    }
    if gated > 0 {
        text.push_str("  all of it: certgate simulate\n");
    }
    if blocks && share >= FELT && simulation.with(Verdict::Block) > 0 {
        text.push_str("  to begin without blocking: certgate init --mode warn\n");
    }
    text
}
