//! The change between two commits: what differs, the messages, who made it and where a file came in.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use git2::{ObjectType, Oid};

use super::commit::{Commit, Person};
use super::locate::Location;
use super::raw::{Raw, parse};
use super::run::Running;
use super::store::own;
use super::tree::{self, Node};

use super::{GitError, Repository};
use crate::change::{Change, CommitMessage, FileChange, ObjectId, RepoPath, Snapshot};

/// A commit that touched a path, and who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorship {
    /// The commit.
    pub commit: ObjectId,
    /// The position of the path in the list that was asked for.
    pub path: usize,
    /// Its author.
    pub author: Person,
    /// Its committer.
    pub committer: Person,
}

/// Waits for git's list. A tree that git cannot read is a missing object, as anywhere else.
fn finish(running: Running<Vec<Raw>>) -> Result<Vec<Raw>, GitError> {
    running.finish().map_err(|error| match &error {
        GitError::Git { stderr, .. } => {
            let named = ["unable to read tree", "bad object"].iter().find_map(|words| {
                let (_, rest) = stderr.split_once(words)?;
                let id = rest
                    .trim_start_matches([' ', '('])
                    .split(|c: char| !c.is_ascii_hexdigit())
                    .next()?;
                ObjectId::from_hex(id)
            });
            named.map_or(error, |id| GitError::Missing {
                id,
                role: "tree",
                path: None,
            })
        }
        _ => error,
    })
}

impl Repository {
    /// Waits for git's list. Git may refuse to look at the repository at all (its owner is another), which `git diff` tells badly: outside
    /// of what it takes for a repository it compares files. So it is asked for the reason.
    fn finish(&self, running: Running<Vec<Raw>>) -> Result<Vec<Raw>, GitError> {
        finish(running).map_err(|error| match error {
            GitError::Git { .. } => Location::ask(&self.runner).err().unwrap_or(error),
            _ => error,
        })
    }

    /// What differs between `base` and the commit `head`, sorted by path. Nothing is detected as renamed; a change of type (a file
    /// that becomes a symlink) is a modification.
    ///
    /// For [`Snapshot::Index`] as the base see [`Repository::staged`].
    pub fn range(&self, base: &Snapshot, head: &ObjectId) -> Result<Vec<FileChange>, GitError> {
        if let Some(files) = self.range_in_memory(base, head)? {
            return Ok(files);
        }
        self.listed(self.finish(self.start_range(base, head)?)?)
    }

    /// Starts git on the list of what differs. Reading thousands of trees, git takes half the processor time of libgit2 (see
    /// `docs/decisions/0001-git2-and-plumbing.md`), and the caller can do something else meanwhile.
    fn start_range(&self, base: &Snapshot, head: &ObjectId) -> Result<Running<Vec<Raw>>, GitError> {
        let tree = |id: Option<Oid>| match id {
            Some(id) => Ok(id),
            None => self.store.empty_tree(),
        };
        let old = tree(self.root(base)?)?.to_string();
        let new = tree(self.root(&Snapshot::Commit(head.clone()))?)?.to_string();
        self.start_diff(&[&old, &new])
    }

    fn start_diff(&self, ends: &[&str]) -> Result<Running<Vec<Raw>>, GitError> {
        const QUESTION: &[&str] = &[
            "diff",
            "--raw",
            "-z",
            "--no-renames",
            "--no-abbrev",
            "--no-relative",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--ignore-submodules=none",
        ];
        self.runner.start_reading(&[QUESTION, ends, &["--"]].concat(), parse)
    }

    /// The messages of the commits that are reachable from one of `heads` and from none of `excluded`, newest first.
    pub fn messages(&self, excluded: &[ObjectId], heads: &[ObjectId]) -> Result<Vec<CommitMessage>, GitError> {
        let message = |ranged: super::history::Ranged| {
            let (message, encoding) = match Rc::try_unwrap(ranged.commit) {
                Ok(commit) => (commit.message, commit.encoding),
                Err(shared) => (shared.message.clone(), shared.encoding.clone()),
            };
            let (text, unread) = super::decode::message(message, encoding.as_deref());
            CommitMessage {
                id: Some(own(ranged.id)),
                text,
                unread,
            }
        };
        Ok(self.between(excluded, heads)?.into_iter().map(message).collect())
    }

    /// The change that merging `head` makes to `base_tip`; with `None`, all of `head`.
    ///
    /// It is seen from the merge base. With several (criss-cross merges) a file counts as changed if it differs from every one of them, or
    /// from one of them and from the target's tip: what all of them agree on, or the tip holds, is on the target already.
    /// [`Change::base`] is then the newest of them.
    pub fn change_between(&self, base_tip: Option<&ObjectId>, head: &ObjectId) -> Result<Change, GitError> {
        self.change_between_while(base_tip, head, |_| ())
            .map(|(change, ())| change)
    }

    /// The change that merging `head` makes to `tip`, with the messages of what is on none of `known`.
    pub fn change_over(&self, tip: &ObjectId, known: &[ObjectId], head: &ObjectId) -> Result<Change, GitError> {
        self.change_saying(Some(tip), known, head, |_| ())
            .map(|(change, ())| change)
    }

    /// The change of [`Repository::change_between`], doing something with the messages while git lists what differs.
    pub fn change_between_while<T>(
        &self,
        base_tip: Option<&ObjectId>,
        head: &ObjectId,
        meanwhile: impl FnOnce(&[CommitMessage]) -> T,
    ) -> Result<(Change, T), GitError> {
        let known = base_tip.map(std::slice::from_ref).unwrap_or_default();
        self.change_saying(base_tip, known, head, meanwhile)
    }

    fn change_saying<T>(
        &self,
        base_tip: Option<&ObjectId>,
        known: &[ObjectId],
        head: &ObjectId,
        meanwhile: impl FnOnce(&[CommitMessage]) -> T,
    ) -> Result<(Change, T), GitError> {
        let Some(tip) = base_tip else {
            let change = Change {
                base: Snapshot::Empty,
                head: Snapshot::Commit(head.clone()),
                files: self.range(&Snapshot::Empty, head)?,
                messages: self.messages(known, std::slice::from_ref(head))?,
            };
            let done = meanwhile(&change.messages);
            return Ok((change, done));
        };
        // Git finds the merge base by itself, and begins at once; if there is only one, it is ours.
        let running = match self.shared.in_memory() {
            true => None,
            false => Some(self.start_diff(&[&format!("{tip}...{head}")])?),
        };
        let bases = self.merge_bases(tip, head)?;
        let Some((first, others)) = bases.split_first() else {
            return Err(GitError::NoMergeBase {
                base: tip.clone(),
                head: head.clone(),
            });
        };
        let base = Snapshot::Commit(first.clone());
        let messages = self.messages(known, std::slice::from_ref(head))?;
        let done = meanwhile(&messages);
        let files = match (others, running) {
            ([], None) => self.range(&base, head)?,
            ([], Some(running)) => match self.finish(running) {
                // A shallow file hides commits from git that are there, and were seen above.
                Err(GitError::Git { stderr, .. }) if stderr.contains("no merge base") => self.range(&base, head)?,
                listed => self.listed(listed?)?,
            },
            _ => self.against(self.range(&base, head)?, others, tip, head)?,
        };
        self.shared.git_has_answered();
        let head = Snapshot::Commit(head.clone());
        Ok((
            Change {
                base,
                head,
                files,
                messages,
            },
            done,
        ))
    }

    /// The id of the tree without entries, which git knows everywhere: what a history that begins in the range is compared with.
    pub fn empty_tree(&self) -> Result<ObjectId, GitError> {
        self.store.empty_tree().map(own)
    }

    /// The change from `base` directly to `head`, whatever lies between: what a forced update does to a branch.
    pub fn change_from(&self, base: &ObjectId, head: &ObjectId) -> Result<Change, GitError> {
        let from = Snapshot::Commit(base.clone());
        Ok(Change {
            files: self.range(&from, head)?,
            messages: self.messages(std::slice::from_ref(base), std::slice::from_ref(head))?,
            base: from,
            head: Snapshot::Commit(head.clone()),
        })
    }

    /// What differs from the first merge base, less what is on the target already as the other merge bases hold it. Where the bases do not
    /// agree on a file, the target's tip decides: to restore what only one of them holds is a change.
    fn against(
        &self,
        mut files: Vec<FileChange>,
        others: &[ObjectId],
        tip: &ObjectId,
        head: &ObjectId,
    ) -> Result<Vec<FileChange>, GitError> {
        let mut from_all: Vec<HashSet<RepoPath>> = vec![files.iter().map(|file| file.path.clone()).collect()];
        for other in others {
            let differing = self.range(&Snapshot::Commit(other.clone()), head)?;
            from_all.push(differing.iter().map(|file| file.path.clone()).collect());
            files.extend(differing);
        }
        let from_tip: HashSet<RepoPath> = self
            .range(&Snapshot::Commit(tip.clone()), head)?
            .into_iter()
            .map(|file| file.path)
            .collect();
        let counts = |path: &RepoPath| from_all.iter().all(|some| some.contains(path)) || from_tip.contains(path);
        // Seen from the first base where it differs from that; the sort is stable.
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|b, a| a.path == b.path);
        files.retain(|file| counts(&file.path));
        Ok(files)
    }

    /// The commits of the range that hold exactly `blob` at `path` while none of their parents does, newest first.
    pub fn introduced_in(
        &self,
        excluded: &[ObjectId],
        heads: &[ObjectId],
        path: &RepoPath,
        blob: &ObjectId,
    ) -> Result<Vec<ObjectId>, GitError> {
        let found = self.introductions(excluded, heads, &[(path, blob)])?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// [`Repository::introduced_in`] for many files in one walk; the answers are in the order of `wanted`.
    pub fn introductions(
        &self,
        excluded: &[ObjectId],
        heads: &[ObjectId],
        wanted: &[(&RepoPath, &ObjectId)],
    ) -> Result<Vec<Vec<ObjectId>>, GitError> {
        let mut found = vec![Vec::new(); wanted.len()];
        if wanted.is_empty() {
            return Ok(found);
        }
        let mut finder = Finder::new(self);
        for ranged in self.between(excluded, heads)? {
            let mut parents = Vec::with_capacity(ranged.commit.parents.len());
            for &parent in &ranged.commit.parents {
                parents.push(finder.tree_of(parent)?);
            }
            for ((path, blob), found) in wanted.iter().zip(&mut found) {
                let blob = self.store.oid(blob, "content of a file")?;
                let mut has =
                    |tree| Ok::<_, GitError>(finder.at(tree, path.as_bytes())?.is_some_and(|(_, id)| id == blob));
                if !has(ranged.commit.tree)? {
                    continue;
                }
                let mut inherited = false;
                for &parent in &parents {
                    inherited = inherited || has(parent)?;
                }
                if !inherited {
                    found.push(own(ranged.id));
                }
            }
        }
        Ok(found)
    }

    /// Who authored and committed each commit of the range that touched one of the paths; a merge touches a path where it differs
    /// from all of its parents.
    pub fn authorship(
        &self,
        excluded: &[ObjectId],
        heads: &[ObjectId],
        paths: &[&RepoPath],
    ) -> Result<Vec<Authorship>, GitError> {
        let mut finder = Finder::new(self);
        let mut found = Vec::new();
        for ranged in self.between(excluded, heads)? {
            let mut parents = Vec::with_capacity(ranged.commit.parents.len());
            for &parent in &ranged.commit.parents {
                parents.push(finder.tree_of(parent)?);
            }
            for (position, path) in paths.iter().enumerate() {
                let here = finder.at(ranged.commit.tree, path.as_bytes())?;
                let mut touched = !parents.is_empty() || here.is_some();
                for &parent in &parents {
                    touched = touched && finder.at(parent, path.as_bytes())? != here;
                }
                if touched {
                    found.push(Authorship {
                        commit: own(ranged.id),
                        path: position,
                        author: ranged.commit.author.clone(),
                        committer: ranged.commit.committer.clone(),
                    });
                }
            }
        }
        Ok(found)
    }
}

/// What is at a path.
type Place = (Node, Oid);

/// Looks paths up in many trees that share most of their subtrees: each pair of tree and path is resolved once.
struct Finder<'r> {
    repository: &'r Repository,
    trees: HashMap<Oid, Oid>,
    known: HashMap<Oid, HashMap<Vec<u8>, Option<Place>>>,
    /// The tree read last, since the next question is often about it too.
    last: Option<(Oid, HashMap<Vec<u8>, Place>)>,
}

impl<'r> Finder<'r> {
    fn new(repository: &'r Repository) -> Self {
        Self {
            repository,
            trees: HashMap::new(),
            known: HashMap::new(),
            last: None,
        }
    }

    fn tree_of(&mut self, commit: Oid) -> Result<Oid, GitError> {
        if let Some(&tree) = self.trees.get(&commit) {
            return Ok(tree);
        }
        let store = &self.repository.store;
        let read = match self.repository.is_shallow() {
            true => Commit::local(store, commit)?.ok_or_else(|| GitError::Shallow { commit: own(commit) })?,
            false => Commit::read(store, commit)?,
        };
        self.trees.insert(commit, read.tree);
        Ok(read.tree)
    }

    fn at(&mut self, tree: Oid, path: &[u8]) -> Result<Option<Place>, GitError> {
        if let Some(known) = self.known.get(&tree).and_then(|paths| paths.get(path)) {
            return Ok(*known);
        }
        let slash = path.iter().position(|&b| b == b'/');
        let (name, rest) = path.split_at(slash.unwrap_or(path.len()));
        let item = self.item(tree, name)?;
        let answer = match (rest.split_first(), item) {
            (None, item) => item,
            (Some((_, rest)), Some((Node::Directory, id))) => self.at(id, rest)?,
            (Some(_), _) => None,
        };
        self.known.entry(tree).or_default().insert(path.to_vec(), answer);
        Ok(answer)
    }

    fn item(&mut self, tree: Oid, name: &[u8]) -> Result<Option<Place>, GitError> {
        if let Some((last, names)) = &self.last
            && *last == tree
        {
            return Ok(names.get(name).copied());
        }
        let read = tree::read(&self.repository.store, tree)?;
        let names: HashMap<_, _> = read
            .items()
            .map(|item| (item.name.to_vec(), (item.node, item.id)))
            .collect();
        let found = names.get(name).copied();
        self.last = Some((tree, names));
        Ok(found)
    }
}

impl Repository {
    /// The root tree of a commit.
    pub fn tree_of(&self, commit: &ObjectId) -> Result<ObjectId, GitError> {
        self.tree(commit).map(own)
    }

    pub(super) fn tree(&self, commit: &ObjectId) -> Result<Oid, GitError> {
        let id = self.store.oid(commit, "commit")?;
        let object = self.store.need(id, ObjectType::Commit, "commit")?;
        let hex = object
            .data()
            .strip_prefix(b"tree ")
            .and_then(|rest| rest.get(..self.store.hex_length()));
        hex.and_then(super::commit::oid).ok_or_else(|| GitError::Malformed {
            id: commit.clone(),
            role: "commit",
            why: "it names no tree".to_owned(),
        })
    }
}
