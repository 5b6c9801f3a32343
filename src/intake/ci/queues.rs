//! Branches of merge queues: what is on one becomes the tip of another branch, and is judged as a change to that one.

use super::{CiBase, CiChange, Given, Variables, branch, set, silent};
use crate::diagnostic::sanitize;
use crate::gate::Undecided;

/// Where GitHub's merge queue builds what it merges: `gh-readonly-queue/TARGET/pr-NUMBER-ID` ("Managing a merge queue").
const GITHUB: &str = "gh-readonly-queue/";

/// Queue branches of others, as the job's configuration names them: `GLOB=TARGET`, separated by blanks.
pub(super) const VARIABLE: &str = "CERTGATE_QUEUES";

/// The same change, into the branch that a queue's branch becomes.
pub(super) fn resolved(change: CiChange, variables: &Variables) -> Result<CiChange, Undecided> {
    let Some(named) = &change.target else {
        return Ok(change);
    };
    let Some(target) = target_of(&named.value, set(variables, VARIABLE).unwrap_or_default())? else {
        return Ok(change);
    };
    let target = Given {
        value: target,
        by: named.by,
    };
    let base = match change.base {
        // What the queue's branch was before says nothing of what is merged.
        CiBase::Before(_) | CiBase::Beginning(_) | CiBase::Branch(_) => CiBase::Branch(target.clone()),
        other => other,
    };
    Ok(CiChange {
        told: format!("{}, queue for `{}`", change.told, target.value),
        base,
        target: Some(target),
        ..change
    })
}

/// The branch that a queue's branch becomes; `None` where it is not one.
fn target_of(name: &str, configured: &str) -> Result<Option<String>, Undecided> {
    for entry in configured.split_ascii_whitespace() {
        let odd = || {
            silent(format!(
                "{VARIABLE} holds `{}`, which is not GLOB=TARGET",
                sanitize(entry)
            ))
        };
        let (glob, target) = entry.split_once('=').ok_or_else(odd)?;
        let glob = globset::Glob::new(glob).map_err(|_| odd())?.compile_matcher();
        let target = branch(VARIABLE, target)?.value;
        if glob.is_match(name) && name != target {
            return Ok(Some(target));
        }
    }
    let of_github = || {
        let (target, entry) = name.strip_prefix(GITHUB)?.rsplit_once('/')?;
        (entry.starts_with("pr-") && crate::git::is_branch_name(target)).then(|| target.to_owned())
    };
    Ok(of_github())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_s_branch_becomes_another() {
        let target = |name: &str, configured: &str| target_of(name, configured).unwrap();
        assert_eq!(target("gh-readonly-queue/main/pr-7-abc", "").as_deref(), Some("main"));
        assert_eq!(
            target("gh-readonly-queue/release/1/pr-7-abc", "").as_deref(),
            Some("release/1")
        );
        assert_eq!(target("staging", "staging=main trying=main").as_deref(), Some("main"));
        assert_eq!(target("queue/7", "queue/*=main").as_deref(), Some("main"));
        for name in ["main", "gh-readonly-queue/main", "gh-readonly-queue/main/x", "queue"] {
            assert_eq!(target(name, "staging=main main=main"), None, "{name}");
        }
        for odd in ["staging", "st[aging=main", "staging=-x"] {
            assert!(target_of("staging", odd).is_err(), "{odd}");
        }
    }
}
