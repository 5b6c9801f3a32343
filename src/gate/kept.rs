//! What was computed from the content of evidence, kept by digest in `$GIT_COMMON_DIR/certgate/evidence/`. It depends on nothing but its key,
//! so it is never stale, only absent; what cannot be written is done without. Deleting the directory is always safe.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::certificate::{Benchmarks, render_benchmarks};
use crate::change::{Digest, ObjectId, TreeEntry, hex};
use crate::git::Repository;
use crate::ledger;
use crate::policy::ProfileEntry;

/// Grows when what is computed changes.
const FORM: &str = "2";
/// From how many files on the directory is emptied.
const MOST: usize = 4096;

/// Names what was computed, by everything that it depends on.
pub(super) struct Key(String);

impl Key {
    /// Of what the evidence of a certificate is worth towards a component.
    pub(super) fn new<'e>(
        policy: &Digest,
        component: &str,
        block: &Benchmarks,
        entries: impl Iterator<Item = Option<&'e TreeEntry>>,
        before: &BTreeMap<String, BTreeSet<String>>,
    ) -> Self {
        let mut hash = Hashing::new("judged");
        hash.add(&policy.0);
        hash.add(component.as_bytes());
        hash.add(render_benchmarks(block).as_bytes());
        // Lines of the certificate are in what is kept.
        hash.add(format!("{:?}", block.files.first().map(|file| file.line)).as_bytes());
        hash.entries(entries);
        for (metric, benchmarks) in before {
            hash.add(metric.as_bytes());
            benchmarks.iter().for_each(|benchmark| hash.add(benchmark.as_bytes()));
            hash.add(b"");
        }
        hash.key()
    }

    /// Of what the raw values of a certificate's files are known by, which its block decides.
    pub(super) fn of_block(block: &Benchmarks, exact: &[String]) -> Self {
        let mut hash = Hashing::new("prints");
        hash.add(render_benchmarks(block).as_bytes());
        exact.iter().for_each(|metric| hash.add(metric.as_bytes()));
        hash.key()
    }

    /// Of what is wrong with the content of a certificate's files, each by itself.
    pub(super) fn of_contents(block: &Benchmarks) -> Self {
        let mut hash = Hashing::new("contents");
        hash.add(render_benchmarks(block).as_bytes());
        hash.key()
    }

    /// Of what is hot in a profile: by the blob, and by what the policy says of it.
    pub(super) fn of_profile(blob: &ObjectId, entry: &ProfileEntry) -> Self {
        let mut hash = Hashing::new("profile");
        hash.add(blob.as_bytes());
        hash.add(&entry.min_inclusive.to_le_bytes());
        hash.add(&entry.min_self.to_le_bytes());
        hash.add(&[u8::from(entry.callers), u8::from(entry.metric.is_some())]);
        hash.add(entry.metric.as_deref().unwrap_or_default().as_bytes());
        hash.key()
    }

    /// Of that of all certificates, which one file holds.
    pub(super) fn of_prints() -> Self {
        Self("prints".to_owned())
    }

    /// The name.
    pub(super) fn into_name(self) -> String {
        self.0
    }
}

struct Hashing(Sha256);

impl Hashing {
    fn new(what: &str) -> Self {
        let mut hash = Self(Sha256::new());
        hash.add(what.as_bytes());
        hash
    }

    fn add(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn entries<'e>(&mut self, entries: impl Iterator<Item = Option<&'e TreeEntry>>) {
        for entry in entries {
            self.add(entry.map_or("", |entry| entry.mode.as_str()).as_bytes());
            self.add(entry.map(|entry| entry.id.as_bytes()).unwrap_or_default());
        }
    }

    fn key(self) -> Key {
        Key(hex(&self.0.finalize()))
    }
}

fn folder(repository: &Repository) -> PathBuf {
    let own = repository.kept_in().join("certgate").join("evidence");
    own.join(format!("{FORM}-{}", env!("CARGO_PKG_VERSION")))
}

/// What was kept, where it is complete.
pub(super) fn load<T: DeserializeOwned>(repository: &Repository, key: &Key) -> Option<T> {
    ledger::load(&folder(repository).join(&key.0))
}

/// Keeps it, if the disk lets it.
pub(super) fn store<T: Serialize>(repository: &Repository, key: &Key, value: &T) {
    let folder = folder(repository);
    let _best_effort = (|| {
        std::fs::create_dir_all(&folder).ok()?;
        let own = repository.kept_in().join("certgate");
        let evidence = own.join("evidence");
        ledger::share(&own, repository.kept_in())?;
        ledger::share(&evidence, &own)?;
        ledger::share(&folder, &own)?;
        if std::fs::read_dir(&folder).ok()?.count() >= MOST {
            std::fs::remove_dir_all(&folder).ok()?;
            std::fs::create_dir_all(&folder).ok()?;
        }
        let writer = (std::process::id(), std::thread::current().id());
        let beside = folder.join(format!("{}.{}.{:?}", key.0, writer.0, writer.1));
        ledger::store(&beside, value)?;
        std::fs::rename(&beside, folder.join(&key.0)).ok()
    })();
}
