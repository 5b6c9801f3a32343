//! What was in force where a certificate landed: the policy and the keys of the landing's first parent decide, once, what it lifted.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use jiff::Timestamp;

use super::authors::authors_of_landing;
use super::cases::{component_case, terms_of};
use super::governing::{REVOKED, SIGNERS, keyring_at, policy_at, policy_path};
use super::undecided::Undecided;
use crate::certificate::{Class, SubjectField};
use crate::change::{ObjectId, RepoPath, Snapshot};
use crate::git::{Landing, Repository};
use crate::ledger::{self, Entry, LedgerTerms, Lifted, Then};
use crate::policy::{Enforcement, IMPORTS, POLICY_COMPONENT, Policy, Stage};
use crate::trust::{Keyring, Revoked};
use crate::verdict::{self, Case, ComponentCase, Destination, Terms};

/// All certificates of a commit by a policy, newest first, with the keys that the policy asks for.
///
/// # Errors
///
/// Keys and certificates that cannot be read.
pub(crate) fn ledger_at(
    repository: &Repository,
    tip: &ObjectId,
    policy: &Policy,
) -> Result<(Keyring, Vec<Entry>), Undecided> {
    let keyring = keyring_at(repository, &Snapshot::Commit(tip.clone()), policy)?;
    let pasts = Pasts::new(repository, &keyring);
    let then = |landing: &_| pasts.before(landing);
    let entries = ledger::all(repository, &LedgerTerms::of(policy, &keyring, &then), tip)?;
    Ok((keyring, entries))
}

/// A policy with its keys, as it was.
struct Past {
    keyring: Keyring,
    terms: Terms,
    components: Vec<ComponentCase>,
}

impl Then for Past {
    fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    fn lifts(&self, entries: &[Entry]) -> Lifted {
        verdict::lifts(&of_ledger(
            self.terms.clone(),
            self.components.clone(),
            entries.to_vec(),
        ))
    }
}

/// The bypasses of a ledger that wait for their follow-up.
pub(crate) fn open_bypasses<'e>(policy: &Policy, keyring: &Keyring, entries: &'e [Entry]) -> Vec<&'e Entry> {
    let case = of_ledger(
        terms_of(policy, keyring, Destination::Unprotected),
        Vec::new(),
        entries.to_vec(),
    );
    let open = verdict::open_bypasses(&case);
    open.into_iter().filter_map(|at| entries.get(at)).collect()
}

/// A refusal of a ledger, with what became of it.
pub(crate) struct Refused<'e> {
    /// The refusal.
    pub(crate) entry: &'e Entry,
    /// The approvals that lifted it when they landed, those that lifted all of it first.
    pub(crate) lifts: Vec<LiftEvent<'e>>,
    /// How many more did so in part.
    pub(crate) more: usize,
}

/// That an approval lifted a refusal when it landed.
pub(crate) struct LiftEvent<'e> {
    /// The approval's path when it landed.
    pub(crate) by: &'e RepoPath,
    pub(crate) id: Option<&'e str>,
    pub(crate) agent: Option<&'e str>,
    /// True where it lifted all of the refusal.
    pub(crate) whole: bool,
    /// The branches that it is bound to; empty: any.
    pub(crate) targets: &'e [String],
    /// The commit in which it landed, and when.
    pub(crate) commit: &'e ObjectId,
    pub(crate) time: i64,
    /// True where the approval was revoked since.
    pub(crate) revoked: bool,
}

/// Most approvals that are listed of those that lifted a refusal in part.
const MOST_IN_PART: usize = 20;

/// The refusals of a ledger, in its order: history is not one of them.
pub(crate) fn refusals<'e>(policy: &Policy, keyring: &Keyring, entries: &'e [Entry]) -> Vec<Refused<'e>> {
    let case = of_ledger(
        terms_of(policy, keyring, Destination::Unprotected),
        Vec::new(),
        entries.to_vec(),
    );
    let undone = verdict::undone(&case);
    let history = |entry: &Entry| {
        let since = policy.since;
        since.is_some_and(|since| entry.moment().is_some_and(|moment| moment < since))
    };
    let refuses = |entry: &Entry| {
        let class = entry.certificate.status.map(|status| policy.class(status));
        class.is_some_and(Class::refuses) && !history(entry)
    };
    let mut of_agent: BTreeMap<&str, Vec<(usize, &Entry)>> = BTreeMap::new();
    for (index, entry) in entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| !entry.effects.is_empty())
    {
        let agent = entry.certificate.agent.as_deref().unwrap_or_default();
        of_agent.entry(agent).or_default().push((index, entry));
    }
    let refusals = entries.iter().enumerate().filter(|(_, entry)| refuses(entry));
    refusals
        .map(|(index, entry)| {
            let whole = entry.lifts.iter().enumerate().map(|(at, lift)| LiftEvent {
                by: &lift.path,
                id: lift.id.as_deref(),
                agent: lift.agent.as_deref(),
                whole: true,
                targets: &lift.targets,
                commit: &lift.commit,
                time: lift.time,
                revoked: undone.lifts.contains(&(index, at)),
            });
            let mut lifts: Vec<LiftEvent<'_>> = whole.collect();
            let agent = entry.certificate.agent.as_deref().unwrap_or_default();
            let own = of_agent.get(agent).filter(|_| !agent.is_empty() && lifts.is_empty());
            let mut in_part = own
                .into_iter()
                .flatten()
                .filter(|(_, approval)| approval.place.follows(&entry.place))
                .filter_map(|(at, approval)| in_part(entry, approval, undone.effects.contains(at)));
            lifts.extend(in_part.by_ref().take(MOST_IN_PART));
            let more = in_part.count();
            Refused { entry, lifts, more }
        })
        .collect()
}

/// What an approval of the same agent that counted when it landed lifted of a refusal.
fn in_part<'e>(refusal: &Entry, approval: &'e Entry, revoked: bool) -> Option<LiftEvent<'e>> {
    let certificate = &approval.certificate;
    let (listed, targets) = match &certificate.subject {
        SubjectField::Present(subject) => (subject.files.as_slice(), subject.targets.as_slice()),
        _ => (&[][..], &[][..]),
    };
    let let_in = approval.effects.iter().flat_map(|effect| &effect.content);
    let shares = match &refusal.certificate.subject {
        SubjectField::Present(subject) => {
            let mut files = listed.iter().chain(let_in);
            files.any(|file| subject.state_of(&file.path) == Some(&file.state))
        }
        _ => true,
    };
    let effect = approval.effects.first().filter(|_| shares)?;
    Some(LiftEvent {
        by: &certificate.path,
        id: certificate.id.as_deref(),
        agent: certificate.agent.as_deref(),
        whole: false,
        targets,
        commit: &effect.commit,
        time: effect.time,
        revoked,
    })
}

/// A question about a ledger alone: nothing changes.
pub(super) fn of_ledger(terms: Terms, gated: Vec<ComponentCase>, ledger: Vec<Entry>) -> Case {
    Case {
        stage: Stage::Merge,
        enforcement: Enforcement::Block,
        terms,
        gated,
        ledger,
        violations: Vec::new(),
        policy_faults: Vec::new(),
        only_certificates: false,
        adoption: false,
        wrong_claims: std::collections::BTreeMap::new(),
        unsupported: std::collections::BTreeMap::new(),
        measurements: verdict::Measurements::default(),
        evidence_faults: Vec::new(),
        now: Timestamp::now(),
    }
}

/// The policy, the signers and the revoked keys, as files.
type Files = Vec<Option<ObjectId>>;

/// Finds what was in force before each landing. Files that are the same are read once.
pub(crate) struct Pasts<'r> {
    repository: &'r Repository,
    /// What is revoked now was never good.
    revoked: Revoked,
    known: RefCell<HashMap<Files, Option<Rc<Past>>>>,
}

impl<'r> Pasts<'r> {
    pub(crate) fn new(repository: &'r Repository, keyring: &Keyring) -> Self {
        Self {
            repository,
            revoked: keyring.revoked.clone(),
            known: RefCell::default(),
        }
    }

    /// `None` where there was no policy that can be read, and then nothing was lifted.
    pub(crate) fn before(&self, landing: &Landing) -> Option<Rc<dyn Then>> {
        // The landing that adds the first policy is judged by that.
        let by_parent = landing.parents.first().and_then(|parent| self.at(parent).transpose());
        let past = match by_parent {
            Some(found) => found.ok()?,
            None => self.at(&landing.commit).ok()??,
        };
        if !past.terms.independence {
            return Some(past);
        }
        // Who had a hand in what came with it: its own certificates apart.
        let parent = landing.parents.first()?;
        let files = self
            .repository
            .range(&Snapshot::Commit(parent.clone()), &landing.commit)
            .ok()?;
        let own: BTreeSet<&RepoPath> = landing.files.iter().map(|file| &file.path).collect();
        let paths: Vec<&RepoPath> = files
            .iter()
            .map(|file| &file.path)
            .filter(|path| !own.contains(path))
            .collect();
        let authors = authors_of_landing(self.repository, (parent, &landing.commit), &paths).ok()?;
        let components = past.components.iter().cloned().map(|component| ComponentCase {
            authors: authors.clone(),
            ..component
        });
        Some(Rc::new(Past {
            keyring: past.keyring.clone(),
            terms: past.terms.clone(),
            components: components.collect(),
        }))
    }

    /// What a commit holds; `Err` where it cannot be read.
    fn at(&self, commit: &ObjectId) -> Result<Option<Rc<Past>>, ()> {
        let at = Snapshot::Commit(commit.clone());
        let mut key = Vec::new();
        for path in [policy_path(), RepoPath::from(SIGNERS), RepoPath::from(REVOKED)] {
            key.push(self.repository.entry(&at, &path).map_err(|_| ())?.map(|entry| entry.id));
        }
        let copies = self.repository.subtree_id(commit, IMPORTS.as_bytes());
        key.push(copies.map_err(|_| ())?);
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone().map(Some).ok_or(()).or_else(|()| self.read_anew(&key));
        }
        let read = self.read(&at);
        let known = read.as_ref().ok().cloned().flatten();
        self.known.borrow_mut().insert(key, known);
        read
    }

    /// No policy at all is known by its key; anything else that is not there could not be read.
    fn read_anew(&self, key: &[Option<ObjectId>]) -> Result<Option<Rc<Past>>, ()> {
        match key.first() {
            Some(None) => Ok(None),
            _ => Err(()),
        }
    }

    fn read(&self, at: &Snapshot) -> Result<Option<Rc<Past>>, ()> {
        let Some(policy) = policy_at(self.repository, at).map_err(|_| ())? else {
            return Ok(None);
        };
        let mut keyring = keyring_at(self.repository, at, &policy).map_err(|_| ())?;
        keyring.revoked = self.revoked.clone();
        Ok(Some(Rc::new(Past {
            // A lift keeps the branches that it is bound to, and counts for those alone.
            terms: terms_of(&policy, &keyring, Destination::Unprotected),
            components: components(&policy),
            keyring,
        })))
    }
}

/// Every component of a policy, with nothing gated.
fn components(policy: &Policy) -> Vec<ComponentCase> {
    let ids = policy.components.iter().map(|component| component.id.as_str());
    ids.chain([POLICY_COMPONENT])
        .map(|id| component_case(policy, id))
        .collect()
}
