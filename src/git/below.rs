//! The refs below a prefix, read from files where these are plain: a hook that warns names the branch that its change will be merged into.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use git2::Oid;

use super::commit::oid;
use super::refs::Value;
use super::store::own;
use super::{GitError, Repository};
use crate::change::ObjectId;

impl Repository {
    /// The refs below prefixes such as `refs/heads/` that are wanted by name, with the commits they lead to, sorted by name. Only where
    /// the files leave anything open is git asked.
    pub fn refs_below(
        &self,
        prefixes: &[&str],
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<(String, ObjectId)>, GitError> {
        let Some(found) = self.below_by_files(prefixes, wanted) else {
            let mut refs = self.refs(prefixes)?;
            refs.retain(|(name, _)| wanted(name));
            return Ok(refs);
        };
        let mut refs = Vec::new();
        for (name, id) in found {
            match self.peel(id) {
                Ok(commit) => refs.push((name, own(commit))),
                Err(GitError::Malformed { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(refs)
    }

    /// The same by the files, as git reads them: those of refs, and then `packed-refs`, which a ref may be moved into meanwhile. `None` for
    /// anything that is not plainly a ref.
    fn below_by_files(&self, prefixes: &[&str], wanted: &dyn Fn(&str) -> bool) -> Option<BTreeMap<String, Oid>> {
        let shared = |prefix: &&str| {
            ["refs/heads/", "refs/remotes/"]
                .iter()
                .any(|below| prefix.starts_with(below))
        };
        let plain = |prefix: &&str| prefix.ends_with('/') && !prefix.split('/').any(|part| matches!(part, "." | ".."));
        if self.location.reftable || !prefixes.iter().all(|prefix| shared(prefix) && plain(prefix)) {
            return None;
        }
        let mut found = BTreeMap::new();
        for prefix in prefixes {
            let mut directories = vec![(*prefix).to_owned()];
            while let Some(directory) = directories.pop() {
                let entries = match std::fs::read_dir(self.location.common_dir.join(&directory)) {
                    Ok(entries) => entries,
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(_) => return None,
                };
                for entry in entries {
                    let entry = entry.ok()?;
                    let name = entry.file_name();
                    let name = name.to_str()?;
                    if name.starts_with('.') || name.ends_with(".lock") {
                        continue;
                    }
                    let name = format!("{directory}{name}");
                    let kind = entry.file_type().ok()?;
                    if kind.is_dir() {
                        directories.push(format!("{name}/"));
                    } else if !kind.is_file() {
                        return None;
                    } else if wanted(&name) {
                        match self.ref_file(&name) {
                            Ok(Some(Value::Id(id))) if sound(&name, id) => found.insert(name, id),
                            _ => return None,
                        };
                    }
                }
            }
        }
        let packed = match std::fs::read(self.location.common_dir.join("packed-refs")) {
            Ok(packed) => packed,
            Err(error) if error.kind() == ErrorKind::NotFound => return Some(found),
            Err(_) => return None,
        };
        let width = self.store.hex_length();
        let lines = packed.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        for line in lines.filter(|line| !line.starts_with(b"#") && !line.starts_with(b"^")) {
            let (id, name) = line.split_at_checked(width)?;
            let name = std::str::from_utf8(name.strip_prefix(b" ")?).ok()?;
            if prefixes.iter().any(|prefix| name.starts_with(prefix)) && wanted(name) && !found.contains_key(name) {
                let id = oid(id).filter(|&id| sound(name, id))?;
                found.insert(name.to_owned(), id);
            }
        }
        Some(found)
    }
}

/// Whether git would list it: a name that a ref may have, and an id that an object may have.
fn sound(name: &str, id: Oid) -> bool {
    git2::Reference::is_valid_name(name) && !id.is_zero()
}

#[cfg(test)]
mod tests {
    use super::super::run::Runner;
    use super::*;

    const PREFIXES: [&str; 2] = ["refs/heads/", "refs/remotes/origin/"];

    /// What the files say, and what git says.
    fn both(at: &std::path::Path) -> (Option<Vec<String>>, Vec<String>) {
        let repository = Repository::open_at(at).unwrap();
        let wanted = |name: &str| !name.ends_with("/HEAD");
        let files = repository.below_by_files(&PREFIXES, &wanted);
        let told = |name: &str, id: &dyn std::fmt::Display| format!("{name} {id}");
        let mut git = repository.refs(&PREFIXES).unwrap();
        git.retain(|(name, _)| wanted(name));
        (
            files.map(|files| files.iter().map(|(name, id)| told(name, id)).collect()),
            git.iter().map(|(name, id)| told(name, id)).collect(),
        )
    }

    #[test]
    fn files_say_what_git_says() {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path();
        let runner = Runner::at(at.to_owned());
        let git = |arguments: &[&str]| runner.read(arguments).unwrap();
        git(&["init", "--quiet", "--initial-branch", "main"]);
        assert_eq!(both(at), (Some(vec![]), vec![]));
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b"];
        let commit = |message: &str| {
            git(&[
                &identity[..],
                &["commit", "--quiet", "--allow-empty", "--message", message],
            ]
            .concat());
        };
        let told = |step: &str, count: usize| {
            let (files, git) = both(at);
            assert_eq!(files.as_ref(), Some(&git), "{step}");
            assert_eq!(git.len(), count, "{step}");
        };
        commit("one");
        told("loose", 1);
        git(&["branch", "a/b/c"]);
        git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
        git(&["update-ref", "refs/remotes/other/main", "HEAD"]);
        git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
        git(&["pack-refs", "--all"]);
        told("packed", 3);
        commit("two");
        git(&["branch", "release"]);
        std::fs::write(at.join(".git/refs/heads/release.lock"), "").unwrap();
        told("both", 4);
        git(&["branch", "--delete", "--force", "a/b/c"]);
        told("deleted", 3);
        // Whatever is not plain is git's to read.
        git(&["symbolic-ref", "refs/heads/also", "refs/heads/main"]);
        assert_eq!(both(at).0, None);
        git(&["symbolic-ref", "--delete", "refs/heads/also"]);
        told("again", 3);
        std::fs::write(at.join(".git/refs/heads/odd"), "nothing\n").unwrap();
        assert_eq!(both(at).0, None);
        std::fs::write(at.join(".git/refs/heads/odd"), "0".repeat(40)).unwrap();
        assert_eq!(both(at).0, None);
        std::fs::remove_file(at.join(".git/refs/heads/odd")).unwrap();
        std::os::unix::fs::symlink("main", at.join(".git/refs/heads/link")).unwrap();
        assert_eq!(both(at).0, None);
        let repository = Repository::open_at(at).unwrap();
        let main = |name: &str| name == "refs/heads/main";
        assert_eq!(
            repository.refs_below(&PREFIXES, &main).unwrap().len(),
            1,
            "asked of git"
        );
    }
}
