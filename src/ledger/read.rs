//! Reads the ledger that a change is judged by: the base's certificates and those that the change adds.

use std::collections::{BTreeMap, BTreeSet};

use super::cache::{self, Cache, CacheKey, Need};
use super::document::{check, is_armour, parse, signature_path, signed_by};
use super::landed::{Chain, ThenAt};
use super::moves::moves;
use super::place::{Unknown, within};
use super::record::{Record, refuses};
use super::{Entry, LedgerError, Violation};
use crate::certificate::{Class, Status};
use crate::change::{Change, FileChange, Mode, ObjectId, RepoPath, Snapshot, TreeEntry as At};
use crate::git::Repository;
use crate::policy::{GlobList, Policy};
use crate::progress::{self, Room, Work};
use crate::trust::{Keyring, SIGNATURE_SUFFIX};

/// Which ledger: the branch that holds it, and by what it is read.
#[derive(Clone, Copy)]
pub(crate) struct LedgerTerms<'a> {
    /// Which paths are certificates.
    pub certificates: &'a GlobList,
    /// Certificates dated before it are history; the append-only rule does not hold for them.
    pub since: Option<jiff::Timestamp>,
    /// The keys that signatures are checked with, and what the policy asks of them.
    pub keyring: &'a Keyring,
    /// Statuses that the policy moves to a stricter class.
    pub classes: &'a BTreeMap<Status, Class>,
    /// What was in force where the certificates landed.
    pub then: ThenAt<'a>,
}

impl<'a> LedgerTerms<'a> {
    /// The ledger as a policy has it.
    pub(crate) fn of(policy: &'a Policy, keyring: &'a Keyring, then: ThenAt<'a>) -> Self {
        Self {
            certificates: &policy.certificates,
            since: policy.since,
            keyring,
            classes: &policy.classes,
            then,
        }
    }
}

/// What to read.
pub(crate) struct Query<'a> {
    /// By what.
    pub terms: LedgerTerms<'a>,
    /// The target's tip (HEAD at the commit stages): all of its ledger counts.
    pub tip: Option<&'a ObjectId>,
    /// What is judged.
    pub change: &'a Change,
    /// The commits that the change is made of: those not to look at, and the heads.
    pub range: Option<(&'a [ObjectId], &'a [ObjectId])>,
    /// Folded names of the components in question; certificates on others are left out, but for what stops the line.
    pub components: &'a BTreeSet<String>,
    /// The gated paths: of the base's approvals only those that list one of them need be read.
    pub paths: &'a BTreeSet<RepoPath>,
    /// The clock: a key must be valid when the change that adds the signature is judged, too.
    pub now: jiff::Timestamp,
    /// Files of the change that are evidence of certificates.
    pub evidence: &'a BTreeSet<RepoPath>,
    /// True where the policy lets other approvals bear on the question (binding `component`).
    pub whole: bool,
}

/// The certificates that bear on a change.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// Those of the base that bear on the components in question, and those that the change adds.
    pub entries: Vec<Entry>,
    /// The rules that it breaks.
    pub violations: Vec<Violation>,
    /// True where the change does nothing but add valid certificates and their signatures.
    pub only_certificates: bool,
}

impl LedgerTerms<'_> {
    /// Whether a status refuses under the policy.
    fn refuses(&self, status: Status) -> bool {
        refuses(status) || self.classes.get(&status).is_some_and(|class| class.refuses())
    }

    /// The statuses that stop the line under the policy.
    fn stopping(&self) -> Vec<Status> {
        let stops = |status: &Status| {
            let moved = self.classes.get(status).copied();
            status.class() == Class::Stop || moved == Some(Class::Stop)
        };
        Status::ALL.iter().copied().filter(stops).collect()
    }
}

/// Reads what the change does to the ledger, and opens the base's.
///
/// # Errors
///
/// Any object that cannot be read: half a ledger does not count.
pub(crate) fn read(repository: &Repository, query: &Query<'_>) -> Result<Ledger, LedgerError> {
    let _timed = progress::enter(Room::Ledger);
    let terms = &query.terms;
    let moves = moves(
        repository,
        terms.certificates,
        terms.since,
        &query.change.files,
        &query.change.head,
    )?;
    let mut violations = moves.violations;
    let mut added = Vec::new();
    let mut only_certificates = !query.change.files.is_empty();
    for file in &query.change.files {
        if !terms.certificates.matches(file.path.as_bytes()) {
            let evidence = file.before().is_none() && query.evidence.contains(&file.path);
            only_certificates = only_certificates && (evidence || adds_signature(repository, query, file)?);
            continue;
        }
        only_certificates = only_certificates && file.before().is_none();
        let Some(after) = file.after() else { continue };
        // One that stays or moves, or that the target has already, is no new one.
        let stays = file.before().is_some_and(|before| {
            before.id == after.id && (before.mode == Mode::Symlink) == (after.mode == Mode::Symlink)
        });
        let there = match query.tip {
            Some(tip) if !stays => repository.entry(&Snapshot::Commit(tip.clone()), &file.path)?,
            _ => None,
        };
        if stays || moves.moved.contains_key(&file.path) || there.is_some_and(|entry| entry.id == after.id) {
            continue;
        }
        let parsed = parse(repository, &file.path, after.mode, &after.id)?;
        only_certificates = only_certificates && parsed.is_valid();
        let at = [parsed.certificate().date.unwrap_or(query.now), query.now];
        let signature = match terms.keyring.asks() {
            true => repository.entry(&query.change.head, &signature_path(&file.path))?,
            false => None,
        };
        let checked = check(repository, &parsed, signature.as_ref(), terms.keyring, &at)?;
        added.push(parsed.into_entry(after.id.clone(), checked));
    }
    order(repository, query, &mut added)?;
    let mut entries = Vec::new();
    let mut ids = Vec::new();
    if let Some(tip) = query.tip {
        let mut wanted = query.components.clone();
        wanted.extend(added.iter().flat_map(Entry::component_names));
        let stopping = terms.stopping();
        // A status that refuses under the policy alone may be answered by any approval, and what supersedes an approval of the base may
        // revive a refusal that it had settled.
        let moved = terms.classes.keys().any(|&status| !refuses(status));
        let whole = query.whole || moved || added.iter().any(|entry| !entry.certificate.supersedes.is_empty());
        let need = Need {
            paths: query.paths,
            whole,
        };
        let asks_ids = added.iter().any(|entry| entry.certificate.id.is_some());
        let components = |base: &Cache| -> BTreeSet<String> {
            wanted.iter().cloned().chain(base.components_of(&stopping)).collect()
        };
        let idle = |base: &Cache| components(base).is_empty() && base.all_have_components();
        let (records, taken) = with_base(repository, terms, tip, &idle, |base| {
            Some((
                base.load(&components(base), need)?,
                if asks_ids { base.ids()? } else { Vec::new() },
            ))
        })?;
        ids = taken;
        entries.extend(records.into_iter().map(Record::into_entry));
    }
    violations.extend(duplicate_ids(&added, ids));
    entries.append(&mut added);
    Ok(Ledger {
        entries,
        violations,
        only_certificates,
    })
}

/// Whether a file that is no certificate is the new signature of one that is beside it.
fn adds_signature(repository: &Repository, query: &Query<'_>, file: &FileChange) -> Result<bool, LedgerError> {
    let (None, Some(after), Some(beside)) = (
        file.before(),
        file.after(),
        signed_by(query.terms.certificates, &file.path),
    ) else {
        return Ok(false);
    };
    Ok(repository.holds_file(&query.change.head, &beside)? && is_armour(repository, after)?)
}

/// Gives what the change adds its places, as far as they make a difference.
fn order(repository: &Repository, query: &Query<'_>, added: &mut [Entry]) -> Result<(), LedgerError> {
    let approving: Vec<bool> = added.iter().map(|entry| entry.certificate.approves()).collect();
    if !approving.contains(&true) || !approving.contains(&false) {
        return Ok(());
    }
    let Some((excluded, heads)) = query.range else {
        // All in the one commit that is being made; or who knows, and then no approval is later than a refusal.
        return Ok(());
    };
    let wanted: Vec<(&RepoPath, &ObjectId)> = added
        .iter()
        .map(|entry| (&entry.certificate.path, &entry.blob))
        .collect();
    let order = repository.order_of(excluded, heads, &wanted)?;
    let unknown = match query.change.head {
        Snapshot::Index => Unknown::InTheMaking,
        _ => Unknown::Lost,
    };
    let places = within(&order, &approving, unknown);
    for (entry, place) in added.iter_mut().zip(places) {
        entry.place = place;
    }
    Ok(())
}

/// Every certificate at a commit, newest first, for `status`, `log`, `show` and `lint`.
///
/// # Errors
///
/// As [`read`].
pub(crate) fn all(repository: &Repository, terms: &LedgerTerms<'_>, tip: &ObjectId) -> Result<Vec<Entry>, LedgerError> {
    let mut entries: Vec<Entry> = with_base(repository, terms, tip, &|_| false, |base| base.load_all())?
        .into_iter()
        .map(Record::into_entry)
        .collect();
    // Within one commit a refusal comes after an approval; beyond that the claimed moment and the path only make the list stable.
    let rank = |entry: &Entry| {
        let (approves, moment) = (entry.certificate.approves(), entry.moment());
        (entry.place.key(), !approves, moment, entry.certificate.path.clone())
    };
    entries.sort_by_cached_key(|entry| std::cmp::Reverse(rank(entry)));
    Ok(entries)
}

/// Asks the ledger of a commit: from the cache where its trees and its chain are known and it is complete, else from the objects. A question
/// that is `idle` needs no certificate, and no history either.
fn with_base<T>(
    repository: &Repository,
    terms: &LedgerTerms<'_>,
    tip: &ObjectId,
    idle: &dyn Fn(&Cache) -> bool,
    mut ask: impl FnMut(&Cache) -> Option<T>,
) -> Result<T, LedgerError> {
    let (certificates, keyring) = (terms.certificates, terms.keyring);
    let prefixes = certificates.literal_prefixes();
    let mut trees = Vec::with_capacity(prefixes.len());
    for prefix in &prefixes {
        trees.push((prefix.clone(), repository.subtree_id(tip, prefix)?));
    }
    let refusing: Vec<Status> = Status::ALL
        .iter()
        .copied()
        .filter(|&status| terms.refuses(status))
        .collect();
    let key = CacheKey::new(certificates.iter(), &trees, keyring, &refusing);
    let home = cache::home(&repository.kept_in().join("certgate").join("ledger"));
    if let Some(cache) = Cache::open(&home, &key)
        && (idle(&cache) || is_of_chain(repository, certificates, &prefixes, tip, &cache)?)
        && let Some(answer) = ask(&cache)
    {
        return Ok(answer);
    }
    let mut known = Cache::newest(&home);
    let mut records = Vec::new();
    let mut listed = repository.list(&Snapshot::Commit(tip.clone()), &prefixes)?;
    let mut signatures: BTreeMap<RepoPath, At> = BTreeMap::new();
    if keyring.asks() {
        let signed = |(path, _): &(RepoPath, At)| path.as_bytes().ends_with(SIGNATURE_SUFFIX.as_bytes());
        signatures.extend(listed.iter().filter(|entry| signed(entry)).cloned());
    }
    listed.retain(|(path, _)| certificates.matches(path.as_bytes()));
    let _reading = progress::begin(Work::Ledger, listed.len());
    for (path, at) in listed {
        progress::step();
        let signature = signatures.get(&signature_path(&path));
        let same = |record: &&Record| {
            at.mode != Mode::Symlink && record.is_checked(signature.map(|entry| &entry.id), &keyring.keys)
        };
        records.push(match known.records.get(&(path.clone(), at.id.clone())).filter(same) {
            Some(record) => record.clone().judged(&keyring.demands),
            None => {
                let document = parse(repository, &path, at.mode, &at.id)?;
                let moments: Vec<jiff::Timestamp> = document.certificate().date.into_iter().collect();
                let checked = check(repository, &document, signature, keyring, &moments)?;
                document.into_record(at.id, checked)
            }
        });
    }
    let chain = Chain {
        repository,
        certificates,
        prefixes: &prefixes,
        tip,
        keyring,
        then: terms.then,
        refuses: &|status| terms.refuses(status),
    };
    let landings = chain.place(&mut records, &known)?;
    known.records.clear();
    // What a push adds that may yet be refused is not kept.
    let home = (!repository.is_quarantined(tip)?).then_some(home.as_path());
    let cache = Cache::create(home, &key, tip, (records, landings), &|status| terms.refuses(status));
    ask(&cache).ok_or(LedgerError::Cache)
}

/// Whether the certificates of a commit landed where a cache of the same trees has it: found out from the newest commits of its chain alone.
fn is_of_chain(
    repository: &Repository,
    certificates: &GlobList,
    prefixes: &[Vec<u8>],
    tip: &ObjectId,
    cache: &Cache,
) -> Result<bool, LedgerError> {
    let Some(newest) = cache.newest_landing() else {
        return Ok(true);
    };
    let tips = cache.tips();
    if tips.first() == Some(tip) || tips.contains(tip) {
        return Ok(true);
    }
    let mut same = false;
    repository.first_parents(tip, prefixes, |landing| {
        let ours = landing
            .files
            .iter()
            .any(|file| certificates.matches(file.path.as_bytes()));
        same = landing.commit == *newest || tips.contains(&landing.commit);
        Ok::<_, LedgerError>(!same && !ours)
    })?;
    if same {
        cache.add_tip(tips, tip);
    }
    Ok(same)
}

fn duplicate_ids(added: &[Entry], base: Vec<(String, RepoPath)>) -> Vec<Violation> {
    let mut seen: BTreeMap<String, RepoPath> = base.into_iter().collect();
    let with_id: Vec<(&Entry, &String)> = added
        .iter()
        .filter_map(|e| e.certificate.id.as_ref().map(|id| (e, id)))
        .collect();
    let mut violations = Vec::new();
    for (entry, id) in with_id {
        let path = entry.certificate.path.clone();
        match seen.get(id) {
            Some(taken_by) if *taken_by != path => {
                violations.push(Violation::DuplicateId {
                    path,
                    id: id.clone(),
                    taken_by: taken_by.clone(),
                });
            }
            _ => {
                seen.insert(id.clone(), path);
            }
        }
    }
    violations
}
