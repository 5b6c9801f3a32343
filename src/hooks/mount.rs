//! File systems that let nothing be run: git then passes a hook by, as if it were not executable.

use std::path::{Path, PathBuf};

/// The mount point of the file system that a path lies on, if that is mounted `noexec`. Where the system does not tell (proc(5),
/// `/proc/self/mountinfo`), there is none.
pub fn noexec_mount(path: &Path) -> Option<PathBuf> {
    let existing = path.ancestors().find(|ancestor| ancestor.exists())?;
    let path = existing.canonicalize().ok()?;
    let table = std::fs::read("/proc/self/mountinfo").ok()?;
    find(&String::from_utf8_lossy(&table), &path)
}

fn find(table: &str, path: &Path) -> Option<PathBuf> {
    let mut best: Option<(PathBuf, bool)> = None;
    for line in table.lines() {
        let mut words = line.split(' ').skip(4);
        let (Some(point), Some(options)) = (words.next(), words.next()) else {
            continue;
        };
        let point = PathBuf::from(unescape(point));
        // Of two on one point the later one covers the earlier.
        let nearer = best
            .as_ref()
            .is_none_or(|(old, _)| point.components().count() >= old.components().count());
        if path.starts_with(&point) && nearer {
            best = Some((point, options.split(',').any(|option| option == "noexec")));
        }
    }
    best.filter(|(_, noexec)| *noexec).map(|(point, _)| point)
}

/// Blanks, tabs, line breaks and backslashes are there as three octal digits.
fn unescape(word: &str) -> String {
    let escapes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    escapes
        .iter()
        .fold(word.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_decides() {
        let table = "22 1 8:1 / / rw,relatime - ext4 /dev/root rw\n\
                     23 22 0:5 / /home rw,noexec,relatime - ext4 /dev/b rw\n\
                     24 23 0:6 / /home/my\\040code rw - ext4 /dev/c rw\n";
        let at = |path: &str| find(table, Path::new(path));
        assert_eq!(at("/srv/repo"), None);
        assert_eq!(at("/home/repo/.git/hooks"), Some(PathBuf::from("/home")));
        assert_eq!(at("/homes/repo"), None);
        assert_eq!(at("/home/my code/repo"), None);
    }
}
