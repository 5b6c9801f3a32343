//! What to do about a file that could not be read or written: a command, by what the operating system said.

use std::io::{Error, ErrorKind};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::change::RepoPath;

/// The command that shows, or mends, why `path` could not be read or written.
pub fn io_remedy(path: &Path, error: &Error) -> String {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let word = |path: &Path| RepoPath::new(path.as_os_str().as_bytes()).for_shell();
    let (folder, path) = (word(folder), word(path));
    match error.kind() {
        ErrorKind::PermissionDenied => format!("ls -ld {folder} {path}   # who may do what there"),
        ErrorKind::ReadOnlyFilesystem => format!("findmnt --target {folder}   # is mounted read-only"),
        ErrorKind::StorageFull => format!("df -h {folder}   # free some space there"),
        ErrorKind::QuotaExceeded => "quota   # free some space, or ask for more".to_owned(),
        ErrorKind::FileTooLarge => "ulimit -f unlimited   # the shell limits the size of files".to_owned(),
        _ => format!("ls -ld {folder} {path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_folder_that_matters() {
        let say = |kind: ErrorKind| io_remedy(Path::new("/a b/c"), &Error::from(kind));
        assert_eq!(say(ErrorKind::StorageFull), "df -h '/a b'   # free some space there");
        assert_eq!(say(ErrorKind::NotFound), "ls -ld '/a b' '/a b/c'");
        assert!(io_remedy(Path::new("c"), &Error::from(ErrorKind::ReadOnlyFilesystem)).contains("--target . "));
    }
}
