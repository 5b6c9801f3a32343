//! What a policy has to do with a file, by its path alone: which rules look at it, and whether they need its lines.

use std::sync::Arc;

use super::plan::Plan;
use super::scan::Scan;
use super::{By, dependencies};
use crate::change::{Content, FileChange, Mode, RepoPath, Side};
use crate::policy::{Component, Gating, Policy, TwinPath};
use crate::progress::{self, Count};
use crate::trust::{SIGNATURE_SUFFIX, is_signature_file};

/// What a policy has to do with a file, by its path alone.
pub(super) enum Want<'p> {
    /// Nothing.
    Nothing,
    /// It is a file of the policy's own, unless its content makes it a signature.
    Own { perhaps_signature: bool },
    /// Some of its rules look at it.
    Rules(Wanted<'p>),
}

impl Want<'_> {
    pub(super) fn needs_content(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Own { perhaps_signature } => *perhaps_signature,
            Self::Rules(wanted) => wanted.needs_content(),
        }
    }
}

/// The rules that look at a file.
pub(super) struct Wanted<'p> {
    /// True where it is called as a signature of a certificate is, and its content tells whether it is one.
    pub(super) perhaps_signature: bool,
    pub(super) candidates: Vec<Candidate<'p>>,
}

impl Wanted<'_> {
    pub(super) fn needs_content(&self) -> bool {
        self.perhaps_signature || self.rules_need_content()
    }

    pub(super) fn rules_need_content(&self) -> bool {
        self.candidates.iter().any(Candidate::needs_content)
    }
}

/// `beside` is true where a certificate is beside a file that is called as its signature.
pub(super) fn want<'p>(by: &By<'p>, plan: &Plan<'p>, file: &FileChange, beside: bool) -> Want<'p> {
    let twin = TwinPath::new(file.path.as_bytes());
    if by.policy.certificates.matches_exactly(&twin) || by.evidence.contains(&file.path) {
        return Want::Nothing;
    }
    let perhaps_signature = perhaps_signature(by.policy, file, beside);
    if by.policy.watches(&twin) {
        return match by.adoption {
            true => Want::Nothing,
            false => Want::Own { perhaps_signature },
        };
    }
    if by.policy.exclude.matches_exactly(&twin) {
        return Want::Nothing;
    }
    progress::count(Count::RulesRun, plan.components.len());
    let candidates = candidates(plan, file, &twin);
    match candidates.is_empty() {
        true => Want::Nothing,
        false => Want::Rules(Wanted {
            perhaps_signature,
            candidates,
        }),
    }
}

/// The path whose signature a file would be, by its name.
pub(super) fn signed(file: &FileChange) -> Option<RepoPath> {
    let path = file.path.as_bytes().strip_suffix(SIGNATURE_SUFFIX.as_bytes())?;
    Some(RepoPath::new(path))
}

/// Not by name alone, or a source file could go by that name: a regular file that comes to be beside its certificate, or that goes.
fn perhaps_signature(policy: &Policy, file: &FileChange, beside: bool) -> bool {
    let named = signed(file).is_some_and(|path| policy.certificates.matches(path.as_bytes()));
    named
        && match (file.before(), file.after()) {
            (None, Some(entry)) => beside && entry.mode == Mode::Regular,
            (Some(entry), None) => entry.mode == Mode::Regular,
            _ => false,
        }
}

/// True where what comes, or goes, is a whole OpenSSH signature.
pub(super) fn is_armored(file: &FileChange, content: &Content) -> bool {
    let side = match file.after() {
        Some(_) => Side::Added,
        None => Side::Removed,
    };
    let Content::Lines(diff) = content else {
        return false;
    };
    let mut text = Vec::new();
    for line in diff.lines.iter().filter(|line| line.side == side) {
        text.extend_from_slice(&line.text);
        text.push(b'\n');
    }
    is_signature_file(&text)
}

/// What one component's rules ask about a file, by its path alone.
pub(super) struct Candidate<'p> {
    pub(super) index: usize,
    pub(super) component: &'p Component,
    pub(super) glob: Option<Gating<'p>>,
    /// The content rules among them.
    pub(super) content: Option<Arc<Scan<'p>>>,
    pub(super) functions: bool,
    /// Whether a rule on packages looks at it.
    pub(super) dependencies: bool,
}

impl Candidate<'_> {
    pub(super) fn needs_content(&self) -> bool {
        self.content.is_some()
            || self.functions
            || self.dependencies
            || (self.glob.is_some() && !self.component.rules.ignore.nothing())
    }
}

/// The components whose rules look at a file.
fn candidates<'p>(plan: &Plan<'p>, file: &FileChange, twin: &TwinPath<'_>) -> Vec<Candidate<'p>> {
    let here = plan.file(twin);
    // A link or a submodule stands for all that lies below it.
    let leads = file
        .after()
        .is_some_and(|entry| matches!(entry.mode, Mode::Symlink | Mode::Gitlink));
    let mut candidates = Vec::new();
    for (index, planned) in plan.components.iter().enumerate() {
        let candidate = Candidate {
            index,
            component: planned.component,
            glob: planned
                .glob(&here)
                .or_else(|| leads.then(|| planned.link(&here)).flatten()),
            content: planned.content(&here),
            functions: planned.functions(&here),
            dependencies: !planned.component.rules.dependencies.is_empty() && dependencies::is_read(&file.path),
        };
        if !candidate.needs_content() && candidate.glob.is_none() {
            continue;
        }
        // Asked last: most components have nothing to say about most files.
        if planned.excludes(&here) {
            continue;
        }
        candidates.push(candidate);
    }
    candidates
}
