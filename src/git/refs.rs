//! HEAD, branches and revisions.
//!
//! Plain files are read directly, since a hook asks for HEAD on every commit; reftables, revision syntax and lists are left to git.

use std::io::ErrorKind;

use git2::{ObjectType, Oid};

use super::commit::{Commit, oid};
use super::push::NAMESPACES;
use super::store::own;
use super::{GitError, Repository};
use crate::change::ObjectId;

/// What HEAD points at. Branch names are without `refs/heads/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// A branch without commits.
    Unborn {
        /// Its name.
        branch: String,
    },
    /// A branch.
    Branch {
        /// Its name.
        name: String,
        /// Its tip.
        commit: ObjectId,
    },
    /// No branch.
    Detached {
        /// The commit.
        commit: ObjectId,
    },
}

impl Head {
    /// The commit, unless unborn.
    pub fn commit(&self) -> Option<&ObjectId> {
        match self {
            Self::Unborn { .. } => None,
            Self::Branch { commit, .. } | Self::Detached { commit } => Some(commit),
        }
    }

    /// The branch, unless detached.
    pub fn branch(&self) -> Option<&str> {
        match self {
            Self::Unborn { branch } => Some(branch),
            Self::Branch { name, .. } => Some(name),
            Self::Detached { .. } => None,
        }
    }
}

/// The value of a ref.
pub(super) enum Value {
    /// An object, which has not been looked at.
    Id(Oid),
    /// Another ref.
    Symbolic(String),
}

/// The lines of `packed-refs` that name a ref: its id, and its name. What a tag leads to has no name.
pub(super) fn packed_lines(bytes: &[u8], width: usize) -> impl Iterator<Item = (&[u8], &[u8])> {
    bytes.split(|&b| b == b'\n').filter_map(move |line| {
        let (id, rest) = line.split_at_checked(width)?;
        Some((id, rest.strip_prefix(b" ")?))
    })
}

impl Repository {
    /// The e-mail addresses of author and committer that a commit would get now (git-var(1)), as bytes. Git that cannot tell, tells by
    /// refusing the commit.
    pub fn committing(&self) -> Result<Vec<Vec<u8>>, GitError> {
        let mut found = Vec::new();
        for variable in ["GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"] {
            let output = self.runner.output(&["var", variable])?;
            let line = output.stdout.split(|&b| b == b'\n').next().unwrap_or_default();
            if output.status.success() && !line.is_empty() {
                found.push(super::commit::person(line).0.email);
            }
        }
        Ok(found)
    }

    /// What HEAD points at. A branch without commits is [`Head::Unborn`]; any other failure to read HEAD is an error.
    pub fn head(&self) -> Result<Head, GitError> {
        let (name, id) = self.head_id()?;
        self.head_of(name, id)
    }

    /// HEAD's branch, and the id that it leads to, which has not been looked at.
    pub(super) fn head_id(&self) -> Result<(Option<String>, Option<Oid>), GitError> {
        let found = match self.location.reftable {
            true => self.head_by_git()?,
            false => self.head_by_files()?,
        };
        if let (None, None) = found {
            return Err(GitError::unreadable(
                self.location.git_dir.join("HEAD"),
                "it is missing",
            ));
        }
        Ok(found)
    }

    fn head_of(&self, name: Option<String>, id: Option<Oid>) -> Result<Head, GitError> {
        let commit = id.map(|id| self.peel(id)).transpose()?.map(own);
        let short = |name: String| name.strip_prefix("refs/heads/").map(str::to_owned).unwrap_or(name);
        Ok(match (name.map(short), commit) {
            (Some(name), Some(commit)) => Head::Branch { name, commit },
            (None, Some(commit)) => Head::Detached { commit },
            (branch, None) => Head::Unborn {
                branch: branch.unwrap_or_default(),
            },
        })
    }

    fn head_by_files(&self) -> Result<(Option<String>, Option<Oid>), GitError> {
        let mut name = "HEAD".to_owned();
        // Git follows symbolic refs five deep.
        for depth in 0..6 {
            let symbolic = (depth > 0).then(|| name.clone());
            match self.ref_file(&name)? {
                Some(Value::Symbolic(target)) => name = target,
                Some(Value::Id(id)) => return Ok((symbolic, Some(id))),
                None => return Ok((symbolic, self.packed(&name)?)),
            }
        }
        Err(GitError::unreadable(
            self.location.git_dir.join("HEAD"),
            "symbolic refs form a circle",
        ))
    }

    fn head_by_git(&self) -> Result<(Option<String>, Option<Oid>), GitError> {
        let symbolic = self.runner.output(&["symbolic-ref", "-q", "HEAD"])?;
        match symbolic.status.code() {
            Some(0) => {
                let name = String::from_utf8_lossy(&symbolic.stdout)
                    .trim_end_matches('\n')
                    .to_owned();
                let listed = self
                    .runner
                    .read(&["for-each-ref", "--format=%(objectname) %(refname)", &name])?;
                let id = listed.split(|&b| b == b'\n').find_map(|line| {
                    let blank = line.iter().position(|&b| b == b' ')?;
                    let (id, found) = line.split_at(blank);
                    (found.get(1..) == Some(name.as_bytes())).then(|| oid(id)).flatten()
                });
                Ok((Some(name), id))
            }
            Some(1) => Ok((None, Some(self.rev_parse("HEAD")?))),
            _ => Err(GitError::failed(
                "git symbolic-ref -q HEAD".to_owned(),
                symbolic.status,
                &symbolic.stderr,
            )),
        }
    }

    /// Reads a loose ref; `None` where there is no such file.
    pub(super) fn ref_file(&self, name: &str) -> Result<Option<Value>, GitError> {
        let own_to_worktree = !name.starts_with("refs/")
            || ["refs/bisect/", "refs/worktree/", "refs/rewritten/"]
                .iter()
                .any(|prefix| name.starts_with(prefix));
        let base = if own_to_worktree {
            &self.location.git_dir
        } else {
            &self.location.common_dir
        };
        let file = base.join(name);
        // An old way to write a symbolic ref (core.preferSymlinkRefs).
        match std::fs::read_link(&file) {
            Ok(target) => {
                if let Some(target) = target.to_str().filter(|target| target.starts_with("refs/")) {
                    return Ok(Some(Value::Symbolic(target.to_owned())));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            // It is no link: an ordinary file, in all likelihood.
            Err(_) => {}
        }
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(GitError::unreadable(file, error)),
        };
        let text = bytes.trim_ascii_end();
        let value = match text.strip_prefix(b"ref:") {
            Some(target) => std::str::from_utf8(target.trim_ascii())
                .ok()
                .filter(|target| {
                    target.starts_with("refs/") && !target.split('/').any(|part| matches!(part, "" | "." | ".."))
                })
                .map(|target| Value::Symbolic(target.to_owned())),
            None => oid(text.split(u8::is_ascii_whitespace).next().unwrap_or_default())
                .filter(|id| id.as_bytes().len() * 2 == self.store.hex_length())
                .map(Value::Id),
        };
        value
            .map(Some)
            .ok_or_else(|| GitError::unreadable(file, "it is neither an object id nor a symbolic ref"))
    }

    /// Looks a ref up in `packed-refs`, which is sorted only where its header says so, so it is searched from the start. It is read
    /// when it has changed; for many questions it is taken apart once.
    fn packed(&self, name: &str) -> Result<Option<Oid>, GitError> {
        let file = self.location.common_dir.join("packed-refs");
        let read = || match std::fs::read(&file) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(GitError::unreadable(&file, error)),
        };
        let width = self.store.hex_length();
        let found = match self.shared.is_many() {
            true => self.shared.packed(&file, width, read)?.get(name.as_bytes()).copied(),
            false => {
                let text = self.shared.packed_text(&file, read)?;
                let found = packed_lines(&text, width).find(|(_, found)| *found == name.as_bytes());
                found.map(|(id, _)| oid(id))
            }
        };
        found
            .map(|id| id.ok_or_else(|| GitError::unreadable(&file, "an id in it is broken")))
            .transpose()
    }

    /// The branch that the commit in the making will move: HEAD's; during a rebase the one being rebased; `None` when detached.
    pub fn moving_branch(&self) -> Result<Option<String>, GitError> {
        let head = self.head()?;
        if let Some(branch) = head.branch() {
            return Ok(Some(branch.to_owned()));
        }
        for state in ["rebase-merge/head-name", "rebase-apply/head-name"] {
            let file = self.location.git_dir.join(state);
            match std::fs::read(&file) {
                Ok(bytes) => {
                    let name = String::from_utf8_lossy(bytes.trim_ascii_end()).into_owned();
                    // Git writes "detached HEAD" where no branch is being rebased.
                    return Ok(name.strip_prefix("refs/heads/").map(str::to_owned));
                }
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(error) => return Err(GitError::unreadable(file, error)),
            }
        }
        Ok(None)
    }

    /// The commits being merged into HEAD (`MERGE_HEAD`); empty when no merge is in progress.
    pub fn merge_head(&self) -> Result<Vec<ObjectId>, GitError> {
        let file = self.location.git_dir.join("MERGE_HEAD");
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(GitError::unreadable(file, error)),
        };
        let ids: Option<Vec<ObjectId>> = text.lines().map(ObjectId::from_hex).collect();
        ids.ok_or_else(|| GitError::unreadable(file, "it does not list object ids"))
    }

    /// Resolves a revision (gitrevisions(7)) to a commit; tags are peeled.
    pub fn commit(&self, rev: &str) -> Result<ObjectId, GitError> {
        let unknown = || GitError::UnknownRevision {
            rev: rev.to_owned(),
            shallow: self.is_shallow(),
        };
        // What begins with `-` is an option in disguise, and a range or a line break more than one revision.
        if rev.is_empty() || rev.starts_with(['-', '^']) || rev.contains(['\n', '\0']) {
            return Err(unknown());
        }
        let id = match self.simple(rev)? {
            Some(id) => id,
            None => self.rev_parse(rev)?,
        };
        self.peel(id).map(own).map_err(|error| match error {
            GitError::Missing { .. } | GitError::Malformed { .. } => unknown(),
            other => other,
        })
    }

    /// Resolves the usual revisions without a process: a full id, HEAD, and a name that only one ref has.
    fn simple(&self, rev: &str) -> Result<Option<Oid>, GitError> {
        if rev.len() == self.store.hex_length()
            && let Some(id) = oid(rev.as_bytes())
        {
            return Ok(Some(id));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "/_-.".contains(c);
        if self.location.reftable || !rev.chars().all(plain) || rev.contains("..") || rev.split('/').any(str::is_empty)
        {
            return Ok(None);
        }
        if rev == "HEAD" {
            return Ok(self.head()?.commit().and_then(|id| Oid::from_bytes(id.as_bytes()).ok()));
        }
        let mut found = Vec::new();
        for rule in ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"] {
            let name = format!("{rule}{rev}");
            if !name.starts_with("refs/") {
                // A name such as FETCH_HEAD, or a file that merely lies there.
                if self.location.git_dir.join(&name).exists() {
                    return Ok(None);
                }
                continue;
            }
            match self.ref_file(&name)? {
                Some(Value::Id(id)) => found.push(id),
                Some(Value::Symbolic(_)) => return Ok(None),
                None => found.extend(self.packed(&name)?),
            }
        }
        if self.ref_file(&format!("refs/remotes/{rev}/HEAD"))?.is_some() {
            return Ok(None);
        }
        match found.as_slice() {
            [id] => Ok(Some(*id)),
            _ => Ok(None),
        }
    }

    fn rev_parse(&self, rev: &str) -> Result<Oid, GitError> {
        let output = self
            .runner
            .output(&["rev-parse", "--verify", "--end-of-options", rev])?;
        let id = output
            .status
            .success()
            .then(|| oid(output.stdout.trim_ascii_end()))
            .flatten();
        id.ok_or_else(|| GitError::UnknownRevision {
            rev: rev.to_owned(),
            shallow: self.is_shallow(),
        })
    }

    /// Follows tags to a commit.
    pub(super) fn peel(&self, id: Oid) -> Result<Oid, GitError> {
        let mut id = id;
        // Tags of tags of tags exist; circles cannot, since an id depends on what it names.
        loop {
            let object = self.store.read(id)?.ok_or_else(|| GitError::Missing {
                id: own(id),
                role: "commit",
                path: None,
            })?;
            let target = match object.kind() {
                ObjectType::Commit => return Ok(id),
                ObjectType::Tag => object
                    .data()
                    .strip_prefix(b"object ")
                    .and_then(|rest| rest.get(..self.store.hex_length())),
                _ => None,
            };
            let next = target.and_then(oid);
            id = next.ok_or_else(|| GitError::Malformed {
                id: own(id),
                role: "commit",
                why: format!("it is a {}", object.kind()),
            })?;
        }
    }

    /// The refs that match the patterns of git-for-each-ref(1) (none: all), with the commits they lead to, sorted by name. Refs to
    /// trees and blobs are left out.
    pub fn refs(&self, patterns: &[&str]) -> Result<Vec<(String, ObjectId)>, GitError> {
        let mut arguments = vec!["for-each-ref", "--format=%(objectname) %(refname)", "--"];
        arguments.extend(patterns);
        let listed = self.runner.read(&arguments)?;
        let mut refs = Vec::new();
        for line in listed.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
            let parsed = line
                .split_at_checked(self.store.hex_length())
                .and_then(|(id, name)| Some((oid(id)?, name.get(1..)?)));
            let (id, name) = parsed.ok_or_else(|| GitError::Answer {
                command: "git for-each-ref".to_owned(),
                what: String::from_utf8_lossy(line).into_owned(),
            })?;
            match self.peel(id) {
                Ok(commit) => refs.push((String::from_utf8_lossy(name).into_owned(), own(commit))),
                Err(GitError::Malformed { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        refs.sort();
        Ok(refs)
    }

    /// The commit that a ref leads to, by its full name; `None` where there is no such ref.
    pub fn ref_commit(&self, name: &str) -> Result<Option<ObjectId>, GitError> {
        if self.location.reftable || !name.starts_with("refs/") {
            let found = self.refs(&[name])?.into_iter().find(|(found, _)| found == name);
            return Ok(found.map(|(_, at)| at));
        }
        let mut name = name.to_owned();
        for _ in 0..6 {
            let id = match self.ref_file(&name)? {
                Some(Value::Symbolic(target)) => {
                    name = target;
                    continue;
                }
                Some(Value::Id(id)) => Some(id),
                None => self.packed(&name)?,
            };
            return id.map(|id| self.peel(id).map(own)).transpose();
        }
        Err(GitError::unreadable(
            self.location.common_dir.join(name),
            "symbolic refs form a circle",
        ))
    }

    /// What the names of refs begin with that a push means by shorter ones: nothing, or the expansion of `GIT_NAMESPACE`
    /// (gitnamespaces(7)).
    pub fn namespace(&self) -> String {
        let name = self.runner.variable("GIT_NAMESPACE").unwrap_or_default();
        let name = name.to_string_lossy();
        let levels = name.split('/').filter(|level| !level.is_empty());
        levels.map(|level| format!("{NAMESPACES}{level}/")).collect()
    }

    /// The ref that a symbolic ref leads to in the end; `None` where it leads nowhere. Only reftables need git for the answer.
    pub fn target_of(&self, name: &str) -> Result<Option<String>, GitError> {
        if self.location.reftable {
            return self.symbolic_ref(name);
        }
        let mut target = None;
        let mut name = name.to_owned();
        for _ in 0..6 {
            match self.ref_file(&name)? {
                Some(Value::Symbolic(next)) => {
                    name.clone_from(&next);
                    target = Some(next);
                }
                _ => return Ok(target),
            }
        }
        Err(GitError::unreadable(
            self.location.common_dir.join(name),
            "symbolic refs form a circle",
        ))
    }

    /// The ref that a symbolic ref names.
    pub fn symbolic_ref(&self, name: &str) -> Result<Option<String>, GitError> {
        let output = self.runner.output(&["symbolic-ref", "--quiet", name])?;
        let named = String::from_utf8_lossy(&output.stdout)
            .trim_end_matches('\n')
            .to_owned();
        Ok((output.status.success() && !named.is_empty()).then_some(named))
    }

    /// True where there is nothing yet, neither a ref nor an index: a clone is being made.
    pub fn is_untouched(&self) -> Result<bool, GitError> {
        Ok(!self.location.git_dir.join("index").exists() && self.refs(&[])?.is_empty())
    }

    /// True where the commit goes again if the push that is being judged is refused.
    pub fn is_quarantined(&self, commit: &ObjectId) -> Result<bool, GitError> {
        self.store.is_quarantined(self.store.oid(commit, "commit")?)
    }

    /// The remote-tracking ref that a branch is set to follow, such as `refs/remotes/origin/main`.
    pub fn upstream(&self, branch: &str) -> Result<Option<String>, GitError> {
        let name = format!("refs/heads/{branch}");
        let listed = self
            .runner
            .read(&["for-each-ref", "--format=%(upstream)", "--", &name])?;
        let upstream = String::from_utf8_lossy(&listed)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        Ok((!upstream.is_empty()).then_some(upstream))
    }

    /// The committer's date of a commit that is here, in seconds since 1970.
    pub fn commit_time(&self, id: &ObjectId) -> Result<i64, GitError> {
        Ok(Commit::read(&self.store, self.store.oid(id, "commit")?)?.time)
    }

    /// True where the commit, with this very id, is here.
    pub fn has_commit(&self, id: &ObjectId) -> bool {
        let read = self
            .store
            .oid(id, "commit")
            .map(|id| self.store.local(id).map(|object| object.kind()));
        matches!(read, Ok(Some(ObjectType::Commit)))
    }
}
