//! What to do about a file that could not be read or written: a command, by what the operating system said.

use std::io::{Error, ErrorKind};
use std::path::Path;

use super::{Help, command};

/// The command that shows, or fixes, why `path` could not be read or written.
pub fn io_remedy(path: &Path, error: &Error) -> Help {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    match error.kind() {
        ErrorKind::PermissionDenied => command!["ls", "-ld", folder, path].why("who may do what there"),
        ErrorKind::ReadOnlyFilesystem => command!["findmnt", "--target", folder].why("is mounted read-only"),
        ErrorKind::StorageFull => command!["df", "-h", folder].why("free some space there"),
        ErrorKind::QuotaExceeded => command!["quota"].why("free some space, or ask for more"),
        ErrorKind::FileTooLarge => {
            return "the shell limits the size of files; `ulimit -f unlimited` in it removes the limit".into();
        }
        ErrorKind::BrokenPipe => {
            return "whoever read it has stopped; read it to its end, or send it into a file".into();
        }
        // What is missing may be the folder, too; one without it is the root or here.
        ErrorKind::NotFound if folder.is_dir() => command!["ls", "-la", folder].why("what is there"),
        _ => command!["ls", "-ld", folder, path],
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_folder_that_matters() {
        let say = |kind: ErrorKind| io_remedy(Path::new("/a b/c"), &Error::from(kind)).to_string();
        assert_eq!(say(ErrorKind::StorageFull), "df -h '/a b'   # free some space there");
        assert_eq!(say(ErrorKind::NotFound), "ls -ld '/a b' '/a b/c'");
        let gone = io_remedy(Path::new("/nothing-here"), &Error::from(ErrorKind::NotFound));
        assert_eq!(gone.to_string(), "ls -la /   # what is there");
        assert!(
            io_remedy(Path::new("c"), &Error::from(ErrorKind::ReadOnlyFilesystem))
                .to_string()
                .contains("--target . ")
        );
    }
}
