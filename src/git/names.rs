//! What a name means: a branch, a branch of a configured remote as it is kept here, a full ref, or an object id. Never what
//! gitrevisions(7) tries in turn: there a tag is before the branch of the same name, and whoever may push a tag chooses.

use super::{GitError, Repository};
use crate::change::ObjectId;

/// What a name was found to mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The commit.
    pub commit: ObjectId,
    /// The branch that was named, here or on a remote; `None` for an object id, a tag, or a commit reached from a branch (`main~2`).
    pub branch: Option<String>,
}

/// Refs that git keeps beside `refs/` (gitglossary(7), "pseudoref").
const PSEUDO: [&str; 8] = [
    "HEAD",
    "@",
    "FETCH_HEAD",
    "ORIG_HEAD",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "REBASE_HEAD",
];

/// Fewer digits are not taken for an object id (`core.abbrev` in git-config(1)).
const SHORTEST_ID: usize = 4;

impl Repository {
    /// Resolves a name, which may be followed by `~N`, `^N`, `@{…}` (gitrevisions(7)), to a commit.
    ///
    /// # Errors
    ///
    /// [`GitError::Ambiguous`] where a name means two things, even if they are at one commit now; [`GitError::NotABranch`] for the short
    /// name of a tag or of another ref; [`GitError::UnknownRevision`].
    pub fn named(&self, rev: &str) -> Result<Meaning, GitError> {
        let end = rev.find(['~', '^', ':']).unwrap_or(rev.len());
        let end = rev.find("@{").map_or(end, |at| at.min(end));
        let (name, path) = rev.split_at(end);
        let digits = name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let plain = |commit| Meaning { commit, branch: None };
        if name.is_empty() || PSEUDO.contains(&name) || (digits && name.len() == self.store.hex_length()) {
            return self.commit(rev).map(plain);
        }
        let (reference, branch) = match name.starts_with("refs/") {
            true => (name.to_owned(), self.branch_kept_at(name)?),
            false => match self.meanings(name)?.as_slice() {
                [] if digits && name.len() >= SHORTEST_ID => return self.commit(rev).map(plain),
                [] => {
                    return Err(GitError::UnknownRevision {
                        rev: rev.to_owned(),
                        shallow: self.is_shallow(),
                    });
                }
                [
                    Found {
                        reference,
                        known: true,
                        branch,
                    },
                ] => (reference.clone(), branch.clone()),
                [Found { reference, .. }] => {
                    return Err(GitError::NotABranch {
                        name: name.to_owned(),
                        reference: reference.clone(),
                        path: path.to_owned(),
                    });
                }
                several => {
                    return Err(GitError::Ambiguous {
                        name: name.to_owned(),
                        meanings: several
                            .iter()
                            .map(|found| format!("{}{path}", found.reference))
                            .collect(),
                    });
                }
            },
        };
        // Only with `~`, `^` and `@{…}` is anything left to git.
        let commit = match path.is_empty() {
            true => self.ref_commit(&reference)?.ok_or_else(|| GitError::UnknownRevision {
                rev: rev.to_owned(),
                shallow: self.is_shallow(),
            })?,
            false => self.commit(&format!("{reference}{path}"))?,
        };
        Ok(Meaning {
            commit,
            branch: branch.filter(|_| path.is_empty()),
        })
    }

    /// The branch that a full ref is, or keeps for a configured remote.
    pub fn branch_kept_at(&self, reference: &str) -> Result<Option<String>, GitError> {
        if let Some(branch) = reference.strip_prefix("refs/heads/") {
            return Ok(Some(branch.to_owned()));
        }
        if reference.starts_with("refs/tags/") {
            return Ok(None);
        }
        // `refs/remotes/origin/HEAD` names another ref, which keeps the branch.
        let target = self.target_of(reference)?;
        let reference = target.as_deref().unwrap_or(reference);
        let kept = self.remotes()?.iter().find_map(|remote| remote.tracked(reference));
        Ok(kept.and_then(|full| full.strip_prefix("refs/heads/").map(str::to_owned)))
    }

    /// Everything that a short name can mean.
    fn meanings(&self, name: &str) -> Result<Vec<Found>, GitError> {
        let mut found: Vec<Found> = Vec::new();
        let mut add = |reference: String, known: bool, branch: Option<String>| {
            if !found.iter().any(|other| other.reference == reference) {
                found.push(Found {
                    reference,
                    known,
                    branch,
                });
            }
        };
        let local = format!("refs/heads/{name}");
        if self.ref_commit(&local)?.is_some() {
            add(local, true, Some(name.to_owned()));
        }
        // A name without a slash is no branch of a remote, and nobody has to be asked.
        if name.contains('/') {
            for remote in self.remotes()? {
                let Some(branch) = name
                    .strip_prefix(remote.name.as_str())
                    .and_then(|rest| rest.strip_prefix('/'))
                else {
                    continue;
                };
                let Some(tracking) = remote.tracking(&format!("refs/heads/{branch}")) else {
                    continue;
                };
                if self.ref_commit(&tracking)?.is_some() {
                    let branch = match branch {
                        "HEAD" => self.branch_kept_at(&tracking)?,
                        _ => Some(branch.to_owned()),
                    };
                    add(tracking, true, branch);
                }
            }
        }
        for rule in ["refs/tags/", "refs/remotes/", "refs/"] {
            let reference = format!("{rule}{name}");
            if self.ref_commit(&reference)?.is_some() {
                add(reference, false, None);
            }
        }
        Ok(found)
    }
}

/// A ref that a short name can mean.
struct Found {
    reference: String,
    /// False for what only git's own rules would find.
    known: bool,
    branch: Option<String>,
}
