//! An entry of the ledger, and its compact form for the cache.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::certificate::{Bypass, Certificate, Condition, NamedPath, Status, SubjectField};
use crate::change::{Digest, ObjectId, RepoPath};
use crate::diagnostic::Diagnostic;
use crate::policy::fold;
use crate::trust::{Demands, HashCheck, SignatureCheck};

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
    /// Whose signature stands beside it; [`SignatureCheck::Absent`] too where signatures are not looked at.
    pub signature: SignatureCheck,
    /// False where the policy's demands on signatures and binding to the repository leave a doubt (see
    /// [`Demands::doubt`](crate::trust::Demands::doubt)).
    pub trusted: bool,
    /// Gated paths that it names and that are, at the commit that introduced it, what they are at the head (binding `history`).
    pub carried: BTreeSet<RepoPath>,
    /// What a reader should be told of the document; filled for certificates that the change adds.
    pub findings: Vec<Diagnostic>,
}

impl Entry {
    /// The moment by which entries are ordered: the Date field, or the one in the file name; `None` orders last.
    pub fn moment(&self) -> Option<Timestamp> {
        moment(&self.certificate)
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

pub(super) fn moment(certificate: &Certificate) -> Option<Timestamp> {
    certificate.date.or_else(|| date_of_file_name(&certificate.path))
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
    bypass: Option<Bypass>,
    rationale: bool,
    hash: HashCheck,
    signature: SignatureCheck,
    /// The blob of the signature, and the keys that it was checked with.
    signed: (Option<ObjectId>, Digest),
    trusted: bool,
}

/// A signature that was looked at.
pub(super) struct Checked {
    pub(super) check: SignatureCheck,
    pub(super) blob: Option<ObjectId>,
    pub(super) keys: Digest,
    pub(super) trusted: bool,
}

impl Record {
    /// True where a check by these keys of this signature would say the same again.
    pub(super) fn is_checked(&self, blob: Option<&ObjectId>, keys: &Digest) -> bool {
        self.signed.0.as_ref() == blob && self.signed.1 == *keys
    }

    /// Judges anew whether it is trusted; the demands may have changed since.
    pub(super) fn judged(mut self, demands: &Demands) -> Self {
        let entry = self.clone().into_entry();
        self.trusted = demands.doubt(&entry.certificate, &entry.signature).is_none();
        self
    }

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

    pub(super) fn is_bypass(&self) -> bool {
        self.bypass.is_some()
    }

    pub(super) fn new(certificate: Certificate, blob: ObjectId, hash: HashCheck, checked: Checked) -> Self {
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
            bypass: c.bypass,
            rationale: c.rationale,
            hash,
            signature: checked.check,
            signed: (checked.blob, checked.keys),
            trusted: checked.trusted,
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
            bypass: self.bypass,
            rationale: self.rationale,
        };
        Entry {
            certificate,
            origin: Origin::Base,
            blob: self.blob,
            hash: self.hash,
            signature: self.signature,
            trusted: self.trusted,
            carried: BTreeSet::new(),
            findings: Vec::new(),
        }
    }
}

#[cfg(test)]
impl From<Entry> for Record {
    fn from(entry: Entry) -> Self {
        let checked = Checked {
            check: entry.signature,
            blob: None,
            keys: Digest([0; 32]),
            trusted: entry.trusted,
        };
        Self::new(entry.certificate, entry.blob, entry.hash, checked)
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
