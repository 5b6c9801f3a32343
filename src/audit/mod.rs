//! One repository as an organisation looks at it: the policy in force, the hooks that run certgate, what landed uncovered, what is refused, what is due,
//! what evidence shows, who signed. What cannot be looked at is part of the answer, and never its end.
//!
//! Nothing of a repository is run, fetched or written, and nothing that certgate is said to have kept there is believed
//! ([`Repository::open_to_look_at`]).

mod hooks;
mod landings;
mod record;
mod run;
mod standing;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::change::{ObjectId, RepoPath, Snapshot, hex};
use crate::diagnostic::{Code, Diagnostic, Help, command, sanitize, shown};
use crate::doctor::examine_from_outside;
use crate::gate::Undecided;
use crate::gate::governing::{parse_policy_at, policy_bytes, policy_path};
use crate::git::Repository;
use crate::intake::branches::{Protected, own_remote, protected_branches};
use crate::intake::range;
use crate::policy::Policy;
use landings::{Chain, Landings};
pub(crate) use record::{
    AUDIT_SCHEMA, AuditRecord, Completeness, LandedComponent, LandingFound, StatementFound, Stretched, Took,
};
use record::{BranchFound, FaultFound, ProblemFound, RefFound};
pub(crate) use run::in_order;

/// What is asked of each repository.
#[derive(Clone, Debug)]
pub(crate) struct AuditPlan {
    /// How far back landings are judged.
    pub(crate) since: Option<Since>,
    /// How many landings of each branch are judged at most.
    pub(crate) last: Option<usize>,
    /// Whether the record says when it was made, and how long that took.
    pub(crate) timed: bool,
}

/// Where a stretch of history begins, with the words that said so.
#[derive(Clone, Debug)]
pub(crate) enum Since {
    /// A moment, in seconds since the epoch.
    Moment(i64, String),
    /// A revision, which each repository has its own of.
    Revision(String),
}

impl AuditPlan {
    /// The same as records have it.
    pub(crate) fn asked(&self) -> Stretched {
        let since = self.since.as_ref().map(|since| match since {
            Since::Moment(_, said) | Since::Revision(said) => sanitize(said),
        });
        Stretched { since, last: self.last }
    }
}

/// The name of a repository in its record: what tells it from every other path, and can be printed.
pub(crate) fn name_of(path: &Path) -> String {
    RepoPath::new(path.as_os_str().as_bytes()).to_string()
}

/// The directory that is meant by a path: that of a work tree, where its `.git` was named.
pub(crate) fn directory_of(path: &Path) -> PathBuf {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match (whole.file_name(), whole.parent()) {
        (Some(name), Some(parent)) if name == ".git" => parent.to_owned(),
        _ => whole,
    }
}

/// Looks at a repository. Where `known` says that the heads are those of an earlier record, there is no new one.
pub(crate) fn audit(path: &Path, plan: &AuditPlan, known: impl Fn(&str) -> bool) -> Option<AuditRecord> {
    let begun = std::time::Instant::now();
    let now = Timestamp::now();
    let mut record = AuditRecord::of(name_of(path), plan.asked());
    let looked = catch_unwind(AssertUnwindSafe(|| look(path, plan, now, &known, &mut record)));
    match looked {
        Ok(Ok(Looked::Known)) => return None,
        Ok(Ok(Looked::At)) => {}
        Ok(Err(failure)) => faults(&mut record, "repository", &failure, None),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            faults(
                &mut record,
                "repository",
                &Undecided::internal(text.unwrap_or("panic")),
                None,
            );
        }
    }
    record.outcome = match (record.errors.is_empty(), record.heads.is_some()) {
        (_, false) => Completeness::Failed,
        (true, true) => Completeness::Complete,
        (false, true) => Completeness::Partial,
    };
    record.time = plan.timed.then(|| Took {
        at: now.to_string(),
        seconds: begun.elapsed().as_secs_f64(),
    });
    Some(record)
}

/// Whether there was anything to look at.
enum Looked {
    At,
    Known,
}

fn look(
    path: &Path,
    plan: &AuditPlan,
    now: Timestamp,
    known: &dyn Fn(&str) -> bool,
    record: &mut AuditRecord,
) -> Result<Looked, Undecided> {
    let directory = directory_of(path);
    let repository = open(path, &directory)?;
    let heads = format!("sha256:{}", repository.heads_digest()?);
    if known(&heads) {
        return Ok(Looked::Known);
    }
    record.heads = Some(heads);
    record.bare = Some(repository.is_bare());
    record.shallow = Some(repository.is_shallow());
    let at = Some(directory.as_path());
    // In this order, so that what a broken part hides is little.
    match hooks::hooks(&repository) {
        Ok(found) => record.hooks = found,
        Err(failure) => faults(record, "hooks", &failure, at),
    }
    let tip = match governing(&repository) {
        Ok(found) => found,
        Err(failure) => {
            faults(record, "policy", &failure, at);
            Tip::default()
        }
    };
    if let Some(commit) = &tip.commit {
        match hooks::ci(&repository, commit) {
            Ok(found) => record.ci = found,
            Err(failure) => faults(record, "ci", &failure, at),
        }
    }
    match examine_from_outside(&repository, tip.policy.as_ref().map(|(policy, _)| policy)) {
        Ok(found) => record.problems.extend(found.into_iter().map(|check| ProblemFound {
            check: check.check,
            message: sanitize(&check.message),
            help: check.helps.first().map(|help| said(help, at)),
        })),
        Err(failure) => faults(record, "problems", &failure, at),
    }
    let (Some((policy, file)), Some(commit)) = (tip.policy, tip.commit) else {
        return Ok(Looked::At);
    };
    record.policy = Some(standing::policy_found(&policy, &tip.reference, &commit, file));
    if let Err(failure) = standing::add(&repository, &policy, &commit, now, record) {
        faults(record, "ledger", &failure, at);
    }
    if let Err(failure) = branches(&repository, &policy, plan, now, record) {
        faults(record, "branches", &failure, at);
    }
    Ok(Looked::At)
}

/// Opens what a path names, which must be the repository itself: what lies in a directory of another one is not asked about.
fn open(path: &Path, directory: &Path) -> Result<Repository, Undecided> {
    match std::fs::metadata(directory) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            return Err(
                Diagnostic::error(Code::CG701, format!("`{}` is not a git repository", shown(path)))
                    .because("it is not a directory")
                    .help("name the directory of a clone, or of a bare repository")
                    .into(),
            );
        }
        Err(error) => return Err(Undecided::io("read", path, &error)),
    }
    let repository = Repository::open_to_look_at(directory)?;
    let same = |other: &Path| other.canonicalize().is_ok_and(|other| other == directory);
    let git_dir = repository.git_dir();
    let is_root = repository.work_tree().is_some_and(same) || same(git_dir) || git_dir.parent().is_some_and(same);
    match is_root {
        true => Ok(repository),
        false => {
            let root = repository.work_tree().unwrap_or(git_dir).to_owned();
            Err(Diagnostic::error(
                Code::CG770,
                format!("`{}` is a directory inside of a repository", shown(path)),
            )
            .because(format!("the repository is {}", shown(&root)))
            .help(command!["certgate", "audit", &root])
            .into())
        }
    }
}

/// The commit whose policy is in force.
#[derive(Default)]
struct Tip {
    reference: String,
    commit: Option<ObjectId>,
    policy: Option<PolicyWithDigest>,
}

/// A policy, and the digest of its file.
type PolicyWithDigest = (Policy, String);

/// The policy that judges what is merged into the default branch: that of the remote, as far as this clone knows it, or else of HEAD. Where
/// neither has one, it is that of the first branch that protects itself.
fn governing(repository: &Repository) -> Result<Tip, Undecided> {
    let remote = own_remote(repository, None)?.map(|remote| format!("refs/remotes/{}/HEAD", remote.name));
    let mut tips = Vec::new();
    if let Some(named) = remote.map(|head| repository.target_of(&head)).transpose()?.flatten() {
        let commit = repository.ref_commit(&named)?;
        tips.extend(commit.map(|commit| (named, commit)));
    }
    if let Some(commit) = repository.head()?.commit() {
        let named = repository.target_of("HEAD")?;
        tips.push((named.unwrap_or_else(|| "HEAD".to_owned()), commit.clone()));
    }
    let tip = |(reference, commit): (String, ObjectId), policy| Tip {
        reference,
        commit: Some(commit),
        policy,
    };
    for found in &tips {
        if let Some(policy) = policy_of(repository, &found.1)? {
            return Ok(tip(found.clone(), Some(policy)));
        }
    }
    for found in repository.refs(&["refs/heads/", "refs/remotes/"])? {
        let branch = found.0.strip_prefix("refs/heads/");
        let branch = branch.or_else(|| {
            found
                .0
                .strip_prefix("refs/remotes/")?
                .split_once('/')
                .map(|(_, name)| name)
        });
        // What some other branch holds that cannot be read is no policy of this repository.
        if let Ok(Some(policy)) = policy_of(repository, &found.1)
            && branch.is_some_and(|branch| policy.0.protected_by_name(branch))
        {
            return Ok(tip(found, Some(policy)));
        }
    }
    let first = tips.into_iter().next();
    Ok(first.map_or_else(Tip::default, |found| tip(found, None)))
}

fn policy_of(repository: &Repository, commit: &ObjectId) -> Result<Option<PolicyWithDigest>, Undecided> {
    let at = Snapshot::Commit(commit.clone());
    let Some(bytes) = policy_bytes(repository, &at)? else {
        return Ok(None);
    };
    // The digest is over the name, too, which is the same everywhere.
    let policy = parse_policy_at(repository, &at, &policy_path().to_string(), &bytes)?;
    Ok(Some((policy, format!("sha256:{}", hex(&Sha256::digest(&bytes))))))
}

/// Judges what landed on each protected branch: those that the policy singles out, and the default branch. A branch that only `**` protects is one
/// that anybody works on.
fn branches(
    repository: &Repository,
    policy: &Policy,
    plan: &AuditPlan,
    now: Timestamp,
    record: &mut AuditRecord,
) -> Result<(), Undecided> {
    let remote = own_remote(repository, None)?;
    let governing = record.policy.as_ref().map(|policy| policy.reference.clone());
    let mut tips: BTreeMap<String, Vec<(String, ObjectId)>> = BTreeMap::new();
    let protected = protected_branches(repository, policy, remote)?;
    let is_default = |found: &Protected| governing.as_deref() == Some(found.reference.as_str());
    let default: Option<String> = protected
        .iter()
        .find(|found| is_default(found))
        .map(|found| found.branch.clone());
    for found in protected {
        if policy.protected_by_name(&found.branch) || default.as_ref() == Some(&found.branch) {
            tips.entry(found.branch).or_default().push((found.reference, found.at));
        }
    }
    if tips.is_empty() {
        record.problems.push(ProblemFound {
            check: "branches",
            message: "no branch here is protected by the policy".to_owned(),
            help: Some("name your main branch in `enforce:`".to_owned()),
        });
    }
    for (branch, mut refs) in tips {
        // What the remote has was merged first.
        refs.sort_by_key(|(reference, _)| (reference.starts_with("refs/heads/"), reference.clone()));
        let mut found = BranchFound {
            branch: sanitize(&branch),
            refs: refs
                .iter()
                .map(|(reference, commit)| RefFound {
                    reference: sanitize(reference),
                    commit: commit.to_string(),
                })
                .collect(),
            judged: 0,
            ungoverned: 0,
            warned: 0,
            covered_later: 0,
            complete: true,
            uncovered: Vec::new(),
            undecided: Vec::new(),
        };
        if let Err(failure) = chains(repository, policy, plan, now, (&branch, &refs), &mut found) {
            let at = repository.work_tree().unwrap_or(repository.git_dir()).to_owned();
            faults(record, "branches", &failure, Some(&at));
        }
        for undecided in &found.undecided {
            record.errors.push(FaultFound {
                part: "branches",
                code: undecided.code,
                message: format!("{}: {}", undecided.commit, undecided.message),
                help: None,
            });
        }
        record.branches.push(found);
    }
    Ok(())
}

/// Judges what landed on a branch, as far as it is on one of its refs.
fn chains(
    repository: &Repository,
    policy: &Policy,
    plan: &AuditPlan,
    now: Timestamp,
    (branch, refs): (&str, &[(String, ObjectId)]),
    found: &mut BranchFound,
) -> Result<(), Undecided> {
    let mut landings = Landings::new(repository, branch, policy, now);
    let (since, excluded) = match &plan.since {
        Some(Since::Moment(moment, _)) => (Some(*moment), None),
        Some(Since::Revision(rev)) => (None, Some(range::commit(repository, rev)?)),
        None => (None, None),
    };
    let mut seen: BTreeSet<&ObjectId> = BTreeSet::new();
    for (_, tip) in refs {
        if seen.contains(tip) {
            continue;
        }
        // What is on the remote's has been judged there.
        let excluded = seen.iter().next().copied().or(excluded.as_ref());
        let chain = Chain {
            tip,
            excluded,
            since,
            last: plan.last,
        };
        landings.judge(&chain, found)?;
        seen.insert(tip);
    }
    found.complete &= !matches!(plan.since, Some(Since::Revision(_)));
    Ok(())
}

/// Adds what could not be looked at.
fn faults(record: &mut AuditRecord, part: &'static str, failure: &Undecided, at: Option<&Path>) {
    for diagnostic in &failure.diagnostics {
        record.errors.push(FaultFound {
            part,
            code: diagnostic.code().as_str(),
            message: diagnostic.message().to_owned(),
            help: diagnostic.advice().first().map(|help| said(help, at)),
        });
    }
}

/// A remedy as text: a command that works wherever it is pasted.
fn said(help: &Help, at: Option<&Path>) -> String {
    match (help, at) {
        (Help::Run(remedy), Some(at)) => remedy.clone().inside(at).to_string(),
        (help, _) => sanitize(&help.to_string()),
    }
}
