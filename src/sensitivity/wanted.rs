//! What a policy has to do with a file, by its path alone: which rules look at it, and whether they need its lines.

use super::By;
use super::plan::Plan;
use crate::change::{Content, FileChange, Mode, Side};
use crate::policy::{Component, ContentRule, Gating, Policy, TwinPath};
use crate::progress::{self, Count};

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
    pub(super) content_rules: Vec<(usize, &'p ContentRule)>,
}

impl Wanted<'_> {
    pub(super) fn needs_content(&self) -> bool {
        self.perhaps_signature || self.rules_need_content()
    }

    pub(super) fn rules_need_content(&self) -> bool {
        self.candidates.iter().any(Candidate::needs_content)
    }
}

pub(super) fn want<'p>(by: &By<'p>, plan: &Plan<'p>, file: &FileChange) -> Want<'p> {
    if is_certificate(by.policy, file) {
        return Want::Nothing;
    }
    let perhaps_signature = match signature(by.policy, file) {
        Named::Signature => return Want::Nothing,
        Named::Perhaps => true,
        Named::Otherwise => false,
    };
    if by.policy.is_policy_file(&file.path) {
        return match by.adoption {
            true => Want::Nothing,
            false => Want::Own { perhaps_signature },
        };
    }
    if by.policy.exclude.matches(file.path.as_bytes()) {
        return Want::Nothing;
    }
    progress::count(Count::RulesRun, plan.components.len());
    let (candidates, content_rules) = candidates(plan, file);
    match candidates.is_empty() {
        true => Want::Nothing,
        false => Want::Rules(Wanted {
            perhaps_signature,
            candidates,
            content_rules,
        }),
    }
}

fn is_certificate(policy: &Policy, file: &FileChange) -> bool {
    policy.certificates.matches(file.path.as_bytes())
}

/// What the name of a file says of its being the signature of a certificate.
enum Named {
    /// It is one: no rule looks at the path, so that nothing can hide there.
    Signature,
    /// It is one if its content is.
    Perhaps,
    /// It is none.
    Otherwise,
}

/// Not by name alone, or a source file could go by that name.
fn signature(policy: &Policy, file: &FileChange) -> Named {
    let path = file.path.as_bytes();
    if !path
        .strip_suffix(b".sig")
        .is_some_and(|path| policy.certificates.matches(path))
    {
        return Named::Otherwise;
    }
    let twin = TwinPath::new(path);
    let looked_at = policy
        .components
        .iter()
        .any(|component| component.rules.paths.gating(&twin).is_some());
    match file.after() {
        Some(_) if !looked_at => Named::Signature,
        Some(entry) if entry.mode == Mode::Regular => Named::Perhaps,
        Some(_) => Named::Otherwise,
        None => Named::Signature,
    }
}

pub(super) fn is_armored(content: &Content) -> bool {
    match content {
        Content::Lines(diff) => diff
            .lines
            .iter()
            .all(|line| line.side == Side::Removed || is_armor(&line.text)),
        _ => false,
    }
}

/// True for a line of an OpenSSH signature, as ssh-keygen writes it.
fn is_armor(line: &[u8]) -> bool {
    let frame: [&[u8]; 2] = [b"-----BEGIN SSH SIGNATURE-----", b"-----END SSH SIGNATURE-----"];
    let line = line.trim_ascii_end();
    frame.contains(&line)
        || line
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
}

/// What one component's rules ask about a file, by its path alone.
pub(super) struct Candidate<'p> {
    pub(super) index: usize,
    pub(super) component: &'p Component,
    pub(super) glob: Option<Gating<'p>>,
    /// Places of the content rules in the list for the file.
    pub(super) content: std::ops::Range<usize>,
    pub(super) functions: bool,
}

impl Candidate<'_> {
    pub(super) fn needs_content(&self) -> bool {
        !self.content.is_empty() || self.functions || (self.glob.is_some() && self.component.rules.ignore_comments)
    }
}

type Candidates<'p> = (Vec<Candidate<'p>>, Vec<(usize, &'p ContentRule)>);

/// The components whose rules look at a file, and the content rules among them.
fn candidates<'p>(plan: &Plan<'p>, file: &FileChange) -> Candidates<'p> {
    let twin = TwinPath::new(file.path.as_bytes());
    let here = plan.file(file.path.as_bytes(), &twin);
    // A link or a submodule stands for all that lies below it.
    let leads = file
        .after()
        .is_some_and(|entry| matches!(entry.mode, Mode::Symlink | Mode::Gitlink));
    let mut rules: Vec<(usize, &'p ContentRule)> = Vec::new();
    let mut candidates = Vec::new();
    for (index, planned) in plan.components.iter().enumerate() {
        let start = rules.len();
        rules.extend(planned.content(&here));
        let candidate = Candidate {
            index,
            component: planned.component,
            glob: planned
                .glob(&here)
                .or_else(|| leads.then(|| planned.link(&here)).flatten()),
            content: start..rules.len(),
            functions: planned.functions(&here),
        };
        if !candidate.needs_content() && candidate.glob.is_none() {
            continue;
        }
        // Asked last: most components have nothing to say about most files.
        if planned.excludes(&here) {
            rules.truncate(start);
            continue;
        }
        candidates.push(candidate);
    }
    (candidates, rules)
}
