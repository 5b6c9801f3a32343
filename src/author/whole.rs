//! Writes files that are complete or not there, whenever the process ends.
//!
//! The text goes into a temporary file, which is then renamed. That file lies in the git directory where it can, so that one that a
//! killed process left is in nobody's way and no `git add --all` finds it.

use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::diagnostic::{Code, Diagnostic, Place, io_remedy, shown};
use crate::gate::Undecided;
use crate::git::Repository;
use crate::ledger::share;
use crate::signals;

/// What the names of temporary files begin with.
const TEMPORARY: &str = ".certgate-";
/// How old a temporary file is whose process cannot be alive any more.
const ABANDONED: Duration = Duration::from_secs(600);

/// Whether a file that is there is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It is; its permissions stay.
    Replace,
    /// It is not.
    Keep,
}

/// Whether the file was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It was.
    Yes,
    /// A file of that name is there, and was to be kept.
    Taken,
}

/// Writes a file, with the folders above it. A new one has the permissions that the umask leaves.
pub(crate) fn write(
    repository: &Repository,
    path: &Path,
    bytes: &[u8],
    existing: Existing,
) -> Result<Written, Undecided> {
    if let Some(root) = repository.work_tree() {
        refuse_links(root, path)?;
    }
    let folder = folder(path);
    let failed = |error: &io::Error| Undecided::io("write", path, error);
    std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let written = match scratch(repository, folder) {
        Some(scratch) => match put(&scratch, path, bytes, existing) {
            // Two mounts of one file system look alike, but nothing can be renamed from one to the other.
            Err(error) if error.kind() == ErrorKind::CrossesDevices => put(folder, path, bytes, existing),
            written => written,
        },
        None => put(folder, path, bytes, existing),
    };
    written.map_err(|error| failed(&error))
}

/// Writes a report. Where it fails, no older report is left to be taken for the new one.
///
/// A link is not followed: not where the file should be, wherever that is, nor on the way to it below the work tree, where whoever made the
/// change may have put it. A pipe or a device is written to as it is, and so are the system's own names of what is open, such as
/// `/dev/stdout`: no repository can put anything there.
pub(crate) fn report(path: &Path, text: &str) -> Result<(), Undecided> {
    const OPEN: [&str; 2] = ["/dev/fd", "/proc/self/fd"];
    const NAMED: [&str; 2] = ["/dev/stdout", "/dev/stderr"];
    let of_system = NAMED.iter().any(|name| path == Path::new(name))
        || OPEN.iter().any(|folder| path.parent() == Some(Path::new(folder)));
    let found = std::fs::symlink_metadata(path);
    if !of_system {
        // Where there is no repository, what lies here may still be somebody's.
        let repository = Repository::open_to_judge().ok();
        let root = repository
            .as_ref()
            .and_then(Repository::work_tree)
            .map(Path::to_path_buf);
        let root = root.map_or_else(std::env::current_dir, Ok);
        refuse_links(&root.map_err(|error| Undecided::io("find", path, &error))?, path)?;
        if found.as_ref().is_ok_and(std::fs::Metadata::is_symlink) {
            return Err(through_link(path, path));
        }
    }
    let regular = match found {
        Ok(found) => found.is_file(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    let written = match regular {
        true => put(folder(path), path, text.as_bytes(), Existing::Replace).map(drop),
        false => std::fs::write(path, text),
    };
    written.map_err(|error| {
        if regular {
            let _stale = std::fs::remove_file(path);
        }
        Undecided::io("write", path, &error)
    })
}

/// The folder that a file lies in.
fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Where temporary files are in nobody's way: in the git directory, if that is writable and on the same file system.
fn scratch(repository: &Repository, folder: &Path) -> Option<PathBuf> {
    let own = repository.common_dir().join("certgate");
    let scratch = own.join("tmp");
    if !scratch.is_dir() {
        std::fs::create_dir_all(&scratch).ok()?;
        // Best effort: where it fails, others write beside their target.
        let _shared = share(&own, repository.common_dir()).and_then(|()| share(&scratch, &own));
    }
    let (here, there) = (std::fs::metadata(&scratch).ok()?, std::fs::metadata(folder).ok()?);
    if here.dev() != there.dev() {
        return None;
    }
    sweep(&scratch);
    // It may be there and not be writable.
    temporary(&scratch).ok().map(|_| scratch)
}

/// Removes what killed processes left, as far as that can be.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let abandoned = || {
            let metadata = entry.metadata().ok()?;
            Some(metadata.is_file() && metadata.modified().ok()?.elapsed().ok()? > ABANDONED)
        };
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) && abandoned() == Some(true) {
            let _gone = std::fs::remove_file(entry.path());
        }
    }
}

fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let public = std::fs::Permissions::from_mode(0o666);
    tempfile::Builder::new()
        .prefix(TEMPORARY)
        .permissions(public)
        .tempfile_in(folder)
}

fn put(scratch: &Path, path: &Path, bytes: &[u8], existing: Existing) -> io::Result<Written> {
    let _whole = signals::hold();
    let mut file = temporary(scratch)?;
    file.write_all(bytes)?;
    if existing == Existing::Replace
        && let Ok(found) = std::fs::metadata(path)
    {
        file.as_file().set_permissions(found.permissions())?;
    }
    file.as_file().sync_all()?;
    let kept = match existing {
        Existing::Replace => file.persist(path),
        Existing::Keep => file.persist_noclobber(path),
    };
    match kept {
        Ok(_) => Ok(Written::Yes),
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Ok(Written::Taken),
        Err(failed) => Err(failed.error),
    }
}

/// Refuses a way that leads out of the work tree: git could not add what lies there, and the link may come from a stranger. The way is
/// followed as the system would, so that neither `..` nor a link to the work tree from elsewhere hides one.
fn refuse_links(root: &Path, path: &Path) -> Result<(), Undecided> {
    let full = std::path::absolute(path).map_err(|error| Undecided::io("find", path, &error))?;
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let mut at = PathBuf::new();
    for part in full.parent().into_iter().flat_map(Path::components) {
        // Where `at` cannot be resolved there is nothing yet, and no link.
        let below = at.canonicalize().is_ok_and(|at| at.starts_with(&root));
        at.push(part);
        if below && std::fs::symlink_metadata(&at).is_ok_and(|found| found.is_symlink()) {
            return Err(through_link(path, at.strip_prefix(&root).unwrap_or(&at)));
        }
    }
    Ok(())
}

fn through_link(path: &Path, link: &Path) -> Undecided {
    let (path, shown) = (shown(path), shown(link));
    let problem = match path == shown {
        true => format!("cannot write {path}: it is a symbolic link"),
        false => format!("cannot write {path}: `{shown}` is a symbolic link"),
    };
    Diagnostic::error(Code::CG726, problem)
        .at(Place::file(&shown))
        .because("links are content and are not followed")
        .help(io_remedy(link, &ErrorKind::NotFound.into()))
        .into()
}
