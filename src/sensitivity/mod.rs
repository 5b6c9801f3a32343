//! Rules × change → gated files with reasons.

mod comments;
mod examples;
pub mod languages;
mod messages;
mod plan;
mod scan;

pub use examples::check_examples;

use crate::change::{Change, Content, FileChange, FileDiff, Mode, ObjectId, Side};
use crate::diagnostic::sanitize;
use crate::policy::{Component, ContentRule, Gating, Likeness, POLICY_COMPONENT, Policy, TwinPath};
use plan::Plan;
use scan::Scanner;

/// Reasons kept for each kind of rule and file.
const MAX_REASONS: usize = 3;

/// Where the changed lines of a file come from; asked only for files whose lines matter, and once for each.
pub trait ContentSource {
    /// Why a file cannot be read; the change is then not judged.
    type Error;

    /// The changed lines.
    ///
    /// # Errors
    ///
    /// Whatever keeps the content from being read.
    fn content(&self, file: &FileChange) -> Result<Content, Self::Error>;
}

/// What the rules found, by component, in the order of the policy; components that nothing touched are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gated {
    /// The touched components.
    pub components: Vec<GatedComponent>,
}

/// A component that the change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatedComponent {
    /// The component's id in the policy.
    pub id: String,
    /// Gated files, sorted by path.
    pub files: Vec<GatedFile>,
    /// Messages that gate the component itself.
    pub messages: Vec<GatedMessage>,
}

/// A changed file that some rule of a component matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatedFile {
    /// The file.
    pub file: FileChange,
    /// Why; never empty. At most a handful per rule: the first matching lines.
    pub reasons: Vec<Reason>,
}

/// A commit message that some rule of a component matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatedMessage {
    /// The commit; `None` for one in the making.
    pub commit: Option<ObjectId>,
    /// Why.
    pub reason: Reason,
}

/// Which kind of rule matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKind {
    /// `match.paths`.
    Path,
    /// `match.content`.
    Content,
    /// `match.functions`.
    Function,
    /// `match.messages` or a word family.
    Message,
    /// A change to `.certgate/**`.
    Policy,
}

impl RuleKind {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Content => "content",
            Self::Function => "function",
            Self::Message => "message",
            Self::Policy => "policy",
        }
    }
}

/// Why something is gated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The kind of rule.
    pub rule: RuleKind,
    /// The 1-based line (of the file on `side`, or of the message), where the rule is about a line.
    pub line: Option<u32>,
    /// The side of the diff that `line` counts on.
    pub side: Option<Side>,
    /// The glob, pattern or family that matched, and what it matched; made harmless.
    pub detail: String,
}

/// Finds what the policy gates in a change.
///
/// Certificates, and whatever lies in `.certgate`, are gated by no component; the latter by [`POLICY_COMPONENT`], unless the change brings
/// the first policy (`adoption`).
///
/// # Errors
///
/// The first error of `content`.
pub fn gate<S: ContentSource + ?Sized>(
    policy: &Policy,
    change: &Change,
    content: &S,
    adoption: bool,
) -> Result<Gated, S::Error> {
    let mut files: Vec<Vec<GatedFile>> = vec![Vec::new(); policy.components.len()];
    let mut own = Vec::new();
    let mut scanner = Scanner::default();
    let plan = Plan::new(policy);
    let mut changed: Vec<&FileChange> = change.files.iter().collect();
    changed.sort_by(|a, b| a.path.cmp(&b.path));
    for file in changed {
        if is_certificate(policy, file) || is_signature(policy, file, content)? {
            continue;
        }
        if policy.is_policy_file(&file.path) {
            if !adoption {
                own.push(policy_file(file));
            }
            continue;
        }
        for (component, reasons) in judge(&plan, file, content, &mut scanner)? {
            if let Some(gated) = files.get_mut(component) {
                gated.push(GatedFile {
                    file: file.clone(),
                    reasons,
                });
            }
        }
    }
    let mut components: Vec<GatedComponent> = policy
        .components
        .iter()
        .zip(files)
        .zip(messages::gate(policy, &change.messages))
        .map(|((component, files), messages)| GatedComponent {
            id: component.id.clone(),
            files,
            messages,
        })
        .collect();
    components.push(GatedComponent {
        id: POLICY_COMPONENT.to_owned(),
        files: own,
        messages: Vec::new(),
    });
    components.retain(|component| !component.files.is_empty() || !component.messages.is_empty());
    Ok(Gated { components })
}

fn is_certificate(policy: &Policy, file: &FileChange) -> bool {
    policy.certificates.matches(file.path.as_bytes())
}

/// True for signatures of certificates: not by name alone, or a source file could go by that name. Where no rule looks at the path, the
/// content is not asked for.
fn is_signature<S: ContentSource + ?Sized>(policy: &Policy, file: &FileChange, content: &S) -> Result<bool, S::Error> {
    let path = file.path.as_bytes();
    if !path
        .strip_suffix(b".sig")
        .is_some_and(|path| policy.certificates.matches(path))
    {
        return Ok(false);
    }
    let twin = TwinPath::new(path);
    let looked_at = policy
        .components
        .iter()
        .any(|component| component.rules.paths.gating(&twin).is_some());
    Ok(match file.after() {
        Some(_) if !looked_at => true,
        Some(entry) if entry.mode == Mode::Regular => match content.content(file)? {
            Content::Lines(diff) => diff
                .lines
                .iter()
                .all(|line| line.side == Side::Removed || is_armor(&line.text)),
            _ => false,
        },
        Some(_) => false,
        None => true,
    })
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

fn policy_file(file: &FileChange) -> GatedFile {
    let own = file.path.is_within(crate::policy::POLICY_DIRECTORY.as_bytes());
    let likeness = match own {
        true => String::new(),
        false => format!(": the path folds to {}", folded(&TwinPath::new(file.path.as_bytes()))),
    };
    GatedFile {
        file: file.clone(),
        reasons: vec![Reason {
            rule: RuleKind::Policy,
            line: None,
            side: None,
            detail: format!("the policy itself is changed{likeness}"),
        }],
    }
}

fn folded(twin: &TwinPath<'_>) -> String {
    format!("`{}`", sanitize(&twin.folded()))
}

/// What one component's rules ask about a file, by its path alone.
struct Candidate<'p> {
    index: usize,
    component: &'p Component,
    glob: Option<Gating<'p>>,
    /// Places of the content rules in the list for the file.
    content: std::ops::Range<usize>,
    functions: bool,
}

impl Candidate<'_> {
    fn needs_content(&self) -> bool {
        !self.content.is_empty() || self.functions || (self.glob.is_some() && self.component.rules.ignore_comments)
    }
}

fn judge<S: ContentSource + ?Sized>(
    plan: &Plan<'_>,
    file: &FileChange,
    content: &S,
    scanner: &mut Scanner,
) -> Result<Vec<(usize, Vec<Reason>)>, S::Error> {
    let twin = TwinPath::new(file.path.as_bytes());
    let here = plan.file(file.path.as_bytes(), &twin);
    // A link or a submodule stands for all that lies below it.
    let leads = file
        .after()
        .is_some_and(|entry| matches!(entry.mode, Mode::Symlink | Mode::Gitlink));
    let mut rules: Vec<(usize, &ContentRule)> = Vec::new();
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
    let content = if candidates.iter().any(Candidate::needs_content) {
        content.content(file)?
    } else {
        Content::None
    };
    let mut found = match &content {
        Content::Lines(diff) => by_lines(&twin, file, diff, &candidates, &rules, scanner),
        Content::TooLarge { size } => candidates
            .iter()
            .map(|candidate| {
                let why = format!("{} MiB: too large to read", size.div_ceil(1 << 20));
                (candidate.index, unread(&twin, candidate, &why))
            })
            .collect(),
        Content::TooManyLines { lines } => candidates
            .iter()
            .map(|candidate| {
                let why = format!("{lines} lines: too many to compare");
                (candidate.index, unread(&twin, candidate, &why))
            })
            .collect(),
        Content::None => candidates
            .iter()
            .map(|candidate| (candidate.index, by_path(&twin, candidate.glob)))
            .collect(),
    };
    found.retain(|(_, reasons)| !reasons.is_empty());
    Ok(found)
}

fn by_path(twin: &TwinPath<'_>, gating: Option<Gating<'_>>) -> Vec<Reason> {
    let reason = |gating: Gating<'_>| {
        let likeness = match gating.how {
            Likeness::Same => String::new(),
            Likeness::Twin => format!(", as the path folds to {}", folded(twin)),
            Likeness::Directory => ", in place of whose directory it stands".to_owned(),
        };
        Reason {
            rule: RuleKind::Path,
            line: None,
            side: None,
            detail: format!("`{}`{likeness}", sanitize(gating.glob)),
        }
    };
    gating.map(reason).into_iter().collect()
}

/// What is not read counts as a match.
fn unread(twin: &TwinPath<'_>, candidate: &Candidate<'_>, why: &str) -> Vec<Reason> {
    let mut reasons = by_path(twin, candidate.glob);
    let mut unread = |rule| {
        reasons.push(Reason {
            rule,
            line: None,
            side: None,
            detail: format!("{why}, counted as a match"),
        });
    };
    if !candidate.content.is_empty() {
        unread(RuleKind::Content);
    }
    if candidate.functions {
        unread(RuleKind::Function);
    }
    reasons
}

fn by_lines(
    twin: &TwinPath<'_>,
    file: &FileChange,
    diff: &FileDiff,
    candidates: &[Candidate<'_>],
    rules: &[(usize, &ContentRule)],
    scanner: &mut Scanner,
) -> Vec<(usize, Vec<Reason>)> {
    let significant = comments::significant(&file.path, &diff.lines);
    // A change without lines (a mode, an empty file) is no comment either.
    let only_comments = !diff.lines.is_empty() && !significant.contains(&true);
    let mut scanned = scanner.scan(rules, &diff.lines, &significant);
    candidates
        .iter()
        .map(|candidate| {
            let ignored = candidate.component.rules.ignore_comments && only_comments;
            let glob = candidate.glob.filter(|_| !ignored);
            let mut reasons = by_path(twin, glob);
            let content = scanned.get_mut(candidate.content.clone()).unwrap_or_default();
            let mut lines: Vec<Reason> = content.iter_mut().flat_map(std::mem::take).collect();
            lines.sort_by_key(|reason| (reason.line, reason.side));
            lines.truncate(MAX_REASONS);
            reasons.append(&mut lines);
            if candidate.functions {
                reasons.extend(by_function(twin, diff, &significant, candidate.component));
            }
            (candidate.index, reasons)
        })
        .collect()
}

fn by_function(twin: &TwinPath<'_>, diff: &FileDiff, significant: &[bool], component: &Component) -> Vec<Reason> {
    let rules: Vec<_> = component
        .rules
        .functions
        .iter()
        .filter(|rule| rule.paths.as_ref().is_none_or(|paths| paths.gating(twin).is_some()))
        .collect();
    let mut reasons: Vec<Reason> = Vec::new();
    for (line, &significant) in diff.lines.iter().zip(significant) {
        if reasons.len() >= MAX_REASONS {
            break;
        }
        if component.rules.ignore_comments && !significant {
            continue;
        }
        let names = line.context.and_then(|context| diff.contexts.get(context as usize));
        let found = names.into_iter().flatten().find_map(|name| {
            let rule = rules.iter().find(|rule| rule.name.matches(name.as_bytes()))?;
            Some((name, rule))
        });
        let Some((name, rule)) = found else { continue };
        let glob: String = rule.name.iter().collect();
        let detail = format!("in `{}`, which matches `{}`", sanitize(name), sanitize(&glob));
        if reasons.iter().any(|reason| reason.detail == detail) {
            continue;
        }
        reasons.push(Reason {
            rule: RuleKind::Function,
            line: Some(line.number),
            side: Some(line.side),
            detail,
        });
    }
    reasons
}

#[cfg(test)]
mod tests;
