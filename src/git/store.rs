//! Reads objects by id: libgit2 first, `git cat-file --batch` for what it cannot give (partial clones fetch there).
//!
//! Only the object database is opened, never a libgit2 repository, so replace refs, grafts, filters and attributes play no part.

use std::cell::RefCell;
use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout};

use git2::{ObjectFormat, ObjectType, Odb, OdbObject, Oid};
use sha2::{Digest as _, Sha256};

use super::GitError;
use super::listing::Trees;
use super::locate::Location;
use super::run::{Complaints, Runner};
use crate::change::{Digest, Mode, ObjectId, TreeEntry};

/// The content of a blob, or the reason why it was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blob {
    /// All of it.
    Content(Vec<u8>),
    /// It is larger than the limit and was not read.
    TooLarge {
        /// Size in bytes.
        size: u64,
    },
}

/// An object as read.
pub(super) enum Object<'s> {
    /// In libgit2's memory.
    Held(OdbObject<'s>),
    /// In ours.
    Own(ObjectType, Vec<u8>),
}

impl Object<'_> {
    pub(super) fn kind(&self) -> ObjectType {
        match self {
            Self::Held(object) => object.kind(),
            Self::Own(kind, _) => *kind,
        }
    }

    pub(super) fn data(&self) -> &[u8] {
        match self {
            Self::Held(object) => object.data(),
            Self::Own(_, data) => data,
        }
    }
}

/// The object store of a repository.
pub(super) struct Store {
    odb: Odb<'static>,
    location: Location,
    runner: Runner,
    batch: RefCell<Option<Batch>>,
    /// The ids of objects that are in memory only.
    made: RefCell<HashSet<Oid>>,
    /// Objects that are likely to be read, for a partial clone, which may lack them; each may be here twice.
    expected: RefCell<Vec<Oid>>,
    /// Trees that were read, where they are kept.
    pub(super) trees: RefCell<Option<Trees>>,
}

/// Most objects that a partial clone asks for at once before they are needed.
const AHEAD: usize = 1024;

/// Of so many objects it is remembered that they are likely to be read.
const MOST_EXPECTED: usize = 1 << 18;

/// Above every object directory.
const FIRST: i32 = 1000;

impl Store {
    pub(super) fn open(location: &Location, runner: &Runner) -> Result<Self, GitError> {
        // As git, which checks that content fits its id when an object comes into the repository, not each time it is read.
        git2::opts::strict_hash_verification(false);
        let format = if location.sha256 {
            ObjectFormat::Sha256
        } else {
            ObjectFormat::Sha1
        };
        let odb = Odb::new_ext(format).map_err(|error| library(&location.git_dir, &error))?;
        for directory in &location.objects {
            // A path that libgit2 cannot take is left to `git cat-file`.
            if let Some(path) = directory.to_str() {
                odb.add_disk_alternate(path)
                    .map_err(|error| library(directory, &error))?;
            }
        }
        Ok(Self {
            odb,
            location: location.clone(),
            runner: runner.clone(),
            batch: RefCell::new(None),
            made: RefCell::default(),
            expected: RefCell::default(),
            trees: RefCell::default(),
        })
    }

    /// Makes an object in memory. Other processes do not see it.
    pub(super) fn make(&self, kind: ObjectType, data: &[u8]) -> Result<Oid, GitError> {
        let failed = |error: git2::Error| library(self.runner.directory(), &error);
        if self.made.borrow().is_empty() {
            self.odb.add_new_mempack_backend(FIRST).map_err(failed)?;
        }
        let id = self.odb.write(kind, data).map_err(failed)?;
        self.made.borrow_mut().insert(id);
        Ok(id)
    }

    /// Takes the objects of a directory into memory, so that the directory may go.
    pub(super) fn take_in(&self, directory: &std::path::Path) -> Result<(), GitError> {
        let there = |error: std::io::Error| GitError::unreadable(directory, error);
        let mut alone = self.location.clone();
        alone.objects = vec![directory.to_owned()];
        let from = Self::open(&alone, &self.runner)?;
        let mut ids = Vec::new();
        from.odb
            .foreach(|id| {
                ids.push(*id);
                true
            })
            .map_err(|error| library(directory, &error))?;
        for id in ids {
            let object = from
                .local(id)
                .ok_or_else(|| there(std::io::Error::other("an object is unreadable")))?;
            let made = self.make(object.kind(), object.data())?;
            if made != id {
                return Err(GitError::Malformed {
                    id: own(id),
                    role: "result of a merge",
                    why: format!("its content is that of {made}"),
                });
            }
        }
        Ok(())
    }

    /// True where an object is in memory only, so that no other process can read it.
    pub(super) fn is_made(&self, id: &ObjectId) -> bool {
        let made = self.made.borrow();
        !made.is_empty() && Oid::from_bytes(id.as_bytes()).is_ok_and(|id| made.contains(&id))
    }

    /// True where the object came with the push that is being judged, and goes again if that is refused: git keeps such objects in a
    /// separate directory, which comes first (git-receive-pack(1), "Quarantine environment").
    pub(super) fn is_quarantined(&self, id: Oid) -> Result<bool, GitError> {
        if self.runner.variable("GIT_QUARANTINE_PATH").is_none() {
            return Ok(false);
        }
        let mut lasting = self.location.clone();
        lasting.objects = lasting.objects.split_off(1.min(lasting.objects.len()));
        Ok(!Self::open(&lasting, &self.runner)?.odb.exists(id))
    }

    /// The number of hexadecimal digits of an id here.
    pub(super) fn hex_length(&self) -> usize {
        if self.location.sha256 { 64 } else { 40 }
    }

    /// The id as libgit2 has it; one of the wrong kind is not in this store.
    pub(super) fn oid(&self, id: &ObjectId, role: &'static str) -> Result<Oid, GitError> {
        let right = id.as_bytes().len() * 2 == self.hex_length();
        let oid = right.then(|| Oid::from_bytes(id.as_bytes()).ok()).flatten();
        oid.ok_or_else(|| GitError::Missing {
            id: id.clone(),
            role,
            path: None,
        })
    }

    /// The tree without entries.
    pub(super) fn empty_tree(&self) -> Result<Oid, GitError> {
        let format = if self.location.sha256 {
            ObjectFormat::Sha256
        } else {
            ObjectFormat::Sha1
        };
        Oid::hash_object_ext(ObjectType::Tree, &[], format).map_err(|error| library(self.runner.directory(), &error))
    }

    /// Reads an object that libgit2 has, without asking git for it.
    pub(super) fn local(&self, id: Oid) -> Option<Object<'_>> {
        self.odb.read(id).ok().map(Object::Held)
    }

    /// Reads an object; `None` where neither libgit2 nor git has it.
    pub(super) fn read(&self, id: Oid) -> Result<Option<Object<'_>>, GitError> {
        if let Some(object) = self.local(id) {
            return Ok(Some(object));
        }
        let mut data = Vec::new();
        let header = self.converse(id, |chunk| data.extend_from_slice(chunk))?;
        Ok(header.map(|(kind, _)| Object::Own(kind, data)))
    }

    /// Reads an object that must be there and be of the given kind.
    pub(super) fn need(&self, id: Oid, kind: ObjectType, role: &'static str) -> Result<Object<'_>, GitError> {
        let object = self.read(id)?.ok_or_else(|| GitError::Missing {
            id: own(id),
            role,
            path: None,
        })?;
        self.check(id, object.kind(), kind, role)?;
        Ok(object)
    }

    fn check(&self, id: Oid, found: ObjectType, kind: ObjectType, role: &'static str) -> Result<(), GitError> {
        if found == kind {
            return Ok(());
        }
        Err(GitError::Malformed {
            id: own(id),
            role,
            why: format!("it is a {found}"),
        })
    }

    /// Reads a blob unless it is larger than `limit` bytes; its size is looked up first.
    pub(super) fn blob(&self, id: Oid, limit: u64) -> Result<Blob, GitError> {
        let role = "content of a file";
        if let Ok((size, kind)) = self.odb.read_header(id) {
            self.check(id, kind, ObjectType::Blob, role)?;
            let size = size as u64;
            if size > limit {
                return Ok(Blob::TooLarge { size });
            }
            return Ok(Blob::Content(self.need(id, kind, role)?.data().to_vec()));
        }
        let mut data = Vec::new();
        let mut fits = true;
        let header = self.converse(id, |chunk| {
            fits = fits && (data.len() + chunk.len()) as u64 <= limit;
            if fits {
                data.extend_from_slice(chunk);
            }
        })?;
        let (kind, size) = header.ok_or_else(|| GitError::Missing {
            id: own(id),
            role,
            path: None,
        })?;
        self.check(id, kind, ObjectType::Blob, role)?;
        Ok(if size > limit {
            Blob::TooLarge { size }
        } else {
            Blob::Content(data)
        })
    }

    /// The SHA-256 of a blob's content; a large one streams through and is never in memory completely.
    pub(super) fn digest(&self, id: Oid) -> Result<Digest, GitError> {
        const WHOLE: u64 = 4 << 20;
        let role = "content of a file";
        if let Ok((size, ObjectType::Blob)) = self.odb.read_header(id)
            && size as u64 <= WHOLE
        {
            let object = self.need(id, ObjectType::Blob, role)?;
            return Ok(Digest(Sha256::digest(object.data()).into()));
        }
        let mut hash = Sha256::new();
        let header = self.converse(id, |chunk| hash.update(chunk))?;
        let (kind, _) = header.ok_or_else(|| GitError::Missing {
            id: own(id),
            role,
            path: None,
        })?;
        self.check(id, kind, ObjectType::Blob, role)?;
        Ok(Digest(hash.finalize().into()))
    }

    /// Says which blobs are likely to be read. In a partial clone the first that is missing then fetches the others, in one fetch
    /// instead of one for each.
    pub(super) fn expect<'e>(&self, entries: impl Iterator<Item = &'e TreeEntry>) {
        let blobs = entries.filter(|entry| entry.mode != Mode::Gitlink);
        let ids = blobs.filter_map(|entry| Oid::from_bytes(entry.id.as_bytes()).ok());
        let mut expected = self.expected.borrow_mut();
        // What many questions ago was likely to be read has been read.
        if expected.len() > MOST_EXPECTED {
            expected.clear();
        }
        expected.extend(ids);
    }

    /// Fetches what is expected and missing, where `id` is. Where that fails, `git cat-file` asks for it alone, and says why it cannot be had.
    fn fetch_ahead(&self, id: Oid) {
        let mut expected = self.expected.borrow_mut();
        if !expected.contains(&id) || self.odb.exists(id) {
            return;
        }
        let mut seen = HashSet::from([id]);
        let missing = std::mem::take(&mut *expected).into_iter();
        let mut missing: Vec<Oid> = missing
            .filter(|other| seen.insert(*other) && !self.odb.exists(*other))
            .collect();
        *expected = missing.split_off(missing.len().min(AHEAD - 1));
        let wanted: Vec<Oid> = std::iter::once(id).chain(missing).collect();
        if wanted.len() > 1 {
            super::fetch::promised(&self.runner, &wanted);
        }
    }

    /// Asks the long-running `git cat-file --batch`, which is started on first use.
    fn converse(&self, id: Oid, sink: impl FnMut(&[u8])) -> Result<Option<(ObjectType, u64)>, GitError> {
        self.fetch_ahead(id);
        let mut slot = self.batch.borrow_mut();
        let batch = match &mut *slot {
            Some(batch) => batch,
            None => slot.insert(Batch::start(&self.runner)?),
        };
        match batch.ask(id, sink) {
            Ok(answer) => Ok(answer),
            Err(error) => {
                let failure = batch.stop(&error);
                *slot = None;
                Err(failure)
            }
        }
    }
}

/// A `git cat-file --batch` (git-cat-file(1)).
struct Batch {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    complaints: Complaints,
}

impl Batch {
    const COMMAND: &'static [&'static str] = &["cat-file", "--batch"];

    fn start(runner: &Runner) -> Result<Self, GitError> {
        let (mut child, complaints) = runner.converse(Self::COMMAND)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or_else(|| GitError::Spawn {
            command: super::run::show(Self::COMMAND),
            source: std::io::Error::other("no pipe"),
        })?;
        Ok(Self {
            child,
            input: Some(input),
            output: BufReader::with_capacity(64 << 10, output),
            complaints,
        })
    }

    fn ask(&mut self, id: Oid, mut sink: impl FnMut(&[u8])) -> std::io::Result<Option<(ObjectType, u64)>> {
        let odd = |what: &str| std::io::Error::other(what.to_owned());
        let input = self.input.as_mut().ok_or_else(|| odd("closed"))?;
        input.write_all(format!("{id}\n").as_bytes())?;
        input.flush()?;
        let mut header = String::new();
        self.output.read_line(&mut header)?;
        let mut words = header.split_ascii_whitespace().skip(1);
        let kind = words.next().ok_or_else(|| odd("no answer"))?;
        if kind == "missing" {
            return Ok(None);
        }
        let kind = ObjectType::from_str(kind).ok_or_else(|| odd("unknown kind of object"))?;
        let size: u64 = words
            .next()
            .and_then(|word| word.parse().ok())
            .ok_or_else(|| odd("no size"))?;
        let mut left = size;
        while left > 0 {
            let chunk = self.output.fill_buf()?;
            let take = chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if take == 0 {
                return Err(odd("the content ended early"));
            }
            sink(chunk.get(..take).unwrap_or_default());
            self.output.consume(take);
            left -= take as u64;
        }
        self.output.read_exact(&mut [0])?;
        Ok(Some((kind, size)))
    }

    /// Ends it after a failure, and says what it said.
    fn stop(&mut self, error: &std::io::Error) -> GitError {
        let status = self.end();
        let mut said = self.complaints.read();
        if said.is_empty() {
            said = error.to_string().into_bytes();
        }
        match status {
            Ok(status) => GitError::failed(super::run::show(Self::COMMAND), status, &said),
            Err(source) => GitError::Spawn {
                command: super::run::show(Self::COMMAND),
                source,
            },
        }
    }

    fn end(&mut self) -> std::io::Result<std::process::ExitStatus> {
        self.input = None;
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        // It may be in the middle of an answer that nobody will read.
        self.child.kill()?;
        self.child.wait()
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // Nothing depends on how it ends: every answer has been read and checked.
        let _ = self.end();
    }
}

/// An id in the crate's own type.
pub(super) fn own(id: Oid) -> ObjectId {
    let bytes = id.as_bytes();
    if let Ok(sha256) = <[u8; 32]>::try_from(bytes) {
        return ObjectId::from(sha256);
    }
    let mut sha1 = [0; 20];
    sha1.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    ObjectId::from(sha1)
}

fn library(path: &std::path::Path, error: &git2::Error) -> GitError {
    GitError::unreadable(path, error.message())
}
