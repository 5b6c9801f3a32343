//! What is in a snapshot where a bound file should.

use crate::certificate::BoundFile;
use crate::change::{Mode, RepoPath, Snapshot, TreeEntry as At};
use crate::evidence::bound::{self, BoundContent, CRITERION, MAX_FILE};
use crate::gate::undecided::Undecided;
use crate::git::{Blob, Repository};

/// What is where a bound file should, before its content is read.
pub(super) enum Found {
    File(Option<At>),
    Criterion(Box<[Option<At>; 4]>),
}

impl Found {
    pub(super) fn look(repository: &Repository, at: &Snapshot, file: &BoundFile) -> Result<Self, Undecided> {
        if !bound::is_criterion(&file.format) {
            return Ok(Self::File(repository.entry(at, &file.path)?));
        }
        let mut found: [Option<At>; 4] = Default::default();
        for (name, slot) in CRITERION.iter().zip(&mut found) {
            let path = RepoPath::new([file.path.as_bytes(), b"/", name.as_bytes()].concat());
            *slot = repository.entry(at, &path)?;
        }
        Ok(Self::Criterion(Box::new(found)))
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Option<At>> {
        match self {
            Self::File(entry) => std::slice::from_ref(entry).iter(),
            Self::Criterion(entries) => entries.iter(),
        }
    }

    pub(super) fn read(&self, repository: &Repository) -> Result<BoundContent, Undecided> {
        let blob = |entry: &At| -> Result<BoundContent, Undecided> {
            if entry.mode != Mode::Regular {
                return Ok(BoundContent::NotAFile);
            }
            Ok(match repository.blob(&entry.id, MAX_FILE)? {
                Blob::Content(bytes) => BoundContent::File(bytes),
                Blob::TooLarge { size } => BoundContent::TooLarge(size),
            })
        };
        let entries = match self {
            Self::File(None) => return Ok(BoundContent::Missing),
            Self::File(Some(entry)) => return blob(entry),
            Self::Criterion(entries) => entries,
        };
        let mut files: [Option<Vec<u8>>; 4] = Default::default();
        for (entry, slot) in entries.iter().zip(&mut files) {
            match entry.as_ref().map(blob).transpose()? {
                None => {}
                Some(BoundContent::File(bytes)) => *slot = Some(bytes),
                Some(other) => return Ok(other),
            }
        }
        Ok(match files.iter().all(Option::is_none) {
            true => BoundContent::Missing,
            false => BoundContent::Criterion(Box::new(files)),
        })
    }
}
