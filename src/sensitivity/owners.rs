//! One owner for what several components claim: packs overlap where one speaks of every language and another knows this one. A component
//! that `yields` leaves a file to the other where that one claims all of it that the first does, and asks for no less.

use super::{MAX_REASONS, Reason, RuleKind};
use crate::change::RepoPath;
use crate::policy::{Component, Policy, Require, Stages, fold};

/// Takes out of what was found for a file (components by index, with their reasons) what a component leaves to another that was found.
pub(super) fn settle(policy: &Policy, path: &RepoPath, found: &mut Vec<(usize, Vec<Reason>)>) {
    let mut at = 0;
    while at < found.len() {
        let leaves = found.get(at).is_some_and(|(index, reasons)| {
            let Some(mine) = policy.components.get(*index) else {
                return false;
            };
            found.iter().any(|(other, claims)| {
                let theirs = policy.components.get(*other).filter(|_| other != index);
                theirs.is_some_and(|theirs| yields(mine, theirs, path) && covers(claims, reasons))
            })
        });
        match leaves {
            true => drop(found.remove(at)),
            false => at += 1,
        }
    }
}

/// Whether one names the other, and nothing is lost by it: it asks for no more than any approval, and is not enforced by itself.
fn yields(mine: &Component, theirs: &Component, path: &RepoPath) -> bool {
    let named = mine.yields.iter().any(|id| fold(id) == fold(&theirs.id));
    if !named {
        return false;
    }
    let plain = Require {
        agents: Vec::new(),
        approvals: 1,
        owners: false,
        evidence: Vec::new(),
        measured_by: Vec::new(),
    };
    let enforced = [mine.enforce, theirs.enforce]
        .iter()
        .any(|own| *own != Stages::default());
    let agents = |component: &Component| -> Vec<String> {
        let matching = component
            .handoff
            .iter()
            .filter(|(globs, _)| globs.matches(path.as_bytes()));
        matching.map(|(_, agent)| agent.clone()).collect()
    };
    let theirs_too = agents(theirs);
    mine.require == plain
        && mine.authorizers.is_empty()
        && !enforced
        && mine.binding == theirs.binding
        && mine.conditional == theirs.conditional
        && agents(mine).iter().all(|agent| theirs_too.contains(agent))
}

/// Whether the claims of one component hold everything that the reasons of another do.
fn covers(claims: &[Reason], reasons: &[Reason]) -> bool {
    let whole = claims.iter().any(|claim| claim.rule == RuleKind::Path);
    if whole {
        return true;
    }
    // Of a longer list only the first lines are known.
    let of = |rule| reasons.iter().filter(|reason| reason.rule == rule).count();
    let known = of(RuleKind::Content) < MAX_REASONS && of(RuleKind::Function) < MAX_REASONS;
    known
        && reasons.iter().all(|reason| {
            let same = |claim: &&Reason| (claim.line, claim.side) == (reason.line, reason.side);
            reason.rule != RuleKind::Path && claims.iter().any(|claim| same(&claim))
        })
}
