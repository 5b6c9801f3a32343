//! The content that merging two commits gives, made by git itself (git-merge-tree(1)) and kept in memory only.
//!
//! Git works in a scratch repository that borrows the objects of this one. So no configuration, no attribute and no merge driver of
//! the user or of the repository has a say, nothing is written here, and what git made goes with the scratch directory.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use git2::{ObjectType, Oid};

use super::locate::Location;
use super::run::{Runner, git_version, show};
use super::store::own;
use super::tree::compare_below;
use super::{GitError, GitVersion, Repository};
use crate::change::{Change, FileChange, ObjectId, RepoPath, Snapshot};

/// The first git whose `merge-tree` writes trees.
const SINCE: GitVersion = GitVersion {
    major: 2,
    minor: 38,
    patch: 0,
};

/// How git ended where the sides conflict.
const CONFLICTS: i32 = 1;

impl Repository {
    /// The change that `head` makes to a branch whose tip is `tip`, which has commits that `head` lacks: what differs between the tip and
    /// the result of the merge. [`Change::head`] is a merge commit of the two that exists in memory only.
    ///
    /// # Errors
    ///
    /// [`GitError::MergeConflict`] where git cannot merge by itself, [`GitError::OldGit`] before git 2.38.
    pub fn change_by_merge(&self, tip: &ObjectId, head: &ObjectId) -> Result<Change, GitError> {
        let tree = self.merged_tree(tip, head)?;
        let merge = self.merge_commit(tree, tip, head)?;
        Ok(Change {
            base: Snapshot::Commit(tip.clone()),
            head: Snapshot::Commit(merge),
            files: self.differing(self.tree(tip)?, tree)?,
            messages: self.messages(std::slice::from_ref(tip), std::slice::from_ref(head))?,
        })
    }

    /// What differs between two trees that need not be in the repository's own store, sorted by path.
    fn differing(&self, old: Oid, new: Oid) -> Result<Vec<FileChange>, GitError> {
        let mut files = compare_below(&self.store, b"", Some(old), Some(new))?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// The tree of the merge. What a partial clone lacks is fetched, and the merge is tried once more.
    fn merged_tree(&self, tip: &ObjectId, head: &ObjectId) -> Result<Oid, GitError> {
        match self.merge_tree(tip, head) {
            Err(GitError::Git { .. }) => {
                self.complete(tip, head)?;
                self.merge_tree(tip, head)
            }
            answer => answer,
        }
    }

    fn merge_tree(&self, tip: &ObjectId, head: &ObjectId) -> Result<Oid, GitError> {
        let scratch = Scratch::new(&self.location)?;
        let (tip_name, head_name) = (tip.to_string(), head.to_string());
        let arguments = [
            "merge-tree",
            "--write-tree",
            "-z",
            "--name-only",
            "--no-messages",
            &tip_name,
            &head_name,
        ];
        let output = scratch.run(&arguments, &self.location)?;
        let mut fields = output.stdout.split(|&byte| byte == 0);
        let tree = fields
            .next()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(ObjectId::from_hex);
        match (output.status.code(), tree) {
            (Some(0), Some(tree)) => {
                let tree = self.store.oid(&tree, "result of a merge")?;
                self.store.take_in(&scratch.objects())?;
                Ok(tree)
            }
            (Some(CONFLICTS), Some(_)) => Err(GitError::MergeConflict {
                tip: tip.clone(),
                head: head.clone(),
                paths: fields.filter(|path| !path.is_empty()).map(RepoPath::new).collect(),
            }),
            _ => match git_version()? {
                version if version < SINCE => Err(GitError::OldGit {
                    found: version,
                    needed: SINCE,
                    tip: tip.clone(),
                }),
                _ => Err(GitError::failed(show(&arguments), output.status, &output.stderr)),
            },
        }
    }

    /// Reads every blob that either side changed, which fetches those that a partial clone lacks.
    fn complete(&self, tip: &ObjectId, head: &ObjectId) -> Result<(), GitError> {
        for base in self.merge_bases(tip, head)? {
            let base = Snapshot::Commit(base);
            for side in [tip, head] {
                let mut wanted = Vec::new();
                for file in self.range(&base, side)? {
                    wanted.extend(file.before().cloned());
                    wanted.extend(file.after().cloned());
                }
                for entry in wanted
                    .iter()
                    .filter(|entry| super::diff::readable(Some(entry)).is_some())
                {
                    self.blob(&entry.id, super::CONTENT_LIMIT)?;
                }
            }
        }
        Ok(())
    }

    /// Makes the commit of the merge. Its dates are those of the head, so that it means the same each time.
    fn merge_commit(&self, tree: Oid, tip: &ObjectId, head: &ObjectId) -> Result<ObjectId, GitError> {
        let id = self.store.oid(head, "commit")?;
        let object = self.store.need(id, ObjectType::Commit, "commit")?;
        let who = object
            .data()
            .split(|&byte| byte == b'\n')
            .find_map(|line| line.strip_prefix(b"committer "))
            .unwrap_or_default();
        let mut data = format!("tree {tree}\nparent {tip}\nparent {head}\n").into_bytes();
        for role in ["author", "committer"] {
            data.extend_from_slice(role.as_bytes());
            data.push(b' ');
            data.extend_from_slice(who);
            data.push(b'\n');
        }
        data.extend_from_slice(b"\nThe result of a merge\n");
        self.store.make(ObjectType::Commit, &data).map(own)
    }
}

/// A bare repository in a temporary directory, gone with this value.
struct Scratch {
    directory: tempfile::TempDir,
}

impl Scratch {
    fn new(location: &Location) -> Result<Self, GitError> {
        let unwritable = |error| GitError::unreadable(std::env::temp_dir(), error);
        let directory = tempfile::tempdir().map_err(unwritable)?;
        let format = match location.sha256 {
            true => "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n",
            false => "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
        };
        let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text);
        write("HEAD", "ref: refs/heads/none\n").map_err(unwritable)?;
        write("config", format).map_err(unwritable)?;
        for name in ["objects", "refs"] {
            std::fs::create_dir(directory.path().join(name)).map_err(unwritable)?;
        }
        Ok(Self { directory })
    }

    fn objects(&self) -> std::path::PathBuf {
        self.directory.path().join("objects")
    }

    fn run(&self, arguments: &[&str], location: &Location) -> Result<std::process::Output, GitError> {
        const SETTINGS: &[&str] = &["-c", "core.attributesFile=/dev/null", "--git-dir=."];
        let all = [SETTINGS, arguments].concat();
        Runner::at(self.directory.path().to_owned())
            .command(&all)?
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_SHALLOW_FILE", &location.shallow)
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates(&location.objects))
            .output()
            .map_err(|source| GitError::Spawn {
                command: show(arguments),
                source,
            })
    }
}

/// A list of object directories as git reads it: an entry in double quotes with C escapes where it holds a colon or a quote (git(1)).
fn alternates(directories: &[std::path::PathBuf]) -> OsString {
    let entry = |path: &Path| {
        let bytes = path.as_os_str().as_bytes();
        let plain = !bytes.iter().any(|byte| matches!(byte, b':' | b'"' | b'\\' | b'\n'));
        if plain {
            return bytes.to_vec();
        }
        let mut quoted = vec![b'"'];
        for &byte in bytes {
            match byte {
                b'"' | b'\\' => quoted.extend_from_slice(&[b'\\', byte]),
                b'\n' => quoted.extend_from_slice(b"\\n"),
                _ => quoted.push(byte),
            }
        }
        quoted.push(b'"');
        quoted
    };
    let entries: Vec<Vec<u8>> = directories.iter().map(|path| entry(path)).collect();
    OsString::from_vec(entries.join(&b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_alternates_as_git_reads_them() {
        let list = |paths: &[&str]| alternates(&paths.iter().map(std::path::PathBuf::from).collect::<Vec<_>>());
        assert_eq!(list(&["/a", "/b"]), OsString::from("/a:/b"));
        assert_eq!(list(&["/a:\"\\b", "/c"]), OsString::from(r#""/a:\"\\b":/c"#));
    }
}
