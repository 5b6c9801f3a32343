//! `certgate lint`: the format of certificates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::args::{Format, LintArgs};
use super::ending::Ending;
use super::fault::Doing as _;
use super::{formats, terminal};
use crate::author::draft;
use crate::certificate::{self, Certificate, LintContext, MAX_BYTES, Parsed};
use crate::change::{Mode, RepoPath, Snapshot};
use crate::diagnostic::{Diagnostic, Level, Placeholder, command, plural, sanitize};
use crate::evidence::claims::Claim;
use crate::gate::{self, Undecided, governing};
use crate::git::{Blob, Repository};
use crate::intake::range;
use crate::policy::Policy;
use crate::report::{self, Linted};

/// A document and its bytes.
pub(super) type Document = (Parsed, Vec<u8>);

/// Carries it out. A run that could not answers in the asked format, too.
pub(super) fn run(args: &LintArgs) -> Result<Ending, Undecided> {
    linted(args).inspect_err(|failure| {
        if let Some(text) = formats::failure(args.format, "lint", &failure.diagnostics) {
            let _best_effort = terminal::out(&text);
        }
    })
}

fn linted(args: &LintArgs) -> Result<Ending, Undecided> {
    let repository = Repository::open().ok();
    let policy = repository.as_ref().map(governing::policy_here).transpose()?.flatten();
    let documents = match (&args.rev, args.paths.as_slice()) {
        (Some(rev), paths) => at_revision(&required(repository)?, policy.as_ref(), rev, paths)?,
        (None, []) => everywhere(&required(repository)?, policy.as_ref())?,
        (None, paths) => paths
            .iter()
            .map(|path| from_disk(repository.as_ref(), path, shown(args.format, repository.as_ref(), path)))
            .collect::<Result<_, _>>()?,
    };
    let claims = args.claims.then(|| claims(args, &documents)).transpose()?;
    let linted = lint(documents, claims, policy.as_ref(), args.strict);
    let findings = linted
        .iter()
        .flat_map(|document| &document.diagnostics)
        .any(|d| d.level() == Level::Error);
    show(args, &linted)?;
    Ok(if findings { Ending::Blocked } else { Ending::Done })
}

fn required(repository: Option<Repository>) -> Result<Repository, Undecided> {
    match repository {
        Some(repository) => Ok(repository),
        None => Ok(Repository::open()?),
    }
}

/// The claims of each document, held against the trees of its commit.
fn claims(args: &LintArgs, documents: &[Document]) -> Result<Vec<Vec<Claim>>, Undecided> {
    let texts: Vec<&[u8]> = documents.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    if args.rev.is_none() && !args.paths.is_empty() {
        let paths = args.paths.iter().map(PathBuf::as_path);
        return gate::claims::on_disk(&paths.zip(texts).collect::<Vec<_>>());
    }
    let repository = Repository::open()?;
    let commit = range::commit(&repository, args.rev.as_deref().unwrap_or("HEAD"))?;
    gate::claims::at_commit(&repository, &commit, &texts)
}

/// Whether a document has anything of a certificate.
fn is_certificate(certificate: &Certificate) -> bool {
    let fields = [
        certificate.agent.is_some(),
        certificate.date.is_some(),
        certificate.id.is_some(),
    ];
    certificate.status.is_some() || !certificate.components.is_empty() || fields.contains(&true)
}

fn lint(
    documents: Vec<Document>,
    claims: Option<Vec<Vec<Claim>>>,
    policy: Option<&Policy>,
    strict: bool,
) -> Vec<Linted> {
    let components: Option<Vec<String>> = policy.map(|policy| {
        let names = policy
            .components
            .iter()
            .flat_map(|component| component.names())
            .map(str::to_owned);
        names.chain([crate::policy::POLICY_COMPONENT.to_owned()]).collect()
    });
    let mut ids: BTreeMap<String, Vec<RepoPath>> = BTreeMap::new();
    for (parsed, _) in &documents {
        if let Some(id) = &parsed.certificate.id {
            ids.entry(id.clone()).or_default().push(parsed.certificate.path.clone());
        }
    }
    let now = Some(Timestamp::now());
    let mut linted = Vec::with_capacity(documents.len());
    let mut claims = claims.map(Vec::into_iter);
    for (parsed, bytes) in documents {
        let claims = claims.as_mut().map(|claims| claims.next().unwrap_or_default());
        let told = claims.iter().flatten();
        let told: Vec<Diagnostic> = told
            .filter_map(|claim| gate::claims::diagnostic(claim, &parsed.certificate, &bytes))
            .collect();
        let context = LintContext {
            bytes: &bytes,
            now,
            components: components.as_deref(),
            ids: Some(&ids),
            stamps_count: policy.is_some_and(|policy| policy.stamps_count),
        };
        let style = certificate::lint(&parsed, &context);
        let raise = |d: Diagnostic| match strict && d.level() == Level::Warning {
            true => d.with_level(Level::Error),
            false => d,
        };
        let valid = certificate::is_valid(&parsed);
        // Of a document that is no certificate, only the claims are asked for.
        let format = claims.is_none() || is_certificate(&parsed.certificate);
        let format = parsed.findings.into_iter().chain(style).filter(|_| format);
        let diagnostics = format.chain(told).map(raise).collect();
        linted.push(Linted {
            valid,
            certificate: parsed.certificate,
            diagnostics,
            claims,
        });
    }
    linted
}

/// Reads a document of the work tree, with the line endings that git stores; a larger one than [`MAX_BYTES`] is not read.
pub(super) fn from_disk(repository: Option<&Repository>, path: &Path, shown: RepoPath) -> Result<Document, Undecided> {
    use std::io::Read as _;
    let metadata = std::fs::metadata(path).doing("read", path)?;
    if metadata.is_dir() {
        let directory = std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a directory");
        Err(directory).doing("read", path)?;
    }
    if metadata.len() > MAX_BYTES {
        return Ok((certificate::too_large(&shown, metadata.len()), Vec::new()));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .doing("read", path)?;
    let bytes = match repository {
        Some(repository) => as_stored(repository, path, bytes)?,
        None => bytes,
    };
    Ok((certificate::parse(&shown, &bytes), bytes))
}

/// What git stores of bytes that were read from a path; outside the work tree that is nothing else.
pub(super) fn as_stored(repository: &Repository, path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, Undecided> {
    match draft::relative_to_root(repository, path) {
        Some(inside) => Ok(repository.as_stored(&inside, bytes)?),
        None => Ok(bytes),
    }
}

/// A path as a format has it: for people as they gave it; where it is attached to a file, from the root of the repository.
fn shown(format: Format, repository: Option<&Repository>, path: &Path) -> RepoPath {
    let attached = matches!(
        format,
        Format::Sarif | Format::Junit | Format::Gitlab | Format::Markdown | Format::Html
    );
    let inside = repository
        .filter(|_| attached)
        .and_then(|repository| draft::relative_to_root(repository, path));
    inside.unwrap_or_else(|| as_given(path))
}

/// A path as it was given on the command line.
pub(super) fn as_given(path: &Path) -> RepoPath {
    use std::os::unix::ffi::OsStrExt as _;
    RepoPath::new(path.as_os_str().as_bytes())
}

/// Every certificate of the repository: those of the index, as they are in the work tree, and those that are not added yet.
fn everywhere(repository: &Repository, policy: Option<&Policy>) -> Result<Vec<Document>, Undecided> {
    let Some(root) = repository.work_tree() else {
        return at_revision(repository, policy, "HEAD", &[]);
    };
    let fallback = fallback(policy)?;
    let globs = &policy.unwrap_or(&fallback).certificates;
    let mut paths: BTreeSet<RepoPath> = BTreeSet::new();
    for prefix in globs.literal_prefixes() {
        walk(root, &RepoPath::new(prefix), &mut paths)?;
    }
    paths.retain(|path| globs.matches(path.as_bytes()));
    paths
        .into_iter()
        .map(|path| from_disk(Some(repository), &root.join(path.as_path()), path))
        .collect()
}

/// The policy that tells where certificates are where the repository's does not, which is said.
fn fallback(policy: Option<&Policy>) -> Result<Policy, Undecided> {
    if policy.is_none() {
        terminal::err("note: no policy is committed; certificates are looked for where the default pack has them\n");
    }
    governing::default_policy()
}

/// Collects the files below a directory of the work tree; links are not followed.
fn walk(root: &Path, at: &RepoPath, paths: &mut BTreeSet<RepoPath>) -> Result<(), Undecided> {
    use std::os::unix::ffi::OsStrExt as _;
    let full: PathBuf = root.join(at.as_path());
    let Ok(metadata) = std::fs::symlink_metadata(&full) else {
        return Ok(());
    };
    if metadata.is_file() {
        paths.insert(at.clone());
    }
    if !metadata.is_dir() {
        return Ok(());
    }
    let entries = std::fs::read_dir(&full).doing("read", &full)?;
    for entry in entries {
        let entry = entry.doing("read", &full)?;
        let name = entry.file_name();
        if name.as_bytes() == b".git" {
            continue;
        }
        let mut child = at.as_bytes().to_vec();
        if !child.is_empty() {
            child.push(b'/');
        }
        child.extend_from_slice(name.as_bytes());
        walk(root, &RepoPath::new(child), paths)?;
    }
    Ok(())
}

fn at_revision(
    repository: &Repository,
    policy: Option<&Policy>,
    rev: &str,
    paths: &[PathBuf],
) -> Result<Vec<Document>, Undecided> {
    let at = Snapshot::Commit(range::commit(repository, rev)?);
    let fallback = fallback(policy)?;
    let globs = &policy.unwrap_or(&fallback).certificates;
    let wanted: BTreeSet<RepoPath> = paths.iter().map(|path| as_given(path)).collect();
    let mut documents = Vec::new();
    let prefixes = if paths.is_empty() {
        globs.literal_prefixes()
    } else {
        vec![Vec::new()]
    };
    for (path, entry) in repository.list(&at, &prefixes)? {
        if !(wanted.contains(&path) || (paths.is_empty() && globs.matches(path.as_bytes()))) {
            continue;
        }
        documents.push(match entry.mode {
            Mode::Symlink | Mode::Gitlink => (certificate::not_a_file(&path), Vec::new()),
            _ => match repository.blob(&entry.id, MAX_BYTES)? {
                Blob::Content(bytes) => (certificate::parse(&path, &bytes), bytes),
                Blob::TooLarge { size } => (certificate::too_large(&path, size), Vec::new()),
            },
        });
    }
    if documents.len() < wanted.len() {
        return Err(Undecided::usage(
            format!("not every path is at `{}`", sanitize(rev)),
            command!["git", "ls-tree", "-r", "--name-only", Placeholder::Revision],
        ));
    }
    Ok(documents)
}

fn show(args: &LintArgs, linted: &[Linted]) -> anyhow::Result<()> {
    let all: Vec<_> = linted
        .iter()
        .flat_map(|document| document.diagnostics.iter().cloned())
        .collect();
    match args.format {
        Format::Json => return terminal::judged(&report::lint_json(linted)),
        Format::Github => return terminal::judged(&report::annotations(&all)),
        Format::Sarif => return terminal::judged(&report::sarif("lint", &all)),
        Format::Junit => return terminal::judged(&report::junit_lint(linted)),
        Format::Gitlab => return terminal::judged(&report::gitlab(&all)),
        Format::Markdown => return terminal::judged(&report::markdown_lint(linted)),
        Format::Html => return terminal::judged(&report::html_lint(linted)),
        Format::Human => terminal::diagnose_all(&all),
    }
    let valid = linted.iter().filter(|document| document.valid).count();
    let errors = all.iter().filter(|d| d.level() == Level::Error).count();
    let warnings = all.iter().filter(|d| d.level() == Level::Warning).count();
    terminal::judged(&format!(
        "{}: {valid} with a decision, {}, {}\n",
        plural(linted.len(), "certificate"),
        plural(errors, "error"),
        plural(warnings, "warning"),
    ))
}
