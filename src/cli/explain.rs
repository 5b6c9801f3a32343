//! `certgate explain CODE | PATH`.

use std::ffi::OsStr;

use super::args::ExplainArgs;
use super::judge::{self, InForce};
use super::{Ending, Failure, lint, terminal};
use crate::change::{Change, ChangeKind, Entry, FileChange, Mode, ObjectId, RepoPath, Snapshot};
use crate::diagnostic::{Code, sanitize};
use crate::git::Repository;
use crate::report;

/// Carries it out.
pub(super) fn run(args: &ExplainArgs) -> Result<Ending, Failure> {
    let text = args.what.to_str().unwrap_or_default();
    match Code::parse(text) {
        Some(code) => terminal::out(&format!("{code}: {}\n\n{}\n", code.title(), code.explanation()))?,
        None if looks_like_code(text) => {
            return Err(Failure::usage(
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
fn path(text: &OsStr) -> Result<(), Failure> {
    let repository = Repository::open()?;
    let (policy, origin) = match lint::in_force(&repository)? {
        Some(policy) => (policy, ".certgate/policy.yaml"),
        None => (
            judge::default_policy()?,
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
    let change = Change {
        base: Snapshot::Empty,
        head: Snapshot::Index,
        files: vec![file],
        messages: Vec::new(),
    };
    let in_force = InForce {
        policy,
        origin: origin.to_owned(),
        adoption: false,
        notes: Vec::new(),
    };
    let gated = judge::gate(&repository, &change, &in_force)?;
    let mut text = match gated.components.len() {
        0 => format!("{path} is not gated (by {origin})\n"),
        _ => format!("{path} is gated (by {origin}):\n"),
    };
    for component in &gated.components {
        for reason in component.files.iter().flat_map(|file| &file.reasons) {
            text.push_str(&format!("  {:<24} {}\n", component.id, report::describe(reason)));
        }
    }
    if !exists {
        text.push_str("  (the path is in neither HEAD nor the index: only rules about paths were asked)\n");
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
