//! One component's part of the cache.
//!
//! `N` holds the records that every question about the component needs: all that are not plain approvals, those that supersede
//! something, the newest few, the newest sound approval, and those that settle a refusal of the whole component. The other approvals stand in `N.rest`, one
//! after the other, and count only for the paths their SUBJECT lists: `N.paths` tells, sorted, where to find them.
//!
//! Every file, and every record that is read by itself, ends in a check sum: what is cut short or overwritten is not there.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use super::Entry;
use super::record::Record;
use crate::certificate::{Class, Status, SubjectField};
use crate::change::RepoPath;
use crate::trust::HashCheck;

/// How many of the newest records are always read: enough to tell what does not count and why.
const NEWEST: usize = if cfg!(test) { 1 } else { 8 };

/// Bytes of a row of `N.paths`: half a digest of the path, and where the record begins and ends.
const ROW: usize = 16 + 8 + 8;

/// Bytes of a check sum.
const SUM: usize = 8;

/// Reads a value that is whole; `None` for all else.
pub(super) fn load<T: DeserializeOwned>(path: &Path) -> Option<T> {
    decode(&fs::read(path).ok()?)
}

pub(super) fn store<T: Serialize + ?Sized>(path: &Path, value: &T) -> Option<()> {
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
        let entries: Vec<Entry> = records.iter().map(|record| (*record).clone().into_entry()).collect();
        let always = core(&entries);
        let mut core: Vec<&Record> = Vec::new();
        let mut rest: Vec<u8> = Vec::new();
        let mut rows: Vec<[u8; ROW]> = Vec::new();
        for (at, (record, entry)) in records.iter().zip(&entries).enumerate() {
            if always.contains(&at) {
                core.push(record);
                continue;
            }
            let from = rest.len() as u64;
            rest.extend(encode(record)?);
            let to = rest.len() as u64;
            if let SubjectField::Present(subject) = &entry.certificate.subject {
                for file in &subject.files {
                    let row = [key(&file.path).as_slice(), &from.to_le_bytes(), &to.to_le_bytes()].concat();
                    rows.push(row.try_into().ok()?);
                }
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

/// True for an approval by the format's own classes that supersedes nothing.
fn is_plain_approval(entry: &Entry) -> bool {
    entry.certificate.status.is_some_and(|status| status.class().approves()) && entry.certificate.supersedes.is_empty()
}

/// True for a refusal that does not end at content that it lists.
fn refuses_the_component(entry: &Entry) -> bool {
    let wide = !matches!(entry.certificate.subject, SubjectField::Present(_));
    entry.certificate.status.is_some_and(|status| {
        let class = status.class();
        class == Class::Stop || (class.refuses() && wide)
    })
}

/// The positions of the records that every question needs.
fn core(entries: &[Entry]) -> BTreeSet<usize> {
    let now = jiff::Timestamp::now();
    let mut newest: Vec<usize> = (0..entries.len()).collect();
    // In the order that the verdict has, ties included.
    let rank = |entry: &Entry| (entry.moment().is_none(), entry.moment(), entry.certificate.path.clone());
    newest.sort_by_cached_key(|&at| std::cmp::Reverse(entries.get(at).map(rank)));
    let mut positions: BTreeSet<usize> = newest.iter().copied().take(NEWEST).collect();
    // An approval that is newer than an unreadable certificate is what makes up for it.
    let sound = |at: &usize| entries.get(*at).is_some_and(|entry| is_sound(entry, entries));
    positions.extend(newest.iter().copied().find(sound));
    for (at, entry) in entries.iter().enumerate() {
        // What is dated ahead of the clock may be sound by the time it is read.
        let ahead = entry.certificate.date.is_some_and(|date| date >= now);
        if ahead || !is_plain_approval(entry) {
            positions.insert(at);
        }
        if refuses_the_component(entry) {
            positions.extend(settling(entry, entries));
        }
    }
    positions
}

/// Whether a shard holds a refusal of the whole component that nothing in the shard settles, or a certificate that cannot be read and
/// that no sound approval could make up for. `loose`: such certificates stand outside of the shard, too.
pub(super) fn is_unsettled(records: &[&Record], loose: bool) -> bool {
    let entries: Vec<Entry> = records.iter().map(|record| (*record).clone().into_entry()).collect();
    let unreadable = loose || entries.iter().any(|entry| entry.certificate.status.is_none());
    (unreadable && !entries.iter().any(|entry| is_sound(entry, &entries)))
        || entries
            .iter()
            .filter(|entry| refuses_the_component(entry))
            .any(|entry| settling(entry, &entries).is_none())
}

/// True for an approval in which no policy can find a flaw and that nobody in the shard supersedes; what cannot be read supersedes nothing.
fn is_sound(entry: &Entry, entries: &[Entry]) -> bool {
    let c = &entry.certificate;
    let superseded = || {
        let mut readable = entries.iter().filter(|other| other.certificate.status.is_some());
        readable.any(|other| {
            c.id.as_ref()
                .is_some_and(|id| other.certificate.supersedes.contains(id))
        })
    };
    c.status.is_some_and(|status| status.class().approves())
        && !(c.status == Some(Status::ConditionallyApproved) && c.conditions.is_empty())
        && c.agent.is_some()
        && c.date.is_some_and(|date| date < jiff::Timestamp::now())
        && c.subject != SubjectField::Unreadable
        && !c.placeholders
        && c.bypass.is_none()
        && entry.trusted
        // What is bound to a branch counts on that branch alone.
        && !matches!(&c.subject, SubjectField::Present(subject) if !subject.targets.is_empty())
        && entry.hash != HashCheck::Mismatch
        && !superseded()
}

/// The position of an approval that lifts a refusal of the whole component under every policy: sound, later, of the same agent and as
/// wide. Whether it does is asked by the verdict in its own terms; here it only tells what need not be read.
fn settling(refusal: &Entry, entries: &[Entry]) -> Option<usize> {
    let components: BTreeSet<String> = refusal.component_names().collect();
    let moment = refusal.moment();
    entries.iter().position(|entry| {
        moment.is_some()
            && entry.certificate.date > moment
            && entry.certificate.agent == refusal.certificate.agent
            && entry
                .certificate
                .status
                .is_some_and(|status| status.class() == Class::Approve)
            && entry.certificate.subject == SubjectField::Absent
            && components.is_subset(&entry.component_names().collect())
            && is_sound(entry, entries)
    })
}

/// What a question about one component and these paths reads back of a base's entries: for the law that what is left out never matters.
#[cfg(test)]
pub(crate) fn read_back(entries: &[Entry], paths: &BTreeSet<RepoPath>, whole: bool) -> Vec<Entry> {
    let folder = tempfile::tempdir().unwrap();
    let records: Vec<Record> = entries.iter().cloned().map(Record::from).collect();
    let records: Vec<&Record> = records.iter().collect();
    let shard = Shard::at(folder.path(), 0);
    shard.write(&records).unwrap();
    let read = shard.read(paths, whole || is_unsettled(&records, false)).unwrap();
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
