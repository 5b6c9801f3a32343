//! `certgate seal`: a certificate written by hand gets its subject, id and hash, and a signature beside it. Line endings become those that
//! git stores; every other byte stays.

use std::path::Path;

use super::args::SealArgs;
use super::ending::Ending;
use super::{lint, terminal};
use crate::author::whole::{self, Existing};
use crate::author::{draft, sign};
use crate::certificate::{self, Certificate, Class, SealError, names, seal};
use crate::diagnostic::{Code, Diagnostic, Place, command, plural, sanitize};
use crate::gate::Undecided;
use crate::gate::{self, governing};
use crate::git::Repository;
use crate::intake::ci::Ci;
use crate::intake::{self};
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
    let gated = gate::gate(&repository, &question.change, &in_force.policy, in_force.adoption)?;
    let mut files = draft::files_of(&gated, &components);
    // An approval is sealed for what it names and no more; a refusal for all that its component gates, and no less.
    let neutral = in_force.policy.class(status) == Class::Neutral && certificate.bypass.is_none();
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
    let bypass = certificate.bypass.is_some();
    let bound = draft::bound(&repository, &question, &in_force.policy, &args.targets, bypass)?;
    let subject = draft::subject(&repository, &question, &certificate.components, &files, bound)?;
    let id = ulid::Ulid::generate().to_string();
    let sealed = seal(&bytes, &subject, &id).map_err(|error| refused(&shown.to_string(), &error))?;
    if sealed == bytes {
        terminal::out(&format!("{shown} is sealed already\n"))?;
        return Ok(Ending::Done);
    }
    draft::check_size(&shown.to_string(), &sealed, &components.join(","))?;
    let signature = match &key {
        Some(key) => {
            let certificate = certificate::parse(&shown, &sealed).certificate;
            let how = (key, terminal::is_interactive());
            let (signature, warning) = sign::sign(&repository, &in_force.policy, &certificate, &sealed, how)?;
            terminal::diagnose(warning.as_slice());
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
    terminal::out(&sign::next(
        &repository,
        &format!("sealed {path} for {files}{signed}"),
        &path,
        key.is_some(),
    )?)?;
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
    terminal::diagnose(warning.as_slice());
    let by = signer(bytes, &signature).map(|by| by.name).unwrap_or_default();
    let shown = args.path.display().to_string();
    match before {
        // One word for each document: who else agrees writes a certificate of their own.
        Some(other) if other.name != by => {
            let message = format!("{shown} is signed already, with another key: {}", other.name);
            let problem = Diagnostic::error(Code::CG519, message).because(format!("`--sign` names {by}"));
            Err(problem.help(command!["rm", &path].why("then seal again")).into())
        }
        Some(_) => {
            terminal::out(&format!("{} is sealed and signed already\n", sanitize(&shown)))?;
            Ok(Ending::Done)
        }
        None => {
            whole::write(repository, &path, &signature, Existing::Replace)?;
            terminal::out(&sign::next(repository, &format!("signed {shown}"), &shown, true)?)?;
            Ok(Ending::Done)
        }
    }
}

fn refused(path: &str, error: &SealError) -> Undecided {
    let problem = Diagnostic::error(Code::CG105, format!("{path} cannot be sealed: {error}")).at(Place::file(path));
    problem.help(command!["certgate", "lint", Path::new(path)]).into()
}
