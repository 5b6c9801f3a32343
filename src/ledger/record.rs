//! An entry of the ledger, and its compact form for the cache.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::certificate::{Certificate, Condition, NamedPath, Status, SubjectField};
use crate::change::{ObjectId, RepoPath};
use crate::diagnostic::Diagnostic;
use crate::policy::fold;
use crate::trust::HashCheck;

/// Where a certificate is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// It is in the base.
    Base,
    /// The change adds it.
    Added,
}

/// A certificate with what the ledger knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it says.
    pub certificate: Certificate,
    /// Where it is from.
    pub origin: Origin,
    /// Its blob.
    pub blob: ObjectId,
    /// Whether its claimed hash is that of its bytes.
    pub hash: HashCheck,
    /// Gated paths that it names and that are, at the commit that introduced it, what they are at the head (binding `history`).
    pub carried: BTreeSet<RepoPath>,
    /// What a reader should be told of the document; filled for certificates that the change adds.
    pub findings: Vec<Diagnostic>,
}

impl Entry {
    /// The moment by which entries are ordered: the Date field, or the one in the file name; `None` orders last.
    pub fn moment(&self) -> Option<Timestamp> {
        self.certificate
            .date
            .or_else(|| date_of_file_name(&self.certificate.path))
    }

    /// A name for people: the id, or else the path.
    pub fn label(&self) -> String {
        self.certificate
            .id
            .clone()
            .unwrap_or_else(|| self.certificate.path.to_string())
    }

    /// The folded names of its components.
    pub fn component_names(&self) -> impl Iterator<Item = String> + '_ {
        self.certificate.components.iter().map(|name| fold(name))
    }
}

/// Reads `…_YYYYMMDD_HHMMSS.md`.
fn date_of_file_name(path: &RepoPath) -> Option<Timestamp> {
    let name = std::str::from_utf8(path.file_name()).ok()?;
    let stem = name.strip_suffix(".md")?;
    let mut parts = stem.rsplitn(3, '_');
    let (time, date) = (parts.next()?, parts.next()?);
    let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(time, 6) || !digits(date, 8) {
        return None;
    }
    let number = |text: &str, from: usize, to: usize| text.get(from..to).and_then(|t| t.parse::<i16>().ok());
    let civil = jiff::civil::DateTime::new(
        number(date, 0, 4)?,
        number(date, 4, 6)? as i8,
        number(date, 6, 8)? as i8,
        number(time, 0, 2)? as i8,
        number(time, 2, 4)? as i8,
        number(time, 4, 6)? as i8,
        0,
    )
    .ok()?;
    civil
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}

/// The serialised form of a base entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    path: RepoPath,
    blob: ObjectId,
    status: Option<Status>,
    components: Vec<String>,
    agent: Option<String>,
    date: Option<i64>,
    id: Option<String>,
    supersedes: Vec<String>,
    subject: SubjectField,
    conditions: Vec<Condition>,
    named: Vec<NamedPath>,
    claimed_hash: Option<String>,
    placeholders: bool,
    hash: HashCheck,
}

impl Record {
    pub(super) fn key(&self) -> (&RepoPath, &ObjectId) {
        (&self.path, &self.blob)
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(super) fn folded_components(&self) -> BTreeSet<String> {
        self.components.iter().map(|name| fold(name)).collect()
    }

    pub(super) fn status(&self) -> Option<Status> {
        self.status
    }

    pub(super) fn new(certificate: Certificate, blob: ObjectId, hash: HashCheck) -> Self {
        let c = certificate;
        Self {
            path: c.path,
            blob,
            status: c.status,
            components: c.components,
            agent: c.agent,
            date: c.date.map(Timestamp::as_second),
            id: c.id,
            supersedes: c.supersedes,
            subject: c.subject,
            conditions: c.conditions,
            named: c.named,
            claimed_hash: c.hash,
            placeholders: c.placeholders,
            hash,
        }
    }

    pub(super) fn into_entry(self) -> Entry {
        let certificate = Certificate {
            path: self.path,
            status: self.status,
            components: self.components,
            agent: self.agent,
            date: self.date.and_then(|seconds| Timestamp::from_second(seconds).ok()),
            id: self.id,
            supersedes: self.supersedes,
            subject: self.subject,
            conditions: self.conditions,
            named: self.named,
            hash: self.claimed_hash,
            placeholders: self.placeholders,
        };
        Entry {
            certificate,
            origin: Origin::Base,
            blob: self.blob,
            hash: self.hash,
            carried: BTreeSet::new(),
            findings: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_tell_a_date() {
        let date = |name: &str| date_of_file_name(&RepoPath::from(name)).map(|t| t.to_string());
        assert_eq!(
            date("c/review_gpu_20261122_140300.md").as_deref(),
            Some("2026-11-22T14:03:00Z")
        );
        assert_eq!(date("c/review_gpu_20261322_140300.md"), None);
        assert_eq!(date("c/review.md"), None);
    }
}
