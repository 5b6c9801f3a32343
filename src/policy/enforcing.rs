//! What happens to which branch at which stage.

use super::{Enforce, Enforcement, Stage, Target};

/// What a policy says of enforcement, and nothing else of it: enough to know that a branch is not judged at all.
#[derive(Clone, Debug)]
pub struct Enforcing(pub(super) Vec<Enforce>);

impl Enforcing {
    /// As [`super::Policy::enforcement`].
    pub fn enforcement(&self, target: Target<'_>, stage: Stage) -> Enforcement {
        enforcement(&self.0, target, stage)
    }

    /// What the names begin with of all branches that it stops at a stage, and perhaps of more; `None` where that could be any name.
    pub fn blocked_prefixes(&self, stage: Stage) -> Option<Vec<String>> {
        let mut prefixes = Vec::new();
        for entry in &self.0 {
            if at_stage(entry, stage) == Enforcement::Block {
                for prefix in entry.branches.literal_prefixes() {
                    prefixes.push(String::from_utf8(prefix).ok().filter(|prefix| !prefix.is_empty())?);
                }
            } else if entry.branches.iter().eq(["**"]) {
                // Whatever comes here goes no further.
                return Some(prefixes);
            }
        }
        // What no entry names is stopped.
        None
    }
}

fn at_stage(entry: &Enforce, stage: Stage) -> Enforcement {
    match stage {
        Stage::PreCommit | Stage::CommitMsg => entry.pre_commit,
        Stage::PrePush => entry.pre_push,
        Stage::Merge | Stage::PreMergeCommit | Stage::ReferenceTransaction | Stage::PreReceive => entry.merge,
    }
}

pub(super) fn enforcement(entries: &[Enforce], target: Target<'_>, stage: Stage) -> Enforcement {
    let at = |entry: &Enforce| at_stage(entry, stage);
    let found = match target {
        Target::Branch(name) => entry_for(entries, name).map(at),
        Target::Detached => entries.iter().find(|entry| entry.branches.has_catch_all()).map(at),
        Target::Unknown => entries.iter().map(at).max(),
    };
    found.unwrap_or(Enforcement::Block)
}

pub(super) fn entry_for<'a>(entries: &'a [Enforce], branch: &str) -> Option<&'a Enforce> {
    entries.iter().find(|entry| entry.branches.matches(branch.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicySource;

    #[test]
    fn a_name_without_a_blocked_prefix_is_not_blocked() {
        let names = [
            "main",
            "mainline",
            "release",
            "release/1",
            "release/1/2",
            "rel/1",
            "a/b/main",
            "topic",
            "x",
            "release-1",
            "hot/x",
        ];
        let entries = [
            ("branches: [main, 'release/**']", true),
            ("branches: ['rel*']", true),
            ("branches: ['{main,rel}/x', 'topic']", true),
            ("branches: ['!main']", true),
            ("branches: ['release/**', '!release/1']", true),
            ("branches: ['**']", false),
            ("branches: ['**', '!hot/**']", false),
            ("branches: [main, topic]", false),
            ("branches: ['*']", false),
        ];
        let mut answered = 0;
        for first in entries {
            for second in entries {
                for third in entries {
                    let line = |(branches, blocks): (&str, bool)| {
                        let merge = if blocks { "block" } else { "warn" };
                        format!("  - {{ {branches}, merge: {merge} }}\n")
                    };
                    let text = format!("version: 1\nenforce:\n{}{}{}", line(first), line(second), line(third));
                    let source = PolicySource {
                        name: "p".into(),
                        bytes: text.as_bytes(),
                    };
                    let enforcing = Enforcing::parse(&source).unwrap();
                    for stage in Stage::ALL {
                        let Some(prefixes) = enforcing.blocked_prefixes(stage) else {
                            continue;
                        };
                        answered += 1;
                        for name in names
                            .iter()
                            .filter(|name| !prefixes.iter().any(|prefix| name.starts_with(prefix)))
                        {
                            let found = enforcing.enforcement(Target::Branch(name), stage);
                            assert_ne!(found, Enforcement::Block, "{name} at {stage}: {text}");
                        }
                    }
                }
            }
        }
        assert!(answered > 100, "{answered}");
    }
}
