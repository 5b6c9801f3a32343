//! Reads the ledger that a change is judged by: the base's certificates and those that the change adds.

use std::collections::{BTreeMap, BTreeSet};

use super::cache::{Cache, CacheKey, Need};
use super::record::{Checked, Record};
use super::{Entry, Origin, Violation};
use crate::certificate::{self, Certificate, MAX_BYTES, Parsed};
use crate::change::{Change, Entry as At, FileChange, Mode, ObjectId, RepoPath, Snapshot};
use crate::diagnostic::Level;
use crate::git::{Blob, GitError, Repository};
use crate::policy::GlobList;
use crate::progress::{self, Count, Room, Work};
use crate::trust::{HashCheck, Keyring, MAX_SIGNATURE, SIGNATURE_SUFFIX, SignatureCheck, check_hash};

/// What to read.
#[derive(Debug)]
pub struct Query<'a> {
    /// Which paths are certificates.
    pub certificates: &'a GlobList,
    /// The target's tip (HEAD at the commit stages): its ledger counts whole.
    pub tip: Option<&'a ObjectId>,
    /// What is judged.
    pub change: &'a Change,
    /// Certificates dated before it are history; the append-only rule does not hold for them.
    pub since: Option<jiff::Timestamp>,
    /// Folded names of the components in question; certificates on others are left out, but for emergency stops.
    pub components: &'a BTreeSet<String>,
    /// The gated paths: of the base's approvals only those that list one of them need be read.
    pub paths: &'a BTreeSet<RepoPath>,
    /// The keys that signatures are checked with, and what the policy asks of them.
    pub keyring: &'a Keyring,
    /// The clock: a key must be valid when the change that brings the signature is judged, too.
    pub now: jiff::Timestamp,
    /// True where the policy lets other approvals bear on the question (binding `component`, statuses moved to another class).
    pub whole: bool,
}

/// The certificates that bear on a change.
#[derive(Debug)]
pub struct Ledger {
    /// Those of the base that bear on the components in question, and those that the change adds.
    pub entries: Vec<Entry>,
    /// The rules that it breaks.
    pub violations: Vec<Violation>,
    /// True where the change does nothing but add valid certificates and signatures beside certificates.
    pub only_certificates: bool,
}

/// Why the ledger cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The repository could not be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A ledger that was just read gave no answer.
    #[error("the ledger gave no answer")]
    Cache,
}

/// Reads what the change does to the ledger, and opens the base's.
///
/// # Errors
///
/// Any object that cannot be read: half a ledger is none.
pub fn read(repository: &Repository, query: &Query<'_>) -> Result<Ledger, LedgerError> {
    let _timed = progress::enter(Room::Ledger);
    let (mut added, mut violations) = (Vec::new(), Vec::new());
    let mut only_certificates = !query.change.files.is_empty();
    let touched: Vec<&FileChange> = query
        .change
        .files
        .iter()
        .filter(|file| query.certificates.matches(file.path.as_bytes()))
        .collect();
    let signatures: Vec<&FileChange> = query
        .change
        .files
        .iter()
        .filter(|file| is_signature(query.certificates, &file.path))
        .collect();
    let gone: BTreeSet<&ObjectId> = touched
        .iter()
        .filter(|f| f.after().is_none())
        .filter_map(|f| f.before())
        .map(|e| &e.id)
        .collect();
    let arrived: BTreeSet<&ObjectId> = touched
        .iter()
        .chain(&signatures)
        .filter(|f| f.before().is_none())
        .filter_map(|f| f.after())
        .map(|e| &e.id)
        .collect();
    for file in &touched {
        match (file.before(), file.after()) {
            (before, Some(after)) => {
                if let Some(before) = before {
                    let kept = before.id == after.id && (before.mode == Mode::Symlink) == (after.mode == Mode::Symlink);
                    only_certificates = false;
                    if kept {
                        continue;
                    }
                    if !is_history(repository, query, file)? {
                        violations.push(Violation::Modified(file.path.clone()));
                    }
                }
                let moved = before.is_none() && gone.contains(&after.id);
                let there = match query.tip {
                    Some(tip) => repository.entry(&Snapshot::Commit(tip.clone()), &file.path)?,
                    None => None,
                };
                if moved || there.as_ref().is_some_and(|entry| entry.id == after.id) {
                    continue;
                }
                let parsed = parse(repository, &file.path, after.mode, &after.id)?;
                only_certificates &= parsed.is_valid();
                let at = [parsed.certificate().date.unwrap_or(query.now), query.now];
                let signature = match query.keyring.asks() {
                    true => repository.entry(&query.change.head, &signature_path(&file.path))?,
                    false => None,
                };
                let checked = check(repository, &parsed, signature.as_ref(), query.keyring, &at)?;
                added.push(parsed.into_entry(after.id.clone(), checked));
            }
            (Some(before), None) => {
                only_certificates = false;
                if !arrived.contains(&before.id) && !is_history(repository, query, file)? {
                    violations.push(Violation::Deleted(file.path.clone()));
                }
            }
            (None, None) => {}
        }
    }
    for file in signatures {
        match (file.before(), file.after()) {
            (Some(before), Some(after)) if before.id != after.id => {
                violations.push(Violation::Modified(file.path.clone()));
            }
            (Some(before), None) if !arrived.contains(&before.id) => {
                violations.push(Violation::Deleted(file.path.clone()));
            }
            _ => {}
        }
    }
    only_certificates &= query.change.files.iter().all(|file| {
        file.before().is_none()
            && (query.certificates.matches(file.path.as_bytes()) || is_signature(query.certificates, &file.path))
    });
    let mut entries = Vec::new();
    if let Some(tip) = query.tip {
        let mut wanted = query.components.clone();
        wanted.extend(added.iter().flat_map(Entry::component_names));
        // What supersedes an approval of the base may bring back a refusal that it had settled.
        let whole = query.whole || added.iter().any(|entry| !entry.certificate.supersedes.is_empty());
        let need = Need {
            paths: query.paths,
            whole,
        };
        let asks_ids = added.iter().any(|entry| entry.certificate.id.is_some());
        let (records, ids) = with_base(repository, query.certificates, tip, query.keyring, |base| {
            wanted.extend(base.stop_components());
            Some((
                base.load(&wanted, need)?,
                if asks_ids { base.ids()? } else { Vec::new() },
            ))
        })?;
        violations.extend(duplicate_ids(&added, ids));
        entries.extend(records.into_iter().map(Record::into_entry));
    } else {
        violations.extend(duplicate_ids(&added, Vec::new()));
    }
    entries.append(&mut added);
    Ok(Ledger {
        entries,
        violations,
        only_certificates,
    })
}

/// Every certificate at a commit, sorted by path, for `status`, `log`, `show` and `lint`.
///
/// # Errors
///
/// As [`read`].
pub fn all(
    repository: &Repository,
    certificates: &GlobList,
    tip: &ObjectId,
    keyring: &Keyring,
) -> Result<Vec<Entry>, LedgerError> {
    let mut entries: Vec<Entry> = with_base(repository, certificates, tip, keyring, |base| base.load_all())?
        .into_iter()
        .map(Record::into_entry)
        .collect();
    entries.sort_by(|a, b| a.certificate.path.cmp(&b.certificate.path));
    Ok(entries)
}

/// Asks the ledger of a commit: from the cache where its trees are known and it is whole, else from the objects.
fn with_base<T>(
    repository: &Repository,
    certificates: &GlobList,
    tip: &ObjectId,
    keyring: &Keyring,
    mut ask: impl FnMut(&Cache) -> Option<T>,
) -> Result<T, LedgerError> {
    let prefixes = certificates.literal_prefixes();
    let mut trees = Vec::with_capacity(prefixes.len());
    for prefix in &prefixes {
        trees.push((prefix.clone(), repository.subtree_id(tip, prefix)?));
    }
    let key = CacheKey::new(certificates.iter(), &trees, keyring);
    let home = repository.common_dir().join("certgate").join("ledger");
    if let Some(answer) = Cache::open(&home, &key).and_then(|cache| ask(&cache)) {
        return Ok(answer);
    }
    let mut known: BTreeMap<(RepoPath, ObjectId), Record> = Cache::newest_records(&home)
        .into_iter()
        .map(|record| ((record.key().0.clone(), record.key().1.clone()), record))
        .collect();
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
        let same = |record: &Record| {
            at.mode != Mode::Symlink && record.is_checked(signature.map(|entry| &entry.id), &keyring.keys)
        };
        records.push(match known.remove(&(path.clone(), at.id.clone())).filter(same) {
            Some(record) => record.judged(&keyring.demands),
            None => {
                let document = parse(repository, &path, at.mode, &at.id)?;
                let moments: Vec<jiff::Timestamp> = document.certificate().date.into_iter().collect();
                let checked = check(repository, &document, signature, keyring, &moments)?;
                document.into_record(at.id, checked)
            }
        });
    }
    // What a push brings that may yet be refused is not kept.
    let home = (!repository.is_quarantined(tip)?).then_some(home.as_path());
    ask(&Cache::create(home, &key, records)).ok_or(LedgerError::Cache)
}

/// A document that was read: what it says, whether its hash is right, and its bytes.
pub(super) struct Document {
    parsed: Parsed,
    hash: HashCheck,
    bytes: Vec<u8>,
}

impl Document {
    fn unread(parsed: Parsed) -> Self {
        Self {
            parsed,
            hash: HashCheck::Absent,
            bytes: Vec::new(),
        }
    }

    pub(super) fn certificate(&self) -> &Certificate {
        &self.parsed.certificate
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn is_valid(&self) -> bool {
        certificate::is_valid(&self.parsed) && !self.parsed.findings.iter().any(|f| f.level() == Level::Error)
    }

    fn into_record(self, blob: ObjectId, checked: Checked) -> Record {
        Record::new(self.parsed.certificate, blob, self.hash, checked)
    }

    /// As the change adds it.
    fn into_entry(self, blob: ObjectId, checked: Checked) -> Entry {
        Entry {
            certificate: self.parsed.certificate,
            origin: Origin::Added,
            blob,
            hash: self.hash,
            signature: checked.check,
            trusted: checked.trusted,
            carried: BTreeSet::new(),
            findings: self.parsed.findings,
        }
    }
}

pub(super) fn parse(
    repository: &Repository,
    path: &RepoPath,
    mode: Mode,
    id: &ObjectId,
) -> Result<Document, LedgerError> {
    if !matches!(mode, Mode::Regular | Mode::Executable) {
        // A symlink's content is a path and a submodule's a commit: neither is a document.
        return Ok(Document::unread(certificate::not_a_file(path)));
    }
    Ok(match repository.blob(id, MAX_BYTES)? {
        Blob::Content(bytes) => {
            progress::count(Count::CertificatesRead, 1);
            let parsed = certificate::parse(path, &bytes);
            let hash = check_hash(&bytes, &parsed.certificate);
            Document { parsed, hash, bytes }
        }
        Blob::TooLarge { size } => Document::unread(certificate::too_large(path, size)),
    })
}

/// Where the signature of a certificate stands: `X.md.sig` beside `X.md`.
pub fn signature_path(certificate: &RepoPath) -> RepoPath {
    RepoPath::new([certificate.as_bytes(), SIGNATURE_SUFFIX.as_bytes()].concat())
}

/// Checks the signature that stands beside a document, at all of the moments.
fn check(
    repository: &Repository,
    document: &Document,
    signature: Option<&At>,
    keyring: &Keyring,
    at: &[jiff::Timestamp],
) -> Result<Checked, LedgerError> {
    let blob = signature.map(|entry| entry.id.clone());
    let bytes = match signature {
        Some(entry) if !matches!(entry.mode, Mode::Regular | Mode::Executable) => Some(Vec::new()),
        Some(entry) => match repository.blob(&entry.id, MAX_SIGNATURE)? {
            Blob::Content(bytes) => Some(bytes),
            Blob::TooLarge { .. } => Some(Vec::new()),
        },
        None => None,
    };
    let check: SignatureCheck = keyring.check(&document.bytes, bytes.as_deref(), at);
    let trusted = keyring.demands.doubt(document.certificate(), &check).is_none();
    Ok(Checked {
        check,
        blob,
        keys: keyring.keys,
        trusted,
    })
}

fn is_history(repository: &Repository, query: &Query<'_>, file: &FileChange) -> Result<bool, LedgerError> {
    let (Some(since), Some(before)) = (query.since, file.before()) else {
        return Ok(false);
    };
    let document = parse(repository, &file.path, before.mode, &before.id)?;
    Ok(super::record::moment(document.certificate()).is_some_and(|moment| moment < since))
}

pub(super) fn is_signature(certificates: &GlobList, path: &RepoPath) -> bool {
    path.as_bytes()
        .strip_suffix(SIGNATURE_SUFFIX.as_bytes())
        .is_some_and(|document| certificates.matches(document))
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
