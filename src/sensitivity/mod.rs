//! Rules × change → gated files with reasons.

mod aside;
mod bumps;
mod examples;
pub mod languages;
mod machines;
mod messages;
mod owners;
mod plan;
mod reading;
mod scan;
pub mod score;
mod spelling;
mod wanted;

pub use bumps::{Bump, bumps, is_manifest};
pub use examples::check_examples;
#[cfg(test)]
pub(crate) use examples::owners;

use std::collections::BTreeSet;

use crate::change::{Change, ChangedLine, CommitMessage, Content, FileChange, FileDiff, ObjectId, RepoPath, Side};
use crate::diagnostic::sanitize;
use crate::policy::{Component, Gating, Ignore, Likeness, Lines, POLICY_COMPONENT, Policy, TwinPath};
use crate::progress::{self, Count};
use plan::Plan;
use reading::{Functions, Reading};
use scan::Scan;
use wanted::{Candidate, Want, Wanted, is_armored, signed, want};

/// From how many files to be read on they are judged on a thread beside the one that reads them; so are as many messages.
const WORTH_A_THREAD: usize = 64;

/// Reasons kept for each kind of rule and file.
const MAX_REASONS: usize = 3;

/// Where the changed lines of a file come from; asked only for files whose lines matter, and once for each.
pub trait ContentSource {
    /// Why a file cannot be read; the change is then not judged.
    type Error;

    /// Says which files' lines will be asked for, and in which order, before the first is.
    ///
    /// # Errors
    ///
    /// Whatever keeps all of them from being read.
    fn expect(&self, _files: &[&FileChange]) -> Result<(), Self::Error> {
        Ok(())
    }

    /// The changed lines.
    ///
    /// # Errors
    ///
    /// Whatever keeps the content from being read.
    fn content(&self, file: &FileChange) -> Result<Content, Self::Error>;

    /// Whether a regular file is at a path after the change.
    ///
    /// # Errors
    ///
    /// Whatever keeps that from being known.
    fn holds_file(&self, path: &RepoPath) -> Result<bool, Self::Error>;
}

/// A policy to look at a change with.
pub struct By<'p> {
    /// The policy.
    pub policy: &'p Policy,
    /// True where the change adds it, and no policy was there before.
    pub adoption: bool,
    /// Files of the change that are evidence of certificates, and so are gated by no rule.
    pub evidence: BTreeSet<RepoPath>,
    /// What its rules say of the change's messages, where that is known already.
    pub announced: Option<Announced>,
}

/// What a policy's rules say of messages, for each of its components in turn.
pub type Announced = Vec<Vec<GatedMessage>>;

/// What the rules on messages say.
pub fn announced(policy: &Policy, messages: &[CommitMessage]) -> Announced {
    progress::count(Count::RulesRun, policy.components.len().saturating_mul(messages.len()));
    messages::gate(policy, messages)
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
    /// The name that the policy gives the rule, where it gives it one.
    pub name: Option<String>,
}

/// Finds what the policy gates in a change.
///
/// Certificates, and whatever lies in `.certgate`, are gated by no component; the latter by [`POLICY_COMPONENT`], unless the change adds
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
    let by = By {
        policy,
        adoption,
        evidence: BTreeSet::new(),
        announced: None,
    };
    Ok(gate_by_each(vec![by], change, content)?.pop().unwrap_or_default())
}

/// Finds what each of several policies gates in a change; each file is read once for all of them.
///
/// # Errors
///
/// The first error of `content`.
pub fn gate_by_each<S: ContentSource + ?Sized>(
    by: Vec<By<'_>>,
    change: &Change,
    content: &S,
) -> Result<Vec<Gated>, S::Error> {
    let said = |by: &By<'_>| match &by.announced {
        Some(known) => known.clone(),
        None => announced(by.policy, &change.messages),
    };
    let messages = || by.iter().map(said).collect::<Vec<_>>();
    let aside = change.messages.len() >= WORTH_A_THREAD;
    let (messages, found) = aside::both(aside, messages, || files_by_each(&by, change, content));
    let all = by.iter().zip(found?).zip(messages);
    Ok(all
        .map(|((by, found), messages)| found.gated(by.policy, messages))
        .collect())
}

fn files_by_each<S: ContentSource + ?Sized>(
    by: &[By<'_>],
    change: &Change,
    content: &S,
) -> Result<Vec<Found>, S::Error> {
    let plans: Vec<Plan<'_>> = by.iter().map(|by| Plan::new(by.policy)).collect();
    let mut changed: Vec<&FileChange> = change.files.iter().collect();
    changed.sort_by(|a, b| a.path.cmp(&b.path));
    let mut looked: Vec<(&FileChange, Vec<Want<'_>>)> = Vec::new();
    for file in changed {
        let is_certificate = |path: &RepoPath| by.iter().any(|by| by.policy.certificates.matches(path.as_bytes()));
        let beside = match signed(file).filter(is_certificate) {
            Some(certificate) => content.holds_file(&certificate)?,
            None => false,
        };
        let want = |(by, plan)| want(by, plan, file, beside);
        let wants: Vec<Want<'_>> = by.iter().zip(&plans).map(want).collect();
        if wants.iter().any(|want| !matches!(want, Want::Nothing)) {
            looked.push((file, wants));
        }
    }
    let asked: Vec<&FileChange> = looked
        .iter()
        .filter(|(_, wants)| wants.iter().any(Want::needs_content))
        .map(|(file, _)| *file)
        .collect();
    content.expect(&asked)?;
    let mut found: Vec<Found> = by.iter().map(|by| Found::new(by.policy)).collect();
    let aside = asked.len() >= WORTH_A_THREAD;
    let read = looked.into_iter().map(|(file, wants)| {
        let read = match wants.iter().any(Want::needs_content) {
            true => content.content(file)?,
            false => Content::None,
        };
        Ok((file, wants, read))
    });
    let weight = |(_, _, read): &(_, _, Content)| match read {
        Content::Lines(diff) => diff.old.len() + diff.new.len(),
        _ => 0,
    };
    aside::each(aside, read, weight, |(file, wants, read)| {
        // What is parsed for one policy serves all of them.
        let reading = match &read {
            Content::Lines(diff) => Some(reading::read(file, diff)),
            _ => None,
        };
        for ((want, found), by) in wants.into_iter().zip(&mut found).zip(by) {
            match want {
                Want::Nothing => {}
                Want::Own { perhaps_signature } => {
                    if !(perhaps_signature && is_armored(file, &read)) {
                        found.own.push(policy_file(file));
                    }
                }
                Want::Rules(wanted) => found.judge(by.policy, file, &wanted, (&read, reading.as_ref())),
            }
        }
    })?;
    Ok(found)
}

/// What a policy's rules found so far.
struct Found {
    /// By component, in the order of the policy.
    files: Vec<Vec<GatedFile>>,
    own: Vec<GatedFile>,
}

impl Found {
    fn new(policy: &Policy) -> Self {
        Self {
            files: vec![Vec::new(); policy.components.len()],
            own: Vec::new(),
        }
    }

    fn judge(
        &mut self,
        policy: &Policy,
        file: &FileChange,
        wanted: &Wanted<'_>,
        (content, reading): (&Content, Option<&Reading<'_>>),
    ) {
        if wanted.perhaps_signature && is_armored(file, content) {
            return;
        }
        // What was read for another policy, or for the sake of a name, is no business of rules that do not ask.
        let content = match wanted.rules_need_content() {
            true => content,
            false => &Content::None,
        };
        let mut claims = judge(file, wanted, (content, reading));
        owners::settle(policy, &file.path, &mut claims);
        for (component, reasons) in claims {
            if let Some(gated) = self.files.get_mut(component) {
                gated.push(GatedFile {
                    file: file.clone(),
                    reasons,
                });
            }
        }
    }

    fn gated(self, policy: &Policy, messages: Announced) -> Gated {
        let mut components: Vec<GatedComponent> = policy
            .components
            .iter()
            .zip(self.files)
            .zip(messages)
            .map(|((component, files), messages)| GatedComponent {
                id: component.id.clone(),
                files,
                messages,
            })
            .collect();
        components.push(GatedComponent {
            id: POLICY_COMPONENT.to_owned(),
            files: self.own,
            messages: Vec::new(),
        });
        components.retain(|component| !component.files.is_empty() || !component.messages.is_empty());
        Gated { components }
    }
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
            name: None,
        }],
    }
}

fn folded(twin: &TwinPath<'_>) -> String {
    format!("`{}`", sanitize(&twin.folded()))
}

fn judge(
    file: &FileChange,
    wanted: &Wanted<'_>,
    (content, reading): (&Content, Option<&Reading<'_>>),
) -> Vec<(usize, Vec<Reason>)> {
    let twin = TwinPath::new(file.path.as_bytes());
    let candidates = &wanted.candidates;
    let mut found = match content {
        Content::Lines(diff) => match reading {
            Some(reading) => by_lines(&twin, file, (diff, reading), candidates),
            None => by_lines(&twin, file, (diff, &reading::read(file, diff)), candidates),
        },
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
    found
}

fn by_path(twin: &TwinPath<'_>, gating: Option<Gating<'_>>) -> Vec<Reason> {
    let reason = |gating: Gating<'_>| {
        let likeness = match gating.how {
            Likeness::Same => String::new(),
            Likeness::Twin => format!(", as the path folds to {}", folded(twin)),
            Likeness::Directory => ", whose directory it takes the place of".to_owned(),
        };
        Reason {
            rule: RuleKind::Path,
            line: None,
            side: None,
            detail: format!("`{}`{likeness}", sanitize(gating.glob)),
            name: None,
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
            name: None,
        });
    };
    if candidate.content.is_some() {
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
    (diff, reading): (&FileDiff, &Reading<'_>),
    candidates: &[Candidate<'_>],
) -> Vec<(usize, Vec<Reason>)> {
    let mut found: Vec<(usize, Vec<Reason>)> = Vec::new();
    let unreadable = |side: Side| {
        let text = match side {
            Side::Removed => &diff.old,
            Side::Added => &diff.new,
        };
        spelling::unreadable(&file.path, text)
    };
    let unreadable = match candidates.iter().all(|candidate| candidate.content.is_none()) {
        true => [None, None],
        false => [unreadable(Side::Removed), unreadable(Side::Added)],
    };
    for candidate in candidates {
        let ignore = candidate.component.rules.ignore;
        // Whether a path counts is asked first: it costs the most, and may be all there is.
        let counts = candidate.glob.is_some() && (ignore.nothing() || !reading.view(ignore).nothing);
        let mut reasons = by_path(twin, candidate.glob.filter(|_| counts));
        if let Some(scan) = &candidate.content {
            reasons.extend(by_content(diff, reading, ignore, scan, unreadable));
        }
        if candidate.functions {
            reasons.extend(by_function(twin, reading, candidate.component));
        }
        found.push((candidate.index, reasons));
    }
    found
}

/// What the content rules of a component find, first in the file first.
fn by_content(
    diff: &FileDiff,
    reading: &Reading<'_>,
    ignore: Ignore,
    rules: &Scan<'_>,
    unreadable: [Option<&'static str>; 2],
) -> Vec<Reason> {
    let scan = |lines: &[ChangedLine], counts: &[bool]| {
        let (lines, counts) = spelling::spelled(lines, counts, &diff.old, &diff.new);
        rules.find(&lines, &counts)
    };
    let everything = vec![true; diff.lines.len()];
    let mut scanned = scan(&diff.lines, &everything);
    let some = scanned.iter().any(|reasons| !reasons.is_empty());
    // Which lines count is found only where it matters: to what a rule has matched, or may match in code that a delimiter hides.
    if !ignore.nothing() && (some || diff.lines.iter().any(delimits)) {
        let view = reading.view(ignore);
        scanned = scan(&view.lines, &view.counts);
    }
    let mut reasons: Vec<Reason> = scanned.into_iter().flatten().collect();
    reasons.sort_by_key(|reason| (reason.line, reason.side));
    // One reason a line is enough.
    reasons.dedup_by_key(|reason| (reason.line, reason.side));
    reasons.truncate(MAX_REASONS);
    for (side, why) in [Side::Removed, Side::Added].into_iter().zip(unreadable) {
        let wanted = |lines: Lines| match lines {
            Lines::Added => side == Side::Added,
            Lines::Removed => side == Side::Removed,
            Lines::AddedOrRemoved => true,
        };
        let changed = diff.lines.iter().any(|line| line.side == side);
        if let Some(why) = why
            && changed
            && reasons.len() < MAX_REASONS
            && rules.rules().iter().any(|rule| wanted(rule.lines))
        {
            reasons.push(Reason {
                rule: RuleKind::Content,
                line: None,
                side: Some(side),
                detail: format!("{why}, counted as a match"),
                name: None,
            });
        }
    }
    reasons
}

/// Whether a line may begin or end a comment of many lines, or a text.
fn delimits(line: &ChangedLine) -> bool {
    let marks: [&[u8]; 8] = [b"/*", b"*/", b"\"\"\"", b"'''", b"=begin", b"=end", b"<<", b"`"];
    marks
        .iter()
        .any(|mark| line.text.windows(mark.len()).any(|window| window == *mark))
}

fn by_function(twin: &TwinPath<'_>, reading: &Reading<'_>, component: &Component) -> Vec<Reason> {
    let rules: Vec<_> = component
        .rules
        .functions
        .iter()
        .filter(|rule| rule.paths.as_ref().is_none_or(|paths| paths.gating(twin).is_some()))
        .collect();
    let matching = |name: &String| {
        let rule = rules.iter().find(|rule| rule.name.matches(name.as_bytes()))?;
        let glob: String = rule.name.iter().collect();
        Some((sanitize(name), sanitize(&glob), rule.rule.clone()))
    };
    let mut reasons: Vec<Reason> = Vec::new();
    let mut known = None;
    let view = reading.view(component.rules.ignore);
    for (line, &counts) in view.lines.iter().zip(&view.counts) {
        if reasons.len() >= MAX_REASONS {
            break;
        }
        if !counts {
            continue;
        }
        let detail = match reading.functions(line.side, line.number) {
            Functions::Known(names) => names
                .iter()
                .find_map(matching)
                .map(|(name, glob, rule)| (format!("in `{name}`, which matches `{glob}`"), rule)),
            // One look at the words of a side is enough.
            Functions::Named(_) if known == Some(line.side) => None,
            Functions::Named(why) => {
                known = Some(line.side);
                let found = reading.words(line.side).iter().find_map(matching);
                found.map(|(name, glob, rule)| {
                    let detail = format!("{why}, so perhaps in `{name}`, which matches `{glob}`");
                    (detail, rule)
                })
            }
        };
        let Some((detail, name)) = detail else { continue };
        if reasons.iter().any(|reason| reason.detail == detail) {
            continue;
        }
        reasons.push(Reason {
            rule: RuleKind::Function,
            line: Some(line.number),
            side: Some(line.side),
            detail,
            name,
        });
    }
    reasons
}

#[cfg(test)]
mod tests;
