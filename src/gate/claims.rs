//! The trees that claims are held against, as git has them, and the certificates whose claims are wrong.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::undecided::Undecided;
use crate::certificate::{Certificate, Class, MAX_BYTES};
use crate::change::{Change, Mode, ObjectId, RepoPath, Snapshot, TreeEntry};
use crate::diagnostic::{Code, Diagnostic, Place, command, sanitize};
use crate::evidence::claims::{self, Claim, Label, TextTree, Tree, Unsupported};
use crate::git::{Blob, GitError, Repository};
use crate::ledger::{Entry, Origin};
use crate::policy::{EvidenceKind, fold};
use crate::verdict::{Case, ComponentCase, WrongClaim};

/// The largest file whose lines are counted.
const FILE_LIMIT: u64 = 16 << 20;

/// A certified tree and its parent, of one repository.
struct Trees<'r> {
    repository: &'r Repository,
    head: HashMap<String, TreeEntry>,
    base: Option<HashMap<String, TreeEntry>>,
}

impl<'r> Trees<'r> {
    /// Lists the two trees.
    fn list(repository: &'r Repository, head: &Snapshot, base: Option<&Snapshot>) -> Result<Self, GitError> {
        let files = |at: &Snapshot| -> Result<HashMap<String, TreeEntry>, GitError> {
            let listed = repository.list(at, &[Vec::new()])?;
            let named = listed.into_iter().filter_map(|(path, entry)| {
                let path = String::from_utf8(path.as_bytes().to_vec()).ok()?;
                Some((path, entry))
            });
            Ok(named.collect())
        };
        Ok(Self {
            repository,
            head: files(head)?,
            base: base.map(files).transpose()?,
        })
    }

    /// Reads the claims of a document and holds them against the trees. What cannot be read of a tree is an error, not a wrong claim.
    fn claims(&self, text: &str) -> Result<Vec<Claim>, GitError> {
        let failed = RefCell::new(None);
        let read = |files: &HashMap<String, TreeEntry>, path: &str| {
            let entry = files.get(path)?;
            match content(self.repository, entry) {
                Ok(text) => text,
                Err(error) => {
                    failed.borrow_mut().get_or_insert(error);
                    None
                }
            }
        };
        let head = TextTree::new(self.head.keys().cloned(), |path: &str| read(&self.head, path));
        let base = self
            .base
            .as_ref()
            .map(|files| TextTree::new(files.keys().cloned(), |path: &str| read(files, path)));
        let found = claims::read(text, Some(&head), base.as_ref().map(|base| base as &dyn Tree));
        drop((head, base));
        match failed.into_inner() {
            Some(error) => Err(error),
            None => Ok(found),
        }
    }
}

/// The text of a file; `None` for what is no file, or too large.
fn content(repository: &Repository, entry: &TreeEntry) -> Result<Option<String>, GitError> {
    if matches!(entry.mode, Mode::Gitlink | Mode::Symlink) {
        return Ok(None);
    }
    Ok(match repository.blob(&entry.id, FILE_LIMIT)? {
        Blob::Content(bytes) if !bytes.contains(&0) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    })
}

/// The claims of documents held against a commit and its first parent.
pub(crate) fn at_commit(
    repository: &Repository,
    commit: &ObjectId,
    texts: &[&[u8]],
) -> Result<Vec<Vec<Claim>>, Undecided> {
    let base = repository.parents(commit)?.first().cloned().map(Snapshot::Commit);
    let trees = Trees::list(repository, &Snapshot::Commit(commit.clone()), base.as_ref())?;
    let read = |bytes: &&[u8]| trees.claims(&String::from_utf8_lossy(bytes));
    Ok(texts.iter().map(read).collect::<Result<_, _>>()?)
}

/// The claims of files on disk, each held against HEAD, and its first parent, of the repository that it lies in; without a repository or a
/// commit, only against its own figures.
pub(crate) fn on_disk(files: &[(&Path, &[u8])]) -> Result<Vec<Vec<Claim>>, Undecided> {
    let mut found: Vec<Vec<Claim>> = vec![Vec::new(); files.len()];
    let mut by_directory: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
    for (at, (path, _)) in files.iter().enumerate() {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new(".")).to_path_buf();
        by_directory.entry(parent).or_default().push(at);
    }
    for (directory, places) in by_directory {
        let here = places.iter().filter_map(|at| files.get(*at));
        let texts: Vec<&[u8]> = here.map(|(_, bytes)| *bytes).collect();
        let repository = match Repository::open_at(&directory) {
            Ok(repository) => Some(repository),
            Err(GitError::NotARepository { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let head = match &repository {
            Some(repository) => repository.head()?.commit().cloned().map(|commit| (repository, commit)),
            None => None,
        };
        let claims = match head {
            Some((repository, commit)) => at_commit(repository, &commit, &texts)?,
            None => texts
                .iter()
                .map(|bytes| claims::read(&String::from_utf8_lossy(bytes), None, None))
                .collect(),
        };
        for (at, claims) in places.into_iter().zip(claims) {
            if let Some(slot) = found.get_mut(at) {
                *slot = claims;
            }
        }
    }
    Ok(found)
}

/// What a reader should know about a claim; nothing of one that is right or uncheckable.
pub(crate) fn diagnostic(claim: &Claim, certificate: &Certificate, bytes: &[u8]) -> Option<Diagnostic> {
    let path = &certificate.path;
    let said = sanitize(&claim.said);
    let why = sanitize(&claim.why);
    let told = match (claim.label, claim.past_the_end) {
        (Label::Wrong, _) if claim.kind.is_of_file() => {
            Diagnostic::error(Code::CG651, format!("`{said}` does not hold: {why}"))
        }
        (Label::Wrong, _) => {
            Diagnostic::error(Code::CG650, format!("`{said}` does not follow from its figures: {why}"))
        }
        (Label::RightBefore, _) => {
            let approval = certificate.approves();
            let message = format!("`{said}` holds only before the change");
            match approval && claim.section == "EVIDENCE" {
                true => Diagnostic::warning(Code::CG652, message),
                false => Diagnostic::note(Code::CG652, message),
            }
            .because(why)
        }
        (Label::Right, true) => Diagnostic::note(Code::CG653, format!("`{said}` ends one past the last line")),
        _ => return None,
    };
    let text = String::from_utf8_lossy(bytes);
    let index = usize::try_from(claim.line).unwrap_or(usize::MAX).saturating_sub(1);
    let line = text.lines().nth(index).unwrap_or_default();
    let place = Place::line(path, claim.line);
    let place = match line.find(claim.said.as_str()) {
        Some(start) => place.with_source(line, start, start + claim.said.len()),
        None => place.with_source(line, 0, line.len()),
    };
    let told = told.at(place);
    Some(match claim.label {
        Label::Wrong => told.help(command!["certgate", "lint", "--claims", path]),
        _ => told,
    })
}

/// Notes what approvals say that does not hold, on components that ask for `claims`, and the figures that those of the change state and
/// nothing gives, on components that ask for benchmarks. Nothing is read where no component does.
pub(super) fn note(repository: &Repository, change: &Change, case: &mut Case) -> Result<(), Undecided> {
    let asking = |entry: &Entry, asks: fn(&ComponentCase) -> bool| {
        let names: Vec<String> = entry.certificate.components.iter().map(|name| fold(name)).collect();
        let is_on = |unit: &&ComponentCase| names.iter().any(|name| unit.names.contains(name));
        case.gated.iter().filter(is_on).any(asks)
    };
    let mut wrong: BTreeMap<RepoPath, WrongClaim> = BTreeMap::new();
    let mut unsupported: BTreeMap<RepoPath, Vec<Unsupported>> = BTreeMap::new();
    let mut trees: Option<Trees<'_>> = None;
    for entry in &case.ledger {
        let class = entry.certificate.status.map(|status| case.terms.class(status));
        if !class.is_some_and(Class::approves) {
            continue;
        }
        let holds = asking(entry, |unit| unit.evidence.contains(&EvidenceKind::Claims));
        let added = entry.origin == Origin::Added;
        let measures = added && asking(entry, ComponentCase::asks_for_benchmarks);
        if !holds && !measures {
            continue;
        }
        let Blob::Content(bytes) = repository.blob(&entry.blob, MAX_BYTES)? else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes);
        let path = &entry.certificate.path;
        if measures {
            let figures = claims::unsupported(&text);
            if !figures.is_empty() {
                unsupported.insert(path.clone(), figures);
            }
        }
        if !holds {
            continue;
        }
        // What landed before spoke of another tree: only its figures are held against each other.
        let found = if added {
            let trees = match &mut trees {
                Some(trees) => trees,
                none => none.insert(Trees::list(repository, &change.head, Some(&change.base))?),
            };
            trees.claims(&text)?
        } else {
            claims::read(&text, None, None)
        };
        if let Some(claim) = found.into_iter().find(|claim| claim.label == Label::Wrong) {
            let claim = WrongClaim {
                line: claim.line,
                of_file: claim.kind.is_of_file(),
                said: claim.said,
                why: claim.why,
            };
            wrong.insert(path.clone(), claim);
        }
    }
    (case.wrong_claims, case.unsupported) = (wrong, unsupported);
    Ok(())
}
