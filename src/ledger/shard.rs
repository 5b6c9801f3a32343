//! One component's part of the cache.
//!
//! `N` holds the records that every question about the component needs: all that are not plain approvals, those that supersede
//! something, and the newest few. The other approvals are in `N.rest`, one after the other, and count only for the paths their SUBJECT
//! lists, or that it let in when it landed: `N.paths` tells, sorted, where to find them. What lifted a refusal completely is noted with it.
//!
//! Every file, and every record that is read by itself, ends in a check sum: what is cut short or overwritten is not there.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use super::record::Record;
use crate::certificate::{Status, SubjectField};
use crate::change::RepoPath;

/// How many of the newest records are always read: enough to tell what does not count and why.
const NEWEST: usize = if cfg!(test) { 1 } else { 8 };

/// Bytes of a row of `N.paths`: half a digest of the path, and where the record begins and ends.
const ROW: usize = 16 + 8 + 8;

/// Bytes of a check sum.
const SUM: usize = 8;

/// Reads a value that is complete; `None` for all else.
pub(crate) fn load<T: DeserializeOwned>(path: &Path) -> Option<T> {
    decode(&fs::read(path).ok()?)
}

/// Writes a value so that [`load`] tells whether it is complete.
pub(crate) fn store<T: Serialize + ?Sized>(path: &Path, value: &T) -> Option<()> {
    fs::write(path, encode(value)?).ok()
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(checked(bytes)?).ok()? {
        (value, []) => Some(value),
        _ => None,
    }
}

fn encode<T: Serialize + ?Sized>(value: &T) -> Option<Vec<u8>> {
    Some(with_sum(postcard::to_stdvec(value).ok()?))
}

/// Content with its check sum behind it. After a loss of power a file may be cut short or hold zeros, which read as "nothing here".
fn with_sum(mut content: Vec<u8>) -> Vec<u8> {
    let sum = sum(&content);
    content.extend(sum);
    content
}

/// The content before a check sum that fits it.
fn checked(bytes: &[u8]) -> Option<&[u8]> {
    let (content, of_file) = bytes.split_last_chunk::<SUM>()?;
    (sum(content) == *of_file).then_some(content)
}

/// Tells damage, not malice: whoever can write here can replace the hooks (FNV-1a, over words).
fn sum(content: &[u8]) -> [u8; SUM] {
    let (words, rest) = content.as_chunks::<SUM>();
    let start = 0xcbf2_9ce4_8422_2325 ^ content.len() as u64;
    let step = |hash: u64, word: u64| ((hash ^ word).wrapping_mul(0x0000_0100_0000_01b3)).rotate_left(29);
    let hash = words
        .iter()
        .fold(start, |hash, word| step(hash, u64::from_le_bytes(*word)));
    let hash = rest.iter().fold(hash, |hash, byte| step(hash, u64::from(*byte)));
    hash.to_le_bytes()
}

/// The files of a shard.
pub(super) struct Shard {
    core: PathBuf,
    rest: PathBuf,
    paths: PathBuf,
}

impl Shard {
    pub(super) fn at(folder: &Path, number: u32) -> Self {
        let file = |suffix: &str| folder.join(format!("{number}{suffix}"));
        Self {
            core: file(""),
            rest: file(".rest"),
            paths: file(".paths"),
        }
    }

    /// The records that bear on the paths; all of them where `whole`. `None` where anything cannot be read.
    pub(super) fn read(&self, paths: &BTreeSet<RepoPath>, whole: bool) -> Option<Vec<Record>> {
        let mut records: Vec<Record> = load(&self.core)?;
        if whole {
            let bytes = fs::read(&self.rest).ok()?;
            let mut left = checked(&bytes)?;
            while !left.is_empty() {
                let (record, after) = postcard::take_from_bytes::<Record>(left).ok()?;
                records.push(record);
                left = after.get(SUM..)?;
            }
            return Some(records);
        }
        let table = fs::read(&self.paths).ok()?;
        let (rows, []) = checked(&table)?.as_chunks::<ROW>() else {
            return None;
        };
        let mut places: BTreeSet<(u64, u64)> = BTreeSet::new();
        for path in paths {
            let key = key(path);
            let from = rows.partition_point(|row| row.get(..16).is_some_and(|k| k < key.as_slice()));
            let of_path = rows
                .iter()
                .skip(from)
                .take_while(|row| row.get(..16) == Some(key.as_slice()));
            for row in of_path {
                let number = |at: usize| {
                    row.get(at..at + 8)
                        .and_then(|b| b.try_into().ok())
                        .map(u64::from_le_bytes)
                };
                places.insert((number(16)?, number(24)?));
            }
        }
        if places.is_empty() {
            return Some(records);
        }
        let file = fs::File::open(&self.rest).ok()?;
        for (from, to) in places {
            let mut bytes = vec![0; usize::try_from(to.checked_sub(from)?).ok()?];
            file.read_exact_at(&mut bytes, from).ok()?;
            records.push(decode(&bytes)?);
        }
        Some(records)
    }

    /// Writes the files of the shard.
    pub(super) fn write(&self, records: &[&Record]) -> Option<()> {
        let always = core(records);
        let mut core: Vec<&Record> = Vec::new();
        let mut rest: Vec<u8> = Vec::new();
        let mut rows: Vec<[u8; ROW]> = Vec::new();
        for (at, record) in records.iter().enumerate() {
            if always.contains(&at) {
                core.push(record);
                continue;
            }
            let from = rest.len() as u64;
            rest.extend(encode(record)?);
            let to = rest.len() as u64;
            let listed = match &record.certificate.subject {
                SubjectField::Present(subject) => subject.files.as_slice(),
                _ => &[],
            };
            let let_in = record.effects.iter().flat_map(|effect| &effect.content);
            for file in listed.iter().chain(let_in) {
                let row = [key(&file.path).as_slice(), &from.to_le_bytes(), &to.to_le_bytes()].concat();
                rows.push(row.try_into().ok()?);
            }
        }
        rows.sort_unstable();
        store(&self.core, &core)?;
        fs::write(&self.rest, with_sum(rest)).ok()?;
        fs::write(&self.paths, with_sum(rows.concat())).ok()
    }
}

/// The first half of the path's SHA-256: rows of different paths that fell together would only be read in vain.
fn key(path: &RepoPath) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut()
        .zip(Sha256::digest(path.as_bytes()))
        .for_each(|(to, from)| *to = from);
    half
}

/// The positions of the records that every question needs.
fn core(records: &[&Record]) -> BTreeSet<usize> {
    let mut newest: Vec<usize> = (0..records.len()).collect();
    newest.sort_by_cached_key(|&at| std::cmp::Reverse(records.get(at).map(|record| record.place.key())));
    newest.truncate(NEWEST);
    let plain = |record: &Record| {
        record.certificate.approves()
            && record.certificate.supersedes.is_empty()
            && !record.certificate.is_checked_later()
    };
    let others = (0..records.len()).filter(|&at| !records.get(at).is_some_and(|record| plain(record)));
    newest.into_iter().chain(others).collect()
}

/// Whether a shard holds a refusal of the entire component, or what nobody can read, that nothing lifted completely when it landed, or
/// whose lift may have been undone. `loose` are the certificates without a component.
pub(super) fn is_unsettled(records: &[&Record], loose: &[Record], refuses: &dyn Fn(Status) -> bool) -> bool {
    // Whether a condition is met is for later approvals to show.
    if records.iter().any(|record| record.certificate.is_checked_later()) {
        return true;
    }
    let mut wide = records.iter().copied().chain(loose).filter(|record| {
        let listed = matches!(record.certificate.subject, SubjectField::Present(_));
        record.wants_an_answer(refuses)
            && (!listed
                || record
                    .status()
                    .is_none_or(|status| status.class() == crate::certificate::Class::Stop))
    });
    let named: BTreeSet<&String> = records
        .iter()
        .copied()
        .chain(loose)
        .filter(|record| !record.certificate.approves())
        .flat_map(|record| &record.certificate.supersedes)
        .collect();
    wide.any(|record| {
        let undone = |lift: &super::Lift| {
            lift.id.as_ref().is_some_and(|id| named.contains(id)) || named.contains(&lift.path.to_string())
        };
        record.lifts.iter().all(undone)
    })
}

/// What a question about one component and these paths reads back of a base's entries: for the law that what is left out never matters.
#[cfg(test)]
pub(crate) fn read_back(entries: &[super::Entry], paths: &BTreeSet<RepoPath>, whole: bool) -> Vec<super::Entry> {
    let folder = tempfile::tempdir().unwrap();
    let records: Vec<Record> = entries.iter().cloned().map(Record::from).collect();
    let records: Vec<&Record> = records.iter().collect();
    let shard = Shard::at(folder.path(), 0);
    shard.write(&records).unwrap();
    let read = shard
        .read(paths, whole || is_unsettled(&records, &[], &super::record::refuses))
        .unwrap();
    read.into_iter().map(Record::into_entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn damage_is_told(content in proptest::collection::vec(any::<u8>(), 0..100), at in any::<u16>(), cut in any::<u8>()) {
            let whole = with_sum(content.clone());
            prop_assert_eq!(checked(&whole), Some(content.as_slice()));
            let shorter = usize::from(cut) % whole.len();
            prop_assert_eq!(checked(&whole[..shorter]), None);
            let zeros = vec![0; whole.len()];
            prop_assert_eq!(checked(&zeros), None);
            let mut other = whole;
            let at = usize::from(at) % other.len();
            other[at] ^= 1 << (cut % 8);
            prop_assert_eq!(checked(&other), None);
        }
    }
}
