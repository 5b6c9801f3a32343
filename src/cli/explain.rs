//! `certgate explain CODE | PATH`.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use super::args::ExplainArgs;
use super::{Ending, Undecided, terminal};
use crate::change::{Change, ChangeKind, Entry, FileChange, Mode, ObjectId, RepoPath, Snapshot};
use crate::diagnostic::{Code, sanitize};
use crate::gate::{self, InForce, governing};
use crate::git::Repository;
use crate::policy::Policy;
use crate::sensitivity::Gated;
use crate::trust::Keyring;

/// Carries it out.
pub(super) fn run(args: &ExplainArgs) -> Result<Ending, Undecided> {
    let text = args.what.to_str().unwrap_or_default();
    match Code::parse(text) {
        Some(code) => terminal::out(&format!("{code}: {}\n\n{}\n", code.title(), code.explanation()))?,
        None if looks_like_code(text) => {
            return Err(Undecided::usage(
                format!("there is no diagnostic `{}`", sanitize(text)),
                "certgate explain CG201",
            ));
        }
        None => path(&args.what)?,
    }
    Ok(Ending::Done)
}

fn looks_like_code(text: &str) -> bool {
    text.len() == 5 && text.to_ascii_uppercase().starts_with("CG") && text.bytes().skip(2).all(|b| b.is_ascii_digit())
}

/// Tells which rules would gate a path if it changed: those on paths for certain, and those on content by what the file holds now.
fn path(text: &OsStr) -> Result<(), Undecided> {
    let repository = Repository::open()?;
    let (policy, origin) = match governing::policy_here(&repository)? {
        Some(policy) => (policy, ".certgate/policy.yaml"),
        None => (
            governing::default_policy()?,
            "builtin:default (the repository has no policy)",
        ),
    };
    let path = relative(&repository, text);
    if policy.is_certificate(&path) {
        return terminal::out(&format!(
            "{path} is a certificate: it belongs to the ledger and is not gated (by {origin})\n"
        ));
    }
    let here = match repository.head()?.commit() {
        Some(commit) => repository.entry(&Snapshot::Commit(commit.clone()), &path)?,
        None => None,
    };
    let here = match here {
        None if !repository.is_bare() => repository.entry(&Snapshot::Index, &path)?,
        here => here,
    };
    let exists = here.is_some();
    let below = match exists {
        true => Vec::new(),
        false => below(&repository, &path)?,
    };
    if !below.is_empty() {
        return directory(&repository, &path, below, policy, origin);
    }
    // A path that does not exist yet is asked about as a submodule would be: by its name alone.
    let nowhere = || {
        ObjectId::from_bytes(&[0; 20]).map(|id| Entry {
            mode: Mode::Gitlink,
            id,
        })
    };
    let Some(entry) = here.or_else(nowhere) else {
        return Ok(());
    };
    let file = FileChange {
        path: path.clone(),
        kind: ChangeKind::Added(entry),
    };
    let gated = gate(&repository, vec![file], policy, origin)?;
    let mut text = match gated.components.len() {
        0 => format!("{path} is not gated (by {origin})\n"),
        _ => format!("{path} is gated (by {origin}):\n"),
    };
    for component in &gated.components {
        for reason in component.files.iter().flat_map(|file| &file.reasons) {
            text.push_str(&format!("  {:<24} {}\n", component.id, gate::describe(reason)));
        }
    }
    if !exists {
        text.push_str("  (the path is in neither HEAD nor the index: only rules about paths were asked)\n");
    }
    terminal::out(&text)
}

/// What the rules say of files as if they were new.
fn gate(repository: &Repository, files: Vec<FileChange>, policy: Policy, origin: &str) -> Result<Gated, Undecided> {
    let change = Change {
        base: Snapshot::Empty,
        head: Snapshot::Index,
        files,
        messages: Vec::new(),
    };
    let in_force = InForce {
        policy,
        keyring: Keyring::default(),
        origin: origin.to_owned(),
        adoption: false,
        notes: Vec::new(),
    };
    gate::gate(repository, &change, &in_force)
}

/// The files below a directory, in the index or, in a bare repository, in HEAD.
fn below(repository: &Repository, directory: &RepoPath) -> Result<Vec<(RepoPath, Entry)>, Undecided> {
    let at = match (repository.is_bare(), repository.head()?.commit()) {
        (false, _) => Snapshot::Index,
        (true, Some(commit)) => Snapshot::Commit(commit.clone()),
        (true, None) => return Ok(Vec::new()),
    };
    let prefix = directory.as_bytes().strip_suffix(b"/").unwrap_or(directory.as_bytes());
    Ok(repository.list(&at, &[prefix.to_vec()])?)
}

/// Most files of a directory that are told one by one.
const MOST_FILES: usize = 20;

/// The same for every file below a directory.
fn directory(
    repository: &Repository,
    path: &RepoPath,
    below: Vec<(RepoPath, Entry)>,
    policy: Policy,
    origin: &str,
) -> Result<(), Undecided> {
    let total = below.len();
    let added = |(path, entry)| FileChange {
        path,
        kind: ChangeKind::Added(entry),
    };
    let gated = gate(repository, below.into_iter().map(added).collect(), policy, origin)?;
    let mut why: BTreeMap<&RepoPath, Vec<&str>> = BTreeMap::new();
    for component in &gated.components {
        for file in &component.files {
            why.entry(&file.file.path).or_default().push(&component.id);
        }
    }
    let mut text = format!(
        "{path}: {} of {total} files below it are gated (by {origin})\n",
        why.len()
    );
    for (path, components) in why.iter().take(MOST_FILES) {
        text.push_str(&format!("  {path}: {}\n", components.join(", ")));
    }
    if why.len() > MOST_FILES {
        text.push_str(&format!("  … and {} more\n", why.len() - MOST_FILES));
    }
    terminal::out(&text)
}

/// The path in the repository that a path on the command line means: relative to the current directory, or, in quotes, as reports
/// show it.
fn relative(repository: &Repository, text: &OsStr) -> RepoPath {
    use std::os::unix::ffi::OsStrExt as _;
    if let Some(path) = text
        .to_str()
        .filter(|text| text.starts_with('"'))
        .and_then(RepoPath::unquote)
    {
        return path;
    }
    let inside = std::env::current_dir().ok().and_then(|here| {
        let root = repository.work_tree()?.canonicalize().ok()?;
        let full = here.canonicalize().ok()?.join(text);
        full.strip_prefix(root)
            .ok()
            .map(|path| RepoPath::new(path.as_os_str().as_bytes()))
    });
    inside.unwrap_or_else(|| RepoPath::new(text.as_bytes()))
}
