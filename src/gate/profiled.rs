//! The profiles that a policy names: read where the policy itself is read, never from what is judged, and closed where they cannot be used.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::in_force::InForce;
use super::kept::{self, Key};
use super::undecided::Undecided;
use crate::change::{Change, Digest, FileChange, Mode, ObjectId, RepoPath, Snapshot, TreeEntry};
use crate::diagnostic::{Code, Diagnostic, plural, sanitize};
use crate::evidence::profiles::{Axis, Function, read_within};
use crate::git::{Blob, Repository};
use crate::policy::{Policy, ProfileEntry};
use crate::sensitivity::profiled::{Frame, HotFunction, HotPlace, HotProfile, Lost, percent};
use crate::verdict::{ProfileFault, ProfileFaultKind};

/// The largest profile that is read from a repository, in bytes, as it is and unpacked.
const MAX_FILE: u64 = 16 << 20;
const MAX_UNPACKED: u64 = 64 << 20;
/// Most profiles that one glob may name.
const MAX_FILES: usize = 64;
/// Most names of a path that are tried.
const MAX_NAMES: usize = 32;

/// Parts of paths below which is nobody's own code.
const FOREIGN: &[&str] = &[
    "site-packages/",
    "dist-packages/",
    "node_modules/",
    "/rustc/",
    ".cargo/registry/",
    "/usr/include/",
    "/usr/lib/",
    "/usr/local/lib/",
    "lib/python",
    "<frozen ",
];

/// The profiles of a policy, and what is wrong with those that cannot be used.
#[derive(Default)]
pub(crate) struct Profiles {
    pub(crate) hot: Vec<HotProfile>,
    pub(crate) faults: Vec<ProfileFault>,
    /// For each of `hot`, its entry in the policy.
    entries: Vec<usize>,
}

/// A function of a profile, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    name: String,
    file: Option<String>,
    line: Option<u64>,
    inclusive: f64,
    own: f64,
    of: String,
    calls: Option<String>,
}

impl Profiles {
    /// Reads the profiles that a policy names from where the policy is.
    pub(crate) fn load(repository: &Repository, policy: &Policy, at: &Snapshot) -> Result<Self, Undecided> {
        let mut all = Self::default();
        for (index, entry) in policy.profiles.iter().enumerate() {
            for (path, found) in all.files(repository, entry, at)? {
                all.add(repository, (index, entry), at, (&path, &found))?;
            }
        }
        Ok(all)
    }

    /// The same, where the change has anything that they could gate; and always those that come with the change, which must not leave
    /// behind a policy that cannot be followed. Where nothing else changes, a broken one can be repaired.
    pub(crate) fn of_change(repository: &Repository, change: &Change, in_force: &InForce) -> Result<Self, Undecided> {
        let policy = &in_force.policy;
        let its_own = |file: &FileChange| policy.is_policy_file(&file.path) || policy.is_certificate(&file.path);
        let idle = !in_force.adoption && change.files.iter().all(its_own);
        match policy.profiles.is_empty() || idle {
            true => Ok(Self::default()),
            false => Self::load(repository, policy, &in_force.at),
        }
    }

    fn fault(&mut self, entry: &ProfileEntry, file: &str, kind: ProfileFaultKind) {
        self.faults.push(ProfileFault {
            file: sanitize(file),
            place: entry.place.clone(),
            kind,
        });
    }

    fn unusable(&mut self, entry: &ProfileEntry, file: &str, why: impl Into<String>) {
        self.fault(entry, file, ProfileFaultKind::Unusable(why.into()));
    }

    /// The files that an entry names.
    fn files(
        &mut self,
        repository: &Repository,
        entry: &ProfileEntry,
        at: &Snapshot,
    ) -> Result<Vec<(RepoPath, TreeEntry)>, Undecided> {
        let found = match &entry.path {
            Some(path) => {
                let there = repository.entry(at, path)?;
                there.map(|there| (path.clone(), there)).into_iter().collect()
            }
            None => {
                let mut listed = repository.list(at, &entry.files.literal_prefixes())?;
                listed.retain(|(path, _)| entry.files.matches(path.as_bytes()));
                listed
            }
        };
        if found.is_empty() {
            let where_to = match at {
                Snapshot::Commit(commit) => format!("commit {}", commit.short()),
                Snapshot::Index => "the index".to_owned(),
                Snapshot::Empty => "a repository without a commit".to_owned(),
            };
            let why = match entry.path {
                Some(_) => format!("is not in {where_to}"),
                None => format!("matches no file of {where_to}"),
            };
            self.unusable(entry, &entry.file, why);
        }
        if found.len() > MAX_FILES {
            let why = format!("matches {} files; at most {MAX_FILES} are read", found.len());
            self.unusable(entry, &entry.file, why);
            return Ok(Vec::new());
        }
        Ok(found)
    }

    fn add(
        &mut self,
        repository: &Repository,
        (index, entry): (usize, &ProfileEntry),
        at: &Snapshot,
        (path, found): (&RepoPath, &TreeEntry),
    ) -> Result<(), Undecided> {
        let file = path.to_string();
        if !matches!(found.mode, Mode::Regular | Mode::Executable) {
            self.unusable(entry, &file, "is a link or a submodule, not a file");
            return Ok(());
        }
        let commit = match &entry.commit {
            Some(commit) if !repository.has_commit(commit) => {
                let kind = ProfileFaultKind::NoCommit {
                    commit: commit.clone(),
                    shallow: repository.is_shallow(),
                };
                self.fault(entry, &file, kind);
                return Ok(());
            }
            Some(commit) => Some(commit.clone()),
            None => added_by(repository, at, path)?,
        };
        let key = Key::of_profile(&found.id, entry);
        // What is pinned is read, to be held against its digest.
        let known: Option<Vec<Kept>> = match entry.sha256 {
            None => kept::load(repository, &key),
            Some(_) => None,
        };
        let functions = match known {
            Some(known) => known,
            None => {
                let bytes = match repository.blob(&found.id, MAX_FILE)? {
                    Blob::Content(bytes) => bytes,
                    Blob::TooLarge { size } => {
                        let why = format!("has {size} bytes; at most {MAX_FILE} are read");
                        self.unusable(entry, &file, why);
                        return Ok(());
                    }
                };
                if entry
                    .sha256
                    .is_some_and(|pinned| pinned != Digest(Sha256::digest(&bytes).into()))
                {
                    self.unusable(entry, &file, "is not the file of which the policy gives the `sha256`");
                    return Ok(());
                }
                match hot(&bytes, entry) {
                    Ok(functions) => {
                        kept::store(repository, &key, &functions);
                        functions
                    }
                    Err(why) => {
                        self.unusable(entry, &file, why);
                        return Ok(());
                    }
                }
            }
        };
        let measured = commit.clone().map_or_else(|| at.clone(), Snapshot::Commit);
        let functions = placed(repository, &measured, functions)?;
        self.entries.push(index);
        self.hot.push(HotProfile {
            file: sanitize(&file),
            commit,
            component: entry.component.clone(),
            functions,
        });
        Ok(())
    }

    /// What is to be said beside the verdict: profiles that are stale, and hot functions that were not found.
    pub(crate) fn said(
        &self,
        repository: &Repository,
        policy: &Policy,
        (base, now): (&Snapshot, Timestamp),
        lost: &[Lost],
    ) -> Result<Vec<Diagnostic>, Undecided> {
        let mut said = Vec::new();
        for (profile, index) in self.hot.iter().zip(&self.entries) {
            let Some(entry) = policy.profiles.get(*index) else {
                continue;
            };
            said.extend(stale(repository, profile, entry, base, now)?);
            if profile.functions.is_empty() {
                let message = format!(
                    "the profile {} shows no function of this repository to be hot",
                    profile.file
                );
                said.push(
                    Diagnostic::warning(Code::CG688, message)
                        .at(entry.place.clone())
                        .because(format!(
                            "hot is what takes at least {}, or {} by itself",
                            percent(entry.min_inclusive),
                            percent(entry.min_self)
                        ))
                        .help(format!("see what it holds with `certgate evidence {}`, and lower `min_inclusive` or `min_self`, or record it where its functions have names and files", profile.file)),
                );
            }
        }
        let mut by_profile: BTreeMap<&str, Vec<&Lost>> = BTreeMap::new();
        for lost in lost {
            by_profile.entry(&lost.profile).or_default().push(lost);
        }
        for (profile, lost) in by_profile {
            let names: Vec<String> = lost
                .iter()
                .take(3)
                .map(|lost| format!("`{}` of {} ({})", lost.name, lost.path, lost.share))
                .collect();
            let more = match lost.len().saturating_sub(3) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let message = format!(
                "{profile} names hot functions that are no longer there: {}{more}",
                names.join(", ")
            );
            said.push(
                Diagnostic::warning(Code::CG686, message)
                    .because(
                        "neither their names nor what they held is in these files now, so no change of them is gated",
                    )
                    .help("record the profile again, and write the new commit into `profiles:`"),
            );
        }
        Ok(said)
    }
}

/// The commit that added a file as it is, as far as git knows one.
fn added_by(repository: &Repository, at: &Snapshot, path: &RepoPath) -> Result<Option<ObjectId>, Undecided> {
    let tip = match at {
        Snapshot::Commit(commit) => commit.clone(),
        Snapshot::Index => match repository.head()?.commit() {
            Some(commit) => commit.clone(),
            None => return Ok(None),
        },
        Snapshot::Empty => return Ok(None),
    };
    Ok(repository.touching(&tip, &[], path, 1)?.into_iter().next())
}

/// Whether a profile is older than its entry allows.
fn stale(
    repository: &Repository,
    profile: &HotProfile,
    entry: &ProfileEntry,
    base: &Snapshot,
    now: Timestamp,
) -> Result<Option<Diagnostic>, Undecided> {
    let (Some(commit), Snapshot::Commit(base)) = (&profile.commit, base) else {
        return Ok(None);
    };
    let mut why = Vec::new();
    if let Some(most) = entry.max_age.commits {
        let enough = (most as usize).saturating_add(1);
        let since = repository.commits(base, std::slice::from_ref(commit), Some(enough))?;
        if since.len() > most as usize {
            why.push(format!("more than {} came since", plural(most as usize, "commit")));
        }
    }
    if let Some(most) = entry.max_age.time {
        let made = repository.commit_time(commit)?;
        let age = now.as_second().saturating_sub(made).max(0);
        if u64::try_from(age).unwrap_or(0) > most.as_secs() {
            let days = usize::try_from(age / (24 * 60 * 60)).unwrap_or(usize::MAX);
            why.push(format!("{} is {} old", commit.short(), plural(days, "day")));
        }
    }
    if why.is_empty() {
        return Ok(None);
    }
    let message = format!(
        "the profile {} at {} is stale: {}",
        profile.file,
        commit.short(),
        why.join(", and ")
    );
    Ok(Some(
        Diagnostic::warning(Code::CG687, message)
            .at(entry.place.clone())
            .because("what is hot now may be something else; it gates all the same")
            .help("record the profile again, and write the new commit into `profiles:`"),
    ))
}

/// The hot functions of a profile; or why there can be none.
fn hot(bytes: &[u8], entry: &ProfileEntry) -> Result<Vec<Kept>, String> {
    let profile = read_within(bytes, MAX_UNPACKED).map_err(|error| format!("cannot be read: {error}"))?;
    let names: Vec<String> = profile.axes.iter().map(|axis| sanitize(&axis.name)).collect();
    let mut found: Vec<Kept> = Vec::new();
    let mut known = false;
    for axis in &profile.axes {
        if entry.metric.as_ref().is_some_and(|metric| *metric != axis.name) {
            continue;
        }
        known = true;
        for one in of_axis(axis, entry) {
            let same = |other: &&mut Kept| {
                (&other.name, &other.file, other.line, &other.calls) == (&one.name, &one.file, one.line, &one.calls)
            };
            // Of several things that were measured, that of which it takes most.
            match found.iter_mut().find(same) {
                Some(other) if other.inclusive < one.inclusive => *other = one,
                Some(_) => {}
                None => found.push(one),
            }
        }
    }
    if !known {
        return Err(format!("has no metric of that name; it has {}", names.join(", ")));
    }
    found.sort_by(|a, b| {
        let callers = a.calls.is_some().cmp(&b.calls.is_some());
        let shares = b.inclusive.total_cmp(&a.inclusive).then(b.own.total_cmp(&a.own));
        callers
            .then(shares)
            .then_with(|| (&a.file, &a.name).cmp(&(&b.file, &b.name)))
    });
    Ok(found)
}

/// What tells functions apart, once what tools put around their names is gone.
type Identity = (String, Vec<String>, Option<String>, Option<u32>);

fn identity(function: &Function) -> Identity {
    let frame = Frame::parse(&function.name, function.file.as_deref(), function.line);
    let line = frame.line.filter(|_| frame.name.is_empty());
    (frame.name, frame.within, frame.file, line)
}

fn of_axis(axis: &Axis, entry: &ProfileEntry) -> Vec<Kept> {
    let identities: Vec<Identity> = axis.functions.iter().map(identity).collect();
    // A function, its closures and its instances are one.
    let mut sums: HashMap<&Identity, (usize, f64, f64)> = HashMap::new();
    for (at, (identity, function)) in identities.iter().zip(&axis.functions).enumerate() {
        let (_, inclusive, own) = sums.entry(identity).or_insert((at, 0.0, 0.0));
        *inclusive = inclusive.max(axis.share(function.inclusive));
        *own += axis.share(function.own);
    }
    let of = of(axis);
    let kept = |identity: &Identity, calls: Option<String>, (inclusive, own): (f64, f64)| {
        let (at, ..) = sums.get(identity)?;
        let function = axis.functions.get(*at)?;
        Some(Kept {
            name: function.name.clone(),
            file: function.file.clone(),
            line: function.line,
            inclusive: inclusive.max(own).min(1.0),
            own: own.min(1.0),
            of: of.clone(),
            calls,
        })
    };
    let is_hot = |identity: &Identity| {
        let (_, inclusive, own) = sums.get(identity)?;
        (*inclusive >= entry.min_inclusive || *own >= entry.min_self).then_some((*inclusive, *own))
    };
    let mut found: Vec<Kept> = Vec::new();
    for identity in sums.keys() {
        found.extend(is_hot(identity).and_then(|shares| kept(identity, None, shares)));
    }
    if entry.callers {
        let mut callers: BTreeMap<&Identity, (&Identity, (f64, f64))> = BTreeMap::new();
        for (caller, callee) in &axis.calls {
            let (Some(caller), Some(callee)) = (identities.get(*caller), identities.get(*callee)) else {
                continue;
            };
            let Some(shares) = is_hot(callee).filter(|_| is_hot(caller).is_none()) else {
                continue;
            };
            let best = callers.entry(caller).or_insert((callee, shares));
            if best.1.0 < shares.0 {
                *best = (callee, shares);
            }
        }
        for (caller, (callee, shares)) in callers {
            found.extend(kept(caller, Some(callee.0.clone()), shares));
        }
    }
    found
}

/// What was measured, in a word.
fn of(axis: &Axis) -> String {
    let unit = axis.unit.to_ascii_lowercase();
    let name = axis.name.to_ascii_lowercase();
    let seconds = [
        "ns",
        "us",
        "ms",
        "s",
        "nanoseconds",
        "microseconds",
        "milliseconds",
        "seconds",
    ];
    match name.as_str() {
        "gpu" | "cuda" => "GPU time".to_owned(),
        "ir" => "instructions".to_owned(),
        "samples" | "cpu" | "wall" | "time" => "time".to_owned(),
        _ if seconds.contains(&unit.as_str()) => "time".to_owned(),
        _ => axis.name.clone(),
    }
}

/// Finds the files of the functions at the commit that was measured; what is nobody's own is left out.
fn placed(repository: &Repository, measured: &Snapshot, functions: Vec<Kept>) -> Result<Vec<HotFunction>, Undecided> {
    let mut known: HashMap<String, Option<HotPlace>> = HashMap::new();
    let mut found = Vec::with_capacity(functions.len());
    for kept in functions {
        let frame = Frame::parse(&kept.name, kept.file.as_deref(), kept.line);
        let place = match &frame.file {
            None => Some(HotPlace::Anywhere),
            Some(file) => match known.get(file) {
                Some(place) => place.clone(),
                None => {
                    let place = place_of(repository, measured, file)?;
                    known.insert(file.clone(), place.clone());
                    place
                }
            },
        };
        let nameless = frame.name.is_empty() && !matches!(place, Some(HotPlace::In(_)));
        let Some(place) = place.filter(|_| !nameless) else {
            continue;
        };
        found.push(HotFunction {
            frame,
            inclusive: kept.inclusive,
            own: kept.own,
            of: kept.of,
            calls: kept.calls,
            place,
        });
    }
    Ok(found)
}

/// Where a file of a profile is in the repository: of a path from somewhere else the longest end that is there.
fn place_of(repository: &Repository, measured: &Snapshot, file: &str) -> Result<Option<HotPlace>, Undecided> {
    let file = file.strip_prefix("file://").unwrap_or(file).replace('\\', "/");
    if FOREIGN.iter().any(|part| file.contains(part)) {
        return Ok(None);
    }
    let absolute = file.starts_with('/') || file.get(1..3) == Some(":/");
    let names: Vec<&str> = file.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    if names.is_empty() || names.contains(&"..") && !absolute {
        return Ok(None);
    }
    for start in names.len().saturating_sub(MAX_NAMES)..names.len() {
        let end = names.get(start..).unwrap_or_default().join("/");
        let path = RepoPath::from(end.as_str());
        let regular = |entry: &TreeEntry| matches!(entry.mode, Mode::Regular | Mode::Executable);
        if repository.entry(measured, &path)?.is_some_and(|entry| regular(&entry)) {
            return Ok(Some(HotPlace::In(path)));
        }
    }
    Ok((!absolute).then(|| HotPlace::Below(names.join("/").into_bytes())))
}
