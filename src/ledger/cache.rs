//! The base's ledger, kept on disk so that a hook need not read every certificate at every commit.
//!
//! A cache is a folder `$GIT_COMMON_DIR/certgate/ledger/FORM/KEY/`, where FORM names the form of a record and the version of certgate (what
//! another form or version wrote is never read), and KEY is a digest of everything that the content depends on: the certificate globs, the
//! ids of the trees they reach into, the keys and demands that signatures are held against, and which statuses refuse. It is written once,
//! under another name, and renamed; only `tips` is ever changed. What cannot be read is made again and put in its place, and what cannot be
//! written is done without.
//!
//! The places in a ledger depend on the branch, too: `landings` names the commits that added the certificates, oldest first, and `tips`
//! some commits whose first-parent chain is known to have exactly these.
//!
//! Further files: `index` (which components are in which shard, the components by status, the certificates without a component), `ids`
//! (sorted), and one shard a component, so that a question about one component reads only that. See [`super::shard`] for what a shard
//! holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::landed::Known;
use super::record::Record;
use super::shard::{Shard, load, store};
use crate::certificate::Status;
use crate::change::{ObjectId, RepoPath, hex};
use crate::trust::Keyring;

/// Grows when the form of a record, the reading of a certificate or the choice of what is always read changes.
const FORM: &str = "10";

/// How many tips of one chain are remembered.
const TIPS: usize = 64;

/// The folder of this form and version, below the folder of all.
pub(super) fn home(ledgers: &Path) -> PathBuf {
    ledgers.join(format!("{FORM}-{}", env!("CARGO_PKG_VERSION")))
}

/// Names the content that a cache would hold.
pub(super) struct CacheKey(String);

impl CacheKey {
    pub(super) fn new<'g>(
        patterns: impl Iterator<Item = &'g str>,
        trees: &[(Vec<u8>, Option<ObjectId>)],
        keyring: &Keyring,
        refusing: &[Status],
    ) -> Self {
        let mut hash = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        add(FORM.as_bytes());
        add(env!("CARGO_PKG_VERSION").as_bytes());
        add(&keyring.fingerprint());
        refusing.iter().for_each(|status| add(status.as_str().as_bytes()));
        add(b"");
        patterns.for_each(|pattern| add(pattern.as_bytes()));
        for (prefix, tree) in trees {
            add(prefix);
            add(tree.as_ref().map(ObjectId::as_bytes).unwrap_or_default());
        }
        Self(hex(&hash.finalize()))
    }
}

#[derive(Serialize, Deserialize, Default)]
struct Index {
    /// Folded component name to shard number.
    shards: BTreeMap<String, u32>,
    /// Records without a component.
    loose: Vec<Record>,
    /// Folded components of the certificates that do not approve, by status: which of them stop the line is for the policy to say.
    by_status: BTreeMap<Status, BTreeSet<String>>,
    /// Folded components of the bypasses, whose records every question needs.
    bypasses: BTreeSet<String>,
    /// The newest landing.
    newest: Option<ObjectId>,
    /// Components with a refusal whose state depends on approvals that only a full shard shows.
    unsettled: BTreeSet<String>,
}

/// Which records of a component are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need<'a> {
    /// Paths in question: approvals whose SUBJECT lists none of them are left out.
    pub(super) paths: &'a BTreeSet<RepoPath>,
    /// Leave nothing out.
    pub(super) whole: bool,
}

/// An opened ledger.
pub(super) struct Cache {
    index: Index,
    source: Source,
}

enum Source {
    /// On disk.
    Folder(PathBuf),
    /// Just made (it may be written, or not).
    Memory(Vec<Record>),
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache")
            .field("components", &self.index.shards.len())
            .finish_non_exhaustive()
    }
}

impl Cache {
    /// Opens the cache of that key, if it is there and complete.
    pub(super) fn open(home: &Path, key: &CacheKey) -> Option<Self> {
        let folder = home.join(&key.0);
        let index: Index = load(&folder.join("index"))?;
        Some(Self {
            index,
            source: Source::Folder(folder),
        })
    }

    /// Makes the cache of that key from every record, and keeps it if the disk lets it.
    pub(super) fn create(
        home: Option<&Path>,
        key: &CacheKey,
        tip: &ObjectId,
        (records, landings): (Vec<Record>, Vec<ObjectId>),
        refuses: &dyn Fn(Status) -> bool,
    ) -> Self {
        let mut index = Index {
            newest: landings.last().cloned(),
            ..Index::default()
        };
        for record in &records {
            let components = record.folded_components();
            if let Some(status) = record.status().filter(|status| !status.class().approves()) {
                index
                    .by_status
                    .entry(status)
                    .or_default()
                    .extend(components.iter().cloned());
            }
            if record.certificate.bypass.is_some() {
                index.bypasses.extend(components.iter().cloned());
            }
            if components.is_empty() {
                index.loose.push(record.clone());
            }
            for component in components {
                let next = index.shards.len() as u32;
                index.shards.entry(component).or_insert(next);
            }
        }
        let shards = group(&index, &records);
        for (name, shard) in &index.shards {
            if shards
                .get(shard)
                .is_some_and(|records| super::shard::is_unsettled(records, &index.loose, refuses))
            {
                index.unsettled.insert(name.clone());
            }
        }
        if let Some(home) = home {
            let made = Made {
                index: &index,
                shards: &shards,
                records: &records,
                landings: &landings,
                tip,
            };
            let _kept = keep(home, key, &made);
        }
        Self {
            index,
            source: Source::Memory(records),
        }
    }

    /// The folded names of the components that a certificate of one of these statuses, or a bypass, names.
    pub(super) fn components_of<'s>(&'s self, statuses: &'s [Status]) -> impl Iterator<Item = String> + 's {
        let of_status = statuses.iter().filter_map(|status| self.index.by_status.get(status));
        of_status.flatten().chain(&self.index.bypasses).cloned()
    }

    /// True where no certificate lacks a component.
    pub(super) fn all_have_components(&self) -> bool {
        self.index.loose.is_empty()
    }

    /// The newest landing that it knows of.
    pub(super) fn newest_landing(&self) -> Option<&ObjectId> {
        self.index.newest.as_ref()
    }

    /// Commits whose first-parent chain has exactly its landings.
    pub(super) fn tips(&self) -> Vec<ObjectId> {
        match &self.source {
            Source::Folder(folder) => load(&folder.join("tips")).unwrap_or_default(),
            Source::Memory(..) => Vec::new(),
        }
    }

    /// Remembers that this commit is one of them.
    pub(super) fn add_tip(&self, mut tips: Vec<ObjectId>, tip: &ObjectId) {
        if let Source::Folder(folder) = &self.source {
            tips.insert(0, tip.clone());
            tips.truncate(TIPS);
            let _kept = replace(folder, "tips", &tips);
        }
    }

    /// Every id with the path of its certificate. `None` where the cache is broken.
    pub(super) fn ids(&self) -> Option<Vec<(String, RepoPath)>> {
        match &self.source {
            Source::Memory(records) => Some(ids(records)),
            Source::Folder(folder) => load(&folder.join("ids")),
        }
    }

    /// The records on any of the components that bear on the question, each once, and those without a component. `None` where the
    /// cache is broken: a record that cannot be read may be a refusal.
    pub(super) fn load(&self, components: &BTreeSet<String>, need: Need<'_>) -> Option<Vec<Record>> {
        let mut found: Vec<Record> = match &self.source {
            Source::Memory(records) => {
                let wanted = |record: &&Record| !record.folded_components().is_disjoint(components);
                records.iter().filter(wanted).cloned().collect()
            }
            Source::Folder(folder) => {
                let mut records: Vec<Record> = Vec::new();
                let mut shards = 0;
                for name in components {
                    let Some(shard) = self.index.shards.get(name) else {
                        continue;
                    };
                    let whole = need.whole || self.index.unsettled.contains(name);
                    records.append(&mut Shard::at(folder, *shard).read(need.paths, whole)?);
                    shards += 1;
                }
                if shards > 1 {
                    let mut seen = BTreeSet::new();
                    records.retain(|record| seen.insert(record.key().0.clone()));
                }
                records
            }
        };
        found.extend(self.index.loose.iter().cloned());
        Some(found)
    }

    /// Every record. `None` where the cache is broken.
    pub(super) fn load_all(&self) -> Option<Vec<Record>> {
        match &self.source {
            Source::Memory(records) => Some(records.clone()),
            Source::Folder(_) => {
                let need = Need {
                    paths: &BTreeSet::new(),
                    whole: true,
                };
                self.load(&self.index.shards.keys().cloned().collect(), need)
            }
        }
    }

    /// What the newest cache under `home` knows, for making the next from.
    pub(super) fn newest(home: &Path) -> Known {
        let folders = fs::read_dir(home).into_iter().flatten().flatten();
        let newest = folders
            .filter(|folder| folder.path().join("index").is_file())
            .max_by_key(|folder| folder.metadata().and_then(|meta| meta.modified()).ok());
        let opened = newest.and_then(|folder| {
            let index: Index = load(&folder.path().join("index"))?;
            let landings: Vec<ObjectId> = load(&folder.path().join("landings"))?;
            let cache = Self {
                index,
                source: Source::Folder(folder.path()),
            };
            Some((cache.load_all()?, landings))
        });
        let (records, landings) = opened.unwrap_or_default();
        Known {
            landings,
            records: records
                .into_iter()
                .map(|record| ((record.key().0.clone(), record.key().1.clone()), record))
                .collect(),
        }
    }
}

fn ids(records: &[Record]) -> Vec<(String, RepoPath)> {
    let mut ids: Vec<(String, RepoPath)> = records
        .iter()
        .filter_map(|record| record.certificate.id.clone().map(|id| (id, record.key().0.clone())))
        .collect();
    ids.sort();
    ids
}

/// The records by shard.
fn group<'r>(index: &Index, records: &'r [Record]) -> BTreeMap<u32, Vec<&'r Record>> {
    let mut shards: BTreeMap<u32, Vec<&Record>> = BTreeMap::new();
    for record in records {
        for component in record.folded_components() {
            if let Some(&shard) = index.shards.get(&component) {
                shards.entry(shard).or_default().push(record);
            }
        }
    }
    shards
}

/// A cache that has been made.
struct Made<'m> {
    index: &'m Index,
    shards: &'m BTreeMap<u32, Vec<&'m Record>>,
    records: &'m [Record],
    landings: &'m [ObjectId],
    tip: &'m ObjectId,
}

/// Writes a file again, so that nobody reads half of it.
fn replace(folder: &Path, name: &str, value: &[ObjectId]) -> Option<()> {
    let private = tempfile::Builder::new().prefix("new-").tempfile_in(folder).ok()?;
    store(private.path(), value)?;
    share(private.path(), folder)?;
    private.persist(folder.join(name)).ok().map(|_| ())
}

/// Writes a cache beside its final name, renames it, and removes those it replaces. `None` where the disk did not let it.
fn keep(home: &Path, key: &CacheKey, made: &Made<'_>) -> Option<()> {
    if !home.is_dir() {
        let ledgers = home.parent()?;
        let above = ledgers.parent()?;
        fs::create_dir_all(above).ok()?;
        share(above, above.parent()?)?;
        fs::create_dir_all(ledgers).ok()?;
        share(ledgers, above)?;
        fs::create_dir_all(home).ok()?;
        share(home, ledgers)?;
    }
    let private = tempfile::Builder::new().prefix("new-").tempdir_in(home).ok()?;
    // A folder made as the umask has it, which that of `tempfile` is not.
    let folder = private.path().join("made");
    fs::create_dir(&folder).ok()?;
    let folder = folder.as_path();
    for (shard, records) in made.shards {
        Shard::at(folder, *shard).write(records)?;
    }
    store(&folder.join("ids"), &ids(made.records))?;
    store(&folder.join("landings"), made.landings)?;
    store(&folder.join("tips"), std::slice::from_ref(made.tip))?;
    store(&folder.join("index"), made.index)?;
    share(folder, home)?;
    for file in fs::read_dir(folder).ok()?.flatten() {
        share(&file.path(), home)?;
    }
    let target = home.join(&key.0);
    if fs::rename(folder, &target).is_err() {
        // Another process was first and wrote the same, or what is there is broken: either way this is as good, and nobody reads half of
        // it, since the old one goes under another name.
        let _moved = fs::rename(&target, private.path().join("old"));
        let _kept = fs::rename(folder, &target);
    }
    // Those of other forms and versions go, too.
    let others = home.parent().and_then(|ledgers| fs::read_dir(ledgers).ok());
    for folder in fs::read_dir(home).ok()?.chain(others.into_iter().flatten()).flatten() {
        let stale = folder.path() != target && folder.path() != home && is_old(&folder.path());
        if stale {
            let _gone = fs::remove_dir_all(folder.path());
        }
    }
    Some(())
}

/// Lets others do with a file or folder what they may do with the folder `above`: a shared repository (`core.sharedRepository`) has one
/// cache, whoever writes it and whatever their umask.
pub(crate) fn share(path: &Path, above: &Path) -> Option<()> {
    const OTHERS: u32 = 0o075;
    let above = fs::metadata(above).ok()?.permissions().mode();
    let found = fs::metadata(path).ok()?;
    let may = if found.is_dir() { OTHERS } else { OTHERS & !0o011 };
    let mode = found.permissions().mode();
    let wanted = mode | (above & may);
    if wanted == mode {
        return Some(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(wanted)).ok()
}

/// A minute is enough for whoever is reading a cache that was replaced; a few may be beside each other (branches).
fn is_old(folder: &Path) -> bool {
    let age = fs::metadata(folder)
        .and_then(|meta| meta.modified())
        .ok()
        .and_then(|at| at.elapsed().ok());
    age.is_some_and(|age| age.as_secs() > 3600)
}
