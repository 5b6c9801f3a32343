//! `certgate records`: the files that are kept from the ledger, shown, written or held against it.

use super::args::RecordsArgs;
use super::ending::Ending;
use super::fault::Doing as _;
use super::ledger::{self, Read};
use super::terminal;
use crate::author::whole::{self, Existing};
use crate::change::{Mode, RepoPath, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Place, command};
use crate::gate::{self, Undecided};
use crate::git::{Blob, Repository};
use crate::intake::range;
use crate::report;

/// The largest file that is kept.
const LARGEST: u64 = 16 << 20;

/// Carries it out; files that are not up to date end it as findings do.
pub(super) fn run(args: &RecordsArgs) -> Result<Ending, Undecided> {
    let read = ledger::at(&args.rev)?;
    let standing = gate::standing(&read.repository, &read.policy, &read.keyring, &read.entries)?;
    let kept = report::records(&read.policy, &standing);
    if !args.write && !args.check {
        let shown: Vec<String> = kept
            .iter()
            .map(|kept| format!("# {} ({})\n\n{}", kept.title, kept.name, kept.text))
            .collect();
        terminal::out(&shown.join("\n"))?;
        return Ok(Ending::Done);
    }
    let folder = folder(&read)?;
    let mut stale = Vec::new();
    for kept in &kept {
        let path = RepoPath::new([folder.as_bytes(), b"/", kept.name.as_bytes()].concat());
        if read.policy.is_certificate(&path) {
            let problem = Diagnostic::error(Code::CG680, format!("{path} would be a certificate"));
            let help = "name another directory in `records:`, outside of `certificates:`";
            return Err(problem.at(Place::file(".certgate/policy.yaml")).help(help).into());
        }
        let existing = match args.write {
            true => in_work_tree(&read.repository, &path)?,
            false => at_revision(&read.repository, &args.rev, &path)?,
        };
        let text = report::splice(existing.as_deref(), kept.title, &kept.text).map_err(|damaged| {
            Diagnostic::error(Code::CG680, format!("{path}: {damaged}"))
                .at(Place::file(&path))
                .because("text between the markers is certgate's, and the rest is not")
                .help("take both marker lines out; `certgate records --write` puts them at the end")
        })?;
        if existing.as_deref() == Some(text.as_str()) {
            continue;
        }
        if args.write {
            let Some(root) = read.repository.work_tree() else {
                return Err(Diagnostic::error(Code::CG705, "there is no work tree to write into")
                    .help(command!["certgate", "records"])
                    .into());
            };
            whole::write(
                &read.repository,
                &root.join(path.as_path()),
                text.as_bytes(),
                Existing::Replace,
            )?;
            terminal::out(&format!("wrote {path}\n"))?;
        } else {
            stale.push(path);
        }
    }
    if stale.is_empty() {
        let done = if args.write { "" } else { "the records are up to date\n" };
        terminal::out(done)?;
        return Ok(Ending::Done);
    }
    let told: Vec<Diagnostic> = stale
        .iter()
        .map(|path| {
            Diagnostic::error(Code::CG681, format!("{path} does not say what the ledger says"))
                .at(Place::file(path))
                .help(command!["certgate", "records", "--write"].why("then commit them"))
        })
        .collect();
    terminal::diagnose_all(&told);
    Ok(Ending::Blocked)
}

fn folder(read: &Read) -> Result<&RepoPath, Undecided> {
    read.policy.records.as_ref().ok_or_else(|| {
        Diagnostic::error(Code::CG680, "the policy names no directory for records")
            .at(Place::file(".certgate/policy.yaml"))
            .because("without one, `certgate records` only shows them")
            .help("write `records: docs/performance` in .certgate/policy.yaml, and commit it")
            .into()
    })
}

fn in_work_tree(repository: &Repository, path: &RepoPath) -> Result<Option<String>, Undecided> {
    let Some(root) = repository.work_tree() else {
        return Ok(None);
    };
    let file = root.join(path.as_path());
    match std::fs::symlink_metadata(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Undecided::io("read", &file, &error)),
        Ok(found) if !found.is_file() || found.len() > LARGEST => Err(unreadable(path)),
        Ok(_) => {
            let bytes = std::fs::read(&file).doing("read", &file)?;
            String::from_utf8(bytes).map(Some).map_err(|_| unreadable(path))
        }
    }
}

fn at_revision(repository: &Repository, rev: &str, path: &RepoPath) -> Result<Option<String>, Undecided> {
    let at = Snapshot::Commit(range::commit(repository, rev)?);
    let Some(entry) = repository.entry(&at, path)? else {
        return Ok(None);
    };
    let content = match entry.mode {
        Mode::Regular | Mode::Executable => repository.blob(&entry.id, LARGEST)?,
        Mode::Symlink | Mode::Gitlink => return Err(unreadable(path)),
    };
    match content {
        Blob::Content(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| unreadable(path)),
        Blob::TooLarge { .. } => Err(unreadable(path)),
    }
}

fn unreadable(path: &RepoPath) -> Undecided {
    Diagnostic::error(Code::CG680, format!("{path} is not a text file of at most 16 MiB"))
        .at(Place::file(path))
        .help("move it away; `certgate records --write` makes another")
        .into()
}
