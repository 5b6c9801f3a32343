//! The few operations on files that hooks need. Each that changes something does so in one atomic step, and one certgate at a time.

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use super::{HooksError, shim};

/// As much of a hook as is read to see whose it is; shims are shorter.
const HEAD: u64 = 64 * 1024;
/// What the names of temporary files begin with.
const TEMPORARY: &str = ".certgate-";
/// How old a temporary file is whose process cannot be alive any more: writing one takes milliseconds.
const ABANDONED: Duration = Duration::from_secs(600);
/// How long another certgate is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is under a name.
pub(super) enum Found {
    Missing,
    Directory,
    Ours { bytes: Vec<u8>, executable: bool },
    Foreign { executable: bool },
}

/// Whether a hook has its second place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Yes,
    /// Another hook is there.
    OtherIsThere,
    /// The hook changed meanwhile; look again.
    Changed,
}

/// Looks at a name without following a symlink: one is always somebody else's.
pub(super) fn inspect(path: &Path) -> Result<Found, HooksError> {
    let Some(metadata) = metadata(path)? else {
        return Ok(Found::Missing);
    };
    if metadata.is_dir() {
        return Ok(Found::Directory);
    }
    if !metadata.is_file() {
        // What git asks is whether the target can be run.
        let executable = fs::metadata(path).is_ok_and(|target| target.is_file() && is_executable(&target));
        return Ok(Found::Foreign { executable });
    }
    let executable = is_executable(&metadata);
    let bytes = match read_head(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Missing),
        read => read.map_err(|source| HooksError::io("read", path, source))?,
    };
    Ok(if shim::is_ours(&bytes) {
        Found::Ours { bytes, executable }
    } else {
        Found::Foreign { executable }
    })
}

/// True where the name is taken, be it by a dangling symlink.
pub(super) fn exists(path: &Path) -> Result<bool, HooksError> {
    Ok(metadata(path)?.is_some())
}

/// The first bytes of a file; all of a shim.
pub(super) fn read_head(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// True where both names lead to one file, to the same bytes, or by symlink to the same target.
pub(super) fn same(a: &Path, b: &Path) -> Result<bool, HooksError> {
    let (Some(left), Some(right)) = (metadata(a)?, metadata(b)?) else {
        return Ok(false);
    };
    if (left.dev(), left.ino()) == (right.dev(), right.ino()) {
        return Ok(true);
    }
    if left.is_symlink() && right.is_symlink() {
        let target = |path| fs::read_link(path).map_err(|source| HooksError::io("read", path, source));
        return Ok(target(a)? == target(b)?);
    }
    if !left.is_file() || !right.is_file() || left.len() != right.len() {
        return Ok(false);
    }
    let bytes = |path| fs::read(path).map_err(|source| HooksError::io("read", path, source));
    Ok(bytes(a)? == bytes(b)?)
}

/// True where a foreign hook is at `path` and another one already has the second name.
pub(super) fn differ(path: &Path, chained: &Path) -> Result<bool, HooksError> {
    // Asked in this order: where another install put a shim there meanwhile, the names differ but nothing is at odds.
    Ok(exists(chained)? && !same(path, chained)? && matches!(inspect(path)?, Found::Foreign { .. }))
}

/// Makes the hooks directory and its parents.
pub(super) fn create_directory(path: &Path) -> Result<(), HooksError> {
    fs::create_dir_all(path).map_err(|source| HooksError::io("create", path, source))
}

/// Waits until no other certgate is at work in the directory, and keeps others out for as long as the answer lives. The kernel lets go of
/// the lock with the process, however that ends. `None` where there is no directory, or no locks: each step is atomic by itself, and
/// only what two processes do in turn could get in each other's way.
pub(super) fn lock(directory: &Path) -> Result<Option<File>, HooksError> {
    let Ok(file) = File::open(directory) else {
        return Ok(None);
    };
    let begun = Instant::now();
    loop {
        match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(file)),
            Err(rustix::io::Errno::WOULDBLOCK) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let directory = directory.to_owned();
                return Err(HooksError::Locked { directory });
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Ok(None),
        }
    }
}

/// Removes what killed processes left, as far as that can be.
pub(super) fn sweep(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
        let abandoned = || {
            let metadata = entry.metadata().ok()?;
            Some(metadata.is_file() && metadata.modified().ok()?.elapsed().ok()? > ABANDONED)
        };
        if ours && abandoned() == Some(true) {
            let _gone = fs::remove_file(entry.path());
        }
    }
}

/// Puts an executable file where there is none; false where there is one by now.
pub(super) fn write_new(path: &Path, text: &[u8]) -> Result<bool, HooksError> {
    match prepare(path, text)?.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(failed) => Err(HooksError::io("write", path, failed.error)),
    }
}

/// Puts an executable file in the place of what is there.
pub(super) fn write_over(path: &Path, text: &[u8]) -> Result<(), HooksError> {
    match prepare(path, text)?.persist(path) {
        Ok(_) => Ok(()),
        Err(failed) => Err(HooksError::io("write", path, failed.error)),
    }
}

/// Gives the hook at `path` its second name, and leaves the first in place.
pub(super) fn keep(path: &Path, chained: &Path) -> Result<Kept, HooksError> {
    let kept = match fs::hard_link(path, chained) {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => Err(error),
        // Not every file system has hard links, nor does every one let them be made of another's file.
        Err(_) => copy(path, chained),
    };
    match kept {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Kept::Changed),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if differ(path, chained)? {
                return Ok(Kept::OtherIsThere);
            }
        }
        Err(source) => return Err(HooksError::io("write", chained, source)),
    }
    // Whatever has the second name must be a hook of somebody else, or the shim would run itself.
    if matches!(inspect(chained)?, Found::Ours { .. }) {
        remove(chained)?;
        return Ok(Kept::Changed);
    }
    Ok(if same(path, chained)? { Kept::Yes } else { Kept::Changed })
}

/// Copies a file with its permissions, or a symlink as such, to a name that must be free.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(from)?.is_symlink() {
        return symlink(fs::read_link(from)?, to);
    }
    let file = temporary(to)?;
    fs::copy(from, file.path())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(to).map(drop).map_err(|failed| failed.error)
}

/// Puts a hook back over what is there.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), HooksError> {
    let moved = match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => replace(from, to),
        moved => moved,
    };
    moved.map_err(|source| HooksError::io("restore", to, source))
}

/// The same where the two directories are on different file systems.
fn replace(from: &Path, to: &Path) -> io::Result<()> {
    if fs::symlink_metadata(from)?.is_symlink() {
        let target = fs::read_link(from)?;
        fs::remove_file(to).or_else(|error| match error.kind() {
            ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        symlink(target, to)?;
    } else {
        let file = temporary(to)?;
        fs::copy(from, file.path())?;
        file.as_file().sync_all()?;
        file.persist(to).map_err(|failed| failed.error)?;
    }
    fs::remove_file(from)
}

/// Removes a file; one that is gone already is as good.
pub(super) fn remove(path: &Path) -> Result<(), HooksError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(HooksError::io("remove", path, source)),
        _ => Ok(()),
    }
}

/// What others may do with a hook where they may do it with its directory: a shared repository (`core.sharedRepository`) stays one,
/// whatever the umask of whoever installs.
const SHARED: u32 = 0o075;

/// An executable file under a temporary name, complete.
fn prepare(path: &Path, text: &[u8]) -> Result<NamedTempFile, HooksError> {
    let filled = || {
        let mut file = temporary(path)?;
        file.write_all(text)?;
        let directory = path.parent().and_then(|directory| fs::metadata(directory).ok());
        let mode = file.as_file().metadata()?.permissions().mode();
        let mode = mode | 0o700 | directory.map_or(0, |directory| directory.permissions().mode() & SHARED);
        file.as_file().set_permissions(Permissions::from_mode(mode & 0o777))?;
        file.as_file().sync_all()?;
        Ok(file)
    };
    filled().map_err(|source| HooksError::io("write", path, source))
}

/// A temporary file beside `path`, so that it can be renamed there.
fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(TEMPORARY)
        .permissions(Permissions::from_mode(0o755))
        .tempfile_in(path.parent().unwrap_or(Path::new(".")))
}

fn metadata(path: &Path) -> Result<Option<Metadata>, HooksError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        // Below what is no directory, such as /dev/null, there is nothing either.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(HooksError::io("read", path, source)),
    }
}

/// True for a file that can be run, as the shims ask for it.
pub fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && is_executable(&found))
        && super::noexec_mount(path).is_none()
}

fn is_executable(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_where_links_cannot_be_made() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("hook"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(at("hook"), Permissions::from_mode(0o750)).unwrap();
        copy(&at("hook"), &at("kept")).unwrap();
        assert!(same(&at("hook"), &at("kept")).unwrap());
        assert_eq!(fs::metadata(at("kept")).unwrap().permissions().mode() & 0o777, 0o750);
        assert_eq!(
            copy(&at("hook"), &at("kept")).unwrap_err().kind(),
            ErrorKind::AlreadyExists
        );
        symlink("hook", at("link")).unwrap();
        copy(&at("link"), &at("link2")).unwrap();
        assert_eq!(fs::read_link(at("link2")).unwrap(), Path::new("hook"));
        assert!(same(&at("link"), &at("link2")).unwrap());
    }

    #[test]
    fn never_keeps_a_shim() {
        let directory = tempfile::tempdir().unwrap();
        let (hook, chained) = (directory.path().join("h"), directory.path().join("c"));
        fs::write(&hook, "#!/bin/sh\n# certgate-hook v1 pre-push\n").unwrap();
        assert_eq!(keep(&hook, &chained).unwrap(), Kept::Changed);
        assert!(!exists(&chained).unwrap());
        assert_eq!(keep(&directory.path().join("gone"), &chained).unwrap(), Kept::Changed);
    }
}
