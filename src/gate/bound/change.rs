//! What a change does to evidence: which of its files are evidence of a certificate, and what became of those of the base.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::certificate::{self, Benchmarks, BenchmarksField, BoundFile, Certificate, evidence_of};
use crate::change::{FileChange, Mode, RepoPath, Snapshot, TreeEntry as At};
use crate::evidence::bound::{self, BoundContent, CRITERION, MAX_FILE};
use crate::gate::kept;
use crate::gate::question::Question;
use crate::gate::undecided::Undecided;
use crate::git::{Blob, Repository};
use crate::policy::Policy;
use crate::verdict::{EvidenceFault, EvidenceFaultKind};

/// What a change does to the evidence of certificates.
#[derive(Debug, Default)]
pub(in crate::gate) struct OfChange {
    /// The files that are evidence of a certificate: no rule is about them.
    pub(in crate::gate) exempt: BTreeSet<RepoPath>,
    /// What must not be.
    pub(in crate::gate) faults: Vec<EvidenceFault>,
}

/// Finds the evidence in a change. Nothing is read where no path of the change could be any.
pub(in crate::gate) fn of_change(
    repository: &Repository,
    question: &Question,
    policy: &Policy,
) -> Result<OfChange, Undecided> {
    let mut found = OfChange::default();
    let mut head = Certificates::new(repository, &question.change.head);
    let mut base = Certificates::new(repository, &question.change.base);
    let mut unreadable: BTreeSet<RepoPath> = BTreeSet::new();
    let mut contents = Contents::new(repository);
    for file in &question.change.files {
        let mut beside = evidence_of(&file.path);
        beside.retain(|certificate| policy.is_certificate(certificate));
        if beside.is_empty() || policy.is_policy_file(&file.path) || policy.is_certificate(&file.path) {
            continue;
        }
        for certificate in beside {
            if let Some(fault) = lost(file, &certificate, &mut base, policy)? {
                found.faults.push(fault);
                break;
            }
            let Some(after) = file.after() else { continue };
            let Some(read) = head.read(&certificate)? else {
                continue;
            };
            if read.benchmarks == BenchmarksField::Unreadable {
                // None of its files can be known to be evidence; that is said once.
                if unreadable.insert(certificate.clone()) {
                    found.faults.push(EvidenceFault {
                        path: certificate.clone(),
                        certificate,
                        kind: EvidenceFaultKind::Unreadable,
                    });
                }
                break;
            }
            match stray(&mut contents, file, after, &read)? {
                None => {
                    found.exempt.insert(file.path.clone());
                }
                Some(text) => found.faults.push(EvidenceFault {
                    path: file.path.clone(),
                    certificate,
                    kind: EvidenceFaultKind::Stray(text),
                }),
            }
            break;
        }
    }
    contents.keep();
    Ok(found)
}

/// What is wrong with the content of bound files in themselves, which depends on nothing but the block and the content: so it is kept.
struct Contents<'r> {
    repository: &'r Repository,
    known: BTreeMap<RepoPath, Known>,
}

/// That of one certificate.
struct Known {
    key: kept::Key,
    faults: BTreeMap<String, Option<String>>,
    fresh: bool,
}

impl<'r> Contents<'r> {
    fn new(repository: &'r Repository) -> Self {
        Self {
            repository,
            known: BTreeMap::new(),
        }
    }

    /// Why the content at a path is not what the certificate names.
    fn fault(
        &mut self,
        certificate: &RepoPath,
        (block, bound): (&Benchmarks, &BoundFile),
        after: &At,
    ) -> Result<Option<String>, Undecided> {
        let repository = self.repository;
        let known = self.known.entry(certificate.clone()).or_insert_with(|| {
            let key = kept::Key::of_contents(block);
            Known {
                faults: kept::load(repository, &key).unwrap_or_default(),
                key,
                fresh: false,
            }
        });
        let name = format!("{} {} {}", bound.format, bound.digest, after.id);
        if let Some(fault) = known.faults.get(&name) {
            return Ok(fault.clone());
        }
        let fault = match repository.blob(&after.id, MAX_FILE)? {
            Blob::TooLarge { .. } => Some(format!("it has more than {MAX_FILE} bytes")),
            Blob::Content(bytes) => {
                let content = BoundContent::File(bytes);
                match content.digest() == Some(bound.digest) {
                    false => Some("it is not the file that the certificate names: its SHA-256 differs".to_owned()),
                    true => bound::read(&bound.format, &content)
                        .err()
                        .map(|flaw| format!("it {}", flaw.text)),
                }
            }
        };
        known.faults.insert(name, fault.clone());
        known.fresh = true;
        Ok(fault)
    }

    fn keep(&self) {
        for known in self.known.values().filter(|known| known.fresh) {
            kept::store(self.repository, &known.key, &known.faults);
        }
    }
}

/// The certificates of a snapshot, each read once.
struct Certificates<'r> {
    repository: &'r Repository,
    at: &'r Snapshot,
    known: BTreeMap<RepoPath, Option<Rc<Certificate>>>,
}

impl<'r> Certificates<'r> {
    fn new(repository: &'r Repository, at: &'r Snapshot) -> Self {
        Self {
            repository,
            at,
            known: BTreeMap::new(),
        }
    }

    fn read(&mut self, path: &RepoPath) -> Result<Option<Rc<Certificate>>, Undecided> {
        if let Some(known) = self.known.get(path) {
            return Ok(known.clone());
        }
        let entry = match self.at {
            Snapshot::Empty => None,
            at => self.repository.entry(at, path)?,
        };
        let read = match entry.filter(|entry| matches!(entry.mode, Mode::Regular | Mode::Executable)) {
            None => None,
            Some(entry) => match self.repository.blob(&entry.id, certificate::MAX_BYTES)? {
                Blob::Content(bytes) => Some(Rc::new(certificate::parse(path, &bytes).certificate)),
                Blob::TooLarge { .. } => None,
            },
        };
        self.known.insert(path.clone(), read.clone());
        Ok(read)
    }
}

/// The file of a block that a path is, or is a part of.
fn named<'b>(block: &'b Benchmarks, path: &RepoPath) -> Option<&'b BoundFile> {
    block.files.iter().find(|file| {
        file.path == *path
            || (bound::is_criterion(&file.format)
                && path.as_bytes().strip_prefix(file.path.as_bytes()).is_some_and(|rest| {
                    rest.strip_prefix(b"/")
                        .is_some_and(|name| CRITERION.iter().any(|known| known.as_bytes() == name))
                }))
    })
}

/// Whether the change takes away, or alters, what a certificate of the base names.
fn lost(
    file: &FileChange,
    certificate: &RepoPath,
    base: &mut Certificates<'_>,
    policy: &Policy,
) -> Result<Option<EvidenceFault>, Undecided> {
    let Some(before) = file.before() else {
        return Ok(None);
    };
    let Some(read) = base.read(certificate)? else {
        return Ok(None);
    };
    let history = policy
        .since
        .is_some_and(|since| read.moment().is_some_and(|moment| moment < since));
    let names = read
        .benchmarks
        .present()
        .is_some_and(|block| named(block, &file.path).is_some());
    let same = file.after().is_some_and(|after| after == before);
    if history || !names || same {
        return Ok(None);
    }
    Ok(Some(EvidenceFault {
        path: file.path.clone(),
        certificate: certificate.clone(),
        kind: match file.after() {
            Some(_) => EvidenceFaultKind::Modified,
            None => EvidenceFaultKind::Deleted,
        },
    }))
}

/// Why a file in the folder of a certificate's evidence does not count as evidence.
fn stray(
    contents: &mut Contents<'_>,
    file: &FileChange,
    after: &At,
    certificate: &Certificate,
) -> Result<Option<String>, Undecided> {
    let Some(block) = certificate.benchmarks.present() else {
        return Ok(Some("the certificate names no evidence".to_owned()));
    };
    let Some(bound) = named(block, &file.path) else {
        return Ok(Some("the certificate does not name it".to_owned()));
    };
    if after.mode != Mode::Regular {
        return Ok(Some("it is not a plain file".to_owned()));
    }
    // A part of a directory is held against the digest with the others, where the certificate is judged.
    if bound.path != file.path {
        let large = matches!(contents.repository.blob(&after.id, MAX_FILE)?, Blob::TooLarge { .. });
        return Ok(large.then(|| format!("it has more than {MAX_FILE} bytes")));
    }
    contents.fault(&certificate.path, (block, bound), after)
}
