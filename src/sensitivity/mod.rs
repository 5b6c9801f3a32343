//! Rules × change → gated files with reasons.

mod aside;
mod bumps;
mod dependencies;
mod examples;
pub mod languages;
mod machines;
mod messages;
mod needed;
mod owners;
mod plan;
pub mod profiled;
mod reading;
mod scan;
pub mod score;
mod spelling;
mod wanted;

pub use bumps::{Bump, bumps, is_manifest};
pub use examples::check_examples;
#[cfg(test)]
pub(crate) use examples::owners;
pub use needed::{AskedScore, Flag, Needs, Scored, Silenced};
pub use spelling::is_unread_by_nature;

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{Change, ChangedLine, CommitMessage, Content, FileChange, FileDiff, ObjectId, RepoPath, Side};
use crate::diagnostic::sanitize;
use crate::policy::{Component, Gating, Ignore, Likeness, Lines, POLICY_COMPONENT, Policy, TwinPath};
use crate::progress::{self, Count};
use needed::{Claims, needs};
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

    /// The scores of files, in order; asked for at most once, and only where a rule that needs one has matched. What cannot be had is
    /// [`Scored::Unknown`], and counts as if it were enough.
    fn scores(&self, files: &[AskedScore<'_>]) -> Vec<Scored> {
        vec![Scored::Unasked; files.len()]
    }
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
    /// What rules matched and does not count, as the score is too low for them.
    pub silenced: Vec<Silenced>,
    /// What the score flags, where that was asked for; the highest first.
    pub flagged: Vec<Flag>,
    /// Hot functions of profiles that the changed files no longer have.
    pub lost: Vec<profiled::Lost>,
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
    /// `match.dependencies`.
    Dependency,
    /// `match.messages` or a word family.
    Message,
    /// `profiles`: a function that takes a large part of what was measured.
    Profile,
    /// A change to `.certgate/**`.
    Policy,
    /// The learnt score: `sensitivity:` with `enforce: block`.
    Score,
}

impl RuleKind {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Content => "content",
            Self::Function => "function",
            Self::Dependency => "dependency",
            Self::Message => "message",
            Self::Profile => "profile",
            Self::Policy => "policy",
            Self::Score => "score",
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
    /// The score that the file needs for the rule to count, where the rule says so.
    pub needs: Option<Needs>,
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
    let found = found?;
    let scores = scores(&found, content);
    let all = by.iter().zip(found).zip(messages);
    Ok(all
        .map(|((by, found), messages)| found.gated(by.policy, messages, &scores))
        .collect())
}

fn files_by_each<'f, S: ContentSource + ?Sized>(
    by: &[By<'_>],
    change: &'f Change,
    content: &S,
) -> Result<Vec<Found<'f>>, S::Error> {
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
    let mut found: Vec<Found<'f>> = by.iter().map(|_| Found::new()).collect();
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
        for (want, found) in wants.into_iter().zip(&mut found) {
            match want {
                Want::Nothing => {}
                Want::Own { perhaps_signature } => {
                    if !(perhaps_signature && is_armored(file, &read)) {
                        found.own.push(policy_file(file));
                    }
                }
                Want::Rules(wanted) => found.judge(file, &wanted, (&read, reading.as_ref())),
            }
        }
    })?;
    Ok(found)
}

/// The scores that what was found needs, by path.
fn scores<S: ContentSource + ?Sized>(found: &[Found<'_>], content: &S) -> BTreeMap<RepoPath, Scored> {
    let mut asked: BTreeMap<RepoPath, AskedScore<'_>> = BTreeMap::new();
    for (file, claims) in found.iter().flat_map(|found| &found.claims) {
        needed::ask(&mut asked, file, claims);
    }
    if asked.is_empty() {
        return BTreeMap::new();
    }
    let (paths, files): (Vec<RepoPath>, Vec<AskedScore<'_>>) = asked.into_iter().unzip();
    paths.into_iter().zip(content.scores(&files)).collect()
}

/// What a policy's rules found so far.
struct Found<'f> {
    /// What components claim, by file.
    claims: Vec<(&'f FileChange, Claims)>,
    own: Vec<GatedFile>,
}

impl<'f> Found<'f> {
    fn new() -> Self {
        Self {
            claims: Vec::new(),
            own: Vec::new(),
        }
    }

    fn judge(
        &mut self,
        file: &'f FileChange,
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
        let claims = judge(file, wanted, (content, reading));
        if !claims.is_empty() {
            self.claims.push((file, claims));
        }
    }

    fn gated(self, policy: &Policy, messages: Announced, scores: &BTreeMap<RepoPath, Scored>) -> Gated {
        let mut files: Vec<Vec<GatedFile>> = vec![Vec::new(); policy.components.len()];
        let mut silenced = Vec::new();
        for (file, mut claims) in self.claims {
            let score = scores.get(&file.path).copied().unwrap_or_default();
            for (component, reason) in needed::silence(&mut claims, score) {
                let component = policy.components.get(component);
                silenced.extend(component.map(|component| Silenced {
                    component: component.id.clone(),
                    path: file.path.clone(),
                    reason,
                }));
            }
            // What does not count claims nothing that another could leave to it.
            owners::settle(policy, &file.path, &mut claims);
            for (component, reasons) in claims {
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
        Gated {
            components,
            silenced,
            flagged: Vec::new(),
            lost: Vec::new(),
        }
    }
}

fn policy_file(file: &FileChange) -> GatedFile {
    let twin = TwinPath::new(file.path.as_bytes());
    let own = file.path.is_within(crate::policy::POLICY_DIRECTORY.as_bytes());
    let likeness = match own {
        true => String::new(),
        false if !twin.is_within(crate::policy::POLICY_DIRECTORY.as_bytes()) => ": it names this profile".to_owned(),
        false => format!(": the path folds to {}", folded(&twin)),
    };
    GatedFile {
        file: file.clone(),
        reasons: vec![Reason {
            rule: RuleKind::Policy,
            line: None,
            side: None,
            detail: format!("the policy itself is changed{likeness}"),
            name: None,
            needs: None,
        }],
    }
}

fn folded(twin: &TwinPath<'_>) -> String {
    format!("`{}`", sanitize(&twin.folded()))
}

fn judge(file: &FileChange, wanted: &Wanted<'_>, (content, reading): (&Content, Option<&Reading<'_>>)) -> Claims {
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
            .map(|candidate| (candidate.index, by_path(&twin, candidate, candidate.glob)))
            .collect(),
    };
    found.retain(|(_, reasons)| !reasons.is_empty());
    found
}

/// A path that stands for others needs no score: it is not its own content that counts.
fn by_path(twin: &TwinPath<'_>, candidate: &Candidate<'_>, gating: Option<Gating<'_>>) -> Vec<Reason> {
    let reason = |gating: Gating<'_>| {
        let needed = match gating.how {
            Likeness::Same | Likeness::Twin => candidate.component.rules.paths_need,
            Likeness::Directory => None,
        };
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
            needs: needs(needed),
        }
    };
    gating.map(reason).into_iter().collect()
}

/// What is not read counts as a match.
fn unread(twin: &TwinPath<'_>, candidate: &Candidate<'_>, why: &str) -> Vec<Reason> {
    let mut reasons = by_path(twin, candidate, candidate.glob);
    reasons.iter_mut().for_each(|reason| reason.needs = None);
    let mut unread = |rule| {
        reasons.push(Reason {
            rule,
            line: None,
            side: None,
            detail: format!("{why}, counted as a match"),
            name: None,
            needs: None,
        });
    };
    if candidate.content.is_some() {
        unread(RuleKind::Content);
    }
    if candidate.functions {
        unread(RuleKind::Function);
    }
    if candidate.dependencies {
        unread(RuleKind::Dependency);
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
        let mut reasons = by_path(twin, candidate, candidate.glob.filter(|_| counts));
        if let Some(scan) = &candidate.content {
            reasons.extend(by_content(diff, reading, ignore, scan, unreadable));
        }
        if candidate.functions {
            reasons.extend(by_functions(twin, reading, candidate.component));
        }
        if candidate.dependencies {
            reasons.extend(by_dependency(file, diff, candidate.component));
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
    let mut reasons = needed::first_of_each_need(scanned.into_iter().flatten().collect());
    let unconditional = reasons.iter().filter(|reason| reason.needs.is_none()).count();
    let mut room = MAX_REASONS.saturating_sub(unconditional);
    for (side, why) in [Side::Removed, Side::Added].into_iter().zip(unreadable) {
        let wanted = |lines: Lines| match lines {
            Lines::Added => side == Side::Added,
            Lines::Removed => side == Side::Removed,
            Lines::AddedOrRemoved => true,
        };
        let changed = diff.lines.iter().any(|line| line.side == side);
        if let Some(why) = why
            && changed
            && room > 0
            && rules.rules().iter().any(|rule| wanted(rule.lines))
        {
            room -= 1;
            reasons.push(Reason {
                rule: RuleKind::Content,
                line: None,
                side: Some(side),
                detail: format!("{why}, counted as a match"),
                name: None,
                needs: None,
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

/// What the rule on packages finds.
fn by_dependency(file: &FileChange, diff: &FileDiff, component: &Component) -> Vec<Reason> {
    let reason = |line: Option<(Side, u32)>, detail, needed| Reason {
        rule: RuleKind::Dependency,
        line: line.map(|(_, number)| number),
        side: line.map(|(side, _)| side),
        detail,
        name: None,
        needs: needs(needed),
    };
    match dependencies::touched(&file.path, diff, &component.rules.dependencies) {
        Ok(found) => {
            let found = found.into_iter().take(MAX_REASONS);
            found
                .map(|touched| reason(touched.line, touched.detail, component.rules.paths_need))
                .collect()
        }
        Err(()) => vec![reason(
            None,
            "not readable as what its name says, counted as a match".to_owned(),
            None,
        )],
    }
}

/// What the function rules find: for each score that some of them need, the first.
fn by_functions(twin: &TwinPath<'_>, reading: &Reading<'_>, component: &Component) -> Vec<Reason> {
    let rules = component.rules.functions.iter();
    let levels: BTreeSet<Option<u32>> = rules.map(|rule| rule.needs_score).collect();
    let found = levels
        .into_iter()
        .map(|needed| by_function(twin, reading, component, needed));
    found.flatten().collect()
}

fn by_function(twin: &TwinPath<'_>, reading: &Reading<'_>, component: &Component, needed: Option<u32>) -> Vec<Reason> {
    let rules: Vec<_> = component
        .rules
        .functions
        .iter()
        .filter(|rule| rule.needs_score == needed)
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
            needs: needs(needed),
        });
    }
    reasons
}

#[cfg(test)]
mod tests;
