//! Rules × change → gated files with reasons.

mod aside;
mod bumps;
mod claims;
mod dependencies;
mod elsewhere;
mod examples;
mod hearing;
mod kept;
mod kept_lines;
pub mod languages;
mod machines;
mod messages;
pub mod moves;
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
pub use hearing::Hearing;
pub use needed::{AskedScore, Flag, Needs, Scored, Silenced};
pub use spelling::is_unread_by_nature;

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{Change, CommitMessage, Content, Digest, FileChange, ObjectId, RepoPath, Side};
use crate::diagnostic::sanitize;
use crate::policy::{POLICY_COMPONENT, Policy, TwinPath};
use crate::progress::{self, Count};
use claims::judge;
use needed::Claims;
use plan::Plan;
use reading::Reading;
use wanted::{Want, Wanted, is_armored, signed, want};

/// From how many files to be read on they are judged on a thread beside the one that reads them; so are as many messages.
const WORTH_A_THREAD: usize = 64;

/// From how many changed files on two threads look at their paths.
const WORTH_TWO_LOOKS: usize = 1_000;

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

    /// Whether the words of the changes of files have so many points of their scores, in order; asked for where a policy has rules need that,
    /// of files that have the score. What cannot be known has them.
    fn have_words(&self, files: &[&FileChange], _least: u32) -> Vec<bool> {
        vec![true; files.len()]
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

/// What a policy's rules say of messages, found before it was known who judges. It counts for that policy and those messages.
#[derive(Clone, Debug)]
pub struct Heard {
    policy: Digest,
    messages: Vec<CommitMessage>,
    announced: Announced,
}

impl Heard {
    /// Holds the rules of a policy against messages.
    pub fn of(policy: &Policy, messages: &[CommitMessage]) -> Self {
        Self {
            policy: policy.digest,
            messages: messages.to_vec(),
            announced: announced(policy, messages),
        }
    }

    /// Whether no rule says anything.
    pub fn is_nothing(&self) -> bool {
        self.announced.iter().all(Vec::is_empty)
    }

    /// What it says of these messages by this policy; `None` where it was made of others.
    pub fn by(&self, policy: &Policy, messages: &[CommitMessage]) -> Option<Announced> {
        // A policy without a file has no digest.
        let same = self.policy != Digest::default() && self.policy == policy.digest && self.messages == messages;
        same.then(|| self.announced.clone())
    }
}

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
    let aside = change.messages.len() >= WORTH_A_THREAD && by.iter().any(|by| by.announced.is_none());
    let (messages, found) = aside::both(aside, messages, || files_by_each(&by, change, content));
    let found = found?;
    let scores = scores(&found, content);
    let all = by.iter().zip(found).zip(messages);
    Ok(all
        .map(|((by, found), messages)| {
            let lacking = lacking(by.policy, &found, &scores, content);
            found.gated(by.policy, messages, (&scores, lacking))
        })
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
    let mut beside: BTreeSet<&RepoPath> = BTreeSet::new();
    for file in &changed {
        let is_certificate = |path: &RepoPath| by.iter().any(|by| by.policy.certificates.matches(path.as_bytes()));
        if let Some(certificate) = signed(file).filter(is_certificate)
            && content.holds_file(&certificate)?
        {
            beside.insert(&file.path);
        }
    }
    let look = |files: &[&'f FileChange]| {
        let mut looked = Vec::with_capacity(files.len());
        for file in files {
            let want = |(by, plan)| want(by, plan, file, beside.contains(&file.path));
            let wants: Vec<Want<'_>> = by.iter().zip(&plans).map(want).collect();
            if wants.iter().any(|want| !matches!(want, Want::Nothing)) {
                looked.push((*file, wants));
            }
        }
        looked
    };
    let (one, other) = changed.split_at(changed.len() / 2);
    let aside = changed.len() >= WORTH_TWO_LOOKS;
    let (mut looked, rest) = aside::both(aside, || look(one), || look(other));
    looked.extend(rest);
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
    elsewhere::again((by, &plans), (change, &beside), content, &mut found);
    for (by, found) in by.iter().zip(&mut found) {
        let settled = dependencies::settle(std::mem::take(&mut found.differing), &change.files);
        claims::add_packages(&mut found.claims, settled, by.policy);
    }
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

/// The points that words should have, and the files where they have less.
type Lacking<'f> = (u32, BTreeSet<&'f RepoPath>);

/// Files in which rules count by the score, and the words of whose change have less of it than the policy has rules need; and how much that is.
fn lacking<'f, S: ContentSource + ?Sized>(
    policy: &Policy,
    found: &Found<'f>,
    scores: &BTreeMap<RepoPath, Scored>,
    content: &S,
) -> Option<Lacking<'f>> {
    let least = policy.sensitivity.as_ref()?.needs_change?;
    let score = |file: &FileChange| scores.get(&file.path).copied().unwrap_or_default();
    let asked = found
        .claims
        .iter()
        .filter(|(file, claims)| needed::counts(claims, score(file)));
    let mut files: Vec<&FileChange> = asked.map(|(file, _)| *file).collect();
    files.dedup_by_key(|file| &file.path);
    if files.is_empty() {
        return None;
    }
    let have = content.have_words(&files, least);
    let lacking = files.into_iter().zip(have).filter(|(_, has)| !has);
    Some((least, lacking.map(|(file, _)| &file.path).collect()))
}

/// What a policy's rules found so far.
struct Found<'f> {
    /// What components claim, by file.
    claims: Vec<(&'f FileChange, Claims)>,
    /// Packages that differ in a file, for a component, and count if nothing else in the change explains them.
    differing: Vec<((&'f FileChange, usize), dependencies::Differing)>,
    own: Vec<GatedFile>,
}

impl<'f> Found<'f> {
    fn new() -> Self {
        Self {
            claims: Vec::new(),
            differing: Vec::new(),
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
        let (claims, differing) = judge(file, wanted, (content, reading));
        let differing = differing.into_iter().map(|(component, one)| ((file, component), one));
        self.differing.extend(differing);
        if !claims.is_empty() {
            self.claims.push((file, claims));
        }
    }

    fn gated(
        self,
        policy: &Policy,
        messages: Announced,
        (scores, lacking): (&BTreeMap<RepoPath, Scored>, Option<Lacking<'_>>),
    ) -> Gated {
        let mut files: Vec<Vec<GatedFile>> = vec![Vec::new(); policy.components.len()];
        let mut silenced = Vec::new();
        for (file, mut claims) in self.claims {
            let score = scores.get(&file.path).copied().unwrap_or_default();
            let lacks = lacking.as_ref().filter(|(_, files)| files.contains(&file.path));
            for (component, reason) in needed::silence(&mut claims, score, lacks.map(|(least, _)| *least)) {
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

#[cfg(test)]
mod kept_tests;
#[cfg(test)]
mod moves_tests;
#[cfg(test)]
mod tests;
