//! `certgate seal`: a certificate written by hand gets its subject, id and hash, and a signature beside it. Line endings become those that
//! git stores; every other byte stays.

use std::path::Path;

use super::args::{ListFormat, SealArgs};
use super::ending::Ending;
use super::{lint, terminal};
use crate::author::whole::{self, Existing};
use crate::author::{draft, sign};
use crate::certificate::{self, Certificate, Class, SealError, names, seal};
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, Place, command, plural};
use crate::gate::Undecided;
use crate::gate::{self, governing};
use crate::git::Repository;
use crate::intake::ci::Ci;
use crate::intake::{self};
use crate::report::{self, Done};
use crate::signing::Key;
use crate::trust::{HashCheck, check_hash, signer};

/// Carries it out.
pub(super) fn run(args: &SealArgs) -> Result<Ending, Undecided> {
    let repository = Repository::open()?;
    let shown = draft::relative_to_root(&repository, &args.path).unwrap_or_else(|| lint::as_given(&args.path));
    if std::fs::symlink_metadata(&args.path).is_ok_and(|found| found.is_symlink()) {
        let problem = Diagnostic::error(Code::CG726, format!("{shown} is a symbolic link"));
        return Err(problem
            .because("links are content and are not followed")
            .help("seal the document itself, which the link names")
            .into());
    }
    let (parsed, bytes) = lint::from_disk(Some(&repository), &args.path, shown.clone())?;
    let certificate = &parsed.certificate;
    let Some(status) = certificate.status else {
        return Err(Undecided {
            diagnostics: parsed.findings,
        });
    };
    let key = sign::key(&repository, args.sign.as_ref())?;
    if let Some(key) = &key
        && check_hash(&bytes, certificate) == HashCheck::Valid
    {
        return sign_only(args, &repository, certificate, &bytes, key);
    }
    let question = intake::resolve(&repository, &args.change.chosen(), &Ci::Absent)?;
    let in_force = governing::policy_for(&repository, &question)?;
    let components = draft::components(&in_force.policy, &certificate.components)?;
    if components.is_empty() {
        let problem = Diagnostic::error(Code::CG110, format!("{shown} names no Component")).at(Place::file(&shown));
        return Err(problem.help("add a line `**Component**: ID` to its head").into());
    }
    let gated = gate::gate(&repository, &question.change, &in_force)?;
    let mut files = draft::files_of(&gated, &components);
    // An approval is sealed for what it names and no more; a refusal for all that its component gates, and no less.
    let neutral = in_force.policy.class(status) == Class::Neutral && certificate.bypass.is_none();
    let gated_paths: Vec<RepoPath> = files.iter().map(|file| file.file.path.clone()).collect();
    if !in_force.policy.class(status).refuses() && !neutral {
        files.retain(|file| certificate.named.iter().any(|named| names(named, &file.file.path)));
    }
    if files.is_empty() {
        let problem = Diagnostic::error(
            Code::CG203,
            format!(
                "{shown} names no file that {} gates in this change",
                components.join(", ")
            ),
        );
        return Err(problem
            .at(Place::file(&shown))
            .help("name the files that were reviewed under REVIEW SCOPE or EVIDENCE, as `path:from-to`")
            .help(
                command!["certgate", "check"]
                    .args(&question.arguments)
                    .why("lists what is gated"),
            )
            .into());
    }
    // A gated file that it does not name goes uncovered, which nobody should learn at the push.
    let left: Vec<RepoPath> = gated_paths
        .into_iter()
        .filter(|path| !files.iter().any(|file| file.file.path == *path))
        .collect();
    let mut done = Done {
        notes: not_named(&left).into_iter().collect(),
        left,
        ..Done::default()
    };
    let bypass = certificate.bypass.is_some();
    let bound = draft::bound(&repository, &question, &in_force.policy, &args.targets, bypass)?;
    let subject = draft::subject(&repository, &question, &certificate.components, &files, bound)?;
    let id = ulid::Ulid::generate().to_string();
    let sealed = seal(&bytes, &subject, &id).map_err(|error| refused(&shown.to_string(), &error))?;
    if sealed == bytes {
        done.said.push(format!("{shown} is sealed already"));
        return tell(args, done);
    }
    draft::check_size(&shown.to_string(), &sealed, &components.join(","))?;
    let signature = match &key {
        Some(key) => {
            let certificate = certificate::parse(&shown, &sealed).certificate;
            let how = (key, terminal::is_interactive());
            let (signature, warning) = sign::sign(&repository, &in_force.policy, &certificate, &sealed, how)?;
            done.warnings.extend(warning);
            Some(signature)
        }
        None => None,
    };
    sign::write(
        &repository,
        &args.path,
        &sealed,
        signature.as_deref(),
        Existing::Replace,
    )?;
    let path = args.path.display().to_string();
    let files = plural(files.len(), "file");
    let signed = if key.is_some() { " and signed it" } else { "" };
    done.said.push(format!("sealed {path} for {files}{signed}"));
    next(&repository, args, key.is_some(), &mut done)?;
    tell(args, done)
}

/// What is gated and stays uncovered.
fn not_named(left: &[RepoPath]) -> Option<String> {
    let shown: Vec<String> = left.iter().take(MOST_NAMED).map(ToString::to_string).collect();
    let more = match left.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!left.is_empty()).then(|| {
        format!(
            "the document does not name {}{more}, which this change gates, too: not sealed for that",
            shown.join(", ")
        )
    })
}

/// Most files that are named in a note.
const MOST_NAMED: usize = 6;

/// Says what comes next.
fn next(repository: &Repository, args: &SealArgs, signed: bool, done: &mut Done) -> Result<(), Undecided> {
    let (notes, command) = sign::step(repository, &[(args.path.clone(), signed)])?;
    let mut files = vec![args.path.clone()];
    if signed {
        files.push(sign::path_of(&args.path));
    }
    done.files = files.iter().map(|path| path.display().to_string()).collect();
    done.notes.extend(notes);
    done.next.push(command);
    Ok(())
}

fn tell(args: &SealArgs, done: Done) -> Result<Ending, Undecided> {
    match args.format {
        ListFormat::Json => terminal::out(&report::written_json(&done))?,
        ListFormat::Human => {
            terminal::diagnose(&done.warnings);
            terminal::out(&report::written_lines(&done))?;
        }
    }
    Ok(Ending::Done)
}

/// A sealed document keeps every byte and gets its signature.
fn sign_only(
    args: &SealArgs,
    repository: &Repository,
    certificate: &Certificate,
    bytes: &[u8],
    key: &Key,
) -> Result<Ending, Undecided> {
    let policy = match governing::policy_here(repository)? {
        Some(policy) => policy,
        None => governing::default_policy()?,
    };
    let path = sign::path_of(&args.path);
    let before = std::fs::read(&path)
        .ok()
        .and_then(|signature| lint::as_stored(repository, &path, signature).ok())
        .and_then(|signature| signer(bytes, &signature).ok());
    let how = (key, terminal::is_interactive());
    let (signature, warning) = sign::sign(repository, &policy, certificate, bytes, how)?;
    let mut done = Done {
        warnings: warning.into_iter().collect(),
        ..Done::default()
    };
    let by = signer(bytes, &signature).map(|by| by.name).unwrap_or_default();
    let shown = args.path.display().to_string();
    match before {
        // One word for each document: who else agrees writes their own certificate.
        Some(other) if other.name != by => {
            let message = format!("{shown} is signed already, with another key: {}", other.name);
            let problem = Diagnostic::error(Code::CG519, message).because(format!("`--sign` names {by}"));
            Err(problem.help(command!["rm", &path].why("then seal again")).into())
        }
        Some(_) => {
            done.said.push(format!("{shown} is sealed and signed already"));
            tell(args, done)
        }
        None => {
            whole::write(repository, &path, &signature, Existing::Replace)?;
            done.said.push(format!("signed {shown}"));
            next(repository, args, true, &mut done)?;
            tell(args, done)
        }
    }
}

fn refused(path: &str, error: &SealError) -> Undecided {
    let problem = Diagnostic::error(Code::CG105, format!("{path} cannot be sealed: {error}")).at(Place::file(path));
    problem.help(command!["certgate", "lint", Path::new(path)]).into()
}
