//! An entry of the ledger, and its compact form for the cache.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Position;
use crate::certificate::{Certificate, Class, Status, SubjectFile};
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
    /// Where git introduced it.
    pub place: Position,
    /// Its blob.
    pub blob: ObjectId,
    /// Whether its claimed hash is that of its bytes.
    pub hash: HashCheck,
    /// Whose signature is beside it; [`SignatureCheck::Absent`] too where signatures are not looked at.
    pub signature: SignatureCheck,
    /// False where the policy's demands on signatures and binding to the repository leave a doubt (see
    /// [`Demands::doubt`](crate::trust::Demands::doubt)).
    pub trusted: bool,
    /// For a refusal of the base, or what cannot be read there: the approvals that lifted all of it when they landed.
    pub lifts: Vec<Lift>,
    /// For an approval of the base: where it counted when it landed while something of its agent's was refused.
    pub effects: Vec<Effect>,
    /// Gated paths that it names and that are, at the commit that introduced it, what they are at the head (binding `history`).
    pub carried: BTreeSet<RepoPath>,
    /// What a reader should know about the document; filled for certificates that the change adds.
    pub findings: Vec<Diagnostic>,
}

/// What an approval is bound to where it lands, as far as it lifts no refusal completely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Extent {
    /// The content that its SUBJECT lists.
    Listed,
    /// Without a SUBJECT: the files that it names and that have not changed since it was introduced (binding `history`).
    Named,
    /// Without a SUBJECT: whatever landed with it (binding `component`).
    All,
}

/// Which approvals of a landing lift which refusals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lifted {
    /// The refusals, or what nobody can read, that are lifted completely, each with an approval that does that: by name every one, else one.
    pub whole: BTreeSet<(usize, usize)>,
    /// The approvals that count for a component, and so lift what its own agent refused of that content before.
    pub counting: BTreeSet<(usize, String, Extent)>,
}

/// That an approval counted for a component when it landed, by the policy and the keys that were in force there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The component's id.
    pub component: String,
    /// Where it has no SUBJECT: the content that was let in by it.
    pub content: Vec<SubjectFile>,
    /// The commit in which it landed.
    pub commit: ObjectId,
    /// When, as its committer claims, in seconds since 1970.
    pub time: i64,
}

/// An approval that lifted all of a refusal when it landed, by the policy and the keys that were in force there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lift {
    /// The approval's path when the lift was noted.
    pub path: RepoPath,
    /// The approval's content, by which it is known wherever it is moved to.
    pub blob: ObjectId,
    /// The approval's id.
    pub id: Option<String>,
    /// The approval's agent.
    pub agent: Option<String>,
    /// The branches that the approval is bound to; empty: any.
    pub targets: Vec<String>,
    /// The landing in which it happened, as a number.
    pub landing: u32,
    /// The commit of that landing.
    pub commit: ObjectId,
    /// When, as its committer claims, in seconds since 1970.
    pub time: i64,
}

impl Entry {
    /// The moment that it claims: the Date field, or the one in the file name. It orders nothing; see [`Entry::place`].
    pub fn moment(&self) -> Option<Timestamp> {
        self.certificate.moment()
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

/// The serialised form of a base entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) certificate: Certificate,
    pub(super) blob: ObjectId,
    pub(super) place: Position,
    pub(super) lifts: Vec<Lift>,
    pub(super) effects: Vec<Effect>,
    hash: HashCheck,
    pub(super) signature: SignatureCheck,
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
    pub(super) fn new(certificate: Certificate, blob: ObjectId, hash: HashCheck, checked: Checked) -> Self {
        Self {
            certificate,
            blob,
            place: Position::landed(0, 0),
            lifts: Vec::new(),
            effects: Vec::new(),
            hash,
            signature: checked.check,
            signed: (checked.blob, checked.keys),
            trusted: checked.trusted,
        }
    }

    /// True where a check by these keys of this signature would say the same again.
    pub(super) fn is_checked(&self, blob: Option<&ObjectId>, keys: &Digest) -> bool {
        self.signed.0.as_ref() == blob && self.signed.1 == *keys
    }

    /// Judges again whether it is trusted; the demands may have changed since.
    pub(super) fn judged(mut self, demands: &Demands) -> Self {
        self.trusted = demands.doubt(&self.certificate, &self.signature).is_none();
        self
    }

    /// The blob of the signature that is beside it.
    pub(super) fn signature_blob(&self) -> Option<&ObjectId> {
        self.signed.0.as_ref()
    }

    pub(super) fn key(&self) -> (&RepoPath, &ObjectId) {
        (&self.certificate.path, &self.blob)
    }

    pub(super) fn folded_components(&self) -> BTreeSet<String> {
        self.certificate.components.iter().map(|name| fold(name)).collect()
    }

    pub(super) fn status(&self) -> Option<Status> {
        self.certificate.status
    }

    /// True where only an approval can answer it: it refuses, or nobody can read whether it does.
    pub(super) fn wants_an_answer(&self, refuses: impl Fn(Status) -> bool) -> bool {
        self.certificate.status.is_none_or(refuses)
    }

    pub(super) fn into_entry(self) -> Entry {
        Entry {
            certificate: self.certificate,
            origin: Origin::Base,
            place: self.place,
            blob: self.blob,
            hash: self.hash,
            signature: self.signature,
            trusted: self.trusted,
            lifts: self.lifts,
            effects: self.effects,
            carried: BTreeSet::new(),
            findings: Vec::new(),
        }
    }
}

/// True where a status refuses by the format's own classes.
pub(super) fn refuses(status: Status) -> bool {
    Class::refuses(status.class())
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
        let mut record = Self::new(entry.certificate, entry.blob, entry.hash, checked);
        record.place = entry.place;
        record.lifts = entry.lifts;
        record.effects = entry.effects;
        record
    }
}
