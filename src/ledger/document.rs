//! One certificate as it is in the repository: its text, its hash, and the signature beside it.

use std::collections::BTreeSet;

use super::record::{Checked, Record};
use super::{Entry, LedgerError, Origin, Position};
use crate::certificate::{self, Certificate, MAX_BYTES, Parsed};
use crate::change::{Mode, ObjectId, RepoPath, TreeEntry as At};
use crate::diagnostic::Level;
use crate::git::{Blob, Repository};
use crate::policy::GlobList;
use crate::progress::{self, Count};
use crate::trust::{
    HashCheck, Keyring, MAX_SIGNATURE, SIGNATURE_SUFFIX, SignatureCheck, check_hash, is_signature_file,
};

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

    pub(super) fn is_valid(&self) -> bool {
        certificate::is_valid(&self.parsed) && !self.parsed.findings.iter().any(|f| f.level() == Level::Error)
    }

    pub(super) fn into_record(self, blob: ObjectId, checked: Checked) -> Record {
        Record::new(self.parsed.certificate, blob, self.hash, checked)
    }

    /// As the change adds it.
    pub(super) fn into_entry(self, blob: ObjectId, checked: Checked) -> Entry {
        Entry {
            certificate: self.parsed.certificate,
            origin: Origin::Added,
            place: Position::added(0),
            blob,
            hash: self.hash,
            signature: checked.check,
            trusted: checked.trusted,
            lifts: Vec::new(),
            effects: Vec::new(),
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

/// Where the signature of a certificate is: `X.md.sig` beside `X.md`.
pub(crate) fn signature_path(certificate: &RepoPath) -> RepoPath {
    RepoPath::new([certificate.as_bytes(), SIGNATURE_SUFFIX.as_bytes()].concat())
}

/// Checks the signature that is beside a document, at all of the moments.
pub(super) fn check(
    repository: &Repository,
    document: &Document,
    signature: Option<&At>,
    keyring: &Keyring,
    at: &[jiff::Timestamp],
) -> Result<Checked, LedgerError> {
    let blob = signature.map(|entry| entry.id.clone());
    let bytes = signature.map(|entry| signature_bytes(repository, entry)).transpose()?;
    let check: SignatureCheck = keyring.check(&document.bytes, bytes.as_deref(), at);
    let trusted = keyring.demands.doubt(document.certificate(), &check).is_none();
    Ok(Checked {
        check,
        blob,
        keys: keyring.keys,
        trusted,
    })
}

/// The bytes of a signature file; nothing where it is no file, or too large to be one.
pub(super) fn signature_bytes(repository: &Repository, at: &At) -> Result<Vec<u8>, LedgerError> {
    if !matches!(at.mode, Mode::Regular | Mode::Executable) {
        return Ok(Vec::new());
    }
    Ok(match repository.blob(&at.id, MAX_SIGNATURE)? {
        Blob::Content(bytes) => bytes,
        Blob::TooLarge { .. } => Vec::new(),
    })
}

/// True for an entry that is an OpenSSH signature, whatever it signs.
pub(super) fn is_armour(repository: &Repository, at: &At) -> Result<bool, LedgerError> {
    Ok(at.mode == Mode::Regular && is_signature_file(&signature_bytes(repository, at)?))
}

/// The certificate that a path would be the signature of.
pub(super) fn signed_by(certificates: &GlobList, path: &RepoPath) -> Option<RepoPath> {
    let document = path.as_bytes().strip_suffix(SIGNATURE_SUFFIX.as_bytes())?;
    certificates.matches(document).then(|| RepoPath::new(document))
}
