//! `certgate explain CODE | PATH`.

use std::ffi::OsStr;

use super::args::ExplainArgs;
use super::ending::Ending;
use super::terminal;
use crate::change::RepoPath;
use crate::diagnostic::{Code, sanitize};
use crate::gate::{Answer, Undecided, WhatIf, describe, what_if};
use crate::git::Repository;

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

/// Most files of a directory that are told one by one.
const MOST_FILES: usize = 20;

/// Tells which rules would gate a path if it changed.
fn path(text: &OsStr) -> Result<(), Undecided> {
    let repository = Repository::open()?;
    let path = relative(&repository, text);
    let WhatIf { origin, answer } = what_if(&repository, &path)?;
    let text = match answer {
        Answer::Certificate => {
            format!("{path} is a certificate: it belongs to the ledger and is not gated (by {origin})\n")
        }
        Answer::File { gated, exists } => {
            let mut text = match gated.components.len() {
                0 => format!("{path} is not gated (by {origin})\n"),
                _ => format!("{path} is gated (by {origin}):\n"),
            };
            for component in &gated.components {
                for reason in component.files.iter().flat_map(|file| &file.reasons) {
                    text.push_str(&format!("  {:<24} {}\n", component.id, describe(reason)));
                }
            }
            if !exists {
                text.push_str("  (the path is in neither HEAD nor the index: only rules about paths were asked)\n");
            }
            text
        }
        Answer::Directory { total, gated } => {
            let mut text = format!(
                "{path}: {} of {total} files below it are gated (by {origin})\n",
                gated.len()
            );
            for (path, components) in gated.iter().take(MOST_FILES) {
                text.push_str(&format!("  {path}: {}\n", components.join(", ")));
            }
            if gated.len() > MOST_FILES {
                text.push_str(&format!("  … and {} more\n", gated.len() - MOST_FILES));
            }
            text
        }
    };
    Ok(terminal::out(&text)?)
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
